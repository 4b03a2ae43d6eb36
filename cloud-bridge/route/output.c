/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NDJSON of a command, line by line. A line of output is copied once and not parsed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "route/output.h"

/* How agents begin a line of output; any other spelling is parsed. */
#define OUTPUT_PREFIX "{\"output\":"
#define PREFIX_LEN (sizeof(OUTPUT_PREFIX) - 1)

void
route_output_init(struct route_output *o, size_t max)
{
	memset(o, 0, sizeof(*o));
	cw_buf_init(&o->kept, max);
	cw_buf_init(&o->line, ROUTE_LINE_MAX);
}

void
route_output_free(struct route_output *o)
{
	cw_buf_free_secret(&o->kept);
	cw_buf_free_secret(&o->line);
	cJSON_Delete(o->errors);
	cJSON_Delete(o->warnings);
	o->errors = o->warnings = NULL;
}

/* Appends to what is kept; when it does not fit the whole line goes, and all after it. */
static void
keep(struct route_output *o, const void *p, size_t n)
{
	if (o->cut)
		return;
	if (cw_buf_put(&o->kept, p, n) < 0) {
		o->kept.len = o->line_at;
		o->cut = true;
	}
}

static void
add(cJSON **list, cJSON *value)
{
	if (value == NULL)
		return;
	if (*list == NULL)
		*list = cJSON_CreateArray();
	if (!cJSON_AddItemToArray(*list, value))
		cJSON_Delete(value);
}

static cJSON *
words(const char *text)
{
	char *cut = cw_strndup(text, cw_utf8_cut(text, strnlen(text, ROUTE_WORDS_MAX)));
	cJSON *value = cut != NULL ? cJSON_CreateString(cut) : NULL;

	if (cut != NULL)
		cw_wipe(cut, strlen(cut));
	free(cut);
	return value;
}

cJSON *
route_output_error(const cJSON *error)
{
	static const char *const names[] = { "message", "error_id", "category", "type" };
	cJSON *out = cJSON_IsObject(error) ? cJSON_CreateObject() : NULL, *text;

	for (size_t i = 0; out != NULL && i < CW_COUNT(names); i++) {
		const char *s = cw_json_str(error, names[i]);

		if (s != NULL && (text = words(s)) != NULL)
			(void)cJSON_AddItemToObject(out, names[i], text);
	}
	return out;
}

/* A line that is not output in the usual spelling. */
static void
other_line(struct route_output *o)
{
	const char *text = (const char *)cw_buf_peek(&o->line), *warning;
	size_t n = cw_buf_left(&o->line);
	const cJSON *error;
	cJSON *line = NULL;

	if (n == 0 || cw_json_parse(&line, text, n, "line", NULL) < 0)
		return;
	if (cw_json_get(line, "output") != NULL) {
		o->outputs++;
		o->line_at = o->kept.len;
		keep(o, text, n);
		keep(o, "\n", 1);
	} else if ((error = cw_json_get(line, "error")) != NULL) {
		if (o->error_n++ < ROUTE_ERRORS_MAX)
			add(&o->errors, route_output_error(error));
	} else if ((warning = cw_json_str(line, "warning")) != NULL) {
		if (o->warning_n++ < ROUTE_ERRORS_MAX)
			add(&o->warnings, words(warning));
	}
	cJSON_Delete(line);
}

static void
end_line(struct route_output *o)
{
	if (o->is == ROUTE_LINE_OUTPUT)
		keep(o, "\n", 1);
	else if (o->is != ROUTE_LINE_LONG)
		other_line(o);
	o->is = ROUTE_LINE_START;
	cw_buf_clear(&o->line);
}

/* Part of a line, without its end. */
static void
feed_line(struct route_output *o, const char *p, size_t n)
{
	if (o->is == ROUTE_LINE_OUTPUT) {
		keep(o, p, n);
		return;
	}
	if (o->is == ROUTE_LINE_LONG)
		return;
	if (o->is == ROUTE_LINE_START) {
		size_t have = cw_buf_left(&o->line), some = PREFIX_LEN - have;

		if (some > n)
			some = n;
		if (cw_buf_put(&o->line, p, some) < 0) {
			o->is = ROUTE_LINE_LONG;
			return;
		}
		p += some;
		n -= some;
		if (have + some < PREFIX_LEN)
			return; /* it may still become output */
		if (memcmp(cw_buf_peek(&o->line), OUTPUT_PREFIX, PREFIX_LEN) == 0) {
			o->is = ROUTE_LINE_OUTPUT;
			o->outputs++;
			o->line_at = o->kept.len;
			keep(o, OUTPUT_PREFIX, PREFIX_LEN);
			keep(o, p, n);
			return;
		}
		o->is = ROUTE_LINE_OTHER;
	}
	if (cw_buf_put(&o->line, p, n) < 0)
		o->is = ROUTE_LINE_LONG;
}

void
route_output_feed(struct route_output *o, const char *ndjson, size_t n)
{
	const char *end;

	while (n > 0 && (end = memchr(ndjson, '\n', n)) != NULL) {
		feed_line(o, ndjson, (size_t)(end - ndjson));
		end_line(o);
		n -= (size_t)(end - ndjson) + 1;
		ndjson = end + 1;
	}
	if (n > 0)
		feed_line(o, ndjson, n);
}

void
route_output_end(struct route_output *o)
{
	if (o->is != ROUTE_LINE_START || cw_buf_left(&o->line) > 0)
		end_line(o);
}

cJSON *
route_output_values(const struct route_output *o)
{
	const char *p = (const char *)cw_buf_peek(&o->kept), *end;
	size_t n = cw_buf_left(&o->kept);
	cJSON *list = cJSON_CreateArray(), *line;

	for (; list != NULL && n > 0 && (end = memchr(p, '\n', n)) != NULL; p = end + 1) {
		size_t len = (size_t)(end - p);

		n -= len + 1;
		if (cw_json_parse(&line, p, len, "line", NULL) < 0)
			continue;
		(void)cJSON_AddItemToArray(
		    list, cJSON_DetachItemFromObjectCaseSensitive(line, "output"));
		cJSON_Delete(line);
	}
	return list;
}
