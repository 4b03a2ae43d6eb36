/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PSRP_SESSION_INTERNAL_H
#define CW_PSRP_SESSION_INTERNAL_H

#include "powershell/lane.h"
#include "powershell/session.h"

/*
 * What session.c (the runspace pool and the lines) and pipeline.c (one command)
 * share. Unless it says otherwise an int is CW_OK, or negative when the session
 * is lost.
 */
enum session_state {
	SESSION_NEW, /* Next: OPENING when cw_psrp_open() is called */
	SESSION_OPENING, /* Next: OPEN when the pool says so */
	SESSION_OPEN, /* Next: LOST when anything breaks */
	SESSION_LOST, /* the end */
};

enum pipeline_state {
	PIPELINE_FREE, /* Next: STARTING when a run takes the slot */
	PIPELINE_STARTING, /* Command is sent. Next: RUNNING when it is acknowledged */
	PIPELINE_RUNNING, /* Next: ENDING when the engine says how it ended */
	PIPELINE_STOPPING, /* Signal is sent. Next: ENDING when the engine says so */
	PIPELINE_ENDING, /* Close is sent. Next: FREE when it is acknowledged */
};

struct cw_psrp_pipeline {
	struct cw_psrp *session;
	enum pipeline_state state;
	struct cw_psrp_lane lane;
	const struct cw_psrp_pipeline_events *events;
	void *arg;
	uint64_t due_ms; /* when the state it is in has taken too long */
	uint32_t timeout_ms; /* of RUNNING */
	bool stop; /* wanted while STARTING */
	enum cw_psrp_outcome stopped_as; /* what the engine's "Stopped" means: who asked for it */
	bool has_input;
};

struct cw_psrp {
	enum session_state state;
	struct cw_psrp_events events;
	struct cw_psrp_lane lane; /* the runspace pool's */
	uint8_t pool_id[16];
	uint64_t next_object;
	uint64_t due_ms; /* of opening, then of the key exchange */
	int broken; /* < 0: what could not be written; lost at the next tick */
	struct cw_psrp_secure *secure;
	bool keyed;
	struct cw_buf in; /* a line that is not whole yet */
	struct cw_buf out;
	struct cw_clixml *reader;
	struct cw_ps_arena *values; /* of the message being read */
	struct cw_ps_arena *making; /* of the message being written */
	struct cw_psrp_pipeline pipelines[CW_PSRP_PIPELINES_MAX];
};

/* session.c */
int cw_psrp_lose(struct cw_psrp *s, const struct cw_err *err);
int cw_psrp_lose_because(struct cw_psrp *s, int code, const char *why);
void cw_psrp_tell_pending(struct cw_psrp *s);
/* Writes a Command, Close or Signal. */
void cw_psrp_say(struct cw_psrp *s, const char *element, const struct cw_psrp_lane *l);
/* Writes the lane's next Data, where one may be. */
void cw_psrp_pump(struct cw_psrp *s, struct cw_psrp_lane *l, uint64_t now_ms);
/* Queues one message on the lane and pumps it. CW_ELIMIT, CW_ENOMEM: nothing was queued. */
int cw_psrp_send(struct cw_psrp *s, struct cw_psrp_lane *l, enum cw_psrp_type type,
    const struct cw_buf *xml, uint64_t now_ms);

/* pipeline.c */
bool cw_psrp_pipeline_wants(const struct cw_psrp_pipeline *p, uint32_t type);
int cw_psrp_pipeline_message(
    struct cw_psrp_pipeline *p, uint32_t type, const struct cw_ps_value *v, uint64_t now_ms);
int cw_psrp_pipeline_begun(struct cw_psrp_pipeline *p, uint64_t now_ms); /* CommandAck */
int cw_psrp_pipeline_tick(struct cw_psrp_pipeline *p, uint64_t now_ms);

#endif
