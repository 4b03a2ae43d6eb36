/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes into a plan: what they name is looked up already; what they would overwrite
 * is read in one question, and then each becomes an entry.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "broker/plan_mode.h"
#include "os/clock.h"

void
plan_write_free(struct plan_call *c)
{
	for (size_t i = 0; i < c->count; i++)
		cw_plan_write_free(c->writes[i]);
	c->count = 0;
	cw_plan_lookup_free(c->lookup);
	c->lookup = NULL;
	cw_plan_domain_free(&c->domain);
	c->entered = c->shown = 0;
}

static void
cannot(struct broker_call *call, const struct cw_err *err)
{
	plan_write_free(call->mode_data);
	call->running = 0;
	plan_stop(call, err);
	call_next(call);
}

/* --- entries */

static const char *
kind_of(const struct cw_plan_object *o)
{
	const char *kind = o->class == NULL ? NULL : cw_plan_kind_of(o->class);

	return kind != NULL ? kind : "ADObject";
}

/* false: the call ends before it. */
static bool
enter(struct broker_call *call, size_t i)
{
	struct planning *p = plan_of(call);
	struct plan_call *c = call->mode_data;
	struct cw_plan_write *w = c->writes[i];
	const struct cw_plan_fault *fault = cw_plan_lookup_check(c->lookup, w, p->state);
	struct cw_err err = { 0 };
	cJSON *entry, *document;
	char class[80], id[160];
	int r = CW_ENOMEM;

	if (fault != NULL) {
		pin_class_name(class, sizeof(class), call->command->name);
		(void)snprintf(id, sizeof(id),
		    "%s,Microsoft.ActiveDirectory.Management.Commands.%s", fault->id, class);
		call_fail(call, call_error(fault->message, id, fault->category, fault->type));
		return false;
	}
	(void)cw_fail(&err, CW_ENOMEM, "out of memory");
	document = plan_document(call->script);
	entry = cw_plan_write_entry(w, p->state, call->entries[call->at + i].bound);
	if (document != NULL && entry != NULL &&
	    (r = cw_plan_write_change(w, p->state, cw_clock_unix_ms(), &err)) == CW_OK) {
		r = cw_plan_document_add(document, entry, &p->bytes, &err);
		entry = NULL;
		if (r == CW_OK && p->bytes > CW_PLAN_LARGE)
			r = broker_take_large(call->script->broker, call->script, &err);
		call->script->written++;
	}
	cJSON_Delete(entry);
	if (r < 0)
		plan_stop(call, &err);
	return r == CW_OK;
}

/* --- what they show, with -PassThru */

/* What is made: the plan alone knows it. */
static int
show_made(struct broker_call *call, const struct cw_plan_object *o, struct cw_err *err)
{
	struct cw_script *s = call->script;
	struct cw_plan_shown shown = {
		.state = plan_of(call)->state, .arena = s->arena, .command = call->command->name
	};
	const struct cw_ps_value *value = NULL;
	int r;

	cw_ps_arena_reset(s->arena);
	r = cw_plan_show_planned(&value, &shown, kind_of(o), NULL, o, err);
	if (r == CW_OK)
		mode_output(call, value);
	return r;
}

/* What is there: read, and shown as it would be. */
static int
show_real(struct broker_call *call, const struct cw_plan_object *o, struct cw_err *err)
{
	struct plan_call *c = call->mode_data;
	cJSON *parameters = cJSON_CreateObject();
	char command[80];
	int r;

	(void)snprintf(command, sizeof(command), "Get-%s", kind_of(o));
	call->state = CALL_RUNNING;
	cw_catalogue_call_free(c->bound);
	c->bound = NULL;
	if (parameters == NULL || cJSON_AddStringToObject(parameters, "Identity", o->guid) == NULL)
		r = cw_fail(err, CW_ENOMEM, "out of memory");
	else if ((r = cw_catalogue_bind(&c->bound, command, parameters, err)) == CW_OK)
		r = mode_run(call, c->bound, err);
	cJSON_Delete(parameters);
	return r;
}

/* The next one that is shown; after the last the call goes on. */
void
plan_write_show(struct broker_call *call)
{
	struct plan_call *c = call->mode_data;
	struct cw_err err = { 0 };
	size_t entered = c->entered;
	int r = CW_OK;

	while (c->shown < c->entered && r == CW_OK) {
		const struct cw_plan_write *w = c->writes[c->shown++];
		const struct cw_plan_object *o = w->made != NULL ? w->made : w->target;

		if (!w->pass_thru || o == NULL || o->removed)
			continue;
		if (o->created)
			r = show_made(call, o, &err);
		else if ((r = show_real(call, o, &err)) == CW_OK)
			return; /* it comes back here */
	}
	plan_write_free(c);
	if (r < 0) {
		call->running = entered;
		plan_stop(call, &err);
	}
	mode_done(call, entered);
}

static void
enter_all(struct broker_call *call)
{
	struct plan_call *c = call->mode_data;

	while (c->entered < c->count && enter(call, c->entered))
		c->entered++;
	if (c->entered < c->count)
		call->count = call->at + c->entered;
	plan_write_show(call);
}

/* --- what has to be known before */

static int
on_row(void *arg, const struct cw_ps_value *value, struct cw_err *err)
{
	struct broker_call *call = arg;
	struct plan_call *c = call->mode_data;

	if (!c->asks_domain)
		return cw_plan_lookup_found(c->lookup, plan_of(call)->state, value, err);
	return cw_plan_domain_read(&c->domain, value)
	    ? CW_OK
	    : cw_fail(err, CW_EPROTO, "Get-ADDomain did not name the domain");
}

static void prepare(struct broker_call *call);

static void
on_answered(void *arg, const struct cw_err *err)
{
	struct broker_call *call = arg;
	struct plan_call *c = call->mode_data;
	struct planning *p = plan_of(call);

	if (call->cancelled) {
		plan_write_free(c);
		call->running = 0;
		call_next(call);
	} else if (err->code < 0) {
		cannot(call, err);
	} else if (c->asks_domain) {
		c->asks_domain = false;
		cw_plan_domain_free(&p->domain);
		p->domain = c->domain;
		c->domain = (struct cw_plan_domain){ 0 };
		prepare(call);
	} else {
		enter_all(call);
	}
}

static void
ask(struct broker_call *call, const char *filter, const cJSON *properties)
{
	struct cw_script *s = call->script;
	struct cw_err err = { 0 };
	struct cw_runspaces *rs = call_runspaces(call, &err);

	call->state = CALL_LOOKING;
	call->query.row = on_row;
	call->query.done = on_answered;
	call->query.arg = call;
	if (rs == NULL ||
	    broker_query_start(&call->query, rs, s->server, filter, NULL, properties,
		script_left_ms(s) + BROKER_BACKSTOP_MS, &err) < 0)
		cannot(call, &err);
}

/* The object of a name, as it was looked up: it is in the plan's state from now on. */
static struct cw_plan_object *
object_of(struct broker_call *call, const struct broker_entry *entry, const struct cw_plan_ref *ref)
{
	struct cw_plan_state *state = plan_of(call)->state;
	const char *kind = ref->place ? NULL : ref->parameter->kind->name;
	struct cw_plan_object *o = NULL;
	char *real = NULL;

	if (cw_plan_state_find(state, kind, ref->text, &o, &real) != CW_OK)
		o = NULL;
	free(real);
	for (size_t i = 0; o == NULL && i < entry->name_count; i++) {
		const struct lookup_name *name = &call->names[entry->first_name + i];
		const struct broker_object *found;
		struct cw_plan_pin pin;

		if (name->parameter != ref->parameter || name->state != LOOKUP_FOUND ||
		    name->form == 0 || !cw_streq(name->given, ref->text))
			continue;
		found = &call->objects[name->object];
		pin = (struct cw_plan_pin){ .guid = found->guid,
			.sid = found->sid[0] != '\0' ? found->sid : NULL,
			.class = found->class,
			.dn = found->dn,
			.account = found->account[0] != '\0' ? found->account : NULL,
			.protected = found->protected };
		o = cw_plan_state_pin(state, &pin);
	}
	return o;
}

static int
prepare_one(struct broker_call *call, size_t i, struct cw_err *err)
{
	struct planning *p = plan_of(call);
	struct plan_call *c = call->mode_data;
	struct cw_plan_write *w = c->writes[i];
	int r;

	for (size_t k = 0; k < w->ref_count; k++) {
		struct cw_plan_ref *ref = &w->refs[k];

		ref->object = object_of(call, &call->entries[call->at + i], ref);
		if (ref->object == NULL)
			return cw_fail(err, CW_EDENIED, "%s: what -%s names cannot be planned with",
			    call->command->name, ref->parameter->name);
	}
	if ((r = cw_plan_write_prepare(w, &p->domain, err)) < 0)
		return r;
	return cw_plan_lookup_add(c->lookup, w, p->state, err);
}

/* Every write has its parameters; the domain is known where one needs it. */
static void
prepare(struct broker_call *call)
{
	struct plan_call *c = call->mode_data;
	struct cw_err err = { 0 };
	const char *filter;

	for (size_t i = 0; i < c->count; i++)
		if (prepare_one(call, i, &err) < 0) {
			cannot(call, &err);
			return;
		}
	if ((filter = cw_plan_lookup_filter(c->lookup)) != NULL)
		ask(call, filter, cw_plan_lookup_properties(c->lookup));
	else
		enter_all(call);
}

void
plan_write(struct broker_call *call)
{
	struct planning *p = plan_of(call);
	struct plan_call *c;
	struct cw_err err = { 0 };
	bool domain = false;
	int r = CW_OK;

	if (call->mode_data == NULL)
		call->mode_data = calloc(1, sizeof(*c));
	if ((c = call->mode_data) == NULL || (c->lookup = cw_plan_lookup_new()) == NULL) {
		mode_fail(
		    call, call_error("out of memory", BROKER_ERROR_LIMIT, "LimitsExceeded", NULL));
		return;
	}
	if (p->ended)
		r = cw_fail(&err, CW_EDENIED, "the plan has ended before this");
	for (size_t i = call->at; i < call->count && r == CW_OK; i++) {
		r = cw_plan_write_new(&c->writes[c->count], call->entries[i].bound,
		    call->entries[i].parameters, &err);
		if (r == CW_OK)
			domain = cw_plan_write_needs_domain(c->writes[c->count++]) || domain;
	}
	if (r < 0) {
		cannot(call, &err);
	} else if (domain && p->domain.dn == NULL) {
		c->asks_domain = true;
		ask(call, NULL, NULL);
	} else {
		prepare(call);
	}
}
