/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be asked: one row for each method and path. openapi.json says the same for
 * others to read, and a test holds the two together.
 */
#include <string.h>

#include "api/api_private.h"
#include "base/str.h"

#define TOKEN_DAYS_MAX 30

static const char *const modes[] = { "cloud", "on-prem", "hybrid-sync", "hybrid-dual", NULL };
static const char *const script_modes[] = { "run", "plan", NULL };
static const char *const states[] = { "queued", "running", "succeeded", "failed", "unknown",
	"cancelled", NULL };
static const char *const agent_roles[] = { "directory", "sync", "exchange", NULL };
static const char *const key_roles[] = { "reader", "operator", "admin", NULL };

static const struct api_member none[] = { { 0 } };
static const struct api_member by_tenant[] = {
	{ .name = "tenant", .kind = API_TEXT, .max = CW_TENANT_NAME_MAX - 1 },
	{ 0 },
};
static const struct api_member operations_query[] = {
	{ .name = "tenant", .kind = API_TEXT, .max = CW_TENANT_NAME_MAX - 1 },
	{ .name = "state", .kind = API_CHOICE, .choices = states },
	{ .name = "before", .kind = API_ID },
	{ .name = "limit", .kind = API_NUMBER, .min = 1, .max = 200 },
	{ 0 },
};
static const struct api_member wait_query[] = {
	{ .name = "wait", .kind = API_NUMBER, .max = CW_API_WAIT_MAX_S },
	{ 0 },
};

static const struct api_member tenant_body[] = {
	{ .name = "name", .kind = API_TEXT, .required = true, .max = CW_TENANT_NAME_MAX - 1 },
	{ .name = "mode", .kind = API_CHOICE, .required = true, .choices = modes },
	{ 0 },
};
static const struct api_member tenant_patch[] = {
	{ .name = "name", .kind = API_TEXT, .max = CW_TENANT_NAME_MAX - 1 },
	{ .name = "mode", .kind = API_CHOICE, .choices = modes },
	{ 0 },
};
static const struct api_member graph_body[] = {
	{ .name = "tenant_id", .kind = API_ID, .required = true },
	{ .name = "client_id", .kind = API_ID, .required = true },
	{ .name = "certificate", .kind = API_LINES, .required = true, .max = 65536 },
	{ .name = "private_key", .kind = API_LINES, .required = true, .max = 65536 },
	{ .name = "graph_url", .kind = API_TEXT, .max = CW_TENANT_URL_MAX - 1 },
	{ .name = "token_url", .kind = API_TEXT, .max = CW_TENANT_URL_MAX - 1 },
	{ 0 },
};
static const struct api_member token_body[] = {
	{ .name = "roles", .kind = API_TEXTS, .required = true, .max = 3, .choices = agent_roles },
	{ .name = "expires_in_s",
	    .kind = API_NUMBER,
	    .min = 60,
	    .max = TOKEN_DAYS_MAX * 24 * 3600 },
	{ 0 },
};
static const struct api_member command_body[] = {
	{ .name = "id", .kind = API_ID },
	{ .name = "command", .kind = API_TEXT, .required = true, .max = 128 },
	{ .name = "parameters", .kind = API_OBJECT },
	{ .name = "agent", .kind = API_ID },
	{ .name = "timeout_s", .kind = API_NUMBER, .min = 1, .max = 3600 },
	{ 0 },
};
static const struct api_member script_body[] = {
	{ .name = "id", .kind = API_ID },
	{ .name = "mode", .kind = API_CHOICE, .required = true, .choices = script_modes },
	{ .name = "script", .kind = API_LINES, .required = true, .max = 1024 * 1024 },
	{ .name = "agent", .kind = API_ID },
	{ .name = "timeout_s", .kind = API_NUMBER, .min = 1, .max = 24 * 3600 },
	{ 0 },
};
static const struct api_member apply_body[] = {
	{ .name = "id", .kind = API_ID },
	{ .name = "plan", .kind = API_OBJECT },
	{ .name = "operation", .kind = API_ID },
	{ .name = "hash", .kind = API_TEXT, .max = 64 },
	{ .name = "secrets", .kind = API_OBJECT },
	{ .name = "timeout_s", .kind = API_NUMBER, .min = 1, .max = 24 * 3600 },
	{ 0 },
};
static const struct api_member target[] = {
	{ .name = "user", .kind = API_TEXT, .max = 1024 },
	{ .name = "sam", .kind = API_TEXT, .max = 256 },
	{ 0 },
};
static const struct api_member change_body[] = {
	{ .name = "id", .kind = API_ID },
	{ .name = "change",
	    .kind = API_TEXT,
	    .required = true,
	    .max = 64 }, /* the router's names */
	{ .name = "target", .kind = API_OBJECT, .required = true, .members = target },
	{ .name = "set", .kind = API_OBJECT },
	{ .name = "reply_key", .kind = API_TEXT, .max = 64 },
	{ 0 },
};
static const struct api_member key_body[] = {
	{ .name = "name", .kind = API_TEXT, .required = true, .max = CW_API_KEY_NAME_MAX - 1 },
	{ .name = "role", .kind = API_CHOICE, .required = true, .choices = key_roles },
	{ .name = "tenants", .kind = API_TEXTS, .max = CW_API_KEY_TENANTS_MAX },
	{ 0 },
};

#define OPEN true, CW_ROLE_READER
#define READER false, CW_ROLE_READER
#define OPERATOR false, CW_ROLE_OPERATOR
#define ADMIN false, CW_ROLE_ADMIN

/* clang-format off */
static const struct api_route routes[] = {
	{ "GET",    "/v1/health", OPEN, none, NULL, api_health },
	{ "GET",    "/v1/openapi.json", OPEN, none, NULL, api_openapi },
	{ "GET",    "/v1/catalogue", READER, none, NULL, api_catalogue },
	{ "GET",    "/v1/tenants", READER, none, NULL, api_tenants_list },
	{ "POST",   "/v1/tenants", ADMIN, none, tenant_body, api_tenants_create },
	{ "GET",    "/v1/tenants/{tenant}", READER, none, NULL, api_tenants_show },
	{ "PATCH",  "/v1/tenants/{tenant}", ADMIN, none, tenant_patch, api_tenants_update },
	{ "DELETE", "/v1/tenants/{tenant}", ADMIN, none, NULL, api_tenants_remove },
	{ "PUT",    "/v1/tenants/{tenant}/graph", ADMIN, none, graph_body, api_graph_set },
	{ "DELETE", "/v1/tenants/{tenant}/graph", ADMIN, none, NULL, api_graph_remove },
	{ "POST",   "/v1/tenants/{tenant}/enrolment-tokens", ADMIN, none, token_body, api_enrolment_token },
	{ "POST",   "/v1/tenants/{tenant}/commands", READER, wait_query, command_body, api_command },
	{ "POST",   "/v1/tenants/{tenant}/scripts", OPERATOR, wait_query, script_body, api_script },
	{ "POST",   "/v1/tenants/{tenant}/plans/apply", OPERATOR, wait_query, apply_body, api_apply },
	{ "POST",   "/v1/tenants/{tenant}/changes", OPERATOR, wait_query, change_body, api_change },
	{ "GET",    "/v1/agents", READER, by_tenant, NULL, api_agents_list },
	{ "GET",    "/v1/agents/{agent}", READER, none, NULL, api_agents_show },
	{ "POST",   "/v1/agents/{agent}/revoke", ADMIN, none, NULL, api_agents_revoke },
	{ "GET",    "/v1/operations", READER, operations_query, NULL, api_operations_list },
	{ "GET",    "/v1/operations/{operation}", READER, none, NULL, api_operations_show },
	{ "POST",   "/v1/operations/{operation}/cancel", OPERATOR, none, NULL, api_operations_cancel },
	{ "GET",    "/v1/operations/{operation}/events", READER, none, NULL, api_operations_events },
	{ "GET",    "/v1/api-keys", ADMIN, none, NULL, api_keys_list },
	{ "POST",   "/v1/api-keys", ADMIN, none, key_body, api_keys_create },
	{ "DELETE", "/v1/api-keys/{key}", ADMIN, none, NULL, api_keys_remove },
};
/* clang-format on */

const struct api_route *
api_routes(size_t *n)
{
	*n = CW_COUNT(routes);
	return routes;
}

/* A script or a plan. */
size_t
api_body_max(const struct api_route *route)
{
	return route->body == script_body || route->body == apply_body ? CW_API_LARGE_MAX
								       : CW_WEB_BODY_MAX;
}

/* Does path match template? Then part is what stands in it for the template's parameter, or "". */
static bool
match(const char *template, const char *path, char part[API_PART_MAX])
{
	size_t n;

	part[0] = '\0';
	for (; *template != '\0'; template ++, path++) {
		if (*template == '{') {
			n = strcspn(path, "/");
			if (n == 0 || n >= API_PART_MAX)
				return false;
			memcpy(part, path, n);
			part[n] = '\0';
			template += strcspn(template, "}");
			path += n - 1;
		} else if (*template != *path) {
			return false;
		}
	}
	return *path == '\0';
}

/* "GET, HEAD, POST, OPTIONS" of a path of the table; static storage, until the next call. */
static const char *
allowed(const char *path)
{
	static char text[64];

	text[0] = '\0';
	for (size_t i = 0; i < CW_COUNT(routes); i++)
		if (strcmp(routes[i].path, path) == 0) {
			strcat(text, routes[i].method);
			strcat(text, strcmp(routes[i].method, "GET") == 0 ? ", HEAD, " : ", ");
		}
	return strcat(text, "OPTIONS");
}

int
api_find_route(const struct api_route **ret, char part[API_PART_MAX], const char **allow,
    const char *method, const char *path)
{
	const char *template = NULL;

	*allow = NULL;
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	for (size_t i = 0; i < CW_COUNT(routes); i++) {
		if (!match(routes[i].path, path, part))
			continue;
		template = routes[i].path;
		if (strcmp(routes[i].method, method) == 0) {
			*ret = &routes[i];
			return CW_OK;
		}
	}
	if (template == NULL)
		return CW_ENOTFOUND;
	*allow = allowed(template);
	return CW_EINVAL;
}
