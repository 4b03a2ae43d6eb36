/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_psrp FILE: how fast objects go from PowerShell's bytes to our JSON. FILE
 * has one CLIXML document a line, each an object as an engine would send it. One
 * line of processor seconds and bytes for each way, best of several rounds:
 *   clixml    the texts alone: read, written as JSON
 *   session   all that the engine writes: lines, base64, fragments, messages, then the same
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "os/file.h"
#include "powershell/clixml.h"
#include "powershell/fragment.h"
#include "powershell/json.h"
#include "powershell/outproc.h"
#include "powershell/session.h"

#define ROUNDS 5
#define FILE_MAX (1u << 30) /* bytes */
#define FEED 65536u /* bytes at a time, as from a pipe */
#define POOL "00000000-0000-0000-0000-000000000000"

static struct cw_err err;

/* Of the processor, not of the wall: what else the machine does changes it little. */
static double
seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

struct texts {
	struct cw_buf file;
	const char **start;
	size_t *len;
	size_t count, bytes;
};

static void
die(const char *what)
{
	fprintf(stderr, "bench_psrp: %s: %s\n", what, err.text);
	exit(1);
}

static void
load(struct texts *t, const char *path)
{
	const char *p, *end, *newline;

	cw_buf_init(&t->file, FILE_MAX);
	if (cw_file_read(&t->file, path, &err) < 0)
		die(path);
	p = (const char *)cw_buf_peek(&t->file);
	end = p + cw_buf_left(&t->file);
	for (; p < end && (newline = memchr(p, '\n', (size_t)(end - p))) != NULL; p = newline + 1) {
		if ((t->count & (t->count + 1)) == 0) { /* full: doubled */
			t->start = realloc(t->start, (2 * t->count + 2) * sizeof(*t->start));
			t->len = realloc(t->len, (2 * t->count + 2) * sizeof(*t->len));
			if (t->start == NULL || t->len == NULL)
				die("memory");
		}
		t->start[t->count] = p;
		t->len[t->count++] = (size_t)(newline - p);
		t->bytes += (size_t)(newline - p);
	}
	if (t->count == 0)
		die("no lines");
}

static void
report(const char *name, double took, const struct texts *t, size_t bytes, size_t json)
{
	printf(
	    "%s seconds %.6f objects %zu bytes %zu json %zu\n", name, took, t->count, bytes, json);
}

/* --- texts alone */

static void
bench_clixml(const struct texts *t)
{
	double best = 1e9;
	struct cw_clixml *reader;
	struct cw_ps_arena *arena;
	struct cw_buf json;
	size_t total = 0;

	if (cw_clixml_new(&reader) < 0 || cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		die("memory");
	cw_buf_init(&json, 1u << 26);
	for (int round = 0; round < ROUNDS; round++) {
		double began = seconds(), took;

		total = 0;
		for (size_t i = 0; i < t->count; i++) {
			const struct cw_ps_value *v;

			cw_ps_arena_reset(arena);
			cw_buf_clear(&json);
			if (cw_clixml_read(reader, &v, arena, t->start[i], t->len[i], &err) < 0 ||
			    cw_ps_json_put(&json, v, &err) < 0)
				die("clixml");
			total += cw_buf_left(&json);
		}
		took = seconds() - began;
		best = took < best ? took : best;
	}
	report("clixml", best, t, t->bytes, total);
	cw_buf_free(&json);
	cw_ps_arena_free(arena);
	cw_clixml_free(reader);
}

/* --- a whole session */

struct talk {
	struct cw_buf wire, json;
	size_t total;
	bool finished;
};

static void
on_nothing(void *arg)
{
	(void)arg;
}

static void
on_lost(void *arg, const struct cw_err *why)
{
	(void)arg;
	err = *why;
	die("session");
}

static void
on_output(void *arg, const struct cw_ps_value *v)
{
	struct talk *talk = arg;

	cw_buf_clear(&talk->json);
	if (cw_ps_json_put(&talk->json, v, &err) < 0)
		die("json");
	talk->total += cw_buf_left(&talk->json);
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	(void)error;
	((struct talk *)arg)->finished = outcome == CW_PSRP_COMPLETED;
}

static void
put_message(
    struct cw_buf *wire, const uint8_t guid[16], enum cw_psrp_type type, const char *xml, size_t n)
{
	static uint64_t object_id;
	struct cw_psrp_message m = { .destination = CW_PSRP_TO_CLIENT, .type = type };
	struct cw_buf message, fragments;

	m.xml = xml;
	m.xml_len = n;
	cw_buf_init(&message, CW_PSRP_MESSAGE_MAX);
	cw_buf_init(&fragments, CW_PSRP_MESSAGE_MAX);
	if (cw_psrp_message_put(&message, &m) < 0 ||
	    cw_psrp_fragment_put(
		&fragments, ++object_id, cw_buf_peek(&message), cw_buf_left(&message)) < 0 ||
	    cw_outproc_put_data(wire, guid, cw_buf_peek(&fragments), cw_buf_left(&fragments)) < 0)
		die("wire");
	cw_buf_free(&message);
	cw_buf_free(&fragments);
}

static void
put_state(struct cw_buf *wire, const uint8_t guid[16], enum cw_psrp_type type, const char *name,
    int state)
{
	char xml[128];
	int n = snprintf(xml, sizeof(xml), "<Obj RefId=\"0\"><MS><I32 N=\"%s\">%d</I32></MS></Obj>",
	    name, state);

	put_message(wire, guid, type, xml, (size_t)n);
}

/* The GUID of the Command that the session has just written. */
static void
command_guid(uint8_t ret[16], struct cw_psrp *s)
{
	const char *at = strstr(cw_buf_str(cw_psrp_out(s)), "<Command PSGuid='");

	if (at == NULL || cw_uuid_parse(ret, at + 17, CW_UUID_TEXT - 1) < 0)
		die("no Command");
	cw_buf_clear(cw_psrp_out(s));
}

static double
talk_once(struct talk *talk, const struct texts *t)
{
	static const struct cw_psrp_pipeline_events events = { on_output, NULL, NULL, on_finished };
	struct cw_psrp_events session_events = { on_nothing, NULL, NULL, on_lost, talk };
	struct cw_psrp_command command = { "x", false, NULL, 0 };
	struct cw_psrp_run run = { &command, 1, false, 60000, &events, talk };
	uint8_t guid[16] = { 0 };
	struct cw_psrp_pipeline *p;
	struct cw_psrp *s;
	double began;

	cw_buf_clear(&talk->wire);
	if (cw_psrp_new(&s, &session_events) < 0 || cw_psrp_open(s, false, 0, &err) < 0)
		die("open");
	put_state(&talk->wire, guid, CW_PSRP_RUNSPACEPOOL_STATE, "RunspaceState", 2);
	(void)cw_psrp_feed(s, cw_buf_peek(&talk->wire), cw_buf_left(&talk->wire), 0);
	if (cw_psrp_run(s, &p, &run, 0, &err) < 0)
		die("run");
	command_guid(guid, s);
	cw_buf_clear(&talk->wire);
	(void)cw_outproc_put(&talk->wire, "CommandAck", guid);
	for (size_t i = 0; i < t->count; i++)
		put_message(&talk->wire, guid, CW_PSRP_PIPELINE_OUTPUT, t->start[i], t->len[i]);
	put_state(&talk->wire, guid, CW_PSRP_PIPELINE_STATE, "PipelineState", 4);
	talk->total = 0;
	talk->finished = false;
	began = seconds();
	for (size_t at = 0, n = cw_buf_left(&talk->wire); at < n; at += FEED)
		(void)cw_psrp_feed(
		    s, cw_buf_peek(&talk->wire) + at, n - at < FEED ? n - at : FEED, 0);
	began = seconds() - began;
	if (!talk->finished)
		die("not finished");
	cw_psrp_free(s);
	return began;
}

static void
bench_session(const struct texts *t)
{
	double best = 1e9;
	struct talk talk = { 0 };

	cw_buf_init(&talk.wire, FILE_MAX);
	cw_buf_init(&talk.json, 1u << 26);
	for (int round = 0; round < ROUNDS; round++) {
		double took = talk_once(&talk, t);

		best = took < best ? took : best;
	}
	report("session", best, t, cw_buf_left(&talk.wire), talk.total);
	cw_buf_free(&talk.wire);
	cw_buf_free(&talk.json);
}

int
main(int argc, char **argv)
{
	struct texts t = { 0 };

	if (argc != 2) {
		fputs("usage: bench_psrp FILE\n", stderr);
		return 2;
	}
	load(&t, argv[1]);
	bench_clixml(&t);
	bench_session(&t);
	free(t.start);
	free(t.len);
	cw_buf_free(&t.file);
	return 0;
}
