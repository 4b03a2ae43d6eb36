/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CONSOLE_PLAN_H
#define CW_CONSOLE_PLAN_H

#include "console/value.h"

struct cw_err;

/*
 * A plan (agent/plan/document.h has its members) as a person reads it before saying
 * yes: each write, on whom, what it was and what it will be. Whatever in it is not
 * as it should be is shown as it is, or not at all.
 */
void cw_plan_print(const struct cw_console *c, const cJSON *plan);
/* One entry on one line, without its end: "3  Set-ADUser  CN=Ada,..." */
void cw_plan_print_entry(const struct cw_console *c, const cJSON *plan, double entry);
/* Into a file of this account's own: it says much about people. */
int cw_plan_keep(const char *path, const cJSON *plan, struct cw_err *err);

#endif
