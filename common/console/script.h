/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CONSOLE_SCRIPT_H
#define CW_CONSOLE_SCRIPT_H

#include <stddef.h>

#include "console/value.h"

struct cw_err;

/*
 * A script that runs, is planned or applied, on the screen: its lines as they come
 * and its end. What it gives goes to standard output, everything else to standard
 * error; with json every line as it came, then {"result": ...}, all to standard
 * output.
 */
enum cw_script_exit { /* of programs that run scripts */
	CW_SCRIPT_EXIT_DONE = 0,
	CW_SCRIPT_EXIT_FAILED = 1,
	CW_SCRIPT_EXIT_USAGE = 2,
	CW_SCRIPT_EXIT_REFUSED = 3, /* a rule ended it */
	CW_SCRIPT_EXIT_UNAVAILABLE = 4, /* nothing ran */
	CW_SCRIPT_EXIT_UNKNOWN = 5, /* stopped halfway, or how far it came is not known */
};
/* Lines of help about them. */
extern const char cw_script_exit_help[];

struct cw_script_view {
	struct cw_console out, err;
	bool json;
	const cJSON *plan; /* that is applied, for its names; or NULL */
	unsigned objects; /* shown so far */
	char last_error[256]; /* the beginning of the last one that was shown */
};

/* One line, without its end. */
void cw_script_view_line(struct cw_script_view *v, const char *text, size_t n);
/* The result (broker/broker.h has its members). Shows its plan too. */
enum cw_script_exit cw_script_view_end(struct cw_script_view *v, const cJSON *result);
/* For one that gave an error and no result. */
enum cw_script_exit cw_script_exit_of(const struct cw_err *err);

/* The text of a script's file, or of standard input for "-": UTF-8, with or without its mark.
 * CW_EINVAL: of another encoding, or too long. */
struct cw_buf;
int cw_script_read(struct cw_buf *ret, const char *path, struct cw_err *err);

#endif
