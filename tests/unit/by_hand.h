/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_BY_HAND_H
#define TEST_BY_HAND_H

#include <uv.h>

#include "agents/agents.h"
#include "base/buf.h"
#include "base/str.h"
#include "ledger/tenants.h"
#include "route/route.h"

/*
 * A router on a real ledger and a real loop whose agents are answered by hand: what was sent to one
 * is kept until the test ends it.
 */
#define AGENT "a0000000-0000-4000-8000-000000000001"
#define SYNC_AGENT "a0000000-0000-4000-8000-000000000002"
#define OTHER_AGENT "a0000000-0000-4000-8000-000000000003" /* of another tenant */
#define GONE_AGENT "a0000000-0000-4000-8000-000000000004" /* revoked */

struct cw_agents_run {
	struct cw_agents_events events;
	void *arg;
	char id[CW_UUID_TEXT];
	cJSON *parameters; /* of a script: {"text"} or {"plan","secrets"?} */
	bool write, in_ledger;
	int64_t not_after_ms;
	unsigned pauses, resumes, stops;
};

extern const char *test_case;
extern uv_loop_t loop;
extern struct cw_ledger *ledger;
extern struct cw_route *route;
extern struct cw_tenant tenant, empty_tenant; /* the second has no agents */
extern bool connected; /* both agents of the tenant */
extern bool serving; /* their roles */
extern struct cw_agents_run *last; /* sent and not answered */
extern unsigned sent, queries, forgets;

void hand_open(void); /* tenants, agents, ledger, router */
void hand_close(void);
void open_route(const struct cw_route_clock *clock); /* as after a restart */
void close_route(void);

int command(char id[37], const char *of, const char *body, struct cw_err *err);
int script(char id[37], const char *of, const char *body, struct cw_err *err);
int apply(char id[37], const char *of, const char *body, struct cw_err *err);
void output(const char *ndjson); /* of the last */
/* Ends the last. result NULL: refused, with code. */
void end_run(int code, const char *result);
void answer_query(const char *json); /* the last question, or request to forget */

struct seen {
	struct cw_buf output;
	unsigned changes;
	bool finished, durable_first;
	char state[16];
	struct cw_route_watch *watch;
	bool stop_watching; /* at the next event */
};

void watch(struct seen *s, const char *id);
cJSON *show(const char *id);
void check_member(const cJSON *o, const char *name, const char *want); /* as JSON */
bool ledger_holds(const char *text); /* in its files */

#endif
