/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Data at a time.
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "powershell/lane.h"

/* A fragment that is not whole yet, and one line's worth behind it. */
#define RX_MAX (CW_PSRP_FRAGMENT_HEADER + CW_PSRP_BLOB_MAX + CW_OUTPROC_LINE_MAX)

void
cw_psrp_lane_init(struct cw_psrp_lane *l)
{
	*l = (struct cw_psrp_lane){ .ack_due_ms = CW_PSRP_NO_DEADLINE };
	cw_buf_init(&l->tx, CW_PSRP_LANE_MAX);
	cw_buf_init(&l->rx, RX_MAX);
}

void
cw_psrp_lane_free(struct cw_psrp_lane *l)
{
	cw_buf_free_secret(&l->tx);
	cw_buf_free_secret(&l->rx);
	cw_psrp_assembly_free(&l->assembly);
}

void
cw_psrp_lane_reset(struct cw_psrp_lane *l)
{
	uint8_t guid[16];

	memcpy(guid, l->guid, 16);
	cw_psrp_lane_free(l);
	cw_psrp_lane_init(l);
	memcpy(l->guid, guid, 16);
}

int
cw_psrp_lane_queue(struct cw_psrp_lane *l, uint64_t object_id, const void *message, size_t n)
{
	return cw_psrp_fragment_put(&l->tx, object_id, message, n);
}

int
cw_psrp_lane_pump(struct cw_psrp_lane *l, struct cw_buf *out, uint64_t ack_due_ms)
{
	const uint8_t *p = cw_buf_peek(&l->tx);
	size_t len;
	int r;

	if (l->held || l->ack_due_ms != CW_PSRP_NO_DEADLINE || cw_buf_left(&l->tx) == 0)
		return CW_OK;
	len = CW_PSRP_FRAGMENT_HEADER + (size_t)cw_get_be(p + 17, 4);
	if ((r = cw_outproc_put_data(out, l->guid, p, len)) < 0)
		return r;
	cw_buf_skip(&l->tx, len);
	l->ack_due_ms = ack_due_ms;
	return CW_OK;
}

void
cw_psrp_lane_acked(struct cw_psrp_lane *l)
{
	l->ack_due_ms = CW_PSRP_NO_DEADLINE;
}

int
cw_psrp_lane_take(struct cw_psrp_lane *l, const char *base64, size_t n, struct cw_err *err)
{
	int r = cw_base64_get(&l->rx, base64, n);

	if (r == CW_EINVAL)
		return cw_fail(err, CW_EPROTO, "Data from PowerShell that is not base64");
	return r < 0 ? cw_fail(err, r, "Data from PowerShell: %s", cw_strerror(r)) : CW_OK;
}

int
cw_psrp_lane_next(struct cw_psrp_lane *l, const uint8_t **ret, size_t *ret_len, struct cw_err *err)
{
	struct cw_psrp_fragment fragment;
	int r;

	while ((r = cw_psrp_fragment_read(&fragment, &l->rx, err)) == CW_OK)
		if ((r = cw_psrp_assembly_add(&l->assembly, &fragment, ret, ret_len, err)) !=
		    CW_EAGAIN)
			return r;
	return r;
}
