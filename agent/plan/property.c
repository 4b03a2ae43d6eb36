/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a property is then: from the changes of the attributes that it is made of.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/time.h"
#include "catalogue/catalogue.h"
#include "catalogue/dn.h"
#include "catalogue/number.h"
#include "catalogue/property.h"
#include "plan/property.h"
#include "plan/text.h"

#define MODULE "Microsoft.ActiveDirectory.Management."

/* --- what follows from what */

/* Attributes that the directory makes of others. */
static const struct {
	const char *of, *made;
} follows[] = {
	{ "userAccountControl", "msDS-User-Account-Control-Computed" },
	{ "userAccountControl", "msDS-UserPasswordExpiryTimeComputed" },
	{ "pwdLastSet", "msDS-User-Account-Control-Computed" },
	{ "pwdLastSet", "msDS-UserPasswordExpiryTimeComputed" },
	{ "lockoutTime", "msDS-User-Account-Control-Computed" },
	{ "lockoutTime", "badPwdCount" },
	{ "groupType", "sAMAccountType" },
	{ "msDS-PSOApplied", "msDS-ResultantPSO" },
};

/* Something that the attribute is made of is another. Asked for every touched object of every read:
 * rows are looked up once. */
static bool
follows_a_change(const struct cw_plan_object *o, const struct cw_attribute *a)
{
	static const struct cw_attribute *made[CW_COUNT(follows)];

	for (size_t i = 0; i < CW_COUNT(follows); i++) {
		if (made[i] == NULL)
			made[i] = cw_attribute_find(follows[i].made, strlen(follows[i].made));
		if (made[i] == a && cJSON_GetObjectItem(o->changes, follows[i].of) != NULL)
			return true;
	}
	return false;
}

static bool
is_one_of(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cw_strcaseeq(name, names[i]))
			return true;
	return false;
}

#define IS_ONE_OF(name, names) is_one_of(name, names, CW_COUNT(names))

static const char *const times[] = { "whenChanged", "modifyTimeStamp" };
static const char *const counters[] = { "uSNChanged", "replPropertyMetaData",
	"msDS-ReplAttributeMetaData", "msDS-ReplValueMetaData", "dSCorePropagationData" };
static const char *const closures[] = { "tokenGroups", "tokenGroupsGlobalAndUniversal",
	"tokenGroupsNoGCAcceptable", "msds-memberOfTransitive", "msds-memberTransitive",
	"msds-tokenGroupNames", "msds-tokenGroupNamesGlobalAndUniversal",
	"msds-tokenGroupNamesNoGCAcceptable" };
static const char *const places[] = { "distinguishedName", "canonicalName", "msDS-parentdistname",
	"parentGUID" };

static bool
is_moved(const struct cw_plan_object *o)
{
	return o->placed && o->real_dn != NULL && !cw_strcaseeq(o->dn, o->real_dn);
}

bool
cw_plan_attribute_changes(
    const struct cw_plan_state *state, const struct cw_plan_object *o, const struct cw_attribute *a)
{
	const char *name = cw_attribute_name(a);

	if (o->whole || cw_plan_state_change(o, a) != NULL)
		return true;
	if (follows_a_change(o, a))
		return true;
	/* Whatever else follows is the directory's own to write. */
	if (!(a->flags & (CW_ATTRIBUTE_SYSTEM | CW_ATTRIBUTE_COMPUTED | CW_ATTRIBUTE_BACKLINK)))
		return false;
	if (o->changed_ms != 0 && (IS_ONE_OF(name, times) || IS_ONE_OF(name, counters)))
		return true;
	if (is_moved(o) && IS_ONE_OF(name, places))
		return true;
	if (cw_plan_state_members_changed(state) && IS_ONE_OF(name, closures))
		return true;
	return cw_plan_state_links_unknown(state) && a->flags & CW_ATTRIBUTE_BACKLINK;
}

/* --- names */

/* "lab.test/Staff/Ada" of "CN=Ada,OU=Staff,DC=lab,DC=test"; the caller frees. */
static char *
canonical_name(const char *dn)
{
	const char *parts[CW_DN_PARTS_MAX], *at = dn;
	size_t lens[CW_DN_PARTS_MAX], n = 0, root;
	struct cw_buf out;
	char *ret = NULL;

	for (; *at != '\0' && n < CW_DN_PARTS_MAX; at += *at == ',') {
		parts[n] = at;
		while (*at != '\0' && *at != ',')
			at += *at == '\\' && at[1] != '\0' ? 2 : 1;
		lens[n] = (size_t)(at - parts[n]);
		n++;
	}
	for (root = n; root > 0 && strncmp(parts[root - 1], "DC=", 3) == 0;)
		root--;
	cw_buf_init(&out, 4 * CW_DN_MAX);
	for (size_t i = root; i < n; i++) {
		(void)cw_buf_puts(&out, i == root ? "" : ".");
		(void)cw_buf_put(&out, parts[i] + 3, lens[i] - 3);
	}
	if (root == 0)
		(void)cw_buf_putc(&out, '/');
	for (size_t i = root; i-- > 0;) {
		const char *value = memchr(parts[i], '=', lens[i]);

		(void)cw_buf_putc(&out, '/');
		for (const char *s = value == NULL ? parts[i] : value + 1; s < parts[i] + lens[i];
		     s++)
			if (*s != '\\' || s[1] == '\\')
				(void)cw_buf_putc(&out, *s);
	}
	if (n > 0)
		ret = cw_strdup(cw_buf_str(&out));
	cw_buf_free(&out);
	return ret;
}

/* --- values as the property has them */

/* Properties of the module that are collections; attributes say so themselves. */
static bool
is_many(const struct cw_property *p, const struct cw_attribute *a)
{
	static const char *const many[] = { "MemberOf", "Members", "SIDHistory", "Certificates",
		"ServicePrincipalNames", "ServiceAccount", "HostComputers" };

	return p == NULL ? (a->flags & CW_ATTRIBUTE_MANY) != 0 : IS_ONE_OF(p->name, many);
}

static const struct cw_ps_value *
list_value(struct cw_ps_arena *arena, const struct cw_ps_value *is,
    const struct cw_ps_value *const *items, size_t n)
{
	static const char *const types[] = { MODULE "ADPropertyValueCollection",
		"System.Collections.CollectionBase", "System.Object" };
	static const struct cw_ps_object object = { .types = types, .type_count = CW_COUNT(types) };
	struct cw_ps_value *list = cw_ps_list(arena, items, n);

	if (list == NULL)
		return NULL;
	list->list.kind = CW_PS_ENUMERABLE;
	list->object = &object;
	if (is != NULL && is->kind == CW_PS_LIST) {
		list->list.kind = is->list.kind;
		list->object = is->object;
	}
	return list;
}

static const struct cw_ps_value *
one_value(struct cw_ps_arena *arena, const struct cw_property *p, const struct cw_attribute *a,
    const char *text)
{
	/* A count of 100 ns under the module's own name is a date. */
	if (p != NULL && a->syntax == CW_SYNTAX_LARGE &&
	    !cw_strcaseeq(p->name, cw_attribute_name(a)))
		return cw_plan_date(arena, text);
	return cw_plan_value(arena, (enum cw_attribute_syntax)a->syntax, text);
}

/* Of the texts that the attribute holds; NULL: cannot be told. */
static const struct cw_ps_value *
plain_value(struct cw_ps_arena *arena, const struct cw_property *p, const struct cw_attribute *a,
    const cJSON *texts, const struct cw_ps_value *is)
{
	size_t n = (size_t)cJSON_GetArraySize(texts), i = 0;
	const struct cw_ps_value **items;
	const cJSON *one;

	if (is != NULL && is->kind != CW_PS_NULL ? is->kind != CW_PS_LIST : !is_many(p, a))
		return n == 0 ? cw_ps_null() : one_value(arena, p, a, texts->child->valuestring);
	if ((items = cw_ps_arena_alloc(arena, (n + 1) * sizeof(struct cw_ps_value *))) == NULL)
		return NULL;
	cJSON_ArrayForEach (one, texts)
		if ((items[i++] = one_value(arena, p, a, one->valuestring)) == NULL)
			return NULL;
	return list_value(arena, is, items, n);
}

/* An enumeration, in the form in which the engine gave it. */
static const struct cw_ps_value *
enum_value(
    struct cw_ps_arena *arena, const struct cw_ps_value *is, const char *word, int64_t number)
{
	struct cw_ps_value *v;
	struct cw_ps_object *o;

	if (!cw_ps_is_enum(is))
		return cw_ps_string(arena, word);
	v = cw_ps_int(arena, is->kind, number);
	o = cw_ps_arena_alloc(arena, sizeof(*o));
	if (v == NULL || o == NULL)
		return NULL;
	*o = *is->object;
	o->to_string = word;
	v->object = o;
	return v;
}

static bool
number_of(int64_t *ret, const cJSON *texts)
{
	const cJSON *first = texts == NULL ? NULL : texts->child;

	return first != NULL &&
	    cw_whole_parse(ret, first->valuestring, strlen(first->valuestring)) == CW_OK;
}

static const struct cw_ps_value *
made_value(struct cw_ps_arena *arena, const struct cw_property *p, const cJSON *texts,
    const struct cw_ps_value *is)
{
	int64_t n;

	if (texts != NULL && texts->child == NULL) /* it is not there */
		return p->how == CW_HOW_LOCKED ? cw_ps_bool(arena, false) : cw_ps_null();
	if (!number_of(&n, texts))
		return NULL;
	switch (p->how) {
	case CW_HOW_BIT: return cw_ps_bool(arena, (n & p->bit) != 0);
	case CW_HOW_NOTBIT: return cw_ps_bool(arena, (n & p->bit) == 0);
	case CW_HOW_LOCKED: return n == 0 ? cw_ps_bool(arena, false) : NULL;
	case CW_HOW_CATEGORY:
		return enum_value(arena, is, n < 0 ? "Security" : "Distribution", n < 0);
	case CW_HOW_SCOPE:
		return n & 8 ? enum_value(arena, is, "Universal", 2)
		    : n & 2  ? enum_value(arena, is, "Global", 1)
			     : enum_value(arena, is, "DomainLocal", 0);
	case CW_HOW_VALUE:
	case CW_HOW_NONE:
	case CW_HOW_MODULE: break;
	}
	return NULL;
}

/* --- one property */

struct asked {
	struct cw_ps_arena *arena;
	const struct cw_plan_state *state;
	const struct cw_plan_object *object;
	const struct cw_property *property; /* NULL: the attribute by its own name */
	const struct cw_attribute *attribute; /* the first; NULL: of neither table */
	const char *name;
	const struct cw_ps_value *is;
};

static enum cw_plan_shows
give(const struct cw_ps_value **ret, const struct cw_ps_value *v)
{
	if (v == NULL)
		return CW_PLAN_UNTOLD;
	*ret = v;
	return CW_PLAN_OTHER;
}

static enum cw_plan_shows
give_text(const struct cw_ps_value **ret, struct cw_ps_arena *arena, enum cw_ps_kind kind,
    const char *text)
{
	if (text == NULL)
		return CW_PLAN_UNTOLD;
	*ret = cw_ps_text(arena, kind, text, strlen(text));
	return *ret == NULL ? CW_PLAN_NO_MEMORY : CW_PLAN_OTHER;
}

/* Where the object is. */
static enum cw_plan_shows
show_place(const struct cw_ps_value **ret, struct cw_ps_arena *arena, const char *attribute,
    const char *dn)
{
	enum cw_plan_shows r;
	char *name;

	if (cw_strcaseeq(attribute, "distinguishedName"))
		return give_text(ret, arena, CW_PS_STRING, cw_plan_shown_name(arena, dn));
	if (!cw_strcaseeq(attribute, "canonicalName"))
		return CW_PLAN_UNTOLD;
	name = canonical_name(dn);
	r = give_text(ret, arena, CW_PS_STRING, name);
	free(name);
	return r;
}

/* What is there as soon as an object is. */
static enum cw_plan_shows
show_made(const struct cw_ps_value **ret, const struct asked *q, const char *name)
{
	static const char *const untold[] = { "objectSid", "uSNCreated", "primaryGroupID",
		"nTSecurityDescriptor", "sAMAccountType", "objectCategory", "instanceType",
		"createTimeStamp", "primaryGroupToken", "structuralObjectClass",
		"subSchemaSubEntry", "sDRightsEffective", "allowedAttributes",
		"allowedAttributesEffective", "allowedChildClasses", "allowedChildClassesEffective",
		"codePage", "countryCode" };
	static const char *const zero[] = { "badPwdCount", "logonCount", "badPasswordTime",
		"lastLogon", "lastLogoff" };

	if (cw_strcaseeq(name, "objectGUID"))
		return give_text(ret, q->arena, CW_PS_GUID, q->object->guid);
	if (cw_strcaseeq(name, "objectClass"))
		return give_text(ret, q->arena, CW_PS_STRING, q->object->class);
	if (IS_ONE_OF(name, places))
		return show_place(ret, q->arena, name, q->object->dn);
	if (IS_ONE_OF(name, untold) || IS_ONE_OF(name, counters) || IS_ONE_OF(name, closures) ||
	    (q->attribute->flags & CW_ATTRIBUTE_COMPUTED && !IS_ONE_OF(name, times)))
		return CW_PLAN_UNTOLD;
	if (IS_ONE_OF(name, zero))
		return give(ret, one_value(q->arena, q->property, q->attribute, "0"));
	return CW_PLAN_SAME;
}

static const struct cw_attribute *
attribute(const char *name)
{
	return cw_attribute_find(name, strlen(name));
}

/* The attribute's values in the directory: known where the property shows them as they are. */
static cJSON *
values_then(const struct asked *q)
{
	cJSON *is = NULL, *names, *then;

	if (q->is != NULL && q->property != NULL && q->property->how != CW_HOW_VALUE)
		is = NULL;
	else if (q->is != NULL)
		is = cw_plan_values(q->is);
	if (is == NULL)
		return cw_plan_state_now(q->state, q->object, q->attribute);
	if (q->attribute->syntax == CW_SYNTAX_DN) {
		names = cw_plan_state_planned_names(q->state, is);
		cJSON_Delete(is);
		is = names;
	}
	then = cw_plan_state_values(q->object, q->attribute, is);
	cJSON_Delete(is);
	return then;
}

static enum cw_plan_shows
show_changed(const struct cw_ps_value **ret, const struct asked *q)
{
	const char *name = cw_attribute_name(q->attribute);
	const struct cw_ps_value *v;
	char date[CW_TIME_TEXT];
	cJSON *then;

	if (is_moved(q->object) && IS_ONE_OF(name, places))
		return show_place(ret, q->arena, name, q->object->dn);
	if (q->object->whole)
		return CW_PLAN_UNTOLD;
	if (q->object->changed_ms != 0 && IS_ONE_OF(name, times)) {
		cw_time_text(date, q->object->changed_ms);
		return give(ret, cw_plan_value(q->arena, CW_SYNTAX_TIME, date));
	}
	if (cw_plan_state_change(q->object, q->attribute) == NULL && !q->object->created &&
	    cw_plan_attribute_changes(q->state, q->object, q->attribute))
		return CW_PLAN_UNTOLD;
	if ((then = values_then(q)) == NULL)
		return CW_PLAN_UNTOLD;
	v = q->property == NULL || q->property->how == CW_HOW_VALUE
	    ? plain_value(q->arena, q->property, q->attribute, then, q->is)
	    : made_value(q->arena, q->property, then, q->is);
	cJSON_Delete(then);
	return give(ret, v);
}

/* Any attribute that the property is made of. */
static bool
changes(const struct asked *q)
{
	const struct cw_attribute *a;

	if (q->property == NULL)
		return cw_plan_attribute_changes(q->state, q->object, q->attribute);
	for (size_t i = 0; (a = cw_property_attribute(q->property, i)) != NULL; i++)
		if (cw_plan_attribute_changes(q->state, q->object, a))
			return true;
	return false;
}

static struct asked
ask(struct cw_ps_arena *arena, const struct cw_plan_state *state, const struct cw_plan_object *o,
    const char *kind, const char *name, const struct cw_ps_value *is)
{
	struct asked q = { arena, state, o, NULL, NULL, name, is };

	q.property = cw_property_find(cw_catalogue_kind_find(kind), name, strlen(name));
	q.attribute = q.property != NULL ? cw_property_attribute(q.property, 0) : attribute(name);
	return q;
}

enum cw_plan_shows
cw_plan_property_of_place(const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    const char *kind, const char *name, const char *dn)
{
	struct asked q = ask(arena, NULL, NULL, kind, name, NULL);

	return q.attribute != NULL && IS_ONE_OF(cw_attribute_name(q.attribute), places)
	    ? show_place(ret, arena, cw_attribute_name(q.attribute), dn)
	    : CW_PLAN_SAME;
}

bool
cw_plan_others_are_same(const struct cw_plan_state *state)
{
	return !cw_plan_state_has_moved(state) && !cw_plan_state_members_changed(state) &&
	    !cw_plan_state_links_unknown(state);
}

enum cw_plan_shows
cw_plan_property_of_other(const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    const struct cw_plan_state *state, const char *kind, const char *name,
    const struct cw_ps_value *is)
{
	struct asked q = ask(arena, state, NULL, kind, name, is);
	cJSON *texts, *then;
	enum cw_plan_shows r = CW_PLAN_SAME;

	if (q.attribute == NULL)
		return CW_PLAN_SAME;
	if ((cw_plan_state_members_changed(state) &&
		IS_ONE_OF(cw_attribute_name(q.attribute), closures)) ||
	    (cw_plan_state_links_unknown(state) && q.attribute->flags & CW_ATTRIBUTE_BACKLINK))
		return CW_PLAN_UNTOLD;
	if (!cw_plan_state_has_moved(state) || is == NULL || is->kind == CW_PS_NULL ||
	    q.attribute->syntax != CW_SYNTAX_DN ||
	    (q.property != NULL && q.property->how != CW_HOW_VALUE))
		return CW_PLAN_SAME;
	texts = cw_plan_values(is);
	then = texts == NULL ? NULL : cw_plan_state_planned_names(state, texts);
	if (then == NULL)
		r = CW_PLAN_NO_MEMORY;
	else if (!cJSON_Compare(texts, then, true))
		r = give(ret, plain_value(arena, q.property, q.attribute, then, is));
	cJSON_Delete(texts);
	cJSON_Delete(then);
	return r;
}

enum cw_plan_shows
cw_plan_property(const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    const struct cw_plan_state *state, const struct cw_plan_object *o, const char *kind,
    const char *name, const struct cw_ps_value *is)
{
	static const char *const adapter[] = { "PropertyNames", "PropertyCount", "AddedProperties",
		"RemovedProperties", "ModifiedProperties", "PSComputerName", "RunspaceId",
		"PSShowComputerName" };
	struct asked q = ask(arena, state, o, kind, name, is);
	const cJSON *told = cJSON_GetObjectItem(o->properties, name);
	enum cw_plan_shows r;

	if (cJSON_IsBool(told))
		return give(ret, cw_ps_bool(arena, cJSON_IsTrue(told)));
	if (q.attribute == NULL)
		return IS_ONE_OF(name, adapter) ||
			(!o->whole && o->changes->child == NULL && !o->created)
		    ? CW_PLAN_SAME
		    : CW_PLAN_UNTOLD;
	if (o->created && (r = show_made(ret, &q, cw_attribute_name(q.attribute))) != CW_PLAN_SAME)
		return r;
	if (o->created || is == NULL || changes(&q))
		return show_changed(ret, &q);
	return cw_plan_property_of_other(ret, arena, state, kind, name, is);
}
