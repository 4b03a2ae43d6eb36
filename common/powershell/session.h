/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PSRP_SESSION_H
#define CW_PSRP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "powershell/value.h"

struct cw_buf;
struct cw_err;

/*
 * One MS-PSRP client session with a PowerShell in server mode: opens a runspace
 * pool of one, runs pipelines in it.
 *
 * Bytes in, events out, no I/O and no clock inside: what to send is in
 * cw_psrp_out(), the time comes in as now_ms. Every wait has a deadline; one that
 * passes loses the session. Events come out of cw_psrp_feed(), cw_psrp_tick() and
 * cw_psrp_fail() alone (pending out of any). An event may start, feed, stop
 * pipelines and close the session, but not free it. Values passed to an event
 * live until it returns.
 */
#define CW_PSRP_OPEN_MS 60000u /* from open to opened: a cold engine with a busy disk */
#define CW_PSRP_ANSWER_MS 20000u /* for each acknowledgement */
#define CW_PSRP_STOP_MS 5000u /* from a stop to the pipeline's end */
#define CW_PSRP_PIPELINES_MAX 16 /* at one time in one session */
#define CW_PSRP_NEVER UINT64_MAX

enum cw_psrp_stream {
	CW_PSRP_ERROR,
	CW_PSRP_WARNING,
	CW_PSRP_VERBOSE,
	CW_PSRP_DEBUG,
	CW_PSRP_INFORMATION,
	CW_PSRP_PROGRESS,
};

enum cw_psrp_outcome {
	CW_PSRP_COMPLETED,
	CW_PSRP_STOPPED, /* by cw_psrp_stop() */
	CW_PSRP_TIMED_OUT, /* stopped because its time was over */
	CW_PSRP_FAILED, /* by a terminating error, or by the engine's own decision */
};

struct cw_psrp;
struct cw_psrp_pipeline;

struct cw_psrp_events {
	void (*opened)(void *arg); /* pipelines may run */
	void (*keyed)(void *arg); /* secure strings may be sent; may be NULL */
	void (*pending)(void *arg); /* cw_psrp_out() holds bytes; may be NULL */
	/* The session is lost, for this reason; its pipelines get no event of their own. The last
	 * event. */
	void (*lost)(void *arg, const struct cw_err *err);
	void *arg; /* borrowed, outlives the session */
};

/* A call of the engine to our host ([MS-PSRP] 2.2.3.17). */
struct cw_psrp_host_call {
	int64_t id;
	int64_t method; /* 11 is ReadLine, 13 is Write(text) */
	const char *method_name;
	const struct cw_ps_value *parameters; /* a list */
};

struct cw_psrp_pipeline_events {
	void (*output)(void *arg, const struct cw_ps_value *value);
	/* May be NULL. */
	void (*record)(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record);
	/* May be NULL: then a pipeline that calls its host is stopped and has failed, so that
	 * nobody waits for an answer. Otherwise the answer is given with cw_psrp_host_answer(), now
	 * or later, where the method has one. */
	void (*host_call)(void *arg, const struct cw_psrp_host_call *call);
	/* The last event; the pipeline is gone. error: the record of what ended it, or NULL. */
	void (*finished)(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error);
};

/* One named argument; a NULL name makes it positional. */
struct cw_psrp_argument {
	const char *name; /* without the dash */
	const struct cw_ps_value *value;
};

struct cw_psrp_command {
	const char *text; /* a command's name, or a script's text */
	bool is_script; /* true only for text of our own */
	const struct cw_psrp_argument *arguments;
	size_t argument_count;
};

struct cw_psrp_run {
	const struct cw_psrp_command *commands; /* each piped into the next */
	size_t count;
	bool input; /* cw_psrp_input() will feed the first one */
	uint32_t timeout_ms; /* then it is stopped; one that does not stop loses the session */
	const struct cw_psrp_pipeline_events *events; /* borrowed, outlives the pipeline */
	void *arg;
};

/* On success *ret is the caller's, to give back to cw_psrp_free(). Nothing is sent yet. */
int cw_psrp_new(struct cw_psrp **ret, const struct cw_psrp_events *events);
/* The end, from our side: no event follows, what is fed is ignored. */
void cw_psrp_close(struct cw_psrp *s);
void cw_psrp_free(struct cw_psrp *s); /* no event is given; ok on NULL */

/* Asks for the runspace pool; has_host lets pipelines call their host. Next: opened or lost. */
int cw_psrp_open(struct cw_psrp *s, bool has_host, uint64_t now_ms, struct cw_err *err);
/* Exchanges the session key that secure strings need. Next: keyed. */
int cw_psrp_exchange_key(struct cw_psrp *s, uint64_t now_ms, struct cw_err *err);

/*
 * Starts a pipeline of at least one command; *ret is valid until it finishes. Secure strings need
 * the session key. CW_EUNAVAILABLE: the session is not open. CW_ELIMIT: too many pipelines, or too
 * much to send; CW_EINVAL: a value that cannot be sent.
 */
int cw_psrp_run(struct cw_psrp *s, struct cw_psrp_pipeline **ret, const struct cw_psrp_run *run,
    uint64_t now_ms, struct cw_err *err);
/* Feeds one object to a pipeline that was started with input; NULL ends the input. CW_ELIMIT: too
 * much waits to be sent; nothing of this one was, so it may be tried again. */
int cw_psrp_input(struct cw_psrp_pipeline *p, const struct cw_ps_value *value, uint64_t now_ms,
    struct cw_err *err);
/* Answers a host call; value may be NULL for a method without a result. */
int cw_psrp_host_answer(struct cw_psrp_pipeline *p, const struct cw_psrp_host_call *call,
    const struct cw_ps_value *value, uint64_t now_ms, struct cw_err *err);
/* Asks a pipeline to stop (Signal). It still finishes by its event; one that does not within
 * CW_PSRP_STOP_MS loses the session. */
void cw_psrp_stop(struct cw_psrp_pipeline *p, uint64_t now_ms);

/* Takes bytes that the engine wrote. A negative return: the session is lost (the event has said
 * so), or an event has closed it. */
int cw_psrp_feed(struct cw_psrp *s, const void *bytes, size_t n, uint64_t now_ms);
/* What is to be written to the engine: take it with cw_buf_skip(). Valid while the session is. */
struct cw_buf *cw_psrp_out(struct cw_psrp *s);

/* When cw_psrp_tick() is to be called, as now_ms counts, or CW_PSRP_NEVER. Changes with every other
 * call. */
uint64_t cw_psrp_due(const struct cw_psrp *s);
/* Does what is due: stops a pipeline whose time is over, loses a session that does not answer. */
void cw_psrp_tick(struct cw_psrp *s, uint64_t now_ms);
/* Loses it for a reason of the transport's ("the process ended with status 1: ..."). */
void cw_psrp_fail(struct cw_psrp *s, int code, const char *why);

bool cw_psrp_is_open(const struct cw_psrp *s);
size_t cw_psrp_pipelines(const struct cw_psrp *s); /* running now */

#endif
