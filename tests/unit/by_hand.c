/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/json.h"
#include "ledger/agents.h"
#include "ledger/ledger.h"
#include "ledger/operations.h"
#include "os/file.h"
#include "by_hand.h"
#include "test.h"

uv_loop_t loop;
struct cw_ledger *ledger;
struct cw_route *route;
struct cw_tenant tenant, empty_tenant;
static char folder[] = "/tmp/causeway-route-XXXXXX", path[64];

/* --- the agents */

bool connected = true;
bool serving = true;
struct cw_agents_run *last;
unsigned sent, queries, forgets;

static struct {
	void (*answered)(void *arg, int code, const cJSON *answer, const struct cw_err *err);
	void *arg;
} questions[32]; /* the last one is answered first */
static unsigned open_questions;

static const char *
op_find(void *arg, const char *of, const char *role)
{
	(void)arg;
	if (!connected || strcmp(of, tenant.id) != 0 || (role != NULL && !serving))
		return NULL;
	return role == NULL ? AGENT : strcmp(role, "sync") == 0 ? SYNC_AGENT : AGENT;
}

static bool
op_connected(void *arg, const char *agent)
{
	(void)arg;
	return connected && (strcmp(agent, AGENT) == 0 || strcmp(agent, SYNC_AGENT) == 0);
}

/* What a crash right now would find. */
static bool
is_in_ledger(const char *operation, const char *command)
{
	cJSON *o;
	bool there;

	if (cw_operation_find(ledger, &o, operation, NULL) < 0)
		return false;
	there =
	    cw_streq(cw_json_str(cw_json_get(cw_json_get(o, "private"), "once"), "id"), command);
	cJSON_Delete(o);
	return there;
}

static int
op_run(void *arg, struct cw_agents_run **ret, const struct cw_agents_command *command,
    const struct cw_agents_events *events, void *events_arg, struct cw_err *err)
{
	struct cw_agents_run *run;

	(void)arg;
	if (!connected)
		return cw_fail(err, CW_EUNAVAILABLE, "agent %s is not connected", command->agent);
	run = calloc(1, sizeof(*run));
	run->events = *events;
	run->arg = events_arg;
	(void)snprintf(run->id, sizeof(run->id), "%s", command->id);
	run->parameters = cJSON_Duplicate(command->parameters, true);
	run->write = command->write;
	run->not_after_ms = command->not_after_ms;
	run->in_ledger = command->write && is_in_ledger(command->operation, command->id);
	*ret = last = run;
	sent++;
	return CW_OK;
}

static int
op_script(void *arg, struct cw_agents_run **ret, const struct cw_agents_script *script_,
    const struct cw_agents_events *events, void *events_arg, struct cw_err *err)
{
	struct cw_agents_run *run;

	(void)arg;
	if (!connected)
		return cw_fail(err, CW_EUNAVAILABLE, "agent %s is not connected", script_->agent);
	run = calloc(1, sizeof(*run));
	run->events = *events;
	run->arg = events_arg;
	(void)snprintf(run->id, sizeof(run->id), "%s", script_->id);
	run->parameters = cJSON_CreateObject();
	if (script_->text != NULL)
		cJSON_AddStringToObject(run->parameters, "text", script_->text);
	if (script_->apply != NULL)
		cJSON_AddItemToObject(run->parameters, "plan", cJSON_Parse(script_->apply));
	if (script_->secrets != NULL)
		cJSON_AddItemToObject(
		    run->parameters, "secrets", cJSON_Duplicate(script_->secrets, true));
	run->write = !script_->plan;
	run->not_after_ms = script_->not_after_ms;
	run->in_ledger = run->write && is_in_ledger(script_->id, script_->id);
	*ret = last = run;
	sent++;
	return CW_OK;
}

static void
op_pause(void *arg, struct cw_agents_run *run)
{
	(void)arg;
	run->pauses++;
}

static void
op_resume(void *arg, struct cw_agents_run *run)
{
	(void)arg;
	run->resumes++;
}

static void
op_stop(void *arg, struct cw_agents_run *run)
{
	(void)arg;
	run->stops++;
}

static int
ask(void (*cb)(void *arg, int code, const cJSON *answer, const struct cw_err *err), void *cb_arg)
{
	questions[open_questions].answered = cb;
	questions[open_questions++].arg = cb_arg;
	return CW_OK;
}

static int
op_query(void *arg, const char *agent, const char *const *ids, size_t n,
    void (*cb)(void *arg, int code, const cJSON *answer, const struct cw_err *err), void *cb_arg,
    struct cw_err *err)
{
	(void)arg, (void)agent, (void)ids, (void)n, (void)err;
	queries++;
	return ask(cb, cb_arg);
}

static int
op_forget(void *arg, const char *agent, const char *const *ids, size_t n,
    void (*cb)(void *arg, int code, const cJSON *answer, const struct cw_err *err), void *cb_arg,
    struct cw_err *err)
{
	(void)arg, (void)agent, (void)ids, (void)err;
	forgets += (unsigned)n;
	return ask(cb, cb_arg);
}

static void
answer_with(int code, const cJSON *answer)
{
	struct cw_err err = { .code = code };

	open_questions--;
	questions[open_questions].answered(questions[open_questions].arg, code, answer, &err);
}

void
answer_query(const char *json)
{
	cJSON *answer = cJSON_Parse(json);

	answer_with(CW_OK, answer);
	cJSON_Delete(answer);
}

/* Ends what was sent last. result NULL: refused, with code. */
void
end_run(int code, const char *result)
{
	struct cw_agents_run *run = last;
	struct cw_err err = { .code = code, .text = "words of the agent" };
	cJSON *json = result != NULL ? cJSON_Parse(result) : NULL;

	last = NULL;
	run->events.done(run->arg, code, json, &err, NULL);
	cJSON_Delete(json);
	cJSON_Delete(run->parameters);
	free(run);
}

void
output(const char *text)
{
	last->events.output(last->arg, text, strlen(text));
}

/* --- the bridge */

static void
on_closed(void *arg)
{
	*(bool *)arg = true;
}

void
close_route(void)
{
	bool closed = false;

	cw_route_close(route, on_closed, &closed);
	while (!closed)
		uv_run(&loop, UV_RUN_ONCE);
	/* As the agents' port does when it closes. */
	if (last != NULL)
		end_run(CW_EUNKNOWN, NULL);
	while (open_questions > 0)
		answer_with(CW_EUNAVAILABLE, NULL);
}

void
open_route(const struct cw_route_clock *clock)
{
	struct cw_route_config config = { .loop = &loop,
		.ledger = ledger,
		.clock = clock,
		.ops = { .find = op_find,
		    .connected = op_connected,
		    .run = op_run,
		    .script = op_script,
		    .run_pause = op_pause,
		    .run_resume = op_resume,
		    .run_stop = op_stop,
		    .query = op_query,
		    .forget = op_forget } };
	struct cw_err err = { 0 };

	CHECK_EQ(cw_route_new(&route, &config, &err), CW_OK);
	CHECK_EQ(cw_route_resume(route, &err), CW_OK);
}

static void
enrol(const char *id, const char *of, const char *roles, bool revoked)
{
	struct cw_agent_record agent = { .hostname = "dc1" };
	struct cw_token_grant grant = { 0 };
	uint8_t hash[CW_TOKEN_HASH] = { 0 };
	struct cw_agents_store store;
	struct cw_err err = { 0 };

	(void)snprintf(agent.id, sizeof(agent.id), "%s", id);
	(void)snprintf(agent.tenant, sizeof(agent.tenant), "%s", of);
	(void)snprintf(agent.roles, sizeof(agent.roles), "%s", roles);
	(void)snprintf(agent.serial, sizeof(agent.serial), "%c", id[35]);
	memcpy(grant.tenant, agent.tenant, sizeof(grant.tenant));
	memcpy(grant.roles, agent.roles, sizeof(grant.roles));
	memcpy(hash, id + 4, CW_TOKEN_HASH);
	cw_ledger_agents_store(ledger, &store);
	CHECK_EQ(cw_enrolment_token_add(ledger, hash, &grant, INT64_MAX, &err), CW_OK);
	CHECK_EQ(store.agent_enrol(store.arg, hash, 1, &agent, &err), CW_OK);
	if (revoked)
		CHECK_EQ(store.agent_revoke(store.arg, id, 1, &err), CW_OK);
	CHECK_STR(err.text, "");
}

int
command(char id[37], const char *of, const char *body, struct cw_err *err)
{
	cJSON *json = cJSON_Parse(body);
	int r;

	CHECK(json != NULL);
	r = cw_route_command(route, id, of, "key", json, err);
	cJSON_Delete(json);
	return r;
}

int
script(char id[37], const char *of, const char *body, struct cw_err *err)
{
	cJSON *json = cJSON_Parse(body);
	int r = cw_route_script(route, id, of, "key", json, err);

	cJSON_Delete(json);
	return r;
}

int
apply(char id[37], const char *of, const char *body, struct cw_err *err)
{
	cJSON *json = cJSON_Parse(body);
	int r = cw_route_apply(route, id, of, "key", json, err);

	cJSON_Delete(json);
	return r;
}

/* --- following */

static void
on_changed(void *arg, const cJSON *operation, bool finished)
{
	struct seen *s = arg;

	s->changes++;
	s->finished = finished;
	(void)snprintf(s->state, sizeof(s->state), "%s", cw_json_str(operation, "state"));
	CHECK(cw_json_get(operation, "private") == NULL);
	CHECK(cw_json_get(operation, "output") == NULL);
}

static void
on_output(void *arg, const char *ndjson, size_t n)
{
	struct seen *s = arg;

	(void)cw_buf_put(&s->output, ndjson, n);
	if (s->stop_watching) {
		cw_route_unwatch(s->watch);
		s->watch = NULL;
	}
}

void
watch(struct seen *s, const char *id)
{
	static const struct cw_route_watch_events events = { on_changed, on_output };
	struct cw_err err = { 0 };

	memset(s, 0, sizeof(*s));
	cw_buf_init(&s->output, 64u << 20);
	CHECK_EQ(cw_route_watch(route, &s->watch, id, &events, s, &err), CW_OK);
	CHECK_STR(err.text, "");
}

cJSON *
show(const char *id)
{
	struct cw_err err = { 0 };
	cJSON *o = NULL;

	CHECK_EQ(cw_route_show(route, &o, id, &err), CW_OK);
	return o;
}

void
check_member(const cJSON *o, const char *name, const char *want)
{
	char *text = cJSON_PrintUnformatted(cw_json_get(o, name));

	CHECK_STR(text, want);
	cJSON_free(text);
}

static bool
file_holds(const char *name, const char *text)
{
	struct cw_buf b;
	struct cw_err err = { 0 };
	char file[96];
	bool holds;

	cw_buf_init(&b, 256u << 20);
	(void)snprintf(file, sizeof(file), "%s%s", path, name);
	holds = cw_file_read(&b, file, &err) == CW_OK &&
	    memmem(cw_buf_peek(&b), cw_buf_left(&b), text, strlen(text)) != NULL;
	cw_buf_free(&b);
	return holds;
}

/* Everything that was ever given to the ledger is in its files by now. */
bool
ledger_holds(const char *text)
{
	(void)cw_ledger_reader(ledger);
	return file_holds("", text) || file_holds("-wal", text);
}

void
hand_open(void)
{
	struct cw_err err = { 0 };

	if (mkdtemp(folder) == NULL || uv_loop_init(&loop) < 0)
		exit(2);
	(void)snprintf(path, sizeof(path), "%s/ledger.db", folder);
	CHECK_EQ(cw_ledger_open(&ledger, &loop, path, &err), CW_OK);
	tenant = (struct cw_tenant){ .name = "Lab", .mode = CW_MODE_ON_PREM };
	empty_tenant = (struct cw_tenant){ .name = "Empty", .mode = CW_MODE_ON_PREM };
	CHECK_EQ(cw_tenant_add(ledger, &tenant, &err), CW_OK);
	CHECK_EQ(cw_tenant_add(ledger, &empty_tenant, &err), CW_OK);
	enrol(AGENT, tenant.id, "directory", false);
	enrol(SYNC_AGENT, tenant.id, "sync", false);
	enrol(OTHER_AGENT, empty_tenant.id, "directory", false);
	enrol(GONE_AGENT, tenant.id, "directory", true);
	open_route(NULL);
}

void
hand_close(void)
{
	bool closed = false;

	close_route();
	cw_ledger_close(ledger, on_closed, &closed);
	while (!closed)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_EQ(uv_loop_close(&loop), 0);
	(void)unlink(path);
	CHECK_EQ(rmdir(folder), 0);
}
