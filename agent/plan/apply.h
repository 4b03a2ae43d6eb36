/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PLAN_APPLY_H
#define CW_PLAN_APPLY_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "powershell/value.h"

struct cw_err;

/*
 * Applying a plan: its entries in order, each only while all is as it was planned.
 * Pure: it says what to look up before an entry, judges what was found, and gives
 * the parameters to run; whoever drives it runs them, as any other write, and says
 * how that went.
 *
 *   for each entry:  cw_plan_apply_next(), and while there is one
 *     look up cw_plan_apply_filter() for cw_plan_apply_properties(); each object found:
 *       cw_plan_apply_found()
 *     cw_plan_apply_check()          still as planned?
 *     run cw_plan_apply_command() with cw_plan_apply_parameters(); each object it gives:
 *       cw_plan_apply_output()
 *     cw_plan_apply_done()           may the next one follow?
 */
struct cw_plan_apply;

/* plan: checked; borrowed. NULL when memory ends. */
struct cw_plan_apply *cw_plan_apply_new(const cJSON *plan);
void cw_plan_apply_free(struct cw_plan_apply *apply); /* ok on NULL */

/* The number of the next entry, from 1; 0: there are no more. */
unsigned cw_plan_apply_next(struct cw_plan_apply *apply);

/* Of the entry at hand: an LDAP filter for Get-ADObject over the whole domain, and the names of
 * properties that are looked at; filter NULL: there is nothing to look up. Borrowed. CW_EFAILED: it
 * names an object that was not made. */
int cw_plan_apply_filter(struct cw_plan_apply *apply, const char **ret, struct cw_err *err);
const cJSON *cw_plan_apply_properties(const struct cw_plan_apply *apply);
int cw_plan_apply_found(
    struct cw_plan_apply *apply, const struct cw_ps_value *value, struct cw_err *err);
/* CW_ECONFLICT: something is not as it was planned; what is, and what was planned, is in err. */
int cw_plan_apply_check(struct cw_plan_apply *apply, struct cw_err *err);

const char *cw_plan_apply_command(const struct cw_plan_apply *apply);
/* The GUID of its target in the directory; NULL: it has none, or that was not made. Borrowed. */
const char *cw_plan_apply_target(const struct cw_plan_apply *apply);
/* With the real GUIDs of what earlier entries made; a secret is {"$slot":N}, N as in the plan. What
 * makes an object is told to show it. The caller's; NULL when memory ends. */
cJSON *cw_plan_apply_parameters(const struct cw_plan_apply *apply);
/* What it gave: of what it makes the GUID is kept for later entries. */
int cw_plan_apply_output(
    struct cw_plan_apply *apply, const struct cw_ps_value *value, struct cw_err *err);
/* CW_EUNKNOWN: it was made, and which object that is was not told. */
int cw_plan_apply_done(struct cw_plan_apply *apply, struct cw_err *err);

#endif
