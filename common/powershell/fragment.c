/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [MS-PSRP] 2.2.4: ObjectId u64 | FragmentId u64 | flags u8 | BlobLength u32 | Blob, big-endian.
 * [MS-PSRP] 2.2.1: Destination u32 | MessageType u32 | RPID | PID | Data, little-endian.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/fragment.h"

#define FLAG_START 0x01
#define FLAG_END 0x02

int
cw_psrp_fragment_read(struct cw_psrp_fragment *frag, struct cw_buf *in, struct cw_err *err)
{
	const uint8_t *p = cw_buf_peek(in);
	struct cw_psrp_fragment f;

	if (cw_buf_left(in) < CW_PSRP_FRAGMENT_HEADER)
		return CW_EAGAIN;
	f.object_id = cw_get_be(p, 8);
	f.fragment_id = cw_get_be(p + 8, 8);
	f.start = p[16] & FLAG_START;
	f.end = p[16] & FLAG_END;
	f.blob_len = (size_t)cw_get_be(p + 17, 4);
	f.blob = p + CW_PSRP_FRAGMENT_HEADER;
	if ((p[16] & ~(FLAG_START | FLAG_END)) != 0)
		return cw_fail(err, CW_EPROTO, "fragment with flags 0x%02x", p[16]);
	if (f.blob_len > CW_PSRP_BLOB_MAX)
		return cw_fail(err, CW_ELIMIT, "fragment of %zu bytes, limit %u", f.blob_len,
		    CW_PSRP_BLOB_MAX);
	if (f.object_id == 0)
		return cw_fail(err, CW_EPROTO, "fragment of object 0");
	if (f.start != (f.fragment_id == 0))
		return cw_fail(err, CW_EPROTO, "start flag and fragment number %llu do not agree",
		    (unsigned long long)f.fragment_id);
	if (cw_buf_left(in) - CW_PSRP_FRAGMENT_HEADER < f.blob_len)
		return CW_EAGAIN;
	cw_buf_skip(in, CW_PSRP_FRAGMENT_HEADER + f.blob_len);
	*frag = f;
	return CW_OK;
}

int
cw_psrp_assembly_add(struct cw_psrp_assembly *a, const struct cw_psrp_fragment *frag,
    const uint8_t **ret, size_t *ret_len, struct cw_err *err)
{
	int r;

	if (frag->start && a->next_fragment != 0)
		return cw_fail(err, CW_EPROTO, "object %llu begins inside object %llu",
		    (unsigned long long)frag->object_id, (unsigned long long)a->object_id);
	if (frag->start && frag->object_id == a->object_id)
		return cw_fail(
		    err, CW_EPROTO, "object %llu comes twice", (unsigned long long)frag->object_id);
	if (frag->start)
		a->object_id = frag->object_id;
	if (frag->object_id != a->object_id || frag->fragment_id != a->next_fragment)
		return cw_fail(err, CW_EPROTO,
		    "fragment %llu of object %llu where %llu of %llu belongs",
		    (unsigned long long)frag->fragment_id, (unsigned long long)frag->object_id,
		    (unsigned long long)a->next_fragment, (unsigned long long)a->object_id);
	if (frag->start && frag->end) { /* the usual case: no copy */
		*ret = frag->blob;
		*ret_len = frag->blob_len;
		return CW_OK;
	}
	if (frag->start) { /* an earlier object may have needed much */
		cw_buf_free_secret(&a->blob);
		cw_buf_init(&a->blob, CW_PSRP_MESSAGE_MAX);
	}
	if ((r = cw_buf_put(&a->blob, frag->blob, frag->blob_len)) < 0)
		return cw_fail(err, r, "a message of more than %u bytes", CW_PSRP_MESSAGE_MAX);
	a->next_fragment = frag->end ? 0 : a->next_fragment + 1;
	if (!frag->end)
		return CW_EAGAIN;
	*ret = cw_buf_peek(&a->blob);
	*ret_len = cw_buf_left(&a->blob);
	return CW_OK;
}

void
cw_psrp_assembly_free(struct cw_psrp_assembly *a)
{
	cw_buf_free_secret(&a->blob);
	*a = (struct cw_psrp_assembly){ 0 };
}

int
cw_psrp_fragment_put(struct cw_buf *out, uint64_t object_id, const void *object, size_t n)
{
	size_t count = n == 0 ? 1 : (n + CW_PSRP_BLOB_MAX - 1) / CW_PSRP_BLOB_MAX;
	size_t room = n + count * CW_PSRP_FRAGMENT_HEADER;
	const uint8_t *p = object;

	if (room > out->max - cw_buf_left(out))
		return CW_ELIMIT;
	if (cw_buf_reserve(out, room) == NULL)
		return CW_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		size_t len = n < CW_PSRP_BLOB_MAX ? n : CW_PSRP_BLOB_MAX;
		uint8_t flags =
		    (uint8_t)((i == 0 ? FLAG_START : 0) | (i + 1 == count ? FLAG_END : 0));

		/* The room is there: none of these fails. */
		(void)cw_buf_put_be(out, object_id, 8);
		(void)cw_buf_put_be(out, i, 8);
		(void)cw_buf_put_be(out, flags, 1);
		(void)cw_buf_put_be(out, len, 4);
		(void)cw_buf_put(out, p, len);
		p += len;
		n -= len;
	}
	return CW_OK;
}

int
cw_psrp_message_read(struct cw_psrp_message *ret, const uint8_t *p, size_t n, struct cw_err *err)
{
	struct cw_psrp_message m;

	if (n < CW_PSRP_MESSAGE_HEADER)
		return cw_fail(err, CW_EPROTO, "a message of %zu bytes, its header alone has %u", n,
		    CW_PSRP_MESSAGE_HEADER);
	m.destination = (uint32_t)cw_get_le(p, 4);
	m.type = (uint32_t)cw_get_le(p + 4, 4);
	memcpy(m.pool_id, p + 8, 16);
	memcpy(m.pipeline_id, p + 24, 16);
	cw_uuid_swap(m.pool_id);
	cw_uuid_swap(m.pipeline_id);
	m.xml = (const char *)p + CW_PSRP_MESSAGE_HEADER;
	m.xml_len = n - CW_PSRP_MESSAGE_HEADER;
	if (m.xml_len >= 3 && memcmp(m.xml, "\xef\xbb\xbf", 3) == 0) {
		m.xml += 3;
		m.xml_len -= 3;
	}
	*ret = m;
	return CW_OK;
}

int
cw_psrp_message_put(struct cw_buf *out, const struct cw_psrp_message *m)
{
	uint8_t pool[16], pipeline[16];
	int r;

	memcpy(pool, m->pool_id, 16);
	memcpy(pipeline, m->pipeline_id, 16);
	cw_uuid_swap(pool);
	cw_uuid_swap(pipeline);
	if ((r = cw_buf_put_le(out, m->destination, 4)) < 0 ||
	    (r = cw_buf_put_le(out, m->type, 4)) < 0 || (r = cw_buf_put(out, pool, 16)) < 0 ||
	    (r = cw_buf_put(out, pipeline, 16)) < 0)
		return r;
	return cw_buf_put(out, m->xml, m->xml_len);
}
