/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measured on .NET 10 running PowerShell 7.6 (tests/e2e/sandbox/syscalls.sh), each with what asks
 * for it. Those without a reason are the same in another libc's or processor's spelling, or needed
 * by every program.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#if defined(__x86_64__)
#include <asm/prctl.h>
#endif

#include <seccomp.h>

#include "calls.h"

#define OWN_PID 1 /* the program is alone in its pid namespace */

/* clang-format off */
#define CALL(name) { #name, SCMP_SYS(name) }
/* clang-format on */

const struct cw_call cw_calls_allowed[] = {
	/* Files. What can be reached is the mounts' business. */
	CALL(open), /* as openat, by old libraries */
	CALL(openat), /* assemblies, modules, a script's files in /tmp */
	CALL(close),
	CALL(close_range),
	CALL(read), /* the pipe from the agent, files */
	CALL(readv), /* several buffers at once */
	CALL(pread64), /* assemblies are read at places */
	CALL(preadv), /* RandomAccess */
	CALL(write), /* the pipes to the agent, files */
	CALL(writev),
	CALL(pwrite64), /* FileStream */
	CALL(pwritev), /* RandomAccess */
	CALL(lseek),
	CALL(stat), /* is there such a file, what is it: for every module and path */
	CALL(lstat),
	CALL(fstat),
	CALL(newfstatat),
	CALL(statx), /* by newer libc */
	CALL(statfs), /* which file system: FileStream, DriveInfo */
	CALL(fstatfs),
	CALL(access), /* the host looks for its parts */
	CALL(faccessat),
	CALL(faccessat2),
	CALL(readlink), /* the host finds itself by /proc/self/exe */
	CALL(readlinkat),
	CALL(getdents64), /* folders of modules; Get-ChildItem */
	CALL(getcwd),
	CALL(chdir), /* Environment.CurrentDirectory */
	CALL(fchdir),
	CALL(mkdir), /* the engine makes its folder of modules in HOME */
	CALL(mkdirat),
	CALL(rmdir),
	CALL(unlink),
	CALL(unlinkat),
	CALL(rename), /* File.Move, File.Replace */
	CALL(renameat),
	CALL(renameat2),
	CALL(symlink),
	CALL(symlinkat),
	CALL(chmod), /* File.SetAttributes */
	CALL(fchmod), /* File.Copy */
	CALL(fchmodat),
	CALL(utimensat), /* File.SetLastWriteTime */
	CALL(umask),
	CALL(truncate),
	CALL(ftruncate), /* FileStream.SetLength */
	CALL(fallocate), /* a file made with its size */
	CALL(fsync), /* FileStream.Flush(true) */
	CALL(fdatasync),
	CALL(flock), /* FileShare */
	CALL(fadvise64), /* FileOptions.SequentialScan */
	CALL(copy_file_range), /* File.Copy */
	CALL(sendfile), /* the same where that fails */
	CALL(dup), /* SafeHandle copies */
	CALL(dup2),
	CALL(dup3),
	/* Waiting. */
	CALL(poll), /* the runtime's threads wait on pipes */
	CALL(ppoll),
	CALL(pipe2), /* the runtime tells its signal thread by one */
	/* Memory. mmap and madvise: below. */
	CALL(munmap),
	CALL(mprotect), /* the collector makes reserved ranges usable; the loader seals libraries */
	CALL(mremap), /* realloc() */
	CALL(brk), /* malloc() */
	CALL(msync), /* MemoryMappedFile on a file */
	/* Threads. clone and tgkill: below. */
	CALL(set_tid_address),
	CALL(set_robust_list),
	CALL(rseq),
	CALL(gettid),
	CALL(getpid),
	CALL(getppid),
	CALL(exit), /* a thread's end */
	CALL(exit_group),
	CALL(sched_yield), /* spin locks */
	CALL(sched_getaffinity), /* how many processors */
	CALL(sched_getparam), /* each new thread's priority */
	CALL(sched_getscheduler),
	CALL(sched_get_priority_max),
	CALL(sched_get_priority_min),
	/* Signals. */
	CALL(rt_sigaction), /* a null reference is a signal first */
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(sigaltstack), /* stack overflow is told on another stack */
	CALL(restart_syscall), /* the kernel's own, after a stop */
	/* The clock. */
	CALL(clock_gettime), /* where the vDSO cannot */
	CALL(clock_getres),
	CALL(clock_nanosleep), /* Start-Sleep */
	CALL(nanosleep),
	CALL(gettimeofday),
	CALL(time),
	/* Who and where am I. */
	CALL(getuid),
	CALL(geteuid), /* may this file be written: asked before it is tried */
	CALL(getgid),
	CALL(getegid),
	CALL(getgroups),
	CALL(getsid), /* the console */
	CALL(getpgrp),
	CALL(getpgid),
	CALL(uname), /* Environment.OSVersion */
	CALL(sysinfo), /* how much memory there is */
	CALL(getrusage), /* processor time: the thread pool */
	CALL(times),
	CALL(getrandom), /* hash seeds, GUIDs */
	CALL(wait4), /* SIGCHLD's handler asks for children; there are none */
	CALL(waitid),
	/* bubblewrap's last step. Afterwards it leads nowhere: there is no fork, and nothing to run
	 * that this process is not already. */
	CALL(execve),
	{ NULL, 0 },
};

#define ALL_BITS UINT64_MAX
#define FUTEX_COMMAND ((uint64_t)(uint32_t) ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME))
#define MAP_KIND (MAP_TYPE | MAP_GROWSDOWN | MAP_HUGETLB)
/* As pthread_create() asks. */
#define THREAD                                                                              \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | \
	    CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

const struct cw_call_narrow cw_calls_narrow[] = {
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
	/* Locks and conditions. Not the priority-inheriting and requeueing ones: nothing uses them,
	 * and they have been a way into the kernel more than once. */
	{ CALL(futex), { { 1, FUTEX_COMMAND, FUTEX_WAIT } } },
	{ CALL(futex), { { 1, FUTEX_COMMAND, FUTEX_WAKE } } },
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
	{ { NULL, 0 }, { { 0, 0, 0 } } },
};

/* With an error that says what it is: scripts do ask for these. */
const struct cw_call_refused cw_calls_refused[] = {
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
	{ { NULL, 0 }, 0 },
};

/* Nothing but an attack asks for these: the process ends. */
const struct cw_call cw_calls_fatal[] = {
	/* other processes */
	CALL(ptrace),
	CALL(process_vm_readv),
	CALL(process_vm_writev),
	CALL(process_madvise),
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
	{ NULL, 0 },
};
