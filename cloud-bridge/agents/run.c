/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands and questions to an agent; scripts and plans are in script.c.
 */
#include <stdlib.h>
#include <string.h>

#include "agents/run_internal.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "os/clock.h"

void
agents_run_free(struct cw_agents_run *run)
{
	agents_result_free(&run->result);
	cw_buf_free_secret(&run->params);
	free(run);
}

void
agents_run_over(struct cw_agents_run *run, int code, const cJSON *result, const struct cw_err *err,
    const cJSON *detail)
{
	run->session->running--;
	run->events.done(run->arg, code, result, err, detail);
	agents_run_free(run);
}

static void
run_pass(void *arg, const char *text, size_t n)
{
	struct cw_agents_run *run = arg;

	if (run->events.output != NULL)
		run->events.output(run->arg, text, n);
}

static void
run_output(void *arg, const char *text, size_t n)
{
	struct cw_agents_run *run = arg;

	if (run->is_script)
		agents_result_feed(&run->result, text, n, run_pass, run);
	else
		run_pass(run, text, n);
}

static void
run_done(void *arg, const struct cw_wire_answer *answer)
{
	struct cw_agents_run *run = arg;
	const cJSON *result = answer->result;
	cJSON *streamed = NULL;
	struct cw_err err = { 0 };
	int code = answer->code;

	/* No answer, or one that says that there was none further in: it may have been done. */
	if (code == CW_ECLOSED || code == CW_ETIMEOUT)
		code = CW_EUNKNOWN;
	if (code == CW_OK && !cJSON_IsObject(result))
		code = cw_fail(&err, CW_EUNKNOWN, "the agent's result is not an object");
	else if (code < 0)
		(void)cw_fail(&err, code, "%s", answer->message);
	agents_result_end(&run->result, run_pass, run);
	if (code == CW_OK && agents_result_take(&run->result, &streamed, result, &err) < 0)
		code = err.code = CW_EUNKNOWN;
	if (streamed != NULL)
		result = streamed;
	agents_run_over(run, code, code == CW_OK ? result : NULL, &err, answer->data);
	cJSON_Delete(streamed);
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

int
agents_run_not_sent(int r, const char *agent, struct cw_err *err)
{
	if (r == CW_ECLOSED)
		return cw_fail(err, CW_EUNAVAILABLE, "agent %s is not connected", agent);
	if (r == CW_ELIMIT)
		return cw_fail(err, CW_EUNAVAILABLE,
		    "agent %s has as much to do as fits, or the command is too long", agent);
	return cw_fail(err, r, "cannot send to agent %s: %s", agent, cw_strerror(r));
}

int
agents_run_new(struct cw_agents_run **ret, struct session *s, const char *method, const char *stop,
    const char *id, const struct cw_agents_events *events, void *arg)
{
	struct cw_agents_run *run;

	if (strlen(id) >= sizeof(run->id) || (run = calloc(1, sizeof(*run))) == NULL)
		return CW_ENOMEM;
	run->session = s;
	run->events = *events;
	run->arg = arg;
	run->method = method;
	run->stop = stop;
	memcpy(run->id, id, strlen(id) + 1);
	agents_result_init(&run->result);
	*ret = run;
	return CW_OK;
}

int
agents_run_send(struct cw_agents_run *run, cJSON *params)
{
	static const struct cw_wire_events wire_events = { run_output, run_done };
	int r;

	/* The agent ends it in time, and says how; we only notice when it does not. */
	r = cw_wire_request(&run->request, run->session->wire, run->method, params, &wire_events,
	    run, run->timeout_ms + RUN_STOP_MS, cw_clock_ms());
	if (r < 0)
		return r;
	if (run->paused)
		cw_wire_request_pause(run->request);
	session_arm(run->session);
	return CW_OK;
}

int
agents_run_session(struct session **ret, struct cw_agents *a, const char *agent, const char *tenant,
    struct cw_err *err)
{
	if ((*ret = agents_lookup(a, agent)) == NULL)
		return agents_run_not_sent(CW_ECLOSED, agent, err);
	if (!cw_streq((*ret)->record.tenant, tenant))
		return cw_fail(err, CW_EDENIED, "agent %s is not one of tenant %s", agent, tenant);
	return CW_OK;
}

int
cw_agents_run(struct cw_agents_run **ret, struct cw_agents *a,
    const struct cw_agents_command *command, const struct cw_agents_events *events, void *arg,
    struct cw_err *err)
{
	struct cw_agents_run *run;
	struct session *s;
	int r;

	if ((r = agents_run_session(&s, a, command->agent, command->tenant, err)) < 0)
		return r;
	if ((r = agents_run_new(&run, s, "command.run", "command.stop", command->id, events, arg)) <
	    0)
		return agents_run_not_sent(r, command->agent, err);
	run->timeout_ms = command->timeout_ms != 0 ? command->timeout_ms : CW_AGENTS_COMMAND_MS;
	if ((r = agents_run_send(run, run_params(command, run->timeout_ms))) < 0) {
		agents_run_free(run);
		return agents_run_not_sent(r, command->agent, err);
	}
	s->running++;
	if (ret != NULL)
		*ret = run;
	return CW_OK;
}

void
cw_agents_run_pause(struct cw_agents_run *run)
{
	run->paused = true;
	if (run->request != NULL)
		cw_wire_request_pause(run->request);
}

void
cw_agents_run_resume(struct cw_agents_run *run)
{
	run->paused = false;
	if (run->request != NULL)
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

	run->stopped = true; /* one that is not all there yet goes no further */
	cJSON_AddStringToObject(p, "id", run->id);
	(void)cw_wire_request(
	    NULL, run->session->wire, run->stop, p, &events, NULL, RUN_SMALL_MS, cw_clock_ms());
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
		return agents_run_not_sent(CW_ECLOSED, agent, err);
	if (n > CW_AGENTS_IDS_MAX)
		return cw_fail(
		    err, CW_ELIMIT, "%s of %zu commands, limit %u", method, n, CW_AGENTS_IDS_MAX);
	if ((q = calloc(1, sizeof(*q))) == NULL)
		return agents_run_not_sent(CW_ENOMEM, agent, err);
	q->answered = answered;
	q->arg = arg;
	p = cJSON_CreateObject();
	list = cJSON_AddArrayToObject(p, "ids");
	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(ids[i]));
	if ((r = cw_wire_request(
		 NULL, s->wire, method, p, &events, q, RUN_SMALL_MS, cw_clock_ms())) < 0) {
		free(q);
		return agents_run_not_sent(r, agent, err);
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
