/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrolment tokens.
 */
#include <string.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/fail.h"
#include "crypto/token.h"
#include "os/random.h"

#define RANDOM 32u /* bytes */

int
cw_token_hash(uint8_t ret[CW_PKI_SHA256], const char *token)
{
	size_t n;

	if (EVP_Q_digest(NULL, "SHA256", NULL, token, strlen(token), ret, &n) != 1)
		return cw_crypto_fail(NULL, CW_ESYS, "");
	return CW_OK;
}

int
cw_token_new(
    char ret[CW_TOKEN_TEXT], uint8_t ret_hash[CW_PKI_SHA256], const X509 *ca, struct cw_err *err)
{
	uint8_t raw[CW_PKI_SHA256 + RANDOM];
	struct cw_buf text;
	int r;

	cw_pki_cert_sha256(raw, ca);
	cw_random(raw + CW_PKI_SHA256, RANDOM);
	cw_buf_init(&text, CW_TOKEN_TEXT - 1);
	if ((r = cw_buf_puts(&text, CW_TOKEN_PREFIX)) == CW_OK &&
	    (r = cw_base64url_put(&text, raw, sizeof(raw))) == CW_OK) {
		memcpy(ret, cw_buf_peek(&text), cw_buf_left(&text));
		ret[cw_buf_left(&text)] = '\0';
		r = cw_token_hash(ret_hash, ret);
	}
	cw_wipe(raw, sizeof(raw));
	cw_buf_free_secret(&text);
	return r < 0 ? cw_fail(err, r, "cannot make an enrolment token") : CW_OK;
}

int
cw_token_read(uint8_t ret_ca[CW_PKI_SHA256], const char *token, struct cw_err *err)
{
	size_t prefix = strlen(CW_TOKEN_PREFIX);
	struct cw_buf raw;
	int r = CW_EINVAL;

	cw_buf_init(&raw, 2 * CW_TOKEN_TEXT); /* decoding takes some room on top */
	if (cw_starts_with(token, CW_TOKEN_PREFIX))
		r = cw_base64url_get(&raw, token + prefix, strlen(token + prefix));
	if (r == CW_OK && cw_buf_left(&raw) == CW_PKI_SHA256 + RANDOM)
		memcpy(ret_ca, cw_buf_peek(&raw), CW_PKI_SHA256);
	else
		r = cw_fail(err, CW_EINVAL,
		    "not an enrolment token: it starts with %s and has 90 characters",
		    CW_TOKEN_PREFIX);
	cw_buf_free_secret(&raw);
	return r;
}
