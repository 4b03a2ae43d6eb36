/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CLI_H
#define CW_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/err.h"
#include "console/options.h"
#include "console/table.h"
#include "console/value.h"
#include "console/when.h"
#include "http.h"

/*
 * The command line client: a table of commands, each a row that says how it is
 * called and which function does it.
 */
struct cli {
	/* options that every command takes, and the environment behind them */
	const char *url, *key_file, *ca;
	bool json, no_color, help, version;
	/* made by main */
	struct cli_http *http; /* NULL until cli_connect() */
	bool colour; /* standard output is a terminal that wants colours */
	bool colour_err; /* and standard error */
	bool live; /* standard output is a terminal */
	unsigned columns; /* of the terminal, 0 when there is none */
};

struct cli_command {
	const char *name; /* one or two words, "tenants list"; NULL ends a table */
	const char *arguments; /* as help shows them, "NAME" */
	const char *summary;
	const char *more; /* further help, or NULL */
	const struct cw_option *options; /* or NULL */
	size_t options_size; /* of the struct that `options` fill */
	int arguments_min, arguments_max;
	bool stop_at_word; /* what follows the first argument is the command's own */
	/* Negative: err says why not. Above 0: an exit status, and all is said. */
	int (*run)(struct cli *c, void *options, int argc, char **argv, struct cw_err *err);
};

extern const struct cli_command cli_tenants[], cli_agents[], cli_run[], cli_scripts[], cli_change[],
    cli_operations[], cli_keys[], cli_completion[];
extern const struct cli_command *const cli_commands[]; /* all of the above, NULL-terminated */
extern const struct cw_option cli_global_options[];

/* What every command needs. The first use connects c->http from options and environment. */
int cli_get(struct cli *c, cJSON **ret, struct cw_err *err, const char *path_format, ...)
    CW_PRINTF(4, 5);
int cli_send(struct cli *c, cJSON **ret, struct cw_err *err, const char *method, const char *path,
    const cJSON *body);
int cli_connect(struct cli *c, struct cw_err *err);

/* The tenant to work on: the one given, CAUSEWAY_TENANT, or the only one that the key sees. *ret is
 * escaped for a path; the caller frees it. */
int cli_tenant(struct cli *c, char **ret, const char *given, struct cw_err *err);

/* Prints an answer as JSON to standard output; what a terminal would obey is escaped. */
int cli_print_json(const cJSON *value);
/* The same of JSON text, and a line's end. */
void cli_print_json_text(const char *json, size_t n);
/* Writes somebody else's text on one line, without what a terminal would obey. */
void cli_put(FILE *out, const char *text);
/* Escaped for a path; the caller frees it. NULL when memory ends. */
char *cli_escape(const char *text);
/* A list of strings as "a, b", borrowed until the next call. */
const char *cli_join(const cJSON *list);

/* run TENANT ad --script FILE: what is left of the command line behind "run". */
int cli_script_run(struct cli *c, int argc, char **argv, struct cw_err *err);

/* The style of an operation's, step's or agent's state. */
enum cw_style cli_state_style(const char *state);
int cli_print_value(const struct cli *c, const cJSON *value);

/* A column of a list: a text member of each row, or what a function makes of the row. */
struct cli_column {
	const char *header;
	const char *member;
	const char *(*text)(const cJSON *row); /* where it is no plain member; NULL: shown as "-" */
	bool is_state; /* coloured as such */
};
/* Gets a list and prints it: as JSON, or its rows as a table. The columns end with one without a
 * header; the last is an id. */
int cli_list(struct cli *c, struct cw_err *err, const char *path, const char *rows,
    const struct cli_column *columns);

/* Follows an operation to its end and shows it. CW_EFAILED when it did not succeed. *ret (may be
 * NULL) receives the operation as it ended. */
int cli_watch(struct cli *c, const char *operation, cJSON **ret, struct cw_err *err);
/* Shows an operation once, with its steps. */
int cli_print_operation(const struct cli *c, const cJSON *operation);
/* 0 for one that succeeded, otherwise CW_EFAILED and its reason. */
int cli_operation_result(const cJSON *operation, struct cw_err *err);

#endif
