/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a write changes: parameter by parameter, as the module would do it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/time.h"
#include "catalogue/number.h"
#include "catalogue/property.h"
#include "plan/text.h"
#include "plan/write.h"

#define UAC_DISABLED 0x2
#define UAC_USER 0x200 /* [MS-ADTS] 2.2.16 */
#define UAC_COMPUTER 0x1000
#define GROUP_GLOBAL 0x2 /* [MS-ADTS] 2.2.12 */
#define GROUP_LOCAL 0x4
#define GROUP_UNIVERSAL 0x8
#define GROUP_SECURITY INT64_C(0x80000000)

/* Bits of one attribute, gathered from several parameters. */
struct bits {
	const char *attribute;
	int64_t on, off;
};

struct change {
	struct cw_plan_write *write;
	struct cw_plan_state *state;
	struct cw_plan_object *object;
	struct bits account, group; /* userAccountControl, groupType */
	int64_t now_ms;
};

static const struct cw_attribute *
attribute(const char *name)
{
	return cw_attribute_find(name, strlen(name));
}

static bool
set_bits(struct bits *bits, int64_t mask, bool on)
{
	bits->on = on ? bits->on | mask : bits->on & ~mask;
	bits->off = on ? bits->off & ~mask : bits->off | mask;
	return true;
}

static cJSON *
list_of(const char *text)
{
	cJSON *list = cJSON_CreateArray(), *item = text == NULL ? NULL : cJSON_CreateString(text);

	if (list == NULL || (text != NULL && (item == NULL || !cJSON_AddItemToArray(list, item)))) {
		cJSON_Delete(item);
		cJSON_Delete(list);
		return NULL;
	}
	return list;
}

static bool
set_text(const struct change *c, const char *name, const char *text)
{
	return cw_plan_state_set(c->object, attribute(name), list_of(text));
}

/* --- lists of values, links among them */

/* The JSON, one or many, as texts of the attribute; NULL: it cannot be told, or memory ends. */
static cJSON *
texts_of(const struct cw_attribute *a, const cJSON *json)
{
	const cJSON *one = cJSON_IsArray(json) ? json->child : cJSON_IsNull(json) ? NULL : json;
	cJSON *list = cJSON_CreateArray(), *item;

	for (; one != NULL && list != NULL; one = cJSON_IsArray(json) ? one->next : NULL) {
		char *text = cw_plan_text((enum cw_attribute_syntax)a->syntax, one);

		item = text == NULL ? NULL : cJSON_CreateString(text);
		free(text);
		if (item == NULL || !cJSON_AddItemToArray(list, item)) {
			cJSON_Delete(item);
			cJSON_Delete(list);
			return NULL;
		}
	}
	return list;
}

enum how { SET, ADD, REMOVE };

static bool
edit(const struct change *c, const struct cw_attribute *a, const char *text, enum how how)
{
	if (a->syntax == CW_SYNTAX_DN)
		return cw_plan_state_link(c->state, c->object, a, text, how != REMOVE);
	return cw_plan_state_edit(
	    c->object, a, how == REMOVE ? NULL : text, how == REMOVE ? text : NULL);
}

/* The other ends of the links that a new list takes the place of. */
static bool
unlink_all(const struct change *c, const struct cw_attribute *a)
{
	cJSON *now = cw_plan_state_now(c->state, c->object, a);
	const cJSON *one;
	bool ok = true;

	cJSON_ArrayForEach (one, now)
		ok = ok && cw_plan_state_link(c->state, c->object, a, one->valuestring, false);
	cJSON_Delete(now);
	return ok;
}

/* values is taken; NULL: what they are is not known. */
static bool
put_values(const struct change *c, const struct cw_attribute *a, cJSON *values, enum how how)
{
	const cJSON *one;
	bool ok = true;

	if (values == NULL)
		return cw_plan_state_unknown(c->object, a);
	if (how == SET && a->syntax != CW_SYNTAX_DN)
		return cw_plan_state_set(c->object, a, values);
	if (how == SET)
		ok = unlink_all(c, a) && cw_plan_state_set(c->object, a, cJSON_CreateArray());
	cJSON_ArrayForEach (one, values)
		ok = ok && edit(c, a, one->valuestring, how == SET ? ADD : how);
	cJSON_Delete(values);
	return ok;
}

/* The planned names of the objects that a parameter names. */
static cJSON *
names_of(const struct change *c, const struct cw_catalogue_parameter *p)
{
	cJSON *list = cJSON_CreateArray(), *item;

	for (size_t i = 0; i < c->write->ref_count && list != NULL; i++) {
		const struct cw_plan_ref *ref = &c->write->refs[i];

		if (ref->parameter != p)
			continue;
		item = cJSON_CreateString(ref->object->dn);
		if (item == NULL || !cJSON_AddItemToArray(list, item)) {
			cJSON_Delete(item);
			cJSON_Delete(list);
			return NULL;
		}
	}
	return list;
}

static enum how
verb_of(const struct cw_catalogue_command *entry)
{
	return cw_starts_with(entry->name, "Add-") || cw_starts_with(entry->name, "Grant-") ? ADD
	    : cw_starts_with(entry->name, "Remove-") || cw_starts_with(entry->name, "Revoke-")
	    ? REMOVE
	    : SET;
}

/* Add- and Remove-ADPrincipalGroupMembership: the groups are written, not the target. */
static bool
put_membership(const struct change *c, const struct cw_catalogue_parameter *p)
{
	struct change of_group = *c;

	for (size_t i = 0; i < c->write->ref_count; i++) {
		if (c->write->refs[i].parameter != p)
			continue;
		of_group.object = c->write->refs[i].object;
		of_group.object->changed_ms = c->now_ms;
		if (!edit(&of_group, attribute("member"), c->object->dn, verb_of(c->write->entry)))
			return false;
	}
	return true;
}

/* --- one parameter */

/* {"attribute": value or list} */
static bool
put_attributes(const struct change *c, const struct cw_catalogue_parameter *p, const cJSON *json)
{
	enum how how = cw_strcaseeq(p->name, "Add") ? ADD
	    : cw_strcaseeq(p->name, "Remove")       ? REMOVE
						    : SET;
	const cJSON *one;

	cJSON_ArrayForEach (one, json) {
		const struct cw_attribute *a = attribute(one->string);

		if (!put_values(c, a, texts_of(a, one), how))
			return false;
	}
	return true;
}

static bool
clear_attributes(const struct change *c, const cJSON *names)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, names)
		if (!put_values(c, attribute(one->valuestring), cJSON_CreateArray(), SET))
			return false;
	return true;
}

/* {"Add":[...],"Remove":[...]}, {"Replace":[...]}, or a list, or null. */
static bool
put_changes(const struct change *c, const struct cw_attribute *a, const cJSON *json)
{
	const cJSON *one;

	if (!cJSON_IsObject(json))
		return put_values(c, a, texts_of(a, json), SET);
	cJSON_ArrayForEach (one, json)
		if (!put_values(c, a, texts_of(a, one),
			cw_strcaseeq(one->string, "Add")          ? ADD
			    : cw_strcaseeq(one->string, "Remove") ? REMOVE
								  : SET))
			return false;
	return true;
}

static bool
put_group_type(struct change *c, const struct cw_catalogue_parameter *p, const char *word)
{
	bool category = cw_strcaseeq(p->name, "GroupCategory");

	if (category)
		return set_bits(&c->group, GROUP_SECURITY, cw_strcaseeq(word, "Security"));
	set_bits(&c->group, GROUP_GLOBAL | GROUP_LOCAL | GROUP_UNIVERSAL, false);
	return set_bits(&c->group,
	    cw_strcaseeq(word, "Universal")    ? GROUP_UNIVERSAL
		: cw_strcaseeq(word, "Global") ? GROUP_GLOBAL
					       : GROUP_LOCAL,
	    true);
}

/* A password sets the time when it was set; the account must change it where that is 0. */
static bool
set_password_time(const struct change *c, bool must_change)
{
	char *digits;
	char date[CW_TIME_TEXT];
	cJSON *json;
	bool ok;

	if (must_change)
		return set_text(c, "pwdLastSet", "0");
	cw_time_text(date, c->now_ms);
	json = cJSON_CreateString(date);
	digits = json == NULL ? NULL : cw_plan_text(CW_SYNTAX_LARGE, json);
	ok = digits != NULL && set_text(c, "pwdLastSet", digits) &&
	    cw_plan_state_about(c->object, attribute("pwdLastSet"));
	free(digits);
	cJSON_Delete(json);
	return ok;
}

static bool
put_bool(struct change *c, const struct cw_catalogue_parameter *p, const struct cw_attribute *a,
    const cJSON *json)
{
	const struct cw_property *property =
	    cw_property_find(c->write->entry->kind, p->name, strlen(p->name));
	bool yes = cJSON_IsTrue(json);

	if (cw_strcaseeq(p->name, "ChangePasswordAtLogon"))
		return set_password_time(c, yes);
	if (property != NULL && (property->how == CW_HOW_BIT || property->how == CW_HOW_NOTBIT) &&
	    cw_strcaseeq(cw_attribute_name(a), "userAccountControl"))
		return set_bits(&c->account, property->bit, yes == (property->how == CW_HOW_BIT));
	if (a->syntax == CW_SYNTAX_ACL || property == NULL || property->how == CW_HOW_NONE)
		return cw_plan_state_unknown(c->object, a) &&
		    cw_plan_state_property(c->object, p->name, cJSON_CreateBool(yes));
	return put_values(c, a, texts_of(a, json), SET);
}

/* Another name of its own. */
static bool
put_account(const struct change *c, const cJSON *json)
{
	return cJSON_IsString(json) && cw_plan_state_call(c->state, c->object, json->valuestring) &&
	    set_text(c, "sAMAccountName", json->valuestring);
}

static bool
put_written(struct change *c, const struct cw_catalogue_parameter *p, const struct cw_attribute *a,
    const cJSON *json)
{
	switch (p->type) {
	case CW_TYPE_SECRET: return set_password_time(c, false);
	case CW_TYPE_BOOL:
	case CW_TYPE_SWITCH: return put_bool(c, p, a, json);
	case CW_TYPE_CHANGES: return put_changes(c, a, json);
	case CW_TYPE_IDENTITY:
	case CW_TYPE_IDENTITIES:
		if (a->syntax != CW_SYNTAX_DN)
			return cw_plan_state_unknown(c->object, a);
		return put_values(c, a, names_of(c, p), verb_of(c->write->entry));
	case CW_TYPE_CHOICE:
		if (cw_strcaseeq(cw_attribute_name(a), "groupType"))
			return put_group_type(c, p, json->valuestring);
		return cw_strcaseeq(p->name, "Type") || cw_plan_state_unknown(c->object, a);
	case CW_TYPE_STRING:
	case CW_TYPE_STRINGS:
	case CW_TYPE_DATE:
	case CW_TYPE_INT:
	case CW_TYPE_DN:
		if (cw_strcaseeq(p->name, "SamAccountName"))
			return c->write->dn != NULL || put_account(c, json);
		if (cw_strcaseeq(p->name, "AccountExpirationDate") && cJSON_IsNull(json))
			return set_text(c, "accountExpires", CW_PLAN_NEVER);
		return put_values(c, a, texts_of(a, json), SET);
	default: return cw_plan_state_unknown(c->object, a);
	}
}

static bool
put_parameter(struct change *c, const struct cw_catalogue_parameter *p, const cJSON *json)
{
	const struct cw_attribute *a = cw_catalogue_parameter_writes(p, 0);
	bool ok = true;

	if (p->type == CW_TYPE_ATTRIBUTES)
		return put_attributes(c, p, json);
	if (p->type == CW_TYPE_ATTRIBUTE_NAMES)
		return clear_attributes(c, json);
	/* A name is told by the object's own; NewName comes after all else. */
	if (a == NULL || cw_strcaseeq(p->name, "Name") || cw_strcaseeq(p->name, "NewName"))
		return true;
	if (cw_strcaseeq(p->name, "MemberOf"))
		return put_membership(c, p);
	if (cw_catalogue_parameter_writes(p, 1) == NULL)
		return put_written(c, p, a, json);
	for (size_t i = 0; (a = cw_catalogue_parameter_writes(p, i)) != NULL; i++)
		ok = ok && cw_plan_state_unknown(c->object, a);
	return ok;
}

static bool
settle_bits(const struct change *c, const struct bits *bits)
{
	const struct cw_attribute *a = attribute(bits->attribute);
	cJSON *now, *text, *list;
	int64_t v = 0;

	if ((bits->on | bits->off) == 0)
		return true;
	now = cw_plan_state_now(c->state, c->object, a);
	if (now == NULL || now->child == NULL ||
	    cw_whole_parse(&v, now->child->valuestring, strlen(now->child->valuestring)) < 0) {
		cJSON_Delete(now);
		return cw_plan_state_unknown(c->object, a);
	}
	cJSON_Delete(now);
	/* 32 bits with a sign, as the directory has it. */
	v = (int32_t)(uint32_t)(((uint64_t)v & ~(uint64_t)bits->off) | (uint64_t)bits->on);
	text = cJSON_CreateNumber((double)v);
	list = text == NULL ? NULL : texts_of(a, text);
	cJSON_Delete(text);
	return list != NULL && cw_plan_state_set(c->object, a, list);
}

/* --- the command itself */

static bool
rename_to(const struct change *c, const char *name)
{
	struct cw_plan_object *o = c->object;
	const char *comma = o->dn, *equals = strchr(o->dn, '=');
	char rdn[64] = "CN";
	struct cw_buf dn;
	bool ok;

	while (*comma != '\0' && *comma != ',')
		comma += *comma == '\\' && comma[1] != '\0' ? 2 : 1;
	if (equals != NULL && (size_t)(equals - o->dn) < sizeof(rdn)) {
		memcpy(rdn, o->dn, (size_t)(equals - o->dn));
		rdn[equals - o->dn] = '\0';
	}
	cw_buf_init(&dn, 32768);
	ok = cw_plan_put_rdn(&dn, rdn, name) == CW_OK && cw_buf_puts(&dn, comma) == CW_OK &&
	    cw_buf_str(&dn) != NULL && cw_plan_state_move(c->state, o, cw_buf_str(&dn)) &&
	    set_text(c, "name", name) &&
	    (cw_strcaseeq(rdn, "OU") ? set_text(c, "ou", name) : set_text(c, "cn", name));
	cw_buf_free(&dn);
	return ok;
}

static bool
move_to(const struct change *c, const char *place)
{
	const char *comma = c->object->dn;
	struct cw_buf dn;
	bool ok;

	while (*comma != '\0' && *comma != ',')
		comma += *comma == '\\' && comma[1] != '\0' ? 2 : 1;
	cw_buf_init(&dn, 32768);
	ok = cw_buf_put(&dn, c->object->dn, (size_t)(comma - c->object->dn)) == CW_OK &&
	    cw_buf_putc(&dn, ',') == CW_OK && cw_buf_puts(&dn, place) == CW_OK &&
	    cw_buf_str(&dn) != NULL && cw_plan_state_move(c->state, c->object, cw_buf_str(&dn));
	cw_buf_free(&dn);
	return ok;
}

static bool
removes(const struct cw_catalogue_command *entry)
{
	return cw_starts_with(entry->name, "Remove-") && entry->output == NULL;
}

static bool
has_writes(const struct cw_plan_write *w)
{
	const struct cw_catalogue_parameter *p;
	const cJSON *one;

	cJSON_ArrayForEach (one, w->parameters) {
		p = cw_catalogue_parameter_find(w->entry, one->string);
		if (p->type == CW_TYPE_ATTRIBUTES || p->type == CW_TYPE_ATTRIBUTE_NAMES ||
		    cw_catalogue_parameter_writes(p, 0) != NULL)
			return true;
	}
	return false;
}

static const char *
place_of(const struct cw_plan_write *w)
{
	for (size_t i = 0; i < w->ref_count; i++)
		if (cw_strcaseeq(w->refs[i].parameter->name, "TargetPath"))
			return w->refs[i].object->dn;
	return NULL;
}

static bool
change_command(struct change *c)
{
	const struct cw_plan_write *w = c->write;
	const char *name = w->entry->name, *to = cw_json_str(w->parameters, "NewName");

	if (cw_strcaseeq(name, "Enable-ADAccount") || cw_strcaseeq(name, "Disable-ADAccount"))
		return set_bits(&c->account, UAC_DISABLED, name[0] == 'D');
	if (cw_strcaseeq(name, "Unlock-ADAccount"))
		return set_text(c, "lockoutTime", "0");
	if (cw_strcaseeq(name, "Clear-ADAccountExpiration"))
		return set_text(c, "accountExpires", CW_PLAN_NEVER);
	if (cw_strcaseeq(name, "Move-ADObject"))
		return place_of(w) != NULL && move_to(c, place_of(w));
	if (cw_strcaseeq(name, "Rename-ADObject"))
		return to != NULL && rename_to(c, to);
	if (removes(w->entry))
		cw_plan_state_remove(c->state, c->object);
	else if (!has_writes(w))
		c->object->whole = true;
	return true;
}

/* --- what is made */

static bool
start_values(struct change *c)
{
	const struct cw_plan_write *w = c->write;
	const char *rdn = cw_plan_is_class(w->class, "organizationalUnit") ? "ou" : "cn";
	char date[CW_TIME_TEXT];

	cw_time_text(date, c->now_ms);
	if (!set_text(c, "name", cw_json_str(w->parameters, "Name")) ||
	    !set_text(c, rdn, cw_json_str(w->parameters, "Name")) ||
	    !set_text(c, "whenCreated", date) ||
	    (w->account != NULL && !set_text(c, "sAMAccountName", w->account)))
		return false;
	if (cw_plan_is_class(w->class, "computer"))
		return set_text(c, "userAccountControl", "4096");
	if (cw_plan_is_class(w->class, "user"))
		return set_text(c, "userAccountControl", "514");
	/* A global one of those that guard things, unless it says otherwise. */
	return !cw_plan_is_class(w->class, "group") || set_text(c, "groupType", "-2147483646");
}

static bool
create(struct change *c)
{
	struct cw_plan_write *w = c->write;
	struct cw_plan_pin pin = {
		.guid = w->placeholder, .class = w->class, .dn = w->dn, .account = w->account
	};

	c->object = w->made = cw_plan_state_create(c->state, &pin);
	if (c->object == NULL || !start_values(c))
		return false;
	if (w->primary_sid != NULL)
		c->object->primary = cw_plan_state_by_sid(c->state, w->primary_sid);
	/* Units are protected unless they are told not to be. */
	return cw_plan_state_property(c->object, "ProtectedFromAccidentalDeletion",
	    cJSON_CreateBool(cw_plan_is_class(w->class, "organizationalUnit")));
}

int
cw_plan_write_change(
    struct cw_plan_write *w, struct cw_plan_state *state, int64_t now_ms, struct cw_err *err)
{
	struct change c = { .write = w,
		.state = state,
		.object = w->target,
		.account = { .attribute = "userAccountControl" },
		.group = { .attribute = "groupType" },
		.now_ms = now_ms };
	const cJSON *one;
	bool ok = w->dn == NULL || create(&c);

	/* The password before the flag that it must be changed. */
	cJSON_ArrayForEach (one, w->parameters)
		if (ok && !cw_strcaseeq(one->string, "ChangePasswordAtLogon"))
			ok = put_parameter(
			    &c, cw_catalogue_parameter_find(w->entry, one->string), one);
	one = cJSON_GetObjectItemCaseSensitive(w->parameters, "ChangePasswordAtLogon");
	if (ok && one != NULL)
		ok = put_parameter(&c, cw_catalogue_parameter_find(w->entry, one->string), one);
	ok = ok && (w->dn != NULL || change_command(&c)) && settle_bits(&c, &c.account) &&
	    settle_bits(&c, &c.group);
	if (ok && (w->dn != NULL || strstr(w->entry->name, "-ADPrincipalGroupMembership") == NULL))
		c.object->changed_ms = now_ms;
	return ok ? CW_OK : cw_fail(err, CW_ENOMEM, "out of memory");
}
