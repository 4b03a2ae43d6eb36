/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SANDBOX_OUTSIDE_H
#define CW_SANDBOX_OUTSIDE_H

#include "sandbox/sandbox.h"

/*
 * What a sandbox looks like from the agent's side: the kernel is asked who its
 * processes are, so that no word of theirs is needed.
 */

/* pid: the launcher's process, which is bubblewrap by now. CW_EDENIED says what is wrong; CW_OK
 * puts a line into seen. filtered: the process inside must have the filter of system calls. */
int cw_outside_identity(
    char *seen, size_t size, int pid, uint32_t id, bool filtered, struct cw_err *err);
/* It is in a cgroup of its own. */
bool cw_outside_in_cgroup(int pid, uint32_t id);
/* This process may raise walls, and ids from first on exist for it (in a container they may not).
 */
int cw_outside_power(uint32_t first, unsigned count, struct cw_err *err);
/* Names of this process's namespaces, "net:[...]". Returns how many. */
size_t cw_outside_spaces(char ret[][64], size_t max);

#endif
