/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_proxies ENGINE: what the proxies cost in a real engine, with a broker that answers at once
 * and out of memory. Figures as scripts/bench wants them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "double.h"
#include "os/clock.h"

#define STARTS 5
#define RUN_MS 120000u
#define USERS "10000"

/* What Get-ADUser gives without -Properties. */
#define USER                                                                                      \
	"<Obj RefId=\"%u\"><TN RefId=\"%u\"><T>Microsoft.ActiveDirectory.Management.ADUser</T>"   \
	"<T>Microsoft.ActiveDirectory.Management.ADAccount</T></TN>"                              \
	"<ToString>CN=User %u,OU=Staff,DC=lab,DC=test</ToString><Props>"                          \
	"<S N=\"DistinguishedName\">CN=User %u,OU=Staff,DC=lab,DC=test</S><B N=\"Enabled\">true"  \
	"</B><S N=\"GivenName\">User</S><S N=\"Name\">User %u</S><S N=\"ObjectClass\">user</S>"   \
	"<G N=\"ObjectGUID\">267ab1aa-9a35-4ba5-890e-%012x</G><S N=\"SamAccountName\">user%u</S>" \
	"<Obj N=\"SID\" RefId=\"%u\"><TN RefId=\"%u\"><T>System.Security.Principal."              \
	"SecurityIdentifier</T></TN><ToString>S-1-5-21-1-2-3-%u</ToString><Props><I32 "           \
	"N=\"BinaryLength\">28</I32><S N=\"Value\">S-1-5-21-1-2-3-%u</S></Props></Obj><S "        \
	"N=\"Surname\">%u</S><S N=\"UserPrincipalName\">user%u@lab.test</S></Props></Obj>"

static struct double_broker broker;

static char *
answer_of(unsigned users, const char *state)
{
	struct cw_buf out;
	unsigned ref = 4;

	cw_buf_init(&out, 1u << 20);
	(void)cw_buf_printf(&out,
	    "raw <Objs Version=\"1.1.0.1\" "
	    "xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><Obj RefId=\"0\"><DCT><En>"
	    "<S N=\"Key\">state</S><S N=\"Value\">%s</S></En><En><S N=\"Key\">records</S><Obj "
	    "N=\"Value\" RefId=\"1\"><LST><Obj RefId=\"2\"><LST><S>output</S><Obj "
	    "RefId=\"3\"><LST>",
	    state);
	for (unsigned i = 0; i < users; i++, ref += 4) {
		(void)cw_buf_printf(
		    &out, USER, ref, ref + 1, i, i, i, i, i, ref + 2, ref + 3, i, i, i, i);
	}
	(void)cw_buf_puts(&out, "</LST></Obj></LST></Obj></LST></Obj></En></DCT></Obj></Objs>");
	return strdup(cw_buf_str(&out));
}

static long
resident_kb(int pid)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (cw_starts_with(line, "VmRSS:"))
			kb = strtol(line + 6, NULL, 10);
	(void)fclose(f);
	return kb;
}

/* Processor time that it has used. */
static double
used_ms(int pid)
{
	char path[64], line[1024] = "", *p;
	unsigned long user = 0, system = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	p = fgets(line, sizeof(line), f) != NULL ? strrchr(line, ')') : NULL;
	if (p != NULL) /* the 14th and 15th, of which the 3rd follows the parenthesis */
		(void)sscanf(
		    p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
	(void)fclose(f);
	return (double)(user + system) * 1000 / (double)sysconf(_SC_CLK_TCK);
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
figure(const char *name, double value, const char *unit, const char *goal, const char *against)
{
	printf("{\"bench\":\"proxies\",\"name\":\"%s\",\"value\":%.4g,\"unit\":\"%s\",\"better\":"
	       "\"lower\",\"goal\":%s,\"against\":\"%s\"}\n",
	    name, value, unit, goal, against);
	(void)fflush(stdout);
}

/* The script says its figure itself: one number. */
static double
measure(const char *name, const char *script)
{
	double_run(&broker, script, RUN_MS);
	if (cw_buf_left(&broker.errors) > 0 || broker.outcome != CW_PSRP_COMPLETED) {
		fprintf(stderr, "bench_proxies: %s: %s\n", name, cw_buf_str(&broker.errors));
		exit(1);
	}
	return strtod(cw_buf_str(&broker.output), NULL);
}

static void
start(uv_loop_t *loop, char *path, bool prepared, double *cpu)
{
	static const char *const roles[] = { "directory", "sync", NULL };
	char *argv[] = { path, "-s", NULL };

	if (!double_start(&broker, loop, argv, NULL, NULL))
		exit(1);
	/* The module is there already, so that only our own part is counted. */
	(void)measure("module", "Import-Module Causeway.Lab.Utility; 0");
	if (prepared)
		*cpu = used_ms(cw_psrp_process_pid(broker.process));
	if (prepared && !double_prepare(&broker, roles, NULL))
		exit(1);
}

static void
measure_starts(uv_loop_t *loop, char *path, const char *one)
{
	double prepare[STARTS], processor[STARTS], memory[STARTS], first[STARTS], cpu;
	long bare;

	for (int i = 0; i < STARTS; i++) {
		start(loop, path, false, NULL);
		bare = resident_kb(cw_psrp_process_pid(broker.process));
		double_end(&broker);
		cpu = 0;
		start(loop, path, true, &cpu);
		processor[i] = used_ms(cw_psrp_process_pid(broker.process)) - cpu;
		prepare[i] = (double)broker.prepare_ns / 1e6;
		memory[i] =
		    (double)(resident_kb(cw_psrp_process_pid(broker.process)) - bare) / 1024;
		broker.forgets = true;
		broker.otherwise = one;
		first[i] = measure("first_call",
		    "$w = [Diagnostics.Stopwatch]::StartNew(); "
		    "$null = Set-ADUser ada -Title x; "
		    "$w.Elapsed.TotalMilliseconds");
		if (i < STARTS - 1)
			double_end(&broker);
	}
	qsort(prepare, STARTS, sizeof(prepare[0]), ascending);
	qsort(processor, STARTS, sizeof(processor[0]), ascending);
	qsort(memory, STARTS, sizeof(memory[0]), ascending);
	qsort(first, STARTS, sizeof(first[0]), ascending);
	figure(
	    "prepare", prepare[STARTS / 2], "ms", "null", "nothing: by the clock, p50 of starts");
	figure(
	    "prepare_processor", processor[STARTS / 2], "ms", "400", "nothing: of the processor");
	figure("memory", memory[STARTS / 2], "MB", "32", "the engine before it");
	figure("first_call", first[STARTS / 2], "ms", "null", "a first cmdlet of a script");
}

#define CPU "[Diagnostics.Process]::GetCurrentProcess().TotalProcessorTime.TotalMilliseconds * 1000"

static void
measure_objects(const char *one, const char *more)
{
	char against[128];
	double bare;

	broker.otherwise = one;
	figure("call",
	    measure("call",
		"$t = foreach ($i in 1..2000) { $w = [Diagnostics.Stopwatch]::StartNew(); $null = "
		"Get-ADUser ada; $w.Elapsed.TotalMilliseconds * 1000 }; [array]::Sort(($t = "
		"[double[]]$t)); $t[1000]"),
	    "us", "2000", "by the clock, two host calls among it");
	broker.otherwise = NULL;
	(void)measure("objects",
	    "$global:u = foreach ($i in 1.." USERS
	    ") { [pscustomobject]@{ ObjectGUID = [guid]::NewGuid(); Name = $i } }");
	bare = measure("bare",
	    "function f { [CmdletBinding()] param([Parameter(ValueFromPipeline)] "
	    "$i) process { } }; $c = " CPU "; $u | f; (" CPU " - $c) / $u.Count");
	(void)snprintf(against, sizeof(against), "an empty function of one's own: %.3g us", bare);
	(void)measure("warm", "$u | Set-ADUser -Title x");
	figure("object_write",
	    measure("object_write",
		"$c = " CPU "; $u | Set-ADUser -Title x; (" CPU " - $c) / $u.Count"),
	    "us", "150", against);
	broker.otherwise = more;
	figure("object_read",
	    measure("object_read",
		"$n = 0; $c = " CPU "; Get-ADUser -Filter * | Select-Object -First " USERS
		" | ForEach-Object { $n++ }; (" CPU " - $c) / $n"),
	    "us", "100", "nothing: the engine's processor time");
}

int
main(int argc, char **argv)
{
	char *one = answer_of(1, "done"), *more = answer_of(130, "more");
	uv_loop_t loop;

	if (argc != 2 || uv_loop_init(&loop) < 0)
		return 2;
	measure_starts(&loop, argv[1], one);
	measure_objects(one, more);
	double_end(&broker);
	(void)uv_loop_close(&loop);
	free(one);
	free(more);
	return 0;
}
