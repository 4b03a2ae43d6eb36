/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One runspace: its process, our own commands in it, and the job it has.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "os/random.h"
#include "powershell/process.h"
#include "runspaces/prepare.h"
#include "runspaces/runspaces_internal.h"

#define OWN_COMMAND_MS 60000u /* preparation and canary */
#define RETRY_MIN_MS 1000u

/* --- its end */

/* Starts anew after a delay with full jitter that doubles; at once after a good life. */
static void
set_retry(struct cw_runspaces_slot *slot, bool at_once)
{
	if (at_once || slot->commands > 0)
		slot->retry_ms = 0;
	else if (slot->retry_ms == 0)
		slot->retry_ms = RETRY_MIN_MS;
	else if (slot->retry_ms < CW_RUNSPACES_RETRY_MAX_MS / 2)
		slot->retry_ms *= 2;
	else
		slot->retry_ms = CW_RUNSPACES_RETRY_MAX_MS;
	slot->due_ms = cw_runspaces_now(slot->rs);
	if (slot->retry_ms > 0)
		slot->due_ms += 1 + cw_random_below((uint32_t)slot->retry_ms);
}

/* why: "" for no complaint. */
static void
lost(struct cw_runspaces_slot *slot, const char *why, bool at_once)
{
	struct cw_runspaces *rs = slot->rs;
	struct cw_runspaces_job *job = slot->job;

	slot->state = CW_RUNSPACE_LOST;
	slot->process = NULL;
	slot->job = NULL;
	slot->pipeline = NULL;
	(void)snprintf(slot->error, sizeof(slot->error), "%s", why);
	set_retry(slot, at_once);
	if (job != NULL)
		cw_runspaces_finish_job(job, CW_EUNKNOWN, slot->error, NULL);
	cw_runspaces_tell_changed(rs);
	cw_runspaces_arm(rs);
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	lost(arg, err->text, false);
}

/* Ends a process that would go on. */
static void
discard(struct cw_runspaces_slot *slot, const char *why, bool at_once)
{
	cw_psrp_process_kill(slot->process);
	lost(slot, why, at_once);
}

static void
on_closed(void *arg)
{
	cw_runspaces_process_gone(((struct cw_runspaces_slot *)arg)->rs);
}

void
cw_runspaces_slot_kill(struct cw_runspaces_slot *slot)
{
	if (slot->process != NULL)
		cw_psrp_process_kill(slot->process);
	slot->process = NULL;
}

/* --- our own commands */

static void run_own(struct cw_runspaces_slot *slot, enum cw_runspaces_own own);

static void
own_output(void *arg, const struct cw_ps_value *value)
{
	struct cw_runspaces_slot *slot = arg;

	cw_buf_clear(&slot->seen);
	if (cw_ps_str(value) != NULL)
		(void)cw_buf_puts(&slot->seen, cw_ps_str(value));
}

static void
become_idle(struct cw_runspaces_slot *slot)
{
	slot->state = CW_RUNSPACE_IDLE;
	slot->retry_ms = 0;
	cw_runspaces_work(slot->rs);
}

static void
picked(
    struct cw_runspaces_slot *slot, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	const char *id = cw_ps_str(cw_ps_get(error, "FullyQualifiedErrorId"));

	if (outcome == CW_PSRP_FAILED && cw_streq(id, "ScriptsNotAllowed"))
		run_own(slot, CW_RUNSPACES_BASELINE);
	else
		discard(slot, "the runspace is not locked: a script is not refused", false);
}

static void
keep_baseline(struct cw_runspaces_slot *slot)
{
	struct cw_buf old = cw_buf_take(&slot->baseline);

	slot->baseline = cw_buf_take(&slot->seen);
	cw_buf_free(&old);
	slot->error[0] = '\0';
	become_idle(slot);
	cw_runspaces_tell_changed(slot->rs);
}

static void
check(struct cw_runspaces_slot *slot)
{
	const char *before = cw_buf_str(&slot->baseline), *now = cw_buf_str(&slot->seen);
	char difference[CW_RUNSPACE_DIFFERENCE] = "memory", why[CW_ERR_TEXT_MAX];

	if (before != NULL && now != NULL)
		cw_runspace_difference(difference, before, now);
	if (difference[0] != '\0') {
		(void)snprintf(why, sizeof(why), "a command changed its runspace: %s", difference);
		discard(slot, why, true);
	} else if (slot->commands >= CW_RUNSPACES_RECYCLE &&
	    cw_runspaces_ready(slot->rs) == slot->rs->config.size) {
		discard(slot, "", true);
	} else {
		become_idle(slot);
	}
}

static void
own_failed(struct cw_runspaces_slot *slot, const struct cw_ps_value *error)
{
	char why[CW_ERR_TEXT_MAX];

	(void)snprintf(why, sizeof(why), "%s: %s",
	    slot->own == CW_RUNSPACES_PREPARE ? "the runspace could not be prepared"
					      : "the runspace's canary failed",
	    cw_ps_str(error) != NULL ? cw_ps_str(error) : "no reason given");
	discard(slot, why, false);
}

static void
own_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct cw_runspaces_slot *slot = arg;

	slot->pipeline = NULL;
	if (slot->own == CW_RUNSPACES_PICK) {
		picked(slot, outcome, error);
		return;
	}
	if (outcome != CW_PSRP_COMPLETED) {
		own_failed(slot, error);
		return;
	}
	switch (slot->own) {
	case CW_RUNSPACES_PREPARE: run_own(slot, CW_RUNSPACES_PICK); break;
	case CW_RUNSPACES_PICK: break;
	case CW_RUNSPACES_BASELINE: keep_baseline(slot); break;
	case CW_RUNSPACES_CHECK: check(slot); break;
	}
}

static void
run_own(struct cw_runspaces_slot *slot, enum cw_runspaces_own own)
{
	static const struct cw_psrp_pipeline_events events = { own_output, NULL, NULL,
		own_finished };
	struct cw_psrp_command command = { CW_RUNSPACE_CANARY, false, NULL, 0 };
	struct cw_psrp_run run = { &command, 1, false, OWN_COMMAND_MS, &events, slot };
	struct cw_err err;
	int r = CW_OK;

	slot->own = own;
	cw_buf_clear(&slot->seen);
	cw_ps_arena_reset(slot->arena);
	if (own == CW_RUNSPACES_PICK)
		command = (struct cw_psrp_command){ "'unlocked'", true, NULL, 0 };
	else if (own == CW_RUNSPACES_PREPARE)
		r = cw_runspace_prepare(
		    &command, slot->arena, slot->rs->config.modules, slot->rs->config.commands);
	if (r < 0)
		(void)cw_fail(&err, r, "out of memory");
	else
		r = cw_psrp_run(cw_psrp_process_session(slot->process), &slot->pipeline, &run,
		    cw_runspaces_now(slot->rs), &err);
	if (r < 0)
		discard(slot, err.text, false);
}

/* --- its beginning */

static void
on_opened(void *arg)
{
	struct cw_runspaces_slot *slot = arg;
	struct cw_err err;

	if (cw_psrp_exchange_key(
		cw_psrp_process_session(slot->process), cw_runspaces_now(slot->rs), &err) < 0)
		discard(slot, err.text, false);
}

static void
on_keyed(void *arg)
{
	run_own(arg, CW_RUNSPACES_PREPARE);
}

void
cw_runspaces_slot_start(struct cw_runspaces_slot *slot)
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
	slot->started_ms = cw_runspaces_now(rs);
	slot->commands = 0;
	if (cw_psrp_process_start(&slot->process, &config, &err) < 0)
		lost(slot, err.text, false);
	else
		rs->processes++;
}

/* --- its job */

static void
job_output(void *arg, const struct cw_ps_value *value)
{
	struct cw_runspaces_slot *slot = arg;

	slot->job->events->output(slot->job->arg, value);
}

static void
job_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	struct cw_runspaces_slot *slot = arg;

	slot->job->events->record(slot->job->arg, stream, record);
}

static void
job_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	static const struct {
		int code;
		const char *why;
	} ends[] = {
		[CW_PSRP_COMPLETED] = { CW_OK, "" },
		[CW_PSRP_STOPPED] = { CW_ECLOSED, "the command was stopped" },
		[CW_PSRP_TIMED_OUT] = { CW_ETIMEOUT, "the command was stopped: its time was over" },
		[CW_PSRP_FAILED] = { CW_EFAILED, "the command failed" },
	};
	struct cw_runspaces_slot *slot = arg;
	struct cw_runspaces_job *job = slot->job;
	const char *why = ends[outcome].why;

	slot->job = NULL;
	slot->pipeline = NULL;
	slot->state = CW_RUNSPACE_CHECKING;
	cw_psrp_process_resume(slot->process);
	if (outcome == CW_PSRP_FAILED && cw_ps_str(error) != NULL)
		why = cw_ps_str(error);
	cw_runspaces_finish_job(job, ends[outcome].code, why, error);
	if (!slot->rs->closing)
		run_own(slot, CW_RUNSPACES_CHECK);
}

/* Everything that the command is to get from its pipeline; it is small, and waits in the session.
 */
static int
feed(struct cw_runspaces_slot *slot, const struct cw_runspaces_job *job, struct cw_err *err)
{
	uint64_t now = cw_runspaces_now(slot->rs);
	int r;

	for (size_t i = 0; i < job->input_count; i++)
		if ((r = cw_psrp_input(slot->pipeline, job->input[i], now, err)) < 0)
			return r;
	return cw_psrp_input(slot->pipeline, NULL, now, err);
}

int
cw_runspaces_slot_run(
    struct cw_runspaces_slot *slot, struct cw_runspaces_job *job, struct cw_err *err)
{
	static const struct cw_psrp_pipeline_events events = { job_output, job_record, NULL,
		job_finished };
	uint64_t now = cw_runspaces_now(slot->rs);
	struct cw_psrp_run run = { job->command, 1, job->input != NULL,
		(uint32_t)(job->due_ms - now), &events, slot };
	int r;

	if ((r = cw_psrp_run(
		 cw_psrp_process_session(slot->process), &slot->pipeline, &run, now, err)) < 0)
		return r;
	if (job->input != NULL && (r = feed(slot, job, err)) < 0) {
		/* Nothing of it has been sent: the command waits for its acknowledgement. */
		discard(slot, "a command could not be fed", true);
		return r;
	}
	slot->state = CW_RUNSPACE_BUSY;
	slot->job = job;
	job->slot = slot;
	slot->commands++;
	if (job->paused)
		cw_psrp_process_pause(slot->process);
	return CW_OK;
}

/* --- life */

int
cw_runspaces_slot_init(struct cw_runspaces_slot *slot, struct cw_runspaces *rs)
{
	slot->rs = rs;
	slot->state = CW_RUNSPACE_LOST; /* and due: the loop starts it */
	cw_buf_init(&slot->seen, CW_RUNSPACES_CANARY_MAX);
	cw_buf_init(&slot->baseline, CW_RUNSPACES_CANARY_MAX);
	return cw_ps_arena_new(&slot->arena, CW_PS_ARENA_MAX);
}

void
cw_runspaces_slot_free(struct cw_runspaces_slot *slot)
{
	cw_ps_arena_free(slot->arena);
	cw_buf_free(&slot->seen);
	cw_buf_free(&slot->baseline);
}
