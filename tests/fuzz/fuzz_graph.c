/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Graph and the token endpoint say when they refuse: any JSON becomes one clean line.
 * First byte: the status; the rest: the body, and the value of a header or a link.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "graph/http.h"
#include "graph/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
clean(const struct cw_err *err)
{
	assert(err->code < 0 && cw_utf8_valid(err->text, strlen(err->text)));
	for (const char *c = err->text; *c != '\0'; c++)
		assert((unsigned char)*c >= ' ');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct cw_buf origin;
	struct cw_err err = { 0 };
	cJSON *body = NULL;
	char *text;
	long status;
	int64_t ms;

	if (n == 0 || (text = cw_strndup((const char *)data + 1, n - 1)) == NULL)
		return 0;
	status = 300 + data[0];
	(void)cw_json_parse(&body, (const char *)data + 1, n - 1, "body", NULL);
	(void)cw_graph_error(&err, status, body, data[0] & 1);
	clean(&err);
	(void)cw_graph_token_error(&err, status, body);
	clean(&err);
	ms = cw_graph_retry_after(text, 1700000000000);
	assert(ms >= -1 && ms <= CW_GRAPH_RETRY_AFTER_MAX_MS);
	cw_buf_init(&origin, 1024);
	if (cw_http_origin(&origin, text, "link", NULL) == CW_OK)
		assert(cw_starts_with(cw_buf_str(&origin), "https://"));
	cw_buf_free(&origin);
	cJSON_Delete(body);
	free(text);
	return 0;
}
