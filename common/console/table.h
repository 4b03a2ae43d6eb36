/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TABLE_H
#define CW_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"

/*
 * Text for people: aligned tables and colours. Whatever comes from a directory
 * goes through cw_console_put(), so that no value can steer the terminal.
 */
enum cw_style {
	CW_STYLE_PLAIN,
	CW_STYLE_BOLD,
	CW_STYLE_DIM,
	CW_STYLE_GREEN,
	CW_STYLE_YELLOW,
	CW_STYLE_RED,
	CW_STYLE_CYAN
};

#define CW_TABLE_COLUMNS_MAX 12

struct cw_table {
	struct cw_buf text; /* the cells, one behind the other, each with its NUL */
	struct cw_buf styles; /* one byte a cell */
	unsigned columns, width[CW_TABLE_COLUMNS_MAX];
	bool colour;
};

/* headers: NULL-terminated. */
int cw_table_init(struct cw_table *t, const char *const *headers, bool colour);
void cw_table_free(struct cw_table *t);
int cw_table_cell(struct cw_table *t, enum cw_style style, const char *text); /* NULL: "-" */
/* Cuts the last column at the terminal's width, when that is not 0. */
int cw_table_print(struct cw_table *t, FILE *out, unsigned terminal_columns);

const char *cw_style_on(enum cw_style style, bool colour);
const char *cw_style_off(enum cw_style style, bool colour);

/* Appends text with control characters shown as '?' and line ends as spaces. */
int cw_console_put(struct cw_buf *b, const char *text);
/* The same, written out at once. */
void cw_console_print(FILE *out, const char *text);
/* Columns that UTF-8 text takes on a terminal. */
unsigned cw_console_width(const char *text, size_t n);

#endif
