/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter's tree to RFC 4515, each value as its attribute's syntax wants it; and
 * to the module's own syntax, for the few cmdlets that take nothing else.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "catalogue/filter_tree.h"
#include "catalogue/identity.h"
#include "catalogue/number.h"

#define BIT_AND "1.2.840.113556.1.4.803" /* [MS-ADTS] 3.1.1.3.4.4 */
#define BIT_OR "1.2.840.113556.1.4.804"
#define IN_CHAIN "1.2.840.113556.1.4.1941"
#define FILETIME_EPOCH_MS INT64_C(-11644473600000) /* 1601-01-01 */

/* A comparison with its value at hand. */
struct value {
	const struct filter_tree *tree;
	const struct filter_node *node;
	const char *s;
	size_t n;
	const uint8_t *literal;
	bool pattern; /* -like and -notlike: * stands for anything */
};

static struct value
value_of(const struct filter_tree *tree, const struct filter_node *node)
{
	return (struct value){ .tree = tree,
		.node = node,
		.s = (const char *)cw_buf_peek(&tree->values) + node->value,
		.n = node->value_len,
		.literal = cw_buf_peek(&tree->literal) + node->value,
		.pattern = node->op == FILTER_LIKE || node->op == FILTER_NOTLIKE };
}

static int
wrong(const struct value *v, const char *what)
{
	return filter_wrong(v->tree, what, v->node->at);
}

/* --- values */

/* Stars that are wildcards and nothing else: what is there at all. */
static bool
is_presence(const struct value *v)
{
	size_t i = 0;

	while (i < v->n && v->s[i] == '*' && !v->literal[i])
		i++;
	return v->pattern && i == v->n && i > 0;
}

static int
put_text(struct cw_buf *out, const struct value *v)
{
	bool star = false, after_star;
	int r = CW_OK;

	if (v->n == 0)
		return wrong(v, "an empty value; write -notlike '*' for what is not there,");
	for (size_t i = 0; i < v->n && r == CW_OK; i++) {
		unsigned char ch = (unsigned char)v->s[i];

		after_star = star;
		star = ch == '*' && v->pattern && !v->literal[i];
		if (star && after_star) /* ** is nothing more than *, and no LDAP */
			continue;
		if ((!star && strchr("()\\*", ch) != NULL) || ch < 0x20 ||
		    (ch >= 0x7f && v->literal[i]))
			r = cw_buf_printf(out, "\\%02x", ch);
		else
			r = cw_buf_putc(out, (char)ch);
	}
	return r;
}

static int
put_bytes(struct cw_buf *out, const uint8_t *p, size_t n)
{
	int r = CW_OK;

	for (size_t i = 0; i < n && r == CW_OK; i++)
		r = cw_buf_printf(out, "\\%02x", p[i]);
	return r;
}

static bool
is_integer(const struct value *v)
{
	int64_t ignored;

	return cw_whole_parse(&ignored, v->s, v->n) == CW_OK;
}

static int
put_integer(struct cw_buf *out, const struct value *v)
{
	int64_t whole;

	if (cw_whole_parse(&whole, v->s, v->n) < 0)
		return wrong(v, "a property that is compared with a number");
	return cw_buf_printf(out, "%" PRId64, whole);
}

/* "1/2/2026 15:04:05", as PowerShell puts a date into a text; in UTC. */
static bool
parse_invariant(int64_t *ret, const char *s, size_t n)
{
	unsigned month, day, year, hour = 0, minute = 0, second = 0;
	char text[32], iso[32];
	int end = 0, more = 0;

	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (sscanf(text, "%2u/%2u/%4u%n", &month, &day, &year, &end) != 3)
		return false;
	if (text[end] != '\0' &&
	    (sscanf(text + end, " %2u:%2u:%2u%n", &hour, &minute, &second, &more) != 3 ||
		text[end + more] != '\0'))
		return false;
	(void)snprintf(iso, sizeof(iso), "%04u-%02u-%02uT%02u:%02u:%02uZ", year, month, day, hour,
	    minute, second);
	return cw_time_parse(ret, iso, strlen(iso)) == CW_OK;
}

/* RFC 3339, with its zone left out (UTC), or a day; or the form above. */
static bool
parse_date(int64_t *ret, const char *s, size_t n)
{
	char text[48];

	if (cw_time_parse(ret, s, n) == CW_OK || parse_invariant(ret, s, n))
		return true;
	(void)snprintf(text, sizeof(text), "%.*s%s", (int)(n < 32 ? n : 32), s,
	    memchr(s, 'T', n) == NULL ? "T00:00:00Z" : "Z");
	return cw_time_parse(ret, text, strlen(text)) == CW_OK;
}

static int
get_date(const struct value *v, int64_t *ret)
{
	if (v->n == 0 || v->node->value_type != FILTER_TEXT || !parse_date(ret, v->s, v->n))
		return wrong(v,
		    "a property that is compared with a date (YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ)");
	return CW_OK;
}

static int
put_filetime(struct cw_buf *out, const struct value *v)
{
	int64_t ms;
	int r;

	if (is_integer(v))
		return put_integer(out, v);
	if ((r = get_date(v, &ms)) < 0)
		return r;
	return cw_buf_printf(out, "%" PRId64, (ms - FILETIME_EPOCH_MS) * 10000);
}

static int
put_time(struct cw_buf *out, const struct value *v)
{
	size_t digits = 0;
	char text[CW_TIME_TEXT];
	int64_t ms;
	int r;

	while (digits < v->n && isdigit((unsigned char)v->s[digits]))
		digits++;
	if (digits == 14 &&
	    ((v->n == 15 && v->s[14] == 'Z') || (v->n == 17 && memcmp(v->s + 14, ".0Z", 3) == 0)))
		return cw_buf_put(out, v->s, v->n);
	if ((r = get_date(v, &ms)) < 0)
		return r;
	cw_time_text(text, ms);
	return cw_buf_printf(out, "%.4s%.2s%.2s%.2s%.2s%.2s.0Z", text, text + 5, text + 8,
	    text + 11, text + 14, text + 17);
}

/* $true, $false, or their names as a text. */
static int
get_bool(const struct value *v, bool *ret)
{
	*ret = v->node->value_type == FILTER_TRUE;
	if (v->node->value_type == FILTER_TRUE || v->node->value_type == FILTER_FALSE)
		return CW_OK;
	*ret = v->n == 4;
	for (size_t i = 0; i < v->n; i++)
		if (tolower((unsigned char)v->s[i]) != (v->n == 4 ? "true" : "false")[i % 5])
			return wrong(v, "a property that is compared with -eq $true or -eq $false");
	return v->n == 4 || v->n == 5
	    ? CW_OK
	    : wrong(v, "a property that is compared with -eq $true or -eq $false");
}

static int
put_sid(struct cw_buf *out, const struct value *v)
{
	uint8_t sid[CW_SID_MAX];
	size_t n;

	if (cw_sid_parse(sid, &n, v->s, v->n) < 0)
		return wrong(v, "a property that is compared with a SID");
	return put_bytes(out, sid, n);
}

static int
put_guid(struct cw_buf *out, const struct value *v)
{
	uint8_t guid[16];

	if (cw_guid_parse(guid, v->s, v->n) < 0)
		return put_text(out, v);
	cw_uuid_swap(guid);
	return put_bytes(out, guid, sizeof(guid));
}

/* The value as the directory writes it. */
static int
put_value(struct cw_buf *out, const struct value *v)
{
	bool yes;
	int r;

	if (is_presence(v))
		return cw_buf_putc(out, '*');
	switch ((enum cw_attribute_syntax)v->node->attribute->syntax) {
	case CW_SYNTAX_NUMBER: return put_integer(out, v);
	case CW_SYNTAX_LARGE: return put_filetime(out, v);
	case CW_SYNTAX_TIME: return put_time(out, v);
	case CW_SYNTAX_SID: return put_sid(out, v);
	case CW_SYNTAX_BYTES: return put_guid(out, v);
	case CW_SYNTAX_BOOL:
		return (r = get_bool(v, &yes)) < 0 ? r : cw_buf_puts(out, yes ? "TRUE" : "FALSE");
	case CW_SYNTAX_TEXT:
	case CW_SYNTAX_DN:
	case CW_SYNTAX_DNBINARY:
	case CW_SYNTAX_DNSTRING:
	case CW_SYNTAX_OID:
	case CW_SYNTAX_ACL: break;
	}
	if (v->node->value_type == FILTER_TRUE || v->node->value_type == FILTER_FALSE)
		return cw_buf_puts(out, v->node->value_type == FILTER_TRUE ? "TRUE" : "FALSE");
	return put_text(out, v);
}

/* --- properties that are not an attribute's value */

static int
put_bit(struct cw_buf *out, const struct value *v, uint32_t bit, bool set)
{
	return cw_buf_printf(out, "(%s%s:" BIT_AND ":=%" PRIu32 "%s)", set ? "" : "!(",
	    cw_attribute_name(v->node->attribute), bit, set ? "" : ")");
}

static int
put_flag(struct cw_buf *out, const struct value *v, const struct cw_property *p)
{
	bool want;
	int r;

	if ((r = get_bool(v, &want)) < 0)
		return r;
	want = want == (v->node->op == FILTER_EQ);
	if (p->how == CW_HOW_LOCKED)
		return cw_buf_puts(out, want ? "(lockoutTime>=1)" : "(!(lockoutTime>=1))");
	return put_bit(out, v, p->bit, want == (p->how == CW_HOW_BIT));
}

/* What a group is, by the bits of groupType ([MS-ADTS] 2.2.12). */
static int
put_group_type(struct cw_buf *out, const struct value *v, const struct cw_property *p)
{
	static const struct {
		const char *name;
		enum cw_property_how how;
		uint32_t bit;
		bool set;
	} words[] = {
		{ "Security", CW_HOW_CATEGORY, UINT32_C(0x80000000), true },
		{ "Distribution", CW_HOW_CATEGORY, UINT32_C(0x80000000), false },
		{ "Global", CW_HOW_SCOPE, 2, true },
		{ "DomainLocal", CW_HOW_SCOPE, 4, true },
		{ "Universal", CW_HOW_SCOPE, 8, true },
	};
	char text[16];

	(void)snprintf(text, sizeof(text), "%.*s", (int)(v->n < 15 ? v->n : 15), v->s);
	for (size_t i = 0; i < CW_COUNT(words); i++)
		if (words[i].how == p->how && cw_strcaseeq(words[i].name, text))
			return put_bit(
			    out, v, words[i].bit, words[i].set == (v->node->op == FILTER_EQ));
	return wrong(v,
	    p->how == CW_HOW_SCOPE
		? "a property that is compared with 'DomainLocal', 'Global' or 'Universal'"
		: "a property that is compared with 'Security' or 'Distribution'");
}

/* --- one comparison */

static int
check_operator(const struct value *v)
{
	const struct cw_attribute *a = v->node->attribute;
	const struct cw_property *p = v->node->property;
	enum filter_op op = v->node->op;

	if (p != NULL && (p->how == CW_HOW_NONE || p->how == CW_HOW_MODULE))
		return wrong(v, "a property that no filter finds by");
	if (p != NULL && p->how != CW_HOW_VALUE) {
		if (op != FILTER_EQ && op != FILTER_NE)
			return wrong(v, "a property that is compared with -eq or -ne alone");
		return CW_OK;
	}
	if (a->flags & CW_ATTRIBUTE_COMPUTED && !cw_streq(cw_attribute_name(a), "aNR"))
		return wrong(
		    v, "an attribute that is computed when it is read: no filter finds by it,");
	if ((op == FILTER_BAND || op == FILTER_BOR) &&
	    (!is_integer(v) || (a->syntax != CW_SYNTAX_NUMBER && a->syntax != CW_SYNTAX_LARGE)))
		return wrong(v, "-band or -bor with what is no number");
	if (op == FILTER_RECURSIVE && a->syntax != CW_SYNTAX_DN)
		return wrong(v, "-recursivematch with what names no object");
	return CW_OK;
}

static int
put_clause(struct cw_buf *out, const struct value *v)
{
	static const struct {
		const char *before, *between, *after;
	} forms[FILTER_OPS] = {
		[FILTER_EQ] = { "(", "=", ")" },
		[FILTER_NE] = { "(!(", "=", "))" },
		[FILTER_LIKE] = { "(", "=", ")" },
		[FILTER_NOTLIKE] = { "(!(", "=", "))" },
		[FILTER_GE] = { "(", ">=", ")" },
		[FILTER_GT] = { "(&(", ">=", ")" },
		[FILTER_LE] = { "(", "<=", ")" },
		[FILTER_LT] = { "(&(", "<=", ")" },
		[FILTER_APPROX] = { "(", "=", ")" }, /* what AD makes of ~= */
		[FILTER_BAND] = { "(", ":" BIT_AND ":=", ")" },
		[FILTER_BOR] = { "(", ":" BIT_OR ":=", ")" },
		[FILTER_RECURSIVE] = { "(", ":" IN_CHAIN ":=", ")" },
	};
	const char *name = cw_attribute_name(v->node->attribute);
	enum filter_op op = v->node->op;
	size_t start, end;
	int r;

	if ((r = cw_buf_printf(out, "%s%s%s", forms[op].before, name, forms[op].between)) < 0)
		return r;
	start = cw_buf_left(out);
	if ((r = put_value(out, v)) < 0)
		return r;
	end = cw_buf_left(out);
	if ((r = cw_buf_puts(out, forms[op].after)) < 0 || (op != FILTER_GT && op != FILTER_LT))
		return r;
	/* Greater is: as great or greater, and not the same. */
	if ((r = cw_buf_printf(out, "(!(%s=", name)) < 0 ||
	    cw_buf_reserve(out, end - start) == NULL)
		return r < 0 ? r : CW_ELIMIT;
	if ((r = cw_buf_put(out, cw_buf_peek(out) + start, end - start)) < 0)
		return r;
	return cw_buf_puts(out, ")))");
}

static int
put_comparison(struct cw_buf *out, const struct filter_tree *tree, const struct filter_node *node)
{
	struct value v = value_of(tree, node);
	const struct cw_property *p = node->property;
	int r;

	if ((r = check_operator(&v)) < 0)
		return r;
	if (p != NULL && (p->how == CW_HOW_CATEGORY || p->how == CW_HOW_SCOPE))
		return put_group_type(out, &v, p);
	if (p != NULL && p->how != CW_HOW_VALUE)
		return put_flag(out, &v, p);
	return put_clause(out, &v);
}

/* What is written must be short of what is read: a comparison takes up to three levels more. */
static int
check_depth(const struct filter_tree *tree, unsigned depth)
{
	return depth > CW_FILTER_DEPTH_MAX - 3 ? filter_wrong(tree, "too many levels", 0) : CW_OK;
}

static int
put_ldap(struct cw_buf *out, const struct filter_tree *tree, uint32_t root, unsigned depth)
{
	const struct filter_node *node = &tree->nodes[root];
	int r;

	if ((r = check_depth(tree, depth)) < 0)
		return r;
	if (node->type == FILTER_COMPARISON)
		return put_comparison(out, tree, node);
	r = cw_buf_printf(out, "(%c",
	    node->type == FILTER_AND      ? '&'
		: node->type == FILTER_OR ? '|'
					  : '!');
	for (uint32_t i = node->child; i != FILTER_NONE && r == CW_OK; i = tree->nodes[i].next)
		r = put_ldap(out, tree, i, depth + 1);
	return r < 0 ? r : cw_buf_putc(out, ')');
}

int
filter_write_ldap(struct cw_buf *out, const struct filter_tree *tree, uint32_t root)
{
	return put_ldap(out, tree, root, 1);
}

/* --- the module's own syntax */

/* A value between quotes holds nothing that the module's parser would look into. */
static int
put_module_value(struct cw_buf *out, const struct value *v)
{
	int r;

	if (v->node->value_type == FILTER_TRUE || v->node->value_type == FILTER_FALSE)
		return cw_buf_puts(out, v->node->value_type == FILTER_TRUE ? "$true" : "$false");
	if (v->node->value_type == FILTER_NUMBER)
		return cw_buf_put(out, v->s, v->n);
	if ((r = cw_buf_putc(out, '\'')) < 0)
		return r;
	for (size_t i = 0; i < v->n && r == CW_OK; i++) {
		if (v->literal[i] || (unsigned char)v->s[i] < 0x20 ||
		    strchr("$`\\\"", v->s[i]) != NULL)
			return wrong(
			    v, "a value with a character that this command cannot be given");
		if (v->s[i] == '\'')
			r = cw_buf_putc(out, '\'');
		if (r == CW_OK)
			r = cw_buf_putc(out, v->s[i]);
	}
	return r < 0 ? r : cw_buf_putc(out, '\'');
}

static int
put_module_comparison(
    struct cw_buf *out, const struct filter_tree *tree, const struct filter_node *node)
{
	struct value v = value_of(tree, node);
	int r;

	if (node->property != NULL && node->property->how == CW_HOW_NONE)
		return wrong(&v, "a property that no filter finds by");
	if ((r = cw_buf_printf(out, "%s %s ",
		 node->property != NULL ? node->property->name : cw_attribute_name(node->attribute),
		 filter_op_names[node->op])) < 0)
		return r;
	return put_module_value(out, &v);
}

static int
put_module(struct cw_buf *out, const struct filter_tree *tree, uint32_t root, unsigned depth)
{
	const struct filter_node *node = &tree->nodes[root];
	int r;

	if ((r = check_depth(tree, depth)) < 0)
		return r;
	if (node->type == FILTER_COMPARISON)
		return put_module_comparison(out, tree, node);
	if (node->type == FILTER_NOT)
		return (r = cw_buf_puts(out, "-not ")) < 0
		    ? r
		    : put_module(out, tree, node->child, depth + 1);
	r = cw_buf_putc(out, '(');
	for (uint32_t i = node->child; i != FILTER_NONE && r == CW_OK; i = tree->nodes[i].next) {
		if (i != node->child)
			r = cw_buf_puts(out, node->type == FILTER_AND ? " -and " : " -or ");
		if (r == CW_OK)
			r = put_module(out, tree, i, depth + 1);
	}
	return r < 0 ? r : cw_buf_putc(out, ')');
}

int
filter_write_module(struct cw_buf *out, const struct filter_tree *tree, uint32_t root)
{
	return put_module(out, tree, root, 1);
}
