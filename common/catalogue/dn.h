/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_DN_H
#define CW_CATALOGUE_DN_H

#include <stdbool.h>
#include <stddef.h>

struct cw_buf;
struct cw_err;

/*
 * Distinguished names (RFC 4514), read strictly and written anew in one form:
 * two texts that name the same place become the same but for the case of letters.
 * What the RFC allows and Active Directory does not use is refused, because two
 * spellings of one name are how a check is passed by: attributes by number,
 * values in hexadecimal (#04...), several attributes in one part (+).
 */
#define CW_DN_MAX 8192u /* bytes */
#define CW_DN_PARTS_MAX 64u

/* Appends the name. CW_EINVAL says what is wrong and at which character. */
int cw_dn_put(struct cw_buf *out, const char *text, size_t n, struct cw_err *err);

/* Is name the same as base, or below it? Both as cw_dn_put() writes them. Case counts for letters
 * outside ASCII alone: there a wrong "no" is possible, a wrong "yes" is not. */
bool cw_dn_is_under(const char *name, const char *base);

#endif
