/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question for all that planned writes have to know of the directory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "catalogue/dn.h"
#include "catalogue/identity.h"
#include "plan/text.h"
#include "plan/write.h"

#define FILTER_MAX 16000u /* bytes; the catalogue's own filters are no longer */

struct cw_plan_lookup {
	struct cw_buf clauses;
	cJSON *properties; /* names to ask for */
	cJSON *asked; /* GUIDs that are in it */
	cJSON *taken; /* {"guid","dn","account"?} of what was found by a name */
	cJSON *primary; /* SIDs of groups that are to be known: names of members */
};

struct cw_plan_lookup *
cw_plan_lookup_new(void)
{
	struct cw_plan_lookup *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	cw_buf_init(&l->clauses, FILTER_MAX);
	l->properties = cJSON_CreateArray();
	l->asked = cJSON_CreateObject();
	l->taken = cJSON_CreateArray();
	l->primary = cJSON_CreateObject();
	if (l->properties == NULL || l->asked == NULL || l->taken == NULL || l->primary == NULL) {
		cw_plan_lookup_free(l);
		return NULL;
	}
	return l;
}

void
cw_plan_lookup_free(struct cw_plan_lookup *l)
{
	if (l == NULL)
		return;
	cw_buf_free(&l->clauses);
	cJSON_Delete(l->properties);
	cJSON_Delete(l->asked);
	cJSON_Delete(l->taken);
	cJSON_Delete(l->primary);
	free(l);
}

/* --- clauses */

int
cw_plan_put_guid_clause(struct cw_buf *out, const char *guid)
{
	uint8_t bytes[16];
	int r;

	if ((r = cw_uuid_parse(bytes, guid, strlen(guid))) < 0)
		return r;
	cw_uuid_swap(bytes);
	r = cw_buf_puts(out, "(objectGUID=");
	for (size_t i = 0; i < sizeof(bytes) && r == CW_OK; i++)
		r = cw_buf_printf(out, "\\%02x", bytes[i]);
	return r < 0 ? r : cw_buf_putc(out, ')');
}

int
cw_plan_put_text_clause(struct cw_buf *out, const char *attribute, const char *text)
{
	int r = cw_buf_printf(out, "(%s=", attribute);

	for (; *text != '\0' && r == CW_OK; text++)
		r = strchr("\\*()", *text) != NULL || (unsigned char)*text < 0x20
		    ? cw_buf_printf(out, "\\%02x", (unsigned char)*text)
		    : cw_buf_putc(out, *text);
	return r < 0 ? r : cw_buf_putc(out, ')');
}

static bool
want(struct cw_plan_lookup *l, const char *property)
{
	cJSON *item;

	if (cw_plan_find(CW_SYNTAX_TEXT, l->properties, property) >= 0)
		return true;
	if ((item = cJSON_CreateString(property)) == NULL ||
	    !cJSON_AddItemToArray(l->properties, item)) {
		cJSON_Delete(item);
		return false;
	}
	return true;
}

/* What of these is not known of the object yet. */
static int
ask(struct cw_plan_lookup *l, const struct cw_plan_object *o, const cJSON *names)
{
	const cJSON *one;
	bool known = true;

	if (o == NULL || o->created || o->removed)
		return CW_OK;
	cJSON_ArrayForEach (one, names)
		if (cw_json_get(o->current, one->valuestring) == NULL) {
			if (!want(l, one->valuestring))
				return CW_ENOMEM;
			known = false;
		}
	if (known || cw_json_get(l->asked, o->guid) != NULL)
		return CW_OK;
	return cJSON_AddTrueToObject(l->asked, o->guid) == NULL
	    ? CW_ENOMEM
	    : cw_plan_put_guid_clause(&l->clauses, o->guid);
}

static int
ask_membership(struct cw_plan_lookup *l, const struct cw_plan_write *w)
{
	/* groupType: to show the groups that somebody is in then. */
	cJSON *names = cJSON_CreateStringArray((const char *const[]){ "memberOf", "groupType" }, 2);
	int r = names == NULL ? CW_ENOMEM : CW_OK;

	/* Of all that are named: groups among them may be members as well. */
	for (size_t i = 0; i < w->ref_count && r == CW_OK; i++)
		r = ask(l, w->refs[i].object, names);
	cJSON_Delete(names);
	return r;
}

static int
ask_primary(
    struct cw_plan_lookup *l, const struct cw_plan_write *w, const struct cw_plan_state *state)
{
	uint8_t sid[CW_SID_MAX];
	size_t n;
	int r;

	if (w->primary_sid == NULL || cw_plan_state_by_sid(state, w->primary_sid) != NULL ||
	    cw_json_get(l->primary, w->primary_sid) != NULL)
		return CW_OK;
	if (!want(l, "objectSid") || !want(l, "groupType") ||
	    cJSON_AddTrueToObject(l->primary, w->primary_sid) == NULL)
		return CW_ENOMEM;
	if ((r = cw_sid_parse(sid, &n, w->primary_sid, strlen(w->primary_sid))) < 0)
		return r;
	r = cw_buf_puts(&l->clauses, "(objectSid=");
	for (size_t i = 0; i < n && r == CW_OK; i++)
		r = cw_buf_printf(&l->clauses, "\\%02x", sid[i]);
	return r < 0 ? r : cw_buf_putc(&l->clauses, ')');
}

/* What is made must not be there: by its name, and by its account's. */
static int
ask_free(struct cw_plan_lookup *l, const struct cw_plan_write *w, const struct cw_plan_state *state)
{
	struct cw_buf real;
	int r;

	if (!want(l, "sAMAccountName"))
		return CW_ENOMEM;
	cw_buf_init(&real, 4 * CW_DN_MAX);
	r = cw_plan_state_real_dn(state, w->dn, &real);
	if (r == CW_OK)
		r = cw_plan_put_text_clause(&l->clauses, "distinguishedName", cw_buf_str(&real));
	cw_buf_free(&real);
	if (r < 0 && r != CW_ENOTFOUND)
		return r;
	return w->account == NULL
	    ? CW_OK
	    : cw_plan_put_text_clause(&l->clauses, "sAMAccountName", w->account);
}

int
cw_plan_lookup_add(struct cw_plan_lookup *l, const struct cw_plan_write *w,
    const struct cw_plan_state *state, struct cw_err *err)
{
	cJSON *names = cw_plan_write_attributes(w);
	int r = names == NULL ? CW_ENOMEM : CW_OK;

	if (r == CW_OK)
		r = w->dn != NULL ? ask_free(l, w, state) : ask(l, w->target, names);
	if (r == CW_OK)
		r = ask_primary(l, w, state);
	if (r == CW_OK && cw_plan_write_is_membership(w))
		r = ask_membership(l, w);
	cJSON_Delete(names);
	return r < 0 ? cw_fail(err, r, "%s names too much to be looked up at once", w->entry->name)
		     : r;
}

const char *
cw_plan_lookup_filter(struct cw_plan_lookup *l)
{
	struct cw_buf whole;

	if (cw_buf_left(&l->clauses) == 0)
		return NULL;
	if (cw_starts_with(cw_buf_str(&l->clauses), "(|"))
		return cw_buf_str(&l->clauses);
	cw_buf_init(&whole, FILTER_MAX + 8);
	if (cw_buf_puts(&whole, "(|") < 0 ||
	    cw_buf_put(&whole, cw_buf_peek(&l->clauses), cw_buf_left(&l->clauses)) < 0 ||
	    cw_buf_putc(&whole, ')') < 0) {
		cw_buf_free(&whole);
		return NULL;
	}
	cw_buf_free(&l->clauses);
	l->clauses = cw_buf_take(&whole);
	return cw_buf_str(&l->clauses);
}

const cJSON *
cw_plan_lookup_properties(const struct cw_plan_lookup *l)
{
	return l->properties;
}

/* --- the answer */

static const char *
text_of(const struct cw_ps_value *value, const char *name)
{
	return cw_ps_str(cw_ps_get(value, name));
}

static bool
add_taken(struct cw_plan_lookup *l, const struct cw_ps_value *value, const char *guid)
{
	const char *dn = text_of(value, "DistinguishedName"),
		   *account = text_of(value, "sAMAccountName");
	cJSON *one = cJSON_CreateObject();

	if (one == NULL || !cJSON_AddItemToArray(l->taken, one)) {
		cJSON_Delete(one);
		return false;
	}
	return cJSON_AddStringToObject(one, "guid", guid) != NULL &&
	    cJSON_AddStringToObject(one, "dn", dn == NULL ? "" : dn) != NULL &&
	    (account == NULL || cJSON_AddStringToObject(one, "account", account) != NULL);
}

/* One of the groups that new accounts are in. NULL: it is none, or memory ends. */
static struct cw_plan_object *
pin_primary(struct cw_plan_lookup *l, struct cw_plan_state *state, const struct cw_ps_value *value)
{
	cJSON *sid = cw_plan_values(cw_ps_get(value, "objectSid"));
	const char *text = sid == NULL || sid->child == NULL ? NULL : sid->child->valuestring;
	struct cw_plan_object *o = NULL;

	if (text != NULL && cw_json_get(l->primary, text) != NULL)
		o = cw_plan_state_pin(state,
		    &(struct cw_plan_pin){ .guid = text_of(value, "ObjectGUID"),
			.sid = text,
			.class = "group",
			.dn = text_of(value, "DistinguishedName"),
			.account = text_of(value, "sAMAccountName") });
	cJSON_Delete(sid);
	return o;
}

int
cw_plan_lookup_found(struct cw_plan_lookup *l, struct cw_plan_state *state,
    const struct cw_ps_value *value, struct cw_err *err)
{
	const char *guid = text_of(value, "ObjectGUID");
	struct cw_plan_object *o;
	const cJSON *one;

	if (guid == NULL)
		return cw_fail(err, CW_EPROTO, "an object that was looked up has no GUID");
	if ((o = cw_plan_state_by_guid(state, guid)) == NULL)
		o = pin_primary(l, state, value);
	if (o == NULL)
		return add_taken(l, value, guid) ? CW_OK : cw_fail(err, CW_ENOMEM, "out of memory");
	cJSON_ArrayForEach (one, l->properties)
		if (!cw_plan_state_learn(
			o, one->valuestring, cw_plan_values(cw_ps_get(value, one->valuestring))))
			return cw_fail(err, CW_ENOMEM, "out of memory");
	return CW_OK;
}

/* --- is it free */

#define MODULE "Microsoft.ActiveDirectory.Management."

static const struct cw_plan_fault
    account_exists = { "The specified account already exists", "ActiveDirectoryServer:1316",
	    "ResourceExists", MODULE "ADIdentityAlreadyExistsException" },
    group_exists = { "The specified group already exists", "ActiveDirectoryServer:1318",
	    "ResourceExists", MODULE "ADIdentityAlreadyExistsException" },
    name_exists = { "An attempt was made to add an object to the directory with a "
		    "name that is already in use",
	    "ActiveDirectoryServer:8305", "NotSpecified", MODULE "ADException" };

static const struct cw_plan_fault denied = { "Access is denied",
	"ActiveDirectoryCmdlet:System.UnauthorizedAccessException", "PermissionDenied",
	"System.UnauthorizedAccessException" };

/* Protected from deletion, as it would be, or as it is. */
static bool
is_protected(const struct cw_plan_object *o)
{
	static const char name[] = "ProtectedFromAccidentalDeletion";
	const cJSON *planned = cw_json_get(o->properties, name),
		    *read = cw_json_get(o->current, name);

	if (planned != NULL)
		return cJSON_IsTrue(planned);
	return read != NULL && read->child != NULL && cw_streq(read->child->valuestring, "TRUE");
}

const struct cw_plan_fault *
cw_plan_lookup_check(const struct cw_plan_lookup *l, const struct cw_plan_write *w,
    const struct cw_plan_state *state)
{
	bool name = false, account = false;
	const cJSON *one;

	if (w->dn == NULL)
		return cw_plan_write_is_guarded(w) && is_protected(w->target) ? &denied : NULL;
	name = cw_plan_state_by_dn(state, w->dn) != NULL;
	account = w->account != NULL && cw_plan_state_by_account(state, w->account) != NULL;
	cJSON_ArrayForEach (one, l->taken) {
		const char *taken = cw_json_str(one, "account");

		/* What is planned of it is told by the state, above. */
		if (cw_plan_state_by_guid(state, cw_json_str(one, "guid")) != NULL)
			continue;
		name = name || cw_strcaseeq(cw_json_str(one, "dn"), w->dn);
		account = account ||
		    (taken != NULL && w->account != NULL && cw_strcaseeq(taken, w->account));
	}
	if (!name && !account)
		return NULL;
	if (cw_plan_is_class(w->class, "group"))
		return &group_exists;
	return account || cw_plan_is_class(w->class, "user") ? &account_exists : &name_exists;
}
