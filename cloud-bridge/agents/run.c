/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands and questions to an agent.
 */
#include <stdlib.h>
#include <string.h>

#include "agents/agents_internal.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "os/clock.h"

#define STOP_MS 30000u /* what an agent needs to stop a command whose time is over */
#define SMALL_MS 30000u /* stop, query, forget: answered from the agent's memory or journal */

struct cw_agents_run {
	struct session *session; /* outlives the run: its end ends the run */
	struct cw_wire_request *request;
	struct cw_agents_events events;
	void *arg;
	const char *stop; /* the method that stops it */
	char id[CW_UUID_TEXT];
};

static void
run_output(void *arg, const char *text, size_t n)
{
	struct cw_agents_run *run = arg;

	if (run->events.output != NULL)
		run->events.output(run->arg, text, n);
}

static void
run_done(void *arg, const struct cw_wire_answer *answer)
{
	struct cw_agents_run *run = arg;
	struct cw_err err = { 0 };
	int code = answer->code;

	run->session->running--;
	/* No answer, or one that says that there was none further in: it may have been done. */
	if (code == CW_ECLOSED || code == CW_ETIMEOUT)
		code = CW_EUNKNOWN;
	if (code == CW_OK && !cJSON_IsObject(answer->result))
		code = cw_fail(&err, CW_EUNKNOWN, "the agent's result is not an object");
	else if (code < 0)
		(void)cw_fail(&err, code, "%s", answer->message);
	run->events.done(run->arg, code, code == CW_OK ? answer->result : NULL, &err, answer->data);
	free(run);
}

static cJSON *
run_params(const struct cw_agents_command *c, uint64_t timeout_ms)
{
	cJSON *p = cJSON_CreateObject();
	char not_after[CW_TIME_TEXT];

	cw_time_text(not_after, c->not_after_ms);
	cJSON_AddStringToObject(p, "id", c->id);
	cJSON_AddStringToObject(p, "operation", c->operation);
	cJSON_AddStringToObject(p, "step", c->step);
	cJSON_AddStringToObject(p, "command", c->command);
	if (c->parameters != NULL)
		cJSON_AddItemReferenceToObject(p, "parameters", (cJSON *)c->parameters);
	else
		cJSON_AddObjectToObject(p, "parameters");
	cJSON_AddBoolToObject(p, "write", c->write);
	cJSON_AddStringToObject(p, "not_after", not_after);
	cJSON_AddNumberToObject(p, "timeout_ms", (double)timeout_ms);
	if (c->domain_controller != NULL)
		cJSON_AddStringToObject(p, "domain_controller", c->domain_controller);
	return p;
}

static int
not_sent(int r, const char *agent, struct cw_err *err)
{
	if (r == CW_ECLOSED)
		return cw_fail(err, CW_EUNAVAILABLE, "agent %s is not connected", agent);
	if (r == CW_ELIMIT)
		return cw_fail(err, CW_EUNAVAILABLE,
		    "agent %s has as much to do as fits, or the command is too long", agent);
	return cw_fail(err, r, "cannot send to agent %s: %s", agent, cw_strerror(r));
}

/* What all runs have in common; takes params. */
static int
run_start(struct cw_agents_run **ret, struct session *s, const char *method, const char *stop,
    const char *id, cJSON *params, uint64_t timeout_ms, const struct cw_agents_events *events,
    void *arg)
{
	static const struct cw_wire_events wire_events = { run_output, run_done };
	struct cw_agents_run *run;
	int r;

	if (strlen(id) >= sizeof(run->id) || (run = calloc(1, sizeof(*run))) == NULL) {
		cJSON_Delete(params);
		return CW_ENOMEM;
	}
	run->session = s;
	run->events = *events;
	run->arg = arg;
	run->stop = stop;
	memcpy(run->id, id, strlen(id) + 1);
	/* The agent ends it in time, and says how; we only notice when it does not. */
	r = cw_wire_request(&run->request, s->wire, method, params, &wire_events, run,
	    timeout_ms + STOP_MS, cw_clock_ms());
	if (r < 0) {
		free(run);
		return r;
	}
	s->running++;
	session_arm(s);
	if (ret != NULL)
		*ret = run;
	return CW_OK;
}

/* The session of an agent that is the tenant's. */
static int
find_session(struct session **ret, struct cw_agents *a, const char *agent, const char *tenant,
    struct cw_err *err)
{
	if ((*ret = agents_lookup(a, agent)) == NULL)
		return not_sent(CW_ECLOSED, agent, err);
	if (!cw_streq((*ret)->record.tenant, tenant))
		return cw_fail(err, CW_EDENIED, "agent %s is not one of tenant %s", agent, tenant);
	return CW_OK;
}

int
cw_agents_run(struct cw_agents_run **ret, struct cw_agents *a,
    const struct cw_agents_command *command, const struct cw_agents_events *events, void *arg,
    struct cw_err *err)
{
	uint64_t timeout_ms = command->timeout_ms != 0 ? command->timeout_ms : CW_AGENTS_COMMAND_MS;
	struct session *s;
	int r;

	if ((r = find_session(&s, a, command->agent, command->tenant, err)) < 0)
		return r;
	r = run_start(ret, s, "command.run", "command.stop", command->id,
	    run_params(command, timeout_ms), timeout_ms, events, arg);
	return r < 0 ? not_sent(r, command->agent, err) : CW_OK;
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
	if (c->text != NULL) {
		cJSON_AddStringToObject(p, "mode", c->plan ? "plan" : "run");
		cJSON_AddItemToObject(p, "text", cJSON_CreateStringReference(c->text));
		return p;
	}
	cJSON_AddItemReferenceToObject(p, "plan", (cJSON *)c->apply);
	if (c->secrets != NULL)
		cJSON_AddItemReferenceToObject(p, "secrets", (cJSON *)c->secrets);
	return p;
}

int
cw_agents_script(struct cw_agents_run **ret, struct cw_agents *a,
    const struct cw_agents_script *script, const struct cw_agents_events *events, void *arg,
    struct cw_err *err)
{
	uint64_t timeout_ms = script->timeout_ms != 0 ? script->timeout_ms : CW_AGENTS_COMMAND_MS;
	struct session *s;
	int r;

	if ((r = find_session(&s, a, script->agent, script->tenant, err)) < 0)
		return r;
	r = run_start(ret, s, script->text != NULL ? "script.run" : "plan.apply", "script.stop",
	    script->id, script_params(script, timeout_ms), timeout_ms, events, arg);
	if (r == CW_ELIMIT)
		return cw_fail(err, CW_EINVAL,
		    "it does not fit into one message to the agent, which is about 1 MB, or agent "
		    "%s has as much to do as it takes",
		    script->agent);
	return r < 0 ? not_sent(r, script->agent, err) : CW_OK;
}

void
cw_agents_run_pause(struct cw_agents_run *run)
{
	cw_wire_request_pause(run->request);
}

void
cw_agents_run_resume(struct cw_agents_run *run)
{
	cw_wire_request_resume(run->request);
}

static void
ignore(void *arg, const struct cw_wire_answer *answer)
{
	(void)arg, (void)answer;
}

void
cw_agents_run_stop(struct cw_agents_run *run)
{
	static const struct cw_wire_events events = { NULL, ignore };
	cJSON *p = cJSON_CreateObject();

	cJSON_AddStringToObject(p, "id", run->id);
	(void)cw_wire_request(
	    NULL, run->session->wire, run->stop, p, &events, NULL, SMALL_MS, cw_clock_ms());
	session_arm(run->session);
}

/* Questions. */

struct question {
	cw_agents_answered *answered;
	void *arg;
};

static void
question_done(void *arg, const struct cw_wire_answer *answer)
{
	struct question *q = arg;
	struct cw_err err = { 0 };
	int code = answer->code;

	if (code == CW_ECLOSED || code == CW_ETIMEOUT)
		code = CW_EUNAVAILABLE; /* asking changes nothing: ask again */
	if (code < 0)
		(void)cw_fail(&err, code, "%s", answer->message);
	q->answered(q->arg, code, code == CW_OK ? answer->result : NULL, &err);
	free(q);
}

static int
ask(struct cw_agents *a, const char *method, const char *agent, const char *const *ids, size_t n,
    cw_agents_answered *answered, void *arg, struct cw_err *err)
{
	static const struct cw_wire_events events = { NULL, question_done };
	struct session *s = agents_lookup(a, agent);
	struct question *q;
	cJSON *p, *list;
	int r;

	if (s == NULL)
		return not_sent(CW_ECLOSED, agent, err);
	if (n > CW_AGENTS_IDS_MAX)
		return cw_fail(
		    err, CW_ELIMIT, "%s of %zu commands, limit %u", method, n, CW_AGENTS_IDS_MAX);
	if ((q = calloc(1, sizeof(*q))) == NULL)
		return not_sent(CW_ENOMEM, agent, err);
	q->answered = answered;
	q->arg = arg;
	p = cJSON_CreateObject();
	list = cJSON_AddArrayToObject(p, "ids");
	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(ids[i]));
	if ((r = cw_wire_request(NULL, s->wire, method, p, &events, q, SMALL_MS, cw_clock_ms())) <
	    0) {
		free(q);
		return not_sent(r, agent, err);
	}
	session_arm(s);
	return CW_OK;
}

int
cw_agents_query(struct cw_agents *a, const char *agent, const char *const *ids, size_t n,
    cw_agents_answered *answered, void *arg, struct cw_err *err)
{
	return ask(a, "command.query", agent, ids, n, answered, arg, err);
}

int
cw_agents_forget(struct cw_agents *a, const char *agent, const char *const *ids, size_t n,
    cw_agents_answered *answered, void *arg, struct cw_err *err)
{
	return ask(a, "command.forget", agent, ids, n, answered, arg, err);
}
