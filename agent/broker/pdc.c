/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords, unlocks and "must change" belong on the domain's PDC emulator: it is what
 * every other controller asks before it refuses a logon. Which of a call's entries go
 * there, and which stay on the operation's own controller: those of an account that
 * the PDC emulator does not know yet, or that nobody can log on with, or when it does
 * not answer. The directory passes a password on to it from wherever it is set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "broker/broker_internal.h"

/* --- where an operation has written an account's password: there it goes on */

enum mark { MARK_NONE, MARK_OWN, MARK_PDC };

struct pdc_mark {
	char guid[CW_UUID_TEXT]; /* "": free */
	enum mark mark;
};

/* Its own one, or the free one that it belongs in. room: a power of two, never full. */
static struct pdc_mark *
slot_of(struct pdc_mark *list, size_t room, const char *guid)
{
	size_t at = strtoul(guid, NULL, 16) & (room - 1); /* eight digits, of chance */

	while (list[at].guid[0] != '\0' && !cw_streq(list[at].guid, guid))
		at = (at + 1) & (room - 1);
	return &list[at];
}

static enum mark
mark_find(const struct cw_script *s, const char *guid)
{
	return s->mark_room == 0 ? MARK_NONE : slot_of(s->marks, s->mark_room, guid)->mark;
}

static bool
grow(struct cw_script *s)
{
	size_t room = s->mark_room == 0 ? 16 : 2 * s->mark_room;
	struct pdc_mark *list = calloc(room, sizeof(*list));

	if (list == NULL)
		return false;
	for (size_t i = 0; i < s->mark_room; i++)
		if (s->marks[i].guid[0] != '\0')
			*slot_of(list, room, s->marks[i].guid) = s->marks[i];
	free(s->marks);
	s->marks = list;
	s->mark_room = room;
	return true;
}

static bool
mark_keep(struct cw_script *s, const char *guid, enum mark mark)
{
	struct pdc_mark *slot;

	if (2 * s->mark_count >= s->mark_room && !grow(s))
		return false;
	slot = slot_of(s->marks, s->mark_room, guid);
	s->mark_count += slot->guid[0] == '\0';
	(void)snprintf(slot->guid, sizeof(slot->guid), "%s", guid);
	slot->mark = mark;
	return true;
}

bool
pdc_has(const struct cw_script *s, const char *guid)
{
	return mark_find(s, guid) == MARK_PDC;
}

/* --- which entries */

static const struct lookup_name *
target_of(const struct broker_call *call, const struct broker_entry *entry)
{
	for (size_t i = 0; i < entry->name_count; i++)
		if (call->names[entry->first_name + i].target)
			return &call->names[entry->first_name + i];
	return NULL;
}

/* All that it names was looked up: what was not may be missing there. */
static bool
is_looked_up(const struct broker_call *call, const struct broker_entry *entry)
{
	for (size_t i = 0; i < entry->name_count; i++) {
		const struct lookup_name *name = &call->names[entry->first_name + i];

		if (name->form == 0 || name->state != LOOKUP_FOUND)
			return false;
	}
	return true;
}

static bool
is_candidate(const struct broker_call *call, const struct broker_entry *entry)
{
	const struct lookup_name *target = target_of(call, entry);
	const struct broker_object *o;

	if (call->script->stays || target == NULL || !is_looked_up(call, entry) ||
	    !cw_catalogue_call_is_for_pdc(entry->bound))
		return false;
	o = &call->objects[target->object];
	switch (mark_find(call->script, o->guid)) {
	case MARK_OWN: return false;
	case MARK_PDC: return true;
	case MARK_NONE: break;
	}
	return !o->disabled;
}

static void
go_on(struct broker_call *call)
{
	call->looked_up = true;
	call_next(call);
}

/* Each entry's on_pdc is as it stays. */
static void
end(struct broker_call *call)
{
	struct cw_script *s = call->script;

	for (size_t e = 0; e < call->count; e++) {
		struct broker_entry *entry = &call->entries[e];
		const struct lookup_name *target = target_of(call, entry);

		if (target == NULL || target->state != LOOKUP_FOUND ||
		    !cw_catalogue_call_is_for_pdc(entry->bound))
			continue;
		if (!mark_keep(s, call->objects[target->object].guid,
			entry->on_pdc ? MARK_PDC : MARK_OWN)) {
			call_fail(call,
			    call_error(
				"out of memory", BROKER_ERROR_LIMIT, "LimitsExceeded", NULL));
			call->count = e;
		}
	}
	go_on(call);
}

/* --- when it cannot be asked */

static void
warn(struct broker_call *call, const char *why)
{
	struct cw_script *s = call->script;

	if (s->pdc_warning[0] != '\0')
		return; /* once is enough */
	(void)snprintf(s->pdc_warning, sizeof(s->pdc_warning),
	    "the PDC emulator%s%.64s does not answer; passwords and unlocks are written on %.64s: "
	    "%.96s",
	    s->pdc[0] != '\0' ? " " : "", s->pdc, s->server, why);
	if (s->mode == CW_SCRIPT_APPLY)
		lines_text(s, "warning", s->pdc_warning);
	else
		mode_warning(call, s->pdc_warning);
}

static void
do_without(struct broker_call *call, const struct cw_err *err)
{
	call->on_pdc = false;
	warn(call, err->text);
	end(call);
}

void
pdc_lost(struct broker_call *call, const struct cw_err *err)
{
	cw_controller_pdc_failed(call->script->broker->config.controller, err);
	do_without(call, err);
}

/* --- asking it */

int
pdc_filter(const struct broker_call *call, struct cw_buf *out, struct cw_err *err)
{
	uint8_t guid[16];
	int r = cw_buf_puts(out, "(|");

	for (size_t e = 0; e < call->count; e++) {
		const struct broker_entry *entry = &call->entries[e];

		if (!is_candidate(call, entry))
			continue;
		for (size_t i = 0; i < entry->name_count && r == CW_OK; i++) {
			size_t object = call->names[entry->first_name + i].object;

			(void)cw_uuid_parse(guid, call->objects[object].guid, CW_UUID_TEXT - 1);
			r = lookup_put_guid(out, guid);
		}
	}
	if (r == CW_OK)
		r = cw_buf_putc(out, ')');
	return r < 0 ? cw_fail(err, r, "a filter could not be written") : CW_OK;
}

/* found: as the PDC emulator has it. */
void
pdc_found(struct broker_call *call, const struct broker_object *found)
{
	for (size_t i = 0; i < call->object_count; i++)
		if (cw_streq(call->objects[i].guid, found->guid)) {
			call->objects[i].on_pdc = true;
			call->objects[i].pdc_protected = found->protected;
		}
}

/* What one of both protects is protected. false: the call ends before this entry. */
static bool
judge(struct broker_call *call, size_t e)
{
	struct broker_entry *entry = &call->entries[e];
	bool all = true;

	for (size_t i = 0; i < entry->name_count; i++) {
		const struct lookup_name *name = &call->names[entry->first_name + i];
		const struct broker_object *o = &call->objects[name->object];

		all = all && o->on_pdc;
		if (!call->script->approved && pin_is_written(name) && o->pdc_protected != NULL) {
			pin_refuse(call, name, o->pdc_protected);
			return false;
		}
	}
	entry->on_pdc = all;
	return true;
}

void
pdc_answered(struct broker_call *call)
{
	call->on_pdc = false;
	for (size_t e = 0; e < call->count; e++)
		if (is_candidate(call, &call->entries[e]) && !judge(call, e))
			break;
	end(call);
}

static void
named(struct broker_call *call, const char *name)
{
	struct cw_script *s = call->script;

	if (cw_strcaseeq(name, s->server)) { /* there is nothing to choose */
		go_on(call);
		return;
	}
	if (s->pdc[0] == '\0') /* one for all of the operation, also when the role moves */
		(void)snprintf(s->pdc, sizeof(s->pdc), "%s", name);
	call->on_pdc = true;
	pin_look(call);
}

static void
on_named(void *arg, const char *name, const struct cw_err *err)
{
	struct broker_call *call = arg;

	call->waits = false;
	if (name == NULL)
		do_without(call, err);
	else
		named(call, name);
}

void
pdc_start(struct broker_call *call)
{
	struct cw_script *s = call->script;
	const char *name;
	struct cw_err err = { 0 };
	bool any = false;
	int r;

	if (s->mode == CW_SCRIPT_PLAN) { /* that is for who applies it */
		go_on(call);
		return;
	}
	for (size_t e = 0; e < call->count && !any; e++)
		any = is_candidate(call, &call->entries[e]);
	if (!any) {
		end(call);
		return;
	}
	call->wait = (struct cw_controller_wait){ .pdc = true, .done = on_named, .arg = call };
	r = cw_controller_ask(s->broker->config.controller, &name, &call->wait, &err);
	if (r == CW_OK)
		named(call, name);
	else if (r == CW_EAGAIN)
		call->waits = true;
	else
		do_without(call, &err);
}

const char *
entry_server(const struct broker_call *call, const struct broker_entry *entry)
{
	const struct cw_script *s = call->script;

	return entry->on_pdc ? s->pdc : s->server;
}
