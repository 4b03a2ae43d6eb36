/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of a script, entry by entry to its end; what it says is kept until the
 * script asks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "broker/broker_internal.h"
#include "commands/output.h"
#include "commands/roles.h"

#define RECORD_MAX 65536u /* bytes of a record's JSON */

static void read_start(struct broker_call *call);

/* --- what a call says */

cJSON *
call_error(const char *message, const char *id, const char *category, const char *type)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "message", message);
	cJSON_AddStringToObject(o, "error_id", id);
	cJSON_AddStringToObject(o, "category", category);
	if (type != NULL)
		cJSON_AddStringToObject(o, "type", type);
	return o;
}

cJSON *
call_after_unknown(void)
{
	return call_error("what became of an earlier write is not known: this script makes no "
			  "more writes",
	    BROKER_ERROR_UNKNOWN, "OperationStopped", NULL);
}

static void
has_records(struct broker_call *call)
{
	if (call->answer.count == 1)
		call->since_ms = broker_now(call->script->broker);
}

/* A record that cannot be kept ends the call: what follows would have a hole. */
static void
cannot_keep(struct broker_call *call, const struct cw_err *err)
{
	cJSON *fail;

	if (call->failure != NULL || call->cancelled)
		return;
	fail = call_error(err->text, BROKER_ERROR_LIMIT, "LimitsExceeded", NULL);
	call_fail(call, fail);
	if (call->job != NULL && !call->command->write)
		cw_runspaces_stop(call->job);
}

void
call_record(struct broker_call *call, const char *stream, const cJSON *json)
{
	struct cw_err err = { 0 };

	if (call->cancelled)
		return;
	if (answer_record(&call->answer, stream, json, &err) < 0)
		cannot_keep(call, &err);
	else
		has_records(call);
}

void
call_fail(struct broker_call *call, cJSON *record)
{
	cJSON_Delete(call->failure);
	call->failure = record;
	call->count = call->at + call->running; /* nothing behind what runs */
}

cJSON *
call_refusal(struct cw_script *s, const char *command, const cJSON *parameters,
    const struct cw_refusal *refusal)
{
	cJSON *fail = call_error(refusal->message, BROKER_ERROR_REFUSED, "PermissionDenied",
	    "System.UnauthorizedAccessException");
	cJSON *json = cw_refusal_json(refusal, command, parameters);

	s->refusal_count++;
	if (json != NULL && s->refusals != NULL &&
	    cJSON_GetArraySize(s->refusals) < (int)CW_SCRIPT_REFUSALS_MAX)
		cJSON_AddItemToArray(s->refusals, cJSON_Duplicate(json, true));
	if (json != NULL)
		cJSON_AddItemToObject(fail, "refusal", json);
	return fail;
}

void
call_refuse(struct broker_call *call, const struct cw_refusal *refusal, const cJSON *parameters)
{
	call_fail(call, call_refusal(call->script, call->command->name, parameters, refusal));
}

/* --- the end of a call */

struct broker_call *
call_find(const struct cw_script *s, int64_t id)
{
	struct broker_call *call = s->calls;

	while (call != NULL && call->id != id)
		call = call->next;
	return call;
}

static void
free_entries(struct broker_call *call, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		cw_catalogue_call_free(call->entries[i].bound);
		cJSON_Delete(call->entries[i].parameters);
		call->entries[i] = (struct broker_entry){ 0 };
	}
}

void
call_free(struct broker_call *call)
{
	struct cw_script *s = call->script;
	struct broker_call **at = &s->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	if (call->ahead != NULL)
		call->ahead->behind = NULL;
	if (call->behind != NULL)
		call->behind->ahead = NULL;
	if (s->ops != NULL && s->ops->call_free != NULL)
		s->ops->call_free(call);
	if (s->waits_for == call)
		s->waits_for = NULL;
	free_entries(call, call->made);
	free(call->entries);
	cJSON_Delete(call->failure);
	answer_free(&call->answer);
	for (size_t i = 0; i < call->name_count; i++)
		free(call->names[i].renamed);
	free(call->names);
	for (size_t i = 0; i < call->object_count; i++)
		broker_object_free(&call->objects[i]);
	free(call->objects);
	broker_query_free(&call->query);
	broker_domain_free(&call->domain);
	power_drop(call->power);
	free(call->input);
	free(call->fed_values);
	cw_buf_free(&call->error);
	cw_buf_free(&call->result);
	free(call);
	script_settle(s);
}

/* A terminating error ends the pipeline, and so does who wants no more of it. */
static bool
ends_pipeline(const struct broker_call *call)
{
	return call->failure != NULL || call->cancelled || call->dropped;
}

void
call_line_up(struct broker_call *call, struct broker_call *ahead)
{
	ahead->followed = true;
	call->dropped = ends_pipeline(ahead);
	if (ahead->state == CALL_DONE)
		return; /* there is nothing to wait for */
	call->ahead = ahead;
	ahead->behind = call;
}

/* The call behind comes away from the one that has ended. */
static struct broker_call *
part(struct broker_call *call)
{
	struct broker_call *behind = call->behind;

	if (behind == NULL)
		return NULL;
	behind->dropped = ends_pipeline(call);
	behind->ahead = call->behind = NULL;
	return behind;
}

void
call_finish(struct broker_call *call)
{
	struct cw_script *s = call->script;
	struct broker_call *behind;

	call->state = CALL_DONE;
	if (s->ops != NULL && s->ops->call_over != NULL) {
		s->ops->call_over(call);
		return;
	}
	behind = part(call);
	if (call->failure != NULL && !call->dropped)
		call_record(call, "fail", call->failure);
	if (call->cancelled || s->state != SCRIPT_RUNNING)
		call_free(call);
	else
		host_serve(s, call);
	if (behind != NULL && behind->state == CALL_QUEUED)
		call_next(behind);
}

/* What runs of a write goes on to its end; what has not begun does not begin. */
void
call_cancel(struct broker_call *call)
{
	bool wants = !call->cancelled;

	call->cancelled = true;
	call->id = 0;
	answer_free(&call->answer);
	if (!wants)
		return;
	switch (call->state) {
	case CALL_PLACING:
		cw_controller_cancel(call->script->broker->config.controller, &call->wait);
		call_finish(call);
		return;
	case CALL_QUEUED: call_finish(call); return;
	case CALL_LOOKING: pin_stop(call); return;
	case CALL_BEGINNING:
	case CALL_ENDING: return;
	case CALL_RUNNING:
		if (call->job == NULL)
			return; /* its mode has it */
		if (call->paused)
			cw_runspaces_resume(call->job);
		call->paused = false;
		if (!cw_runspaces_has_begun(call->job))
			call->unseen = true;
		if (!call->command->write || call->reads || call->unseen)
			cw_runspaces_stop(call->job);
		return;
	case CALL_DONE: call_free(call); return;
	}
}

void
call_next(struct broker_call *call)
{
	struct cw_script *s = call->script;

	if (call->cancelled || call->dropped || call->at == call->count) {
		call_finish(call);
	} else if (!call->command->write) {
		read_start(call);
	} else if (call->ahead != NULL && (call->looked_up || !pin_is_free(call))) {
		call->state = CALL_QUEUED;
	} else if (!call->looked_up) {
		call->state = CALL_LOOKING;
		pin_start(call);
	} else if (s->ops != NULL && s->ops->write != NULL) {
		call->state = CALL_RUNNING;
		s->ops->write(call);
	} else if (s->mode == CW_SCRIPT_PLAN) { /* it makes none, whatever else is missing */
		call_fail(call,
		    call_error("a plan makes no writes", "CausewayPlan", "InvalidOperation", NULL));
		call_finish(call);
	} else if (s->unknown) { /* since it was looked up */
		call_fail(call, call_after_unknown());
		call_finish(call);
	} else {
		write_start(call);
	}
}

/* --- PowerShell */

/* Over one of the operation's limits: this call ends, and all later ones. */
static bool
over_limit(struct cw_script *s, struct cw_err *err)
{
	const struct cw_script_limits *l = &s->limits;

	if (s->object_count > l->objects)
		(void)cw_fail(err, CW_ELIMIT, "more than %u objects were read by this script",
		    (unsigned)l->objects);
	else if (s->byte_count > l->bytes)
		(void)cw_fail(err, CW_ELIMIT, "more than %llu bytes were read by this script",
		    (unsigned long long)l->bytes);
	else
		return false;
	return true;
}

/* Bytes of records that wait, of all of the script's calls: one may forget to ask for its own. */
static size_t
kept(const struct cw_script *s)
{
	size_t n = 0;

	for (const struct broker_call *call = s->calls; call != NULL; call = call->next)
		n += answer_waiting(&call->answer);
	return n;
}

static void
keep_output(struct broker_call *call, const struct cw_ps_value *value)
{
	struct cw_script *s = call->script;
	size_t before = answer_waiting(&call->answer);
	struct cw_err err = { 0 };
	cJSON *error;

	if (call->cancelled || call->failure != NULL)
		return;
	s->object_count++;
	if (over_limit(s, &err)) {
		cannot_keep(call, &err);
		return;
	}
	if (kept(s) < BROKER_KEPT_MAX && answer_output(&call->answer, value, &err) == CW_OK) {
		has_records(call);
	} else if (before > ANSWER_FULL || kept(s) >= BROKER_KEPT_MAX) {
		(void)cw_fail(&err, CW_ELIMIT,
		    "more objects than can be kept while the script has another long read open: "
		    "collect them first, as in $all = Get-...; $all | ...");
		cannot_keep(call, &err);
	} else {
		error = call_error(err.text, BROKER_ERROR_LIMIT, "LimitsExceeded", NULL);
		call_record(call, "error", error);
		cJSON_Delete(error);
	}
	if (!call->paused && call->job != NULL && answer_waiting(&call->answer) >= BROKER_AHEAD)
		call->paused = cw_runspaces_try_pause(call->job);
	host_serve(s, call);
}

void
call_take(struct broker_call *call)
{
	if (!call->paused || answer_waiting(&call->answer) >= BROKER_AHEAD / 2)
		return;
	call->paused = false;
	cw_runspaces_resume(call->job);
}

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	struct broker_call *call = arg;
	struct cw_script *s = call->script;

	if (s->ops != NULL && s->ops->output != NULL)
		s->ops->output(call, value);
	else
		keep_output(call, value);
}

/* An error record as the map that a proxy makes one of. */
static cJSON *
error_of(const struct cw_ps_value *record, const char *otherwise)
{
	struct cw_buf b;
	cJSON *json = NULL;

	cw_buf_init(&b, RECORD_MAX);
	if (cw_output_error(&b, record, otherwise, false) == CW_OK)
		(void)cw_json_parse(
		    &json, (const char *)cw_buf_peek(&b), cw_buf_left(&b), "an error record", NULL);
	cw_buf_free(&b);
	if (json == NULL)
		json = call_error(otherwise, "NotSpecified", "NotSpecified", NULL);
	return json;
}

static void
look_at_error(struct broker_call *call, const struct cw_ps_value *record)
{
	struct cw_controller *c = call->script->broker->config.controller;
	struct cw_err err;

	if (!cw_streq(cw_output_error_type(record),
		"Microsoft.ActiveDirectory.Management.ADServerDownException"))
		return;
	if (call->command->write && call->running > 0 && call->entries[call->at].on_pdc) {
		(void)cw_fail(&err, CW_EUNAVAILABLE, "it went away during a write");
		cw_controller_pdc_failed(c, &err);
	}
	cw_controller_failed(c);
}

/* The other streams, as cw_output_record() makes lines of them: {"warning": text}. */
static void
put_stream(struct broker_call *call, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	struct cw_buf b;
	cJSON *json = NULL;
	struct cw_err err;

	cw_buf_init(&b, RECORD_MAX);
	if (cw_output_record(&b, stream, record, &err) == CW_OK)
		(void)cw_json_parse(
		    &json, (const char *)cw_buf_peek(&b), cw_buf_left(&b) - 1, "a record", NULL);
	if (json != NULL && json->child != NULL)
		call_record(call, json->child->string, json->child);
	cJSON_Delete(json);
	cw_buf_free(&b);
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	struct broker_call *call = arg;
	cJSON *error;

	if (stream == CW_PSRP_ERROR) {
		look_at_error(call, record);
		error = error_of(record, "the command wrote an error");
		if (call->command->write && !call->reads)
			write_error(call, error);
		call_record(call, "error", error);
		cJSON_Delete(error);
	} else {
		put_stream(call, stream, record);
	}
	host_serve(call->script, call);
}

void
call_failed(struct broker_call *call, const struct cw_err *err, const struct cw_ps_value *error)
{
	static const struct {
		int code;
		const char *id, *category;
	} ends[] = {
		{ CW_ETIMEOUT, "CausewayTimeout", "OperationTimeout" },
		{ CW_ECLOSED, "CausewayStopped", "OperationStopped" },
		{ CW_EUNKNOWN, BROKER_ERROR_UNKNOWN, "OperationStopped" },
	};
	const char *id = "CausewayUnavailable", *category = "ResourceUnavailable";

	if (err->code == CW_EFAILED && error != NULL) {
		look_at_error(call, error);
		call_fail(call, error_of(error, err->text));
		return;
	}
	for (size_t i = 0; i < CW_COUNT(ends); i++)
		if (ends[i].code == err->code) {
			id = ends[i].id;
			category = ends[i].category;
		}
	call_fail(call, call_error(err->text, id, category, NULL));
}

static void
on_done(void *arg, const struct cw_err *err, const struct cw_ps_value *error)
{
	struct broker_call *call = arg;
	struct cw_script *s = call->script;
	bool writes = call->command->write && !call->reads;

	call->job = NULL;
	call->paused = call->reads = false;
	if (err->code < 0 && call->failure == NULL) {
		call_failed(call, err, error);
		if (writes)
			write_error(call, call->failure);
	}
	if (writes) {
		write_ended(call, err);
		return;
	}
	if (call->failure == NULL && !call->cancelled && s->ops != NULL &&
	    s->ops->read_done != NULL) {
		s->ops->read_done(call);
		return;
	}
	call->at += call->running;
	call->running = 0;
	call_next(call);
}

const struct cw_runspaces_events call_events = { on_output, on_record, on_done };

struct cw_runspaces *
call_runspaces(struct broker_call *call, struct cw_err *err)
{
	return cw_roles_find(call->script->broker->config.roles, call->command->role, err);
}

int
mode_run(struct broker_call *call, struct cw_catalogue_call *bound, struct cw_err *err)
{
	struct cw_script *s = call->script;
	struct cw_runspaces *rs = call_runspaces(call, err);
	const struct cw_psrp_command *command;
	int r;

	if (rs == NULL)
		return err->code;
	if ((r = cw_catalogue_call_command(
		 bound, &command, call->command->server != NULL ? s->server : NULL, err)) < 0)
		return r;
	if ((r = cw_runspaces_run(rs, &call->job, command, script_left_ms(s) + BROKER_BACKSTOP_MS,
		 &call_events, call, err)) == CW_OK)
		call->reads = true;
	return r;
}

static void
read_start(struct broker_call *call)
{
	struct cw_script *s = call->script;
	struct cw_err err = { 0 };

	call->state = CALL_RUNNING;
	call->running = 1;
	if (s->ops != NULL && s->ops->read != NULL) {
		s->ops->read(call);
	} else if (mode_run(call, call->entries[call->at].bound, &err) < 0) {
		call->running = 0;
		call_failed(call, &err, NULL);
		call_next(call);
	}
}

/* --- modes */

void
mode_output(struct broker_call *call, const struct cw_ps_value *value)
{
	keep_output(call, value);
}

void
mode_warning(struct broker_call *call, const char *text)
{
	cJSON *json = cJSON_CreateString(text);

	call_record(call, "warning", json);
	cJSON_Delete(json);
}

void
mode_done(struct broker_call *call, size_t entries)
{
	call->at += entries;
	call->running = 0;
	call_next(call);
}

void
mode_fail(struct broker_call *call, cJSON *record)
{
	call->running = 0;
	call_fail(call, record);
	call_next(call);
}
