/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of one session kept for a test to look at.
 */
#include "powershell/json.h"

#include "client.h"

static void
on_opened(void *arg)
{
	((struct client *)arg)->opened = true;
}

static void
on_keyed(void *arg)
{
	((struct client *)arg)->keyed = true;
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	struct client *c = arg;

	c->lost = true;
	c->why = *err;
}

static void
on_closed(void *arg)
{
	((struct client *)arg)->closed = true;
}

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	struct client *c = arg;
	struct cw_err err;

	if (!c->drops) {
		CHECK_EQ(cw_ps_json_put(&c->output, value, &err), CW_OK);
		(void)cw_buf_putc(&c->output, '\n');
	}
	if (c->outputs++ > 0)
		return;
	if (c->stops)
		cw_psrp_stop(c->pipeline, uv_now(c->loop));
	if (c->pauses)
		cw_psrp_process_pause(c->process);
	if (c->kills)
		CHECK_EQ(uv_kill(cw_psrp_process_pid(c->process), SIGKILL), 0);
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	struct client *c = arg;

	c->records[stream]++;
	if (stream == CW_PSRP_ERROR && cw_ps_str(record) != NULL)
		(void)cw_buf_puts(&c->error, cw_ps_str(record));
}

static void
on_host_call(void *arg, const struct cw_psrp_host_call *call)
{
	struct client *c = arg;
	struct cw_ps_arena *arena;
	struct cw_err err;

	if (call->method != 11 || cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return;
	CHECK_EQ(cw_psrp_host_answer(
		     c->pipeline, call, cw_ps_string(arena, c->answer), uv_now(c->loop), &err),
	    CW_OK);
	cw_ps_arena_free(arena);
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct client *c = arg;

	c->finished = true;
	c->outcome = outcome;
	c->pipeline = NULL;
	if (cw_ps_str(error) != NULL)
		(void)cw_buf_puts(&c->error, cw_ps_str(error));
}

static const struct cw_psrp_pipeline_events plain = { on_output, on_record, NULL, on_finished };
const struct cw_psrp_pipeline_events client_hosted = { on_output, on_record, on_host_call,
	on_finished };

void
client_until(struct client *c, const bool *what)
{
	while (!*what && !c->lost && !c->closed)
		uv_run(c->loop, UV_RUN_ONCE);
}

void
client_start(struct client *c, uv_loop_t *loop, char *const *argv, bool has_host)
{
	struct cw_psrp_process_config config = { .loop = loop,
		.argv = argv,
		.has_host = has_host,
		.events = { on_opened, on_keyed, NULL, on_lost, c },
		.closed = on_closed };
	struct cw_err err = { 0 };

	*c = (struct client){ .loop = loop };
	cw_buf_init(&c->output, 1u << 24);
	cw_buf_init(&c->error, 1u << 16);
	CHECK_EQ(cw_psrp_process_start(&c->process, &config, &err), CW_OK);
	CHECK_STR(err.text, "");
	client_until(c, &c->opened);
}

void
client_start_engine(struct client *c, uv_loop_t *loop, const char *engine, bool has_host)
{
	char *argv[] = { (char *)(uintptr_t)engine, "-s", NULL };

	client_start(c, loop, argv, has_host);
	CHECK(c->opened);
	CHECK_STR(c->why.text, "");
}

void
client_end(struct client *c)
{
	if (!c->closed && !c->lost)
		cw_psrp_process_kill(c->process);
	while (!c->closed)
		uv_run(c->loop, UV_RUN_ONCE);
	cw_buf_free(&c->output);
	cw_buf_free(&c->error);
}

int
client_begin_run(struct client *c, struct cw_psrp_run *run)
{
	struct cw_err err = { 0 };
	int r;

	cw_buf_clear(&c->output);
	cw_buf_clear(&c->error);
	memset(c->records, 0, sizeof(c->records));
	c->outputs = 0;
	c->finished = false;
	run->arg = c;
	if (run->events == NULL)
		run->events = &plain;
	uv_update_time(c->loop);
	r = cw_psrp_run(
	    cw_psrp_process_session(c->process), &c->pipeline, run, uv_now(c->loop), &err);
	CHECK_STR(err.text, "");
	return r;
}

int
client_begin(struct client *c, const struct cw_psrp_command *command, uint32_t timeout_ms)
{
	struct cw_psrp_run run = { .commands = command, .count = 1, .timeout_ms = timeout_ms };

	return client_begin_run(c, &run);
}

void
client_run(struct client *c, const struct cw_psrp_command *command, uint32_t timeout_ms)
{
	if (client_begin(c, command, timeout_ms) == CW_OK)
		client_until(c, &c->finished);
}

void
client_script(struct client *c, const char *text)
{
	struct cw_psrp_command command = { .text = text, .is_script = true };

	client_run(c, &command, 60000);
}
