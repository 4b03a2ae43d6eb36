/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reason travels whole, or cut at a character; every code has its words.
 */
#include "test.h"
#include "base/err.h"
#include "base/str.h"

int test_failed;

int
main(void)
{
	const char *test_case = "text and code";
	static const char *const lines[][2] = {
		{ "a\nb\r\tc\x7f", "a b  c " },
		{ "\xc2\x9b"
		  "31m",
		    "  31m" }, /* a terminal's 8-bit escape */
		{ "\xe2\x80\xae"
		  "exe",
		    "   exe" }, /* turned writing */
		{ "\xff\xfe", "??" },
		{ "half \xe2\x82", "half ??" },
		{ "half \xe2\x82.", "half ??." },
		{ "\xed\xa0\x80 surrogate", "??? surrogate" },
		{ "\xf0\x9f\x98\x80 \xe2\x82\xac \xc3\xa4",
		    "\xf0\x9f\x98\x80 \xe2\x82\xac \xc3\xa4" },
	};
	struct cw_err err = { 0 };
	char longer[2 * CW_ERR_TEXT_MAX];

	CHECK_EQ(cw_fail(&err, CW_ELIMIT, "%d of %d", 5, 4), CW_ELIMIT);
	CHECK_STR(err.text, "5 of 4");
	CHECK_EQ(cw_fail(NULL, CW_EPROTO, "nobody listens"), CW_EPROTO);

	test_case = "cut at a whole character";
	for (size_t i = 0; i + 3 < sizeof(longer); i += 3)
		memcpy(longer + i, "\xe2\x82\xac", 4);
	cw_fail(&err, CW_EINVAL, "x%s", longer);
	CHECK(cw_utf8_valid(err.text, strlen(err.text)));
	CHECK(strlen(err.text) > CW_ERR_TEXT_MAX - 5);

	test_case = "other people's bytes become one line of UTF-8";
	for (size_t i = 0; i < CW_COUNT(lines); i++) {
		cw_fail(&err, CW_EINVAL, "%s", lines[i][0]);
		CHECK_STR(err.text, lines[i][1]);
	}

	test_case = "every code has words";
	for (int code = CW_EUNKNOWN; code < 0; code++) {
		CHECK(strcmp(cw_strerror(code), "unknown error") != 0);
		CHECK(strcmp(cw_errname(code), "internal") != 0);
		CHECK_EQ(cw_errcode(cw_errname(code)), code);
	}
	CHECK_EQ(cw_errcode("dance"), CW_EFAILED);
	CHECK_EQ(cw_errcode(NULL), CW_EFAILED);
	return test_failed;
}
