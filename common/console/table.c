/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables and colours.
 */
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "console/table.h"

#define TABLE_MAX (256u << 20) /* bytes of cells */
#define TEXT_MAX (64u << 20) /* bytes of one text */
#define GAP 2

static const char *const styles_on[] = { "", "\033[1m", "\033[2m", "\033[32m", "\033[33m",
	"\033[31m", "\033[36m" };

const char *
cw_style_on(enum cw_style style, bool colour)
{
	return colour ? styles_on[style] : "";
}

const char *
cw_style_off(enum cw_style style, bool colour)
{
	return colour && style != CW_STYLE_PLAIN ? "\033[0m" : "";
}

/* Combining marks and joiners take no column; East Asian wide characters and emoji take two. */
static unsigned
char_width(uint32_t cp)
{
	static const struct {
		uint32_t first, last;
		unsigned width;
	} ranges[] = {
		{ 0x300, 0x36f, 0 },
		{ 0x200b, 0x200f, 0 },
		{ 0xfe00, 0xfe0f, 0 },
		{ 0x1100, 0x115f, 2 },
		{ 0x2e80, 0xa4cf, 2 },
		{ 0xac00, 0xd7a3, 2 },
		{ 0xf900, 0xfaff, 2 },
		{ 0xfe30, 0xfe6f, 2 },
		{ 0xff00, 0xff60, 2 },
		{ 0x1f300, 0x1faff, 2 },
		{ 0x20000, 0x3fffd, 2 },
	};

	for (size_t i = 0; i < CW_COUNT(ranges); i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return ranges[i].width;
	return 1;
}

unsigned
cw_console_width(const char *text, size_t n)
{
	unsigned width = 0;
	uint32_t cp;
	size_t len;

	for (; n > 0; text += len, n -= len) {
		if ((len = cw_utf8_get(&cp, text, n)) == 0)
			break;
		width += char_width(cp);
	}
	return width;
}

int
cw_console_put(struct cw_buf *b, const char *text)
{
	size_t n = strlen(text), len;
	uint32_t cp;
	int r = CW_OK;

	if (!cw_utf8_valid(text, n))
		return cw_buf_puts(b, "?");
	for (; n > 0 && r == CW_OK; text += len, n -= len) {
		len = cw_utf8_get(&cp, text, n);
		if (cp == '\n' || cp == '\t' || cp == '\r')
			r = cw_buf_putc(b, ' ');
		else
			r = cw_is_unprintable(cp) ? cw_buf_putc(b, '?') : cw_buf_put(b, text, len);
	}
	return r;
}

void
cw_console_print(FILE *out, const char *text)
{
	struct cw_buf b;

	cw_buf_init(&b, TEXT_MAX);
	if (cw_console_put(&b, text) == CW_OK)
		fwrite(cw_buf_peek(&b), 1, cw_buf_left(&b), out);
	cw_buf_free(&b);
}

int
cw_table_init(struct cw_table *t, const char *const *headers, bool colour)
{
	int r = CW_OK;

	*t = (struct cw_table){ .colour = colour };
	cw_buf_init(&t->text, TABLE_MAX);
	cw_buf_init(&t->styles, TABLE_MAX / 8);
	while (headers[t->columns] != NULL && t->columns < CW_TABLE_COLUMNS_MAX)
		t->columns++;
	for (unsigned i = 0; i < t->columns && r == CW_OK; i++)
		r = cw_table_cell(t, CW_STYLE_BOLD, headers[i]);
	return r;
}

void
cw_table_free(struct cw_table *t)
{
	cw_buf_free(&t->text);
	cw_buf_free(&t->styles);
}

int
cw_table_cell(struct cw_table *t, enum cw_style style, const char *text)
{
	unsigned column = (unsigned)(cw_buf_left(&t->styles) % t->columns), width;
	size_t before = t->text.len;
	int r;

	if ((r = cw_console_put(&t->text, text != NULL && *text != '\0' ? text : "-")) < 0)
		return r;
	width = cw_console_width((const char *)t->text.data + before, t->text.len - before);
	if (width > t->width[column])
		t->width[column] = width;
	if ((r = cw_buf_putc(&t->text, '\0')) < 0)
		return r;
	return cw_buf_putc(&t->styles, (char)style);
}

/* The longest part of text that fits in `columns`. */
static size_t
fit(const char *text, size_t n, unsigned columns)
{
	size_t at = 0, len;
	uint32_t cp = 0;
	unsigned width = 0;

	for (; at < n; at += len) {
		if ((len = cw_utf8_get(&cp, text + at, n - at)) == 0)
			break;
		if ((width += char_width(cp)) > columns)
			break;
	}
	return at;
}

int
cw_table_print(struct cw_table *t, FILE *out, unsigned terminal_columns)
{
	const char *text = (const char *)cw_buf_peek(&t->text);
	const uint8_t *style = cw_buf_peek(&t->styles);
	size_t cells = cw_buf_left(&t->styles);
	unsigned before_last = 0;

	for (unsigned i = 0; i + 1 < t->columns; i++)
		before_last += t->width[i] + GAP;
	for (size_t i = 0; i < cells; i++) {
		size_t len = strlen(text), shown = len;
		unsigned column = (unsigned)(i % t->columns);
		bool last = column + 1 == t->columns;

		if (last && terminal_columns > before_last + 8)
			shown = fit(text, len, terminal_columns - before_last);
		fprintf(out, "%s%.*s%s", cw_style_on((enum cw_style)style[i], t->colour),
		    (int)shown, text, cw_style_off((enum cw_style)style[i], t->colour));
		if (last)
			fputc('\n', out);
		else
			fprintf(out, "%*s",
			    (int)(t->width[column] + GAP - cw_console_width(text, len)), "");
		text += len + 1;
	}
	return ferror(out) ? CW_ESYS : CW_OK;
}
