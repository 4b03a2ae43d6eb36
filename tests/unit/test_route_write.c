/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that write: on the disk first, with a key, and settled by the agent's journal.
 */
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "by_hand.h"
#include "ledger/operations.h"
#include "test.h"

int test_failed;
const char *test_case = "";

#define BOX "c2VhbGVkIGJveCBvZiBzb21lIGxlbmd0aA=="
#define PASSWORD(text)                                                                           \
	"{\"command\":\"Set-ADAccountPassword\",\"parameters\":{\"Identity\":\"ada\",\"Reset\":" \
	"true,"                                                                                  \
	"\"NewPassword\":{\"$sealed\":\"" BOX "\"}}" text "}"
#define WRITE "{\"command\":\"Set-ADUser\",\"parameters\":{\"Identity\":\"ada\",\"Title\":\"x\"}}"

static void
run_until_sent(unsigned n)
{
	while (sent < n)
		uv_run(&loop, UV_RUN_ONCE);
}

static void
test_write(void)
{
	unsigned before = sent, forgotten = forgets;
	struct cw_err err = { 0 };
	struct seen s;
	char id[37], answer[256];
	cJSON *o;

	test_case = "a write is on the disk first, with its key";
	CHECK_EQ(command(id, tenant.id, WRITE, &err), CW_OK);
	watch(&s, id);
	CHECK_EQ(sent, before);
	CHECK_EQ(s.changes, 0);
	while (queries == 0) /* what is its journal like? */
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_EQ(s.changes, 1);
	answer_query("{\"epoch\":\"e\",\"counter\":7,\"commands\":[]}");
	run_until_sent(before + 1);
	CHECK(last->write && last->in_ledger);
	CHECK(s.changes > 0);
	end_run(CW_OK, "{\"state\":\"done\",\"duration_ms\":1}");
	while (!s.finished)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_STR(s.state, "succeeded");
	cw_buf_free(&s.output);
	test_case = "then the agent may forget it";
	while (forgets == forgotten)
		uv_run(&loop, UV_RUN_ONCE);
	answer_query("{}");
	test_case = "the next one needs one turn on the disk alone";
	CHECK_EQ(command(id, tenant.id, WRITE, &err), CW_OK);
	watch(&s, id);
	run_until_sent(before + 2);
	CHECK_EQ(queries, 1);
	test_case = "a broken connection: the journal is asked";
	connected = false;
	end_run(CW_EUNKNOWN, NULL);
	o = show(id);
	CHECK_STR(cw_json_str(cw_json_get(o, "steps")->child, "state"), "waiting");
	cJSON_Delete(o);
	connected = true;
	cw_route_agent_connected(route, AGENT, tenant.id);
	CHECK_EQ(queries, 2);
	CHECK_EQ(cw_operation_find(ledger, &o, id, &err), CW_OK);
	(void)snprintf(answer, sizeof(answer),
	    "{\"epoch\":\"e\",\"counter\":9,\"commands\":[{\"id\":\"%s\",\"state\":\"done\","
	    "\"result\":{\"state\":\"done\"},\"output\":\"{\\\"output\\\":5}\\n\"}]}",
	    cw_json_str(cw_json_get(cw_json_get(o, "private"), "once"), "id"));
	cJSON_Delete(o);
	answer_query(answer);
	while (!s.finished)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_STR(s.state, "succeeded");
	CHECK_EQ(sent, before + 2);
	o = show(id);
	check_member(o, "output", "[5]");
	cJSON_Delete(o);
	cw_buf_free(&s.output);
}

/* What the agent's journal says after a break, and what comes of it. */
static const struct {
	const char *name, *epoch;
	int counter; /* against the one that was known */
	const char *state; /* of the command */
	const char *ends; /* NULL: it is sent again, with the same key */
	const char *text; /* part of the error */
} journals[] = {
	{ "never seen, by a journal that is whole", "e", 0, "never", NULL, NULL },
	{ "never seen, by another journal", "f", 0, "never", "unknown", "journal was set back" },
	{ "never seen, by an older state of the journal", "e", -1, "never", "unknown",
	    "journal was set back" },
	{ "begun by an agent that died", "e", 1, "unknown", "unknown", "interrupted while it ran" },
	{ "failed", "e", 1, "failed", "failed", "the command failed" },
	{ "done", "e", 1, "done", "succeeded", NULL },
	{ "something that nobody knows", "e", 1, "maybe", "unknown", "interrupted while it ran" },
};

static void
key_of(char ret[64], const char *id)
{
	cJSON *o = NULL;

	CHECK_EQ(cw_operation_find(ledger, &o, id, NULL), CW_OK);
	(void)snprintf(
	    ret, 64, "%s", cw_json_str(cw_json_get(cw_json_get(o, "private"), "once"), "id"));
	cJSON_Delete(o);
}

static void
answer_journal(const char *id, const char *epoch, int counter, const char *state)
{
	char answer[256], key[64];

	key_of(key, id);
	(void)snprintf(answer, sizeof(answer),
	    "{\"epoch\":\"%s\",\"counter\":%d,\"commands\":[{\"id\":\"%s\",\"state\":\"%s\","
	    "\"server\":\"dc2\"}]}",
	    epoch, counter, key, state);
	answer_query(answer);
}

static void
lose_and_ask(const char *id, const char *epoch, int counter, const char *state)
{
	connected = false;
	end_run(CW_EUNKNOWN, NULL);
	connected = true;
	cw_route_agent_connected(route, AGENT, tenant.id);
	answer_journal(id, epoch, counter, state);
}

static void
test_journals(void)
{
	struct cw_err err = { 0 };
	char id[37], key[CW_UUID_TEXT];
	struct seen s;
	cJSON *o;

	for (size_t i = 0; i < CW_COUNT(journals); i++) {
		unsigned before = sent;

		test_case = journals[i].name;
		cw_route_agent_connected(route, AGENT, tenant.id);
		answer_query("{\"epoch\":\"e\",\"counter\":20,\"commands\":[]}");
		CHECK_EQ(command(id, tenant.id, WRITE, &err), CW_OK);
		watch(&s, id);
		run_until_sent(before + 1);
		memcpy(key, last->id, sizeof(key));
		lose_and_ask(id, journals[i].epoch, 20 + journals[i].counter, journals[i].state);
		if (journals[i].ends == NULL) {
			CHECK_EQ(sent, before + 2);
			CHECK_STR(last->id, key);
			end_run(CW_OK, "{\"state\":\"done\"}");
		}
		while (!s.finished)
			uv_run(&loop, UV_RUN_ONCE);
		CHECK_STR(s.state, journals[i].ends != NULL ? journals[i].ends : "succeeded");
		o = show(id);
		if (journals[i].text != NULL &&
		    strstr(cw_json_str(cw_json_get(o, "error"), "message"), journals[i].text) ==
			NULL)
			check_member(o, "error", journals[i].text);
		/* Whoever looks has to know where. */
		if (strcmp(journals[i].state, "unknown") == 0)
			CHECK_STR(cw_json_str(cw_json_get(o, "result"), "server"), "dc2");
		cJSON_Delete(o);
		cw_buf_free(&s.output);
		CHECK_EQ(sent, before + (journals[i].ends == NULL ? 2 : 1));
	}
}

/* The counter that was known when it was sent is not the last one that was heard. */
static void
test_set_back_later(void)
{
	unsigned before = sent;
	struct cw_err err = { 0 };
	struct seen s;
	char id[37];

	test_case = "a journal that is set back to a state after the last question before the send";
	cw_route_agent_connected(route, AGENT, tenant.id);
	answer_query("{\"epoch\":\"e\",\"counter\":20,\"commands\":[]}");
	CHECK_EQ(command(id, tenant.id, WRITE, &err), CW_OK);
	watch(&s, id);
	run_until_sent(before + 1);
	lose_and_ask(id, "e", 26, "running");
	cw_route_agent_connected(route, AGENT, tenant.id);
	answer_journal(id, "e", 22, "never");
	while (!s.finished && sent == before + 1)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_STR(s.state, "unknown");
	CHECK_EQ(sent, before + 1);
	cw_buf_free(&s.output);
}

/* What an agent answers at once, and what comes of it. */
static const struct {
	const char *name;
	int code;
	const char *state, *error; /* NULL: it is tried again */
} answers[] = {
	{ "refused", CW_EDENIED, "failed", "denied" },
	{ "its sealed value does not open", CW_EAUTH, "failed", "unauthenticated" },
	{ "too late", CW_EEXPIRED, "failed", "expired" },
	{ "not now", CW_EUNAVAILABLE, NULL, NULL },
};

static void
test_answers(void)
{
	struct cw_err err = { 0 };
	char id[37], key[CW_UUID_TEXT];
	struct seen s;
	cJSON *o;

	for (size_t i = 0; i < CW_COUNT(answers); i++) {
		unsigned before = sent;

		test_case = answers[i].name;
		CHECK_EQ(command(id, tenant.id, WRITE, &err), CW_OK);
		watch(&s, id);
		run_until_sent(before + 1);
		memcpy(key, last->id, sizeof(key));
		end_run(answers[i].code, NULL);
		if (answers[i].state == NULL) {
			run_until_sent(before + 2);
			CHECK_STR(last->id, key);
			end_run(CW_OK, "{\"state\":\"done\"}");
		}
		while (!s.finished)
			uv_run(&loop, UV_RUN_ONCE);
		CHECK_STR(s.state, answers[i].state != NULL ? answers[i].state : "succeeded");
		o = show(id);
		CHECK_STR(cw_json_str(cw_json_get(o, "error"), "code"), answers[i].error);
		cJSON_Delete(o);
		cw_buf_free(&s.output);
	}
}

static void
test_sealed_restart(void)
{
	static const char body[] =
	    PASSWORD(",\"agent\":\"" AGENT "\",\"id\":\"0b000000-0000-4000-8000-000000000003\"");
	unsigned before = sent;
	struct cw_err err = { 0 };
	struct seen s;
	char id[37], key[64], answer[256];
	cJSON *o;

	test_case = "a sealed value does not outlive the bridge";
	CHECK_EQ(command(id, tenant.id, body, &err), CW_OK);
	run_until_sent(before + 1);
	key_of(key, id);
	close_route();
	open_route(NULL);
	cw_route_agent_connected(route, AGENT, tenant.id);
	watch(&s, id);
	(void)snprintf(answer, sizeof(answer),
	    "{\"epoch\":\"e\",\"counter\":99,\"commands\":[{\"id\":\"%s\",\"state\":\"never\"}]}",
	    key);
	answer_query(answer);
	while (!s.finished)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_STR(s.state, "failed");
	o = show(id);
	CHECK_STR(cw_json_str(cw_json_get(o, "error"), "message"),
	    "the bridge was restarted before it was sent, and does not keep sealed values: nothing "
	    "was "
	    "done, send it again");
	cJSON_Delete(o);
	CHECK_EQ(sent, before + 1);
	cw_buf_free(&s.output);
}

static void
test_sealed(void)
{
	static const char body[] =
	    PASSWORD(",\"agent\":\"" AGENT "\",\"id\":\"0b000000-0000-4000-8000-000000000002\"");
	unsigned before = sent;
	struct cw_err err = { 0 };
	struct seen s;
	char id[37];
	cJSON *o;

	test_case = "a sealed value goes to its agent, and not to the disk";
	CHECK_EQ(command(id, tenant.id, body, &err), CW_OK);
	CHECK_STR(err.text, "");
	watch(&s, id);
	run_until_sent(before + 1);
	check_member(last->parameters, "NewPassword", "{\"$sealed\":\"" BOX "\"}");
	o = show(id);
	check_member(cw_json_get(cw_json_get(o, "request"), "parameters"), "NewPassword",
	    "{\"$sealed\":null}");
	cJSON_Delete(o);
	end_run(CW_OK, "{\"state\":\"done\"}");
	while (!s.finished)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK(ledger_holds("0b000000-0000-4000-8000-000000000002"));
	CHECK(!ledger_holds(BOX));
	cw_buf_free(&s.output);
}

static void
test_cancel_write(void)
{
	unsigned before = sent;
	struct cw_err err = { 0 };
	struct seen s;
	char id[37];

	test_case = "a write that is cancelled before it was sent";
	cw_route_agent_connected(route, AGENT, tenant.id); /* has not said how its journal is */
	CHECK_EQ(command(id, tenant.id, WRITE, &err), CW_OK);
	watch(&s, id);
	while (s.changes == 0)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_EQ(cw_route_cancel(route, id, &err), CW_OK);
	while (!s.finished)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_STR(s.state, "cancelled");
	answer_query("{\"epoch\":\"e\",\"counter\":9,\"commands\":[]}");
	CHECK_EQ(sent, before);
	test_case = "one that is under way is stopped, and says what came of it";
	CHECK_EQ(command(id, tenant.id, WRITE, &err), CW_OK);
	cw_buf_free(&s.output);
	watch(&s, id);
	run_until_sent(before + 1);
	CHECK_EQ(cw_route_cancel(route, id, &err), CW_OK);
	while (last->stops == 0)
		uv_run(&loop, UV_RUN_ONCE);
	end_run(CW_OK, "{\"state\":\"done\"}");
	while (!s.finished)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_STR(s.state, "succeeded");
	cw_buf_free(&s.output);
	test_case = "one that was stopped before it began is not sent again";
	CHECK_EQ(command(id, tenant.id, WRITE, &err), CW_OK);
	watch(&s, id);
	run_until_sent(before + 2);
	CHECK_EQ(cw_route_cancel(route, id, &err), CW_OK);
	while (last->stops == 0)
		uv_run(&loop, UV_RUN_ONCE);
	end_run(CW_EUNAVAILABLE, NULL);
	while (!s.finished)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_STR(s.state, "cancelled");
	CHECK_EQ(sent, before + 2);
	cw_buf_free(&s.output);
}

static void
test_omitted(void)
{
	unsigned before = sent, asked;
	struct cw_err err = { 0 };
	char id[37], key[64], answer[256];
	struct seen s;
	cJSON *o;

	test_case = "a result that does not fit among others is asked for alone";
	CHECK_EQ(command(id, tenant.id, WRITE, &err), CW_OK);
	watch(&s, id);
	run_until_sent(before + 1);
	key_of(key, id);
	connected = false;
	end_run(CW_EUNKNOWN, NULL);
	connected = true;
	cw_route_agent_connected(route, AGENT, tenant.id);
	asked = queries;
	(void)snprintf(answer, sizeof(answer),
	    "{\"epoch\":\"e\",\"counter\":99,\"commands\":[{\"id\":\"%s\",\"state\":\"done\","
	    "\"omitted\":true}]}",
	    key);
	answer_query(answer);
	CHECK_EQ(queries, asked + 1);
	(void)snprintf(answer, sizeof(answer),
	    "{\"epoch\":\"e\",\"counter\":99,\"commands\":[{\"id\":\"%s\",\"state\":\"done\","
	    "\"output\":\"{\\\"output\\\":1}\"}]}",
	    key);
	answer_query(answer);
	while (!s.finished)
		uv_run(&loop, UV_RUN_ONCE);
	o = show(id);
	check_member(o, "output", "[1]");
	cJSON_Delete(o);
	cw_buf_free(&s.output);
}

int
main(void)
{
	hand_open();
	test_write();
	test_journals();
	test_set_back_later();
	test_answers();
	test_sealed();
	test_cancel_write();
	test_omitted();
	test_sealed_restart();
	hand_close();
	return test_failed;
}
