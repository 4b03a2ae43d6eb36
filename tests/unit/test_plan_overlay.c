/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a script sees after the writes that it planned: never the old state, and
 * where the new one cannot be told, a reason.
 */
#include <stdlib.h>

#include "test.h"
#include "base/buf.h"
#include "base/canonical.h"
#include "base/json.h"
#include "plan_rig.h"

int test_failed;
const char *test_case = "";

static const struct {
	const char *name;
	const char *writes[6];
	const char *read;
	const char *want; /* these members of the objects, as canonical JSON; or "!" and words of
			     the error */
	const char *show[6]; /* which members; none: all */
} rows[] = {
	{ "nothing planned", { 0 }, "Get-ADUser {\"Identity\":\"ada\"}",
	    "[{\"GivenName\":\"Ada\"}]", { "GivenName" } },
	{ "a title", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"Title\",\"Department\"]}",
	    "[{\"Department\":\"Engineering\",\"Title\":\"CTO\"}]", { "Title", "Department" } },
	{ "by its attribute's name", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    "Get-ADObject {\"Identity\":\"" RIG_ADA "\",\"Properties\":[\"title\"]}",
	    "[{\"title\":\"CTO\"}]", { "title" } },
	{ "two writes to the same",
	    { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}",
		"Set-ADUser {\"Identity\":\"CN=Ada,OU=Staff,DC=lab,DC=test\",\"Title\":\"CEO\"}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":\"title\"}", "[{\"title\":\"CEO\"}]",
	    { "Title" } },
	{ "cleared", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":null,\"Clear\":[\"mail\"]}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"Title\",\"EmailAddress\"]}",
	    "[{\"EmailAddress\":null,\"Title\":null}]", { "Title", "EmailAddress" } },
	{ "values more and less",
	    { "Set-ADUser {\"Identity\":\"ada\",\"Add\":{\"proxyAddresses\":[\"smtp:a@x.test\"]}}",
		"Set-ADUser "
		"{\"Identity\":\"ada\",\"Remove\":{\"proxyAddresses\":\"smtp:ada@lab.test\"}}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":\"proxyAddresses\"}",
	    "[{\"proxyAddresses\":[\"smtp:a@x.test\"]}]", { "proxyAddresses" } },
	{ "disabled", { "Disable-ADAccount {\"Identity\":\"ada\"}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"PasswordNeverExpires\"]}",
	    "[{\"Enabled\":false,\"PasswordNeverExpires\":false}]",
	    { "Enabled", "PasswordNeverExpires" } },
	{ "bits beside each other",
	    { "Enable-ADAccount {\"Identity\":\"bob\"}",
		"Set-ADUser {\"Identity\":\"bob\",\"PasswordNeverExpires\":true}" },
	    "Get-ADUser "
	    "{\"Identity\":\"bob\",\"Properties\":[\"PasswordNeverExpires\",\"userAccountControl\"]"
	    "}",
	    "[{\"Enabled\":true,\"PasswordNeverExpires\":true,\"userAccountControl\":66048}]",
	    { "Enabled", "PasswordNeverExpires", "userAccountControl" } },
	{ "an expiry date",
	    { "Set-ADAccountExpiration "
	      "{\"Identity\":\"ada\",\"DateTime\":\"2027-01-01T00:00:00Z\"}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"AccountExpirationDate\"]}",
	    "[{\"AccountExpirationDate\":\"2027-01-01T00:00:00Z\"}]", { "AccountExpirationDate" } },
	{ "an expiry date taken away",
	    { "Set-ADAccountExpiration {\"Identity\":\"ada\",\"DateTime\":\"2027-01-01\"}",
		"Clear-ADAccountExpiration {\"Identity\":\"ada\"}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"AccountExpirationDate\"]}",
	    "[{\"AccountExpirationDate\":null}]", { "AccountExpirationDate" } },
	{ "a manager", { "Set-ADUser {\"Identity\":\"ada\",\"Manager\":\"bob\"}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"Manager\"]}",
	    "[{\"Manager\":\"CN=Bob,OU=Staff,DC=lab,DC=test\"}]", { "Manager" } },
	{ "whose reports see it", { "Set-ADUser {\"Identity\":\"ada\",\"Manager\":\"bob\"}" },
	    "Get-ADUser {\"Identity\":\"bob\",\"Properties\":[\"directReports\"]}",
	    "[{\"directReports\":[\"CN=Ada,OU=Staff,DC=lab,DC=test\"]}]", { "directReports" } },
	{ "the former manager as well", { "Set-ADUser {\"Identity\":\"bob\",\"Manager\":null}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"directReports\"]}",
	    "[{\"directReports\":[]}]", { "directReports" } },
	{ "in a group",
	    { "Add-ADGroupMember {\"Identity\":\"Ops\",\"Members\":[\"ada\",\"bob\"]}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"MemberOf\"]}",
	    "[{\"MemberOf\":[\"CN=Eng,OU=Staff,DC=lab,DC=test\",\"CN=Ops,OU=Staff,DC=lab,DC=test\"]"
	    "}]",
	    { "MemberOf" } },
	{ "the group's members",
	    { "Add-ADGroupMember {\"Identity\":\"Ops\",\"Members\":[\"ada\"]}" },
	    "Get-ADGroup {\"Identity\":\"Ops\",\"Properties\":[\"Members\"]}",
	    "[{\"Members\":[\"CN=Ada,OU=Staff,DC=lab,DC=test\"]}]", { "Members" } },
	{ "listed", { "Add-ADGroupMember {\"Identity\":\"Eng\",\"Members\":[\"bob\"]}" },
	    "Get-ADGroupMember {\"Identity\":\"Eng\"}",
	    "[{\"SamAccountName\":\"ada\"},{\"SamAccountName\":\"bob\"}]", { "SamAccountName" } },
	{ "listed no more", { "Remove-ADGroupMember {\"Identity\":\"Eng\",\"Members\":[\"ada\"]}" },
	    "Get-ADGroupMember {\"Identity\":\"Eng\"}", "[]", { "SamAccountName" } },
	{ "taken out and put in again",
	    { "Remove-ADGroupMember {\"Identity\":\"Eng\",\"Members\":[\"ada\"]}",
		"Add-ADPrincipalGroupMembership "
		"{\"Identity\":\"ada\",\"MemberOf\":[\"Eng\",\"Ops\"]}" },
	    "Get-ADPrincipalGroupMembership {\"Identity\":\"ada\"}",
	    "[{\"GroupScope\":\"Global\",\"SamAccountName\":\"Eng\"},"
	    "{\"GroupScope\":\"Universal\",\"SamAccountName\":\"Ops\"}]",
	    { "SamAccountName", "GroupScope" } },
	{ "through groups it cannot be told",
	    { "Add-ADGroupMember {\"Identity\":\"Ops\",\"Members\":[\"Eng\"]}" },
	    "Get-ADGroupMember {\"Identity\":\"Ops\",\"Recursive\":true}", "!through groups",
	    { 0 } },
	{ "renamed", { "Rename-ADObject {\"Identity\":\"" RIG_ADA "\",\"NewName\":\"Ada, L\"}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"CanonicalName\",\"cn\"]}",
	    "[{\"CanonicalName\":\"lab.test/Staff/Ada, L\","
	    "\"DistinguishedName\":\"CN=Ada\\\\, L,OU=Staff,DC=lab,DC=test\",\"Name\":\"Ada, "
	    "L\",\"cn\":\"Ada, L\"}]",
	    { "CanonicalName", "DistinguishedName", "Name", "CN" } },
	{ "its old name is nobody's",
	    { "Rename-ADObject {\"Identity\":\"" RIG_ADA "\",\"NewName\":\"A\"}" },
	    "Get-ADUser {\"Identity\":\"CN=Ada,OU=Staff,DC=lab,DC=test\"}",
	    "!Cannot find an object", { 0 } },
	{ "its new name is its own",
	    { "Rename-ADObject {\"Identity\":\"" RIG_ADA "\",\"NewName\":\"A\"}" },
	    "Get-ADUser {\"Identity\":\"CN=A,OU=Staff,DC=lab,DC=test\"}",
	    "[{\"SamAccountName\":\"ada\"}]", { "SamAccountName" } },
	{ "moved",
	    { "Move-ADObject {\"Identity\":\"" RIG_ADA
	      "\",\"TargetPath\":\"OU=Leavers,DC=lab,DC=test\"}" },
	    "Get-ADUser {\"Identity\":\"bob\",\"Properties\":[\"Manager\"]}",
	    "[{\"Manager\":\"CN=Ada,OU=Leavers,DC=lab,DC=test\"}]", { "Manager" } },
	{ "a place moved with what is in it",
	    { "Move-ADObject "
	      "{\"Identity\":\"OU=Staff,DC=lab,DC=test\",\"TargetPath\":\"OU=Leavers,DC=lab,"
	      "DC=test\"}" },
	    "Get-ADUser {\"Identity\":\"CN=Bob,OU=Staff,OU=Leavers,DC=lab,DC=test\"}",
	    "[{\"DistinguishedName\":\"CN=Bob,OU=Staff,OU=Leavers,DC=lab,DC=test\"}]",
	    { "DistinguishedName" } },
	{ "removed", { "Remove-ADUser {\"Identity\":\"ada\"}" },
	    "Get-ADUser {\"Identity\":\"ada\"}", "!Cannot find an object", { 0 } },
	{ "removed by GUID", { "Remove-ADUser {\"Identity\":\"ada\"}" },
	    "Get-ADUser {\"Identity\":\"" RIG_ADA "\"}", "!Cannot find an object", { 0 } },
	{ "links to it are gone", { "Remove-ADUser {\"Identity\":\"ada\"}" },
	    "Get-ADUser {\"Identity\":\"bob\",\"Properties\":[\"Manager\"]}",
	    "[{\"Manager\":null}]", { "Manager" } },
	{ "made",
	    { "New-ADUser {\"Name\":\"Cy Twombly\",\"SamAccountName\":\"cy\",\"Title\":\"Painter\","
	      "\"Path\":\"OU=Staff,DC=lab,DC=test\",\"Enabled\":true}" },
	    "Get-ADUser "
	    "{\"Identity\":\"cy\",\"Properties\":[\"Title\",\"Department\",\"MemberOf\"]}",
	    "[{\"Department\":null,\"DistinguishedName\":\"CN=Cy Twombly,OU=Staff,DC=lab,DC=test\","
	    "\"Enabled\":true,\"MemberOf\":[],\"Title\":\"Painter\"}]",
	    { "Title", "Department", "MemberOf", "Enabled", "DistinguishedName" } },
	{ "made where the domain makes users", { "New-ADUser {\"Name\":\"Cy\"}" },
	    "Get-ADUser {\"Identity\":\"Cy\"}",
	    "[{\"DistinguishedName\":\"CN=Cy,CN=Users,DC=lab,DC=test\",\"Enabled\":false,"
	    "\"SamAccountName\":\"Cy\"}]",
	    { "DistinguishedName", "Enabled", "SamAccountName" } },
	{ "made and written",
	    { "New-ADUser {\"Name\":\"Cy\"}", "Set-ADUser {\"Identity\":\"cy\",\"Title\":\"T\"}",
		"Add-ADGroupMember {\"Identity\":\"Eng\",\"Members\":\"Cy\"}" },
	    "Get-ADUser {\"Identity\":\"Cy\",\"Properties\":[\"Title\",\"MemberOf\"]}",
	    "[{\"MemberOf\":[\"CN=Eng,OU=Staff,DC=lab,DC=test\"],\"Title\":\"T\"}]",
	    { "Title", "MemberOf" } },
	{ "in a place that is made",
	    { "New-ADOrganizationalUnit {\"Name\":\"Art\",\"Path\":\"OU=Staff,DC=lab,DC=test\"}",
		"New-ADUser {\"Name\":\"Cy\",\"Path\":\"OU=Art,OU=Staff,DC=lab,DC=test\"}" },
	    "Get-ADUser {\"Filter\":\"*\",\"SearchBase\":\"OU=Art,OU=Staff,DC=lab,DC=test\"}",
	    "[{\"Name\":\"Cy\"}]", { "Name" } },
	{ "of a group that is made",
	    { "New-ADGroup {\"Name\":\"Art\",\"GroupScope\":\"Universal\"}",
		"Add-ADGroupMember {\"Identity\":\"Art\",\"Members\":\"ada\"}" },
	    "Get-ADGroupMember {\"Identity\":\"Art\"}", "[{\"SamAccountName\":\"ada\"}]",
	    { "SamAccountName" } },
	{ "a computer's name without its dollar", { "New-ADComputer {\"Name\":\"PC9\"}" },
	    "Get-ADComputer {\"Identity\":\"PC9\"}",
	    "[{\"Enabled\":true,\"SamAccountName\":\"PC9$\"}]", { "SamAccountName", "Enabled" } },
	{ "is there already: no", { "New-ADUser {\"Name\":\"Cy\",\"SamAccountName\":\"cy\"}" },
	    "Get-ADUser {\"Filter\":\"SamAccountName -eq 'dee'\"}", "[]", { "Name" } },
	{ "is there already: planned", { "New-ADUser {\"Name\":\"Cy\",\"SamAccountName\":\"cy\"}" },
	    "Get-ADUser {\"Filter\":\"SamAccountName -eq 'CY'\"}", "[{\"Name\":\"Cy\"}]",
	    { "Name" } },
	{ "another kind is not found",
	    { "New-ADGroup {\"Name\":\"Cy\",\"GroupScope\":\"Global\"}" },
	    "Get-ADUser {\"Filter\":\"SamAccountName -eq 'Cy'\"}", "[]", { "Name" } },
	{ "a filter that a write does not touch",
	    { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    "Get-ADUser {\"Filter\":\"Department -eq 'Engineering'\",\"Properties\":\"Title\"}",
	    "[{\"Title\":\"CTO\"}]", { "Title" } },
	{ "found by what it will be",
	    { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"Operator\"}" },
	    "Get-ADUser {\"Filter\":\"Title -eq 'operator'\"}",
	    "[{\"SamAccountName\":\"bob\"},{\"SamAccountName\":\"ada\"}]", { "SamAccountName" } },
	{ "not found by what it was", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    "Get-ADUser {\"Filter\":\"Title -eq 'Analyst'\"}", "[]", { "SamAccountName" } },
	{ "not with and or", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    "Get-ADUser {\"Filter\":\"Title -ne 'Analyst' -and (GivenName -like 'A*' -or Surname "
	    "-eq 'x')\"}",
	    "[{\"SamAccountName\":\"ada\"}]", { "SamAccountName" } },
	{ "by a bit", { "Disable-ADAccount {\"Identity\":\"ada\"}" },
	    "Get-ADUser {\"Filter\":\"Enabled -eq $false\"}",
	    "[{\"SamAccountName\":\"bob\"},{\"SamAccountName\":\"ada\"}]", { "SamAccountName" } },
	{ "removed ones are not found", { "Remove-ADUser {\"Identity\":\"ada\"}" },
	    "Get-ADUser {\"Filter\":\"*\"}", "[{\"SamAccountName\":\"bob\"}]",
	    { "SamAccountName" } },
	{ "moved out of where it looks",
	    { "Move-ADObject {\"Identity\":\"" RIG_ADA
	      "\",\"TargetPath\":\"OU=Leavers,DC=lab,DC=test\"}" },
	    "Get-ADUser {\"Filter\":\"*\",\"SearchBase\":\"OU=Staff,DC=lab,DC=test\"}",
	    "[{\"SamAccountName\":\"bob\"}]", { "SamAccountName" } },
	{ "and into it",
	    { "Move-ADObject {\"Identity\":\"" RIG_ADA
	      "\",\"TargetPath\":\"OU=Leavers,DC=lab,DC=test\"}" },
	    "Get-ADUser {\"Filter\":\"*\",\"SearchBase\":\"OU=Leavers,DC=lab,DC=test\"}",
	    "[{\"SamAccountName\":\"ada\"}]", { "SamAccountName" } },
	{ "letters that the directory folds",
	    { "Set-ADUser {\"Identity\":\"ada\",\"Surname\":\"M\xc3\xbcller\"}" },
	    "Get-ADUser {\"Filter\":\"Surname -eq 'Muller'\"}", "!whether it finds CN=Ada", { 0 } },
	{ "some of what a write changes", { "New-ADUser {\"Name\":\"Cy\"}" },
	    "Get-ADUser {\"Filter\":\"*\",\"ResultSetSize\":1}", "!-ResultSetSize", { 0 } },
	{ "names in a filter", { "Remove-ADUser {\"Identity\":\"bob\"}" },
	    "Get-ADUser {\"Filter\":\"Manager -eq 'CN=Ada,OU=Staff,DC=lab,DC=test'\"}",
	    "!looks at names of objects", { 0 } },
	{ "by membership", { "Add-ADGroupMember {\"Identity\":\"Ops\",\"Members\":[\"bob\"]}" },
	    "Get-ADUser {\"Filter\":\"MemberOf -eq 'CN=Ops,OU=Staff,DC=lab,DC=test'\"}",
	    "[{\"SamAccountName\":\"bob\"}]", { "SamAccountName" } },
	{ "what the directory counts", { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"uSNChanged\"]}",
	    "!shows uSNChanged", { 0 } },
	{ "and what everything shows of it",
	    { "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\"}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"*\"]}",
	    "[{\"title\":\"CTO\",\"whenChanged\":\"2026-11-25T10:00:00Z\"}]",
	    { "title", "whenChanged", "uSNChanged" } },
	{ "a password",
	    { "Set-ADAccountPassword "
	      "{\"Identity\":\"bob\",\"Reset\":true,\"NewPassword\":{\"$sealed\":"
	      "\"AAAA\"}}" },
	    "Get-ADUser {\"Identity\":\"bob\",\"Properties\":[\"PasswordLastSet\"]}",
	    "[{\"PasswordLastSet\":\"2026-11-25T10:00:00Z\"}]", { "PasswordLastSet" } },
	{ "a password that must be changed",
	    { "Set-ADUser {\"Identity\":\"bob\",\"ChangePasswordAtLogon\":true}" },
	    "Get-ADUser {\"Identity\":\"bob\",\"Properties\":[\"PasswordLastSet\"]}",
	    "[{\"PasswordLastSet\":null}]", { "PasswordLastSet" } },
	{ "protected",
	    { "Set-ADObject {\"Identity\":\"" RIG_ADA
	      "\",\"ProtectedFromAccidentalDeletion\":true}" },
	    "Get-ADUser "
	    "{\"Identity\":\"ada\",\"Properties\":[\"ProtectedFromAccidentalDeletion\"]}",
	    "[{\"ProtectedFromAccidentalDeletion\":true}]", { "ProtectedFromAccidentalDeletion" } },
	{ "accounts by what they are", { "Disable-ADAccount {\"Identity\":\"ada\"}" },
	    "Search-ADAccount {\"AccountDisabled\":true}", "!did not find before", { 0 } },
	{ "accounts by what they are no more", { "Unlock-ADAccount {\"Identity\":\"ada\"}" },
	    "Search-ADAccount {\"LockedOut\":true}", "[]", { "SamAccountName" } },
	{ "accounts that are made", { "New-ADUser {\"Name\":\"Cy\"}" },
	    "Search-ADAccount {\"AccountDisabled\":true}", "!decides whether it is found", { 0 } },
	{ "protected ones stay",
	    { "Set-ADObject {\"Identity\":\"" RIG_BOB
	      "\",\"ProtectedFromAccidentalDeletion\":true}" },
	    "Get-ADUser {\"Filter\":\"Name -eq 'Bob'\"}", "[{\"SamAccountName\":\"bob\"}]",
	    { "SamAccountName" } },
	{ "another account name", { "Set-ADUser {\"Identity\":\"ada\",\"SamAccountName\":\"al\"}" },
	    "Get-ADUser {\"Identity\":\"al\"}", "[{\"SamAccountName\":\"al\"}]",
	    { "SamAccountName" } },
	{ "another account name of what is made",
	    { "New-ADUser {\"Name\":\"Cy\"}",
		"Set-ADUser {\"Identity\":\"Cy\",\"SamAccountName\":\"cyt\"}" },
	    "Get-ADUser {\"Identity\":\"cyt\"}", "[{\"Name\":\"Cy\",\"SamAccountName\":\"cyt\"}]",
	    { "Name", "SamAccountName" } },
	{ "its old account name", { "Set-ADUser {\"Identity\":\"ada\",\"SamAccountName\":\"al\"}" },
	    "Get-ADUser {\"Identity\":\"ada\"}", "!Cannot find an object", { 0 } },
	{ "a group of another kind",
	    { "Set-ADGroup "
	      "{\"Identity\":\"Eng\",\"GroupScope\":\"Universal\",\"GroupCategory\":"
	      "\"Distribution\"}" },
	    "Get-ADGroup {\"Identity\":\"Eng\"}",
	    "[{\"GroupCategory\":\"Distribution\",\"GroupScope\":\"Universal\"}]",
	    { "GroupCategory", "GroupScope" } },
	{ "removed and made again",
	    { "Remove-ADUser {\"Identity\":\"ada\"}",
		"New-ADUser "
		"{\"Name\":\"Ada\",\"SamAccountName\":\"ada\",\"Title\":\"New\",\"Path\":\"OU="
		"Staff,DC=lab,"
		"DC=test\"}" },
	    "Get-ADUser {\"Identity\":\"ada\",\"Properties\":[\"Title\"]}", "[{\"Title\":\"New\"}]",
	    { "Title" } },
};

/* Only the members that the row names. */
static cJSON *
cut(const cJSON *list, const char *const *show)
{
	cJSON *all = cJSON_CreateArray(), *o;
	const cJSON *one, *m;

	cJSON_ArrayForEach (one, list) {
		cJSON_AddItemToArray(all, o = cJSON_CreateObject());
		for (size_t i = 0; show[i] != NULL; i++)
			if ((m = cJSON_GetObjectItem(one, show[i])) != NULL)
				cJSON_AddItemToObject(o, m->string, cJSON_Duplicate(m, true));
	}
	return all;
}

static void
check(struct rig *rig, size_t i)
{
	struct cw_err err = { 0 };
	struct cw_buf text;
	cJSON *list, *shown;

	cw_buf_init(&text, 65536);
	list = rig_read(rig, rows[i].read, &err);
	if (rows[i].want[0] == '!') {
		CHECK(list == NULL);
		if (strstr(err.text, rows[i].want + 1) == NULL)
			CHECK_STR(err.text, rows[i].want + 1);
	} else {
		shown = cut(list, rows[i].show);
		if (list == NULL)
			CHECK_STR(err.text, "");
		CHECK_EQ(cw_json_put_canonical(&text, shown), CW_OK);
		CHECK_STR(cw_buf_str(&text), rows[i].want);
		cJSON_Delete(shown);
	}
	cJSON_Delete(list);
	cw_buf_free(&text);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct rig rig;
		struct cw_err err = { 0 };
		cJSON *before, *after;

		test_case = rows[i].name;
		rig_init(&rig);
		before = rig_really(
		    &rig, "Get-ADObject {\"LDAPFilter\":\"(name=*)\",\"Properties\":[\"title\"]}");
		for (size_t w = 0; rows[i].writes[w] != NULL; w++) {
			(void)rig_plan(&rig, rows[i].writes[w], &err);
			CHECK_STR(err.text, "");
		}
		check(&rig, i);
		/* And the directory is as it was. */
		after = rig_really(
		    &rig, "Get-ADObject {\"LDAPFilter\":\"(name=*)\",\"Properties\":[\"title\"]}");
		CHECK(cJSON_GetArraySize(before) > 5 && cJSON_Compare(before, after, true));
		cJSON_Delete(before);
		cJSON_Delete(after);
		rig_free(&rig);
	}
	return test_failed;
}
