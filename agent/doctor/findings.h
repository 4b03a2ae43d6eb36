/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_FINDINGS_H
#define CW_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/compat.h"

/*
 * What a doctor finds: a list of checks, each
 * {"check","state":"ok"|"warn"|"fail","seen","remedy"?}. The names and states are for programs and
 * do not change; the words are for people.
 */
enum cw_finding { CW_FINDING_OK, CW_FINDING_WARN, CW_FINDING_FAIL };

/* Adds one. remedy NULL: there is nothing to do; it is told only where the state is not ok. */
void cw_finding_put(cJSON *checks, const char *check, enum cw_finding state, const char *remedy,
    const char *format, ...) CW_PRINTF(5, 6);

/* --- each from what is known of its subject; pure but for the disk */

/* How far our clock is behind another's. */
void cw_finding_clock(cJSON *checks, const char *check, const char *whose, int64_t behind_ms);
void cw_finding_certificate(cJSON *checks, int64_t from_ms, int64_t until_ms, int64_t now_ms);
void cw_finding_disk(cJSON *checks, const char *folder);

/*
 * The lines of look.ps1 (tab between their parts), of a server with these roles
 * (NULL-terminated): powershell, language, account, modules, directory, controllers.
 */
void cw_findings_of_look(
    cJSON *checks, const cJSON *lines, const char *const *roles, int64_t now_ms);
/* A module's commands on the server against the catalogue's rows. */
void cw_finding_module(cJSON *checks, const cJSON *lines, const char *role);

#endif
