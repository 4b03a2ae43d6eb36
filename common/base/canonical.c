/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 8785, section by section.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/canonical.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

#define DIGITS_MAX 17 /* enough to tell any two doubles apart */

/* --- section 3.2.2.3: numbers */

/* v = 0.DIGITS * 10^point, with as few digits as read back as v, and the nearest of those. */
struct decimal {
	char digits[DIGITS_MAX + 2];
	int count, point;
};

/* The digits as one more in their last place. */
static void
one_up(struct decimal *d)
{
	int i = d->count - 1;

	while (i >= 0 && d->digits[i] == '9')
		d->digits[i--] = '0';
	if (i >= 0) {
		d->digits[i]++;
		return;
	}
	memset(d->digits, '0', (size_t)d->count);
	d->digits[0] = '1';
	d->point++;
}

static bool
reads_back(const struct decimal *d, double v)
{
	char text[DIGITS_MAX + 16];
	double again;

	(void)snprintf(text, sizeof(text), "0.%.*se%d", d->count, d->digits, d->point);
	again = strtod(text, NULL);
	return !(again < v) && !(again > v);
}

static struct decimal
shortest(double v)
{
	struct decimal d = { .count = 0 };
	char text[DIGITS_MAX + 16];

	for (int n = 1; n <= DIGITS_MAX; n++) {
		(void)snprintf(text, sizeof(text), "%.*e", n - 1, v);
		d.digits[0] = text[0];
		memcpy(d.digits + 1, text + 2, (size_t)(n > 1 ? n - 1 : 0));
		d.count = n;
		d.point = (int)strtol(strchr(text, 'e') + 1, NULL, 10) + 1;
		if (reads_back(&d, v))
			break;
		/* Above a power of two the next double is twice as far away as below it: the
		 * nearest decimal may be too far below and the one after it still close enough. */
		one_up(&d);
		if (reads_back(&d, v))
			break;
	}
	while (d.count > 1 && d.digits[d.count - 1] == '0')
		d.count--;
	return d;
}

/* ECMA-262, Number::toString, with k = count and n = point. */
void
cw_canonical_number(char ret[CW_CANONICAL_NUMBER], double v)
{
	const char *sign = v < 0 ? "-" : "";
	struct decimal d = shortest(fabs(v));
	int k = d.count, n = d.point;
	const size_t size = CW_CANONICAL_NUMBER;

	if (d.digits[0] == '0')
		(void)snprintf(ret, size, "0");
	else if (k <= n && n <= 21)
		(void)snprintf(
		    ret, size, "%s%.*s%.*s", sign, k, d.digits, n - k, "00000000000000000000");
	else if (0 < n && n < k)
		(void)snprintf(ret, size, "%s%.*s.%.*s", sign, n, d.digits, k - n, d.digits + n);
	else if (-6 < n && n <= 0)
		(void)snprintf(ret, size, "%s0.%.*s%.*s", sign, -n, "00000", k, d.digits);
	else
		(void)snprintf(ret, size, "%s%c%s%.*se%+d", sign, d.digits[0], k > 1 ? "." : "",
		    k - 1, d.digits + 1, n - 1);
}

static int
put_number(struct cw_buf *b, double v)
{
	char text[CW_CANONICAL_NUMBER];

	if (!(fabs(v) <= DBL_MAX))
		return CW_EINVAL;
	cw_canonical_number(text, v);
	return cw_buf_puts(b, text);
}

/* --- section 3.2.2.2: strings */

static int
put_character(struct cw_buf *b, unsigned char c)
{
	static const char named[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
	const char *at = strchr(named, c);
	int r;

	if (at != NULL)
		return (r = cw_buf_putc(b, '\\')) < 0 ? r : cw_buf_putc(b, letters[at - named]);
	return c < 0x20 ? cw_buf_printf(b, "\\u%04x", c) : cw_buf_putc(b, (char)c);
}

static int
put_string(struct cw_buf *b, const char *s)
{
	int r;

	if (!cw_utf8_valid(s, strlen(s)))
		return CW_EINVAL;
	for (r = cw_buf_putc(b, '"'); *s != '\0' && r == CW_OK; s++)
		r = put_character(b, (unsigned char)*s);
	return r < 0 ? r : cw_buf_putc(b, '"');
}

/* --- section 3.2.3: members in the order of their UTF-16 */

/* UTF-8 sorts as code points do. UTF-16 puts what takes two units (from U+10000, which begins with
 * F0 and more) before U+E000 to U+FFFF (EE and EF). */
static unsigned
weight(unsigned char c)
{
	return c >= 0xf0 ? c - 2u : c >= 0xee ? c + 0x10u : c;
}

static int
compare(const void *a, const void *b)
{
	const unsigned char *x = (const unsigned char *)(*(const cJSON *const *)a)->string,
			    *y = (const unsigned char *)(*(const cJSON *const *)b)->string;

	while (*x == *y && *x != '\0') {
		x++;
		y++;
	}
	return (int)weight(*x) - (int)weight(*y);
}

static int put(struct cw_buf *b, const cJSON *value, unsigned depth);

static int
put_members(struct cw_buf *b, const cJSON *const *members, size_t n, unsigned depth)
{
	int r = cw_buf_putc(b, '{');

	for (size_t i = 0; i < n && r == CW_OK; i++) {
		if (i > 0 && compare(&members[i - 1], &members[i]) == 0)
			return CW_EINVAL;
		if ((i > 0 && (r = cw_buf_putc(b, ',')) < 0) ||
		    (r = put_string(b, members[i]->string)) < 0 || (r = cw_buf_putc(b, ':')) < 0)
			return r;
		r = put(b, members[i], depth);
	}
	return r < 0 ? r : cw_buf_putc(b, '}');
}

static int
put_object(struct cw_buf *b, const cJSON *object, unsigned depth)
{
	size_t n = (size_t)cJSON_GetArraySize(object), i = 0;
	const cJSON **members = malloc((n + 1) * sizeof(*members)), *m;
	int r = CW_OK;

	if (members == NULL)
		return CW_ENOMEM;
	cJSON_ArrayForEach (m, object) {
		if (m->string == NULL)
			r = CW_EINVAL;
		members[i++] = m;
	}
	if (r == CW_OK) {
		qsort(members, n, sizeof(*members), compare);
		r = put_members(b, members, n, depth);
	}
	free(members);
	return r;
}

static int
put_array(struct cw_buf *b, const cJSON *array, unsigned depth)
{
	const cJSON *one;
	int r = cw_buf_putc(b, '[');

	cJSON_ArrayForEach (one, array)
		if (r == CW_OK && (one == array->child || (r = cw_buf_putc(b, ',')) == CW_OK))
			r = put(b, one, depth);
	return r < 0 ? r : cw_buf_putc(b, ']');
}

static int
put(struct cw_buf *b, const cJSON *value, unsigned depth)
{
	if (depth == CW_JSON_DEPTH_MAX && (cJSON_IsArray(value) || cJSON_IsObject(value)))
		return CW_EINVAL;
	switch (value->type & 0xff) {
	case cJSON_Object: return put_object(b, value, depth + 1);
	case cJSON_Array: return put_array(b, value, depth + 1);
	case cJSON_String: return put_string(b, value->valuestring);
	case cJSON_Number: return put_number(b, value->valuedouble);
	case cJSON_True: return cw_buf_puts(b, "true");
	case cJSON_False: return cw_buf_puts(b, "false");
	case cJSON_NULL: return cw_buf_puts(b, "null");
	default: return CW_EINVAL;
	}
}

int
cw_json_put_canonical(struct cw_buf *b, const cJSON *value)
{
	size_t before = cw_buf_left(b);
	int r = put(b, value, 0);

	if (r < 0)
		b->len = b->off + before;
	return r;
}
