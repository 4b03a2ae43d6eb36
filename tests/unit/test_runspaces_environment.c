/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What PowerShell gets of our environment, and what it does not.
 */
#include <uv.h>

#include "test.h"
#include "base/err.h"
#include "base/str.h"
#include "runspaces/environment.h"

int test_failed;
const char *test_case = "";

static const struct {
	const char *name;
	const char *variable, *value;
	const char *want; /* NULL: not passed on */
} rows[] = {
	{ "the path", "PATH", "/usr/bin", "PATH=/usr/bin" },
	{ "any case", "psmodulepath", "m", "psmodulepath=m" },
	{ "a beginning", "DOTNET_EnableWriteXorExecute", "0", "DOTNET_EnableWriteXorExecute=0" },
	{ "a key of ours", "CAUSEWAY_API_KEY", "cwk_secret", NULL },
	{ "a proxy's password", "https_proxy", "http://u:secret@p:1", NULL },
	{ "whatever else", "MY_SECRET", "secret", NULL },
	{ "ours wins", "ADPS_LoadDefaultDrive", "1", "ADPS_LoadDefaultDrive=0" },
	{ "ours wins over what is passed on", "DOTNET_CLI_TELEMETRY_OPTOUT", "0",
	    "DOTNET_CLI_TELEMETRY_OPTOUT=1" },
	{ "empty", "LANG", "", "LANG=" },
};

static const char *
find(char **env, const char *name)
{
	size_t n = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env;
	return NULL;
}

int
main(void)
{
	struct cw_err err = { 0 };
	char **env;

	for (size_t i = 0; i < CW_COUNT(rows); i++)
		(void)uv_os_setenv(rows[i].variable, rows[i].value);
	CHECK_EQ(cw_environment_new(&env, &err), CW_OK);
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		CHECK_STR(find(env, rows[i].variable), rows[i].want);
	}
	test_case = "nothing else";
	for (char **at = env; *at != NULL; at++)
		CHECK(strstr(*at, "secret") == NULL);
	cw_environment_free(env);
	cw_environment_free(NULL);
	return test_failed;
}
