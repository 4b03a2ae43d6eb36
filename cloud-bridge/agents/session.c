/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One agent's connection: hello, renewal, heartbeat, the end.
 */
#include <stdlib.h>
#include <string.h>

#include "agents/agents_internal.h"
#include "agents/ca.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "crypto/pki.h"
#include "os/clock.h"

#define ROLES_MAX 8
#define ASK_BURST 20u /* requests of an agent at once */
#define ASK_EVERY_MS 1000u /* and then one in this time */

static void
timer_due(uv_timer_t *timer)
{
	struct session *s = timer->data;

	s->timer_at = CW_WIRE_NEVER;
	if (cw_wire_tick(s->wire, cw_clock_ms()) < 0)
		session_end(s, cw_wire_error(s->wire)->code, cw_wire_error(s->wire)->text);
	else
		session_arm(s);
}

void
session_arm(struct session *s)
{
	uint64_t next = cw_wire_next_ms(s->wire), now = cw_clock_ms();

	/* One that is armed for earlier is left: it looks again when it fires. */
	if (s->conn == NULL || next == CW_WIRE_NEVER || next >= s->timer_at)
		return;
	s->timer_at = next;
	uv_timer_start(&s->timer, timer_due, next > now ? next - now : 0, 0);
}

static void
flush(struct session *s)
{
	const struct cw_buf *out = cw_wire_out(s->wire);
	size_t n;

	while (s->conn != NULL && cw_buf_left(out) > 0 &&
	    (n = cw_conn_write(s->conn, cw_buf_peek(out), cw_buf_left(out))) > 0)
		cw_wire_sent(s->wire, n);
}

static void
on_output(void *arg)
{
	struct session *s = arg;

	if (s->feeding) /* what one read causes goes out together, at its end */
		return;
	flush(s);
	session_arm(s);
}

void
session_end(struct session *s, int code, const char *why)
{
	struct cw_agents *a = s->owner;
	bool was_live = s->live;

	agents_remove(s);
	cw_wire_close(s->wire, code, why);
	if (s->conn != NULL)
		cw_conn_abort(s->conn, code, why);
	if (was_live && a->config.changed != NULL)
		a->config.changed(a->config.arg, s->record.id, s->record.tenant, false);
}

static void
refuse(struct session *s, struct cw_wire_call *call, const struct cw_err *err)
{
	struct cw_agents *a = s->owner;

	cw_wire_call_fail(call, err->code, err->text, NULL);
	s->finishing = true; /* once the answer is out */
	if (a->config.refused != NULL)
		a->config.refused(a->config.arg, cw_conn_address(s->conn), err);
}

/* The certificate is the current one of an agent that may connect. */
static int
check_certificate(struct session *s, struct cw_err *err)
{
	char agent[CW_PKI_NAME_TEXT], tenant[CW_PKI_NAME_TEXT], serial[CW_PKI_SERIAL_TEXT];
	const struct cw_agents_store *store = &s->owner->store;
	X509 *cert = cw_conn_certificate(s->conn);
	struct cw_agent_record *rec = &s->record;
	int64_t from;
	int r;

	if (cert == NULL || cw_pki_cert_subject(agent, tenant, cert) < 0 ||
	    cw_pki_cert_serial(serial, cert) < 0 ||
	    cw_pki_cert_validity(&from, &s->certificate_until_ms, cert) < 0)
		return cw_fail(err, CW_EAUTH, "the certificate is not one of an agent");
	if ((r = store->agent_find(store->arg, rec, agent, err)) < 0)
		return r == CW_ENOTFOUND
		    ? cw_fail(err, CW_EAUTH, "no agent %s is known here; enrol this server again",
			  agent)
		    : r;
	if (rec->revoked)
		return cw_fail(err, CW_EDENIED,
		    "agent %s was revoked; enrol this server again to use it", agent);
	if (!cw_streq(rec->tenant, tenant))
		return cw_fail(
		    err, CW_EAUTH, "agent %s is not of the tenant in its certificate", agent);
	if (cw_streq(rec->serial, serial))
		return CW_OK;
	if (rec->next_serial[0] == '\0' || !cw_streq(rec->next_serial, serial))
		return cw_fail(err, CW_EAUTH,
		    "certificate %s of agent %s was replaced by a newer one", serial, agent);
	/* It has the renewed one in hand, so the one before has had its day. */
	return store->agent_serials(store->arg, agent, serial, "", err);
}

static int
check_seal_key(const cJSON *params, const struct cw_agent_record *rec, struct cw_err *err)
{
	const char *text;
	struct cw_buf key;
	int r;

	if ((r = cw_json_need_str(&text, params, "seal_key", err)) < 0)
		return r;
	cw_buf_init(&key, 2 * CW_AGENT_SEAL_KEY);
	if (cw_base64_get(&key, text, strlen(text)) < 0 || cw_buf_left(&key) != CW_AGENT_SEAL_KEY ||
	    memcmp(cw_buf_peek(&key), rec->seal_key, CW_AGENT_SEAL_KEY) != 0)
		r = cw_fail(err, CW_EAUTH,
		    "the sealing key is not the one of the enrolment; enrol this server again");
	cw_buf_free(&key);
	return r;
}

/* What it serves now of what it was granted; an agent that does not say serves all. */
static int
read_roles(struct session *s, const cJSON *params, struct cw_err *err)
{
	const cJSON *roles = cw_json_get(params, "roles"), *role;
	char offered[CW_AGENT_ROLES_MAX] = "";
	size_t used = 0, n;

	if (roles == NULL) {
		memcpy(s->status.roles, s->record.roles, sizeof(s->status.roles));
		return CW_OK;
	}
	if (!cJSON_IsArray(roles) || cJSON_GetArraySize(roles) > ROLES_MAX)
		return cw_fail(err, CW_EINVAL, "roles is no list of at most %d", ROLES_MAX);
	cJSON_ArrayForEach (role, roles) {
		if (!cJSON_IsString(role))
			return cw_fail(err, CW_EINVAL, "roles holds something that is no string");
		n = strlen(role->valuestring);
		if (!agents_has_role(s->record.roles, role->valuestring) ||
		    agents_has_role(offered, role->valuestring) || used + n + 2 > sizeof(offered))
			continue;
		if (used > 0)
			offered[used++] = ',';
		memcpy(offered + used, role->valuestring, n + 1);
		used += n;
	}
	memcpy(s->status.roles, offered, sizeof(s->status.roles));
	return CW_OK;
}

/* A module became available there, or was lost. */
static void
change_roles(struct session *s, struct cw_wire_call *call, const cJSON *params)
{
	static const char *const members[] = { "roles", NULL };
	struct cw_agents *a = s->owner;
	struct cw_err err = { 0 };
	int r;

	if ((r = cw_json_only(params, members, "agent.roles", &err)) < 0 ||
	    (r = read_roles(s, params, &err)) < 0) {
		cw_wire_call_fail(call, r, err.text, NULL);
		return;
	}
	cw_wire_call_finish(call, cJSON_CreateObject());
	if (a->config.changed != NULL)
		a->config.changed(a->config.arg, s->record.id, s->record.tenant, true);
}

static int
read_hello(struct session *s, const cJSON *params, struct cw_err *err)
{
	static const char *const members[] = { "version", "hostname", "os", "epoch", "counter",
		"roles", "seal_key", NULL };
	const struct cw_agents_store *store = &s->owner->store;
	struct cw_agent_seen seen = { .at_ms = cw_clock_unix_ms() };
	int r;

	if ((r = check_certificate(s, err)) < 0 ||
	    (r = cw_json_only(params, members, "agent.hello", err)) < 0 ||
	    (r = agents_member(seen.version, sizeof(seen.version), params, "version", err)) < 0 ||
	    (r = agents_member(seen.hostname, sizeof(seen.hostname), params, "hostname", err)) <
		0 ||
	    (r = agents_member(seen.os, sizeof(seen.os), params, "os", err)) < 0 ||
	    (r = agents_member(seen.epoch, sizeof(seen.epoch), params, "epoch", err)) < 0 ||
	    (r = check_seal_key(params, &s->record, err)) < 0 ||
	    (r = read_roles(s, params, err)) < 0)
		return r;
	if (!cw_json_int(params, "counter", &seen.counter) || seen.counter < 0)
		return cw_fail(err, CW_EINVAL, "counter is missing or not a whole number");
	if ((r = store->agent_touch(store->arg, s->record.id, &seen, err)) < 0)
		return r;
	s->status.connected = true;
	s->status.since_ms = seen.at_ms;
	memcpy(s->status.hostname, seen.hostname, sizeof(seen.hostname));
	memcpy(s->status.version, seen.version, sizeof(seen.version));
	memcpy(s->status.os, seen.os, sizeof(seen.os));
	memcpy(s->status.seal_key, s->record.seal_key, CW_AGENT_SEAL_KEY);
	strncpy(s->status.address, cw_conn_address(s->conn), sizeof(s->status.address) - 1);
	return CW_OK;
}

static void
hello(struct session *s, struct cw_wire_call *call, const cJSON *params)
{
	struct cw_agents *a = s->owner;
	uint64_t beat_ms = a->config.heartbeat_s * 1000u;
	struct cw_err err = { 0 };
	struct session *before;
	char now[CW_TIME_TEXT];
	cJSON *result;

	if (read_hello(s, params, &err) < 0) {
		refuse(s, call, &err);
		return;
	}
	cw_time_text(now, s->status.since_ms);
	result = cJSON_CreateObject();
	cJSON_AddStringToObject(result, "bridge_version", a->config.version);
	cJSON_AddStringToObject(result, "time", now);
	cJSON_AddNumberToObject(result, "heartbeat_s", a->config.heartbeat_s);
	cw_wire_call_finish(call, result);
	cw_conn_authenticated(s->conn);
	/* The agent pings; here it is only noticed when it no longer does. */
	cw_wire_set_heartbeat(s->wire, 0, beat_ms * 5 / 2);
	if ((before = agents_lookup(a, s->record.id)) != NULL)
		session_end(before, CW_ECLOSED, "the agent connected anew");
	agents_insert(s);
	if (a->connected != NULL)
		a->connected(a->connected_arg, s->record.id, s->record.tenant);
	if (s->live && a->config.changed != NULL)
		a->config.changed(a->config.arg, s->record.id, s->record.tenant, true);
}

static void
renew(struct session *s, struct cw_wire_call *call, const cJSON *params)
{
	const struct cw_agents_store *store = &s->owner->store;
	char serial[CW_AGENT_SERIAL_MAX];
	struct cw_agent_record rec;
	struct cw_err err = { 0 };
	const char *csr;
	struct cw_buf pem;
	cJSON *result;
	int r;

	cw_buf_init(&pem, CW_PKI_PEM_MAX);
	if ((r = cw_json_need_str(&csr, params, "csr", &err)) == CW_OK &&
	    (r = store->agent_find(store->arg, &rec, s->record.id, &err)) == CW_OK &&
	    (r = agents_issue(s->owner, &pem, serial, csr, s->record.id, s->record.tenant, &err)) ==
		CW_OK)
		r = store->agent_serials(store->arg, rec.id, rec.serial, serial, &err);
	if (r < 0) {
		cw_wire_call_fail(call, r, err.text, NULL);
	} else {
		s->certificate_until_ms =
		    cw_clock_unix_ms() + (int64_t)s->owner->config.certificate_days * 86400 * 1000;
		result = cJSON_CreateObject();
		cJSON_AddStringToObject(result, "certificate", cw_buf_str(&pem));
		cw_wire_call_finish(call, result);
	}
	cw_buf_free(&pem);
}

/* A bucket that fills with each request and leaks with time: an agent asks rarely by itself, and
 * what it asks is signed, or made durable while everybody waits. */
static bool
asks_too_much(struct session *s)
{
	uint64_t now = cw_clock_ms();

	s->asked_until_ms = s->asked_until_ms > now ? s->asked_until_ms : now;
	if (s->asked_until_ms - now >= ASK_BURST * ASK_EVERY_MS)
		return true;
	s->asked_until_ms += ASK_EVERY_MS;
	return false;
}

static void
on_request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	struct session *s = arg;

	if (s->finishing)
		cw_wire_call_fail(call, CW_EDENIED, "this connection was refused", NULL);
	else if (asks_too_much(s))
		cw_wire_call_fail(call, CW_ELIMIT, "this agent asks too much", NULL);
	else if (cw_streq(method, "agent.hello") && !s->live)
		hello(s, call, params);
	else if (!s->live)
		cw_wire_call_fail(call, CW_EDENIED, "agent.hello comes first, and once", NULL);
	else if (cw_streq(method, "agent.renew"))
		renew(s, call, params);
	else if (cw_streq(method, "agent.roles"))
		change_roles(s, call, params);
	else if (cw_streq(method, "ping"))
		cw_wire_call_finish(call, cJSON_CreateObject());
	else
		cw_wire_call_fail(call, CW_ENOTFOUND, "no such method", NULL);
}

static void
on_data(void *arg, const void *p, size_t n)
{
	struct session *s = arg;
	const struct cw_err *err = cw_wire_error(s->wire);

	s->feeding = true;
	(void)cw_wire_feed(s->wire, p, n, cw_clock_ms());
	s->feeding = false;
	flush(s);
	if (s->conn == NULL)
		return;
	if (err->code != 0)
		session_end(s, err->code, err->text);
	else if (s->finishing)
		cw_conn_finish(s->conn, CW_EDENIED, "refused");
	else if (s->live && cw_clock_unix_ms() > s->certificate_until_ms)
		session_end(s, CW_EEXPIRED, "the agent's certificate has expired");
	else
		session_arm(s);
}

static void
on_writable(void *arg)
{
	flush(arg);
}

static void
timer_closed(uv_handle_t *handle)
{
	struct session *s = handle->data, **at = &s->owner->all;
	struct cw_agents *a = s->owner;

	while (*at != s)
		at = &(*at)->next_all;
	*at = s->next_all;
	cw_wire_free(s->wire);
	free(s);
	agents_free_when_done(a);
}

static void
on_closed(void *arg, const struct cw_err *why)
{
	struct session *s = arg;

	s->conn = NULL;
	session_end(s, why->code, why->text);
	uv_close((uv_handle_t *)&s->timer, timer_closed);
}

void
session_new(struct cw_agents *a, struct cw_conn *conn)
{
	static const struct cw_conn_events events = { on_data, on_writable, on_closed };
	struct session *s = calloc(1, sizeof(*s));
	const struct cw_wire_config config = { s, on_request, on_output, 0, 0 };

	if (s == NULL || cw_wire_new(&s->wire, &config, cw_clock_ms()) < 0) {
		free(s);
		cw_conn_abort(conn, CW_ENOMEM, "no memory for an agent's connection");
		return;
	}
	s->owner = a;
	s->conn = conn;
	s->timer.data = s;
	s->timer_at = CW_WIRE_NEVER;
	uv_timer_init(a->config.loop, &s->timer);
	s->next_all = a->all;
	a->all = s;
	cw_conn_watch(conn, &events, s);
}
