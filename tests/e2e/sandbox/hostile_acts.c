/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacks that take more than one system call.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "hostile.h"

extern char **environ;

static int
outcome(long r)
{
	return r < 0 ? -errno : 0;
}

static int
opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* --- files */

static int
read_file(char **a)
{
	return opens(a[0], O_RDONLY);
}

static int
write_file(char **a)
{
	return opens(a[0], O_WRONLY);
}

static int
create_file(char **a)
{
	int r = opens(a[0], O_WRONLY | O_CREAT | O_EXCL);

	if (r == 0)
		(void)unlink(a[0]);
	return r;
}

/* Through a link of its own in /tmp: what counts is where it leads. */
static int
read_by_link(char **a)
{
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "/tmp/hostile-link-%d", (int)getpid());
	if (symlink(a[0], path) < 0)
		return -errno;
	r = opens(path, O_RDONLY);
	(void)unlink(path);
	return r;
}

/* Out of the root by as many ".." as there can be. */
static int
read_above(char **a)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "/proc/self/root/../../../../../../..%s", a[0]);
	return opens(path, O_RDONLY);
}

static int
make_device(char **a)
{
	char path[64];

	(void)a;
	(void)snprintf(path, sizeof(path), "/tmp/hostile-node-%d", (int)getpid());
	if (mknod(path, S_IFBLK | 0600, makedev(7, 0)) < 0)
		return -errno;
	(void)unlink(path);
	return 0;
}

static int
copy_self(const char *to, mode_t mode)
{
	char bytes[65536];
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	ssize_t n = -1;

	while (from >= 0 && fd >= 0 && (n = read(from, bytes, sizeof(bytes))) > 0)
		if (write(fd, bytes, (size_t)n) != n)
			break;
	if (from >= 0)
		close(from);
	if (fd >= 0)
		close(fd);
	return n == 0 && chmod(to, mode) == 0 ? 0 : -errno;
}

/* A program of its own in /tmp, set-uid for good measure. */
static int
run_from_tmp(char **a)
{
	char path[] = "/tmp/hostile-copy", verb[] = "say-through";
	char *argv[] = { path, verb, NULL };
	int r = copy_self(path, 04755);

	(void)a;
	if (r < 0)
		return r;
	(void)execve(path, argv, environ);
	return -errno;
}

static int
say_through(char **a)
{
	(void)a;
	(void)unlink("/tmp/hostile-copy");
	return 0;
}

static int
map_code_from_tmp(char **a)
{
	char path[64];
	void *p;
	int fd;

	(void)a;
	(void)snprintf(path, sizeof(path), "/tmp/hostile-code-%d", (int)getpid());
	if ((fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700)) < 0 ||
	    ftruncate(fd, 4096) < 0)
		return -errno;
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	(void)unlink(path);
	return p == MAP_FAILED ? -errno : 0;
}

static int
run_program(char **a)
{
	char *argv[] = { a[0], NULL };

	(void)execve(a[0], argv, environ);
	return -errno;
}

/* --- sockets */

static int
connect_tcp(char **a)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(a[0])),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : outcome(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static int
connect_named(const char *name, size_t lead)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = strnlen(name, sizeof(to.sun_path) - 2);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(to.sun_path + lead, name, n);
	return fd < 0 ? -errno
		      : outcome(connect(fd, (struct sockaddr *)&to,
			    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + lead + n)));
}

static int
connect_path(char **a)
{
	return connect_named(a[0], 0);
}

static int
connect_abstract(char **a)
{
	return connect_named(a[0], 1);
}

/* The standard descriptors are sockets: hand the agent a file through one. */
static int
pass_descriptor(char **a)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 'x';
	struct iovec bytes = { &byte, 0 };
	struct msghdr m = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int fd = 2;

	(void)a;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return outcome(sendmsg(1, &m, MSG_NOSIGNAL));
}

static int
who_is_there(char **a)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	(void)a;
	return outcome(getsockopt(0, SOL_SOCKET, SO_PEERCRED, &who, &n));
}

/* --- processes */

static int
signal_pid(char **a)
{
	return outcome(kill(atoi(a[0]), 0));
}

static int
signal_by_tgkill(char **a)
{
	return outcome(syscall(SYS_tgkill, atoi(a[0]), atoi(a[0]), 0));
}

static int
trace(char **a)
{
	int pid = atoi(a[0]);

	if (syscall(SYS_ptrace, PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return -errno;
	return 0; /* let go with our end */
}

static int
read_memory(char **a)
{
	char bytes[64];
	struct iovec to = { bytes, sizeof(bytes) }, from = { bytes, sizeof(bytes) };

	return process_vm_readv(atoi(a[0]), &to, 1, &from, 1, 0) < 0 && errno != EFAULT ? -errno
											: 0;
}

/* /proc/PID/WHAT of another process. */
static int
read_of_process(char **a)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "/proc/%s/%s", a[0], a[1]);
	return opens(path, O_RDONLY);
}

static int
make_process(long pid)
{
	if (pid == 0)
		_exit(0);
	return outcome(pid);
}

static int
by_fork(char **a)
{
	(void)a;
	return make_process(syscall(SYS_fork));
}

static int
by_clone(char **a)
{
	(void)a;
	return make_process(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

static int
by_clone3(char **a)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	(void)a;
	return make_process(syscall(SYS_clone3, &args, sizeof(args)));
}

/* A child in a new user namespace, where it would be root. */
static int
clone_new_user(char **a)
{
	(void)a;
	return make_process(syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, NULL, NULL, NULL, NULL));
}

static int
clone3_new_user(char **a)
{
	struct clone_args args = { .exit_signal = SIGCHLD, .flags = CLONE_NEWUSER | CLONE_NEWNS };

	(void)a;
	return make_process(syscall(SYS_clone3, &args, sizeof(args)));
}

/* The flags of a thread, and a namespace with them. */
static int
clone_thread_new_net(char **a)
{
	(void)a;
	return make_process(syscall(SYS_clone,
	    CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWNET, NULL, NULL, NULL, NULL));
}

static int
enter_namespace(char **a)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", a[0]);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return -errno;
	return outcome(setns(fd, 0));
}

/* --- other ways to number a call */

static int
by_32_bit(char **a)
{
	(void)a;
#if defined(__x86_64__)
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) /* getpid */ : "memory");
	return r < 0 ? (int)r : 0;
#else
	return -ENOSYS;
#endif
}

static int
by_x32(char **a)
{
	(void)a;
	return outcome(syscall(SYS_getpid | 0x40000000));
}

/* --- looking around */

/* Descriptors beside 0, 1, 2. */
static int
count_descriptors(char **a)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *e;
	unsigned long long n = 0;

	(void)a;
	while (folder != NULL && (e = readdir(folder)) != NULL)
		n += e->d_name[0] != '.' && atoi(e->d_name) > 2 && atoi(e->d_name) != dirfd(folder);
	return n > 0 ? 0 : -EBADF;
}

static int
has_word(char **a)
{
	for (char **e = environ; *e != NULL; e++)
		if (strncmp(*e, a[0], strlen(a[0])) == 0)
			return 0;
	return -ENOENT;
}

const struct act hostile_acts[] = {
	{ "read", read_file },
	{ "write", write_file },
	{ "create", create_file },
	{ "read-by-link", read_by_link },
	{ "read-above", read_above },
	{ "make-device", make_device },
	{ "run-from-tmp", run_from_tmp },
	{ "say-through", say_through },
	{ "map-code-from-tmp", map_code_from_tmp },
	{ "run", run_program },
	{ "connect-tcp", connect_tcp },
	{ "connect-path", connect_path },
	{ "connect-abstract", connect_abstract },
	{ "pass-descriptor", pass_descriptor },
	{ "who-is-there", who_is_there },
	{ "signal", signal_pid },
	{ "tgkill", signal_by_tgkill },
	{ "trace", trace },
	{ "read-memory", read_memory },
	{ "read-of-process", read_of_process },
	{ "fork", by_fork },
	{ "clone", by_clone },
	{ "clone3", by_clone3 },
	{ "clone-user", clone_new_user },
	{ "clone3-user", clone3_new_user },
	{ "clone-thread-net", clone_thread_new_net },
	{ "setns", enter_namespace },
	{ "32-bit", by_32_bit },
	{ "x32", by_x32 },
	{ "descriptors", count_descriptors },
	{ "environment", has_word },
};

const unsigned hostile_act_count = CW_COUNT(hostile_acts);
