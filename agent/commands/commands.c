/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All commands of this agent: the methods, the deadlines, the end.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "commands/commands_internal.h"

#define NEVER UINT64_MAX

struct run *
commands_find(const struct cw_commands *c, const char *id)
{
	struct run *run = c->runs;

	while (run != NULL && !cw_streq(run->request.id, id))
		run = run->next;
	return run;
}

const char *
commands_state_name(enum cw_journal_state state)
{
	/* Begun, and nothing runs: its end could not be written. */
	return cw_journal_state_name(state == CW_JOURNAL_BEGUN ? CW_JOURNAL_UNKNOWN : state);
}

void
commands_refuse(
    struct cw_commands *c, struct cw_wire_call *call, const struct cw_err *err, cJSON *detail)
{
	int code = err->code;

	switch (code) {
	case CW_EDENIED:
	case CW_EINVAL:
	case CW_EEXPIRED:
	case CW_EUNAVAILABLE:
	case CW_EUNKNOWN:
	case CW_ETIMEOUT:
	case CW_ECONFLICT:
	case CW_ENOTFOUND: break;
	default: code = CW_EUNAVAILABLE; break; /* of our own: memory, the system */
	}
	c->refused += code != CW_EUNKNOWN && code != CW_ETIMEOUT; /* these ran */
	cw_wire_call_fail(call, code, err->text[0] != '\0' ? err->text : cw_strerror(code), detail);
}

/* --- methods */

static void
stop_one(struct cw_commands *c, struct cw_wire_call *call, const cJSON *params)
{
	static const char *const members[] = { "id", NULL };
	char id[CW_UUID_TEXT];
	uint8_t uuid[16];
	struct cw_err err;
	const char *text;
	struct run *run;

	if (cw_json_only(params, members, "command.stop", &err) < 0 ||
	    cw_json_need_str(&text, params, "id", &err) < 0) {
		commands_refuse(c, call, &err, NULL);
		return;
	}
	cw_wire_call_finish(call, cJSON_CreateObject());
	if (cw_uuid_parse(uuid, text, strlen(text)) < 0)
		return;
	cw_uuid_text(id, uuid);
	if ((run = commands_find(c, id)) != NULL)
		run_stop(run, RUN_STOP_ASKED);
}

void
cw_commands_request(
    struct cw_commands *c, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	static const struct {
		const char *method;
		void (*serve)(
		    struct cw_commands *c, struct cw_wire_call *call, const cJSON *params);
	} rows[] = {
		{ "command.run", run_new },
		{ "command.stop", stop_one },
		{ "command.query", query_new },
		{ "command.forget", forget_new },
	};

	for (size_t i = 0; i < CW_COUNT(rows); i++)
		if (cw_streq(rows[i].method, method)) {
			rows[i].serve(c, call, params);
			return;
		}
	cw_wire_call_fail(call, CW_ENOTFOUND, "no such method", NULL);
}

/* --- time */

static void
drain_when_due(struct cw_commands *c)
{
	if (!c->draining || c->drain_over || uv_now(c->config.loop) < c->drain_until_ms)
		return;
	c->drain_over = true;
	c->drained(c->drained_arg);
}

static void
on_timer(uv_timer_t *timer)
{
	struct cw_commands *c = timer->data;
	uint64_t now = uv_now(c->config.loop), next = NEVER;
	struct run *run, *after;

	c->timer_at = NEVER;
	for (run = c->runs; run != NULL; run = after) {
		after = run->next; /* a run's end touches no other run */
		if (run->due_ms <= now)
			run_stop(run, RUN_STOP_LATE);
		else if (run->due_ms < next)
			next = run->due_ms;
	}
	if (c->draining && !c->drain_over && c->drain_until_ms < next)
		next = c->drain_until_ms;
	if (next != NEVER)
		commands_arm(c, next);
	drain_when_due(c);
}

void
commands_arm(struct cw_commands *c, uint64_t due_ms)
{
	uint64_t now = uv_now(c->config.loop);

	if (due_ms >= c->timer_at)
		return; /* it looks again when it fires */
	c->timer_at = due_ms;
	uv_timer_start(&c->timer, on_timer, due_ms > now ? due_ms - now : 0, 0);
}

/* --- the end */

static void
handle_closed(uv_handle_t *handle)
{
	struct cw_commands *c = handle->data;
	void (*closed)(void *arg) = c->closed;
	void *arg = c->closed_arg;

	if (--c->handles > 0)
		return;
	free(c);
	closed(arg);
}

void
commands_look(struct cw_commands *c)
{
	if (c->count > 0 || c->questions > 0) {
		return;
	} else if (c->closing && !uv_is_closing((uv_handle_t *)&c->timer)) {
		uv_close((uv_handle_t *)&c->timer, handle_closed);
		uv_close((uv_handle_t *)&c->flusher, handle_closed);
	} else if (c->draining && !c->drain_over) {
		c->drain_until_ms = uv_now(c->config.loop);
		commands_arm(c, c->drain_until_ms);
	} else if (c->timer_at != NEVER && !c->closing) {
		uv_timer_stop(&c->timer); /* an idle agent wakes up for nothing */
		c->timer_at = NEVER;
	}
}

void
cw_commands_stop_all(struct cw_commands *c)
{
	struct run *run, *after;

	for (run = c->runs; run != NULL; run = after) {
		after = run->next;
		run_stop(run, RUN_STOP_ASKED);
	}
}

void
cw_commands_drain(struct cw_commands *c, uint64_t grace_ms, void (*drained)(void *arg), void *arg)
{
	struct run *run, *after;

	c->draining = true;
	c->drained = drained;
	c->drained_arg = arg;
	c->drain_until_ms = uv_now(c->config.loop) + grace_ms;
	for (run = c->runs; run != NULL; run = after) {
		after = run->next;
		if (!run->request.entry->write || run->state != RUN_RUNNING ||
		    !cw_runspaces_has_begun(run->job))
			run_stop(run, RUN_STOP_DRAINED);
	}
	commands_arm(c, c->drain_until_ms);
	commands_look(c);
}

void
cw_commands_close(struct cw_commands *c, void (*closed)(void *arg), void *arg)
{
	struct run *run, *after;

	assert(closed != NULL);
	c->closed = closed;
	c->closed_arg = arg;
	c->draining = c->drain_over = c->closing = true;
	for (run = c->runs; run != NULL; run = after) {
		after = run->next;
		run_abandon(run);
	}
	commands_look(c);
}

/* --- life */

void
cw_commands_status_put(const struct cw_commands *c, cJSON *object)
{
	cJSON *o = cJSON_AddObjectToObject(object, "commands");

	cJSON_AddNumberToObject(o, "running", c->count);
	cJSON_AddNumberToObject(o, "done", (double)c->done);
	cJSON_AddNumberToObject(o, "failed", (double)c->failed);
	cJSON_AddNumberToObject(o, "refused", (double)c->refused);
	cJSON_AddNumberToObject(o, "unknown", (double)c->unknown);
}

int
cw_commands_new(
    struct cw_commands **ret, const struct cw_commands_config *config, struct cw_err *err)
{
	struct cw_commands *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	c->config = *config;
	c->timer_at = NEVER;
	(void)uv_timer_init(config->loop, &c->timer);
	(void)uv_prepare_init(config->loop, &c->flusher);
	c->timer.data = c->flusher.data = c;
	c->handles = 2;
	*ret = c;
	return CW_OK;
}
