/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include <openssl/evp.h>

#include "base/err.h"
#include "crypto/digest.h"
#include "crypto/fail.h"

int
cw_sha256_text(char ret[CW_SHA256_TEXT], const void *p, size_t n)
{
	unsigned char sum[CW_SHA256_TEXT / 2];
	size_t len;

	if (EVP_Q_digest(NULL, "SHA256", NULL, p, n, sum, &len) != 1)
		return cw_crypto_fail(NULL, CW_ESYS, "");
	for (size_t i = 0; i < sizeof(sum); i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", sum[i]);
	return CW_OK;
}
