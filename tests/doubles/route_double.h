/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ROUTE_DOUBLE_H
#define CW_ROUTE_DOUBLE_H

#include <stddef.h>

#include "route/route.h"

/*
 * A double of the router (route/route.h), without its plans, guards and repeats. With ops
 * it runs a command on a real agent; without, a test says what comes of it. A change
 * is two steps that are done by the clock.
 */

/* The command's agent puts this out, and it ends: "succeeded", "failed", ... */
void route_double_output(struct cw_route *r, const char *id, const char *ndjson, size_t n);
void route_double_end(struct cw_route *r, const char *id, const char *state);
/* How many who watch it want no more output now. */
unsigned route_double_paused(struct cw_route *r, const char *id);
/* How many watch. */
unsigned route_double_watchers(struct cw_route *r, const char *id);
/* A change's step takes so long; 0, the first choice: it is moved on by hand. */
void route_double_pace(struct cw_route *r, uint64_t step_ms);
/* Something about it is new, if only the time. */
void route_double_touch(struct cw_route *r, const char *id);
/* A change goes one turn further. */
void route_double_step(struct cw_route *r, const char *id);

#endif
