/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NDJSON of a command: each row whole, then byte by byte.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "route/output.h"
#include "test.h"

int test_failed;
const char *test_case = "";

#define MAX 64

static const struct row {
	const char *name, *text;
	size_t outputs, warnings, errors;
	const char *values; /* as JSON */
	const char *errors_json; /* or NULL */
	bool cut;
} rows[] = {
	{ "nothing", "", 0, 0, 0, "[]", NULL, false },
	{ "two values", "{\"output\":1}\n{\"output\":{\"a\":\"b\"}}\n", 2, 0, 0,
	    "[1,{\"a\":\"b\"}]", NULL, false },
	{ "a last line without its end", "{\"output\":1}\n{\"output\":2}", 2, 0, 0, "[1,2]", NULL,
	    false },
	{ "a last line that is not whole", "{\"output\":1}\n{\"output\":[2", 2, 0, 0, "[1]", NULL,
	    false },
	{ "another spelling", "{ \"output\" : 7 }\n", 1, 0, 0, "[7]", NULL, false },
	{ "null is a value", "{\"output\":null}\n", 1, 0, 0, "[null]", NULL, false },
	{ "what has no name here", "{\"verbose\":\"x\"}\n{\"progress\":{}}\n{\"outputs\":1}\n", 0,
	    0, 0, "[]", NULL, false },
	{ "a warning", "{\"warning\":\"slow\"}\n", 0, 1, 0, "[]", NULL, false },
	{ "an error, with what is known of it",
	    "{\"error\":{\"message\":\"no\",\"error_id\":\"E\",\"target\":{\"x\":1},\"category\":7}"
	    "}\n",
	    0, 0, 1, "[]", "[{\"message\":\"no\",\"error_id\":\"E\"}]", false },
	{ "an error that is no object", "{\"error\":\"no\"}\n", 0, 0, 1, "[]", NULL, false },
	{ "not JSON", "nonsense\n{\"output\":\n\n{\"error\"\n", 1, 0, 0, "[]", NULL, false },
	{ "shorter than a name", "{}\n1\n{\"output\":3}\n", 1, 0, 0, "[3]", NULL, false },
	{ "more than is kept: whole lines alone",
	    "{\"output\":\"0123456789012345678901234567\"}\n{\"output\":"
	    "\"0123456789012345678901234567\"}\n"
	    "{\"output\":1}\n",
	    3, 0, 0, "[\"0123456789012345678901234567\"]", NULL, true },
	{ "one line that is too long",
	    "{\"output\":"
	    "\"0123456789012345678901234567890123456789012345678901234567890123456789\"}\n",
	    1, 0, 0, "[]", NULL, true },
};

static void
check_json(const cJSON *value, const char *want)
{
	char *text = value != NULL ? cJSON_PrintUnformatted(value) : NULL;

	CHECK_STR(text, want);
	cJSON_free(text);
}

static void
run(const struct row *row, size_t part)
{
	size_t n = strlen(row->text);
	struct route_output o;
	cJSON *values;

	route_output_init(&o, MAX);
	for (size_t at = 0; at < n; at += part)
		route_output_feed(&o, row->text + at, n - at < part ? n - at : part);
	route_output_end(&o);
	CHECK_EQ(o.outputs, row->outputs);
	CHECK_EQ(o.warning_n, row->warnings);
	CHECK_EQ(o.error_n, row->errors);
	CHECK_EQ(o.cut, row->cut);
	values = route_output_values(&o);
	check_json(values, row->values);
	check_json(o.errors, row->errors_json);
	cJSON_Delete(values);
	route_output_free(&o);
}

/* Errors without end are counted, and the first are kept, with bounded texts. */
static void
test_many(void)
{
	static const char line[] = "{\"error\":{\"message\":\"";
	char *text = malloc(ROUTE_LINE_MAX);
	struct route_output o;

	test_case = "errors without end";
	memset(text, 'x', ROUTE_LINE_MAX);
	route_output_init(&o, MAX);
	for (unsigned i = 0; i < 3 * ROUTE_ERRORS_MAX; i++) {
		route_output_feed(&o, line, sizeof(line) - 1);
		route_output_feed(&o, text, 2 * ROUTE_WORDS_MAX);
		route_output_feed(&o, "\"}}\n", 4);
	}
	CHECK_EQ(o.error_n, 3 * ROUTE_ERRORS_MAX);
	CHECK_EQ(cJSON_GetArraySize(o.errors), ROUTE_ERRORS_MAX);
	CHECK_EQ(strlen(cw_json_str(o.errors->child, "message")), ROUTE_WORDS_MAX);
	test_case = "an error too long to look at is passed over, and the next line is read";
	route_output_feed(&o, line, sizeof(line) - 1);
	for (unsigned i = 0; i < 3; i++)
		route_output_feed(&o, text, ROUTE_LINE_MAX);
	route_output_feed(&o, "\"}}\n{\"output\":1}\n", 17);
	CHECK_EQ(o.error_n, 3 * ROUTE_ERRORS_MAX);
	CHECK_EQ(o.outputs, 1);
	route_output_free(&o);
	free(text);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		run(&rows[i], strlen(rows[i].text) + 1);
		run(&rows[i], 1);
		run(&rows[i], 7);
	}
	test_many();
	return test_failed;
}
