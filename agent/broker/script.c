/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One script, from its request to its sandbox's end. What comes after that is in
 * script_end.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "broker/script_internal.h"
#include "os/clock.h"
#include "plan/document.h"

#define TAKE_MS 60000u /* for a sandbox to be ready */
#define LINES_MAX (9u * 1024u * 1024u) /* one object, and what one read may bring */
#define ERROR_MAX 16384u
#define STOP_MS 2000u /* from a stop to the script's end; then its sandbox is ended */

/* A script that says nothing gets this; none gets more. Figures of a day's work, with room. */
static const struct cw_script_limits most = {
	.calls = 200000, .writes = 50000, .objects = 2000000, .bytes = UINT64_C(4) << 30
};

uint32_t
script_left_ms(const struct cw_script *s)
{
	uint64_t now = broker_now(s->broker);

	return s->due_ms > now ? (uint32_t)(s->due_ms - now) : 1;
}

static bool
is_late(const struct cw_script *s)
{
	return s->not_after_ms != 0 && cw_clock_unix_ms() >= s->not_after_ms;
}

/* --- it runs */

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	lines_output(arg, value);
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	lines_record(arg, stream, record);
}

static void
on_host_call(void *arg, const struct cw_psrp_host_call *call)
{
	host_call(arg, call);
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct cw_script *s = arg;

	s->pipeline = NULL;
	if (outcome == CW_PSRP_FAILED && s->stopped[0] == '\0') {
		s->failed = true;
		if (error != NULL)
			lines_record(s, CW_PSRP_ERROR, error);
		else
			lines_error(s, "the script failed, and gave no reason");
	}
	script_end(s);
}

/* Whatever it was: the sandbox is gone, and what has not run of the script does not run. */
static void
on_lost(void *arg, const struct cw_err *err)
{
	struct cw_script *s = arg;
	char why[CW_ERR_TEXT_MAX];

	s->pipeline = NULL;
	if (s->stopped[0] == '\0') {
		s->failed = true;
		(void)snprintf(why, sizeof(why), "the script's sandbox is gone: %.250s", err->text);
		lines_error(s, why);
	}
	script_end(s);
}

static void
launch(struct cw_script *s)
{
	static const struct cw_psrp_pipeline_events events = { on_output, on_record, on_host_call,
		on_finished };
	const struct cw_psrp_command command = { s->text, true, NULL, 0 };
	const struct cw_psrp_run run = { &command, 1, false, script_left_ms(s) + BROKER_BACKSTOP_MS,
		&events, s };
	struct cw_err err = { 0 };

	s->state = SCRIPT_RUNNING;
	s->started_ms = cw_clock_unix_ms();
	s->started_ns = cw_clock_ns();
	cw_sandbox_on_lost(s->sandbox, on_lost, s);
	if (cw_psrp_run(cw_sandbox_session(s->sandbox), &s->pipeline, &run, broker_now(s->broker),
		&err) < 0) {
		s->pipeline = NULL;
		script_refuse(s, CW_EUNAVAILABLE, err.text);
		return;
	}
	if (s->paused)
		cw_sandbox_pause(s->sandbox);
}

/* Why it does not begin; true when it is refused. */
static bool
is_over(struct cw_script *s)
{
	if (s->stopped[0] != '\0')
		script_refuse(s, CW_EUNAVAILABLE, "it was stopped before it began");
	else if (is_late(s))
		script_refuse(
		    s, CW_EEXPIRED, "its last moment passed before it could begin: not run");
	else
		return false;
	return true;
}

static void
on_taken(void *arg, struct cw_sandbox *sandbox, const struct cw_err *err)
{
	struct cw_script *s = arg;

	s->request = NULL;
	s->sandbox = sandbox;
	if (sandbox == NULL)
		script_refuse(s, CW_EUNAVAILABLE, err->text);
	else if (!is_over(s))
		launch(s);
}

static void
take(struct cw_script *s)
{
	struct cw_err err = { 0 };
	uint32_t left = script_left_ms(s);

	s->state = SCRIPT_WAITING;
	if (is_over(s))
		return;
	if (cw_sandboxes_take(s->broker->config.sandboxes, &s->request,
		left < TAKE_MS ? left : TAKE_MS, on_taken, s, &err) < 0) {
		s->request = NULL;
		script_refuse(s, CW_EUNAVAILABLE, err.text);
	}
}

/* --- at most once */

static void
on_begun(void *arg)
{
	struct cw_script *s = arg;
	char why[128];

	s->at_disk = false;
	if (s->broker->closing) {
		broker_abandon(s);
		return;
	}
	if (s->change.err.code == CW_ECONFLICT) {
		(void)snprintf(why, sizeof(why),
		    "operation %s was begun before (%s): it is not run again", s->id,
		    cw_journal_state_name(s->change.state));
		script_refuse(s, CW_ECONFLICT, why);
	} else if (s->change.err.code < 0) {
		script_refuse(s, CW_EUNAVAILABLE, s->change.err.text);
	} else {
		s->begun = true;
		if (s->mode == CW_SCRIPT_APPLY)
			apply_run(s);
		else
			take(s);
	}
}

/* A plan changes nothing: it leaves no trace here, and its id is free again. */
static void
begin(struct cw_script *s)
{
	static const char *const words[] = {
		[CW_SCRIPT_RUN] = "script", [CW_SCRIPT_APPLY] = "plan"
	};

	if (s->mode == CW_SCRIPT_PLAN) {
		take(s);
		return;
	}
	s->change = (struct cw_journal_change){ .kind = CW_JOURNAL_CHANGE_BEGIN,
		.entry = { .id = s->id,
		    .operation = s->id,
		    .step = 0,
		    .command = words[s->mode],
		    .server = "",
		    .not_after_ms = s->not_after_ms } };
	s->at_disk = true;
	s->disk = (struct cw_writer_job){ .change = &s->change, .done = on_begun, .arg = s };
	cw_writer_ask(s->broker->config.writer, &s->disk);
}

/* --- the caller's side */

static uint64_t
at_most(uint64_t wanted, uint64_t most_of_it)
{
	return wanted == 0 || wanted > most_of_it ? most_of_it : wanted;
}

static void
set_limits(struct cw_script *s, const struct cw_script_limits *l)
{
	s->limits.calls = (uint32_t)at_most(l->calls, most.calls);
	s->limits.writes = (uint32_t)at_most(l->writes, most.writes);
	s->limits.objects = (uint32_t)at_most(l->objects, most.objects);
	s->limits.bytes = at_most(l->bytes, most.bytes);
}

static int
check_text(const struct cw_broker *b, const struct cw_script_request *q, struct cw_err *err)
{
	if (q->text == NULL || q->text_len == 0 || q->text_len > CW_SCRIPT_TEXT_MAX)
		return cw_fail(
		    err, CW_EINVAL, "a script has 1 to %u bytes of text", CW_SCRIPT_TEXT_MAX);
	if (!cw_utf8_valid(q->text, q->text_len) || memchr(q->text, '\0', q->text_len) != NULL)
		return cw_fail(err, CW_EINVAL, "a script's text is UTF-8, without NUL");
	if (b->config.sandboxes == NULL)
		return cw_fail(err, CW_EUNAVAILABLE, "scripts are not run here: %s",
		    b->no_sandboxes[0] != '\0' ? b->no_sandboxes
					       : "this system has no walls for them");
	return CW_OK;
}

static int
check_plan(const struct cw_script_request *q, struct cw_err *err)
{
	if (q->plan == NULL)
		return cw_fail(err, CW_EINVAL, "there is no plan to be applied");
	return cw_plan_document_check(q->plan, err);
}

static int
check(const struct cw_broker *b, const struct cw_script_request *q, char id[CW_UUID_TEXT],
    struct cw_err *err)
{
	uint8_t uuid[16];
	int r;

	if (q->id == NULL || cw_uuid_parse(uuid, q->id, strlen(q->id)) < 0)
		return cw_fail(err, CW_EINVAL, "a script's id is a UUID");
	cw_uuid_text(id, uuid);
	if ((r = q->mode == CW_SCRIPT_APPLY ? check_plan(q, err) : check_text(b, q, err)) < 0)
		return r;
	if (q->timeout_ms == 0 || q->timeout_ms > CW_SCRIPT_TIMEOUT_MAX_MS)
		return cw_fail(
		    err, CW_EINVAL, "a script's time is 1 to %u ms", CW_SCRIPT_TIMEOUT_MAX_MS);
	if (q->controller != NULL && q->controller[0] != '\0' && !cw_is_host(q->controller))
		return cw_fail(err, CW_EINVAL, "the domain controller's name is none");
	if (b->closing)
		return cw_fail(err, CW_EUNAVAILABLE, "the agent is being stopped");
	if (b->count >= CW_SCRIPTS_MAX)
		return cw_fail(
		    err, CW_ELIMIT, "%u scripts run already: try again later", CW_SCRIPTS_MAX);
	for (const struct cw_script *s = b->scripts; s != NULL; s = s->next)
		if (cw_streq(s->id, id))
			return cw_fail(
			    err, CW_ECONFLICT, "operation %s runs: it is not run again", id);
	if (q->not_after_ms != 0 && cw_clock_unix_ms() >= q->not_after_ms)
		return cw_fail(err, CW_EEXPIRED, "its last moment has passed: not run");
	return CW_OK;
}

static int
make(struct cw_script *s, const struct cw_script_request *q)
{
	s->caller = cw_strdup(q->caller != NULL ? q->caller : "");
	s->text = q->text == NULL ? cw_strdup("") : cw_strndup(q->text, q->text_len);
	s->refusals = cJSON_CreateArray();
	s->entries = cJSON_CreateArray();
	if (s->caller == NULL || s->text == NULL || s->refusals == NULL || s->entries == NULL ||
	    cw_clixml_new(&s->reader) < 0 || cw_ps_arena_new(&s->arena, 4 * BROKER_REQUEST_MAX) < 0)
		return CW_ENOMEM;
	s->approved = q->approved;
	if (s->mode == CW_SCRIPT_PLAN && plan_mode_start(s) < 0)
		return CW_ENOMEM;
	s->not_after_ms = q->not_after_ms;
	s->due_ms = broker_now(s->broker) + q->timeout_ms;
	set_limits(s, &q->limits);
	(void)snprintf(
	    s->wanted, sizeof(s->wanted), "%s", q->controller != NULL ? q->controller : "");
	cw_buf_init(&s->pending, BROKER_REQUEST_MAX);
	cw_buf_init(&s->lines, LINES_MAX);
	cw_buf_init(&s->error, ERROR_MAX);
	cw_buf_init(&s->result_text, CW_JOURNAL_OUTPUT_MAX);
	return CW_OK;
}

int
cw_script_start(struct cw_script **ret, struct cw_broker *b,
    const struct cw_script_request *request, const struct cw_script_events *events, void *arg,
    struct cw_err *err)
{
	char id[CW_UUID_TEXT];
	struct cw_script *s;
	int r;

	if ((r = check(b, request, id, err)) < 0) {
		cJSON_Delete(request->plan);
		return r;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		cJSON_Delete(request->plan);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	s->broker = b;
	s->events = events;
	s->arg = arg;
	memcpy(s->id, id, sizeof(s->id));
	memcpy(s->key, id, sizeof(s->key));
	s->next = b->scripts;
	b->scripts = s;
	b->count++;
	s->mode = request->mode;
	r = make(s, request) < 0 ? cw_fail(err, CW_ENOMEM, "out of memory") : CW_OK;
	if (r == CW_OK && s->mode == CW_SCRIPT_APPLY)
		r = apply_start(s, request->plan, request->secrets, err);
	else
		cJSON_Delete(request->plan);
	if (r < 0) {
		script_free(s);
		return r;
	}
	*ret = s;
	begin(s);
	broker_arm(b);
	return CW_OK;
}

/* Its text is told to end; what it says until then is still listened to. */
static void
stop_text(struct cw_script *s)
{
	uint64_t now = broker_now(s->broker);

	if (s->sandbox == NULL) {
		s->due_ms = UINT64_MAX; /* the entry that runs goes on to its end */
		return;
	}
	if (s->paused)
		cw_sandbox_resume(s->sandbox);
	s->paused = false;
	s->due_ms = now + STOP_MS;
	if (s->pipeline != NULL)
		cw_psrp_stop(s->pipeline, now);
	broker_arm(s->broker);
}

void
cw_script_stop(struct cw_script *s, const char *why)
{
	if (s->stopped[0] != '\0')
		return;
	(void)snprintf(s->stopped, sizeof(s->stopped), "%s", why[0] != '\0' ? why : "stopped");
	switch (s->state) {
	case SCRIPT_BEGINNING: return; /* looked at when the journal has answered */
	case SCRIPT_WAITING:
		if (s->request != NULL)
			cw_sandboxes_cancel(s->request);
		s->request = NULL;
		(void)is_over(s);
		return;
	case SCRIPT_RUNNING: stop_text(s); return;
	case SCRIPT_SETTLING:
	case SCRIPT_ENDING:
	case SCRIPT_ENDED: return; /* it is over */
	}
}

void
cw_script_pause(struct cw_script *s)
{
	if (s->paused || s->stopped[0] != '\0')
		return;
	s->paused = true;
	if (s->sandbox != NULL && s->state == SCRIPT_RUNNING)
		cw_sandbox_pause(s->sandbox);
}

void
cw_script_resume(struct cw_script *s)
{
	if (!s->paused)
		return;
	s->paused = false;
	if (s->sandbox != NULL && s->state == SCRIPT_RUNNING)
		cw_sandbox_resume(s->sandbox);
}

/* --- time */

void
script_break(struct cw_script *s, const char *why)
{
	if (s->broken || s->state != SCRIPT_RUNNING)
		return;
	s->broken = true;
	if (s->stopped[0] == '\0') {
		s->failed = true;
		lines_error(s, why);
	}
	broker_arm(s->broker);
}

uint64_t
script_due(const struct cw_script *s)
{
	uint64_t due = host_due(s);

	if (s->state == SCRIPT_ENDED || (s->broken && s->state == SCRIPT_RUNNING))
		return 0;
	if (s->state == SCRIPT_SETTLING || s->state == SCRIPT_ENDING)
		return UINT64_MAX;
	return s->due_ms < due ? s->due_ms : due;
}

void
script_tick(struct cw_script *s)
{
	uint64_t now = broker_now(s->broker);

	if (s->state == SCRIPT_ENDED) {
		script_tell(s);
	} else if (s->state == SCRIPT_RUNNING && (s->broken || s->due_ms <= now)) {
		/* A stop that was not listened to, or its time. */
		if (s->broken || s->stopped[0] != '\0')
			script_end(s);
		else
			cw_script_stop(s, "its time was over");
	} else if (s->due_ms <= now && s->state < SCRIPT_RUNNING) {
		cw_script_stop(s, "its time was over");
		s->due_ms = UINT64_MAX; /* the journal answers by itself */
	} else if (host_due(s) <= now) {
		host_serve(s, s->waits_for);
	}
}
