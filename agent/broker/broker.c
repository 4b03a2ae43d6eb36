/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All scripts together: the timer, the preparation of sandboxes, the end.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "broker/broker_internal.h"

uint64_t
broker_now(const struct cw_broker *b)
{
	return uv_now(b->config.loop);
}

/* --- time */

static void
on_timer(uv_timer_t *timer)
{
	struct cw_broker *b = timer->data;
	struct cw_script *s;
	uint64_t now = broker_now(b);
	bool again;

	/* From the front after each: a script's end may be another's beginning. */
	do {
		again = false;
		for (s = b->scripts; s != NULL && !b->closing; s = s->next)
			if (script_due(s) <= now) {
				script_tick(s);
				again = true;
				break;
			}
	} while (again);
	broker_arm(b);
}

void
broker_arm(struct cw_broker *b)
{
	uint64_t due = UINT64_MAX, now = broker_now(b);

	if (b->closing)
		return;
	for (const struct cw_script *s = b->scripts; s != NULL; s = s->next)
		due = script_due(s) < due ? script_due(s) : due;
	if (due == UINT64_MAX)
		(void)uv_timer_stop(&b->timer);
	else
		(void)uv_timer_start(&b->timer, on_timer, due > now ? due - now : 0, 0);
}

/* --- sandboxes */

void
cw_broker_use_sandboxes(struct cw_broker *b, struct cw_sandboxes *sandboxes, const char *why)
{
	b->config.sandboxes = sandboxes;
	(void)snprintf(b->no_sandboxes, sizeof(b->no_sandboxes), "%s", why != NULL ? why : "");
}

/* --- life */

unsigned
cw_broker_running(const struct cw_broker *b)
{
	return b->count;
}

void
cw_broker_stop_all(struct cw_broker *b, const char *why)
{
	for (struct cw_script *s = b->scripts; s != NULL; s = s->next)
		cw_script_stop(s, why);
}

static void
on_handle_closed(uv_handle_t *handle)
{
	struct cw_broker *b = handle->data;
	void (*closed)(void *arg) = b->closed;
	void *arg = b->closed_arg;

	if (--b->handles > 0)
		return;
	power_forget(b);
	free(b);
	closed(arg);
}

void
broker_look(struct cw_broker *b)
{
	if (!b->closing || b->scripts != NULL || uv_is_closing((uv_handle_t *)&b->timer))
		return;
	uv_close((uv_handle_t *)&b->timer, on_handle_closed);
	uv_close((uv_handle_t *)&b->flusher, on_handle_closed);
}

/* Runspaces and sandboxes are gone, and no event comes from them; what was begun stays so. */
void
broker_abandon(struct cw_script *s)
{
	struct cw_broker *b = s->broker;
	struct broker_call *call, *next;

	s->sandbox = NULL;
	s->state = SCRIPT_ENDED;
	for (call = s->calls; call != NULL; call = next) {
		next = call->next;
		call->job = call->query.job = NULL;
		if (call->state == CALL_PLACING || call->waits)
			cw_controller_cancel(b->config.controller, &call->wait);
		if (!call->at_disk)
			call_free(call);
	}
	if (s->calls != NULL || s->at_disk)
		return;
	script_free(s);
	broker_look(b);
}

void
cw_broker_close(struct cw_broker *b, void (*closed)(void *arg), void *arg)
{
	struct cw_script *s, *next;

	assert(closed != NULL);
	b->closing = true;
	b->closed = closed;
	b->closed_arg = arg;
	for (s = b->scripts; s != NULL; s = next) {
		next = s->next;
		broker_abandon(s);
	}
	place_abandon_all(b);
	broker_look(b);
}

int
cw_broker_check_large(const struct cw_broker *b, struct cw_err *err)
{
	return b->large == NULL
	    ? CW_OK
	    : cw_fail(err, CW_EUNAVAILABLE,
		  "another large plan is being made or applied on this server, which holds one at "
		  "a time: try again when that has ended");
}

int
broker_take_large(struct cw_broker *b, const struct cw_script *s, struct cw_err *err)
{
	int r = b->large == s ? CW_OK : cw_broker_check_large(b, err);

	if (r == CW_OK)
		b->large = s;
	return r;
}

void
cw_broker_status_put(const struct cw_broker *b, cJSON *object)
{
	cJSON *o = cJSON_AddObjectToObject(object, "scripts");

	cJSON_AddNumberToObject(o, "running", b->count);
	cJSON_AddNumberToObject(o, "done", (double)b->done);
	cJSON_AddNumberToObject(o, "failed", (double)b->failed);
	cJSON_AddNumberToObject(o, "stopped", (double)b->stopped);
	cJSON_AddNumberToObject(o, "unknown", (double)b->unknown);
	cJSON_AddNumberToObject(o, "refused", (double)b->refused);
}

/* Who this agent is in the directory: never written by a script. */
static void
name_own(struct cw_broker *b)
{
	char host[256] = "";
	size_t n = sizeof(host);
	uv_passwd_t who;

	if (uv_os_gethostname(host, &n) == 0 && host[0] != '\0') {
		host[strcspn(host, ".")] = '\0';
		(void)snprintf(b->computer, sizeof(b->computer), "%.63s$", host);
	}
	if (uv_os_get_passwd(&who) == 0) {
		(void)snprintf(b->account, sizeof(b->account), "%.127s", who.username);
		uv_os_free_passwd(&who);
	}
}

int
cw_broker_new(struct cw_broker **ret, const struct cw_broker_config *config, struct cw_err *err)
{
	struct cw_broker *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	b->config = *config;
	(void)uv_timer_init(config->loop, &b->timer);
	(void)uv_prepare_init(config->loop, &b->flusher);
	b->timer.data = b->flusher.data = b;
	b->handles = 2;
	name_own(b);
	*ret = b;
	return CW_OK;
}
