/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_IDENTITY_H
#define CW_CATALOGUE_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "catalogue/catalogue.h"

struct cw_buf;

/*
 * What an object is called: a distinguished name, a GUID, a SID, a sAMAccountName,
 * a name. Which of them a text is, its syntax says, as in the module; then it is
 * written anew in one form, and what is none of them never reaches the module.
 */
#define CW_SID_MAX 68u /* bytes of a SID with 15 parts */

/* Appends the identity. CW_EINVAL says what -parameter wants; wildcards are always refused. */
int cw_identity_put(struct cw_buf *out, const struct cw_catalogue_kind *kind, const char *text,
    size_t n, const char *parameter, struct cw_err *err);

/* Which form a text is that cw_identity_put() has written for this kind: one CW_IDENTITY_ bit. */
unsigned cw_identity_form(const struct cw_catalogue_kind *kind, const char *text, size_t n);

/* A GUID as .NET reads one: 32 digits, with hyphens, in braces or parentheses. Network order. */
int cw_guid_parse(uint8_t ret[16], const char *text, size_t n);
/* "S-1-5-21-...": the bytes of [MS-DTYP] 2.4.2.2 into ret, their number into *len. CW_EINVAL. */
int cw_sid_parse(uint8_t ret[CW_SID_MAX], size_t *len, const char *text, size_t n);

#endif
