/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL's error queue as one line.
 */
#include <openssl/err.h>

#include "base/err.h"
#include "crypto/fail.h"

int
cw_crypto_fail(struct cw_err *err, int code, const char *what)
{
	/* The first error is the cause, the later ones are who passed it on. */
	const char *reason = ERR_reason_error_string(ERR_get_error());

	ERR_clear_error();
	if (reason == NULL)
		return cw_fail(err, code, "%s", what);
	return cw_fail(err, code, "%s: %s", what, reason);
}
