/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All scripts of this agent: the methods, the verbs, the end.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control/control.h"
#include "os/clock.h"
#include "scripts/scripts_internal.h"
#include "wire/channel.h"

static struct job *
find(const struct cw_scripts *s, const char *id)
{
	struct job *job = s->jobs;

	while (job != NULL && !cw_streq(job->id, id))
		job = job->next;
	return job;
}

bool
cw_scripts_runs(const struct cw_scripts *s, const char *id)
{
	return find(s, id) != NULL;
}

static int
admit(const struct cw_scripts *s, struct cw_err *err)
{
	return s->draining ? cw_fail(err, CW_EUNAVAILABLE, "the agent is being stopped") : CW_OK;
}

/* --- methods */

static void
stop_one(struct cw_scripts *s, struct cw_wire_call *call, const cJSON *params)
{
	static const char *const members[] = { "id", NULL };
	char id[CW_UUID_TEXT];
	uint8_t uuid[16];
	struct cw_err err;
	const char *text;
	struct job *job;

	if (cw_json_only(params, members, "script.stop", &err) < 0 ||
	    cw_json_need_str(&text, params, "id", &err) < 0) {
		job_refuse(call, NULL, &err);
		return;
	}
	cw_wire_call_finish(call, cJSON_CreateObject());
	if (cw_uuid_parse(uuid, text, strlen(text)) < 0)
		return;
	cw_uuid_text(id, uuid);
	if (cw_streq(s->upload.id, id))
		cw_upload_drop(&s->upload);
	if ((job = find(s, id)) != NULL && job->remote && job->script != NULL)
		cw_script_stop(job->script, "it was stopped by whoever asked for it");
}

static void
take_part(struct cw_scripts *s, struct cw_wire_call *call, const cJSON *params)
{
	struct cw_err err = { 0 };

	if (admit(s, &err) < 0 || cw_upload_part(&s->upload, params, &err) < 0)
		job_refuse(call, NULL, &err);
	else
		cw_wire_call_finish(call, cJSON_CreateObject());
}

/* The params, where they came in parts those; the caller's. */
static int
whole(cJSON **ret, struct cw_scripts *s, const cJSON *params, struct cw_err *err)
{
	if (cw_json_get(params, "upload") != NULL)
		return cw_upload_take(ret, &s->upload, params, err);
	*ret = params != NULL ? cJSON_Duplicate(params, true) : cJSON_CreateObject();
	return *ret != NULL ? CW_OK : cw_fail(err, CW_ENOMEM, "out of memory");
}

typedef int reads(struct cw_script_params *ret, cJSON *params, int64_t now_ms, struct cw_err *err);

static void
start_remote(struct cw_scripts *s, struct cw_wire_call *call, const cJSON *params, reads *read)
{
	struct cw_script_params p;
	struct cw_err err = { 0 };
	cJSON *all = NULL;

	if (admit(s, &err) < 0 || whole(&all, s, params, &err) < 0 ||
	    read(&p, all, cw_clock_unix_ms(), &err) < 0)
		job_refuse(call, NULL, &err);
	else
		job_new(s, &p, call, NULL);
	cJSON_Delete(all);
}

static void
run_remote(struct cw_scripts *s, struct cw_wire_call *call, const cJSON *params)
{
	start_remote(s, call, params, cw_script_params_run);
}

static void
apply_remote(struct cw_scripts *s, struct cw_wire_call *call, const cJSON *params)
{
	struct cw_err err = { 0 };

	/* Before there are two of them in memory. */
	if (cw_json_get(params, "upload") != NULL &&
	    cw_broker_check_large(s->config.broker, &err) < 0) {
		cw_upload_drop(&s->upload);
		job_refuse(call, NULL, &err);
		return;
	}
	start_remote(s, call, params, cw_script_params_apply);
}

bool
cw_scripts_request(
    struct cw_scripts *s, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	static const struct {
		const char *method;
		void (*serve)(struct cw_scripts *s, struct cw_wire_call *call, const cJSON *params);
	} rows[] = {
		{ "script.run", run_remote },
		{ "plan.apply", apply_remote },
		{ "script.stop", stop_one },
		{ "upload.part", take_part },
	};

	for (size_t i = 0; i < CW_COUNT(rows); i++)
		if (cw_streq(rows[i].method, method)) {
			rows[i].serve(s, call, params);
			return true;
		}
	return false;
}

bool
cw_scripts_ask(
    struct cw_scripts *s, struct cw_control_reply *reply, const char *verb, cJSON *request)
{
	struct cw_script_params p;
	struct cw_err err = { 0 };

	if (!cw_streq(verb, "script") && !cw_streq(verb, "apply"))
		return false;
	if (!cw_control_streams(reply))
		(void)cw_fail(&err, CW_EINVAL, "\"stream\" is missing");
	else if (admit(s, &err) == CW_OK)
		(void)cw_script_params_local(&p, request, cw_clock_unix_ms(), &err);
	if (err.code < 0)
		job_refuse(NULL, reply, &err);
	else
		job_new(s, &p, NULL, reply);
	return true;
}

void
cw_scripts_disconnected(struct cw_scripts *s)
{
	cw_upload_drop(&s->upload);
}

void
cw_scripts_stop_remote(struct cw_scripts *s, const char *why)
{
	for (struct job *job = s->jobs; job != NULL; job = job->next)
		if (job->remote && job->script != NULL)
			cw_script_stop(job->script, why); /* done follows, later */
}

/* --- life */

static void
flush_all(uv_prepare_t *flusher)
{
	struct cw_scripts *s = flusher->data;
	struct job *job, *after;

	(void)uv_prepare_stop(flusher);
	for (job = s->jobs; job != NULL; job = after) {
		after = job->next; /* a job's end touches no other job */
		if (!job->blocked && cw_buf_left(&job->lines) > 0)
			job_flush(job);
	}
}

void
scripts_flush_soon(struct cw_scripts *s)
{
	(void)uv_prepare_start(&s->flusher, flush_all);
}

static void
drain_over(uv_timer_t *timer)
{
	struct cw_scripts *s = timer->data;

	if (s->drain_over)
		return;
	s->drain_over = true;
	s->drained(s->drained_arg);
}

void
scripts_look(struct cw_scripts *s)
{
	if (s->jobs == NULL && s->draining && !s->drain_over)
		(void)uv_timer_start(&s->timer, drain_over, 0, 0);
}

void
cw_scripts_drain(struct cw_scripts *s, uint64_t grace_ms, void (*drained)(void *arg), void *arg)
{
	s->draining = true;
	s->drained = drained;
	s->drained_arg = arg;
	for (struct job *job = s->jobs; job != NULL; job = job->next)
		if (job->script != NULL)
			cw_script_stop(job->script, "the agent is being stopped");
	(void)uv_timer_start(&s->timer, drain_over, s->jobs == NULL ? 0 : grace_ms, 0);
}

static void
handle_closed(uv_handle_t *handle)
{
	struct cw_scripts *s = handle->data;
	void (*closed)(void *arg) = s->closed;
	void *arg = s->closed_arg;

	if (--s->handles > 0)
		return;
	free(s);
	closed(arg);
}

void
cw_scripts_close(struct cw_scripts *s, void (*closed)(void *arg), void *arg)
{
	assert(closed != NULL);
	s->closed = closed;
	s->closed_arg = arg;
	s->draining = s->drain_over = true;
	cw_upload_drop(&s->upload);
	while (s->jobs != NULL)
		job_free(s->jobs); /* whoever read it, and what ran it, are gone */
	uv_close((uv_handle_t *)&s->flusher, handle_closed);
	uv_close((uv_handle_t *)&s->timer, handle_closed);
}

int
cw_scripts_new(struct cw_scripts **ret, const struct cw_scripts_config *config, struct cw_err *err)
{
	struct cw_scripts *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	s->config = *config;
	(void)uv_prepare_init(config->loop, &s->flusher);
	(void)uv_timer_init(config->loop, &s->timer);
	s->flusher.data = s->timer.data = s;
	s->handles = 2;
	*ret = s;
	return CW_OK;
}
