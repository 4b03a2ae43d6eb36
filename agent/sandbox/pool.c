/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: the walls' check, the requests, and one timer for whatever is due.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "os/random.h"
#include "sandbox/pool_internal.h"

#define RETRY_MIN_MS 500u

uint64_t
cw_sandboxes_now(const struct cw_sandboxes *pool)
{
	return uv_now(pool->config.loop);
}

void
cw_sandboxes_tell_changed(struct cw_sandboxes *pool)
{
	if (pool->config.changed != NULL && !pool->closing)
		pool->config.changed(pool->config.arg);
}

void
cw_sandboxes_back_off(struct cw_sandboxes *pool, uint64_t max_ms, const char *why)
{
	(void)snprintf(pool->error, sizeof(pool->error), "%s", why);
	pool->failed++;
	pool->retry_ms = pool->retry_ms == 0 ? RETRY_MIN_MS : pool->retry_ms * 2;
	if (pool->retry_ms > max_ms)
		pool->retry_ms = max_ms;
	pool->due_ms = cw_sandboxes_now(pool) + pool->retry_ms / 2 +
	    cw_random_below((uint32_t)pool->retry_ms / 2 + 1);
}

/* One at a time while nobody waits: a start takes a processor for a while. */
static bool
wants_start(const struct cw_sandboxes *pool)
{
	unsigned starting = cw_sandbox_count(pool, STARTING) + cw_sandbox_count(pool, PREPARING);
	unsigned alive = 0;

	for (const struct cw_sandbox *s = pool->sandboxes; s != NULL; s = s->next)
		alive += s->process != NULL;
	return pool->state == CW_SANDBOXES_UP && alive < pool->config.walls->ids &&
	    starting + cw_sandbox_count(pool, WARM) < pool->config.warm + pool->waiting &&
	    starting < (pool->waiting > 1 ? pool->waiting : 1);
}

/* --- the walls */

static void
on_checked(void *arg, const struct cw_sandbox_report *report)
{
	struct cw_sandboxes *pool = arg;
	const struct cw_sandbox_finding *worst = cw_sandbox_report_worst(report);
	struct cw_err err;

	pool->check = NULL;
	pool->report = *report;
	pool->has_report = true;
	pool->state = CW_SANDBOXES_DOWN;
	if (worst != NULL) {
		(void)cw_fail(&err, CW_EUNAVAILABLE, "scripts cannot run here, %s: %s",
		    worst->wall->name, worst->detail);
		cw_sandboxes_back_off(pool, CW_SANDBOXES_CHECK_MAX_MS, err.text);
	} else if (cw_places_new(&pool->places, pool->config.walls, &err) < 0) {
		cw_sandboxes_back_off(pool, CW_SANDBOXES_CHECK_MAX_MS, err.text);
	} else {
		pool->state = CW_SANDBOXES_UP;
		pool->retry_ms = pool->due_ms = 0;
		pool->error[0] = '\0';
	}
	cw_sandboxes_tell_changed(pool);
	cw_sandboxes_work(pool);
}

static void
begin_check(struct cw_sandboxes *pool)
{
	struct cw_err err;

	pool->state = CW_SANDBOXES_CHECKING;
	if (cw_sandbox_check_start(
		&pool->check, pool->config.loop, pool->config.walls, on_checked, pool, &err) < 0) {
		pool->state = CW_SANDBOXES_DOWN;
		cw_sandboxes_back_off(pool, CW_SANDBOXES_CHECK_MAX_MS, err.text);
	}
}

/* --- requests */

static void
unqueue(struct cw_sandboxes_request *request)
{
	struct cw_sandboxes *pool = request->pool;
	struct cw_sandboxes_request **at = &pool->first;

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	if (pool->last == &request->next)
		pool->last = at;
	pool->waiting--;
}

static void
answer(struct cw_sandboxes_request *request, struct cw_sandbox *s, const struct cw_err *err)
{
	void (*taken)(void *arg, struct cw_sandbox *s, const struct cw_err *err) = request->taken;
	void *arg = request->arg;

	unqueue(request);
	free(request);
	taken(arg, s, err);
}

static struct cw_sandbox *
warm_one(struct cw_sandboxes *pool)
{
	for (struct cw_sandbox *s = pool->sandboxes; s != NULL; s = s->next)
		if (s->life == WARM)
			return s;
	return NULL;
}

static struct cw_sandboxes_request *
overdue(struct cw_sandboxes *pool)
{
	for (struct cw_sandboxes_request *r = pool->first; r != NULL; r = r->next)
		if (r->due_ms <= cw_sandboxes_now(pool))
			return r;
	return NULL;
}

/* Answers whatever can be answered, but not who asks again while being answered. The answers call
 * out: nothing is remembered across them. */
static void
serve(struct cw_sandboxes *pool)
{
	struct cw_sandboxes_request *request;
	struct cw_sandbox *s;
	struct cw_err err;

	for (size_t n = pool->waiting; n > 0 && !pool->closing && pool->first != NULL; n--) {
		if ((s = warm_one(pool)) != NULL) {
			s->life = TAKEN;
			pool->handed_out++;
			pool->retry_ms = 0;
			answer(pool->first, s, NULL);
		} else if (pool->state == CW_SANDBOXES_DOWN) {
			(void)cw_fail(&err, CW_EUNAVAILABLE, "%s", pool->error);
			answer(pool->first, NULL, &err);
		} else if ((request = overdue(pool)) != NULL) {
			(void)cw_fail(&err, CW_EUNAVAILABLE, "no sandbox was ready in time%s%s",
			    pool->error[0] != '\0' ? ": " : "", pool->error);
			answer(request, NULL, &err);
		}
	}
}

/* --- what is due */

static uint64_t
earliest(const struct cw_sandboxes *pool)
{
	uint64_t due = UINT64_MAX;

	for (const struct cw_sandboxes_request *r = pool->first; r != NULL; r = r->next)
		due = r->due_ms < due ? r->due_ms : due;
	for (const struct cw_sandbox *s = pool->sandboxes; s != NULL; s = s->next)
		if (s->life == PREPARING && s->due_ms < due)
			due = s->due_ms;
	if ((pool->state == CW_SANDBOXES_DOWN || wants_start(pool)) && pool->due_ms < due)
		due = pool->due_ms;
	return due;
}

static void
on_timer(uv_timer_t *timer)
{
	struct cw_sandboxes *pool = timer->data;

	serve(pool);
	if (pool->closing)
		return;
	cw_sandbox_end_late(pool);
	if (pool->state == CW_SANDBOXES_DOWN && pool->due_ms <= cw_sandboxes_now(pool))
		begin_check(pool);
	while (wants_start(pool) && pool->due_ms <= cw_sandboxes_now(pool))
		cw_sandbox_start(pool);
	cw_sandboxes_work(pool);
}

static void
on_timer_closed(uv_handle_t *h)
{
	struct cw_sandboxes *pool = h->data;
	void (*closed)(void *arg) = pool->closed;
	void *arg = pool->closed_arg;

	while (pool->sandboxes != NULL)
		cw_sandbox_discard(pool->sandboxes);
	cw_places_free(pool->places);
	free(pool);
	if (closed != NULL)
		closed(arg);
}

void
cw_sandboxes_work(struct cw_sandboxes *pool)
{
	bool ready =
	    pool->first != NULL && (warm_one(pool) != NULL || pool->state == CW_SANDBOXES_DOWN);
	uint64_t due = ready ? 0 : earliest(pool);

	if (uv_is_closing((uv_handle_t *)&pool->timer))
		return;
	if (pool->closing) {
		for (const struct cw_sandbox *s = pool->sandboxes; s != NULL; s = s->next)
			if (s->process != NULL)
				return;
		if (pool->check == NULL)
			uv_close((uv_handle_t *)&pool->timer, on_timer_closed);
	} else if (due == UINT64_MAX) {
		uv_timer_stop(&pool->timer);
	} else {
		uv_timer_start(&pool->timer, on_timer,
		    due > cw_sandboxes_now(pool) ? due - cw_sandboxes_now(pool) : 0, 0);
	}
}

/* --- the interface */

int
cw_sandboxes_new(
    struct cw_sandboxes **ret, const struct cw_sandboxes_config *config, struct cw_err *err)
{
	struct cw_sandboxes *pool;

	if (config->warm == 0 || config->warm > config->walls->ids)
		return cw_fail(err, CW_EINVAL, "%u sandboxes kept warm, of at most %u",
		    config->warm, config->walls->ids);
	if ((pool = calloc(1, sizeof(*pool))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	pool->config = *config;
	pool->last = &pool->first;
	(void)uv_timer_init(config->loop, &pool->timer);
	pool->timer.data = pool;
	begin_check(pool);
	cw_sandboxes_work(pool);
	*ret = pool;
	return CW_OK;
}

void
cw_sandboxes_close(struct cw_sandboxes *pool, void (*closed)(void *arg), void *arg)
{
	struct cw_sandboxes_request *request;

	if (pool == NULL) {
		if (closed != NULL)
			closed(arg);
		return;
	}
	pool->closing = true;
	pool->closed = closed;
	pool->closed_arg = arg;
	while ((request = pool->first) != NULL) {
		unqueue(request);
		free(request);
	}
	cw_sandbox_end_all(pool);
	if (pool->check != NULL)
		cw_sandbox_check_stop(pool->check);
	uv_timer_stop(&pool->timer);
	cw_sandboxes_work(pool);
}

int
cw_sandboxes_take(struct cw_sandboxes *pool, struct cw_sandboxes_request **ret, uint32_t timeout_ms,
    void (*taken)(void *arg, struct cw_sandbox *s, const struct cw_err *err), void *arg,
    struct cw_err *err)
{
	struct cw_sandboxes_request *request;

	if (pool->waiting >= CW_SANDBOXES_QUEUE_MAX)
		return cw_fail(err, CW_ELIMIT,
		    "%u operations wait for a sandbox already: try again later",
		    CW_SANDBOXES_QUEUE_MAX);
	if ((request = calloc(1, sizeof(*request))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	*request = (struct cw_sandboxes_request){ .pool = pool,
		.due_ms = cw_sandboxes_now(pool) + timeout_ms,
		.taken = taken,
		.arg = arg };
	*pool->last = request;
	pool->last = &request->next;
	pool->waiting++;
	cw_sandboxes_work(pool);
	*ret = request;
	return CW_OK;
}

void
cw_sandboxes_cancel(struct cw_sandboxes_request *request)
{
	struct cw_sandboxes *pool = request->pool;

	unqueue(request);
	free(request);
	cw_sandboxes_work(pool);
}

void
cw_sandboxes_status(const struct cw_sandboxes *pool, struct cw_sandboxes_status *ret)
{
	*ret = (struct cw_sandboxes_status){
		.state = pool->state,
		.starting = cw_sandbox_count(pool, STARTING) + cw_sandbox_count(pool, PREPARING),
		.warm = cw_sandbox_count(pool, WARM),
		.taken = cw_sandbox_count(pool, TAKEN) + cw_sandbox_count(pool, LOST),
		.ending = cw_sandbox_count(pool, ENDING),
		.started = pool->started,
		.handed_out = pool->handed_out,
		.failed = pool->failed,
		.waiting = pool->waiting,
		.error = pool->error,
	};
}

const struct cw_sandbox_report *
cw_sandboxes_report(const struct cw_sandboxes *pool)
{
	return pool->has_report ? &pool->report : NULL;
}
