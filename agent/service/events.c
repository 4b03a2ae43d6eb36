/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens, for the log: once when it happens, not again while it lasts.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/str.h"
#include "scripts/scripts.h"
#include "service/agent_internal.h"

/* True when this was not the last thing that was said. */
static bool
is_new(struct cw_agent *a, const char *text)
{
	if (cw_streq(a->said, text))
		return false;
	(void)snprintf(a->said, sizeof(a->said), "%s", text);
	return true;
}

/* "directory, sync", or "no role" */
static void
served_text(const struct cw_agent *a, char *ret, size_t size)
{
	cJSON *list = cJSON_CreateArray();
	const cJSON *role;
	size_t at = 0;

	cw_roles_put_served(a->roles, list);
	ret[0] = '\0';
	cJSON_ArrayForEach (role, list)
		if (at < size)
			at += (size_t)snprintf(
			    ret + at, size - at, "%s%s", at > 0 ? ", " : "", role->valuestring);
	if (at == 0)
		(void)snprintf(ret, size, "no role");
	cJSON_Delete(list);
}

/* Once: every role has come or failed, and the bridge knows. */
static void
look_ready(struct cw_agent *a)
{
	struct cw_link_status s;
	char roles[128];

	if (a->ready || a->link == NULL || !cw_roles_settled(a->roles))
		return;
	cw_link_status(a->link, &s);
	if (!s.roles_told)
		return;
	a->ready = true;
	served_text(a, roles, sizeof(roles));
	cw_log(CW_LOG_INFO, "ready: connected to %s, serving %s", s.bridge, roles);
}

void
agent_link_changed(void *arg)
{
	struct cw_agent *a = arg;
	struct cw_link_status s;

	cw_link_status(a->link, &s);
	if (s.state == CW_LINK_UP && !a->was_up) {
		a->was_up = true;
		a->said[0] = '\0';
		cw_log(CW_LOG_INFO, "connected to %s (bridge %s)", s.bridge, s.bridge_version);
	} else if (s.state == CW_LINK_WAITING && !s.held && s.error.code < 0 &&
	    is_new(a, s.error.text)) {
		/* A bridge that is away for a week is one line, not one a minute. */
		cw_log(CW_LOG_WARN, "%s; trying again", s.error.text);
	} else if (s.state == CW_LINK_UP && s.error.code < 0 && is_new(a, s.error.text)) {
		cw_log(CW_LOG_WARN, "%s", s.error.text);
	}
	if (s.state != CW_LINK_UP) {
		a->was_up = false;
		cw_scripts_disconnected(a->scripts);
	}
	look_ready(a);
}

static void
log_roles(const struct cw_agent *a)
{
	cJSON *status = cJSON_CreateObject();
	const cJSON *role, *error;

	cw_roles_status_put(a->roles, status);
	cJSON_ArrayForEach (role, cJSON_GetObjectItemCaseSensitive(status, "roles")) {
		error = cJSON_GetObjectItemCaseSensitive(role, "error");
		if (error != NULL)
			cw_log(CW_LOG_WARN, "role %s is not served: %s",
			    cJSON_GetObjectItemCaseSensitive(role, "role")->valuestring,
			    error->valuestring);
	}
	cJSON_Delete(status);
}

void
agent_roles_changed(void *arg)
{
	struct cw_agent *a = arg;

	log_roles(a);
	if (a->stopping || a->controller == NULL || a->link == NULL)
		return;
	cw_controller_prepare(a->controller);
	cw_link_roles_changed(a->link);
	look_ready(a);
}

void
agent_journal_trouble(void *arg, const struct cw_err *err)
{
	(void)arg;
	cw_log(CW_LOG_ERROR, "%s", err->text);
}
