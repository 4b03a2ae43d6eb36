/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent's output, line by line: every row whole, and then byte by byte.
 */
#include <stdlib.h>

#include "api/lines.h"
#include "base/err.h"
#include "test.h"

int test_failed;

static const struct {
	const char *name, *text;
	int want;
	const char *seen; /* kind and value of each line */
	const char *says;
} rows[] = {
	{ "one of each",
	    "{\"output\":{\"a\":1}}\n{\"error\":{\"message\":\"no\"}}\n{\"warning\":\"w\"}\n",
	    CW_OK, "0{\"a\":1} 1{\"message\":\"no\"} 2\"w\" ", "" },
	{ "other kinds", "{\"verbose\":\"v\"}\n{\"a:b\":{}}\n", CW_OK, "3 3 ", "" },
	{ "white space", " { \"output\" : [1, 2] } \n", CW_OK, "0 [1, 2]  ", "" },
	{ "braces and colons in texts", "{\"output\":\"}:{\"}\n", CW_OK, "0\"}:{\" ", "" },
	{ "null", "{\"output\":null}\n", CW_OK, "0null ", "" },
	{ "an empty line", "\n{\"output\":1}\n", CW_OK, "01 ", "" },
	{ "a line without its end", "{\"output\":1}\n{\"output\":2}", CW_OK, "01 ", "" },
	{ "not JSON", "{\"output\":1}\noops\n", CW_EPROTO, "01 ", "not JSON" },
	{ "two values in a line", "{\"output\":1},{\"output\":2}\n", CW_EPROTO, "", "more text" },
	{ "two members", "{\"output\":1,\"state\":\"succeeded\"}\n", CW_EPROTO, "", "one member" },
	{ "out of the list", "{\"output\":1],\"state\":[2}\n", CW_EPROTO, "", "not JSON" },
	{ "no object", "[1]\n", CW_EPROTO, "", "one member" },
	{ "an empty object", "{}\n", CW_EPROTO, "", "one member" },
	{ "not UTF-8", "{\"output\":\"\xff\"}\n", CW_EPROTO, "", "UTF-8" },
};

static int
each(void *arg, enum api_line kind, const char *value, size_t value_n, const char *line,
    size_t line_n, struct cw_err *err)
{
	struct cw_buf *seen = arg;

	(void)line, (void)line_n, (void)err;
	return cw_buf_printf(
	    seen, "%d%.*s ", (int)kind, kind == API_OTHER ? 0 : (int)value_n, value);
}

int
main(void)
{
	const char *test_case = "";
	struct api_lines lines;
	struct cw_buf seen;
	struct cw_err err;
	size_t n;
	char *large;

	cw_buf_init(&seen, 4096);
	for (size_t i = 0; i < CW_COUNT(rows); i++)
		for (size_t part = strlen(rows[i].text); part > 0; part = part > 1 ? 1 : 0) {
			int r = CW_OK;

			test_case = rows[i].name;
			err = (struct cw_err){ 0 };
			cw_buf_clear(&seen);
			api_lines_init(&lines);
			n = strlen(rows[i].text);
			for (size_t at = 0; at < n && r == CW_OK; at += part)
				r = api_lines_feed(
				    &lines, rows[i].text + at, part, each, &seen, &err);
			CHECK_EQ(r, rows[i].want);
			CHECK_STR(cw_buf_str(&seen), rows[i].seen);
			CHECK(strstr(err.text, rows[i].says) != NULL);
			api_lines_free(&lines);
		}
	test_case = "a line that is too long";
	api_lines_init(&lines);
	large = calloc(1, API_LINE_MAX + 1);
	memset(large, ' ', API_LINE_MAX + 1);
	CHECK_EQ(api_lines_feed(&lines, large, API_LINE_MAX + 1, each, &seen, &err), CW_ELIMIT);
	api_lines_free(&lines);
	free(large);
	cw_buf_free(&seen);
	return test_failed;
}
