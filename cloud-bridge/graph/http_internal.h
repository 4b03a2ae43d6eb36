/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_GRAPH_HTTP_INTERNAL_H
#define CW_GRAPH_HTTP_INTERNAL_H

#include "base/str.h"
#include "graph/http.h"

/* Shared by http.c (libcurl on the loop) and http_exchange.c (what came back). */
struct cw_http {
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer;
	char *ca_file; /* NULL: the system's */
	size_t handles; /* not closed yet */
	size_t exchanges;
	void (*closed)(void *arg); /* closing, when it is set */
	void *closed_arg;
};

struct cw_http_exchange {
	struct cw_http *h;
	CURL *easy;
	struct curl_slist *headers;
	const char *whom;
	struct cw_buf bytes;
	bool too_long;
	char etag[256];
	char reason[CURL_ERROR_SIZE];
	cw_http_done *done;
	void *arg;
};

void cw_http_ended(struct cw_http_exchange *x, CURLcode code);
size_t cw_http_take(char *p, size_t size, size_t n, void *arg);

#endif
