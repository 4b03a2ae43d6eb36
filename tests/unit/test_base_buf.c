/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded buffer: what is put comes out, and the maximum holds.
 */
#include "test.h"
#include "base/buf.h"
#include "base/err.h"

int test_failed;

static void
test_put_and_skip(void)
{
	const char *test_case = "put and skip";
	struct cw_buf b;

	cw_buf_init(&b, 1000);
	for (int i = 0; i < 300; i++) {
		CHECK_EQ(cw_buf_put(&b, "abc", 3), CW_OK);
		if (cw_buf_left(&b) > 900 - 3)
			cw_buf_skip(&b, 300);
	}
	CHECK_EQ(cw_buf_left(&b), 600);
	CHECK_EQ(memcmp(cw_buf_peek(&b), "abcabc", 6), 0);
	CHECK_EQ(cw_buf_put(&b, cw_buf_peek(&b), 0), CW_OK);
	cw_buf_skip(&b, 600);
	CHECK_EQ(cw_buf_left(&b), 0);
	cw_buf_free(&b);
}

static void
test_maximum(void)
{
	const char *test_case = "maximum";
	struct cw_buf b;

	cw_buf_init(&b, 5);
	CHECK_EQ(cw_buf_put(&b, "12345", 5), CW_OK);
	CHECK_EQ(cw_buf_put(&b, "6", 1), CW_ELIMIT);
	CHECK_EQ(cw_buf_printf(&b, "%d", 6), CW_ELIMIT);
	CHECK(cw_buf_reserve(&b, 1) == NULL);
	CHECK_STR(cw_buf_str(&b), "12345");
	cw_buf_skip(&b, 2);
	CHECK_EQ(cw_buf_printf(&b, "%02d", 6), CW_OK);
	CHECK_STR(cw_buf_str(&b), "34506");
	cw_buf_free(&b);
	cw_buf_init(&b, 0);
	CHECK_EQ(cw_buf_put(&b, "1", 1), CW_ELIMIT);
	CHECK_EQ(cw_buf_left(&b), 0);
}

static void
test_integers(void)
{
	const char *test_case = "integers";
	struct cw_buf b;

	cw_buf_init(&b, 64);
	CHECK_EQ(cw_buf_put_be(&b, 0x0102030405060708u, 8), CW_OK);
	CHECK_EQ(cw_buf_put_le(&b, 0x01020304u, 4), CW_OK);
	CHECK_EQ(memcmp(cw_buf_peek(&b), "\1\2\3\4\5\6\7\10\4\3\2\1", 12), 0);
	CHECK_EQ(cw_get_be(cw_buf_peek(&b), 4), 0x01020304);
	CHECK_EQ(cw_get_le(cw_buf_peek(&b) + 8, 4), 0x01020304);
	cw_buf_free(&b);
}

static void
test_take_leaves_empty(void)
{
	const char *test_case = "take leaves empty";
	struct cw_buf b, taken;

	cw_buf_init(&b, 64);
	CHECK_EQ(cw_buf_puts(&b, "mine"), CW_OK);
	taken = cw_buf_take(&b);
	CHECK_EQ(cw_buf_left(&b), 0);
	CHECK_STR(cw_buf_str(&taken), "mine");
	CHECK_EQ(cw_buf_puts(&b, "new"), CW_OK);
	cw_buf_free(&b);
	cw_buf_free_secret(&taken);
}

int
main(void)
{
	test_put_and_skip();
	test_maximum();
	test_integers();
	test_take_leaves_empty();
	return test_failed;
}
