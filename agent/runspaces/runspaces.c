/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: slots with a process each, and the queue of jobs before them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "os/random.h"
#include "powershell/process.h"
#include "runspaces/prepare.h"
#include "runspaces/runspaces.h"

#define OWN_COMMAND_MS 60000u /* preparation and canary */
#define RETRY_MIN_MS 1000u
#define CANARY_TEXT 256u /* bytes */

struct slot;

/* What a slot's own command (preparation, canary) is for. */
enum own_step {
	OWN_PREPARE, /* imports and locks */
	OWN_PICK, /* tries the lock with a script, which must be refused */
	OWN_BASELINE, /* what the canary says of a fresh runspace */
	OWN_CHECK, /* and what it says after a command */
};

struct cw_runspaces_job {
	struct cw_runspaces *rs;
	struct cw_runspaces_job *next; /* in the queue */
	struct slot *slot; /* NULL while it waits */
	const struct cw_psrp_command *command;
	const struct cw_runspaces_events *events;
	void *arg;
	uint64_t due_ms;
	bool stopped, paused;
};

struct slot {
	struct cw_runspaces *rs;
	struct cw_psrp_process *process; /* NULL when there is none */
	enum cw_runspace_state state;
	enum own_step step;
	struct cw_runspaces_job *job; /* BUSY */
	struct cw_psrp_pipeline *pipeline;
	struct cw_ps_arena *arena; /* of our own command's values */
	char seen[CANARY_TEXT]; /* what the canary said just now */
	char baseline[CANARY_TEXT]; /* what it said when the runspace was new */
	uint64_t started_ms, commands;
	uint64_t retry_ms; /* delay of the next attempt's upper bound */
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
	struct slot slots[CW_RUNSPACES_MAX];
};

static void start(struct slot *slot);
static void work(struct cw_runspaces *rs);
static void arm(struct cw_runspaces *rs);
static void on_timer_closed(uv_handle_t *h);

static uint64_t
now(const struct cw_runspaces *rs)
{
	return uv_now(rs->config.loop);
}

static void
tell_changed(struct cw_runspaces *rs)
{
	if (rs->config.changed != NULL && !rs->closing)
		rs->config.changed(rs->config.arg);
}

/* --- jobs */

static void
finish_job(struct cw_runspaces_job *job, const struct cw_err *err, const struct cw_ps_value *error)
{
	const struct cw_runspaces_events *events = job->events;
	void *arg = job->arg;

	free(job);
	events->done(arg, err, error);
}

static void
fail_job(struct cw_runspaces_job *job, int code, const char *why)
{
	struct cw_err err;

	(void)cw_fail(&err, code, "%s", why);
	finish_job(job, &err, NULL);
}

/* Takes a waiting job out of the queue. */
static void
unqueue(struct cw_runspaces_job *job)
{
	struct cw_runspaces *rs = job->rs;
	struct cw_runspaces_job **at = &rs->first;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	if (rs->last == &job->next)
		rs->last = at;
	rs->waiting--;
}

static const char *
last_error(const struct cw_runspaces *rs)
{
	for (unsigned i = 0; i < rs->config.size; i++)
		if (rs->slots[i].error[0] != '\0')
			return rs->slots[i].error;
	return "";
}

static void
expire_waiting(struct cw_runspaces *rs)
{
	struct cw_runspaces_job *job, *next;
	char why[CW_ERR_TEXT_MAX];

	for (job = rs->first; job != NULL; job = next) {
		next = job->next;
		if (job->due_ms > now(rs))
			continue;
		unqueue(job);
		if (cw_runspaces_ready(rs) == 0 && last_error(rs)[0] != '\0')
			(void)snprintf(why, sizeof(why),
			    "no PowerShell runspace became ready in time: %s", last_error(rs));
		else
			(void)snprintf(why, sizeof(why),
			    "no PowerShell runspace was free in time, it was never started");
		fail_job(job, CW_EUNAVAILABLE, why);
	}
}

/* --- a slot's end */

/* Remembers why and starts anew after a delay with full jitter; at once after a good life. */
static void
lost(struct slot *slot, const char *why, bool at_once)
{
	struct cw_runspaces *rs = slot->rs;
	struct cw_runspaces_job *job = slot->job;

	slot->state = CW_RUNSPACE_LOST;
	slot->process = NULL;
	slot->job = NULL;
	slot->pipeline = NULL;
	if (why != NULL)
		(void)snprintf(slot->error, sizeof(slot->error), "%s", why);
	if (at_once || slot->commands > 0)
		slot->retry_ms = 0;
	else
		slot->retry_ms = slot->retry_ms == 0 ? RETRY_MIN_MS : slot->retry_ms * 2;
	if (slot->retry_ms > CW_RUNSPACES_RETRY_MAX_MS)
		slot->retry_ms = CW_RUNSPACES_RETRY_MAX_MS;
	slot->due_ms =
	    now(rs) + (slot->retry_ms == 0 ? 0 : 1 + cw_random_below((uint32_t)slot->retry_ms));
	if (job != NULL)
		fail_job(job, job->stopped ? CW_ECLOSED : CW_EUNKNOWN,
		    why != NULL ? why : "the PowerShell runspace was lost while the command ran");
	tell_changed(rs);
	arm(rs);
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	lost(arg, err->text, false);
}

/* Ends a slot's process that did nothing wrong enough to end by itself. */
static void
discard(struct slot *slot, const char *why, bool at_once)
{
	cw_psrp_process_kill(slot->process);
	lost(slot, why, at_once);
}

static void
on_closed(void *arg)
{
	struct cw_runspaces *rs = ((struct slot *)arg)->rs;

	rs->processes--;
	if (rs->closing && rs->processes == 0 && !uv_is_closing((uv_handle_t *)&rs->timer))
		uv_close((uv_handle_t *)&rs->timer, on_timer_closed);
}

/* --- a slot's own commands */

static void run_own(struct slot *slot, enum own_step step);

static void
own_output(void *arg, const struct cw_ps_value *value)
{
	struct slot *slot = arg;

	if (cw_ps_str(value) != NULL)
		(void)snprintf(slot->seen, sizeof(slot->seen), "%s", cw_ps_str(value));
}

static void
idle(struct slot *slot)
{
	slot->state = CW_RUNSPACE_IDLE;
	slot->retry_ms = 0;
	work(slot->rs);
}

static void
own_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct slot *slot = arg;
	char why[CW_ERR_TEXT_MAX];

	slot->pipeline = NULL;
	if (slot->step == OWN_PICK) {
		if (outcome == CW_PSRP_FAILED && slot->seen[0] == '\0')
			run_own(slot, OWN_BASELINE);
		else
			discard(slot, "the runspace is not locked: it ran a script", false);
		return;
	}
	if (outcome != CW_PSRP_COMPLETED) {
		(void)snprintf(why, sizeof(why), "%s: %s",
		    slot->step == OWN_PREPARE ? "the runspace could not be prepared"
					      : "the runspace's canary failed",
		    cw_ps_str(error) != NULL ? cw_ps_str(error) : "no reason given");
		discard(slot, why, false);
		return;
	}
	switch (slot->step) {
	case OWN_PREPARE: run_own(slot, OWN_PICK); return;
	case OWN_PICK: return; /* told above */
	case OWN_BASELINE:
		memcpy(slot->baseline, slot->seen, sizeof(slot->baseline));
		slot->error[0] = '\0';
		idle(slot);
		tell_changed(slot->rs);
		return;
	case OWN_CHECK:
		if (strcmp(slot->seen, slot->baseline) != 0) {
			(void)snprintf(
			    why, sizeof(why), "a command changed its runspace: %s", slot->seen);
			discard(slot, why, true);
			return;
		}
		if (slot->commands >= CW_RUNSPACES_RECYCLE &&
		    cw_runspaces_ready(slot->rs) == slot->rs->config.size)
			discard(slot, NULL, true);
		else
			idle(slot);
		return;
	}
}

static void
run_own(struct slot *slot, enum own_step step)
{
	static const struct cw_psrp_pipeline_events events = { own_output, NULL, NULL,
		own_finished };
	struct cw_psrp_command command = { CW_RUNSPACE_CANARY, false, NULL, 0 };
	struct cw_psrp_run run = { &command, 1, false, OWN_COMMAND_MS, &events, slot };
	struct cw_err err;
	int r = CW_OK;

	slot->step = step;
	slot->seen[0] = '\0';
	cw_ps_arena_reset(slot->arena);
	if (step == OWN_PICK)
		command = (struct cw_psrp_command){ "'unlocked'", true, NULL, 0 };
	else if (step == OWN_PREPARE)
		r = cw_runspace_prepare(
		    &command, slot->arena, slot->rs->config.modules, slot->rs->config.commands);
	if (r < 0)
		(void)cw_fail(&err, r, "out of memory");
	else
		r = cw_psrp_run(cw_psrp_process_session(slot->process), &slot->pipeline, &run,
		    now(slot->rs), &err);
	if (r < 0)
		discard(slot, err.text, false);
}

/* --- a slot's beginning */

static void
on_opened(void *arg)
{
	struct slot *slot = arg;
	struct cw_err err;

	if (cw_psrp_exchange_key(cw_psrp_process_session(slot->process), now(slot->rs), &err) < 0)
		discard(slot, err.text, false);
}

static void
on_keyed(void *arg)
{
	run_own(arg, OWN_PREPARE);
}

static void
start(struct slot *slot)
{
	struct cw_runspaces *rs = slot->rs;
	struct cw_psrp_process_config config = {
		.loop = rs->config.loop,
		.argv = rs->config.argv,
		.env = rs->config.env,
		.events = { .opened = on_opened, .keyed = on_keyed, .lost = on_lost, .arg = slot },
		.closed = on_closed,
	};
	struct cw_err err;

	slot->state = CW_RUNSPACE_STARTING;
	slot->started_ms = now(rs);
	slot->commands = 0;
	if (cw_psrp_process_start(&slot->process, &config, &err) < 0)
		lost(slot, err.text, false);
	else
		rs->processes++;
}

/* --- jobs in slots */

static void
job_output(void *arg, const struct cw_ps_value *value)
{
	struct slot *slot = arg;

	slot->job->events->output(slot->job->arg, value);
}

static void
job_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	struct slot *slot = arg;

	slot->job->events->record(slot->job->arg, stream, record);
}

static void
job_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct slot *slot = arg;
	struct cw_runspaces_job *job = slot->job;
	struct cw_err err = { 0 };

	slot->job = NULL;
	slot->pipeline = NULL;
	slot->state = CW_RUNSPACE_CHECKING;
	if (job->paused)
		cw_psrp_process_resume(slot->process);
	switch (outcome) {
	case CW_PSRP_COMPLETED: break;
	case CW_PSRP_STOPPED: (void)cw_fail(&err, CW_ECLOSED, "the command was stopped"); break;
	case CW_PSRP_TIMED_OUT:
		(void)cw_fail(&err, CW_ETIMEOUT, "the command was stopped: its time was over");
		break;
	case CW_PSRP_FAILED:
		(void)cw_fail(&err, CW_EFAILED, "%s",
		    cw_ps_str(error) != NULL ? cw_ps_str(error) : "the command failed");
		break;
	}
	finish_job(job, &err, error);
	if (slot->state == CW_RUNSPACE_CHECKING && !slot->rs->closing)
		run_own(slot, OWN_CHECK);
}

/* Starts the job in an idle slot. On failure nothing of it has run, and it is still the caller's.
 */
static int
run_job(struct slot *slot, struct cw_runspaces_job *job, struct cw_err *err)
{
	static const struct cw_psrp_pipeline_events events = { job_output, job_record, NULL,
		job_finished };
	uint64_t left = job->due_ms > now(slot->rs) ? job->due_ms - now(slot->rs) : 1;
	struct cw_psrp_run run = { job->command, 1, false, (uint32_t)left, &events, slot };
	int r;

	if ((r = cw_psrp_run(cw_psrp_process_session(slot->process), &slot->pipeline, &run,
		 now(slot->rs), err)) < 0)
		return r;
	slot->state = CW_RUNSPACE_BUSY;
	slot->job = job;
	job->slot = slot;
	slot->commands++;
	if (job->paused)
		cw_psrp_process_pause(slot->process);
	return CW_OK;
}

static struct slot *
idle_slot(struct cw_runspaces *rs)
{
	for (unsigned i = 0; i < rs->config.size; i++)
		if (rs->slots[i].state == CW_RUNSPACE_IDLE)
			return &rs->slots[i];
	return NULL;
}

/* Gives waiting jobs to idle slots. */
static void
work(struct cw_runspaces *rs)
{
	struct slot *slot;

	while (rs->first != NULL && (slot = idle_slot(rs)) != NULL) {
		struct cw_runspaces_job *job = rs->first;
		struct cw_err err;

		unqueue(job);
		if (run_job(slot, job, &err) < 0)
			finish_job(job, &err, NULL);
	}
	arm(rs);
}

/* --- time */

static void
on_timer(uv_timer_t *timer)
{
	struct cw_runspaces *rs = timer->data;

	expire_waiting(rs);
	for (unsigned i = 0; i < rs->config.size; i++)
		if (rs->slots[i].state == CW_RUNSPACE_LOST && rs->slots[i].due_ms <= now(rs))
			start(&rs->slots[i]);
	arm(rs);
}

static void
arm(struct cw_runspaces *rs)
{
	uint64_t due = UINT64_MAX;

	if (rs->closing)
		return;
	for (const struct cw_runspaces_job *job = rs->first; job != NULL; job = job->next)
		due = job->due_ms < due ? job->due_ms : due;
	for (unsigned i = 0; i < rs->config.size; i++)
		if (rs->slots[i].state == CW_RUNSPACE_LOST && rs->slots[i].due_ms < due)
			due = rs->slots[i].due_ms;
	if (due == UINT64_MAX)
		uv_timer_stop(&rs->timer);
	else
		uv_timer_start(&rs->timer, on_timer, due > now(rs) ? due - now(rs) : 0, 0);
}

/* --- what callers see */

int
cw_runspaces_run(struct cw_runspaces *rs, struct cw_runspaces_job **ret,
    const struct cw_psrp_command *command, uint32_t timeout_ms,
    const struct cw_runspaces_events *events, void *arg, struct cw_err *err)
{
	struct cw_runspaces_job *job;
	struct slot *slot;
	int r;

	if (rs->waiting >= CW_RUNSPACES_QUEUE_MAX)
		return cw_fail(err, CW_ELIMIT,
		    "%u commands wait for a runspace already: try again later",
		    CW_RUNSPACES_QUEUE_MAX);
	if ((job = calloc(1, sizeof(*job))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	*job =
	    (struct cw_runspaces_job){ .rs = rs, .command = command, .events = events, .arg = arg };
	job->due_ms = now(rs) + timeout_ms;
	if (rs->first == NULL && (slot = idle_slot(rs)) != NULL) {
		if ((r = run_job(slot, job, err)) < 0) {
			free(job);
			return r;
		}
	} else {
		*rs->last = job;
		rs->last = &job->next;
		rs->waiting++;
		arm(rs);
	}
	*ret = job;
	return CW_OK;
}

void
cw_runspaces_stop(struct cw_runspaces_job *job)
{
	job->stopped = true;
	if (job->slot != NULL) {
		if (job->paused)
			cw_runspaces_resume(job);
		cw_psrp_stop(job->slot->pipeline, now(job->rs));
		return;
	}
	unqueue(job);
	fail_job(job, CW_ECLOSED, "the command was stopped before it began");
}

void
cw_runspaces_pause(struct cw_runspaces_job *job)
{
	if (!job->paused && job->slot != NULL)
		cw_psrp_process_pause(job->slot->process);
	job->paused = true;
}

void
cw_runspaces_resume(struct cw_runspaces_job *job)
{
	if (job->paused && job->slot != NULL)
		cw_psrp_process_resume(job->slot->process);
	job->paused = false;
}

unsigned
cw_runspaces_size(const struct cw_runspaces *rs)
{
	return rs->config.size;
}

void
cw_runspaces_status(const struct cw_runspaces *rs, unsigned i, struct cw_runspace_status *ret)
{
	const struct slot *slot = &rs->slots[i];

	*ret = (struct cw_runspace_status){
		.state = slot->state, .commands = slot->commands, .error = slot->error
	};
	if (slot->process != NULL) {
		ret->pid = cw_psrp_process_pid(slot->process);
		ret->age_ms = now(rs) - slot->started_ms;
	}
}

const char *
cw_runspace_state_name(enum cw_runspace_state state)
{
	switch (state) {
	case CW_RUNSPACE_STARTING: return "starting";
	case CW_RUNSPACE_IDLE: return "idle";
	case CW_RUNSPACE_BUSY: return "busy";
	case CW_RUNSPACE_CHECKING: return "checking";
	case CW_RUNSPACE_LOST: return "lost";
	}
	return "?";
}

unsigned
cw_runspaces_ready(const struct cw_runspaces *rs)
{
	unsigned n = 0;

	for (unsigned i = 0; i < rs->config.size; i++)
		n += rs->slots[i].state == CW_RUNSPACE_IDLE ||
		    rs->slots[i].state == CW_RUNSPACE_BUSY ||
		    rs->slots[i].state == CW_RUNSPACE_CHECKING;
	return n;
}

size_t
cw_runspaces_waiting(const struct cw_runspaces *rs)
{
	return rs->waiting;
}

/* --- life */

static void
free_pool(struct cw_runspaces *rs)
{
	for (unsigned i = 0; i < rs->config.size; i++)
		cw_ps_arena_free(rs->slots[i].arena);
	free(rs);
}

static void
on_timer_closed(uv_handle_t *h)
{
	struct cw_runspaces *rs = h->data;
	void (*closed)(void *arg) = rs->closed;
	void *arg = rs->closed_arg;

	free_pool(rs);
	if (closed != NULL)
		closed(arg);
}

int
cw_runspaces_new(
    struct cw_runspaces **ret, const struct cw_runspaces_config *config, struct cw_err *err)
{
	struct cw_runspaces *rs;

	if (config->size < CW_RUNSPACES_MIN || config->size > CW_RUNSPACES_MAX)
		return cw_fail(err, CW_EINVAL, "a pool of %u runspaces, allowed are %u to %u",
		    config->size, CW_RUNSPACES_MIN, CW_RUNSPACES_MAX);
	if ((rs = calloc(1, sizeof(*rs))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	rs->config = *config;
	rs->last = &rs->first;
	for (unsigned i = 0; i < config->size; i++) {
		rs->slots[i].rs = rs;
		if (cw_ps_arena_new(&rs->slots[i].arena, CW_PS_ARENA_MAX) < 0) {
			free_pool(rs);
			return cw_fail(err, CW_ENOMEM, "out of memory");
		}
	}
	(void)uv_timer_init(config->loop, &rs->timer);
	rs->timer.data = rs;
	for (unsigned i = 0; i < config->size; i++)
		start(&rs->slots[i]);
	*ret = rs;
	return CW_OK;
}

void
cw_runspaces_close(struct cw_runspaces *rs, void (*closed)(void *arg), void *arg)
{
	struct cw_runspaces_job *job;

	if (rs == NULL)
		return;
	rs->closing = true;
	rs->closed = closed;
	rs->closed_arg = arg;
	while ((job = rs->first) != NULL) {
		unqueue(job);
		free(job);
	}
	for (unsigned i = 0; i < rs->config.size; i++) {
		free(rs->slots[i].job);
		rs->slots[i].job = NULL;
		if (rs->slots[i].process != NULL)
			cw_psrp_process_kill(rs->slots[i].process);
	}
	uv_timer_stop(&rs->timer);
	if (rs->processes == 0)
		uv_close((uv_handle_t *)&rs->timer, on_timer_closed);
}
