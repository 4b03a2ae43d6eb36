/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TEST_PROXIES_DOUBLE_H
#define CW_TEST_PROXIES_DOUBLE_H

#include <stdbool.h>

#include "base/buf.h"
#include "powershell/process.h"

/*
 * A double of the broker with a real engine behind it: prepares it with the proxies, runs a script,
 * answers its requests (PROTOCOL.md) as it was told, and keeps in text what was asked and said.
 *
 * A request is kept as "COMMAND {parameters} [input] ACTION", members sorted by name, the last two
 * where there is something to say; "next" and "cancel". Anything that is not in the protocol is
 * kept with "BAD" before it.
 */
#define DOUBLE_ANSWERS_MAX 64

struct double_broker {
	uv_loop_t *loop;
	struct cw_psrp_process *process; /* NULL: somebody else's session */
	struct cw_psrp *session;
	struct cw_psrp_pipeline *pipeline;
	struct cw_buf asked; /* a line for each request */
	struct cw_buf output; /* a line of JSON for each object */
	struct cw_buf errors; /* "ID | CATEGORY | TYPE | MESSAGE"; "end: " before what ended it */
	struct cw_buf said; /* "warning: text", "host: text", ... */
	/* One for each request, in order; past the last: no records, done. JSON of an answer, or
	 * "raw TEXT" for any other text. */
	const char *answers[DOUBLE_ANSWERS_MAX];
	unsigned answer_count, answered;
	const char *otherwise; /* the answer to all further requests; NULL: no records, done */
	bool forgets; /* requests are not kept, nor looked at */
	int64_t last_id;
	bool pending; /* a request waits for its ReadLine */
	bool silent; /* the next ReadLine is not answered */
	bool opened, finished, lost, closed;
	enum cw_psrp_outcome outcome;
	uint64_t prepare_ns;
	char why[512]; /* it was lost */
	const char
	    *stop_at; /* the pipeline is stopped at the request that begins so; NULL: never */
};

/* Starts argv and prepares it, unless roles is NULL; false (having said why) when it cannot. */
bool double_start(struct double_broker *d, uv_loop_t *loop, char *const *argv,
    const char *const *roles, const char *const *modules);
/* Once. */
bool double_prepare(struct double_broker *d, const char *const *roles, const char *const *modules);
/* The same behind a session that is open and prepared; who has it says so in lost when it is. */
void double_use(struct double_broker *d, uv_loop_t *loop, struct cw_psrp *session);
/* Runs a script to its end. The answers given before are for it alone. */
void double_run(struct double_broker *d, const char *script, uint32_t timeout_ms);
void double_end(struct double_broker *d);

#endif
