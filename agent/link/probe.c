/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection, to see how far it comes.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "link/connection.h"
#include "link/identity.h"
#include "link/probe.h"
#include "os/clock.h"
#include "wire/channel.h"

#define ANSWER_MS 10000u

struct probe {
	struct cw_connection *connection;
	struct cw_connection_times times;
	enum cw_connection_hop hop; /* how far it came */
	struct cw_err why; /* why it did not come further */
	uint64_t asked_ns;
	double bridge_ms;
	bool answered;
};

/* Any answer will do: before a hello the bridge refuses everything, in its own words. */
static void
on_answer(void *arg, const struct cw_wire_answer *answer)
{
	struct probe *p = arg;

	if (answer->code == CW_ECLOSED)
		return;
	p->answered = answer->code != CW_ETIMEOUT;
	p->bridge_ms = (double)(cw_clock_ns() - p->asked_ns) / 1e6;
	cw_connection_close(p->connection, CW_ETIMEOUT, "the bridge does not answer");
}

static void
on_opened(void *arg, struct cw_connection *c)
{
	static const struct cw_wire_events events = { NULL, on_answer };
	struct probe *p = arg;

	p->asked_ns = cw_clock_ns();
	if (cw_wire_request(NULL, cw_connection_wire(c), "ping", NULL, &events, p, ANSWER_MS,
		cw_clock_ms()) < 0)
		cw_connection_close(c, CW_ENOMEM, "no memory to ask the bridge");
}

static void
on_closed(void *arg, const struct cw_err *why, enum cw_connection_hop hop)
{
	struct probe *p = arg;

	p->times = *cw_connection_times(p->connection);
	p->hop = hop;
	p->why = *why;
}

/* False: it ended here. */
static bool
put_hop(cJSON *hops, const struct probe *p, enum cw_connection_hop hop, const char *name, double ms)
{
	bool ok = p->hop > hop || p->answered;
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "hop", name);
	cJSON_AddBoolToObject(o, "ok", ok);
	if (ok && ms > 0) /* not known where the next hop failed */
		cJSON_AddNumberToObject(o, "ms", (double)(long long)(ms * 1000) / 1000);
	if (!ok)
		cJSON_AddStringToObject(o, "error", p->why.text);
	cJSON_AddItemToArray(hops, o);
	return ok;
}

static cJSON *
report(const struct probe *p, const struct cw_identity *id)
{
	const struct cw_connection_times *t = &p->times;
	cJSON *o = cJSON_CreateObject(), *hops;
	char address[CW_IDENTITY_HOST_MAX + 16];

	(void)snprintf(address, sizeof(address),
	    strchr(id->host, ':') != NULL ? "[%s]:%u" : "%s:%u", id->host, id->port);
	cJSON_AddBoolToObject(o, "ok", p->answered);
	cJSON_AddStringToObject(o, "bridge", address);
	if (t->address[0] != '\0')
		cJSON_AddStringToObject(o, "peer", t->address);
	cJSON_AddBoolToObject(o, "proxied", t->by_proxy);
	hops = cJSON_AddArrayToObject(o, "hops");
	(void)(put_hop(hops, p, CW_HOP_NAME, "name", t->name_ms) &&
	    put_hop(hops, p, CW_HOP_TCP, "tcp", t->tcp_ms) &&
	    (!t->by_proxy || put_hop(hops, p, CW_HOP_PROXY, "proxy", t->proxy_ms)) &&
	    put_hop(hops, p, CW_HOP_TLS, "tls", t->tls_ms) &&
	    put_hop(hops, p, CW_HOP_WIRE, "bridge", p->bridge_ms));
	if (!p->answered)
		cJSON_AddStringToObject(o, "error", p->why.text);
	return o;
}

int
cw_probe(cJSON **ret, const struct cw_identity *identity, const char *proxy, struct cw_err *err)
{
	struct probe p = { 0 };
	struct cw_connection_config config = {
		.host = identity->host,
		.port = identity->port,
		.proxy = proxy,
		.alpn = CW_ALPN_WIRE,
		.ca = identity->ca,
		.cert = identity->cert,
		.key = identity->key,
		.arg = &p,
		.opened = on_opened,
		.closed = on_closed,
	};
	uv_loop_t loop;
	int r;

	if (uv_loop_init(&loop) != 0)
		return cw_fail(err, CW_ESYS, "cannot make an event loop");
	config.loop = &loop;
	if ((r = cw_connection_new(&p.connection, &config, err)) == CW_OK) {
		(void)uv_run(&loop, UV_RUN_DEFAULT);
		*ret = report(&p, identity);
	}
	(void)uv_loop_close(&loop);
	return r;
}
