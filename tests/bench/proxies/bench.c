/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_proxies ENGINE: what the proxies cost in a real engine, with a broker that answers at once
 * and out of memory. Lines of "NAME VALUE UNIT".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	unsigned ref = 2;

	cw_buf_init(&out, 1u << 20);
	(void)cw_buf_printf(&out,
	    "raw <Objs Version=\"1.1.0.1\" "
	    "xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><Obj RefId=\"0\"><DCT><En>"
	    "<S N=\"Key\">state</S><S N=\"Value\">%s</S></En><En><S N=\"Key\">records</S><Obj "
	    "N=\"Value\" RefId=\"1\"><LST>",
	    state);
	for (unsigned i = 0; i < users; i++, ref += 5) {
		(void)cw_buf_printf(&out, "<Obj RefId=\"%u\"><LST><S>output</S>", ref);
		(void)cw_buf_printf(
		    &out, USER, ref + 1, ref + 2, i, i, i, i, i, ref + 3, ref + 4, i, i, i, i);
		(void)cw_buf_puts(&out, "</LST></Obj>");
	}
	(void)cw_buf_puts(&out, "</LST></Obj></En></DCT></Obj></Objs>");
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

/* The script says its figure itself: one number. */
static void
measure(const char *name, const char *unit, const char *script)
{
	double_run(&broker, script, RUN_MS);
	if (cw_buf_left(&broker.errors) > 0 || broker.outcome != CW_PSRP_COMPLETED) {
		fprintf(stderr, "bench_proxies: %s: %s\n", name, cw_buf_str(&broker.errors));
		exit(1);
	}
	printf("%s %g %s\n", name, strtod(cw_buf_str(&broker.output), NULL), unit);
	(void)fflush(stdout);
}

static void
start(uv_loop_t *loop, char *path, bool prepared)
{
	static const char *const roles[] = { "directory", "sync", NULL };
	static const char *const modules[] = { "Causeway.Lab.Utility", NULL };
	char *argv[] = { path, "-s", NULL };

	if (!double_start(&broker, loop, argv, prepared ? roles : NULL, prepared ? NULL : modules))
		exit(1);
}

int
main(int argc, char **argv)
{
	char *one = answer_of(1, "done"), *more = answer_of(130, "more");
	uv_loop_t loop;
	long bare;

	if (argc != 2 || uv_loop_init(&loop) < 0)
		return 2;
	start(&loop, argv[1], false);
	bare = resident_kb(cw_psrp_process_pid(broker.process));
	double_end(&broker);
	for (int i = 0; i < STARTS; i++) {
		start(&loop, argv[1], true);
		printf("prepare %g ms\n", (double)broker.prepare_ns / 1e6);
		printf("prepared_memory %ld KB (bare %ld)\n",
		    resident_kb(cw_psrp_process_pid(broker.process)), bare);
		broker.forgets = true;
		broker.otherwise = one;
		measure("first_call", "ms",
		    "$w = [Diagnostics.Stopwatch]::StartNew(); $null = Get-ADUser ada; "
		    "$w.Elapsed.TotalMilliseconds");
		if (i < STARTS - 1)
			double_end(&broker);
	}
	measure("call", "us",
	    "$t = foreach ($i in 1..2000) { $w = [Diagnostics.Stopwatch]::StartNew(); $null = "
	    "Get-ADUser ada; $w.Elapsed.TotalMilliseconds * 1000 }; [array]::Sort(($t = "
	    "[double[]]$t)); $t[1000]");
	broker.otherwise = more;
	measure("object_read", "us",
	    "$n = 0; $w = [Diagnostics.Stopwatch]::StartNew(); Get-ADUser -Filter * | "
	    "Select-Object -First " USERS " | ForEach-Object { $n++ }; "
	    "$w.Elapsed.TotalMilliseconds * 1000 / $n");
	broker.otherwise = NULL;
	measure("object_write", "us",
	    "$u = foreach ($i in 1.." USERS ") { [pscustomobject]@{ ObjectGUID = "
	    "[guid]::NewGuid(); Name = $i } }; $w = [Diagnostics.Stopwatch]::StartNew(); $u | "
	    "Set-ADUser -Title x; $w.Elapsed.TotalMilliseconds * 1000 / $u.Count");
	double_end(&broker);
	(void)uv_loop_close(&loop);
	free(one);
	free(more);
	return 0;
}
