/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tenants, Graph settings, enrolment tokens, agents and keys: what is set is what is
 * shown, and secrets are not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "api_fixture.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "crypto/token.h"
#include "ledger/agents.h"
#include "os/clock.h"
#include "test.h"

int test_failed;
const char *test_case = "";

static char id[CW_UUID_TEXT];

/* Asks as an administrator; the body is the caller's. status is checked. */
static cJSON *
must(int status, const char *method, const char *path, const char *body)
{
	struct cw_web_call *call = ask(method, path, NULL, admin, body);
	const char *text = web_double_body(call);
	cJSON *answer = NULL;

	CHECK_EQ(web_double_status(call), status);
	if (web_double_status(call) != status)
		fprintf(stderr, "%s\n", text);
	if (status < 300 && text[0] != '\0')
		CHECK_EQ(cw_json_parse(&answer, text, strlen(text), "answer", NULL), CW_OK);
	web_double_free(call);
	return answer;
}

static void
refused(int status, const char *method, const char *path, const char *body, const char *says)
{
	struct cw_web_call *call = ask(method, path, NULL, admin, body);

	CHECK_EQ(web_double_status(call), status);
	if (strstr(web_double_body(call), says) == NULL)
		CHECK_STR(web_double_body(call), says);
	web_double_free(call);
}

static void
test_tenants(void)
{
	struct cw_web_call *call;
	char path[64], place[64];
	cJSON *t;

	test_case = "a new tenant";
	call = ask(
	    "POST", "/v1/tenants", NULL, admin, "{\"name\":\"Größe & Co\",\"mode\":\"on-prem\"}");
	CHECK_EQ(web_double_status(call), 201);
	(void)snprintf(id, sizeof(id), "%.36s", strstr(web_double_body(call), "\"id\":\"") + 6);
	(void)snprintf(place, sizeof(place), "/v1/tenants/%s", id);
	CHECK_STR(web_double_header(call, "location"), place);
	web_double_free(call);
	test_case = "by name";
	t = must(200, "GET", "/v1/tenants/Größe & Co", NULL);
	CHECK_STR(cw_json_str(t, "id"), id);
	CHECK_STR(cw_json_str(t, "mode"), "on-prem");
	CHECK(cw_json_get(t, "graph") == NULL);
	cJSON_Delete(t);
	test_case = "changed";
	(void)snprintf(path, sizeof(path), "/v1/tenants/%s", id);
	t = must(200, "PATCH", path, "{\"name\":\"contoso\"}");
	CHECK_STR(cw_json_str(t, "name"), "contoso");
	CHECK_STR(cw_json_str(t, "mode"), "on-prem");
	cJSON_Delete(t);
	refused(
	    409, "PATCH", path, "{\"name\":\"own\"}", "there is a tenant named \"own\" already");
	refused(400, "PATCH", path, "{\"name\":\"a/b\"}", "a tenant's name");
	refused(400, "PATCH", path, "{\"name\":\"own \"}", "no space at its ends");
	refused(409, "POST", "/v1/tenants", "{\"name\":\"own\",\"mode\":\"cloud\"}", "already");
	test_case = "all, and what a reader sees of them";
	t = must(200, "GET", "/v1/tenants", NULL);
	CHECK_EQ(cJSON_GetArraySize(cw_json_get(t, "tenants")), 3);
	cJSON_Delete(t);
	call = ask("GET", "/v1/tenants", NULL, reader, NULL);
	CHECK(strstr(web_double_body(call), own.id) != NULL);
	CHECK(strstr(web_double_body(call), foreign.id) == NULL);
	CHECK(strstr(web_double_body(call), id) == NULL);
	web_double_free(call);
	refused(409, "DELETE", "/v1/tenants/own", NULL, "still has agents");
}

/* --- Graph */

static char *
quoted(const struct cw_buf *pem)
{
	struct cw_buf b;
	char *text;

	cw_buf_init(&b, 65536);
	CHECK_EQ(cw_json_put_str(&b, (const char *)cw_buf_peek(pem), cw_buf_left(pem)), CW_OK);
	text = strdup(cw_buf_str(&b));
	cw_buf_free(&b);
	return text;
}

/* A certificate for so many days and its key, as JSON texts; the caller's. */
static void
make_pair(char **certificate, char **key, int days)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	X509 *cert = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	struct cw_buf pem = { .max = 65536 };
	char *p;
	long n;

	(void)X509_gmtime_adj(X509_getm_notBefore(cert), -86400L * 10);
	(void)X509_gmtime_adj(X509_getm_notAfter(cert), 86400L * days);
	(void)X509_set_pubkey(cert, rsa);
	CHECK(X509_sign(cert, rsa, EVP_sha256()) > 0);
	CHECK_EQ(PEM_write_bio_X509(bio, cert), 1);
	n = BIO_get_mem_data(bio, &p);
	(void)cw_buf_put(&pem, p, (size_t)n);
	*certificate = quoted(&pem);
	cw_buf_clear(&pem);
	(void)BIO_reset(bio);
	CHECK_EQ(PEM_write_bio_PrivateKey(bio, rsa, NULL, NULL, 0, NULL, NULL), 1);
	n = BIO_get_mem_data(bio, &p);
	(void)cw_buf_put(&pem, p, (size_t)n);
	*key = quoted(&pem);
	cw_buf_free(&pem);
	BIO_free(bio);
	X509_free(cert);
	EVP_PKEY_free(rsa);
}

static const char *
graph_body(const char *certificate, const char *key, const char *more)
{
	static char text[32768];

	(void)snprintf(text, sizeof(text),
	    "{\"tenant_id\":\"72f988bf-86f1-41af-91ab-2d7cd011db47\","
	    "\"client_id\":\"1b730954-1685-4b74-9bfd-dac224a7b894\",\"certificate\":%s,"
	    "\"private_key\":%s%s}",
	    certificate, key, more);
	return text;
}

static void
test_graph(void)
{
	char *certificate, *key, *other, *other_key, *old, *old_key, path[128], file[128];
	const cJSON *graph;
	struct stat st;
	cJSON *t;

	make_pair(&certificate, &key, 100);
	make_pair(&other, &other_key, 100);
	make_pair(&old, &old_key, -1);
	(void)snprintf(path, sizeof(path), "/v1/tenants/%s/graph", id);
	(void)snprintf(file, sizeof(file), "%s/graph/%s.pem", fixture_folder, id);
	test_case = "Graph settings, by default Microsoft's";
	t = must(200, "PUT", path, graph_body(certificate, key, ""));
	graph = cw_json_get(t, "graph");
	CHECK_STR(cw_json_str(graph, "graph_url"), "https://graph.microsoft.com/v1.0");
	CHECK_STR(cw_json_str(graph, "token_url"),
	    "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/oauth2/v2.0/"
	    "token");
	CHECK_EQ(strlen(cw_json_str(graph, "thumbprint")), 64);
	CHECK(cw_json_get(graph, "private_key") == NULL);
	cJSON_Delete(t);
	CHECK_EQ(stat(file, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	test_case = "another cloud";
	t = must(200, "PUT", path,
	    graph_body(other, other_key,
		",\"graph_url\":\"https://localhost:1/v1.0\",\"token_url\":\"https://localhost:2/"
		"t\""));
	CHECK_STR(cw_json_str(cw_json_get(t, "graph"), "graph_url"), "https://localhost:1/v1.0");
	cJSON_Delete(t);
	test_case = "not a pair";
	refused(400, "PUT", path, graph_body(certificate, other_key, ""), "");
	test_case = "no PEM";
	refused(400, "PUT", path, graph_body("\"x\"", key, ""), "");
	refused(400, "PUT", path, graph_body(certificate, "\"x\"", ""), "");
	test_case = "a certificate that has ended";
	refused(400, "PUT", path, graph_body(old, old_key, ""), "the certificate ended on");
	test_case = "in clear";
	refused(400, "PUT", path,
	    graph_body(certificate, key, ",\"graph_url\":\"http://localhost/v1.0\""), "graph_url");
	refused(400, "PUT", path,
	    graph_body(certificate, key, ",\"token_url\":\"https://u:p@localhost/\""), "token_url");
	test_case = "what was refused changed nothing";
	t = must(200, "GET", "/v1/tenants/contoso", NULL);
	CHECK_STR(cw_json_str(cw_json_get(t, "graph"), "graph_url"), "https://localhost:1/v1.0");
	cJSON_Delete(t);
	test_case = "forgotten";
	cJSON_Delete(must(204, "DELETE", path, NULL));
	CHECK(stat(file, &st) != 0);
	t = must(200, "PUT", path, graph_body(certificate, key, ""));
	cJSON_Delete(t);
	test_case = "a tenant goes with its key";
	(void)snprintf(path, sizeof(path), "/v1/tenants/%s", id);
	cJSON_Delete(must(204, "DELETE", path, NULL));
	CHECK(stat(file, &st) != 0);
	refused(404, "GET", path, NULL, "there is no tenant");
	free(certificate);
	free(key);
	free(other);
	free(other_key);
	free(old);
	free(old_key);
}

static void
test_enrolment(void)
{
	struct cw_agents_store store;
	struct cw_token_grant grant;
	uint8_t hash[CW_TOKEN_HASH];
	int64_t expires;
	struct cw_err err;
	const char *text;
	cJSON *t;

	test_case = "an enrolment token";
	t = must(201, "POST", "/v1/tenants/own/enrolment-tokens",
	    "{\"roles\":[\"directory\",\"sync\"],\"expires_in_s\":3600}");
	CHECK_STR(cw_json_str(t, "bridge"), "bridge.test:8442");
	text = cw_json_str(t, "expires");
	CHECK_EQ(cw_time_parse(&expires, text, strlen(text)), CW_OK);
	CHECK(expires - cw_clock_unix_ms() > 3500000 && expires - cw_clock_unix_ms() <= 3600000);
	CHECK_EQ(cw_token_hash(hash, cw_json_str(t, "token")), CW_OK);
	cw_ledger_agents_store(ledger, &store);
	CHECK_EQ(store.token_find(store.arg, &grant, hash, cw_clock_unix_ms(), &err), CW_OK);
	CHECK_STR(grant.tenant, own.id);
	CHECK_STR(grant.roles, "directory,sync");
	cJSON_Delete(t);
}

static void
test_agents(void)
{
	struct cw_web_call *call;
	char path[128];
	cJSON *a;

	test_case = "agents, as far as one sees them";
	call = ask("GET", "/v1/agents", NULL, reader, NULL);
	CHECK(strstr(web_double_body(call), own_agent) != NULL);
	CHECK(strstr(web_double_body(call), foreign_agent) == NULL);
	web_double_free(call);
	call = ask("GET", "/v1/agents", "tenant=foreign", reader, NULL);
	CHECK_EQ(web_double_status(call), 404);
	CHECK_STR(web_double_body(call), "not_found: there is no tenant foreign");
	web_double_free(call);
	call = ask("GET", "/v1/agents", "tenant=own", admin, NULL);
	CHECK(strstr(web_double_body(call), foreign_agent) == NULL);
	web_double_free(call);
	test_case = "an agent";
	(void)snprintf(path, sizeof(path), "/v1/agents/%s", own_agent);
	a = must(200, "GET", path, NULL);
	CHECK_STR(cw_json_str(a, "hostname"), "dc1");
	CHECK(cJSON_IsFalse(cw_json_get(a, "connected")));
	CHECK_EQ(strlen(cw_json_str(a, "seal_key")), 44);
	CHECK_STR(cw_json_str(cw_json_get(a, "certificate"), "serial"), "01");
	cJSON_Delete(a);
	(void)snprintf(path, sizeof(path), "/v1/agents/%s/revoke", own_agent);
	a = must(200, "POST", path, NULL);
	CHECK(cw_json_true(a, "revoked"));
	CHECK(cw_json_str(a, "revoked_at") != NULL);
	cJSON_Delete(a);
}

static void
test_keys(void)
{
	struct cw_web_call *call;
	char text[CW_API_KEY_TEXT], path[128];
	cJSON *k;

	test_case = "a new key";
	k = must(201, "POST", "/v1/api-keys",
	    "{\"name\":\"tech\",\"role\":\"reader\",\"tenants\":[\"own\",\"foreign\"]}");
	CHECK_EQ(cJSON_GetArraySize(cw_json_get(k, "tenants")), 2);
	CHECK_STR(
	    cJSON_GetStringValue(cJSON_GetArrayItem(cw_json_get(k, "tenant_names"), 1)), "foreign");
	(void)snprintf(text, sizeof(text), "%s", cw_json_str(k, "key"));
	(void)snprintf(path, sizeof(path), "/v1/api-keys/%s", cw_json_str(k, "id"));
	cJSON_Delete(k);
	call = ask("GET", "/v1/tenants", NULL, text, NULL);
	CHECK_EQ(web_double_status(call), 200);
	web_double_free(call);
	test_case = "is not shown again";
	call = ask("GET", "/v1/api-keys", NULL, admin, NULL);
	CHECK(strstr(web_double_body(call), "\"tech\"") != NULL);
	CHECK(strstr(web_double_body(call), text) == NULL);
	web_double_free(call);
	test_case = "and does not work when it is revoked";
	cJSON_Delete(must(204, "DELETE", path, NULL));
	call = ask("GET", "/v1/tenants", NULL, text, NULL);
	CHECK_EQ(web_double_status(call), 401);
	web_double_free(call);
	call = ask("GET", "/v1/api-keys", NULL, admin, NULL);
	CHECK(strstr(web_double_body(call), "\"tech\"") == NULL);
	web_double_free(call);
	test_case = "keys that make no sense";
	refused(400, "POST", "/v1/api-keys", "{\"name\":\"x\",\"role\":\"reader\"}", "\"tenants\"");
	refused(400, "POST", "/v1/api-keys",
	    "{\"name\":\"x\",\"role\":\"admin\",\"tenants\":[\"own\"]}", "\"tenants\"");
	refused(400, "POST", "/v1/api-keys",
	    "{\"name\":\"x\",\"role\":\"reader\",\"tenants\":[\"nowhere\"]}",
	    "there is no tenant nowhere");
	refused(404, "DELETE", "/v1/api-keys/nobody", NULL, "there is no API key nobody");
}

static void
test_catalogue(void)
{
	struct cw_web_call *call = ask("GET", "/v1/catalogue", NULL, reader, NULL);

	test_case = "the catalogue";
	CHECK_EQ(web_double_status(call), 200);
	CHECK(strstr(web_double_body(call), "{\"name\":\"Get-ADUser\",\"role\":\"directory\",") !=
	    NULL);
	CHECK(strstr(web_double_body(call), "\"changes\":[\"user.update\",") != NULL);
	web_double_free(call);
}

int
main(void)
{
	fixture_new();
	test_tenants();
	test_graph();
	test_enrolment();
	test_agents();
	test_keys();
	test_catalogue();
	fixture_free();
	return test_failed;
}
