/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include <uv.h>

struct cw_catalogue_call;

/* A PowerShell session of the bench's own, with the modules imported: what a command takes without
 * Causeway. What goes wrong ends the program. */

void engine_start(uv_loop_t *loop, const char *powershell);
/* Runs the catalogued command against this domain controller and waits for its end. */
void engine_run(struct cw_catalogue_call *call, const char *server);
void engine_end(void);

#endif
