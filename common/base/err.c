/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error table: one row per code, used by the enum, the text and the tests.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

int
cw_fail(struct cw_err *err, int code, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (err == NULL)
		return code;
	err->code = code;
	va_start(ap, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(err->text))
		err->text[cw_utf8_cut(err->text, sizeof(err->text) - 1)] = '\0';
	cw_utf8_flatten(err->text, ' '); /* parts of it may be somebody else's bytes */
	return code;
}

const char *
cw_strerror(int code)
{
	switch (code) {
	case CW_OK: return "ok";
#define X(name, value, text) \
	case name: return text;
		CW_ERRORS(X)
#undef X
	}
	return "unknown error";
}

const char *
cw_errname(int code)
{
	switch (code) {
	case CW_OK: return "ok";
	case CW_ENOMEM: return "out_of_memory";
	case CW_EAGAIN: return "incomplete";
	case CW_EPROTO: return "protocol";
	case CW_ELIMIT: return "limit";
	case CW_ECLOSED: return "closed";
	case CW_ESYS: return "system";
	case CW_EINVAL: return "invalid_request";
	case CW_ENOTFOUND: return "not_found";
	case CW_EDENIED: return "denied";
	case CW_EAUTH: return "unauthenticated";
	case CW_ECONFLICT: return "conflict";
	case CW_ETIMEOUT: return "timeout";
	case CW_EEXPIRED: return "expired";
	case CW_EUNAVAILABLE: return "unavailable";
	case CW_EFAILED: return "command_failed";
	case CW_EUNKNOWN: return "outcome_unknown";
	}
	return "internal";
}

int
cw_errcode(const char *name)
{
#define X(code, value, text)                  \
	if (cw_streq(name, cw_errname(code))) \
		return code;
	CW_ERRORS(X)
#undef X
	return CW_EFAILED;
}
