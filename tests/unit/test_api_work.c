/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands and changes: their answers at once, later and in pieces, and who hangs up.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api/api_private.h"
#include "api_fixture.h"
#include "base/json.h"
#include "os/clock.h"
#include "test.h"

int test_failed;
const char *test_case = "";

#define READ "{\"command\":\"Get-ADUser\",\"parameters\":{\"Identity\":\"ada\"}}"
#define WRITE "{\"command\":\"Enable-ADAccount\",\"parameters\":{\"Identity\":\"ada\"}}"
#define COMMANDS "/v1/tenants/own/commands"
#define CHANGES "/v1/tenants/own/changes"

static char id[CW_UUID_TEXT]; /* of the operation asked for last */

/* The newest operation is the one. */
static void
find_id(void)
{
	struct cw_web_call *call = ask("GET", "/v1/operations", "limit=1", admin, NULL);
	const char *text = strstr(web_double_body(call), "\"id\":\"");

	CHECK(text != NULL);
	if (text != NULL)
		(void)snprintf(id, sizeof(id), "%.36s", text + 6);
	web_double_free(call);
}

static struct cw_web_call *
begin(const char *path, const char *query, const char *accept, const char *body)
{
	struct web_double_request request = { .method = "POST",
		.path = path,
		.query = query,
		.bearer = operator_,
		.accept = accept,
		.body = body };
	struct cw_web_call *call = web_double_new(&request);
	int64_t now = cw_clock_unix_ms();

	while (cw_clock_unix_ms() == now) /* creation times order the list */
		;
	cw_api_call(api, call);
	find_id();
	return call;
}

static void
output(const char *text)
{
	route_double_output(route, id, text, strlen(text));
}

static const char *
state(void)
{
	static char text[16];
	cJSON *o = NULL;
	struct cw_err err;

	CHECK_EQ(cw_route_show(route, &o, id, &err), CW_OK);
	(void)snprintf(text, sizeof(text), "%s", cw_json_str(o, "state"));
	cJSON_Delete(o);
	return text;
}

static bool
was_cancelled(void *arg)
{
	(void)arg;
	return strcmp(state(), "cancelled") == 0;
}

/* want has ID where the operation's stands. */
static void
check_body(struct cw_web_call *call, int status, const char *want)
{
	char got[1024], *at;

	CHECK_EQ(web_double_status(call), status);
	(void)snprintf(got, sizeof(got), "%s", web_double_body(call));
	while ((at = strstr(got, id)) != NULL) {
		memcpy(at, "ID", 2);
		memmove(at + 2, at + strlen(id), strlen(at + strlen(id)) + 1);
	}
	CHECK_STR(got, want);
	web_double_free(call);
}

static void
test_answers(void)
{
	struct cw_web_call *call;
	char place[64];

	test_case = "no wait";
	call = begin(COMMANDS, NULL, NULL, READ);
	fixture_until_ended(call);
	(void)snprintf(place, sizeof(place), "/v1/operations/%s", id);
	CHECK_STR(web_double_header(call, "location"), place);
	check_body(call, 202, "{\"operation\":\"ID\"}");
	CHECK_EQ(route_double_watchers(route, id), 1); /* the log */
	route_double_end(route, id, "succeeded");

	test_case = "output and notes";
	call = begin(COMMANDS, "wait=60", NULL, READ);
	output("{\"output\":{\"a\":1}}\n{\"warning\":\"w1\"}\n{\"out");
	output("put\":[ 2 "
	       "]}\n{\"verbose\":\"v\"}\n{\"error\":{\"message\":\"e\"}}\n{\"warning\":\"w2\"}");
	CHECK(!web_double_ended(call));
	route_double_end(route, id, "failed");
	CHECK_STR(web_double_header(call, "content-type"), "application/json");
	check_body(call, 200,
	    "{\"operation\":\"ID\",\"output\":[{\"a\":1},[ 2 ]],\"warnings\":[\"w1\",\"w2\"],"
	    "\"errors\":[{\"message\":\"e\"}],\"state\":\"failed\",\"agent\":\"a-1\"}");

	test_case = "no output";
	call = begin(COMMANDS, "wait=60", NULL, READ);
	route_double_end(route, id, "succeeded");
	check_body(call, 200,
	    "{\"operation\":\"ID\",\"output\":[],\"warnings\":[],\"errors\":[],"
	    "\"state\":\"succeeded\",\"agent\":\"a-1\"}");

	test_case = "the wait runs out";
	call = begin(COMMANDS, "wait=1", NULL, READ);
	output("{\"output\":1}\n");
	fixture_until_ended(call);
	check_body(call, 202, "{\"operation\":\"ID\"}");
	CHECK_STR(state(), "running");

	test_case = "lines";
	call = begin(COMMANDS, NULL, "application/x-ndjson", READ);
	CHECK_STR(web_double_header(call, "content-type"), "application/x-ndjson");
	output("{\"output\":1}\n{\"progress\":{}}\n{\"output\"");
	output(":2}\n");
	route_double_end(route, id, "succeeded");
	check_body(call, 200,
	    "{\"operation\":\"ID\"}\n{\"output\":1}\n{\"progress\":{}}\n{\"output\":2}\n"
	    "{\"end\":{\"operation\":\"ID\",\"state\":\"succeeded\",\"agent\":\"a-1\"}}\n");
}

static void
test_back_pressure(void)
{
	static char piece[64 * 1024];
	struct cw_web_call *call = begin(COMMANDS, "wait=1", NULL, READ);
	size_t most = 0;

	test_case = "a large answer and a slow client";
	(void)snprintf(piece, sizeof(piece), "{\"output\":\"%0*d\"}\n", (int)sizeof(piece) - 32, 0);
	for (int i = 0; i < 100; i++) {
		output(piece);
		if (route_double_paused(route, id) > 0) {
			CHECK(web_double_waiting(call) < CW_WEB_HIGH_WATER + 2 * sizeof(piece));
			web_double_take(call);
			CHECK_EQ(route_double_paused(route, id), 0);
			most++;
		}
	}
	CHECK(most > 10);
	test_case = "the wait is over, and the answer is on its way";
	{
		uint64_t until = cw_clock_ms() + 1100;

		while (cw_clock_ms() < until)
			fixture_turn();
	}
	CHECK_EQ(web_double_status(call), 200);
	CHECK(!web_double_ended(call));
	route_double_end(route, id, "succeeded");
	CHECK(web_double_ended(call) && !web_double_broken(call));
	web_double_free(call);

	test_case = "more notes than fit";
	call = begin(COMMANDS, "wait=60", NULL, READ);
	(void)snprintf(
	    piece, sizeof(piece), "{\"warning\":\"%0*d\"}\n", (int)sizeof(piece) - 32, 0);
	for (int i = 0; i < 20; i++)
		output(piece);
	route_double_end(route, id, "succeeded");
	CHECK(strstr(web_double_body(call), "warnings and errors more are left out\"]") != NULL);
	CHECK(web_double_waiting(call) < CW_API_NOTES_MAX + 1024);
	web_double_free(call);
}

static void
test_gone(void)
{
	struct cw_web_call *call;

	test_case = "who asked for a read hangs up";
	call = begin(COMMANDS, "wait=60", NULL, READ);
	web_double_hang_up(call);
	CHECK_STR(state(), "cancelled");
	web_double_free(call);
	test_case = "who asked for a write hangs up";
	call = begin(COMMANDS, "wait=60", NULL, WRITE);
	web_double_hang_up(call);
	CHECK_STR(state(), "running");
	route_double_end(route, id, "succeeded");
	web_double_free(call);
	test_case = "who asked for a change hangs up";
	call = begin(CHANGES, "wait=60", NULL,
	    "{\"change\":\"user.enable\",\"target\":{\"user\":\"ada@x\"}}");
	web_double_hang_up(call);
	CHECK_STR(state(), "running");
	web_double_free(call);

	test_case = "an agent that talks nonsense";
	call = begin(COMMANDS, "wait=60", NULL, READ);
	output("{\"output\":1}\noops\n");
	fixture_until_ended(call);
	CHECK_EQ(web_double_status(call), 502);
	CHECK(strstr(web_double_body(call), "the agent's output: not JSON") != NULL);
	CHECK_STR(state(), "cancelled");
	web_double_free(call);
	test_case = "nonsense after the answer has begun";
	call = begin(COMMANDS, NULL, "application/x-ndjson", READ);
	output("{\"output\":1}\n[]\n");
	fixture_until_ended(call);
	CHECK(web_double_broken(call));
	web_double_free(call);
	test_case = "nonsense at the end";
	call = begin(COMMANDS, "wait=60", NULL, READ);
	output("oops");
	route_double_end(route, id, "succeeded");
	CHECK_EQ(web_double_status(call), 502);
	web_double_free(call);
}

static void
test_writes(void)
{
	struct cw_web_call *call;

	test_case = "a write is told of when it is on the disk";
	call = begin(COMMANDS, NULL, NULL, WRITE);
	CHECK_EQ(web_double_status(call), 0);
	fixture_until_ended(call);
	check_body(call, 202, "{\"operation\":\"ID\"}");
	route_double_end(route, id, "succeeded");

	test_case = "a reader writes";
	call = ask("POST", COMMANDS, NULL, reader, WRITE);
	CHECK_EQ(web_double_status(call), 403);
	CHECK_STR(web_double_body(call),
	    "denied: this API key has the role reader, and Enable-ADAccount changes something; it "
	    "takes operator");
	web_double_free(call);
	call = ask("POST", COMMANDS, NULL, reader, "{\"command\":\"enable-adaccount\"}");
	CHECK_EQ(web_double_status(call), 403);
	web_double_free(call);

	test_case = "not in the catalogue";
	call = ask("POST", COMMANDS, NULL, operator_, "{\"command\":\"Get-Process; rm\"}");
	CHECK_EQ(web_double_status(call), 403);
	web_double_free(call);

	test_case = "an id of one's own";
	call = ask("POST", COMMANDS, NULL, operator_,
	    "{\"command\":\"Get-ADUser\",\"id\":\"3F2B8C1E-6A0D-4A53-9A3E-0A6F3C1D2E4B\"}");
	fixture_until_ended(call);
	CHECK_STR(
	    web_double_body(call), "{\"operation\":\"3f2b8c1e-6a0d-4a53-9a3e-0a6f3c1d2e4b\"}");
	web_double_free(call);
	call = ask("POST", COMMANDS, NULL, operator_,
	    "{\"command\":\"Get-ADUser\",\"id\":\"3f2b8c1e-6a0d-4a53-9a3e-0a6f3c1d2e4b\"}");
	CHECK_EQ(web_double_status(call), 409);
	web_double_free(call);
}

static void
test_changes(void)
{
	struct cw_web_call *call;

	test_case = "a change is told of when it is on the disk";
	call = begin(
	    CHANGES, NULL, NULL, "{\"change\":\"user.enable\",\"target\":{\"user\":\"ada@x\"}}");
	CHECK_EQ(web_double_status(call), 0);
	fixture_until_ended(call);
	check_body(call, 202, "{\"operation\":\"ID\"}");

	test_case = "a change that is waited for";
	call = begin(CHANGES, "wait=60", NULL,
	    "{\"change\":\"password.reset\",\"target\":{\"sam\":\"ada\"},"
	    "\"reply_key\":\"hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\"}");
	route_double_step(route, id);
	CHECK(!web_double_ended(call));
	route_double_step(route, id);
	CHECK_EQ(web_double_status(call), 200);
	CHECK(strstr(web_double_body(call), "\"state\":\"succeeded\"") != NULL);
	CHECK(strstr(web_double_body(call), "\"result\":{\"password\":{\"$sealed\":\"") != NULL);
	web_double_free(call);

	test_case = "whose?";
	call = ask("POST", CHANGES, NULL, operator_, "{\"change\":\"user.enable\",\"target\":{}}");
	CHECK_EQ(web_double_status(call), 400);
	web_double_free(call);
	call = ask("POST", CHANGES, NULL, operator_,
	    "{\"change\":\"user.enable\",\"target\":{\"user\":\"a\",\"sam\":\"b\"}}");
	CHECK_EQ(web_double_status(call), 400);
	web_double_free(call);
	test_case = "no such change";
	call = ask("POST", CHANGES, NULL, operator_,
	    "{\"change\":\"user.clone\",\"target\":{\"user\":\"a\"}}");
	CHECK_EQ(web_double_status(call), 400);
	web_double_free(call);
}

static void
test_prefer(void)
{
	static const struct {
		const char *prefer, *query;
		long want;
	} rows[] = {
		{ NULL, NULL, 0 },
		{ "wait=5", NULL, 5 },
		{ "respond-async, wait=5", NULL, 5 },
		{ "return=minimal; x=1 ,wait=5;y", NULL, 5 },
		{ "wait=9999", NULL, CW_API_WAIT_MAX_S },
		{ "wait=-1", NULL, 0 },
		{ "wait=x", NULL, 0 },
		{ "nowait=5", NULL, 0 },
		{ "wait=5", "wait=7", 7 },
	};

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct web_double_request request = { .method = "POST",
			.path = "/",
			.prefer = rows[i].prefer,
			.query = rows[i].query };
		struct cw_web_call *call = web_double_new(&request);

		test_case = rows[i].prefer != NULL ? rows[i].prefer : "no header";
		CHECK_EQ(api_wait(call), rows[i].want);
		web_double_free(call);
	}
}

/* Keys that are revoked, the bridge that stops. */
static void
test_cut(void)
{
	struct cw_api_key key = { .name = "short", .role = CW_ROLE_OPERATOR, .tenant_count = 1 };
	char text[CW_API_KEY_TEXT], path[64];
	struct cw_web_call *call, *other;
	struct cw_err err;

	memcpy(key.tenants[0], own.id, sizeof(own.id));
	test_case = "a key that is revoked here while it waits";
	CHECK_EQ(cw_api_key_add(ledger, &key, text, &err), CW_OK);
	call = ask("POST", COMMANDS, "wait=60", text, READ);
	find_id();
	(void)snprintf(path, sizeof(path), "/v1/api-keys/%s", key.id);
	other = ask("DELETE", path, NULL, admin, NULL);
	CHECK_EQ(web_double_status(other), 204);
	CHECK_EQ(web_double_status(call), 401);
	CHECK_STR(state(), "cancelled");
	web_double_free(call);
	web_double_free(other);

	test_case = "a key that is revoked elsewhere while it waits";
	CHECK_EQ(cw_api_key_add(ledger, &key, text, &err), CW_OK);
	call = ask("POST", COMMANDS, "wait=60", text, READ);
	find_id();
	CHECK_EQ(cw_api_key_revoke(ledger, key.id, &err), CW_OK);
	fixture_until(was_cancelled, NULL);
	CHECK_EQ(web_double_status(call), 401);
	web_double_free(call);

	test_case = "the bridge stops";
	call = begin(COMMANDS, "wait=60", NULL, READ);
	other = begin(COMMANDS, NULL, "application/x-ndjson", READ);
	cw_api_stop(api);
	CHECK_EQ(web_double_status(call), 202);
	CHECK(web_double_broken(other));
	web_double_free(call);
	web_double_free(other);
}

int
main(void)
{
	fixture_new();
	test_prefer();
	test_answers();
	test_back_pressure();
	test_gone();
	test_writes();
	test_changes();
	test_cut();
	fixture_free();
	return test_failed;
}
