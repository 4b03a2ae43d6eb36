/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents: what is kept of them, and what their connection says now.
 */
#include <stdlib.h>
#include <string.h>

#include "agents/agents.h"
#include "api/api_private.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"

static void
add_time(cJSON *o, const char *name, int64_t unix_ms)
{
	char text[CW_TIME_TEXT];

	cw_time_text(text, unix_ms);
	cJSON_AddStringToObject(o, name, text);
}

static void
add_text(cJSON *o, const char *name, const char *text)
{
	if (text[0] != '\0')
		cJSON_AddStringToObject(o, name, text);
}

/* "directory,sync" as a list. */
static void
add_roles(cJSON *o, const char *roles)
{
	cJSON *list = cJSON_AddArrayToObject(o, "roles");

	for (const char *at = roles; *at != '\0';) {
		size_t n = strcspn(at, ",");
		char *role = cw_strndup(at, n);

		if (role != NULL)
			cJSON_AddItemToArray(list, cJSON_CreateString(role));
		free(role);
		at += n + (at[n] == ',');
	}
}

static cJSON *
agent_json(const struct cw_agent_row *row, const struct cw_agents_status *now)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "id", row->agent.id);
	cJSON_AddStringToObject(o, "tenant", row->agent.tenant);
	cJSON_AddStringToObject(o, "hostname", row->agent.hostname);
	add_roles(o, now->connected ? now->roles : row->agent.roles);
	cJSON_AddBoolToObject(o, "connected", now->connected);
	cJSON_AddBoolToObject(o, "revoked", row->agent.revoked);
	cJSON_AddStringToObject(o, "enrolled", row->enrolled);
	add_text(o, "revoked_at", row->revoked);
	add_text(o, "last_seen", row->seen);
	add_text(o, "version", row->version);
	add_text(o, "os", row->os);
	if (now->connected) {
		add_time(o, "connected_since", now->since_ms);
		cJSON_AddStringToObject(o, "address", now->address);
		cJSON_AddNumberToObject(o, "running", now->running);
	}
	return o;
}

static int
add_details(cJSON *o, const struct cw_agent_row *row, const struct cw_agents_status *now)
{
	cJSON *certificate = cJSON_AddObjectToObject(o, "certificate");
	struct cw_buf b;
	int r;

	cJSON_AddStringToObject(certificate, "serial", row->agent.serial);
	if (now->connected)
		add_time(certificate, "expires", now->certificate_until_ms);
	cw_buf_init(&b, 2 * CW_AGENT_SEAL_KEY);
	if ((r = cw_base64_put(&b, row->agent.seal_key, CW_AGENT_SEAL_KEY)) == CW_OK &&
	    (cw_buf_str(&b) == NULL ||
		cJSON_AddStringToObject(o, "seal_key", cw_buf_str(&b)) == NULL))
		r = CW_ENOMEM;
	cw_buf_free(&b);
	return r;
}

struct list {
	const struct api_request *q;
	cJSON *agents;
};

static void
list_one(void *arg, const struct cw_agent_row *row)
{
	struct list *l = arg;
	struct cw_agents_status now;

	if (!cw_api_key_sees(&l->q->key, row->agent.tenant))
		return;
	cw_agents_status(l->q->api->config.agents, row->agent.id, &now);
	(void)cJSON_AddItemToArray(l->agents, agent_json(row, &now));
}

int
api_agents_list(struct api_request *q, struct cw_err *err)
{
	struct list l = { q, NULL };
	cJSON *answer;
	bool one;
	int r;

	if ((r = api_tenant_of_query(q, &one, err)) < 0)
		return r;
	answer = cJSON_CreateObject();
	l.agents = cJSON_AddArrayToObject(answer, "agents");
	if ((r = cw_agent_row_walk(
		 q->api->config.ledger, one ? q->tenant.id : NULL, list_one, &l, err)) < 0) {
		cJSON_Delete(answer);
		return r;
	}
	return api_answer(q->call, 200, answer, err);
}

int
api_agents_show(struct api_request *q, struct cw_err *err)
{
	struct cw_agents_status now;
	cJSON *o;
	int r;

	cw_agents_status(q->api->config.agents, q->agent.agent.id, &now);
	o = agent_json(&q->agent, &now);
	if ((r = add_details(o, &q->agent, &now)) < 0) {
		cJSON_Delete(o);
		return cw_fail(err, r, "out of memory");
	}
	return api_answer(q->call, 200, o, err);
}

int
api_agents_revoke(struct api_request *q, struct cw_err *err)
{
	const struct cw_api_config *config = &q->api->config;
	char id[CW_UUID_TEXT];
	int r;

	memcpy(id, q->agent.agent.id, sizeof(id));
	if ((r = cw_agents_revoke(config->agents, id, err)) < 0 ||
	    (r = cw_agent_row_find(config->ledger, &q->agent, id, err)) < 0)
		return r;
	return api_agents_show(q, err);
}
