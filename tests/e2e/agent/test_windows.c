/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Windows programs, under Wine, against the bridge's real listener: enrolled,
 * connected, asked, and run by the service manager. test_windows AGENT CTL SC PROGRAM
 * as with-wine gives them. PowerShell is not there: that no role is served is said.
 */
#include <signal.h>
#include <stdio.h>

#include "fixture.h"
#include "test.h"
#include "base/json.h"
#include "os/file.h"

int test_failed;
const char *test_case = "";

static struct fixture fix;

static void
test_enrolled(void)
{
	struct child c;

	test_case = "enrolled, with a token on standard input";
	CHECK_EQ(fixture_enrol(&fix, &c, "directory", NULL), 0);
	CHECK(strstr(cw_buf_str(&c.output), fix.id) != NULL);
	if (test_failed)
		fprintf(stderr, "%s%s", cw_buf_str(&c.output), cw_buf_str(&c.errors));
	child_free(&c);
	fixture_write(&fix, "agent.json", "{\"powershell\":[\"no-such-program\"]}");
}

static void
test_connected(void)
{
	struct cw_agents_status s;
	const cJSON *role;
	struct run r = { 0 };
	struct child c;
	cJSON *status;

	test_case = "connected, and says that it serves nothing";
	fixture_start(&fix);
	cw_agents_status(fix.bridge.agents, fix.id, &s);
	CHECK(s.connected);
	CHECK_STR(s.roles, "");
	CHECK(strstr(s.os, "Windows") != NULL);
	run_all(&fix, &r, "Get-ADUser", "{\"Identity\":\"ada\"}");
	CHECK_EQ(r.code, CW_EUNAVAILABLE);
	run_free(&r);

	test_case = "causewayctl over the named pipe";
	status = fixture_status(&fix);
	CHECK_STR(cw_json_str(cw_json_get(status, "bridge"), "state"), "up");
	role = cJSON_GetArrayItem(cw_json_get(status, "roles"), 0);
	CHECK(strstr(cw_json_str(role, "error"), "no-such-program") != NULL);
	cJSON_Delete(status);
	CHECK_EQ(fixture_ctl(&fix, &c, "test-connection", NULL), 0);
	child_free(&c);
	test_case = "a second agent on the same folder";
	{
		char *argv[] = { (char *)(uintptr_t)fix.agent_program, "run", "--state", fix.folder,
			NULL };

		child_start(&c, &fix.bridge.loop, argv, NULL, 0);
		child_wait(&c);
		CHECK_EQ(c.status, 1);
		CHECK(strstr(cw_buf_str(&c.errors), "another agent is running") != NULL);
		child_free(&c);
	}
}

static int
service_manager(const char *sc, const char *verb, const char *more)
{
	char *argv[] = { (char *)(uintptr_t)sc, (char *)(uintptr_t)verb, "CausewayAgent",
		more != NULL ? "binPath=" : NULL, (char *)(uintptr_t)more, NULL };
	struct child c;
	int status;

	child_start(&c, &fix.bridge.loop, argv, NULL, 0);
	child_wait(&c);
	status = (int)c.status;
	child_free(&c);
	return status;
}

static bool
is_connected(struct fixture *f)
{
	return cw_agents_connected(f->bridge.agents) == 1;
}

static bool
is_gone(struct fixture *f)
{
	return cw_agents_connected(f->bridge.agents) == 0;
}

static void
test_service(const char *sc, const char *program)
{
	char command[1024], path[300];
	struct cw_err err = { 0 };
	struct cw_buf log;

	test_case = "run by the service manager";
	(void)snprintf(command, sizeof(command), "%s run --state %s", program, fix.folder);
	CHECK_EQ(service_manager(sc, "create", command), 0);
	CHECK_EQ(service_manager(sc, "start", NULL), 0);
	until_true(&fix, is_connected);
	test_case = "and stopped by it";
	CHECK_EQ(service_manager(sc, "stop", NULL), 0);
	until_true(&fix, is_gone);
	(void)snprintf(path, sizeof(path), "%s/agent.log", fix.folder);
	cw_buf_init(&log, 65536);
	do { /* the last line is written after it has hung up */
		cw_buf_clear(&log);
		CHECK_EQ(cw_file_read(&log, path, &err), CW_OK);
	} while (strstr(cw_buf_str(&log), "causeway-agent: stopped") == NULL && !test_failed);
	CHECK(strstr(cw_buf_str(&log), "ready: connected to") != NULL);
	cw_buf_free(&log);
	CHECK_EQ(service_manager(sc, "delete", NULL), 0);
	CHECK_EQ(cw_file_remove(path, &err), CW_OK);
}

int
main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	fixture_init(&fix, argv[1], argv[2]);
	test_enrolled();
	if (!test_failed)
		test_connected();
	if (fix.agent.process.pid > 0) {
		(void)uv_process_kill(&fix.agent.process, SIGKILL);
		child_wait(&fix.agent);
		if (test_failed)
			fprintf(stderr, "the agent said:\n%s", cw_buf_str(&fix.agent.errors));
		child_free(&fix.agent);
	}
	until_true(&fix, is_gone);
	if (!test_failed)
		test_service(argv[3], argv[4]);
	fixture_free(&fix);
	return test_failed;
}
