/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrolment against the real listener: one that works, and every token that must not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "test.h"
#include "bridge.h"
#include "base/err.h"
#include "link/enrol.h"
#include "link/identity.h"
#include "os/clock.h"
#include "os/file.h"

int test_failed;
const char *test_case = "";

#define TENANT "6f1de2b0-6a3c-4d2a-9b1e-000000000001"

static struct bridge bridge;
static char folder[256], address[64];
static struct cw_err result;
static bool finished;

static void
on_done(void *arg, const struct cw_err *err)
{
	(void)arg;
	result = *err;
	finished = true;
}

static int
enrol(const char *token)
{
	const struct cw_enrol_config config = {
		.folder = folder,
		.bridge = address,
		.token = token,
		.proxy = "",
		.hostname = "server.test",
	};
	int r;

	result = (struct cw_err){ 0 };
	finished = false;
	if ((r = cw_enrol_start(&bridge.loop, &config, on_done, NULL, &result)) < 0)
		return r;
	(void)until(&bridge, &finished);
	CHECK(strstr(result.text, token) == NULL);
	return result.code;
}

static void
remove_identity(void)
{
	static const char *const files[] = { "identity.json", "agent.key", "agent.crt", "ca.crt",
		"seal.key" };
	char path[300];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		(void)cw_file_remove(path, NULL);
	}
	(void)rmdir(folder);
}

static void
test_good(void)
{
	static const char *const private[] = { "agent.key", "seal.key", "identity.json" };
	char token[CW_TOKEN_TEXT], path[300];
	struct cw_identity id;
	struct stat st;

	test_case = "enrolled";
	bridge_token(&bridge, token, TENANT, 60000);
	CHECK_EQ(enrol(token), CW_OK);
	CHECK_EQ(bridge.agent_count, 1);
	CHECK_EQ(cw_identity_load(&id, folder, &result), CW_OK);
	CHECK_STR(id.tenant, TENANT);
	CHECK_STR(id.roles[0], "directory");
	CHECK_STR(id.roles[1], "");
	CHECK_STR(id.agent, bridge.rows[0].id);
	CHECK_EQ(memcmp(id.seal_public, bridge.rows[0].seal_key, 32), 0);
	CHECK_STR(bridge.rows[0].hostname, "server.test");
	CHECK_EQ(X509_cmp(id.ca, bridge.ca.cert), 0);
	cw_identity_free(&id);
	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, private[i]);
		CHECK_EQ(stat(path, &st), 0);
		CHECK_EQ(st.st_mode & 0777, 0600);
	}

	test_case = "a server that is enrolled already";
	bridge_token(&bridge, token, TENANT, 60000);
	CHECK_EQ(enrol(token), CW_ECONFLICT);
	remove_identity();
}

static void
test_tokens(void)
{
	char token[CW_TOKEN_TEXT], other[CW_TOKEN_TEXT];
	uint8_t hash[CW_TOKEN_HASH];
	EVP_PKEY *key = NULL;
	X509 *ca = NULL;

	test_case = "a token twice";
	bridge_token(&bridge, token, TENANT, 60000);
	CHECK_EQ(enrol(token), CW_OK);
	remove_identity();
	CHECK_EQ(enrol(token), CW_ECONFLICT);
	CHECK_STR(result.text, "the bridge refused: this token was used before");
	CHECK(!cw_identity_exists(folder));

	test_case = "a token that has expired";
	bridge_token(&bridge, token, TENANT, -1000);
	CHECK_EQ(enrol(token), CW_EEXPIRED);

	test_case = "a token that nobody made";
	CHECK_EQ(cw_token_new(token, hash, bridge.ca.cert, &result), CW_OK);
	CHECK_EQ(enrol(token), CW_EAUTH);

	test_case = "what is no token";
	CHECK_EQ(enrol(""), CW_EINVAL);
	CHECK_EQ(enrol("cwt_"), CW_EINVAL);
	CHECK_EQ(enrol("cwk_AAAAAAAAAAAAAAAAAAAAAAAA"), CW_EINVAL);
	token[strlen(token) - 1] = '\0';
	CHECK_EQ(enrol(token), CW_EINVAL);

	test_case = "a token of another bridge is not shown to this one";
	CHECK_EQ(cw_pki_key_new(&key, &result), CW_OK);
	CHECK_EQ(cw_pki_ca_new(&ca, key, "other", 1, cw_clock_unix_ms(), &result), CW_OK);
	CHECK_EQ(cw_token_new(other, hash, ca, &result), CW_OK);
	bridge.lookups = 0;
	CHECK_EQ(enrol(other), CW_EAUTH);
	CHECK(strstr(result.text, "token") != NULL);
	CHECK_EQ(bridge.lookups, 0);
	X509_free(ca);
	EVP_PKEY_free(key);
}

static void
test_no_bridge(void)
{
	char token[CW_TOKEN_TEXT];

	test_case = "nobody listens";
	bridge_token(&bridge, token, TENANT, 60000);
	bridge_stop(&bridge);
	CHECK_EQ(enrol(token), CW_EUNAVAILABLE);
	CHECK(strstr(result.text, address) != NULL);
	bridge_start(&bridge);
	CHECK_EQ(enrol(token), CW_OK);
	remove_identity();

	test_case = "an address that is none";
	(void)snprintf(address, sizeof(address), "127.0.0.1");
	CHECK_EQ(enrol(token), CW_EINVAL);
}

int
main(void)
{
	bridge_init(&bridge);
	(void)snprintf(folder, sizeof(folder), "%s/agent", bridge.folder);
	(void)snprintf(address, sizeof(address), "127.0.0.1:%u", bridge.port);
	test_good();
	test_tokens();
	test_no_bridge();
	remove_identity();
	bridge_free(&bridge);
	return test_failed;
}
