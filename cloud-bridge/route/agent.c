/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the router knows of the agents' journals: their epoch and counter, what became of the
 * commands in doubt, and which results an agent need not keep any longer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "route/route_internal.h"

#define ASK_FIRST_MS 500u
#define ASK_MOST_MS 10000u
#define FORGET_MS 500u /* results are forgotten together */
#define FORGET_MAX 1024u /* more than that are left to the journal's own end */

static void
on_retry(void *owner)
{
	route_agent_ask(owner);
}

static void forget_now(void *owner);

struct route_agent *
route_agent_get(struct cw_route *r, const char *id, const char *tenant)
{
	struct route_agent **at = &r->agents[route_bucket(id)], *a = *at;

	while (a != NULL && !cw_streq(a->id, id))
		a = a->next;
	if (a != NULL)
		return a;
	if ((a = calloc(1, sizeof(*a))) == NULL)
		abort(); /* see route_internal.h */
	a->r = r;
	route_copy_id(a->id, id);
	route_copy_id(a->tenant, tenant);
	a->retry.fire = on_retry;
	a->forget_timer.fire = forget_now;
	a->retry.owner = a->forget_timer.owner = a;
	a->next = *at;
	*at = a;
	return a;
}

void
route_agents_free(struct cw_route *r)
{
	struct route_agent *a;

	for (size_t i = 0; i < ROUTE_BUCKETS; i++)
		while ((a = r->agents[i]) != NULL) {
			r->agents[i] = a->next;
			free(a->forget);
			free(a);
		}
}

void
cw_route_agent_connected(struct cw_route *r, const char *agent, const char *tenant)
{
	struct route_agent *a = route_agent_get(r, agent, tenant);
	struct operation *op;

	a->known = false;
	route_call_drop(&a->asking);
	TAILQ_FOREACH (op, &r->active, link)
		op->once.unasked |= op->once.doubt && cw_streq(op->once.agent, agent);
	route_agent_ask(a);
	if (a->forget_n > 0)
		route_timer_set(r, &a->forget_timer, FORGET_MS);
	route_agents_wake(r, tenant);
}

void
cw_route_roles_changed(struct cw_route *r, const char *tenant)
{
	route_agents_wake(r, tenant);
}

/* --- asking */

static bool
is_here(const struct route_agent *a)
{
	return a->r->ops.connected(a->r->ops.arg, a->id);
}

static struct operation *
find_command(const struct cw_route *r, const char *agent, const char *id)
{
	struct operation *op;

	TAILQ_FOREACH (op, &r->active, link)
		if (op->once.doubt && cw_streq(op->once.id, id) && cw_streq(op->once.agent, agent))
			return op;
	return NULL;
}

/* A counter that went back: the journal is an older one, and what it has not seen may have been
 * done. Nothing that was sent before is taken for "never". */
static void
was_set_back(struct route_agent *a)
{
	struct operation *op;

	TAILQ_FOREACH (op, &a->r->active, link)
		if (op->once.doubt && cw_streq(op->once.agent, a->id) &&
		    op->once.counter < a->counter)
			op->once.counter = a->counter;
}

static void
asked(void *owner, int code, const cJSON *answer, const struct cw_err *err)
{
	struct route_agent *a = owner;
	const char *epoch = cw_json_str(answer, "epoch");
	const cJSON *entry;
	int64_t counter;

	(void)err;
	if (code < 0 || epoch == NULL || strlen(epoch) >= sizeof(a->epoch) ||
	    !cw_json_int(answer, "counter", &counter)) {
		if (is_here(a)) /* else it is asked when it is back */
			route_timer_set(
			    a->r, &a->retry, route_backoff(3, ASK_FIRST_MS, ASK_MOST_MS));
		return;
	}
	if (cw_streq(a->epoch, epoch) && counter < a->counter)
		was_set_back(a);
	(void)snprintf(a->epoch, sizeof(a->epoch), "%s", epoch);
	a->counter = counter;
	cJSON_ArrayForEach (entry, cw_json_get(answer, "commands")) {
		const char *id = cw_json_str(entry, "id");
		struct operation *op = id != NULL ? find_command(a->r, a->id, id) : NULL;

		if (op != NULL)
			route_once_answer(op, entry, a);
	}
	if (!a->known) {
		a->known = true;
		route_agents_wake(a->r, a->tenant);
	}
	if (a->again)
		route_agent_ask(a);
}

void
route_agent_ask(struct route_agent *a)
{
	const char *ids[CW_AGENTS_IDS_MAX];
	struct operation *op;
	struct cw_err err;
	size_t n = 0;

	if (a->asking != NULL) {
		a->again = true;
		return;
	}
	a->again = false;
	TAILQ_FOREACH (op, &a->r->active, link) {
		if (!op->once.doubt || !op->once.unasked || !cw_streq(op->once.agent, a->id))
			continue;
		/* The rest when these are answered. */
		if (n == CW_AGENTS_IDS_MAX || (op->once.alone && n > 0)) {
			a->again = true;
			continue;
		}
		op->once.unasked =
		    false; /* an answer that does not come is asked for again there */
		ids[n++] = op->once.id;
		if (op->once.alone) {
			a->again = true;
			break;
		}
	}
	if (n == 0 && a->known)
		return;
	if (route_call_query(&a->asking, a->r, false, a->id, ids, n, asked, a, &err) < 0 &&
	    is_here(a))
		route_timer_set(a->r, &a->retry, route_backoff(3, ASK_FIRST_MS, ASK_MOST_MS));
}

/* --- forgetting */

static void
forgotten(void *owner, int code, const cJSON *answer, const struct cw_err *err)
{
	struct route_agent *a = owner;

	(void)answer, (void)err;
	if (code == CW_OK) {
		a->forget_n -= a->forgetting_n;
		memmove(a->forget, a->forget + a->forgetting_n, a->forget_n * sizeof(*a->forget));
		if (a->forget_n > 0)
			route_timer_set(a->r, &a->forget_timer, 0);
	}
	a->forgetting_n = 0; /* what failed is said again with the next ones */
}

static void
forget_now(void *owner)
{
	struct route_agent *a = owner;
	const char *ids[CW_AGENTS_IDS_MAX];
	struct cw_err err;
	size_t n = 0;

	if (a->forgetting != NULL || !is_here(a))
		return;
	for (; n < a->forget_n && n < CW_AGENTS_IDS_MAX; n++)
		ids[n] = a->forget[n];
	if (n > 0 &&
	    route_call_query(&a->forgetting, a->r, true, a->id, ids, n, forgotten, a, &err) ==
		CW_OK)
		a->forgetting_n = n;
}

void
route_agent_forget(struct route_agent *a, const char *command)
{
	if (a->forget == NULL && (a->forget = calloc(FORGET_MAX, sizeof(*a->forget))) == NULL)
		return;
	if (a->forget_n == FORGET_MAX)
		return;
	route_copy_id(a->forget[a->forget_n++], command);
	if (a->forget_timer.slot == 0)
		route_timer_set(a->r, &a->forget_timer, FORGET_MS);
}
