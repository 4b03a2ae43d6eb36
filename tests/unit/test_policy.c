/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ceiling: what it takes, what it lets through, and how a refusal reads.
 */
#include "test.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "policy/policy.h"

int test_failed;
const char *test_case = "";

/* --- the ceiling's own grammar */

static const struct {
	const char *name, *json;
	int want;
	const char *says;
} ceilings[] = {
	{ "nothing set", "null", CW_OK, "" },
	{ "empty", "{}", CW_OK, "" },
	{ "one group", "{\"Users\":\"read\"}", CW_OK, "" },
	{ "every level", "{\"Users\":\"read\",\"Groups\":\"disabled\",\"*\":\"read-write\"}", CW_OK,
	    "" },
	{ "not an object", "[]", CW_EINVAL, "a.json: \"ceiling\" must be an object" },
	{ "a group that there is not", "{\"Mailboxes\":\"read\"}", CW_EINVAL, "\"Mailboxes\"" },
	{ "a group in other letters", "{\"users\":\"read\"}", CW_EINVAL, "\"users\"" },
	{ "a level that there is not", "{\"Users\":\"write\"}", CW_EINVAL,
	    "\"write\" of \"Users\"" },
	{ "a level that is no word", "{\"Users\":true}", CW_EINVAL, "\"Users\" must be" },
	{ "the others at no level", "{\"*\":\"none\"}", CW_EINVAL, "\"none\" of \"*\"" },
	{ "the language is not a matter of levels", "{\"Language\":\"disabled\"}", CW_EINVAL,
	    "\"Language\"" },
};

static void
test_ceilings(void)
{
	for (size_t i = 0; i < CW_COUNT(ceilings); i++) {
		cJSON *json = cJSON_Parse(ceilings[i].json);
		struct cw_policy *p = NULL;
		struct cw_err err = { 0 };

		test_case = ceilings[i].name;
		CHECK_EQ(cw_policy_new(&p, cJSON_IsNull(json) ? NULL : json, "a.json", &err),
		    ceilings[i].want);
		CHECK(strstr(err.text, ceilings[i].says) != NULL);
		CHECK_EQ(p != NULL, ceilings[i].want == CW_OK);
		cw_policy_free(p);
		cJSON_Delete(json);
	}
}

/* --- the judgement */

#define OPEN "{}"
#define READ_ONLY "{\"*\":\"read\"}"
#define CLOSED "{\"*\":\"disabled\"}"

static const struct {
	const char *name, *ceiling, *command, *parameters;
	bool approved;
	const char *rule; /* "": allowed */
	const char *says;
} rows[] = {
	{ "a read", READ_ONLY, "Get-ADUser", "{\"Identity\":\"ada\"}", false, "", "" },
	{ "a read where nothing may be", CLOSED, "Get-ADUser", "{\"Identity\":\"ada\"}", false,
	    "ceiling", "Get-ADUser needs the level read for Users; this server allows disabled" },
	{ "a write", OPEN, "Set-ADUser", "{\"Identity\":\"ada\",\"Title\":\"Lead\"}", false, "",
	    "" },
	{ "a write where only reads may be", READ_ONLY, "Set-ADUser",
	    "{\"Identity\":\"ada\",\"Title\":\"Lead\"}", false, "ceiling",
	    "Set-ADUser needs the level read-write for Users; this server allows read" },
	{ "its own group named, the others closed", "{\"Users\":\"read-write\",\"*\":\"disabled\"}",
	    "Set-ADUser", "{\"Identity\":\"ada\",\"Title\":\"Lead\"}", false, "", "" },
	{ "an attribute of another group", "{\"Users\":\"read-write\",\"*\":\"read\"}",
	    "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":{\"proxyAddresses\":[\"smtp:a@b\"]}}",
	    false, "ceiling", "Set-ADUser -Replace proxyAddresses needs the level read-write" },
	{ "a password in a group of its own", "{\"Passwords\":\"read\"}", "New-ADUser",
	    "{\"Name\":\"x\",\"AccountPassword\":{\"$sealed\":\"QUJD\"}}", false, "ceiling",
	    "-AccountPassword" },
	{ "a deletion is a write", READ_ONLY, "Remove-ADUser", "{\"Identity\":\"ada\"}", true,
	    "ceiling", "read-write for Users" },
	{ "and goes where writes go", OPEN, "Remove-ADUser", "{\"Identity\":\"ada\"}", false, "",
	    "" },
	{ "what a person has to approve", OPEN, "Set-ADUser",
	    "{\"Identity\":\"ada\",\"TrustedForDelegation\":true}", false, "approval",
	    "needs a person's approval" },
	{ "when one has", OPEN, "Set-ADUser",
	    "{\"Identity\":\"ada\",\"TrustedForDelegation\":true}", true, "", "" },
	{ "an approval is not above the ceiling", "{\"Delegation\":\"read\"}", "Set-ADUser",
	    "{\"Identity\":\"ada\",\"TrustedForDelegation\":true}", true, "ceiling", "Delegation" },
	{ "a secret in the output", OPEN, "Get-ADComputer",
	    "{\"Identity\":\"pc1\",\"Properties\":[\"ms-Mcs-AdmPwd\"]}", true, "secret",
	    "holds a secret" },
	{ "a secret to find by", OPEN, "Get-ADComputer", "{\"LDAPFilter\":\"(ms-Mcs-AdmPwd=a*)\"}",
	    true, "secret", "ms-Mcs-AdmPwd" },
	{ "an attribute that is never written", OPEN, "Set-ADUser",
	    "{\"Identity\":\"ada\",\"Replace\":{\"unicodePwd\":\"hunter22\"}}", true, "blocked",
	    "unicodePwd" },
	{ "what is not in the catalogue", OPEN, "Remove-Item", "{\"Path\":\"/\"}", true,
	    "catalogue", "not in the catalogue" },
	{ "a parameter that is ours", OPEN, "Get-ADUser",
	    "{\"Identity\":\"ada\",\"Server\":\"evil\"}", true, "catalogue", "-Server" },
};

static void
test_judgement(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		cJSON *ceiling = cJSON_Parse(rows[i].ceiling);
		cJSON *parameters = cJSON_Parse(rows[i].parameters);
		struct cw_policy *p = NULL;
		struct cw_refusal refusal;
		struct cw_catalogue_call *call = NULL;
		struct cw_err err = { 0 };
		bool allowed = rows[i].rule[0] == '\0';
		cJSON *json;

		test_case = rows[i].name;
		CHECK_EQ(cw_policy_new(&p, ceiling, "a.json", &err), CW_OK);
		CHECK_EQ(cw_policy_bind(&call, p, rows[i].command, parameters, rows[i].approved,
			     &refusal, &err),
		    allowed ? CW_OK : CW_EDENIED);
		CHECK_EQ(call != NULL, allowed);
		CHECK_STR(refusal.rule, allowed ? NULL : rows[i].rule);
		if (strstr(refusal.message, rows[i].says) == NULL)
			CHECK_STR(refusal.message, rows[i].says);
		if (!allowed) {
			CHECK_STR(err.text, refusal.message);
			json = cw_refusal_json(&refusal, rows[i].command, parameters);
			CHECK_STR(cw_json_str(json, "rule"), rows[i].rule);
			CHECK_STR(
			    cw_json_str(cw_json_get(json, "call"), "command"), rows[i].command);
			CHECK(cw_json_str(json, "who_can_change_it") != NULL);
			cJSON_Delete(json);
		}
		cw_catalogue_call_free(call);
		cw_policy_free(p);
		cJSON_Delete(parameters);
		cJSON_Delete(ceiling);
	}
}

static void
test_no_policy(void)
{
	cJSON *parameters = cJSON_Parse("{\"Identity\":\"ada\",\"Title\":\"Lead\"}");
	struct cw_catalogue_call *call = NULL;
	struct cw_refusal refusal;
	struct cw_err err = { 0 };

	test_case = "no policy is no ceiling";
	CHECK_EQ(
	    cw_policy_bind(&call, NULL, "Set-ADUser", parameters, false, &refusal, &err), CW_OK);
	cw_catalogue_call_free(call);
	test_case = "a value that does not fit is no refusal";
	CHECK_EQ(cw_policy_bind(&call, NULL, "Set-ADUser", NULL, false, &refusal, &err), CW_EINVAL);
	CHECK(refusal.rule == NULL);
	cJSON_Delete(parameters);
}

/* --- what of a call is told */

static const struct {
	const char *name, *parameters, *want;
} told[] = {
	{ "as it was", "{\"Identity\":\"ada\",\"Title\":\"Lead\",\"Enabled\":true}",
	    "{\"Identity\":\"ada\",\"Title\":\"Lead\",\"Enabled\":true}" },
	{ "no sealed value", "{\"NewPassword\":{\"$sealed\":\"QUJD\"}}", "{\"NewPassword\":null}" },
	{ "no secret of a script", "{\"AccountPassword\":{\"$secret\":\"hunter2\"}}",
	    "{\"AccountPassword\":null}" },
	{ "nor at a place where none belongs", "{\"Title\":{\"$secret\":\"x\"}}",
	    "{\"Title\":{\"$secret\":null}}" },
	{ "nor in an attribute", "{\"Replace\":{\"unicodePwd\":\"hunter2\",\"title\":\"x\"}}",
	    "{\"Replace\":{\"unicodePwd\":null,\"title\":\"x\"}}" },
	{ "nor under a name of another module", "{\"adminPASSWORD\":\"hunter2\"}",
	    "{\"adminPASSWORD\":null}" },
	{ "a switch that only sounds like one", "{\"PasswordNeverExpires\":true}",
	    "{\"PasswordNeverExpires\":true}" },
	{ "none", "null", "{}" },
	{ "a list", "[1]", "{}" },
};

static void
test_told(void)
{
	struct cw_refusal refusal = { .rule = CW_RULE_CEILING, .message = "no" };
	cJSON *json, *parameters;
	char *text;

	for (size_t i = 0; i < CW_COUNT(told); i++) {
		test_case = told[i].name;
		parameters = cJSON_Parse(told[i].parameters);
		json = cw_refusal_json(&refusal, "Set-ADUser", parameters);
		text = cJSON_PrintUnformatted(cw_json_get(cw_json_get(json, "call"), "parameters"));
		CHECK_STR(text, told[i].want);
		cJSON_free(text);
		cJSON_Delete(json);
		cJSON_Delete(parameters);
	}
	test_case = "what is long is cut";
	parameters = cJSON_CreateObject();
	json = cJSON_AddArrayToObject(parameters, "Members");
	for (int i = 0; i < 10000; i++)
		(void)cJSON_AddItemToArray(json, cJSON_CreateString("somebody"));
	json = cw_refusal_json(&refusal, "Add-ADGroupMember", parameters);
	text = cJSON_PrintUnformatted(json);
	CHECK(strlen(text) < 2000);
	CHECK(strstr(text, "\"...\"") != NULL);
	cJSON_free(text);
	cJSON_Delete(json);
	cJSON_Delete(parameters);
}

static void
test_put(void)
{
	cJSON *ceiling = cJSON_Parse("{\"Users\":\"read\",\"*\":\"disabled\"}");
	cJSON *o = cJSON_CreateObject();
	struct cw_policy *p = NULL;
	struct cw_err err = { 0 };

	test_case = "every group is shown";
	CHECK_EQ(cw_policy_new(&p, ceiling, "a.json", &err), CW_OK);
	cw_policy_put(p, o);
	CHECK_STR(cw_json_str(cw_json_get(o, "ceiling"), "Users"), "read");
	CHECK_STR(cw_json_str(cw_json_get(o, "ceiling"), "Sync"), "disabled");
	cw_policy_free(p);
	cJSON_Delete(o);
	cJSON_Delete(ceiling);
}

int
main(void)
{
	test_ceilings();
	test_judgement();
	test_no_policy();
	test_told();
	test_put();
	return test_failed;
}
