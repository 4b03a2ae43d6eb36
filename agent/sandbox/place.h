/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SANDBOX_PLACE_H
#define CW_SANDBOX_PLACE_H

#include "sandbox/sandbox.h"

/*
 * Where sandboxes can be: each place has a uid of its own, held against other
 * agents on this machine, and its cgroup where there is one. Two sandboxes never
 * share a place at the same time, so they cannot signal, trace or read each other.
 */
#define CW_SANDBOX_LAUNCHER "causeway-sandbox"

struct cw_places;

/* Makes the run folder. CW_EDENIED when this account lacks the power, CW_EUNAVAILABLE on a system
 * without walls. On success *ret is the caller's. */
int cw_places_new(
    struct cw_places **ret, const struct cw_sandbox_config *config, struct cw_err *err);
void cw_places_free(struct cw_places *places); /* removes the cgroups; ok on NULL */

/* The full path of one of our programs: the one given, or name in the running program's folder.
 * CW_ENOTFOUND. */
int cw_places_beside(
    char *ret, size_t size, const char *given, const char *name, struct cw_err *err);

/* Asks the machine's accounts, which may take its time: not on the loop's thread. CW_ECONFLICT
 * names who has one of the ids. */
int cw_places_check_accounts(const struct cw_sandbox_config *config, struct cw_err *err);

/* The id of a place that nobody uses, the longest unused first. CW_EUNAVAILABLE: none. */
int cw_places_take(struct cw_places *places, uint32_t *ret, struct cw_err *err);
/* Once its process is gone, or as good as: whoever comes next ends what is left. */
void cw_places_give(struct cw_places *places, uint32_t id);

/* What is known of cgroups here, one line; true when sandboxes have one. */
bool cw_places_cgroup(const struct cw_places *places, char *ret, size_t size);

struct cw_place_command {
	char **argv; /* of the launcher; its environment is empty */
};

/* The command line that starts the engine in a place. On success free *ret. */
int cw_places_command(
    struct cw_place_command *ret, struct cw_places *places, uint32_t id, struct cw_err *err);
/* The same for another program in the engine's place, which is a file by itself; arguments are
 * NULL-terminated. filter: false leaves the filter of system calls away. */
int cw_places_command_for(struct cw_place_command *ret, struct cw_places *places, uint32_t id,
    const char *program, char *const *arguments, bool filter, struct cw_err *err);
void cw_place_command_free(struct cw_place_command *command);

#endif
