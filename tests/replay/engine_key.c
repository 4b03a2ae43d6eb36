/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA as the engine does it: PKCS #1 v1.5, numbers with their last byte first.
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "replay/engine_key.h"

#define RSA_BYTES 256u

const uint8_t engine_key[32] = "0123456789abcdefghijklmnopqrstuv";

/* PUBLICKEYBLOB: a header of 20 bytes, then the modulus. */
static EVP_PKEY *
read_public(const char *base64, size_t len)
{
	static const uint8_t header[20] =
	    "\x06\x02\x00\x00\x00\xa4\x00\x00RSA1\x00\x08\x00\x00\x01\x00\x01";
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = NULL, *e = BN_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;
	struct cw_buf blob;

	cw_buf_init(&blob, 4096);
	if (cw_base64_get(&blob, base64, len) == CW_OK &&
	    cw_buf_left(&blob) == sizeof(header) + RSA_BYTES &&
	    cw_const_eq(cw_buf_peek(&blob), header, sizeof(header)) &&
	    (n = BN_lebin2bn(cw_buf_peek(&blob) + sizeof(header), RSA_BYTES, NULL)) != NULL &&
	    BN_set_word(e, 65537) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(build)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	cw_buf_free(&blob);
	return key;
}

bool
engine_session_key_of(struct cw_buf *out, const char *public_base64, size_t n, const uint8_t *key,
    size_t key_len, size_t cut)
{
	/* SIMPLEBLOB: type, version, CALG_AES_256, and the algorithm of what follows. */
	uint8_t blob[12 + RSA_BYTES] = { 1, 2, 0, 0, 0x10, 0x66, 0, 0, 0, 0xa4, 0, 0 };
	EVP_PKEY *rsa = read_public(public_base64, n);
	EVP_PKEY_CTX *ctx = rsa != NULL ? EVP_PKEY_CTX_new(rsa, NULL) : NULL;
	uint8_t cipher[RSA_BYTES];
	size_t len = sizeof(cipher);
	bool ok;

	ok = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
	    EVP_PKEY_encrypt(ctx, cipher, &len, key, key_len) == 1 && len == sizeof(cipher);
	for (size_t i = 0; ok && i < RSA_BYTES; i++)
		blob[12 + i] = cipher[RSA_BYTES - 1 - i];
	ok = ok && cw_base64_put(out, blob, sizeof(blob) - cut) == CW_OK;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(rsa);
	return ok;
}

bool
engine_session_key(struct cw_buf *out, const char *public_base64, size_t n)
{
	return engine_session_key_of(out, public_base64, n, engine_key, sizeof(engine_key), 0);
}
