/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The router's own life, and what is asked about operations.
 */
#include <stdlib.h>

#include "base/json.h"
#include "ledger/operations.h"
#include "route/change.h"
#include "route/command.h"
#include "route/route_internal.h"

int
cw_route_new(struct cw_route **ret, const struct cw_route_config *config, struct cw_err *err)
{
	struct cw_route *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	r->loop = config->loop;
	r->ledger = config->ledger;
	r->ops = config->ops;
	r->clock = config->clock;
	TAILQ_INIT(&r->active);
	TAILQ_INIT(&r->kept);
	LIST_INIT(&r->calls);
	if (route_timers_init(r) < 0) {
		free(r);
		return cw_fail(err, CW_ESYS, "cannot make a timer");
	}
	*ret = r;
	return CW_OK;
}

int
cw_route_resume(struct cw_route *r, struct cw_err *err)
{
	static const struct route_type *const types[] = { &route_command_type, &route_change_type,
		&route_script_type, &route_plan_type, &route_apply_type };
	cJSON *list, *document;
	struct operation *op;
	int code;

	if ((code = cw_operation_unfinished(r->ledger, &list, err)) < 0)
		return code;
	/* First all of them, then each: they look at one another. */
	while ((document = cJSON_DetachItemFromArray(list, 0)) != NULL) {
		const char *kind = cw_json_str(document, "kind");
		const struct route_type *type = &route_change_type;

		for (size_t i = 0; i < CW_COUNT(types); i++)
			if (cw_streq(kind, types[i]->name))
				type = types[i];
		(void)route_op_load(r, type, document);
	}
	cJSON_Delete(list);
	TAILQ_FOREACH (op, &r->active, link)
		op->type->resume(op);
	return CW_OK;
}

static void
on_closed(uv_handle_t *timer)
{
	struct cw_route *r = timer->data;
	void (*closed)(void *arg) = r->closed;
	void *arg = r->closed_arg;

	free(r);
	if (closed != NULL)
		closed(arg);
}

void
cw_route_close(struct cw_route *r, void (*closed)(void *arg), void *arg)
{
	struct operation *op;

	if (r == NULL)
		return;
	route_calls_close(r);
	while ((op = TAILQ_FIRST(&r->active)) != NULL || (op = TAILQ_FIRST(&r->kept)) != NULL) {
		op->call = NULL; /* cut above */
		route_op_free(op);
	}
	route_agents_free(r);
	route_syncs_free(r);
	route_timers_free(r);
	r->closed = closed;
	r->closed_arg = arg;
	if (r->clock == NULL) {
		uv_close((uv_handle_t *)&r->timer, on_closed);
		return;
	}
	r->timer.data = r;
	on_closed((uv_handle_t *)&r->timer);
}

/* --- questions */

static int
find(struct cw_route *r, cJSON **ret, const char *id, struct cw_err *err)
{
	int code;

	if ((code = cw_operation_find(r->ledger, ret, id, err)) == CW_OK)
		cJSON_DeleteItemFromObjectCaseSensitive(*ret, "private");
	return code;
}

int
cw_route_show(struct cw_route *r, cJSON **ret, const char *id, struct cw_err *err)
{
	const struct operation *op = route_op_find(r, id);
	cJSON *shown, *result;

	if (op == NULL)
		return find(r, ret, id, err);
	if ((shown = cJSON_Duplicate(op->doc, true)) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	if (!op->ended && op->state >= ROUTE_SUCCEEDED) {
		/* Its end is on the way to the disk: nobody is told of it before. */
		route_set_text(shown, "state", route_state_name(ROUTE_RUNNING));
		cJSON_DeleteItemFromObjectCaseSensitive(shown, "result");
		cJSON_DeleteItemFromObjectCaseSensitive(shown, "error");
		*ret = shown;
		return CW_OK;
	}
	route_command_show(op, shown);
	if (op->password != NULL &&
	    (result = cJSON_GetObjectItemCaseSensitive(shown, "result")) != NULL)
		route_set(result, route_password_name(op), route_copy(op->password));
	*ret = shown;
	return CW_OK;
}

int
cw_route_list(
    struct cw_route *r, cJSON **ret, const struct cw_operation_filter *filter, struct cw_err *err)
{
	cJSON *one;
	int code;

	if ((code = cw_operation_list(r->ledger, ret, filter, err)) < 0)
		return code;
	cJSON_ArrayForEach (one, *ret)
		cJSON_DeleteItemFromObjectCaseSensitive(one, "private");
	return CW_OK;
}

int
cw_route_cancel(struct cw_route *r, const char *id, struct cw_err *err)
{
	struct operation *op = route_op_find(r, id);
	cJSON *shown;
	int code;

	if (op == NULL) {
		if ((code = find(r, &shown, id, err)) < 0)
			return code;
		code = cw_fail(
		    err, CW_ECONFLICT, "it has ended already: %s", cw_json_str(shown, "state"));
		cJSON_Delete(shown);
		return code;
	}
	if ((code = op->type->may_cancel(op, err)) < 0)
		return code;
	/* Not from here: the caller may be one who is just being told of it. */
	op->cancelling = true;
	route_timer_set(r, &op->timer, 0);
	return CW_OK;
}
