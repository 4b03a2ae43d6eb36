/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_DOUBLE_SANDBOX_H
#define CW_DOUBLE_SANDBOX_H

#include <stdbool.h>

#include <uv.h>

#include "base/buf.h"
#include "sandbox/pool.h"

/*
 * Doubles of one sandbox and of the pipeline in it, linked in place of agent/sandbox
 * and of the session: the test is the script.
 */
struct double_sandbox {
	bool taken, ended, stopped, paused;
	bool full; /* no answer can be sent to it any more */
	const char *text; /* the script's, while it runs */
	struct cw_buf answer; /* the last one given to a ReadLine */
	int64_t answered; /* the call that it belongs to */
};
extern struct double_sandbox double_sandbox;

void double_sandbox_reset(void);
bool double_sandbox_is_asked(void);
/* What waits for a sandbox gets it; NULL err, or why not. */
void double_sandbox_give(const struct cw_err *err);
/* Write and ReadLine of the script's pipeline. id: the ReadLine's number. */
void double_ask(int64_t id, const char *text);
void double_read_line(int64_t id);
void double_write(const char *text);
void double_script_output(const char *text);
/* The script's end, or its sandbox's. */
void double_script_done(bool failed);
void double_sandbox_lose(const char *why);

#endif
