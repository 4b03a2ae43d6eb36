/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request: read whole, then handed over.
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

#define DRAIN_MAX (32ull << 20) /* bytes of a body that is passed over for its answer's sake */

void
web_call_free(struct cw_web_call *call)
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

void
web_call_log(const struct cw_web_call *call, const char *how)
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

	web_call_log(call, "gone");
	if (call->wsi != NULL)
		lws_set_opaque_user_data(call->wsi, NULL);
	call->wsi = NULL;
	if (callee_has_it && gone != NULL)
		gone(arg);
	web_call_free(call);
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

/* The parameters, each with a NUL behind it; lws has decoded them. */
static void
read_query(struct cw_web_call *call)
{
	char text[CW_WEB_TARGET_MAX];
	int n;

	for (int i = 0; (n = lws_hdr_copy_fragment(
			     call->wsi, text, sizeof(text), WSI_TOKEN_HTTP_URI_ARGS, i)) > 0;
	     i++) {
		if (memchr(text, '\0', (size_t)n) != NULL)
			refuse(call, 400, "invalid_request", "the query holds a NUL");
		if (cw_buf_put(&call->query, text, (size_t)n) < 0 ||
		    cw_buf_putc(&call->query, '\0') < 0)
			break;
	}
	if (n > 0 || n < -1)
		refuse(call, 414, "invalid_request", "the query is too long");
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
	read_query(call);
}

enum body { BODY_NONE, BODY_COMES, BODY_AT_ONCE, BODY_BROKEN };

/* A body that not everybody may send. One that is refused is read to its end where that is near. */
static enum body
expect_large(struct cw_web_call *call, unsigned long long n)
{
	const struct cw_web_config *c = &call->web->config;
	size_t most = c->body_max != NULL ? c->body_max(c->arg, call) : CW_WEB_BODY_MAX;

	call->skips = true;
	if (most > 0 && n > most) {
		(void)snprintf(call->refused_text, sizeof(call->refused_text),
		    "the body is larger than %zu MB%s", most >> 20,
		    most > CW_WEB_BODY_MAX ? ": split the script" : "");
		refuse(call, 413, "limit", call->refused_text);
	} else if (most > 0 && call->web->large >= CW_WEB_LARGE_MAX) {
		refuse(call, 503, "unavailable",
		    "as many large requests are being read as may be: try again in a moment");
	} else if (most > 0) {
		call->skips = false;
		call->large = true;
		call->web->large++;
		call->body.max = most;
	}
	return n > DRAIN_MAX ? BODY_BROKEN : BODY_COMES;
}

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
		call->body_left = n;
		r = n > CW_WEB_BODY_MAX ? expect_large(call, n) : BODY_COMES;
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
	call->deadline_ms = uv_now(web->config.loop) +
	    (call->large ? CW_WEB_LARGE_TIMEOUT_MS : CW_WEB_BODY_TIMEOUT_MS);
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
	return web_call_has_output(call) ? web_call_write(call) : 0;
}

/* lws hands over all that has come, also what stands behind the body, and then waits for its end
 * for ever: a request behind a body is refused before anything is done. */
static int
take_body(struct cw_web_call *call, const void *p, size_t n)
{
	struct lws *wsi = call->wsi;

	if (n > call->body_left) {
		refuse(call, 400, "invalid_request",
		    "more came behind the body: send the next request after this one's answer");
		call->hang_up = true;
		call->in_callback = true;
		dispatch(call);
		return end_callback(wsi);
	}
	call->body_left -= n;
	if (call->refused == 0 && !call->skips && n > 0 && cw_buf_put(&call->body, p, n) < 0)
		refuse(call, 413, "limit", "the body is larger than it said");
	return 0;
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
		if (call == NULL)
			return 0;
		return call->state == CALL_READING ? take_body(call, in, len) : -1;
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		call = lws_get_opaque_user_data(wsi);
		if (call == NULL || call->state != CALL_READING)
			return 0; /* dispatched already */
		call->in_callback = true;
		dispatch(call);
		return end_callback(wsi);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		call = lws_get_opaque_user_data(wsi);
		if (call == NULL || !web_call_has_output(call))
			return 0;
		return web_call_write(call);
	case LWS_CALLBACK_CLOSED_HTTP:
	case LWS_CALLBACK_WSI_DESTROY:
		call = lws_get_opaque_user_data(wsi);
		if (call != NULL)
			cw_web_call_gone(call);
		return 0;
	default: return 0;
	}
}

/* --- what the callee asks */

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
	call->web->large -= call->large;
	call->large = false;
}

void
cw_web_set_who(struct cw_web_call *call, const char *who)
{
	(void)snprintf(call->who, sizeof(call->who), "%s", who);
}
