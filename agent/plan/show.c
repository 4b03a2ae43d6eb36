/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects made anew for a reader who must see what is planned.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "catalogue/catalogue.h"
#include "plan/property.h"
#include "plan/show.h"
#include "plan/text.h"

#define MODULE "Microsoft.ActiveDirectory.Management."

static int
no_memory(struct cw_err *err)
{
	return cw_fail(err, CW_ELIMIT, "an object is larger than fits");
}

static bool
asks_all(const cJSON *asked)
{
	return cJSON_IsArray(asked) ? cw_plan_find(CW_SYNTAX_TEXT, asked, "*") >= 0
				    : cw_streq(cJSON_GetStringValue(asked), "*");
}

static bool
asks_for(const cJSON *asked, const char *name)
{
	return cJSON_IsArray(asked) ? cw_plan_find(CW_SYNTAX_TEXT, asked, name) >= 0
				    : cw_strcaseeq(cJSON_GetStringValue(asked), name);
}

static int
untold(struct cw_plan_shown *shown, const struct cw_plan_object *o, const char *name,
    struct cw_err *err)
{
	if (asks_all(shown->asked) && !asks_for(shown->asked, name)) {
		shown->left_out = name;
		return CW_OK;
	}
	return cw_fail(err, CW_EDENIED,
	    "%s shows %.60s of %.120s, and what that is after the planned writes cannot be told",
	    shown->command, name, o == NULL ? "an object" : o->dn);
}

/* --- types */

static const struct {
	const char *kind, *base;
} bases[] = {
	{ "ADUser", "ADAccount" },
	{ "ADComputer", "ADAccount" },
	{ "ADServiceAccount", "ADAccount" },
	{ "ADAccount", "ADPrincipal" },
	{ "ADGroup", "ADPrincipal" },
	{ "ADPrincipal", "ADObject" },
	{ "ADOrganizationalUnit", "ADObject" },
	{ "ADObject", "ADEntity" },
	{ "ADEntity", NULL },
};

#define TYPES_MAX 8

static bool
put_types(struct cw_ps_arena *arena, struct cw_ps_object *o, const char *kind)
{
	const char **types = cw_ps_arena_alloc(arena, TYPES_MAX * sizeof(char *));
	struct cw_buf name;

	if (types == NULL)
		return false;
	cw_buf_init(&name, 256);
	while (kind != NULL && o->type_count < TYPES_MAX - 1) {
		size_t row = 0;

		cw_buf_clear(&name);
		if (cw_buf_puts(&name, MODULE) < 0 || cw_buf_puts(&name, kind) < 0)
			break;
		types[o->type_count++] = cw_ps_arena_strndup(
		    arena, (const char *)cw_buf_peek(&name), cw_buf_left(&name));
		while (row < CW_COUNT(bases) && !cw_streq(bases[row].kind, kind))
			row++;
		kind = row < CW_COUNT(bases) ? bases[row].base : "ADObject";
	}
	cw_buf_free(&name);
	types[o->type_count++] = "System.Object";
	o->types = types;
	return types[0] != NULL;
}

const char *
cw_plan_kind_of_value(const struct cw_ps_value *value)
{
	const struct cw_catalogue_kind *kind;
	const char *type, *dot;

	if (value == NULL || value->object == NULL || value->object->type_count == 0)
		return NULL;
	type = value->object->types[0];
	dot = strrchr(type, '.');
	kind = cw_catalogue_kind_find(dot == NULL ? type : dot + 1);
	return kind == NULL ? NULL : kind->name;
}

/* --- an object of the directory */

static int
show_properties(struct cw_ps_object *to, const struct cw_ps_object *from,
    struct cw_plan_shown *shown, const struct cw_plan_object *o, const char *kind, bool *changed,
    struct cw_err *err)
{
	struct cw_ps_property *properties =
	    cw_ps_arena_alloc(shown->arena, (from->property_count + 1) * sizeof(*properties));
	int r;

	if (properties == NULL)
		return no_memory(err);
	to->properties = properties;
	to->property_count = 0;
	for (size_t i = 0; i < from->property_count; i++) {
		struct cw_ps_property p = from->properties[i];

		switch (o == NULL ? cw_plan_property_of_other(
					&p.value, shown->arena, shown->state, kind, p.name, p.value)
				  : cw_plan_property(&p.value, shown->arena, shown->state, o, kind,
					p.name, p.value)) {
		case CW_PLAN_SAME: break;
		case CW_PLAN_OTHER: *changed = true; break;
		case CW_PLAN_UNTOLD:
			if ((r = untold(shown, o, p.name, err)) < 0)
				return r;
			*changed = true;
			continue;
		case CW_PLAN_NO_MEMORY: return no_memory(err);
		}
		properties[to->property_count++] = p;
	}
	return CW_OK;
}

/* Where it would be; CW_ENOTFOUND: nowhere. */
static int
planned_name(char **ret, const struct cw_plan_state *state, const struct cw_plan_object *o,
    const char *real_dn)
{
	struct cw_buf dn;
	int r;

	if (o != NULL && o->removed)
		return CW_ENOTFOUND;
	if (o != NULL)
		return (*ret = cw_strdup(o->dn)) == NULL ? CW_ENOMEM : CW_OK;
	cw_buf_init(&dn, 65536);
	r = cw_plan_state_planned_dn(state, real_dn, &dn);
	if (r == CW_OK && (*ret = cw_strdup(cw_buf_str(&dn))) == NULL)
		r = CW_ENOMEM;
	cw_buf_free(&dn);
	return r;
}

int
cw_plan_show(const struct cw_ps_value **ret, struct cw_plan_shown *shown, const char *kind,
    const struct cw_ps_value *value, struct cw_err *err)
{
	const char *guid = cw_ps_str(cw_ps_get(value, "ObjectGUID")),
		   *real = cw_ps_str(cw_ps_get(value, "DistinguishedName"));
	const struct cw_plan_object *o = cw_plan_state_match(shown->state, guid, real);
	struct cw_ps_value *v;
	struct cw_ps_object *object;
	bool changed = false;
	char *dn = NULL;
	int r;

	*ret = value;
	if (value->object == NULL || value->object->property_count == 0 || real == NULL ||
	    (o == NULL && cw_plan_others_are_same(shown->state)))
		return CW_OK;
	if ((r = planned_name(&dn, shown->state, o, real)) == CW_ENOTFOUND) {
		*ret = NULL;
		return CW_OK;
	}
	v = cw_ps_arena_alloc(shown->arena, sizeof(*v));
	object = cw_ps_arena_alloc(shown->arena, sizeof(*object));
	if (r < 0 || v == NULL || object == NULL) {
		free(dn);
		return no_memory(err);
	}
	*v = *value;
	*object = *value->object;
	v->object = object;
	r = show_properties(object, value->object, shown, o, kind, &changed, err);
	if (r == CW_OK && !cw_strcaseeq(dn, real)) {
		object->to_string = cw_plan_shown_name(shown->arena, dn);
		changed = true;
	}
	free(dn);
	if (r == CW_OK && changed)
		*ret = v;
	return r;
}

/* --- one that is only planned */

static const struct {
	const char *kind;
	const char *const names[12];
} defaults[] = {
	{ "ADObject", { "DistinguishedName", "Name", "ObjectClass", "ObjectGUID" } },
	{ "ADPrincipal",
	    { "DistinguishedName", "Name", "ObjectClass", "ObjectGUID", "SamAccountName", "SID" } },
	{ "ADAccount",
	    { "DistinguishedName", "Enabled", "Name", "ObjectClass", "ObjectGUID", "SamAccountName",
		"SID", "UserPrincipalName" } },
	{ "ADUser",
	    { "DistinguishedName", "Enabled", "GivenName", "Name", "ObjectClass", "ObjectGUID",
		"SamAccountName", "SID", "Surname", "UserPrincipalName" } },
	{ "ADComputer",
	    { "DistinguishedName", "DNSHostName", "Enabled", "Name", "ObjectClass", "ObjectGUID",
		"SamAccountName", "SID", "UserPrincipalName" } },
	{ "ADServiceAccount",
	    { "DistinguishedName", "Enabled", "Name", "ObjectClass", "ObjectGUID", "SamAccountName",
		"SID", "UserPrincipalName" } },
	{ "ADGroup",
	    { "DistinguishedName", "GroupCategory", "GroupScope", "Name", "ObjectClass",
		"ObjectGUID", "SamAccountName", "SID" } },
	{ "ADOrganizationalUnit",
	    { "City", "Country", "DistinguishedName", "LinkedGroupPolicyObjects", "ManagedBy",
		"Name", "ObjectClass", "ObjectGUID", "PostalCode", "State", "StreetAddress" } },
};

/* Names to show, each once; strings of the heap, in a JSON object for its order. */
static bool
add_name(cJSON *names, const char *name)
{
	return cJSON_GetObjectItem(names, name) != NULL ||
	    cJSON_AddNullToObject(names, name) != NULL;
}

static bool
add_asked(cJSON *names, const cJSON *asked, const struct cw_plan_object *o)
{
	const cJSON *list = cJSON_IsArray(asked) ? asked : NULL, *one;
	bool ok = true;

	if (cJSON_IsString(asked) && !cw_streq(asked->valuestring, "*"))
		ok = add_name(names, asked->valuestring);
	cJSON_ArrayForEach (one, list)
		if (cJSON_IsString(one) && !cw_streq(one->valuestring, "*"))
			ok = ok && add_name(names, one->valuestring);
	if (asks_all(asked))
		cJSON_ArrayForEach (one, o->changes)
			ok = ok && add_name(names, one->string);
	return ok;
}

/* By their names, letters of ASCII in any case. */
static int
compare_names(const void *a, const void *b)
{
	const char *x = ((const struct cw_ps_property *)a)->name,
		   *y = ((const struct cw_ps_property *)b)->name;

	for (;; x++, y++) {
		int c = *x >= 'A' && *x <= 'Z' ? *x + 32 : *x,
		    d = *y >= 'A' && *y <= 'Z' ? *y + 32 : *y;

		if (c != d || c == '\0')
			return c - d;
	}
}

/* What its name tells: an object that was only looked up. */
static enum cw_plan_shows
known_name(const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    const struct cw_plan_object *o, const char *name)
{
	const char *text = cw_strcaseeq(name, "DistinguishedName") ? o->dn
	    : cw_strcaseeq(name, "ObjectGUID")                     ? o->guid
	    : cw_strcaseeq(name, "ObjectClass")                    ? o->class
	    : cw_strcaseeq(name, "SamAccountName")                 ? o->account
	    : cw_strcaseeq(name, "SID")                            ? o->sid
								   : NULL;
	char rdn[512];
	size_t n = 0;

	if (cw_strcaseeq(name, "Name")) {
		const char *s = strchr(o->dn, '=');

		for (s = s == NULL ? o->dn : s + 1; *s != '\0' && *s != ',' && n + 1 < sizeof(rdn);
		     s++) {
			if (*s == '\\' && s[1] != '\0')
				s++;
			rdn[n++] = *s;
		}
		rdn[n] = '\0';
		text = rdn;
	}
	if (text == NULL)
		return CW_PLAN_UNTOLD;
	*ret = cw_ps_text(arena, cw_strcaseeq(name, "ObjectGUID") ? CW_PS_GUID : CW_PS_STRING, text,
	    strlen(text));
	return *ret == NULL ? CW_PLAN_NO_MEMORY : CW_PLAN_OTHER;
}

static int
put_planned(struct cw_ps_object *to, struct cw_plan_shown *shown, const char *kind,
    const cJSON *names, const struct cw_plan_object *o, struct cw_err *err)
{
	struct cw_ps_property *properties = cw_ps_arena_alloc(
	    shown->arena, ((size_t)cJSON_GetArraySize(names) + 1) * sizeof(*properties));
	const cJSON *one;
	int r;

	if (properties == NULL)
		return no_memory(err);
	to->properties = properties;
	cJSON_ArrayForEach (one, names) {
		struct cw_ps_property p = { .value = cw_ps_null() };
		enum cw_plan_shows s = CW_PLAN_UNTOLD;

		p.name = cw_ps_arena_strndup(shown->arena, one->string, strlen(one->string));
		if (!o->created)
			s = known_name(&p.value, shown->arena, o, one->string);
		if (s == CW_PLAN_UNTOLD)
			s = cw_plan_property(
			    &p.value, shown->arena, shown->state, o, kind, one->string, NULL);
		if (p.name == NULL || s == CW_PLAN_NO_MEMORY)
			return no_memory(err);
		/* It has no SID before it is made: as if the property were not there. */
		if (s == CW_PLAN_UNTOLD && cw_strcaseeq(one->string, "SID"))
			continue;
		if (s == CW_PLAN_UNTOLD && (r = untold(shown, o, one->string, err)) < 0)
			return r;
		if (s != CW_PLAN_UNTOLD)
			properties[to->property_count++] = p;
	}
	qsort(properties, to->property_count, sizeof(*properties), compare_names);
	return CW_OK;
}

int
cw_plan_show_planned(const struct cw_ps_value **ret, struct cw_plan_shown *shown, const char *kind,
    const char *const *names, const struct cw_plan_object *o, struct cw_err *err)
{
	struct cw_ps_value *v = cw_ps_arena_alloc(shown->arena, sizeof(*v));
	struct cw_ps_object *object = cw_ps_arena_alloc(shown->arena, sizeof(*object));
	cJSON *list = cJSON_CreateObject();
	size_t row = 0;
	bool ok = v != NULL && object != NULL && list != NULL;
	int r;

	while (row < CW_COUNT(defaults) && !cw_streq(defaults[row].kind, kind))
		row++;
	if (names == NULL)
		names = defaults[row < CW_COUNT(defaults) ? row : 0].names;
	for (; ok && *names != NULL; names++)
		ok = add_name(list, *names);
	ok = ok && add_asked(list, shown->asked, o) && put_types(shown->arena, object, kind);
	r = ok ? put_planned(object, shown, kind, list, o, err) : no_memory(err);
	cJSON_Delete(list);
	if (r < 0)
		return r;
	if ((object->to_string = cw_plan_shown_name(shown->arena, o->dn)) == NULL)
		return no_memory(err);
	v->kind = CW_PS_OBJECT;
	v->object = object;
	*ret = v;
	return CW_OK;
}
