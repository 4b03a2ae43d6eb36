/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bridge's proof of who it is: a JWT signed with the tenant's certificate
 * (RFC 7523; PS256 of RFC 7518 3.5; x5t#S256 of RFC 7515 4.1.8).
 */
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto/fail.h"
#include "crypto/pki.h"
#include "graph/policy.h"
#include "os/random.h"

#define LIFE_S 300
#define JSON_MAX 4096u /* bytes of the header or the claims */
#define KEY_BITS_MIN 2048

static int
read_pair(X509 **cert, EVP_PKEY **key, const char *pem, size_t n, struct cw_err *err)
{
	int r;

	*cert = NULL;
	*key = NULL;
	if ((r = cw_pki_cert_read(cert, pem, n, err)) < 0 ||
	    (r = cw_pki_key_read(key, pem, n, err)) < 0)
		return r;
	if (!EVP_PKEY_is_a(*key, "RSA") || EVP_PKEY_get_bits(*key) < KEY_BITS_MIN)
		return cw_fail(err, CW_EINVAL,
		    "the private key must be RSA of %d bits or more: Entra ID takes no other",
		    KEY_BITS_MIN);
	if (X509_check_private_key(*cert, *key) != 1)
		return cw_crypto_fail(
		    err, CW_EINVAL, "the certificate and the private key do not belong together");
	return CW_OK;
}

int
cw_graph_key_check(const char *pem, size_t n, struct cw_err *err)
{
	X509 *cert;
	EVP_PKEY *key;
	int r = read_pair(&cert, &key, pem, n, err);

	X509_free(cert);
	EVP_PKEY_free(key);
	return r;
}

/* Appends the base64url of a JSON object; frees it. */
static int
put_part(struct cw_buf *b, cJSON *object, bool complete)
{
	struct cw_buf json;
	int r = complete ? CW_OK : CW_ENOMEM;

	cw_buf_init(&json, JSON_MAX);
	if (r == CW_OK && (r = cw_json_put(&json, object)) == CW_OK)
		r = cw_base64url_put(b, cw_buf_peek(&json), cw_buf_left(&json));
	cw_buf_free(&json);
	cJSON_Delete(object);
	return r;
}

static int
put_header(struct cw_buf *b, const X509 *cert)
{
	uint8_t hash[CW_PKI_SHA256];
	struct cw_buf text;
	cJSON *o = cJSON_CreateObject();
	bool ok;

	cw_pki_cert_sha256(hash, cert);
	cw_buf_init(&text, 64);
	ok = cw_base64url_put(&text, hash, sizeof(hash)) == CW_OK && cw_buf_str(&text) != NULL &&
	    cJSON_AddStringToObject(o, "alg", "PS256") != NULL &&
	    cJSON_AddStringToObject(o, "typ", "JWT") != NULL &&
	    cJSON_AddStringToObject(o, "x5t#S256", cw_buf_str(&text)) != NULL;
	cw_buf_free(&text);
	return put_part(b, o, ok);
}

static int
put_claims(struct cw_buf *b, const char *audience, const char *client_id, int64_t now_s)
{
	char id[CW_UUID_TEXT];
	cJSON *o = cJSON_CreateObject();
	bool ok;

	cw_random_uuid(id);
	ok = cJSON_AddStringToObject(o, "aud", audience) != NULL &&
	    cJSON_AddStringToObject(o, "iss", client_id) != NULL &&
	    cJSON_AddStringToObject(o, "sub", client_id) != NULL &&
	    cJSON_AddStringToObject(o, "jti", id) != NULL &&
	    cJSON_AddNumberToObject(o, "nbf", (double)now_s) != NULL &&
	    cJSON_AddNumberToObject(o, "exp", (double)(now_s + LIFE_S)) != NULL;
	return put_part(b, o, ok);
}

static int
put_signature(struct cw_buf *b, EVP_PKEY *key, struct cw_err *err)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pss = NULL;
	uint8_t signature[16384 / 8]; /* OpenSSL's largest RSA key */
	size_t n = sizeof(signature);
	int r;

	if (md != NULL && EVP_DigestSignInit_ex(md, &pss, "SHA256", NULL, NULL, key, NULL) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(pss, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pss, RSA_PSS_SALTLEN_DIGEST) == 1 &&
	    EVP_DigestSign(md, signature, &n, cw_buf_peek(b), cw_buf_left(b)) == 1) {
		if ((r = cw_buf_putc(b, '.')) == CW_OK)
			r = cw_base64url_put(b, signature, n);
	} else {
		r = cw_crypto_fail(err, CW_ESYS, "cannot sign with the tenant's key");
	}
	EVP_MD_CTX_free(md);
	return r;
}

int
cw_graph_assertion(struct cw_buf *ret, const char *pem, size_t n, const char *audience,
    const char *client_id, int64_t now_unix_ms, struct cw_err *err)
{
	struct cw_buf jwt;
	X509 *cert;
	EVP_PKEY *key;
	int r;

	cw_buf_init(&jwt, 4 * JSON_MAX);
	if ((r = read_pair(&cert, &key, pem, n, err)) < 0)
		goto done;
	if ((r = put_header(&jwt, cert)) < 0 || (r = cw_buf_putc(&jwt, '.')) < 0 ||
	    (r = put_claims(&jwt, audience, client_id, now_unix_ms / 1000)) < 0 ||
	    (r = put_signature(&jwt, key, err)) < 0 ||
	    (r = cw_buf_put(ret, cw_buf_peek(&jwt), cw_buf_left(&jwt))) < 0)
		if (r != CW_ESYS)
			r = cw_fail(err, r, "cannot make the assertion: %s", cw_strerror(r));
done:
	X509_free(cert);
	EVP_PKEY_free(key);
	cw_buf_free_secret(&jwt);
	return r;
}
