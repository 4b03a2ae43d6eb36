/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the double with keys made on the spot, and talks to its admin endpoint.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/json.h"
#include "crypto/pki.h"
#include "double.h"
#include "os/clock.h"
#include "os/file.h"

#define CLIENT "5d1c9a4e-0000-4000-8000-00000000c11e"
#define TENANT "5d1c9a4e-0000-4000-8000-0000000007e0"
#define START_MS 60000u

static void
must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "cannot prepare the test: %s\n", what);
	exit(1);
}

static void
save(const struct entra *e, const char *name, struct cw_buf *text)
{
	char path[192];

	(void)snprintf(path, sizeof(path), "%s/%s", e->dir, name);
	must(cw_file_write(path, cw_buf_peek(text), cw_buf_left(text), true, NULL) == 0, path);
}

static void
make_rsa(struct cw_buf *certificate, struct cw_buf *key)
{
	EVP_PKEY *pair = EVP_RSA_gen(2048);
	X509 *x = X509_new();

	cw_buf_init(certificate, CW_PKI_PEM_MAX);
	cw_buf_init(key, CW_PKI_PEM_MAX);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
	    (const unsigned char *)"bridge", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_set_pubkey(x, pair);
	must(X509_sign(x, pair, EVP_sha256()) > 0, "a certificate");
	must(cw_pki_cert_put(certificate, x, NULL) == 0 && cw_pki_key_put(key, pair, NULL) == 0,
	    "PEM");
	must(cw_buf_str(certificate) != NULL && cw_buf_str(key) != NULL, "PEM");
	X509_free(x);
	EVP_PKEY_free(pair);
}

static void
make_tls(struct entra *e)
{
	struct cw_pki_issuer ca = { NULL, NULL };
	struct cw_buf text;
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	int64_t now = cw_clock_unix_ms();

	cw_buf_init(&text, CW_PKI_PEM_MAX);
	must(cw_pki_key_new(&ca.key, NULL) == 0 && cw_pki_key_new(&key, NULL) == 0 &&
		cw_pki_ca_new(&ca.ca, ca.key, "test", 1, now, NULL) == 0 &&
		cw_pki_issue_server(&cert, &ca, key, "localhost", 1, now, NULL) == 0,
	    "a TLS certificate");
	must(cw_pki_cert_put(&text, ca.ca, NULL) == 0, "PEM");
	save(e, "ca.pem", &text);
	cw_buf_clear(&text);
	must(cw_pki_cert_put(&text, cert, NULL) == 0, "PEM");
	save(e, "tls.pem", &text);
	cw_buf_clear(&text);
	must(cw_pki_key_put(&text, key, NULL) == 0, "PEM");
	save(e, "tls.key", &text);
	cw_buf_free_secret(&text);
	X509_free(ca.ca);
	X509_free(cert);
	EVP_PKEY_free(ca.key);
	EVP_PKEY_free(key);
}

static void
read_ready(struct entra *e)
{
	uint64_t until = cw_clock_ms() + START_MS;
	char path[128];
	struct cw_buf text;
	cJSON *o = NULL;

	(void)snprintf(path, sizeof(path), "%s/ready", e->dir);
	while (!cw_file_exists(path)) {
		must(waitpid(e->pid, NULL, WNOHANG) == 0, "the double ended");
		must(cw_clock_ms() < until, "the double is not ready in time");
		usleep(20000);
	}
	cw_buf_init(&text, 65536);
	must(cw_file_read(&text, path, NULL) == 0, path);
	must(cw_json_parse(&o, (const char *)cw_buf_peek(&text), cw_buf_left(&text), path, NULL) ==
		0,
	    path);
	e->settings.set = true;
	(void)snprintf(e->settings.tenant_id, sizeof(e->settings.tenant_id), "%s", TENANT);
	(void)snprintf(e->settings.client_id, sizeof(e->settings.client_id), "%s", CLIENT);
	(void)snprintf(
	    e->settings.graph_url, sizeof(e->settings.graph_url), "%s", cw_json_str(o, "graphUrl"));
	(void)snprintf(
	    e->settings.token_url, sizeof(e->settings.token_url), "%s", cw_json_str(o, "tokenUrl"));
	(void)snprintf(e->admin_url, sizeof(e->admin_url), "%s", cw_json_str(o, "adminUrl"));
	cJSON_Delete(o);
	cw_buf_free(&text);
}

void
entra_start(struct entra *e)
{
	const char *program = getenv("ENTRA"), *seed = getenv("ENTRA_SEED");

	memset(e, 0, sizeof(*e));
	must(program != NULL && seed != NULL, "ENTRA and ENTRA_SEED name the double and its seed");
	(void)snprintf(e->dir, sizeof(e->dir), "/tmp/cw-graph-XXXXXX");
	must(mkdtemp(e->dir) != NULL, "a folder");
	(void)snprintf(e->ca_file, sizeof(e->ca_file), "%s/ca.pem", e->dir);
	make_tls(e);
	make_rsa(&e->certificate, &e->key);
	make_rsa(&e->other_certificate, &e->other_key);
	save(e, "client.pem", &e->certificate);
	if ((e->pid = fork()) == 0) {
		/* It ends with us, even when we crash. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && chdir(e->dir) == 0)
			execl(program, program, "--cert", "tls.pem", "--key", "tls.key", "--tenant",
			    TENANT, "--client", CLIENT, "--client-cert", "client.pem",
			    "--ready-file", "ready", "--seed", seed, (char *)NULL);
		_exit(127);
	}
	must(e->pid > 0, "fork");
	read_ready(e);
}

void
entra_stop(struct entra *e)
{
	static const char *const files[] = { "ca.pem", "tls.pem", "tls.key", "client.pem", "ready",
		"keys/0aa8c0de-0000-4000-8000-000000000001.pem",
		"keys/0aa8c0de-0000-4000-8000-000000000002.pem" };
	char path[192];

	kill(e->pid, SIGTERM);
	waitpid(e->pid, NULL, 0);
	for (size_t i = 0; i < CW_COUNT(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", e->dir, files[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/keys", e->dir);
	(void)rmdir(path);
	(void)rmdir(e->dir);
	cw_buf_free_secret(&e->certificate);
	cw_buf_free_secret(&e->key);
	cw_buf_free_secret(&e->other_certificate);
	cw_buf_free_secret(&e->other_key);
}

static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	return cw_buf_put(arg, p, size * n) == 0 ? size * n : 0;
}

cJSON *
entra_admin(struct entra *e, const char *method, const char *path, const char *json)
{
	CURL *c = curl_easy_init();
	struct curl_slist *type = curl_slist_append(NULL, "Content-Type: application/json");
	char url[256];
	struct cw_buf text;
	cJSON *o = NULL;
	long status = 0;

	cw_buf_init(&text, 16u << 20);
	(void)snprintf(url, sizeof(url), "%s%s", e->admin_url, path);
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, type);
	if (json != NULL)
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, json);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &text);
	must(curl_easy_perform(c) == CURLE_OK, url);
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	must(status < 300, cw_buf_str(&text));
	if (cw_buf_left(&text) > 0)
		must(cw_json_parse(
			 &o, (const char *)cw_buf_peek(&text), cw_buf_left(&text), url, NULL) == 0,
		    url);
	cw_buf_free(&text);
	curl_slist_free_all(type);
	curl_easy_cleanup(c);
	return o;
}

void
entra_quiet(struct entra *e)
{
	cJSON_Delete(entra_admin(e, "DELETE", "/faults", NULL));
	cJSON_Delete(entra_admin(e, "DELETE", "/log", NULL));
}

int
entra_seen(struct entra *e, const char *method, const char *target_part)
{
	cJSON *log = entra_admin(e, "GET", "/log", NULL);
	const cJSON *one;
	int n = 0;

	cJSON_ArrayForEach (one, cw_json_get(log, "requests")) {
		const char *target = cw_json_str(one, "target");

		n += cw_streq(cw_json_str(one, "method"), method) && target != NULL &&
		    strstr(target, target_part) != NULL;
	}
	cJSON_Delete(log);
	return n;
}
