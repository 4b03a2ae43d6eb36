/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "plan/apply.h"
#include "plan/match.h"
#include "plan/show.h"
#include "plan/text.h"
#include "plan_rig.h"
#include "powershell/json.h"

#define DOMAIN "DC=lab,DC=test"
#define ARENA_MAX (4u * 1024u * 1024u)

/* --- the directory */

static const struct {
	const char *guid, *class, *dn, *account;
	const char *attributes; /* "name=value name=value", underscores for spaces */
} objects[] = {
	{ RIG_ADA, "user", "CN=Ada,OU=Staff," DOMAIN, "ada",
	    "givenName=Ada sn=Lovelace title=Analyst department=Engineering mail=ada@lab.test "
	    "userAccountControl=512 proxyAddresses=smtp:ada@lab.test" },
	{ RIG_BOB, "user", "CN=Bob,OU=Staff," DOMAIN, "bob",
	    "givenName=Bob sn=M\xc3\xbcller title=Operator department=Operations "
	    "userAccountControl=514 pwdLastSet=134000000000000000" },
	{ RIG_ENG, "group", "CN=Eng,OU=Staff," DOMAIN, "Eng", "groupType=-2147483646" },
	{ RIG_OPS, "group", "CN=Ops,OU=Staff," DOMAIN, "Ops", "groupType=-2147483640" },
	{ RIG_STAFF, "organizationalUnit", "OU=Staff," DOMAIN, NULL, "" },
	{ RIG_LEAVERS, "organizationalUnit", "OU=Leavers," DOMAIN, NULL, "" },
	{ RIG_PC1, "computer", "CN=PC1,OU=Staff," DOMAIN, "PC1$", "userAccountControl=4096" },
};

static const struct cw_attribute *
attribute(const char *name)
{
	return cw_attribute_find(name, strlen(name));
}

static void
fill(struct cw_plan_object *o, const char *attributes)
{
	char *copy = cw_strdup(attributes), *rest = copy, *one, *value;
	cJSON *list;

	while ((one = strtok_r(rest, " ", &rest)) != NULL) {
		value = strchr(one, '=');
		*value++ = '\0';
		list = cJSON_CreateArray();
		cJSON_AddItemToArray(list, cJSON_CreateString(value));
		cw_plan_state_set(o, attribute(one), list);
	}
	free(copy);
}

static void
link_to(struct rig *rig, const char *from, const char *name, const char *to)
{
	cw_plan_state_link(rig->directory, cw_plan_state_by_guid(rig->directory, from),
	    attribute(name), cw_plan_state_by_guid(rig->directory, to)->dn, true);
}

void
rig_init(struct rig *rig)
{
	struct cw_plan_header header = { RIG_TENANT, RIG_AGENT, RIG_OPERATION, "dc1.lab.test",
		"ada@example", RIG_NOW_MS, RIG_NOW_MS + 3600000 };
	char name[64];

	memset(rig, 0, sizeof(*rig));
	rig->directory = cw_plan_state_new();
	rig->state = cw_plan_state_new();
	rig->plan = cw_plan_document_new(&header);
	rig->domain.dn = cw_strdup(DOMAIN);
	rig->domain.sid = cw_strdup("S-1-5-21-1-2-3");
	rig->domain.users = cw_strdup("CN=Users," DOMAIN);
	rig->domain.computers = cw_strdup("CN=Computers," DOMAIN);
	for (size_t i = 0; i < CW_COUNT(objects); i++) {
		struct cw_plan_pin pin = { .guid = objects[i].guid,
			.class = objects[i].class,
			.dn = objects[i].dn,
			.account = objects[i].account };
		struct cw_plan_object *o = cw_plan_state_create(rig->directory, &pin);

		fill(o, objects[i].attributes);
		(void)snprintf(name, sizeof(name), "name=%.*s",
		    (int)strcspn(strchr(o->dn, '=') + 1, ","), strchr(o->dn, '=') + 1);
		fill(o, name);
		cw_plan_state_property(o, "ProtectedFromAccidentalDeletion", cJSON_CreateFalse());
		fill(o, "whenChanged=2026-01-01T00:00:00Z uSNChanged=77");
		if (o->account != NULL) {
			(void)snprintf(name, sizeof(name), "sAMAccountName=%s", o->account);
			fill(o, name);
		}
	}
	link_to(rig, RIG_ENG, "member", RIG_ADA);
	link_to(rig, RIG_BOB, "manager", RIG_ADA);
}

void
rig_free(struct rig *rig)
{
	cw_plan_state_free(rig->directory);
	cw_plan_state_free(rig->state);
	cw_plan_domain_free(&rig->domain);
	cJSON_Delete(rig->plan);
}

/* --- what it answers */

static cJSON *
values_of(void *arg, const struct cw_attribute *a)
{
	const struct cw_plan_object *o = arg;
	const char *name = cw_attribute_name(a),
		   *own = cw_streq(name, "objectGUID") ? o->guid
	    : cw_streq(name, "distinguishedName")      ? o->dn
	    : cw_streq(name, "objectClass")            ? o->class
						       : NULL;

	if (own != NULL)
		return cJSON_CreateStringArray(&own, 1);
	return cw_plan_state_values(o, a, NULL);
}

static int
give_object(struct rig *rig, const char *kind, const char *const *names, const cJSON *asked,
    const struct cw_plan_object *o, rig_give *to, void *arg, struct cw_err *err)
{
	struct cw_ps_arena *arena;
	struct cw_plan_shown shown = {
		.state = rig->directory, .asked = asked, .command = "the directory"
	};
	const struct cw_ps_value *v;
	int r;

	cw_ps_arena_new(&arena, ARENA_MAX);
	shown.arena = arena;
	if ((r = cw_plan_show_planned(&v, &shown, kind, names, o, err)) == CW_OK)
		r = to(arg, v, err);
	cw_ps_arena_free(arena);
	return r;
}

static const struct cw_plan_object *
find(struct rig *rig, const char *kind, const char *text)
{
	struct cw_plan_object *o = NULL;
	char *real;

	if (cw_plan_state_find(rig->directory, kind, text, &o, &real) != CW_OK)
		o = NULL;
	free(real);
	return o;
}

static int
members(struct rig *rig, const struct cw_catalogue_command *entry, const char *text, rig_give *to,
    void *arg, struct cw_err *err)
{
	bool group = cw_streq(entry->name, "Get-ADGroupMember");
	const struct cw_plan_object *o = find(rig, entry->kind->name, text);
	cJSON *list =
	    o == NULL ? NULL : values_of((void *)o, attribute(group ? "member" : "memberOf"));
	const cJSON *one;
	int r = o == NULL ? CW_ENOTFOUND : CW_OK;

	cJSON_ArrayForEach (one, list)
		if (r == CW_OK)
			r = give_object(rig, group ? "ADPrincipal" : "ADGroup", NULL, NULL,
			    cw_plan_state_by_dn(rig->directory, one->valuestring), to, arg, err);
	cJSON_Delete(list);
	return r;
}

static int
search(struct rig *rig, const struct cw_catalogue_call *call, const cJSON *parameters, rig_give *to,
    void *arg, struct cw_err *err)
{
	const struct cw_catalogue_command *entry = cw_catalogue_call_entry(call);
	const char *filter = cw_ps_str(cw_catalogue_call_argument(call, "LDAPFilter")),
		   *base = cw_ps_str(cw_catalogue_call_argument(call, "SearchBase"));
	int r = CW_OK;

	for (const struct cw_plan_object *o = cw_plan_state_all(rig->directory);
	     o != NULL && r == CW_OK; o = o->next)
		if (!o->removed && cw_plan_is_kind(o->class, entry->kind->name) &&
		    (base == NULL || strstr(o->dn, base) != NULL) &&
		    cw_plan_match(filter, values_of, (void *)o) == CW_PLAN_YES)
			r = give_object(rig, entry->kind->name, NULL,
			    cJSON_GetObjectItem(parameters, "Properties"), o, to, arg, err);
	return r;
}

/* What only a real directory makes is not here. */
static cJSON *
without_sid(const cJSON *parameters)
{
	cJSON *copy = cJSON_Duplicate(parameters, true), *names, *one, *next;

	names = cJSON_GetObjectItem(copy, "Properties");
	for (one = cJSON_IsArray(names) ? names->child : NULL; one != NULL; one = next) {
		next = one->next;
		if (cw_streq(one->valuestring, "objectSid") ||
		    cw_streq(one->valuestring, "primaryGroupID"))
			cJSON_Delete(cJSON_DetachItemViaPointer(names, one));
	}
	if (cJSON_IsArray(names) && names->child == NULL)
		cJSON_DeleteItemFromObject(copy, "Properties");
	return copy;
}

static int
run_read(struct rig *rig, const char *command, const cJSON *parameters, rig_give *to, void *arg,
    struct cw_err *err)
{
	struct cw_catalogue_call *call;
	const struct cw_catalogue_command *entry;
	const struct cw_plan_object *o;
	const char *text;
	int r;

	if ((r = cw_catalogue_bind(&call, command, parameters, err)) < 0)
		return r;
	entry = cw_catalogue_call_entry(call);
	text = cw_ps_str(cw_catalogue_call_argument(call, "Identity"));
	if (cw_streq(entry->name, "Search-ADAccount"))
		r = CW_OK; /* nobody is, here */
	else if (strstr(entry->name, "Member") != NULL)
		r = members(rig, entry, text, to, arg, err);
	else if (text == NULL)
		r = search(rig, call, parameters, to, arg, err);
	else if ((o = find(rig, entry->kind->name, text)) == NULL)
		r = cw_fail(err, CW_ENOTFOUND, "the directory has no %s", text);
	else
		r = give_object(rig, entry->kind->name, NULL,
		    cJSON_GetObjectItem(parameters, "Properties"), o, to, arg, err);
	cw_catalogue_call_free(call);
	return r;
}

/* What the module would do. */
static int
run(struct rig *rig, const char *command, const cJSON *parameters, rig_give *to, void *arg,
    struct cw_err *err)
{
	cJSON *known = without_sid(parameters);
	int r = run_read(rig, command, known, to, arg, err);

	cJSON_Delete(known);
	return r;
}

/* --- calls */

/* "Command {json}" */
static cJSON *
split(const char *text, char command[64], struct cw_err *err)
{
	size_t n = strcspn(text, " ");
	cJSON *parameters = NULL;

	(void)snprintf(command, 64, "%.*s", (int)n, text);
	if (cw_json_parse(&parameters, text + n, strlen(text + n), text, err) < 0)
		return NULL;
	return parameters;
}

static struct cw_plan_object *
pin(struct rig *rig, const struct cw_plan_ref *ref, struct cw_err *err)
{
	const char *kind = ref->place ? NULL : ref->parameter->kind->name;
	struct cw_plan_object *o = NULL;
	const struct cw_plan_object *there;
	struct cw_plan_pin known;
	char *real;
	int r = cw_plan_state_find(rig->state, kind, ref->text, &o, &real);

	if (r == CW_EAGAIN && (there = find(rig, kind, real)) != NULL) {
		known = (struct cw_plan_pin){ .guid = there->guid,
			.class = there->class,
			.dn = there->dn,
			.account = there->account };
		o = cw_plan_state_pin(rig->state, &known);
	}
	free(real);
	if (o == NULL || r == CW_ENOTFOUND) {
		(void)cw_fail(err, CW_ENOTFOUND, "no object %s", ref->text);
		return NULL;
	}
	return o;
}

struct found {
	struct rig *rig;
	struct cw_plan_lookup *lookup;
};

static int
on_found(void *arg, const struct cw_ps_value *value, struct cw_err *err)
{
	struct found *f = arg;

	return cw_plan_lookup_found(f->lookup, f->rig->state, value, err);
}

static int
look_up(struct rig *rig, struct cw_plan_lookup *lookup, struct cw_err *err)
{
	struct found found = { rig, lookup };
	const char *filter = cw_plan_lookup_filter(lookup);
	cJSON *parameters;
	int r;

	if (filter == NULL)
		return CW_OK;
	parameters = cJSON_CreateObject();
	cJSON_AddStringToObject(parameters, "LDAPFilter", filter);
	cJSON_AddItemToObject(
	    parameters, "Properties", cJSON_Duplicate(cw_plan_lookup_properties(lookup), true));
	r = run(rig, "Get-ADObject", parameters, on_found, &found, err);
	cJSON_Delete(parameters);
	return r;
}

static int
plan_write(struct rig *rig, struct cw_plan_write *w, const struct cw_catalogue_call *call,
    struct cw_err *err)
{
	struct cw_plan_lookup *lookup = cw_plan_lookup_new();
	const struct cw_plan_fault *fault;
	cJSON *entry;
	int r = CW_OK;

	for (size_t i = 0; i < w->ref_count && r == CW_OK; i++)
		if ((w->refs[i].object = pin(rig, &w->refs[i], err)) == NULL)
			r = err->code;
	if (r == CW_OK && (r = cw_plan_write_prepare(w, &rig->domain, err)) == CW_OK &&
	    (r = cw_plan_lookup_add(lookup, w, rig->state, err)) == CW_OK &&
	    (r = look_up(rig, lookup, err)) == CW_OK &&
	    (fault = cw_plan_lookup_check(lookup, w, rig->state)) != NULL)
		r = cw_fail(err, CW_ECONFLICT, "%s", fault->message);
	if (r == CW_OK) {
		entry = cw_plan_write_entry(w, rig->state, call);
		if ((r = cw_plan_write_change(w, rig->state, RIG_NOW_MS, err)) == CW_OK)
			r = cw_plan_document_add(rig->plan, entry, &rig->plan_bytes, err);
		else
			cJSON_Delete(entry);
	}
	cw_plan_lookup_free(lookup);
	return r;
}

int
rig_plan(struct rig *rig, const char *text, struct cw_err *err)
{
	char command[64];
	cJSON *parameters = split(text, command, err);
	struct cw_catalogue_call *call = NULL;
	struct cw_plan_write *w = NULL;
	int r = parameters == NULL ? err->code : CW_OK;

	if (r == CW_OK &&
	    (r = cw_catalogue_bind_for_approval(&call, command, parameters, err)) == CW_OK &&
	    (r = cw_plan_write_new(&w, call, parameters, err)) == CW_OK)
		r = plan_write(rig, w, call, err);
	cw_plan_write_free(w);
	cw_catalogue_call_free(call);
	cJSON_Delete(parameters);
	return r;
}

struct seen {
	struct cw_plan_read *read; /* NULL: as it is */
	int (*show)(struct cw_plan_read *read, const struct cw_ps_value **ret,
	    struct cw_ps_arena *arena, const struct cw_ps_value *value, struct cw_err *err);
	cJSON *list;
};

static void
add(cJSON *list, const struct cw_ps_value *value)
{
	struct cw_buf text;
	cJSON *json = NULL;

	cw_buf_init(&text, ARENA_MAX);
	if (cw_ps_json_put(&text, value, NULL) == CW_OK &&
	    cw_json_parse(&json, cw_buf_str(&text), cw_buf_left(&text), "value", NULL) == CW_OK)
		cJSON_AddItemToArray(list, json);
	cw_buf_free(&text);
}

static int
on_seen(void *arg, const struct cw_ps_value *value, struct cw_err *err)
{
	struct seen *s = arg;
	struct cw_ps_arena *arena;
	const struct cw_ps_value *shown = value;
	int r = CW_OK;

	cw_ps_arena_new(&arena, ARENA_MAX);
	if (s->read != NULL)
		r = s->show(s->read, &shown, arena, value, err);
	if (r == CW_OK && shown != NULL)
		add(s->list, shown);
	cw_ps_arena_free(arena);
	return r;
}

static int
read_all(struct rig *rig, struct cw_plan_read *read, const cJSON *parameters, struct seen *seen,
    struct cw_err *err)
{
	const struct cw_ps_value *made;
	struct cw_ps_arena *arena;
	cJSON *next;
	int r = CW_OK;

	seen->show = cw_plan_read_output;
	if (read->runs)
		r = run(rig, read->entry->name,
		    read->parameters != NULL ? read->parameters : parameters, on_seen, seen, err);
	seen->show = cw_plan_read_touched;
	while (r == CW_OK && (r = cw_plan_read_next(read, &next, err)) == CW_OK && next != NULL) {
		r = run(rig, read->entry->name, next, on_seen, seen, err);
		cJSON_Delete(next);
	}
	cw_ps_arena_new(&arena, ARENA_MAX);
	while (
	    r == CW_OK && (r = cw_plan_read_made(read, &made, arena, err)) == CW_OK && made != NULL)
		add(seen->list, made);
	cw_ps_arena_free(arena);
	return r;
}

cJSON *
rig_read(struct rig *rig, const char *text, struct cw_err *err)
{
	char command[64];
	cJSON *parameters = split(text, command, err);
	struct seen seen = { .list = cJSON_CreateArray() };
	struct cw_catalogue_call *call = NULL;
	int r = parameters == NULL ? err->code : CW_OK;

	if (r == CW_OK && (r = cw_catalogue_bind(&call, command, parameters, err)) == CW_OK &&
	    (r = cw_plan_read_new(&seen.read, rig->state, call, parameters, err)) == CW_OK)
		r = read_all(rig, seen.read, parameters, &seen, err);
	cw_plan_read_free(seen.read);
	cw_catalogue_call_free(call);
	cJSON_Delete(parameters);
	if (r < 0) {
		cJSON_Delete(seen.list);
		return NULL;
	}
	return seen.list;
}

cJSON *
rig_really(struct rig *rig, const char *text)
{
	char command[64];
	struct cw_err err;
	cJSON *parameters = split(text, command, &err);
	struct seen seen = { .list = cJSON_CreateArray() };

	(void)run(rig, command, parameters, on_seen, &seen, &err);
	cJSON_Delete(parameters);
	return seen.list;
}

/* --- the other way: writes that are made */

static int
make(struct rig *rig, struct cw_plan_write *w, struct cw_err *err)
{
	int r;

	for (size_t i = 0; i < w->ref_count; i++)
		if ((w->refs[i].object = (struct cw_plan_object *)(uintptr_t)find(rig,
			 w->refs[i].place ? NULL : w->refs[i].parameter->kind->name,
			 w->refs[i].text)) == NULL)
			return cw_fail(
			    err, CW_ENOTFOUND, "the directory has no %s", w->refs[i].text);
	if ((r = cw_plan_write_prepare(w, &rig->domain, err)) < 0)
		return r;
	return cw_plan_write_change(w, rig->directory, RIG_NOW_MS, err);
}

static int
write_now(struct rig *rig, const char *command, const cJSON *parameters, rig_give *to, void *arg,
    struct cw_err *err)
{
	struct cw_catalogue_call *call = NULL;
	struct cw_plan_write *w = NULL;
	int r;

	if ((r = cw_catalogue_bind_for_approval(&call, command, parameters, err)) == CW_OK &&
	    (r = cw_plan_write_new(&w, call, parameters, err)) == CW_OK &&
	    (r = make(rig, w, err)) == CW_OK && w->made != NULL && to != NULL)
		r = give_object(
		    rig, cw_plan_kind_of(w->made->class), NULL, NULL, w->made, to, arg, err);
	cw_plan_write_free(w);
	cw_catalogue_call_free(call);
	return r;
}

int
rig_run(struct rig *rig, const char *command, const cJSON *parameters, rig_give *to, void *arg,
    struct cw_err *err)
{
	return cw_catalogue_find(command)->write ? write_now(rig, command, parameters, to, arg, err)
						 : run(rig, command, parameters, to, arg, err);
}

int
rig_write(struct rig *rig, const char *text, struct cw_err *err)
{
	char command[64];
	cJSON *parameters = split(text, command, err);
	int r =
	    parameters == NULL ? err->code : write_now(rig, command, parameters, NULL, NULL, err);

	cJSON_Delete(parameters);
	return r;
}

static int
on_guarded(void *arg, const struct cw_ps_value *value, struct cw_err *err)
{
	return cw_plan_apply_found(arg, value, err);
}

static int
on_made(void *arg, const struct cw_ps_value *value, struct cw_err *err)
{
	return cw_plan_apply_output(arg, value, err);
}

static int
guard(struct rig *rig, struct cw_plan_apply *apply, struct cw_err *err)
{
	cJSON *parameters;
	const char *filter;
	int r;

	if ((r = cw_plan_apply_filter(apply, &filter, err)) < 0)
		return r;
	if (filter != NULL) {
		parameters = cJSON_CreateObject();
		cJSON_AddStringToObject(parameters, "LDAPFilter", filter);
		cJSON_AddItemToObject(parameters, "Properties",
		    cJSON_Duplicate(cw_plan_apply_properties(apply), true));
		r = run(rig, "Get-ADObject", parameters, on_guarded, apply, err);
		cJSON_Delete(parameters);
	}
	return r < 0 ? r : cw_plan_apply_check(apply, err);
}

/* Slots as something that binds. */
static void
fill_slots(cJSON *parameters)
{
	cJSON *one;

	cJSON_ArrayForEach (one, parameters)
		if (cw_json_get(one, "$slot") != NULL) {
			cJSON_DeleteItemFromObject(one, "$slot");
			cJSON_AddStringToObject(one, "$sealed", "AAAA");
		}
}

unsigned
rig_apply(struct rig *rig, struct cw_err *err)
{
	struct cw_plan_apply *apply = cw_plan_apply_new(rig->plan);
	cJSON *parameters;
	unsigned entry;
	int r = CW_OK;

	while (r == CW_OK && (entry = cw_plan_apply_next(apply)) != 0) {
		if ((r = guard(rig, apply, err)) < 0)
			break;
		parameters = cw_plan_apply_parameters(apply);
		fill_slots(parameters);
		r = write_now(rig, cw_plan_apply_command(apply), parameters, on_made, apply, err);
		cJSON_Delete(parameters);
		if (r == CW_OK)
			r = cw_plan_apply_done(apply, err);
	}
	cw_plan_apply_free(apply);
	return r == CW_OK ? 0 : entry;
}
