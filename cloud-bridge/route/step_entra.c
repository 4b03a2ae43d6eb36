/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps in Entra ID: find the user, write, take back, read back. A PATCH is idempotent; before it
 * is repeated, the user is read: what somebody else has changed meanwhile stays.
 */
#include <stdlib.h>

#include "base/json.h"
#include "route/change.h"
#include "route/target.h"

#define SHOW_FIRST_MS 300u
#define SHOW_MOST_MS 5000u

/* --- finding */

/* By its sign-in name, as Active Directory has it or as it was given; else the account's name. */
static const char *
user_name(const struct operation *op)
{
	const char *name = cw_json_str(route_ad(op), "upn");

	if (name == NULL)
		name = cw_json_str(cw_json_get(cw_json_get(op->doc, "request"), "target"), "user");
	return name != NULL ? name : cw_json_str(route_ad(op), "sam");
}

/* By what Entra Connect calls the user of Active Directory. */
static bool
is_by_anchor(const struct operation *op)
{
	return op->change->mode == CW_MODE_HYBRID_SYNC && route_ad(op) != NULL;
}

static char *
anchor_path(const struct operation *op)
{
	const cJSON *anchor;
	struct cw_buf path;
	unsigned n = 0;
	char *text;

	cw_buf_init(&path, 16384);
	(void)cw_buf_puts(&path, "/users?$filter=");
	cJSON_ArrayForEach (anchor, cw_json_get(route_ad(op), "anchors")) {
		(void)cw_buf_printf(
		    &path, "%sonPremisesImmutableId%%20eq%%20'", n++ > 0 ? "%20or%20" : "");
		(void)route_percent(&path, anchor->valuestring);
		(void)cw_buf_puts(&path, "'");
	}
	(void)cw_buf_puts(&path, "&");
	route_entra_select(op, &path);
	text = cw_strdup(cw_buf_str(&path));
	cw_buf_free(&path);
	return text;
}

static void
remember_entra(struct operation *op, const cJSON *user, bool synced)
{
	static const char *const name_members[] = { "userPrincipalName", "displayName" };
	cJSON *entra = cJSON_CreateObject(), *names = cJSON_CreateArray();

	route_set_text(entra, "id", cw_json_str(user, "id"));
	route_set(entra, "synced", cJSON_CreateBool(synced));
	for (size_t i = 0; i < CW_COUNT(name_members); i++) {
		const char *name = cw_json_str(user, name_members[i]);

		if (name == NULL)
			continue;
		if (i == 0)
			route_set_text(entra, "upn", name);
		(void)cJSON_AddItemToArray(names, cJSON_CreateString(name));
	}
	route_set(entra, "names", names);
	route_set(op->private, "entra", entra);
	op->change->checked_ms = route_now(op->r);
	route_remember(op, entra, "before", user, route_property_of_entra);
}

/* The user is one that this tenant's mode expects. */
static void
accept_user(struct operation *op, const cJSON *user)
{
	bool synced = cw_json_true(user, "onPremisesSyncEnabled");
	enum cw_identity_mode mode = op->change->mode;

	if (cw_json_str(user, "id") == NULL)
		route_step_failed(op, CW_EPROTO, "Graph's answer has no id");
	else if (synced && mode != CW_MODE_HYBRID_SYNC)
		route_step_failed(op, CW_ECONFLICT,
		    "%s is synchronised from Active Directory, so Entra ID would refuse; "
		    "the tenant is in mode %s",
		    user_name(op), cw_mode_name(mode));
	else if (mode == CW_MODE_HYBRID_SYNC && !synced && route_ad(op) != NULL)
		route_step_failed(op, CW_ECONFLICT,
		    "%s in Entra ID is not synchronised from Active Directory (any more)",
		    user_name(op));
	else if (mode == CW_MODE_HYBRID_SYNC && synced && route_ad(op) == NULL)
		route_step_failed(op, CW_ECONFLICT,
		    "%s in Entra ID is synchronised, but Active Directory has no user of that "
		    "sign-in name; name the account by target.sam",
		    user_name(op));
	else {
		remember_entra(op, user, synced);
		route_step_done(op);
	}
}

static void
found(struct operation *op, const cJSON *body, const struct cw_err *err)
{
	const cJSON *list = cw_json_get(body, "value");
	int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 1;
	const char *name = user_name(op);

	if (err->code < 0 && err->code != CW_ENOTFOUND)
		route_step_failed(op, err->code, "%s", err->text);
	else if (err->code == CW_ENOTFOUND || count == 0)
		route_step_failed(op, CW_ENOTFOUND, "there is no user %s in Entra ID%s", name,
		    is_by_anchor(op)           ? "; Entra Connect has not brought it there"
			: route_ad(op) != NULL ? ", but there is one in Active Directory"
			: op->change->mode == CW_MODE_HYBRID_SYNC ? ", and none in Active Directory"
								  : "");
	else if (count > 1)
		route_step_failed(
		    op, CW_ECONFLICT, "there are several users for %s in Entra ID", name);
	else
		accept_user(op, cJSON_IsArray(list) ? list->child : body);
}

static void
find_start(struct operation *op)
{
	route_entra_get(
	    op, is_by_anchor(op) ? anchor_path(op) : route_entra_path(op, user_name(op)), found);
}

/* A password of Active Directory flows by itself: Entra ID need not be asked. */
static bool
find_needed(const struct operation *op)
{
	return !(op->change->kind->password && is_by_anchor(op));
}

const struct route_step route_step_find_entra = { .place = "entra",
	.what = "GET user: find the user",
	.needed = find_needed,
	.start = find_start };

/* --- writing */

static void look(struct operation *op);

static void
patched(void *owner, const struct cw_graph_response *response, const struct cw_err *err)
{
	struct operation *op = owner;

	(void)response;
	if (err->code == CW_OK)
		route_step_written(op, false);
	else if (route_entra_is_passing(op, err->code)) {
		op->change->fault = *err;
		op->change->may_have_run = true;
		route_entra_again(op, look, err);
	} else
		route_step_failed(op, err->code, "%s", err->text);
}

static void
patch(struct operation *op)
{
	const struct route_property *p;
	cJSON *body = cJSON_CreateObject();
	struct cw_err err = { 0 };
	int r;

	route_op_goes_on(op);
	for (size_t n = 0; (p = route_write_get(op, "props", n)) != NULL; n++)
		route_set(body, p->graph,
		    route_property_for_graph(p,
			op->change->undo ? route_before(route_entra(op), p) : route_wanted(op, p)));
	r = route_entra_patch(op, body, patched, &err);
	cJSON_Delete(body);
	if (r < 0)
		patched(op, NULL, &err);
}

/* Sorts what is to be written from what somebody else has changed. A value that is as it was before
 * our write is written all the same: Graph may not show yet what it took. */
static void
sort(struct operation *op, const cJSON *user, bool *ours, bool *all)
{
	const struct route_property *p;

	route_write_begin(op);
	*ours = false;
	*all = true;
	for (size_t n = 0; (p = route_entra_change(op, n)) != NULL; n++) {
		cJSON *now = route_property_of_entra(p, user);
		bool as_wanted = route_value_eq(now, route_wanted(op, p));
		bool as_before = route_value_eq(now, route_before(route_entra(op), p));

		cJSON_Delete(now);
		*ours |= as_wanted;
		*all &= as_wanted || !as_before;
		route_write_add(op, as_wanted || as_before ? "props" : "left", p);
	}
}

static void
looked(struct operation *op, const cJSON *body, const struct cw_err *err)
{
	bool forward = !op->change->undo, ours, all;
	struct cw_buf left;

	if (err->code < 0) {
		route_step_failed(op, err->code, "%s", err->text);
		return;
	}
	sort(op, body, &ours, &all);
	op->change->may_have_run = false; /* or it shows */
	cw_buf_init(&left, 4096);
	route_write_names(op, "left", false, &left);
	/* A PATCH is whole: where one of its values shows it was done, and what is foreign is
	 * newer. Where none shows, a part of the change would be none. */
	if (cw_buf_left(&left) > 0 && (forward ? !ours : route_write_get(op, "props", 0) == NULL))
		route_step_failed(op, CW_ECONFLICT,
		    "%s left as it is: somebody else has changed it %s", cw_buf_str(&left),
		    forward ? "meanwhile" : "since");
	else if (forward ? all : op->change->last && !ours)
		route_step_written(op, false);
	else if (op->change->last)
		route_step_failed(op, CW_ETIMEOUT, "given up: %s", op->change->fault.text);
	else
		patch(op);
	cw_buf_free(&left);
}

/* Read, then write: where it may have been written before, or was last read long ago. */
static void
look(struct operation *op)
{
	route_entra_get(op, route_entra_path(op, cw_json_str(route_entra(op), "id")), looked);
}

static void
write_start(struct operation *op)
{
	const struct route_property *p;
	bool fresh = op->change->checked_ms != 0 &&
	    route_now(op->r) - op->change->checked_ms <= ROUTE_FRESH_MS;

	route_write_begin(op);
	for (size_t n = 0; (p = route_entra_change(op, n)) != NULL; n++)
		route_write_add(op, "props", p);
	route_change_writes(op);
	route_op_save(op, fresh ? patch : look);
}

static void
write_names(const struct operation *op, struct cw_buf *text)
{
	route_change_names(op, false, text);
}

static bool
write_needed(const struct operation *op)
{
	return route_entra_change(op, 0) != NULL;
}

const struct route_step route_step_write_entra = { .place = "entra",
	.write = true,
	.what = "PATCH user",
	.names = write_names,
	.needed = write_needed,
	.start = write_start,
	.resume = look,
	.undo = look,
	.settle = look };

/* --- reading back, until it shows */

static void show_start(struct operation *op);

/* A wanted property that Graph shows with another value: with the one from before, which may still
 * change by itself (*old), else with a third, which is somebody else's. NULL: none. */
static const struct route_property *
missing(const struct operation *op, const cJSON *body, bool *old)
{
	const struct route_property *foreign = NULL;

	*old = false;
	for (const struct route_property *p = route_properties; p->graph != NULL; p++) {
		bool shows, as_before;
		cJSON *now;

		if (route_wanted(op, p) == NULL)
			continue;
		now = route_property_of_entra(p, body);
		shows = route_value_eq(now, route_wanted(op, p));
		as_before = route_value_eq(now, route_before(route_entra(op), p));
		cJSON_Delete(now);
		if (!shows && as_before) {
			*old = true;
			return p;
		}
		if (!shows)
			foreign = p;
	}
	return foreign;
}

/* By Entra Connect's hands, which may need another cycle: its controller may lag behind ours. */
static void
not_synced(struct operation *op, const struct route_property *p)
{
	struct route_change *c = op->change;

	if (c->cycles < ROUTE_CYCLES_MAX)
		route_change_back_to(op, &route_step_sync);
	else
		route_step_failed(op, CW_ETIMEOUT,
		    "Active Directory has the change, but Entra ID does not show %s after %u "
		    "cycles "
		    "of Entra Connect; look there for errors of the export",
		    p->graph, c->cycles);
}

static void
shown(struct operation *op, const cJSON *body, const struct cw_err *err)
{
	struct route_change *c = op->change;
	const struct route_property *p;
	bool old;

	if (err->code < 0) {
		route_step_failed(
		    op, err->code, "it was written, and cannot be read back: %s", err->text);
		return;
	}
	route_remember(op, route_entra(op), "after", body, route_property_of_entra);
	if ((p = missing(op, body, &old)) == NULL) {
		route_step_done(op);
	} else if (!old) {
		route_step_note(
		    op, "%s was written, and has been changed by somebody else since", p->graph);
		route_step_done(op);
	} else if (route_now(op->r) < c->show_until_ms) {
		route_op_wait(op,
		    SHOW_FIRST_MS + route_backoff(c->rounds++, SHOW_FIRST_MS, SHOW_MOST_MS), false,
		    show_start, CW_EUNAVAILABLE, "%s is not shown yet", p->graph);
	} else if (route_step_is(op, &route_step_sync, "done")) {
		not_synced(op, p);
	} else {
		route_step_failed(op, CW_ETIMEOUT,
		    "Entra ID took %s, but still shows the value from before", p->graph);
	}
}

static void
show_start(struct operation *op)
{
	struct route_change *c = op->change;

	if (c->show_until_ms == 0)
		c->show_until_ms = route_now(op->r) + ROUTE_SHOW_MS;
	route_entra_get(op, route_entra_path(op, cw_json_str(route_entra(op), "id")), shown);
}

static bool
show_needed(const struct operation *op)
{
	return route_step_is(op, &route_step_write_entra, "done") ||
	    route_step_is(op, &route_step_sync, "done");
}

const struct route_step route_step_show_entra = { .place = "entra",
	.what = "check: Entra ID shows the values",
	.needed = show_needed,
	.start = show_start };
