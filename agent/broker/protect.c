/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who holds power, by [MS-ADTS] 3.1.1.6.1 (what AdminSDHolder protects) and by what
 * is known to lead there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "broker/protect.h"
#include "catalogue/dn.h"
#include "catalogue/identity.h"
#include "powershell/value.h"

#define GROUPS_MAX 4096u /* that give power; with more nothing is written */
#define FILTER_MAX (1024u * 1024u)
#define BUILTIN "S-1-5-32-"
#define ACCOUNT_DISABLED 0x2 /* of userAccountControl, as is: */
#define CONTROLLER_BITS 0x04002000 /* SERVER_TRUST_ACCOUNT, PARTIAL_SECRETS_ACCOUNT */
#define IN_CHAIN "memberOf:1.2.840.113556.1.4.1941:="

const char *const broker_object_properties[] = { "objectSid", "sAMAccountName", "adminCount",
	"memberOf", "primaryGroupID", "userAccountControl", NULL };

/* RIDs of the domain that have power: accounts, and groups whose members have it. */
static const struct {
	unsigned rid;
	bool group;
} rids[] = {
	{ 498, true }, /* Enterprise Read-only Domain Controllers */
	{ 500, false }, /* Administrator */
	{ 502, false }, /* krbtgt */
	{ 512, true }, /* Domain Admins */
	{ 516, true }, /* Domain Controllers */
	{ 517, true }, /* Cert Publishers */
	{ 518, true }, /* Schema Admins */
	{ 519, true }, /* Enterprise Admins */
	{ 520, true }, /* Group Policy Creator Owners */
	{ 521, true }, /* Read-only Domain Controllers */
	{ 522, true }, /* Cloneable Domain Controllers */
	{ 526, true }, /* Key Admins */
	{ 527, true }, /* Enterprise Key Admins */
};

/* Of Builtin: all are protected, and the members of these are. */
static const unsigned builtin_rids[] = { 544, 548, 549, 550, 551, 552 };

/* By name: they have no RID of their own, and are known to lead to all of the domain. */
static const char *const names[] = { "DnsAdmins", "Organization Management",
	"Exchange Trusted Subsystem", "Exchange Windows Permissions",
	"Enterprise Cert Publishers" };

/* --- rows */

static const char *
word(const struct cw_ps_value *row, const char *name)
{
	const struct cw_ps_value *v = cw_ps_get(row, name);
	const char *text;

	if (v == NULL)
		return "";
	if (v->kind == CW_PS_GUID || v->kind == CW_PS_STRING)
		return v->text.data;
	if (v->kind == CW_PS_LIST && v->list.count == 1)
		return cw_ps_str(v->list.items[0]) != NULL ? cw_ps_str(v->list.items[0]) : "";
	if ((text = cw_ps_str(cw_ps_get(v, "Value"))) == NULL)
		text = cw_ps_str(v);
	return text != NULL ? text : "";
}

static int64_t
number(const struct cw_ps_value *row, const char *name)
{
	const struct cw_ps_value *v = cw_ps_get(row, name);
	int64_t n;

	if (v != NULL && v->kind == CW_PS_LIST && v->list.count == 1)
		v = v->list.items[0];
	return cw_ps_to_int(v, &n) ? n : 0;
}

/* The name in our one form; the caller's. NULL: it is none. */
static char *
plain_dn(const char *text)
{
	struct cw_buf b;
	char *copy = NULL;

	cw_buf_init(&b, 4 * CW_DN_MAX);
	if (cw_dn_put(&b, text, strlen(text), NULL) == CW_OK)
		copy = cw_strdup(cw_buf_str(&b));
	cw_buf_free(&b);
	return copy;
}

/* --- the domain */

static bool
is_in(char *const *list, size_t n, const char *dn)
{
	for (size_t i = 0; i < n; i++)
		if (cw_strcaseeq(list[i], dn))
			return true;
	return false;
}

static int
keep(char ***list, size_t *count, const char *dn, struct cw_err *err)
{
	char **grown;

	if (is_in(*list, *count, dn))
		return CW_OK;
	if (*count == GROUPS_MAX)
		return cw_fail(err, CW_ELIMIT,
		    "more than %u groups give power in this domain: nothing is written",
		    GROUPS_MAX);
	if ((grown = realloc(*list, (*count + 1) * sizeof(*grown))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	*list = grown;
	if ((grown[*count] = cw_strdup(dn)) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	++*count;
	return CW_OK;
}

int
broker_domain_read(struct broker_domain *ret, const struct cw_ps_value *row, struct cw_err *err)
{
	struct broker_domain d = { .dn = plain_dn(word(row, "DistinguishedName")),
		.controllers = plain_dn(word(row, "DomainControllersContainer")) };
	const char *sid = word(row, "DomainSID");
	uint8_t bytes[CW_SID_MAX];
	size_t n;

	if (d.dn == NULL || strlen(sid) >= sizeof(d.sid) ||
	    cw_sid_parse(bytes, &n, sid, strlen(sid)) < 0) {
		broker_domain_free(&d);
		return cw_fail(err, CW_EPROTO, "Get-ADDomain did not name the domain and its SID");
	}
	memcpy(d.sid, sid, strlen(sid) + 1);
	*ret = d;
	return CW_OK;
}

void
broker_domain_free(struct broker_domain *d)
{
	free(d->dn);
	free(d->controllers);
	for (size_t i = 0; i < d->group_count; i++)
		free(d->groups[i]);
	for (size_t i = 0; i < d->own_count; i++)
		free(d->own[i]);
	free(d->groups);
	free(d->own);
	*d = (struct broker_domain){ 0 };
}

/* A value in a filter (RFC 4515). */
static int
put_value(struct cw_buf *out, const char *text)
{
	int r = CW_OK;

	for (; *text != '\0' && r == CW_OK; text++)
		if (strchr("\\*()", *text) != NULL)
			r = cw_buf_printf(out, "\\%02x", (unsigned char)*text);
		else
			r = cw_buf_putc(out, *text);
	return r;
}

static int
put_account(struct cw_buf *out, const char *name)
{
	int r;

	if (name[0] == '\0')
		return CW_OK;
	if ((r = cw_buf_puts(out, "(sAMAccountName=")) < 0 || (r = put_value(out, name)) < 0)
		return r;
	return cw_buf_putc(out, ')');
}

/* The clauses for groups and accounts that give power. */
static int
put_power(
    struct cw_buf *out, const struct broker_domain *d, const char *account, const char *computer)
{
	int r = CW_OK;

	for (size_t i = 0; i < CW_COUNT(rids) && r == CW_OK; i++)
		if (rids[i].group)
			r = cw_buf_printf(out, "(objectSid=%s-%u)", d->sid, rids[i].rid);
	for (size_t i = 0; i < CW_COUNT(builtin_rids) && r == CW_OK; i++)
		r = cw_buf_printf(out, "(objectSid=" BUILTIN "%u)", builtin_rids[i]);
	for (size_t i = 0; i < CW_COUNT(names) && r == CW_OK; i++)
		r = put_account(out, names[i]);
	if (r == CW_OK && (r = put_account(out, account)) == CW_OK)
		r = put_account(out, computer);
	return r;
}

int
broker_domain_filter(struct cw_buf *out, const struct broker_domain *d, const char *account,
    const char *computer, struct cw_err *err)
{
	int r;

	if ((r = cw_buf_puts(out, "(|")) < 0 || (r = put_power(out, d, account, computer)) < 0 ||
	    (r = cw_buf_putc(out, ')')) < 0)
		return cw_fail(err, r, "a filter could not be written");
	return CW_OK;
}

int
broker_domain_filter_all(struct cw_buf *out, const struct broker_domain *d, const char *account,
    const char *computer, struct cw_err *err)
{
	int r;

	if ((r = cw_buf_puts(out, "(|(adminCount>=1)")) == CW_OK)
		r = put_power(out, d, account, computer);
	for (size_t i = 0; i < CW_COUNT(rids) && r == CW_OK; i++)
		r = rids[i].group ? cw_buf_printf(out, "(primaryGroupID=%u)", rids[i].rid)
				  : cw_buf_printf(out, "(objectSid=%s-%u)", d->sid, rids[i].rid);
	for (size_t i = 0; i < d->group_count && r == CW_OK; i++)
		if ((r = cw_buf_puts(out, "(memberOf=")) == CW_OK &&
		    (r = put_value(out, d->groups[i])) == CW_OK)
			r = cw_buf_putc(out, ')');
	if (r == CW_OK)
		r = cw_buf_putc(out, ')');
	return r < 0 ? cw_fail(err, r, "a filter could not be written") : r;
}

int
broker_domain_filter_nested(struct cw_buf *out, const struct broker_domain *d, struct cw_err *err)
{
	int r = cw_buf_puts(out, "(&(objectClass=group)(|");

	for (size_t i = 0; i < d->group_count && r == CW_OK; i++)
		if ((r = cw_buf_puts(out, "(" IN_CHAIN)) == CW_OK &&
		    (r = put_value(out, d->groups[i])) == CW_OK)
			r = cw_buf_putc(out, ')');
	if (r == CW_OK)
		r = cw_buf_puts(out, "))");
	return r < 0 ? cw_fail(err, r, "a filter could not be written") : r;
}

int
broker_domain_add(struct broker_domain *d, const struct cw_ps_value *row, const char *account,
    const char *computer, struct cw_err *err)
{
	const char *name = word(row, "sAMAccountName");
	char *dn = plain_dn(word(row, "DistinguishedName"));
	int r;

	if (dn == NULL)
		return cw_fail(err, CW_EPROTO, "an object without its distinguished name");
	if (cw_streq(word(row, "ObjectClass"), "group"))
		r = keep(&d->groups, &d->group_count, dn, err);
	else if (name[0] != '\0' && (cw_strcaseeq(name, account) || cw_strcaseeq(name, computer)))
		r = keep(&d->own, &d->own_count, dn, err);
	else
		r = CW_OK;
	free(dn);
	return r;
}

/* --- is it protected */

/* The place right below the domain's root, or below a partition of the forest. */
static bool
is_under(const char *dn, const char *place, const char *root)
{
	struct cw_buf b;
	bool under = false;

	cw_buf_init(&b, 4 * CW_DN_MAX);
	if (cw_buf_printf(&b, "%s,%s", place, root) == CW_OK)
		under = cw_dn_is_under(dn, cw_buf_str(&b));
	cw_buf_free(&b);
	return under;
}

/* Outside of the domain's own tree: the schema, the configuration, DNS, another domain. */
static const char *
by_place(const struct broker_domain *d, const char *dn)
{
	if (!cw_dn_is_under(dn, d->dn))
		return "it is not in this domain";
	if (is_under(dn, "CN=Configuration", d->dn))
		return "it is in the configuration of the forest";
	if (is_under(dn, "CN=System", d->dn))
		return "it is in the System container";
	if (is_under(dn, "CN=Builtin", d->dn))
		return "it is in the Builtin container";
	if (is_under(dn, "DC=DomainDnsZones", d->dn) || is_under(dn, "DC=ForestDnsZones", d->dn))
		return "it is in a zone of DNS";
	if ((d->controllers != NULL && cw_dn_is_under(dn, d->controllers)) ||
	    is_under(dn, "OU=Domain Controllers", d->dn))
		return "it is with the domain's controllers";
	return NULL;
}

static bool
rid_of(unsigned long *ret, const char *sid)
{
	const char *last = strrchr(sid, '-');

	if (!cw_starts_with(sid, "S-1-5-21-") || last == NULL)
		return false;
	*ret = strtoul(last + 1, NULL, 10);
	return true;
}

static const char *
by_sid(const char *sid)
{
	unsigned long rid;

	if (cw_starts_with(sid, BUILTIN))
		return "it is a built-in group of the domain's controllers";
	if (!rid_of(&rid, sid))
		return NULL;
	for (size_t i = 0; i < CW_COUNT(rids); i++)
		if (rids[i].rid == rid)
			return "it is an account or group that has power over the domain";
	return NULL;
}

static const char *
by_membership(const struct broker_domain *d, const struct cw_ps_value *row)
{
	static const char why[] = "it is a member of a group that has power over the domain";
	const struct cw_ps_value *of = cw_ps_get(row, "memberOf");
	int64_t primary = number(row, "primaryGroupID");
	size_t n = of == NULL ? 0 : of->kind == CW_PS_LIST ? of->list.count : 1;
	const char *text;
	char *dn;

	for (size_t i = 0; i < CW_COUNT(rids); i++)
		if (rids[i].group && primary == (int64_t)rids[i].rid)
			return why;
	for (size_t i = 0; i < n; i++) {
		bool is;

		text = cw_ps_str(of->kind == CW_PS_LIST ? of->list.items[i] : of);
		if (text == NULL)
			continue;
		if ((dn = plain_dn(text)) == NULL)
			return "what it is a member of could not be read";
		is = is_in(d->groups, d->group_count, dn);
		free(dn);
		if (is)
			return why;
	}
	return NULL;
}

static const char *
judge(const struct broker_domain *d, const struct broker_object *o, const struct cw_ps_value *row)
{
	const char *why;

	if (number(row, "adminCount") > 0)
		return "the directory marks it as an administrator's (adminCount)";
	if (number(row, "userAccountControl") & CONTROLLER_BITS)
		return "it is a domain controller";
	if (cw_strcaseeq(o->dn, d->dn))
		return "it is the domain itself";
	if (is_in(d->own, d->own_count, o->dn))
		return "it is this agent's own account or computer";
	if (is_in(d->groups, d->group_count, o->dn))
		return "it is a group that has power over the domain";
	if ((why = by_place(d, o->dn)) != NULL || (why = by_sid(o->sid)) != NULL)
		return why;
	return by_membership(d, row);
}

const char *
broker_place_protected(const struct broker_domain *d, const struct broker_object *place)
{
	return by_place(d, place->dn);
}

int
broker_object_read(struct broker_object *ret, const struct broker_domain *d,
    const struct cw_ps_value *row, struct cw_err *err)
{
	struct broker_object o = { .dn = plain_dn(word(row, "DistinguishedName")),
		.name = cw_strdup(word(row, "Name")),
		.account = cw_strdup(word(row, "sAMAccountName")),
		.class = cw_strdup(word(row, "ObjectClass")) };
	const char *guid = word(row, "ObjectGUID"), *sid = word(row, "objectSid");
	uint8_t bytes[16];

	if (o.dn == NULL || o.name == NULL || o.account == NULL || o.class == NULL ||
	    o.class[0] == '\0' || cw_guid_parse(bytes, guid, strlen(guid)) < 0 ||
	    strlen(sid) >= sizeof(o.sid)) {
		broker_object_free(&o);
		return cw_fail(err, CW_EPROTO, "an object that was looked up could not be read");
	}
	cw_uuid_text(o.guid, bytes);
	memcpy(o.sid, sid, strlen(sid) + 1);
	o.disabled = (number(row, "userAccountControl") & ACCOUNT_DISABLED) != 0;
	o.protected = judge(d, &o, row);
	*ret = o;
	return CW_OK;
}

void
broker_object_free(struct broker_object *o)
{
	free(o->dn);
	free(o->name);
	free(o->account);
	free(o->class);
	*o = (struct broker_object){ 0 };
}
