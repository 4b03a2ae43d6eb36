/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is connected, and what runs on them.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "agents/agents_internal.h"
#include "agents/ca.h"
#include "agents/tls.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "crypto/pki.h"
#include "os/clock.h"

#define HANDSHAKE_MS 10000u
#define UNAUTHENTICATED_MAX 256u

/* The tables. */

static unsigned
bucket(const char *uuid)
{
	uint32_t h = 2166136261u;

	for (; *uuid != '\0'; uuid++)
		h = (h ^ (uint8_t)*uuid) * 16777619u;
	return h % AGENTS_BUCKETS;
}

struct session *
agents_lookup(const struct cw_agents *a, const char *agent)
{
	struct session *s = a->by_agent[bucket(agent)];

	while (s != NULL && !cw_streq(s->record.id, agent))
		s = s->next_agent;
	return s;
}

void
agents_insert(struct session *s)
{
	struct cw_agents *a = s->owner;
	struct session **agent = &a->by_agent[bucket(s->record.id)];
	struct session **tenant = &a->by_tenant[bucket(s->record.tenant)];

	s->next_agent = *agent;
	*agent = s;
	s->next_tenant = *tenant;
	*tenant = s;
	s->live = true;
	a->live_count++;
}

void
agents_remove(struct session *s)
{
	struct cw_agents *a = s->owner;
	struct session **at;

	if (!s->live)
		return;
	s->live = false;
	a->live_count--;
	for (at = &a->by_agent[bucket(s->record.id)]; *at != s; at = &(*at)->next_agent)
		;
	*at = s->next_agent;
	for (at = &a->by_tenant[bucket(s->record.tenant)]; *at != s; at = &(*at)->next_tenant)
		;
	*at = s->next_tenant;
}

bool
agents_has_role(const char *roles, const char *role)
{
	size_t n = strlen(role);

	for (const char *at = roles; *at != '\0';) {
		size_t len = strcspn(at, ",");

		if (len == n && memcmp(at, role, n) == 0)
			return true;
		at += len + (at[len] == ',');
	}
	return false;
}

const char *
cw_agents_find(const struct cw_agents *a, const char *tenant, const char *role)
{
	const struct session *best = NULL;

	for (const struct session *s = a->by_tenant[bucket(tenant)]; s != NULL;
	     s = s->next_tenant) {
		if (cw_streq(s->record.tenant, tenant) &&
		    (role == NULL || agents_has_role(s->status.roles, role)) &&
		    (best == NULL || s->running < best->running))
			best = s;
	}
	return best != NULL ? best->record.id : NULL;
}

void
cw_agents_status(const struct cw_agents *a, const char *agent, struct cw_agents_status *ret)
{
	const struct session *s = agents_lookup(a, agent);

	*ret = (struct cw_agents_status){ 0 };
	if (s == NULL)
		return;
	*ret = s->status;
	ret->running = s->running;
	ret->certificate_until_ms = s->certificate_until_ms;
}

unsigned
cw_agents_connected(const struct cw_agents *a)
{
	return a->live_count;
}

int
cw_agents_revoke(struct cw_agents *a, const char *agent, struct cw_err *err)
{
	struct session *s;
	int r;

	if ((r = a->store.agent_revoke(a->store.arg, agent, cw_clock_unix_ms(), err)) < 0)
		return r;
	if ((s = agents_lookup(a, agent)) != NULL)
		session_end(s, CW_EDENIED, "the agent was revoked");
	return CW_OK;
}

void
cw_agents_on_connect(struct cw_agents *a,
    void (*connected)(void *arg, const char *agent, const char *tenant), void *arg)
{
	a->connected = connected;
	a->connected_arg = arg;
}

/* What both kinds of connection need. */

int
agents_issue(struct cw_agents *a, struct cw_buf *ret_pem, char ret_serial[CW_AGENT_SERIAL_MAX],
    const char *csr, const char *agent, const char *tenant, struct cw_err *err)
{
	const struct cw_pki_issuer issuer = { a->config.ca->cert, a->config.ca->key };
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;
	int r;

	if ((r = cw_pki_csr_read(&key, csr, strlen(csr), err)) == CW_OK &&
	    (r = cw_pki_issue_agent(&cert, &issuer, key, agent, tenant, a->config.certificate_days,
		 cw_clock_unix_ms(), err)) == CW_OK &&
	    (r = cw_pki_cert_serial(ret_serial, cert)) == CW_OK)
		r = cw_pki_cert_put(ret_pem, cert, err);
	X509_free(cert);
	EVP_PKEY_free(key);
	return r;
}

int
agents_member(char *ret, size_t size, const cJSON *object, const char *name, struct cw_err *err)
{
	const char *text;
	size_t n;
	int r;

	if ((r = cw_json_need_str(&text, object, name, err)) < 0)
		return r;
	if ((n = strlen(text)) >= size)
		return cw_fail(err, CW_EINVAL, "%s has %zu bytes, limit %zu", name, n, size - 1);
	if (!cw_utf8_is_line(text, n))
		return cw_fail(err, CW_EINVAL, "%s holds a control character", name);
	memcpy(ret, text, n + 1);
	return CW_OK;
}

/* The port. */

static void
on_opened(void *arg, struct cw_conn *conn)
{
	const char *alpn = cw_conn_alpn(conn);

	if (cw_streq(alpn, CW_ALPN_WIRE) && cw_conn_certificate(conn) != NULL)
		session_new(arg, conn);
	else if (cw_streq(alpn, CW_ALPN_ENROL))
		enrolment_new(arg, conn);
	else
		cw_conn_abort(conn, CW_EPROTO, "the client offers no protocol (ALPN)");
}

static void
on_refused(void *arg, const char *address, const struct cw_err *why)
{
	struct cw_agents *a = arg;

	if (a->config.refused != NULL)
		a->config.refused(a->config.arg, address, why);
}

int
cw_agents_new(struct cw_agents **ret, const struct cw_agents_config *config, struct cw_err *err)
{
	struct cw_agents *a = calloc(1, sizeof(*a));
	struct cw_listener_config listen;
	int r;

	if (a == NULL)
		return cw_fail(err, CW_ENOMEM, "no memory for the agents' port");
	a->config = *config;
	a->store = *config->store;
	if (a->config.heartbeat_s == 0)
		a->config.heartbeat_s = CW_AGENTS_HEARTBEAT_S;
	if (a->config.certificate_days == 0)
		a->config.certificate_days = CW_AGENTS_CERTIFICATE_DAYS;
	listen = (struct cw_listener_config){
		.loop = config->loop,
		.host = config->host,
		.port = config->port,
		.deadline_ms = config->handshake_ms != 0 ? config->handshake_ms : HANDSHAKE_MS,
		.unauthenticated_max = config->unauthenticated_max != 0
		    ? config->unauthenticated_max
		    : UNAUTHENTICATED_MAX,
		.arg = a,
		.opened = on_opened,
		.refused = on_refused,
	};
	if ((r = cw_agents_tls_new(&listen.tls, config->ca, err)) == CW_OK) {
		r = cw_listener_new(&a->listener, &listen, err);
		SSL_CTX_free(listen.tls); /* the listener has its own reference */
	}
	if (r < 0) {
		free(a);
		return r;
	}
	*ret = a;
	return CW_OK;
}

uint16_t
cw_agents_port(const struct cw_agents *a)
{
	return cw_listener_port(a->listener);
}

void
agents_free_when_done(struct cw_agents *a)
{
	void (*closed)(void *) = a->closed;
	void *arg = a->closed_arg;

	if (!a->listener_closed || a->all != NULL)
		return;
	free(a);
	if (closed != NULL)
		closed(arg);
}

static void
listener_closed(void *arg)
{
	struct cw_agents *a = arg;

	a->listener_closed = true;
	agents_free_when_done(a);
}

void
cw_agents_close(struct cw_agents *a, void (*closed)(void *arg), void *arg)
{
	a->closed = closed;
	a->closed_arg = arg;
	cw_listener_close(a->listener, listener_closed, a);
}
