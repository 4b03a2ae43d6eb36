/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_WEB_H
#define CW_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/compat.h"

struct cw_buf;
struct cw_err;

/*
 * The web server under the REST interface: HTTP/1.1 over TLS, kept alive, on
 * libwebsockets and the program's libuv loop. Whole requests in, answers out,
 * at once or piece by piece. Knows nothing of what the requests mean.
 *
 * A client that is slow, silent or too talkative loses its connection; limits
 * below. Everything happens on the loop thread.
 */
#define CW_WEB_BODY_MAX \
	(1u << 20) /* bytes of a request's body; more is 413, or asked for: body_max */
#define CW_WEB_LARGE_MAX 4u /* larger bodies at a time; more are 503 */
#define CW_WEB_TARGET_MAX 2048u /* bytes of path or query; more is 414 */
#define CW_WEB_HEADERS_MAX 8192u /* bytes of all header values that are kept */
#define CW_WEB_CONNECTIONS_MAX 2000u /* open at a time, more wait in the kernel's queue */
#define CW_WEB_HEADERS_TIMEOUT_S 10 /* for the TLS handshake, and for the headers */
#define CW_WEB_BODY_TIMEOUT_MS 30000u /* for the whole body */
#define CW_WEB_LARGE_TIMEOUT_MS 300000u /* for one larger than CW_WEB_BODY_MAX */
#define CW_WEB_STALL_TIMEOUT_MS 30000u /* while an answer is written and nothing goes out */
#define CW_WEB_IDLE_TIMEOUT_S 75 /* between two requests */
#define CW_WEB_HIGH_WATER (256u << 10) /* bytes waiting to go out; then the producer pauses */
#define CW_WEB_EXTRA_MAX 512u /* bytes of headers that are not this server's own */
#define CW_WEB_ANSWER_MAX (1u << 30) /* bytes of one answer that may wait to go out */

struct cw_web;
struct cw_web_call;

struct cw_web_config {
	uv_loop_t *loop;
	const char *listen; /* address, "127.0.0.1"; NULL for all */
	uint16_t port; /* 0: any free one */
	const char *certificate, *private_key; /* PEM files; the certificate with its chain */
	/* A whole request. The call is the callee's until it is answered or its on_gone was called.
	 */
	void (*on_call)(void *arg, struct cw_web_call *call);
	/* How large a body may be that is larger than CW_WEB_BODY_MAX, from path, method and
	 * bearer. 0: it is passed over, and on_call answers without it. NULL: none may. */
	size_t (*body_max)(void *arg, const struct cw_web_call *call);
	void *arg; /* of both */
	bool log; /* one line per request */
};

/* On success *ret is listening and the caller's, to give back to cw_web_close(). CW_ECONFLICT: the
 * port is taken. */
int cw_web_new(struct cw_web **ret, const struct cw_web_config *config, struct cw_err *err);
uint16_t cw_web_port(const struct cw_web *web);
unsigned cw_web_open_calls(const struct cw_web *web);
/* Stops listening and hangs up on everyone (on_gone is called). The loop must run on until closed()
 * is called, if it is not NULL; then everything is freed. */
void cw_web_close(struct cw_web *web, void (*closed)(void *arg), void *arg);

/* The request. Texts are borrowed and live as long as the call. */
const char *cw_web_method(const struct cw_web_call *call); /* "GET", ... */
const char *cw_web_path(const struct cw_web_call *call); /* decoded, without the query */
const char *cw_web_query(const struct cw_web_call *call, const char *name); /* decoded, or NULL */
const char *cw_web_query_name(
    const struct cw_web_call *call, size_t i, size_t *n); /* NULL: no more */
const char *cw_web_prefer(const struct cw_web_call *call); /* "Prefer", or NULL */
bool cw_web_accepts(const struct cw_web_call *call, const char *type); /* "Accept" names it */
/* The text behind "Authorization: Bearer ", or NULL. Wipes it at the first cw_web_forget_secrets().
 */
const char *cw_web_bearer(const struct cw_web_call *call);
void cw_web_body(const struct cw_web_call *call, const char **ret, size_t *n);
void cw_web_forget_secrets(struct cw_web_call *call); /* overwrites bearer and body */

/* Who asks, for the log: a key's name, never the key. */
void cw_web_set_who(struct cw_web_call *call, const char *who);
/* The client hung up: the call is no more after this returns. */
void cw_web_on_gone(struct cw_web_call *call, void (*gone)(void *arg), void *arg);
/* What was put has gone out, far enough to put more. */
void cw_web_on_drained(struct cw_web_call *call, void (*drained)(void *arg), void *arg);

/* One more header of the answer, before it goes out; copied. name in lower case. What does not fit
 * in CW_WEB_EXTRA_MAX is left out. */
void cw_web_header(struct cw_web_call *call, const char *name, const char *value);

/* An answer at once; the call is no more. type: "application/json". */
void cw_web_answer(struct cw_web_call *call, int status, const char *type, const void *p, size_t n);
/* An error: {"error":{"code","message"}}. One that has begun to go out is broken off instead. */
void cw_web_fail(struct cw_web_call *call, int status, const char *code, const char *message);

/* An answer in pieces: begin, put as often as wanted, end. Nothing goes out before the first
 * CW_WEB_HIGH_WATER bytes or the end, unless cw_web_flush() is called: small answers get a length.
 * cw_web_put() returns true when the producer should wait for drained. */
void cw_web_begin(struct cw_web_call *call, int status, const char *type);
bool cw_web_put(struct cw_web_call *call, const void *p, size_t n);
void cw_web_flush(struct cw_web_call *call);
void cw_web_end(struct cw_web_call *call); /* the call is no more */
/* Another high water mark than CW_WEB_HIGH_WATER for this answer, for many small slow ones. */
void cw_web_water(struct cw_web_call *call, size_t bytes);
/* Forgets what was put, so that another answer can be given. False: it has begun to go out. */
bool cw_web_restart(struct cw_web_call *call);
/* Breaks an answer off that has begun, so that the client sees that it is not whole. */
void cw_web_break(struct cw_web_call *call);

#endif
