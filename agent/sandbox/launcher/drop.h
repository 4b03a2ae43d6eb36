/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LAUNCHER_DROP_H
#define CW_LAUNCHER_DROP_H

#include "plan.h"

/*
 * Power given up for good, in this order: the cgroups are joined, then root is
 * gone, then nothing of an earlier sandbox with this id is left, then the limits.
 */
#define CW_DROP_SWEEP_MS 5000u /* for what an agent that crashed left behind to be gone */

/* When memory runs out on this machine, the sandboxes go first. Still as root. */
int cw_drop_oom_score(struct cw_err *err);
int cw_drop_join_cgroups(const struct cw_plan *plan, struct cw_err *err);

/* A real unprivileged uid and gid, no groups, no capabilities, no way back. Dies with the agent
 * from here on. */
int cw_drop_identity(const struct cw_plan *plan, struct cw_err *err);

/* Ends every process of this uid but this one, and waits until they are gone. */
int cw_drop_sweep(struct cw_err *err);

/* The last step before execve(): the limits may leave no room for anything else. */
int cw_drop_limits(const struct cw_plan *plan, struct cw_err *err);

#endif
