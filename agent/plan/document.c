/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan's document: made member by member, hashed, read back strictly.
 */
#include <string.h>

#include "base/buf.h"
#include "base/canonical.h"
#include "base/err.h"
#include "base/json.h"
#include "base/time.h"
#include "catalogue/catalogue.h"
#include "plan/document.h"

#define SLOT_BYTES 64u /* of one, without its parameter's name */
#define REST_BYTES 16384u /* of a document without entries and slots, and more than it needs */

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

/* The number of what comes next in a numbered list: one more than the last one's. */
static unsigned
next_number(const cJSON *list, const char *name)
{
	const cJSON *last = list->child == NULL ? NULL : list->child->prev;
	int64_t number = 0;

	(void)cw_json_int(last, name, &number);
	return (unsigned)number + 1;
}

/* A new slot for this entry's parameter, whose value it becomes. */
static bool
add_slot(cJSON *slots, unsigned entry, cJSON *parameter, size_t *bytes)
{
	unsigned number = next_number(slots, "slot");
	cJSON *slot = cJSON_CreateObject();

	if (slot == NULL || !cJSON_AddItemToArray(slots, slot)) {
		cJSON_Delete(slot);
		return false;
	}
	cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(parameter, "$slot"), number);
	*bytes += SLOT_BYTES + strlen(parameter->string);
	return cJSON_AddNumberToObject(slot, "slot", number) != NULL &&
	    cJSON_AddNumberToObject(slot, "entry", entry) != NULL &&
	    cJSON_AddStringToObject(slot, "parameter", parameter->string) != NULL;
}

/* The length of a value's text; SIZE_MAX: more than a plan may have. */
static size_t
text_bytes(const cJSON *value)
{
	struct cw_buf text;
	size_t n;

	cw_buf_init(&text, CW_PLAN_TEXT_MAX);
	n = cw_json_put_canonical(&text, value) == CW_OK ? cw_buf_left(&text) : SIZE_MAX;
	cw_buf_free(&text);
	return n;
}

size_t
cw_plan_document_bytes(const cJSON *plan)
{
	return text_bytes(plan);
}

/* Does it fit? Its slots are counted as they are made. */
static int
count(size_t *bytes, const cJSON *entry, struct cw_err *err)
{
	size_t n = text_bytes(entry), left = CW_PLAN_TEXT_MAX - REST_BYTES;

	left = *bytes < left ? left - *bytes : 0;
	if (n >= left)
		return cw_fail(err, CW_ELIMIT,
		    "a plan has at most %u bytes of text, and this write is one too many: split "
		    "the "
		    "script, and plan and apply each part",
		    CW_PLAN_TEXT_MAX);
	*bytes += n + 1;
	return CW_OK;
}

static int
add_entry(cJSON *plan, cJSON *entry, unsigned number, size_t *bytes, struct cw_err *err)
{
	cJSON *parameter, *slots = list_of(plan, "slots");
	int r;

	if (number > CW_PLAN_ENTRIES_MAX)
		return cw_fail(err, CW_ELIMIT,
		    "a plan has at most %u entries, and this write is one too many: split the "
		    "script, and plan and apply each part",
		    CW_PLAN_ENTRIES_MAX);
	if (cJSON_AddNumberToObject(entry, "entry", number) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	if ((r = count(bytes, entry, err)) < 0)
		return r;
	cJSON_ArrayForEach (parameter, list_of(entry, "parameters"))
		if (cJSON_IsObject(parameter) && cw_json_get(parameter, "$slot") != NULL &&
		    !add_slot(slots, number, parameter, bytes))
			return cw_fail(err, CW_ENOMEM, "out of memory");
	return cJSON_AddItemToArray(list_of(plan, "entries"), entry)
	    ? CW_OK
	    : cw_fail(err, CW_ENOMEM, "out of memory");
}

int
cw_plan_document_add(cJSON *plan, cJSON *entry, size_t *bytes, struct cw_err *err)
{
	int r = add_entry(plan, entry, next_number(list_of(plan, "entries"), "entry"), bytes, err);

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
		r = cw_sha256_text(ret, cw_buf_peek(&text), cw_buf_left(&text));
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
