/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CLI_TABLE_H
#define CW_CLI_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"

/*
 * Text for people: aligned tables and colours. Whatever comes from a directory
 * goes through cli_put_text(), so that no value can steer the terminal.
 */
enum cli_style { CLI_PLAIN, CLI_BOLD, CLI_DIM, CLI_GREEN, CLI_YELLOW, CLI_RED, CLI_CYAN };

#define CLI_COLUMNS_MAX 12

struct cli_table {
	struct cw_buf text; /* the cells, one behind the other, each with its NUL */
	struct cw_buf styles; /* one byte a cell */
	unsigned columns, width[CLI_COLUMNS_MAX];
	bool colour;
};

/* headers: NULL-terminated. */
int cli_table_init(struct cli_table *t, const char *const *headers, bool colour);
void cli_table_free(struct cli_table *t);
int cli_table_cell(struct cli_table *t, enum cli_style style, const char *text); /* NULL: "-" */
/* Cuts the last column at the terminal's width, when that is not 0. */
int cli_table_print(struct cli_table *t, FILE *out, unsigned terminal_columns);

/* The style of an operation's, step's or agent's state. */
enum cli_style cli_state_style(const char *state);
const char *cli_style_on(enum cli_style style, bool colour);
const char *cli_style_off(enum cli_style style, bool colour);

/* Appends text with control characters shown as '?' and line ends as spaces. */
int cli_put_text(struct cw_buf *b, const char *text);
/* Columns that UTF-8 text takes on a terminal. */
unsigned cli_text_width(const char *text, size_t n);

#endif
