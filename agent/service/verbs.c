/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What causewayctl may ask over the control socket.
 */
#include <stdlib.h>

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <sqlite3.h>

#include "base/json.h"
#include "base/time.h"
#include "os/memory.h"
#include "policy/policy.h"
#include "service/agent_internal.h"
#include "service/version.h"

#define JOURNAL_DEFAULT 20
#define JOURNAL_MAX 1000

static void
put_time(cJSON *object, const char *name, int64_t unix_ms)
{
	char text[CW_TIME_TEXT];

	cw_time_text(text, unix_ms);
	cJSON_AddStringToObject(object, name, text);
}

static void
put_versions(cJSON *object)
{
	cJSON *o = cJSON_AddObjectToObject(object, "libraries");

	cJSON_AddStringToObject(o, "openssl", OpenSSL_version(OPENSSL_VERSION_STRING));
	cJSON_AddStringToObject(o, "libcurl", curl_version_info(CURLVERSION_NOW)->version);
	cJSON_AddStringToObject(o, "sqlite", sqlite3_libversion());
	cJSON_AddStringToObject(o, "libuv", uv_version_string());
}

static cJSON *
version(const struct cw_agent *a)
{
	cJSON *o = cJSON_CreateObject();

	(void)a;
	cJSON_AddStringToObject(o, "version", cw_agent_version());
	put_versions(o);
	return o;
}

static void
put_journal(const struct cw_agent *a, cJSON *object)
{
	cJSON *o = cJSON_AddObjectToObject(object, "journal");

	cJSON_AddStringToObject(o, "epoch", cw_journal_epoch(a->journal));
	cJSON_AddNumberToObject(o, "counter", (double)cw_journal_counter(a->journal));
}

static void
put_memory(cJSON *object)
{
	cJSON *o = cJSON_AddObjectToObject(object, "memory");
	size_t resident, private;

	cw_memory_use(&resident, &private);
	cJSON_AddNumberToObject(o, "resident", (double)resident);
	cJSON_AddNumberToObject(o, "private", (double)private);
}

static cJSON *
lockdown(const struct cw_agent *a)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddBoolToObject(o, "on", a->lockdown.on);
	if (a->lockdown.since_ms > 0)
		put_time(o, "since", a->lockdown.since_ms);
	if (a->lockdown.reason[0] != '\0')
		cJSON_AddStringToObject(o, "reason", a->lockdown.reason);
	return o;
}

static void
put_sandboxes(const struct cw_agent *a, cJSON *object)
{
	static const char *const words[] = { "checking", "up", "down" };
	cJSON *o = cJSON_AddObjectToObject(object, "sandboxes");
	struct cw_sandboxes_status s;

	if (a->sandboxes == NULL) {
		cJSON_AddStringToObject(o, "state", "none");
		return;
	}
	cw_sandboxes_status(a->sandboxes, &s);
	cJSON_AddStringToObject(o, "state", words[s.state]);
	cJSON_AddNumberToObject(o, "warm", s.warm);
	cJSON_AddNumberToObject(o, "starting", s.starting);
	cJSON_AddNumberToObject(o, "taken", s.taken);
	if (s.error[0] != '\0')
		cJSON_AddStringToObject(o, "error", s.error);
}

static cJSON *
status(const struct cw_agent *a)
{
	cJSON *o = version(a);

	cJSON_AddStringToObject(o, "agent", a->identity.agent);
	cJSON_AddStringToObject(o, "tenant", a->identity.tenant);
	cJSON_AddStringToObject(o, "hostname", a->hostname);
	cJSON_AddStringToObject(o, "os", a->os);
	cJSON_AddStringToObject(o, "folder", a->folder);
	cJSON_AddNumberToObject(o, "pid", (double)uv_os_getpid());
	put_time(o, "started", a->started_ms);
	cJSON_AddBoolToObject(o, "stopping", a->stopping);
	cw_link_status_put(a->link, o);
	cw_roles_status_put(a->roles, o);
	cw_controller_status_put(a->controller, o);
	cw_commands_status_put(a->commands, o);
	cw_policy_put(a->config.policy, o);
	cw_broker_status_put(a->broker, o);
	put_sandboxes(a, o);
	cJSON_AddItemToObject(o, "lockdown", lockdown(a));
	put_journal(a, o);
	put_memory(o);
	return o;
}

/* --- the journal, read on its own thread */

struct listing {
	struct cw_writer_job job;
	struct cw_control_reply *reply;
	unsigned limit;
	cJSON *answer;
	struct cw_err err;
};

static bool
put_record(void *arg, const struct cw_journal_record *rec)
{
	cJSON *one = cJSON_CreateObject();

	cJSON_AddStringToObject(one, "id", rec->id);
	cJSON_AddStringToObject(one, "operation", rec->operation);
	cJSON_AddNumberToObject(one, "step", (double)rec->step);
	cJSON_AddStringToObject(one, "command", rec->command);
	cJSON_AddStringToObject(one, "server", rec->server);
	cJSON_AddStringToObject(one, "state", cw_journal_state_name(rec->state));
	put_time(one, "begun", rec->begun_ms);
	if (rec->finished_ms > 0)
		put_time(one, "finished", rec->finished_ms);
	cJSON_AddItemToArray(arg, one);
	return true;
}

static void
work_listing(void *arg, struct cw_journal *j)
{
	struct listing *l = arg;
	cJSON *list;

	l->answer = cJSON_CreateObject();
	cJSON_AddStringToObject(l->answer, "epoch", cw_journal_epoch(j));
	cJSON_AddNumberToObject(l->answer, "counter", (double)cw_journal_counter(j));
	list = cJSON_AddArrayToObject(l->answer, "commands");
	(void)cw_journal_walk(j, l->limit, put_record, list, &l->err);
}

static void
listing_done(void *arg)
{
	struct listing *l = arg;

	if (l->err.code < 0) {
		cw_control_refuse(l->reply, &l->err);
		cJSON_Delete(l->answer);
	} else {
		cw_control_answer(l->reply, l->answer);
	}
	free(l);
}

static void
ask_journal(struct cw_agent *a, struct cw_control_reply *reply, const cJSON *request)
{
	struct listing *l = calloc(1, sizeof(*l));
	int64_t n = JOURNAL_DEFAULT;
	struct cw_err err;

	if (l == NULL ||
	    (cw_json_get(request, "n") != NULL &&
		(!cw_json_int(request, "n", &n) || n < 1 || n > JOURNAL_MAX))) {
		(void)cw_fail(
		    &err, CW_EINVAL, "\"n\" must be a whole number from 1 to %d", JOURNAL_MAX);
		cw_control_refuse(reply, &err);
		free(l);
		return;
	}
	l->job = (struct cw_writer_job){ .work = work_listing, .done = listing_done, .arg = l };
	l->reply = reply;
	l->limit = (unsigned)n;
	cw_writer_ask(a->writer, &l->job);
}

/* {on: bool, reason?}; without on it only tells. */
static void
ask_lockdown(struct cw_agent *a, struct cw_control_reply *reply, const cJSON *request)
{
	const cJSON *on = cw_json_get(request, "on");
	struct cw_err err = { 0 };
	int r = CW_OK;

	if (cJSON_IsTrue(on))
		r = agent_lock(a, cw_json_str(request, "reason"), &err);
	else if (cJSON_IsFalse(on))
		r = agent_unlock(a, &err);
	if (r < 0)
		cw_control_refuse(reply, &err);
	else
		cw_control_answer(reply, lockdown(a));
}

void
agent_ask(void *arg, struct cw_control_reply *reply, const char *verb, cJSON *request)
{
	struct cw_agent *a = arg;
	struct cw_err err;

	if (a->link == NULL) {
		(void)cw_fail(&err, CW_EUNAVAILABLE, "the agent is starting");
		cw_control_refuse(reply, &err);
	} else if (cw_streq(verb, "version")) {
		cw_control_answer(reply, version(a));
	} else if (cw_streq(verb, "status")) {
		cw_control_answer(reply, status(a));
	} else if (cw_streq(verb, "journal")) {
		ask_journal(a, reply, request);
	} else if (cw_streq(verb, "doctor")) {
		agent_checkup(a, reply);
	} else if (cw_streq(verb, "lockdown")) {
		ask_lockdown(a, reply, request);
	} else if (!cw_scripts_ask(a->scripts, reply, verb, request)) {
		(void)cw_fail(&err, CW_EINVAL, "the agent knows no verb \"%.64s\"", verb);
		cw_control_refuse(reply, &err);
	}
}
