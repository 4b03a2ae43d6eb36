/* SPDX-License-Identifier: Apache-2.0 */
/*
 * There are no walls on this system yet, and without walls no script runs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "sandbox/place.h"

#define NO_WALLS "there are no walls around scripts on this system yet"

struct cw_sandbox_check {
	void (*done)(void *arg, const struct cw_sandbox_report *report);
	void *arg;
	uv_work_t work;
};

void
cw_sandbox_config_init(struct cw_sandbox_config *ret)
{
	*ret = (struct cw_sandbox_config){ .ids = CW_SANDBOX_IDS };
}

static void
on_work(uv_work_t *work)
{
	(void)work;
}

static void
on_worked(uv_work_t *work, int status)
{
	struct cw_sandbox_check *c = work->data;
	struct cw_sandbox_report report = { .ok = false };
	const struct cw_sandbox_wall *walls = cw_sandbox_walls(&report.count);

	(void)status;
	for (size_t i = 0; i < report.count; i++) {
		report.findings[i].wall = &walls[i];
		report.findings[i].tried = true;
		(void)snprintf(
		    report.findings[i].detail, sizeof(report.findings[i].detail), "%s", NO_WALLS);
	}
	c->done(c->arg, &report);
	free(c);
}

int
cw_sandbox_check_start(struct cw_sandbox_check **ret, uv_loop_t *loop,
    const struct cw_sandbox_config *config,
    void (*done)(void *arg, const struct cw_sandbox_report *report), void *arg, struct cw_err *err)
{
	struct cw_sandbox_check *c = calloc(1, sizeof(*c));

	(void)config;
	if (c == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	*c = (struct cw_sandbox_check){ .done = done, .arg = arg, .work.data = c };
	if (uv_queue_work(loop, &c->work, on_work, on_worked) < 0) {
		free(c);
		return cw_fail(err, CW_ESYS, "cannot queue the check of the walls");
	}
	*ret = c;
	return CW_OK;
}

void
cw_sandbox_check_stop(struct cw_sandbox_check *check)
{
	(void)check; /* done comes soon anyway */
}

int
cw_places_new(struct cw_places **ret, const struct cw_sandbox_config *config, struct cw_err *err)
{
	(void)ret;
	(void)config;
	return cw_fail(err, CW_EUNAVAILABLE, NO_WALLS);
}

void
cw_places_free(struct cw_places *places)
{
	(void)places;
}

int
cw_places_take(struct cw_places *places, uint32_t *ret, struct cw_err *err)
{
	(void)places;
	(void)ret;
	return cw_fail(err, CW_EUNAVAILABLE, NO_WALLS);
}

void
cw_places_give(struct cw_places *places, uint32_t id)
{
	(void)places;
	(void)id;
}

int
cw_places_command(
    struct cw_place_command *ret, struct cw_places *places, uint32_t id, struct cw_err *err)
{
	(void)ret;
	(void)places;
	(void)id;
	return cw_fail(err, CW_EUNAVAILABLE, NO_WALLS);
}

void
cw_place_command_free(struct cw_place_command *command)
{
	(void)command;
}
