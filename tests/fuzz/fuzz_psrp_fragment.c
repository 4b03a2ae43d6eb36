/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments from a peer, whole and byte by byte: the same objects, the same end.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "powershell/fragment.h"

#define OBJECTS_MAX (1u << 20) /* bytes */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Reads all that is there. Whole objects are appended, each with its length before it. */
static int
read_all(struct cw_buf *in, struct cw_psrp_assembly *a, struct cw_buf *objects, struct cw_err *err)
{
	struct cw_psrp_fragment f;
	const uint8_t *p;
	size_t n;
	int r;

	while ((r = cw_psrp_fragment_read(&f, in, err)) == CW_OK) {
		assert(f.blob_len <= CW_PSRP_BLOB_MAX && f.object_id != 0);
		if ((r = cw_psrp_assembly_add(a, &f, &p, &n, err)) == CW_EAGAIN)
			continue;
		if (r < 0)
			return r;
		if (cw_buf_put_be(objects, n, 8) < 0 || cw_buf_put(objects, p, n) < 0)
			return CW_ELIMIT;
	}
	return r;
}

static int
run(struct cw_buf *objects, const uint8_t *data, size_t len, size_t step)
{
	struct cw_psrp_assembly a = { 0 };
	struct cw_err err = { 0 };
	struct cw_buf in;
	int r = CW_EAGAIN;

	cw_buf_init(&in, len + CW_PSRP_BLOB_MAX);
	cw_buf_init(objects, OBJECTS_MAX);
	for (size_t at = 0; at < len && r == CW_EAGAIN; at += step) {
		size_t n = len - at < step ? len - at : step;

		(void)cw_buf_put(&in, data + at, n);
		r = read_all(&in, &a, objects, &err);
	}
	assert((r == CW_EAGAIN) == (err.text[0] == '\0') || r == CW_ELIMIT);
	cw_psrp_assembly_free(&a);
	cw_buf_free(&in);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cw_buf whole, pieces;
	int a = run(&whole, data, len, len), b = run(&pieces, data, len, 1);

	assert(a == b && cw_buf_left(&whole) == cw_buf_left(&pieces));
	assert(memcmp(cw_buf_peek(&whole), cw_buf_peek(&pieces), cw_buf_left(&whole)) == 0);
	cw_buf_free(&whole);
	cw_buf_free(&pieces);
	return 0;
}
