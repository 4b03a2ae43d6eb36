/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CHANNEL_INTERNAL_H
#define CW_CHANNEL_INTERNAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/channel.h"
#include "wire/frame.h"

/* What channel.c (reading, asking) and call.c (answering) share. */

struct cw_wire_request {
	struct cw_wire *wire;
	struct cw_wire_request *next;
	struct cw_wire_events events;
	void *arg;
	uint64_t deadline_ms; /* CW_WIRE_NEVER: none */
	uint32_t id;
	uint32_t granted; /* bytes that the peer may still send */
	uint32_t owed; /* bytes used up and not granted again yet */
	bool paused;
};

struct cw_wire_call {
	struct cw_wire *wire;
	struct cw_wire_call *next;
	struct cw_wire_call_events events;
	void *arg;
	struct cw_buf pending; /* stream text that waits for credit */
	struct cw_buf answer; /* the final message, once the handler has ended the call */
	uint32_t id;
	uint32_t credit; /* bytes that we may still send */
	bool ended; /* by the handler; lives on until pending is out */
	bool wants_writable; /* a chunk was refused */
};

struct cw_wire {
	struct cw_wire_config config;
	struct cw_err err; /* code 0 while open */
	struct cw_err doom; /* code 0 unless it is to be closed */
	struct cw_buf in, plain, out;
	struct cw_wire_request *requests;
	struct cw_wire_call *calls;
	unsigned request_count, call_count;
	uint32_t next_id; /* of ours; 0: the series has ended */
	uint32_t last_peer_id;
	uint64_t now_ms, heard_ms, pinged_ms;
};

/* The wire is to be closed at the next tick or feed: not now, for a handler is on the stack. */
void cw_wire_doom(struct cw_wire *wire, int code, const char *why);
/* Queues a frame; dooms the wire when it cannot. */
int cw_wire_put(
    struct cw_wire *wire, enum cw_frame_type type, uint32_t stream, const void *p, size_t n);
void cw_wire_call_new(struct cw_wire *wire, uint32_t id, const char *method, const cJSON *params);
int cw_wire_call_credit(struct cw_wire *wire, uint32_t id, uint32_t bytes, struct cw_err *err);
void cw_wire_call_cancel(struct cw_wire *wire, uint32_t id);
void cw_wire_call_cancel_all(struct cw_wire *wire);

#endif
