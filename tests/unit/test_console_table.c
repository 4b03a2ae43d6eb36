/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/err.h"
#include "console/table.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static const struct {
	const char *name, *text, *shown;
	unsigned width;
} rows[] = {
	{ "ascii", "ada", "ada", 3 },
	{ "accents", "Zo\xc3\xab", "Zo\xc3\xab", 3 },
	{ "a combining mark", "e\xcc\x81", "e\xcc\x81", 1 },
	{ "wide", "\xe6\x9d\xb1\xe4\xba\xac", "\xe6\x9d\xb1\xe4\xba\xac", 4 },
	{ "lines become spaces", "a\nb\tc", "a b c", 5 },
	{ "an escape sequence", "\033[31mred", "?[31mred", 8 },
	{ "the 8-bit form of one",
	    "\xc2\x9b"
	    "31m",
	    "?31m", 4 },
	{ "turned writing",
	    "a\xe2\x80\xae"
	    "b",
	    "a?b", 3 },
	{ "not UTF-8", "a\xff", "?", 1 },
};

static void
check_print(bool colour, unsigned columns, const char *want)
{
	static const char *const headers[] = { "NAME", "STATE", "ID", NULL };
	struct cw_table table;
	char text[1024];
	size_t n;
	FILE *out = tmpfile();

	CHECK_EQ(cw_table_init(&table, headers, colour), CW_OK);
	CHECK_EQ(cw_table_cell(&table, CW_STYLE_PLAIN, "Zo\xc3\xab"), CW_OK);
	CHECK_EQ(cw_table_cell(&table, CW_STYLE_GREEN, "done"), CW_OK);
	CHECK_EQ(cw_table_cell(&table, CW_STYLE_PLAIN, "0123456789"), CW_OK);
	CHECK_EQ(cw_table_cell(&table, CW_STYLE_PLAIN, "longer"), CW_OK);
	CHECK_EQ(cw_table_cell(&table, CW_STYLE_PLAIN, NULL), CW_OK);
	CHECK_EQ(cw_table_cell(&table, CW_STYLE_PLAIN, ""), CW_OK);
	CHECK_EQ(cw_table_print(&table, out, columns), CW_OK);
	rewind(out);
	n = fread(text, 1, sizeof(text) - 1, out);
	text[n] = '\0';
	fclose(out);
	CHECK_STR(text, want);
	cw_table_free(&table);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct cw_buf b;

		test_case = rows[i].name;
		cw_buf_init(&b, 1000);
		CHECK_EQ(cw_console_put(&b, rows[i].text), CW_OK);
		CHECK_STR(cw_buf_str(&b), rows[i].shown);
		CHECK_EQ(cw_console_width((const char *)cw_buf_peek(&b), cw_buf_left(&b)),
		    rows[i].width);
		cw_buf_free(&b);
	}
	test_case = "aligned";
	check_print(
	    false, 0, "NAME    STATE  ID\nZo\xc3\xab     done   0123456789\nlonger  -      -\n");
	test_case = "cut at the terminal's edge";
	check_print(
	    false, 24, "NAME    STATE  ID\nZo\xc3\xab     done   012345678\nlonger  -      -\n");
	test_case = "colours take no columns";
	check_print(true, 0,
	    "\033[1mNAME\033[0m    \033[1mSTATE\033[0m  \033[1mID\033[0m\n"
	    "Zo\xc3\xab     \033[32mdone\033[0m   0123456789\nlonger  -      -\n");
	return test_failed;
}
