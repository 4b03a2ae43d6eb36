/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PATHS_H
#define CW_PATHS_H

/* Where the agent keeps its state unless told otherwise: /var/lib/causeway-agent, or
 * %ProgramData%\Causeway\Agent. Static storage. */
const char *cw_paths_default_state(void);

/* The command line that starts PowerShell's server mode here: Windows PowerShell 5.1 by its full
 * path (its modules for AD and Exchange need it), pwsh elsewhere. NULL-terminated words, static
 * storage. */
const char *const *cw_paths_powershell(void);

#endif
