/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan is applied: no script, its entries one after the other, each only while all
 * is as it was planned (plan/apply.h), and each by the same way as a script's write:
 * bound, judged, looked up, protected objects refused, in the journal before and
 * after. The first that fails ends it; the rest is not begun.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "broker/apply_secrets.h"
#include "broker/script_internal.h"
#include "commands/roles.h"
#include "os/clock.h"
#include "plan/apply.h"
#include "plan/document.h"

struct applying { /* of a script */
	cJSON *plan;
	struct cw_plan_apply *apply;
	struct apply_secrets secrets;
	struct cw_controller_wait wait;
	struct broker_query query;
	unsigned entry; /* the one at hand, from 1 */
	bool on_pdc; /* it ran on the PDC emulator */
	bool asked_pdc; /* its target was looked up there as well */
	struct cw_err changed; /* what is not as planned on the operation's own controller */
};

static void next(struct cw_script *s);
static void on_looked_up(void *arg, const struct cw_err *err);

/* --- what is told */

static void
say_step(struct cw_script *s, unsigned entry, const char *command, const char *state, cJSON *error)
{
	cJSON *line = cJSON_CreateObject(), *step = cJSON_AddObjectToObject(line, "step");

	cJSON_AddNumberToObject(step, "entry", entry);
	cJSON_AddStringToObject(step, "command", command);
	cJSON_AddStringToObject(step, "state", state);
	if (((struct applying *)s->mode_data)->on_pdc)
		cJSON_AddStringToObject(step, "server", s->pdc);
	if (error != NULL)
		cJSON_AddItemToObject(step, "error", error);
	lines_json(s, line);
	cJSON_AddItemToArray(s->entries, cJSON_Duplicate(step, true));
	cJSON_Delete(line);
}

/* This entry has not gone well, and no other is begun. error is taken. */
static void
stop_at(struct cw_script *s, const char *state, cJSON *error)
{
	struct applying *a = s->mode_data;

	s->failed = true;
	if (s->errors++ == 0 && cw_json_put(&s->error, error) < 0)
		cw_buf_clear(&s->error);
	say_step(s, a->entry, cw_plan_apply_command(a->apply), state, error);
	script_end(s);
}

static void
stop_with(struct cw_script *s, const char *state, const struct cw_err *err)
{
	bool changed = err->code == CW_ECONFLICT;

	stop_at(s, state,
	    call_error(err->text, changed ? "CausewayChanged" : "CausewayUnavailable",
		changed ? "InvalidData" : "ResourceUnavailable", NULL));
}

static void
on_finish(struct cw_script *s, cJSON *result)
{
	struct applying *a = s->mode_data;
	const cJSON *entries = cw_json_get(a->plan, "entries"), *one;
	cJSON *list = cJSON_GetObjectItemCaseSensitive(result, "entries"), *o;
	int number = 0, told = cJSON_GetArraySize(list);

	if (a->secrets.told != NULL && cJSON_AddItemToObject(result, "secrets", a->secrets.told))
		a->secrets.told = NULL;
	if (list == NULL)
		list = cJSON_AddArrayToObject(result, "entries");
	cJSON_ArrayForEach (one, entries) {
		if (++number <= told)
			continue;
		o = cJSON_CreateObject();
		cJSON_AddNumberToObject(o, "entry", number);
		cJSON_AddStringToObject(o, "command", cw_json_str(one, "command"));
		cJSON_AddStringToObject(o, "state", "not-begun");
		cJSON_AddItemToArray(list, o);
	}
}

/* --- one entry */

/* It ran, or was refused, or PowerShell was lost. */
static void
on_call_over(struct broker_call *call)
{
	struct cw_script *s = call->script;
	struct applying *a = s->mode_data;
	cJSON *failure = call->failure;
	bool lost = call->unknown, failed = call->failed;
	cJSON *error = NULL;
	struct cw_err err = { 0 };

	if (failure == NULL && failed && cw_buf_left(&call->error) > 0)
		error = cJSON_ParseWithLength(
		    (const char *)cw_buf_peek(&call->error), cw_buf_left(&call->error));
	call->failure = NULL;
	a->on_pdc = call->entries[0].on_pdc;
	call_free(call);
	if (s->state != SCRIPT_RUNNING) {
		cJSON_Delete(failure);
		cJSON_Delete(error);
	} else if (failure != NULL || failed) {
		stop_at(s, lost ? "unknown" : "failed",
		    failure != NULL ? failure
			: error != NULL
			? error
			: call_error("it failed", "NotSpecified", "NotSpecified", NULL));
	} else if (cw_plan_apply_done(a->apply, &err) < 0) {
		s->unknown = true;
		stop_with(s, "unknown", &err);
	} else {
		say_step(s, a->entry, cw_plan_apply_command(a->apply), "done", NULL);
		next(s);
	}
}

static void
on_output(struct broker_call *call, const struct cw_ps_value *value)
{
	struct applying *a = call->script->mode_data;
	struct cw_err err = { 0 };

	/* What it does not understand is found when the entry is done. */
	(void)cw_plan_apply_output(a->apply, value, &err);
}

static int
open_secrets(struct cw_script *s, struct broker_entry *entry, struct cw_err *err)
{
	struct applying *a = s->mode_data;
	const char *parameter;
	const uint8_t *box;
	size_t n;
	const cJSON *one;
	int64_t slot;
	int r = CW_OK;

	for (size_t i = 0; i < cw_catalogue_call_secrets(entry->bound) && r == CW_OK; i++) {
		cw_catalogue_call_secret(entry->bound, i, &parameter, &box, &n);
		slot = 0;
		cJSON_ArrayForEach (one, entry->parameters)
			if (cw_strcaseeq(one->string, parameter))
				(void)cw_json_int(one, "$slot", &slot);
		if (slot < 1 || slot > (int64_t)a->secrets.count)
			return cw_fail(err, CW_EINVAL, "-%s has no slot", parameter);
		r = cw_catalogue_call_open(entry->bound, i, a->secrets.list[slot - 1].text,
		    a->secrets.list[slot - 1].len, err);
	}
	return r;
}

static void
run(struct cw_script *s)
{
	struct applying *a = s->mode_data;
	const char *command = cw_plan_apply_command(a->apply);
	struct broker_call *call = call_add(s, command, 1);
	struct cw_refusal refusal = { 0 };
	struct broker_entry *entry;
	struct cw_err err = { 0 };
	int r;

	if (call == NULL) {
		(void)cw_fail(&err, CW_ENOMEM, "out of memory");
		stop_with(s, "not-begun", &err);
		return;
	}
	s->call_count++;
	s->write_count++;
	entry = &call->entries[0];
	entry->number = a->entry;
	entry->parameters = cw_plan_apply_parameters(a->apply);
	r = cw_policy_bind(&entry->bound, s->broker->config.policy, command, entry->parameters,
	    s->approved, &refusal, &err);
	call->made = 1;
	if (r == CW_OK && (r = open_secrets(s, entry, &err)) == CW_OK) {
		call->count = 1;
		call_place(call);
		return;
	}
	if (refusal.rule != NULL)
		call_fail(call, call_refusal(s, command, entry->parameters, &refusal));
	else
		call_fail(call, call_error(err.text, "CausewayInvalid", "InvalidArgument", NULL));
	call_finish(call);
}

static int
on_row(void *arg, const struct cw_ps_value *value, struct cw_err *err)
{
	struct applying *a = ((struct cw_script *)arg)->mode_data;

	return cw_plan_apply_found(a->apply, value, err);
}

static int
look_up(struct cw_script *s, const char *server, const char *filter, uint32_t timeout_ms,
    struct cw_err *err)
{
	struct applying *a = s->mode_data;
	struct cw_runspaces *rs = cw_roles_find(s->broker->config.roles, "directory", err);

	a->query.row = on_row;
	a->query.done = on_looked_up;
	a->query.arg = s;
	return rs == NULL ? err->code
			  : broker_query_start(&a->query, rs, server, filter, NULL,
				cw_plan_apply_properties(a->apply), timeout_ms, err);
}

/* What an earlier entry wrote on the PDC emulator is seen there, and elsewhere some time later. */
static bool
look_on_pdc(struct cw_script *s)
{
	struct applying *a = s->mode_data;
	const char *guid = cw_plan_apply_target(a->apply);
	struct cw_buf filter;
	struct cw_err err = { 0 };
	uint8_t bytes[16];

	if (a->asked_pdc || guid == NULL || !pdc_has(s, guid))
		return false;
	a->asked_pdc = true;
	cw_buf_init(&filter, 128);
	(void)cw_uuid_parse(bytes, guid, strlen(guid));
	if (lookup_put_guid(&filter, bytes) == CW_OK)
		(void)look_up(s, s->pdc, cw_buf_str(&filter), BROKER_PDC_MS, &err);
	cw_buf_free(&filter);
	return a->query.job != NULL;
}

static void
on_looked_up(void *arg, const struct cw_err *err)
{
	struct cw_script *s = arg;
	struct applying *a = s->mode_data;
	struct cw_err changed = { 0 };

	if (s->stopped[0] != '\0') {
		script_end(s);
	} else if (err->code < 0) {
		if (a->asked_pdc)
			stop_with(s, "changed", &a->changed);
		else
			stop_with(s, "not-begun", err);
	} else if (cw_plan_apply_check(a->apply, &changed) == CW_OK) {
		run(s);
	} else {
		if (!a->asked_pdc)
			a->changed = changed;
		if (!look_on_pdc(s))
			stop_with(s, "changed", &a->changed);
	}
}

static void
next(struct cw_script *s)
{
	struct applying *a = s->mode_data;
	const char *filter = NULL;
	struct cw_err err = { 0 };

	a->on_pdc = a->asked_pdc = false;
	if (s->stopped[0] != '\0' || (a->entry = cw_plan_apply_next(a->apply)) == 0) {
		script_end(s);
		return;
	}
	if (cw_plan_apply_filter(a->apply, &filter, &err) < 0) {
		stop_with(s, "not-begun", &err);
	} else if (filter == NULL) {
		on_looked_up(s, &err);
	} else if (look_up(s, s->server, filter, script_left_ms(s) + BROKER_BACKSTOP_MS, &err) <
	    0) {
		stop_with(s, "not-begun", &err);
	}
}

/* --- where */

static void
placed(struct cw_script *s, const char *server)
{
	struct applying *a = s->mode_data;
	const struct cw_plan_place here = { .tenant = s->broker->config.tenant,
		.agent = s->broker->config.agent,
		.controller = server,
		.now_ms = cw_clock_unix_ms() };
	struct cw_err err = { 0 };
	int r;

	if (s->stopped[0] != '\0') {
		script_refuse(s, CW_EUNAVAILABLE, "it was stopped before it began");
		return;
	}
	if ((r = cw_plan_document_verify(a->plan, &here, &err)) < 0) {
		script_refuse(s, r, err.text);
		return;
	}
	(void)snprintf(s->server, sizeof(s->server), "%s", server);
	s->state = SCRIPT_RUNNING;
	s->started_ms = cw_clock_unix_ms();
	s->started_ns = cw_clock_ns();
	next(s);
}

static void
on_placed(void *arg, const char *name, const struct cw_err *err)
{
	struct cw_script *s = arg;

	if (s->state != SCRIPT_WAITING)
		return; /* it was stopped meanwhile */
	if (name == NULL)
		script_refuse(s, err->code, err->text);
	else
		placed(s, name);
}

void
apply_run(struct cw_script *s)
{
	struct applying *a = s->mode_data;
	const char *name;
	struct cw_err err = { 0 };
	int r;

	s->state = SCRIPT_WAITING;
	a->wait = (struct cw_controller_wait){
		.wanted = cw_json_str(a->plan, "domain_controller"), .done = on_placed, .arg = s
	};
	r = cw_controller_ask(s->broker->config.controller, &name, &a->wait, &err);
	if (r == CW_OK)
		placed(s, name);
	else if (r != CW_EAGAIN)
		script_refuse(s, r, err.text);
}

/* --- its beginning */

static void
on_free(struct cw_script *s)
{
	struct applying *a = s->mode_data;

	if (a == NULL)
		return;
	cw_controller_cancel(s->broker->config.controller, &a->wait);
	apply_secrets_free(&a->secrets);
	broker_query_free(&a->query);
	cw_plan_apply_free(a->apply);
	cJSON_Delete(a->plan);
	free(a);
	s->mode_data = NULL;
}

int
apply_start(struct cw_script *s, cJSON *plan, const cJSON *secrets, struct cw_err *err)
{
	static const struct broker_mode_ops ops = {
		.output = on_output, .call_over = on_call_over, .finish = on_finish, .free = on_free
	};
	struct applying *a = calloc(1, sizeof(*a));
	int r;

	if (a == NULL) {
		cJSON_Delete(plan);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	s->ops = &ops;
	s->mode_data = a;
	a->plan = plan;
	if (cw_plan_document_bytes(plan) > CW_PLAN_LARGE &&
	    (r = broker_take_large(s->broker, s, err)) < 0)
		return r;
	if ((a->apply = cw_plan_apply_new(plan)) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	(void)snprintf(s->key, sizeof(s->key), "%s", cw_json_str(a->plan, "operation"));
	return apply_secrets_read(&a->secrets, s->broker, a->plan, secrets, err);
}
