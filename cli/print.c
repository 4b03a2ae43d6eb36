/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values as a person reads them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli.h"

#define TEXT_MAX (64u << 20) /* bytes of one text */
#define TABLE_COLUMNS_MOST 5 /* objects with more properties are shown as lists */

enum cw_style
cli_state_style(const char *state)
{
	static const struct {
		const char *state;
		enum cw_style style;
	} rows[] = {
		{ "succeeded", CW_STYLE_GREEN },
		{ "done", CW_STYLE_GREEN },
		{ "connected", CW_STYLE_GREEN },
		{ "failed", CW_STYLE_RED },
		{ "revoked", CW_STYLE_RED },
		{ "unknown", CW_STYLE_YELLOW },
		{ "running", CW_STYLE_CYAN },
		{ "waiting", CW_STYLE_CYAN },
		{ "compensated", CW_STYLE_YELLOW },
		{ "cancelled", CW_STYLE_YELLOW },
		{ "skipped", CW_STYLE_DIM },
		{ "pending", CW_STYLE_DIM },
		{ "queued", CW_STYLE_DIM },
		{ "offline", CW_STYLE_DIM },
	};

	for (size_t i = 0; i < CW_COUNT(rows); i++)
		if (cw_streq(state, rows[i].state))
			return rows[i].style;
	return CW_STYLE_PLAIN;
}

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

void
cli_put(FILE *out, const char *text)
{
	struct cw_buf b;

	cw_buf_init(&b, TEXT_MAX);
	if (cw_console_put(&b, text) == CW_OK)
		fwrite(cw_buf_peek(&b), 1, cw_buf_left(&b), out);
	cw_buf_free(&b);
}

static int
width_of(const char *name)
{
	return (int)cw_console_width(name, strlen(name));
}

static int
print_line(const struct cli *c, const char *name, int width, const cJSON *value)
{
	char *text = inline_text(value);

	if (text == NULL)
		return CW_ENOMEM;
	fputs(cw_style_on(CW_STYLE_CYAN, c->colour), stdout);
	cli_put(stdout, name);
	printf("%*s%s : ", width - width_of(name), "", cw_style_off(CW_STYLE_CYAN, c->colour));
	cli_put(stdout, text);
	putchar('\n');
	cJSON_free(text);
	return CW_OK;
}

static int
print_object(const struct cli *c, const cJSON *object)
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
print_table(const struct cli *c, const cJSON *list)
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
		r = cw_table_print(&table, stdout, c->columns);
	cw_table_free(&table);
	return r;
}

static int
list_row(struct cw_table *table, const struct cli_column *columns, const cJSON *row)
{
	int r = CW_OK;

	for (; columns->header != NULL && r == CW_OK; columns++) {
		const char *text =
		    columns->text != NULL ? columns->text(row) : cw_json_str(row, columns->member);
		bool last = columns[1].header == NULL;

		r = cw_table_cell(table,
		    columns->is_state ? cli_state_style(text)
			: last        ? CW_STYLE_DIM
				      : CW_STYLE_PLAIN,
		    text);
	}
	return r;
}

static int
print_rows(const struct cli *c, const cJSON *rows, const struct cli_column *columns)
{
	const char *headers[CW_TABLE_COLUMNS_MAX + 1] = { NULL };
	struct cw_table table;
	const cJSON *row;
	int r;

	for (unsigned i = 0; i < CW_TABLE_COLUMNS_MAX && columns[i].header != NULL; i++)
		headers[i] = columns[i].header;
	r = cw_table_init(&table, headers, c->colour);
	cJSON_ArrayForEach (row, rows)
		if (r == CW_OK)
			r = list_row(&table, columns, row);
	if (r == CW_OK)
		r = cw_table_print(&table, stdout, c->columns);
	cw_table_free(&table);
	return r;
}

int
cli_list(struct cli *c, struct cw_err *err, const char *path, const char *rows,
    const struct cli_column *columns)
{
	cJSON *answer = NULL;
	int r;

	if ((r = cli_get(c, &answer, err, "%s", path)) == CW_OK)
		r = c->json ? cli_print_json(answer)
			    : print_rows(c, cw_json_get(answer, rows), columns);
	cJSON_Delete(answer);
	return r;
}

static int
print_scalar(const cJSON *value)
{
	char *text = inline_text(value);

	if (text == NULL)
		return CW_ENOMEM;
	cli_put(stdout, text);
	putchar('\n');
	cJSON_free(text);
	return CW_OK;
}

int
cli_print_value(const struct cli *c, const cJSON *value)
{
	const cJSON *item;
	int r = CW_OK;

	if (cJSON_IsArray(value) && fits_table(value))
		return print_table(c, value);
	if (cJSON_IsArray(value)) {
		cJSON_ArrayForEach (item, value) {
			if (item != value->child && cJSON_IsObject(item))
				putchar('\n');
			if ((r = cli_print_value(c, item)) < 0)
				return r;
		}
		return CW_OK;
	}
	if (cJSON_IsObject(value))
		return print_object(c, value);
	return print_scalar(value);
}
