/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether and where a command that is no script's is to run: judged as a write of a
 * script is, and then not made.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "broker/broker_internal.h"

struct broker_place {
	struct cw_script script; /* that there is not: what its one call needs of one */
	struct broker_place *next;
	bool on_pdc;
	void (*done)(void *arg, const char *server, const char *warning, cJSON *failure);
	void *arg;
};

static void
forget(struct broker_place *p)
{
	struct broker_place **at = &p->script.broker->places;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	free(p->script.marks);
	free(p);
}

static void
on_over(struct broker_call *call)
{
	struct broker_place *p = (struct broker_place *)call->script;
	cJSON *failure = call->failure;

	call->failure = NULL;
	call_free(call);
	if (p->done != NULL)
		p->done(p->arg, p->on_pdc ? p->script.pdc : p->script.server, p->script.pdc_warning,
		    failure);
	else
		cJSON_Delete(failure);
	forget(p);
}

static void
on_looked_up(struct broker_call *call)
{
	((struct broker_place *)call->script)->on_pdc = call->entries[0].on_pdc;
	mode_done(call, 1);
}

int
cw_broker_place(struct cw_broker *b, const struct cw_broker_write *write,
    void (*done)(void *arg, const char *server, const char *warning, cJSON *failure), void *arg,
    struct cw_err *err)
{
	static const struct broker_mode_ops ops = { .write = on_looked_up, .call_over = on_over };
	struct broker_place *p;
	struct broker_call *c;

	if (b->closing)
		return cw_fail(err, CW_EUNAVAILABLE, "the agent is being stopped");
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	p->script.broker = b;
	p->script.state = SCRIPT_RUNNING;
	p->script.mode = CW_SCRIPT_RUN;
	p->script.stays = write->stays;
	p->script.due_ms = broker_now(b) + write->timeout_ms;
	p->script.ops = &ops;
	(void)snprintf(p->script.server, sizeof(p->script.server), "%s", write->server);
	if ((c = call_add(&p->script, cw_catalogue_call_entry(write->call)->name, 1)) == NULL) {
		free(p);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	p->done = done;
	p->arg = arg;
	p->next = b->places;
	b->places = p;
	/* Borrowed: not among those that were made. */
	c->entries[0].bound = write->call;
	c->entries[0].parameters = (cJSON *)write->parameters;
	c->count = 1;
	call_next(c);
	return CW_OK;
}

void
cw_broker_place_cancel(struct cw_broker *b, const void *arg)
{
	struct broker_place *p = b->places;

	while (p != NULL && (p->arg != arg || p->done == NULL))
		p = p->next;
	if (p == NULL)
		return;
	p->done = NULL;
	call_cancel(p->script.calls);
}

void
place_abandon_all(struct cw_broker *b)
{
	struct broker_place *p;

	while ((p = b->places) != NULL) {
		struct broker_call *call = p->script.calls;

		call->job = call->query.job = NULL;
		cw_controller_cancel(b->config.controller, &call->wait);
		call_free(call);
		if (p->done != NULL)
			p->done(p->arg, NULL, "",
			    call_error("the agent is being stopped", "CausewayUnavailable",
				"ResourceUnavailable", NULL));
		forget(p);
	}
}
