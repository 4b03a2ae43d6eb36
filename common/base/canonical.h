/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CANONICAL_H
#define CW_CANONICAL_H

#include <cjson/cJSON.h>

struct cw_buf;

/*
 * One text for one JSON value, whoever wrote it: the JSON Canonicalization Scheme
 * (RFC 8785). Members in the order of their names' UTF-16 code units, numbers as
 * ECMAScript prints them, strings with the fewest escapes, no white space. What is
 * hashed or signed is this text.
 */

/* Appends it. CW_EINVAL: a number without a finite value, a name twice in an object, a string that
 * is not UTF-8, raw text, or more than CW_JSON_DEPTH_MAX levels. On failure b is as it was. */
int cw_json_put_canonical(struct cw_buf *b, const cJSON *value);

#define CW_CANONICAL_NUMBER 26u /* bytes, with the NUL */
/* A finite number as ECMAScript's Number::toString writes it. */
void cw_canonical_number(char ret[CW_CANONICAL_NUMBER], double v);

#endif
