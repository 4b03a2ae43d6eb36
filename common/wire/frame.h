/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_FRAME_H
#define CW_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_err;

/*
 * The frames of the wire, see PROTOCOL.md: twelve bytes of header and a payload,
 * compressed where that pays. Every length is checked against its type's limit
 * before anything is allocated for it.
 */
#define CW_FRAME_HEADER 12u /* bytes */
#define CW_FRAME_MESSAGE_MAX (1024u * 1024u) /* plain bytes */
#define CW_FRAME_CHUNK_MAX (64u * 1024u) /* plain bytes */
#define CW_FRAME_COMPRESS_MIN 1024u /* plain bytes; shorter ones are sent as they are */

enum cw_frame_type {
	CW_FRAME_MESSAGE = 1,
	CW_FRAME_CHUNK = 2,
	CW_FRAME_CREDIT = 3,
	CW_FRAME_CANCEL = 4,
	CW_FRAME_PING = 5,
	CW_FRAME_PONG = 6,
};

struct cw_frame {
	enum cw_frame_type type;
	uint32_t stream;
	const uint8_t *data; /* plain; borrowed from in or plain */
	size_t len; /* bytes */
};

/*
 * Reads the next frame from in and consumes it. A compressed payload is unpacked into plain, which
 * is cleared first. frame->data is valid until in or plain is next written to or freed. CW_EAGAIN:
 * not all bytes are there yet, nothing was consumed. CW_EPROTO, CW_ELIMIT, CW_ENOMEM: the
 * connection is lost and err says why.
 */
int cw_frame_read(
    struct cw_frame *ret, struct cw_buf *in, struct cw_buf *plain, struct cw_err *err);

/* Appends a frame. CW_ELIMIT: too long for its type, or out is full; out is unchanged then. */
int cw_frame_put(
    struct cw_buf *out, enum cw_frame_type type, uint32_t stream, const void *p, size_t n);

#endif
