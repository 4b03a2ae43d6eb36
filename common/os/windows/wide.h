/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_WIDE_H
#define CW_WIDE_H

#include <wchar.h>

/* UTF-8 to UTF-16 with a suffix, for paths. The caller frees. NULL when it is not UTF-8 or memory
 * ends. */
wchar_t *cw_wide(const char *utf8, const wchar_t *suffix);

#endif
