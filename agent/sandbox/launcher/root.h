/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LAUNCHER_ROOT_H
#define CW_LAUNCHER_ROOT_H

#include "plan.h"

/*
 * The file system that the program will see, put together while the launcher is
 * still root: so it need not be readable for the sandbox's uid outside, has
 * limits that only root can set (inodes, noexec), and its mounts are locked for
 * whoever comes later. bubblewrap makes it the root.
 */
#define CW_ROOT_EMPTY "/var/empty" /* in it: an empty folder, to cover others with */

/* Leaves the process in a mount namespace of its own, with the file system on plan->run_folder. */
int cw_root_build(const struct cw_plan *plan, struct cw_err *err);

#endif
