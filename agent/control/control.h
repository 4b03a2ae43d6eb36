/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CONTROL_H
#define CW_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>
#include <uv.h>

struct cw_err;

/*
 * The agent's local socket for causewayctl: one JSON request on a line, one JSON
 * answer on a line, then it closes. A request with "stream": true is answered by an
 * empty line as soon as somebody is at it, and by more lines as they come; its last line is
 * {"answer": ...} or {"refused": {"code", "message"}}, which no other line begins like. Only root
 * (Administrators and SYSTEM on Windows) and the agent's own account may open it: a Unix socket of
 * mode 0600 whose peer's uid is checked again, or a named pipe with a rights list of its own.
 */
#define CW_CONTROL_REQUEST_MAX (32u * 1024u * 1024u) /* bytes: a script, or a plan */
#define CW_CONTROL_ANSWER_MAX (32u * 1024u * 1024u) /* bytes: it may hold a plan */
#define CW_CONTROL_AHEAD_MAX (256u * 1024u) /* bytes of lines that wait for the client to read */
#define CW_CONTROL_LINE_MAX (16u * 1024u * 1024u) /* bytes of one line */
#define CW_CONTROL_CLIENTS_MAX 16
#define CW_CONTROL_DEADLINE_MS 10000u /* to send a line, and to read the last one */

struct cw_control;
struct cw_control_reply; /* a request that has not been answered yet */

/* One request, on the loop, which may be taken apart. Answer it with one of the two below, once,
 * now or later. */
typedef void cw_control_ask(
    void *arg, struct cw_control_reply *reply, const char *verb, cJSON *request);
/* answer is taken; NULL says that memory has ended. */
void cw_control_answer(struct cw_control_reply *reply, cJSON *answer);
void cw_control_refuse(struct cw_control_reply *reply, const struct cw_err *err);

/* For a request that asked for a stream. */
struct cw_control_events {
	void (*writable)(void *arg); /* lines are taken again */
	/* The client went away, or the socket is closed: nobody reads any more. The reply is gone
	 * when this returns; it is not answered. */
	void (*gone)(void *arg);
};
bool cw_control_streams(const struct cw_control_reply *reply);
/* Tells the client that somebody is at it: from now on an end without an answer is no refusal. */
void cw_control_watch(
    struct cw_control_reply *reply, const struct cw_control_events *events, void *arg);
/* Whole lines. CW_EAGAIN: nothing was taken, wait for writable(). CW_ENOMEM. */
int cw_control_lines(struct cw_control_reply *reply, const char *text, size_t n);

/* The socket's name for a state folder: a path, or a pipe name that holds a hash of the folder's.
 */
void cw_control_name(char *ret, size_t size, const char *state_folder);

/* Listens. A socket left by an agent that is gone is replaced; CW_ECONFLICT when one is answering.
 */
int cw_control_new(struct cw_control **ret, uv_loop_t *loop, const char *state_folder,
    cw_control_ask *ask, void *arg, struct cw_err *err);
/* Stops listening and drops its clients; freed when the loop has closed its handles and every
 * request has been answered. Ok on NULL. */
void cw_control_close(struct cw_control *c);

/* The client's side, blocking: sends the request, waits at most timeout_ms. On success *ret is the
 * caller's. CW_EUNAVAILABLE: no agent is listening; CW_EDENIED: this account may not; else what the
 * agent said, with its code. */
int cw_control_call(cJSON **ret, const char *state_folder, const cJSON *request,
    unsigned timeout_ms, struct cw_err *err);
/* The same for a request with "stream": line() gets each line but the last as it comes, without its
 * end; one that takes its time holds the agent back. There is no deadline once the agent is
 * reached. CW_EUNKNOWN: the agent was at it, and ended. */
int cw_control_call_lines(cJSON **ret, const char *state_folder, const cJSON *request,
    void (*line)(void *arg, const char *text, size_t n), void *arg, struct cw_err *err);

#endif
