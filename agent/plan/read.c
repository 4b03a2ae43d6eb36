/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads, as they are after planned writes: what to run in their place.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "catalogue/dn.h"
#include "catalogue/identity.h"
#include "plan/match.h"
#include "plan/property.h"
#include "plan/read_internal.h"
#include "plan/text.h"

void
cw_plan_read_free(struct cw_plan_read *r)
{
	if (r == NULL)
		return;
	cJSON_Delete(r->parameters);
	cJSON_Delete(r->given);
	cJSON_Delete(r->more);
	cJSON_Delete(r->change);
	free(r->touched);
	free(r->made);
	free(r->filter);
	free(r->base);
	free(r);
}

/* A parameter by its name, in any case of its letters. */
cJSON *
read_parameter(const cJSON *parameters, const char *name)
{
	return cJSON_GetObjectItem(parameters, name);
}

int
read_untold(const struct cw_plan_read *r, const char *why, struct cw_err *err)
{
	return cw_fail(err, CW_EDENIED,
	    "%s: after the planned writes its answer cannot be told: %s", r->entry->name, why);
}

static int
no_memory(struct cw_err *err)
{
	return cw_fail(err, CW_ENOMEM, "out of memory");
}

/* The same parameters with another value of one. */
int
read_replace(struct cw_plan_read *r, const char *name, const char *text, struct cw_err *err)
{
	cJSON *value = cJSON_CreateString(text);

	if (r->parameters == NULL)
		r->parameters = cJSON_Duplicate(r->given, true);
	if (r->parameters == NULL || value == NULL) {
		cJSON_Delete(value);
		return no_memory(err);
	}
	cJSON_DeleteItemFromObject(r->parameters, name);
	if (!cJSON_AddItemToObject(r->parameters, name, value)) {
		cJSON_Delete(value);
		return no_memory(err);
	}
	return CW_OK;
}

bool
read_keep(const struct cw_plan_object ***list, size_t *count, const struct cw_plan_object *o)
{
	const struct cw_plan_object **more;

	/* Room is doubled whenever the count is a power of two. */
	if ((*count & (*count - 1)) == 0) {
		more = realloc(*list, (*count == 0 ? 1 : 2 * *count) * sizeof(*more));
		if (more == NULL)
			return false;
		*list = more;
	}
	(*list)[(*count)++] = o;
	return true;
}

/* --- by identity */

/* What the call names, in the one form; NULL: nothing. The caller frees. */
static char *
identity_of(const struct cw_plan_read *r, const struct cw_catalogue_parameter *p)
{
	const cJSON *json = read_parameter(r->given, p->name), *one;
	const char *text = cJSON_GetStringValue(json);
	struct cw_buf out;
	char *ret = NULL;

	cJSON_ArrayForEach (one, json)
		if (one->string != NULL &&
		    (cw_strcaseeq(one->string, "ObjectGUID") ||
			(text == NULL && cw_strcaseeq(one->string, "Value"))))
			text = cJSON_GetStringValue(one);
	cw_buf_init(&out, 4 * CW_DN_MAX);
	if (text != NULL && p->kind != NULL &&
	    cw_identity_put(&out, p->kind, text, strlen(text), p->name, NULL) == CW_OK)
		ret = cw_strdup(cw_buf_str(&out));
	cw_buf_free(&out);
	return ret;
}

/* In the words of the module. */
static int
not_found(const struct cw_plan_read *r, const char *text, struct cw_err *err)
{
	const struct cw_plan_object *o = cw_plan_state_all(r->state);
	const char *domain = strstr(o->dn, "DC=");

	return cw_fail(err, CW_ENOTFOUND,
	    "Cannot find an object with identity: '%.100s' under: '%.160s'.", text,
	    domain == NULL ? "" : domain);
}

/* Commands that show the object itself, as the kind that their name says. */
static bool
shows_itself(const struct cw_catalogue_command *entry)
{
	return cw_starts_with(entry->name, "Get-AD") && entry->kind != NULL &&
	    cw_strcaseeq(entry->name + strlen("Get-"), entry->kind->name);
}

static bool
is_members(const struct cw_catalogue_command *entry)
{
	return cw_strcaseeq(entry->name, "Get-ADGroupMember") ||
	    cw_strcaseeq(entry->name, "Get-ADPrincipalGroupMembership");
}

static const struct cw_attribute *
attribute(const char *name)
{
	return cw_attribute_find(name, strlen(name));
}

/* What decides about members besides the lists of them. */
static int
check_members(const struct cw_plan_read *r, struct cw_err *err)
{
	if (cJSON_IsTrue(read_parameter(r->given, "Recursive")) &&
	    cw_plan_state_members_changed(r->state))
		return read_untold(
		    r, "memberships are changed, and it follows them through groups", err);
	return cw_plan_state_any_change(r->state, attribute("primaryGroupID"))
	    ? read_untold(r, "primary groups are changed", err)
	    : CW_OK;
}

/*
 * Commands whose answer is made of more than the object that they name: who may log on where, what
 * a policy comes to. Only groups are followed here.
 */
static int
check_derived(const struct cw_plan_read *r, struct cw_err *err)
{
	if (cw_strcaseeq(r->entry->name, "Get-ADAccountAuthorizationGroup"))
		return cw_plan_state_members_changed(r->state)
		    ? read_untold(
			  r, "memberships are changed, and it follows them through groups", err)
		    : CW_OK;
	return read_untold(r, "it is made of more than the object itself", err);
}

static int
read_members(struct cw_plan_read *r, const struct cw_plan_object *o, struct cw_err *err)
{
	r->what = CW_PLAN_READ_MEMBERS;
	return read_members_more(r, o, err);
}

static int
read_object(struct cw_plan_read *r, const struct cw_catalogue_parameter *p,
    const struct cw_plan_object *o, struct cw_err *err)
{
	if (!o->created)
		return is_members(r->entry) ? read_members(r, o, err)
					    : read_replace(r, p->name, o->guid, err);
	r->runs = false;
	if (is_members(r->entry))
		return read_members(r, o, err);
	if (!shows_itself(r->entry))
		return read_untold(r, "the object is only planned", err);
	return read_keep(&r->made, &r->made_count, o) ? CW_OK : no_memory(err);
}

static int
by_identity(struct cw_plan_read *r, const struct cw_catalogue_parameter *p, struct cw_err *err)
{
	bool members = is_members(r->entry);
	char *text = identity_of(r, p), *real = NULL;
	struct cw_plan_object *o = NULL;
	int found = CW_OK;

	if (text == NULL) /* of a kind, or in a form, that no planned write touches */
		return CW_OK;
	if (members)
		found = check_members(r, err);
	else if (!shows_itself(r->entry))
		found = check_derived(r, err);
	if (found < 0) {
		free(text);
		return found;
	}
	found = cw_plan_state_find(r->state, p->kind->name, text, &o, &real);
	if (found == CW_OK)
		found = read_object(r, p, o, err);
	else if (found == CW_ENOTFOUND)
		(void)not_found(r, text, err);
	else if (found != CW_EAGAIN)
		(void)no_memory(err);
	/* It may be one whose name alone is known: its groups are then others. */
	else if (members && cw_plan_state_has_nameless(r->state))
		found = read_untold(r, "of some members only the name is known", err);
	else
		found = cw_strcaseeq(real, text) ? CW_OK : read_replace(r, p->name, real, err);
	free(text);
	free(real);
	return found;
}

/* --- all of it */

static int
start(struct cw_plan_read *r, const struct cw_catalogue_call *call, struct cw_err *err)
{
	const struct cw_catalogue_command *entry = r->entry;
	const struct cw_catalogue_parameter *p;
	size_t i;

	if (!cw_streq(entry->role, "directory") || cw_plan_state_all(r->state) == NULL)
		return CW_OK;
	if (cw_strcaseeq(entry->name, "Search-ADAccount"))
		return read_search(r, err);
	for (i = 0; (p = cw_catalogue_parameter(entry, i)) != NULL; i++)
		if ((p->type == CW_TYPE_FILTER || p->type == CW_TYPE_LDAP_FILTER) &&
		    read_parameter(r->given, p->name) != NULL)
			return read_filter(r, call, err);
	p = entry->target == NULL ? NULL : cw_catalogue_parameter_find(entry, entry->target);
	return p == NULL || read_parameter(r->given, p->name) == NULL ? CW_OK
								      : by_identity(r, p, err);
}

int
cw_plan_read_new(struct cw_plan_read **ret, struct cw_plan_state *state,
    const struct cw_catalogue_call *call, const cJSON *parameters, struct cw_err *err)
{
	struct cw_plan_read *r = calloc(1, sizeof(*r));
	int code;

	if (r == NULL)
		return no_memory(err);
	r->entry = cw_catalogue_call_entry(call);
	r->state = state;
	r->runs = true;
	r->given = parameters == NULL ? cJSON_CreateObject() : cJSON_Duplicate(parameters, true);
	code = r->given == NULL ? no_memory(err) : start(r, call, err);
	if (code < 0) {
		cw_plan_read_free(r);
		return code;
	}
	*ret = r;
	return CW_OK;
}

/* --- what it gives */

struct cw_plan_shown
read_shown(const struct cw_plan_read *r, struct cw_ps_arena *arena)
{
	return (struct cw_plan_shown){ .state = r->state,
		.arena = arena,
		.asked = read_parameter(r->given, "Properties"),
		.command = r->entry->name };
}

const char *
read_kind(const struct cw_plan_read *r, const struct cw_ps_value *value)
{
	const char *kind = cw_plan_kind_of_value(value);

	return kind != NULL ? kind : r->entry->kind != NULL ? r->entry->kind->name : "ADObject";
}

int
read_show(struct cw_plan_read *r, const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    const struct cw_ps_value *value, struct cw_err *err)
{
	struct cw_plan_shown shown = read_shown(r, arena);
	int code = cw_plan_show(ret, &shown, read_kind(r, value), value, err);

	if (shown.left_out != NULL)
		r->left_out = shown.left_out;
	return code;
}

int
cw_plan_read_output(struct cw_plan_read *r, const struct cw_ps_value **ret,
    struct cw_ps_arena *arena, const struct cw_ps_value *value, struct cw_err *err)
{
	*ret = value;
	if (cw_plan_state_all(r->state) == NULL)
		return CW_OK;
	if (r->what == CW_PLAN_READ_MEMBERS && !read_stays_member(r, value)) {
		*ret = NULL;
		return CW_OK;
	}
	if (r->what == CW_PLAN_READ_SEARCH && !read_search_finds(r, value)) {
		*ret = NULL;
		return CW_OK;
	}
	if (r->what == CW_PLAN_READ_FIND && read_is_touched(r, value)) {
		*ret = NULL; /* it is judged anew, by cw_plan_read_touched() */
		return CW_OK;
	}
	return read_show(r, ret, arena, value, err);
}
