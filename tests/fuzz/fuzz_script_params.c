/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The params of script.run and plan.apply, and of the control socket's, to a request;
 * and those that come in parts.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "scripts/params.h"
#include "scripts/upload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Each line is a part, or a request that takes what came. */
static void
upload(const uint8_t *data, size_t len)
{
	struct cw_upload u = { 0 };
	struct cw_err err;
	cJSON *params, *whole;

	while (len > 0) {
		const uint8_t *end = memchr(data, '\n', len);
		size_t n = end != NULL ? (size_t)(end - data) : len;

		if (cw_json_parse(&params, (const char *)data, n, "line", NULL) == CW_OK) {
			if (cw_json_get(params, "upload") == NULL) {
				(void)cw_upload_part(&u, params, &err);
				assert(cw_buf_left(&u.text) <= u.bytes);
			} else {
				if (cw_upload_take(&whole, &u, params, &err) == CW_OK)
					cJSON_Delete(whole);
				assert(u.id[0] == '\0' && u.text.cap == 0);
			}
			cJSON_Delete(params);
		}
		n += end != NULL;
		data += n;
		len -= n;
	}
	cw_upload_drop(&u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int (*const reads[])(struct cw_script_params * ret, cJSON * params, int64_t now_ms,
	    struct cw_err * err) = { cw_script_params_run, cw_script_params_apply,
		cw_script_params_local };
	struct cw_script_params p;
	cJSON *params;

	upload(data, len);
	for (size_t i = 0; i < CW_COUNT(reads); i++) {
		struct cw_err err = { 0 };
		int r;

		if (cw_json_parse(&params, (const char *)data, len, "params", NULL) < 0)
			return 0;
		r = reads[i](&p, params, INT64_C(1795512600000), &err);
		assert(r == CW_OK || (r == err.code && err.text[0] != '\0'));
		if (r < 0) {
			cJSON_Delete(params);
			continue;
		}
		assert(strlen(p.request.id) == 36 && p.request.timeout_ms > 0);
		assert(!p.request.approved || reads[i] == cw_script_params_local);
		assert((p.request.text != NULL) == (p.request.mode != CW_SCRIPT_APPLY));
		assert((p.request.plan != NULL) == (p.request.mode == CW_SCRIPT_APPLY));
		cJSON_Delete(p.request.plan);
		cJSON_Delete(params);
	}
	return 0;
}
