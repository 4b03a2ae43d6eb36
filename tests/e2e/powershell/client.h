/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_E2E_POWERSHELL_CLIENT_H
#define CW_E2E_POWERSHELL_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "powershell/process.h"
#include "test.h"

extern const char *test_case;

/*
 * A client of one real engine: runs one pipeline at a time and keeps what it says.
 */
struct client {
	uv_loop_t *loop;
	struct cw_psrp_process *process;
	struct cw_psrp_pipeline *pipeline;
	struct cw_buf output; /* JSON of each object, one a line; nothing while `drops` */
	struct cw_buf error; /* the words of error records, and of what ended it */
	size_t outputs;
	int records[6];
	enum cw_psrp_outcome outcome;
	struct cw_err why; /* it was lost */
	bool opened, keyed, finished, lost, closed;
	/* What to do at the first output. */
	bool stops, pauses, kills;
	bool drops; /* outputs are counted alone */
	const char *answer; /* to ReadLine */
};

/* Starts argv (NULL-terminated) and waits until it is open, lost or gone. */
void client_start(struct client *c, uv_loop_t *loop, char *const *argv, bool has_host);
/* The same with the engine at that path. */
void client_start_engine(struct client *c, uv_loop_t *loop, const char *engine, bool has_host);
void client_end(struct client *c); /* kills what still runs, and waits until it is gone */

void client_until(struct client *c, const bool *what); /* or lost, or gone */

/* Begins a pipeline of one command; 0 on success. */
int client_begin(struct client *c, const struct cw_psrp_command *command, uint32_t timeout_ms);
/* Runs it to its end. */
void client_run(struct client *c, const struct cw_psrp_command *command, uint32_t timeout_ms);
void client_script(struct client *c, const char *text);
/* As client_begin(), to be fed; and with a host. */
int client_begin_run(struct client *c, struct cw_psrp_run *run);
extern const struct cw_psrp_pipeline_events client_hosted;

#endif
