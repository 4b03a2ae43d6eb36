/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl on libuv: its sockets and its one timer become handles of the loop.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "graph/graph.h"
#include "graph/http_internal.h"
#include "os/clock.h"

#define CONNECT_MS 10000l
#define STALL_S 30l /* without a byte: taken as broken */
#define HOST_CONNECTIONS 16l

struct poll {
	uv_poll_t handle; /* first: closing frees the struct */
	struct cw_http *h;
	curl_socket_t fd;
};

static void
take_ended(struct cw_http *h)
{
	CURLMsg *m;
	int left;

	while (h->closed == NULL && (m = curl_multi_info_read(h->multi, &left)) != NULL)
		if (m->msg == CURLMSG_DONE) {
			struct cw_http_exchange *x = NULL;
			CURLcode code = m->data.result;

			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
			cw_http_ended(x, code); /* m is gone after this */
		}
}

static void
on_ready(uv_poll_t *handle, int status, int events)
{
	struct poll *p = (struct poll *)handle;
	struct cw_http *h = p->h;
	int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;

	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(h->multi, p->fd, flags, &running);
	take_ended(h);
}

static void
on_timer(uv_timer_t *timer)
{
	struct cw_http *h = timer->data;
	int running;

	curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	take_ended(h);
}

static int
set_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct cw_http *h = arg;

	(void)multi;
	if (h->closed != NULL)
		return 0;
	if (timeout_ms < 0)
		uv_timer_stop(&h->timer);
	else
		uv_timer_start(&h->timer, on_timer, (uint64_t)timeout_ms, 0);
	return 0;
}

static void
release(struct cw_http *h)
{
	if (--h->handles == 0) {
		void (*closed)(void *arg) = h->closed;
		void *arg = h->closed_arg;

		free(h);
		closed(arg);
	}
}

static void
poll_closed(uv_handle_t *handle)
{
	struct poll *p = (struct poll *)handle;

	release(p->h);
	free(p);
}

static void
timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static struct poll *
poll_new(struct cw_http *h, curl_socket_t fd)
{
	struct poll *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	if (uv_poll_init_socket(h->loop, &p->handle, fd) < 0) {
		free(p);
		return NULL;
	}
	p->h = h;
	p->fd = fd;
	h->handles++;
	curl_multi_assign(h->multi, fd, p);
	return p;
}

static int
set_poll(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct cw_http *h = arg;
	struct poll *p = socket_arg;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (p != NULL) {
			curl_multi_assign(h->multi, fd, NULL);
			uv_close((uv_handle_t *)&p->handle, poll_closed);
		}
		return 0;
	}
	/* Without a handle the exchange ends at its own timeout. */
	if (p == NULL && (p = poll_new(h, fd)) == NULL)
		return 0;
	if (what & CURL_POLL_IN)
		events |= UV_READABLE;
	if (what & CURL_POLL_OUT)
		events |= UV_WRITABLE;
	uv_poll_start(&p->handle, events, on_ready);
	return 0;
}

int
cw_http_new(struct cw_http **ret, uv_loop_t *loop, const char *ca_file, struct cw_err *err)
{
	struct cw_http *h = calloc(1, sizeof(*h));

	if (h == NULL || (ca_file != NULL && (h->ca_file = cw_strdup(ca_file)) == NULL) ||
	    curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    (h->multi = curl_multi_init()) == NULL) {
		if (h != NULL)
			free(h->ca_file);
		free(h);
		return cw_fail(err, CW_ENOMEM, "cannot start the HTTP client: out of memory");
	}
	h->loop = loop;
	h->handles = 1;
	uv_timer_init(loop, &h->timer);
	h->timer.data = h;
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, set_poll);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, HOST_CONNECTIONS);
	*ret = h;
	return CW_OK;
}

void
cw_http_close(struct cw_http *h, void (*closed)(void *arg), void *arg)
{
	assert(h->exchanges == 0);
	h->closed = closed;
	h->closed_arg = arg;
	curl_multi_cleanup(h->multi);
	free(h->ca_file);
	uv_close((uv_handle_t *)&h->timer, timer_closed);
}

static void
set_options(struct cw_http_exchange *x, const struct cw_http_send *s)
{
	struct cw_http *h = x->h;
	CURL *e = x->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, x);
	curl_easy_setopt(e, CURLOPT_URL, s->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1l);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "causeway-bridge");
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, x->headers);
	if (s->body != NULL ||
	    (strcmp(s->method, "GET") != 0 && strcmp(s->method, "DELETE") != 0)) {
		size_t n = s->body != NULL ? cw_buf_left(s->body) : 0;

		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
		curl_easy_setopt(
		    e, CURLOPT_POSTFIELDS, n > 0 ? (const char *)cw_buf_peek(s->body) : "");
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, s->method);
	curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(e, CURLOPT_PIPEWAIT, 1l);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1l);
	/* libcurl sends a request again by itself when a kept connection ends before the first byte
	 * of an answer, and that may be after the work. It never does on a fresh one. */
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, s->once ? 1l : 0l);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (h->ca_file != NULL) {
		curl_easy_setopt(e, CURLOPT_CAINFO, h->ca_file);
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL); /* or the system's would do as well */
	}
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)s->timeout_ms);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1l);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, STALL_S);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, cw_http_take);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->reason);
}

int
cw_http_send(struct cw_http_exchange **ret, struct cw_http *h, const struct cw_http_send *s,
    cw_http_done *done, void *arg, struct cw_err *err)
{
	struct cw_http_exchange *x = calloc(1, sizeof(*x));

	if (x == NULL || (x->easy = curl_easy_init()) == NULL) {
		free(x);
		cw_http_headers_free(s->headers);
		return cw_fail(err, CW_ENOMEM, "cannot ask %s: out of memory", s->whom);
	}
	x->h = h;
	x->headers = s->headers;
	x->whom = s->whom;
	x->done = done;
	x->arg = arg;
	cw_buf_init(&x->bytes, CW_GRAPH_ANSWER_MAX);
	set_options(x, s);
	h->exchanges++;
	if (curl_multi_add_handle(h->multi, x->easy) != CURLM_OK) {
		cw_http_cancel(x);
		return cw_fail(err, CW_ENOMEM, "cannot ask %s: out of memory", s->whom);
	}
	*ret = x;
	return CW_OK;
}
