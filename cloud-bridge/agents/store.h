/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_AGENTS_STORE_H
#define CW_AGENTS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct cw_err;

/*
 * What the agents' listener needs remembered: enrolment tokens and agents. The
 * ledger implements it; tests have one in memory. Every call is made on the loop
 * thread and answers at once; what it changed is durable when it returns 0.
 */
#define CW_AGENT_HOSTNAME_MAX 256u /* bytes, with the NUL */
#define CW_AGENT_ROLES_MAX 128u /* bytes, with the NUL */
#define CW_AGENT_SERIAL_MAX 48u /* bytes, with the NUL */
#define CW_AGENT_EPOCH_MAX 64u /* bytes, with the NUL */
#define CW_AGENT_VERSION_MAX 64u /* bytes, with the NUL */
#define CW_AGENT_SEAL_KEY 32u /* bytes, X25519 public */
#define CW_TOKEN_HASH 32u /* bytes, SHA-256 of the token's text */

/* What an enrolment token is good for. */
struct cw_token_grant {
	char tenant[CW_UUID_TEXT];
	char roles[CW_AGENT_ROLES_MAX]; /* "directory,sync" */
};

/* An agent as it is kept. */
struct cw_agent_record {
	char id[CW_UUID_TEXT];
	char tenant[CW_UUID_TEXT];
	char hostname[CW_AGENT_HOSTNAME_MAX];
	char roles[CW_AGENT_ROLES_MAX]; /* what the token granted */
	uint8_t seal_key[CW_AGENT_SEAL_KEY];
	/* Serial numbers of its certificates, lower case hex. A renewed one is `next` until the
	 * agent has connected with it: an answer lost on the way must not lock the agent out. */
	char serial[CW_AGENT_SERIAL_MAX];
	char next_serial[CW_AGENT_SERIAL_MAX]; /* "" when there is none */
	bool revoked;
};

/* What an agent said of itself when it last connected. */
struct cw_agent_seen {
	int64_t at_ms; /* Unix time */
	char hostname[CW_AGENT_HOSTNAME_MAX];
	char version[CW_AGENT_VERSION_MAX];
	char os[CW_AGENT_VERSION_MAX];
	char epoch[CW_AGENT_EPOCH_MAX]; /* of its journal */
	int64_t counter; /* of its journal */
};

struct cw_agents_store {
	void *arg;
	/* What this token is good for; it stays unused. CW_EAUTH: no such token, CW_ECONFLICT: used
	 * before, CW_EEXPIRED. err says so in words that may be shown to the agent's administrator.
	 */
	int (*token_find)(void *arg, struct cw_token_grant *ret, const uint8_t hash[CW_TOKEN_HASH],
	    int64_t now_ms, struct cw_err *err);
	/* Uses the token up and adds the agent, both or neither. Errors as token_find(). */
	int (*agent_enrol)(void *arg, const uint8_t token_hash[CW_TOKEN_HASH], int64_t now_ms,
	    const struct cw_agent_record *agent, struct cw_err *err);
	/* CW_ENOTFOUND: no such agent. */
	int (*agent_find)(
	    void *arg, struct cw_agent_record *ret, const char *agent, struct cw_err *err);
	/* Replaces serial and next_serial. */
	int (*agent_serials)(void *arg, const char *agent, const char *serial,
	    const char *next_serial, struct cw_err *err);
	/* Need not be durable. */
	int (*agent_touch)(
	    void *arg, const char *agent, const struct cw_agent_seen *seen, struct cw_err *err);
	/* Durable before it returns. Ok when it was revoked already. */
	int (*agent_revoke)(void *arg, const char *agent, int64_t now_ms, struct cw_err *err);
};

#endif
