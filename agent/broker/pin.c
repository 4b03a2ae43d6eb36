/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before a write: what are the objects that it names, may they be written, and by
 * which GUID are they the same ones when the write comes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "broker/broker_internal.h"

#define FILTER_MAX (1024u * 1024u)
#define NOT_FOUND "Microsoft.ActiveDirectory.Management.ADIdentityNotFoundException"
#define SEVERAL "Microsoft.ActiveDirectory.Management.ADMultipleMatchingIdentitiesException"
#define RULE_WHO "a person who approves the plan that holds this call"

static void look_on(struct broker_call *call);

/* --- the end */

static void
cannot(struct broker_call *call, const struct cw_err *err)
{
	if (call->on_pdc) {
		pdc_lost(call, err);
		return;
	}
	call_fail(call, call_error(err->text, "CausewayUnavailable", "ResourceUnavailable", NULL));
	call->count = call->at;
	call_next(call);
}

/* Ends the call before this entry; what is before it is made. */
static void
end_before(struct broker_call *call, size_t entry, cJSON *fail)
{
	call_fail(call, fail);
	call->count = entry;
}

/* "SetADUser", as the module names what gave the error. */
void
pin_class_name(char *ret, size_t size, const char *command)
{
	size_t n = 0;

	for (; *command != '\0' && n + 1 < size; command++)
		if (*command != '-')
			ret[n++] = *command;
	ret[n] = '\0';
}

/* The error that the module gives for such a name. */
static cJSON *
name_error(const struct broker_call *call, const struct lookup_name *name)
{
	bool several = name->state == LOOKUP_SEVERAL, members;
	const char *type = several ? SEVERAL : NOT_FOUND;
	char class[80], id[256], text[CW_ERR_TEXT_MAX];
	cJSON *o;

	pin_class_name(class, sizeof(class), call->command->name);
	members = cw_streq(name->parameter->name, "Members");
	if (members && cw_streq(call->command->kind->name, "ADGroup"))
		(void)snprintf(id, sizeof(id),
		    "SetADGroupMember.ValidateMembersParameter,Microsoft.ActiveDirectory."
		    "Management.Commands.%s",
		    class);
	else
		(void)snprintf(id, sizeof(id),
		    "ActiveDirectoryCmdlet:%s,Microsoft.ActiveDirectory.Management.Commands.%s",
		    type, class);
	if (name->parameter->type == CW_TYPE_DN)
		(void)snprintf(text, sizeof(text), "Directory object not found");
	else
		(void)snprintf(text, sizeof(text),
		    several ? "Multiple objects with identity: '%.100s' were found under: '%.100s'."
			    : "Cannot find an object with identity: '%.100s' under: '%.100s'.",
		    name->text, call->power->domain.dn);
	o = call_error(text, id, several ? "InvalidData" : "ObjectNotFound", type);
	cJSON_AddStringToObject(o, "target", name->text);
	return o;
}

static cJSON *
protected_error(
    struct broker_call *call, const struct broker_entry *entry, const char *what, const char *why)
{
	struct cw_refusal refusal = { .rule = BROKER_RULE_PROTECTED,
		.group = call->command->group->name,
		.who_can_change_it = RULE_WHO };

	(void)snprintf(refusal.message, sizeof(refusal.message), "%s: %.160s is protected: %s",
	    call->command->name, what, why);
	return call_refusal(call->script, call->command->name, entry->parameters, &refusal);
}

/* --- what was found */

/* Groups into which the call puts somebody, or takes somebody out of. */
bool
pin_is_written(const struct lookup_name *name)
{
	return name->target || cw_streq(name->parameter->name, "MemberOf");
}

static bool
is_place(const struct lookup_name *name)
{
	return cw_streq(name->parameter->name, "Path") ||
	    cw_streq(name->parameter->name, "TargetPath");
}

/* What of the configuration cannot be looked up is protected as a whole. */
static const char *
why_protected(const struct broker_call *call, const struct lookup_name *name)
{
	const struct broker_object *o;

	if (name->form == 0)
		return pin_is_written(name) ? "it is in the configuration of the forest" : NULL;
	o = &call->objects[name->object];
	if (pin_is_written(name) && o->protected == NULL && o->holds)
		return "what is below it has power over the domain";
	if (pin_is_written(name))
		return o->protected;
	return is_place(name) ? broker_place_protected(&call->power->domain, o) : NULL;
}

/* A place is given by its name, all else by its GUID. */
static int
pin(struct broker_call *call, const struct lookup_name *name, struct cw_err *err)
{
	const struct broker_object *o = &call->objects[name->object];

	if (name->form == 0)
		return CW_OK;
	return cw_catalogue_call_pin(call->entries[name->entry].bound, name->index,
	    name->parameter->type == CW_TYPE_DN ? o->dn : o->guid, err);
}

void
pin_refuse(struct broker_call *call, const struct lookup_name *name, const char *why)
{
	end_before(call, name->entry,
	    protected_error(call, &call->entries[name->entry],
		name->form == 0 ? name->text : call->objects[name->object].dn, why));
}

/* false: the call ends before this name's entry. */
static bool
judge(struct broker_call *call, const struct lookup_name *name)
{
	struct cw_err err = { 0 };
	const char *why;

	if (name->form != 0 && name->state != LOOKUP_FOUND) {
		end_before(call, name->entry, name_error(call, name));
	} else if (!call->script->approved && (why = why_protected(call, name)) != NULL) {
		pin_refuse(call, name, why);
	} else if (call->script->mode != CW_SCRIPT_PLAN && pin(call, name, &err) < 0) {
		end_before(call, name->entry,
		    call_error(err.text, BROKER_ERROR_LIMIT, "LimitsExceeded", NULL));
	} else {
		return true;
	}
	return false;
}

static void
judge_all(struct broker_call *call)
{
	for (size_t i = 0; i < call->name_count; i++)
		if (!judge(call, &call->names[i]))
			return;
}

/* --- the questions, one after the other */

static int
keep_object(struct broker_call *call, const struct broker_object *object, struct cw_err *err)
{
	struct broker_object *grown;
	size_t room;

	if (call->object_count == call->object_room) {
		room = call->object_room == 0 ? 16 : 2 * call->object_room;
		if ((grown = realloc(call->objects, room * sizeof(*grown))) == NULL)
			return cw_fail(err, CW_ENOMEM, "out of memory");
		call->objects = grown;
		call->object_room = room;
	}
	call->objects[call->object_count++] = *object;
	return CW_OK;
}

/* The one that is asked. */
static const char *
controller(const struct broker_call *call)
{
	return call->on_pdc ? call->script->pdc : call->script->server;
}

/* The container itself is among what is found. */
static void
note_below(struct broker_call *call, const struct broker_object *found)
{
	struct broker_object *container = &call->objects[call->below];

	if (found->protected != NULL && !cw_streq(found->guid, container->guid))
		container->holds = true;
}

static int
on_row(void *arg, const struct cw_ps_value *row, struct cw_err *err)
{
	struct broker_call *call = arg;
	struct cw_broker *b = call->script->broker;
	struct broker_object o;
	int r;

	switch (call->look) {
	case LOOK_DOMAIN:
		broker_domain_free(&call->domain);
		return broker_domain_read(&call->domain, row, err);
	case LOOK_POWER:
	case LOOK_NESTED:
		return broker_domain_add(&call->domain, row, b->account, b->computer, err);
	case LOOK_OBJECTS:
	case LOOK_BELOW: break;
	}
	if ((r = broker_object_read(&o, &call->power->domain, row, err)) < 0)
		return r;
	if (call->on_pdc || call->look == LOOK_BELOW) {
		if (call->on_pdc)
			pdc_found(call, &o);
		else
			note_below(call, &o);
		broker_object_free(&o);
		return CW_OK;
	}
	if ((r = keep_object(call, &o, err)) < 0) {
		broker_object_free(&o);
		return r;
	}
	lookup_match(call->names, call->name_from, call->name_to,
	    &call->objects[call->object_count - 1], call->object_count - 1);
	return CW_OK;
}

static void
on_answered(void *arg, const struct cw_err *err)
{
	struct broker_call *call = arg;
	struct cw_err none;

	if (call->cancelled) {
		call_next(call);
		return;
	}
	if (err->code < 0 || (call->look == LOOK_DOMAIN && call->domain.dn == NULL)) {
		cannot(call, err);
		return;
	}
	switch (call->look) {
	case LOOK_DOMAIN: call->look = LOOK_POWER; break;
	case LOOK_POWER: call->look = LOOK_NESTED; break;
	case LOOK_NESTED:
		call->power = power_keep(call->script->broker, controller(call), &call->domain);
		if (call->power == NULL) {
			(void)cw_fail(&none, CW_ENOMEM, "out of memory");
			cannot(call, &none);
			return;
		}
		call->look = LOOK_OBJECTS;
		break;
	case LOOK_OBJECTS:
		if (call->on_pdc) {
			pdc_answered(call);
			return;
		}
		lookup_settle(call->names, call->name_from, call->name_to);
		call->name_from = call->name_to;
		break;
	case LOOK_BELOW: call->objects[call->below].looked_below = true; break;
	}
	look_on(call);
}

static int
filter_of(struct broker_call *call, struct cw_buf *out, struct cw_err *err)
{
	const struct cw_broker *b = call->script->broker;

	switch (call->look) {
	case LOOK_POWER:
		return broker_domain_filter(out, &call->domain, b->account, b->computer, err);
	case LOOK_NESTED: return broker_domain_filter_nested(out, &call->domain, err);
	case LOOK_OBJECTS:
		if (call->on_pdc)
			return pdc_filter(call, out, err);
		return lookup_filter(
		    out, call->names, call->name_count, call->name_from, &call->name_to, err);
	case LOOK_BELOW:
		return broker_domain_filter_all(
		    out, &call->power->domain, b->account, b->computer, err);
	case LOOK_DOMAIN: break;
	}
	return CW_OK;
}

static void
ask(struct broker_call *call)
{
	struct cw_script *s = call->script;
	uint32_t left = script_left_ms(s) + BROKER_BACKSTOP_MS;
	struct cw_runspaces *rs;
	struct cw_err err = { 0 };
	struct cw_buf filter;
	int r;

	if (call->on_pdc && left > BROKER_PDC_MS)
		left = BROKER_PDC_MS;
	cw_buf_init(&filter, FILTER_MAX);
	call->query.row = on_row;
	call->query.done = on_answered;
	call->query.arg = call;
	if ((r = filter_of(call, &filter, &err)) == CW_OK) {
		if ((rs = call_runspaces(call, &err)) == NULL)
			r = err.code;
		else
			r = broker_query_start(&call->query, rs, controller(call),
			    call->look == LOOK_DOMAIN ? NULL : cw_buf_str(&filter),
			    call->look == LOOK_BELOW ? call->objects[call->below].dn : NULL, NULL,
			    left, &err);
	}
	cw_buf_free(&filter);
	if (r < 0)
		cannot(call, &err);
}

static bool
any_left(const struct broker_call *call)
{
	for (size_t i = call->name_from; i < call->name_count; i++)
		if (call->names[i].form != 0 && call->names[i].state == LOOKUP_OPEN)
			return true;
	return false;
}

/* Commands that take with their target all that is below it. Those that delete it do so with
 * -Recursive alone, which takes an approval. */
static bool
takes_along(const struct broker_call *call)
{
	return cw_streq(call->command->name, "Move-ADObject") ||
	    cw_streq(call->command->name, "Rename-ADObject");
}

static bool
may_hold(const struct broker_object *o)
{
	static const char *const leaves[] = { "user", "computer", "group", "contact",
		"inetOrgPerson" };

	for (size_t i = 0; i < CW_COUNT(leaves); i++)
		if (cw_streq(o->class, leaves[i]))
			return false;
	return o->protected == NULL && !o->looked_below;
}

/* A container that would be taken elsewhere and that nobody has looked into; what a mode knows of
 * may be there in the plan alone, and is looked into when it is applied. */
static bool
find_container(struct broker_call *call)
{
	for (size_t i = 0; takes_along(call) && i < call->name_count; i++) {
		const struct lookup_name *name = &call->names[i];

		if (!name->target || name->form == 0 || name->known ||
		    name->state != LOOKUP_FOUND || !may_hold(&call->objects[name->object]))
			continue;
		call->below = name->object;
		return true;
	}
	return false;
}

void
pin_look(struct broker_call *call)
{
	power_drop(call->power);
	call->power = power_find(call->script->broker, controller(call));
	call->look = call->power != NULL ? LOOK_OBJECTS : LOOK_DOMAIN;
	look_on(call);
}

static void
look_on(struct broker_call *call)
{
	if (call->look < LOOK_OBJECTS || call->on_pdc ||
	    (call->look == LOOK_OBJECTS && any_left(call))) {
		ask(call);
		return;
	}
	if (find_container(call)) {
		call->look = LOOK_BELOW;
		ask(call);
		return;
	}
	judge_all(call);
	pdc_start(call);
}

/* --- the names */

static int
collect(struct broker_call *call, struct cw_err *err)
{
	struct cw_catalogue_named named;
	size_t n = 0;

	for (size_t e = 0; e < call->count; e++)
		n += cw_catalogue_call_named(call->entries[e].bound);
	if ((call->names = calloc(n + 1, sizeof(*call->names))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	for (size_t e = 0; e < call->count; e++) {
		struct broker_entry *entry = &call->entries[e];

		entry->first_name = call->name_count;
		for (size_t i = 0; cw_catalogue_call_name(entry->bound, i, &named); i++) {
			struct lookup_name *name = &call->names[call->name_count];

			*name = (struct lookup_name){ .parameter = named.parameter,
				.text = named.text,
				.given = named.text,
				.entry = e,
				.index = i,
				.target = named.target };
			lookup_classify(name);
			call->name_count++;
		}
		entry->name_count = call->name_count - entry->first_name;
	}
	return CW_OK;
}

/* Those that a mode knows of and the directory does not, or not by this name. */
static int
ask_mode(struct broker_call *call, struct cw_err *err)
{
	const struct broker_mode_ops *ops = call->script->ops;
	struct broker_object o;
	int r;

	for (size_t i = 0; ops != NULL && ops->find != NULL && i < call->name_count; i++) {
		struct lookup_name *name = &call->names[i];

		if (name->form == 0)
			continue;
		o = (struct broker_object){ 0 };
		r = ops->find(call, name, &o);
		if (r == CW_OK && (r = keep_object(call, &o, err)) < 0) {
			broker_object_free(&o);
			return r;
		}
		if (r == CW_OK) {
			name->state = LOOKUP_FOUND;
			name->known = true;
			name->object = call->object_count - 1;
		} else if (r == CW_ENOTFOUND) {
			name->state = LOOKUP_MISSING;
		} else if (r != CW_EAGAIN) {
			return cw_fail(err, r, "out of memory");
		}
	}
	return CW_OK;
}

bool
pin_is_free(const struct broker_call *call)
{
	struct cw_catalogue_named named;
	struct lookup_name name;

	if (call->script->ops != NULL || takes_along(call))
		return false;
	for (size_t e = 0; e < call->count; e++) {
		if (cw_catalogue_call_is_for_pdc(call->entries[e].bound))
			return false; /* where one was written first decides for the next */
		for (size_t i = 0; cw_catalogue_call_name(call->entries[e].bound, i, &named); i++) {
			name = (struct lookup_name){ .parameter = named.parameter,
				.text = named.text };
			lookup_classify(&name);
			if (!named.target || name.form != CW_IDENTITY_GUID)
				return false;
		}
	}
	return true;
}

void
pin_start(struct broker_call *call)
{
	struct cw_err err = { 0 };

	if (cw_streq(call->command->name, "Restore-ADObject"))
		broker_query_deleted(&call->query);
	if (collect(call, &err) < 0 || ask_mode(call, &err) < 0) {
		cannot(call, &err);
		return;
	}
	if (call->name_count == 0) { /* nothing that is there already */
		call->looked_up = true;
		call_next(call);
		return;
	}
	pin_look(call);
}

void
pin_stop(struct broker_call *call)
{
	if (!call->waits) {
		broker_query_stop(&call->query);
		return;
	}
	call->waits = false;
	cw_controller_cancel(call->script->broker->config.controller, &call->wait);
	call_next(call);
}
