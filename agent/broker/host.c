/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sandbox says to its host, and what it hears (common/proxies/PROTOCOL.md).
 */
#include <string.h>

#include "base/str.h"
#include "broker/broker_internal.h"

#define ANSWER_MAX (ANSWER_KEPT_MAX + 4096u) /* one record may be that large */

/* [MS-PSRP] 2.2.3.17: those that we know by number */
enum { READ_LINE = 11, WRITE = 13 };

/* Methods that want no answer: all others do. */
static bool
is_void(int64_t method)
{
	static const unsigned char methods[] = { 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 18, 19, 20, 21,
		22, 28, 30, 32, 34, 36, 38, 40, 42, 47, 48, 49, 51, 52, 53 };

	for (size_t i = 0; i < sizeof(methods); i++)
		if (methods[i] == method)
			return true;
	return false;
}

/* --- answers */

static void
say(struct cw_script *s, const struct cw_psrp_host_call *call, const struct cw_ps_value *value)
{
	struct cw_err err = { 0 };

	if (s->pipeline == NULL || s->sandbox == NULL)
		return;
	if (cw_psrp_host_answer(s->pipeline, call, value, broker_now(s->broker), &err) < 0)
		script_break(s, err.text);
}

static void
say_text(struct cw_script *s, const struct cw_psrp_host_call *call, const char *text, size_t n)
{
	const struct cw_ps_value v = { .kind = CW_PS_STRING, .text = { text, n } };

	say(s, call, &v);
}

/* What waits for an answer gets it. */
static void
answer(struct cw_script *s, struct answer *from, bool done)
{
	struct cw_err err = { 0 };
	struct cw_buf out;

	cw_buf_init(&out, ANSWER_MAX);
	s->waiting = false;
	s->waits_for = NULL;
	if (answer_take(from, &out, done, &err) < 0) {
		script_break(s, err.text);
	} else {
		s->byte_count += cw_buf_left(&out);
		say_text(s, &s->readline, (const char *)cw_buf_peek(&out), cw_buf_left(&out));
	}
	cw_buf_free(&out);
}

void
host_alone(struct cw_script *s, cJSON *fail)
{
	struct answer a;
	struct cw_err err;

	answer_init(&a);
	if (fail != NULL)
		(void)answer_record(&a, "fail", fail, &err);
	answer(s, &a, true);
	answer_free(&a);
	cJSON_Delete(fail);
}

static void
protocol_error(struct cw_script *s, const char *why)
{
	host_alone(s, call_error(why, BROKER_ERROR_PROTOCOL, "InvalidArgument", NULL));
}

static bool
is_due(const struct cw_script *s, const struct broker_call *call)
{
	return call->state == CALL_DONE || answer_waiting(&call->answer) >= ANSWER_FULL ||
	    (call->answer.count > 0 && call->since_ms + BROKER_FLUSH_MS <= broker_now(s->broker));
}

void
host_serve(struct cw_script *s, struct broker_call *call)
{
	if (!s->waiting || s->waits_for != call)
		return;
	if (!is_due(s, call)) {
		if (call->answer.count > 0)
			broker_arm(s->broker);
		return;
	}
	answer(s, &call->answer, call->state == CALL_DONE);
	call->since_ms = broker_now(s->broker);
	if (call->state == CALL_DONE && call->answer.count == 0)
		call_free(call);
	else
		call_take(call);
}

void
host_promise(struct cw_script *s)
{
	answer(s, &s->waits_for->answer, false);
}

uint64_t
host_due(const struct cw_script *s)
{
	if (!s->waiting || s->waits_for == NULL || s->waits_for->answer.count == 0)
		return UINT64_MAX;
	return s->waits_for->since_ms + BROKER_FLUSH_MS;
}

/* --- requests */

static void
on_next(struct cw_script *s, int64_t id)
{
	struct broker_call *call = call_find(s, id);

	if (call == NULL) {
		protocol_error(s, "there is no such call");
		return;
	}
	s->waits_for = call;
	host_serve(s, call);
}

static void
on_cancel(struct cw_script *s, int64_t id)
{
	struct broker_call *call = call_find(s, id);

	host_alone(s, NULL);
	if (call != NULL)
		call_cancel(call);
}

static void
on_request(struct cw_script *s)
{
	struct broker_request request;
	struct cw_err err = { 0 };
	int r;

	cw_ps_arena_reset(s->arena);
	r = broker_request_read(&request, s->reader, s->arena,
	    (const char *)cw_buf_peek(&s->pending), cw_buf_left(&s->pending), &err);
	cw_ps_arena_reset(s->arena); /* it may have held a secret */
	cw_buf_free_secret(&s->pending);
	s->has_pending = false;
	if (r < 0)
		protocol_error(s, err.text);
	else if (request.verb == BROKER_NEXT)
		on_next(s, request.id);
	else if (request.verb == BROKER_CANCEL)
		on_cancel(s, request.id);
	else
		call_new(s, &request);
	broker_request_free(&request);
}

/* A request waits for its ReadLine; an earlier one that got none is dropped: nothing came of it. */
static void
on_write(struct cw_script *s, const struct cw_ps_value *parameters)
{
	const size_t prefix = sizeof(BROKER_PREFIX) - 1;
	const struct cw_ps_value *text = NULL;

	if (parameters != NULL && parameters->kind == CW_PS_LIST && parameters->list.count > 0)
		text = parameters->list.items[0];
	if (text == NULL || text->kind != CW_PS_STRING)
		return;
	if (text->text.len < prefix || memcmp(text->text.data, BROKER_PREFIX, prefix) != 0) {
		return; /* the information record says the same */
	}
	cw_buf_free_secret(&s->pending);
	s->has_pending = true;
	if (cw_buf_put(&s->pending, text->text.data + prefix, text->text.len - prefix) < 0)
		cw_buf_clear(&s->pending); /* too large: it will be no request */
}

void
host_call(struct cw_script *s, const struct cw_psrp_host_call *call)
{
	if (s->state != SCRIPT_RUNNING)
		return;
	if (call->method == WRITE) {
		on_write(s, call->parameters);
	} else if (call->method != READ_LINE) {
		if (!is_void(call->method))
			say(s, call, cw_ps_null());
	} else if (!s->has_pending) {
		say_text(s, call, "", 0); /* Read-Host: nobody is there */
	} else {
		/* One that is still waited for belongs to a pipeline that was stopped. */
		s->waiting = true;
		s->waits_for = NULL;
		s->readline = (struct cw_psrp_host_call){ .id = call->id, .method = call->method };
		on_request(s);
	}
}
