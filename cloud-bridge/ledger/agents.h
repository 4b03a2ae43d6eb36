/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LEDGER_AGENTS_H
#define CW_LEDGER_AGENTS_H

#include <stdint.h>

#include "agents/store.h"
#include "base/time.h"

struct cw_ledger;

/* Enrolment tokens and agents: the agents' listener's store, and what the web front asks. */

/* Fills ret with calls into the ledger. */
void cw_ledger_agents_store(struct cw_ledger *l, struct cw_agents_store *ret);

/* Remembers a token by its hash. CW_ENOTFOUND: no such tenant. */
int cw_enrolment_token_add(struct cw_ledger *l, const uint8_t hash[CW_TOKEN_HASH],
    const struct cw_token_grant *grant, int64_t expires_ms, struct cw_err *err);

/* What is known of an agent, for people. */
struct cw_agent_row {
	struct cw_agent_record agent;
	char enrolled[CW_TIME_TEXT], revoked[CW_TIME_TEXT], seen[CW_TIME_TEXT]; /* "" for never */
	char version[CW_AGENT_VERSION_MAX], os[CW_AGENT_VERSION_MAX], epoch[CW_AGENT_EPOCH_MAX];
	int64_t counter;
};

int cw_agent_row_find(
    struct cw_ledger *l, struct cw_agent_row *ret, const char *id, struct cw_err *err);
/* tenant NULL: all. By host name. */
int cw_agent_row_walk(struct cw_ledger *l, const char *tenant,
    void (*each)(void *arg, const struct cw_agent_row *row), void *arg, struct cw_err *err);

#endif
