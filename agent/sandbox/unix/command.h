/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SANDBOX_COMMAND_H
#define CW_SANDBOX_COMMAND_H

#include "sandbox/place.h"
#include "sandbox/unix/cgroup.h"

/* What the launcher is told to run, and where. */
struct cw_command_of {
	const struct cw_sandbox_config *config;
	const char *launcher; /* full path */
	uint32_t id;
	char (*cgroups)[CW_CGROUP_PATH];
	size_t cgroup_count;
	const char *program; /* looked up; NULL-terminated arguments follow it */
	char *const *arguments;
	bool filter;
};

int cw_command_build(
    struct cw_place_command *ret, const struct cw_command_of *of, struct cw_err *err);

#endif
