/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PS_CLIXML_SCALAR_H
#define CW_PS_CLIXML_SCALAR_H

#include "powershell/value.h"

struct cw_err;

/*
 * The text of CLIXML's primitive elements to values ([MS-PSRP] 2.2.5.1): pure
 * functions of the text, shared by the reader and its tests. Secure strings are
 * not among them: their text is never looked at.
 */

/* Fills v, whose kind says which element it was. text need not end in NUL. CW_EPROTO: not such a
 * value. */
int cw_clixml_scalar(struct cw_ps_value *v, struct cw_ps_arena *arena, const char *text, size_t n,
    struct cw_err *err);

/* Decodes _xHHHH_ ([MS-PSRP] 2.2.5.3.2) into the arena; half a surrogate pair becomes U+FFFD. NULL
 * when the arena is full. */
char *cw_clixml_unescape(struct cw_ps_arena *arena, const char *text, size_t n, size_t *ret_len);

#endif
