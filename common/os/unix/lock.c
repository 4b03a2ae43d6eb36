/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "os/lock.h"

struct cw_lock {
	int fd;
};

int
cw_lock_take(struct cw_lock **ret, const char *path, struct cw_err *err)
{
	/* Not flock(): that one goes with the file to a child, which holds it until it executes. */
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct cw_lock *lock = malloc(sizeof(*lock));
	int r;

	if (lock == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	if ((lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0) {
		r = cw_fail(err, CW_ESYS, "cannot open %s: %s", path, strerror(errno));
		free(lock);
		return r;
	}
	if (fcntl(lock->fd, F_SETLK, &whole) < 0) {
		r = errno == EACCES || errno == EAGAIN
		    ? cw_fail(err, CW_ECONFLICT, "%s is held by another process", path)
		    : cw_fail(err, CW_ESYS, "cannot lock %s: %s", path, strerror(errno));
		cw_lock_free(lock);
		return r;
	}
	*ret = lock;
	return CW_OK;
}

void
cw_lock_free(struct cw_lock *lock)
{
	if (lock == NULL)
		return;
	close(lock->fd);
	free(lock);
}
