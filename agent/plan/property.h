/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PLAN_PROPERTY_H
#define CW_PLAN_PROPERTY_H

#include <stdbool.h>

#include "plan/state.h"
#include "powershell/value.h"

/*
 * One property of an object as it would be after the planned writes.
 */
enum cw_plan_shows {
	CW_PLAN_SAME, /* as in the directory */
	CW_PLAN_OTHER, /* *ret */
	CW_PLAN_UNTOLD, /* another, and which cannot be told */
	CW_PLAN_NO_MEMORY,
};

/*
 * kind: the module's, of the object; name: of the property, or of an attribute; is: what it is in
 * the directory, NULL where that is not known. *ret is in the arena.
 */
enum cw_plan_shows cw_plan_property(const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    const struct cw_plan_state *state, const struct cw_plan_object *object, const char *kind,
    const char *name, const struct cw_ps_value *is);

/* The same for an object that no write touches: names of others in it may be others. */
enum cw_plan_shows cw_plan_property_of_other(const struct cw_ps_value **ret,
    struct cw_ps_arena *arena, const struct cw_plan_state *state, const char *kind,
    const char *name, const struct cw_ps_value *is);

/* Of an object that is, or would be, called dn: what tells of its place. CW_PLAN_SAME: it tells
 * nothing of that. */
enum cw_plan_shows cw_plan_property_of_place(const struct cw_ps_value **ret,
    struct cw_ps_arena *arena, const char *kind, const char *name, const char *dn);
/* Nothing that is planned shows in an object that no write touches. */
bool cw_plan_others_are_same(const struct cw_plan_state *state);
/* Whether a planned write makes the attribute another, or may make it so. */
bool cw_plan_attribute_changes(const struct cw_plan_state *state,
    const struct cw_plan_object *object, const struct cw_attribute *attribute);

#endif
