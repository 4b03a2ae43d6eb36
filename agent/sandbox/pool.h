/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SANDBOX_POOL_H
#define CW_SANDBOX_POOL_H

#include <uv.h>

#include "powershell/session.h"
#include "sandbox/sandbox.h"

/*
 * Sandboxes kept warm: PowerShell started inside the walls, its session open, our
 * own preparation run in it. One is handed out for one operation, and ended after
 * it with everything in it; it is never handed out again.
 *
 * The walls are checked first; while they do not hold there are no sandboxes, and
 * the report says why. All calls and events on the loop's thread, which has to live
 * as long as the process: the kernel ends the sandboxes when that thread is gone.
 */
#define CW_SANDBOXES_QUEUE_MAX 1000u /* requests that wait for a sandbox */
#define CW_SANDBOXES_PREPARE_MS 60000u /* for the preparation of one */
#define CW_SANDBOXES_RETRY_MAX_MS 60000u /* between starts that fail; delays double up to here */
#define CW_SANDBOXES_CHECK_MAX_MS 300000u /* between checks of walls that do not hold; as above */

struct cw_sandboxes;
struct cw_sandbox;
struct cw_sandboxes_request;

struct cw_sandboxes_config {
	uv_loop_t *loop;
	const struct cw_sandbox_config *walls; /* borrowed */
	unsigned warm; /* kept ready, 1 .. walls->ids */
	/* Runs what has to be in the session before a caller's script; then cw_sandbox_prepared().
	 * Not called again for the same one. May be NULL. */
	void (*prepare)(void *arg, struct cw_sandbox *s);
	void (*changed)(
	    void *arg); /* one became warm or was lost, or walls were checked; may be NULL */
	void *arg;
};

/* Begins with the check of the walls. On success *ret is the caller's, for cw_sandboxes_close(). */
int cw_sandboxes_new(
    struct cw_sandboxes **ret, const struct cw_sandboxes_config *config, struct cw_err *err);
/* Ends all sandboxes at once, those handed out too, which are not touched any more. Nothing of this
 * pool calls back but closed, when nothing is left. Ok on NULL: closed is called at once. */
void cw_sandboxes_close(struct cw_sandboxes *pool, void (*closed)(void *arg), void *arg);

/*
 * Asks for a sandbox: taken is called once, on the loop, never from within this call. With a
 * sandbox it is the caller's until cw_sandbox_end(); without one err says why (CW_EUNAVAILABLE:
 * none was ready in time, or a wall does not hold). CW_ELIMIT: too many wait already.
 */
int cw_sandboxes_take(struct cw_sandboxes *pool, struct cw_sandboxes_request **ret,
    uint32_t timeout_ms, void (*taken)(void *arg, struct cw_sandbox *s, const struct cw_err *err),
    void *arg, struct cw_err *err);
void cw_sandboxes_cancel(struct cw_sandboxes_request *request); /* taken is not called */

/* --- one sandbox, in the preparation or handed out */

/* err NULL: ready for a caller; otherwise the reason why it cannot be used. It is not touched by
 * the preparation any more. */
void cw_sandbox_prepared(struct cw_sandbox *s, const struct cw_err *err);

/* Borrowed. No secure strings: there is no key exchange with what is not trusted. */
struct cw_psrp *cw_sandbox_session(struct cw_sandbox *s);
/* Its process ended or broke the protocol, or its preparation took too long or the pool closes
 * meanwhile: called once. Then a caller may only cw_sandbox_end() it, a preparation nothing more.
 */
void cw_sandbox_on_lost(
    struct cw_sandbox *s, void (*lost)(void *arg, const struct cw_err *err), void *arg);
/* Stops and starts reading what it writes; it waits meanwhile, at no cost in memory here. */
void cw_sandbox_pause(struct cw_sandbox *s);
void cw_sandbox_resume(struct cw_sandbox *s);
/* Of the launcher's process, the parent of the one inside; for tests and diagnostics. */
int cw_sandbox_pid(const struct cw_sandbox *s);

/* Kills everything in it, whatever it does. Its pipelines get no more events. */
void cw_sandbox_end(struct cw_sandbox *s);

/* --- what there is */

enum cw_sandboxes_state {
	CW_SANDBOXES_CHECKING, /* the walls. Next: UP, or DOWN */
	CW_SANDBOXES_UP, /* Next: none */
	CW_SANDBOXES_DOWN, /* a wall does not hold. Next: CHECKING when its delay is over */
};

struct cw_sandboxes_status {
	enum cw_sandboxes_state state;
	unsigned starting, warm, taken, ending; /* sandboxes now */
	uint64_t started, handed_out, failed; /* since the beginning */
	size_t waiting; /* requests */
	const char *error; /* why the last one failed or no wall stands, "" for none; borrowed */
};

void cw_sandboxes_status(const struct cw_sandboxes *pool, struct cw_sandboxes_status *ret);
/* Of the last check; borrowed, NULL before the first is over. */
const struct cw_sandbox_report *cw_sandboxes_report(const struct cw_sandboxes *pool);

#endif
