/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operation as an event stream (WHATWG HTML, section 9.2 "Server-sent events"): as it is now,
 * then each change, until it has ended. Who reads slowly gets fewer of the states between.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"
#include "api/follow.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"

#define TYPE "text/event-stream"
#define EVENT_MAX (16u << 20) /* bytes */
#define WATER (16u << 10) /* bytes that may wait for one reader */

struct events {
	struct api_follow follow;
	bool slow; /* more would have to wait in memory */
	bool behind; /* it changed since the last event that was put */
	bool finished;
};

/* Without what an event is not for: a plan is asked for once, when it is there. */
static int
put_operation(struct cw_buf *b, const cJSON *operation)
{
	const cJSON *plan = cw_json_get(cw_json_get(operation, "result"), "plan");
	const char *before = "{";
	const cJSON *m;
	int r = CW_OK;

	cJSON_ArrayForEach (m, operation) {
		if (cw_streq(m->string, "output") || cw_streq(m->string, "private"))
			continue;
		if ((r = cw_buf_puts(b, before)) < 0 ||
		    (r = cw_json_put_str(b, m->string, strlen(m->string))) < 0 ||
		    (r = cw_buf_putc(b, ':')) < 0 || (r = cw_json_put_but(b, m, plan)) < 0)
			return r;
		before = ",";
	}
	return cw_buf_putc(b, '}');
}

static int
put_event(struct events *e, const cJSON *operation)
{
	struct cw_buf b;
	int r;

	cw_buf_init(&b, EVENT_MAX);
	if ((r = cw_buf_puts(&b, "event: operation\ndata: ")) == CW_OK &&
	    (r = put_operation(&b, operation)) == CW_OK && (r = cw_buf_puts(&b, "\n\n")) == CW_OK) {
		e->slow = cw_web_put(e->follow.call, cw_buf_peek(&b), cw_buf_left(&b));
		cw_web_flush(e->follow.call);
		e->behind = false;
	}
	cw_buf_free(&b);
	return r;
}

static void
break_off(struct events *e)
{
	cw_web_break(e->follow.call);
	api_follow_end(&e->follow);
}

/* Tells where the operation is now. False: e is gone. */
static bool
tell(struct events *e)
{
	struct cw_err err = { 0 };
	bool finished = e->finished;
	cJSON *operation;
	int r;

	if ((r = api_operation(e->follow.api, &operation, e->follow.operation, &err)) == CW_OK) {
		r = put_event(e, operation);
		cJSON_Delete(operation);
	}
	if (r < 0)
		break_off(e);
	else if (finished) {
		cw_web_end(e->follow.call);
		api_follow_end(&e->follow);
	}
	return r == CW_OK && !finished;
}

static void
on_changed(struct api_follow *f, const cJSON *operation, bool finished)
{
	struct events *e = (struct events *)f;

	e->finished |= finished;
	e->behind = true;
	if (f->busy || e->slow)
		return;
	if (put_event(e, operation) < 0) {
		api_follow_due(f, 0); /* not here: others are told after us */
	} else if (finished) {
		cw_web_end(f->call);
		api_follow_end(f);
	}
}

static void
on_drained(struct api_follow *f)
{
	struct events *e = (struct events *)f;

	e->slow = false;
	if (e->behind)
		(void)tell(e);
}

static void
on_due(struct api_follow *f)
{
	struct events *e = (struct events *)f;

	if (!api_follow_beat(f) || (e->behind && !e->slow && !tell(e)) || e->slow)
		return;
	e->slow = cw_web_put(f->call, ":\n\n", 3);
	cw_web_flush(f->call);
}

static void
on_gone(struct api_follow *f)
{
	(void)f;
}

static void
on_cut(struct api_follow *f, const struct cw_err *why)
{
	(void)why;
	break_off((struct events *)f);
}

static void
on_free(struct api_follow *f)
{
	free(f);
}

static const struct api_follow_kind kind = { on_changed, NULL, on_drained, on_due, on_gone, on_cut,
	on_free };

int
api_operations_events(struct api_request *q, struct cw_err *err)
{
	struct events *e;
	int r;

	if (strcmp(cw_web_method(q->call), "HEAD") == 0) {
		cw_web_answer(q->call, 200, TYPE, "", 0);
		return CW_OK;
	}
	if ((r = api_follow_room(q->api, err)) < 0)
		return r;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	e->follow.kind = &kind;
	e->follow.recorded = true;
	api_follow_open(&e->follow, q, q->part, CW_API_FOREVER);
	if ((r = api_follow_watch(&e->follow, err)) < 0) {
		free(e);
		return r;
	}
	cw_web_begin(q->call, 200, TYPE);
	cw_web_water(q->call, WATER);
	(void)tell(e);
	return CW_OK;
}
