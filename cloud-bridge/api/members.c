/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies and queries by their tables: strictly, and by name.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"
#include "base/json.h"
#include "base/str.h"

#define CHOICES_MAX 200 /* bytes of a list of choices in an error */

static int
fail_choices(const char *what, const char *name, const char *const *choices, struct cw_err *err)
{
	char text[CHOICES_MAX] = "";
	size_t used = 0;

	for (; *choices != NULL; choices++) {
		size_t n = strlen(*choices);

		if (used + n + 3 > sizeof(text))
			break;
		if (used > 0) {
			memcpy(text + used, ", ", 2);
			used += 2;
		}
		memcpy(text + used, *choices, n + 1);
		used += n;
	}
	return cw_fail(err, CW_EINVAL, "%s: \"%s\" must be one of %s", what, name, text);
}

static int
check_text(const char *text, const struct api_member *m, const char *what, struct cw_err *err)
{
	size_t n = strlen(text);
	uint8_t uuid[16];

	if (m->kind == API_ID)
		return cw_uuid_parse(uuid, text, n) == CW_OK
		    ? CW_OK
		    : cw_fail(err, CW_EINVAL, "%s: \"%s\" must be a UUID", what, m->name);
	if (m->choices != NULL) {
		for (const char *const *c = m->choices; *c != NULL; c++)
			if (strcmp(*c, text) == 0)
				return CW_OK;
		return fail_choices(what, m->name, m->choices, err);
	}
	if (n == 0)
		return cw_fail(err, CW_EINVAL, "%s: \"%s\" must not be empty", what, m->name);
	if (m->kind != API_TEXTS && n > (size_t)m->max)
		return cw_fail(err, CW_EINVAL, "%s: \"%s\" has %zu bytes, limit %ld", what, m->name,
		    n, m->max);
	if (m->kind != API_LINES && !cw_utf8_is_line(text, n))
		return cw_fail(
		    err, CW_EINVAL, "%s: \"%s\" holds a control character", what, m->name);
	return CW_OK;
}

static int
check_texts(const cJSON *list, const struct api_member *m, const char *what, struct cw_err *err)
{
	int n = cJSON_GetArraySize(list), r;
	const cJSON *item;

	if (!cJSON_IsArray(list) || n < 1 || n > m->max)
		return cw_fail(err, CW_EINVAL, "%s: \"%s\" must be a list of 1 to %ld strings",
		    what, m->name, m->max);
	cJSON_ArrayForEach (item, list) {
		if (!cJSON_IsString(item))
			return cw_fail(err, CW_EINVAL,
			    "%s: \"%s\" holds something that is no string", what, m->name);
		if ((r = check_text(item->valuestring, m, what, err)) < 0)
			return r;
		for (const cJSON *other = list->child; other != item; other = other->next)
			if (strcmp(other->valuestring, item->valuestring) == 0)
				return cw_fail(err, CW_EINVAL, "%s: \"%s\" names \"%.64s\" twice",
				    what, m->name, item->valuestring);
	}
	return CW_OK;
}

static int
check_member(const cJSON *object, const struct api_member *m, const char *what, struct cw_err *err)
{
	const cJSON *value = cw_json_get(object, m->name);
	int64_t number;

	if (value == NULL)
		return m->required ? cw_fail(err, CW_EINVAL, "%s: \"%s\" is missing", what, m->name)
				   : CW_OK;
	switch (m->kind) {
	case API_NUMBER:
		if (!cw_json_int(object, m->name, &number) || number < m->min || number > m->max)
			return cw_fail(err, CW_EINVAL,
			    "%s: \"%s\" must be a whole number from %ld to %ld", what, m->name,
			    m->min, m->max);
		return CW_OK;
	case API_OBJECT:
		if (!cJSON_IsObject(value))
			return cw_fail(
			    err, CW_EINVAL, "%s: \"%s\" must be an object", what, m->name);
		return m->members != NULL ? api_check_object(value, m->members, m->name, err)
					  : CW_OK;
	case API_TEXTS: return check_texts(value, m, what, err);
	default:
		if (!cJSON_IsString(value))
			return cw_fail(
			    err, CW_EINVAL, "%s: \"%s\" must be a string", what, m->name);
		return check_text(value->valuestring, m, what, err);
	}
}

static const struct api_member *
find_member(const struct api_member *members, const char *name, size_t n)
{
	for (; members != NULL && members->name != NULL; members++)
		if (strlen(members->name) == n && memcmp(members->name, name, n) == 0)
			return members;
	return NULL;
}

int
api_check_object(
    const cJSON *object, const struct api_member *members, const char *what, struct cw_err *err)
{
	const cJSON *m;
	int r;

	if (!cJSON_IsObject(object))
		return cw_fail(err, CW_EINVAL, "%s must be a JSON object", what);
	cJSON_ArrayForEach (m, object)
		if (find_member(members, m->string, strlen(m->string)) == NULL)
			return cw_fail(
			    err, CW_EINVAL, "%s has no member \"%.64s\"", what, m->string);
	for (; members->name != NULL; members++)
		if ((r = check_member(object, members, what, err)) < 0)
			return r;
	return CW_OK;
}

static int
check_query_value(const char *value, const struct api_member *m, struct cw_err *err)
{
	char *end;
	long number;

	if (m->kind != API_NUMBER)
		return check_text(value, m, "the query", err);
	number = strtol(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end != '\0' || strlen(value) > 9 ||
	    number < m->min || number > m->max)
		return cw_fail(err, CW_EINVAL,
		    "the query: \"%s\" must be a whole number from %ld to %ld", m->name, m->min,
		    m->max);
	return CW_OK;
}

int
api_check_query(
    const struct cw_web_call *call, const struct api_member *members, struct cw_err *err)
{
	const char *name, *other;
	size_t n, other_n;
	int r;

	for (size_t i = 0; (name = cw_web_query_name(call, i, &n)) != NULL; i++) {
		const struct api_member *m = find_member(members, name, n);

		if (m == NULL)
			return cw_fail(err, CW_EINVAL,
			    "this path takes no query parameter \"%.*s\"", n < 64 ? (int)n : 64,
			    name);
		for (size_t j = 0; j < i; j++)
			if ((other = cw_web_query_name(call, j, &other_n)) != NULL &&
			    other_n == n && memcmp(other, name, n) == 0)
				return cw_fail(
				    err, CW_EINVAL, "the query names \"%s\" twice", m->name);
		if (!cw_utf8_valid(
			cw_web_query(call, m->name), strlen(cw_web_query(call, m->name))))
			return cw_fail(err, CW_EINVAL, "the query: \"%s\" is not UTF-8", m->name);
		if ((r = check_query_value(cw_web_query(call, m->name), m, err)) < 0)
			return r;
	}
	return CW_OK;
}

long
api_query_number(const struct cw_web_call *call, const char *name, long otherwise)
{
	const char *value = cw_web_query(call, name);

	return value != NULL ? strtol(value, NULL, 10) : otherwise;
}

int
api_read_body(
    cJSON **ret, const struct api_member *members, const char *text, size_t n, struct cw_err *err)
{
	cJSON *body;
	int r;

	if (members == NULL) {
		*ret = NULL;
		return n == 0 ? CW_OK : cw_fail(err, CW_EINVAL, "this request takes no body");
	}
	if (n == 0)
		return cw_fail(err, CW_EINVAL, "the body is missing: it must be a JSON object");
	if ((r = cw_json_parse(&body, text, n, "the body", err)) < 0)
		return r;
	if ((r = api_check_object(body, members, "the body", err)) < 0) {
		api_body_free(body);
		return r;
	}
	*ret = body;
	return CW_OK;
}

/* Depth is bounded by cw_json_parse(). */
static void
wipe(cJSON *value)
{
	if (cJSON_IsString(value) && value->valuestring != NULL)
		cw_wipe(value->valuestring, strlen(value->valuestring));
	for (cJSON *child = value->child; child != NULL; child = child->next)
		wipe(child);
}

void
api_body_free(cJSON *body)
{
	if (body != NULL)
		wipe(body);
	cJSON_Delete(body);
}
