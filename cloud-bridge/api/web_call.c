/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its answer: read whole, then written as the client takes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "os/clock.h"
#include "web_private.h"

static void
call_free(struct cw_web_call *call)
{
	*call->at = call->next;
	if (call->next != NULL)
		call->next->at = call->at;
	call->web->open--;
	cw_web_forget_secrets(call);
	cw_buf_free(&call->body);
	cw_buf_free(&call->query);
	cw_buf_free(&call->extra);
	cw_buf_free_secret(&call->out); /* an enrolment token or a new key may be in it */
	free(call->bearer);
	free(call->prefer);
	free(call->accept);
	free(call);
}

static void
log_call(const struct cw_web_call *call, const char *how)
{
	if (call->web->config.log)
		cw_log(CW_LOG_INFO, "web: %s %s %d %s %.1f ms %llu bytes %s", call->method,
		    call->path, call->status, how, (double)(cw_clock_ns() - call->started_ns) / 1e6,
		    (unsigned long long)call->sent_bytes, call->who[0] != '\0' ? call->who : "-");
}

void
cw_web_call_gone(struct cw_web_call *call)
{
	void (*gone)(void *) = call->gone;
	void *arg = call->gone_arg;
	bool callee_has_it = call->state == CALL_HANDLING || call->state == CALL_ANSWERING;

	log_call(call, "gone");
	if (call->wsi != NULL)
		lws_set_opaque_user_data(call->wsi, NULL);
	call->wsi = NULL;
	if (callee_has_it && gone != NULL)
		gone(arg);
	call_free(call);
}

/* Reads a known header whole. NULL when it is missing or memory ends. */
static char *
header(struct lws *wsi, enum lws_token_indexes token)
{
	int n = lws_hdr_total_length(wsi, token);
	char *text;

	if (n <= 0 || (text = malloc((size_t)n + 1)) == NULL)
		return NULL;
	if (lws_hdr_copy(wsi, text, n + 1, token) < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static void
refuse(struct cw_web_call *call, int status, const char *code, const char *message)
{
	if (call->refused != 0)
		return;
	call->refused = status;
	call->refused_code = code;
	call->refused_message = message;
}

static void
read_authorization(struct cw_web_call *call)
{
	char *text = header(call->wsi, WSI_TOKEN_HTTP_AUTHORIZATION);

	if (text == NULL)
		return;
	if (strlen(text) > 7 && strncmp(text, "Bearer ", 7) == 0)
		call->bearer = cw_strdup(text + 7);
	cw_wipe(text, strlen(text));
	free(text);
}

static int
read_query(struct cw_web_call *call)
{
	char text[CW_WEB_TARGET_MAX];
	int n, r;

	for (int i = 0; (n = lws_hdr_copy_fragment(
			     call->wsi, text, sizeof(text), WSI_TOKEN_HTTP_URI_ARGS, i)) > 0;
	     i++)
		if ((r = cw_buf_put(&call->query, text, (size_t)n)) < 0 ||
		    (r = cw_buf_putc(&call->query, '\0')) < 0)
			return r;
	return n < -1 ? CW_ELIMIT : CW_OK;
}

/* Method by lws' header table. The path is decoded there; what is not UTF-8 or has NUL is refused.
 */
static void
read_target(struct cw_web_call *call, const char *path, size_t n)
{
	static const struct {
		enum lws_token_indexes token;
		const char *method;
	} methods[] = {
		{ WSI_TOKEN_GET_URI, "GET" },
		{ WSI_TOKEN_POST_URI, "POST" },
		{ WSI_TOKEN_PUT_URI, "PUT" },
		{ WSI_TOKEN_PATCH_URI, "PATCH" },
		{ WSI_TOKEN_DELETE_URI, "DELETE" },
		{ WSI_TOKEN_HEAD_URI, "HEAD" },
		{ WSI_TOKEN_OPTIONS_URI, "OPTIONS" },
	};

	call->method = "?";
	for (size_t i = 0; i < CW_COUNT(methods); i++)
		if (lws_hdr_total_length(call->wsi, methods[i].token) > 0)
			call->method = methods[i].method;
	if (n >= sizeof(call->path))
		refuse(call, 414, "invalid_request", "the path is too long");
	else if (!cw_utf8_valid(path, n) || memchr(path, '\0', n) != NULL)
		refuse(call, 400, "invalid_request", "the path is not UTF-8 text");
	else
		memcpy(call->path, path, n);
	if (read_query(call) < 0)
		refuse(call, 414, "invalid_request", "the query is too long");
}

enum body { BODY_NONE, BODY_COMES, BODY_AT_ONCE, BODY_BROKEN };

/* How much body follows, read more strictly than lws does. */
static enum body
expect_body(struct cw_web_call *call)
{
	bool may_have = strcmp(call->method, "POST") == 0 || strcmp(call->method, "PUT") == 0 ||
	    strcmp(call->method, "PATCH") == 0;
	char *length = header(call->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
	bool coded = lws_hdr_total_length(call->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0;
	unsigned long long n;
	enum body r;

	if (coded) {
		r = BODY_BROKEN;
		refuse(call, 411, "invalid_request",
		    "send the body with Content-Length, not in chunks");
	} else if (length == NULL) {
		r = may_have ? BODY_BROKEN : BODY_NONE;
		if (r == BODY_BROKEN)
			refuse(call, 411, "invalid_request",
			    "Content-Length is missing (0 for no body)");
	} else if (length[strspn(length, "0123456789")] != '\0' || strlen(length) > 12) {
		r = BODY_BROKEN;
		refuse(call, 400, "invalid_request", "Content-Length is not a number");
	} else if ((n = strtoull(length, NULL, 10)) == 0) {
		/* For POST alone lws calls back for a body of nothing. */
		r = strcmp(call->method, "POST") == 0 ? BODY_AT_ONCE : BODY_NONE;
	} else {
		r = n > 16ull * CW_WEB_BODY_MAX ? BODY_BROKEN : BODY_COMES;
		if (n > CW_WEB_BODY_MAX)
			refuse(call, 413, "limit", "the body is larger than 1 MB");
	}
	free(length);
	return r;
}

static void
dispatch(struct cw_web_call *call)
{
	call->state = CALL_HANDLING;
	call->deadline_ms = 0;
	if (call->wsi != NULL)
		lws_set_timeout(call->wsi, NO_PENDING_TIMEOUT, 0);
	if (call->refused != 0)
		cw_web_fail(call, call->refused, call->refused_code, call->refused_message);
	else
		call->web->config.on_call(call->web->config.arg, call);
}

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

	log_call(call, call->broken ? "broken" : "ok");
	lws_set_opaque_user_data(wsi, NULL);
	call_free(call);
	return hang_up || lws_http_transaction_completed(wsi) ? -1 : 0;
}

/* Writes what can be written now. Negative: close the connection. */
static int
write_some(struct cw_web_call *call)
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

static bool
has_something_to_write(const struct cw_web_call *call)
{
	return call->state == CALL_ENDED || call->broken ||
	    (call->state == CALL_ANSWERING && call->may_begin);
}

/* Between the callee's doing and the wire: at once when lws is calling us, else at its next turn.
 */
static void
kick(struct cw_web_call *call)
{
	if (has_something_to_write(call) && !call->in_callback)
		lws_callback_on_writable(call->wsi);
}

/* --- what lws tells */

static int
begin_call(struct cw_web *web, struct lws *wsi, const char *path, size_t n)
{
	struct cw_web_call *call = calloc(1, sizeof(*call));
	char version[16];
	enum body body;

	if (call == NULL)
		return -1;
	call->web = web;
	call->wsi = wsi;
	call->next = web->calls;
	call->at = &web->calls;
	if (call->next != NULL)
		call->next->at = &call->next;
	web->calls = call;
	web->open++;
	call->started_ns = cw_clock_ns();
	cw_buf_init(&call->query, CW_WEB_TARGET_MAX);
	cw_buf_init(&call->body, CW_WEB_BODY_MAX);
	cw_buf_init(&call->out, CW_WEB_ANSWER_MAX);
	cw_buf_init(&call->extra, CW_WEB_EXTRA_MAX);
	call->water = CW_WEB_HIGH_WATER;
	lws_set_opaque_user_data(wsi, call);
	call->http10 = lws_hdr_copy(wsi, version, sizeof(version), WSI_TOKEN_HTTP) > 0 &&
	    strcmp(version, "HTTP/1.0") == 0;
	read_target(call, path, n);
	call->head = strcmp(call->method, "HEAD") == 0;
	read_authorization(call);
	call->accept = header(wsi, WSI_TOKEN_HTTP_ACCEPT);
	call->prefer = lws_hdr_custom_length(wsi, "prefer:", 7) > 0 ? calloc(1, 256) : NULL;
	if (call->prefer != NULL && lws_hdr_custom_copy(wsi, call->prefer, 256, "prefer:", 7) < 0)
		call->prefer[0] = '\0';
	body = expect_body(call);
	call->deadline_ms = uv_now(web->config.loop) + CW_WEB_BODY_TIMEOUT_MS;
	if (body == BODY_COMES || body == BODY_AT_ONCE)
		return 0;
	/* A body that cannot be found the end of: the connection ends with the answer. */
	call->hang_up = body == BODY_BROKEN;
	call->in_callback = true;
	dispatch(call);
	return 1;
}

/* After a dispatch inside a callback: if the answer is there already, it goes out now. */
static int
end_callback(struct lws *wsi)
{
	struct cw_web_call *call = lws_get_opaque_user_data(wsi);

	if (call == NULL)
		return 0;
	call->in_callback = false;
	return has_something_to_write(call) ? write_some(call) : 0;
}

int
cw_web_lws_callback(
    struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct cw_web *web;
	struct cw_web_call *call;

	(void)user;
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		web = lws_context_user(lws_get_context(wsi));
		if (web->closing)
			return -1;
		switch (begin_call(web, wsi, in, len)) {
		case 0: return 0;
		case 1: return end_callback(wsi);
		default: return -1;
		}
	case LWS_CALLBACK_HTTP_BODY:
		call = lws_get_opaque_user_data(wsi);
		if (call == NULL || call->state != CALL_READING)
			return call == NULL ? 0 : -1;
		if (call->refused == 0 && len > 0 && cw_buf_put(&call->body, in, len) < 0)
			refuse(call, 413, "limit", "the body is larger than 1 MB");
		return 0;
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		call = lws_get_opaque_user_data(wsi);
		if (call == NULL || call->state != CALL_READING)
			return 0; /* dispatched already */
		call->in_callback = true;
		dispatch(call);
		return end_callback(wsi);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		call = lws_get_opaque_user_data(wsi);
		if (call == NULL || !has_something_to_write(call))
			return 0;
		return write_some(call);
	case LWS_CALLBACK_CLOSED_HTTP:
	case LWS_CALLBACK_WSI_DESTROY:
		call = lws_get_opaque_user_data(wsi);
		if (call != NULL)
			cw_web_call_gone(call);
		return 0;
	default: return 0;
	}
}

/* --- what the callee does */

const char *
cw_web_method(const struct cw_web_call *call)
{
	return call->method;
}

const char *
cw_web_path(const struct cw_web_call *call)
{
	return call->path;
}

const char *
cw_web_query_name(const struct cw_web_call *call, size_t i, size_t *n)
{
	const char *at = (const char *)cw_buf_peek(&call->query),
		   *end = at + cw_buf_left(&call->query);

	for (; at < end; at += strlen(at) + 1)
		if (i-- == 0) {
			*n = strcspn(at, "=");
			return at;
		}
	return NULL;
}

const char *
cw_web_query(const struct cw_web_call *call, const char *name)
{
	const char *at;
	size_t n;

	for (size_t i = 0; (at = cw_web_query_name(call, i, &n)) != NULL; i++)
		if (strlen(name) == n && memcmp(at, name, n) == 0)
			return at[n] == '=' ? at + n + 1 : at + n;
	return NULL;
}

const char *
cw_web_prefer(const struct cw_web_call *call)
{
	return call->prefer;
}

/* Named as such: what a wildcard would allow is not meant. */
bool
cw_web_accepts(const struct cw_web_call *call, const char *type)
{
	size_t n = strlen(type);

	for (const char *at = call->accept; at != NULL && *at != '\0';) {
		at += strspn(at, " \t,");
		if (strncasecmp(at, type, n) == 0 && strchr(" \t,;", at[n]) != NULL)
			return true; /* strchr() also finds the end */
		at += strcspn(at, ",");
	}
	return false;
}

const char *
cw_web_bearer(const struct cw_web_call *call)
{
	return call->bearer;
}

void
cw_web_body(const struct cw_web_call *call, const char **ret, size_t *n)
{
	*ret = (const char *)cw_buf_peek(&call->body);
	*n = cw_buf_left(&call->body);
}

void
cw_web_forget_secrets(struct cw_web_call *call)
{
	if (call->bearer != NULL)
		cw_wipe(call->bearer, strlen(call->bearer));
	cw_buf_free_secret(&call->body);
}

void
cw_web_set_who(struct cw_web_call *call, const char *who)
{
	(void)snprintf(call->who, sizeof(call->who), "%s", who);
}

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
