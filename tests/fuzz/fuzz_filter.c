/* SPDX-License-Identifier: Apache-2.0 */
/* Both filter parsers; what the first one writes, the second one must accept. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "catalogue/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cw_err err;
	struct cw_buf out, again;

	cw_buf_init(&out, 8 * CW_FILTER_MAX);
	cw_buf_init(&again, 16 * CW_FILTER_MAX);
	(void)cw_filter_from_ldap(&out, (const char *)data, len, &err);
	cw_buf_clear(&out);
	if (cw_filter_from_powershell(&out, (const char *)data, len, &err) == CW_OK &&
	    cw_buf_left(&out) <= CW_FILTER_MAX &&
	    cw_filter_from_ldap(&again, cw_buf_str(&out), cw_buf_left(&out), &err) < 0)
		abort();
	cw_buf_free(&out);
	cw_buf_free(&again);
	return 0;
}
