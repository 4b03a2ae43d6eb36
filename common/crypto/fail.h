/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CRYPTO_FAIL_H
#define CW_CRYPTO_FAIL_H

struct cw_err;

/* cw_fail() with "WHAT: OpenSSL's reason"; empties OpenSSL's error queue. */
int cw_crypto_fail(struct cw_err *err, int code, const char *what);

#endif
