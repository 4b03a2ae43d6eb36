/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/err.h"
#include "crypto/token.h"
#include "test.h"

/* Not 0: the CA would begin an hour earlier, and Windows knows no time before 1970. */
#define NOW INT64_C(1795000000000)

int test_failed;
static const char *test_case = "";

int
main(void)
{
	static const char *const bad[] = { "", "cwt_", "cwt_AAAA", "cwk_", "CWT_", "cwt_!" };
	char token[CW_TOKEN_TEXT + 2], second[CW_TOKEN_TEXT];
	uint8_t hash[32], hash2[32], ca_hash[32], want[32];
	struct cw_err err = { 0 };
	EVP_PKEY *key = NULL;
	X509 *ca = NULL;

	test_case = "a token names its CA";
	CHECK_EQ(cw_pki_key_new(&key, &err), 0);
	CHECK_EQ(cw_pki_ca_new(&ca, key, "CA", 20, NOW, &err), 0);
	CHECK_EQ(cw_token_new(token, hash, ca, &err), 0);
	CHECK_EQ(cw_token_new(second, hash2, ca, &err), 0);
	CHECK_EQ(strlen(token), 90);
	CHECK(strcmp(token, second) != 0);
	CHECK_EQ(cw_token_read(ca_hash, token, &err), 0);
	cw_pki_cert_sha256(want, ca);
	CHECK(memcmp(ca_hash, want, 32) == 0);
	CHECK_EQ(cw_token_hash(hash2, token), 0);
	CHECK(memcmp(hash, hash2, 32) == 0);
	for (size_t i = 0; i < CW_COUNT(bad); i++) {
		test_case = bad[i];
		CHECK_EQ(cw_token_read(ca_hash, bad[i], &err), CW_EINVAL);
	}
	test_case = "a character more or less";
	token[90] = 'A';
	token[91] = '\0';
	CHECK_EQ(cw_token_read(ca_hash, token, &err), CW_EINVAL);
	token[89] = '\0';
	CHECK_EQ(cw_token_read(ca_hash, token, &err), CW_EINVAL);
	CHECK(strstr(err.text, token + 4) == NULL);
	X509_free(ca);
	EVP_PKEY_free(key);
	return test_failed;
}
