/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's identity: stored and read again, each file missing or wrong, addresses.
 */
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "test.h"
#include "base/err.h"
#include "crypto/pki.h"
#include "crypto/seal.h"
#include "link/identity.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/random.h"

int test_failed;
const char *test_case = "";

#define IDENTITY                                                       \
	"{\"tenant\":\"6f1de2b0-6a3c-4d2a-9b1e-000000000001\","        \
	"\"agent\":\"6f1de2b0-6a3c-4d2a-9b1e-000000000002\",\"host\":" \
	"\"z\",\"port\":1"

static char folder[128];

static void
make(struct cw_identity *id)
{
	struct cw_pki_issuer issuer = { 0 };
	struct cw_err err = { 0 };

	*id = (struct cw_identity){ .port = 8443 };
	cw_random_uuid(id->tenant);
	cw_random_uuid(id->agent);
	memcpy(id->host, "bridge.test", 12);
	memcpy(id->roles[0], "directory", 10);
	memcpy(id->roles[1], "sync", 5);
	CHECK_EQ(cw_pki_key_new(&issuer.key, &err), CW_OK);
	CHECK_EQ(cw_pki_key_new(&id->key, &err), CW_OK);
	CHECK_EQ(cw_pki_ca_new(&issuer.ca, issuer.key, "test", 1, cw_clock_unix_ms(), &err), CW_OK);
	CHECK_EQ(cw_pki_issue_agent(&id->cert, &issuer, id->key, id->agent, id->tenant, 1,
		     cw_clock_unix_ms(), &err),
	    CW_OK);
	CHECK_EQ(cw_seal_keypair(id->seal_public, id->seal_private), CW_OK);
	id->ca = issuer.ca;
	EVP_PKEY_free(issuer.key);
}

static const char *
path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
test_round_trip(const struct cw_identity *id)
{
	struct cw_identity again;
	struct cw_err err = { 0 };

	test_case = "not enrolled";
	CHECK(!cw_identity_exists(folder));
	CHECK_EQ(cw_identity_load(&again, folder, &err), CW_ENOTFOUND);
	CHECK(strstr(err.text, "causeway-agent enrol") != NULL);

	test_case = "stored and read again";
	CHECK_EQ(cw_identity_store(id, folder, &err), CW_OK);
	CHECK(cw_identity_exists(folder));
	CHECK_EQ(cw_identity_load(&again, folder, &err), CW_OK);
	CHECK_STR(again.tenant, id->tenant);
	CHECK_STR(again.agent, id->agent);
	CHECK_STR(again.host, id->host);
	CHECK_EQ(again.port, 8443);
	CHECK_STR(again.roles[0], "directory");
	CHECK_STR(again.roles[1], "sync");
	CHECK_STR(again.roles[2], "");
	CHECK_EQ(X509_cmp(again.ca, id->ca), 0);
	CHECK_EQ(X509_cmp(again.cert, id->cert), 0);
	CHECK_EQ(EVP_PKEY_eq(again.key, id->key), 1);
	CHECK_EQ(memcmp(again.seal_private, id->seal_private, CW_SEAL_KEY), 0);
	CHECK_EQ(memcmp(again.seal_public, id->seal_public, CW_SEAL_KEY), 0);

	test_case = "a renewed certificate";
	X509_up_ref(again.ca);
	CHECK_EQ(cw_identity_renewed(&again, again.ca, folder, &err), CW_EINVAL);
	CHECK_EQ(X509_cmp(again.cert, id->cert), 0);
	X509_up_ref(id->cert);
	CHECK_EQ(cw_identity_renewed(&again, id->cert, folder, &err), CW_OK);
	cw_identity_free(&again);
	cw_identity_free(&again);
}

static void
test_damage(const struct cw_identity *id)
{
	static const struct {
		const char *file, *text; /* NULL: removed */
		int want;
	} rows[] = {
		{ "identity.json", NULL, CW_ENOTFOUND },
		{ "identity.json", "{", CW_EINVAL },
		{ "identity.json", "{\"tenant\":\"x\",\"agent\":\"y\",\"host\":\"z\",\"port\":1}",
		    CW_EINVAL },
		{ "identity.json", "{\"tenant\":1}", CW_EINVAL },
		{ "identity.json", IDENTITY "}", CW_EINVAL },
		{ "identity.json", IDENTITY ",\"roles\":\"sync\"}", CW_EINVAL },
		{ "identity.json", IDENTITY ",\"roles\":[\"a\",\"\"]}", CW_EINVAL },
		{ "identity.json", IDENTITY ",\"roles\":[1,2,3,4,5,6,7,8]}", CW_EINVAL },
		{ "agent.key", NULL, CW_ENOTFOUND },
		{ "agent.key", "not a key", CW_EINVAL },
		{ "agent.crt", "", CW_EINVAL },
		{ "ca.crt", "-----BEGIN CERTIFICATE-----\n", CW_EINVAL },
		{ "seal.key", "short", CW_EINVAL },
	};
	struct cw_identity again;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cw_err err = { 0 };

		test_case = rows[i].text != NULL ? rows[i].text : rows[i].file;
		CHECK_EQ(cw_identity_store(id, folder, &err), CW_OK);
		if (rows[i].text == NULL)
			CHECK_EQ(cw_file_remove(path_of(rows[i].file), &err), CW_OK);
		else
			CHECK_EQ(cw_file_write(path_of(rows[i].file), rows[i].text,
				     strlen(rows[i].text), true, &err),
			    CW_OK);
		CHECK_EQ(cw_identity_load(&again, folder, &err), rows[i].want);
		CHECK(strstr(err.text, rows[i].file) != NULL);
	}
}

static void
test_addresses(void)
{
	static const struct {
		const char *text, *host;
		int port; /* 0: refused */
	} rows[] = {
		{ "bridge.example:443", "bridge.example", 443 },
		{ "192.0.2.1:8443", "192.0.2.1", 8443 },
		{ "[2001:db8::1]:443", "2001:db8::1", 443 },
		{ "bridge.example", NULL, 0 },
		{ "bridge.example:", NULL, 0 },
		{ "bridge.example:0", NULL, 0 },
		{ "bridge.example:65536", NULL, 0 },
		{ "bridge.example:99999999999999999999", NULL, 0 },
		{ "bridge.example:+443", NULL, 0 },
		{ "2001:db8::1:443", NULL, 0 },
		{ "[2001:db8::1:443", NULL, 0 },
		{ "[]:443", NULL, 0 },
		{ ":443", NULL, 0 },
		{ "", NULL, 0 },
		{ "user@bridge:443", NULL, 0 },
		{ "https://bridge:443", NULL, 0 },
		{ "bridge/path:443", NULL, 0 },
	};
	char host[CW_IDENTITY_HOST_MAX];
	uint16_t port;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cw_err err = { 0 };

		test_case = rows[i].text;
		if (rows[i].port == 0) {
			CHECK_EQ(cw_identity_split(host, &port, rows[i].text, &err), CW_EINVAL);
			continue;
		}
		CHECK_EQ(cw_identity_split(host, &port, rows[i].text, &err), CW_OK);
		CHECK_STR(host, rows[i].host);
		CHECK_EQ(port, rows[i].port);
	}
}

int
main(void)
{
	static const char *const files[] = { "identity.json", "agent.key", "agent.crt", "ca.crt",
		"seal.key" };
	char uuid[CW_UUID_TEXT];
	struct cw_identity id;
	struct cw_err err = { 0 };

	cw_random_uuid(uuid);
	(void)snprintf(folder, sizeof(folder), "test-link-identity-%s", uuid);
	CHECK_EQ(cw_file_mkdir_private(folder, &err), CW_OK);
	make(&id);
	test_round_trip(&id);
	test_damage(&id);
	test_addresses();
	cw_identity_free(&id);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)cw_file_remove(path_of(files[i]), &err);
	(void)remove(folder);
	return test_failed;
}
