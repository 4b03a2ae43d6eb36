/* SPDX-License-Identifier: Apache-2.0 */
#include "double_sandbox.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

struct double_sandbox double_sandbox;

static struct {
	void (*taken)(void *arg, struct cw_sandbox *s, const struct cw_err *err);
	void *taken_arg;
	void (*lost)(void *arg, const struct cw_err *err);
	void *lost_arg;
	const struct cw_psrp_pipeline_events *events;
	void *arg;
	char *text;
} state;

/* Stands for all that is opaque. */
static char thing;

void
double_sandbox_reset(void)
{
	free(state.text);
	memset(&state, 0, sizeof(state));
	cw_buf_free(&double_sandbox.answer);
	double_sandbox = (struct double_sandbox){ 0 };
	cw_buf_init(&double_sandbox.answer, 1u << 24);
}

/* --- the test's side */

bool
double_sandbox_is_asked(void)
{
	return state.taken != NULL;
}

void
double_sandbox_give(const struct cw_err *err)
{
	void (*taken)(void *arg, struct cw_sandbox *s, const struct cw_err *err) = state.taken;

	assert(taken != NULL);
	state.taken = NULL;
	double_sandbox.taken = err == NULL;
	taken(state.taken_arg, err == NULL ? (struct cw_sandbox *)&thing : NULL, err);
}

static void
call(int64_t id, int64_t method, const char *text)
{
	struct cw_ps_value v = { .kind = CW_PS_STRING };
	const struct cw_ps_value *item = &v;
	struct cw_ps_value list = { .kind = CW_PS_LIST,
		.list = { &item, text == NULL ? 0 : 1, CW_PS_ARRAY } };
	const struct cw_psrp_host_call c = { id, method, "", &list };

	v.text.data = text == NULL ? "" : text;
	v.text.len = text == NULL ? 0 : strlen(text);
	if (state.events != NULL)
		state.events->host_call(state.arg, &c);
}

void
double_write(const char *text)
{
	call(0, 13, text);
}

void
double_read_line(int64_t id)
{
	cw_buf_clear(&double_sandbox.answer);
	double_sandbox.answered = -1;
	call(id, 11, NULL);
}

void
double_ask(int64_t id, const char *text)
{
	double_write(text);
	double_read_line(id);
}

void
double_script_output(const char *text)
{
	struct cw_ps_value v = { .kind = CW_PS_STRING, .text = { text, strlen(text) } };

	state.events->output(state.arg, &v);
}

void
double_script_done(bool failed)
{
	const struct cw_psrp_pipeline_events *events = state.events;

	state.events = NULL;
	events->finished(state.arg,
	    failed                       ? CW_PSRP_FAILED
		: double_sandbox.stopped ? CW_PSRP_STOPPED
					 : CW_PSRP_COMPLETED,
	    NULL);
}

void
double_sandbox_lose(const char *why)
{
	struct cw_err err;

	(void)cw_fail(&err, CW_ECLOSED, "%s", why);
	state.events = NULL;
	state.lost(state.lost_arg, &err);
}

/* --- in place of agent/sandbox */

int
cw_sandboxes_take(struct cw_sandboxes *pool, struct cw_sandboxes_request **ret, uint32_t timeout_ms,
    void (*taken)(void *arg, struct cw_sandbox *s, const struct cw_err *err), void *arg,
    struct cw_err *err)
{
	(void)pool, (void)timeout_ms, (void)err;
	state.taken = taken;
	state.taken_arg = arg;
	*ret = (struct cw_sandboxes_request *)&thing;
	return CW_OK;
}

void
cw_sandboxes_cancel(struct cw_sandboxes_request *request)
{
	(void)request;
	state.taken = NULL;
}

void
cw_sandbox_prepared(struct cw_sandbox *s, const struct cw_err *err)
{
	(void)s, (void)err;
}

struct cw_psrp *
cw_sandbox_session(struct cw_sandbox *s)
{
	return (struct cw_psrp *)s;
}

void
cw_sandbox_on_lost(
    struct cw_sandbox *s, void (*lost)(void *arg, const struct cw_err *err), void *arg)
{
	(void)s;
	state.lost = lost;
	state.lost_arg = arg;
}

void
cw_sandbox_pause(struct cw_sandbox *s)
{
	(void)s;
	double_sandbox.paused = true;
}

void
cw_sandbox_resume(struct cw_sandbox *s)
{
	(void)s;
	double_sandbox.paused = false;
}

void
cw_sandbox_end(struct cw_sandbox *s)
{
	(void)s;
	double_sandbox.ended = true;
	state.events = NULL;
}

/* --- in place of the pipeline */

int
cw_psrp_run(struct cw_psrp *s, struct cw_psrp_pipeline **ret, const struct cw_psrp_run *run,
    uint64_t now_ms, struct cw_err *err)
{
	(void)s, (void)now_ms, (void)err;
	free(state.text);
	state.text = strdup(run->commands[0].text);
	double_sandbox.text = state.text;
	state.events = run->events;
	state.arg = run->arg;
	*ret = (struct cw_psrp_pipeline *)&thing;
	return CW_OK;
}

int
cw_psrp_host_answer(struct cw_psrp_pipeline *p, const struct cw_psrp_host_call *c,
    const struct cw_ps_value *value, uint64_t now_ms, struct cw_err *err)
{
	(void)p, (void)now_ms;
	if (double_sandbox.full)
		return cw_fail(err, CW_ELIMIT, "it does not read");
	cw_buf_clear(&double_sandbox.answer);
	double_sandbox.answered = c->id;
	return value->kind == CW_PS_STRING
	    ? cw_buf_put(&double_sandbox.answer, value->text.data, value->text.len)
	    : CW_OK;
}

void
cw_psrp_stop(struct cw_psrp_pipeline *p, uint64_t now_ms)
{
	(void)p, (void)now_ms;
	double_sandbox.stopped = true;
}
