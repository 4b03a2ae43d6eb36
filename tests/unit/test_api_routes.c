/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of routes: what it finds, and that openapi.json says the same, both ways.
 */
#include <stdlib.h>

#include "api/api_private.h"
#include "api_fixture.h"
#include "base/json.h"
#include "test.h"

int test_failed;
const char *test_case = "";

static const struct {
	const char *method, *path;
	int want;
	const char *template, *part, *allow;
} rows[] = {
	{ "GET", "/v1/tenants", CW_OK, "/v1/tenants", "", NULL },
	{ "HEAD", "/v1/tenants", CW_OK, "/v1/tenants", "", NULL },
	{ "GET", "/v1/tenants/a b", CW_OK, "/v1/tenants/{tenant}", "a b", NULL },
	{ "POST", "/v1/tenants/x/commands", CW_OK, "/v1/tenants/{tenant}/commands", "x", NULL },
	{ "GET", "/v1/operations/1/events", CW_OK, "/v1/operations/{operation}/events", "1", NULL },
	{ "GET", "/", CW_ENOTFOUND, NULL, NULL, NULL },
	{ "GET", "", CW_ENOTFOUND, NULL, NULL, NULL },
	{ "GET", "/v1/tenants/", CW_ENOTFOUND, NULL, NULL, NULL },
	{ "GET", "/v1/tenantsx", CW_ENOTFOUND, NULL, NULL, NULL },
	{ "GET", "/v1/tenants/x/", CW_ENOTFOUND, NULL, NULL, NULL },
	{ "GET", "/v1/tenants//graph", CW_ENOTFOUND, NULL, NULL, NULL },
	{ "GET", "/V1/tenants", CW_ENOTFOUND, NULL, NULL, NULL },
	{ "PUT", "/v1/tenants", CW_EINVAL, NULL, NULL, "GET, HEAD, POST, OPTIONS" },
	{ "HEAD", "/v1/tenants/x/commands", CW_EINVAL, NULL, NULL, "POST, OPTIONS" },
	{ "?", "/v1/tenants/x", CW_EINVAL, NULL, NULL, "GET, HEAD, PATCH, DELETE, OPTIONS" },
};

static void
test_find(void)
{
	const struct api_route *found;
	char part[API_PART_MAX], path[API_PART_MAX + 32];
	const char *allow;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].path;
		found = NULL;
		CHECK_EQ(api_find_route(&found, part, &allow, rows[i].method, rows[i].path),
		    rows[i].want);
		CHECK_STR(found != NULL ? found->path : NULL, rows[i].template);
		CHECK_STR(allow, rows[i].allow);
		if (rows[i].part != NULL)
			CHECK_STR(part, rows[i].part);
	}
	test_case = "a part that is too long";
	memset(path, 'a', sizeof(path));
	memcpy(path, "/v1/agents/", 11);
	path[sizeof(path) - 1] = '\0';
	CHECK_EQ(api_find_route(&found, part, &allow, "GET", path), CW_ENOTFOUND);
}

/* --- openapi.json */

static cJSON *doc;

/* A value, or what its "$ref" stands for. */
static const cJSON *
deref(const cJSON *value)
{
	const char *ref = cw_json_str(value, "$ref");
	const cJSON *at = doc;
	char *copy, *part, *rest;

	if (ref == NULL)
		return value;
	copy = strdup(ref + 2); /* "#/" */
	for (part = strtok_r(copy, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest))
		at = cw_json_get(at, part);
	free(copy);
	return at;
}

static const char *
lower(const char *method)
{
	static char text[16];
	size_t i = 0;

	for (; i < sizeof(text) - 1 && method[i] != '\0'; i++)
		text[i] = (char)(method[i] | 0x20);
	text[i] = '\0';
	return text;
}

static size_t
count(const struct api_member *m)
{
	size_t n = 0;

	while (m != NULL && m[n].name != NULL)
		n++;
	return n;
}

static void
check_choices(const struct api_member *m, const cJSON *schema)
{
	const cJSON *list = cw_json_get(schema, "enum");
	int n = 0;

	if (m->choices == NULL)
		return;
	for (; m->choices[n] != NULL; n++)
		CHECK_STR(cJSON_GetStringValue(cJSON_GetArrayItem(list, n)), m->choices[n]);
	CHECK_EQ(cJSON_GetArraySize(list), n);
}

static long
number(const cJSON *schema, const char *name)
{
	const cJSON *value = cw_json_get(schema, name);

	return value != NULL ? (long)value->valuedouble : 0;
}

static void check_object(const struct api_member *members, const cJSON *schema);

static void
check_schema(const struct api_member *m, const cJSON *schema)
{
	static const char *const types[] = { "string", "string", "string", "string", "integer",
		"array", "object" };

	schema = deref(schema);
	CHECK_STR(cw_json_str(schema, "type"), types[m->kind]);
	switch (m->kind) {
	case API_ID: CHECK_STR(cw_json_str(schema, "format"), "uuid"); break;
	case API_TEXT:
	case API_LINES: CHECK_EQ(number(schema, "maxLength"), m->max); break;
	case API_NUMBER:
		CHECK_EQ(number(schema, "minimum"), m->min);
		CHECK_EQ(number(schema, "maximum"), m->max);
		break;
	case API_TEXTS:
		CHECK_EQ(number(schema, "maxItems"), m->max);
		check_choices(m, deref(cw_json_get(schema, "items")));
		break;
	case API_CHOICE: check_choices(m, schema); break;
	case API_OBJECT:
		if (m->members != NULL)
			check_object(m->members, schema);
		break;
	}
}

static bool
listed(const cJSON *list, const char *name)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, list)
		if (strcmp(one->valuestring, name) == 0)
			return true;
	return false;
}

static void
check_object(const struct api_member *members, const cJSON *schema)
{
	const cJSON *properties, *required;

	schema = deref(schema);
	properties = cw_json_get(schema, "properties");
	required = cw_json_get(schema, "required");
	CHECK_EQ(cJSON_GetArraySize(properties), count(members));
	CHECK(cJSON_IsFalse(cw_json_get(schema, "additionalProperties")));
	for (const struct api_member *m = members; m->name != NULL; m++) {
		CHECK_EQ(listed(required, m->name), m->required);
		CHECK(cw_json_get(properties, m->name) != NULL);
		check_schema(m, cw_json_get(properties, m->name));
	}
}

static void
check_query(const struct api_route *r, const cJSON *operation)
{
	const cJSON *list = cw_json_get(operation, "parameters"), *one;
	const struct api_member *m;

	CHECK_EQ(cJSON_GetArraySize(list), count(r->query));
	cJSON_ArrayForEach (one, list) {
		for (m = r->query; m->name != NULL; m++)
			if (strcmp(m->name, cw_json_str(one, "name")) == 0)
				break;
		CHECK_STR(cw_json_str(one, "in"), "query");
		CHECK(m->name != NULL);
		if (m->name != NULL)
			check_schema(m, cw_json_get(one, "schema"));
	}
}

static void
check_path_parameter(const struct api_route *r, const cJSON *path)
{
	const cJSON *list = cw_json_get(path, "parameters"),
		    *one = deref(cJSON_GetArrayItem(list, 0));
	const char *at = strchr(r->path, '{');
	char name[32] = "";

	CHECK_EQ(cJSON_GetArraySize(list), at != NULL);
	if (at == NULL)
		return;
	memcpy(name, at + 1, strcspn(at + 1, "}"));
	CHECK_STR(cw_json_str(one, "name"), name);
	CHECK_STR(cw_json_str(one, "in"), "path");
}

static void
check_route(const struct api_route *r)
{
	const cJSON *path = cw_json_get(cw_json_get(doc, "paths"), r->path),
		    *operation = cw_json_get(path, lower(r->method)),
		    *responses = cw_json_get(operation, "responses");
	const cJSON *body = cw_json_get(operation, "requestBody");

	test_case = r->path;
	CHECK(operation != NULL);
	check_path_parameter(r, path);
	check_query(r, operation);
	CHECK_EQ(body != NULL, r->body != NULL);
	if (r->body != NULL)
		check_object(r->body,
		    cw_json_get(
			cw_json_get(cw_json_get(body, "content"), "application/json"), "schema"));
	CHECK_STR(cw_json_str(operation, "x-role"), r->open ? NULL : cw_api_role_name(r->role));
	CHECK_EQ(cJSON_GetArraySize(cw_json_get(operation, "security")), 0);
	CHECK_EQ(cw_json_get(operation, "security") != NULL, r->open);
	CHECK_EQ(cw_json_get(responses, "401") != NULL, !r->open);
	if (strchr(r->path, '{') != NULL)
		CHECK(cw_json_get(responses, "404") != NULL);
	CHECK_EQ(cw_json_get(responses, "413") != NULL, r->body != NULL);
	CHECK(cw_json_str(operation, "summary") != NULL);
}

/* Nothing is described that is not there. */
static void
check_no_more(size_t n)
{
	static const char *const methods[] = { "get", "put", "post", "patch", "delete" };
	size_t described = 0;
	const cJSON *path;

	cJSON_ArrayForEach (path, cw_json_get(doc, "paths"))
		for (size_t i = 0; i < CW_COUNT(methods); i++)
			described += cw_json_get(path, methods[i]) != NULL;
	test_case = "routes that are described";
	CHECK_EQ(described, n);
}

static void
check_changes(void)
{
	const cJSON *list = cw_json_get(
	    cw_json_get(
		cw_json_get(cw_json_get(cw_json_get(cw_json_get(doc, "components"), "schemas"),
				"NewChange"),
		    "properties"),
		"change"),
	    "enum");
	const char *const *names = cw_route_changes();

	test_case = "changes";
	for (int i = 0; names[i] != NULL; i++)
		CHECK_STR(cJSON_GetStringValue(cJSON_GetArrayItem(list, i)), names[i]);
}

/* No reference leads nowhere. */
static void
check_references(const cJSON *value)
{
	const cJSON *child;

	if (cw_json_str(value, "$ref") != NULL) {
		test_case = cw_json_str(value, "$ref");
		CHECK(deref(value) != NULL);
	}
	cJSON_ArrayForEach (child, value) {
		check_references(child);
	}
}

static void
test_openapi(void)
{
	struct cw_web_call *call = ask("GET", "/v1/openapi.json", NULL, NULL, NULL);
	const char *text = web_double_body(call);
	const struct api_route *routes;
	struct cw_err err = { 0 };
	size_t n;

	test_case = "openapi.json";
	CHECK_EQ(web_double_status(call), 200);
	CHECK_EQ(cw_json_parse(&doc, text, strlen(text), "openapi.json", &err), CW_OK);
	CHECK_STR(err.text, "");
	CHECK_STR(cw_json_str(doc, "openapi"), "3.1.0");
	routes = api_routes(&n);
	for (size_t i = 0; i < n; i++)
		check_route(&routes[i]);
	check_no_more(n);
	check_changes();
	check_references(doc);
	cJSON_Delete(doc);
	web_double_free(call);
}

int
main(void)
{
	test_find();
	fixture_new();
	test_openapi();
	fixture_free();
	return test_failed;
}
