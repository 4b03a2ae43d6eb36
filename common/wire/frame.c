/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames and their compression.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/frame.h"

#define FLAG_ZLIB 1u
#define PLAIN_LEN 4u /* bytes before the zlib stream */
#define LEVEL 1 /* the higher ones cost more time than a link of today gives back */

struct limit {
	const char *name; /* NULL: no such type */
	size_t min, max; /* bytes of plain payload */
	bool compressible;
	bool has_stream;
};

static const struct limit limits[] = {
	[CW_FRAME_MESSAGE] = { "message", 1, CW_FRAME_MESSAGE_MAX, true, false },
	[CW_FRAME_CHUNK] = { "chunk", 1, CW_FRAME_CHUNK_MAX, true, true },
	[CW_FRAME_CREDIT] = { "credit", 4, 4, false, true },
	[CW_FRAME_CANCEL] = { "cancel", 0, 0, false, true },
	[CW_FRAME_PING] = { "ping", 8, 8, false, false },
	[CW_FRAME_PONG] = { "pong", 8, 8, false, false },
};

/* Checks everything that the header alone tells. */
static int
check_header(const struct limit **ret, const uint8_t *h, struct cw_err *err)
{
	const struct limit *l = h[4] < CW_COUNT(limits) ? &limits[h[4]] : NULL;
	uint32_t len = (uint32_t)cw_get_be(h, 4), stream = (uint32_t)cw_get_be(h + 8, 4);
	size_t min;

	if (l == NULL || l->name == NULL)
		return cw_fail(err, CW_EPROTO, "frame of unknown type %u", h[4]);
	if ((h[5] & ~FLAG_ZLIB) != 0 || h[6] != 0 || h[7] != 0 ||
	    ((h[5] & FLAG_ZLIB) != 0 && !l->compressible))
		return cw_fail(
		    err, CW_EPROTO, "%s frame with flags %02x%02x%02x", l->name, h[5], h[6], h[7]);
	if ((stream != 0) != l->has_stream)
		return cw_fail(err, CW_EPROTO, "%s frame with stream %u", l->name, stream);
	min = (h[5] & FLAG_ZLIB) != 0 ? PLAIN_LEN + 1 : l->min;
	if (len > l->max)
		return cw_fail(
		    err, CW_ELIMIT, "%s frame of %u bytes, limit %zu", l->name, len, l->max);
	if (len < min)
		return cw_fail(
		    err, CW_EPROTO, "%s frame of %u bytes, least %zu", l->name, len, min);
	*ret = l;
	return CW_OK;
}

static int
unpack(struct cw_buf *plain, const struct limit *l, const uint8_t *p, size_t n, struct cw_err *err)
{
	size_t want = (size_t)cw_get_be(p, PLAIN_LEN);
	uLongf got = (uLongf)want;
	uLong used = (uLong)(n - PLAIN_LEN);
	uint8_t *room;

	if (want > l->max || want < l->min)
		return cw_fail(err, CW_ELIMIT, "%s frame of %zu bytes unpacked, limit %zu", l->name,
		    want, l->max);
	cw_buf_clear(plain);
	if ((room = cw_buf_reserve(plain, want)) == NULL)
		return cw_fail(err, CW_ENOMEM, "no room for a %s of %zu bytes", l->name, want);
	if (uncompress2(room, &got, p + PLAIN_LEN, &used) != Z_OK || got != want ||
	    used != n - PLAIN_LEN)
		return cw_fail(
		    err, CW_EPROTO, "%s frame whose compressed payload is broken", l->name);
	cw_buf_added(plain, want);
	return CW_OK;
}

int
cw_frame_read(struct cw_frame *ret, struct cw_buf *in, struct cw_buf *plain, struct cw_err *err)
{
	const uint8_t *h = cw_buf_peek(in);
	size_t have = cw_buf_left(in), len;
	const struct limit *l;
	int r;

	if (have < CW_FRAME_HEADER)
		return CW_EAGAIN;
	if ((r = check_header(&l, h, err)) < 0)
		return r;
	len = (size_t)cw_get_be(h, 4);
	if (have - CW_FRAME_HEADER < len)
		return CW_EAGAIN;
	ret->type = (enum cw_frame_type)h[4];
	ret->stream = (uint32_t)cw_get_be(h + 8, 4);
	ret->data = h + CW_FRAME_HEADER;
	ret->len = len;
	if ((h[5] & FLAG_ZLIB) != 0) {
		if ((r = unpack(plain, l, ret->data, len, err)) < 0)
			return r;
		ret->data = cw_buf_peek(plain);
		ret->len = cw_buf_left(plain);
	}
	cw_buf_skip(in, CW_FRAME_HEADER + len);
	return CW_OK;
}

static void
header(uint8_t *h, enum cw_frame_type type, unsigned flags, uint32_t stream, size_t n)
{
	memset(h, 0, CW_FRAME_HEADER);
	for (unsigned i = 0; i < 4; i++) {
		h[i] = (uint8_t)(n >> (24 - 8 * i));
		h[8 + i] = (uint8_t)(stream >> (24 - 8 * i));
	}
	h[4] = (uint8_t)type;
	h[5] = (uint8_t)flags;
}

/* Packs p behind room for the header. The bytes used, or 0 where it saves nothing. */
static size_t
pack(uint8_t *room, const void *p, size_t n)
{
	/* Room for less than the plain text: zlib gives up by itself when it does not fit. */
	uLongf packed = (uLongf)(n - PLAIN_LEN - 1);

	if (compress2(room + CW_FRAME_HEADER + PLAIN_LEN, &packed, p, (uLong)n, LEVEL) != Z_OK)
		return 0;
	for (unsigned i = 0; i < PLAIN_LEN; i++)
		room[CW_FRAME_HEADER + i] = (uint8_t)(n >> (24 - 8 * i));
	return packed + PLAIN_LEN;
}

int
cw_frame_put(struct cw_buf *out, enum cw_frame_type type, uint32_t stream, const void *p, size_t n)
{
	const struct limit *l = &limits[type];
	size_t packed = 0;
	uint8_t *room;

	if (n > l->max || n < l->min)
		return CW_ELIMIT;
	if ((room = cw_buf_reserve(out, CW_FRAME_HEADER + n)) == NULL)
		return CW_ELIMIT;
	if (l->compressible && n >= CW_FRAME_COMPRESS_MIN)
		packed = pack(room, p, n);
	if (packed == 0 && n > 0)
		memcpy(room + CW_FRAME_HEADER, p, n);
	header(room, type, packed > 0 ? FLAG_ZLIB : 0, stream, packed > 0 ? packed : n);
	cw_buf_added(out, CW_FRAME_HEADER + (packed > 0 ? packed : n));
	return CW_OK;
}
