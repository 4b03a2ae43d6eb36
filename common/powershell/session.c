/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session: lanes of fragments under one DataAck each, and the states of its
 * pipelines. What the engine does is measured, not only read: it loses and
 * reorders Data that was sent before the one before it was acknowledged.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "os/random.h"
#include "powershell/clixml.h"
#include "powershell/fragment.h"
#include "powershell/outproc.h"
#include "powershell/request.h"
#include "powershell/secure.h"
#include "powershell/session.h"

#define NO_DEADLINE UINT64_MAX
#define OUT_MAX (2u * CW_PSRP_MESSAGE_MAX)

/* [MS-PSRP] 2.2.3.4 */
enum { POOL_OPENED = 2, POOL_CLOSED = 3, POOL_BROKEN = 5 };
/* [MS-PSRP] 2.2.3.5 */
enum {
	PIPELINE_STOPPED = 3,
	PIPELINE_COMPLETED = 4,
	PIPELINE_FAILED = 5,
	PIPELINE_DISCONNECTED = 6
};

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
	PIPELINE_ENDING, /* Close is sent. Next: FREE when it is acknowledged */
};

/* Data to and from one GUID. */
struct lane {
	uint8_t guid[16];
	struct cw_buf rx; /* bytes of a fragment that is not whole yet */
	struct cw_psrp_assembly assembly;
	struct cw_buf tx; /* fragments to send, one Data each */
	uint64_t ack_due_ms; /* a DataAck is waited for until then, NO_DEADLINE for none */
};

struct cw_psrp_pipeline {
	struct cw_psrp *session;
	enum pipeline_state state;
	struct lane lane;
	const struct cw_psrp_pipeline_events *events;
	void *arg;
	uint64_t due_ms; /* of the state it is in; of the run itself while RUNNING */
	uint64_t stop_due_ms; /* NO_DEADLINE until it was asked to stop */
	bool stop; /* wanted */
	bool timed_out;
	bool has_input;
	uint32_t timeout_ms;
};

struct cw_psrp {
	enum session_state state;
	struct cw_psrp_events events;
	struct lane lane; /* the runspace pool's, GUID of zeros */
	uint8_t pool_id[16];
	uint64_t next_object;
	uint64_t due_ms; /* of opening, then of the key exchange */
	struct cw_psrp_secure *secure;
	bool keyed;
	struct cw_buf in; /* a line that is not whole yet */
	struct cw_buf out;
	struct cw_buf blob; /* one fragment or message under construction */
	struct cw_clixml *reader;
	struct cw_ps_arena *values; /* of the message being read */
	struct cw_ps_arena *making; /* of the message being written */
	struct cw_psrp_pipeline pipelines[CW_PSRP_PIPELINES_MAX];
};

static void
tell_pending(struct cw_psrp *s)
{
	if (s->events.pending != NULL && s->state != SESSION_LOST && cw_buf_left(&s->out) > 0)
		s->events.pending(s->events.arg);
}

/* --- lanes */

static void
lane_init(struct lane *l)
{
	cw_buf_init(&l->rx, CW_PSRP_BLOB_MAX + CW_PSRP_FRAGMENT_HEADER + CW_OUTPROC_LINE_MAX);
	cw_buf_init(&l->tx, OUT_MAX);
	l->ack_due_ms = NO_DEADLINE;
}

/* Ready for the next user; memory is kept. */
static void
lane_reset(struct lane *l)
{
	cw_buf_clear(&l->rx);
	cw_buf_clear(&l->tx);
	cw_psrp_assembly_free(&l->assembly);
	l->ack_due_ms = NO_DEADLINE;
}

static void
lane_free(struct lane *l)
{
	cw_buf_free(&l->rx);
	cw_buf_free(&l->tx);
	cw_psrp_assembly_free(&l->assembly);
}

/* Sends the next fragment, unless the one before is not acknowledged yet. */
static int
lane_pump(struct cw_psrp *s, struct lane *l, uint64_t now_ms)
{
	const uint8_t *p = cw_buf_peek(&l->tx);
	size_t len;
	int r;

	if (cw_buf_left(&l->tx) == 0 || l->ack_due_ms != NO_DEADLINE)
		return CW_OK;
	len = CW_PSRP_FRAGMENT_HEADER + (size_t)cw_get_be(p + 17, 4);
	if ((r = cw_outproc_put_data(&s->out, l->guid, p, len)) < 0)
		return r;
	cw_buf_skip(&l->tx, len);
	l->ack_due_ms = now_ms + CW_PSRP_ANSWER_MS;
	return CW_OK;
}

/* Queues the XML in s->blob as one message. */
static int
lane_send(struct cw_psrp *s, struct lane *l, enum cw_psrp_type type, const struct cw_buf *xml,
    uint64_t now_ms)
{
	struct cw_psrp_message m = { .destination = CW_PSRP_TO_SERVER, .type = type };
	int r;

	memcpy(m.pool_id, s->pool_id, 16);
	memcpy(m.pipeline_id, l->guid, 16);
	m.xml = (const char *)cw_buf_peek(xml);
	m.xml_len = cw_buf_left(xml);
	cw_buf_clear(&s->blob);
	if ((r = cw_psrp_message_put(&s->blob, &m)) == CW_OK &&
	    (r = cw_psrp_fragment_put(
		 &l->tx, s->next_object++, cw_buf_peek(&s->blob), cw_buf_left(&s->blob))) == CW_OK)
		r = lane_pump(s, l, now_ms);
	return r;
}

/* --- the session's end */

static int
lose(struct cw_psrp *s, const struct cw_err *err)
{
	if (s->state != SESSION_LOST) {
		s->state = SESSION_LOST;
		s->events.lost(s->events.arg, err);
	}
	return err->code;
}

static int
lose_because(struct cw_psrp *s, int code, const char *why)
{
	struct cw_err err;

	(void)cw_fail(&err, code, "%s", why);
	return lose(s, &err);
}

void
cw_psrp_fail(struct cw_psrp *s, int code, const char *why)
{
	(void)lose_because(s, code, why);
}

/* --- pipelines */

static void
signal_stop(struct cw_psrp_pipeline *p, uint64_t now_ms)
{
	p->stop = true;
	if (p->state != PIPELINE_RUNNING || p->stop_due_ms != NO_DEADLINE)
		return;
	p->stop_due_ms = now_ms + CW_PSRP_STOP_MS;
	if (cw_outproc_put(&p->session->out, "Signal", p->lane.guid) < 0)
		(void)lose_because(p->session, CW_ENOMEM, "out of memory");
}

/* Tells how it ended and closes it; the slot is free once that is acknowledged. */
static int
finish(struct cw_psrp_pipeline *p, enum cw_psrp_outcome outcome, const struct cw_ps_value *error,
    uint64_t now_ms)
{
	struct cw_psrp *s = p->session;
	int r;

	lane_reset(&p->lane);
	p->state = PIPELINE_ENDING;
	p->due_ms = now_ms + CW_PSRP_ANSWER_MS;
	p->stop_due_ms = NO_DEADLINE;
	r = cw_outproc_put(&s->out, "Close", p->lane.guid);
	p->events->finished(p->arg, outcome, error);
	return r < 0 && s->state != SESSION_LOST ? lose_because(s, r, "out of memory") : CW_OK;
}

static struct cw_psrp_pipeline *
find(struct cw_psrp *s, const uint8_t guid[16])
{
	for (size_t i = 0; i < CW_PSRP_PIPELINES_MAX; i++)
		if (s->pipelines[i].state != PIPELINE_FREE &&
		    memcmp(s->pipelines[i].lane.guid, guid, 16) == 0)
			return &s->pipelines[i];
	return NULL;
}

/* --- messages from the engine */

static int
on_pool_state(struct cw_psrp *s, const struct cw_ps_value *v)
{
	const struct cw_ps_value *why = cw_ps_get(v, "ExceptionAsErrorRecord");
	int64_t state = -1;
	struct cw_err err;

	if (!cw_ps_to_int(cw_ps_get(v, "RunspaceState"), &state))
		return cw_fail(&err, CW_EPROTO, "a runspace pool state without its number"),
		       lose(s, &err);
	if (state == POOL_OPENED && s->state == SESSION_OPENING) {
		s->state = SESSION_OPEN;
		s->due_ms = NO_DEADLINE;
		s->events.opened(s->events.arg);
	} else if (state == POOL_CLOSED || state == POOL_BROKEN) {
		(void)cw_fail(&err, CW_ECLOSED, "PowerShell closed the runspace: %s",
		    cw_ps_str(why) != NULL ? cw_ps_str(why) : "it gave no reason");
		return lose(s, &err);
	}
	return CW_OK;
}

static int
on_session_key(struct cw_psrp *s, const struct cw_ps_value *v)
{
	const struct cw_ps_value *key = cw_ps_get(v, "EncryptedSessionKey");
	struct cw_err err;

	if (s->secure == NULL || s->keyed || key == NULL || key->kind != CW_PS_STRING)
		return lose_because(s, CW_EPROTO, "a session key that was not asked for");
	if (cw_psrp_secure_accept(s->secure, key->text.data, key->text.len, &err) < 0)
		return lose(s, &err);
	s->keyed = true;
	s->due_ms = NO_DEADLINE;
	if (s->events.keyed != NULL)
		s->events.keyed(s->events.arg);
	return CW_OK;
}

static int
on_pool_message(struct cw_psrp *s, uint32_t type, const struct cw_ps_value *v, uint64_t now_ms)
{
	struct cw_err err;
	int r;

	switch (type) {
	case CW_PSRP_RUNSPACEPOOL_STATE: return on_pool_state(s, v);
	case CW_PSRP_ENCRYPTED_SESSION_KEY: return on_session_key(s, v);
	case CW_PSRP_PUBLIC_KEY_REQUEST:
		if (!s->keyed && s->secure == NULL &&
		    (r = cw_psrp_exchange_key(s, now_ms, &err)) < 0)
			return lose(s, &err);
		return CW_OK;
	default: return CW_OK; /* capability, application data, user events: nothing to do */
	}
}

static int
on_pipeline_state(struct cw_psrp_pipeline *p, const struct cw_ps_value *v, uint64_t now_ms)
{
	const struct cw_ps_value *error = cw_ps_get(v, "ExceptionAsErrorRecord");
	int64_t state = -1;

	if (error != NULL && error->kind == CW_PS_NULL)
		error = NULL;
	if (!cw_ps_to_int(cw_ps_get(v, "PipelineState"), &state))
		return lose_because(p->session, CW_EPROTO, "a pipeline state without its number");
	switch (state) {
	case PIPELINE_COMPLETED: return finish(p, CW_PSRP_COMPLETED, error, now_ms);
	case PIPELINE_STOPPED:
		return finish(p, p->timed_out ? CW_PSRP_TIMED_OUT : CW_PSRP_STOPPED, error, now_ms);
	case PIPELINE_FAILED:
	case PIPELINE_DISCONNECTED: return finish(p, CW_PSRP_FAILED, error, now_ms);
	default: return CW_OK; /* not started, running, stopping */
	}
}

static int
on_host_call(struct cw_psrp_pipeline *p, const struct cw_ps_value *v, uint64_t now_ms)
{
	const struct cw_ps_value *method = cw_ps_get(v, "mi");
	struct cw_psrp_host_call call = { .method_name = cw_ps_str(method),
		.parameters = cw_ps_get(v, "mp") };

	if (!cw_ps_to_int(cw_ps_get(v, "ci"), &call.id) || !cw_ps_to_int(method, &call.method))
		return lose_because(p->session, CW_EPROTO, "a host call without its number");
	if (p->events->host_call == NULL)
		signal_stop(p, now_ms);
	else
		p->events->host_call(p->arg, &call);
	return CW_OK;
}

static int
on_pipeline_message(
    struct cw_psrp_pipeline *p, uint32_t type, const struct cw_ps_value *v, uint64_t now_ms)
{
	static const struct {
		enum cw_psrp_type type;
		enum cw_psrp_stream stream;
	} streams[] = {
		{ CW_PSRP_ERROR_RECORD, CW_PSRP_ERROR },
		{ CW_PSRP_WARNING_RECORD, CW_PSRP_WARNING },
		{ CW_PSRP_VERBOSE_RECORD, CW_PSRP_VERBOSE },
		{ CW_PSRP_DEBUG_RECORD, CW_PSRP_DEBUG },
		{ CW_PSRP_INFORMATION_RECORD, CW_PSRP_INFORMATION },
		{ CW_PSRP_PROGRESS_RECORD, CW_PSRP_PROGRESS },
	};

	if (p->state != PIPELINE_RUNNING)
		return CW_OK; /* its end has been told: what comes after that is nobody's */
	switch (type) {
	case CW_PSRP_PIPELINE_OUTPUT: p->events->output(p->arg, v); return CW_OK;
	case CW_PSRP_PIPELINE_STATE: return on_pipeline_state(p, v, now_ms);
	case CW_PSRP_PIPELINE_HOST_CALL: return on_host_call(p, v, now_ms);
	default: break;
	}
	for (size_t i = 0; i < CW_COUNT(streams) && p->events->record != NULL; i++)
		if (type == (uint32_t)streams[i].type)
			p->events->record(p->arg, streams[i].stream, v);
	return CW_OK;
}

static int
on_message(
    struct cw_psrp *s, struct cw_psrp_pipeline *p, const uint8_t *bytes, size_t n, uint64_t now_ms)
{
	const struct cw_ps_value *v = cw_ps_null();
	struct cw_psrp_message m;
	struct cw_err err;
	int r;

	if (cw_psrp_message_read(&m, bytes, n, &err) < 0)
		return lose(s, &err);
	if (m.destination != CW_PSRP_TO_CLIENT)
		return lose_because(
		    s, CW_EPROTO, "a message from PowerShell that is not for the client");
	cw_ps_arena_reset(s->values);
	if (m.xml_len > 0 && cw_clixml_read(s->reader, &v, s->values, m.xml, m.xml_len, &err) < 0)
		return lose(s, &err);
	r = p == NULL ? on_pool_message(s, m.type, v, now_ms)
		      : on_pipeline_message(p, m.type, v, now_ms);
	return s->state == SESSION_LOST && r == CW_OK ? CW_ECLOSED : r;
}

static int
on_data(struct cw_psrp *s, const struct cw_outproc_line *line, uint64_t now_ms)
{
	static const uint8_t pool_guid[16];
	struct cw_psrp_pipeline *p = NULL;
	struct lane *l = &s->lane;
	struct cw_psrp_fragment frag;
	const uint8_t *whole;
	struct cw_err err;
	size_t len;
	int r;

	if (memcmp(line->guid, pool_guid, 16) != 0) {
		if ((p = find(s, line->guid)) == NULL || p->state == PIPELINE_ENDING)
			return CW_OK;
		l = &p->lane;
	}
	if ((r = cw_base64_get(&l->rx, line->base64, line->base64_len)) < 0)
		return lose_because(
		    s, r == CW_EINVAL ? CW_EPROTO : r, "Data from PowerShell that is not base64");
	while ((r = cw_psrp_fragment_read(&frag, &l->rx, &err)) == CW_OK) {
		if ((r = cw_psrp_assembly_add(&l->assembly, &frag, &whole, &len, &err)) ==
		    CW_EAGAIN)
			continue;
		if (r < 0)
			return lose(s, &err);
		if ((r = on_message(s, p, whole, len, now_ms)) < 0)
			return r;
		if (p != NULL && p->state != PIPELINE_RUNNING)
			return CW_OK;
	}
	return r == CW_EAGAIN ? CW_OK : lose(s, &err);
}

static int
on_data_ack(struct cw_psrp *s, const uint8_t guid[16], uint64_t now_ms)
{
	static const uint8_t pool_guid[16];
	struct cw_psrp_pipeline *p = find(s, guid);
	struct lane *l = memcmp(guid, pool_guid, 16) == 0 ? &s->lane : p != NULL ? &p->lane : NULL;
	int r;

	if (l == NULL || l->ack_due_ms == NO_DEADLINE)
		return CW_OK; /* of a pipeline that has ended meanwhile */
	l->ack_due_ms = NO_DEADLINE;
	return (r = lane_pump(s, l, now_ms)) < 0 ? lose_because(s, r, cw_strerror(r)) : CW_OK;
}

static int
on_command_ack(struct cw_psrp *s, const uint8_t guid[16], uint64_t now_ms)
{
	struct cw_psrp_pipeline *p = find(s, guid);
	int r;

	if (p == NULL || p->state != PIPELINE_STARTING)
		return lose_because(
		    s, CW_EPROTO, "an acknowledgement of a command that was not sent");
	p->state = PIPELINE_RUNNING;
	p->due_ms = now_ms + p->timeout_ms;
	if (p->stop) /* nothing of it has run */
		return finish(p, CW_PSRP_STOPPED, NULL, now_ms);
	return (r = lane_pump(s, &p->lane, now_ms)) < 0 ? lose_because(s, r, cw_strerror(r))
							: CW_OK;
}

static int
on_line(struct cw_psrp *s, const struct cw_outproc_line *line, uint64_t now_ms)
{
	struct cw_psrp_pipeline *p;

	switch (line->element) {
	case CW_OUTPROC_DATA: return on_data(s, line, now_ms);
	case CW_OUTPROC_DATA_ACK: return on_data_ack(s, line->guid, now_ms);
	case CW_OUTPROC_COMMAND_ACK: return on_command_ack(s, line->guid, now_ms);
	case CW_OUTPROC_CLOSE_ACK:
		if ((p = find(s, line->guid)) != NULL && p->state == PIPELINE_ENDING)
			p->state = PIPELINE_FREE;
		return CW_OK;
	case CW_OUTPROC_SIGNAL_ACK: return CW_OK; /* the pipeline's state tells more */
	}
	return CW_OK;
}

static int
read_lines(struct cw_psrp *s, struct cw_buf *in, uint64_t now_ms)
{
	struct cw_outproc_line line;
	struct cw_err err;
	int r;

	while ((r = cw_outproc_read(&line, in, &err)) == CW_OK)
		if ((r = on_line(s, &line, now_ms)) < 0)
			return r;
	return r == CW_EAGAIN ? CW_OK : lose(s, &err);
}

static int
feed(struct cw_psrp *s, const void *bytes, size_t n, uint64_t now_ms)
{
	const char *p = bytes, *newline;
	struct cw_buf view = { 0 };
	size_t head;
	int r;

	if (s->state == SESSION_LOST)
		return CW_ECLOSED;
	/* The end of the line that was begun, then whole lines where they lie, then the next
	 * beginning. */
	if (cw_buf_left(&s->in) > 0) {
		newline = memchr(p, '\n', n);
		head = newline == NULL ? n : (size_t)(newline + 1 - p);
		if (cw_buf_put(&s->in, p, head) < 0)
			return lose_because(
			    s, CW_ELIMIT, "PowerShell wrote a line that is too long");
		if ((r = read_lines(s, &s->in, now_ms)) < 0)
			return r;
		p += head;
		n -= head;
		if (n == 0)
			return CW_OK;
	}
	view.data = (uint8_t *)(uintptr_t)p;
	view.len = view.cap = view.max = n;
	if ((r = read_lines(s, &view, now_ms)) < 0)
		return r;
	if (cw_buf_left(&view) > 0 &&
	    cw_buf_put(&s->in, cw_buf_peek(&view), cw_buf_left(&view)) < 0)
		return lose_because(s, CW_ELIMIT, "PowerShell wrote a line that is too long");
	return CW_OK;
}

int
cw_psrp_feed(struct cw_psrp *s, const void *bytes, size_t n, uint64_t now_ms)
{
	int r = feed(s, bytes, n, now_ms);

	tell_pending(s);
	return r;
}

/* --- what a caller asks for */

int
cw_psrp_open(struct cw_psrp *s, bool has_host, uint64_t now_ms, struct cw_err *err)
{
	struct cw_buf xml;
	int r;

	if (s->state != SESSION_NEW)
		return cw_fail(err, CW_EINVAL, "the session has been opened before");
	cw_buf_init(&xml, CW_PSRP_MESSAGE_MAX);
	cw_ps_arena_reset(s->making);
	if ((r = cw_psrp_put_capability(&xml)) == CW_OK)
		r = lane_send(s, &s->lane, CW_PSRP_SESSION_CAPABILITY, &xml, now_ms);
	cw_buf_clear(&xml);
	if (r == CW_OK && (r = cw_psrp_put_init_pool(&xml, s->making, has_host, err)) == CW_OK)
		r = lane_send(s, &s->lane, CW_PSRP_INIT_RUNSPACEPOOL, &xml, now_ms);
	cw_buf_free(&xml);
	if (r < 0)
		return cw_fail(err, r, "cannot open a session: %s", cw_strerror(r));
	s->state = SESSION_OPENING;
	s->due_ms = now_ms + CW_PSRP_OPEN_MS;
	tell_pending(s);
	return CW_OK;
}

int
cw_psrp_exchange_key(struct cw_psrp *s, uint64_t now_ms, struct cw_err *err)
{
	struct cw_buf xml;
	int r;

	if (s->state != SESSION_OPEN || s->secure != NULL)
		return cw_fail(
		    err, CW_EINVAL, "the session key is exchanged once, after the session is open");
	if ((r = cw_psrp_secure_new(&s->secure, err)) < 0)
		return r;
	cw_buf_init(&xml, 4096);
	if ((r = cw_buf_puts(&xml, "<Obj RefId=\"0\"><MS><S N=\"PublicKey\">")) == CW_OK &&
	    (r = cw_psrp_secure_public(s->secure, &xml, err)) == CW_OK &&
	    (r = cw_buf_puts(&xml, "</S></MS></Obj>")) == CW_OK &&
	    (r = lane_send(s, &s->lane, CW_PSRP_PUBLIC_KEY, &xml, now_ms)) == CW_OK)
		s->due_ms = now_ms + CW_PSRP_ANSWER_MS;
	else
		(void)cw_fail(err, r, "cannot send the public key: %s", cw_strerror(r));
	cw_buf_free(&xml);
	tell_pending(s);
	return r;
}

static struct cw_psrp_pipeline *
free_slot(struct cw_psrp *s)
{
	for (size_t i = 0; i < CW_PSRP_PIPELINES_MAX; i++)
		if (s->pipelines[i].state == PIPELINE_FREE)
			return &s->pipelines[i];
	return NULL;
}

/* Puts the message's fragments into its lane without sending: the Command's acknowledgement comes
 * first. */
static int
queue_create(struct cw_psrp *s, struct cw_psrp_pipeline *p, const struct cw_psrp_run *run,
    struct cw_err *err)
{
	struct cw_clixml_secret secret = { cw_psrp_secure_encrypt, s->secure };
	struct cw_buf xml;
	int r;

	cw_buf_init(&xml, CW_PSRP_MESSAGE_MAX);
	r = cw_psrp_put_pipeline(&xml, s->making, run, s->keyed ? &secret : NULL, err);
	cw_ps_arena_reset(s->making);
	if (r == CW_OK) {
		p->lane.ack_due_ms = 0; /* holds the pump back */
		if ((r = lane_send(s, &p->lane, CW_PSRP_CREATE_PIPELINE, &xml, 0)) < 0)
			(void)cw_fail(err, r, "a command too large for PowerShell");
		p->lane.ack_due_ms = NO_DEADLINE;
	}
	cw_buf_free(&xml);
	return r;
}

int
cw_psrp_run(struct cw_psrp *s, struct cw_psrp_pipeline **ret, const struct cw_psrp_run *run,
    uint64_t now_ms, struct cw_err *err)
{
	struct cw_psrp_pipeline *p;
	int r;

	if (s->state != SESSION_OPEN)
		return cw_fail(err, CW_EUNAVAILABLE, "the PowerShell session is not open");
	if ((p = free_slot(s)) == NULL)
		return cw_fail(
		    err, CW_ELIMIT, "more than %d pipelines in one session", CW_PSRP_PIPELINES_MAX);
	lane_reset(&p->lane);
	cw_random(p->lane.guid, sizeof(p->lane.guid));
	p->lane.guid[6] = (uint8_t)((p->lane.guid[6] & 0x0f) | 0x40); /* RFC 9562 version 4 */
	p->lane.guid[8] = (uint8_t)((p->lane.guid[8] & 0x3f) | 0x80);
	if ((r = queue_create(s, p, run, err)) < 0)
		return r;
	if ((r = cw_outproc_put(&s->out, "Command", p->lane.guid)) < 0)
		return cw_fail(err, r, "cannot start a pipeline: %s", cw_strerror(r));
	p->state = PIPELINE_STARTING;
	p->events = run->events;
	p->arg = run->arg;
	p->timeout_ms = run->timeout_ms;
	p->due_ms = now_ms + CW_PSRP_ANSWER_MS;
	p->stop_due_ms = NO_DEADLINE;
	p->stop = p->timed_out = false;
	p->has_input = run->input;
	*ret = p;
	tell_pending(s);
	return CW_OK;
}

/* Sends XML made by the caller into a running pipeline. */
static int
send_into(struct cw_psrp_pipeline *p, enum cw_psrp_type type, const struct cw_buf *xml,
    uint64_t now_ms, struct cw_err *err)
{
	bool held = p->state == PIPELINE_STARTING;
	int r;

	if (held)
		p->lane.ack_due_ms = 0;
	r = lane_send(p->session, &p->lane, type, xml, now_ms);
	if (held)
		p->lane.ack_due_ms = NO_DEADLINE;
	tell_pending(p->session);
	return r < 0 ? cw_fail(err, r, "cannot send to a pipeline: %s", cw_strerror(r)) : CW_OK;
}

int
cw_psrp_input(struct cw_psrp_pipeline *p, const struct cw_ps_value *value, uint64_t now_ms,
    struct cw_err *err)
{
	struct cw_clixml_secret secret = { cw_psrp_secure_encrypt, p->session->secure };
	struct cw_buf xml;
	int r = CW_OK;

	if (!p->has_input || p->state == PIPELINE_ENDING)
		return cw_fail(err, CW_EINVAL, "the pipeline takes no input");
	cw_buf_init(&xml, CW_PSRP_MESSAGE_MAX);
	if (value != NULL)
		r = cw_clixml_write(&xml, NULL, value, p->session->keyed ? &secret : NULL, err);
	else
		p->has_input = false;
	if (r == CW_OK)
		r = send_into(p,
		    value != NULL ? CW_PSRP_PIPELINE_INPUT : CW_PSRP_END_OF_PIPELINE_INPUT, &xml,
		    now_ms, err);
	cw_buf_free(&xml);
	return r;
}

int
cw_psrp_host_answer(struct cw_psrp_pipeline *p, const struct cw_psrp_host_call *call,
    const struct cw_ps_value *value, uint64_t now_ms, struct cw_err *err)
{
	struct cw_buf xml;
	int r;

	if (p->state != PIPELINE_RUNNING)
		return cw_fail(err, CW_EINVAL, "the pipeline waits for no answer");
	cw_buf_init(&xml, CW_PSRP_MESSAGE_MAX);
	r = cw_psrp_put_host_response(&xml, p->session->making, call, value, err);
	cw_ps_arena_reset(p->session->making);
	if (r == CW_OK)
		r = send_into(p, CW_PSRP_PIPELINE_HOST_RESPONSE, &xml, now_ms, err);
	cw_buf_free(&xml);
	return r;
}

void
cw_psrp_stop(struct cw_psrp_pipeline *p, uint64_t now_ms)
{
	signal_stop(p, now_ms);
	tell_pending(p->session);
}

struct cw_buf *
cw_psrp_out(struct cw_psrp *s)
{
	return &s->out;
}

/* --- time */

static int
pipeline_tick(struct cw_psrp_pipeline *p, uint64_t now_ms)
{
	struct cw_psrp *s = p->session;

	if (p->lane.ack_due_ms <= now_ms)
		return lose_because(s, CW_ETIMEOUT, "PowerShell did not acknowledge Data in time");
	if (p->stop_due_ms <= now_ms)
		return lose_because(s, CW_ETIMEOUT, "a command did not stop when it was told to");
	if (p->due_ms > now_ms)
		return CW_OK;
	if (p->state != PIPELINE_RUNNING)
		return lose_because(s, CW_ETIMEOUT,
		    "PowerShell did not acknowledge a command's start or end in time");
	p->due_ms = NO_DEADLINE;
	p->timed_out = true;
	signal_stop(p, now_ms);
	return s->state == SESSION_LOST ? CW_ECLOSED : CW_OK;
}

static uint64_t
sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
cw_psrp_tick(struct cw_psrp *s, uint64_t now_ms)
{
	uint64_t due;

	if (s->state == SESSION_LOST)
		return CW_PSRP_NEVER;
	if (sooner(s->due_ms, s->lane.ack_due_ms) <= now_ms) {
		(void)lose_because(s, CW_ETIMEOUT,
		    s->state == SESSION_OPENING ? "PowerShell did not open a runspace in time"
						: "PowerShell did not answer in time");
		return CW_PSRP_NEVER;
	}
	due = sooner(s->due_ms, s->lane.ack_due_ms);
	for (size_t i = 0; i < CW_PSRP_PIPELINES_MAX; i++) {
		struct cw_psrp_pipeline *p = &s->pipelines[i];

		if (p->state == PIPELINE_FREE)
			continue;
		if (pipeline_tick(p, now_ms) < 0)
			return CW_PSRP_NEVER;
		due = sooner(due, sooner(p->due_ms, sooner(p->stop_due_ms, p->lane.ack_due_ms)));
	}
	tell_pending(s);
	return due == NO_DEADLINE ? CW_PSRP_NEVER : due - now_ms;
}

bool
cw_psrp_is_open(const struct cw_psrp *s)
{
	return s->state == SESSION_OPEN;
}

size_t
cw_psrp_pipelines(const struct cw_psrp *s)
{
	size_t n = 0;

	for (size_t i = 0; i < CW_PSRP_PIPELINES_MAX; i++)
		n += s->pipelines[i].state == PIPELINE_STARTING ||
		    s->pipelines[i].state == PIPELINE_RUNNING;
	return n;
}

/* --- life */

int
cw_psrp_new(struct cw_psrp **ret, const struct cw_psrp_events *events)
{
	struct cw_psrp *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return CW_ENOMEM;
	s->events = *events;
	s->due_ms = NO_DEADLINE;
	s->next_object = 1;
	cw_random(s->pool_id, sizeof(s->pool_id));
	lane_init(&s->lane);
	cw_buf_init(&s->in, CW_OUTPROC_LINE_MAX + 2);
	cw_buf_init(&s->out, OUT_MAX);
	cw_buf_init(&s->blob, CW_PSRP_MESSAGE_MAX + CW_PSRP_MESSAGE_HEADER);
	for (size_t i = 0; i < CW_PSRP_PIPELINES_MAX; i++) {
		s->pipelines[i].session = s;
		lane_init(&s->pipelines[i].lane);
	}
	if (cw_clixml_new(&s->reader) < 0 || cw_ps_arena_new(&s->values, CW_PS_ARENA_MAX) < 0 ||
	    cw_ps_arena_new(&s->making, CW_PS_ARENA_MAX) < 0) {
		cw_psrp_free(s);
		return CW_ENOMEM;
	}
	*ret = s;
	return CW_OK;
}

void
cw_psrp_free(struct cw_psrp *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < CW_PSRP_PIPELINES_MAX; i++)
		lane_free(&s->pipelines[i].lane);
	lane_free(&s->lane);
	cw_buf_free(&s->in);
	cw_buf_free(&s->out);
	cw_buf_free(&s->blob);
	cw_psrp_secure_free(s->secure);
	cw_clixml_free(s->reader);
	cw_ps_arena_free(s->values);
	cw_ps_arena_free(s->making);
	free(s);
}
