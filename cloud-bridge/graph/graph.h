/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_GRAPH_H
#define CW_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <uv.h>

struct cw_err;
struct cw_tenant_graph;

/*
 * Microsoft Graph, for all tenants of the bridge, on its one loop and never blocking it.
 *
 * A call gets a token (asked for once per tenant, renewed before it expires), is sent,
 * and is repeated only when that cannot do anything twice: a 429 was not worked on; a
 * 503, a 504 and a broken connection may have been, so there only an idempotent call is
 * repeated. Everything a call waits for ends at its deadline. No error holds a token, an
 * assertion or a key.
 */
#define CW_GRAPH_ANSWER_MAX (8u * 1024u * 1024u) /* bytes of one answer, decompressed */
#define CW_GRAPH_ALL_MAX 100000u /* values that cw_graph_send_all() collects */
#define CW_GRAPH_TIMEOUT_MS 60000u /* when a request names none */

struct cw_graph;
struct cw_graph_call;

struct cw_graph_config {
	uv_loop_t *loop;
	const char *ca_file; /* PEM; NULL: the system's */
	const char *keys_folder; /* private; holds TENANT-UUID.pem, certificate and key */
};

/* On success *ret is the caller's, to give back to cw_graph_close(). Strings are copied. */
int cw_graph_new(struct cw_graph **ret, const struct cw_graph_config *config, struct cw_err *err);
/* Drops every call without calling it back. closed(arg) comes from the loop, when g is gone. */
void cw_graph_close(struct cw_graph *g, void (*closed)(void *arg), void *arg);

/* CW_EINVAL says which of the settings is missing, no UUID or no https URL. */
int cw_graph_check_settings(const struct cw_tenant_graph *settings, struct cw_err *err);

/* Stores the certificate and RSA key with which the bridge signs in to a tenant, and forgets the
 * tenant's token. Both PEM. CW_EINVAL: not readable, not RSA of 2048 bits or more, or they do not
 * belong together; nothing was stored then. */
int cw_graph_set_key(struct cw_graph *g, const char *tenant_uuid, const char *certificate_pem,
    const char *key_pem, struct cw_err *err);
/* Removes them and the token; ok when there are none. */
int cw_graph_forget_key(struct cw_graph *g, const char *tenant_uuid, struct cw_err *err);

/* Read while the call is sent, and copied. */
struct cw_graph_request {
	const char *tenant; /* the bridge's own UUID for it */
	const struct cw_tenant_graph *settings;
	const char *method; /* GET, POST, PATCH, PUT, DELETE */
	const char *path; /* "/users/...", appended to graph_url; escaped by the caller */
	const cJSON *body; /* or NULL */
	const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
	bool idempotent; /* once or twice is the same: 503, 504 and broken connections may repeat */
	uint64_t timeout_ms; /* over all attempts and waits; 0: CW_GRAPH_TIMEOUT_MS */
};

/* Borrowed: gone when the callback returns. */
struct cw_graph_response {
	long status; /* of HTTP */
	const cJSON *body; /* NULL when there is none, or it is not JSON */
	const char *etag; /* or NULL */
	unsigned attempts; /* of this request; token requests are not counted */
};

/*
 * Comes once, from the loop, never from within cw_graph_send(). response is NULL when no
 * answer came. err is never NULL; its code:
 *   CW_OK           2xx
 *   CW_EINVAL       400 and other 4xx   CW_EDENIED    401, 403
 *   CW_ENOTFOUND    404                 CW_ECONFLICT  409, 412
 *   CW_EAUTH        the identity platform refused to sign the bridge in, or there is no key
 *   CW_EUNAVAILABLE nothing was done, or doing it again is harmless: later
 *   CW_ETIMEOUT     as CW_EUNAVAILABLE, and the deadline has passed
 *   CW_EUNKNOWN     not idempotent, and it may have been done: read before repeating
 *   CW_ELIMIT, CW_EPROTO  the answer was too long, or nonsense; not idempotent: CW_EUNKNOWN
 * Its text holds Graph's own code and message: "Graph: Request_BadRequest: Unable to ...".
 */
typedef void cw_graph_done(
    void *arg, const struct cw_graph_response *response, const struct cw_err *err);

/* On success the call is g's until done() or cw_graph_cancel(); ret may be NULL. On failure done()
 * is not called. CW_EINVAL: the request or the settings are wrong. */
int cw_graph_send(struct cw_graph_call **ret, struct cw_graph *g,
    const struct cw_graph_request *request, cw_graph_done *done, void *arg, struct cw_err *err);
/* The same for a GET of a list: follows @odata.nextLink (only to where graph_url points) and calls
 * back once with all in body.value. CW_ELIMIT past CW_GRAPH_ALL_MAX values. */
int cw_graph_send_all(struct cw_graph_call **ret, struct cw_graph *g,
    const struct cw_graph_request *request, cw_graph_done *done, void *arg, struct cw_err *err);

/* Tells of each repeat before its wait: what attempt is next, after how long, and why ("Graph
 * answered 503, trying again"). */
void cw_graph_on_retry(struct cw_graph_call *call,
    void (*retry)(void *arg, unsigned attempt, uint64_t delay_ms, const char *why), void *arg);
/* done() will not be called. What was sent may be done nevertheless. */
void cw_graph_cancel(struct cw_graph_call *call); /* ok on NULL */

#endif
