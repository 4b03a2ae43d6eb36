/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_DIAL_H
#define CW_DIAL_H

#include <curl/curl.h>

#include "base/err.h"
#include "link/connection.h"

/*
 * The part of connecting that libcurl does, by its multi socket interface on the
 * loop: nothing blocks, names are looked up by a thread of libcurl's.
 */
struct cw_dial_watch;

struct cw_dial {
	/* in */
	uv_loop_t *loop;
	char *host, *proxy;
	uint16_t port;
	const char *alpn;
	X509 *ca, *cert;
	EVP_PKEY *key;
	uint8_t ca_sha256[32];
	uint64_t timeout_ms;
	void *arg;
	void (*done)(void *arg); /* connected, or not: see code; not from inside cw_dial_start() */
	void (*gone)(void *arg); /* cw_dial_stop() is through: now it may be freed */
	/* out */
	CURL *curl; /* connected, when code is 0 */
	int code; /* CW_E... */
	struct cw_err err;
	enum cw_connection_hop hop;
	struct cw_connection_times times;
	X509 *peer_ca;
	char detail[CURL_ERROR_SIZE];
	char verify[128]; /* why the chain was not accepted */
	/* its own */
	CURLM *multi;
	uv_timer_t timer;
	struct cw_dial_watch *watches; /* of sockets that libcurl wants watched */
	uint64_t start_ns, tls_ns; /* on cw_clock_ns(); tls_ns 0: TLS was not begun */
	int handles;
	bool finished, stopped;
};

/* CW_ENOMEM. Nothing is connected yet. */
int cw_dial_init(struct cw_dial *d, const struct cw_connection_config *config);
int cw_dial_start(struct cw_dial *d); /* CW_ENOMEM: then cw_dial_free() at once */
/* Gives up where it is not done, and lets go of the loop. The connection that was made stays. */
void cw_dial_stop(struct cw_dial *d);
void cw_dial_free(struct cw_dial *d); /* hangs up */

#endif
