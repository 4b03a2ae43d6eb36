/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a script ends: its sandbox at once, its reads too; a write that runs goes on to
 * its end first. Then the journal, then the caller.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "broker/script_internal.h"
#include "os/clock.h"
#include "os/memory.h"

#define REFUSED BROKER_ERROR_REFUSED

static void
tell_soon(struct cw_script *s)
{
	s->state = SCRIPT_ENDED;
	broker_arm(s->broker);
}

void
script_free(struct cw_script *s)
{
	struct cw_broker *b = s->broker;
	struct cw_script **at = &b->scripts;
	bool large = b->large == s;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	b->count--;
	for (at = &b->dirty; *at != NULL; at = &(*at)->next_dirty)
		if (*at == s) {
			*at = s->next_dirty;
			break;
		}
	if (s->ops != NULL && s->ops->free != NULL)
		s->ops->free(s);
	free(s->caller);
	if (s->text != NULL)
		cw_wipe(s->text, strlen(s->text)); /* it may hold a secret */
	free(s->text);
	free(s->marks);
	cJSON_Delete(s->refusals);
	cJSON_Delete(s->entries);
	cJSON_Delete(s->result);
	cw_clixml_free(s->reader);
	cw_ps_arena_free(s->arena);
	cw_buf_free_secret(&s->pending);
	cw_buf_free(&s->lines);
	cw_buf_free(&s->error);
	cw_buf_free(&s->result_text);
	free(s);
	if (large) {
		b->large = NULL;
		cw_memory_trim(); /* the server is not ours alone */
	}
}

/* --- the result */

static const char *
state_of(const struct cw_script *s)
{
	if (s->unknown)
		return "unknown";
	if (s->stopped[0] != '\0')
		return "stopped";
	return s->failed || s->errors > 0 ? "failed" : "done";
}

static void
put_error(const struct cw_script *s, cJSON *o)
{
	struct cw_buf copy = s->error;

	if (s->stopped[0] != '\0' && cw_buf_left(&copy) == 0)
		cJSON_AddStringToObject(cJSON_AddObjectToObject(o, "error"), "message", s->stopped);
	else if (cw_buf_left(&copy) > 0)
		cJSON_AddItemToObject(o, "error",
		    cJSON_ParseWithLength((const char *)cw_buf_peek(&copy), cw_buf_left(&copy)));
}

static void
put_time(cJSON *o, const char *name, int64_t unix_ms)
{
	char text[CW_TIME_TEXT];

	cw_time_text(text, unix_ms);
	cJSON_AddStringToObject(o, name, text);
}

static cJSON *
make_result(struct cw_script *s)
{
	double us = (double)((s->finished_ns - s->started_ns) / 1000u);
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "state", state_of(s));
	if (s->stopped[0] != '\0')
		cJSON_AddStringToObject(o, "stopped", s->stopped);
	cJSON_AddNumberToObject(o, "calls", s->call_count);
	cJSON_AddNumberToObject(o, "writes", s->written);
	cJSON_AddNumberToObject(o, "objects", (double)s->object_count);
	cJSON_AddNumberToObject(o, "bytes", (double)s->byte_count);
	cJSON_AddStringToObject(o, "server", s->server);
	if (s->pdc_written > 0) {
		cJSON *pdc = cJSON_AddObjectToObject(o, "pdc_emulator");

		cJSON_AddStringToObject(pdc, "server", s->pdc);
		cJSON_AddNumberToObject(pdc, "writes", s->pdc_written);
	}
	put_time(o, "started", s->started_ms);
	put_time(o, "finished", s->finished_ms);
	cJSON_AddNumberToObject(o, "duration_ms", us / 1000);
	put_error(s, o);
	cJSON_AddItemToObject(o, "refusals", s->refusals);
	if (s->refusal_count > (uint32_t)cJSON_GetArraySize(s->refusals))
		cJSON_AddNumberToObject(o, "refused", s->refusal_count);
	s->refusals = NULL;
	if (cJSON_GetArraySize(s->entries) > 0) {
		cJSON_AddItemToObject(o, "entries", s->entries);
		s->entries = NULL;
	}
	if (s->ops != NULL && s->ops->finish != NULL)
		s->ops->finish(s, o);
	return o;
}

void
script_tell(struct cw_script *s)
{
	const struct cw_script_events *events = s->events;
	struct cw_broker *b = s->broker;
	struct cw_err err = s->refused;
	cJSON *result = s->result;
	void *arg = s->arg;

	lines_flush(s);
	s->result = NULL;
	script_free(s);
	if (err.code < 0)
		b->refused++;
	events->done(arg, &err, result);
	broker_look(b);
}

/* --- the ways there */

static void
end_sandbox(struct cw_script *s)
{
	if (s->sandbox != NULL)
		cw_sandbox_end(s->sandbox);
	s->sandbox = NULL;
	s->pipeline = NULL;
}

static void
on_ended(void *arg)
{
	struct cw_script *s = arg;

	s->at_disk = false;
	if (s->broker->closing)
		broker_abandon(s);
	else
		tell_soon(s);
}

static void
end_in_journal(struct cw_script *s, int kind)
{
	s->state = SCRIPT_ENDING;
	if (!s->begun) {
		tell_soon(s);
		return;
	}
	s->change = (struct cw_journal_change){ .kind = kind, .id = s->id };
	if (kind == CW_JOURNAL_CHANGE_FINISH) {
		s->change.failed = strcmp(state_of(s), "done") != 0;
		s->change.result = cw_buf_str(&s->result_text);
	}
	s->at_disk = true;
	s->disk = (struct cw_writer_job){ .change = &s->change, .done = on_ended, .arg = s };
	cw_writer_ask(s->broker->config.writer, &s->disk);
}

void
script_refuse(struct cw_script *s, int code, const char *why)
{
	(void)cw_fail(&s->refused, code, "%s", why);
	end_sandbox(s);
	end_in_journal(s, CW_JOURNAL_CHANGE_WITHDRAW);
}

static void
count(struct cw_broker *b, const char *state)
{
	if (strcmp(state, "done") == 0)
		b->done++;
	else if (strcmp(state, "failed") == 0)
		b->failed++;
	else if (strcmp(state, "stopped") == 0)
		b->stopped++;
	else
		b->unknown++;
}

/* What the journal keeps; where all of it is too long, without its lists. */
static void
put_result_text(struct cw_script *s)
{
	static const char *const lists[] = { "entries", "secrets", "refusals" };
	cJSON *kept[CW_COUNT(lists)];

	if (cw_json_put(&s->result_text, s->result) == CW_OK)
		return;
	for (size_t i = 0; i < CW_COUNT(lists); i++)
		kept[i] = cJSON_DetachItemFromObjectCaseSensitive(s->result, lists[i]);
	(void)cw_json_put(&s->result_text, s->result);
	for (size_t i = 0; i < CW_COUNT(lists); i++)
		if (kept[i] != NULL)
			(void)cJSON_AddItemToObject(s->result, lists[i], kept[i]);
}

void
script_settle(struct cw_script *s)
{
	if (s->state != SCRIPT_SETTLING || s->calls != NULL)
		return;
	s->finished_ms = cw_clock_unix_ms();
	s->finished_ns = cw_clock_ns();
	count(s->broker, state_of(s));
	s->result = make_result(s);
	if (s->begun)
		put_result_text(s);
	end_in_journal(s, s->unknown ? CW_JOURNAL_CHANGE_LOSE : CW_JOURNAL_CHANGE_FINISH);
}

/* A call that is told to end may be gone at once, and others with it. */
void
script_end(struct cw_script *s)
{
	struct broker_call *call;

	if (s->state != SCRIPT_RUNNING)
		return;
	end_sandbox(s);
	s->waiting = false;
	s->waits_for = NULL;
	do {
		for (call = s->calls; call != NULL && call->cancelled; call = call->next)
			;
		if (call != NULL)
			call_cancel(call);
	} while (call != NULL);
	s->state = SCRIPT_SETTLING;
	script_settle(s);
}
