/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command on one agent. A read goes out at once and is written down beside it; a write is on
 * the disk first and is done at most once (once.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "catalogue/catalogue.h"
#include "ledger/agents.h"
#include "route/command.h"
#include "route/route_internal.h"

#define TIMEOUT_MAX_S (24 * 3600)

/* --- what is asked for */

struct request {
	const struct cw_catalogue_command *entry;
	const cJSON *parameters; /* or NULL */
	const char *agent; /* or NULL */
	const char *id; /* or NULL */
	int64_t timeout_ms;
	bool sealed;
};

static int
read_timeout(struct request *q, const cJSON *body, struct cw_err *err)
{
	int64_t seconds;

	q->timeout_ms = CW_AGENTS_COMMAND_MS;
	if (cw_json_get(body, "timeout_s") == NULL)
		return CW_OK;
	if (!cw_json_int(body, "timeout_s", &seconds) || seconds < 1 || seconds > TIMEOUT_MAX_S)
		return cw_fail(err, CW_EINVAL, "\"timeout_s\" must be a whole number from 1 to %d",
		    TIMEOUT_MAX_S);
	q->timeout_ms = seconds * 1000;
	return CW_OK;
}

static int
read_command(struct request *q, const cJSON *body, struct cw_err *err)
{
	struct cw_catalogue_call *call;
	const char *command;
	int r;

	q->parameters = cw_json_get(body, "parameters");
	if ((r = cw_json_need_str(&command, body, "command", err)) < 0 ||
	    (r = cw_catalogue_bind(&call, command, q->parameters, err)) < 0)
		return r;
	q->entry = cw_catalogue_call_entry(call);
	q->sealed = cw_catalogue_call_secrets(call) > 0;
	cw_catalogue_call_free(call);
	return CW_OK;
}

static int
read_request(struct request *q, struct cw_route *r, const cJSON *body, struct cw_err *err)
{
	static const char *const members[] = { "command", "parameters", "agent", "timeout_s", "id",
		NULL };
	int code;

	memset(q, 0, sizeof(*q));
	if (cw_json_get(body, "script") != NULL)
		return cw_fail(err, CW_EDENIED,
		    "script text is not run: name one command of the catalogue in \"command\" and "
		    "give its parameters as JSON in \"parameters\"");
	if ((code = cw_json_only(body, members, "the request", err)) < 0 ||
	    (code = read_command(q, body, err)) < 0 || (code = read_timeout(q, body, err)) < 0)
		return code;
	if (cw_json_get(body, "agent") != NULL &&
	    (code = cw_json_need_str(&q->agent, body, "agent", err)) < 0)
		return code;
	if (q->sealed && (q->agent == NULL || cw_json_get(body, "id") == NULL))
		return cw_fail(err, CW_EINVAL,
		    "a sealed value is for one agent and one operation: name both, \"agent\" and "
		    "\"id\"");
	return route_op_chosen_id(r, &q->id, body, err);
}

/* The agent that was named is one of the tenant's, and has the role. */
static int
check_agent(struct cw_route *r, const char *tenant, const char *id, const char *wanted_role,
    const char *what, struct cw_err *err)
{
	struct cw_agents_store store;
	struct cw_agent_record agent;
	char roles[CW_AGENT_ROLES_MAX + 2], role[32];
	int code;

	cw_ledger_agents_store(r->ledger, &store);
	code = store.agent_find(store.arg, &agent, id, err);
	if (code == CW_ENOTFOUND || (code == CW_OK && !cw_streq(agent.tenant, tenant)))
		return cw_fail(err, CW_ENOTFOUND, "there is no agent %.36s", id);
	if (code < 0)
		return code;
	(void)snprintf(roles, sizeof(roles), ",%s,", agent.roles);
	(void)snprintf(role, sizeof(role), ",%s,", wanted_role);
	if (strstr(roles, role) == NULL)
		return cw_fail(err, CW_EINVAL, "%s needs an agent with the role %s; %s has %s",
		    what, wanted_role, agent.hostname, agent.roles);
	if (agent.revoked)
		return cw_fail(err, CW_EDENIED, "the agent %s was revoked", agent.hostname);
	return CW_OK;
}

void
route_no_agent(struct cw_route *r, char *ret, size_t size, const char *tenant, const char *role)
{
	const char *other = r->ops.find(r->ops.arg, tenant, NULL);
	struct cw_agents_store store;
	struct cw_agent_record agent;
	struct cw_err ignored;
	struct cw_tenant t;

	cw_ledger_agents_store(r->ledger, &store);
	if (cw_tenant_find(r->ledger, &t, tenant, &ignored) < 0)
		(void)snprintf(t.name, sizeof(t.name), "the tenant");
	if (other == NULL || store.agent_find(store.arg, &agent, other, &ignored) < 0)
		(void)snprintf(
		    ret, size, "no agent of %s with the role %s is connected", t.name, role);
	else
		(void)snprintf(ret, size,
		    "%s is connected for %s and does not serve the role %s: causewayctl status "
		    "there says why",
		    agent.hostname, t.name, role);
}

int
route_command_agent(struct cw_route *r, const char **ret, const char *tenant, const char *agent,
    const char *role, const char *what, struct cw_err *err)
{
	char why[CW_ERR_TEXT_MAX];
	struct cw_tenant t;
	int code;

	if (agent != NULL) {
		if ((code = check_agent(r, tenant, agent, role, what, err)) < 0)
			return code;
		if (!r->ops.connected(r->ops.arg, agent))
			return cw_fail(
			    err, CW_EUNAVAILABLE, "the agent %s is not connected", agent);
		*ret = agent;
		return CW_OK;
	}
	if ((*ret = r->ops.find(r->ops.arg, tenant, role)) != NULL)
		return CW_OK;
	if ((code = cw_tenant_find(r->ledger, &t, tenant, err)) < 0)
		return code;
	route_no_agent(r, why, sizeof(why), tenant, role);
	return cw_fail(err, CW_EUNAVAILABLE, "%s", why);
}

/* --- the end */

static void
put_result(struct operation *op, const cJSON *result)
{
	const struct route_output *o = &op->command->output;
	const cJSON *ms = cw_json_get(result, "duration_ms");
	const char *server = cw_json_str(result, "server");
	cJSON *counts = cJSON_CreateObject();

	route_set_number(counts, "outputs", (double)o->outputs);
	route_set_number(counts, "warnings", (double)o->warning_n);
	route_set_number(counts, "errors", (double)o->error_n);
	if (cJSON_IsNumber(ms))
		route_set_number(counts, "duration_ms", ms->valuedouble);
	if (server != NULL && server[0] != '\0')
		route_set_text(counts, "server", server);
	route_set(op->doc, "result", counts);
}

static void
put_errors(struct operation *op, const cJSON *result)
{
	const struct route_output *o = &op->command->output;
	cJSON *errors = o->errors != NULL ? route_copy(o->errors) : cJSON_CreateArray(), *first;

	/* A terminating error is no line of output. */
	if (o->errors == NULL && (first = route_output_error(cw_json_get(result, "error"))) != NULL)
		(void)cJSON_AddItemToArray(errors, first);
	route_set(op->doc, "errors", errors);
}

void
route_command_finish(struct operation *op, enum route_state state, const cJSON *result,
    const struct cw_err *err, void (*put)(struct operation *op, const cJSON *result))
{
	static const char *const step_states[] = { [ROUTE_SUCCEEDED] = "done",
		[ROUTE_FAILED] = "failed",
		[ROUTE_UNKNOWN] = "unknown",
		[ROUTE_CANCELLED] = "failed" };

	route_output_end(&op->command->output);
	put(op, result);
	put_errors(op, result);
	route_op_step_state(op, step_states[state]);
	if (state != ROUTE_SUCCEEDED) {
		route_set_error(op->doc, err->code, err->text);
		route_set_error(route_op_step(op, op->at), err->code, err->text);
	} else {
		cJSON_DeleteItemFromObjectCaseSensitive(route_op_step(op, op->at), "error");
	}
	route_op_finish(op, state);
}

static void
finish(struct operation *op, enum route_state state, const cJSON *result, const struct cw_err *err)
{
	route_command_finish(op, state, result, err, put_result);
}

void
route_command_output(struct operation *op, const char *ndjson, size_t n)
{
	struct route_command *c = op->command;

	route_output_feed(&c->output, ndjson, n);
	route_watch_output(op, ndjson, n);
	if (c->pause && !c->paused) {
		c->paused = true;
		route_call_pause(op->call, true);
	}
}

void
route_command_pause(struct operation *op, bool pause)
{
	struct route_command *c = op->command;

	if (c == NULL)
		return;
	c->pause = pause;
	if (op->call == NULL || c->paused == pause)
		return;
	c->paused = pause;
	route_call_pause(op->call, pause);
}

/* --- a read */

static void
read_output(void *owner, const char *ndjson, size_t n)
{
	route_command_output(owner, ndjson, n);
}

static void
read_done(void *owner, int code, const cJSON *result, const struct cw_err *err, const cJSON *detail)
{
	struct operation *op = owner;
	struct cw_err why = *err;

	(void)detail;
	if (op->command->stopping) {
		(void)cw_fail(&why, CW_ECLOSED, "it was cancelled");
		finish(op, ROUTE_CANCELLED, result, &why);
		return;
	}
	if (code == CW_OK)
		code = route_fault(&why, result);
	if (code == CW_EUNKNOWN)
		why.code = CW_EUNAVAILABLE; /* a read does nothing: it may be tried again */
	else if (result != NULL)
		why.code = CW_EFAILED; /* whatever it says, it ran */
	finish(op, code == CW_OK ? ROUTE_SUCCEEDED : ROUTE_FAILED, result, &why);
}

static int
send_read(struct operation *op, const struct request *q, const char *agent, struct cw_err *err)
{
	static const struct route_run_events events = { read_output, read_done };

	return route_call_run(&op->call, op->r,
	    &(struct cw_agents_command){ .tenant = op->tenant,
		.agent = agent,
		.id = op->id,
		.operation = op->id,
		.step = "1",
		.command = q->entry->name,
		.parameters = q->parameters,
		.not_after_ms = op->created_ms + q->timeout_ms,
		.timeout_ms = (uint64_t)q->timeout_ms },
	    &events, op, err);
}

/* --- a write */

static cJSON *
write_parameters(struct operation *op, struct cw_err *err)
{
	const struct route_command *c = op->command;
	const cJSON *given = cw_json_get(cw_json_get(op->doc, "request"), "parameters");

	if (c->sealed && c->parameters == NULL) {
		(void)cw_fail(err, CW_EEXPIRED,
		    "the bridge was restarted before it was sent, and does not keep sealed values: "
		    "nothing was done, send it again");
		return NULL;
	}
	if (c->parameters != NULL)
		given = c->parameters;
	return given != NULL ? route_copy(given) : cJSON_CreateObject();
}

static void
write_ended(struct operation *op, enum route_end end, const cJSON *result, const struct cw_err *err)
{
	static const enum route_state states[] = { [ROUTE_END_DONE] = ROUTE_SUCCEEDED,
		[ROUTE_END_FAILED] = ROUTE_FAILED,
		[ROUTE_END_REFUSED] = ROUTE_FAILED,
		[ROUTE_END_NEVER] = ROUTE_FAILED,
		[ROUTE_END_DOUBT] = ROUTE_UNKNOWN };
	struct cw_err why = *err;

	if (end == ROUTE_END_NEVER && op->once.stopped) {
		(void)cw_fail(&why, CW_ECLOSED, "it was cancelled before it began");
		finish(op, ROUTE_CANCELLED, result, &why);
		return;
	}
	if (end == ROUTE_END_FAILED)
		why.code = CW_EFAILED;
	finish(op, states[end], result, &why);
}

static const struct route_once_owner write_owner = { write_parameters, route_command_output, false,
	write_ended };

static void
start_write(struct operation *op)
{
	const cJSON *request = cw_json_get(op->doc, "request");
	bool named = cw_json_str(request, "agent") != NULL;
	int64_t until = 0;

	(void)cw_json_int(op->private, "until_ms", &until);
	route_once_start(op, &write_owner, op->command->entry->name, cw_json_str(op->doc, "agent"),
	    named, false, until);
}

static void
resume(struct operation *op)
{
	const struct cw_catalogue_command *entry = cw_catalogue_find(cw_json_str(op->doc, "what"));
	struct cw_err err = { 0 };

	if (entry == NULL || (op->command = calloc(1, sizeof(*op->command))) == NULL) {
		route_op_fail(op, CW_EINVAL, "this bridge does not know the command any more");
		return;
	}
	op->command->entry = entry;
	op->command->sealed = cw_json_true(op->private, "sealed");
	route_output_init(&op->command->output, CW_ROUTE_OUTPUT_MAX);
	op->limit_ms = op->created_ms + (int64_t)CW_ROUTE_DEADLINE_MS;
	if (!entry->write) {
		(void)cw_fail(&err, CW_EUNAVAILABLE,
		    "the bridge was restarted while it ran; a read changes nothing: ask again");
		finish(op, ROUTE_FAILED, NULL, &err);
	} else if (!route_once_resume(op, &write_owner, entry->name)) {
		start_write(op); /* it had not come so far as to be sent */
	}
}

static void
expired(struct operation *op)
{
	struct cw_err err = { 0 };

	(void)cw_fail(
	    &err, CW_EUNKNOWN, "the agent did not come back within a day to say what became of it");
	finish(op, op->once.doubt ? ROUTE_UNKNOWN : ROUTE_FAILED, NULL, &err);
}

/* --- its operation */

/* What the ledger keeps of the parameters: all but what is sealed. */
static cJSON *
without_secrets(const cJSON *parameters)
{
	cJSON *copy = route_copy(parameters), *one;

	cJSON_ArrayForEach (one, copy)
		if (cw_json_get(one, "$sealed") != NULL)
			route_set(one, "$sealed", cJSON_CreateNull());
	return copy;
}

static struct operation *
make(struct cw_route *r, const char *tenant, const char *key, const char *agent,
    const struct request *q)
{
	struct operation *op =
	    route_op_new(r, &route_command_type, q->id, tenant, q->entry->name, key);
	cJSON *request = cJSON_CreateObject();

	if ((op->command = calloc(1, sizeof(*op->command))) == NULL)
		abort(); /* see route_internal.h */
	op->command->entry = q->entry;
	op->command->sealed = q->sealed;
	op->durable = q->entry->write;
	route_output_init(&op->command->output, CW_ROUTE_OUTPUT_MAX);
	route_set_text(request, "command", q->entry->name);
	if (q->parameters != NULL)
		route_set(request, "parameters", without_secrets(q->parameters));
	if (q->agent != NULL)
		route_set_text(request, "agent", q->agent);
	route_set_number(request, "timeout_s", (double)(q->timeout_ms / 1000));
	route_set(op->doc, "request", request);
	route_set_text(op->doc, "agent", agent);
	route_op_add_step(op, cw_streq(q->entry->role, "sync") ? "sync" : "ad", q->entry->name);
	route_set_text(route_op_step(op, 0), "agent", agent);
	route_op_state(op, ROUTE_RUNNING);
	return op;
}

int
cw_route_command(struct cw_route *r, char id[37], const char *tenant, const char *key,
    const cJSON *body, struct cw_err *err)
{
	struct operation *op;
	struct request q;
	const char *agent;
	int code;

	if ((code = read_request(&q, r, body, err)) < 0 ||
	    (code = route_command_agent(
		 r, &agent, tenant, q.agent, q.entry->role, q.entry->name, err)) < 0)
		return code;
	if (r->active_n >= ROUTE_ACTIVE_MAX)
		return cw_fail(err, CW_EUNAVAILABLE,
		    "%u operations are under way, which is the most; try again later",
		    ROUTE_ACTIVE_MAX);
	op = make(r, tenant, key, agent, &q);
	if (!q.entry->write) {
		route_op_step_state(op, "running");
		if ((code = send_read(op, &q, agent, err)) < 0) {
			route_op_free(op);
			return code;
		}
		memcpy(id, op->id, CW_UUID_TEXT);
		route_op_note(op);
		return CW_OK;
	}
	memcpy(id, op->id, CW_UUID_TEXT);
	if (q.sealed)
		op->command->parameters = route_copy(q.parameters);
	op->limit_ms = op->created_ms + (int64_t)CW_ROUTE_DEADLINE_MS;
	route_set(op->private, "sealed", cJSON_CreateBool(q.sealed));
	route_set_number(op->private, "until_ms", (double)(op->created_ms + q.timeout_ms));
	if (route_agent_get(r, agent, tenant)->known)
		start_write(op); /* one turn on the disk: the intent with its key */
	else
		route_op_save(op, start_write);
	return CW_OK;
}

static int
may_cancel(const struct operation *op, struct cw_err *err)
{
	if (op->state >= ROUTE_SUCCEEDED)
		return cw_fail(
		    err, CW_ECONFLICT, "it has ended already: %s", route_state_name(op->state));
	return CW_OK;
}

static bool
cancel(struct operation *op)
{
	struct cw_err err = { 0 };

	op->command->stopping = op->once.stopped = true;
	if (op->call != NULL || op->once.doubt) { /* what came of it is heard or asked for */
		route_call_stop(op->call);
		return false;
	}
	(void)cw_fail(&err, CW_ECLOSED, "it was cancelled before it was sent");
	finish(op, ROUTE_CANCELLED, NULL, &err);
	return true;
}

static void
ended(struct operation *op)
{
	route_once_forget(op);
}

void
route_command_free(struct operation *op)
{
	if (op->command == NULL)
		return;
	route_output_free(&op->command->output);
	cJSON_Delete(op->command->parameters);
	free(op->command);
}

const struct route_type route_command_type = { "command", resume, expired, may_cancel, cancel, NULL,
	ended, route_command_free };

size_t
route_command_bytes(const struct operation *op)
{
	const cJSON *plan = cw_json_get(cw_json_get(op->doc, "result"), "plan");

	return (op->command != NULL ? op->command->output.kept.cap : 0) +
	    (cJSON_IsRaw(plan) ? strlen(plan->valuestring) : 0);
}

void
route_command_show(const struct operation *op, cJSON *shown)
{
	const struct route_output *o;
	cJSON *values;

	if (op->command == NULL || op->state < ROUTE_SUCCEEDED)
		return;
	o = &op->command->output;
	if ((values = route_output_values(o)) != NULL)
		route_set(shown, "output", values);
	route_set(
	    shown, "warnings", o->warnings != NULL ? route_copy(o->warnings) : cJSON_CreateArray());
	if (o->cut)
		route_set(shown, "output_cut", cJSON_CreateTrue());
}
