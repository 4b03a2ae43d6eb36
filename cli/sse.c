/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events.
 */
#include <string.h>

#include "base/err.h"
#include "sse.h"

void
cli_sse_init(struct cli_sse *s)
{
	cw_buf_init(&s->line, CLI_SSE_EVENT_MAX);
	cw_buf_init(&s->event, 256);
	cw_buf_init(&s->data, CLI_SSE_EVENT_MAX);
	s->saw_cr = 0;
}

void
cli_sse_free(struct cli_sse *s)
{
	cw_buf_free(&s->line);
	cw_buf_free(&s->event);
	cw_buf_free(&s->data);
}

static int
give(struct cli_sse *s, int (*on_event)(void *, const char *, const char *, size_t), void *arg)
{
	const char *event, *data;
	int r = CW_OK;

	if (cw_buf_left(&s->data) > 0) {
		event = cw_buf_left(&s->event) > 0 ? cw_buf_str(&s->event) : "message";
		if (event == NULL || (data = cw_buf_str(&s->data)) == NULL)
			return CW_ENOMEM;
		r = on_event(arg, event, data, cw_buf_left(&s->data) - 1);
	}
	cw_buf_clear(&s->event);
	cw_buf_clear(&s->data);
	return r;
}

static int
take_field(struct cli_sse *s, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n), *value;
	size_t name_len = colon != NULL ? (size_t)(colon - line) : n, value_len;
	int r;

	value = colon != NULL ? colon + 1 : line + n;
	value_len = n - (size_t)(value - line);
	if (value_len > 0 && *value == ' ') {
		value++;
		value_len--;
	}
	if (name_len == 5 && memcmp(line, "event", 5) == 0) {
		cw_buf_clear(&s->event);
		return cw_buf_put(&s->event, value, value_len);
	}
	if (name_len == 4 && memcmp(line, "data", 4) == 0) {
		if ((r = cw_buf_put(&s->data, value, value_len)) < 0)
			return r;
		return cw_buf_putc(&s->data, '\n');
	}
	return CW_OK; /* a comment, id, retry, or something newer */
}

int
cli_sse_feed(struct cli_sse *s, const char *p, size_t n,
    int (*on_event)(void *arg, const char *event, const char *data, size_t n), void *arg)
{
	int r;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n' && s->saw_cr) {
			s->saw_cr = 0;
			continue;
		}
		s->saw_cr = p[i] == '\r';
		if (p[i] != '\n' && p[i] != '\r') {
			if ((r = cw_buf_putc(&s->line, p[i])) < 0)
				return r;
			continue;
		}
		r = cw_buf_left(&s->line) == 0
		    ? give(s, on_event, arg)
		    : take_field(s, (const char *)cw_buf_peek(&s->line), cw_buf_left(&s->line));
		cw_buf_clear(&s->line);
		if (r != CW_OK)
			return r;
	}
	return CW_OK;
}
