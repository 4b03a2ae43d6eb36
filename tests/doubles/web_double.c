/* SPDX-License-Identifier: Apache-2.0 */
#include "doubles/web_double.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

struct cw_web_call {
	char *method, *path, *query, *bearer, *prefer, *accept, *body;
	struct cw_buf out, headers;
	int status;
	size_t waiting, water;
	bool begun, going, ended, broken, above;
	void (*gone)(void *arg);
	void *gone_arg;
	void (*drained)(void *arg);
	void *drained_arg;
};

struct cw_web_call *
web_double_new(const struct web_double_request *request)
{
	struct cw_web_call *call = calloc(1, sizeof(*call));

	call->method = cw_strdup(request->method);
	call->path = cw_strdup(request->path);
	call->query = cw_strdup(request->query != NULL ? request->query : "");
	call->bearer = cw_strdup(request->bearer);
	call->prefer = cw_strdup(request->prefer);
	call->accept = cw_strdup(request->accept);
	call->body = cw_strdup(request->body);
	call->water = CW_WEB_HIGH_WATER;
	cw_buf_init(&call->out, CW_WEB_ANSWER_MAX);
	cw_buf_init(&call->headers, CW_WEB_EXTRA_MAX);
	/* Names are told apart from values as the real one does: by NUL. */
	for (char *p = call->query; (p = strchr(p, '&')) != NULL; p++)
		*p = '\1';
	return call;
}

void
web_double_free(struct cw_web_call *call)
{
	if (!call->ended)
		web_double_hang_up(call);
	free(call->method);
	free(call->path);
	free(call->query);
	free(call->bearer);
	free(call->prefer);
	free(call->accept);
	free(call->body);
	cw_buf_free(&call->out);
	cw_buf_free(&call->headers);
	free(call);
}

int
web_double_status(const struct cw_web_call *call)
{
	return call->status;
}

const char *
web_double_header(const struct cw_web_call *call, const char *name)
{
	const char *at = (const char *)cw_buf_peek(&call->headers),
		   *end = at + cw_buf_left(&call->headers);

	for (; at < end; at += strlen(at) + 1) {
		if (cw_streq(at, name))
			return at + strlen(at) + 1;
		at += strlen(at) + 1;
	}
	return NULL;
}

const char *
web_double_body(struct cw_web_call *call)
{
	return cw_buf_str(&call->out);
}

bool
web_double_ended(const struct cw_web_call *call)
{
	return call->ended;
}

bool
web_double_broken(const struct cw_web_call *call)
{
	return call->broken;
}

size_t
web_double_waiting(const struct cw_web_call *call)
{
	return call->waiting;
}

void
web_double_take(struct cw_web_call *call)
{
	call->waiting = 0;
	cw_buf_clear(&call->out);
	if (!call->above || call->drained == NULL)
		return;
	call->above = false;
	call->drained(call->drained_arg);
}

void
web_double_hang_up(struct cw_web_call *call)
{
	if (!call->ended && call->gone != NULL)
		call->gone(call->gone_arg);
	call->ended = true;
	call->gone = NULL;
}

/* --- web.h */

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
	const char *at = call->query;

	for (; i > 0 && at != NULL; i--)
		at = strchr(at, '\1') != NULL ? strchr(at, '\1') + 1 : NULL;
	if (at == NULL || *at == '\0')
		return NULL;
	*n = strcspn(at, "=\1");
	return at;
}

const char *
cw_web_query(const struct cw_web_call *call, const char *name)
{
	static char value[1024];
	const char *at;
	size_t n, len;

	for (size_t i = 0; (at = cw_web_query_name(call, i, &n)) != NULL; i++) {
		if (strlen(name) != n || memcmp(at, name, n) != 0)
			continue;
		at += n + (at[n] == '=');
		len = strcspn(at, "\1");
		memcpy(value, at, len);
		value[len] = '\0';
		return value;
	}
	return NULL;
}

const char *
cw_web_prefer(const struct cw_web_call *call)
{
	return call->prefer;
}

bool
cw_web_accepts(const struct cw_web_call *call, const char *type)
{
	return cw_streq(call->accept, type);
}

const char *
cw_web_bearer(const struct cw_web_call *call)
{
	return call->bearer;
}

void
cw_web_body(const struct cw_web_call *call, const char **ret, size_t *n)
{
	*ret = call->body != NULL ? call->body : "";
	*n = strlen(*ret);
}

void
cw_web_forget_secrets(struct cw_web_call *call)
{
	free(call->body);
	call->body = NULL;
}

void
cw_web_set_who(struct cw_web_call *call, const char *who)
{
	(void)call, (void)who;
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
cw_web_header(struct cw_web_call *call, const char *name, const char *value)
{
	(void)cw_buf_put(&call->headers, name, strlen(name) + 1);
	(void)cw_buf_put(&call->headers, value, strlen(value) + 1);
}

void
cw_web_begin(struct cw_web_call *call, int status, const char *type)
{
	call->status = status;
	call->begun = true;
	if (type != NULL)
		cw_web_header(call, "content-type", type);
}

void
cw_web_water(struct cw_web_call *call, size_t bytes)
{
	call->water = bytes;
}

bool
cw_web_put(struct cw_web_call *call, const void *p, size_t n)
{
	(void)cw_buf_put(&call->out, p, n);
	call->waiting += n;
	if (call->waiting >= call->water)
		call->above = call->going = true;
	return call->above;
}

void
cw_web_flush(struct cw_web_call *call)
{
	call->going = true;
}

bool
cw_web_restart(struct cw_web_call *call)
{
	if (call->going)
		return false;
	cw_buf_clear(&call->out);
	cw_buf_clear(&call->headers);
	call->waiting = 0;
	call->status = 0;
	call->begun = false;
	return true;
}

void
cw_web_end(struct cw_web_call *call)
{
	call->ended = true;
	call->gone = NULL;
	call->drained = NULL;
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
	(void)cw_web_put(call, p, n);
	cw_web_end(call);
}

void
cw_web_fail(struct cw_web_call *call, int status, const char *code, const char *message)
{
	struct cw_buf b;

	if (call->begun && !cw_web_restart(call)) {
		cw_web_break(call);
		return;
	}
	cw_buf_init(&b, 8192);
	(void)cw_buf_printf(&b, "%s: %s", code, message);
	cw_web_answer(call, status, "error", cw_buf_peek(&b), cw_buf_left(&b));
	cw_buf_free(&b);
}
