/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts, plans and doctor: the agent as a program with its sandboxes, asked by
 * causewayctl and over the wire, on the real engine and a real directory. Runs in a
 * lab: test_work CAUSEWAY-AGENT CAUSEWAYCTL.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"
#include "test.h"
#include "base/json.h"
#include "os/file.h"

int test_failed;
const char *test_case = "";

static struct fixture fix;

/* causewayctl with these words. */
#define SCRIPT(c, text, ...) \
	fixture_ctl_words(&fix, c, text, (const char *const[]){ __VA_ARGS__, NULL })

static void
test_scripts(void)
{
	static const struct {
		const char *name, *script;
		int status;
		const char *out, *err;
	} rows[] = {
		{ "a script that reads",
		    "$u = Get-ADUser ada -Properties title\n\"$($u.SamAccountName) is here\"", 0,
		    "ada is here\n", "done: 1 call" },
		{ "a script with a loop and a pipe that writes",
		    "foreach ($n in 'ada', 'grace') { Get-ADUser $n | Set-ADUser -Description 'by "
		    "script' }",
		    0, "", "2 writes" },
		{ "what it wrote is there",
		    "(Get-ADUser grace -Properties Description).Description", 0, "by script\n",
		    "" },
		{ "an error ends it", "Get-ADUser nobody-here", 1, "", "nobody-here" },
		{ "the ceiling", "Get-ADComputer -Filter * | Set-ADComputer -Description x", 3, "",
		    "an administrator of this server" },
		{ "the ceiling, by name", "Set-ADComputer nothing -Description x", 3, "",
		    "refused (ceiling)" },
	};
	struct child c;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		CHECK_EQ(SCRIPT(&c, rows[i].script, "run", "-"), rows[i].status);
		if (strstr(cw_buf_str(&c.output), rows[i].out) == NULL)
			CHECK_STR(cw_buf_str(&c.output), rows[i].out);
		if (strstr(cw_buf_str(&c.errors), rows[i].err) == NULL)
			CHECK_STR(cw_buf_str(&c.errors), rows[i].err);
		child_free(&c);
	}
}

/* The same over the wire. */
static void
test_remote_scripts(void)
{
	struct run r = { 0 };
	char *plan;

	test_case = "a script for the bridge";
	run_script(&fix, &r, "(Get-ADUser ada).SamAccountName; Write-Warning 'careful'", false);
	run_wait(&fix, &r);
	CHECK_EQ(r.code, CW_OK);
	CHECK_STR(run_state(&r), "done");
	CHECK(strstr(cw_buf_str(&r.output), "{\"output\":\"ada\"}\n") != NULL);
	CHECK(strstr(cw_buf_str(&r.output), "{\"warning\":\"careful\"}\n") != NULL);
	test_case = "is in the journal, with its end";
	CHECK_STR(query_state(&fix, r.id), "done");
	CHECK_STR(cw_json_str(cw_json_get(query_record(), "result"), "state"), "done");
	run_free(&r);
	test_case = "stopped by the bridge";
	run_script(&fix, &r, "'here'; while ($true) { Get-ADUser ada | Out-Null }", false);
	while (cw_buf_left(&r.output) == 0 && !r.done)
		(void)uv_run(&fix.bridge.loop, UV_RUN_ONCE);
	cw_agents_run_stop(r.run);
	run_wait(&fix, &r);
	CHECK_EQ(r.code, CW_OK);
	CHECK_STR(run_state(&r), "stopped");
	run_free(&r);
	test_case = "refused by the ceiling";
	run_script(&fix, &r, "Set-ADComputer x -Description y", false);
	run_wait(&fix, &r);
	CHECK_STR(run_state(&r), "failed");
	CHECK_STR(cw_json_str(cJSON_GetArrayItem(cw_json_get(r.result, "refusals"), 0), "rule"),
	    "ceiling");
	run_free(&r);
	test_case = "a plan for the bridge, and its application";
	run_script(&fix, &r, "Set-ADUser grace -Office 'From afar'", true);
	run_wait(&fix, &r);
	CHECK_STR(run_state(&r), "done");
	plan = cJSON_PrintUnformatted(cw_json_get(r.result, "plan"));
	CHECK_STR(query_state(&fix, r.id), "never");
	run_free(&r);
	run_apply(&fix, &r, plan != NULL ? plan : "{}");
	run_wait(&fix, &r);
	CHECK_STR(run_state(&r), "done");
	CHECK(strstr(cw_buf_str(&r.output), "\"state\":\"done\"") != NULL);
	CHECK_STR(query_state(&fix, r.id), "done");
	run_free(&r);
	cJSON_free(plan);
	run_all(&fix, &r, "Get-ADUser", "{\"Identity\":\"grace\",\"Properties\":\"Office\"}");
	CHECK_STR(run_text(&r, "Office"), "From afar");
	run_free(&r);
	test_case = "what takes an approval is not approved by asking";
	run_script(&fix, &r, "Set-ADUser grace -TrustedForDelegation $true", true);
	run_wait(&fix, &r);
	plan = cJSON_PrintUnformatted(cw_json_get(r.result, "plan"));
	run_free(&r);
	if (plan != NULL) {
		run_apply(&fix, &r, plan);
		run_wait(&fix, &r);
		CHECK_STR(run_state(&r), "failed");
		CHECK_STR(
		    cw_json_str(cJSON_GetArrayItem(cw_json_get(r.result, "refusals"), 0), "rule"),
		    "approval");
		run_free(&r);
	}
	cJSON_free(plan);
}

/* A plan is read, then applied as it stands, once; and one that is forged is none. */
static void
test_plan(void)
{
	char path[300];
	struct child c;

	(void)snprintf(path, sizeof(path), "%s/plan.json", fix.folder);
	test_case = "what a script would write";
	CHECK_EQ(
	    SCRIPT(&c,
		"Get-ADUser -Filter \"SamAccountName -eq 'ada'\" | Set-ADUser -Office 'Tower'\n"
		"Set-ADUser grace -Replace @{ info = 'planned' }",
		"plan", "-", "--out", path),
	    0);
	CHECK(strstr(cw_buf_str(&c.output), "Plan: 2 writes on dc1.lab.test") != NULL);
	CHECK(strstr(cw_buf_str(&c.output), "-> Tower") != NULL);
	child_free(&c);
	test_case = "is not written";
	CHECK_EQ(SCRIPT(&c, "\"<$((Get-ADUser ada -Properties Office).Office)>\"", "run", "-"), 0);
	CHECK(strstr(cw_buf_str(&c.output), "<London 2.02>\n") != NULL);
	child_free(&c);
	test_case = "until it is applied";
	CHECK_EQ(SCRIPT(&c, NULL, "apply", path), 0);
	CHECK(strstr(cw_buf_str(&c.output), "done") != NULL);
	child_free(&c);
	CHECK_EQ(SCRIPT(&c, "\"<$((Get-ADUser ada -Properties Office).Office)>\"", "run", "-"), 0);
	CHECK(strstr(cw_buf_str(&c.output), "<Tower>\n") != NULL);
	child_free(&c);
	test_case = "a plan is applied once";
	CHECK(SCRIPT(&c, NULL, "apply", path) != 0);
	child_free(&c);
	test_case = "a plan that was changed";
	CHECK(SCRIPT(&c, "{\"format\":1,\"entries\":[],\"hash\":\"00\"}", "apply", "-") != 0);
	child_free(&c);
	test_case = "a plan with a password";
	CHECK_EQ(SCRIPT(&c,
		     "$p = ConvertTo-SecureString 'Only-4-the-script' -AsPlainText -Force\n"
		     "New-ADUser -Name 'Plan Ned' -SamAccountName planned -AccountPassword $p",
		     "plan", "-", "--out", path),
	    0);
	CHECK(strstr(cw_buf_str(&c.output), "a secret, given when it is applied") != NULL);
	CHECK(strstr(cw_buf_str(&c.output), "Only-4") == NULL);
	child_free(&c);
	test_case = "is not applied without one";
	CHECK_EQ(SCRIPT(&c, NULL, "apply", path), 2);
	CHECK(strstr(cw_buf_str(&c.errors), "--new-passwords") != NULL);
	child_free(&c);
	test_case = "gets one that is made and shown here";
	CHECK_EQ(SCRIPT(&c, NULL, "apply", path, "--new-passwords"), 0);
	CHECK(strstr(cw_buf_str(&c.errors), "new password (shown once)") != NULL);
	child_free(&c);
	CHECK_EQ(cw_file_remove(path, NULL), CW_OK);
}

static const char *
state_of(const cJSON *checks, const char *check)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, checks)
		if (strcmp(cw_json_str(one, "check"), check) == 0)
			return cw_json_str(one, "state");
	return "(none)";
}

static void
test_doctor(void)
{
	static const char *const well[] = { "state folder", "disk", "settings", "certificate",
		"dns", "tcp", "tls", "bridge", "agent", "link", "clock", "journal", "ceiling",
		"role directory", "role sync", "scripts", "wall filter", "powershell",
		"language mode", "account", "directory", "controllers", "clock of the domain" };
	const cJSON *checks;
	cJSON *answer = NULL;
	struct child c;

	test_case = "causewayctl doctor";
	(void)SCRIPT(&c, NULL, "doctor");
	if (c.status != 0)
		fprintf(stderr, "the agent said:\n%s\n", cw_buf_str(&fix.agent.errors));
	CHECK_EQ(c.status, 0);
	child_free(&c);
	CHECK_EQ(SCRIPT(&c, NULL, "doctor", "--json"), 0);
	(void)cw_json_parse(
	    &answer, cw_buf_str(&c.output), strcspn(cw_buf_str(&c.output), "\n"), "doctor", NULL);
	checks = cw_json_get(answer, "checks");
	for (size_t i = 0; i < CW_COUNT(well); i++) {
		test_case = well[i];
		CHECK_STR(state_of(checks, well[i]), "ok");
	}
	test_case = "the lab's modules have not everything";
	CHECK_STR(state_of(checks, "module ActiveDirectory"), "warn");
	CHECK_STR(state_of(checks, "module ADSync"), "warn");
	cJSON_Delete(answer);
	child_free(&c);
}

int
main(int argc, char **argv)
{
	fixture_begin(&fix, argc, argv);
	test_scripts();
	test_remote_scripts();
	test_plan();
	test_doctor();
	return fixture_end(&fix);
}
