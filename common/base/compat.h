/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_COMPAT_H
#define CW_COMPAT_H

/* Compiler differences, and nothing else. */
#if defined(__MINGW32__)
#include <stdio.h> /* __MINGW_PRINTF_FORMAT knows %zu, plain printf does not */
#define CW_PRINTF(fmt, args) __attribute__((format(__MINGW_PRINTF_FORMAT, fmt, args)))
#else
#define CW_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#endif

#define CW_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
