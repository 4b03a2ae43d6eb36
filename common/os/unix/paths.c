/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "os/paths.h"

const char *
cw_paths_default_state(void)
{
	return "/var/lib/causeway-agent";
}

const char *const *
cw_paths_powershell(void)
{
	static const char *const words[] = { "pwsh", "-NoLogo", "-NoProfile", "-s", NULL };

	return words;
}
