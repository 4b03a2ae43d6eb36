/* SPDX-License-Identifier: Apache-2.0 */
#include "service/version.h"

const char *
cw_agent_version(void)
{
	return CAUSEWAY_VERSION;
}
