/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_GRAPH_HTTP_H
#define CW_GRAPH_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>
#include <uv.h>

#include "base/buf.h"
#include "graph/policy.h"

struct cw_err;

/*
 * HTTPS requests on the loop: libcurl's multi interface driven by libuv. One
 * exchange each; what they mean is decided above. Servers are verified, TLS 1.2 is
 * the least, HTTP/2 where it is offered, connections are kept; no redirect is followed.
 */
struct cw_http;
struct cw_http_exchange;

int cw_http_new(struct cw_http **ret, uv_loop_t *loop, const char *ca_file, struct cw_err *err);
/* After the last exchange was cancelled or has ended. closed(arg) comes from the loop. */
void cw_http_close(struct cw_http *h, void (*closed)(void *arg), void *arg);

struct cw_http_send {
	const char *method, *url; /* copied */
	struct curl_slist *headers; /* taken, also on failure; wiped in the end */
	const struct cw_buf *body; /* borrowed until the end; NULL: none */
	bool once; /* must not go out twice, not even by libcurl's own doing */
	uint64_t timeout_ms;
	const char *whom; /* names the peer in errors; static */
};

struct cw_http_answer {
	enum cw_graph_end end;
	long status;
	int64_t retry_after_ms; /* -1: not told */
	const char *etag; /* or NULL */
	struct cw_buf *bytes; /* the body */
};

/* Once, from the loop; the answer is borrowed. err's code: CW_OK with an answer of any status, else
 * CW_EUNAVAILABLE, CW_ETIMEOUT, CW_ELIMIT. */
typedef void cw_http_done(void *arg, const struct cw_http_answer *answer, const struct cw_err *err);

int cw_http_send(struct cw_http_exchange **ret, struct cw_http *h,
    const struct cw_http_send *request, cw_http_done *done, void *arg, struct cw_err *err);
void cw_http_cancel(struct cw_http_exchange *x); /* done() will not come; ok on NULL */

/* Appends "Name: value", *list stays as it is on CW_ENOMEM; and wipes the list. */
int cw_http_header(struct curl_slist **list, const char *name, const char *value);
void cw_http_headers_free(struct curl_slist *list);

/* "https://host:port" of an https URL without user, query and fragment into ret. CW_EINVAL says
 * what is wrong with `what`. */
int cw_http_origin(struct cw_buf *ret, const char *url, const char *what, struct cw_err *err);

#endif
