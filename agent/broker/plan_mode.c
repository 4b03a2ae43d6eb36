/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script whose writes are planned: reads see the directory as it would be, writes
 * become entries. agent/plan knows how; here it is driven. Where something cannot be
 * told the plan ends, and says why.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "broker/plan_mode.h"
#include "os/clock.h"

#define NOT_FOUND "Microsoft.ActiveDirectory.Management.ADIdentityNotFoundException"

struct planning *
plan_of(const struct broker_call *call)
{
	return call->script->mode_data;
}

/* --- the document */

/* The script's plan; it begins with its first write, when the controller is known. */
cJSON *
plan_document(struct cw_script *s)
{
	struct planning *p = s->mode_data;
	int64_t now = cw_clock_unix_ms();
	const struct cw_plan_header header = { .tenant = s->broker->config.tenant,
		.agent = s->broker->config.agent,
		.operation = s->id,
		.controller = s->server,
		.caller = s->caller,
		.created_ms = now,
		.expires_ms = now + PLAN_VALID_MS };

	if (p->document == NULL)
		p->document = cw_plan_document_new(&header);
	return p->document;
}

/* It cannot go on as the script would: what comes now would be a guess. */
void
plan_stop(struct broker_call *call, const struct cw_err *err)
{
	struct planning *p = plan_of(call);
	cJSON *document = plan_document(call->script);

	p->ended = true;
	if (document != NULL)
		(void)cw_plan_document_stop(document, err->text);
	call_fail(call, call_error(err->text, "CausewayApproximate", "NotImplemented", NULL));
}

static bool
is_ended(struct broker_call *call)
{
	struct cw_err err;

	if (!plan_of(call)->ended)
		return false;
	(void)cw_fail(&err, CW_EDENIED, "the plan has ended before this");
	call->running = 0;
	plan_stop(call, &err);
	call_next(call);
	return true;
}

/* --- names */

static int
fill(struct broker_object *ret, const struct cw_plan_object *o)
{
	*ret = (struct broker_object){ .dn = cw_strdup(o->dn),
		.name = cw_strdup(""),
		.account = cw_strdup(o->account != NULL ? o->account : ""),
		.class = cw_strdup(o->class != NULL ? o->class : "") };
	memcpy(ret->guid, o->guid, sizeof(ret->guid));
	if (o->sid != NULL && strlen(o->sid) < sizeof(ret->sid))
		memcpy(ret->sid, o->sid, strlen(o->sid) + 1);
	if (ret->dn != NULL && ret->name != NULL && ret->account != NULL && ret->class != NULL)
		return CW_OK;
	broker_object_free(ret);
	return CW_ENOMEM;
}

static int
find(struct broker_call *call, struct lookup_name *name, struct broker_object *ret)
{
	const char *kind = name->parameter->type == CW_TYPE_DN ? NULL : name->parameter->kind->name;
	struct cw_plan_object *o = NULL;
	char *real = NULL;
	int r = cw_plan_state_find(plan_of(call)->state, kind, name->text, &o, &real);

	if (r == CW_OK)
		r = fill(ret, o);
	if (r != CW_EAGAIN || real == NULL) {
		free(real);
		return r;
	}
	name->renamed = real;
	name->text = real;
	return CW_EAGAIN;
}

/* --- reads */

static struct plan_call *
data_of(struct broker_call *call)
{
	if (call->mode_data == NULL)
		call->mode_data = calloc(1, sizeof(struct plan_call));
	return call->mode_data;
}

static void
read_end(struct plan_call *c)
{
	cw_plan_read_free(c->read);
	cw_catalogue_call_free(c->bound);
	c->read = NULL;
	c->bound = NULL;
}

static void
cannot_read(struct broker_call *call, const struct cw_err *err)
{
	read_end(call->mode_data);
	call->running = 0;
	plan_stop(call, err);
	call_next(call);
}

/* What only the plan knows of, last. */
static void
read_made(struct broker_call *call)
{
	struct cw_script *s = call->script;
	struct plan_call *c = call->mode_data;
	const struct cw_ps_value *value;
	struct cw_err err = { 0 };
	char text[CW_ERR_TEXT_MAX];
	int r;

	do {
		cw_ps_arena_reset(s->arena);
		r = cw_plan_read_made(c->read, &value, s->arena, &err);
		if (r == CW_OK && value != NULL)
			mode_output(call, value);
	} while (r == CW_OK && value != NULL);
	if (r < 0) {
		cannot_read(call, &err);
		return;
	}
	if (c->read->left_out != NULL) {
		(void)snprintf(text, sizeof(text),
		    "%.64s is left out: what it would be after the planned writes is not known",
		    c->read->left_out);
		mode_warning(call, text);
	}
	read_end(c);
	mode_done(call, 1);
}

/* parameters NULL: as they were given. */
static void
read_run(struct broker_call *call, const cJSON *parameters)
{
	struct cw_script *s = call->script;
	struct plan_call *c = call->mode_data;
	struct cw_catalogue_call *bound = call->entries[call->at].bound;
	struct cw_refusal refusal;
	struct cw_err err = { 0 };
	int r = CW_OK;

	if (parameters != NULL) {
		cw_catalogue_call_free(c->bound);
		c->bound = NULL;
		r = cw_policy_bind(&c->bound, s->broker->config.policy, call->command->name,
		    parameters, true, &refusal, &err);
		bound = c->bound;
	}
	if (r == CW_OK)
		r = mode_run(call, bound, &err);
	if (r < 0)
		cannot_read(call, &err);
}

static void
on_read(struct broker_call *call)
{
	struct planning *p = plan_of(call);
	struct plan_call *c = data_of(call);
	const struct broker_entry *entry = &call->entries[call->at];
	struct cw_err err = { 0 };
	int r;

	if (is_ended(call))
		return;
	if (c == NULL) {
		mode_fail(
		    call, call_error("out of memory", BROKER_ERROR_LIMIT, "LimitsExceeded", NULL));
		return;
	}
	c->touched = false;
	r = cw_plan_read_new(&c->read, p->state, entry->bound, entry->parameters, &err);
	if (r == CW_ENOTFOUND)
		mode_fail(call, plan_not_found(call, err.text));
	else if (r < 0)
		cannot_read(call, &err);
	else if (c->read->runs)
		read_run(call, c->read->parameters);
	else
		read_made(call);
}

/* The object of a write with -PassThru. */
static int
show_write(struct broker_call *call, const struct cw_ps_value **ret,
    const struct cw_ps_value *value, struct cw_err *err)
{
	struct cw_plan_shown shown = { .state = plan_of(call)->state,
		.arena = call->script->arena,
		.command = call->command->name };
	const char *kind = cw_plan_kind_of_value(value);

	return cw_plan_show(ret, &shown, kind != NULL ? kind : "ADObject", value, err);
}

static void
on_output(struct broker_call *call, const struct cw_ps_value *value)
{
	struct cw_script *s = call->script;
	struct plan_call *c = call->mode_data;
	const struct cw_ps_value *shown = NULL;
	struct cw_err err = { 0 };
	int r;

	if (c == NULL || call->failure != NULL)
		return;
	cw_ps_arena_reset(s->arena);
	if (c->read == NULL)
		r = show_write(call, &shown, value, &err);
	else
		r = (c->touched ? cw_plan_read_touched : cw_plan_read_output)(
		    c->read, &shown, s->arena, value, &err);
	if (r < 0) {
		plan_stop(call, &err);
		cw_runspaces_stop(call->job);
	} else if (shown != NULL) {
		mode_output(call, shown);
	}
}

static void
on_read_done(struct broker_call *call)
{
	struct plan_call *c = call->mode_data;
	cJSON *next = NULL;
	struct cw_err err = { 0 };

	if (c->read == NULL) {
		plan_write_show(call);
		return;
	}
	c->touched = true;
	if (cw_plan_read_next(c->read, &next, &err) < 0)
		cannot_read(call, &err);
	else if (next != NULL)
		read_run(call, next);
	else
		read_made(call);
	cJSON_Delete(next);
}

/* --- life */

cJSON *
plan_not_found(struct broker_call *call, const char *message)
{
	char id[256], class[80];

	pin_class_name(class, sizeof(class), call->command->name);
	(void)snprintf(id, sizeof(id),
	    "ActiveDirectoryCmdlet:" NOT_FOUND ",Microsoft.ActiveDirectory.Management.Commands.%s",
	    class);
	return call_error(message, id, "ObjectNotFound", NOT_FOUND);
}

static void
on_call_free(struct broker_call *call)
{
	struct plan_call *c = call->mode_data;

	if (c == NULL)
		return;
	read_end(c);
	plan_write_free(c);
	free(c);
	call->mode_data = NULL;
}

static void
on_finish(struct cw_script *s, cJSON *result)
{
	cJSON *document = plan_document(s);
	struct planning *p = s->mode_data;
	struct cw_err err = { 0 };

	/* What it would have done next is not known. */
	if (document != NULL && (s->failed || s->stopped[0] != '\0'))
		(void)cw_plan_document_stop(document, "the script did not come to its end");
	if (document == NULL || cw_plan_document_seal(document, &err) < 0)
		return;
	cJSON_AddItemToObject(result, "plan", document);
	p->document = NULL;
}

static void
on_free(struct cw_script *s)
{
	struct planning *p = s->mode_data;

	if (p == NULL)
		return;
	cw_plan_state_free(p->state);
	cw_plan_domain_free(&p->domain);
	cJSON_Delete(p->document);
	free(p);
	s->mode_data = NULL;
}

int
plan_mode_start(struct cw_script *s)
{
	static const struct broker_mode_ops ops = { .find = find,
		.write = plan_write,
		.read = on_read,
		.output = on_output,
		.read_done = on_read_done,
		.call_free = on_call_free,
		.finish = on_finish,
		.free = on_free };
	struct planning *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->state = cw_plan_state_new()) == NULL) {
		free(p);
		return CW_ENOMEM;
	}
	s->ops = &ops;
	s->mode_data = p;
	/* Nothing is made: what takes an approval is shown to the person who gives it. */
	s->approved = true;
	return CW_OK;
}
