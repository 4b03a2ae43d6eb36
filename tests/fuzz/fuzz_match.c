/* SPDX-License-Identifier: Apache-2.0 */
/* Filters, whatever they are, on attributes that hold something, nothing, or what is not known. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "plan/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static cJSON *
values(void *arg, const struct cw_attribute *attribute)
{
	static const char *const some[] = { "512", "Ada M\xc3\xbcller", "2026-11-24T09:30:00Z" };

	(void)arg;
	if (attribute->name % 3 == 0)
		return NULL;
	return attribute->name % 3 == 1 ? cJSON_CreateArray() : cJSON_CreateStringArray(some, 3);
}

static void
ignore(void *arg, const struct cw_attribute *attribute)
{
	(void)arg;
	(void)attribute;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *filter = cw_strndup((const char *)data, len);

	if (filter != NULL) {
		(void)cw_plan_match(filter, values, NULL);
		(void)cw_plan_filter_attributes(filter, ignore, NULL);
	}
	free(filter);
	return 0;
}
