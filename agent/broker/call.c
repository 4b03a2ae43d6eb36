/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of a script: bound, judged, and run entry by entry; what it says is kept
 * until the script asks.
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
	if (json != NULL && cJSON_GetArraySize(s->refusals) < (int)CW_SCRIPT_REFUSALS_MAX)
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
	free(call->input);
	free(call->fed_values);
	cw_buf_free(&call->error);
	cw_buf_free(&call->result);
	free(call);
	script_settle(s);
}

void
call_finish(struct broker_call *call)
{
	struct cw_script *s = call->script;

	call->state = CALL_DONE;
	if (s->ops != NULL && s->ops->call_over != NULL) {
		s->ops->call_over(call);
		return;
	}
	if (call->failure != NULL)
		call_record(call, "fail", call->failure);
	if (call->cancelled || s->state != SCRIPT_RUNNING)
		call_free(call);
	else
		host_serve(s, call);
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
		if (!call->command->write || call->unseen)
			cw_runspaces_stop(call->job);
		return;
	case CALL_DONE: call_free(call); return;
	}
}

void
call_next(struct broker_call *call)
{
	struct cw_script *s = call->script;

	if (call->cancelled || call->at == call->count) {
		call_finish(call);
	} else if (!call->command->write) {
		read_start(call);
	} else if (!call->looked_up) {
		call->state = CALL_LOOKING;
		pin_start(call);
	} else if (s->ops != NULL && s->ops->write != NULL) {
		call->state = CALL_RUNNING;
		s->ops->write(call);
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
	if (answer_output(&call->answer, value, &err) == CW_OK) {
		has_records(call);
	} else if (before > ANSWER_FULL) {
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
	if (cw_streq(cw_output_error_type(record),
		"Microsoft.ActiveDirectory.Management.ADServerDownException"))
		cw_controller_failed(call->script->broker->config.controller);
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
		if (call->command->write)
			write_error(call, error);
		call_record(call, "error", error);
		cJSON_Delete(error);
	} else {
		put_stream(call, stream, record);
	}
	host_serve(call->script, call);
}

static void
failed(struct broker_call *call, const struct cw_err *err, const struct cw_ps_value *error)
{
	static const struct {
		int code;
		const char *id, *category;
	} ends[] = {
		{ CW_ETIMEOUT, "CausewayTimeout", "OperationTimeout" },
		{ CW_ECLOSED, "CausewayStopped", "OperationStopped" },
		{ CW_EUNKNOWN, "CausewayUnknown", "OperationStopped" },
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

	call->job = NULL;
	call->paused = false;
	if (err->code < 0 && call->failure == NULL) {
		failed(call, err, error);
		if (call->command->write)
			write_error(call, call->failure);
	}
	if (call->command->write) {
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
	return cw_runspaces_run(rs, &call->job, command, script_left_ms(s) + BROKER_BACKSTOP_MS,
	    &call_events, call, err);
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
		failed(call, &err, NULL);
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

/* --- the beginning of a call */

static void
placed(struct broker_call *call, const char *server)
{
	struct cw_script *s = call->script;

	if (s->server[0] == '\0')
		(void)snprintf(s->server, sizeof(s->server), "%s", server);
	call_next(call);
}

static void
on_placed(void *arg, const char *name, const struct cw_err *err)
{
	struct broker_call *call = arg;

	if (name == NULL) {
		failed(call, err, NULL);
		call_next(call);
	} else {
		placed(call, name);
	}
}

/* One controller for all of a script, asked for by the first call that needs it. */
void
call_place(struct broker_call *call)
{
	struct cw_script *s = call->script;
	const char *name;
	struct cw_err err = { 0 };
	int r;

	call->state = CALL_PLACING;
	if (call->command->server == NULL || s->server[0] != '\0') {
		call_next(call);
		return;
	}
	call->wait =
	    (struct cw_controller_wait){ .wanted = s->wanted, .done = on_placed, .arg = call };
	r = cw_controller_ask(s->broker->config.controller, &name, &call->wait, &err);
	if (r == CW_OK)
		placed(call, name);
	else if (r != CW_EAGAIN)
		on_placed(call, NULL, &err);
}

static int
open_secrets(struct broker_entry *entry, const struct broker_request *request, struct cw_err *err)
{
	const char *parameter;
	const uint8_t *box;
	size_t n;
	const cJSON *one;
	int64_t slot;
	int r = CW_OK;

	for (size_t i = 0; i < cw_catalogue_call_secrets(entry->bound) && r == CW_OK; i++) {
		cw_catalogue_call_secret(entry->bound, i, &parameter, &box, &n);
		slot = -1;
		cJSON_ArrayForEach (one, entry->parameters)
			if (cw_strcaseeq(one->string, parameter))
				(void)cw_json_int(one, "$slot", &slot);
		if (slot < 0 || slot >= (int64_t)request->secret_count)
			return cw_fail(err, CW_EINVAL, "-%s wants a SecureString", parameter);
		r = cw_catalogue_call_open(
		    entry->bound, i, request->secrets[slot].text, request->secrets[slot].len, err);
	}
	return r;
}

/* Both are what the script gave; no name is in both. */
static cJSON *
merged(const cJSON *parameters, const cJSON *input)
{
	cJSON *both = cJSON_Duplicate(parameters, true), *one;
	const cJSON *from;

	cJSON_ArrayForEach (from, input) {
		one = cJSON_Duplicate(from, true);
		if (!cJSON_AddItemToObject(both, from->string, one))
			cJSON_Delete(one);
	}
	return both;
}

/* false: the call ends before this entry, and call->failure says why. */
static bool
bind_entry(struct broker_call *call, const struct broker_request *request, const cJSON *input)
{
	struct cw_script *s = call->script;
	struct broker_entry *entry = &call->entries[call->count];
	struct cw_refusal refusal;
	struct cw_err err = { 0 };
	int r;

	entry->parameters = merged(request->parameters, input);
	r = cw_policy_bind(&entry->bound, s->broker->config.policy, request->command,
	    entry->parameters, s->approved, &refusal, &err);
	if (r == CW_OK && s->mode != CW_SCRIPT_PLAN &&
	    (r = open_secrets(entry, request, &err)) < 0) {
		cw_catalogue_call_free(entry->bound);
		entry->bound = NULL;
	}
	if (r == CW_OK) {
		entry->fed = input != NULL && input->child != NULL && input->child->next == NULL &&
		    call->command->target != NULL &&
		    cw_strcaseeq(input->child->string, call->command->target);
		call->made = ++call->count;
		return true;
	}
	if (refusal.rule != NULL)
		call->failure = call_refusal(s, request->command, entry->parameters, &refusal);
	else
		call->failure = call_error(
		    err.text, "CausewayInvalid", "InvalidArgument", "System.ArgumentException");
	cJSON_Delete(entry->parameters);
	*entry = (struct broker_entry){ 0 };
	return false;
}

/* Counts what is about to be done. */
static bool
count_entry(struct broker_call *call)
{
	struct cw_script *s = call->script;
	bool write = call->command->write;
	char why[96];

	if (s->call_count >= s->limits.calls)
		(void)snprintf(why, sizeof(why), "a script may make no more than %u calls",
		    (unsigned)s->limits.calls);
	else if (write && s->write_count >= s->limits.writes)
		(void)snprintf(why, sizeof(why), "a script may make no more than %u writes",
		    (unsigned)s->limits.writes);
	else {
		s->call_count++;
		s->write_count += write;
		if (write)
			call->entries[call->count].number = s->write_count;
		return true;
	}
	call->failure = call_error(why, BROKER_ERROR_LIMIT, "LimitsExceeded", NULL);
	return false;
}

static void
bind_entries(struct broker_call *call, const struct broker_request *request)
{
	const cJSON *input = request->input == NULL ? NULL : request->input->child;

	do {
		struct broker_entry *entry = &call->entries[call->count];
		uint32_t number;

		if (!count_entry(call))
			return;
		number = entry->number;
		if (!bind_entry(call, request, input))
			return;
		entry->number = number;
		input = input == NULL ? NULL : input->next;
	} while (input != NULL);
}

struct broker_call *
call_add(struct cw_script *s, const char *command, size_t entries)
{
	struct broker_call *call = calloc(1, sizeof(*call));

	if (call == NULL || (call->entries = calloc(entries, sizeof(*call->entries))) == NULL) {
		free(call);
		return NULL;
	}
	call->script = s;
	call->command = cw_catalogue_find(command);
	answer_init(&call->answer);
	cw_buf_init(&call->error, RECORD_MAX);
	cw_buf_init(&call->result, 2 * RECORD_MAX);
	call->next = s->calls;
	s->calls = call;
	return call;
}

static struct broker_call *
add(struct cw_script *s, const struct broker_request *request)
{
	struct broker_call *call = call_add(s, request->command,
	    request->input == NULL ? 1 : (size_t)cJSON_GetArraySize(request->input));

	if (call != NULL)
		call->id = request->id;
	return call;
}

static unsigned
open_calls(const struct cw_script *s)
{
	unsigned n = 0;

	for (const struct broker_call *call = s->calls; call != NULL; call = call->next)
		n++;
	return n;
}

/* A call that is refused before there is one. */
static void
refuse_unknown(struct cw_script *s, const struct broker_request *request)
{
	struct cw_refusal refusal = { .rule = CW_RULE_CATALOGUE,
		.who_can_change_it = cw_rule_who(CW_RULE_CATALOGUE) };

	(void)snprintf(refusal.message, sizeof(refusal.message),
	    "the command %.48s is not in the catalogue", request->command);
	s->call_count++;
	host_alone(s, call_refusal(s, request->command, request->parameters, &refusal));
}

void
call_new(struct cw_script *s, struct broker_request *request)
{
	struct broker_call *call;

	if (call_find(s, request->id) != NULL)
		host_alone(s,
		    call_error("the request's id is in use by an open call", BROKER_ERROR_PROTOCOL,
			"InvalidArgument", NULL));
	else if (open_calls(s) >= BROKER_CALLS_MAX)
		host_alone(s,
		    call_error("too many calls of the script are open", BROKER_ERROR_LIMIT,
			"LimitsExceeded", NULL));
	else if (s->stopped[0] != '\0')
		host_alone(s,
		    call_error("the script is being stopped", "CausewayStopped", "OperationStopped",
			NULL));
	else if (request->what_if)
		host_alone(s, NULL);
	else if (cw_catalogue_find(request->command) == NULL)
		refuse_unknown(s, request);
	else if ((call = add(s, request)) == NULL)
		host_alone(
		    s, call_error("out of memory", BROKER_ERROR_LIMIT, "LimitsExceeded", NULL));
	else {
		s->waits_for = call;
		bind_entries(call, request);
		if (call->count > 0)
			call_place(call);
		else
			call_finish(call);
	}
}
