/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PLAN_STATE_INTERNAL_H
#define CW_PLAN_STATE_INTERNAL_H

#include "plan/state.h"

/* What state.c (objects, their changes) and place.c (names of places, links) share. */

#define STATE_SLOTS 4096u /* of a table; a power of two */

struct cw_plan_state {
	struct cw_plan_object *first, *last;
	struct cw_plan_object *placed; /* created, moved, renamed, removed: by next_placed */
	struct cw_plan_object *guids[STATE_SLOTS], *dns[STATE_SLOTS], *accounts[STATE_SLOTS];
	unsigned nameless; /* objects without a GUID */
	bool linked; /* some change holds names of objects */
	bool links_unknown, members_changed;
};

/* Another planned name, found by it from now on. False when memory ends. */
bool state_rename(struct cw_plan_state *state, struct cw_plan_object *object, const char *dn);
void state_place(struct cw_plan_state *state, struct cw_plan_object *object);

#endif
