/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session key exchange, with the engine's side played by OpenSSL.
 */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/secure.h"
#include "replay/engine_key.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

/* What the engine makes of an encrypted string: UTF-16LE bytes. */
static int
decrypt(uint8_t *plain, const struct cw_buf *base64)
{
	static const uint8_t iv[16];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	struct cw_buf cipher;
	int n = 0, last = 0;

	cw_buf_init(&cipher, 65536);
	CHECK_EQ(
	    cw_base64_get(&cipher, (const char *)cw_buf_peek(base64), cw_buf_left(base64)), CW_OK);
	CHECK_EQ(EVP_DecryptInit_ex2(ctx, EVP_aes_256_cbc(), engine_key, iv, NULL), 1);
	CHECK_EQ(
	    EVP_DecryptUpdate(ctx, plain, &n, cw_buf_peek(&cipher), (int)cw_buf_left(&cipher)), 1);
	CHECK_EQ(EVP_DecryptFinal_ex(ctx, plain + n, &last), 1);
	EVP_CIPHER_CTX_free(ctx);
	cw_buf_free(&cipher);
	return n + last;
}

static void
test_strings(struct cw_psrp_secure *s)
{
	static const struct {
		const char *name, *utf8;
		const uint8_t *utf16;
		int len;
	} rows[] = {
		{ "a word", "ab", (const uint8_t *)"a\0b", 4 },
		{ "an empty one", "", (const uint8_t *)"", 0 },
		{ "two, three and four bytes", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91",
		    (const uint8_t *)"\xe4\0\xac\x20\x3d\xd8\x11\xdd", 8 },
		{ "exactly one block", "12345678",
		    (const uint8_t *)"1\0002\0003\0004\0005\0006\0007\0008", 16 },
	};
	uint8_t plain[256];
	struct cw_err err;
	struct cw_buf out;

	cw_buf_init(&out, 1u << 20);
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		int n;

		test_case = rows[i].name;
		cw_buf_clear(&out);
		CHECK_EQ(cw_psrp_secure_encrypt(
			     s, &out, (const uint8_t *)rows[i].utf8, strlen(rows[i].utf8), &err),
		    CW_OK);
		n = decrypt(plain, &out);
		CHECK_EQ(n, rows[i].len);
		CHECK(n == rows[i].len && memcmp(plain, rows[i].utf16, (size_t)n) == 0);
	}
	test_case = "not UTF-8";
	CHECK_EQ(cw_psrp_secure_encrypt(s, &out, (const uint8_t *)"\xff", 1, &err), CW_EINVAL);
	CHECK_STR(err.text, "a secure string is not valid UTF-8");
	test_case = "too long";
	static char long_text[40000];
	memset(long_text, 'x', sizeof(long_text));
	CHECK_EQ(
	    cw_psrp_secure_encrypt(s, &out, (const uint8_t *)long_text, sizeof(long_text), &err),
	    CW_ELIMIT);
	CHECK_STR(err.text, "a secure string is too long");
	cw_buf_free(&out);
}

static void
refuses(struct cw_psrp_secure *s, const struct cw_buf *text, const char *says)
{
	struct cw_err err = { 0 };

	CHECK_EQ(cw_psrp_secure_accept(s, (const char *)cw_buf_peek(text), cw_buf_left(text), &err),
	    CW_EPROTO);
	CHECK(strstr(err.text, says) != NULL);
	CHECK_EQ(ERR_peek_error(), 0); /* nothing is left for the next TLS call to find */
}

/* Replaces text with the engine's answer to the public key. */
static void
answer(struct cw_buf *text, struct cw_buf *key, size_t key_len, size_t cut)
{
	cw_buf_clear(text);
	CHECK(engine_session_key_of(
	    text, (const char *)cw_buf_peek(key), cw_buf_left(key), engine_key, key_len, cut));
}

int
main(void)
{
	static const uint8_t noise[268] = { 1, 2, 0, 0, 0x10, 0x66, 0, 0, 0, 0, 0, 0, 7 };
	struct cw_psrp_secure *s;
	struct cw_buf text, key, none;
	struct cw_err err = { 0 };

	cw_buf_init(&text, 4096);
	cw_buf_init(&key, 4096);
	cw_buf_init(&none, 4096);
	CHECK_EQ(cw_psrp_secure_new(&s, &err), CW_OK);
	CHECK_EQ(cw_psrp_secure_public(s, &key, &err), CW_OK);

	test_case = "a string before the key is there";
	CHECK_EQ(cw_psrp_secure_encrypt(s, &none, (const uint8_t *)"x", 1, &err), CW_EINVAL);
	CHECK_EQ(cw_buf_left(&none), 0);
	test_case = "no base64";
	(void)cw_buf_puts(&text, "!!");
	refuses(s, &text, "not a blob of 268 bytes");
	test_case = "a blob cut short";
	answer(&text, &key, 32, 1);
	refuses(s, &text, "not a blob of 268 bytes");
	test_case = "a key of another length";
	answer(&text, &key, 16, 0);
	refuses(s, &text, "does not decrypt to 32 bytes");
	test_case = "noise";
	cw_buf_clear(&text);
	(void)cw_base64_put(&text, noise, sizeof(noise));
	refuses(s, &text, "does not decrypt");
	test_case = "still no key";
	CHECK_EQ(cw_psrp_secure_encrypt(s, &none, (const uint8_t *)"x", 1, &err), CW_EINVAL);

	test_case = "the key";
	answer(&text, &key, 32, 0);
	CHECK_EQ(
	    cw_psrp_secure_accept(s, (const char *)cw_buf_peek(&text), cw_buf_left(&text), &err),
	    CW_OK);
	test_strings(s);
	cw_psrp_secure_free(s);
	cw_psrp_secure_free(NULL);
	cw_buf_free(&text);
	cw_buf_free(&key);
	cw_buf_free(&none);
	return test_failed;
}
