/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Primitive values from their text.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "powershell/clixml_scalar.h"

#define NUMBER_MAX 64 /* bytes of a number's text */

static int
bad(struct cw_err *err, const char *what, const char *text, size_t n)
{
	return cw_fail(err, CW_EPROTO, "\"%.*s\" is not %s", (int)(n < 40 ? n : 40), text, what);
}

static int
hex4(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int d = c >= '0' && c <= '9' ? c - '0'
		    : c >= 'a' && c <= 'f'   ? c - 'a' + 10
		    : c >= 'A' && c <= 'F'   ? c - 'A' + 10
					     : -1;

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* The code unit of an escape at p, or -1. */
static int
escape_at(const char *p, const char *end)
{
	if (end - p < 7 || p[0] != '_' || (p[1] != 'x' && p[1] != 'X') || p[6] != '_')
		return -1;
	return hex4(p + 2);
}

static char *
put_utf8(char *out, uint32_t cp)
{
	if (cp < 0x80) {
		*out++ = (char)cp;
	} else if (cp < 0x800) {
		*out++ = (char)(0xc0 | cp >> 6);
		*out++ = (char)(0x80 | (cp & 0x3f));
	} else if (cp < 0x10000) {
		*out++ = (char)(0xe0 | cp >> 12);
		*out++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*out++ = (char)(0x80 | (cp & 0x3f));
	} else {
		*out++ = (char)(0xf0 | cp >> 18);
		*out++ = (char)(0x80 | (cp >> 12 & 0x3f));
		*out++ = (char)(0x80 | (cp >> 6 & 0x3f));
		*out++ = (char)(0x80 | (cp & 0x3f));
	}
	return out;
}

char *
cw_clixml_unescape(struct cw_ps_arena *arena, const char *text, size_t n, size_t *ret_len)
{
	const char *p = text, *end = text + n;
	char *out, *start;

	/* Never longer than the text: seven bytes become at most three. */
	if ((start = out = cw_ps_arena_alloc(arena, n + 1)) == NULL)
		return NULL;
	while (p < end) {
		const char *underscore = memchr(p, '_', (size_t)(end - p));
		int unit, low;

		if (underscore == NULL)
			underscore = end;
		memcpy(out, p, (size_t)(underscore - p));
		out += underscore - p;
		if ((p = underscore) == end)
			break;
		if ((unit = escape_at(p, end)) < 0) {
			*out++ = *p++;
			continue;
		}
		p += 7;
		if (unit >= 0xd800 && unit <= 0xdbff && (low = escape_at(p, end)) >= 0xdc00 &&
		    low <= 0xdfff) {
			out = put_utf8(out,
			    0x10000 + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
			p += 7;
		} else if (unit >= 0xd800 && unit <= 0xdfff) {
			out = put_utf8(out, 0xfffd);
		} else {
			out = put_utf8(out, (uint32_t)unit);
		}
	}
	*ret_len = (size_t)(out - start);
	return start;
}

static int
read_signed(struct cw_ps_value *v, const char *text, size_t n, int64_t max, struct cw_err *err)
{
	const char *p = text, *end = text + n;
	bool negative = p < end && *p == '-';
	uint64_t limit = negative ? (uint64_t)max + 1 : (uint64_t)max, u = 0;

	p += negative;
	if (p == end)
		return bad(err, "a whole number", text, n);
	for (; p < end; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (digit > 9)
			return bad(err, "a whole number", text, n);
		if (u > (limit - digit) / 10)
			return bad(err, "in its type's range", text, n);
		u = u * 10 + digit;
	}
	v->i64 = negative ? (int64_t)(0 - u) : (int64_t)u;
	return CW_OK;
}

static int
read_unsigned(struct cw_ps_value *v, const char *text, size_t n, uint64_t max, struct cw_err *err)
{
	uint64_t u = 0;

	if (n == 0)
		return bad(err, "a whole number", text, n);
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)(text[i] - '0');

		if (digit > 9)
			return bad(err, "a whole number", text, n);
		if (u > (max - digit) / 10)
			return bad(err, "in its type's range", text, n);
		u = u * 10 + digit;
	}
	v->u64 = u;
	return CW_OK;
}

/* xs:double, xs:float: the words are XML Schema's, not strtod's. */
static int
read_real(struct cw_ps_value *v, const char *text, size_t n, struct cw_err *err)
{
	char copy[NUMBER_MAX], *end;

	if (n == 3 && memcmp(text, "NaN", 3) == 0)
		v->real = (double)NAN;
	else if (n == 3 && memcmp(text, "INF", 3) == 0)
		v->real = (double)INFINITY;
	else if (n == 4 && memcmp(text, "-INF", 4) == 0)
		v->real = (double)-INFINITY;
	else {
		if (n == 0 || n >= sizeof(copy))
			return bad(err, "a real number", text, n);
		memcpy(copy, text, n);
		copy[n] = '\0';
		if (strspn(copy, "+-0123456789.eE") < n)
			return bad(err, "a real number", text, n);
		v->real = v->kind == CW_PS_SINGLE ? (double)strtof(copy, &end) : strtod(copy, &end);
		if (*end != '\0')
			return bad(err, "a real number", text, n);
		if (fabs(v->real) > DBL_MAX)
			return bad(err, "in its type's range", text, n);
	}
	return CW_OK;
}

/* [-]digits[.digits], and no more. */
static bool
is_decimal(const char *text, size_t n)
{
	size_t i = n > 0 && text[0] == '-', digits = 0;
	bool point = false;

	for (; i < n; i++) {
		if (text[i] == '.' && !point && digits > 0)
			point = true;
		else if (text[i] >= '0' && text[i] <= '9')
			digits++;
		else
			return false;
	}
	return digits > 0 && text[n - 1] != '.';
}

static int
read_text(struct cw_ps_value *v, struct cw_ps_arena *arena, const char *text, size_t n,
    struct cw_err *err)
{
	if ((v->text.data = cw_ps_arena_strndup(arena, text, n)) == NULL)
		return cw_fail(err, CW_ELIMIT, "the values are larger than the limit");
	v->text.len = n;
	return CW_OK;
}

static int
read_string(struct cw_ps_value *v, struct cw_ps_arena *arena, const char *text, size_t n,
    struct cw_err *err)
{
	if ((v->text.data = cw_clixml_unescape(arena, text, n, &v->text.len)) == NULL)
		return cw_fail(err, CW_ELIMIT, "the values are larger than the limit");
	return CW_OK;
}

static int
read_guid(struct cw_ps_value *v, struct cw_ps_arena *arena, const char *text, size_t n,
    struct cw_err *err)
{
	char canonical[CW_UUID_TEXT];
	uint8_t uuid[16];

	if (cw_uuid_parse(uuid, text, n) < 0)
		return bad(err, "a GUID", text, n);
	cw_uuid_text(canonical, uuid);
	return read_text(v, arena, canonical, CW_UUID_TEXT - 1, err);
}

/* xs:duration as .NET writes it: [-]P[nD][T[nH][nM][n[.f]S]], in that order, at least one part. */
static bool
is_duration(const char *p, size_t n)
{
	static const char units[] = "DHMS";
	const char *end = p + n, *unit = units;
	bool in_time = false, any = false;

	if (p < end && *p == '-')
		p++;
	if (p == end || *p++ != 'P')
		return false;
	while (p < end) {
		size_t digits = 0;
		bool fraction = false;

		if (*p == 'T' && !in_time) {
			in_time = true;
			if (++p == end)
				return false;
		}
		while (p < end &&
		    ((*p >= '0' && *p <= '9') || (*p == '.' && !fraction && digits > 0))) {
			fraction |= *p == '.';
			digits++;
			p++;
		}
		if (digits == 0 || p == end || p[-1] == '.')
			return false;
		while (*unit != '\0' && *unit != *p)
			unit++;
		if (*unit == '\0' || (*unit != 'D') != in_time || (fraction && *unit != 'S'))
			return false;
		unit++;
		p++;
		any = true;
	}
	return any;
}

/* Digits 4 to 7 of the fraction, which cw_time_parse() does not keep. */
static int64_t
sub_millisecond_ticks(const char *text, size_t n)
{
	const char *p = memchr(text, '.', n), *end = text + n;
	int64_t ticks = 0;

	if (p == NULL)
		return 0;
	p++;
	for (int i = 0; i < 7; i++)
		ticks = ticks * 10 + (p < end ? *p++ - '0' : 0);
	return ticks % (CW_PS_TICKS_PER_SECOND / 1000);
}

static int
read_date(struct cw_ps_value *v, const char *text, size_t n, struct cw_err *err)
{
	char local[64];
	size_t wall = n; /* length without the zone */
	int64_t ms;

	v->date.kind = CW_PS_DATE_UNSPECIFIED;
	v->date.offset_min = 0;
	if (n >= 1 && text[n - 1] == 'Z') {
		v->date.kind = CW_PS_DATE_UTC;
		wall = n - 1;
	} else if (n >= 6 && (text[n - 6] == '+' || text[n - 6] == '-') && text[n - 3] == ':') {
		int64_t base, shifted;
		char zone[32];

		/* The offset, by reading one fixed day with it. */
		memcpy(zone, "2000-01-02T00:00:00", 19);
		memcpy(zone + 19, text + n - 6, 6);
		if (cw_time_parse(&shifted, zone, 25) < 0 ||
		    cw_time_parse(&base, "2000-01-02T00:00:00Z", 20) < 0)
			return bad(err, "a date", text, n);
		v->date.kind = CW_PS_DATE_OFFSET;
		v->date.offset_min = (int)((base - shifted) / 60000);
		wall = n - 6;
	}
	if (wall + 2 > sizeof(local))
		return bad(err, "a date", text, n);
	memcpy(local, text, wall);
	local[wall] = 'Z';
	if (cw_time_parse(&ms, local, wall + 1) < 0)
		return bad(err, "a date", text, n);
	v->date.ticks = CW_PS_UNIX_EPOCH_TICKS + ms * (CW_PS_TICKS_PER_SECOND / 1000) +
	    sub_millisecond_ticks(text, wall);
	return CW_OK;
}

static int
read_base64(struct cw_ps_value *v, struct cw_ps_arena *arena, const char *text, size_t n,
    struct cw_err *err)
{
	size_t room = n / 4 * 3 + 3;
	uint8_t *data = cw_ps_arena_alloc(arena, room);
	struct cw_buf b = { .data = data, .cap = room, .max = room };

	if (data == NULL)
		return cw_fail(err, CW_ELIMIT, "the values are larger than the limit");
	/* The buffer borrows the arena's room: it is as large as any decoding, so it never grows.
	 */
	if (cw_base64_get(&b, text, n) < 0)
		return bad(err, "base64", text, n);
	v->bytes.data = data;
	v->bytes.len = b.len;
	return CW_OK;
}

int
cw_clixml_scalar(struct cw_ps_value *v, struct cw_ps_arena *arena, const char *text, size_t n,
    struct cw_err *err)
{
	switch (v->kind) {
	case CW_PS_BOOL:
		if ((n != 4 || memcmp(text, "true", 4) != 0) &&
		    (n != 5 || memcmp(text, "false", 5) != 0))
			return bad(err, "true or false", text, n);
		v->boolean = n == 4;
		return CW_OK;
	case CW_PS_CHAR: return read_unsigned(v, text, n, UINT16_MAX, err);
	case CW_PS_I8: return read_signed(v, text, n, INT8_MAX, err);
	case CW_PS_I16: return read_signed(v, text, n, INT16_MAX, err);
	case CW_PS_I32: return read_signed(v, text, n, INT32_MAX, err);
	case CW_PS_I64: return read_signed(v, text, n, INT64_MAX, err);
	case CW_PS_U8: return read_unsigned(v, text, n, UINT8_MAX, err);
	case CW_PS_U16: return read_unsigned(v, text, n, UINT16_MAX, err);
	case CW_PS_U32: return read_unsigned(v, text, n, UINT32_MAX, err);
	case CW_PS_U64: return read_unsigned(v, text, n, UINT64_MAX, err);
	case CW_PS_SINGLE:
	case CW_PS_DOUBLE: return read_real(v, text, n, err);
	case CW_PS_DECIMAL:
		return is_decimal(text, n) && n < NUMBER_MAX
		    ? read_text(v, arena, text, n, err)
		    : bad(err, "a decimal number", text, n);
	case CW_PS_TIMESPAN:
		return is_duration(text, n) ? read_text(v, arena, text, n, err)
					    : bad(err, "a duration", text, n);
	case CW_PS_GUID: return read_guid(v, arena, text, n, err);
	case CW_PS_DATETIME: return read_date(v, text, n, err);
	case CW_PS_BYTES: return read_base64(v, arena, text, n, err);
	case CW_PS_STRING:
	case CW_PS_VERSION:
	case CW_PS_URI:
	case CW_PS_XML:
	case CW_PS_SCRIPTBLOCK: return read_string(v, arena, text, n, err);
	default: return cw_fail(err, CW_EPROTO, "not a primitive");
	}
}
