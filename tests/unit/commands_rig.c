/* SPDX-License-Identifier: Apache-2.0 */
#include "commands_rig.h"

#include <stdio.h>

#include "test.h"
#include "base/err.h"
#include "base/json.h"
#include "base/time.h"
#include "crypto/seal.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/random.h"

extern const char *test_case;

struct rig rig = { .valid_ms = RIG_VALID_MS };

/* --- the wire */

static void
on_request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	(void)arg;
	cw_commands_request(rig.commands, call, method, params);
}

static void
no_request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	(void)arg, (void)method, (void)params;
	cw_wire_call_fail(call, CW_ENOTFOUND, "no such method", NULL);
}

static void
no_output(void *arg)
{
	(void)arg; /* pump() looks */
}

void
rig_connect(void)
{
	const struct cw_wire_config ours = { NULL, no_request, no_output, 0, 0 };
	const struct cw_wire_config theirs = { NULL, on_request, no_output, 0, 0 };

	CHECK_EQ(cw_wire_new(&rig.bridge, &ours, 0), CW_OK);
	CHECK_EQ(cw_wire_new(&rig.agent, &theirs, 0), CW_OK);
}

void
rig_disconnect(void)
{
	cw_wire_free(rig.agent);
	cw_wire_free(rig.bridge);
	rig.agent = rig.bridge = NULL;
}

static bool
carry(struct cw_wire *from, struct cw_wire *to)
{
	const struct cw_buf *out = cw_wire_out(from);
	size_t n = cw_buf_left(out);

	if (n == 0)
		return false;
	(void)cw_wire_feed(to, cw_buf_peek(out), n, 0);
	cw_wire_sent(from, n);
	return true;
}

void
rig_pump(void)
{
	do {
		(void)uv_run(&rig.loop, UV_RUN_NOWAIT);
	} while (
	    rig.agent != NULL && (carry(rig.bridge, rig.agent) || carry(rig.agent, rig.bridge)));
}

/* --- the bridge's questions */

static void
on_chunk(void *arg, const char *text, size_t n)
{
	struct answer *a = arg;

	CHECK_EQ(cw_buf_put(&a->stream, text, n), CW_OK);
	if (a->pause_at > 0 && cw_buf_left(&a->stream) >= a->pause_at)
		cw_wire_request_pause(a->request);
}

static void
on_answer(void *arg, const struct cw_wire_answer *answer)
{
	struct answer *a = arg;

	a->code = answer->code;
	(void)snprintf(
	    a->message, sizeof(a->message), "%s", answer->message != NULL ? answer->message : "");
	a->result = cJSON_Duplicate(answer->result, true);
	a->data = cJSON_Duplicate(answer->data, true);
}

void
answer_free(struct answer *a)
{
	cw_buf_free(&a->stream);
	cJSON_Delete(a->result);
	cJSON_Delete(a->data);
	*a = (struct answer){ 0 };
}

void
rig_ask(struct answer *a, const char *method, const char *json)
{
	static const struct cw_wire_events events = { on_chunk, on_answer };

	answer_free(a);
	a->code = 1;
	cw_buf_init(&a->stream, 64u << 20);
	CHECK_EQ(
	    cw_wire_request(&a->request, rig.bridge, method, cJSON_Parse(json), &events, a, 0, 0),
	    CW_OK);
	rig_pump();
}

void
rig_wait(const struct answer *a)
{
	while (a->code == 1) {
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
		rig_pump();
	}
}

struct double_job *
rig_job(const char *command)
{
	struct double_job *job;

	while ((job = double_find(command)) == NULL) {
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
		rig_pump();
	}
	return job;
}

void
rig_run(struct answer *a, const char *id, const char *command, const char *parameters, bool write,
    const char *more)
{
	char json[4096], until[CW_TIME_TEXT];

	cw_time_text(until, cw_clock_unix_ms() + rig.valid_ms);
	(void)snprintf(json, sizeof(json),
	    "{\"id\":\"%s\",\"operation\":\"" OPERATION "\",\"step\":\"1\",\"command\":\"%s\","
	    "\"parameters\":{%s},\"write\":%s,\"not_after\":\"%s\"%s}",
	    id, command, parameters, write ? "true" : "false", until, more);
	rig_ask(a, "command.run", json);
}

const char *
answer_state(const struct answer *a)
{
	const char *text = cw_json_str(a->result, "state");

	return text != NULL ? text : "(none)";
}

const char *
rig_query(struct answer *a, const char *id)
{
	char json[128];
	const cJSON *one;

	(void)snprintf(json, sizeof(json), "{\"ids\":[\"%s\"]}", id);
	rig_ask(a, "command.query", json);
	rig_wait(a);
	one = cJSON_GetArrayItem(cw_json_get(a->result, "commands"), 0);
	return cw_json_str(one, "state") != NULL ? cw_json_str(one, "state") : "(none)";
}

void
rig_set(void *arg)
{
	*(bool *)arg = true;
}

void
rig_until(const bool *what)
{
	while (!*what) {
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
		rig_pump();
	}
}

/* --- in place of the broker */

static int
place_ask(void *arg, struct cw_catalogue_call *call, const cJSON *parameters, const char *server,
    bool stays, uint32_t timeout_ms,
    void (*done)(void *run, const char *server, const char *warning, cJSON *failure), void *run,
    struct cw_err *err)
{
	struct rig_place *p = &((struct rig *)arg)->place;

	(void)call;
	CHECK(cJSON_IsObject(parameters));
	CHECK(timeout_ms > 0);
	p->asked++;
	p->stays = stays;
	p->done = done;
	p->run = run;
	if (p->code == CW_OK) /* at once */
		done(run, server, "", NULL);
	return p->code == CW_OK || p->code == CW_EAGAIN ? CW_OK : cw_fail(err, p->code, "not now");
}

static void
place_cancel(void *arg, const void *run)
{
	struct rig_place *p = &((struct rig *)arg)->place;

	CHECK(p->run == run);
	p->cancelled++;
}

void
rig_placed(const char *server, const char *warning, const char *failure)
{
	rig.place.done(
	    rig.place.run, server, warning, failure == NULL ? NULL : cJSON_Parse(failure));
	rig_pump();
}

void
rig_start(void)
{
	static const struct cw_commands_places places = { place_ask, place_cancel };
	static const char *const names[] = { "directory", NULL };
	const struct cw_roles_config config = {
		.loop = &rig.loop, .pool = 3, .changed = rig_set, .arg = &rig.roles_changed
	};
	struct cw_commands_config c = { .loop = &rig.loop,
		.agent = AGENT,
		.seal_private = rig.seal_private,
		.places = &places,
		.arg = &rig };
	struct cw_err err = { 0 };
	char id[CW_UUID_TEXT];

	cw_random_uuid(id);
	(void)snprintf(rig.path, sizeof(rig.path), "test-commands-%s.db", id);
	CHECK_EQ(uv_loop_init(&rig.loop), 0);
	CHECK_EQ(cw_seal_keypair(rig.seal_public, rig.seal_private), CW_OK);
	CHECK_EQ(cw_journal_open(&rig.journal, rig.path, cw_clock_unix_ms(), &err), CW_OK);
	CHECK_EQ(cw_writer_new(&rig.writer, &rig.loop, rig.journal, &err), CW_OK);
	CHECK_EQ(cw_roles_new(&rig.roles, &config, names, &err), CW_OK);
	CHECK_EQ(cw_controller_new(&rig.controller, &rig.loop, rig.roles, NULL, &err), CW_OK);
	c.roles = rig.roles;
	c.controller = rig.controller;
	c.journal = rig.journal;
	c.writer = rig.writer;
	CHECK_EQ(cw_commands_new(&rig.commands, &c, &err), CW_OK);
	double_ready("ActiveDirectory");
	rig_connect();
}

void
rig_close(void)
{
	bool closed = false;

	rig_disconnect();
	cw_roles_close(rig.roles, rig_set, &closed);
	rig_until(&closed);
	closed = false;
	cw_commands_close(rig.commands, rig_set, &closed);
	rig_until(&closed);
}

void
rig_finish(void)
{
	static const char *const sides[] = { "", "-wal", "-shm" };
	char side[160];
	bool closed = false;

	cw_controller_free(rig.controller);
	cw_writer_close(rig.writer, rig_set, &closed);
	rig_until(&closed);
	cw_journal_close(rig.journal);
	test_case = "the loop is empty at the end";
	(void)uv_run(&rig.loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&rig.loop), 0);
	for (size_t i = 0; i < CW_COUNT(sides); i++) {
		(void)snprintf(side, sizeof(side), "%s%s", rig.path, sides[i]);
		(void)cw_file_remove(side, NULL);
	}
}
