/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto/pki.h"
#include "graph/policy.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

#define AUDIENCE "https://login.microsoftonline.com/t/oauth2/v2.0/token"
#define CLIENT "5d1c9a4e-0000-4000-8000-00000000c11e"
#define NOW 1700000000123ll

/* Certificate of one key, private key of another (or the same), as one PEM text. */
static X509 *
make(struct cw_buf *pem, EVP_PKEY *certified, EVP_PKEY *private)
{
	X509 *x = X509_new();

	cw_buf_init(pem, CW_PKI_PEM_MAX);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, certified);
	CHECK(X509_sign(x, certified, EVP_sha256()) > 0);
	CHECK_EQ(cw_pki_cert_put(pem, x, NULL), 0);
	CHECK_EQ(cw_pki_key_put(pem, private, NULL), 0);
	return x;
}

static cJSON *
part(const char *from, size_t n)
{
	struct cw_buf text;
	cJSON *o = NULL;

	cw_buf_init(&text, 8192);
	CHECK_EQ(cw_base64url_get(&text, from, n), 0);
	CHECK_EQ(
	    cw_json_parse(&o, (const char *)cw_buf_peek(&text), cw_buf_left(&text), "part", NULL),
	    0);
	cw_buf_free(&text);
	return o;
}

static int
verifies(EVP_PKEY *key, const char *signed_text, size_t n, const char *signature)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pss = NULL;
	struct cw_buf raw;
	int r;

	cw_buf_init(&raw, 8192);
	CHECK_EQ(cw_base64url_get(&raw, signature, strlen(signature)), 0);
	r = EVP_DigestVerifyInit(md, &pss, EVP_sha256(), NULL, key) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(pss, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pss, 32) == 1 &&
	    EVP_DigestVerify(md, cw_buf_peek(&raw), cw_buf_left(&raw),
		(const unsigned char *)signed_text, n) == 1;
	EVP_MD_CTX_free(md);
	cw_buf_free(&raw);
	return r;
}

static void
check_jwt(const char *jwt, X509 *cert, EVP_PKEY *key)
{
	const char *claims_at = strchr(jwt, '.') + 1, *signature = strchr(claims_at, '.') + 1;
	cJSON *header = part(jwt, (size_t)(claims_at - 1 - jwt));
	cJSON *claims = part(claims_at, (size_t)(signature - 1 - claims_at));
	uint8_t hash[CW_PKI_SHA256];
	struct cw_buf text;
	int64_t nbf = 0, exp = 0;

	cw_pki_cert_sha256(hash, cert);
	cw_buf_init(&text, 64);
	CHECK_EQ(cw_base64url_put(&text, hash, sizeof(hash)), 0);
	CHECK_STR(cw_json_str(header, "alg"), "PS256");
	CHECK_STR(cw_json_str(header, "typ"), "JWT");
	CHECK_STR(cw_json_str(header, "x5t#S256"), cw_buf_str(&text));
	CHECK_STR(cw_json_str(claims, "aud"), AUDIENCE);
	CHECK_STR(cw_json_str(claims, "iss"), CLIENT);
	CHECK_STR(cw_json_str(claims, "sub"), CLIENT);
	CHECK(cw_json_str(claims, "jti") != NULL && strlen(cw_json_str(claims, "jti")) == 36);
	CHECK(cw_json_int(claims, "nbf", &nbf) && cw_json_int(claims, "exp", &exp));
	CHECK_EQ(nbf, NOW / 1000);
	CHECK_EQ(exp - nbf, 300);
	CHECK(verifies(key, jwt, (size_t)(signature - 1 - jwt), signature));
	CHECK(!verifies(key, jwt, (size_t)(signature - 2 - jwt), signature));
	cw_buf_free(&text);
	cJSON_Delete(header);
	cJSON_Delete(claims);
}

static void
refused(const char *name, const char *pem, size_t n, const char *why)
{
	struct cw_err err = { 0 };

	test_case = name;
	CHECK_EQ(cw_graph_key_check(pem, n, &err), CW_EINVAL);
	if (strstr(err.text, why) == NULL)
		CHECK_STR(err.text, why);
}

int
main(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048), *other = EVP_RSA_gen(2048), *small = EVP_RSA_gen(1024);
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	struct cw_buf pem, bad, jwt, jwt2;
	X509 *cert = make(&pem, key, key);

	test_case = "signed for its audience";
	cw_buf_init(&jwt, 16384);
	cw_buf_init(&jwt2, 16384);
	CHECK_EQ(cw_graph_assertion(&jwt, (const char *)cw_buf_peek(&pem), cw_buf_left(&pem),
		     AUDIENCE, CLIENT, NOW, NULL),
	    0);
	check_jwt(cw_buf_str(&jwt), cert, key);
	test_case = "each one is different";
	CHECK_EQ(cw_graph_assertion(&jwt2, (const char *)cw_buf_peek(&pem), cw_buf_left(&pem),
		     AUDIENCE, CLIENT, NOW, NULL),
	    0);
	CHECK(strcmp(cw_buf_str(&jwt), cw_buf_str(&jwt2)) != 0);
	X509_free(cert);

	X509_free(make(&bad, key, other));
	refused("another's key", cw_buf_str(&bad), cw_buf_left(&bad), "do not belong together");
	cw_buf_free_secret(&bad);
	X509_free(make(&bad, small, small));
	refused("a short key", cw_buf_str(&bad), cw_buf_left(&bad), "RSA of 2048");
	cw_buf_free_secret(&bad);
	X509_free(make(&bad, ec, ec));
	refused("an EC key", cw_buf_str(&bad), cw_buf_left(&bad), "RSA of 2048");
	cw_buf_free_secret(&bad);
	refused("no PEM", "hello", 5, "not a certificate");
	refused("nothing", "", 0, "not a certificate");
	refused("no key", cw_buf_str(&pem),
	    (size_t)(strstr(cw_buf_str(&pem), "-----BEGIN PRIVATE") - cw_buf_str(&pem)),
	    "not a private key");

	cw_buf_free_secret(&pem);
	cw_buf_free_secret(&jwt);
	cw_buf_free_secret(&jwt2);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(small);
	EVP_PKEY_free(ec);
	return test_failed;
}
