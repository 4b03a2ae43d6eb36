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
#include "catalogue/dn.h"
#include "catalogue/identity.h"
#include "catalogue/number.h"
#include "catalogue/property.h"

#define TEXT_MAX 32768u /* bytes of one string */
#define LIST_MAX 5000 /* values of one list */

int
cw_convert_wants(const struct cw_conversion *c, const char *what)
{
	return cw_fail(c->err, CW_EINVAL, "-%s wants %s", c->parameter->name, what);
}

int
cw_convert_give(
    const struct cw_conversion *c, const struct cw_ps_value **ret, const struct cw_ps_value *v)
{
	if (v == NULL)
		return cw_fail(c->err, CW_ELIMIT, "-%s has more than fits", c->parameter->name);
	*ret = v;
	return CW_OK;
}

/* --- simple values */

int
cw_convert_text(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	bool nullable = c->parameter->flags & CW_PARAMETER_NULL;

	if (!cJSON_IsString(json))
		return cw_convert_wants(c, nullable ? "a string, or null to clear it" : "a string");
	if (strlen(json->valuestring) > TEXT_MAX)
		return cw_fail(
		    c->err, CW_ELIMIT, "-%s is longer than %u bytes", c->parameter->name, TEXT_MAX);
	if (json->valuestring[0] == '\0')
		return cw_convert_wants(c,
		    nullable ? "a string that is not empty, or null to clear it"
			     : "a string that is not empty");
	return cw_convert_give(c, ret, cw_ps_string(c->call->arena, json->valuestring));
}

int
cw_convert_bool(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	if (!cJSON_IsBool(json))
		return cw_convert_wants(c, "true or false");
	return cw_convert_give(c, ret, cw_ps_bool(c->call->arena, cJSON_IsTrue(json)));
}

static int
number(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	int64_t v;

	if (cw_whole_from_json(&v, json) < 0 || v < 0 || v > INT32_MAX)
		return cw_convert_wants(c, "a whole number from 0 to 2147483647");
	return cw_convert_give(c, ret, cw_ps_int(c->call->arena, CW_PS_I32, v));
}

int
cw_convert_date(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	const char *s = cJSON_IsString(json) ? json->valuestring : "";
	char day[40];
	int64_t ms;

	(void)snprintf(day, sizeof(day), "%.16sT00:00:00Z", s);
	if (cw_time_parse(&ms, s, strlen(s)) < 0 && cw_time_parse(&ms, day, strlen(day)) < 0)
		return cw_convert_wants(c, "a date as \"2026-11-24T09:30:00Z\" or \"2026-11-24\"");
	return cw_convert_give(c, ret, cw_ps_date_from_unix_ms(c->call->arena, ms));
}

/* "[d.]hh:mm:ss" to xs:duration, what CLIXML carries. */
static int
duration(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	static const char wanted[] = "a duration as \"[days.]hh:mm:ss\"";
	const char *s = cJSON_IsString(json) ? json->valuestring : "";
	unsigned days = 0, hours, minutes, seconds;
	char out[64], more;
	int n;

	if (s[strspn(s, "0123456789.:")] != '\0') /* no sign, no space */
		return cw_convert_wants(c, wanted);
	if (sscanf(s, "%5u.%2u:%2u:%2u%c", &days, &hours, &minutes, &seconds, &more) != 4) {
		days = 0;
		if (sscanf(s, "%2u:%2u:%2u%c", &hours, &minutes, &seconds, &more) != 3)
			return cw_convert_wants(c, wanted);
	}
	if (hours > 23 || minutes > 59 || seconds > 59)
		return cw_convert_wants(c, wanted);
	n = snprintf(out, sizeof(out), "P%uDT%uH%uM%uS", days, hours, minutes, seconds);
	return cw_convert_give(c, ret, cw_ps_text(c->call->arena, CW_PS_TIMESPAN, out, (size_t)n));
}

static int
guid(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	char text[CW_UUID_TEXT];
	uint8_t bytes[16];

	if (!cJSON_IsString(json) ||
	    cw_guid_parse(bytes, json->valuestring, strlen(json->valuestring)) < 0)
		return cw_convert_wants(c, "a GUID");
	cw_uuid_text(text, bytes);
	return cw_convert_give(c, ret, cw_ps_text(c->call->arena, CW_PS_GUID, text, strlen(text)));
}

/* --- names of objects */

int
cw_convert_dn(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	struct cw_err why;
	struct cw_buf out;
	int r;

	if (!cJSON_IsString(json))
		return cw_convert_wants(c, "a distinguished name");
	cw_buf_init(&out, 4 * CW_DN_MAX);
	if ((r = cw_dn_put(&out, json->valuestring, strlen(json->valuestring), &why)) < 0)
		r = cw_fail(c->err, r, "-%s: %s", c->parameter->name, why.text);
	else
		r = cw_convert_give(c, ret, cw_ps_string(c->call->arena, cw_buf_str(&out)));
	cw_buf_free(&out);
	return r;
}

/* The member of that name in any case: only one, and a string. */
static const char *
only_string(const cJSON *object, const char *name)
{
	const cJSON *one, *found = NULL;

	cJSON_ArrayForEach (one, object) {
		if (!cw_strcaseeq(one->string, name))
			continue;
		if (found != NULL || !cJSON_IsString(one))
			return NULL;
		found = one;
	}
	return found == NULL ? NULL : found->valuestring;
}

/* An object of the directory stands for its GUID alone; a SID, as .NET has it, for its text. */
static const char *
of_object(const cJSON *json)
{
	const char *text = only_string(json, "ObjectGUID");
	uint8_t id[CW_SID_MAX];
	size_t n;

	if (text != NULL)
		return cw_guid_parse(id, text, strlen(text)) == CW_OK ? text : NULL;
	text = only_string(json, "Value");
	return text != NULL && cw_sid_parse(id, &n, text, strlen(text)) == CW_OK ? text : NULL;
}

static int
identity(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	const struct cw_catalogue_kind *kind = c->parameter->kind;
	const char *text = cJSON_IsString(json) ? json->valuestring
	    : cJSON_IsObject(json)              ? of_object(json)
						: NULL;
	struct cw_buf out;
	int r;

	if (text == NULL && cJSON_IsObject(json))
		return cw_convert_wants(c, "an object with its ObjectGUID, or what identifies it");
	cw_buf_init(&out, 4 * CW_DN_MAX);
	if ((r = cw_identity_put(&out, kind, text == NULL ? "" : text,
		 text == NULL ? 0 : strlen(text), c->parameter->name, c->err)) == CW_OK)
		r = cw_convert_give(c, ret, cw_ps_string(c->call->arena, cw_buf_str(&out)));
	cw_buf_free(&out);
	return r;
}

/* --- one of several */

/* The number of the choice that is these n bytes, or of the end. */
static size_t
find_choice(const struct cw_catalogue_parameter *p, const char *text, size_t n)
{
	char one[64];
	size_t i = 0;

	(void)snprintf(one, sizeof(one), "%.*s", n < sizeof(one) ? (int)n : 0, text);
	while (p->choices[i] != NULL && !cw_strcaseeq(one, p->choices[i]))
		i++;
	return i;
}

/* The choices of a set of bits, with commas. */
static void
join_choices(char *ret, size_t size, const struct cw_catalogue_parameter *p, uint64_t set)
{
	ret[0] = '\0';
	for (size_t i = 0; p->choices[i] != NULL; i++)
		if (set >> i & 1)
			(void)snprintf(ret + strlen(ret), size - strlen(ret), "%s%s",
			    ret[0] == '\0' ? "" : ", ", p->choices[i]);
}

static int
no_choice(const struct cw_conversion *c)
{
	char all[200];

	join_choices(all, sizeof(all), c->parameter, UINT64_MAX);
	return cw_fail(c->err, CW_EINVAL, "-%s wants one of %s", c->parameter->name, all);
}

static int
choice(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	const char *text = cJSON_IsString(json) ? json->valuestring : "";
	const char *one = c->parameter->choices[find_choice(c->parameter, text, strlen(text))];

	if (one == NULL)
		return no_choice(c);
	return cw_convert_give(c, ret, cw_ps_string(c->call->arena, one));
}

/* Some of them, as .NET writes flags: "AES128, AES256". Also one text of that form. */
static int
flags(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	const cJSON *item = cJSON_IsArray(json) ? json->child : json;
	uint64_t set = 0;
	char all[200];

	for (; item != NULL; item = cJSON_IsArray(json) ? item->next : NULL) {
		const char *at = cJSON_IsString(item) ? item->valuestring : "";

		do {
			size_t n = strcspn(at, ", "), i = find_choice(c->parameter, at, n);

			if (c->parameter->choices[i] == NULL)
				return no_choice(c);
			set |= UINT64_C(1) << i;
			at += n;
			at += strspn(at, ", ");
		} while (*at != '\0');
	}
	if (set == 0)
		return cw_convert_wants(c, "at least one value");
	join_choices(all, sizeof(all), c->parameter, set);
	return cw_convert_give(c, ret, cw_ps_string(c->call->arena, all));
}

/* --- properties to read */

static int
property(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	const char *name = cJSON_IsString(json) ? json->valuestring : "";
	const struct cw_property *p = cw_property_find(c->call->entry->kind, name, strlen(name));
	const struct cw_attribute *a;
	int r;

	if (cw_streq(name, "*")) {
		if ((r = cw_call_effect_read(c->call, c->parameter, NULL, c->err)) < 0)
			return r;
		return cw_convert_give(c, ret, cw_ps_string(c->call->arena, name));
	}
	if (p == NULL) {
		if (name[0] == '\0')
			return cw_convert_wants(c, "names of properties, or \"*\"");
		if ((a = cw_attribute_find(name, strlen(name))) == NULL)
			return cw_fail(c->err, CW_EDENIED,
			    "-%s: the property %.64s is not in the catalogue", c->parameter->name,
			    name);
		if ((r = cw_call_effect_read(c->call, c->parameter, a, c->err)) < 0)
			return r;
		return cw_convert_give(c, ret, cw_ps_string(c->call->arena, cw_attribute_name(a)));
	}
	for (size_t i = 0; (a = cw_property_attribute(p, i)) != NULL; i++)
		if ((r = cw_call_effect_read(c->call, c->parameter, a, c->err)) < 0)
			return r;
	return cw_convert_give(c, ret, cw_ps_string(c->call->arena, p->name));
}

/* --- lists and changes of lists */

int
cw_convert_list(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json,
    cw_convert_one *one)
{
	int count = cJSON_IsArray(json) ? cJSON_GetArraySize(json) : 1;
	const cJSON *item = cJSON_IsArray(json) ? json->child : json;
	const struct cw_ps_value **items;
	int r;

	if (count == 0)
		return cw_convert_wants(c, "at least one value");
	if (count > LIST_MAX)
		return cw_fail(c->err, CW_ELIMIT, "-%s has %d values, the limit is %d",
		    c->parameter->name, count, LIST_MAX);
	if ((items = cw_ps_arena_alloc(
		 c->call->arena, (size_t)count * sizeof(struct cw_ps_value *))) == NULL)
		return cw_convert_give(c, ret, NULL);
	for (int i = 0; i < count; i++, item = item->next)
		if ((r = one(c, &items[i], item)) < 0)
			return r;
	return cw_convert_give(c, ret, cw_ps_list(c->call->arena, items, (size_t)count));
}

/* What a list of values is changed by. */
static int
changes(const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json)
{
	static const char *const words[] = { "Add", "Remove", "Replace" };
	struct cw_ps_pair pairs[CW_COUNT(words)], *copy;
	const cJSON *member;
	size_t n = 0;
	int r;

	if (!cJSON_IsObject(json) || json->child == NULL)
		return cw_convert_wants(
		    c, "{\"Add\": values, \"Remove\": values} or {\"Replace\": values}");
	cJSON_ArrayForEach (member, json) {
		const char *word = NULL;

		for (size_t i = 0; i < CW_COUNT(words); i++)
			if (cw_strcaseeq(words[i], member->string))
				word = words[i];
		for (size_t i = 0; i < n && word != NULL; i++)
			if (cw_streq(cw_ps_str(pairs[i].key), word))
				word = NULL;
		if (word == NULL)
			return cw_convert_wants(c, "Add, Remove and Replace, each once");
		pairs[n].key = cw_ps_string(c->call->arena, word);
		if ((r = cw_convert_list(c, &pairs[n].value, member, cw_convert_text)) < 0)
			return r;
		if (pairs[n++].key == NULL)
			return cw_convert_give(c, ret, NULL);
	}
	if ((copy = cw_ps_arena_alloc(c->call->arena, n * sizeof(*copy))) == NULL)
		return cw_convert_give(c, ret, NULL);
	memcpy(copy, pairs, n * sizeof(*copy));
	return cw_convert_give(c, ret, cw_ps_map(c->call->arena, copy, n));
}

int
cw_catalogue_convert(const struct cw_ps_value **ret, struct cw_catalogue_call *call,
    const struct cw_catalogue_parameter *parameter, const cJSON *json, struct cw_err *err)
{
	const struct cw_conversion c = { call, parameter, err };

	if (cJSON_IsNull(json) && parameter->flags & CW_PARAMETER_NULL) {
		*ret = cw_ps_null();
		return CW_OK;
	}
	switch (parameter->type) {
	case CW_TYPE_STRING: return cw_convert_text(&c, ret, json);
	case CW_TYPE_STRINGS: return cw_convert_list(&c, ret, json, cw_convert_text);
	case CW_TYPE_BOOL:
	case CW_TYPE_SWITCH: return cw_convert_bool(&c, ret, json);
	case CW_TYPE_INT: return number(&c, ret, json);
	case CW_TYPE_DATE: return cw_convert_date(&c, ret, json);
	case CW_TYPE_DURATION: return duration(&c, ret, json);
	case CW_TYPE_GUID: return guid(&c, ret, json);
	case CW_TYPE_DN: return cw_convert_dn(&c, ret, json);
	case CW_TYPE_IDENTITY: return identity(&c, ret, json);
	case CW_TYPE_IDENTITIES: return cw_convert_list(&c, ret, json, identity);
	case CW_TYPE_CHOICE: return choice(&c, ret, json);
	case CW_TYPE_CHOICES: return cw_convert_list(&c, ret, json, choice);
	case CW_TYPE_FLAGS: return flags(&c, ret, json);
	case CW_TYPE_PROPERTIES: return cw_convert_list(&c, ret, json, property);
	case CW_TYPE_ATTRIBUTES: return cw_convert_attributes(&c, ret, json);
	case CW_TYPE_ATTRIBUTE_NAMES:
		return cw_convert_list(&c, ret, json, cw_convert_attribute_names);
	case CW_TYPE_CHANGES: return changes(&c, ret, json);
	case CW_TYPE_SECRET:
	case CW_TYPE_FILTER:
	case CW_TYPE_LDAP_FILTER:
	case CW_TYPE_OBJECT: break; /* the caller's, or nobody's */
	}
	return cw_fail(err, CW_EINVAL, "-%s cannot be converted", parameter->name);
}
