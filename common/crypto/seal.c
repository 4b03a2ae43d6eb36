/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed boxes out of OpenSSL's X25519, HKDF and AES-256-GCM.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/fail.h"
#include "crypto/seal.h"

#define VERSION 1u
#define HEAD (1u + CW_SEAL_KEY) /* version and ephemeral key */
#define TAG 16u
#define AES_KEY 32u
#define NONCE 12u

static const char label[] = "causeway/seal/1"; /* its NUL is part of the info */

static EVP_PKEY *
private_from(const uint8_t key[CW_SEAL_KEY])
{
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, key, CW_SEAL_KEY);
}

static int
raw_public(uint8_t ret[CW_SEAL_KEY], const EVP_PKEY *key)
{
	size_t n = CW_SEAL_KEY;

	return EVP_PKEY_get_raw_public_key(key, ret, &n) == 1 && n == CW_SEAL_KEY ? CW_OK : CW_ESYS;
}

int
cw_seal_keypair(uint8_t ret_public[CW_SEAL_KEY], uint8_t ret_private[CW_SEAL_KEY])
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	uint8_t public_key[CW_SEAL_KEY];
	size_t n = CW_SEAL_KEY;
	int r;

	if (key == NULL)
		return cw_crypto_fail(NULL, CW_ESYS, "key generation");
	if ((r = raw_public(public_key, key)) == CW_OK &&
	    EVP_PKEY_get_raw_private_key(key, ret_private, &n) != 1)
		r = cw_crypto_fail(NULL, CW_ESYS, "key generation");
	if (r == CW_OK)
		memcpy(ret_public, public_key, CW_SEAL_KEY);
	EVP_PKEY_free(key);
	return r;
}

int
cw_seal_public(uint8_t ret_public[CW_SEAL_KEY], const uint8_t private_key[CW_SEAL_KEY])
{
	EVP_PKEY *key = private_from(private_key);
	int r = key != NULL ? raw_public(ret_public, key) : CW_EINVAL;

	if (r < 0)
		(void)cw_crypto_fail(NULL, r, "X25519 key");
	EVP_PKEY_free(key);
	return r;
}

/* X25519 of mine and theirs. A key of small order gives an all-zero secret, which OpenSSL refuses.
 */
static int
agree(uint8_t ret[CW_SEAL_KEY], EVP_PKEY *mine, EVP_PKEY *theirs)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(mine, NULL);
	size_t n = CW_SEAL_KEY;
	int ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer(ctx, theirs) == 1 && EVP_PKEY_derive(ctx, ret, &n) == 1 &&
	    n == CW_SEAL_KEY;

	EVP_PKEY_CTX_free(ctx);
	return ok ? CW_OK : CW_EINVAL;
}

static int
derive(uint8_t ret[AES_KEY + NONCE], const uint8_t secret[CW_SEAL_KEY],
    const uint8_t ephemeral[CW_SEAL_KEY], const uint8_t receiver[CW_SEAL_KEY], const char *context)
{
	uint8_t salt[2 * CW_SEAL_KEY], info[sizeof(label) + CW_SEAL_CONTEXT_MAX];
	size_t context_len = strlen(context);
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	int ok;

	memcpy(salt, ephemeral, CW_SEAL_KEY);
	memcpy(salt + CW_SEAL_KEY, receiver, CW_SEAL_KEY);
	memcpy(info, label, sizeof(label));
	memcpy(info + sizeof(label), context, context_len);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, CW_SEAL_KEY),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt, sizeof(salt)),
		OSSL_PARAM_construct_octet_string(
		    OSSL_KDF_PARAM_INFO, info, sizeof(label) + context_len),
		OSSL_PARAM_construct_end(),
	};
	ok = ctx != NULL && EVP_KDF_derive(ctx, ret, AES_KEY + NONCE, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok ? CW_OK : CW_ESYS;
}

/* Encrypts n bytes of p into out (n bytes and a tag) or, opening, the reverse. */
static int
crypt_gcm(int sealing, uint8_t *out, const uint8_t key[AES_KEY + NONCE], const uint8_t head[HEAD],
    const uint8_t *p, size_t n)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const uint8_t *tag_in = p + n;
	uint8_t *tag_out = out + n;
	int done, ok;

	ok = ctx != NULL &&
	    EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, key + AES_KEY, sealing) == 1 &&
	    EVP_CipherUpdate(ctx, NULL, &done, head, HEAD) == 1 &&
	    (n == 0 || EVP_CipherUpdate(ctx, out, &done, p, (int)n) == 1) &&
	    (sealing ||
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, (void *)tag_in) == 1) &&
	    EVP_CipherFinal_ex(ctx, out + n, &done) == 1 &&
	    (!sealing || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag_out) == 1);
	EVP_CIPHER_CTX_free(ctx);
	return ok ? CW_OK : CW_EAUTH;
}

int
cw_seal(struct cw_buf *ret, const uint8_t peer_public[CW_SEAL_KEY], const char *context,
    const void *p, size_t n, struct cw_err *err)
{
	uint8_t secret[CW_SEAL_KEY], key[AES_KEY + NONCE], *box;
	EVP_PKEY *mine = NULL, *peer = NULL;
	int r;

	if (n > CW_SEAL_MESSAGE_MAX || strlen(context) > CW_SEAL_CONTEXT_MAX)
		return cw_fail(err, CW_ELIMIT, "message to seal of %zu bytes, limit %u", n,
		    CW_SEAL_MESSAGE_MAX);
	if ((box = cw_buf_reserve(ret, n + CW_SEAL_OVERHEAD)) == NULL)
		return cw_fail(
		    err, CW_ENOMEM, "no room for a sealed box of %zu bytes", n + CW_SEAL_OVERHEAD);
	mine = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer_public, CW_SEAL_KEY);
	box[0] = VERSION;
	if (mine == NULL || peer == NULL || raw_public(box + 1, mine) < 0)
		r = cw_crypto_fail(err, CW_ESYS, "cannot make a sealing key");
	else if ((r = agree(secret, mine, peer)) < 0)
		r = cw_crypto_fail(err, r, "the receiver's X25519 key is not usable");
	else if ((r = derive(key, secret, box + 1, peer_public, context)) < 0 ||
	    (r = crypt_gcm(1, box + HEAD, key, box, p, n)) < 0)
		r = cw_crypto_fail(err, CW_ESYS, "cannot seal");
	else
		cw_buf_added(ret, n + CW_SEAL_OVERHEAD);
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(key, sizeof(key));
	EVP_PKEY_free(mine);
	EVP_PKEY_free(peer);
	return r;
}

int
cw_unseal(struct cw_buf *ret, const uint8_t private_key[CW_SEAL_KEY], const char *context,
    const void *box_, size_t n, struct cw_err *err)
{
	uint8_t secret[CW_SEAL_KEY], key[AES_KEY + NONCE], my_public[CW_SEAL_KEY], *plain;
	const uint8_t *box = box_;
	EVP_PKEY *mine = NULL, *peer = NULL;
	size_t plain_len;
	int r;

	if (n < CW_SEAL_OVERHEAD || n > CW_SEAL_OVERHEAD + CW_SEAL_MESSAGE_MAX ||
	    strlen(context) > CW_SEAL_CONTEXT_MAX)
		return cw_fail(err, CW_EAUTH, "sealed box of %zu bytes, want %u to %u", n,
		    CW_SEAL_OVERHEAD, CW_SEAL_OVERHEAD + CW_SEAL_MESSAGE_MAX);
	if (box[0] != VERSION)
		return cw_fail(err, CW_EAUTH, "sealed box of version %u, this program knows %u",
		    box[0], VERSION);
	plain_len = n - CW_SEAL_OVERHEAD;
	if ((plain = cw_buf_reserve(ret, plain_len + 1)) == NULL)
		return cw_fail(err, CW_ENOMEM, "no room for %zu unsealed bytes", plain_len);
	mine = private_from(private_key);
	peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, box + 1, CW_SEAL_KEY);
	if (mine == NULL || peer == NULL || raw_public(my_public, mine) < 0)
		r = cw_crypto_fail(err, CW_EINVAL, "cannot read the sealing key");
	else if (agree(secret, mine, peer) < 0 ||
	    derive(key, secret, box + 1, my_public, context) < 0 ||
	    crypt_gcm(0, plain, key, box, box + HEAD, plain_len) < 0) {
		/* Which of the three it was is not told: there is nothing to do about any. */
		r = cw_crypto_fail(NULL, CW_EAUTH, "");
		(void)cw_fail(err, CW_EAUTH,
		    "sealed box does not open: made for another key or purpose, or damaged");
		OPENSSL_cleanse(plain, plain_len + 1);
	} else {
		cw_buf_added(ret, plain_len);
		r = CW_OK;
	}
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(key, sizeof(key));
	EVP_PKEY_free(mine);
	EVP_PKEY_free(peer);
	return r;
}

void
cw_seal_secret_context(
    char ret[CW_SEAL_CONTEXT_MAX], const char *agent, const char *operation, const char *parameter)
{
	/* UUIDs have 36 bytes and a parameter's name is a constant of ours: it always fits. */
	(void)snprintf(
	    ret, CW_SEAL_CONTEXT_MAX, "causeway/secret/%s/%s/%s", agent, operation, parameter);
}
