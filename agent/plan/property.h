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

/* Nothing that is planned shows in an object that no write touches. */
bool cw_plan_others_are_same(const struct cw_plan_state *state);
/* Whether a planned write makes the attribute another, or may make it so. */
bool cw_plan_attribute_changes(const struct cw_plan_state *state,
    const struct cw_plan_object *object, const struct cw_attribute *attribute);

/* "lab.test/Staff/Ada" of "CN=Ada,OU=Staff,DC=lab,DC=test"; the caller frees. */
char *cw_plan_canonical_name(const char *dn);

#endif
