/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ERR_H
#define CW_ERR_H

#include <stdarg.h>

#include "base/compat.h"

/*
 * Error codes and the one-line reason that travels with them.
 *
 * Zero is success and every failure is negative, so `if (r < 0)` always reads
 * the same way. Codes say what the caller can do about it; the text in
 * struct cw_err says what happened, where, and what to do.
 */
#define CW_ERRORS(X)                                                  \
	X(CW_ENOMEM, -1, "out of memory")                             \
	X(CW_EAGAIN, -2, "needs more input")                          \
	X(CW_EPROTO, -3, "peer broke the protocol")                   \
	X(CW_ELIMIT, -4, "over a limit")                              \
	X(CW_ECLOSED, -5, "connection closed")                        \
	X(CW_ESYS, -6, "operating system call failed")                \
	X(CW_EINVAL, -7, "invalid request")                           \
	X(CW_ENOTFOUND, -8, "not found")                              \
	X(CW_EDENIED, -9, "refused by a rule")                        \
	X(CW_EAUTH, -10, "not authenticated")                         \
	X(CW_ECONFLICT, -11, "conflicts with what is there")          \
	X(CW_ETIMEOUT, -12, "took too long")                          \
	X(CW_EEXPIRED, -13, "expired")                                \
	X(CW_EUNAVAILABLE, -14, "not available now, try again later") \
	X(CW_EFAILED, -15, "the command failed")                      \
	X(CW_EUNKNOWN, -16, "the outcome is not known")

#define X(name, value, text) name = value,
enum { CW_OK = 0, CW_ERRORS(X) };
#undef X

#define CW_ERR_TEXT_MAX 320 /* bytes, with the final NUL */

/* Lives inside long-lived objects (session, channel). Zeroed means no error. */
struct cw_err {
	int code;
	char text[CW_ERR_TEXT_MAX];
};

/* Printf-style. Records code and text in err, and returns code, so that a failing path is one
 * line: return cw_fail(&s->err, CW_EPROTO, "..."). A text too long is cut at a whole UTF-8
 * character; what cannot be printed becomes spaces, and bytes that are not UTF-8 question marks.
 * err may be NULL: then only the code travels. */
int cw_fail(struct cw_err *err, int code, const char *fmt, ...) CW_PRINTF(3, 4);

/* English for a code. Never NULL; static storage. */
const char *cw_strerror(int code);

/* The code as a stable word for interfaces, "protocol", "limit", "not_found", ... Static storage.
 */
const char *cw_errname(int code);
/* The code that the word stands for; CW_EFAILED for one that we do not know, or NULL. */
int cw_errcode(const char *name);

#endif
