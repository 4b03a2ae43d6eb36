/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources are opened before anything is mounted: the run folder may cover them.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "root.h"

#define ROOT_LIMITS "size=256k,nr_inodes=1k,mode=0755" /* folders and names of files to bind on */

/* The engine does not open a runspace without a name for its uid. */
#define PASSWD "sandbox:x:%u:%u::/tmp:/\n"

static const char *const devices[] = { "/dev/null", "/dev/urandom" };

static int
fail(struct cw_err *err, const char *what, const char *path)
{
	return cw_fail(err, CW_ESYS, "cannot %s %s: %s", what, path, strerror(errno));
}

/* The path in the new root. */
static int
place(char ret[PATH_MAX], const struct cw_plan *plan, const char *path, struct cw_err *err)
{
	if (snprintf(ret, PATH_MAX, "%s%s", plan->run_folder, path) >= PATH_MAX)
		return cw_fail(err, CW_ELIMIT, "%s: the path is too long", path);
	return CW_OK;
}

/* Makes the folders above path; it begins with the run folder, which exists. */
static int
make_parents(const struct cw_plan *plan, char *path, struct cw_err *err)
{
	for (char *p = path + strlen(plan->run_folder) + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return fail(err, "make", path);
		*p = '/';
	}
	return CW_OK;
}

static int
make_folder(const struct cw_plan *plan, const char *path, mode_t mode, struct cw_err *err)
{
	char target[PATH_MAX];
	int r;

	if ((r = place(target, plan, path, err)) < 0 || (r = make_parents(plan, target, err)) < 0)
		return r;
	if (mkdir(target, mode) < 0 && errno != EEXIST)
		return fail(err, "make", target);
	return CW_OK;
}

static int
make_file(const char *path, const char *text, struct cw_err *err)
{
	size_t n = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);

	if (fd < 0)
		return fail(err, "make", path);
	if (write(fd, text, n) != (ssize_t)n) {
		close(fd);
		return fail(err, "write", path);
	}
	close(fd);
	return CW_OK;
}

static int
bind_one(
    const struct cw_plan *plan, int fd, const char *path, unsigned long flags, struct cw_err *err)
{
	char target[PATH_MAX], source[32];
	struct stat st;
	int r;

	if ((r = place(target, plan, path, err)) < 0 || (r = make_parents(plan, target, err)) < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return fail(err, "look at", path);
	if (S_ISDIR(st.st_mode)) {
		if (mkdir(target, 0755) < 0 && errno != EEXIST)
			return fail(err, "make", target);
	} else if ((r = make_file(target, "", err)) < 0) {
		return r;
	}
	(void)snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	if (mount(source, target, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | flags, NULL) <
		0)
		return fail(err, "mount", path);
	return CW_OK;
}

static int
mount_tmp(const struct cw_plan *plan, struct cw_err *err)
{
	char target[PATH_MAX], limits[128];
	int r;

	if ((r = make_folder(plan, "/tmp", 0700, err)) < 0 ||
	    (r = place(target, plan, "/tmp", err)) < 0)
		return r;
	(void)snprintf(limits, sizeof(limits), "size=%llu,nr_inodes=%llu,mode=0700,uid=%u,gid=%u",
	    (unsigned long long)plan->tmp_bytes, (unsigned long long)plan->tmp_files, plan->id,
	    plan->id);
	if (mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, limits) < 0)
		return fail(err, "mount", "/tmp");
	return CW_OK;
}

static int
write_passwd(const struct cw_plan *plan, struct cw_err *err)
{
	char target[PATH_MAX], text[64];
	int r;

	if ((r = place(target, plan, "/etc/passwd", err)) < 0 ||
	    (r = make_parents(plan, target, err)) < 0)
		return r;
	(void)snprintf(text, sizeof(text), PASSWD, CW_PLAN_INSIDE_ID, CW_PLAN_INSIDE_ID);
	return make_file(target, text, err);
}

static int
fill(const struct cw_plan *plan, const int *files, const int *nodes, struct cw_err *err)
{
	static const char *const folders[] = { "/proc", "/dev", CW_ROOT_EMPTY };
	int r;

	for (size_t i = 0; i < CW_COUNT(folders); i++)
		if ((r = make_folder(plan, folders[i], 0555, err)) < 0)
			return r;
	for (size_t i = 0; i < CW_COUNT(devices); i++)
		if ((r = bind_one(plan, nodes[i], devices[i], MS_NOEXEC, err)) < 0)
			return r;
	for (size_t i = 0; i < plan->file_count; i++)
		if ((r = bind_one(plan, files[i], plan->files[i].inside, MS_NODEV, err)) < 0)
			return r;
	if ((r = write_passwd(plan, err)) < 0 || (r = mount_tmp(plan, err)) < 0)
		return r;
	if (mount(NULL, plan->run_folder, NULL,
		MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, ROOT_LIMITS) < 0)
		return fail(err, "make read-only", plan->run_folder);
	return CW_OK;
}

static int
open_path(int *ret, const char *path, struct cw_err *err)
{
	return (*ret = open(path, O_PATH | O_CLOEXEC)) < 0 ? fail(err, "open", path) : CW_OK;
}

int
cw_root_build(const struct cw_plan *plan, struct cw_err *err)
{
	int files[CW_PLAN_FILES_MAX], nodes[CW_COUNT(devices)]; /* closed when the program starts */
	int r;

	if (unshare(CLONE_NEWNS) < 0)
		return fail(err, "make a mount namespace on", plan->run_folder);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail(err, "make private", "/");
	for (size_t i = 0; i < plan->file_count; i++)
		if ((r = open_path(&files[i], plan->files[i].source, err)) < 0)
			return r;
	for (size_t i = 0; i < CW_COUNT(devices); i++)
		if ((r = open_path(&nodes[i], devices[i], err)) < 0)
			return r;
	if (mount("tmpfs", plan->run_folder, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		ROOT_LIMITS) < 0)
		return fail(err, "mount on", plan->run_folder);
	return fill(plan, files, nodes, err);
}
