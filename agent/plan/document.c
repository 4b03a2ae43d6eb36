/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan's document: made member by member, hashed, read back strictly.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/canonical.h"
#include "base/err.h"
#include "base/json.h"
#include "base/time.h"
#include "catalogue/catalogue.h"
#include "plan/document.h"

#define HASH_BYTES 32u
#define REASON_MAX 1024u /* bytes */

/* --- making */

static bool
add_time(cJSON *object, const char *name, int64_t unix_ms)
{
	char text[CW_TIME_TEXT];

	cw_time_text(text, unix_ms);
	return cJSON_AddStringToObject(object, name, text) != NULL;
}

cJSON *
cw_plan_document_new(const struct cw_plan_header *h)
{
	cJSON *plan = cJSON_CreateObject();

	if (plan == NULL || cJSON_AddNumberToObject(plan, "format", CW_PLAN_FORMAT) == NULL ||
	    cJSON_AddStringToObject(plan, "tenant", h->tenant) == NULL ||
	    cJSON_AddStringToObject(plan, "agent", h->agent) == NULL ||
	    cJSON_AddStringToObject(plan, "domain_controller", h->controller) == NULL ||
	    cJSON_AddStringToObject(plan, "catalogue", cw_catalogue_version()) == NULL ||
	    cJSON_AddStringToObject(plan, "caller", h->caller) == NULL ||
	    cJSON_AddStringToObject(plan, "operation", h->operation) == NULL ||
	    !add_time(plan, "created", h->created_ms) ||
	    !add_time(plan, "expires", h->expires_ms) ||
	    cJSON_AddFalseToObject(plan, "approximate") == NULL ||
	    cJSON_AddArrayToObject(plan, "entries") == NULL ||
	    cJSON_AddArrayToObject(plan, "slots") == NULL) {
		cJSON_Delete(plan);
		return NULL;
	}
	return plan;
}

/* The list that a member is, in a plan of our own making. */
static cJSON *
list_of(cJSON *plan, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(plan, name);
}

static unsigned
next_entry(const cJSON *plan)
{
	return (unsigned)cJSON_GetArraySize(cw_json_get(plan, "entries")) + 1;
}

/* A new slot for this entry's parameter, whose value it becomes. */
static bool
add_slot(cJSON *slots, unsigned entry, cJSON *parameter)
{
	unsigned number = (unsigned)cJSON_GetArraySize(slots) + 1;
	cJSON *slot = cJSON_CreateObject();

	if (slot == NULL || !cJSON_AddItemToArray(slots, slot)) {
		cJSON_Delete(slot);
		return false;
	}
	cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(parameter, "$slot"), number);
	return cJSON_AddNumberToObject(slot, "slot", number) != NULL &&
	    cJSON_AddNumberToObject(slot, "entry", entry) != NULL &&
	    cJSON_AddStringToObject(slot, "parameter", parameter->string) != NULL;
}

static int
add_entry(cJSON *plan, cJSON *entry, unsigned number, struct cw_err *err)
{
	cJSON *parameter, *slots = list_of(plan, "slots");

	if (number > CW_PLAN_ENTRIES_MAX)
		return cw_fail(
		    err, CW_ELIMIT, "a plan has at most %u entries", CW_PLAN_ENTRIES_MAX);
	if (cJSON_AddNumberToObject(entry, "entry", number) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	cJSON_ArrayForEach (parameter, list_of(entry, "parameters"))
		if (cJSON_IsObject(parameter) && cw_json_get(parameter, "$slot") != NULL &&
		    !add_slot(slots, number, parameter))
			return cw_fail(err, CW_ENOMEM, "out of memory");
	return cJSON_AddItemToArray(list_of(plan, "entries"), entry)
	    ? CW_OK
	    : cw_fail(err, CW_ENOMEM, "out of memory");
}

int
cw_plan_document_add(cJSON *plan, cJSON *entry, struct cw_err *err)
{
	int r = add_entry(plan, entry, next_entry(plan), err);

	if (r < 0)
		cJSON_Delete(entry);
	return r;
}

int
cw_plan_document_stop(cJSON *plan, const char *reason)
{
	cJSON *yes;

	if (cw_json_true(plan, "approximate"))
		return CW_OK;
	if ((yes = cJSON_CreateTrue()) == NULL ||
	    !cJSON_ReplaceItemInObjectCaseSensitive(plan, "approximate", yes))
		return CW_ENOMEM;
	return cJSON_AddStringToObject(plan, "reason", reason) == NULL ? CW_ENOMEM : CW_OK;
}

/* --- the hash */

static int
digest(char ret[CW_PLAN_HASH_TEXT], const void *p, size_t n)
{
	uint8_t hash[HASH_BYTES];
	size_t len;

	if (EVP_Q_digest(NULL, "SHA256", NULL, p, n, hash, &len) != 1)
		return CW_ESYS;
	for (size_t i = 0; i < HASH_BYTES; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", hash[i]);
	return CW_OK;
}

int
cw_plan_document_hash(char ret[CW_PLAN_HASH_TEXT], const cJSON *plan, struct cw_err *err)
{
	cJSON *rest = cJSON_CreateObject();
	const cJSON *m;
	struct cw_buf text;
	int r = rest == NULL ? CW_ENOMEM : CW_OK;

	cw_buf_init(&text, CW_PLAN_TEXT_MAX);
	cJSON_ArrayForEach (m, plan)
		/* A reference: its members stay the plan's. */
		if (r == CW_OK && !cw_streq(m->string, "hash") &&
		    !cJSON_AddItemReferenceToObject(rest, m->string, (cJSON *)(uintptr_t)m))
			r = CW_ENOMEM;
	if (r == CW_OK && (r = cw_json_put_canonical(&text, rest)) == CW_OK)
		r = digest(ret, cw_buf_peek(&text), cw_buf_left(&text));
	cw_buf_free(&text);
	cJSON_Delete(rest);
	if (r == CW_ELIMIT)
		return cw_fail(err, r, "the plan is larger than %u bytes", CW_PLAN_TEXT_MAX);
	return r < 0 ? cw_fail(err, r, "the plan cannot be hashed: %s", cw_strerror(r)) : r;
}

int
cw_plan_document_seal(cJSON *plan, struct cw_err *err)
{
	char hash[CW_PLAN_HASH_TEXT];
	int r;

	if ((r = cw_plan_document_hash(hash, plan, err)) < 0)
		return r;
	cJSON_DeleteItemFromObjectCaseSensitive(plan, "hash");
	return cJSON_AddStringToObject(plan, "hash", hash) == NULL
	    ? cw_fail(err, CW_ENOMEM, "out of memory")
	    : CW_OK;
}

int
cw_plan_entry_id(char ret[CW_UUID_TEXT], const char *operation, unsigned entry)
{
	char text[96], hash[CW_PLAN_HASH_TEXT];
	int n = snprintf(text, sizeof(text), "causeway/plan/%.40s/%u", operation, entry), r;

	if ((r = digest(hash, text, (size_t)n)) < 0)
		return r;
	hash[12] = '8'; /* RFC 9562 section 5.8: a UUID of our own making */
	hash[16] = "89ab"[(hash[16] <= '9' ? hash[16] - '0' : hash[16] - 'a' + 10) & 3];
	(void)snprintf(ret, CW_UUID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", hash, hash + 8, hash + 12,
	    hash + 16, hash + 20);
	return CW_OK;
}

/* --- reading it back: the members of each part, and what they must be */

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
	{ "domain_controller", TEXT, false },
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
};
static const struct member other_members[] = {
	{ "parameter", TEXT, false },
	{ "guid", UUID, false },
	{ "sid", TEXT, true },
	{ "class", TEXT, false },
	{ "dn", TEXT, false },
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
		if (cw_catalogue_attribute_is_secret(one->string) || !cJSON_IsArray(one))
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
	    (r = check_entries(plan, err)) < 0 || (r = cw_plan_document_hash(hash, plan, err)) < 0)
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
