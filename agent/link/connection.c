/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire over libcurl's connected socket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "link/dial.h"
#include "os/clock.h"

#define READ_SIZE 16384u /* bytes, one TLS record */
#define WRITE_SIZE 16384u

struct cw_connection {
	struct cw_connection_config config;
	struct cw_dial dial;
	uv_poll_t poll;
	uv_timer_t timer;
	uint64_t timer_at; /* CW_WIRE_NEVER: not armed */
	struct cw_wire *wire;
	struct cw_err err;
	int handles;
	int watched; /* UV_READABLE... as polled */
	bool dialing; /* the dial has not let go of the loop */
	bool feeding, closing;
};

static void pump_out(struct cw_connection *c);

/* The end. */

static void
finish(struct cw_connection *c)
{
	cw_wire_free(c->wire);
	c->wire = NULL;
	c->config.closed(c->config.arg, &c->err, c->dial.hop);
	cw_dial_free(&c->dial);
	free(c);
}

static void
handle_closed(uv_handle_t *handle)
{
	struct cw_connection *c = handle->data;

	if (--c->handles == 0 && !c->dialing)
		finish(c);
}

void
cw_connection_close(struct cw_connection *c, int code, const char *why)
{
	if (c->err.code == 0)
		(void)cw_fail(&c->err, code, "%s", why);
	if (c->closing)
		return;
	c->closing = true;
	cw_dial_stop(&c->dial);
	if (c->wire != NULL) {
		if (cw_wire_error(c->wire)->code == 0)
			pump_out(c);
		cw_wire_close(c->wire, code, why);
		uv_poll_stop(&c->poll);
		uv_close((uv_handle_t *)&c->poll, handle_closed);
	}
	uv_close((uv_handle_t *)&c->timer, handle_closed);
}

/* Bytes. */

static void
timer_due(uv_timer_t *timer)
{
	struct cw_connection *c = timer->data;

	c->timer_at = CW_WIRE_NEVER;
	if (cw_wire_tick(c->wire, cw_clock_ms()) < 0)
		cw_connection_close(c, cw_wire_error(c->wire)->code, cw_wire_error(c->wire)->text);
	else
		cw_connection_arm(c);
}

void
cw_connection_arm(struct cw_connection *c)
{
	uint64_t next, now = cw_clock_ms();

	if (c->closing || c->wire == NULL)
		return;
	/* One that is armed for earlier is left: it looks again when it fires. */
	if ((next = cw_wire_next_ms(c->wire)) == CW_WIRE_NEVER || next >= c->timer_at)
		return;
	c->timer_at = next;
	uv_timer_start(&c->timer, timer_due, next > now ? next - now : 0, 0);
}

static void
broke(struct cw_connection *c, CURLcode code)
{
	char why[CURL_ERROR_SIZE + 64];

	(void)snprintf(why, sizeof(why), "connection to the bridge broke: %s",
	    c->dial.detail[0] != '\0' ? c->dial.detail : curl_easy_strerror(code));
	cw_connection_close(c, CW_ECLOSED, why);
}

static void on_ready(uv_poll_t *poll, int status, int events);

static void
watch(struct cw_connection *c, int events)
{
	if (c->closing || c->watched == events)
		return;
	c->watched = events;
	(void)uv_poll_start(&c->poll, events, on_ready);
}

/* Sends until nothing is left or the socket is full. */
static void
pump_out(struct cw_connection *c)
{
	const struct cw_buf *out = cw_wire_out(c->wire);
	size_t n, sent;
	CURLcode code = CURLE_OK;

	while ((n = cw_buf_left(out)) > 0) {
		sent = 0;
		code = curl_easy_send(
		    c->dial.curl, cw_buf_peek(out), n < WRITE_SIZE ? n : WRITE_SIZE, &sent);
		if (code != CURLE_OK)
			break;
		cw_wire_sent(c->wire, sent);
	}
	if (code == CURLE_OK)
		watch(c, UV_READABLE);
	else if (code == CURLE_AGAIN)
		watch(c, UV_READABLE | UV_WRITABLE);
	else if (!c->closing)
		broke(c, code);
}

static void
on_output(void *arg)
{
	struct cw_connection *c = arg;

	if (c->feeding || c->closing) /* what one read causes goes out together, at its end */
		return;
	/* The wire may not be closed from here, so the socket tells when it is writable. */
	watch(c, UV_READABLE | UV_WRITABLE);
	cw_connection_arm(c);
}

static void
pump_in(struct cw_connection *c)
{
	static uint8_t bytes[READ_SIZE];
	CURLcode code = CURLE_OK;
	size_t n;

	/* To the end: what OpenSSL has already read does not make the socket readable again. */
	while (!c->closing) {
		n = 0;
		code = curl_easy_recv(c->dial.curl, bytes, sizeof(bytes), &n);
		if (code == CURLE_AGAIN)
			return;
		if (code != CURLE_OK) {
			broke(c, code);
			return;
		}
		if (n == 0) {
			cw_connection_close(c, CW_ECLOSED, "the bridge hung up");
			return;
		}
		c->feeding = true;
		(void)cw_wire_feed(c->wire, bytes, n, cw_clock_ms());
		c->feeding = false;
		if (!c->closing && cw_wire_error(c->wire)->code != 0)
			cw_connection_close(
			    c, cw_wire_error(c->wire)->code, cw_wire_error(c->wire)->text);
	}
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	struct cw_connection *c = poll->data;

	(void)events;
	pump_in(c);
	/* To libuv every error of the socket is EBADF, and it has stopped looking: what can be read
	 * was read, and should have said which. */
	if (status < 0 && !c->closing)
		cw_connection_close(c, CW_ECLOSED, "the connection broke");
	if (!c->closing)
		pump_out(c);
	cw_connection_arm(c);
}

/* Connecting. */

static void
on_request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	struct cw_connection *c = arg;

	if (c->config.request != NULL)
		c->config.request(c->config.arg, call, method, params);
	else
		cw_wire_call_fail(call, CW_ENOTFOUND, "no such method", NULL);
}

static int
start_wire(struct cw_connection *c, struct cw_err *err)
{
	const struct cw_wire_config config = { c, on_request, on_output, 0, 0 };
	curl_socket_t socket = CURL_SOCKET_BAD;

	if (curl_easy_getinfo(c->dial.curl, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK ||
	    socket == CURL_SOCKET_BAD)
		return cw_fail(err, CW_ECLOSED, "the bridge hung up at once");
	if (cw_wire_new(&c->wire, &config, cw_clock_ms()) < 0)
		return cw_fail(err, CW_ENOMEM, "no memory for the wire");
	if (uv_poll_init_socket(c->config.loop, &c->poll, socket) != 0) {
		cw_wire_free(c->wire);
		c->wire = NULL;
		return cw_fail(err, CW_ESYS, "cannot watch the connection's socket");
	}
	c->poll.data = c;
	c->handles++;
	return CW_OK;
}

static void
dial_gone(void *arg)
{
	struct cw_connection *c = arg;

	c->dialing = false;
	if (c->closing && c->handles == 0)
		finish(c);
}

static void
dial_done(void *arg)
{
	struct cw_connection *c = arg;
	struct cw_err err = { 0 };

	cw_dial_stop(&c->dial);
	if (c->dial.code < 0) {
		cw_connection_close(c, c->dial.code, c->dial.err.text);
		return;
	}
	if (start_wire(c, &err) < 0) {
		cw_connection_close(c, err.code, err.text);
		return;
	}
	watch(c, UV_READABLE);
	c->config.opened(c->config.arg, c);
	cw_connection_arm(c);
}

int
cw_connection_new(
    struct cw_connection **ret, const struct cw_connection_config *config, struct cw_err *err)
{
	struct cw_connection *c = calloc(1, sizeof(*c));

	if (c == NULL || cw_dial_init(&c->dial, config) < 0) {
		free(c);
		return cw_fail(err, CW_ENOMEM, "no memory for a connection");
	}
	c->config = *config;
	c->timer.data = c;
	c->timer_at = CW_WIRE_NEVER;
	c->dial.arg = c;
	c->dial.done = dial_done;
	c->dial.gone = dial_gone;
	if (cw_dial_start(&c->dial) < 0) {
		cw_dial_free(&c->dial);
		free(c);
		return cw_fail(err, CW_ENOMEM, "no memory for a connection");
	}
	c->dialing = true;
	uv_timer_init(config->loop, &c->timer);
	c->handles = 1;
	*ret = c;
	return CW_OK;
}

struct cw_wire *
cw_connection_wire(struct cw_connection *c)
{
	return c->wire;
}

const struct cw_connection_times *
cw_connection_times(const struct cw_connection *c)
{
	return &c->dial.times;
}
