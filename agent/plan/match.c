/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters evaluated in three values. What the directory compares by rules that are
 * not ours (letters outside ASCII, chains of links) is "maybe", never a guess.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "catalogue/filter.h"
#include "catalogue/number.h"
#include "plan/match.h"
#include "plan/text.h"

#define BIT_AND "1.2.840.113556.1.4.803" /* [MS-ADTS] 3.1.1.3.4.4 */
#define BIT_OR "1.2.840.113556.1.4.804"
#define SID_SIZE 68u

struct match {
	const char *at;
	unsigned depth;
	bool broken;
	cw_plan_values_of *values;
	void (*each)(void *arg, const struct cw_attribute *attribute);
	void *arg;
};

static enum cw_plan_truth
broken(struct match *m)
{
	m->broken = true;
	return CW_PLAN_MAYBE;
}

/* --- one comparison */

struct item {
	const struct cw_attribute *attribute;
	char op; /* '=', '>', '<', '~', 'b' all bits, 'o' one bit, '?' another rule */
	struct cw_buf value; /* escapes taken off */
	struct cw_buf stars; /* beside each byte 1 where it is a wildcard */
};

static bool
is_ascii(const char *s)
{
	while (*s != '\0' && (unsigned char)*s < 0x80)
		s++;
	return *s == '\0';
}

/* Could the directory take them for the same? Its own rules fold letters outside ASCII. */
static bool
might_be_same(const char *a, const char *b)
{
	for (;; a++, b++) {
		while ((*a & 0xc0) == 0x80)
			a++;
		while ((*b & 0xc0) == 0x80)
			b++;
		if (*a == '\0' || *b == '\0')
			return *a == *b;
		if ((unsigned char)*a < 0x80 && (unsigned char)*b < 0x80 &&
		    ((*a ^ *b) & ~0x20) != 0)
			return false;
	}
}

/* Stars of one and more bytes of the pattern against the text, letters in any case. */
static bool
like(const char *pattern, const char *stars, size_t n, const char *text)
{
	size_t star = SIZE_MAX, i = 0;
	const char *from = text;

	while (*text != '\0') {
		if (i < n && stars[i]) {
			star = i++;
			from = text;
		} else if (i < n &&
		    (pattern[i] == *text ||
			((pattern[i] ^ *text) == 0x20 && (pattern[i] | 0x20) >= 'a' &&
			    (pattern[i] | 0x20) <= 'z'))) {
			i++;
			text++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			text = ++from;
		} else {
			return false;
		}
	}
	while (i < n && stars[i])
		i++;
	return i == n;
}

static enum cw_plan_truth
compare_numbers(const struct item *item, const char *text, const char *wanted)
{
	int64_t a, b;

	if (cw_whole_parse(&a, text, strlen(text)) < 0 ||
	    cw_whole_parse(&b, wanted, strlen(wanted)) < 0)
		return CW_PLAN_MAYBE;
	switch (item->op) {
	case '=': return a == b;
	case '>': return a >= b;
	case '<': return a <= b;
	case 'b': return (a & b) == b;
	case 'o': return (a & b) != 0;
	default: return CW_PLAN_MAYBE;
	}
}

/* Generalized time as LDAP has it, "20261124093000.0Z". */
static bool
parse_time(int64_t *ret_ms, const char *text)
{
	char date[CW_TIME_TEXT];

	if (strspn(text, "0123456789") != 14 || text[strlen(text) - 1] != 'Z')
		return cw_time_parse(ret_ms, text, strlen(text)) == CW_OK;
	(void)snprintf(date, sizeof(date), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", text, text + 4,
	    text + 6, text + 8, text + 10, text + 12);
	return cw_time_parse(ret_ms, date, strlen(date)) == CW_OK;
}

static enum cw_plan_truth
compare_times(const struct item *item, const char *text, const char *wanted)
{
	int64_t a, b;

	if (!parse_time(&a, text) || !parse_time(&b, wanted))
		return CW_PLAN_MAYBE;
	return item->op == '=' ? a == b : item->op == '>' ? a >= b : a <= b;
}

/* The bytes of a SID or GUID as their text. */
static bool
put_binary(char *ret, size_t size, const struct cw_attribute *a, const struct cw_buf *value)
{
	const uint8_t *p = cw_buf_peek(value);
	size_t n = cw_buf_left(value), len;
	uint64_t authority = 0;
	uint8_t guid[16];

	if (a->syntax == CW_SYNTAX_BYTES && n == 16 &&
	    cw_strcaseeq(cw_attribute_name(a), "objectGUID")) {
		memcpy(guid, p, sizeof(guid));
		cw_uuid_swap(guid);
		cw_uuid_text(ret, guid);
		return true;
	}
	if (a->syntax != CW_SYNTAX_SID || n < 8 || n != 8u + 4u * p[1] || n > SID_SIZE || p[0] != 1)
		return false;
	for (int i = 2; i < 8; i++)
		authority = authority << 8 | p[i];
	len = (size_t)snprintf(ret, size, "S-1-%llu", (unsigned long long)authority);
	for (unsigned i = 0; i < p[1]; i++)
		len += (size_t)snprintf(
		    ret + len, size - len, "-%u", (unsigned)cw_get_le(p + 8 + 4 * i, 4));
	return true;
}

static enum cw_plan_truth
compare_binary(const struct item *item, const char *text)
{
	char wanted[256];
	const char *as_text = (const char *)cw_buf_peek(&item->value);

	if (item->op != '=')
		return CW_PLAN_MAYBE;
	if (put_binary(wanted, sizeof(wanted), item->attribute, &item->value))
		return cw_strcaseeq(wanted, text);
	return item->attribute->syntax == CW_SYNTAX_SID && cw_starts_with(as_text, "S-1-")
	    ? (enum cw_plan_truth)cw_strcaseeq(as_text, text)
	    : CW_PLAN_MAYBE;
}

static enum cw_plan_truth
compare_texts(const struct item *item, const char *text)
{
	const char *wanted = (const char *)cw_buf_peek(&item->value);
	size_t n = cw_buf_left(&item->value);
	bool stars = memchr(cw_buf_peek(&item->stars), 1, n) != NULL;

	if (item->op != '=' && item->op != '~')
		return CW_PLAN_MAYBE;
	if (stars && like(wanted, (const char *)cw_buf_peek(&item->stars), n, text))
		return CW_PLAN_YES;
	if (!stars && cw_strcaseeq(wanted, text))
		return CW_PLAN_YES;
	if (is_ascii(wanted) && is_ascii(text))
		return CW_PLAN_NO;
	return stars || might_be_same(wanted, text) ? CW_PLAN_MAYBE : CW_PLAN_NO;
}

static enum cw_plan_truth
compare(const struct item *item, const char *text)
{
	const char *wanted = (const char *)cw_buf_peek(&item->value);

	switch ((enum cw_attribute_syntax)item->attribute->syntax) {
	case CW_SYNTAX_NUMBER:
	case CW_SYNTAX_LARGE: return compare_numbers(item, text, wanted);
	case CW_SYNTAX_TIME: return compare_times(item, text, wanted);
	case CW_SYNTAX_BYTES:
	case CW_SYNTAX_SID: return compare_binary(item, text);
	case CW_SYNTAX_BOOL:
	case CW_SYNTAX_TEXT:
	case CW_SYNTAX_OID:
	case CW_SYNTAX_DN:
	case CW_SYNTAX_DNBINARY:
	case CW_SYNTAX_DNSTRING: return compare_texts(item, text);
	case CW_SYNTAX_ACL: break;
	}
	return CW_PLAN_MAYBE;
}

/* Nothing but stars: is there any value? */
static bool
asks_presence(const struct item *item)
{
	size_t n = cw_buf_left(&item->value);

	return n > 0 && memchr(cw_buf_peek(&item->stars), 0, n) == NULL;
}

static enum cw_plan_truth
judge(const struct match *m, const struct item *item)
{
	cJSON *values = m->values == NULL ? NULL : m->values(m->arg, item->attribute);
	enum cw_plan_truth all = CW_PLAN_NO, one;
	const cJSON *value;

	if (m->each != NULL)
		m->each(m->arg, item->attribute);
	if (values == NULL)
		return CW_PLAN_MAYBE;
	if (asks_presence(item))
		all = values->child != NULL;
	else
		cJSON_ArrayForEach (value, values) {
			one = item->op == '?' ? CW_PLAN_MAYBE : compare(item, value->valuestring);
			if (one == CW_PLAN_YES || all == CW_PLAN_NO)
				all = one;
			if (all == CW_PLAN_YES)
				break;
		}
	/* A chain of links may lead there from values that are not it. */
	if (item->op == '?')
		all = CW_PLAN_MAYBE;
	cJSON_Delete(values);
	return all;
}

/* --- the grammar */

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0'
	    : c >= 'a' && c <= 'f'  ? c - 'a' + 10
	    : c >= 'A' && c <= 'F'  ? c - 'A' + 10
				    : -1;
}

static bool
take_value(struct match *m, struct item *item)
{
	for (; *m->at != '\0' && *m->at != ')'; m->at++) {
		char c = *m->at;
		bool star = c == '*';

		if (c == '(')
			return false;
		if (c == '\\') {
			if (hex(m->at[1]) < 0 || hex(m->at[2]) < 0)
				return false;
			c = (char)(hex(m->at[1]) * 16 + hex(m->at[2]));
			m->at += 2;
		}
		if (cw_buf_putc(&item->value, c) < 0 || cw_buf_putc(&item->stars, star) < 0)
			return false;
	}
	return *m->at == ')' && cw_buf_str(&item->value) != NULL;
}

/* "attribute", perhaps ":rule:", and the operator. */
static bool
take_name(struct match *m, struct item *item)
{
	size_t n = strcspn(m->at, "=<>~:()"), rule;

	item->attribute = cw_attribute_find(m->at, n);
	m->at += n;
	if (item->attribute == NULL)
		return false;
	item->op = *m->at == ':' ? '?' : *m->at;
	if (*m->at == ':') {
		rule = strcspn(++m->at, ":=()");
		if (rule == strlen(BIT_AND) && strncmp(m->at, BIT_AND, rule) == 0)
			item->op = 'b';
		else if (rule == strlen(BIT_OR) && strncmp(m->at, BIT_OR, rule) == 0)
			item->op = 'o';
		m->at += rule;
		if (*m->at != ':')
			return false;
		m->at++;
	} else if (*m->at == '<' || *m->at == '>' || *m->at == '~') {
		m->at++;
	}
	if (*m->at != '=')
		return false;
	m->at++;
	return true;
}

static enum cw_plan_truth
take_item(struct match *m)
{
	struct item item = { .op = '=' };
	enum cw_plan_truth t;

	cw_buf_init(&item.value, 8 * CW_FILTER_MAX);
	cw_buf_init(&item.stars, 8 * CW_FILTER_MAX);
	t = take_name(m, &item) && take_value(m, &item) ? judge(m, &item) : broken(m);
	cw_buf_free(&item.value);
	cw_buf_free(&item.stars);
	return t;
}

static enum cw_plan_truth take_filter(struct match *m);

static enum cw_plan_truth
take_list(struct match *m, bool all)
{
	enum cw_plan_truth decided = all ? CW_PLAN_NO : CW_PLAN_YES, t,
			   result = all ? CW_PLAN_YES : CW_PLAN_NO;

	while (*m->at == '(' && !m->broken) {
		t = take_filter(m);
		if (result != decided && (t == decided || t == CW_PLAN_MAYBE))
			result = t;
	}
	return result;
}

static enum cw_plan_truth
take_filter(struct match *m)
{
	enum cw_plan_truth t;

	if (*m->at != '(' || ++m->depth > 2 * CW_FILTER_DEPTH_MAX)
		return broken(m);
	m->at++;
	if (*m->at == '&' || *m->at == '|') {
		bool all = *m->at++ == '&';

		t = take_list(m, all);
	} else if (*m->at == '!') {
		m->at++;
		t = take_filter(m);
		t = t == CW_PLAN_MAYBE ? t : t == CW_PLAN_YES ? CW_PLAN_NO : CW_PLAN_YES;
	} else {
		t = take_item(m);
	}
	m->depth--;
	if (m->broken || *m->at != ')')
		return broken(m);
	m->at++;
	return t;
}

enum cw_plan_truth
cw_plan_match(const char *filter, cw_plan_values_of *values, void *arg)
{
	struct match m = { .at = filter, .values = values, .arg = arg };
	enum cw_plan_truth t = take_filter(&m);

	return m.broken || *m.at != '\0' ? CW_PLAN_MAYBE : t;
}

bool
cw_plan_filter_attributes(
    const char *filter, void (*each)(void *arg, const struct cw_attribute *attribute), void *arg)
{
	struct match m = { .at = filter, .each = each, .arg = arg };

	(void)take_filter(&m);
	return !m.broken && *m.at == '\0';
}
