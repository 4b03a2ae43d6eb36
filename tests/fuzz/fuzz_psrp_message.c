/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message's bytes: what is read is written as the same bytes, but for a byte
 * order mark.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "powershell/fragment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cw_psrp_message m;
	struct cw_err err = { 0 };
	struct cw_buf out;

	if (cw_psrp_message_read(&m, data, len, &err) < 0) {
		assert(len < CW_PSRP_MESSAGE_HEADER && err.text[0] != '\0');
		return 0;
	}
	cw_buf_init(&out, len);
	assert(cw_psrp_message_put(&out, &m) == CW_OK);
	assert(memcmp(cw_buf_peek(&out), data, CW_PSRP_MESSAGE_HEADER) == 0);
	assert(cw_buf_left(&out) == len || cw_buf_left(&out) == len - 3);
	assert(memcmp(cw_buf_peek(&out) + CW_PSRP_MESSAGE_HEADER, data + len - m.xml_len,
		   m.xml_len) == 0);
	cw_buf_free(&out);
	return 0;
}
