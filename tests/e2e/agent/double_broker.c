/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker that does what the script's first words say, in the agent's program: for
 * tests of everything around it. "say JSON", "warn TEXT", "flood N", "wait" (until it
 * is stopped), "refuse", "fail", "lose"; a line each. A planning gives one entry and what
 * "entries N" adds, and an application a step for each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "broker/broker.h"
#include "sandbox/pool.h"

struct cw_broker {
	uv_loop_t *loop;
};

struct cw_script {
	uv_timer_t timer; /* goes on with the next line */
	char *text, *at;
	cJSON *plan;
	enum cw_script_mode mode;
	bool approved, paused, waits, over;
	long flood;
	const struct cw_script_events *events;
	void *arg;
	cJSON *result;
};

static unsigned running;

static void
freed(uv_handle_t *handle)
{
	struct cw_script *s = handle->data;

	running--;
	free(s->text);
	cJSON_Delete(s->plan);
	free(s);
}

static void
end(struct cw_script *s, const char *state)
{
	const struct cw_err ok = { 0 };

	s->over = true;
	if (cw_json_get(s->result, "state") == NULL)
		cJSON_AddStringToObject(s->result, "state", state);
	uv_close((uv_handle_t *)&s->timer, freed);
	s->events->done(s->arg, &ok, s->result);
}

static void
line(struct cw_script *s, const char *stream, const char *json)
{
	char text[1024];
	int n = snprintf(text, sizeof(text), "{\"%s\":%s}\n", stream, json);

	s->events->lines(s->arg, text, (size_t)n);
}

static void
refuse(struct cw_script *s)
{
	cJSON_AddItemToObject(s->result, "refusals",
	    cJSON_Parse(
		"[{\"rule\":\"ceiling\",\"message\":\"Set-ADUser needs the level read-write\","
		"\"call\":{\"command\":\"Set-ADUser\",\"parameters\":{}},"
		"\"who_can_change_it\":\"an administrator of this server\"}]"));
	cJSON_AddItemToObject(s->result, "error",
	    cJSON_Parse("{\"message\":\"refused\",\"error_id\":\"CausewayRefused\"}"));
	end(s, "failed");
}

/* The plan gets so many more, all alike. */
static void
add_entries(struct cw_script *s, long n)
{
	cJSON *entries = cJSON_GetObjectItem(cJSON_GetObjectItem(s->result, "plan"), "entries");
	cJSON *one;

	for (long i = 0; entries != NULL && i < n; i++) {
		one = cJSON_Duplicate(entries->child, true);
		cJSON_SetNumberValue(cJSON_GetObjectItem(one, "entry"), (double)i + 2);
		cJSON_AddItemToArray(entries, one);
	}
}

/* One line of the script; false when it has ended or waits. */
static bool
step(struct cw_script *s)
{
	char *words = s->at, *rest;

	if (s->at == NULL || *s->at == '\0') {
		end(s, "done");
		return false;
	}
	rest = strchr(words, '\n');
	s->at = rest == NULL ? NULL : rest + 1;
	if (rest != NULL)
		*rest = '\0';
	if (cw_starts_with(words, "say ")) {
		line(s, "output", words + 4);
	} else if (cw_starts_with(words, "warn ")) {
		line(s, "warning", words + 5);
	} else if (cw_starts_with(words, "flood ")) {
		s->flood = strtol(words + 6, NULL, 10);
	} else if (cw_starts_with(words, "entries ")) {
		add_entries(s, strtol(words + 8, NULL, 10));
	} else if (cw_streq(words, "wait")) {
		s->waits = true;
		return false;
	} else if (cw_streq(words, "refuse")) {
		refuse(s);
		return false;
	} else if (cw_streq(words, "fail") || cw_streq(words, "lose")) {
		cJSON_AddItemToObject(
		    s->result, "error", cJSON_Parse("{\"message\":\"it went wrong\"}"));
		if (cw_streq(words, "lose"))
			cJSON_AddItemToObject(s->result, "entries",
			    cJSON_Parse("[{\"entry\":1,\"command\":\"Set-ADUser\",\"state\":"
					"\"done\"},{\"entry\":2,\"count\":3,\"command\":"
					"\"Set-ADUser\",\"state\":\"unknown\"}]"));
		end(s, cw_streq(words, "fail") ? "failed" : "unknown");
		return false;
	}
	return true;
}

static void
apply(struct cw_script *s)
{
	const cJSON *entry;
	char text[128];

	cJSON_ArrayForEach (entry, cw_json_get(s->plan, "entries")) {
		(void)snprintf(text, sizeof(text), "{\"entry\":%d,\"state\":\"%s\"}",
		    cw_json_get(entry, "entry")->valueint, s->approved ? "done" : "refused");
		line(s, "step", text);
	}
	if (s->approved)
		end(s, "done");
	else
		refuse(s);
}

static void
go_on(uv_timer_t *timer)
{
	struct cw_script *s = timer->data;

	if (s->mode == CW_SCRIPT_APPLY) {
		apply(s);
		return;
	}
	while (!s->paused && !s->waits && !s->over) {
		if (s->flood > 0) {
			s->flood--;
			line(s, "output",
			    "\"0123456789012345678901234567890123456789012345678901234567890123\"");
		} else if (!step(s)) {
			return;
		}
	}
}

int
cw_broker_check_large(const struct cw_broker *b, struct cw_err *err)
{
	(void)b, (void)err;
	return CW_OK;
}

int
cw_script_start(struct cw_script **ret, struct cw_broker *b,
    const struct cw_script_request *request, const struct cw_script_events *events, void *arg,
    struct cw_err *err)
{
	struct cw_script *s = calloc(1, sizeof(*s));

	(void)err;
	s->text = s->at = cw_strndup(request->text != NULL ? request->text : "",
	    request->text != NULL ? request->text_len : 0);
	s->plan = request->plan;
	s->mode = request->mode;
	s->approved = request->approved;
	s->events = events;
	s->arg = arg;
	s->result = cJSON_CreateObject();
	cJSON_AddNumberToObject(s->result, "calls", 1);
	cJSON_AddNumberToObject(s->result, "writes", 0);
	cJSON_AddNumberToObject(s->result, "duration_ms", 1);
	if (s->mode == CW_SCRIPT_PLAN)
		cJSON_AddItemToObject(s->result, "plan",
		    cJSON_Parse(
			"{\"format\":1,\"domain_controller\":\"dc1.lab.test\",\"entries\":[{"
			"\"entry\":1,"
			"\"command\":\"Set-ADUser\",\"parameters\":{\"Identity\":"
			"\"6f1de2b0-6a3c-4d2a-9b1e-00000000000a\",\"Title\":\"Lead\"},"
			"\"target\":{\"guid\":\"6f1de2b0-6a3c-4d2a-9b1e-00000000000a\",\"class\":"
			"\"user\","
			"\"dn\":\"CN=Ada,DC=lab,DC=test\"},\"others\":[],"
			"\"before\":{\"title\":[\"Engineer\"]},\"effects\":[{\"group\":\"Users\","
			"\"class\":\"write\",\"attribute\":\"title\",\"parameter\":\"Title\"}]}],"
			"\"hash\":\"00\"}"));
	running++;
	(void)uv_timer_init(b->loop, &s->timer);
	s->timer.data = s;
	(void)uv_timer_start(&s->timer, go_on, 0, 0);
	*ret = s;
	return CW_OK;
}

static void
stopped(uv_timer_t *timer)
{
	end(timer->data, "stopped");
}

void
cw_script_stop(struct cw_script *s, const char *why)
{
	cJSON *error;

	if (cw_json_get(s->result, "error") != NULL)
		return;
	error = cJSON_AddObjectToObject(s->result, "error");
	cJSON_AddStringToObject(error, "message", why);
	s->waits = true;
	(void)uv_timer_start(&s->timer, stopped, 0, 0);
}

void
cw_script_pause(struct cw_script *s)
{
	s->paused = true;
}

void
cw_script_resume(struct cw_script *s)
{
	s->paused = false;
	if (!s->waits)
		(void)uv_timer_start(&s->timer, go_on, 0, 0);
}

/* --- the broker itself */

int
cw_broker_new(struct cw_broker **ret, const struct cw_broker_config *config, struct cw_err *err)
{
	*ret = calloc(1, sizeof(**ret));
	if (*ret == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	(*ret)->loop = config->loop;
	return CW_OK;
}

void
cw_broker_use_sandboxes(struct cw_broker *b, struct cw_sandboxes *sandboxes, const char *why)
{
	(void)b, (void)sandboxes, (void)why;
}

void
cw_broker_prepare(void *broker, struct cw_sandbox *s)
{
	(void)broker;
	cw_sandbox_prepared(s, NULL);
}

void
cw_broker_stop_all(struct cw_broker *b, const char *why)
{
	(void)b, (void)why;
}

unsigned
cw_broker_running(const struct cw_broker *b)
{
	(void)b;
	return 0;
}

int
cw_broker_place(struct cw_broker *b, const struct cw_broker_write *write,
    void (*done)(void *arg, const char *server, const char *warning, cJSON *failure), void *arg,
    struct cw_err *err)
{
	(void)b, (void)err;
	done(arg, write->server, "", NULL);
	return CW_OK;
}

void
cw_broker_place_cancel(struct cw_broker *b, const void *arg)
{
	(void)b, (void)arg;
}

void
cw_broker_close(struct cw_broker *b, void (*closed)(void *arg), void *arg)
{
	free(b);
	closed(arg);
}

void
cw_broker_status_put(const struct cw_broker *b, cJSON *object)
{
	cJSON *o = cJSON_AddObjectToObject(object, "scripts");

	(void)b;
	cJSON_AddNumberToObject(o, "running", running);
}
