/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ROUTE_H
#define CW_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <uv.h>

struct cw_agents_command;
struct cw_agents_events;
struct cw_agents_run;
struct cw_agents_script;
struct cw_err;
struct cw_graph_call;
struct cw_graph_request;
struct cw_graph_response;
struct cw_ledger;

/*
 * The router: turns one request into steps in one or two directories, and sees
 * them through. The intent is in the ledger before anything is sent and after
 * every step; whatever breaks, the operation goes on from there when the bridge
 * starts again or the agent comes back. Nothing is done twice: a step is idempotent,
 * guarded by a read, or has a key by which the agent does it once.
 *
 * An operation, as callers see it:
 *   {"id","tenant","kind":"command"|"change"|"script"|"plan"|"apply","what","state","created","updated","key","request",
 *    "steps":[{"n","place":"ad"|"entra"|"sync","what","agent"?,"state","attempts","started"?,
 *      "finished"?,"note"?,"error"?:{"code","message"}}],
 *    "result"?,"error"?:{"code","message"}}
 * state: queued, running, succeeded, failed, unknown, cancelled. A step's: pending, running,
 * waiting (its error says for what), done, failed, unknown, skipped, compensated.
 *
 * Of a command also "agent", "errors":[{"message","error_id"?,"category"?,"type"?}] and
 * "result":{"outputs","warnings","errors" (counts),"duration_ms","server"?}.
 * Of a script, a plan (a script whose writes are planned and not made) and an apply (of a plan):
 * "agent","errors", and "result": the agent's own (agent/broker/broker.h), with "state","calls",
 * "writes","refusals", of a plan "plan", of an apply "entries". The script's text is nowhere in it:
 * the request has its SHA-256 and size.
 * The result of a change: {"user":{...},"ad"?:{"before","after"},"entra"?:{"before","after"},
 * "note"?}, values by Graph property; of password.reset {"user","places","change_at_next_logon"}.
 */
#define CW_ROUTE_DEADLINE_MS (24u * 3600u * 1000u) /* of a change that has begun to write */
#define CW_ROUTE_START_MS \
	(15u * 60u * 1000u) /* to its first write: then it fails, nothing changed */
#define CW_ROUTE_OUTPUT_MAX (1024u * 1024u) /* bytes of output kept for later readers */
#define CW_ROUTE_KEEP_MS \
	(10u * 60u * 1000u) /* a finished operation's output and sealed answer stay in memory */

struct cw_route;

/* The directories as the router needs them: agents.h and graph.h, or a test's. */
struct cw_route_ops {
	void *arg;
	const char *(*find)(void *arg, const char *tenant, const char *role); /* cw_agents_find() */
	bool (*connected)(void *arg, const char *agent);
	int (*seal_key)(void *arg, const char *agent, uint8_t ret[32], struct cw_err *err);
	int (*run)(void *arg, struct cw_agents_run **ret, const struct cw_agents_command *command,
	    const struct cw_agents_events *events, void *events_arg, struct cw_err *err);
	/* cw_agents_script(); NULL: no scripts. Paused, resumed and stopped as a command. */
	int (*script)(void *arg, struct cw_agents_run **ret, const struct cw_agents_script *script,
	    const struct cw_agents_events *events, void *events_arg, struct cw_err *err);
	void (*run_pause)(void *arg, struct cw_agents_run *run);
	void (*run_resume)(void *arg, struct cw_agents_run *run);
	void (*run_stop)(void *arg, struct cw_agents_run *run);
	int (*query)(void *arg, const char *agent, const char *const *ids, size_t n,
	    void (*answered)(void *arg, int code, const cJSON *answer, const struct cw_err *err),
	    void *answered_arg, struct cw_err *err);
	int (*forget)(void *arg, const char *agent, const char *const *ids, size_t n,
	    void (*answered)(void *arg, int code, const cJSON *answer, const struct cw_err *err),
	    void *answered_arg, struct cw_err *err);
	int (*graph)(void *arg, struct cw_graph_call **ret, const struct cw_graph_request *request,
	    void (*done)(
		void *arg, const struct cw_graph_response *response, const struct cw_err *err),
	    void *done_arg, struct cw_err *err);
	void (*graph_cancel)(void *arg, struct cw_graph_call *call);
	/* cw_graph_on_retry(), so that watchers see what a step waits for; may be NULL. */
	void (*graph_on_retry)(void *arg, struct cw_graph_call *call,
	    void (*retry)(void *arg, unsigned attempt, uint64_t delay_ms, const char *why),
	    void *retry_arg);
};

/* A test's time. */
struct cw_route_clock {
	void *arg;
	uint64_t (*now_ms)(void *arg); /* never goes back */
	int64_t (*unix_ms)(void *arg);
	void (*wake)(void *arg, uint64_t at_ms); /* call cw_route_tick() then; replaces the last */
};

struct cw_route_config {
	uv_loop_t *loop;
	struct cw_ledger *ledger; /* borrowed */
	struct cw_route_ops ops;
	/* NULL: the machine's clocks and a timer of the loop, which is not used otherwise.
	 * Borrowed. */
	const struct cw_route_clock *clock;
};

/* On success *ret is the caller's, to give back to cw_route_close(). */
int cw_route_new(struct cw_route **ret, const struct cw_route_config *config, struct cw_err *err);
/* Takes up what the ledger says was unfinished. Once, at the start. */
int cw_route_resume(struct cw_route *r, struct cw_err *err);
/* An agent said hello: what waits for it goes on. */
void cw_route_agent_connected(struct cw_route *r, const char *agent, const char *tenant);
/* A connected agent of the tenant serves other roles from now on: what waits for one goes on. */
void cw_route_roles_changed(struct cw_route *r, const char *tenant);
/* Lets go of everything; operations stay in the ledger as they are. Before agents, graph and ledger
 * are closed; not from a callback of the router. */
void cw_route_close(struct cw_route *r, void (*closed)(void *arg), void *arg);
/* Does what is due; for a test with its own clock. */
void cw_route_tick(struct cw_route *r);

/*
 * One catalogued command on an agent. body: {"command","parameters"?,"agent"?,"timeout_s"?,"id"?}.
 * key: id of the API key. On success id is the operation's; watch it at once to miss nothing. A
 * read is under way when this returns. A write and a change are only asked for: they are on the
 * disk when changed() first comes, and no caller should be told before. "id", a UUID in lower case,
 * becomes the operation's.
 * CW_EDENIED, CW_EINVAL: refused, nothing was recorded; CW_ENOTFOUND: no such tenant or agent;
 * CW_EUNAVAILABLE: no agent is connected for it, or too much is under way; CW_ECONFLICT: there is
 * an operation of that id.
 */
int cw_route_command(struct cw_route *r, char id[37], const char *tenant, const char *key,
    const cJSON *body, struct cw_err *err);
/*
 * A script on an agent: {"mode":"run"|"plan","script","agent"?,"timeout_s"?,"id"?}. Otherwise as a
 * command; a plan is a read. The text is in memory until it was sent, and in no ledger.
 */
int cw_route_script(struct cw_route *r, char id[37], const char *tenant, const char *key,
    const cJSON *body, struct cw_err *err);
/*
 * A plan to be applied on the agent that made it: {"plan"} or {"operation","hash"}, the operation
 * that has it and the hash that was looked at; "secrets"?,"timeout_s"?,"id"?. Otherwise as a
 * command that writes.
 */
int cw_route_apply(struct cw_route *r, char id[37], const char *tenant, const char *key,
    const cJSON *body, struct cw_err *err);
/*
 * One change. body: {"change","target":{"user"}|{"sam"},"set"?,"reply_key"?,"id"?}; change:
 * user.update, user.disable, user.enable, password.reset. set: Graph property names, null clears.
 * reply_key: X25519, base64, for the new password. Errors as above, without CW_EUNAVAILABLE for a
 * missing agent: a change waits CW_ROUTE_START_MS for it.
 */
int cw_route_change(struct cw_route *r, char id[37], const char *tenant, const char *key,
    const cJSON *body, struct cw_err *err);
/* Names of the changes, NULL-terminated, and of the properties that user.update takes. Static
 * storage. */
const char *const *cw_route_changes(void);
const char *const *cw_route_properties(void);

/* The operation as callers see it; the caller's. With what is only in memory, for
 * CW_ROUTE_KEEP_MS: of a command "output" (a list), "warnings" (texts), "output_cut" (true: there
 * was more than CW_ROUTE_OUTPUT_MAX, the rest was given to those who watched), of a password
 * result.password {"$sealed":BASE64}, of an apply result.secrets {SLOT:{"$sealed":BASE64}}.
 * CW_ENOTFOUND. */
int cw_route_show(struct cw_route *r, cJSON **ret, const char *id, struct cw_err *err);
/* From the ledger, newest first. tenants NULL: all. */
struct cw_operation_filter;
int cw_route_list(
    struct cw_route *r, cJSON **ret, const struct cw_operation_filter *filter, struct cw_err *err);
/* Stops a command; a change only before its first write. CW_ECONFLICT: too late. What came of it
 * is seen in its state, which is not always "cancelled": a write may have been done by then. */
int cw_route_cancel(struct cw_route *r, const char *id, struct cw_err *err);

struct cw_route_watch;
struct cw_route_watch_events {
	/* A step or the state changed; the operation is borrowed, with result.password where there
	 * is one and without output. finished: this is the last event, the watch is gone. */
	void (*changed)(void *arg, const cJSON *operation, bool finished);
	/* Of a command: NDJSON text, parts of any length. May be NULL. */
	void (*output)(void *arg, const char *ndjson, size_t n);
};
/* *ret is NULL when it has finished already: changed() was called then, from here. CW_ENOTFOUND. */
int cw_route_watch(struct cw_route *r, struct cw_route_watch **ret, const char *id,
    const struct cw_route_watch_events *events, void *arg, struct cw_err *err);
void cw_route_unwatch(struct cw_route_watch *w); /* ok on NULL */
/* Back-pressure on a command's output. */
void cw_route_watch_pause(struct cw_route_watch *w);
void cw_route_watch_resume(struct cw_route_watch *w);

#endif
