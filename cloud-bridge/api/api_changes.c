/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change: asked for here, made by the router wherever the tenant's mode says.
 */
#include <stdlib.h>

#include "api/api_private.h"
#include "api/follow.h"
#include "base/json.h"

/* The operation as it ended; what is only in memory comes by asking the router anew. */
static void
on_changed(struct api_follow *f, const cJSON *operation, bool finished)
{
	struct cw_err err = { 0 };
	cJSON *whole;
	int r;

	(void)operation;
	if (!finished && !api_follow_over(f))
		return;
	if (!finished) {
		/* Not here: the router is telling of it. */
		api_follow_due(f, 0);
		return;
	}
	if ((r = api_operation(f->api, &whole, f->operation, &err)) == CW_OK)
		r = api_answer(f->call, 200, whole, &err);
	if (r < 0)
		api_fail(f->call, r, &err);
	api_follow_end(f);
}

static void
on_due(struct api_follow *f)
{
	if (api_follow_over(f)) {
		api_answer_accepted(f->call, f->operation);
		api_follow_end(f);
		return;
	}
	(void)api_follow_beat(f);
}

static void
on_gone(struct api_follow *f)
{
	(void)f; /* a change goes on without who asked for it */
}

static void
on_free(struct api_follow *f)
{
	free(f);
}

static const struct api_follow_kind kind = { on_changed, NULL, NULL, on_due, on_gone,
	api_follow_cut_answer, on_free };

static int
check_target(const cJSON *body, struct cw_err *err)
{
	const cJSON *target = cw_json_get(body, "target");

	return cJSON_GetArraySize(target) == 1
	    ? CW_OK
	    : cw_fail(err, CW_EINVAL,
		  "the body: \"target\" names the user by \"user\" or by \"sam\", and not by both");
}

int
api_change(struct api_request *q, struct cw_err *err)
{
	struct api_follow *f;
	char id[CW_UUID_TEXT];
	int r;

	if ((r = check_target(q->body, err)) < 0 || (r = api_follow_room(q->api, err)) < 0)
		return r;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	f->kind = &kind;
	if ((r = api_begin(q, id, cw_route_change, err)) == CW_OK) {
		api_follow_open(f, q, id, api_wait(q->call));
		r = api_follow_watch(f, err);
	}
	if (r < 0)
		free(f);
	return r;
}
