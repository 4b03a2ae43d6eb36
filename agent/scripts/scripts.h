/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SCRIPTS_H
#define CW_SCRIPTS_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <uv.h>

struct cw_broker;
struct cw_control_reply;
struct cw_err;
struct cw_wire_call;

/*
 * Scripts and plans, asked for by the bridge (script.run, plan.apply, script.stop,
 * upload.part) or by causewayctl (script, apply): from a request to the broker, its
 * lines to the reader as fast as that reads, and its end.
 *
 * When the reader goes away a script and a planning are stopped; a write that runs
 * goes on to its end first, and a plan that is being applied goes on to the end of
 * its list: a person approved all of it.
 */
struct cw_scripts;

struct cw_scripts_config { /* all borrowed */
	uv_loop_t *loop;
	struct cw_broker *broker;
};

/* On success *ret is to be given to cw_scripts_close(). */
int cw_scripts_new(
    struct cw_scripts **ret, const struct cw_scripts_config *config, struct cw_err *err);

/* A request of the bridge: false when the method is another's, and nothing was done. Whatever else
 * it is, it is answered. */
bool cw_scripts_request(
    struct cw_scripts *s, struct cw_wire_call *call, const char *method, const cJSON *params);
/* The verbs script and apply of causewayctl; likewise. */
bool cw_scripts_ask(
    struct cw_scripts *s, struct cw_control_reply *reply, const char *verb, cJSON *request);
/* The connection to the bridge is gone, and with it what came half way. */
void cw_scripts_disconnected(struct cw_scripts *s);

bool cw_scripts_runs(const struct cw_scripts *s, const char *id); /* lower case */
/* Stops all that the bridge asked for; local ones go on. */
void cw_scripts_stop_remote(struct cw_scripts *s, const char *why);

/* Takes no more, stops all, and waits for writes that run, for at most grace_ms; then drained(arg),
 * once, not from inside. */
void cw_scripts_drain(
    struct cw_scripts *s, uint64_t grace_ms, void (*drained)(void *arg), void *arg);
/* After link, control socket and broker are closed. */
void cw_scripts_close(struct cw_scripts *s, void (*closed)(void *arg), void *arg);

#endif
