/* SPDX-License-Identifier: Apache-2.0 */
#include "service/commands.h"

const char *
cw_bridge_version(void)
{
	return CAUSEWAY_VERSION;
}
