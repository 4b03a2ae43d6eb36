/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the steps read Active Directory, and the first of them: find the user.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "route/change.h"
#include "route/target.h"

void
route_add_name(cJSON *list, const char *name)
{
	if (name != NULL && !cJSON_AddItemToArray(list, cJSON_CreateString(name)))
		abort(); /* see route_internal.h */
}

cJSON *
route_ad_properties(const struct operation *op)
{
	cJSON *list = cJSON_CreateArray();

	for (const struct route_property *p = route_properties; p->graph != NULL; p++)
		if (route_wanted(op, p) != NULL && p->ldap != NULL)
			route_add_name(list, p->read);
	if (op->change->mode == CW_MODE_HYBRID_SYNC)
		route_add_name(list, "mS-DS-ConsistencyGuid");
	if (op->change->kind->password) {
		route_add_name(list, "DisplayName");
		route_add_name(list, "PasswordNeverExpires");
	}
	return list;
}

cJSON *
route_ad_one(const struct operation *op, int *count)
{
	cJSON *values = route_output_values(&op->ask.output), *one;

	if (count != NULL)
		*count = cJSON_GetArraySize(values);
	one = cJSON_DetachItemFromArray(values, 0);
	cJSON_Delete(values);
	return one;
}

void
route_ad_read(struct operation *op,
    void (*done)(struct operation *op, const cJSON *result, const struct cw_err *err))
{
	cJSON *parameters = cJSON_CreateObject(), *properties = route_ad_properties(op);

	route_set_text(parameters, "Identity", cw_json_str(route_ad(op), "guid"));
	if (cJSON_GetArraySize(properties) > 0)
		route_set(parameters, "Properties", properties);
	else
		cJSON_Delete(properties);
	route_ask(
	    op, "Get-ADUser", parameters, cw_json_str(route_ad(op), "agent"), true, NULL, done);
}

/* --- finding */

static const char *
target_name(const struct operation *op)
{
	const cJSON *target = cw_json_get(cw_json_get(op->doc, "request"), "target");
	const char *user = cw_json_str(target, "user");

	return user != NULL ? user : cw_json_str(target, "sam");
}

static const char *
member(const cJSON *user, const char *name)
{
	const cJSON *m;

	cJSON_ArrayForEach (m, user)
		if (cw_strcaseeq(m->string, name))
			return cJSON_GetStringValue(cJSON_IsArray(m) ? m->child : m);
	return NULL;
}

/* An immutable id, and nothing else: it goes into a filter. */
static bool
is_anchor(const char *text)
{
	struct cw_buf bytes;
	bool is;

	cw_buf_init(&bytes, 64);
	is = text != NULL && cw_base64_get(&bytes, text, strlen(text)) == CW_OK &&
	    cw_buf_left(&bytes) == 16;
	cw_buf_free(&bytes);
	return is;
}

/* How Entra Connect may have called the user: by the attribute for that, or by the GUID. */
static cJSON *
anchors(const cJSON *user, const char *guid)
{
	const char *consistency = member(user, "mS-DS-ConsistencyGuid");
	cJSON *list = cJSON_CreateArray();
	struct cw_buf text;

	cw_buf_init(&text, 64);
	if (route_target_anchor(&text, guid) == CW_OK)
		route_add_name(list, cw_buf_str(&text));
	if (is_anchor(consistency) && !cw_streq(consistency, cw_buf_str(&text)))
		route_add_name(list, consistency);
	cw_buf_free(&text);
	return list;
}

static int
remember_ad(struct operation *op, const cJSON *user, const cJSON *result)
{
	static const char *const name_members[] = { "SamAccountName", "DisplayName", "GivenName",
		"Surname" };
	const char *guid = member(user, "ObjectGUID"), *upn = member(user, "UserPrincipalName");
	const char *sam = member(user, "SamAccountName"), *server = cw_json_str(result, "server");
	cJSON *ad = cJSON_CreateObject(), *names = cJSON_CreateArray();
	uint8_t uuid[16];

	if (guid == NULL || cw_uuid_parse(uuid, guid, strlen(guid)) < 0) {
		cJSON_Delete(ad);
		cJSON_Delete(names);
		return CW_EPROTO;
	}
	route_set_text(ad, "guid", guid);
	route_set_text(ad, "agent", op->ask.agent);
	if (server != NULL && server[0] != '\0')
		route_set_text(ad, "server", server);
	if (sam != NULL)
		route_set_text(ad, "sam", sam);
	if (upn != NULL)
		route_set_text(ad, "upn", upn);
	route_set(ad, "anchors", anchors(user, guid));
	for (size_t i = 0; i < CW_COUNT(name_members); i++)
		route_add_name(names, member(user, name_members[i]));
	route_set(ad, "names", names);
	route_set(
	    ad, "never_expires", cJSON_CreateBool(cw_json_true(user, "PasswordNeverExpires")));
	route_set(op->private, "ad", ad);
	op->change->looked_ms = op->change->checked_ms = route_now(op->r);
	route_remember(op, ad, "before", user, route_property_of_ad);
	return CW_OK;
}

static void
found(struct operation *op, const cJSON *result, const struct cw_err *err)
{
	bool by_upn = cw_json_get(cw_json_get(cw_json_get(op->doc, "request"), "target"), "user");
	cJSON *user;
	int count;

	if (err->code < 0) {
		route_step_failed(op, err->code, "Active Directory: %s", err->text);
		return;
	}
	user = route_ad_one(op, &count);
	if (count > 1)
		route_step_failed(op, CW_ECONFLICT,
		    "there are several users %s in Active Directory", target_name(op));
	else if (count == 0 && op->change->mode == CW_MODE_HYBRID_SYNC && by_upn) {
		route_step_note(op, "not in Active Directory");
		route_step_done(op);
	} else if (count == 0)
		route_step_failed(
		    op, CW_ENOTFOUND, "there is no user %s in Active Directory", target_name(op));
	else if (remember_ad(op, user, result) < 0)
		route_step_failed(op, CW_EPROTO, "Get-ADUser answered without an ObjectGUID");
	else if (op->change->mode == CW_MODE_HYBRID_DUAL &&
	    cw_json_str(route_ad(op), "upn") == NULL)
		route_step_failed(op, CW_EINVAL,
		    "%s has no userPrincipalName in Active Directory, so there is no user of Entra "
		    "ID to go with it",
		    target_name(op));
	else
		route_step_done(op);
	cJSON_Delete(user);
}

static void
find_start(struct operation *op)
{
	const cJSON *target = cw_json_get(cw_json_get(op->doc, "request"), "target");
	cJSON *parameters = cJSON_CreateObject(), *properties = route_ad_properties(op);
	struct cw_buf filter;

	cw_buf_init(&filter, 8192);
	if (route_target_filter(&filter, target) < 0)
		abort(); /* its length was checked */
	route_set_text(parameters, "LDAPFilter", cw_buf_str(&filter));
	cw_buf_free(&filter);
	route_set_number(parameters, "ResultSetSize", 2);
	if (cJSON_GetArraySize(properties) > 0)
		route_set(parameters, "Properties", properties);
	else
		cJSON_Delete(properties);
	route_ask(op, "Get-ADUser", parameters, NULL, false, NULL, found);
}

const struct route_step route_step_find_ad = {
	.place = "ad", .what = "Get-ADUser: find the user", .start = find_start
};
