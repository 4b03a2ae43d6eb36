/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts from end to end: what they read and write, what they are refused, how they
 * are stopped, and what dies with what. argv: launcher, probe, engine for inside, the
 * proxies by hand.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "base/str.h"
#include "commands/roles.h"
#include "os/clock.h"
#include "os/memory.h"
#include "runspaces/runspaces.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

#define LAB "Import-Module /engine/Modules/Causeway.Lab.Utility; "
/* A request as a forger writes it. */
#define FORGED(map)         \
	LAB "$a = Ask " map \
	    "; $a.state; $a.records | ForEach-Object { $_[0]; $_[1].error_id; $_[1].message }"
/* Writes behind each other, by hand. */
#define BEHIND                                                                                    \
	LAB "function W($id, $after, $who, $title, $command = 'Set-ADUser') { Ask @{verb='call';" \
	    "id=[int]$id;command=$command;parameters=@{Title=$title};input=@(@{Identity=$who});"  \
	    "error_action='Continue';what_if=$false;after=[int]$after} };"                        \
	    "function E($a) { $a.records | ForEach-Object { $_[1].error_id } };"                  \
	    "function N($id) { do { $a = Ask @{verb='next';id=[int]$id}; E $a } "                 \
	    "until ($a.state -ceq 'done') };"                                                     \
	    "function Title { (Get-ADUser ada -Properties Title).Title };"

static const struct row {
	const char *name, *script;
	const char *state;
	const char *holds; /* its lines */
	const char *lacks;
} rows[] = {
	{ "nothing of ours", "1 + 1; 'x'", "done", "{\"output\":2}\n{\"output\":\"x\"}\n", NULL },
	{ "a read", "(Get-ADUser ada).Name", "done", "\"Ada Lovelace\"", NULL },
	{ "its types", "(Get-ADUser ada).PSObject.TypeNames[0]", "done",
	    "\"Deserialized.Microsoft.ActiveDirectory.Management.ADUser\"", NULL },
	{ "a loop", "foreach ($n in 'ada','grace') { (Get-ADUser $n).SamAccountName }", "done",
	    "{\"output\":\"ada\"}\n{\"output\":\"grace\"}\n", NULL },
	{ "a write, and a read that sees it",
	    "Set-ADUser ada -Title 'T1'; (Get-ADUser ada -Properties Title).Title", "done",
	    "{\"output\":\"T1\"}", NULL },
	{ "a pipe into a write",
	    "Get-ADUser -Filter 'Surname -like \"H*\"' | Set-ADUser -Description D1; "
	    "(Get-ADUser grace -Properties Description).Description",
	    "done", "{\"output\":\"D1\"}", NULL },
	{ "an error that is caught", "try { Get-ADUser nobody } catch { $_.FullyQualifiedErrorId }",
	    "done", "ADIdentityNotFoundException", "\"error\"" },
	{ "a write to nobody",
	    "try { Set-ADUser nobody -Title x } catch { \"$_\"; $_.FullyQualifiedErrorId }", "done",
	    "Cannot find an object with identity: 'nobody' under: 'DC=lab,DC=test'.", NULL },
	{ "a write to an object of another class",
	    "try { Set-ADUser Engineering -Title x } catch { $_.FullyQualifiedErrorId }", "done",
	    "ADIdentityNotFoundException,Microsoft.ActiveDirectory.Management.Commands.SetADUser",
	    NULL },
	{ "-WhatIf",
	    "Set-ADUser ada -Title 'never' -WhatIf; (Get-ADUser ada -Properties Title).Title",
	    "done", "{\"output\":\"T1\"}", "never\"}" },
	{ "a manager by name",
	    "Set-ADUser ada -Manager grace; (Get-ADUser ada -Properties Manager).Manager", "done",
	    "CN=Grace Hopper", NULL },
	{ "an administrator is protected",
	    "try { Set-ADUser Administrator -Title x } catch { $_.FullyQualifiedErrorId; \"$_\" }",
	    "done", "is protected", NULL },
	{ "one by membership is protected",
	    "try { Set-ADUser svc-causeway -Title x } catch { \"$_\" }", "done", "is protected",
	    NULL },
	{ "krbtgt by its SID is protected",
	    "$sid = (Get-ADUser krbtgt).SID; try { Set-ADUser \"$sid\" -Title x } catch { \"$_\" }",
	    "done", "is protected", NULL },
	{ "a refusal ends it", "Set-ADUser Administrator -Title x", "failed", "CausewayRefused",
	    NULL },
	{ "an error record", "Write-Error no", "failed", "\"error\"", NULL },
	{ "a text that does not parse", "if (", "failed", "\"error\"", NULL },
	{ "Write-Host, once", "Write-Host 'a line'", "done", "{\"information\":\"a line\"}\n",
	    NULL },
	{ "warnings", LAB "Write-Warning 'look'", "done", "{\"warning\":\"look\"}", NULL },
	{ "Read-Host", "\"[$($Host.UI.ReadLine())]\"", "done", "\"[]\"", NULL },
	{ "a question",
	    "try { $null = $Host.UI.PromptForChoice('a', 'b', @(), 0); 'x' } catch { 'no' }",
	    "done", "\"no\"", NULL },
	/* what no proxy sends */
	{ "a command that is blocked",
	    FORGED("@{verb='call';id=1;command='Get-ADDCCloningExcludedApplicationList';parameters="
		   "@{};"
		   "error_action='Stop';what_if=$false}"),
	    "done", "CausewayRefused", NULL },
	{ "a command that is none",
	    FORGED("@{verb='call';id=1;command='Invoke-Expression';parameters=@{Command='1'};"
		   "error_action='Stop';what_if=$false}"),
	    "done", "CausewayRefused", NULL },
	{ "a common parameter",
	    FORGED("@{verb='call';id=1;command='Get-ADUser';parameters=@{Identity='ada';"
		   "OutVariable='x'};error_action='Stop';what_if=$false}"),
	    "done", "CausewayRefused", NULL },
	{ "another server",
	    FORGED("@{verb='call';id=1;command='Get-ADUser';parameters=@{Identity='ada';"
		   "Server='evil.test'};error_action='Stop';what_if=$false}"),
	    "done", "CausewayRefused", NULL },
	{ "an unknown key",
	    FORGED("@{verb='call';id=1;command='Get-ADUser';parameters=@{Identity='ada'};"
		   "error_action='Stop';what_if=$false;approved=$true}"),
	    "done", "CausewayProtocol", NULL },
	{ "a parameter twice",
	    FORGED("@{verb='call';id=1;command='Set-ADUser';parameters=@{Identity='ada'};"
		   "input=@(@{identity='grace'});error_action='Stop';what_if=$false}"),
	    "done", "CausewayProtocol", NULL },
	{ "a call that is not open", FORGED("@{verb='next';id=7}"), "done", "CausewayProtocol",
	    NULL },
	{ "no CLIXML", "$Host.UI.Write('causeway/1 <Objs'); $Host.UI.ReadLine()", "done",
	    "CausewayProtocol", NULL },
	{ "writes behind each other",
	    BEHIND
	    "$a = W 101 0 ada B1; \"$($a.state) $($a.records.Count)\"; $null = W 102 101 ada "
	    "B2; $null = W 103 102 ada B3; N 103; N 101; N 102; Title",
	    "done", "{\"output\":\"more 0\"}\n{\"output\":\"B3\"}\n", NULL },
	{ "nothing behind one that failed",
	    BEHIND "$null = W 101 0 nobody F1; $null = W 102 101 ada F2; N 101; N 102; Title",
	    "done", "ADIdentityNotFoundException", "F2" },
	{ "nor behind one that was refused",
	    BEHIND "$null = W 101 0 Administrator F1; $null = W 102 101 ada F2; $null = W 103 102 "
		   "ada F3; N 101; N 102; N 103; Title",
	    "done", "{\"output\":\"CausewayRefused\"}\n{\"output\":\"B3\"}", NULL },
	{ "one that nobody asks for",
	    BEHIND "$null = W 101 0 ada B4; $null = W 102 101 ada B5; 'x'", "done",
	    "{\"output\":\"x\"}\n", NULL },
	{ "behind nobody", BEHIND "E (W 101 77 ada no)", "done", "CausewayProtocol", NULL },
	{ "behind another cmdlet",
	    BEHIND "$null = W 101 0 ada B6; E (W 102 101 ada no 'Set-ADObject'); N 101", "done",
	    "CausewayProtocol", NULL },
	{ "a read behind a write",
	    BEHIND "$null = W 101 0 ada B7; E (W 102 101 ada no 'Get-ADUser'); N 101", "done",
	    "CausewayProtocol", NULL },
	{ "two behind one",
	    BEHIND "$null = W 101 0 ada B8; $null = W 102 101 ada B9; E (W 103 101 ada no); N 101; "
		   "N 102; Title",
	    "done", "CausewayProtocol\"}\n{\"output\":\"B9\"}", NULL },
	{ "too many behind each other",
	    BEHIND "$all = foreach ($i in 1..40) { E (W (200 + $i) ($(if ($i -gt 1) { 199 + $i } "
		   "else { 0 })) ada \"L$i\") }; $all | Select-Object -First 1; 'x'",
	    "done", "CausewayLimit\"}\n{\"output\":\"x\"}\n", NULL },
	{ "an id twice",
	    LAB "$m = @{verb='call';id=9;command='Get-ADUser';parameters=@{LDAPFilter='(cn=*)'};"
		"error_action='Continue';what_if=$false}; (Ask $m).state; (Ask "
		"$m).records[-1][1].error_id",
	    "done", "CausewayProtocol", NULL },
};

static void
test_rows(void)
{
	struct outcome o;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		const struct row *row = &rows[i];

		test_case = row->name;
		rig_run(&o, row->script);
		CHECK_STR(outcome_state(&o), row->state);
		if (strstr(outcome_text(&o), row->holds) == NULL ||
		    (row->lacks != NULL && strstr(outcome_text(&o), row->lacks) != NULL)) {
			test_failed = 1;
			(void)fprintf(stderr, "%s: says %.2000s\n", row->name, outcome_text(&o));
		}
		outcome_free(&o);
	}
}

/* --- stops */

static void
test_stop(void)
{
	struct outcome o;
	uint64_t began;

	test_case = "a script that listens to a stop";
	rig_begin(
	    &o, CW_SCRIPT_RUN, "'go'; while ($true) { $null = Get-ADUser ada }", RIG_MS, NULL);
	CHECK(rig_wait_for(&o, "go"));
	began = cw_clock_ms();
	cw_script_stop(o.script, "somebody asked");
	rig_wait(&o);
	CHECK(cw_clock_ms() - began < 10000);
	CHECK_STR(outcome_state(&o), "stopped");
	outcome_free(&o);
	test_case = "one that does not";
	rig_begin(&o, CW_SCRIPT_RUN,
	    "'go'; try { while ($true) { } } finally { [Threading.Thread]::Sleep(1000000) }",
	    RIG_MS, NULL);
	CHECK(rig_wait_for(&o, "go"));
	began = cw_clock_ms();
	cw_script_stop(o.script, "somebody asked");
	rig_wait(&o);
	CHECK(cw_clock_ms() - began < 20000);
	CHECK_STR(outcome_state(&o), "stopped");
	outcome_free(&o);
	test_case = "one whose time is over";
	rig_begin(&o, CW_SCRIPT_RUN, "[Threading.Thread]::Sleep(1000000)", 2000, NULL);
	rig_wait(&o);
	CHECK_STR(outcome_state(&o), "stopped");
	CHECK_STR(cJSON_GetObjectItem(o.result, "stopped")->valuestring, "its time was over");
	outcome_free(&o);
	test_case = "one that was not begun";
	rig_begin(&o, CW_SCRIPT_RUN, "1", RIG_MS, NULL);
	cw_script_stop(o.script, "somebody asked");
	rig_wait(&o);
	CHECK_EQ(o.err.code, CW_EUNAVAILABLE);
	outcome_free(&o);
	test_case = "others are not touched";
	rig_run(&o, "(Get-ADUser ada).SamAccountName");
	CHECK_STR(outcome_state(&o), "done");
	outcome_free(&o);
}

static void
test_once(void)
{
	static const char id[] = "6f1de2b0-6a3c-4d2a-9b1e-0000000000cc";
	struct outcome a, b;

	test_case = "an id that runs, and one that ran";
	rig_begin_as(&a, id, CW_SCRIPT_RUN, "1", RIG_MS, NULL);
	rig_begin_as(&b, id, CW_SCRIPT_RUN, "2", RIG_MS, NULL);
	CHECK(b.script == NULL);
	CHECK_EQ(b.err.code, CW_ECONFLICT);
	outcome_free(&b);
	rig_wait(&a);
	CHECK_STR(outcome_state(&a), "done");
	outcome_free(&a);
	rig_begin_as(&b, id, CW_SCRIPT_RUN, "2", RIG_MS, NULL);
	rig_wait(&b);
	CHECK_EQ(b.err.code, CW_ECONFLICT);
	CHECK_STR(outcome_text(&b), "");
	outcome_free(&b);
}

/* --- deaths */

static void
test_sandbox_killed(void)
{
	struct outcome o, other;

	test_case = "the sandbox dies, and only its script with it";
	rig_begin(&o, CW_SCRIPT_RUN, "'go'; [Environment]::FailFast('x')", RIG_MS, NULL);
	rig_begin(&other, CW_SCRIPT_RUN, "(Get-ADUser ada).SamAccountName", RIG_MS, NULL);
	rig_wait(&o);
	rig_wait(&other);
	CHECK_STR(outcome_state(&o), "failed");
	CHECK(strstr(outcome_text(&o), "sandbox is gone") != NULL);
	CHECK_STR(outcome_state(&other), "done");
	outcome_free(&o);
	outcome_free(&other);
}

/* The one that is busy. */
static int
busy_pid(void)
{
	struct cw_runspaces *rs = cw_roles_find(rig.roles, "directory", NULL);
	struct cw_runspace_status s;

	for (unsigned i = 0; rs != NULL && i < cw_runspaces_size(rs); i++) {
		cw_runspaces_status(rs, i, &s);
		if (s.state == CW_RUNSPACE_BUSY)
			return s.pid;
	}
	return 0;
}

/* A write whose end is not known. */
static bool
is_lost(void *arg, const struct cw_journal_record *record)
{
	if (cw_streq(record->command, "Set-ADUser") && record->state == CW_JOURNAL_UNKNOWN)
		*(bool *)arg = true;
	return !*(bool *)arg;
}

/* Of the newest record of a write. */
static bool
is_write(void *arg, const struct cw_journal_record *record)
{
	if (!cw_streq(record->command, "Set-ADUser"))
		return true;
	*(enum cw_journal_state *)arg = record->state;
	return false;
}

static bool
in_a_write(void)
{
	enum cw_journal_state newest = CW_JOURNAL_DONE;
	struct cw_err err;

	(void)cw_journal_walk(rig.journal, 10, is_write, &newest, &err);
	return newest == CW_JOURNAL_BEGUN;
}

static void
test_privileged_killed(void)
{
	struct cw_err err = { 0 };
	bool lost = false;
	struct outcome o;

	test_case = "the privileged PowerShell dies in a read";
	rig_begin(&o, CW_SCRIPT_RUN,
	    "'go'; try { while ($true) { $null = Get-ADUser -LDAPFilter '(objectClass=user)' "
	    "-Properties "
	    "* } } catch { $_.FullyQualifiedErrorId }",
	    RIG_MS, NULL);
	CHECK(rig_wait_for(&o, "go"));
	while (o.script != NULL && busy_pid() == 0)
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
	if (busy_pid() > 0)
		(void)kill(busy_pid(), SIGKILL);
	rig_wait(&o);
	CHECK_STR(outcome_state(&o), "done");
	if (strstr(outcome_text(&o), "CausewayUnknown") == NULL) {
		test_failed = 1;
		(void)fprintf(stderr, "%s: says %s\n", test_case, outcome_text(&o));
	}
	outcome_free(&o);
	test_case = "it dies in a write";
	rig_begin(&o, CW_SCRIPT_RUN,
	    "$n = 0; while ($n -lt 3) { try { Set-ADUser ada -Title T } catch { $n++; \"$_\" } }",
	    RIG_MS, NULL);
	while (o.script != NULL && !(in_a_write() && busy_pid() > 0))
		(void)uv_run(&rig.loop, UV_RUN_NOWAIT);
	(void)kill(busy_pid(), SIGKILL);
	rig_wait(&o);
	CHECK_STR(outcome_state(&o), "unknown");
	CHECK(strstr(outcome_text(&o), "makes no more writes") != NULL);
	outcome_free(&o);
	test_case = "and the journal says so";
	for (uint64_t end = cw_clock_ms() + RIG_MS; !lost && cw_clock_ms() < end;) {
		(void)uv_run(
		    &rig.loop, UV_RUN_NOWAIT); /* its writer may be on the way to the disk */
		CHECK_EQ(cw_journal_walk(rig.journal, 1000, is_lost, &lost, &err), CW_OK);
	}
	CHECK(lost);
	test_case = "others find a runspace again";
	rig_run(&o, "(Get-ADUser ada).SamAccountName");
	CHECK_STR(outcome_state(&o), "done");
	outcome_free(&o);
}

/* --- limits */

static void
test_limits(void)
{
	static const struct cw_script_limits calls = { .calls = 3 }, writes = { .writes = 2 },
					     objects = { .objects = 50 };
	struct outcome o;

	test_case = "calls";
	rig_begin(
	    &o, CW_SCRIPT_RUN, "1..5 | ForEach-Object { (Get-ADUser ada).Name }", RIG_MS, &calls);
	rig_wait(&o);
	CHECK_STR(outcome_state(&o), "failed");
	CHECK(strstr(outcome_text(&o), "no more than 3 calls") != NULL);
	outcome_free(&o);
	test_case = "writes";
	rig_begin(&o, CW_SCRIPT_RUN, "1..5 | ForEach-Object { Set-ADUser ada -Title $_ }", RIG_MS,
	    &writes);
	rig_wait(&o);
	CHECK_STR(outcome_state(&o), "failed");
	CHECK(strstr(outcome_text(&o), "no more than 2 writes") != NULL);
	outcome_free(&o);
	test_case = "objects";
	rig_begin(&o, CW_SCRIPT_RUN, "@(Get-ADUser -LDAPFilter '(sn=*)').Count", RIG_MS, &objects);
	rig_wait(&o);
	CHECK_STR(outcome_state(&o), "failed");
	CHECK(strstr(outcome_text(&o), "more than 50 objects") != NULL);
	outcome_free(&o);
}

/* --- a long stream */

#define STREAM 20000

static void
test_stream(void)
{
	char script[256];
	struct outcome o;
	size_t before, after, private;

	test_case = "a stream, at constant memory";
	/* A hundred times all people, as objects. */
	(void)snprintf(script, sizeof(script),
	    "1..%d | ForEach-Object { Get-ADUser -LDAPFilter '(sn=*)' }", STREAM / 198);
	rig_begin(&o, CW_SCRIPT_RUN, script, RIG_MS, NULL);
	while (o.script != NULL && o.line_count < 1000)
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
	cw_buf_free(&o.lines);
	cw_memory_use(&before, &private);
	while (o.script != NULL) {
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
		cw_buf_free(&o.lines);
	}
	cw_memory_use(&after, &private);
	CHECK_STR(outcome_state(&o), "done");
	CHECK(o.line_count >= STREAM - 400);
	(void)printf("stream: %zu objects, %zd KB more\n", o.line_count,
	    ((ssize_t)after - (ssize_t)before) / 1024);
	outcome_free(&o);
	test_case = "two reads in each other";
	rig_run(&o,
	    "$n = 0; Get-ADUser -LDAPFilter '(sn=*)' -Properties * | ForEach-Object { "
	    "$n += @(Get-ADUser $_.SamAccountName).Count }; $n");
	CHECK_STR(outcome_state(&o), "done");
	CHECK(strstr(outcome_text(&o), "{\"output\":19") != NULL ||
	    strstr(outcome_text(&o), "{\"output\":20") != NULL);
	outcome_free(&o);
}

/* More scripts than runspaces, each with a read open that is held back while others run inside. */
static void
test_crowd(void)
{
	static const char script[] =
	    "$n = 0; Get-ADUser -LDAPFilter '(sn=*)' -Properties * | ForEach-Object { "
	    "$n += @(Get-ADUser ada).Count; if ($n -eq 20) { $n; break } }";
	struct outcome o[4];

	test_case = "a crowd of reads in each other";
	for (size_t i = 0; i < CW_COUNT(o); i++)
		rig_begin(&o[i], CW_SCRIPT_RUN, script, RIG_MS, NULL);
	for (size_t i = 0; i < CW_COUNT(o); i++) {
		rig_wait(&o[i]);
		CHECK_STR(outcome_state(&o[i]), "done");
		CHECK_STR(outcome_text(&o[i]), "{\"output\":20}\n");
		outcome_free(&o[i]);
	}
}

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1u << 16);

	if (f == NULL || text == NULL || fread(text, 1, (1u << 16) - 1, f) == 0)
		exit(2);
	(void)fclose(f);
	return text;
}

int
main(int argc, char **argv)
{
	char *preparation;

	if (argc < 5)
		return 2;
	preparation = read_file(argv[4]);
	rig_start(argv, preparation);
	test_rows();
	test_once();
	test_limits();
	test_stop();
	test_sandbox_killed();
	test_stream();
	test_crowd();
	test_privileged_killed();
	rig_finish();
	free(preparation);
	return test_failed;
}
