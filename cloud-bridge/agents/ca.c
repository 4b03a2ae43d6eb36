/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CA's files.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "agents/ca.h"
#include "base/buf.h"
#include "base/err.h"
#include "crypto/pki.h"
#include "os/file.h"

#define DAY_MS INT64_C(86400000)

static int
load_key(EVP_PKEY **ret, const char *path, struct cw_err *err)
{
	struct cw_err why = { 0 };
	struct cw_buf pem;
	int r;

	cw_buf_init(&pem, CW_PKI_PEM_MAX);
	if ((r = cw_file_read(&pem, path, err)) == CW_OK &&
	    (r = cw_pki_key_read(ret, (const char *)cw_buf_peek(&pem), cw_buf_left(&pem), &why)) <
		0)
		(void)cw_fail(err, r, "%s: %s", path, why.text);
	cw_buf_free_secret(&pem);
	return r;
}

static int
load_cert(X509 **ret, const char *path, struct cw_err *err)
{
	struct cw_err why = { 0 };
	struct cw_buf pem;
	int r;

	cw_buf_init(&pem, CW_PKI_PEM_MAX);
	if ((r = cw_file_read(&pem, path, err)) == CW_OK &&
	    (r = cw_pki_cert_read(ret, (const char *)cw_buf_peek(&pem), cw_buf_left(&pem), &why)) <
		0)
		(void)cw_fail(err, r, "%s: %s", path, why.text);
	cw_buf_free(&pem);
	return r;
}

/* The key first: a crash in between leaves a key that the next start uses. */
static int
store_pair(
    const char *key_path, EVP_PKEY *key, const char *cert_path, X509 *cert, struct cw_err *err)
{
	struct cw_buf pem;
	int r;

	cw_buf_init(&pem, CW_PKI_PEM_MAX);
	if ((r = cw_pki_key_put(&pem, key, err)) == CW_OK)
		r = cw_file_write(key_path, cw_buf_peek(&pem), cw_buf_left(&pem), true, err);
	cw_buf_free_secret(&pem);
	if (r == CW_OK && (r = cw_pki_cert_put(&pem, cert, err)) == CW_OK)
		r = cw_file_write(cert_path, cw_buf_peek(&pem), cw_buf_left(&pem), false, err);
	cw_buf_free(&pem);
	return r;
}

static int
open_ca(struct cw_ca *ca, const char *folder, int64_t now_ms, struct cw_err *err)
{
	char key_path[CW_FILE_PATH_MAX], cert_path[CW_FILE_PATH_MAX];
	int r;

	if ((r = cw_file_path(key_path, folder, "ca.key", err)) < 0 ||
	    (r = cw_file_path(cert_path, folder, "ca.crt", err)) < 0)
		return r;
	if (cw_file_exists(cert_path)) {
		/* A CA without its key cannot be replaced silently: every agent trusts it alone. */
		if ((r = load_cert(&ca->cert, cert_path, err)) < 0 ||
		    (r = load_key(&ca->key, key_path, err)) < 0)
			return r;
		if (X509_check_private_key(ca->cert, ca->key) != 1)
			return cw_fail(
			    err, CW_EINVAL, "%s does not belong to %s", key_path, cert_path);
		return CW_OK;
	}
	if ((r = cw_pki_key_new(&ca->key, err)) < 0 ||
	    (r = cw_pki_ca_new(
		 &ca->cert, ca->key, "Causeway bridge CA", CW_CA_YEARS, now_ms, err)) < 0)
		return r;
	return store_pair(key_path, ca->key, cert_path, ca->cert, err);
}

/* A server's certificate and key. */
struct pair {
	X509 *cert;
	EVP_PKEY *key;
};

static void
pair_free(struct pair *pair)
{
	X509_free(pair->cert);
	EVP_PKEY_free(pair->key);
	*pair = (struct pair){ 0 };
}

/* The certificate in hand serves all these names for long enough, and this CA made it. */
static bool
serves(const struct pair *pair, const struct cw_ca *ca, const char *names, int64_t now_ms)
{
	int64_t from, until;
	char name[256];

	if (X509_check_private_key(pair->cert, pair->key) != 1 ||
	    cw_pki_verify(pair->cert, ca->cert, CW_PKI_SERVER, now_ms, NULL) < 0 ||
	    cw_pki_cert_validity(&from, &until, pair->cert) < 0 ||
	    until < now_ms + CW_CA_SERVER_RENEW_DAYS * DAY_MS)
		return false;
	for (const char *at = names;; at++) {
		size_t n = strcspn(at, ",");

		if (n >= sizeof(name))
			return false;
		memcpy(name, at, n);
		name[n] = '\0';
		if (X509_check_host(pair->cert, name, n, 0, NULL) != 1 &&
		    X509_check_ip_asc(pair->cert, name, 0) != 1)
			return false;
		at += n;
		if (*at == '\0')
			return true;
	}
}

static int
load_pair(struct pair *ret, const char *key_path, const char *cert_path, struct cw_err *err)
{
	int r;

	if (cw_file_exists(key_path) && (r = load_key(&ret->key, key_path, err)) < 0)
		return r;
	return cw_file_exists(cert_path) ? load_cert(&ret->cert, cert_path, err) : CW_OK;
}

/* FOLDER/FILE.key and .crt, read or made; pair_free() them, also on failure. */
static int
open_pair(struct pair *ret, const struct cw_ca *ca, const char *folder, const char *file,
    const char *names, unsigned days, int64_t now_ms, struct cw_err *err)
{
	const struct cw_pki_issuer issuer = { ca->cert, ca->key };
	char name[64], key_path[CW_FILE_PATH_MAX], cert_path[CW_FILE_PATH_MAX];
	int r;

	(void)snprintf(name, sizeof(name), "%s.key", file);
	if ((r = cw_file_path(key_path, folder, name, err)) < 0)
		return r;
	(void)snprintf(name, sizeof(name), "%s.crt", file);
	if ((r = cw_file_path(cert_path, folder, name, err)) < 0 ||
	    (r = load_pair(ret, key_path, cert_path, err)) < 0)
		return r;
	if (ret->key != NULL && ret->cert != NULL && serves(ret, ca, names, now_ms))
		return CW_OK;
	X509_free(ret->cert);
	ret->cert = NULL;
	if ((ret->key == NULL && (r = cw_pki_key_new(&ret->key, err)) < 0) ||
	    (r = cw_pki_issue_server(&ret->cert, &issuer, ret->key, names, days, now_ms, err)) < 0)
		return r;
	return store_pair(key_path, ret->key, cert_path, ret->cert, err);
}

int
cw_ca_server(const struct cw_ca *ca, const char *state_folder, const char *name, const char *names,
    unsigned days, int64_t now_ms, struct cw_err *err)
{
	struct pair pair = { 0 };
	int r = open_pair(&pair, ca, state_folder, name, names, days, now_ms, err);

	pair_free(&pair);
	return r;
}

int
cw_ca_open(struct cw_ca *ret, const char *state_folder, const char *names, int64_t now_ms,
    struct cw_err *err)
{
	struct cw_ca ca = { 0 };
	struct pair agents = { 0 };
	int r;

	if ((r = open_ca(&ca, state_folder, now_ms, err)) < 0 ||
	    (r = open_pair(&agents, &ca, state_folder, "agents", names, CW_CA_SERVER_DAYS, now_ms,
		 err)) < 0) {
		pair_free(&agents);
		cw_ca_free(&ca);
		return r;
	}
	ca.server_cert = agents.cert;
	ca.server_key = agents.key;
	*ret = ca;
	return CW_OK;
}

void
cw_ca_free(struct cw_ca *ca)
{
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	X509_free(ca->server_cert);
	EVP_PKEY_free(ca->server_key);
	*ca = (struct cw_ca){ 0 };
}
