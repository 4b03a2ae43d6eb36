/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes: what people see on the way, whose turn it is, shared cycles, and where a password goes.
 */
#include <stdlib.h>

#include "base/json.h"
#include "crypto/seal.h"
#include "in_world.h"
#include "ledger/operations.h"
#include "test.h"

int test_failed;
const char *test_case = "";

/* --- what people see on the way */

struct seen {
	unsigned changes;
	bool waited;
	char error[320];
	int attempts;
};

static void
on_changed(void *arg, const cJSON *operation, bool finished)
{
	const cJSON *step;
	struct seen *s = arg;

	(void)finished;
	if (s->changes++ == 0) { /* then it is on the disk */
		cJSON *o = NULL;

		CHECK_EQ(cw_operation_find(ledger, &o, cw_json_str(operation, "id"), NULL), CW_OK);
		cJSON_Delete(o);
	}
	cJSON_ArrayForEach (step, cw_json_get(operation, "steps"))
		if (cw_streq(cw_json_str(step, "state"), "waiting") &&
		    cw_streq(cw_json_str(step, "place"), "entra")) {
			s->waited = true;
			(void)snprintf(s->error, sizeof(s->error), "%s",
			    cw_json_str(cw_json_get(step, "error"), "message"));
			s->attempts = cw_json_get(step, "attempts")->valueint;
		}
}

static void
test_watch(void)
{
	static const struct cw_route_watch_events events = { on_changed, NULL };
	struct cw_route_watch *watch;
	struct cw_err err = { 0 };
	struct seen s = { 0 };
	char id[37];
	cJSON *o;

	test_case = "who watches sees why it waits";
	world_open(CW_MODE_HYBRID_DUAL);
	w->fault = (struct world_fault){ FAULT_ENTRA_503_BEFORE, 1, FOREIGN_NONE };
	world_start(w);
	CHECK_EQ(change(id, UPDATE(ADA, TITLE), &err), CW_OK);
	CHECK_EQ(cw_route_watch(w->route, &watch, id, &events, &s, &err), CW_OK);
	run_to_end(id, HOUR_MS);
	CHECK(s.waited);
	CHECK_STR(s.error, "Graph: ServiceUnavailable: come again");
	o = show(id);
	CHECK_STR(cw_json_str(o, "state"), "succeeded");
	CHECK_EQ(
	    cw_json_get(cJSON_GetArrayItem(cw_json_get(o, "steps"), 3), "attempts")->valueint, 2);
	CHECK_STR(cw_json_str(cJSON_GetArrayItem(cw_json_get(o, "steps"), 2), "what"),
	    "Set-ADUser: title");
	CHECK_STR(cw_json_str(cJSON_GetArrayItem(cw_json_get(o, "steps"), 3), "what"),
	    "PATCH user: jobTitle");
	cJSON_Delete(o);
	world_close();
}

/* --- turns */

static bool
is_running(void *arg)
{
	return is_in(arg, "running");
}

static bool
has_note(void *arg)
{
	cJSON *o = show(arg);
	const char *note = cw_json_str(cw_json_get(o, "steps")->child, "note");
	bool has = is_in(arg, "queued") && note != NULL &&
	    cw_starts_with(note, "waits for the operation ");

	cJSON_Delete(o);
	return has;
}

static void
test_turns(void)
{
	char ids[WORLD_USERS][37], many[15][37], more[37];
	struct cw_err err = { 0 };
	cJSON *o;

	test_case = "one change of a user at a time, whatever the user is called";
	world_open(CW_MODE_HYBRID_DUAL);
	world_start(w);
	CHECK_EQ(change(ids[0], UPDATE(ADA, "\"jobTitle\":\"One\""), &err), CW_OK);
	CHECK_EQ(change(ids[1], UPDATE("\"user\":\"ADA0@lab.test\"", "\"jobTitle\":\"Two\""), &err),
	    CW_OK);
	CHECK_EQ(change(ids[2], UPDATE("\"sam\":\"ada0\"", "\"jobTitle\":\"Three\""), &err), CW_OK);
	CHECK_EQ(
	    change(ids[3], UPDATE("\"user\":\"ada1@lab.test\"", "\"jobTitle\":\"Other\""), &err),
	    CW_OK);
	run_to_end(ids[3], HOUR_MS);
	run_to_end(ids[0], HOUR_MS);
	run_to_end(ids[1], HOUR_MS);
	run_to_end(ids[2], HOUR_MS);
	for (int i = 0; i < WORLD_USERS; i++)
		CHECK(is_in(ids[i], "succeeded"));
	o = show(ids[1]); /* it saw what the first one left */
	check_json(cw_json_get(cw_json_get(cw_json_get(o, "result"), "ad"), "before"),
	    w->user[0].ad != NULL && cw_streq(world_ad_value(w->user[0].ad, "jobTitle"), "Two")
		? "{\"jobTitle\":\"Three\"}"
		: "{\"jobTitle\":\"One\"}");
	cJSON_Delete(o);
	CHECK_EQ(w->ad_effects, 4);
	world_close();

	test_case = "those who wait are queued, not without end, and can be cancelled";
	world_open(CW_MODE_HYBRID_DUAL);
	w->no_agent = true;
	world_start(w);
	CHECK_EQ(change(ids[0], UPDATE(ADA, TITLE), &err), CW_OK);
	CHECK(world_run(w, is_running, ids[0], 1000));
	for (int i = 0; i < 15; i++)
		CHECK_EQ(change(many[i], UPDATE(ADA, TITLE), &err), CW_OK);
	CHECK_EQ(change(more, UPDATE(ADA, TITLE), &err), CW_EUNAVAILABLE);
	CHECK_STR(err.text, "16 changes of this user are under way, which is the most");
	CHECK(world_run(w, has_note, many[0], 1000));
	for (int i = 0; i < 15; i++)
		CHECK_EQ(cw_route_cancel(w->route, many[i], &err), CW_OK);
	run_to_end(many[14], 1000);
	o = show(many[14]);
	CHECK_STR(cw_json_str(o, "state"), "cancelled");
	check_error(o, "it was cancelled. Nothing was changed.");
	cJSON_Delete(o);
	test_case = "and so can one that has not begun to write";
	CHECK_EQ(cw_route_cancel(w->route, ids[0], &err), CW_OK);
	run_to_end(ids[0], 1000);
	CHECK(is_in(ids[0], "cancelled"));
	world_close();

	test_case = "but not later";
	world_open(CW_MODE_HYBRID_DUAL);
	w->fault = (struct world_fault){ FAULT_ENTRA_AWAY, 1, FOREIGN_NONE };
	world_start(w);
	CHECK_EQ(change(ids[0], UPDATE(ADA, TITLE), &err), CW_OK);
	while (w->ad_effects == 0)
		world_step(w);
	CHECK_EQ(cw_route_cancel(w->route, ids[0], &err), CW_ECONFLICT);
	CHECK_STR(err.text, "it has begun to write, and goes on until all places agree");
	run_to_end(ids[0], 30 * HOUR_MS);
	world_close();
}

/* --- Entra Connect */

static bool
has_waited_a_second(void *arg)
{
	return w->now_ms > *(uint64_t *)arg + 1000;
}

static void
test_roles(void)
{
	struct cw_err err = { 0 };
	uint64_t start;
	char id[37];

	test_case = "an agent that is here serves the role later: nobody waits on";
	world_open(CW_MODE_HYBRID_DUAL);
	w->no_role = true;
	world_start(w);
	start = w->now_ms;
	CHECK_EQ(change(id, UPDATE(ADA, TITLE), &err), CW_OK);
	CHECK(world_run(w, has_waited_a_second, &start, HOUR_MS));
	CHECK(w->connected);
	CHECK(is_in(id, "running"));
	w->no_role = false;
	cw_route_roles_changed(w->route, w->tenant);
	start = w->now_ms;
	run_to_end(id, HOUR_MS);
	CHECK(is_in(id, "succeeded"));
	CHECK(w->now_ms - start < 5000);
	world_close();
}

static void
test_cycles(void)
{
	char ids[WORLD_USERS][37], body[256];
	struct cw_err err = { 0 };

	test_case = "changes share a cycle; what comes while it runs needs the next";
	world_open(CW_MODE_HYBRID_SYNC);
	world_start(w);
	for (int i = 0; i < WORLD_USERS - 1; i++) {
		(void)snprintf(body, sizeof(body),
		    UPDATE("\"user\":\"ada%d@lab.test\"", "\"jobTitle\":\"Countess\""), i);
		CHECK_EQ(change(ids[i], body, &err), CW_OK);
	}
	while (!w->cycle_runs)
		world_step(w);
	CHECK_EQ(change(ids[3], UPDATE("\"user\":\"ada3@lab.test\"", TITLE), &err), CW_OK);
	for (int i = 0; i < WORLD_USERS; i++) {
		run_to_end(ids[i], HOUR_MS);
		CHECK(is_in(ids[i], "succeeded"));
		CHECK_STR(world_entra_value(w->user[i].entra, "jobTitle"), "Countess");
	}
	CHECK_EQ(w->ad_effects, 4);
	CHECK(w->cycles <= 3);
	CHECK(w->cycles >= 2);
	world_close();

	test_case = "a cycle of somebody else's is waited for";
	world_open(CW_MODE_HYBRID_SYNC);
	w->fault = (struct world_fault){ FAULT_SYNC_BUSY, 1, FOREIGN_NONE };
	world_start(w);
	CHECK_EQ(change(ids[0], UPDATE(ADA, TITLE), &err), CW_OK);
	run_to_end(ids[0], HOUR_MS);
	CHECK(is_in(ids[0], "succeeded"));
	CHECK(w->starts > 1);
	world_close();

	test_case = "a cycle that does not bring it is followed by others, not without end";
	world_open(CW_MODE_HYBRID_SYNC);
	w->sync_is_deaf = true;
	world_start(w);
	CHECK_EQ(change(ids[0], UPDATE(ADA, TITLE), &err), CW_OK);
	run_to_end(ids[0], HOUR_MS);
	CHECK(is_in(ids[0], "failed"));
	CHECK_EQ(w->cycles, 3);
	cJSON *o = show(ids[0]);
	check_error(o,
	    "Active Directory has the change, but Entra ID does not show jobTitle after 3 cycles");
	cJSON_Delete(o);
	world_close();
}

/* --- passwords */

static void
test_password(bool reply)
{
	uint8_t public[CW_SEAL_KEY], private[CW_SEAL_KEY];
	char id[37], body[256], context[128];
	struct cw_buf key, box, plain;
	struct cw_err err = { 0 };
	const char *sealed;
	cJSON *o;

	test_case = reply ? "a password for the caller's key" : "a password for nobody";
	cw_buf_init(&key, 256);
	cw_buf_init(&box, 256);
	cw_buf_init(&plain, 256);
	(void)cw_seal_keypair(public, private);
	(void)cw_base64_put(&key, public, sizeof(public));
	(void)snprintf(body, sizeof(body),
	    "{\"change\":\"password.reset\",\"target\":{" ADA "}%s%s%s}",
	    reply ? ",\"reply_key\":\"" : "", reply ? cw_buf_str(&key) : "", reply ? "\"" : "");
	world_open(CW_MODE_HYBRID_DUAL);
	world_start(w);
	CHECK_EQ(change(id, body, &err), CW_OK);
	run_to_end(id, HOUR_MS);
	CHECK(is_in(id, "succeeded"));
	CHECK_EQ(strlen(w->user[0].ad_password), 20);
	CHECK_STR(w->user[0].ad_password, w->user[0].entra_password);
	CHECK(w->user[0].ad_must_change && w->user[0].entra_must_change);
	o = show(id);
	sealed = cw_json_str(cw_json_get(cw_json_get(o, "result"), "password"), "$sealed");
	CHECK_EQ(sealed != NULL, reply);
	if (sealed != NULL) {
		(void)snprintf(context, sizeof(context), "causeway/password/caller/%s", id);
		CHECK_EQ(cw_base64_get(&box, sealed, strlen(sealed)), CW_OK);
		CHECK_EQ(
		    cw_unseal(&plain, private, context, cw_buf_peek(&box), cw_buf_left(&box), &err),
		    CW_OK);
		CHECK_STR(cw_buf_str(&plain), w->user[0].ad_password);
		CHECK(!ledger_holds(sealed));
	}
	cJSON_Delete(o);
	CHECK(ledger_holds(id));
	CHECK(!ledger_holds(w->user[0].ad_password));
	test_case = "it stays for ten minutes";
	w->now_ms += CW_ROUTE_KEEP_MS;
	cw_route_tick(w->route);
	o = show(id);
	CHECK_STR(cw_json_str(o, "state"), "succeeded");
	CHECK(cw_json_get(cw_json_get(o, "result"), "password") == NULL);
	cJSON_Delete(o);
	cw_buf_free(&key);
	cw_buf_free(&box);
	cw_buf_free(&plain);
	world_close();
}

int
main(void)
{
	worlds_open();
	test_watch();
	test_turns();
	test_roles();
	test_cycles();
	test_password(true);
	test_password(false);
	worlds_close();
	return test_failed;
}
