/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS on the loop. OpenSSL reads from the slice that libuv just filled and writes
 * into the buffer that goes out next, through a BIO of our own, so that nothing is
 * kept between events.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "agents/listener.h"
#include "base/buf.h"
#include "base/err.h"
#include "crypto/fail.h"

#define BACKLOG 1024
#define READ_SIZE (64u * 1024u) /* bytes, one buffer for all connections */
#define TLS_RECORD 16384u
/* Ciphertext is a little longer than what was taken; handshake bytes come on top. */
#define CIPHER_MAX (CW_CONN_OUT_MAX * 2)

enum conn_state {
	CONN_HANDSHAKE, /* Next: OPEN when done, DRAINING with the alert when it failed */
	CONN_OPEN, /* Next: DRAINING by finish, CLOSING by abort or the peer */
	CONN_DRAINING, /* sends the rest, reads to nowhere. Next: CLOSING at EOF or linger time */
	CONN_CLOSING, /* libuv closes the handles. Next: gone */
};

struct cw_conn {
	uv_tcp_t tcp;
	uv_timer_t deadline;
	uv_write_t write;
	uv_shutdown_t shutdown;
	struct cw_listener *owner;
	struct cw_conn *next, **at; /* in the owner's list */
	SSL *ssl;
	const uint8_t *feed; /* what the BIO reads from */
	size_t feed_len;
	struct cw_buf out; /* ciphertext that waits */
	struct cw_buf flying; /* ciphertext that libuv is writing */
	struct cw_conn_events events;
	void *arg;
	struct cw_err err;
	enum conn_state state;
	int handles;
	bool blocked, counted, watched;
	char address[CW_CONN_ADDRESS_MAX];
};

struct cw_listener {
	uv_tcp_t tcp;
	struct cw_listener_config config;
	BIO_METHOD *method;
	struct cw_conn *conns;
	unsigned unauthenticated;
	bool closing, tcp_closed;
	void (*closed)(void *arg);
	void *closed_arg;
	char read_buffer[READ_SIZE];
};

static void conn_flush(struct cw_conn *conn);

/* The BIO. */

static int
bio_read(BIO *bio, char *p, int n)
{
	struct cw_conn *conn = BIO_get_data(bio);
	size_t want = n > 0 ? (size_t)n : 0;

	BIO_clear_retry_flags(bio);
	if (conn->feed_len == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	want = want < conn->feed_len ? want : conn->feed_len;
	memcpy(p, conn->feed, want);
	conn->feed += want;
	conn->feed_len -= want;
	return (int)want;
}

static int
bio_write(BIO *bio, const char *p, int n)
{
	struct cw_conn *conn = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	return n > 0 && cw_buf_put(&conn->out, p, (size_t)n) == CW_OK ? n : -1;
}

static long
bio_ctrl(BIO *bio, int cmd, long num, void *p)
{
	(void)bio, (void)num, (void)p;
	return cmd == BIO_CTRL_FLUSH;
}

static BIO_METHOD *
bio_method_new(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "causeway");

	if (m != NULL &&
	    (BIO_meth_set_read(m, bio_read) != 1 || BIO_meth_set_write(m, bio_write) != 1 ||
		BIO_meth_set_ctrl(m, bio_ctrl) != 1)) {
		BIO_meth_free(m);
		m = NULL;
	}
	return m;
}

/* The end of a connection and of the listener. */

static void
listener_free_when_done(struct cw_listener *l)
{
	void (*closed)(void *) = l->closed;
	void *arg = l->closed_arg;

	if (!l->tcp_closed || l->conns != NULL)
		return;
	SSL_CTX_free(l->config.tls);
	BIO_meth_free(l->method);
	free(l);
	if (closed != NULL)
		closed(arg);
}

static void
uncount(struct cw_conn *conn)
{
	if (conn->counted)
		conn->owner->unauthenticated--;
	conn->counted = false;
}

static void
conn_closed(uv_handle_t *handle)
{
	struct cw_conn *conn = handle->data;
	struct cw_listener *l = conn->owner;

	if (--conn->handles > 0)
		return;
	*conn->at = conn->next;
	if (conn->next != NULL)
		conn->next->at = conn->at;
	SSL_free(conn->ssl);
	cw_buf_free(&conn->out);
	cw_buf_free(&conn->flying);
	if (conn->watched)
		conn->events.closed(conn->arg, &conn->err);
	else if (l->config.refused != NULL)
		l->config.refused(l->config.arg, conn->address, &conn->err);
	free(conn);
	if (l->closing)
		listener_free_when_done(l);
}

/* Keeps the first reason. */
static void
conn_why(struct cw_conn *conn, int code, const char *why)
{
	if (conn->err.code == 0)
		(void)cw_fail(&conn->err, code, "%s", why);
}

void
cw_conn_abort(struct cw_conn *conn, int code, const char *why)
{
	conn_why(conn, code, why);
	if (conn->state == CONN_CLOSING)
		return;
	conn->state = CONN_CLOSING;
	uncount(conn);
	uv_close((uv_handle_t *)&conn->tcp, conn_closed);
	uv_close((uv_handle_t *)&conn->deadline, conn_closed);
}

static void
lingered(uv_timer_t *timer)
{
	cw_conn_abort(timer->data, CW_ETIMEOUT, "the peer does not hang up");
}

static void
sent_all(uv_shutdown_t *req, int status)
{
	struct cw_conn *conn = req->data;

	if (status != 0)
		cw_conn_abort(conn, CW_ECLOSED, uv_strerror(status));
}

void
cw_conn_finish(struct cw_conn *conn, int code, const char *why)
{
	conn_why(conn, code, why);
	if (conn->state >= CONN_DRAINING)
		return;
	if (conn->state == CONN_OPEN && SSL_shutdown(conn->ssl) < 0)
		ERR_clear_error();
	conn->state = CONN_DRAINING;
	uv_timer_start(&conn->deadline, lingered, CW_CONN_LINGER_MS, 0);
	conn_flush(conn);
}

/* Writing. */

static void
written(uv_write_t *req, int status)
{
	struct cw_conn *conn = req->data;

	cw_buf_free(&conn->flying);
	if (status < 0) {
		cw_conn_abort(conn, CW_ECLOSED, uv_strerror(status));
		return;
	}
	conn_flush(conn);
	if (conn->blocked && conn->state == CONN_OPEN && cw_buf_left(&conn->out) == 0) {
		conn->blocked = false;
		conn->events.writable(conn->arg);
	}
}

/* Gives the kernel what waits: directly while it takes it, else through libuv. */
static void
conn_flush(struct cw_conn *conn)
{
	uv_buf_t bytes;
	int n;

	if (conn->state == CONN_CLOSING || conn->flying.data != NULL)
		return;
	if (cw_buf_left(&conn->out) > 0) {
		bytes =
		    uv_buf_init((char *)cw_buf_peek(&conn->out), (unsigned)cw_buf_left(&conn->out));
		n = uv_try_write((uv_stream_t *)&conn->tcp, &bytes, 1);
		if (n > 0)
			cw_buf_skip(&conn->out, (size_t)n);
	}
	if (cw_buf_left(&conn->out) > 0) {
		conn->flying = cw_buf_take(&conn->out);
		bytes = uv_buf_init(
		    (char *)cw_buf_peek(&conn->flying), (unsigned)cw_buf_left(&conn->flying));
		conn->write.data = conn;
		n = uv_write(&conn->write, (uv_stream_t *)&conn->tcp, &bytes, 1, written);
		if (n < 0)
			cw_conn_abort(conn, CW_ECLOSED, uv_strerror(n));
		return;
	}
	cw_buf_free(&conn->out);
	if (conn->state == CONN_DRAINING && conn->shutdown.data == NULL) {
		conn->shutdown.data = conn;
		if (uv_shutdown(&conn->shutdown, (uv_stream_t *)&conn->tcp, sent_all) < 0)
			cw_conn_abort(conn, CW_ECLOSED, "connection closed");
	}
}

size_t
cw_conn_write(struct cw_conn *conn, const void *p_, size_t n)
{
	const uint8_t *p = p_;
	size_t taken = 0;

	while (taken < n && conn->state == CONN_OPEN) {
		size_t part = n - taken < TLS_RECORD ? n - taken : TLS_RECORD;

		if (cw_buf_left(&conn->out) + cw_buf_left(&conn->flying) >= CW_CONN_OUT_MAX) {
			conn->blocked = true;
			break;
		}
		if (SSL_write(conn->ssl, p + taken, (int)part) != (int)part) {
			(void)cw_crypto_fail(&conn->err, CW_EPROTO, "TLS write");
			cw_conn_abort(conn, CW_EPROTO, "TLS write");
			break;
		}
		taken += part;
		conn_flush(conn);
	}
	return taken;
}

/* Reading. */

static void
overdue(uv_timer_t *timer)
{
	struct cw_conn *conn = timer->data;

	cw_conn_finish(conn, CW_ETIMEOUT,
	    conn->state == CONN_HANDSHAKE ? "TLS handshake took too long"
					  : "no authentication in time");
}

static void
tls_failed(struct cw_conn *conn, const char *what)
{
	struct cw_err err = { 0 };
	long verify = SSL_get_verify_result(conn->ssl);

	(void)cw_crypto_fail(&err, CW_EAUTH, what);
	if (verify != X509_V_OK)
		(void)cw_fail(&err, CW_EAUTH, "client certificate not accepted: %s",
		    X509_verify_cert_error_string(verify));
	cw_conn_finish(conn, err.code, err.text); /* the alert goes out first */
}

/* Drives OpenSSL over the bytes in conn->feed. */
static void
conn_advance(struct cw_conn *conn)
{
	static uint8_t plain[TLS_RECORD];
	int n;

	if (conn->state == CONN_HANDSHAKE) {
		if ((n = SSL_do_handshake(conn->ssl)) != 1) {
			if (SSL_get_error(conn->ssl, n) == SSL_ERROR_WANT_READ)
				conn_flush(conn);
			else
				tls_failed(conn, "TLS handshake");
			return;
		}
		conn->state = CONN_OPEN;
		conn_flush(conn);
		if (conn->state == CONN_OPEN)
			conn->owner->config.opened(conn->owner->config.arg, conn);
	}
	while (conn->state == CONN_OPEN) {
		if ((n = SSL_read(conn->ssl, plain, sizeof(plain))) > 0) {
			conn->events.data(conn->arg, plain, (size_t)n);
			continue;
		}
		switch (SSL_get_error(conn->ssl, n)) {
		case SSL_ERROR_WANT_READ: conn_flush(conn); return;
		case SSL_ERROR_ZERO_RETURN:
			cw_conn_finish(conn, CW_ECLOSED, "the peer hung up");
			return;
		default: tls_failed(conn, "TLS read"); return;
		}
	}
}

static void
conn_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct cw_conn *conn = stream->data;

	if (n < 0) {
		cw_conn_abort(
		    conn, CW_ECLOSED, n == UV_EOF ? "the peer hung up" : uv_strerror((int)n));
		return;
	}
	if (n == 0 || conn->state >= CONN_DRAINING)
		return;
	conn->feed = (const uint8_t *)buf->base;
	conn->feed_len = (size_t)n;
	ERR_clear_error();
	conn_advance(conn);
	/* OpenSSL keeps a record that is not whole itself; what is left here is after the end. */
	conn->feed_len = 0;
}

static void
lend_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	struct cw_conn *conn = handle->data;

	(void)suggested;
	*ret = uv_buf_init(conn->owner->read_buffer, READ_SIZE);
}

/* Accepting. */

static void
set_address(struct cw_conn *conn)
{
	struct sockaddr_storage ss;
	int len = sizeof(ss);
	char ip[INET6_ADDRSTRLEN] = "?";
	unsigned port = 0;

	memset(&ss, 0, sizeof(ss));
	if (uv_tcp_getpeername(&conn->tcp, (struct sockaddr *)&ss, &len) == 0) {
		(void)uv_ip_name((struct sockaddr *)&ss, ip, sizeof(ip));
		port = ss.ss_family == AF_INET6
		    ? ntohs(((struct sockaddr_in6 *)(void *)&ss)->sin6_port)
		    : ntohs(((struct sockaddr_in *)(void *)&ss)->sin_port);
	}
	(void)snprintf(conn->address, sizeof(conn->address),
	    ss.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u", ip, port);
}

static bool
conn_tls(struct cw_conn *conn)
{
	BIO *bio = BIO_new(conn->owner->method);

	conn->ssl = SSL_new(conn->owner->config.tls);
	if (bio == NULL || conn->ssl == NULL) {
		BIO_free(bio);
		return false;
	}
	BIO_set_data(bio, conn);
	BIO_set_init(bio, 1);
	SSL_set_bio(conn->ssl, bio, bio);
	SSL_set_accept_state(conn->ssl);
	return true;
}

static void
accept_one(uv_stream_t *server, int status)
{
	struct cw_listener *l = server->data;
	struct cw_conn *conn;

	if (status < 0 || (conn = calloc(1, sizeof(*conn))) == NULL)
		return; /* out of descriptors or memory: libuv tries again by itself */
	conn->owner = l;
	conn->tcp.data = conn->deadline.data = conn;
	cw_buf_init(&conn->out, CIPHER_MAX);
	cw_buf_init(&conn->flying, CIPHER_MAX);
	uv_tcp_init(l->config.loop, &conn->tcp);
	uv_timer_init(l->config.loop, &conn->deadline);
	conn->handles = 2;
	conn->next = l->conns;
	conn->at = &l->conns;
	if (conn->next != NULL)
		conn->next->at = &conn->next;
	l->conns = conn;
	l->unauthenticated++;
	conn->counted = true;
	if (uv_accept(server, (uv_stream_t *)&conn->tcp) < 0) {
		cw_conn_abort(conn, CW_ECLOSED, "hung up before it was accepted");
		return;
	}
	set_address(conn);
	if (l->unauthenticated > l->config.unauthenticated_max) {
		cw_conn_abort(conn, CW_ELIMIT, "too many connections are not authenticated yet");
		return;
	}
	uv_tcp_nodelay(&conn->tcp, 1);
	uv_timer_start(&conn->deadline, overdue, l->config.deadline_ms, 0);
	if (!conn_tls(conn) || uv_read_start((uv_stream_t *)&conn->tcp, lend_room, conn_read) < 0)
		cw_conn_abort(conn, CW_ENOMEM, "no memory for a connection");
}

int
cw_listener_new(
    struct cw_listener **ret, const struct cw_listener_config *config, struct cw_err *err)
{
	struct cw_listener *l = calloc(1, sizeof(*l));
	struct sockaddr_storage address;
	int r;

	if (l == NULL || (l->method = bio_method_new()) == NULL) {
		free(l);
		return cw_fail(err, CW_ENOMEM, "no memory for the agents' listener");
	}
	if (uv_ip4_addr(config->host, config->port, (struct sockaddr_in *)(void *)&address) != 0 &&
	    uv_ip6_addr(config->host, config->port, (struct sockaddr_in6 *)(void *)&address) != 0) {
		BIO_meth_free(l->method);
		free(l);
		return cw_fail(
		    err, CW_EINVAL, "listen address \"%s\" is not an IP address", config->host);
	}
	l->config = *config;
	l->tcp.data = l;
	SSL_CTX_up_ref(l->config.tls);
	uv_tcp_init(config->loop, &l->tcp);
	if ((r = uv_tcp_bind(&l->tcp, (struct sockaddr *)&address, 0)) != 0 ||
	    (r = uv_listen((uv_stream_t *)&l->tcp, BACKLOG, accept_one)) != 0) {
		(void)cw_fail(err, CW_ESYS, "cannot listen on %s port %u: %s", config->host,
		    config->port, uv_strerror(r));
		cw_listener_close(l, NULL, NULL);
		return CW_ESYS;
	}
	*ret = l;
	return CW_OK;
}

uint16_t
cw_listener_port(const struct cw_listener *l)
{
	struct sockaddr_storage ss;
	int len = sizeof(ss);

	if (uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&ss, &len) != 0)
		return 0;
	return ntohs(ss.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&ss)->sin6_port
					      : ((struct sockaddr_in *)(void *)&ss)->sin_port);
}

static void
listener_closed(uv_handle_t *handle)
{
	struct cw_listener *l = handle->data;

	l->tcp_closed = true;
	listener_free_when_done(l);
}

void
cw_listener_close(struct cw_listener *l, void (*closed)(void *arg), void *arg)
{
	l->closing = true;
	l->closed = closed;
	l->closed_arg = arg;
	for (struct cw_conn *conn = l->conns; conn != NULL; conn = conn->next)
		cw_conn_abort(conn, CW_ECLOSED, "the bridge stops");
	uv_close((uv_handle_t *)&l->tcp, listener_closed);
}

/* What the owner asks of a connection. */

void
cw_conn_watch(struct cw_conn *conn, const struct cw_conn_events *events, void *arg)
{
	conn->events = *events;
	conn->arg = arg;
	conn->watched = true;
}

const char *
cw_conn_address(const struct cw_conn *conn)
{
	return conn->address;
}

const char *
cw_conn_alpn(const struct cw_conn *conn)
{
	static char name[256]; /* until the next call */
	const uint8_t *p;
	unsigned n;

	SSL_get0_alpn_selected(conn->ssl, &p, &n);
	n = n < sizeof(name) ? n : 0;
	if (n > 0)
		memcpy(name, p, n);
	name[n] = '\0';
	return name;
}

X509 *
cw_conn_certificate(const struct cw_conn *conn)
{
	return SSL_get0_peer_certificate(conn->ssl);
}

void
cw_conn_authenticated(struct cw_conn *conn)
{
	if (conn->state != CONN_OPEN)
		return;
	uncount(conn);
	uv_timer_stop(&conn->deadline);
}
