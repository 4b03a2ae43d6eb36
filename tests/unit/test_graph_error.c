/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/err.h"
#include "graph/policy.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

#define GRAPH(code, message) "{\"error\":{\"code\":\"" code "\",\"message\":\"" message "\"}}"
#define TEN "0123456789"
#define TOKEN "eyJ" TEN TEN TEN TEN TEN TEN "." TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name;
	long status;
	const char *body;
	bool idempotent;
	int code;
	const char *text;
} rows[] = {
	{ "a bad request", 400, GRAPH("Request_BadRequest", "Unable to update."), false, CW_EINVAL,
	    "Graph: Request_BadRequest: Unable to update." },
	{ "401", 401, GRAPH("InvalidAuthenticationToken", "Expired."), true, CW_EDENIED,
	    "Graph: InvalidAuthenticationToken: Expired." },
	{ "403", 403, GRAPH("Authorization_RequestDenied", "Insufficient privileges."), true,
	    CW_EDENIED, "Graph: Authorization_RequestDenied: Insufficient privileges." },
	{ "404", 404, GRAPH("Request_ResourceNotFound", "None."), true, CW_ENOTFOUND,
	    "Graph: Request_ResourceNotFound: None." },
	{ "409", 409, GRAPH("c", "m"), true, CW_ECONFLICT, "Graph: c: m" },
	{ "412", 412, GRAPH("c", "m"), true, CW_ECONFLICT, "Graph: c: m" },
	{ "429 did nothing", 429, GRAPH("c", "m"), false, CW_EUNAVAILABLE, "Graph: c: m" },
	{ "another 4xx", 413, GRAPH("c", "m"), false, CW_EINVAL, "Graph: c: m" },
	{ "5xx, idempotent", 503, GRAPH("c", "m"), true, CW_EUNAVAILABLE, "Graph: c: m" },
	{ "5xx, not idempotent", 500, GRAPH("c", "m"), false, CW_EUNKNOWN, "Graph: c: m" },
	{ "a redirect", 302, NULL, true, CW_EPROTO, "Graph answered 302 without saying why" },
	{ "no body", 503, NULL, true, CW_EUNAVAILABLE, "Graph answered 503 without saying why" },
	{ "no message", 404, "{\"error\":{\"code\":\"c\"}}", true, CW_ENOTFOUND,
	    "Graph: c: answered 404" },
	{ "error is a word", 400, "{\"error\":\"x\"}", true, CW_EINVAL,
	    "Graph answered 400 without saying why" },
	{ "not an object", 400, "[1]", true, CW_EINVAL, "Graph answered 400 without saying why" },
	{ "one line", 400, GRAPH("c", "a\\r\\nb\\u0007"), true, CW_EINVAL, "Graph: c: a  b" },
	{ "a token that comes back", 400, GRAPH("c", "Bad token " TOKEN "."), true, CW_EINVAL,
	    "Graph: c: Bad token [...]" },
	{ "in quotes", 400, GRAPH("c", "Bad '" TOKEN "' given"), true, CW_EINVAL,
	    "Graph: c: Bad '[...]' given" },
};

static const struct {
	const char *name;
	long status;
	const char *body;
	int code;
	const char *text;
} token_rows[] = {
	{ "trace ids are left out", 401,
	    "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS700027: The key was not "
	    "found. Trace ID: 1 Correlation ID: 2\"}",
	    CW_EAUTH,
	    "Entra ID refused the bridge's sign-in: AADSTS700027: The key was not found." },
	{ "and more lines", 400,
	    "{\"error\":\"x\",\"error_description\":\"AADSTS90002: No tenant.\\r\\nTrace\"}",
	    CW_EAUTH, "Entra ID refused the bridge's sign-in: AADSTS90002: No tenant." },
	{ "only a word", 400, "{\"error\":\"invalid_scope\"}", CW_EAUTH,
	    "Entra ID refused the bridge's sign-in: invalid_scope" },
	{ "an assertion that comes back", 400, "{\"error_description\":\"not " TOKEN "\"}",
	    CW_EAUTH, "Entra ID refused the bridge's sign-in: not [...]" },
	{ "not there", 503, NULL, CW_EUNAVAILABLE,
	    "Entra ID answered 503 to the sign-in without saying why" },
	{ "too often", 429, "{}", CW_EUNAVAILABLE,
	    "Entra ID answered 429 to the sign-in without saying why" },
};

int
main(void)
{
	struct cw_err err;
	cJSON *body;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		body = rows[i].body != NULL ? cJSON_Parse(rows[i].body) : NULL;
		CHECK_EQ(
		    cw_graph_error(&err, rows[i].status, body, rows[i].idempotent), rows[i].code);
		CHECK_EQ(err.code, rows[i].code);
		CHECK_STR(err.text, rows[i].text);
		cJSON_Delete(body);
	}
	for (size_t i = 0; i < CW_COUNT(token_rows); i++) {
		test_case = token_rows[i].name;
		body = token_rows[i].body != NULL ? cJSON_Parse(token_rows[i].body) : NULL;
		CHECK_EQ(
		    cw_graph_token_error(&err, token_rows[i].status, body), token_rows[i].code);
		CHECK_STR(err.text, token_rows[i].text);
		cJSON_Delete(body);
	}
	return test_failed;
}
