/* SPDX-License-Identifier: Apache-2.0 */
/* A request's body to a bound command: {"command":...,"parameters":{...}}. */
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "catalogue/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct cw_psrp_command *command;
	struct cw_catalogue_call *call;
	struct cw_err err;
	cJSON *body;

	if (cw_json_parse(&body, (const char *)data, len, "body", &err) < 0)
		return 0;
	if (cw_json_str(body, "command") != NULL &&
	    cw_catalogue_bind_for_approval(&call, cw_json_str(body, "command"),
		cw_json_get(body, "parameters"), &err) == CW_OK) {
		(void)cw_catalogue_call_command(call, &command, "dc1", &err);
		cw_catalogue_call_free(call);
	}
	cJSON_Delete(body);
	return 0;
}
