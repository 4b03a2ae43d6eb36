/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_APPLY_SECRETS_H
#define CW_BROKER_APPLY_SECRETS_H

#include "broker/broker_internal.h"

/*
 * What fills the slots of a plan that is applied: {"1": SECRET, ..., "reply_key"?}, by
 * the slot's number. A secret is one of
 *
 *   "text"               in clear, over the control socket
 *   {"$sealed":BASE64}   sealed to this agent, for the plan's operation and the slot's
 *                        parameter (cw_seal_secret_context())
 *   {"$generate":true}   a password that is made here, and told to nobody but the holder
 *                        of reply_key (X25519, base64): in the result, "secrets" is
 *                        {"1":{"$sealed":BASE64}}, with the context
 *                        causeway/password/caller/<the plan's operation>
 */
struct apply_secrets {
	struct broker_secret *list; /* by slot, from 0 */
	size_t count;
	cJSON *told; /* of those that were made, sealed; NULL: none */
};

/* plan: checked. CW_EINVAL: a slot is not filled, or its box does not open. Give it back, also on
 * failure. */
int apply_secrets_read(struct apply_secrets *ret, const struct cw_broker *b, const cJSON *plan,
    const cJSON *given, struct cw_err *err);
void apply_secrets_free(struct apply_secrets *secrets); /* wipes; ok on a zeroed one */

#endif
