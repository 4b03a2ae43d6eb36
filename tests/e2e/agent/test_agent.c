/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent as a program, the bridge's real listener, the real PowerShell engine and
 * a real directory: what it does and refuses. Runs in a lab:
 * test_agent CAUSEWAY-AGENT CAUSEWAYCTL.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "test.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto/seal.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/random.h"

int test_failed;
const char *test_case = "";

/* What the agent may hold for readers that do not read; a sanitizer keeps what was freed. */
#ifdef SANITIZED
#define MORE_KB (200u * 1024u)
#else
#define MORE_KB (4u * 1024u)
#endif

static struct fixture fix;

/* --- before it runs */

static void
refused(const char *name, const char *words)
{
	char *argv[] = { (char *)(uintptr_t)fix.agent_program, "run", "--state", fix.folder, NULL };
	struct child c;

	test_case = name;
	child_start(&c, &fix.bridge.loop, argv, NULL, 0);
	child_wait(&c);
	CHECK_EQ(c.status, 1);
	if (strstr(cw_buf_str(&c.errors), words) == NULL)
		CHECK_STR(cw_buf_str(&c.errors), words);
	child_free(&c);
}

static void
test_enrolment(void)
{
	static const char *const replace[] = { "--replace", NULL };
	char path[300], first[CW_UUID_TEXT];
	struct child c;

	refused("a folder that is not there", "not enrolled: there is no folder");
	test_case = "enrolled with a token on standard input";
	CHECK_EQ(fixture_enrol(&fix, &c, "directory,sync", NULL), 0);
	CHECK(strstr(cw_buf_str(&c.output), fix.id) != NULL);
	CHECK(strstr(cw_buf_str(&c.output), "directory, sync") != NULL);
	child_free(&c);
	memcpy(first, fix.id, sizeof(first));
	test_case = "enrolled already";
	CHECK_EQ(fixture_enrol(&fix, &c, "directory,sync", NULL), 1);
	CHECK(strstr(cw_buf_str(&c.errors), "enrolled already") != NULL);
	child_free(&c);
	test_case = "enrolled anew";
	CHECK_EQ(fixture_enrol(&fix, &c, "directory,sync", replace), 0);
	CHECK(strcmp(first, fix.id) != 0);
	child_free(&c);

	CHECK_EQ(chmod(fix.folder, 0777), 0);
	refused("a folder that others may write", "chmod 700");
	CHECK_EQ(chmod(fix.folder, 0700), 0);
	fixture_write(&fix, "agent.json", "{\"pool\":1}");
	refused("settings that are not right", "\"pool\" must be a whole number");
	fixture_write(&fix, "agent.json", "{}");
	fixture_write(
	    &fix, "journal.db", "this is no journal, whatever else it may be .............");
	refused("a journal that is none", "journal");
	(void)snprintf(path, sizeof(path), "%s/journal.db", fix.folder);
	CHECK_EQ(cw_file_remove(path, NULL), CW_OK);
}

/* --- what it does */

static void
test_reads(void)
{
	struct cw_agents_status s;
	struct run r = { 0 };

	test_case = "the roles that it serves";
	cw_agents_status(fix.bridge.agents, fix.id, &s);
	CHECK_STR(s.roles, "directory,sync");

	test_case = "a person";
	run_all(
	    &fix, &r, "Get-ADUser", "{\"Identity\":\"ada\",\"Properties\":[\"title\",\"mail\"]}");
	CHECK_EQ(r.code, CW_OK);
	CHECK_STR(run_state(&r), "done");
	CHECK_STR(run_text(&r, "SamAccountName"), "ada");
	CHECK_STR(run_text(&r, "GivenName"), "Ada");
	CHECK(strstr(cw_json_str(r.result, "server"), "dc1") != NULL);
	run_free(&r);
	test_case = "members of a group";
	run_all(&fix, &r, "Search-ADAccount", "{\"AccountDisabled\":true,\"UsersOnly\":true}");
	CHECK_STR(run_state(&r), "done");
	run_free(&r);
	test_case = "a filter";
	run_all(&fix, &r, "Get-ADUser", "{\"Filter\":\"SamAccountName -eq 'grace'\"}");
	CHECK_STR(run_text(&r, "SamAccountName"), "grace");
	run_free(&r);
	test_case = "somebody who is not there";
	run_all(&fix, &r, "Get-ADUser", "{\"Identity\":\"nobody-here\"}");
	CHECK_STR(run_state(&r), "failed");
	CHECK_STR(cw_json_str(cw_json_get(r.result, "error"), "type"),
	    "Microsoft.ActiveDirectory.Management.ADIdentityNotFoundException");
	CHECK_STR(cw_json_str(cw_json_get(r.result, "error"), "category"), "ObjectNotFound");
	CHECK(strstr(cw_json_str(cw_json_get(r.result, "error"), "error_id"),
		  "ADIdentityNotFoundException") != NULL);
	CHECK(strstr(cw_buf_str(&r.output), "{\"error\":{\"message\":\"Cannot find an object") !=
	    NULL);
	run_free(&r);
	test_case = "another role, in runspaces of its own";
	run_all(&fix, &r, "Get-ADSyncScheduler", "{}");
	CHECK_STR(run_state(&r), "done");
	CHECK_STR(cw_json_str(r.result, "server"), "");
	run_free(&r);
}

/* Who has power over the domain is as safe from a command as from a script. */
static void
check_protected(void)
{
	static const struct {
		const char *name, *command, *parameters;
	} rows[] = {
		{ "an administrator", "Set-ADUser",
		    "{\"Identity\":\"Administrator\",\"Title\":\"x\"}" },
		{ "one by membership", "Disable-ADAccount", "{\"Identity\":\"svc-causeway\"}" },
		{ "a group with power", "Add-ADGroupMember",
		    "{\"Identity\":\"Domain Admins\",\"Members\":[\"ada\"]}" },
		{ "by its account name", "Unlock-ADAccount", "{\"Identity\":\"krbtgt\"}" },
		{ "a place with power", "Move-ADObject",
		    "{\"Identity\":\"CN=Ada Lovelace,OU=Research,OU=Staff,DC=lab,DC=test\","
		    "\"TargetPath\":\"OU=Domain Controllers,DC=lab,DC=test\"}" },
	};
	struct run r = { 0 };
	const cJSON *refusal;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		run_all(&fix, &r, rows[i].command, rows[i].parameters);
		CHECK_EQ(r.code, CW_EDENIED);
		refusal = cw_json_get(r.detail, "refusal");
		CHECK_STR(cw_json_str(refusal, "rule"), "protected-object");
		CHECK_STR(cw_json_str(cw_json_get(refusal, "call"), "command"), rows[i].command);
		CHECK_STR(query_state(&fix, r.id), "never");
		run_free(&r);
	}
}

static void
test_refused(void)
{
	struct run r = { 0 };
	const cJSON *refusal;

	test_case = "script text";
	run_all(&fix, &r, "Get-ADUser ada | Remove-ADUser", "{}");
	CHECK_EQ(r.code, CW_EDENIED);
	CHECK(strstr(r.err.text, "script text is not run") != NULL);
	run_free(&r);
	test_case = "not in the catalogue";
	run_all(&fix, &r, "Get-Process", "{}");
	CHECK_EQ(r.code, CW_EDENIED);
	run_free(&r);
	test_case = "what this server's own ceiling does not allow";
	run_all(&fix, &r, "Set-ADComputer", "{\"Identity\":\"pc1\",\"Description\":\"x\"}");
	CHECK_EQ(r.code, CW_EDENIED);
	refusal = cw_json_get(r.detail, "refusal");
	CHECK_STR(cw_json_str(refusal, "rule"), "ceiling");
	CHECK_STR(cw_json_str(refusal, "group"), "Computers");
	CHECK(strstr(cw_json_str(refusal, "who_can_change_it"), "agent.json") != NULL);
	CHECK_STR(query_state(&fix, r.id), "never");
	run_free(&r);
	check_protected();
	test_case = "a write that says it reads";
	run_begin(&fix, &r, NULL, "Unlock-ADAccount", "{\"Identity\":\"ada\"}", false, 0);
	run_wait(&fix, &r);
	CHECK_EQ(r.code, CW_EINVAL);
	run_free(&r);
	test_case = "one that came too late";
	run_valid_ms = -1000;
	run_all(&fix, &r, "Set-ADUser", "{\"Identity\":\"ada\",\"Title\":\"Late\"}");
	run_valid_ms = RUN_VALID_MS;
	CHECK_EQ(r.code, CW_EEXPIRED);
	CHECK_STR(query_state(&fix, r.id), "never");
	run_free(&r);
	test_case = "a secret attribute";
	run_all(&fix, &r, "Get-ADUser", "{\"Identity\":\"ada\",\"Properties\":[\"unicodePwd\"]}");
	CHECK_EQ(r.code, CW_EDENIED);
	run_free(&r);
}

static void
test_writes(void)
{
	struct run r = { 0 }, again = { 0 };
	const cJSON *record;

	test_case = "a write, read back";
	run_all(&fix, &r, "Set-ADUser", "{\"Identity\":\"ada\",\"Title\":\"Countess\"}");
	CHECK_EQ(r.code, CW_OK);
	CHECK_STR(run_state(&r), "done");
	run_all(&fix, &again, "Get-ADUser", "{\"Identity\":\"ada\",\"Properties\":\"Title\"}");
	CHECK_STR(run_text(&again, "Title"), "Countess");
	run_free(&again);
	test_case = "the same id twice";
	run_begin(&fix, &again, r.id, "Set-ADUser", "{\"Identity\":\"ada\",\"Title\":\"Other\"}",
	    true, 0);
	run_wait(&fix, &again);
	CHECK_EQ(again.code, CW_ECONFLICT);
	CHECK_STR(cw_json_str(again.detail, "state"), "done");
	run_free(&again);
	run_all(&fix, &again, "Get-ADUser", "{\"Identity\":\"ada\",\"Properties\":\"Title\"}");
	CHECK_STR(run_text(&again, "Title"), "Countess");
	run_free(&again);
	test_case = "asked for later";
	CHECK_STR(query_state(&fix, r.id), "done");
	record = query_record();
	CHECK(cJSON_Compare(cw_json_get(record, "result"), r.result, true));
	run_free(&r);

	test_case = "a write that the directory refuses";
	run_all(&fix, &r, "Set-ADUser", "{\"Identity\":\"nobody-here\",\"Title\":\"x\"}");
	CHECK_STR(run_state(&r), "failed");
	CHECK_STR(query_state(&fix, r.id), "failed");
	run_free(&r);
	test_case = "a cycle of the synchronisation";
	run_all(&fix, &r, "Start-ADSyncSyncCycle", "{\"PolicyType\":\"Delta\"}");
	CHECK_STR(run_state(&r), "done");
	run_free(&r);
}

/* Held back by its reader when its time ends: it is stopped all the same. */
static void
test_late(void)
{
	struct run r = { .pause_at = 1 };

	test_case = "past its time";
	run_begin(
	    &fix, &r, NULL, "Get-ADUser", "{\"Filter\":\"*\",\"Properties\":\"*\"}", false, 300);
	while (!r.paused && !r.done)
		(void)uv_run(&fix.bridge.loop, UV_RUN_ONCE);
	while (fixture_count_runspaces(&fix, "busy") > 0)
		;
	if (!r.done) /* what was under way may stand before the answer */
		cw_agents_run_resume(r.run);
	run_wait(&fix, &r);
	CHECK_EQ(r.code, CW_EUNKNOWN); /* the bridge's word for an answer that says timeout */
	CHECK(strstr(r.err.text, "its time was over") != NULL);
	run_free(&r);
	run_all(&fix, &r, "Get-ADUser", "{\"Identity\":\"ada\"}");
	CHECK_STR(run_state(&r), "done");
	run_free(&r);
}

/* True when ada can bind with this password. */
static bool
binds(const char *password)
{
	char command[1024];

	(void)snprintf(command, sizeof(command),
	    "LDAPTLS_CACERT='%s' ldapsearch -x -LLL -H '%s' -D ada@lab.test -w '%s' -s base "
	    "-b '' 1.1 >/dev/null 2>&1",
	    getenv("CAUSEWAY_LAB_AD_CA"), getenv("CAUSEWAY_LAB_AD_URL"), password);
	return system(command) == 0; /* NOLINT: a test's own constant words */
}

static void
test_password(void)
{
	char password[64], id[CW_UUID_TEXT], context[CW_SEAL_CONTEXT_MAX], parameters[1024];
	struct cw_buf box, text;
	struct cw_err err = { 0 };
	struct run r = { 0 };

	cw_random_uuid(id);
	(void)snprintf(password, sizeof(password), "Sealed-%s", id);
	test_case = "a password that was sealed to this agent";
	cw_buf_init(&box, 1024);
	cw_buf_init(&text, 1024);
	cw_seal_secret_context(context, fix.id, TENANT, "NewPassword");
	CHECK_EQ(cw_seal(&box, fix.bridge.rows[fix.bridge.agent_count - 1].seal_key, context,
		     password, strlen(password), &err),
	    CW_OK);
	CHECK_EQ(cw_base64_put(&text, cw_buf_peek(&box), cw_buf_left(&box)), CW_OK);
	(void)snprintf(parameters, sizeof(parameters),
	    "{\"Identity\":\"ada\",\"Reset\":true,\"NewPassword\":{\"$sealed\":\"%s\"}}",
	    cw_buf_str(&text));
	CHECK(!binds(password));
	run_all(&fix, &r, "Set-ADAccountPassword", parameters);
	CHECK_STR(run_state(&r), "done");
	CHECK(binds(password));
	CHECK_EQ(cw_buf_left(&r.output), 0);
	CHECK_STR(query_state(&fix, r.id), "done");
	run_free(&r);
	test_case = "in clear it is refused, and not repeated";
	(void)snprintf(parameters, sizeof(parameters),
	    "{\"Identity\":\"ada\",\"Reset\":true,\"NewPassword\":\"%s\"}", password);
	run_all(&fix, &r, "Set-ADAccountPassword", parameters);
	CHECK_EQ(r.code, CW_EDENIED);
	CHECK(strstr(r.err.text, password) == NULL);
	run_free(&r);
	cw_buf_free(&box);
	cw_buf_free(&text);
}

/* --- slow readers and stops */

static size_t
private_kb(int pid)
{
	char path[64], line[256];
	size_t kb = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if ((file = fopen(path, "r")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "RssAnon:", 8) == 0)
			kb = strtoul(line + 8, NULL, 10);
	(void)fclose(file);
	return kb;
}

static void
test_slow_reader(void)
{
	static struct run slow[8];
	size_t before, most = 0, lines = 0, bytes = 0;
	struct run r = { 0 };

	test_case = "readers that do not read";
	run_all(&fix, &r, "Get-ADUser", "{\"Filter\":\"*\",\"Properties\":\"*\"}");
	bytes = cw_buf_left(&r.output);
	CHECK(bytes > 2u * 256u * 1024u);
	run_free(&r);
	before = private_kb(fix.agent.process.pid);
	for (size_t i = 0; i < CW_COUNT(slow); i++) {
		slow[i].pause_at = 1;
		run_begin(&fix, &slow[i], NULL, "Get-ADUser",
		    "{\"Filter\":\"*\",\"Properties\":\"*\"}", false, 0);
	}
	/* All of the pool is held by now, and the agent still answers. */
	while (!slow[2].paused)
		(void)uv_run(&fix.bridge.loop, UV_RUN_ONCE);
	run_all(&fix, &r, "Get-ADSyncScheduler", "{}");
	CHECK_STR(run_state(&r), "done");
	run_free(&r);
	most = private_kb(fix.agent.process.pid);
	for (size_t i = 0; i < CW_COUNT(slow); i++)
		CHECK(!slow[i].done);
	CHECK(most < before + MORE_KB);
	test_case = "get everything when they do";
	for (size_t i = 0; i < CW_COUNT(slow); i++) {
		slow[i].pause_at = 0;
		cw_agents_run_resume(slow[i].run);
	}
	for (size_t i = 0; i < CW_COUNT(slow); i++) {
		run_wait(&fix, &slow[i]);
		CHECK_STR(run_state(&slow[i]), "done");
		CHECK_EQ(cw_buf_left(&slow[i].output), bytes);
		lines = 0;
		for (const char *p = cw_buf_str(&slow[i].output); (p = strchr(p, '\n')) != NULL;
		     p++)
			lines++;
		CHECK_EQ(cw_json_get(slow[i].result, "outputs")->valueint, lines);
		run_free(&slow[i]);
	}
}

static void
test_stop(void)
{
	struct run r = { .pause_at = 1 };

	test_case = "a command is stopped while it runs";
	run_begin(
	    &fix, &r, NULL, "Get-ADUser", "{\"Filter\":\"*\",\"Properties\":\"*\"}", false, 0);
	while (!r.paused)
		(void)uv_run(&fix.bridge.loop, UV_RUN_ONCE);
	cw_agents_run_stop(r.run);
	cw_agents_run_resume(r.run);
	run_wait(&fix, &r);
	CHECK_EQ(r.code, CW_OK);
	CHECK_STR(run_state(&r), "failed");
	CHECK(strstr(cw_json_str(cw_json_get(r.result, "error"), "message"), "stopped") != NULL);
	run_free(&r);
	test_case = "and the next one runs";
	run_all(&fix, &r, "Get-ADUser", "{\"Identity\":\"ada\"}");
	CHECK_STR(run_state(&r), "done");
	run_free(&r);
}

/* --- who may talk to it, and what its children get */

static void
test_second(void)
{
	struct child c;

	refused("a second agent on the same folder", "another agent is running");
	test_case = "enrolment under a running agent";
	CHECK_EQ(
	    fixture_enrol(&fix, &c, "directory", (const char *const[]){ "--replace", NULL }), 1);
	CHECK(strstr(cw_buf_str(&c.errors), "stop it first") != NULL);
	child_free(&c);
}

static void
test_ctl(void)
{
	struct child c;
	cJSON *status;

	test_case = "causewayctl status";
	CHECK_EQ(fixture_ctl(&fix, &c, "status", NULL), 0);
	CHECK(strstr(cw_buf_str(&c.output), "connected") != NULL);
	CHECK(strstr(cw_buf_str(&c.output), "the PDC emulator of lab.test") != NULL);
	CHECK(strstr(cw_buf_str(&c.output), "read-write, but: Computers read") != NULL);
	if (getenv("CAUSEWAY_TEST_SHOW") != NULL)
		fprintf(stderr, "%s", cw_buf_str(&c.output));
	child_free(&c);
	status = fixture_status(&fix);
	CHECK_STR(cw_json_str(status, "agent"), fix.id);
	CHECK_STR(cw_json_str(cw_json_get(status, "bridge"), "state"), "up");
	CHECK_EQ(cJSON_GetArraySize(cw_json_get(status, "roles")), 2);
	CHECK(cw_json_get(cw_json_get(status, "memory"), "private")->valuedouble > 0);
	cJSON_Delete(status);
	test_case = "causewayctl test-connection";
	CHECK_EQ(fixture_ctl(&fix, &c, "test-connection", NULL), 0);
	CHECK(strstr(cw_buf_str(&c.output), "The bridge can be reached.") != NULL);
	if (getenv("CAUSEWAY_TEST_SHOW") != NULL)
		fprintf(stderr, "%s", cw_buf_str(&c.output));
	child_free(&c);
	test_case = "causewayctl journal";
	CHECK_EQ(fixture_ctl(&fix, &c, "journal", "-n5"), 0);
	CHECK(strstr(cw_buf_str(&c.output), "Set-ADUser") != NULL);
	if (getenv("CAUSEWAY_TEST_SHOW") != NULL)
		fprintf(stderr, "%s", cw_buf_str(&c.output));
	child_free(&c);
	test_case = "causewayctl version";
	CHECK_EQ(fixture_ctl(&fix, &c, "version", NULL), 0);
	CHECK(strstr(cw_buf_str(&c.output), "openssl 3.") != NULL);
	child_free(&c);
	test_case = "what causewayctl does not know";
	CHECK_EQ(fixture_ctl(&fix, &c, "dance", NULL), 2);
	child_free(&c);
	CHECK_EQ(fixture_ctl(&fix, &c, "status", "--dance"), 2);
	child_free(&c);
}

/* As nobody, with the folder open to look into: the socket alone decides. */
static void
test_wrong_account(void)
{
	char program[300], socket[300];
	char *argv[] = { program, "--state", fix.folder, "status", NULL };
	struct child c;
	uv_fs_t req;

	(void)snprintf(program, sizeof(program), "%s/causewayctl", fix.bridge.folder);
	(void)snprintf(socket, sizeof(socket), "%s/control.sock", fix.folder);
	CHECK_EQ(uv_fs_copyfile(NULL, &req, fix.ctl_program, program, 0, NULL), 0);
	CHECK_EQ(chmod(fix.bridge.folder, 0755), 0);
	CHECK_EQ(chmod(fix.folder, 0755), 0);
	CHECK_EQ(chmod(program, 0755), 0);
	test_case = "another account may not ask";
	child_start(&c, &fix.bridge.loop, argv, NULL, 65534);
	child_wait(&c);
	CHECK_EQ(c.status, 3);
	CHECK(strstr(cw_buf_str(&c.errors), "only root") != NULL);
	child_free(&c);
	test_case = "not even where the socket's rights are gone";
	CHECK_EQ(chmod(socket, 0666), 0);
	child_start(&c, &fix.bridge.loop, argv, NULL, 65534);
	child_wait(&c);
	CHECK_EQ(c.status, 3);
	if (strstr(cw_buf_str(&c.errors), "run this as root") == NULL)
		CHECK_STR(cw_buf_str(&c.errors), cw_buf_str(&c.output));
	child_free(&c);
	CHECK_EQ(chmod(socket, 0600), 0);
	CHECK_EQ(chmod(fix.folder, 0700), 0);
	CHECK_EQ(chmod(fix.bridge.folder, 0700), 0);
	CHECK_EQ(unlink(program), 0);
}

/* "socket:[123]" of each of a process's sockets, one a line. */
static void
list_sockets(struct cw_buf *ret, int pid, int from_fd)
{
	char path[64], target[512];
	ssize_t n;

	for (int fd = from_fd; fd < 256; fd++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		if ((n = readlink(path, target, sizeof(target) - 1)) < 0)
			continue;
		target[n] = '\0';
		CHECK(from_fd == 0 || strstr(target, fix.folder) == NULL);
		if (strncmp(target, "socket:", 7) == 0)
			(void)cw_buf_printf(ret, "%s\n", target);
	}
}

static void
read_environment(struct cw_buf *ret, int pid)
{
	char path[64];
	FILE *file;
	int c;

	(void)snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	if ((file = fopen(path, "r")) == NULL)
		return;
	while ((c = fgetc(file)) != EOF)
		(void)cw_buf_putc(ret, (char)(c == '\0' ? '\n' : c));
	(void)fclose(file);
}

/* What a PowerShell has open and in its environment: nothing of ours but its three pipes. */
static void
test_children(void)
{
	cJSON *status = fixture_status(&fix);
	const cJSON *role = cJSON_GetArrayItem(cw_json_get(status, "roles"), 0);
	int pid =
	    cw_json_get(cJSON_GetArrayItem(cw_json_get(role, "runspaces"), 0), "pid")->valueint;
	struct cw_buf ours, theirs, environment;
	char *line, *rest;

	test_case = "what a PowerShell inherits";
	cw_buf_init(&ours, 65536);
	cw_buf_init(&theirs, 65536);
	cw_buf_init(&environment, 1u << 20);
	list_sockets(&ours, fix.agent.process.pid, 0);
	list_sockets(&theirs, pid, 3);
	CHECK(cw_buf_left(&ours) > 0);
	rest = (char *)(uintptr_t)cw_buf_str(&theirs);
	for (; (line = strtok_r(rest, "\n", &rest)) != NULL;)
		if (strstr(cw_buf_str(&ours), line) != NULL)
			CHECK_STR(line, "a socket of its own");
	read_environment(&environment, pid);
	CHECK(strstr(cw_buf_str(&environment), "CAUSEWAY_TEST_SECRET") == NULL);
	CHECK(strstr(cw_buf_str(&environment), "PATH=") != NULL);
	cw_buf_free(&ours);
	cw_buf_free(&theirs);
	cw_buf_free(&environment);
	cJSON_Delete(status);
}

int
main(int argc, char **argv)
{
	if (argc != 3 || getenv("CAUSEWAY_LAB_POWERSHELL") == NULL) {
		fprintf(stderr, "usage, in a lab: test_agent CAUSEWAY-AGENT CAUSEWAYCTL\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)setenv("CAUSEWAY_TEST_SECRET", "not for others", 1);
	fixture_init(&fix, argv[1], argv[2]);
	test_enrolment();
	fixture_configure(&fix);
	fixture_start(&fix);
	test_reads();
	test_refused();
	test_writes();
	test_late();
	test_password();
	test_slow_reader();
	test_stop();
	test_second();
	test_ctl();
	test_wrong_account();
	test_children();
	fixture_stop(&fix);
	fixture_free(&fix);
	return test_failed;
}
