/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command that does no harm when it is done again: a read, or the start of a sync cycle. It waits
 * for an agent and is repeated until there is an answer, or until the operation's limit.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "catalogue/catalogue.h"
#include "os/random.h"
#include "route/route_internal.h"

#define WAIT_FIRST_MS 500u
#define WAIT_MOST_MS 15000u
#define WAIT_AGENT_MS 60000u /* its connection ends the wait */
#define OUTPUT_MAX (256u * 1024u) /* bytes; all that is asked here is about one object */

static void go(struct operation *op);

static void
again(struct operation *op, const struct cw_err *why)
{
	route_op_wait(op, route_backoff(op->tries++, WAIT_FIRST_MS, WAIT_MOST_MS), true, go,
	    CW_EUNAVAILABLE, "%s", why->text);
}

static void
done(struct operation *op, const cJSON *result, const struct cw_err *err)
{
	op->tries = 0;
	op->ask.done(op, result, err);
}

static void
on_output(void *owner, const char *ndjson, size_t n)
{
	struct operation *op = owner;

	route_output_feed(&op->ask.output, ndjson, n);
}

static void
on_done(void *owner, int code, const cJSON *result, const struct cw_err *err, const cJSON *detail)
{
	struct operation *op = owner;
	struct cw_err why = *err;

	(void)detail;
	route_output_end(&op->ask.output);
	if (cw_catalogue_find(op->ask.command)->write)
		route_agent_forget(route_agent_get(op->r, op->ask.agent, op->tenant), op->ask.id);
	if (code == CW_OK)
		code = route_fault(&why, result);
	switch (code) {
	case CW_EUNAVAILABLE:
	case CW_EUNKNOWN:
	case CW_ETIMEOUT:
	case CW_EEXPIRED:
	case CW_ECONFLICT: again(op, &why); break;
	default: done(op, result, &why);
	}
}

static void
go(struct operation *op)
{
	static const struct route_run_events events = { on_output, on_done };
	const char *server = cw_json_str(cw_json_get(op->private, "ad"), "server");
	const struct cw_catalogue_command *entry = cw_catalogue_find(op->ask.command);
	struct cw_route *r = op->r;
	struct route_ask *k = &op->ask;
	const char *agent = k->agent;
	struct cw_err err = { 0 };
	char step[24], why[CW_ERR_TEXT_MAX];
	int code;

	if (agent[0] == '\0' || !r->ops.connected(r->ops.arg, agent))
		agent = r->ops.find(r->ops.arg, op->tenant, entry->role);
	if (agent == NULL) {
		route_no_agent(r, why, sizeof(why), op->tenant, entry->role);
		route_op_wait(op, WAIT_AGENT_MS, true, go, CW_EUNAVAILABLE, "%s", why);
		return;
	}
	route_copy_id(k->agent, agent);
	cw_random_uuid(k->id);
	(void)snprintf(step, sizeof(step), "%zu", op->at + 1);
	route_output_free(&k->output);
	route_output_init(&k->output, OUTPUT_MAX);
	route_set_text(route_op_step(op, op->at), "agent", k->agent);
	route_op_goes_on(op);
	if (k->sending != NULL)
		k->sending(op);
	code = route_call_run(&op->call, r,
	    &(struct cw_agents_command){ .tenant = op->tenant,
		.agent = k->agent,
		.id = k->id,
		.operation = op->id,
		.step = step,
		.command = k->command,
		.parameters = k->parameters,
		.domain_controller = k->server ? server : NULL,
		.write = entry->write,
		.not_after_ms = route_unix(r) + (int64_t)ROUTE_NOT_AFTER_MS,
		.timeout_ms = ROUTE_RUN_MS },
	    &events, op, &err);
	if (code == CW_EUNAVAILABLE || code == CW_ENOMEM)
		again(op, &err);
	else if (code < 0)
		done(op, NULL, &err);
}

void
route_ask(struct operation *op, const char *command, cJSON *parameters, const char *agent,
    bool server, void (*sending)(struct operation *op),
    void (*done_cb)(struct operation *op, const cJSON *result, const struct cw_err *err))
{
	struct route_ask *k = &op->ask;

	cJSON_Delete(k->parameters);
	k->command = command;
	k->parameters = parameters;
	route_copy_id(k->agent, agent != NULL ? agent : "");
	k->server = server;
	k->sending = sending;
	k->done = done_cb;
	go(op);
}
