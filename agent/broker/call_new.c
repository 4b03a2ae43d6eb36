/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The beginning of a call: from a request to entries that are bound and judged, and
 * to the controller that they run against.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "broker/broker_internal.h"

#define RECORD_MAX 65536u /* bytes of a record's JSON */

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
		call_failed(call, err, NULL);
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

/* Why a call may not come behind the one that it names, or NULL. */
static const char *
why_not_behind(const struct cw_script *s, const struct broker_request *request)
{
	const struct cw_catalogue_command *command = cw_catalogue_find(request->command);
	const struct broker_call *ahead;

	if (!request->behind)
		return NULL;
	if (command == NULL || !command->write || request->input == NULL)
		return "only a write of a pipeline's objects may come behind another";
	if (request->after == 0)
		return NULL;
	if ((ahead = call_find(s, request->after)) == NULL)
		return "the call to come behind is not open";
	if (ahead->command != command || ahead->followed)
		return "the call to come behind is another cmdlet's, or has one behind it";
	return NULL;
}

static void
begin(struct broker_call *call, const struct broker_request *request)
{
	struct cw_script *s = call->script;

	s->waits_for = call;
	if (request->behind)
		host_promise(s);
	if (request->behind && request->after > 0)
		call_line_up(call, call_find(s, request->after));
	if (!call->dropped)
		bind_entries(call, request);
	if (call->count > 0)
		call_place(call);
	else
		call_finish(call);
}

void
call_new(struct cw_script *s, struct broker_request *request)
{
	const struct cw_catalogue_command *command;
	struct broker_call *call;
	const char *why;

	if (call_find(s, request->id) != NULL)
		host_alone(s,
		    call_error("the request's id is in use by an open call", BROKER_ERROR_PROTOCOL,
			"InvalidArgument", NULL));
	else if ((why = why_not_behind(s, request)) != NULL)
		host_alone(s, call_error(why, BROKER_ERROR_PROTOCOL, "InvalidArgument", NULL));
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
	else if ((command = cw_catalogue_find(request->command)) == NULL)
		refuse_unknown(s, request);
	else if (s->unknown && command->write)
		host_alone(s, call_after_unknown());
	else if ((call = add(s, request)) == NULL)
		host_alone(
		    s, call_error("out of memory", BROKER_ERROR_LIMIT, "LimitsExceeded", NULL));
	else
		begin(call, request);
}
