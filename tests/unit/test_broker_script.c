/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts with doubles on both sides: what is asked in which order, what is on the
 * disk when, and what becomes of it when either side is lost or stopped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "broker_rig.h"
#include "base/json.h"
#include "base/str.h"

int test_failed;
const char *test_case;

static void
test_read(void)
{
	begin("a read");
	double_ask(5, READ("1"));
	double_output(job(GET_USER), "<S>Ada</S>");
	CHECK_EQ(double_sandbox.answered, -1);
	double_done(job(GET_USER), CW_OK, NULL, NULL);
	check_answer("<S>Ada</S>", NULL);
	check_answer("<S N=\"Value\">done</S>", NULL);
	CHECK_EQ(double_sandbox.answered, 5);
	double_script_output("said");
	double_script_done(false);
	until(&t.over);
	CHECK_STR(cw_buf_str(&t.lines), "{\"output\":\"said\"}\n");
	CHECK_EQ(seen("Get-ADUser").begun + seen("Get-ADUser").ended, 0);
	check_end("done");
}

static void
test_write(void)
{
	struct double_job *set;

	begin("a write, in its order");
	double_ask(1, WRITE("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", ""));
	set = job(SET_USER);
	CHECK_STR(cw_ps_str(double_argument(set, "Identity")), GUID);
	CHECK_STR(cw_ps_str(double_argument(set, "Server")), "dc1.lab.test");
	CHECK_EQ(double_argument(set, "WhatIf")->boolean, false);
	CHECK_EQ(seen("Set-ADUser").begun, 1); /* on the disk before PowerShell sees it */
	CHECK_EQ(double_sandbox.answered, -1);
	double_done(set, CW_OK, NULL, NULL);
	check_answer("done", "fail");
	CHECK_EQ(seen("Set-ADUser").ended, 1); /* and after, before the script hears of it */
	test_case = "many are fed";
	double_ask(2, WRITE("2", ENTRY("ada") ENTRY("ada") ENTRY("ada")));
	answer_lookup(USER_NAMED("ada", ""));
	set = job(SET_USER);
	CHECK_EQ(set->input_count, 3);
	CHECK(double_argument(set, "Identity") == NULL);
	CHECK_STR(cw_ps_str(set->input[2]), GUID);
	double_done(set, CW_OK, NULL, NULL);
	check_answer("done", "fail");
	CHECK_EQ(seen("Set-ADUser").ended, 2);
	double_script_done(false);
	check_end("done");
}

static void
test_refused_write(void)
{
	begin("a protected object");
	double_ask(1, WRITE("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", "<I32 N=\"adminCount\">1</I32>"));
	check_answer("protected-object", NULL);
	test_case = "nobody";
	double_ask(2, WRITE("2", ENTRY("nobody")));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
	check_answer("ADIdentityNotFoundException", NULL);
	test_case = "what is before one that is refused is made";
	double_ask(3, WRITE("3", ENTRY("ada") ENTRY("nobody") ENTRY("ada")));
	answer_lookup(USER_NAMED("ada", ""));
	CHECK_EQ(job(SET_USER)->input_count, 0);
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	check_answer("ADIdentityNotFoundException", NULL);
	CHECK_EQ(seen("Set-ADUser").ended, 1);
	double_script_done(false);
	check_end("done");
}

static void
test_lookup_fails(void)
{
	begin("the directory cannot be asked");
	double_ask(1, WRITE("1", ENTRY("ada")));
	double_done(job(GET_DOMAIN), CW_EUNKNOWN, "lost", NULL);
	check_answer("CausewayUnavailable", NULL);
	CHECK_EQ(seen("Set-ADUser").begun, 0);
	double_script_done(true);
	check_end("failed");
}

static void
test_stop_in_write(void)
{
	begin("a stop while a write runs");
	double_ask(1, WRITE("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", ""));
	(void)job(SET_USER);
	cw_script_stop(t.script, "enough");
	double_script_done(false);
	pump();
	CHECK(!t.over); /* it goes on to its end */
	CHECK(!job(SET_USER)->stopped);
	CHECK(double_sandbox.ended);
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	until(&t.over);
	CHECK_EQ(seen("Set-ADUser").ended, 1);
	check_end("stopped");
}

static void
test_stop_in_lookup(void)
{
	begin("a stop before a write has begun");
	double_ask(1, WRITE("1", ENTRY("ada")));
	(void)job(GET_DOMAIN);
	cw_script_stop(t.script, "enough");
	double_script_done(false);
	double_done(job(GET_DOMAIN), CW_ECLOSED, "stopped", NULL);
	until(&t.over);
	CHECK_EQ(seen("Set-ADUser").begun + seen("Set-ADUser").ended, 0);
	check_end("stopped");
}

/* Two batches of a pipeline: the first is written, the second waits behind it. */
static void
begin_behind(const char *name, const char *second)
{
	begin(name);
	double_ask(1, BEHIND("1", "0", ENTRY(GUID)));
	check_answer("more", "fail");
	answer_lookups(USER_NAMED("ada", ""));
	(void)job(SET_USER);
	double_ask(2, second);
	check_answer("more", "fail");
}

static void
test_behind(void)
{
	begin_behind("looked up while the one ahead is written", BEHIND("2", "1", ENTRY(GUID)));
	answer_lookup(USER_NAMED("ada", ""));
	CHECK_EQ(double_jobs(), 1);
	CHECK_EQ(seen("Set-ADUser").begun, 1);
	test_case = "and written when that has ended, without a word of the script's";
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	double_ask(3, NEXT("2"));
	check_answer("done", "fail");
	double_ask(4, NEXT("1"));
	check_answer("done", "fail");
	CHECK_EQ(seen("Set-ADUser").ended, 2);
	double_script_done(false);
	check_end("done");

	begin_behind("one at most comes behind one, also when both have ended",
	    BEHIND("2", "1", ENTRY(GUID)));
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	answer_lookup(USER_NAMED("ada", ""));
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	double_ask(3, NEXT("2"));
	check_answer("done", "fail");
	double_ask(4, BEHIND("3", "1", ENTRY(GUID)));
	check_answer("CausewayProtocol", NULL);
	double_script_done(false);
	check_end("done");

	begin_behind(
	    "a name is looked up after it: a write may move it", BEHIND("2", "1", ENTRY("ada")));
	CHECK_EQ(double_jobs(), 1);
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	answer_lookup(USER_NAMED("ada", ""));
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	double_ask(3, NEXT("2"));
	check_answer("done", "fail");
	double_script_done(false);
	check_end("done");

	begin_behind("a terminating error ends the ones behind it", BEHIND("2", "1", ENTRY(GUID)));
	double_done(job(SET_USER), CW_EFAILED, "no", NULL);
	answer_lookup(USER_NAMED("ada", ""));
	double_ask(3, NEXT("1"));
	check_answer("fail", NULL);
	double_ask(4, NEXT("2"));
	check_answer("done", "fail");
	CHECK_EQ(double_jobs(), 0);
	double_script_done(true);
	check_end("failed");

	begin_behind("the script ends", BEHIND("2", "1", ENTRY(GUID)));
	answer_lookup(USER_NAMED("ada", ""));
	double_script_done(false);
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	check_end("done");
}

static void
test_lost(void)
{
	begin("the runspace is lost in a write");
	double_ask(1, WRITE("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", ""));
	double_done(job(SET_USER), CW_EUNKNOWN, "gone", NULL);
	check_answer("CausewayUnknown", NULL);
	CHECK_EQ(seen("Set-ADUser").unknown, 1);
	test_case = "then no other write is made";
	double_ask(2, WRITE("2", ENTRY("ada")));
	check_answer("CausewayUnknown", NULL);
	CHECK_EQ(double_jobs(), 0);
	test_case = "but reads are";
	double_ask(3, READ("3"));
	double_done(job(GET_USER), CW_OK, NULL, NULL);
	check_answer("done", "fail");
	double_script_done(true);
	check_end("unknown");
	begin("nor one that is looked up meanwhile");
	double_ask(1, WRITE("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", ""));
	(void)job(SET_USER);
	double_ask(2, WRITE("2", ENTRY("ada"))); /* as a forger does who waits for nothing */
	(void)job(GET_OBJECT);
	double_done(job(SET_USER), CW_EUNKNOWN, "gone", NULL);
	answer_lookup(USER_NAMED("ada", ""));
	check_answer("CausewayUnknown", NULL);
	CHECK_EQ(double_jobs(), 0);
	CHECK_EQ(seen("Set-ADUser").begun + seen("Set-ADUser").unknown, 1);
	double_script_done(true);
	check_end("unknown");
	begin("the sandbox is lost in a read");
	double_ask(1, READ("1"));
	(void)job(GET_USER);
	double_sandbox_lose("killed");
	CHECK(job(GET_USER)->stopped);
	double_done(job(GET_USER), CW_ECLOSED, "stopped", NULL);
	check_end("failed");
}

static void
test_broken(void)
{
	begin("a sandbox that does not read, while a write runs");
	double_ask(1, WRITE("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", ""));
	(void)job(SET_USER);
	double_sandbox.full = true;
	double_ask(2, NEXT("7"));
	pump();
	CHECK(double_sandbox.ended);
	CHECK(!t.over);
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	check_end("failed");
}

/* A text of CLIXML that is so long. */
static char *
long_text(size_t n)
{
	char *text = malloc(n + 16);

	memcpy(text, "<S>", 3);
	memset(text + 3, 'x', n);
	memcpy(text + 3 + n, "</S>", 5);
	return text;
}

static void
test_flow(void)
{
	char *big = long_text(100000);

	begin("a read that runs ahead is held back");
	double_ask(1, READ("1"));
	for (int i = 0; i < 3; i++)
		double_output(job(GET_USER), big);
	check_answer("more", "done");
	for (int i = 0; i < 8 && !job(GET_USER)->paused; i++)
		double_output(job(GET_USER), big);
	CHECK(job(GET_USER)->paused);
	for (int i = 0; i < 4; i++) {
		double_ask(2 + i, NEXT("1"));
		check_answer("more", NULL);
	}
	CHECK(!job(GET_USER)->paused);
	test_case = "where it cannot be held back, it ends in the end";
	double_no_pause = true;
	for (int i = 0; i < 100; i++)
		double_output(job(GET_USER), big);
	CHECK(job(GET_USER)->stopped);
	double_no_pause = false;
	double_done(job(GET_USER), CW_ECLOSED, "stopped", NULL);
	for (int64_t id = 10; id < 200; id++) {
		double_ask(id, NEXT("1"));
		if (strstr(cw_buf_str(&double_sandbox.answer), "CausewayLimit") != NULL)
			break;
	}
	check_answer("CausewayLimit", NULL);
	double_script_done(false);
	check_end("done");
	free(big);
}

static void
test_protocol(void)
{
	char text[1024];

	begin("a ReadLine of a stopped pipeline is not answered any more");
	double_ask(1, READ("1"));
	double_ask(2, CANCEL("1"));
	CHECK_EQ(double_sandbox.answered, 2);
	CHECK(job(GET_USER)->stopped);
	double_done(job(GET_USER), CW_ECLOSED, "stopped", NULL);
	CHECK_EQ(double_sandbox.answered, 2);
	test_case = "a request that is overtaken comes to nothing";
	double_write(READ("7"));
	double_ask(3, NEXT("9"));
	check_answer("CausewayProtocol", NULL);
	CHECK(double_find(GET_USER) == NULL);
	test_case = "nobody is there";
	double_read_line(4);
	CHECK_EQ(double_sandbox.answered, 4);
	CHECK_STR(cw_buf_str(&double_sandbox.answer), "");
	test_case = "no more than so many open calls";
	for (int i = 1; i < 60; i++) {
		(void)snprintf(text, sizeof(text),
		    ASK(HEAD("%d", "Get-ADUser") EN("parameters", ONE("Identity", "ada"))), i);
		double_ask(100 + i, text);
	}
	check_answer("CausewayLimit", NULL);
	CHECK_EQ(double_jobs(), 32);
	test_case = "and all of them go with the script";
	double_script_done(false);
	while (double_find(GET_USER) != NULL) {
		CHECK(double_find(GET_USER)->stopped);
		double_done(double_find(GET_USER), CW_ECLOSED, "stopped", NULL);
	}
	check_end("done");
}

static void
test_not_begun(void)
{
	struct cw_err why;

	test_case = "no sandbox";
	open_all();
	start_as(ID);
	while (!double_sandbox_is_asked())
		(void)uv_run(&t.loop, UV_RUN_ONCE);
	CHECK_EQ(seen("script").begun, 1);
	(void)cw_fail(&why, CW_EUNAVAILABLE, "no wall stands");
	double_sandbox_give(&why);
	until(&t.over);
	CHECK_EQ(t.err.code, CW_EUNAVAILABLE);
	CHECK_STR(t.err.text, "no wall stands");
	CHECK_EQ(seen("script").begun + seen("script").ended, 0); /* its id is free again */
	close_all();
}

/* Whatever is under way when the agent ends. */
static void
test_abandoned(void)
{
	begin("closed in a read");
	double_ask(1, READ("1"));
	(void)job(GET_USER);
	close_all();
	begin("closed in a lookup");
	double_ask(1, WRITE("1", ENTRY("ada")));
	(void)job(GET_DOMAIN);
	close_all();
	begin("closed in a write");
	double_ask(1, WRITE("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", ""));
	(void)job(SET_USER);
	close_all();
	begin("closed while the journal writes");
	double_ask(1, WRITE("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", "")); /* the last of them has asked the journal */
	close_all();
}

static void
test_large(void)
{
	struct cw_err err = { 0 };

	begin("one large plan at a time");
	CHECK_EQ(cw_broker_check_large(t.broker, &err), CW_OK);
	CHECK_EQ(broker_take_large(t.broker, t.script, &err), CW_OK);
	CHECK_EQ(broker_take_large(t.broker, t.script, &err), CW_OK);
	CHECK_EQ(broker_take_large(t.broker, NULL, &err), CW_EUNAVAILABLE);
	CHECK_EQ(cw_broker_check_large(t.broker, &err), CW_EUNAVAILABLE);
	CHECK(strstr(err.text, "try again when that has ended") != NULL);
	cw_script_stop(t.script, "enough");
	double_script_done(false);
	until(&t.over);
	CHECK_EQ(cw_broker_check_large(t.broker, &err), CW_OK);
	check_end("stopped");
}

int
main(void)
{
	test_read();
	test_write();
	test_refused_write();
	test_lookup_fails();
	test_stop_in_write();
	test_stop_in_lookup();
	test_behind();
	test_lost();
	test_broken();
	test_flow();
	test_protocol();
	test_not_begun();
	test_abandoned();
	test_large();
	return test_failed;
}
