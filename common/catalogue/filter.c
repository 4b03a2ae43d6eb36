/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AD's filter syntax, by recursive descent as in the real module:
 *
 *   filter     := and-list { -or and-list }
 *   and-list   := term { -and term }
 *   term       := "(" filter ")" | ( -not | "!" ) term | comparison
 *   comparison := property operator value
 *   value      := 'text' | "text" | number | $true | $false | $variable [ .property ... ]
 *
 * Variables are looked up in what the caller sent with the filter, never put into
 * its text: what they hold cannot change the filter's shape.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "catalogue/filter_tree.h"
#include "catalogue/number.h"

#define NAME_MAX_LEN 64u
#define VARIABLE_MAX 128u /* bytes of a variable's name and the properties behind it */

const char *const filter_op_names[FILTER_OPS] = { "-eq", "-ne", "-like", "-notlike", "-ge", "-gt",
	"-le", "-lt", "-approx", "-band", "-bor", "-recursivematch" };

struct parser {
	struct filter_tree tree;
	const struct cw_filter_scope *scope;
	const char *text;
	size_t n, at;
	unsigned depth;
};

int
filter_wrong(const struct filter_tree *tree, const char *what, size_t at)
{
	return cw_fail(tree->err, CW_EINVAL, "the filter has %s at character %zu", what, at + 1);
}

static int
wrong(const struct parser *p, const char *what)
{
	return filter_wrong(&p->tree, what, p->at);
}

/* --- words */

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
take_char(struct parser *p, char c)
{
	bool there = peek_char(p, c);

	p->at += there;
	return there;
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* Takes the word when it stands here, whole and in any case. */
static bool
take_word(struct parser *p, const char *word)
{
	size_t len = strlen(word);

	skip_space(p);
	if (p->n - p->at < len ||
	    (p->n - p->at > len && isalnum((unsigned char)p->text[p->at + len])))
		return false;
	for (size_t i = 0; i < len; i++)
		if (tolower((unsigned char)p->text[p->at + i]) != word[i])
			return false;
	p->at += len;
	return true;
}

/* --- names and operators */

static int
see(struct parser *p, const struct cw_attribute *a)
{
	if (p->scope->seen != NULL)
		return p->scope->seen(p->scope->arg, a, p->tree.err);
	if (a->read == CW_CLASS_SECRET_READ)
		return cw_fail(p->tree.err, CW_EDENIED,
		    "%s holds a secret, and no filter looks at it", cw_attribute_name(a));
	return CW_OK;
}

static int
read_name(struct parser *p, struct filter_node *c)
{
	const struct cw_attribute *a;
	const char *name;
	size_t len;
	int r;

	skip_space(p);
	c->at = (uint32_t)p->at;
	name = p->text + p->at;
	for (len = 0; p->at + len < p->n && is_word(name[len]); len++)
		;
	if (len == 0 || !isalpha((unsigned char)name[0]))
		return wrong(p, "no property name");
	if (len > NAME_MAX_LEN)
		return wrong(p, "a property name that is too long");
	p->at += len;
	c->property = cw_property_find(p->scope->kind, name, len);
	c->attribute = c->property != NULL ? cw_property_attribute(c->property, 0)
					   : cw_attribute_find(name, len);
	if (c->attribute == NULL)
		return cw_fail(p->tree.err, CW_EDENIED, "the property %.*s is not in the catalogue",
		    (int)len, name);
	if ((r = see(p, c->attribute)) < 0)
		return r;
	for (size_t i = 1;
	     c->property != NULL && (a = cw_property_attribute(c->property, i)) != NULL; i++)
		if ((r = see(p, a)) < 0)
			return r;
	return CW_OK;
}

static int
read_op(struct parser *p, struct filter_node *c)
{
	for (int i = 0; i < FILTER_OPS; i++)
		if (take_word(p, filter_op_names[i])) {
			c->op = (enum filter_op)i;
			return CW_OK;
		}
	return wrong(p, "no comparison (-eq, -ne, -like, -notlike, -ge, -gt, -le, -lt, ...)");
}

/* --- values */

static int
put_byte(struct parser *p, char byte, bool literal)
{
	int r = cw_buf_putc(&p->tree.values, byte);

	return r < 0 ? r : cw_buf_putc(&p->tree.literal, literal ? 1 : 0);
}

static int
put_text(struct parser *p, const char *s)
{
	int r = CW_OK;

	for (; *s != '\0' && r == CW_OK; s++)
		r = put_byte(p, *s, false);
	return r;
}

static int
hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* What a variable holds becomes the value; it is data, whatever it looks like. */
static int
put_variable(struct parser *p, struct filter_node *c, const char *name)
{
	const cJSON *v = cJSON_GetObjectItem(p->scope->variables, name);
	char digits[24];
	int64_t whole;

	if (p->scope->variables == NULL)
		return wrong(p, "a variable; put its value in its place,");
	if (v == NULL || cJSON_IsNull(v))
		return cw_fail(
		    p->tree.err, CW_EINVAL, "the filter's variable $%s has no value", name);
	if (cJSON_IsObject(v))
		v = cJSON_GetObjectItem(v, "DistinguishedName");
	if (cJSON_IsString(v))
		return put_text(p, v->valuestring);
	if (cJSON_IsBool(v)) {
		c->value_type = cJSON_IsTrue(v) ? FILTER_TRUE : FILTER_FALSE;
		return CW_OK;
	}
	if (!cJSON_IsNumber(v) || cw_whole_from_json(&whole, v) < 0)
		return cw_fail(p->tree.err, CW_EINVAL,
		    "the filter's variable $%s holds nothing that a filter can compare with", name);
	(void)snprintf(digits, sizeof(digits), "%" PRId64, whole);
	c->value_type = FILTER_NUMBER;
	return put_text(p, digits);
}

/* Takes characters of a name, up to the end of a word or, in braces, up to the closing one. */
static size_t
take_name(struct parser *p, char *name, size_t len, bool braces)
{
	for (; p->at < p->n && len < VARIABLE_MAX; p->at++) {
		char ch = p->text[p->at];

		if (braces ? ch == '}' : !isalnum((unsigned char)ch) && ch != '_' && ch != ':')
			break;
		name[len++] = ch;
	}
	return len;
}

/* $name, ${name}, $scope:name, and properties behind it. */
static int
read_variable(struct parser *p, struct filter_node *c)
{
	char name[VARIABLE_MAX + 1];
	size_t start = p->at++, len;
	bool braces = p->at < p->n && p->text[p->at] == '{';

	p->at += braces;
	len = take_name(p, name, 0, braces);
	if (len == 0 || (braces && (p->at == p->n || p->text[p->at++] != '}'))) {
		p->at = start;
		return wrong(p, "a variable without a name; put its value in its place,");
	}
	while (len < VARIABLE_MAX && p->at < p->n && p->text[p->at] == '.') {
		name[len++] = p->text[p->at++];
		len = take_name(p, name, len, false);
	}
	name[len] = '\0';
	if (cw_strcaseeq(name, "true") || cw_strcaseeq(name, "false")) {
		c->value_type = cw_strcaseeq(name, "true") ? FILTER_TRUE : FILTER_FALSE;
		return CW_OK;
	}
	if (!cw_strcaseeq(name, "null"))
		return put_variable(p, c, name);
	p->at = start;
	return wrong(p, "$null; write -like '*' or -notlike '*' for what is there or is not");
}

/* "$name" alone in double quotes is the variable's text. */
static bool
is_quoted_variable(const struct parser *p)
{
	size_t i = p->at + 2;

	if (p->n - p->at < 3 || p->text[p->at] != '"' || p->text[p->at + 1] != '$' ||
	    p->scope->variables == NULL)
		return false;
	while (i < p->n && (isalnum((unsigned char)p->text[i]) || strchr("_:.{}", p->text[i])))
		i++;
	return i < p->n && p->text[i] == '"';
}

/* 'single' or "double" quotes; the quote doubled stands for itself; in double quotes ", ` and $
 * also stand behind a backtick or a backslash. \XX is a byte, as in LDAP, and never a wildcard. */
static int
read_quoted(struct parser *p)
{
	size_t start = p->at;
	char quote = p->text[p->at++];
	int r = CW_OK;

	for (; p->at < p->n && r == CW_OK; p->at++) {
		char ch = p->text[p->at], next = p->at + 1 < p->n ? p->text[p->at + 1] : '\0';

		if (ch == quote && next == quote) {
			p->at++;
		} else if (ch == quote) {
			p->at++;
			return CW_OK;
		} else if (quote == '"' && (ch == '`' || ch == '\\') && next != '\0' &&
		    strchr("\"`$", next) != NULL) {
			ch = p->text[++p->at];
		} else if (ch == '\\' && p->n - p->at > 2 && isxdigit((unsigned char)next) &&
		    isxdigit((unsigned char)p->text[p->at + 2])) {
			r = put_byte(p, (char)(hex(next) * 16 + hex(p->text[p->at + 2])), true);
			p->at += 2;
			continue;
		} else if (quote == '"' && ch == '$') {
			return wrong(p, "a variable inside a text; put its value in its place,");
		}
		r = put_byte(p, ch, false);
	}
	if (r < 0)
		return r;
	p->at = start;
	return wrong(p, "a text without its closing quote");
}

static int
read_number(struct parser *p, struct filter_node *c)
{
	const char *s = p->text + p->at;
	int64_t whole;
	size_t len;
	int r = CW_OK;

	for (len = 0; p->at + len < p->n && strchr(" \t\r\n)", s[len]) == NULL; len++)
		;
	if (cw_whole_parse(&whole, s, len) < 0)
		return wrong(p, "no value (a text in quotes, a number, $true or $false)");
	c->value_type = FILTER_NUMBER;
	for (p->at += len; len > 0 && r == CW_OK; len--)
		r = put_byte(p, *s++, false);
	return r;
}

static int
read_value(struct parser *p, struct filter_node *c)
{
	int r;

	skip_space(p);
	c->value = (uint32_t)cw_buf_left(&p->tree.values);
	if (p->at == p->n)
		return wrong(p, "no value");
	if (is_quoted_variable(p)) {
		p->at++;
		if ((r = read_variable(p, c)) == CW_OK && p->text[p->at++] != '"')
			r = wrong(p, "a variable inside a text; put its value in its place,");
	} else if (p->text[p->at] == '\'' || p->text[p->at] == '"') {
		r = read_quoted(p);
	} else if (p->text[p->at] == '$') {
		r = read_variable(p, c);
	} else {
		r = read_number(p, c);
	}
	c->value_len = (uint32_t)cw_buf_left(&p->tree.values) - c->value;
	return r;
}

/* --- the grammar: each leaves the number of the node it made in *ret */

static int filter(struct parser *p, uint32_t *ret);

static int
add(struct parser *p, uint32_t *ret, const struct filter_node *node)
{
	struct filter_tree *t = &p->tree;

	if (t->count == t->room) {
		uint32_t room = t->room == 0 ? 16 : 2 * t->room;
		struct filter_node *more = realloc(t->nodes, room * sizeof(*more));

		if (more == NULL)
			return CW_ENOMEM;
		t->nodes = more;
		t->room = room;
	}
	t->nodes[t->count] = *node;
	*ret = t->count++;
	return CW_OK;
}

static int
comparison(struct parser *p, uint32_t *ret)
{
	struct filter_node c = { .type = FILTER_COMPARISON,
		.child = FILTER_NONE,
		.next = FILTER_NONE,
		.value_type = FILTER_TEXT };
	int r;

	if ((r = read_name(p, &c)) < 0 || (r = read_op(p, &c)) < 0 || (r = read_value(p, &c)) < 0)
		return r;
	return add(p, ret, &c);
}

static int
term(struct parser *p, uint32_t *ret)
{
	struct filter_node not = { .type = FILTER_NOT, .next = FILTER_NONE };
	int r;

	if (++p->depth > CW_FILTER_DEPTH_MAX)
		return wrong(p, "too many levels");
	if (take_word(p, "-not") || take_char(p, '!')) {
		if ((r = term(p, &not .child)) == CW_OK)
			r = add(p, ret, &not );
	} else if (take_char(p, '(')) {
		if ((r = filter(p, ret)) == CW_OK && !take_char(p, ')'))
			r = wrong(p, "no closing parenthesis");
	} else {
		r = comparison(p, ret);
	}
	p->depth--;
	return r;
}

/* One of the lower rule, or a list of them joined by word. */
static int
list(struct parser *p, uint32_t *ret, const char *word, enum filter_node_type type,
    int (*lower)(struct parser *, uint32_t *))
{
	struct filter_node all = { .type = type, .next = FILTER_NONE };
	uint32_t last, one;
	int r;

	if ((r = lower(p, ret)) < 0 || !take_word(p, word))
		return r;
	all.child = last = *ret;
	do {
		if ((r = lower(p, &one)) < 0)
			return r;
		p->tree.nodes[last].next = one;
		last = one;
	} while (take_word(p, word));
	return add(p, ret, &all);
}

static int
and_list(struct parser *p, uint32_t *ret)
{
	return list(p, ret, "-and", FILTER_AND, term);
}

static int
filter(struct parser *p, uint32_t *ret)
{
	return list(p, ret, "-or", FILTER_OR, and_list);
}

/* --- from text to text */

typedef int write_tree(struct cw_buf *out, const struct filter_tree *tree, uint32_t root);

static int
parse(struct parser *p, struct cw_buf *out, write_tree *write)
{
	uint32_t root;
	int r;

	if (take_char(p, '{')) { /* as it is typed in PowerShell */
		while (p->n > p->at && strchr(" \t\r\n", p->text[p->n - 1]) != NULL)
			p->n--;
		if (p->n == p->at || p->text[--p->n] != '}')
			return wrong(p, "no closing brace");
	}
	if (take_char(p, '*')) {
		skip_space(p);
		if (p->at == p->n)
			return cw_buf_puts(
			    out, write == filter_write_ldap ? "(objectClass=*)" : "*");
		return wrong(p, "something unexpected");
	}
	if ((r = filter(p, &root)) < 0)
		return r;
	skip_space(p);
	return p->at < p->n ? wrong(p, "something unexpected") : write(out, &p->tree, root);
}

static int
convert(struct cw_buf *out, const char *text, size_t n, const struct cw_filter_scope *scope,
    write_tree *write, struct cw_err *err)
{
	struct parser p = { .scope = scope, .text = text, .n = n, .tree.err = err };
	int r;

	if (n > CW_FILTER_MAX)
		return cw_fail(
		    err, CW_ELIMIT, "a filter of %zu bytes, the limit is %u", n, CW_FILTER_MAX);
	if (!cw_utf8_valid(text, n) || memchr(text, '\0', n) != NULL)
		return cw_fail(err, CW_EINVAL, "the filter is not valid UTF-8 text");
	cw_buf_init(&p.tree.values, 4 * CW_FILTER_MAX);
	cw_buf_init(&p.tree.literal, 4 * CW_FILTER_MAX);
	r = parse(&p, out, write);
	cw_buf_free(&p.tree.values);
	cw_buf_free(&p.tree.literal);
	free(p.tree.nodes);
	return r == CW_ENOMEM || r == CW_ELIMIT ? cw_fail(err, r, "the filter is too long") : r;
}

int
cw_filter_from_powershell(struct cw_buf *out, const char *text, size_t n,
    const struct cw_filter_scope *scope, struct cw_err *err)
{
	return convert(out, text, n, scope, filter_write_ldap, err);
}

int
cw_filter_for_module(struct cw_buf *out, const char *text, size_t n,
    const struct cw_filter_scope *scope, struct cw_err *err)
{
	return convert(out, text, n, scope, filter_write_module, err);
}
