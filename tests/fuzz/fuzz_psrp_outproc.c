/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of server mode, whole and byte by byte: the same lines, the same end.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/outproc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int
run(struct cw_buf *lines, const uint8_t *data, size_t len, size_t step)
{
	struct cw_outproc_line line;
	struct cw_err err = { 0 };
	struct cw_buf in;
	int r = CW_EAGAIN;

	cw_buf_init(&in, len);
	cw_buf_init(lines, 2 * len + 64);
	for (size_t at = 0; at < len && r == CW_EAGAIN; at += step) {
		size_t n = len - at < step ? len - at : step;

		(void)cw_buf_put(&in, data + at, n);
		while ((r = cw_outproc_read(&line, &in, &err)) == CW_OK) {
			(void)cw_buf_putc(lines, (char)line.element);
			(void)cw_buf_put(lines, line.guid, 16);
			(void)cw_buf_put(lines, line.base64, line.base64_len);
		}
	}
	assert(cw_utf8_valid(err.text, strlen(err.text)) && strchr(err.text, '\n') == NULL);
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
