/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files: limits, atomic replacement, privacy of folders, locks.
 */
#include <stdio.h>
#include <stdlib.h>
#ifndef _WIN32
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "test.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "os/file.h"
#include "os/lock.h"
#include "os/random.h"

int test_failed;

#ifndef _WIN32
/* What another process gets when it takes the lock. */
static int
take_elsewhere(const char *path)
{
	struct cw_lock *lock;
	struct cw_err err;
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(cw_lock_take(&lock, path, &err) == CW_ECONFLICT ? 1 : 0);
	return waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 1 ? CW_ECONFLICT
									       : CW_OK;
}

/* A process that takes the lock, makes a child and ends; the child lives until `end` is closed. */
static int
leave_child(const char *path, const int end[2])
{
	struct cw_lock *lock;
	struct cw_err err;
	int status = 0;
	char c;
	pid_t holder = fork();

	if (holder == 0) {
		if (cw_lock_take(&lock, path, &err) < 0)
			_exit(1);
		if (fork() == 0) {
			close(end[1]);
			_exit(read(end[0], &c, 1) == 0 ? 0 : 1);
		}
		_exit(0);
	}
	return waitpid(holder, &status, 0) == holder ? WEXITSTATUS(status) : -1;
}

static void
test_locks(const char *path)
{
	const char *test_case = "a lock is held by one process";
	struct cw_lock *lock;
	struct cw_err err = { 0 };
	int end[2];

	CHECK_EQ(cw_lock_take(&lock, path, &err), CW_OK);
	CHECK_EQ(take_elsewhere(path), CW_ECONFLICT);
	cw_lock_free(lock);
	CHECK_EQ(take_elsewhere(path), CW_OK);

	test_case = "a child that its holder was about to run does not hold it";
	CHECK_EQ(pipe(end), 0);
	CHECK_EQ(leave_child(path, end), 0);
	CHECK_EQ(cw_lock_take(&lock, path, &err), CW_OK);
	cw_lock_free(lock);
	close(end[1]);
	close(end[0]);
}
#else
static void
test_locks(const char *path)
{
	const char *test_case = "a lock is held once";
	struct cw_lock *lock, *second;
	struct cw_err err = { 0 };

	CHECK_EQ(cw_lock_take(&lock, path, &err), CW_OK);
	CHECK_EQ(cw_lock_take(&second, path, &err), CW_ECONFLICT);
	CHECK(strstr(err.text, path) != NULL);
	cw_lock_free(lock);
	CHECK_EQ(cw_lock_take(&second, path, &err), CW_OK);
	cw_lock_free(second);
}
#endif

/* What is there and no file. */
static void
test_special(const char *folder)
{
	const char *test_case = "a folder is no file";
	struct cw_err err = { 0 };
	struct cw_buf b;

	cw_buf_init(&b, 64);
#ifdef _WIN32
	CHECK(cw_file_read(&b, folder, &err) < 0);
	test_case = "a device is no file";
	CHECK_EQ(cw_file_read(&b, "NUL", &err), CW_EINVAL);
#else
	char path[160];
	pid_t writer;
	int status = 0;

	CHECK_EQ(cw_file_read(&b, folder, &err), CW_EINVAL);
	CHECK(strstr(err.text, "is not a regular file") != NULL);
	test_case = "a device is no file";
	CHECK_EQ(cw_file_read(&b, "/dev/zero", &err), CW_EINVAL);
	test_case = "a pipe that nobody writes to is not waited for";
	(void)snprintf(path, sizeof(path), "%s/pipe", folder);
	CHECK_EQ(mkfifo(path, 0600), 0);
	CHECK_EQ(cw_file_read(&b, path, &err), CW_EINVAL);
	CHECK(strstr(err.text, path) != NULL);
	test_case = "one that a person names is";
	if ((writer = fork()) == 0) {
		int fd = open(path, O_WRONLY);

		_exit(fd >= 0 && write(fd, "said", 4) == 4 ? 0 : 1);
	}
	CHECK_EQ(cw_file_read_named(&b, path, &err), CW_OK);
	CHECK_STR(cw_buf_str(&b), "said");
	CHECK_EQ(waitpid(writer, &status, 0), writer);
	CHECK_EQ(status, 0);
	CHECK_EQ(cw_file_remove(path, &err), CW_OK);
#endif
	cw_buf_free(&b);
}

int
main(void)
{
	const char *test_case = "private folder";
	char folder[128], path[160], id[CW_UUID_TEXT];
	struct cw_err err = { 0 };
	struct cw_buf b;

	cw_random_uuid(id);
	(void)snprintf(folder, sizeof(folder), "test-os-file-%s", id);
	(void)snprintf(path, sizeof(path), "%s/\xc3\xa9", folder);
	CHECK_EQ(cw_file_mkdir_private(folder, &err), CW_OK);
	CHECK_EQ(cw_file_mkdir_private(folder, &err), CW_OK);

	CHECK_EQ(cw_file_check_private(folder, &err), CW_OK);
	CHECK_EQ(cw_file_check_private(path, &err), CW_ENOTFOUND);
#ifndef _WIN32
	test_case = "a folder that others may look into";
	CHECK_EQ(chmod(folder, 0750), 0);
	CHECK_EQ(cw_file_check_private(folder, &err), CW_EDENIED);
	CHECK_EQ(cw_file_mkdir_private(folder, &err), CW_EDENIED);
	CHECK_EQ(chmod(folder, 0700), 0);
#endif

	test_case = "read what is not there";
	cw_buf_init(&b, 5);
	CHECK_EQ(cw_file_read(&b, path, &err), CW_ENOTFOUND);
	CHECK(strstr(err.text, path) != NULL);
	CHECK(!cw_file_exists(path));

	test_case = "write, replace, read";
	CHECK_EQ(cw_file_write(path, "old", 3, true, &err), CW_OK);
	CHECK_EQ(cw_file_write(path, "newer", 5, true, &err), CW_OK);
	CHECK(cw_file_exists(path));
	CHECK_EQ(cw_file_read(&b, path, &err), CW_OK);
	CHECK_STR(cw_buf_str(&b), "newer");

	test_case = "one byte over the limit";
	cw_buf_clear(&b);
	CHECK_EQ(cw_file_write(path, "newest", 6, true, &err), CW_OK);
	CHECK_EQ(cw_file_read(&b, path, &err), CW_ELIMIT);
	cw_buf_free(&b);

	test_special(folder);

	test_case = "a file is no folder";
	CHECK_EQ(cw_file_check_private(path, &err), CW_EDENIED);

	test_locks(path);

	test_case = "remove twice";
	CHECK_EQ(cw_file_remove(path, &err), CW_OK);
	CHECK_EQ(cw_file_remove(path, &err), CW_OK);
	(void)remove(folder);
	return test_failed;
}
