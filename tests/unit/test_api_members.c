/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the body of each request may hold, and that every refusal names what is wrong.
 */
#include "api/api_private.h"
#include "doubles/web_double.h"
#include "test.h"

int test_failed;

#define TENANTS "/v1/tenants"
#define GRAPH "/v1/tenants/{tenant}/graph"
#define TOKENS "/v1/tenants/{tenant}/enrolment-tokens"
#define COMMANDS "/v1/tenants/{tenant}/commands"
#define CHANGES "/v1/tenants/{tenant}/changes"
#define KEYS "/v1/api-keys"
#define ID "\"3f2b8c1e-6a0d-4a53-9a3e-0a6f3c1d2e4b\""

static const struct {
	const char *name, *method, *path, *body;
	const char *says; /* NULL: it is taken */
} bodies[] = {
	{ "a tenant", "POST", TENANTS, "{\"name\":\"a\",\"mode\":\"cloud\"}", NULL },
	{ "no body", "POST", TENANTS, "", "the body is missing" },
	{ "not JSON", "POST", TENANTS, "{\"name\"", "the body: not JSON at byte" },
	{ "twice the same", "POST", TENANTS, "{\"name\":\"a\",\"name\":\"b\",\"mode\":\"cloud\"}",
	    "the body: member \"name\" appears twice" },
	{ "no object", "POST", TENANTS, "[]", "the body must be a JSON object" },
	{ "one too many", "POST", TENANTS, "{\"name\":\"a\",\"mode\":\"cloud\",\"x\":1}",
	    "the body has no member \"x\"" },
	{ "one missing", "POST", TENANTS, "{\"name\":\"a\"}", "the body: \"mode\" is missing" },
	{ "of another type", "POST", TENANTS, "{\"name\":1,\"mode\":\"cloud\"}",
	    "the body: \"name\" must be a string" },
	{ "null", "POST", TENANTS, "{\"name\":null,\"mode\":\"cloud\"}",
	    "the body: \"name\" must be a string" },
	{ "empty", "POST", TENANTS, "{\"name\":\"\",\"mode\":\"cloud\"}",
	    "the body: \"name\" must not be empty" },
	{ "control characters", "POST", TENANTS, "{\"name\":\"a\\u0007\",\"mode\":\"cloud\"}",
	    "the body: \"name\" holds a control character" },
	{ "turned writing", "POST", TENANTS, "{\"name\":\"a\\u202e\",\"mode\":\"cloud\"}",
	    "the body: \"name\" holds a control character" },
	{ "no choice", "POST", TENANTS, "{\"name\":\"a\",\"mode\":\"Cloud\"}",
	    "the body: \"mode\" must be one of cloud, on-prem, hybrid-sync, hybrid-dual" },
	{ "a patch of nothing", "PATCH", TENANTS "/{tenant}", "{}", NULL },
	{ "a body where none is", "DELETE", TENANTS "/{tenant}", "{}", "takes no body" },
	{ "none where none is", "DELETE", TENANTS "/{tenant}", "", NULL },
	{ "no UUID", "PUT", GRAPH,
	    "{\"tenant_id\":\"x\",\"client_id\":" ID
	    ",\"certificate\":\"-\",\"private_key\":\"-\"}",
	    "the body: \"tenant_id\" must be a UUID" },
	{ "lines in a PEM", "PUT", GRAPH,
	    "{\"tenant_id\":" ID ",\"client_id\":" ID
	    ",\"certificate\":\"-\\n-\",\"private_key\":\"-\\n\"}",
	    NULL },
	{ "roles", "POST", TOKENS, "{\"roles\":[\"directory\",\"sync\"],\"expires_in_s\":60}",
	    NULL },
	{ "no roles", "POST", TOKENS, "{\"roles\":[]}",
	    "the body: \"roles\" must be a list of 1 to 3 strings" },
	{ "a role that is none", "POST", TOKENS, "{\"roles\":[\"king\"]}",
	    "the body: \"roles\" must be one of directory, sync, exchange" },
	{ "a role twice", "POST", TOKENS, "{\"roles\":[\"sync\",\"sync\"]}",
	    "the body: \"roles\" names \"sync\" twice" },
	{ "a role that is a number", "POST", TOKENS, "{\"roles\":[1]}",
	    "the body: \"roles\" holds something that is no string" },
	{ "a number below", "POST", TOKENS, "{\"roles\":[\"sync\"],\"expires_in_s\":59}",
	    "the body: \"expires_in_s\" must be a whole number from 60 to 2592000" },
	{ "a fraction", "POST", TOKENS, "{\"roles\":[\"sync\"],\"expires_in_s\":60.5}",
	    "\"expires_in_s\" must be a whole number" },
	{ "a number as text", "POST", TOKENS, "{\"roles\":[\"sync\"],\"expires_in_s\":\"60\"}",
	    "\"expires_in_s\" must be a whole number" },
	{ "a command", "POST", COMMANDS,
	    "{\"id\":" ID ",\"command\":\"Get-ADUser\",\"parameters\":{\"Identity\":\"ada\"},"
	    "\"agent\":" ID ",\"timeout_s\":1}",
	    NULL },
	{ "a script", "POST", COMMANDS, "{\"script\":\"Get-ADUser\"}",
	    "the body has no member \"script\"" },
	{ "parameters that are a list", "POST", COMMANDS, "{\"command\":\"x\",\"parameters\":[]}",
	    "the body: \"parameters\" must be an object" },
	{ "a change", "POST", CHANGES,
	    "{\"change\":\"user.update\",\"target\":{\"sam\":\"ada\"},\"set\":{\"jobTitle\":null}}",
	    NULL },
	{ "within an object", "POST", CHANGES,
	    "{\"change\":\"user.update\",\"target\":{\"mail\":\"x\"}}",
	    "target has no member \"mail\"" },
	{ "a type within an object", "POST", CHANGES,
	    "{\"change\":\"user.update\",\"target\":{\"user\":1}}",
	    "target: \"user\" must be a string" },
	{ "a key", "POST", KEYS, "{\"name\":\"x\",\"role\":\"admin\"}", NULL },
};

static const struct {
	const char *name, *path, *query, *says;
} queries[] = {
	{ "none", "/v1/operations", NULL, NULL },
	{ "all", "/v1/operations",
	    "tenant=contoso&state=failed&before=3f2b8c1e-6a0d-4a53-9a3e-0a6f3c1d2e4b&limit=200",
	    NULL },
	{ "unknown", "/v1/operations", "limit=1&offset=2",
	    "this path takes no query parameter \"offset\"" },
	{ "twice", "/v1/operations", "limit=1&limit=2", "the query names \"limit\" twice" },
	{ "too many", "/v1/operations", "limit=201",
	    "the query: \"limit\" must be a whole number from 1 to 200" },
	{ "none at all", "/v1/operations", "limit=0", "must be a whole number" },
	{ "negative", "/v1/operations", "limit=-1", "must be a whole number" },
	{ "signed", "/v1/operations", "limit=+1", "must be a whole number" },
	{ "with more behind", "/v1/operations", "limit=1x", "must be a whole number" },
	{ "beyond a long", "/v1/operations", "limit=99999999999999999999",
	    "must be a whole number" },
	{ "empty", "/v1/operations", "limit=", "must be a whole number" },
	{ "without a value", "/v1/operations", "tenant",
	    "the query: \"tenant\" must not be empty" },
	{ "no state", "/v1/operations", "state=done",
	    "the query: \"state\" must be one of queued," },
	{ "no id", "/v1/operations", "before=1", "the query: \"before\" must be a UUID" },
	{ "not UTF-8", "/v1/operations", "tenant=\xff", "the query: \"tenant\" is not UTF-8" },
	{ "not where it belongs", "/v1/tenants", "tenant=x",
	    "takes no query parameter \"tenant\"" },
};

static const struct api_route *
route_of(const char *method, const char *path)
{
	const struct api_route *routes;
	size_t n;

	routes = api_routes(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(routes[i].method, method) == 0 && strcmp(routes[i].path, path) == 0)
			return &routes[i];
	return NULL;
}

int
main(void)
{
	const char *test_case = "";
	const struct api_route *route;
	struct cw_err err;
	cJSON *body;
	int r;

	for (size_t i = 0; i < CW_COUNT(bodies); i++) {
		test_case = bodies[i].name;
		err = (struct cw_err){ 0 };
		body = NULL;
		route = route_of(bodies[i].method, bodies[i].path);
		r = api_read_body(&body, route->body, bodies[i].body, strlen(bodies[i].body), &err);
		CHECK_EQ(r, bodies[i].says == NULL ? CW_OK : CW_EINVAL);
		if (bodies[i].says != NULL && strstr(err.text, bodies[i].says) == NULL)
			CHECK_STR(err.text, bodies[i].says);
		api_body_free(body);
	}
	for (size_t i = 0; i < CW_COUNT(queries); i++) {
		struct web_double_request request = {
			.method = "GET", .path = queries[i].path, .query = queries[i].query
		};
		struct cw_web_call *call = web_double_new(&request);

		test_case = queries[i].name;
		err = (struct cw_err){ 0 };
		route = route_of("GET", queries[i].path);
		CHECK_EQ(api_check_query(call, route->query, &err),
		    queries[i].says == NULL ? CW_OK : CW_EINVAL);
		if (queries[i].says != NULL && strstr(err.text, queries[i].says) == NULL)
			CHECK_STR(err.text, queries[i].says);
		web_double_free(call);
	}
	return test_failed;
}
