/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "os/file.h"

#define PATH_LIMIT 4096
#define CHUNK 16384

static int
open_to_read(int *ret, const char *path, int flags, struct cw_err *err)
{
	if ((*ret = open(path, O_RDONLY | O_CLOEXEC | flags)) < 0)
		return cw_fail(err, errno == ENOENT ? CW_ENOTFOUND : CW_ESYS, "cannot read %s: %s",
		    path, strerror(errno));
	return CW_OK;
}

/* fd is closed. */
static int
read_all(struct cw_buf *b, int fd, const char *path, struct cw_err *err)
{
	int r = CW_OK;

	for (;;) {
		size_t room = b->max - cw_buf_left(b);
		uint8_t *p = cw_buf_reserve(b, room < CHUNK ? room : CHUNK);
		uint8_t past;
		ssize_t n;

		if (p == NULL) {
			r = cw_fail(err, CW_ENOMEM, "cannot read %s: out of memory", path);
			break;
		}
		n = room == 0 ? read(fd, &past, 1) : read(fd, p, room < CHUNK ? room : CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = cw_fail(err, CW_ESYS, "cannot read %s: %s", path, strerror(errno));
		else if (n > 0 && room == 0)
			r = cw_fail(err, CW_ELIMIT, "%s is larger than %zu bytes", path, b->max);
		else if (n > 0)
			cw_buf_added(b, (size_t)n);
		if (n <= 0 || r < 0)
			break;
	}
	close(fd);
	return r;
}

int
cw_file_read(struct cw_buf *b, const char *path, struct cw_err *err)
{
	struct stat st;
	int fd, r;

	/* A pipe would hold the open itself until somebody writes. */
	if ((r = open_to_read(&fd, path, O_NONBLOCK, err)) < 0)
		return r;
	if (fstat(fd, &st) < 0)
		r = cw_fail(err, CW_ESYS, "cannot look at %s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		r = cw_fail(err, CW_EINVAL, "%s is not a regular file", path);
	if (r < 0) {
		close(fd);
		return r;
	}
	return read_all(b, fd, path, err);
}

int
cw_file_read_named(struct cw_buf *b, const char *path, struct cw_err *err)
{
	int fd, r;

	return (r = open_to_read(&fd, path, 0, err)) < 0 ? r : read_all(b, fd, path, err);
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t did = write(fd, p, n);

		if (did < 0 && errno == EINTR)
			continue;
		if (did < 0)
			return -1;
		p += did;
		n -= (size_t)did;
	}
	return 0;
}

/* The rename is durable only when the folder is. */
static int
sync_folder_of(const char *path)
{
	char folder[PATH_LIMIT];
	char *slash;
	int fd, r;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		(void)snprintf(folder, sizeof(folder), ".");
	else
		slash[slash == folder] = '\0';
	if ((fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -1;
	r = fsync(fd);
	close(fd);
	return r;
}

int
cw_file_write(const char *path, const void *p, size_t n, bool private, struct cw_err *err)
{
	char tmp[PATH_LIMIT];
	int fd, saved;

	if (snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >= (int)sizeof(tmp))
		return cw_fail(err, CW_EINVAL, "path too long: %.64s...", path);
	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0)
		return cw_fail(err, CW_ESYS, "cannot write %s: %s", path, strerror(errno));
	if (write_all(fd, p, n) < 0 || fchmod(fd, private ? 0600 : 0644) < 0 || fsync(fd) < 0) {
		saved = errno;
		close(fd);
		unlink(tmp);
		return cw_fail(err, CW_ESYS, "cannot write %s: %s", path, strerror(saved));
	}
	close(fd);
	if (rename(tmp, path) < 0) {
		saved = errno;
		unlink(tmp);
		return cw_fail(err, CW_ESYS, "cannot replace %s: %s", path, strerror(saved));
	}
	if (sync_folder_of(path) < 0)
		return cw_fail(
		    err, CW_ESYS, "cannot sync the folder of %s: %s", path, strerror(errno));
	return CW_OK;
}

int
cw_file_check_private(const char *path, struct cw_err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return cw_fail(err, errno == ENOENT ? CW_ENOTFOUND : CW_ESYS,
		    "cannot look at %s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return cw_fail(err, CW_EDENIED, "%s is not a folder", path);
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return cw_fail(err, CW_EDENIED,
		    "%s must belong to this account and be open to it alone (chmod 700)", path);
	return CW_OK;
}

int
cw_file_mkdir_private(const char *path, struct cw_err *err)
{
	if (mkdir(path, 0700) == 0)
		return CW_OK;
	if (errno != EEXIST)
		return cw_fail(err, errno == ENOENT ? CW_ENOTFOUND : CW_ESYS,
		    "cannot make the folder %s: %s", path, strerror(errno));
	return cw_file_check_private(path, err);
}

bool
cw_file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

int
cw_file_remove(const char *path, struct cw_err *err)
{
	if (unlink(path) < 0 && errno != ENOENT)
		return cw_fail(err, CW_ESYS, "cannot remove %s: %s", path, strerror(errno));
	return CW_OK;
}
