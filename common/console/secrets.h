/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CONSOLE_SECRETS_H
#define CW_CONSOLE_SECRETS_H

#include "console/script.h"
#include "crypto/reply.h"

/*
 * The secrets that a plan needs: passwords that the server makes, sealed to a key of
 * this process, opened here and shown once.
 */

/* What to send with the plan: each of its slots to be filled so. The caller's. CW_EINVAL: it needs
 * none, or is no plan. */
int cw_secrets_ask(
    cJSON **ret, const struct cw_reply *reply, const cJSON *plan, struct cw_err *err);
/* CW_EINVAL, with what to do: the plan needs secrets. */
int cw_secrets_none(const cJSON *plan, struct cw_err *err);
/* Those of the result. With json one line {"secrets":{SLOT:TEXT}}. */
int cw_secrets_print(const struct cw_script_view *view, const struct cw_reply *reply,
    const cJSON *plan, const cJSON *result, struct cw_err *err);

#endif
