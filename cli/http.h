/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CLI_HTTP_H
#define CW_CLI_HTTP_H

#include <stddef.h>

#include <cjson/cJSON.h>

struct cw_buf;
struct cw_err;
struct cli_http;

/*
 * The bridge's REST interface from the outside, on libcurl: one kept-alive
 * connection, JSON in and out, server-sent events. Blocking.
 */
#define CLI_ANSWER_MAX (512u << 20) /* bytes of one answer */

struct cli_http_config {
	const char *url; /* "https://bridge.example:8443" */
	const char *key; /* API key; copied, and wiped when freed */
	const char *ca; /* PEM file of the CA to trust, or NULL for the system's */
};

/* On success *ret is the caller's, for cli_http_free(). CW_EINVAL for a URL that is not https. */
int cli_http_new(struct cli_http **ret, const struct cli_http_config *config, struct cw_err *err);
void cli_http_free(struct cli_http *http);

/*
 * One request. body may be NULL. On success (any 2xx) *ret is the caller's, NULL for an empty
 * answer. Otherwise err has one line for a person: the bridge's own message, or what is wrong with
 * the connection and what to do. Codes: CW_EAUTH (401), CW_EDENIED (403), CW_ENOTFOUND (404),
 * CW_EINVAL (other 4xx), CW_EUNAVAILABLE (no connection, 5xx), CW_EPROTO.
 */
int cli_http_call(struct cli_http *http, const char *method, const char *path, const cJSON *body,
    cJSON **ret, struct cw_err *err);

/* Gets an event stream. on_event returns 0 to go on, 1 to end well, negative to fail. CW_ECLOSED
 * when the stream broke before on_event ended it. */
typedef int cli_http_event(void *arg, const char *event, const char *data, size_t n);
int cli_http_events(struct cli_http *http, const char *path, cli_http_event *on_event, void *arg,
    struct cw_err *err);

/* One request that is answered by lines (application/x-ndjson), each given to line() without its
 * end as it comes, however long it takes. Otherwise as cli_http_call(). CW_EUNKNOWN: the connection
 * broke while they came. */
int cli_http_lines(struct cli_http *http, const char *method, const char *path, const cJSON *body,
    void (*line)(void *arg, const char *text, size_t n), void *arg, struct cw_err *err);

/* Appends text as one segment of a path or value of a query, escaped. */
int cli_put_escaped(struct cw_buf *b, const char *text);
/* Appends "?name=value", or "&..." behind another; nothing where value is NULL. */
int cli_put_query(struct cw_buf *b, const char *name, const char *value);

#endif
