/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts and plans on one agent. A script and an application of a plan are on the
 * disk before they are sent, and are done at most once: their key is the operation's
 * own id. What breaks is asked of the agent's journal; nothing is sent twice. A
 * planning changes nothing and is a read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "crypto/digest.h"
#include "route/command.h"
#include "route/route_internal.h"
#include "wire/channel.h"

#define ROLE "directory"
#define TIMEOUT_MAX_S (24 * 3600)
#define SCRIPT_MAX (1024u * 1024u) /* bytes of text, as the agent's */
#define PLAN_MAX CW_WIRE_RESULT_MAX /* bytes of text */
#define LIST_MAX (2u * 1024u * 1024u) /* bytes of entries, and of refusals */
#define REFUSALS_MAX 32
#define CALLER_MAX 96

struct route_script {
	/* Of what is to be sent; in memory alone, and only until then. */
	char *text, *plan; /* plan: JSON */
	cJSON *secrets;
	int64_t until_ms; /* Unix time */
};

/* --- what is asked for */

struct request {
	const struct route_type *type;
	const char *text; /* or NULL: a plan to apply */
	const cJSON *secrets; /* or NULL */
	char *plan; /* JSON; the caller's */
	char plan_agent[CW_UUID_TEXT], plan_hash[CW_SHA256_TEXT]; /* as the plan says */
	const char *agent, *id; /* or NULL */
	int64_t timeout_ms;
};

static int
read_common(struct request *q, struct cw_route *r, const cJSON *body, struct cw_err *err)
{
	int64_t seconds = CW_AGENTS_COMMAND_MS / 1000;

	if (cw_json_get(body, "timeout_s") != NULL &&
	    (!cw_json_int(body, "timeout_s", &seconds) || seconds < 1 || seconds > TIMEOUT_MAX_S))
		return cw_fail(err, CW_EINVAL, "\"timeout_s\" must be a whole number from 1 to %d",
		    TIMEOUT_MAX_S);
	q->timeout_ms = seconds * 1000;
	return route_op_chosen_id(r, &q->id, body, err);
}

static int
read_script(struct request *q, struct cw_route *r, const cJSON *body, struct cw_err *err)
{
	static const char *const members[] = { "mode", "script", "agent", "timeout_s", "id", NULL };
	const char *mode;
	int code;

	memset(q, 0, sizeof(*q));
	if ((code = cw_json_only(body, members, "the request", err)) < 0 ||
	    (code = cw_json_need_str(&mode, body, "mode", err)) < 0 ||
	    (code = cw_json_need_str(&q->text, body, "script", err)) < 0)
		return code;
	if (!cw_streq(mode, "run") && !cw_streq(mode, "plan"))
		return cw_fail(err, CW_EINVAL, "\"mode\" must be run or plan");
	if (q->text[0] == '\0' || strlen(q->text) > SCRIPT_MAX)
		return cw_fail(err, CW_EINVAL,
		    "\"script\" must have 1 to %u bytes: split a longer one", SCRIPT_MAX);
	if (cw_json_get(body, "agent") != NULL &&
	    (code = cw_json_need_str(&q->agent, body, "agent", err)) < 0)
		return code;
	q->type = cw_streq(mode, "plan") ? &route_plan_type : &route_script_type;
	return read_common(q, r, body, err);
}

/* A plan is kept as its text: as values it would take six times as much. */
static int
take_plan(struct request *q, const cJSON *plan, const char *text, struct cw_err *err)
{
	const char *agent = cw_json_str(plan, "agent"), *hash = cw_json_str(plan, "hash");

	if (agent == NULL)
		return cw_fail(err, CW_EINVAL, "the plan does not say which agent made it");
	(void)snprintf(q->plan_agent, sizeof(q->plan_agent), "%s", agent);
	(void)snprintf(q->plan_hash, sizeof(q->plan_hash), "%s", hash != NULL ? hash : "");
	if ((q->plan = cw_strdup(text)) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	return CW_OK;
}

/* The plan that an operation of the tenant has, if it is the one that was looked at. */
static int
read_planned(struct request *q, struct cw_route *r, const char *tenant, const cJSON *body,
    struct cw_err *err)
{
	const char *id = cw_json_str(body, "operation"), *hash = cw_json_str(body, "hash"), *text;
	const cJSON *raw;
	cJSON *shown, *plan = NULL;
	int code;

	if (id == NULL || hash == NULL)
		return cw_fail(err, CW_EINVAL,
		    "name the plan: \"plan\", or \"operation\" and the \"hash\" that was read");
	if ((code = cw_route_show(r, &shown, id, err)) < 0)
		return code;
	raw = cw_json_get(cw_json_get(shown, "result"), "plan");
	text = cJSON_IsRaw(raw) ? raw->valuestring : NULL;
	if (!cw_streq(cw_json_str(shown, "tenant"), tenant))
		code = cw_fail(err, CW_ENOTFOUND, "there is no operation %.36s", id);
	else if (text == NULL)
		code = cw_fail(err, CW_EINVAL, "the operation %.36s has no plan", id);
	else if ((code = cw_json_parse(&plan, text, strlen(text), "the plan", err)) == CW_OK)
		code = cw_streq(cw_json_str(plan, "hash"), hash)
		    ? take_plan(q, plan, text, err)
		    : cw_fail(err, CW_ECONFLICT, "the operation's plan is another one");
	cJSON_Delete(plan);
	cJSON_Delete(shown);
	return code;
}

static int
read_given(struct request *q, const cJSON *plan, struct cw_err *err)
{
	struct cw_buf text;
	int code;

	cw_buf_init(&text, PLAN_MAX);
	if (cw_json_put(&text, plan) < 0 || cw_buf_str(&text) == NULL)
		code = cw_fail(
		    err, CW_EINVAL, "\"plan\" has more than %u bytes: split the script", PLAN_MAX);
	else
		code = take_plan(q, plan, cw_buf_str(&text), err);
	cw_buf_free(&text);
	return code;
}

static int
read_apply(struct request *q, struct cw_route *r, const char *tenant, const cJSON *body,
    struct cw_err *err)
{
	static const char *const members[] = { "plan", "operation", "hash", "secrets", "timeout_s",
		"id", NULL };
	const cJSON *plan = cw_json_get(body, "plan");
	int code;

	memset(q, 0, sizeof(*q));
	q->type = &route_apply_type;
	q->secrets = cw_json_get(body, "secrets");
	if ((code = cw_json_only(body, members, "the request", err)) < 0 ||
	    (code = read_common(q, r, body, err)) < 0)
		return code;
	if (q->secrets != NULL && !cJSON_IsObject(q->secrets))
		return cw_fail(err, CW_EINVAL, "\"secrets\" must be an object");
	q->agent = q->plan_agent;
	if (plan == NULL)
		return read_planned(q, r, tenant, body, err);
	if (!cJSON_IsObject(plan) || cw_json_get(body, "operation") != NULL)
		return cw_fail(err, CW_EINVAL, "\"plan\" must be an object, without \"operation\"");
	return read_given(q, plan, err);
}

/* --- the end */

/* NULL: an agent that made so much of it did not make a plan. */
static cJSON *
text_of(const cJSON *plan)
{
	struct cw_buf text;
	cJSON *raw = NULL;

	cw_buf_init(&text, PLAN_MAX);
	if (cw_json_put(&text, plan) == CW_OK && cw_buf_str(&text) != NULL)
		raw = cJSON_CreateRaw(cw_buf_str(&text));
	cw_buf_free(&text);
	return raw;
}

/* The ledger must be able to keep it, whatever an agent sends. */
static bool
is_short(const cJSON *list)
{
	struct cw_buf text;
	int r;

	cw_buf_init(&text, LIST_MAX);
	r = cw_json_put(&text, list);
	cw_buf_free(&text);
	return r == CW_OK;
}

/* What of an agent's result is kept: the members that we know, of their types. */
static cJSON *
known_result(const cJSON *result)
{
	static const struct {
		const char *name;
		cJSON_bool (*is)(const cJSON *value);
	} members[] = { { "state", cJSON_IsString }, { "stopped", cJSON_IsString },
		{ "refused", cJSON_IsNumber }, { "calls", cJSON_IsNumber },
		{ "writes", cJSON_IsNumber }, { "objects", cJSON_IsNumber },
		{ "bytes", cJSON_IsNumber }, { "server", cJSON_IsString },
		{ "pdc_emulator", cJSON_IsObject }, { "duration_ms", cJSON_IsNumber } };
	const cJSON *value, *refusals = cw_json_get(result, "refusals");
	cJSON *ret = cJSON_CreateObject(), *list = cJSON_CreateArray(), *plan;

	for (size_t i = 0; i < CW_COUNT(members); i++)
		if ((value = cw_json_get(result, members[i].name)) != NULL && members[i].is(value))
			route_set(ret, members[i].name, route_copy(value));
	if (cJSON_IsObject(value = cw_json_get(result, "plan")) && (plan = text_of(value)) != NULL)
		route_set(ret, "plan", plan);
	if (cJSON_IsArray(value = cw_json_get(result, "entries")) && is_short(value))
		route_set(ret, "entries", route_copy(value));
	if (is_short(refusals))
		cJSON_ArrayForEach (value, refusals)
			if (cJSON_IsObject(value) && cJSON_GetArraySize(list) < REFUSALS_MAX)
				(void)cJSON_AddItemToArray(list, route_copy(value));
	route_set(ret, "refusals", list);
	return ret;
}

static void
put_result(struct operation *op, const cJSON *result)
{
	if (result != NULL)
		route_set(op->doc, "result", known_result(result));
	/* Sealed to the caller's key, and all the same in no ledger. */
	if (cJSON_IsObject(cw_json_get(result, "secrets")) && op->password == NULL)
		op->password = route_copy(cw_json_get(result, "secrets"));
}

static void
finish(struct operation *op, enum route_state state, const cJSON *result, const struct cw_err *err)
{
	route_command_finish(op, state, result, err, put_result);
}

/* Was it a rule that ended it? */
static bool
is_refused(const cJSON *result)
{
	const char *id = cw_json_str(cw_json_get(result, "error"), "error_id");

	return cJSON_GetArraySize(cw_json_get(result, "refusals")) > 0 &&
	    (id == NULL || cw_starts_with(id, "CausewayRefused"));
}

/* It came to an end, and result says to which. */
static void
finish_with(struct operation *op, const cJSON *result)
{
	const char *state = cw_json_str(result, "state");
	const char *message = cw_json_str(cw_json_get(result, "error"), "message");
	const char *stopped = cw_json_str(result, "stopped");
	struct cw_err why = { 0 };

	if (cw_streq(state, "stopped") && stopped != NULL)
		message = stopped;
	route_first_line(why.text, sizeof(why.text),
	    message != NULL                  ? message
		: cw_streq(state, "stopped") ? "it was stopped"
		: cw_streq(state, "failed")  ? "it failed"
					     : "how far it came is not known");
	if (cw_streq(state, "done")) {
		finish(op, ROUTE_SUCCEEDED, result, &why);
	} else if (cw_streq(state, "failed")) {
		why.code = is_refused(result) ? CW_EDENIED : CW_EFAILED;
		finish(op, ROUTE_FAILED, result, &why);
	} else if (cw_streq(state, "stopped")) {
		why.code = op->command->stopping ? CW_ECLOSED : CW_EFAILED;
		finish(op, op->command->stopping ? ROUTE_CANCELLED : ROUTE_FAILED, result, &why);
	} else {
		why.code = CW_EUNKNOWN;
		finish(op, ROUTE_UNKNOWN, result, &why);
	}
}

/* --- what became of it, by the agent's journal */

static cJSON *
nothing_to_send(struct operation *op, struct cw_err *err)
{
	(void)op;
	(void)cw_fail(err, CW_EAGAIN, "it is not sent again");
	return NULL;
}

static void
settled(struct operation *op, enum route_end end, const cJSON *result, const struct cw_err *err)
{
	const cJSON *begun;
	struct cw_err why = *err;

	if ((end == ROUTE_END_DONE || end == ROUTE_END_FAILED) && result != NULL) {
		finish_with(op, result);
		return;
	}
	switch (end) {
	case ROUTE_END_DONE: /* its end is known, its result was too long to keep */
		finish(op, ROUTE_SUCCEEDED, NULL, &why);
		return;
	case ROUTE_END_FAILED:
		why.code = CW_EFAILED;
		finish(op, ROUTE_FAILED, NULL, &why);
		return;
	case ROUTE_END_REFUSED:
	case ROUTE_END_NEVER:
		(void)cw_fail(&why, CW_EUNAVAILABLE,
		    "by its journal the agent never began it: nothing was done, send it again");
		finish(op, op->command->stopping ? ROUTE_CANCELLED : ROUTE_FAILED, NULL, &why);
		return;
	case ROUTE_END_DOUBT:
		result = cw_json_get(result, "result");
		begun = cw_json_get(result, "entries");
		if (cJSON_IsArray(begun) && cJSON_GetArraySize(begun) == 0)
			(void)cw_fail(&why, CW_EUNKNOWN,
			    "the agent was interrupted while it ran; no write had been begun");
		finish(op, ROUTE_UNKNOWN, result, &why);
		return;
	}
}

static const struct route_once_owner journal_owner = { nothing_to_send, route_command_output, false,
	settled };

/* --- on its way */

static bool
is_plan(const struct operation *op)
{
	return op->type == &route_plan_type;
}

static void
free_text(struct route_script *s)
{
	if (s->text != NULL)
		cw_wipe(s->text, strlen(s->text)); /* it may hold what should not be in a script */
	free(s->text);
	s->text = NULL;
	free(s->plan);
	cJSON_Delete(s->secrets);
	s->plan = NULL;
	s->secrets = NULL;
}

static void
doubt(struct operation *op, const struct cw_err *why)
{
	if (!route_once_doubt(op, &journal_owner, op->type->name, why))
		finish(op, ROUTE_UNKNOWN, NULL, why);
}

static void
on_output(void *owner, const char *ndjson, size_t n)
{
	route_command_output(owner, ndjson, n);
}

static void
on_done(void *owner, int code, const cJSON *result, const struct cw_err *err, const cJSON *detail)
{
	struct operation *op = owner;
	struct cw_err why = *err;

	(void)detail;
	if (code == CW_OK) {
		if (!is_plan(op))
			route_agent_get(op->r, cw_json_str(op->doc, "agent"), op->tenant)
			    ->counter++;
		finish_with(op, result);
	} else if (code == CW_EUNKNOWN && !is_plan(op)) {
		doubt(op, &why);
	} else {
		if (code == CW_EUNKNOWN)
			why.code = CW_EUNAVAILABLE; /* a plan changes nothing: ask again */
		finish(op, op->command->stopping ? ROUTE_CANCELLED : ROUTE_FAILED, NULL, &why);
	}
}

static int
send_it(struct operation *op, struct cw_err *err)
{
	static const struct route_run_events events = { on_output, on_done };
	struct route_script *s = op->script;
	char caller[CALLER_MAX];
	int64_t left = s->until_ms - route_unix(op->r);
	int code;

	(void)snprintf(caller, sizeof(caller), "API key %s", cw_json_str(op->doc, "key"));
	route_op_step_state(op, "running");
	code = route_call_script(&op->call, op->r,
	    &(struct cw_agents_script){ .tenant = op->tenant,
		.agent = cw_json_str(op->doc, "agent"),
		.id = op->id,
		.caller = caller,
		.plan = is_plan(op),
		.text = s->text,
		.apply = s->plan,
		.secrets = s->secrets,
		.not_after_ms = s->until_ms,
		.timeout_ms = (uint64_t)(left > 0 ? left : 1) },
	    &events, op, err);
	free_text(s);
	return code;
}

/* The intent is on the disk. */
static void
send_saved(struct operation *op)
{
	struct cw_err err = { 0 };

	if (send_it(op, &err) < 0)
		finish(op, ROUTE_FAILED, NULL, &err);
}

/* The key, which is the operation's own id, and what the journal was like before it was sent. */
static void
write_down(struct operation *op, const char *agent)
{
	const struct route_agent *a = route_agent_get(op->r, agent, op->tenant);
	cJSON *once = cJSON_CreateObject(), *ids = cJSON_CreateArray(), *one = cJSON_CreateObject();

	route_set_text(once, "id", op->id);
	route_set_text(once, "agent", agent);
	/* Not known yet: then a journal that has never seen it proves nothing. */
	route_set_text(once, "epoch", a->known ? a->epoch : "");
	route_set_number(once, "counter", a->known ? (double)a->counter : 0);
	route_set_number(once, "not_after_ms", (double)op->script->until_ms);
	route_set(op->private, "once", once);
	route_set_text(one, "agent", agent);
	route_set_text(one, "id", op->id);
	(void)cJSON_AddItemToArray(ids, one);
	route_set(op->private, "ids", ids);
}

static void
init(struct operation *op)
{
	if ((op->command = calloc(1, sizeof(*op->command))) == NULL ||
	    (op->script = calloc(1, sizeof(*op->script))) == NULL)
		abort(); /* see route_internal.h */
	route_output_init(&op->command->output, CW_ROUTE_OUTPUT_MAX);
	op->limit_ms = op->created_ms + (int64_t)CW_ROUTE_DEADLINE_MS;
}

static void
resume(struct operation *op)
{
	struct cw_err err = { 0 };

	init(op);
	if (is_plan(op)) {
		(void)cw_fail(&err, CW_EUNAVAILABLE,
		    "the bridge was restarted while it ran; a plan changes nothing: ask again");
		finish(op, ROUTE_FAILED, NULL, &err);
		return;
	}
	(void)cw_fail(&err, CW_EUNKNOWN, "the bridge was restarted while it ran");
	doubt(op, &err);
}

static void
expired(struct operation *op)
{
	struct cw_err err = { 0 };

	(void)cw_fail(
	    &err, CW_EUNKNOWN, "the agent did not come back within a day to say what became of it");
	finish(op, ROUTE_UNKNOWN, NULL, &err);
}

static int
may_cancel(const struct operation *op, struct cw_err *err)
{
	return op->state < ROUTE_SUCCEEDED
	    ? CW_OK
	    : cw_fail(err, CW_ECONFLICT, "it has ended already: %s", route_state_name(op->state));
}

static bool
cancel(struct operation *op)
{
	struct cw_err err = { 0 };

	op->command->stopping = true;
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

static void
free_script(struct operation *op)
{
	if (op->script != NULL)
		free_text(op->script);
	free(op->script);
	route_command_free(op);
}

const struct route_type route_script_type = { "script", resume, expired, may_cancel, cancel, NULL,
	ended, free_script };
const struct route_type route_plan_type = { "plan", resume, expired, may_cancel, cancel, NULL,
	ended, free_script };
const struct route_type route_apply_type = { "apply", resume, expired, may_cancel, cancel, NULL,
	ended, free_script };

/* --- its beginning */

/* What the ledger keeps of a script's text. */
static cJSON *
digest(const char *text)
{
	cJSON *o = cJSON_CreateObject();
	char sum[CW_SHA256_TEXT];

	if (cw_sha256_text(sum, text, strlen(text)) < 0)
		abort();
	route_set_text(o, "sha256", sum);
	route_set_number(o, "bytes", (double)strlen(text));
	return o;
}

static cJSON *
describe(const struct request *q, const cJSON *body)
{
	static const char *const kept[] = { "agent", "operation", "hash" };
	cJSON *o = cJSON_CreateObject();
	const char *text;

	if (q->text != NULL)
		route_set(o, "script", digest(q->text));
	for (size_t i = 0; i < CW_COUNT(kept); i++)
		if ((text = cw_json_str(body, kept[i])) != NULL)
			route_set_text(o, kept[i], text);
	if (q->plan_hash[0] != '\0')
		route_set_text(o, "hash", q->plan_hash);
	route_set_number(o, "timeout_s", (double)(q->timeout_ms / 1000));
	return o;
}

static int
begin(struct cw_route *r, char id[37], const char *tenant, const char *key, const cJSON *body,
    struct request *q, struct cw_err *err)
{
	struct operation *op;
	const char *agent;
	int code;

	if ((code = route_command_agent(r, &agent, tenant, q->agent, ROLE, "a script", err)) < 0)
		return code;
	if (r->active_n >= ROUTE_ACTIVE_MAX)
		return cw_fail(err, CW_EUNAVAILABLE,
		    "%u operations are under way, which is the most; try again later",
		    ROUTE_ACTIVE_MAX);
	op = route_op_new(r, q->type, q->id, tenant, q->type->name, key);
	init(op);
	op->durable = !is_plan(op);
	op->script->until_ms = op->created_ms + q->timeout_ms;
	if (q->text != NULL && (op->script->text = cw_strdup(q->text)) == NULL)
		abort(); /* see route_internal.h */
	op->script->plan = q->plan;
	q->plan = NULL;
	op->script->secrets = q->secrets != NULL ? route_copy(q->secrets) : NULL;
	route_set_text(op->doc, "agent", agent);
	route_op_add_step(op, "ad", q->type->name);
	route_set_text(route_op_step(op, 0), "agent", agent);
	route_op_state(op, ROUTE_RUNNING);
	memcpy(id, op->id, CW_UUID_TEXT);
	route_set(op->doc, "request", describe(q, body));
	if (!is_plan(op)) {
		write_down(op, agent);
		route_op_save(op, send_saved);
		return CW_OK;
	}
	if ((code = send_it(op, err)) < 0)
		route_op_free(op);
	else
		route_op_note(op);
	return code;
}

int
cw_route_script(struct cw_route *r, char id[37], const char *tenant, const char *key,
    const cJSON *body, struct cw_err *err)
{
	struct request q;
	int code;

	if ((code = read_script(&q, r, body, err)) < 0)
		return code;
	return begin(r, id, tenant, key, body, &q, err);
}

int
cw_route_apply(struct cw_route *r, char id[37], const char *tenant, const char *key,
    const cJSON *body, struct cw_err *err)
{
	struct request q;
	int code;

	if ((code = read_apply(&q, r, tenant, body, err)) == CW_OK)
		code = begin(r, id, tenant, key, body, &q, err);
	free(q.plan);
	return code;
}
