/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests beside those of FIPS 180-4's examples.
 */
#include <string.h>

#include "test.h"
#include "base/err.h"
#include "crypto/digest.h"

int test_failed;
const char *test_case;

int
main(void)
{
	static const struct {
		const char *text, *digest;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	};
	char text[CW_SHA256_TEXT];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		test_case = rows[i].text;
		CHECK_EQ(cw_sha256_text(text, rows[i].text, strlen(rows[i].text)), CW_OK);
		CHECK_STR(text, rows[i].digest);
	}
	return test_failed;
}
