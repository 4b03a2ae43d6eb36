/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_broker LAUNCHER PROBE ENGINE: what a script's calls cost on their way through
 * the broker. A read beside the same command without a script; a pipe into a write
 * beside the same pipe in one PowerShell; the memory of a long read. In a lab.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "base/str.h"
#include "commands/roles.h"
#include "os/clock.h"
#include "os/memory.h"
#include "runspaces/runspaces.h"

int test_failed;
const char *test_case = "";

#define ROUNDS 5 /* of both, in turn: whatever else the machine does hits both */
#define READS 100 /* in each */
#define SETTLE 50 /* first ones left out */
#define PEOPLE "Get-ADUser -Filter * -SearchBase \"OU=Bench,DC=lab,DC=test\"" /* 10,000 */
#define LONG_TIMES 10

static void
figure(const char *name, double value, const char *unit, double goal, const char *against)
{
	char text[32] = "null";

	if (goal > 0)
		(void)snprintf(text, sizeof(text), "%g", goal);
	printf("{\"bench\":\"broker\",\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\",\"better\":"
	       "\"lower\","
	       "\"goal\":%s,\"against\":\"%s\"}\n",
	    name, value, unit, text, against);
	(void)fflush(stdout);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

/* --- without a script */

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	(void)arg, (void)value;
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	(void)arg, (void)stream, (void)record;
}

static void
on_done(void *arg, const struct cw_err *err, const struct cw_ps_value *error)
{
	(void)err, (void)error;
	*(bool *)arg = true;
}

static double
direct_ms(void)
{
	static const struct cw_runspaces_events events = { on_output, on_record, on_done };
	static const struct cw_ps_value ada = { .kind = CW_PS_STRING, .text = { "ada", 3 } };
	static const struct cw_psrp_argument identity = { "Identity", &ada };
	static const struct cw_psrp_command command = { "ActiveDirectory\\Get-ADUser", false,
		&identity, 1 };
	struct cw_runspaces *rs = cw_roles_find(rig.roles, "directory", NULL);
	struct cw_runspaces_job *job;
	uint64_t began = cw_clock_ns();
	struct cw_err err;
	bool done = false;

	uv_update_time(&rig.loop);
	if (cw_runspaces_run(rs, &job, &command, RIG_MS, &events, &done, &err) < 0)
		exit(1);
	while (!done)
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
	return (double)(cw_clock_ns() - began) / 1e6;
}

/* --- with one */

/* The numbers that a script puts out. */
static size_t
numbers(const char *script, double *ret, size_t room)
{
	struct outcome o;
	size_t n = 0;

	rig_run(&o, script);
	if (strcmp(outcome_state(&o), "done") != 0) {
		(void)fprintf(
		    stderr, "bench_broker: %s: %.500s\n", outcome_state(&o), outcome_text(&o));
		exit(1);
	}
	for (const char *at = outcome_text(&o);
	     (at = strstr(at, "{\"output\":")) != NULL && n < room;)
		ret[n++] = strtod(at += strlen("{\"output\":"), NULL);
	outcome_free(&o);
	return n;
}

static void
bench_read(void)
{
	static double direct[READS], proxied[SETTLE + READS];
	double over[ROUNDS];
	char script[300];

	(void)snprintf(script, sizeof(script),
	    "$sw = [Diagnostics.Stopwatch]::new(); foreach ($i in 1..%d) { $sw.Restart(); "
	    "$null = Get-ADUser ada; $sw.Elapsed.TotalMilliseconds }",
	    SETTLE + READS);
	for (int i = 0; i < SETTLE; i++)
		(void)direct_ms();
	for (int round = 0; round < ROUNDS; round++) {
		double a, b;

		for (int i = 0; i < READS; i++)
			direct[i] = direct_ms();
		if (numbers(script, proxied, SETTLE + READS) != SETTLE + READS)
			exit(1);
		a = median(direct, READS);
		b = median(proxied + SETTLE, READS);
		over[round] = b - a;
		(void)fprintf(
		    stderr, "broker: a read: %.2f ms direct, %.2f ms from a script\n", a, b);
	}
	figure("a proxied read over the direct one, p50", median(over, ROUNDS), "ms", 2,
	    "the same command without a script");
}

/* Seconds that the text takes in one PowerShell, as it says itself. */
static double
alone(const char *text)
{
	char command[1024], line[64] = "0";
	FILE *f;

	(void)snprintf(command, sizeof(command), "\"%s\" -NoProfile -Command '%s'",
	    getenv("CAUSEWAY_LAB_POWERSHELL"), text);
	if ((f = popen(command, "r")) == NULL || fgets(line, sizeof(line), f) == NULL)
		exit(1);
	(void)pclose(f);
	return strtod(line, NULL);
}

#define PIPE(description)                                    \
	"$sw = [Diagnostics.Stopwatch]::StartNew(); " PEOPLE \
	" | Set-ADUser -Description " description "; $sw.Elapsed.TotalSeconds"

static void
bench_pipe(void)
{
	double a = alone(PIPE("before")), b = 0;

	if (numbers(PIPE("after"), &b, 1) != 1)
		exit(1);
	(void)fprintf(stderr,
	    "broker: 10,000 objects through a pipe: %.1f s in one PowerShell, "
	    "%.1f s through the broker\n",
	    a, b);
	figure("10,000 objects Get-ADUser | Set-ADUser", b / a, "ratio", 1.5,
	    "the same pipe in one PowerShell");
}

static void
bench_memory(void)
{
	size_t resident, private, before = 0, most = 0;
	char script[200];
	struct outcome o;

	(void)snprintf(script, sizeof(script), "1..%d | ForEach-Object { " PEOPLE " }", LONG_TIMES);
	rig_begin(&o, CW_SCRIPT_RUN, script, 10 * RIG_MS, NULL);
	while (o.script != NULL) {
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
		cw_buf_free(&o.lines);
		if (o.line_count < 2000)
			continue;
		cw_memory_use(&resident, &private);
		before = before == 0 ? private : before;
		most = private > most ? private : most;
	}
	(void)fprintf(stderr, "broker: %zu objects read\n", o.line_count);
	figure("memory that a read of 100,000 objects adds", (double)(most - before) / 1e6, "MB",
	    16, "after its first 2,000");
	outcome_free(&o);
}

int
main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	rig_start(argv, NULL);
	bench_read();
	bench_pipe();
	bench_memory();
	rig_finish();
	return 0;
}
