/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is in a group, and in which groups somebody is, after planned changes of both.
 */
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "plan/read_internal.h"
#include "plan/text.h"

/* The attribute of the object whose change tells it. */
static const struct cw_attribute *
list_attribute(const struct cw_plan_read *r)
{
	const char *name =
	    cw_strcaseeq(r->entry->name, "Get-ADGroupMember") ? "member" : "memberOf";

	return cw_attribute_find(name, strlen(name));
}

static bool
add(cJSON *list, const char *dn)
{
	cJSON *item = cJSON_CreateString(dn);

	if (item == NULL || !cJSON_AddItemToArray(list, item)) {
		cJSON_Delete(item);
		return false;
	}
	return true;
}

/* The group that new accounts are in without being listed. */
static bool
add_primary(struct cw_plan_read *r, const struct cw_plan_object *whose)
{
	bool ok = true;

	if (whose->primary != NULL && !whose->primary->removed)
		ok = add(r->more, whose->primary->dn);
	for (const struct cw_plan_object *o = cw_plan_state_all(r->state); o != NULL; o = o->next)
		if (o->primary == whose && !o->removed)
			ok = ok && add(r->more, o->dn);
	return ok;
}

/* Those that the plan puts in: names, until the answer shows that they are there. */
int
read_members_more(struct cw_plan_read *r, const struct cw_plan_object *whose, struct cw_err *err)
{
	const cJSON *change = cw_plan_state_change(whose, list_attribute(r)),
		    *set = cw_json_get(change, "set"),
		    *add = set != NULL ? set : cw_json_get(change, "add");

	if (cw_json_true(change, "unknown") || whose->whole)
		return read_untold(
		    r, "who is in the group is written in a way that is not known", err);
	r->more = add == NULL ? cJSON_CreateArray() : cJSON_Duplicate(add, true);
	r->change = change == NULL ? cJSON_CreateObject() : cJSON_Duplicate(change, true);
	if (r->more == NULL || r->change == NULL || !add_primary(r, whose))
		return cw_fail(err, CW_ENOMEM, "out of memory");
	if (whose->created && whose->primary == NULL && cw_plan_is_class(whose->class, "user"))
		return read_untold(
		    r, "the primary group of what is only planned is not known", err);
	return whose->created ? CW_OK : read_replace(r, r->entry->target, whose->guid, err);
}

bool
read_stays_member(struct cw_plan_read *r, const struct cw_ps_value *value)
{
	const cJSON *set = cw_json_get(r->change, "set");
	const char *guid = cw_ps_str(cw_ps_get(value, "ObjectGUID")),
		   *dn = cw_ps_str(cw_ps_get(value, "DistinguishedName"));
	const struct cw_plan_object *o = cw_plan_state_match(r->state, guid, dn);
	int at;

	if (o == NULL) /* no write names it: it is in, unless the whole list is another */
		return set == NULL;
	if ((at = cw_plan_find(CW_SYNTAX_DN, r->more, o->dn)) >= 0) {
		cJSON_DeleteItemFromArray(r->more, at);
		return true;
	}
	return set == NULL &&
	    cw_plan_find(CW_SYNTAX_DN, cw_json_get(r->change, "remove"), o->dn) < 0;
}

int
read_members_made(struct cw_plan_read *r, const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    struct cw_err *err)
{
	static const char *const principal[] = { "distinguishedName", "name", "objectClass",
		"objectGUID", "SamAccountName", "SID", NULL };
	static const char *const group[] = { "distinguishedName", "GroupCategory", "GroupScope",
		"name", "objectClass", "objectGUID", "SamAccountName", "SID", NULL };
	bool of_group = cw_strcaseeq(r->entry->name, "Get-ADGroupMember");
	struct cw_plan_shown shown = read_shown(r, arena);
	cJSON *next = r->more == NULL ? NULL : r->more->child;
	const struct cw_plan_object *o;

	*ret = NULL;
	if (next == NULL)
		return CW_OK;
	o = cw_plan_state_by_dn(r->state, next->valuestring);
	if (o == NULL || o->guid[0] == '\0')
		return read_untold(r, "a member is known by its name alone", err);
	cJSON_Delete(cJSON_DetachItemViaPointer(r->more, next));
	return cw_plan_show_planned(ret, &shown, of_group ? "ADPrincipal" : "ADGroup",
	    of_group ? principal : group, o, err);
}
