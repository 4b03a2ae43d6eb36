/* SPDX-License-Identifier: Apache-2.0 */
/*
 * API keys: who may use this interface.
 */
#include <stdio.h>
#include <string.h>

#include "api/api_private.h"
#include "api/follow.h"
#include "base/json.h"
#include "base/str.h"

/* Ids, and beside them names for people: a name may be given to another tenant later. */
static void
add_tenants(cJSON *o, struct cw_api *api, const struct cw_api_key *key)
{
	cJSON *ids = cJSON_AddArrayToObject(o, "tenants"),
	      *names = cJSON_AddArrayToObject(o, "tenant_names");
	struct cw_tenant t;

	for (size_t i = 0; i < key->tenant_count; i++) {
		int r = cw_tenant_find(api->config.ledger, &t, key->tenants[i], NULL);

		cJSON_AddItemToArray(ids, cJSON_CreateString(key->tenants[i]));
		cJSON_AddItemToArray(names, cJSON_CreateString(r < 0 ? "(removed)" : t.name));
	}
}

static cJSON *
key_json(struct cw_api *api, const struct cw_api_key *key)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "id", key->id);
	cJSON_AddStringToObject(o, "name", key->name);
	cJSON_AddStringToObject(o, "prefix", key->prefix);
	cJSON_AddStringToObject(o, "role", cw_api_role_name(key->role));
	if (key->role != CW_ROLE_ADMIN)
		add_tenants(o, api, key);
	cJSON_AddStringToObject(o, "created", key->created);
	if (key->used[0] != '\0')
		cJSON_AddStringToObject(o, "last_used", key->used);
	return o;
}

struct list {
	struct cw_api *api;
	cJSON *keys;
};

static void
list_one(void *arg, const struct cw_api_key *key)
{
	struct list *l = arg;

	if (key->revoked[0] == '\0')
		(void)cJSON_AddItemToArray(l->keys, key_json(l->api, key));
}

int
api_keys_list(struct api_request *q, struct cw_err *err)
{
	cJSON *answer = cJSON_CreateObject();
	struct list l = { q->api, cJSON_AddArrayToObject(answer, "keys") };
	int r;

	if ((r = cw_api_key_walk(q->api->config.ledger, list_one, &l, err)) < 0) {
		cJSON_Delete(answer);
		return r;
	}
	return api_answer(q->call, 200, answer, err);
}

/* By id or by name. */
static int
read_tenants(
    struct cw_api_key *key, struct cw_ledger *ledger, const cJSON *list, struct cw_err *err)
{
	const cJSON *one;
	struct cw_tenant t;
	int r;

	cJSON_ArrayForEach (one, list) {
		if ((r = cw_tenant_lookup(ledger, &t, one->valuestring, err)) < 0)
			return r == CW_ENOTFOUND
			    ? cw_fail(err, CW_EINVAL, "the body: there is no tenant %.128s",
				  one->valuestring)
			    : r;
		if (!cw_api_key_sees(key, t.id)) /* a tenant named twice counts once */
			memcpy(key->tenants[key->tenant_count++], t.id, sizeof(t.id));
	}
	return CW_OK;
}

int
api_keys_create(struct api_request *q, struct cw_err *err)
{
	struct cw_ledger *ledger = q->api->config.ledger;
	const cJSON *tenants = cw_json_get(q->body, "tenants");
	struct cw_api_key key = { 0 };
	char text[CW_API_KEY_TEXT];
	cJSON *answer;
	int r;

	(void)snprintf(key.name, sizeof(key.name), "%s", cw_json_str(q->body, "name"));
	if ((r = cw_api_role_parse(&key.role, cw_json_str(q->body, "role"), err)) < 0)
		return r;
	if ((key.role == CW_ROLE_ADMIN) != (tenants == NULL))
		return cw_fail(err, CW_EINVAL,
		    "the body: \"tenants\" is needed for a reader or operator, and an admin has "
		    "all");
	if ((r = read_tenants(&key, ledger, tenants, err)) < 0 ||
	    (r = cw_api_key_add(ledger, &key, text, err)) < 0)
		return r;
	answer = key_json(q->api, &key);
	cJSON_AddStringToObject(answer, "key", text);
	cw_wipe(text, sizeof(text));
	return api_answer(q->call, 201, answer, err);
}

int
api_keys_remove(struct api_request *q, struct cw_err *err)
{
	const struct cw_err revoked = { CW_EAUTH, "the API key was revoked" };
	int r;

	if ((r = cw_api_key_revoke(q->api->config.ledger, q->part, err)) < 0)
		return r;
	r = api_answer_nothing(q->call);
	api_follow_cut(q->api, q->part, &revoked);
	return r;
}
