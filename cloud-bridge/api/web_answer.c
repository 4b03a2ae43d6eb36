/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to a request: put at once or in pieces, written as the client takes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "web_private.h"

/* --- writing */

static int
write_extra(struct cw_web_call *call, uint8_t **p, uint8_t *end)
{
	const char *at = (const char *)cw_buf_peek(&call->extra),
		   *last = at + cw_buf_left(&call->extra);

	while (at < last) {
		const char *value = at + strlen(at) + 1;

		if (lws_add_http_header_by_name(call->wsi, (const uint8_t *)at,
			(const uint8_t *)value, (int)strlen(value), p, end))
			return -1;
		at = value + strlen(value) + 1;
	}
	return 0;
}

static int
write_headers(struct cw_web_call *call, uint8_t **p, uint8_t *end, bool whole)
{
	uint64_t length = cw_buf_left(&call->out) + call->head_length;
	struct lws *wsi = call->wsi;

	if (lws_add_http_header_status(wsi, (unsigned)call->status, p, end) ||
	    (call->type != NULL &&
		lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE,
		    (const uint8_t *)call->type, (int)strlen(call->type), p, end)) ||
	    lws_add_http_header_by_token(
		wsi, WSI_TOKEN_HTTP_CACHE_CONTROL, (const uint8_t *)"no-store", 8, p, end) ||
	    lws_add_http_header_by_name(wsi, (const uint8_t *)"x-content-type-options:",
		(const uint8_t *)"nosniff", 7, p, end) ||
	    (call->status == 401 &&
		lws_add_http_header_by_token(
		    wsi, WSI_TOKEN_HTTP_WWW_AUTHENTICATE, (const uint8_t *)"Bearer", 6, p, end)) ||
	    write_extra(call, p, end))
		return -1;
	/* RFC 9110 section 8.6: none with 204. */
	if (whole && call->status != 204 && lws_add_http_header_content_length(wsi, length, p, end))
		return -1;
	call->chunked = !whole && !call->http10;
	call->hang_up |= !whole && call->http10;
	if (call->hang_up &&
	    lws_add_http_header_by_token(
		wsi, WSI_TOKEN_CONNECTION, (const uint8_t *)"close", 5, p, end))
		return -1;
	if (call->chunked &&
	    lws_add_http_header_by_token(
		wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING, (const uint8_t *)"chunked", 7, p, end))
		return -1;
	return lws_finalize_http_header(wsi, p, end);
}

/* One piece of the body at p: HTTP/1.1's chunk sizes around it where they are needed. */
static size_t
put_piece(struct cw_web_call *call, uint8_t *p, size_t room, bool *last)
{
	size_t n = cw_buf_left(&call->out), head = 0;

	if (n > room)
		n = room;
	if (n > 0 && call->chunked)
		head = (size_t)snprintf((char *)p, CHUNK_ROOM, "%zx\r\n", n);
	memcpy(p + head, cw_buf_peek(&call->out), n);
	cw_buf_skip(&call->out, n);
	call->sent_bytes += n;
	*last = call->state == CALL_ENDED && cw_buf_left(&call->out) == 0;
	n += head;
	if (head > 0) {
		memcpy(p + n, "\r\n", 2);
		n += 2;
	}
	if (*last && call->chunked) {
		memcpy(p + n, "0\r\n\r\n", 5);
		n += 5;
	}
	return n;
}

/* What lws is to be told when an answer is out: go on with the connection, or close it. */
static int
finish(struct cw_web_call *call)
{
	struct lws *wsi = call->wsi;
	bool hang_up = call->broken || call->hang_up;

	web_call_log(call, call->broken ? "broken" : "ok");
	lws_set_opaque_user_data(wsi, NULL);
	web_call_free(call);
	return hang_up || lws_http_transaction_completed(wsi) ? -1 : 0;
}

int
web_call_write(struct cw_web_call *call)
{
	uint8_t *start = call->web->scratch + LWS_PRE, *p = start, *end = start + SCRATCH;
	bool whole = call->state == CALL_ENDED, last = false;
	struct lws *wsi = call->wsi;
	size_t room, n;

	if (call->broken && !call->headers_sent)
		return finish(call);
	if (!call->headers_sent) {
		if (write_headers(call, &p, end, whole))
			return -1;
		call->headers_sent = true;
	}
	do {
		room = lws_ptr_diff_size_t(end, p);
		n = put_piece(call, p, room, &last) + lws_ptr_diff_size_t(p, start);
		if (n == 0 && !last)
			break;
		if (lws_write(wsi, start, n, LWS_WRITE_HTTP) < 0)
			return -1;
		p = start;
	} while (!last && cw_buf_left(&call->out) > 0 && !lws_send_pipe_choked(wsi));
	if (last || (call->broken && cw_buf_left(&call->out) == 0))
		return finish(call);
	call->deadline_ms = cw_buf_left(&call->out) > 0
	    ? uv_now(call->web->config.loop) + CW_WEB_STALL_TIMEOUT_MS
	    : 0;
	if (cw_buf_left(&call->out) > 0)
		lws_callback_on_writable(wsi);
	if (call->above_water && cw_buf_left(&call->out) < call->water / 2 &&
	    call->drained != NULL) {
		call->above_water = false;
		call->drained(
		    call->drained_arg); /* may put more, end, or break: comes as a later turn */
	}
	return 0;
}

bool
web_call_has_output(const struct cw_web_call *call)
{
	return call->state == CALL_ENDED || call->broken ||
	    (call->state == CALL_ANSWERING && call->may_begin);
}

/* Between the callee's doing and the wire: at once when lws is calling us, else at its next turn.
 */
static void
kick(struct cw_web_call *call)
{
	if (web_call_has_output(call) && !call->in_callback)
		lws_callback_on_writable(call->wsi);
}

/* --- what the callee says */

void
cw_web_on_gone(struct cw_web_call *call, void (*gone)(void *arg), void *arg)
{
	call->gone = gone;
	call->gone_arg = arg;
}

void
cw_web_on_drained(struct cw_web_call *call, void (*drained)(void *arg), void *arg)
{
	call->drained = drained;
	call->drained_arg = arg;
}

void
cw_web_begin(struct cw_web_call *call, int status, const char *type)
{
	call->status = status;
	call->type = type;
	call->state = CALL_ANSWERING;
}

void
cw_web_header(struct cw_web_call *call, const char *name, const char *value)
{
	size_t before = cw_buf_left(&call->extra);

	/* What lws sends "by name" carries the colon. */
	if (cw_buf_printf(&call->extra, "%s:", name) < 0 || cw_buf_putc(&call->extra, '\0') < 0 ||
	    cw_buf_puts(&call->extra, value) < 0 || cw_buf_putc(&call->extra, '\0') < 0)
		call->extra.len = before;
}

void
cw_web_water(struct cw_web_call *call, size_t bytes)
{
	call->water = bytes;
}

bool
cw_web_restart(struct cw_web_call *call)
{
	if (call->headers_sent || call->may_begin || call->broken)
		return false;
	cw_buf_clear(&call->out);
	cw_buf_clear(&call->extra);
	call->head_length = 0;
	call->state = CALL_HANDLING;
	return true;
}

/* A HEAD gets the length of what it does not get. */
static void
append(struct cw_web_call *call, const void *p, size_t n)
{
	if (call->head) {
		call->head_length += n;
	} else if (cw_buf_put(&call->out, p, n) < 0) {
		call->broken = true; /* a gigabyte waits, or memory ended: what follows is lost */
		cw_buf_clear(&call->out);
	}
}

bool
cw_web_put(struct cw_web_call *call, const void *p, size_t n)
{
	append(call, p, n);
	if (cw_buf_left(&call->out) >= call->water) {
		call->may_begin = true;
		call->above_water = true;
	}
	kick(call);
	return call->above_water;
}

void
cw_web_flush(struct cw_web_call *call)
{
	call->may_begin = true;
	kick(call);
}

void
cw_web_end(struct cw_web_call *call)
{
	call->state = CALL_ENDED;
	call->gone = NULL;
	call->drained = NULL;
	kick(call);
}

void
cw_web_break(struct cw_web_call *call)
{
	call->broken = true;
	cw_web_end(call);
}

void
cw_web_answer(struct cw_web_call *call, int status, const char *type, const void *p, size_t n)
{
	cw_web_begin(call, status, type);
	append(call, p, n);
	cw_web_end(call);
}

static int
put_message(struct cw_buf *b, const char *message)
{
	size_t n = strlen(message);
	char *text;
	int r;

	if (cw_utf8_valid(message, n))
		return cw_json_put_str(b, message, n);
	if ((text = cw_strdup(message)) == NULL)
		return CW_ENOMEM;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] >= 0x80)
			text[i] = '?';
	r = cw_json_put_str(b, text, n);
	free(text);
	return r;
}

void
cw_web_fail(struct cw_web_call *call, int status, const char *code, const char *message)
{
	struct cw_buf b;

	if (call->state == CALL_ANSWERING && !cw_web_restart(call)) {
		cw_web_break(call);
		return;
	}
	cw_buf_init(&b, 8192);
	/* A message may quote what was sent, cut somewhere: it is shown as text all the same. */
	if (cw_buf_printf(&b, "{\"error\":{\"code\":\"%s\",\"message\":", code) < 0 ||
	    put_message(&b, message) < 0 || cw_buf_puts(&b, "}}") < 0)
		cw_buf_clear(&b);
	cw_web_answer(call, status, "application/json", cw_buf_peek(&b), cw_buf_left(&b));
	cw_buf_free(&b);
}
