/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_AGENTS_RUN_INTERNAL_H
#define CW_AGENTS_RUN_INTERNAL_H

#include "agents/agents_internal.h"
#include "agents/result.h"
#include "base/buf.h"
#include "base/str.h"
#include "crypto/digest.h"

/* What run.c (commands, questions) and script.c (scripts and plans, however long) share. */
#define RUN_STOP_MS 30000u /* what an agent needs to stop a command whose time is over */
#define RUN_SMALL_MS 30000u /* stop, query, forget: answered from the agent's memory or journal */

struct cw_agents_run {
	struct session *session; /* outlives the run: its end ends the run */
	struct cw_wire_request *request; /* NULL while it waits for its turn to be uploaded */
	struct cw_agents_events events;
	void *arg;
	const char *method, *stop; /* the method that stops it */
	char id[CW_UUID_TEXT];
	uint64_t timeout_ms;
	bool is_script, paused, stopped;
	struct agents_result result; /* of a script */
	/* Params that come in parts, first; empty otherwise. */
	struct cw_buf params; /* not sent yet */
	size_t bytes; /* of all of them */
	char sha256[CW_SHA256_TEXT];
	struct cw_agents_run *next_upload;
};

/* *ret is not on its way yet. */
int agents_run_new(struct cw_agents_run **ret, struct session *s, const char *method,
    const char *stop, const char *id, const struct cw_agents_events *events, void *arg);
void agents_run_free(struct cw_agents_run *run);
/* Sends its request; takes params. On failure it is the caller's still. */
int agents_run_send(struct cw_agents_run *run, cJSON *params);
/* Its end. */
void agents_run_over(struct cw_agents_run *run, int code, const cJSON *result,
    const struct cw_err *err, const cJSON *detail);
int agents_run_not_sent(int r, const char *agent, struct cw_err *err);
/* The session of an agent that is the tenant's. */
int agents_run_session(struct session **ret, struct cw_agents *a, const char *agent,
    const char *tenant, struct cw_err *err);

#endif
