/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CONNECTION_H
#define CW_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>
#include <uv.h>

#include "wire/channel.h"

struct cw_err;

/*
 * One connection to the bridge: libcurl finds the way (names, proxies and their
 * authentication, TLS), then the wire runs over its socket. All on the loop.
 *
 * TLS 1.3, the bridge's CA alone is trusted. At enrolment the CA is not known yet
 * but its hash is: then the chain must hold a certificate of that hash, and the
 * bridge's own must be signed by it. Nothing is sent before that is certain.
 */
#define CW_CONNECTION_TIMEOUT_MS 30000u
#define CW_ALPN_WIRE "causeway/1"
#define CW_ALPN_ENROL "causeway-enrol/1"

struct cw_connection;

enum cw_connection_hop { /* how far it came */
	CW_HOP_NAME, /* the name of the bridge, or of the proxy, is being looked up */
	CW_HOP_TCP,
	CW_HOP_PROXY, /* the proxy is asked for the way */
	CW_HOP_TLS,
	CW_HOP_WIRE, /* open() was called */
};

struct cw_connection_times { /* ms; what was not reached is 0 */
	double name_ms, tcp_ms, proxy_ms, tls_ms;
	bool by_proxy;
	char address[64]; /* of the peer: the bridge, or the proxy */
};

struct cw_connection_config {
	uv_loop_t *loop;
	const char *host; /* without brackets; all are copied or referenced */
	uint16_t port;
	const char *proxy; /* URL; "": none; NULL: what the environment says */
	const char *alpn;
	X509 *ca; /* or NULL, with ca_sha256 */
	const uint8_t *ca_sha256; /* 32 bytes */
	X509 *cert; /* and key; NULL: none is shown */
	EVP_PKEY *key;
	uint64_t timeout_ms; /* for all of connecting; 0: CW_CONNECTION_TIMEOUT_MS */
	void *arg;
	void (*opened)(void *arg, struct cw_connection *c);
	void (*request)(
	    void *arg, struct cw_wire_call *call, const char *method, const cJSON *params);
	/* Once, also when it never opened; the connection is gone when this returns. */
	void (*closed)(void *arg, const struct cw_err *why, enum cw_connection_hop hop);
};

/* Begins to connect. On failure closed() is not called. */
int cw_connection_new(
    struct cw_connection **ret, const struct cw_connection_config *config, struct cw_err *err);
/* Hangs up; closed() follows, not from inside. What was queued is sent as far as the socket takes
 * it. Ok to repeat; the first reason is kept. */
void cw_connection_close(struct cw_connection *c, int code, const char *why);
struct cw_wire *cw_connection_wire(struct cw_connection *c); /* from opened() on */
/* Looks at the wire's deadline again: after every cw_wire_request() and change of heartbeat. */
void cw_connection_arm(struct cw_connection *c);
/* In opened() and closed() too. */
const struct cw_connection_times *cw_connection_times(const struct cw_connection *c);

#endif
