/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a command that is no script's is to run: looked up as a write of a script is,
 * and then not made.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "broker/broker_internal.h"

struct broker_place {
	struct cw_script script; /* that there is not: what its one call needs of one */
	struct broker_place *next;
	bool on_pdc;
	void (*done)(void *arg, const char *server, const char *warning, const struct cw_err *err);
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

/* What its object is could not be told: the command itself will say why. */
static void
on_over(struct broker_call *call)
{
	struct broker_place *p = (struct broker_place *)call->script;
	const struct cw_err ok = { 0 };

	call_free(call);
	if (p->done != NULL)
		p->done(p->arg, p->on_pdc ? p->script.pdc : p->script.server, p->script.pdc_warning,
		    &ok);
	forget(p);
}

static void
on_looked_up(struct broker_call *call)
{
	((struct broker_place *)call->script)->on_pdc = call->entries[0].on_pdc;
	mode_done(call, 1);
}

/* The PDC emulator is the very one, as far as is known now. */
static bool
is_there(struct cw_broker *b, const char *server)
{
	struct cw_controller_wait wait = { .pdc = true };
	const char *name = NULL;
	struct cw_err err;

	if (cw_controller_ask(b->config.controller, &name, &wait, &err) == CW_OK)
		return cw_strcaseeq(name, server);
	cw_controller_cancel(b->config.controller, &wait);
	return false;
}

int
cw_broker_place(struct cw_broker *b, struct cw_catalogue_call *call, const char *server,
    uint32_t timeout_ms,
    void (*done)(void *arg, const char *server, const char *warning, const struct cw_err *err),
    void *arg, struct cw_err *err)
{
	static const struct broker_mode_ops ops = { .write = on_looked_up, .call_over = on_over };
	struct broker_place *p;
	struct broker_call *c;

	if (is_there(b, server))
		return CW_OK;
	if (b->closing)
		return cw_fail(err, CW_EUNAVAILABLE, "the agent is being stopped");
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	p->script.broker = b;
	p->script.state = SCRIPT_RUNNING;
	p->script.mode = CW_SCRIPT_RUN;
	p->script.approved = true; /* what may be written is for others to say */
	p->script.due_ms = broker_now(b) + timeout_ms;
	p->script.ops = &ops;
	(void)snprintf(p->script.server, sizeof(p->script.server), "%s", server);
	if ((c = call_add(&p->script, cw_catalogue_call_entry(call)->name, 1)) == NULL) {
		free(p);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	p->done = done;
	p->arg = arg;
	p->next = b->places;
	b->places = p;
	c->entries[0].bound = call; /* borrowed: not among those that were made */
	c->count = 1;
	call_next(c);
	return CW_EAGAIN;
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
	struct cw_err err;
	struct broker_place *p;

	(void)cw_fail(&err, CW_EUNAVAILABLE, "the agent is being stopped");
	while ((p = b->places) != NULL) {
		struct broker_call *call = p->script.calls;

		call->job = call->query.job = NULL;
		cw_controller_cancel(b->config.controller, &call->wait);
		call_free(call);
		if (p->done != NULL)
			p->done(p->arg, NULL, "", &err);
		forget(p);
	}
}
