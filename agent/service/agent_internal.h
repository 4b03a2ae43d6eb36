/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_AGENT_INTERNAL_H
#define CW_AGENT_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "broker/broker.h"
#include "commands/commands.h"
#include "commands/controller.h"
#include "commands/roles.h"
#include "control/control.h"
#include "journal/writer.h"
#include "link/identity.h"
#include "link/link.h"
#include "os/lock.h"
#include "sandbox/pool.h"
#include "scripts/scripts.h"
#include "service/agent.h"
#include "service/config.h"
#include "service/lockdown.h"

/* What agent.c (life), events.c (the log) and verbs.c (the control socket) share. In the order in
 * which it comes up. */
struct cw_agent {
	uv_loop_t *loop;
	char *folder;
	struct cw_lock *lock;
	struct cw_identity identity;
	struct cw_agent_config config;
	char **environment; /* of the PowerShells */
	struct cw_journal *journal;
	struct cw_writer *writer;
	struct cw_roles *roles;
	struct cw_controller *controller;
	struct cw_commands *commands;
	struct cw_broker *broker;
	struct cw_sandbox_config walls;
	const char *hidden[2];
	struct cw_sandboxes *sandboxes; /* NULL: there are none here */
	struct cw_scripts *scripts;
	struct cw_control *control;
	struct cw_link *link;
	char hostname[256], os[64];
	int64_t started_ms; /* Unix time */
	struct cw_lockdown lockdown;
	struct checkup *checkup; /* under way, or NULL */
	/* events.c: what the log has said */
	bool ready, was_up;
	char said[CW_ERR_TEXT_MAX];
	/* the end */
	bool stopping;
	unsigned step, draining;
};

/* agent.c. Each is on the disk when it returns; what was under way for the bridge is stopped. */
int agent_lock(struct cw_agent *a, const char *reason, struct cw_err *err);
int agent_unlock(struct cw_agent *a, struct cw_err *err);

/* events.c */
void agent_link_changed(void *arg);
void agent_roles_changed(void *arg);
void agent_journal_trouble(void *arg, const struct cw_err *err);

/* checkup.c */
void agent_checkup(struct cw_agent *a, struct cw_control_reply *reply);
void agent_checkup_end(struct cw_agent *a); /* one that is under way is refused */

/* verbs.c */
void agent_ask(void *arg, struct cw_control_reply *reply, const char *verb, cJSON *request);

#endif
