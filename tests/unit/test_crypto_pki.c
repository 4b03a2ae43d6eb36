/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/pki.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

#define NOW INT64_C(1795000000000)
#define DAY INT64_C(86400000)
#define AGENT "6f1f0d9e-3a43-4a8e-9d3f-0f6f1c1f2a01"
#define TENANT "0b7c3b52-51d9-4c3b-8a5b-9a53d1a0c702"

static EVP_PKEY *ca_key, *other_key, *leaf_key;
static X509 *ca, *other_ca;

static void
check_verify(void)
{
	struct cw_pki_issuer issuer = { ca, ca_key }, other = { other_ca, other_key };
	X509 *agent = NULL, *server = NULL, *foreign = NULL;
	struct cw_err err = { 0 };
	const struct {
		const char *name;
		X509 **cert;
		enum cw_pki_use use;
		int64_t at;
		int want;
	} rows[] = {
		{ "agent as client", &agent, CW_PKI_CLIENT, NOW, CW_OK },
		{ "agent's last day", &agent, CW_PKI_CLIENT, NOW + 90 * DAY - 1000, CW_OK },
		{ "agent as server", &agent, CW_PKI_SERVER, NOW, CW_EAUTH },
		{ "agent expired", &agent, CW_PKI_CLIENT, NOW + 91 * DAY, CW_EEXPIRED },
		{ "agent not yet valid", &agent, CW_PKI_CLIENT, NOW - DAY, CW_EAUTH },
		{ "clock an hour behind", &agent, CW_PKI_CLIENT, NOW - 3590 * 1000, CW_OK },
		{ "server as server", &server, CW_PKI_SERVER, NOW, CW_OK },
		{ "server as client", &server, CW_PKI_CLIENT, NOW, CW_EAUTH },
		{ "another CA of the same name", &foreign, CW_PKI_CLIENT, NOW, CW_EAUTH },
	};

	CHECK_EQ(cw_pki_issue_agent(&agent, &issuer, leaf_key, AGENT, TENANT, 90, NOW, &err), 0);
	CHECK_EQ(cw_pki_issue_agent(&foreign, &other, leaf_key, AGENT, TENANT, 90, NOW, &err), 0);
	CHECK_EQ(cw_pki_issue_server(
		     &server, &issuer, leaf_key, "bridge.example,127.0.0.1,::1", 90, NOW, &err),
	    0);
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		CHECK_EQ(
		    cw_pki_verify(*rows[i].cert, ca, rows[i].use, rows[i].at, &err), rows[i].want);
	}
	test_case = "server's names";
	CHECK_EQ(X509_check_host(server, "bridge.example", 0, 0, NULL), 1);
	CHECK_EQ(X509_check_host(server, "other.example", 0, 0, NULL), 0);
	CHECK_EQ(X509_check_ip_asc(server, "127.0.0.1", 0), 1);
	CHECK_EQ(X509_check_ip_asc(server, "::1", 0), 1);
	CHECK_EQ(X509_check_ip_asc(server, "127.0.0.2", 0), 0);
	X509_free(agent);
	X509_free(server);
	X509_free(foreign);
}

static void
check_fields(void)
{
	struct cw_pki_issuer issuer = { ca, ca_key };
	char cn[CW_PKI_NAME_TEXT], o[CW_PKI_NAME_TEXT];
	char serial[CW_PKI_SERIAL_TEXT], serial2[CW_PKI_SERIAL_TEXT];
	uint8_t hash[32], hash2[32];
	int64_t from, until;
	X509 *a = NULL, *b = NULL, *again = NULL;
	struct cw_err err = { 0 };
	struct cw_buf pem;

	test_case = "fields of an agent's certificate";
	CHECK_EQ(cw_pki_issue_agent(&a, &issuer, leaf_key, AGENT, TENANT, 90, NOW, &err), 0);
	CHECK_EQ(cw_pki_issue_agent(&b, &issuer, leaf_key, AGENT, TENANT, 90, NOW, &err), 0);
	CHECK_EQ(cw_pki_cert_subject(cn, o, a), 0);
	CHECK_STR(cn, AGENT);
	CHECK_STR(o, TENANT);
	CHECK_EQ(cw_pki_cert_validity(&from, &until, a), 0);
	CHECK_EQ(from, NOW - CW_PKI_SKEW_MS);
	CHECK_EQ(until, NOW + 90 * DAY);
	CHECK_EQ(cw_pki_cert_serial(serial, a), 0);
	CHECK_EQ(cw_pki_cert_serial(serial2, b), 0);
	CHECK_EQ(strlen(serial), 32);
	CHECK(strcmp(serial, serial2) != 0);

	test_case = "PEM there and back";
	cw_buf_init(&pem, CW_PKI_PEM_MAX);
	CHECK_EQ(cw_pki_cert_put(&pem, a, &err), 0);
	CHECK_EQ(
	    cw_pki_cert_read(&again, (const char *)cw_buf_peek(&pem), cw_buf_left(&pem), &err), 0);
	cw_pki_cert_sha256(hash, a);
	cw_pki_cert_sha256(hash2, again);
	CHECK(memcmp(hash, hash2, 32) == 0);
	CHECK_EQ(cw_pki_cert_subject(cn, o, ca), CW_EINVAL); /* has no organization */
	cw_buf_free(&pem);
	X509_free(a);
	X509_free(b);
	X509_free(again);
}

static void
check_bad_names(void)
{
	static const char *const names[] = { "", ",", "a,", "a,,b", "a b", "*.example", "-a",
		"a\nb", "DNS:a", "1:2", "a/b", "\xc3\xa4" };
	struct cw_pki_issuer issuer = { ca, ca_key };
	struct cw_err err = { 0 };
	X509 *cert = NULL;

	for (size_t i = 0; i < CW_COUNT(names); i++) {
		test_case = names[i];
		CHECK_EQ(cw_pki_issue_server(&cert, &issuer, leaf_key, names[i], 1, NOW, &err),
		    CW_EINVAL);
		CHECK(cert == NULL);
	}
	test_case = "agent that is no UUID";
	CHECK_EQ(
	    cw_pki_issue_agent(&cert, &issuer, leaf_key, "x", TENANT, 1, NOW, &err), CW_EINVAL);
	CHECK_EQ(cw_pki_issue_agent(&cert, &issuer, leaf_key, AGENT, "", 1, NOW, &err), CW_EINVAL);
}

/* Makes a request and damages it. */
static void
check_requests(void)
{
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), *key = NULL;
	EVP_PKEY *p384 = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	struct cw_err err = { 0 };
	struct cw_buf pem;
	static char big[CW_PKI_PEM_MAX + 1];

	cw_buf_init(&pem, CW_PKI_PEM_MAX);
	test_case = "a request";
	CHECK_EQ(cw_pki_csr_put(&pem, leaf_key, "dc1.lab.test", &err), 0);
	CHECK_EQ(cw_pki_csr_read(&key, cw_buf_str(&pem), cw_buf_left(&pem), &err), 0);
	CHECK(key != NULL && EVP_PKEY_eq(key, leaf_key) == 1);
	EVP_PKEY_free(key);
	key = NULL;
	test_case = "cut short";
	for (size_t n = 0; n < cw_buf_left(&pem) - 30; n += 7)
		CHECK_EQ(cw_pki_csr_read(&key, cw_buf_str(&pem), n, &err), CW_EINVAL);
	test_case = "signature changed";
	pem.data[pem.len - 50] = pem.data[pem.len - 50] == 'A' ? 'B' : 'A';
	CHECK_EQ(cw_pki_csr_read(&key, cw_buf_str(&pem), cw_buf_left(&pem), &err), CW_EINVAL);
	test_case = "RSA key";
	cw_buf_clear(&pem);
	CHECK_EQ(cw_pki_csr_put(&pem, rsa, "x", &err), 0);
	CHECK_EQ(cw_pki_csr_read(&key, cw_buf_str(&pem), cw_buf_left(&pem), &err), CW_EINVAL);
	test_case = "another curve";
	cw_buf_clear(&pem);
	CHECK_EQ(cw_pki_csr_put(&pem, p384, "x", &err), 0);
	CHECK_EQ(cw_pki_csr_read(&key, cw_buf_str(&pem), cw_buf_left(&pem), &err), CW_EINVAL);
	test_case = "a certificate where a request is wanted";
	cw_buf_clear(&pem);
	CHECK_EQ(cw_pki_cert_put(&pem, ca, &err), 0);
	CHECK_EQ(cw_pki_csr_read(&key, cw_buf_str(&pem), cw_buf_left(&pem), &err), CW_EINVAL);
	test_case = "too long";
	CHECK_EQ(cw_pki_csr_read(&key, big, sizeof(big), &err), CW_EINVAL);
	CHECK(key == NULL);
	cw_buf_free(&pem);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(p384);
}

static void
check_keys(void)
{
	struct cw_err err = { 0 };
	EVP_PKEY *key = NULL;
	struct cw_buf pem;

	test_case = "a private key as PEM";
	cw_buf_init(&pem, CW_PKI_PEM_MAX);
	CHECK_EQ(cw_pki_key_put(&pem, leaf_key, &err), 0);
	CHECK_EQ(cw_pki_key_read(&key, cw_buf_str(&pem), cw_buf_left(&pem), &err), 0);
	CHECK(key != NULL && EVP_PKEY_eq(key, leaf_key) == 1);
	EVP_PKEY_free(key);
	key = NULL;
	test_case = "half a key";
	CHECK_EQ(cw_pki_key_read(&key, cw_buf_str(&pem), 100, &err), CW_EINVAL);
	CHECK(key == NULL);
	cw_buf_free_secret(&pem);
}

int
main(void)
{
	struct cw_err err = { 0 };

	test_case = "setup";
	CHECK_EQ(cw_pki_key_new(&ca_key, &err), 0);
	CHECK_EQ(cw_pki_key_new(&other_key, &err), 0);
	CHECK_EQ(cw_pki_key_new(&leaf_key, &err), 0);
	CHECK_EQ(cw_pki_ca_new(&ca, ca_key, "Causeway CA", 20, NOW, &err), 0);
	CHECK_EQ(cw_pki_ca_new(&other_ca, other_key, "Causeway CA", 20, NOW, &err), 0);
	check_verify();
	check_fields();
	check_bad_names();
	check_requests();
	check_keys();
	X509_free(ca);
	X509_free(other_ca);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(other_key);
	EVP_PKEY_free(leaf_key);
	return test_failed;
}
