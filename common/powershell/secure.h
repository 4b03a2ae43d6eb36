/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PSRP_SECURE_H
#define CW_PSRP_SECURE_H

#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_err;

/*
 * The session key that secure strings travel under ([MS-PSRP] 2.2.2.5, 2.2.2.6,
 * 3.1.4.9): our RSA key goes out as a CAPI blob, the server answers with an AES
 * key under it. Measured: base64, 268 bytes, AES-256-CBC with a zero IV.
 */
struct cw_psrp_secure;

/* The first one of the process makes an RSA key, some 50 ms; all others share it. */
int cw_psrp_secure_new(struct cw_psrp_secure **ret, struct cw_err *err);
void cw_psrp_secure_free(struct cw_psrp_secure *s); /* wipes; ok on NULL */

/* Appends the base64 of our public key's blob, the text of PUBLIC_KEY. */
int cw_psrp_secure_public(struct cw_psrp_secure *s, struct cw_buf *out, struct cw_err *err);
/* Takes the base64 text of ENCRYPTED_SESSION_KEY. CW_EPROTO: not such a blob. */
int cw_psrp_secure_accept(
    struct cw_psrp_secure *s, const char *base64, size_t n, struct cw_err *err);
/* Appends the base64 of the encrypted UTF-16LE text. CW_EINVAL: no session key yet, or not UTF-8.
 * Fits struct cw_clixml_secret with s as its arg. */
int cw_psrp_secure_encrypt(
    void *s, struct cw_buf *out, const uint8_t *utf8, size_t n, struct cw_err *err);

#endif
