/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values to JSON, straight into the caller's buffer. JSON.md says what and why.
 */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "powershell/json.h"

#define SAFE_MAX UINT64_C(9007199254740991) /* 2^53 - 1: some readers keep no more */
#define SID "System.Security.Principal.SecurityIdentifier"
#define DAY_TICKS (24 * 60 * 60 * CW_PS_TICKS_PER_SECOND)
#define DATE_TICKS_MAX INT64_C(3155378975999999999) /* 9999-12-31T23:59:59.9999999 */

/* The values that one being written lies in: for cycles, and for how deep it is. */
struct path {
	const struct cw_ps_object *object; /* NULL: no object, or the outside */
	const struct path *up;
	unsigned depth; /* brackets that are open around what is written next */
	bool (*hidden)(const char *name); /* NULL: nothing is */
};

static int put(struct cw_buf *out, const struct cw_ps_value *v, const struct path *up);

static int
put_literal(struct cw_buf *out, const char *s)
{
	return cw_buf_put(out, s, strlen(s));
}

/* A NUL becomes U+FFFD: too many readers of JSON end a string there, or refuse it, as ours does. */
static int
put_text(struct cw_buf *out, const char *s, size_t n)
{
	const char *end = s + n, *nul;
	struct cw_buf copy;
	int r = CW_OK;

	if (memchr(s, '\0', n) == NULL)
		return cw_json_put_str(out, s, n);
	cw_buf_init(&copy, out->max);
	while (r == CW_OK && (nul = memchr(s, '\0', (size_t)(end - s))) != NULL) {
		if ((r = cw_buf_put(&copy, s, (size_t)(nul - s))) == CW_OK)
			r = cw_buf_puts(&copy, "\xef\xbf\xbd");
		s = nul + 1;
	}
	if (r == CW_OK && (r = cw_buf_put(&copy, s, (size_t)(end - s))) == CW_OK)
		r = cw_json_put_str(out, (const char *)cw_buf_peek(&copy), cw_buf_left(&copy));
	cw_buf_free(&copy);
	return r;
}

/* A member's name and its colon. A name of PowerShell's own that begins with $ gets a second one:
 * what begins with a single one is ours. */
static int
put_name(struct cw_buf *out, const char *name, size_t n, bool first)
{
	struct cw_buf dollar;
	int r;

	if (!first && (r = cw_buf_putc(out, ',')) < 0)
		return r;
	if (n == 0 || name[0] != '$') {
		r = cw_json_put_str(out, name, n);
	} else {
		cw_buf_init(&dollar, out->max);
		if ((r = cw_buf_putc(&dollar, '$')) == CW_OK &&
		    (r = cw_buf_put(&dollar, name, n)) == CW_OK)
			r = cw_json_put_str(out, (const char *)cw_buf_peek(&dollar), n + 1);
		cw_buf_free(&dollar);
	}
	return r < 0 ? r : cw_buf_putc(out, ':');
}

/* --- one value of its own */

/* The decimal digits of v, and how many they are. */
static size_t
digits_of(char ret[20], uint64_t v)
{
	char backwards[20];
	size_t n = 0;

	do
		backwards[n++] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	for (size_t i = 0; i < n; i++)
		ret[i] = backwards[n - 1 - i];
	return n;
}

static int
put_integer(struct cw_buf *out, const struct cw_ps_value *v)
{
	bool negative = v->kind < CW_PS_U8 && v->i64 < 0;
	uint64_t magnitude = negative ? 0 - v->u64 : v->u64;
	char text[24];
	size_t n = 0;

	/* Past it the digits stand in quotes. */
	if (magnitude > SAFE_MAX)
		text[n++] = '"';
	if (negative)
		text[n++] = '-';
	n += digits_of(text + n, magnitude);
	if (magnitude > SAFE_MAX)
		text[n++] = '"';
	return cw_buf_put(out, text, n);
}

/* The shortest text that reads back as the same number. */
static int
put_real(struct cw_buf *out, double v, bool single)
{
	int digits = single ? 6 : 15, most = single ? 9 : 17;
	char text[40];

	if (v != v)
		return put_literal(out, "\"NaN\"");
	if (v > DBL_MAX || v < -DBL_MAX)
		return put_literal(out, v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
	for (; digits <= most; digits++) {
		double again;

		(void)snprintf(text, sizeof(text), "%.*g", digits, v);
		again = single ? (double)strtof(text, NULL) : strtod(text, NULL);
		if (!(again < v) && !(again > v))
			break;
	}
	return put_literal(out, text);
}

/* v as exactly n decimal digits. Returns where it ends. */
static char *
fixed(char *p, uint64_t v, size_t n)
{
	for (size_t i = n; i-- > 0; v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n;
}

/* ISO 8601: an instant in UTC with Z; without a zone when PowerShell said none. */
static int
put_date(struct cw_buf *out, const struct cw_ps_value *v)
{
	int64_t ticks = v->date.ticks - v->date.offset_min * 60 * CW_PS_TICKS_PER_SECOND, year;
	unsigned month, day, second, fraction;
	char text[40], *p = text;

	/* As .NET does at the ends of its calendar: MinValue with an offset is still MinValue. */
	ticks = ticks < 0 ? 0 : ticks > DATE_TICKS_MAX ? DATE_TICKS_MAX : ticks;
	cw_civil_from_days(
	    ticks / DAY_TICKS - CW_PS_UNIX_EPOCH_TICKS / DAY_TICKS, &year, &month, &day);
	second = (unsigned)(ticks % DAY_TICKS / CW_PS_TICKS_PER_SECOND);
	fraction = (unsigned)(ticks % CW_PS_TICKS_PER_SECOND);
	*p++ = '"';
	p = fixed(p, (uint64_t)year, 4);
	*p++ = '-';
	p = fixed(p, month, 2);
	*p++ = '-';
	p = fixed(p, day, 2);
	*p++ = 'T';
	p = fixed(p, second / 3600, 2);
	*p++ = ':';
	p = fixed(p, second / 60 % 60, 2);
	*p++ = ':';
	p = fixed(p, second % 60, 2);
	if (fraction != 0) {
		*p++ = '.';
		for (p = fixed(p, fraction, 7); p[-1] == '0';)
			p--;
	}
	if (v->date.kind != CW_PS_DATE_UNSPECIFIED)
		*p++ = 'Z';
	*p++ = '"';
	return cw_buf_put(out, text, (size_t)(p - text));
}

static int
put_char(struct cw_buf *out, uint64_t unit)
{
	uint8_t utf8[4] = { 0 };
	struct cw_buf b = { .data = utf8, .cap = sizeof(utf8), .max = sizeof(utf8) };

	if (cw_utf8_put(&b, (uint32_t)unit) < 0)
		return put_literal(out, "\"\xef\xbf\xbd\""); /* half of a surrogate pair */
	return put_text(out, (const char *)utf8, b.len);
}

static int
put_bytes(struct cw_buf *out, const struct cw_ps_value *v)
{
	int r;

	if ((r = cw_buf_putc(out, '"')) < 0 ||
	    (r = cw_base64_put(out, v->bytes.data, v->bytes.len)) < 0)
		return r;
	return cw_buf_putc(out, '"');
}

static int
put_primitive(struct cw_buf *out, const struct cw_ps_value *v)
{
	switch (v->kind) {
	case CW_PS_BOOL: return put_literal(out, v->boolean ? "true" : "false");
	case CW_PS_CHAR: return put_char(out, v->u64);
	case CW_PS_I8:
	case CW_PS_I16:
	case CW_PS_I32:
	case CW_PS_I64:
	case CW_PS_U8:
	case CW_PS_U16:
	case CW_PS_U32:
	case CW_PS_U64: return put_integer(out, v);
	case CW_PS_SINGLE: return put_real(out, v->real, true);
	case CW_PS_DOUBLE: return put_real(out, v->real, false);
	case CW_PS_STRING:
	case CW_PS_DECIMAL:
	case CW_PS_TIMESPAN:
	case CW_PS_GUID:
	case CW_PS_VERSION:
	case CW_PS_URI:
	case CW_PS_XML:
	case CW_PS_SCRIPTBLOCK: return put_text(out, v->text.data, v->text.len);
	case CW_PS_DATETIME: return put_date(out, v);
	case CW_PS_BYTES: return put_bytes(out, v);
	case CW_PS_SECURE_STRING: return put_literal(out, "{\"$secure\":true}");
	case CW_PS_NULL:
	case CW_PS_LIST:
	case CW_PS_MAP:
	case CW_PS_OBJECT: break;
	}
	return put_literal(out, "null");
}

/* --- values that hold others */

static int
put_list(struct cw_buf *out, const struct cw_ps_value *v, struct path *here)
{
	int r = cw_buf_putc(out, '[');

	here->depth++;
	for (size_t i = 0; i < v->list.count && r == CW_OK; i++) {
		if (i > 0)
			r = cw_buf_putc(out, ',');
		if (r == CW_OK)
			r = put(out, v->list.items[i], here);
	}
	return r < 0 ? r : cw_buf_putc(out, ']');
}

/* Keys that can be the names of a JSON object. */
static bool
has_plain_keys(const struct cw_ps_value *v)
{
	for (size_t i = 0; i < v->map.count; i++) {
		const struct cw_ps_value *key = v->map.pairs[i].key;

		if (key->kind != CW_PS_STRING || key->object != NULL ||
		    memchr(key->text.data, '\0', key->text.len) != NULL)
			return false;
	}
	return true;
}

static int
put_pair(struct cw_buf *out, const struct cw_ps_pair *p, bool first, const struct path *here)
{
	int r;

	if ((r = put_literal(out, first ? "[" : ",[")) < 0 || (r = put(out, p->key, here)) < 0 ||
	    (r = cw_buf_putc(out, ',')) < 0 || (r = put(out, p->value, here)) < 0)
		return r;
	return cw_buf_putc(out, ']');
}

static bool
is_hidden(const struct path *here, const char *name)
{
	return here->hidden != NULL && name != NULL && here->hidden(name);
}

/* A JSON object, or a list of [key, value] when not all keys can be names. */
static int
put_map(struct cw_buf *out, const struct cw_ps_value *v, struct path *here)
{
	bool plain = has_plain_keys(v), first = true;
	int r = cw_buf_putc(out, plain ? '{' : '[');

	here->depth += plain ? 1 : 2;
	for (size_t i = 0; i < v->map.count && r == CW_OK; i++) {
		const struct cw_ps_pair *p = &v->map.pairs[i];

		if (is_hidden(here, cw_ps_str(p->key)))
			continue;
		if (!plain)
			r = put_pair(out, p, first, here);
		else if ((r = put_name(out, p->key->text.data, p->key->text.len, first)) == CW_OK)
			r = put(out, p->value, here);
		first = false;
	}
	return r < 0 ? r : cw_buf_putc(out, plain ? '}' : ']');
}

static int
put_value(struct cw_buf *out, const struct cw_ps_value *v, struct path *here)
{
	switch (v->kind) {
	case CW_PS_LIST: return put_list(out, v, here);
	case CW_PS_MAP: return put_map(out, v, here);
	default: return put_primitive(out, v);
	}
}

static int
put_bag(struct cw_buf *out, const struct cw_ps_object *o, struct path *here)
{
	bool first = true;
	int r = cw_buf_putc(out, '{');

	here->depth++;
	for (size_t i = 0; i < o->property_count && r == CW_OK; i++) {
		const struct cw_ps_property *p = &o->properties[i];

		if (is_hidden(here, p->name))
			continue;
		if ((r = put_name(out, p->name, strlen(p->name), first)) == CW_OK)
			r = put(out, p->value, here);
		first = false;
	}
	return r < 0 ? r : cw_buf_putc(out, '}');
}

/* A value with notes (Add-Member, Select-Object) keeps them beside it. What .NET adds to a list or
 * map (Count, Keys, SyncRoot) is left out: the list says it. */
static int
put_noted(struct cw_buf *out, const struct cw_ps_value *v, struct path *here)
{
	const struct cw_ps_object *o = v->object;
	struct path inner;
	int r;

	here->depth++;
	inner = *here;
	if ((r = put_literal(out, "{\"$value\":")) < 0 || (r = put_value(out, v, &inner)) < 0)
		return r;
	for (size_t i = 0; i < o->property_count; i++) {
		const struct cw_ps_property *p = &o->properties[i];

		if (p->extended && !is_hidden(here, p->name) &&
		    ((r = put_name(out, p->name, strlen(p->name), false)) < 0 ||
			(r = put(out, p->value, here)) < 0))
			return r;
	}
	return cw_buf_putc(out, '}');
}

static int
put_enum(struct cw_buf *out, const struct cw_ps_value *v)
{
	const char *name = v->object->to_string != NULL ? v->object->to_string : "";
	int r;

	if ((r = put_literal(out, "{\"name\":")) < 0 ||
	    (r = cw_json_put_str(out, name, strlen(name))) < 0 ||
	    (r = put_literal(out, ",\"value\":")) < 0 || (r = put_integer(out, v)) < 0)
		return r;
	return cw_buf_putc(out, '}');
}

/* --- which of these it is */

static bool
has_notes(const struct cw_ps_object *o)
{
	for (size_t i = 0; i < o->property_count; i++)
		if (o->properties[i].extended)
			return true;
	return false;
}

/* What an object without a value says in words, when that is all there is to know of it: a SID, an
 * address, a number too large for .NET's own. NULL: it is its properties. */
static const char *
words_of(const struct cw_ps_value *v)
{
	static const char *const types[] = {
		SID,
		"System.Security.Principal.NTAccount",
		"System.Numerics.BigInteger",
		"System.Net.IPAddress",
		"System.Net.Mail.MailAddress",
		"System.Management.Automation.SemanticVersion",
		"System.Globalization.CultureInfo",
		"System.Type",
	};
	const struct cw_ps_object *o = v->object;

	if (o->property_count == 0)
		return o->to_string;
	for (size_t i = 0; i < CW_COUNT(types); i++)
		if (cw_ps_is_type(v, types[i]))
			return o->to_string != NULL ? o->to_string
						    : cw_ps_str(cw_ps_get(v, "Value"));
	return NULL;
}

/* An object without a value of its own. */
static int
put_object(struct cw_buf *out, const struct cw_ps_value *v, struct path *here)
{
	const struct cw_ps_value *utc;
	const char *words;

	if (cw_ps_is_type(v, "System.DBNull"))
		return put_literal(out, "null");
	if (cw_ps_is_type(v, "System.DateTimeOffset") &&
	    (utc = cw_ps_get(v, "UtcDateTime")) != NULL && utc->kind == CW_PS_DATETIME)
		return put_date(out, utc);
	if ((words = words_of(v)) != NULL)
		return cw_json_put_str(out, words, strlen(words));
	return put_bag(out, v->object, here);
}

static int
put(struct cw_buf *out, const struct cw_ps_value *v, const struct path *up)
{
	const struct cw_ps_object *o = v->object;
	struct path here = { o, up, up->depth, up->hidden };

	if (o == NULL && v->kind != CW_PS_LIST && v->kind != CW_PS_MAP)
		return put_primitive(out, v);
	if (up->depth >= CW_PS_JSON_DEPTH_MAX)
		return put_literal(out, "{\"$deep\":true}");
	if (o == NULL)
		return put_value(out, v, &here);
	for (; up != NULL; up = up->up)
		if (up->object == o)
			return put_literal(out, "{\"$cycle\":true}");
	if (v->kind == CW_PS_OBJECT)
		return put_object(out, v, &here);
	if (cw_ps_is_enum(v))
		return put_enum(out, v);
	/* A SID is its words, however it is dressed. */
	if (v->kind == CW_PS_STRING && cw_ps_is_type(v, SID))
		return put_primitive(out, v);
	return has_notes(o) ? put_noted(out, v, &here) : put_value(out, v, &here);
}

int
cw_ps_json_put_without(struct cw_buf *out, const struct cw_ps_value *value,
    bool (*hidden)(const char *name), struct cw_err *err)
{
	struct path outside = { NULL, NULL, 0, hidden };
	int r = put(out, value, &outside);

	if (r == CW_ELIMIT)
		return cw_fail(err, r, "the JSON is larger than %zu bytes", out->max);
	return r < 0 ? cw_fail(err, r, "cannot write JSON: %s", cw_strerror(r)) : r;
}

int
cw_ps_json_put(struct cw_buf *out, const struct cw_ps_value *value, struct cw_err *err)
{
	return cw_ps_json_put_without(out, value, NULL, err);
}
