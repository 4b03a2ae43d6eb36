/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire itself: reading frames, asking and being answered, heartbeat, the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "wire/channel_internal.h"

#define IN_MAX (CW_FRAME_HEADER + CW_FRAME_MESSAGE_MAX)
#define KEEP 4096u /* bytes that an idle buffer may keep */

int
cw_wire_new(struct cw_wire **ret, const struct cw_wire_config *config, uint64_t now_ms)
{
	struct cw_wire *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return CW_ENOMEM;
	w->config = *config;
	cw_buf_init(&w->in, IN_MAX);
	cw_buf_init(&w->plain, CW_FRAME_MESSAGE_MAX);
	cw_buf_init(&w->out, CW_WIRE_OUT_MAX);
	w->next_id = 1;
	w->now_ms = w->heard_ms = w->pinged_ms = now_ms;
	*ret = w;
	return CW_OK;
}

void
cw_wire_free(struct cw_wire *w)
{
	if (w == NULL)
		return;
	cw_wire_close(w, CW_ECLOSED, "connection closed");
	cw_buf_free(&w->in);
	cw_buf_free(&w->plain);
	cw_buf_free(&w->out);
	free(w);
}

void
cw_wire_set_heartbeat(struct cw_wire *w, uint64_t ping_ms, uint64_t silence_ms)
{
	w->config.ping_ms = ping_ms;
	w->config.silence_ms = silence_ms;
}

const struct cw_err *
cw_wire_error(const struct cw_wire *w)
{
	return &w->err;
}

/* Output. */

void
cw_wire_doom(struct cw_wire *w, int code, const char *why)
{
	if (w->doom.code != 0 || w->err.code != 0)
		return;
	(void)cw_fail(&w->doom, code, "%s", why);
	w->config.output(w->config.arg); /* makes the owner look at the deadline again */
}

int
cw_wire_put(struct cw_wire *w, enum cw_frame_type type, uint32_t stream, const void *p, size_t n)
{
	bool was_empty = cw_buf_left(&w->out) == 0;
	int r;

	if (w->err.code != 0 || w->doom.code != 0)
		return CW_ECLOSED;
	if ((r = cw_frame_put(&w->out, type, stream, p, n)) < 0)
		cw_wire_doom(w, r, "the peer does not read: too many bytes wait for it");
	else if (was_empty)
		w->config.output(w->config.arg);
	return r;
}

const struct cw_buf *
cw_wire_out(const struct cw_wire *w)
{
	return &w->out;
}

/* An idle connection holds next to nothing. */
static void
shrink(struct cw_buf *b)
{
	if (cw_buf_left(b) == 0 && b->cap > KEEP)
		cw_buf_free(b);
}

void
cw_wire_sent(struct cw_wire *w, size_t n)
{
	cw_buf_skip(&w->out, n);
	if (cw_buf_left(&w->out) == 0)
		cw_buf_clear(&w->out);
	shrink(&w->out);
}

/* Asking. */

static struct cw_wire_request **
find(struct cw_wire *w, uint32_t id)
{
	struct cw_wire_request **at = &w->requests;

	while (*at != NULL && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static void
request_done(struct cw_wire_request **at, const struct cw_wire_answer *answer)
{
	struct cw_wire_request *req = *at;

	*at = req->next;
	req->wire->request_count--;
	req->events.done(req->arg, answer);
	free(req);
}

static void
request_end(struct cw_wire_request **at, int code, const char *message)
{
	struct cw_wire_answer answer = { .code = code, .message = message };

	request_done(at, &answer);
}

int
cw_wire_request(struct cw_wire_request **ret, struct cw_wire *w, const char *method, cJSON *params,
    const struct cw_wire_events *events, void *arg, uint64_t timeout_ms, uint64_t now_ms)
{
	struct cw_wire_request *req = calloc(1, sizeof(*req));
	struct cw_buf text;
	int r;

	cw_buf_init(&text, CW_FRAME_MESSAGE_MAX);
	if (w->err.code != 0 || w->doom.code != 0)
		r = CW_ECLOSED;
	else if (w->request_count >= CW_WIRE_OPEN_MAX || w->next_id == 0)
		r = CW_ELIMIT;
	else if (req == NULL)
		r = CW_ENOMEM;
	else if ((r = cw_buf_printf(
		      &text, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":", w->next_id)) == CW_OK &&
	    (r = cw_json_put_str(&text, method, strlen(method))) == CW_OK &&
	    (params == NULL || (r = cw_buf_puts(&text, ",\"params\":")) == CW_OK) &&
	    (params == NULL || (r = cw_json_put(&text, params)) == CW_OK) &&
	    (r = cw_buf_putc(&text, '}')) == CW_OK)
		r = cw_wire_put(w, CW_FRAME_MESSAGE, 0, cw_buf_peek(&text), cw_buf_left(&text));
	cw_buf_free_secret(&text);
	cJSON_Delete(params);
	if (r < 0) {
		free(req);
		return r;
	}
	w->now_ms = now_ms;
	*req = (struct cw_wire_request){
		.wire = w,
		.next = w->requests,
		.events = *events,
		.arg = arg,
		.deadline_ms = timeout_ms > 0 ? now_ms + timeout_ms : CW_WIRE_NEVER,
		.id = w->next_id++,
		.granted = CW_WIRE_WINDOW,
	};
	w->requests = req;
	w->request_count++;
	if (ret != NULL)
		*ret = req;
	return CW_OK;
}

/* Grants what was used up, once it is worth a frame. */
static void
grant(struct cw_wire_request *req)
{
	uint8_t bytes[4];

	if (req->paused || req->owed < CW_WIRE_WINDOW / 2)
		return;
	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(req->owed >> (24 - 8 * i));
	req->granted += req->owed;
	req->owed = 0;
	(void)cw_wire_put(req->wire, CW_FRAME_CREDIT, req->id, bytes, sizeof(bytes));
}

void
cw_wire_request_pause(struct cw_wire_request *req)
{
	req->paused = true;
}

void
cw_wire_request_resume(struct cw_wire_request *req)
{
	req->paused = false;
	grant(req);
}

void
cw_wire_request_cancel(struct cw_wire_request *req)
{
	struct cw_wire_request **at = find(req->wire, req->id);

	*at = req->next;
	req->wire->request_count--;
	(void)cw_wire_put(req->wire, CW_FRAME_CANCEL, req->id, NULL, 0);
	free(req);
}

/* Reading. */

static int
receive_answer(struct cw_wire *w, uint32_t id, const cJSON *message, struct cw_err *err)
{
	static const char *const members[] = { "jsonrpc", "id", "result", "error", NULL };
	static const char *const error_members[] = { "code", "message", "data", NULL };
	const cJSON *result = cJSON_GetObjectItemCaseSensitive(message, "result");
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(message, "error");
	struct cw_wire_request **at = find(w, id);
	struct cw_wire_answer answer = { .result = result };
	int64_t code;
	int r;

	if (id >= w->next_id && w->next_id != 0)
		return cw_fail(err, CW_EPROTO, "answer to request %u, which was not made", id);
	if ((r = cw_json_only(message, members, "answer", err)) < 0)
		return r;
	if ((result == NULL) == (error == NULL))
		return cw_fail(err, CW_EPROTO, "answer without exactly one of result and error");
	if (error != NULL) {
		answer.message = cw_json_str(error, "message");
		answer.data = cw_json_get(error, "data");
		if (!cJSON_IsObject(error) || answer.message == NULL ||
		    !cw_json_int(error, "code", &code) ||
		    (answer.data != NULL && !cJSON_IsObject(answer.data)))
			return cw_fail(err, CW_EPROTO, "error answer without code and message");
		if ((r = cw_json_only(error, error_members, "error answer", err)) < 0)
			return r;
		answer.code = cw_errcode(cw_json_str(answer.data, "code"));
	}
	if (*at != NULL)
		request_done(at, &answer);
	return CW_OK;
}

static int
receive_request(struct cw_wire *w, uint32_t id, const cJSON *message, struct cw_err *err)
{
	static const char *const members[] = { "jsonrpc", "id", "method", "params", NULL };
	const char *method = cw_json_str(message, "method");
	const cJSON *params = cJSON_GetObjectItemCaseSensitive(message, "params");
	int r;

	if (id <= w->last_peer_id)
		return cw_fail(err, CW_EPROTO, "request %u after request %u", id, w->last_peer_id);
	if ((r = cw_json_only(message, members, "request", err)) < 0)
		return r;
	if (method == NULL || (params != NULL && !cJSON_IsObject(params)))
		return cw_fail(
		    err, CW_EPROTO, "request whose method is no string or whose params no object");
	w->last_peer_id = id;
	cw_wire_call_new(w, id, method, params);
	return CW_OK;
}

static int
receive_message(struct cw_wire *w, const struct cw_frame *f, struct cw_err *err)
{
	cJSON *message = NULL;
	int64_t id;
	int r;

	r = cw_json_parse(&message, (const char *)f->data, f->len, "message", err);
	if (r < 0)
		return r;
	if (!cJSON_IsObject(message) || !cw_streq(cw_json_str(message, "jsonrpc"), "2.0"))
		r = cw_fail(err, CW_EPROTO, "message that is no JSON-RPC 2.0 object");
	else if (!cw_json_int(message, "id", &id) || id < 1 || id > UINT32_MAX)
		r = cw_fail(err, CW_EPROTO, "message without an id from 1 to 2^32-1");
	else if (cJSON_GetObjectItemCaseSensitive(message, "method") != NULL)
		r = receive_request(w, (uint32_t)id, message, err);
	else
		r = receive_answer(w, (uint32_t)id, message, err);
	cJSON_Delete(message);
	return r;
}

static int
receive_chunk(struct cw_wire *w, const struct cw_frame *f, struct cw_err *err)
{
	struct cw_wire_request *req = *find(w, f->stream);

	if (req == NULL && (f->stream < w->next_id || w->next_id == 0))
		return CW_OK; /* given up since; the credit ends it */
	if (req == NULL)
		return cw_fail(
		    err, CW_EPROTO, "chunk of request %u, which was not made", f->stream);
	if (f->len > req->granted)
		return cw_fail(
		    err, CW_EPROTO, "chunk of %zu bytes, granted %u", f->len, req->granted);
	if (req->events.chunk == NULL)
		return cw_fail(
		    err, CW_EPROTO, "chunk of request %u, which has no stream", f->stream);
	req->granted -= (uint32_t)f->len;
	req->owed += (uint32_t)f->len;
	/* The callback may end the request, so it is looked up again. */
	req->events.chunk(req->arg, (const char *)f->data, f->len);
	if (w->err.code == 0 && (req = *find(w, f->stream)) != NULL)
		grant(req);
	return CW_OK;
}

static int
receive_frame(struct cw_wire *w, const struct cw_frame *f, struct cw_err *err)
{
	switch (f->type) {
	case CW_FRAME_MESSAGE: return receive_message(w, f, err);
	case CW_FRAME_CHUNK: return receive_chunk(w, f, err);
	case CW_FRAME_PING: (void)cw_wire_put(w, CW_FRAME_PONG, 0, f->data, f->len); return CW_OK;
	case CW_FRAME_PONG: return CW_OK; /* that it came is all it says */
	case CW_FRAME_CREDIT:
	case CW_FRAME_CANCEL:
		if (f->stream > w->last_peer_id)
			return cw_fail(err, CW_EPROTO,
			    "credit or cancel for request %u, which was not made", f->stream);
		if (f->type == CW_FRAME_CREDIT)
			return cw_wire_call_credit(
			    w, f->stream, (uint32_t)cw_get_be(f->data, 4), err);
		cw_wire_call_cancel(w, f->stream);
		return CW_OK;
	}
	return cw_fail(err, CW_EPROTO, "frame of unknown type %d", (int)f->type);
}

/* Reads whole frames from what is there. CW_OK: needs more. */
static int
read_frames(struct cw_wire *w)
{
	struct cw_err err = { 0 };
	struct cw_frame f;
	int r;

	while (w->err.code == 0 && w->doom.code == 0) {
		if ((r = cw_frame_read(&f, &w->in, &w->plain, &err)) == CW_EAGAIN)
			return CW_OK;
		if (r == CW_OK)
			r = receive_frame(w, &f, &err);
		if (r < 0) {
			cw_wire_close(w, r == CW_EINVAL ? CW_EPROTO : r,
			    err.text[0] != '\0' ? err.text : cw_strerror(r));
			return w->err.code;
		}
	}
	if (w->err.code == 0)
		cw_wire_close(w, w->doom.code, w->doom.text);
	return w->err.code;
}

int
cw_wire_feed(struct cw_wire *w, const void *p_, size_t n, uint64_t now_ms)
{
	const uint8_t *p = p_;
	int r = w->err.code;

	w->now_ms = w->heard_ms = now_ms;
	/* The buffer holds the longest frame, so reading always makes room. */
	while (r == CW_OK && n > 0) {
		size_t room = IN_MAX - cw_buf_left(&w->in);
		size_t part = n < room ? n : room;

		if ((r = cw_buf_put(&w->in, p, part)) < 0) {
			cw_wire_close(w, r, "no memory for what the peer sends");
			break;
		}
		p += part;
		n -= part;
		r = read_frames(w);
	}
	shrink(&w->in);
	shrink(&w->plain);
	return r;
}

/* Time. */

static void
end_overdue(struct cw_wire *w)
{
	struct cw_wire_request **at = &w->requests;

	while (*at != NULL) {
		if ((*at)->deadline_ms > w->now_ms) {
			at = &(*at)->next;
			continue;
		}
		(void)cw_wire_put(w, CW_FRAME_CANCEL, (*at)->id, NULL, 0);
		request_end(at, CW_ETIMEOUT, "no answer in time");
		at = &w->requests; /* the callback may have changed the list */
	}
}

int
cw_wire_tick(struct cw_wire *w, uint64_t now_ms)
{
	static const uint8_t zero[8];

	w->now_ms = now_ms;
	if (w->err.code == 0 && w->doom.code != 0)
		cw_wire_close(w, w->doom.code, w->doom.text);
	if (w->err.code == 0 && w->config.silence_ms != 0 &&
	    now_ms >= w->heard_ms + w->config.silence_ms) {
		char why[64];

		(void)snprintf(why, sizeof(why), "nothing heard for %llu seconds",
		    (unsigned long long)((now_ms - w->heard_ms) / 1000));
		cw_wire_close(w, CW_ETIMEOUT, why);
	}
	if (w->err.code != 0)
		return w->err.code;
	if (w->config.ping_ms != 0 && now_ms >= w->heard_ms + w->config.ping_ms &&
	    now_ms >= w->pinged_ms + w->config.ping_ms) {
		w->pinged_ms = now_ms;
		(void)cw_wire_put(w, CW_FRAME_PING, 0, zero, sizeof(zero));
	}
	end_overdue(w);
	return w->err.code;
}

uint64_t
cw_wire_next_ms(const struct cw_wire *w)
{
	uint64_t next = CW_WIRE_NEVER, at;

	if (w->err.code != 0)
		return CW_WIRE_NEVER;
	if (w->doom.code != 0)
		return w->now_ms;
	for (const struct cw_wire_request *req = w->requests; req != NULL; req = req->next)
		next = req->deadline_ms < next ? req->deadline_ms : next;
	if (w->config.ping_ms != 0) {
		at = w->config.ping_ms + (w->heard_ms > w->pinged_ms ? w->heard_ms : w->pinged_ms);
		next = at < next ? at : next;
	}
	if (w->config.silence_ms != 0) {
		at = w->heard_ms + w->config.silence_ms;
		next = at < next ? at : next;
	}
	return next;
}

void
cw_wire_close(struct cw_wire *w, int code, const char *why)
{
	if (w->err.code != 0)
		return;
	(void)cw_fail(&w->err, code, "%s", why);
	while (w->requests != NULL)
		request_end(&w->requests, CW_ECLOSED, w->err.text);
	cw_wire_call_cancel_all(w);
}
