/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests under way. Each has a small object of its own that lives until its answer: an operation
 * that is cancelled, or a router that closes, only cuts the string.
 */
#include <stdlib.h>

#include "route/route_internal.h"

struct route_call {
	LIST_ENTRY(route_call) link; /* in r->calls, while r is there */
	struct cw_route *r; /* NULL: closed */
	void *owner; /* NULL: nobody waits */
	struct route_call **at; /* the owner's pointer to this */
	struct route_run_events events;
	route_answered *answered;
	route_graph_done *graph_done;
	route_graph_retry *graph_retry;
	struct cw_agents_run *run;
	struct cw_graph_call *graph;
	bool read; /* a run that is worth nothing without its owner */
};

static struct route_call *
call_new(struct cw_route *r, struct route_call **at, void *owner, struct cw_err *err)
{
	struct route_call *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)cw_fail(err, CW_ENOMEM, "out of memory");
		return NULL;
	}
	c->r = r;
	c->owner = owner;
	c->at = at;
	LIST_INSERT_HEAD(&r->calls, c, link);
	return c;
}

static int
call_sent(struct route_call *c, struct route_call **at, int code)
{
	if (code < 0) {
		LIST_REMOVE(c, link);
		free(c);
		return code;
	}
	*at = c;
	return CW_OK;
}

/* Takes the call apart. Returns who waits for it, or NULL. */
static void *
call_over(struct route_call *c)
{
	void *owner = c->owner;

	if (c->r != NULL)
		LIST_REMOVE(c, link);
	if (owner != NULL)
		*c->at = NULL;
	return owner;
}

static void
on_output(void *arg, const char *ndjson, size_t n)
{
	struct route_call *c = arg;

	if (c->owner != NULL && c->events.output != NULL)
		c->events.output(c->owner, ndjson, n);
}

static void
on_done(void *arg, int code, const cJSON *result, const struct cw_err *err, const cJSON *detail)
{
	struct route_call *c = arg;
	struct route_run_events events = c->events;
	void *owner = call_over(c);

	free(c);
	if (owner != NULL)
		events.done(owner, code, result, err, detail);
}

int
route_call_run(struct route_call **at, struct cw_route *r, const struct cw_agents_command *command,
    const struct route_run_events *events, void *owner, struct cw_err *err)
{
	static const struct cw_agents_events agents_events = { on_output, on_done };
	struct route_call *c = call_new(r, at, owner, err);

	if (c == NULL)
		return CW_ENOMEM;
	c->events = *events;
	c->read = !command->write;
	return call_sent(c, at, r->ops.run(r->ops.arg, &c->run, command, &agents_events, c, err));
}

int
route_call_script(struct route_call **at, struct cw_route *r, const struct cw_agents_script *script,
    const struct route_run_events *events, void *owner, struct cw_err *err)
{
	static const struct cw_agents_events agents_events = { on_output, on_done };
	struct route_call *c;

	if (r->ops.script == NULL)
		return cw_fail(err, CW_EUNAVAILABLE, "this bridge runs no scripts");
	if ((c = call_new(r, at, owner, err)) == NULL)
		return CW_ENOMEM;
	c->events = *events;
	c->read = script->plan;
	return call_sent(c, at, r->ops.script(r->ops.arg, &c->run, script, &agents_events, c, err));
}

static void
on_answered(void *arg, int code, const cJSON *answer, const struct cw_err *err)
{
	struct route_call *c = arg;
	route_answered *answered = c->answered;
	void *owner = call_over(c);

	free(c);
	if (owner != NULL)
		answered(owner, code, answer, err);
}

int
route_call_query(struct route_call **at, struct cw_route *r, bool forget, const char *agent,
    const char *const *ids, size_t n, route_answered *answered, void *owner, struct cw_err *err)
{
	struct route_call *c = call_new(r, at, owner, err);

	if (c == NULL)
		return CW_ENOMEM;
	c->answered = answered;
	return call_sent(c, at,
	    (forget ? r->ops.forget : r->ops.query)(
		r->ops.arg, agent, ids, n, on_answered, c, err));
}

static void
on_graph(void *arg, const struct cw_graph_response *response, const struct cw_err *err)
{
	struct route_call *c = arg;
	route_graph_done *done = c->graph_done;
	void *owner = call_over(c);

	free(c);
	if (owner != NULL)
		done(owner, response, err);
}

static void
on_graph_retry(void *arg, unsigned attempt, uint64_t delay_ms, const char *why)
{
	struct route_call *c = arg;

	(void)attempt, (void)delay_ms;
	c->graph_retry(c->owner, why);
}

int
route_call_graph(struct route_call **at, struct cw_route *r, const struct cw_graph_request *request,
    route_graph_done *done, route_graph_retry *retry, void *owner, struct cw_err *err)
{
	struct route_call *c = call_new(r, at, owner, err);
	int code;

	if (c == NULL)
		return CW_ENOMEM;
	c->graph_done = done;
	c->graph_retry = retry;
	code = call_sent(c, at, r->ops.graph(r->ops.arg, &c->graph, request, on_graph, c, err));
	if (code == CW_OK && r->ops.graph_on_retry != NULL)
		r->ops.graph_on_retry(r->ops.arg, c->graph, on_graph_retry, c);
	return code;
}

void
route_call_pause(struct route_call *c, bool pause)
{
	if (c != NULL && c->run != NULL)
		(pause ? c->r->ops.run_pause : c->r->ops.run_resume)(c->r->ops.arg, c->run);
}

void
route_call_stop(struct route_call *c)
{
	if (c != NULL && c->run != NULL)
		c->r->ops.run_stop(c->r->ops.arg, c->run);
}

/* Graph forgets a call at once; an agent answers in any case, if only that it is gone. */
static void
cut(struct route_call *c)
{
	c->owner = NULL;
	if (c->graph != NULL) {
		c->r->ops.graph_cancel(c->r->ops.arg, c->graph);
		LIST_REMOVE(c, link);
		free(c);
	} else if (c->run != NULL && c->read) {
		c->r->ops.run_stop(c->r->ops.arg, c->run);
	}
}

void
route_call_drop(struct route_call **at)
{
	if (*at != NULL)
		cut(*at);
	*at = NULL;
}

void
route_calls_close(struct cw_route *r)
{
	struct route_call *c;

	while ((c = LIST_FIRST(&r->calls)) != NULL) {
		if (c->graph != NULL) {
			cut(c);
			continue;
		}
		LIST_REMOVE(c, link);
		c->owner = NULL;
		c->r = NULL;
	}
}
