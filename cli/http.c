/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the bridge.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "http.h"
#include "sse.h"

#define CONNECT_TIMEOUT_MS 10000L
#define QUIET_TIMEOUT_S 90L /* an event stream has a sign of life every 15 s */
#define ANSWER_TIMEOUT_S 330L /* the longest that a call asks the bridge to wait, and then some */

struct cli_http {
	CURL *curl;
	struct curl_slist *headers, *event_headers, *line_headers;
	char *url, *ca;
	struct cw_buf answer;
	struct cli_sse sse;
	cli_http_event *on_event;
	void *event_arg;
	int event_result;
	void (*on_line)(void *arg, const char *text, size_t n);
	void *line_arg;
	bool lines_came;
	char why[CURL_ERROR_SIZE];
};

static int
add_header(struct curl_slist **list, const char *text)
{
	struct curl_slist *more = curl_slist_append(*list, text);

	if (more == NULL)
		return CW_ENOMEM;
	*list = more;
	return CW_OK;
}

static int
make_headers(struct cli_http *http, const char *key)
{
	struct cw_buf line;
	const char *text;
	int r;

	cw_buf_init(&line, 4096);
	if ((r = cw_buf_printf(&line, "Authorization: Bearer %s", key)) == CW_OK &&
	    (text = cw_buf_str(&line)) != NULL) {
		if ((r = add_header(&http->line_headers, text)) == CW_OK &&
		    (r = add_header(&http->line_headers, "Content-Type: application/json")) ==
			CW_OK &&
		    (r = add_header(&http->line_headers, "Accept: application/x-ndjson")) ==
			CW_OK &&
		    (r = add_header(&http->line_headers, "Expect:")) == CW_OK &&
		    (r = add_header(&http->headers, text)) == CW_OK &&
		    (r = add_header(&http->event_headers, text)) == CW_OK &&
		    (r = add_header(&http->headers, "Content-Type: application/json")) == CW_OK &&
		    (r = add_header(&http->headers, "Expect:")) == CW_OK)
			r = add_header(&http->event_headers, "Accept: text/event-stream");
	}
	cw_buf_free_secret(&line);
	return r;
}

static void
free_headers(struct curl_slist *list)
{
	for (struct curl_slist *at = list; at != NULL; at = at->next)
		cw_wipe(at->data, strlen(at->data));
	curl_slist_free_all(list);
}

int
cli_http_new(struct cli_http **ret, const struct cli_http_config *config, struct cw_err *err)
{
	struct cli_http *http;
	size_t n;

	if (!cw_starts_with(config->url, "https://") || config->url[8] == '\0')
		return cw_fail(err, CW_EINVAL,
		    "the bridge's URL must begin with https://, and \"%s\" does not", config->url);
	if ((http = calloc(1, sizeof(*http))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	cw_buf_init(&http->answer, CLI_ANSWER_MAX);
	n = strlen(config->url);
	while (config->url[n - 1] == '/')
		n--;
	if ((http->curl = curl_easy_init()) == NULL ||
	    (http->url = cw_strndup(config->url, n)) == NULL ||
	    (config->ca != NULL && (http->ca = cw_strdup(config->ca)) == NULL) ||
	    make_headers(http, config->key) < 0) {
		cli_http_free(http);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	*ret = http;
	return CW_OK;
}

void
cli_http_free(struct cli_http *http)
{
	if (http == NULL)
		return;
	curl_easy_cleanup(http->curl);
	free_headers(http->headers);
	free_headers(http->event_headers);
	free_headers(http->line_headers);
	cw_buf_free(&http->answer);
	cli_sse_free(&http->sse);
	free(http->url);
	free(http->ca);
	free(http);
}

int
cli_put_escaped(struct cw_buf *b, const char *text)
{
	int r = CW_OK;

	for (const unsigned char *p = (const unsigned char *)text; *p != '\0' && r == CW_OK; p++) {
		if ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
		    (*p >= 'A' && *p <= 'Z') || strchr("-._~", *p) != NULL)
			r = cw_buf_putc(b, (char)*p);
		else
			r = cw_buf_printf(b, "%%%02X", *p);
	}
	return r;
}

int
cli_put_query(struct cw_buf *b, const char *name, const char *value)
{
	int r;

	if (value == NULL)
		return CW_OK;
	if ((r = cw_buf_printf(
		 b, "%c%s=", memchr(b->data, '?', b->len) != NULL ? '&' : '?', name)) < 0)
		return r;
	return cli_put_escaped(b, value);
}

static int
fail_connection(struct cli_http *http, CURLcode code, struct cw_err *err)
{
	const char *why = http->why[0] != '\0' ? http->why : curl_easy_strerror(code);

	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return cw_fail(err, CW_EUNAVAILABLE,
		    "no such host: %s. Check CAUSEWAY_URL or --url", http->url);
	case CURLE_COULDNT_CONNECT:
		return cw_fail(err, CW_EUNAVAILABLE,
		    "nothing answers at %s (%s). Is the bridge running there? CAUSEWAY_URL or "
		    "--url says where",
		    http->url, why);
	case CURLE_PEER_FAILED_VERIFICATION:
		return cw_fail(err, CW_EUNAVAILABLE,
		    "the certificate of %s is not trusted (%s). CAUSEWAY_CA or --ca names the CA's "
		    "PEM file",
		    http->url, why);
	case CURLE_SSL_CACERT_BADFILE:
		return cw_fail(err, CW_EINVAL, "the CA file %s cannot be used: %s",
		    http->ca != NULL ? http->ca : "of the system", why);
	case CURLE_SSL_CONNECT_ERROR:
		return cw_fail(err, CW_EUNAVAILABLE,
		    "%s does not speak TLS as expected (%s). Is this the bridge's web port, and "
		    "not the agents'?",
		    http->url, why);
	case CURLE_OPERATION_TIMEDOUT:
		return cw_fail(err, CW_EUNAVAILABLE, "%s took too long: %s", http->url, why);
	case CURLE_WRITE_ERROR:
		return cw_fail(
		    err, CW_ELIMIT, "the answer is larger than %u MB", CLI_ANSWER_MAX >> 20);
	default:
		return cw_fail(
		    err, CW_EUNAVAILABLE, "the connection to %s failed: %s", http->url, why);
	}
}

static int
code_of_status(long status)
{
	switch (status) {
	case 401: return CW_EAUTH;
	case 403: return CW_EDENIED;
	case 404: return CW_ENOTFOUND;
	case 409: return CW_ECONFLICT;
	default: return status < 500 ? CW_EINVAL : CW_EUNAVAILABLE;
	}
}

static int
fail_status(struct cli_http *http, long status, struct cw_err *err)
{
	static const char key_hint[] = ". CAUSEWAY_API_KEY or --key-file gives the key";
	const char *hint = status == 401 ? key_hint : "", *message = NULL;
	cJSON *body = NULL;
	int code = code_of_status(status);

	if (cw_json_parse(&body, (const char *)cw_buf_peek(&http->answer),
		cw_buf_left(&http->answer), "answer", NULL) == CW_OK)
		message = cw_json_str(cw_json_get(body, "error"), "message");
	if (message != NULL)
		cw_fail(err, code, "%s%s", message, hint);
	else
		cw_fail(err, code, "the bridge answered HTTP %ld%s", status, hint);
	cJSON_Delete(body);
	return code;
}

static size_t
on_bytes(char *p, size_t size, size_t n, void *arg)
{
	struct cli_http *http = arg;

	return cw_buf_put(&http->answer, p, size * n) == CW_OK ? size * n : 0;
}

static int
set_up(struct cli_http *http, const char *method, const char *path, struct cw_err *err)
{
	/* Nothing comes while the bridge waits for an operation's end. */
	long quiet_s = strstr(path, "?wait=") != NULL ? ANSWER_TIMEOUT_S : QUIET_TIMEOUT_S;
	struct cw_buf url;
	const char *text = NULL;
	int r = CW_ENOMEM;

	cw_buf_init(&url, 16384);
	if (cw_buf_printf(&url, "%s%s", http->url, path) == CW_OK)
		text = cw_buf_str(&url);
	curl_easy_reset(http->curl);
	http->why[0] = '\0';
	cw_buf_clear(&http->answer);
	if (text != NULL && curl_easy_setopt(http->curl, CURLOPT_URL, text) == CURLE_OK &&
	    curl_easy_setopt(http->curl, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK &&
	    (http->ca == NULL ||
		curl_easy_setopt(http->curl, CURLOPT_CAINFO, http->ca) == CURLE_OK))
		r = CW_OK;
	cw_buf_free(&url);
	curl_easy_setopt(http->curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(http->curl, CURLOPT_ERRORBUFFER, http->why);
	curl_easy_setopt(http->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(http->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(http->curl, CURLOPT_LOW_SPEED_TIME, quiet_s);
	curl_easy_setopt(http->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(http->curl, CURLOPT_USERAGENT, "causeway");
	return r < 0 ? cw_fail(err, r, "out of memory") : CW_OK;
}

/* Sends it, with these headers; what comes goes to on_part(). */
static int
perform(struct cli_http *http, const char *method, const cJSON *body, struct curl_slist *headers,
    curl_write_callback on_part, CURLcode *code, struct cw_err *err)
{
	char *text = NULL;

	if (body != NULL && (text = cJSON_PrintUnformatted(body)) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, on_part);
	curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, http);
	if (strcmp(method, "GET") != 0 && strcmp(method, "DELETE") != 0) {
		/* No body is sent as a body of nothing: its length must be known. */
		curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)(text != NULL ? strlen(text) : 0));
		curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, text != NULL ? text : "");
	}
	*code = curl_easy_perform(http->curl);
	if (text != NULL)
		cw_wipe(text, strlen(text));
	cJSON_free(text);
	return CW_OK;
}

int
cli_http_call(struct cli_http *http, const char *method, const char *path, const cJSON *body,
    cJSON **ret, struct cw_err *err)
{
	cJSON *answer = NULL;
	CURLcode code;
	long status = 0;
	int r;

	if ((r = set_up(http, method, path, err)) < 0 ||
	    (r = perform(http, method, body, http->headers, on_bytes, &code, err)) < 0)
		return r;
	if (code != CURLE_OK)
		return fail_connection(http, code, err);
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		return fail_status(http, status, err);
	if (cw_buf_left(&http->answer) > 0 &&
	    (r = cw_json_parse(&answer, (const char *)cw_buf_peek(&http->answer),
		 cw_buf_left(&http->answer), "the bridge's answer", err)) < 0)
		return r;
	*ret = answer;
	return CW_OK;
}

/* What has come of a line waits in the answer's buffer for the rest. */
static size_t
on_lines(char *p, size_t size, size_t n, void *arg)
{
	struct cli_http *http = arg;
	size_t looked = cw_buf_left(&http->answer), len;
	const char *start, *end;
	long status = 0;

	if (on_bytes(p, size, n, arg) == 0)
		return 0;
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	while (status >= 200 && status <= 299) {
		start = (const char *)cw_buf_peek(&http->answer);
		len = cw_buf_left(&http->answer);
		if ((end = memchr(start + looked, '\n', len - looked)) == NULL)
			break;
		http->lines_came = true;
		http->on_line(http->line_arg, start, (size_t)(end - start));
		cw_buf_skip(&http->answer, (size_t)(end - start) + 1);
		looked = 0;
	}
	return size * n;
}

int
cli_http_lines(struct cli_http *http, const char *method, const char *path, const cJSON *body,
    void (*line)(void *arg, const char *text, size_t n), void *arg, struct cw_err *err)
{
	CURLcode code;
	long status = 0;
	int r;

	if ((r = set_up(http, method, path, err)) < 0)
		return r;
	/* A script may say nothing for hours. */
	curl_easy_setopt(http->curl, CURLOPT_LOW_SPEED_LIMIT, 0L);
	curl_easy_setopt(http->curl, CURLOPT_TCP_KEEPALIVE, 1L);
	http->on_line = line;
	http->line_arg = arg;
	http->lines_came = false;
	if ((r = perform(http, method, body, http->line_headers, on_lines, &code, err)) < 0)
		return r;
	if (code != CURLE_OK && http->lines_came)
		return cw_fail(err, CW_EUNKNOWN, "the connection broke while it ran: %s",
		    http->why[0] != '\0' ? http->why : curl_easy_strerror(code));
	if (code != CURLE_OK)
		return fail_connection(http, code, err);
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	return status < 200 || status > 299 ? fail_status(http, status, err) : CW_OK;
}

static size_t
on_stream(char *p, size_t size, size_t n, void *arg)
{
	struct cli_http *http = arg;
	long status = 0;

	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		return on_bytes(p, size, n, arg);
	http->event_result = cli_sse_feed(&http->sse, p, size * n, http->on_event, http->event_arg);
	return http->event_result == CW_OK ? size * n : 0;
}

int
cli_http_events(struct cli_http *http, const char *path, cli_http_event *on_event, void *arg,
    struct cw_err *err)
{
	CURLcode code;
	long status = 0;
	int r;

	if ((r = set_up(http, "GET", path, err)) < 0)
		return r;
	cli_sse_free(&http->sse);
	cli_sse_init(&http->sse);
	http->on_event = on_event;
	http->event_arg = arg;
	http->event_result = CW_OK;
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, http->event_headers);
	curl_easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, on_stream);
	curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, http);
	code = curl_easy_perform(http->curl);
	if (http->event_result > 0)
		return CW_OK;
	if (http->event_result < 0)
		return err->code < 0 ? err->code
				     : cw_fail(err, http->event_result, "the event stream: %s",
					   cw_strerror(http->event_result));
	if (code != CURLE_OK)
		return fail_connection(http, code, err);
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		return fail_status(http, status, err);
	return cw_fail(err, CW_ECLOSED, "the event stream ended early");
}
