/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session key exchange on OpenSSL's EVP.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/secure.h"

#define RSA_BITS 2048u
#define RSA_BYTES (RSA_BITS / 8)
#define SIMPLEBLOB_HEADER 12u /* bytes: BLOBHEADER and the algorithm that encrypted the key */
#define SESSION_KEY 32u /* bytes, AES-256 */
#define SECRET_MAX (64u * 1024u) /* bytes of UTF-16 */

/* Fails, and leaves nothing in OpenSSL's queue of this thread: the next TLS call would take it for
 * its own. */
static int
fail(struct cw_err *err, int code, const char *what)
{
	ERR_clear_error();
	return cw_fail(err, code, "%s", what);
}

struct cw_psrp_secure {
	EVP_PKEY *rsa;
	uint8_t key[SESSION_KEY];
	bool have_key;
};

/* One for all sessions of the process. Making it takes some 50 ms, in which nothing else would be
 * served whenever a session starts; each session's own key is the engine's, and new. */
static EVP_PKEY *rsa_of_all;

static void
make_rsa(void)
{
	rsa_of_all = EVP_RSA_gen(RSA_BITS);
}

int
cw_psrp_secure_new(struct cw_psrp_secure **ret, struct cw_err *err)
{
	static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
	struct cw_psrp_secure *s = calloc(1, sizeof(*s));

	if (s == NULL || CRYPTO_THREAD_run_once(&once, make_rsa) != 1 || rsa_of_all == NULL ||
	    EVP_PKEY_up_ref(rsa_of_all) != 1) {
		free(s);
		return fail(err, CW_ENOMEM, "cannot make an RSA key for the session");
	}
	s->rsa = rsa_of_all;
	*ret = s;
	return CW_OK;
}

void
cw_psrp_secure_free(struct cw_psrp_secure *s)
{
	if (s == NULL)
		return;
	EVP_PKEY_free(s->rsa);
	cw_wipe(s, sizeof(*s));
	free(s);
}

/* PUBLICKEYBLOB: type 6, version 2, CALG_RSA_KEYX, "RSA1", bits, exponent, modulus; all
 * little-endian. */
int
cw_psrp_secure_public(struct cw_psrp_secure *s, struct cw_buf *out, struct cw_err *err)
{
	uint8_t modulus[RSA_BYTES];
	BIGNUM *n = NULL;
	struct cw_buf blob;
	int r = CW_ENOMEM;

	cw_buf_init(&blob, 1024);
	if (EVP_PKEY_get_bn_param(s->rsa, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
	    BN_bn2lebinpad(n, modulus, sizeof(modulus)) == (int)sizeof(modulus) &&
	    (r = cw_buf_put(&blob, "\x06\x02\x00\x00\x00\xa4\x00\x00RSA1", 12)) == CW_OK &&
	    (r = cw_buf_put_le(&blob, RSA_BITS, 4)) == CW_OK &&
	    (r = cw_buf_put_le(&blob, 65537, 4)) == CW_OK &&
	    (r = cw_buf_put(&blob, modulus, sizeof(modulus))) == CW_OK)
		r = cw_base64_put(out, cw_buf_peek(&blob), cw_buf_left(&blob));
	BN_free(n);
	cw_buf_free(&blob);
	return r < 0 ? fail(err, r, "cannot write the session's public key") : CW_OK;
}

static int
decrypt_key(struct cw_psrp_secure *s, const uint8_t *cipher, struct cw_err *err)
{
	uint8_t big_endian[RSA_BYTES], key[RSA_BYTES];
	size_t key_len = sizeof(key);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(s->rsa, NULL);
	int r = CW_OK;

	for (size_t i = 0; i < RSA_BYTES; i++)
		big_endian[i] = cipher[RSA_BYTES - 1 - i];
	if (ctx == NULL || EVP_PKEY_decrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_decrypt(ctx, key, &key_len, big_endian, sizeof(big_endian)) != 1 ||
	    key_len != SESSION_KEY)
		r = fail(err, CW_EPROTO, "the session key does not decrypt to 32 bytes");
	if (r == CW_OK)
		memcpy(s->key, key, SESSION_KEY);
	s->have_key = r == CW_OK;
	cw_wipe(key, sizeof(key));
	EVP_PKEY_CTX_free(ctx);
	return r;
}

int
cw_psrp_secure_accept(struct cw_psrp_secure *s, const char *base64, size_t n, struct cw_err *err)
{
	struct cw_buf blob;
	int r;

	cw_buf_init(&blob, 1024);
	if (cw_base64_get(&blob, base64, n) < 0 ||
	    cw_buf_left(&blob) != SIMPLEBLOB_HEADER + RSA_BYTES)
		r = cw_fail(err, CW_EPROTO, "the session key is not a blob of %u bytes",
		    SIMPLEBLOB_HEADER + RSA_BYTES);
	else
		r = decrypt_key(s, cw_buf_peek(&blob) + SIMPLEBLOB_HEADER, err);
	cw_buf_free_secret(&blob);
	return r;
}

/* UTF-8 to UTF-16LE; the input has been checked. */
static int
put_utf16(struct cw_buf *out, const uint8_t *p, size_t n)
{
	int r = CW_OK;

	for (size_t i = 0; i < n && r == CW_OK;) {
		size_t len = p[i] < 0x80 ? 1 : p[i] < 0xe0 ? 2 : p[i] < 0xf0 ? 3 : 4;
		uint32_t cp = len == 1 ? p[i] : p[i] & (0xffu >> (len + 1));

		for (size_t k = 1; k < len; k++)
			cp = cp << 6 | (p[i + k] & 0x3f);
		if (cp >= 0x10000) {
			cp -= 0x10000;
			r = cw_buf_put_le(out, 0xd800 + (cp >> 10), 2);
			cp = 0xdc00 + (cp & 0x3ff);
		}
		if (r == CW_OK)
			r = cw_buf_put_le(out, cp, 2);
		i += len;
	}
	return r;
}

int
cw_psrp_secure_encrypt(
    void *arg, struct cw_buf *out, const uint8_t *utf8, size_t n, struct cw_err *err)
{
	static const uint8_t zero_iv[16];
	struct cw_psrp_secure *s = arg;
	struct cw_buf plain, cipher;
	EVP_CIPHER_CTX *ctx = NULL;
	int len = 0, last = 0, r;
	uint8_t *room;

	if (!s->have_key)
		return cw_fail(err, CW_EINVAL,
		    "a secure string cannot be sent before the session key is there");
	if (!cw_utf8_valid((const char *)utf8, n))
		return cw_fail(err, CW_EINVAL, "a secure string is not valid UTF-8");
	cw_buf_init(&plain, SECRET_MAX);
	cw_buf_init(&cipher, SECRET_MAX + 16);
	r = put_utf16(&plain, utf8, n);
	if (r == CW_OK && (room = cw_buf_reserve(&cipher, cw_buf_left(&plain) + 16)) != NULL &&
	    (ctx = EVP_CIPHER_CTX_new()) != NULL &&
	    EVP_EncryptInit_ex2(ctx, EVP_aes_256_cbc(), s->key, zero_iv, NULL) == 1 &&
	    EVP_EncryptUpdate(ctx, room, &len, cw_buf_peek(&plain), (int)cw_buf_left(&plain)) ==
		1 &&
	    EVP_EncryptFinal_ex(ctx, room + len, &last) == 1)
		r = cw_base64_put(out, room, (size_t)(len + last));
	else if (r == CW_OK)
		r = CW_ENOMEM;
	EVP_CIPHER_CTX_free(ctx);
	cw_buf_free_secret(&plain);
	cw_buf_free_secret(&cipher);
	if (r == CW_ELIMIT)
		return fail(err, r, "a secure string is too long");
	return r < 0 ? fail(err, r, "cannot encrypt a secure string") : CW_OK;
}
