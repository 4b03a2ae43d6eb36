/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_COMMANDS_INTERNAL_H
#define CW_COMMANDS_INTERNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "commands/commands.h"
#include "commands/controller.h"
#include "commands/request.h"
#include "journal/writer.h"
#include "runspaces/runspaces.h"
#include "wire/channel.h"

/* What commands.c (all of them), run.c and end.c (one of them), stream.c (its output) and query.c
 * share. */

enum run_state {
	RUN_CHECKING, /* a write: is its id in the journal. Next: PLACING */
	RUN_PLACING, /* waits for its controller. Next: BEGINNING (a write), RUNNING (a read) */
	RUN_BEGINNING, /* goes into the journal. Next: RUNNING */
	RUN_RUNNING, /* in a runspace, or waits for one. Next: ENDING (a write), ANSWERING */
	RUN_ENDING, /* its end goes into the journal. Next: ANSWERING */
	RUN_ANSWERING, /* the last of its output waits for the reader. Next: gone */
};

enum run_stop {
	RUN_GOES_ON,
	RUN_STOP_ASKED, /* by command.stop */
	RUN_STOP_LATE, /* its time is over */
	RUN_STOP_GONE, /* a read that nobody waits for */
	RUN_STOP_DRAINED, /* the agent is about to end */
};

struct run {
	struct cw_commands *owner;
	struct run *next;
	struct cw_request request;
	struct cw_wire_call *call; /* NULL: nobody waits for the answer */
	enum run_state state;
	enum run_stop stop;
	bool unseen; /* it was stopped, or failed, before PowerShell saw it */
	uint64_t due_ms; /* when its time is over, on the loop's clock */
	char server[CW_HOST_MAX]; /* "" where it takes none */
	struct cw_controller_wait wait;
	bool asks_place; /* of cw_commands_config.places */
	cJSON *parameters; /* of a write, as they were given; for a refusal. Secrets are sealed */
	cJSON *failure; /* the error that it ends with before PowerShell sees it, or NULL */
	struct cw_err known; /* code 0: its id is in the journal, as known_state */
	enum cw_journal_state known_state;
	struct cw_runspaces_job *job; /* in RUNNING */
	/* its output */
	struct cw_buf lines; /* not taken by the wire yet */
	struct cw_buf kept; /* of a write, for the journal */
	bool kept_all; /* nothing is missing from it */
	bool blocked; /* the wire took no more */
	bool dirty; /* in the list of those to be flushed */
	struct run *next_dirty;
	uint64_t outputs, errors;
	struct cw_buf error; /* JSON of the first one */
	/* its end */
	int64_t started_ms, finished_ms; /* Unix time */
	uint64_t started_ns, finished_ns;
	struct cw_err refused; /* code 0: result is the answer */
	cJSON *result; /* or NULL */
	cJSON *detail; /* of a refusal, or NULL */
	struct cw_buf result_text; /* for the journal */
	struct cw_journal_change change;
	struct cw_writer_job disk;
};

struct cw_commands {
	struct cw_commands_config config;
	struct run *runs, *dirty;
	unsigned count;
	unsigned questions; /* queries and forgets under way */
	uv_timer_t timer;
	uv_prepare_t flusher;
	uint64_t timer_at; /* on the loop's clock; UINT64_MAX: not armed */
	int handles;
	bool draining, drain_over, closing;
	uint64_t drain_until_ms;
	int64_t pruned_ms; /* Unix time */
	void (*drained)(void *arg);
	void *drained_arg;
	void (*closed)(void *arg);
	void *closed_arg;
	uint64_t done, failed, refused, unknown; /* since the start */
};

/* run.c */
void run_new(struct cw_commands *c, struct cw_wire_call *call, const cJSON *params);
void run_stop(struct run *run, enum run_stop why); /* it may be gone when this returns */
void run_abandon(struct run *run); /* link and runspaces are closed */

/* end.c. Each is the end: the run may be gone when it returns. */
void run_refuse(struct run *run, int code, const char *why); /* nothing of it is in the journal */
/* PowerShell has not seen it: as if it had never been asked for. */
void run_withdraw(struct run *run, int code, const char *why);
void run_ended(struct run *run); /* it ran to an end of its own */
void run_lost(struct run *run, int code, const char *why); /* it ran, and how far is not known */
void run_stopped(struct run *run, const char *why); /* because of run->stop */
void run_answer(struct run *run); /* as far as its output is out; on_writable() goes on */
void run_free(struct run *run);

/* stream.c: what a run says. */
void stream_output(struct run *run, const struct cw_ps_value *value);
void stream_record(struct run *run, enum cw_psrp_stream stream, const struct cw_ps_value *record);
void stream_text(struct run *run, const char *member, const char *text);
void stream_error(struct run *run, const cJSON *error); /* one of our own */
void stream_flush(struct run *run); /* as much as the reader takes */
void stream_flush_all(uv_prepare_t *flusher);
void stream_drop(struct run *run); /* nobody reads it any more */

/* commands.c */
struct run *commands_find(const struct cw_commands *c, const char *id);
void commands_arm(struct cw_commands *c, uint64_t due_ms);
void commands_look(struct cw_commands *c); /* a run or a question is gone */
/* Of a record of which no run is under way. */
const char *commands_state_name(enum cw_journal_state state);
/* An error answer; a code that is nobody's business outside becomes unavailable. */
void commands_refuse(
    struct cw_commands *c, struct cw_wire_call *call, const struct cw_err *err, cJSON *detail);

/* query.c */
void query_new(struct cw_commands *c, struct cw_wire_call *call, const cJSON *params);
void forget_new(struct cw_commands *c, struct cw_wire_call *call, const cJSON *params);

#endif
