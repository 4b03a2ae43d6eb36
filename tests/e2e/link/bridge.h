/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TEST_BRIDGE_H
#define CW_TEST_BRIDGE_H

#include <stdbool.h>

#include <uv.h>

#include "agents/agents.h"
#include "agents/ca.h"
#include "base/err.h"
#include "crypto/token.h"

/*
 * The real agents' listener on loopback with a store in memory, and a loop to wait
 * on. One at a time; everything is on the caller's thread.
 */
#define BRIDGE_ROWS 16

struct bridge {
	uv_loop_t loop;
	uv_timer_t guard;
	bool late; /* until() gave up */
	char folder[128]; /* temporary, of this process */
	struct cw_ca ca;
	struct cw_agents *agents;
	struct cw_agents_store store;
	uint16_t port;
	struct {
		uint8_t hash[CW_TOKEN_HASH];
		struct cw_token_grant grant;
		int64_t expires_ms;
		bool used;
	} tokens[BRIDGE_ROWS];
	struct cw_agent_record rows[BRIDGE_ROWS];
	unsigned token_count, agent_count, lookups; /* of tokens */
	unsigned connects;
	struct cw_err refused; /* the last */
	bool closed;
};

void bridge_init(struct bridge *b); /* makes folder, CA and listener; exits when it cannot */
void bridge_start(struct bridge *b); /* on the port that it had before, if any */
void bridge_stop(struct bridge *b);
void bridge_free(struct bridge *b); /* checks that nothing is left on the loop */
/* A token of this bridge for one tenant. */
void bridge_token(struct bridge *b, char ret[CW_TOKEN_TEXT], const char *tenant, int64_t valid_ms);
/* Runs the loop until *flag; false (and a failed check) after thirty seconds. */
bool until(struct bridge *b, const bool *flag);

#endif
