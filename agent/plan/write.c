/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A write's parameters, the objects that they name, and what it makes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "catalogue/dn.h"
#include "catalogue/identity.h"
#include "os/random.h"
#include "plan/text.h"
#include "plan/write.h"

#define REFS_MAX 5000u /* objects that one write names */

void
cw_plan_write_free(struct cw_plan_write *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->ref_count; i++)
		free(w->refs[i].text);
	free(w->refs);
	free(w->class);
	free(w->dn);
	free(w->account);
	free(w->primary_sid);
	cJSON_Delete(w->parameters);
	free(w);
}

/* --- the domain */

void
cw_plan_domain_free(struct cw_plan_domain *domain)
{
	free(domain->dn);
	free(domain->users);
	free(domain->computers);
	free(domain->sid);
	memset(domain, 0, sizeof(*domain));
}

static bool
take_name(char **ret, const struct cw_ps_value *value, const char *property)
{
	const char *text = cw_ps_str(cw_ps_get(value, property));

	free(*ret);
	return (*ret = cw_strdup(text)) != NULL;
}

bool
cw_plan_domain_read(struct cw_plan_domain *domain, const struct cw_ps_value *value)
{
	cJSON *sid = cw_plan_values(cw_ps_get(value, "DomainSID"));
	const char *text = sid == NULL || sid->child == NULL ? NULL : sid->child->valuestring;

	free(domain->sid);
	domain->sid = cw_strdup(text);
	cJSON_Delete(sid);
	return domain->sid != NULL && take_name(&domain->dn, value, "DistinguishedName") &&
	    take_name(&domain->users, value, "UsersContainer") &&
	    take_name(&domain->computers, value, "ComputersContainer");
}

/* --- refs */

/* The text that names an object: as the catalogue takes it. */
static const char *
name_of(const cJSON *json)
{
	const cJSON *one, *guid = NULL, *value = NULL;

	if (!cJSON_IsObject(json))
		return cJSON_GetStringValue(json);
	cJSON_ArrayForEach (one, json) {
		guid = cw_strcaseeq(one->string, "ObjectGUID") ? one : guid;
		value = cw_strcaseeq(one->string, "Value") ? one : value;
	}
	return cJSON_GetStringValue(guid != NULL ? guid : value);
}

static int
add_ref(struct cw_plan_write *w, const struct cw_catalogue_parameter *p, cJSON *node,
    struct cw_err *err)
{
	struct cw_plan_ref ref = { .parameter = p, .place = p->type == CW_TYPE_DN, .node = node };
	const char *name = name_of(node);
	struct cw_buf text;
	int r = CW_EINVAL;

	if (w->ref_count == REFS_MAX)
		return cw_fail(err, CW_ELIMIT, "-%s names more than %u objects", p->name, REFS_MAX);
	if (w->ref_count == w->ref_room) {
		size_t room = w->ref_room == 0 ? 4 : 2 * w->ref_room;
		void *more = realloc(w->refs, room * sizeof(*w->refs));

		if (more == NULL)
			return cw_fail(err, CW_ENOMEM, "out of memory");
		w->refs = more;
		w->ref_room = room;
	}
	cw_buf_init(&text, 4 * CW_DN_MAX);
	if (name != NULL)
		r = ref.place ? cw_dn_put(&text, name, strlen(name), err)
			      : cw_identity_put(&text, p->kind, name, strlen(name), p->name, err);
	if (r == CW_OK && (ref.text = cw_strdup(cw_buf_str(&text))) == NULL)
		r = CW_ENOMEM;
	cw_buf_free(&text);
	if (r < 0)
		return name == NULL ? cw_fail(err, r, "-%s names no object", p->name) : r;
	w->refs[w->ref_count++] = ref;
	return CW_OK;
}

static int
add_refs(struct cw_plan_write *w, const struct cw_catalogue_parameter *p, cJSON *json,
    struct cw_err *err)
{
	cJSON *one;
	int r = CW_OK;

	if (cJSON_IsNull(json))
		return CW_OK;
	if (!cJSON_IsArray(json))
		return add_ref(w, p, json, err);
	cJSON_ArrayForEach (one, json)
		if (r == CW_OK)
			r = add_ref(w, p, one, err);
	return r;
}

/* --- parameters in one form */

/* Names of attributes as the schema writes them. */
static bool
name_attributes(cJSON *json)
{
	cJSON *one;

	cJSON_ArrayForEach (one, json) {
		char **name = cJSON_IsObject(json) ? &one->string : &one->valuestring;
		const struct cw_attribute *a =
		    *name == NULL ? NULL : cw_attribute_find(*name, strlen(*name));

		if (a == NULL) /* it was bound: so it is there */
			return false;
		/* The same letters, but for their case. */
		memcpy(*name, cw_attribute_name(a), strlen(*name));
	}
	return true;
}

static cJSON *
parameter_of(const struct cw_catalogue_parameter *p, const cJSON *json)
{
	cJSON *value =
		  p->type == CW_TYPE_SECRET ? cJSON_CreateObject() : cJSON_Duplicate(json, true),
	      *list;

	if (value != NULL && p->type == CW_TYPE_SECRET)
		cJSON_AddNumberToObject(value, "$slot", 0);
	if (value != NULL && p->type == CW_TYPE_ATTRIBUTE_NAMES && cJSON_IsString(value)) {
		if ((list = cJSON_CreateArray()) != NULL && !cJSON_AddItemToArray(list, value)) {
			cJSON_Delete(list);
			list = NULL;
		}
		if (list == NULL)
			cJSON_Delete(value);
		value = list;
	}
	if (value != NULL &&
	    (p->type == CW_TYPE_ATTRIBUTES || p->type == CW_TYPE_ATTRIBUTE_NAMES) &&
	    !name_attributes(value)) {
		cJSON_Delete(value);
		return NULL;
	}
	return value;
}

static int
take_parameter(struct cw_plan_write *w, const cJSON *json, struct cw_err *err)
{
	const struct cw_catalogue_parameter *p =
	    cw_catalogue_parameter_find(w->entry, json->string);
	cJSON *value;

	if (p == NULL)
		return cw_fail(err, CW_EDENIED, "%s has no -%.64s", w->entry->name, json->string);
	if (p->type == CW_TYPE_SWITCH && cJSON_IsFalse(json))
		return CW_OK;
	/* What is put out afterwards is nothing that a plan changes. */
	if (cw_strcaseeq(p->name, "PassThru")) {
		w->pass_thru = true;
		return CW_OK;
	}
	value = parameter_of(p, json);
	if (value == NULL || !cJSON_AddItemToObject(w->parameters, p->name, value)) {
		cJSON_Delete(value);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	return p->type == CW_TYPE_IDENTITY || p->type == CW_TYPE_IDENTITIES ||
		(p->type == CW_TYPE_DN && !cw_strcaseeq(p->name, "DistinguishedName"))
	    ? add_refs(w, p, value, err)
	    : CW_OK;
}

/* --- what cannot be planned */

static bool
makes(const struct cw_catalogue_command *entry)
{
	return cw_starts_with(entry->name, "New-");
}

static int
refuse(const struct cw_catalogue_command *entry, const char *why, struct cw_err *err)
{
	return cw_fail(err, CW_EDENIED, "%s cannot be planned: %s", entry->name, why);
}

static int
check_command(const struct cw_catalogue_command *entry, struct cw_err *err)
{
	static const char *const known[] = { "New-ADUser", "New-ADComputer", "New-ADGroup",
		"New-ADOrganizationalUnit", "New-ADObject", "New-ADServiceAccount" };

	if (!cw_streq(entry->role, "directory"))
		return refuse(entry, "it is not about the directory", err);
	if (cw_strcaseeq(entry->name, "Restore-ADObject"))
		return refuse(
		    entry, "what comes back with a deleted object is not known before", err);
	if (!makes(entry))
		return entry->target == NULL ? refuse(entry, "it names no object", err) : CW_OK;
	for (size_t i = 0; i < CW_COUNT(known); i++)
		if (cw_strcaseeq(known[i], entry->name))
			return CW_OK;
	return refuse(entry, "where its object comes to be is not known before", err);
}

int
cw_plan_write_new(struct cw_plan_write **ret, const struct cw_catalogue_call *call,
    const cJSON *parameters, struct cw_err *err)
{
	const struct cw_catalogue_command *entry = cw_catalogue_call_entry(call);
	struct cw_plan_write *w;
	const cJSON *one;
	int r;

	if ((r = check_command(entry, err)) < 0)
		return r;
	w = calloc(1, sizeof(*w));
	if (w == NULL || (w->parameters = cJSON_CreateObject()) == NULL) {
		cw_plan_write_free(w);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	w->entry = entry;
	cJSON_ArrayForEach (one, parameters)
		if (r == CW_OK)
			r = take_parameter(w, one, err);
	if (r < 0) {
		cw_plan_write_free(w);
		return r;
	}
	*ret = w;
	return CW_OK;
}

/* --- what is made, and where */

static struct cw_plan_ref *
ref_of(struct cw_plan_write *w, const char *parameter)
{
	for (size_t i = 0; i < w->ref_count; i++)
		if (cw_strcaseeq(w->refs[i].parameter->name, parameter))
			return &w->refs[i];
	return NULL;
}

static const char *
class_of(const struct cw_plan_write *w)
{
	static const char *const classes[][2] = { { "New-ADUser", "user" },
		{ "New-ADComputer", "computer" }, { "New-ADGroup", "group" },
		{ "New-ADOrganizationalUnit", "organizationalUnit" },
		{ "New-ADServiceAccount", "msDS-GroupManagedServiceAccount" } };
	const char *type = cw_json_str(w->parameters, "Type");

	if (type != NULL)
		return type;
	for (size_t i = 0; i < CW_COUNT(classes); i++)
		if (cw_strcaseeq(classes[i][0], w->entry->name))
			return classes[i][1];
	return NULL;
}

bool
cw_plan_write_needs_domain(const struct cw_plan_write *w)
{
	return makes(w->entry) &&
	    (cw_json_get(w->parameters, "Path") == NULL || class_of(w) == NULL ||
		cw_plan_is_class(class_of(w), "user"));
}

/* What the module makes it below when it is not told. */
static int
put_default_place(struct cw_buf *out, const char *class, const struct cw_plan_domain *domain)
{
	int r;

	if (cw_plan_is_kind(class, "ADServiceAccount"))
		return (r = cw_buf_puts(out, "CN=Managed Service Accounts,")) < 0
		    ? r
		    : cw_buf_puts(out, domain->dn);
	return cw_buf_puts(out,
	    cw_plan_is_class(class, "computer") ? domain->computers
		: cw_plan_is_class(class, "user") || cw_plan_is_class(class, "group")
		? domain->users
		: domain->dn);
}

/* RDN of a name: "CN=Ada Lovelace". */
int
cw_plan_put_rdn(struct cw_buf *out, const char *attribute, const char *name)
{
	size_t n = strlen(name);
	int r = cw_buf_printf(out, "%s=", attribute);

	for (size_t i = 0; i < n && r == CW_OK; i++) {
		unsigned char c = (unsigned char)name[i];
		bool edge = (i == 0 && (c == ' ' || c == '#')) || (i + 1 == n && c == ' ');

		if (c < 0x20 || c == 0x7f)
			r = cw_buf_printf(out, "\\%02X", c);
		else if ((r = edge || strchr("\"+,;<>\\=", c) != NULL ? cw_buf_putc(out, '\\')
								      : CW_OK) == CW_OK)
			r = cw_buf_putc(out, (char)c);
	}
	return r;
}

static int
make_dn(struct cw_plan_write *w, const struct cw_plan_domain *domain)
{
	const char *name = cw_json_str(w->parameters, "Name");
	const struct cw_plan_ref *path = ref_of(w, "Path");
	struct cw_buf dn;
	int r;

	cw_buf_init(&dn, 4 * CW_DN_MAX);
	r = cw_plan_put_rdn(
	    &dn, cw_plan_is_class(w->class, "organizationalUnit") ? "OU" : "CN", name);
	if (r == CW_OK)
		r = cw_buf_putc(&dn, ',');
	if (r == CW_OK)
		r = path != NULL ? cw_buf_puts(&dn, path->object->dn)
				 : put_default_place(&dn, w->class, domain);
	if (r == CW_OK && (w->dn = cw_strdup(cw_buf_str(&dn))) == NULL)
		r = CW_ENOMEM;
	cw_buf_free(&dn);
	return r;
}

/* Its account name, as the module makes it of the name. */
static int
make_account(struct cw_plan_write *w)
{
	const char *given = cw_json_str(w->parameters, "SamAccountName"),
		   *name = given != NULL ? given : cw_json_str(w->parameters, "Name");
	bool dollar = cw_plan_is_class(w->class, "computer") && name[0] != '\0' &&
	    name[strlen(name) - 1] != '$';
	struct cw_buf account;
	int r;

	if (!cw_plan_is_kind(w->class, "ADPrincipal"))
		return CW_OK;
	/* The directory invents one for what New-ADObject makes. */
	if (given == NULL && cw_strcaseeq(w->entry->name, "New-ADObject"))
		return CW_OK;
	cw_buf_init(&account, 4096);
	if ((r = cw_buf_puts(&account, name)) == CW_OK && dollar)
		r = cw_buf_putc(&account, '$');
	if (r == CW_OK && (w->account = cw_strdup(cw_buf_str(&account))) == NULL)
		r = CW_ENOMEM;
	cw_buf_free(&account);
	return r;
}

/* Accounts are in a group from the beginning, by its RID: Domain Users, or Domain Computers. */
static int
make_primary(struct cw_plan_write *w, const struct cw_plan_domain *domain)
{
	struct cw_buf sid;
	int r;

	if (!cw_plan_is_class(w->class, "user"))
		return CW_OK;
	cw_buf_init(&sid, 256);
	r = cw_buf_printf(
	    &sid, "%s-%u", domain->sid, cw_plan_is_class(w->class, "computer") ? 515u : 513u);
	if (r == CW_OK && (w->primary_sid = cw_strdup(cw_buf_str(&sid))) == NULL)
		r = CW_ENOMEM;
	cw_buf_free(&sid);
	return r;
}

int
cw_plan_write_prepare(
    struct cw_plan_write *w, const struct cw_plan_domain *domain, struct cw_err *err)
{
	struct cw_plan_ref *target = w->entry->target == NULL ? NULL : ref_of(w, w->entry->target);
	const char *class;
	int r;

	for (size_t i = 0; i < w->ref_count; i++)
		if (w->refs[i].object == NULL)
			return cw_fail(err, CW_EDENIED,
			    "%s cannot be planned: the object of -%s is not looked up",
			    w->entry->name, w->refs[i].parameter->name);
	if (target != NULL)
		w->target = target->object;
	if (!makes(w->entry))
		return target == NULL ? refuse(w->entry, "it names no object", err) : CW_OK;
	if ((class = class_of(w)) == NULL || cw_json_str(w->parameters, "Name") == NULL)
		return refuse(w->entry, "what it makes is not known", err);
	if (cw_plan_write_needs_domain(w) &&
	    (domain->dn == NULL || domain->users == NULL || domain->computers == NULL ||
		domain->sid == NULL))
		return refuse(w->entry, "the domain's default places are not known", err);
	cw_random_uuid(w->placeholder);
	if ((w->class = cw_strdup(class)) == NULL || (r = make_dn(w, domain)) < 0 ||
	    (r = make_account(w)) < 0 || (r = make_primary(w, domain)) < 0)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	return CW_OK;
}

/* --- the entry */

static bool
add_object(cJSON *to, const struct cw_plan_object *o)
{
	return cJSON_AddStringToObject(to, "guid", o->guid) != NULL &&
	    (o->sid == NULL || cJSON_AddStringToObject(to, "sid", o->sid) != NULL) &&
	    cJSON_AddStringToObject(to, "class", o->class == NULL ? "top" : o->class) != NULL &&
	    cJSON_AddStringToObject(to, "dn", o->dn) != NULL &&
	    (o->protected == NULL ||
		cJSON_AddStringToObject(to, "protected", o->protected) != NULL);
}

static bool
add_others(cJSON *list, const struct cw_plan_write *w)
{
	for (size_t i = 0; i < w->ref_count; i++) {
		const struct cw_plan_ref *ref = &w->refs[i];
		cJSON *other;

		if (ref->object == w->target && cw_streq(ref->parameter->name, w->entry->target))
			continue;
		if ((other = cJSON_CreateObject()) == NULL || !cJSON_AddItemToArray(list, other)) {
			cJSON_Delete(other);
			return false;
		}
		if (cJSON_AddStringToObject(other, "parameter", ref->parameter->name) == NULL ||
		    !add_object(other, ref->object))
			return false;
	}
	return true;
}

static bool
add_effects(cJSON *list, const struct cw_catalogue_call *call)
{
	size_t count;
	const struct cw_catalogue_effect *e = cw_catalogue_call_effects(call, &count);

	for (size_t i = 0; i < count; i++) {
		cJSON *effect = cJSON_CreateObject();

		if (effect == NULL || !cJSON_AddItemToArray(list, effect)) {
			cJSON_Delete(effect);
			return false;
		}
		if (cJSON_AddStringToObject(effect, "group",
			e[i].group == NULL ? "Objects" : e[i].group->name) == NULL ||
		    cJSON_AddStringToObject(effect, "class", cw_class_name(e[i].class)) == NULL ||
		    (e[i].attribute != NULL &&
			cJSON_AddStringToObject(effect, "attribute", e[i].attribute) == NULL) ||
		    (e[i].parameter != NULL &&
			cJSON_AddStringToObject(effect, "parameter", e[i].parameter) == NULL))
			return false;
	}
	return true;
}

cJSON *
cw_plan_effects(const struct cw_catalogue_call *call)
{
	cJSON *list = cJSON_CreateArray();

	if (list != NULL && !add_effects(list, call)) {
		cJSON_Delete(list);
		return NULL;
	}
	return list;
}

static bool
add_creates(cJSON *entry, const struct cw_plan_write *w)
{
	cJSON *creates;

	if (w->dn == NULL)
		return true;
	return (creates = cJSON_AddObjectToObject(entry, "creates")) != NULL &&
	    cJSON_AddStringToObject(creates, "placeholder", w->placeholder) != NULL &&
	    cJSON_AddStringToObject(creates, "class", w->class) != NULL &&
	    cJSON_AddStringToObject(creates, "dn", w->dn) != NULL &&
	    (w->account == NULL || cJSON_AddStringToObject(creates, "account", w->account) != NULL);
}

/* The parameters with GUIDs for identities. */
static bool
name_objects(struct cw_plan_write *w)
{
	for (size_t i = 0; i < w->ref_count; i++) {
		struct cw_plan_ref *ref = &w->refs[i];
		char *text;

		if ((text = cw_strdup(ref->place ? ref->object->dn : ref->object->guid)) == NULL)
			return false;
		/* What it was becomes a string, in its place. */
		cJSON_Delete(ref->node->child);
		cJSON_free(ref->node->valuestring);
		ref->node->child = NULL;
		ref->node->type = cJSON_String;
		ref->node->valuestring = text;
	}
	return true;
}

cJSON *
cw_plan_write_entry(struct cw_plan_write *w, const struct cw_plan_state *state,
    const struct cw_catalogue_call *call)
{
	cJSON *entry = cJSON_CreateObject(), *before = cw_plan_write_before(w, state),
	      *effects = cw_plan_effects(call), *others, *target, *parameters;

	if (entry == NULL || before == NULL || effects == NULL ||
	    cJSON_AddStringToObject(entry, "command", w->entry->name) == NULL ||
	    (others = cJSON_AddArrayToObject(entry, "others")) == NULL || !add_others(others, w) ||
	    !add_creates(entry, w) || !name_objects(w))
		goto failed;
	if (w->target != NULL &&
	    ((target = cJSON_AddObjectToObject(entry, "target")) == NULL ||
		!add_object(target, w->target)))
		goto failed;
	if (!cJSON_AddItemToObject(entry, "before", before))
		goto failed;
	before = NULL;
	if (!cJSON_AddItemToObject(entry, "effects", effects))
		goto failed;
	effects = NULL;
	parameters = cJSON_Duplicate(w->parameters, true);
	if (parameters == NULL || !cJSON_AddItemToObject(entry, "parameters", parameters)) {
		cJSON_Delete(parameters);
		goto failed;
	}
	return entry;
failed:
	cJSON_Delete(before);
	cJSON_Delete(effects);
	cJSON_Delete(entry);
	return NULL;
}
