/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_VALUE_H
#define CW_VALUE_H

#include <stdbool.h>
#include <stdio.h>

#include <cjson/cJSON.h>

/* Where to show something, and how. */
struct cw_console {
	FILE *out;
	bool colour;
	unsigned columns; /* of the terminal, 0 when there is none */
};

/* A value as a person reads it: scalars as they are, objects as "name : value" lines, a list of
 * alike flat objects as a table. */
int cw_value_print(const struct cw_console *c, const cJSON *value);

#endif
