/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/str.h"
#include "ledger/tenants.h"
#include "route/route.h"

/*
 * A customer in memory, for the router: Active Directory behind an agent with its journal, Entra ID
 * behind Graph, Entra Connect between them, and a clock that jumps. Everything is an event at a
 * time; a run is the same every time, up to the router's jitter.
 *
 * Faults strike the n-th request of a kind. A crash of the bridge strikes at a point: points are
 * counted, two for each request and for each document on its way to the disk.
 */
#define WORLD_AGENT "a9e17000-0000-4000-8000-00000000000a"
#define WORLD_SECOND_AGENT "a9e17000-0000-4000-8000-00000000000b"
#define WORLD_USERS 4 /* ada0@lab.test ... */
#define WORLD_FOREIGN "Somebody Else's"
#define WORLD_JOURNAL_MAX 64

enum world_fault_kind {
	FAULT_NONE,
	/* A write to Active Directory. */
	FAULT_AD_LOST_BEFORE, /* the connection breaks, the agent never sees it */
	FAULT_AD_LOST_AFTER, /* it breaks while the command runs, which goes on */
	FAULT_AD_DIED_BEFORE, /* the agent dies with it, before it has an effect */
	FAULT_AD_DIED_AFTER, /* and after */
	FAULT_AD_REVERTED_BEFORE, /* lost, and the agent's server is restored to an old state */
	FAULT_AD_REVERTED_AFTER, /* done, and then restored: the directory keeps it */
	FAULT_AD_REFUSED, /* the command fails for good, from here on */
	FAULT_AD_DOWN, /* the domain controller cannot be reached, this time */
	FAULT_AD_DOWN_AFTER, /* it seems so, but it took the value */
	FAULT_AD_BUSY, /* the agent does not take it now */
	/* A PATCH. */
	FAULT_ENTRA_503_BEFORE,
	FAULT_ENTRA_503_AFTER,
	FAULT_ENTRA_REFUSED, /* 400, from here on */
	FAULT_ENTRA_AWAY, /* 503, from here on */
	FAULT_ENTRA_SLOW, /* it shows what it took only after a while */
	/* A GET. */
	FAULT_ENTRA_GET_503,
	/* Entra Connect. */
	FAULT_SYNC_BUSY, /* a cycle runs already */
	FAULT_SYNC_LAGS, /* the next cycle does not see the change yet */
	FAULT_COUNT,
};

/* What somebody else does, right after a write of ours has its effect. */
enum world_foreign { FOREIGN_NONE, FOREIGN_AD, FOREIGN_ENTRA };

struct world_fault {
	enum world_fault_kind kind;
	unsigned nth; /* from 1, of what the kind strikes */
	enum world_foreign foreign; /* also, at the first effect there */
};

struct world_journal {
	char id[CW_UUID_TEXT];
	enum { JOURNAL_RUNNING, JOURNAL_DONE, JOURNAL_FAILED, JOURNAL_UNKNOWN } state;
	char *result; /* JSON, or NULL */
};

/* One person. */
struct world_user {
	cJSON *ad, *entra; /* NULL: not there */
	cJSON *ad_start, *entra_start; /* as they were at the beginning */
	cJSON *shown; /* what readers of Graph still see; NULL: the truth */
	uint64_t shown_until_ms;
	char ad_password[64], entra_password[64];
	bool ad_must_change, entra_must_change;
};

struct world_event;
struct world_run;

struct world {
	/* Set by the test. */
	enum cw_identity_mode mode;
	const char *tenant; /* its id; NULL: "tenant", which the ledger double has */
	bool in_ad, in_entra, synced; /* the users are */
	unsigned users; /* 0 is 1 */
	struct world_fault fault;
	bool any_server; /* writes need not name their domain controller */
	bool no_agent; /* it never connects */
	bool no_role; /* it is connected, and serves no role yet */
	bool never_back; /* once lost, it stays away */
	bool controller_goes; /* with the first fault, for ever */
	bool second_agent; /* there is another, when a fault has struck the first */
	bool sync_is_deaf; /* no cycle brings anything */
	unsigned crash_at, crash_again; /* at which point, and how many points later; 0: never */
	struct cw_ledger *ledger;
	void (*ledger_crash)(struct cw_ledger *l); /* of the double */
	uv_loop_t *loop; /* of a real one, or NULL */
	void (*settle)(void *arg); /* waits for a real one, or NULL */
	void *settle_arg;
	/* State of the world. */
	uint64_t now_ms, seq;
	struct world_event *events;
	uint64_t wake_ms;
	struct cw_route *route;
	unsigned points, crashes;
	bool crashed; /* nothing of the bridge has an effect any more */
	uint64_t life; /* of the bridge: what belongs to an older one is ignored */
	struct world_user user[WORLD_USERS];
	/* The agent. */
	bool connected;
	uint8_t seal_public[32], seal_private[32];
	char epoch[40];
	int64_t counter;
	struct world_journal journal[WORLD_JOURNAL_MAX];
	unsigned journal_n;
	char effective[WORLD_JOURNAL_MAX][CW_UUID_TEXT]; /* commands that had their effect */
	unsigned effective_n;
	struct world_run *runs;
	/* Entra Connect. */
	bool staging, suspended, cycle_runs;
	unsigned cycles;
	/* Counts, for faults. */
	unsigned ad_writes, patches, gets, starts, commands;
	bool struck, foreign_done;
	bool foreign_in_ad, foreign_in_entra;
	/* Everything that was ever given out of the router's memory, where the test wants it. */
	bool record;
	struct cw_buf written; /* to the ledger and to watchers */
	unsigned ad_effects, entra_effects;
	const char *broken; /* a rule of the world was broken; NULL: none */
};

/* Sets a user up in the places that are wanted. */
void world_init(struct world *w);
void world_free(struct world *w);
/* Starts the bridge: a router on the ledger, and resumption; the agent connects soon. */
void world_start(struct world *w);
void world_stop(struct world *w); /* an orderly end, or what is left of a crash */
/* One event. False: nothing is to come. Restarts the bridge after a crash. */
bool world_step(struct world *w);
/* Until done(arg), at most until limit_ms of the world's time from now. */
bool world_run(struct world *w, bool (*done)(void *arg), void *arg, uint64_t limit_ms);
/* Asks for the world to be called at a time. */
void world_at(
    struct world *w, uint64_t delay_ms, void (*fn)(struct world *w, void *arg), void *arg);
/* A point where the bridge may crash. True: it is down now. */
bool world_point(struct world *w);
void world_agent_connect(struct world *w, bool connected);

/* The value of a property by its Graph name, "" for none; of the truth. */
const char *world_ad_value(const cJSON *user, const char *name);
const char *world_entra_value(const cJSON *user, const char *name);

/* world_ad.c, world_entra.c */
void world_ad_ops(struct world *w, struct cw_route_ops *ops);
void world_entra_ops(struct world *w, struct cw_route_ops *ops);
void world_ad_free(struct world *w);
void world_ad_bridge_gone(struct world *w);

/* ledger_double.c: operations.h and tenants.h over memory. */
struct cw_ledger *world_ledger_new(struct world *w);
void world_ledger_crash(struct cw_ledger *l); /* what was not committed is lost */
void world_ledger_free(struct cw_ledger *l);
const char *world_ledger_text(
    const struct cw_ledger *l, const char *id); /* the document, or NULL */

#endif
