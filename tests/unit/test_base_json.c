/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What strict JSON takes and what it refuses, and that every refusal says why.
 */
#include <math.h>

#include "test.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

int test_failed;

static const struct {
	const char *name, *text;
	int want;
	const char *says;
} rows[] = {
	{ "object", "{\"a\":1,\"b\":[true,null]} \n", CW_OK, "" },
	{ "scalar", "\"x\"", CW_OK, "" },
	{ "empty", "", CW_EINVAL, "not JSON at byte 0" },
	{ "cut short", "{\"a\":", CW_EINVAL, "not JSON" },
	{ "text behind", "{} {}", CW_EINVAL, "behind the value at byte 3" },
	{ "duplicate", "{\"a\":1,\"a\":2}", CW_EINVAL, "\"a\" appears twice" },
	{ "duplicate deep down", "[{\"x\":{\"a\":1,\"a\":2}}]", CW_EINVAL, "\"a\" appears twice" },
	{ "case is another name", "{\"a\":1,\"A\":2}", CW_OK, "" },
	{ "a control character is no white space", "[1,\x16 2]", CW_EINVAL,
	    "control character at byte 3" },
	{ "white space", "\t[1,\r\n 2]\n", CW_OK, "" },
	{ "escaped NUL", "\"a\\u0000b\"", CW_EINVAL, "NUL character" },
	{ "escaped backslash is no NUL", "\"a\\\\u0000b\"", CW_OK, "" },
	{ "bad UTF-8", "\"\xff\"", CW_EINVAL, "UTF-8" },
	{ "byte order mark", "\xef\xbb\xbf{}", CW_EINVAL, "byte order mark" },
	{ "raw line feed in a string", "\"a\nb\"", CW_EINVAL, "control character" },
	{ "number past double", "[1e999]", CW_EINVAL, "out of range" },
	{ "bracket in a string is no depth", "\"[[[[\"", CW_OK, "" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		const char *test_case = rows[i].name;
		struct cw_err err = { 0 };
		cJSON *v = NULL;

		CHECK_EQ(cw_json_parse(&v, rows[i].text, strlen(rows[i].text), "body", &err),
		    rows[i].want);
		CHECK(strstr(err.text, rows[i].says) != NULL);
		CHECK_EQ(v != NULL, rows[i].want == CW_OK);
		cJSON_Delete(v);
	}
}

static void
test_depth(void)
{
	const char *test_case = "depth";
	struct cw_err err = { 0 };
	char text[2 * CW_JSON_DEPTH_MAX + 3];
	cJSON *v = NULL;

	memset(text, '[', CW_JSON_DEPTH_MAX);
	memset(text + CW_JSON_DEPTH_MAX, ']', CW_JSON_DEPTH_MAX);
	CHECK_EQ(cw_json_parse(&v, text, 2 * CW_JSON_DEPTH_MAX, "body", &err), CW_OK);
	cJSON_Delete(v);
	memset(text, '[', sizeof(text));
	CHECK_EQ(cw_json_parse(&v, text, sizeof(text), "body", &err), CW_ELIMIT);
}

static void
test_members(void)
{
	static const char text[] = "{\"s\":\"x\",\"n\":42,\"f\":1.5,\"t\":true,\"big\":1e300}";
	static const char *const names[] = { "s", "n", "f", "t", NULL };
	const char *test_case = "members", *s = NULL;
	struct cw_err err = { 0 };
	cJSON *v = NULL;
	int64_t n = 0;

	CHECK_EQ(cw_json_parse(&v, text, sizeof(text) - 1, "body", &err), CW_OK);
	CHECK_STR(cw_json_str(v, "s"), "x");
	CHECK(cw_json_str(v, "n") == NULL);
	CHECK(cw_json_str(v, "S") == NULL);
	CHECK(cw_json_int(v, "n", &n));
	CHECK_EQ(n, 42);
	CHECK(!cw_json_int(v, "f", &n));
	CHECK(!cw_json_int(v, "big", &n));
	CHECK(cw_json_true(v, "t"));
	CHECK_EQ(cw_json_need_str(&s, v, "zip", &err), CW_EINVAL);
	CHECK_STR(err.text, "\"zip\" is missing");
	CHECK_EQ(cw_json_only(v, names, "body", &err), CW_EINVAL);
	CHECK_STR(err.text, "body has no member \"big\"");
	cJSON_Delete(v);
}

static void
test_strings_out(void)
{
	const char *test_case = "strings out";
	struct cw_buf b;

	cw_buf_init(&b, 200);
	CHECK_EQ(cw_json_put_str(&b, "a\"b\\c\nd\x01\xc3\xa9", 10), CW_OK);
	CHECK_STR(cw_buf_str(&b), "\"a\\\"b\\\\c\\nd\\u0001\xc3\xa9\"");
	cw_buf_free(&b);
}

/* Texts that come back as they were read, or as the second one. */
static const struct {
	const char *name, *in, *out;
} out_rows[] = {
	{ "nested", "{\"a\":[1,[],{}],\"b\":{\"c\":null}}", NULL },
	{ "words", "[true,false,null]", NULL },
	{ "names are escaped", "{\"a\\\"b\":\"\\n\"}", NULL },
	{ "whole numbers", "[0,-1,42,2147483648,9007199254740991,-9007199254740991]", NULL },
	{ "fractions", "[1.5,0.1,-0.25,3.0000000000000004]", NULL },
	{ "large and small", "[1e300,1e-7,123456789012345680000]",
	    "[1e+300,1e-07,1.2345678901234568e+20]" },
	{ "nothing negative about zero", "[-0,-0.0]", "[0,0]" },
};

static void
test_values_out(void)
{
	const char *test_case = "values out";
	struct cw_err err = { 0 };
	struct cw_buf b;
	cJSON *v;

	for (size_t i = 0; i < CW_COUNT(out_rows); i++) {
		test_case = out_rows[i].name;
		cw_buf_init(&b, 4096);
		CHECK_EQ(cw_json_parse(&v, out_rows[i].in, strlen(out_rows[i].in), "row", &err), 0);
		CHECK_EQ(cw_json_put(&b, v), CW_OK);
		CHECK_STR(
		    cw_buf_str(&b), out_rows[i].out != NULL ? out_rows[i].out : out_rows[i].in);
		cw_buf_free(&b);
		test_case = "no room: nothing is put";
		cw_buf_init(&b, 8);
		CHECK_EQ(cw_buf_puts(&b, "abcd"), CW_OK);
		CHECK_EQ(cw_json_put(&b, v), CW_ELIMIT);
		CHECK_STR(cw_buf_str(&b), "abcd");
		cw_buf_free(&b);
		cJSON_Delete(v);
	}
	v = cJSON_CreateNumber((double)INFINITY);
	test_case = "not a number";
	cw_buf_init(&b, 10);
	CHECK_EQ(cw_json_put(&b, v), CW_OK);
	CHECK_STR(cw_buf_str(&b), "null");
	cw_buf_free(&b);
	cJSON_Delete(v);
}

int
main(void)
{
	test_rows();
	test_values_out();
	test_depth();
	test_members();
	test_strings_out();
	return test_failed;
}
