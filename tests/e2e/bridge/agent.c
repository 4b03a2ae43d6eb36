/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent without a directory: the real enrolment and the real link, and answers that
 * the caller of a command asks for by its Identity. Says on standard output what happens to
 * it, one line an event.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "link/enrol.h"
#include "link/identity.h"
#include "link/link.h"
#include "os/clock.h"
#include "wire/channel.h"

#define HURRY_MS 100u
#define MANY_LINE 512 /* bytes of one of many lines */

struct command {
	struct command *next;
	struct cw_wire_call *call;
	char id[CW_UUID_TEXT];
	long left; /* lines still to be put out */
};

static uv_loop_t loop;
static struct cw_link *link_;
static struct cw_identity identity;
static struct command *commands; /* that run */
static bool up;

static void
say(const char *event, const char *what)
{
	printf("%s %s\n", event, what);
	fflush(stdout);
}

static void
drop(struct command *c)
{
	struct command **at = &commands;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	free(c);
}

static void
finish(struct command *c, const char *state)
{
	cJSON *result = cJSON_CreateObject();

	cJSON_AddStringToObject(result, "state", state);
	cJSON_AddStringToObject(result, "server", "dc1.test");
	cJSON_AddStringToObject(result, "started", "2026-11-24T09:30:00Z");
	cJSON_AddStringToObject(result, "finished", "2026-11-24T09:30:01Z");
	cJSON_AddNumberToObject(result, "duration_ms", 1.5);
	cJSON_AddNumberToObject(result, "outputs", 1);
	if (strcmp(state, "failed") == 0)
		cJSON_AddStringToObject(
		    cJSON_AddObjectToObject(result, "error"), "message", "Cannot find an object");
	cw_wire_call_finish(c->call, result);
	drop(c);
}

/* As many lines as the bridge takes; more when it is writable again. */
static void
put_many(void *arg, struct cw_wire_call *call)
{
	struct command *c = arg;
	char line[MANY_LINE + 64];
	int n;

	while (c->left > 0) {
		n = snprintf(line, sizeof(line), "{\"output\":{\"n\":%ld,\"text\":\"%0*d\"}}\n",
		    c->left, MANY_LINE, 0);
		if (cw_wire_call_chunk(call, line, (size_t)n) < 0)
			return;
		c->left--;
	}
	finish(c, "done");
}

static void
on_cancelled(void *arg)
{
	struct command *c = arg;

	say("cancelled", c->id);
	drop(c);
}

static void
put(struct command *c, const char *text)
{
	(void)cw_wire_call_chunk(c->call, text, strlen(text));
}

static void
run(struct cw_wire_call *call, const cJSON *params)
{
	static const struct cw_wire_call_events events = { put_many, on_cancelled };
	const char *identity_ = cw_json_str(cw_json_get(params, "parameters"), "Identity");
	struct command *c = calloc(1, sizeof(*c));

	c->call = call;
	c->next = commands;
	commands = c;
	(void)snprintf(c->id, sizeof(c->id), "%s", cw_json_str(params, "operation"));
	cw_wire_call_watch(call, &events, c);
	say("run", c->id);
	if (identity_ == NULL)
		identity_ = "";
	if (strncmp(identity_, "many ", 5) == 0) {
		c->left = strtol(identity_ + 5, NULL, 10);
		put_many(c, call);
	} else if (strcmp(identity_, "nobody") == 0) {
		put(c,
		    "{\"error\":{\"message\":\"Cannot find an object\",\"error_id\":"
		    "\"ADIdentityNotFoundException\"}}\n");
		finish(c, "failed");
	} else if (strcmp(identity_, "nonsense") == 0) {
		put(c, "{\"output\":1],\"state\":[\"succeeded\"}\n");
	} else if (strcmp(identity_, "wait") == 0) {
		put(c, "{\"output\":{\"Name\":\"waiting\"}}\n");
	} else {
		put(c,
		    "{\"output\":{\"Name\":\"Ada\",\"Enabled\":true}}\n{\"warning\":\"slow "
		    "today\"}\n");
		finish(c, "done");
	}
}

/* --- scripts, by their first word, and plans */

static cJSON *
script_result(const char *state)
{
	cJSON *result = cJSON_CreateObject();

	cJSON_AddStringToObject(result, "state", state);
	cJSON_AddNumberToObject(result, "calls", 1);
	cJSON_AddNumberToObject(result, "writes", 0);
	cJSON_AddStringToObject(result, "server", "dc1.test");
	cJSON_AddNumberToObject(result, "duration_ms", 1.5);
	cJSON_AddArrayToObject(result, "refusals");
	return result;
}

static cJSON *
refused_result(void)
{
	cJSON *result = script_result("failed");

	cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(result, "refusals"),
	    cJSON_Parse(
		"{\"rule\":\"ceiling\",\"message\":\"too much\",\"group\":\"Users\",\"call\":{"
		"\"command\":\"Set-ADUser\",\"parameters\":{\"Identity\":\"ada\"}},"
		"\"who_can_change_it\":\"an administrator of this server\"}"));
	cJSON_AddItemToObject(result, "error",
	    cJSON_Parse("{\"message\":\"too much\",\"error_id\":\"CausewayRefused\"}"));
	return result;
}

static cJSON *
planned_result(void)
{
	cJSON *result = script_result("done"), *plan = cJSON_AddObjectToObject(result, "plan");

	cJSON_AddStringToObject(plan, "agent", identity.agent);
	cJSON_AddStringToObject(plan, "hash", "abc123");
	cJSON_AddItemToObject(plan, "entries",
	    cJSON_Parse(
		"[{\"entry\":1,\"command\":\"Set-ADUser\",\"parameters\":{\"Title\":\"Lead\"},"
		"\"target\":{\"guid\":\"g\",\"class\":\"user\",\"dn\":\"CN=Ada\"},"
		"\"before\":{\"title\":[\"Engineer\"]},\"effects\":[{\"class\":\"write\","
		"\"attribute\":\"title\",\"parameter\":\"Title\"}]}]"));
	return result;
}

static void
script(struct cw_wire_call *call, const cJSON *params)
{
	static const struct cw_wire_call_events events = { put_many, on_cancelled };
	static const char line[] =
	    "{\"output\":{\"Name\":\"Ada\"}}\n{\"warning\":\"slow today\"}\n";
	const char *text = cw_json_str(params, "text");
	bool plan = cw_streq(cw_json_str(params, "mode"), "plan");
	struct command *c;

	say("script", cw_json_str(params, "id"));
	if (!cw_streq(text, "refuse"))
		(void)cw_wire_call_chunk(call, line, sizeof(line) - 1);
	if (!cw_streq(text, "wait")) {
		cw_wire_call_finish(call,
		    plan                           ? planned_result()
			: cw_streq(text, "refuse") ? refused_result()
						   : script_result("done"));
		return;
	}
	c = calloc(1, sizeof(*c));
	c->call = call;
	c->next = commands;
	commands = c;
	(void)snprintf(c->id, sizeof(c->id), "%s", cw_json_str(params, "id"));
	cw_wire_call_watch(call, &events, c);
}

static void
apply(struct cw_wire_call *call, const cJSON *params)
{
	static const char line[] = "{\"step\":{\"entry\":1,\"state\":\"done\"}}\n";

	say("apply", cw_json_str(cw_json_get(params, "plan"), "hash"));
	(void)cw_wire_call_chunk(call, line, sizeof(line) - 1);
	cw_wire_call_finish(call, script_result("done"));
}

static void
stop_script(struct cw_wire_call *call)
{
	say("stop", commands != NULL ? commands->id : "nothing");
	while (commands != NULL) {
		struct command *c = commands;

		cw_wire_call_finish(c->call, script_result("stopped"));
		drop(c);
	}
	cw_wire_call_finish(call, cJSON_CreateObject());
}

/* The command is stopped, or let go on to its end: {"id"} names it, or all that wait. */
static void
stop(struct cw_wire_call *call)
{
	say("stop", commands != NULL ? commands->id : "nothing");
	while (commands != NULL) {
		struct command *c = commands;

		cw_wire_call_fail(c->call, CW_EFAILED, "stopped", NULL);
		drop(c);
	}
	cw_wire_call_finish(call, cJSON_CreateObject());
}

static void
query(struct cw_wire_call *call, const cJSON *params)
{
	cJSON *answer = cJSON_CreateObject(), *list, *one;
	const cJSON *id;

	cJSON_AddStringToObject(answer, "epoch", "e");
	cJSON_AddNumberToObject(answer, "counter", 1);
	list = cJSON_AddArrayToObject(answer, "commands");
	cJSON_ArrayForEach (id, cw_json_get(params, "ids")) {
		one = cJSON_CreateObject();
		cJSON_AddStringToObject(one, "id", id->valuestring);
		cJSON_AddStringToObject(one, "state", "never");
		cJSON_AddItemToArray(list, one);
	}
	cw_wire_call_finish(call, answer);
}

static void
on_request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	(void)arg;
	if (strcmp(method, "command.run") == 0)
		run(call, params);
	else if (strcmp(method, "command.stop") == 0)
		stop(call);
	else if (strcmp(method, "script.run") == 0)
		script(call, params);
	else if (strcmp(method, "plan.apply") == 0)
		apply(call, params);
	else if (strcmp(method, "script.stop") == 0)
		stop_script(call);
	else if (strcmp(method, "command.query") == 0)
		query(call, params);
	else if (strcmp(method, "upload.part") == 0) /* as an agent from before there was one */
		cw_wire_call_fail(call, CW_ENOTFOUND, "no such method", NULL);
	else
		cw_wire_call_finish(call, cJSON_CreateObject());
}

static void
on_changed(void *arg)
{
	struct cw_link_status status;

	(void)arg;
	cw_link_status(link_, &status);
	if ((status.state == CW_LINK_UP) == up)
		return;
	up = !up;
	say(up ? "up" : "down", status.error.text);
}

/* A test does not wait as long as a fleet of agents should. */
static void
on_hurry(uv_timer_t *timer)
{
	struct cw_link_status status;

	(void)timer;
	cw_link_status(link_, &status);
	if (status.state == CW_LINK_WAITING && status.error.code != CW_EDENIED)
		cw_link_hurry(link_);
}

static uint64_t
counter(void *arg)
{
	(void)arg;
	return 1;
}

static void
on_signal(uv_signal_t *signal, int number)
{
	(void)number;
	uv_close((uv_handle_t *)signal, NULL);
	uv_close((uv_handle_t *)signal->data, NULL);
	cw_link_close(link_, NULL, NULL);
}

static int
fail(const struct cw_err *err)
{
	fprintf(stderr, "%s\n", err->text);
	return 1;
}

static int
enrol(const char *folder, const char *bridge, const char *token)
{
	const struct cw_enrol_config config = {
		.folder = folder, .bridge = bridge, .token = token, .proxy = "", .hostname = "dc1"
	};
	struct cw_err err = { 0 };

	return cw_enrol(&config, &err) < 0 ? fail(&err) : 0;
}

/* enrol FOLDER BRIDGE TOKEN, or run FOLDER until SIGTERM. */
int
main(int argc, char **argv)
{
	struct cw_link_config config = { .loop = &loop,
		.identity = &identity,
		.proxy = "",
		.version = "test",
		.os = "test",
		.hostname = "dc1",
		.epoch = "e",
		.counter = counter,
		.request = on_request,
		.changed = on_changed };
	struct cw_err err = { 0 };
	uv_signal_t term;
	uv_timer_t hurry;

	if (argc == 5 && strcmp(argv[1], "enrol") == 0)
		return enrol(argv[2], argv[3], argv[4]);
	if (argc != 3)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&loop);
	config.folder = argv[2];
	if (cw_identity_load(&identity, argv[2], &err) < 0 ||
	    cw_link_new(&link_, &config, &err) < 0)
		return fail(&err);
	uv_timer_init(&loop, &hurry);
	uv_timer_start(&hurry, on_hurry, HURRY_MS, HURRY_MS);
	uv_signal_init(&loop, &term);
	term.data = &hurry;
	uv_signal_start(&term, on_signal, SIGTERM);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&loop);
	cw_identity_free(&identity);
	return 0;
}
