/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the agent dials: single outages, and a week of them on a clock that we turn.
 */
#include "link/redial.h"
#include "test.h"

int test_failed;
const char *test_case = "";

#define HOUR 3600000u
#define WEEK (7u * 24 * HOUR)

static unsigned dials, hang_ups;
static uint32_t share; /* of the bound that is drawn, in percent; over 100: pseudo-random */
static uint32_t seed = 1;
static uint32_t drawn_from; /* the last bound */

static void
dial(void *arg)
{
	(void)arg;
	dials++;
}

static void
hang_up(void *arg)
{
	(void)arg;
	hang_ups++;
}

static uint32_t
random_below(uint32_t below)
{
	drawn_from = below - 1;
	if (share <= 100)
		return (uint32_t)((uint64_t)(below - 1) * share / 100);
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)seed * below) >> 32);
}

static const struct cw_redial_ops ops = { NULL, dial, hang_up, random_below };

static void
begin(struct cw_redial *r, const char *name, uint32_t how)
{
	test_case = name;
	dials = hang_ups = 0;
	share = how;
	cw_redial_init(r, &ops);
	cw_redial_start(r, 0);
}

static void
test_growth(void)
{
	static const uint32_t bounds[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
	struct cw_redial r;
	uint64_t now = 0, next;

	begin(&r, "the bound doubles up to its end", 100);
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		(void)cw_redial_tick(&r, now);
		CHECK_EQ(dials, i + 1);
		cw_redial_down(&r, now);
		CHECK_EQ(drawn_from, bounds[i]);
		next = cw_redial_tick(&r, now);
		CHECK_EQ(next, now + CW_REDIAL_DELAY_LEAST + bounds[i]);
		now = next;
	}
	CHECK_EQ(r.failures, 8);
}

static void
test_stable(void)
{
	struct cw_redial r;
	uint64_t now = 0;

	begin(&r, "only a stable connection starts it over", 100);
	for (int i = 0; i < 5; i++) { /* taken and dropped at once */
		now = cw_redial_tick(&r, now);
		if (r.state == CW_REDIAL_WAITING)
			(void)cw_redial_tick(&r, now);
		cw_redial_up(&r, now);
		cw_redial_down(&r, now + 10);
		now = r.at_ms;
	}
	CHECK_EQ(drawn_from, 16000);
	(void)cw_redial_tick(&r, now);
	cw_redial_up(&r, now);
	CHECK_EQ(cw_redial_tick(&r, now + HOUR), CW_REDIAL_NEVER);
	cw_redial_down(&r, now + CW_REDIAL_STABLE);
	CHECK_EQ(drawn_from, CW_REDIAL_DELAY_FIRST);
	CHECK_EQ(r.failures, 1);
}

static void
test_limits(void)
{
	struct cw_redial r;

	begin(&r, "never a busy loop", 0);
	(void)cw_redial_tick(&r, 0);
	cw_redial_down(&r, 0);
	CHECK_EQ(cw_redial_tick(&r, 0), CW_REDIAL_DELAY_LEAST);

	begin(&r, "a dial that hangs is given up", 0);
	CHECK_EQ(cw_redial_tick(&r, 0), CW_REDIAL_DIAL_MAX);
	(void)cw_redial_tick(&r, CW_REDIAL_DIAL_MAX);
	CHECK_EQ(hang_ups, 1);
	CHECK_EQ(r.state, CW_REDIAL_WAITING);

	begin(&r, "stopped stays stopped", 0);
	(void)cw_redial_tick(&r, 0);
	cw_redial_stop(&r);
	CHECK_EQ(hang_ups, 1);
	cw_redial_down(&r, 5);
	cw_redial_up(&r, 5);
	CHECK_EQ(cw_redial_tick(&r, WEEK), CW_REDIAL_NEVER);
	CHECK_EQ(dials, 1);

	begin(&r, "hurry", 100);
	(void)cw_redial_tick(&r, 0);
	cw_redial_down(&r, 0);
	cw_redial_hurry(&r, 1);
	(void)cw_redial_tick(&r, 1);
	CHECK_EQ(dials, 2);
}

/* Every dial takes took_ms and fails. The agent must come back soon after the end, and until then
 * neither hammer nor sleep; the memory is the struct, whatever happens. */
static void
run_week(const char *name, uint64_t took_ms, unsigned least, unsigned most)
{
	uint64_t now = 0, next, ticks = 0;
	struct cw_redial r;

	begin(&r, name, 101);
	while (now < WEEK) {
		next = cw_redial_tick(&r, now);
		ticks++;
		if (r.state == CW_REDIAL_DIALING) {
			now += took_ms;
			if (took_ms < CW_REDIAL_DIAL_MAX)
				cw_redial_down(&r, now);
		} else {
			CHECK(next > now &&
			    next - now <= CW_REDIAL_DELAY_LEAST + CW_REDIAL_DELAY_MAX);
			now = next;
		}
	}
	CHECK(dials >= least && dials <= most);
	CHECK(ticks <= 3u * dials + 3);
	CHECK_EQ(r.failures >= dials - 1, 1);
	if (test_failed)
		fprintf(
		    stderr, "%s: %u dials, %llu ticks\n", name, dials, (unsigned long long)ticks);
}

int
main(void)
{
	test_growth();
	test_stable();
	test_limits();
	/* 30.1 s on average between two */
	run_week("a week of refused connections", 1, 19000, 21500);
	run_week("a week of packets into nowhere", CW_REDIAL_DIAL_MAX, 7500, 8700);
	return test_failed;
}
