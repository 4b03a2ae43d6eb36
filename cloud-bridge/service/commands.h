/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BRIDGE_COMMANDS_H
#define CW_BRIDGE_COMMANDS_H

#include "console/options.h"

struct cw_err;

/*
 * What causeway-bridge can be told to do, apart from its command line (main.c). Each
 * prints its result on standard output, everything else on standard error.
 */
struct cw_bridge_init {
	const char *state;
	struct cw_words names;
	const char *web, *agents; /* "[ADDRESS:]PORT", or NULL */
};

/* Makes folder, settings, CA, certificates, ledger and the first API key, which is printed. What is
 * there of an attempt before is kept. CW_ECONFLICT: it was done already. */
int cw_bridge_init(const struct cw_bridge_init *options, struct cw_err *err);

/* Runs the bridge until SIGTERM or SIGINT; a second one ends it at once. ready_file (or NULL) is
 * written when both ports listen: {"url","agents_port","web_port","pid"}. */
int cw_bridge_run(const char *state, const char *ready_file, struct cw_err *err);

/* API keys, beside a bridge that runs or not. */
int cw_bridge_key_create(const char *state, const char *name, const char *role,
    const struct cw_words *tenants, struct cw_err *err);
int cw_bridge_key_list(const char *state, struct cw_err *err);
int cw_bridge_key_revoke(const char *state, const char *id, struct cw_err *err);

const char *cw_bridge_version(void);

#endif
