/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream that may end in a result, in parts as the first byte says; its last line is
 * the answer. However it is cut, the same passes.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "agents/result.h"
#include "base/err.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
pass(void *arg, const char *text, size_t n)
{
	assert(cw_buf_put(arg, text, n) == CW_OK);
}

static int
run(struct cw_buf *passed, cJSON **ret, const char *text, size_t n, size_t step,
    const cJSON *answer)
{
	struct agents_result r;
	struct cw_err err = { 0 };
	int code;

	agents_result_init(&r);
	for (size_t at = 0; at < n; at += step)
		agents_result_feed(&r, text + at, step < n - at ? step : n - at, pass, passed);
	agents_result_end(&r, pass, passed);
	code = agents_result_take(&r, ret, answer, &err);
	assert(code == err.code && (code == CW_OK || *ret == NULL));
	agents_result_free(&r);
	return code;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data + 1;
	cJSON *answer = NULL, *one, *other;
	struct cw_buf whole, parts;
	size_t n;

	if (len < 2)
		return 0;
	for (n = len - 1; n > 0 && text[n - 1] != '\n'; n--)
		;
	if (cw_json_parse(&answer, text + n, len - 1 - n, "answer", NULL) < 0)
		answer = NULL;
	cw_buf_init(&whole, len);
	cw_buf_init(&parts, len);
	assert(run(&whole, &one, text, n, n + 1, answer) ==
	    run(&parts, &other, text, n, (size_t)data[0] % 16 + 1, answer));
	assert(cw_buf_left(&whole) == cw_buf_left(&parts) &&
	    memcmp(cw_buf_peek(&whole), cw_buf_peek(&parts), cw_buf_left(&whole)) == 0);
	assert((one == NULL) == (other == NULL));
	cJSON_Delete(one);
	cJSON_Delete(other);
	cJSON_Delete(answer);
	cw_buf_free(&whole);
	cw_buf_free(&parts);
	return 0;
}
