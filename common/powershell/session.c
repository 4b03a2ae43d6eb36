/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session: the lines that come in, the runspace pool's own messages, and
 * what is due when.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "os/random.h"
#include "powershell/clixml.h"
#include "powershell/request.h"
#include "powershell/secure.h"
#include "powershell/session_internal.h"

#define OUT_MAX (2u * CW_PSRP_MESSAGE_MAX) /* one Data for each lane is far less */

/* [MS-PSRP] 2.2.3.4; the others are on the way */
enum { POOL_OPENED = 2, POOL_CLOSED = 3, POOL_BROKEN = 5 };

static const uint8_t pool_guid[16];

/* --- the session's end */

int
cw_psrp_lose(struct cw_psrp *s, const struct cw_err *err)
{
	if (s->state != SESSION_LOST) {
		s->state = SESSION_LOST;
		s->events.lost(s->events.arg, err);
	}
	return err->code;
}

int
cw_psrp_lose_because(struct cw_psrp *s, int code, const char *why)
{
	struct cw_err err;

	(void)cw_fail(&err, code, "%s", why);
	return cw_psrp_lose(s, &err);
}

void
cw_psrp_fail(struct cw_psrp *s, int code, const char *why)
{
	(void)cw_psrp_lose_because(s, code, why);
}

void
cw_psrp_close(struct cw_psrp *s)
{
	s->state = SESSION_LOST;
}

/* --- what goes out */

void
cw_psrp_tell_pending(struct cw_psrp *s)
{
	if (s->events.pending != NULL && s->state != SESSION_LOST && cw_buf_left(&s->out) > 0)
		s->events.pending(s->events.arg);
}

void
cw_psrp_say(struct cw_psrp *s, const char *element, const struct cw_psrp_lane *l)
{
	int r = cw_outproc_put(&s->out, element, l->guid);

	if (r < 0)
		s->broken = r;
}

void
cw_psrp_pump(struct cw_psrp *s, struct cw_psrp_lane *l, uint64_t now_ms)
{
	int r = cw_psrp_lane_pump(l, &s->out, now_ms + CW_PSRP_ANSWER_MS);

	if (r < 0)
		s->broken = r;
}

int
cw_psrp_send(struct cw_psrp *s, struct cw_psrp_lane *l, enum cw_psrp_type type,
    const struct cw_buf *xml, uint64_t now_ms)
{
	struct cw_psrp_message m = { .destination = CW_PSRP_TO_SERVER, .type = type };
	struct cw_buf message;
	int r;

	memcpy(m.pool_id, s->pool_id, 16);
	memcpy(m.pipeline_id, l->guid, 16);
	m.xml = (const char *)cw_buf_peek(xml);
	m.xml_len = cw_buf_left(xml);
	cw_buf_init(&message, CW_PSRP_MESSAGE_MAX + CW_PSRP_MESSAGE_HEADER);
	if ((r = cw_psrp_message_put(&message, &m)) == CW_OK)
		r = cw_psrp_lane_queue(
		    l, s->next_object++, cw_buf_peek(&message), cw_buf_left(&message));
	cw_buf_free_secret(&message);
	if (r == CW_OK)
		cw_psrp_pump(s, l, now_ms);
	return r;
}

struct cw_buf *
cw_psrp_out(struct cw_psrp *s)
{
	return &s->out;
}

/* --- the pool's messages */

static int
on_pool_state(struct cw_psrp *s, const struct cw_ps_value *v)
{
	const char *why = cw_ps_str(cw_ps_get(v, "ExceptionAsErrorRecord"));
	struct cw_err err;
	int64_t state;

	if (!cw_ps_to_int(cw_ps_get(v, "RunspaceState"), &state))
		return cw_psrp_lose_because(
		    s, CW_EPROTO, "a runspace pool state without its number");
	if (state == POOL_OPENED && s->state == SESSION_OPENING) {
		s->state = SESSION_OPEN;
		s->due_ms = CW_PSRP_NO_DEADLINE;
		s->events.opened(s->events.arg);
	} else if (state == POOL_CLOSED || state == POOL_BROKEN) {
		(void)cw_fail(&err, CW_ECLOSED, "PowerShell closed the runspace: %s",
		    why != NULL ? why : "it gave no reason");
		return cw_psrp_lose(s, &err);
	}
	return CW_OK;
}

static int
on_session_key(struct cw_psrp *s, const struct cw_ps_value *v)
{
	const struct cw_ps_value *key = cw_ps_get(v, "EncryptedSessionKey");
	struct cw_err err;

	if (s->secure == NULL || s->keyed || key == NULL || key->kind != CW_PS_STRING)
		return cw_psrp_lose_because(s, CW_EPROTO, "a session key that was not asked for");
	if (cw_psrp_secure_accept(s->secure, key->text.data, key->text.len, &err) < 0)
		return cw_psrp_lose(s, &err);
	s->keyed = true;
	s->due_ms = CW_PSRP_NO_DEADLINE;
	if (s->events.keyed != NULL)
		s->events.keyed(s->events.arg);
	return CW_OK;
}

static int
on_key_request(struct cw_psrp *s, uint64_t now_ms)
{
	struct cw_err err;

	if (s->secure == NULL && cw_psrp_exchange_key(s, now_ms, &err) < 0)
		return cw_psrp_lose(s, &err);
	return CW_OK;
}

/* Of the rest (capability, application data, user events) nothing is needed. */
static bool
pool_wants(uint32_t type)
{
	return type == CW_PSRP_RUNSPACEPOOL_STATE || type == CW_PSRP_ENCRYPTED_SESSION_KEY ||
	    type == CW_PSRP_PUBLIC_KEY_REQUEST;
}

static int
on_pool_message(struct cw_psrp *s, uint32_t type, const struct cw_ps_value *v, uint64_t now_ms)
{
	switch (type) {
	case CW_PSRP_RUNSPACEPOOL_STATE: return on_pool_state(s, v);
	case CW_PSRP_ENCRYPTED_SESSION_KEY: return on_session_key(s, v);
	case CW_PSRP_PUBLIC_KEY_REQUEST: return on_key_request(s, now_ms);
	default: return CW_OK;
	}
}

/* --- lines from the engine */

static struct cw_psrp_pipeline *
find(struct cw_psrp *s, const uint8_t guid[16])
{
	for (size_t i = 0; i < CW_PSRP_PIPELINES_MAX; i++)
		if (s->pipelines[i].state != PIPELINE_FREE &&
		    memcmp(s->pipelines[i].lane.guid, guid, 16) == 0)
			return &s->pipelines[i];
	return NULL;
}

/* A whole message, of a pipeline or (NULL) of the pool. */
static int
on_message(
    struct cw_psrp *s, struct cw_psrp_pipeline *p, const uint8_t *bytes, size_t n, uint64_t now_ms)
{
	const struct cw_ps_value *v = cw_ps_null();
	struct cw_psrp_message m;
	struct cw_err err;

	if (cw_psrp_message_read(&m, bytes, n, &err) < 0)
		return cw_psrp_lose(s, &err);
	if (m.destination != CW_PSRP_TO_CLIENT)
		return cw_psrp_lose_because(
		    s, CW_EPROTO, "a message from PowerShell that is not for the client");
	if (p != NULL ? !cw_psrp_pipeline_wants(p, m.type) : !pool_wants(m.type))
		return CW_OK;
	cw_ps_arena_reset(s->values);
	if (m.xml_len > 0 && cw_clixml_read(s->reader, &v, s->values, m.xml, m.xml_len, &err) < 0)
		return cw_psrp_lose(s, &err);
	return p != NULL ? cw_psrp_pipeline_message(p, m.type, v, now_ms)
			 : on_pool_message(s, m.type, v, now_ms);
}

static int
on_data(struct cw_psrp *s, const struct cw_outproc_line *line, uint64_t now_ms)
{
	struct cw_psrp_pipeline *p = NULL;
	struct cw_psrp_lane *l = &s->lane;
	const uint8_t *message;
	struct cw_err err;
	size_t len;
	int r;

	if (memcmp(line->guid, pool_guid, 16) != 0) {
		if ((p = find(s, line->guid)) == NULL || p->state == PIPELINE_ENDING)
			return CW_OK; /* of a pipeline whose end has been told */
		l = &p->lane;
	}
	if (cw_psrp_lane_take(l, line->base64, line->base64_len, &err) < 0)
		return cw_psrp_lose(s, &err);
	while ((r = cw_psrp_lane_next(l, &message, &len, &err)) == CW_OK) {
		if ((r = on_message(s, p, message, len, now_ms)) < 0)
			return r;
		if (s->state == SESSION_LOST || (p != NULL && p->state == PIPELINE_ENDING))
			return CW_OK;
	}
	return r == CW_EAGAIN ? CW_OK : cw_psrp_lose(s, &err);
}

static void
on_data_ack(struct cw_psrp *s, const uint8_t guid[16], uint64_t now_ms)
{
	struct cw_psrp_pipeline *p = find(s, guid);
	struct cw_psrp_lane *l = memcmp(guid, pool_guid, 16) == 0 ? &s->lane
	    : p != NULL                                           ? &p->lane
								  : NULL;

	if (l == NULL)
		return; /* of a pipeline that has ended meanwhile */
	cw_psrp_lane_acked(l);
	cw_psrp_pump(s, l, now_ms);
}

static int
on_line(struct cw_psrp *s, const struct cw_outproc_line *line, uint64_t now_ms)
{
	struct cw_psrp_pipeline *p;

	switch (line->element) {
	case CW_OUTPROC_DATA: return on_data(s, line, now_ms);
	case CW_OUTPROC_DATA_ACK: on_data_ack(s, line->guid, now_ms); return CW_OK;
	case CW_OUTPROC_COMMAND_ACK:
		if ((p = find(s, line->guid)) == NULL)
			return cw_psrp_lose_because(
			    s, CW_EPROTO, "an acknowledgement of a command that was not sent");
		return cw_psrp_pipeline_begun(p, now_ms);
	case CW_OUTPROC_CLOSE_ACK:
		if ((p = find(s, line->guid)) != NULL && p->state == PIPELINE_ENDING)
			p->state = PIPELINE_FREE;
		return CW_OK;
	case CW_OUTPROC_SIGNAL_ACK: return CW_OK; /* the pipeline's state tells more */
	}
	return CW_OK;
}

/* Until there is no whole line left, or the session is lost, or an event has closed it. */
static int
read_lines(struct cw_psrp *s, struct cw_buf *in, uint64_t now_ms)
{
	struct cw_outproc_line line;
	struct cw_err err;
	int r;

	while ((r = cw_outproc_read(&line, in, &err)) == CW_OK) {
		if ((r = on_line(s, &line, now_ms)) < 0)
			return r;
		if (s->state == SESSION_LOST)
			return CW_ECLOSED;
	}
	return r == CW_EAGAIN ? CW_OK : cw_psrp_lose(s, &err);
}

static int
keep(struct cw_psrp *s, const char *p, size_t n)
{
	int r = cw_buf_put(&s->in, p, n);

	return r < 0 ? cw_psrp_lose_because(s, r, "PowerShell wrote a line that is too long")
		     : CW_OK;
}

/* The end of the line that was begun, then whole lines where they lie, then the next beginning. */
static int
feed(struct cw_psrp *s, const char *p, size_t n, uint64_t now_ms)
{
	struct cw_buf view = { 0 };
	int r;

	if (s->state == SESSION_LOST)
		return CW_ECLOSED;
	if (cw_buf_left(&s->in) > 0) {
		const char *newline = memchr(p, '\n', n);
		size_t head = newline == NULL ? n : (size_t)(newline + 1 - p);

		if ((r = keep(s, p, head)) < 0 || newline == NULL)
			return r;
		if ((r = read_lines(s, &s->in, now_ms)) < 0)
			return r;
		p += head;
		n -= head;
	}
	view.data = (uint8_t *)(uintptr_t)p;
	view.len = view.cap = view.max = n;
	if ((r = read_lines(s, &view, now_ms)) < 0)
		return r;
	return keep(s, (const char *)cw_buf_peek(&view), cw_buf_left(&view));
}

int
cw_psrp_feed(struct cw_psrp *s, const void *bytes, size_t n, uint64_t now_ms)
{
	int r = n > 0 ? feed(s, bytes, n, now_ms) : CW_OK;

	cw_psrp_tell_pending(s);
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
	if ((r = cw_psrp_put_capability(&xml)) == CW_OK)
		r = cw_psrp_send(s, &s->lane, CW_PSRP_SESSION_CAPABILITY, &xml, now_ms);
	cw_buf_clear(&xml);
	if (r == CW_OK && (r = cw_psrp_put_init_pool(&xml, s->making, has_host, err)) == CW_OK)
		r = cw_psrp_send(s, &s->lane, CW_PSRP_INIT_RUNSPACEPOOL, &xml, now_ms);
	cw_ps_arena_reset(s->making);
	cw_buf_free(&xml);
	if (r < 0)
		return cw_fail(err, r, "cannot open a session: %s", cw_strerror(r));
	s->state = SESSION_OPENING;
	s->due_ms = now_ms + CW_PSRP_OPEN_MS;
	cw_psrp_tell_pending(s);
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
	if ((r = cw_psrp_put_public_key(&xml, s->secure, err)) == CW_OK &&
	    (r = cw_psrp_send(s, &s->lane, CW_PSRP_PUBLIC_KEY, &xml, now_ms)) < 0)
		(void)cw_fail(err, r, "cannot send the public key: %s", cw_strerror(r));
	cw_buf_free(&xml);
	if (r == CW_OK)
		s->due_ms = now_ms + CW_PSRP_ANSWER_MS;
	cw_psrp_tell_pending(s);
	return r;
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
		n += s->pipelines[i].state != PIPELINE_FREE &&
		    s->pipelines[i].state != PIPELINE_ENDING;
	return n;
}

/* --- time */

static uint64_t
sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
cw_psrp_due(const struct cw_psrp *s)
{
	uint64_t due = sooner(s->due_ms, s->lane.ack_due_ms);

	if (s->state == SESSION_LOST)
		return CW_PSRP_NEVER;
	if (s->broken < 0)
		return 0;
	for (size_t i = 0; i < CW_PSRP_PIPELINES_MAX; i++)
		if (s->pipelines[i].state != PIPELINE_FREE)
			due = sooner(
			    due, sooner(s->pipelines[i].due_ms, s->pipelines[i].lane.ack_due_ms));
	return due == CW_PSRP_NO_DEADLINE ? CW_PSRP_NEVER : due;
}

void
cw_psrp_tick(struct cw_psrp *s, uint64_t now_ms)
{
	if (s->state == SESSION_LOST)
		return;
	if (s->broken < 0)
		(void)cw_psrp_lose_because(s, s->broken, cw_strerror(s->broken));
	else if (sooner(s->due_ms, s->lane.ack_due_ms) <= now_ms)
		(void)cw_psrp_lose_because(s, CW_ETIMEOUT,
		    s->state == SESSION_OPENING ? "PowerShell did not open a runspace in time"
						: "PowerShell did not answer in time");
	for (size_t i = 0; i < CW_PSRP_PIPELINES_MAX && s->state != SESSION_LOST; i++)
		if (s->pipelines[i].state != PIPELINE_FREE)
			(void)cw_psrp_pipeline_tick(&s->pipelines[i], now_ms);
	cw_psrp_tell_pending(s);
}

/* --- life */

int
cw_psrp_new(struct cw_psrp **ret, const struct cw_psrp_events *events)
{
	struct cw_psrp *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return CW_ENOMEM;
	s->events = *events;
	s->due_ms = CW_PSRP_NO_DEADLINE;
	s->next_object = 1;
	cw_random(s->pool_id, sizeof(s->pool_id));
	cw_psrp_lane_init(&s->lane);
	cw_buf_init(&s->in, CW_OUTPROC_LINE_MAX + 2); /* \r\n */
	cw_buf_init(&s->out, OUT_MAX);
	for (size_t i = 0; i < CW_PSRP_PIPELINES_MAX; i++) {
		s->pipelines[i].session = s;
		cw_psrp_lane_init(&s->pipelines[i].lane);
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
		cw_psrp_lane_free(&s->pipelines[i].lane);
	cw_psrp_lane_free(&s->lane);
	cw_buf_free_secret(&s->in);
	cw_buf_free_secret(&s->out);
	cw_psrp_secure_free(s->secure);
	cw_clixml_free(s->reader);
	cw_ps_arena_free(s->values);
	cw_ps_arena_free(s->making);
	free(s);
}
