/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a plan back: every member is what it must be, and what is shown of an entry
 * is what it would do. Nobody is to approve one thing and apply another.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/time.h"
#include "catalogue/catalogue.h"
#include "plan/document.h"
#include "plan/text.h"
#include "plan/write.h"

/* --- the members of each part, and what they must be */

enum type { TEXT, WORDS /* may be empty */, UUID, DATE, NUMBER, BOOLEAN, OBJECT, LIST };

struct member {
	const char *name;
	enum type type;
	bool optional;
};

static bool
is_uuid(const char *text)
{
	uint8_t bytes[16];
	char again[CW_UUID_TEXT];

	if (cw_uuid_parse(bytes, text, strlen(text)) < 0)
		return false;
	cw_uuid_text(again, bytes);
	return strcmp(again, text) == 0;
}

static bool
is_date(const char *text)
{
	int64_t ms;

	return cw_time_parse(&ms, text, strlen(text)) == CW_OK;
}

static bool
fits(const cJSON *object, const cJSON *value, const struct member *m)
{
	const char *text = cJSON_GetStringValue(value);
	int64_t n;

	switch (m->type) {
	case TEXT: return text != NULL && *text != '\0';
	case WORDS: return text != NULL;
	case UUID: return text != NULL && is_uuid(text);
	case DATE: return text != NULL && is_date(text);
	case NUMBER: return cw_json_int(object, m->name, &n) && n > 0 && n <= CW_PLAN_ENTRIES_MAX;
	case BOOLEAN: return cJSON_IsBool(value);
	case OBJECT: return cJSON_IsObject(value);
	case LIST: return cJSON_IsArray(value);
	}
	return false;
}

/* Exactly these members, each as it must be. */
static int
check_members(const cJSON *object, const struct member *members, size_t n, const char *what,
    struct cw_err *err)
{
	const cJSON *one;
	size_t known = 0;

	if (!cJSON_IsObject(object))
		return cw_fail(err, CW_EINVAL, "%s is no object", what);
	for (size_t i = 0; i < n; i++) {
		one = cw_json_get(object, members[i].name);
		if (one == NULL && members[i].optional)
			continue;
		if (one == NULL)
			return cw_fail(err, CW_EINVAL, "%s has no \"%s\"", what, members[i].name);
		if (!fits(object, one, &members[i]))
			return cw_fail(err, CW_EINVAL, "\"%s\" of %s is not what it must be",
			    members[i].name, what);
		known++;
	}
	if ((size_t)cJSON_GetArraySize(object) != known)
		return cw_fail(err, CW_EINVAL, "%s has a member that is not known", what);
	return CW_OK;
}

#define CHECK_MEMBERS(object, members, what, err) \
	check_members(object, members, CW_COUNT(members), what, err)

static const struct member plan_members[] = {
	{ "format", NUMBER, false },
	{ "tenant", UUID, false },
	{ "agent", UUID, false },
	{ "domain_controller", WORDS, false },
	{ "catalogue", TEXT, false },
	{ "caller", WORDS, false },
	{ "operation", UUID, false },
	{ "created", DATE, false },
	{ "expires", DATE, false },
	{ "approximate", BOOLEAN, false },
	{ "reason", TEXT, true },
	{ "entries", LIST, false },
	{ "slots", LIST, false },
	{ "hash", TEXT, false },
};
static const struct member entry_members[] = {
	{ "entry", NUMBER, false },
	{ "command", TEXT, false },
	{ "parameters", OBJECT, false },
	{ "target", OBJECT, true },
	{ "others", LIST, false },
	{ "before", OBJECT, false },
	{ "effects", LIST, false },
	{ "creates", OBJECT, true },
};
static const struct member target_members[] = {
	{ "guid", UUID, false },
	{ "sid", TEXT, true },
	{ "class", TEXT, false },
	{ "dn", TEXT, false },
	{ "protected", TEXT, true },
};
static const struct member other_members[] = {
	{ "parameter", TEXT, false },
	{ "guid", UUID, false },
	{ "sid", TEXT, true },
	{ "class", TEXT, false },
	{ "dn", TEXT, false },
	{ "protected", TEXT, true },
};
static const struct member effect_members[] = {
	{ "group", TEXT, false },
	{ "class", TEXT, false },
	{ "attribute", TEXT, true },
	{ "parameter", TEXT, true },
};
static const struct member creates_members[] = {
	{ "placeholder", UUID, false },
	{ "class", TEXT, false },
	{ "dn", TEXT, false },
	{ "account", TEXT, true },
};
static const struct member slot_members[] = {
	{ "slot", NUMBER, false },
	{ "entry", NUMBER, false },
	{ "parameter", TEXT, false },
};

static int
check_list(
    const cJSON *list, const struct member *members, size_t n, const char *what, struct cw_err *err)
{
	const cJSON *one;
	int r = CW_OK;

	cJSON_ArrayForEach (one, list)
		if (r == CW_OK)
			r = check_members(one, members, n, what, err);
	return r;
}

static int
check_before(const cJSON *before, const char *what, struct cw_err *err)
{
	const cJSON *one, *value;

	cJSON_ArrayForEach (one, before) {
		bool known = cw_attribute_find(one->string, strlen(one->string)) != NULL ||
		    cw_streq(one->string, "ProtectedFromAccidentalDeletion");

		if (!known || cw_catalogue_attribute_is_secret(one->string) || !cJSON_IsArray(one))
			return cw_fail(
			    err, CW_EINVAL, "\"before\" of %s is not what it must be", what);
		cJSON_ArrayForEach (value, one)
			if (!cJSON_IsString(value))
				return cw_fail(
				    err, CW_EINVAL, "\"before\" of %s holds more than texts", what);
	}
	return CW_OK;
}

/* Every {"$slot"} of an entry is the next one of the list, and says the same. */
static int
check_slots(const cJSON *entry, const cJSON **slot, const char *what, struct cw_err *err)
{
	const cJSON *p, *number;
	int64_t n, at, of;

	cJSON_ArrayForEach (p, cw_json_get(entry, "parameters")) {
		if (!cJSON_IsObject(p) || (number = cw_json_get(p, "$slot")) == NULL)
			continue;
		if (cJSON_GetArraySize(p) != 1 || !cw_json_int(p, "$slot", &n) || *slot == NULL ||
		    !cw_json_int(*slot, "slot", &at) || at != n ||
		    !cw_json_int(*slot, "entry", &at) || !cw_json_int(entry, "entry", &of) ||
		    at != of || !cw_streq(cw_json_str(*slot, "parameter"), p->string))
			return cw_fail(err, CW_EINVAL, "a slot of %s is not in \"slots\"", what);
		*slot = (*slot)->next;
	}
	return CW_OK;
}

static int
check_entry(const cJSON *entry, unsigned number, const cJSON **slot, struct cw_err *err)
{
	const struct cw_catalogue_command *command;
	const cJSON *target = cw_json_get(entry, "target"),
		    *creates = cw_json_get(entry, "creates");
	char what[32];
	int64_t n;
	int r;

	(void)snprintf(what, sizeof(what), "entry %u", number);
	if ((r = CHECK_MEMBERS(entry, entry_members, what, err)) < 0 ||
	    (target != NULL && (r = CHECK_MEMBERS(target, target_members, what, err)) < 0) ||
	    (creates != NULL && (r = CHECK_MEMBERS(creates, creates_members, what, err)) < 0) ||
	    (r = check_list(cw_json_get(entry, "others"), other_members, CW_COUNT(other_members),
		 what, err)) < 0 ||
	    (r = check_list(cw_json_get(entry, "effects"), effect_members, CW_COUNT(effect_members),
		 what, err)) < 0 ||
	    (r = check_before(cw_json_get(entry, "before"), what, err)) < 0 ||
	    (r = check_slots(entry, slot, what, err)) < 0)
		return r;
	if (!cw_json_int(entry, "entry", &n) || n != number)
		return cw_fail(err, CW_EINVAL, "%s has another number", what);
	command = cw_catalogue_find(cw_json_str(entry, "command"));
	if (command == NULL || !command->write ||
	    !cw_streq(command->name, cw_json_str(entry, "command")))
		return cw_fail(
		    err, CW_EINVAL, "the command of %s is no write of the catalogue", what);
	if ((target == NULL) != (command->target == NULL))
		return cw_fail(err, CW_EINVAL, "%s has no target, or one too many", what);
	return CW_OK;
}

/* --- what is shown is what would be done */

static int
shows_another(const char *what, const char *member, struct cw_err *err)
{
	return cw_fail(err, CW_EINVAL, "%s: its %s are not those of its parameters", what, member);
}

/* Is this value of a parameter among the objects that are shown for it? */
static bool
is_shown(const cJSON *entry, const struct cw_catalogue_parameter *p,
    const struct cw_catalogue_command *command, const char *text)
{
	bool place = p->type == CW_TYPE_DN;
	const char *member = place ? "dn" : "guid";
	const cJSON *one;

	if (cw_streq(p->name, command->target) &&
	    cw_streq(cw_json_str(cw_json_get(entry, "target"), member), text))
		return true;
	cJSON_ArrayForEach (one, cw_json_get(entry, "others"))
		if (cw_streq(cw_json_str(one, "parameter"), p->name) &&
		    cw_streq(cw_json_str(one, member), text))
			return true;
	return false;
}

static int
check_named(const cJSON *entry, const struct cw_catalogue_command *command, const char *what,
    struct cw_err *err)
{
	const struct cw_catalogue_parameter *p;
	const cJSON *json, *one;
	int named = 0,
	    shown = cJSON_GetArraySize(cw_json_get(entry, "others")) +
	    (cw_json_get(entry, "target") != NULL);

	cJSON_ArrayForEach (json, cw_json_get(entry, "parameters")) {
		p = cw_catalogue_parameter_find(command, json->string);
		if (p == NULL || cJSON_IsNull(json) ||
		    (p->type != CW_TYPE_IDENTITY && p->type != CW_TYPE_IDENTITIES &&
			p->type != CW_TYPE_DN))
			continue;
		one = cJSON_IsArray(json) ? json->child : json;
		for (; one != NULL; one = cJSON_IsArray(json) ? one->next : NULL, named++)
			if (!cJSON_IsString(one) || !is_shown(entry, p, command, one->valuestring))
				return shows_another(what, "objects", err);
	}
	return named == shown ? CW_OK : shows_another(what, "objects", err);
}

/* Secrets as something that can be bound. */
static cJSON *
bindable(const cJSON *parameters)
{
	cJSON *copy = cJSON_Duplicate(parameters, true), *one;

	cJSON_ArrayForEach (one, copy) {
		if (cw_json_get(one, "$slot") == NULL)
			continue;
		cJSON_DeleteItemFromObjectCaseSensitive(one, "$slot");
		if (cJSON_AddStringToObject(one, "$sealed", "AAAA") == NULL) {
			cJSON_Delete(copy);
			return NULL;
		}
	}
	return copy;
}

static int
check_creates(const cJSON *entry, const char *what, struct cw_err *err)
{
	const cJSON *creates = cw_json_get(entry, "creates");
	const char *name = cw_json_str(cw_json_get(entry, "parameters"), "Name"), *dn;
	bool makes = cw_starts_with(cw_json_str(entry, "command"), "New-"), same;
	struct cw_buf rdn;

	if (!makes || creates == NULL)
		return makes == (creates != NULL) ? CW_OK
						  : shows_another(what, "objects made", err);
	dn = cw_json_str(creates, "dn");
	cw_buf_init(&rdn, CW_PLAN_TEXT_MAX);
	same = name != NULL &&
	    cw_plan_put_rdn(&rdn, cw_starts_with(dn, "OU=") ? "OU" : "CN", name) == CW_OK &&
	    cw_buf_putc(&rdn, ',') == CW_OK && cw_starts_with(dn, cw_buf_str(&rdn));
	cw_buf_free(&rdn);
	return same ? CW_OK : shows_another(what, "objects made", err);
}

/* The same, in any order: it follows that of the parameters, which JSON does not keep. */
static bool
same_effects(const cJSON *shown, const cJSON *effects)
{
	const cJSON *one, *other;

	if (cJSON_GetArraySize(shown) != cJSON_GetArraySize(effects))
		return false;
	cJSON_ArrayForEach (one, effects) {
		other = shown->child;
		while (other != NULL && !cJSON_Compare(one, other, true))
			other = other->next;
		if (other == NULL)
			return false;
	}
	return true;
}

static int
check_meaning(const cJSON *entry, const char *what, struct cw_err *err)
{
	const char *command = cw_json_str(entry, "command");
	cJSON *parameters = bindable(cw_json_get(entry, "parameters")), *effects;
	struct cw_catalogue_call *call = NULL;
	struct cw_err why;
	int r;

	if (parameters == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	if ((r = cw_catalogue_bind_for_approval(&call, command, parameters, &why)) < 0) {
		(void)cw_fail(err, r, "%s: %s", what, why.text);
	} else if ((effects = cw_plan_effects(call)) == NULL) {
		r = cw_fail(err, CW_ENOMEM, "out of memory");
	} else {
		if (!same_effects(cw_json_get(entry, "effects"), effects))
			r = shows_another(what, "effects", err);
		cJSON_Delete(effects);
	}
	cw_catalogue_call_free(call);
	cJSON_Delete(parameters);
	if (r == CW_OK)
		r = check_named(entry, cw_catalogue_find(command), what, err);
	return r < 0 ? r : check_creates(entry, what, err);
}

static int
check_meanings(const cJSON *plan, struct cw_err *err)
{
	const cJSON *entry;
	unsigned number = 0;
	char what[32];
	int r;

	/* By the tables that it was made with, or not at all: it is then refused anyway. */
	if (!cw_streq(cw_json_str(plan, "catalogue"), cw_catalogue_version()))
		return CW_OK;
	cJSON_ArrayForEach (entry, cw_json_get(plan, "entries")) {
		(void)snprintf(what, sizeof(what), "entry %u", ++number);
		if ((r = check_meaning(entry, what, err)) < 0)
			return r;
	}
	return CW_OK;
}

/* --- all of it */

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A placeholder stands for one object. */
static int
check_placeholders(const cJSON *entries, struct cw_err *err)
{
	const char **all = malloc(((size_t)cJSON_GetArraySize(entries) + 1) * sizeof(*all));
	const cJSON *entry, *creates;
	size_t n = 0;
	int r = CW_OK;

	if (all == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	cJSON_ArrayForEach (entry, entries)
		if ((creates = cw_json_get(entry, "creates")) != NULL)
			all[n++] = cw_json_str(creates, "placeholder");
	qsort(all, n, sizeof(*all), compare_texts);
	for (size_t i = 1; i < n && r == CW_OK; i++)
		if (strcmp(all[i - 1], all[i]) == 0)
			r = cw_fail(err, CW_EINVAL, "two entries have the placeholder %s", all[i]);
	free(all);
	return r;
}

static int
check_entries(const cJSON *plan, struct cw_err *err)
{
	const cJSON *entries = cw_json_get(plan, "entries"), *slots = cw_json_get(plan, "slots"),
		    *slot = slots->child, *entry;
	unsigned number = 0;
	int64_t n;
	int r;

	if ((r = check_list(slots, slot_members, CW_COUNT(slot_members), "a slot", err)) < 0)
		return r;
	number = 0;
	cJSON_ArrayForEach (entry, slots)
		if (!cw_json_int(entry, "slot", &n) || n != ++number)
			return cw_fail(err, CW_EINVAL, "slots are not numbered in order");
	number = 0;
	cJSON_ArrayForEach (entry, entries) {
		if (++number > CW_PLAN_ENTRIES_MAX)
			return cw_fail(
			    err, CW_ELIMIT, "a plan has at most %u entries", CW_PLAN_ENTRIES_MAX);
		if ((r = check_entry(entry, number, &slot, err)) < 0)
			return r;
	}
	if (slot != NULL)
		return cw_fail(err, CW_EINVAL, "a slot belongs to no entry");
	return check_placeholders(entries, err);
}

int
cw_plan_document_check(const cJSON *plan, struct cw_err *err)
{
	char hash[CW_PLAN_HASH_TEXT];
	int64_t format;
	int r;

	/* Before all else: another format may have other members. */
	if (cw_json_int(plan, "format", &format) && format != CW_PLAN_FORMAT)
		return cw_fail(err, CW_EINVAL,
		    "this is a plan of format %" PRId64 ", known here is %d", format,
		    CW_PLAN_FORMAT);
	if ((r = CHECK_MEMBERS(plan, plan_members, "the plan", err)) < 0 ||
	    (r = check_entries(plan, err)) < 0 || (r = check_meanings(plan, err)) < 0 ||
	    (r = cw_plan_document_hash(hash, plan, err)) < 0)
		return r;
	if (!cw_streq(hash, cw_json_str(plan, "hash")))
		return cw_fail(err, CW_EINVAL,
		    "the plan is not what it was when it was made: its hash is %.16s..., not "
		    "%.16s...",
		    hash, cw_json_str(plan, "hash"));
	return CW_OK;
}

int
cw_plan_document_read(cJSON **ret, const char *text, size_t n, struct cw_err *err)
{
	cJSON *plan;
	int r;

	if (n > CW_PLAN_TEXT_MAX)
		return cw_fail(
		    err, CW_ELIMIT, "a plan of %zu bytes, the limit is %u", n, CW_PLAN_TEXT_MAX);
	if ((r = cw_json_parse(&plan, text, n, "plan", err)) < 0)
		return r;
	if ((r = cw_plan_document_check(plan, err)) < 0) {
		cJSON_Delete(plan);
		return r;
	}
	*ret = plan;
	return CW_OK;
}

/* --- is it for here */

static int
same(const cJSON *plan, const char *name, const char *here, const char *what, struct cw_err *err)
{
	const char *there = cw_json_str(plan, name);

	if (cw_strcaseeq(there, here))
		return CW_OK;
	return cw_fail(
	    err, CW_EDENIED, "the plan was made %s: %.80s, not %.80s", what, there, here);
}

int
cw_plan_document_verify(const cJSON *plan, const struct cw_plan_place *here, struct cw_err *err)
{
	const char *expires = cw_json_str(plan, "expires");
	int64_t expires_ms;
	int r;

	if ((r = same(plan, "tenant", here->tenant, "for another tenant", err)) < 0 ||
	    (r = same(plan, "agent", here->agent, "by another agent", err)) < 0 ||
	    (r = same(plan, "domain_controller", here->controller, "on another domain controller",
		 err)) < 0 ||
	    (r = same(plan, "catalogue", cw_catalogue_version(), "with another catalogue", err)) <
		0)
		return r;
	if (cw_json_true(plan, "approximate"))
		return cw_fail(err, CW_EDENIED,
		    "the plan is approximate and cannot be applied: %.200s",
		    cw_json_str(plan, "reason") == NULL ? "" : cw_json_str(plan, "reason"));
	if (cw_time_parse(&expires_ms, expires, strlen(expires)) < 0 || here->now_ms > expires_ms)
		return cw_fail(err, CW_EEXPIRED, "the plan expired at %s: make a new one", expires);
	return CW_OK;
}
