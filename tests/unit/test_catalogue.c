/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

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
	    "ActiveDirectory\\Get-ADUser Identity=\"ada\" Properties=[\"title\"] Server=\"dc1\"",
	    CW_OK },
	{ "get-aduser", "{\"identity\":\"ada\",\"properties\":\"*\"}",
	    "ActiveDirectory\\Get-ADUser Identity=\"ada\" Properties=[\"*\"] Server=\"dc1\"",
	    CW_OK },
	{ "Get-ADUser", "{\"Filter\":\"Title -eq 'CTO'\",\"ResultSetSize\":null}",
	    "ActiveDirectory\\Get-ADUser LDAPFilter=\"(Title=CTO)\" ResultSetSize=null "
	    "Server=\"dc1\"",
	    CW_OK },
	{ "Set-ADUser",
	    "{\"Identity\":\"ada\",\"Title\":null,\"Replace\":{\"extensionAttribute1\":[\"a\","
	    "\"b\"],\"countryCode\":826}}",
	    "ActiveDirectory\\Set-ADUser Identity=\"ada\" Title=null "
	    "Replace={\"extensionAttribute1\":[\"a\",\"b\"],\"countryCode\":826}"
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

	{ "Get-ADUser -Identity ada", "{}", "script text is not run", CW_EDENIED },
	{ "Get-ADUser; Remove-ADUser ada", "{}", "script text is not run", CW_EDENIED },
	{ "ActiveDirectory\\Get-ADUser", "{}", "script text is not run", CW_EDENIED },
	{ "/bin/sh", "{}", "script text is not run", CW_EDENIED },
	{ "Invoke-Expression", "{\"Command\":\"x\"}", "Invoke-Expression is not in the catalogue",
	    CW_EDENIED },
	{ "", "{}", "no command is named", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"Server\":\"evil\"}",
	    "-Server is set by Causeway itself", CW_EDENIED },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"Credential\":\"x\"}",
	    "-Credential is set by Causeway itself", CW_EDENIED },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"WhatIf\":true}", "-WhatIf is a common parameter",
	    CW_EDENIED },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"OutVariable\":\"WhatIfPreference\"}",
	    "-OutVariable is a common parameter", CW_EDENIED },
	{ "Get-ADUser", "{\"Ident\":\"ada\"}", "is it -Identity?", CW_EDENIED },
	{ "Get-ADUser", "{\"\":\"ada\"}", "is not in the catalogue", CW_EDENIED },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"TrustedForDelegation\":true}",
	    "-TrustedForDelegation is not in the catalogue", CW_EDENIED },
	{ "Get-ADUser", "{}", "Get-ADUser needs one of -Identity, -Filter, -LDAPFilter",
	    CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":\"a\",\"Filter\":\"*\"}",
	    "-Identity and -Filter exclude each other", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":\"a\",\"identity\":\"b\"}", "-Identity is given twice",
	    CW_EINVAL },
	{ "Set-ADUser", "{\"Title\":\"x\"}", "Set-ADUser needs -Identity", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":7}", "-Identity wants a string", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":\"\"}", "-Identity wants a string that is not empty",
	    CW_EINVAL },
	{ "Get-ADUser", "{\"Filter\":\"Name -eq $n\"}", "a variable", CW_EINVAL },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"Properties\":[\"msLAPS-Password\"]}",
	    "holds a secret", CW_EDENIED },
	{ "Get-ADUser", "{\"Identity\":\"ada\",\"Properties\":[\"a b\"]}", "names of properties",
	    CW_EINVAL },
	{ "Get-ADUser", "{\"Filter\":\"*\",\"SearchScope\":\"All\"}",
	    "-SearchScope wants one of Base, OneLevel, Subtree", CW_EINVAL },
	{ "Get-ADUser", "{\"Filter\":\"*\",\"ResultPageSize\":1.5}", "a whole number", CW_EINVAL },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":{\"unicodePwd\":\"x\"}}",
	    "unicodePwd is not in the catalogue", CW_EDENIED },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":{\"servicePrincipalName\":\"x\"}}",
	    "is not in the catalogue", CW_EDENIED },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Clear\":[\"adminCount\"]}",
	    "adminCount is not in the catalogue", CW_EDENIED },
	{ "Set-ADUser", "{\"Identity\":\"ada\",\"Replace\":[]}", "an object of attributes",
	    CW_EINVAL },
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

/* Each row's own promises. */
static void
test_tables(void)
{
	size_t n;
	const struct cw_catalogue_command *all = cw_catalogue_all(&n);

	for (size_t i = 0; i < n; i++) {
		const char *dash = strchr(all[i].qualified, '\\');

		test_case = all[i].name;
		CHECK(dash != NULL);
		CHECK_STR(dash == NULL ? NULL : dash + 1, all[i].name);
		CHECK(cw_catalogue_find(all[i].name) == &all[i]);
		CHECK_EQ(all[i].write,
		    !cw_starts_with(all[i].name, "Get-") &&
			!cw_starts_with(all[i].name, "Search-"));
		for (size_t t = 0; t < 3 && all[i].parameters[t] != NULL; t++)
			for (const struct cw_catalogue_parameter *p = all[i].parameters[t];
			     p->name != NULL; p++)
				CHECK_EQ(p->type == CW_TYPE_CHOICE, p->choices != NULL);
	}
	test_case = "names by role";
	CHECK_STR(cw_catalogue_names("sync")[2], "Start-ADSyncSyncCycle");
	CHECK(cw_catalogue_names("sync")[3] == NULL);
}

int
main(void)
{
	test_rows();
	test_secret();
	test_tables();
	return test_failed;
}
