/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 4515 filters: read, checked, written anew.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "catalogue/filter.h"

#define NAME_MAX_LEN 64u

struct parser {
	struct cw_buf *out;
	const char *text;
	size_t n, at;
	unsigned depth;
	struct cw_err *err;
};

static int
wrong(struct parser *p, const char *what)
{
	return cw_fail(
	    p->err, CW_EINVAL, "the LDAP filter has %s at character %zu", what, p->at + 1);
}

static bool
here(const struct parser *p, char c)
{
	return p->at < p->n && p->text[p->at] == c;
}

/* attr [":dn"] [":" oid] and its operator, up to the value. */
static int
left_side(struct parser *p)
{
	char name[NAME_MAX_LEN + 1];
	size_t start = p->at, len;

	while (p->at < p->n &&
	    (isalnum((unsigned char)p->text[p->at]) || p->text[p->at] == '-' ||
		p->text[p->at] == '.'))
		p->at++;
	len = p->at - start;
	if (len == 0 || len > NAME_MAX_LEN)
		return wrong(p, "no attribute name");
	memcpy(name, p->text + start, len);
	name[len] = '\0';
	if (cw_catalogue_attribute_is_secret(name))
		return cw_fail(
		    p->err, CW_EDENIED, "%s holds a secret and cannot be used in a filter", name);
	if (here(p, ':')) /* an extensible match: the rule's number and := */
		while (p->at < p->n &&
		    (isdigit((unsigned char)p->text[p->at]) ||
			strchr(".:dn", p->text[p->at]) != NULL))
			p->at++;
	if (here(p, '>') || here(p, '<') || here(p, '~'))
		p->at++;
	if (!here(p, '='))
		return wrong(p, "no comparison (=, >=, <=, ~= or :rule:=)");
	p->at++;
	return cw_buf_put(p->out, p->text + start, p->at - start);
}

static int
value(struct parser *p)
{
	size_t start = p->at;

	for (; p->at < p->n && p->text[p->at] != ')'; p->at++) {
		unsigned char c = (unsigned char)p->text[p->at];

		if (c == '(' || c < 0x20)
			return wrong(p, "a character that must be written \\XX");
		if (c == '\\') {
			if (p->n - p->at < 3 || !isxdigit((unsigned char)p->text[p->at + 1]) ||
			    !isxdigit((unsigned char)p->text[p->at + 2]))
				return wrong(p, "a \\ without its two hexadecimal digits");
			p->at += 2;
		}
	}
	if (p->at == start)
		return wrong(p, "no value");
	return cw_buf_put(p->out, p->text + start, p->at - start);
}

static int one(struct parser *p);

static int
inside(struct parser *p)
{
	int r;

	if (here(p, '!')) {
		p->at++;
		return (r = cw_buf_putc(p->out, '!')) < 0 ? r : one(p);
	}
	if (here(p, '&') || here(p, '|')) {
		if ((r = cw_buf_putc(p->out, p->text[p->at++])) < 0)
			return r;
		do
			r = one(p);
		while (r == CW_OK && here(p, '('));
		return r;
	}
	return (r = left_side(p)) < 0 ? r : value(p);
}

static int
one(struct parser *p)
{
	int r;

	if (!here(p, '('))
		return wrong(p, "no opening parenthesis");
	if (++p->depth > CW_FILTER_DEPTH_MAX)
		return wrong(p, "too many levels");
	p->at++;
	if ((r = cw_buf_putc(p->out, '(')) < 0 || (r = inside(p)) < 0)
		return r;
	if (!here(p, ')'))
		return wrong(p, "no closing parenthesis");
	p->at++;
	p->depth--;
	return cw_buf_putc(p->out, ')');
}

int
cw_filter_from_ldap(struct cw_buf *out, const char *text, size_t n, struct cw_err *err)
{
	struct parser p = { .out = out, .text = text, .n = n, .err = err };
	int r;

	if (n > CW_FILTER_MAX)
		return cw_fail(
		    err, CW_ELIMIT, "a filter of %zu bytes, the limit is %u", n, CW_FILTER_MAX);
	if (!cw_utf8_valid(text, n) || memchr(text, '\0', n) != NULL)
		return cw_fail(err, CW_EINVAL, "the LDAP filter is not valid UTF-8 text");
	if ((r = one(&p)) == CW_OK && p.at < n)
		r = wrong(&p, "something unexpected");
	if (r == CW_ELIMIT || r == CW_ENOMEM)
		return cw_fail(err, r, "the LDAP filter is too long");
	return r;
}
