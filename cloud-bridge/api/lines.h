/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_API_LINES_H
#define CW_API_LINES_H

#include <stddef.h>

#include "base/buf.h"

struct cw_err;

/*
 * What a command puts out on an agent, NDJSON in parts of any length, line by line:
 * each an object of one member, whose name says what it is. Every line is read strictly,
 * so that no agent can write into the structure of an answer.
 */
#define API_LINE_MAX (8u << 20) /* bytes, as the wire allows (wire/channel.h) */

enum api_line { API_OUTPUT, API_ERROR, API_WARNING, API_OTHER };

struct api_lines {
	struct cw_buf rest; /* of a line whose end has not come */
};

/* line and value are borrowed. value: the member's JSON text. Negative: go no further. */
typedef int api_lines_each(void *arg, enum api_line kind, const char *value, size_t value_n,
    const char *line, size_t line_n, struct cw_err *err);

void api_lines_init(struct api_lines *l);
void api_lines_free(struct api_lines *l);
/* CW_EPROTO: something that is no such line; CW_ELIMIT: one that is too long. */
int api_lines_feed(struct api_lines *l, const char *text, size_t n, api_lines_each *each, void *arg,
    struct cw_err *err);

#endif
