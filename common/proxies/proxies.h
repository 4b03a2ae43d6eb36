/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PROXIES_H
#define CW_PROXIES_H

#include "powershell/session.h"

/*
 * What a script sees in the sandbox in place of the real cmdlets: one function
 * for each cmdlet of the catalogue, with the same parameters, that asks the broker
 * by host calls (PROTOCOL.md). Nothing of security rests on it: the process that
 * runs it is the enemy.
 */

/*
 * The preparation of a sandbox as a command of cw_psrp_run(); it puts nothing out, and a failure
 * of it ends it. roles: of servers, as in the catalogue ("directory", "sync"). modules: names or
 * full paths in the sandbox to import before, for engines that lack Microsoft.PowerShell.Utility.
 * Both NULL-terminated or NULL, and borrowed as *ret is from the arena. CW_ENOMEM; CW_EINVAL: no
 * such role.
 */
int cw_proxies_prepare(struct cw_psrp_command *ret, struct cw_ps_arena *arena,
    const char *const *roles, const char *const *modules);

/* The functions' rows of a role, as the preparation gets them (generate.awk). NULL: no such role.
 */
const char *cw_proxies_rows(const char *role, size_t *len);

#endif
