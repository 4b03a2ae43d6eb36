/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"
#include "base/str.h"
#include "commands/controller.h"
#include "commands/roles.h"
#include "journal/writer.h"
#include "os/clock.h"
#include "os/random.h"
#include "run.h"
#include "sandbox/pool.h"

struct rig rig;

static struct cw_sandbox_config walls;
static struct cw_sandboxes *sandboxes;
static struct cw_controller *controller;
static struct cw_writer *writer;
static char *engine[3], *powershell[] = { NULL, "-s", NULL };
static const uint8_t seal[32];

static void
need(int r, const struct cw_err *err)
{
	if (r == CW_OK)
		return;
	(void)fprintf(stderr, "rig: %s\n", err->text);
	exit(1);
}

static void
set(void *arg)
{
	*(bool *)arg = true;
}

static void
until(const bool *what)
{
	while (!*what)
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
}

void
rig_start(char **argv, const char *preparation)
{
	static const char *const roles[] = { "directory", NULL };
	struct cw_err err = { 0 };
	struct cw_roles_config rc = { .loop = &rig.loop, .powershell = powershell, .pool = 3 };
	struct cw_broker_config bc = { .loop = &rig.loop,
		.agent = "6f1de2b0-6a3c-4d2a-9b1e-0000000000aa",
		.tenant = "6f1de2b0-6a3c-4d2a-9b1e-0000000000ab",
		.seal_private = seal,
		.preparation = preparation };
	struct cw_sandboxes_config sc = {
		.loop = &rig.loop, .walls = &walls, .warm = 1, .prepare = cw_broker_prepare
	};

	run_config(&walls, argv);
	engine[0] = argv[3];
	engine[1] = "-s";
	walls.engine = engine;
	run_need_walls(&walls);
	powershell[0] = getenv("CAUSEWAY_LAB_POWERSHELL");
	assert(powershell[0] != NULL);
	(void)uv_loop_init(&rig.loop);
	(void)snprintf(rig.path, sizeof(rig.path), "/tmp/cw-broker-%d.db", (int)getpid());
	(void)unlink(rig.path);
	need(cw_journal_open(&rig.journal, rig.path, cw_clock_unix_ms(), &err), &err);
	need(cw_writer_new(&writer, &rig.loop, rig.journal, &err), &err);
	need(cw_roles_new(&rig.roles, &rc, roles, &err), &err);
	need(cw_controller_new(&controller, &rig.loop, rig.roles, NULL, &err), &err);
	bc.roles = rig.roles;
	bc.controller = controller;
	bc.journal = rig.journal;
	bc.writer = writer;
	need(cw_broker_new(&rig.broker, &bc, &err), &err);
	sc.arg = rig.broker;
	need(cw_sandboxes_new(&sandboxes, &sc, &err), &err);
	cw_broker_use_sandboxes(rig.broker, sandboxes, NULL);
}

void
rig_finish(void)
{
	bool closed = false;

	cw_sandboxes_close(sandboxes, set, &closed);
	until(&closed);
	closed = false;
	cw_roles_close(rig.roles, set, &closed);
	until(&closed);
	closed = false;
	cw_broker_close(rig.broker, set, &closed);
	until(&closed);
	closed = false;
	cw_writer_close(writer, set, &closed);
	until(&closed);
	cw_controller_free(controller);
	cw_journal_close(rig.journal);
	(void)unlink(rig.path);
	(void)uv_run(&rig.loop, UV_RUN_DEFAULT);
	assert(uv_loop_close(&rig.loop) == 0);
}

/* --- scripts */

static void
on_lines(void *arg, const char *text, size_t n)
{
	struct outcome *o = arg;

	for (size_t i = 0; i < n; i++)
		o->line_count += text[i] == '\n';
	if (cw_buf_left(&o->lines) < (1u << 26))
		(void)cw_buf_put(&o->lines, text, n);
}

static void
on_done(void *arg, const struct cw_err *err, cJSON *result)
{
	struct outcome *o = arg;

	o->script = NULL;
	o->err = *err;
	o->result = result;
}

static void
start(struct outcome *o, struct cw_script_request *q)
{
	static const struct cw_script_events events = { on_lines, on_done };

	memset(o, 0, sizeof(*o));
	cw_buf_init(&o->lines, 1u << 28);
	q->caller = "a test";
	q->not_after_ms = cw_clock_unix_ms() + RIG_MS;
	q->controller = "";
	uv_update_time(&rig.loop);
	if (cw_script_start(&o->script, rig.broker, q, &events, o, &o->err) < 0)
		o->script = NULL;
}

void
rig_begin_as(struct outcome *o, const char *id, enum cw_script_mode mode, const char *text,
    uint32_t timeout_ms, const struct cw_script_limits *limits)
{
	struct cw_script_request q = { .id = id,
		.mode = mode,
		.text = text,
		.text_len = strlen(text),
		.timeout_ms = timeout_ms };

	if (limits != NULL)
		q.limits = *limits;
	start(o, &q);
}

static void
new_id(char ret[CW_UUID_TEXT])
{
	uint8_t uuid[16];

	cw_random(uuid, sizeof(uuid));
	cw_uuid_text(ret, uuid);
}

void
rig_apply(struct outcome *o, const cJSON *plan, const cJSON *secrets, bool approved)
{
	char id[CW_UUID_TEXT];
	struct cw_script_request q = { .id = id,
		.mode = CW_SCRIPT_APPLY,
		.plan = cJSON_Duplicate(plan, true),
		.secrets = secrets,
		.approved = approved,
		.timeout_ms = RIG_MS };

	new_id(id);
	start(o, &q);
	rig_wait(o);
}

void
rig_begin(struct outcome *o, enum cw_script_mode mode, const char *text, uint32_t timeout_ms,
    const struct cw_script_limits *limits)
{
	char id[CW_UUID_TEXT];

	new_id(id);
	rig_begin_as(o, id, mode, text, timeout_ms, limits);
}

void
rig_wait(struct outcome *o)
{
	while (o->script != NULL)
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
}

void
rig_run(struct outcome *o, const char *text)
{
	rig_begin(o, CW_SCRIPT_RUN, text, RIG_MS, NULL);
	rig_wait(o);
}

bool
rig_wait_for(struct outcome *o, const char *text)
{
	while (o->script != NULL && strstr(outcome_text(o), text) == NULL)
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
	return o->script != NULL;
}

const char *
outcome_state(const struct outcome *o)
{
	const cJSON *state = cJSON_GetObjectItemCaseSensitive(o->result, "state");

	return state != NULL ? state->valuestring : cw_errname(o->err.code);
}

const char *
outcome_text(struct outcome *o)
{
	const char *text = cw_buf_str(&o->lines);

	return text != NULL ? text : "";
}

void
outcome_free(struct outcome *o)
{
	cw_buf_free(&o->lines);
	cJSON_Delete(o->result);
	memset(o, 0, sizeof(*o));
}
