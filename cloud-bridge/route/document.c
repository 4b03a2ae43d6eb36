/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document of an operation: JSON that cannot fail, steps, states.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "route/route_internal.h"

void
route_set(cJSON *object, const char *name, cJSON *value)
{
	if (object == NULL || value == NULL)
		abort(); /* see route_internal.h */
	if (cw_json_get(object, name) != NULL) {
		if (!cJSON_ReplaceItemInObjectCaseSensitive(object, name, value))
			abort();
	} else if (!cJSON_AddItemToObject(object, name, value)) {
		abort();
	}
}

void
route_set_text(cJSON *object, const char *name, const char *value)
{
	route_set(object, name, cJSON_CreateString(value));
}

void
route_set_number(cJSON *object, const char *name, double value)
{
	route_set(object, name, cJSON_CreateNumber(value));
}

void
route_set_time(cJSON *object, const char *name, int64_t unix_ms)
{
	char text[CW_TIME_TEXT];

	cw_time_text(text, unix_ms);
	route_set_text(object, name, text);
}

void
route_set_error(cJSON *object, int code, const char *message)
{
	cJSON *error = cJSON_CreateObject();

	route_set_text(error, "code", cw_errname(code));
	route_set_text(error, "message", message);
	route_set(object, "error", error);
}

cJSON *
route_copy(const cJSON *value)
{
	cJSON *copy = cJSON_Duplicate(value, true);

	if (copy == NULL)
		abort();
	return copy;
}

cJSON *
route_object(cJSON *object, const char *name)
{
	if (!cJSON_IsObject(cw_json_get(object, name)))
		route_set(object, name, cJSON_CreateObject());
	return (cJSON *)cw_json_get(object, name);
}

void
route_copy_id(char ret[CW_UUID_TEXT], const char *id)
{
	size_t n = strnlen(id, CW_UUID_TEXT - 1);

	memmove(ret, id, n); /* it may be the same */
	ret[n] = '\0';
}

static const char *const state_names[] = { "queued", "running", "succeeded", "failed", "unknown",
	"cancelled" };

const char *
route_state_name(enum route_state state)
{
	return state_names[state];
}

/* --- steps */

void
route_op_add_step(struct operation *op, const char *place, const char *what)
{
	cJSON *steps = (cJSON *)cw_json_get(op->doc, "steps"), *step = cJSON_CreateObject();

	route_set_number(step, "n", cJSON_GetArraySize(steps) + 1);
	route_set_text(step, "place", place);
	route_set_text(step, "what", what);
	route_set_text(step, "state", "pending");
	route_set_number(step, "attempts", 0);
	if (!cJSON_AddItemToArray(steps, step))
		abort();
}

cJSON *
route_op_step(const struct operation *op, size_t at)
{
	return cJSON_GetArrayItem(cw_json_get(op->doc, "steps"), (int)at);
}

void
route_op_step_state(struct operation *op, const char *state)
{
	cJSON *step = route_op_step(op, op->at);
	int64_t now = route_unix(op->r), n = 0;

	route_set_text(step, "state", state);
	if (cw_streq(state, "running")) {
		(void)cw_json_int(step, "attempts", &n);
		route_set_number(step, "attempts", (double)n + 1);
		if (cw_json_get(step, "started") == NULL)
			route_set_time(step, "started", now);
		cJSON_DeleteItemFromObjectCaseSensitive(step, "finished");
		cJSON_DeleteItemFromObjectCaseSensitive(step, "error");
	} else if (!cw_streq(state, "waiting") && !cw_streq(state, "pending") &&
	    !cw_streq(state, "skipped")) {
		route_set_time(step, "finished", now);
	}
}

void
route_op_touch(struct operation *op)
{
	op->updated_ms = route_unix(op->r);
	route_set_time(op->doc, "updated", op->updated_ms);
}

void
route_op_changed(struct operation *op)
{
	route_op_touch(op);
	if (op->recorded || !op->durable)
		route_watch_changed(op, false);
}

void
route_op_state(struct operation *op, enum route_state state)
{
	op->state = state;
	route_set_text(op->doc, "state", state_names[state]);
}
