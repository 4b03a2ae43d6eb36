/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How things are shown.
 */
#include "base/json.h"
#include "base/str.h"
#include "cli.h"

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

void
cli_put(FILE *out, const char *text)
{
	cw_console_print(out, text);
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

int
cli_print_value(const struct cli *c, const cJSON *value)
{
	const struct cw_console console = { stdout, c->colour, c->columns };

	return cw_value_print(&console, value);
}
