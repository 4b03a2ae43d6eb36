/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Script lines to calls of the session; its sends and events to script lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "powershell/json.h"
#include "powershell/outproc.h"
#include "powershell/session.h"
#include "replay/player_internal.h"
#include "replay/wire.h"

static const char *const streams[] = { "error", "warning", "verbose", "debug", "information",
	"progress" };
static const char *const outcomes[] = { "completed", "stopped", "timed out", "failed" };

/* --- what the session tells */

static void
tell(struct player *p, const char *text)
{
	(void)cw_buf_puts(&p->told, text);
	(void)cw_buf_putc(&p->told, '\n');
	if (p->close_at_told)
		cw_psrp_close(p->session);
}

static void
on_opened(void *arg)
{
	tell(arg, "opened");
}

static void
on_keyed(void *arg)
{
	tell(arg, "keyed");
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	struct player *p = arg;

	(void)cw_buf_printf(&p->told, "lost: %s\n", err->text);
	for (int i = 0; i < RUNS; i++)
		p->runs[i].pipeline = NULL;
}

/* "WHAT N", then the value's words on one line, or its JSON. */
static void
tell_value(struct run *run, const char *what, const struct cw_ps_value *v, bool words)
{
	struct cw_err one_line, err;
	struct cw_buf text;

	cw_buf_init(&text, 1u << 22);
	if (words && cw_ps_str(v) != NULL) {
		(void)cw_fail(&one_line, CW_EFAILED, "%s", cw_ps_str(v));
		(void)cw_buf_puts(&text, one_line.text);
	} else if (v != NULL && cw_ps_json_put(&text, v, &err) < 0) {
		(void)cw_buf_puts(&text, err.text);
	}
	if (cw_buf_left(&text) > TEXT_MAX) {
		size_t n = cw_buf_left(&text);

		text.len = text.off + 40;
		(void)cw_buf_printf(&text, "... of %zu bytes", n);
	}
	(void)cw_buf_printf(&run->player->told, "%s %d%s%s\n", what, run->number,
	    cw_buf_left(&text) > 0 ? " " : "", cw_buf_str(&text));
	cw_buf_free(&text);
	if (run->player->close_at_told)
		cw_psrp_close(run->player->session);
}

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	struct run *run = arg;

	tell_value(run, "output", value, false);
	if (run->stops)
		cw_psrp_stop(run->pipeline, run->player->now);
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	tell_value(arg, streams[stream], record, true);
}

static void
on_host_call(void *arg, const struct cw_psrp_host_call *call)
{
	struct run *run = arg;
	struct player *p = run->player;
	struct cw_err err;
	char what[64];

	p->call = *call;
	p->call.method_name = NULL;
	(void)snprintf(what, sizeof(what), "host call %lld", (long long)call->method);
	tell_value(run, what, call->parameters, false);
	if (run->answers)
		(void)cw_psrp_host_answer(
		    run->pipeline, call, cw_ps_string(p->arena, "now"), p->now, &err);
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct run *run = arg;
	char what[64];

	run->pipeline = NULL;
	(void)snprintf(what, sizeof(what), "%s", outcomes[outcome]);
	tell_value(run, what, error, true);
}

/* --- what it sends */

static int
number_of(const struct player *p, const char *guid)
{
	for (int i = 0; i < RUNS; i++)
		if (strcmp(p->runs[i].guid, guid) == 0)
			return i;
	return -1;
}

static void
describe_line(struct player *p, const char *line, size_t n)
{
	char element[16] = "", guid[CW_UUID_TEXT] = "", who[16];
	const char *at = memchr(line, '>', n);

	if (sscanf(line, "<Data Stream='Default' PSGuid='%36[^']'", guid) == 1)
		(void)snprintf(element, sizeof(element), "Data");
	else
		(void)sscanf(line, "<%15s PSGuid='%36[^']'", element, guid);
	if (strcmp(element, "Command") == 0 && p->starting != NULL)
		memcpy(p->starting->guid, guid, sizeof(guid));
	if (strcmp(guid, POOL) == 0)
		(void)snprintf(who, sizeof(who), "pool");
	else
		(void)snprintf(who, sizeof(who), "%d", number_of(p, guid));
	if (strcmp(element, "Data") == 0 && at != NULL)
		wire_describe_data(&p->sent, &p->public_key, who, at + 1,
		    (size_t)(line + n - at - 1) - strlen("</Data>"));
	else
		(void)cw_buf_printf(&p->sent, "%s %s\n", element, who);
}

/* Moves what the session has to send to the wire, and writes it down. */
static void
drain(struct player *p)
{
	struct cw_buf *out = cw_psrp_out(p->session);
	const char *line, *newline;

	(void)cw_buf_put(&p->wire, cw_buf_peek(out), cw_buf_left(out));
	while (cw_buf_left(out) > 0) {
		line = cw_buf_str(out);
		newline = strchr(line, '\n');
		describe_line(p, line, (size_t)(newline - line));
		cw_buf_skip(out, (size_t)(newline + 1 - line));
	}
}

/* --- the client's lines */

static void
move_clock(struct player *p, uint64_t ms)
{
	uint64_t end = p->now + ms;

	while (cw_psrp_due(p->session) <= end) {
		if (cw_psrp_due(p->session) > p->now)
			p->now = cw_psrp_due(p->session);
		cw_psrp_tick(p->session, p->now);
	}
	p->now = end;
}

/* run N [timeout MS] [input] [quiet] [host] [answers] [stops] script TEXT | command NAME | large
 * BYTES */
static int
do_run(struct player *p, struct run *run, const char *line, struct cw_err *err)
{
	static const struct cw_psrp_pipeline_events loud = { on_output, on_record, NULL,
		on_finished };
	static const struct cw_psrp_pipeline_events quiet = { on_output, NULL, NULL, on_finished };
	static const struct cw_psrp_pipeline_events hosted = { on_output, on_record, on_host_call,
		on_finished };
	struct cw_psrp_argument argument = { "Text", NULL };
	struct cw_psrp_command command = { NULL, true, &argument, 0 };
	struct cw_psrp_run what = { &command, 1, false, 60000, &loud, run };
	struct cw_ps_value large;
	long number;
	char *text;

	run->stops = run->answers = false;
	for (;;) {
		if (wire_take_word(&line, "timeout") && wire_take_number(&line, &number))
			what.timeout_ms = (uint32_t)number;
		else if (wire_take_word(&line, "input"))
			what.input = true;
		else if (wire_take_word(&line, "quiet"))
			what.events = &quiet;
		else if (wire_take_word(&line, "host"))
			what.events = &hosted;
		else if (wire_take_word(&line, "answers"))
			run->answers = true;
		else if (wire_take_word(&line, "stops"))
			run->stops = true;
		else if (wire_take_word(&line, "secret")) {
			argument.value = cw_ps_secure(p->arena, "secret", 6);
			command.argument_count = 1;
		} else
			break;
	}
	if (wire_take_word(&line, "large") && wire_take_number(&line, &number)) {
		if ((text = cw_ps_arena_alloc(p->arena, (size_t)number + 1)) == NULL)
			return cw_fail(err, CW_ENOMEM, "out of memory");
		memset(text, 'x', (size_t)number);
		large =
		    (struct cw_ps_value){ .kind = CW_PS_STRING, .text = { text, (size_t)number } };
		argument.value = &large;
		command.argument_count = 1;
		command.text = "param($Text) $Text.Length";
	} else if (wire_take_word(&line, "command")) {
		command.is_script = false;
		command.text = line;
	} else if (wire_take_word(&line, "script")) {
		command.text = line;
	} else {
		return cw_fail(err, CW_EINVAL, "what is to be run?");
	}
	p->starting = run;
	return cw_psrp_run(p->session, &run->pipeline, &what, p->now, err);
}

static int
do_due(struct player *p, const char *line, struct cw_err *err)
{
	uint64_t due = cw_psrp_due(p->session);
	char text[32];

	if (due == CW_PSRP_NEVER)
		(void)snprintf(text, sizeof(text), "never");
	else
		(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)(due - p->now));
	return strcmp(text, line) == 0 ? CW_OK : cw_fail(err, CW_EINVAL, "due is %s", text);
}

static int
do_pipeline_line(struct player *p, const char *line, struct cw_err *err)
{
	static const char *const verbs[] = { "run", "input", "end", "stop", "answer" };
	struct run *run;
	size_t verb = 0;
	long number;

	while (verb < CW_COUNT(verbs) && !wire_take_word(&line, verbs[verb]))
		verb++;
	if (verb == CW_COUNT(verbs) || !wire_take_number(&line, &number) || number < 0 ||
	    number >= RUNS)
		return cw_fail(err, CW_EINVAL, "not a line of the client's");
	run = &p->runs[number];
	if (verb == 0)
		return do_run(p, run, line, err);
	if (run->pipeline == NULL)
		return cw_fail(err, CW_EINVAL, "pipeline %ld does not run", number);
	switch (verb) {
	case 1: return cw_psrp_input(run->pipeline, cw_ps_string(p->arena, line), p->now, err);
	case 2: return cw_psrp_input(run->pipeline, NULL, p->now, err);
	case 3: cw_psrp_stop(run->pipeline, p->now); return CW_OK;
	default:
		return cw_psrp_host_answer(run->pipeline, &p->call,
		    line[0] != '\0' ? cw_ps_string(p->arena, line) : NULL, p->now, err);
	}
}

static bool feed_line(struct player *p, const char *line, struct cw_err *err);

/* A session that is open, as if all of that had been written out. */
static int
do_session(struct player *p, const char *line, struct cw_err *err)
{
	int r = cw_psrp_open(p->session, strcmp(line, "host") == 0, p->now, err);

	if (r == CW_OK && feed_line(p, "DataAck pool", err) && feed_line(p, "DataAck pool", err))
		(void)feed_line(p, "PoolState 2", err);
	cw_buf_clear(&p->sent);
	cw_buf_clear(&p->told);
	return r;
}

/* A run whose pipeline has begun. */
static int
do_begin(struct player *p, const char *line, struct cw_err *err)
{
	int r = do_pipeline_line(p, line, err);
	char ack[32];

	drain(p);
	if (r < 0 || p->starting == NULL)
		return r;
	(void)snprintf(ack, sizeof(ack), "CommandAck %d", p->starting->number);
	if (feed_line(p, ack, err)) {
		(void)snprintf(ack, sizeof(ack), "DataAck %d", p->starting->number);
		(void)feed_line(p, ack, err);
	}
	cw_buf_clear(&p->sent);
	return r;
}

static int
do_line(struct player *p, const char *line, struct cw_err *err)
{
	long ms;

	if (wire_take_word(&line, "session"))
		return do_session(p, line, err);
	if (wire_take_word(&line, "begun"))
		return do_begin(p, line, err);
	if (wire_take_word(&line, "open"))
		return cw_psrp_open(p->session, strcmp(line, "host") == 0, p->now, err);
	if (wire_take_word(&line, "key"))
		return cw_psrp_exchange_key(p->session, p->now, err);
	if (wire_take_word(&line, "wait") && wire_take_number(&line, &ms))
		move_clock(p, (uint64_t)ms);
	else if (wire_take_word(&line, "due"))
		return do_due(p, line, err);
	else if (wire_take_word(&line, "fail"))
		cw_psrp_fail(p->session, CW_ECLOSED, line);
	else if (wire_take_word(&line, "close"))
		cw_psrp_close(p->session);
	else if (wire_take_word(&line, "close-at-next-event"))
		p->close_at_told = true;
	else
		return do_pipeline_line(p, line, err);
	return CW_OK;
}

bool
player_do(struct player *p, const char *line, struct cw_err *err)
{
	int r;

	*err = (struct cw_err){ 0 };
	if (wire_take_word(&line, "refused")) { /* the call that follows must fail */
		if (do_line(p, line, err) == CW_OK)
			return cw_fail(err, CW_EINVAL, "it was not refused"), false;
		(void)cw_buf_printf(&p->told, "refused: %s\n", err->text);
		r = CW_OK;
	} else {
		r = do_line(p, line, err);
	}
	drain(p);
	return r == CW_OK;
}

/* --- the engine's bytes arrive */

void
player_feed(struct player *p, const void *bytes, size_t n)
{
	(void)cw_psrp_feed(p->session, bytes, n, p->now);
	drain(p);
}

static bool
feed_line(struct player *p, const char *line, struct cw_err *err)
{
	struct cw_buf bytes;
	bool ok;

	cw_buf_init(&bytes, 65536);
	if ((ok = player_engine_bytes(p, &bytes, line, err)))
		player_feed(p, cw_buf_peek(&bytes), cw_buf_left(&bytes));
	cw_buf_free(&bytes);
	return ok;
}

/* --- what was written down */

static const char *
take_line(struct player *p, struct cw_buf *from)
{
	const char *text = cw_buf_str(from), *newline;

	if (text == NULL || (newline = strchr(text, '\n')) == NULL)
		return NULL;
	cw_buf_clear(&p->line);
	(void)cw_buf_put(&p->line, text, (size_t)(newline - text));
	cw_buf_skip(from, (size_t)(newline + 1 - text));
	return cw_buf_str(&p->line);
}

const char *
player_sent(struct player *p)
{
	return take_line(p, &p->sent);
}

const char *
player_told(struct player *p)
{
	return take_line(p, &p->told);
}

struct cw_buf *
player_wire(struct player *p)
{
	return &p->wire;
}

void
player_generalise(const struct player *p, struct cw_buf *out, const char *line)
{
	static const char mark[] = "PSGuid='";
	const char *at = strstr(line, mark);
	char guid[CW_UUID_TEXT] = "";
	int number;

	if (at == NULL || strlen(at) < sizeof(mark) + CW_UUID_TEXT) {
		(void)cw_buf_puts(out, line);
		return;
	}
	at += sizeof(mark) - 1;
	memcpy(guid, at, CW_UUID_TEXT - 1);
	(void)cw_buf_put(out, line, (size_t)(at - line));
	if ((number = number_of(p, guid)) >= 0)
		(void)cw_buf_printf(out, "{%d}", number);
	else
		(void)cw_buf_puts(out, guid);
	(void)cw_buf_puts(out, at + CW_UUID_TEXT - 1);
}

/* --- life */

int
player_new(struct player **ret)
{
	struct player *p = calloc(1, sizeof(*p));
	struct cw_psrp_events events = { on_opened, on_keyed, NULL, on_lost, p };
	struct cw_buf *bufs[] = { &p->sent, &p->told, &p->line, &p->wire, &p->public_key };

	if (p == NULL || cw_psrp_new(&p->session, &events) < 0 ||
	    cw_ps_arena_new(&p->arena, CW_PS_ARENA_MAX) < 0) {
		free(p);
		return CW_ENOMEM;
	}
	for (size_t i = 0; i < CW_COUNT(bufs); i++)
		cw_buf_init(bufs[i], 64u << 20);
	for (int i = 0; i < RUNS; i++)
		p->runs[i] = (struct run){ .player = p, .number = i };
	p->now = 1000000;
	p->engine_object = 1000000;
	*ret = p;
	return CW_OK;
}

void
player_free(struct player *p)
{
	cw_psrp_free(p->session);
	cw_ps_arena_free(p->arena);
	cw_buf_free(&p->sent);
	cw_buf_free(&p->told);
	cw_buf_free(&p->line);
	cw_buf_free(&p->wire);
	cw_buf_free(&p->public_key);
	free(p);
}
