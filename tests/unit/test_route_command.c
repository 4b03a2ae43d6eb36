/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands: what is refused, what a read does, what stays in memory.
 */
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "by_hand.h"
#include "ledger/operations.h"
#include "test.h"

int test_failed;
const char *test_case = "";

#define ID "0b000000-0000-4000-8000-000000000001"
#define BOX "c2VhbGVkIGJveCBvZiBzb21lIGxlbmd0aA=="

/* --- refusals */

#define COMMAND(text) "{\"command\":\"Get-ADUser\",\"parameters\":{\"Identity\":\"ada\"}," text "}"
#define PASSWORD(text)                                                                           \
	"{\"command\":\"Set-ADAccountPassword\",\"parameters\":{\"Identity\":\"ada\",\"Reset\":" \
	"true,"                                                                                  \
	"\"NewPassword\":{\"$sealed\":\"" BOX "\"}}" text "}"

static const struct {
	const char *name, *body;
	int code;
	const char *text; /* part of the words */
} refusals[] = {
	{ "a script", "{\"script\":\"Get-ADUser\"}", CW_EDENIED,
	    "script text is not run: name one command of the catalogue in \"command\"" },
	{ "a script as a command", "{\"command\":\"Get-ADUser | Set-ADUser\"}", CW_EDENIED,
	    "script text is not run" },
	{ "not in the catalogue", "{\"command\":\"Get-Process\"}", CW_EDENIED,
	    "not in the catalogue" },
	{ "no command", "{\"parameters\":{}}", CW_EINVAL, "\"command\" is missing" },
	{ "another member", COMMAND("\"x\":1"), CW_EINVAL, "the request has no member \"x\"" },
	{ "a parameter that is ours",
	    "{\"command\":\"Get-ADUser\",\"parameters\":{\"Identity\":\"a\",\"Server\":\"x\"}}",
	    CW_EDENIED, "-Server is set by Causeway itself" },
	{ "a secret in clear",
	    "{\"command\":\"Set-ADAccountPassword\",\"parameters\":{\"Identity\":\"a\","
	    "\"NewPassword\":\"x\"}}",
	    CW_EDENIED, "only taken sealed" },
	{ "no time", COMMAND("\"timeout_s\":0"), CW_EINVAL, "\"timeout_s\" must be" },
	{ "time as a text", COMMAND("\"timeout_s\":\"1\""), CW_EINVAL, "\"timeout_s\" must be" },
	{ "an id that is none", COMMAND("\"id\":\"x\""), CW_EINVAL, "\"id\" must be a UUID" },
	{ "an id in capitals", COMMAND("\"id\":\"0B000000-0000-4000-8000-000000000001\""),
	    CW_EINVAL, "\"id\" must be in lower case" },
	{ "an agent that is none", COMMAND("\"agent\":\"x\""), CW_ENOTFOUND,
	    "there is no agent x" },
	{ "an agent of another tenant", COMMAND("\"agent\":\"" OTHER_AGENT "\""), CW_ENOTFOUND,
	    "there is no agent " OTHER_AGENT },
	{ "an agent without the role", COMMAND("\"agent\":\"" SYNC_AGENT "\""), CW_EINVAL,
	    "needs an agent with the role directory" },
	{ "an agent that was revoked", COMMAND("\"agent\":\"" GONE_AGENT "\""), CW_EDENIED,
	    "was revoked" },
	{ "a sealed value for nobody", PASSWORD(""), CW_EINVAL, "name both, \"agent\" and \"id\"" },
	{ "a sealed value for one agent and any operation", PASSWORD(",\"agent\":\"" AGENT "\""),
	    CW_EINVAL, "name both, \"agent\" and \"id\"" },
};

static void
test_refusals(void)
{
	struct cw_err err;
	char id[37];

	for (size_t i = 0; i < CW_COUNT(refusals); i++) {
		test_case = refusals[i].name;
		err.text[0] = '\0';
		CHECK_EQ(command(id, tenant.id, refusals[i].body, &err), refusals[i].code);
		if (strstr(err.text, refusals[i].text) == NULL)
			CHECK_STR(err.text, refusals[i].text);
	}
	test_case = "no such tenant";
	CHECK_EQ(command(id, "nobody", COMMAND("\"timeout_s\":1"), &err), CW_ENOTFOUND);
	test_case = "a tenant without agents";
	CHECK_EQ(command(id, empty_tenant.id, COMMAND("\"timeout_s\":1"), &err), CW_EUNAVAILABLE);
	CHECK_STR(err.text, "no agent of Empty with the role directory is connected");
	test_case = "an agent that serves no role";
	serving = false;
	CHECK_EQ(command(id, tenant.id, COMMAND("\"timeout_s\":1"), &err), CW_EUNAVAILABLE);
	serving = true;
	if (strstr(err.text,
		" is connected for Lab and does not serve the role directory: causewayctl status "
		"there says why") == NULL)
		CHECK_STR(err.text, "");
	test_case = "an agent that is away";
	connected = false;
	CHECK_EQ(command(id, tenant.id, COMMAND("\"agent\":\"" AGENT "\""), &err), CW_EUNAVAILABLE);
	connected = true;
	CHECK_EQ(sent, 0);
}

/* --- reads */

static void
test_read(void)
{
	struct cw_operation_filter filter = { .limit = 10 };
	struct cw_err err = { 0 };
	struct seen s, late;
	char id[37];
	cJSON *o;

	test_case = "a read goes out at once";
	CHECK_EQ(command(id, tenant.id, COMMAND("\"timeout_s\":5,\"id\":\"" ID "\""), &err), CW_OK);
	CHECK_STR(id, ID);
	CHECK_EQ(sent, 1);
	CHECK(!last->write);
	check_member(last->parameters, "Identity", "\"ada\"");
	watch(&s, id);
	CHECK(s.watch != NULL);
	test_case = "and is seen while it runs";
	o = show(id);
	check_member(o, "state", "\"running\"");
	CHECK(cw_json_get(o, "output") == NULL);
	cJSON_Delete(o);
	CHECK_EQ(cw_route_list(route, &o, &filter, &err), CW_OK);
	CHECK_EQ(cJSON_GetArraySize(o), 1);
	CHECK(cw_json_get(o->child, "private") == NULL);
	cJSON_Delete(o);
	test_case = "its output passes in parts";
	output("{\"output\":{\"Title\":\"The Sec");
	output("ret\"}}\n{\"warning\":\"slow\"}\n{\"error\":{\"message\":\"some\"}}\n");
	CHECK_STR(cw_buf_str(&s.output),
	    "{\"output\":{\"Title\":\"The Secret\"}}\n{\"warning\":\"slow\"}\n"
	    "{\"error\":{\"message\":\"some\"}}\n");
	end_run(CW_OK, "{\"state\":\"done\",\"server\":\"dc1\",\"duration_ms\":3.5}");
	CHECK(s.finished);
	CHECK_STR(s.state, "succeeded");
	test_case = "what is kept in memory";
	o = show(id);
	check_member(o, "output", "[{\"Title\":\"The Secret\"}]");
	check_member(o, "warnings", "[\"slow\"]");
	check_member(o, "errors", "[{\"message\":\"some\"}]");
	check_member(o, "agent", "\"" AGENT "\"");
	check_member(o, "result",
	    "{\"outputs\":1,\"warnings\":1,\"errors\":1,\"duration_ms\":3.5,\"server\":\"dc1\"}");
	CHECK(cw_json_get(o, "error") == NULL);
	cJSON_Delete(o);
	test_case = "who comes late is told at once";
	watch(&late, id);
	CHECK(late.watch == NULL && late.finished && late.changes == 1);
	test_case = "what is kept on the disk";
	CHECK(ledger_holds(ID));
	CHECK(!ledger_holds("The Sec"));
	test_case = "an id is used once";
	CHECK_EQ(command(id, tenant.id, COMMAND("\"id\":\"" ID "\""), &err), CW_ECONFLICT);
	close_route();
	open_route(NULL);
	CHECK_EQ(command(id, tenant.id, COMMAND("\"id\":\"" ID "\""), &err), CW_ECONFLICT);
	test_case = "after a restart its output is gone";
	o = show(ID);
	check_member(o, "state", "\"succeeded\"");
	CHECK(cw_json_get(o, "output") == NULL);
	cJSON_Delete(o);
	cw_buf_free(&s.output);
	cw_buf_free(&late.output);
}

static const struct {
	const char *name;
	int code;
	const char *result;
	const char *state, *error;
} ends[] = {
	{ "it failed", CW_OK,
	    "{\"state\":\"failed\",\"error\":{\"message\":\"no\\r\\n  at X\",\"type\":\"T\"}}",
	    "failed", "{\"code\":\"command_failed\",\"message\":\"no\"}" },
	{ "its directory was away", CW_OK,
	    "{\"state\":\"failed\",\"error\":{\"message\":\"Unable to contact the server\"}}",
	    "failed",
	    "{\"code\":\"command_failed\",\"message\":\"Unable to contact the server\"}" },
	{ "its connection broke", CW_EUNKNOWN, NULL, "failed",
	    "{\"code\":\"unavailable\",\"message\":\"words of the agent\"}" },
	{ "it was refused", CW_EDENIED, NULL, "failed",
	    "{\"code\":\"denied\",\"message\":\"words of the agent\"}" },
	{ "it came too late", CW_EEXPIRED, NULL, "failed",
	    "{\"code\":\"expired\",\"message\":\"words of the agent\"}" },
};

static void
test_ends(void)
{
	struct cw_err err = { 0 };
	char id[37];
	cJSON *o;

	for (size_t i = 0; i < CW_COUNT(ends); i++) {
		test_case = ends[i].name;
		CHECK_EQ(command(id, tenant.id, COMMAND("\"timeout_s\":5"), &err), CW_OK);
		end_run(ends[i].code, ends[i].result);
		o = show(id);
		CHECK_STR(cw_json_str(o, "state"), ends[i].state);
		check_member(o, "error", ends[i].error);
		if (ends[i].result != NULL)
			CHECK_EQ(cJSON_GetArraySize(cw_json_get(o, "errors")), 1);
		cJSON_Delete(o);
	}
}

static void
test_much(void)
{
	const size_t line = 1024, lines = 2 * CW_ROUTE_OUTPUT_MAX / line;
	char *text = malloc(line + 1);
	struct cw_err err = { 0 };
	struct seen s, t;
	char id[37];
	cJSON *o;

	test_case = "more than is kept";
	memset(text, 'x', line);
	memcpy(text, "{\"output\":\"", 11);
	memcpy(text + line - 3, "\"}\n", 4);
	CHECK_EQ(command(id, tenant.id, COMMAND("\"timeout_s\":5"), &err), CW_OK);
	watch(&s, id);
	watch(&t, id);
	for (size_t i = 0; i < lines; i++)
		output(text);
	CHECK_EQ(cw_buf_left(&s.output), lines * line);
	CHECK_EQ(cw_buf_left(&t.output), lines * line);
	test_case = "one who is slow holds it back, until nobody does";
	cw_route_watch_pause(s.watch);
	cw_route_watch_pause(s.watch);
	cw_route_watch_pause(t.watch);
	CHECK_EQ(last->pauses, 1);
	cw_route_watch_resume(s.watch);
	CHECK_EQ(last->resumes, 0);
	cw_route_unwatch(t.watch);
	CHECK_EQ(last->resumes, 1);
	test_case = "one who stops watching from within";
	s.stop_watching = true;
	output(text);
	output(text);
	CHECK_EQ(cw_buf_left(&s.output), (lines + 1) * line);
	end_run(CW_OK, "{\"state\":\"done\"}");
	CHECK(!s.finished && !t.finished);
	test_case = "later readers see that it was cut";
	o = show(id);
	check_member(o, "output_cut", "true");
	CHECK(cJSON_GetArraySize(cw_json_get(o, "output")) > 1000);
	CHECK(cJSON_GetArraySize(cw_json_get(o, "output")) < (int)lines);
	CHECK(cw_json_get(cw_json_get(o, "result"), "outputs")->valueint == (int)lines + 2);
	cJSON_Delete(o);
	free(text);
	cw_buf_free(&s.output);
	cw_buf_free(&t.output);
}

static void
test_cancel_read(void)
{
	struct cw_err err = { 0 };
	struct seen s;
	char id[37];

	test_case = "a read that is cancelled";
	CHECK_EQ(cw_route_cancel(route, ID, &err), CW_ECONFLICT);
	CHECK_STR(err.text, "it has ended already: succeeded");
	CHECK_EQ(cw_route_cancel(route, "nothing", &err), CW_ENOTFOUND);
	CHECK_EQ(command(id, tenant.id, COMMAND("\"timeout_s\":5"), &err), CW_OK);
	watch(&s, id);
	CHECK_EQ(cw_route_cancel(route, id, &err), CW_OK);
	CHECK_EQ(last->stops, 0); /* not from within */
	while (last->stops == 0)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK(!s.finished);
	end_run(CW_ECLOSED, NULL);
	CHECK(s.finished);
	CHECK_STR(s.state, "cancelled");
	CHECK_EQ(cw_route_cancel(route, id, &err), CW_ECONFLICT);
	cw_buf_free(&s.output);
}

/* --- memory */

static uint64_t fake_ms = 1000;

static uint64_t
fake_now(void *arg)
{
	(void)arg;
	return fake_ms;
}

static int64_t
fake_unix(void *arg)
{
	(void)arg;
	return 1790000000000 + (int64_t)fake_ms;
}

static void
fake_wake(void *arg, uint64_t at_ms)
{
	*(uint64_t *)arg = at_ms;
}

static bool
has_output(const char *id)
{
	cJSON *o = show(id);
	bool has = cw_json_get(o, "output") != NULL;

	cJSON_Delete(o);
	return has;
}

static void
test_memory(void)
{
	uint64_t wake = UINT64_MAX;
	const struct cw_route_clock clock = { &wake, fake_now, fake_unix, fake_wake };
	struct cw_err err = { 0 };
	char first[37], id[37];

	close_route();
	open_route(&clock);
	test_case = "what has ended stays for ten minutes";
	CHECK_EQ(command(first, tenant.id, COMMAND("\"timeout_s\":5"), &err), CW_OK);
	end_run(CW_OK, "{\"state\":\"done\"}");
	CHECK_EQ(wake, fake_ms + CW_ROUTE_KEEP_MS);
	fake_ms += CW_ROUTE_KEEP_MS - 1;
	cw_route_tick(route);
	CHECK(has_output(first));
	fake_ms++;
	cw_route_tick(route);
	CHECK(!has_output(first));
	test_case = "or shorter, when there are many";
	CHECK_EQ(command(first, tenant.id, COMMAND("\"timeout_s\":5"), &err), CW_OK);
	end_run(CW_OK, "{\"state\":\"done\"}");
	for (int i = 0; i < 2100; i++) {
		CHECK_EQ(command(id, tenant.id, COMMAND("\"timeout_s\":5"), &err), CW_OK);
		end_run(CW_OK, "{\"state\":\"done\"}");
		if (wake <= fake_ms)
			cw_route_tick(route);
	}
	CHECK(!has_output(first));
	CHECK(has_output(id));
	close_route();
	open_route(NULL);
}

int
main(void)
{
	hand_open();
	test_refusals();
	test_read();
	test_ends();
	test_much();
	test_cancel_read();
	test_memory();
	hand_close();
	return test_failed;
}
