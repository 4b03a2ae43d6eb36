/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool of privileged runspaces on a real engine: what it lets through, what
 * it survives. argv[1] is a program that takes -s; its utility module is beside
 * it, Leftover.psm1 beside this file.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "powershell/json.h"
#include "runspaces/runspaces.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

struct job {
	struct cw_buf output;
	int errors;
	bool done;
	struct cw_err err;
	struct cw_runspaces_job *job;
	bool pause_at_output, paused;
	bool close_at_output; /* closes the whole pool */
	struct cw_runspaces_job *stop_at_done;
};

static uv_loop_t loop;
static struct cw_runspaces *rs;
static struct cw_ps_arena *arena;
static bool closed;
static char lost_for[CW_ERR_TEXT_MAX]; /* the last reason that a runspace was lost */

static void on_closed(void *arg);

static void
on_changed(void *arg)
{
	struct cw_runspace_status s;

	(void)arg;
	for (unsigned i = 0; i < cw_runspaces_size(rs); i++) {
		cw_runspaces_status(rs, i, &s);
		if (s.state == CW_RUNSPACE_LOST && s.error[0] != '\0')
			(void)snprintf(lost_for, sizeof(lost_for), "%s", s.error);
	}
}

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	struct job *j = arg;
	struct cw_err err;

	(void)cw_ps_json_put(&j->output, value, &err);
	(void)cw_buf_putc(&j->output, '\n');
	if (j->pause_at_output && !j->paused) {
		j->paused = true;
		cw_runspaces_pause(j->job);
	}
	if (j->close_at_output)
		cw_runspaces_close(rs, on_closed, &closed);
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	struct job *j = arg;

	(void)record;
	j->errors += stream == CW_PSRP_ERROR;
}

static void
on_done(void *arg, const struct cw_err *err, const struct cw_ps_value *error)
{
	struct job *j = arg;

	(void)error;
	j->done = true;
	j->err = *err;
	if (j->stop_at_done != NULL)
		cw_runspaces_stop(j->stop_at_done);
}

static const struct cw_runspaces_events events = { on_output, on_record, on_done };

static int
begin(struct job *j, const struct cw_psrp_command *command, uint32_t timeout_ms)
{
	struct cw_err err = { 0 };
	int r;

	cw_buf_free(&j->output);
	memset(j, 0, sizeof(*j));
	cw_buf_init(&j->output, 1u << 22);
	uv_update_time(&loop);
	r = cw_runspaces_run(rs, &j->job, command, timeout_ms, &events, j, &err);
	CHECK_STR(err.text, "");
	return r;
}

static void
until(const bool *what)
{
	while (!*what)
		uv_run(&loop, UV_RUN_ONCE);
}

static void
run(struct job *j, const struct cw_psrp_command *command, uint32_t timeout_ms)
{
	if (begin(j, command, timeout_ms) == CW_OK)
		until(&j->done);
}

static void
until_ready(unsigned n)
{
	while (cw_runspaces_ready(rs) != n) {
		uv_run(&loop, UV_RUN_ONCE);
		if (strstr(lost_for, "could not be prepared") != NULL) {
			fprintf(stderr, "%s: %s\n", test_case, lost_for);
			exit(1);
		}
	}
}

static int
idle_pid(void)
{
	struct cw_runspace_status s;

	for (unsigned i = 0; i < cw_runspaces_size(rs); i++) {
		cw_runspaces_status(rs, i, &s);
		if (s.state == CW_RUNSPACE_IDLE)
			return s.pid;
	}
	return 0;
}

static void
until_all_idle(void)
{
	struct cw_runspace_status s;
	unsigned idle;

	do {
		idle = 0;
		for (unsigned i = 0; i < cw_runspaces_size(rs); i++) {
			cw_runspaces_status(rs, i, &s);
			idle += s.state == CW_RUNSPACE_IDLE;
		}
		if (idle < cw_runspaces_size(rs))
			uv_run(&loop, UV_RUN_ONCE);
	} while (idle < cw_runspaces_size(rs));
}

static void
test_locked(void)
{
	struct cw_psrp_argument text = { "InputObject", cw_ps_string(arena, "$(1+1)") };
	struct cw_psrp_command output = { "Causeway.Lab.Utility\\Write-Output", false, &text, 1 };
	struct cw_psrp_command script = { "1+1", true, NULL, 0 };
	struct cw_psrp_command hidden = { "Microsoft.PowerShell.Core\\Get-Command", false, NULL,
		0 };
	struct cw_psrp_command program = { "/bin/true", false, NULL, 0 };
	struct job j = { 0 };

	test_case = "a visible command, and its argument stays text";
	run(&j, &output, 30000);
	CHECK_EQ(j.err.code, CW_OK);
	CHECK_STR(cw_buf_str(&j.output), "\"$(1+1)\"\n");
	test_case = "text is refused";
	run(&j, &script, 30000);
	CHECK_EQ(j.err.code, CW_EFAILED);
	CHECK_STR(cw_buf_str(&j.output), "");
	test_case = "a hidden command";
	run(&j, &hidden, 30000);
	CHECK(j.err.code == CW_EFAILED || j.errors == 1);
	CHECK_STR(cw_buf_str(&j.output), "");
	test_case = "a program";
	run(&j, &program, 30000);
	CHECK(j.err.code == CW_EFAILED || j.errors == 1);
	cw_buf_free(&j.output);
}

static void
test_canary(void)
{
	static const struct {
		const char *name, *command, *lost_for;
	} rows[] = {
		{ "a new variable", "Leftover\\Set-Leftover",
		    "a command changed its runspace: $leftover" },
		{ "a preference with another value", "Leftover\\Set-LeftoverPreference",
		    "a command changed its runspace: $WarningPreference" },
		{ "a default for a parameter", "Leftover\\Set-LeftoverDefault",
		    "a command changed its runspace: default parameters" },
		{ "a function", "Leftover\\Set-LeftoverFunction",
		    "a command changed its runspace: functions" },
	};
	struct cw_psrp_argument arguments[] = { { "InputObject", cw_ps_string(arena, "x") },
		{ "OutVariable", cw_ps_string(arena, "WhatIfPreference") } };
	struct cw_psrp_command poison = { "Causeway.Lab.Utility\\Write-Output", false, arguments,
		2 };
	struct cw_psrp_command wrong = { "Leftover\\Write-Wrong", false, NULL, 0 };
	struct cw_psrp_command count = { "Leftover\\Get-ErrorCount", false, NULL, 0 };
	struct job j = { 0 };

	test_case = "a variable through a common parameter";
	run(&j, &poison, 30000);
	CHECK_EQ(j.err.code, CW_EFAILED);
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct cw_psrp_command leave = { rows[i].command, false, NULL, 0 };

		test_case = rows[i].name;
		until_all_idle();
		lost_for[0] = '\0';
		run(&j, &leave, 30000);
		CHECK_STR(j.err.text, "");
		until_all_idle();
		CHECK_STR(lost_for, rows[i].lost_for);
	}
	test_case = "error records are not kept for the next one";
	for (int i = 0; i < 3; i++) {
		run(&j, &wrong, 30000);
		CHECK_EQ(j.errors, 1);
	}
	until_all_idle();
	run(&j, &count, 30000);
	CHECK_STR(cw_buf_str(&j.output), "0\n");
	cw_buf_free(&j.output);
}

static void
test_waiting(void)
{
	struct cw_psrp_argument seconds = { "Seconds", cw_ps_int(arena, CW_PS_I32, 60) };
	struct cw_psrp_command sleep = { "Causeway.Lab.Utility\\Start-Sleep", false, &seconds, 1 };
	struct cw_psrp_argument text = { "InputObject", cw_ps_string(arena, "x") };
	struct cw_psrp_command output = { "Causeway.Lab.Utility\\Write-Output", false, &text, 1 };
	struct job busy[3] = { 0 }, waits = { 0 }, late = { 0 }, stopped = { 0 };

	test_case = "all are busy";
	until_all_idle();
	for (int i = 0; i < 3; i++)
		(void)begin(&busy[i], &sleep, 60000);
	(void)begin(&waits, &output, 60000);
	(void)begin(&late, &output, 100);
	(void)begin(&stopped, &output, 60000);
	CHECK_EQ(cw_runspaces_waiting(rs), 3);
	cw_runspaces_stop(stopped.job);
	CHECK_EQ(stopped.err.code, CW_ECLOSED);
	until(&late.done);
	CHECK_EQ(late.err.code, CW_EUNAVAILABLE);
	CHECK_STR(late.err.text, "no PowerShell runspace was free in time, it was never started");
	CHECK(!waits.done);
	cw_runspaces_stop(busy[1].job);
	until(&busy[1].done);
	CHECK_EQ(busy[1].err.code, CW_ECLOSED);
	until(&waits.done);
	CHECK_STR(cw_buf_str(&waits.output), "\"x\"\n");
	cw_runspaces_stop(busy[0].job);
	cw_runspaces_stop(busy[2].job);
	until(&busy[0].done);
	until(&busy[2].done);
	test_case = "the end of one that waited ends another one";
	until_all_idle();
	for (int i = 0; i < 3; i++)
		(void)begin(&busy[i], &sleep, 60000);
	(void)begin(&late, &output, 100);
	(void)begin(&waits, &output, 100);
	late.stop_at_done = waits.job;
	until(&late.done);
	CHECK_EQ(waits.err.code, CW_ECLOSED);
	for (int i = 0; i < 3; i++) {
		cw_runspaces_stop(busy[i].job);
		until(&busy[i].done);
		cw_buf_free(&busy[i].output);
	}
	cw_buf_free(&waits.output);
	cw_buf_free(&late.output);
	cw_buf_free(&stopped.output);
}

static void
test_death(void)
{
	struct cw_psrp_argument seconds = { "Seconds", cw_ps_int(arena, CW_PS_I32, 60) };
	struct cw_psrp_command sleep = { "Causeway.Lab.Utility\\Start-Sleep", false, &seconds, 1 };
	struct cw_runspace_status s = { 0 };
	struct job j = { 0 };

	test_case = "an idle runspace dies and is replaced";
	until_all_idle();
	CHECK_EQ(uv_kill(idle_pid(), SIGKILL), 0);
	until_ready(2);
	until_ready(3);
	test_case = "a runspace dies under a command";
	until_all_idle();
	(void)begin(&j, &sleep, 60000);
	for (unsigned i = 0; i < cw_runspaces_size(rs); i++) {
		cw_runspaces_status(rs, i, &s);
		if (s.state == CW_RUNSPACE_BUSY)
			break;
	}
	CHECK_EQ(uv_kill(s.pid, SIGKILL), 0);
	until(&j.done);
	CHECK_EQ(j.err.code, CW_EUNKNOWN);
	test_case = "a command past its time";
	run(&j, &sleep, 200);
	CHECK(j.err.code == CW_ETIMEOUT || j.err.code == CW_EUNKNOWN);
	until_all_idle();
	cw_buf_free(&j.output);
}

static void
test_back_pressure(void)
{
	const struct cw_ps_value *items[4000];
	struct cw_psrp_argument input = { "InputObject", NULL };
	struct cw_psrp_command output = { "Causeway.Lab.Utility\\Write-Output", false, &input, 1 };
	struct job j = { 0 };
	size_t lines = 0;

	test_case = "a reader that pauses gets everything later";
	for (size_t i = 0; i < CW_COUNT(items); i++)
		items[i] = cw_ps_string(arena,
		    "0123456789012345678901234567890123456789012345678901234567890123456789");
	input.value = cw_ps_list(arena, items, CW_COUNT(items));
	if (begin(&j, &output, 30000) < 0)
		return;
	j.pause_at_output = true;
	until(&j.paused);
	CHECK(!j.done);
	cw_runspaces_resume(j.job);
	until(&j.done);
	for (const char *p = cw_buf_str(&j.output); (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	CHECK_EQ(lines, CW_COUNT(items));
	cw_buf_free(&j.output);
}

static void
on_closed(void *arg)
{
	*(bool *)arg = true;
}

/* Pools that never get a runspace: a job is told why, within its time. */
static void
test_no_engine(char *const *engine)
{
	static const char *const missing_module[] = { "No.Such.Module", NULL };
	char *no_program[] = { "no-such-powershell", "-s", NULL };
	char *ends[] = { "sh", "-c", "echo broken setup >&2; exit 3", NULL };
	char *babbles[] = { "sh", "-c", "echo Welcome; cat", NULL };
	const struct {
		const char *name;
		char *const *argv;
		const char *const *modules;
		uint32_t timeout_ms;
		const char *says;
	} rows[] = {
		{ "a module that is not there", engine, missing_module, 4000, "No.Such.Module" },
		{ "a program that is not there", no_program, NULL, 300,
		    "ready in time: cannot start no-such-powershell" },
		{ "a program that ends at once", ends, NULL, 300,
		    "PowerShell ended with status 3: broken setup" },
		{ "a program that is no PowerShell", babbles, NULL, 300,
		    "a line that is not PSRP: \"Welcome\"" },
	};
	struct cw_psrp_command any = { "x", false, NULL, 0 };

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct cw_runspaces_config config = {
			.loop = &loop, .argv = rows[i].argv, .size = 3, .modules = rows[i].modules
		};
		struct cw_err err = { 0 };
		struct job j = { 0 };

		test_case = rows[i].name;
		closed = false;
		CHECK_EQ(cw_runspaces_new(&rs, &config, &err), CW_OK);
		run(&j, &any, rows[i].timeout_ms);
		CHECK_EQ(j.err.code, CW_EUNAVAILABLE);
		if (strstr(j.err.text, rows[i].says) == NULL)
			CHECK_STR(j.err.text, rows[i].says);
		cw_runspaces_close(rs, on_closed, &closed);
		until(&closed);
		cw_buf_free(&j.output);
	}
}

static void
test_sizes(char *const *engine)
{
	struct cw_runspaces_config config = { .loop = &loop, .argv = engine };
	struct cw_err err = { 0 };

	test_case = "a pool too small or too large";
	config.size = CW_RUNSPACES_MIN - 1;
	CHECK_EQ(cw_runspaces_new(&rs, &config, &err), CW_EINVAL);
	config.size = CW_RUNSPACES_MAX + 1;
	CHECK_EQ(cw_runspaces_new(&rs, &config, &err), CW_EINVAL);
}

/* Closed from inside an event, while others run and wait: nobody hears anything more. */
static void
test_close(void)
{
	struct cw_psrp_argument seconds = { "Seconds", cw_ps_int(arena, CW_PS_I32, 60) };
	struct cw_psrp_command sleep = { "Causeway.Lab.Utility\\Start-Sleep", false, &seconds, 1 };
	const struct cw_ps_value *items[] = { cw_ps_string(arena, "one"),
		cw_ps_string(arena, "two") };
	struct cw_psrp_argument text = { "InputObject", cw_ps_list(arena, items, 2) };
	struct cw_psrp_command output = { "Causeway.Lab.Utility\\Write-Output", false, &text, 1 };
	struct job busy[2] = { 0 }, waits = { 0 }, closes = { 0 };

	test_case = "close while jobs run";
	until_all_idle();
	for (int i = 0; i < 2; i++)
		(void)begin(&busy[i], &sleep, 60000);
	(void)begin(&closes, &output, 60000);
	closes.close_at_output = true;
	(void)begin(&waits, &output, 60000);
	closed = false;
	until(&closed);
	CHECK_STR(cw_buf_str(&closes.output), "\"one\"\n");
	CHECK(!busy[0].done && !busy[1].done && !closes.done && !waits.done);
	for (int i = 0; i < 2; i++)
		cw_buf_free(&busy[i].output);
	cw_buf_free(&closes.output);
	cw_buf_free(&waits.output);
}

int
main(int argc, char **argv)
{
	static const char *const commands[] = { "Write-Output", "Start-Sleep", "Set-Leftover",
		"Set-LeftoverPreference", "Set-LeftoverDefault", "Set-LeftoverFunction",
		"Write-Wrong", "Get-ErrorCount", NULL };
	const char *modules[] = { "Causeway.Lab.Utility", argc == 3 ? argv[2] : NULL, NULL };
	char *engine[] = { argc == 3 ? argv[1] : NULL, "-s", NULL };
	struct cw_runspaces_config config = { .loop = &loop,
		.argv = engine,
		.size = 3,
		.modules = modules,
		.commands = commands,
		.changed = on_changed };
	struct cw_err err = { 0 };

	if (argc != 3 || uv_loop_init(&loop) < 0 || cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	CHECK_EQ(cw_runspaces_new(&rs, &config, &err), CW_OK);
	until_ready(3);
	test_locked();
	test_canary();
	test_waiting();
	test_death();
	test_back_pressure();
	test_close();
	test_no_engine(engine);
	test_sizes(engine);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&loop), 0);
	cw_ps_arena_free(arena);
	return test_failed;
}
