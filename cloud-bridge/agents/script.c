/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts and plans to an agent. What one message cannot hold goes before its request,
 * in parts: one such thing at a time, and the next part when the one before has been
 * answered, so that everything else finds room on the connection. An agent acts on
 * nothing before all of it is there.
 */
#include <stdlib.h>
#include <string.h>

#include "agents/run_internal.h"
#include "base/json.h"
#include "base/time.h"
#include "os/clock.h"
#include "wire/frame.h"

#define PART_MAX (256u * 1024u) /* bytes; in a message every one of them may take two */
#define UPLOADS_MAX 8u /* of one agent, that wait */
#define AROUND 1024u /* bytes of a message that are not params */

/* JSON that is put as it stands, and not copied. */
static cJSON *
raw_reference(const char *text)
{
	cJSON *item = cJSON_CreateStringReference(text);

	if (item != NULL)
		item->type = cJSON_Raw | cJSON_IsReference;
	return item;
}

static cJSON *
script_params(const struct cw_agents_script *c, uint64_t timeout_ms)
{
	cJSON *p = cJSON_CreateObject();
	char not_after[CW_TIME_TEXT];

	cw_time_text(not_after, c->not_after_ms);
	cJSON_AddStringToObject(p, "id", c->id);
	cJSON_AddStringToObject(p, "not_after", not_after);
	cJSON_AddNumberToObject(p, "timeout_ms", (double)timeout_ms);
	if (c->caller != NULL)
		cJSON_AddStringToObject(p, "caller", c->caller);
	if (c->apply == NULL) {
		cJSON_AddStringToObject(p, "mode", c->plan ? "plan" : "run");
		cJSON_AddItemToObject(p, "text", cJSON_CreateStringReference(c->text));
		return p;
	}
	cJSON_AddItemToObject(p, "plan", raw_reference(c->apply));
	if (c->secrets != NULL)
		cJSON_AddItemReferenceToObject(p, "secrets", (cJSON *)c->secrets);
	return p;
}

/* --- in parts */

static void upload_next(struct session *s);

/* The first of the queue is out of it; what it had is gone. */
static void
upload_over(struct cw_agents_run *run)
{
	run->session->uploads = run->next_upload;
	run->next_upload = NULL;
	cw_buf_free_secret(&run->params);
}

/* It was not all sent, so nothing of it was done. */
static void
upload_failed(struct cw_agents_run *run, int code, const char *why)
{
	struct session *s = run->session;
	struct cw_err err = { 0 };

	if (run->stopped)
		(void)cw_fail(&err, CW_EUNAVAILABLE, "it was stopped before it was sent");
	else if (code == CW_ENOTFOUND) /* the method is not known */
		(void)cw_fail(&err, CW_EINVAL,
		    "it has %zu bytes, and this agent's version takes no more than about 1 MB: "
		    "update the agent, or split the script",
		    run->bytes);
	else if (code == CW_ECLOSED || code == CW_ETIMEOUT)
		(void)cw_fail(&err, CW_EUNAVAILABLE,
		    "the connection ended before all of it was sent: nothing was done");
	else
		(void)cw_fail(&err, code, "%s", why);
	upload_over(run);
	agents_run_over(run, err.code, NULL, &err, NULL);
	upload_next(s);
}

static cJSON *
add_name(cJSON *object, const struct cw_agents_run *run)
{
	cJSON_AddNumberToObject(object, "bytes", (double)run->bytes);
	cJSON_AddStringToObject(object, "sha256", run->sha256);
	return object;
}

/* All is there: now what is to be done with it. */
static void
send_request(struct cw_agents_run *run)
{
	struct session *s = run->session;
	cJSON *p = cJSON_CreateObject();
	int r;

	cJSON_AddStringToObject(p, "id", run->id);
	(void)add_name(cJSON_AddObjectToObject(p, "upload"), run);
	if ((r = agents_run_send(run, p)) < 0) {
		upload_failed(run, r, cw_strerror(r));
		return;
	}
	upload_over(run);
	upload_next(s);
}

static int send_part(struct cw_agents_run *run);

static void
on_part(void *arg, const struct cw_wire_answer *answer)
{
	struct cw_agents_run *run = arg;
	int r;

	run->request = NULL;
	if (answer->code < 0 || run->stopped)
		upload_failed(run, answer->code, answer->message);
	else if (cw_buf_left(&run->params) == 0)
		send_request(run);
	else if ((r = send_part(run)) < 0)
		upload_failed(run, r, cw_strerror(r));
}

static int
send_part(struct cw_agents_run *run)
{
	static const struct cw_wire_events events = { NULL, on_part };
	const char *text = (const char *)cw_buf_peek(&run->params);
	size_t left = cw_buf_left(&run->params), n = left;
	cJSON *p = cJSON_CreateObject();
	char *part;
	int r = CW_ENOMEM;

	if (n > PART_MAX)
		n = cw_utf8_cut(text, PART_MAX);
	cJSON_AddStringToObject(p, "id", run->id);
	(void)add_name(p, run);
	cJSON_AddNumberToObject(p, "at", (double)(run->bytes - left));
	if ((part = cw_strndup(text, n)) == NULL) {
		cJSON_Delete(p);
	} else {
		cJSON_AddItemToObject(p, "data", cJSON_CreateStringReference(part));
		r = cw_wire_request(&run->request, run->session->wire, "upload.part", p, &events,
		    run, RUN_SMALL_MS, cw_clock_ms());
		cw_wipe(part, n);
		free(part);
	}
	if (r < 0)
		return r;
	cw_buf_skip(&run->params, n);
	session_arm(run->session);
	return CW_OK;
}

/* Whose turn it is now. */
static void
upload_next(struct session *s)
{
	struct cw_agents_run *run = s->uploads;
	int r;

	if (run == NULL || run->request != NULL)
		return;
	if (run->stopped)
		upload_failed(run, CW_EUNAVAILABLE, "");
	else if ((r = send_part(run)) < 0)
		upload_failed(run, r, cw_strerror(r));
}

/* Behind those that are on their way; params are taken. */
static int
upload(struct cw_agents_run *run, struct cw_buf *params, const char *agent, struct cw_err *err)
{
	struct cw_agents_run **at = &run->session->uploads;
	unsigned before = 0;
	int r;

	for (; *at != NULL; at = &(*at)->next_upload)
		before++;
	if (before >= UPLOADS_MAX)
		return cw_fail(err, CW_EUNAVAILABLE,
		    "%u large scripts and plans wait to be sent to agent %s already: try again "
		    "later",
		    before, agent);
	run->params = cw_buf_take(params);
	run->bytes = cw_buf_left(&run->params);
	if ((r = cw_sha256_text(run->sha256, cw_buf_peek(&run->params), run->bytes)) < 0)
		return agents_run_not_sent(r, agent, err);
	if (before == 0 && (r = send_part(run)) < 0)
		return agents_run_not_sent(r, agent, err);
	*at = run;
	return CW_OK;
}

/* --- one script */

/* The text of params, to see whether one message holds it. */
static int
put_params(struct cw_buf *text, const cJSON *params, struct cw_err *err)
{
	int r = cw_json_put(text, params);

	if (r == CW_ELIMIT)
		return cw_fail(err, CW_EINVAL,
		    "the script or plan is longer than the %u bytes that an agent takes: split the "
		    "script",
		    CW_WIRE_UPLOAD_MAX);
	return r < 0 ? cw_fail(err, r, "out of memory") : CW_OK;
}

static int
start(struct cw_agents_run *run, const struct cw_agents_script *script, struct cw_err *err)
{
	struct session *s = run->session;
	cJSON *params = script_params(script, run->timeout_ms);
	struct cw_buf text;
	int r;

	cw_buf_init(&text, CW_WIRE_UPLOAD_MAX);
	if ((r = put_params(&text, params, err)) < 0) {
		cJSON_Delete(params);
	} else if (cw_buf_left(&text) <= CW_FRAME_MESSAGE_MAX - AROUND) {
		if ((r = agents_run_send(run, params)) < 0)
			(void)agents_run_not_sent(r, script->agent, err);
	} else {
		cJSON_Delete(params);
		r = upload(run, &text, script->agent, err);
	}
	cw_buf_free_secret(&text);
	if (r == CW_OK)
		s->running++;
	return r;
}

int
cw_agents_script(struct cw_agents_run **ret, struct cw_agents *a,
    const struct cw_agents_script *script, const struct cw_agents_events *events, void *arg,
    struct cw_err *err)
{
	struct cw_agents_run *run;
	struct session *s;
	int r;

	if ((r = agents_run_session(&s, a, script->agent, script->tenant, err)) < 0)
		return r;
	if ((r = agents_run_new(&run, s, script->apply == NULL ? "script.run" : "plan.apply",
		 "script.stop", script->id, events, arg)) < 0)
		return agents_run_not_sent(r, script->agent, err);
	run->is_script = true;
	run->timeout_ms = script->timeout_ms != 0 ? script->timeout_ms : CW_AGENTS_COMMAND_MS;
	if ((r = start(run, script, err)) < 0) {
		agents_run_free(run);
		return err->code;
	}
	if (ret != NULL)
		*ret = run;
	return CW_OK;
}
