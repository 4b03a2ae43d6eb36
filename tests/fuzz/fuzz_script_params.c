/* SPDX-License-Identifier: Apache-2.0 */
/* The params of script.run and plan.apply, and of the control socket's, to a request. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "scripts/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int (*const reads[])(struct cw_script_params * ret, const cJSON *params,
	    int64_t now_ms, struct cw_err *err) = { cw_script_params_run, cw_script_params_apply,
		cw_script_params_local };
	struct cw_script_params p;
	cJSON *params;

	if (cw_json_parse(&params, (const char *)data, len, "params", NULL) < 0)
		return 0;
	for (size_t i = 0; i < CW_COUNT(reads); i++) {
		struct cw_err err = { 0 };
		int r = reads[i](&p, params, INT64_C(1795512600000), &err);

		assert(r == CW_OK || (r == err.code && err.text[0] != '\0'));
		if (r < 0)
			continue;
		assert(strlen(p.request.id) == 36 && p.request.timeout_ms > 0);
		assert(!p.request.approved || reads[i] == cw_script_params_local);
		assert((p.request.text != NULL) == (p.request.mode != CW_SCRIPT_APPLY));
		assert((p.request.plan != NULL) == (p.request.mode == CW_SCRIPT_APPLY));
	}
	cJSON_Delete(params);
	return 0;
}
