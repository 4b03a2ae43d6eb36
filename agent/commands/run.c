/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command.run, from its request to its answer. A function a step; each ends in
 * the next one, in a wait that has a callback, or in the run's end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "commands/commands_internal.h"
#include "commands/output.h"
#include "commands/roles.h"
#include "os/clock.h"

#define LINES_MAX (CW_WIRE_LINE_MAX + 512u * 1024u) /* one object, and what one read may bring */
#define ERROR_MAX 16384u /* bytes of the first error's JSON */
/* Our own deadline ends a run; the runspace's is there for when ours does not get through. */
#define BACKSTOP_MS 15000u

static void admit(struct run *run);
static void launch(struct run *run);

/* --- the end */

void
run_free(struct run *run)
{
	struct cw_commands *c = run->owner;
	struct run **at = &c->runs;

	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	c->count--;
	for (at = &c->dirty; *at != NULL; at = &(*at)->next_dirty)
		if (*at == run) {
			*at = run->next_dirty;
			break;
		}
	cw_request_free(&run->request);
	cw_buf_free(&run->lines);
	cw_buf_free(&run->kept);
	cw_buf_free(&run->error);
	cw_buf_free(&run->result_text);
	cJSON_Delete(run->result);
	cJSON_Delete(run->detail);
	free(run);
	commands_look(c);
}

/* What it said goes first; the last of it may have to wait for the reader. */
static void
answer(struct run *run)
{
	struct cw_commands *c = run->owner;
	struct cw_wire_call *call = run->call;

	run->state = RUN_ANSWERING;
	stream_flush(run);
	if (call != NULL && cw_buf_left(&run->lines) > 0)
		return;
	if (call != NULL && run->refused.code < 0) {
		commands_refuse(c, call, &run->refused, run->detail);
		run->detail = NULL;
	} else if (call != NULL) {
		cw_wire_call_finish(call, run->result);
		run->result = NULL;
	}
	run_free(run);
}

static void
refuse(struct run *run, int code, const char *why)
{
	(void)cw_fail(&run->refused, code, "%s", why);
	answer(run);
}

/* --- the journal */

static void
on_ended(void *arg)
{
	struct run *run = arg;
	struct cw_commands *c = run->owner;

	/* What cannot be written is told all the same: the bridge keeps it, and that is the truth.
	 */
	if (run->change.err.code < 0 && c->config.trouble != NULL)
		c->config.trouble(c->config.arg, &run->change.err);
	if (run->call == NULL)
		run_free(run);
	else
		answer(run);
}

/* A write's end goes to the disk before it is told. */
static void
end_in_journal(struct run *run, int kind)
{
	run->state = RUN_ENDING;
	run->change = (struct cw_journal_change){ .kind = kind, .id = run->request.id };
	if (kind == CW_JOURNAL_CHANGE_FINISH) {
		run->change.failed = run->errors > 0;
		run->change.result = cw_buf_str(&run->result_text);
		run->change.output = run->kept_all ? cw_buf_str(&run->kept) : NULL;
	}
	run->disk = (struct cw_writer_job){ .change = &run->change, .done = on_ended, .arg = run };
	cw_writer_ask(run->owner->config.writer, &run->disk);
}

/* PowerShell has not seen it: as if it had never been asked for. */
static void
withdraw(struct run *run, const struct cw_err *why)
{
	run->refused = *why;
	if (run->request.entry->write && run->state > RUN_PLACING)
		end_in_journal(run, CW_JOURNAL_CHANGE_WITHDRAW);
	else
		answer(run);
}

static void
withdraw_because(struct run *run, int code, const char *why)
{
	struct cw_err err;

	(void)cw_fail(&err, code, "%s", why);
	withdraw(run, &err);
}

/* Why a run that PowerShell has not seen is not to go on; false when it is. */
static bool
is_over(struct run *run)
{
	switch (run->stop) {
	case RUN_GOES_ON: break;
	case RUN_STOP_ASKED:
		withdraw_because(run, CW_EUNAVAILABLE, "it was stopped before it began");
		return true;
	case RUN_STOP_LATE:
		withdraw_because(run, CW_EUNAVAILABLE, "its time was over before it began");
		return true;
	case RUN_STOP_GONE:
	case RUN_STOP_DRAINED:
		withdraw_because(
		    run, CW_EUNAVAILABLE, "the agent is being stopped: it did not begin");
		return true;
	}
	if (!cw_request_is_late(&run->request, cw_clock_unix_ms()))
		return false;
	withdraw_because(run, CW_EEXPIRED, "its last moment passed before it could begin: not run");
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
	refuse(run, CW_ECONFLICT, why);
}

static void
no_journal(struct run *run, const struct cw_err *err)
{
	if (run->owner->config.trouble != NULL)
		run->owner->config.trouble(run->owner->config.arg, err);
	refuse(run, CW_EUNAVAILABLE, err->text);
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
	else if (!is_over(run))
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

/* {"state","server","started","finished","duration_ms","outputs","error"?} */
static void
make_result(struct run *run)
{
	double us = (double)((run->finished_ns - run->started_ns) / 1000u);
	cJSON *o = cJSON_CreateObject();
	char text[CW_TIME_TEXT];

	cJSON_AddStringToObject(o, "state", run->errors > 0 ? "failed" : "done");
	cJSON_AddStringToObject(o, "server", run->server);
	cw_time_text(text, run->started_ms);
	cJSON_AddStringToObject(o, "started", text);
	cw_time_text(text, run->finished_ms);
	cJSON_AddStringToObject(o, "finished", text);
	cJSON_AddNumberToObject(o, "duration_ms", us / 1000);
	cJSON_AddNumberToObject(o, "outputs", (double)run->outputs);
	if (cw_buf_left(&run->error) > 0)
		cJSON_AddRawToObject(o, "error", cw_buf_str(&run->error));
	run->result = o;
}

/* It ran to an end of its own. */
static void
ended(struct run *run)
{
	struct cw_commands *c = run->owner;

	make_result(run);
	if (run->errors > 0)
		c->failed++;
	else
		c->done++;
	if (!run->request.entry->write) {
		answer(run);
		return;
	}
	(void)cw_json_put(&run->result_text, run->result);
	end_in_journal(run, CW_JOURNAL_CHANGE_FINISH);
}

/* It ran, and how far is not known. A read has changed nothing, whatever it was. */
static void
lost(struct run *run, int code, const char *why)
{
	(void)cw_fail(&run->refused, code, "%s", why);
	if (run->request.entry->write) {
		run->owner->unknown++;
		end_in_journal(run, CW_JOURNAL_CHANGE_LOSE);
	} else {
		run->owner->failed++;
		answer(run);
	}
}

static void
stopped(struct run *run, const char *why)
{
	if (run->stop == RUN_STOP_GONE) {
		run_free(run);
	} else if (run->stop == RUN_STOP_LATE) {
		lost(run, CW_ETIMEOUT, "the command was stopped: its time was over");
	} else if (run->stop == RUN_STOP_DRAINED && !run->request.entry->write) {
		lost(run, CW_EUNAVAILABLE, "the agent is being stopped");
	} else if (run->request.entry->write) {
		lost(run, CW_EUNKNOWN, why);
	} else {
		run->errors++;
		if (cw_buf_left(&run->error) == 0)
			(void)cw_output_error(&run->error, NULL, why, true);
		ended(run);
	}
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
		ended(run);
		return;
	case CW_EFAILED:
		if (run->stop != RUN_GOES_ON) /* by the stop, for all we know */
			break;
		look_at_error(run, error);
		stream_record(run, CW_PSRP_ERROR, error);
		ended(run);
		return;
	case CW_ETIMEOUT: run->stop = RUN_STOP_LATE; break;
	case CW_ECLOSED:
	case CW_EUNKNOWN: break;
	default: run->unseen = true; break;
	}
	if (run->unseen) {
		if (!is_over(run))
			withdraw_because(run, CW_EUNAVAILABLE, err->text);
	} else if (run->stop != RUN_GOES_ON) {
		stopped(run, "the command was stopped while it ran");
	} else {
		lost(run, CW_EUNKNOWN, err->text);
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
		withdraw_because(run, CW_EUNAVAILABLE, err.text);
		return;
	}
	cw_runspaces_begin_by(run->job, now + (uint64_t)(req->not_after_ms - wall));
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

static void
on_placed(void *arg, const char *name, const struct cw_err *err)
{
	struct run *run = arg;

	if (name == NULL)
		refuse(run, err->code, err->text);
	else if (!is_over(run))
		placed(run, name);
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
		placed(run, name);
	else if (r != CW_EAGAIN)
		refuse(run, r, err.text);
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
		refuse(run, CW_EUNAVAILABLE, "the agent is being stopped");
	else if (cw_roles_find(c->config.roles, run->request.entry->role, &err) == NULL ||
	    cw_request_open(&run->request, c->config.agent, c->config.seal_private, &err) < 0)
		refuse(run, err.code, err.text);
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
		lost(run, CW_EUNKNOWN, "the agent ended while it ran");
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
		answer(run);
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
add(struct cw_commands *c, struct cw_wire_call *call, const struct cw_request *req)
{
	static const struct cw_wire_call_events events = { on_writable, on_cancelled };
	struct run *run = calloc(1, sizeof(*run));

	if (run == NULL)
		return NULL;
	run->owner = c;
	run->call = call;
	run->request = *req;
	run->kept_all = true;
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

void
run_new(struct cw_commands *c, struct cw_wire_call *call, const cJSON *params)
{
	struct cw_request req = { 0 };
	struct cw_err err = { 0 };
	cJSON *detail = NULL;
	struct run *run;

	if (cw_request_read(&req, params, cw_clock_unix_ms(), &err) < 0 ||
	    check_room(c, &req, &detail, &err) < 0) {
		commands_refuse(c, call, &err, detail);
		cw_request_free(&req);
	} else if ((run = add(c, call, &req)) == NULL) {
		(void)cw_fail(&err, CW_ENOMEM, "out of memory");
		commands_refuse(c, call, &err, NULL);
		cw_request_free(&req);
	} else if (req.entry->write) {
		check(run);
	} else {
		admit(run);
	}
}
