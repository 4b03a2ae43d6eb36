/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_RUNSPACES_ENVIRONMENT_H
#define CW_RUNSPACES_ENVIRONMENT_H

struct cw_err;

/*
 * The environment that a PowerShell gets: of ours only what an engine, its modules
 * and Kerberos are known to need. A proxy's password, a key, or whatever else
 * stands in ours is not passed on.
 */

/* "NAME=VALUE", NULL-terminated. On success give *ret back to cw_environment_free(). */
int cw_environment_new(char ***ret, struct cw_err *err);
void cw_environment_free(char **env); /* ok on NULL */

#endif
