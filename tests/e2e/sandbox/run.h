/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TEST_SANDBOX_RUN_H
#define CW_TEST_SANDBOX_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "sandbox/place.h"

/*
 * Runs a program inside the walls, or outside of them, with its standard
 * descriptors on socket pairs as the agent has them.
 */
#define RUN_MS 30000 /* no run takes longer */

struct run {
	struct cw_places *places;
	uint32_t id; /* 0: outside */
	pid_t pid; /* the launcher's */
	int in, out, err; /* our ends */
	char output[4096], errors[1024];
	int status; /* of exit; 128 + N when it was ended by signal N; -1: it did not end in time */
};

/* The walls with their programs where the build put them. argv of the test: launcher, probe, more.
 */
void run_config(struct cw_sandbox_config *ret, char **argv);

/* Ends the test with 77 when no sandbox can be made on this machine, saying why. */
void run_need_walls(const struct cw_sandbox_config *config);

/* Standard input of the next runs, a terminal say, instead of a socket; -1: none. */
extern int run_input;
/* Runs inside do not join their cgroup: then the limits of a process are all there is. */
extern bool run_without_cgroup;

/* program with arguments (NULL-terminated) in a place of its own; filter as in place.h. */
void run_inside(struct run *ret, struct cw_places *places, const char *program,
    char *const *arguments, bool filter);
void run_outside(struct run *ret, const char *program, char *const *arguments);
/* Reads until this text has come; false when it ends or takes too long. */
bool run_wait_for(struct run *r, const char *text);
/* Its end of input. */
void run_close_input(struct run *r);
/* Waits until it is over, reading what it says, and gives its place back. */
void run_finish(struct run *r);
void run_kill(struct run *r); /* SIGKILL, then as run_finish() */

/* The process inside the walls, as it is numbered outside: the launcher's only child. 0: none. */
pid_t run_inner(const struct run *r);
/* Living processes (zombies left out) whose uid is in [first, first + n). */
unsigned run_count_processes(uint32_t first, unsigned n);
/* A cgroup (v1) was made for this id and is still there. */
bool run_has_cgroup(uint32_t id);
/* Waits until there are none; false after RUN_MS. */
bool run_wait_for_none(uint32_t first, unsigned n);

#endif
