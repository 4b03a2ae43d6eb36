/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 8785 by its own examples (sections 3.2.2 to 3.2.4, appendix B), and that the
 * text says the same as before when it is read again.
 */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "test.h"
#include "base/buf.h"
#include "base/canonical.h"
#include "base/err.h"
#include "base/json.h"

int test_failed;
const char *test_case = "";

/* Appendix B: IEEE 754 to ECMAScript. */
static const struct {
	uint64_t bits;
	const char *want;
} numbers[] = {
	{ 0x0000000000000000, "0" },
	{ 0x8000000000000000, "0" },
	{ 0x0000000000000001, "5e-324" },
	{ 0x8000000000000001, "-5e-324" },
	{ 0x7fefffffffffffff, "1.7976931348623157e+308" },
	{ 0xffefffffffffffff, "-1.7976931348623157e+308" },
	{ 0x4340000000000000, "9007199254740992" },
	{ 0xc340000000000000, "-9007199254740992" },
	{ 0x4430000000000000, "295147905179352830000" },
	{ 0x44b52d02c7e14af5, "9.999999999999997e+22" },
	{ 0x44b52d02c7e14af6, "1e+23" },
	{ 0x44b52d02c7e14af7, "1.0000000000000001e+23" },
	{ 0x444b1ae4d6e2ef4e, "999999999999999700000" },
	{ 0x444b1ae4d6e2ef4f, "999999999999999900000" },
	{ 0x444b1ae4d6e2ef50, "1e+21" },
	{ 0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7" },
	{ 0x3eb0c6f7a0b5ed8d, "0.000001" },
	{ 0x41b3de4355555553, "333333333.3333332" },
	{ 0x41b3de4355555554, "333333333.33333325" },
	{ 0x41b3de4355555555, "333333333.3333333" },
	{ 0x41b3de4355555556, "333333333.3333334" },
	{ 0x41b3de4355555557, "333333333.33333343" },
	{ 0xbecbf647612f3696, "-0.0000033333333333333333" },
	{ 0x43143ff3c1cb0959, "1424953923781206.2" },
	/* not in the RFC: the shortest is not the nearest of its length to be rounded to (2^-24) */
	{ 0x3e70000000000000, "5.960464477539063e-8" },
	{ 0x0010000000000000, "2.2250738585072014e-308" },
};

static void
test_numbers(void)
{
	for (size_t i = 0; i < CW_COUNT(numbers); i++) {
		char text[CW_CANONICAL_NUMBER];
		double v;

		test_case = numbers[i].want;
		memcpy(&v, &numbers[i].bits, sizeof(v));
		cw_canonical_number(text, v);
		CHECK_STR(text, numbers[i].want);
	}
}

/* Any double reads back as itself, bit for bit but for the sign of zero. */
static void
test_random_numbers(void)
{
	uint64_t x = 0x9e3779b97f4a7c15;

	test_case = "random numbers";
	for (int i = 0; i < 20000; i++) {
		char text[CW_CANONICAL_NUMBER];
		double v, again;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(&v, &x, sizeof(v));
		if (!(fabs(v) <= DBL_MAX))
			continue;
		cw_canonical_number(text, v);
		again = strtod(text, NULL);
		CHECK(memcmp(&again, &v, sizeof(v)) == 0);
	}
}

static const struct {
	const char *name, *text, *want;
} rows[] = {
	{ "section 3.2.2",
	    "{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],"
	    "\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
	    "\"literals\": [null, true, false]}",
	    "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
	    "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}" },
	{ "section 3.2.3",
	    "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter "
	    "Dalet With "
	    "Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning "
	    "Face\",\"\\u0080\":\"Control\","
	    "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
	    "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
	    "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
	    "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
	    "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}" },
	{ "escapes", "\"\\u0008\\u0009\\u000a\\u000c\\u000d\\u001f\\u007f\\/\"",
	    "\"\\b\\t\\n\\f\\r\\u001f\x7f/\"" },
	{ "order of arrays stays", "[ 3 , 1 , { } , [ ] ]", "[3,1,{},[]]" },
	{ "a name is before those it begins", "{\"ab\":1,\"a\":2,\"\":3}",
	    "{\"\":3,\"a\":2,\"ab\":1}" },
	{ "capitals first", "{\"b\":1,\"B\":2}", "{\"B\":2,\"b\":1}" },
	{ "deep down too", "[{\"z\":{\"d\":1,\"c\":-0}}]", "[{\"z\":{\"c\":0,\"d\":1}}]" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct cw_buf once, twice;
		cJSON *v = NULL;

		test_case = rows[i].name;
		cw_buf_init(&once, 4096);
		cw_buf_init(&twice, 4096);
		CHECK_EQ(cw_json_parse(&v, rows[i].text, strlen(rows[i].text), "row", NULL), CW_OK);
		CHECK_EQ(cw_json_put_canonical(&once, v), CW_OK);
		CHECK_STR(cw_buf_str(&once), rows[i].want);
		cJSON_Delete(v);
		v = NULL;
		CHECK_EQ(
		    cw_json_parse(&v, cw_buf_str(&once), cw_buf_left(&once), "again", NULL), CW_OK);
		CHECK_EQ(cw_json_put_canonical(&twice, v), CW_OK);
		CHECK_STR(cw_buf_str(&twice), rows[i].want);
		cJSON_Delete(v);
		cw_buf_free(&once);
		cw_buf_free(&twice);
	}
}

/* What has no canonical text leaves the buffer as it was. */
static void
refused(const char *name, cJSON *v)
{
	struct cw_buf b;

	test_case = name;
	cw_buf_init(&b, 4096);
	CHECK_EQ(cw_buf_puts(&b, "x"), CW_OK);
	CHECK_EQ(cw_json_put_canonical(&b, v), CW_EINVAL);
	CHECK_STR(cw_buf_str(&b), "x");
	cw_buf_free(&b);
	cJSON_Delete(v);
}

static void
test_refused(void)
{
	cJSON *twice = cJSON_CreateObject(), *deep = cJSON_CreateArray();

	cJSON_AddNullToObject(twice, "a");
	cJSON_AddNullToObject(twice, "a");
	for (int i = 0; i < CW_JSON_DEPTH_MAX; i++) {
		cJSON *outer = cJSON_CreateArray();

		cJSON_AddItemToArray(outer, deep);
		deep = outer;
	}
	refused("infinity", cJSON_CreateNumber(INFINITY));
	refused("no number", cJSON_CreateNumber(NAN));
	refused("a name twice", twice);
	refused("too deep", deep);
	refused("no UTF-8", cJSON_CreateString("\xff"));
	refused("raw text", cJSON_CreateRaw("1"));
}

int
main(void)
{
	test_numbers();
	test_random_numbers();
	test_rows();
	test_refused();
	return test_failed;
}
