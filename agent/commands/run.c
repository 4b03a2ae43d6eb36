/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command.run, from its request to its answer. A function a step; each ends in
 * the next one, in a wait that has a callback, or in the run's end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "commands/commands_internal.h"
#include "commands/output.h"
#include "commands/roles.h"
#include "os/clock.h"
#include "policy/policy.h"

#define LINES_MAX (CW_WIRE_LINE_MAX + 512u * 1024u) /* one object, and what one read may bring */
#define ERROR_MAX 16384u /* bytes of the first error's JSON */
/* Our own deadline ends a run; the runspace's is there for when ours does not get through. */
#define BACKSTOP_MS 15000u

static void admit(struct run *run);
static void launch(struct run *run);
static void fail(struct run *run);

/* Why a run that PowerShell has not seen is not to go on; false when it is. */
static bool
is_over(struct run *run)
{
	switch (run->stop) {
	case RUN_GOES_ON: break;
	case RUN_STOP_ASKED:
		run_withdraw(run, CW_EUNAVAILABLE, "it was stopped before it began");
		return true;
	case RUN_STOP_LATE:
		run_withdraw(run, CW_EUNAVAILABLE, "its time was over before it began");
		return true;
	case RUN_STOP_GONE:
	case RUN_STOP_DRAINED:
		run_withdraw(run, CW_EUNAVAILABLE, "the agent is being stopped: it did not begin");
		return true;
	}
	if (!cw_request_is_late(&run->request, cw_clock_unix_ms()))
		return false;
	run_withdraw(run, CW_EEXPIRED, "its last moment passed before it could begin: not run");
	return true;
}

/* A write whose id is known is never run again, whatever else is to be said of it. */
static void
refuse_known(struct run *run, enum cw_journal_state state)
{
	char why[96];

	(void)snprintf(
	    why, sizeof(why), "command %s was begun before: it is not run again", run->request.id);
	run->detail = cJSON_CreateObject();
	cJSON_AddStringToObject(run->detail, "state", commands_state_name(state));
	run_refuse(run, CW_ECONFLICT, why);
}

static void
no_journal(struct run *run, const struct cw_err *err)
{
	if (run->owner->config.trouble != NULL)
		run->owner->config.trouble(run->owner->config.arg, err);
	run_refuse(run, CW_EUNAVAILABLE, err->text);
}

static void
work_check(void *arg, struct cw_journal *j)
{
	struct run *run = arg;
	struct cw_journal_record rec;

	if (cw_journal_find(j, run->request.id, &rec, &run->known) == CW_OK) {
		run->known = (struct cw_err){ 0 };
		run->known_state = rec.state;
		cw_journal_record_free(&rec);
	}
}

static void
on_checked(void *arg)
{
	struct run *run = arg;

	if (run->known.code == CW_OK)
		refuse_known(run, run->known_state);
	else if (run->known.code != CW_ENOTFOUND)
		no_journal(run, &run->known);
	else
		admit(run);
}

static void
check(struct run *run)
{
	run->state = RUN_CHECKING;
	run->disk = (struct cw_writer_job){ .work = work_check, .done = on_checked, .arg = run };
	cw_writer_ask(run->owner->config.writer, &run->disk);
}

static void
on_begun(void *arg)
{
	struct run *run = arg;
	const struct cw_err *err = &run->change.err;

	if (err->code == CW_ECONFLICT)
		refuse_known(run, run->change.state);
	else if (err->code < 0)
		no_journal(run, err);
	else if (is_over(run))
		return;
	else if (run->failure != NULL)
		fail(run);
	else
		launch(run);
}

static void
begin(struct run *run)
{
	const struct cw_request *req = &run->request;

	run->state = RUN_BEGINNING;
	run->change = (struct cw_journal_change){ .kind = CW_JOURNAL_CHANGE_BEGIN,
		.entry = { .id = req->id,
		    .operation = req->operation,
		    .step = req->step,
		    .command = req->entry->name,
		    .server = run->server,
		    .not_after_ms = req->not_after_ms } };
	run->disk = (struct cw_writer_job){ .change = &run->change, .done = on_begun, .arg = run };
	cw_writer_ask(run->owner->config.writer, &run->disk);
}

/* --- PowerShell */

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	stream_output(arg, value);
}

static void
look_at_error(struct run *run, const struct cw_ps_value *record)
{
	if (strcmp(cw_output_error_type(record),
		"Microsoft.ActiveDirectory.Management.ADServerDownException") == 0)
		cw_controller_failed(run->owner->config.controller);
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	struct run *run = arg;

	if (stream == CW_PSRP_ERROR)
		look_at_error(run, record);
	stream_record(run, stream, record);
}

static void
on_done(void *arg, const struct cw_err *err, const struct cw_ps_value *error)
{
	struct run *run = arg;

	run->job = NULL;
	run->finished_ns = cw_clock_ns();
	run->finished_ms = cw_clock_unix_ms();
	cw_request_free(&run->request); /* what was secret in it has had its use */
	switch (err->code) {
	case CW_OK:
		/* What a read says after it was told to stop is not listened to: it is not whole.
		 */
		if (run->stop != RUN_GOES_ON && !run->request.entry->write)
			break;
		run_ended(run);
		return;
	case CW_EFAILED:
		if (run->stop != RUN_GOES_ON) /* by the stop, for all we know */
			break;
		look_at_error(run, error);
		stream_record(run, CW_PSRP_ERROR, error);
		run_ended(run);
		return;
	case CW_ETIMEOUT: run->stop = RUN_STOP_LATE; break;
	case CW_ECLOSED:
	case CW_EUNKNOWN: break;
	default: run->unseen = true; break;
	}
	if (run->unseen) {
		if (!is_over(run))
			run_withdraw(run, CW_EUNAVAILABLE, err->text);
	} else if (run->stop != RUN_GOES_ON) {
		run_stopped(run, "the command was stopped while it ran");
	} else if (err->code == CW_ECLOSED) { /* by its session */
		run_stopped(run, "the command asked for something, and nobody is there to answer");
	} else {
		run_lost(run, CW_EUNKNOWN, err->text);
	}
}

static void
launch(struct run *run)
{
	static const struct cw_runspaces_events events = { on_output, on_record, on_done };
	struct cw_commands *c = run->owner;
	const struct cw_request *req = &run->request;
	uint64_t now = uv_now(c->config.loop);
	int64_t wall = cw_clock_unix_ms();
	uint32_t left = run->due_ms > now ? (uint32_t)(run->due_ms - now) : 1;
	const struct cw_psrp_command *command;
	struct cw_runspaces *rs;
	struct cw_err err = { 0 };

	run->state = RUN_RUNNING;
	run->started_ns = cw_clock_ns();
	run->started_ms = wall;
	if ((rs = cw_roles_find(c->config.roles, req->entry->role, &err)) == NULL ||
	    cw_catalogue_call_command(
		req->call, &command, req->entry->server ? run->server : NULL, &err) < 0 ||
	    cw_runspaces_run(rs, &run->job, command, left + BACKSTOP_MS, &events, run, &err) < 0) {
		run->job = NULL;
		run_withdraw(run, CW_EUNAVAILABLE, err.text);
		return;
	}
	cw_runspaces_begin_by(run->job, now + (uint64_t)(req->not_after_ms - wall));
}

/* As it would have failed in PowerShell: what it names is not there. */
static void
fail(struct run *run)
{
	run->started_ns = run->finished_ns = cw_clock_ns();
	run->started_ms = run->finished_ms = cw_clock_unix_ms();
	cw_request_free(&run->request);
	stream_error(run, run->failure);
	run_ended(run);
}

/* --- its domain controller */

static void
placed(struct run *run, const char *server)
{
	(void)snprintf(run->server, sizeof(run->server), "%s", server);
	if (run->request.entry->write)
		begin(run);
	else
		launch(run);
}

/* failure: a rule forbids it, nobody could look, or what it names is not there. */
static void
on_judged(void *arg, const char *server, const char *warning, cJSON *failure)
{
	struct run *run = arg;
	const char *why = cw_json_str(failure, "message"), *id = cw_json_str(failure, "error_id");
	cJSON *refusal = cJSON_DetachItemFromObjectCaseSensitive(failure, "refusal");

	run->asks_place = false;
	if (warning[0] != '\0')
		stream_text(run, "warning", warning);
	if (refusal != NULL) {
		run->detail = cJSON_CreateObject();
		(void)cJSON_AddItemToObject(run->detail, "refusal", refusal);
		run_refuse(run, CW_EDENIED, why != NULL ? why : "");
	} else if (failure != NULL && (id == NULL || cw_starts_with(id, "Causeway"))) {
		run_refuse(run, CW_EUNAVAILABLE, why != NULL ? why : "");
	} else if (!is_over(run)) {
		run->failure = failure;
		placed(run, server);
		return;
	}
	cJSON_Delete(failure);
}

/* A write is judged by the objects that it names. Passwords and unlocks go to the PDC emulator
 * where they can, unless the bridge names the one that it began on. */
static void
chosen(struct run *run, const char *server)
{
	const struct cw_commands *c = run->owner;
	struct cw_request *req = &run->request;
	uint64_t now = uv_now(c->config.loop);
	struct cw_err err = { 0 };
	int r;

	if (c->config.places == NULL || !req->entry->write) {
		placed(run, server);
		return;
	}
	run->asks_place = true;
	r = c->config.places->ask(c->config.arg, req->call, run->parameters, server,
	    req->controller[0] != '\0', run->due_ms > now ? (uint32_t)(run->due_ms - now) : 1,
	    on_judged, run, &err);
	if (r == CW_OK)
		return; /* it goes on there, or is over already */
	run->asks_place = false;
	run_refuse(run, r, err.text);
}

static void
on_placed(void *arg, const char *name, const struct cw_err *err)
{
	struct run *run = arg;

	if (name == NULL)
		run_refuse(run, err->code, err->text);
	else if (!is_over(run))
		chosen(run, name);
}

static void
place(struct run *run)
{
	struct cw_controller *controller = run->owner->config.controller;
	const char *name;
	struct cw_err err = { 0 };
	int r;

	if (!run->request.entry->server) {
		placed(run, "");
		return;
	}
	run->wait = (struct cw_controller_wait){
		.wanted = run->request.controller, .done = on_placed, .arg = run
	};
	if ((r = cw_controller_ask(controller, &name, &run->wait, &err)) == CW_OK)
		chosen(run, name);
	else if (r != CW_EAGAIN)
		run_refuse(run, r, err.text);
}

/* May it run here and now: what could be said of it at once, but for a write not before its id. */
static void
admit(struct run *run)
{
	struct cw_commands *c = run->owner;
	struct cw_err err = { 0 };

	run->state = RUN_PLACING;
	if (is_over(run))
		return;
	if (c->draining)
		run_refuse(run, CW_EUNAVAILABLE, "the agent is being stopped");
	else if (cw_roles_find(c->config.roles, run->request.entry->role, &err) == NULL ||
	    cw_request_open(&run->request, c->config.agent, c->config.seal_private, &err) < 0)
		run_refuse(run, err.code, err.text);
	else
		place(run);
}

/* --- the caller's side */

void
run_stop(struct run *run, enum run_stop why)
{
	if (run->stop != RUN_GOES_ON)
		return;
	switch (run->state) {
	case RUN_PLACING:
		run->stop = why;
		cw_controller_cancel(run->owner->config.controller, &run->wait);
		if (run->asks_place)
			run->owner->config.places->cancel(run->owner->config.arg, run);
		run->asks_place = false;
		(void)is_over(run);
		return;
	case RUN_CHECKING:
	case RUN_BEGINNING: run->stop = why; return; /* looked at when the journal has answered */
	case RUN_RUNNING:
		run->stop = why;
		run->unseen = !cw_runspaces_has_begun(run->job);
		if (!run->request.entry->write)
			stream_drop(run);
		cw_runspaces_stop(run->job);
		return;
	case RUN_ENDING:
	case RUN_ANSWERING: return; /* it is over */
	}
}

void
run_abandon(struct run *run)
{
	switch (run->state) {
	case RUN_CHECKING:
	case RUN_PLACING:
	case RUN_BEGINNING: run_stop(run, RUN_STOP_DRAINED); return;
	case RUN_RUNNING:
		run->job = NULL; /* its runspace is gone, and the job with it */
		run_lost(run, CW_EUNKNOWN, "the agent ended while it ran");
		return;
	case RUN_ENDING:
	case RUN_ANSWERING: return; /* the journal, or the link, is about to say that it is over */
	}
}

static void
on_writable(void *arg, struct cw_wire_call *call)
{
	struct run *run = arg;

	(void)call;
	if (run->state == RUN_ANSWERING)
		run_answer(run);
	else
		stream_flush(run);
}

/* The connection is gone, or the bridge waits no longer. */
static void
on_cancelled(void *arg)
{
	struct run *run = arg;

	run->call = NULL;
	stream_drop(run);
	if (run->job != NULL)
		cw_runspaces_resume(run->job);
	if (run->state == RUN_ANSWERING)
		run_free(run);
	else if (!run->request.entry->write)
		run_stop(run, RUN_STOP_GONE);
}

static struct run *
add(struct cw_commands *c, struct cw_wire_call *call, const struct cw_request *req,
    const cJSON *params)
{
	static const struct cw_wire_call_events events = { on_writable, on_cancelled };
	struct run *run = calloc(1, sizeof(*run));

	if (run == NULL)
		return NULL;
	run->owner = c;
	run->call = call;
	run->request = *req;
	run->kept_all = true;
	if (req->entry->write)
		run->parameters =
		    cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(params, "parameters"), true);
	run->due_ms = uv_now(c->config.loop) + req->timeout_ms;
	cw_buf_init(&run->lines, LINES_MAX);
	cw_buf_init(&run->kept, CW_JOURNAL_OUTPUT_MAX);
	cw_buf_init(&run->error, ERROR_MAX);
	cw_buf_init(&run->result_text, 2 * ERROR_MAX);
	run->next = c->runs;
	c->runs = run;
	c->count++;
	cw_wire_call_watch(call, &events, run);
	commands_arm(c, run->due_ms);
	return run;
}

/* Is there room for one more, and does it not run already. */
static int
check_room(struct cw_commands *c, const struct cw_request *req, cJSON **detail, struct cw_err *err)
{
	size_t held = 0;

	if (c->count >= CW_COMMANDS_MAX)
		return cw_fail(err, CW_EUNAVAILABLE, "%u commands are under way here already",
		    CW_COMMANDS_MAX);
	for (const struct run *run = c->runs; run != NULL; run = run->next)
		held += cw_buf_left(&run->lines);
	if (held > CW_COMMANDS_HELD_MAX)
		return cw_fail(err, CW_EUNAVAILABLE,
		    "too much output of earlier commands waits for the bridge to read it");
	if (commands_find(c, req->id) != NULL) {
		*detail = cJSON_CreateObject();
		cJSON_AddStringToObject(*detail, "state", "running");
		return cw_fail(
		    err, CW_ECONFLICT, "command %s is running: it is not run again", req->id);
	}
	return CW_OK;
}

/* {"refusal": {...}} of what a rule refuses, or NULL. */
static cJSON *
refusal_detail(const struct cw_refusal *refusal, const cJSON *params)
{
	cJSON *o;

	if (refusal->rule == NULL)
		return NULL;
	o = cJSON_CreateObject();
	(void)cJSON_AddItemToObject(o, "refusal",
	    cw_refusal_json(refusal,
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(params, "command")),
		cJSON_GetObjectItemCaseSensitive(params, "parameters")));
	return o;
}

void
run_new(struct cw_commands *c, struct cw_wire_call *call, const cJSON *params)
{
	struct cw_request req = { 0 };
	struct cw_err err = { 0 };
	struct cw_refusal refusal;
	cJSON *detail = NULL;
	struct run *run;

	if (cw_request_read(&req, params, cw_clock_unix_ms(), c->config.policy, &refusal, &err) <
	    0) {
		commands_refuse(c, call, &err, refusal_detail(&refusal, params));
	} else if (check_room(c, &req, &detail, &err) < 0) {
		commands_refuse(c, call, &err, detail);
		cw_request_free(&req);
	} else if ((run = add(c, call, &req, params)) == NULL) {
		(void)cw_fail(&err, CW_ENOMEM, "out of memory");
		commands_refuse(c, call, &err, NULL);
		cw_request_free(&req);
	} else if (req.entry->write) {
		check(run);
	} else {
		admit(run);
	}
}
