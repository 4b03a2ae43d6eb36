/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway-sandbox: raises the walls and becomes the program inside them. Started
 * by the agent as root; gives root away before it makes the namespaces, because
 * bubblewrap started by root maps the sandbox's uid to root's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "bwrap.h"
#include "drop.h"
#include "filter.h"
#include "plan.h"
#include "root.h"

#define FILTER_FD 3

/* Leaves 0, 1, 2 and the filter, which goes to a known number. */
static int
keep_descriptors(int *filter_fd, struct cw_err *err)
{
	int first = FILTER_FD;

	if (*filter_fd >= 0) {
		if (*filter_fd != FILTER_FD && dup2(*filter_fd, FILTER_FD) < 0)
			return cw_fail(
			    err, CW_ESYS, "cannot move a descriptor: %s", strerror(errno));
		*filter_fd = FILTER_FD;
		first = FILTER_FD + 1;
	}
	closefrom(first);
	return CW_OK;
}

static int
raise_walls(struct cw_bwrap *bwrap, const struct cw_plan *plan, struct cw_err *err)
{
	int filter_fd = -1, r;

	(void)umask(022);
	(void)setsid(); /* no signals from the agent's terminal */
	if ((r = cw_drop_oom_score(err)) < 0 || (r = cw_drop_join_cgroups(plan, err)) < 0 ||
	    (r = cw_root_build(plan, err)) < 0 || (r = cw_drop_identity(plan, err)) < 0 ||
	    (r = cw_drop_sweep(err)) < 0)
		return r;
	if (!plan->no_filter && (r = cw_filter_build(&filter_fd, err)) < 0)
		return r;
	if ((r = keep_descriptors(&filter_fd, err)) < 0 ||
	    (r = cw_bwrap_words(bwrap, plan, filter_fd, err)) < 0)
		return r;
	(void)umask(077);
	return cw_drop_limits(plan, err);
}

int
main(int argc, char **argv)
{
	static struct cw_bwrap bwrap; /* large */
	char *const no_environment[] = { NULL };
	struct cw_plan plan;
	struct cw_err err = { 0 };

	(void)argc;
	if (cw_plan_read(&plan, argv, &err) == CW_OK && raise_walls(&bwrap, &plan, &err) == CW_OK) {
		execve(plan.bwrap, (char *const *)(uintptr_t)bwrap.words, no_environment);
		(void)cw_fail(&err, CW_ESYS, "cannot start %s: %s", plan.bwrap, strerror(errno));
	}
	(void)fprintf(stderr, "causeway-sandbox: %s\n", err.text);
	return CW_PLAN_EXIT;
}
