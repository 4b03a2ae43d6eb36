/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts with doubles on both sides: what is asked in which order, what is on the
 * disk when, and what becomes of it when either side is lost or stopped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "broker/broker_internal.h"
#include "commands/controller.h"
#include "commands/roles.h"
#include "double_runspaces.h"
#include "double_sandbox.h"
#include "journal/writer.h"
#include "os/clock.h"

int test_failed;
const char *test_case;

#define ID "6f1de2b0-6a3c-4d2a-9b1e-0000000000b1"
#define GET_USER "ActiveDirectory\\Get-ADUser"
#define SET_USER "ActiveDirectory\\Set-ADUser"
#define UNLOCK_ACCOUNT "ActiveDirectory\\Unlock-ADAccount"
#define GET_DOMAIN "ActiveDirectory\\Get-ADDomain"
#define GET_OBJECT "ActiveDirectory\\Get-ADObject"
#define GUID "267ab1aa-9a35-4ba5-890e-d8af0cbc2542"
#define USER_NAMED(account, more)                                                              \
	"<Obj RefId=\"0\"><Props><S N=\"DistinguishedName\">CN=" account ",DC=lab,DC=test</S>" \
	"<S N=\"Name\">n</S><S N=\"ObjectClass\">user</S><G N=\"ObjectGUID\">" GUID "</G>"     \
	"<S N=\"sAMAccountName\">" account "</S>" more "</Props></Obj>"
#define DOMAIN                                                                  \
	"<Obj RefId=\"0\"><Props><S N=\"DistinguishedName\">DC=lab,DC=test</S>" \
	"<S N=\"DomainSID\">S-1-5-21-1-2-3</S></Props></Obj>"
#define EN(key, value) "<En><S N=\"Key\">" key "</S>" value "</En>"
#define CONTROLLERS                                                \
	"<Obj RefId=\"0\"><Props><S N=\"DNSRoot\">lab.test</S><S " \
	"N=\"PDCEmulator\">pdc.lab.test</S>"                       \
	"<Obj N=\"ReplicaDirectoryServers\" "                      \
	"RefId=\"1\"><LST><S>dc1.lab.test</S></LST></Obj></Props></Obj>"
#define V(text) "<S N=\"Value\">" text "</S>"
#define ASK(entries) "causeway/1 <Obj RefId=\"0\"><DCT>" entries "</DCT></Obj>"
#define HEAD(id, name)                            \
	EN("verb", V("call"))                     \
	EN("id", "<I32 N=\"Value\">" id "</I32>") \
	EN("command", V(name))                    \
	EN("error_action", V("Continue")) EN("what_if", "<B N=\"Value\">false</B>")
#define ONE(name, text)                                                                       \
	"<Obj N=\"Value\" RefId=\"1\"><DCT><En><S N=\"Key\">" name "</S><S N=\"Value\">" text \
	"</S></En></DCT></Obj>"
#define READ(id) ASK(HEAD(id, "Get-ADUser") EN("parameters", ONE("Identity", "ada")))
#define ENTRY(name) \
	"<Obj><DCT><En><S N=\"Key\">Identity</S><S N=\"Value\">" name "</S></En></DCT></Obj>"
#define WRITE(id, names)                                               \
	ASK(HEAD(id, "Set-ADUser") EN("parameters", ONE("Title", "t")) \
		EN("input", "<Obj N=\"Value\" RefId=\"2\"><LST>" names "</LST></Obj>"))
#define BEHIND(id, after, names)                                       \
	ASK(HEAD(id, "Set-ADUser") EN("parameters", ONE("Title", "t")) \
		EN("after", "<I32 N=\"Value\">" after "</I32>")        \
		    EN("input", "<Obj N=\"Value\" RefId=\"2\"><LST>" names "</LST></Obj>"))
#define UNLOCK(id, names)                                                     \
	ASK(HEAD(id, "Unlock-ADAccount")                                      \
		EN("parameters", "<Obj N=\"Value\" RefId=\"1\"><DCT/></Obj>") \
		    EN("input", "<Obj N=\"Value\" RefId=\"2\"><LST>" names "</LST></Obj>"))
#define NEXT(id) ASK(EN("verb", V("next")) EN("id", "<I32 N=\"Value\">" id "</I32>"))
#define CANCEL(id) ASK(EN("verb", V("cancel")) EN("id", "<I32 N=\"Value\">" id "</I32>"))

static struct {
	uv_loop_t loop;
	char path[64];
	struct cw_journal *journal;
	struct cw_writer *writer;
	struct cw_roles *roles;
	struct cw_controller *controller;
	struct cw_broker *broker;
	struct cw_script *script;
	struct cw_buf lines;
	bool over;
	struct cw_err err;
	cJSON *result;
} t;

static void
set(void *arg)
{
	*(bool *)arg = true;
}

static void
until(const bool *what)
{
	while (!*what)
		(void)uv_run(&t.loop, UV_RUN_ONCE);
}

static void
pump(void)
{
	for (int i = 0; i < 20; i++)
		(void)uv_run(&t.loop, UV_RUN_NOWAIT);
}

static struct double_job *
job(const char *command)
{
	struct double_job *found;

	while ((found = double_find(command)) == NULL)
		(void)uv_run(&t.loop, UV_RUN_ONCE);
	return found;
}

static void
open_all(void)
{
	static const char *const roles[] = { "directory", NULL };
	static char *const powershell[] = { "x", NULL };
	static const uint8_t seal[32];
	struct cw_roles_config rc = { .loop = &t.loop, .powershell = powershell, .pool = 3 };
	struct cw_broker_config bc = { .loop = &t.loop,
		.agent = "6f1de2b0-6a3c-4d2a-9b1e-0000000000aa",
		.tenant = "6f1de2b0-6a3c-4d2a-9b1e-0000000000ab",
		.seal_private = seal };
	struct cw_err err = { 0 };

	(void)uv_loop_init(&t.loop);
	(void)snprintf(t.path, sizeof(t.path), "test_broker_script.%d.db", (int)getpid());
	(void)remove(t.path);
	CHECK_EQ(cw_journal_open(&t.journal, t.path, cw_clock_unix_ms(), &err), CW_OK);
	CHECK_EQ(cw_writer_new(&t.writer, &t.loop, t.journal, &err), CW_OK);
	CHECK_EQ(cw_roles_new(&t.roles, &rc, roles, &err), CW_OK);
	CHECK_EQ(cw_controller_new(&t.controller, &t.loop, t.roles, "dc1.lab.test", &err), CW_OK);
	double_ready("ActiveDirectory");
	bc.roles = t.roles;
	bc.controller = t.controller;
	bc.journal = t.journal;
	bc.writer = t.writer;
	bc.sandboxes = (struct cw_sandboxes *)&t;
	CHECK_EQ(cw_broker_new(&t.broker, &bc, &err), CW_OK);
	CHECK_STR(err.text, "");
	double_sandbox_reset();
}

static void
close_all(void)
{
	bool closed = false;

	cw_roles_close(t.roles, set, &closed);
	until(&closed);
	closed = false;
	cw_broker_close(t.broker, set, &closed);
	until(&closed);
	closed = false;
	cw_writer_close(t.writer, set, &closed);
	until(&closed);
	cw_controller_free(t.controller);
	cw_journal_close(t.journal);
	(void)remove(t.path);
	(void)uv_run(&t.loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&t.loop), 0);
	double_sandbox_reset();
	cw_buf_free(&double_sandbox.answer);
	cw_buf_free(&t.lines);
	cJSON_Delete(t.result);
	memset(&t, 0, sizeof(t));
}

static void
on_lines(void *arg, const char *text, size_t n)
{
	(void)arg;
	CHECK_EQ(cw_buf_put(&t.lines, text, n), CW_OK);
}

static void
on_done(void *arg, const struct cw_err *err, cJSON *result)
{
	(void)arg;
	t.over = true;
	t.script = NULL;
	t.err = *err;
	t.result = result;
}

static void
start_as(const char *id)
{
	static const struct cw_script_events events = { on_lines, on_done };
	struct cw_script_request q = { .id = id,
		.caller = "",
		.mode = CW_SCRIPT_RUN,
		.text = "the text",
		.text_len = 8,
		.timeout_ms = 60000,
		.controller = "" };
	struct cw_err err = { 0 };

	cw_buf_init(&t.lines, 1u << 20);
	CHECK_EQ(cw_script_start(&t.script, t.broker, &q, &events, NULL, &err), CW_OK);
}

/* Up to where its text runs. */
static void
begin(const char *name)
{
	test_case = name;
	open_all();
	start_as(ID);
	while (!double_sandbox.taken) {
		struct cw_journal_record rec;
		struct cw_err err;

		(void)uv_run(&t.loop, UV_RUN_ONCE);
		if (cw_journal_find(t.journal, ID, &rec, &err) < 0)
			continue;
		CHECK_EQ(rec.state, CW_JOURNAL_BEGUN);
		CHECK(double_sandbox.text == NULL); /* its id is on the disk before that */
		cw_journal_record_free(&rec);
		while (!double_sandbox_is_asked()) /* the journal's thread has yet to say so */
			(void)uv_run(&t.loop, UV_RUN_ONCE);
		double_sandbox_give(NULL);
	}
	CHECK_STR(double_sandbox.text, "the text");
}

static void
check_answer(const char *holds, const char *lacks)
{
	const char *text;

	while (double_sandbox.answered < 0)
		(void)uv_run(&t.loop, UV_RUN_ONCE);
	text = cw_buf_str(&double_sandbox.answer);
	if (strstr(text, holds) == NULL || (lacks != NULL && strstr(text, lacks) != NULL)) {
		test_failed = 1;
		(void)fprintf(stderr, "%s: the answer is %s\n", test_case, text);
	}
}

static void
check_end(const char *state)
{
	until(&t.over);
	CHECK_EQ(t.err.code, CW_OK);
	CHECK_STR(cJSON_GetObjectItem(t.result, "state")->valuestring, state);
	CHECK(double_sandbox.ended);
	close_all();
}

/* The lookups before the first write. */
static void
answer_lookups(const char *user)
{
	double_output(job(GET_DOMAIN), DOMAIN);
	double_done(job(GET_DOMAIN), CW_OK, NULL, NULL);
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL); /* who has power */
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL); /* and who by them */
	if (user != NULL)
		double_output(job(GET_OBJECT), user);
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
}

struct seen {
	const char *command;
	int begun, ended, unknown;
};

static bool
see(void *arg, const struct cw_journal_record *record)
{
	struct seen *s = arg;

	if (strcmp(record->command, s->command) == 0) {
		s->begun += record->state == CW_JOURNAL_BEGUN;
		s->ended += record->state != CW_JOURNAL_BEGUN;
		s->unknown += record->state == CW_JOURNAL_UNKNOWN;
	}
	return true;
}

static struct seen
seen(const char *command)
{
	struct seen s = { command, 0, 0, 0 };
	struct cw_err err;

	CHECK_EQ(cw_journal_walk(t.journal, 100, see, &s, &err), CW_OK);
	return s;
}

/* --- */

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
	double_output(job(GET_OBJECT), USER_NAMED("ada", ""));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
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
	double_output(job(GET_OBJECT), USER_NAMED("ada", ""));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
	CHECK_EQ(job(SET_USER)->input_count, 0);
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	check_answer("ADIdentityNotFoundException", NULL);
	CHECK_EQ(seen("Set-ADUser").ended, 1);
	double_script_done(false);
	check_end("done");
}

/* --- the PDC emulator */

/* "dc1" of "dc1.lab.test": where the oldest job of this command runs. */
static const char *
where(const char *command)
{
	static char text[64];

	(void)snprintf(
	    text, sizeof(text), "%.63s", cw_ps_str(double_argument(job(command), "Server")));
	text[strcspn(text, ".")] = '\0';
	return text;
}

static void
answer_pdc(const char *user)
{
	CHECK(double_argument(job(GET_DOMAIN), "Server") == NULL);
	double_output(job(GET_DOMAIN), CONTROLLERS);
	double_done(job(GET_DOMAIN), CW_OK, NULL, NULL);
	CHECK_STR(where(GET_DOMAIN), "pdc");
	answer_lookups(user);
}

static void
check_unlock(const char *server, size_t fed)
{
	CHECK_STR(where(UNLOCK_ACCOUNT), server);
	CHECK_EQ(job(UNLOCK_ACCOUNT)->input_count, fed);
	double_done(job(UNLOCK_ACCOUNT), CW_OK, NULL, NULL);
}

static bool
see_server(void *arg, const struct cw_journal_record *record)
{
	if (strcmp(record->command, "Unlock-ADAccount") != 0)
		return true;
	(void)snprintf(arg, 64, "%.63s", record->server);
	return false;
}

static void
test_pdc(void)
{
	char server[64] = "";
	struct cw_err err;

	begin("an unlock goes to the PDC emulator");
	double_ask(1, UNLOCK("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", ""));
	answer_pdc(USER_NAMED("ada", ""));
	check_unlock("pdc", 0);
	check_answer("done", "fail");
	CHECK_EQ(cw_journal_walk(t.journal, 10, see_server, server, &err), CW_OK);
	CHECK_STR(server, "pdc.lab.test");
	test_case = "and goes on there, whatever has become of the account";
	double_ask(2, UNLOCK("2", ENTRY("ada")));
	double_output(
	    job(GET_OBJECT), USER_NAMED("ada", "<I32 N=\"userAccountControl\">514</I32>"));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
	CHECK_STR(where(GET_OBJECT), "pdc");
	double_output(job(GET_OBJECT), USER_NAMED("ada", ""));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
	check_unlock("pdc", 0);
	check_answer("done", "fail");
	test_case = "all else stays";
	double_ask(3, WRITE("3", ENTRY("ada")));
	double_output(job(GET_OBJECT), USER_NAMED("ada", ""));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
	CHECK_STR(where(SET_USER), "dc1");
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	check_answer("done", "fail");
	double_script_done(false);
	until(&t.over);
	CHECK_STR(cJSON_GetObjectItem(t.result, "server")->valuestring, "dc1.lab.test");
	CHECK_EQ(
	    cJSON_GetObjectItem(cJSON_GetObjectItem(t.result, "pdc_emulator"), "writes")->valueint,
	    2);
	check_end("done");
}

static void
test_not_on_pdc(void)
{
	begin("an account that the PDC emulator does not know yet");
	double_ask(1, UNLOCK("1", ENTRY("ada") ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", ""));
	answer_pdc(NULL);
	check_unlock("dc1", 2);
	check_answer("done", "warning");
	test_case = "stays where it was written";
	double_ask(2, UNLOCK("2", ENTRY("ada")));
	double_output(job(GET_OBJECT), USER_NAMED("ada", ""));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
	check_unlock("dc1", 0);
	check_answer("done", "warning");
	double_script_done(false);
	until(&t.over);
	CHECK(cJSON_GetObjectItem(t.result, "pdc_emulator") == NULL);
	check_end("done");

	begin("nobody logs on with a disabled one");
	double_ask(1, UNLOCK("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", "<I32 N=\"userAccountControl\">514</I32>"));
	check_unlock("dc1", 0);
	check_answer("done", "warning");
	double_script_done(false);
	check_end("done");
}

static void
test_protected_on_pdc(void)
{
	begin("protected on the PDC emulator is protected");
	double_ask(1, UNLOCK("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", ""));
	answer_pdc(USER_NAMED("ada", "<I32 N=\"adminCount\">1</I32>"));
	check_answer("protected-object", NULL);
	CHECK_EQ(double_jobs(), 0);
	double_script_done(false);
	check_end("done");
}

static void
test_without_pdc(void)
{
	begin("a PDC emulator that does not answer");
	double_ask(1, UNLOCK("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", ""));
	double_output(job(GET_DOMAIN), CONTROLLERS);
	double_done(job(GET_DOMAIN), CW_OK, NULL, NULL);
	double_done(job(GET_DOMAIN), CW_ETIMEOUT, "its time was over", NULL);
	check_unlock("dc1", 0);
	check_answer("the PDC emulator pdc.lab.test does not answer; passwords and unlocks are "
		     "written on dc1.lab.test: ",
	    "fail");
	double_script_done(false);
	until(&t.over);
	test_case = "is not asked again at once";
	cJSON_Delete(t.result);
	cw_buf_free(&t.lines);
	t.over = false;
	double_sandbox_reset();
	start_as("6f1de2b0-6a3c-4d2a-9b1e-0000000000b2");
	while (!double_sandbox_is_asked())
		(void)uv_run(&t.loop, UV_RUN_ONCE);
	double_sandbox_give(NULL);
	double_ask(1, UNLOCK("1", ENTRY("ada")));
	double_output(job(GET_OBJECT), USER_NAMED("ada", ""));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
	check_unlock("dc1", 0);
	check_answer("does not answer", "fail");
	double_script_done(false);
	check_end("done");

	begin("it is not known which one it is");
	double_ask(1, UNLOCK("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", ""));
	double_done(job(GET_DOMAIN), CW_EFAILED, "no", NULL);
	check_unlock("dc1", 0);
	check_answer("does not answer", "fail");
	double_script_done(false);
	check_end("done");

	begin("a stop before its name is known");
	double_ask(1, UNLOCK("1", ENTRY("ada")));
	answer_lookups(USER_NAMED("ada", ""));
	(void)job(GET_DOMAIN);
	cw_script_stop(t.script, "enough");
	double_script_done(false);
	until(&t.over);
	double_done(job(GET_DOMAIN), CW_OK, NULL, NULL);
	check_end("stopped");
}

/* --- commands that are no script's */

static struct {
	bool done;
	char server[64], warning[CW_ERR_TEXT_MAX], error_id[256];
} placed;

static void
on_placed(void *arg, const char *server, const char *warning, cJSON *failure)
{
	const char *id = cw_json_str(failure, "error_id");

	CHECK(arg == &placed);
	placed.done = true;
	(void)snprintf(placed.server, sizeof(placed.server), "%s", server != NULL ? server : "");
	(void)snprintf(placed.warning, sizeof(placed.warning), "%s", warning);
	(void)snprintf(placed.error_id, sizeof(placed.error_id), "%s", id != NULL ? id : "");
	cJSON_Delete(failure);
}

static void
place(const char *name, bool stays, struct cw_catalogue_call **call)
{
	cJSON *parameters = cJSON_Parse("{\"Identity\":\"ada\"}");
	struct cw_broker_write write = { NULL, NULL, "dc1.lab.test", stays, 60000 };
	struct cw_err err = { 0 };

	test_case = name;
	memset(&placed, 0, sizeof(placed));
	open_all();
	CHECK_EQ(cw_catalogue_bind(call, "Unlock-ADAccount", parameters, &err), CW_OK);
	write.call = *call;
	CHECK_EQ(cw_broker_place(t.broker, &write, on_placed, &placed, &err), CW_OK);
	cJSON_Delete(parameters);
}

static void
test_place(void)
{
#define NOT_FOUND                                                                       \
	"ActiveDirectoryCmdlet:Microsoft.ActiveDirectory.Management.ADIdentityNotFound" \
	"Exception,Microsoft.ActiveDirectory.Management.Commands.UnlockADAccount"
	static const struct {
		const char *name;
		bool stays;
		const char *own, *pdc, *server, *identity, *error_id;
	} rows[] = {
		{ "a command on the PDC emulator", false, USER_NAMED("ada", ""),
		    USER_NAMED("ada", ""), "pdc.lab.test", GUID, "" },
		{ "one that stays", true, USER_NAMED("ada", ""), NULL, "dc1.lab.test", GUID, "" },
		{ "what is protected", false, USER_NAMED("ada", "<I32 N=\"adminCount\">1</I32>"),
		    NULL, "dc1.lab.test", "ada", "CausewayRefused" },
		{ "what is protected there", false, USER_NAMED("ada", ""),
		    USER_NAMED("ada", "<I32 N=\"adminCount\">1</I32>"), "dc1.lab.test", GUID,
		    "CausewayRefused" },
		{ "what it does not know", false, USER_NAMED("ada", ""), NULL, "dc1.lab.test", GUID,
		    "" },
		{ "nobody at all", false, NULL, NULL, "dc1.lab.test", "ada", NOT_FOUND },
	};
	struct cw_catalogue_named named;
	struct cw_catalogue_call *call;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		place(rows[i].name, rows[i].stays, &call);
		answer_lookups(rows[i].own);
		if (rows[i].own != NULL && !rows[i].stays && !cw_streq(rows[i].identity, "ada")) {
			double_output(job(GET_DOMAIN), CONTROLLERS);
			double_done(job(GET_DOMAIN), CW_OK, NULL, NULL);
			answer_lookups(rows[i].pdc);
		}
		until(&placed.done);
		CHECK_STR(placed.server, rows[i].server);
		CHECK_STR(placed.warning, "");
		CHECK_STR(placed.error_id, rows[i].error_id);
		CHECK(cw_catalogue_call_name(call, 0, &named));
		CHECK_STR(named.text, rows[i].identity);
		cw_catalogue_call_free(call);
		close_all();
	}
	place("taken back", false, &call);
	(void)job(GET_DOMAIN);
	cw_broker_place_cancel(t.broker, &placed);
	cw_catalogue_call_free(call);
	double_done(job(GET_DOMAIN), CW_ECLOSED, "stopped", NULL);
	pump();
	CHECK(!placed.done);
	cw_broker_place_cancel(t.broker, &placed); /* nothing is asked any more */
	close_all();

	place("the agent ends", false, &call);
	(void)job(GET_DOMAIN);
	close_all();
	CHECK(placed.done);
	CHECK_STR(placed.server, "");
	CHECK_STR(placed.error_id, "CausewayUnavailable");
	cw_catalogue_call_free(call);
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
	double_output(job(GET_OBJECT), USER_NAMED("ada", ""));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
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

	begin_behind(
	    "a name is looked up after it: a write may move it", BEHIND("2", "1", ENTRY("ada")));
	CHECK_EQ(double_jobs(), 1);
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	double_output(job(GET_OBJECT), USER_NAMED("ada", ""));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
	double_done(job(SET_USER), CW_OK, NULL, NULL);
	double_ask(3, NEXT("2"));
	check_answer("done", "fail");
	double_script_done(false);
	check_end("done");

	begin_behind("a terminating error ends the ones behind it", BEHIND("2", "1", ENTRY(GUID)));
	double_done(job(SET_USER), CW_EFAILED, "no", NULL);
	double_output(job(GET_OBJECT), USER_NAMED("ada", ""));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
	double_ask(3, NEXT("1"));
	check_answer("fail", NULL);
	double_ask(4, NEXT("2"));
	check_answer("done", "fail");
	CHECK_EQ(double_jobs(), 0);
	double_script_done(true);
	check_end("failed");

	begin_behind("the script ends", BEHIND("2", "1", ENTRY(GUID)));
	double_output(job(GET_OBJECT), USER_NAMED("ada", ""));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
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
	double_output(job(GET_OBJECT), USER_NAMED("ada", ""));
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
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
	test_pdc();
	test_not_on_pdc();
	test_protected_on_pdc();
	test_without_pdc();
	test_place();
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
