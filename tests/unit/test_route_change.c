/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes: what is refused, in which order places are touched, what an operation says at its end.
 * Crashes are tests/model's.
 */
#include <stdlib.h>

#include "base/json.h"
#include "in_world.h"
#include "test.h"

int test_failed;
const char *test_case = "";

/* --- refused before anything is recorded */

static const struct {
	const char *name;
	int tenant; /* a mode, or 4: without Graph settings */
	const char *body;
	int code;
	const char *text;
} refusals[] = {
	{ "no change", 0, "{\"target\":{" ADA "}}", CW_EINVAL, "\"change\" is missing" },
	{ "another change", 0, "{\"change\":\"user.fly\",\"target\":{" ADA "}}", CW_EINVAL,
	    "no change \"user.fly\"; there are user.update, user.disable" },
	{ "nobody", 0, "{\"change\":\"user.disable\"}", CW_EINVAL, "\"target\" is missing" },
	{ "an account of a tenant without Active Directory", 0, UPDATE("\"sam\":\"a\"", TITLE),
	    CW_EINVAL, "cloud has no Active Directory" },
	{ "nothing to set", 0, "{\"change\":\"user.update\",\"target\":{" ADA "}}", CW_EINVAL,
	    "\"set\" must be an object" },
	{ "an empty set", 0, UPDATE(ADA, ""), CW_EINVAL, "\"set\" must be an object" },
	{ "a property that is not there", 0, UPDATE(ADA, "\"title\":\"x\""), CW_EINVAL,
	    "no property \"title\"; there are jobTitle, department" },
	{ "what has a change of its own", 0, UPDATE(ADA, "\"accountEnabled\":true"), CW_EINVAL,
	    "no property \"accountEnabled\"" },
	{ "a value that does not fit", 0, UPDATE(ADA, "\"jobTitle\":7"), CW_EINVAL,
	    "jobTitle must be a string" },
	{ "what a tenant on premises has nowhere", 1, UPDATE(ADA, "\"usageLocation\":\"DE\""),
	    CW_EINVAL, "usageLocation lives in Entra ID, and this tenant has none" },
	{ "a set where there is none", 0,
	    "{\"change\":\"user.disable\",\"target\":{" ADA "},\"set\":{}}", CW_EINVAL,
	    "user.disable takes no \"set\"" },
	{ "a reply key where there is no reply", 0,
	    "{\"change\":\"user.disable\",\"target\":{" ADA "},\"reply_key\":\"\"}", CW_EINVAL,
	    "user.disable takes no \"reply_key\"" },
	{ "a reply key that is none", 0,
	    "{\"change\":\"password.reset\",\"target\":{" ADA "},\"reply_key\":\"QUJD\"}",
	    CW_EINVAL, "\"reply_key\" must be an X25519 public key" },
	{ "a password of the caller's", 0,
	    "{\"change\":\"password.reset\",\"target\":{" ADA "},\"password\":\"x\"}", CW_EINVAL,
	    "no member \"password\"" },
	{ "a tenant without Graph settings", 4, UPDATE(ADA, TITLE), CW_EINVAL,
	    "has no Graph settings yet" },
};

static void
test_refusals(void)
{
	struct cw_err err;
	char id[37];

	world_open(CW_MODE_CLOUD);
	world_start(w);
	for (size_t i = 0; i < CW_COUNT(refusals); i++) {
		test_case = refusals[i].name;
		w->tenant = tenants[refusals[i].tenant].id;
		err.text[0] = '\0';
		CHECK_EQ(change(id, refusals[i].body, &err), refusals[i].code);
		if (strstr(err.text, refusals[i].text) == NULL)
			CHECK_STR(err.text, refusals[i].text);
	}
	test_case = "no such tenant";
	w->tenant = "nobody";
	CHECK_EQ(change(id, UPDATE(ADA, TITLE), &err), CW_ENOTFOUND);
	world_close();
}

/* --- one change from end to end */

enum twist {
	PLAIN,
	NOT_IN_AD,
	NOT_IN_ENTRA,
	SYNCED, /* in Entra ID, where it should not be */
	NOT_SYNCED,
	STAGING,
	SUSPENDED,
	NO_UPN,
	NEVER_EXPIRES,
	DONE_ALREADY, /* both places have the values */
	AD_HAS_IT, /* and Entra ID does not */
	AD_REFUSES,
	ENTRA_REFUSES,
	NO_AGENT,
	ENTRA_AWAY, /* for longer than anybody waits */
	AGENT_GONE, /* with a write under way, for ever */
	AGENT_REPLACED, /* the same, but there is another */
	CONTROLLER_GONE, /* with a write under way */
};

static const struct {
	const char *name;
	enum cw_identity_mode mode;
	enum twist twist;
	const char *body;
	const char *state, *error; /* part of the words; NULL: none */
	unsigned ad, entra, cycles; /* what was done there */
	const char *result; /* as JSON, without user; NULL: not looked at */
	const char *steps; /* their states, by first letter */
} rows[] = {
	{ "cloud", CW_MODE_CLOUD, PLAIN, UPDATE(ADA, TITLE ",\"usageLocation\":\"FR\""),
	    "succeeded", NULL, 0, 1, 0,
	    "{\"entra\":{\"before\":{\"jobTitle\":\"Analyst\",\"usageLocation\":\"GB\"},\"after\":{"
	    "\"jobTitle\":"
	    "\"Countess\",\"usageLocation\":\"FR\"}}}",
	    "ddd" },
	{ "on-prem, by account, cleared and by attribute", CW_MODE_ON_PREM, PLAIN,
	    UPDATE("\"sam\":\"ADA0\"",
		"\"department\":null,\"country\":\"France\",\"businessPhones\":[]"),
	    "succeeded", NULL, 1, 0, 0,
	    "{\"ad\":{\"before\":{\"department\":\"Research\",\"country\":\"United "
	    "Kingdom\",\"businessPhones\":[\"+44 "
	    "1\"]},\"after\":{\"department\":null,\"country\":\"France\",\"businessPhones\":[]}}}",
	    "ddd" },
	{ "hybrid-dual", CW_MODE_HYBRID_DUAL, PLAIN, UPDATE(ADA, TITLE), "succeeded", NULL, 1, 1, 0,
	    "{\"ad\":{\"before\":{\"jobTitle\":\"Analyst\"},\"after\":{\"jobTitle\":\"Countess\"}},"
	    "\"entra\":{"
	    "\"before\":{\"jobTitle\":\"Analyst\"},\"after\":{\"jobTitle\":\"Countess\"}}}",
	    "dddddd" },
	{ "hybrid-dual, by account", CW_MODE_HYBRID_DUAL, PLAIN, UPDATE("\"sam\":\"ada1\"", TITLE),
	    "succeeded", NULL, 1, 1, 0, NULL, "dddddd" },
	{ "hybrid-dual, what lives in the cloud alone", CW_MODE_HYBRID_DUAL, PLAIN,
	    UPDATE(ADA, "\"usageLocation\":\"FR\""), "succeeded", NULL, 0, 1, 0, NULL, "ddsdsd" },
	{ "hybrid-dual, there already", CW_MODE_HYBRID_DUAL, DONE_ALREADY, UPDATE(ADA, TITLE),
	    "succeeded", NULL, 0, 0, 0,
	    "{\"ad\":{\"before\":{\"jobTitle\":\"Countess\"},\"after\":{\"jobTitle\":\"Countess\"}}"
	    ",\"entra\":{"
	    "\"before\":{\"jobTitle\":\"Countess\"},\"after\":{\"jobTitle\":\"Countess\"}}}",
	    "ddssss" },
	{ "hybrid-dual, one side has it", CW_MODE_HYBRID_DUAL, AD_HAS_IT, UPDATE(ADA, TITLE),
	    "succeeded", NULL, 0, 1, 0, NULL, "ddsdsd" },
	{ "hybrid-dual, disabled", CW_MODE_HYBRID_DUAL, PLAIN,
	    "{\"change\":\"user.disable\",\"target\":{" ADA "}}", "succeeded", NULL, 1, 1, 0, NULL,
	    "dddddd" },
	{ "hybrid-dual, enabled already", CW_MODE_HYBRID_DUAL, PLAIN,
	    "{\"change\":\"user.enable\",\"target\":{" ADA "}}", "succeeded", NULL, 0, 0, 0, NULL,
	    "ddssss" },
	{ "hybrid-sync", CW_MODE_HYBRID_SYNC, PLAIN, UPDATE(ADA, TITLE), "succeeded", NULL, 1, 0, 1,
	    NULL, "dddsdddd" },
	{ "hybrid-sync, of both", CW_MODE_HYBRID_SYNC, PLAIN,
	    UPDATE(ADA, TITLE ",\"usageLocation\":\"FR\""), "succeeded", NULL, 1, 1, 1, NULL,
	    "dddddddd" },
	{ "hybrid-sync, not yet exported", CW_MODE_HYBRID_SYNC, AD_HAS_IT, UPDATE(ADA, TITLE),
	    "succeeded", NULL, 0, 0, 1, NULL, "dddssdsd" },
	{ "hybrid-sync, there already", CW_MODE_HYBRID_SYNC, DONE_ALREADY, UPDATE(ADA, TITLE),
	    "succeeded", NULL, 0, 0, 0, NULL, "ddssssss" },
	{ "hybrid-sync, a user of the cloud", CW_MODE_HYBRID_SYNC, NOT_IN_AD, UPDATE(ADA, TITLE),
	    "succeeded", NULL, 0, 1, 0, NULL, "ddsdsssd" },
	/* Nobody, or not as expected: nothing is touched. */
	{ "on-prem, nobody", CW_MODE_ON_PREM, NOT_IN_AD, UPDATE(ADA, TITLE), "failed",
	    "there is no user ada0@lab.test in Active Directory. Nothing was changed.", 0, 0, 0,
	    NULL, "fpp" },
	{ "cloud, nobody", CW_MODE_CLOUD, NOT_IN_ENTRA, UPDATE(ADA, TITLE), "failed",
	    "there is no user ada0@lab.test in Entra ID. Nothing was changed.", 0, 0, 0, NULL,
	    "fpp" },
	{ "hybrid-dual, not in Entra ID", CW_MODE_HYBRID_DUAL, NOT_IN_ENTRA, UPDATE(ADA, TITLE),
	    "failed",
	    "no user ada0@lab.test in Entra ID, but there is one in Active Directory. Nothing was "
	    "changed.",
	    0, 0, 0, NULL, "dfpppp" },
	{ "hybrid-dual, not in Active Directory", CW_MODE_HYBRID_DUAL, NOT_IN_AD,
	    UPDATE(ADA, TITLE), "failed",
	    "there is no user ada0@lab.test in Active Directory. Nothing was changed.", 0, 0, 0,
	    NULL, "fppppp" },
	{ "hybrid-dual, synchronised", CW_MODE_HYBRID_DUAL, SYNCED, UPDATE(ADA, TITLE), "failed",
	    "is synchronised from Active Directory, so Entra ID would refuse; the tenant is in "
	    "mode hybrid-dual",
	    0, 0, 0, NULL, "dfpppp" },
	{ "hybrid-dual, without a sign-in name", CW_MODE_HYBRID_DUAL, NO_UPN,
	    UPDATE("\"sam\":\"ada0\"", TITLE), "failed",
	    "has no userPrincipalName in Active Directory", 0, 0, 0, NULL, "fppppp" },
	{ "cloud, synchronised", CW_MODE_CLOUD, SYNCED, UPDATE(ADA, TITLE), "failed",
	    "the tenant is in mode cloud", 0, 0, 0, NULL, "fpp" },
	{ "hybrid-sync, nowhere", CW_MODE_HYBRID_SYNC, NOT_IN_ENTRA,
	    UPDATE("\"user\":\"x@lab.test\"", TITLE), "failed",
	    "there is no user x@lab.test in Entra ID, and none in Active Directory", 0, 0, 0, NULL,
	    "dfpppppp" },
	{ "hybrid-sync, not brought to the cloud", CW_MODE_HYBRID_SYNC, NOT_IN_ENTRA,
	    UPDATE(ADA, TITLE), "failed", "Entra Connect has not brought it there", 0, 0, 0, NULL,
	    "dfpppppp" },
	{ "hybrid-sync, staging", CW_MODE_HYBRID_SYNC, STAGING, UPDATE(ADA, TITLE), "failed",
	    "is in staging mode on this server", 0, 0, 0, NULL, "ddfppppp" },
	{ "hybrid-sync, suspended", CW_MODE_HYBRID_SYNC, SUSPENDED, UPDATE(ADA, TITLE), "failed",
	    "scheduler is suspended", 0, 0, 0, NULL, "ddfppppp" },
	{ "no agent", CW_MODE_HYBRID_DUAL, NO_AGENT, UPDATE(ADA, TITLE), "failed",
	    "given up: no agent of hybrid-dual with the role directory is connected. Nothing was "
	    "changed.",
	    0, 0, 0, NULL, "fppppp" },
	/* Refusals by one place, and what becomes of the other. */
	{ "hybrid-dual, Active Directory refuses", CW_MODE_HYBRID_DUAL, AD_REFUSES,
	    UPDATE(ADA, TITLE), "failed",
	    "Active Directory: Insufficient access rights to perform the operation. Nothing was "
	    "changed.",
	    0, 0, 0, NULL, "ddfppp" },
	{ "hybrid-dual, Entra ID refuses", CW_MODE_HYBRID_DUAL, ENTRA_REFUSES, UPDATE(ADA, TITLE),
	    "failed",
	    "Graph: Request_BadRequest: it does not like that. Active Directory was set back: "
	    "title. Entra ID is as it was.",
	    2, 0, 0, NULL, "ddcfpp" },
	{ "hybrid-dual, Entra ID is away for a day", CW_MODE_HYBRID_DUAL, ENTRA_AWAY,
	    UPDATE(ADA, TITLE), "failed",
	    "given up: Graph: ServiceUnavailable: come again. Active Directory was set back: "
	    "title. Entra ID is as it was.",
	    2, 0, 0, NULL, "ddcfpp" },
	{ "hybrid-sync, Active Directory refuses", CW_MODE_HYBRID_SYNC, AD_REFUSES,
	    UPDATE(ADA, TITLE ",\"usageLocation\":\"FR\""), "failed",
	    "Insufficient access rights to perform the operation. Active Directory is as it was. "
	    "Entra ID was set back: "
	    "usageLocation.",
	    0, 2, 0, NULL, "dddcfppp" },
	{ "hybrid-dual, the agent does not come back", CW_MODE_HYBRID_DUAL, AGENT_GONE,
	    UPDATE(ADA, TITLE), "unknown",
	    "given up: no agent of hybrid-dual with the role directory is connected. Active "
	    "Directory may have "
	    "the change: title. Entra ID "
	    "is as it was.",
	    1, 0, 0, NULL, "dduppp" },
	{ "hybrid-dual, another agent goes on", CW_MODE_HYBRID_DUAL, AGENT_REPLACED,
	    UPDATE(ADA, TITLE), "succeeded", NULL, 1, 1, 0, NULL, "dddddd" },
	{ "hybrid-dual, the controller does not come back", CW_MODE_HYBRID_DUAL, CONTROLLER_GONE,
	    UPDATE(ADA, TITLE), "unknown",
	    "Active Directory may have the change: title. Entra ID is as it was.", 0, 0, 0, NULL,
	    "dduppp" },
	/* Passwords. */
	{ "hybrid-dual, password", CW_MODE_HYBRID_DUAL, PLAIN,
	    "{\"change\":\"password.reset\",\"target\":{" ADA "}}", "succeeded", NULL, 2, 1, 0,
	    "{\"places\":[\"ad\",\"entra\"],\"change_at_next_logon\":true}", "ddddd" },
	{ "hybrid-dual, password that never expires", CW_MODE_HYBRID_DUAL, NEVER_EXPIRES,
	    "{\"change\":\"password.reset\",\"target\":{" ADA "}}", "succeeded", NULL, 1, 1, 0,
	    "{\"places\":[\"ad\",\"entra\"],\"change_at_next_logon\":false}", "dddds" },
	{ "hybrid-dual, password that Entra ID refuses", CW_MODE_HYBRID_DUAL, ENTRA_REFUSES,
	    "{\"change\":\"password.reset\",\"target\":{" ADA "}}", "failed",
	    "it does not like that. Nothing was changed.", 0, 0, 0, NULL, "ddfpp" },
	{ "hybrid-dual, password that Active Directory refuses", CW_MODE_HYBRID_DUAL, AD_REFUSES,
	    "{\"change\":\"password.reset\",\"target\":{" ADA "}}", "failed",
	    "Insufficient access rights to perform the operation. Active Directory is as it was. "
	    "Entra ID has the new "
	    "password.",
	    0, 1, 0, "{\"places\":[\"entra\"],\"change_at_next_logon\":true}", "dddfp" },
	{ "hybrid-dual, password, and the agent does not come back", CW_MODE_HYBRID_DUAL,
	    AGENT_GONE, "{\"change\":\"password.reset\",\"target\":{" ADA "}}", "unknown",
	    "Active Directory may have the new password. Entra ID has the new password.", 1, 1, 0,
	    "{\"places\":[\"entra\"],\"change_at_next_logon\":true}", "dddup" },
	{ "hybrid-dual, password, and another agent goes on", CW_MODE_HYBRID_DUAL, AGENT_REPLACED,
	    "{\"change\":\"password.reset\",\"target\":{" ADA "}}", "succeeded", NULL, 3, 2, 0,
	    NULL, "ddddd" },
	{ "hybrid-sync, password", CW_MODE_HYBRID_SYNC, PLAIN,
	    "{\"change\":\"password.reset\",\"target\":{" ADA "}}", "succeeded", NULL, 2, 0, 0,
	    "{\"places\":[\"ad\"],\"change_at_next_logon\":true}", "dssdd" },
	{ "hybrid-sync, password of the cloud", CW_MODE_HYBRID_SYNC, NOT_IN_AD,
	    "{\"change\":\"password.reset\",\"target\":{" ADA "}}", "succeeded", NULL, 0, 1, 0,
	    "{\"places\":[\"entra\"],\"change_at_next_logon\":true,\"note\":\"ad: not in Active "
	    "Directory\"}",
	    "dddss" },
	{ "cloud, password", CW_MODE_CLOUD, PLAIN,
	    "{\"change\":\"password.reset\",\"target\":{" ADA "}}", "succeeded", NULL, 0, 1, 0,
	    "{\"places\":[\"entra\"],\"change_at_next_logon\":true}", "dd" },
	{ "on-prem, password", CW_MODE_ON_PREM, PLAIN,
	    "{\"change\":\"password.reset\",\"target\":{" ADA "}}", "succeeded", NULL, 2, 0, 0,
	    "{\"places\":[\"ad\"],\"change_at_next_logon\":true}", "ddd" },
};

static void
replace(cJSON *user, const char *name, cJSON *value)
{
	if (user != NULL)
		cJSON_ReplaceItemInObjectCaseSensitive(user, name, value);
	else
		cJSON_Delete(value);
}

static void
apply_twist(enum twist twist)
{
	struct world_user *u = &w->user[0];

	switch (twist) {
	case PLAIN: break;
	case NOT_IN_AD:
		cJSON_Delete(u->ad);
		u->ad = NULL;
		w->synced = false;
		replace(u->entra, "onPremisesSyncEnabled", cJSON_CreateNull());
		break;
	case NOT_IN_ENTRA:
		cJSON_Delete(u->entra);
		u->entra = NULL;
		break;
	case SYNCED: replace(u->entra, "onPremisesSyncEnabled", cJSON_CreateTrue()); break;
	case NOT_SYNCED: replace(u->entra, "onPremisesSyncEnabled", cJSON_CreateNull()); break;
	case STAGING: w->staging = true; break;
	case SUSPENDED: w->suspended = true; break;
	case NO_UPN: replace(u->ad, "UserPrincipalName", cJSON_CreateNull()); break;
	case NEVER_EXPIRES: replace(u->ad, "PasswordNeverExpires", cJSON_CreateTrue()); break;
	case DONE_ALREADY:
		replace(u->entra, "jobTitle", cJSON_CreateString("Countess"));
		replace(u->ad, "Title", cJSON_CreateString("Countess"));
		break;
	case AD_HAS_IT: replace(u->ad, "Title", cJSON_CreateString("Countess")); break;
	case AD_REFUSES:
		w->fault = (struct world_fault){ FAULT_AD_REFUSED, 1, FOREIGN_NONE };
		break;
	case ENTRA_REFUSES:
		w->fault = (struct world_fault){ FAULT_ENTRA_REFUSED, 1, FOREIGN_NONE };
		break;
	case NO_AGENT: w->no_agent = true; break;
	case AGENT_REPLACED:
	case AGENT_GONE:
		w->fault = (struct world_fault){ FAULT_AD_LOST_AFTER, 1, FOREIGN_NONE };
		w->never_back = true;
		w->second_agent = twist == AGENT_REPLACED;
		break;
	case CONTROLLER_GONE:
		w->fault = (struct world_fault){ FAULT_AD_DOWN, 1, FOREIGN_NONE };
		w->controller_goes = true;
		break;
	case ENTRA_AWAY:
		w->fault = (struct world_fault){ FAULT_ENTRA_AWAY, 1, FOREIGN_NONE };
		break;
	}
}

static void
check_steps(const cJSON *o, const char *want)
{
	char letters[16] = "";
	const cJSON *step;
	size_t n = 0;

	cJSON_ArrayForEach (step, cw_json_get(o, "steps"))
		if (n < sizeof(letters) - 1)
			letters[n++] = cw_json_str(step, "state")[0];
	letters[n] = '\0';
	CHECK_STR(letters, want);
}

static void
test_rows(void)
{
	struct cw_err err = { 0 };
	char id[37];
	cJSON *o, *result;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		world_open(rows[i].mode);
		apply_twist(rows[i].twist);
		world_start(w);
		CHECK_EQ(change(id, rows[i].body, &err), CW_OK);
		CHECK_STR(err.text, "");
		run_to_end(id, 30 * HOUR_MS);
		o = show(id);
		CHECK_STR(cw_json_str(o, "state"), rows[i].state);
		check_error(o, rows[i].error);
		check_steps(o, rows[i].steps);
		CHECK_EQ(w->ad_effects, rows[i].ad);
		CHECK_EQ(w->entra_effects, rows[i].entra);
		CHECK_EQ(w->cycles, rows[i].cycles);
		if (rows[i].result != NULL) {
			result = cJSON_Duplicate(cw_json_get(o, "result"), true);
			cJSON_DeleteItemFromObject(result, "user");
			check_json(result, rows[i].result);
			cJSON_Delete(result);
		}
		cJSON_Delete(o);
		world_close();
	}
}

int
main(void)
{
	worlds_open();
	test_refusals();
	test_rows();
	worlds_close();
	return test_failed;
}
