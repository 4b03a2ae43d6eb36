/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>

#include "os/inherit.h"

void
cw_inherit_no_socket(uv_os_sock_t socket)
{
	(void)fcntl(socket, F_SETFD, FD_CLOEXEC);
}
