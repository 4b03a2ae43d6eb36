/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte chooses a request whose body the rest is, or the output of an agent, in parts of
 * two sizes. */
#include <stdint.h>
#include <stdlib.h>

#include "api/api_private.h"
#include "api/lines.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int
each(void *arg, enum api_line kind, const char *value, size_t value_n, const char *line,
    size_t line_n, struct cw_err *err)
{
	cJSON *parsed;

	(void)arg;
	/* What goes into an answer is one whole value. */
	if (kind == API_OTHER)
		return CW_OK;
	if (value < line || value + value_n > line + line_n ||
	    cw_json_parse(&parsed, value, value_n, "value", err) < 0)
		abort();
	cJSON_Delete(parsed);
	return CW_OK;
}

static void
feed(const char *text, size_t n, size_t part)
{
	struct api_lines lines;
	struct cw_err err;
	int r = CW_OK;

	api_lines_init(&lines);
	for (size_t at = 0; at < n && r == CW_OK; at += part)
		r = api_lines_feed(
		    &lines, text + at, n - at < part ? n - at : part, each, NULL, &err);
	api_lines_free(&lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct api_route *routes;
	struct cw_err err;
	cJSON *body;
	size_t n;

	if (len == 0)
		return 0;
	routes = api_routes(&n);
	if (data[0] % (n + 1) < n) {
		if (api_read_body(&body, routes[data[0] % (n + 1)].body, (const char *)data + 1,
			len - 1, &err) == CW_OK)
			api_body_free(body);
		return 0;
	}
	feed((const char *)data + 1, len - 1, len);
	feed((const char *)data + 1, len - 1, 3);
	return 0;
}
