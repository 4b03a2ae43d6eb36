/* SPDX-License-Identifier: Apache-2.0 */
/* A plan's bytes, also past its hash: read, verified, and its guards asked for. */
#include <stdint.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/json.h"
#include "catalogue/catalogue.h"
#include "plan/apply.h"
#include "plan/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
apply(const cJSON *plan)
{
	struct cw_plan_apply *a = cw_plan_apply_new(plan);
	const char *filter;
	struct cw_err err;

	while (a != NULL && cw_plan_apply_next(a) != 0 &&
	    cw_plan_apply_filter(a, &filter, &err) == CW_OK) {
		(void)cw_plan_apply_check(a, &err);
		cJSON_Delete(cw_plan_apply_parameters(a));
	}
	cw_plan_apply_free(a);
}

/* As if it were made with today's tables, and hashed. */
static void
renew(cJSON *plan)
{
	struct cw_err err;

	if (!cJSON_IsObject(plan))
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(plan, "catalogue");
	cJSON_AddStringToObject(plan, "catalogue", cw_catalogue_version());
	(void)cw_plan_document_seal(plan, &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct cw_plan_place here = { "t", "a", "dc1", 0 };
	struct cw_err err;
	cJSON *plan;

	if (cw_json_parse(&plan, (const char *)data, len, "plan", &err) < 0)
		return 0;
	if (cw_plan_document_check(plan, &err) < 0)
		renew(plan);
	if (cw_plan_document_check(plan, &err) == CW_OK) {
		(void)cw_plan_document_verify(plan, &here, &err);
		apply(plan);
	}
	cJSON_Delete(plan);
	return 0;
}
