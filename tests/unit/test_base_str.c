/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text encodings: vectors of RFC 4648, Unicode's table of well-formed sequences.
 */
#include "test.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

int test_failed;

static const struct {
	const char *bytes, *text;
} base64_rows[] = { /* RFC 4648 section 10 */
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" }, { "\xfb\xff", "+/8=" }
};

static const struct {
	const char *name, *text;
} base64_bad_rows[] = {
	{ "length not a multiple of four", "Zg=" },
	{ "padding alone", "====" },
	{ "padding inside", "Zg==Zg==" },
	{ "white space", "Zm9 " },
	{ "url alphabet", "-_8=" },
	{ "stray bits", "Zh==" },
	{ "one character left", "Zm9vY===" },
};

static const struct {
	const char *name, *text;
	int valid;
} utf8_rows[] = {
	{ "ascii", "abc", 1 },
	{ "two to four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 1 },
	{ "overlong slash", "\xc0\xaf", 0 },
	{ "overlong three", "\xe0\x80\xaf", 0 },
	{ "surrogate", "\xed\xa0\x80", 0 },
	{ "past the last", "\xf4\x90\x80\x80", 0 },
	{ "cut short", "a\xe2\x82", 0 },
	{ "lone continuation", "\x80", 0 },
};

static const struct {
	const char *name, *text, *flat;
	int line;
} line_rows[] = {
	{ "plain", "Zo\xc3\xab, \xe6\x9d\xb1 \xf0\x9f\x98\x80", NULL, 1 },
	{ "nothing", "", NULL, 1 },
	{ "a no-break space",
	    "a\xc2\xa0"
	    "b",
	    NULL, 1 },
	{ "a mark of direction",
	    "\xe2\x80\x8f"
	    "b",
	    NULL, 1 },
	{ "an escape sequence", "\033[31m", "_[31m", 0 },
	{ "its 8-bit form",
	    "\xc2\x9b"
	    "31m",
	    "__31m", 0 },
	{ "DEL", "a\x7f", "a_", 0 },
	{ "two lines", "a\r\nb", "a__b", 0 },
	{ "two lines, as Unicode has them",
	    "a\xe2\x80\xa8"
	    "b",
	    "a___b", 0 },
	{ "turned writing",
	    "\xe2\x80\xae"
	    "exe",
	    "___exe", 0 },
	{ "an isolate",
	    "\xe2\x81\xa6"
	    "a",
	    "___a", 0 },
	{ "not UTF-8",
	    "\xff"
	    "a\xe2\x82",
	    "?a??", 0 },
};

static void
test_lines(void)
{
	for (size_t i = 0; i < CW_COUNT(line_rows); i++) {
		const char *test_case = line_rows[i].name, *text = line_rows[i].text;
		char flat[64];

		CHECK_EQ(cw_utf8_is_line(text, strlen(text)), line_rows[i].line);
		(void)snprintf(flat, sizeof(flat), "%s", text);
		cw_utf8_flatten(flat, '_');
		CHECK_STR(flat, line_rows[i].flat != NULL ? line_rows[i].flat : text);
	}
}

static void
test_base64(void)
{
	for (size_t i = 0; i < CW_COUNT(base64_rows); i++) {
		const char *test_case = base64_rows[i].text;
		struct cw_buf b;

		cw_buf_init(&b, 100);
		CHECK_EQ(cw_base64_put(&b, base64_rows[i].bytes, strlen(base64_rows[i].bytes)), 0);
		CHECK_STR(cw_buf_str(&b), base64_rows[i].text);
		cw_buf_clear(&b);
		CHECK_EQ(cw_base64_get(&b, base64_rows[i].text, strlen(base64_rows[i].text)), 0);
		CHECK_STR(cw_buf_str(&b), base64_rows[i].bytes);
		cw_buf_free(&b);
	}
	for (size_t i = 0; i < CW_COUNT(base64_bad_rows); i++) {
		const char *test_case = base64_bad_rows[i].name, *text = base64_bad_rows[i].text;
		struct cw_buf b;

		cw_buf_init(&b, 100);
		CHECK_EQ(cw_base64_get(&b, text, strlen(text)), CW_EINVAL);
		CHECK_EQ(cw_buf_left(&b), 0);
		cw_buf_free(&b);
	}
}

static void
test_base64_all(void)
{
	const char *test_case = "every length, and every wrong character at every place";
	uint8_t bytes[64];
	struct cw_buf text, got;

	cw_buf_init(&text, 256);
	cw_buf_init(&got, 256);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 89 + 7);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		cw_buf_clear(&text);
		cw_buf_clear(&got);
		CHECK_EQ(cw_base64_put(&text, bytes, n), 0);
		CHECK_EQ(cw_buf_left(&text), (n + 2) / 3 * 4);
		CHECK_EQ(cw_base64_get(&got, cw_buf_str(&text), cw_buf_left(&text)), 0);
		CHECK(cw_buf_left(&got) == n && memcmp(cw_buf_peek(&got), bytes, n) == 0);
	}
	for (size_t at = 0; at < 8; at++)
		for (int c = 0; c < 256; c++) {
			char word[] = "AAAAAAAA";

			word[at] = (char)c;
			cw_buf_clear(&got);
			CHECK_EQ(cw_base64_get(&got, word, 8) == 0,
			    (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
				(c >= '0' && c <= '9') || c == '+' || c == '/' ||
				(c == '=' && at == 7));
		}
	cw_buf_free(&text);
	cw_buf_free(&got);
}

static void
test_base64url(void)
{
	const char *test_case = "base64url has no padding";
	struct cw_buf b;

	cw_buf_init(&b, 100);
	CHECK_EQ(cw_base64url_put(&b, "\xfb\xff", 2), 0);
	CHECK_STR(cw_buf_str(&b), "-_8");
	cw_buf_clear(&b);
	CHECK_EQ(cw_base64url_get(&b, "-_8", 3), 0);
	CHECK_EQ(memcmp(cw_buf_peek(&b), "\xfb\xff", 2), 0);
	CHECK_EQ(cw_base64url_get(&b, "-_8=", 4), CW_EINVAL);
	cw_buf_free(&b);
}

static void
test_utf8(void)
{
	for (size_t i = 0; i < CW_COUNT(utf8_rows); i++) {
		const char *test_case = utf8_rows[i].name;

		CHECK_EQ(cw_utf8_valid(utf8_rows[i].text, strlen(utf8_rows[i].text)),
		    utf8_rows[i].valid);
	}

	const char *test_case = "cut keeps whole characters";

	CHECK_EQ(cw_utf8_cut("a\xe2\x82\xac"
			     "b",
		     4),
	    4);
	CHECK_EQ(cw_utf8_cut("a\xe2\x82\xac"
			     "b",
		     3),
	    1);
	CHECK_EQ(cw_utf8_cut("a\xe2\x82\xac"
			     "b",
		     2),
	    1);
	CHECK_EQ(cw_utf8_cut("", 0), 0);
}

static void
test_utf8_put(void)
{
	const char *test_case = "code points as UTF-8";
	struct cw_buf b;

	cw_buf_init(&b, 100);
	CHECK_EQ(cw_utf8_put(&b, 'a'), 0);
	CHECK_EQ(cw_utf8_put(&b, 0xe9), 0);
	CHECK_EQ(cw_utf8_put(&b, 0x20ac), 0);
	CHECK_EQ(cw_utf8_put(&b, 0x1f600), 0);
	CHECK_STR(cw_buf_str(&b), "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	CHECK_EQ(cw_utf8_put(&b, 0xd800), CW_EINVAL);
	CHECK_EQ(cw_utf8_put(&b, 0x110000), CW_EINVAL);
	cw_buf_free(&b);
}

static void
test_uuid(void)
{
	const char *test_case = "uuid there and back";
	const char *text = "00112233-4455-6677-8899-aabbccddeeff";
	char again[CW_UUID_TEXT];
	uint8_t uuid[16];

	CHECK_EQ(cw_uuid_parse(uuid, text, 36), 0);
	cw_uuid_text(again, uuid);
	CHECK_STR(again, text);
	cw_uuid_swap(uuid);
	cw_uuid_text(again, uuid);
	CHECK_STR(again, "33221100-5544-7766-8899-aabbccddeeff");
	CHECK_EQ(cw_uuid_parse(uuid, "{0112233-4455-6677-8899-aabbccddeeff", 36), CW_EINVAL);
	CHECK_EQ(cw_uuid_parse(uuid, text, 35), CW_EINVAL);
}

static void
test_compare(void)
{
	const char *test_case = "comparisons";

	CHECK(cw_strcaseeq("Get-ADUser", "get-aduser"));
	CHECK(!cw_strcaseeq("Get-ADUser", "get-aduse"));
	CHECK(!cw_strcaseeq(NULL, "a"));
	CHECK(cw_streq(NULL, NULL));
	CHECK(cw_const_eq("abc", "abd", 2));
	CHECK(!cw_const_eq("abc", "abd", 3));
	CHECK(cw_starts_with("https://x", "https://"));
}

static void
test_hosts(void)
{
	static const struct {
		const char *name;
		bool want;
	} hosts[] = { { "dc1", true }, { "dc1.lab.test", true }, { "127.0.0.2", true },
		{ "xn--dc-1.test", true }, { "", false }, { ".", false }, { "dc1.", false },
		{ ".dc1", false }, { "-dc1", false }, { "dc1-", false }, { "a..b", false },
		{ "a.-b", false }, { "a-.b", false }, { "dc1:389", false }, { "dc 1", false },
		{ "dc1/x", false }, { "d\xc3\xa9", false }, { "\\\\dc1", false } };

	for (size_t i = 0; i < CW_COUNT(hosts); i++) {
		const char *test_case = hosts[i].name;

		CHECK_EQ(cw_is_host(hosts[i].name), hosts[i].want);
	}
}

int
main(void)
{
	test_base64();
	test_lines();
	test_base64_all();
	test_base64url();
	test_utf8();
	test_utf8_put();
	test_uuid();
	test_compare();
	test_hosts();
	return test_failed;
}
