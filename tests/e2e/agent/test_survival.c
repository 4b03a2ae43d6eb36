/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent survives: its connection cut, its PowerShells or itself killed in the
 * middle of a write, and being told to end there. Runs in a lab:
 * test_survival CAUSEWAY-AGENT CAUSEWAYCTL. A PowerShell that is frozen holds a write
 * at a known place.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"
#include "test.h"
#include "base/json.h"

int test_failed;
const char *test_case = "";

static struct fixture fix;

/* All of them, when none has anything else to do. */
static void
freeze(void)
{
	while (fixture_count_runspaces(&fix, "idle") < 4)
		;
	CHECK_EQ(fixture_signal_powershells(&fix, SIGSTOP), 4);
}

/* One that names nothing that is there already: no question comes before it. */
static void
write_into_the_ice(struct run *r, const char *name)
{
	char parameters[128];

	(void)snprintf(parameters, sizeof(parameters),
	    "{\"Name\":\"%s\",\"SamAccountName\":\"%s\"}", name, name);
	freeze();
	r->pause_at = 0;
	run_begin(&fix, r, NULL, "New-ADUser", parameters, true, 0);
	while (fixture_count_runspaces(&fix, "busy") ==
	    0) /* a PowerShell has it, so it is journalled */
		;
}

static void
test_cut(void)
{
	struct run r = { 0 };

	test_case = "the connection is cut in the middle of a write";
	write_into_the_ice(&r, "Cut");
	bridge_stop(&fix.bridge);
	CHECK(r.done);
	CHECK_EQ(r.code, CW_EUNKNOWN);
	CHECK(fixture_signal_powershells(&fix, SIGCONT) >= 4);
	bridge_start(&fix.bridge);
	CHECK(child_says(&fix.agent, "connected to ")); /* the first time counts too */
	while (cw_agents_find(fix.bridge.agents, TENANT, "directory") == NULL)
		(void)uv_run(&fix.bridge.loop, UV_RUN_ONCE);
	test_case = "and its result is there afterwards";
	while (strcmp(query_state(&fix, r.id), "running") == 0)
		;
	CHECK_STR(cw_json_str(query_record(), "state"), "done");
	CHECK_STR(cw_json_str(cw_json_get(query_record(), "result"), "state"), "done");
	run_free(&r);
	run_all(&fix, &r, "Get-ADUser", "{\"Identity\":\"Cut\"}");
	CHECK_STR(run_text(&r, "Name"), "Cut");
	run_free(&r);
}

static void
test_powershell_dies(void)
{
	struct run r = { 0 }, w = { 0 };

	test_case = "PowerShell dies under commands";
	write_into_the_ice(&w, "Dies");
	run_begin(&fix, &r, NULL, "Get-ADUser", "{\"Identity\":\"grace\"}", false, 0);
	while (fixture_count_runspaces(&fix, "busy") < 2)
		;
	CHECK(fixture_signal_powershells(&fix, SIGKILL) >= 4);
	run_wait(&fix, &w);
	run_wait(&fix, &r);
	CHECK_EQ(w.code, CW_EUNKNOWN);
	CHECK_EQ(r.code, CW_EUNKNOWN);
	CHECK_STR(query_state(&fix, w.id), "unknown");
	run_free(&w);
	run_free(&r);
	test_case = "others take its place";
	while (cw_agents_find(fix.bridge.agents, TENANT, "directory") == NULL)
		(void)uv_run(&fix.bridge.loop, UV_RUN_ONCE);
	do {
		run_free(&r);
		run_all(&fix, &r, "Get-ADUser", "{\"Identity\":\"grace\"}");
	} while (r.code == CW_EUNAVAILABLE);
	CHECK_STR(run_state(&r), "done");
	run_free(&r);
}

static void
test_killed(void)
{
	struct run r = { 0 };
	char id[CW_UUID_TEXT];
	cJSON *status;
	const cJSON *role, *one;
	int pids[8], n = 0;

	test_case = "the agent is killed in the middle of a write";
	write_into_the_ice(&r, "Killed");
	status = fixture_status(&fix);
	cJSON_ArrayForEach (role, cw_json_get(status, "roles"))
		cJSON_ArrayForEach (one, cw_json_get(role, "runspaces"))
			if (n < 8)
				pids[n++] = cw_json_get(one, "pid")->valueint;
	cJSON_Delete(status);
	memcpy(id, r.id, sizeof(id));
	(void)uv_process_kill(&fix.agent.process, SIGKILL);
	child_wait(&fix.agent);
	run_wait(&fix, &r);
	CHECK_EQ(r.code, CW_EUNKNOWN);
	run_free(&r);
	child_free(&fix.agent);
	test_case = "its PowerShells end when they notice";
	for (int i = 0; i < n; i++)
		(void)uv_kill(pids[i], SIGCONT);
	for (int i = 0; i < n; i++)
		while (uv_kill(pids[i], 0) == 0)
			uv_sleep(5);
	test_case = "after a restart nobody knows what became of it";
	fixture_start(&fix);
	CHECK_STR(query_state(&fix, id), "unknown");
	run_begin(&fix, &r, id, "New-ADUser", "{\"Name\":\"Twice\"}", true, 0);
	run_wait(&fix, &r);
	CHECK_EQ(r.code, CW_ECONFLICT);
	CHECK_STR(cw_json_str(r.detail, "state"), "unknown");
	run_free(&r);
}

static void
test_orderly_end(void)
{
	struct run r = { 0 };

	test_case = "told to end in the middle of a write: it finishes first";
	write_into_the_ice(&r, "Orderly");
	(void)uv_process_kill(&fix.agent.process, SIGTERM);
	CHECK(child_says(&fix.agent, "stopping"));
	CHECK(!r.done);
	CHECK(fixture_signal_powershells(&fix, SIGCONT) >= 4);
	run_wait(&fix, &r);
	CHECK_STR(run_state(&r), "done");
	fixture_stop(&fix);
	fixture_start(&fix);
	CHECK_STR(query_state(&fix, r.id), "done");
	run_free(&r);
}

int
main(int argc, char **argv)
{
	fixture_begin(&fix, argc, argv);
	test_cut();
	test_powershell_dies();
	test_killed();
	test_orderly_end();
	return fixture_end(&fix);
}
