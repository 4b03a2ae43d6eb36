/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions defined before the lock keep FullLanguage: so the canary can read
 * what a caller of structured commands could have left behind.
 */
#include "base/err.h"
#include "runspaces/prepare.h"

static const char script[] =
    "param([string[]]$Modules, [string[]]$Commands)\n"
    "$PSModuleAutoLoadingPreference = 'None'\n"
    "$ProgressPreference = 'SilentlyContinue'\n"
    "if ($Modules) { Microsoft.PowerShell.Core\\Import-Module -Name $Modules -DisableNameChecking "
    "-ErrorAction Stop }\n"
    "function global:" CW_RUNSPACE_CANARY " {\n"
    "  $s = $ExecutionContext.SessionState\n"
    "  \"whatif=$WhatIfPreference confirm=$ConfirmPreference "
    "error=$ErrorActionPreference \" +\n"
    "  \"warning=$WarningPreference verbose=$VerbosePreference debug=$DebugPreference \" +\n"
    "  \"defaults=$($PSDefaultParameterValues.Count) autoload=$PSModuleAutoLoadingPreference \" +\n"
    "  \"variables=$($s.InvokeProvider.ChildItem.Get('variable:', $false).Count) \" +\n"
    "  \"programs=$($s.Applications.Count) scripts=$($s.Scripts.Count)\"\n"
    "}\n"
    "$ExecutionContext.SessionState.Applications.Clear()\n"
    "$ExecutionContext.SessionState.Scripts.Clear()\n"
    "$Commands += '" CW_RUNSPACE_CANARY "', 'Out-Default'\n"
    "foreach ($c in $ExecutionContext.InvokeCommand.GetCommands('*', "
    "'Alias,Function,Filter,Cmdlet,Configuration', $true)) {\n"
    "  if ($c.Name -notin $Commands) { try { $c.Visibility = 'Private' } catch { } }\n"
    "}\n"
    "$ExecutionContext.SessionState.LanguageMode = 'NoLanguage'\n";

static const struct cw_ps_value *
strings(struct cw_ps_arena *arena, const char *const *names)
{
	const struct cw_ps_value **items;
	size_t n = 0;

	while (names != NULL && names[n] != NULL)
		n++;
	if ((items = cw_ps_arena_alloc(arena, (n + 1) * sizeof(struct cw_ps_value *))) == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if ((items[i] = cw_ps_string(arena, names[i])) == NULL)
			return NULL;
	return cw_ps_list(arena, items, n);
}

int
cw_runspace_prepare(struct cw_psrp_command *ret, struct cw_ps_arena *arena,
    const char *const *modules, const char *const *commands)
{
	struct cw_psrp_argument *arguments = cw_ps_arena_alloc(arena, 2 * sizeof(*arguments));

	if (arguments == NULL)
		return CW_ENOMEM;
	arguments[0] = (struct cw_psrp_argument){ "Modules", strings(arena, modules) };
	arguments[1] = (struct cw_psrp_argument){ "Commands", strings(arena, commands) };
	if (arguments[0].value == NULL || arguments[1].value == NULL)
		return CW_ENOMEM;
	*ret = (struct cw_psrp_command){ script, true, arguments, 2 };
	return CW_OK;
}
