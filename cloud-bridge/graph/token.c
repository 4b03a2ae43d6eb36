/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing in to the tenants: one token each, one request for it at a time, renewed
 * before it expires while the old one still serves.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "crypto/pki.h"
#include "graph/graph_internal.h"
#include "graph/policy.h"
#include "os/clock.h"
#include "os/random.h"

#define ASK_MS 30000u /* for one token, all attempts */
#define RENEW_MS 300000u /* before it expires; a quarter of its life when that is less */
#define SPARE_MS 30000u /* not used so shortly before it expires; or a tenth */
#define LIFE_MAX_S 86400
#define FORM_MAX 32768u
#define ASSERTION_TYPE "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"

static void ask(struct cw_graph_tenant *t);

static struct cw_graph_tenant **
bucket(struct cw_graph *g, const char *id, char text[CW_UUID_TEXT])
{
	uint8_t uuid[16];

	if (cw_uuid_parse(uuid, id, strlen(id)) < 0)
		return NULL;
	cw_uuid_text(text, uuid);
	return &g->tenants[uuid[0]];
}

struct cw_graph_tenant *
cw_graph_tenant_find(struct cw_graph *g, const char *id)
{
	char text[CW_UUID_TEXT];
	struct cw_graph_tenant **b = bucket(g, id, text), *t = b != NULL ? *b : NULL;

	while (t != NULL && strcmp(t->id, text) != 0)
		t = t->next;
	return t;
}

static bool
same(const struct cw_tenant_graph *a, const struct cw_tenant_graph *b)
{
	return strcmp(a->client_id, b->client_id) == 0 && strcmp(a->token_url, b->token_url) == 0 &&
	    strcmp(a->graph_url, b->graph_url) == 0 && strcmp(a->tenant_id, b->tenant_id) == 0;
}

struct cw_graph_tenant *
cw_graph_tenant_get(struct cw_graph *g, const char *id, const struct cw_tenant_graph *settings)
{
	struct cw_graph_tenant *t = cw_graph_tenant_find(g, id), **b;

	if (t == NULL) {
		if ((t = calloc(1, sizeof(*t))) == NULL || (b = bucket(g, id, t->id)) == NULL) {
			free(t);
			return NULL;
		}
		t->g = g;
		t->settings = *settings;
		TAILQ_INIT(&t->waiting);
		cw_buf_init(&t->form, FORM_MAX);
		uv_timer_init(g->loop, &t->timer);
		t->timer.data = t;
		g->handles++;
		t->next = *b;
		*b = t;
	} else if (!same(&t->settings, settings)) {
		t->settings = *settings;
		cw_graph_token_forget(t, 0);
	}
	return t;
}

static void
drop_bearer(struct cw_graph_tenant *t)
{
	if (t->bearer != NULL)
		cw_wipe(t->bearer, strlen(t->bearer));
	free(t->bearer);
	t->bearer = NULL;
}

static void
stop_asking(struct cw_graph_tenant *t)
{
	cw_http_cancel(t->http);
	t->http = NULL;
	t->asking = false;
	uv_timer_stop(&t->timer);
	cw_buf_free_secret(&t->form);
}

void
cw_graph_token_forget(struct cw_graph_tenant *t, unsigned generation)
{
	if (generation != 0 && generation != t->generation)
		return; /* there is a newer one already */
	drop_bearer(t);
	if (generation == 0 && t->asking) { /* with a key or settings that are no more */
		stop_asking(t);
		if (!TAILQ_EMPTY(&t->waiting))
			ask(t);
	}
}

static void
tenant_closed(uv_handle_t *timer)
{
	struct cw_graph_tenant *t = timer->data;
	struct cw_graph *g = t->g;

	free(t);
	cw_graph_released(g);
}

void
cw_graph_tenants_close(struct cw_graph *g)
{
	for (size_t i = 0; i < CW_COUNT(g->tenants); i++)
		for (struct cw_graph_tenant *t = g->tenants[i], *next; t != NULL; t = next) {
			next = t->next;
			stop_asking(t);
			drop_bearer(t);
			uv_close((uv_handle_t *)&t->timer, tenant_closed);
		}
}

/* Tells everyone who waits now. Who starts to wait meanwhile belongs to the next round. */
static void
tell(struct cw_graph_tenant *t, const struct cw_err *err)
{
	struct cw_graph_call *call;
	unsigned round = t->round++;

	stop_asking(t);
	while ((call = TAILQ_FIRST(&t->waiting)) != NULL && call->round == round) {
		TAILQ_REMOVE(&t->waiting, call, wait);
		cw_graph_call_token(call, err);
	}
}

static int
keep(struct cw_graph_tenant *t, const cJSON *body, struct cw_err *err)
{
	const char *token = cw_json_str(body, "access_token");
	struct cw_buf bearer;
	int64_t life_s;
	uint64_t life_ms, now = cw_clock_ms();

	if (token == NULL || token[0] == '\0' || strpbrk(token, " \r\n\t") != NULL ||
	    !cw_json_int(body, "expires_in", &life_s) || life_s <= 0)
		return cw_fail(err, CW_EPROTO,
		    "the token endpoint answered without access_token and expires_in");
	cw_buf_init(&bearer, FORM_MAX);
	if (cw_buf_printf(&bearer, "Bearer %s", token) < 0 || cw_buf_str(&bearer) == NULL) {
		cw_buf_free_secret(&bearer);
		return cw_fail(err, CW_ELIMIT, "the token is longer than %u bytes", FORM_MAX);
	}
	drop_bearer(t);
	t->bearer = cw_strdup(cw_buf_str(&bearer));
	cw_buf_free_secret(&bearer);
	if (t->bearer == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	life_ms = (uint64_t)(life_s < LIFE_MAX_S ? life_s : LIFE_MAX_S) * 1000u;
	t->expires_ms = now + life_ms - (life_ms / 10 < SPARE_MS ? life_ms / 10 : SPARE_MS);
	t->renew_ms = now + life_ms - (life_ms / 4 < RENEW_MS ? life_ms / 4 : RENEW_MS);
	if (++t->generation == 0)
		t->generation = 1;
	return CW_OK;
}

static void
on_wait_over(uv_timer_t *timer)
{
	ask(timer->data);
}

static void
on_answer(void *arg, const struct cw_http_answer *a, const struct cw_err *broken)
{
	struct cw_graph_tenant *t = arg;
	struct cw_graph_attempt attempt = { .end = a->end,
		.status = a->status,
		.idempotent =
		    true, /* a token more does no harm; each attempt has an assertion of its own */
		.number = t->attempt,
		.retry_after_ms = a->retry_after_ms,
		.left_ms = cw_graph_left(t->deadline_ms) };
	struct cw_err err = *broken;
	uint64_t delay;
	cJSON *body = NULL, *token;

	t->http = NULL;
	cw_random(&attempt.random, sizeof(attempt.random));
	if (err.code != CW_ELIMIT && cw_graph_retry(&delay, &attempt)) {
		cw_buf_free_secret(&t->form);
		uv_timer_start(&t->timer, on_wait_over, delay, 0);
		return;
	}
	if (err.code == CW_OK) {
		(void)cw_json_parse(&body, (const char *)cw_buf_peek(a->bytes),
		    cw_buf_left(a->bytes), "the token endpoint's answer", NULL);
		if (a->status != 200)
			(void)cw_graph_token_error(&err, a->status, body);
		else if (keep(t, body, &err) == CW_OK)
			err.code = CW_OK;
		token = cJSON_GetObjectItemCaseSensitive(body, "access_token");
		if (cJSON_IsString(token))
			cw_wipe(token->valuestring, strlen(token->valuestring));
		cJSON_Delete(body);
	}
	tell(t, &err);
}

/* client_id and the assertion need no escaping; the scope's URL does. */
static int
put_form(struct cw_graph_tenant *t, struct cw_err *err)
{
	const struct cw_tenant_graph *s = &t->settings;
	struct cw_buf pem, jwt, origin;
	char *scope = NULL;
	int r;

	cw_buf_init(&pem, 2 * CW_PKI_PEM_MAX);
	cw_buf_init(&jwt, FORM_MAX / 2);
	cw_buf_init(&origin, 1024);
	if ((r = cw_graph_key_read(&pem, t->g, t->id, err)) == CW_OK &&
	    (r = cw_graph_assertion(&jwt, (const char *)cw_buf_peek(&pem), cw_buf_left(&pem),
		 s->token_url, s->client_id, cw_clock_unix_ms(), err)) == CW_OK &&
	    (r = cw_http_origin(&origin, s->graph_url, "graph_url", err)) == CW_OK) {
		if (cw_buf_str(&jwt) == NULL || cw_buf_puts(&origin, "/.default") < 0 ||
		    cw_buf_str(&origin) == NULL ||
		    (scope = curl_easy_escape(NULL, cw_buf_str(&origin), 0)) == NULL ||
		    cw_buf_printf(&t->form,
			"grant_type=client_credentials&client_id=%s&scope=%s"
			"&client_assertion_type=%s&client_assertion=%s",
			s->client_id, scope, ASSERTION_TYPE, cw_buf_str(&jwt)) < 0)
			r = cw_fail(err, CW_ENOMEM, "cannot sign in: out of memory");
	}
	curl_free(scope);
	cw_buf_free_secret(&pem);
	cw_buf_free_secret(&jwt);
	cw_buf_free(&origin);
	return r;
}

static void
ask(struct cw_graph_tenant *t)
{
	struct cw_http_send s = { .method = "POST",
		.url = t->settings.token_url,
		.body = &t->form,
		.once = true, /* an assertion is good for one request */
		.whom = "Entra ID" };
	struct cw_err err = { 0 };

	if (!t->asking) {
		t->asking = true;
		t->attempt = 0;
		t->deadline_ms = cw_clock_ms() + ASK_MS;
	}
	t->attempt++;
	s.timeout_ms = cw_graph_left(t->deadline_ms);
	if (s.timeout_ms == 0)
		s.timeout_ms = 1;
	if (put_form(t, &err) < 0 || cw_http_header(&s.headers, "Accept", "application/json") < 0 ||
	    cw_http_send(&t->http, t->g->http, &s, on_answer, t, &err) < 0) {
		if (err.code == CW_OK)
			(void)cw_fail(&err, CW_ENOMEM, "cannot sign in: out of memory");
		if (err.code ==
		    CW_EINVAL) /* the stored key's fault or the settings', not the call's */
			err.code = CW_EAUTH;
		t->http = NULL;
		tell(t, &err);
	}
}

const char *
cw_graph_token(struct cw_graph_tenant *t, struct cw_graph_call *call)
{
	uint64_t now = cw_clock_ms();

	if (t->bearer != NULL && now < t->expires_ms) {
		if (now >= t->renew_ms && !t->asking) {
			t->renew_ms = now + SPARE_MS; /* if this one fails */
			ask(t);
		}
		if (t->bearer != NULL)
			return t->bearer;
	}
	call->round = t->round;
	TAILQ_INSERT_TAIL(&t->waiting, call, wait);
	if (!t->asking)
		ask(t);
	return NULL;
}
