/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket, causewayctl's side: a loop of its own, one request, its lines
 * and its answer; and the socket's name, which both sides must agree on.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "control/control.h"
#include "os/pipe.h"

#define NAME_MAX_LEN 1024
#define CONNECT_MS 10000u

struct call {
	uv_loop_t loop;
	uv_pipe_t pipe;
	uv_timer_t deadline;
	uv_connect_t connect;
	uv_write_t write;
	struct cw_buf out, in;
	void (*line)(void *arg, const char *text, size_t n); /* NULL: no stream */
	void *arg;
	size_t looked; /* bytes of in that hold no end of a line */
	bool begun; /* the agent is at it */
	bool ended; /* in begins with the last line */
	struct cw_err *err;
	int code; /* CW_EAGAIN until it is settled */
};

void
cw_control_name(char *ret, size_t size, const char *state_folder)
{
	cw_pipe_name(ret, size, state_folder, "control");
}

static void
settle(struct call *c, int code)
{
	if (c->code != CW_EAGAIN)
		return;
	c->code = code;
	uv_close((uv_handle_t *)&c->pipe, NULL);
	uv_close((uv_handle_t *)&c->deadline, NULL);
}

static void
out_of_time(uv_timer_t *timer)
{
	struct call *c = timer->data;

	settle(c,
	    cw_fail(c->err, CW_ETIMEOUT, "the agent did not answer on its control socket in time"));
}

static void
lend_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	struct call *c = handle->data;
	uint8_t *p = cw_buf_reserve(&c->in, suggested);

	*ret = uv_buf_init((char *)p, p != NULL ? (unsigned)suggested : 0);
}

static bool
is_last(const char *line, size_t n)
{
	static const char *const heads[] = { "{\"answer\":", "{\"refused\":" };

	for (size_t i = 0; i < CW_COUNT(heads); i++)
		if (n >= strlen(heads[i]) && memcmp(line, heads[i], strlen(heads[i])) == 0)
			return true;
	return false;
}

/* Hands on every whole line but the last one. */
static void
hand_on(struct call *c)
{
	const char *start, *end;
	size_t n;

	while (!c->ended) {
		start = (const char *)cw_buf_peek(&c->in);
		end = memchr(start + c->looked, '\n', cw_buf_left(&c->in) - c->looked);
		if (end == NULL) {
			c->looked = cw_buf_left(&c->in);
			return;
		}
		n = (size_t)(end - start);
		c->looked = 0;
		if (is_last(start, n)) {
			c->ended = true;
		} else {
			c->begun = true;
			if (n > 0)
				c->line(c->arg, start, n);
			cw_buf_skip(&c->in, n + 1);
		}
	}
}

static void
have_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct call *c = stream->data;

	(void)bytes;
	/* One that is refused is reset where what it sent lies unread. */
	if (n < 0 && c->begun && !c->ended)
		settle(c,
		    cw_fail(c->err, CW_EUNKNOWN,
			"the agent ended before it had answered: causewayctl journal shows what "
			"was begun"));
	else if (n == UV_EOF || (n == UV_ECONNRESET && cw_buf_left(&c->in) == 0))
		settle(c,
		    cw_buf_left(&c->in) > 0
			? CW_OK
			: cw_fail(c->err, CW_EDENIED,
			      "the agent closed its control socket without an answer: "
			      "run this as root (Administrator on Windows)"));
	else if (n < 0)
		settle(c, cw_fail(c->err, CW_ECLOSED, "control socket: %s", uv_strerror((int)n)));
	else
		cw_buf_added(&c->in, (size_t)n);
	if (n > 0 && c->line != NULL)
		hand_on(c);
}

static void
written(uv_write_t *req, int status)
{
	struct call *c = req->data;

	/* A peer that refuses us closes at once: the read says so in better words. */
	if (status < 0 && status != UV_EPIPE && status != UV_ECANCELED)
		settle(c, cw_fail(c->err, CW_ECLOSED, "control socket: %s", uv_strerror(status)));
}

static void
connected(uv_connect_t *req, int status)
{
	struct call *c = req->data;
	uv_buf_t bytes;

	if (c->code != CW_EAGAIN)
		return;
	if (status == UV_EACCES || status == UV_EPERM) {
		settle(c,
		    cw_fail(c->err, CW_EDENIED,
			"only root (Administrators on Windows) may ask the agent"));
		return;
	}
	if (status != 0) {
		settle(c,
		    cw_fail(c->err, CW_EUNAVAILABLE,
			"no agent is running with this state folder (%s)", uv_strerror(status)));
		return;
	}
	bytes = uv_buf_init((char *)cw_buf_peek(&c->out), (unsigned)cw_buf_left(&c->out));
	c->write.data = c;
	if (c->line != NULL)
		uv_timer_stop(&c->deadline); /* it takes what it takes */
	if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &bytes, 1, written) != 0 ||
	    uv_read_start((uv_stream_t *)&c->pipe, lend_room, have_read) != 0)
		settle(c, cw_fail(c->err, CW_ESYS, "control socket: cannot write or read"));
}

static int
answer_to_json(cJSON **ret, struct call *c)
{
	const cJSON *error;
	cJSON *answer = NULL, *inner;
	const char *text;
	int r;

	r = cw_json_parse(&answer, (const char *)cw_buf_peek(&c->in), cw_buf_left(&c->in),
	    "the agent's answer", c->err);
	if (r < 0)
		return r;
	if ((error = cw_json_get(answer, c->ended ? "refused" : "error")) != NULL) {
		text = cw_json_str(error, "message");
		r = cw_fail(c->err, cw_errcode(cw_json_str(error, "code")), "%s",
		    text != NULL ? text : "the agent refused");
		cJSON_Delete(answer);
		return r;
	}
	if (c->ended) {
		inner = cJSON_DetachItemFromObjectCaseSensitive(answer, "answer");
		cJSON_Delete(answer);
		answer = inner;
	}
	*ret = answer;
	return CW_OK;
}

static int
call(struct call *c, cJSON **ret, const char *state_folder, const cJSON *request,
    unsigned timeout_ms)
{
	char name[NAME_MAX_LEN];
	int r;

	c->code = CW_EAGAIN;
	cw_buf_init(&c->out, CW_CONTROL_REQUEST_MAX);
	cw_buf_init(&c->in, CW_CONTROL_ANSWER_MAX);
	if ((r = cw_json_put(&c->out, request)) < 0 || (r = cw_buf_putc(&c->out, '\n')) < 0) {
		cw_buf_free_secret(&c->out);
		return cw_fail(c->err, r, "control request: %s", cw_strerror(r));
	}
	if (uv_loop_init(&c->loop) != 0) {
		cw_buf_free_secret(&c->out);
		return cw_fail(c->err, CW_ESYS, "control socket: no event loop");
	}
	uv_pipe_init(&c->loop, &c->pipe, 0);
	uv_timer_init(&c->loop, &c->deadline);
	c->pipe.data = c->deadline.data = c->connect.data = c;
	uv_timer_start(&c->deadline, out_of_time, timeout_ms, 0);
	cw_control_name(name, sizeof(name), state_folder);
	uv_pipe_connect(&c->connect, &c->pipe, name, connected);
	uv_run(&c->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&c->loop);
	r = c->code;
	if (r == CW_OK)
		r = answer_to_json(ret, c);
	cw_buf_free(&c->in);
	cw_buf_free_secret(&c->out);
	return r;
}

int
cw_control_call(cJSON **ret, const char *state_folder, const cJSON *request, unsigned timeout_ms,
    struct cw_err *err)
{
	struct call c = { .err = err };

	return call(&c, ret, state_folder, request, timeout_ms);
}

int
cw_control_call_lines(cJSON **ret, const char *state_folder, const cJSON *request,
    void (*line)(void *arg, const char *text, size_t n), void *arg, struct cw_err *err)
{
	struct call c = { .err = err, .line = line, .arg = arg };

	return call(&c, ret, state_folder, request, CONNECT_MS);
}
