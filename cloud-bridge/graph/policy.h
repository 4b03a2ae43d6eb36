/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_GRAPH_POLICY_H
#define CW_GRAPH_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

struct cw_buf;
struct cw_err;

/* What the client decides and says, free of sockets and clocks: tested by tables. */

#define CW_GRAPH_ATTEMPTS_MAX 8u
#define CW_GRAPH_BACKOFF_MS 500u /* the first wait is up to this, then it doubles */
#define CW_GRAPH_BACKOFF_MAX_MS 30000u
#define CW_GRAPH_RETRY_AFTER_MAX_MS (24 * 3600 * 1000)

enum cw_graph_end {
	CW_GRAPH_ANSWERED, /* status says with what */
	CW_GRAPH_NOT_SENT, /* no connection: nothing can have been done */
	CW_GRAPH_BROKEN /* the connection ended before the answer: anything can have been done */
};

struct cw_graph_attempt {
	enum cw_graph_end end;
	long status;
	bool idempotent;
	unsigned number; /* from 1 */
	int64_t retry_after_ms; /* -1: not told */
	uint64_t left_ms; /* to the deadline */
	uint32_t random; /* of the whole range */
};

/* True when it may be sent again, after *ret_delay_ms: full jitter, or what the service asked for
 * and a little more. False also when that is past the deadline. */
bool cw_graph_retry(uint64_t *ret_delay_ms, const struct cw_graph_attempt *attempt);
/* Reads Retry-After (RFC 9110 10.2.3), seconds or a date. -1: neither. */
int64_t cw_graph_retry_after(const char *value, int64_t now_unix_ms);

/* Records what an answer of Graph other than 2xx means, and returns the code. body may be NULL. */
int cw_graph_error(struct cw_err *err, long status, const cJSON *body, bool idempotent);
/* The same for the token endpoint (RFC 6749 5.2, AADSTS codes). */
int cw_graph_token_error(struct cw_err *err, long status, const cJSON *body);

/* Appends a client assertion (RFC 7523) signed with PS256 by the certificate and key in pem.
 * CW_EINVAL: they are not fit. */
int cw_graph_assertion(struct cw_buf *ret, const char *pem, size_t n, const char *audience,
    const char *client_id, int64_t now_unix_ms, struct cw_err *err);
/* Refuses what could not sign: not RSA of 2048 bits or more, or not a pair. */
int cw_graph_key_check(const char *pem, size_t n, struct cw_err *err);

#endif
