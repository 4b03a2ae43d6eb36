/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile VERB [ARGUMENT...]: one attack. Those that are a single system call stand here;
 * hostile_acts.c and hostile_takes.c have the others. Static, so that it runs anywhere; nothing in
 * it does harm where it gets through.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <linux/futex.h>
#include <termios.h>
#include <unistd.h>

#include "base/compat.h"
#include "hostile.h"

#define P(x) ((long)(uintptr_t)(x))

static char page[65536] __attribute__((aligned(4096)));
static struct perf_event_attr perf = {
	.type = PERF_TYPE_SOFTWARE, .size = sizeof(perf), .config = PERF_COUNT_SW_CPU_CLOCK
};
static struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
static struct rlimit no_core = { 0, 0 };
static struct sched_param first_in = { 1 };
static const char text[] = "x";

/* One system call is the whole attack; through when it does not fail. */
static const struct {
	const char *verb;
	long number;
	long a[6];
} calls[] = {
	/* sockets */
	{ "socket-inet", SYS_socket, { AF_INET, SOCK_STREAM } },
	{ "socket-inet6", SYS_socket, { AF_INET6, SOCK_DGRAM } },
	{ "socket-unix", SYS_socket, { AF_UNIX, SOCK_STREAM } },
	{ "socket-netlink", SYS_socket, { AF_NETLINK, SOCK_RAW } },
	{ "socket-packet", SYS_socket, { AF_PACKET, SOCK_RAW } },
	{ "socket-vsock", SYS_socket, { AF_VSOCK, SOCK_STREAM } },
	{ "socket-alg", SYS_socket, { AF_ALG, SOCK_SEQPACKET } },
	{ "socketpair", SYS_socketpair, { AF_UNIX, SOCK_STREAM, 0, P(page) } },
	{ "shutdown-stdout", SYS_shutdown, { 0, SHUT_RD } },
	/* processes */
	{ "kill-all", SYS_kill, { -1, 0 } },
	{ "ptrace-me", SYS_ptrace, { PTRACE_TRACEME } },
	{ "pidfd-open", SYS_pidfd_open, { 1, 0 } },
	{ "clear-death", SYS_prctl, { PR_SET_PDEATHSIG, 0 } },
	{ "real-time", SYS_sched_setscheduler, { 0, SCHED_FIFO, P(&first_in) } },
	{ "nice", SYS_setpriority, { PRIO_PROCESS, 0, -20 } },
	{ "raise-limit", SYS_prlimit64, { 0, RLIMIT_DATA, P(&unlimited) } },
	{ "lower-core", SYS_prlimit64, { 0, RLIMIT_CORE, P(&no_core) } },
	{ "seccomp", SYS_seccomp, { 0 /* strict */, 1 /* bad flag */ } },
	/* namespaces and mounts */
	{ "unshare-user", SYS_unshare, { CLONE_NEWUSER } },
	{ "unshare-mount", SYS_unshare, { CLONE_NEWNS } },
	{ "unshare-net", SYS_unshare, { CLONE_NEWNET } },
	{ "unshare-pid", SYS_unshare, { CLONE_NEWPID } },
	{ "mount-proc", SYS_mount, { P("proc"), P("/tmp"), P("proc") } },
	{ "mount-tmpfs", SYS_mount, { P("tmpfs"), P("/tmp"), P("tmpfs") } },
	{ "remount-rw", SYS_mount, { 0, P("/"), 0, MS_REMOUNT | MS_BIND } },
	{ "umount-sys", SYS_umount2, { P("/proc/sys"), MNT_DETACH } },
	{ "pivot-root", SYS_pivot_root, { P("/tmp"), P("/tmp") } },
	{ "chroot", SYS_chroot, { P("/tmp") } },
	{ "open-tree", SYS_open_tree, { AT_FDCWD, P("/"), 1 /* OPEN_TREE_CLONE */ } },
	{ "fsopen", SYS_fsopen, { P("tmpfs"), 0 } },
	/* the kernel */
	{ "add-key", SYS_add_key, { P("user"), P(text), P(text), 1, KEY_SPEC_USER_KEYRING } },
	{ "keyctl", SYS_keyctl, { KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1 } },
	{ "find-key", SYS_request_key, { P("user"), P("causeway-hostile"), 0, 0 } },
	{ "bpf", SYS_bpf, { BPF_PROG_LOAD, P(page), 128 } },
	{ "perf", SYS_perf_event_open, { P(&perf), 0, -1, -1, 0 } },
	{ "io-uring", SYS_io_uring_setup, { 4, P(page) } },
	{ "userfaultfd", SYS_userfaultfd, { O_CLOEXEC | 1 /* USER_MODE_ONLY */ } },
	{ "init-module", SYS_init_module, { P(page), 64, P("") } },
	{ "finit-module", SYS_finit_module, { 0, P(""), 0 } },
	{ "delete-module", SYS_delete_module, { P("no_such_module"), O_NONBLOCK } },
	{ "kexec", SYS_kexec_load, { 0, 0, 0, 0 } },
	{ "kexec-file", SYS_kexec_file_load, { -1, -1, 0, 0, 0 } },
	{ "syslog", SYS_syslog, { 3 /* read all */, P(page), 1024 } },
	{ "personality", SYS_personality, { 0x0040000 /* ADDR_NO_RANDOMIZE */ } },
	{ "modify-ldt", SYS_modify_ldt, { 0, P(page), 4096 } },
	{ "iopl", SYS_iopl, { 3 } },
	{ "ioperm", SYS_ioperm, { 0x80, 1, 1 } },
	{ "swapon", SYS_swapon, { P("/tmp/none"), 0 } },
	{ "reboot", SYS_reboot, { 0, 0, 0 } },
	{ "acct", SYS_acct, { P("/tmp/none") } },
	{ "quotactl", SYS_quotactl, { 0, P("/dev/null"), 0, 0 } },
	{ "fanotify", SYS_fanotify_init, { 0, 0 } },
	{ "inotify", SYS_inotify_init1, { 0 } },
	{ "handle-at", SYS_open_by_handle_at, { AT_FDCWD, P(page), 0 } },
	{ "vmsplice", SYS_vmsplice, { 1, P(page), 0, 0 } },
	{ "tee", SYS_tee, { 0, 1, 1, 0 } },
	{ "futex-requeue", SYS_futex, { P(page), FUTEX_REQUEUE_PRIVATE, 1, 1, P(page + 64), 0 } },
	{ "futex-pi", SYS_futex, { P(page), FUTEX_LOCK_PI_PRIVATE, 0, 0, 0, 0 } },
	{ "membind", SYS_mbind, { P(page), 4096, 0, 0, 0, 0 } },
	{ "mlock", SYS_mlock, { P(page), 4096 } },
	{ "membarrier", SYS_membarrier, { MEMBARRIER_CMD_GLOBAL, 0 } },
	{ "epoll", SYS_epoll_create1, { 0 } },
	{ "landlock", SYS_landlock_create_ruleset, { 0, 0, 1 /* version */ } },
	/* memory that no limit of a process counts */
	{ "memfd", SYS_memfd_create, { P("x"), 0 } },
	{ "memfd-secret", SYS_memfd_secret, { 0 } },
	{ "shmget", SYS_shmget, { IPC_PRIVATE, 4096, IPC_CREAT | 0600 } },
	{ "msgget", SYS_msgget, { IPC_PRIVATE, IPC_CREAT | 0600 } },
	{ "semget", SYS_semget, { IPC_PRIVATE, 1, IPC_CREAT | 0600 } },
	{ "mq-open", SYS_mq_open, { P("causeway-hostile"), O_RDWR | O_CREAT, 0600, 0 } },
	{ "mmap-shared", SYS_mmap,
	    { 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0 } },
	{ "mmap-grows", SYS_mmap,
	    { 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1,
		0 } },
	{ "mergeable", SYS_madvise, { P(page), 4096, MADV_MERGEABLE } },
	/* the machine */
	{ "set-clock", SYS_clock_adjtime, { 0 /* CLOCK_REALTIME */, P(page + 4096) } },
	{ "set-hostname", SYS_sethostname, { P("owned"), 5 } },
	{ "set-domain", SYS_setdomainname, { P("owned"), 5 } },
	{ "vhangup", SYS_vhangup, { 0 } },
	/* who one is */
	{ "setuid", SYS_setuid, { 0 } },
	{ "setresuid", SYS_setresuid, { 0, 0, 0 } },
	{ "setgid", SYS_setgid, { 0 } },
	{ "setgroups", SYS_setgroups, { 1, P(page) } },
	{ "setfsuid-root", SYS_setreuid, { -1, 0 } },
	{ "chown", SYS_chown, { P("/tmp"), 0, 0 } },
	/* terminals */
	{ "tiocsti", SYS_ioctl, { 0, TIOCSTI, P(text) } },
	{ "tiocsti-high", SYS_ioctl, { 0, (long)(TIOCSTI | (1ul << 32)), P(text) } },
	{ "tioclinux", SYS_ioctl, { 0, TIOCLINUX, P(text) } },
	{ "make-tty-own", SYS_ioctl, { 0, TIOCSCTTY, 1 } },
};

int
hostile_limited(unsigned long long n)
{
	(void)printf("limited %llu\n", n);
	return 1;
}

static int
call(size_t i)
{
	const long *a = calls[i].a;
	struct timex *clock = (struct timex *)(void *)(page + 4096);

	clock->modes = ADJ_OFFSET_SINGLESHOT; /* by nothing at all, where it is allowed */
	return syscall(calls[i].number, a[0], a[1], a[2], a[3], a[4], a[5]) < 0 ? -errno : 0;
}

static int
run(char **arguments)
{
	for (size_t i = 0; i < CW_COUNT(calls); i++)
		if (strcmp(calls[i].verb, arguments[0]) == 0)
			return call(i);
	for (size_t i = 0; i < hostile_act_count; i++)
		if (strcmp(hostile_acts[i].verb, arguments[0]) == 0)
			return hostile_acts[i].run(arguments + 1);
	for (size_t i = 0; i < hostile_take_count; i++)
		if (strcmp(hostile_takes[i].verb, arguments[0]) == 0)
			return hostile_takes[i].run(arguments + 1);
	(void)fprintf(stderr, "hostile: no act is called %s\n", arguments[0]);
	exit(2);
}

int
main(int argc, char **argv)
{
	int r;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2)
		return 2;
	r = run(argv + 1);
	if (r == 0)
		(void)puts("through");
	else if (r < 0)
		(void)printf("refused %s\n", strerrorname_np(-r));
	return 0;
}
