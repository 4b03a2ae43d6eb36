/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to PowerShell values, by the parameter's type (README.md).
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "catalogue/convert.h"

#define TEXT_MAX 32768u /* bytes of one string */
#define LIST_MAX 5000 /* values of one list */

struct job {
	struct cw_ps_arena *arena;
	const struct cw_catalogue_parameter *parameter;
	struct cw_err *err;
};

static int
wants(const struct job *j, const char *what)
{
	return cw_fail(j->err, CW_EINVAL, "-%s wants %s", j->parameter->name, what);
}

/* NULL from the arena is the only way this fails. */
static int
give(const struct job *j, const struct cw_ps_value **ret, const struct cw_ps_value *v)
{
	if (v == NULL)
		return cw_fail(j->err, CW_ELIMIT, "-%s has more than fits", j->parameter->name);
	*ret = v;
	return CW_OK;
}

static int
text(const struct job *j, const struct cw_ps_value **ret, const cJSON *json)
{
	if (!cJSON_IsString(json))
		return wants(j,
		    j->parameter->flags & CW_PARAMETER_NULL ? "a string, or null to clear it"
							    : "a string");
	if (strlen(json->valuestring) > TEXT_MAX)
		return cw_fail(
		    j->err, CW_ELIMIT, "-%s is longer than %u bytes", j->parameter->name, TEXT_MAX);
	if (json->valuestring[0] == '\0')
		return wants(j,
		    j->parameter->flags & CW_PARAMETER_NULL
			? "a string that is not empty, or null to clear it"
			: "a string that is not empty");
	return give(j, ret, cw_ps_string(j->arena, json->valuestring));
}

static int
number(const struct job *j, const struct cw_ps_value **ret, const cJSON *json)
{
	double d = cJSON_IsNumber(json) ? json->valuedouble : -1;

	if (!(d >= 0) || d > INT32_MAX || (double)(int64_t)d < d)
		return wants(j, "a whole number from 0 to 2147483647");
	return give(j, ret, cw_ps_int(j->arena, CW_PS_I32, (int64_t)d));
}

static int
boolean(const struct job *j, const struct cw_ps_value **ret, const cJSON *json)
{
	if (!cJSON_IsBool(json))
		return wants(j, "true or false");
	return give(j, ret, cw_ps_bool(j->arena, cJSON_IsTrue(json)));
}

static int
date(const struct job *j, const struct cw_ps_value **ret, const cJSON *json)
{
	const char *s = cJSON_IsString(json) ? json->valuestring : "";
	char day[40];
	int64_t ms;

	(void)snprintf(day, sizeof(day), "%.16sT00:00:00Z", s);
	if (cw_time_parse(&ms, s, strlen(s)) < 0 && cw_time_parse(&ms, day, strlen(day)) < 0)
		return wants(j, "a date as \"2026-11-24T09:30:00Z\" or \"2026-11-24\"");
	return give(j, ret, cw_ps_date_from_unix_ms(j->arena, ms));
}

/* "[d.]hh:mm:ss" to xs:duration, what CLIXML carries. */
static int
duration(const struct job *j, const struct cw_ps_value **ret, const cJSON *json)
{
	const char *s = cJSON_IsString(json) ? json->valuestring : "";
	unsigned days = 0, hours, minutes, seconds;
	char out[64], more;
	int n;

	if (sscanf(s, "%5u.%2u:%2u:%2u%c", &days, &hours, &minutes, &seconds, &more) != 4) {
		days = 0;
		if (sscanf(s, "%2u:%2u:%2u%c", &hours, &minutes, &seconds, &more) != 3)
			return wants(j, "a duration as \"[days.]hh:mm:ss\"");
	}
	if (hours > 23 || minutes > 59 || seconds > 59)
		return wants(j, "a duration as \"[days.]hh:mm:ss\"");
	n = snprintf(out, sizeof(out), "P%uDT%uH%uM%uS", days, hours, minutes, seconds);
	return give(j, ret, cw_ps_text(j->arena, CW_PS_TIMESPAN, out, (size_t)n));
}

static int
choice(const struct job *j, const struct cw_ps_value **ret, const cJSON *json)
{
	char all[128] = "";
	size_t at = 0;

	for (size_t i = 0; j->parameter->choices[i] != NULL; i++) {
		if (cJSON_IsString(json) &&
		    cw_strcaseeq(json->valuestring, j->parameter->choices[i]))
			return give(j, ret, cw_ps_string(j->arena, j->parameter->choices[i]));
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s", i == 0 ? "" : ", ",
		    j->parameter->choices[i]);
		if (at >= sizeof(all))
			at = sizeof(all) - 1;
	}
	return cw_fail(j->err, CW_EINVAL, "-%s wants one of %s", j->parameter->name, all);
}

static bool
is_attribute_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= 64 &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == n;
}

static int
property(const struct job *j, const struct cw_ps_value **ret, const cJSON *json)
{
	if (!cJSON_IsString(json) ||
	    (!cw_streq(json->valuestring, "*") && !is_attribute_name(json->valuestring)))
		return wants(j, "names of properties, or \"*\"");
	if (cw_catalogue_attribute_is_secret(json->valuestring))
		return cw_fail(j->err, CW_EDENIED, "%s holds a secret: it is not given out",
		    json->valuestring);
	return give(j, ret, cw_ps_string(j->arena, json->valuestring));
}

static int
check_writable(const struct job *j, const char *name)
{
	if (!cw_catalogue_attribute_is_writable(name))
		return cw_fail(j->err, CW_EDENIED,
		    "-%s: the attribute %.64s is not in the catalogue", j->parameter->name, name);
	return CW_OK;
}

static int
attribute_name(const struct job *j, const struct cw_ps_value **ret, const cJSON *json)
{
	int r;

	if (!cJSON_IsString(json) || !is_attribute_name(json->valuestring))
		return wants(j, "names of attributes");
	if ((r = check_writable(j, json->valuestring)) < 0)
		return r;
	return give(j, ret, cw_ps_string(j->arena, json->valuestring));
}

typedef int convert_one(const struct job *j, const struct cw_ps_value **ret, const cJSON *json);

/* One value stands for a list of one. */
static int
list(const struct job *j, const struct cw_ps_value **ret, const cJSON *json, convert_one *one)
{
	int count = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 1;
	const cJSON *item = cJSON_IsArray(json) ? json->child : json;
	const struct cw_ps_value **items;
	int r;

	if (count == 0)
		return wants(j, "at least one value");
	if (count > LIST_MAX)
		return cw_fail(j->err, CW_ELIMIT, "-%s has %d values, the limit is %d",
		    j->parameter->name, count, LIST_MAX);
	if ((items = cw_ps_arena_alloc(j->arena, (size_t)count * sizeof(struct cw_ps_value *))) ==
	    NULL)
		return give(j, ret, NULL);
	for (int i = 0; i < count; i++, item = item->next)
		if ((r = one(j, &items[i], item)) < 0)
			return r;
	return give(j, ret, cw_ps_list(j->arena, items, (size_t)count));
}

static int
attribute_value(const struct job *j, const struct cw_ps_value **ret, const cJSON *json)
{
	if (cJSON_IsBool(json))
		return boolean(j, ret, json);
	if (cJSON_IsNumber(json))
		return number(j, ret, json);
	return text(j, ret, json);
}

static int
attributes(const struct job *j, const struct cw_ps_value **ret, const cJSON *json)
{
	struct cw_ps_pair *pairs;
	const cJSON *member;
	size_t n = 0;
	int r;

	if (!cJSON_IsObject(json) || json->child == NULL)
		return wants(j, "an object of attributes and values");
	pairs = cw_ps_arena_alloc(j->arena, (size_t)cJSON_GetArraySize(json) * sizeof(*pairs));
	if (pairs == NULL)
		return give(j, ret, NULL);
	cJSON_ArrayForEach (member, json) {
		if (!is_attribute_name(member->string))
			return wants(j, "an object of attributes and values");
		if ((r = check_writable(j, member->string)) < 0)
			return r;
		pairs[n].key = cw_ps_string(j->arena, member->string);
		if (cJSON_IsArray(member))
			r = list(j, &pairs[n].value, member, attribute_value);
		else
			r = attribute_value(j, &pairs[n].value, member);
		if (r < 0)
			return r;
		if (pairs[n++].key == NULL)
			return give(j, ret, NULL);
	}
	return give(j, ret, cw_ps_map(j->arena, pairs, n));
}

int
cw_catalogue_convert(const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    const struct cw_catalogue_parameter *parameter, const cJSON *json, struct cw_err *err)
{
	const struct job j = { arena, parameter, err };

	if (cJSON_IsNull(json) && parameter->flags & CW_PARAMETER_NULL) {
		*ret = cw_ps_null();
		return CW_OK;
	}
	switch (parameter->type) {
	case CW_TYPE_STRING:
	case CW_TYPE_IDENTITY: return text(&j, ret, json);
	case CW_TYPE_STRINGS:
	case CW_TYPE_IDENTITIES: return list(&j, ret, json, text);
	case CW_TYPE_BOOL:
	case CW_TYPE_SWITCH: return boolean(&j, ret, json);
	case CW_TYPE_INT: return number(&j, ret, json);
	case CW_TYPE_DATE: return date(&j, ret, json);
	case CW_TYPE_DURATION: return duration(&j, ret, json);
	case CW_TYPE_CHOICE: return choice(&j, ret, json);
	case CW_TYPE_PROPERTIES: return list(&j, ret, json, property);
	case CW_TYPE_ATTRIBUTE_NAMES: return list(&j, ret, json, attribute_name);
	case CW_TYPE_ATTRIBUTES: return attributes(&j, ret, json);
	case CW_TYPE_SECRET:
	case CW_TYPE_FILTER:
	case CW_TYPE_LDAP_FILTER: break; /* the caller's */
	}
	return cw_fail(err, CW_EINVAL, "-%s cannot be converted", parameter->name);
}
