/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Default: ENOSYS, so that libc takes its older way where it has one.
 */
#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <asm/prctl.h>
#endif

#include <seccomp.h>

#include "base/err.h"
#include "filter.h"

#define OWN_PID 1 /* the program is alone in its pid namespace */

#define CALL(name)                    \
	{                             \
#name, SCMP_SYS(name) \
	}

struct call {
	const char *name;
	int number; /* negative: this architecture has none */
};

/* --- allowed whatever the arguments are */

static const struct call allowed[] = {
	/* Files: assemblies and modules are opened and mapped; scripts work in /tmp. What can be
	 * reached is the mounts' business. */
	CALL(open),
	CALL(openat),
	CALL(close),
	CALL(close_range),
	CALL(read),
	CALL(readv),
	CALL(pread64),
	CALL(preadv),
	CALL(write),
	CALL(writev),
	CALL(pwrite64),
	CALL(pwritev),
	CALL(lseek),
	CALL(stat),
	CALL(lstat),
	CALL(fstat),
	CALL(newfstatat),
	CALL(statx),
	CALL(statfs),
	CALL(fstatfs),
	CALL(access),
	CALL(faccessat),
	CALL(faccessat2),
	CALL(readlink),
	CALL(readlinkat),
	CALL(getdents64),
	CALL(getcwd),
	CALL(chdir),
	CALL(fchdir),
	CALL(mkdir),
	CALL(mkdirat),
	CALL(rmdir),
	CALL(unlink),
	CALL(unlinkat),
	CALL(rename),
	CALL(renameat),
	CALL(renameat2),
	CALL(symlink),
	CALL(symlinkat),
	CALL(chmod),
	CALL(fchmod),
	CALL(fchmodat),
	CALL(utimensat),
	CALL(umask),
	CALL(truncate),
	CALL(ftruncate),
	CALL(fallocate),
	CALL(fsync),
	CALL(fdatasync),
	CALL(flock) /* FileShare */,
	CALL(fadvise64),
	CALL(copy_file_range),
	CALL(sendfile),
	CALL(dup),
	CALL(dup2),
	CALL(dup3),
	/* Waiting on the pipes to the agent, and the runtime's own pipe for signals. */
	CALL(poll),
	CALL(ppoll),
	CALL(pipe2),
	/* Memory: the garbage collector's ranges and JIT code. mmap and madvise: below. */
	CALL(munmap),
	CALL(mprotect),
	CALL(mremap),
	CALL(brk),
	CALL(msync),
	/* Threads. clone and tgkill: below. */
	CALL(set_tid_address),
	CALL(set_robust_list),
	CALL(rseq),
	CALL(gettid),
	CALL(getpid),
	CALL(getppid),
	CALL(exit),
	CALL(exit_group),
	CALL(sched_yield),
	CALL(sched_getaffinity),
	CALL(sched_getparam),
	CALL(sched_getscheduler),
	CALL(sched_get_priority_max),
	CALL(sched_get_priority_min),
	/* Signals: null references become exceptions, threads are halted for a collection. */
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(sigaltstack),
	CALL(restart_syscall),
	/* The clock. */
	CALL(clock_gettime),
	CALL(clock_getres),
	CALL(clock_nanosleep),
	CALL(nanosleep),
	CALL(gettimeofday),
	CALL(time),
	/* Who and where am I. */
	CALL(getuid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getegid),
	CALL(getgroups),
	CALL(getsid),
	CALL(getpgrp),
	CALL(getpgid),
	CALL(uname),
	CALL(sysinfo),
	CALL(getrusage),
	CALL(times),
	CALL(getrandom),
	/* SIGCHLD's handler asks for children; there are none. */
	CALL(wait4),
	CALL(waitid),
	/* bubblewrap's last step. Afterwards it leads nowhere: there is no fork, and nothing to run
	 * that this process is not already. */
	CALL(execve),
};

/* --- allowed for some values of an argument or two; for others as if there were no such call */

struct narrow {
	struct call call;
	struct {
		unsigned argument;
		uint64_t mask; /* bits looked at; 0: no second condition */
		uint64_t value; /* that they must have */
	} is[2];
};

#define ALL_BITS UINT64_MAX
#define FUTEX_COMMAND ((uint64_t)(uint32_t) ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME))
#define MAP_KIND (MAP_TYPE | MAP_GROWSDOWN | MAP_HUGETLB)
/* As pthread_create() asks. */
#define THREAD                                                                              \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | \
	    CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

static const struct narrow narrowed[] = {
	{ CALL(clone), { { 0, ALL_BITS, THREAD } } },
	/* Halts a thread of its own for a collection. */
	{ CALL(tgkill), { { 0, ALL_BITS, OWN_PID } } },
	/* FlushProcessWriteBuffers: without it the runtime does not start. Not the global ones,
	 * which interrupt every processor. */
	{ CALL(membarrier), { { 0, ALL_BITS, MEMBARRIER_CMD_QUERY } } },
	{ CALL(membarrier), { { 0, ALL_BITS, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED } } },
	{ CALL(membarrier), { { 0, ALL_BITS, MEMBARRIER_CMD_PRIVATE_EXPEDITED } } },
#if defined(__x86_64__)
	{ CALL(arch_prctl), { { 0, ALL_BITS, ARCH_SET_FS } } }, /* where a thread's own data is */
#endif
	/* No shared memory without a file: nothing counts it. No mapping that grows: nor that. */
	{ CALL(mmap), { { 3, MAP_KIND, MAP_PRIVATE } } },
	{ CALL(mmap), { { 3, MAP_KIND | MAP_ANONYMOUS, MAP_SHARED } } },
	{ CALL(madvise), { { 2, ALL_BITS, MADV_DONTNEED } } },
	{ CALL(madvise), { { 2, ALL_BITS, MADV_FREE } } },
	{ CALL(madvise), { { 2, ALL_BITS, MADV_DONTDUMP } } },
	{ CALL(madvise), { { 2, ALL_BITS, MADV_DODUMP } } },
	{ CALL(madvise), { { 2, ALL_BITS, MADV_WILLNEED } } },
	{ CALL(madvise), { { 2, ALL_BITS, MADV_NOHUGEPAGE } } },
	/* Locks and conditions. Not the priority-inheriting ones: nothing uses them, and they have
	 * been a way into the kernel more than once. */
	{ CALL(futex), { { 1, FUTEX_COMMAND, FUTEX_WAIT } } },
	{ CALL(futex), { { 1, FUTEX_COMMAND, FUTEX_WAKE } } },
	{ CALL(futex), { { 1, FUTEX_COMMAND, FUTEX_REQUEUE } } },
	{ CALL(futex), { { 1, FUTEX_COMMAND, FUTEX_CMP_REQUEUE } } },
	{ CALL(futex), { { 1, FUTEX_COMMAND, FUTEX_WAKE_OP } } },
	{ CALL(futex), { { 1, FUTEX_COMMAND, FUTEX_WAIT_BITSET } } },
	{ CALL(futex), { { 1, FUTEX_COMMAND, FUTEX_WAKE_BITSET } } },
	/* Not the locks on ranges: each costs the kernel memory that nothing limits. */
	{ CALL(fcntl), { { 1, ALL_BITS, F_DUPFD } } },
	{ CALL(fcntl), { { 1, ALL_BITS, F_DUPFD_CLOEXEC } } },
	{ CALL(fcntl), { { 1, ALL_BITS, F_GETFD } } },
	{ CALL(fcntl), { { 1, ALL_BITS, F_SETFD } } },
	{ CALL(fcntl), { { 1, ALL_BITS, F_GETFL } } },
	{ CALL(fcntl), { { 1, ALL_BITS, F_SETFL } } },
	/* Is it a terminal? It is not; anything else is not for the asking. */
	{ CALL(ioctl), { { 1, ALL_BITS, TCGETS } } },
	{ CALL(ioctl), { { 1, ALL_BITS, TIOCGWINSZ } } },
	{ CALL(ioctl), { { 1, ALL_BITS, FIONREAD } } },
	/* Names of threads, and of memory ranges. */
	{ CALL(prctl), { { 0, ALL_BITS, PR_SET_NAME } } },
	{ CALL(prctl), { { 0, ALL_BITS, PR_SET_VMA } } },
	/* Its own limits may be read; the runtime raises the soft one of files to the hard one. Not
	 * set otherwise: a lower limit of core files would allow more (drop.c). */
	{ CALL(prlimit64), { { 0, ALL_BITS, 0 }, { 2, ALL_BITS, 0 } } },
	{ CALL(prlimit64), { { 0, ALL_BITS, 0 }, { 1, ALL_BITS, RLIMIT_NOFILE } } },
	/* Thread priorities: the ordinary policy, one's own processors. */
	{ CALL(sched_setscheduler), { { 1, ALL_BITS, SCHED_OTHER } } },
	{ CALL(sched_setaffinity), { { 0, ALL_BITS, 0 } } },
};

/* --- refused with an error that says what it is; scripts do ask for these */

static const struct refused {
	struct call call;
	int error;
} refused[] = {
	{ CALL(socket), EACCES }, /* "forbidden by its access permissions" */
	{ CALL(socketpair), EACCES },
	{ CALL(fork), EPERM }, /* programs; so does the runtime's vfork */
	{ CALL(vfork), EPERM },
	{ CALL(kill), EPERM },
	{ CALL(link), EPERM },
	{ CALL(linkat), EPERM },
	{ CALL(chown), EPERM },
	{ CALL(fchown), EPERM },
	{ CALL(lchown), EPERM },
	{ CALL(fchownat), EPERM },
	{ CALL(mknod), EPERM },
	{ CALL(mknodat), EPERM },
};

/* --- nothing but an attack asks for these */

static const struct call fatal[] = {
	/* other processes */
	CALL(ptrace),
	CALL(process_vm_readv),
	CALL(process_vm_writev),
	CALL(process_madvise),
	CALL(pidfd_open),
	CALL(pidfd_getfd),
	CALL(pidfd_send_signal),
	CALL(kcmp),
	/* the kernel's inside */
	CALL(bpf),
	CALL(perf_event_open),
	CALL(userfaultfd),
	CALL(io_uring_setup),
	CALL(io_uring_enter),
	CALL(io_uring_register),
	CALL(init_module),
	CALL(finit_module),
	CALL(delete_module),
	CALL(kexec_load),
	CALL(kexec_file_load),
	CALL(syslog),
	CALL(lookup_dcookie),
	CALL(memfd_secret),
	CALL(modify_ldt),
	CALL(iopl),
	CALL(ioperm),
	CALL(personality),
	CALL(vmsplice),
	CALL(add_key),
	CALL(request_key),
	CALL(keyctl),
	/* namespaces and mounts */
	CALL(unshare),
	CALL(setns),
	CALL(mount),
	CALL(umount2),
	CALL(pivot_root),
	CALL(chroot),
	CALL(open_tree),
	CALL(move_mount),
	CALL(fsopen),
	CALL(fsconfig),
	CALL(fsmount),
	CALL(fspick),
	CALL(mount_setattr),
	CALL(name_to_handle_at),
	CALL(open_by_handle_at),
	CALL(fanotify_init),
	CALL(quotactl),
	CALL(swapon),
	CALL(swapoff),
	/* the machine */
	CALL(reboot),
	CALL(acct),
	CALL(settimeofday),
	CALL(clock_settime),
	CALL(adjtimex),
	CALL(clock_adjtime),
	CALL(sethostname),
	CALL(setdomainname),
	CALL(vhangup),
	/* who one is */
	CALL(setuid),
	CALL(setgid),
	CALL(setreuid),
	CALL(setregid),
	CALL(setresuid),
	CALL(setresgid),
	CALL(setgroups),
	CALL(setfsuid),
	CALL(setfsgid),
	CALL(capset),
};

static int
add(scmp_filter_ctx ctx, uint32_t action, const struct call *call, unsigned n,
    const struct scmp_arg_cmp *arguments, struct cw_err *err)
{
	int r;

	if (call->number < 0)
		return CW_OK;
	if ((r = seccomp_rule_add_array(ctx, action, call->number, n, arguments)) < 0)
		return cw_fail(err, CW_ESYS, "cannot filter %s: %s", call->name, strerror(-r));
	return CW_OK;
}

static int
add_narrow(scmp_filter_ctx ctx, const struct narrow *row, struct cw_err *err)
{
	struct scmp_arg_cmp arguments[CW_COUNT(row->is)];
	unsigned n = 0;

	for (; n < CW_COUNT(row->is) && row->is[n].mask != 0; n++)
		arguments[n] = SCMP_CMP64(
		    row->is[n].argument, SCMP_CMP_MASKED_EQ, row->is[n].mask, row->is[n].value);
	return add(ctx, SCMP_ACT_ALLOW, &row->call, n, arguments, err);
}

static int
add_all(scmp_filter_ctx ctx, struct cw_err *err)
{
	int r = CW_OK;

	for (size_t i = 0; i < CW_COUNT(allowed) && r == CW_OK; i++)
		r = add(ctx, SCMP_ACT_ALLOW, &allowed[i], 0, NULL, err);
	for (size_t i = 0; i < CW_COUNT(narrowed) && r == CW_OK; i++)
		r = add_narrow(ctx, &narrowed[i], err);
	for (size_t i = 0; i < CW_COUNT(refused) && r == CW_OK; i++)
		r = add(ctx, SCMP_ACT_ERRNO((uint32_t)refused[i].error), &refused[i].call, 0, NULL,
		    err);
	for (size_t i = 0; i < CW_COUNT(fatal) && r == CW_OK; i++)
		r = add(ctx, SCMP_ACT_KILL_PROCESS, &fatal[i], 0, NULL, err);
	return r;
}

int
cw_filter_build(int *ret, struct cw_err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int fd = -1, r;

	if (ctx == NULL)
		return cw_fail(err, CW_ENOMEM, "cannot begin a filter: out of memory");
	/* Another architecture's calls (32-bit, x32) would pass by other numbers. */
	if ((r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)) < 0 ||
	    (r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2)) < 0)
		r = cw_fail(err, CW_ESYS, "cannot set up the filter: %s", strerror(-r));
	else
		r = add_all(ctx, err);
	if (r < 0)
		goto done;
	fd = memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0 || seccomp_export_bpf(ctx, fd) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		r = cw_fail(err, CW_ESYS, "cannot write the filter: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		goto done;
	}
	*ret = fd;
done:
	seccomp_release(ctx);
	return r;
}
