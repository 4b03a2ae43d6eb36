/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values to JSON, straight into the caller's buffer. JSON.md says what and why.
 */
#include <inttypes.h>
#include <float.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "powershell/clixml.h"
#include "powershell/json.h"

#define SAFE_MAX                                                                                  \
	INT64_C(9007199254740991) /* 2^53 - 1: past it a JSON number is not read back by everyone \
				   */

struct path {
	const struct cw_ps_object *object; /* what makes two values the same: where it was read */
	const struct path *up;
	unsigned depth;
};

static int put(
    struct cw_buf *out, const struct cw_ps_value *v, const struct path *up, struct cw_err *err);

static int
put_literal(struct cw_buf *out, const char *s)
{
	return cw_buf_put(out, s, strlen(s));
}

static int
put_integer(struct cw_buf *out, const struct cw_ps_value *v)
{
	char text[32];
	int n;

	if (v->kind >= CW_PS_U8)
		n = snprintf(text, sizeof(text),
		    v->u64 > (uint64_t)SAFE_MAX ? "\"%" PRIu64 "\"" : "%" PRIu64, v->u64);
	else
		n = snprintf(text, sizeof(text),
		    v->i64 > SAFE_MAX || v->i64 < -SAFE_MAX ? "\"%" PRId64 "\"" : "%" PRId64,
		    v->i64);
	return cw_buf_put(out, text, (size_t)n);
}

/* The shortest text that reads back as the same number. */
static int
put_real(struct cw_buf *out, double v, bool single)
{
	char text[40];
	int digits = single ? 6 : 15, most = single ? 9 : 17;

	if (v != v)
		return put_literal(out, "\"NaN\"");
	if (v > DBL_MAX || v < -DBL_MAX)
		return put_literal(out, v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
	for (;; digits++) {
		double again;

		(void)snprintf(text, sizeof(text), "%.*g", digits, v);
		if (digits == most || sscanf(text, "%lf", &again) != 1)
			break;
		if (single ? (float)again == (float)v : !(again < v) && !(again > v))
			break;
	}
	return put_literal(out, text);
}

/* ISO 8601: an instant in UTC with Z; without a zone when PowerShell said none. */
static int
put_date(struct cw_buf *out, const struct cw_ps_value *v)
{
	int64_t ticks = v->date.ticks - v->date.offset_min * 60 * CW_PS_TICKS_PER_SECOND -
	    CW_PS_UNIX_EPOCH_TICKS;
	int64_t seconds = ticks / CW_PS_TICKS_PER_SECOND, fraction = ticks % CW_PS_TICKS_PER_SECOND;
	char whole[CW_TIME_TEXT], text[48];
	int n;

	if (fraction < 0) {
		fraction += CW_PS_TICKS_PER_SECOND;
		seconds--;
	}
	cw_time_text(whole, seconds * 1000);
	whole[19] = '\0';
	n = snprintf(text, sizeof(text), "\"%s", whole);
	if (fraction != 0) {
		n += snprintf(text + n, sizeof(text) - (size_t)n, ".%07" PRId64, fraction);
		while (text[n - 1] == '0')
			n--;
	}
	n += snprintf(text + n, sizeof(text) - (size_t)n, "%s\"",
	    v->date.kind == CW_PS_DATE_UNSPECIFIED ? "" : "Z");
	return cw_buf_put(out, text, (size_t)n);
}

static int
put_char(struct cw_buf *out, uint64_t unit)
{
	char utf8[4];
	struct cw_buf b = { .data = (uint8_t *)utf8, .cap = sizeof(utf8), .max = sizeof(utf8) };

	if (cw_utf8_put(&b, (uint32_t)unit) < 0)
		return put_literal(out, "\"\xef\xbf\xbd\""); /* half of a surrogate pair */
	return cw_json_put_str(out, utf8, b.len);
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
put_list(struct cw_buf *out, const struct cw_ps_value *v, const struct path *up, struct cw_err *err)
{
	int r = cw_buf_putc(out, '[');

	for (size_t i = 0; i < v->list.count && r == CW_OK; i++) {
		if (i > 0)
			r = cw_buf_putc(out, ',');
		if (r == CW_OK)
			r = put(out, v->list.items[i], up, err);
	}
	return r < 0 ? r : cw_buf_putc(out, ']');
}

static bool
is_string(const struct cw_ps_value *v)
{
	return v->kind == CW_PS_STRING && v->object == NULL;
}

/* A JSON object when all keys are different strings, otherwise a list of [key, value]. */
static bool
has_plain_keys(const struct cw_ps_value *v)
{
	for (size_t i = 0; i < v->map.count; i++) {
		if (!is_string(v->map.pairs[i].key))
			return false;
		for (size_t j = 0; j < i; j++)
			if (strcmp(v->map.pairs[i].key->text.data,
				v->map.pairs[j].key->text.data) == 0)
				return false;
	}
	return true;
}

static int
put_map(struct cw_buf *out, const struct cw_ps_value *v, const struct path *up, struct cw_err *err)
{
	bool plain = v->map.count <= 4096 && has_plain_keys(v);
	int r = cw_buf_putc(out, plain ? '{' : '[');

	for (size_t i = 0; i < v->map.count && r == CW_OK; i++) {
		const struct cw_ps_pair *p = &v->map.pairs[i];

		if (i > 0)
			r = cw_buf_putc(out, ',');
		if (r == CW_OK && !plain)
			r = cw_buf_putc(out, '[');
		if (r == CW_OK)
			r = put(out, p->key, up, err);
		if (r == CW_OK)
			r = cw_buf_putc(out, plain ? ':' : ',');
		if (r == CW_OK)
			r = put(out, p->value, up, err);
		if (r == CW_OK && !plain)
			r = cw_buf_putc(out, ']');
	}
	return r < 0 ? r : cw_buf_putc(out, plain ? '}' : ']');
}

/* A note (MS) hides the adapted property of the same name, as in PowerShell. */
static bool
is_hidden(const struct cw_ps_object *o, const struct cw_ps_property *p)
{
	if (p->extended)
		return false;
	/* Notes come after the adapted ones or before them: the engine writes either. */
	for (size_t i = 0; i < o->property_count; i++)
		if (o->properties[i].extended && cw_strcaseeq(o->properties[i].name, p->name))
			return true;
	return false;
}

static int
put_properties(struct cw_buf *out, const struct cw_ps_object *o, bool first, const struct path *up,
    struct cw_err *err)
{
	int r = CW_OK;

	for (size_t i = 0; i < o->property_count && r == CW_OK; i++) {
		const struct cw_ps_property *p = &o->properties[i];

		if (is_hidden(o, p))
			continue;
		if (!first)
			r = cw_buf_putc(out, ',');
		first = false;
		if (r == CW_OK)
			r = cw_json_put_str(out, p->name, strlen(p->name));
		if (r == CW_OK)
			r = cw_buf_putc(out, ':');
		if (r == CW_OK)
			r = put(out, p->value, up, err);
	}
	return r;
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

static int
put_plain(
    struct cw_buf *out, const struct cw_ps_value *v, const struct path *up, struct cw_err *err)
{
	switch (v->kind) {
	case CW_PS_NULL: return put_literal(out, "null");
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
	case CW_PS_BIGINT:
	case CW_PS_TIMESPAN:
	case CW_PS_GUID:
	case CW_PS_VERSION:
	case CW_PS_URI:
	case CW_PS_XML:
	case CW_PS_SCRIPTBLOCK: return cw_json_put_str(out, v->text.data, v->text.len);
	case CW_PS_DATETIME: return put_date(out, v);
	case CW_PS_BYTES: return put_bytes(out, v);
	case CW_PS_SECURE_STRING: return put_literal(out, "{\"$secure\":true}");
	case CW_PS_LIST: return put_list(out, v, up, err);
	case CW_PS_MAP: return put_map(out, v, up, err);
	case CW_PS_OBJECT: break;
	}
	return put_literal(out, "null");
}

/* An object without properties of its own but with words: a SID, a type, a credential's name. */
static bool
is_words_only(const struct cw_ps_value *v)
{
	return cw_ps_is_type(v, "System.Security.Principal.SecurityIdentifier") ||
	    (v->object->property_count == 0 && v->object->to_string != NULL);
}

static int
put_words(struct cw_buf *out, const struct cw_ps_value *v)
{
	const char *words = cw_ps_str(cw_ps_get(v, "Value"));

	if (words == NULL)
		words = v->object->to_string != NULL ? v->object->to_string : "";
	return cw_json_put_str(out, words, strlen(words));
}

static int
put(struct cw_buf *out, const struct cw_ps_value *v, const struct path *up, struct cw_err *err)
{
	const struct cw_ps_object *o = v->object;
	struct path here = { o, up, up != NULL ? up->depth + 1 : 0 };
	int r;

	if (here.depth > CW_CLIXML_DEPTH_MAX)
		return cw_fail(err, CW_ELIMIT, "a value is nested more than %d levels deep",
		    CW_CLIXML_DEPTH_MAX);
	if (o == NULL)
		return put_plain(out, v, &here, err);
	for (; up != NULL; up = up->up)
		if (up->object == o)
			return put_literal(out, "{\"$cycle\":true}");
	if (cw_ps_is_enum(v))
		return put_enum(out, v);
	if (v->kind == CW_PS_OBJECT && is_words_only(v))
		return put_words(out, v);
	if (v->kind != CW_PS_OBJECT && o->property_count == 0)
		return put_plain(out, v, &here, err);
	/* A list or map with adapted properties (Count, Keys, SyncRoot) is the list or map; notes
	 * would be lost, so a value with notes keeps them beside it. */
	if (v->kind != CW_PS_OBJECT) {
		bool notes = false;

		for (size_t i = 0; i < o->property_count; i++)
			notes |= o->properties[i].extended;
		if (!notes)
			return put_plain(out, v, &here, err);
		if ((r = put_literal(out, "{\"$value\":")) < 0 ||
		    (r = put_plain(out, v, &here, err)) < 0)
			return r;
	} else if ((r = cw_buf_putc(out, '{')) < 0) {
		return r;
	}
	if ((r = put_properties(out, o, v->kind == CW_PS_OBJECT, &here, err)) < 0)
		return r;
	return cw_buf_putc(out, '}');
}

int
cw_ps_json_put(struct cw_buf *out, const struct cw_ps_value *value, struct cw_err *err)
{
	int r;

	err->code = CW_OK;
	r = put(out, value, NULL, err);
	if (r < 0 && err->code == CW_OK)
		return cw_fail(err, r, "the JSON is larger than %zu bytes", out->max);
	return r;
}
