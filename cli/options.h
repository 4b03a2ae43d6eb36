/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CLI_OPTIONS_H
#define CW_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct cw_buf;
struct cw_err;

/*
 * Command line options as tables: one row says how an option is written, where
 * its value goes, and what help and shell completion say about it.
 */
enum cli_kind {
	CLI_FLAG, /* bool */
	CLI_TEXT, /* const char * */
	CLI_NUMBER, /* long, 0 or more */
	CLI_LIST, /* struct cli_words: may be repeated, commas separate too */
	CLI_PAIRS, /* struct cli_words: may be repeated, each kept whole */
};

#define CLI_WORDS_MAX 64

struct cli_words {
	const char *word[CLI_WORDS_MAX]; /* borrowed from argv */
	size_t n;
};

struct cli_option {
	const char *name; /* without its dashes; NULL ends a table */
	char letter; /* or 0 */
	enum cli_kind kind;
	size_t offset; /* of the value, in the struct given to cli_options_parse() */
	const char *value; /* what stands for the value in help, NULL for a flag */
	const char *help;
	const char *choices; /* words for completion, separated by spaces, or NULL */
};

/*
 * Moves options out of argv[0..*argc): own ones into `own`, by table, and those of `global` into
 * `shared`. What is left in argv are the arguments. Stops at "--" and, when stop_at_word, at the
 * first argument. `Words` of a CLI_LIST are cut in place: argv must be writable.
 */
int cli_options_parse(const struct cli_option *table, void *own, const struct cli_option *global,
    void *shared, int *argc, char **argv, bool stop_at_word, struct cw_err *err);

/* Lines of help for a table, aligned. */
int cli_options_help(struct cw_buf *b, const struct cli_option *table);

#endif
