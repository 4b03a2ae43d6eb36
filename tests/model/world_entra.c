/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entra ID behind Graph, with one user.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "graph/graph.h"
#include "model/world.h"

#define WAY_MS 20
#define SLOW_MS 7000

struct cw_graph_call {
	struct world *w;
	void (*done)(void *arg, const struct cw_graph_response *response, const struct cw_err *err);
	void *arg;
	bool gone; /* cancelled: the service does it all the same */
	bool get;
	char *path;
	cJSON *body;
	enum world_fault_kind fault;
};

const char *
world_entra_value(const cJSON *user, const char *name)
{
	const cJSON *v = cw_json_get(user, name);

	if (cJSON_IsArray(v))
		v = v->child;
	return cJSON_IsString(v) ? v->valuestring
	    : cJSON_IsTrue(v)    ? "true"
	    : cJSON_IsFalse(v)   ? "false"
				 : "";
}

/* What Active Directory masters nobody can change here. */
static const char *
foreign_property(const struct world *w)
{
	return w->synced ? "usageLocation" : "jobTitle";
}

static void
somebody_else(struct world *w, void *arg)
{
	(void)arg;
	cJSON_ReplaceItemInObjectCaseSensitive(
	    w->user[0].entra, foreign_property(w), cJSON_CreateString(WORLD_FOREIGN));
	cJSON_Delete(w->user[0].shown);
	w->user[0].shown = NULL;
	w->foreign_in_entra = true;
}

static int
refuse(struct cw_err *err, const char *why)
{
	return cw_fail(err, CW_EINVAL, "Graph: Request_BadRequest: %s", why);
}

/* By what stands in the path: an id, a sign-in name, or an immutable id in a filter. */
static struct world_user *
user_of(struct world *w, const char *path)
{
	for (unsigned i = 0; i < WORLD_USERS; i++) {
		static const char *const anchor_ends[] = { "AA", "AQ", "Ag", "Aw" };
		char id[64], upn[64], anchor[64];

		(void)snprintf(id, sizeof(id), "/users/e0000000-0000-4000-8000-00000000000%u", i);
		(void)snprintf(upn, sizeof(upn), "/users/ada%u%%40lab.test", i);
		(void)snprintf(anchor, sizeof(anchor),
		    "onPremisesImmutableId%%20eq%%20'RDMiEWZViEeZqrvM3e7%%2F%s%%3D%%3D'",
		    anchor_ends[i]);
		if (w->user[i].entra != NULL &&
		    (cw_starts_with(path, id) || cw_starts_with(path, upn) ||
			(w->synced && strstr(path, anchor) != NULL)))
			return &w->user[i];
	}
	return NULL;
}

static int
patch(struct world *w, const struct cw_graph_call *c, struct cw_err *err)
{
	struct world_user *u = user_of(w, c->path);
	const cJSON *p;

	if (u == NULL)
		return cw_fail(err, CW_ENOTFOUND, "Graph: Request_ResourceNotFound: not there");
	if (w->synced)
		cJSON_ArrayForEach (p, c->body)
			if (strcmp(p->string, "usageLocation") != 0)
				return refuse(err, "on-premises mastered");
	if (w->foreign_in_entra && cw_json_get(c->body, foreign_property(w)) != NULL)
		w->broken = "somebody else's value in Entra ID was overwritten";
	w->entra_effects++;
	if (c->fault == FAULT_ENTRA_SLOW) {
		cJSON_Delete(u->shown);
		u->shown = cJSON_Duplicate(u->entra, true);
		u->shown_until_ms = w->now_ms + SLOW_MS;
	}
	cJSON_ArrayForEach (p, c->body) {
		if (strcmp(p->string, "passwordProfile") == 0) {
			(void)snprintf(u->entra_password, sizeof(u->entra_password), "%s",
			    cw_json_str(p, "password"));
			u->entra_must_change = cw_json_true(p, "forceChangePasswordNextSignIn");
			continue;
		}
		if (cw_json_get(u->entra, p->string) == NULL)
			w->broken = "a PATCH of a property that was not read";
		cJSON_ReplaceItemInObjectCaseSensitive(
		    u->entra, p->string, cJSON_Duplicate(p, true));
	}
	if (w->fault.foreign == FOREIGN_ENTRA && !w->foreign_done) {
		w->foreign_done = true;
		world_at(w, 1, somebody_else, NULL);
	}
	return CW_OK;
}

static int
get(struct world *w, const struct cw_graph_call *c, cJSON **body, struct cw_err *err)
{
	struct world_user *u = user_of(w, c->path);
	cJSON *value;

	if (u != NULL && u->shown != NULL && w->now_ms >= u->shown_until_ms) {
		cJSON_Delete(u->shown);
		u->shown = NULL;
	}
	if (strstr(c->path, "?$filter=") != NULL) {
		*body = cJSON_CreateObject();
		value = cJSON_AddArrayToObject(*body, "value");
		if (u != NULL)
			cJSON_AddItemToArray(value, cJSON_Duplicate(u->entra, true));
		return CW_OK;
	}
	if (u == NULL)
		return cw_fail(err, CW_ENOTFOUND, "Graph: Request_ResourceNotFound: not there");
	*body = cJSON_Duplicate(u->shown != NULL ? u->shown : u->entra, true);
	return CW_OK;
}

static void
free_call(struct cw_graph_call *c)
{
	free(c->path);
	cJSON_Delete(c->body);
	free(c);
}

static void
work(struct world *w, void *arg)
{
	struct cw_graph_call *c = arg;
	struct cw_graph_response response = { .status = 200, .attempts = 1 };
	struct cw_err err = { 0 };
	cJSON *body = NULL;
	int r = CW_OK;

	if (c->fault == FAULT_ENTRA_REFUSED)
		r = refuse(&err, "it does not like that");
	else if (c->fault != FAULT_ENTRA_503_BEFORE && c->fault != FAULT_ENTRA_GET_503 &&
	    c->fault != FAULT_ENTRA_AWAY)
		r = c->get ? get(w, c, &body, &err) : patch(w, c, &err);
	if (c->fault == FAULT_ENTRA_503_BEFORE || c->fault == FAULT_ENTRA_503_AFTER ||
	    c->fault == FAULT_ENTRA_GET_503 || c->fault == FAULT_ENTRA_AWAY)
		r = cw_fail(&err, CW_EUNAVAILABLE, "Graph: ServiceUnavailable: come again");
	response.body = body;
	if (!c->gone && !w->crashed)
		c->done(c->arg, r == CW_OK ? &response : NULL, &err);
	cJSON_Delete(body);
	free_call(c);
}

static enum world_fault_kind
strike(struct world *w, bool is_get)
{
	enum world_fault_kind kind = w->fault.kind;
	bool of_get = kind == FAULT_ENTRA_GET_503;
	bool of_patch = kind >= FAULT_ENTRA_503_BEFORE && kind <= FAULT_ENTRA_SLOW;
	unsigned n;

	if (is_get ? !of_get : !of_patch)
		return FAULT_NONE;
	n = is_get ? ++w->gets : ++w->patches;
	if (n != w->fault.nth &&
	    !((kind == FAULT_ENTRA_REFUSED || kind == FAULT_ENTRA_AWAY) && n > w->fault.nth))
		return FAULT_NONE;
	w->struck = true;
	return kind;
}

static int
op_graph(void *arg, struct cw_graph_call **ret, const struct cw_graph_request *request,
    void (*done)(void *arg, const struct cw_graph_response *response, const struct cw_err *err),
    void *done_arg, struct cw_err *err)
{
	struct world *w = arg;
	struct cw_graph_call *c = calloc(1, sizeof(*c));

	(void)err;
	c->w = w;
	c->done = done;
	c->arg = done_arg;
	c->get = strcmp(request->method, "GET") == 0;
	*ret = c;
	if (world_point(w)) {
		c->gone = true; /* freed when it is cancelled */
		return CW_OK;
	}
	c->path = cw_strdup(request->path);
	c->body = cJSON_Duplicate(request->body, true);
	c->fault = strike(w, c->get);
	world_at(w, WAY_MS, work, c);
	(void)world_point(w);
	return CW_OK;
}

static void
op_cancel(void *arg, struct cw_graph_call *call)
{
	(void)arg;
	if (call->path == NULL) {
		free_call(call);
		return;
	}
	call->gone = true;
}

void
world_entra_ops(struct world *w, struct cw_route_ops *ops)
{
	(void)w;
	ops->graph = op_graph;
	ops->graph_cancel = op_cancel;
}
