/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: the jobs, the queue before the slots, and the slots' restarts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "powershell/process.h"
#include "runspaces/runspaces_internal.h"

uint64_t
cw_runspaces_now(const struct cw_runspaces *rs)
{
	return uv_now(rs->config.loop);
}

void
cw_runspaces_tell_changed(struct cw_runspaces *rs)
{
	if (rs->config.changed != NULL && !rs->closing)
		rs->config.changed(rs->config.arg);
}

/* --- jobs */

void
cw_runspaces_finish_job(
    struct cw_runspaces_job *job, int code, const char *why, const struct cw_ps_value *error)
{
	const struct cw_runspaces_events *events = job->events;
	void *arg = job->arg;
	struct cw_err err;

	(void)cw_fail(&err, code, "%s", why);
	free(job);
	events->done(arg, &err, error);
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

/* Ends a job that waited too long. */
static void
expire(struct cw_runspaces_job *job)
{
	struct cw_runspaces *rs = job->rs;
	char why[CW_ERR_TEXT_MAX];

	unqueue(job);
	if (cw_runspaces_ready(rs) == 0 && last_error(rs)[0] != '\0')
		(void)snprintf(why, sizeof(why), "no PowerShell runspace became ready in time: %s",
		    last_error(rs));
	else
		(void)snprintf(why, sizeof(why),
		    "no PowerShell runspace was free in time, it was never started");
	cw_runspaces_finish_job(job, CW_EUNAVAILABLE, why, NULL);
}

/* Looks from the front each time: a job's end may end others. */
static void
expire_waiting(struct cw_runspaces *rs)
{
	struct cw_runspaces_job *job;

	do {
		for (job = rs->first; job != NULL; job = job->next)
			if (job->begin_by_ms <= cw_runspaces_now(rs))
				break;
		if (job != NULL)
			expire(job);
	} while (job != NULL);
}

static struct cw_runspaces_slot *
idle_slot(struct cw_runspaces *rs)
{
	for (unsigned i = 0; i < rs->config.size; i++)
		if (rs->slots[i].state == CW_RUNSPACE_IDLE)
			return &rs->slots[i];
	return NULL;
}

/* Gives waiting jobs to idle slots. One whose time is over is not begun any more. */
void
cw_runspaces_work(struct cw_runspaces *rs)
{
	struct cw_runspaces_slot *slot;
	struct cw_runspaces_job *job;
	struct cw_err err;

	while ((job = rs->first) != NULL && (slot = idle_slot(rs)) != NULL) {
		if (job->begin_by_ms <= cw_runspaces_now(rs)) {
			expire(job);
			continue;
		}
		unqueue(job);
		if (cw_runspaces_slot_run(slot, job, &err) < 0)
			cw_runspaces_finish_job(job, err.code, err.text, NULL);
	}
	cw_runspaces_arm(rs);
}

/* --- time */

static void
on_timer(uv_timer_t *timer)
{
	struct cw_runspaces *rs = timer->data;

	expire_waiting(rs);
	for (unsigned i = 0; i < rs->config.size && !rs->closing; i++)
		if (rs->slots[i].state == CW_RUNSPACE_LOST &&
		    rs->slots[i].due_ms <= cw_runspaces_now(rs))
			cw_runspaces_slot_start(&rs->slots[i]);
	cw_runspaces_arm(rs);
}

void
cw_runspaces_arm(struct cw_runspaces *rs)
{
	uint64_t due = UINT64_MAX, now = cw_runspaces_now(rs);

	if (rs->closing)
		return;
	for (const struct cw_runspaces_job *job = rs->first; job != NULL; job = job->next)
		due = job->begin_by_ms < due ? job->begin_by_ms : due;
	for (unsigned i = 0; i < rs->config.size; i++)
		if (rs->slots[i].state == CW_RUNSPACE_LOST && rs->slots[i].due_ms < due)
			due = rs->slots[i].due_ms;
	if (due == UINT64_MAX)
		(void)uv_timer_stop(&rs->timer);
	else
		(void)uv_timer_start(&rs->timer, on_timer, due > now ? due - now : 0, 0);
}

/* --- what callers see */

/* Takes a job to the first idle slot, or to the end of the queue. */
static int
place(struct cw_runspaces *rs, struct cw_runspaces_job *job, struct cw_err *err)
{
	struct cw_runspaces_slot *slot;

	if (rs->first == NULL && (slot = idle_slot(rs)) != NULL)
		return cw_runspaces_slot_run(slot, job, err);
	*rs->last = job;
	rs->last = &job->next;
	rs->waiting++;
	cw_runspaces_arm(rs);
	return CW_OK;
}

int
cw_runspaces_run_fed(struct cw_runspaces *rs, struct cw_runspaces_job **ret,
    const struct cw_psrp_command *command, const struct cw_ps_value *const *input,
    size_t input_count, uint32_t timeout_ms, const struct cw_runspaces_events *events, void *arg,
    struct cw_err *err)
{
	struct cw_runspaces_job *job;
	int r;

	if (rs->waiting >= CW_RUNSPACES_QUEUE_MAX)
		return cw_fail(err, CW_ELIMIT,
		    "%u commands wait for a runspace already: try again later",
		    CW_RUNSPACES_QUEUE_MAX);
	if ((job = calloc(1, sizeof(*job))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	*job = (struct cw_runspaces_job){ .rs = rs,
		.command = command,
		.input = input,
		.input_count = input_count,
		.events = events,
		.arg = arg };
	job->due_ms = job->begin_by_ms = cw_runspaces_now(rs) + timeout_ms;
	if ((r = place(rs, job, err)) < 0) {
		free(job);
		return r;
	}
	*ret = job;
	return CW_OK;
}

int
cw_runspaces_run(struct cw_runspaces *rs, struct cw_runspaces_job **ret,
    const struct cw_psrp_command *command, uint32_t timeout_ms,
    const struct cw_runspaces_events *events, void *arg, struct cw_err *err)
{
	return cw_runspaces_run_fed(rs, ret, command, NULL, 0, timeout_ms, events, arg, err);
}

void
cw_runspaces_begin_by(struct cw_runspaces_job *job, uint64_t at_ms)
{
	if (job->slot != NULL || at_ms >= job->begin_by_ms)
		return;
	job->begin_by_ms = at_ms;
	cw_runspaces_arm(job->rs);
}

bool
cw_runspaces_has_begun(const struct cw_runspaces_job *job)
{
	return job->slot != NULL;
}

void
cw_runspaces_stop(struct cw_runspaces_job *job)
{
	if (job->slot != NULL) {
		cw_runspaces_resume(job);
		cw_psrp_stop(job->slot->pipeline, cw_runspaces_now(job->rs));
		return;
	}
	unqueue(job);
	cw_runspaces_finish_job(job, CW_ECLOSED, "the command was stopped before it began", NULL);
}

void
cw_runspaces_pause(struct cw_runspaces_job *job)
{
	job->paused = true;
	if (job->slot != NULL)
		cw_psrp_process_pause(job->slot->process);
}

bool
cw_runspaces_try_pause(struct cw_runspaces_job *job)
{
	const struct cw_runspaces *rs = job->rs;
	unsigned held = 0;

	if (job->slot == NULL)
		return false;
	for (unsigned i = 0; i < rs->config.size; i++)
		held +=
		    rs->slots[i].job != NULL && rs->slots[i].job != job && rs->slots[i].job->paused;
	if (held + 1 >= rs->config.size)
		return false;
	cw_runspaces_pause(job);
	return true;
}

void
cw_runspaces_resume(struct cw_runspaces_job *job)
{
	job->paused = false;
	if (job->slot != NULL)
		cw_psrp_process_resume(job->slot->process);
}

unsigned
cw_runspaces_size(const struct cw_runspaces *rs)
{
	return rs->config.size;
}

void
cw_runspaces_status(const struct cw_runspaces *rs, unsigned i, struct cw_runspace_status *ret)
{
	const struct cw_runspaces_slot *slot = &rs->slots[i];

	*ret = (struct cw_runspace_status){
		.state = slot->state, .commands = slot->commands, .error = slot->error
	};
	if (slot->process != NULL) {
		ret->pid = cw_psrp_process_pid(slot->process);
		ret->age_ms = cw_runspaces_now(rs) - slot->started_ms;
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
		cw_runspaces_slot_free(&rs->slots[i]);
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

/* The pool's memory goes when it is closed and its last process is gone. */
static void
close_when_alone(struct cw_runspaces *rs)
{
	if (rs->closing && rs->processes == 0 && !uv_is_closing((uv_handle_t *)&rs->timer))
		uv_close((uv_handle_t *)&rs->timer, on_timer_closed);
}

void
cw_runspaces_process_gone(struct cw_runspaces *rs)
{
	rs->processes--;
	close_when_alone(rs);
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
	for (unsigned i = 0; i < config->size; i++)
		if (cw_runspaces_slot_init(&rs->slots[i], rs) < 0) {
			free_pool(rs);
			return cw_fail(err, CW_ENOMEM, "out of memory");
		}
	(void)uv_timer_init(config->loop, &rs->timer);
	rs->timer.data = rs;
	cw_runspaces_arm(rs);
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
		cw_runspaces_slot_kill(&rs->slots[i]);
		free(rs->slots[i].job);
		rs->slots[i].job = NULL;
	}
	(void)uv_timer_stop(&rs->timer);
	close_when_alone(rs);
}
