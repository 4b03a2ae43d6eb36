/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/follow.h"

static void on_timer(uv_timer_t *timer);

void
api_follow_init(struct cw_api *api)
{
	uv_timer_init(api->config.loop, &api->timer);
	api->timer.data = api;
	api->timer_at = UINT64_MAX;
}

int
api_follow_room(const struct cw_api *api, struct cw_err *err)
{
	return api->open_count < CW_API_OPEN_MAX
	    ? CW_OK
	    : cw_fail(err, CW_EAGAIN,
		  "%u answers wait or stream already, which is the most; end some, or ask without "
		  "waiting",
		  CW_API_OPEN_MAX);
}

static void
arm(struct cw_api *api, uint64_t at_ms)
{
	uint64_t now = uv_now(api->config.loop);

	/* One that is armed for earlier is left: it looks again when it fires. */
	if (at_ms >= api->timer_at)
		return;
	api->timer_at = at_ms;
	uv_timer_start(&api->timer, on_timer, at_ms > now ? at_ms - now : 0, 0);
}

void
api_follow_due(struct api_follow *f, uint64_t in_ms)
{
	f->due_ms = uv_now(f->api->config.loop) + in_ms;
	arm(f->api, f->due_ms);
}

static void
on_timer(uv_timer_t *timer)
{
	struct cw_api *api = timer->data;
	uint64_t now = uv_now(api->config.loop), first = UINT64_MAX;
	struct api_follow *f = api->open;

	api->timer_at = UINT64_MAX;
	while (f != NULL) {
		unsigned before = api->closings;

		if (f->due_ms <= now) {
			f->due_ms = UINT64_MAX;
			f->kind->due(f);
		}
		/* What ended may be f, or others of the same operation. */
		f = api->closings != before ? api->open : f->next;
	}
	for (f = api->open; f != NULL; f = f->next)
		first = f->due_ms < first ? f->due_ms : first;
	if (first != UINT64_MAX)
		arm(api, first);
}

static void
unlink_follow(struct api_follow *f)
{
	*f->at = f->next;
	if (f->next != NULL)
		f->next->at = f->at;
	f->api->open_count--;
	f->api->closings++;
}

static void
release(struct api_follow *f)
{
	cw_route_unwatch(f->watch);
	f->watch = NULL;
	f->ended = true;
	if (!f->busy) {
		unlink_follow(f);
		f->kind->free(f);
	}
}

void
api_follow_end(struct api_follow *f)
{
	f->call = NULL;
	release(f);
}

static void
on_changed(void *arg, const cJSON *operation, bool finished)
{
	struct api_follow *f = arg;

	f->recorded = true;
	if (finished)
		f->watch = NULL;
	if (!f->ended)
		f->kind->changed(f, operation, finished);
}

static void
on_output(void *arg, const char *ndjson, size_t n)
{
	struct api_follow *f = arg;

	if (!f->ended)
		f->kind->output(f, ndjson, n);
}

static void
on_gone(void *arg)
{
	struct api_follow *f = arg;

	f->kind->gone(f);
	api_follow_end(f);
}

static void
on_drained(void *arg)
{
	struct api_follow *f = arg;

	f->kind->drained(f);
}

bool
api_follow_over(const struct api_follow *f)
{
	return f->recorded && uv_now(f->api->config.loop) >= f->deadline_ms;
}

/* Due at the deadline, where that comes first. */
static void
beat(struct api_follow *f)
{
	uint64_t now = uv_now(f->api->config.loop), left = f->api->config.beat_ms;

	if (f->deadline_ms > now && f->deadline_ms - now < left)
		left = f->deadline_ms - now;
	else if (api_follow_over(f))
		left = 0;
	api_follow_due(f, left);
}

bool
api_follow_beat(struct api_follow *f)
{
	static const struct cw_err revoked = { CW_EAUTH, "the API key was revoked" };

	if (!cw_api_key_alive(f->api->config.ledger, f->key)) {
		f->kind->cut(f, &revoked);
		return false;
	}
	beat(f);
	return true;
}

void
api_follow_open(
    struct api_follow *f, const struct api_request *q, const char *operation, long wait_s)
{
	struct cw_api *api = q->api;

	f->api = api;
	f->call = q->call;
	f->due_ms = UINT64_MAX;
	f->deadline_ms = wait_s == CW_API_FOREVER
	    ? UINT64_MAX
	    : uv_now(api->config.loop) + (uint64_t)wait_s * 1000;
	(void)snprintf(f->operation, sizeof(f->operation), "%s", operation);
	memcpy(f->key, q->key.id, sizeof(f->key));
	f->next = api->open;
	f->at = &api->open;
	if (f->next != NULL)
		f->next->at = &f->next;
	api->open = f;
	api->open_count++;
	cw_web_on_gone(f->call, on_gone, f);
	if (f->kind->drained != NULL)
		cw_web_on_drained(f->call, on_drained, f);
}

int
api_follow_watch(struct api_follow *f, struct cw_err *err)
{
	const struct cw_route_watch_events events = { on_changed,
		f->kind->output != NULL ? on_output : NULL };
	struct cw_web_call *call = f->call;
	struct cw_route_watch *watch = NULL;
	int r;

	f->busy = true;
	r = cw_route_watch(f->api->config.route, &watch, f->operation, &events, f, err);
	f->busy = false;
	if (r < 0) {
		unlink_follow(f);
		cw_web_on_gone(call, NULL, NULL);
		cw_web_on_drained(call, NULL, NULL);
		return r;
	}
	f->watch = watch;
	if (f->ended)
		release(f);
	else if (f->due_ms == UINT64_MAX) /* else something has come up already */
		beat(f);
	return CW_OK;
}

void
api_follow_cut_answer(struct api_follow *f, const struct cw_err *why)
{
	if (why->code == CW_EUNAVAILABLE && f->recorded && cw_web_restart(f->call))
		api_answer_accepted(f->call, f->operation);
	else
		api_fail(f->call, why->code, why);
	api_follow_end(f);
}

void
api_follow_cut(struct cw_api *api, const char *key, const struct cw_err *why)
{
	struct api_follow *f = api->open;

	while (f != NULL) {
		if (key != NULL && strcmp(f->key, key) != 0) {
			f = f->next;
			continue;
		}
		f->kind->cut(f, why);
		f = api->open; /* others of the same operation may have ended with it */
	}
}
