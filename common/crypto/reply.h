/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CRYPTO_REPLY_H
#define CW_CRYPTO_REPLY_H

struct cw_buf;
struct cw_err;
struct cw_reply;

/*
 * A key pair that lives for one call: the bridge seals a new password to its
 * public half, only this process can open it.
 */
int cw_reply_new(struct cw_reply **ret, struct cw_err *err);
void cw_reply_free(struct cw_reply *reply); /* wipes the private key; ok on NULL */
const char *cw_reply_key(const struct cw_reply *reply); /* base64, borrowed */

/* Appends the password that `sealed` (base64) holds. */
int cw_reply_open(struct cw_buf *ret, const struct cw_reply *reply, const char *operation,
    const char *sealed, struct cw_err *err);

#endif
