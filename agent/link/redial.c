/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the bridge is dialled, and how long is waited in between.
 */
#include "link/redial.h"

void
cw_redial_init(struct cw_redial *r, const struct cw_redial_ops *ops)
{
	*r = (struct cw_redial){ .ops = ops, .bound_ms = CW_REDIAL_DELAY_FIRST };
}

void
cw_redial_start(struct cw_redial *r, uint64_t now_ms)
{
	if (r->state != CW_REDIAL_STOPPED)
		return;
	r->state = CW_REDIAL_WAITING;
	r->at_ms = now_ms;
}

void
cw_redial_stop(struct cw_redial *r)
{
	bool busy = r->state == CW_REDIAL_DIALING || r->state == CW_REDIAL_UP;

	r->state = CW_REDIAL_STOPPED;
	if (busy)
		r->ops->hang_up(r->ops->arg);
}

static void
wait_again(struct cw_redial *r, uint64_t now_ms)
{
	r->state = CW_REDIAL_WAITING;
	r->failures++;
	r->at_ms = now_ms + CW_REDIAL_DELAY_LEAST + r->ops->random_below(r->bound_ms + 1);
	r->bound_ms = r->bound_ms > CW_REDIAL_DELAY_MAX / 2 ? CW_REDIAL_DELAY_MAX : r->bound_ms * 2;
}

void
cw_redial_up(struct cw_redial *r, uint64_t now_ms)
{
	if (r->state != CW_REDIAL_DIALING)
		return;
	r->state = CW_REDIAL_UP;
	r->at_ms = now_ms;
}

void
cw_redial_down(struct cw_redial *r, uint64_t now_ms)
{
	if (r->state != CW_REDIAL_DIALING && r->state != CW_REDIAL_UP)
		return;
	/* A bridge that takes us and drops us at once is down too: only time makes it good. */
	if (r->state == CW_REDIAL_UP && now_ms - r->at_ms >= CW_REDIAL_STABLE) {
		r->bound_ms = CW_REDIAL_DELAY_FIRST;
		r->failures = 0;
	}
	wait_again(r, now_ms);
}

void
cw_redial_hurry(struct cw_redial *r, uint64_t now_ms)
{
	if (r->state == CW_REDIAL_WAITING && r->at_ms > now_ms)
		r->at_ms = now_ms;
}

uint64_t
cw_redial_tick(struct cw_redial *r, uint64_t now_ms)
{
	if (r->state == CW_REDIAL_WAITING && now_ms >= r->at_ms) {
		r->state = CW_REDIAL_DIALING;
		r->at_ms = now_ms;
		r->ops->dial(r->ops->arg);
	} else if (r->state == CW_REDIAL_DIALING && now_ms >= r->at_ms + CW_REDIAL_DIAL_MAX) {
		wait_again(r, now_ms);
		r->ops->hang_up(r->ops->arg);
	}
	switch (r->state) {
	case CW_REDIAL_WAITING: return r->at_ms;
	case CW_REDIAL_DIALING: return r->at_ms + CW_REDIAL_DIAL_MAX;
	case CW_REDIAL_STOPPED:
	case CW_REDIAL_UP: break;
	}
	return CW_REDIAL_NEVER;
}
