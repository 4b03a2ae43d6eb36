/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TOKEN_H
#define CW_TOKEN_H

#include <stdint.h>

#include <openssl/types.h>

#include "crypto/pki.h"

struct cw_err;

/*
 * Enrolment tokens: `cwt_` and base64url of the SHA-256 of the bridge's CA certificate (32 bytes)
 * and 32 random bytes. The agent knows by it which bridge to trust before it shows the token; the
 * bridge keeps only the token's hash.
 */
#define CW_TOKEN_PREFIX "cwt_"
#define CW_TOKEN_TEXT 96u /* bytes, with the NUL; the text itself has 90 */

/* A new token for this CA, and the SHA-256 of its text. */
int cw_token_new(
    char ret[CW_TOKEN_TEXT], uint8_t ret_hash[CW_PKI_SHA256], const X509 *ca, struct cw_err *err);
/* The hash of the CA that it names. CW_EINVAL: not a token. The text is not repeated in err. */
int cw_token_read(uint8_t ret_ca[CW_PKI_SHA256], const char *token, struct cw_err *err);
/* What the bridge knows a token by. */
int cw_token_hash(uint8_t ret[CW_PKI_SHA256], const char *token);

#endif
