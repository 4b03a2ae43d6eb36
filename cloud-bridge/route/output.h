/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ROUTE_OUTPUT_H
#define CW_ROUTE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/buf.h"

/*
 * What a command writes while it runs: NDJSON from the agent, in parts of any length. Counts, keeps
 * a bounded part for later readers, and sorts errors and warnings out. Whatever comes, it never
 * fails: what is not understood is passed over.
 */
#define ROUTE_LINE_MAX (64u * 1024u) /* bytes of an error or a warning that are looked at */
#define ROUTE_ERRORS_MAX 20u /* errors and warnings that are kept; all are counted */
#define ROUTE_WORDS_MAX 2048u /* bytes of one of their texts */

struct route_output {
	struct cw_buf kept; /* lines of output, whole ones */
	size_t line_at; /* where in it the line that is coming began */
	bool cut; /* there was more */
	struct cw_buf line; /* the line that is coming, until it is known to be output */
	enum route_line {
		ROUTE_LINE_START,
		ROUTE_LINE_OUTPUT,
		ROUTE_LINE_OTHER,
		ROUTE_LINE_LONG
	} is;
	size_t outputs, warning_n, error_n;
	cJSON *errors; /* {"message","error_id"?,"category"?,"type"?}; NULL: none */
	cJSON *warnings; /* texts; NULL: none */
};

void route_output_init(struct route_output *o, size_t max);
void route_output_free(struct route_output *o); /* ok on a zeroed one; wipes */
void route_output_feed(struct route_output *o, const char *ndjson, size_t n);
void route_output_end(struct route_output *o); /* a last line without its end counts */
/* The values that were kept, as a list; the caller's. NULL: out of memory. */
cJSON *route_output_values(const struct route_output *o);
/* The error's known members, bounded; the caller's. NULL: it is none. */
cJSON *route_output_error(const cJSON *error);

#endif
