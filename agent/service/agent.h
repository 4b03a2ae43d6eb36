/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_AGENT_H
#define CW_AGENT_H

#include <uv.h>

struct cw_err;

/*
 * The running agent: everything that belongs to it, brought up in one order and
 * taken down in the other. On one loop, which its owner runs.
 */
#define CW_AGENT_GRACE_MS 30000u /* for writes that run when it is to end */

struct cw_agent;

/*
 * CW_ENOTFOUND: not enrolled; CW_EDENIED: others may write the state folder; CW_ECONFLICT: another
 * agent is running on it; CW_EINVAL: a file in it is not what it should be. Whatever happens, what
 * was begun is closed on the loop: run it to its end. On success *ret is to be given to
 * cw_agent_stop().
 */
int cw_agent_start(struct cw_agent **ret, uv_loop_t *loop, const char *folder, struct cw_err *err);

/* Takes no more commands, lets writes that run finish for CW_AGENT_GRACE_MS, ends the PowerShells
 * and hangs up. The loop ends when nothing is left. Ok to call twice. */
void cw_agent_stop(struct cw_agent *agent);

#endif
