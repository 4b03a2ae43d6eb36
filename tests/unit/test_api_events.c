/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event streams: what comes, what a slow reader misses, and what ends them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api_fixture.h"
#include "base/err.h"
#include "base/json.h"
#include "test.h"

int test_failed;
const char *test_case = "";

static char id[CW_UUID_TEXT], path[128];

static void
new_operation(void)
{
	cJSON *body = cJSON_CreateObject();
	struct cw_err err;

	cJSON_AddStringToObject(body, "command", "Get-ADUser");
	CHECK_EQ(cw_route_command(route, id, own.id, reader_key.id, body, &err), CW_OK);
	cJSON_Delete(body);
	(void)snprintf(path, sizeof(path), "/v1/operations/%s/events", id);
}

static unsigned
events(struct cw_web_call *call)
{
	unsigned n = 0;

	for (const char *at = web_double_body(call);
	     (at = strstr(at, "event: operation\ndata: {")) != NULL; at++)
		n++;
	return n;
}

static bool
has(struct cw_web_call *call, const char *text)
{
	return strstr(web_double_body(call), text) != NULL;
}

static void
test_stream(void)
{
	struct cw_web_call *call, *late;

	new_operation();
	test_case = "as it is now";
	call = ask("GET", path, NULL, reader, NULL);
	CHECK_EQ(web_double_status(call), 200);
	CHECK_STR(web_double_header(call, "content-type"), "text/event-stream");
	CHECK_EQ(events(call), 1);
	CHECK(has(call, "\"state\":\"running\""));
	test_case = "every change, and no output";
	route_double_output(route, id, "{\"output\":\"much\"}\n", 18);
	route_double_touch(route, id);
	CHECK_EQ(events(call), 2);
	CHECK(!has(call, "much"));
	test_case = "the end";
	route_double_end(route, id, "failed");
	CHECK_EQ(events(call), 3);
	CHECK(has(call, "\"state\":\"failed\""));
	CHECK(web_double_ended(call) && !web_double_broken(call));
	web_double_free(call);
	test_case = "after the end";
	late = ask("GET", path, NULL, reader, NULL);
	CHECK_EQ(events(late), 1);
	CHECK(has(late, "\"state\":\"failed\""));
	CHECK(!has(late, "much"));
	CHECK(web_double_ended(late));
	web_double_free(late);
}

static void
test_slow(void)
{
	struct cw_web_call *call, *other;

	new_operation();
	test_case = "who does not read costs little";
	call = ask("GET", path, NULL, reader, NULL);
	for (int i = 0; i < 1000; i++)
		route_double_touch(route, id);
	CHECK(events(call) < 100);
	CHECK(web_double_waiting(call) < 32 * 1024);
	test_case = "and hears the newest when it reads";
	web_double_take(call);
	CHECK_EQ(events(call), 1);
	test_case = "and the end";
	other = ask("GET", path, NULL, reader, NULL);
	for (int i = 0; i < 1000; i++)
		route_double_touch(route, id);
	route_double_end(route, id, "succeeded");
	CHECK(!web_double_ended(call));
	web_double_take(call);
	CHECK_EQ(events(call), 1);
	CHECK(has(call, "\"state\":\"succeeded\""));
	CHECK(web_double_ended(call));
	web_double_free(call);
	test_case = "or leaves";
	web_double_free(other);
}

static bool
has_comment(void *arg)
{
	return has(arg, "\n:\n\n");
}

static void
test_life(void)
{
	struct cw_api_key key = { .name = "short", .role = CW_ROLE_ADMIN };
	struct cw_web_call *call, **many;
	char text[CW_API_KEY_TEXT];
	struct cw_err err;

	new_operation();
	test_case = "signs of life";
	CHECK_EQ(cw_api_key_add(ledger, &key, text, &err), CW_OK);
	call = ask("GET", path, NULL, text, NULL);
	fixture_until(has_comment, call);
	test_case = "a key that is revoked by another process";
	CHECK_EQ(cw_api_key_revoke(ledger, key.id, &err), CW_OK);
	fixture_until_ended(call);
	CHECK(web_double_broken(call));
	web_double_free(call);

	test_case = "as many as may be, and one more";
	many = calloc(CW_API_OPEN_MAX, sizeof(*many));
	for (unsigned i = 0; i < CW_API_OPEN_MAX; i++) {
		many[i] = ask("GET", path, NULL, reader, NULL);
		CHECK_EQ(web_double_status(many[i]), 200);
	}
	call = ask("GET", path, NULL, reader, NULL);
	CHECK_EQ(web_double_status(call), 429);
	CHECK_STR(web_double_header(call, "retry-after"), "5");
	web_double_free(call);
	web_double_hang_up(many[0]);
	call = ask("GET", path, NULL, reader, NULL);
	CHECK_EQ(web_double_status(call), 200);
	web_double_free(call);
	test_case = "all hear the end";
	route_double_end(route, id, "succeeded");
	for (unsigned i = 1; i < CW_API_OPEN_MAX; i++)
		CHECK(has(many[i], "\"state\":\"succeeded\"") && web_double_ended(many[i]));
	for (unsigned i = 0; i < CW_API_OPEN_MAX; i++)
		web_double_free(many[i]);
	free(many);
}

int
main(void)
{
	fixture_new();
	test_stream();
	test_slow();
	test_life();
	fixture_free();
	return test_failed;
}
