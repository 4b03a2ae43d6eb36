/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls, in the order in which they are told: first what raising them needs, then what each
 * keeps out. The probe knows them by name.
 */
#include "base/str.h"
#include "sandbox/sandbox.h"

#define NAMESPACES                                                                               \
	"user namespaces must be allowed to unprivileged accounts: sysctl "                      \
	"user.max_user_namespaces above 0, kernel.unprivileged_userns_clone=1 where it exists, " \
	"and on Ubuntu an AppArmor profile for bwrap"

static const struct cw_sandbox_wall walls[] = {
	{ "power", "(what the agent needs to raise the others)",
	    "run the agent as root, or with CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID and CAP_KILL; "
	    "not in "
	    "a container that has few ids",
	    false },
	{ "programs", "(the launcher, the probe and bubblewrap are there)",
	    "install bubblewrap 0.8 or newer, and the agent's package again", false },
	{ "accounts", "the files and processes of a person who has the sandbox's uid",
	    "set \"sandbox_first_id\" in agent.json to a range of ids that no account and no "
	    "container uses",
	    false },
	{ "start", "(the walls can be raised at all)", NAMESPACES, false },
	{ "identity", "everything that belongs to root, to the agent or to another sandbox",
	    "report this with the detail: the launcher did not give root away", false },
	{ "privileges", "capabilities, set-uid programs, a change of uid or group",
	    "report this with the detail", false },
	{ "namespaces", "further namespaces, and with them root's view of kernel code", NAMESPACES,
	    false },
	{ "files", "every file of this machine but the engine's own, which are read-only",
	    "report this with the detail", false },
	{ "tmp", "filling memory or disk: /tmp is small, ends with the sandbox, and runs nothing",
	    "report this with the detail", false },
	{ "devices", "disks, memory, terminals and every other device but null and urandom",
	    "report this with the detail", false },
	{ "proc", "kernel settings and what /proc tells about the machine",
	    "do not mount /proc with hidepid in the agent's mount namespace, or report this",
	    false },
	{ "processes", "seeing, signalling and tracing any process but itself", NAMESPACES, false },
	{ "network", "every connection, to this machine and beyond", NAMESPACES, false },
	{ "sockets", "the agent's and other programs' local sockets, abstract ones included",
	    NAMESPACES, false },
	{ "ipc", "shared memory, semaphores and message queues of others", NAMESPACES, false },
	{ "host", "the machine's name, its clock, its cgroups", NAMESPACES, false },
	{ "terminal", "typing into the terminal that the agent was started from",
	    "report this with the detail", false },
	{ "descriptors", "files and sockets that the agent has open", "report this with the detail",
	    false },
	{ "environment", "what the agent's environment holds", "report this with the detail",
	    false },
	{ "limits", "taking more memory, processor time, threads or files than it is given",
	    "report this with the detail", false },
	{ "filter", "most of the kernel: what .NET does not need is refused or ends the process",
	    "the kernel needs CONFIG_SECCOMP_FILTER", false },
	{ "death", "outliving the agent", "report this with the detail", false },
	{ "cgroup",
	    "memory that only the kernel counts, and more than a fair share of the processor",
	    "Delegate=yes in the agent's systemd unit", true },
};

const struct cw_sandbox_wall *
cw_sandbox_walls(size_t *count)
{
	*count = CW_COUNT(walls);
	return walls;
}

const struct cw_sandbox_finding *
cw_sandbox_report_worst(const struct cw_sandbox_report *report)
{
	const struct cw_sandbox_finding *worst = NULL;

	for (size_t i = 0; i < report->count; i++) {
		const struct cw_sandbox_finding *f = &report->findings[i];

		if (f->holds || f->wall->optional)
			continue;
		if (f->tried)
			return f;
		worst = worst == NULL ? f : worst;
	}
	return worst;
}
