/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who follows an operation. A callback may stop watching, itself or another, while they are told.
 */
#include <stdlib.h>

#include "base/json.h"
#include "route/command.h"
#include "route/route_internal.h"

struct cw_route_watch {
	TAILQ_ENTRY(cw_route_watch) link;
	struct operation *op; /* NULL: gone, and only remembered until all have been told */
	struct cw_route_watch_events events;
	void *arg;
	bool paused;
};

/* A command flows while nobody holds it back. */
static void
apply_pressure(struct operation *op)
{
	const struct cw_route_watch *w;
	bool pause = false;

	TAILQ_FOREACH (w, &op->watches, link)
		pause |= w->op != NULL && w->paused;
	route_command_pause(op, pause);
}

static void
sweep(struct operation *op)
{
	struct cw_route_watch *w = TAILQ_FIRST(&op->watches), *next;

	if (--op->notifying > 0)
		return;
	for (; w != NULL; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->op == NULL) {
			TAILQ_REMOVE(&op->watches, w, link);
			free(w);
		}
	}
}

const char *
route_password_name(const struct operation *op)
{
	return op->script != NULL ? "secrets" : "password";
}

/* A sealed password is seen by who asks and who watches, and never stored with the document. */
static void
show_password(struct operation *op, bool show)
{
	cJSON *result = (cJSON *)cw_json_get(op->doc, "result");

	if (op->password == NULL || result == NULL)
		return;
	if (show)
		(void)cJSON_AddItemReferenceToObject(result, route_password_name(op), op->password);
	else
		cJSON_DeleteItemFromObjectCaseSensitive(result, route_password_name(op));
}

void
route_watch_changed(struct operation *op, bool finished)
{
	struct cw_route_watch *w;

	if (TAILQ_EMPTY(&op->watches))
		return;
	show_password(op, true);
	op->notifying++;
	TAILQ_FOREACH (w, &op->watches, link) {
		struct cw_route_watch_events events = w->events;
		void *arg = w->arg;

		if (w->op == NULL)
			continue;
		if (finished)
			w->op = NULL;
		if (events.changed != NULL)
			events.changed(arg, op->doc, finished);
	}
	sweep(op);
	show_password(op, false);
}

void
route_watch_output(struct operation *op, const char *ndjson, size_t n)
{
	struct cw_route_watch *w;

	if (TAILQ_EMPTY(&op->watches))
		return;
	op->notifying++;
	TAILQ_FOREACH (w, &op->watches, link)
		if (w->op != NULL && w->events.output != NULL)
			w->events.output(w->arg, ndjson, n);
	sweep(op);
}

void
route_watch_free(struct operation *op)
{
	struct cw_route_watch *w;

	while ((w = TAILQ_FIRST(&op->watches)) != NULL) {
		TAILQ_REMOVE(&op->watches, w, link);
		free(w);
	}
}

int
cw_route_watch(struct cw_route *r, struct cw_route_watch **ret, const char *id,
    const struct cw_route_watch_events *events, void *arg, struct cw_err *err)
{
	struct operation *op = route_op_find(r, id);
	struct cw_route_watch *w;
	cJSON *shown;
	int code;

	if (op == NULL || op->ended) {
		if ((code = cw_route_show(r, &shown, id, err)) < 0)
			return code;
		cJSON_DeleteItemFromObjectCaseSensitive(shown, "output");
		*ret = NULL;
		events->changed(arg, shown, true);
		cJSON_Delete(shown);
		return CW_OK;
	}
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	w->op = op;
	w->events = *events;
	w->arg = arg;
	TAILQ_INSERT_TAIL(&op->watches, w, link);
	*ret = w;
	return CW_OK;
}

void
cw_route_unwatch(struct cw_route_watch *w)
{
	struct operation *op;

	if (w == NULL || (op = w->op) == NULL)
		return;
	w->op = NULL;
	op->notifying++;
	sweep(op);
	apply_pressure(op);
}

static void
set_paused(struct cw_route_watch *w, bool paused)
{
	if (w->op == NULL || w->paused == paused)
		return;
	w->paused = paused;
	apply_pressure(w->op);
}

void
cw_route_watch_pause(struct cw_route_watch *w)
{
	set_paused(w, true);
}

void
cw_route_watch_resume(struct cw_route_watch *w)
{
	set_paused(w, false);
}
