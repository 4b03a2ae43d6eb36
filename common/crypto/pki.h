/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PKI_H
#define CW_PKI_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

struct cw_buf;
struct cw_err;

/*
 * The bridge's own certificates (RFC 5280): one CA that signs the certificates of
 * its agents and of its own listener, and that both ends trust alone. P-256 and
 * SHA-256 throughout. Keys and certificates are OpenSSL's, to give back to
 * EVP_PKEY_free() and X509_free(). Times are Unix milliseconds.
 */
#define CW_PKI_PEM_MAX (64u * 1024u) /* bytes of one PEM text */
#define CW_PKI_SHA256 32u /* bytes */
#define CW_PKI_SERIAL_TEXT 48u /* bytes, with the NUL: lower case hex */
#define CW_PKI_NAME_TEXT 65u /* bytes, with the NUL: a common name or organization */
#define CW_PKI_SKEW_MS (60 * 60 * 1000) /* certificates are valid this long before now */

int cw_pki_key_new(EVP_PKEY **ret, struct cw_err *err);
/* PKCS #8, not encrypted: give the buffer back to cw_buf_free_secret(). */
int cw_pki_key_put(struct cw_buf *b, const EVP_PKEY *key, struct cw_err *err);
int cw_pki_key_read(EVP_PKEY **ret, const char *pem, size_t n, struct cw_err *err);

int cw_pki_cert_put(struct cw_buf *b, X509 *cert, struct cw_err *err);
/* The first certificate in a PEM text. */
int cw_pki_cert_read(X509 **ret, const char *pem, size_t n, struct cw_err *err);

/* A request for a certificate (RFC 2986), signed by key, with this common name. */
int cw_pki_csr_put(struct cw_buf *b, EVP_PKEY *key, const char *common_name, struct cw_err *err);
/* The public key of a request. CW_EINVAL: not PEM, not P-256, or not signed by its own key. The
 * names in a request mean nothing: the issuer decides them. */
int cw_pki_csr_read(EVP_PKEY **ret, const char *pem, size_t n, struct cw_err *err);

/* A self-signed CA for `years`. */
int cw_pki_ca_new(X509 **ret, EVP_PKEY *key, const char *name, unsigned years, int64_t now_ms,
    struct cw_err *err);

struct cw_pki_issuer {
	X509 *ca;
	EVP_PKEY *key;
};

/* For TLS clients: CN = agent, O = tenant, both UUIDs. */
int cw_pki_issue_agent(X509 **ret, const struct cw_pki_issuer *issuer, EVP_PKEY *subject_key,
    const char *agent, const char *tenant, unsigned days, int64_t now_ms, struct cw_err *err);
/* For TLS servers: the names, DNS or IP addresses, comma separated. CW_EINVAL names a bad one. */
int cw_pki_issue_server(X509 **ret, const struct cw_pki_issuer *issuer, EVP_PKEY *subject_key,
    const char *names, unsigned days, int64_t now_ms, struct cw_err *err);

enum cw_pki_use { CW_PKI_CLIENT, CW_PKI_SERVER };
/* Signed by this CA, valid now, and for this use. CW_EAUTH, or CW_EEXPIRED when only time is
 * wrong. */
int cw_pki_verify(X509 *cert, X509 *ca, enum cw_pki_use use, int64_t now_ms, struct cw_err *err);

void cw_pki_cert_sha256(uint8_t ret[CW_PKI_SHA256], const X509 *cert); /* of its DER */
int cw_pki_cert_serial(char ret[CW_PKI_SERIAL_TEXT], const X509 *cert);
/* Each exactly once in the subject, else CW_EINVAL. */
int cw_pki_cert_subject(char ret_common_name[CW_PKI_NAME_TEXT],
    char ret_organization[CW_PKI_NAME_TEXT], const X509 *cert);
int cw_pki_cert_validity(int64_t *ret_from_ms, int64_t *ret_until_ms, const X509 *cert);

#endif
