/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SANDBOX_CGROUP_H
#define CW_SANDBOX_CGROUP_H

#include "sandbox/sandbox.h"

/*
 * A cgroup for each sandbox, where this machine lets the agent make one: counts
 * what the limits of a process do not (kernel memory, /tmp). With version 2, below
 * the agent's own group, a sandbox has half the agent's share of the processor.
 */
#define CW_CGROUP_PATH 512u /* bytes */
#define CW_CGROUP_FOLDERS_MAX 2 /* cgroup v1 has one tree for each controller */

struct cw_cgroups {
	unsigned version; /* 2, 1, or 0: none */
	char folders[CW_CGROUP_FOLDERS_MAX][CW_CGROUP_PATH]; /* groups are made in these */
	size_t count;
	char why[160]; /* there are none, or what there is */
};

/* root: where they are mounted, /sys/fs/cgroup; membership: /proc/self/cgroup. With version 2 this
 * process moves to a group "agent" of its own when the system has delegated its group to it. */
void cw_cgroups_find(struct cw_cgroups *ret, const char *root, const char *membership);

/* Makes the groups of one sandbox and sets their limits; paths[0 .. count) are for the launcher. */
int cw_cgroups_make(const struct cw_cgroups *groups, uint32_t id,
    const struct cw_sandbox_limits *limits, char paths[CW_CGROUP_FOLDERS_MAX][CW_CGROUP_PATH],
    struct cw_err *err);
/* Removes them once nothing runs in them; false when something still does. */
bool cw_cgroups_remove(const struct cw_cgroups *groups, uint32_t id);

#endif
