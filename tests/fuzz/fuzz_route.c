/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent sends to the router: NDJSON in parts of any length, the words of a failed command,
 * and a journal's values. First byte: the length of the parts.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "route/output.h"
#include "route/properties.h"
#include "route/route_internal.h"
#include "route/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define KEPT_MAX 512

/* The same lines in other parts are the same. */
static void
feed(struct route_output *o, const char *text, size_t n, size_t part)
{
	route_output_init(o, KEPT_MAX);
	for (size_t at = 0; at < n; at += part)
		route_output_feed(o, text + at, n - at < part ? n - at : part);
	route_output_end(o);
}

static void
both_ways(const char *text, size_t n, size_t part)
{
	struct route_output whole, parts;
	cJSON *values;

	feed(&whole, text, n, n + 1);
	feed(&parts, text, n, part);
	assert(whole.outputs == parts.outputs && whole.cut == parts.cut);
	assert(whole.error_n == parts.error_n && whole.warning_n == parts.warning_n);
	assert(cw_buf_left(&whole.kept) == cw_buf_left(&parts.kept));
	assert(cw_buf_left(&whole.kept) <= KEPT_MAX);
	assert(cJSON_GetArraySize(whole.errors) <= (int)ROUTE_ERRORS_MAX);
	values = route_output_values(&whole);
	assert(cJSON_GetArraySize(values) <= (int)whole.outputs);
	cJSON_Delete(values);
	route_output_free(&whole);
	route_output_free(&parts);
}

static void
values(const cJSON *json)
{
	struct cw_err err = { 0 };

	(void)route_fault(&err, json);
	assert(cw_utf8_valid(err.text, strlen(err.text)));
	for (const struct route_property *p = route_properties; p->graph != NULL; p++) {
		cJSON *ad = p->ldap != NULL ? route_property_of_ad(p, json) : NULL,
		      *entra = route_property_of_entra(p, json), *wanted = NULL;

		if (route_property_wanted(&wanted, p, cw_json_get(json, p->graph), NULL) == CW_OK)
			cJSON_Delete(wanted);
		cJSON_Delete(ad);
		cJSON_Delete(entra);
	}
}

static void
names(const cJSON *json)
{
	struct cw_buf b;

	cw_buf_init(&b, 16384);
	if (route_target_check(json, NULL) == CW_OK) {
		assert(route_target_filter(&b, json) == CW_OK);
		if (cw_json_str(json, "user") != NULL)
			assert(route_target_path(&b, cw_json_str(json, "user")) == CW_OK);
	}
	cw_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cJSON *json;

	if (n == 0)
		return 0;
	both_ways((const char *)data + 1, n - 1, 1 + data[0] % 64);
	if (cw_json_parse(&json, (const char *)data + 1, n - 1, "input", NULL) < 0)
		return 0;
	values(json);
	names(json);
	cJSON_Delete(json);
	return 0;
}
