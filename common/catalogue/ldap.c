/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 4515 filters: read, checked, written anew. Attributes are those of the
 * table, by their display names: one by its number (OID) or with an option would
 * be another way to a secret.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "catalogue/attribute.h"
#include "catalogue/filter.h"

struct parser {
	struct cw_buf *out;
	const struct cw_filter_scope *scope;
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

static void
skip_space(struct parser *p)
{
	while (p->at < p->n && strchr(" \t\r\n", p->text[p->at]) != NULL)
		p->at++;
}

/* Takes the word when it stands here. */
static bool
take(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	if (p->n - p->at < n || memcmp(p->text + p->at, word, n) != 0)
		return false;
	p->at += n;
	return true;
}

static int
attribute(struct parser *p)
{
	const char *name = p->text + p->at;
	const struct cw_attribute *a;
	size_t n = 0;

	while (p->at + n < p->n && strchr("=<>~:()*\\ \t\r\n", name[n]) == NULL)
		n++;
	if (n == 0)
		return wrong(p, "no attribute name");
	if ((a = cw_attribute_find(name, n)) == NULL)
		return cw_fail(p->err, CW_EDENIED, "the attribute %.*s is not in the catalogue",
		    (int)(n > 64 ? 64 : n), name);
	p->at += n;
	if (p->scope->seen == NULL && a->read == CW_CLASS_SECRET_READ)
		return cw_fail(p->err, CW_EDENIED, "%s holds a secret, and no filter looks at it",
		    cw_attribute_name(a));
	if (p->scope->seen != NULL) {
		int r = p->scope->seen(p->scope->arg, a, p->err);

		if (r < 0)
			return r;
	}
	return cw_buf_puts(p->out, cw_attribute_name(a));
}

/* The comparison, up to the value; the matching rules of [MS-ADTS] 3.1.1.3.4.4 by their numbers. */
static int
operator(struct parser *p)
{
	static const char *const words[] = { "=", ">=", "<=", "~=", ":1.2.840.113556.1.4.803:=",
		":1.2.840.113556.1.4.804:=", ":1.2.840.113556.1.4.1941:=" };

	for (size_t i = 0; i < CW_COUNT(words); i++)
		if (take(p, words[i]))
			return cw_buf_puts(p->out, words[i]);
	return wrong(p, "no comparison (=, >=, <=, ~=, or := with the rule for bits or chains)");
}

static int
value(struct parser *p)
{
	size_t start = p->at;
	int r = CW_OK;

	for (; p->at < p->n && p->text[p->at] != ')' && r == CW_OK; p->at++) {
		unsigned char c = (unsigned char)p->text[p->at];

		if (c == '(' || c < 0x20)
			return wrong(p, "a character that must be written \\XX");
		if (c != '\\') {
			if (c != '*' || p->at == start || p->text[p->at - 1] != '*') /* ** is * */
				r = cw_buf_putc(p->out, (char)c);
			continue;
		}
		if (p->n - p->at < 3 || !isxdigit((unsigned char)p->text[p->at + 1]) ||
		    !isxdigit((unsigned char)p->text[p->at + 2]))
			return wrong(p, "a \\ without its two hexadecimal digits");
		r = cw_buf_printf(p->out, "\\%c%c", tolower((unsigned char)p->text[p->at + 1]),
		    tolower((unsigned char)p->text[p->at + 2]));
		p->at += 2;
	}
	return r == CW_OK && p->at == start ? wrong(p, "no value") : r;
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
	if ((r = attribute(p)) < 0 || (r = operator(p)) < 0)
		return r;
	return value(p);
}

/* A filter in its parentheses, and the white space around it. */
static int
one(struct parser *p)
{
	int r;

	skip_space(p);
	if (!here(p, '('))
		return wrong(p, "no opening parenthesis");
	if (++p->depth > CW_FILTER_DEPTH_MAX)
		return wrong(p, "too many levels");
	p->at++;
	skip_space(p);
	if ((r = cw_buf_putc(p->out, '(')) < 0 || (r = inside(p)) < 0)
		return r;
	if (!here(p, ')'))
		return wrong(p, "no closing parenthesis");
	p->at++;
	p->depth--;
	skip_space(p);
	return cw_buf_putc(p->out, ')');
}

int
cw_filter_from_ldap(struct cw_buf *out, const char *text, size_t n,
    const struct cw_filter_scope *scope, struct cw_err *err)
{
	struct parser p = { .out = out, .scope = scope, .text = text, .n = n, .err = err };
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
