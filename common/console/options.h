/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_OPTIONS_H
#define CW_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct cw_buf;
struct cw_err;

/*
 * Command line options as tables: one row says how an option is written, where
 * its value goes, and what help and shell completion say about it.
 */
enum cw_option_kind {
	CW_OPTION_FLAG, /* bool */
	CW_OPTION_TEXT, /* const char * */
	CW_OPTION_NUMBER, /* long, 0 or more */
	CW_OPTION_LIST, /* struct cw_words: may be repeated, commas separate too */
	CW_OPTION_PAIRS, /* struct cw_words: may be repeated, each kept whole */
};

#define CW_WORDS_MAX 64

struct cw_words {
	const char *word[CW_WORDS_MAX]; /* borrowed from argv */
	size_t n;
};

struct cw_option {
	const char *name; /* without its dashes; NULL ends a table */
	char letter; /* or 0 */
	enum cw_option_kind kind;
	size_t offset; /* of the value, in the struct given to cw_options_parse() */
	const char *value; /* what stands for the value in help, NULL for a flag */
	const char *help;
	const char *choices; /* words for completion, separated by spaces, or NULL */
};

/*
 * Moves options out of argv[0..*argc): own ones into `own`, by table, and those of `global` into
 * `shared`. What is left in argv are the arguments. Stops at "--" and, when stop_at_word, at the
 * first argument. `Words` of a CW_OPTION_LIST are cut in place: argv must be writable.
 */
int cw_options_parse(const struct cw_option *table, void *own, const struct cw_option *global,
    void *shared, int *argc, char **argv, bool stop_at_word, struct cw_err *err);

/* Lines of help for a table, aligned. */
int cw_options_help(struct cw_buf *b, const struct cw_option *table);

#endif
