/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command's output on its way to the bridge: lines gather while one read of the
 * engine's pipe is worked through, then go out together. When the wire takes no more
 * the runspace is held back, and what is here stays what one read has brought.
 */
#include <string.h>

#include "base/json.h"
#include "commands/commands_internal.h"
#include "commands/output.h"

#define PART 65536u /* bytes given to the wire at a time: what it must copy is no more */

void
stream_drop(struct run *run)
{
	cw_buf_free(&run->lines);
	run->blocked = false;
}

/* Keeps a write's lines for the journal, all of them or none. */
static void
keep(struct run *run, const uint8_t *line, size_t n)
{
	if (!run->request.entry->write || !run->kept_all)
		return;
	if (cw_buf_put(&run->kept, line, n) < 0) {
		run->kept_all = false;
		cw_buf_free(&run->kept);
	}
}

void
stream_flush(struct run *run)
{
	size_t n;
	int r;

	while (run->call != NULL && (n = cw_buf_left(&run->lines)) > 0) {
		n = n < PART ? n : PART;
		r = cw_wire_call_chunk(run->call, (const char *)cw_buf_peek(&run->lines), n);
		if (r == CW_EAGAIN && !run->blocked) {
			run->blocked = true;
			if (run->job != NULL)
				cw_runspaces_pause(run->job);
		}
		if (r < 0) /* or the connection is at its end, and says so soon */
			return;
		cw_buf_skip(&run->lines, n);
	}
	cw_buf_free(&run->lines);
	if (run->blocked) {
		run->blocked = false;
		if (run->job != NULL)
			cw_runspaces_resume(run->job);
	}
}

void
stream_flush_all(uv_prepare_t *flusher)
{
	struct cw_commands *c = flusher->data;
	struct run *run;

	while ((run = c->dirty) != NULL) {
		c->dirty = run->next_dirty;
		run->dirty = false;
		stream_flush(run);
	}
	(void)uv_prepare_stop(flusher);
}

/* The line that was just made: to the journal's copy, and to the reader soon. */
static void
made(struct run *run, size_t before)
{
	struct cw_commands *c = run->owner;

	keep(run, cw_buf_peek(&run->lines) + before, cw_buf_left(&run->lines) - before);
	if (run->call == NULL) {
		stream_drop(run);
	} else if (cw_buf_left(&run->lines) >= PART && !run->blocked) {
		stream_flush(run);
	} else if (!run->dirty && !run->blocked) {
		run->dirty = true;
		run->next_dirty = c->dirty;
		c->dirty = run;
		(void)uv_prepare_start(&c->flusher, stream_flush_all);
	}
}

/* The line is whole, or none of it stays. */
static void
end_line(struct run *run, size_t before, int r)
{
	if (r == CW_OK)
		made(run, before);
	else
		run->lines.len = run->lines.off + before;
}

/* Says that something is missing: a read that is not whole has failed, a write has not. */
static void
left_out(struct run *run, const struct cw_err *err)
{
	size_t before = cw_buf_left(&run->lines);
	int r;

	if (run->request.entry->write) {
		r = cw_output_text(&run->lines, "warning", err->text);
	} else {
		run->errors++;
		if (cw_buf_left(&run->error) == 0)
			(void)cw_output_error(&run->error, NULL, err->text, true);
		if ((r = cw_buf_puts(&run->lines, "{\"error\":")) == CW_OK &&
		    (r = cw_output_error(&run->lines, NULL, err->text, false)) == CW_OK)
			r = cw_buf_puts(&run->lines, "}\n");
	}
	end_line(run, before, r);
}

static bool
is_unheard(const struct run *run)
{
	return run->stop != RUN_GOES_ON && !run->request.entry->write;
}

void
stream_output(struct run *run, const struct cw_ps_value *value)
{
	size_t before = cw_buf_left(&run->lines);
	struct cw_err err;

	if (is_unheard(run))
		return;
	run->outputs++;
	if (cw_output_value(&run->lines, value, &err) == CW_OK)
		made(run, before);
	else
		left_out(run, &err);
}

void
stream_text(struct run *run, const char *member, const char *text)
{
	size_t before = cw_buf_left(&run->lines);

	end_line(run, before, cw_output_text(&run->lines, member, text));
}

void
stream_error(struct run *run, const cJSON *error)
{
	size_t before = cw_buf_left(&run->lines);
	int r;

	if (run->errors++ == 0 && cw_json_put(&run->error, error) < 0)
		cw_buf_clear(&run->error);
	if ((r = cw_buf_puts(&run->lines, "{\"error\":")) == CW_OK &&
	    (r = cw_json_put(&run->lines, error)) == CW_OK)
		r = cw_buf_puts(&run->lines, "}\n");
	end_line(run, before, r);
}

void
stream_record(struct run *run, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	size_t before = cw_buf_left(&run->lines);
	struct cw_err err;

	if (is_unheard(run))
		return;
	if (stream == CW_PSRP_ERROR && run->errors++ == 0)
		(void)cw_output_error(&run->error, record, "the command wrote an error", true);
	if (cw_output_record(&run->lines, stream, record, &err) == CW_OK)
		made(run, before);
	else
		left_out(run, &err);
}
