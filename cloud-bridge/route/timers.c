/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is due when: a heap of timers over one timer of the loop, or over a test's clock.
 */
#include <stdlib.h>

#include "os/clock.h"
#include "os/random.h"
#include "route/route_internal.h"

static void
on_timer(uv_timer_t *timer)
{
	cw_route_tick(timer->data);
}

int
route_timers_init(struct cw_route *r)
{
	r->armed_ms = ROUTE_NEVER;
	if (r->clock != NULL)
		return CW_OK;
	r->timer.data = r;
	return uv_timer_init(r->loop, &r->timer) == 0 ? CW_OK : CW_ESYS;
}

void
route_timers_free(struct cw_route *r)
{
	free(r->heap);
}

uint64_t
route_now(const struct cw_route *r)
{
	return r->clock != NULL ? r->clock->now_ms(r->clock->arg) : cw_clock_ms();
}

int64_t
route_unix(const struct cw_route *r)
{
	return r->clock != NULL ? r->clock->unix_ms(r->clock->arg) : cw_clock_unix_ms();
}

uint64_t
route_backoff(unsigned try, uint64_t first_ms, uint64_t most_ms)
{
	uint64_t most = first_ms;

	while (try-- > 0 && most < most_ms)
		most *= 2;
	if (most > most_ms)
		most = most_ms;
	return cw_random_below((uint32_t)most + 1);
}

/* --- the heap: slots from 1, a parent is never later than its children */

static void
place(struct cw_route *r, struct route_timer *t, size_t slot)
{
	r->heap[slot - 1] = t;
	t->slot = slot;
}

static void
rise(struct cw_route *r, struct route_timer *t)
{
	size_t slot = t->slot;

	while (slot > 1 && r->heap[slot / 2 - 1]->at_ms > t->at_ms) {
		place(r, r->heap[slot / 2 - 1], slot);
		slot /= 2;
	}
	place(r, t, slot);
}

static void
sink(struct cw_route *r, struct route_timer *t)
{
	size_t slot = t->slot, child;

	while ((child = 2 * slot) <= r->heap_n) {
		if (child < r->heap_n && r->heap[child]->at_ms < r->heap[child - 1]->at_ms)
			child++;
		if (r->heap[child - 1]->at_ms >= t->at_ms)
			break;
		place(r, r->heap[child - 1], slot);
		slot = child;
	}
	place(r, t, slot);
}

static void
insert(struct cw_route *r, struct route_timer *t)
{
	if (r->heap_n == r->heap_max) {
		size_t more = r->heap_max > 0 ? 2 * r->heap_max : 64;
		struct route_timer **heap = realloc(r->heap, more * sizeof(struct route_timer *));

		if (heap == NULL)
			abort(); /* see route_internal.h */
		r->heap = heap;
		r->heap_max = more;
	}
	place(r, t, ++r->heap_n);
	rise(r, t);
}

void
route_timer_stop(struct cw_route *r, struct route_timer *t)
{
	struct route_timer *last;

	if (t->slot == 0)
		return;
	last = r->heap[--r->heap_n];
	if (last != t) {
		place(r, last, t->slot);
		rise(r, last);
		sink(r, last);
	}
	t->slot = 0;
}

void
route_timer_set(struct cw_route *r, struct route_timer *t, uint64_t delay_ms)
{
	route_timer_stop(r, t);
	t->at_ms = route_now(r) + delay_ms;
	insert(r, t);
	route_timers_arm(r);
}

/* --- waking */

void
route_timers_arm(struct cw_route *r)
{
	uint64_t at = route_kept_due(r), now;

	if (r->ticking)
		return; /* its end does */
	if (r->heap_n > 0 && r->heap[0]->at_ms < at)
		at = r->heap[0]->at_ms;
	/* Too early costs one look at the clock, so it is only ever brought forward. */
	if (at >= r->armed_ms)
		return;
	r->armed_ms = at;
	if (r->clock != NULL) {
		r->clock->wake(r->clock->arg, at);
		return;
	}
	now = route_now(r);
	uv_update_time(r->loop);
	(void)uv_timer_start(&r->timer, on_timer, at > now ? at - now : 0, 0);
}

void
cw_route_tick(struct cw_route *r)
{
	uint64_t now = route_now(r);

	r->armed_ms = ROUTE_NEVER;
	r->ticking = true;
	while (r->heap_n > 0 && r->heap[0]->at_ms <= now) {
		struct route_timer *t = r->heap[0];

		route_timer_stop(r, t);
		t->fire(t->owner);
	}
	route_kept_expire(r);
	r->ticking = false;
	route_timers_arm(r);
}
