/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attribute values between PowerShell, JSON and the texts of a plan.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/canonical.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "catalogue/dn.h"
#include "catalogue/identity.h"
#include "catalogue/number.h"
#include "plan/text.h"
#include "powershell/json.h"

#define VALUE_MAX (1024u * 1024u) /* bytes of one value as JSON */
#define FILETIME_EPOCH_MS INT64_C(-11644473600000) /* 1601-01-01 */
#define FILETIME_PER_MS INT64_C(10000)

/* --- from PowerShell */

/* JSON of one value, as JSON.md says, as a text. */
static char *
text_of_json(const cJSON *json)
{
	const cJSON *value = cw_json_get(json, "value");
	char digits[CW_CANONICAL_NUMBER];
	struct cw_buf all;
	char *text = NULL;

	if (cJSON_IsObject(json) && cJSON_IsNumber(value)) /* an enumeration */
		json = value;
	if (cJSON_IsString(json))
		return cw_strdup(json->valuestring);
	if (cJSON_IsBool(json))
		return cw_strdup(cJSON_IsTrue(json) ? "TRUE" : "FALSE");
	if (cJSON_IsNumber(json)) {
		cw_canonical_number(digits, json->valuedouble);
		return cw_strdup(digits);
	}
	cw_buf_init(&all, VALUE_MAX);
	if (cw_json_put_canonical(&all, json) == 0)
		text = cw_strdup(cw_buf_str(&all));
	cw_buf_free(&all);
	return text;
}

static cJSON *
json_of(const struct cw_ps_value *value)
{
	struct cw_buf text;
	cJSON *json = NULL;

	cw_buf_init(&text, VALUE_MAX);
	if (cw_ps_json_put(&text, value, NULL) == 0 &&
	    cw_json_parse(
		&json, (const char *)cw_buf_peek(&text), cw_buf_left(&text), "value", NULL) < 0)
		json = NULL;
	cw_buf_free(&text);
	return json;
}

static bool
add_text(cJSON *list, const cJSON *json)
{
	char *text = text_of_json(json);
	cJSON *item = text == NULL ? NULL : cJSON_CreateString(text);

	free(text);
	if (item == NULL || !cJSON_AddItemToArray(list, item)) {
		cJSON_Delete(item);
		return false;
	}
	return true;
}

cJSON *
cw_plan_values(const struct cw_ps_value *value)
{
	cJSON *list = cJSON_CreateArray(),
	      *json = value == NULL ? cJSON_CreateNull() : json_of(value);
	const cJSON *one;
	bool ok = list != NULL && json != NULL;

	if (ok && cJSON_IsArray(json))
		cJSON_ArrayForEach (one, json)
			ok = ok && add_text(list, one);
	else if (ok && !cJSON_IsNull(json))
		ok = add_text(list, json);
	cJSON_Delete(json);
	if (!ok) {
		cJSON_Delete(list);
		return NULL;
	}
	return list;
}

/* --- from JSON of a parameter */

static char *
digits_of(int64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, v);
	return cw_strdup(text);
}

/* A date, or only a day, as the catalogue takes them. */
static bool
parse_date(int64_t *ret_ms, const char *text)
{
	char day[40];

	(void)snprintf(day, sizeof(day), "%.16sT00:00:00Z", text);
	return cw_time_parse(ret_ms, text, strlen(text)) == 0 ||
	    cw_time_parse(ret_ms, day, strlen(day)) == 0;
}

static char *
dn_of(const char *text)
{
	struct cw_buf dn;
	char *ret = NULL;

	cw_buf_init(&dn, 4 * CW_DN_MAX);
	if (cw_dn_put(&dn, text, strlen(text), NULL) == 0)
		ret = cw_strdup(cw_buf_str(&dn));
	cw_buf_free(&dn);
	return ret;
}

char *
cw_plan_text(enum cw_attribute_syntax syntax, const cJSON *json)
{
	const char *text = cJSON_GetStringValue(json);
	char date[CW_TIME_TEXT];
	int64_t n, ms;

	switch (syntax) {
	case CW_SYNTAX_LARGE:
		if (text != NULL && parse_date(&ms, text))
			return digits_of((ms - FILETIME_EPOCH_MS) * FILETIME_PER_MS);
		return cw_whole_from_json(&n, json) == 0 ? digits_of(n) : NULL;
	case CW_SYNTAX_NUMBER: return cw_whole_from_json(&n, json) == 0 ? digits_of(n) : NULL;
	case CW_SYNTAX_BOOL: return cJSON_IsBool(json) ? text_of_json(json) : NULL;
	case CW_SYNTAX_TIME:
		if (text == NULL || !parse_date(&ms, text))
			return NULL;
		cw_time_text(date, ms);
		return cw_strdup(date);
	case CW_SYNTAX_DN: return text == NULL ? NULL : dn_of(text);
	case CW_SYNTAX_TEXT:
	case CW_SYNTAX_OID:
	case CW_SYNTAX_DNBINARY:
	case CW_SYNTAX_DNSTRING:
		if (cw_whole_from_json(&n, json) == 0 && cJSON_IsNumber(json))
			return digits_of(n);
		return cw_strdup(text);
	case CW_SYNTAX_BYTES:
	case CW_SYNTAX_SID: return cw_strdup(text);
	case CW_SYNTAX_ACL: break;
	}
	return NULL;
}

/* --- to PowerShell */

static const struct cw_ps_value *
bytes_value(struct cw_ps_arena *arena, const char *base64)
{
	struct cw_ps_value *v = cw_ps_arena_alloc(arena, sizeof(*v));
	struct cw_buf bytes;
	const struct cw_ps_value *ret = NULL;

	cw_buf_init(&bytes, VALUE_MAX);
	if (v != NULL && cw_base64_get(&bytes, base64, strlen(base64)) == 0) {
		v->kind = CW_PS_BYTES;
		v->bytes.len = cw_buf_left(&bytes);
		v->bytes.data = (uint8_t *)cw_ps_arena_strndup(
		    arena, (const char *)cw_buf_peek(&bytes), v->bytes.len);
		ret = v->bytes.data == NULL ? NULL : v;
	}
	cw_buf_free(&bytes);
	return ret;
}

/* As the directory writes names: a # is escaped wherever it stands. */
char *
cw_plan_shown_name(struct cw_ps_arena *arena, const char *dn)
{
	size_t n = strlen(dn), at = 0;
	char *shown = cw_ps_arena_alloc(arena, 2 * n + 1);

	for (size_t i = 0; shown != NULL && i < n; i++) {
		if (dn[i] == '#')
			shown[at++] = '\\';
		shown[at++] = dn[i];
		if (dn[i] == '\\' && i + 1 < n)
			shown[at++] = dn[++i];
	}
	return shown;
}

const struct cw_ps_value *
cw_plan_date(struct cw_ps_arena *arena, const char *digits)
{
	int64_t ticks;

	if (cw_whole_parse(&ticks, digits, strlen(digits)) < 0)
		return NULL;
	if (ticks <= 0 || ticks == INT64_MAX)
		return cw_ps_null();
	return cw_ps_date_from_unix_ms(arena, FILETIME_EPOCH_MS + ticks / FILETIME_PER_MS);
}

const struct cw_ps_value *
cw_plan_value(struct cw_ps_arena *arena, enum cw_attribute_syntax syntax, const char *text)
{
	const char *shown;
	int64_t n;

	switch (syntax) {
	case CW_SYNTAX_NUMBER:
		return cw_whole_parse(&n, text, strlen(text)) < 0 ? NULL
								  : cw_ps_int(arena, CW_PS_I32, n);
	case CW_SYNTAX_LARGE:
		return cw_whole_parse(&n, text, strlen(text)) < 0 ? NULL
								  : cw_ps_int(arena, CW_PS_I64, n);
	case CW_SYNTAX_BOOL: return cw_ps_bool(arena, cw_strcaseeq(text, "TRUE"));
	case CW_SYNTAX_TIME:
		return cw_time_parse(&n, text, strlen(text)) < 0
		    ? NULL
		    : cw_ps_date_from_unix_ms(arena, n);
	case CW_SYNTAX_BYTES: return bytes_value(arena, text);
	case CW_SYNTAX_TEXT:
	case CW_SYNTAX_OID:
	case CW_SYNTAX_DNBINARY:
	case CW_SYNTAX_DNSTRING:
	case CW_SYNTAX_SID: return cw_ps_string(arena, text);
	case CW_SYNTAX_DN:
		return (shown = cw_plan_shown_name(arena, text)) == NULL
		    ? NULL
		    : cw_ps_string(arena, shown);
	case CW_SYNTAX_ACL: break;
	}
	return NULL;
}

/* --- comparing */

/* Case counts where the syntax says so. */
static bool
same(enum cw_attribute_syntax syntax, const char *a, const char *b)
{
	return syntax == CW_SYNTAX_BYTES || syntax == CW_SYNTAX_ACL ? strcmp(a, b) == 0
								    : cw_strcaseeq(a, b);
}

int
cw_plan_find(enum cw_attribute_syntax syntax, const cJSON *list, const char *text)
{
	const cJSON *one;
	int at = 0;

	cJSON_ArrayForEach (one, list) {
		if (same(syntax, one->valuestring, text))
			return at;
		at++;
	}
	return -1;
}
