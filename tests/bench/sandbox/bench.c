/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_sandbox FOLDER POWERSHELL: what the walls cost. FOLDER has the launcher and
 * the probe. Inside and outside take turns in the same run, so that whatever else
 * the machine does hits both; processor time is the kernel's, of all threads.
 */
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "os/clock.h"
#include "powershell/process.h"
#include "sandbox/place.h"
#include "sandbox/pool.h"
#include "script.h"

#define STARTS 15
#define HAND_OUTS 30
#define WARM 4 /* at one time, to weigh them */
#define TRIVIAL 400
#define LOOPS 40
#define SETTLE 10 /* first runs left out: code is still being compiled */
#define WAIT_MS 60000u

static uv_loop_t loop;
static struct cw_sandbox_config walls;

static void
die(const char *what, const char *why)
{
	(void)fprintf(stderr, "bench_sandbox: %s: %s\n", what, why);
	exit(1);
}

/* --- figures */

struct series {
	double values[TRIVIAL];
	size_t count;
};

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The value that so much of the series (0 .. 1) is not above. */
static double
quantile(struct series *s, double part)
{
	qsort(s->values, s->count, sizeof(s->values[0]), compare);
	return s->values[(size_t)((double)(s->count - 1) * part)];
}

static void
add(struct series *s, double value)
{
	if (s->count < CW_COUNT(s->values))
		s->values[s->count++] = value;
}

static void
figure(const char *name, double value, const char *unit, const char *goal, const char *against)
{
	(void)printf("{\"bench\":\"sandbox\",\"name\":\"%s\",\"value\":%.4g,\"unit\":\"%s\","
		     "\"better\":\"lower\",\"goal\":%s,\"against\":\"%s\"}\n",
	    name, value, unit, goal, against);
	(void)fflush(stdout);
}

/* --- what the kernel knows of a process */

/* Milliseconds of processor time that all its threads have had. */
static double
processor_ms(int pid)
{
	char path[64], task_path[400];
	const struct dirent *e;
	double total = 0;
	DIR *folder;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
	if ((folder = opendir(path)) == NULL)
		return 0;
	while ((e = readdir(folder)) != NULL) {
		unsigned long long ns = 0;
		FILE *f;

		(void)snprintf(task_path, sizeof(task_path), "%s/%s/schedstat", path, e->d_name);
		if (e->d_name[0] == '.' || (f = fopen(task_path, "re")) == NULL)
			continue;
		if (fscanf(f, "%llu", &ns) == 1)
			total += (double)ns / 1e6;
		(void)fclose(f);
	}
	closedir(folder);
	return total;
}

/* Megabytes: its share of all pages it maps, or what is its alone. */
static double
memory_mb(int pid, const char *field)
{
	char path[64], line[256];
	unsigned long kb = 0, n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, field, strlen(field)) == 0 &&
		    sscanf(line + strcspn(line, ":") + 1, "%lu", &n) == 1)
			kb += n;
	(void)fclose(f);
	return (double)kb / 1024;
}

static int
child_of(int pid)
{
	char path[64];
	int child = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	if (fscanf(f, "%d", &child) != 1)
		child = 0;
	(void)fclose(f);
	return child;
}

/* --- an engine, inside or outside */

struct engine {
	struct cw_psrp_process *process;
	bool opened, lost, closed;
};

static void
on_opened(void *arg)
{
	((struct engine *)arg)->opened = true;
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	((struct engine *)arg)->lost = true;
	die("an engine", err->text);
}

static void
on_closed(void *arg)
{
	((struct engine *)arg)->closed = true;
}

static void
start_engine(struct engine *e, char *const *argv, char *const *env)
{
	struct cw_psrp_process_config config = { .loop = &loop,
		.argv = argv,
		.env = env,
		.has_host = true,
		.events = { .opened = on_opened, .lost = on_lost, .arg = e },
		.closed = on_closed };
	struct cw_err err;

	memset(e, 0, sizeof(*e));
	uv_update_time(&loop);
	if (cw_psrp_process_start(&e->process, &config, &err) < 0)
		die("an engine", err.text);
	while (!e->opened)
		(void)uv_run(&loop, UV_RUN_ONCE);
}

static void
end_engine(struct engine *e)
{
	cw_psrp_process_kill(e->process);
	while (!e->closed)
		(void)uv_run(&loop, UV_RUN_ONCE);
}

static void
start_inside(struct engine *e, struct cw_places *places, uint32_t *id)
{
	struct cw_place_command command;
	char *no_environment[] = { NULL };
	struct cw_err err;

	if (cw_places_take(places, id, &err) < 0 ||
	    cw_places_command(&command, places, *id, &err) < 0)
		die("a place", err.text);
	start_engine(e, command.argv, no_environment);
	cw_place_command_free(&command);
}

static double
start_cost(const struct engine *e, bool inside)
{
	int pid = cw_psrp_process_pid(e->process);

	return processor_ms(pid) + (inside ? processor_ms(child_of(pid)) : 0);
}

/* --- measurements */

static void
bench_starts(struct cw_places *places)
{
	struct series in_wall = { 0 }, in_cpu = { 0 }, out_wall = { 0 }, out_cpu = { 0 };
	struct engine e;
	char against[128];
	uint64_t began;
	uint32_t id;

	for (int i = 0; i < STARTS; i++) {
		began = cw_clock_ns();
		start_engine(&e, walls.engine, NULL);
		add(&out_wall, (double)(cw_clock_ns() - began) / 1e6);
		add(&out_cpu, start_cost(&e, false));
		end_engine(&e);
		began = cw_clock_ns();
		start_inside(&e, places, &id);
		add(&in_wall, (double)(cw_clock_ns() - began) / 1e6);
		add(&in_cpu, start_cost(&e, true));
		end_engine(&e);
		cw_places_give(places, id);
	}
	(void)snprintf(against, sizeof(against), "%.0f ms without walls", quantile(&out_wall, 0.5));
	figure("start_wall", quantile(&in_wall, 0.5), "ms", "null", against);
	(void)snprintf(against, sizeof(against), "%.0f ms without walls", quantile(&out_cpu, 0.5));
	figure("start_processor", quantile(&in_cpu, 0.5), "ms", "null", against);
}

static void
bench_memory(struct cw_places *places)
{
	struct engine e[WARM];
	uint32_t id[WARM];
	double share = 0, own = 0;
	char against[128];

	for (int i = 0; i < WARM; i++)
		start_inside(&e[i], places, &id[i]);
	for (int i = 0; i < WARM; i++) {
		int outer = cw_psrp_process_pid(e[i].process), inner = child_of(outer);

		share += (memory_mb(outer, "Pss:") + memory_mb(inner, "Pss:")) / WARM;
		own += (memory_mb(outer, "Private_") + memory_mb(inner, "Private_")) / WARM;
	}
	for (int i = 0; i < WARM; i++) {
		end_engine(&e[i]);
		cw_places_give(places, id[i]);
	}
	(void)snprintf(against, sizeof(against), "%.1f MB of it its own alone, %d warm", own, WARM);
	figure("memory_warm", share, "MB", "null", against);
}

struct handed {
	struct cw_sandbox *sandbox;
	uint64_t at_ns;
};

static void
on_taken(void *arg, struct cw_sandbox *s, const struct cw_err *err)
{
	struct handed *h = arg;

	h->at_ns = cw_clock_ns();
	h->sandbox = s;
	if (err != NULL)
		die("a hand-out", err->text);
}

static void
until_warm(struct cw_sandboxes *pool, unsigned n)
{
	struct cw_sandboxes_status status;

	do {
		cw_sandboxes_status(pool, &status);
		if (status.state == CW_SANDBOXES_DOWN)
			die("the pool", status.error);
		if (status.warm < n)
			(void)uv_run(&loop, UV_RUN_ONCE);
	} while (status.warm < n);
}

static void
on_pool_closed(void *arg)
{
	*(bool *)arg = true;
}

static void
bench_hand_out(void)
{
	struct cw_sandboxes_config config = { .loop = &loop, .walls = &walls, .warm = 2 };
	struct cw_sandboxes_request *request;
	struct cw_sandboxes *pool;
	struct series wait = { 0 };
	struct cw_err err;
	bool closed = false;
	char against[64];
	uint64_t began = cw_clock_ns();

	if (cw_sandboxes_new(&pool, &config, &err) < 0)
		die("the pool", err.text);
	while (cw_sandboxes_report(pool) == NULL)
		(void)uv_run(&loop, UV_RUN_ONCE);
	figure("walls_check", (double)(cw_clock_ns() - began) / 1e6, "ms", "null",
	    "once, when the agent starts");
	for (int i = 0; i < HAND_OUTS; i++) {
		struct handed h = { 0 };

		until_warm(pool, 1);
		began = cw_clock_ns();
		if (cw_sandboxes_take(pool, &request, WAIT_MS, on_taken, &h, &err) < 0)
			die("a hand-out", err.text);
		while (h.sandbox == NULL)
			(void)uv_run(&loop, UV_RUN_ONCE);
		add(&wait, (double)(h.at_ns - began) / 1e6);
		cw_sandbox_end(h.sandbox);
	}
	cw_sandboxes_close(pool, on_pool_closed, &closed);
	while (!closed)
		(void)uv_run(&loop, UV_RUN_ONCE);
	(void)snprintf(against, sizeof(against), "the slowest %.3g ms", quantile(&wait, 1));
	figure("hand_out_p50", quantile(&wait, 0.5), "ms", "5", against);
}

static double
run_once(struct script *script, struct engine *e, const char *text)
{
	uint64_t began = cw_clock_ns();

	script_run(script, cw_psrp_process_session(e->process), text, WAIT_MS);
	if (script->outcome != CW_PSRP_COMPLETED)
		die(text, script->error);
	return (double)(cw_clock_ns() - began) / 1e6;
}

static const struct {
	const char *name, *text, *goal;
	int runs;
} scripts[] = {
	{ "trivial_pipeline", "1", "1.25", TRIVIAL },
	{ "loop_pipeline", "1..1000 | ForEach-Object { $null = $_ }", "1.25", LOOPS },
	{ "loop_strings", "foreach ($i in 1..5000) { $x = \"user$i\".ToUpper() }", "1.25", LOOPS },
	{ "loop_objects",
	    "$h = @{}; foreach ($i in 1..3000) { $h[\"k$i\"] = [pscustomobject]@{ a = $i; b = 'x' "
	    "} }",
	    "1.25", LOOPS },
	{ "loop_output", "1..1000 | ForEach-Object { $_ }", "1.25", LOOPS },
};

static void
bench_scripts(struct cw_places *places)
{
	struct engine inside, outside;
	struct script script;
	char against[128], name[64];
	uint32_t id;

	start_engine(&outside, walls.engine, NULL);
	start_inside(&inside, places, &id);
	script_init(&script, &loop, &inside.lost);
	for (size_t i = 0; i < CW_COUNT(scripts); i++) {
		struct series in = { 0 }, out = { 0 };

		for (int k = 0; k < scripts[i].runs + SETTLE; k++) {
			double a = run_once(&script, &outside, scripts[i].text);
			double b = run_once(&script, &inside, scripts[i].text);

			if (k >= SETTLE) {
				add(&out, a);
				add(&in, b);
			}
		}
		(void)snprintf(against, sizeof(against), "%.3g ms inside, %.3g ms outside, p50",
		    quantile(&in, 0.5), quantile(&out, 0.5));
		(void)snprintf(name, sizeof(name), "%s_ratio", scripts[i].name);
		figure(name, quantile(&in, 0.5) / quantile(&out, 0.5), "times", scripts[i].goal,
		    against);
	}
	script_free(&script);
	end_engine(&inside);
	end_engine(&outside);
	cw_places_give(places, id);
}

int
main(int argc, char **argv)
{
	char *engine[] = { argc == 3 ? argv[2] : NULL, (char *)(uintptr_t) "-s", NULL };
	char launcher[1024], probe[1024];
	struct cw_places *places;
	struct cw_err err;

	if (argc != 3 || uv_loop_init(&loop) < 0)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	cw_sandbox_config_init(&walls);
	(void)snprintf(launcher, sizeof(launcher), "%s/causeway-sandbox", argv[1]);
	(void)snprintf(probe, sizeof(probe), "%s/causeway-sandbox-probe", argv[1]);
	walls.launcher = launcher;
	walls.probe = probe;
	walls.engine = engine;
	if (cw_places_new(&places, &walls, &err) < 0)
		die("the walls", err.text);
	bench_scripts(places);
	bench_starts(places);
	bench_memory(places);
	cw_places_free(places);
	bench_hand_out();
	return 0;
}
