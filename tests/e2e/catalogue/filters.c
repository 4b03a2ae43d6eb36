/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filters SEED COUNT: random -Filter texts and what the catalogue makes of them,
 * a line each: KIND, V (valid by its making) or M (spoilt by a mutation), the
 * filter, and "=" with the LDAP filter or "!" with the error, between tabs.
 * filter.ps1 puts them before the module's own parser.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "catalogue/filter.h"

/* What filter.ps1 gives the module's parser too. */
#define VARIABLES "{\"n\":\"O'Brien (x)*\\\\\",\"u.Title\":\"CTO\",\"five\":5,\"yes\":true}"

enum shape { TEXT, NUMBER, DATE, TIME, BIT, NAME, GUID, SID, CATEGORY, SCOPE };

static const struct {
	const char *kind, *command; /* of the lab, of the catalogue */
} kinds[] = {
	{ "User", "Get-ADUser" },
	{ "Group", "Get-ADGroup" },
	{ "Computer", "Get-ADComputer" },
	{ "OrganizationalUnit", "Get-ADOrganizationalUnit" },
	{ "Any", "Get-ADObject" },
};
#define ALL 31u
#define USER 1u
#define GROUP 2u
#define COMPUTER 4u
#define UNIT 8u

static const struct {
	const char *name;
	enum shape shape;
	unsigned kinds; /* bits, in the order above */
} properties[] = {
	{ "Name", TEXT, ALL },
	{ "CN", TEXT, ALL },
	{ "Description", TEXT, ALL },
	{ "DisplayName", TEXT, ALL },
	{ "ObjectClass", TEXT, ALL },
	{ "ObjectGUID", GUID, ALL },
	{ "DistinguishedName", TEXT, ALL },
	{ "Created", TIME, ALL },
	{ "Modified", TIME, ALL },
	{ "whenChanged", TIME, ALL },
	{ "uSNChanged", NUMBER, ALL },
	{ "info", TEXT, ALL },
	{ "SamAccountName", TEXT, USER | GROUP | COMPUTER },
	{ "SID", SID, USER | GROUP | COMPUTER },
	{ "MemberOf", NAME, USER | GROUP | COMPUTER },
	{ "HomePage", TEXT, USER | GROUP },
	{ "Enabled", BIT, USER | COMPUTER },
	{ "PasswordNeverExpires", BIT, USER | COMPUTER },
	{ "PasswordNotRequired", BIT, USER | COMPUTER },
	{ "TrustedForDelegation", BIT, USER | COMPUTER },
	{ "DoesNotRequirePreAuth", BIT, USER | COMPUTER },
	{ "AccountNotDelegated", BIT, USER },
	{ "SmartcardLogonRequired", BIT, USER },
	{ "UseDESKeyOnly", BIT, USER },
	{ "TrustedToAuthForDelegation", BIT, COMPUTER },
	{ "HomedirRequired", BIT, USER },
	{ "AllowReversiblePasswordEncryption", BIT, USER },
	{ "MNSLogonAccount", BIT, COMPUTER },
	{ "AccountExpirationDate", DATE, USER | COMPUTER },
	{ "LastLogonDate", DATE, USER | COMPUTER },
	{ "PasswordLastSet", DATE, USER },
	{ "LastBadPasswordAttempt", DATE, USER },
	{ "AccountLockoutTime", DATE, USER },
	{ "lastLogonTimestamp", DATE, USER | COMPUTER },
	{ "BadLogonCount", NUMBER, USER },
	{ "logonCount", NUMBER, USER },
	{ "countryCode", NUMBER, USER },
	{ "userAccountControl", NUMBER, USER | COMPUTER },
	{ "groupType", NUMBER, GROUP },
	{ "City", TEXT, USER | UNIT },
	{ "Company", TEXT, USER },
	{ "Country", TEXT, USER | UNIT },
	{ "Department", TEXT, USER },
	{ "Division", TEXT, USER },
	{ "EmailAddress", TEXT, USER },
	{ "EmployeeID", TEXT, USER },
	{ "EmployeeNumber", TEXT, USER },
	{ "Fax", TEXT, USER },
	{ "GivenName", TEXT, USER },
	{ "HomeDirectory", TEXT, USER },
	{ "HomeDrive", TEXT, USER },
	{ "HomePhone", TEXT, USER },
	{ "Initials", TEXT, USER },
	{ "LogonWorkstations", TEXT, USER },
	{ "Manager", NAME, USER },
	{ "MobilePhone", TEXT, USER },
	{ "Office", TEXT, USER },
	{ "OfficePhone", TEXT, USER },
	{ "Organization", TEXT, USER },
	{ "OtherName", TEXT, USER },
	{ "POBox", TEXT, USER },
	{ "PostalCode", TEXT, USER | UNIT },
	{ "ProfilePath", TEXT, USER },
	{ "ScriptPath", TEXT, USER },
	{ "State", TEXT, USER | UNIT },
	{ "StreetAddress", TEXT, USER | UNIT },
	{ "Surname", TEXT, USER },
	{ "Title", TEXT, USER },
	{ "UserPrincipalName", TEXT, USER },
	{ "ServicePrincipalNames", TEXT, USER | COMPUTER },
	{ "mail", TEXT, USER | GROUP },
	{ "sn", TEXT, USER },
	{ "telephoneNumber", TEXT, USER },
	{ "proxyAddresses", TEXT, USER },
	{ "DNSHostName", TEXT, COMPUTER },
	{ "Location", TEXT, COMPUTER },
	{ "OperatingSystem", TEXT, COMPUTER },
	{ "OperatingSystemVersion", TEXT, COMPUTER },
	{ "ManagedBy", NAME, GROUP | COMPUTER | UNIT },
	{ "Members", NAME, GROUP },
	{ "GroupCategory", CATEGORY, GROUP },
	{ "GroupScope", SCOPE, GROUP },
};

static uint64_t state; /* of the random numbers: the same everywhere, for the same seed */

static unsigned
below(unsigned n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33) % n;
}

#define ONE_OF(...)             \
	((const char *const[]){ \
	    __VA_ARGS__ }[below(CW_COUNT(((const char *const[]){ __VA_ARGS__ })))])

static void
put(struct cw_buf *b, const char *s)
{
	if (cw_buf_puts(b, s) < 0)
		abort();
}

/* A letter in either case here and there: words of the syntax do not mind. */
static void
put_word(struct cw_buf *b, const char *s)
{
	for (; *s != '\0'; s++)
		if (cw_buf_putc(b, below(8) == 0 && *s >= 'a' && *s <= 'z' ? (char)(*s - 32) : *s) <
		    0)
			abort();
}

static void
put_space(struct cw_buf *b)
{
	put(b, ONE_OF(" ", " ", " ", "  "));
}

/* --- values */

/* No letter that is a hexadecimal digit: \XX past 7f is a byte here and a character there. */
static void
put_text(struct cw_buf *b, bool pattern)
{
	bool quotes = below(4) == 0;

	if (below(12) == 0) {
		put(b, ONE_OF("$n", "$u.Title", "${n}", "$five"));
		return;
	}
	put(b, quotes ? "\"" : "'");
	for (unsigned i = below(5) + 1; i > 0; i--)
		put(b,
		    quotes
			? ONE_OF("x", "Zoe", "O'Brien", "(x)", "\\\"", "`\"", "\"\"", "`$", "\\`",
			      "`x", "\\2a", "\\28", "\xc3\xb6", "/", "-", " ", "=", "&", "|", "!")
			: ONE_OF("x", "Zoe", "O''Brien", "(x)", "\"", "$n", "`", "\\", "\\2a",
			      "\\5C", "\\29", "\xc3\xb6", "/", "-", " ", "=", "&", "|", "!",
			      "@lab.test"));
	if (pattern || below(6) == 0)
		put(b, "*");
	put(b, quotes ? "\"" : "'");
}

static void
put_value(struct cw_buf *b, enum shape shape, bool pattern)
{
	char text[96];

	if (pattern && shape != TEXT) {
		put(b, "'*'");
		return;
	}
	switch (shape) {
	case TEXT: put_text(b, pattern); return;
	case NUMBER:
		(void)snprintf(text, sizeof(text), below(3) == 0 ? "'%u'" : "%u", below(70000));
		break;
	case DATE:
	case TIME:
		(void)snprintf(text, sizeof(text),
		    shape == DATE && below(3) == 0 ? "1316%u%02u%02u00000000"
			: below(2) == 0            ? "'20%02u-%02u-%02u'"
						   : "'20%02u-%02u-%02uT09:30:00Z'",
		    10 + below(50), 1 + below(12), 10 + below(19));
		break;
	case BIT: put(b, ONE_OF("$true", "$false", "'True'", "\"false\"", "$yes", "$True")); return;
	case NAME:
		put(b,
		    ONE_OF("'CN=Ada Lovelace,OU=Staff,DC=lab,DC=test'", "'CN=a\\2c b,DC=x'",
			"\"CN=O'Brien (x),DC=lab\""));
		return;
	case GUID:
		(void)snprintf(
		    text, sizeof(text), "'%08x-0011-2233-4455-66778899aabb'", below(1u << 31));
		break;
	case SID:
		(void)snprintf(
		    text, sizeof(text), "'S-1-5-21-1-%u-3-%u'", below(1u << 31), below(9999));
		break;
	case CATEGORY: put(b, ONE_OF("'Security'", "'distribution'", "\"Security\"")); return;
	case SCOPE:
		put(b, ONE_OF("'Global'", "'Universal'", "'DomainLocal'", "\"global\""));
		return;
	}
	put(b, text);
}

/* --- filters */

static void
put_comparison(struct cw_buf *b, unsigned kind)
{
	enum shape shape;
	const char *op;
	unsigned i;

	do
		i = below(CW_COUNT(properties));
	while (!(properties[i].kinds & 1u << kind));
	shape = properties[i].shape;
	op = shape == BIT || shape == CATEGORY || shape == SCOPE ? ONE_OF("-eq", "-ne")
	    : shape == NUMBER
	    ? ONE_OF("-eq", "-ne", "-ge", "-le", "-gt", "-lt", "-band", "-bor", "-like")
	    : shape == DATE || shape == TIME
	    ? ONE_OF("-eq", "-ne", "-ge", "-le", "-gt", "-lt", "-notlike")
	    : shape == NAME ? ONE_OF("-eq", "-ne", "-recursivematch", "-like", "-notlike")
	    : shape == TEXT
	    ? ONE_OF("-eq", "-ne", "-ge", "-le", "-gt", "-lt", "-like", "-notlike", "-approx")
	    : ONE_OF("-eq", "-ne", "-like");
	put_word(b,
	    below(4) == 0 && properties[i].name[0] < 'a' ? properties[i].name : properties[i].name);
	put_space(b);
	put_word(b, op);
	put_space(b);
	put_value(b, shape, cw_streq(op, "-like") || cw_streq(op, "-notlike"));
}

static void
put_filter(struct cw_buf *b, unsigned kind, unsigned depth)
{
	unsigned parts = depth == 0 ? 1 : 1 + below(3);

	for (unsigned i = 0; i < parts; i++) {
		if (i > 0) {
			put_space(b);
			put_word(b, ONE_OF("-and", "-or"));
			put_space(b);
		}
		if (depth > 0 && below(3) == 0) {
			put(b, ONE_OF("", "", "-not ", "!", "! ", "-not"));
			put(b, "(");
			put_filter(b, kind, depth - 1);
			put(b, ")");
		} else {
			put(b, ONE_OF("", "", "", "", "-not ", "!"));
			put_comparison(b, kind);
		}
	}
}

/* One character dropped, doubled, or another. */
static void
spoil(struct cw_buf *b)
{
	static const char others[] = "'\"()-$*\\`{}! abZ09.:";
	size_t n = cw_buf_left(b), at = below((unsigned)n);
	char *s = malloc(n + 2);

	if (s == NULL)
		abort();
	memcpy(s, cw_buf_peek(b), n);
	switch (below(3)) {
	case 0: memmove(s + at, s + at + 1, --n - at); break;
	case 1: memmove(s + at + 1, s + at, n++ - at); break;
	default: s[at] = others[below(sizeof(others) - 1)]; break;
	}
	cw_buf_clear(b);
	if (cw_buf_put(b, s, n) < 0)
		abort();
	free(s);
}

int
main(int argc, char **argv)
{
	cJSON *values = cJSON_Parse(VARIABLES);
	struct cw_buf text, ours;
	unsigned count;

	if (argc != 3) {
		fprintf(stderr, "usage: filters SEED COUNT\n");
		return 2;
	}
	state = strtoull(argv[1], NULL, 10);
	count = (unsigned)strtoul(argv[2], NULL, 10);
	cw_buf_init(&text, 1u << 20);
	cw_buf_init(&ours, 1u << 20);
	for (unsigned i = 0; i < count; i++) {
		unsigned kind = below(CW_COUNT(kinds));
		struct cw_filter_scope scope = {
			.kind = cw_catalogue_find(kinds[kind].command)->kind, .variables = values
		};
		bool spoilt = below(5) == 0;
		struct cw_err err = { 0 };
		int r;

		cw_buf_clear(&text);
		cw_buf_clear(&ours);
		put_filter(&text, kind, below(4));
		if (spoilt)
			spoil(&text);
		r = cw_utf8_valid((const char *)cw_buf_peek(&text), cw_buf_left(&text))
		    ? cw_filter_from_powershell(
			  &ours, cw_buf_str(&text), cw_buf_left(&text), &scope, &err)
		    : CW_EAGAIN;
		if (r == CW_EAGAIN) /* half a character: not to be compared as lines */
			continue;
		printf("%s\t%s\t%s\t%s%s\n", kinds[kind].kind, spoilt ? "M" : "V",
		    cw_buf_str(&text), r == CW_OK ? "=" : "!",
		    r == CW_OK ? cw_buf_str(&ours) : err.text);
	}
	cw_buf_free(&text);
	cw_buf_free(&ours);
	cJSON_Delete(values);
	return 0;
}
