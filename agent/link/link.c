/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standing connection: hello, heartbeat, renewal, and again after a break.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "link/link_internal.h"
#include "os/clock.h"
#include "os/random.h"

static void
changed(const struct cw_link *link)
{
	if (link->closed == NULL && link->config.changed != NULL)
		link->config.changed(link->config.arg);
}

static void
set_state(struct cw_link *link, enum cw_link_state state)
{
	if (link->state == state)
		return;
	if (link->state == CW_LINK_UP || state == CW_LINK_UP)
		link->since_ms = cw_clock_unix_ms();
	link->state = state;
	changed(link);
}

/* Time. */

static void arm(struct cw_link *link);

static void
timer_due(uv_timer_t *timer)
{
	arm(timer->data);
}

static void
arm(struct cw_link *link)
{
	uint64_t now = cw_clock_ms(), next = cw_redial_tick(&link->redial, now);

	if (link->closed != NULL)
		return;
	if (next == CW_REDIAL_NEVER)
		uv_timer_stop(&link->timer);
	else
		uv_timer_start(&link->timer, timer_due, next > now ? next - now : 0, 0);
}

/* Hello. */

static void
put_roles(const struct cw_link *link, cJSON *params)
{
	if (link->config.roles != NULL)
		link->config.roles(link->config.arg, cJSON_AddArrayToObject(params, "roles"));
}

static cJSON *
hello_params(const struct cw_link *link)
{
	const struct cw_link_config *config = &link->config;
	cJSON *p = cJSON_CreateObject();
	char key[64];

	cJSON_AddStringToObject(p, "version", config->version);
	cJSON_AddStringToObject(p, "hostname", config->hostname);
	cJSON_AddStringToObject(p, "os", config->os);
	cJSON_AddStringToObject(p, "epoch", config->epoch);
	cJSON_AddNumberToObject(
	    p, "counter", config->counter != NULL ? (double)config->counter(config->arg) : 0);
	put_roles(link, p);
	link_base64_key(key, config->identity->seal_public);
	cJSON_AddStringToObject(p, "seal_key", key);
	return p;
}

static void
hello_done(void *arg, const struct cw_wire_answer *answer)
{
	struct cw_link *link = arg;
	struct cw_connection *c = link->connection;
	const char *version;
	int64_t beat_s = 0;

	if (answer->code == CW_ECLOSED) /* closed() tells why */
		return;
	if (answer->code < 0) {
		cw_connection_close(c, answer->code, answer->message);
		return;
	}
	if (link->closed != NULL)
		return;
	if ((version = cw_json_str(answer->result, "bridge_version")) == NULL ||
	    !cw_json_int(answer->result, "heartbeat_s", &beat_s) || beat_s < 1 ||
	    beat_s > CW_LINK_HEARTBEAT_MAX_S) {
		cw_connection_close(c, CW_EPROTO, "the bridge's answer to hello is not valid");
		return;
	}
	(void)snprintf(link->bridge_version, sizeof(link->bridge_version), "%.60s", version);
	link->heartbeat_s = (unsigned)beat_s;
	if ((version = cw_json_str(answer->result, "time")) != NULL &&
	    cw_time_parse(&link->skew_ms, version, strlen(version)) == CW_OK) {
		link->skew_ms -= cw_clock_unix_ms();
		link->skew_known = true;
	}
	cw_wire_set_heartbeat(
	    cw_connection_wire(c), (uint64_t)beat_s * 1000u, (uint64_t)beat_s * 2500u);
	cw_connection_arm(c);
	cw_redial_up(&link->redial, cw_clock_ms());
	link->error = (struct cw_err){ 0 };
	set_state(link, CW_LINK_UP);
	arm(link);
	link_renewal_plan(link);
	if (link->roles_stale)
		cw_link_roles_changed(link);
}

static void
on_opened(void *arg, struct cw_connection *c)
{
	static const struct cw_wire_events events = { NULL, hello_done };
	struct cw_link *link = arg;

	memcpy(link->address, cw_connection_times(c)->address, sizeof(link->address));
	link->roles_untold = 0; /* hello tells them */
	link->roles_stale = false;
	if (cw_wire_request(NULL, cw_connection_wire(c), "agent.hello", hello_params(link), &events,
		link, CW_LINK_HELLO_MS, cw_clock_ms()) < 0)
		cw_connection_close(c, CW_ENOMEM, "no memory to say hello");
}

static void
on_request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	struct cw_link *link = arg;

	if (cw_streq(method, "ping"))
		cw_wire_call_finish(call, cJSON_CreateObject());
	else if (link->state != CW_LINK_UP || link->closed != NULL)
		cw_wire_call_fail(call, CW_EDENIED, "the agent has not been let in yet", NULL);
	else if (link->config.request == NULL)
		cw_wire_call_fail(call, CW_ENOTFOUND, "no such method", NULL);
	else
		link->config.request(link->config.arg, call, method, params);
}

/* Up and down. */

static void free_when_done(struct cw_link *link);
static void connect_now(struct cw_link *link);

static void
on_closed(void *arg, const struct cw_err *why, enum cw_connection_hop hop)
{
	struct cw_link *link = arg;

	(void)hop; /* the text names it */
	link->connection = NULL;
	uv_timer_stop(&link->renewal);
	if (link->closed != NULL) {
		free_when_done(link);
		return;
	}
	if (!link->held)
		link->error = *why;
	if (link->redial_wanted) {
		/* Given up as too slow, and due again before it was gone. */
		link->redial_wanted = false;
		connect_now(link);
		return;
	}
	cw_redial_down(&link->redial, cw_clock_ms());
	arm(link);
	if (link->state == CW_LINK_WAITING)
		changed(link);
	else
		set_state(link, CW_LINK_WAITING);
}

static void
connect_now(struct cw_link *link)
{
	const struct cw_identity *id = link->config.identity;
	const struct cw_connection_config config = {
		.loop = link->config.loop,
		.host = id->host,
		.port = id->port,
		.proxy = link->proxy,
		.alpn = CW_ALPN_WIRE,
		.ca = id->ca,
		.cert = id->cert,
		.key = id->key,
		.arg = link,
		.opened = on_opened,
		.request = on_request,
		.closed = on_closed,
	};

	/* Without memory nothing happens until this attempt's time is over. */
	if (cw_connection_new(&link->connection, &config, &link->error) == CW_OK)
		set_state(link, CW_LINK_CONNECTING);
}

static void
redial_dial(void *arg)
{
	struct cw_link *link = arg;

	if (link->connection != NULL)
		link->redial_wanted = true;
	else
		connect_now(link);
}

static void
redial_hang_up(void *arg)
{
	struct cw_link *link = arg;

	link->redial_wanted = false;
	if (link->connection != NULL)
		cw_connection_close(link->connection, CW_ETIMEOUT, "connecting took too long");
}

/* Life. */

static void
free_when_done(struct cw_link *link)
{
	if (link->connection != NULL || link->handles > 0)
		return;
	link->closed(link->closed_arg);
	link_free(link);
}

static void
handle_closed(uv_handle_t *handle)
{
	struct cw_link *link = handle->data;

	link->handles--;
	free_when_done(link);
}

int
cw_link_new(struct cw_link **ret, const struct cw_link_config *config, struct cw_err *err)
{
	struct cw_link *link = calloc(1, sizeof(*link));

	if (link == NULL || link_copy_config(link, config) < 0) {
		link_free(link);
		return cw_fail(err, CW_ENOMEM, "no memory for the link");
	}
	link->since_ms = cw_clock_unix_ms();
	link->timer.data = link->renewal.data = link;
	uv_timer_init(config->loop, &link->timer);
	uv_timer_init(config->loop, &link->renewal);
	link->handles = 2;
	link->ops = (struct cw_redial_ops){ link, redial_dial, redial_hang_up, cw_random_below };
	cw_redial_init(&link->redial, &link->ops);
	cw_redial_start(&link->redial, cw_clock_ms());
	uv_timer_start(&link->timer, timer_due, 0, 0);
	*ret = link;
	return CW_OK;
}

void
cw_link_close(struct cw_link *link, void (*closed)(void *arg), void *arg)
{
	if (link->closed != NULL)
		return;
	link->closed = closed;
	link->closed_arg = arg;
	link->redial_wanted = false;
	cw_redial_stop(&link->redial);
	uv_close((uv_handle_t *)&link->timer, handle_closed);
	uv_close((uv_handle_t *)&link->renewal, handle_closed);
}

void
cw_link_hold(struct cw_link *link, const char *why)
{
	if (link->held || link->closed != NULL)
		return;
	link->held = true;
	link->redial_wanted = false;
	(void)cw_fail(&link->error, CW_EDENIED, "%s", why);
	cw_redial_stop(&link->redial);
	if (link->connection == NULL)
		changed(link);
	arm(link);
}

void
cw_link_release(struct cw_link *link)
{
	if (!link->held || link->closed != NULL)
		return;
	link->held = false;
	link->error = (struct cw_err){ 0 };
	cw_redial_start(&link->redial, cw_clock_ms());
	arm(link);
}

void
cw_link_hurry(struct cw_link *link)
{
	cw_redial_hurry(&link->redial, cw_clock_ms());
	arm(link);
}

static void
roles_told(void *arg, const struct cw_wire_answer *answer)
{
	struct cw_link *link = arg;

	if (answer->code == CW_ECLOSED || link->closed != NULL)
		return; /* the next hello says it again */
	link->roles_untold--;
	if (answer->code < 0)
		cw_connection_close(link->connection, answer->code, answer->message);
	else
		changed(link);
}

void
cw_link_roles_changed(struct cw_link *link)
{
	static const struct cw_wire_events events = { NULL, roles_told };
	cJSON *params;

	link->roles_stale = link->state != CW_LINK_UP;
	if (link->roles_stale || link->closed != NULL)
		return;
	params = cJSON_CreateObject();
	put_roles(link, params);
	if (cw_wire_request(NULL, cw_connection_wire(link->connection), "agent.roles", params,
		&events, link, CW_LINK_HELLO_MS, cw_clock_ms()) < 0)
		return; /* the connection is at its end */
	link->roles_untold++;
	cw_connection_arm(link->connection);
}
