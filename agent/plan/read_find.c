/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters: which objects a search would find. The directory is asked as it is; what
 * planned writes touch is judged anew, each object by the filter, and what is only
 * planned as well. What neither can tell ends the plan.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "catalogue/dn.h"
#include "catalogue/property.h"
#include "plan/match.h"
#include "plan/property.h"
#include "plan/read_internal.h"
#include "plan/text.h"
#include "plan/write.h"

#define FILTER_MAX 12000u /* bytes of one question about touched objects */

static int
no_memory(struct cw_err *err)
{
	return cw_fail(err, CW_ENOMEM, "out of memory");
}

static const char *
kind_name(const struct cw_plan_read *r)
{
	return r->entry->kind == NULL ? "ADObject" : r->entry->kind->name;
}

/* --- where it looks */

/* The part of a name behind its first one. */
static const char *
parent(const char *dn)
{
	while (*dn != '\0' && *dn != ',')
		dn += *dn == '\\' && dn[1] != '\0' ? 2 : 1;
	return *dn == ',' ? dn + 1 : dn;
}

bool
read_in_scope(const struct cw_plan_read *r, const char *dn)
{
	if (r->base == NULL)
		return true;
	switch (r->scope) {
	case CW_PLAN_BASE: return cw_strcaseeq(dn, r->base);
	case CW_PLAN_ONE_LEVEL: return cw_strcaseeq(parent(dn), r->base);
	case CW_PLAN_SUBTREE: break;
	}
	return cw_dn_is_under(dn, r->base);
}

/* A place that was moved into or out of where it looks takes along what the plan does not know. */
static bool
places_cross(const struct cw_plan_read *r, const char *real_base)
{
	for (const struct cw_plan_object *o = cw_plan_state_all(r->state); o != NULL; o = o->next)
		if (o->real_dn != NULL && !o->removed && cw_plan_is_container(o->class) &&
		    !cw_strcaseeq(o->dn, o->real_dn) &&
		    cw_dn_is_under(o->dn, r->base) != cw_dn_is_under(o->real_dn, real_base))
			return true;
	return false;
}

int
read_take_base(struct cw_plan_read *r, struct cw_err *err)
{
	const char *given = cJSON_GetStringValue(read_parameter(r->given, "SearchBase")),
		   *scope = cJSON_GetStringValue(read_parameter(r->given, "SearchScope"));
	struct cw_buf dn, real;
	int code;

	r->scope = scope == NULL              ? CW_PLAN_SUBTREE
	    : cw_strcaseeq(scope, "Base")     ? CW_PLAN_BASE
	    : cw_strcaseeq(scope, "OneLevel") ? CW_PLAN_ONE_LEVEL
					      : CW_PLAN_SUBTREE;
	if (given == NULL && scope != NULL && r->scope != CW_PLAN_SUBTREE &&
	    cw_plan_state_has_moved(r->state))
		return read_untold(r, "objects are moved, and it does not say where it looks", err);
	if (given == NULL)
		return CW_OK;
	cw_buf_init(&dn, 4 * CW_DN_MAX);
	cw_buf_init(&real, 4 * CW_DN_MAX);
	code = cw_dn_put(&dn, given, strlen(given), err);
	if (code == CW_OK && (r->base = cw_strdup(cw_buf_str(&dn))) == NULL)
		code = no_memory(err);
	if (code == CW_OK) {
		code = cw_plan_state_real_dn(r->state, r->base, &real);
		if (code == CW_ENOTFOUND && cw_plan_state_by_dn(r->state, r->base) != NULL) {
			r->runs = false; /* a place that is only planned */
			code = CW_OK;
		} else if (code == CW_ENOTFOUND) {
			(void)cw_fail(err, code, "Directory object not found");
		} else if (code == CW_OK && places_cross(r, cw_buf_str(&real))) {
			code =
			    read_untold(r, "a place is moved into or out of where it looks", err);
		} else if (code == CW_OK && !cw_strcaseeq(cw_buf_str(&real), r->base)) {
			code = read_replace(r, "SearchBase", cw_buf_str(&real), err);
		}
	}
	cw_buf_free(&dn);
	cw_buf_free(&real);
	return code;
}

/* --- whom the plan touches, as far as the filter sees */

/* Does what the write of o changes matter for finding it? */
bool
read_matters(const struct cw_plan_read *r, const struct cw_plan_object *o)
{
	if (o->created || o->removed)
		return false;
	if (o->whole || (o->placed && o->real_dn != NULL && !cw_strcaseeq(o->dn, o->real_dn)))
		return true;
	for (size_t i = 0; i < r->attribute_count; i++)
		if (cw_plan_attribute_changes(r->state, o, r->attributes[i]))
			return true;
	return false;
}

static int
by_address(const void *a, const void *b)
{
	const struct cw_plan_object *x = *(const struct cw_plan_object *const *)a,
				    *y = *(const struct cw_plan_object *const *)b;

	return x < y ? -1 : x > y;
}

void
read_sort(const struct cw_plan_object **list, size_t count)
{
	if (count > 1)
		qsort(list, count, sizeof(*list), by_address);
}

bool
read_is_touched(const struct cw_plan_read *r, const struct cw_ps_value *value)
{
	const char *guid = cw_ps_str(cw_ps_get(value, "ObjectGUID")),
		   *dn = cw_ps_str(cw_ps_get(value, "DistinguishedName"));
	const struct cw_plan_object *o = cw_plan_state_match(r->state, guid, dn);

	return o != NULL && r->touched_count > 0 &&
	    bsearch(&o, r->touched, r->touched_count, sizeof(*r->touched), by_address) != NULL;
}

void
read_look_at(void *arg, const struct cw_attribute *attribute)
{
	struct cw_plan_read *r = arg;

	for (size_t i = 0; i < r->attribute_count; i++)
		if (r->attributes[i] == attribute)
			return;
	if (r->attribute_count < CW_COUNT(r->attributes))
		r->attributes[r->attribute_count++] = attribute;
	else
		r->too_many = true;
}

/* Names of objects in the filter are those that would be; the directory knows others. */
static bool
looks_at_names(const struct cw_plan_read *r)
{
	for (size_t i = 0; i < r->attribute_count; i++)
		if (r->attributes[i]->syntax == CW_SYNTAX_DN)
			return true;
	return false;
}

/* Whom it has to judge anew, and what it finds of the plan's own. */
static bool
keep_all(struct cw_plan_read *r, bool *removed)
{
	*removed = false;
	for (const struct cw_plan_object *o = cw_plan_state_all(r->state); o != NULL; o = o->next) {
		*removed |= o->removed;
		if (read_matters(r, o) && !read_keep(&r->touched, &r->touched_count, o))
			return false;
		if (o->created && !o->removed && !read_keep(&r->made, &r->made_count, o))
			return false;
	}
	read_sort(r->touched, r->touched_count);
	return true;
}

int
read_filter(struct cw_plan_read *r, const struct cw_catalogue_call *call, struct cw_err *err)
{
	const struct cw_ps_value *filter = cw_catalogue_call_argument(call, "LDAPFilter");
	bool removed;
	int code;

	if (filter == NULL) /* one that the module reads itself: sites, controllers */
		return CW_OK;
	r->what = CW_PLAN_READ_FIND;
	r->filter = cw_strdup(cw_ps_str(filter));
	if (r->filter == NULL)
		return no_memory(err);
	if (!cw_plan_filter_attributes(r->filter, read_look_at, r) || r->too_many)
		return read_untold(r, "its filter looks at more than the plan can know", err);
	if ((code = read_take_base(r, err)) < 0)
		return code;
	if (cw_plan_state_has_moved(r->state) && looks_at_names(r))
		return read_untold(r,
		    "objects are moved or removed, and its filter looks at names of objects", err);
	if (!keep_all(r, &removed))
		return no_memory(err);
	if (r->touched_count + r->made_count == 0 && !removed)
		return CW_OK;
	if (cJSON_IsNumber(read_parameter(r->given, "ResultSetSize")))
		return read_untold(r,
		    "writes change what it finds, and -ResultSetSize shows only some of it", err);
	if (cJSON_IsTrue(read_parameter(r->given, "IncludeDeletedObjects")))
		return read_untold(r, "objects are made, moved or removed", err);
	return CW_OK;
}

/* --- objects of the directory that are judged anew */

static bool
add_text(cJSON *list, const char *text)
{
	cJSON *item;

	if (cw_plan_find(CW_SYNTAX_TEXT, list, text) >= 0)
		return true;
	if ((item = cJSON_CreateString(text)) == NULL || !cJSON_AddItemToArray(list, item)) {
		cJSON_Delete(item);
		return false;
	}
	return true;
}

/* What the caller asked for, and what the filter looks at. */
static cJSON *
properties(const struct cw_plan_read *r)
{
	const cJSON *asked = read_parameter(r->given, "Properties");
	cJSON *list = cJSON_IsArray(asked) ? cJSON_Duplicate(asked, true) : cJSON_CreateArray();
	bool ok = list != NULL;

	if (cJSON_IsString(asked))
		ok = ok && add_text(list, asked->valuestring);
	for (size_t i = 0; i < r->attribute_count; i++)
		ok = ok && add_text(list, cw_attribute_name(r->attributes[i]));
	if (!ok) {
		cJSON_Delete(list);
		return NULL;
	}
	return list;
}

static int
put_clause(struct cw_buf *out, const struct cw_plan_object *o)
{
	return o->guid[0] != '\0' ? cw_plan_put_guid_clause(out, o->guid)
				  : cw_plan_put_text_clause(out, "distinguishedName", o->real_dn);
}

/* Clauses for as many as go into one question. */
static int
put_touched(struct cw_plan_read *r, struct cw_buf *out)
{
	int code = cw_buf_puts(out, "(|");

	for (; r->touched_at < r->touched_count && code == CW_OK; r->touched_at++) {
		const struct cw_plan_object *o = r->touched[r->touched_at];

		if (o->removed || !read_in_scope(r, o->dn))
			continue;
		if (cw_buf_left(out) > FILTER_MAX)
			break;
		code = put_clause(out, o);
	}
	return code < 0 ? code : cw_buf_putc(out, ')');
}

int
cw_plan_read_next(struct cw_plan_read *r, cJSON **ret, struct cw_err *err)
{
	cJSON *parameters = NULL, *list = NULL;
	struct cw_buf filter;
	int code;

	*ret = NULL;
	if (r->what != CW_PLAN_READ_FIND || r->touched_at == r->touched_count)
		return CW_OK;
	cw_buf_init(&filter, 2 * FILTER_MAX + 4 * CW_DN_MAX);
	if ((code = put_touched(r, &filter)) < 0) {
		code = no_memory(err);
	} else if (cw_buf_left(&filter) > strlen("(|)")) {
		parameters = cJSON_CreateObject();
		list = properties(r);
		if (parameters == NULL || list == NULL ||
		    cJSON_AddStringToObject(parameters, "LDAPFilter", cw_buf_str(&filter)) ==
			NULL ||
		    (list->child != NULL &&
			!cJSON_AddItemToObject(parameters, "Properties", list))) {
			cJSON_Delete(parameters);
			cJSON_Delete(list);
			code = no_memory(err);
		} else {
			if (list->child == NULL)
				cJSON_Delete(list);
			*ret = parameters;
		}
	}
	cw_buf_free(&filter);
	return code;
}

/* An object, of the directory or planned, for the filter to look at. */
struct looked {
	const struct cw_plan_state *state;
	const struct cw_plan_object *object;
	const struct cw_ps_value *value; /* as the directory has it; NULL: it has not */
};

static cJSON *
class_values(const char *class)
{
	static const char *const classes[] = { "person", "organizationalPerson", "contact", "user",
		"inetOrgPerson", "computer", "msDS-ManagedServiceAccount",
		"msDS-GroupManagedServiceAccount", "group", "organizationalUnit", "top" };
	cJSON *list = cJSON_CreateArray();
	bool ok = list != NULL;

	if (class == NULL) {
		cJSON_Delete(list);
		return NULL;
	}
	for (size_t i = 0; i < CW_COUNT(classes); i++)
		if (cw_plan_is_class(class, classes[i]))
			ok = ok && add_text(list, classes[i]);
	ok = ok && add_text(list, class);
	if (!ok) {
		cJSON_Delete(list);
		return NULL;
	}
	return list;
}

static cJSON *
one_text(const char *text)
{
	cJSON *list = text == NULL ? NULL : cJSON_CreateArray();

	if (list != NULL && !add_text(list, text)) {
		cJSON_Delete(list);
		return NULL;
	}
	return list;
}

static const char *
category_of(const char *class)
{
	return cw_plan_is_class(class, "computer")          ? "computer"
	    : cw_plan_is_class(class, "person")             ? "person"
	    : cw_plan_is_class(class, "group")              ? "group"
	    : cw_plan_is_class(class, "organizationalUnit") ? "organizationalUnit"
							    : NULL;
}

/* As the directory has it; NULL: not in the object. */
static cJSON *
read_values(const struct cw_ps_value *value, const char *name)
{
	const struct cw_ps_value *v = cw_ps_get(value, name);

	return v == NULL ? NULL : cw_plan_values(v);
}

static cJSON *
look_at(void *arg, const struct cw_attribute *a)
{
	const struct looked *l = arg;
	const char *name = cw_attribute_name(a),
		   *class = l->object->class != NULL
	    ? l->object->class
	    : cw_ps_str(cw_ps_get(l->value, "ObjectClass"));
	cJSON *is, *names, *then;

	if (cw_strcaseeq(name, "objectClass"))
		return class_values(class);
	if (cw_strcaseeq(name, "objectCategory"))
		return one_text(category_of(class));
	if (cw_strcaseeq(name, "distinguishedName"))
		return one_text(l->object->dn);
	if (cw_strcaseeq(name, "objectGUID"))
		return one_text(l->object->guid);
	if (l->object->created)
		return a->flags & CW_ATTRIBUTE_COMPUTED || cw_strcaseeq(name, "objectSid") ||
			cw_strcaseeq(name, "primaryGroupID") || cw_strcaseeq(name, "sAMAccountType")
		    ? NULL
		    : cw_plan_state_values(l->object, a, NULL);
	is = read_values(l->value, name);
	if (is != NULL && a->syntax == CW_SYNTAX_DN) {
		names = cw_plan_state_planned_names(l->state, is);
		cJSON_Delete(is);
		is = names;
	}
	if (cw_plan_attribute_changes(l->state, l->object, a)) {
		then = cw_plan_state_change(l->object, a) == NULL || l->object->whole
		    ? NULL
		    : cw_plan_state_values(l->object, a, is);
		cJSON_Delete(is);
		return then;
	}
	return is;
}

static enum cw_plan_truth
judge(const struct cw_plan_read *r, const struct cw_plan_object *o, const struct cw_ps_value *value)
{
	struct looked looked = { r->state, o, value };

	/* What the command itself gave is of its kind. */
	if ((value == NULL && !cw_plan_is_kind(o->class, kind_name(r))) || !read_in_scope(r, o->dn))
		return CW_PLAN_NO;
	return cw_plan_match(r->filter, look_at, &looked);
}

static int
cannot_judge(const struct cw_plan_read *r, const struct cw_plan_object *o, struct cw_err *err)
{
	char why[256];

	(void)snprintf(why, sizeof(why), "whether it finds %.160s", o->dn);
	return read_untold(r, why, err);
}

static bool
looks_at(const struct cw_plan_read *r, const char *name)
{
	for (size_t i = 0; i < r->attribute_count; i++)
		if (cw_strcaseeq(cw_attribute_name(r->attributes[i]), name))
			return true;
	return false;
}

/* Without what was asked for only to judge it. */
static int
without_extra(struct cw_plan_read *r, const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    struct cw_err *err)
{
	const cJSON *asked = read_parameter(r->given, "Properties");
	const struct cw_ps_object *from = (*ret)->object;
	struct cw_ps_property *kept =
	    cw_ps_arena_alloc(arena, (from->property_count + 1) * sizeof(*kept));
	struct cw_ps_object *object = cw_ps_arena_alloc(arena, sizeof(*object));
	struct cw_ps_value *v = cw_ps_arena_alloc(arena, sizeof(*v));

	if (kept == NULL || object == NULL || v == NULL)
		return no_memory(err);
	*object = *from;
	object->properties = kept;
	object->property_count = 0;
	for (size_t i = 0; i < from->property_count; i++) {
		const char *name = from->properties[i].name;
		const struct cw_property *p = cw_property_find(r->entry->kind, name, strlen(name));
		bool is_asked = cJSON_IsString(asked)
		    ? cw_strcaseeq(asked->valuestring, name) || cw_streq(asked->valuestring, "*")
		    : cw_plan_find(CW_SYNTAX_TEXT, asked, name) >= 0 ||
			cw_plan_find(CW_SYNTAX_TEXT, asked, "*") >= 0;

		/* The module's own names are what it shows anyway. */
		if (is_asked || (p != NULL && cw_streq(p->name, name)) || !looks_at(r, name))
			kept[object->property_count++] = from->properties[i];
	}
	*v = **ret;
	v->object = object;
	*ret = v;
	return CW_OK;
}

int
cw_plan_read_touched(struct cw_plan_read *r, const struct cw_ps_value **ret,
    struct cw_ps_arena *arena, const struct cw_ps_value *value, struct cw_err *err)
{
	const char *guid = cw_ps_str(cw_ps_get(value, "ObjectGUID")),
		   *dn = cw_ps_str(cw_ps_get(value, "DistinguishedName"));
	const struct cw_plan_object *o = cw_plan_state_match(r->state, guid, dn);
	int code;

	*ret = NULL;
	if (o == NULL || o->removed)
		return CW_OK;
	switch (judge(r, o, value)) {
	case CW_PLAN_NO: return CW_OK;
	case CW_PLAN_MAYBE: return cannot_judge(r, o, err);
	case CW_PLAN_YES: break;
	}
	*ret = value;
	if ((code = without_extra(r, ret, arena, err)) < 0)
		return code;
	return read_show(r, ret, arena, *ret, err);
}

/* --- objects that are only planned */

int
cw_plan_read_made(struct cw_plan_read *r, const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    struct cw_err *err)
{
	struct cw_plan_shown shown = read_shown(r, arena);
	const struct cw_plan_object *o;
	int code;

	*ret = NULL;
	if (r->what == CW_PLAN_READ_MEMBERS)
		return read_members_made(r, ret, arena, err);
	if (r->what == CW_PLAN_READ_SEARCH)
		return read_search_end(r, err);
	while (r->made_at < r->made_count) {
		enum cw_plan_truth found = CW_PLAN_YES;

		if ((o = r->made[r->made_at++])->removed)
			continue;
		if (r->what == CW_PLAN_READ_FIND)
			found = judge(r, o, NULL);
		if (found == CW_PLAN_MAYBE)
			return cannot_judge(r, o, err);
		if (found == CW_PLAN_NO)
			continue;
		code = cw_plan_show_planned(ret, &shown, kind_name(r), NULL, o, err);
		if (shown.left_out != NULL)
			r->left_out = shown.left_out;
		return code;
	}
	return CW_OK;
}
