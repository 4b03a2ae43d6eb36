/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts that are planned, and plans that are applied: what the script saw while it
 * was planned is there after it was applied, and nothing is before. argv: launcher,
 * probe, engine for inside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "base/str.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

static cJSON *
plan(const char *script, const char *holds)
{
	struct outcome o;
	cJSON *document;

	rig_begin(&o, CW_SCRIPT_PLAN, script, RIG_MS, NULL);
	rig_wait(&o);
	CHECK_STR(outcome_state(&o), "done");
	if (strstr(outcome_text(&o), holds) == NULL) {
		test_failed = 1;
		(void)fprintf(stderr, "%s: says %s\n", test_case, outcome_text(&o));
	}
	document = cJSON_DetachItemFromObject(o.result, "plan");
	CHECK(document != NULL);
	outcome_free(&o);
	return document;
}

static void
check_says(const char *script, const char *holds)
{
	struct outcome o;

	rig_run(&o, script);
	CHECK_STR(outcome_state(&o), "done");
	if (strstr(outcome_text(&o), holds) == NULL) {
		test_failed = 1;
		(void)fprintf(stderr, "%s: says %s\n", test_case, outcome_text(&o));
	}
	outcome_free(&o);
}

static int
entries_of(const cJSON *document)
{
	return cJSON_GetArraySize(cJSON_GetObjectItem(document, "entries"));
}

static const char *
entry_state(const struct outcome *o, int i)
{
	const cJSON *entry = cJSON_GetArrayItem(cJSON_GetObjectItem(o->result, "entries"), i);
	const cJSON *state = cJSON_GetObjectItem(entry, "state");

	return state == NULL ? NULL : state->valuestring;
}

#define SEEN                                                                                 \
	"\"$((Get-ADUser planned -Properties Title, Manager).Title)\"; "                     \
	"@(Get-ADGroupMember Engineering | Where-Object SamAccountName -eq planned).Count; " \
	"(Get-ADUser ada -Properties Description).Description"
#define SEES "{\"output\":\"Boss\"}\n{\"output\":1}\n{\"output\":\"planned\"}"

static void
test_onboarding(void)
{
	cJSON *document, *secrets = cJSON_CreateObject();
	struct outcome o;

	test_case = "planned";
	document =
	    plan("New-ADUser -Name 'Planned One' -SamAccountName planned -Path "
		 "'OU=Staff,DC=lab,DC=test' "
		 "-AccountPassword (ConvertTo-SecureString 'Passw0rd-12345!' -AsPlainText -Force) "
		 "-Enabled $true; Set-ADUser planned -Title Boss -Manager grace; "
		 "Add-ADGroupMember Engineering -Members planned; "
		 "Set-ADUser ada -Description planned; " SEEN,
		SEES);
	CHECK_EQ(entries_of(document), 4);
	test_case = "nothing is made yet";
	check_says("try { Get-ADUser planned } catch { 'nobody' }", "nobody");
	test_case = "without its secret";
	rig_apply(&o, document, NULL, true);
	CHECK_EQ(o.err.code, CW_EINVAL);
	outcome_free(&o);
	test_case = "applied";
	cJSON_AddStringToObject(secrets, "1", "Other-Passw0rd-9!");
	rig_apply(&o, document, secrets, false);
	CHECK_STR(outcome_state(&o), "done");
	CHECK_STR(entry_state(&o, 0), "done");
	CHECK_STR(entry_state(&o, 3), "done");
	CHECK(strstr(outcome_text(&o), "{\"step\":{\"entry\":1,") != NULL);
	if (test_failed)
		(void)fprintf(stderr, "%s %s\n", outcome_text(&o), o.err.text);
	outcome_free(&o);
	check_says(SEEN, SEES);
	test_case = "not a second time";
	rig_apply(&o, document, secrets, false);
	CHECK(strcmp(outcome_state(&o), "done") != 0);
	outcome_free(&o);
	check_says("Remove-ADUser planned -Confirm:$false; 'gone'", "gone");
	cJSON_Delete(document);
	cJSON_Delete(secrets);
}

static void
test_changed(void)
{
	cJSON *document;
	struct outcome o;

	test_case = "what is not as it was is not written";
	document = plan("Set-ADUser grace -Title Planned; Set-ADUser ada -Title Planned; 'x'", "x");
	CHECK_EQ(entries_of(document), 2);
	check_says("Set-ADUser grace -Title Other; 'x'", "x");
	rig_apply(&o, document, NULL, true);
	CHECK_STR(outcome_state(&o), "failed");
	CHECK_STR(entry_state(&o, 0), "changed");
	CHECK_STR(entry_state(&o, 1), "not-begun");
	outcome_free(&o);
	check_says("(Get-ADUser grace -Properties Title).Title", "Other");
	cJSON_Delete(document);
}

static void
test_protected(void)
{
	cJSON *document;
	struct outcome o;

	test_case = "an administrator, planned";
	document = plan("Set-ADUser Administrator -Title Chief; 'x'", "x");
	CHECK_EQ(entries_of(document), 1);
	test_case = "not without an approval";
	rig_apply(&o, document, NULL, false);
	CHECK_STR(outcome_state(&o), "failed");
	CHECK(strstr(outcome_text(&o), "CausewayRefused") != NULL);
	outcome_free(&o);
	cJSON_Delete(document);
	test_case = "with one";
	document = plan("Set-ADUser Administrator -Title Chief; 'x'", "x");
	rig_apply(&o, document, NULL, true);
	CHECK_STR(outcome_state(&o), "done");
	outcome_free(&o);
	check_says("(Get-ADUser Administrator -Properties Title).Title", "Chief");
	cJSON_Delete(document);
}

static void
test_forged(void)
{
	cJSON *document, *entries;
	struct outcome o;

	test_case = "a plan that was changed";
	document = plan("Set-ADUser ada -Title Planned; 'x'", "x");
	entries = cJSON_GetObjectItem(document, "entries");
	cJSON_ReplaceItemInObject(cJSON_GetObjectItem(cJSON_GetArrayItem(entries, 0), "parameters"),
	    "Title", cJSON_CreateString("Forged"));
	rig_apply(&o, document, NULL, true);
	CHECK_EQ(o.err.code, CW_EINVAL);
	outcome_free(&o);
	cJSON_Delete(document);
}

int
main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	rig_start(argv, NULL);
	test_onboarding();
	test_changed();
	test_protected();
	test_forged();
	rig_finish();
	return test_failed;
}
