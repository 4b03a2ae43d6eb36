/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an operation waits: for a time, for an agent, never past its limit; and is cancelled.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "route/route_internal.h"

void
route_op_wake(void *owner)
{
	struct operation *op = owner;
	void (*then)(struct operation * op) = op->then;

	op->then = NULL;
	op->wants_agent = false;
	if (op->cancelling) {
		op->cancelling = false;
		if (op->type->may_cancel(op, NULL) == CW_OK && op->type->cancel(op))
			return;
	}
	if (then == NULL)
		return;
	if (!op->unlimited && route_unix(op->r) >= op->limit_ms)
		op->type->expired(op);
	else
		then(op);
}

void
route_op_later(struct operation *op, uint64_t delay_ms, void (*then)(struct operation *op))
{
	int64_t left = op->limit_ms - route_unix(op->r);

	op->then = then;
	if (!op->unlimited && left < (int64_t)delay_ms)
		delay_ms = left > 0 ? (uint64_t)left : 0;
	route_timer_set(op->r, &op->timer, delay_ms);
}

void
route_op_wait(struct operation *op, uint64_t delay_ms, bool for_agent,
    void (*then)(struct operation *op), int code, const char *fmt, ...)
{
	struct cw_err err;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	err.text[cw_utf8_cut(err.text, strlen(err.text))] = '\0';
	op->wants_agent = for_agent;
	route_op_step_state(op, "waiting");
	route_set_error(route_op_step(op, op->at), code, err.text);
	route_op_later(op, delay_ms, then);
	route_op_changed(op);
	route_op_note(op);
}

void
route_op_goes_on(struct operation *op)
{
	if (cw_streq(cw_json_str(route_op_step(op, op->at), "state"), "running"))
		return;
	route_op_step_state(op, "running");
	route_op_changed(op);
}

void
route_op_still(struct operation *op)
{
	route_timer_stop(op->r, &op->timer);
	op->then = NULL;
	op->wants_agent = op->unlimited = false;
	route_call_drop(&op->call);
}

void
route_agents_wake(struct cw_route *r, const char *tenant)
{
	struct operation *op;

	TAILQ_FOREACH (op, &r->active, link)
		if (op->wants_agent && (tenant == NULL || cw_streq(op->tenant, tenant)))
			route_timer_set(r, &op->timer, 0);
}
