/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_command HOST PORT CA.PEM KEY TENANT SERVER FOLDER: a warm command through REST,
 * bridge, wire, agent and PowerShell, beside the same command on a PowerShell session
 * alone, in turns. Then one process for each command, and what the durable records of
 * a write take on the disk of FOLDER. CAUSEWAY_LAB_POWERSHELL starts the engine.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "base/json.h"
#include "catalogue/catalogue.h"
#include "engine.h"
#include "https.h"
#include "journal/journal.h"
#include "ledger/ledger.h"
#include "ledger/operations.h"
#include "os/clock.h"
#include "os/random.h"
#include "sample.h"

#define WARM_UP 400 /* rounds before, for three runspaces of the agent and our own */
#define READS 2000
#define WRITES 400
#define PROCESSES 7
#define RECORDS 200

extern char **environ;

static const char *host, *key, *tenant, *server, *folder;
static uv_loop_t loop;

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "bench_command: %s: %s\n", what, why);
	exit(1);
}

static void
figure(const char *name, double value, const char *unit, const char *better, const char *goal,
    const char *against)
{
	printf("{\"bench\":\"command\",\"name\":\"%s\",\"value\":%.4g,\"unit\":\"%s\",\"better\":"
	       "\"%s\",\"goal\":%s,\"against\":\"%s\"}\n",
	    name, value, unit, better, goal, against);
	(void)fflush(stdout);
}

struct trip {
	const char *name, *command, *parameters;
	int rounds;
	struct sample rest, session;
};

static struct cw_catalogue_call *
bind_command(const struct trip *t)
{
	struct cw_catalogue_call *call = NULL;
	cJSON *parameters = cJSON_Parse(t->parameters);
	struct cw_err err = { 0 };

	if (cw_catalogue_bind(&call, t->command, parameters, &err) < 0)
		die(t->command, err.text);
	cJSON_Delete(parameters);
	return call;
}

static void
measure(struct trip *t)
{
	struct cw_catalogue_call *call = bind_command(t);
	char body[512], path[256], request[2048];
	uint64_t began;
	size_t n;

	(void)snprintf(body, sizeof(body), "{\"command\":\"%s\",\"parameters\":%s}", t->command,
	    t->parameters);
	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/commands?wait=60", tenant);
	n = https_request(request, sizeof(request), "POST", path, host, key, body);
	sample_init(&t->rest, (size_t)t->rounds);
	sample_init(&t->session, (size_t)t->rounds);
	for (int i = -WARM_UP; i < t->rounds; i++) {
		began = cw_clock_ns();
		engine_run(call, server);
		if (i >= 0)
			sample_add(&t->session, cw_clock_ns() - began);
		began = cw_clock_ns();
		if (strstr(https_ask(request, n), "\"state\":\"succeeded\"") == NULL)
			die(t->command, "did not succeed");
		if (i >= 0)
			sample_add(&t->rest, cw_clock_ns() - began);
	}
	cw_catalogue_call_free(call);
}

static void
report(struct trip *t)
{
	double rest50 = sample_ms(&t->rest, 50), rest99 = sample_ms(&t->rest, 99);
	double alone50 = sample_ms(&t->session, 50), alone99 = sample_ms(&t->session, 99);
	char name[64], against[160];

	(void)snprintf(against, sizeof(against),
	    "the same on a PSRP session alone: p50 %.3f ms, p99 %.3f ms; with Causeway %.3f and "
	    "%.3f",
	    alone50, alone99, rest50, rest99);
	(void)snprintf(name, sizeof(name), "%s_added_p50", t->name);
	figure(name, rest50 - alone50, "ms", "lower", "1", against);
	(void)snprintf(name, sizeof(name), "%s_added_p99", t->name);
	figure(name, rest99 - alone99, "ms", "lower", "5", against);
}

/* --- what a write's durable records take: intent and result in the ledger, begin and finish in the
 * journal, one after the other as they are made */

static void
on_put(void *arg, int code, const struct cw_err *err)
{
	if (code < 0)
		die("the ledger", err->text);
	*(bool *)arg = true;
}

static void
put(struct cw_ledger *ledger, const cJSON *document)
{
	struct cw_err err = { 0 };
	bool done = false;

	if (cw_operation_put(ledger, document, 1, 1, true, on_put, &done, &err) < 0)
		die("the ledger", err.text);
	while (!done)
		(void)uv_run(&loop, UV_RUN_ONCE);
}

static void
record(struct cw_ledger *ledger, struct cw_journal *journal)
{
	char id[CW_UUID_TEXT], text[512];
	struct cw_journal_entry entry = { id, id, 1, "Set-ADUser", server, INT64_MAX };
	struct cw_err err = { 0 };
	cJSON *document;

	cw_random_uuid(id);
	(void)snprintf(text, sizeof(text),
	    "{\"id\":\"%s\",\"tenant\":\"%s\",\"kind\":\"command\",\"what\":\"Set-ADUser\","
	    "\"state\":"
	    "\"running\"}",
	    id, id);
	document = cJSON_Parse(text);
	put(ledger, document);
	if (cw_journal_begin(journal, &entry, 1, &err) < 0 ||
	    cw_journal_finish(journal, id, false, "{\"state\":\"done\"}", NULL, 2, &err) < 0)
		die("the journal", err.text);
	put(ledger, document);
	cJSON_Delete(document);
}

static double
measure_records(void)
{
	char path[512];
	struct cw_ledger *ledger;
	struct cw_journal *journal;
	struct cw_err err = { 0 };
	struct sample s;
	double p50;

	sample_init(&s, RECORDS);
	(void)snprintf(path, sizeof(path), "%s/ledger.db", folder);
	if (cw_ledger_open(&ledger, &loop, path, &err) < 0)
		die("the ledger", err.text);
	(void)snprintf(path, sizeof(path), "%s/journal.db", folder);
	if (cw_journal_open(&journal, path, 1, &err) < 0)
		die("the journal", err.text);
	for (int i = 0; i < RECORDS; i++) {
		uint64_t began = cw_clock_ns();

		record(ledger, journal);
		sample_add(&s, cw_clock_ns() - began);
	}
	cw_journal_close(journal);
	cw_ledger_close(ledger, NULL, NULL);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	p50 = sample_ms(&s, 50);
	sample_free(&s);
	return p50;
}

/* --- one process for each command */

static double
measure_processes(const char *powershell)
{
	char *argv[] = { (char *)(uintptr_t)powershell, "-NoProfile", "-Command",
		"$null = Get-ADUser ada", NULL };
	struct sample s;
	double p50;

	sample_init(&s, PROCESSES);
	for (int i = 0; i < PROCESSES; i++) {
		uint64_t began = cw_clock_ns();
		int status = 0;
		pid_t pid;

		if (posix_spawn(&pid, powershell, NULL, NULL, argv, environ) != 0 ||
		    waitpid(pid, &status, 0) != pid || status != 0)
			die(powershell, "cannot be run for one command");
		sample_add(&s, cw_clock_ns() - began);
	}
	p50 = sample_ms(&s, 50);
	sample_free(&s);
	return p50;
}

int
main(int argc, char **argv)
{
	const char *powershell = getenv("CAUSEWAY_LAB_POWERSHELL");
	struct trip trips[] = {
		{ "trivial_read", "Get-ADSyncConnectorRunStatus", "{}", READS, { 0 }, { 0 } },
		{ "read", "Get-ADUser", "{\"Identity\":\"ada\"}", READS, { 0 }, { 0 } },
		{ "write", "Set-ADUser", "{\"Identity\":\"ada\",\"Description\":\"Countess\"}",
		    WRITES, { 0 }, { 0 } },
	};
	double process, records, write;
	char against[160];

	if (argc != 8 || powershell == NULL) {
		fprintf(stderr,
		    "usage, in a lab: bench_command HOST PORT CA.PEM KEY TENANT SERVER FOLDER\n");
		return 2;
	}
	host = argv[1];
	key = argv[4];
	tenant = argv[5];
	server = argv[6];
	folder = argv[7];
	(void)uv_loop_init(&loop);
	https_dial(host, argv[2], argv[3]);
	engine_start(&loop, powershell);
	for (size_t i = 0; i < CW_COUNT(trips); i++) {
		fprintf(
		    stderr, "command: %s, %d times each way\n", trips[i].command, trips[i].rounds);
		measure(&trips[i]);
		report(&trips[i]);
	}
	engine_end();
	https_close();

	records = measure_records();
	write = sample_ms(&trips[2].rest, 50) - sample_ms(&trips[2].session, 50);
	(void)snprintf(against, sizeof(against),
	    "two commits of the ledger and two of the journal, alone on the same disk; of %.3f ms "
	    "added to a write",
	    write);
	figure("write_durable_records_p50", records, "ms", "lower", "null", against);
	figure("write_added_without_records_p50", write - records, "ms", "lower", "1", against);

	fprintf(stderr, "command: one process for each, %d times\n", PROCESSES);
	process = measure_processes(powershell);
	(void)snprintf(against, sizeof(against),
	    "powershell -Command with the same Get-ADUser: p50 %.0f ms", process);
	figure("times_faster_than_a_process_each", process / sample_ms(&trips[1].rest, 50), "times",
	    "higher", "100", against);
	for (size_t i = 0; i < CW_COUNT(trips); i++) {
		sample_free(&trips[i].rest);
		sample_free(&trips[i].session);
	}
	return 0;
}
