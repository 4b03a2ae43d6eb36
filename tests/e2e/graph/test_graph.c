/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Graph client against the double of Entra ID: one row, one behaviour.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "double.h"
#include "graph/graph.h"
#include "os/clock.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

#define ONE "0aa8c0de-0000-4000-8000-000000000001"
#define TWO "0aa8c0de-0000-4000-8000-000000000002" /* signs in with the wrong certificate */
#define ADA "/users/ada@lab.test"
#define FAULT(method, what) "{\"target\":\"graph\",\"method\":\"" method "\"," what "}"

static const struct row {
	const char *name;
	const char *method, *path, *body;
	const char *fault; /* or NULL */
	const char *tenant; /* NULL: ONE */
	uint64_t timeout_ms; /* 0: 20 s */
	int code;
	long status; /* 0: no answer */
	unsigned attempts;
	int graph, token; /* requests that the double saw; token -1: any */
	bool idempotent, all, revoke;
	const char *text; /* part of the error, or of the answer */
	uint64_t least_ms;
} rows[] = {
	{ .name = "a user is read",
	    .method = "GET",
	    .path = ADA "?$select=jobTitle",
	    .status = 200,
	    .attempts = 1,
	    .graph = 1,
	    .token = 1,
	    .text = "Analyst" },
	{ .name = "the token is used again",
	    .method = "GET",
	    .path = ADA,
	    .status = 200,
	    .attempts = 1,
	    .graph = 1,
	    .text = "Ada Lovelace" },
	{ .name = "a user is changed",
	    .method = "PATCH",
	    .path = ADA,
	    .body = "{\"jobTitle\":\"Countess\"}",
	    .status = 204,
	    .attempts = 1,
	    .graph = 1 },
	{ .name = "the change is there",
	    .method = "GET",
	    .path = ADA "?$select=jobTitle",
	    .status = 200,
	    .attempts = 1,
	    .graph = 1,
	    .text = "Countess" },
	{ .name = "nobody",
	    .method = "GET",
	    .path = "/users/nobody@lab.test",
	    .code = CW_ENOTFOUND,
	    .status = 404,
	    .attempts = 1,
	    .graph = 1,
	    .text = "Graph: Request_ResourceNotFound: Resource 'nobody@lab.test'" },
	{ .name = "a wrong property",
	    .method = "PATCH",
	    .path = ADA,
	    .body = "{\"shoeSize\":\"38\"}",
	    .code = CW_EINVAL,
	    .status = 400,
	    .attempts = 1,
	    .graph = 1,
	    .text = "Graph: " },
	{ .name = "429 waits as it is told, on any method",
	    .method = "PATCH",
	    .path = ADA,
	    .body = "{\"jobTitle\":\"A\"}",
	    .fault = FAULT("PATCH", "\"status\":429,\"headers\":{\"Retry-After\":\"1\"}"),
	    .status = 204,
	    .attempts = 2,
	    .graph = 2,
	    .least_ms = 1000 },
	{ .name = "429 for longer than there is time",
	    .method = "GET",
	    .path = ADA,
	    .fault = FAULT("GET", "\"status\":429,\"headers\":{\"Retry-After\":\"120\"}"),
	    .code = CW_EUNAVAILABLE,
	    .status = 429,
	    .attempts = 1,
	    .graph = 1,
	    .text = "asks to wait 120 s" },
	{ .name = "503 twice, idempotent",
	    .method = "PATCH",
	    .path = ADA,
	    .body = "{\"jobTitle\":\"B\"}",
	    .idempotent = true,
	    .fault = FAULT("PATCH", "\"status\":503,\"count\":2"),
	    .status = 204,
	    .attempts = 3,
	    .graph = 3 },
	{ .name = "503, not idempotent",
	    .method = "POST",
	    .path = "/users/ada@lab.test/assignLicense",
	    .body = "{\"addLicenses\":[],\"removeLicenses\":[]}",
	    .fault = FAULT("POST", "\"status\":503"),
	    .code = CW_EUNKNOWN,
	    .status = 503,
	    .attempts = 1,
	    .graph = 1 },
	{ .name = "dropped after the work, not idempotent",
	    .method = "PATCH",
	    .path = ADA,
	    .body = "{\"jobTitle\":\"C\"}",
	    .fault = FAULT("PATCH", "\"when\":\"after\",\"drop\":true"),
	    .code = CW_EUNKNOWN,
	    .graph = 1,
	    .text = "not known whether Graph did it" },
	{ .name = "it was done",
	    .method = "GET",
	    .path = ADA "?$select=jobTitle",
	    .status = 200,
	    .attempts = 1,
	    .graph = 1,
	    .text = "\"C\"" },
	{ .name = "dropped after the work, idempotent",
	    .method = "PATCH",
	    .path = ADA,
	    .body = "{\"jobTitle\":\"D\"}",
	    .idempotent = true,
	    .fault = FAULT("PATCH", "\"when\":\"after\",\"drop\":true"),
	    .status = 204,
	    .graph = 2 },
	{ .name = "a revoked token is renewed once",
	    .method = "GET",
	    .path = ADA,
	    .revoke = true,
	    .status = 200,
	    .attempts = 2,
	    .graph = 2,
	    .token = 1 },
	{ .name = "401 again and again",
	    .method = "GET",
	    .path = ADA,
	    .fault = FAULT("GET", "\"status\":401,\"count\":9"),
	    .code = CW_EDENIED,
	    .status = 401,
	    .attempts = 2,
	    .graph = 2,
	    .token = 1 },
	{ .name = "no answer in time, idempotent",
	    .method = "GET",
	    .path = ADA,
	    .timeout_ms = 400,
	    .fault = FAULT("GET", "\"delayMs\":60000,\"count\":9"),
	    .code = CW_ETIMEOUT,
	    .token = -1,
	    .graph = -1,
	    .text = "in time" },
	{ .name = "no answer in time, not idempotent",
	    .method = "PATCH",
	    .path = ADA,
	    .body = "{\"jobTitle\":\"E\"}",
	    .timeout_ms = 400,
	    .fault = FAULT("PATCH", "\"delayMs\":60000,\"count\":9"),
	    .code = CW_EUNKNOWN,
	    .graph = -1,
	    .token = -1 },
	{ .name = "pages are put together",
	    .method = "GET",
	    .path = "/users?$top=2&$select=mail",
	    .all = true,
	    .status = 200,
	    .graph = -1,
	    .text = "grace@lab.test" },
	{ .name = "the wrong certificate",
	    .method = "GET",
	    .path = ADA,
	    .tenant = TWO,
	    .code = CW_EAUTH,
	    .token = 1,
	    .text = "Entra ID refused the bridge's sign-in: AADSTS7000" },
	{ .name = "no certificate",
	    .method = "GET",
	    .path = ADA,
	    .tenant = "0aa8c0de-0000-4000-8000-000000000003",
	    .code = CW_EAUTH,
	    .text = "no certificate" },
};

static struct outcome {
	int calls, code;
	long status;
	unsigned attempts, retries;
	char *text;
} out;

static void
done(void *arg, const struct cw_graph_response *response, const struct cw_err *err)
{
	(void)arg;
	out.calls++;
	out.code = err->code;
	out.status = response != NULL ? response->status : 0;
	out.attempts = response != NULL ? response->attempts : 0;
	free(out.text);
	if (err->code == CW_OK && response != NULL && response->body != NULL)
		out.text = cJSON_PrintUnformatted(response->body);
	else
		out.text = cw_strdup(err->text);
}

static void
on_retry(void *arg, unsigned attempt, uint64_t delay_ms, const char *why)
{
	(void)arg, (void)attempt, (void)delay_ms;
	out.retries++;
	CHECK(strstr(why, "Bearer") == NULL && strstr(why, "eyJ") == NULL);
}

static void
run(struct entra *e, struct cw_graph *g, uv_loop_t *loop, const struct row *row)
{
	cJSON *body = row->body != NULL ? cJSON_Parse(row->body) : NULL;
	struct cw_graph_request q = { .tenant = row->tenant != NULL ? row->tenant : ONE,
		.settings = &e->settings,
		.method = row->method,
		.path = row->path,
		.body = body,
		.idempotent = row->idempotent,
		.timeout_ms = row->timeout_ms > 0 ? row->timeout_ms : 20000 };
	struct cw_graph_call *call = NULL;
	struct cw_err err = { 0 };
	uint64_t start;

	test_case = row->name;
	entra_quiet(e);
	if (row->revoke)
		cJSON_Delete(entra_admin(e, "POST", "/tokens/revoke", NULL));
	if (row->fault != NULL)
		cJSON_Delete(entra_admin(e, "POST", "/faults", row->fault));
	memset(&out, 0, sizeof(out));
	start = cw_clock_ms();
	CHECK_EQ((row->all ? cw_graph_send_all : cw_graph_send)(&call, g, &q, done, NULL, &err), 0);
	CHECK_STR(err.text, "");
	if (call != NULL)
		cw_graph_on_retry(call, on_retry, NULL);
	CHECK_EQ(out.calls, 0);
	while (call != NULL && out.calls == 0)
		uv_run(loop, UV_RUN_ONCE);
	CHECK(cw_clock_ms() - start >= row->least_ms);
	CHECK_EQ(out.code, row->code);
	CHECK_EQ(out.status, row->status);
	if (row->attempts > 0) {
		CHECK_EQ(out.attempts, row->attempts);
		CHECK_EQ(out.retries, row->attempts - 1);
	}
	if (row->graph >= 0)
		CHECK_EQ(entra_seen(e, row->method, "/v1.0/"), row->graph);
	if (row->token >= 0)
		CHECK_EQ(entra_seen(e, "POST", "/oauth2/"), row->token);
	if (row->text != NULL && (out.text == NULL || strstr(out.text, row->text) == NULL))
		CHECK_STR(out.text, row->text);
	CHECK(out.text == NULL ||
	    (strstr(out.text, "eyJ") == NULL && strstr(out.text, "Bearer ey") == NULL));
	free(out.text);
	cJSON_Delete(body);
}

static void
closed(void *arg)
{
	*(bool *)arg = true;
}

/* Many calls at once share one sign-in and end each once; one is cancelled. */
static void
many(struct entra *e, struct cw_graph *g, uv_loop_t *loop)
{
	struct cw_graph_request q = { .tenant = ONE,
		.settings = &e->settings,
		.method = "GET",
		.path = ADA,
		.timeout_ms = 20000 };
	struct cw_graph_call *call = NULL;
	struct cw_err err = { 0 };

	test_case = "100 calls at once, one sign-in";
	entra_quiet(e);
	memset(&out, 0, sizeof(out));
	CHECK_EQ(
	    cw_graph_set_key(g, ONE, cw_buf_str(&e->certificate), cw_buf_str(&e->key), &err), 0);
	for (int i = 0; i < 101; i++)
		CHECK_EQ(cw_graph_send(&call, g, &q, done, NULL, &err), 0);
	cw_graph_cancel(call);
	while (out.calls < 100) {
		uv_run(loop, UV_RUN_ONCE);
		free(out.text);
		out.text = NULL;
		CHECK_EQ(out.code, 0);
	}
	CHECK_EQ(out.calls, 100);
	CHECK_EQ(entra_seen(e, "POST", "/oauth2/"), 1);
	CHECK_EQ(entra_seen(e, "GET", "/v1.0/"), 100);

	test_case = "closed with calls under way";
	for (int i = 0; i < 10; i++)
		CHECK_EQ(cw_graph_send(&call, g, &q, done, NULL, &err), 0);
	uv_run(loop, UV_RUN_ONCE);
}

int
main(void)
{
	struct entra e;
	struct cw_graph *g = NULL;
	struct cw_err err = { 0 };
	char keys[128];
	uv_loop_t loop;
	bool gone = false;

	entra_start(&e);
	uv_loop_init(&loop);
	(void)snprintf(keys, sizeof(keys), "%s/keys", e.dir);
	test_case = "start";
	CHECK_EQ(cw_graph_new(&g, &(struct cw_graph_config){ &loop, e.ca_file, keys }, &err), 0);
	CHECK_STR(err.text, "");
	if (g != NULL) {
		test_case = "keys";
		CHECK_EQ(cw_graph_set_key(
			     g, ONE, cw_buf_str(&e.certificate), cw_buf_str(&e.other_key), &err),
		    CW_EINVAL);
		CHECK(strstr(err.text, "do not belong together") != NULL);
		CHECK_EQ(cw_graph_set_key(
			     g, "../x", cw_buf_str(&e.certificate), cw_buf_str(&e.key), &err),
		    CW_EINVAL);
		CHECK_EQ(
		    cw_graph_set_key(g, ONE, cw_buf_str(&e.certificate), cw_buf_str(&e.key), &err),
		    0);
		CHECK_EQ(cw_graph_set_key(g, TWO, cw_buf_str(&e.other_certificate),
			     cw_buf_str(&e.other_key), &err),
		    0);
		for (size_t i = 0; i < CW_COUNT(rows); i++)
			run(&e, g, &loop, &rows[i]);
		many(&e, g, &loop);
		cw_graph_close(g, closed, &gone);
		uv_run(&loop, UV_RUN_DEFAULT);
		CHECK(gone);
	}
	CHECK_EQ(uv_loop_close(&loop), 0);
	entra_stop(&e);
	return test_failed;
}
