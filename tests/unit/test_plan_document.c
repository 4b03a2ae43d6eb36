/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document: what writes become in it, and that whatever is changed in it, or
 * about it, is noticed.
 */
#include <stdlib.h>

#include "test.h"
#include "base/buf.h"
#include "base/canonical.h"
#include "base/json.h"
#include "catalogue/catalogue.h"
#include "plan_rig.h"

int test_failed;
const char *test_case = "";

#define ADA_DN "CN=Ada,OU=Staff,DC=lab,DC=test"
#define WRITE_EFFECT(group, class) "{\"class\":\"" class "\",\"group\":\"" group "\"}"

/* --- entries */

static const struct {
	const char *name, *first, *write;
	const char *member, *want; /* of the entry */
} entries[] = {
	{ "identities are GUIDs", NULL,
	    "Set-ADUser {\"identity\":\"ADA\",\"title\":\"CTO\",\"Manager\":\"bob\"}", "parameters",
	    "{\"Identity\":\"" RIG_ADA "\",\"Manager\":\"" RIG_BOB "\",\"Title\":\"CTO\"}" },
	{ "its target", NULL, "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}", "target",
	    "{\"class\":\"user\",\"dn\":\"" ADA_DN "\",\"guid\":\"" RIG_ADA "\"}" },
	{ "what else it names", NULL, "Set-ADUser {\"Identity\":\"ada\",\"Manager\":\"bob\"}",
	    "others",
	    "[{\"class\":\"user\",\"dn\":\"CN=Bob,OU=Staff,DC=lab,DC=test\",\"guid\":\"" RIG_BOB
	    "\",\"parameter\":\"Manager\"}]" },
	{ "values before", NULL,
	    "Set-ADUser "
	    "{\"Identity\":\"ada\",\"Title\":\"CTO\",\"City\":\"X\",\"Replace\":{"
	    "\"PROXYADDRESSES\":[\"a\"]}}",
	    "before",
	    "{\"l\":[],\"proxyAddresses\":[\"smtp:ada@lab.test\"],\"title\":[\"Analyst\"]}" },
	{ "values before are those of the entries before",
	    "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}",
	    "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CEO\"}", "before",
	    "{\"title\":[\"CTO\"]}" },
	{ "flags before", NULL, "Disable-ADAccount {\"Identity\":\"ada\"}", "before",
	    "{\"userAccountControl\":[\"512\"]}" },
	{ "members before are those it names", NULL,
	    "Add-ADGroupMember {\"Identity\":\"Eng\",\"Members\":[\"ada\",\"bob\"]}", "before",
	    "{\"member\":[\"" ADA_DN "\"]}" },
	{ "and memberships", NULL,
	    "Remove-ADPrincipalGroupMembership "
	    "{\"Identity\":\"ada\",\"MemberOf\":[\"Eng\",\"Ops\"]}",
	    "before", "{\"memberOf\":[\"CN=Eng,OU=Staff,DC=lab,DC=test\"]}" },
	{ "links before", NULL, "Set-ADUser {\"Identity\":\"bob\",\"Manager\":null}", "before",
	    "{\"manager\":[\"" ADA_DN "\"]}" },
	{ "a password is a slot", NULL,
	    "Set-ADAccountPassword "
	    "{\"Identity\":\"ada\",\"Reset\":true,\"NewPassword\":{\"$sealed\":\"AAAA\"}}",
	    "parameters",
	    "{\"Identity\":\"" RIG_ADA "\",\"NewPassword\":{\"$slot\":1},\"Reset\":true}" },
	{ "and has no value before", NULL,
	    "Set-ADAccountPassword "
	    "{\"Identity\":\"ada\",\"Reset\":true,\"NewPassword\":{\"$sealed\":\"AAAA\"}}",
	    "before", "{}" },
	{ "effects are those of the catalogue", NULL,
	    "Set-ADUser {\"Identity\":\"ada\",\"PasswordNeverExpires\":true}", "effects",
	    "[" WRITE_EFFECT("Users",
		"write") ",{\"attribute\":\"userAccountControl\",\"class\":\"write\",\"group\":"
			 "\"Passwords\",\"parameter\":\"PasswordNeverExpires\"}]" },
	{ "what is written is not what is shown", NULL,
	    "Enable-ADAccount {\"Identity\":\"bob\",\"PassThru\":true}", "parameters",
	    "{\"Identity\":\"" RIG_BOB "\"}" },
	{ "a place stays a name", NULL,
	    "Move-ADObject {\"Identity\":\"" ADA_DN
	    "\",\"TargetPath\":\"ou=Leavers,dc=lab,dc=test\"}",
	    "parameters",
	    "{\"Identity\":\"" RIG_ADA "\",\"TargetPath\":\"OU=Leavers,DC=lab,DC=test\"}" },
	{ "names of attributes are those of the schema", NULL,
	    "Set-ADUser "
	    "{\"Identity\":\"ada\",\"Clear\":\"TITLE\",\"Add\":{\"othertelephone\":\"1\"}}",
	    "parameters",
	    "{\"Add\":{\"otherTelephone\":\"1\"},\"Clear\":[\"title\"],\"Identity\":\"" RIG_ADA
	    "\"}" },
};

static char *
canonical(const cJSON *json)
{
	struct cw_buf text;
	char *ret = NULL;

	cw_buf_init(&text, 1 << 20);
	if (json != NULL && cw_json_put_canonical(&text, json) == CW_OK)
		ret = cw_strdup(cw_buf_str(&text));
	cw_buf_free(&text);
	return ret;
}

static const cJSON *
last_entry(const struct rig *rig)
{
	const cJSON *all = cw_json_get(rig->plan, "entries");

	return cJSON_GetArrayItem(all, cJSON_GetArraySize(all) - 1);
}

static void
test_entries(void)
{
	for (size_t i = 0; i < CW_COUNT(entries); i++) {
		struct cw_err err = { 0 };
		struct rig rig;
		char *text;

		test_case = entries[i].name;
		rig_init(&rig);
		if (entries[i].first != NULL)
			(void)rig_plan(&rig, entries[i].first, &err);
		(void)rig_plan(&rig, entries[i].write, &err);
		CHECK_STR(err.text, "");
		text = canonical(cw_json_get(last_entry(&rig), entries[i].member));
		CHECK_STR(text, entries[i].want);
		free(text);
		CHECK_EQ(cw_plan_document_seal(rig.plan, &err), CW_OK);
		CHECK_EQ(cw_plan_document_check(rig.plan, &err), CW_OK);
		CHECK_STR(err.text, "");
		rig_free(&rig);
	}
}

static void
test_made(void)
{
	struct cw_err err = { 0 };
	const cJSON *creates, *member;
	struct rig rig;

	test_case = "what is made";
	rig_init(&rig);
	CHECK_EQ(rig_plan(&rig, "New-ADUser {\"Name\":\"Cy\",\"Path\":\"OU=Staff,DC=lab,DC=test\"}",
		     &err),
	    CW_OK);
	creates = cw_json_get(last_entry(&rig), "creates");
	CHECK_STR(cw_json_str(creates, "dn"), "CN=Cy,OU=Staff,DC=lab,DC=test");
	CHECK_STR(cw_json_str(creates, "class"), "user");
	CHECK_STR(cw_json_str(creates, "account"), "Cy");
	CHECK(cw_json_get(last_entry(&rig), "target") == NULL);
	CHECK_EQ(
	    rig_plan(&rig, "Add-ADGroupMember {\"Identity\":\"Eng\",\"Members\":\"cy\"}", &err),
	    CW_OK);
	member = cw_json_get(cw_json_get(last_entry(&rig), "parameters"), "Members");
	CHECK_STR(cJSON_GetStringValue(member), cw_json_str(creates, "placeholder"));
	rig_free(&rig);
}

static const struct {
	const char *name, *first, *write, *says;
} refused[] = {
	{ "an account that is there", NULL,
	    "New-ADUser {\"Name\":\"X\",\"SamAccountName\":\"ADA\"}",
	    "The specified account already exists" },
	{ "a name that is there", NULL,
	    "New-ADOrganizationalUnit {\"Name\":\"staff\",\"Path\":\"DC=lab,DC=test\"}",
	    "no object DC=lab" },
	{ "an account that is planned", "New-ADUser {\"Name\":\"Cy\"}",
	    "New-ADUser {\"Name\":\"X\",\"SamAccountName\":\"cy\"}", "already exists" },
	{ "a group that is there", NULL, "New-ADGroup {\"Name\":\"eng\",\"GroupScope\":\"Global\"}",
	    "The specified group already exists" },
	{ "nobody", NULL, "Set-ADUser {\"Identity\":\"nobody\",\"Title\":\"x\"}",
	    "no object nobody" },
	{ "somebody who is gone", "Remove-ADUser {\"Identity\":\"ada\"}",
	    "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"x\"}", "no object ada" },
	{ "a group as a user", NULL,
	    "Set-ADUser {\"Identity\":\"CN=Eng,OU=Staff,DC=lab,DC=test\",\"Title\":\"x\"}",
	    "no object CN=Eng" },
	{ "what is protected",
	    "Set-ADObject {\"Identity\":\"" RIG_ADA "\",\"ProtectedFromAccidentalDeletion\":true}",
	    "Remove-ADUser {\"Identity\":\"ada\"}", "Access is denied" },
	{ "what is protected, elsewhere",
	    "Set-ADObject {\"Identity\":\"" RIG_ADA "\",\"ProtectedFromAccidentalDeletion\":true}",
	    "Move-ADObject {\"Identity\":\"" RIG_ADA
	    "\",\"TargetPath\":\"OU=Leavers,DC=lab,DC=test\"}",
	    "Access is denied" },
	{ "what comes back", NULL, "Restore-ADObject {\"Identity\":\"" RIG_ADA "\"}",
	    "cannot be planned" },
	{ "the forest's configuration", NULL, "New-ADReplicationSite {\"Name\":\"Rome\"}",
	    "cannot be planned" },
	{ "another role", NULL, "Start-ADSyncSyncCycle {\"PolicyType\":\"Delta\"}",
	    "cannot be planned" },
};

static void
test_refused(void)
{
	for (size_t i = 0; i < CW_COUNT(refused); i++) {
		struct cw_err err = { 0 };
		struct rig rig;
		int before;

		test_case = refused[i].name;
		rig_init(&rig);
		if (refused[i].first != NULL)
			CHECK_EQ(rig_plan(&rig, refused[i].first, &err), CW_OK);
		before = cJSON_GetArraySize(cw_json_get(rig.plan, "entries"));
		CHECK(rig_plan(&rig, refused[i].write, &err) < 0);
		if (strstr(err.text, refused[i].says) == NULL)
			CHECK_STR(err.text, refused[i].says);
		CHECK_EQ(cJSON_GetArraySize(cw_json_get(rig.plan, "entries")), before);
		rig_free(&rig);
	}
}

/* --- reading it back */

static void
make(struct rig *rig)
{
	static const char *const writes[] = {
		"New-ADUser "
		"{\"Name\":\"Cy\",\"SamAccountName\":\"cy\",\"Path\":\"OU=Staff,DC=lab,DC=test\","
		"\"AccountPassword\":{\"$sealed\":\"AAAA\"}}",
		"Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\",\"Manager\":\"cy\"}",
		"Add-ADGroupMember {\"Identity\":\"Ops\",\"Members\":[\"cy\",\"ada\"]}",
	};
	struct cw_err err;

	rig_init(rig);
	for (size_t i = 0; i < CW_COUNT(writes); i++)
		CHECK_EQ(rig_plan(rig, writes[i], &err), CW_OK);
	CHECK_EQ(cw_plan_document_seal(rig->plan, &err), CW_OK);
}

/* The member at "entries/1/target/dn". */
static cJSON *
at(cJSON *json, const char *path)
{
	char name[64];

	while (*path != '\0') {
		size_t n = strcspn(path, "/");

		(void)snprintf(name, sizeof(name), "%.*s", (int)n, path);
		json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(name))
					   : cJSON_GetObjectItemCaseSensitive(json, name);
		path += n + (path[n] == '/');
	}
	return json;
}

/* Each is done to a plan, which then gets the hash that goes with it. */
static const struct {
	const char *name, *path, *value; /* JSON; NULL: the member is taken away */
	const char *says; /* NULL: it stays a plan */
} changed[] = {
	{ "nothing", "caller", "\"ada@example\"", NULL },
	{ "another format", "format", "2", "format 2" },
	{ "a format that is no number", "format", "\"1\"", "\"format\"" },
	{ "no tenant", "tenant", NULL, "no \"tenant\"" },
	{ "a tenant that is no UUID", "tenant", "\"x\"", "\"tenant\"" },
	{ "a tenant in capitals", "tenant", "\"AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA\"",
	    "\"tenant\"" },
	{ "no date", "expires", "\"tomorrow\"", "\"expires\"" },
	{ "approximate by word", "approximate", "\"no\"", "\"approximate\"" },
	{ "entries that are no list", "entries", "{}", "\"entries\"" },
	{ "entries that are no objects", "entries/0", "7", "entry 1 is no object" },
	{ "another number", "entries/1/entry", "3", "entry 2 has another number" },
	{ "a member too many", "entries/1/target/x", "1", "not known" },
	{ "no such command", "entries/1/command", "\"Set-Everything\"",
	    "no write of the catalogue" },
	{ "a read", "entries/1/command", "\"Get-ADUser\"", "no write of the catalogue" },
	{ "a command in other letters", "entries/1/command", "\"set-aduser\"",
	    "no write of the catalogue" },
	{ "no target", "entries/1/target", NULL, "no target" },
	{ "a parameter that is not taken", "entries/1/parameters/Server", "\"dc9\"", "entry 2" },
	{ "a secret in clear", "entries/0/parameters/AccountPassword", "\"geheim\"",
	    "a slot belongs to no entry" },
	{ "a secret that is sealed", "entries/0/parameters/AccountPassword",
	    "{\"$sealed\":\"AAAA\"}", "a slot belongs to no entry" },
	{ "another slot", "entries/0/parameters/AccountPassword", "{\"$slot\":2}",
	    "not in \"slots\"" },
	{ "a slot and more", "entries/0/parameters/AccountPassword", "{\"$slot\":1,\"x\":1}",
	    "not in \"slots\"" },
	{ "a slot of another entry", "slots/0/entry", "2", "not in \"slots\"" },
	{ "a slot of another parameter", "slots/0/parameter", "\"NewPassword\"",
	    "not in \"slots\"" },
	{ "slots out of order", "slots/0/slot", "2", "not numbered" },
	{ "another object than is shown", "entries/1/parameters/Identity", "\"" RIG_BOB "\"",
	    "its objects" },
	{ "shows another object", "entries/1/target/guid", "\"" RIG_BOB "\"", "its objects" },
	{ "a member that is not shown", "entries/2/others/1/guid", "\"" RIG_BOB "\"",
	    "its objects" },
	{ "shows one too many", "entries/1/parameters/Manager", NULL, "its " },
	{ "fewer effects", "entries/1/effects/1", NULL, "its effects" },
	{ "milder effects", "entries/1/effects/0/class", "\"read\"", "its effects" },
	{ "makes another", "entries/0/parameters/Name", "\"Root\"", "its objects made" },
	{ "makes it elsewhere", "entries/0/parameters/Path", "\"OU=Admins,DC=lab,DC=test\"",
	    "its objects" },
	{ "hides what it makes", "entries/0/creates", NULL, "its objects made" },
	{ "before of a secret", "entries/1/before/unicodePwd", "[\"x\"]", "\"before\"" },
	{ "before of nothing known", "entries/1/before/)(cn=*", "[\"x\"]", "\"before\"" },
	{ "before that is no list", "entries/1/before/title", "\"x\"", "\"before\"" },
	{ "before that is no text", "entries/1/before/title", "[1]", "\"before\"" },
};

static void
change(cJSON *plan, const char *path, const char *value)
{
	char above[128];
	const char *last = strrchr(path, '/');
	cJSON *parent, *json;

	(void)snprintf(above, sizeof(above), "%.*s", last == NULL ? 0 : (int)(last - path), path);
	parent = at(plan, above);
	last = last == NULL ? path : last + 1;
	json = value == NULL ? NULL : cJSON_Parse(value);
	if (cJSON_IsArray(parent)) {
		if (json == NULL)
			cJSON_DeleteItemFromArray(parent, atoi(last));
		else
			cJSON_ReplaceItemInArray(parent, atoi(last), json);
		return;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(parent, last);
	if (json != NULL)
		cJSON_AddItemToObject(parent, last, json);
}

static void
test_changed(void)
{
	for (size_t i = 0; i < CW_COUNT(changed); i++) {
		struct cw_err err = { 0 };
		struct rig rig;

		test_case = changed[i].name;
		make(&rig);
		change(rig.plan, changed[i].path, changed[i].value);
		CHECK_EQ(cw_plan_document_seal(rig.plan, NULL), CW_OK);
		CHECK_EQ(cw_plan_document_check(rig.plan, &err),
		    changed[i].says == NULL ? CW_OK : err.code);
		if (changed[i].says == NULL)
			CHECK_STR(err.text, "");
		else if (strstr(err.text, changed[i].says) == NULL)
			CHECK_STR(err.text, changed[i].says);
		rig_free(&rig);
	}
}

static void
test_bytes(void)
{
	struct cw_err err = { 0 };
	cJSON *again = NULL;
	struct cw_buf text;
	struct rig rig;
	char *bytes;

	test_case = "its bytes";
	make(&rig);
	cw_buf_init(&text, CW_PLAN_TEXT_MAX);
	CHECK_EQ(cw_json_put(&text, rig.plan), CW_OK);
	CHECK_EQ(cw_plan_document_read(&again, cw_buf_str(&text), cw_buf_left(&text), &err), CW_OK);
	CHECK(cJSON_Compare(again, rig.plan, true));
	cJSON_Delete(again);
	/* One letter of it, and no new hash. */
	bytes = cw_strdup(cw_buf_str(&text));
	*strstr(bytes, "CTO") = 'X';
	CHECK_EQ(cw_plan_document_read(&again, bytes, strlen(bytes), &err), CW_EINVAL);
	CHECK(strstr(err.text, "not what it was when it was made") != NULL);
	free(bytes);
	cw_buf_free(&text);
	rig_free(&rig);
}

/* --- is it for here */

static const struct {
	const char *name;
	struct cw_plan_place here;
	int want;
	const char *says;
} places[] = {
	{ "here and now", { RIG_TENANT, RIG_AGENT, "DC1.lab.test", RIG_NOW_MS + 1 }, CW_OK, "" },
	{ "another tenant", { RIG_AGENT, RIG_AGENT, "dc1.lab.test", RIG_NOW_MS }, CW_EDENIED,
	    "another tenant" },
	{ "another agent", { RIG_TENANT, RIG_TENANT, "dc1.lab.test", RIG_NOW_MS }, CW_EDENIED,
	    "another agent" },
	{ "another controller", { RIG_TENANT, RIG_AGENT, "dc2.lab.test", RIG_NOW_MS }, CW_EDENIED,
	    "another domain controller" },
	{ "too late", { RIG_TENANT, RIG_AGENT, "dc1.lab.test", RIG_NOW_MS + 3600001 }, CW_EEXPIRED,
	    "expired" },
};

static void
test_places(void)
{
	struct cw_err err;
	struct rig rig;

	make(&rig);
	for (size_t i = 0; i < CW_COUNT(places); i++) {
		test_case = places[i].name;
		err = (struct cw_err){ 0 };
		CHECK_EQ(cw_plan_document_verify(rig.plan, &places[i].here, &err), places[i].want);
		CHECK(strstr(err.text, places[i].says) != NULL);
	}
	test_case = "another catalogue";
	change(rig.plan, "catalogue", "\"0000\"");
	CHECK_EQ(cw_plan_document_verify(rig.plan, &places[0].here, &err), CW_EDENIED);
	CHECK(strstr(err.text, "another catalogue") != NULL);
	rig_free(&rig);
	test_case = "approximate";
	make(&rig);
	CHECK_EQ(cw_plan_document_stop(rig.plan, "for a reason"), CW_OK);
	CHECK_EQ(cw_plan_document_stop(rig.plan, "for another"), CW_OK);
	CHECK_EQ(cw_plan_document_seal(rig.plan, &err), CW_OK);
	CHECK_EQ(cw_plan_document_check(rig.plan, &err), CW_OK);
	CHECK_EQ(cw_plan_document_verify(rig.plan, &places[0].here, &err), CW_EDENIED);
	CHECK(strstr(err.text, "approximate and cannot be applied: for a reason") != NULL);
	rig_free(&rig);
}

/* Entry after entry, until one does not fit. */
static unsigned
fill(cJSON *plan, size_t long_text, struct cw_err *err)
{
	char *text = calloc(1, long_text + 1);
	size_t bytes = 0;
	unsigned n = 0;
	cJSON *entry, *parameters;

	memset(text, 'x', long_text);
	do {
		entry = cJSON_CreateObject();
		parameters = cJSON_AddObjectToObject(entry, "parameters");
		cJSON_AddStringToObject(parameters, "Title", text);
		cJSON_AddItemToObject(parameters, "AccountPassword", cJSON_Parse("{\"$slot\":0}"));
	} while (cw_plan_document_add(plan, entry, &bytes, err) == CW_OK && n++ < 20000);
	free(text);
	return n;
}

static void
test_limits(void)
{
	struct cw_err err = { 0 };
	struct rig rig;

	test_case = "more entries than a plan has";
	rig_init(&rig);
	CHECK_EQ(fill(rig.plan, 1, &err), CW_PLAN_ENTRIES_MAX);
	CHECK_EQ(err.code, CW_ELIMIT);
	CHECK(strstr(err.text, "at most 10000 entries") != NULL);
	CHECK(strstr(err.text, "split the script") != NULL);
	CHECK_EQ(cw_plan_document_seal(rig.plan, &err), CW_OK);
	rig_free(&rig);
	test_case = "more text than a plan has";
	rig_init(&rig);
	CHECK(fill(rig.plan, 5000, &err) < CW_PLAN_ENTRIES_MAX / 2);
	CHECK_EQ(err.code, CW_ELIMIT);
	CHECK(strstr(err.text, "at most 16777216 bytes") != NULL);
	CHECK(strstr(err.text, "split the script") != NULL);
	CHECK_EQ(cw_plan_document_seal(rig.plan, &err), CW_OK);
	CHECK(cw_plan_document_bytes(rig.plan) > CW_PLAN_TEXT_MAX - 262144);
	CHECK_EQ(cJSON_GetArraySize(cw_json_get(rig.plan, "slots")),
	    cJSON_GetArraySize(cw_json_get(rig.plan, "entries")));
	rig_free(&rig);
}

int
main(void)
{
	test_entries();
	test_made();
	test_refused();
	test_changed();
	test_bytes();
	test_places();
	test_limits();
	return test_failed;
}
