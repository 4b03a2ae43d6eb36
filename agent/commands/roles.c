/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runspaces by role.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "commands/roles.h"
#include "runspaces/runspaces.h"

#define NAME_MAX_LEN 32u /* bytes, with the NUL */

/* What a role needs on its server. */
struct kind {
	const char *role;
	const char *modules[2];
	bool pooled; /* as many runspaces as are configured; otherwise one: its work is rare */
};

static const struct kind kinds[] = {
	{ "directory", { "ActiveDirectory" }, true },
	{ "sync", { "ADSync" }, false },
};

struct role {
	struct cw_roles *owner;
	char name[NAME_MAX_LEN];
	const struct kind *kind; /* NULL: this program does not know it */
	struct cw_runspaces *runspaces;
	bool served, failed; /* neither: it starts for the first time */
};

struct cw_roles {
	struct cw_roles_config config;
	struct role role[CW_ROLES_MAX];
	size_t count, open;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* --- is it served */

/* Every runspace has a reason why it is not there. */
static bool
none_came(const struct cw_runspaces *rs)
{
	struct cw_runspace_status s;

	for (unsigned i = 0; i < cw_runspaces_size(rs); i++) {
		cw_runspaces_status(rs, i, &s);
		if (s.error[0] == '\0')
			return false;
	}
	return true;
}

/* True: it is another now. */
static bool
look(struct role *role)
{
	bool served = role->served, failed = role->failed;

	if (cw_runspaces_ready(role->runspaces) > 0) {
		role->served = true;
		role->failed = false;
	} else if (none_came(role->runspaces)) {
		role->served = false;
		role->failed = true;
	}
	return role->served != served || role->failed != failed;
}

static void
runspaces_changed(void *arg)
{
	struct role *role = arg;
	const struct cw_roles_config *config = &role->owner->config;

	/* Without runspaces it is still inside cw_runspaces_new(). */
	if (role->runspaces != NULL && look(role) && config->changed != NULL)
		config->changed(config->arg);
}

static const char *
error_of(const struct role *role)
{
	struct cw_runspace_status s;

	if (role->kind == NULL)
		return "this version of the agent does not know the role";
	for (unsigned i = 0; i < cw_runspaces_size(role->runspaces); i++) {
		cw_runspaces_status(role->runspaces, i, &s);
		if (s.error[0] != '\0')
			return s.error;
	}
	return "";
}

/* --- what callers see */

struct cw_runspaces *
cw_roles_find(const struct cw_roles *roles, const char *name, struct cw_err *err)
{
	for (size_t i = 0; i < roles->count; i++) {
		const struct role *role = &roles->role[i];

		if (!cw_streq(role->name, name))
			continue;
		if (!role->failed)
			return role->runspaces;
		(void)cw_fail(err, CW_EUNAVAILABLE, "the role %s is not served here now: %s", name,
		    error_of(role));
		return NULL;
	}
	(void)cw_fail(err, CW_EUNAVAILABLE,
	    "this server was not given the role %s; enrol it with a token that has it", name);
	return NULL;
}

void
cw_roles_put_served(const struct cw_roles *roles, cJSON *list)
{
	for (size_t i = 0; i < roles->count; i++)
		if (roles->role[i].served)
			cJSON_AddItemToArray(list, cJSON_CreateString(roles->role[i].name));
}

bool
cw_roles_settled(const struct cw_roles *roles)
{
	for (size_t i = 0; i < roles->count; i++)
		if (!roles->role[i].served && !roles->role[i].failed)
			return false;
	return true;
}

static void
put_runspaces(const struct role *role, cJSON *object)
{
	cJSON *list = cJSON_AddArrayToObject(object, "runspaces"), *one;
	struct cw_runspace_status s;

	for (unsigned i = 0; i < cw_runspaces_size(role->runspaces); i++) {
		cw_runspaces_status(role->runspaces, i, &s);
		one = cJSON_CreateObject();
		cJSON_AddStringToObject(one, "state", cw_runspace_state_name(s.state));
		cJSON_AddNumberToObject(one, "pid", s.pid);
		cJSON_AddNumberToObject(one, "commands", (double)s.commands);
		cJSON_AddNumberToObject(one, "age_s", (double)(s.age_ms / 1000));
		if (s.error[0] != '\0')
			cJSON_AddStringToObject(one, "error", s.error);
		cJSON_AddItemToArray(list, one);
	}
	cJSON_AddNumberToObject(object, "waiting", (double)cw_runspaces_waiting(role->runspaces));
}

void
cw_roles_status_put(const struct cw_roles *roles, cJSON *object)
{
	cJSON *list = cJSON_AddArrayToObject(object, "roles"), *one;

	for (size_t i = 0; i < roles->count; i++) {
		const struct role *role = &roles->role[i];

		one = cJSON_CreateObject();
		cJSON_AddStringToObject(one, "role", role->name);
		cJSON_AddBoolToObject(one, "served", role->served);
		if (role->kind != NULL)
			cJSON_AddStringToObject(one, "module", role->kind->modules[0]);
		if (role->failed)
			cJSON_AddStringToObject(one, "error", error_of(role));
		if (role->runspaces != NULL)
			put_runspaces(role, one);
		cJSON_AddItemToArray(list, one);
	}
}

/* --- life */

static int
start(struct role *role, struct cw_err *err)
{
	const struct cw_roles_config *c = &role->owner->config;
	const struct cw_runspaces_config config = {
		.loop = c->loop,
		.argv = c->powershell,
		.env = c->env,
		.size = role->kind->pooled ? c->pool : 1,
		.modules = role->kind->modules,
		.commands = cw_catalogue_names(role->kind->role),
		.changed = runspaces_changed,
		.arg = role,
	};
	int r;

	if ((r = cw_runspaces_new(&role->runspaces, &config, err)) < 0)
		return r;
	role->owner->open++;
	(void)look(role); /* a PowerShell that cannot be started is lost at once */
	return CW_OK;
}

static void
nothing(void *arg)
{
	(void)arg;
}

int
cw_roles_new(struct cw_roles **ret, const struct cw_roles_config *config, const char *const *names,
    struct cw_err *err)
{
	struct cw_roles *roles = calloc(1, sizeof(*roles));
	int r = CW_OK;

	if (roles == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	roles->config = *config;
	for (; *names != NULL && roles->count < CW_ROLES_MAX && r == CW_OK; names++) {
		struct role *role = &roles->role[roles->count++];

		role->owner = roles;
		(void)snprintf(role->name, sizeof(role->name), "%s", *names);
		for (size_t k = 0; k < CW_COUNT(kinds); k++)
			if (cw_streq(kinds[k].role, role->name))
				role->kind = &kinds[k];
		if (role->kind != NULL)
			r = start(role, err);
		else
			role->failed = true;
	}
	if (r < 0) {
		cw_roles_close(roles, nothing, NULL);
		return r;
	}
	*ret = roles;
	return CW_OK;
}

static void
one_closed(void *arg)
{
	struct cw_roles *roles = arg;
	void (*closed)(void *arg) = roles->closed;
	void *closed_arg = roles->closed_arg;

	if (--roles->open > 0)
		return;
	free(roles);
	closed(closed_arg);
}

void
cw_roles_close(struct cw_roles *roles, void (*closed)(void *arg), void *arg)
{
	roles->closed = closed;
	roles->closed_arg = arg;
	roles->open++;
	for (size_t i = 0; i < roles->count; i++)
		if (roles->role[i].runspaces != NULL)
			cw_runspaces_close(roles->role[i].runspaces, one_closed, roles);
	one_closed(roles);
}
