/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes on around commands: slow readers, connections that break, roles that come
 * and go, secrets, the end of the agent.
 */
#include <stdio.h>
#include <stdlib.h>

#include "test.h"
#include "commands_rig.h"
#include "base/err.h"
#include "base/json.h"
#include "crypto/seal.h"
#include "os/random.h"

int test_failed;
const char *test_case = "";

static void
know_domain(void)
{
	cw_controller_prepare(rig.controller);
	double_output(double_find(GET_DOMAIN), DOMAIN);
	double_done(double_find(GET_DOMAIN), CW_OK, NULL, NULL);
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
	rig_run(&a, id, "Get-ADUser", "\"Filter\":\"*\"", false, "");
	a.pause_at = 1;
	job = double_find(GET_USER);
	while (!job->paused && sent < 5000) {
		for (int i = 0; i < 50; i++, sent++)
			double_output(job, xml);
		rig_pump();
	}
	CHECK(job->paused);
	CHECK(sent * sizeof(xml) < 2 * CW_WIRE_WINDOW + 5 * 65536);
	test_case = "and gets everything when it does";
	a.pause_at = 0;
	cw_wire_request_resume(a.request);
	rig_pump();
	CHECK(!job->paused);
	double_done(job, CW_OK, NULL, NULL);
	rig_pump();
	CHECK_EQ(a.code, CW_OK);
	for (const char *p = cw_buf_str(&a.stream); (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	CHECK_EQ(lines, sent);

	test_case = "the answer waits for the output";
	rig_run(&a, id, "Get-ADUser", "\"Filter\":\"*\"", false, "");
	a.pause_at = 1;
	job = double_find(GET_USER);
	for (sent = 0; sent < 600; sent++)
		double_output(job, xml);
	rig_pump();
	double_done(job, CW_OK, NULL, NULL);
	rig_pump();
	CHECK_EQ(a.code, 1);
	a.pause_at = 0;
	cw_wire_request_resume(a.request);
	rig_pump();
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
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	double_output(double_find(GET_USER), xml);
	double_done(double_find(GET_USER), CW_OK, NULL, NULL);
	rig_pump();
	CHECK_STR(answer_state(&a), "failed");
	CHECK(strstr(cw_buf_str(&a.stream), "left out") != NULL);
	test_case = "and not a write, which has been made";
	rig_run(&a, id, "Set-ADUser", "\"Identity\":\"ada\",\"PassThru\":true,\"Title\":\"x\"",
	    true, "");
	double_output(rig_job(SET_USER), xml);
	double_done(double_find(SET_USER), CW_OK, NULL, NULL);
	rig_wait(&a);
	CHECK_STR(answer_state(&a), "done");
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
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	rig_run(&b, id_b, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	write = rig_job(SET_USER);
	read = double_find(GET_USER);
	double_output(write, "<S>before</S>");
	rig_disconnect();
	CHECK_EQ(a.code, CW_ECLOSED);
	CHECK(read->stopped);
	CHECK(!write->stopped);
	double_done(read, CW_ECLOSED, "the command was stopped", NULL);
	rig_connect();
	CHECK_STR(rig_query(&a, id_b), "running");
	double_output(write, "<S>after</S>");
	double_done(write, CW_OK, NULL, NULL);
	test_case = "and its result is there afterwards";
	while (strcmp(rig_query(&a, id_b), "running") == 0)
		;
	CHECK_STR(cw_json_str(cJSON_GetArrayItem(cw_json_get(a.result, "commands"), 0), "output"),
	    "{\"output\":\"before\"}\n{\"output\":\"after\"}\n");
	CHECK_STR(rig_query(&a, id), "never");

	test_case = "the bridge gives up waiting";
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	read = double_find(GET_USER);
	cw_wire_request_cancel(a.request);
	rig_pump();
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
	CHECK_EQ(cw_seal(&box, rig.seal_public,
		     "causeway/secret/" AGENT "/" OPERATION "/NewPassword", "Pa55-word", 9, &err),
	    CW_OK);
	CHECK_EQ(cw_base64_put(&text, cw_buf_peek(&box), cw_buf_left(&box)), CW_OK);
	(void)snprintf(parameters, sizeof(parameters),
	    "\"Identity\":\"ada\",\"Reset\":true,\"NewPassword\":{\"$sealed\":\"%s\"}",
	    cw_buf_str(&text));
	cw_random_uuid(id);
	test_case = "a sealed password arrives as a secure string";
	rig_run(&a, id, "Set-ADAccountPassword", parameters, true, "");
	job = rig_job("ActiveDirectory\\Set-ADAccountPassword");
	v = double_argument(job, "NewPassword");
	CHECK_EQ(v->kind, CW_PS_SECURE_STRING);
	CHECK_EQ(v->bytes.len, 9);
	CHECK_EQ(memcmp(v->bytes.data, "Pa55-word", 9), 0);
	double_done(job, CW_OK, NULL, NULL);
	rig_wait(&a);
	CHECK_STR(answer_state(&a), "done");
	test_case = "in clear it does not";
	rig_run(&a, id, "Set-ADAccountPassword",
	    "\"Identity\":\"ada\",\"NewPassword\":\"Pa55-word\"", true, "");
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
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	CHECK(strstr(a.message, "no such module") != NULL);
	cw_roles_put_served(rig.roles, list);
	CHECK_EQ(cJSON_GetArraySize(list), 0);
	CHECK(rig.roles_changed);
	test_case = "and is there again";
	double_ready("ActiveDirectory");
	cw_roles_put_served(rig.roles, list);
	CHECK_EQ(cJSON_GetArraySize(list), 1);
	rig_run(&a, id, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	double_done(double_find(GET_USER), CW_OK, NULL, NULL);
	rig_pump();
	CHECK_EQ(a.code, CW_OK);
	cJSON_Delete(list);
	answer_free(&a);
}

static void
test_end(void)
{
	struct answer r = { 0 }, w = { 0 }, q = { 0 };
	char id_r[CW_UUID_TEXT], id_w[CW_UUID_TEXT], id_q[CW_UUID_TEXT];
	struct double_job *read, *write;
	struct cw_journal_record rec;
	bool drained = false;
	struct cw_err err;

	cw_random_uuid(id_r);
	cw_random_uuid(id_w);
	cw_random_uuid(id_q);
	test_case = "the agent is to end: reads stop, what waits does not begin, writes go on";
	rig_run(&r, id_r, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	rig_run(&w, id_w, "Set-ADUser", "\"Identity\":\"ada\",\"Title\":\"Lead\"", true, "");
	write = rig_job(SET_USER);
	read = double_find(GET_USER);
	double_hold = true;
	rig_run(&q, id_q, "Unlock-ADAccount", "\"Identity\":\"ada\"", true, "");
	(void)rig_job("ActiveDirectory\\Unlock-ADAccount");
	cw_commands_drain(rig.commands, 50, rig_set, &drained);
	CHECK(read->stopped);
	double_done(read, CW_ECLOSED, "the command was stopped", NULL);
	rig_wait(&r);
	CHECK_EQ(r.code, CW_EUNAVAILABLE);
	rig_wait(&q);
	CHECK_EQ(q.code, CW_EUNAVAILABLE);
	CHECK(!write->stopped);
	CHECK(!drained);
	rig_run(&r, id_r, "Get-ADUser", "\"Identity\":\"ada\"", false, "");
	CHECK_EQ(r.code, CW_EUNAVAILABLE);

	test_case = "but not for ever";
	rig_until(&drained);
	CHECK_EQ(w.code, 1);
	rig_close();
	CHECK_EQ(cw_journal_find(rig.journal, id_w, &rec, &err), CW_OK);
	CHECK_EQ(rec.state, CW_JOURNAL_UNKNOWN);
	cw_journal_record_free(&rec);
	CHECK_EQ(cw_journal_find(rig.journal, id_q, &rec, &err), CW_ENOTFOUND);
	answer_free(&r);
	answer_free(&w);
	answer_free(&q);
}

int
main(void)
{
	rig_start();
	know_domain();
	test_slow_reader();
	test_too_large();
	test_lost_connection();
	test_sealed();
	test_roles();
	test_end();
	rig_finish();
	return test_failed;
}
