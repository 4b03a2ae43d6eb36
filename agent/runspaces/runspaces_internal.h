/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_RUNSPACES_INTERNAL_H
#define CW_RUNSPACES_INTERNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "runspaces/runspaces.h"

/*
 * What runspaces.c (the jobs and the queue) and slot.c (one runspace's life) share.
 */
#define CW_RUNSPACES_CANARY_MAX 65536u /* bytes of what the canary says */

struct cw_psrp_process;

/* What a slot's own command is for. */
enum cw_runspaces_own {
	CW_RUNSPACES_PREPARE, /* imports and locks */
	CW_RUNSPACES_PICK, /* tries the lock with a script, which must be refused */
	CW_RUNSPACES_BASELINE, /* what the canary says of a fresh runspace */
	CW_RUNSPACES_CHECK, /* and what it says after a command */
};

struct cw_runspaces_job {
	struct cw_runspaces *rs;
	struct cw_runspaces_job *next; /* in the queue */
	struct cw_runspaces_slot *slot; /* NULL while it waits */
	const struct cw_psrp_command *command;
	const struct cw_ps_value *const *input; /* NULL: the command is not fed */
	size_t input_count;
	const struct cw_runspaces_events *events;
	void *arg;
	uint64_t due_ms;
	uint64_t begin_by_ms; /* while it waits; not after due_ms */
	bool paused;
};

struct cw_runspaces_slot {
	struct cw_runspaces *rs;
	struct cw_psrp_process *process; /* NULL when there is none */
	enum cw_runspace_state state;
	enum cw_runspaces_own own;
	struct cw_runspaces_job *job; /* BUSY */
	struct cw_psrp_pipeline *pipeline;
	struct cw_ps_arena *arena; /* of our own command's values */
	struct cw_buf seen; /* what our own command said just now */
	struct cw_buf baseline; /* what the canary said when the runspace was new */
	uint64_t started_ms, commands;
	uint64_t retry_ms; /* the next attempt's delay is at most this */
	uint64_t due_ms; /* LOST: when to start again */
	char error[CW_ERR_TEXT_MAX];
};

struct cw_runspaces {
	struct cw_runspaces_config config;
	struct cw_runspaces_job *first, **last;
	size_t waiting;
	uv_timer_t timer; /* restarts, and deadlines of jobs that wait */
	bool closing;
	unsigned processes; /* alive or on their way out */
	void (*closed)(void *arg);
	void *closed_arg;
	struct cw_runspaces_slot slots[CW_RUNSPACES_MAX];
};

/* slot.c */
int cw_runspaces_slot_init(struct cw_runspaces_slot *slot, struct cw_runspaces *rs);
void cw_runspaces_slot_free(struct cw_runspaces_slot *slot);
void cw_runspaces_slot_start(struct cw_runspaces_slot *slot); /* LOST to STARTING */
/* Starts the job in an idle slot. On failure nothing of it has run, and it is still the caller's.
 */
int cw_runspaces_slot_run(
    struct cw_runspaces_slot *slot, struct cw_runspaces_job *job, struct cw_err *err);
void cw_runspaces_slot_kill(struct cw_runspaces_slot *slot); /* no event follows but its close */

/* runspaces.c */
uint64_t cw_runspaces_now(const struct cw_runspaces *rs);
void cw_runspaces_work(struct cw_runspaces *rs); /* a slot is idle */
void cw_runspaces_arm(struct cw_runspaces *rs); /* a slot is lost: it has a due_ms */
void cw_runspaces_tell_changed(struct cw_runspaces *rs);
void cw_runspaces_process_gone(struct cw_runspaces *rs);
/* Tells the job's end; the job is gone. error may be NULL. */
void cw_runspaces_finish_job(
    struct cw_runspaces_job *job, int code, const char *why, const struct cw_ps_value *error);

#endif
