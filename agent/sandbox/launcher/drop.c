/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing here is taken on trust: after each change the kernel is asked what is so.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "drop.h"

#define SWEEP_STEP_MS 2u

static int
fail(struct cw_err *err, const char *what)
{
	return cw_fail(err, CW_ESYS, "cannot %s: %s", what, strerror(errno));
}

int
cw_drop_oom_score(struct cw_err *err)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, "1000", 4) == 4;

	if (fd >= 0)
		close(fd);
	return done ? CW_OK : fail(err, "raise oom_score_adj");
}

int
cw_drop_join_cgroups(const struct cw_plan *plan, struct cw_err *err)
{
	for (size_t i = 0; i < plan->cgroup_count; i++) {
		char path[PATH_MAX];
		int fd;
		bool joined;

		(void)snprintf(path, sizeof(path), "%s/cgroup.procs", plan->cgroups[i]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		joined = fd >= 0 && write(fd, "0", 1) == 1; /* 0: the writer */
		if (!joined)
			return cw_fail(err, CW_ESYS, "cannot join the cgroup %s: %s",
			    plan->cgroups[i], strerror(errno));
		close(fd);
	}
	return CW_OK;
}

static bool
has_capabilities(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, sets) < 0)
		return true;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if (sets[i].effective != 0 || sets[i].permitted != 0 || sets[i].inheritable != 0)
			return true;
	return false;
}

static bool
is_identity(uint32_t id)
{
	uid_t uids[3];
	gid_t gids[3];

	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 ||
	    getresgid(&gids[0], &gids[1], &gids[2]) < 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (uids[i] != id || gids[i] != id)
			return false;
	return getgroups(0, NULL) == 0 && setuid(0) < 0 && setgid(0) < 0;
}

int
cw_drop_identity(const struct cw_plan *plan, struct cw_err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(err, "set no_new_privs");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return fail(err, "clear the ambient capabilities");
	if (setgroups(0, NULL) < 0)
		return fail(err, "leave all groups (needs CAP_SETGID)");
	if (setresgid(plan->id, plan->id, plan->id) < 0)
		return fail(err, "change the gid (needs CAP_SETGID)");
	if (setresuid(plan->id, plan->id, plan->id) < 0)
		return fail(err, "change the uid (needs CAP_SETUID)");
	if (!is_identity(plan->id) || has_capabilities())
		return cw_fail(err, CW_EDENIED, "there is a way back from uid %u", plan->id);
	/* Keys that the agent's session holds (a Kerberos ticket, say) stay there. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return fail(err, "leave the agent's session keyring");
	/* Only now: a change of uid clears it. The agent may have died before. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail(err, "ask to die with the agent");
	if ((uint32_t)getppid() != plan->parent)
		return cw_fail(err, CW_ECLOSED, "the agent is gone");
	return CW_OK;
}

/* The kernel counts a uid's processes, those in namespaces as well: a second one is allowed only
 * when we are the first. */
static bool
is_alone(void)
{
	struct rlimit limit;
	pid_t child;

	if (getrlimit(RLIMIT_NPROC, &limit) < 0)
		return false;
	limit.rlim_cur = 2;
	if (setrlimit(RLIMIT_NPROC, &limit) < 0 || (child = fork()) < 0)
		return false;
	if (child == 0)
		_exit(0);
	return waitpid(child, NULL, 0) == child;
}

/* Another process of this uid, dead ones that nobody has waited for yet left out. */
static bool
is_live_peer(const char *pid)
{
	char path[64], text[1024];
	const char *state, *uid;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%.16s/status", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0 || strtoul(pid, NULL, 10) == (unsigned long)getpid())
		return false;
	text[n] = '\0';
	state = strstr(text, "\nState:\t");
	uid = strstr(text, "\nUid:\t");
	return state != NULL && uid != NULL && state[8] != 'Z' && state[8] != 'X' &&
	    strtoul(uid + 6, NULL, 10) == getuid();
}

static int
count_live_peers(unsigned *ret, struct cw_err *err)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;

	if (folder == NULL)
		return fail(err, "read /proc");
	*ret = 0;
	while ((entry = readdir(folder)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			*ret += is_live_peer(entry->d_name);
	closedir(folder);
	return CW_OK;
}

int
cw_drop_sweep(struct cw_err *err)
{
	const struct timespec step = { 0, SWEEP_STEP_MS * 1000000l };
	unsigned peers;
	int r;

	if (is_alone())
		return CW_OK;
	for (unsigned waited = 0; waited < CW_DROP_SWEEP_MS; waited += SWEEP_STEP_MS) {
		(void)kill(-1, SIGKILL); /* all that this uid may signal, but the caller */
		if ((r = count_live_peers(&peers, err)) < 0 || peers == 0)
			return r;
		(void)nanosleep(&step, NULL);
	}
	return cw_fail(err, CW_ETIMEOUT, "processes of uid %u do not end", (unsigned)getuid());
}

int
cw_drop_limits(const struct cw_plan *plan, struct cw_err *err)
{
	const struct {
		int resource;
		uint64_t value;
		const char *what;
	} limits[] = {
		/* Not 0: that stops no core that is piped to a program of root's; 1 does. */
		{ RLIMIT_CORE, 1, "core files" },
		{ RLIMIT_MEMLOCK, 0, "locked memory" },
		{ RLIMIT_MSGQUEUE, 0, "message queues" },
		{ RLIMIT_RTPRIO, 0, "real-time priority" },
		{ RLIMIT_NICE, 0, "nice" },
		{ RLIMIT_SIGPENDING, plan->threads, "pending signals" },
		{ RLIMIT_CPU, plan->cpu_s, "CPU time" },
		{ RLIMIT_FSIZE, plan->file_bytes, "file size" },
		{ RLIMIT_NOFILE, plan->descriptors, "open files" },
		{ RLIMIT_NPROC, plan->threads, "processes" },
		{ RLIMIT_DATA, plan->memory_bytes, "memory" },
		{ RLIMIT_AS, plan->address_bytes, "address space" },
	};

	for (size_t i = 0; i < CW_COUNT(limits); i++) {
		const struct rlimit limit = { limits[i].value, limits[i].value };
		struct rlimit now;

		if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit) < 0 ||
		    getrlimit((__rlimit_resource_t)limits[i].resource, &now) < 0)
			return cw_fail(
			    err, CW_ESYS, "cannot limit %s: %s", limits[i].what, strerror(errno));
		if (now.rlim_cur != limit.rlim_cur || now.rlim_max != limit.rlim_max)
			return cw_fail(
			    err, CW_EDENIED, "the limit of %s is not kept", limits[i].what);
	}
	return CW_OK;
}
