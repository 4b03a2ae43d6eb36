/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_AGENTS_INTERNAL_H
#define CW_AGENTS_INTERNAL_H

#include "agents/agents.h"
#include "agents/listener.h"
#include "base/err.h"
#include "wire/channel.h"

#define AGENTS_BUCKETS 1024u

/* A connection that speaks the wire. It is live once it has said hello; only then others see it. */
struct session {
	struct cw_agents *owner;
	struct cw_conn *conn; /* NULL once it is closed */
	struct cw_wire *wire;
	uv_timer_t timer;
	uint64_t timer_at; /* ms on the monotonic clock; CW_WIRE_NEVER: not armed */
	struct session *next_all;
	struct session *next_agent, *next_tenant; /* in the owner's buckets, while live */
	struct cw_agent_record record; /* as it was at hello */
	struct cw_agents_status status;
	int64_t certificate_until_ms; /* Unix time */
	uint64_t asked_until_ms; /* on the monotonic clock: when its requests are worked off */
	unsigned running;
	/* Whose params are on their way in parts, and who waits for that: one at a time. */
	struct cw_agents_run *uploads;
	bool live, feeding, finishing;
};

struct cw_agents {
	struct cw_agents_config config;
	struct cw_agents_store store;
	struct cw_listener *listener;
	struct session *all;
	struct session *by_agent[AGENTS_BUCKETS], *by_tenant[AGENTS_BUCKETS];
	unsigned live_count;
	bool listener_closed;
	void (*connected)(void *arg, const char *agent, const char *tenant);
	void *connected_arg;
	void (*closed)(void *arg);
	void *closed_arg;
};

void session_new(struct cw_agents *a, struct cw_conn *conn);
/* Takes it out of sight, ends what runs on it, and hangs up. */
void session_end(struct session *s, int code, const char *why);
void session_arm(struct session *s); /* after anything that may have moved its deadline */
void enrolment_new(struct cw_agents *a, struct cw_conn *conn);

/* role is one of the comma separated words. */
bool agents_has_role(const char *roles, const char *role);

struct session *agents_lookup(const struct cw_agents *a, const char *agent);
void agents_insert(struct session *s);
void agents_remove(struct session *s);
void agents_free_when_done(struct cw_agents *a);

/* Issues a certificate for this agent and appends its PEM; ret_serial is its serial number. */
int agents_issue(struct cw_agents *a, struct cw_buf *ret_pem, char ret_serial[CW_AGENT_SERIAL_MAX],
    const char *csr, const char *agent, const char *tenant, struct cw_err *err);
/* Copies the string member, at most size - 1 bytes and printable. CW_EINVAL says which. */
int agents_member(
    char *ret, size_t size, const cJSON *object, const char *name, struct cw_err *err);

#endif
