/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass: part by part, from text to canonical text.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "catalogue/dn.h"

struct dn {
	const char *text;
	size_t n, at;
	struct cw_err *err;
};

static int
wrong(const struct dn *d, const char *what)
{
	return cw_fail(
	    d->err, CW_EINVAL, "the distinguished name has %s at character %zu", what, d->at + 1);
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0'
	    : c >= 'a' && c <= 'f'  ? c - 'a' + 10
	    : c >= 'A' && c <= 'F'  ? c - 'A' + 10
				    : -1;
}

/* attributeType: descr of RFC 4512. */
static int
put_type(struct dn *d, struct cw_buf *out)
{
	size_t start = d->at;
	int r;

	for (; d->at < d->n && d->text[d->at] != '='; d->at++) {
		char c = d->text[d->at];

		if (!is_letter(c) && (d->at == start || (c != '-' && (c < '0' || c > '9'))))
			return wrong(d,
			    c == ' ' ? "a space beside a comma" : "no attribute (CN=, OU=, DC=)");
		if ((r = cw_buf_putc(out, c >= 'a' && c <= 'z' ? (char)(c - 32) : c)) < 0)
			return r;
	}
	if (d->at == d->n || d->at == start)
		return wrong(d, "no attribute (CN=, OU=, DC=)");
	d->at++;
	return cw_buf_putc(out, '=');
}

/* One byte of a value, escapes taken off; *escaped says whether it had one. */
static int
get_byte(struct dn *d, char *ret, bool *escaped)
{
	char c = d->text[d->at];
	int high, low;

	*escaped = c == '\\';
	*ret = c;
	if (c != '\\') {
		if (strchr("\"+;<>", c) != NULL)
			return wrong(d, "a character that must be written with a \\ before it");
		d->at++;
		return CW_OK;
	}
	if (d->n - d->at >= 2 && strchr("\"+,;<>\\ #=", d->text[d->at + 1]) != NULL) {
		*ret = d->text[d->at + 1];
		d->at += 2;
		return CW_OK;
	}
	if (d->n - d->at < 3 || (high = hex_digit(d->text[d->at + 1])) < 0 ||
	    (low = hex_digit(d->text[d->at + 2])) < 0)
		return wrong(d, "a \\ before nothing that needs one");
	if (high + low == 0)
		return wrong(d, "a NUL");
	*ret = (char)(high * 16 + low);
	d->at += 3;
	return CW_OK;
}

static int
put_byte(struct cw_buf *out, char c, bool edge)
{
	if ((unsigned char)c < 0x20 || c == 0x7f)
		return cw_buf_printf(out, "\\%02X", (unsigned char)c);
	if (strchr("\"+,;<>\\=", c) != NULL || (edge && (c == ' ' || c == '#'))) {
		int r = cw_buf_putc(out, '\\');

		if (r < 0)
			return r;
	}
	return cw_buf_putc(out, c);
}

static int
put_value(struct dn *d, struct cw_buf *out)
{
	char value[CW_DN_MAX];
	size_t len = 0;
	bool escaped = false;
	int r;

	if (d->at < d->n && d->text[d->at] == '#')
		return wrong(d, "a value in hexadecimal, which is not taken,");
	if (d->at < d->n && d->text[d->at] == ' ')
		return wrong(d, "a space beside an =");
	while (d->at < d->n && d->text[d->at] != ',')
		if ((r = get_byte(d, &value[len++], &escaped)) < 0)
			return r;
	if (len == 0)
		return wrong(d, "no value");
	if (value[len - 1] == ' ' && !escaped)
		return wrong(d, "a space beside a comma or at its end");
	if (!cw_utf8_valid(value, len))
		return wrong(d, "a value that is no UTF-8 text before");
	for (size_t i = 0; i < len; i++)
		if ((r = put_byte(out, value[i], i == 0 || (i + 1 == len && value[i] == ' '))) < 0)
			return r;
	return CW_OK;
}

static int
put_parts(struct dn *d, struct cw_buf *out)
{
	int r;

	for (unsigned parts = 1;; parts++) {
		if (parts > CW_DN_PARTS_MAX)
			return wrong(d, "too many parts");
		if ((r = put_type(d, out)) < 0 || (r = put_value(d, out)) < 0)
			return r;
		if (d->at == d->n)
			return CW_OK;
		d->at++;
		if ((r = cw_buf_putc(out, ',')) < 0)
			return r;
	}
}

int
cw_dn_put(struct cw_buf *out, const char *text, size_t n, struct cw_err *err)
{
	struct dn d = { text, n, 0, err };
	int r;

	if (n > CW_DN_MAX)
		return cw_fail(err, CW_ELIMIT, "a distinguished name of %zu bytes, the limit is %u",
		    n, CW_DN_MAX);
	if (memchr(text, '\0', n) != NULL)
		return cw_fail(err, CW_EINVAL, "the distinguished name has a NUL");
	r = put_parts(&d, out);
	return r == CW_ENOMEM || r == CW_ELIMIT
	    ? cw_fail(err, r, "the distinguished name is too long")
	    : r;
}

bool
cw_dn_is_under(const char *name, const char *base)
{
	size_t n = strlen(name), m = strlen(base), slashes = 0;

	if (m == 0 || n < m || !cw_strcaseeq(name + n - m, base))
		return false;
	if (n == m)
		return true;
	if (name[n - m - 1] != ',')
		return false;
	while (n - m - 1 > slashes && name[n - m - 2 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 0; /* or the comma belongs to a value */
}
