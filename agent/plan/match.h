/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PLAN_MATCH_H
#define CW_PLAN_MATCH_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "catalogue/attribute.h"

/*
 * An LDAP filter (as the catalogue writes it, RFC 4515) on one object whose
 * attributes are only partly known: yes, no, or it cannot be told.
 */
enum cw_plan_truth { CW_PLAN_NO, CW_PLAN_YES, CW_PLAN_MAYBE };

/* The values of an attribute as texts (plan/text.h), the callee's to delete; NULL: not known. */
typedef cJSON *cw_plan_values_of(void *arg, const struct cw_attribute *attribute);

enum cw_plan_truth cw_plan_match(const char *filter, cw_plan_values_of *values, void *arg);

/* Each attribute that the filter looks at, once or more. False: it is no such filter, or looks at
 * something else (ambiguous names). */
bool cw_plan_filter_attributes(
    const char *filter, void (*each)(void *arg, const struct cw_attribute *attribute), void *arg);

#endif
