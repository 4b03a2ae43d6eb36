/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_API_PRIVATE_H
#define CW_API_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "api/api.h"
#include "api/web.h"
#include "base/err.h"
#include "ledger/agents.h"
#include "ledger/keys.h"
#include "ledger/tenants.h"
#include "route/route.h"

/*
 * Shared by the files of the REST interface: the table of routes (routes.c), what a
 * body or a query may hold (members.c), the way of a request (api.c), answers
 * (answer.c), answers that stay open (follow.h). One file per subject has the handlers.
 */
struct api_ending;
struct api_follow;

struct cw_api {
	struct cw_api_config config;
	char *agents_address;
	struct api_follow *open; /* all that stay open, follow.c */
	unsigned open_count;
	unsigned closings; /* counts what is taken out of open */
	uv_timer_t timer; /* armed for the first of them that is due */
	uint64_t timer_at; /* on the loop's clock; UINT64_MAX: not armed */
	struct api_ending *endings; /* what is watched for the log, begin.c */
	bool stopping;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* --- what a body or a query may hold */

enum api_kind {
	API_TEXT, /* 1 to max bytes, no control characters */
	API_LINES, /* 1 to max bytes, lines: PEM, a script */
	API_CHOICE, /* one of choices */
	API_ID, /* a UUID */
	API_NUMBER, /* whole, min to max */
	API_TEXTS, /* a list of 1 to max texts; of choices where there are some */
	API_OBJECT, /* of members, or of anything where there are none */
};

struct api_member {
	const char *name; /* NULL ends a table */
	enum api_kind kind;
	bool required;
	long min, max;
	const char *const *choices; /* NULL-terminated */
	const struct api_member *members;
};

/* Refuses, by name, what is unknown, missing or does not fit. what: "the request". */
int api_check_object(
    const cJSON *object, const struct api_member *members, const char *what, struct cw_err *err);
int api_check_query(
    const struct cw_web_call *call, const struct api_member *members, struct cw_err *err);
/* The body, parsed and checked; NULL members: there must be none, and *ret is NULL then. *ret is
 * the caller's, for api_body_free(). */
int api_read_body(
    cJSON **ret, const struct api_member *members, const char *text, size_t n, struct cw_err *err);
void api_body_free(cJSON *body); /* overwrites its texts; ok on NULL */
/* A number of the query that api_check_query() has seen, or otherwise. */
long api_query_number(const struct cw_web_call *call, const char *name, long otherwise);

/* --- routes */

#define API_PART_MAX 256u /* bytes of a parameter in a path, with the NUL */

struct api_request {
	struct cw_api *api;
	struct cw_web_call *call;
	const struct api_route *route;
	struct cw_api_key key; /* all zero where none is needed */
	cJSON *body; /* checked; NULL: none */
	/* what the path names, by the route's parameter; the key may see it */
	char part[API_PART_MAX]; /* its text */
	struct cw_tenant tenant;
	struct cw_agent_row agent;
	cJSON *operation;
};

struct api_route {
	const char *method;
	const char *path; /* "/v1/tenants/{tenant}/graph" */
	bool open; /* needs no key; role is then nothing */
	enum cw_api_role role; /* the least that may */
	const struct api_member *query, *body;
	/* CW_OK: answered, or kept for later. Negative: not answered, err says why. */
	int (*handle)(struct api_request *q, struct cw_err *err);
};

size_t api_body_max(const struct api_route *route); /* bytes */

/* The tenant that ?tenant= names, as far as the key sees it, into q->tenant; *named false: none is.
 */
int api_tenant_of_query(struct api_request *q, bool *named, struct cw_err *err);

const struct api_route *api_routes(size_t *n);
/* The route for method and path, and what stands for its parameter; a HEAD is a GET. CW_ENOTFOUND:
 * no such path. CW_EINVAL: not with this method, *allow tells those that there are. */
int api_find_route(const struct api_route **ret, char part[API_PART_MAX], const char **allow,
    const char *method, const char *path);

/* Handlers. */
#define API_HANDLER(name) int api_##name(struct api_request *q, struct cw_err *err)
API_HANDLER(health);
API_HANDLER(openapi);
API_HANDLER(catalogue);
API_HANDLER(tenants_list);
API_HANDLER(tenants_create);
API_HANDLER(tenants_show);
API_HANDLER(tenants_update);
API_HANDLER(tenants_remove);
API_HANDLER(graph_set);
API_HANDLER(graph_remove);
API_HANDLER(enrolment_token);
API_HANDLER(agents_list);
API_HANDLER(agents_show);
API_HANDLER(agents_revoke);
API_HANDLER(command);
API_HANDLER(script);
API_HANDLER(apply);
API_HANDLER(change);
API_HANDLER(operations_list);
API_HANDLER(operations_show);
API_HANDLER(operations_cancel);
API_HANDLER(operations_events);
API_HANDLER(keys_list);
API_HANDLER(keys_create);
API_HANDLER(keys_remove);

/* --- answers */

/* The status for a code of err.h. */
int api_status(int code);
/* The error as an answer. What is the bridge's own trouble is logged and not told. */
void api_fail(struct cw_web_call *call, int code, const struct cw_err *err);
/* Takes value. */
int api_answer(struct cw_web_call *call, int status, cJSON *value, struct cw_err *err);
/* With the place of what was made. Takes value. */
int api_answer_created(
    struct cw_web_call *call, const char *folder, const char *id, cJSON *value, struct cw_err *err);
/* 202: the operation goes on. */
void api_answer_accepted(struct cw_web_call *call, const char *operation);
int api_answer_nothing(struct cw_web_call *call); /* 204 */

/* --- operations */

typedef int api_begin_how(struct cw_route *r, char id[CW_UUID_TEXT], const char *tenant,
    const char *key, const cJSON *body, struct cw_err *err);
/* Hands the request's body to the router; the end will be in the log. */
int api_begin(struct api_request *q, char id[CW_UUID_TEXT], api_begin_how *how, struct cw_err *err);
void api_endings_free(struct cw_api *api);
/* The operation as the interface shows it; the caller's. CW_ENOTFOUND. */
int api_operation(struct cw_api *api, cJSON **ret, const char *id, struct cw_err *err);
/* How long the request wants to wait for the end, in seconds: ?wait=, or Prefer: wait=. */
long api_wait(const struct cw_web_call *call);

#endif
