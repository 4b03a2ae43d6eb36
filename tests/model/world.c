/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time, events, crashes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "crypto/seal.h"
#include "model/world.h"

#define RESTART_MS 300 /* what is under way arrives meanwhile */
#define EPOCH_MS INT64_C(1790000000000)

struct world_event {
	struct world_event *next;
	uint64_t at_ms, seq;
	void (*fn)(struct world *w, void *arg);
	void *arg;
};

void
world_at(struct world *w, uint64_t delay_ms, void (*fn)(struct world *w, void *arg), void *arg)
{
	struct world_event *e = calloc(1, sizeof(*e)), **at = &w->events;

	e->at_ms = w->now_ms + delay_ms;
	e->seq = ++w->seq;
	e->fn = fn;
	e->arg = arg;
	while (*at != NULL && (*at)->at_ms <= e->at_ms)
		at = &(*at)->next;
	e->next = *at;
	*at = e;
}

bool
world_point(struct world *w)
{
	if (!w->crashed &&
	    (++w->points == w->crash_at ||
		(w->crash_again > 0 && w->points == w->crash_at + w->crash_again))) {
		w->crashed = true;
		w->crashes++;
	}
	return w->crashed;
}

/* --- the router's clock */

static uint64_t
clock_now(void *arg)
{
	return ((struct world *)arg)->now_ms;
}

static int64_t
clock_unix(void *arg)
{
	return EPOCH_MS + (int64_t)((struct world *)arg)->now_ms;
}

static void
clock_wake(void *arg, uint64_t at_ms)
{
	((struct world *)arg)->wake_ms = at_ms;
}

/* --- the bridge */

static void
connect_soon(struct world *w, void *arg)
{
	(void)arg;
	if (w->route != NULL && !w->crashed && !w->connected && !w->no_agent)
		world_agent_connect(w, true);
}

void
world_agent_connect(struct world *w, bool connected)
{
	w->connected = connected;
	if (connected && w->route != NULL && !w->crashed && w->mode != CW_MODE_CLOUD)
		cw_route_agent_connected(w->route, WORLD_AGENT, w->tenant);
	else if (!connected && !w->never_back)
		world_at(w, 3000, connect_soon, NULL);
}

void
world_start(struct world *w)
{
	static struct cw_route_clock clock = { NULL, clock_now, clock_unix, clock_wake };
	struct cw_route_config config = { .ledger = w->ledger, .loop = w->loop, .clock = &clock };
	struct cw_err err = { 0 };

	clock.arg = w;
	w->life++;
	w->crashed = false;
	w->wake_ms = UINT64_MAX;
	w->connected = false;
	world_ad_ops(w, &config.ops);
	world_entra_ops(w, &config.ops);
	config.ops.arg = w;
	if (cw_route_new(&w->route, &config, &err) < 0 || cw_route_resume(w->route, &err) < 0) {
		fprintf(stderr, "world: %s\n", err.text);
		exit(2);
	}
	world_at(w, 50, connect_soon, NULL);
}

void
world_stop(struct world *w)
{
	bool crashed = w->crashed;

	w->crashed = true; /* what the router does while it goes has no effect */
	cw_route_close(w->route, NULL, NULL);
	w->route = NULL;
	world_ad_bridge_gone(w);
	if (crashed && w->ledger_crash != NULL)
		w->ledger_crash(w->ledger);
	w->crashed = crashed;
}

static void
restart(struct world *w, void *arg)
{
	(void)arg;
	if (w->route == NULL && w->life > 0)
		world_start(w);
}

bool
world_step(struct world *w)
{
	struct world_event *e = w->events;

	if (w->settle != NULL)
		w->settle(w->settle_arg);
	if (w->crashed) {
		world_stop(w);
		w->crashed = false;
		world_at(w, RESTART_MS, restart, NULL);
		return true;
	}
	e = w->events;
	if (w->route != NULL && w->wake_ms != UINT64_MAX && (e == NULL || w->wake_ms <= e->at_ms)) {
		if (w->wake_ms > w->now_ms)
			w->now_ms = w->wake_ms;
		w->wake_ms = UINT64_MAX;
		cw_route_tick(w->route);
		return true;
	}
	if (e == NULL)
		return false;
	w->events = e->next;
	w->now_ms = e->at_ms;
	e->fn(w, e->arg);
	free(e);
	return true;
}

bool
world_run(struct world *w, bool (*done)(void *arg), void *arg, uint64_t limit_ms)
{
	uint64_t until = w->now_ms + limit_ms;

	while (!done(arg))
		if (w->now_ms > until || !world_step(w))
			return false;
	return true;
}

/* --- the user */

/* A text with the user's number in the place of '#'. */
static void
add_text(cJSON *user, const char *name, const char *text, unsigned i)
{
	char own[64];

	(void)snprintf(own, sizeof(own), "%s", text);
	*strchr(own, '#') = (char)('0' + i);
	cJSON_AddStringToObject(user, name, own);
}

static cJSON *
ad_user(unsigned i)
{
	cJSON *u = cJSON_CreateObject();

	add_text(u, "ObjectGUID", "11223344-5566-4788-99aa-bbccddeeff0#", i);
	add_text(u, "SamAccountName", "ada#", i);
	add_text(u, "UserPrincipalName", "ada#@lab.test", i);
	cJSON_AddStringToObject(u, "DisplayName", "Ada Lovelace");
	cJSON_AddTrueToObject(u, "Enabled");
	cJSON_AddStringToObject(u, "Title", "Analyst");
	cJSON_AddStringToObject(u, "Department", "Research");
	cJSON_AddStringToObject(u, "OfficePhone", "+44 1");
	cJSON_AddStringToObject(u, "co", "United Kingdom");
	cJSON_AddNullToObject(u, "mS-DS-ConsistencyGuid");
	cJSON_AddFalseToObject(u, "PasswordNeverExpires");
	return u;
}

/* Of the GUIDs above, as Entra Connect writes them. */
static const char *const anchors[WORLD_USERS] = { "RDMiEWZViEeZqrvM3e7/AA==",
	"RDMiEWZViEeZqrvM3e7/AQ==", "RDMiEWZViEeZqrvM3e7/Ag==", "RDMiEWZViEeZqrvM3e7/Aw==" };

static cJSON *
entra_user(const struct world *w, unsigned i)
{
	cJSON *u = cJSON_CreateObject(), *phones;

	add_text(u, "id", "e0000000-0000-4000-8000-00000000000#", i);
	add_text(u, "userPrincipalName", "ada#@lab.test", i);
	cJSON_AddStringToObject(u, "displayName", "Ada Lovelace");
	cJSON_AddItemToObject(
	    u, "onPremisesSyncEnabled", w->synced ? cJSON_CreateTrue() : cJSON_CreateNull());
	cJSON_AddItemToObject(u, "onPremisesImmutableId",
	    w->synced ? cJSON_CreateString(anchors[i]) : cJSON_CreateNull());
	cJSON_AddTrueToObject(u, "accountEnabled");
	cJSON_AddStringToObject(u, "jobTitle", "Analyst");
	cJSON_AddStringToObject(u, "department", "Research");
	cJSON_AddStringToObject(u, "usageLocation", "GB");
	cJSON_AddStringToObject(u, "country", "United Kingdom");
	phones = cJSON_AddArrayToObject(u, "businessPhones");
	cJSON_AddItemToArray(phones, cJSON_CreateString("+44 1"));
	return u;
}

void
world_init(struct world *w)
{
	w->now_ms = 1000000;
	if (w->tenant == NULL)
		w->tenant = "tenant";
	cw_buf_init(&w->written, 256u << 20);
	for (unsigned i = 0; i < (w->users > 0 ? w->users : 1); i++) {
		struct world_user *u = &w->user[i];

		u->ad = w->in_ad ? ad_user(i) : NULL;
		u->entra = w->in_entra ? entra_user(w, i) : NULL;
		u->ad_start = cJSON_Duplicate(u->ad, true);
		u->entra_start = cJSON_Duplicate(u->entra, true);
	}
	(void)snprintf(w->epoch, sizeof(w->epoch), "epoch-1");
	w->counter = 100;
	(void)cw_seal_keypair(w->seal_public, w->seal_private);
}

void
world_free(struct world *w)
{
	struct world_event *e;

	if (w->route != NULL)
		world_stop(w);
	world_ad_free(w);
	while ((e = w->events) != NULL) {
		w->events = e->next;
		/* What an event holds is released by running it: see who makes them. */
		w->crashed = true;
		w->life = 0;
		e->fn(w, e->arg);
		free(e);
	}
	for (unsigned i = 0; i < WORLD_USERS; i++) {
		cJSON_Delete(w->user[i].ad);
		cJSON_Delete(w->user[i].entra);
		cJSON_Delete(w->user[i].ad_start);
		cJSON_Delete(w->user[i].entra_start);
		cJSON_Delete(w->user[i].shown);
	}
	cw_buf_free(&w->written);
}
