/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PSRP_PROCESS_H
#define CW_PSRP_PROCESS_H

#include <uv.h>

#include "powershell/session.h"

/*
 * A PowerShell in server mode (`powershell -s`) as a child process on a libuv
 * loop, and the session with it. All of it happens on the loop's thread. The
 * program has SIGPIPE ignored: a process that dies is told by its end.
 */
#define CW_PSRP_STDERR_TAIL \
	1024u /* bytes kept of what it writes there, for the error when it dies */

struct cw_psrp_process;

struct cw_psrp_process_config {
	uv_loop_t *loop;
	char *const *argv; /* NULL-terminated; argv[0] is looked up on the PATH */
	char *const *env; /* "NAME=VALUE", NULL-terminated, all that it gets; NULL: our own */
	bool has_host;
	/* Of the session. pending is not given on. lost comes once, also when the process has
	 * ended. */
	struct cw_psrp_events events;
	void (*closed)(void *arg); /* process and memory are gone; the arg of events; may be NULL */
};

/* Starts the process and opens the session. On success *ret lives until closed, and no event comes
 * before this returns. CW_ENOTFOUND: no such program. */
int cw_psrp_process_start(
    struct cw_psrp_process **ret, const struct cw_psrp_process_config *config, struct cw_err *err);
/* Ends the process at once, whatever it does. No event but closed follows. */
void cw_psrp_process_kill(struct cw_psrp_process *p);

/* Borrowed. Every call on it but cw_psrp_free() is allowed; what it has to say is sent by itself.
 */
struct cw_psrp *cw_psrp_process_session(struct cw_psrp_process *p);
int cw_psrp_process_pid(const struct cw_psrp_process *p);
/* Stops and starts reading what it writes: the engine waits, flat, until it is read again. A
 * deadline of the session's that passes meanwhile, and the process's end, start it again by
 * themselves: what is waited for may lie unread. Pause again if that is still wanted; the deadlines
 * go on. */
void cw_psrp_process_pause(struct cw_psrp_process *p);
void cw_psrp_process_resume(struct cw_psrp_process *p);

#endif
