/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ENROL_H
#define CW_ENROL_H

#include <stdbool.h>

#include <uv.h>

struct cw_err;

/*
 * A server becomes an agent: with a one-time token, which carries the hash of the
 * bridge's CA, it makes its keys, gets its certificate and stores its identity.
 * The token is shown only to a bridge of that CA.
 */
#define CW_ENROL_ANSWER_MS 20000u

struct cw_enrol_config {
	const char *folder; /* the state folder; made, private, where it is not there */
	const char *bridge; /* "host:port" */
	const char *token; /* "cwt_..." */
	const char *proxy; /* URL; "": none; NULL: what the environment says */
	const char *hostname; /* of this server */
	bool replace; /* enrol anew a server that is enrolled */
};

/* All is copied. Negative: nothing was begun and done is not called. CW_EINVAL: the token or the
 * address is not one; CW_ECONFLICT: enrolled already. Then done, once: CW_OK, the identity is
 * stored; CW_EUNKNOWN: the token may have been used. */
int cw_enrol_start(uv_loop_t *loop, const struct cw_enrol_config *config,
    void (*done)(void *arg, const struct cw_err *err), void *arg, struct cw_err *err);

/* The same on a loop of its own; blocks until it is done. */
int cw_enrol(const struct cw_enrol_config *config, struct cw_err *err);

#endif
