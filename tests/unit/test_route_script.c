/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts, plans and their application: what is refused, what is kept where, every
 * end, and what the journal settles.
 */
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "by_hand.h"
#include "test.h"

int test_failed;
const char *test_case = "";

#define ID "0b000000-0000-4000-8000-00000000000"
#define RUN(more) "{\"mode\":\"run\",\"script\":\"Get-ADUser ada # unforgettable\"" more "}"
#define PLAN(more) "{\"mode\":\"plan\",\"script\":\"Get-ADUser ada # unforgettable\"" more "}"
#define DOCUMENT "{\"agent\":\"" AGENT "\",\"hash\":\"abc\",\"entries\":[{\"entry\":1}]}"
#define APPLY "{\"plan\":" DOCUMENT "}"

typedef int asks(char id[37], const char *of, const char *body, struct cw_err *err);

static const struct {
	const char *name;
	asks *ask;
	const char *body;
	int code;
	const char *text; /* part of the words */
} refusals[] = {
	{ "no mode", script, "{\"script\":\"x\"}", CW_EINVAL, "\"mode\" is missing" },
	{ "another mode", script, "{\"mode\":\"apply\",\"script\":\"x\"}", CW_EINVAL,
	    "must be run or plan" },
	{ "no script", script, "{\"mode\":\"run\"}", CW_EINVAL, "\"script\" is missing" },
	{ "an empty script", script, "{\"mode\":\"run\",\"script\":\"\"}", CW_EINVAL, "1 to" },
	{ "another member", script, RUN(",\"x\":1"), CW_EINVAL, "no member \"x\"" },
	{ "no time", script, RUN(",\"timeout_s\":0"), CW_EINVAL, "\"timeout_s\" must be" },
	{ "an agent of another tenant", script, RUN(",\"agent\":\"" OTHER_AGENT "\""), CW_ENOTFOUND,
	    "there is no agent" },
	{ "an agent without a directory", script, RUN(",\"agent\":\"" SYNC_AGENT "\""), CW_EINVAL,
	    "a script needs an agent with the role directory" },
	{ "no plan", apply, "{}", CW_EINVAL, "name the plan" },
	{ "a plan that is none", apply, "{\"plan\":1}", CW_EINVAL, "must be an object" },
	{ "a plan of nobody", apply, "{\"plan\":{}}", CW_EINVAL, "which agent made it" },
	{ "a plan of another tenant's agent", apply, "{\"plan\":{\"agent\":\"" OTHER_AGENT "\"}}",
	    CW_ENOTFOUND, "there is no agent" },
	{ "two plans", apply, "{\"operation\":\"x\",\"plan\":" DOCUMENT "}", CW_EINVAL,
	    "without \"operation\"" },
	{ "an operation that is not there", apply, "{\"operation\":\"" ID "9\",\"hash\":\"x\"}",
	    CW_ENOTFOUND, "" },
	{ "an operation without its hash", apply, "{\"operation\":\"" ID "9\"}", CW_EINVAL,
	    "\"hash\"" },
	{ "secrets that are none", apply, "{\"secrets\":1,\"plan\":" DOCUMENT "}", CW_EINVAL,
	    "\"secrets\" must be" },
};

static void
test_refusals(void)
{
	struct cw_err err;
	char id[37];

	for (size_t i = 0; i < CW_COUNT(refusals); i++) {
		test_case = refusals[i].name;
		err.text[0] = '\0';
		CHECK_EQ(refusals[i].ask(id, tenant.id, refusals[i].body, &err), refusals[i].code);
		if (strstr(err.text, refusals[i].text) == NULL)
			CHECK_STR(err.text, refusals[i].text);
	}
	CHECK_EQ(sent, 0);
}

static void
until_sent(unsigned n)
{
	while (sent < n)
		uv_run(&loop, UV_RUN_ONCE);
}

static void
until_finished(const struct seen *s)
{
	while (!s->finished)
		uv_run(&loop, UV_RUN_ONCE);
}

static void
test_kept(void)
{
	struct cw_err err = { 0 };
	struct seen s;
	char id[37];
	cJSON *o;

	test_case = "a script is on the disk before it is sent";
	CHECK_EQ(script(id, tenant.id, RUN(",\"id\":\"" ID "1\""), &err), CW_OK);
	watch(&s, id);
	CHECK_EQ(sent, 0);
	until_sent(1);
	CHECK(last->in_ledger);
	CHECK_STR(last->id, ID "1");
	check_member(last->parameters, "text", "\"Get-ADUser ada # unforgettable\"");
	output("{\"output\":\"a fleeting word\"}\n{\"information\":\"x\"}\n");
	end_run(CW_OK,
	    "{\"state\":\"done\",\"calls\":1,\"writes\":1,\"server\":\"dc1\",\"hidden\":1,"
	    "\"refusals\":[{\"rule\":\"ceiling\"}],\"duration_ms\":2}");
	until_finished(&s);
	CHECK_STR(s.state, "succeeded");
	test_case = "what is shown";
	o = show(id);
	check_member(o, "kind", "\"script\"");
	check_member(o, "output", "[\"a fleeting word\"]");
	check_member(o, "result",
	    "{\"state\":\"done\",\"calls\":1,\"writes\":1,\"server\":\"dc1\",\"duration_ms\":2,"
	    "\"refusals\":[{\"rule\":\"ceiling\"}]}");
	check_member(cw_json_get(cw_json_get(o, "request"), "script"), "bytes", "30");
	CHECK_EQ(
	    strlen(cw_json_str(cw_json_get(cw_json_get(o, "request"), "script"), "sha256")), 64);
	cJSON_Delete(o);
	test_case = "what the ledger has";
	CHECK(ledger_holds(ID "1"));
	CHECK(!ledger_holds("unforgettable"));
	CHECK(!ledger_holds("fleeting"));
	cw_buf_free(&s.output);
}

static void
test_plan(void)
{
	struct cw_err err = { 0 };
	struct seen s;
	char id[37], body[256];
	unsigned before = sent;
	cJSON *o;

	test_case = "a plan is a read";
	CHECK_EQ(script(id, tenant.id, PLAN(""), &err), CW_OK);
	CHECK_EQ(sent, before + 1);
	CHECK(!last->write);
	watch(&s, id);
	end_run(CW_OK, "{\"state\":\"done\",\"plan\":" DOCUMENT "}");
	until_finished(&s);
	CHECK_STR(s.state, "succeeded");
	o = show(id);
	check_member(o, "kind", "\"plan\"");
	check_member(cw_json_get(o, "result"), "plan", DOCUMENT);
	cJSON_Delete(o);
	cw_buf_free(&s.output);

	test_case = "another hash than was read";
	(void)snprintf(body, sizeof(body), "{\"operation\":\"%s\",\"hash\":\"def\"}", id);
	CHECK_EQ(apply(id, tenant.id, body, &err), CW_ECONFLICT);
	test_case = "a plan of another tenant";
	(void)snprintf(body, sizeof(body), "{\"operation\":\"%s\",\"hash\":\"abc\"}", id);
	CHECK_EQ(apply(id, empty_tenant.id, body, &err), CW_ENOTFOUND);
	test_case = "applied by its operation";
	CHECK_EQ(apply(id, tenant.id, body, &err), CW_OK);
	watch(&s, id);
	until_sent(before + 2);
	CHECK(last->write && last->in_ledger);
	check_member(last->parameters, "plan", DOCUMENT);
	end_run(CW_OK, "{\"state\":\"done\",\"entries\":[{\"entry\":1,\"state\":\"done\"}]}");
	until_finished(&s);
	o = show(id);
	check_member(o, "kind", "\"apply\"");
	check_member(cw_json_get(o, "result"), "entries", "[{\"entry\":1,\"state\":\"done\"}]");
	cJSON_Delete(o);
	cw_buf_free(&s.output);
	test_case = "applied by value, with secrets that stay in memory";
	CHECK_EQ(
	    apply(id, tenant.id,
		"{\"plan\":" DOCUMENT ",\"secrets\":{\"1\":{\"$sealed\":\"SECRETBOX\"}}}", &err),
	    CW_OK);
	watch(&s, id);
	until_sent(before + 3);
	check_member(last->parameters, "secrets", "{\"1\":{\"$sealed\":\"SECRETBOX\"}}");
	end_run(CW_OK, "{\"state\":\"done\",\"secrets\":{\"1\":{\"$sealed\":\"NEWBOX\"}}}");
	until_finished(&s);
	CHECK(!ledger_holds("SECRETBOX"));
	o = show(id);
	check_member(cw_json_get(o, "result"), "secrets", "{\"1\":{\"$sealed\":\"NEWBOX\"}}");
	cJSON_Delete(o);
	CHECK(!ledger_holds("NEWBOX"));
	cw_buf_free(&s.output);
}

static const struct {
	const char *name, *body;
	int code;
	const char *result, *state, *error; /* its code, or NULL */
} ends[] = {
	{ "it failed", RUN(""), CW_OK, "{\"state\":\"failed\",\"error\":{\"message\":\"no\"}}",
	    "failed", "command_failed" },
	{ "a rule ended it", RUN(""), CW_OK,
	    "{\"state\":\"failed\",\"error\":{\"message\":\"no\",\"error_id\":"
	    "\"CausewayRefused,Set-ADUser\"},\"refusals\":[{}]}",
	    "failed", "denied" },
	{ "a rule was met, and something else ended it", RUN(""), CW_OK,
	    "{\"state\":\"failed\",\"error\":{\"message\":\"no\",\"error_id\":\"X\"},"
	    "\"refusals\":[{}]}",
	    "failed", "command_failed" },
	{ "the agent stopped it", RUN(""), CW_OK,
	    "{\"state\":\"stopped\",\"error\":{\"message\":\"lockdown\"}}", "failed",
	    "command_failed" },
	{ "and says why", RUN(""), CW_OK,
	    "{\"state\":\"stopped\",\"stopped\":\"its time was over\"}", "failed",
	    "command_failed" },
	{ "it is not known how far it came", RUN(""), CW_OK, "{\"state\":\"unknown\"}", "unknown",
	    "outcome_unknown" },
	{ "an agent's nonsense", RUN(""), CW_OK, "{}", "unknown", "outcome_unknown" },
	{ "no walls there", RUN(""), CW_EUNAVAILABLE, NULL, "failed", "unavailable" },
	{ "locked down", RUN(""), CW_EDENIED, NULL, "failed", "denied" },
	{ "a plan whose agent went away", PLAN(""), CW_EUNKNOWN, NULL, "failed", "unavailable" },
};

static void
test_ends(void)
{
	struct cw_err err = { 0 };
	struct seen s;
	char id[37];
	cJSON *o;

	for (size_t i = 0; i < CW_COUNT(ends); i++) {
		unsigned before = sent;

		test_case = ends[i].name;
		CHECK_EQ(script(id, tenant.id, ends[i].body, &err), CW_OK);
		watch(&s, id);
		until_sent(before + 1);
		end_run(ends[i].code, ends[i].result);
		until_finished(&s);
		CHECK_STR(s.state, ends[i].state);
		o = show(id);
		CHECK_STR(cw_json_str(cw_json_get(o, "error"), "code"), ends[i].error);
		cJSON_Delete(o);
		cw_buf_free(&s.output);
	}
}

/* What the journal says after a break, and what that settles. */
static const struct {
	const char *name, *epoch, *entry, *state, *text;
} journals[] = {
	{ "begun by an agent that died before it wrote", "e",
	    "\"state\":\"unknown\",\"result\":{\"state\":\"unknown\",\"writes\":0,\"entries\":[]}",
	    "unknown", "no write had been begun" },
	{ "begun by an agent that died when it wrote", "e",
	    "\"state\":\"unknown\",\"result\":{\"state\":\"unknown\",\"writes\":0,\"entries\":[{"
	    "\"entry\":1,\"command\":\"Set-ADUser\",\"state\":\"unknown\"}]}",
	    "unknown", "interrupted" },
	{ "never seen", "e", "\"state\":\"never\"", "failed", "never began it" },
	{ "never seen, by another journal", "f", "\"state\":\"never\"", "unknown",
	    "journal was set back" },
	{ "done", "e", "\"state\":\"done\",\"result\":{\"state\":\"done\",\"writes\":3}",
	    "succeeded", NULL },
	{ "stopped when the connection broke", "e",
	    "\"state\":\"failed\",\"result\":{\"state\":\"stopped\",\"error\":{\"message\":"
	    "\"gone\"}}",
	    "failed", "gone" },
	{ "begun by an agent that died", "e", "\"state\":\"unknown\"", "unknown", "interrupted" },
};

static void
answer_entry(const char *epoch, const char *id, const char *entry)
{
	char answer[512];

	(void)snprintf(answer, sizeof(answer),
	    "{\"epoch\":\"%s\",\"counter\":90,\"commands\":[{\"id\":\"%s\",%s}]}", epoch, id,
	    entry);
	answer_query(answer);
}

static void
test_journals(void)
{
	struct cw_err err = { 0 };
	struct seen s;
	char id[37];
	cJSON *o;

	for (size_t i = 0; i < 2 * CW_COUNT(journals); i++) {
		bool restart = i >= CW_COUNT(journals);
		size_t row = i % CW_COUNT(journals);
		unsigned before = sent;

		test_case = journals[row].name;
		cw_route_agent_connected(route, AGENT, tenant.id);
		answer_query("{\"epoch\":\"e\",\"counter\":20,\"commands\":[]}");
		CHECK_EQ(script(id, tenant.id, RUN(""), &err), CW_OK);
		watch(&s, id);
		until_sent(before + 1);
		if (restart) { /* of the bridge */
			cw_buf_free(&s.output);
			close_route();
			open_route(NULL);
			watch(&s, id);
		} else {
			connected = false;
			end_run(CW_EUNKNOWN, NULL);
			connected = true;
		}
		cw_route_agent_connected(route, AGENT, tenant.id);
		answer_entry(journals[row].epoch, id, journals[row].entry);
		until_finished(&s);
		CHECK_STR(s.state, journals[row].state);
		o = show(id);
		if (journals[row].text != NULL &&
		    strstr(cw_json_str(cw_json_get(o, "error"), "message"), journals[row].text) ==
			NULL)
			check_member(o, "error", journals[row].text);
		cJSON_Delete(o);
		cw_buf_free(&s.output);
		test_case = "nothing is sent twice";
		CHECK_EQ(sent, before + 1);
	}
}

static void
test_cancel(void)
{
	struct cw_err err = { 0 };
	struct seen s;
	char id[37];
	unsigned before = sent;

	test_case = "cancelled before it was sent";
	CHECK_EQ(script(id, tenant.id, RUN(""), &err), CW_OK);
	watch(&s, id);
	CHECK_EQ(cw_route_cancel(route, id, &err), CW_OK);
	until_finished(&s);
	cw_buf_free(&s.output);
	if (sent > before) /* the disk was faster */
		end_run(CW_OK, "{\"state\":\"stopped\"}");
	before = sent;
	test_case = "cancelled while it runs";
	CHECK_EQ(script(id, tenant.id, RUN(""), &err), CW_OK);
	watch(&s, id);
	until_sent(before + 1);
	CHECK_EQ(cw_route_cancel(route, id, &err), CW_OK);
	while (last->stops == 0)
		uv_run(&loop, UV_RUN_ONCE);
	end_run(CW_OK, "{\"state\":\"stopped\",\"writes\":2}");
	until_finished(&s);
	CHECK_STR(s.state, "cancelled");
	CHECK_EQ(cw_route_cancel(route, id, &err), CW_ECONFLICT);
	cw_buf_free(&s.output);
	test_case = "held back by who watches";
	CHECK_EQ(script(id, tenant.id, PLAN(""), &err), CW_OK);
	watch(&s, id);
	cw_route_watch_pause(s.watch);
	CHECK_EQ(last->pauses, 1);
	cw_route_watch_resume(s.watch);
	CHECK_EQ(last->resumes, 1);
	end_run(CW_OK, "{\"state\":\"done\"}");
	until_finished(&s);
	cw_buf_free(&s.output);
}

int
main(void)
{
	hand_open();
	test_refusals();
	test_kept();
	test_plan();
	test_ends();
	test_journals();
	test_cancel();
	hand_close();
	return test_failed;
}
