/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "broker/lookup.h"
#include "catalogue/identity.h"

/* Kinds of objects that are in a domain, and the classes that they have. Others (sites, forests,
 * policies of access) are of the configuration, and are not looked up here. */
static const struct {
	const char *kind;
	const char *classes[8]; /* none: any */
} kinds[] = {
#define PEOPLE "user", "inetOrgPerson"
#define SERVICE                                                          \
	"msDS-GroupManagedServiceAccount", "msDS-ManagedServiceAccount", \
	    "msDS-DelegatedManagedServiceAccount"
	{ "ADObject", { NULL } },
	{ "ADPrincipal", { PEOPLE, "computer", "group", "foreignSecurityPrincipal", SERVICE } },
	{ "ADAccount", { PEOPLE, "computer", SERVICE } },
	{ "ADUser", { PEOPLE } },
	{ "ADComputer", { "computer" } },
	{ "ADServiceAccount", { SERVICE } },
	{ "ADGroup", { "group" } },
	{ "ADOrganizationalUnit", { "organizationalUnit" } },
	{ "ADFineGrainedPasswordPolicy", { "msDS-PasswordSettings" } },
};

/* The row of the kind; kinds end: none. */
static size_t
row_of(const struct cw_catalogue_kind *kind)
{
	size_t i = 0;

	while (i < CW_COUNT(kinds) && !cw_streq(kinds[i].kind, kind->name))
		i++;
	return i;
}

void
lookup_classify(struct lookup_name *name)
{
	const struct cw_catalogue_kind *kind = name->parameter->kind;

	if (name->parameter->type == CW_TYPE_DN)
		name->form = CW_IDENTITY_DN;
	else if (kind == NULL || row_of(kind) == CW_COUNT(kinds))
		name->form = 0;
	else
		name->form = cw_identity_form(kind, name->text, strlen(name->text));
}

/* --- names to a filter */

/* More than ASCII compares by rules of the directory's own: whatever it finds for the name is it.
 */
static bool
is_foreign(const struct lookup_name *name)
{
	for (const char *s = name->text; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return true;
	return false;
}

static int
put_text(struct cw_buf *out, const char *attribute, const char *text, const char *more)
{
	int r = cw_buf_printf(out, "(%s=", attribute);

	for (; *text != '\0' && r == CW_OK; text++)
		if (strchr("\\*()", *text) != NULL)
			r = cw_buf_printf(out, "\\%02x", (unsigned char)*text);
		else
			r = cw_buf_putc(out, *text);
	return r < 0 ? r : cw_buf_printf(out, "%s)", more);
}

static int
put_bytes(struct cw_buf *out, const char *attribute, const uint8_t *bytes, size_t n)
{
	int r = cw_buf_printf(out, "(%s=", attribute);

	for (size_t i = 0; i < n && r == CW_OK; i++)
		r = cw_buf_printf(out, "\\%02x", bytes[i]);
	return r < 0 ? r : cw_buf_putc(out, ')');
}

/* What a computer is called is its account without the '$' that ends it. */
static bool
takes_dollar(const struct lookup_name *name)
{
	const char *kind = name->parameter->kind->name;
	size_t n = strlen(name->text);

	return n > 0 && name->text[n - 1] != '$' && !cw_streq(kind, "ADUser") &&
	    !cw_streq(kind, "ADGroup");
}

static int
put_account(struct cw_buf *out, const struct lookup_name *name)
{
	const char *kind = name->parameter->kind->name;
	int r = CW_OK;

	if (takes_dollar(name))
		r = put_text(out, "sAMAccountName", name->text, "$");
	if (r == CW_OK && !(takes_dollar(name) && cw_streq(kind, "ADComputer")))
		r = put_text(out, "sAMAccountName", name->text, "");
	return r;
}

int
lookup_put_guid(struct cw_buf *out, const uint8_t guid[16])
{
	uint8_t bytes[16];

	memcpy(bytes, guid, sizeof(bytes));
	cw_uuid_swap(bytes);
	return put_bytes(out, "objectGUID", bytes, sizeof(bytes));
}

static int
put_name(struct cw_buf *out, const struct lookup_name *name)
{
	uint8_t guid[16], sid[CW_SID_MAX];
	size_t n = strlen(name->text);

	switch (name->form) {
	case CW_IDENTITY_GUID:
		(void)cw_guid_parse(guid, name->text, n);
		return lookup_put_guid(out, guid);
	case CW_IDENTITY_SID:
		(void)cw_sid_parse(sid, &n, name->text, n);
		return put_bytes(out, "objectSid", sid, n);
	case CW_IDENTITY_DN: return put_text(out, "distinguishedName", name->text, "");
	case CW_IDENTITY_SAM: return put_account(out, name);
	default: return put_text(out, "name", name->text, "");
	}
}

int
lookup_filter(struct cw_buf *out, struct lookup_name *names, size_t count, size_t from,
    size_t *ret_to, struct cw_err *err)
{
	size_t i = from, wanted = 0;
	int r = cw_buf_puts(out, "(|");

	for (; i < count && wanted < LOOKUP_AT_ONCE && r == CW_OK; i++) {
		if (names[i].form == 0 || names[i].state != LOOKUP_OPEN)
			continue;
		if (is_foreign(&names[i]) && wanted > 0)
			break;
		r = put_name(out, &names[i]);
		wanted++;
		if (is_foreign(&names[i])) {
			i++;
			break;
		}
	}
	if (r == CW_OK)
		r = cw_buf_putc(out, ')');
	if (r < 0)
		return cw_fail(err, r, "a filter could not be written");
	if (wanted == 0)
		cw_buf_clear(out);
	*ret_to = i;
	return CW_OK;
}

/* --- objects back to names */

static bool
has_class(const struct lookup_name *name, const struct broker_object *o)
{
	size_t row;

	if (name->parameter->type == CW_TYPE_DN)
		return true;
	row = row_of(name->parameter->kind);
	if (kinds[row].classes[0] == NULL)
		return true;
	for (size_t i = 0; i < CW_COUNT(kinds[row].classes) && kinds[row].classes[i] != NULL; i++)
		if (cw_strcaseeq(kinds[row].classes[i], o->class))
			return true;
	return false;
}

static bool
is_account(const struct lookup_name *name, const struct broker_object *o)
{
	size_t n = strlen(name->text);
	char head[300];

	if (cw_strcaseeq(name->text, o->account))
		return !(takes_dollar(name) && cw_streq(name->parameter->kind->name, "ADComputer"));
	if (!takes_dollar(name) || strlen(o->account) != n + 1 || o->account[n] != '$')
		return false;
	(void)snprintf(head, sizeof(head), "%.*s", (int)n, o->account);
	return cw_strcaseeq(name->text, head);
}

static bool
is_it(const struct lookup_name *name, const struct broker_object *o)
{
	uint8_t guid[16];
	char text[CW_UUID_TEXT];

	switch (name->form) {
	case CW_IDENTITY_GUID:
		(void)cw_guid_parse(guid, name->text, strlen(name->text));
		cw_uuid_text(text, guid);
		return cw_streq(text, o->guid);
	case CW_IDENTITY_SID: return cw_strcaseeq(name->text, o->sid);
	case CW_IDENTITY_DN: return is_foreign(name) || cw_strcaseeq(name->text, o->dn);
	case CW_IDENTITY_SAM: return is_foreign(name) || is_account(name, o);
	default: return is_foreign(name) || cw_strcaseeq(name->text, o->name);
	}
}

void
lookup_match(struct lookup_name *names, size_t from, size_t to, const struct broker_object *object,
    size_t number)
{
	for (size_t i = from; i < to; i++) {
		struct lookup_name *name = &names[i];

		if (name->form == 0 || name->known || !has_class(name, object) ||
		    !is_it(name, object))
			continue;
		name->state = name->state == LOOKUP_OPEN ? LOOKUP_FOUND : LOOKUP_SEVERAL;
		name->object = number;
	}
}

void
lookup_settle(struct lookup_name *names, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (names[i].form != 0 && names[i].state == LOOKUP_OPEN)
			names[i].state = LOOKUP_MISSING;
}
