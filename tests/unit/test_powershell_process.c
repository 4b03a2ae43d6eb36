/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process behind a session, on every system: started, read, written to,
 * stopped, killed, and ended by itself. argv[1] is tests/replay's fake engine.
 */
#include <signal.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "powershell/process.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static const char *engine;
static uv_loop_t loop;

/* What to do at an event; the process and what it has told. */
static struct {
	struct cw_psrp_process *process;
	struct cw_psrp_pipeline *pipeline;
	bool opened, finished, lost, closed;
	unsigned outputs;
	enum cw_psrp_outcome outcome;
	struct cw_err why;
	bool stops, kills, pauses;
} seen;

static void
on_opened(void *arg)
{
	(void)arg;
	seen.opened = true;
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	(void)arg;
	CHECK(!seen.lost && !seen.closed);
	seen.lost = true;
	seen.why = *err;
}

static void
on_closed(void *arg)
{
	(void)arg;
	seen.closed = true;
}

static void
on_output(void *arg, const struct cw_ps_value *v)
{
	(void)arg;
	CHECK(cw_ps_str(v) != NULL);
	if (seen.outputs++ > 0)
		return;
	if (seen.stops)
		cw_psrp_stop(seen.pipeline, uv_now(&loop));
	if (seen.pauses)
		cw_psrp_process_pause(seen.process);
	if (seen.kills)
		cw_psrp_process_kill(seen.process);
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	(void)arg;
	(void)error;
	seen.finished = true;
	seen.outcome = outcome;
}

static void
until(const bool *what)
{
	while (!*what && !seen.closed)
		uv_run(&loop, UV_RUN_ONCE);
}

static void
start(const char *mode)
{
	char *argv[] = { (char *)(uintptr_t)engine, (char *)(uintptr_t)mode, NULL };
	struct cw_psrp_process_config config = { .loop = &loop,
		.argv = argv,
		.events = { .opened = on_opened, .lost = on_lost },
		.closed = on_closed };
	struct cw_err err = { 0 };

	memset(&seen, 0, sizeof(seen));
	CHECK_EQ(cw_psrp_process_start(&seen.process, &config, &err), CW_OK);
	CHECK_STR(err.text, "");
	CHECK(cw_psrp_process_pid(seen.process) > 0);
	CHECK(!seen.opened && !seen.lost);
}

static void
run(uint32_t timeout_ms)
{
	static const struct cw_psrp_pipeline_events events = { on_output, NULL, NULL, on_finished };
	struct cw_psrp_command command = { "Say-Hello", false, NULL, 0 };
	struct cw_psrp_run what = { &command, 1, false, timeout_ms, &events, NULL };
	struct cw_err err = { 0 };

	until(&seen.opened);
	uv_update_time(&loop);
	CHECK_EQ(cw_psrp_run(cw_psrp_process_session(seen.process), &seen.pipeline, &what,
		     uv_now(&loop), &err),
	    CW_OK);
	CHECK_STR(err.text, "");
}

/* Ends what still runs. */
static void
end(void)
{
	if (!seen.lost && !seen.closed)
		cw_psrp_process_kill(seen.process);
	until(&seen.closed);
}

static void
test_talks(void)
{
	test_case = "a command";
	start("-s");
	run(60000);
	until(&seen.finished);
	CHECK_EQ(seen.outcome, CW_PSRP_COMPLETED);
	CHECK_EQ(seen.outputs, 1);
	end();
	CHECK(!seen.lost);

	test_case = "one that is stopped";
	start("hangs");
	seen.stops = true;
	run(60000);
	until(&seen.finished);
	CHECK_EQ(seen.outcome, CW_PSRP_STOPPED);
	end();

	test_case = "one whose time is over";
	start("hangs");
	run(100);
	until(&seen.finished);
	CHECK_EQ(seen.outcome, CW_PSRP_TIMED_OUT);
	end();
}

static void
test_pause(void)
{
	test_case = "a reader that stops for a while";
	start("much");
	seen.pauses = true;
	run(60000);
	while (seen.outputs == 0)
		uv_run(&loop, UV_RUN_ONCE);
	for (int i = 0; i < 3; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	CHECK(seen.outputs < 20000);
	CHECK(!seen.finished);
	cw_psrp_process_resume(seen.process);
	until(&seen.finished);
	CHECK_EQ(seen.outputs, 20001);
	end();
}

static void
test_ends(void)
{
	static const struct {
		const char *name, *mode, *why;
	} rows[] = {
		{ "it ends at once", "ends", "PowerShell ended with status 3: broken setup" },
		{ "it is no PowerShell", "babbles",
		    "PowerShell wrote a line that is not PSRP: \"Welcome\"" },
	};

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		start(rows[i].mode);
		until(&seen.lost);
		CHECK_STR(seen.why.text, rows[i].why);
		end();
		CHECK(!seen.opened);
	}
	test_case = "it dies under a command";
	start("dies");
	run(60000);
	until(&seen.lost);
	CHECK_EQ(seen.outputs, 1);
	CHECK(!seen.finished);
	CHECK(strstr(seen.why.text, "PowerShell ended with status 5: out of luck") != NULL);
	end();

	test_case = "killed inside an event: nothing more is told";
	start("much");
	seen.kills = true;
	run(60000);
	until(&seen.closed);
	CHECK_EQ(seen.outputs, 1);
	CHECK(!seen.finished && !seen.lost);

	test_case = "killed before it has opened";
	start("silent");
	cw_psrp_process_kill(seen.process);
	cw_psrp_process_kill(seen.process);
	until(&seen.closed);
	CHECK(!seen.opened && !seen.lost);
}

static void
test_no_program(void)
{
	char *argv[] = { "no-such-program", NULL };
	struct cw_psrp_process_config config = { .loop = &loop, .argv = argv };
	struct cw_err err = { 0 };

	test_case = "no such program";
	CHECK_EQ(cw_psrp_process_start(&seen.process, &config, &err), CW_ENOTFOUND);
	CHECK(strstr(err.text, "cannot start no-such-program: ") != NULL);
}

int
main(int argc, char **argv)
{
	if (argc != 2 || uv_loop_init(&loop) < 0)
		return 2;
#ifdef SIGPIPE
	(void)signal(SIGPIPE, SIG_IGN);
#endif
	engine = argv[1];
	test_talks();
	test_pause();
	test_ends();
	test_no_program();
	CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
	CHECK_EQ(uv_loop_close(&loop), 0);
	return test_failed;
}
