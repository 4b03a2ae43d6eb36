/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tenants: customers, how they keep their users, and how the bridge signs in to their
 * Graph.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "api/api_private.h"
#include "base/buf.h"
#include "base/json.h"
#include "crypto/pki.h"
#include "crypto/token.h"
#include "graph/graph.h"
#include "os/clock.h"

#define GRAPH_URL "https://graph.microsoft.com/v1.0"
#define TOKEN_URL "https://login.microsoftonline.com/%s/oauth2/v2.0/token"
#define TOKEN_S (24 * 3600) /* for which an enrolment token is good unless told otherwise */

static cJSON *
tenant_json(const struct cw_tenant *t)
{
	const struct cw_tenant_graph *g = &t->graph;
	cJSON *o = cJSON_CreateObject(), *graph;

	cJSON_AddStringToObject(o, "id", t->id);
	cJSON_AddStringToObject(o, "name", t->name);
	cJSON_AddStringToObject(o, "mode", cw_mode_name(t->mode));
	cJSON_AddStringToObject(o, "created", t->created);
	if (!g->set)
		return o;
	graph = cJSON_AddObjectToObject(o, "graph");
	cJSON_AddStringToObject(graph, "tenant_id", g->tenant_id);
	cJSON_AddStringToObject(graph, "client_id", g->client_id);
	cJSON_AddStringToObject(graph, "graph_url", g->graph_url);
	cJSON_AddStringToObject(graph, "token_url", g->token_url);
	cJSON_AddStringToObject(graph, "thumbprint", g->thumbprint);
	cJSON_AddStringToObject(graph, "expires", g->expires);
	return o;
}

struct list {
	const struct api_request *q;
	cJSON *tenants;
};

static void
list_one(void *arg, const struct cw_tenant *t)
{
	struct list *l = arg;

	if (cw_api_key_sees(&l->q->key, t->id))
		(void)cJSON_AddItemToArray(l->tenants, tenant_json(t));
}

int
api_tenants_list(struct api_request *q, struct cw_err *err)
{
	cJSON *answer = cJSON_CreateObject();
	struct list l = { q, cJSON_AddArrayToObject(answer, "tenants") };
	int r;

	if ((r = cw_tenant_walk(q->api->config.ledger, list_one, &l, err)) < 0) {
		cJSON_Delete(answer);
		return r;
	}
	return api_answer(q->call, 200, answer, err);
}

int
api_tenants_show(struct api_request *q, struct cw_err *err)
{
	return api_answer(q->call, 200, tenant_json(&q->tenant), err);
}

/* name and mode, as far as the body has them. */
static int
read_tenant(struct cw_tenant *t, const cJSON *body, struct cw_err *err)
{
	const char *name = cw_json_str(body, "name"), *mode = cw_json_str(body, "mode");

	if (name != NULL)
		(void)snprintf(t->name, sizeof(t->name), "%s", name);
	return mode != NULL ? cw_mode_parse(&t->mode, mode, err) : CW_OK;
}

int
api_tenants_create(struct api_request *q, struct cw_err *err)
{
	int r;

	if ((r = read_tenant(&q->tenant, q->body, err)) < 0 ||
	    (r = cw_tenant_add(q->api->config.ledger, &q->tenant, err)) < 0)
		return r;
	return api_answer_created(
	    q->call, "/v1/tenants", q->tenant.id, tenant_json(&q->tenant), err);
}

int
api_tenants_update(struct api_request *q, struct cw_err *err)
{
	int r;

	if ((r = read_tenant(&q->tenant, q->body, err)) < 0 ||
	    (r = cw_tenant_update(q->api->config.ledger, &q->tenant, err)) < 0)
		return r;
	return api_tenants_show(q, err);
}

int
api_tenants_remove(struct api_request *q, struct cw_err *err)
{
	int r;

	if ((r = cw_tenant_remove(q->api->config.ledger, q->tenant.id, err)) < 0 ||
	    (r = cw_graph_forget_key(q->api->config.graph, q->tenant.id, err)) < 0)
		return r;
	return api_answer_nothing(q->call);
}

/* --- Microsoft Graph */

static int
read_graph(struct cw_tenant_graph *g, const cJSON *body, struct cw_err *err)
{
	const char *graph_url = cw_json_str(body, "graph_url"),
		   *token_url = cw_json_str(body, "token_url");

	*g = (struct cw_tenant_graph){ .set = true };
	(void)snprintf(g->tenant_id, sizeof(g->tenant_id), "%s", cw_json_str(body, "tenant_id"));
	(void)snprintf(g->client_id, sizeof(g->client_id), "%s", cw_json_str(body, "client_id"));
	(void)snprintf(
	    g->graph_url, sizeof(g->graph_url), "%s", graph_url != NULL ? graph_url : GRAPH_URL);
	if (token_url != NULL)
		(void)snprintf(g->token_url, sizeof(g->token_url), "%s", token_url);
	else
		(void)snprintf(g->token_url, sizeof(g->token_url), TOKEN_URL, g->tenant_id);
	return cw_graph_check_settings(g, err);
}

/* What tells one certificate from another, and when it ends. */
static int
read_certificate(struct cw_tenant_graph *g, const char *pem, struct cw_err *err)
{
	uint8_t hash[CW_PKI_SHA256];
	int64_t from, until;
	X509 *cert;
	int r;

	if ((r = cw_pki_cert_read(&cert, pem, strlen(pem), err)) < 0)
		return r;
	cw_pki_cert_sha256(hash, cert);
	for (size_t i = 0; i < sizeof(hash); i++)
		(void)snprintf(g->thumbprint + 2 * i, 3, "%02x", hash[i]);
	if ((r = cw_pki_cert_validity(&from, &until, cert)) == CW_OK)
		cw_time_text(g->expires, until);
	X509_free(cert);
	if (r < 0)
		return cw_fail(err, CW_EINVAL, "the certificate has no time of validity");
	return until > cw_clock_unix_ms()
	    ? CW_OK
	    : cw_fail(err, CW_EINVAL, "the certificate ended on %s", g->expires);
}

int
api_graph_set(struct api_request *q, struct cw_err *err)
{
	const char *certificate = cw_json_str(q->body, "certificate"),
		   *private_key = cw_json_str(q->body, "private_key");
	struct cw_tenant *t = &q->tenant;
	int r;

	if ((r = read_graph(&t->graph, q->body, err)) < 0 ||
	    (r = read_certificate(&t->graph, certificate, err)) < 0 ||
	    (r = cw_graph_set_key(q->api->config.graph, t->id, certificate, private_key, err)) <
		0 ||
	    (r = cw_tenant_update(q->api->config.ledger, t, err)) < 0)
		return r;
	return api_tenants_show(q, err);
}

int
api_graph_remove(struct api_request *q, struct cw_err *err)
{
	int r;

	q->tenant.graph = (struct cw_tenant_graph){ 0 };
	if ((r = cw_tenant_update(q->api->config.ledger, &q->tenant, err)) < 0 ||
	    (r = cw_graph_forget_key(q->api->config.graph, q->tenant.id, err)) < 0)
		return r;
	return api_answer_nothing(q->call);
}

/* --- enrolment */

static void
read_roles(struct cw_token_grant *grant, const cJSON *list)
{
	const cJSON *role;
	size_t used = 0;

	/* Three words of the table at most: they fit. */
	cJSON_ArrayForEach (role, list)
		used += (size_t)snprintf(grant->roles + used, sizeof(grant->roles) - used, "%s%s",
		    used > 0 ? "," : "", role->valuestring);
}

int
api_enrolment_token(struct api_request *q, struct cw_err *err)
{
	const struct cw_api_config *config = &q->api->config;
	char text[CW_TOKEN_TEXT], expires[CW_TIME_TEXT];
	struct cw_token_grant grant = { 0 };
	uint8_t hash[CW_PKI_SHA256];
	int64_t seconds = TOKEN_S, until;
	cJSON *answer;
	int r;

	(void)cw_json_int(q->body, "expires_in_s", &seconds);
	until = cw_clock_unix_ms() + seconds * 1000;
	memcpy(grant.tenant, q->tenant.id, sizeof(grant.tenant));
	read_roles(&grant, cw_json_get(q->body, "roles"));
	if ((r = cw_token_new(text, hash, config->ca, err)) < 0 ||
	    (r = cw_enrolment_token_add(config->ledger, hash, &grant, until, err)) < 0)
		return r;
	cw_time_text(expires, until);
	answer = cJSON_CreateObject();
	cJSON_AddStringToObject(answer, "token", text);
	cJSON_AddStringToObject(answer, "expires", expires);
	cJSON_AddStringToObject(answer, "bridge", config->agents_address);
	cw_wipe(text, sizeof(text));
	return api_answer(q->call, 201, answer, err);
}
