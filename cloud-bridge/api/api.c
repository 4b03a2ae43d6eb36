/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a request: its route, its key, what its path names, its body; then its
 * handler.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"
#include "api/follow.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"

/* The same words for a key that is missing, unknown and revoked. */
#define NO_KEY "send an API key that is valid: \"Authorization: Bearer cwk_...\""

int
cw_api_new(struct cw_api **ret, const struct cw_api_config *config, struct cw_err *err)
{
	struct cw_api *api = calloc(1, sizeof(*api));

	if (api == NULL || (api->agents_address = cw_strdup(config->agents_address)) == NULL) {
		free(api);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	api->config = *config;
	api->config.agents_address = api->agents_address;
	if (api->config.beat_ms == 0)
		api->config.beat_ms = CW_API_BEAT_MS;
	api_follow_init(api);
	*ret = api;
	return CW_OK;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	struct cw_api *api = handle->data;
	void (*closed)(void *) = api->closed;
	void *arg = api->closed_arg;

	free(api->agents_address);
	free(api);
	if (closed != NULL)
		closed(arg);
}

void
cw_api_close(struct cw_api *api, void (*closed)(void *arg), void *arg)
{
	if (api == NULL)
		return;
	api->closed = closed;
	api->closed_arg = arg;
	api_endings_free(api);
	uv_close((uv_handle_t *)&api->timer, on_timer_closed);
}

void
cw_api_stop(struct cw_api *api)
{
	const struct cw_err err = { CW_EUNAVAILABLE,
		"the bridge stops; ask again in a moment: the operation goes on" };

	api->stopping = true;
	api_follow_cut(api, NULL, &err);
}

static int
authenticate(struct api_request *q, struct cw_err *err)
{
	const char *bearer = cw_web_bearer(q->call);
	int r;

	if (q->route->open)
		return CW_OK;
	r = cw_api_key_check(q->api->config.ledger, &q->key, bearer != NULL ? bearer : "",
	    bearer != NULL ? strlen(bearer) : 0, err);
	if (r == CW_EAUTH)
		return cw_fail(err, r, NO_KEY);
	if (r == CW_OK)
		cw_web_set_who(q->call, q->key.name);
	return r;
}

/* What a key may not see and what is not there are told in the same words. */
static int
hidden(int r, const struct api_request *q, const char *tenant, const char *what, struct cw_err *err)
{
	if (r == CW_ENOTFOUND || (r == CW_OK && !cw_api_key_sees(&q->key, tenant)))
		return cw_fail(err, CW_ENOTFOUND, "there is no %s %s", what, q->part);
	return r;
}

/* Finds what the path names. */
static int
resolve(struct api_request *q, struct cw_err *err)
{
	const char *parameter = strchr(q->route->path, '{');
	int r;

	if (parameter == NULL)
		return CW_OK;
	switch (parameter[1]) {
	case 't':
		r = cw_tenant_lookup(q->api->config.ledger, &q->tenant, q->part, err);
		return hidden(r, q, q->tenant.id, "tenant", err);
	case 'a':
		r = cw_agent_row_find(q->api->config.ledger, &q->agent, q->part, err);
		return hidden(r, q, q->agent.agent.tenant, "agent", err);
	case 'o':
		r = api_operation(q->api, &q->operation, q->part, err);
		return hidden(r, q, cw_json_str(q->operation, "tenant"), "operation", err);
	default: return CW_OK;
	}
}

int
api_tenant_of_query(struct api_request *q, bool *named, struct cw_err *err)
{
	const char *name = cw_web_query(q->call, "tenant");
	int r;

	*named = name != NULL;
	if (name == NULL)
		return CW_OK;
	r = cw_tenant_lookup(q->api->config.ledger, &q->tenant, name, err);
	if (r == CW_ENOTFOUND || (r == CW_OK && !cw_api_key_sees(&q->key, q->tenant.id)))
		return cw_fail(err, CW_ENOTFOUND, "there is no tenant %.128s", name);
	return r;
}

static int
check_role(const struct api_request *q, struct cw_err *err)
{
	return q->route->open || q->key.role >= q->route->role
	    ? CW_OK
	    : cw_fail(err, CW_EDENIED, "this API key has the role %s; it takes %s to do this",
		  cw_api_role_name(q->key.role), cw_api_role_name(q->route->role));
}

static int
read_body(struct api_request *q, struct cw_err *err)
{
	const char *text;
	size_t n;
	int r;

	cw_web_body(q->call, &text, &n);
	r = api_read_body(&q->body, q->route->body, text, n, err);
	cw_web_forget_secrets(q->call);
	return r;
}

/* What an administrator did; the call is no more. */
static void
log_deed(const struct api_request *q)
{
	cw_log(CW_LOG_INFO, "%s %s%s%s%s by API key %s (%s)", q->route->method, q->route->path,
	    q->part[0] != '\0' ? " (" : "", q->part, q->part[0] != '\0' ? ")" : "", q->key.id,
	    q->key.name);
}

static int
handle(struct api_request *q, struct cw_err *err)
{
	int r;

	if (q->api->stopping)
		return cw_fail(err, CW_EUNAVAILABLE, "the bridge stops; ask again in a moment");
	if ((r = authenticate(q, err)) < 0 ||
	    (r = api_check_query(q->call, q->route->query, err)) < 0 || (r = resolve(q, err)) < 0 ||
	    (r = check_role(q, err)) < 0 || (r = read_body(q, err)) < 0)
		return r;
	if ((r = q->route->handle(q, err)) == CW_OK && q->route->role == CW_ROLE_ADMIN &&
	    strcmp(q->route->method, "GET") != 0)
		log_deed(q);
	return r;
}

/* Ids are kept in lower case. */
static void
lower_id(char *part)
{
	uint8_t uuid[16];

	if (cw_uuid_parse(uuid, part, strlen(part)) == CW_OK)
		cw_uuid_text(part, uuid);
}

static void
refuse_route(struct cw_web_call *call, int code, const char *allow)
{
	struct cw_err err = { 0 };

	if (code == CW_ENOTFOUND) {
		(void)cw_fail(&err, code,
		    "there is nothing at this path; /v1/openapi.json tells what there is");
		api_fail(call, code, &err);
		return;
	}
	cw_web_header(call, "allow", allow);
	if (strcmp(cw_web_method(call), "OPTIONS") == 0)
		cw_web_answer(call, 204, NULL, "", 0);
	else
		cw_web_fail(call, 405, cw_errname(CW_EINVAL),
		    "this path is not for that method; the header Allow names those that it is "
		    "for");
}

size_t
cw_api_body_max(void *arg, const struct cw_web_call *call)
{
	struct api_request q = { .api = arg, .call = (struct cw_web_call *)call };
	struct cw_err err;
	const char *allow;

	if (api_find_route(&q.route, q.part, &allow, cw_web_method(call), cw_web_path(call)) < 0 ||
	    api_body_max(q.route) == CW_WEB_BODY_MAX)
		return CW_WEB_BODY_MAX;
	return authenticate(&q, &err) == CW_OK && check_role(&q, &err) == CW_OK
	    ? api_body_max(q.route)
	    : 0;
}

void
cw_api_call(void *arg, struct cw_web_call *call)
{
	struct api_request q = { .api = arg, .call = call };
	struct cw_err err = { 0 };
	const char *allow;
	int r = api_find_route(&q.route, q.part, &allow, cw_web_method(call), cw_web_path(call));

	if (r < 0) {
		refuse_route(call, r, allow);
		return;
	}
	lower_id(q.part);
	if ((r = handle(&q, &err)) < 0)
		api_fail(call, r, &err);
	api_body_free(q.body);
	cJSON_Delete(q.operation);
}
