/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process behind a session: engines that hang, die, or are none, and readers
 * that do not keep up. argv[1] is a program that takes -s.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"

#include "client.h"

int test_failed;
const char *test_case = "start";

static void
test_death(uv_loop_t *loop, const char *engine)
{
	struct cw_psrp_command hang = { "try { while ($true) { } } finally { while ($true) { } }",
		true, NULL, 0 };
	struct cw_psrp_command forever = { "1; while ($true) { }", true, NULL, 0 };
	struct client c;

	test_case = "one that does not stop takes its session along";
	client_start_engine(&c, loop, engine, false);
	client_run(&c, &hang, 200);
	CHECK(c.lost && !c.finished);
	CHECK_STR(c.why.text, "a command did not stop when it was told to");
	client_end(&c);

	test_case = "the process is killed";
	client_start_engine(&c, loop, engine, false);
	CHECK_EQ(uv_kill(cw_psrp_process_pid(c.process), SIGKILL), 0);
	client_until(&c, &c.lost);
	CHECK_STR(c.why.text, "PowerShell was ended by signal 9");
	client_end(&c);

	test_case = "the process is killed under a command";
	client_start_engine(&c, loop, engine, false);
	c.kills = true;
	client_run(&c, &forever, 60000);
	CHECK(c.lost && !c.finished);
	CHECK_EQ(c.why.code, CW_ECLOSED);
	CHECK_STR(c.why.text, "PowerShell was ended by signal 9");
	client_end(&c);

	test_case = "it ends by itself under a command";
	client_start_engine(&c, loop, engine, false);
	client_script(&c, "[System.Environment]::Exit(7)");
	CHECK(c.lost && !c.finished);
	CHECK_STR(c.why.text, "PowerShell ended with status 7");
	client_end(&c);

	test_case = "the process is killed while nobody reads";
	client_start_engine(&c, loop, engine, false);
	c.pauses = c.kills = c.drops = true;
	client_script(&c, "1..100000");
	CHECK(c.lost && !c.finished);
	CHECK_STR(c.why.text, "PowerShell was ended by signal 9");
	client_end(&c);
}

/* Kilobytes resident, 0 when that cannot be known. */
static long
resident(int pid)
{
	char path[64], line[128];
	long kb = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL && sscanf(line, "VmRSS: %ld", &kb) != 1)
		;
	(void)fclose(f);
	return kb;
}

static void
on_tick(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

/* Lets the loop run, so that what could happen does. */
static void
run_for(uv_loop_t *loop, uint64_t ms)
{
	bool over = false;
	uv_timer_t timer;

	(void)uv_timer_init(loop, &timer);
	timer.data = &over;
	(void)uv_timer_start(&timer, on_tick, ms, 0);
	while (!over)
		uv_run(loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

/* A pipeline of 100 MB, read no further than its first object. */
static void
test_pause(uv_loop_t *loop, const char *engine)
{
	struct cw_psrp_command much = { "$x = 'x' * 1000; foreach ($i in 1..100000) { $x }", true,
		NULL, 0 };
	struct client c;
	size_t seen;
	long kb[2];
	int pid;

	test_case = "nobody reads: the engine waits, flat";
	client_start_engine(&c, loop, engine, false);
	client_script(&c, "foreach ($i in 1..2000) { 'warm' }");
	pid = cw_psrp_process_pid(c.process);
	c.pauses = c.drops = true;
	if (client_begin(&c, &much, 120000) < 0)
		return;
	while (c.outputs == 0)
		uv_run(loop, UV_RUN_ONCE);
	run_for(loop, 300);
	seen = c.outputs;
	kb[0] = resident(pid);
	run_for(loop, 1000);
	kb[1] = resident(pid);
	CHECK_EQ(c.outputs, seen);
	CHECK(!c.finished);
	CHECK(seen < 1000);
	CHECK(kb[1] < kb[0] + 16 * 1024);

	test_case = "and goes on to the end";
	cw_psrp_process_resume(c.process);
	client_until(&c, &c.finished);
	CHECK_EQ(c.outputs, 100000);
	CHECK_EQ(c.outcome, CW_PSRP_COMPLETED);
	client_end(&c);
}

static void
test_pause_deadline(uv_loop_t *loop, const char *engine)
{
	struct cw_psrp_command endless = { "while ($true) { 'x' * 1000 }", true, NULL, 0 };
	struct cw_psrp_command short_one = { "1; 2", true, NULL, 0 };
	struct client c;
	uint64_t began;

	test_case = "its time is over while nobody reads";
	client_start_engine(&c, loop, engine, false);
	c.pauses = c.drops = true;
	began = cw_clock_ms();
	client_run(&c, &endless, 500);
	CHECK_EQ(c.outcome, CW_PSRP_TIMED_OUT);
	CHECK(cw_clock_ms() - began < 500 + CW_PSRP_STOP_MS);
	test_case = "it was done, but nobody read that";
	client_run(&c, &short_one, 500);
	CHECK_EQ(c.outcome, CW_PSRP_COMPLETED);
	CHECK_EQ(c.outputs, 2);
	client_end(&c);
}

/* Programs that are no PowerShell, or no program at all. */
static void
test_no_engine(uv_loop_t *loop)
{
	static const struct {
		const char *name, *script, *why;
	} rows[] = {
		{ "the process ends", "echo last words >&2; exit 3",
		    "PowerShell ended with status 3: last words " },
		{ "the process ends without a word", "exit 0", "PowerShell ended with status 0" },
		{ "the end of many words is kept",
		    "i=0; while [ $i -lt 3000 ]; do echo words $i; i=$((i+1)); done >&2; exit 1",
		    NULL },
		{ "words of another code page", "printf '\\377\\376 bad' >&2; exit 1",
		    "PowerShell ended with status 1: ?? bad" },
		{ "a program that is no PowerShell", "echo Welcome; cat",
		    "PowerShell wrote a line that is not PSRP: \"Welcome\"" },
		{ "a program that writes without end", "cat /dev/zero",
		    "PowerShell wrote a line that is too long" },
		{ "a child that keeps the pipes", "sleep 2 & exit 4",
		    "PowerShell ended with status 4" },
	};
	char *missing[] = { "no-such-powershell", "-s", NULL };
	struct cw_psrp_process_config config = { .loop = loop, .argv = missing };
	struct cw_psrp_process *process;
	struct cw_err err = { 0 };

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		char *argv[] = { "sh", "-c", (char *)(uintptr_t)rows[i].script, NULL };
		struct client c;

		test_case = rows[i].name;
		client_start(&c, loop, argv, false);
		CHECK(c.lost && !c.opened);
		if (rows[i].why != NULL)
			CHECK_STR(c.why.text, rows[i].why);
		else
			CHECK(strstr(c.why.text, "status 1: ") != NULL);
		client_end(&c);
	}
	test_case = "no such program";
	CHECK_EQ(cw_psrp_process_start(&process, &config, &err), CW_ENOTFOUND);
	CHECK_STR(err.text, "cannot start no-such-powershell: no such file or directory");
}

int
main(int argc, char **argv)
{
	uv_loop_t loop;

	if (argc != 2 || uv_loop_init(&loop) < 0)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	test_no_engine(&loop);
	test_death(&loop, argv[1]);
	test_pause(&loop, argv[1]);
	test_pause_deadline(&loop, argv[1]);
	CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
	CHECK_EQ(uv_loop_close(&loop), 0);
	return test_failed;
}
