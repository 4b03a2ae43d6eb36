/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange's end: what came back, or how it broke.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "graph/graph.h"
#include "graph/http_internal.h"
#include "os/clock.h"

size_t
cw_http_take(char *p, size_t size, size_t n, void *arg)
{
	struct cw_http_exchange *x = arg;

	if (cw_buf_put(&x->bytes, p, size * n) == CW_OK)
		return size * n;
	x->too_long = true;
	return CURL_WRITEFUNC_ERROR;
}

void
cw_http_headers_free(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l != NULL; l = l->next)
		cw_wipe(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

int
cw_http_header(struct curl_slist **list, const char *name, const char *value)
{
	struct curl_slist *longer = NULL;
	struct cw_buf text;

	cw_buf_init(&text, 64u * 1024u);
	if (cw_buf_printf(&text, "%s: %s", name, value) == CW_OK && cw_buf_str(&text) != NULL)
		longer = curl_slist_append(*list, cw_buf_str(&text));
	cw_buf_free_secret(&text);
	if (longer == NULL)
		return CW_ENOMEM;
	*list = longer;
	return CW_OK;
}

/* Out of libcurl's hands. */
static void
detach(struct cw_http_exchange *x)
{
	curl_multi_remove_handle(x->h->multi, x->easy);
	curl_easy_cleanup(x->easy);
	cw_http_headers_free(x->headers);
	x->h->exchanges--;
}

void
cw_http_cancel(struct cw_http_exchange *x)
{
	if (x == NULL)
		return;
	detach(x);
	cw_buf_free_secret(&x->bytes);
	free(x);
}

/* Nothing has left for the server while there is no connection ready to carry it. */
static bool
not_sent(struct cw_http_exchange *x, CURLcode code)
{
	curl_off_t ready_us = 0;

	switch (code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE: return true;
	default:
		curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
		return ready_us == 0;
	}
}

static void
broke(struct cw_err *err, const struct cw_http_exchange *x, CURLcode code)
{
	const char *why = x->reason[0] != '\0' ? x->reason : curl_easy_strerror(code);

	if (x->too_long)
		cw_fail(err, CW_ELIMIT, "%s answered with more than %u bytes", x->whom,
		    CW_GRAPH_ANSWER_MAX);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		cw_fail(err, CW_ETIMEOUT, "%s did not answer in time: %s", x->whom, why);
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		cw_fail(
		    err, CW_EUNAVAILABLE, "the certificate of %s is not trusted: %s", x->whom, why);
	else
		cw_fail(err, CW_EUNAVAILABLE, "no answer from %s: %s", x->whom, why);
}

static const char *
header(struct cw_http_exchange *x, const char *name)
{
	struct curl_header *h;

	if (curl_easy_header(x->easy, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
		return NULL;
	return h->value;
}

void
cw_http_ended(struct cw_http_exchange *x, CURLcode code)
{
	struct cw_http_answer a = { .retry_after_ms = -1, .bytes = &x->bytes };
	struct cw_err err = { 0 };
	const char *after, *etag;

	if (code == CURLE_OK) {
		curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &a.status);
		if ((etag = header(x, "ETag")) != NULL && strlen(etag) < sizeof(x->etag))
			a.etag = strcpy(x->etag, etag);
		if ((after = header(x, "Retry-After")) != NULL)
			a.retry_after_ms = cw_graph_retry_after(after, cw_clock_unix_ms());
	} else {
		a.end = not_sent(x, code) ? CW_GRAPH_NOT_SENT : CW_GRAPH_BROKEN;
		broke(&err, x, code);
	}
	detach(x); /* first: done() may close everything */
	x->done(x->arg, &a, &err);
	cw_buf_free_secret(&x->bytes);
	free(x);
}

int
cw_http_origin(struct cw_buf *ret, const char *url, const char *what, struct cw_err *err)
{
	static const CURLUPart none[] = { CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT };
	char *scheme = NULL, *host = NULL, *port = NULL, *part;
	CURLU *u = curl_url();
	bool ok = u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    strcmp(scheme, "https") == 0 &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;

	for (size_t i = 0; ok && i < CW_COUNT(none); i++)
		if (curl_url_get(u, none[i], &part, 0) == CURLUE_OK) {
			curl_free(part);
			ok = false;
		}
	for (char *c = host; ok && *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	if (ok && strcmp(port, "443") == 0)
		ok = cw_buf_printf(ret, "https://%s", host) == CW_OK;
	else if (ok)
		ok = cw_buf_printf(ret, "https://%s:%s", host, port) == CW_OK;
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	if (!ok)
		return cw_fail(err, CW_EINVAL,
		    "%s must be an https URL without user or fragment, not \"%s\"", what, url);
	return CW_OK;
}
