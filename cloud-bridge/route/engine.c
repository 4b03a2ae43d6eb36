/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes the steps of a plan in order, or back.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "route/change.h"

#define TEXT_MAX 640 /* bytes of what a step says */

static const struct route_step *
step_at(const struct operation *op)
{
	return op->change->plan[op->at];
}

static bool
is_needed(const struct operation *op)
{
	return step_at(op)->needed == NULL || step_at(op)->needed(op);
}

bool
route_step_is(const struct operation *op, const struct route_step *step, const char *state)
{
	const cJSON *doc = route_op_step(op, route_plan_at(op->change, step));

	return cw_streq(cw_json_str(doc, "state"), state);
}

void
route_step_describe(struct operation *op)
{
	struct cw_buf text;

	cw_buf_init(&text, 4096);
	if (step_at(op)->what != NULL)
		(void)cw_buf_puts(&text, step_at(op)->what);
	if (step_at(op)->names != NULL)
		step_at(op)->names(op, &text);
	route_set_text(route_op_step(op, op->at), "what", cw_buf_str(&text));
	cw_buf_free(&text);
}

static void
start(struct operation *op, void (*step)(struct operation *op))
{
	op->tries = op->change->rounds = 0;
	op->change->may_have_run = op->change->last = false;
	op->change->show_until_ms = 0;
	route_set_number(op->private, "at", (double)op->at);
	cJSON_DeleteItemFromObjectCaseSensitive(op->private, "once");
	route_op_step_state(op, "running");
	route_op_changed(op);
	step(op);
}

/* Undoes what is done and can be undone, from the last to the first. */
static void
run_back(struct operation *op)
{
	const cJSON *failure = cw_json_get(op->private, "failure");
	int64_t code = CW_EFAILED;

	while (op->at > 0) {
		op->at--;
		if (step_at(op)->undo != NULL && route_step_is(op, step_at(op), "done")) {
			start(op, step_at(op)->undo);
			return;
		}
	}
	(void)cw_json_int(failure, "code", &code);
	route_report_end(op, ROUTE_FAILED, (int)code, cw_json_str(failure, "message"));
}

void
route_change_run(struct operation *op)
{
	struct route_change *c = op->change;
	const struct route_step *step;

	if (c->undo) {
		run_back(op);
		return;
	}
	for (; (step = step_at(op)) != NULL; op->at++) {
		bool first = step->write && !c->begun && is_needed(op);

		if (first && !c->locked && !route_turn_lock(op))
			return;
		if (first && route_now(op->r) - c->checked_ms > ROUTE_FRESH_MS) {
			route_op_later(op, 0, route_turn_begin); /* unless it is too late */
			return;
		}
		route_step_describe(op);
		if (is_needed(op)) {
			start(op, step->start);
			return;
		}
		route_op_step_state(op, "skipped");
	}
	if (c->kind->password && c->password[0] == '\0')
		route_password_again(op);
	else
		route_report_success(op);
}

/* On the disk soon, and on. */
static void
turn(struct operation *op)
{
	route_set_number(op->private, "at", (double)op->at);
	route_op_changed(op);
	if (op->change->begun)
		route_op_save(op, NULL);
	else
		route_op_note(op);
	route_change_run(op);
}

void
route_step_done(struct operation *op)
{
	route_sync_leave(op);
	cJSON_DeleteItemFromObjectCaseSensitive(route_op_step(op, op->at), "error");
	if (op->change->undo) {
		route_op_step_state(op, "compensated");
	} else {
		route_op_step_state(op, "done");
		op->at++;
	}
	turn(op);
}

static void format(char ret[TEXT_MAX], const char *fmt, va_list ap) CW_PRINTF(2, 0);

static void
format(char ret[TEXT_MAX], const char *fmt, va_list ap)
{
	(void)vsnprintf(ret, TEXT_MAX, fmt, ap);
	ret[cw_utf8_cut(ret, strlen(ret))] = '\0';
}

void
route_step_note(struct operation *op, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	format(text, fmt, ap);
	va_end(ap);
	route_set_text(route_op_step(op, op->at), "note", text);
}

void
route_step_written(struct operation *op, bool ldap)
{
	struct cw_buf left;

	cw_buf_init(&left, 4096);
	route_write_names(op, "left", ldap, &left);
	if (cw_buf_left(&left) > 0)
		route_step_note(
		    op, "%s left as it is: somebody else has changed it since", cw_buf_str(&left));
	cw_buf_free(&left);
	route_step_done(op);
}

static bool
anything_to_undo(const struct operation *op)
{
	for (size_t i = 0; i < op->at; i++)
		if (op->change->plan[i]->undo != NULL &&
		    route_step_is(op, op->change->plan[i], "done"))
			return true;
	return false;
}

void
route_step_failed(struct operation *op, int code, const char *fmt, ...)
{
	struct route_change *c = op->change;
	cJSON *step = route_op_step(op, op->at), *failure;
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	format(text, fmt, ap);
	va_end(ap);
	route_sync_leave(op);
	route_op_still(op);
	if (c->undo) { /* it stays as it was written */
		route_op_step_state(op, "done");
		route_set_error(step, code, text);
		turn(op);
		return;
	}
	route_op_step_state(op, "failed");
	route_set_error(step, code, text);
	if (!step_at(op)->write || !anything_to_undo(op)) {
		route_report_end(op, ROUTE_FAILED, code, text);
		return;
	}
	failure = cJSON_CreateObject();
	route_set_number(failure, "code", code);
	route_set_text(failure, "message", text);
	route_set(op->private, "failure", failure);
	c->undo = true;
	route_set(op->private, "undo", cJSON_CreateTrue());
	route_set_number(op->private, "begun_ms", (double)route_unix(op->r));
	op->limit_ms = route_unix(op->r) + (int64_t)CW_ROUTE_DEADLINE_MS;
	route_set_number(op->private, "at", (double)op->at);
	route_op_changed(op);
	route_op_save(op, route_change_run);
}

void
route_step_unknown(struct operation *op, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	format(text, fmt, ap);
	va_end(ap);
	route_sync_leave(op);
	route_op_step_state(op, "unknown");
	route_set_error(route_op_step(op, op->at), CW_EUNKNOWN, text);
	route_report_end(op, ROUTE_UNKNOWN, CW_EUNKNOWN, text);
}

void
route_change_back_to(struct operation *op, const struct route_step *step)
{
	size_t to = route_plan_at(op->change, step), from = op->at;

	route_sync_leave(op);
	route_op_still(op);
	for (op->at = to; op->at <= from && step_at(op) != NULL; op->at++)
		if (!route_step_is(op, step_at(op), "skipped"))
			route_op_step_state(op, "pending");
	op->at = to;
	turn(op);
}

void
route_change_writes(struct operation *op)
{
	struct route_change *c = op->change;
	int64_t now = route_unix(op->r);

	if (c->begun)
		return;
	c->begun = true;
	op->limit_ms = now + (int64_t)CW_ROUTE_DEADLINE_MS;
	route_set_number(op->private, "begun_ms", (double)now);
}
