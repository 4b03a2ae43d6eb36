/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client: what may be asked of it, and its start and end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "graph/graph_internal.h"
#include "os/clock.h"
#include "os/file.h"

#define BODY_MAX (4u * 1024u * 1024u) /* bytes; Graph takes no more in one request */
#define URL_MAX 65536u

int
cw_graph_new(struct cw_graph **ret, const struct cw_graph_config *config, struct cw_err *err)
{
	struct cw_graph *g = calloc(1, sizeof(*g));
	int r;

	if (g == NULL || (g->keys_folder = cw_strdup(config->keys_folder)) == NULL) {
		free(g);
		return cw_fail(err, CW_ENOMEM, "cannot start the Graph client: out of memory");
	}
	TAILQ_INIT(&g->calls);
	g->loop = config->loop;
	g->handles = 1;
	if ((r = cw_file_mkdir_private(g->keys_folder, err)) < 0 ||
	    (r = cw_http_new(&g->http, g->loop, config->ca_file, err)) < 0) {
		free(g->keys_folder);
		free(g);
		return r;
	}
	*ret = g;
	return CW_OK;
}

void
cw_graph_released(struct cw_graph *g)
{
	void (*closed)(void *arg) = g->closed;
	void *arg = g->closed_arg;

	if (--g->handles > 0)
		return;
	free(g->keys_folder);
	free(g);
	closed(arg);
}

static void
http_closed(void *arg)
{
	cw_graph_released(arg);
}

static void
nothing(void *arg)
{
	(void)arg;
}

void
cw_graph_close(struct cw_graph *g, void (*closed)(void *arg), void *arg)
{
	struct cw_graph_call *call;

	g->closed = closed != NULL ? closed : nothing;
	g->closed_arg = arg;
	while ((call = TAILQ_FIRST(&g->calls)) != NULL)
		cw_graph_call_free(call);
	cw_graph_tenants_close(g);
	cw_http_close(g->http, http_closed, g);
}

/* Nothing in a request line or a header may end it early. */
static bool
printable(const char *s, char from)
{
	for (; *s != '\0'; s++)
		if (*s < from || *s > '~')
			return false;
	return true;
}

int
cw_graph_check_settings(const struct cw_tenant_graph *s, struct cw_err *err)
{
	struct cw_buf origin;
	uint8_t uuid[16];
	int r;

	if (!s->set)
		return cw_fail(err, CW_EINVAL,
		    "the tenant has no Graph settings yet: tenant_id, client_id and a certificate");
	if (cw_uuid_parse(uuid, s->tenant_id, strlen(s->tenant_id)) < 0)
		return cw_fail(err, CW_EINVAL, "tenant_id must be a UUID");
	if (cw_uuid_parse(uuid, s->client_id, strlen(s->client_id)) < 0)
		return cw_fail(err, CW_EINVAL, "client_id must be a UUID");
	if (strchr(s->graph_url, '?') != NULL)
		return cw_fail(err, CW_EINVAL, "graph_url must have no query");
	cw_buf_init(&origin, 1024);
	if ((r = cw_http_origin(&origin, s->graph_url, "graph_url", err)) == CW_OK)
		r = cw_http_origin(&origin, s->token_url, "token_url", err);
	cw_buf_free(&origin);
	return r;
}

static int
check(const struct cw_graph_request *q, struct cw_err *err)
{
	static const char *const methods[] = { "GET", "POST", "PATCH", "PUT", "DELETE" };
	uint8_t uuid[16];
	size_t i = 0;

	if (q->tenant == NULL || cw_uuid_parse(uuid, q->tenant, strlen(q->tenant)) < 0)
		return cw_fail(err, CW_EINVAL, "a tenant is named by its UUID");
	while (i < CW_COUNT(methods) && !cw_streq(q->method, methods[i]))
		i++;
	if (i == CW_COUNT(methods))
		return cw_fail(
		    err, CW_EINVAL, "Graph is asked with GET, POST, PATCH, PUT or DELETE");
	if (q->path == NULL || q->path[0] != '/' || !printable(q->path, '!') ||
	    strchr(q->path, '#') != NULL)
		return cw_fail(
		    err, CW_EINVAL, "a path of Graph starts with \"/\" and is percent-encoded");
	for (i = 0; q->headers != NULL && q->headers[i] != NULL; i++)
		if (!printable(q->headers[i], ' ') || strchr(q->headers[i], ':') == NULL)
			return cw_fail(
			    err, CW_EINVAL, "a header reads \"Name: value\", on one line");
	return cw_graph_check_settings(q->settings, err);
}

static int
copy_url(struct cw_graph_call *call, const struct cw_graph_request *q)
{
	size_t n = strlen(q->settings->graph_url);
	struct cw_buf url;
	int r;

	if (n > 0 && q->settings->graph_url[n - 1] == '/')
		n--;
	cw_buf_init(&url, URL_MAX);
	if ((r = cw_buf_put(&url, q->settings->graph_url, n)) == CW_OK &&
	    (r = cw_buf_puts(&url, q->path)) == CW_OK &&
	    (cw_buf_str(&url) == NULL || (call->url = cw_strdup(cw_buf_str(&url))) == NULL))
		r = CW_ENOMEM;
	cw_buf_free(&url);
	return r;
}

static int
copy_request(struct cw_graph_call *call, const struct cw_graph_request *q)
{
	int r;

	call->settings = *q->settings;
	call->idempotent = q->idempotent || strcmp(q->method, "GET") == 0;
	if ((call->method = cw_strdup(q->method)) == NULL)
		return CW_ENOMEM;
	if ((r = copy_url(call, q)) < 0)
		return r;
	for (size_t i = 0; q->headers != NULL && q->headers[i] != NULL; i++) {
		struct curl_slist *longer = curl_slist_append(call->headers, q->headers[i]);

		if (longer == NULL)
			return CW_ENOMEM;
		call->headers = longer;
	}
	return q->body != NULL ? cw_json_put(&call->body, q->body) : CW_OK;
}

static int
send_call(struct cw_graph_call **ret, struct cw_graph *g, const struct cw_graph_request *q,
    bool all, cw_graph_done *done, void *arg, struct cw_err *err)
{
	struct cw_graph_call *call;
	int r;

	if ((r = check(q, err)) < 0)
		return r;
	if ((call = calloc(1, sizeof(*call))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	call->g = g;
	call->done = done;
	call->arg = arg;
	call->deadline_ms =
	    cw_clock_ms() + (q->timeout_ms > 0 ? q->timeout_ms : CW_GRAPH_TIMEOUT_MS);
	cw_buf_init(&call->body, BODY_MAX);
	uv_timer_init(g->loop, &call->timer);
	call->timer.data = call;
	g->handles++;
	TAILQ_INSERT_TAIL(&g->calls, call, link);
	if ((r = copy_request(call, q)) == CW_OK &&
	    ((call->tenant = cw_graph_tenant_get(g, q->tenant, q->settings)) == NULL ||
		(all && (call->all = cJSON_CreateArray()) == NULL)))
		r = CW_ENOMEM;
	if (r < 0) {
		cw_graph_call_free(call);
		return cw_fail(err, r, "cannot ask Graph: %s", cw_strerror(r));
	}
	cw_graph_call_start(call);
	if (ret != NULL)
		*ret = call;
	return CW_OK;
}

int
cw_graph_send(struct cw_graph_call **ret, struct cw_graph *g,
    const struct cw_graph_request *request, cw_graph_done *done, void *arg, struct cw_err *err)
{
	return send_call(ret, g, request, false, done, arg, err);
}

int
cw_graph_send_all(struct cw_graph_call **ret, struct cw_graph *g,
    const struct cw_graph_request *request, cw_graph_done *done, void *arg, struct cw_err *err)
{
	if (!cw_streq(request->method, "GET"))
		return cw_fail(err, CW_EINVAL, "only GET answers with a list of pages");
	return send_call(ret, g, request, true, done, arg, err);
}

void
cw_graph_on_retry(struct cw_graph_call *call,
    void (*retry)(void *arg, unsigned attempt, uint64_t delay_ms, const char *why), void *arg)
{
	call->retry = retry;
	call->retry_arg = arg;
}

void
cw_graph_cancel(struct cw_graph_call *call)
{
	if (call != NULL)
		cw_graph_call_free(call);
}
