/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent costs, in a lab: measure CAUSEWAY-AGENT CAUSEWAYCTL. One JSON object
 * a line: its memory and wake-ups when idle, and what it adds to a warm command's
 * round trip beside the same command on a PowerShell session alone.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"
#include "test.h"
#include "os/clock.h"
#include "powershell/process.h"

int test_failed;
const char *test_case = "";

#define ROUNDS 500
#define WARM_UP 300 /* rounds before, for the engine to compile what it runs */
#define IDLE_MS 10000u

static struct fixture fix;

static void
print(const char *name, double value, const char *unit, double goal, const char *against)
{
	printf("{\"bench\":\"agent\",\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\","
	       "\"better\":\"lower\",\"goal\":%.3f,\"against\":\"%s\"}\n",
	    name, value, unit, goal, against);
	(void)fflush(stdout);
}

/* --- /proc */

static double
field(int pid, const char *file, const char *name)
{
	char path[64], line[256];
	double value = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	if ((f = fopen(path, "r")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtod(line + strlen(name), NULL);
	(void)fclose(f);
	return value;
}

static void
on_timer(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

static void
idle(uint64_t ms)
{
	bool over = false;
	uv_timer_t timer;

	(void)uv_timer_init(&fix.bridge.loop, &timer);
	timer.data = &over;
	(void)uv_timer_start(&timer, on_timer, ms, 0);
	while (!over)
		(void)uv_run(&fix.bridge.loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	(void)uv_run(&fix.bridge.loop, UV_RUN_NOWAIT);
}

static void
measure_footprint(const char *when)
{
	int pid = fix.agent.process.pid;
	char name[64];
	double before;

	(void)snprintf(name, sizeof(name), "private memory, %s", when);
	print(name, field(pid, "status", "RssAnon:") / 1024, "MB", 2, "");
	(void)snprintf(name, sizeof(name), "resident memory, %s", when);
	print(name, field(pid, "status", "VmRSS:") / 1024, "MB", 0, "");
	before = field(pid, "status", "voluntary_ctxt_switches:");
	idle(IDLE_MS);
	(void)snprintf(name, sizeof(name), "wake-ups, %s", when);
	print(name, (field(pid, "status", "voluntary_ctxt_switches:") - before) * 60000 / IDLE_MS,
	    "per minute", 0, "the heartbeat of this bridge is one second");
}

/* --- round trips */

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* outside: less what the agent says that PowerShell took. */
static void
measure_agent(
    double ret[ROUNDS], double outside[ROUNDS], const char *command, const char *parameters)
{
	struct run r = { 0 };

	for (int i = -WARM_UP; i < ROUNDS; i++) {
		uint64_t start = cw_clock_ns();

		run_all(&fix, &r, command, parameters);
		CHECK_EQ(r.code, CW_OK);
		if (i >= 0 && r.code == CW_OK) {
			ret[i] = (double)(cw_clock_ns() - start) / 1e6;
			outside[i] =
			    ret[i] - cJSON_GetObjectItem(r.result, "duration_ms")->valuedouble;
		}
		run_free(&r);
	}
	qsort(ret, ROUNDS, sizeof(*ret), by_size);
	qsort(outside, ROUNDS, sizeof(*outside), by_size);
}

/* The same command on a session of our own. */

static bool opened, done;

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
	fprintf(stderr, "PowerShell: %s\n", err->text);
	exit(1);
}

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	(void)arg, (void)value;
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	(void)arg, (void)error;
	CHECK_EQ(outcome, CW_PSRP_COMPLETED);
	done = true;
}

static void
measure_session(double ret[ROUNDS], const struct cw_psrp_command *command)
{
	static const struct cw_psrp_pipeline_events events = { on_output, NULL, NULL, on_finished };
	char *argv[] = { getenv("CAUSEWAY_LAB_POWERSHELL"), "-s", NULL };
	const struct cw_psrp_process_config config = { .loop = &fix.bridge.loop,
		.argv = argv,
		.events = { .opened = on_opened, .lost = on_lost } };
	struct cw_psrp_run run = { command, 1, false, 60000, &events, NULL };
	struct cw_psrp_pipeline *pipeline;
	struct cw_psrp_process *process;
	struct cw_err err = { 0 };

	opened = false;
	CHECK_EQ(cw_psrp_process_start(&process, &config, &err), CW_OK);
	while (!opened)
		(void)uv_run(&fix.bridge.loop, UV_RUN_ONCE);
	for (int i = -WARM_UP; i < ROUNDS; i++) {
		uint64_t start = cw_clock_ns();

		done = false;
		CHECK_EQ(cw_psrp_run(cw_psrp_process_session(process), &pipeline, &run,
			     uv_now(&fix.bridge.loop), &err),
		    CW_OK);
		while (!done)
			(void)uv_run(&fix.bridge.loop, UV_RUN_ONCE);
		if (i >= 0)
			ret[i] = (double)(cw_clock_ns() - start) / 1e6;
	}
	cw_psrp_process_kill(process);
	(void)uv_run(&fix.bridge.loop, UV_RUN_NOWAIT);
	qsort(ret, ROUNDS, sizeof(*ret), by_size);
}

static void
compare(const char *name, const double agent[ROUNDS], const double outside[ROUNDS],
    const double session[ROUNDS])
{
	char text[96], against[96];

	(void)snprintf(text, sizeof(text), "%s, p50 outside PowerShell", name);
	(void)snprintf(against, sizeof(against), "p99 %.3f ms, all of it %.3f ms",
	    outside[ROUNDS * 99 / 100], agent[ROUNDS / 2]);
	print(text, outside[ROUNDS / 2], "ms", 1, against);

	(void)snprintf(text, sizeof(text), "%s, added p50", name);
	(void)snprintf(against, sizeof(against), "%.3f ms on a session alone", session[ROUNDS / 2]);
	print(text, agent[ROUNDS / 2] - session[ROUNDS / 2], "ms", 1, against);
	(void)snprintf(text, sizeof(text), "%s, added p99", name);
	(void)snprintf(
	    against, sizeof(against), "%.3f ms on a session alone", session[ROUNDS * 99 / 100]);
	print(text, agent[ROUNDS * 99 / 100] - session[ROUNDS * 99 / 100], "ms", 5, against);
}

static void
measure_trips(void)
{
	static double agent[ROUNDS], outside[ROUNDS], session[ROUNDS];
	struct cw_ps_arena *arena;
	struct cw_psrp_argument arguments[4];
	struct cw_psrp_command trivial = { "ADSync\\Get-ADSyncConnectorRunStatus", false, NULL, 0 };
	struct cw_psrp_command user = { "ActiveDirectory\\Get-ADUser", false, arguments, 2 };
	struct cw_psrp_command set = { "ActiveDirectory\\Set-ADUser", false, arguments, 4 };

	CHECK_EQ(cw_ps_arena_new(&arena, 65536), CW_OK);
	arguments[0] = (struct cw_psrp_argument){ "Identity", cw_ps_string(arena, "ada") };
	arguments[1] = (struct cw_psrp_argument){ "Server", cw_ps_string(arena, "dc1.lab.test") };
	arguments[2] = (struct cw_psrp_argument){ "Title", cw_ps_string(arena, "Countess") };
	arguments[3] = (struct cw_psrp_argument){ "Confirm", cw_ps_bool(arena, false) };
	measure_session(session, &trivial);
	measure_agent(agent, outside, "Get-ADSyncConnectorRunStatus", "{}");
	compare("a trivial read", agent, outside, session);
	measure_session(session, &user);
	measure_agent(agent, outside, "Get-ADUser", "{\"Identity\":\"ada\"}");
	compare("a person", agent, outside, session);
	measure_session(session, &set);
	measure_agent(
	    agent, outside, "Set-ADUser", "{\"Identity\":\"ada\",\"Title\":\"Countess\"}");
	compare("a write", agent, outside, session);
	cw_ps_arena_free(arena);
}

static void
measure_large(void)
{
	struct run r = { 0 };
	uint64_t start;
	double seconds;

	for (int i = 0; i < 10; i++) {
		start = cw_clock_ns();
		run_all(&fix, &r, "Get-ADUser", "{\"Filter\":\"*\",\"Properties\":\"*\"}");
		seconds = (double)(cw_clock_ns() - start) / 1e9;
		CHECK_EQ(r.code, CW_OK);
		if (i == 9)
			print("a large result, seconds for a megabyte",
			    seconds / ((double)cw_buf_left(&r.output) / 1048576), "s", 0, "");
		run_free(&r);
	}
}

int
main(int argc, char **argv)
{
	fixture_begin(&fix, argc, argv);
	idle(2000);
	measure_footprint("fresh");
	measure_trips();
	idle(2000);
	measure_footprint("after work");
	measure_large();
	idle(2000);
	measure_footprint("after large results");
	return fixture_end(&fix);
}
