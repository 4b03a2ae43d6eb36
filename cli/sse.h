/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CLI_SSE_H
#define CW_CLI_SSE_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Server-sent events as they arrive in pieces (WHATWG HTML, 9.2.6): bytes in,
 * one call per event out. Comments, ids and retry times are passed over.
 */
#define CLI_SSE_EVENT_MAX (4u << 20) /* bytes of one event, lines and all */

struct cli_sse {
	struct cw_buf line, event, data;
	int saw_cr;
};

void cli_sse_init(struct cli_sse *s);
void cli_sse_free(struct cli_sse *s); /* ok on a zeroed one */

/* Gives each whole event to on_event. Ends with the first result of it that is not 0, or
 * CW_ELIMIT, or 0 when the bytes are used up. */
int cli_sse_feed(struct cli_sse *s, const char *p, size_t n,
    int (*on_event)(void *arg, const char *event, const char *data, size_t n), void *arg);

#endif
