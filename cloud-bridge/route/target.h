/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ROUTE_TARGET_H
#define CW_ROUTE_TARGET_H

#include <cjson/cJSON.h>

struct cw_buf;
struct cw_err;

/* Whom a change is about, as it is written for each directory. All append. */

/* {"user":UPN} or {"sam":ACCOUNT}, and nothing else. CW_EINVAL. */
int route_target_check(const cJSON *target, struct cw_err *err);
/* An LDAP filter for exactly that name (RFC 4515). */
int route_target_filter(struct cw_buf *b, const cJSON *target);
/* "/users/NAME" for an id or a sign-in name. */
int route_target_path(struct cw_buf *b, const char *name);
/* Percent-encodes all but the unreserved characters (RFC 3986 2.3). */
int route_percent(struct cw_buf *b, const char *s);
/* What Entra ID calls the immutable id of an object with this GUID: base64 of its bytes, as Windows
 * orders them. CW_EINVAL: no GUID. */
int route_target_anchor(struct cw_buf *b, const char *guid);

#endif
