/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"
#include "base/json.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/random.h"

extern const char *test_case;

int64_t run_valid_ms = RUN_VALID_MS;

/* --- the agent's folder and program */

void
fixture_write(struct fixture *f, const char *name, const char *text)
{
	char path[300];
	struct cw_err err = { 0 };

	(void)snprintf(path, sizeof(path), "%s/%s", f->folder, name);
	CHECK_EQ(cw_file_write(path, text, strlen(text), true, &err), CW_OK);
}

void
fixture_init(struct fixture *f, const char *agent_program, const char *ctl_program)
{
	*f = (struct fixture){ .agent_program = agent_program, .ctl_program = ctl_program };
	bridge_init(&f->bridge);
	(void)snprintf(f->folder, sizeof(f->folder), "%s/agent", f->bridge.folder);
	(void)snprintf(f->address, sizeof(f->address), "127.0.0.1:%u", f->bridge.port);
}

void
fixture_free(struct fixture *f)
{
	static const char *const files[] = { "identity.json", "agent.key", "agent.crt", "ca.crt",
		"seal.key", "agent.json", "agent.lock", "journal.db", "journal.db-wal",
		"journal.db-shm", "control.sock" };
	char path[300];

	for (size_t i = 0; i < CW_COUNT(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", f->folder, files[i]);
		(void)cw_file_remove(path, NULL);
	}
	test_case = "nothing else is in the agent's folder";
	CHECK_EQ(rmdir(f->folder), 0);
	bridge_free(&f->bridge);
}

int
fixture_enrol(struct fixture *f, struct child *c, const char *roles, const char *const *more)
{
	char token[CW_TOKEN_TEXT], line[CW_TOKEN_TEXT + 2];
	char *argv[16] = { (char *)(uintptr_t)f->agent_program, "enrol", "--state", f->folder,
		"--bridge", f->address, "--token", "-" };
	struct cw_token_grant *grant;
	size_t n = 8;

	bridge_token(&f->bridge, token, TENANT, 60000);
	grant = &f->bridge.tokens[f->bridge.token_count - 1].grant;
	(void)snprintf(grant->roles, sizeof(grant->roles), "%s", roles);
	(void)snprintf(line, sizeof(line), "%s\n", token);
	for (; more != NULL && *more != NULL; more++)
		argv[n++] = (char *)(uintptr_t)*more;
	child_start(c, &f->bridge.loop, argv, line, 0);
	child_wait(c);
	CHECK(strstr(cw_buf_str(&c->output), token) == NULL);
	CHECK(strstr(cw_buf_str(&c->errors), token) == NULL);
	if (c->status == 0)
		memcpy(f->id, f->bridge.rows[f->bridge.agent_count - 1].id, sizeof(f->id));
	return (int)c->status;
}

void
fixture_start(struct fixture *f)
{
	char *argv[] = { (char *)(uintptr_t)f->agent_program, "run", "--state", f->folder, NULL };

	child_start(&f->agent, &f->bridge.loop, argv, NULL, 0);
	CHECK(child_says(&f->agent, "ready: connected to "));
}

void
fixture_stop(struct fixture *f)
{
	(void)uv_process_kill(&f->agent.process, SIGTERM);
	child_wait(&f->agent);
	CHECK_EQ(f->agent.status, 0);
	CHECK_EQ(f->agent.signal, 0);
	if (test_failed)
		fprintf(stderr, "the agent said:\n%s\n", cw_buf_str(&f->agent.errors));
	child_free(&f->agent);
}

void
fixture_configure(struct fixture *f)
{
	const char *build = getenv("CAUSEWAY_LAB_BUILD");
	char text[1024];

	/* Inside the walls it is the engine itself, with its utilities; there is nothing else. */
	(void)snprintf(text, sizeof(text),
	    "{\"powershell\":[\"%s\",\"-s\"],\"ceiling\":{\"Computers\":\"read\"},"
	    "\"sandbox_powershell\":[\"%s/powershell/pshost\",\"-s\"],"
	    "\"sandbox_modules\":[\"/engine/Modules/Causeway.Lab.Utility\"]}",
	    getenv("CAUSEWAY_LAB_POWERSHELL"), build != NULL ? build : "");
	fixture_write(f, "agent.json", text);
}

int
fixture_ctl_words(struct fixture *f, struct child *c, const char *input, const char *const *words)
{
	char *argv[16] = { (char *)(uintptr_t)f->ctl_program, "--state", f->folder };
	size_t n = 3;

	for (; *words != NULL; words++)
		argv[n++] = (char *)(uintptr_t)*words;
	child_start(c, &f->bridge.loop, argv, input, 0);
	child_wait(c);
	if (getenv("CAUSEWAY_TEST_SHOW") != NULL)
		fprintf(stderr, "--- %s\n%s%s", test_case, cw_buf_str(&c->output),
		    cw_buf_str(&c->errors));
	return (int)c->status;
}

int
fixture_ctl(struct fixture *f, struct child *c, const char *verb, const char *option)
{
	const char *const words[] = { verb, option, NULL };

	return fixture_ctl_words(f, c, NULL, words);
}

cJSON *
fixture_status(struct fixture *f)
{
	struct cw_err err = { 0 };
	cJSON *status = NULL;
	struct child c;

	(void)fixture_ctl(f, &c, "status", "--json");
	if (cw_json_parse(&status, cw_buf_str(&c.output), strcspn(cw_buf_str(&c.output), "\n"),
		"status", &err) < 0)
		fprintf(stderr, "%s: %s\n%s\n", test_case, err.text, cw_buf_str(&c.errors));
	CHECK_EQ(err.code, CW_OK);
	child_free(&c);
	return status;
}

int
fixture_signal_powershells(struct fixture *f, int number)
{
	cJSON *status = fixture_status(f);
	const cJSON *role, *one;
	int64_t pid;
	int n = 0;

	cJSON_ArrayForEach (role, cw_json_get(status, "roles"))
		cJSON_ArrayForEach (one, cw_json_get(role, "runspaces"))
			if (cw_json_int(one, "pid", &pid) && pid > 0 &&
			    uv_kill((int)pid, number) == 0)
				n++;
	cJSON_Delete(status);
	return n;
}

int
fixture_count_runspaces(struct fixture *f, const char *state)
{
	cJSON *status = fixture_status(f);
	const cJSON *role, *one;
	int n = 0;

	cJSON_ArrayForEach (role, cw_json_get(status, "roles"))
		cJSON_ArrayForEach (one, cw_json_get(role, "runspaces"))
			n += strcmp(cw_json_str(one, "state"), state) == 0;
	cJSON_Delete(status);
	return n;
}

void
until_true(struct fixture *f, bool (*condition)(struct fixture *f))
{
	while (!condition(f))
		(void)uv_run(&f->bridge.loop, UV_RUN_ONCE);
}

/* --- commands */

static void
on_output(void *arg, const char *ndjson, size_t n)
{
	struct run *r = arg;

	CHECK_EQ(cw_buf_put(&r->output, ndjson, n), CW_OK);
	if (!r->paused && r->pause_at > 0 && cw_buf_left(&r->output) >= r->pause_at) {
		r->paused = true;
		cw_agents_run_pause(r->run);
	}
}

static void
on_done(void *arg, int code, const cJSON *result, const struct cw_err *err, const cJSON *detail)
{
	struct run *r = arg;

	r->code = code;
	r->err = *err;
	r->result = cJSON_Duplicate(result, true);
	r->detail = cJSON_Duplicate(detail, true);
	r->done = true;
}

void
run_begin(struct fixture *f, struct run *r, const char *id, const char *command,
    const char *parameters, bool write, uint64_t timeout_ms)
{
	static const struct cw_agents_events events = { on_output, on_done };
	cJSON *json = cJSON_Parse(parameters);
	struct cw_agents_command c = {
		.tenant = TENANT,
		.agent = f->id,
		.id = r->id,
		.operation = TENANT,
		.step = "1",
		.command = command,
		.parameters = json,
		.write = write,
		.not_after_ms = cw_clock_unix_ms() + run_valid_ms,
		.timeout_ms = timeout_ms,
	};
	size_t pause_at = r->pause_at;
	struct cw_err err = { 0 };

	*r = (struct run){ .pause_at = pause_at };
	if (id != NULL)
		(void)snprintf(r->id, sizeof(r->id), "%s", id);
	else
		cw_random_uuid(r->id);
	cw_buf_init(&r->output, 256u << 20);
	CHECK_EQ(cw_agents_run(&r->run, f->bridge.agents, &c, &events, r, &err), CW_OK);
	cJSON_Delete(json);
}

static void
send_script(struct fixture *f, struct run *r, const struct cw_agents_script *what)
{
	static const struct cw_agents_events events = { on_output, on_done };
	struct cw_agents_script s = *what;
	struct cw_err err = { 0 };

	*r = (struct run){ 0 };
	cw_random_uuid(r->id);
	cw_buf_init(&r->output, 256u << 20);
	s.tenant = TENANT;
	s.agent = f->id;
	s.id = r->id;
	s.caller = "API key of the test";
	s.not_after_ms = cw_clock_unix_ms() + run_valid_ms;
	CHECK_EQ(cw_agents_script(&r->run, f->bridge.agents, &s, &events, r, &err), CW_OK);
	CHECK_STR(err.text, "");
}

void
run_script(struct fixture *f, struct run *r, const char *text, bool plan)
{
	send_script(f, r, &(const struct cw_agents_script){ .text = text, .plan = plan });
}

void
run_apply(struct fixture *f, struct run *r, const char *plan)
{
	send_script(f, r, &(const struct cw_agents_script){ .apply = plan });
}

void
run_wait(struct fixture *f, struct run *r)
{
	(void)until(&f->bridge, &r->done);
}

void
run_all(struct fixture *f, struct run *r, const char *command, const char *parameters)
{
	r->pause_at = 0;
	run_begin(f, r, NULL, command, parameters,
	    strncmp(command, "Get-", 4) != 0 && strncmp(command, "Search-", 7) != 0, 0);
	run_wait(f, r);
}

void
run_free(struct run *r)
{
	cw_buf_free(&r->output);
	cJSON_Delete(r->result);
	cJSON_Delete(r->detail);
	*r = (struct run){ 0 };
}

const char *
run_state(const struct run *r)
{
	const char *state = cw_json_str(r->result, "state");

	return state != NULL ? state : "";
}

const char *
run_text(const struct run *r, const char *member)
{
	static char text[1024];
	const char *line = (const char *)cw_buf_peek(&r->output), *value;
	size_t n = cw_buf_left(&r->output);
	const char *end = n > 0 ? memchr(line, '\n', n) : NULL;
	cJSON *json = NULL;

	text[0] = '\0';
	if (end == NULL || cw_json_parse(&json, line, (size_t)(end - line), "line", NULL) < 0)
		return text;
	if ((value = cw_json_str(cw_json_get(json, "output"), member)) != NULL)
		(void)snprintf(text, sizeof(text), "%s", value);
	cJSON_Delete(json);
	return text;
}

/* --- what became of it */

static struct {
	cJSON *record;
	bool answered;
} asked;

static void
on_answer(void *arg, int code, const cJSON *answer, const struct cw_err *err)
{
	(void)arg, (void)err;
	CHECK_EQ(code, CW_OK);
	asked.record =
	    cJSON_Duplicate(cJSON_GetArrayItem(cw_json_get(answer, "commands"), 0), true);
	asked.answered = true;
}

const char *
query_state(struct fixture *f, const char *id)
{
	struct cw_err err = { 0 };
	const char *state;

	cJSON_Delete(asked.record);
	asked.record = NULL;
	asked.answered = false;
	CHECK_EQ(cw_agents_query(f->bridge.agents, f->id, &id, 1, on_answer, NULL, &err), CW_OK);
	(void)until(&f->bridge, &asked.answered);
	state = cw_json_str(asked.record, "state");
	return state != NULL ? state : "";
}

const cJSON *
query_record(void)
{
	return asked.record;
}

/* --- all of it */

void
fixture_begin(struct fixture *f, int argc, char **argv)
{
	struct child c;

	if (argc != 3 || getenv("CAUSEWAY_LAB_POWERSHELL") == NULL) {
		fprintf(stderr, "usage, in a lab: %s CAUSEWAY-AGENT CAUSEWAYCTL\n", argv[0]);
		exit(2);
	}
	(void)signal(SIGPIPE, SIG_IGN);
	fixture_init(f, argv[1], argv[2]);
	CHECK_EQ(fixture_enrol(f, &c, "directory,sync", NULL), 0);
	child_free(&c);
	fixture_configure(f);
	fixture_start(f);
}

int
fixture_end(struct fixture *f)
{
	fixture_stop(f);
	fixture_free(f);
	return test_failed;
}
