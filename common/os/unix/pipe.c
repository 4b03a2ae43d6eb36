/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "os/pipe.h"

void
cw_pipe_name(char *ret, size_t size, const char *folder, const char *name)
{
	(void)snprintf(ret, size, "%s/%s.sock", folder, name);
}

int
cw_pipe_make_private(uv_pipe_t *listener, const char *name, struct cw_err *err)
{
	(void)listener;
	if (chmod(name, 0600) < 0)
		return cw_fail(err, CW_ESYS, "cannot make %s private: %s", name, strerror(errno));
	return CW_OK;
}

bool
cw_pipe_peer_is_privileged(uv_pipe_t *peer)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)peer, &fd) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return false;
	return cred.uid == 0 || cred.uid == geteuid();
}
