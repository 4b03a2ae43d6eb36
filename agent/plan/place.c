/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where objects are and would be, what points to them, and what they are.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "catalogue/dn.h"
#include "plan/state_internal.h"
#include "plan/text.h"

/* --- names below names */

/* name, which is base or below it, with other in base's place. */
static int
put_below(struct cw_buf *ret, const char *name, const char *base, const char *other)
{
	int r = cw_buf_put(ret, name, strlen(name) - strlen(base));

	return r < 0 ? r : cw_buf_puts(ret, other);
}

/* Of the placed objects the one by which name is, or is below, the longest name. */
static const struct cw_plan_object *
nearest(const struct cw_plan_state *state, const char *name, bool real)
{
	const struct cw_plan_object *best = NULL;
	size_t longest = 0;

	for (const struct cw_plan_object *o = state->placed; o != NULL; o = o->next_placed) {
		const char *base = real ? o->real_dn : o->removed ? NULL : o->dn;

		if (base != NULL && strlen(base) > longest && cw_dn_is_under(name, base)) {
			best = o;
			longest = strlen(base);
		}
	}
	return best;
}

int
cw_plan_state_real_dn(const struct cw_plan_state *state, const char *dn, struct cw_buf *ret)
{
	const struct cw_plan_object *o = nearest(state, dn, false);

	if (o != NULL)
		return o->real_dn == NULL ? CW_ENOTFOUND : put_below(ret, dn, o->dn, o->real_dn);
	return nearest(state, dn, true) != NULL ? CW_ENOTFOUND : cw_buf_puts(ret, dn);
}

int
cw_plan_state_planned_dn(const struct cw_plan_state *state, const char *real_dn, struct cw_buf *ret)
{
	const struct cw_plan_object *o = nearest(state, real_dn, true);

	if (o == NULL)
		return cw_buf_puts(ret, real_dn);
	return o->removed ? CW_ENOTFOUND : put_below(ret, real_dn, o->real_dn, o->dn);
}

cJSON *
cw_plan_state_planned_names(const struct cw_plan_state *state, const cJSON *names)
{
	cJSON *planned = cJSON_CreateArray(), *one;
	const cJSON *name;
	struct cw_buf dn;
	bool ok = planned != NULL;

	cw_buf_init(&dn, 4 * CW_DN_MAX);
	cJSON_ArrayForEach (name, names) {
		int r = cw_plan_state_planned_dn(state, name->valuestring, &dn);

		if (r == CW_OK)
			ok = ok && (one = cJSON_CreateString(cw_buf_str(&dn))) != NULL &&
			    cJSON_AddItemToArray(planned, one);
		ok = ok && (r == CW_OK || r == CW_ENOTFOUND);
		cw_buf_clear(&dn);
	}
	cw_buf_free(&dn);
	if (!ok) {
		cJSON_Delete(planned);
		return NULL;
	}
	return planned;
}

bool
cw_plan_state_has_moved(const struct cw_plan_state *state)
{
	const struct cw_plan_object *o = state->placed;

	while (o != NULL && o->created)
		o = o->next_placed;
	return o != NULL;
}

/* --- what follows a move or a removal */

/* A list of names of objects: those that are from or below it become to, or go. */
static bool
follow_in_list(cJSON *list, const char *from, const char *to)
{
	cJSON *one = list == NULL ? NULL : list->child, *next, *other;
	struct cw_buf name;
	bool ok = true;

	for (; one != NULL && ok; one = next) {
		next = one->next;
		if (!cw_dn_is_under(one->valuestring, from))
			continue;
		if (to == NULL) {
			cJSON_Delete(cJSON_DetachItemViaPointer(list, one));
			continue;
		}
		cw_buf_init(&name, 4 * CW_DN_MAX);
		ok = put_below(&name, one->valuestring, from, to) == CW_OK &&
		    (other = cJSON_CreateString(cw_buf_str(&name))) != NULL &&
		    cJSON_ReplaceItemViaPointer(list, one, other);
		cw_buf_free(&name);
	}
	return ok;
}

static bool
follow(struct cw_plan_state *state, const char *from, const char *to)
{
	static const char *const lists[] = { "set", "add", "remove" };

	if (!state->linked)
		return true;
	for (struct cw_plan_object *o = state->first; o != NULL; o = o->next)
		for (cJSON *change = o->changes->child; change != NULL; change = change->next) {
			const struct cw_attribute *a =
			    cw_attribute_find(change->string, strlen(change->string));

			if (a == NULL || a->syntax != CW_SYNTAX_DN)
				continue;
			for (size_t i = 0; i < CW_COUNT(lists); i++)
				if (!follow_in_list(
					cJSON_GetObjectItemCaseSensitive(change, lists[i]), from,
					to))
					return false;
		}
	return true;
}

static bool
move_one(struct cw_plan_state *state, struct cw_plan_object *o, const char *from, const char *to)
{
	struct cw_buf name;
	bool ok;

	cw_buf_init(&name, 4 * CW_DN_MAX);
	ok = put_below(&name, o->dn, from, to) == CW_OK && cw_buf_str(&name) != NULL &&
	    state_rename(state, o, cw_buf_str(&name));
	cw_buf_free(&name);
	return ok;
}

bool
cw_plan_state_move(struct cw_plan_state *state, struct cw_plan_object *object, const char *dn)
{
	char *from = cw_strdup(object->dn);
	bool ok = from != NULL;

	for (struct cw_plan_object *o = state->first; o != NULL && ok; o = o->next)
		if (!o->removed && cw_dn_is_under(o->dn, from))
			ok = move_one(state, o, from, dn);
	ok = ok && follow(state, from, dn);
	state_place(state, object);
	free(from);
	return ok;
}

void
cw_plan_state_remove(struct cw_plan_state *state, struct cw_plan_object *object)
{
	for (struct cw_plan_object *o = state->first; o != NULL; o = o->next)
		if (!o->removed && cw_dn_is_under(o->dn, object->dn)) {
			o->removed = true;
			state_place(state, o);
			/* Of what is below it nobody knows what groups there are. */
			state->members_changed |=
			    cw_plan_is_class(o->class, "group") || cw_plan_is_container(o->class);
		}
	(void)follow(state, object->dn, NULL); /* without a new name nothing is allocated */
}

/* --- links */

/* The attribute that shows the other end of a link; NULL: none, or which is not known here. */
static const struct cw_attribute *
backlink(const struct cw_attribute *a)
{
	static const char *const pairs[][2] = {
		{ "member", "memberOf" },
		{ "manager", "directReports" },
		{ "managedBy", "managedObjects" },
		{ "msDS-HostServiceAccount", "msDS-HostServiceAccountBL" },
		{ "msDS-PSOAppliesTo", "msDS-PSOApplied" },
	};

	for (size_t i = 0; i < CW_COUNT(pairs); i++)
		if (cw_strcaseeq(pairs[i][0], cw_attribute_name(a)))
			return cw_attribute_find(pairs[i][1], strlen(pairs[i][1]));
	return NULL;
}

bool
cw_plan_state_links_unknown(const struct cw_plan_state *state)
{
	return state->links_unknown;
}

bool
cw_plan_state_members_changed(const struct cw_plan_state *state)
{
	return state->members_changed;
}

bool
cw_plan_state_has_nameless(const struct cw_plan_state *state)
{
	return state->nameless > 0;
}

bool
cw_plan_state_any_change(const struct cw_plan_state *state, const struct cw_attribute *a)
{
	const struct cw_plan_object *o = state->first;

	while (o != NULL && cw_plan_state_change(o, a) == NULL)
		o = o->next;
	return o != NULL;
}

/* Whoever would be called dn. */
static struct cw_plan_object *
by_name(struct cw_plan_state *state, const char *dn)
{
	struct cw_plan_object *o = cw_plan_state_by_dn(state, dn);
	struct cw_plan_pin pin = { 0 };
	struct cw_buf real;

	if (o != NULL)
		return o;
	cw_buf_init(&real, 4 * CW_DN_MAX);
	if (cw_plan_state_real_dn(state, dn, &real) == CW_OK &&
	    (pin.dn = cw_buf_str(&real)) != NULL)
		o = cw_plan_state_pin(state, &pin);
	cw_buf_free(&real);
	return o;
}

bool
cw_plan_state_link(struct cw_plan_state *state, struct cw_plan_object *object,
    const struct cw_attribute *attribute, const char *dn, bool add)
{
	const struct cw_attribute *back = backlink(attribute);
	struct cw_plan_object *other;

	state->linked = true;
	if (cw_strcaseeq(cw_attribute_name(attribute), "member"))
		state->members_changed = true;
	if (!cw_plan_state_edit(object, attribute, add ? dn : NULL, add ? NULL : dn))
		return false;
	if (back == NULL) {
		state->links_unknown |= (attribute->flags & CW_ATTRIBUTE_LINK) != 0;
		return true;
	}
	/* Nobody would be called so: then there is nothing that could show it. */
	if ((other = by_name(state, dn)) == NULL)
		return true;
	return cw_plan_state_edit(other, back, add ? object->dn : NULL, add ? NULL : object->dn);
}

/* --- classes: [MS-ADSC], those that the module has kinds for */

static const struct {
	const char *class, *parent, *kind;
	bool container;
} classes[] = {
	{ "person", "top", "ADObject", false },
	{ "organizationalPerson", "person", "ADObject", false },
	{ "contact", "organizationalPerson", "ADObject", false },
	{ "user", "organizationalPerson", "ADUser", false },
	{ "inetOrgPerson", "user", "ADUser", false },
	{ "computer", "user", "ADComputer", false },
	{ "msDS-ManagedServiceAccount", "computer", "ADServiceAccount", false },
	{ "msDS-GroupManagedServiceAccount", "computer", "ADServiceAccount", false },
	{ "msDS-DelegatedManagedServiceAccount", "computer", "ADServiceAccount", false },
	{ "group", "top", "ADGroup", false },
	{ "foreignSecurityPrincipal", "top", "ADPrincipal", false },
	{ "organizationalUnit", "top", "ADOrganizationalUnit", true },
	{ "msDS-PasswordSettings", "top", "ADFineGrainedPasswordPolicy", false },
	{ "domainDNS", "top", "ADDomain", true },
};

static size_t
class_row(const char *class)
{
	size_t i = 0;

	while (i < CW_COUNT(classes) && (class == NULL || !cw_strcaseeq(classes[i].class, class)))
		i++;
	return i;
}

bool
cw_plan_is_class(const char *class, const char *other)
{
	size_t row;

	for (; class != NULL && !cw_strcaseeq(class, other);
	     class = row < CW_COUNT(classes) ? classes[row].parent : NULL)
		row = class_row(class);
	return class != NULL || cw_strcaseeq(other, "top");
}

const char *
cw_plan_kind_of(const char *class)
{
	size_t row = class_row(class);

	return row < CW_COUNT(classes) ? classes[row].kind : "ADObject";
}

bool
cw_plan_is_kind(const char *class, const char *kind)
{
	const char *own = cw_plan_kind_of(class);
	bool account = cw_strcaseeq(own, "ADUser") || cw_strcaseeq(own, "ADComputer") ||
	    cw_strcaseeq(own, "ADServiceAccount");

	if (cw_strcaseeq(kind, "ADObject") || cw_strcaseeq(kind, own))
		return true;
	if (cw_strcaseeq(kind, "ADAccount"))
		return account;
	if (cw_strcaseeq(kind, "ADPrincipal"))
		return account || cw_strcaseeq(own, "ADGroup");
	/* A managed account is a computer to its class; the domain has its password policy. */
	return (cw_strcaseeq(kind, "ADComputer") && cw_strcaseeq(own, "ADServiceAccount")) ||
	    (cw_strcaseeq(kind, "ADDefaultDomainPasswordPolicy") && cw_strcaseeq(own, "ADDomain"));
}

bool
cw_plan_is_container(const char *class)
{
	size_t row = class_row(class);

	return row == CW_COUNT(classes) || classes[row].container;
}
