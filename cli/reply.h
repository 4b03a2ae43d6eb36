/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CLI_REPLY_H
#define CW_CLI_REPLY_H

struct cw_buf;
struct cw_err;
struct cli_reply;

/*
 * A key pair that lives for one call: the bridge seals a new password to its
 * public half, only this process can open it.
 */
int cli_reply_new(struct cli_reply **ret, struct cw_err *err);
void cli_reply_free(struct cli_reply *reply); /* wipes the private key; ok on NULL */
const char *cli_reply_key(const struct cli_reply *reply); /* base64, borrowed */

/* Appends the password that `sealed` (base64) holds. */
int cli_reply_open(struct cw_buf *ret, const struct cli_reply *reply, const char *operation,
    const char *sealed, struct cw_err *err);

#endif
