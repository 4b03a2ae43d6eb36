/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TEST_CHILD_H
#define CW_TEST_CHILD_H

#include <stdbool.h>

#include <uv.h>

#include "base/buf.h"

/*
 * A program that a test starts: what it writes is kept, what it is given comes from
 * the test. Ended by the test, by its process id.
 */
struct child {
	uv_process_t process;
	uv_pipe_t in, out, err;
	struct cw_buf output, errors;
	const char *awaited; /* in errors */
	bool seen; /* it was there */
	bool exited;
	int64_t status;
	int signal;
	int open; /* handles */
};

/* argv: NULL-terminated, argv[0] a path. input may be NULL. uid 0: the test's own. Exits the test
 * when it cannot. */
void child_start(
    struct child *c, uv_loop_t *loop, char *const *argv, const char *input, unsigned uid);
/* Runs the loop until it has ended and all that it wrote is here. */
void child_wait(struct child *c);
/* Runs the loop until it has written this to standard error, from now on; false when it ended
 * without. */
bool child_says(struct child *c, const char *text);
void child_free(struct child *c); /* after it has ended */

#endif
