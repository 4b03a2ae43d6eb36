/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values as a person reads them.
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "console/table.h"
#include "console/value.h"

#define TABLE_COLUMNS_MOST 5 /* objects with more properties are shown as lists */

static bool
is_flat(const cJSON *object)
{
	const cJSON *member;

	cJSON_ArrayForEach (member, object)
		if (cJSON_IsObject(member) || cJSON_IsArray(member))
			return false;
	return true;
}

static bool
same_names(const cJSON *a, const cJSON *b)
{
	const cJSON *x = a->child, *y = b->child;

	for (; x != NULL && y != NULL; x = x->next, y = y->next)
		if (strcmp(x->string, y->string) != 0)
			return false;
	return x == NULL && y == NULL;
}

/* Several flat objects with the same few properties. */
static bool
fits_table(const cJSON *list)
{
	const cJSON *first = list->child, *item;
	int n = cJSON_GetArraySize(first);

	if (first == NULL || !cJSON_IsObject(first) || n == 0 || n > TABLE_COLUMNS_MOST)
		return false;
	cJSON_ArrayForEach (item, list)
		if (!cJSON_IsObject(item) || !is_flat(item) || !same_names(first, item))
			return false;
	return true;
}

/* One line of text for a value: scalars bare, everything else as compact JSON. */
static char *
inline_text(const cJSON *value)
{
	if (cJSON_IsString(value))
		return cw_strdup(value->valuestring);
	if (cJSON_IsNull(value))
		return cw_strdup("");
	return cJSON_PrintUnformatted(value);
}

static int
width_of(const char *name)
{
	return (int)cw_console_width(name, strlen(name));
}

static int
print_line(const struct cw_console *c, const char *name, int width, const cJSON *value)
{
	char *text = inline_text(value);

	if (text == NULL)
		return CW_ENOMEM;
	fputs(cw_style_on(CW_STYLE_CYAN, c->colour), c->out);
	cw_console_print(c->out, name);
	fprintf(
	    c->out, "%*s%s : ", width - width_of(name), "", cw_style_off(CW_STYLE_CYAN, c->colour));
	cw_console_print(c->out, text);
	fputc('\n', c->out);
	cJSON_free(text);
	return CW_OK;
}

static int
print_object(const struct cw_console *c, const cJSON *object)
{
	const cJSON *member;
	int width = 0, r = CW_OK;

	cJSON_ArrayForEach (member, object) {
		int n = width_of(member->string);

		width = n > width ? n : width;
	}
	cJSON_ArrayForEach (member, object) {
		const cJSON *item;

		if (!cJSON_IsArray(member) || cJSON_GetArraySize(member) < 2) {
			r = print_line(c, member->string, width,
			    cJSON_GetArraySize(member) == 1 && cJSON_IsArray(member) ? member->child
										     : member);
		} else {
			cJSON_ArrayForEach (item, member)
				if ((r = print_line(c, item == member->child ? member->string : "",
					 width, item)) < 0)
					return r;
		}
		if (r < 0)
			return r;
	}
	return CW_OK;
}

static int
print_table(const struct cw_console *c, const cJSON *list)
{
	const char *headers[TABLE_COLUMNS_MOST + 1] = { NULL };
	const cJSON *item, *member;
	struct cw_table table;
	int n = 0, r;

	cJSON_ArrayForEach (member, list->child)
		headers[n++] = member->string;
	r = cw_table_init(&table, headers, c->colour);
	cJSON_ArrayForEach (item, list) {
		cJSON_ArrayForEach (member, item) {
			char *text = inline_text(member);

			if (r == CW_OK)
				r = text != NULL ? cw_table_cell(&table, CW_STYLE_PLAIN, text)
						 : CW_ENOMEM;
			cJSON_free(text);
		}
	}
	if (r == CW_OK)
		r = cw_table_print(&table, c->out, c->columns);
	cw_table_free(&table);
	return r;
}

static int
print_scalar(const struct cw_console *c, const cJSON *value)
{
	char *text = inline_text(value);

	if (text == NULL)
		return CW_ENOMEM;
	cw_console_print(c->out, text);
	fputc('\n', c->out);
	cJSON_free(text);
	return CW_OK;
}

int
cw_value_print(const struct cw_console *c, const cJSON *value)
{
	const cJSON *item;
	int r = CW_OK;

	if (cJSON_IsArray(value) && fits_table(value))
		return print_table(c, value);
	if (cJSON_IsArray(value)) {
		cJSON_ArrayForEach (item, value) {
			if (item != value->child && cJSON_IsObject(item))
				fputc('\n', c->out);
			if ((r = cw_value_print(c, item)) < 0)
				return r;
		}
		return CW_OK;
	}
	return cJSON_IsObject(value) ? print_object(c, value) : print_scalar(c, value);
}
