/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_RUNSPACES_PREPARE_H
#define CW_RUNSPACES_PREPARE_H

#include "powershell/session.h"

/*
 * The only script text a privileged runspace ever gets, ours, before it is
 * locked: imports the modules, leaves the canary, closes the door (prepare.ps1).
 */
#define CW_RUNSPACE_CANARY "Test-CausewayRunspace"

/* Fills the command with the preparation. Values live in arena. CW_ENOMEM. */
int cw_runspace_prepare(struct cw_psrp_command *ret, struct cw_ps_arena *arena,
    const char *const *modules, const char *const *commands);

/* The canary says one line for each thing that a command could have left behind, "NAME:STATE".
 * Compares two of its texts; *ret is "" when they are the same, otherwise the name of the first
 * line that is not in the other one. */
#define CW_RUNSPACE_DIFFERENCE 64u /* bytes */
void cw_runspace_difference(char ret[CW_RUNSPACE_DIFFERENCE], const char *before, const char *now);

#endif
