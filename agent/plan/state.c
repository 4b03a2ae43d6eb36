/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects that planned writes touch, found by any of their names, and what is
 * changed of them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "catalogue/dn.h"
#include "plan/state_internal.h"
#include "plan/text.h"

struct cw_plan_state *
cw_plan_state_new(void)
{
	return calloc(1, sizeof(struct cw_plan_state));
}

static void
object_free(struct cw_plan_object *o)
{
	if (o == NULL)
		return;
	free(o->sid);
	free(o->account);
	free(o->real_account);
	free(o->class);
	free(o->dn);
	free(o->real_dn);
	cJSON_Delete(o->changes);
	cJSON_Delete(o->current);
	cJSON_Delete(o->properties);
	free(o);
}

void
cw_plan_state_free(struct cw_plan_state *state)
{
	struct cw_plan_object *o, *next;

	if (state == NULL)
		return;
	for (o = state->first; o != NULL; o = next) {
		next = o->next;
		object_free(o);
	}
	free(state);
}

const struct cw_plan_object *
cw_plan_state_all(const struct cw_plan_state *state)
{
	return state->first;
}

/* --- tables by name: FNV-1a, letters of ASCII in any case */

static size_t
slot_of(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name != '\0'; name++)
		h = (h ^ (uint32_t)(*name >= 'A' && *name <= 'Z' ? *name + 32 : *name)) * 16777619u;
	return h & (STATE_SLOTS - 1);
}

static void
index_guid(struct cw_plan_state *state, struct cw_plan_object *o)
{
	struct cw_plan_object **slot = &state->guids[slot_of(o->guid)];

	o->next_guid = *slot;
	*slot = o;
}

static void
index_dn(struct cw_plan_state *state, struct cw_plan_object *o)
{
	struct cw_plan_object **slot = &state->dns[slot_of(o->dn)];

	o->next_dn = *slot;
	*slot = o;
}

static void
unindex_dn(struct cw_plan_state *state, struct cw_plan_object *o)
{
	struct cw_plan_object **at = &state->dns[slot_of(o->dn)];

	while (*at != o)
		at = &(*at)->next_dn;
	*at = o->next_dn;
}

static void
index_account(struct cw_plan_state *state, struct cw_plan_object *o)
{
	struct cw_plan_object **slot = &state->accounts[slot_of(o->account)];

	o->next_account = *slot;
	*slot = o;
}

static void
unindex_account(struct cw_plan_state *state, struct cw_plan_object *o)
{
	struct cw_plan_object **at = &state->accounts[slot_of(o->account)];

	while (*at != o)
		at = &(*at)->next_account;
	*at = o->next_account;
}

struct cw_plan_object *
cw_plan_state_by_guid(const struct cw_plan_state *state, const char *guid)
{
	struct cw_plan_object *o = state->guids[slot_of(guid)];

	while (o != NULL && !cw_strcaseeq(o->guid, guid))
		o = o->next_guid;
	return o;
}

struct cw_plan_object *
cw_plan_state_by_dn(const struct cw_plan_state *state, const char *dn)
{
	struct cw_plan_object *o = state->dns[slot_of(dn)];

	while (o != NULL && (o->removed || !cw_strcaseeq(o->dn, dn)))
		o = o->next_dn;
	return o;
}

struct cw_plan_object *
cw_plan_state_by_account(const struct cw_plan_state *state, const char *account)
{
	struct cw_plan_object *o = state->accounts[slot_of(account)];

	while (o != NULL && (o->removed || !cw_strcaseeq(o->account, account)))
		o = o->next_account;
	return o;
}

struct cw_plan_object *
cw_plan_state_by_sid(const struct cw_plan_state *state, const char *sid)
{
	struct cw_plan_object *o = state->first;

	while (o != NULL && (o->removed || o->sid == NULL || !cw_strcaseeq(o->sid, sid)))
		o = o->next;
	return o;
}

/* --- objects */

static bool
copy_if_new(char **to, const char *from)
{
	return *to != NULL || from == NULL || (*to = cw_strdup(from)) != NULL;
}

void
state_place(struct cw_plan_state *state, struct cw_plan_object *o)
{
	if (o->placed)
		return;
	o->placed = true;
	o->next_placed = state->placed;
	state->placed = o;
}

bool
state_rename(struct cw_plan_state *state, struct cw_plan_object *o, const char *dn)
{
	char *copy = cw_strdup(dn);

	if (copy == NULL)
		return false;
	unindex_dn(state, o);
	free(o->dn);
	o->dn = copy;
	index_dn(state, o);
	return true;
}

static struct cw_plan_object *
object_new(struct cw_plan_state *state, const struct cw_plan_pin *pin, const char *real_dn)
{
	struct cw_plan_object *o = calloc(1, sizeof(*o));

	if (o == NULL || (o->dn = cw_strdup(pin->dn)) == NULL ||
	    !copy_if_new(&o->real_dn, real_dn) || (o->changes = cJSON_CreateObject()) == NULL ||
	    (o->current = cJSON_CreateObject()) == NULL ||
	    (o->properties = cJSON_CreateObject()) == NULL) {
		object_free(o);
		return NULL;
	}
	*(state->last == NULL ? &state->first : &state->last->next) = o;
	state->last = o;
	index_dn(state, o);
	state->nameless++;
	return o;
}

/* More is known of it. What is known already, perhaps as it would be, stays. */
static bool
learn(struct cw_plan_state *state, struct cw_plan_object *o, const struct cw_plan_pin *pin)
{
	bool named = o->account != NULL;

	if (pin->protected != NULL)
		o->protected = pin->protected;
	if (o->guid[0] == '\0' && pin->guid != NULL) {
		memcpy(o->guid, pin->guid, strnlen(pin->guid, CW_UUID_TEXT - 1));
		index_guid(state, o);
		state->nameless--;
	}
	if (!copy_if_new(&o->sid, pin->sid) || !copy_if_new(&o->class, pin->class) ||
	    !copy_if_new(&o->account, pin->account))
		return false;
	if (!named && o->account != NULL)
		index_account(state, o);
	return true;
}

/* The one whose name in the directory this is, of those of which only the name is known. */
static struct cw_plan_object *
nameless(const struct cw_plan_state *state, const char *real_dn)
{
	struct cw_plan_object *o = state->nameless == 0 ? NULL : state->first;

	while (o != NULL &&
	    (o->guid[0] != '\0' || o->real_dn == NULL || !cw_strcaseeq(o->real_dn, real_dn)))
		o = o->next;
	return o;
}

struct cw_plan_object *
cw_plan_state_match(const struct cw_plan_state *state, const char *guid, const char *real_dn)
{
	struct cw_plan_object *o = guid == NULL ? NULL : cw_plan_state_by_guid(state, guid);

	return o != NULL || real_dn == NULL ? o : nameless(state, real_dn);
}

struct cw_plan_object *
cw_plan_state_pin(struct cw_plan_state *state, const struct cw_plan_pin *pin)
{
	struct cw_plan_object *o =
	    pin->guid == NULL ? NULL : cw_plan_state_by_guid(state, pin->guid);
	struct cw_plan_pin planned = *pin;
	struct cw_buf dn;
	int r;

	if (o == NULL)
		o = nameless(state, pin->dn);
	if (o == NULL) {
		/* It may be below something that was moved, or removed. */
		cw_buf_init(&dn, 4 * CW_DN_MAX);
		r = cw_plan_state_planned_dn(state, pin->dn, &dn);
		planned.dn = r == CW_OK ? cw_buf_str(&dn) : pin->dn;
		if (planned.dn != NULL && (o = object_new(state, &planned, pin->dn)) != NULL)
			o->removed = r == CW_ENOTFOUND;
		if (o != NULL && !cw_strcaseeq(o->dn, o->real_dn))
			state_place(state, o);
		cw_buf_free(&dn);
	}
	return o != NULL && learn(state, o, pin) ? o : NULL;
}

struct cw_plan_object *
cw_plan_state_create(struct cw_plan_state *state, const struct cw_plan_pin *pin)
{
	struct cw_plan_object *o = object_new(state, pin, NULL);

	if (o == NULL)
		return NULL;
	o->created = true;
	state_place(state, o);
	return learn(state, o, pin) ? o : NULL;
}

/* --- changes */

const cJSON *
cw_plan_state_change(const struct cw_plan_object *o, const struct cw_attribute *a)
{
	return cw_json_get(o->changes, cw_attribute_name(a));
}

/* A member of an object of ours, which takes the value, also on failure. */
static bool
put_member(cJSON *object, const char *name, cJSON *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	if (value == NULL || !cJSON_AddItemToObject(object, name, value)) {
		cJSON_Delete(value);
		return false;
	}
	return true;
}

static bool
put_change(struct cw_plan_object *o, const struct cw_attribute *a, cJSON *change)
{
	return put_member(o->changes, cw_attribute_name(a), change);
}

bool
cw_plan_state_call(struct cw_plan_state *state, struct cw_plan_object *o, const char *account)
{
	char *copy = cw_strdup(account);

	if (copy == NULL)
		return false;
	if (o->account != NULL)
		unindex_account(state, o);
	if (o->real_account == NULL && !o->created)
		o->real_account = o->account;
	else
		free(o->account);
	o->account = copy;
	index_account(state, o);
	return true;
}

bool
cw_plan_state_set(struct cw_plan_object *o, const struct cw_attribute *a, cJSON *values)
{
	cJSON *change = cJSON_CreateObject();

	if (change == NULL || values == NULL || !cJSON_AddItemToObject(change, "set", values)) {
		cJSON_Delete(values);
		cJSON_Delete(change);
		return false;
	}
	return put_change(o, a, change);
}

bool
cw_plan_state_about(struct cw_plan_object *o, const struct cw_attribute *a)
{
	cJSON *change = cJSON_GetObjectItemCaseSensitive(o->changes, cw_attribute_name(a));

	return change != NULL && cJSON_AddTrueToObject(change, "about") != NULL;
}

bool
cw_plan_state_unknown(struct cw_plan_object *o, const struct cw_attribute *a)
{
	cJSON *change = cJSON_CreateObject();

	if (change != NULL && cJSON_AddTrueToObject(change, "unknown") == NULL) {
		cJSON_Delete(change);
		change = NULL;
	}
	return put_change(o, a, change);
}

static bool
list_add(cJSON *list, const char *text)
{
	cJSON *item = cJSON_CreateString(text);

	if (item == NULL || !cJSON_AddItemToArray(list, item)) {
		cJSON_Delete(item);
		return false;
	}
	return true;
}

static void
list_remove(cJSON *list, enum cw_attribute_syntax syntax, const char *text)
{
	int at = cw_plan_find(syntax, list, text);

	if (at >= 0)
		cJSON_DeleteItemFromArray(list, at);
}

static bool
list_put(cJSON *list, enum cw_attribute_syntax syntax, const char *text)
{
	return cw_plan_find(syntax, list, text) >= 0 || list_add(list, text);
}

static cJSON *
member(cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* The change as lists of what is more and what is less, or as the list that it is. */
static cJSON *
open_change(struct cw_plan_object *o, const struct cw_attribute *a)
{
	cJSON *change = member(o->changes, cw_attribute_name(a));

	if (change != NULL)
		return change;
	if ((change = cJSON_CreateObject()) == NULL)
		return NULL;
	/* What is being made has nothing yet. */
	if (o->created ? cJSON_AddArrayToObject(change, "set") == NULL
		       : cJSON_AddArrayToObject(change, "add") == NULL ||
		    cJSON_AddArrayToObject(change, "remove") == NULL) {
		cJSON_Delete(change);
		return NULL;
	}
	return put_change(o, a, change) ? change : NULL;
}

bool
cw_plan_state_edit(
    struct cw_plan_object *o, const struct cw_attribute *a, const char *add, const char *remove)
{
	enum cw_attribute_syntax syntax = (enum cw_attribute_syntax)a->syntax;
	cJSON *change = open_change(o, a), *set, *more, *less;

	if (change == NULL)
		return false;
	set = member(change, "set");
	more = member(change, "add");
	less = member(change, "remove");
	if (set == NULL && more == NULL)
		return true; /* unknown stays unknown */
	if (remove != NULL) {
		list_remove(set != NULL ? set : more, syntax, remove);
		if (set == NULL && !list_put(less, syntax, remove))
			return false;
	}
	if (add != NULL) {
		list_remove(less, syntax, add);
		if (!list_put(set != NULL ? set : more, syntax, add))
			return false;
	}
	return true;
}

bool
cw_plan_state_property(struct cw_plan_object *o, const char *name, cJSON *value)
{
	return put_member(o->properties, name, value);
}

bool
cw_plan_state_learn(struct cw_plan_object *o, const char *name, cJSON *values)
{
	return put_member(o->current, name, values);
}

cJSON *
cw_plan_state_values(
    const struct cw_plan_object *o, const struct cw_attribute *a, const cJSON *current)
{
	const cJSON *change = cw_plan_state_change(o, a), *set = cw_json_get(change, "set"), *one;
	enum cw_attribute_syntax syntax = (enum cw_attribute_syntax)a->syntax;
	cJSON *values;

	if (set != NULL)
		return cJSON_Duplicate(set, true);
	if (change == NULL && o->created)
		return cJSON_CreateArray();
	if (cw_json_true(change, "unknown") || current == NULL ||
	    (values = cJSON_Duplicate(current, true)) == NULL)
		return NULL;
	cJSON_ArrayForEach (one, cw_json_get(change, "remove"))
		list_remove(values, syntax, one->valuestring);
	cJSON_ArrayForEach (one, cw_json_get(change, "add"))
		if (!list_put(values, syntax, one->valuestring)) {
			cJSON_Delete(values);
			return NULL;
		}
	return values;
}

cJSON *
cw_plan_state_now(
    const struct cw_plan_state *state, const struct cw_plan_object *o, const struct cw_attribute *a)
{
	const cJSON *read = cw_json_get(o->current, cw_attribute_name(a));
	cJSON *names = NULL, *values;

	if (read != NULL && a->syntax == CW_SYNTAX_DN)
		read = names = cw_plan_state_planned_names(state, read);
	values = cw_plan_state_values(o, a, read);
	cJSON_Delete(names);
	return values;
}
