/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By name, never by exclusion.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/err.h"
#include "base/str.h"
#include "runspaces/environment.h"

/* A name that ends in '*' stands for all that begin so. Letters in any case, as on Windows. */
static const char *const passed[] = {
	/* every system */
	"PATH",
	"HOME",
	"USER",
	"LOGNAME",
	"LANG",
	"LC_*",
	"TZ",
	"TMPDIR",
	"TEMP",
	"TMP",
	"PSModulePath",
	"DOTNET_*",
	"COMPlus_*",
	"XDG_*",
	/* Windows: what every process there is given */
	"SystemRoot",
	"SystemDrive",
	"windir",
	"ComSpec",
	"PATHEXT",
	"OS",
	"ALLUSERSPROFILE",
	"ProgramData",
	"ProgramFiles",
	"ProgramFiles(x86)",
	"ProgramW6432",
	"CommonProgramFiles",
	"CommonProgramFiles(x86)",
	"CommonProgramW6432",
	"APPDATA",
	"LOCALAPPDATA",
	"PUBLIC",
	"USERPROFILE",
	"USERNAME",
	"USERDOMAIN",
	"USERDOMAIN_ROAMINGPROFILE",
	"USERDNSDOMAIN",
	"COMPUTERNAME",
	"LOGONSERVER",
	"HOMEDRIVE",
	"HOMEPATH",
	"NUMBER_OF_PROCESSORS",
	"PROCESSOR_*",
	"WINEPREFIX",
	/* Kerberos and LDAP where they are the system's libraries */
	"KRB5*",
	"LDAPTLS_CACERT",
	"SSL_CERT_FILE",
	"SSL_CERT_DIR",
	"LD_LIBRARY_PATH",
};

static const char *const own[] = {
	/* The AD: drive costs a connection at import and is never used here. */
	"ADPS_LoadDefaultDrive=0",
	"POWERSHELL_TELEMETRY_OPTOUT=1",
	"DOTNET_CLI_TELEMETRY_OPTOUT=1",
	"POWERSHELL_UPDATECHECK=Off",
	"TERM=dumb",
};

static bool
matches(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);
	char head[32];

	if (pattern[n - 1] != '*')
		return cw_strcaseeq(pattern, name);
	(void)snprintf(head, sizeof(head), "%.*s*", (int)(n - 1), name);
	return cw_strcaseeq(pattern, head);
}

static bool
is_passed(const char *name)
{
	for (size_t i = 0; i < CW_COUNT(passed); i++)
		if (matches(passed[i], name))
			return true;
	return false;
}

/* A new "NAME=VALUE". */
static char *
join(const char *name, const char *value)
{
	size_t n = strlen(name) + 1 + strlen(value) + 1;
	char *text = malloc(n);

	if (text != NULL)
		(void)snprintf(text, n, "%s=%s", name, value);
	return text;
}

static bool
is_own(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < CW_COUNT(own); i++)
		if (strncmp(own[i], name, n) == 0 && own[i][n] == '=')
			return true;
	return false;
}

int
cw_environment_new(char ***ret, struct cw_err *err)
{
	uv_env_item_t *items = NULL;
	char **env = NULL;
	int count = 0, r = CW_OK;
	size_t n = 0;

	if (uv_os_environ(&items, &count) != 0)
		return cw_fail(err, CW_ESYS, "cannot read the environment");
	if ((env = calloc((size_t)count + CW_COUNT(own) + 1, sizeof(*env))) == NULL)
		r = CW_ENOMEM;
	for (int i = 0; i < count && r == CW_OK; i++)
		if (is_passed(items[i].name) && !is_own(items[i].name) &&
		    (env[n++] = join(items[i].name, items[i].value)) == NULL)
			r = CW_ENOMEM;
	for (size_t i = 0; i < CW_COUNT(own) && r == CW_OK; i++)
		if ((env[n++] = cw_strdup(own[i])) == NULL)
			r = CW_ENOMEM;
	uv_os_free_environ(items, count);
	if (r < 0) {
		cw_environment_free(env);
		return cw_fail(err, r, "out of memory");
	}
	*ret = env;
	return CW_OK;
}

void
cw_environment_free(char **env)
{
	if (env == NULL)
		return;
	for (char **at = env; *at != NULL; at++)
		free(*at);
	free(env);
}
