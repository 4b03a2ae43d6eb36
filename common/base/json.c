/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict reading of JSON with cJSON.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

#define WHOLE_MAX 9007199254740992.0 /* 2^53: past it a double skips whole numbers */

/* What cJSON does not look at, found in one pass before it: nesting (it recurses), \u0000 (it would
 * end the C string early), control characters (white space to it). Quotes are tracked; everything
 * else is left to the parser. */
static int
scan(const char *text, size_t n, const char *what, struct cw_err *err)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\') {
				if (n - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0)
					return cw_fail(err, CW_EINVAL,
					    "%s: NUL character in a string at byte %zu", what, i);
				i++;
			} else if (c == '"') {
				in_string = false;
			} else if ((unsigned char)c < 0x20) {
				return cw_fail(err, CW_EINVAL,
				    "%s: control character in a string at byte %zu", what, i);
			}
		} else if (c == '"') {
			in_string = true;
		} else if ((unsigned char)c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
			return cw_fail(
			    err, CW_EINVAL, "%s: control character at byte %zu", what, i);
		} else if (c == '[' || c == '{') {
			if (++depth > CW_JSON_DEPTH_MAX)
				return cw_fail(err, CW_ELIMIT,
				    "%s: more than %d levels deep at byte %zu", what,
				    CW_JSON_DEPTH_MAX, i);
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
	}
	return CW_OK;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
refuse_duplicates(const cJSON *object, const char *what, struct cw_err *err)
{
	const char *few[16], **many = NULL, **names = few;
	size_t n = 0, at = 0;
	int r = CW_OK;
	const cJSON *m;

	cJSON_ArrayForEach (m, object)
		n++;
	if (n > CW_COUNT(few)) {
		if ((many = malloc(n * sizeof(*many))) == NULL)
			return cw_fail(err, CW_ENOMEM, "%s: out of memory", what);
		names = many;
	}
	cJSON_ArrayForEach (m, object)
		names[at++] = m->string;
	qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 1; i < n && r == CW_OK; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			r = cw_fail(
			    err, CW_EINVAL, "%s: member \"%.64s\" appears twice", what, names[i]);
	free(many);
	return r;
}

/* Depth is bounded by scan(), so this recursion is too. */
static int
check(const cJSON *value, const char *what, struct cw_err *err)
{
	const cJSON *child;
	int r;

	if (cJSON_IsNumber(value) && !(fabs(value->valuedouble) <= DBL_MAX))
		return cw_fail(err, CW_EINVAL, "%s: a number is out of range", what);
	if (cJSON_IsObject(value) && (r = refuse_duplicates(value, what, err)) < 0)
		return r;
	cJSON_ArrayForEach (child, value)
		if ((r = check(child, what, err)) < 0)
			return r;
	return CW_OK;
}

int
cw_json_parse(cJSON **ret, const char *text, size_t n, const char *what, struct cw_err *err)
{
	const char *end = text;
	cJSON *value;
	size_t at;
	int r;

	if (!cw_utf8_valid(text, n))
		return cw_fail(err, CW_EINVAL, "%s: not valid UTF-8", what);
	/* cJSON skips a byte order mark; RFC 8259 section 8.1 says there is none. */
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return cw_fail(err, CW_EINVAL, "%s: begins with a byte order mark", what);
	if ((r = scan(text, n, what, err)) < 0)
		return r;
	if ((value = cJSON_ParseWithLengthOpts(text, n, &end, 0)) == NULL)
		return cw_fail(
		    err, CW_EINVAL, "%s: not JSON at byte %zu", what, (size_t)(end - text));
	at = (size_t)(end - text);
	while (
	    at < n && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n'))
		at++;
	if (at != n)
		r = cw_fail(err, CW_EINVAL, "%s: more text behind the value at byte %zu", what, at);
	if (r == CW_OK)
		r = check(value, what, err);
	if (r < 0) {
		cJSON_Delete(value);
		return r;
	}
	*ret = value;
	return CW_OK;
}

const cJSON *
cw_json_get(const cJSON *object, const char *name)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

const char *
cw_json_str(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cw_json_get(object, name));
}

bool
cw_json_int(const cJSON *object, const char *name, int64_t *ret)
{
	const cJSON *m = cw_json_get(object, name);

	if (!cJSON_IsNumber(m) || fabs(m->valuedouble) > WHOLE_MAX ||
	    floor(m->valuedouble) != m->valuedouble)
		return false;
	*ret = (int64_t)m->valuedouble;
	return true;
}

bool
cw_json_true(const cJSON *object, const char *name)
{
	return cJSON_IsTrue(cw_json_get(object, name));
}

int
cw_json_need_str(const char **ret, const cJSON *object, const char *name, struct cw_err *err)
{
	const cJSON *m = cw_json_get(object, name);

	if (m == NULL)
		return cw_fail(err, CW_EINVAL, "\"%s\" is missing", name);
	if (!cJSON_IsString(m))
		return cw_fail(err, CW_EINVAL, "\"%s\" must be a string", name);
	*ret = m->valuestring;
	return CW_OK;
}

int
cw_json_copy_str(
    char **ret, const cJSON *object, const char *name, const char *path, struct cw_err *err)
{
	const cJSON *member = cw_json_get(object, name);

	if (member == NULL || cJSON_IsNull(member))
		return CW_OK;
	if (!cJSON_IsString(member) || member->valuestring[0] == '\0')
		return cw_fail(err, CW_EINVAL,
		    "%s: \"%s\" must be a string that is not empty, or null", path, name);
	return (*ret = cw_strdup(member->valuestring)) != NULL
	    ? CW_OK
	    : cw_fail(err, CW_ENOMEM, "%s: out of memory", path);
}

int
cw_json_only(const cJSON *object, const char *const *names, const char *what, struct cw_err *err)
{
	const cJSON *m;

	if (!cJSON_IsObject(object))
		return cw_fail(err, CW_EINVAL, "%s must be a JSON object", what);
	cJSON_ArrayForEach (m, object) {
		const char *const *name = names;

		while (*name != NULL && strcmp(*name, m->string) != 0)
			name++;
		if (*name == NULL)
			return cw_fail(
			    err, CW_EINVAL, "%s has no member \"%.64s\"", what, m->string);
	}
	return CW_OK;
}

/* How many bytes of s, up to n, stand in JSON as they are: looked at eight at a time. */
static size_t
plain_length(const char *s, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	size_t i = 0;

	for (uint64_t x, quote, backslash; n - i >= sizeof(x); i += sizeof(x)) {
		memcpy(&x, s + i, sizeof(x));
		quote = x ^ ones * '"';
		backslash = x ^ ones * '\\';
		/* A byte's high bit is set where it is below 0x20, or where it was the same as the
		 * character; one too many is harmless, the loop below looks again. */
		if ((((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) |
			((backslash - ones) & ~backslash)) &
		    high)
			break;
	}
	while (i < n && (unsigned char)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\')
		i++;
	return i;
}

static int
put_escape(struct cw_buf *b, char c)
{
	static const char digits[] = "0123456789abcdef";
	char unicode[6] = { '\\', 'u', '0', '0', digits[(c >> 4) & 15], digits[c & 15] };
	char pair[2] = { '\\', c == '\n' ? 'n' : c };

	return c == '"' || c == '\\' || c == '\n' ? cw_buf_put(b, pair, sizeof(pair))
						  : cw_buf_put(b, unicode, sizeof(unicode));
}

int
cw_json_put_str(struct cw_buf *b, const char *s, size_t n)
{
	int r = cw_buf_putc(b, '"');

	while (n > 0 && r == CW_OK) {
		size_t plain = plain_length(s, n);

		if ((r = cw_buf_put(b, s, plain)) == CW_OK && plain < n)
			r = put_escape(b, s[plain++]);
		s += plain;
		n -= plain;
	}
	return r < 0 ? r : cw_buf_putc(b, '"');
}

/* As RFC 8259 has no infinities and no NaN, these are null. */
static int
put_number(struct cw_buf *b, double v)
{
	char text[32];

	if (!(fabs(v) <= DBL_MAX))
		return cw_buf_puts(b, "null");
	if (fabs(v) <= WHOLE_MAX && floor(v) == v)
		return cw_buf_printf(b, "%.0f", v == 0 ? 0 : v);
	/* The shorter one where it reads back the same. */
	(void)snprintf(text, sizeof(text), "%.15g", v);
	if (strtod(text, NULL) != v)
		(void)snprintf(text, sizeof(text), "%.17g", v);
	return cw_buf_puts(b, text);
}

static int put_value(struct cw_buf *b, const cJSON *value, const cJSON *but);

static int
put_children(struct cw_buf *b, const cJSON *value, const char *around, const cJSON *but)
{
	const cJSON *child;
	bool first = true;
	int r = cw_buf_putc(b, around[0]);

	cJSON_ArrayForEach (child, value) {
		if (child == but)
			continue;
		if (r == CW_OK && !first)
			r = cw_buf_putc(b, ',');
		first = false;
		if (r == CW_OK && around[0] == '{' &&
		    (r = cw_json_put_str(b, child->string, strlen(child->string))) == CW_OK)
			r = cw_buf_putc(b, ':');
		if (r == CW_OK)
			r = put_value(b, child, but);
	}
	return r < 0 ? r : cw_buf_putc(b, around[1]);
}

static int
put_value(struct cw_buf *b, const cJSON *value, const cJSON *but)
{
	if (cJSON_IsObject(value))
		return put_children(b, value, "{}", but);
	if (cJSON_IsArray(value))
		return put_children(b, value, "[]", but);
	if (cJSON_IsString(value))
		return cw_json_put_str(b, value->valuestring, strlen(value->valuestring));
	if (cJSON_IsRaw(value))
		return cw_buf_puts(b, value->valuestring);
	if (cJSON_IsNumber(value))
		return put_number(b, value->valuedouble);
	return cw_buf_puts(b,
	    cJSON_IsTrue(value)        ? "true"
		: cJSON_IsFalse(value) ? "false"
				       : "null");
}

int
cw_json_put(struct cw_buf *b, const cJSON *value)
{
	return cw_json_put_but(b, value, NULL);
}

int
cw_json_put_but(struct cw_buf *b, const cJSON *value, const cJSON *but)
{
	size_t before = cw_buf_left(b);
	int r = put_value(b, value, but);

	if (r < 0)
		b->len = b->off + before;
	return r;
}
