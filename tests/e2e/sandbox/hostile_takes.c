/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacks that use something up, and those that stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compat.h"
#include "hostile.h"

/* Takes memory, and uses it, until there is no more. Private memory that cannot be written is not
 * counted as such: it may be made read-only once it is used. */
static int
take(int protection)
{
	const size_t step = 1 << 20;
	unsigned long long taken = 0;
	char *p;

	while ((p = mmap(NULL, step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) !=
	    MAP_FAILED) {
		memset(p, 1, step);
		if (mprotect(p, step, protection) < 0)
			break;
		taken += step;
	}
	return hostile_limited(taken);
}

static int
take_memory(char **a)
{
	(void)a;
	return take(PROT_READ | PROT_WRITE);
}

static int
take_read_only(char **a)
{
	(void)a;
	return take(PROT_READ);
}

/* By making what was only reserved writable. */
static int
take_reserved(char **a)
{
	const size_t step = 1 << 20, all = (size_t)1 << 30;
	unsigned long long taken = 0;
	char *p = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)a;
	if (p == MAP_FAILED)
		return -errno;
	while (taken < all && mprotect(p + taken, step, PROT_READ | PROT_WRITE) == 0) {
		memset(p + taken, 1, step);
		taken += step;
	}
	return hostile_limited(taken);
}

/* Locks on every other byte: each is a piece of the kernel's memory. */
static int
lock_bytes(char **a)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	char path[64];
	int fd;

	(void)a;
	(void)snprintf(path, sizeof(path), "/tmp/hostile-lock-%d", (int)getpid());
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
		return -errno;
	(void)unlink(path);
	for (; range.l_start < 2000; range.l_start += 2)
		if (fcntl(fd, F_SETLK, &range) < 0)
			return -errno;
	return 0;
}

static int
fork_bomb(char **a)
{
	unsigned long long made = 0;
	long pid;

	(void)a;
	while (made < 100000 && (pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL)) >= 0) {
		if (pid == 0)
			for (;;)
				(void)pause();
		made++;
	}
	return hostile_limited(made);
}

static char stacks[1 << 20];

static int
idle(void *unused)
{
	(void)unused;
	for (;;)
		(void)pause();
	return 0;
}

static int
thread_bomb(char **a)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
	    CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	static char tls[4096];
	static int tid;
	unsigned long long made = 0;

	(void)a;
	while (made < sizeof(stacks) / 1024 - 1 &&
	    clone(idle, stacks + (made + 1) * 1024, flags, NULL, &tid, tls, &tid) > 0)
		made++;
	return hostile_limited(made);
}

static int
take_descriptors(char **a)
{
	unsigned long long n = 0;

	(void)a;
	while (n < 1000000 && dup(0) >= 0)
		n++;
	return hostile_limited(n);
}

/* One file up to its limit, further ones until /tmp is full. */
static int
fill_tmp(char **a)
{
	static char bytes[1 << 16];
	unsigned long long total = 0;
	char path[64];

	(void)a;
	(void)signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 1000; i++) {
		ssize_t n = 0;
		int fd;

		(void)snprintf(path, sizeof(path), "/tmp/fill-%d", i);
		if ((fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) < 0)
			break;
		while ((n = write(fd, bytes, sizeof(bytes))) > 0)
			total += (unsigned long long)n;
		close(fd);
		if (errno == ENOSPC)
			break;
	}
	return hostile_limited(total);
}

static int
fill_names(char **a)
{
	unsigned long long n = 0;
	char path[64];

	(void)a;
	do
		(void)snprintf(path, sizeof(path), "/tmp/name-%llu", n);
	while (n < 10000000 && mkdir(path, 0700) == 0 && ++n > 0);
	return hostile_limited(n);
}

/* A megabyte of kernel memory for each pipe. */
static int
grow_pipe(char **a)
{
	int ends[2];

	(void)a;
	return pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) < 0 ? -errno : 0;
}

static int
burn_time(char **a)
{
	(void)a;
	(void)signal(SIGXCPU, SIG_IGN);
	(void)puts("burning");
	for (volatile unsigned long long n = 0;; n++)
		;
	return 0;
}

static int
dump_core(char **a)
{
	(void)a;
	(void)puts("dumping");
	__asm__ volatile("hlt"); /* not abort(): process 1 is immune to signals of its own */
	return 0;
}

/* --- staying */

/* Waits to be looked at or attacked; answers that it does so. */
static int
hold(char **a)
{
	int fd = open("/tmp/secret", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char byte;

	(void)a;
	if (fd >= 0) {
		(void)!write(fd, "secret", 6);
		close(fd);
	}
	(void)puts("holding");
	while (read(0, &byte, 1) > 0)
		;
	return 1;
}

/* The same, deaf to the end of its input: only a kill ends it. */
static int
hold_on(char **a)
{
	(void)hold(a);
	for (;;)
		(void)pause();
	return 1;
}

/* A child that outlives its parent, in a session of its own, deaf to everything. */
static int
leave_child(char **a)
{
	sigset_t all;
	long pid;

	(void)a;
	if ((pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL)) < 0)
		return -errno;
	if (pid > 0)
		return 0;
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)setsid();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	for (;;)
		(void)pause();
}

const struct act hostile_takes[] = {
	{ "take-memory", take_memory },
	{ "take-reserved", take_reserved },
	{ "take-read-only", take_read_only },
	{ "lock-bytes", lock_bytes },
	{ "fork-bomb", fork_bomb },
	{ "thread-bomb", thread_bomb },
	{ "take-descriptors", take_descriptors },
	{ "fill-tmp", fill_tmp },
	{ "fill-names", fill_names },
	{ "pipe-size", grow_pipe },
	{ "burn-time", burn_time },
	{ "dump-core", dump_core },
	{ "leave-child", leave_child },
	{ "hold", hold },
	{ "hold-on", hold_on },
};

const unsigned hostile_take_count = CW_COUNT(hostile_takes);
