/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command, script or plan on an agent, and its output as it comes: as one JSON object, or line
 * by line (application/x-ndjson) for who wants it that way.
 *
 * The JSON answer is written front to back, output first, so that 100,000 users pass
 * through and are never all in memory. Until CW_WEB_HIGH_WATER bytes are there nothing has
 * gone out, and the answer can still become another one: an error, or 202 when the
 * wait is over. What the client does not take holds the agent back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"
#include "api/follow.h"
#include "api/lines.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "catalogue/catalogue.h"

#define JSON "application/json"
#define NDJSON "application/x-ndjson"
#define END_MAX (32u << 20) /* bytes of what stands behind the output: a plan may */

struct command {
	struct api_follow follow;
	struct api_lines lines;
	bool ndjson, write;
	bool whole; /* of a script: its end is told with all of its result */
	bool begun; /* the answer's first bytes are put */
	bool slow, paused; /* the client takes less than comes; the agent is told */
	bool first; /* the next output is the first */
	struct cw_buf warnings, errors; /* as JSON, with commas between */
	unsigned left_out; /* of these, where they were too many */
	struct cw_err failed; /* what the agent sent cannot be passed on */
};

static void
put(struct command *c, const void *p, size_t n)
{
	c->slow |= cw_web_put(c->follow.call, p, n);
}

static void
put_text(struct command *c, const char *text)
{
	put(c, text, strlen(text));
}

/* --- while it runs */

/* The answer begins, once the operation may be told of. */
static void
begin(struct command *c)
{
	char text[96];

	if (c->begun)
		return;
	c->begun = true;
	c->first = true;
	(void)snprintf(text, sizeof(text),
	    c->ndjson ? "{\"operation\":\"%s\"}\n" : "{\"operation\":\"%s\",\"output\":[",
	    c->follow.operation);
	cw_web_begin(c->follow.call, 200, c->ndjson ? NDJSON : JSON);
	put_text(c, text);
}

static void
begin_lines(struct command *c)
{
	if (c->begun)
		return;
	begin(c);
	cw_web_flush(c->follow.call);
}

/* Warnings and errors wait for the end; those that do not fit are counted. */
static void
keep(struct command *c, struct cw_buf *list, const char *value, size_t n)
{
	if (cw_buf_left(list) + n + 1 > list->max ||
	    (cw_buf_left(list) > 0 && cw_buf_putc(list, ',') < 0) || cw_buf_put(list, value, n) < 0)
		c->left_out++;
}

static int
on_line(void *arg, enum api_line kind, const char *value, size_t value_n, const char *line,
    size_t line_n, struct cw_err *err)
{
	struct command *c = arg;

	(void)err;
	begin(c);
	if (c->ndjson) {
		put(c, line, line_n);
		put_text(c, "\n");
	} else if (kind == API_OUTPUT) {
		if (!c->first)
			put_text(c, ",");
		c->first = false;
		put(c, value, value_n);
	} else if (kind == API_WARNING) {
		keep(c, &c->warnings, value, value_n);
	} else if (kind == API_ERROR) {
		keep(c, &c->errors, value, value_n);
	}
	return CW_OK;
}

static void
hold_back(struct command *c)
{
	if (!c->slow || c->paused || c->follow.watch == NULL)
		return;
	c->paused = true;
	cw_route_watch_pause(c->follow.watch);
}

static void
on_output(struct api_follow *f, const char *ndjson, size_t n)
{
	struct command *c = (struct command *)f;

	if (c->failed.code < 0)
		return;
	if (api_lines_feed(&c->lines, ndjson, n, on_line, c, &c->failed) < 0)
		api_follow_due(f, 0); /* not here: the router is telling of it */
	else if (c->ndjson && c->begun)
		cw_web_flush(f->call);
	hold_back(c);
}

static void
on_drained(struct api_follow *f)
{
	struct command *c = (struct command *)f;

	c->slow = false;
	if (!c->paused || f->watch == NULL)
		return;
	c->paused = false;
	cw_route_watch_resume(f->watch);
}

/* --- its end */

static int
put_member(struct cw_buf *b, const char *name, const cJSON *value)
{
	int r;

	if (value == NULL)
		return CW_OK;
	if ((r = cw_buf_printf(b, ",\"%s\":", name)) < 0)
		return r;
	return cw_json_put(b, value);
}

/* The lists that waited. */
static int
put_notes(struct cw_buf *b, struct command *c, const cJSON *operation)
{
	const cJSON *errors = cw_json_get(operation, "errors");
	bool ours = cw_buf_left(&c->errors) > 0 || errors == NULL;
	int r;

	if ((r = cw_buf_puts(b, "],\"warnings\":[")) < 0 ||
	    (r = cw_buf_put(b, cw_buf_peek(&c->warnings), cw_buf_left(&c->warnings))) < 0 ||
	    (c->left_out > 0 &&
		(r = cw_buf_printf(b, "%s\"%u warnings and errors more are left out\"",
		     cw_buf_left(&c->warnings) > 0 ? "," : "", c->left_out)) < 0) ||
	    (r = cw_buf_putc(b, ']')) < 0)
		return r;
	/* None came by here of one that was settled after its agent was away. */
	if (!ours)
		return put_member(b, "errors", errors);
	if ((r = cw_buf_puts(b, ",\"errors\":[")) < 0 ||
	    (r = cw_buf_put(b, cw_buf_peek(&c->errors), cw_buf_left(&c->errors))) < 0)
		return r;
	return cw_buf_putc(b, ']');
}

static int
put_end(struct cw_buf *b, struct command *c, const cJSON *operation)
{
	const cJSON *result = cw_json_get(operation, "result");
	int r;

	r = c->ndjson ? cw_buf_printf(b, "{\"end\":{\"operation\":\"%s\"", c->follow.operation)
		      : put_notes(b, c, operation);
	if (r < 0 || (r = put_member(b, "state", cw_json_get(operation, "state"))) < 0 ||
	    (r = put_member(b, "agent", cw_json_get(operation, "agent"))) < 0 ||
	    (r = put_member(b, "server", cw_json_get(result, "server"))) < 0 ||
	    (r = put_member(b, "duration_ms", cw_json_get(result, "duration_ms"))) < 0 ||
	    (r = put_member(b, "result", c->whole ? result : NULL)) < 0 ||
	    (r = put_member(b, "error", cw_json_get(operation, "error"))) < 0)
		return r;
	return cw_buf_puts(b, c->ndjson ? "}}\n" : "}");
}

static void
finish(struct command *c, const cJSON *operation)
{
	struct cw_err err = { 0 };
	struct cw_buf b;
	int r = CW_OK;

	cw_buf_init(&b, END_MAX);
	/* A last line without its end is a line. */
	if (c->failed.code == CW_OK)
		(void)api_lines_feed(&c->lines, "\n", 1, on_line, c, &c->failed);
	if (c->failed.code < 0) {
		r = c->failed.code;
		err = c->failed;
	} else {
		begin(c);
		if ((r = put_end(&b, c, operation)) < 0)
			(void)cw_fail(&err, r, "the answer: %s", cw_strerror(r));
	}
	if (r == CW_OK) {
		put(c, cw_buf_peek(&b), cw_buf_left(&b));
		cw_web_end(c->follow.call);
	} else {
		api_fail(c->follow.call, r, &err);
	}
	cw_buf_free(&b);
	api_follow_end(&c->follow);
}

static void
on_changed(struct api_follow *f, const cJSON *operation, bool finished)
{
	struct command *c = (struct command *)f;

	if (finished) {
		finish(c, operation);
	} else if (c->ndjson) {
		begin_lines(c);
	} else if (api_follow_over(f)) {
		api_follow_due(f, 0); /* not here: the router is telling of it */
	}
}

/* A read that nobody waits for any more is stopped; a write goes on. */
static void
stop_read(struct command *c)
{
	struct cw_err ignored;

	cw_route_unwatch(c->follow.watch);
	c->follow.watch = NULL;
	if (!c->write)
		(void)cw_route_cancel(c->follow.api->config.route, c->follow.operation, &ignored);
}

static void
on_due(struct api_follow *f)
{
	struct command *c = (struct command *)f;

	if (c->failed.code < 0) {
		stop_read(c);
		api_fail(f->call, c->failed.code, &c->failed);
		api_follow_end(f);
	} else if (api_follow_over(f) && cw_web_restart(f->call)) {
		api_answer_accepted(f->call, f->operation);
		api_follow_end(f);
	} else {
		/* Once output is on its way, the answer goes on to the command's own end. */
		if (api_follow_over(f))
			f->deadline_ms = UINT64_MAX;
		(void)api_follow_beat(f);
	}
}

static void
on_gone(struct api_follow *f)
{
	stop_read((struct command *)f);
}

static void
on_cut(struct api_follow *f, const struct cw_err *why)
{
	struct command *c = (struct command *)f;

	if (why->code == CW_EAUTH)
		stop_read(c);
	api_follow_cut_answer(f, why);
}

static void
on_free(struct api_follow *f)
{
	struct command *c = (struct command *)f;

	api_lines_free(&c->lines);
	cw_buf_free(&c->warnings);
	cw_buf_free(&c->errors);
	free(c);
}

static const struct api_follow_kind kind = { on_changed, on_output, on_drained, on_due, on_gone,
	on_cut, on_free };

/* --- its beginning */

static int
check_may_write(const struct api_request *q, bool *write, struct cw_err *err)
{
	const char *name = cw_json_str(q->body, "command");
	const struct cw_catalogue_command *command = cw_catalogue_find(name);

	*write = command != NULL && command->write;
	return !*write || q->key.role >= CW_ROLE_OPERATOR
	    ? CW_OK
	    : cw_fail(err, CW_EDENIED,
		  "this API key has the role reader, and %s changes something; it takes operator",
		  command->name);
}

static int
start(struct api_request *q, api_begin_how *how, bool write, bool whole, struct cw_err *err)
{
	bool ndjson = cw_web_accepts(q->call, NDJSON);
	long wait_s = api_wait(q->call);
	struct command *c;
	char id[CW_UUID_TEXT];
	int r;

	if ((r = api_follow_room(q->api, err)) < 0)
		return r;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	c->follow.kind = &kind;
	c->follow.recorded = !write;
	c->ndjson = ndjson;
	c->write = write;
	c->whole = whole;
	api_lines_init(&c->lines);
	cw_buf_init(&c->warnings, CW_API_NOTES_MAX);
	cw_buf_init(&c->errors, CW_API_NOTES_MAX);
	if ((r = api_begin(q, id, how, err)) == CW_OK) {
		api_follow_open(&c->follow, q, id, ndjson ? CW_API_FOREVER : wait_s);
		if (ndjson && !write)
			begin_lines(c);
		r = api_follow_watch(&c->follow, err);
	}
	if (r < 0)
		on_free(&c->follow);
	return r;
}

int
api_command(struct api_request *q, struct cw_err *err)
{
	bool write;
	int r;

	if ((r = check_may_write(q, &write, err)) < 0)
		return r;
	return start(q, cw_route_command, write, false, err);
}

/* A planning changes nothing, and is worth nothing to who is not there any more. */
int
api_script(struct api_request *q, struct cw_err *err)
{
	return start(
	    q, cw_route_script, !cw_streq(cw_json_str(q->body, "mode"), "plan"), true, err);
}

int
api_apply(struct api_request *q, struct cw_err *err)
{
	return start(q, cw_route_apply, true, true, err);
}
