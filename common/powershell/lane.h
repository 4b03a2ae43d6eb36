/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PSRP_LANE_H
#define CW_PSRP_LANE_H

#include "powershell/fragment.h"
#include "powershell/outproc.h"

/*
 * Messages to and from one GUID, the session's or a pipeline's: cut into
 * fragments, one Data each, and the next Data only when the one before has been
 * acknowledged. Measured: without that the engine loses and reorders them.
 */
#define CW_PSRP_LANE_MAX (2u * CW_PSRP_MESSAGE_MAX) /* bytes that wait to be sent */
#define CW_PSRP_NO_DEADLINE UINT64_MAX

struct cw_psrp_lane {
	uint8_t guid[16];
	bool held; /* what is queued stays here */
	uint64_t ack_due_ms; /* a DataAck is waited for until then, or CW_PSRP_NO_DEADLINE */
	struct cw_buf tx; /* fragments to send */
	struct cw_buf rx; /* bytes of fragments that are not taken yet */
	struct cw_psrp_assembly assembly;
};

void cw_psrp_lane_init(struct cw_psrp_lane *l); /* GUID of zeros */
void cw_psrp_lane_reset(struct cw_psrp_lane *l); /* as new, but for its GUID */
void cw_psrp_lane_free(struct cw_psrp_lane *l);

/* Queues one message's bytes: all, or on CW_ELIMIT or CW_ENOMEM none. */
int cw_psrp_lane_queue(struct cw_psrp_lane *l, uint64_t object_id, const void *message, size_t n);
/* Appends the next Data line to out, unless one is not acknowledged yet, or the lane is held. */
int cw_psrp_lane_pump(struct cw_psrp_lane *l, struct cw_buf *out, uint64_t ack_due_ms);
/* The DataAck came. One that was not waited for is ignored. */
void cw_psrp_lane_acked(struct cw_psrp_lane *l);

/* Takes the text of a Data line. CW_EPROTO: not base64. CW_ELIMIT: fragments that never end. */
int cw_psrp_lane_take(struct cw_psrp_lane *l, const char *base64, size_t n, struct cw_err *err);
/* The next whole message's bytes, lent until the next call. CW_EAGAIN: none yet. */
int cw_psrp_lane_next(
    struct cw_psrp_lane *l, const uint8_t **ret, size_t *ret_len, struct cw_err *err);

#endif
