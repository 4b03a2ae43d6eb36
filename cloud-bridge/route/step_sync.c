/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entra Connect. Changes of one tenant share its cycles: what was written before a cycle starts
 * goes with it, what comes while one runs needs the next. One of those who wait leads: it starts
 * the cycle and looks when it has ended, for all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "route/change.h"

#define LOOK_FIRST_MS 250u
#define LOOK_MOST_MS 5000u
#define SEEN_MS 2000u /* a cycle may take so long until it is seen running */

struct route_sync {
	struct route_sync *next;
	struct cw_route *r;
	char tenant[CW_UUID_TEXT];
	struct route_changes waiting;
	struct operation *leader; /* NULL: nobody waits */
	uint64_t joined; /* counts those who came */
	uint64_t cut; /* the cycle that was started last takes those up to here along */
	uint64_t started_ms;
	bool seen; /* running */
};

static struct route_sync *
sync_get(struct cw_route *r, const char *tenant)
{
	struct route_sync *s = r->syncs;

	while (s != NULL && !cw_streq(s->tenant, tenant))
		s = s->next;
	if (s != NULL)
		return s;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		abort(); /* see route_internal.h */
	s->r = r;
	route_copy_id(s->tenant, tenant);
	TAILQ_INIT(&s->waiting);
	s->next = r->syncs;
	r->syncs = s;
	return s;
}

void
route_syncs_free(struct cw_route *r)
{
	struct route_sync *s;

	while ((s = r->syncs) != NULL) {
		r->syncs = s->next;
		free(s);
	}
}

/* --- may it be used at all? */

static void
checked(struct operation *op, const cJSON *result, const struct cw_err *err)
{
	cJSON *scheduler = route_ad_one(op, NULL);

	(void)result;
	if (err->code < 0)
		route_step_failed(op, err->code, "Entra Connect: %s", err->text);
	else if (cw_json_true(scheduler, "StagingModeEnabled"))
		route_step_failed(op, CW_ECONFLICT,
		    "Entra Connect is in staging mode on this server and exports nothing; the "
		    "agent "
		    "of the active server needs the role sync");
	else if (cw_json_true(scheduler, "SchedulerSuspended"))
		route_step_failed(op, CW_EUNAVAILABLE,
		    "Entra Connect's scheduler is suspended, as it is during an upgrade");
	else
		route_step_done(op);
	cJSON_Delete(scheduler);
}

static void
check_start(struct operation *op)
{
	route_ask(op, "Get-ADSyncScheduler", NULL, NULL, false, NULL, checked);
}

/* Something of this change is mastered by Active Directory and is not yet in Entra ID. */
static bool
is_behind(const struct operation *op)
{
	for (const struct route_property *p = route_properties; p->graph != NULL; p++) {
		const cJSON *wanted = route_wanted(op, p);

		if (wanted != NULL && route_in_ad(op, p) &&
		    !route_value_eq(route_before(route_entra(op), p), wanted))
			return true;
	}
	return false;
}

static bool
check_needed(const struct operation *op)
{
	return route_ad_change(op, 0) != NULL || is_behind(op);
}

const struct route_step route_step_check_sync = { .place = "sync",
	.what = "Get-ADSyncScheduler: the server exports",
	.needed = check_needed,
	.start = check_start };

/* --- the cycle */

static void look(struct operation *op);
static void promote(struct route_sync *s);

static void
sending(struct operation *op)
{
	struct route_sync *s = op->change->sync;

	s->cut = s->joined; /* whoever came so far was written before */
}

/* Takes one out whom the cycle took along. */
static struct operation *
take(struct route_sync *s)
{
	struct route_change *c;

	TAILQ_FOREACH (c, &s->waiting, sync_link)
		if (c->joined <= s->cut) {
			TAILQ_REMOVE(&s->waiting, c, sync_link);
			c->sync = NULL;
			return c->op;
		}
	return NULL;
}

/* The cycle is over for those who were in it; who came later needs the next. */
static void
over(struct route_sync *s, const struct cw_err *err)
{
	struct operation *op;

	s->leader = NULL;
	while ((op = take(s)) != NULL) {
		route_op_still(op);
		op->change->cycles++;
		if (err->code == CW_OK)
			route_step_done(op);
		else
			route_step_failed(op, err->code,
			    "Active Directory has the change, but a cycle of Entra Connect could "
			    "not "
			    "be started: %s; the change goes with the next one",
			    err->text);
	}
	promote(s);
}

static void
looked(struct operation *op, const cJSON *result, const struct cw_err *err)
{
	struct route_sync *s = op->change->sync;
	static const struct cw_err none = { 0 };
	cJSON *scheduler = route_ad_one(op, NULL);
	bool runs = cw_json_true(scheduler, "SyncCycleInProgress");

	(void)result;
	cJSON_Delete(scheduler);
	s->seen |= runs;
	/* Where it cannot be seen, Graph will show what it did. */
	if (err->code < 0 || (!runs && (s->seen || route_now(op->r) - s->started_ms >= SEEN_MS)))
		over(s, &none);
	else
		route_op_later(op,
		    LOOK_FIRST_MS +
			route_backoff(op->change->rounds++, LOOK_FIRST_MS, LOOK_MOST_MS),
		    look);
}

static void
look(struct operation *op)
{
	route_ask(op, "Get-ADSyncScheduler", NULL, op->ask.agent, false, NULL, looked);
}

static void
started(struct operation *op, const cJSON *result, const struct cw_err *err)
{
	struct route_sync *s = op->change->sync;

	(void)result;
	if (err->code < 0) {
		over(s, err);
		return;
	}
	s->started_ms = route_now(op->r);
	s->seen = false;
	route_op_later(op, LOOK_FIRST_MS, look);
}

/* While another cycle runs this is tried again (fault.c): the one after it is ours. */
static void
lead(struct operation *op)
{
	cJSON *parameters = cJSON_CreateObject();

	cJSON_DeleteItemFromObjectCaseSensitive(route_op_step(op, op->at), "note");
	route_set_text(parameters, "PolicyType", "Delta");
	route_ask(op, "Start-ADSyncSyncCycle", parameters, NULL, false, sending, started);
}

static void
follow(struct operation *op)
{
	route_op_later(op, CW_ROUTE_DEADLINE_MS, follow);
}

static void
promote(struct route_sync *s)
{
	struct route_change *first = TAILQ_FIRST(&s->waiting);

	if (s->leader != NULL || first == NULL)
		return;
	s->leader = first->op;
	route_op_later(first->op, 0, lead);
}

void
route_sync_leave(struct operation *op)
{
	struct route_change *c = op->change;
	struct route_sync *s = c->sync;

	if (s == NULL)
		return;
	TAILQ_REMOVE(&s->waiting, c, sync_link);
	c->sync = NULL;
	if (s->leader == op)
		s->leader = NULL;
	promote(s);
}

static void
cycle_start(struct operation *op)
{
	struct route_sync *s = sync_get(op->r, op->tenant);

	op->change->sync = s;
	op->change->joined = ++s->joined;
	TAILQ_INSERT_TAIL(&s->waiting, op->change, sync_link);
	if (s->leader == NULL) {
		s->leader = op;
		lead(op);
		return;
	}
	route_step_note(op, "goes with a cycle that the operation %s starts", s->leader->id);
	route_op_changed(op);
	follow(op);
}

static bool
cycle_needed(const struct operation *op)
{
	return route_step_is(op, &route_step_write_ad, "done") || is_behind(op);
}

const struct route_step route_step_sync = {
	.place = "sync", .what = "Entra Connect cycle", .needed = cycle_needed, .start = cycle_start
};
