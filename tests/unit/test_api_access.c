/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what: every route, with every kind of key, on what the key sees, on what it
 * does not see, and on what is not there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "api/api_private.h"
#include "api_fixture.h"
#include "base/json.h"
#include "os/random.h"
#include "test.h"

int test_failed;
const char *test_case = "";

enum whose { OWN, FOREIGN, NOBODYS };

static char own_operation[CW_UUID_TEXT], foreign_operation[CW_UUID_TEXT];
static char nobody[CW_UUID_TEXT], name[256];

static void
new_operation(char id[CW_UUID_TEXT], const struct cw_tenant *t)
{
	cJSON *body = cJSON_CreateObject();
	struct cw_err err;

	cJSON_AddStringToObject(body, "command", "Get-ADUser");
	CHECK_EQ(cw_route_command(route, id, t->id, reader_key.id, body, &err), CW_OK);
	cJSON_Delete(body);
}

static const char *
spare_key(void)
{
	static struct cw_api_key key;
	char text[CW_API_KEY_TEXT];
	struct cw_err err;

	key = (struct cw_api_key){ .name = "spare", .role = CW_ROLE_ADMIN };
	CHECK_EQ(cw_api_key_add(ledger, &key, text, &err), CW_OK);
	return key.id;
}

/* What stands in the path for the route's parameter. */
static const char *
part_of(const struct api_route *r, enum whose whose)
{
	const char *at = strchr(r->path, '{');

	if (at == NULL)
		return "";
	if (whose == NOBODYS)
		return nobody;
	switch (at[1]) {
	case 't': return whose == OWN ? own.id : foreign.id;
	case 'a': return whose == OWN ? own_agent : foreign_agent;
	case 'o': return whose == OWN ? own_operation : foreign_operation;
	default: return spare_key();
	}
}

static struct cw_web_call *
ask_route(const struct api_route *r, const char *part, const char *bearer)
{
	const char *at = strchr(r->path, '{');
	char path[512];

	if (at == NULL)
		(void)snprintf(path, sizeof(path), "%s", r->path);
	else
		(void)snprintf(path, sizeof(path), "%.*s%s%s", (int)(at - r->path), r->path, part,
		    strchr(at, '}') + 1);
	return ask(r->method, path, NULL, bearer, NULL);
}

/* 0: neither refused nor hidden; what then comes of it is another test's. */
static int
expected(const struct api_route *r, enum cw_api_role role, enum whose whose)
{
	const char *at = strchr(r->path, '{');
	bool hidden = at != NULL && at[1] != 'k' &&
	    (whose == NOBODYS || (whose == FOREIGN && role != CW_ROLE_ADMIN));

	if (r->open)
		return 0;
	if (hidden)
		return 404;
	if (role < r->role)
		return 403;
	return at != NULL && at[1] == 'k' && whose == NOBODYS ? 404 : 0;
}

static bool
refused(int status)
{
	return status == 401 || status == 403 || status == 404;
}

/* Only who may run scripts and plans may send large bodies, and only with them. */
static void
check_body(const struct api_route *r, const char *const keys[3])
{
	bool large = strstr(r->path, "/scripts") != NULL || strstr(r->path, "/plans") != NULL;

	CHECK_EQ(api_body_max(r), large ? CW_API_LARGE_MAX : CW_WEB_BODY_MAX);
	if (strcmp(r->method, "POST") != 0)
		return;
	(void)snprintf(name, sizeof(name), "the body of %s", r->path);
	test_case = name;
	for (int role = -1; role <= CW_ROLE_ADMIN; role++) {
		const struct web_double_request request = { .method = r->method,
			.path = r->path,
			.bearer = role < 0 ? "cwk_x" : keys[role] };
		struct cw_web_call *call = web_double_new(&request);

		CHECK_EQ(cw_api_body_max(api, call),
		    !large                         ? CW_WEB_BODY_MAX
			: role >= CW_ROLE_OPERATOR ? CW_API_LARGE_MAX
						   : 0);
		web_double_free(call);
	}
}

static void
check_keys(const struct api_route *r, const char *const keys[3])
{
	static const char *const whose_names[] = { "its own", "a foreign one", "nobody's" };
	struct cw_web_call *call;

	for (int role = CW_ROLE_READER; role <= CW_ROLE_ADMIN; role++)
		for (int whose = OWN; whose <= NOBODYS; whose++) {
			const char *part = part_of(r, (enum whose)whose);
			int want = expected(r, (enum cw_api_role)role, (enum whose)whose);
			char text[320];

			(void)snprintf(name, sizeof(name), "%s %s, %s, %s", r->method, r->path,
			    cw_api_role_name((enum cw_api_role)role), whose_names[whose]);
			test_case = name;
			call = ask_route(r, part, keys[role]);
			if (want != 0)
				CHECK_EQ(web_double_status(call), want);
			else
				CHECK(!refused(web_double_status(call)));
			/* Hidden and missing read alike. */
			if (want == 404 && strchr(r->path, '{')[1] != 'k') {
				(void)snprintf(text, sizeof(text), "not_found: there is no %.*s %s",
				    (int)strcspn(strchr(r->path, '{') + 1, "}"),
				    strchr(r->path, '{') + 1, part);
				CHECK_STR(web_double_body(call), text);
			}
			web_double_free(call);
		}
}

static void
check_no_key(const struct api_route *r, const char *revoked)
{
	const char *const keys[] = { NULL, "", "cwk_",
		"cwk_0123456789012345678901234567890123456789012", revoked };
	struct cw_web_call *call;

	(void)snprintf(name, sizeof(name), "%s %s without a key", r->method, r->path);
	test_case = name;
	for (size_t i = 0; i < CW_COUNT(keys); i++) {
		call = ask_route(r, part_of(r, OWN), keys[i]);
		CHECK_EQ(web_double_status(call) == 401, !r->open);
		if (!r->open)
			CHECK_STR(web_double_body(call),
			    "unauthenticated: send an API key that is valid: \"Authorization: "
			    "Bearer cwk_...\"");
		web_double_free(call);
	}
}

static void
check_paths(void)
{
	struct cw_web_call *call;

	test_case = "nothing there";
	call = ask("GET", "/v2/tenants", NULL, admin, NULL);
	CHECK_EQ(web_double_status(call), 404);
	web_double_free(call);
	test_case = "another method";
	call = ask("PUT", "/v1/tenants", NULL, NULL, NULL);
	CHECK_EQ(web_double_status(call), 405);
	CHECK_STR(web_double_header(call, "allow"), "GET, HEAD, POST, OPTIONS");
	web_double_free(call);
	test_case = "OPTIONS";
	call = ask("OPTIONS", "/v1/tenants", NULL, NULL, NULL);
	CHECK_EQ(web_double_status(call), 204);
	CHECK_STR(web_double_header(call, "allow"), "GET, HEAD, POST, OPTIONS");
	web_double_free(call);
	test_case = "HEAD of a stream";
	(void)snprintf(name, sizeof(name), "/v1/operations/%s/events", own_operation);
	call = ask("HEAD", name, NULL, reader, NULL);
	CHECK_EQ(web_double_status(call), 200);
	CHECK(web_double_ended(call));
	web_double_free(call);
	test_case = "ids in capitals";
	(void)snprintf(name, sizeof(name), "/v1/agents/%s", own_agent);
	for (char *p = name + 11; *p != '\0'; p++)
		*p = *p >= 'a' && *p <= 'f' ? (char)(*p - 32) : *p;
	call = ask("GET", name, NULL, reader, NULL);
	CHECK_EQ(web_double_status(call), 200);
	web_double_free(call);
	test_case = "the bridge stops";
	cw_api_stop(api);
	call = ask("GET", "/v1/tenants", NULL, admin, NULL);
	CHECK_EQ(web_double_status(call), 503);
	CHECK_STR(web_double_header(call, "retry-after"), "5");
	web_double_free(call);
}

/* Codes as statuses, and what stays in the log. */
static void
check_errors(void)
{
	static const struct {
		int code, status;
		const char *text, *retry_after;
	} rows[] = {
		{ CW_EINVAL, 400, "invalid_request: why", NULL },
		{ CW_EAUTH, 401, "unauthenticated: why", NULL },
		{ CW_EDENIED, 403, "denied: why", NULL },
		{ CW_ENOTFOUND, 404, "not_found: why", NULL },
		{ CW_ECONFLICT, 409, "conflict: why", NULL },
		{ CW_EEXPIRED, 410, "expired: why", NULL },
		{ CW_ELIMIT, 413, "limit: why", NULL },
		{ CW_EAGAIN, 429, "limit: why", "5" },
		{ CW_EUNAVAILABLE, 503, "unavailable: why", "5" },
		{ CW_ETIMEOUT, 504, "timeout: why", NULL },
		{ CW_EPROTO, 502, "protocol: why", NULL },
		{ CW_EUNKNOWN, 500, "outcome_unknown: why", NULL },
		{ CW_ESYS, 500, "system: the bridge failed; its log says why", NULL },
		{ CW_ENOMEM, 500, "out_of_memory: the bridge failed; its log says why", NULL },
		{ -99, 500, "internal: the bridge failed; its log says why", NULL },
	};

	test_case = "errors as answers";
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct web_double_request request = { .method = "GET", .path = "/" };
		struct cw_web_call *call = web_double_new(&request);
		struct cw_err err = { rows[i].code, "why" };

		api_fail(call, rows[i].code, &err);
		CHECK_EQ(web_double_status(call), rows[i].status);
		CHECK_STR(web_double_body(call), rows[i].text);
		CHECK_STR(web_double_header(call, "retry-after"), rows[i].retry_after);
		web_double_free(call);
	}
}

int
main(void)
{
	const char *const keys[] = { reader, operator_, admin };
	const struct api_route *routes;
	char revoked[CW_API_KEY_TEXT];
	struct cw_api_key key = { .name = "revoked", .role = CW_ROLE_ADMIN };
	struct cw_err err;
	size_t n;

	fixture_new();
	cw_random_uuid(nobody);
	new_operation(own_operation, &own);
	new_operation(foreign_operation, &foreign);
	CHECK_EQ(cw_api_key_add(ledger, &key, revoked, &err), CW_OK);
	CHECK_EQ(cw_api_key_revoke(ledger, key.id, &err), CW_OK);
	routes = api_routes(&n);
	for (size_t i = 0; i < n; i++) {
		check_no_key(&routes[i], revoked);
		check_keys(&routes[i], keys);
		check_body(&routes[i], keys);
	}
	check_errors();
	check_paths();
	fixture_free();
	return test_failed;
}
