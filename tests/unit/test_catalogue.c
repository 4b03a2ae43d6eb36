/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <strings.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "powershell/json.h"
#include "test.h"

int test_failed;
const char *test_case = "";

static const struct {
	const char *command, *parameters;
	const char *want; /* what is sent: "Name=json ...", or the error's words */
	int code;
} rows[] = {
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"Properties\":[\"title\"]}",
	    "ActiveDirectory\\Get-ADUser Identity=\"ada\" Properties=[\"Title\"] Server=\"dc1\"",
	    CW_OK },
	{ "get-aduser", "{\"identity\":\"ada\",\"properties\":\"*\"}",
	    "ActiveDirectory\\Get-ADUser Identity=\"ada\" Properties=[\"*\"] Server=\"dc1\"",
	    CW_OK },
	{ "Get-ADUser", "{\"Filter\":\"Title -eq 'CTO'\",\"ResultSetSize\":null}",
	    "ActiveDirectory\\Get-ADUser LDAPFilter=\"(title=CTO)\" ResultSetSize=null "
	    "Server=\"dc1\"",
	    CW_OK },
	{ "Get-ADUser", "{\"Filter\":\"*\",\"ResultSetSize\":\"30\"}",
	    "ActiveDirectory\\Get-ADUser LDAPFilter=\"(objectClass=*)\" ResultSetSize=30 "
	    "Server=\"dc1\"",
	    CW_OK },
	{ "Set-ADUser",
	    "{\"Identity\":\"ada\",\"Title\":null,\"Replace\":{\"otherTelephone\":[\"a\","
	    "\"b\"],\"countryCode\":826}}",
	    "ActiveDirectory\\Set-ADUser Identity=\"ada\" Title=null "
	    "Replace={\"otherTelephone\":[\"a\",\"b\"],\"countryCode\":826}"
	    " WhatIf=false Confirm=false Server=\"dc1\"",
	    CW_OK },
	{ "Enable-ADAccount", "{\"Identity\":\"ada\",\"PassThru\":false}",
	    "ActiveDirectory\\Enable-ADAccount Identity=\"ada\" WhatIf=false Confirm=false "
	    "Server=\"dc1\"",
	    CW_OK },
	{ "Search-ADAccount",
	    "{\"AccountInactive\":true,\"TimeSpan\":\"90.00:00:00\",\"UsersOnly\":true}",
	    "ActiveDirectory\\Search-ADAccount AccountInactive=true TimeSpan=\"P90DT0H0M0S\" "
	    "UsersOnly=true Server=\"dc1\"",
	    CW_OK },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"AccountExpirationDate\":\"2027-01-02\"}",
	    "ActiveDirectory\\Set-ADUser Identity=\"ada\" "
	    "AccountExpirationDate=\"2027-01-02T00:00:00Z\" WhatIf=false Confirm=false"
	    " Server=\"dc1\"",
	    CW_OK },
	{ "Start-ADSyncSyncCycle", "{\"PolicyType\":\"delta\"}",
	    "ADSync\\Start-ADSyncSyncCycle PolicyType=\"Delta\"", CW_OK },
	{ "Get-ADSyncScheduler", NULL, "ADSync\\Get-ADSyncScheduler", CW_OK },

	{ "Get-ADUser",
	    "{\"Filter\":{\"filter\":\"Surname -eq $n\",\"variables\":{\"n\":\"x)(a=b\"}}}",
	    "ActiveDirectory\\Get-ADUser LDAPFilter=\"(sn=x\\\\29\\\\28a=b)\" Server=\"dc1\"",
	    CW_OK },
	{ "Get-ADUser", "{\"LDAPFilter\":\"( &(MAIL=*)(sn=a) )\"}",
	    "ActiveDirectory\\Get-ADUser LDAPFilter=\"(&(mail=*)(sn=a))\" Server=\"dc1\"", CW_OK },
	{ "Get-ADUser",
	    "{\"Identity\":{\"ObjectGUID\":\"{00112233-4455-6677-8899-AABBCCDDEEFF}\",\"Name\":\"*"
	    "\"}}",
	    "ActiveDirectory\\Get-ADUser Identity=\"00112233-4455-6677-8899-aabbccddeeff\" "
	    "Server=\"dc1\"",
	    CW_OK },
	{ "Get-ADUser", "{\"Identity\":{\"BinaryLength\":28,\"Value\":\"S-1-5-21-1-2-3-500\"}}",
	    "ActiveDirectory\\Get-ADUser Identity=\"S-1-5-21-1-2-3-500\" Server=\"dc1\"", CW_OK },
	{ "Get-ADUser", "{\"Filter\":\"*\",\"SearchBase\":\"ou=Staff,dc=lab\"}",
	    "ActiveDirectory\\Get-ADUser LDAPFilter=\"(objectClass=*)\" "
	    "SearchBase=\"OU=Staff,DC=lab\""
	    " Server=\"dc1\"",
	    CW_OK },
	{ "Get-ADReplicationSite", "{\"Filter\":\"name -like 'A*'\"}",
	    "ActiveDirectory\\Get-ADReplicationSite Filter=\"Name -like 'A*'\" Server=\"dc1\"",
	    CW_OK },
	{ "Get-ADDomainController", "{\"Discover\":true,\"Service\":[\"kdc\",\"ADWS\"]}",
	    "ActiveDirectory\\Get-ADDomainController Discover=true Service=[\"KDC\",\"ADWS\"]",
	    CW_OK },
	{ "Get-ADDomainController", "{\"Filter\":\"IsGlobalCatalog -eq $true\"}",
	    "ActiveDirectory\\Get-ADDomainController Filter=\"IsGlobalCatalog -eq $true\" "
	    "Server=\"dc1\"",
	    CW_OK },
	{ "Get-ADReplicationFailure", "{\"Scope\":\"site\"}",
	    "ActiveDirectory\\Get-ADReplicationFailure Scope=\"Site\" EnumeratingServer=\"dc1\"",
	    CW_OK },
	{ "Set-ADUser",
	    "{\"Identity\":\"ada\",\"Replace\":{\"ACCOUNTEXPIRES\":\"9223372036854775807\","
	    "\"pwdLastSet\":-1,\"thumbnailPhoto\":\"AQID\",\"msExchHideFromAddressLists\":true,"
	    "\"employeeNumber\":1815,\"manager\":\"cn=a,dc=b\"}}",
	    "ActiveDirectory\\Set-ADUser Identity=\"ada\" "
	    "Replace={\"accountExpires\":\"9223372036854775807\",\"pwdLastSet\":-1,"
	    "\"thumbnailPhoto\":\"AQID\",\"msExchHideFromAddressLists\":true,"
	    "\"employeeNumber\":\"1815\",\"manager\":\"CN=a,DC=b\"} WhatIf=false Confirm=false"
	    " Server=\"dc1\"",
	    CW_OK },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Clear\":\"TITLE\",\"Manager\":null}",
	    "ActiveDirectory\\Set-ADUser Identity=\"ada\" Clear=[\"title\"] Manager=null"
	    " WhatIf=false Confirm=false Server=\"dc1\"",
	    CW_OK },
	{ "Set-ADReplicationSiteLink",
	    "{\"Identity\":\"A-B\",\"SitesIncluded\":{\"add\":[\"C\"],\"Remove\":\"D\"}}",
	    "ActiveDirectory\\Set-ADReplicationSiteLink Identity=\"A-B\" "
	    "SitesIncluded={\"Add\":[\"C\"],\"Remove\":[\"D\"]} WhatIf=false Confirm=false"
	    " Server=\"dc1\"",
	    CW_OK },
	{ "Get-ADSyncMVObject", "{\"Identifier\":\"00112233-4455-6677-8899-AABBCCDDEEFF\"}",
	    "ADSync\\Get-ADSyncMVObject Identifier=\"00112233-4455-6677-8899-aabbccddeeff\"",
	    CW_OK },
	{ "Remove-ADUser", "{\"Identity\":\"ada\"}",
	    "ActiveDirectory\\Remove-ADUser Identity=\"ada\" WhatIf=false Confirm=false "
	    "Server=\"dc1\"",
	    CW_OK },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"TrustedForDelegation\":false}",
	    "ActiveDirectory\\Set-ADUser Identity=\"ada\" TrustedForDelegation=false WhatIf=false"
	    " Confirm=false Server=\"dc1\"",
	    CW_OK },

	{ "Get-ADUser -Identity ada", "{}", "script text is not run", CW_EDENIED },
	{ "Get-ADUser; Remove-ADUser ada", "{}", "script text is not run", CW_EDENIED },
	{ "ActiveDirectory\\Get-ADUser", "{}", "script text is not run", CW_EDENIED },
	{ "/bin/sh", "{}", "script text is not run", CW_EDENIED },
	{ "Invoke-Expression", "{\"Command\":\"x\"}", "Invoke-Expression is not in the catalogue",
	    CW_EDENIED },
	{ "Where-Object", "{}", "Where-Object is a part of scripts", CW_EDENIED },
	{ "Install-ADServiceAccount", "{\"Identity\":\"a\"}",
	    "Install-ADServiceAccount is not done through Causeway: changes the machine",
	    CW_EDENIED },
	{ "Enable-ADOptionalFeature", "{\"Identity\":\"a\"}",
	    "Enable-ADOptionalFeature needs a person's approval each time: cannot be taken back",
	    CW_EDENIED },
	{ "Remove-ADOrganizationalUnit", "{\"Identity\":\"OU=a,DC=b\",\"Recursive\":true}",
	    "Remove-ADOrganizationalUnit -Recursive needs a person's approval", CW_EDENIED },
	{ "", "{}", "no command is named", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"Server\":\"evil\"}",
	    "-Server is set by Causeway itself", CW_EDENIED },
	{ "Get-ADSyncScheduler", "{\"Server\":\"evil\"}", "-Server is set by Causeway itself",
	    CW_EDENIED },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"Credential\":\"x\"}",
	    "-Credential is set by Causeway itself", CW_EDENIED },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"partition\":\"DC=x\"}",
	    "-partition is set by Causeway itself", CW_EDENIED },
	{ "Set-ADUser", "{\"Instance\":{\"ObjectGUID\":\"00112233-4455-6677-8899-aabbccddeeff\"}}",
	    "-Instance cannot be given: give the changed values as parameters", CW_EDENIED },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"WhatIf\":true}", "-WhatIf is a common parameter",
	    CW_EDENIED },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"OutVariable\":\"WhatIfPreference\"}",
	    "-OutVariable is a common parameter", CW_EDENIED },
	{ "Get-ADUser", "{\"Ident\":\"ada\"}", "is it -Identity?", CW_EDENIED },
	{ "Get-ADUser", "{\"Serv\":\"dc\"}", "-Serv is not in the catalogue", CW_EDENIED },
	{ "Get-ADUser", "{\"\":\"ada\"}", "is not in the catalogue", CW_EDENIED },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"TrustedForDelegation\":true}",
	    "Set-ADUser -TrustedForDelegation userAccountControl needs a person's approval each "
	    "time: lets the account act",
	    CW_EDENIED },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"TrustedForDelegation\":null}",
	    "needs a person's approval", CW_EDENIED },
	{ "Get-ADUser", "{}", "Get-ADUser needs one of -Filter, -Identity, -LDAPFilter",
	    CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":\"a\",\"Filter\":\"*\"}",
	    "-Identity and -Filter exclude each other", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":\"a\",\"SearchBase\":\"DC=a\"}",
	    "-Identity and -SearchBase exclude each other", CW_EINVAL },
	{ "Search-ADAccount", "{\"LockedOut\":true,\"TimeSpan\":\"1.00:00:00\"}",
	    "-LockedOut and -TimeSpan exclude each other", CW_EINVAL },
	{ "Search-ADAccount", "{\"LockedOut\":false}", "Search-ADAccount needs one of", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":\"a\",\"identity\":\"b\"}", "-Identity is given twice",
	    CW_EINVAL },
	{ "Set-ADUser", "{\"Title\":\"x\"}", "Set-ADUser needs -Identity", CW_EINVAL },
	{ "Set-ADAccountPassword", "{\"Identity\":\"ada\",\"Reset\":true}",
	    "Set-ADAccountPassword needs -NewPassword", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":7}", "-Identity wants a distinguished name", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":\"\"}", "-Identity wants a distinguished name", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":\"a*\"}", "-Identity takes no wildcard", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":null}", "-Identity wants a distinguished name", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":{\"Name\":\"ada\"}}", "an object with its ObjectGUID",
	    CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":{\"ObjectGUID\":\"*\"}}", "an object with its ObjectGUID",
	    CW_EINVAL },
	{ "Get-ADUser",
	    "{\"Identity\":{\"ObjectGUID\":\"00112233-4455-6677-8899-aabbccddeeff\","
	    "\"objectguid\":\"00000000-4455-6677-8899-aabbccddeeff\"}}",
	    "an object with its ObjectGUID", CW_EINVAL },
	{ "Move-ADObject", "{\"Identity\":\"CN=a,DC=b\",\"TargetPath\":\"OU=x, DC=b\"}",
	    "-TargetPath: the distinguished name has a space", CW_EINVAL },
	{ "Get-ADUser", "{\"Filter\":\"Name -eq $n\"}", "a variable", CW_EINVAL },
	{ "Get-ADUser", "{\"Filter\":\"msLAPS-Password -like 'a*'\"}", "holds a secret",
	    CW_EDENIED },
	{ "Get-ADComputer", "{\"LDAPFilter\":\"(msLAPS-Password=a*)\"}", "holds a secret",
	    CW_EDENIED },
	{ "Get-ADUser", "{\"LDAPFilter\":{\"filter\":\"(cn=a)\"}}", "-LDAPFilter wants a string",
	    CW_EINVAL },
	{ "Get-ADUser", "{\"Filter\":{\"filter\":\"*\",\"x\":1}}", "x", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"Properties\":[\"msLAPS-Password\"]}",
	    "holds a secret", CW_EDENIED },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"Properties\":[\"a b\"]}",
	    "the property a b is not in the catalogue", CW_EDENIED },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"Properties\":[\"\"]}", "names of properties",
	    CW_EINVAL },
	{ "Get-ADUser", "{\"Filter\":\"*\",\"SearchScope\":\"All\"}",
	    "-SearchScope wants one of Base, OneLevel, Subtree", CW_EINVAL },
	{ "Get-ADUser", "{\"Filter\":\"*\",\"ResultPageSize\":1.5}", "a whole number", CW_EINVAL },
	{ "Get-ADUser", "{\"Filter\":\"*\",\"ResultPageSize\":\"1.5\"}", "a whole number",
	    CW_EINVAL },
	{ "Get-ADUser", "{\"Filter\":\"*\",\"ResultPageSize\":\"-1\"}", "a whole number",
	    CW_EINVAL },
	{ "Get-ADUser", "{\"Filter\":\"*\",\"ResultPageSize\":\"2147483648\"}", "a whole number",
	    CW_EINVAL },
	{ "Get-ADUser", "{\"Filter\":\"*\",\"ResultPageSize\":\"\"}", "a whole number", CW_EINVAL },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"KerberosEncryptionType\":\"AES999\"}",
	    "needs a person's approval", CW_EDENIED },
	{ "Set-ADAccountExpiration", "{\"Identity\":\"ada\",\"TimeSpan\":\"-1.00:00:00\"}",
	    "-TimeSpan wants a duration", CW_EINVAL },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":{\"unicodePwd\":\"x\"}}",
	    "Set-ADUser -Replace unicodePwd is not done through Causeway", CW_EDENIED },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":{\"servicePrincipalName\":\"x\"}}",
	    "Set-ADUser -Replace servicePrincipalName needs a person's approval", CW_EDENIED },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":{\"colour\":\"x\"}}",
	    "the attribute colour is not in the catalogue", CW_EDENIED },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Clear\":[\"adminCount\"]}",
	    "adminCount needs a person's approval", CW_EDENIED },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":[]}", "an object of attributes",
	    CW_EINVAL },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":{\"title\":\"a\",\"Title\":\"b\"}}",
	    "-Replace: title wants to be there once", CW_EINVAL },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":{\"title\":[\"a\",\"b\"]}}",
	    "-Replace: title wants one value", CW_EINVAL },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":{\"title\":null}}",
	    "-Clear takes a value away", CW_EINVAL },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":{\"countryCode\":\"x\"}}",
	    "countryCode wants a whole number of 32 bits", CW_EINVAL },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":{\"countryCode\":2147483648}}",
	    "countryCode wants a whole number of 32 bits", CW_EINVAL },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":{\"thumbnailPhoto\":\"!\"}}",
	    "thumbnailPhoto wants bytes in base64", CW_EINVAL },
	{ "Set-ADReplicationSiteLink",
	    "{\"Identity\":\"A\",\"SitesIncluded\":{\"Add\":[\"C\"],\"add\":\"D\"}}",
	    "-SitesIncluded wants Add, Remove and Replace, each once", CW_EINVAL },
	{ "Set-ADAccountPassword",
	    "{\"Identity\":\"ada\",\"Reset\":true,\"NewPassword\":\"hunter2\"}",
	    "only taken sealed", CW_EDENIED },
	{ "Set-ADAccountPassword",
	    "{\"Identity\":\"ada\",\"Reset\":true,\"NewPassword\":{\"$sealed\":\"!\"}}",
	    "is not base64", CW_EINVAL },
	{ "Set-ADAccountPassword",
	    "{\"Identity\":\"ada\",\"Reset\":true,\"NewPassword\":{\"$sealed\":\"AAAA\"}}",
	    "-NewPassword is still sealed", CW_EINVAL },
	{ "Get-ADUser", "[]", "parameters is not an object", CW_EINVAL },
};

static void
describe(struct cw_buf *b, const struct cw_psrp_command *c)
{
	struct cw_err err;

	(void)cw_buf_puts(b, c->text);
	for (size_t i = 0; i < c->argument_count; i++) {
		(void)cw_buf_printf(b, " %s=", c->arguments[i].name);
		(void)cw_ps_json_put(b, c->arguments[i].value, &err);
	}
}

static void
test_rows(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct cw_catalogue_call *call = NULL;
		const struct cw_psrp_command *command;
		struct cw_err err = { 0 };
		cJSON *parameters = NULL;
		struct cw_buf b;
		int r;

		test_case = rows[i].command;
		cw_buf_init(&b, 65536);
		if (rows[i].parameters != NULL)
			parameters = cJSON_Parse(rows[i].parameters);
		if ((r = cw_catalogue_bind(&call, rows[i].command, parameters, &err)) == CW_OK)
			r = cw_catalogue_call_command(call, &command, "dc1", &err);
		CHECK_EQ(r, rows[i].code);
		if (r == CW_OK) {
			describe(&b, command);
			CHECK_STR(cw_buf_str(&b), rows[i].want);
		} else if (strstr(err.text, rows[i].want) == NULL) {
			CHECK_STR(err.text, rows[i].want);
		}
		cw_catalogue_call_free(call);
		cJSON_Delete(parameters);
		cw_buf_free(&b);
	}
}

static void
test_secret(void)
{
	cJSON *parameters = cJSON_Parse(
	    "{\"Identity\":\"ada\",\"Reset\":true,\"NewPassword\":{\"$sealed\":\"AQID\"}}");
	const struct cw_psrp_command *command;
	struct cw_catalogue_call *call;
	const char *parameter;
	const uint8_t *box;
	struct cw_err err = { 0 };
	size_t n;

	test_case = "a sealed value is opened by who holds the key";
	CHECK_EQ(cw_catalogue_bind(&call, "Set-ADAccountPassword", parameters, &err), CW_OK);
	CHECK_EQ(cw_catalogue_call_secrets(call), 1);
	cw_catalogue_call_secret(call, 0, &parameter, &box, &n);
	CHECK_STR(parameter, "NewPassword");
	CHECK_EQ(n, 3);
	CHECK_EQ(box[2], 3);
	CHECK_EQ(cw_catalogue_call_open(call, 0, "\xff", 1, &err), CW_EINVAL);
	CHECK_EQ(cw_catalogue_call_open(call, 0, "pa55", 4, &err), CW_OK);
	CHECK_EQ(cw_catalogue_call_command(call, &command, "dc1", &err), CW_OK);
	CHECK_EQ(command->arguments[2].value->kind, CW_PS_SECURE_STRING);
	cw_catalogue_call_free(call);
	cJSON_Delete(parameters);
}

/* What is authorised: group, class, parameter and attribute of each effect, in one line. */
static const struct {
	const char *command, *parameters, *want;
} effects[] = {
	{ "Get-ADUser", "{\"Identity\":\"ada\"}", "Users read" },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"Properties\":[\"*\"]}",
	    "Users read, Users read -Properties *" },
	{ "Get-ADUser",
	    "{\"Identity\":\"ada\",\"Properties\":[\"Enabled\",\"title\",\"Title\",\"LockedOut\"]}",
	    "Users read, Users read -Properties userAccountControl, Users read -Properties title, "
	    "Users read -Properties lockoutTime, "
	    "Users read -Properties msDS-User-Account-Control-Computed" },
	{ "Get-ADComputer", "{\"Filter\":\"OperatingSystem -like 'W*' -and Enabled -eq $true\"}",
	    "Computers read, Computers read -Filter operatingSystem, "
	    "Computers read -Filter userAccountControl" },
	{ "Get-ADObject", "{\"LDAPFilter\":\"(|(cn=a)(cn=b)(gPLink=*))\"}",
	    "Objects read, Objects read -LDAPFilter cn, Objects read -LDAPFilter gPLink" },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Title\":\"x\",\"Enabled\":false}",
	    "Users write, Users write -Title title, Users write -Enabled userAccountControl" },
	{ "Set-ADUser",
	    "{\"Identity\":\"ada\",\"Replace\":{\"title\":\"x\",\"scriptPath\":\"y\"},\"Clear\":["
	    "\"title\"],"
	    "\"Add\":{\"servicePrincipalName\":[\"a/b\"]}}",
	    "Users write, Users write -Replace title, Users approval -Replace scriptPath, "
	    "Users write -Clear title, Delegation approval -Add servicePrincipalName" },
	{ "Set-ADObject", "{\"Identity\":\"CN=a,DC=b\",\"Add\":{\"member\":\"cn=c,dc=d\"}}",
	    "Objects write, Groups write -Add member" },
	{ "New-ADUser",
	    "{\"Name\":\"a\",\"OtherAttributes\":{\"title\":\"x\",\"targetAddress\":\"y\"},"
	    "\"ServicePrincipalNames\":[\"a/b\"]}",
	    "Users write, Users write -Name name, Users write -OtherAttributes title, "
	    "Mail approval -OtherAttributes targetAddress, "
	    "Delegation approval -ServicePrincipalNames servicePrincipalName" },
	{ "Set-ADAccountControl",
	    "{\"Identity\":\"ada\",\"DoesNotRequirePreAuth\":true,\"AccountNotDelegated\":false}",
	    "Users write, Passwords approval -DoesNotRequirePreAuth userAccountControl, "
	    "Delegation approval -AccountNotDelegated userAccountControl" },
	{ "Set-ADAccountControl",
	    "{\"Identity\":\"ada\",\"DoesNotRequirePreAuth\":false,\"AccountNotDelegated\":true}",
	    "Users write, Passwords write -DoesNotRequirePreAuth userAccountControl, "
	    "Delegation write -AccountNotDelegated userAccountControl" },
	{ "Set-ADOrganizationalUnit",
	    "{\"Identity\":\"OU=a,DC=b\",\"ProtectedFromAccidentalDeletion\":false,\"Add\":{"
	    "\"gPLink\":\"x\"}}",
	    "OUs write, OUs destructive -ProtectedFromAccidentalDeletion nTSecurityDescriptor, "
	    "Policies approval -Add gPLink" },
	{ "Add-ADGroupMember", "{\"Identity\":\"g\",\"Members\":[\"a\",\"b\"]}",
	    "Groups write, Groups write -Members member" },
	{ "Remove-ADOrganizationalUnit", "{\"Identity\":\"OU=a,DC=b\",\"Recursive\":true}",
	    "OUs destructive, OUs approval -Recursive" },
	{ "Set-ADComputer",
	    "{\"Identity\":\"pc\",\"PrincipalsAllowedToDelegateToAccount\":[\"svc\"],"
	    "\"DNSHostName\":\"x\"}",
	    "Computers write, Delegation approval -PrincipalsAllowedToDelegateToAccount "
	    "msDS-AllowedToActOnBehalfOfOtherIdentity, Computers approval -DNSHostName "
	    "dNSHostName" },
	{ "Set-ADAccountPassword",
	    "{\"Identity\":\"ada\",\"Reset\":true,\"NewPassword\":{\"$sealed\":\"AAAA\"}}",
	    "Passwords write, Passwords write -NewPassword unicodePwd" },
	{ "Set-ADSyncScheduler", "{\"SyncCycleEnabled\":false}",
	    "Sync write, Sync approval -SyncCycleEnabled" },
	{ "Set-ADSyncScheduler", "{\"SyncCycleEnabled\":true}", "Sync write" },
	{ "Set-ADForest", "{\"Identity\":\"lab.test\",\"UPNSuffixes\":{\"Add\":\"x.test\"}}",
	    "Domain approval, Domain approval -UPNSuffixes uPNSuffixes" },
};

static const struct {
	const char *command, *parameters;
	bool want;
} for_pdc[] = {
	{ "Unlock-ADAccount", "{\"Identity\":\"ada\"}", true },
	{ "Set-ADAccountPassword",
	    "{\"Identity\":\"ada\",\"Reset\":true,\"NewPassword\":{\"$slot\":1}}", true },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"ChangePasswordAtLogon\":true}", true },
	{ "Set-ADObject",
	    "{\"Identity\":\"CN=ada,DC=lab,DC=test\",\"Replace\":{\"lockoutTime\":0}}", true },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Clear\":[\"PwdLastSet\"],\"Title\":\"x\"}", true },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Title\":\"x\"}", false },
	{ "Set-ADAccountControl", "{\"Identity\":\"ada\",\"PasswordNeverExpires\":true}", false },
	{ "Enable-ADAccount", "{\"Identity\":\"ada\"}", false },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"Properties\":[\"pwdLastSet\"]}", false },
	{ "New-ADUser", "{\"Name\":\"ada\",\"AccountPassword\":{\"$slot\":1}}", false },
};

static void
test_for_pdc(void)
{
	for (size_t i = 0; i < CW_COUNT(for_pdc); i++) {
		cJSON *parameters = cJSON_Parse(for_pdc[i].parameters);
		struct cw_catalogue_call *call = NULL;
		struct cw_err err = { 0 };

		test_case = for_pdc[i].parameters;
		CHECK_EQ(
		    cw_catalogue_bind_for_approval(&call, for_pdc[i].command, parameters, &err),
		    CW_OK);
		CHECK_STR(err.text, "");
		CHECK_EQ(call != NULL && cw_catalogue_call_is_for_pdc(call), for_pdc[i].want);
		cw_catalogue_call_free(call);
		cJSON_Delete(parameters);
	}
}

static void
test_effects(void)
{
	for (size_t i = 0; i < CW_COUNT(effects); i++) {
		cJSON *parameters = cJSON_Parse(effects[i].parameters);
		const struct cw_catalogue_effect *e;
		struct cw_catalogue_call *call = NULL;
		struct cw_err err = { 0 };
		struct cw_buf b;
		size_t n = 0;

		test_case = effects[i].parameters;
		cw_buf_init(&b, 65536);
		CHECK_EQ(
		    cw_catalogue_bind_for_approval(&call, effects[i].command, parameters, &err),
		    CW_OK);
		CHECK_STR(err.text, "");
		if (call != NULL) {
			e = cw_catalogue_call_effects(call, &n);
			for (size_t k = 0; k < n; k++) {
				(void)cw_buf_printf(&b, "%s%s %s", k == 0 ? "" : ", ",
				    e[k].group->name, cw_class_name(e[k].class));
				if (e[k].parameter != NULL)
					(void)cw_buf_printf(&b, " -%s", e[k].parameter);
				if (e[k].attribute != NULL)
					(void)cw_buf_printf(&b, " %s", e[k].attribute);
				CHECK(e[k].class != CW_CLASS_APPROVAL || e[k].why != NULL);
			}
			CHECK_STR(cw_buf_str(&b), effects[i].want);
		}
		cw_catalogue_call_free(call);
		cJSON_Delete(parameters);
		cw_buf_free(&b);
	}
}

/* Flags are sent as one text, each once. */
static void
test_flags(void)
{
	static const struct {
		const char *given, *want;
	} list[] = {
		{ "\"aes128\"", "AES128" },
		{ "\"AES256, AES128,\"", "AES128, AES256" },
		{ "[\"AES128\",\"AES128\",\"RC4\"]", "RC4, AES128" },
		{ "\"AES999\"", NULL },
		{ "\"AES128 AES999\"", NULL },
		{ "[]", NULL },
		{ "[7]", NULL },
		{ "\"\"", NULL },
	};

	for (size_t i = 0; i < CW_COUNT(list); i++) {
		struct cw_catalogue_call *call = NULL;
		const struct cw_psrp_command *command;
		struct cw_err err = { 0 };
		cJSON *parameters = cJSON_CreateObject();

		test_case = list[i].given;
		cJSON_AddStringToObject(parameters, "Identity", "ada");
		cJSON_AddItemToObject(
		    parameters, "KerberosEncryptionType", cJSON_Parse(list[i].given));
		CHECK_EQ(cw_catalogue_bind_for_approval(&call, "Set-ADUser", parameters, &err),
		    list[i].want == NULL ? CW_EINVAL : CW_OK);
		if (call != NULL) {
			CHECK_EQ(cw_catalogue_call_command(call, &command, "dc1", &err), CW_OK);
			CHECK_STR(cw_ps_str(command->arguments[1].value), list[i].want);
		}
		cw_catalogue_call_free(call);
		cJSON_Delete(parameters);
	}
}

/* Each row's own promises. */
static void
test_tables(void)
{
	const struct cw_catalogue_parameter *p;
	const struct cw_catalogue_command *all;
	size_t n;

	all = cw_catalogue_all(&n);
	CHECK(n > 250);
	for (size_t i = 0; i < n; i++) {
		const char *dash = strchr(all[i].qualified, '\\');

		test_case = all[i].name;
		CHECK_STR(dash == NULL ? NULL : dash + 1, all[i].name);
		CHECK(cw_starts_with(all[i].qualified, all[i].module));
		CHECK(cw_catalogue_find(all[i].name) == &all[i]);
		CHECK(i == 0 || strcasecmp(all[i - 1].name, all[i].name) < 0);
		CHECK(all[i].class < CW_CLASS_APPROVAL || all[i].why != NULL);
		if (cw_catalogue_runs(&all[i]))
			CHECK_EQ(all[i].write, all[i].class != CW_CLASS_READ);
		if (all[i].target != NULL)
			CHECK(cw_catalogue_parameter_find(&all[i], all[i].target) != NULL);
		if (all[i].server != NULL)
			CHECK_EQ(cw_catalogue_parameter_find(&all[i], all[i].server)->class,
			    CW_CLASS_BLOCKED);
		for (size_t k = 0; (p = cw_catalogue_parameter(&all[i], k)) != NULL; k++) {
			CHECK_EQ(p->type == CW_TYPE_CHOICE || p->type == CW_TYPE_CHOICES ||
				p->type == CW_TYPE_FLAGS,
			    p->choices != NULL);
			CHECK_EQ(p->type == CW_TYPE_IDENTITY || p->type == CW_TYPE_IDENTITIES,
			    p->kind != NULL);
			CHECK(p->class < CW_CLASS_DESTRUCTIVE || p->why != NULL);
			CHECK(cw_catalogue_parameter_find(&all[i], p->name) == p);
			CHECK(cw_catalogue_type_name(p->type) != NULL);
		}
	}
}

static void
test_names(void)
{
	const char *const *sync = cw_catalogue_names("sync");
	bool starts = false, adds = false;

	test_case = "names by role";
	for (; *sync != NULL; sync++) {
		starts |= cw_streq(*sync, "Start-ADSyncSyncCycle");
		adds |= cw_streq(*sync, "Add-ADSyncRule");
	}
	CHECK(starts);
	CHECK(!adds); /* blocked: not even visible */
	CHECK(cw_catalogue_names("exchange")[0] == NULL);
	CHECK(!cw_catalogue_runs(cw_catalogue_find("Where-Object")));
	CHECK_EQ(strlen(cw_catalogue_version()), 64);
	CHECK(cw_catalogue_runs(cw_catalogue_find("get-aduser")));
	CHECK(cw_catalogue_find("Get-ADUse") == NULL);
	CHECK(cw_catalogue_find("") == NULL);
}

/* --- the objects that a call names */

static struct cw_catalogue_call *
bound(const char *command, const char *json)
{
	struct cw_catalogue_call *call = NULL;
	cJSON *parameters = cJSON_Parse(json);
	struct cw_err err = { 0 };

	CHECK_EQ(cw_catalogue_bind(&call, command, parameters, &err), CW_OK);
	CHECK_STR(err.text, "");
	cJSON_Delete(parameters);
	return call;
}

static void
test_named(void)
{
	struct cw_catalogue_call *call;
	const struct cw_psrp_command *command;
	struct cw_psrp_command fed;
	struct cw_catalogue_named n;
	struct cw_err err = { 0 };

	test_case = "a target and members, given by other names";
	call = bound("Add-ADGroupMember", "{\"Identity\":\"g\",\"Members\":[\"a\",\"b\"]}");
	CHECK_EQ(cw_catalogue_call_named(call), 3);
	CHECK(cw_catalogue_call_name(call, 0, &n) && n.target && strcmp(n.text, "g") == 0);
	CHECK(cw_catalogue_call_name(call, 2, &n) && !n.target && strcmp(n.text, "b") == 0);
	CHECK_STR(n.parameter->name, "Members");
	CHECK(!cw_catalogue_call_name(call, 3, &n));
	CHECK_EQ(cw_catalogue_call_pin(call, 3, "x", &err), CW_EINVAL);
	CHECK_EQ(cw_catalogue_call_pin(call, 2, "B", &err), CW_OK);
	CHECK_EQ(cw_catalogue_call_command(call, &command, "dc1", &err), CW_OK);
	CHECK_STR(cw_ps_str(command->arguments[1].value->list.items[1]), "B");
	CHECK_EQ(cw_catalogue_call_named(call), 3); /* ours name none */
	cw_catalogue_call_free(call);
	test_case = "places and what is cleared";
	call = bound("New-ADUser", "{\"Name\":\"x\",\"Path\":\"OU=a,DC=b\",\"Manager\":\"m\"}");
	CHECK_EQ(cw_catalogue_call_named(call), 2);
	cw_catalogue_call_free(call);
	call = bound("Set-ADUser", "{\"Identity\":\"a\",\"Manager\":null}");
	CHECK_EQ(cw_catalogue_call_named(call), 1);
	test_case = "without its target, to be fed";
	CHECK_EQ(cw_catalogue_call_command_fed(call, &fed, "dc1", &err), CW_OK);
	CHECK_EQ(fed.argument_count, 4); /* Manager, WhatIf, Confirm, Server */
	CHECK_STR(fed.arguments[0].name, "Manager");
	cw_catalogue_call_free(call);
	call = bound("New-ADGroup", "{\"Name\":\"x\",\"GroupScope\":\"Global\"}");
	CHECK_EQ(cw_catalogue_call_command_fed(call, &fed, "dc1", &err), CW_EINVAL);
	cw_catalogue_call_free(call);
}

static void
test_slot(void)
{
	struct cw_catalogue_call *call = bound("Set-ADAccountPassword",
	    "{\"Identity\":\"a\",\"Reset\":true,\"NewPassword\":{\"$slot\":3}}");
	const struct cw_psrp_command *command;
	struct cw_err err = { 0 };

	test_case = "a slot is filled later";
	CHECK_EQ(cw_catalogue_call_secrets(call), 1);
	CHECK_EQ(cw_catalogue_call_command(call, &command, "dc1", &err), CW_EINVAL);
	CHECK_EQ(cw_catalogue_call_open(call, 0, "pw", 2, &err), CW_OK);
	CHECK_EQ(cw_catalogue_call_command(call, &command, "dc1", &err), CW_OK);
	cw_catalogue_call_free(call);
}

int
main(void)
{
	test_rows();
	test_secret();
	test_effects();
	test_for_pdc();
	test_flags();
	test_tables();
	test_names();
	test_named();
	test_slot();
	return test_failed;
}
