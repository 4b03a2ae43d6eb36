/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the steps ask Graph. The client repeats within one call; here it goes on for as long as the
 * operation may wait.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "route/change.h"
#include "route/target.h"

#define AGAIN_FIRST_MS 1000u
#define AGAIN_MOST_MS 60000u
#define GET_MS \
	(10u * 60u * 1000u) /* with the client's own repeats, as long as Graph asks to wait */
#define PATCH_MS 60000u /* then it is read, before it is repeated */

static void get_again(struct operation *op);

bool
route_entra_is_passing(const struct operation *op, int code)
{
	switch (code) {
	case CW_EUNAVAILABLE:
	case CW_ETIMEOUT:
	case CW_EUNKNOWN:
	case CW_EPROTO:
	case CW_ENOMEM: return true;
	case CW_EAUTH: return op->change->begun; /* a certificate is mended, a half change is not */
	default: return false;
	}
}

/* The client repeats a request by itself: that is seen, too. */
static void
on_retry(void *owner, const char *why)
{
	struct operation *op = owner;
	cJSON *step = route_op_step(op, op->at);
	int64_t attempts = 0;

	(void)cw_json_int(step, "attempts", &attempts);
	route_op_step_state(op, "waiting");
	route_set_error(step, CW_EUNAVAILABLE, why);
	route_set_number(step, "attempts", (double)attempts + 1);
	route_op_changed(op);
	route_op_note(op);
}

static int
send_request(struct operation *op, const char *method, const char *path, const cJSON *body,
    route_graph_done *done, struct cw_err *err)
{
	struct cw_tenant t;
	int r;

	if ((r = cw_tenant_find(op->r->ledger, &t, op->tenant, err)) < 0)
		return r;
	return route_call_graph(&op->call, op->r,
	    &(struct cw_graph_request){ .tenant = op->tenant,
		.settings = &t.graph,
		.method = method,
		.path = path,
		.body = body,
		.idempotent = true,
		.timeout_ms = body == NULL ? GET_MS : PATCH_MS },
	    done, on_retry, op, err);
}

void
route_entra_again(
    struct operation *op, void (*then)(struct operation *op), const struct cw_err *why)
{
	route_op_wait(op, route_backoff(op->change->rounds++, AGAIN_FIRST_MS, AGAIN_MOST_MS), false,
	    then, CW_EUNAVAILABLE, "%s", why->text);
}

static void
on_got(void *owner, const struct cw_graph_response *response, const struct cw_err *err)
{
	struct operation *op = owner;

	if (err->code < 0 && route_entra_is_passing(op, err->code)) {
		route_entra_again(op, get_again, err);
		return;
	}
	op->change->got(op, response != NULL ? response->body : NULL, err);
}

static void
get_again(struct operation *op)
{
	struct cw_err err = { 0 };

	route_op_goes_on(op);
	if (send_request(op, "GET", op->change->path, NULL, on_got, &err) < 0)
		op->change->got(op, NULL, &err);
}

void
route_entra_get(struct operation *op, char *path,
    void (*got)(struct operation *op, const cJSON *body, const struct cw_err *err))
{
	if (path == NULL)
		abort(); /* see route_internal.h */
	free(op->change->path);
	op->change->path = path;
	op->change->got = got;
	get_again(op);
}

int
route_entra_patch(
    struct operation *op, const cJSON *body, route_graph_done *done, struct cw_err *err)
{
	struct cw_buf path;
	int r;

	cw_buf_init(&path, 4096);
	if ((r = route_target_path(&path, cw_json_str(route_entra(op), "id"))) == CW_OK &&
	    cw_buf_str(&path) == NULL)
		r = CW_ENOMEM;
	if (r == CW_OK)
		r = send_request(op, "PATCH", cw_buf_str(&path), body, done, err);
	cw_buf_free(&path);
	return r;
}

void
route_entra_select(const struct operation *op, struct cw_buf *b)
{
	(void)cw_buf_puts(b,
	    "$select=id,userPrincipalName,displayName,onPremisesSyncEnabled,"
	    "onPremisesImmutableId");
	for (const struct route_property *p = route_properties; p->graph != NULL; p++)
		if (route_wanted(op, p) != NULL)
			(void)cw_buf_printf(b, ",%s", p->graph);
}

char *
route_entra_path(const struct operation *op, const char *name)
{
	struct cw_buf path;
	char *text;

	cw_buf_init(&path, 16384);
	(void)route_target_path(&path, name);
	(void)cw_buf_puts(&path, "?");
	route_entra_select(op, &path);
	text = cw_strdup(cw_buf_str(&path));
	cw_buf_free(&path);
	return text;
}
