/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guards of a plan's entries, and what becomes of their placeholders.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "catalogue/dn.h"
#include "plan/apply.h"
#include "plan/text.h"
#include "plan/write.h"

#define FILTER_MAX (1024u * 1024u) /* bytes: an entry may name thousands */

struct placeholder {
	const char *text; /* of the plan */
	char guid[CW_UUID_TEXT]; /* of what was made; "": not yet */
};

struct cw_plan_apply {
	const cJSON *plan, *entry; /* entry NULL: before the first one */
	unsigned number;
	struct placeholder *placeholders; /* sorted */
	size_t placeholder_count;
	cJSON *found; /* GUID -> {"dn","class","sid"?, PROPERTY:[TEXT]} */
	cJSON *properties;
	struct cw_buf filter;
	bool told; /* what the entry makes was shown */
};

/* --- placeholders */

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct placeholder *)a)->text, ((const struct placeholder *)b)->text);
}

static bool
list_placeholders(struct cw_plan_apply *a)
{
	const cJSON *entries = cw_json_get(a->plan, "entries"), *entry, *creates;

	a->placeholders = calloc((size_t)cJSON_GetArraySize(entries) + 1, sizeof(*a->placeholders));
	if (a->placeholders == NULL)
		return false;
	cJSON_ArrayForEach (entry, entries)
		if ((creates = cw_json_get(entry, "creates")) != NULL)
			a->placeholders[a->placeholder_count++].text =
			    cw_json_str(creates, "placeholder");
	if (a->placeholder_count > 1)
		qsort(a->placeholders, a->placeholder_count, sizeof(*a->placeholders), compare);
	return true;
}

/* NULL: it is a GUID of the directory. */
static struct placeholder *
placeholder(const struct cw_plan_apply *a, const char *guid)
{
	struct placeholder key = { .text = guid };

	return a->placeholder_count == 0 ? NULL
					 : bsearch(&key, a->placeholders, a->placeholder_count,
					       sizeof(*a->placeholders), compare);
}

static bool
is_made(const struct cw_plan_apply *a, const char *guid)
{
	const struct placeholder *p = placeholder(a, guid);

	return p != NULL && p->guid[0] != '\0';
}

/* The GUID that the directory knows: of what an earlier entry made, the real one. NULL: that one
 * was not made. */
static const char *
real_guid(const struct cw_plan_apply *a, const char *guid)
{
	const struct placeholder *p = placeholder(a, guid);

	return p == NULL ? guid : p->guid[0] != '\0' ? p->guid : NULL;
}

/* --- its life */

struct cw_plan_apply *
cw_plan_apply_new(const cJSON *plan)
{
	struct cw_plan_apply *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->plan = plan;
	cw_buf_init(&a->filter, FILTER_MAX);
	a->found = cJSON_CreateObject();
	a->properties = cJSON_CreateArray();
	if (a->found == NULL || a->properties == NULL || !list_placeholders(a)) {
		cw_plan_apply_free(a);
		return NULL;
	}
	return a;
}

void
cw_plan_apply_free(struct cw_plan_apply *a)
{
	if (a == NULL)
		return;
	free(a->placeholders);
	cJSON_Delete(a->found);
	cJSON_Delete(a->properties);
	cw_buf_free(&a->filter);
	free(a);
}

static int
no_memory(struct cw_err *err)
{
	return cw_fail(err, CW_ENOMEM, "out of memory");
}

unsigned
cw_plan_apply_next(struct cw_plan_apply *a)
{
	a->entry = a->number == 0 ? cw_json_get(a->plan, "entries")->child : a->entry->next;
	return a->entry == NULL ? 0 : ++a->number;
}

const char *
cw_plan_apply_command(const struct cw_plan_apply *a)
{
	return cw_json_str(a->entry, "command");
}

const char *
cw_plan_apply_target(const struct cw_plan_apply *a)
{
	const char *guid = cw_json_str(cw_json_get(a->entry, "target"), "guid");

	return guid == NULL ? NULL : real_guid(a, guid);
}

/* --- what to look up */

static bool
want(struct cw_plan_apply *a, const char *name)
{
	cJSON *item;

	if (cw_plan_find(CW_SYNTAX_TEXT, a->properties, name) >= 0)
		return true;
	if ((item = cJSON_CreateString(name)) == NULL ||
	    !cJSON_AddItemToArray(a->properties, item)) {
		cJSON_Delete(item);
		return false;
	}
	return true;
}

static int
ask(struct cw_plan_apply *a, const cJSON *object, struct cw_err *err)
{
	const char *guid = cw_json_str(object, "guid"), *real = real_guid(a, guid);

	if (real == NULL)
		return cw_fail(err, CW_EFAILED, "%.160s was not made by the entry that makes it",
		    cw_json_str(object, "dn"));
	return cw_plan_put_guid_clause(&a->filter, real) < 0 ? no_memory(err) : CW_OK;
}

static int
ask_free(struct cw_plan_apply *a, const cJSON *creates, struct cw_err *err)
{
	const char *account = cw_json_str(creates, "account");

	if (cw_plan_put_text_clause(&a->filter, "distinguishedName", cw_json_str(creates, "dn")) <
		0 ||
	    (account != NULL && cw_plan_put_text_clause(&a->filter, "sAMAccountName", account) < 0))
		return no_memory(err);
	return CW_OK;
}

static bool
is_membership(const cJSON *entry)
{
	const char *command = cw_json_str(entry, "command");

	return strstr(command, "-ADGroupMember") != NULL ||
	    strstr(command, "-ADPrincipalGroupMembership") != NULL;
}

static bool
want_all(struct cw_plan_apply *a)
{
	const cJSON *one;
	bool ok = want(a, "objectSid") && want(a, "sAMAccountName");

	if (is_membership(a->entry))
		return ok && want(a, "memberOf");
	cJSON_ArrayForEach (one, cw_json_get(a->entry, "before"))
		ok = ok && want(a, one->string);
	return ok;
}

int
cw_plan_apply_filter(struct cw_plan_apply *a, const char **ret, struct cw_err *err)
{
	const cJSON *target = cw_json_get(a->entry, "target"),
		    *creates = cw_json_get(a->entry, "creates"), *one;
	int r = CW_OK;

	a->told = false;
	cJSON_Delete(a->found);
	cJSON_Delete(a->properties);
	a->found = cJSON_CreateObject();
	a->properties = cJSON_CreateArray();
	cw_buf_clear(&a->filter);
	if (a->found == NULL || a->properties == NULL || !want_all(a) ||
	    cw_buf_puts(&a->filter, "(|") < 0)
		return no_memory(err);
	if (target != NULL)
		r = ask(a, target, err);
	cJSON_ArrayForEach (one, cw_json_get(a->entry, "others"))
		if (r == CW_OK)
			r = ask(a, one, err);
	if (r == CW_OK && creates != NULL)
		r = ask_free(a, creates, err);
	if (r < 0)
		return r;
	*ret = NULL;
	if (cw_buf_left(&a->filter) == strlen("(|"))
		return CW_OK;
	if (cw_buf_putc(&a->filter, ')') < 0 || (*ret = cw_buf_str(&a->filter)) == NULL)
		return no_memory(err);
	return CW_OK;
}

const cJSON *
cw_plan_apply_properties(const struct cw_plan_apply *a)
{
	return a->properties;
}

/* --- what was found */

static bool
add_text(cJSON *o, const char *name, const struct cw_ps_value *value)
{
	const char *text = cw_ps_str(value);

	return text == NULL || cJSON_AddStringToObject(o, name, text) != NULL;
}

static bool
add_values(cJSON *o, const char *name, const struct cw_ps_value *value)
{
	cJSON *list = cw_plan_values(value);

	if (list == NULL || !cJSON_AddItemToObject(o, name, list)) {
		cJSON_Delete(list);
		return false;
	}
	return true;
}

int
cw_plan_apply_found(struct cw_plan_apply *a, const struct cw_ps_value *value, struct cw_err *err)
{
	const char *guid = cw_ps_str(cw_ps_get(value, "ObjectGUID"));
	const cJSON *one;
	cJSON *o;
	bool ok;

	if (guid == NULL)
		return cw_fail(err, CW_EPROTO, "an object that was looked up has no GUID");
	cJSON_DeleteItemFromObjectCaseSensitive(a->found, guid);
	if ((o = cJSON_AddObjectToObject(a->found, guid)) == NULL)
		return no_memory(err);
	ok = add_text(o, "$dn", cw_ps_get(value, "DistinguishedName")) &&
	    add_text(o, "$class", cw_ps_get(value, "ObjectClass"));
	cJSON_ArrayForEach (one, a->properties)
		ok = ok && add_values(o, one->valuestring, cw_ps_get(value, one->valuestring));
	return ok ? CW_OK : no_memory(err);
}

/* --- the guards */

static int
differs(const struct cw_plan_apply *a, const char *dn, const char *what, const char *planned,
    const char *now, struct cw_err *err)
{
	return cw_fail(err, CW_ECONFLICT,
	    "entry %u: %.80s is not as planned: %s is %.60s, was %.60s", a->number, dn, what,
	    now == NULL ? "not there" : now, planned);
}

static const char *
first(const cJSON *list)
{
	return list == NULL || list->child == NULL ? NULL : list->child->valuestring;
}

/* Two spellings of one name are the same. */
static bool
same_name(const char *a, const char *b)
{
	struct cw_buf x, y;
	bool same = cw_strcaseeq(a, b);

	if (same || a == NULL || b == NULL)
		return same;
	cw_buf_init(&x, 4 * CW_DN_MAX);
	cw_buf_init(&y, 4 * CW_DN_MAX);
	same = cw_dn_put(&x, a, strlen(a), NULL) == CW_OK &&
	    cw_dn_put(&y, b, strlen(b), NULL) == CW_OK &&
	    cw_strcaseeq(cw_buf_str(&x), cw_buf_str(&y));
	cw_buf_free(&x);
	cw_buf_free(&y);
	return same;
}

/* It is still the same object, of the same class, at the same place. */
static int
check_object(const struct cw_plan_apply *a, const cJSON *planned, struct cw_err *err)
{
	const char *dn = cw_json_str(planned, "dn"), *sid = cw_json_str(planned, "sid"),
		   *class = cw_json_str(planned, "class"), *guid = cw_json_str(planned, "guid");
	const cJSON *now = cw_json_get(a->found, real_guid(a, guid));
	const char *now_sid = first(cw_json_get(now, "objectSid"));

	if (now == NULL)
		return cw_fail(
		    err, CW_ECONFLICT, "entry %u: %.120s is not there any more", a->number, dn);
	if (!same_name(cw_json_str(now, "$dn"), dn))
		return differs(a, dn, "its name", dn, cw_json_str(now, "$dn"), err);
	if (!cw_strcaseeq(cw_json_str(now, "$class"), class))
		return differs(a, dn, "its class", class, cw_json_str(now, "$class"), err);
	if (sid != NULL && !cw_strcaseeq(now_sid, sid))
		return differs(a, dn, "its SID", sid, now_sid, err);
	return CW_OK;
}

static enum cw_attribute_syntax
syntax_of(const char *name)
{
	const struct cw_attribute *a = cw_attribute_find(name, strlen(name));

	return a == NULL ? CW_SYNTAX_TEXT : (enum cw_attribute_syntax)a->syntax;
}

/* The same values, in any order. */
static bool
same_values(const char *name, const cJSON *planned, const cJSON *now)
{
	const cJSON *one;

	if (cJSON_GetArraySize(planned) != cJSON_GetArraySize(now))
		return false;
	cJSON_ArrayForEach (one, planned)
		if (cw_plan_find(syntax_of(name), now, one->valuestring) < 0)
			return false;
	return true;
}

/* Values as a person reads them, not all of them where they are many. */
static void
say(char ret[64], const cJSON *list)
{
	const cJSON *one;
	size_t n = 0;

	ret[0] = '\0';
	(void)snprintf(ret, 64, "empty");
	cJSON_ArrayForEach (one, list) {
		int wrote = snprintf(ret + n, 64 - n, "%s%s", n == 0 ? "" : ", ", one->valuestring);

		if (wrote < 0 || (size_t)wrote >= 64 - n)
			return;
		n += (size_t)wrote;
	}
}

static int
check_values(const struct cw_plan_apply *a, const cJSON *target, struct cw_err *err)
{
	const char *guid = cw_json_str(target, "guid");
	const cJSON *now = cw_json_get(a->found, real_guid(a, guid)), *one;
	char was[64], is[64];

	if (is_made(a, guid))
		return CW_OK; /* made a moment ago, by an entry before this one */
	cJSON_ArrayForEach (one, cw_json_get(a->entry, "before")) {
		const cJSON *values = cw_json_get(now, one->string);

		if (same_values(one->string, one, values))
			continue;
		say(was, one);
		say(is, values);
		return differs(a, cw_json_str(target, "dn"), one->string, was, is, err);
	}
	return CW_OK;
}

static bool
is_in(const struct cw_plan_apply *a, const cJSON *member, const char *group_dn)
{
	const cJSON *now = cw_json_get(a->found, real_guid(a, cw_json_str(member, "guid")));

	return cw_plan_find(CW_SYNTAX_DN, cw_json_get(now, "memberOf"), group_dn) >= 0;
}

/* Whoever was in is in, and whoever was not is not. */
static int
check_members(const struct cw_plan_apply *a, const cJSON *target, struct cw_err *err)
{
	const cJSON *before = cw_json_get(a->entry, "before"),
		    *members = cw_json_get(before, "member"),
		    *groups = cw_json_get(before, "memberOf"), *other;
	const char *target_dn = cw_json_str(target, "dn");

	cJSON_ArrayForEach (other, cw_json_get(a->entry, "others")) {
		const char *dn = cw_json_str(other, "dn");
		bool was = cw_plan_find(CW_SYNTAX_DN, members != NULL ? members : groups, dn) >= 0,
		     is = members != NULL ? is_in(a, other, target_dn) : is_in(a, target, dn);

		if (was != is)
			return differs(a, members != NULL ? dn : target_dn, "its membership",
			    was ? "there" : "not there", is ? "there" : "not there", err);
	}
	return CW_OK;
}

static int
check_free(const struct cw_plan_apply *a, const cJSON *creates, struct cw_err *err)
{
	const char *dn = cw_json_str(creates, "dn"), *account = cw_json_str(creates, "account");
	const cJSON *one;

	cJSON_ArrayForEach (one, a->found)
		if (same_name(cw_json_str(one, "$dn"), dn) ||
		    (account != NULL &&
			cw_strcaseeq(first(cw_json_get(one, "sAMAccountName")), account)))
			return cw_fail(err, CW_ECONFLICT,
			    "entry %u: %.100s is not free any more: there is %.100s", a->number, dn,
			    cw_json_str(one, "$dn"));
	return CW_OK;
}

int
cw_plan_apply_check(struct cw_plan_apply *a, struct cw_err *err)
{
	const cJSON *target = cw_json_get(a->entry, "target"),
		    *creates = cw_json_get(a->entry, "creates"), *one;
	int r = CW_OK;

	if (target != NULL && (r = check_object(a, target, err)) < 0)
		return r;
	cJSON_ArrayForEach (one, cw_json_get(a->entry, "others"))
		if ((r = check_object(a, one, err)) < 0)
			return r;
	if (creates != NULL)
		return check_free(a, creates, err);
	return is_membership(a->entry) ? check_members(a, target, err)
				       : check_values(a, target, err);
}

/* --- what to run */

/* Every text that is a placeholder becomes the GUID of what was made. */
static bool
substitute(const struct cw_plan_apply *a, cJSON *json)
{
	cJSON *one;

	if (cJSON_IsString(json) && is_made(a, json->valuestring))
		return cJSON_SetValuestring(json, real_guid(a, json->valuestring)) != NULL;
	cJSON_ArrayForEach (one, json)
		if (!substitute(a, one))
			return false;
	return true;
}

static bool
is_identity(const struct cw_catalogue_command *command, const char *name)
{
	const struct cw_catalogue_parameter *p = cw_catalogue_parameter_find(command, name);

	return p != NULL && (p->type == CW_TYPE_IDENTITY || p->type == CW_TYPE_IDENTITIES);
}

cJSON *
cw_plan_apply_parameters(const struct cw_plan_apply *a)
{
	const struct cw_catalogue_command *command = cw_catalogue_find(cw_plan_apply_command(a));
	cJSON *all = cJSON_Duplicate(cw_json_get(a->entry, "parameters"), true), *one;
	bool ok = all != NULL;

	cJSON_ArrayForEach (one, all)
		if (is_identity(command, one->string))
			ok = ok && substitute(a, one);
	if (ok && cw_json_get(a->entry, "creates") != NULL &&
	    cw_catalogue_parameter_find(command, "PassThru") != NULL)
		ok = cJSON_AddTrueToObject(all, "PassThru") != NULL;
	if (!ok) {
		cJSON_Delete(all);
		return NULL;
	}
	return all;
}

int
cw_plan_apply_output(struct cw_plan_apply *a, const struct cw_ps_value *value, struct cw_err *err)
{
	const cJSON *creates = cw_json_get(a->entry, "creates");
	const char *guid = cw_ps_str(cw_ps_get(value, "ObjectGUID"));

	struct placeholder *p;
	uint8_t bytes[16];

	if (creates == NULL || guid == NULL)
		return CW_OK;
	p = placeholder(a, cw_json_str(creates, "placeholder"));
	if (p == NULL || cw_uuid_parse(bytes, guid, strlen(guid)) < 0)
		return cw_fail(err, CW_EPROTO, "what entry %u made has no GUID", a->number);
	cw_uuid_text(p->guid, bytes);
	a->told = true;
	return CW_OK;
}

int
cw_plan_apply_done(struct cw_plan_apply *a, struct cw_err *err)
{
	if (cw_json_get(a->entry, "creates") == NULL || a->told)
		return CW_OK;
	return cw_fail(err, CW_EUNKNOWN, "entry %u: what it made was not shown", a->number);
}
