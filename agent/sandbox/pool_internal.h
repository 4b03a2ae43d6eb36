/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SANDBOX_POOL_INTERNAL_H
#define CW_SANDBOX_POOL_INTERNAL_H

#include "powershell/process.h"
#include "sandbox/place.h"
#include "sandbox/pool.h"

/*
 * Between life.c, which is one sandbox from its start to its end, and pool.c, which
 * has the walls checked, answers requests and decides when the next one starts.
 */
enum cw_sandbox_life {
	STARTING, /* process and session. Next: PREPARING, or ENDING when it fails */
	PREPARING, /* the owner's hook works in it. Next: WARM, or ENDING */
	WARM, /* Next: TAKEN, or ENDING when it dies */
	TAKEN, /* Next: LOST when it dies, ENDING when its taker is done */
	LOST, /* dead, its taker has not said that it is done. Next: ENDING */
	ENDING, /* Next: freed when the process is gone */
};

struct cw_sandbox {
	struct cw_sandboxes *pool;
	struct cw_sandbox *next;
	enum cw_sandbox_life life;
	uint32_t id;
	struct cw_psrp_process *process; /* NULL when it is gone */
	uint64_t due_ms; /* PREPARING: by then it is done */
	void (*lost)(void *arg, const struct cw_err *err);
	void *lost_arg;
};

struct cw_sandboxes_request {
	struct cw_sandboxes *pool;
	struct cw_sandboxes_request *next;
	uint64_t due_ms;
	void (*taken)(void *arg, struct cw_sandbox *s, const struct cw_err *err);
	void *arg;
};

struct cw_sandboxes {
	struct cw_sandboxes_config config;
	enum cw_sandboxes_state state;
	struct cw_sandbox_check *check; /* running now */
	struct cw_sandbox_report report;
	bool has_report;
	struct cw_places *places; /* while UP */
	struct cw_sandbox *sandboxes;
	struct cw_sandboxes_request *first, **last;
	size_t waiting;
	uint64_t retry_ms; /* delay of the next start or check, at most; 0 after a success */
	uint64_t due_ms; /* no start or check before */
	uint64_t started, handed_out, failed;
	char error[CW_ERR_TEXT_MAX];
	uv_timer_t timer;
	bool closing;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* --- pool.c */

/* Has the timer come when something is due; closes the pool when that is wanted and nothing runs.
 * Calls nobody: whoever it wakes is called from the timer. */
void cw_sandboxes_work(struct cw_sandboxes *pool);
void cw_sandboxes_tell_changed(struct cw_sandboxes *pool);
/* Remembers why, and holds the next attempt back for a random part of a delay that doubles. */
void cw_sandboxes_back_off(struct cw_sandboxes *pool, uint64_t max_ms, const char *why);
uint64_t cw_sandboxes_now(const struct cw_sandboxes *pool);

/* --- life.c */

void cw_sandbox_start(struct cw_sandboxes *pool); /* one more, or backs off */
void cw_sandbox_end_late(struct cw_sandboxes *pool); /* whose preparation takes too long */
void cw_sandbox_end_all(struct cw_sandboxes *pool); /* the pool closes */
void cw_sandbox_discard(struct cw_sandbox *s); /* whose process is gone */
unsigned cw_sandbox_count(const struct cw_sandboxes *pool, enum cw_sandbox_life life);

#endif
