/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operation: its life, its turns on the disk, how long it stays in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "ledger/operations.h"
#include "os/random.h"
#include "route/command.h"
#include "route/route_internal.h"

#define SAVE_FIRST_MS 500u /* a ledger that cannot be written is tried again */
#define SAVE_MOST_MS 30000u

/* A document on its way to the disk; op->saved goes on when it is there. */
struct route_save {
	struct operation *op; /* NULL: nobody waits */
};

/* --- life */

unsigned
route_bucket(const char *id)
{
	uint32_t h = 2166136261u;

	for (; *id != '\0'; id++)
		h = (h ^ (uint8_t)*id) * 16777619u;
	return h % ROUTE_BUCKETS;
}

struct operation *
route_op_find(const struct cw_route *r, const char *id)
{
	struct operation *op = r->buckets[route_bucket(id)];

	while (op != NULL && !cw_streq(op->id, id))
		op = op->next;
	return op;
}

static struct operation *
op_insert(struct cw_route *r, const struct route_type *type, const char *id, const char *tenant)
{
	struct operation *op = calloc(1, sizeof(*op)), **at;

	if (op == NULL)
		abort();
	op->r = r;
	op->type = type;
	route_copy_id(op->id, id);
	route_copy_id(op->tenant, tenant);
	op->timer.owner = op;
	op->timer.fire = route_op_wake;
	op->limit_ms = INT64_MAX;
	TAILQ_INIT(&op->watches);
	at = &r->buckets[route_bucket(op->id)];
	op->next = *at;
	*at = op;
	TAILQ_INSERT_TAIL(&r->active, op, link);
	r->active_n++;
	return op;
}

struct operation *
route_op_new(struct cw_route *r, const struct route_type *type, const char *id, const char *tenant,
    const char *what, const char *key)
{
	char fresh[CW_UUID_TEXT];
	struct operation *op;

	if (id == NULL) {
		cw_random_uuid(fresh);
		id = fresh;
	}
	op = op_insert(r, type, id, tenant);
	op->created_ms = op->updated_ms = route_unix(r);
	op->doc = cJSON_CreateObject();
	op->private = cJSON_CreateObject();
	route_set_text(op->doc, "id", op->id);
	route_set_text(op->doc, "tenant", op->tenant);
	route_set_text(op->doc, "kind", type->name);
	route_set_text(op->doc, "what", what);
	route_set_text(op->doc, "state", route_state_name(ROUTE_QUEUED));
	route_set_time(op->doc, "created", op->created_ms);
	route_set_time(op->doc, "updated", op->created_ms);
	route_set_text(op->doc, "key", key != NULL ? key : "");
	route_set(op->doc, "steps", cJSON_CreateArray());
	return op;
}

struct operation *
route_op_load(struct cw_route *r, const struct route_type *type, cJSON *document)
{
	const char *id = cw_json_str(document, "id"), *tenant = cw_json_str(document, "tenant");
	const char *created = cw_json_str(document, "created");
	cJSON *private = cJSON_DetachItemFromObjectCaseSensitive(document, "private");
	struct operation *op;
	int64_t ms;

	if (id == NULL || tenant == NULL || created == NULL || !cJSON_IsObject(private) ||
	    !cJSON_IsArray(cw_json_get(document, "steps")) || route_op_find(r, id) != NULL ||
	    cw_time_parse(&ms, created, strlen(created)) < 0) {
		cJSON_Delete(private);
		cJSON_Delete(document);
		return NULL;
	}
	op = op_insert(r, type, id, tenant);
	op->created_ms = op->updated_ms = ms;
	op->doc = document;
	op->private = private;
	op->durable = op->recorded = true;
	op->state = ROUTE_RUNNING;
	return op;
}

void
route_op_free(struct operation *op)
{
	struct cw_route *r = op->r;
	struct operation **at = &r->buckets[route_bucket(op->id)];

	while (*at != op)
		at = &(*at)->next;
	*at = op->next;
	route_op_still(op);
	if (op->save != NULL)
		op->save->op = NULL;
	if (op->ended) {
		TAILQ_REMOVE(&r->kept, op, link);
		r->kept_n--;
		r->kept_bytes -= route_command_bytes(op);
	} else {
		TAILQ_REMOVE(&r->active, op, link);
		r->active_n--;
	}
	route_watch_free(op);
	op->type->free(op);
	route_output_free(&op->ask.output);
	cJSON_Delete(op->ask.parameters);
	cJSON_Delete(op->doc);
	cJSON_Delete(op->private);
	cJSON_Delete(op->password);
	free(op);
}

int
route_op_chosen_id(struct cw_route *r, const char **ret, const cJSON *body, struct cw_err *err)
{
	const cJSON *id = cw_json_get(body, "id");
	uint8_t uuid[16];
	char text[CW_UUID_TEXT];
	struct cw_err find;
	cJSON *there;
	int code;

	*ret = NULL;
	if (id == NULL)
		return CW_OK;
	if (!cJSON_IsString(id) ||
	    cw_uuid_parse(uuid, id->valuestring, strlen(id->valuestring)) < 0)
		return cw_fail(err, CW_EINVAL, "\"id\" must be a UUID");
	cw_uuid_text(text, uuid);
	if (!cw_streq(text, id->valuestring))
		return cw_fail(err, CW_EINVAL, "\"id\" must be in lower case");
	if (route_op_find(r, text) == NULL) {
		code = cw_operation_find(r->ledger, &there, text, &find);
		if (code == CW_ENOTFOUND) {
			*ret = id->valuestring;
			return CW_OK;
		}
		if (code < 0)
			return cw_fail(err, code, "%s", find.text);
		cJSON_Delete(there);
	}
	return cw_fail(err, CW_ECONFLICT, "there is an operation %s already", text);
}

/* --- the ledger */

/* done NULL: without waiting. */
static int
put(struct operation *op, bool durable, void (*done)(void *arg, int code, const struct cw_err *err),
    void *arg, struct cw_err *err)
{
	int r;

	/* Lent for the time of the writing: it is never part of what callers see. */
	if (!cJSON_AddItemReferenceToObject(op->doc, "private", op->private))
		abort();
	r = cw_operation_put(
	    op->r->ledger, op->doc, op->created_ms, op->updated_ms, durable, done, arg, err);
	cJSON_DeleteItemFromObjectCaseSensitive(op->doc, "private");
	return r;
}

/* All is written: it is over. */
static void
told(struct operation *op)
{
	struct cw_route *r = op->r;

	route_op_still(op);
	TAILQ_REMOVE(&r->active, op, link);
	r->active_n--;
	TAILQ_INSERT_TAIL(&r->kept, op, link);
	r->kept_n++;
	r->kept_bytes += route_command_bytes(op);
	op->ended = true;
	op->kept_until_ms = route_now(r) + CW_ROUTE_KEEP_MS;
	route_watch_changed(op, true);
	op->type->ended(op);
	/* What nobody asks for any more need not wait for the operation to leave. */
	route_output_free(&op->ask.output);
	cJSON_Delete(op->ask.parameters);
	op->ask.parameters = NULL;
	if (op->durable) { /* it will not be written again */
		cJSON_Delete(op->private);
		op->private = NULL;
	}
	route_timers_arm(r);
}

static void
save_again(struct operation *op)
{
	op->unlimited = false;
	route_op_save(op, op->saved);
}

static void
save_failed(struct operation *op, const struct cw_err *err)
{
	char text[CW_ERR_TEXT_MAX + 64];

	if (op->recorded) {
		op->unlimited = true;
		route_op_later(
		    op, route_backoff(op->tries++, SAVE_FIRST_MS, SAVE_MOST_MS), save_again);
		return;
	}
	/* Nothing was promised and nothing was sent. */
	(void)snprintf(
	    text, sizeof(text), "it could not be recorded, so nothing was done: %s", err->text);
	route_op_state(op, ROUTE_FAILED);
	route_set_error(op->doc, err->code, text);
	told(op);
}

static void
on_saved(void *arg, int code, const struct cw_err *err)
{
	struct route_save *s = arg;
	struct operation *op = s->op;
	void (*then)(struct operation * op);

	free(s);
	if (op == NULL)
		return;
	op->save = NULL;
	if (code < 0) {
		save_failed(op, err);
		return;
	}
	op->tries = 0;
	then = op->saved;
	op->saved = NULL;
	if (!op->recorded && then != told) {
		op->recorded = true;
		route_watch_changed(op, false);
	}
	then(op);
}

void
route_op_save(struct operation *op, void (*then)(struct operation *op))
{
	struct cw_err err = { 0 };

	if (then == NULL) {
		/* When this fails the next turn writes it again, with all that is in it. */
		(void)put(op, true, NULL, NULL, &err);
		return;
	}
	if (op->save != NULL) { /* what waited for that one does not go on */
		op->save->op = NULL;
		op->recorded = true; /* it may be */
	}
	if ((op->save = calloc(1, sizeof(*op->save))) == NULL)
		abort();
	op->save->op = op;
	op->saved = then;
	if (put(op, true, on_saved, op->save, &err) < 0)
		on_saved(op->save, err.code, &err);
}

void
route_op_note(struct operation *op)
{
	struct cw_err err;

	(void)put(op, false, NULL, NULL, &err);
}

void
route_op_finish(struct operation *op, enum route_state state)
{
	route_op_still(op);
	op->once.doubt = false;
	route_op_state(op, state);
	route_op_touch(op);
	if (op->durable) {
		route_op_save(op, told);
		return;
	}
	told(op);
	route_op_note(op);
}

void
route_op_fail(struct operation *op, int code, const char *message)
{
	route_set_error(op->doc, code, message);
	route_op_finish(op, ROUTE_FAILED);
}

/* --- memory */

static bool
is_crowded(const struct cw_route *r)
{
	return r->kept_n > ROUTE_KEPT_MAX || r->kept_bytes > ROUTE_KEPT_BYTES;
}

uint64_t
route_kept_due(const struct cw_route *r)
{
	const struct operation *op = TAILQ_FIRST(&r->kept);

	if (is_crowded(r))
		return 0;
	return op != NULL ? op->kept_until_ms : ROUTE_NEVER;
}

void
route_kept_expire(struct cw_route *r)
{
	uint64_t now = route_now(r);
	bool crowded = is_crowded(r);
	struct operation *op;

	/* When there are too many, an eighth goes at once: not one for each that comes. */
	while ((op = TAILQ_FIRST(&r->kept)) != NULL &&
	    (op->kept_until_ms <= now ||
		(crowded &&
		    (r->kept_n > ROUTE_KEPT_MAX / 8 * 7 ||
			r->kept_bytes > ROUTE_KEPT_BYTES / 8 * 7))))
		route_op_free(op);
}
