/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LAUNCHER_FILTER_H
#define CW_LAUNCHER_FILTER_H

struct cw_err;

/*
 * The system calls that a program inside may make: a list of those allowed, each
 * with the reason, measured on .NET running PowerShell. What no such program asks
 * for ends the process; anything else looks like an old kernel.
 */

/* The filter as a program for the kernel, in a descriptor to read from its start. */
int cw_filter_build(int *ret, struct cw_err *err);

#endif
