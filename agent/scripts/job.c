/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One script: its lines to whoever asked, and its end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control/control.h"
#include "os/memory.h"
#include "scripts/scripts_internal.h"
#include "wire/channel.h"
#include "wire/frame.h"

/* One line that is as long as may be, and what still comes after a pause; or a long result. */
#define LINES_MAX (CW_WIRE_RESULT_MAX + 64u)
#define PART 65536u /* bytes given to the reader at a time: what it must copy is no more */
/* Bytes of an answer over the wire; the rest of a message is for what stands around it. */
#define ANSWER_MAX (CW_FRAME_MESSAGE_MAX - 4096u)

void
job_refuse(struct cw_wire_call *call, struct cw_control_reply *reply, const struct cw_err *err)
{
	struct cw_err told = *err;

	switch (told.code) {
	case CW_EDENIED:
	case CW_EINVAL:
	case CW_EEXPIRED:
	case CW_EUNAVAILABLE:
	case CW_EUNKNOWN:
	case CW_ETIMEOUT:
	case CW_ECONFLICT:
	case CW_ELIMIT:
	case CW_ENOTFOUND: break;
	default: told.code = CW_EUNAVAILABLE; break; /* of our own: memory, the system */
	}
	if (call != NULL)
		cw_wire_call_fail(call, told.code,
		    told.text[0] != '\0' ? told.text : cw_strerror(told.code), NULL);
	else if (reply != NULL)
		cw_control_refuse(reply, &told);
}

void
job_free(struct job *job)
{
	struct cw_scripts *s = job->owner;
	struct job **at = &s->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	cw_buf_free(&job->lines);
	cJSON_Delete(job->result);
	if (s->long_result == job) {
		s->long_result = NULL;
		cw_memory_trim();
	}
	free(job);
	scripts_look(s);
}

/* {"result":{...}} */
static int
put_result(struct job *job)
{
	int r;

	if ((r = cw_buf_puts(&job->lines, "{\"result\":")) == CW_OK &&
	    (r = cw_json_put(&job->lines, job->result)) == CW_OK)
		r = cw_buf_puts(&job->lines, "}\n");
	return r;
}

/* A result that one message of the wire cannot hold becomes the stream's last line, and its text
 * takes its place in memory: of those there is one at a time. True: there is a line to be sent. */
static bool
make_line(struct job *job)
{
	struct cw_scripts *s = job->owner;
	size_t n;
	int r;

	if (job->call == NULL || job->result == NULL)
		return false;
	/* An error says that nothing ran: that is only true enough of what changed nothing. */
	if ((r = put_result(job)) < 0 && job->mode != CW_SCRIPT_PLAN) {
		cw_buf_clear(&job->lines);
		cJSON_DeleteItemFromObjectCaseSensitive(job->result, "refusals");
		cJSON_AddArrayToObject(job->result, "refusals");
		r = put_result(job);
	}
	n = cw_buf_left(&job->lines);
	if (r == CW_OK && n > ANSWER_MAX &&
	    (s->long_result == NULL || job->mode != CW_SCRIPT_PLAN)) {
		s->long_result = job;
		cJSON_Delete(job->result);
		job->result = cJSON_CreateObject();
		cJSON_AddNumberToObject(job->result, "streamed", (double)n);
		return true;
	}
	cw_buf_free(&job->lines);
	if (r < 0 && job->mode != CW_SCRIPT_PLAN)
		(void)cw_fail(&job->err, CW_EUNKNOWN, "it has ended, and its result was too long");
	else if (r < 0)
		(void)cw_fail(&job->err, r,
		    "the plan is longer than %u bytes: split the script, or make it with "
		    "causewayctl plan on the server",
		    CW_WIRE_RESULT_MAX);
	else if (n > ANSWER_MAX)
		(void)cw_fail(&job->err, CW_EUNAVAILABLE,
		    "another large plan is on its way to the bridge: try again when it is there");
	return false;
}

/* It has ended and all that it said is out. */
static void
answer(struct job *job)
{
	if (job->err.code == CW_OK && make_line(job)) {
		job_flush(job); /* and comes back here */
		return;
	}
	if (job->err.code < 0) {
		job_refuse(job->call, job->reply, &job->err);
	} else if (job->call != NULL) {
		cw_wire_call_finish(job->call, job->result);
		job->result = NULL;
	} else if (job->reply != NULL) {
		cw_control_answer(job->reply, job->result);
		job->result = NULL;
	}
	job_free(job);
}

static int
put(struct job *job, const char *text, size_t n)
{
	return job->call != NULL ? cw_wire_call_chunk(job->call, text, n)
				 : cw_control_lines(job->reply, text, n);
}

void
job_flush(struct job *job)
{
	bool is_read = job->call != NULL || job->reply != NULL;
	size_t n;
	int r;

	while (is_read && (n = cw_buf_left(&job->lines)) > 0) {
		n = n < PART ? n : PART;
		r = put(job, (const char *)cw_buf_peek(&job->lines), n);
		if (r == CW_EAGAIN && !job->blocked) {
			job->blocked = true;
			if (job->script != NULL)
				cw_script_pause(job->script);
		}
		if (r < 0) /* or the reader is at its end, and says so soon */
			return;
		cw_buf_skip(&job->lines, n);
	}
	cw_buf_free(&job->lines);
	if (job->blocked && job->script != NULL)
		cw_script_resume(job->script);
	job->blocked = false;
	if (job->script == NULL)
		answer(job);
}

/* --- the reader */

static void
on_wire_writable(void *arg, struct cw_wire_call *call)
{
	(void)call;
	job_flush(arg);
}

static void
on_control_writable(void *arg)
{
	job_flush(arg);
}

static void
on_gone(void *arg)
{
	struct job *job = arg;

	job->call = NULL;
	job->reply = NULL;
	cw_buf_free(&job->lines);
	if (job->script == NULL) {
		job_free(job);
		return;
	}
	if (job->blocked)
		cw_script_resume(job->script);
	job->blocked = false;
	if (job->mode != CW_SCRIPT_APPLY)
		cw_script_stop(job->script, "whoever asked for it went away");
}

/* --- the broker */

static void
on_lines(void *arg, const char *text, size_t n)
{
	struct job *job = arg;

	if (job->call == NULL && job->reply == NULL)
		return;
	if (cw_buf_put(&job->lines, text, n) < 0) {
		/* It was paused long ago, and said so much all the same. */
		cw_script_stop(job->script, "its output could not be kept");
		return;
	}
	if (cw_buf_left(&job->lines) >= PART && !job->blocked)
		job_flush(job);
	else if (!job->blocked)
		scripts_flush_soon(job->owner);
}

static void
on_done(void *arg, const struct cw_err *err, cJSON *result)
{
	struct job *job = arg;

	job->script = NULL;
	job->err = *err;
	job->result = result;
	job_flush(job);
}

void
job_new(struct cw_scripts *s, const struct cw_script_params *params, struct cw_wire_call *call,
    struct cw_control_reply *reply)
{
	static const struct cw_script_events events = { on_lines, on_done };
	static const struct cw_wire_call_events of_wire = { on_wire_writable, on_gone };
	static const struct cw_control_events of_control = { on_control_writable, on_gone };
	struct job *job = calloc(1, sizeof(*job));
	struct cw_err err = { 0 };

	if (job == NULL) {
		cJSON_Delete(params->request.plan);
		(void)cw_fail(&err, CW_ENOMEM, "out of memory");
		job_refuse(call, reply, &err);
		return;
	}
	job->owner = s;
	job->mode = params->request.mode;
	job->remote = call != NULL;
	memcpy(job->id, params->id, sizeof(job->id));
	cw_buf_init(&job->lines, LINES_MAX);
	job->next = s->jobs;
	s->jobs = job;
	if (cw_script_start(&job->script, s->config.broker, &params->request, &events, job, &err) <
	    0) {
		job_free(job);
		job_refuse(call, reply, &err);
		return;
	}
	job->call = call;
	job->reply = reply;
	if (call != NULL)
		cw_wire_call_watch(call, &of_wire, job);
	else
		cw_control_watch(reply, &of_control, job);
}
