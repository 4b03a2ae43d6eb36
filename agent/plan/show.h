/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PLAN_SHOW_H
#define CW_PLAN_SHOW_H

#include <cjson/cJSON.h>

#include "plan/state.h"
#include "powershell/value.h"

struct cw_err;

/*
 * Objects as a read shows them after the planned writes: those of the directory
 * with what is planned of them, and those that are only planned.
 */
struct cw_plan_shown {
	const struct cw_plan_state *state;
	struct cw_ps_arena *arena; /* of what is made */
	const cJSON *asked; /* -Properties: a list of names, a name, or NULL */
	const char *command; /* for errors */
	/* Something that only "*" asks for is left out, as it cannot be told: its name. */
	const char *left_out;
};

/*
 * An object of the directory; anything else is given back as it is. *ret NULL: it would be gone.
 * CW_EDENIED: what it shows cannot be told, which and of whom is in err.
 */
int cw_plan_show(const struct cw_ps_value **ret, struct cw_plan_shown *shown, const char *kind,
    const struct cw_ps_value *value, struct cw_err *err);

/* An object that a write made, or one of which a read shows no more than its names (names: a
 * NULL-terminated list; NULL: those of the kind). */
int cw_plan_show_planned(const struct cw_ps_value **ret, struct cw_plan_shown *shown,
    const char *kind, const char *const *names, const struct cw_plan_object *object,
    struct cw_err *err);

/* The kind of an object that a command gave, by its type; NULL: it is none of the module's. */
const char *cw_plan_kind_of_value(const struct cw_ps_value *value);

#endif
