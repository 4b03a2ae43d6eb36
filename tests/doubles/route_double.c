/* SPDX-License-Identifier: Apache-2.0 */
#include "doubles/route_double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/agents.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "catalogue/catalogue.h"
#include "crypto/seal.h"
#include "ledger/ledger.h"
#include "ledger/operations.h"
#include "ledger/tenants.h"
#include "os/clock.h"
#include "os/random.h"

#define PACE_MS 50u /* of a change's step, where agents are real */

struct cw_route_watch {
	struct cw_route_watch *next, **at;
	struct op *op;
	struct cw_route_watch_events events;
	void *arg;
	bool paused;
};

struct op {
	struct op *next;
	struct cw_route *route;
	cJSON *doc;
	int64_t created_ms;
	struct cw_route_watch *watchers;
	struct cw_buf output; /* NDJSON, for later readers */
	struct cw_agents_run *run;
	uv_timer_t timer; /* of a change */
	char id[CW_UUID_TEXT];
	bool write, final, cancelled;
};

struct cw_route {
	struct cw_route_config config;
	struct op *ops;
	uint64_t step_ms;
	unsigned closing; /* timers not closed yet */
	void (*closed)(void *arg);
	void *closed_arg;
};

static struct op *
find(struct cw_route *r, const char *id)
{
	struct op *op = r->ops;

	while (op != NULL && !cw_streq(op->id, id))
		op = op->next;
	return op;
}

static void
set(cJSON *object, const char *name, cJSON *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	cJSON_AddItemToObject(object, name, value);
}

static void
set_now(cJSON *object, const char *name)
{
	char text[CW_TIME_TEXT];

	cw_time_text(text, cw_clock_unix_ms());
	set(object, name, cJSON_CreateString(text));
}

static cJSON *
step(struct op *op, int i)
{
	return cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(op->doc, "steps"), i);
}

/* Tells those who watch, and writes it down. */
static void
changed(struct op *op)
{
	struct cw_err err;

	set_now(op->doc, "updated");
	(void)cw_operation_put(op->route->config.ledger, op->doc, op->created_ms,
	    cw_clock_unix_ms(), false, NULL, NULL, &err);
	for (struct cw_route_watch *w = op->watchers, *next; w != NULL; w = next) {
		next = w->next;
		if (op->final) {
			*w->at = w->next;
			if (w->next != NULL)
				w->next->at = w->at;
		}
		w->events.changed(w->arg, op->doc, op->final);
		if (op->final)
			free(w);
	}
}

static void
end(struct op *op, const char *state)
{
	if (op->final)
		return;
	op->final = true;
	set(op->doc, "state", cJSON_CreateString(state));
	set(step(op, 0), "state",
	    cJSON_CreateString(cw_streq(state, "succeeded") ? "done" : "failed"));
	set_now(step(op, 0), "finished");
	changed(op);
}

/* --- commands */

static void
output(void *arg, const char *ndjson, size_t n)
{
	struct op *op = arg;

	if (cw_buf_left(&op->output) + n < CW_ROUTE_OUTPUT_MAX)
		(void)cw_buf_put(&op->output, ndjson, n);
	for (struct cw_route_watch *w = op->watchers; w != NULL; w = w->next)
		if (w->events.output != NULL)
			w->events.output(w->arg, ndjson, n);
}

static bool is_script(const struct op *op);

static void
done(void *arg, int code, const cJSON *result, const struct cw_err *err, const cJSON *detail)
{
	struct op *op = arg;
	cJSON *o;

	(void)detail;
	op->run = NULL;
	if (op->final)
		return;
	if (code < 0) {
		o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "code", cw_errname(code));
		cJSON_AddStringToObject(o, "message", err->text);
		set(op->doc, "error", o);
		end(op,
		    op->cancelled                          ? "cancelled"
			: code == CW_EUNKNOWN && op->write ? "unknown"
							   : "failed");
		return;
	}
	o = cJSON_Duplicate(result, true);
	cJSON_DeleteItemFromObjectCaseSensitive(o, "error");
	if (!is_script(op)) {
		cJSON_Delete(o);
		o = cJSON_CreateObject();
		cJSON_AddItemToObject(
		    o, "duration_ms", cJSON_Duplicate(cw_json_get(result, "duration_ms"), true));
		cJSON_AddStringToObject(o, "server", cw_json_str(result, "server"));
	}
	set(op->doc, "result", o);
	end(op, cw_streq(cw_json_str(result, "state"), "done") ? "succeeded" : "failed");
}

static void
run(struct op *op)
{
	static const struct cw_agents_events events = { output, done };
	const cJSON *request = cw_json_get(op->doc, "request");
	struct cw_agents_command command = {
		.tenant = cw_json_str(op->doc, "tenant"),
		.agent = cw_json_str(op->doc, "agent"),
		.id = op->id,
		.operation = op->id,
		.step = "1",
		.command = cw_json_str(op->doc, "what"),
		.parameters = cw_json_get(request, "parameters"),
		.write = op->write,
		.not_after_ms = cw_clock_unix_ms() + 60000,
	};
	struct cw_err err = { 0 };
	int r;

	if (op->route->config.ops.run == NULL)
		return;
	r = op->route->config.ops.run(
	    op->route->config.ops.arg, &op->run, &command, &events, op, &err);
	if (r < 0)
		done(op, r, NULL, &err, NULL);
}

/* A script, or a plan that is applied. */
static void
run_script(struct op *op)
{
	static const struct cw_agents_events events = { output, done };
	const cJSON *request = cw_json_get(op->doc, "request");
	struct cw_agents_script script = {
		.tenant = cw_json_str(op->doc, "tenant"),
		.agent = cw_json_str(op->doc, "agent"),
		.id = op->id,
		.plan = !op->write,
		.text = cw_json_str(request, "script"),
		.not_after_ms = cw_clock_unix_ms() + 60000,
	};
	const cJSON *plan = cw_json_get(request, "plan");
	char *text = plan != NULL ? cJSON_PrintUnformatted(plan) : NULL;
	struct cw_err err = { 0 };
	int r;

	script.apply = text;
	if (op->route->config.ops.script == NULL) {
		cJSON_free(text);
		return;
	}
	r = op->route->config.ops.script(
	    op->route->config.ops.arg, &op->run, &script, &events, op, &err);
	cJSON_free(text);
	if (r < 0)
		done(op, r, NULL, &err, NULL);
}

static bool
is_script(const struct op *op)
{
	const char *kind = cw_json_str(op->doc, "kind");

	return cw_streq(kind, "script") || cw_streq(kind, "plan") || cw_streq(kind, "apply");
}

static void
on_put(void *arg, int code, const struct cw_err *err)
{
	struct op *op = arg;

	(void)err;
	if (code < 0 || op->final)
		return;
	changed(op);
	if (cw_streq(cw_json_str(op->doc, "kind"), "command"))
		run(op);
	else if (is_script(op))
		run_script(op);
}

static int
new_op(struct op **ret, struct cw_route *r, const char *kind, const char *what, const char *tenant,
    const char *key, const cJSON *body, struct cw_err *err)
{
	const char *id = cw_json_str(body, "id");
	struct op *op = calloc(1, sizeof(*op));
	cJSON *steps, *one, *other;

	if (id != NULL &&
	    (find(r, id) != NULL ||
		cw_operation_find(r->config.ledger, &other, id, err) == CW_OK)) {
		if (find(r, id) == NULL)
			cJSON_Delete(other);
		free(op);
		return cw_fail(err, CW_ECONFLICT, "there is an operation %s already", id);
	}
	op->route = r;
	op->created_ms = cw_clock_unix_ms();
	cw_buf_init(&op->output, CW_ROUTE_OUTPUT_MAX);
	if (id != NULL)
		memcpy(op->id, id, sizeof(op->id));
	else
		cw_random_uuid(op->id);
	op->doc = cJSON_CreateObject();
	cJSON_AddStringToObject(op->doc, "id", op->id);
	cJSON_AddStringToObject(op->doc, "tenant", tenant);
	cJSON_AddStringToObject(op->doc, "kind", kind);
	cJSON_AddStringToObject(op->doc, "what", what);
	cJSON_AddStringToObject(op->doc, "state", "running");
	set_now(op->doc, "created");
	set_now(op->doc, "updated");
	cJSON_AddStringToObject(op->doc, "key", key);
	cJSON_AddItemToObject(op->doc, "request", cJSON_Duplicate(body, true));
	steps = cJSON_AddArrayToObject(op->doc, "steps");
	one = cJSON_CreateObject();
	cJSON_AddItemToArray(steps, one);
	cJSON_AddNumberToObject(one, "n", 1);
	cJSON_AddStringToObject(one, "place", "ad");
	cJSON_AddStringToObject(one, "what", what);
	cJSON_AddStringToObject(one, "state", "running");
	cJSON_AddNumberToObject(one, "attempts", 1);
	set_now(one, "started");
	op->next = r->ops;
	r->ops = op;
	uv_timer_init(r->config.loop, &op->timer);
	uv_unref((uv_handle_t *)&op->timer);
	op->timer.data = op;
	*ret = op;
	return CW_OK;
}

static int
check_tenant(struct cw_route *r, const char *tenant, struct cw_err *err)
{
	struct cw_tenant t;

	return cw_tenant_find(r->config.ledger, &t, tenant, err);
}

int
cw_route_command(struct cw_route *r, char id[37], const char *tenant, const char *key,
    const cJSON *body, struct cw_err *err)
{
	const struct cw_catalogue_command *command =
	    cw_catalogue_find(cw_json_str(body, "command"));
	const char *agent = cw_json_str(body, "agent");
	struct op *op;
	int code;

	if ((code = check_tenant(r, tenant, err)) < 0)
		return code;
	if (command == NULL)
		return cw_fail(err, CW_EDENIED, "\"%.64s\" is not a command of the catalogue",
		    cw_json_str(body, "command"));
	if (agent == NULL && r->config.ops.find != NULL)
		agent = r->config.ops.find(r->config.ops.arg, tenant, command->role);
	if (agent == NULL && r->config.ops.run != NULL)
		return cw_fail(err, CW_EUNAVAILABLE, "no agent of the tenant is connected");
	if ((code = new_op(&op, r, "command", command->name, tenant, key, body, err)) < 0)
		return code;
	op->write = command->write;
	cJSON_AddStringToObject(op->doc, "agent", agent != NULL ? agent : "a-1");
	memcpy(id, op->id, sizeof(op->id));
	code = cw_operation_put(r->config.ledger, op->doc, op->created_ms, op->created_ms,
	    op->write, op->write ? on_put : NULL, op, err);
	if (code == CW_OK && !op->write)
		run(op);
	return code;
}

static int
begin_script(struct cw_route *r, char id[37], const char *kind, bool write, const char *tenant,
    const char *key, const cJSON *body, struct cw_err *err)
{
	const char *agent = cw_json_str(body, "agent");
	struct op *op;
	int code;

	if ((code = check_tenant(r, tenant, err)) < 0)
		return code;
	if (agent == NULL && r->config.ops.find != NULL)
		agent = r->config.ops.find(r->config.ops.arg, tenant, "directory");
	if ((code = new_op(&op, r, kind, kind, tenant, key, body, err)) < 0)
		return code;
	op->write = write;
	cJSON_AddStringToObject(op->doc, "agent", agent != NULL ? agent : "a-1");
	memcpy(id, op->id, sizeof(op->id));
	code = cw_operation_put(r->config.ledger, op->doc, op->created_ms, op->created_ms, write,
	    write ? on_put : NULL, op, err);
	if (code == CW_OK && !write)
		run_script(op);
	return code;
}

int
cw_route_script(struct cw_route *r, char id[37], const char *tenant, const char *key,
    const cJSON *body, struct cw_err *err)
{
	bool plan = cw_streq(cw_json_str(body, "mode"), "plan");

	return begin_script(r, id, plan ? "plan" : "script", !plan, tenant, key, body, err);
}

int
cw_route_apply(struct cw_route *r, char id[37], const char *tenant, const char *key,
    const cJSON *body, struct cw_err *err)
{
	if (cw_json_get(body, "plan") == NULL)
		return cw_fail(err, CW_EINVAL, "the double takes a whole plan");
	return begin_script(r, id, "apply", true, tenant, key, body, err);
}

/* --- changes */

static void
seal_password(struct op *op)
{
	const char *key = cw_json_str(cw_json_get(op->doc, "request"), "reply_key");
	struct cw_buf public, box, text;
	char context[96];
	cJSON *password =
	    cJSON_AddObjectToObject(cJSON_AddObjectToObject(op->doc, "result"), "password");

	if (key == NULL)
		return;
	(void)snprintf(context, sizeof(context), "causeway/password/caller/%s", op->id);
	cw_buf_init(&public, 2 * CW_SEAL_KEY);
	cw_buf_init(&box, 1024);
	cw_buf_init(&text, 4096);
	if (cw_base64_get(&public, key, strlen(key)) == CW_OK &&
	    cw_seal(&box, cw_buf_peek(&public), context, "Ab3-correct", 11, NULL) == CW_OK &&
	    cw_base64_put(&text, cw_buf_peek(&box), cw_buf_left(&box)) == CW_OK)
		cJSON_AddStringToObject(password, "$sealed", cw_buf_str(&text));
	cw_buf_free(&public);
	cw_buf_free(&box);
	cw_buf_free(&text);
}

static void
advance(struct op *op)
{
	cJSON *steps = cJSON_GetObjectItemCaseSensitive(op->doc, "steps"), *second;

	if (op->final)
		return;
	if (cJSON_GetArraySize(steps) == 1) {
		set(step(op, 0), "state", cJSON_CreateString("done"));
		set_now(step(op, 0), "finished");
		second = cJSON_Duplicate(step(op, 0), true);
		set(second, "n", cJSON_CreateNumber(2));
		set(second, "place", cJSON_CreateString("entra"));
		set(second, "state", cJSON_CreateString("running"));
		cJSON_DeleteItemFromObjectCaseSensitive(second, "finished");
		cJSON_AddItemToArray(steps, second);
		changed(op);
		return;
	}
	set(step(op, 1), "state", cJSON_CreateString("done"));
	set_now(step(op, 1), "finished");
	if (cw_streq(cw_json_str(op->doc, "what"), "password.reset"))
		seal_password(op);
	end(op, "succeeded");
}

static void
on_timer(uv_timer_t *timer)
{
	advance(timer->data);
}

int
cw_route_change(struct cw_route *r, char id[37], const char *tenant, const char *key,
    const cJSON *body, struct cw_err *err)
{
	const char *const *name = cw_route_changes();
	struct op *op;
	int code;

	if ((code = check_tenant(r, tenant, err)) < 0)
		return code;
	while (*name != NULL && !cw_streq(*name, cw_json_str(body, "change")))
		name++;
	if (*name == NULL)
		return cw_fail(err, CW_EINVAL, "there is no change of that name");
	if ((code = new_op(&op, r, "change", *name, tenant, key, body, err)) < 0)
		return code;
	op->write = true;
	memcpy(id, op->id, sizeof(op->id));
	if (r->step_ms > 0)
		uv_timer_start(&op->timer, on_timer, r->step_ms, r->step_ms);
	return cw_operation_put(
	    r->config.ledger, op->doc, op->created_ms, op->created_ms, true, on_put, op, err);
}

const char *const *
cw_route_changes(void)
{
	static const char *const names[] = { "user.update", "user.disable", "user.enable",
		"password.reset", NULL };

	return names;
}

const char *const *
cw_route_properties(void)
{
	static const char *const names[] = { "displayName", "jobTitle", "department", NULL };

	return names;
}

/* --- looking */

static void
add_output(cJSON *doc, struct op *op)
{
	const char *at = (const char *)cw_buf_peek(&op->output),
		   *end_ = at + cw_buf_left(&op->output);
	cJSON *list = cJSON_AddArrayToObject(doc, "output"), *line;

	for (const char *nl; at < end_ && (nl = memchr(at, '\n', (size_t)(end_ - at))) != NULL;
	     at = nl + 1) {
		if (cw_json_parse(&line, at, (size_t)(nl - at), "output", NULL) < 0)
			continue;
		if (cw_json_get(line, "output") != NULL)
			cJSON_AddItemToArray(
			    list, cJSON_DetachItemFromObjectCaseSensitive(line, "output"));
		cJSON_Delete(line);
	}
}

int
cw_route_show(struct cw_route *r, cJSON **ret, const char *id, struct cw_err *err)
{
	struct op *op = find(r, id);

	if (op == NULL)
		return cw_operation_find(r->config.ledger, ret, id, err);
	*ret = cJSON_Duplicate(op->doc, true);
	if (cw_streq(cw_json_str(op->doc, "kind"), "command"))
		add_output(*ret, op);
	return CW_OK;
}

int
cw_route_list(
    struct cw_route *r, cJSON **ret, const struct cw_operation_filter *filter, struct cw_err *err)
{
	return cw_operation_list(r->config.ledger, ret, filter, err);
}

int
cw_route_cancel(struct cw_route *r, const char *id, struct cw_err *err)
{
	struct op *op = find(r, id);

	if (op == NULL || op->final)
		return cw_fail(err, CW_ECONFLICT, "the operation has ended already");
	if (cw_streq(cw_json_str(op->doc, "kind"), "change") &&
	    cJSON_GetArraySize(cw_json_get(op->doc, "steps")) > 1)
		return cw_fail(err, CW_ECONFLICT, "the change has begun to write");
	op->cancelled = true;
	if (op->run != NULL)
		r->config.ops.run_stop(r->config.ops.arg, op->run);
	else
		end(op, "cancelled");
	return CW_OK;
}

int
cw_route_watch(struct cw_route *r, struct cw_route_watch **ret, const char *id,
    const struct cw_route_watch_events *events, void *arg, struct cw_err *err)
{
	struct op *op = find(r, id);
	struct cw_route_watch *w;
	cJSON *doc;
	int code;

	*ret = NULL;
	if (op == NULL) {
		if ((code = cw_operation_find(r->config.ledger, &doc, id, err)) < 0)
			return code;
		events->changed(arg, doc, true);
		cJSON_Delete(doc);
		return CW_OK;
	}
	if (cw_buf_left(&op->output) > 0 && events->output != NULL)
		events->output(
		    arg, (const char *)cw_buf_peek(&op->output), cw_buf_left(&op->output));
	if (op->final) {
		events->changed(arg, op->doc, true);
		return CW_OK;
	}
	w = calloc(1, sizeof(*w));
	w->op = op;
	w->events = *events;
	w->arg = arg;
	w->next = op->watchers;
	w->at = &op->watchers;
	if (w->next != NULL)
		w->next->at = &w->next;
	op->watchers = w;
	*ret = w;
	return CW_OK;
}

static unsigned
paused(struct op *op)
{
	unsigned n = 0;

	for (struct cw_route_watch *w = op->watchers; w != NULL; w = w->next)
		n += w->paused;
	return n;
}

/* The agent waits for the slowest of those who watch. */
static void
hold(struct op *op, bool was)
{
	const struct cw_route_ops *ops = &op->route->config.ops;
	bool is = paused(op) > 0;

	if (op->run == NULL || is == was)
		return;
	if (is)
		ops->run_pause(ops->arg, op->run);
	else
		ops->run_resume(ops->arg, op->run);
}

void
cw_route_unwatch(struct cw_route_watch *w)
{
	struct op *op;
	bool was;

	if (w == NULL)
		return;
	op = w->op;
	was = paused(op) > 0;
	*w->at = w->next;
	if (w->next != NULL)
		w->next->at = w->at;
	free(w);
	hold(op, was);
}

void
cw_route_watch_pause(struct cw_route_watch *w)
{
	bool was = paused(w->op) > 0;

	w->paused = true;
	hold(w->op, was);
}

void
cw_route_watch_resume(struct cw_route_watch *w)
{
	bool was = paused(w->op) > 0;

	w->paused = false;
	hold(w->op, was);
}

/* --- what a test does */

void
route_double_output(struct cw_route *r, const char *id, const char *ndjson, size_t n)
{
	output(find(r, id), ndjson, n);
}

void
route_double_end(struct cw_route *r, const char *id, const char *state)
{
	end(find(r, id), state);
}

unsigned
route_double_paused(struct cw_route *r, const char *id)
{
	return paused(find(r, id));
}

unsigned
route_double_watchers(struct cw_route *r, const char *id)
{
	unsigned n = 0;

	for (struct cw_route_watch *w = find(r, id)->watchers; w != NULL; w = w->next)
		n++;
	return n;
}

void
route_double_pace(struct cw_route *r, uint64_t step_ms)
{
	r->step_ms = step_ms;
}

void
route_double_touch(struct cw_route *r, const char *id)
{
	changed(find(r, id));
}

void
route_double_step(struct cw_route *r, const char *id)
{
	advance(find(r, id));
}

/* --- life */

int
cw_route_new(struct cw_route **ret, const struct cw_route_config *config, struct cw_err *err)
{
	struct cw_route *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	r->config = *config;
	r->step_ms = config->ops.run != NULL ? PACE_MS : 0;
	*ret = r;
	return CW_OK;
}

int
cw_route_resume(struct cw_route *r, struct cw_err *err)
{
	const cJSON *one;
	cJSON *list;
	int code;

	if ((code = cw_operation_unfinished(r->config.ledger, &list, err)) < 0)
		return code;
	cJSON_ArrayForEach (one, list) {
		set((cJSON *)one, "state", cJSON_CreateString("unknown"));
		(void)cw_operation_put(r->config.ledger, one, cw_clock_unix_ms(),
		    cw_clock_unix_ms(), true, NULL, NULL, err);
	}
	cJSON_Delete(list);
	return CW_OK;
}

void
cw_route_agent_connected(struct cw_route *r, const char *agent, const char *tenant)
{
	(void)r, (void)agent, (void)tenant;
}

void
cw_route_roles_changed(struct cw_route *r, const char *tenant)
{
	(void)r, (void)tenant;
}

/* Agents and ledger may still call back for it when they are closed after us: it stays. */
static struct op *buried;

static void
op_closed(uv_handle_t *handle)
{
	struct op *op = handle->data;
	struct cw_route *r = op->route;

	cJSON_Delete(op->doc);
	cw_buf_free(&op->output);
	op->doc = NULL;
	op->route = NULL;
	op->next = buried;
	buried = op;
	if (--r->closing > 0)
		return;
	if (r->closed != NULL)
		r->closed(r->closed_arg);
	free(r);
}

void
cw_route_close(struct cw_route *r, void (*closed)(void *arg), void *arg)
{
	r->closed = closed;
	r->closed_arg = arg;
	r->closing = 1;
	for (struct op *op = r->ops; op != NULL; op = op->next)
		r->closing++;
	for (struct op *op = r->ops, *next; op != NULL; op = next) {
		next = op->next;
		op->final = true;
		while (op->watchers != NULL)
			cw_route_unwatch(op->watchers);
		uv_close((uv_handle_t *)&op->timer, op_closed);
	}
	if (--r->closing == 0) {
		if (closed != NULL)
			closed(arg);
		free(r);
	}
}
