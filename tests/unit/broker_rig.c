/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"
#include "broker_rig.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "commands/controller.h"
#include "commands/roles.h"
#include "os/clock.h"

extern const char *test_case;

struct broker_rig t;

static void
set(void *arg)
{
	*(bool *)arg = true;
}

void
until(const bool *what)
{
	while (!*what)
		(void)uv_run(&t.loop, UV_RUN_ONCE);
}

void
pump(void)
{
	for (int i = 0; i < 20; i++)
		(void)uv_run(&t.loop, UV_RUN_NOWAIT);
}

struct double_job *
job(const char *command)
{
	struct double_job *found;

	while ((found = double_find(command)) == NULL)
		(void)uv_run(&t.loop, UV_RUN_ONCE);
	return found;
}

void
open_all(void)
{
	static const char *const roles[] = { "directory", NULL };
	static char *const powershell[] = { "x", NULL };
	static const uint8_t seal[32];
	struct cw_roles_config rc = { .loop = &t.loop, .powershell = powershell, .pool = 3 };
	struct cw_broker_config bc = { .loop = &t.loop,
		.agent = "6f1de2b0-6a3c-4d2a-9b1e-0000000000aa",
		.tenant = "6f1de2b0-6a3c-4d2a-9b1e-0000000000ab",
		.seal_private = seal };
	struct cw_err err = { 0 };

	(void)uv_loop_init(&t.loop);
	(void)snprintf(t.path, sizeof(t.path), "test_broker.%d.db", (int)getpid());
	(void)remove(t.path);
	CHECK_EQ(cw_journal_open(&t.journal, t.path, cw_clock_unix_ms(), &err), CW_OK);
	CHECK_EQ(cw_writer_new(&t.writer, &t.loop, t.journal, &err), CW_OK);
	CHECK_EQ(cw_roles_new(&t.roles, &rc, roles, &err), CW_OK);
	CHECK_EQ(cw_controller_new(&t.controller, &t.loop, t.roles, "dc1.lab.test", &err), CW_OK);
	double_ready("ActiveDirectory");
	bc.roles = t.roles;
	bc.controller = t.controller;
	bc.journal = t.journal;
	bc.writer = t.writer;
	bc.sandboxes = (struct cw_sandboxes *)&t;
	CHECK_EQ(cw_broker_new(&t.broker, &bc, &err), CW_OK);
	CHECK_STR(err.text, "");
	double_sandbox_reset();
}

void
close_all(void)
{
	bool closed = false;

	cw_roles_close(t.roles, set, &closed);
	until(&closed);
	closed = false;
	cw_broker_close(t.broker, set, &closed);
	until(&closed);
	closed = false;
	cw_writer_close(t.writer, set, &closed);
	until(&closed);
	cw_controller_free(t.controller);
	cw_journal_close(t.journal);
	(void)remove(t.path);
	(void)uv_run(&t.loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&t.loop), 0);
	double_sandbox_reset();
	cw_buf_free(&double_sandbox.answer);
	cw_buf_free(&t.lines);
	cJSON_Delete(t.result);
	memset(&t, 0, sizeof(t));
}

static void
on_lines(void *arg, const char *text, size_t n)
{
	(void)arg;
	CHECK_EQ(cw_buf_put(&t.lines, text, n), CW_OK);
}

static void
on_done(void *arg, const struct cw_err *err, cJSON *result)
{
	(void)arg;
	t.over = true;
	t.script = NULL;
	t.err = *err;
	t.result = result;
}

void
start_as(const char *id)
{
	static const struct cw_script_events events = { on_lines, on_done };
	struct cw_script_request q = { .id = id,
		.caller = "",
		.mode = CW_SCRIPT_RUN,
		.text = "the text",
		.text_len = 8,
		.timeout_ms = 60000,
		.controller = "" };
	struct cw_err err = { 0 };

	cw_buf_init(&t.lines, 1u << 20);
	CHECK_EQ(cw_script_start(&t.script, t.broker, &q, &events, NULL, &err), CW_OK);
}

/* Up to where its text runs. */
void
begin(const char *name)
{
	test_case = name;
	open_all();
	start_as(ID);
	while (!double_sandbox.taken) {
		struct cw_journal_record rec;
		struct cw_err err;

		(void)uv_run(&t.loop, UV_RUN_ONCE);
		if (cw_journal_find(t.journal, ID, &rec, &err) < 0)
			continue;
		CHECK_EQ(rec.state, CW_JOURNAL_BEGUN);
		CHECK(double_sandbox.text == NULL); /* its id is on the disk before that */
		cw_journal_record_free(&rec);
		while (!double_sandbox_is_asked()) /* the journal's thread has yet to say so */
			(void)uv_run(&t.loop, UV_RUN_ONCE);
		double_sandbox_give(NULL);
	}
	CHECK_STR(double_sandbox.text, "the text");
}

void
check_answer(const char *holds, const char *lacks)
{
	const char *text;

	while (double_sandbox.answered < 0)
		(void)uv_run(&t.loop, UV_RUN_ONCE);
	text = cw_buf_str(&double_sandbox.answer);
	if (strstr(text, holds) == NULL || (lacks != NULL && strstr(text, lacks) != NULL)) {
		test_failed = 1;
		(void)fprintf(stderr, "%s: the answer is %s\n", test_case, text);
	}
}

void
check_end(const char *state)
{
	until(&t.over);
	CHECK_EQ(t.err.code, CW_OK);
	CHECK_STR(cJSON_GetObjectItem(t.result, "state")->valuestring, state);
	CHECK(double_sandbox.ended);
	close_all();
}

void
answer_lookup(const char *user)
{
	if (user != NULL)
		double_output(job(GET_OBJECT), user);
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL);
}

/* The lookups before the first write. */
void
answer_lookups(const char *user)
{
	double_output(job(GET_DOMAIN), DOMAIN);
	double_done(job(GET_DOMAIN), CW_OK, NULL, NULL);
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL); /* who has power */
	double_done(job(GET_OBJECT), CW_OK, NULL, NULL); /* and who by them */
	answer_lookup(user);
}

static bool
see(void *arg, const struct cw_journal_record *record)
{
	struct seen *s = arg;

	if (strcmp(record->command, s->command) == 0) {
		s->begun += record->state == CW_JOURNAL_BEGUN;
		s->ended += record->state != CW_JOURNAL_BEGUN;
		s->unknown += record->state == CW_JOURNAL_UNKNOWN;
	}
	return true;
}

struct seen
seen(const char *command)
{
	struct seen s = { command, 0, 0, 0 };
	struct cw_err err;

	CHECK_EQ(cw_journal_walk(t.journal, 100, see, &s, &err), CW_OK);
	return s;
}

/* --- */
