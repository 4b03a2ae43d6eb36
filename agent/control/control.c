/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket, listener's side.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "control/control.h"
#include "os/file.h"
#include "os/pipe.h"

#define NAME_MAX_LEN 1024

struct cw_control_reply {
	uv_pipe_t pipe;
	uv_timer_t deadline;
	uv_write_t write;
	struct cw_buf in, out;
	struct cw_control *owner;
	struct cw_control_reply *next;
	int handles; /* open ones, and one while an answer is due; freed at 0 */
	bool asked;
	/* of a stream */
	bool streams, blocked;
	size_t ahead; /* bytes of lines that are not written yet */
	const struct cw_control_events *events; /* NULL: not watched, or told that it is gone */
	void *arg;
};

/* Lines under way. */
struct part {
	uv_write_t write;
	struct cw_control_reply *client;
	size_t n;
	char text[];
};

struct cw_control {
	uv_pipe_t listener;
	cw_control_ask *ask;
	void *arg;
	struct cw_control_reply *clients;
	unsigned count;
	bool closing, listener_closed;
};

static void
control_free_when_done(struct cw_control *c)
{
	if (c->listener_closed && c->clients == NULL)
		free(c);
}

static void
client_unref(struct cw_control_reply *cl)
{
	struct cw_control_reply **at;

	if (--cl->handles > 0)
		return;
	for (at = &cl->owner->clients; *at != cl; at = &(*at)->next)
		;
	*at = cl->next;
	cl->owner->count--;
	control_free_when_done(cl->owner);
	cw_buf_free(&cl->in);
	cw_buf_free(&cl->out);
	free(cl);
}

static void
client_closed(uv_handle_t *handle)
{
	client_unref(handle->data);
}

static void
client_close(struct cw_control_reply *cl)
{
	const struct cw_control_events *events = cl->events;

	if (uv_is_closing((uv_handle_t *)&cl->pipe))
		return;
	uv_close((uv_handle_t *)&cl->pipe, client_closed);
	uv_close((uv_handle_t *)&cl->deadline, client_closed);
	if (events == NULL)
		return;
	cl->events = NULL;
	events->gone(cl->arg);
	client_unref(cl); /* no answer is due any more */
}

static void
written(uv_write_t *req, int status)
{
	(void)status;
	client_close(req->data);
}

static void
too_slow(uv_timer_t *timer)
{
	client_close(timer->data);
}

/* Sends what stands in out, unless the client has gone meanwhile. */
static void
reply(struct cw_control_reply *cl, int r)
{
	uv_buf_t bytes;

	cl->events = NULL;
	if (!uv_is_closing((uv_handle_t *)&cl->pipe)) {
		/* Of a stream a person may be reading, page by page. */
		if (!cl->streams)
			(void)uv_timer_start(&cl->deadline, too_slow, CW_CONTROL_DEADLINE_MS, 0);
		bytes = uv_buf_init((char *)cw_buf_peek(&cl->out), (unsigned)cw_buf_left(&cl->out));
		cl->write.data = cl;
		if (r < 0 ||
		    uv_write(&cl->write, (uv_stream_t *)&cl->pipe, &bytes, 1, written) != 0)
			client_close(cl);
	}
	client_unref(cl);
}

void
cw_control_refuse(struct cw_control_reply *cl, const struct cw_err *err)
{
	const char *text = err->text[0] != '\0' ? err->text : cw_strerror(err->code);
	int r;

	cw_buf_clear(&cl->out);
	if ((r = cw_buf_printf(&cl->out, "{\"%s\":{\"code\":\"%s\",\"message\":",
		 cl->streams ? "refused" : "error", cw_errname(err->code))) == CW_OK &&
	    (r = cw_json_put_str(&cl->out, text, strlen(text))) == CW_OK)
		r = cw_buf_puts(&cl->out, "}}\n");
	reply(cl, r);
}

void
cw_control_answer(struct cw_control_reply *cl, cJSON *answer)
{
	struct cw_err err = { 0 };
	int r = CW_ENOMEM;

	if (answer != NULL &&
	    (r = cw_buf_puts(&cl->out, cl->streams ? "{\"answer\":" : "")) == CW_OK &&
	    (r = cw_json_put(&cl->out, answer)) == CW_OK)
		r = cw_buf_puts(&cl->out, cl->streams ? "}\n" : "\n");
	cJSON_Delete(answer);
	if (r == CW_OK) {
		reply(cl, r);
	} else {
		(void)cw_fail(&err, r, "the answer: %s", cw_strerror(r));
		cw_control_refuse(cl, &err);
	}
}

/* --- several lines */

bool
cw_control_streams(const struct cw_control_reply *cl)
{
	return cl->streams;
}

void
cw_control_watch(struct cw_control_reply *cl, const struct cw_control_events *events, void *arg)
{
	cl->events = events;
	cl->arg = arg;
	(void)cw_control_lines(cl, "\n", 1);
}

static void
part_written(uv_write_t *write, int status)
{
	struct part *part = write->data;
	struct cw_control_reply *cl = part->client;

	cl->ahead -= part->n;
	free(part);
	if (status < 0)
		client_close(cl);
	else if (cl->blocked && cl->ahead == 0) {
		cl->blocked = false;
		if (cl->events != NULL)
			cl->events->writable(cl->arg);
	}
	client_unref(cl);
}

int
cw_control_lines(struct cw_control_reply *cl, const char *text, size_t n)
{
	struct part *part;
	uv_buf_t bytes;

	/* Our own count: what a pipe of Windows takes at once libuv does not count as waiting. */
	if (cl->ahead > CW_CONTROL_AHEAD_MAX) {
		cl->blocked = true;
		return CW_EAGAIN;
	}
	if ((part = malloc(sizeof(*part) + n)) == NULL)
		return CW_ENOMEM;
	part->write.data = part;
	part->client = cl;
	part->n = n;
	memcpy(part->text, text, n);
	bytes = uv_buf_init(part->text, (unsigned)n);
	if (uv_write(&part->write, (uv_stream_t *)&cl->pipe, &bytes, 1, part_written) != 0) {
		/* The client is gone: so from the loop, not from in here. */
		free(part);
		cl->blocked = true;
		(void)uv_timer_start(&cl->deadline, too_slow, 0, 0);
		return CW_EAGAIN;
	}
	cl->handles++;
	cl->ahead += n;
	return CW_OK;
}

static void
drain(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	static char nowhere[4096]; /* nobody reads it */

	(void)handle, (void)suggested;
	*ret = uv_buf_init(nowhere, sizeof(nowhere));
}

static void
listen_for_end(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	(void)bytes;
	if (n < 0)
		client_close(stream->data);
}

/* --- the request */

static void
ask(struct cw_control_reply *cl, size_t line_len)
{
	struct cw_err err = { 0 };
	cJSON *request = NULL;
	const char *verb;
	int r;

	cl->asked = true;
	cl->handles++;
	uv_read_stop((uv_stream_t *)&cl->pipe);
	uv_timer_stop(&cl->deadline);
	r = cw_json_parse(&request, (const char *)cw_buf_peek(&cl->in), line_len, "request", &err);
	cw_buf_free_secret(&cl->in); /* a plan's secrets may be in it */
	cl->streams = r == CW_OK && cw_json_true(request, "stream");
	if (cl->streams)
		uv_read_start((uv_stream_t *)&cl->pipe, drain, listen_for_end);
	if (r < 0 || cw_json_need_str(&verb, request, "verb", &err) < 0)
		cw_control_refuse(cl, &err);
	else
		cl->owner->ask(cl->owner->arg, cl, verb, request);
	cJSON_Delete(request);
}

static void
lend_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	struct cw_control_reply *cl = handle->data;
	size_t room = cl->in.max - cw_buf_left(&cl->in);
	size_t n = room < suggested ? room : suggested;
	uint8_t *p = n > 0 ? cw_buf_reserve(&cl->in, n) : NULL;

	*ret = uv_buf_init((char *)p, p != NULL ? (unsigned)n : 0);
}

static void
have_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct cw_control_reply *cl = stream->data;
	const uint8_t *fresh, *end;
	size_t before = cw_buf_left(&cl->in);

	(void)bytes;
	if (n < 0) { /* closed, or UV_ENOBUFS: the line is longer than any request */
		client_close(cl);
		return;
	}
	cw_buf_added(&cl->in, (size_t)n);
	fresh = cw_buf_peek(&cl->in) + before;
	if (!cl->asked && (end = memchr(fresh, '\n', (size_t)n)) != NULL)
		ask(cl, before + (size_t)(end - fresh));
}

static void
have_client(uv_stream_t *listener, int status)
{
	struct cw_control *c = listener->data;
	struct cw_control_reply *cl;

	if (status < 0 || (cl = calloc(1, sizeof(*cl))) == NULL)
		return;
	cl->owner = c;
	cl->next = c->clients;
	c->clients = cl;
	c->count++;
	cl->handles = 2;
	cw_buf_init(&cl->in, CW_CONTROL_REQUEST_MAX);
	cw_buf_init(&cl->out, CW_CONTROL_ANSWER_MAX);
	uv_pipe_init(listener->loop, &cl->pipe, 0);
	uv_timer_init(listener->loop, &cl->deadline);
	cl->pipe.data = cl->deadline.data = cl;
	if (uv_accept(listener, (uv_stream_t *)&cl->pipe) != 0 ||
	    c->count > CW_CONTROL_CLIENTS_MAX || !cw_pipe_peer_is_privileged(&cl->pipe) ||
	    uv_timer_start(&cl->deadline, too_slow, CW_CONTROL_DEADLINE_MS, 0) != 0 ||
	    uv_read_start((uv_stream_t *)&cl->pipe, lend_room, have_read) != 0)
		client_close(cl);
}

static void
listener_closed(uv_handle_t *handle)
{
	struct cw_control *c = handle->data;

	c->listener_closed = true;
	control_free_when_done(c);
}

/* A socket file that nobody answers on is what a killed agent leaves. */
static int
clear_stale(const char *state_folder, struct cw_err *err)
{
	cJSON *request = cJSON_CreateObject(), *answer = NULL;
	struct cw_err ignored = { 0 };
	char name[NAME_MAX_LEN];
	int r;

	if (request == NULL || cJSON_AddStringToObject(request, "verb", "version") == NULL) {
		cJSON_Delete(request);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	r = cw_control_call(&answer, state_folder, request, 2000, &ignored);
	cJSON_Delete(request);
	cJSON_Delete(answer);
	if (r != CW_EUNAVAILABLE)
		return cw_fail(err, CW_ECONFLICT,
		    "an agent is running already with the state folder %s", state_folder);
	cw_control_name(name, sizeof(name), state_folder);
	return cw_file_remove(name, err);
}

int
cw_control_new(struct cw_control **ret, uv_loop_t *loop, const char *state_folder,
    cw_control_ask *on_ask, void *arg, struct cw_err *err)
{
	char name[NAME_MAX_LEN];
	struct cw_control *c;
	int r, e;

	if ((r = clear_stale(state_folder, err)) < 0)
		return r;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return cw_fail(err, CW_ENOMEM, "control socket: out of memory");
	cw_control_name(name, sizeof(name), state_folder);
	c->ask = on_ask;
	c->arg = arg;
	uv_pipe_init(loop, &c->listener, 0);
	c->listener.data = c;
	if ((e = uv_pipe_bind(&c->listener, name)) != 0)
		r = cw_fail(
		    err, CW_ESYS, "cannot bind the control socket %s: %s", name, uv_strerror(e));
	else if ((r = cw_pipe_make_private(&c->listener, name, err)) == CW_OK &&
	    (e = uv_listen((uv_stream_t *)&c->listener, 8, have_client)) != 0)
		r = cw_fail(err, CW_ESYS, "cannot listen on %s: %s", name, uv_strerror(e));
	if (r < 0) {
		cw_control_close(c);
		return r;
	}
	*ret = c;
	return CW_OK;
}

void
cw_control_close(struct cw_control *c)
{
	if (c == NULL || c->closing)
		return;
	c->closing = true;
	for (struct cw_control_reply *cl = c->clients; cl != NULL; cl = cl->next)
		client_close(cl);
	uv_close((uv_handle_t *)&c->listener, listener_closed);
}
