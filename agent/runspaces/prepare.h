/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_RUNSPACES_PREPARE_H
#define CW_RUNSPACES_PREPARE_H

#include "powershell/session.h"

/*
 * The only script text a privileged runspace ever gets, ours, before it is
 * locked: imports the modules, leaves the canary, closes the door.
 */
#define CW_RUNSPACE_CANARY "Test-CausewayRunspace"

/* Fills the command with the preparation. Values live in arena. CW_ENOMEM. */
int cw_runspace_prepare(struct cw_psrp_command *ret, struct cw_ps_arena *arena,
    const char *const *modules, const char *const *commands);

#endif
