/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PLAN_READ_H
#define CW_PLAN_READ_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "catalogue/catalogue.h"
#include "plan/state.h"
#include "powershell/value.h"

struct cw_err;

/*
 * One read while a plan is made: what to ask the directory in its place, and what to
 * show of the answer, so that it is as it would be after the planned writes. Where
 * that cannot be told, the read fails (CW_EDENIED, with the reason), and the plan
 * ends there: nothing shows the old state in silence. Pure.
 *
 *   cw_plan_read_new()      what to run: read->parameters; nothing where runs is false
 *   cw_plan_read_output()   each object that it gives
 *   cw_plan_read_next()     what else to run, after it; each object of it:
 *   cw_plan_read_touched()
 *   cw_plan_read_made()     last, objects that only the plan knows, one by one
 */
#define CW_PLAN_FILTER_ATTRIBUTES 32 /* of one filter; with more it cannot be told */
struct cw_plan_read {
	const struct cw_catalogue_command *entry;
	struct cw_plan_state *state;
	bool runs;
	cJSON *parameters; /* of the same command; NULL: as they were given */
	/* the rest is its own */
	cJSON *given; /* as they were given */
	const char
	    *left_out; /* a property that only "*" asks for and that cannot be told; or NULL */
	char *filter; /* LDAP, or NULL */
	const struct cw_attribute *attributes[CW_PLAN_FILTER_ATTRIBUTES]; /* it looks at */
	size_t attribute_count;
	bool too_many;
	/* What it is about when it begins: what is planned later, while it runs, is not its own. */
	const struct cw_plan_object **touched, **made; /* sorted by address; as they were made */
	size_t touched_count, made_count, touched_at, made_at;
	enum {
		CW_PLAN_READ_PLAIN,
		CW_PLAN_READ_FIND,
		CW_PLAN_READ_MEMBERS,
		CW_PLAN_READ_SEARCH
	} what;
	/* of a filter: where it looks, as it would be */
	char *base;
	enum { CW_PLAN_SUBTREE, CW_PLAN_ONE_LEVEL, CW_PLAN_BASE } scope;
	/* of members or memberships: whose, and those that are to be shown beside the answer */
	cJSON *change, *more;
};

/* call: bound; parameters: as it was bound from. CW_ENOTFOUND: what it names would not be there, in
 * the words of the module. */
int cw_plan_read_new(struct cw_plan_read **ret, struct cw_plan_state *state,
    const struct cw_catalogue_call *call, const cJSON *parameters, struct cw_err *err);
void cw_plan_read_free(struct cw_plan_read *read); /* ok on NULL */

/* *ret: what to show of it, in the arena or value itself; NULL: nothing. */
int cw_plan_read_output(struct cw_plan_read *read, const struct cw_ps_value **ret,
    struct cw_ps_arena *arena, const struct cw_ps_value *value, struct cw_err *err);
/* Parameters of the same command, the caller's; *ret NULL: there is no more to run. */
int cw_plan_read_next(struct cw_plan_read *read, cJSON **ret, struct cw_err *err);
int cw_plan_read_touched(struct cw_plan_read *read, const struct cw_ps_value **ret,
    struct cw_ps_arena *arena, const struct cw_ps_value *value, struct cw_err *err);
/* *ret NULL: there are no more. */
int cw_plan_read_made(struct cw_plan_read *read, const struct cw_ps_value **ret,
    struct cw_ps_arena *arena, struct cw_err *err);

#endif
