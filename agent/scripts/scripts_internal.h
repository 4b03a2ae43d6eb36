/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SCRIPTS_INTERNAL_H
#define CW_SCRIPTS_INTERNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "scripts/params.h"
#include "scripts/scripts.h"
#include "scripts/upload.h"

/* What scripts.c (all of them) and job.c (one of them) share. */

struct job {
	struct cw_scripts *owner;
	struct job *next;
	char id[CW_UUID_TEXT];
	enum cw_script_mode mode;
	struct cw_script *script; /* NULL: it has ended */
	bool remote; /* the bridge asked for it */
	/* Who reads: one of the two, or none any more. */
	struct cw_wire_call *call;
	struct cw_control_reply *reply;
	struct cw_buf lines; /* not taken by the reader yet */
	bool blocked; /* the reader took no more */
	/* its end; of a script that has ended */
	struct cw_err err; /* code 0: result is the answer */
	cJSON *result;
};

struct cw_scripts {
	struct cw_scripts_config config;
	struct job *jobs;
	const struct job *long_result; /* whose result is on its way as a line; or NULL */
	struct cw_upload upload; /* of the connection */
	uv_prepare_t flusher;
	uv_timer_t timer; /* of the drain */
	int handles;
	bool draining, drain_over;
	void (*drained)(void *arg);
	void *drained_arg;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* Begins, for one reader. On failure nothing runs and the reader has been told. */
void job_new(struct cw_scripts *s, const struct cw_script_params *params, struct cw_wire_call *call,
    struct cw_control_reply *reply);
void job_flush(struct job *job); /* as much as the reader takes; it may be gone when this returns */
void job_free(struct job *job);
/* One that was not begun. */
void job_refuse(
    struct cw_wire_call *call, struct cw_control_reply *reply, const struct cw_err *err);

void scripts_flush_soon(struct cw_scripts *s); /* before the loop waits again */
void scripts_look(struct cw_scripts *s); /* a job is gone */

#endif
