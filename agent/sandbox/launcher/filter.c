/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of calls.c as a program for the kernel. Default: ENOSYS, so that libc takes its older
 * way where it has one.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/err.h"
#include "calls.h"
#include "filter.h"

static int
add(scmp_filter_ctx ctx, uint32_t action, const struct cw_call *call, unsigned n,
    const struct scmp_arg_cmp *arguments, struct cw_err *err)
{
	int r;

	if (call->number < 0)
		return CW_OK;
	if ((r = seccomp_rule_add_array(ctx, action, call->number, n, arguments)) < 0)
		return cw_fail(err, CW_ESYS, "cannot filter %s: %s", call->name, strerror(-r));
	return CW_OK;
}

static int
add_narrow(scmp_filter_ctx ctx, const struct cw_call_narrow *row, struct cw_err *err)
{
	struct scmp_arg_cmp arguments[CW_COUNT(row->is)];
	unsigned n = 0;

	for (; n < CW_COUNT(row->is) && row->is[n].mask != 0; n++)
		arguments[n] = SCMP_CMP64(
		    row->is[n].argument, SCMP_CMP_MASKED_EQ, row->is[n].mask, row->is[n].value);
	return add(ctx, SCMP_ACT_ALLOW, &row->call, n, arguments, err);
}

static int
add_all(scmp_filter_ctx ctx, struct cw_err *err)
{
	int r = CW_OK;

	for (const struct cw_call *c = cw_calls_allowed; c->name != NULL && r == CW_OK; c++)
		r = add(ctx, SCMP_ACT_ALLOW, c, 0, NULL, err);
	for (const struct cw_call_narrow *n = cw_calls_narrow; n->call.name != NULL && r == CW_OK;
	     n++)
		r = add_narrow(ctx, n, err);
	for (const struct cw_call_refused *c = cw_calls_refused; c->call.name != NULL && r == CW_OK;
	     c++)
		r = add(ctx, SCMP_ACT_ERRNO((uint32_t)c->error), &c->call, 0, NULL, err);
	for (const struct cw_call *c = cw_calls_fatal; c->name != NULL && r == CW_OK; c++)
		r = add(ctx, SCMP_ACT_KILL_PROCESS, c, 0, NULL, err);
	return r;
}

int
cw_filter_build(int *ret, struct cw_err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int fd = -1, r;

	if (ctx == NULL)
		return cw_fail(err, CW_ENOMEM, "cannot begin a filter: out of memory");
	/* Another architecture's calls (32-bit, x32) would pass by other numbers. */
	if ((r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)) < 0 ||
	    (r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2)) < 0)
		r = cw_fail(err, CW_ESYS, "cannot set up the filter: %s", strerror(-r));
	else
		r = add_all(ctx, err);
	if (r < 0)
		goto done;
	fd = memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0 || seccomp_export_bpf(ctx, fd) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		r = cw_fail(err, CW_ESYS, "cannot write the filter: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		goto done;
	}
	*ret = fd;
done:
	seccomp_release(ctx);
	return r;
}
