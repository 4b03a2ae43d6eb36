/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys, requests and certificates: reading, writing, verifying.
 */
#include <string.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "crypto/fail.h"
#include "crypto/pki.h"

/* No pass phrases: without this OpenSSL would ask on the terminal. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static BIO *
bio_of(const char *pem, size_t n)
{
	return n <= CW_PKI_PEM_MAX ? BIO_new_mem_buf(pem, (int)n) : NULL;
}

/* Appends what a memory BIO holds; frees it. */
static int
take_bio(struct cw_buf *b, BIO *bio, int ok, const char *what, struct cw_err *err)
{
	char *text = NULL;
	long n = ok ? BIO_get_mem_data(bio, &text) : 0;
	int r;

	if (n <= 0)
		r = cw_crypto_fail(err, CW_ESYS, what);
	else if ((r = cw_buf_put(b, text, (size_t)n)) < 0)
		r = cw_fail(err, r, "%s: %s", what, cw_strerror(r));
	BIO_free(bio); /* a BIO_s_secmem() wipes itself */
	return r;
}

int
cw_pki_key_new(EVP_PKEY **ret, struct cw_err *err)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	if (key == NULL)
		return cw_crypto_fail(err, CW_ESYS, "cannot make a P-256 key");
	*ret = key;
	return CW_OK;
}

int
cw_pki_key_put(struct cw_buf *b, const EVP_PKEY *key, struct cw_err *err)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	int ok = bio != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, no_passphrase, NULL) == 1;

	return take_bio(b, bio, ok, "cannot write the private key as PEM", err);
}

static int
is_p256(const EVP_PKEY *key)
{
	char group[32] = "";
	size_t n;

	return EVP_PKEY_is_a(key, "EC") &&
	    EVP_PKEY_get_group_name(key, group, sizeof(group), &n) == 1 &&
	    strcmp(group, "prime256v1") == 0;
}

int
cw_pki_key_read(EVP_PKEY **ret, const char *pem, size_t n, struct cw_err *err)
{
	BIO *bio = bio_of(pem, n);
	EVP_PKEY *key =
	    bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

	BIO_free(bio);
	if (key == NULL)
		return cw_crypto_fail(err, CW_EINVAL, "not a private key in PEM");
	*ret = key;
	return CW_OK;
}

int
cw_pki_cert_put(struct cw_buf *b, X509 *cert, struct cw_err *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int ok = bio != NULL && PEM_write_bio_X509(bio, cert) == 1;

	return take_bio(b, bio, ok, "cannot write the certificate as PEM", err);
}

int
cw_pki_cert_read(X509 **ret, const char *pem, size_t n, struct cw_err *err)
{
	BIO *bio = bio_of(pem, n);
	X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) : NULL;

	BIO_free(bio);
	if (cert == NULL)
		return cw_crypto_fail(err, CW_EINVAL, "not a certificate in PEM");
	*ret = cert;
	return CW_OK;
}

int
cw_pki_csr_put(struct cw_buf *b, EVP_PKEY *key, const char *common_name, struct cw_err *err)
{
	X509_REQ *req = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	X509_NAME *name = X509_NAME_new();
	int ok;

	ok = req != NULL && bio != NULL && name != NULL && X509_REQ_set_version(req, 0) == 1 &&
	    X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_UTF8, (const uint8_t *)common_name, -1, -1, 0) == 1 &&
	    X509_REQ_set_subject_name(req, name) == 1 && X509_REQ_set_pubkey(req, key) == 1 &&
	    X509_REQ_sign(req, key, EVP_sha256()) > 0 && PEM_write_bio_X509_REQ(bio, req) == 1;
	X509_NAME_free(name);
	X509_REQ_free(req);
	return take_bio(b, bio, ok, "cannot make the certificate request", err);
}

int
cw_pki_csr_read(EVP_PKEY **ret, const char *pem, size_t n, struct cw_err *err)
{
	BIO *bio = bio_of(pem, n);
	X509_REQ *req = bio != NULL ? PEM_read_bio_X509_REQ(bio, NULL, no_passphrase, NULL) : NULL;
	EVP_PKEY *key = req != NULL ? X509_REQ_get_pubkey(req) : NULL;
	int r = CW_OK;

	if (key == NULL)
		r = cw_crypto_fail(err, CW_EINVAL, "not a certificate request in PEM");
	else if (!is_p256(key))
		r = cw_crypto_fail(
		    err, CW_EINVAL, "certificate request with a key that is not P-256");
	else if (X509_REQ_verify(req, key) != 1)
		r = cw_crypto_fail(
		    err, CW_EINVAL, "certificate request that its own key did not sign");
	if (r == CW_OK)
		*ret = key;
	else
		EVP_PKEY_free(key);
	X509_REQ_free(req);
	BIO_free(bio);
	return r;
}

int
cw_pki_verify(X509 *cert, X509 *ca, enum cw_pki_use use, int64_t now_ms, struct cw_err *err)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int r = CW_OK, why;

	if (store == NULL || ctx == NULL || X509_STORE_add_cert(store, ca) != 1 ||
	    X509_STORE_CTX_init(ctx, store, cert, NULL) != 1) {
		r = cw_crypto_fail(err, CW_ESYS, "cannot verify a certificate");
	} else {
		X509_STORE_CTX_set_purpose(
		    ctx, use == CW_PKI_CLIENT ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER);
		X509_STORE_CTX_set_time(ctx, 0, (time_t)(now_ms / 1000));
		if (X509_verify_cert(ctx) != 1) {
			why = X509_STORE_CTX_get_error(ctx);
			r = cw_fail(err,
			    why == X509_V_ERR_CERT_HAS_EXPIRED ? CW_EEXPIRED : CW_EAUTH,
			    "certificate not accepted: %s", X509_verify_cert_error_string(why));
			(void)cw_crypto_fail(NULL, r, "");
		}
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return r;
}

void
cw_pki_cert_sha256(uint8_t ret[CW_PKI_SHA256], const X509 *cert)
{
	unsigned n = CW_PKI_SHA256;

	/* It cannot fail but for memory; a hash of zeros then matches nothing. */
	memset(ret, 0, CW_PKI_SHA256);
	if (X509_digest(cert, EVP_sha256(), ret, &n) != 1)
		(void)cw_crypto_fail(NULL, CW_ENOMEM, "");
}

int
cw_pki_cert_serial(char ret[CW_PKI_SERIAL_TEXT], const X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	const uint8_t *p = ASN1_STRING_get0_data(serial);
	int n = ASN1_STRING_length(serial);
	static const char digit[] = "0123456789abcdef";

	if (n <= 0 || (size_t)n * 2 >= CW_PKI_SERIAL_TEXT)
		return CW_EINVAL;
	for (int i = 0; i < n; i++) {
		ret[2 * i] = digit[p[i] >> 4];
		ret[2 * i + 1] = digit[p[i] & 15];
	}
	ret[2 * n] = '\0';
	return CW_OK;
}

static int
name_text(char ret[CW_PKI_NAME_TEXT], X509_NAME *name, int nid)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1), n;
	unsigned char *utf8 = NULL;

	if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
		return CW_EINVAL;
	n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (n < 0)
		return cw_crypto_fail(NULL, CW_EINVAL, "");
	if (n >= (int)CW_PKI_NAME_TEXT || memchr(utf8, 0, (size_t)n) != NULL) {
		OPENSSL_free(utf8);
		return CW_EINVAL;
	}
	memcpy(ret, utf8, (size_t)n);
	ret[n] = '\0';
	OPENSSL_free(utf8);
	return CW_OK;
}

int
cw_pki_cert_subject(char ret_common_name[CW_PKI_NAME_TEXT], char ret_organization[CW_PKI_NAME_TEXT],
    const X509 *cert)
{
	X509_NAME *name = X509_get_subject_name(cert);
	int r;

	if ((r = name_text(ret_common_name, name, NID_commonName)) < 0)
		return r;
	return name_text(ret_organization, name, NID_organizationName);
}

static int
time_ms(int64_t *ret, const ASN1_TIME *t)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return cw_crypto_fail(NULL, CW_EINVAL, "");
	*ret =
	    ((cw_days_from_civil(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday) *
		     24 +
		 tm.tm_hour) *
		    3600 +
		tm.tm_min * 60 + tm.tm_sec) *
	    1000;
	return CW_OK;
}

int
cw_pki_cert_validity(int64_t *ret_from_ms, int64_t *ret_until_ms, const X509 *cert)
{
	int r;

	if ((r = time_ms(ret_from_ms, X509_get0_notBefore(cert))) < 0)
		return r;
	return time_ms(ret_until_ms, X509_get0_notAfter(cert));
}
