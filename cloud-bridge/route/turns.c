/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose turn it is. One change at a time for each user: by the name that was given, before anything
 * is read, and by what it stands for, before anything is written.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "route/change.h"

char *
route_turn_key(const cJSON *target)
{
	const char *user = cw_json_str(target, "user"), *sam = cw_json_str(target, "sam");
	const char *name = user != NULL ? user : sam;
	size_t n = strlen(name);
	char *key = malloc(n + 2);

	if (key == NULL)
		abort(); /* see route_internal.h */
	key[0] = user != NULL ? 'u' : 's';
	for (size_t i = 0; i <= n; i++)
		key[i + 1] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
	return key;
}

static bool
is_change_of(const struct operation *op, const char *tenant)
{
	return op->change != NULL && op->state < ROUTE_SUCCEEDED && cw_streq(op->tenant, tenant);
}

int
route_turn_room(struct cw_route *r, const char *tenant, const cJSON *target, struct cw_err *err)
{
	const struct operation *op;
	unsigned of_tenant = 0, of_user = 0;
	char *key = route_turn_key(target);

	TAILQ_FOREACH (op, &r->active, link)
		if (is_change_of(op, tenant)) {
			of_tenant++;
			of_user += strcmp(op->change->target, key) == 0;
		}
	free(key);
	if (r->active_n >= ROUTE_ACTIVE_MAX || of_tenant >= ROUTE_TENANT_CHANGES_MAX)
		return cw_fail(err, CW_EUNAVAILABLE,
		    "too many changes are under way; try again when some have ended");
	if (of_user >= ROUTE_USER_CHANGES_MAX)
		return cw_fail(err, CW_EUNAVAILABLE,
		    "%u changes of this user are under way, which is the most", of_user);
	return CW_OK;
}

/* An earlier change that goes by the same name. */
static const struct operation *
ahead_of(const struct operation *op)
{
	const struct operation *other;

	TAILQ_FOREACH (other, &op->r->active, link) {
		if (other == op)
			return NULL;
		if (is_change_of(other, op->tenant) &&
		    strcmp(other->change->target, op->change->target) == 0)
			return other;
	}
	return NULL;
}

static bool
same(const cJSON *a, const cJSON *b, const char *id)
{
	const char *x = cw_json_str(a, id), *y = cw_json_str(b, id);

	return x != NULL && y != NULL && cw_strcaseeq(x, y);
}

/* One that writes to the same user. */
static const struct operation *
writer_of(const struct operation *op)
{
	const struct operation *other;

	TAILQ_FOREACH (other, &op->r->active, link)
		if (other != op && is_change_of(other, op->tenant) && other->change->locked &&
		    (same(route_ad(other), route_ad(op), "guid") ||
			same(route_entra(other), route_entra(op), "id")))
			return other;
	return NULL;
}

static void
queue(struct operation *op, const struct operation *ahead)
{
	for (op->at = 0; op->change->plan[op->at] != NULL; op->at++) {
		route_op_step_state(op, "pending");
		cJSON_DeleteItemFromObjectCaseSensitive(route_op_step(op, op->at), "started");
	}
	op->at = 0;
	route_op_state(op, ROUTE_QUEUED);
	route_step_note(op, "waits for the operation %s, which changes the same user", ahead->id);
	route_op_later(op, CW_ROUTE_DEADLINE_MS, route_turn_begin); /* its limit is sooner */
	route_op_changed(op);
	route_op_note(op);
}

bool
route_turn_lock(struct operation *op)
{
	const struct operation *other = writer_of(op);

	if (other != NULL)
		queue(op, other);
	else
		op->change->locked = true;
	return other == NULL;
}

void
route_turn_begin(struct operation *op)
{
	const struct operation *ahead = ahead_of(op);

	if (ahead != NULL) {
		queue(op, ahead);
		return;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(op->private, "ad");
	cJSON_DeleteItemFromObjectCaseSensitive(op->private, "entra");
	cJSON_DeleteItemFromObjectCaseSensitive(route_op_step(op, 0), "note");
	op->at = 0;
	op->change->locked = false;
	route_op_state(op, ROUTE_RUNNING);
	route_change_run(op);
}

void
route_turn_over(const struct operation *op)
{
	struct operation *other;

	TAILQ_FOREACH (other, &op->r->active, link)
		if (is_change_of(other, op->tenant) && other->state == ROUTE_QUEUED &&
		    other->save == NULL)
			route_op_later(other, 0, route_turn_begin);
}
