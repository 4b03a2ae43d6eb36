/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proxies inside the walls, with modules that the sandbox is given by its
 * configuration. argv: the launcher, the probe, a PowerShell that takes -s, a
 * folder of modules.
 */
#include <signal.h>
#include <stdlib.h>

#include "base/err.h"
#include "double.h"
#include "os/clock.h"
#include "proxies/proxies.h"
#include "run.h"
#include "sandbox/pool.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

#define WAIT_MS 60000u
#define MODULE "Causeway.Lab.Utility"

static uv_loop_t loop;
static struct cw_sandboxes *pool;
static struct cw_sandbox *sandbox;
static struct double_broker broker;
static bool answered, closed;

/* --- the preparation, as the owner of a pool runs it */

struct preparation {
	struct cw_sandbox *sandbox;
	struct cw_ps_arena *arena;
	uint64_t began_ns;
};

static void
finish(struct preparation *p, const struct cw_err *err)
{
	cw_sandbox_prepared(p->sandbox, err);
	cw_ps_arena_free(p->arena);
	free(p);
}

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	(void)arg, (void)value;
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct preparation *p = arg;
	struct cw_err err;

	printf("prepared in %.0f ms\n", (double)(cw_clock_ns() - p->began_ns) / 1e6);
	if (outcome != CW_PSRP_COMPLETED) {
		(void)cw_fail(&err, CW_EFAILED, "%s", cw_ps_str(error));
		finish(p, &err);
	} else {
		finish(p, NULL);
	}
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	struct preparation *p = arg;

	(void)err;
	cw_ps_arena_free(p->arena);
	free(p);
}

static void
on_prepare(void *arg, struct cw_sandbox *s)
{
	static const struct cw_psrp_pipeline_events events = { on_output, NULL, NULL, on_finished };
	static const char *const roles[] = { "directory", "sync", NULL };
	static const char *const modules[] = { "/modules/" MODULE "/" MODULE ".psd1", NULL };
	struct preparation *p = calloc(1, sizeof(*p));
	struct cw_psrp_command command;
	struct cw_psrp_run run = { &command, 1, false, WAIT_MS, &events, p };
	struct cw_psrp_pipeline *pipeline;
	struct cw_err err = { 0 };

	(void)arg;
	if (p == NULL || cw_ps_arena_new(&p->arena, CW_PS_ARENA_MAX) < 0)
		exit(1);
	p->sandbox = s;
	p->began_ns = cw_clock_ns();
	cw_sandbox_on_lost(s, on_lost, p);
	CHECK_EQ(cw_proxies_prepare(&command, p->arena, roles, modules), CW_OK);
	CHECK_EQ(cw_psrp_run(cw_sandbox_session(s), &pipeline, &run, uv_now(&loop), &err), CW_OK);
}

/* --- a sandbox, and scripts in it */

static void
on_taken(void *arg, struct cw_sandbox *s, const struct cw_err *err)
{
	(void)arg;
	answered = true;
	sandbox = s;
	if (err != NULL)
		fprintf(stderr, "%s\n", err->text);
}

static void
on_taken_lost(void *arg, const struct cw_err *err)
{
	(void)arg;
	fprintf(stderr, "%s\n", err->text);
	broker.lost = true;
}

static void
on_closed(void *arg)
{
	(void)arg;
	closed = true;
}

static const struct {
	const char *name, *script, *answers[3], *asked, *output, *errors;
} rows[] = {
	{ "a read, and language cmdlets behind it",
	    "Get-ADUser -Filter { Name -like \"$('A')*\" } | Select-Object -ExpandProperty Name",
	    { "{\"records\":[[\"output\",[{\"$type\":\"ADUser\",\"Name\":\"Ada\"}]]],\"state\":"
	      "\"done\"}" },
	    "Get-ADUser {\"Filter\":{\"filter\":\" Name -like $cw0 "
	    "\",\"variables\":{\"cw0\":\"A*\"}}}\n",
	    "\"Ada\"\n", "" },
	{ "a write that is gathered, and a typed catch",
	    "$__cw['Patience'] = [long]::MaxValue; 1..3 | Disable-ADAccount\n"
	    "try { Get-ADUser x } catch "
	    "[Microsoft.ActiveDirectory.Management.ADIdentityNotFoundException] "
	    "{ \"$_\" }",
	    { "{\"records\":[],\"state\":\"done\"}",
		"{\"records\":[[\"fail\",{\"message\":\"gone\",\"type\":\"Microsoft."
		"ActiveDirectory."
		"Management.ADIdentityNotFoundException\"}]],\"state\":\"done\"}" },
	    "Disable-ADAccount {} "
	    "[{\"Identity\":\"1\"},{\"Identity\":\"2\"},{\"Identity\":\"3\"}]\n"
	    "Get-ADUser {\"Identity\":\"x\"}\n",
	    "\"gone\"\n", "" },
	{ "the module's own commands come from its folder",
	    "(Get-Command New-TimeSpan).Module.ModuleBase; (New-TimeSpan -Hours 1).TotalMinutes",
	    { NULL }, "", "\"/modules/" MODULE "\"\n60\n", "" },
};

static void
run_rows(void)
{
	double_use(&broker, &loop, cw_sandbox_session(sandbox));
	cw_sandbox_on_lost(sandbox, on_taken_lost, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		test_case = rows[i].name;
		for (broker.answer_count = 0; rows[i].answers[broker.answer_count] != NULL;
		     broker.answer_count++)
			broker.answers[broker.answer_count] = rows[i].answers[broker.answer_count];
		double_run(&broker, rows[i].script, WAIT_MS);
		CHECK_STR(cw_buf_str(&broker.asked), rows[i].asked);
		CHECK_STR(cw_buf_str(&broker.output), rows[i].output);
		CHECK_STR(cw_buf_str(&broker.errors), rows[i].errors);
	}
	double_end(&broker);
}

int
main(int argc, char **argv)
{
	char *engine[] = { argc == 5 ? argv[3] : NULL, (char *)"-s", NULL };
	char source[4096];
	struct cw_sandbox_file module = { source, "/modules/" MODULE };
	struct cw_sandbox_config walls;
	struct cw_sandboxes_config config = {
		.loop = &loop, .walls = &walls, .warm = 1, .prepare = on_prepare
	};
	struct cw_sandboxes_request *request;
	struct cw_err err = { 0 };

	if (argc != 5 || uv_loop_init(&loop) < 0)
		return 2;
	(void)snprintf(source, sizeof(source), "%s/" MODULE, argv[4]);
	run_config(&walls, argv);
	run_need_walls(&walls);
	(void)signal(SIGPIPE, SIG_IGN);
	walls.engine = engine;
	walls.ids = 2;
	walls.files = &module;
	walls.file_count = 1;
	CHECK_EQ(cw_sandboxes_new(&pool, &config, &err), CW_OK);
	CHECK_EQ(cw_sandboxes_take(pool, &request, WAIT_MS, on_taken, NULL, &err), CW_OK);
	while (!answered)
		(void)uv_run(&loop, UV_RUN_ONCE);
	CHECK(sandbox != NULL);
	if (sandbox != NULL) {
		run_rows();
		cw_sandbox_end(sandbox);
	}
	cw_sandboxes_close(pool, on_closed, NULL);
	while (!closed)
		(void)uv_run(&loop, UV_RUN_ONCE);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&loop), 0);
	return test_failed;
}
