/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applying: the directory becomes what the script saw while it was planned; and
 * what somebody changed in between stops it, before the entry that it concerns.
 */
#include <stdlib.h>

#include "test.h"
#include "base/buf.h"
#include "base/canonical.h"
#include "base/json.h"
#include "plan_rig.h"

int test_failed;
const char *test_case = "";

#define TO_LEAVERS "\"TargetPath\":\"OU=Leavers,DC=lab,DC=test\""

/* --- there and back: reads of the plan are reads of the directory afterwards */

static const struct {
	const char *name;
	const char *writes[8];
	const char *reads[4];
} trips[] = {
	{ "onboarding",
	    { "New-ADUser {\"Name\":\"Cy "
	      "T\",\"SamAccountName\":\"cy\",\"GivenName\":\"Cy\",\"Enabled\":true,"
	      "\"Path\":\"OU=Staff,DC=lab,DC=test\",\"Title\":\"Painter\",\"AccountPassword\":{\"$"
	      "sealed\":\"AAAA\"},"
	      "\"ChangePasswordAtLogon\":true,\"OtherAttributes\":{\"otherTelephone\":[\"1\",\"2\"]"
	      "}}",
		"Set-ADUser "
		"{\"Identity\":\"cy\",\"Manager\":\"ada\",\"EmailAddress\":\"cy@lab.test\"}",
		"Add-ADGroupMember {\"Identity\":\"Eng\",\"Members\":[\"cy\",\"bob\"]}" },
	    { "Get-ADUser "
	      "{\"Identity\":\"cy\",\"Properties\":[\"Title\",\"MemberOf\",\"Manager\",\"mail\","
	      "\"otherTelephone\",\"PasswordLastSet\"]}",
		"Get-ADGroup {\"Identity\":\"Eng\",\"Properties\":\"Members\"}",
		"Get-ADUser {\"Identity\":\"ada\",\"Properties\":\"directReports\"}" } },
	{ "offboarding",
	    { "Disable-ADAccount {\"Identity\":\"ada\"}",
		"Remove-ADPrincipalGroupMembership {\"Identity\":\"ada\",\"MemberOf\":[\"Eng\"]}",
		"Set-ADUser "
		"{\"Identity\":\"ada\",\"Clear\":[\"title\",\"mail\"],\"Description\":\"left\"}",
		"Move-ADObject {\"Identity\":\"" RIG_ADA "\"," TO_LEAVERS "}",
		"Rename-ADObject {\"Identity\":\"" RIG_ADA "\",\"NewName\":\"Ada (left)\"}" },
	    { "Get-ADUser "
	      "{\"Identity\":\"ada\",\"Properties\":[\"Title\",\"mail\",\"MemberOf\","
	      "\"Description\"]}",
		"Get-ADUser {\"Identity\":\"bob\",\"Properties\":\"Manager\"}",
		"Get-ADUser {\"Filter\":\"*\",\"SearchBase\":\"OU=Leavers,DC=lab,DC=test\"}" } },
	{ "places and groups",
	    { "New-ADOrganizationalUnit {\"Name\":\"Art\",\"Path\":\"OU=Staff,DC=lab,DC=test\"}",
		"New-ADOrganizationalUnit "
		"{\"Name\":\"Modern\",\"Path\":\"OU=Art,OU=Staff,DC=lab,DC=test\"}",
		"New-ADGroup "
		"{\"Name\":\"Painters\",\"GroupScope\":\"Universal\",\"Path\":\"OU=Modern,OU=Art,"
		"OU=Staff,DC="
		"lab,DC=test\"}",
		"Add-ADGroupMember {\"Identity\":\"Painters\",\"Members\":\"ada\"}",
		"Add-ADGroupMember {\"Identity\":\"Ops\",\"Members\":\"Painters\"}",
		"Set-ADGroup {\"Identity\":\"Painters\",\"GroupCategory\":\"Distribution\"}" },
	    { "Get-ADGroup {\"Identity\":\"Painters\",\"Properties\":[\"Members\",\"MemberOf\"]}",
		"Get-ADUser {\"Identity\":\"ada\",\"Properties\":\"MemberOf\"}",
		"Get-ADOrganizationalUnit {\"Filter\":\"Name -like "
		"'*'\",\"SearchBase\":\"OU=Staff,DC=lab,DC=test\"}" } },
	{ "removed and made again",
	    { "Remove-ADUser {\"Identity\":\"ada\"}",
		"New-ADUser "
		"{\"Name\":\"Ada\",\"SamAccountName\":\"ada\",\"Path\":\"OU=Staff,DC=lab,DC="
		"test\"}",
		"Set-ADUser {\"Identity\":\"ada\",\"Title\":\"New\"}" },
	    { "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"Title\",\"MemberOf\"]}",
		"Get-ADUser {\"Identity\":\"bob\",\"Properties\":\"Manager\"}" } },
	{ "the same attribute more than once",
	    { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"A\"}",
		"Set-ADUser {\"Identity\":\"ada\",\"Title\":\"B\"}",
		"Set-ADUser {\"Identity\":\"ada\",\"Add\":{\"proxyAddresses\":\"x\"}}",
		"Set-ADUser {\"Identity\":\"ada\",\"Remove\":{\"proxyAddresses\":\"x\"}}",
		"Add-ADGroupMember {\"Identity\":\"Ops\",\"Members\":\"ada\"}",
		"Remove-ADGroupMember {\"Identity\":\"Ops\",\"Members\":\"ada\"}" },
	    { "Get-ADUser "
	      "{\"Identity\":\"ada\",\"Properties\":[\"Title\",\"proxyAddresses\",\"MemberOf\"]"
	      "}" } },
};

/* Without what only the directory gives. */
static char *
comparable(cJSON *list)
{
	struct cw_buf text;
	cJSON *one;
	char *ret;

	cJSON_ArrayForEach (one, list)
		cJSON_DeleteItemFromObject(one, "ObjectGUID");
	cw_buf_init(&text, 1 << 20);
	CHECK_EQ(list == NULL ? CW_EINVAL : cw_json_put_canonical(&text, list), CW_OK);
	ret = cw_strdup(cw_buf_str(&text));
	cw_buf_free(&text);
	cJSON_Delete(list);
	return ret;
}

static void
test_trips(void)
{
	for (size_t i = 0; i < CW_COUNT(trips); i++) {
		char *planned[4] = { 0 }, *now;
		struct cw_err err = { 0 };
		struct rig rig;

		test_case = trips[i].name;
		rig_init(&rig);
		for (size_t w = 0; trips[i].writes[w] != NULL; w++) {
			(void)rig_plan(&rig, trips[i].writes[w], &err);
			CHECK_STR(err.text, "");
		}
		for (size_t r = 0; trips[i].reads[r] != NULL; r++)
			planned[r] = comparable(rig_read(&rig, trips[i].reads[r], &err));
		CHECK_STR(err.text, "");
		CHECK_EQ(cw_plan_document_seal(rig.plan, &err), CW_OK);
		CHECK_EQ(cw_plan_document_check(rig.plan, &err), CW_OK);
		CHECK_EQ(rig_apply(&rig, &err), 0);
		CHECK_STR(err.text, "");
		for (size_t r = 0; trips[i].reads[r] != NULL; r++) {
			now = comparable(rig_really(&rig, trips[i].reads[r]));
			CHECK_STR(planned[r], now);
			free(planned[r]);
			free(now);
		}
		/* Once more: nothing is as it was planned. */
		CHECK(rig_apply(&rig, &err) != 0);
		rig_free(&rig);
	}
}

/* --- what happens in between */

static const struct {
	const char *name;
	const char *writes[3];
	const char *between[3];
	unsigned stops; /* at this entry; 0: not at all */
	const char *says;
} guards[] = {
	{ "nothing", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" }, { 0 }, 0, "" },
	{ "another attribute is no matter",
	    { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    { "Set-ADUser {\"Identity\":\"ada\",\"City\":\"Rome\"}" }, 0, "" },
	{ "the value", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"COO\"}" }, 1,
	    "title is COO, was Analyst" },
	{ "a flag", { "Disable-ADAccount {\"Identity\":\"ada\"}" },
	    { "Set-ADUser {\"Identity\":\"ada\",\"PasswordNeverExpires\":true}" }, 1,
	    "userAccountControl is 66048, was 512" },
	{ "renamed", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    { "Rename-ADObject {\"Identity\":\"" RIG_ADA "\",\"NewName\":\"Eve\"}" }, 1,
	    "its name is CN=Eve" },
	{ "moved", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    { "Move-ADObject {\"Identity\":\"" RIG_ADA "\"," TO_LEAVERS "}" }, 1, "its name is" },
	{ "removed", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    { "Remove-ADUser {\"Identity\":\"ada\"}" }, 1, "not there any more" },
	{ "made again under its name", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    { "Remove-ADUser {\"Identity\":\"ada\"}",
		"New-ADUser "
		"{\"Name\":\"Ada\",\"SamAccountName\":\"ada\",\"Title\":\"Analyst\",\"Path\":\"OU="
		"Staff,DC=lab,DC="
		"test\"}" },
	    1, "not there any more" },
	{ "names swapped", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    { "Rename-ADObject {\"Identity\":\"" RIG_ADA "\",\"NewName\":\"Tmp\"}",
		"Rename-ADObject {\"Identity\":\"" RIG_BOB "\",\"NewName\":\"Ada\"}" },
	    1, "its name is CN=Tmp" },
	{ "another place under the name",
	    { "Move-ADObject {\"Identity\":\"" RIG_ADA "\"," TO_LEAVERS "}" },
	    { "Rename-ADObject {\"Identity\":\"" RIG_LEAVERS "\",\"NewName\":\"Gone\"}",
		"Rename-ADObject {\"Identity\":\"" RIG_STAFF "\",\"NewName\":\"Leavers\"}" },
	    1, "its name is" },
	{ "in the group already",
	    { "Add-ADGroupMember {\"Identity\":\"Ops\",\"Members\":[\"ada\",\"bob\"]}" },
	    { "Add-ADGroupMember {\"Identity\":\"Ops\",\"Members\":\"bob\"}" }, 1,
	    "its membership is there" },
	{ "out of the group already",
	    { "Remove-ADGroupMember {\"Identity\":\"Eng\",\"Members\":\"ada\"}" },
	    { "Remove-ADGroupMember {\"Identity\":\"Eng\",\"Members\":\"ada\"}" }, 1,
	    "its membership is not there" },
	{ "somebody else in the group is no matter",
	    { "Remove-ADGroupMember {\"Identity\":\"Eng\",\"Members\":\"ada\"}" },
	    { "Add-ADGroupMember {\"Identity\":\"Eng\",\"Members\":\"bob\"}" }, 0, "" },
	{ "the group renamed",
	    { "Add-ADPrincipalGroupMembership {\"Identity\":\"ada\",\"MemberOf\":\"Ops\"}" },
	    { "Rename-ADObject {\"Identity\":\"" RIG_OPS "\",\"NewName\":\"Admins\"}" }, 1,
	    "its name is CN=Admins" },
	{ "somebody took the account", { "New-ADUser {\"Name\":\"Cy\",\"SamAccountName\":\"cy\"}" },
	    { "New-ADUser {\"Name\":\"Other\",\"SamAccountName\":\"CY\"}" }, 1,
	    "not free any more" },
	{ "somebody took the name", { "New-ADUser {\"Name\":\"Cy\",\"SamAccountName\":\"cy\"}" },
	    { "New-ADUser {\"Name\":\"Cy\",\"SamAccountName\":\"other\"}" }, 1,
	    "not free any more" },
	{ "only the second entry",
	    { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}",
		"Set-ADUser {\"Identity\":\"bob\",\"Title\":\"CTO\"}" },
	    { "Set-ADUser {\"Identity\":\"bob\",\"Title\":\"x\"}" }, 2,
	    "title is x, was Operator" },
};

static void
test_guards(void)
{
	for (size_t i = 0; i < CW_COUNT(guards); i++) {
		struct cw_err err = { 0 };
		struct rig rig;

		test_case = guards[i].name;
		rig_init(&rig);
		for (size_t w = 0; guards[i].writes[w] != NULL; w++)
			CHECK_EQ(rig_plan(&rig, guards[i].writes[w], &err), CW_OK);
		CHECK_EQ(cw_plan_document_seal(rig.plan, &err), CW_OK);
		CHECK_EQ(cw_plan_document_check(rig.plan, &err), CW_OK);
		for (size_t w = 0; guards[i].between[w] != NULL; w++)
			CHECK_EQ(rig_write(&rig, guards[i].between[w], &err), CW_OK);
		CHECK_EQ(rig_apply(&rig, &err), guards[i].stops);
		if (strstr(err.text, guards[i].says) == NULL)
			CHECK_STR(err.text, guards[i].says);
		rig_free(&rig);
	}
}

int
main(void)
{
	test_trips();
	test_guards();
	return test_failed;
}
