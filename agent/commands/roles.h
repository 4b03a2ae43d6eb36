/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ROLES_H
#define CW_ROLES_H

#include <stdbool.h>

#include <cjson/cJSON.h>
#include <uv.h>

struct cw_err;
struct cw_runspaces;

/*
 * The roles that this server was granted, each with runspaces of its own: they have
 * its module imported, and nothing visible but its commands of the catalogue. So a
 * module that is missing takes no other role with it, and no runspace can do more
 * than one role's work.
 *
 * A role is served from the moment when a runspace of it is ready, until none is and
 * none is on its way.
 */
#define CW_ROLES_MAX 8u

struct cw_roles;

struct cw_roles_config {
	uv_loop_t *loop;
	char *const *powershell; /* a command line in server mode; borrowed, as all of these */
	char *const *env;
	unsigned pool; /* runspaces of the directory role */
	void (*changed)(void *arg); /* what is served is another; may be NULL */
	void *arg;
};

/* names: NULL-terminated. One that is not known here is kept and never served. On success *ret is
 * to be given to cw_roles_close(). */
int cw_roles_new(struct cw_roles **ret, const struct cw_roles_config *config,
    const char *const *names, struct cw_err *err);
/* Ends every PowerShell at once; jobs get no more events. */
void cw_roles_close(struct cw_roles *roles, void (*closed)(void *arg), void *arg);

/* The runspaces of a role, borrowed. NULL: err (CW_EUNAVAILABLE) says why it is not served. While
 * they start the runspaces are there, and what is given to them waits. */
struct cw_runspaces *cw_roles_find(
    const struct cw_roles *roles, const char *role, struct cw_err *err);
/* Adds the names of those that are served. */
void cw_roles_put_served(const struct cw_roles *roles, cJSON *list);
/* Nothing is starting for the first time any more. */
bool cw_roles_settled(const struct cw_roles *roles);
/* For causewayctl: {roles:[{role, served, module, error?, runspaces:[...]}]} added to object. */
void cw_roles_status_put(const struct cw_roles *roles, cJSON *object);

#endif
