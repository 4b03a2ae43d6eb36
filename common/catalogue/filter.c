/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AD's filter syntax to RFC 4515, by recursive descent: -not binds strongest,
 * then -and, then -or, as in the real module. Variables and expressions are
 * refused: there is no session here whose variables they could be.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "catalogue/catalogue.h"
#include "catalogue/filter.h"

#define NAME_MAX_LEN 64u
#define BIT_AND "1.2.840.113556.1.4.803" /* [MS-ADTS] 3.1.1.3.4.4 */
#define BIT_OR "1.2.840.113556.1.4.804"
#define IN_CHAIN "1.2.840.113556.1.4.1941"
#define FILETIME_EPOCH_MS INT64_C(-11644473600000) /* 1601-01-01 */

enum shape { TEXT, BITS, FILETIME, WHEN, GUID, TIME_SET };

/* Names of the module's extended properties, and what they are in the directory. */
static const struct {
	const char *name, *attribute;
	enum shape shape;
	unsigned bit; /* of userAccountControl, for BITS; inverted when negative is true */
	bool inverted;
} properties[] = {
	{ "AccountExpirationDate", "accountExpires", FILETIME, 0, false },
	{ "AccountLockoutTime", "lockoutTime", FILETIME, 0, false },
	{ "AccountNotDelegated", NULL, BITS, 0x100000, false },
	{ "BadLogonCount", "badPwdCount", TEXT, 0, false },
	{ "City", "l", TEXT, 0, false },
	{ "Country", "c", TEXT, 0, false },
	{ "Created", "whenCreated", WHEN, 0, false },
	{ "EmailAddress", "mail", TEXT, 0, false },
	{ "Enabled", NULL, BITS, 2, true },
	{ "Fax", "facsimileTelephoneNumber", TEXT, 0, false },
	{ "HomePage", "wWWHomePage", TEXT, 0, false },
	{ "LastBadPasswordAttempt", "badPasswordTime", FILETIME, 0, false },
	{ "LastLogonDate", "lastLogonTimestamp", FILETIME, 0, false },
	{ "LockedOut", "lockoutTime", TIME_SET, 0, false },
	{ "LogonWorkstations", "userWorkstations", TEXT, 0, false },
	{ "MobilePhone", "mobile", TEXT, 0, false },
	{ "Modified", "whenChanged", WHEN, 0, false },
	{ "ObjectGUID", "objectGUID", GUID, 0, false },
	{ "Office", "physicalDeliveryOfficeName", TEXT, 0, false },
	{ "OfficePhone", "telephoneNumber", TEXT, 0, false },
	{ "Organization", "o", TEXT, 0, false },
	{ "OtherName", "middleName", TEXT, 0, false },
	{ "PasswordLastSet", "pwdLastSet", FILETIME, 0, false },
	{ "PasswordNeverExpires", NULL, BITS, 0x10000, false },
	{ "PasswordNotRequired", NULL, BITS, 0x20, false },
	{ "POBox", "postOfficeBox", TEXT, 0, false },
	{ "SID", "objectSid", TEXT, 0, false },
	{ "SmartcardLogonRequired", NULL, BITS, 0x40000, false },
	{ "State", "st", TEXT, 0, false },
	{ "Surname", "sn", TEXT, 0, false },
	{ "TrustedForDelegation", NULL, BITS, 0x80000, false },
	{ "lastLogonTimestamp", "lastLogonTimestamp", FILETIME, 0, false },
	{ "pwdLastSet", "pwdLastSet", FILETIME, 0, false },
	{ "whenChanged", "whenChanged", WHEN, 0, false },
	{ "whenCreated", "whenCreated", WHEN, 0, false },
};

enum op { EQ, NE, LIKE, NOTLIKE, GE, GT, LE, LT, APPROX, BAND, BOR, RECURSIVE, OPS };

static const char *const op_names[OPS] = { "-eq", "-ne", "-like", "-notlike", "-ge", "-gt", "-le",
	"-lt", "-approx", "-band", "-bor", "-recursivematch" };

struct parser {
	struct cw_buf *out;
	const char *text;
	size_t n, at;
	unsigned depth;
	struct cw_err *err;
};

/* A name on the left side, and a value on the right one. */
struct comparison {
	char attribute[NAME_MAX_LEN + 1];
	enum shape shape;
	unsigned bit;
	bool inverted;
	enum op op;
	struct cw_buf value;
	bool is_bool, boolean;
};

static int
wrong(struct parser *p, const char *what)
{
	return cw_fail(p->err, CW_EINVAL, "the filter has %s at character %zu", what, p->at + 1);
}

static void
skip_space(struct parser *p)
{
	while (p->at < p->n && strchr(" \t\r\n", p->text[p->at]) != NULL)
		p->at++;
}

static bool
peek_char(struct parser *p, char c)
{
	skip_space(p);
	return p->at < p->n && p->text[p->at] == c;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* Takes the word when it stands here, whole and in any case. */
static bool
take_word(struct parser *p, const char *word)
{
	size_t len = strlen(word);

	skip_space(p);
	if (p->n - p->at < len || (p->n - p->at > len && is_word(p->text[p->at + len])))
		return false;
	for (size_t i = 0; i < len; i++)
		if (tolower((unsigned char)p->text[p->at + i]) != word[i])
			return false;
	p->at += len;
	return true;
}

static int
read_name(struct parser *p, struct comparison *c)
{
	size_t start, len;

	skip_space(p);
	start = p->at;
	while (p->at < p->n && is_word(p->text[p->at]))
		p->at++;
	len = p->at - start;
	if (len == 0 || !isalpha((unsigned char)p->text[start])) {
		p->at = start;
		return wrong(p, "no property name");
	}
	if (len > NAME_MAX_LEN)
		return wrong(p, "a property name that is too long");
	memcpy(c->attribute, p->text + start, len);
	c->attribute[len] = '\0';
	if (strpbrk(c->attribute, "._") != NULL)
		return wrong(p, "a property name with a character that none has");
	for (size_t i = 0; i < CW_COUNT(properties); i++) {
		if (!cw_strcaseeq(properties[i].name, c->attribute))
			continue;
		c->shape = properties[i].shape;
		c->bit = properties[i].bit;
		c->inverted = properties[i].inverted;
		if (properties[i].attribute != NULL)
			(void)snprintf(
			    c->attribute, sizeof(c->attribute), "%s", properties[i].attribute);
		break;
	}
	if (cw_catalogue_attribute_is_secret(c->attribute))
		return cw_fail(p->err, CW_EDENIED,
		    "%s holds a secret and cannot be used in a filter", c->attribute);
	return CW_OK;
}

static int
read_op(struct parser *p, struct comparison *c)
{
	for (int i = 0; i < OPS; i++)
		if (take_word(p, op_names[i])) {
			c->op = (enum op)i;
			return CW_OK;
		}
	return wrong(p, "no comparison (-eq, -ne, -like, -notlike, -ge, -gt, -le, -lt, ...)");
}

/* 'single' or "double" quotes; the quote doubled stands for itself, in double quotes also after a
 * backtick. */
static int
read_quoted(struct parser *p, struct comparison *c)
{
	char quote = p->text[p->at++];
	int r = CW_OK;

	for (; p->at < p->n && r == CW_OK; p->at++) {
		char ch = p->text[p->at];

		if (ch == quote && p->at + 1 < p->n && p->text[p->at + 1] == quote) {
			p->at++;
		} else if (ch == quote) {
			p->at++;
			return CW_OK;
		} else if (quote == '"' && ch == '`' && p->at + 1 < p->n) {
			ch = p->text[++p->at];
		} else if (quote == '"' && ch == '$') {
			return wrong(p, "a variable; put its value in its place");
		}
		r = cw_buf_putc(&c->value, ch);
	}
	return r < 0 ? r : wrong(p, "a text without its closing quote");
}

static int
read_value(struct parser *p, struct comparison *c)
{
	size_t start;

	skip_space(p);
	if (p->at == p->n)
		return wrong(p, "no value");
	if (p->text[p->at] == '\'' || p->text[p->at] == '"')
		return read_quoted(p, c);
	if (take_word(p, "$true") || take_word(p, "$false")) {
		c->is_bool = true;
		c->boolean = tolower((unsigned char)p->text[p->at - 2]) == 'u';
		return cw_buf_puts(&c->value, c->boolean ? "TRUE" : "FALSE");
	}
	if (take_word(p, "$null"))
		return wrong(
		    p, "$null; write -like '*' or -notlike '*' for what is there or is not");
	if (p->text[p->at] == '$')
		return wrong(p, "a variable; put its value in its place");
	start = p->at;
	while (p->at < p->n && strchr(" \t\r\n()'\"{}$`;|&", p->text[p->at]) == NULL)
		p->at++;
	if (p->at == start)
		return wrong(p, "no value");
	return cw_buf_put(&c->value, p->text + start, p->at - start);
}

/* --- writing */

static int
put_escaped(struct cw_buf *out, const char *s, size_t n, bool wildcards)
{
	int r = CW_OK;

	for (size_t i = 0; i < n && r == CW_OK; i++) {
		unsigned char ch = (unsigned char)s[i];

		if (ch == '(' || ch == ')' || ch == '\\' || ch < 0x20 || (ch == '*' && !wildcards))
			r = cw_buf_printf(out, "\\%02x", ch);
		else
			r = cw_buf_putc(out, (char)ch);
	}
	return r;
}

/* The value as the directory writes it. */
static int
convert(struct parser *p, struct comparison *c, struct cw_buf *ret)
{
	const char *s = cw_buf_str(&c->value);
	size_t n = cw_buf_left(&c->value);
	char text[CW_TIME_TEXT], day[40];
	uint8_t guid[16];
	int64_t ms;
	int r;

	if (s == NULL)
		return CW_ENOMEM;
	if (c->shape == GUID) {
		if (cw_uuid_parse(guid, s, n) < 0)
			return wrong(p, "a value that is no GUID before");
		cw_uuid_swap(guid);
		for (size_t i = 0; i < sizeof(guid); i++)
			if ((r = cw_buf_printf(ret, "\\%02x", guid[i])) < 0)
				return r;
		return CW_OK;
	}
	if (c->shape != FILETIME && c->shape != WHEN)
		return put_escaped(ret, s, n, c->op == LIKE || c->op == NOTLIKE);
	if ((c->op == LIKE || c->op == NOTLIKE) && cw_streq(s, "*"))
		return cw_buf_putc(ret, '*');
	if (c->shape == FILETIME && n > 0 && strspn(s, "0123456789") == n)
		return cw_buf_put(ret, s, n);
	(void)snprintf(day, sizeof(day), "%.28sT00:00:00Z", s);
	if (cw_time_parse(&ms, s, n) < 0 && cw_time_parse(&ms, day, strlen(day)) < 0)
		return wrong(
		    p, "a date that is not written YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ before");
	if (c->shape == FILETIME)
		return cw_buf_printf(ret, "%lld", (long long)(ms - FILETIME_EPOCH_MS) * 10000);
	cw_time_text(text, ms);
	return cw_buf_printf(ret, "%.4s%.2s%.2s%.2s%.2s%.2s.0Z", text, text + 5, text + 8,
	    text + 11, text + 14, text + 17);
}

static int
put_flag(struct parser *p, const struct comparison *c)
{
	bool want;

	if (!c->is_bool || (c->op != EQ && c->op != NE))
		return wrong(p, "a property that is compared with -eq $true or -eq $false before");
	want = c->boolean == (c->op == EQ);
	if (c->shape == TIME_SET)
		return cw_buf_puts(p->out, want ? "(lockoutTime>=1)" : "(!(lockoutTime>=1))");
	want = want != c->inverted;
	return cw_buf_printf(p->out, "(%suserAccountControl:" BIT_AND ":=%u%s)", want ? "" : "!(",
	    c->bit, want ? "" : ")");
}

static int
put_comparison(struct parser *p, struct comparison *c)
{
	static const struct {
		const char *before, *between, *after;
	} forms[OPS] = {
		[EQ] = { "(", "=", ")" },
		[NE] = { "(!(", "=", "))" },
		[LIKE] = { "(", "=", ")" },
		[NOTLIKE] = { "(!(", "=", "))" },
		[GE] = { "(", ">=", ")" },
		[LE] = { "(", "<=", ")" },
		[APPROX] = { "(", "~=", ")" },
		[BAND] = { "(", ":" BIT_AND ":=", ")" },
		[BOR] = { "(", ":" BIT_OR ":=", ")" },
		[RECURSIVE] = { "(", ":" IN_CHAIN ":=", ")" },
	};
	const char *a = c->attribute, *v;
	struct cw_buf value;
	int r;

	if (c->shape == BITS || c->shape == TIME_SET)
		return put_flag(p, c);
	cw_buf_init(&value, 4 * CW_FILTER_MAX);
	if ((r = convert(p, c, &value)) == CW_OK) {
		v = cw_buf_str(&value);
		if (v == NULL)
			r = CW_ENOMEM;
		else if (v[0] == '\0')
			r = wrong(p, "an empty value; write -notlike '*' for what is not there");
		else if (c->op == GT)
			r = cw_buf_printf(p->out, "(&(%s>=%s)(!(%s=%s)))", a, v, a, v);
		else if (c->op == LT)
			r = cw_buf_printf(p->out, "(&(%s<=%s)(!(%s=%s)))", a, v, a, v);
		else
			r = cw_buf_printf(p->out, "%s%s%s%s%s", forms[c->op].before, a,
			    forms[c->op].between, v, forms[c->op].after);
	}
	cw_buf_free(&value);
	return r;
}

/* --- the grammar */

static int either(struct parser *p);

static int
comparison(struct parser *p)
{
	struct comparison c = { 0 };
	int r;

	cw_buf_init(&c.value, CW_FILTER_MAX);
	if ((r = read_name(p, &c)) == CW_OK && (r = read_op(p, &c)) == CW_OK &&
	    (r = read_value(p, &c)) == CW_OK)
		r = put_comparison(p, &c);
	cw_buf_free(&c.value);
	return r;
}

static int
unary(struct parser *p)
{
	int r;

	if (++p->depth > CW_FILTER_DEPTH_MAX)
		return wrong(p, "too many levels");
	if (take_word(p, "-not") || peek_char(p, '!')) {
		if (peek_char(p, '!'))
			p->at++;
		if ((r = cw_buf_puts(p->out, "(!")) == CW_OK && (r = unary(p)) == CW_OK)
			r = cw_buf_putc(p->out, ')');
	} else if (peek_char(p, '(')) {
		p->at++;
		if ((r = either(p)) == CW_OK && !peek_char(p, ')'))
			r = wrong(p, "no closing parenthesis");
		p->at += r == CW_OK;
	} else {
		r = comparison(p);
	}
	p->depth--;
	return r;
}

/* A series of the lower rule joined by word: written as (&...) or (|...), with the sign put in
 * afterwards. */
static int
series(struct parser *p, const char *word, char sign, int (*lower)(struct parser *))
{
	size_t start = cw_buf_left(p->out);
	struct cw_buf all;
	int r;

	if ((r = lower(p)) < 0 || !take_word(p, word))
		return r;
	cw_buf_init(&all, p->out->max);
	if ((r = cw_buf_putc(&all, '(')) == CW_OK && (r = cw_buf_putc(&all, sign)) == CW_OK)
		r = cw_buf_put(&all, cw_buf_peek(p->out) + start, cw_buf_left(p->out) - start);
	p->out->len -= cw_buf_left(p->out) - start;
	if (r == CW_OK)
		r = cw_buf_put(p->out, cw_buf_peek(&all), cw_buf_left(&all));
	cw_buf_free(&all);
	do {
		if (r == CW_OK)
			r = lower(p);
	} while (r == CW_OK && take_word(p, word));
	return r < 0 ? r : cw_buf_putc(p->out, ')');
}

static int
both(struct parser *p)
{
	return series(p, "-and", '&', unary);
}

static int
either(struct parser *p)
{
	return series(p, "-or", '|', both);
}

int
cw_filter_from_powershell(struct cw_buf *out, const char *text, size_t n, struct cw_err *err)
{
	struct parser p = { .out = out, .text = text, .n = n, .err = err };
	int r;

	if (n > CW_FILTER_MAX)
		return cw_fail(
		    err, CW_ELIMIT, "a filter of %zu bytes, the limit is %u", n, CW_FILTER_MAX);
	if (!cw_utf8_valid(text, n) || memchr(text, '\0', n) != NULL)
		return cw_fail(err, CW_EINVAL, "the filter is not valid UTF-8 text");
	if (take_word(&p, "*") || (peek_char(&p, '*') && p.at + 1 == n))
		return p.at <= n ? cw_buf_puts(out, "(objectClass=*)") : CW_EINVAL;
	if (peek_char(&p, '{') && n > 0 && text[n - 1] == '}') { /* as it is typed in PowerShell */
		p.at++;
		p.n--;
	}
	if ((r = either(&p)) == CW_OK) {
		skip_space(&p);
		if (p.at < p.n)
			r = wrong(&p, "something unexpected");
	}
	if (r == CW_ELIMIT || r == CW_ENOMEM)
		return cw_fail(err, r, "the filter is too long");
	return r;
}
