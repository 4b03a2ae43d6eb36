/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_API_H
#define CW_API_H

#include <openssl/types.h>
#include <uv.h>

struct cw_agents;
struct cw_err;
struct cw_graph;
struct cw_ledger;
struct cw_route;
struct cw_web_call;

/*
 * The REST interface (openapi.json): who asks, whether they may, what they want, and
 * the answer. Decides nothing about directories: that is the router's.
 *
 * A key is looked up for every request, and again every CW_API_BEAT_MS for answers that
 * stay open, so a key that is revoked stops at once here and soon elsewhere. What a
 * key may not see is not there for it.
 */
#define CW_API_BEAT_MS 15000u /* between signs of life on an open event stream */
#define CW_API_OPEN_MAX 1500u /* answers that wait or stream; more are refused for now */
#define CW_API_WAIT_MAX_S 300 /* for the end of an operation, in the request that began it */
#define CW_API_LARGE_MAX (20u << 20) /* bytes of a body with a script or a plan */
#define CW_API_NOTES_MAX (1u << 20) /* bytes of a command's warnings, and of its errors */

struct cw_api;

struct cw_api_config {
	uv_loop_t *loop;
	struct cw_ledger *ledger; /* all borrowed until cw_api_close() */
	struct cw_agents *agents;
	struct cw_graph *graph;
	struct cw_route *route;
	const X509 *ca; /* named in enrolment tokens */
	const char *agents_address; /* "host:port" to enrol at; copied */
	unsigned beat_ms; /* 0: CW_API_BEAT_MS */
};

/* On success *ret is the caller's, to give back to cw_api_close(). */
int cw_api_new(struct cw_api **ret, const struct cw_api_config *config, struct cw_err *err);
/* After cw_route_resume(): what was taken up there is logged when it ends. */
int cw_api_start(struct cw_api *api, struct cw_err *err);
/* Takes one request: the on_call of cw_web_config. arg is the struct cw_api. */
void cw_api_call(void *arg, struct cw_web_call *call);
/* Its body_max: only who may run scripts may send large ones. */
size_t cw_api_body_max(void *arg, const struct cw_web_call *call);
/* Answers whoever waits, ends what streams, refuses what comes: the bridge is about to stop. */
void cw_api_stop(struct cw_api *api);
/* After the web server is closed, and before the router is. closed(arg) comes from the loop. */
void cw_api_close(struct cw_api *api, void (*closed)(void *arg), void *arg);

#endif
