/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_WEB_PRIVATE_H
#define CW_WEB_PRIVATE_H

#include <libwebsockets.h>

#include "api/web.h"
#include "base/buf.h"

/* Between web.c (listener, life, time), web_call.c (one request) and web_answer.c (its answer). */
#define SCRATCH (32u << 10) /* bytes written at a time */
#define CHUNK_ROOM 32u /* bytes around them for chunk sizes, RFC 9112 section 7.1 */

struct cw_web {
	struct cw_web_config config;
	struct lws_context *context;
	struct lws_vhost *vhost;
	uv_timer_t sweep;
	struct cw_web_call *calls; /* all that are open */
	unsigned open;
	unsigned large; /* calls with a large body in memory */
	uint16_t port;
	bool closing;
	void (*closed)(void *arg);
	void *closed_arg;
	char *listen, *certificate, *private_key;
	uint8_t scratch[LWS_PRE + CHUNK_ROOM + SCRATCH + CHUNK_ROOM];
};

enum call_state {
	CALL_READING, /* body is coming. Next: HANDLING when it is whole */
	CALL_HANDLING, /* the callee has it. Next: ANSWERING, or ended */
	CALL_ANSWERING, /* begun and not ended */
	CALL_ENDED, /* all is put, perhaps not yet sent. Next: freed when sent */
};

struct cw_web_call {
	struct cw_web *web;
	struct lws *wsi; /* NULL when the client is gone */
	struct cw_web_call *next, **at;
	enum call_state state;
	bool http10, head;
	bool may_begin, headers_sent, chunked, above_water;
	bool in_callback; /* lws is calling us and will look for something to write */
	bool broken; /* ends before its end */
	bool large; /* counted in web->large */
	bool skips; /* its body is passed over */
	bool hang_up; /* the connection ends with this answer */
	int refused; /* status of an answer decided before the body was read, or 0 */
	const char *refused_code, *refused_message;
	char refused_text[64]; /* a message with a number in it */
	const char *method;
	char path[CW_WEB_TARGET_MAX];
	struct cw_buf query; /* "name=value" NUL ... */
	char *bearer, *prefer, *accept;
	unsigned long long body_left; /* bytes still to come */
	struct cw_buf body;
	struct cw_buf out;
	size_t water; /* bytes in out from which the producer should wait */
	size_t head_length; /* of the body that a HEAD does not get */
	struct cw_buf extra; /* "name:" NUL value NUL ... */
	int status;
	const char *type;
	uint64_t started_ns, sent_bytes;
	uint64_t deadline_ms; /* of the state, on the loop's clock; 0: none */
	char who[48];
	void (*gone)(void *arg);
	void *gone_arg;
	void (*drained)(void *arg);
	void *drained_arg;
};

int cw_web_lws_callback(
    struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);
/* The client is not there any more: tells the callee and frees. */
void cw_web_call_gone(struct cw_web_call *call);
void web_call_free(struct cw_web_call *call);
void web_call_log(const struct cw_web_call *call, const char *how); /* one line, where wanted */
bool web_call_has_output(const struct cw_web_call *call);
/* Writes what can be written now. Negative: close the connection. */
int web_call_write(struct cw_web_call *call);

#endif
