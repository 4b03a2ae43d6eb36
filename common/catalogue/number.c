/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/err.h"
#include "catalogue/number.h"

#define EXACT_MAX 9007199254740991.0 /* 2^53 - 1 */

int
cw_whole_parse(int64_t *ret, const char *text, size_t n)
{
	size_t i = n > 0 && text[0] == '-';
	uint64_t max = (uint64_t)INT64_MAX + i, v = 0; /* one more below zero */

	if (i == n)
		return CW_EINVAL;
	for (; i < n; i++) {
		unsigned digit = (unsigned)(text[i] - '0');

		if (digit > 9 || v > (max - digit) / 10)
			return CW_EINVAL;
		v = v * 10 + digit;
	}
	*ret = text[0] == '-' ? (int64_t)(0 - v) : (int64_t)v;
	return CW_OK;
}

int
cw_whole_from_json(int64_t *ret, const cJSON *json)
{
	double d;

	if (cJSON_IsString(json))
		return cw_whole_parse(ret, json->valuestring, strlen(json->valuestring));
	d = cJSON_IsNumber(json) ? json->valuedouble : EXACT_MAX + 1;
	if (!(d >= -EXACT_MAX && d <= EXACT_MAX) || (double)(int64_t)d < d ||
	    (double)(int64_t)d > d)
		return CW_EINVAL;
	*ret = (int64_t)d;
	return CW_OK;
}
