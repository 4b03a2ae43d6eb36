/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_DIAL_H
#define CW_DIAL_H

#include <curl/curl.h>

#include "base/err.h"
#include "link/connection.h"

/* The blocking part of connecting, which runs in a worker thread; see connection.h. */
struct cw_dial {
	/* in: the worker's own for as long as it runs */
	char *host, *proxy;
	uint16_t port;
	const char *alpn;
	X509 *ca, *cert;
	EVP_PKEY *key;
	uint8_t ca_sha256[32];
	uint64_t timeout_ms;
	/* out */
	CURL *curl; /* connected, when code is 0 */
	int code; /* CW_E... */
	struct cw_err err;
	enum cw_connection_hop hop;
	struct cw_connection_times times;
	X509 *peer_ca;
	char detail[CURL_ERROR_SIZE];
	char verify[128]; /* why the chain was not accepted */
};

/* CW_ENOMEM. Nothing is connected yet. */
int cw_dial_init(struct cw_dial *d, const struct cw_connection_config *config);
void cw_dial_run(struct cw_dial *d); /* blocks; any thread */
void cw_dial_free(struct cw_dial *d);

#endif
