/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_WEB_DOUBLE_H
#define CW_WEB_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "api/web.h"

/*
 * The web server's calls (api/web.h) in memory: a request is made, an answer is looked
 * at, and a test says how much of it the client takes.
 */
struct web_double_request {
	const char *method;
	const char *path; /* decoded */
	const char *query; /* "a=b&c=d", decoded; or NULL */
	const char *bearer, *prefer, *accept; /* or NULL */
	const char *body; /* or NULL */
};

/* To be given back to web_double_free(). */
struct cw_web_call *web_double_new(const struct web_double_request *request);
void web_double_free(struct cw_web_call *call); /* hangs up first where it has not ended */

int web_double_status(const struct cw_web_call *call); /* 0: none yet */
const char *web_double_header(const struct cw_web_call *call, const char *name); /* or NULL */
const char *web_double_body(struct cw_web_call *call); /* all that was put and not taken back */
bool web_double_ended(const struct cw_web_call *call);
bool web_double_broken(const struct cw_web_call *call);
/* Bytes that wait for the client. Nothing is taken but by web_double_take(). */
size_t web_double_waiting(const struct cw_web_call *call);
/* The client takes all that waits; what was taken is forgotten. */
void web_double_take(struct cw_web_call *call);
void web_double_hang_up(struct cw_web_call *call);

#endif
