/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_GRAPH_INTERNAL_H
#define CW_GRAPH_INTERNAL_H

#include <sys/queue.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "graph/graph.h"
#include "graph/http.h"
#include "ledger/tenants.h"

/* Shared by the files of this folder: graph.c (the client), call.c (one call), pages.c, token.c
 * (sign-in), keys.c (stored keys). */
#define CW_GRAPH_BUCKETS 256u

TAILQ_HEAD(cw_graph_calls, cw_graph_call);

/* A tenant that was asked for: its token, and who waits for the next one. */
struct cw_graph_tenant {
	struct cw_graph_tenant *next; /* in the bucket */
	struct cw_graph *g;
	char id[CW_UUID_TEXT];
	struct cw_tenant_graph settings; /* with which the token was asked for */
	char *bearer; /* "Bearer ..."; NULL: none */
	unsigned generation; /* of the token, counts up */
	uint64_t renew_ms, expires_ms; /* cw_clock_ms() */
	/* the request for the next one */
	bool asking;
	struct cw_http_exchange *http;
	struct cw_buf form;
	uv_timer_t timer; /* a wait before asking again */
	unsigned attempt;
	uint64_t deadline_ms;
	struct cw_graph_calls waiting;
	unsigned round; /* counts answers: who waits for which */
};

struct cw_graph {
	uv_loop_t *loop;
	struct cw_http *http;
	char *keys_folder;
	struct cw_graph_tenant *tenants[CW_GRAPH_BUCKETS];
	struct cw_graph_calls calls;
	size_t handles; /* not closed yet, with http */
	void (*closed)(void *arg);
	void *closed_arg;
};

struct cw_graph_call {
	TAILQ_ENTRY(cw_graph_call) link; /* of g->calls */
	TAILQ_ENTRY(cw_graph_call) wait; /* of tenant->waiting */
	struct cw_graph *g;
	struct cw_graph_tenant *tenant;
	struct cw_tenant_graph settings;
	/*
	 * WAITING  a timer runs, then: send. Next: SIGNING_IN.
	 * SIGNING_IN  in tenant->waiting; the timer is the deadline. Next: SENT with a token, or
	 * the end. SENT     http runs. Next: WAITING to repeat it, SIGNING_IN after a 401, or the
	 * end.
	 */
	enum { CALL_WAITING, CALL_SIGNING_IN, CALL_SENT } state;
	uv_timer_t timer;
	struct cw_http_exchange *http;
	char *method, *url;
	struct curl_slist *headers; /* the caller's */
	struct cw_buf body; /* empty: none */
	unsigned round; /* of tenant->waiting */
	bool idempotent;
	bool renewed; /* a 401 was answered with a new token */
	unsigned attempt, attempts; /* of this page; of all */
	unsigned generation; /* of the token it was sent with */
	uint64_t deadline_ms;
	cJSON *all; /* of cw_graph_send_all(): an array, else NULL */
	size_t all_n, all_bytes;
	cw_graph_done *done;
	void (*retry)(void *arg, unsigned attempt, uint64_t delay_ms, const char *why);
	void *arg, *retry_arg;
};

void cw_graph_released(struct cw_graph *g); /* a handle was closed */
/* Milliseconds to a deadline of cw_clock_ms(); 0: it is past. */
uint64_t cw_graph_left(uint64_t deadline_ms);

/* The tenant's entry, made when there is none. NULL: out of memory. */
struct cw_graph_tenant *cw_graph_tenant_get(
    struct cw_graph *g, const char *id, const struct cw_tenant_graph *settings);
struct cw_graph_tenant *cw_graph_tenant_find(struct cw_graph *g, const char *id); /* or NULL */
void cw_graph_tenants_close(struct cw_graph *g);
/* The token, or NULL: then the call waits in tenant->waiting, and cw_graph_call_token() comes, from
 * the loop or at once. */
const char *cw_graph_token(struct cw_graph_tenant *t, struct cw_graph_call *call);
/* Not that token again (0: whichever). */
void cw_graph_token_forget(struct cw_graph_tenant *t, unsigned generation);

void cw_graph_call_start(struct cw_graph_call *call); /* from the loop's next turn on */
void cw_graph_call_token(struct cw_graph_call *call, const struct cw_err *err); /* CW_OK: there */
void cw_graph_call_free(struct cw_graph_call *call);

/* Takes the page's values over. 1: call->url is the next page, 0: that was the last. */
int cw_graph_page(struct cw_graph_call *call, cJSON *body, size_t n, struct cw_err *err);

/* Appends the tenant's certificate and key. CW_EAUTH: there are none. */
int cw_graph_key_read(
    struct cw_buf *pem, const struct cw_graph *g, const char *tenant, struct cw_err *err);

#endif
