/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PLAN_READ_INTERNAL_H
#define CW_PLAN_READ_INTERNAL_H

#include "plan/read.h"
#include "plan/show.h"

/* What read.c (what is asked by name), read_find.c (by filters) and read_members.c (who is in
 * groups) share. */

cJSON *read_parameter(const cJSON *parameters, const char *name); /* letters in any case */
int read_replace(struct cw_plan_read *r, const char *name, const char *text, struct cw_err *err);
/* false when memory ends. */
bool read_keep(const struct cw_plan_object ***list, size_t *count, const struct cw_plan_object *o);
int read_untold(const struct cw_plan_read *r, const char *why, struct cw_err *err);
struct cw_plan_shown read_shown(const struct cw_plan_read *r, struct cw_ps_arena *arena);
const char *read_kind(const struct cw_plan_read *r, const struct cw_ps_value *value);
int read_show(struct cw_plan_read *r, const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    const struct cw_ps_value *value, struct cw_err *err);

/* read_find.c */
int read_filter(struct cw_plan_read *r, const struct cw_catalogue_call *call, struct cw_err *err);
int read_take_base(struct cw_plan_read *r, struct cw_err *err); /* where it looks */
bool read_in_scope(const struct cw_plan_read *r, const char *dn);
void read_look_at(void *read, const struct cw_attribute *attribute);
/* Does what is planned of the object matter for finding it, by what the read looks at? */
bool read_matters(const struct cw_plan_read *r, const struct cw_plan_object *o);
void read_sort(const struct cw_plan_object **list, size_t count);
/* The object of the answer is one that has to be judged anew, or that is gone. */
bool read_is_touched(const struct cw_plan_read *r, const struct cw_ps_value *value);

/* read_search.c: Search-ADAccount */
int read_search(struct cw_plan_read *r, struct cw_err *err);
bool read_search_finds(struct cw_plan_read *r, const struct cw_ps_value *value);
int read_search_end(struct cw_plan_read *r, struct cw_err *err);

/* read_members.c */
int read_members_more(
    struct cw_plan_read *r, const struct cw_plan_object *whose, struct cw_err *err);
bool read_stays_member(struct cw_plan_read *r, const struct cw_ps_value *value);
int read_members_made(struct cw_plan_read *r, const struct cw_ps_value **ret,
    struct cw_ps_arena *arena, struct cw_err *err);

#endif
