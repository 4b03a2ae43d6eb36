/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps in Active Directory: find the user, write, take back, read back. A write has a key by which
 * the agent does it once; what its journal cannot tell is settled by reading the same domain
 * controller: there is the new value, or the one before, or somebody else's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "route/change.h"
#include "route/target.h"

#define AGAIN_FIRST_MS 1000u
#define AGAIN_MOST_MS 60000u

/* --- reading */

static void
add_name(cJSON *list, const char *name)
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
			add_name(list, p->read);
	if (op->change->mode == CW_MODE_HYBRID_SYNC)
		add_name(list, "mS-DS-ConsistencyGuid");
	if (op->change->kind->password) {
		add_name(list, "DisplayName");
		add_name(list, "PasswordNeverExpires");
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

/* How Entra Connect may have called the user: by the attribute for that, or by the GUID. */
static cJSON *
anchors(const cJSON *user, const char *guid)
{
	const char *consistency = member(user, "mS-DS-ConsistencyGuid");
	cJSON *list = cJSON_CreateArray();
	struct cw_buf text;

	cw_buf_init(&text, 64);
	if (route_target_anchor(&text, guid) == CW_OK)
		add_name(list, cw_buf_str(&text));
	if (consistency != NULL && consistency[0] != '\0' &&
	    !cw_streq(consistency, cw_buf_str(&text)))
		add_name(list, consistency);
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
		add_name(names, member(user, name_members[i]));
	route_set(ad, "names", names);
	route_set(
	    ad, "never_expires", cJSON_CreateBool(cw_json_true(user, "PasswordNeverExpires")));
	route_set(op->private, "ad", ad);
	op->change->looked_ms = route_now(op->r);
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

static bool
always(const struct operation *op)
{
	(void)op;
	return true;
}

static void
find_what(const struct operation *op, struct cw_buf *text)
{
	(void)op;
	(void)cw_buf_puts(text, "Get-ADUser: find the user");
}

const struct route_step route_step_find_ad = {
	.place = "ad", .what = find_what, .needed = always, .start = find_start
};

/* --- writing */

static void write_now(struct operation *op);

/* Nothing is written on the strength of what was read long ago. */
static bool
is_stale(const struct operation *op)
{
	return op->change->looked_ms == 0 ||
	    route_now(op->r) - op->change->looked_ms > ROUTE_FRESH_MS;
}

static bool
is_about_enabled(const struct operation *op)
{
	return op->change->kind->enabled >= 0;
}

static const cJSON *
value_to_write(const struct operation *op, const struct route_property *p)
{
	return op->change->undo ? route_before(route_ad(op), p) : route_wanted(op, p);
}

static const char *
write_command(const struct operation *op)
{
	const struct route_property *p = route_property_find("accountEnabled");

	if (!is_about_enabled(op))
		return "Set-ADUser";
	return cJSON_IsTrue(value_to_write(op, p)) ? "Enable-ADAccount" : "Disable-ADAccount";
}

static cJSON *
write_parameters(struct operation *op, struct cw_err *err)
{
	const struct route_property *p;
	cJSON *parameters;

	if (is_stale(op)) {
		(void)cw_fail(err, CW_EAGAIN, "it waited so long that it is read again first");
		return NULL;
	}
	parameters = cJSON_CreateObject();
	route_set_text(parameters, "Identity", cw_json_str(route_ad(op), "guid"));
	for (size_t n = 0; (p = route_write_get(op, "props", n)) != NULL; n++) {
		const cJSON *value = value_to_write(op, p);

		if (p->flags & ROUTE_FLAG)
			continue; /* the command says it */
		if (p->parameter != NULL) {
			route_set(parameters, p->parameter, route_copy(value));
		} else if (cJSON_IsNull(value)) {
			if (cw_json_get(parameters, "Clear") == NULL)
				route_set(parameters, "Clear", cJSON_CreateArray());
			add_name((cJSON *)cw_json_get(parameters, "Clear"), p->ldap);
		} else {
			route_set(route_object(parameters, "Replace"), p->ldap, route_copy(value));
		}
	}
	return parameters;
}

static void
written(struct operation *op)
{
	struct cw_buf left;

	cw_buf_init(&left, 4096);
	route_write_names(op, "left", true, &left);
	if (cw_buf_left(&left) > 0)
		route_step_note(
		    op, "%s left as it is: somebody else has changed it since", cw_buf_str(&left));
	cw_buf_free(&left);
	route_step_done(op);
}

/* Somebody else's value: never overwritten. What that means for ours depends on whether it can have
 * been there before. */
static void
leave(struct operation *op, const struct route_property *p)
{
	struct route_change *c = op->change;

	if (c->undo || !c->may_have_run)
		route_step_failed(op, CW_ECONFLICT,
		    "%s left as it is: somebody else has changed it %s", p->ldap,
		    c->undo ? "since" : "meanwhile");
	else
		route_step_unknown(op,
		    "%s; %s has a third value now: somebody else has changed it, so it is left as "
		    "it is",
		    c->fault.text, p->ldap);
}

static bool
is_refusal(const struct cw_err *fault)
{
	return fault->code == CW_EFAILED || fault->code == CW_ENOTFOUND;
}

/* What the domain controller shows decides. */
static void
settled(struct operation *op, const cJSON *result, const struct cw_err *err)
{
	const struct cw_err fault = op->change->fault;
	const struct route_property *foreign = NULL;
	enum route_stand stand = ROUTE_NOT_YET;
	cJSON *user;

	(void)result;
	if (err->code == CW_OK) {
		user = route_ad_one(op, NULL);
		stand = route_write_stands(op, route_ad(op), user, route_property_of_ad, &foreign);
		op->change->looked_ms = route_now(op->r);
		cJSON_Delete(user);
	}
	if (stand == ROUTE_AS_WANTED)
		written(op);
	else if (is_refusal(&fault))
		route_step_failed(op, fault.code, "Active Directory: %s", fault.text);
	else if (err->code < 0 && op->change->may_have_run)
		route_step_unknown(op, "%s; and it cannot be read: %s", fault.text, err->text);
	else if (err->code < 0)
		route_step_failed(op, err->code, "Active Directory: %s", err->text);
	else if (stand == ROUTE_NOT_YET)
		write_now(op);
	else
		leave(op, foreign);
}

static void
look(struct operation *op)
{
	route_ad_read(op, settled);
}

static void
write_ended(struct operation *op, enum route_end end, const cJSON *result, const struct cw_err *err)
{
	struct route_change *c = op->change;

	(void)result;
	if (end == ROUTE_END_DONE) {
		written(op);
		return;
	}
	if (end == ROUTE_END_REFUSED) {
		route_step_failed(op, err->code, "the agent refused it: %s", err->text);
		return;
	}
	c->fault = *err;
	c->may_have_run = end != ROUTE_END_NEVER;
	if (is_refusal(err))
		look(op);
	else
		route_op_wait(op, route_backoff(c->rounds++, AGAIN_FIRST_MS, AGAIN_MOST_MS), false,
		    look, CW_EUNAVAILABLE, "%s", err->text);
}

static const struct route_once_owner write_owner = { write_parameters, NULL, write_ended };

static void
write_now(struct operation *op)
{
	route_once_start(op, &write_owner, write_command(op), cw_json_str(route_ad(op), "agent"),
	    false, true, 0);
}

static void
write_start(struct operation *op)
{
	const struct route_property *p;

	route_write_begin(op);
	for (size_t n = 0; (p = route_ad_change(op, n)) != NULL; n++)
		route_write_add(op, "props", p);
	op->change->fault.code = CW_OK;
	op->change->may_have_run = false;
	if (is_stale(op))
		look(op);
	else
		write_now(op);
}

static void
write_resume(struct operation *op)
{
	if (!route_once_resume(op, &write_owner, write_command(op)))
		write_start(op);
}

static void
write_what(const struct operation *op, struct cw_buf *text)
{
	(void)cw_buf_puts(text, write_command(op));
	if (!is_about_enabled(op))
		route_change_names(op, true, text);
}

static bool
write_needed(const struct operation *op)
{
	return route_ad_change(op, 0) != NULL;
}

/* --- taking back: only where the value is still ours */

static void
guarded(struct operation *op, const cJSON *result, const struct cw_err *err)
{
	const struct route_property *p;
	struct cw_buf left;
	cJSON *user;

	(void)result;
	if (err->code < 0) {
		route_step_failed(op, err->code, "it cannot be set back: %s", err->text);
		return;
	}
	user = route_ad_one(op, NULL);
	op->change->looked_ms = route_now(op->r);
	route_write_begin(op);
	for (size_t n = 0; (p = route_ad_change(op, n)) != NULL; n++) {
		cJSON *now = route_property_of_ad(p, user);

		if (route_value_eq(now, route_wanted(op, p)))
			route_write_add(op, "props", p);
		else if (!route_value_eq(now, route_before(route_ad(op), p)))
			route_write_add(op, "left", p);
		cJSON_Delete(now);
	}
	cJSON_Delete(user);
	if (route_write_get(op, "props", 0) != NULL) {
		write_now(op);
		return;
	}
	cw_buf_init(&left, 4096);
	route_write_names(op, "left", true, &left);
	if (cw_buf_left(&left) > 0)
		route_step_failed(op, CW_ECONFLICT,
		    "%s left as it is: somebody else has changed it since", cw_buf_str(&left));
	else
		route_step_done(op); /* it is as it was */
	cw_buf_free(&left);
}

static void
undo(struct operation *op)
{
	route_ad_read(op, guarded);
}

static void
resume_undo(struct operation *op)
{
	if (!route_once_resume(op, &write_owner, write_command(op)))
		undo(op);
}

const struct route_step route_step_write_ad = { .place = "ad",
	.write = true,
	.what = write_what,
	.needed = write_needed,
	.start = write_start,
	.resume = write_resume,
	.undo = undo,
	.resume_undo = resume_undo };

/* --- reading back */

static void
shown(struct operation *op, const cJSON *result, const struct cw_err *err)
{
	const struct route_property *foreign = NULL;
	cJSON *user;

	(void)result;
	if (err->code < 0) {
		route_step_failed(
		    op, err->code, "it was written, and cannot be read back: %s", err->text);
		return;
	}
	user = route_ad_one(op, NULL);
	route_remember(op, route_ad(op), "after", user, route_property_of_ad);
	for (size_t n = 0; (foreign = route_ad_change(op, n)) != NULL; n++) {
		cJSON *now = route_property_of_ad(foreign, user);
		bool ours = route_value_eq(now, route_wanted(op, foreign));

		cJSON_Delete(now);
		if (!ours)
			break;
	}
	cJSON_Delete(user);
	/* This controller took the new value: another one is newer. */
	if (foreign != NULL)
		route_step_note(op, "%s was written, and has been changed by somebody else since",
		    foreign->ldap);
	route_step_done(op);
}

static void
show_start(struct operation *op)
{
	route_ad_read(op, shown);
}

static void
show_what(const struct operation *op, struct cw_buf *text)
{
	(void)op;
	(void)cw_buf_puts(text, "check: Active Directory shows the values");
}

static bool
show_needed(const struct operation *op)
{
	return route_step_is(op, &route_step_write_ad, "done");
}

const struct route_step route_step_show_ad = {
	.place = "ad", .what = show_what, .needed = show_needed, .start = show_start
};
