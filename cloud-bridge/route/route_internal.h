/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ROUTE_INTERNAL_H
#define CW_ROUTE_INTERNAL_H

#include <sys/queue.h>

#include "agents/agents.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "graph/graph.h"
#include "ledger/tenants.h"
#include "route/output.h"
#include "route/route.h"

/*
 * What the files of this room share: the router, an operation, and how one waits, asks and writes
 * itself down. One loop thread. Memory that ends in the middle of an operation ends the program:
 * the ledger knows how to go on, half a document would not.
 */
#define ROUTE_BUCKETS 1024u
#define ROUTE_ACTIVE_MAX 10000u /* operations that have not ended */
#define ROUTE_TENANT_CHANGES_MAX 1000u /* changes of one tenant that have not ended */
#define ROUTE_USER_CHANGES_MAX 16u /* of one user */
#define ROUTE_KEPT_MAX 2000u /* ended operations in memory */
#define ROUTE_KEPT_BYTES (64u * 1024u * 1024u) /* of their output and plans */
#define ROUTE_RUN_MS (2u * 60u * 1000u) /* a step's command may take so long */
#define ROUTE_NOT_AFTER_MS (10u * 60u * 1000u) /* and begin so late: clocks differ */
#define ROUTE_NEVER UINT64_MAX

struct operation;
struct route_agent;
struct route_call;
struct route_change;
struct route_command;
struct route_script;
struct route_save;

TAILQ_HEAD(operations, operation);
TAILQ_HEAD(route_watches, cw_route_watch);
LIST_HEAD(route_calls, route_call);

struct cw_route {
	uv_loop_t *loop;
	struct cw_ledger *ledger;
	struct cw_route_ops ops;
	const struct cw_route_clock *clock;
	struct operation *buckets[ROUTE_BUCKETS];
	struct operations active; /* in the order in which they came */
	struct operations kept; /* ended, the oldest first */
	size_t active_n, kept_n, kept_bytes;
	struct route_agent *agents[ROUTE_BUCKETS];
	struct route_calls calls;
	struct route_sync *syncs;
	/* timers.c */
	struct route_timer **heap;
	size_t heap_n, heap_max;
	uv_timer_t timer;
	uint64_t armed_ms;
	bool ticking;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* --- timers.c: what is due when */

struct route_timer {
	void (*fire)(void *owner);
	void *owner;
	uint64_t at_ms;
	size_t slot; /* its place in the heap, from 1; 0: not set */
};

int route_timers_init(struct cw_route *r);
void route_timers_free(struct cw_route *r);
uint64_t route_now(const struct cw_route *r); /* ms, never goes back */
int64_t route_unix(const struct cw_route *r); /* ms */
/* In delay_ms; 0: soon, but not from here. Replaces what was set before. */
void route_timer_set(struct cw_route *r, struct route_timer *t, uint64_t delay_ms);
void route_timer_stop(struct cw_route *r, struct route_timer *t);
void route_timers_arm(struct cw_route *r); /* something else became due: see route_kept_due() */
/* Full jitter: up to first_ms for try 0, doubled for each more, up to most_ms. */
uint64_t route_backoff(unsigned try, uint64_t first_ms, uint64_t most_ms);

/* --- call.c: requests under way; their owner may go before the answer comes */

struct route_run_events {
	void (*output)(void *owner, const char *ndjson, size_t n);
	void (*done)(void *owner, int code, const cJSON *result, const struct cw_err *err,
	    const cJSON *detail);
};
typedef void route_answered(void *owner, int code, const cJSON *answer, const struct cw_err *err);
typedef void route_graph_done(
    void *owner, const struct cw_graph_response *response, const struct cw_err *err);
typedef void route_graph_retry(void *owner, const char *why);

/* *at is NULL again when the callback comes, which is once and never from here. */
int route_call_run(struct route_call **at, struct cw_route *r,
    const struct cw_agents_command *command, const struct route_run_events *events, void *owner,
    struct cw_err *err);
int route_call_script(struct route_call **at, struct cw_route *r,
    const struct cw_agents_script *script, const struct route_run_events *events, void *owner,
    struct cw_err *err);
int route_call_query(struct route_call **at, struct cw_route *r, bool forget, const char *agent,
    const char *const *ids, size_t n, route_answered *answered, void *owner, struct cw_err *err);
int route_call_graph(struct route_call **at, struct cw_route *r,
    const struct cw_graph_request *request, route_graph_done *done, route_graph_retry *retry,
    void *owner, struct cw_err *err);
void route_call_pause(struct route_call *call, bool pause); /* of a run; ok on NULL */
void route_call_stop(struct route_call *call); /* of a run: done still comes; ok on NULL */
/* Nothing comes back any more. A read that runs is stopped. */
void route_call_drop(struct route_call **at);
void route_calls_close(struct cw_route *r);

/* --- agent.c: what is known of the agents' journals */

struct route_agent {
	struct route_agent *next;
	struct cw_route *r;
	char id[CW_UUID_TEXT], tenant[CW_UUID_TEXT];
	/* As last heard. Not known: it connected and has not yet said. */
	bool known;
	char epoch[CW_AGENT_EPOCH_MAX];
	int64_t counter; /* a lower bound: every write that it answered counts one */
	struct route_call *asking;
	bool again; /* ask once more when that is answered */
	struct route_timer retry;
	/* Commands whose results are on our disk. */
	char (*forget)[CW_UUID_TEXT];
	size_t forget_n;
	struct route_call *forgetting;
	size_t forgetting_n;
	struct route_timer forget_timer;
};

/* Made when it is not there. */
struct route_agent *route_agent_get(struct cw_route *r, const char *id, const char *tenant);
/* Asks for the journal's state, and what became of the commands in doubt. */
void route_agent_ask(struct route_agent *a);
void route_agent_forget(struct route_agent *a, const char *command);
void route_agents_free(struct cw_route *r);

/* --- operation.c: a document and its turns */

enum route_state {
	ROUTE_QUEUED, /* Next: RUNNING when its turn comes, or an end */
	ROUTE_RUNNING, /* Next: an end */
	ROUTE_SUCCEEDED,
	ROUTE_FAILED,
	ROUTE_UNKNOWN,
	ROUTE_CANCELLED,
};

struct route_type {
	const char *name; /* "command" */
	/* From the ledger, after a restart. */
	void (*resume)(struct operation *op);
	/* It waited past its limit. */
	void (*expired)(struct operation *op);
	/* May it be cancelled? Negative: err says why not. */
	int (*may_cancel)(const struct operation *op, struct cw_err *err);
	/* Then do it. False: it cannot be helped, and goes on as it was. */
	bool (*cancel)(struct operation *op);
	void (*writes)(struct operation *op); /* its next turn is the intent of a write; or NULL */
	void (*ended)(struct operation *op); /* it is final, and everybody was told */
	void (*free)(struct operation *op);
};

/* What came of a command that is done at most once. */
enum route_end {
	ROUTE_END_DONE,
	ROUTE_END_FAILED, /* it ran, and says why not */
	ROUTE_END_REFUSED, /* it did not run and will not */
	ROUTE_END_NEVER, /* it did not run, and its time has passed */
	ROUTE_END_DOUBT, /* the journal cannot tell */
};

struct route_once_owner {
	/* The parameters to send; NULL: err says why there are none. CW_EUNAVAILABLE: later;
	 * CW_EAGAIN: not like this, it ends as ROUTE_END_NEVER. */
	cJSON *(*parameters)(struct operation *op, struct cw_err *err);
	void (*output)(struct operation *op, const char *ndjson, size_t n); /* may be NULL */
	/* It knows another way to settle it than the journal: an agent that does not come back is
	 * not waited for when another is there. */
	bool settles;
	/* result is the agent's answer where it gave one; in doubt the journal's record, whose
	 * "server" is where to look. */
	void (*ended)(struct operation *op, enum route_end end, const cJSON *result,
	    const struct cw_err *err);
};

struct route_once {
	const struct route_once_owner *owner;
	const char *command; /* static */
	char id[CW_UUID_TEXT]; /* the key; "": none yet */
	char agent[CW_UUID_TEXT];
	bool fixed; /* no other agent will do */
	char epoch[CW_AGENT_EPOCH_MAX]; /* of its journal, when this was sent */
	int64_t counter;
	int64_t until_ms; /* Unix time by which it has ended; 0: as a step of a change */
	int64_t not_after_ms; /* what that comes to */
	bool server; /* on the domain controller of private.ad.server */
	bool doubt; /* it may have been sent; only the journal can tell */
	bool unasked; /* and is to be asked with the next question */
	bool alone; /* in a question of its own: its result is long */
	bool stopped; /* the caller wants it no more: it is not sent again */
	struct cw_err refusal; /* a refusal in words that do not say whether it ran */
};

/* A command that does no harm when it is done again. */
struct route_ask {
	const char *command; /* static */
	cJSON *parameters;
	char agent[CW_UUID_TEXT]; /* preferred; "": any */
	bool server;
	char id[CW_UUID_TEXT];
	struct route_output output;
	void (*sending)(struct operation *op); /* may be NULL */
	/* err->code CW_OK: output and result are there. CW_ENOTFOUND: no such object. */
	void (*done)(struct operation *op, const cJSON *result, const struct cw_err *err);
};

struct operation {
	TAILQ_ENTRY(operation) link; /* in r->active or r->kept */
	struct operation *next; /* in the bucket */
	struct cw_route *r;
	const struct route_type *type;
	char id[CW_UUID_TEXT], tenant[CW_UUID_TEXT];
	enum route_state state;
	bool durable; /* nobody is told of its beginning and end before the disk has it */
	bool recorded; /* the ledger has it */
	bool ended; /* everybody was told: in r->kept */
	bool cancelling;
	int64_t created_ms, updated_ms; /* Unix time */
	uint64_t kept_until_ms;
	cJSON *doc; /* as callers see it */
	cJSON *private; /* for our resumption: a member of the document in the ledger alone */
	cJSON *password; /* {"$sealed"}, or a plan's by slot; in memory alone */
	size_t at; /* the step it is at, from 0 */
	/* Waiting. */
	struct route_timer timer;
	void (*then)(struct operation *op);
	bool wants_agent; /* goes on when one connects */
	bool unlimited; /* this wait: for the ledger */
	int64_t limit_ms; /* Unix time; no wait goes past it */
	unsigned tries; /* for the waits between them */
	/* Under way, one at a time. */
	struct route_call *call;
	struct route_save *save; /* a document on its way to the disk */
	void (*saved)(struct operation *op); /* what goes on when it is there */
	struct route_once once;
	struct route_ask ask;
	/* Watchers. */
	struct route_watches watches;
	unsigned notifying;
	/* One of them. */
	struct route_command *command; /* of a script too: its output */
	struct route_script *script;
	struct route_change *change;
};

/* The JSON helpers end the program when memory ends. A value replaces the one before. */
void route_set(cJSON *object, const char *name, cJSON *value);
void route_set_text(cJSON *object, const char *name, const char *value);
void route_set_number(cJSON *object, const char *name, double value);
void route_set_time(cJSON *object, const char *name, int64_t unix_ms);
void route_set_error(cJSON *object, int code, const char *message);
cJSON *route_copy(const cJSON *value);
/* The object member, made when it is not there. */
cJSON *route_object(cJSON *object, const char *name);

/* A new one in r->active, state queued. id "": a new one. Never fails. */
struct operation *route_op_new(struct cw_route *r, const struct route_type *type, const char *id,
    const char *tenant, const char *what, const char *key);
/* From a document of the ledger, which is taken. NULL: it is not one of ours. */
struct operation *route_op_load(struct cw_route *r, const struct route_type *type, cJSON *document);
void route_copy_id(char ret[CW_UUID_TEXT], const char *id); /* cut to what fits */
unsigned route_bucket(const char *id); /* of ROUTE_BUCKETS */
struct operation *route_op_find(const struct cw_route *r, const char *id);
void route_op_free(struct operation *op);
/* Reads the member "id" of a request. *ret is borrowed, NULL: there is none. CW_EINVAL,
 * CW_ECONFLICT. */
int route_op_chosen_id(struct cw_route *r, const char **ret, const cJSON *body, struct cw_err *err);

void route_op_add_step(struct operation *op, const char *place, const char *what);
cJSON *route_op_step(const struct operation *op, size_t at); /* NULL past the end */
/* Sets the state of the step it is at, with its times; does not tell anybody. */
void route_op_step_state(struct operation *op, const char *state);

void route_op_touch(struct operation *op); /* "updated" */
/* Tells the watchers. */
void route_op_changed(struct operation *op);
void route_op_state(struct operation *op, enum route_state state); /* not an end; tells nobody */
/* Writes it down. then: when it is on the disk; NULL: whenever. Until it could be written it is
 * tried again, but for the first time: then the operation fails. */
void route_op_save(struct operation *op, void (*then)(struct operation *op));
/* Writes it down without haste. */
void route_op_note(struct operation *op);
/* The end. Takes it from r->active; watchers are told when it is on the disk (op->durable). */
void route_op_finish(struct operation *op, enum route_state state);
void route_op_fail(struct operation *op, int code, const char *message); /* finish with an error */
const char *route_state_name(enum route_state state);

void route_op_wake(void *op); /* its timer fires */
/* Goes on with then after delay_ms, or when an agent connects (for_agent); not past op->limit_ms.
 * The step shows "waiting" and why. */
void route_op_wait(struct operation *op, uint64_t delay_ms, bool for_agent,
    void (*then)(struct operation *op), int code, const char *fmt, ...) CW_PRINTF(6, 7);
/* The same without a word, from the loop. */
void route_op_later(struct operation *op, uint64_t delay_ms, void (*then)(struct operation *op));
/* The step runs (again): no more words about waiting. */
void route_op_goes_on(struct operation *op);
void route_op_still(struct operation *op); /* waits for nothing any more; drops what is under way */

uint64_t route_kept_due(const struct cw_route *r); /* when the oldest kept one goes */
void route_kept_expire(struct cw_route *r);
void route_agents_wake(struct cw_route *r, const char *tenant); /* who waits for one */

/* --- watch.c */

void route_watch_changed(struct operation *op, bool finished);
void route_watch_output(struct operation *op, const char *ndjson, size_t n);
/* What a sealed answer is called in the result: "password", or a plan's "secrets". */
const char *route_password_name(const struct operation *op);
void route_watch_free(struct operation *op);

/* --- once.c: a command that is done at most once, come what may */

/* A new key. agent "": any with the command's role. */
void route_once_start(struct operation *op, const struct route_once_owner *owner,
    const char *command, const char *agent, bool fixed, bool server, int64_t until_ms);
/* The key of private.once, whose outcome is not known. False: there is none. */
bool route_once_resume(
    struct operation *op, const struct route_once_owner *owner, const char *command);
/* The outcome is not known: the agent's journal is asked about the key of private.once, which is
 * not sent again. False: there is none. */
bool route_once_doubt(struct operation *op, const struct route_once_owner *owner,
    const char *command, const struct cw_err *why);
/* Its agents need not keep the results any longer: the end is on the disk. */
void route_once_forget(const struct operation *op);
/* What the journal says of it: an element of "commands", or NULL to start asking. */
void route_once_answer(struct operation *op, const cJSON *entry, const struct route_agent *a);

/* --- ask.c: a command that may be repeated */

/* Takes parameters. agent NULL: any with the command's role; server: on that of private.ad.server.
 * sending, which may be NULL, comes before each try. */
void route_ask(struct operation *op, const char *command, cJSON *parameters, const char *agent,
    bool server, void (*sending)(struct operation *op),
    void (*done)(struct operation *op, const cJSON *result, const struct cw_err *err));

/* --- fault.c: what an error of the agent's PowerShell means */

/* CW_OK where result says done; CW_EUNAVAILABLE: the directory was not there, later; CW_ENOTFOUND;
 * CW_EFAILED. err has one line of its words. */
int route_fault(struct cw_err *err, const cJSON *result);
/* The first line, cut to what fits. */
void route_first_line(char *ret, size_t size, const char *text);

/* --- command.c, script.c, change.c */

/* Why no agent of the tenant is asked, in a line: none is connected, or one that does not serve the
 * role now, and which. */
void route_no_agent(
    struct cw_route *r, char *ret, size_t size, const char *tenant, const char *role);

extern const struct route_type route_command_type, route_change_type, route_script_type,
    route_plan_type, route_apply_type;

#endif
