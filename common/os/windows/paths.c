/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>
#include <shlobj.h>
#include <stdio.h>

#include "os/paths.h"

const char *
cw_paths_default_state(void)
{
	static char folder[MAX_PATH * 3 + 32];
	PWSTR data = NULL;

	/* The known folder, not %ProgramData%: a caller can set the variable. */
	if (folder[0] == '\0') {
		if (SHGetKnownFolderPath(&FOLDERID_ProgramData, 0, NULL, &data) == S_OK)
			(void)snprintf(folder, sizeof(folder), "%ls\\Causeway\\Agent", data);
		else
			(void)snprintf(folder, sizeof(folder), "C:\\ProgramData\\Causeway\\Agent");
		CoTaskMemFree(data);
	}
	return folder;
}

const char *const *
cw_paths_powershell(void)
{
	static char program[MAX_PATH * 3 + 64];
	static const char *const words[] = { program, "-NoLogo", "-NoProfile", "-s", NULL };
	wchar_t system[MAX_PATH];

	if (program[0] == '\0' && GetSystemDirectoryW(system, MAX_PATH) > 0)
		(void)snprintf(program, sizeof(program),
		    "%ls\\WindowsPowerShell\\v1.0\\powershell.exe", system);
	return words;
}
