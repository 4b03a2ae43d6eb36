/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PS_JSON_H
#define CW_PS_JSON_H

#include "powershell/value.h"

struct cw_buf;
struct cw_err;

/*
 * PowerShell values as JSON, by the mapping of JSON.md: stable, typed, and
 * without secrets. What comes out is one line that cw_json_parse() takes, with
 * room for some levels around it.
 */
#define CW_PS_JSON_DEPTH_MAX 48 /* nested arrays and objects; what is deeper is {"$deep":true} */

/* Appends one JSON value. CW_ELIMIT when out is full; out may then hold a part. */
int cw_ps_json_put(struct cw_buf *out, const struct cw_ps_value *value, struct cw_err *err);
/* The same without the properties and keys that hidden() names, at whatever depth. */
int cw_ps_json_put_without(struct cw_buf *out, const struct cw_ps_value *value,
    bool (*hidden)(const char *name), struct cw_err *err);

#endif
