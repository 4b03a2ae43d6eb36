/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server becomes an agent: one request with a token, one answer with a certificate.
 */
#include <stdlib.h>
#include <string.h>

#include "agents/agents_internal.h"
#include "agents/ca.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto/pki.h"
#include "crypto/token.h"
#include "os/clock.h"
#include "os/random.h"

struct enrolment {
	struct cw_agents *owner;
	struct cw_conn *conn;
	struct cw_wire *wire;
	bool feeding, answered;
};

static void
flush(struct enrolment *e)
{
	const struct cw_buf *out = cw_wire_out(e->wire);
	size_t n;

	while (cw_buf_left(out) > 0 &&
	    (n = cw_conn_write(e->conn, cw_buf_peek(out), cw_buf_left(out))) > 0)
		cw_wire_sent(e->wire, n);
}

static int
read_seal_key(uint8_t ret[CW_AGENT_SEAL_KEY], const cJSON *params, struct cw_err *err)
{
	struct cw_buf key;
	const char *text;
	int r;

	if ((r = cw_json_need_str(&text, params, "seal_key", err)) < 0)
		return r;
	cw_buf_init(&key, 2 * CW_AGENT_SEAL_KEY);
	if (cw_base64_get(&key, text, strlen(text)) < 0 || cw_buf_left(&key) != CW_AGENT_SEAL_KEY)
		r = cw_fail(err, CW_EINVAL, "seal_key is not base64 of 32 bytes");
	else
		memcpy(ret, cw_buf_peek(&key), CW_AGENT_SEAL_KEY);
	cw_buf_free(&key);
	return r;
}

/* The agent is in the store when this returns 0; pem holds its certificate. */
static int
enrol(struct cw_agents *a, struct cw_agent_record *rec, struct cw_buf *pem, const cJSON *params,
    struct cw_err *err)
{
	static const char *const members[] = { "token", "csr", "seal_key", "hostname", NULL };
	const struct cw_agents_store *store = &a->store;
	uint8_t ca_hash[CW_PKI_SHA256], hash[CW_TOKEN_HASH];
	int64_t now_ms = cw_clock_unix_ms();
	struct cw_token_grant grant;
	const char *token, *csr;
	int r;

	if ((r = cw_json_only(params, members, "agent.enrol", err)) < 0 ||
	    (r = cw_json_need_str(&token, params, "token", err)) < 0 ||
	    (r = cw_json_need_str(&csr, params, "csr", err)) < 0 ||
	    (r = agents_member(rec->hostname, sizeof(rec->hostname), params, "hostname", err)) <
		0 ||
	    (r = read_seal_key(rec->seal_key, params, err)) < 0 ||
	    (r = cw_token_read(ca_hash, token, err)) < 0 || (r = cw_token_hash(hash, token)) < 0)
		return r;
	if ((r = store->token_find(store->arg, &grant, hash, now_ms, err)) < 0)
		return r;
	cw_random_uuid(rec->id);
	memcpy(rec->tenant, grant.tenant, sizeof(rec->tenant));
	memcpy(rec->roles, grant.roles, sizeof(rec->roles));
	if ((r = agents_issue(a, pem, rec->serial, csr, rec->id, rec->tenant, err)) < 0)
		return r;
	return store->agent_enrol(store->arg, hash, now_ms, rec, err);
}

/* "directory,sync" as a list. */
static void
put_roles(cJSON *object, const char *roles)
{
	cJSON *list = cJSON_AddArrayToObject(object, "roles");
	char word[CW_AGENT_ROLES_MAX];
	size_t n;

	for (; *roles != '\0'; roles += n + (roles[n] == ',')) {
		n = strcspn(roles, ",");
		memcpy(word, roles, n);
		word[n] = '\0';
		cJSON_AddItemToArray(list, cJSON_CreateString(word));
	}
}

static void
on_request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	struct enrolment *e = arg;
	struct cw_agents *a = e->owner;
	struct cw_agent_record rec = { 0 };
	struct cw_buf pem, ca_pem;
	struct cw_err err = { 0 };
	cJSON *result;
	int r;

	if (e->answered || !cw_streq(method, "agent.enrol")) {
		cw_wire_call_fail(call, CW_EDENIED, "here is only agent.enrol, and once", NULL);
		e->answered = true;
		return;
	}
	e->answered = true;
	cw_buf_init(&pem, CW_PKI_PEM_MAX);
	cw_buf_init(&ca_pem, CW_PKI_PEM_MAX);
	if ((r = cw_pki_cert_put(&ca_pem, a->config.ca->cert, &err)) < 0 ||
	    (r = enrol(a, &rec, &pem, params, &err)) < 0) {
		if (err.text[0] == '\0')
			(void)cw_fail(&err, r, "%s", cw_strerror(r));
		cw_wire_call_fail(call, r, err.text, NULL);
		if (a->config.refused != NULL)
			a->config.refused(a->config.arg, cw_conn_address(e->conn), &err);
	} else {
		result = cJSON_CreateObject();
		cJSON_AddStringToObject(result, "agent", rec.id);
		cJSON_AddStringToObject(result, "tenant", rec.tenant);
		put_roles(result, rec.roles);
		cJSON_AddStringToObject(result, "certificate", cw_buf_str(&pem));
		cJSON_AddStringToObject(result, "ca", cw_buf_str(&ca_pem));
		cw_wire_call_finish(call, result);
	}
	cw_buf_free(&pem);
	cw_buf_free(&ca_pem);
}

static void
on_output(void *arg)
{
	struct enrolment *e = arg;

	if (!e->feeding)
		flush(e);
}

static void
on_data(void *arg, const void *p, size_t n)
{
	struct enrolment *e = arg;
	const struct cw_err *err = cw_wire_error(e->wire);

	e->feeding = true;
	(void)cw_wire_feed(e->wire, p, n, cw_clock_ms());
	e->feeding = false;
	flush(e);
	if (err->code != 0)
		cw_conn_finish(e->conn, err->code, err->text);
	else if (e->answered)
		cw_conn_finish(e->conn, CW_ECLOSED, "enrolment answered");
}

static void
on_writable(void *arg)
{
	flush(arg);
}

static void
on_closed(void *arg, const struct cw_err *why)
{
	struct enrolment *e = arg;

	(void)why;
	cw_wire_free(e->wire);
	free(e);
}

void
enrolment_new(struct cw_agents *a, struct cw_conn *conn)
{
	static const struct cw_conn_events events = { on_data, on_writable, on_closed };
	struct enrolment *e = calloc(1, sizeof(*e));
	const struct cw_wire_config config = { e, on_request, on_output, 0, 0 };

	if (e == NULL || cw_wire_new(&e->wire, &config, cw_clock_ms()) < 0) {
		free(e);
		cw_conn_abort(conn, CW_ENOMEM, "no memory for an enrolment");
		return;
	}
	e->owner = a;
	e->conn = conn;
	cw_conn_watch(conn, &events, e);
}
