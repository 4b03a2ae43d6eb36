/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The customer's side: an agent with its journal, Active Directory with one user, Entra Connect.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/agents.h"
#include "base/err.h"
#include "base/json.h"
#include "catalogue/catalogue.h"
#include "crypto/seal.h"
#include "model/world.h"

#define WAY_MS 5 /* from the bridge to the agent */
#define RUN_MS 5
#define CYCLE_MS 800

/* A request of the bridge; lives until it was answered, by the bridge's end at the latest. */
struct world_run {
	struct world_run *next;
	struct cw_agents_events events;
	void (*answered)(void *arg, int code, const cJSON *answer, const struct cw_err *err);
	void *arg;
	struct command *command; /* of a run, while the agent has it */
};

/* What the agent has of it: lives on without the bridge. */
struct command {
	struct world_run *run; /* NULL: the connection is gone */
	char id[CW_UUID_TEXT], operation[CW_UUID_TEXT], agent[CW_UUID_TEXT], name[32];
	cJSON *parameters;
	bool write, has_server;
	enum world_fault_kind fault;
};

static const struct {
	const char *graph, *ad, *ldap;
} flows[] = { { "jobTitle", "Title", "title" }, { "department", "Department", "department" },
	{ "displayName", "DisplayName", "displayName" },
	{ "businessPhones", "OfficePhone", "telephoneNumber" }, { "country", "co", "co" },
	{ "accountEnabled", "Enabled", "" } };

const char *
world_ad_value(const cJSON *user, const char *name)
{
	for (size_t i = 0; i < CW_COUNT(flows); i++)
		if (strcmp(flows[i].graph, name) == 0) {
			const cJSON *v = cw_json_get(user, flows[i].ad);

			return cJSON_IsString(v) ? v->valuestring
			    : cJSON_IsTrue(v)    ? "true"
			    : cJSON_IsFalse(v)   ? "false"
						 : "";
		}
	return "";
}

static struct world_user *
user_of(struct world *w, const cJSON *parameters)
{
	const char *identity = cw_json_str(parameters, "Identity");
	const char *filter = cw_json_str(parameters, "LDAPFilter");
	char upn[128], sam[128];

	for (unsigned i = 0; i < WORLD_USERS; i++) {
		const cJSON *ad = w->user[i].ad;

		if (ad == NULL)
			continue;
		if (identity != NULL && strcmp(identity, cw_json_str(ad, "ObjectGUID")) == 0)
			return &w->user[i];
		(void)snprintf(upn, sizeof(upn), "(userPrincipalName=%s)",
		    cw_json_get(ad, "UserPrincipalName") != NULL
			? cw_json_str(ad, "UserPrincipalName")
			: "-");
		(void)snprintf(
		    sam, sizeof(sam), "(sAMAccountName=%s)", cw_json_str(ad, "SamAccountName"));
		if (filter != NULL && (cw_strcaseeq(filter, upn) || cw_strcaseeq(filter, sam)))
			return &w->user[i];
	}
	return NULL;
}

static void
set(cJSON *object, const char *name, cJSON *value)
{
	if (cw_json_get(object, name) != NULL)
		cJSON_ReplaceItemInObjectCaseSensitive(object, name, value);
	else
		cJSON_AddItemToObject(object, name, value);
}

/* --- the connection */

static void
unlink_run(struct world *w, struct world_run *run)
{
	struct world_run **at = &w->runs;

	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	if (run->command != NULL)
		run->command->run = NULL;
}

static void
answer_run(struct world *w, struct world_run *run, int code, const cJSON *result, const char *why)
{
	struct cw_err err = { .code = code };

	(void)snprintf(err.text, sizeof(err.text), "%s", why);
	unlink_run(w, run);
	if (run->answered != NULL)
		run->answered(run->arg, code == CW_EUNKNOWN ? CW_EUNAVAILABLE : code, result, &err);
	else
		run->events.done(run->arg, code, result, &err, NULL);
	free(run);
}

static void
lose_connection(struct world *w)
{
	while (w->runs != NULL)
		answer_run(w, w->runs, CW_EUNKNOWN, NULL, "the connection to the agent broke");
	if (w->connected)
		world_agent_connect(w, false);
}

void
world_ad_bridge_gone(struct world *w)
{
	while (w->runs != NULL)
		answer_run(w, w->runs, CW_EUNKNOWN, NULL, "the bridge is gone");
	w->connected = false;
}

void
world_ad_free(struct world *w)
{
	for (unsigned i = 0; i < w->journal_n; i++)
		free(w->journal[i].result);
}

/* --- the journal */

static struct world_journal *
journal_find(struct world *w, const char *id)
{
	for (unsigned i = 0; i < w->journal_n; i++)
		if (strcmp(w->journal[i].id, id) == 0)
			return &w->journal[i];
	return NULL;
}

static struct world_journal *
journal_begin(struct world *w, const char *id)
{
	struct world_journal *j = &w->journal[w->journal_n++];

	if (w->journal_n == WORLD_JOURNAL_MAX)
		w->journal_n--, w->broken = "more commands than a change should need";
	(void)snprintf(j->id, sizeof(j->id), "%s", id);
	j->state = JOURNAL_RUNNING;
	w->counter++;
	return j;
}

/* The server is restored: its newest entries never were. The world remembers effects all the same.
 */
static void
journal_revert(struct world *w, const char *id)
{
	struct world_journal *j = journal_find(w, id);

	if (j != NULL)
		(void)snprintf(j->id, sizeof(j->id), "reverted");
	if (w->fault.nth % 2 == 0)
		(void)snprintf(w->epoch, sizeof(w->epoch), "epoch-2");
	w->counter -= 50;
}

/* --- Active Directory */

static void
somebody_else(struct world *w, void *arg)
{
	(void)arg;
	set(w->user[0].ad, "Title", cJSON_CreateString(WORLD_FOREIGN));
	w->foreign_in_ad = true;
}

static void
effect(struct world *w, struct command *c)
{
	for (unsigned i = 0; i < w->effective_n; i++)
		if (strcmp(w->effective[i], c->id) == 0)
			w->broken = "a command had its effect twice";
	if (w->effective_n < WORLD_JOURNAL_MAX)
		(void)snprintf(w->effective[w->effective_n++], CW_UUID_TEXT, "%s", c->id);
	w->ad_effects++;
	if (w->foreign_in_ad && strcmp(c->name, "Set-ADUser") == 0 &&
	    cw_json_get(c->parameters, "Title") != NULL)
		w->broken = "somebody else's value in Active Directory was overwritten";
	if (w->fault.foreign == FOREIGN_AD && !w->foreign_done) {
		w->foreign_done = true;
		world_at(w, 1, somebody_else, NULL);
	}
}

static void
set_user(struct world_user *u, struct command *c)
{
	const cJSON *p, *one;

	cJSON_ArrayForEach (p, c->parameters) {
		if (strcmp(p->string, "Identity") == 0)
			continue;
		if (strcmp(p->string, "ChangePasswordAtLogon") == 0) {
			u->ad_must_change = cJSON_IsTrue(p);
		} else if (strcmp(p->string, "Replace") == 0) {
			cJSON_ArrayForEach (one, p)
				set(u->ad, one->string, cJSON_Duplicate(one, true));
		} else if (strcmp(p->string, "Clear") == 0) {
			cJSON_ArrayForEach (one, p)
				set(u->ad, one->valuestring, cJSON_CreateNull());
		} else {
			set(u->ad, p->string, cJSON_Duplicate(p, true));
		}
	}
}

static void
set_password(struct world *w, struct world_user *u, struct command *c)
{
	const char *sealed = cw_json_str(cw_json_get(c->parameters, "NewPassword"), "$sealed");
	char context[256];
	struct cw_buf box, plain;

	cw_buf_init(&box, 4096);
	cw_buf_init(&plain, 4096);
	(void)snprintf(
	    context, sizeof(context), "causeway/secret/%s/%s/NewPassword", c->agent, c->operation);
	if (sealed == NULL || cw_base64_get(&box, sealed, strlen(sealed)) < 0 ||
	    cw_unseal(
		&plain, w->seal_private, context, cw_buf_peek(&box), cw_buf_left(&box), NULL) < 0)
		w->broken = "the agent cannot open the sealed password";
	else
		(void)snprintf(u->ad_password, sizeof(u->ad_password), "%s", cw_buf_str(&plain));
	cw_buf_free(&box);
	cw_buf_free(&plain);
}

static void
apply(struct world *w, struct world_user *u, struct command *c)
{
	effect(w, c);
	if (strcmp(c->name, "Set-ADUser") == 0)
		set_user(u, c);
	else if (strcmp(c->name, "Set-ADAccountPassword") == 0)
		set_password(w, u, c);
	else
		set(u->ad, "Enabled", cJSON_CreateBool(strcmp(c->name, "Enable-ADAccount") == 0));
}

/* --- Entra Connect */

static void
export_user(struct world_user *u, const cJSON *seen)
{
	for (size_t i = 0; i < CW_COUNT(flows); i++) {
		cJSON *value = cJSON_Duplicate(cw_json_get(seen, flows[i].ad), true), *list;

		if (strcmp(flows[i].graph, "businessPhones") == 0) {
			list = cJSON_CreateArray();
			if (cJSON_IsString(value))
				cJSON_AddItemToArray(list, value);
			else
				cJSON_Delete(value);
			value = list;
		}
		set(u->entra, flows[i].graph, value != NULL ? value : cJSON_CreateNull());
	}
}

/* What was imported at the cycle's start. */
static void
export_cycle(struct world *w, void *arg)
{
	cJSON *seen = arg;

	w->cycle_runs = false;
	for (unsigned i = 0; i < WORLD_USERS; i++)
		if (w->user[i].entra != NULL && w->synced)
			export_user(&w->user[i], cJSON_GetArrayItem(seen, (int)i));
	cJSON_Delete(seen);
}

static cJSON *
import(const struct world *w, bool old)
{
	cJSON *seen = cJSON_CreateArray();

	for (unsigned i = 0; i < WORLD_USERS && w->user[i].ad != NULL; i++)
		cJSON_AddItemToArray(
		    seen, cJSON_Duplicate(old ? w->user[i].ad_start : w->user[i].ad, true));
	return seen;
}

static void
strangers_cycle_ends(struct world *w, void *arg)
{
	(void)arg;
	w->cycle_runs = false;
}

static cJSON *
start_cycle(struct world *w, cJSON *result)
{
	bool strikes = ++w->starts == w->fault.nth;

	if (strikes && w->fault.kind == FAULT_SYNC_BUSY) {
		w->struck = w->cycle_runs = true;
		world_at(w, 3000, strangers_cycle_ends, NULL);
	}
	if (w->cycle_runs) {
		cJSON *error = cJSON_AddObjectToObject(result, "error");

		set(result, "state", cJSON_CreateString("failed"));
		set(error, "message",
		    cJSON_CreateString("System.InvalidOperationException: Connector: "
				       "lab.onmicrosoft.com - AAD is busy.\r\n   at Somewhere"));
		return result;
	}
	w->cycle_runs = true;
	w->cycles++;
	if (strikes && w->fault.kind == FAULT_SYNC_LAGS) {
		w->struck = true;
		world_at(w, CYCLE_MS, export_cycle, import(w, true));
	} else {
		world_at(w, CYCLE_MS, export_cycle, import(w, w->sync_is_deaf));
	}
	return result;
}

static cJSON *
scheduler(const struct world *w)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddBoolToObject(o, "StagingModeEnabled", w->staging);
	cJSON_AddBoolToObject(o, "SchedulerSuspended", w->suspended);
	cJSON_AddBoolToObject(o, "SyncCycleInProgress", w->cycle_runs);
	return o;
}

/* --- running a command */

static cJSON *
new_result(const char *server)
{
	cJSON *r = cJSON_CreateObject();

	cJSON_AddStringToObject(r, "state", "done");
	cJSON_AddStringToObject(r, "server", server);
	cJSON_AddNumberToObject(r, "duration_ms", 1);
	return r;
}

static void
fail(cJSON *result, const char *type, const char *message)
{
	cJSON *error = cJSON_AddObjectToObject(result, "error");

	set(result, "state", cJSON_CreateString("failed"));
	cJSON_AddStringToObject(error, "message", message);
	cJSON_AddStringToObject(error, "type", type);
}

static void
read_user(struct world *w, struct command *c, cJSON *result, cJSON **output)
{
	const struct world_user *u = user_of(w, c->parameters);

	if (w->controller_goes && w->struck)
		fail(result, "Microsoft.ActiveDirectory.Management.ADServerDownException",
		    "Unable to contact the server.");
	else if (u != NULL)
		*output = cJSON_Duplicate(u->ad, true);
	else if (cw_json_get(c->parameters, "Identity") != NULL)
		fail(result, "Microsoft.ActiveDirectory.Management.ADIdentityNotFoundException",
		    "Cannot find an object with identity");
}

static void
write_user(struct world *w, struct command *c, cJSON *result)
{
	struct world_user *u = user_of(w, c->parameters);

	if (!w->any_server && !c->has_server && strcmp(c->name, "Set-ADAccountPassword") != 0)
		w->broken = "a write without its domain controller";
	if (u == NULL) {
		fail(result, "Microsoft.ActiveDirectory.Management.ADIdentityNotFoundException",
		    "Cannot find an object with identity");
		return;
	}
	if (c->fault == FAULT_AD_REFUSED)
		fail(result, "Microsoft.ActiveDirectory.Management.ADException",
		    "Insufficient access rights to perform the operation");
	else if (c->fault == FAULT_AD_DOWN || c->fault == FAULT_AD_DOWN_AFTER)
		fail(result, "Microsoft.ActiveDirectory.Management.ADServerDownException",
		    "Unable to contact the server.");
	if (c->fault != FAULT_AD_REFUSED && c->fault != FAULT_AD_DOWN)
		apply(w, u, c);
}

static void
give_output(struct world_run *run, const cJSON *output)
{
	char *text = cJSON_PrintUnformatted(output), *line = malloc(strlen(text) + 16);
	int n = sprintf(line, "{\"output\":%s}\n", text);

	run->events.output(run->arg, line, (size_t)n / 2); /* parts of any length */
	run->events.output(run->arg, line + n / 2, (size_t)(n - n / 2));
	free(text);
	free(line);
}

static void
free_command(struct command *c)
{
	cJSON_Delete(c->parameters);
	free(c);
}

/* The agent dies with it: nobody knows what became of it. */
static void
die(struct world *w, struct command *c)
{
	struct world_journal *j = journal_find(w, c->id);

	if (j != NULL)
		j->state = JOURNAL_UNKNOWN;
	lose_connection(w);
}

static void
finish_write(struct world *w, struct command *c, const cJSON *result)
{
	struct world_journal *j = journal_find(w, c->id);

	if (c->fault == FAULT_AD_DIED_AFTER) {
		die(w, c);
		return;
	}
	if (c->fault == FAULT_AD_REVERTED_AFTER) {
		journal_revert(w, c->id);
		lose_connection(w);
		return;
	}
	if (j == NULL)
		return;
	j->state =
	    strcmp(cw_json_str(result, "state"), "done") == 0 ? JOURNAL_DONE : JOURNAL_FAILED;
	j->result = cJSON_PrintUnformatted(result);
	w->counter++;
}

static void
execute(struct world *w, void *arg)
{
	struct command *c = arg;
	bool password = strcmp(c->name, "Set-ADAccountPassword") == 0;
	cJSON *result, *output = NULL;

	if (c->fault == FAULT_AD_DIED_BEFORE) {
		die(w, c);
		free_command(c);
		return;
	}
	result = new_result(password ? "pdc.lab.test" : "dc1.lab.test");
	if (strcmp(c->name, "Get-ADUser") == 0)
		read_user(w, c, result, &output);
	else if (strcmp(c->name, "Get-ADSyncScheduler") == 0)
		output = scheduler(w);
	else if (strcmp(c->name, "Start-ADSyncSyncCycle") == 0)
		(void)start_cycle(w, result);
	else
		write_user(w, c, result);
	if (c->write)
		finish_write(w, c, result);
	if (c->run != NULL && !w->crashed) {
		struct world_run *run = c->run;

		if (output != NULL)
			give_output(run, output);
		if (c->run != NULL)
			answer_run(w, run, CW_OK, result, "");
	}
	cJSON_Delete(output);
	cJSON_Delete(result);
	free_command(c);
}

static void
receive(struct world *w, void *arg)
{
	struct command *c = arg;

	if (c->fault == FAULT_AD_LOST_BEFORE || c->fault == FAULT_AD_REVERTED_BEFORE) {
		if (c->fault == FAULT_AD_REVERTED_BEFORE)
			journal_revert(w, c->id);
		lose_connection(w);
		free_command(c);
		return;
	}
	if (c->fault == FAULT_AD_BUSY || (c->write && journal_find(w, c->id) != NULL)) {
		bool busy = c->fault == FAULT_AD_BUSY;

		if (c->run != NULL && !w->crashed)
			answer_run(w, c->run, busy ? CW_EUNAVAILABLE : CW_ECONFLICT, NULL,
			    busy ? "the agent has as much to do as fits" : "this was begun before");
		free_command(c);
		return;
	}
	if (c->write)
		(void)journal_begin(w, c->id);
	world_at(w, RUN_MS, execute, c);
	if (c->fault == FAULT_AD_LOST_AFTER)
		lose_connection(w);
}

/* --- what the router calls */

static bool
is_ad_write(const char *name)
{
	return cw_catalogue_find(name)->write && strcmp(name, "Start-ADSyncSyncCycle") != 0;
}

static enum world_fault_kind
strike(struct world *w, const char *name)
{
	bool lasts = w->fault.kind == FAULT_AD_REFUSED;

	if (!is_ad_write(name) || w->fault.kind < FAULT_AD_LOST_BEFORE ||
	    w->fault.kind > FAULT_AD_BUSY)
		return FAULT_NONE;
	w->ad_writes++;
	if (w->ad_writes != w->fault.nth && !(lasts && w->ad_writes > w->fault.nth))
		return FAULT_NONE;
	w->struck = true;
	return w->fault.kind;
}

static bool
has_second(const struct world *w)
{
	return w->second_agent && w->struck;
}

static const char *
op_find(void *arg, const char *tenant, const char *role)
{
	const struct world *w = arg;

	(void)tenant, (void)role;
	return w->connected && !w->no_role ? WORLD_AGENT
	    : has_second(w)                ? WORLD_SECOND_AGENT
					   : NULL;
}

static bool
op_connected(void *arg, const char *agent)
{
	const struct world *w = arg;

	return strcmp(agent, WORLD_AGENT) == 0 ? w->connected : has_second(w);
}

static int
op_seal_key(void *arg, const char *agent, uint8_t ret[32], struct cw_err *err)
{
	const struct world *w = arg;

	if (!op_connected(arg, agent))
		return cw_fail(err, CW_EUNAVAILABLE, "the agent is not connected");
	memcpy(ret, w->seal_public, 32);
	return CW_OK;
}

static struct world_run *
new_run(struct world *w, void *arg)
{
	struct world_run *run = calloc(1, sizeof(*run));

	run->arg = arg;
	run->next = w->runs;
	w->runs = run;
	return run;
}

static int
op_run(void *arg, struct cw_agents_run **ret, const struct cw_agents_command *command,
    const struct cw_agents_events *events, void *events_arg, struct cw_err *err)
{
	struct world *w = arg;
	struct cw_catalogue_call *call;
	struct world_run *run;
	struct command *c;

	if (!op_connected(w, command->agent))
		return cw_fail(err, CW_EUNAVAILABLE, "agent %s is not connected", command->agent);
	run = new_run(w, events_arg);
	run->events = *events;
	if (ret != NULL)
		*ret = (struct cw_agents_run *)run;
	if (world_point(w))
		return CW_OK;
	w->commands++;
	if (cw_catalogue_bind(&call, command->command, command->parameters, err) < 0) {
		fprintf(stderr, "world: %s\n", err->text);
		w->broken = "a command that the catalogue refuses";
		return CW_OK;
	}
	cw_catalogue_call_free(call);
	c = calloc(1, sizeof(*c));
	(void)snprintf(c->id, sizeof(c->id), "%s", command->id);
	(void)snprintf(c->operation, sizeof(c->operation), "%s", command->operation);
	(void)snprintf(c->agent, sizeof(c->agent), "%s", command->agent);
	(void)snprintf(c->name, sizeof(c->name), "%s", command->command);
	c->parameters = command->parameters != NULL ? cJSON_Duplicate(command->parameters, true)
						    : cJSON_CreateObject();
	c->write = command->write;
	c->has_server = command->domain_controller != NULL;
	c->fault = strike(w, c->name);
	c->run = run;
	run->command = c;
	world_at(w, WAY_MS, receive, c);
	(void)world_point(w);
	return CW_OK;
}

static void
op_nothing(void *arg, struct cw_agents_run *run)
{
	(void)arg, (void)run;
}

struct question {
	struct world_run *run;
	cJSON *ids;
	uint64_t life;
	bool forget;
};

static cJSON *
tell(struct world *w, const char *id)
{
	static const char *const names[] = { "running", "done", "failed", "unknown" };
	const struct world_journal *j = journal_find(w, id);
	cJSON *e = cJSON_CreateObject();

	cJSON_AddStringToObject(e, "id", id);
	cJSON_AddStringToObject(e, "state", j == NULL ? "never" : names[j->state]);
	if (j != NULL && j->result != NULL)
		cJSON_AddItemToObject(e, "result", cJSON_Parse(j->result));
	return e;
}

static void
answer_question(struct world *w, void *arg)
{
	struct question *q = arg;
	struct world_run *run = w->runs;
	cJSON *answer = cJSON_CreateObject(), *list, *id;

	while (run != NULL && run != q->run)
		run = run->next;
	if (run != NULL && !w->crashed && w->life == q->life) {
		if (!q->forget) {
			cJSON_AddStringToObject(answer, "epoch", w->epoch);
			cJSON_AddNumberToObject(answer, "counter", (double)w->counter);
			list = cJSON_AddArrayToObject(answer, "commands");
			cJSON_ArrayForEach (id, q->ids)
				cJSON_AddItemToArray(list, tell(w, id->valuestring));
		}
		answer_run(w, run, CW_OK, answer, "");
	}
	cJSON_Delete(answer);
	cJSON_Delete(q->ids);
	free(q);
}

static int
ask(struct world *w, bool forget, const char *agent, const char *const *ids, size_t n,
    void (*answered)(void *arg, int code, const cJSON *answer, const struct cw_err *err),
    void *answered_arg, struct cw_err *err)
{
	struct world_run *run;
	struct question *q;

	if (!op_connected(w, agent))
		return cw_fail(err, CW_EUNAVAILABLE, "the agent is not connected");
	run = new_run(w, answered_arg);
	run->answered = answered;
	if (world_point(w))
		return CW_OK;
	q = calloc(1, sizeof(*q));
	q->run = run;
	q->life = w->life;
	q->forget = forget;
	q->ids = cJSON_CreateArray();
	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(q->ids, cJSON_CreateString(ids[i]));
	world_at(w, WAY_MS, answer_question, q);
	return CW_OK;
}

static int
op_query(void *arg, const char *agent, const char *const *ids, size_t n,
    void (*answered)(void *arg, int code, const cJSON *answer, const struct cw_err *err),
    void *answered_arg, struct cw_err *err)
{
	return ask(arg, false, agent, ids, n, answered, answered_arg, err);
}

static int
op_forget(void *arg, const char *agent, const char *const *ids, size_t n,
    void (*answered)(void *arg, int code, const cJSON *answer, const struct cw_err *err),
    void *answered_arg, struct cw_err *err)
{
	return ask(arg, true, agent, ids, n, answered, answered_arg, err);
}

void
world_ad_ops(struct world *w, struct cw_route_ops *ops)
{
	(void)w;
	ops->find = op_find;
	ops->connected = op_connected;
	ops->seal_key = op_seal_key;
	ops->run = op_run;
	ops->run_pause = ops->run_resume = ops->run_stop = op_nothing;
	ops->query = op_query;
	ops->forget = op_forget;
}
