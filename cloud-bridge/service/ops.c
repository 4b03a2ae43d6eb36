/* SPDX-License-Identifier: Apache-2.0 */
#include "service/ops.h"

#include <string.h>

#include "agents/agents.h"
#include "base/err.h"
#include "graph/graph.h"
#include "route/route.h"

static const char *
find(void *arg, const char *tenant, const char *role)
{
	const struct cw_bridge_directories *d = arg;

	return cw_agents_find(d->agents, tenant, role);
}

static bool
connected(void *arg, const char *agent)
{
	const struct cw_bridge_directories *d = arg;
	struct cw_agents_status status;

	cw_agents_status(d->agents, agent, &status);
	return status.connected;
}

static int
seal_key(void *arg, const char *agent, uint8_t ret[32], struct cw_err *err)
{
	const struct cw_bridge_directories *d = arg;
	struct cw_agents_status status;

	cw_agents_status(d->agents, agent, &status);
	if (!status.connected)
		return cw_fail(err, CW_EUNAVAILABLE, "agent %s is not connected", agent);
	memcpy(ret, status.seal_key, sizeof(status.seal_key));
	return CW_OK;
}

static int
run(void *arg, struct cw_agents_run **ret, const struct cw_agents_command *command,
    const struct cw_agents_events *events, void *events_arg, struct cw_err *err)
{
	const struct cw_bridge_directories *d = arg;

	return cw_agents_run(ret, d->agents, command, events, events_arg, err);
}

static int
script(void *arg, struct cw_agents_run **ret, const struct cw_agents_script *s,
    const struct cw_agents_events *events, void *events_arg, struct cw_err *err)
{
	const struct cw_bridge_directories *d = arg;

	return cw_agents_script(ret, d->agents, s, events, events_arg, err);
}

static void
run_pause(void *arg, struct cw_agents_run *r)
{
	(void)arg;
	cw_agents_run_pause(r);
}

static void
run_resume(void *arg, struct cw_agents_run *r)
{
	(void)arg;
	cw_agents_run_resume(r);
}

static void
run_stop(void *arg, struct cw_agents_run *r)
{
	(void)arg;
	cw_agents_run_stop(r);
}

static int
query(void *arg, const char *agent, const char *const *ids, size_t n, cw_agents_answered *answered,
    void *answered_arg, struct cw_err *err)
{
	const struct cw_bridge_directories *d = arg;

	return cw_agents_query(d->agents, agent, ids, n, answered, answered_arg, err);
}

static int
forget(void *arg, const char *agent, const char *const *ids, size_t n, cw_agents_answered *answered,
    void *answered_arg, struct cw_err *err)
{
	const struct cw_bridge_directories *d = arg;

	return cw_agents_forget(d->agents, agent, ids, n, answered, answered_arg, err);
}

static int
graph(void *arg, struct cw_graph_call **ret, const struct cw_graph_request *request,
    cw_graph_done *done, void *done_arg, struct cw_err *err)
{
	const struct cw_bridge_directories *d = arg;

	return cw_graph_send(ret, d->graph, request, done, done_arg, err);
}

static void
graph_cancel(void *arg, struct cw_graph_call *call)
{
	(void)arg;
	cw_graph_cancel(call);
}

static void
graph_on_retry(void *arg, struct cw_graph_call *call,
    void (*retry)(void *arg, unsigned attempt, uint64_t delay_ms, const char *why), void *retry_arg)
{
	(void)arg;
	cw_graph_on_retry(call, retry, retry_arg);
}

void
cw_bridge_ops(struct cw_route_ops *ret, struct cw_bridge_directories *d)
{
	*ret = (struct cw_route_ops){
		.arg = d,
		.find = find,
		.connected = connected,
		.seal_key = seal_key,
		.run = run,
		.script = script,
		.run_pause = run_pause,
		.run_resume = run_resume,
		.run_stop = run_stop,
		.query = query,
		.forget = forget,
		.graph = graph,
		.graph_cancel = graph_cancel,
		.graph_on_retry = graph_on_retry,
	};
}
