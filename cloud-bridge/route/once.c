/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command that is done at most once. Its key is on our disk before it is sent and in the agent's
 * journal before it runs; after a break the journal says what became of it. The same key is sent
 * again only where the journal is whole and has never seen it.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "catalogue/catalogue.h"
#include "os/random.h"
#include "route/route_internal.h"

#define WAIT_FIRST_MS 500u
#define WAIT_MOST_MS 30000u
#define WAIT_AGENT_MS 60000u /* its connection ends the wait */
#define IDS_MAX 8 /* keys that are remembered, for the agent to forget at the end */
#define LEAST_MS 1000 /* for an answer, even when its time is nearly over */

static void go(struct operation *op);
static void send_it(struct operation *op);

static void
end(struct operation *op, enum route_end what, const cJSON *result, const struct cw_err *err)
{
	op->once.doubt = false;
	op->tries = 0;
	op->once.owner->ended(op, what, result, err);
}

/* --- asking the journal */

/* Its agent is away, another is here, and what was not begun by now never will be. */
static bool
is_abandoned(const struct operation *op)
{
	const struct route_once *o = &op->once;
	const struct cw_route_ops *ops = &op->r->ops;

	return o->owner->settles && !ops->connected(ops->arg, o->agent) &&
	    route_unix(op->r) > o->not_after_ms + (int64_t)ROUTE_RUN_MS &&
	    ops->find(ops->arg, op->tenant, cw_catalogue_find(o->command)->role) != NULL;
}

static void
ask(struct operation *op)
{
	struct cw_err err = { .code = CW_EUNKNOWN,
		.text = "the agent did not come back to say what became of it" };

	if (is_abandoned(op)) {
		end(op, ROUTE_END_DOUBT, NULL, &err);
		return;
	}
	op->once.unasked = true;
	route_agent_ask(route_agent_get(op->r, op->once.agent, op->tenant));
	/* If no answer comes, once more. */
	route_op_later(op, WAIT_MOST_MS, ask);
}

static void
in_doubt(struct operation *op, const struct cw_err *err)
{
	bool here = op->r->ops.connected(op->r->ops.arg, op->once.agent);

	op->once.doubt = true;
	/* When an agent connects it is asked for all that is in doubt. */
	route_op_wait(op, here ? 0 : WAIT_MOST_MS, false, ask, CW_EUNKNOWN, "%s; %s", err->text,
	    here ? "asking the agent's journal what became of it"
		 : "waiting for the agent, to ask its journal what became of it");
}

/* A journal that has never seen the key: is that worth anything? */
static void
never(struct operation *op, const struct route_agent *a)
{
	struct route_once *o = &op->once;
	struct cw_err err;

	if (!cw_streq(a->epoch, o->epoch) || a->counter < o->counter) {
		(void)cw_fail(&err, CW_EUNKNOWN,
		    "the agent's journal was set back (its server was restored, or the agent "
		    "installed anew), so it cannot tell whether this was done");
		end(op, ROUTE_END_DOUBT, NULL, &err);
	} else if (o->refusal.code < 0) {
		err = o->refusal;
		end(op, ROUTE_END_REFUSED, NULL, &err);
	} else if (o->stopped || route_unix(op->r) >= o->not_after_ms) {
		(void)cw_fail(&err, CW_EEXPIRED,
		    "it never reached the agent, and its time has passed: nothing was done");
		end(op, ROUTE_END_NEVER, NULL, &err);
	} else {
		o->doubt = false;
		route_op_goes_on(op);
		send_it(op);
	}
}

void
route_once_answer(struct operation *op, const cJSON *entry, const struct route_agent *a)
{
	const char *state = cw_json_str(entry, "state"), *output = cw_json_str(entry, "output");
	const cJSON *result = cw_json_get(entry, "result");
	struct cw_err err = { 0 };

	route_op_still(op);
	if (cw_json_true(entry, "omitted") && !op->once.alone) { /* not with the others */
		op->once.alone = true;
		ask(op);
	} else if (cw_streq(state, "never")) {
		never(op, a);
	} else if (cw_streq(state, "running")) {
		route_op_wait(op, route_backoff(op->tries++, WAIT_FIRST_MS, WAIT_MOST_MS), false,
		    ask, CW_EUNKNOWN, "the connection broke; the agent is still at it");
	} else if (cw_streq(state, "done") || cw_streq(state, "failed")) {
		if (output != NULL && op->once.owner->output != NULL)
			op->once.owner->output(op, output, strlen(output));
		if (cw_streq(state, "failed"))
			(void)route_fault(&err, result);
		end(op, cw_streq(state, "done") ? ROUTE_END_DONE : ROUTE_END_FAILED, result, &err);
	} else {
		(void)cw_fail(&err, CW_EUNKNOWN,
		    "the agent was interrupted while it ran, and does not know whether it was "
		    "done");
		end(op, ROUTE_END_DOUBT, entry, &err); /* which says on which controller */
	}
}

/* --- sending */

static void
on_output(void *owner, const char *ndjson, size_t n)
{
	struct operation *op = owner;

	if (op->once.owner->output != NULL)
		op->once.owner->output(op, ndjson, n);
}

static void
on_done(void *owner, int code, const cJSON *result, const struct cw_err *err, const cJSON *detail)
{
	struct operation *op = owner;
	struct cw_err why = *err;

	(void)detail;
	switch (code) {
	case CW_OK:
		route_agent_get(op->r, op->once.agent, op->tenant)->counter++;
		code = route_fault(&why, result);
		end(op, code == CW_OK ? ROUTE_END_DONE : ROUTE_END_FAILED, result, &why);
		break;
	case CW_EUNAVAILABLE: /* it did not begin */
		if (op->once.stopped) {
			end(op, ROUTE_END_NEVER, NULL, &why);
			break;
		}
		route_op_wait(op, route_backoff(op->tries++, WAIT_FIRST_MS, WAIT_MOST_MS), false,
		    go, code, "%s", why.text);
		break;
	case CW_EEXPIRED: end(op, ROUTE_END_NEVER, NULL, &why); break;
	case CW_EDENIED:
	case CW_EINVAL:
	case CW_EAUTH:
	case CW_ENOTFOUND: end(op, ROUTE_END_REFUSED, NULL, &why); break;
	default:
		/* Words that leave it open whether it ran: the journal knows. */
		if (code != CW_EUNKNOWN && code != CW_ECONFLICT)
			op->once.refusal = why;
		in_doubt(op, &why);
	}
}

static void
send_it(struct operation *op)
{
	static const struct route_run_events events = { on_output, on_done };
	const char *server = cw_json_str(cw_json_get(op->private, "ad"), "server");
	struct route_once *o = &op->once;
	int64_t left = o->not_after_ms - route_unix(op->r);
	struct cw_err err = { 0 };
	cJSON *parameters;
	char step[24];
	int r;

	o->refusal.code = CW_OK;
	if ((parameters = o->owner->parameters(op, &err)) == NULL) {
		if (err.code == CW_EUNAVAILABLE)
			route_op_wait(op, route_backoff(op->tries++, WAIT_FIRST_MS, WAIT_MOST_MS),
			    true, go, err.code, "%s", err.text);
		else
			end(op, err.code == CW_EAGAIN ? ROUTE_END_NEVER : ROUTE_END_REFUSED, NULL,
			    &err);
		return;
	}
	(void)snprintf(step, sizeof(step), "%zu", op->at + 1);
	r = route_call_run(&op->call, op->r,
	    &(struct cw_agents_command){ .tenant = op->tenant,
		.agent = o->agent,
		.id = o->id,
		.operation = op->id,
		.step = step,
		.command = o->command,
		.parameters = parameters,
		.domain_controller = o->server ? server : NULL,
		.write = true,
		.not_after_ms = o->not_after_ms,
		.timeout_ms = o->until_ms == 0 ? ROUTE_RUN_MS
		    : left > LEAST_MS          ? (uint64_t)left
					       : LEAST_MS },
	    &events, op, &err);
	cJSON_Delete(parameters);
	if (r == CW_EUNAVAILABLE || r == CW_ENOMEM)
		route_op_wait(op, route_backoff(op->tries++, WAIT_FIRST_MS, WAIT_MOST_MS), true, go,
		    r, "%s", err.text);
	else if (r < 0)
		end(op, ROUTE_END_REFUSED, NULL, &err);
}

/* The key and what the journal was like when it was sent. */
static void
write_down(struct operation *op)
{
	cJSON *once = cJSON_CreateObject(), *ids = (cJSON *)cw_json_get(op->private, "ids"), *one;
	struct route_once *o = &op->once;

	route_set_text(once, "id", o->id);
	route_set_text(once, "agent", o->agent);
	route_set_text(once, "epoch", o->epoch);
	route_set_number(once, "counter", (double)o->counter);
	route_set_number(once, "not_after_ms", (double)o->not_after_ms);
	route_set(once, "server", cJSON_CreateBool(o->server));
	route_set(op->private, "once", once);
	if (ids == NULL) {
		route_set(op->private, "ids", cJSON_CreateArray());
		ids = (cJSON *)cw_json_get(op->private, "ids");
	}
	one = cJSON_CreateObject();
	route_set_text(one, "agent", o->agent);
	route_set_text(one, "id", o->id);
	(void)cJSON_AddItemToArray(ids, one);
	if (cJSON_GetArraySize(ids) > IDS_MAX) { /* its outcome is settled: there is a newer one */
		one = cJSON_DetachItemFromArray(ids, 0);
		route_agent_forget(route_agent_get(op->r, cw_json_str(one, "agent"), op->tenant),
		    cw_json_str(one, "id"));
		cJSON_Delete(one);
	}
}

/* A wait, but not past the command's own end. */
static uint64_t
until(const struct operation *op, uint64_t delay_ms)
{
	int64_t left = op->once.until_ms - route_unix(op->r);

	if (op->once.until_ms == 0 || left >= (int64_t)delay_ms)
		return delay_ms;
	return left > 0 ? (uint64_t)left : 0;
}

/* Finds the agent, waits for it where it must, writes the intent down, sends. */
static void
go(struct operation *op)
{
	struct route_once *o = &op->once;
	struct cw_route *r = op->r;
	const char *role = cw_catalogue_find(o->command)->role, *agent = o->agent;
	char why[CW_ERR_TEXT_MAX];
	struct cw_err err = { 0 };
	struct route_agent *a;

	if (o->until_ms != 0 && route_unix(r) >= o->until_ms) {
		(void)cw_fail(&err, CW_EEXPIRED,
		    "it could not be sent to the agent in time: nothing was done");
		end(op, ROUTE_END_NEVER, NULL, &err);
		return;
	}
	if (agent[0] == '\0' || (!o->fixed && !r->ops.connected(r->ops.arg, agent)))
		agent = r->ops.find(r->ops.arg, op->tenant, role);
	if (agent == NULL || !r->ops.connected(r->ops.arg, agent)) {
		if (o->fixed)
			(void)snprintf(why, sizeof(why), "the agent is not connected");
		else
			route_no_agent(r, why, sizeof(why), op->tenant, role);
		route_op_wait(op, until(op, WAIT_AGENT_MS), true, go, CW_EUNAVAILABLE, "%s", why);
		return;
	}
	a = route_agent_get(r, agent, op->tenant);
	if (!a->known) {
		op->wants_agent = true;
		route_op_later(op, until(op, WAIT_MOST_MS), go);
		route_agent_ask(a);
		return;
	}
	if (o->id[0] != '\0' && cw_streq(o->agent, agent)) { /* it was not taken there: again */
		route_op_goes_on(op);
		send_it(op);
		return;
	}
	cw_random_uuid(o->id);
	route_copy_id(o->agent, agent);
	memcpy(o->epoch, a->epoch, sizeof(o->epoch));
	o->counter = a->counter;
	o->not_after_ms =
	    o->until_ms != 0 ? o->until_ms : route_unix(r) + (int64_t)ROUTE_NOT_AFTER_MS;
	if (op->type->writes != NULL)
		op->type->writes(op);
	write_down(op);
	route_set_text(route_op_step(op, op->at), "agent", o->agent);
	route_op_goes_on(op);
	route_op_save(op, send_it);
}

void
route_once_start(struct operation *op, const struct route_once_owner *owner, const char *command,
    const char *agent, bool fixed, bool server, int64_t until_ms)
{
	struct route_once *o = &op->once;

	memset(o, 0, sizeof(*o));
	o->owner = owner;
	o->command = command;
	route_copy_id(o->agent, agent);
	o->fixed = fixed;
	o->server = server;
	o->until_ms = until_ms;
	go(op);
}

static bool
load(struct operation *op, const struct route_once_owner *owner, const char *command)
{
	const cJSON *once = cw_json_get(op->private, "once");
	const char *id = cw_json_str(once, "id"), *agent = cw_json_str(once, "agent");
	const char *epoch = cw_json_str(once, "epoch");
	struct route_once *o = &op->once;

	memset(o, 0, sizeof(*o));
	if (id == NULL || agent == NULL || epoch == NULL ||
	    !cw_json_int(once, "counter", &o->counter) ||
	    !cw_json_int(once, "not_after_ms", &o->not_after_ms))
		return false;
	o->owner = owner;
	o->command = command;
	o->fixed = true;
	o->server = cw_json_true(once, "server");
	route_copy_id(o->id, id);
	route_copy_id(o->agent, agent);
	(void)snprintf(o->epoch, sizeof(o->epoch), "%s", epoch);
	return true;
}

bool
route_once_resume(struct operation *op, const struct route_once_owner *owner, const char *command)
{
	struct cw_err err = { .text = "the bridge was restarted while it ran" };

	if (!load(op, owner, command))
		return false;
	in_doubt(op, &err);
	return true;
}

bool
route_once_doubt(struct operation *op, const struct route_once_owner *owner, const char *command,
    const struct cw_err *why)
{
	if (!load(op, owner, command))
		return false;
	op->once.stopped = true;
	in_doubt(op, why);
	return true;
}

void
route_once_forget(const struct operation *op)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, cw_json_get(op->private, "ids"))
		route_agent_forget(route_agent_get(op->r, cw_json_str(one, "agent"), op->tenant),
		    cw_json_str(one, "id"));
}
