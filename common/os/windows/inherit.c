/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>

#include "os/inherit.h"

void
cw_inherit_nothing(void)
{
}

void
cw_inherit_no_socket(uv_os_sock_t socket)
{
	(void)SetHandleInformation((HANDLE)socket, HANDLE_FLAG_INHERIT, 0);
}
