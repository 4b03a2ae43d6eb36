/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call: token, attempt, perhaps another, answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "graph/graph_internal.h"
#include "graph/policy.h"
#include "os/clock.h"
#include "os/random.h"

static void send_now(struct cw_graph_call *call);

uint64_t
cw_graph_left(uint64_t deadline_ms)
{
	uint64_t now = cw_clock_ms();

	return deadline_ms > now ? deadline_ms - now : 0;
}

static void
call_closed(uv_handle_t *timer)
{
	struct cw_graph_call *call = timer->data;
	struct cw_graph *g = call->g;

	free(call);
	cw_graph_released(g);
}

void
cw_graph_call_free(struct cw_graph_call *call)
{
	if (call->state == CALL_SIGNING_IN)
		TAILQ_REMOVE(&call->tenant->waiting, call, wait);
	TAILQ_REMOVE(&call->g->calls, call, link);
	cw_http_cancel(call->http);
	free(call->method);
	free(call->url);
	cw_http_headers_free(call->headers);
	cw_buf_free_secret(&call->body);
	cJSON_Delete(call->all);
	uv_close((uv_handle_t *)&call->timer, call_closed);
}

/* Takes the call apart, then calls back: the callback may close everything. */
static void
end(struct cw_graph_call *call, const struct cw_graph_response *response, const struct cw_err *err)
{
	cw_graph_done *done = call->done;
	void *arg = call->arg;

	cw_graph_call_free(call);
	done(arg, response, err);
}

static void
on_timer(uv_timer_t *timer)
{
	struct cw_graph_call *call = timer->data;
	struct cw_err err = { 0 };

	if (call->state == CALL_WAITING) {
		send_now(call);
		return;
	}
	(void)cw_fail(
	    &err, CW_ETIMEOUT, "no token from Entra ID in time; nothing was sent to Graph");
	end(call, NULL, &err);
}

static void
wait_then_send(struct cw_graph_call *call, uint64_t delay_ms)
{
	call->state = CALL_WAITING;
	uv_timer_start(&call->timer, on_timer, delay_ms, 0);
}

void
cw_graph_call_start(struct cw_graph_call *call)
{
	wait_then_send(call, 0);
}

/* What a broken exchange means: libcurl's reason, and whether something may have been done. */
static void
broken(struct cw_err *ret, const struct cw_graph_call *call, const struct cw_http_answer *a,
    const struct cw_err *err)
{
	if (call->idempotent || a->end == CW_GRAPH_NOT_SENT)
		*ret = *err;
	else
		(void)cw_fail(
		    ret, CW_EUNKNOWN, "it is not known whether Graph did it: %s", err->text);
}

/* True when it goes out again. */
static bool
again(struct cw_graph_call *call, const struct cw_http_answer *a, const struct cw_err *err)
{
	struct cw_graph_attempt attempt = { .end = a->end,
		.status = a->status,
		.idempotent = call->idempotent,
		.number = call->attempt,
		.retry_after_ms = a->retry_after_ms,
		.left_ms = cw_graph_left(call->deadline_ms) };
	char why[CW_ERR_TEXT_MAX];
	uint64_t delay = 0;

	if (err->code == CW_ELIMIT)
		return false;
	if (a->end == CW_GRAPH_ANSWERED && a->status == 401 && !call->renewed) {
		call->renewed = true; /* a token can be revoked; the next one is the last try */
		cw_graph_token_forget(call->tenant, call->generation);
		(void)snprintf(why, sizeof(why), "Graph refused the token, trying a new one");
	} else {
		cw_random(&attempt.random, sizeof(attempt.random));
		if (!cw_graph_retry(&delay, &attempt))
			return false;
		if (a->end == CW_GRAPH_ANSWERED)
			(void)snprintf(
			    why, sizeof(why), "Graph answered %ld, trying again", a->status);
		else
			(void)snprintf(why, sizeof(why), "%.280s, trying again", err->text);
	}
	wait_then_send(call, delay);
	if (call->retry != NULL)
		call->retry(call->retry_arg, call->attempts + 1, delay, why);
	return true; /* retry() may have cancelled the call */
}

static void
finish(struct cw_graph_call *call, const struct cw_http_answer *a)
{
	struct cw_graph_response response = { a->status, NULL, a->etag, call->attempts };
	struct cw_err err = { 0 };
	cJSON *body = NULL;
	size_t n = cw_buf_left(a->bytes);
	int more = 0;

	if (n > 0)
		(void)cw_json_parse(
		    &body, (const char *)cw_buf_peek(a->bytes), n, "Graph's answer", NULL);
	if (a->status < 200 || a->status > 299) {
		(void)cw_graph_error(&err, a->status, body, call->idempotent);
		if (a->retry_after_ms > 0 && strlen(err.text) + 40 < sizeof(err.text))
			(void)snprintf(err.text + strlen(err.text), 40, " (asks to wait %lld s)",
			    (long long)(a->retry_after_ms + 999) / 1000);
	} else if (call->all != NULL && (more = cw_graph_page(call, body, n, &err)) == 0) {
		cJSON_Delete(body);
		if ((body = cJSON_CreateObject()) == NULL ||
		    !cJSON_AddItemToObject(body, "value", call->all))
			(void)cw_fail(&err, CW_ENOMEM, "out of memory");
		else
			call->all = NULL;
	}
	if (more > 0) {
		call->attempt = 0;
		wait_then_send(call, 0);
	} else {
		response.body = body;
		end(call, &response, &err);
	}
	cJSON_Delete(body);
}

static void
on_answer(void *arg, const struct cw_http_answer *a, const struct cw_err *err)
{
	struct cw_graph_call *call = arg;
	struct cw_err text = { 0 };

	call->http = NULL;
	if (again(call, a, err))
		return;
	if (err->code == CW_OK) {
		finish(call, a);
		return;
	}
	broken(&text, call, a, err);
	end(call, NULL, &text);
}

static void
send_with(struct cw_graph_call *call, const char *bearer)
{
	struct cw_http_send s = { .method = call->method,
		.url = call->url,
		.body = cw_buf_left(&call->body) > 0 ? &call->body : NULL,
		.once = !call->idempotent,
		.timeout_ms = cw_graph_left(call->deadline_ms),
		.whom = "Graph" };
	struct cw_err err = { 0 };
	int r = cw_http_header(&s.headers, "Authorization", bearer);

	if (s.timeout_ms == 0)
		s.timeout_ms = 1;
	if (r == CW_OK)
		r = cw_http_header(&s.headers, "Accept", "application/json");
	if (r == CW_OK && s.body != NULL)
		r = cw_http_header(&s.headers, "Content-Type", "application/json");
	for (struct curl_slist *h = call->headers; r == CW_OK && h != NULL; h = h->next) {
		struct curl_slist *longer = curl_slist_append(s.headers, h->data);

		if (longer == NULL)
			r = CW_ENOMEM;
		else
			s.headers = longer;
	}
	call->state = CALL_SENT;
	uv_timer_stop(&call->timer);
	call->generation = call->tenant->generation;
	call->attempt++;
	call->attempts++;
	if (r < 0) {
		cw_http_headers_free(s.headers);
		(void)cw_fail(&err, r, "cannot ask Graph: out of memory");
	} else {
		r = cw_http_send(&call->http, call->g->http, &s, on_answer, call, &err);
	}
	if (r < 0)
		end(call, NULL, &err);
}

static void
send_now(struct cw_graph_call *call)
{
	const char *bearer;

	call->state = CALL_SIGNING_IN;
	uv_timer_start(&call->timer, on_timer, cw_graph_left(call->deadline_ms), 0);
	if ((bearer = cw_graph_token(call->tenant, call)) != NULL)
		send_with(call, bearer);
	/* else: it waits, or has ended already */
}

void
cw_graph_call_token(struct cw_graph_call *call, const struct cw_err *err)
{
	call->state = CALL_WAITING; /* out of the queue */
	if (err->code != CW_OK)
		end(call, NULL, err);
	else if (call->tenant->bearer != NULL)
		send_with(call, call->tenant->bearer);
	else
		send_now(call); /* forgotten meanwhile */
}
