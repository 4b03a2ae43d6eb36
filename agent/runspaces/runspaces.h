/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_RUNSPACES_H
#define CW_RUNSPACES_H

#include <stdbool.h>

#include <uv.h>

#include "powershell/session.h"

struct cw_err;

/*
 * The privileged runspaces: a few PowerShell processes kept warm, each with the
 * modules imported and then locked: no language, no programs, no scripts, and
 * nothing visible but the commands named. A canary looks at a runspace after every
 * command; one that dies, hangs or has changed is replaced.
 *
 * One process per runspace, so that a hung one can be ended alone. All calls and
 * events on the loop's thread.
 */
#define CW_RUNSPACES_MIN 1u
#define CW_RUNSPACES_MAX 16u
#define CW_RUNSPACES_QUEUE_MAX 1000u /* runs that wait for a runspace */
#define CW_RUNSPACES_RETRY_MAX_MS \
	300000u /* between attempts to start one; delays double up to here */
#define CW_RUNSPACES_RECYCLE                                                 \
	20000u /* commands, then a runspace is replaced when others are idle \
		*/

struct cw_runspaces;
struct cw_runspaces_job;

struct cw_runspaces_config {
	uv_loop_t *loop;
	char *const *argv; /* of a PowerShell in server mode; borrowed, as all of these */
	char *const *env; /* NULL: our own */
	unsigned size; /* CW_RUNSPACES_MIN .. CW_RUNSPACES_MAX */
	const char *const *modules; /* NULL-terminated names or paths */
	const char *const
	    *commands; /* NULL-terminated names, without module: all that stays visible */
	void (*changed)(void *arg); /* a runspace became ready, or was lost; may be NULL */
	void *arg;
};

struct cw_runspaces_events {
	void (*output)(void *arg, const struct cw_ps_value *value);
	void (*record)(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record);
	/*
	 * The last event; the job is gone. CW_OK: completed. CW_EFAILED: a terminating error, error
	 * is its record. CW_ETIMEOUT: stopped at its deadline. CW_ECLOSED: stopped by
	 * cw_runspaces_stop(). CW_EUNAVAILABLE: it never began. CW_EUNKNOWN: the runspace was lost
	 * while it ran.
	 */
	void (*done)(void *arg, const struct cw_err *err, const struct cw_ps_value *error);
};

/* Starts the processes. On success *ret is the caller's, to give back to cw_runspaces_close(). */
int cw_runspaces_new(
    struct cw_runspaces **ret, const struct cw_runspaces_config *config, struct cw_err *err);
/* Ends all processes at once; jobs get no more events. closed is called when nothing is left. */
void cw_runspaces_close(struct cw_runspaces *rs, void (*closed)(void *arg), void *arg);

/*
 * Runs one structured command in the next free runspace. command and its values are borrowed until
 * done. timeout_ms counts from now, waiting included. CW_ELIMIT: too many wait already.
 */
int cw_runspaces_run(struct cw_runspaces *rs, struct cw_runspaces_job **ret,
    const struct cw_psrp_command *command, uint32_t timeout_ms,
    const struct cw_runspaces_events *events, void *arg, struct cw_err *err);
/*
 * The same for a command that takes objects from its pipeline: it is fed with these, one after the
 * other, by one command. Borrowed until done, as command is.
 */
int cw_runspaces_run_fed(struct cw_runspaces *rs, struct cw_runspaces_job **ret,
    const struct cw_psrp_command *command, const struct cw_ps_value *const *input,
    size_t input_count, uint32_t timeout_ms, const struct cw_runspaces_events *events, void *arg,
    struct cw_err *err);
/* A job that still waits at this time (uv_now() of the loop) is not begun any more. */
void cw_runspaces_begin_by(struct cw_runspaces_job *job, uint64_t at_ms);
bool cw_runspaces_has_begun(const struct cw_runspaces_job *job);
/* done follows, now or later. */
void cw_runspaces_stop(struct cw_runspaces_job *job);
/* Holds output back and lets it flow again; the engine waits meanwhile. */
void cw_runspaces_pause(struct cw_runspaces_job *job);
/*
 * Pauses it only if at least one runspace stays free of paused jobs: whoever holds one while a
 * second command has to run before it goes on cannot wait for himself. false: it is not paused, and
 * what it says has to be kept.
 */
bool cw_runspaces_try_pause(struct cw_runspaces_job *job);
void cw_runspaces_resume(struct cw_runspaces_job *job);

enum cw_runspace_state {
	CW_RUNSPACE_STARTING, /* process, session, imports, lock. Next: IDLE, or LOST */
	CW_RUNSPACE_IDLE, /* Next: BUSY when there is a job */
	CW_RUNSPACE_BUSY, /* Next: CHECKING when the job is done */
	CW_RUNSPACE_CHECKING, /* the canary looks. Next: IDLE, or LOST */
	CW_RUNSPACE_LOST, /* Next: STARTING when its delay is over */
};

struct cw_runspace_status {
	int pid; /* 0 when there is no process */
	enum cw_runspace_state state;
	uint64_t commands; /* run in this process */
	uint64_t age_ms; /* of this process */
	const char *error; /* why the last one was lost, "" for none; borrowed */
};

unsigned cw_runspaces_size(const struct cw_runspaces *rs);
void cw_runspaces_status(const struct cw_runspaces *rs, unsigned i, struct cw_runspace_status *ret);
const char *cw_runspace_state_name(enum cw_runspace_state state);
unsigned cw_runspaces_ready(const struct cw_runspaces *rs); /* idle, busy or checking */
size_t cw_runspaces_waiting(const struct cw_runspaces *rs); /* jobs */

#endif
