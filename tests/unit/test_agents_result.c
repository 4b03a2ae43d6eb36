/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A result in the stream: each row whole, and byte by byte.
 */
#include <stdio.h>
#include <stdlib.h>

#include "test.h"
#include "agents/result.h"
#include "base/err.h"
#include "base/json.h"
#include "wire/channel.h"

int test_failed;
const char *test_case = "";

static const struct {
	const char *name, *stream, *answer;
	const char *passes; /* what is not the result */
	int code;
	const char *result; /* NULL: the answer is it */
} rows[] = {
	{ "none", "", "{\"state\":\"done\"}", "", CW_OK, NULL },
	{ "lines, and none", "{\"output\":1}\n{\"output\":2}\n", "{\"state\":\"done\"}",
	    "{\"output\":1}\n{\"output\":2}\n", CW_OK, NULL },
	{ "alone", "{\"result\":{\"a\":1}}\n", "{\"streamed\":19}", "", CW_OK, "{\"a\":1}" },
	{ "behind lines", "{\"output\":1}\n{\"result\":{\"a\":1}}\n", "{\"streamed\":19}",
	    "{\"output\":1}\n", CW_OK, "{\"a\":1}" },
	{ "a word that begins like it", "{\"resuming\":1}\n{\"output\":1}\n", "{}",
	    "{\"resuming\":1}\n{\"output\":1}\n", CW_OK, NULL },
	{ "a line that does not end", "{\"output\":1}\n{\"resu", "{}", "{\"output\":1}\n{\"resu",
	    CW_OK, NULL },
	{ "in a text", "{\"output\":\"{\\\"result\\\":1}\"}\n", "{}",
	    "{\"output\":\"{\\\"result\\\":1}\"}\n", CW_OK, NULL },
	{ "not at a line's beginning", " {\"result\":{}}\n", "{}", " {\"result\":{}}\n", CW_OK,
	    NULL },
	{ "that no answer names", "{\"result\":{\"a\":1}}\n", "{\"state\":\"done\"}", "", CW_EPROTO,
	    NULL },
	{ "that did not come", "{\"output\":1}\n", "{\"streamed\":19}", "{\"output\":1}\n",
	    CW_EPROTO, NULL },
	{ "of another length", "{\"result\":{\"a\":1}}\n", "{\"streamed\":20}", "", CW_EPROTO,
	    NULL },
	{ "without its end", "{\"result\":{\"a\":1}}", "{\"streamed\":18}", "", CW_EPROTO, NULL },
	{ "twice", "{\"result\":{\"a\":1}}\n{\"result\":{\"a\":1}}\n", "{\"streamed\":19}", "",
	    CW_EPROTO, NULL },
	{ "with something behind it", "{\"result\":{\"a\":1}}\n{\"output\":1}\n",
	    "{\"streamed\":19}", "", CW_EPROTO, NULL },
	{ "no JSON", "{\"result\":{\"a\":1\n", "{\"streamed\":17}", "", CW_EPROTO, NULL },
	{ "no object", "{\"result\":[1]}\n", "{\"streamed\":15}", "", CW_EPROTO, NULL },
	{ "and another member", "{\"result\":{},\"x\":1}\n", "{\"streamed\":20}", "", CW_EPROTO,
	    NULL },
	{ "a length that is none", "{\"result\":{}}\n", "{\"streamed\":\"14\"}", "", CW_EPROTO,
	    NULL },
};

static void
pass(void *arg, const char *text, size_t n)
{
	CHECK(n > 0);
	CHECK_EQ(cw_buf_put(arg, text, n), CW_OK);
}

/* step 0: all at once. */
static void
run(size_t i, size_t step)
{
	const char *text = rows[i].stream;
	size_t n = strlen(text), part;
	struct agents_result r;
	struct cw_err err = { 0 };
	struct cw_buf passed;
	cJSON *answer = cJSON_Parse(rows[i].answer), *result = NULL;
	char *shown;

	test_case = rows[i].name;
	cw_buf_init(&passed, 1024);
	agents_result_init(&r);
	for (size_t at = 0; at < n; at += part) {
		part = step == 0 || step > n - at ? n - at : step;
		agents_result_feed(&r, text + at, part, pass, &passed);
	}
	agents_result_end(&r, pass, &passed);
	CHECK_STR(cw_buf_str(&passed), rows[i].passes);
	CHECK_EQ(agents_result_take(&r, &result, answer, &err), rows[i].code);
	CHECK_EQ(err.code, rows[i].code);
	shown = result != NULL ? cJSON_PrintUnformatted(result) : NULL;
	CHECK_EQ(shown != NULL, rows[i].result != NULL);
	if (shown != NULL && rows[i].result != NULL)
		CHECK_STR(shown, rows[i].result);
	cJSON_free(shown);
	cJSON_Delete(result);
	cJSON_Delete(answer);
	cw_buf_free(&passed);
	agents_result_free(&r);
}

static void
test_too_long(void)
{
	static char x[65536];
	struct agents_result r;
	struct cw_err err;
	struct cw_buf passed;
	cJSON *answer = cJSON_Parse("{\"streamed\":30000000}"), *result;

	test_case = "longer than any result";
	memset(x, 'x', sizeof(x));
	cw_buf_init(&passed, 1024);
	agents_result_init(&r);
	agents_result_feed(&r, "{\"result\":", 10, pass, &passed);
	for (size_t n = 0; n < CW_WIRE_RESULT_MAX + 2 * sizeof(x); n += sizeof(x))
		agents_result_feed(&r, x, sizeof(x), pass, &passed);
	CHECK_EQ(r.line.cap, 0);
	agents_result_feed(&r, "\n", 1, pass, &passed);
	CHECK_EQ(agents_result_take(&r, &result, answer, &err), CW_EPROTO);
	CHECK_EQ(cw_buf_left(&passed), 0);
	cJSON_Delete(answer);
	cw_buf_free(&passed);
	agents_result_free(&r);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++)
		for (size_t step = 0; step < 12; step++)
			run(i, step);
	test_too_long();
	return test_failed;
}
