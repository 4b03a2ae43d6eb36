/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where no walls can be raised there are no sandboxes, and whoever asks is told
 * why: on every system.
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "sandbox/pool.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

static uv_loop_t loop;
static struct cw_sandboxes *pool;
static int answers;
static bool closed;

static void
on_taken(void *arg, struct cw_sandbox *s, const struct cw_err *err)
{
	struct cw_sandboxes_request *request;
	struct cw_err failed;

	(void)arg;
	CHECK(s == NULL);
	CHECK_EQ(err->code, CW_EUNAVAILABLE);
	CHECK(cw_starts_with(err->text, "scripts cannot run here, "));
	/* Asking again while being answered is for the next turn. */
	if (++answers == 1)
		CHECK_EQ(cw_sandboxes_take(pool, &request, 60000, on_taken, NULL, &failed), CW_OK);
}

static void
on_closed(void *arg)
{
	(void)arg;
	closed = true;
}

int
main(void)
{
	char *engine[] = { (char *)(uintptr_t) "powershell", NULL };
	struct cw_sandbox_config walls;
	struct cw_sandboxes_config config = { .loop = &loop, .walls = &walls, .warm = 1 };
	struct cw_sandboxes_request *request;
	struct cw_sandboxes_status status;
	struct cw_err err = { 0 };
	size_t count;

	if (uv_loop_init(&loop) < 0)
		return 2;
	cw_sandbox_config_init(&walls);
	walls.engine = engine;
	walls.bwrap = "/nonexistent/bwrap";
	test_case = "asked before it is known";
	CHECK_EQ(cw_sandboxes_new(&pool, &config, &err), CW_OK);
	CHECK(cw_sandboxes_report(pool) == NULL);
	CHECK_EQ(cw_sandboxes_take(pool, &request, 60000, on_taken, NULL, &err), CW_OK);
	CHECK_EQ(answers, 0);
	while (answers < 2)
		(void)uv_run(&loop, UV_RUN_ONCE);
	test_case = "the report names a wall and what to do";
	CHECK(!cw_sandboxes_report(pool)->ok);
	(void)cw_sandbox_walls(&count);
	CHECK_EQ(cw_sandboxes_report(pool)->count, count);
	CHECK(cw_sandbox_report_worst(cw_sandboxes_report(pool))->wall->remedy[0] != '\0');
	cw_sandboxes_status(pool, &status);
	CHECK_EQ(status.state, CW_SANDBOXES_DOWN);
	CHECK_EQ(status.started, 0);
	cw_sandboxes_close(pool, on_closed, NULL);
	while (!closed)
		(void)uv_run(&loop, UV_RUN_ONCE);
	CHECK_EQ(uv_loop_close(&loop), 0);
	return test_failed;
}
