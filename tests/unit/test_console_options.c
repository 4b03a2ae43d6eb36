/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "console/options.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

struct values {
	bool flag;
	const char *text;
	long number;
	struct cw_words list, pairs;
};
struct shared {
	bool json;
	const char *url;
};

static const struct cw_option own[] = {
	{ "flag", 'f', CW_OPTION_FLAG, offsetof(struct values, flag), NULL, "a flag", NULL },
	{ "text", 't', CW_OPTION_TEXT, offsetof(struct values, text), "TEXT", "a text", NULL },
	{ "number", 'n', CW_OPTION_NUMBER, offsetof(struct values, number), "N", "a number", NULL },
	{ "list", 0, CW_OPTION_LIST, offsetof(struct values, list), "A,B", "a list", NULL },
	{ "pair", 0, CW_OPTION_PAIRS, offsetof(struct values, pairs), "A=B", "a pair", NULL },
	{ 0 },
};
static const struct cw_option global[] = {
	{ "json", 0, CW_OPTION_FLAG, offsetof(struct shared, json), NULL, "JSON", NULL },
	{ "url", 0, CW_OPTION_TEXT, offsetof(struct shared, url), "URL", "a URL", NULL },
	{ 0 },
};

static const struct {
	const char *name, *words; /* divided by spaces */
	bool stop_at_word;
	const char *shown; /* the values, then what is left; NULL: refused */
	const char *error;
} rows[] = {
	{ "nothing", "", false, "f0 t- n0 l:0 p:0 j0 u- |", NULL },
	{ "long and short", "--flag -t x --number 7", false, "f1 tx n7 l:0 p:0 j0 u- |", NULL },
	{ "joined values", "--text=a=b -n12", false, "f0 ta=b n12 l:0 p:0 j0 u- |", NULL },
	{ "lists", "--list a,b --list c --pair x,y", false, "f0 t- n0 l:3 p:1 j0 u- |", NULL },
	{ "options behind arguments", "one --flag two", false, "f1 t- n0 l:0 p:0 j0 u- |one two ",
	    NULL },
	{ "global ones anywhere", "one --json --url U", false, "f0 t- n0 l:0 p:0 j1 uU |one ",
	    NULL },
	{ "two dashes end them", "--flag -- --text x", false, "f1 t- n0 l:0 p:0 j0 u- |--text x ",
	    NULL },
	{ "stops at a word", "--flag cmd -Name --flag", true,
	    "f1 t- n0 l:0 p:0 j0 u- |cmd -Name --flag ", NULL },
	{ "a dash alone is an argument", "- -f", false, "f1 t- n0 l:0 p:0 j0 u- |- ", NULL },
	{ "unknown", "--nope", false, NULL, "--nope" },
	{ "unknown letter", "-x1", false, NULL, "-x " },
	{ "no value", "--text", false, NULL, "--text TEXT" },
	{ "a value for a flag", "--flag=1", false, NULL, "takes no value" },
	{ "not a number", "-n 3x", false, NULL, "\"3x\"" },
	{ "negative", "-n -3", false, NULL, "\"-3\"" },
	{ "an empty list item", "--list a,,b", false, NULL, "empty" },
};

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		char *copy = cw_strdup(rows[i].words), *words[16], *at = copy;
		struct cw_err err = { 0 };
		struct values v = { 0 };
		struct shared s = { 0 };
		struct cw_buf got;
		int argc = 0, r;

		test_case = rows[i].name;
		while (*at != '\0') {
			words[argc++] = at;
			at += strcspn(at, " ");
			if (*at == ' ')
				*at++ = '\0';
		}
		r = cw_options_parse(own, &v, global, &s, &argc, words, rows[i].stop_at_word, &err);
		if (rows[i].shown == NULL) {
			CHECK_EQ(r, CW_EINVAL);
			CHECK(strstr(err.text, rows[i].error) != NULL);
		} else {
			cw_buf_init(&got, 4096);
			(void)cw_buf_printf(&got, "f%d t%s n%ld l:%zu p:%zu j%d u%s |", v.flag,
			    v.text != NULL ? v.text : "-", v.number, v.list.n, v.pairs.n, s.json,
			    s.url != NULL ? s.url : "-");
			for (int k = 0; k < argc; k++)
				(void)cw_buf_printf(&got, "%s ", words[k]);
			CHECK_EQ(r, CW_OK);
			CHECK_STR(cw_buf_str(&got), rows[i].shown);
			cw_buf_free(&got);
		}
		free(copy);
	}
	return test_failed;
}
