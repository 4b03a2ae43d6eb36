/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PS_JSON_H
#define CW_PS_JSON_H

#include "powershell/value.h"

struct cw_buf;
struct cw_err;

/*
 * PowerShell values as JSON, by the mapping of JSON.md: stable, typed, and
 * without secrets.
 */

/* Appends one JSON value. CW_ELIMIT when out is full; out may then hold a part. */
int cw_ps_json_put(struct cw_buf *out, const struct cw_ps_value *value, struct cw_err *err);

#endif
