/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of a tenant in the cloud: the router, the ledger and the Graph client against the double
 * of Entra ID.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto/seal.h"
#include "../graph/double.h"
#include "graph/graph.h"
#include "ledger/ledger.h"
#include "ledger/tenants.h"
#include "route/route.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

#define USER(name) "\"target\":{\"user\":\"" name "@lab.test\"}"
#define UPDATE(name, set) "{\"change\":\"user.update\"," USER(name) ",\"set\":{" set "}}"
#define FAULT(what) "{\"target\":\"graph\",\"method\":\"PATCH\"," what "}"

static const struct row {
	const char *name, *body;
	const char *fault; /* or NULL */
	const char *state, *error; /* part of its words; NULL: none */
	const char *entra; /* result.entra, as JSON; NULL: not looked at */
	int patches, waits; /* that the service saw, that watchers did */
} rows[] = {
	{ "values, one of them a list, one cleared",
	    UPDATE("ada",
		"\"jobTitle\":\"Countess\",\"department\":null,\"businessPhones\":[\"+44 20 1\"]"),
	    NULL, "succeeded", NULL,
	    "{\"before\":{\"jobTitle\":\"Analyst\",\"department\":\"Mathematics\","
	    "\"businessPhones\":[]},\"after\":{\"jobTitle\":"
	    "\"Countess\",\"department\":null,\"businessPhones\":[\"+44 20 1\"]}}",
	    1, 0 },
	{ "there already", UPDATE("ada", "\"jobTitle\":\"Countess\""), NULL, "succeeded", NULL,
	    NULL, 0, 0 },
	{ "503, and again", UPDATE("ada", "\"jobTitle\":\"A\""),
	    FAULT("\"status\":503,\"count\":2"), "succeeded", NULL, NULL, 3, 2 },
	{ "done, but the connection broke", UPDATE("ada", "\"jobTitle\":\"B\""),
	    FAULT("\"when\":\"after\",\"drop\":true"), "succeeded", NULL, NULL, 2, 1 },
	{ "disabled", "{\"change\":\"user.disable\"," USER("alan") "}", NULL, "succeeded", NULL,
	    "{\"before\":{\"accountEnabled\":true},\"after\":{\"accountEnabled\":false}}", 1, 0 },
	{ "enabled", "{\"change\":\"user.enable\"," USER("alan") "}", NULL, "succeeded", NULL,
	    "{\"before\":{\"accountEnabled\":false},\"after\":{\"accountEnabled\":true}}", 1, 0 },
	{ "nobody", UPDATE("nobody", "\"jobTitle\":\"A\""), NULL, "failed",
	    "there is no user nobody@lab.test in Entra ID. Nothing was changed.", NULL, 0, 0 },
	{ "refused", UPDATE("grace", "\"jobTitle\":\"A\""),
	    FAULT("\"status\":403,\"body\":{\"error\":{\"code\":\"Authorization_RequestDenied\","
		  "\"message\":\"no\"}}"),
	    "failed", "Graph: Authorization_RequestDenied: no. Nothing was changed.", NULL, 1, 0 },
	{ "synchronised from elsewhere", UPDATE("synced", "\"jobTitle\":\"A\""), NULL, "failed",
	    "is synchronised from Active Directory", NULL, 0, 0 },
};

static uv_loop_t loop;
static struct entra entra;
static struct cw_graph *graph;
static struct cw_ledger *ledger;
static struct cw_route *route;
static struct cw_tenant tenant;

/* --- what the bridge's program does */

static int
op_graph(void *arg, struct cw_graph_call **ret, const struct cw_graph_request *request,
    void (*done)(void *arg, const struct cw_graph_response *response, const struct cw_err *err),
    void *done_arg, struct cw_err *err)
{
	return cw_graph_send(ret, arg, request, done, done_arg, err);
}

static void
op_cancel(void *arg, struct cw_graph_call *call)
{
	(void)arg;
	cw_graph_cancel(call);
}

static void
op_on_retry(void *arg, struct cw_graph_call *call,
    void (*retry)(void *arg, unsigned attempt, uint64_t delay_ms, const char *why), void *retry_arg)
{
	(void)arg;
	cw_graph_on_retry(call, retry, retry_arg);
}

static void
on_closed(void *arg)
{
	*(bool *)arg = true;
}

static void
wait_for(const bool *flag)
{
	while (!*flag)
		uv_run(&loop, UV_RUN_ONCE);
}

/* --- */

static cJSON *ended; /* the operation */
static int waits; /* of the PATCH, for what Graph said */

static void
on_changed(void *arg, const cJSON *operation, bool finished)
{
	const cJSON *patch = cJSON_GetArrayItem(cw_json_get(operation, "steps"), 1);
	const char *why = cw_json_str(cw_json_get(patch, "error"), "message");

	(void)arg;
	waits += cw_streq(cw_json_str(patch, "state"), "waiting") && why != NULL &&
	    strstr(why, "trying again") != NULL;
	if (finished)
		ended = cJSON_Duplicate(operation, true);
}

static void
make_change(char id[37], const char *text)
{
	static const struct cw_route_watch_events events = { on_changed, NULL };
	cJSON *body = cJSON_Parse(text);
	struct cw_route_watch *watch;
	struct cw_err err = { 0 };

	cJSON_Delete(ended);
	ended = NULL;
	waits = 0;
	CHECK_EQ(cw_route_change(route, id, tenant.id, "key", body, &err), CW_OK);
	CHECK_STR(err.text, "");
	CHECK_EQ(cw_route_watch(route, &watch, id, &events, NULL, &err), CW_OK);
	while (ended == NULL)
		uv_run(&loop, UV_RUN_ONCE);
	cJSON_Delete(body);
}

static void
run(const struct row *row)
{
	const char *text;
	char id[37], *result;

	test_case = row->name;
	entra_quiet(&entra);
	if (row->fault != NULL)
		cJSON_Delete(entra_admin(&entra, "POST", "/faults", row->fault));
	make_change(id, row->body);
	CHECK_STR(cw_json_str(ended, "state"), row->state);
	text = cw_json_str(cw_json_get(ended, "error"), "message");
	if (row->error == NULL ? text != NULL : text == NULL || strstr(text, row->error) == NULL)
		CHECK_STR(text, row->error);
	if (row->entra != NULL) {
		result = cJSON_PrintUnformatted(cw_json_get(cw_json_get(ended, "result"), "entra"));
		CHECK_STR(result, row->entra);
		cJSON_free(result);
	}
	CHECK_EQ(entra_seen(&entra, "PATCH", "/v1.0/users/"), row->patches);
	CHECK_EQ(waits, row->waits);
}

/* The service itself knows the password that the caller reads. */
static void
test_password(void)
{
	uint8_t public[CW_SEAL_KEY], private[CW_SEAL_KEY];
	char id[37], body[256], context[128];
	struct cw_buf key, box, plain;
	const char *sealed;
	cJSON *answer;

	test_case = "a password";
	cw_buf_init(&key, 256);
	cw_buf_init(&box, 256);
	cw_buf_init(&plain, 256);
	entra_quiet(&entra);
	(void)cw_seal_keypair(public, private);
	(void)cw_base64_put(&key, public, sizeof(public));
	(void)snprintf(body, sizeof(body),
	    "{\"change\":\"password.reset\"," USER("cloud.only") ",\"reply_key\":\"%s\"}",
	    cw_buf_str(&key));
	make_change(id, body);
	CHECK_STR(cw_json_str(ended, "state"), "succeeded");
	sealed = cw_json_str(cw_json_get(cw_json_get(ended, "result"), "password"), "$sealed");
	(void)snprintf(context, sizeof(context), "causeway/password/caller/%s", id);
	CHECK(sealed != NULL);
	if (sealed != NULL) {
		CHECK_EQ(cw_base64_get(&box, sealed, strlen(sealed)), CW_OK);
		CHECK_EQ(
		    cw_unseal(&plain, private, context, cw_buf_peek(&box), cw_buf_left(&box), NULL),
		    CW_OK);
		(void)snprintf(body, sizeof(body),
		    "{\"user\":\"cloud.only@lab.test\",\"password\":\"%s\"}", cw_buf_str(&plain));
		answer = entra_admin(&entra, "POST", "/passwords/verify", body);
		CHECK(cw_json_true(answer, "matches"));
		cJSON_Delete(answer);
	}
	cw_buf_free(&key);
	cw_buf_free(&box);
	cw_buf_free_secret(&plain);
}

static void
open_bridge(char *path, size_t size)
{
	struct cw_route_config config = { .loop = &loop };
	struct cw_err err = { 0 };
	char keys[128];

	(void)snprintf(keys, sizeof(keys), "%s/keys", entra.dir);
	(void)snprintf(path, size, "%s/ledger.db", entra.dir);
	tenant =
	    (struct cw_tenant){ .name = "Cloud", .mode = CW_MODE_CLOUD, .graph = entra.settings };
	tenant.graph.set = true;
	if (cw_graph_new(&graph, &(struct cw_graph_config){ &loop, entra.ca_file, keys }, &err) <
		0 ||
	    cw_ledger_open(&ledger, &loop, path, &err) < 0 ||
	    cw_tenant_add(ledger, &tenant, &err) < 0 ||
	    cw_graph_set_key(graph, tenant.id, cw_buf_str(&entra.certificate),
		cw_buf_str(&entra.key), &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(2);
	}
	config.ledger = ledger;
	config.ops.arg = graph;
	config.ops.graph = op_graph;
	config.ops.graph_cancel = op_cancel;
	config.ops.graph_on_retry = op_on_retry;
	CHECK_EQ(cw_route_new(&route, &config, &err), CW_OK);
	CHECK_EQ(cw_route_resume(route, &err), CW_OK);
}

int
main(void)
{
	bool route_gone = false, graph_gone = false, ledger_gone = false;
	char path[128];

	if (uv_loop_init(&loop) < 0)
		return 2;
	entra_start(&entra);
	cJSON_Delete(entra_admin(&entra, "POST", "/seed",
	    "{\"users\":[{\"userPrincipalName\":\"synced@lab.test\",\"displayName\":\"S\","
	    "\"mailNickname\":\"s\","
	    "\"onPremisesSyncEnabled\":true,\"onPremisesImmutableId\":\"RDMiEWZViEeZqrvM3e7/"
	    "AA==\"}]}"));
	open_bridge(path, sizeof(path));
	for (size_t i = 0; i < CW_COUNT(rows); i++)
		run(&rows[i]);
	test_password();
	cJSON_Delete(ended);
	cw_route_close(route, on_closed, &route_gone);
	wait_for(&route_gone);
	cw_graph_close(graph, on_closed, &graph_gone);
	wait_for(&graph_gone);
	cw_ledger_close(ledger, on_closed, &ledger_gone);
	wait_for(&ledger_gone);
	CHECK_EQ(uv_loop_close(&loop), 0);
	(void)unlink(path);
	entra_stop(&entra);
	return test_failed;
}
