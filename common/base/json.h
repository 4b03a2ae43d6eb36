/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_JSON_H
#define CW_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

struct cw_buf;
struct cw_err;

/*
 * JSON from outside, read strictly, on top of cJSON: cJSON parses and prints,
 * this refuses what RFC 8259 leaves open and an attacker would use (duplicate
 * names, bytes behind the end, bad UTF-8, NUL in strings, deep nesting).
 */
#define CW_JSON_DEPTH_MAX 64 /* nested arrays and objects */

/* Parses exactly n bytes. On success *ret is the caller's, for cJSON_Delete(). On CW_EINVAL or
 * CW_ELIMIT err says what is wrong and at which byte. `what` names the text in errors ("request
 * body"). */
int cw_json_parse(cJSON **ret, const char *text, size_t n, const char *what, struct cw_err *err);

/* Members of an object. NULL / false when it is missing or of another type. Names compare exactly.
 */
const cJSON *cw_json_get(const cJSON *object, const char *name);
const char *cw_json_str(const cJSON *object, const char *name); /* borrowed */
bool cw_json_int(const cJSON *object, const char *name, int64_t *ret); /* whole, within +-2^53 */
bool cw_json_true(const cJSON *object, const char *name); /* present and true */

/* The required string member; on CW_EINVAL err says which member is missing or not a string. */
int cw_json_need_str(const char **ret, const cJSON *object, const char *name, struct cw_err *err);

/* An optional string member of the file `path`: *ret becomes the caller's copy, and is left as it
 * is when the member is missing or null. */
int cw_json_copy_str(
    char **ret, const cJSON *object, const char *name, const char *path, struct cw_err *err);

/* Refuses an object with a member that is not in the NULL-terminated list. */
int cw_json_only(
    const cJSON *object, const char *const *names, const char *what, struct cw_err *err);

/* Appends the compact text of a value. No other copy of it is made: a secret in it is gone with b.
 */
int cw_json_put(struct cw_buf *b, const cJSON *value);
/* The same without one of the values in it, with its name. */
int cw_json_put_but(struct cw_buf *b, const cJSON *value, const cJSON *but);
/* Appends s as a JSON string with its quotes. s must be valid UTF-8. */
int cw_json_put_str(struct cw_buf *b, const char *s, size_t n);

#endif
