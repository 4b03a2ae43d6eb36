/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>

#include "os/harden.h"

void
cw_harden_process(void)
{
	/* No crash dialog, and no dump by Windows Error Reporting from this process. */
	(void)SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
	/* DLLs come from System32 or beside the program, never from the working folder. */
	(void)SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
}

void
cw_ignore_broken_pipes(void)
{
}
