/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LISTENER_H
#define CW_LISTENER_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>
#include <uv.h>

struct cw_err;

/*
 * TLS connections on the loop: OpenSSL over libuv. Accepts, shakes hands within a
 * deadline, hands plain bytes up and takes plain bytes down. Knows nothing of what
 * they say. An idle connection holds no buffer.
 */
#define CW_CONN_OUT_MAX (256u * 1024u) /* bytes taken and not yet with the kernel */
#define CW_CONN_ADDRESS_MAX 64u /* bytes, with the NUL */
#define CW_CONN_LINGER_MS 1000u /* the peer's time to read our last words */

struct cw_listener;
struct cw_conn;

struct cw_listener_config {
	uv_loop_t *loop;
	const char *host; /* an address, "0.0.0.0", "::" */
	uint16_t port; /* 0: any free one */
	SSL_CTX *tls; /* referenced */
	uint64_t deadline_ms; /* from accept to cw_conn_authenticated() */
	unsigned unauthenticated_max; /* connections; more are closed at once */
	void *arg;
	/* The handshake is done. Call cw_conn_watch() here. */
	void (*opened)(void *arg, struct cw_conn *conn);
	/* A handshake failed. May be NULL. */
	void (*refused)(void *arg, const char *address, const struct cw_err *why);
};

struct cw_conn_events {
	void (*data)(void *arg, const void *p, size_t n);
	void (*writable)(void *arg); /* cw_conn_write() takes bytes again */
	/* Once; the connection is gone when this returns. */
	void (*closed)(void *arg, const struct cw_err *why);
};

/* Listens. On success *ret is to be given to cw_listener_close(). CW_ESYS says which address. */
int cw_listener_new(
    struct cw_listener **ret, const struct cw_listener_config *config, struct cw_err *err);
uint16_t cw_listener_port(const struct cw_listener *l);
/* Closes every connection; closed(arg) is called when nothing is left, and l is gone. */
void cw_listener_close(struct cw_listener *l, void (*closed)(void *arg), void *arg);

void cw_conn_watch(struct cw_conn *conn, const struct cw_conn_events *events, void *arg);
const char *cw_conn_address(const struct cw_conn *conn); /* "192.0.2.1:4711" */
const char *cw_conn_alpn(const struct cw_conn *conn); /* "" when none was agreed */
X509 *cw_conn_certificate(const struct cw_conn *conn); /* borrowed; NULL: none */
/* Ends the deadline; the connection no longer counts as unauthenticated. */
void cw_conn_authenticated(struct cw_conn *conn);
/* Takes up to n bytes and returns how many; fewer than n: wait for writable(). */
size_t cw_conn_write(struct cw_conn *conn, const void *p, size_t n);
/* Sends what was taken, then closes. No data() any more. */
void cw_conn_finish(struct cw_conn *conn, int code, const char *why);
/* Closes now. */
void cw_conn_abort(struct cw_conn *conn, int code, const char *why);

#endif
