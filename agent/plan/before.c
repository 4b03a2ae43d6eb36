/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a write would change, as it is before: the values that a plan shows and that
 * are looked at again when it is applied.
 */
#include <string.h>

#include "base/compat.h"
#include "base/json.h"
#include "base/str.h"
#include "plan/text.h"
#include "plan/write.h"

#define PROTECTED "ProtectedFromAccidentalDeletion"

static const struct cw_attribute *
attribute(const char *name)
{
	return cw_attribute_find(name, strlen(name));
}

static cJSON *
one_text(const char *text)
{
	return cJSON_CreateStringArray(&text, 1);
}

static bool
add_name(cJSON *list, const char *name)
{
	cJSON *item;

	if (cw_plan_find(CW_SYNTAX_TEXT, list, name) >= 0 || cw_catalogue_attribute_is_secret(name))
		return true;
	if ((item = cJSON_CreateString(name)) == NULL || !cJSON_AddItemToArray(list, item)) {
		cJSON_Delete(item);
		return false;
	}
	return true;
}

bool
cw_plan_write_is_membership(const struct cw_plan_write *w)
{
	return strstr(w->entry->name, "-ADGroupMember") != NULL ||
	    strstr(w->entry->name, "-ADPrincipalGroupMembership") != NULL;
}

/* What is protected from deletion is neither deleted nor moved. */
bool
cw_plan_write_is_guarded(const struct cw_plan_write *w)
{
	return cw_strcaseeq(w->entry->name, "Move-ADObject") ||
	    (cw_starts_with(w->entry->name, "Remove-") && w->entry->output == NULL);
}

static bool
add_written(cJSON *list, const struct cw_catalogue_parameter *p, const cJSON *json)
{
	const struct cw_attribute *a;
	const cJSON *one;
	bool ok = true;

	if (p->type == CW_TYPE_ATTRIBUTES || p->type == CW_TYPE_ATTRIBUTE_NAMES) {
		cJSON_ArrayForEach (one, json)
			ok = ok &&
			    add_name(list,
				p->type == CW_TYPE_ATTRIBUTES ? one->string : one->valuestring);
		return ok;
	}
	for (size_t i = 0; (a = cw_catalogue_parameter_writes(p, i)) != NULL; i++) {
		if (a->syntax != CW_SYNTAX_ACL)
			ok = ok && add_name(list, cw_attribute_name(a));
		else if (cw_strcaseeq(p->name, PROTECTED))
			ok = ok && add_name(list, p->name);
	}
	return ok;
}

cJSON *
cw_plan_write_attributes(const struct cw_plan_write *w)
{
	cJSON *list = cJSON_CreateArray();
	const struct cw_attribute *own;
	const cJSON *one;
	bool ok = list != NULL;

	/* Who is in a group is asked of those who are: a group may hold thousands. */
	if (cw_plan_write_is_membership(w) || w->dn != NULL)
		return list;
	for (size_t i = 0; (own = cw_catalogue_command_writes(w->entry, i)) != NULL; i++)
		ok = ok && add_name(list, cw_attribute_name(own));
	ok = ok && (!cw_plan_write_is_guarded(w) || add_name(list, PROTECTED));
	cJSON_ArrayForEach (one, w->parameters)
		ok = ok &&
		    add_written(list, cw_catalogue_parameter_find(w->entry, one->string), one);
	if (!ok) {
		cJSON_Delete(list);
		return NULL;
	}
	return list;
}

/* Is member in the group, as it would be? */
static bool
is_member(const struct cw_plan_state *state, const struct cw_plan_object *group,
    const struct cw_plan_object *member)
{
	cJSON *groups = cw_plan_state_now(state, member, attribute("memberOf"));
	bool is = groups != NULL && cw_plan_find(CW_SYNTAX_DN, groups, group->dn) >= 0;

	cJSON_Delete(groups);
	return is;
}

/* Of those that a membership write names, the ones that are in already. */
static bool
before_membership(cJSON *before, const struct cw_plan_write *w, const struct cw_plan_state *state)
{
	bool of_group = strstr(w->entry->name, "-ADGroupMember") != NULL;
	cJSON *list = cJSON_AddArrayToObject(before, of_group ? "member" : "memberOf"), *item;

	for (size_t i = 0; i < w->ref_count && list != NULL; i++) {
		const struct cw_plan_object *o = w->refs[i].object;

		if (o == w->target && cw_strcaseeq(w->refs[i].parameter->name, "Identity"))
			continue;
		if (!(of_group ? is_member(state, w->target, o) : is_member(state, o, w->target)))
			continue;
		if ((item = cJSON_CreateString(o->dn)) == NULL ||
		    !cJSON_AddItemToArray(list, item)) {
			cJSON_Delete(item);
			return false;
		}
	}
	return list != NULL;
}

/* A property that no attribute tells: as planned before, or as it was read. */
static cJSON *
property_now(const struct cw_plan_object *o, const char *name)
{
	const cJSON *planned = cw_json_get(o->properties, name),
		    *read = cw_json_get(o->current, name);

	if (planned != NULL)
		return cJSON_IsBool(planned) ? one_text(cJSON_IsTrue(planned) ? "TRUE" : "FALSE")
					     : NULL;
	return read == NULL ? NULL : cJSON_Duplicate(read, true);
}

cJSON *
cw_plan_write_before(const struct cw_plan_write *w, const struct cw_plan_state *state)
{
	cJSON *before = cJSON_CreateObject(), *names = cw_plan_write_attributes(w), *values;
	const struct cw_attribute *a;
	const cJSON *one;
	bool ok = before != NULL && names != NULL;

	if (ok && cw_plan_write_is_membership(w))
		ok = before_membership(before, w, state);
	cJSON_ArrayForEach (one, names) {
		a = attribute(one->valuestring);
		if (a == NULL)
			values = property_now(w->target, one->valuestring);
		else if (cw_json_true(cw_plan_state_change(w->target, a), "about"))
			values = NULL;
		else
			values = cw_plan_state_now(state, w->target, a);
		/* What cannot be told is not guarded; the document does not claim it. */
		if (values != NULL && !cJSON_AddItemToObject(before, one->valuestring, values)) {
			cJSON_Delete(values);
			ok = false;
		}
	}
	cJSON_Delete(names);
	if (!ok) {
		cJSON_Delete(before);
		return NULL;
	}
	return before;
}
