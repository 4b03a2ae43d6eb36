/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a script says to its caller: lines, gathered for one round of the loop.
 */
#include <string.h>

#include "base/json.h"
#include "broker/broker_internal.h"
#include "commands/output.h"

#define PART 65536u /* bytes, then they go out */

void
lines_flush(struct cw_script *s)
{
	struct cw_buf taken;

	if (cw_buf_left(&s->lines) == 0)
		return;
	taken = cw_buf_take(&s->lines);
	s->events->lines(s->arg, (const char *)cw_buf_peek(&taken), cw_buf_left(&taken));
	cw_buf_free(&taken);
}

void
lines_flush_all(uv_prepare_t *flusher)
{
	struct cw_broker *b = flusher->data;
	struct cw_script *s;

	while ((s = b->dirty) != NULL) {
		b->dirty = s->next_dirty;
		s->dirty = false;
		lines_flush(s);
	}
	(void)uv_prepare_stop(flusher);
}

/* A line was added. */
static void
made(struct cw_script *s, size_t before)
{
	struct cw_broker *b = s->broker;

	s->byte_count += cw_buf_left(&s->lines) - before;
	if (cw_buf_left(&s->lines) >= PART) {
		lines_flush(s);
	} else if (!s->dirty) {
		s->dirty = true;
		s->next_dirty = b->dirty;
		b->dirty = s;
		(void)uv_prepare_start(&b->flusher, lines_flush_all);
	}
}

static void
count_error(struct cw_script *s, const struct cw_ps_value *record, const char *why)
{
	if (s->errors++ == 0)
		(void)cw_output_error(&s->error, record, why, true);
}

void
lines_error(struct cw_script *s, const char *why)
{
	size_t before = cw_buf_left(&s->lines);

	count_error(s, NULL, why);
	if (cw_buf_puts(&s->lines, "{\"error\":") == CW_OK &&
	    cw_output_error(&s->lines, NULL, why, false) == CW_OK &&
	    cw_buf_puts(&s->lines, "}\n") == CW_OK)
		made(s, before);
	else
		s->lines.len = s->lines.off + before;
}

void
lines_output(struct cw_script *s, const struct cw_ps_value *value)
{
	size_t before = cw_buf_left(&s->lines);
	struct cw_err err;

	if (cw_output_value(&s->lines, value, &err) == CW_OK)
		made(s, before);
	else
		lines_error(s, err.text);
}

void
lines_record(struct cw_script *s, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	size_t before = cw_buf_left(&s->lines);
	struct cw_err err;

	if (stream == CW_PSRP_ERROR)
		count_error(s, record, "the script wrote an error");
	if (cw_output_record(&s->lines, stream, record, &err) == CW_OK)
		made(s, before);
	else
		lines_error(s, err.text);
}

void
lines_text(struct cw_script *s, const char *member, const char *text)
{
	size_t before = cw_buf_left(&s->lines);

	if (cw_output_text(&s->lines, member, text) == CW_OK)
		made(s, before);
}

void
lines_json(struct cw_script *s, const cJSON *line)
{
	size_t before = cw_buf_left(&s->lines);

	if (cw_json_put(&s->lines, line) == CW_OK && cw_buf_putc(&s->lines, '\n') == CW_OK)
		made(s, before);
	else
		s->lines.len = s->lines.off + before;
}
