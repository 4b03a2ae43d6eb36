/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of properties. Names by Entra Connect's out-of-box flows, so that a change in Active
 * Directory arrives where Graph shows it; limits by the schemas of both. Not here: addresses (mail,
 * proxyAddresses), which are the mailbox's affair, and names to sign in with.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "route/properties.h"
#include "route/route.h"

#define BOTH(graph, ldap, parameter, max)                 \
	{                                                 \
		graph, ldap, parameter, parameter, max, 0 \
	}

const struct route_property route_properties[] = {
	{ "accountEnabled", "userAccountControl", "Enabled", NULL, 0, ROUTE_KEEP | ROUTE_FLAG },
	BOTH("jobTitle", "title", "Title", 128),
	BOTH("department", "department", "Department", 64),
	{ "displayName", "displayName", "DisplayName", "DisplayName", 256, ROUTE_KEEP },
	BOTH("givenName", "givenName", "GivenName", 64),
	BOTH("surname", "sn", "Surname", 64),
	BOTH("companyName", "company", "Company", 64),
	BOTH("officeLocation", "physicalDeliveryOfficeName", "Office", 128),
	BOTH("streetAddress", "streetAddress", "StreetAddress", 1024),
	BOTH("city", "l", "City", 128),
	BOTH("state", "st", "State", 128),
	BOTH("postalCode", "postalCode", "PostalCode", 40),
	/* The country's name is what flows; -Country would write its code, c, which does not. */
	{ "country", "co", "co", NULL, 128, 0 },
	BOTH("mobilePhone", "mobile", "MobilePhone", 64),
	{ "businessPhones", "telephoneNumber", "OfficePhone", "OfficePhone", 64, ROUTE_LIST },
	BOTH("faxNumber", "facsimileTelephoneNumber", "Fax", 64),
	BOTH("employeeId", "employeeID", "EmployeeID", 16),
	{ "usageLocation", NULL, NULL, NULL, 2, ROUTE_COUNTRY },
	{ NULL, NULL, NULL, NULL, 0, 0 },
};

const char *const *
cw_route_properties(void)
{
	static const char *names[sizeof(route_properties) / sizeof(route_properties[0])];
	size_t n = 0;

	for (const struct route_property *p = route_properties; p->graph != NULL; p++)
		if (!(p->flags & ROUTE_FLAG))
			names[n++] = p->graph;
	return names; /* the rest is NULL */
}

const struct route_property *
route_property_find(const char *graph)
{
	for (const struct route_property *p = route_properties; p->graph != NULL; p++)
		if (strcmp(p->graph, graph) == 0)
			return p;
	return NULL;
}

/* Both directories count in UTF-16. */
static size_t
utf16_length(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		if (((unsigned char)*s & 0xc0) != 0x80)
			n += (unsigned char)*s >= 0xf0 ? 2 : 1;
	return n;
}

/* Does s begin or end with what .NET trims? Control characters are refused before. */
static bool
has_blank_around(const char *s, size_t n)
{
	static const char *const blanks[] = { " ", "\xc2\x85", "\u00a0", "\u1680", "\u2000",
		"\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
		"\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000" };

	for (size_t i = 0; i < CW_COUNT(blanks); i++) {
		size_t length = strlen(blanks[i]);

		if (n >= length &&
		    (memcmp(s, blanks[i], length) == 0 ||
			memcmp(s + n - length, blanks[i], length) == 0))
			return true;
	}
	return false;
}

static int
check_text(const struct route_property *p, const char *s, struct cw_err *err)
{
	size_t n = strlen(s), length = utf16_length(s);

	if (n == 0)
		return cw_fail(err, CW_EINVAL, "%s is empty; null clears it", p->graph);
	if (length > p->max)
		return cw_fail(err, CW_EINVAL, "%s has %zu characters, the limit is %u", p->graph,
		    length, p->max);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return cw_fail(err, CW_EINVAL, "%s holds a control character", p->graph);
	/* Entra Connect trims: the two would never show the same. */
	if (has_blank_around(s, n))
		return cw_fail(err, CW_EINVAL, "%s begins or ends with a blank", p->graph);
	if (p->flags & ROUTE_COUNTRY && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
		return cw_fail(err, CW_EINVAL,
		    "%s must be two capital letters of ISO 3166-1, as \"DE\"", p->graph);
	return CW_OK;
}

int
route_property_wanted(
    cJSON **ret, const struct route_property *p, const cJSON *given, struct cw_err *err)
{
	const cJSON *one = given;
	int r;

	if (p->flags & ROUTE_LIST && cJSON_IsArray(given)) {
		if (cJSON_GetArraySize(given) > 1)
			return cw_fail(err, CW_EINVAL, "%s takes one value", p->graph);
		one = given->child; /* NULL: an empty list clears */
	}
	if (one == NULL || cJSON_IsNull(one)) {
		if (p->flags & ROUTE_KEEP)
			return cw_fail(err, CW_EINVAL, "%s cannot be cleared", p->graph);
		*ret = cJSON_CreateNull();
	} else {
		if (!cJSON_IsString(one))
			return cw_fail(err, CW_EINVAL, "%s must be %s, or null to clear it",
			    p->graph, p->flags & ROUTE_LIST ? "a list of one string" : "a string");
		if ((r = check_text(p, one->valuestring, err)) < 0)
			return r;
		*ret = cJSON_CreateString(one->valuestring);
	}
	return *ret != NULL ? CW_OK : cw_fail(err, CW_ENOMEM, "out of memory");
}

/* A string, a boolean, or null for anything else. */
static cJSON *
plain(const cJSON *value)
{
	cJSON *out;

	if (cJSON_IsArray(value))
		value = value->child;
	if (cJSON_IsString(value) && value->valuestring[0] != '\0')
		out = cJSON_CreateString(value->valuestring);
	else if (cJSON_IsBool(value))
		out = cJSON_CreateBool(cJSON_IsTrue(value));
	else
		out = cJSON_CreateNull();
	if (out == NULL)
		abort(); /* see route_internal.h */
	return out;
}

cJSON *
route_property_of_ad(const struct route_property *p, const cJSON *user)
{
	const cJSON *member;

	cJSON_ArrayForEach (member, user) /* the module spells as it was asked, or as it likes */
		if (cw_strcaseeq(member->string, p->read))
			return plain(member);
	return plain(NULL);
}

cJSON *
route_property_of_entra(const struct route_property *p, const cJSON *user)
{
	return plain(cw_json_get(user, p->graph));
}

cJSON *
route_property_for_graph(const struct route_property *p, const cJSON *value)
{
	cJSON *out = plain(value), *list;

	if (!(p->flags & ROUTE_LIST))
		return out;
	if ((list = cJSON_CreateArray()) == NULL)
		abort(); /* see route_internal.h */
	if (cJSON_IsNull(out))
		cJSON_Delete(out);
	else
		(void)cJSON_AddItemToArray(list, out);
	return list;
}

bool
route_value_eq(const cJSON *a, const cJSON *b)
{
	if (cJSON_IsString(a) && cJSON_IsString(b))
		return strcmp(a->valuestring, b->valuestring) == 0;
	if (cJSON_IsBool(a) && cJSON_IsBool(b))
		return cJSON_IsTrue(a) == cJSON_IsTrue(b);
	return (a == NULL || cJSON_IsNull(a)) && (b == NULL || cJSON_IsNull(b));
}
