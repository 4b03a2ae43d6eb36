/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session key exchange, with the engine's side played by OpenSSL.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/secure.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static const uint8_t session_key[32] = "0123456789abcdefghijklmnopqrstuv";

/* The public key out of the blob that the client sends. */
static EVP_PKEY *
public_key(struct cw_psrp_secure *s)
{
	static const uint8_t header[] =
	    "\x06\x02\x00\x00\x00\xa4\x00\x00RSA1\x00\x08\x00\x00\x01\x00"
	    "\x01";
	struct cw_buf text, blob;
	struct cw_err err = { 0 };
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;
	BIGNUM *n, *e;

	cw_buf_init(&text, 4096);
	cw_buf_init(&blob, 4096);
	CHECK_EQ(cw_psrp_secure_public(s, &text, &err), CW_OK);
	CHECK_EQ(cw_base64_get(&blob, (const char *)cw_buf_peek(&text), cw_buf_left(&text)), CW_OK);
	CHECK_EQ(cw_buf_left(&blob), 276);
	CHECK(memcmp(cw_buf_peek(&blob), header, sizeof(header)) == 0);
	n = BN_lebin2bn(cw_buf_peek(&blob) + 20, 256, NULL);
	e = BN_new();
	BN_set_word(e, 65537);
	CHECK_EQ(BN_num_bits(n), 2048);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(build);
	CHECK_EQ(EVP_PKEY_fromdata_init(ctx), 1);
	CHECK_EQ(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	cw_buf_free(&text);
	cw_buf_free(&blob);
	return key;
}

/* SIMPLEBLOB: 12 bytes of header, then the cipher text with its last byte first; as base64. */
static void
encrypted_key(struct cw_buf *out, EVP_PKEY *key, const uint8_t *plain, size_t n, size_t cut)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t blob[12 + 256] = { 1, 2, 0, 0, 0x10, 0x66 }, cipher[256];
	size_t len = sizeof(cipher);

	CHECK_EQ(EVP_PKEY_encrypt_init(ctx), 1);
	CHECK_EQ(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
	CHECK_EQ(EVP_PKEY_encrypt(ctx, cipher, &len, plain, n), 1);
	for (size_t i = 0; i < 256; i++)
		blob[12 + i] = cipher[255 - i];
	cw_buf_clear(out);
	(void)cw_base64_put(out, blob, sizeof(blob) - cut);
	EVP_PKEY_CTX_free(ctx);
}

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
	CHECK_EQ(EVP_DecryptInit_ex2(ctx, EVP_aes_256_cbc(), session_key, iv, NULL), 1);
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

int
main(void)
{
	struct cw_psrp_secure *s;
	struct cw_buf text, none;
	struct cw_err err = { 0 };
	EVP_PKEY *key;

	cw_buf_init(&text, 4096);
	cw_buf_init(&none, 4096);
	CHECK_EQ(cw_psrp_secure_new(&s, &err), CW_OK);
	key = public_key(s);

	test_case = "a string before the key is there";
	CHECK_EQ(cw_psrp_secure_encrypt(s, &none, (const uint8_t *)"x", 1, &err), CW_EINVAL);
	CHECK_EQ(cw_buf_left(&none), 0);
	test_case = "no base64";
	(void)cw_buf_puts(&text, "!!");
	refuses(s, &text, "not a blob of 268 bytes");
	test_case = "a blob cut short";
	encrypted_key(&text, key, session_key, 32, 1);
	refuses(s, &text, "not a blob of 268 bytes");
	test_case = "a key of another length";
	encrypted_key(&text, key, session_key, 16, 0);
	refuses(s, &text, "does not decrypt to 32 bytes");
	test_case = "noise";
	cw_buf_clear(&text);
	static const uint8_t noise[268] = { 1, 2, 0, 0, 0x10, 0x66, 0, 0, 0, 0, 0, 0, 7 };
	(void)cw_base64_put(&text, noise, sizeof(noise));
	refuses(s, &text, "does not decrypt");
	test_case = "still no key";
	CHECK_EQ(cw_psrp_secure_encrypt(s, &none, (const uint8_t *)"x", 1, &err), CW_EINVAL);

	test_case = "the key";
	encrypted_key(&text, key, session_key, 32, 0);
	CHECK_EQ(
	    cw_psrp_secure_accept(s, (const char *)cw_buf_peek(&text), cw_buf_left(&text), &err),
	    CW_OK);
	test_strings(s);
	EVP_PKEY_free(key);
	cw_psrp_secure_free(s);
	cw_psrp_secure_free(NULL);
	cw_buf_free(&text);
	cw_buf_free(&none);
	return test_failed;
}
