/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's part of causewayctl doctor: what it knows of itself at once, and what a
 * PowerShell of its own tells a little later.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "doctor/findings.h"
#include "doctor/look.h"
#include "os/clock.h"
#include "policy/policy.h"
#include "service/agent_internal.h"

struct checkup {
	struct cw_agent *agent;
	struct cw_control_reply *reply;
	struct cw_look *look;
	cJSON *checks;
	const char *roles[CW_IDENTITY_ROLES_MAX + 1];
	const char *modules[CW_IDENTITY_ROLES_MAX + 1];
};

/* --- what is known */

static void
check_link(const struct cw_agent *a, cJSON *checks)
{
	struct cw_link_status s;

	cw_link_status(a->link, &s);
	if (s.state == CW_LINK_UP)
		cw_finding_put(checks, "link", CW_FINDING_OK, NULL, "connected to %s", s.bridge);
	else
		cw_finding_put(checks, "link", s.held ? CW_FINDING_WARN : CW_FINDING_FAIL,
		    s.held ? "causewayctl lockdown off ends it."
			   : "The checks of name, tcp, tls and bridge say how far the way comes.",
		    "not connected: %s", s.error.text[0] != '\0' ? s.error.text : "connecting");
	if (s.skew_known)
		cw_finding_clock(checks, "clock", "the bridge's", s.skew_ms);
	else
		cw_finding_put(checks, "clock", CW_FINDING_WARN,
		    "It is compared when the agent has connected once.", "not compared yet");
}

static void
check_lockdown(const struct cw_agent *a, cJSON *checks)
{
	if (a->lockdown.on)
		cw_finding_put(checks, "lockdown", CW_FINDING_WARN,
		    "causewayctl lockdown off ends it.", "on%s%s",
		    a->lockdown.reason[0] != '\0' ? ": " : "", a->lockdown.reason);
}

static void
check_roles(const struct cw_agent *a, cJSON *checks)
{
	cJSON *status = cJSON_CreateObject();
	const cJSON *role, *error;
	char check[64];

	cw_roles_status_put(a->roles, status);
	cJSON_ArrayForEach (role, cw_json_get(status, "roles")) {
		error = cw_json_get(role, "error");
		(void)snprintf(check, sizeof(check), "role %s", cw_json_str(role, "role"));
		if (cw_json_true(role, "served"))
			cw_finding_put(checks, check, CW_FINDING_OK, NULL,
			    "served by %d runspace%s",
			    cJSON_GetArraySize(cw_json_get(role, "runspaces")),
			    cJSON_GetArraySize(cw_json_get(role, "runspaces")) == 1 ? "" : "s");
		else
			cw_finding_put(checks, check,
			    cJSON_IsString(error) ? CW_FINDING_FAIL : CW_FINDING_WARN,
			    "The checks of powershell and its module say more.", "%s",
			    cJSON_IsString(error) ? error->valuestring : "starting");
	}
	cJSON_Delete(status);
}

static void
check_journal(const struct cw_agent *a, cJSON *checks)
{
	cJSON *status = cJSON_CreateObject();
	const cJSON *unknown;
	double n;

	cw_commands_status_put(a->commands, status);
	unknown = cw_json_get(cw_json_get(status, "commands"), "unknown");
	n = cJSON_IsNumber(unknown) ? unknown->valuedouble : 0;
	cw_finding_put(checks, "journal", n > 0 ? CW_FINDING_WARN : CW_FINDING_OK,
	    "causewayctl journal shows them; look in the directory what became of each.",
	    n > 0 ? "%.0f records, %.0f writes of an unknown outcome since the start"
		  : "%.0f records",
	    (double)cw_journal_counter(a->journal), n);
	cJSON_Delete(status);
}

static void
check_ceiling(const struct cw_agent *a, cJSON *checks)
{
	cJSON *status = cJSON_CreateObject();
	const cJSON *group;
	unsigned less = 0;

	cw_policy_put(a->config.policy, status);
	cJSON_ArrayForEach (group, cw_json_get(status, "ceiling"))
		less += !cw_streq(cJSON_GetStringValue(group), "read-write");
	if (less == 0)
		cw_finding_put(checks, "ceiling", CW_FINDING_OK, NULL,
		    "read-write for every permission group");
	else
		cw_finding_put(checks, "ceiling", CW_FINDING_OK, NULL,
		    "%u permission group%s held back", less, less == 1 ? " is" : "s are");
	cJSON_Delete(status);
}

/* --- the walls around scripts */

static void
check_wall(cJSON *checks, const struct cw_sandbox_finding *f)
{
	char check[64];

	(void)snprintf(check, sizeof(check), "wall %s", f->wall->name);
	if (!f->tried)
		cw_finding_put(
		    checks, check, CW_FINDING_WARN, "The wall before it comes first.", "not tried");
	else
		cw_finding_put(checks, check,
		    f->holds                ? CW_FINDING_OK
			: f->wall->optional ? CW_FINDING_WARN
					    : CW_FINDING_FAIL,
		    f->wall->remedy, "%s%s", f->holds ? "" : "does not hold: ", f->detail);
}

static void
check_walls(const struct cw_agent *a, cJSON *checks)
{
	const struct cw_sandbox_report *report;
	struct cw_sandboxes_status s;

	if (a->sandboxes == NULL) {
		cw_finding_put(checks, "scripts", CW_FINDING_WARN,
		    "Set \"sandboxes\" in agent.json to 1 or more.", "not run here");
		return;
	}
	cw_sandboxes_status(a->sandboxes, &s);
	if (s.state == CW_SANDBOXES_UP && s.error[0] == '\0')
		cw_finding_put(checks, "scripts", CW_FINDING_OK, NULL,
		    "every wall holds; %u sandbox%s warm", s.warm, s.warm == 1 ? "" : "es");
	else
		cw_finding_put(checks, "scripts",
		    s.state == CW_SANDBOXES_CHECKING ? CW_FINDING_WARN : CW_FINDING_FAIL,
		    "The wall that does not hold says what to do. Commands and changes work "
		    "without.",
		    "%s", s.error[0] != '\0' ? s.error : "the walls are being tried");
	report = cw_sandboxes_report(a->sandboxes);
	for (size_t i = 0; report != NULL && i < report->count; i++)
		check_wall(checks, &report->findings[i]);
}

/* --- the end */

static void
checkup_free(struct checkup *c)
{
	c->agent->checkup = NULL;
	cJSON_Delete(c->checks);
	free(c);
}

static void
on_looked(void *arg, cJSON *lines, const struct cw_err *err)
{
	struct checkup *c = arg;
	cJSON *answer = cJSON_CreateObject();

	if (lines != NULL)
		cw_findings_of_look(c->checks, lines, c->roles, cw_clock_unix_ms());
	else
		cw_finding_put(c->checks, "powershell", CW_FINDING_FAIL,
		    "Start it by hand, as \"powershell\" in agent.json says.", "%s", err->text);
	cJSON_Delete(lines);
	cJSON_AddItemToObject(answer, "checks", c->checks);
	c->checks = NULL;
	cw_control_answer(c->reply, answer);
	checkup_free(c);
}

static void
name_roles(struct checkup *c, const struct cw_identity *identity)
{
	const struct cw_catalogue_command *all;
	size_t n, roles = 0, modules = 0;

	all = cw_catalogue_all(&n);
	for (size_t i = 0; i < CW_IDENTITY_ROLES_MAX && identity->roles[i][0] != '\0'; i++) {
		c->roles[roles++] = identity->roles[i];
		for (size_t k = 0; k < n; k++)
			if (cw_streq(all[k].role, identity->roles[i])) {
				c->modules[modules++] = all[k].module;
				break;
			}
	}
}

void
agent_checkup(struct cw_agent *a, struct cw_control_reply *reply)
{
	struct checkup *c;
	struct cw_look_config config = { .loop = a->loop,
		.powershell = a->config.powershell,
		.env = a->environment,
		.done = on_looked };
	struct cw_err err = { 0 };

	if (a->checkup != NULL || a->stopping || (c = calloc(1, sizeof(*c))) == NULL) {
		(void)cw_fail(&err, CW_EUNAVAILABLE, "the agent is being looked at already");
		cw_control_refuse(reply, &err);
		return;
	}
	a->checkup = c;
	c->agent = a;
	c->reply = reply;
	c->checks = cJSON_CreateArray();
	check_lockdown(a, c->checks);
	check_link(a, c->checks);
	check_journal(a, c->checks);
	check_ceiling(a, c->checks);
	check_roles(a, c->checks);
	check_walls(a, c->checks);
	name_roles(c, &a->identity);
	config.modules = c->modules;
	config.arg = c;
	if (cw_look_start(&c->look, &config, &err) < 0)
		on_looked(c, NULL, &err);
}

void
agent_checkup_end(struct cw_agent *a)
{
	struct checkup *c = a->checkup;
	struct cw_err err = { 0 };

	if (c == NULL)
		return;
	cw_look_end(c->look);
	(void)cw_fail(&err, CW_EUNAVAILABLE, "the agent is being stopped");
	cw_control_refuse(c->reply, &err);
	checkup_free(c);
}
