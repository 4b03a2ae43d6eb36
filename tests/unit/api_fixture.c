/* SPDX-License-Identifier: Apache-2.0 */
#include "api_fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/agents.h"
#include "agents/ca.h"
#include "base/err.h"
#include "graph/graph.h"
#include "ledger/agents.h"
#include "ledger/ledger.h"
#include "os/clock.h"
#include "os/random.h"
#include "test.h"

extern const char *test_case;

struct cw_api *api;
struct cw_route *route;
struct cw_ledger *ledger;
struct cw_tenant own = { .name = "own" }, foreign = { .name = "foreign" };
struct cw_api_key reader_key;
char reader[CW_API_KEY_TEXT], operator_[CW_API_KEY_TEXT], admin[CW_API_KEY_TEXT];
char own_agent[CW_UUID_TEXT], foreign_agent[CW_UUID_TEXT];

char fixture_folder[] = "/tmp/causeway-api-XXXXXX";

static uv_loop_t loop;
static struct cw_ca ca;
static struct cw_agents *agents;
static struct cw_graph *graph;

static void
must(int r, const struct cw_err *err)
{
	if (r < 0) {
		fprintf(stderr, "fixture: %s\n", err->text);
		exit(2);
	}
}

static void
add_agent(char id[CW_UUID_TEXT], const struct cw_tenant *t, const char *hostname)
{
	struct cw_token_grant grant = { .roles = "directory" };
	struct cw_agent_record agent = { .roles = "directory", .serial = "01" };
	struct cw_agents_store store;
	uint8_t hash[CW_TOKEN_HASH];
	struct cw_err err;

	cw_random(hash, sizeof(hash));
	cw_random_uuid(id);
	memcpy(grant.tenant, t->id, sizeof(t->id));
	memcpy(agent.tenant, t->id, sizeof(t->id));
	memcpy(agent.id, id, sizeof(agent.id));
	(void)snprintf(agent.hostname, sizeof(agent.hostname), "%s", hostname);
	cw_ledger_agents_store(ledger, &store);
	must(cw_enrolment_token_add(ledger, hash, &grant, INT64_MAX, &err), &err);
	must(store.agent_enrol(store.arg, hash, 0, &agent, &err), &err);
}

static void
add_key(char text[CW_API_KEY_TEXT], struct cw_api_key *key, enum cw_api_role role)
{
	struct cw_err err;

	*key = (struct cw_api_key){ .name = "test", .role = role };
	if (role != CW_ROLE_ADMIN) {
		key->tenant_count = 1;
		memcpy(key->tenants[0], own.id, sizeof(own.id));
	}
	must(cw_api_key_add(ledger, key, text, &err), &err);
}

void
fixture_new(void)
{
	struct cw_agents_store store;
	struct cw_api_key key;
	struct cw_err err = { 0 };
	char path[64];

	if (mkdtemp(fixture_folder) == NULL || uv_loop_init(&loop) < 0)
		exit(2);
	(void)snprintf(path, sizeof(path), "%s/ledger.db", fixture_folder);
	must(cw_ledger_open(&ledger, &loop, path, &err), &err);
	must(cw_ca_open(&ca, fixture_folder, "localhost", cw_clock_unix_ms(), &err), &err);
	cw_ledger_agents_store(ledger, &store);
	must(cw_agents_new(&agents,
		 &(struct cw_agents_config){ .loop = &loop,
		     .host = "127.0.0.1",
		     .ca = &ca,
		     .store = &store,
		     .version = "test" },
		 &err),
	    &err);
	(void)snprintf(path, sizeof(path), "%s/graph", fixture_folder);
	must(cw_graph_new(
		 &graph, &(struct cw_graph_config){ .loop = &loop, .keys_folder = path }, &err),
	    &err);
	must(cw_route_new(
		 &route, &(struct cw_route_config){ .loop = &loop, .ledger = ledger }, &err),
	    &err);
	must(cw_api_new(&api,
		 &(struct cw_api_config){ .loop = &loop,
		     .ledger = ledger,
		     .agents = agents,
		     .graph = graph,
		     .route = route,
		     .ca = ca.cert,
		     .agents_address = "bridge.test:8442",
		     .beat_ms = 20 },
		 &err),
	    &err);
	must(cw_tenant_add(ledger, &own, &err), &err);
	must(cw_tenant_add(ledger, &foreign, &err), &err);
	add_agent(own_agent, &own, "dc1");
	add_agent(foreign_agent, &foreign, "dc2");
	add_key(admin, &key, CW_ROLE_ADMIN);
	add_key(operator_, &key, CW_ROLE_OPERATOR);
	add_key(reader, &reader_key, CW_ROLE_READER);
}

static unsigned left;

static void
on_closed(void *arg)
{
	(void)arg;
	left--;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void
fixture_free(void)
{
	test_case = "the loop is empty at the end";
	left = 4;
	cw_api_close(api, on_closed, NULL);
	cw_route_close(route, on_closed, NULL);
	cw_graph_close(graph, on_closed, NULL);
	cw_agents_close(agents, on_closed, NULL);
	while (left > 0)
		uv_run(&loop, UV_RUN_ONCE);
	left = 1;
	cw_ledger_close(ledger, on_closed, NULL);
	while (left > 0)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_EQ(uv_loop_close(&loop), 0);
	cw_ca_free(&ca);
	(void)nftw(fixture_folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
on_guard(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

void
fixture_turn(void)
{
	uv_run(&loop, UV_RUN_NOWAIT);
}

void
fixture_until(bool (*so)(void *arg), void *arg)
{
	uv_timer_t guard;
	bool late = false, is = so(arg);

	uv_timer_init(&loop, &guard);
	guard.data = &late;
	uv_timer_start(&guard, on_guard, 5000, 0);
	while (!is && !late) {
		uv_run(&loop, UV_RUN_ONCE);
		is = so(arg);
	}
	CHECK(is);
	uv_close((uv_handle_t *)&guard, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
}

static bool
has_ended(void *arg)
{
	return web_double_ended(arg);
}

void
fixture_until_ended(struct cw_web_call *call)
{
	fixture_until(has_ended, call);
}

struct cw_web_call *
ask(const char *method, const char *path, const char *query, const char *bearer, const char *body)
{
	struct web_double_request request = {
		.method = method, .path = path, .query = query, .bearer = bearer, .body = body
	};
	struct cw_web_call *call = web_double_new(&request);

	uv_update_time(&loop);
	cw_api_call(api, call);
	return call;
}
