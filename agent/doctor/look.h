/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LOOK_H
#define CW_LOOK_H

#include <cjson/cJSON.h>
#include <uv.h>

struct cw_err;
struct cw_look;

/*
 * A PowerShell of its own that runs our look.ps1 and ends: with the agent's account
 * and environment, beside the runspaces, which are locked and could not tell.
 */
#define CW_LOOK_MS 60000u
#define CW_LOOK_LINES_MAX 2000u

struct cw_look_config { /* borrowed until cw_look_start() returns */
	uv_loop_t *loop;
	char *const *powershell, *const *env;
	const char *const *modules; /* NULL-terminated */
	/* Once, unless it is ended before. lines: texts, the callee's; NULL: err says why. */
	void (*done)(void *arg, cJSON *lines, const struct cw_err *err);
	void *arg;
};

int cw_look_start(struct cw_look **ret, const struct cw_look_config *config, struct cw_err *err);
void cw_look_end(struct cw_look *look); /* before done: it does not come. Ok on NULL */

#endif
