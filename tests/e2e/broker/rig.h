/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_RIG_H
#define CW_BROKER_RIG_H

#include <stdbool.h>

#include <cjson/cJSON.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "broker/broker.h"
#include "journal/journal.h"

/*
 * A broker with all that is real: sandboxes inside their walls, privileged runspaces
 * on the lab's directory, a journal. In a lab (CAUSEWAY_LAB_POWERSHELL).
 */
#define RIG_MS 120000u /* no script takes longer */

extern struct rig {
	uv_loop_t loop;
	struct cw_broker *broker;
	struct cw_roles *roles;
	struct cw_journal *journal;
	char path[128]; /* of the journal */
} rig;

/* argv of the test: launcher, probe, the engine for inside. preparation: a script, or NULL for the
 * proxies. Ends the test with 77 where there can be no walls. */
void rig_start(char **argv, const char *preparation);
void rig_finish(void);

struct outcome {
	struct cw_script *script; /* NULL: it is over */
	struct cw_buf lines;
	struct cw_err err;
	cJSON *result;
	bool paused; /* its reader reads nothing more */
	size_t line_count;
};

/* Starts it under a new id, and until it is over. */
void rig_begin(struct outcome *o, enum cw_script_mode mode, const char *text, uint32_t timeout_ms,
    const struct cw_script_limits *limits);
void rig_begin_as(struct outcome *o, const char *id, enum cw_script_mode mode, const char *text,
    uint32_t timeout_ms, const struct cw_script_limits *limits);
/* A plan, until it is over; secrets may be NULL. */
void rig_apply(struct outcome *o, const cJSON *plan, const cJSON *secrets, bool approved);
void rig_wait(struct outcome *o);
void rig_run(struct outcome *o, const char *text);
/* Until a line holds the text; false when it is over before. */
bool rig_wait_for(struct outcome *o, const char *text);
const char *outcome_state(const struct outcome *o); /* of the result; or the error's name */
const char *outcome_text(struct outcome *o); /* its lines */
void outcome_free(struct outcome *o);

#endif
