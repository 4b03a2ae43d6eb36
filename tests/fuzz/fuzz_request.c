/* SPDX-License-Identifier: Apache-2.0 */
/* The params of command.run to a command that PowerShell could be given. */
#include <assert.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "commands/request.h"
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t seal_private[32] = { 1 };
	const struct cw_psrp_command *command;
	struct cw_refusal refusal;
	struct cw_request req;
	struct cw_err err = { 0 };
	cJSON *params;
	int r;

	if (cw_json_parse(&params, (const char *)data, len, "params", &err) < 0)
		return 0;
	r = cw_request_read(&req, params, INT64_C(1795512600000), NULL, &refusal, &err);
	assert(r == CW_OK || (r == err.code && err.text[0] != '\0'));
	if (refusal.rule != NULL)
		cJSON_Delete(cw_refusal_json(
		    &refusal, cw_json_str(params, "command"), cw_json_get(params, "parameters")));
	if (r == CW_OK) {
		assert(req.entry->name != NULL && req.timeout_ms <= CW_REQUEST_TIMEOUT_MAX_MS);
		if (cw_request_open(
			&req, "6f1de2b0-6a3c-4d2a-9b1e-0000000000aa", seal_private, &err) == CW_OK)
			(void)cw_catalogue_call_command(
			    req.call, &command, req.entry->server ? "dc1" : NULL, &err);
		cw_request_free(&req);
	}
	cJSON_Delete(params);
	return 0;
}
