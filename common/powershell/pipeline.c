/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pipeline: what it sends, what the engine says of it, and how it ends.
 */
#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "os/random.h"
#include "powershell/clixml.h"
#include "powershell/request.h"
#include "powershell/secure.h"
#include "powershell/session_internal.h"

/* [MS-PSRP] 2.2.3.5; the others are on the way */
enum { ENGINE_STOPPED = 3, ENGINE_COMPLETED = 4, ENGINE_FAILED = 5, ENGINE_DISCONNECTED = 6 };

static const struct {
	enum cw_psrp_type type;
	enum cw_psrp_stream stream;
} streams[] = {
	{ CW_PSRP_ERROR_RECORD, CW_PSRP_ERROR },
	{ CW_PSRP_WARNING_RECORD, CW_PSRP_WARNING },
	{ CW_PSRP_VERBOSE_RECORD, CW_PSRP_VERBOSE },
	{ CW_PSRP_DEBUG_RECORD, CW_PSRP_DEBUG },
	{ CW_PSRP_INFORMATION_RECORD, CW_PSRP_INFORMATION },
	{ CW_PSRP_PROGRESS_RECORD, CW_PSRP_PROGRESS },
};

static bool
is_live(const struct cw_psrp_pipeline *p)
{
	return p->state == PIPELINE_RUNNING || p->state == PIPELINE_STOPPING;
}

/* --- its end */

/* Asks for an end, once; the engine's "Stopped" is then told as this outcome. */
static void
ask_to_stop(struct cw_psrp_pipeline *p, enum cw_psrp_outcome stopped_as, uint64_t now_ms)
{
	if (p->state == PIPELINE_STARTING && !p->stop) {
		p->stop = true;
		p->stopped_as = stopped_as;
	} else if (p->state == PIPELINE_RUNNING) {
		p->stopped_as = stopped_as;
		p->state = PIPELINE_STOPPING;
		p->due_ms = now_ms + CW_PSRP_STOP_MS;
		cw_psrp_say(p->session, "Signal", &p->lane);
	}
}

/* Tells how it ended and closes it; the slot is free once that is acknowledged. */
static void
finish(struct cw_psrp_pipeline *p, enum cw_psrp_outcome outcome, const struct cw_ps_value *error,
    uint64_t now_ms)
{
	p->state = PIPELINE_ENDING;
	p->due_ms = now_ms + CW_PSRP_ANSWER_MS;
	cw_psrp_lane_reset(&p->lane);
	cw_psrp_say(p->session, "Close", &p->lane);
	p->events->finished(p->arg, outcome, error);
}

/* --- what the engine says */

int
cw_psrp_pipeline_begun(struct cw_psrp_pipeline *p, uint64_t now_ms)
{
	if (p->state != PIPELINE_STARTING)
		return cw_psrp_lose_because(
		    p->session, CW_EPROTO, "a command's start is acknowledged twice");
	p->state = PIPELINE_RUNNING;
	p->due_ms = now_ms + p->timeout_ms;
	p->lane.held = false;
	if (p->stop) /* nothing of it has been sent */
		finish(p, p->stopped_as, NULL, now_ms);
	else
		cw_psrp_pump(p->session, &p->lane, now_ms);
	return CW_OK;
}

static int
on_state(struct cw_psrp_pipeline *p, const struct cw_ps_value *v, uint64_t now_ms)
{
	const struct cw_ps_value *error = cw_ps_get(v, "ExceptionAsErrorRecord");
	int64_t state;

	if (error != NULL && error->kind == CW_PS_NULL)
		error = NULL;
	if (!cw_ps_to_int(cw_ps_get(v, "PipelineState"), &state))
		return cw_psrp_lose_because(
		    p->session, CW_EPROTO, "a pipeline state without its number");
	switch (state) {
	case ENGINE_COMPLETED: finish(p, CW_PSRP_COMPLETED, error, now_ms); break;
	case ENGINE_STOPPED: finish(p, p->stopped_as, error, now_ms); break;
	case ENGINE_FAILED:
	case ENGINE_DISCONNECTED: finish(p, CW_PSRP_FAILED, error, now_ms); break;
	default: break; /* not started, running, stopping */
	}
	return CW_OK;
}

static int
on_host_call(struct cw_psrp_pipeline *p, const struct cw_ps_value *v, uint64_t now_ms)
{
	const struct cw_ps_value *method = cw_ps_get(v, "mi");
	struct cw_psrp_host_call call = { .method_name = cw_ps_str(method),
		.parameters = cw_ps_get(v, "mp") };

	if (!cw_ps_to_int(cw_ps_get(v, "ci"), &call.id) || !cw_ps_to_int(method, &call.method))
		return cw_psrp_lose_because(
		    p->session, CW_EPROTO, "a host call without its number");
	if (p->events->host_call != NULL)
		p->events->host_call(p->arg, &call);
	else
		ask_to_stop(p, CW_PSRP_FAILED, now_ms);
	return CW_OK;
}

bool
cw_psrp_pipeline_wants(const struct cw_psrp_pipeline *p, uint32_t type)
{
	if (!is_live(p))
		return false; /* before its beginning or after its end: nobody's */
	if (type == CW_PSRP_PIPELINE_OUTPUT || type == CW_PSRP_PIPELINE_STATE ||
	    type == CW_PSRP_PIPELINE_HOST_CALL)
		return true;
	for (size_t i = 0; i < CW_COUNT(streams); i++)
		if (type == (uint32_t)streams[i].type)
			return p->events->record != NULL;
	return false;
}

int
cw_psrp_pipeline_message(
    struct cw_psrp_pipeline *p, uint32_t type, const struct cw_ps_value *v, uint64_t now_ms)
{
	switch (type) {
	case CW_PSRP_PIPELINE_OUTPUT: p->events->output(p->arg, v); return CW_OK;
	case CW_PSRP_PIPELINE_STATE: return on_state(p, v, now_ms);
	case CW_PSRP_PIPELINE_HOST_CALL: return on_host_call(p, v, now_ms);
	default: break;
	}
	for (size_t i = 0; i < CW_COUNT(streams); i++)
		if (type == (uint32_t)streams[i].type)
			p->events->record(p->arg, streams[i].stream, v);
	return CW_OK;
}

/* --- what a caller asks for */

static struct cw_psrp_pipeline *
free_slot(struct cw_psrp *s)
{
	for (size_t i = 0; i < CW_PSRP_PIPELINES_MAX; i++)
		if (s->pipelines[i].state == PIPELINE_FREE)
			return &s->pipelines[i];
	return NULL;
}

/* Secure strings can be written once the session key is there. */
static const struct cw_clixml_secret *
secret_of(struct cw_psrp *s, struct cw_clixml_secret *room)
{
	*room = (struct cw_clixml_secret){ cw_psrp_secure_encrypt, s->secure };
	return s->keyed ? room : NULL;
}

/* Queues the message that makes the pipeline; it waits for the Command's acknowledgement. */
static int
queue_create(struct cw_psrp_pipeline *p, const struct cw_psrp_run *run, struct cw_err *err)
{
	struct cw_psrp *s = p->session;
	struct cw_clixml_secret room;
	struct cw_buf xml;
	int r;

	cw_buf_init(&xml, CW_PSRP_MESSAGE_MAX);
	r = cw_psrp_put_pipeline(&xml, s->making, run, secret_of(s, &room), err);
	cw_ps_arena_reset(s->making);
	if (r == CW_OK && (r = cw_psrp_send(s, &p->lane, CW_PSRP_CREATE_PIPELINE, &xml, 0)) < 0)
		(void)cw_fail(err, r, "a command too large for PowerShell");
	cw_buf_free_secret(&xml);
	return r;
}

int
cw_psrp_run(struct cw_psrp *s, struct cw_psrp_pipeline **ret, const struct cw_psrp_run *run,
    uint64_t now_ms, struct cw_err *err)
{
	struct cw_psrp_pipeline *p;
	int r;

	assert(run->count > 0);
	if (s->state != SESSION_OPEN)
		return cw_fail(err, CW_EUNAVAILABLE, "the PowerShell session is not open");
	if ((p = free_slot(s)) == NULL)
		return cw_fail(
		    err, CW_ELIMIT, "more than %d pipelines in one session", CW_PSRP_PIPELINES_MAX);
	p->lane.held = true;
	cw_random(p->lane.guid, sizeof(p->lane.guid));
	p->lane.guid[6] = (uint8_t)((p->lane.guid[6] & 0x0f) | 0x40); /* RFC 9562 version 4 */
	p->lane.guid[8] = (uint8_t)((p->lane.guid[8] & 0x3f) | 0x80);
	if ((r = queue_create(p, run, err)) < 0)
		return r;
	p->state = PIPELINE_STARTING;
	p->events = run->events;
	p->arg = run->arg;
	p->due_ms = now_ms + CW_PSRP_ANSWER_MS;
	p->timeout_ms = run->timeout_ms;
	p->stop = false;
	p->stopped_as = CW_PSRP_FAILED;
	p->has_input = run->input;
	cw_psrp_say(s, "Command", &p->lane);
	*ret = p;
	cw_psrp_tell_pending(s);
	return CW_OK;
}

int
cw_psrp_input(struct cw_psrp_pipeline *p, const struct cw_ps_value *value, uint64_t now_ms,
    struct cw_err *err)
{
	enum cw_psrp_type type =
	    value != NULL ? CW_PSRP_PIPELINE_INPUT : CW_PSRP_END_OF_PIPELINE_INPUT;
	struct cw_psrp *s = p->session;
	struct cw_clixml_secret room;
	struct cw_buf xml;
	int r = CW_OK;

	if (!p->has_input || (p->state != PIPELINE_STARTING && p->state != PIPELINE_RUNNING))
		return cw_fail(err, CW_EINVAL, "the pipeline takes no input");
	cw_buf_init(&xml, CW_PSRP_MESSAGE_MAX);
	if (value != NULL)
		r = cw_clixml_write(&xml, NULL, value, secret_of(s, &room), err);
	if (r == CW_OK && (r = cw_psrp_send(s, &p->lane, type, &xml, now_ms)) < 0)
		(void)cw_fail(err, r, "more input than can wait for PowerShell");
	if (r == CW_OK && value == NULL)
		p->has_input = false;
	cw_buf_free_secret(&xml);
	cw_psrp_tell_pending(s);
	return r;
}

int
cw_psrp_host_answer(struct cw_psrp_pipeline *p, const struct cw_psrp_host_call *call,
    const struct cw_ps_value *value, uint64_t now_ms, struct cw_err *err)
{
	struct cw_psrp *s = p->session;
	struct cw_buf xml;
	int r;

	if (!is_live(p))
		return cw_fail(err, CW_EINVAL, "the pipeline waits for no answer");
	cw_buf_init(&xml, CW_PSRP_MESSAGE_MAX);
	r = cw_psrp_put_host_response(&xml, s->making, call, value, err);
	cw_ps_arena_reset(s->making);
	if (r == CW_OK &&
	    (r = cw_psrp_send(s, &p->lane, CW_PSRP_PIPELINE_HOST_RESPONSE, &xml, now_ms)) < 0)
		(void)cw_fail(err, r, "an answer too large for PowerShell");
	cw_buf_free_secret(&xml);
	cw_psrp_tell_pending(s);
	return r;
}

void
cw_psrp_stop(struct cw_psrp_pipeline *p, uint64_t now_ms)
{
	ask_to_stop(p, CW_PSRP_STOPPED, now_ms);
	cw_psrp_tell_pending(p->session);
}

/* --- time */

int
cw_psrp_pipeline_tick(struct cw_psrp_pipeline *p, uint64_t now_ms)
{
	const char *why = NULL;

	if (p->lane.ack_due_ms <= now_ms)
		return cw_psrp_lose_because(
		    p->session, CW_ETIMEOUT, "PowerShell did not acknowledge Data in time");
	if (p->due_ms > now_ms)
		return CW_OK;
	switch (p->state) {
	case PIPELINE_FREE: return CW_OK;
	case PIPELINE_STARTING:
		why = "PowerShell did not acknowledge a command's start in time";
		break;
	case PIPELINE_RUNNING: ask_to_stop(p, CW_PSRP_TIMED_OUT, now_ms); return CW_OK;
	case PIPELINE_STOPPING: why = "a command did not stop when it was told to"; break;
	case PIPELINE_ENDING: why = "PowerShell did not acknowledge a command's end in time"; break;
	}
	return cw_psrp_lose_because(p->session, CW_ETIMEOUT, why);
}
