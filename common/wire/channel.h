/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CHANNEL_H
#define CW_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

struct cw_buf;
struct cw_err;

/*
 * One end of the wire (PROTOCOL.md): requests and answers both ways, result
 * streams with credit, heartbeat. No I/O: bytes that came are fed, bytes to send
 * are taken, time is passed in. One thread.
 *
 * Every callback may use the wire and close it (cw_wire_close()), but not free it.
 * Once the wire is closed everything open on it has been told so.
 */
#define CW_WIRE_WINDOW (256u * 1024u) /* bytes of stream that may be under way unasked */
#define CW_WIRE_CREDIT_MAX (16u * 1024u * 1024u) /* bytes that may be granted ahead */
#define CW_WIRE_LINE_MAX (8u * 1024u * 1024u) /* bytes of one cw_wire_call_chunk() */
/* What does not fit into one message: params that are sent in parts, a result that is a stream's
 * last line (PROTOCOL.md, "Long requests and results"). */
#define CW_WIRE_UPLOAD_MAX (20u * 1024u * 1024u) /* bytes */
#define CW_WIRE_RESULT_MAX (20u * 1024u * 1024u) /* bytes */
#define CW_WIRE_OPEN_MAX 256u /* requests open in one direction */
#define CW_WIRE_OUT_MAX (32u * 1024u * 1024u) /* bytes that wait for the peer to read */
#define CW_WIRE_NEVER UINT64_MAX

struct cw_wire;
struct cw_wire_request; /* one that we made */
struct cw_wire_call; /* one that the peer made */

struct cw_wire_config {
	void *arg;
	/* The peer asks. Answer with cw_wire_call_finish() or _fail(), here or later; once. method
	 * and params (an object, or NULL) are borrowed for the time of this call. */
	void (*request)(
	    void *arg, struct cw_wire_call *call, const char *method, const cJSON *params);
	/* There are bytes in cw_wire_out() now, where there were none, or cw_wire_next_ms() came
	 * nearer. The one callback that may not close the wire: send later, or from here. */
	void (*output)(void *arg);
	uint64_t ping_ms; /* a ping after so much silence; 0: never */
	uint64_t silence_ms; /* the peer is given up after so much silence; 0: never */
};

/* On success *ret is the caller's, to give back to cw_wire_free(). */
int cw_wire_new(struct cw_wire **ret, const struct cw_wire_config *config, uint64_t now_ms);
void cw_wire_free(struct cw_wire *wire); /* closes it first; ok on NULL */
void cw_wire_set_heartbeat(struct cw_wire *wire, uint64_t ping_ms, uint64_t silence_ms);

/* Takes bytes from the peer. Negative: the wire is closed, cw_wire_error() says why. */
int cw_wire_feed(struct cw_wire *wire, const void *p, size_t n, uint64_t now_ms);
/* What is to be sent: cw_buf_peek() it, then tell how much of it went. */
const struct cw_buf *cw_wire_out(const struct cw_wire *wire);
void cw_wire_sent(struct cw_wire *wire, size_t n);
/* Does what is due. Negative: the wire is closed (the peer is silent). */
int cw_wire_tick(struct cw_wire *wire, uint64_t now_ms);
/* When tick is next due, or CW_WIRE_NEVER. */
uint64_t cw_wire_next_ms(const struct cw_wire *wire);
/* Ends every request with CW_ECLOSED and cancels every call. The first reason is kept. */
void cw_wire_close(struct cw_wire *wire, int code, const char *why);
/* Why it is closed; code 0 while it is open. */
const struct cw_err *cw_wire_error(const struct cw_wire *wire);

/* Asking. */

struct cw_wire_answer {
	/* CW_OK: result is there. CW_ETIMEOUT, CW_ECLOSED: no answer came, whatever was asked may
	 * have been done. Anything else is the peer's answer: data.code where it is a name that we
	 * know, else CW_EFAILED. */
	int code;
	const cJSON *result;
	const char *message; /* never NULL when code is not CW_OK */
	const cJSON *data; /* of the peer's error; or NULL */
};

struct cw_wire_events {
	/* Part of the result stream. NULL: a stream is not expected and breaks the wire. */
	void (*chunk)(void *arg, const char *text, size_t n);
	/* The end, once; the request is gone when this returns. */
	void (*done)(void *arg, const struct cw_wire_answer *answer);
};

/* params is taken in any case, NULL for none. timeout_ms 0: no deadline. ret may be NULL. On
 * failure nothing was sent and done is not called: CW_ECLOSED, CW_ELIMIT, CW_ENOMEM. */
int cw_wire_request(struct cw_wire_request **ret, struct cw_wire *wire, const char *method,
    cJSON *params, const struct cw_wire_events *events, void *arg, uint64_t timeout_ms,
    uint64_t now_ms);
/* Stops granting credit: at most CW_WIRE_WINDOW more bytes come until it is resumed. */
void cw_wire_request_pause(struct cw_wire_request *req);
void cw_wire_request_resume(struct cw_wire_request *req);
/* The result is no longer wanted; done is not called any more. */
void cw_wire_request_cancel(struct cw_wire_request *req);

/* Answering. */

struct cw_wire_call_events {
	void (*writable)(void *arg, struct cw_wire_call *call); /* chunks are taken again */
	/* The peer is gone or wants no answer any more. The call is gone when this returns. */
	void (*cancelled)(void *arg);
};

/* For a call that is not answered at once. */
void cw_wire_call_watch(
    struct cw_wire_call *call, const struct cw_wire_call_events *events, void *arg);
/* Appends to the result stream, whole lines. CW_EAGAIN: nothing was taken, wait for writable().
 * CW_ELIMIT: longer than CW_WIRE_LINE_MAX, or the wire is full. */
int cw_wire_call_chunk(struct cw_wire_call *call, const char *text, size_t n);
/* Both end the call: it is gone. result is taken in any case, never NULL. A result too long for a
 * message becomes an error of CW_ELIMIT. */
void cw_wire_call_finish(struct cw_wire_call *call, cJSON *result);
/* code (CW_E...) goes out as data.code; data (an object, or NULL) is taken. */
void cw_wire_call_fail(struct cw_wire_call *call, int code, const char *message, cJSON *data);

#endif
