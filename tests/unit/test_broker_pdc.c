/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where passwords and unlocks are written, and whether and where a command is that is
 * no script's.
 */
#include <stdio.h>
#include <string.h>

#include "test.h"
#include "broker_rig.h"
#include "base/json.h"
#include "base/str.h"

int test_failed;
const char *test_case;

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
	answer_lookup(USER_NAMED("ada", "<I32 N=\"userAccountControl\">514</I32>"));
	CHECK_STR(where(GET_OBJECT), "pdc");
	answer_lookup(USER_NAMED("ada", ""));
	check_unlock("pdc", 0);
	check_answer("done", "fail");
	test_case = "all else stays";
	double_ask(3, WRITE("3", ENTRY("ada")));
	answer_lookup(USER_NAMED("ada", ""));
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
	answer_lookup(USER_NAMED("ada", ""));
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
	answer_lookup(USER_NAMED("ada", ""));
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

int
main(void)
{
	test_pdc();
	test_not_on_pdc();
	test_protected_on_pdc();
	test_without_pdc();
	test_place();
	return test_failed;
}
