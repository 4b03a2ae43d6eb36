/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answering the peer's requests: result streams under its credit, then the answer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "wire/channel_internal.h"

#define RPC_NO_METHOD (-32601)
#define RPC_BAD_PARAMS (-32602)
#define RPC_FAILED (-32000)

static struct cw_wire_call *
find(struct cw_wire *wire, uint32_t id)
{
	struct cw_wire_call *call = wire->calls;

	while (call != NULL && call->id != id)
		call = call->next;
	return call;
}

static void
call_free(struct cw_wire_call *call)
{
	struct cw_wire_call **at = &call->wire->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->wire->call_count--;
	cw_buf_free(&call->pending);
	cw_buf_free(&call->answer);
	free(call);
}

static void
call_cancel(struct cw_wire_call *call)
{
	void (*cancelled)(void *) = call->ended ? NULL : call->events.cancelled;
	void *arg = call->arg;

	call_free(call);
	if (cancelled != NULL)
		cancelled(arg);
}

/* {"jsonrpc":"2.0","id":1,"error":{...}} */
static int
error_text(
    struct cw_buf *text, uint32_t id, int rpc, int code, const char *message, const cJSON *data)
{
	size_t len = cw_utf8_cut(message, strlen(message));
	const cJSON *m;
	int r;

	if (!cw_utf8_valid(message, len)) {
		message = cw_strerror(code);
		len = strlen(message);
	}
	if ((r = cw_buf_printf(text,
		 "{\"jsonrpc\":\"2.0\",\"id\":%u,\"error\":{\"code\":%d,\"message\":", id, rpc)) <
		0 ||
	    (r = cw_json_put_str(text, message, len)) < 0 ||
	    (r = cw_buf_printf(text, ",\"data\":{\"code\":\"%s\"", cw_errname(code))) < 0)
		return r;
	cJSON_ArrayForEach (m, data) {
		if (m->string == NULL || cw_streq(m->string, "code"))
			continue;
		if ((r = cw_buf_putc(text, ',')) < 0 ||
		    (r = cw_json_put_str(text, m->string, strlen(m->string))) < 0 ||
		    (r = cw_buf_putc(text, ':')) < 0 || (r = cw_json_put(text, m)) < 0)
			return r;
	}
	return cw_buf_puts(text, "}}}");
}

static int
rpc_of(int code)
{
	return code == CW_ENOTFOUND ? RPC_NO_METHOD
	    : code == CW_EINVAL     ? RPC_BAD_PARAMS
				    : RPC_FAILED;
}

/* Sends as much of the pending stream as there is credit for. */
static int
send_pending(struct cw_wire_call *call)
{
	int r;

	while (cw_buf_left(&call->pending) > 0 && call->credit > 0) {
		size_t n = cw_buf_left(&call->pending);

		n = n < CW_FRAME_CHUNK_MAX ? n : CW_FRAME_CHUNK_MAX;
		n = n < call->credit ? n : call->credit;
		if ((r = cw_wire_put(
			 call->wire, CW_FRAME_CHUNK, call->id, cw_buf_peek(&call->pending), n)) < 0)
			return r;
		cw_buf_skip(&call->pending, n);
		call->credit -= (uint32_t)n;
	}
	if (cw_buf_left(&call->pending) == 0)
		cw_buf_free(&call->pending);
	return CW_OK;
}

/* The answer follows the stream; with nothing pending it goes now. */
static void
send_answer(struct cw_wire_call *call)
{
	if (cw_buf_left(&call->pending) > 0)
		return;
	(void)cw_wire_put(call->wire, CW_FRAME_MESSAGE, 0, cw_buf_peek(&call->answer),
	    cw_buf_left(&call->answer));
	call_free(call);
}

void
cw_wire_call_new(struct cw_wire *wire, uint32_t id, const char *method, const cJSON *params)
{
	struct cw_wire_call *call = calloc(1, sizeof(*call));

	if (call == NULL) {
		cw_wire_close(wire, CW_ENOMEM, "no memory for a request of the peer");
		return;
	}
	call->wire = wire;
	call->id = id;
	call->credit = CW_WIRE_WINDOW;
	cw_buf_init(&call->pending, CW_WIRE_LINE_MAX);
	cw_buf_init(&call->answer, CW_FRAME_MESSAGE_MAX);
	call->next = wire->calls;
	wire->calls = call;
	wire->call_count++;
	if (wire->call_count > CW_WIRE_OPEN_MAX)
		cw_wire_call_fail(
		    call, CW_EUNAVAILABLE, "too many requests are open on this connection", NULL);
	else
		wire->config.request(wire->config.arg, call, method, params);
}

void
cw_wire_call_watch(struct cw_wire_call *call, const struct cw_wire_call_events *events, void *arg)
{
	call->events = *events;
	call->arg = arg;
}

int
cw_wire_call_chunk(struct cw_wire_call *call, const char *text, size_t n)
{
	int r;

	if (n > CW_WIRE_LINE_MAX)
		return CW_ELIMIT;
	if (cw_buf_left(&call->pending) > 0 || call->credit == 0) {
		call->wants_writable = true;
		return CW_EAGAIN;
	}
	/* What there is credit for is framed from the caller's memory, only the rest is copied. */
	while (n > 0 && call->credit > 0) {
		size_t part = n < CW_FRAME_CHUNK_MAX ? n : CW_FRAME_CHUNK_MAX;

		part = part < call->credit ? part : call->credit;
		if ((r = cw_wire_put(call->wire, CW_FRAME_CHUNK, call->id, text, part)) < 0)
			return r;
		call->credit -= (uint32_t)part;
		text += part;
		n -= part;
	}
	if ((r = cw_buf_put(&call->pending, text, n)) < 0)
		cw_wire_doom(call->wire, r, "no memory for a result stream");
	return r;
}

void
cw_wire_call_finish(struct cw_wire_call *call, cJSON *result)
{
	int r;

	if ((r = cw_buf_printf(
		 &call->answer, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"result\":", call->id)) == CW_OK &&
	    (r = cw_json_put(&call->answer, result)) == CW_OK)
		r = cw_buf_putc(&call->answer, '}');
	cJSON_Delete(result);
	if (r < 0) {
		cw_wire_call_fail(call, CW_ELIMIT, "the result is too long for one message", NULL);
		return;
	}
	call->ended = true;
	send_answer(call);
}

void
cw_wire_call_fail(struct cw_wire_call *call, int code, const char *message, cJSON *data)
{
	cw_buf_clear(&call->answer);
	if (error_text(&call->answer, call->id, rpc_of(code), code, message, data) < 0) {
		cw_buf_clear(&call->answer);
		(void)error_text(
		    &call->answer, call->id, rpc_of(code), code, cw_strerror(code), NULL);
	}
	cJSON_Delete(data);
	call->ended = true;
	send_answer(call);
}

int
cw_wire_call_credit(struct cw_wire *wire, uint32_t id, uint32_t bytes, struct cw_err *err)
{
	struct cw_wire_call *call = find(wire, id);
	int r;

	if (call == NULL) /* it was answered while this was under way */
		return CW_OK;
	if (bytes == 0 || bytes > CW_WIRE_CREDIT_MAX - call->credit)
		return cw_fail(
		    err, CW_EPROTO, "credit of %u bytes on top of %u", bytes, call->credit);
	call->credit += bytes;
	if ((r = send_pending(call)) < 0)
		return r;
	if (cw_buf_left(&call->pending) > 0)
		return CW_OK;
	if (call->ended) {
		send_answer(call);
	} else if (call->wants_writable && call->credit > 0) {
		call->wants_writable = false;
		if (call->events.writable != NULL)
			call->events.writable(call->arg, call);
	}
	return CW_OK;
}

void
cw_wire_call_cancel(struct cw_wire *wire, uint32_t id)
{
	struct cw_wire_call *call = find(wire, id);

	if (call != NULL)
		call_cancel(call);
}

void
cw_wire_call_cancel_all(struct cw_wire *wire)
{
	while (wire->calls != NULL)
		call_cancel(wire->calls);
}
