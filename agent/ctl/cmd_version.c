/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causewayctl version: of this program, and of the agent that runs.
 */
#include <stdio.h>

#include "base/json.h"
#include "ctl.h"
#include "service/version.h"

int
ctl_version(const struct ctl *c, struct cw_err *err)
{
	cJSON *answer = NULL, *own;
	const cJSON *library;
	int r;

	r = ctl_ask_verb(c, &answer, "version", err);
	if (c->json) {
		own = cJSON_CreateObject();
		cJSON_AddStringToObject(own, "causewayctl", cw_agent_version());
		if (r == CW_OK)
			cJSON_AddItemToObject(own, "agent", answer);
		else
			cJSON_AddNullToObject(own, "agent");
		r = ctl_print_json(own);
		cJSON_Delete(own);
		return r;
	}
	ctl_line(c, "causewayctl", "%s", cw_agent_version());
	if (r < 0) {
		ctl_line(c, "agent", "%s", err->text);
		return CTL_WELL;
	}
	ctl_line(c, "agent", "%s", ctl_text(answer, "version"));
	cJSON_ArrayForEach (library, cw_json_get(answer, "libraries")) {
		ctl_line(c, "", "%s %s", library->string,
		    cJSON_IsString(library) ? library->valuestring : "");
	}
	cJSON_Delete(answer);
	return CTL_WELL;
}
