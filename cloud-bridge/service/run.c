/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway-bridge run: what there is, started in order, and stopped the other way round.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <uv.h>

#include "agents/agents.h"
#include "agents/ca.h"
#include "api/api.h"
#include "api/web.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "graph/graph.h"
#include "ledger/agents.h"
#include "ledger/ledger.h"
#include "os/clock.h"
#include "os/file.h"
#include "route/route.h"
#include "service/commands.h"
#include "service/config.h"
#include "service/ops.h"
#include "service/state.h"

#define ANSWERS_MS 1000u /* that the last answers have to go out when it stops */
#define STOP_MS 8000u /* for all of it; then the process ends as it is, which loses nothing */
#define POLL_MS 20u
#define FILES 8192u /* open at once: 2,000 of the web front, and the agents */

struct bridge {
	uv_loop_t loop;
	struct cw_bridge_config config;
	const char *state, *ready_file;
	struct cw_ca ca;
	struct cw_ledger *ledger;
	struct cw_graph *graph;
	struct cw_agents *agents;
	struct cw_route *route;
	struct cw_api *api;
	struct cw_web *web;
	struct cw_bridge_directories directories;
	uv_signal_t term, interrupt;
	uv_timer_t timer; /* while it stops */
	uint64_t stopping_ms; /* since then; 0: it does not */
	unsigned step; /* of stopping */
};

/* --- stopping */

static void next(void *arg);

static void
close_web(struct bridge *b)
{
	cw_web_close(b->web, next, b);
}

static void
close_api(struct bridge *b)
{
	cw_api_close(b->api, next, b);
}

static void
close_route(struct bridge *b)
{
	cw_route_close(b->route, next, b);
}

static void
close_agents(struct bridge *b)
{
	cw_agents_close(b->agents, next, b);
}

static void
close_graph(struct bridge *b)
{
	cw_graph_close(b->graph, next, b);
}

static void
close_ledger(struct bridge *b)
{
	cw_ledger_close(b->ledger, next, b);
}

/* The next thing that was started is closed; when it has closed, the one before it. */
static void
next(void *arg)
{
	struct bridge *b = arg;
	const struct {
		const void *started;
		void (*close)(struct bridge *b);
	} steps[] = {
		{ b->web, close_web },
		{ b->api, close_api },
		{ b->route, close_route },
		{ b->agents, close_agents },
		{ b->graph, close_graph },
		{ b->ledger, close_ledger },
	};

	while (b->step < CW_COUNT(steps)) {
		unsigned i = b->step++;

		if (steps[i].started != NULL) {
			steps[i].close(b);
			return;
		}
	}
	uv_close((uv_handle_t *)&b->timer, NULL);
	uv_close((uv_handle_t *)&b->term, NULL);
	uv_close((uv_handle_t *)&b->interrupt, NULL);
}

static void
on_stop_timer(uv_timer_t *timer)
{
	struct bridge *b = timer->data;
	uint64_t since = cw_clock_ms() - b->stopping_ms;

	if (since > STOP_MS) {
		cw_log(CW_LOG_ERROR, "not everything has closed in time: ending as it is");
		_exit(1);
	}
	if (b->step == 0 &&
	    (since > ANSWERS_MS || b->web == NULL || cw_web_open_calls(b->web) == 0))
		next(b);
}

static void
stop(struct bridge *b)
{
	b->stopping_ms = cw_clock_ms();
	if (b->api != NULL)
		cw_api_stop(b->api);
	uv_timer_start(&b->timer, on_stop_timer, 0, POLL_MS);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	struct bridge *b = handle->data;

	if (b->stopping_ms != 0) {
		cw_log(CW_LOG_WARN, "signal %d again: ending at once", number);
		_exit(1);
	}
	cw_log(CW_LOG_INFO, "stopping (signal %d)", number);
	stop(b);
}

/* --- what the agents' port tells */

static void
on_agent_changed(void *arg, const char *agent, const char *tenant, bool connected)
{
	struct bridge *b = arg;
	struct cw_agents_status status;

	cw_agents_status(b->agents, agent, &status);
	if (connected)
		cw_log(CW_LOG_INFO, "agent %s (%s) of tenant %s is connected from %s, serving %s",
		    agent, status.hostname, tenant, status.address,
		    status.roles[0] != '\0' ? status.roles : "no role");
	else
		cw_log(CW_LOG_INFO, "agent %s of tenant %s is gone", agent, tenant);
	if (connected && b->route != NULL && b->step == 0)
		cw_route_roles_changed(b->route, tenant);
}

static void
on_agent_refused(void *arg, const char *address, const struct cw_err *why)
{
	(void)arg;
	cw_log(CW_LOG_WARN, "agents' port: %s was refused: %s", address, why->text);
}

static void
on_agent_connected(void *arg, const char *agent, const char *tenant)
{
	cw_route_agent_connected(arg, agent, tenant);
}

/* --- starting */

static int
start_ledger(struct bridge *b, struct cw_err *err)
{
	char path[CW_FILE_PATH_MAX];
	int r;

	if ((r = cw_file_path(path, b->state, "ledger.db", err)) < 0)
		return r;
	return cw_ledger_open(&b->ledger, &b->loop, path, err);
}

static int
start_graph(struct bridge *b, struct cw_err *err)
{
	struct cw_graph_config config = { .loop = &b->loop, .ca_file = b->config.graph_ca };
	char path[CW_FILE_PATH_MAX];
	int r;

	if ((r = cw_file_path(path, b->state, "graph", err)) < 0)
		return r;
	config.keys_folder = path;
	if (config.ca_file != NULL && !cw_file_exists(config.ca_file))
		return cw_fail(err, CW_ENOTFOUND, "graph_ca: there is no file %s", config.ca_file);
	return cw_graph_new(&b->graph, &config, err);
}

/* Of both families, where this host has both. */
static const char *
all_addresses(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return "0.0.0.0";
	close(fd);
	return "::";
}

static int
start_agents(struct bridge *b, struct cw_err *err)
{
	struct cw_agents_store store;
	struct cw_agents_config config = {
		.loop = &b->loop,
		.host = b->config.agents_listen,
		.port = b->config.agents_port,
		.ca = &b->ca,
		.store = &store,
		.version = cw_bridge_version(),
		.arg = b,
		.changed = on_agent_changed,
		.refused = on_agent_refused,
	};
	int r;

	if ((r = cw_ca_open(&b->ca, b->state, b->config.names, cw_clock_unix_ms(), err)) < 0)
		return r;
	cw_ledger_agents_store(b->ledger, &store);
	if (config.host == NULL)
		config.host = all_addresses();
	return cw_agents_new(&b->agents, &config, err);
}

static int
start_route(struct bridge *b, struct cw_err *err)
{
	struct cw_route_config config = { .loop = &b->loop, .ledger = b->ledger };
	int r;

	b->directories = (struct cw_bridge_directories){ b->agents, b->graph };
	cw_bridge_ops(&config.ops, &b->directories);
	if ((r = cw_route_new(&b->route, &config, err)) < 0)
		return r;
	cw_agents_on_connect(b->agents, on_agent_connected, b->route);
	return cw_route_resume(b->route, err);
}

static int
start_api(struct bridge *b, struct cw_err *err)
{
	char address[320];
	struct cw_api_config config = {
		.loop = &b->loop,
		.ledger = b->ledger,
		.agents = b->agents,
		.graph = b->graph,
		.route = b->route,
		.ca = b->ca.cert,
		.agents_address = address,
	};
	int r;

	(void)snprintf(address, sizeof(address),
	    strchr(b->config.name, ':') != NULL ? "[%s]:%u" : "%s:%u", b->config.name,
	    cw_agents_port(b->agents));
	if ((r = cw_api_new(&b->api, &config, err)) < 0)
		return r;
	return cw_api_start(b->api, err);
}

static int
start_web(struct bridge *b, struct cw_err *err)
{
	char certificate[CW_FILE_PATH_MAX], private_key[CW_FILE_PATH_MAX];
	struct cw_web_config config = {
		.loop = &b->loop,
		.listen = b->config.web_listen,
		.port = b->config.web_port,
		.certificate = b->config.web_certificate,
		.private_key = b->config.web_private_key,
		.on_call = cw_api_call,
		.body_max = cw_api_body_max,
		.arg = b->api,
		.log = b->config.log_requests,
	};
	int r;

	if (config.certificate == NULL) {
		if ((r = cw_file_path(certificate, b->state, "web.crt", err)) < 0 ||
		    (r = cw_file_path(private_key, b->state, "web.key", err)) < 0 ||
		    (r = cw_ca_server(&b->ca, b->state, "web", b->config.names, CW_BRIDGE_WEB_DAYS,
			 cw_clock_unix_ms(), err)) < 0)
			return r;
		config.certificate = certificate;
		config.private_key = private_key;
	}
	return cw_web_new(&b->web, &config, err);
}

/* Both ports listen: says so, in the log and in a file that a script waits for. */
static int
tell_ready(struct bridge *b, struct cw_err *err)
{
	cJSON *o = cJSON_CreateObject();
	char url[320];
	struct cw_buf text;
	int r = CW_OK;

	(void)snprintf(url, sizeof(url),
	    strchr(b->config.name, ':') != NULL ? "https://[%s]:%u" : "https://%s:%u",
	    b->config.name, cw_web_port(b->web));
	cJSON_AddStringToObject(o, "url", url);
	cJSON_AddNumberToObject(o, "agents_port", cw_agents_port(b->agents));
	cJSON_AddNumberToObject(o, "web_port", cw_web_port(b->web));
	cJSON_AddNumberToObject(o, "pid", getpid());
	cw_buf_init(&text, 4096);
	if (b->ready_file != NULL && (r = cw_json_put(&text, o)) == CW_OK &&
	    (r = cw_buf_putc(&text, '\n')) == CW_OK)
		r = cw_file_write(
		    b->ready_file, cw_buf_peek(&text), cw_buf_left(&text), false, err);
	if (r == CW_OK)
		cw_log(CW_LOG_INFO, "ready: version %s, %s, agents at port %u", cw_bridge_version(),
		    url, cw_agents_port(b->agents));
	cw_buf_free(&text);
	cJSON_Delete(o);
	return r;
}

static int
start(struct bridge *b, struct cw_err *err)
{
	int (*const steps[])(struct bridge * b, struct cw_err * err) = { start_ledger, start_graph,
		start_agents, start_route, start_api, start_web, tell_ready };
	int r;

	for (size_t i = 0; i < CW_COUNT(steps); i++)
		if ((r = steps[i](b, err)) < 0)
			return r;
	return CW_OK;
}

/* --- the process */

static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= FILES)
		return;
	limit.rlim_cur = limit.rlim_max < FILES ? limit.rlim_max : FILES;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void
init_loop(struct bridge *b)
{
	if (uv_loop_init(&b->loop) != 0)
		abort(); /* at start, before anything was promised */
	uv_timer_init(&b->loop, &b->timer);
	uv_signal_init(&b->loop, &b->term);
	uv_signal_init(&b->loop, &b->interrupt);
	b->timer.data = b->term.data = b->interrupt.data = b;
	uv_signal_start(&b->term, on_signal, SIGTERM);
	uv_signal_start(&b->interrupt, on_signal, SIGINT);
}

int
cw_bridge_run(const char *state, const char *ready_file, struct cw_err *err)
{
	struct bridge b = { .state = state, .ready_file = ready_file };
	int r;

	(void)signal(SIGPIPE, SIG_IGN);
	raise_limits();
	if ((r = cw_bridge_state_check(state, err)) < 0 ||
	    (r = cw_bridge_state_lock(state, err)) < 0 ||
	    (r = cw_bridge_config_load(&b.config, state, err)) < 0)
		return r;
	init_loop(&b);
	if ((r = start(&b, err)) < 0)
		stop(&b);
	(void)uv_run(&b.loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&b.loop);
	if (ready_file != NULL && r == CW_OK)
		(void)cw_file_remove(ready_file, NULL);
	cw_ca_free(&b.ca);
	cw_bridge_config_free(&b.config);
	if (r == CW_OK)
		cw_log(CW_LOG_INFO, "stopped");
	return r;
}
