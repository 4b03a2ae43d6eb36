/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_AGENTS_H
#define CW_AGENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <uv.h>

#include "agents/store.h"

struct cw_ca;
struct cw_err;

/*
 * The agents of all tenants: their port, who is connected, what runs on them.
 *
 * An agent proves itself by a certificate of our CA that is the current one of an
 * agent that exists and is not revoked; this is looked up in the store on every
 * connection. The newest connection of an agent replaces the one before. One loop
 * thread; callbacks may call anything here but cw_agents_close().
 */
#define CW_AGENTS_HEARTBEAT_S 30u
#define CW_AGENTS_CERTIFICATE_DAYS 90u
#define CW_AGENTS_COMMAND_MS (10u * 60u * 1000u) /* how long a command may take */
#define CW_AGENTS_IDS_MAX 256u /* in one query or forget */

struct cw_agents;
struct cw_agents_run;

struct cw_agents_config {
	uv_loop_t *loop;
	const char *host; /* address to listen on */
	uint16_t port; /* 0: any free one */
	const struct cw_ca *ca; /* borrowed until cw_agents_close() is done */
	const struct cw_agents_store *store; /* copied */
	const char *version; /* of this bridge, borrowed */
	/* 0 in any of these: the default. */
	unsigned heartbeat_s;
	unsigned certificate_days;
	unsigned handshake_ms; /* to the end of hello or enrolment; 10 s */
	unsigned unauthenticated_max; /* connections; 256 */
	void *arg; /* of the two below, which may be NULL */
	/* An agent connected, or serves other roles than before (true), or is gone (false). */
	void (*changed)(void *arg, const char *agent, const char *tenant, bool connected);
	/* A connection, hello or enrolment was refused; for the log. */
	void (*refused)(void *arg, const char *address, const struct cw_err *why);
};

int cw_agents_new(
    struct cw_agents **ret, const struct cw_agents_config *config, struct cw_err *err);
uint16_t cw_agents_port(const struct cw_agents *a);
/* Ends everything that runs (CW_EUNKNOWN) and closes; closed(arg) when nothing is left. */
void cw_agents_close(struct cw_agents *a, void (*closed)(void *arg), void *arg);

/* Called for every agent that has said hello, before anything else is sent to it: the router asks
 * here what became of the commands it had in flight. One listener. */
void cw_agents_on_connect(struct cw_agents *a,
    void (*connected)(void *arg, const char *agent, const char *tenant), void *arg);

struct cw_agents_command {
	const char *tenant, *agent;
	const char *id; /* UUID, the key by which it is done at most once */
	const char *operation; /* UUID */
	const char *step; /* its number as text */
	const char *command; /* "Get-ADUser" */
	const cJSON *parameters; /* an object, or NULL */
	const char *domain_controller; /* or NULL */
	bool write;
	int64_t not_after_ms; /* Unix time; the agent does not start it later */
	uint64_t timeout_ms; /* 0: CW_AGENTS_COMMAND_MS */
};

struct cw_agents_events {
	/* Part of the output: NDJSON, a line may go on in the next part. May be NULL. */
	void (*output)(void *arg, const char *ndjson, size_t n);
	/* The end, once; the run is gone when this returns. CW_OK: finished, look at result.state.
	 * CW_EUNKNOWN: the connection broke or the time ran out while it was in flight; settle it
	 * by cw_agents_query(). Anything else: the agent refused it, err says why in its words;
	 * detail is the rest of what it said, or NULL. */
	void (*done)(void *arg, int code, const cJSON *result, const struct cw_err *err,
	    const cJSON *detail);
};

/* Sends a command. Negative: it was not sent and done is not called. CW_EUNAVAILABLE: the agent is
 * not connected or busy; CW_EDENIED: it is not an agent of this tenant. ret may be NULL. */
int cw_agents_run(struct cw_agents_run **ret, struct cw_agents *a,
    const struct cw_agents_command *command, const struct cw_agents_events *events, void *arg,
    struct cw_err *err);
struct cw_agents_script {
	const char *tenant, *agent;
	const char *id; /* UUID, the key by which it is done at most once */
	const char *caller; /* who asked, for its records; or NULL */
	bool plan; /* its writes are planned and not made */
	const char *text; /* of a script */
	const char *apply; /* the plan, JSON; NULL: it is a script */
	const cJSON *secrets; /* what goes into the plan's slots, or NULL */
	int64_t not_after_ms; /* Unix time */
	uint64_t timeout_ms; /* 0: CW_AGENTS_COMMAND_MS */
};
/* A script, or a plan to apply; otherwise as cw_agents_run(). What does not fit into one message of
 * the wire is sent in parts first: an end of CW_EUNAVAILABLE says that it was not all sent, and
 * nothing done. CW_EINVAL: it is more than CW_WIRE_UPLOAD_MAX. */
int cw_agents_script(struct cw_agents_run **ret, struct cw_agents *a,
    const struct cw_agents_script *script, const struct cw_agents_events *events, void *arg,
    struct cw_err *err);
/* Back-pressure: at most 256 KiB more come while it is paused. */
void cw_agents_run_pause(struct cw_agents_run *run);
void cw_agents_run_resume(struct cw_agents_run *run);
/* Asks the agent to stop it; done still comes. */
void cw_agents_run_stop(struct cw_agents_run *run);

/* code CW_OK: answer is {epoch, counter, commands:[...]}, of forget {}. CW_EUNAVAILABLE: the
 * connection ended first. */
typedef void cw_agents_answered(void *arg, int code, const cJSON *answer, const struct cw_err *err);
/* Negative: not sent, the callback is not called. */
int cw_agents_query(struct cw_agents *a, const char *agent, const char *const *ids, size_t n,
    cw_agents_answered *answered, void *arg, struct cw_err *err);
int cw_agents_forget(struct cw_agents *a, const char *agent, const char *const *ids, size_t n,
    cw_agents_answered *answered, void *arg, struct cw_err *err);

/* A connected agent of the tenant with this role (NULL: any), the one with the least to do.
 * Borrowed until the loop goes on; NULL: none. */
const char *cw_agents_find(const struct cw_agents *a, const char *tenant, const char *role);

struct cw_agents_status {
	bool connected;
	int64_t since_ms; /* Unix time */
	int64_t certificate_until_ms; /* Unix time */
	unsigned running; /* requests in flight */
	char address[64];
	char hostname[CW_AGENT_HOSTNAME_MAX];
	char version[CW_AGENT_VERSION_MAX];
	char os[CW_AGENT_VERSION_MAX];
	char roles[CW_AGENT_ROLES_MAX]; /* that it serves now, of those it was granted */
	uint8_t seal_key[CW_AGENT_SEAL_KEY];
};

/* Of a live connection; *ret is all zero when there is none. */
void cw_agents_status(const struct cw_agents *a, const char *agent, struct cw_agents_status *ret);
unsigned cw_agents_connected(const struct cw_agents *a); /* how many */

/* Revokes it in the store, then cuts its connection at once. */
int cw_agents_revoke(struct cw_agents *a, const char *agent, struct cw_err *err);

#endif
