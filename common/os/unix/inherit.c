/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/inherit.h"

void
cw_inherit_nothing(void)
{
	DIR *list = opendir("/proc/self/fd");
	const struct dirent *entry;
	int fd;

	if (list == NULL)
		return;
	while ((entry = readdir(list)) != NULL) {
		fd = atoi(entry->d_name); /* "." and ".." are 0, which stays as it is */
		if (fd > STDERR_FILENO)
			(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	(void)closedir(list);
}

void
cw_inherit_no_socket(uv_os_sock_t socket)
{
	(void)fcntl(socket, F_SETFD, FD_CLOEXEC);
}
