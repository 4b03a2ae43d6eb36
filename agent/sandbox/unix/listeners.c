/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/random.h"
#include "sandbox/unix/listeners.h"

static int
listen_on(int family, const struct sockaddr *address, socklen_t n)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind(fd, address, n) == 0 && listen(fd, 8) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
open_tcp(struct cw_listeners *l)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(address);

	l->tcp = listen_on(AF_INET, (const struct sockaddr *)&address, n);
	if (l->tcp < 0 || getsockname(l->tcp, (struct sockaddr *)&address, &n) < 0)
		return -1;
	l->port = ntohs(address.sin_port);
	return 0;
}

/* lead: 0 for a path, 1 for the NUL before an abstract name. */
static int
open_unix(const char *name, size_t lead)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t n = strlen(name);

	if (lead + n >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path + lead, name, n);
	return listen_on(AF_UNIX, (const struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + lead + n));
}

int
cw_listeners_open(struct cw_listeners *ret, const char *folder, struct cw_err *err)
{
	char unique[CW_UUID_TEXT];

	cw_random_uuid(unique);
	*ret = (struct cw_listeners){ -1, -1, -1, 0, "", "" };
	(void)snprintf(ret->name, sizeof(ret->name), "causeway-probe-%s", unique);
	if (snprintf(ret->path, sizeof(ret->path), "%s/probe-%s", folder, unique) >=
	    (int)sizeof(ret->path))
		return cw_fail(err, CW_EINVAL, "%s: the path is too long", folder);
	if (open_tcp(ret) < 0 || (ret->unix_path = open_unix(ret->path, 0)) < 0 ||
	    (ret->abstract = open_unix(ret->name, 1)) < 0)
		return cw_fail(err, CW_ESYS, "cannot listen for the probe: %s", strerror(errno));
	return CW_OK;
}

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
cw_listeners_close(struct cw_listeners *l)
{
	if (l->unix_path >= 0)
		(void)unlink(l->path);
	close_one(&l->tcp);
	close_one(&l->unix_path);
	close_one(&l->abstract);
}
