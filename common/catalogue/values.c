/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes and their values: -Replace, -Add, -Remove, -OtherAttributes, -Clear.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "catalogue/convert.h"
#include "catalogue/identity.h"
#include "catalogue/number.h"

#define BYTES_MAX (256u * 1024u) /* of one value: a photo */
#define FILETIME_EPOCH_MS INT64_C(-11644473600000) /* 1601-01-01 */

static int
wants(const struct cw_conversion *c, const struct cw_attribute *a, const char *what)
{
	return cw_fail(
	    c->err, CW_EINVAL, "-%s: %s wants %s", c->parameter->name, cw_attribute_name(a), what);
}

static int
attribute(const struct cw_conversion *c, const struct cw_attribute **ret, const char *name)
{
	if ((*ret = cw_attribute_find(name, strlen(name))) == NULL)
		return cw_fail(c->err, CW_EDENIED,
		    "-%s: the attribute %.64s is not in the catalogue", c->parameter->name, name);
	return cw_call_effect_write(c->call, c->parameter, *ret, c->err);
}

int
cw_convert_attribute_names(
    const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	const struct cw_attribute *a;
	int r;

	if (!cJSON_IsString(json) || json->valuestring[0] == '\0')
		return cw_convert_wants(c, "names of attributes");
	if ((r = attribute(c, &a, json->valuestring)) < 0)
		return r;
	return cw_convert_give(c, ret, cw_ps_string(c->call->arena, cw_attribute_name(a)));
}

/* --- one value */

static int
number(const struct cw_conversion *c, const struct cw_attribute *a, const struct cw_ps_value **ret,
    const cJSON *json)
{
	int64_t v;

	if (cw_whole_from_json(&v, json) < 0 || v < INT32_MIN || v > INT32_MAX)
		return wants(c, a, "a whole number of 32 bits");
	return cw_convert_give(c, ret, cw_ps_int(c->call->arena, CW_PS_I32, v));
}

static int
large(const struct cw_conversion *c, const struct cw_attribute *a, const struct cw_ps_value **ret,
    const cJSON *json)
{
	const char *s = cJSON_IsString(json) ? json->valuestring : "";
	int64_t v, ms;

	if (cw_time_parse(&ms, s, strlen(s)) == CW_OK && ms >= FILETIME_EPOCH_MS)
		v = (ms - FILETIME_EPOCH_MS) * 10000;
	else if (cw_whole_from_json(&v, json) < 0)
		return wants(c, a, "a whole number, or a date as \"2026-11-24T09:30:00Z\"");
	return cw_convert_give(c, ret, cw_ps_int(c->call->arena, CW_PS_I64, v));
}

static int
give_bytes(const struct cw_conversion *c, const struct cw_ps_value **ret, const void *p, size_t n)
{
	struct cw_ps_value *v = cw_ps_arena_alloc(c->call->arena, sizeof(*v));
	uint8_t *copy = cw_ps_arena_alloc(c->call->arena, n + 1);

	if (v == NULL || copy == NULL)
		return cw_convert_give(c, ret, NULL);
	memcpy(copy, p, n);
	v->kind = CW_PS_BYTES;
	v->bytes.data = copy;
	v->bytes.len = n;
	return cw_convert_give(c, ret, v);
}

static int
bytes(const struct cw_conversion *c, const struct cw_attribute *a, const struct cw_ps_value **ret,
    const cJSON *json)
{
	const char *s = cJSON_IsString(json) ? json->valuestring : "";
	struct cw_buf b;
	int r;

	cw_buf_init(&b, BYTES_MAX);
	if (*s == '\0' || cw_base64_get(&b, s, strlen(s)) < 0)
		r = wants(c, a, "bytes in base64");
	else
		r = give_bytes(c, ret, cw_buf_peek(&b), cw_buf_left(&b));
	cw_buf_free(&b);
	return r;
}

static int
sid(const struct cw_conversion *c, const struct cw_attribute *a, const struct cw_ps_value **ret,
    const cJSON *json)
{
	const char *s = cJSON_IsString(json) ? json->valuestring : "";
	uint8_t id[CW_SID_MAX];
	size_t n;

	if (cw_sid_parse(id, &n, s, strlen(s)) < 0)
		return wants(c, a, "a SID");
	return give_bytes(c, ret, id, n);
}

static int
text(const struct cw_conversion *c, const struct cw_attribute *a, const struct cw_ps_value **ret,
    const cJSON *json)
{
	char digits[24];
	int64_t v;

	if (cJSON_IsNumber(json) &&
	    cw_whole_from_json(&v, json) == CW_OK) { /* a telephone extension, a cost centre */
		(void)snprintf(digits, sizeof(digits), "%" PRId64, v);
		return cw_convert_give(c, ret, cw_ps_string(c->call->arena, digits));
	}
	if (!cJSON_IsString(json) || json->valuestring[0] == '\0')
		return wants(c, a, "a string that is not empty; -Clear takes a value away");
	return cw_convert_text(c, ret, json);
}

static int
value(const struct cw_conversion *c, const struct cw_attribute *a, const struct cw_ps_value **ret,
    const cJSON *json)
{
	switch ((enum cw_attribute_syntax)a->syntax) {
	case CW_SYNTAX_NUMBER: return number(c, a, ret, json);
	case CW_SYNTAX_LARGE: return large(c, a, ret, json);
	case CW_SYNTAX_BOOL: return cw_convert_bool(c, ret, json);
	case CW_SYNTAX_TIME: return cw_convert_date(c, ret, json);
	case CW_SYNTAX_DN: return cw_convert_dn(c, ret, json);
	case CW_SYNTAX_BYTES:
	case CW_SYNTAX_ACL: return bytes(c, a, ret, json);
	case CW_SYNTAX_SID: return sid(c, a, ret, json);
	case CW_SYNTAX_TEXT:
	case CW_SYNTAX_OID:
	case CW_SYNTAX_DNBINARY:
	case CW_SYNTAX_DNSTRING: break;
	}
	return text(c, a, ret, json);
}

/* --- an attribute's values, and all attributes */

static int
values(const struct cw_conversion *c, const struct cw_attribute *a, const struct cw_ps_value **ret,
    const cJSON *json)
{
	int count = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : -1;
	const struct cw_ps_value **items;
	const cJSON *item;
	size_t n = 0;
	int r;

	if (count < 0)
		return value(c, a, ret, json);
	if (count == 0)
		return wants(c, a, "at least one value; -Clear takes them all away");
	if (count > 1 && !(a->flags & CW_ATTRIBUTE_MANY))
		return wants(c, a, "one value");
	if ((items = cw_ps_arena_alloc(
		 c->call->arena, (size_t)count * sizeof(struct cw_ps_value *))) == NULL)
		return cw_convert_give(c, ret, NULL);
	cJSON_ArrayForEach (item, json)
		if ((r = value(c, a, &items[n++], item)) < 0)
			return r;
	return cw_convert_give(c, ret, cw_ps_list(c->call->arena, items, n));
}

int
cw_convert_attributes(
    const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	const struct cw_attribute *a;
	struct cw_ps_pair *pairs;
	const cJSON *member;
	size_t n = 0;
	int r;

	if (!cJSON_IsObject(json) || json->child == NULL)
		return cw_convert_wants(c, "an object of attributes and values");
	pairs =
	    cw_ps_arena_alloc(c->call->arena, (size_t)cJSON_GetArraySize(json) * sizeof(*pairs));
	if (pairs == NULL)
		return cw_convert_give(c, ret, NULL);
	cJSON_ArrayForEach (member, json) {
		if ((r = attribute(c, &a, member->string)) < 0)
			return r;
		for (size_t i = 0; i < n; i++)
			if (cw_streq(cw_ps_str(pairs[i].key), cw_attribute_name(a)))
				return wants(c, a, "to be there once");
		if ((r = values(c, a, &pairs[n].value, member)) < 0)
			return r;
		if ((pairs[n].key = cw_ps_string(c->call->arena, cw_attribute_name(a))) == NULL)
			return cw_convert_give(c, ret, NULL);
		n++;
	}
	return cw_convert_give(c, ret, cw_ps_map(c->call->arena, pairs, n));
}
