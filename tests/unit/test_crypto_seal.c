/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/seal.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

#define CONTEXT "causeway/password/agent/t/a/c"

enum damage { NONE, FLIP, CUT, LONGER, OTHER_KEY, OTHER_CONTEXT };

static const struct {
	const char *name;
	enum damage damage;
	size_t at; /* byte to flip, or the length to cut to */
	int want;
} rows[] = {
	{ "opens as it was sealed", NONE, 0, CW_OK },
	{ "version changed", FLIP, 0, CW_EAUTH },
	{ "ephemeral key changed", FLIP, 7, CW_EAUTH },
	{ "ciphertext changed", FLIP, 34, CW_EAUTH },
	{ "tag changed", FLIP, 50, CW_EAUTH },
	{ "empty", CUT, 0, CW_EAUTH },
	{ "head only", CUT, 33, CW_EAUTH },
	{ "last byte missing", CUT, 51, CW_EAUTH },
	{ "one byte more", LONGER, 0, CW_EAUTH },
	{ "another receiver", OTHER_KEY, 0, CW_EAUTH },
	{ "another context", OTHER_CONTEXT, 0, CW_EAUTH },
};

static void
check_rows(void)
{
	uint8_t pub[32], priv[32], pub2[32], priv2[32];

	CHECK_EQ(cw_seal_keypair(pub, priv), CW_OK);
	CHECK_EQ(cw_seal_keypair(pub2, priv2), CW_OK);
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct cw_buf box, plain;
		struct cw_err err = { 0 };

		test_case = rows[i].name;
		cw_buf_init(&box, 1000);
		cw_buf_init(&plain, 1000);
		CHECK_EQ(cw_seal(&box, pub, CONTEXT, "abc", 3, &err), CW_OK);
		CHECK_EQ(cw_buf_left(&box), 52);
		if (rows[i].damage == FLIP)
			box.data[rows[i].at] ^= 1;
		if (rows[i].damage == CUT)
			box.len = rows[i].at;
		if (rows[i].damage == LONGER)
			cw_buf_putc(&box, 'x');
		CHECK_EQ(cw_unseal(&plain, rows[i].damage == OTHER_KEY ? priv2 : priv,
			     rows[i].damage == OTHER_CONTEXT ? CONTEXT "2" : CONTEXT,
			     cw_buf_peek(&box), cw_buf_left(&box), &err),
		    rows[i].want);
		if (rows[i].want == CW_OK) {
			CHECK_STR(cw_buf_str(&plain), "abc");
		} else {
			CHECK_EQ(cw_buf_left(&plain), 0);
			CHECK(err.text[0] != '\0');
		}
		cw_buf_free(&box);
		cw_buf_free_secret(&plain);
	}
}

static void
check_edges(void)
{
	uint8_t pub[32], priv[32], zero[32] = { 0 }, again[32];
	struct cw_buf a, b, small;
	struct cw_err err = { 0 };
	static uint8_t big[CW_SEAL_MESSAGE_MAX + 1];
	char context[CW_SEAL_CONTEXT_MAX + 2];

	cw_buf_init(&a, 200000);
	cw_buf_init(&b, 200000);
	cw_buf_init(&small, 60);
	cw_seal_keypair(pub, priv);
	test_case = "public key from the private one";
	CHECK_EQ(cw_seal_public(again, priv), CW_OK);
	CHECK(memcmp(again, pub, 32) == 0);
	test_case = "no bytes";
	CHECK_EQ(cw_seal(&a, pub, "", "", 0, &err), CW_OK);
	CHECK_EQ(cw_unseal(&b, priv, "", cw_buf_peek(&a), cw_buf_left(&a), &err), CW_OK);
	CHECK_EQ(cw_buf_left(&b), 0);
	test_case = "a key of small order";
	CHECK_EQ(cw_seal(&a, zero, "", "x", 1, &err), CW_EINVAL);
	test_case = "limits";
	CHECK_EQ(cw_seal(&a, pub, "", big, sizeof(big), &err), CW_ELIMIT);
	CHECK_EQ(cw_seal(&small, pub, "", big, 100, &err), CW_ENOMEM);
	memset(context, 'c', sizeof(context));
	context[sizeof(context) - 1] = '\0';
	CHECK_EQ(cw_seal(&a, pub, context, "x", 1, &err), CW_ELIMIT);
	test_case = "the longest";
	cw_buf_clear(&a);
	CHECK_EQ(cw_seal(&a, pub, "c", big, CW_SEAL_MESSAGE_MAX, &err), CW_OK);
	CHECK_EQ(cw_unseal(&b, priv, "c", cw_buf_peek(&a), cw_buf_left(&a), &err), CW_OK);
	CHECK_EQ(cw_buf_left(&b), CW_SEAL_MESSAGE_MAX);
	test_case = "the context of a secret parameter";
	cw_seal_secret_context(context, "a-gent", "o-peration", "NewPassword");
	CHECK_STR(context, "causeway/secret/a-gent/o-peration/NewPassword");
	test_case = "two boxes of one message differ";
	cw_buf_clear(&a);
	cw_buf_clear(&b);
	cw_seal(&a, pub, "c", "same", 4, &err);
	cw_seal(&b, pub, "c", "same", 4, &err);
	CHECK(memcmp(cw_buf_peek(&a), cw_buf_peek(&b), cw_buf_left(&a)) != 0);
	cw_buf_free(&a);
	cw_buf_free(&b);
	cw_buf_free(&small);
}

int
main(void)
{
	check_rows();
	check_edges();
	return test_failed;
}
