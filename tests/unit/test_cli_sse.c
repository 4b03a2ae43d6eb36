/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/err.h"
#include "sse.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static const struct {
	const char *name, *stream, *events; /* "[event|data]" for each */
} rows[] = {
	{ "one event", "event: operation\ndata: {}\n\n", "[operation|{}\n]" },
	{ "two lines of data", "data: a\ndata: b\n\n", "[message|a\nb\n]" },
	{ "a comment between", ": still here\n\ndata: a\n\n", "[message|a\n]" },
	{ "carriage returns", "event: e\r\ndata:a\r\n\r\ndata: b\r\r", "[e|a\n][message|b\n]" },
	{ "an event without data", "event: end\n\ndata: a\n\n", "[message|a\n]" },
	{ "fields that mean nothing here", "id: 7\nretry: 5\nnew: x\ndata: a\n\n",
	    "[message|a\n]" },
	{ "cut off", "data: a\n\ndata: b\n", "[message|a\n]" },
};

static int
take(void *arg, const char *event, const char *data, size_t n)
{
	return cw_buf_printf(arg, "[%s|%.*s\n]", event, (int)n, data);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++)
		for (size_t piece = 1; piece <= strlen(rows[i].stream); piece++) {
			struct cli_sse sse;
			struct cw_buf got;
			size_t n = strlen(rows[i].stream);

			test_case = rows[i].name;
			cli_sse_init(&sse);
			cw_buf_init(&got, 4096);
			for (size_t at = 0; at < n; at += piece)
				CHECK_EQ(cli_sse_feed(&sse, rows[i].stream + at,
					     n - at < piece ? n - at : piece, take, &got),
				    CW_OK);
			CHECK_STR(cw_buf_str(&got), rows[i].events);
			cli_sse_free(&sse);
			cw_buf_free(&got);
		}
	return test_failed;
}
