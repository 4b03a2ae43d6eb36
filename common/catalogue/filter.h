/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_FILTER_H
#define CW_CATALOGUE_FILTER_H

#include <stddef.h>

struct cw_buf;
struct cw_err;

/*
 * Filters of the directory, parsed here so that the engine never sees them as
 * text to evaluate. Both append an RFC 4515 filter that is written anew from
 * what was understood. CW_EINVAL says what is wrong and at which character;
 * CW_EDENIED names a secret attribute.
 */
#define CW_FILTER_MAX 16384u /* bytes */
#define CW_FILTER_DEPTH_MAX 64u /* parentheses and operators */

/* AD's PowerShell filter syntax (about_ActiveDirectory_Filter): Title -eq 'CTO' -and Enabled -eq
 * $true. */
int cw_filter_from_powershell(struct cw_buf *out, const char *text, size_t n, struct cw_err *err);
/* RFC 4515. */
int cw_filter_from_ldap(struct cw_buf *out, const char *text, size_t n, struct cw_err *err);

#endif
