/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands and every way that they can go: refused, run, failed, stopped, too late,
 * twice.
 */
#include <stdio.h>

#include "test.h"
#include "commands_rig.h"
#include "base/err.h"
#include "base/json.h"
#include "os/random.h"

int test_failed;
const char *test_case = "";

static void
test_refused(void)
{
	struct answer a = { 0 };
	char id[CW_UUID_TEXT];

	cw_random_uuid(id);
	test_case = "not in the catalogue";
	rig_run(&a, id, "Remove-Item", "", true, "");
	CHECK_EQ(a.code, CW_EDENIED);
	CHECK_STR(cw_json_str(cw_json_get(a.data, "refusal"), "rule"), "catalogue");
	test_case = "script text";
	rig_run(&a, id, "Get-ADUser ada; rm x", "", false, "");
	CHECK_EQ(a.code, CW_EDENIED);
	CHECK(strstr(a.message, "script text") != NULL);
	test_case = "a role that was not given";
	rig_run(&a, id, "Get-ADSyncScheduler", "", false, "");
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	CHECK(strstr(a.message, "not given the role sync") != NULL);
	test_case = "no such method";
	rig_ask(&a, "command.dance", "{}");
	CHECK_EQ(a.code, CW_ENOTFOUND);
	test_case = "ids that are none";
	rig_ask(&a, "command.query", "{\"ids\":[1]}");
	CHECK_EQ(a.code, CW_EINVAL);
	rig_ask(&a, "command.forget", "{\"ids\":\"x\"}");
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
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	CHECK(double_find(GET_USER) == NULL);
	double_done(double_find(GET_DOMAIN), CW_EFAILED, "Unable to contact the server.", NULL);
	rig_pump();
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	CHECK(strstr(a.message, "Unable to contact the server") != NULL);

	test_case = "the domain is asked once for all that wait";
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	rig_run(&b, id_b, "Get-ADUser", "\"Identity\":\"ada\"", false,
	    ",\"domain_controller\":\"dc2.lab.test\"");
	CHECK_EQ(double_jobs(), 1);
	double_output(double_find(GET_DOMAIN), DOMAIN);
	double_done(double_find(GET_DOMAIN), CW_OK, NULL, NULL);
	CHECK_EQ(double_jobs(), 2);
	job = double_find(GET_USER);
	CHECK_STR(cw_ps_str(double_argument(job, "Server")), "dc1.lab.test");
	double_done(job, CW_OK, NULL, NULL);
	rig_pump();
	CHECK_EQ(a.code, CW_OK);
	CHECK_STR(cw_json_str(a.result, "server"), "dc1.lab.test");
	test_case = "the one that the call names";
	job = double_find(GET_USER);
	CHECK_STR(cw_ps_str(double_argument(job, "Server")), "DC2.lab.test");
	double_done(job, CW_OK, NULL, NULL);
	rig_pump();
	CHECK_STR(cw_json_str(b.result, "server"), "DC2.lab.test");

	test_case = "a server that is no controller of this domain";
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false,
	    ",\"domain_controller\":\"evil.example\"");
	rig_pump();
	CHECK_EQ(a.code, CW_EDENIED);
	CHECK(strstr(a.message, "evil.example is not a domain controller") != NULL);
	CHECK_EQ(double_jobs(), 0);

	test_case = "a controller that is down is asked for again";
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	{
		char xml[512];

		(void)snprintf(xml, sizeof(xml), ERROR_XML,
		    "Microsoft.ActiveDirectory.Management.ADServerDownException", "down");
		double_done(double_find(GET_USER), CW_EFAILED, "down", xml);
	}
	rig_pump();
	CHECK_STR(answer_state(&a), "failed");
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	CHECK(double_find(GET_DOMAIN) != NULL);
	double_output(double_find(GET_DOMAIN), DOMAIN);
	double_done(double_find(GET_DOMAIN), CW_OK, NULL, NULL);
	double_done(double_find(GET_USER), CW_OK, NULL, NULL);
	rig_pump();
	CHECK_EQ(a.code, CW_OK);
	answer_free(&a);
	answer_free(&b);
}

static void
test_read(void)
{
	uint64_t counter = cw_journal_counter(rig.journal);
	struct answer a = { 0 };
	struct double_job *job;
	char id[CW_UUID_TEXT], xml[512];

	cw_random_uuid(id);
	test_case = "a read";
	rig_run(&a, id, "get-aduser", "\"Identity\":\"ada\"", false, "");
	job = double_find(GET_USER);
	CHECK_STR(cw_ps_str(double_argument(job, "Identity")), "ada");
	CHECK(double_argument(job, "WhatIf") == NULL);
	CHECK(job->begin_by_ms > uv_now(&rig.loop));
	double_output(job,
	    "<Obj RefId=\"0\"><Props><S N=\"Name\">Ada</S><S N=\"unicodePwd\">geheim</S></Props>"
	    "</Obj>");
	double_record(job, CW_PSRP_WARNING, "<S>careful</S>");
	CHECK_EQ(cw_buf_left(&a.stream), 0);
	rig_pump();
	CHECK_STR(
	    cw_buf_str(&a.stream), "{\"output\":{\"Name\":\"Ada\"}}\n{\"warning\":\"careful\"}\n");
	CHECK_EQ(a.code, 1);
	double_done(job, CW_OK, NULL, NULL);
	rig_pump();
	CHECK_EQ(a.code, CW_OK);
	CHECK_STR(answer_state(&a), "done");
	CHECK_EQ(cw_json_get(a.result, "outputs")->valueint, 1);
	CHECK(cw_json_get(a.result, "error") == NULL);
	CHECK(cw_json_get(a.result, "duration_ms")->valuedouble >= 0);
	CHECK(
	    cw_json_str(a.result, "started") != NULL && cw_json_str(a.result, "finished") != NULL);
	CHECK_EQ(cw_journal_counter(rig.journal), counter);

	test_case = "an error that does not end it";
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	job = double_find(GET_USER);
	(void)snprintf(xml, sizeof(xml), ERROR_XML, "My.Exception", "first");
	double_record(job, CW_PSRP_ERROR, xml);
	(void)snprintf(xml, sizeof(xml), ERROR_XML, "My.Exception", "second");
	double_record(job, CW_PSRP_ERROR, xml);
	double_done(job, CW_OK, NULL, NULL);
	rig_pump();
	CHECK_STR(answer_state(&a), "failed");
	CHECK_STR(cw_json_str(cw_json_get(a.result, "error"), "message"), "first");
	CHECK_STR(cw_json_str(cw_json_get(a.result, "error"), "type"), "My.Exception");
	CHECK(strstr(cw_buf_str(&a.stream), "\"second\"") != NULL);

	test_case = "one that does";
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	(void)snprintf(xml, sizeof(xml), ERROR_XML, "My.Exception", "no");
	double_done(double_find(GET_USER), CW_EFAILED, "no", xml);
	rig_pump();
	CHECK_STR(answer_state(&a), "failed");
	CHECK_STR(cw_json_str(cw_json_get(a.result, "error"), "message"), "no");
	CHECK_STR(
	    cw_buf_str(&a.stream), "{\"error\":{\"message\":\"no\",\"type\":\"My.Exception\"}}\n");

	test_case = "a runspace that dies under a read";
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	double_done(double_find(GET_USER), CW_EUNKNOWN, "PowerShell was ended by signal 9", NULL);
	rig_pump();
	CHECK_EQ(a.code, CW_EUNKNOWN);

	test_case = "one that asks for something and is stopped for it";
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	double_done(double_find(GET_USER), CW_ECLOSED, "the command was stopped", NULL);
	rig_pump();
	CHECK_STR(answer_state(&a), "failed");
	CHECK(strstr(cw_json_str(cw_json_get(a.result, "error"), "message"), "nobody is there") !=
	    NULL);

	test_case = "the same id while it runs";
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	{
		struct answer b = { 0 };

		rig_run(&b, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
		CHECK_EQ(b.code, CW_ECONFLICT);
		CHECK_STR(cw_json_str(b.data, "state"), "running");
		answer_free(&b);
	}
	double_done(double_find(GET_USER), CW_OK, NULL, NULL);
	rig_pump();
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
	rig_run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	job = rig_job(SET_USER);
	CHECK_EQ(cw_journal_find(rig.journal, id, &rec, &err), CW_OK);
	CHECK_EQ(rec.state, CW_JOURNAL_BEGUN);
	CHECK_STR(rec.server, "dc1.lab.test");
	CHECK_STR(rec.command, "Set-ADUser");
	cw_journal_record_free(&rec);
	CHECK(!double_argument(job, "WhatIf")->boolean);
	CHECK(!double_argument(job, "Confirm")->boolean);
	CHECK_STR(rig_query(&b, id), "running");

	test_case = "and its result before the bridge hears of it";
	double_output(job, "<S>said</S>");
	double_done(job, CW_OK, NULL, NULL);
	CHECK_EQ(a.code, 1);
	rig_wait(&a);
	CHECK_STR(answer_state(&a), "done");
	CHECK_STR(cw_buf_str(&a.stream), "{\"output\":\"said\"}\n");
	CHECK_EQ(cw_journal_find(rig.journal, id, &rec, &err), CW_OK);
	CHECK_EQ(rec.state, CW_JOURNAL_DONE);
	CHECK_STR(rec.output, "{\"output\":\"said\"}\n");
	cw_journal_record_free(&rec);

	test_case = "never twice";
	rig_run(&b, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	rig_wait(&b);
	CHECK_EQ(b.code, CW_ECONFLICT);
	CHECK_STR(cw_json_str(b.data, "state"), "done");
	CHECK_EQ(double_jobs(), 0);

	test_case = "whatever else could be said of it";
	double_lost("ActiveDirectory", "gone");
	rig_run(&b, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	rig_wait(&b);
	CHECK_EQ(b.code, CW_ECONFLICT);
	double_ready("ActiveDirectory");
	rig.valid_ms = -1000;
	rig_run(&b, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	rig_wait(&b);
	CHECK_EQ(b.code, CW_ECONFLICT);
	cw_random_uuid(late);
	rig_run(&b, late, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	rig_wait(&b);
	CHECK_EQ(b.code, CW_EEXPIRED);
	rig_run(&b, late, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	CHECK_EQ(b.code, CW_EEXPIRED);
	rig.valid_ms = 60000;
	CHECK_STR(rig_query(&b, late), "never");

	test_case = "asked for later";
	CHECK_STR(rig_query(&b, id), "done");
	CHECK_STR(cw_json_str(b.result, "epoch"), cw_journal_epoch(rig.journal));
	CHECK_EQ(
	    cw_json_get(b.result, "counter")->valuedouble, (double)cw_journal_counter(rig.journal));
	one = cJSON_GetArrayItem(cw_json_get(b.result, "commands"), 0);
	CHECK_STR(cw_json_str(one, "output"), "{\"output\":\"said\"}\n");
	CHECK(cJSON_Compare(cw_json_get(one, "result"), a.result, true));

	test_case = "forgotten";
	(void)snprintf(json, sizeof(json), "{\"ids\":[\"%s\"]}", id);
	rig_ask(&b, "command.forget", json);
	rig_wait(&b);
	CHECK_EQ(b.code, CW_OK);
	CHECK_STR(rig_query(&b, id), "done");
	CHECK(cw_json_get(cJSON_GetArrayItem(cw_json_get(b.result, "commands"), 0), "result") ==
	    NULL);

	test_case = "its runspace dies: nobody knows";
	cw_random_uuid(id);
	rig_run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	double_done(rig_job(SET_USER), CW_EUNKNOWN, "PowerShell was ended by signal 9", NULL);
	rig_wait(&a);
	CHECK_EQ(a.code, CW_EUNKNOWN);
	CHECK_STR(rig_query(&b, id), "unknown");
	test_case = "but where it was";
	one = cJSON_GetArrayItem(cw_json_get(b.result, "commands"), 0);
	CHECK_STR(cw_json_str(one, "server"), "dc1.lab.test");
	answer_free(&a);
	answer_free(&b);
}

#define REFUSED                                                                                    \
	"{\"message\":\"it is protected\",\"error_id\":\"CausewayRefused\",\"refusal\":{\"rule\":" \
	"\"protected-object\"}}"
#define NOBODY "{\"message\":\"nobody\",\"error_id\":\"ActiveDirectoryCmdlet:x\"}"

/* What becomes of a write by what is said of its objects. */
static void
test_places(void)
{
	static const struct {
		const char *name, *more;
		int code; /* of the answer: CW_OK, CW_EAGAIN, or why not */
		const char *failure, *server, *stream;
		bool runs;
		int ends;
		const char *state; /* in the journal */
	} rows[] = {
		{ "where it would be anyway", "", CW_OK, NULL, "dc1.lab.test", "", true, CW_OK,
		    "done" },
		{ "the bridge names the one that it began on",
		    ",\"domain_controller\":\"dc2.lab.test\"", CW_OK, NULL, "DC2.lab.test", "",
		    true, CW_OK, "done" },
		{ "on another one", "", CW_EAGAIN, NULL, "pdc.lab.test", "", true, CW_OK, "done" },
		{ "with a warning", "", CW_EAGAIN, NULL, "dc1.lab.test", "{\"warning\":\"down\"}\n",
		    true, CW_OK, "done" },
		{ "a rule forbids it", "", CW_EAGAIN, REFUSED, "dc1.lab.test", "", false,
		    CW_EDENIED, "never" },
		{ "what it names is not there", "", CW_EAGAIN, NOBODY, "dc1.lab.test",
		    "{\"error\":" NOBODY "}\n", false, CW_OK, "failed" },
		{ "nobody could look", "", CW_EAGAIN,
		    "{\"message\":\"no\",\"error_id\":\"CausewayUnavailable\"}", "dc1.lab.test", "",
		    false, CW_EUNAVAILABLE, "never" },
		{ "the agent ends meanwhile", "", CW_EAGAIN,
		    "{\"message\":\"no\",\"error_id\":\"CausewayUnavailable\"}", NULL, "", false,
		    CW_EUNAVAILABLE, "never" },
		{ "it cannot be asked", "", CW_EUNAVAILABLE, NULL, NULL, "", false, CW_EUNAVAILABLE,
		    "never" },
	};
	struct answer a = { 0 }, b = { 0 };
	struct double_job *job;
	char id[CW_UUID_TEXT], stop[128];

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		cw_random_uuid(id);
		rig.place = (struct rig_place){ .code = rows[i].code };
		rig_run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true,
		    rows[i].more);
		while (rig.place.asked == 0) {
			(void)uv_run(&rig.loop, UV_RUN_ONCE);
			rig_pump();
		}
		CHECK_EQ(rig.place.stays, rows[i].more[0] != '\0');
		if (rows[i].code == CW_EAGAIN)
			rig_placed(rows[i].server,
			    rows[i].runs && rows[i].stream[0] != '\0' ? "down" : "",
			    rows[i].failure);
		if (rows[i].runs) {
			job = rig_job(SET_USER);
			CHECK_STR(cw_ps_str(double_argument(job, "Server")), rows[i].server);
			double_done(job, CW_OK, NULL, NULL);
		}
		rig_wait(&a);
		CHECK_EQ(a.code, rows[i].ends);
		CHECK_STR(cw_buf_str(&a.stream), rows[i].stream);
		if (rows[i].ends == CW_OK) {
			CHECK_STR(cw_json_str(a.result, "server"), rows[i].server);
			CHECK_STR(cw_json_str(a.result, "state"), rows[i].state);
		}
		CHECK_STR(rig_query(&b, id), rows[i].state);
	}
	test_case = "stopped meanwhile";
	cw_random_uuid(id);
	rig.place = (struct rig_place){ .code = CW_EAGAIN };
	rig_run(&a, id, "Unlock-ADAccount", "\"Identity\":\"ada\"", true, "");
	while (rig.place.asked == 0) {
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
		rig_pump();
	}
	(void)snprintf(stop, sizeof(stop), "{\"id\":\"%s\"}", id);
	rig_ask(&b, "command.stop", stop);
	rig_wait(&a);
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	CHECK_EQ(rig.place.cancelled, 1);
	CHECK_STR(rig_query(&b, id), "never");
	rig.place = (struct rig_place){ .code = CW_OK };
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
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	job = double_find(GET_USER);
	rig_ask(&b, "command.stop", stop);
	CHECK_EQ(b.code, CW_OK);
	CHECK(job->stopped);
	double_output(job, "<S>too late</S>");
	double_done(job, CW_ECLOSED, "the command was stopped", NULL);
	rig_pump();
	CHECK_STR(answer_state(&a), "failed");
	CHECK_STR(cw_buf_str(&a.stream), "");
	test_case = "there is nothing to stop";
	rig_ask(&b, "command.stop", stop);
	CHECK_EQ(b.code, CW_OK);

	test_case = "a write is stopped while it runs";
	rig_run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	job = rig_job(SET_USER);
	rig_ask(&b, "command.stop", stop);
	double_done(job, CW_ECLOSED, "the command was stopped", NULL);
	rig_wait(&a);
	CHECK_EQ(a.code, CW_EUNKNOWN);
	CHECK_STR(rig_query(&b, id), "unknown");

	test_case = "a write that fails when it is stopped: by what, nobody knows";
	cw_random_uuid(id);
	(void)snprintf(stop, sizeof(stop), "{\"id\":\"%s\"}", id);
	rig_run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	job = rig_job(SET_USER);
	rig_ask(&b, "command.stop", stop);
	double_done(job, CW_EFAILED, "The pipeline has been stopped.", NULL);
	rig_wait(&a);
	CHECK_EQ(a.code, CW_EUNKNOWN);
	CHECK_STR(rig_query(&b, id), "unknown");

	test_case = "a write is stopped before it began, and may be tried again";
	cw_random_uuid(id);
	(void)snprintf(stop, sizeof(stop), "{\"id\":\"%s\"}", id);
	double_hold = true;
	rig_run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	(void)rig_job(SET_USER);
	rig_ask(&b, "command.stop", stop);
	rig_wait(&a);
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	CHECK_STR(rig_query(&b, id), "never");
	double_hold = false;
	rig_run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	double_done(rig_job(SET_USER), CW_OK, NULL, NULL);
	rig_wait(&a);
	CHECK_EQ(a.code, CW_OK);

	test_case = "no runspace is free";
	cw_random_uuid(id);
	rig_run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	double_done(rig_job(SET_USER), CW_EUNAVAILABLE, "no runspace was free", NULL);
	rig_wait(&a);
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	CHECK_STR(a.message, "no runspace was free");
	CHECK_STR(rig_query(&b, id), "never");
	answer_free(&a);
	answer_free(&b);
}

/* A record of the journal whose end was lost, or that was done with this result. */
static void
lose(const char *id, const char *operation, int step, const char *begun, const char *done)
{
	struct cw_journal_change c = { .kind = CW_JOURNAL_CHANGE_BEGIN,
		.entry = { id, operation, step, "Set-ADUser", "", 0 },
		.result = begun };
	struct cw_journal_change *one = &c;

	CHECK_EQ(cw_journal_commit(rig.journal, &one, 1, 1), CW_OK);
	if (done != NULL)
		CHECK_EQ(cw_journal_finish(rig.journal, id, false, done, NULL, 2, NULL), CW_OK);
	else
		CHECK_EQ(cw_journal_lose(rig.journal, id, 2, NULL), CW_OK);
}

static void
test_lost_script(void)
{
	struct answer a = { 0 };
	char script[CW_UUID_TEXT], id[CW_UUID_TEXT], *text;
	const cJSON *one;

	test_case = "a script that was lost, and what it began";
	cw_random_uuid(script);
	lose(script, script, 0, NULL, NULL);
	cw_random_uuid(id);
	lose(id, script, 1, "{}", "{\"first\":1,\"last\":1}");
	cw_random_uuid(id);
	lose(id, script, 2, "{\"first\":2,\"last\":4}", NULL);
	CHECK_STR(rig_query(&a, script), "unknown");
	one = cJSON_GetArrayItem(cw_json_get(a.result, "commands"), 0);
	text = cJSON_PrintUnformatted(cw_json_get(one, "result"));
	CHECK_STR(text,
	    "{\"state\":\"unknown\",\"writes\":1,\"entries\":["
	    "{\"entry\":1,\"command\":\"Set-ADUser\",\"state\":\"done\"},"
	    "{\"entry\":2,\"count\":3,\"command\":\"Set-ADUser\",\"state\":\"unknown\"}]}");
	cJSON_free(text);
	test_case = "one of its writes says nothing of the others";
	CHECK_STR(rig_query(&a, id), "unknown");
	one = cJSON_GetArrayItem(cw_json_get(a.result, "commands"), 0);
	CHECK(cw_json_get(cw_json_get(one, "result"), "entries") == NULL);
	answer_free(&a);
}

static void
test_late(void)
{
	struct answer a = { 0 }, b = { 0 };
	struct double_job *job;
	char id[CW_UUID_TEXT];

	cw_random_uuid(id);
	test_case = "a read past its time";
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, ",\"timeout_ms\":20");
	job = double_find(GET_USER);
	while (!job->stopped)
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
	double_done(job, CW_ECLOSED, "the command was stopped", NULL);
	rig_pump();
	CHECK_EQ(a.code, CW_ETIMEOUT);

	test_case = "a read past its time that ends all the same is not whole";
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, ",\"timeout_ms\":20");
	job = double_find(GET_USER);
	while (!job->stopped)
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
	double_output(job, "<S>late</S>");
	double_done(job, CW_OK, NULL, NULL);
	rig_pump();
	CHECK_EQ(a.code, CW_ETIMEOUT);

	test_case = "a write past its time";
	rig_run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true,
	    ",\"timeout_ms\":20");
	job = rig_job(SET_USER);
	while (!job->stopped)
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
	double_done(job, CW_ECLOSED, "the command was stopped", NULL);
	rig_wait(&a);
	CHECK_EQ(a.code, CW_ETIMEOUT);
	CHECK_STR(rig_query(&b, id), "unknown");

	test_case = "one that ends all the same";
	cw_random_uuid(id);
	rig_run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true,
	    ",\"timeout_ms\":20");
	job = rig_job(SET_USER);
	while (!job->stopped)
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
	double_done(job, CW_OK, NULL, NULL);
	rig_wait(&a);
	CHECK_EQ(a.code, CW_OK);
	CHECK_STR(answer_state(&a), "done");
	answer_free(&a);
	answer_free(&b);
}

int
main(void)
{
	rig_start();
	test_refused();
	test_controller();
	test_read();
	test_write();
	test_places();
	test_stop();
	test_lost_script();
	test_late();
	rig_close();
	rig_finish();
	return test_failed;
}
