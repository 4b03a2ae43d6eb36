/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making certificates: the CA itself, agents, servers.
 */
#include <string.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/err.h"
#include "base/str.h"
#include "crypto/fail.h"
#include "crypto/pki.h"
#include "os/random.h"

#define DAY_S (24 * 60 * 60)
#define SERIAL_BYTES 16 /* random; RFC 5280 4.1.2.2 allows 20 */

static int
add_name(X509_NAME *name, const char *field, const char *value)
{
	return X509_NAME_add_entry_by_txt(
		   name, field, MBSTRING_UTF8, (const uint8_t *)value, -1, -1, 0) == 1;
}

static int
set_serial(X509 *cert)
{
	uint8_t serial[SERIAL_BYTES];
	ASN1_INTEGER *number;
	BIGNUM *bn;
	int ok;

	cw_random(serial, sizeof(serial));
	serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, and always of one length */
	bn = BN_bin2bn(serial, SERIAL_BYTES, NULL);
	number = bn != NULL ? BN_to_ASN1_INTEGER(bn, NULL) : NULL;
	ok = number != NULL && X509_set_serialNumber(cert, number) == 1;
	ASN1_INTEGER_free(number);
	BN_free(bn);
	return ok;
}

static int
set_times(X509 *cert, int64_t now_ms, int64_t seconds)
{
	return ASN1_TIME_set(
		   X509_getm_notBefore(cert), (time_t)((now_ms - CW_PKI_SKEW_MS) / 1000)) != NULL &&
	    ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(now_ms / 1000 + seconds)) != NULL;
}

/* value is one of our own constants, never text from outside. */
static int
add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	int ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

int
cw_pki_ca_new(
    X509 **ret, EVP_PKEY *key, const char *name, unsigned years, int64_t now_ms, struct cw_err *err)
{
	X509 *cert = X509_new();
	int ok;

	ok = cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
	    set_times(cert, now_ms, (int64_t)years * 365 * DAY_S) &&
	    add_name(X509_get_subject_name(cert), "CN", name) &&
	    X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 &&
	    X509_set_pubkey(cert, key) == 1 &&
	    add_ext(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	    add_ext(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    add_ext(cert, cert, NID_subject_key_identifier, "hash") &&
	    X509_sign(cert, key, EVP_sha256()) > 0;
	if (!ok) {
		X509_free(cert);
		return cw_crypto_fail(err, CW_ESYS, "cannot make the CA certificate");
	}
	*ret = cert;
	return CW_OK;
}

/* Everything that all leaves have in common, but for subject and signature. */
static X509 *
leaf_new(const struct cw_pki_issuer *issuer, EVP_PKEY *subject_key, const char *extended_use,
    unsigned days, int64_t now_ms)
{
	X509 *cert = X509_new();

	if (cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
	    set_times(cert, now_ms, (int64_t)days * DAY_S) &&
	    X509_set_issuer_name(cert, X509_get_subject_name(issuer->ca)) == 1 &&
	    X509_set_pubkey(cert, subject_key) == 1 &&
	    add_ext(cert, issuer->ca, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_ext(cert, issuer->ca, NID_key_usage, "critical,digitalSignature") &&
	    add_ext(cert, issuer->ca, NID_ext_key_usage, extended_use) &&
	    add_ext(cert, issuer->ca, NID_subject_key_identifier, "hash") &&
	    add_ext(cert, issuer->ca, NID_authority_key_identifier, "keyid:always"))
		return cert;
	X509_free(cert);
	return NULL;
}

int
cw_pki_issue_agent(X509 **ret, const struct cw_pki_issuer *issuer, EVP_PKEY *subject_key,
    const char *agent, const char *tenant, unsigned days, int64_t now_ms, struct cw_err *err)
{
	uint8_t uuid[16];
	X509 *cert;

	if (cw_uuid_parse(uuid, agent, strlen(agent)) < 0 ||
	    cw_uuid_parse(uuid, tenant, strlen(tenant)) < 0)
		return cw_fail(err, CW_EINVAL,
		    "certificate for agent \"%.40s\" of tenant \"%.40s\": both must be UUIDs",
		    agent, tenant);
	cert = leaf_new(issuer, subject_key, "clientAuth", days, now_ms);
	if (cert == NULL || !add_name(X509_get_subject_name(cert), "O", tenant) ||
	    !add_name(X509_get_subject_name(cert), "CN", agent) ||
	    X509_sign(cert, issuer->key, EVP_sha256()) <= 0) {
		X509_free(cert);
		return cw_crypto_fail(err, CW_ESYS, "cannot make the agent's certificate");
	}
	*ret = cert;
	return CW_OK;
}

static bool
is_dns_name(const char *s, size_t n)
{
	if (n == 0 || n > 253 || s[0] == '-' || s[0] == '.')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
			(s[i] >= '0' && s[i] <= '9') || s[i] == '-' || s[i] == '.'))
			return false;
	}
	return true;
}

static GENERAL_NAME *
general_name(const char *name)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
	ASN1_IA5STRING *dns;
	GENERAL_NAME *ret = GENERAL_NAME_new();

	if (ret == NULL) {
		ASN1_OCTET_STRING_free(address);
		return NULL;
	}
	if (address != NULL) {
		GENERAL_NAME_set0_value(ret, GEN_IPADD, address);
		return ret;
	}
	dns = ASN1_IA5STRING_new();
	if (dns == NULL || ASN1_STRING_set(dns, name, -1) != 1) {
		ASN1_IA5STRING_free(dns);
		GENERAL_NAME_free(ret);
		return NULL;
	}
	GENERAL_NAME_set0_value(ret, GEN_DNS, dns);
	return ret;
}

/* Adds the comma separated names to cert; the first one is the common name too where it fits. */
static int
add_alt_names(X509 *cert, const char *names, struct cw_err *err)
{
	GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
	char one[256];
	int r = CW_OK;

	for (const char *at = names; r == CW_OK; at++) {
		size_t n = strcspn(at, ",");
		GENERAL_NAME *gn = NULL;

		if (n < sizeof(one)) {
			memcpy(one, at, n);
			one[n] = '\0';
			/* An IPv6 address has colons; what else it may hold a2i_IPADDRESS() says.
			 */
			if (is_dns_name(one, n) || strchr(one, ':') != NULL)
				gn = general_name(one);
		}
		if (gn == NULL || (strchr(one, ':') != NULL && gn->type != GEN_IPADD)) {
			r = cw_fail(err, CW_EINVAL,
			    "server name \"%.*s\" is neither a DNS name nor an IP address",
			    (int)(n < 80 ? n : 80), at);
			GENERAL_NAME_free(gn);
		} else if (sk_GENERAL_NAME_push(all, gn) <= 0) {
			GENERAL_NAME_free(gn);
			r = CW_ENOMEM;
		} else if (at == names && n < CW_PKI_NAME_TEXT &&
		    !add_name(X509_get_subject_name(cert), "CN", one)) {
			r = CW_ESYS;
		}
		at += n;
		if (*at == '\0')
			break;
	}
	if (r == CW_OK && X509_add1_ext_i2d(cert, NID_subject_alt_name, all, 0, 0) != 1)
		r = CW_ESYS;
	GENERAL_NAMES_free(all);
	return r;
}

int
cw_pki_issue_server(X509 **ret, const struct cw_pki_issuer *issuer, EVP_PKEY *subject_key,
    const char *names, unsigned days, int64_t now_ms, struct cw_err *err)
{
	X509 *cert = leaf_new(issuer, subject_key, "serverAuth", days, now_ms);
	int r = cert != NULL ? add_alt_names(cert, names, err) : CW_ESYS;

	if (r == CW_EINVAL) {
		X509_free(cert);
		return r;
	}
	if (r < 0 || X509_sign(cert, issuer->key, EVP_sha256()) <= 0) {
		X509_free(cert);
		return cw_crypto_fail(err, CW_ESYS, "cannot make the server's certificate");
	}
	*ret = cert;
	return CW_OK;
}
