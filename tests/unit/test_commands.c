/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands between a wire in memory, a real journal and a double of the runspaces:
 * every way that a command can go.
 */
#include <stdio.h>
#include <stdlib.h>

#include "test.h"
#include "double_runspaces.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/time.h"
#include "commands/commands.h"
#include "commands/controller.h"
#include "commands/roles.h"
#include "crypto/seal.h"
#include "journal/writer.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/random.h"
#include "wire/channel.h"

int test_failed;
const char *test_case = "";

#define AGENT "6f1de2b0-6a3c-4d2a-9b1e-0000000000aa"
#define OPERATION "6f1de2b0-6a3c-4d2a-9b1e-00000000000b"
#define GET_USER "ActiveDirectory\\Get-ADUser"
#define GET_DOMAIN "ActiveDirectory\\Get-ADDomain"
#define SET_USER "ActiveDirectory\\Set-ADUser"
#define DOMAIN                                                                                 \
	"<Obj RefId=\"0\"><Props><S N=\"DNSRoot\">lab.test</S>"                                \
	"<S N=\"PDCEmulator\">dc1.lab.test</S><Obj N=\"ReplicaDirectoryServers\" RefId=\"1\">" \
	"<LST><S>dc1.lab.test</S><S>DC2.lab.test</S></LST></Obj></Props></Obj>"
#define ERROR_XML                                                                              \
	"<Obj RefId=\"0\"><MS><Obj N=\"Exception\" RefId=\"1\"><TN RefId=\"0\"><T>%s</T></TN>" \
	"<Props><S N=\"Message\">%s</S></Props></Obj></MS></Obj>"

static uv_loop_t loop;
static char path[128];
static struct cw_journal *journal;
static struct cw_writer *writer;
static struct cw_roles *roles;
static struct cw_controller *controller;
static struct cw_commands *commands;
static struct cw_wire *bridge, *agent;
static uint8_t seal_public[32], seal_private[32];
static bool flag;
static int64_t run_valid_ms = 60000; /* from now to not_after */

/* --- the wire */

static void
on_request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	(void)arg;
	cw_commands_request(commands, call, method, params);
}

static void
no_request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	(void)arg, (void)method, (void)params;
	cw_wire_call_fail(call, CW_ENOTFOUND, "no such method", NULL);
}

static void
no_output(void *arg)
{
	(void)arg; /* pump() looks */
}

static void
wire_up(void)
{
	const struct cw_wire_config ours = { NULL, no_request, no_output, 0, 0 };
	const struct cw_wire_config theirs = { NULL, on_request, no_output, 0, 0 };

	CHECK_EQ(cw_wire_new(&bridge, &ours, 0), CW_OK);
	CHECK_EQ(cw_wire_new(&agent, &theirs, 0), CW_OK);
}

static void
wire_down(void)
{
	cw_wire_free(agent);
	cw_wire_free(bridge);
	agent = bridge = NULL;
}

static bool
carry(struct cw_wire *from, struct cw_wire *to)
{
	const struct cw_buf *out = cw_wire_out(from);
	size_t n = cw_buf_left(out);

	if (n == 0)
		return false;
	(void)cw_wire_feed(to, cw_buf_peek(out), n, 0);
	cw_wire_sent(from, n);
	return true;
}

/* Everything that is under way arrives, and what it causes too. */
static void
pump(void)
{
	do {
		(void)uv_run(&loop, UV_RUN_NOWAIT);
	} while (agent != NULL && (carry(bridge, agent) || carry(agent, bridge)));
}

/* --- the bridge's questions */

struct answer {
	struct cw_buf stream;
	int code; /* 1: none yet */
	char message[256];
	cJSON *result, *data;
	struct cw_wire_request *request;
	size_t pause_at;
};

static void
on_chunk(void *arg, const char *text, size_t n)
{
	struct answer *a = arg;

	CHECK_EQ(cw_buf_put(&a->stream, text, n), CW_OK);
	if (a->pause_at > 0 && cw_buf_left(&a->stream) >= a->pause_at)
		cw_wire_request_pause(a->request);
}

static void
on_answer(void *arg, const struct cw_wire_answer *answer)
{
	struct answer *a = arg;

	a->code = answer->code;
	(void)snprintf(
	    a->message, sizeof(a->message), "%s", answer->message != NULL ? answer->message : "");
	a->result = cJSON_Duplicate(answer->result, true);
	a->data = cJSON_Duplicate(answer->data, true);
}

static void
answer_free(struct answer *a)
{
	cw_buf_free(&a->stream);
	cJSON_Delete(a->result);
	cJSON_Delete(a->data);
	*a = (struct answer){ 0 };
}

static void
ask(struct answer *a, const char *method, const char *json)
{
	static const struct cw_wire_events events = { on_chunk, on_answer };

	answer_free(a);
	a->code = 1;
	cw_buf_init(&a->stream, 64u << 20);
	CHECK_EQ(cw_wire_request(&a->request, bridge, method, cJSON_Parse(json), &events, a, 0, 0),
	    CW_OK);
	pump();
}

static void
wait_for(const struct answer *a)
{
	while (a->code == 1) {
		(void)uv_run(&loop, UV_RUN_ONCE);
		pump();
	}
}

/* For a job to appear: its beginning may be on its way to the disk. */
static struct double_job *
wait_for_job(const char *command)
{
	struct double_job *job;

	while ((job = double_find(command)) == NULL) {
		(void)uv_run(&loop, UV_RUN_ONCE);
		pump();
	}
	return job;
}

static void
run(struct answer *a, const char *id, const char *command, const char *parameters, bool write,
    const char *more)
{
	char json[4096], until[CW_TIME_TEXT];

	cw_time_text(until, cw_clock_unix_ms() + run_valid_ms);
	(void)snprintf(json, sizeof(json),
	    "{\"id\":\"%s\",\"operation\":\"" OPERATION "\",\"step\":\"1\",\"command\":\"%s\","
	    "\"parameters\":{%s},\"write\":%s,\"not_after\":\"%s\"%s}",
	    id, command, parameters, write ? "true" : "false", until, more);
	ask(a, "command.run", json);
}

static const char *
state(const struct answer *a)
{
	const char *text = cw_json_str(a->result, "state");

	return text != NULL ? text : "(none)";
}

/* What command.query says of one id. */
static const char *
query(struct answer *a, const char *id)
{
	char json[128];
	const cJSON *one;

	(void)snprintf(json, sizeof(json), "{\"ids\":[\"%s\"]}", id);
	ask(a, "command.query", json);
	wait_for(a);
	one = cJSON_GetArrayItem(cw_json_get(a->result, "commands"), 0);
	return cw_json_str(one, "state") != NULL ? cw_json_str(one, "state") : "(none)";
}

/* --- rows */

static void
test_refused(void)
{
	struct answer a = { 0 };
	char id[CW_UUID_TEXT];

	cw_random_uuid(id);
	test_case = "not in the catalogue";
	run(&a, id, "Remove-Item", "", true, "");
	CHECK_EQ(a.code, CW_EDENIED);
	test_case = "script text";
	run(&a, id, "Get-ADUser ada; rm x", "", false, "");
	CHECK_EQ(a.code, CW_EDENIED);
	CHECK(strstr(a.message, "script text") != NULL);
	test_case = "a role that was not given";
	run(&a, id, "Get-ADSyncScheduler", "", false, "");
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	CHECK(strstr(a.message, "not given the role sync") != NULL);
	test_case = "no such method";
	ask(&a, "command.dance", "{}");
	CHECK_EQ(a.code, CW_ENOTFOUND);
	test_case = "ids that are none";
	ask(&a, "command.query", "{\"ids\":[1]}");
	CHECK_EQ(a.code, CW_EINVAL);
	ask(&a, "command.forget", "{\"ids\":\"x\"}");
	CHECK_EQ(a.code, CW_EINVAL);
	CHECK_EQ(double_jobs(), 0);
	answer_free(&a);
}

static void
test_controller(void)
{
	struct answer a = { 0 }, b = { 0 };
	struct double_job *job;
	char id[CW_UUID_TEXT], id_b[CW_UUID_TEXT];

	cw_random_uuid(id);
	cw_random_uuid(id_b);
	test_case = "no domain controller can be found";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	CHECK(double_find(GET_USER) == NULL);
	double_done(double_find(GET_DOMAIN), CW_EFAILED, "Unable to contact the server.", NULL);
	pump();
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	CHECK(strstr(a.message, "Unable to contact the server") != NULL);

	test_case = "the domain is asked once for all that wait";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	run(&b, id_b, "Get-ADUser", "\"Identity\":\"ada\"", false,
	    ",\"domain_controller\":\"dc2.lab.test\"");
	CHECK_EQ(double_jobs(), 1);
	double_output(double_find(GET_DOMAIN), DOMAIN);
	double_done(double_find(GET_DOMAIN), CW_OK, NULL, NULL);
	CHECK_EQ(double_jobs(), 2);
	job = double_find(GET_USER);
	CHECK_STR(cw_ps_str(double_argument(job, "Server")), "dc1.lab.test");
	double_done(job, CW_OK, NULL, NULL);
	pump();
	CHECK_EQ(a.code, CW_OK);
	CHECK_STR(cw_json_str(a.result, "server"), "dc1.lab.test");
	test_case = "the one that the call names";
	job = double_find(GET_USER);
	CHECK_STR(cw_ps_str(double_argument(job, "Server")), "DC2.lab.test");
	double_done(job, CW_OK, NULL, NULL);
	pump();
	CHECK_STR(cw_json_str(b.result, "server"), "DC2.lab.test");

	test_case = "a server that is no controller of this domain";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false,
	    ",\"domain_controller\":\"evil.example\"");
	pump();
	CHECK_EQ(a.code, CW_EDENIED);
	CHECK(strstr(a.message, "evil.example is not a domain controller") != NULL);
	CHECK_EQ(double_jobs(), 0);

	test_case = "a controller that is down is asked for again";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	{
		char xml[512];

		(void)snprintf(xml, sizeof(xml), ERROR_XML,
		    "Microsoft.ActiveDirectory.Management.ADServerDownException", "down");
		double_done(double_find(GET_USER), CW_EFAILED, "down", xml);
	}
	pump();
	CHECK_STR(state(&a), "failed");
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	CHECK(double_find(GET_DOMAIN) != NULL);
	double_output(double_find(GET_DOMAIN), DOMAIN);
	double_done(double_find(GET_DOMAIN), CW_OK, NULL, NULL);
	double_done(double_find(GET_USER), CW_OK, NULL, NULL);
	pump();
	CHECK_EQ(a.code, CW_OK);
	answer_free(&a);
	answer_free(&b);
}

static void
test_read(void)
{
	uint64_t counter = cw_journal_counter(journal);
	struct answer a = { 0 };
	struct double_job *job;
	char id[CW_UUID_TEXT], xml[512];

	cw_random_uuid(id);
	test_case = "a read";
	run(&a, id, "get-aduser", "\"Identity\":\"ada\"", false, "");
	job = double_find(GET_USER);
	CHECK_STR(cw_ps_str(double_argument(job, "Identity")), "ada");
	CHECK(double_argument(job, "WhatIf") == NULL);
	CHECK(job->begin_by_ms > uv_now(&loop));
	double_output(job,
	    "<Obj RefId=\"0\"><Props><S N=\"Name\">Ada</S><S N=\"unicodePwd\">geheim</S></Props>"
	    "</Obj>");
	double_record(job, CW_PSRP_WARNING, "<S>careful</S>");
	CHECK_EQ(cw_buf_left(&a.stream), 0);
	pump();
	CHECK_STR(
	    cw_buf_str(&a.stream), "{\"output\":{\"Name\":\"Ada\"}}\n{\"warning\":\"careful\"}\n");
	CHECK_EQ(a.code, 1);
	double_done(job, CW_OK, NULL, NULL);
	pump();
	CHECK_EQ(a.code, CW_OK);
	CHECK_STR(state(&a), "done");
	CHECK_EQ(cw_json_get(a.result, "outputs")->valueint, 1);
	CHECK(cw_json_get(a.result, "error") == NULL);
	CHECK(cw_json_get(a.result, "duration_ms")->valuedouble >= 0);
	CHECK(
	    cw_json_str(a.result, "started") != NULL && cw_json_str(a.result, "finished") != NULL);
	CHECK_EQ(cw_journal_counter(journal), counter);

	test_case = "an error that does not end it";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	job = double_find(GET_USER);
	(void)snprintf(xml, sizeof(xml), ERROR_XML, "My.Exception", "first");
	double_record(job, CW_PSRP_ERROR, xml);
	(void)snprintf(xml, sizeof(xml), ERROR_XML, "My.Exception", "second");
	double_record(job, CW_PSRP_ERROR, xml);
	double_done(job, CW_OK, NULL, NULL);
	pump();
	CHECK_STR(state(&a), "failed");
	CHECK_STR(cw_json_str(cw_json_get(a.result, "error"), "message"), "first");
	CHECK_STR(cw_json_str(cw_json_get(a.result, "error"), "type"), "My.Exception");
	CHECK(strstr(cw_buf_str(&a.stream), "\"second\"") != NULL);

	test_case = "one that does";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	(void)snprintf(xml, sizeof(xml), ERROR_XML, "My.Exception", "no");
	double_done(double_find(GET_USER), CW_EFAILED, "no", xml);
	pump();
	CHECK_STR(state(&a), "failed");
	CHECK_STR(cw_json_str(cw_json_get(a.result, "error"), "message"), "no");
	CHECK_STR(
	    cw_buf_str(&a.stream), "{\"error\":{\"message\":\"no\",\"type\":\"My.Exception\"}}\n");

	test_case = "a runspace that dies under a read";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	double_done(double_find(GET_USER), CW_EUNKNOWN, "PowerShell was ended by signal 9", NULL);
	pump();
	CHECK_EQ(a.code, CW_EUNKNOWN);

	test_case = "one that asks for something and is stopped for it";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	double_done(double_find(GET_USER), CW_ECLOSED, "the command was stopped", NULL);
	pump();
	CHECK_STR(state(&a), "failed");
	CHECK(strstr(cw_json_str(cw_json_get(a.result, "error"), "message"), "nobody is there") !=
	    NULL);

	test_case = "the same id while it runs";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	{
		struct answer b = { 0 };

		run(&b, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
		CHECK_EQ(b.code, CW_ECONFLICT);
		CHECK_STR(cw_json_str(b.data, "state"), "running");
		answer_free(&b);
	}
	double_done(double_find(GET_USER), CW_OK, NULL, NULL);
	pump();
	CHECK_EQ(a.code, CW_OK);
	answer_free(&a);
}

static void
test_write(void)
{
	struct answer a = { 0 }, b = { 0 };
	struct cw_journal_record rec;
	struct double_job *job;
	struct cw_err err;
	char id[CW_UUID_TEXT], late[CW_UUID_TEXT], json[128];
	const cJSON *one;

	cw_random_uuid(id);
	test_case = "a write is on the disk before PowerShell sees it";
	run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	job = wait_for_job(SET_USER);
	CHECK_EQ(cw_journal_find(journal, id, &rec, &err), CW_OK);
	CHECK_EQ(rec.state, CW_JOURNAL_BEGUN);
	CHECK_STR(rec.server, "dc1.lab.test");
	CHECK_STR(rec.command, "Set-ADUser");
	cw_journal_record_free(&rec);
	CHECK(!double_argument(job, "WhatIf")->boolean);
	CHECK(!double_argument(job, "Confirm")->boolean);
	CHECK_STR(query(&b, id), "running");

	test_case = "and its result before the bridge hears of it";
	double_output(job, "<S>said</S>");
	double_done(job, CW_OK, NULL, NULL);
	CHECK_EQ(a.code, 1);
	wait_for(&a);
	CHECK_STR(state(&a), "done");
	CHECK_STR(cw_buf_str(&a.stream), "{\"output\":\"said\"}\n");
	CHECK_EQ(cw_journal_find(journal, id, &rec, &err), CW_OK);
	CHECK_EQ(rec.state, CW_JOURNAL_DONE);
	CHECK_STR(rec.output, "{\"output\":\"said\"}\n");
	cw_journal_record_free(&rec);

	test_case = "never twice";
	run(&b, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	wait_for(&b);
	CHECK_EQ(b.code, CW_ECONFLICT);
	CHECK_STR(cw_json_str(b.data, "state"), "done");
	CHECK_EQ(double_jobs(), 0);

	test_case = "whatever else could be said of it";
	double_lost("ActiveDirectory", "gone");
	run(&b, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	wait_for(&b);
	CHECK_EQ(b.code, CW_ECONFLICT);
	double_ready("ActiveDirectory");
	run_valid_ms = -1000;
	run(&b, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	wait_for(&b);
	CHECK_EQ(b.code, CW_ECONFLICT);
	cw_random_uuid(late);
	run(&b, late, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	wait_for(&b);
	CHECK_EQ(b.code, CW_EEXPIRED);
	run(&b, late, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	CHECK_EQ(b.code, CW_EEXPIRED);
	run_valid_ms = 60000;
	CHECK_STR(query(&b, late), "never");

	test_case = "asked for later";
	CHECK_STR(query(&b, id), "done");
	CHECK_STR(cw_json_str(b.result, "epoch"), cw_journal_epoch(journal));
	CHECK_EQ(
	    cw_json_get(b.result, "counter")->valuedouble, (double)cw_journal_counter(journal));
	one = cJSON_GetArrayItem(cw_json_get(b.result, "commands"), 0);
	CHECK_STR(cw_json_str(one, "output"), "{\"output\":\"said\"}\n");
	CHECK(cJSON_Compare(cw_json_get(one, "result"), a.result, true));

	test_case = "forgotten";
	(void)snprintf(json, sizeof(json), "{\"ids\":[\"%s\"]}", id);
	ask(&b, "command.forget", json);
	wait_for(&b);
	CHECK_EQ(b.code, CW_OK);
	CHECK_STR(query(&b, id), "done");
	CHECK(cw_json_get(cJSON_GetArrayItem(cw_json_get(b.result, "commands"), 0), "result") ==
	    NULL);

	test_case = "its runspace dies: nobody knows";
	cw_random_uuid(id);
	run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	double_done(wait_for_job(SET_USER), CW_EUNKNOWN, "PowerShell was ended by signal 9", NULL);
	wait_for(&a);
	CHECK_EQ(a.code, CW_EUNKNOWN);
	CHECK_STR(query(&b, id), "unknown");
	answer_free(&a);
	answer_free(&b);
}

static void
test_stop(void)
{
	struct answer a = { 0 }, b = { 0 };
	struct double_job *job;
	char id[CW_UUID_TEXT], stop[128];

	cw_random_uuid(id);
	(void)snprintf(stop, sizeof(stop), "{\"id\":\"%s\"}", id);
	test_case = "a read is stopped";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	job = double_find(GET_USER);
	ask(&b, "command.stop", stop);
	CHECK_EQ(b.code, CW_OK);
	CHECK(job->stopped);
	double_output(job, "<S>too late</S>");
	double_done(job, CW_ECLOSED, "the command was stopped", NULL);
	pump();
	CHECK_STR(state(&a), "failed");
	CHECK_STR(cw_buf_str(&a.stream), "");
	test_case = "there is nothing to stop";
	ask(&b, "command.stop", stop);
	CHECK_EQ(b.code, CW_OK);

	test_case = "a write is stopped while it runs";
	run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	job = wait_for_job(SET_USER);
	ask(&b, "command.stop", stop);
	double_done(job, CW_ECLOSED, "the command was stopped", NULL);
	wait_for(&a);
	CHECK_EQ(a.code, CW_EUNKNOWN);
	CHECK_STR(query(&b, id), "unknown");

	test_case = "a write that fails when it is stopped: by what, nobody knows";
	cw_random_uuid(id);
	(void)snprintf(stop, sizeof(stop), "{\"id\":\"%s\"}", id);
	run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	job = wait_for_job(SET_USER);
	ask(&b, "command.stop", stop);
	double_done(job, CW_EFAILED, "The pipeline has been stopped.", NULL);
	wait_for(&a);
	CHECK_EQ(a.code, CW_EUNKNOWN);
	CHECK_STR(query(&b, id), "unknown");

	test_case = "a write is stopped before it began, and may be tried again";
	cw_random_uuid(id);
	(void)snprintf(stop, sizeof(stop), "{\"id\":\"%s\"}", id);
	double_hold = true;
	run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	(void)wait_for_job(SET_USER);
	ask(&b, "command.stop", stop);
	wait_for(&a);
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	CHECK_STR(query(&b, id), "never");
	double_hold = false;
	run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	double_done(wait_for_job(SET_USER), CW_OK, NULL, NULL);
	wait_for(&a);
	CHECK_EQ(a.code, CW_OK);

	test_case = "no runspace is free";
	cw_random_uuid(id);
	run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	double_done(wait_for_job(SET_USER), CW_EUNAVAILABLE, "no runspace was free", NULL);
	wait_for(&a);
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	CHECK_STR(a.message, "no runspace was free");
	CHECK_STR(query(&b, id), "never");
	answer_free(&a);
	answer_free(&b);
}

static void
test_late(void)
{
	struct answer a = { 0 }, b = { 0 };
	struct double_job *job;
	char id[CW_UUID_TEXT];

	cw_random_uuid(id);
	test_case = "a read past its time";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, ",\"timeout_ms\":20");
	job = double_find(GET_USER);
	while (!job->stopped)
		(void)uv_run(&loop, UV_RUN_ONCE);
	double_done(job, CW_ECLOSED, "the command was stopped", NULL);
	pump();
	CHECK_EQ(a.code, CW_ETIMEOUT);

	test_case = "a read past its time that ends all the same is not whole";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, ",\"timeout_ms\":20");
	job = double_find(GET_USER);
	while (!job->stopped)
		(void)uv_run(&loop, UV_RUN_ONCE);
	double_output(job, "<S>late</S>");
	double_done(job, CW_OK, NULL, NULL);
	pump();
	CHECK_EQ(a.code, CW_ETIMEOUT);

	test_case = "a write past its time";
	run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true,
	    ",\"timeout_ms\":20");
	job = wait_for_job(SET_USER);
	while (!job->stopped)
		(void)uv_run(&loop, UV_RUN_ONCE);
	double_done(job, CW_ECLOSED, "the command was stopped", NULL);
	wait_for(&a);
	CHECK_EQ(a.code, CW_ETIMEOUT);
	CHECK_STR(query(&b, id), "unknown");

	test_case = "one that ends all the same";
	cw_random_uuid(id);
	run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true,
	    ",\"timeout_ms\":20");
	job = wait_for_job(SET_USER);
	while (!job->stopped)
		(void)uv_run(&loop, UV_RUN_ONCE);
	double_done(job, CW_OK, NULL, NULL);
	wait_for(&a);
	CHECK_EQ(a.code, CW_OK);
	CHECK_STR(state(&a), "done");
	answer_free(&a);
	answer_free(&b);
}

static void
test_slow_reader(void)
{
	char id[CW_UUID_TEXT], xml[1200];
	struct answer a = { 0 };
	struct double_job *job;
	unsigned sent = 0, lines = 0;

	memset(xml, 'x', sizeof(xml));
	memcpy(xml, "<S>", 3);
	memcpy(xml + sizeof(xml) - 5, "</S>", 5);
	cw_random_uuid(id);
	test_case = "a reader that does not read holds the runspace back";
	run(&a, id, "Get-ADUser", "\"Filter\":\"*\"", false, "");
	a.pause_at = 1;
	job = double_find(GET_USER);
	while (!job->paused && sent < 5000) {
		for (int i = 0; i < 50; i++, sent++)
			double_output(job, xml);
		pump();
	}
	CHECK(job->paused);
	CHECK(sent * sizeof(xml) < 2 * CW_WIRE_WINDOW + 5 * 65536);
	test_case = "and gets everything when it does";
	a.pause_at = 0;
	cw_wire_request_resume(a.request);
	pump();
	CHECK(!job->paused);
	double_done(job, CW_OK, NULL, NULL);
	pump();
	CHECK_EQ(a.code, CW_OK);
	for (const char *p = cw_buf_str(&a.stream); (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	CHECK_EQ(lines, sent);

	test_case = "the answer waits for the output";
	run(&a, id, "Get-ADUser", "\"Filter\":\"*\"", false, "");
	a.pause_at = 1;
	job = double_find(GET_USER);
	for (sent = 0; sent < 600; sent++)
		double_output(job, xml);
	pump();
	double_done(job, CW_OK, NULL, NULL);
	pump();
	CHECK_EQ(a.code, 1);
	a.pause_at = 0;
	cw_wire_request_resume(a.request);
	pump();
	CHECK_EQ(a.code, CW_OK);
	CHECK_EQ(cw_json_get(a.result, "outputs")->valueint, 600);
	answer_free(&a);
}

static void
test_too_large(void)
{
	size_t n = CW_WIRE_LINE_MAX + 1024u * 1024u;
	struct answer a = { 0 };
	char *xml = malloc(n + 8), id[CW_UUID_TEXT];

	memset(xml, 'x', n);
	memcpy(xml, "<S>", 3);
	memcpy(xml + n - 5, "</S>", 5);
	cw_random_uuid(id);
	test_case = "an object that is too large fails a read";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	double_output(double_find(GET_USER), xml);
	double_done(double_find(GET_USER), CW_OK, NULL, NULL);
	pump();
	CHECK_STR(state(&a), "failed");
	CHECK(strstr(cw_buf_str(&a.stream), "left out") != NULL);
	test_case = "and not a write, which has been made";
	run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"PassThru\":true,\"Title\":\"x\"", true,
	    "");
	double_output(wait_for_job(SET_USER), xml);
	double_done(double_find(SET_USER), CW_OK, NULL, NULL);
	wait_for(&a);
	CHECK_STR(state(&a), "done");
	CHECK(strstr(cw_buf_str(&a.stream), "{\"warning\":") != NULL);
	free(xml);
	answer_free(&a);
}

static void
test_lost_connection(void)
{
	struct answer a = { 0 }, b = { 0 };
	struct double_job *read, *write;
	char id[CW_UUID_TEXT], id_b[CW_UUID_TEXT];

	cw_random_uuid(id);
	cw_random_uuid(id_b);
	test_case = "the connection breaks: a read is stopped, a write goes on";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	run(&b, id_b, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	write = wait_for_job(SET_USER);
	read = double_find(GET_USER);
	double_output(write, "<S>before</S>");
	wire_down();
	CHECK_EQ(a.code, CW_ECLOSED);
	CHECK(read->stopped);
	CHECK(!write->stopped);
	double_done(read, CW_ECLOSED, "the command was stopped", NULL);
	wire_up();
	CHECK_STR(query(&a, id_b), "running");
	double_output(write, "<S>after</S>");
	double_done(write, CW_OK, NULL, NULL);
	test_case = "and its result is there afterwards";
	while (strcmp(query(&a, id_b), "running") == 0)
		;
	CHECK_STR(cw_json_str(cJSON_GetArrayItem(cw_json_get(a.result, "commands"), 0), "output"),
	    "{\"output\":\"before\"}\n{\"output\":\"after\"}\n");
	CHECK_STR(query(&a, id), "never");

	test_case = "the bridge gives up waiting";
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	read = double_find(GET_USER);
	cw_wire_request_cancel(a.request);
	pump();
	CHECK(read->stopped);
	double_done(read, CW_ECLOSED, "the command was stopped", NULL);
	answer_free(&a);
	answer_free(&b);
}

static void
test_sealed(void)
{
	struct answer a = { 0 };
	struct cw_buf box, text;
	struct cw_err err = { 0 };
	const struct cw_ps_value *v;
	char id[CW_UUID_TEXT], parameters[1024];
	struct double_job *job;

	cw_buf_init(&box, 1024);
	cw_buf_init(&text, 2048);
	CHECK_EQ(cw_seal(&box, seal_public, "causeway/secret/" AGENT "/" OPERATION "/NewPassword",
		     "Pa55-word", 9, &err),
	    CW_OK);
	CHECK_EQ(cw_base64_put(&text, cw_buf_peek(&box), cw_buf_left(&box)), CW_OK);
	(void)snprintf(parameters, sizeof(parameters),
	    "\"Identity\":\"ada\",\"Reset\":true,\"NewPassword\":{\"$sealed\":\"%s\"}",
	    cw_buf_str(&text));
	cw_random_uuid(id);
	test_case = "a sealed password arrives as a secure string";
	run(&a, id, "Set-ADAccountPassword", parameters, true, "");
	job = wait_for_job("ActiveDirectory\\Set-ADAccountPassword");
	v = double_argument(job, "NewPassword");
	CHECK_EQ(v->kind, CW_PS_SECURE_STRING);
	CHECK_EQ(v->bytes.len, 9);
	CHECK_EQ(memcmp(v->bytes.data, "Pa55-word", 9), 0);
	double_done(job, CW_OK, NULL, NULL);
	wait_for(&a);
	CHECK_STR(state(&a), "done");
	test_case = "in clear it does not";
	run(&a, id, "Set-ADAccountPassword", "\"Identity\":\"ada\",\"NewPassword\":\"Pa55-word\"",
	    true, "");
	CHECK_EQ(a.code, CW_EDENIED);
	CHECK(strstr(a.message, "Pa55") == NULL);
	answer_free(&a);
	cw_buf_free(&box);
	cw_buf_free(&text);
}

static void
test_roles(void)
{
	cJSON *list = cJSON_CreateArray();
	struct answer a = { 0 };
	char id[CW_UUID_TEXT];

	cw_random_uuid(id);
	test_case = "a role whose module is not there";
	double_lost("ActiveDirectory", "no such module");
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	CHECK(strstr(a.message, "no such module") != NULL);
	cw_roles_put_served(roles, list);
	CHECK_EQ(cJSON_GetArraySize(list), 0);
	CHECK(flag);
	test_case = "and is there again";
	double_ready("ActiveDirectory");
	cw_roles_put_served(roles, list);
	CHECK_EQ(cJSON_GetArraySize(list), 1);
	run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	double_done(double_find(GET_USER), CW_OK, NULL, NULL);
	pump();
	CHECK_EQ(a.code, CW_OK);
	cJSON_Delete(list);
	answer_free(&a);
}

static void
on_flag(void *arg)
{
	*(bool *)arg = true;
}

static void
until(const bool *what)
{
	while (!*what) {
		(void)uv_run(&loop, UV_RUN_ONCE);
		pump();
	}
}

static void
test_end(void)
{
	struct answer r = { 0 }, w = { 0 }, q = { 0 };
	char id_r[CW_UUID_TEXT], id_w[CW_UUID_TEXT], id_q[CW_UUID_TEXT];
	struct double_job *read, *write;
	struct cw_journal_record rec;
	bool drained = false, closed = false;
	struct cw_err err;

	cw_random_uuid(id_r);
	cw_random_uuid(id_w);
	cw_random_uuid(id_q);
	test_case = "the agent is to end: reads stop, what waits does not begin, writes go on";
	run(&r, id_r, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	run(&w, id_w, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	write = wait_for_job(SET_USER);
	read = double_find(GET_USER);
	double_hold = true;
	run(&q, id_q, "Unlock-ADAccount", "\"Identity\":\"ada\"", true, "");
	(void)wait_for_job("ActiveDirectory\\Unlock-ADAccount");
	cw_commands_drain(commands, 50, on_flag, &drained);
	CHECK(read->stopped);
	double_done(read, CW_ECLOSED, "the command was stopped", NULL);
	wait_for(&r);
	CHECK_EQ(r.code, CW_EUNAVAILABLE);
	wait_for(&q);
	CHECK_EQ(q.code, CW_EUNAVAILABLE);
	CHECK(!write->stopped);
	CHECK(!drained);
	run(&r, id_r, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	CHECK_EQ(r.code, CW_EUNAVAILABLE);

	test_case = "but not for ever";
	until(&drained);
	CHECK_EQ(w.code, 1);
	wire_down();
	cw_roles_close(roles, on_flag, &closed);
	until(&closed);
	closed = false;
	cw_commands_close(commands, on_flag, &closed);
	until(&closed);
	CHECK_EQ(cw_journal_find(journal, id_w, &rec, &err), CW_OK);
	CHECK_EQ(rec.state, CW_JOURNAL_UNKNOWN);
	cw_journal_record_free(&rec);
	CHECK_EQ(cw_journal_find(journal, id_q, &rec, &err), CW_ENOTFOUND);
	answer_free(&r);
	answer_free(&w);
	answer_free(&q);
}

/* --- */

static void
start(void)
{
	static const char *const names[] = { "directory", NULL };
	const struct cw_roles_config config = {
		.loop = &loop, .pool = 3, .changed = on_flag, .arg = &flag
	};
	struct cw_commands_config c = {
		.loop = &loop, .agent = AGENT, .seal_private = seal_private
	};
	struct cw_err err = { 0 };
	char id[CW_UUID_TEXT];

	cw_random_uuid(id);
	(void)snprintf(path, sizeof(path), "test-commands-%s.db", id);
	CHECK_EQ(uv_loop_init(&loop), 0);
	CHECK_EQ(cw_seal_keypair(seal_public, seal_private), CW_OK);
	CHECK_EQ(cw_journal_open(&journal, path, cw_clock_unix_ms(), &err), CW_OK);
	CHECK_EQ(cw_writer_new(&writer, &loop, journal, &err), CW_OK);
	CHECK_EQ(cw_roles_new(&roles, &config, names, &err), CW_OK);
	CHECK_EQ(cw_controller_new(&controller, &loop, roles, NULL, &err), CW_OK);
	c.roles = roles;
	c.controller = controller;
	c.journal = journal;
	c.writer = writer;
	CHECK_EQ(cw_commands_new(&commands, &c, &err), CW_OK);
	double_ready("ActiveDirectory");
	wire_up();
}

static void
finish(void)
{
	static const char *const sides[] = { "", "-wal", "-shm" };
	char side[160];
	bool closed = false;

	cw_controller_free(controller);
	cw_writer_close(writer, on_flag, &closed);
	until(&closed);
	cw_journal_close(journal);
	test_case = "the loop is empty at the end";
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&loop), 0);
	for (size_t i = 0; i < CW_COUNT(sides); i++) {
		(void)snprintf(side, sizeof(side), "%s%s", path, sides[i]);
		(void)cw_file_remove(side, NULL);
	}
}

int
main(void)
{
	start();
	test_refused();
	test_controller();
	test_read();
	test_write();
	test_stop();
	test_late();
	test_slow_reader();
	test_too_large();
	test_lost_connection();
	test_sealed();
	test_roles();
	test_end();
	finish();
	return test_failed;
}
