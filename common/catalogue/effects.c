/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call would do, noted while it is bound, and refused at once where it may
 * never be.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "catalogue/call.h"

/* Refuses what may not be; NULL stands for what may. */
static int
judge(const struct cw_catalogue_call *call, const struct cw_catalogue_effect *e, struct cw_err *err)
{
	static const char *const words[] = {
		[CW_CLASS_SECRET_READ] = "holds a secret, which is not given out",
		[CW_CLASS_APPROVAL] = "needs a person's approval each time",
		[CW_CLASS_BLOCKED] = "is not done through Causeway",
	};

	if (words[e->class] == NULL || (e->class == CW_CLASS_APPROVAL && call->for_approval))
		return CW_OK;
	if (call->refused != NULL)
		*call->refused = *e;
	return cw_fail(err, CW_EDENIED, "%s%s%s%s%s %s: %s", call->entry->name,
	    e->parameter == NULL ? "" : " -", e->parameter == NULL ? "" : e->parameter,
	    e->attribute == NULL ? "" : " ", e->attribute == NULL ? "" : e->attribute,
	    words[e->class], e->why == NULL ? "" : e->why);
}

static int
note(struct cw_catalogue_call *call, struct cw_catalogue_effect e, struct cw_err *err)
{
	int r;

	for (size_t i = 0; i < call->effect_count; i++) {
		const struct cw_catalogue_effect *o = &call->effects[i];

		if (o->parameter == e.parameter && o->attribute == e.attribute &&
		    o->class == e.class)
			return CW_OK;
	}
	if ((r = judge(call, &e, err)) < 0)
		return r;
	if (call->effect_count == call->effect_room) {
		size_t room = call->effect_room == 0 ? 8 : 2 * call->effect_room;
		void *more = realloc(call->effects, room * sizeof(e));

		if (more == NULL)
			return cw_fail(err, CW_ENOMEM, "out of memory");
		call->effects = more;
		call->effect_room = room;
	}
	call->effects[call->effect_count++] = e;
	return CW_OK;
}

int
cw_call_effect_command(struct cw_catalogue_call *call, struct cw_err *err)
{
	const struct cw_catalogue_command *c = call->entry;

	return note(call,
	    (struct cw_catalogue_effect){ .group = c->group, .class = c->class, .why = c->why },
	    err);
}

#define OWN_CLASS (CW_PARAMETER_CLASS | CW_PARAMETER_CLASS_IF_TRUE | CW_PARAMETER_CLASS_IF_FALSE)

/* Does the parameter's own class hold for this value? */
static bool
class_holds(const struct cw_catalogue_parameter *p, const cJSON *json)
{
	return p->flags & CW_PARAMETER_CLASS ||
	    (p->flags & CW_PARAMETER_CLASS_IF_TRUE && !cJSON_IsFalse(json)) ||
	    (p->flags & CW_PARAMETER_CLASS_IF_FALSE && !cJSON_IsTrue(json));
}

int
cw_call_effect_parameter(struct cw_catalogue_call *call, const struct cw_catalogue_parameter *p,
    const cJSON *json, struct cw_err *err)
{
	bool holds = class_holds(p, json);
	struct cw_catalogue_effect e = { .group = p->group == NULL ? call->entry->group : p->group,
		.class = holds ? p->class : CW_CLASS_WRITE,
		.parameter = p->name,
		.why = holds ? p->why : NULL };
	const struct cw_attribute *a;
	int r = CW_OK;

	for (size_t i = 0; (a = cw_catalogue_parameter_writes(p, i)) != NULL && r == CW_OK; i++) {
		e.attribute = cw_attribute_name(a);
		r = p->flags & OWN_CLASS ? note(call, e, err)
					 : cw_call_effect_write(call, p, a, err);
	}
	return r == CW_OK && e.attribute == NULL && holds ? note(call, e, err) : r;
}

int
cw_call_effect_write(struct cw_catalogue_call *call, const struct cw_catalogue_parameter *p,
    const struct cw_attribute *a, struct cw_err *err)
{
	const struct cw_catalogue_group *group = cw_attribute_group(a);

	return note(call,
	    (struct cw_catalogue_effect){ .group = group == NULL ? call->entry->group : group,
		.class = (enum cw_class)a->write,
		.parameter = p->name,
		.attribute = cw_attribute_name(a),
		.why = cw_attribute_why(a) },
	    err);
}

int
cw_call_effect_read(struct cw_catalogue_call *call, const struct cw_catalogue_parameter *p,
    const struct cw_attribute *a, struct cw_err *err)
{
	struct cw_catalogue_effect e = { .group = call->entry->group,
		.class = CW_CLASS_READ,
		.parameter = p->name,
		.attribute = "*" };

	if (a != NULL) {
		e.attribute = cw_attribute_name(a);
		e.class = (enum cw_class)a->read;
	}
	if (e.class != CW_CLASS_READ) {
		e.group = cw_attribute_group(a);
		e.why = cw_attribute_why(a);
	}
	return note(call, e, err);
}

static bool
is_for_pdc(const struct cw_attribute *a)
{
	return a != NULL && (a->flags & CW_ATTRIBUTE_PDC) != 0;
}

bool
cw_catalogue_call_is_for_pdc(const struct cw_catalogue_call *call)
{
	const struct cw_attribute *a;

	if (!call->entry->write || call->entry->server == NULL || call->entry->target == NULL)
		return false;
	for (size_t i = 0; (a = cw_catalogue_command_writes(call->entry, i)) != NULL; i++)
		if (is_for_pdc(a))
			return true;
	for (size_t i = 0; i < call->effect_count; i++) {
		const struct cw_catalogue_effect *e = &call->effects[i];

		if (e->class >= CW_CLASS_WRITE && e->attribute != NULL &&
		    is_for_pdc(cw_attribute_find(e->attribute, strlen(e->attribute))))
			return true;
	}
	return false;
}

const struct cw_catalogue_effect *
cw_catalogue_call_effects(const struct cw_catalogue_call *call, size_t *count)
{
	*count = call->effect_count;
	return call->effects;
}
