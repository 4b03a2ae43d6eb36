/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "catalogue/catalogue.h"
#include "engine.h"
#include "powershell/process.h"

#define TIMEOUT_MS 60000u

static uv_loop_t *loop;
static struct cw_psrp_process *process;
static bool opened, finished, closed;

static void
die(const char *why)
{
	fprintf(stderr, "bench_command: PowerShell: %s\n", why);
	exit(1);
}

static void
on_opened(void *arg)
{
	(void)arg;
	opened = true;
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	(void)arg;
	die(err->text);
}

static void
on_closed(void *arg)
{
	(void)arg;
	closed = true;
}

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	(void)arg, (void)value;
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	(void)arg;
	if (outcome != CW_PSRP_COMPLETED)
		die(cw_ps_str(error) != NULL ? cw_ps_str(error) : "the command failed");
	finished = true;
}

static void
run(const struct cw_psrp_command *command)
{
	static const struct cw_psrp_pipeline_events events = { on_output, NULL, NULL, on_finished };
	struct cw_psrp_run r = { command, 1, false, TIMEOUT_MS, &events, NULL };
	struct cw_psrp_pipeline *pipeline;
	struct cw_err err = { 0 };

	finished = false;
	uv_update_time(loop);
	if (cw_psrp_run(cw_psrp_process_session(process), &pipeline, &r, uv_now(loop), &err) < 0)
		die(err.text);
	while (!finished)
		(void)uv_run(loop, UV_RUN_ONCE);
}

void
engine_start(uv_loop_t *l, const char *powershell)
{
	static const struct cw_psrp_command import = {
		"Import-Module ActiveDirectory, ADSync -ErrorAction Stop", true, NULL, 0
	};
	char *argv[] = { (char *)(uintptr_t)powershell, "-NoLogo", "-NoProfile", "-s", NULL };
	const struct cw_psrp_process_config config = { .loop = l,
		.argv = argv,
		.events = { .opened = on_opened, .lost = on_lost },
		.closed = on_closed };
	struct cw_err err = { 0 };

	loop = l;
	if (cw_psrp_process_start(&process, &config, &err) < 0)
		die(err.text);
	while (!opened)
		(void)uv_run(loop, UV_RUN_ONCE);
	run(&import);
}

void
engine_run(struct cw_catalogue_call *call, const char *server)
{
	const struct cw_psrp_command *command;
	struct cw_err err = { 0 };

	if (cw_catalogue_call_command(call, &command, server, &err) < 0)
		die(err.text);
	run(command);
}

void
engine_end(void)
{
	cw_psrp_process_kill(process);
	while (!closed)
		(void)uv_run(loop, UV_RUN_ONCE);
}
