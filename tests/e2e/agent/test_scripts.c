/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causewayctl's run, plan, apply, lockdown and doctor with the agent's program, whose
 * broker is a double: needs no lab. test_scripts CAUSEWAY-AGENT CAUSEWAYCTL.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"
#include "test.h"
#include "base/json.h"
#include "broker/broker.h"
#include "os/file.h"

int test_failed;
const char *test_case = "";

static struct fixture fix;

/* causewayctl with these words; exit status. */
#define CTL(c, input, ...) \
	fixture_ctl_words(&fix, c, input, (const char *const[]){ __VA_ARGS__, NULL })

static void
test_run(void)
{
	static const struct {
		const char *name, *script;
		int status;
		const char *out, *err; /* that it says */
	} rows[] = {
		{ "what it says", "say \"hello\"\nsay {\"Name\":\"Ada\"}\n", 0, "hello\n", "done" },
		{ "an object", "say {\"Name\":\"Ada\"}", 0, "Name : Ada\n", "1 call, 0 writes" },
		{ "a warning", "warn \"careful\"", 0, "", "warning: careful" },
		{ "a lot", "flood 20000", 0, "0123456789", "done" },
		{ "refused", "say 1\nrefuse", 3, "1\n",
		    "who can change it: an administrator of this server" },
		{ "failed", "fail", 1, "", "it went wrong" },
		{ "its outcome is not known", "lose", 5, "", "unknown" },
		{ "of what it is not known", "lose", 5, "",
		    "went wrong\nentry 2 and 2 more, Set-ADUser: not known whether it was made\n" },
		{ "nothing", "", 0, "", "done" },
	};
	struct child c;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		CHECK_EQ(CTL(&c, rows[i].script, "run", "-"), rows[i].status);
		if (strstr(cw_buf_str(&c.output), rows[i].out) == NULL)
			CHECK_STR(cw_buf_str(&c.output), rows[i].out);
		if (strstr(cw_buf_str(&c.errors), rows[i].err) == NULL)
			CHECK_STR(cw_buf_str(&c.errors), rows[i].err);
		child_free(&c);
	}
	test_case = "as JSON: each line, then the result";
	CHECK_EQ(CTL(&c, "say 1\nrefuse", "--json", "run", "-"), 3);
	CHECK(cw_starts_with(cw_buf_str(&c.output), "{\"output\":1}\n{\"result\":{"));
	CHECK(strstr(cw_buf_str(&c.output), "\"who_can_change_it\"") != NULL);
	child_free(&c);
	test_case = "a script that is not there, or not UTF-8";
	CHECK_EQ(CTL(&c, NULL, "run", "no-such-file.ps1"), 2);
	child_free(&c);
	CHECK_EQ(CTL(&c, "say \"\xff\"", "run", "-"), 2);
	CHECK(strstr(cw_buf_str(&c.errors), "UTF-8") != NULL);
	child_free(&c);
	test_case = "no script named";
	CHECK_EQ(CTL(&c, NULL, "run"), 2);
	child_free(&c);
}

static void
test_plan(void)
{
	char path[300];
	struct child c;

	(void)snprintf(path, sizeof(path), "%s/plan.json", fix.folder);
	test_case = "a plan, to read";
	CHECK_EQ(CTL(&c, "say 1", "plan", "-", "--out", path), 0);
	CHECK(strstr(cw_buf_str(&c.output), "Plan: 1 write on dc1.lab.test") != NULL);
	CHECK(strstr(cw_buf_str(&c.output), "Set-ADUser  CN=Ada,DC=lab,DC=test (user)") != NULL);
	CHECK(strstr(cw_buf_str(&c.output), "title: Engineer -> Lead") != NULL);
	CHECK(strstr(cw_buf_str(&c.output), "00000000000a") == NULL);
	child_free(&c);
	test_case = "applied without an approval";
	CHECK_EQ(CTL(&c, NULL, "apply", path), 3);
	child_free(&c);
	test_case = "applied";
	CHECK_EQ(CTL(&c, NULL, "apply", path, "--approve"), 0);
	CHECK(strstr(cw_buf_str(&c.output), "Set-ADUser  CN=Ada,DC=lab,DC=test (user)  done") !=
	    NULL);
	child_free(&c);
	test_case = "a plan that is none";
	CHECK_EQ(CTL(&c, "[1,", "apply", "-"), 2);
	child_free(&c);
	CHECK_EQ(cw_file_remove(path, NULL), CW_OK);
}

static bool
runs_a_script(struct fixture *f)
{
	cJSON *status = fixture_status(f);
	const cJSON *running = cw_json_get(cw_json_get(status, "scripts"), "running");
	bool runs = cJSON_IsNumber(running) && running->valueint > 0;

	cJSON_Delete(status);
	return runs;
}

/* --- what no message holds, from the bridge */

#define LARGE (CW_SCRIPT_TEXT_MAX - 64u) /* bytes */

/* These words, and behind them a comment up to so many bytes, in letters of two; freed by free().
 */
static char *
large_script(const char *words, size_t n)
{
	char *text = malloc(n + 2);
	size_t at = (size_t)snprintf(text, n, "%s\n#", words);

	for (; at + 2 <= n; at += 2)
		memcpy(text + at, "\xc3\xbc", 2);
	text[at] = '\0';
	return text;
}

static void
check_run(struct run *r, int code, const char *state, const char *says)
{
	run_wait(&fix, r);
	CHECK_EQ(r->code, code);
	CHECK_STR(run_state(r), state);
	if (strstr(r->err.text, says) == NULL)
		CHECK_STR(r->err.text, says);
	run_free(r);
}

static void
test_large_plan(void)
{
	char path[300], *text;
	struct run r;
	struct child c;
	cJSON *plan;

	test_case = "a large plan";
	run_script(&fix, &r, "entries 4999", true);
	run_wait(&fix, &r);
	CHECK_EQ(r.code, CW_OK);
	CHECK_EQ(cw_buf_left(&r.output), 0); /* its result is no output */
	plan = cJSON_DetachItemFromObject(r.result, "plan");
	run_free(&r);
	CHECK_EQ(cJSON_GetArraySize(cw_json_get(plan, "entries")), 5000);
	text = cJSON_PrintUnformatted(plan);
	CHECK(strlen(text) > 1u << 20);
	test_case = "is applied";
	run_apply(&fix, &r, text);
	run_wait(&fix, &r);
	CHECK_EQ(r.code, CW_OK);
	CHECK(strstr(cw_buf_str(&r.output), "{\"step\":{\"entry\":5000,") != NULL);
	run_free(&r);
	cJSON_free(text);
	cJSON_Delete(plan);
	test_case = "and over the control socket";
	(void)snprintf(path, sizeof(path), "%s/large.json", fix.folder);
	CHECK_EQ(CTL(&c, "entries 9999", "plan", "-", "--out", path), 0);
	CHECK(strstr(cw_buf_str(&c.output), "Plan: 10000 writes") != NULL);
	child_free(&c);
	CHECK_EQ(CTL(&c, NULL, "apply", path, "--approve"), 0);
	CHECK(strstr(cw_buf_str(&c.output),
		  "10000  Set-ADUser  CN=Ada,DC=lab,DC=test (user)  done") != NULL);
	child_free(&c);
	CHECK_EQ(cw_file_remove(path, NULL), CW_OK);
}

static void
test_large_scripts(void)
{
	static const struct cw_agents_events none = { NULL, NULL };
	char *text = large_script("say \"large\"", LARGE), *longer = large_script("", 21u << 20);
	struct cw_agents_script over = { .tenant = TENANT, .agent = fix.id, .text = longer };
	struct run r[4];
	struct child c;
	struct cw_err err = { 0 };
	char path[300];

	test_case = "several at once, and a small one between them";
	for (size_t i = 0; i < 3; i++)
		run_script(&fix, &r[i], text, false);
	run_script(&fix, &r[3], "say \"small\"", false);
	check_run(&r[3], CW_OK, "done", "");
	CHECK(!r[2].done);
	for (size_t i = 0; i < 3; i++) {
		run_wait(&fix, &r[i]);
		CHECK_STR(cw_buf_str(&r[i].output), "{\"output\":\"large\"}\n");
		check_run(&r[i], CW_OK, "done", "");
	}
	test_case = "one that is stopped before its turn, and one in the midst of it";
	for (size_t i = 0; i < 3; i++)
		run_script(&fix, &r[i], text, false);
	cw_agents_run_stop(r[0].run);
	cw_agents_run_stop(r[1].run);
	check_run(&r[0], CW_EUNAVAILABLE, "", "stopped before it was sent");
	check_run(&r[1], CW_EUNAVAILABLE, "", "stopped before it was sent");
	check_run(&r[2], CW_OK, "done", "");
	test_case = "more than wait at a time";
	{
		struct run many[10];
		size_t n = 0;

		over = (struct cw_agents_script){ .tenant = TENANT,
			.agent = fix.id,
			.text = text,
			.id = TENANT,
			.not_after_ms = INT64_MAX };
		for (; n < 8; n++)
			run_script(&fix, &many[n], text, false);
		CHECK_EQ(cw_agents_script(NULL, fix.bridge.agents, &over, &none, NULL, &err),
		    CW_EUNAVAILABLE);
		CHECK(strstr(err.text, "try again later") != NULL);
		while (n > 0)
			check_run(&many[--n], CW_OK, "done", "");
	}
	test_case = "longer than any";
	over.text = longer;
	over.not_after_ms = 0;
	CHECK_EQ(cw_agents_script(NULL, fix.bridge.agents, &over, &none, NULL, &err), CW_EINVAL);
	CHECK(strstr(err.text, "split the script") != NULL);
	test_case = "the agent is killed in the midst of it";
	run_script(&fix, &r[0], text, false);
	run_script(&fix, &r[1], text, false);
	(void)uv_process_kill(&fix.agent.process, SIGKILL);
	check_run(&r[0], CW_EUNAVAILABLE, "", "nothing was done");
	check_run(&r[1], CW_EUNAVAILABLE, "", "");
	child_wait(&fix.agent);
	child_free(&fix.agent);
	fixture_start(&fix);
	test_case = "and works again";
	run_script(&fix, &r[0], text, false);
	check_run(&r[0], CW_OK, "done", "");
	test_case = "over the control socket";
	(void)snprintf(path, sizeof(path), "%s/large.ps1", fix.folder);
	CHECK_EQ(cw_file_write(path, text, strlen(text), true, &err), CW_OK);
	CHECK_EQ(CTL(&c, NULL, "run", path), 0);
	CHECK_STR(cw_buf_str(&c.output), "large\n");
	child_free(&c);
	CHECK_EQ(cw_file_write(path, longer, CW_SCRIPT_TEXT_MAX + 1, true, &err), CW_OK);
	CHECK_EQ(CTL(&c, NULL, "run", path), 2);
	CHECK(strstr(cw_buf_str(&c.errors),
		  "1048576 bytes, which are the most: split the script") != NULL);
	child_free(&c);
	CHECK_EQ(cw_file_remove(path, NULL), CW_OK);
	free(text);
	free(longer);
}

/* The script is stopped when causewayctl is. */
static void
test_gone(void)
{
	char *argv[] = { (char *)(uintptr_t)fix.ctl_program, "--state", fix.folder, "run", "-",
		NULL };
	struct child c;

	test_case = "whoever asked goes away";
	child_start(&c, &fix.bridge.loop, argv, "say \"here\"\nwait", 0);
	while (cw_buf_left(&c.output) == 0)
		(void)uv_run(&fix.bridge.loop, UV_RUN_ONCE);
	(void)uv_process_kill(&c.process, SIGKILL);
	child_wait(&c);
	child_free(&c);
	while (runs_a_script(&fix))
		;
}

/* Then nobody knows how far it came, whether or not it had said something. */
static void
test_agent_killed(void)
{
	static const struct {
		const char *name, *script;
	} rows[] = { { "the agent is killed before the first line", "wait" },
		{ "the agent is killed after a line", "say 1\nwait" } };
	char *argv[] = { (char *)(uintptr_t)fix.ctl_program, "--state", fix.folder, "run", "-",
		NULL };
	struct child c;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		child_start(&c, &fix.bridge.loop, argv, rows[i].script, 0);
		while (!runs_a_script(&fix))
			;
		(void)uv_process_kill(&fix.agent.process, SIGKILL);
		child_wait(&fix.agent);
		child_free(&fix.agent);
		child_wait(&c);
		CHECK_EQ(c.status, 5);
		if (strstr(cw_buf_str(&c.errors), "causewayctl journal") == NULL)
			CHECK_STR(cw_buf_str(&c.errors), "causewayctl journal");
		child_free(&c);
		fixture_start(&fix);
	}
}

static bool
is_online(struct fixture *f)
{
	struct cw_agents_status s;

	cw_agents_status(f->bridge.agents, f->id, &s);
	return s.connected;
}

static bool
is_offline(struct fixture *f)
{
	return !is_online(f);
}

static void
test_lockdown(void)
{
	char *argv[] = { (char *)(uintptr_t)fix.agent_program, "run", "--state", fix.folder, NULL };
	struct child c;
	cJSON *status;

	test_case = "no lockdown";
	CHECK_EQ(CTL(&c, NULL, "lockdown"), 0);
	CHECK(strstr(cw_buf_str(&c.output), "off") != NULL);
	child_free(&c);
	CHECK(is_online(&fix));
	test_case = "lockdown ends the connection at once";
	CHECK_EQ(CTL(&c, NULL, "lockdown", "on", "--reason", "a key was stolen"), 0);
	if (strstr(cw_buf_str(&c.output), "a key was stolen") == NULL)
		CHECK_STR(cw_buf_str(&c.output), cw_buf_str(&c.errors));
	child_free(&c);
	until_true(&fix, is_offline);
	status = fixture_status(&fix);
	CHECK_STR(cw_json_str(cw_json_get(status, "bridge"), "state"), "held");
	CHECK_STR(cw_json_str(cw_json_get(status, "lockdown"), "reason"), "a key was stolen");
	cJSON_Delete(status);
	test_case = "an administrator here still works";
	CHECK_EQ(CTL(&c, "say 1", "run", "-"), 0);
	child_free(&c);
	test_case = "it lasts over a restart";
	fixture_stop(&fix);
	CHECK_EQ(CTL(&c, NULL, "lockdown"), 0);
	CHECK(strstr(cw_buf_str(&c.output), "on") != NULL);
	CHECK(strstr(cw_buf_str(&c.output), "No agent is running") != NULL);
	child_free(&c);
	child_start(&fix.agent, &fix.bridge.loop, argv, NULL, 0);
	CHECK(child_says(&fix.agent, "lockdown: nothing is done for the bridge"));
	CHECK(!is_online(&fix));
	test_case = "and ends when it is taken back";
	CHECK_EQ(CTL(&c, NULL, "lockdown", "off"), 0);
	child_free(&c);
	until_true(&fix, is_online);
	test_case = "what lockdown does not take";
	CHECK_EQ(CTL(&c, NULL, "lockdown", "maybe"), 2);
	child_free(&c);
	CHECK_EQ(CTL(&c, NULL, "lockdown", "off", "--reason", "x"), 2);
	child_free(&c);
}

int
main(int argc, char **argv)
{
	struct child c;

	if (argc != 3) {
		fprintf(stderr, "usage: test_scripts CAUSEWAY-AGENT CAUSEWAYCTL\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	fixture_init(&fix, argv[1], argv[2]);
	CHECK_EQ(fixture_enrol(&fix, &c, "directory", NULL), 0);
	child_free(&c);
	fixture_write(&fix, "agent.json", "{\"powershell\":[\"/bin/false\"],\"sandboxes\":0}");
	fixture_start(&fix);
	test_run();
	test_plan();
	test_large_plan();
	test_large_scripts();
	test_gone();
	test_agent_killed();
	test_lockdown();
	fixture_stop(&fix);
	fixture_free(&fix);
	return test_failed;
}
