/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PLAN_TEXT_H
#define CW_PLAN_TEXT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "catalogue/attribute.h"
#include "powershell/value.h"

/*
 * Values of attributes as texts, the form in which a plan keeps and compares them,
 * and back:
 *
 *   text, names      as they are            numbers          decimal digits
 *   true, false      "TRUE", "FALSE"        dates            "2026-11-24T09:30:00Z"
 *   bytes            base64                 SIDs             "S-1-5-..."
 *   large numbers    decimal digits, also where they are dates as .NET counts them
 */
#define CW_PLAN_NEVER "9223372036854775807" /* accountExpires: not at all */

/* What an object's property holds, a list of texts, empty for nothing. NULL when memory ends. The
 * caller's. */
cJSON *cw_plan_values(const struct cw_ps_value *value);
/* One JSON value of a parameter or attribute as a text of this syntax; NULL: it cannot be told, or
 * memory ends. The caller frees. */
char *cw_plan_text(enum cw_attribute_syntax syntax, const cJSON *json);

/* One text as PowerShell has it; NULL: it cannot be told, or the arena is full. */
const struct cw_ps_value *cw_plan_value(
    struct cw_ps_arena *arena, enum cw_attribute_syntax syntax, const char *text);
/* A distinguished name as the directory itself writes it; NULL: the arena is full. */
char *cw_plan_shown_name(struct cw_ps_arena *arena, const char *dn);
/* A large number that counts 100 ns since 1601, as a date; null where it says never. */
const struct cw_ps_value *cw_plan_date(struct cw_ps_arena *arena, const char *digits);

/* The place of a text in a list, or -1. */
int cw_plan_find(enum cw_attribute_syntax syntax, const cJSON *list, const char *text);

#endif
