/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Up in one order, down in the other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/memory.h"
#include "runspaces/environment.h"
#include "service/agent_internal.h"
#include "service/version.h"
#include "wire/channel.h"

#define PATH_LEN 4096

/* --- up */

static int
open_journal(struct cw_agent *a, struct cw_err *err)
{
	char path[PATH_LEN];
	int64_t now = cw_clock_unix_ms();
	int r;

	(void)snprintf(path, sizeof(path), "%s/journal.db", a->folder);
	if ((r = cw_journal_open(&a->journal, path, now, err)) < 0)
		return r;
	return cw_journal_prune(a->journal, now, err);
}

static int
take_folder(struct cw_agent *a, const char *folder, struct cw_err *err)
{
	char path[PATH_LEN];
	int r;

	if ((a->folder = cw_strdup(folder)) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	if (snprintf(path, sizeof(path), "%s/agent.lock", folder) >= (int)sizeof(path))
		return cw_fail(err, CW_EINVAL, "the state folder's path is too long");
	if ((r = cw_file_check_private(folder, err)) == CW_ENOTFOUND)
		return cw_fail(err, r,
		    "this server is not enrolled: there is no folder %s; run causeway-agent enrol",
		    folder);
	if (r < 0)
		return r;
	if ((r = cw_lock_take(&a->lock, path, err)) == CW_ECONFLICT)
		return cw_fail(err, r, "another agent is running with the state folder %s", folder);
	return r;
}

static void
name_host(struct cw_agent *a)
{
	size_t n = sizeof(a->hostname);
	uv_utsname_t u;

	if (uv_os_gethostname(a->hostname, &n) != 0)
		(void)snprintf(a->hostname, sizeof(a->hostname), "unknown");
	if (uv_os_uname(&u) != 0)
		(void)snprintf(a->os, sizeof(a->os), "unknown");
	else if (strstr(u.version, "Windows") != NULL) /* "Windows Server 2022 Standard" */
		(void)snprintf(a->os, sizeof(a->os), "%.40s %.20s", u.version, u.release);
	else
		(void)snprintf(
		    a->os, sizeof(a->os), "%.20s %.30s %.10s", u.sysname, u.release, u.machine);
}

static int
start_roles(struct cw_agent *a, struct cw_err *err)
{
	const struct cw_roles_config config = {
		.loop = a->loop,
		.powershell = a->config.powershell,
		.env = a->environment,
		.pool = a->config.pool,
		.changed = agent_roles_changed,
		.arg = a,
	};
	const char *names[CW_IDENTITY_ROLES_MAX + 1] = { NULL };

	for (size_t i = 0; i < CW_IDENTITY_ROLES_MAX && a->identity.roles[i][0] != '\0'; i++)
		names[i] = a->identity.roles[i];
	return cw_roles_new(&a->roles, &config, names, err);
}

static bool
script_runs(void *arg, const char *id)
{
	const struct cw_agent *a = arg;

	return a->scripts != NULL && cw_scripts_runs(a->scripts, id);
}

static int
place_ask(void *arg, struct cw_catalogue_call *call, const cJSON *parameters, const char *server,
    bool stays, uint32_t timeout_ms,
    void (*done)(void *run, const char *server, const char *warning, cJSON *failure), void *run,
    struct cw_err *err)
{
	const struct cw_agent *a = arg;
	const struct cw_broker_write write = { call, parameters, server, stays, timeout_ms };

	return cw_broker_place(a->broker, &write, done, run, err);
}

static void
place_cancel(void *arg, const void *run)
{
	const struct cw_agent *a = arg;

	cw_broker_place_cancel(a->broker, run);
}

static int
start_commands(struct cw_agent *a, struct cw_err *err)
{
	static const struct cw_commands_places places = { place_ask, place_cancel };
	const struct cw_commands_config config = {
		.loop = a->loop,
		.roles = a->roles,
		.controller = a->controller,
		.journal = a->journal,
		.writer = a->writer,
		.policy = a->config.policy,
		.agent = a->identity.agent,
		.seal_private = a->identity.seal_private,
		.places = &places,
		.runs = script_runs,
		.trouble = agent_journal_trouble,
		.arg = a,
	};

	return cw_commands_new(&a->commands, &config, err);
}

/* Sandboxes that cannot be had are no reason not to run: scripts are refused with it. */
static void
start_sandboxes(struct cw_agent *a)
{
	const struct cw_sandboxes_config config = {
		.loop = a->loop,
		.walls = &a->walls,
		.warm = a->config.sandboxes,
		.prepare = cw_broker_prepare,
		.arg = a->broker,
	};
	struct cw_err err = { 0 };

	cw_sandbox_config_init(&a->walls);
	a->hidden[0] = a->folder;
	a->walls.hidden = a->hidden;
	a->walls.engine = a->config.sandbox_powershell;
	if (a->config.sandboxes == 0)
		(void)cw_fail(&err, CW_EUNAVAILABLE,
		    "this server runs no scripts: \"sandboxes\" is 0 in its agent.json");
	else
		(void)cw_sandboxes_new(&a->sandboxes, &config, &err);
	cw_broker_use_sandboxes(a->broker, a->sandboxes, err.text);
}

static int
start_scripts(struct cw_agent *a, struct cw_err *err)
{
	const struct cw_broker_config config = {
		.loop = a->loop,
		.roles = a->roles,
		.controller = a->controller,
		.journal = a->journal,
		.writer = a->writer,
		.policy = a->config.policy,
		.agent = a->identity.agent,
		.tenant = a->identity.tenant,
		.seal_private = a->identity.seal_private,
		.modules = (const char *const *)a->config.sandbox_modules,
	};
	struct cw_scripts_config scripts = { .loop = a->loop };
	int r;

	if ((r = cw_broker_new(&a->broker, &config, err)) < 0)
		return r;
	start_sandboxes(a);
	scripts.broker = a->broker;
	return cw_scripts_new(&a->scripts, &scripts, err);
}

static uint64_t
counter(void *arg)
{
	return cw_journal_counter(((struct cw_agent *)arg)->journal);
}

static void
put_roles(void *arg, cJSON *list)
{
	cw_roles_put_served(((struct cw_agent *)arg)->roles, list);
}

static void
on_request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	struct cw_agent *a = arg;

	if (a->lockdown.on) /* the connection is about to go */
		cw_wire_call_fail(call, CW_EDENIED, "this server is in lockdown", NULL);
	else if (!cw_scripts_request(a->scripts, call, method, params))
		cw_commands_request(a->commands, call, method, params);
}

static int
start_link(struct cw_agent *a, struct cw_err *err)
{
	const struct cw_link_config config = {
		.loop = a->loop,
		.identity = &a->identity,
		.folder = a->folder,
		.proxy = a->config.proxy,
		.version = cw_agent_version(),
		.os = a->os,
		.hostname = a->hostname,
		.epoch = cw_journal_epoch(a->journal),
		.arg = a,
		.counter = counter,
		.roles = put_roles,
		.request = on_request,
		.changed = agent_link_changed,
	};

	return cw_link_new(&a->link, &config, err);
}

/* --- lockdown */

#define LOCKED "this server is in lockdown: causewayctl lockdown off ends it"

static void
take_lock(struct cw_agent *a)
{
	cw_log(CW_LOG_WARN, "lockdown: nothing is done for the bridge%s%s",
	    a->lockdown.reason[0] != '\0' ? ": " : "", a->lockdown.reason);
	cw_link_hold(a->link, LOCKED);
}

int
agent_lock(struct cw_agent *a, const char *reason, struct cw_err *err)
{
	int r;

	if ((r = cw_lockdown_set(a->folder, reason, cw_clock_unix_ms(), err)) < 0)
		return r;
	cw_lockdown_read(&a->lockdown, a->folder);
	cw_scripts_stop_remote(a->scripts, LOCKED);
	cw_commands_stop_all(a->commands);
	take_lock(a);
	return CW_OK;
}

int
agent_unlock(struct cw_agent *a, struct cw_err *err)
{
	int r;

	if ((r = cw_lockdown_clear(a->folder, err)) < 0)
		return r;
	if (a->lockdown.on)
		cw_log(CW_LOG_INFO, "lockdown is over");
	cw_lockdown_read(&a->lockdown, a->folder);
	cw_link_release(a->link);
	return CW_OK;
}

static int
bring_up(struct cw_agent *a, const char *folder, struct cw_err *err)
{
	int r;

	/* The lock comes before the journal: opening it settles what a dead agent had begun. */
	if ((r = take_folder(a, folder, err)) < 0 ||
	    (r = cw_identity_load(&a->identity, folder, err)) < 0 ||
	    (r = cw_agent_config_load(&a->config, folder, err)) < 0 ||
	    (r = cw_environment_new(&a->environment, err)) < 0 || (r = open_journal(a, err)) < 0 ||
	    (r = cw_writer_new(&a->writer, a->loop, a->journal, err)) < 0 ||
	    (r = start_roles(a, err)) < 0 ||
	    (r = cw_controller_new(&a->controller, a->loop, a->roles, a->config.server, err)) < 0 ||
	    (r = start_commands(a, err)) < 0 || (r = start_scripts(a, err)) < 0 ||
	    (r = cw_control_new(&a->control, a->loop, folder, agent_ask, a, err)) < 0)
		return r;
	if ((r = start_link(a, err)) < 0)
		return r;
	cw_lockdown_read(&a->lockdown, folder);
	if (a->lockdown.on)
		take_lock(a);
	return CW_OK;
}

int
cw_agent_start(struct cw_agent **ret, uv_loop_t *loop, const char *folder, struct cw_err *err)
{
	struct cw_agent *a = calloc(1, sizeof(*a));
	int r;

	if (a == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	a->loop = loop;
	a->started_ms = cw_clock_unix_ms();
	name_host(a);
	if ((r = bring_up(a, folder, err)) < 0) {
		cw_agent_stop(a);
		return r;
	}
	cw_log(CW_LOG_INFO, "causeway-agent %s is starting: agent %s, bridge %s:%u",
	    cw_agent_version(), a->identity.agent, a->identity.host, a->identity.port);
	agent_roles_changed(a); /* one may have failed at once */
	cw_memory_trim(); /* what libraries needed to begin */
	*ret = a;
	return CW_OK;
}

/* --- down */

static void
agent_free(struct cw_agent *a)
{
	cw_controller_free(a->controller);
	cw_journal_close(a->journal);
	cw_environment_free(a->environment);
	cw_agent_config_free(&a->config);
	cw_identity_free(&a->identity);
	cw_lock_free(a->lock);
	free(a->folder);
	free(a);
}

static void go_down(void *arg);

/* Steps down: true when go_down() is called once it is through, perhaps before it returns. */

static void
drained(void *arg)
{
	struct cw_agent *a = arg;

	if (--a->draining == 0)
		go_down(a);
}

static bool
drain(struct cw_agent *a)
{
	a->draining = (a->commands != NULL) + (a->scripts != NULL);
	if (a->draining == 0)
		return false;
	if (a->commands != NULL)
		cw_commands_drain(a->commands, CW_AGENT_GRACE_MS, drained, a);
	if (a->scripts != NULL)
		cw_scripts_drain(a->scripts, CW_AGENT_GRACE_MS, drained, a);
	return true;
}

static bool
hang_up(struct cw_agent *a)
{
	cw_control_close(a->control);
	if (a->link == NULL)
		return false;
	cw_link_close(a->link, go_down, a);
	return true;
}

static bool
end_powershell(struct cw_agent *a)
{
	if (a->roles == NULL)
		return false;
	cw_roles_close(a->roles, go_down, a);
	return true;
}

static bool
end_sandboxes(struct cw_agent *a)
{
	if (a->sandboxes == NULL)
		return false;
	cw_sandboxes_close(a->sandboxes, go_down, a);
	return true;
}

static bool
close_broker(struct cw_agent *a)
{
	if (a->broker == NULL)
		return false;
	cw_broker_close(a->broker, go_down, a);
	return true;
}

static bool
close_scripts(struct cw_agent *a)
{
	if (a->scripts == NULL)
		return false;
	cw_scripts_close(a->scripts, go_down, a);
	return true;
}

static bool
give_up_commands(struct cw_agent *a)
{
	if (a->commands == NULL)
		return false;
	cw_commands_close(a->commands, go_down, a);
	return true;
}

static bool
close_journal(struct cw_agent *a)
{
	if (a->writer == NULL)
		return false;
	cw_writer_close(a->writer, go_down, a);
	return true;
}

static void
go_down(void *arg)
{
	static bool (*const steps[])(struct cw_agent * a) = { drain, hang_up, end_powershell,
		end_sandboxes, close_broker, close_scripts, give_up_commands, close_journal };
	struct cw_agent *a = arg;

	while (a->step < CW_COUNT(steps))
		if (steps[a->step++](a))
			return;
	agent_free(a);
}

void
cw_agent_stop(struct cw_agent *a)
{
	if (a->stopping)
		return;
	a->stopping = true;
	agent_checkup_end(a);
	go_down(a);
}
