/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "catalogue/filter.h"
#include "test.h"

int test_failed;
const char *test_case = "";

#define AND "1.2.840.113556.1.4.803"

/* As a user is asked for, with these variables. */
static const char variables[] =
    "{\"n\":\"O'Brien (x)*\",\"u\":{\"DistinguishedName\":\"CN=a,DC=b\"},"
    "\"u.Title\":\"CTO\",\"yes\":true,\"five\":5,\"half\":0.5,\"none\":null,"
    "\"global:x\":\"y\",\"a b\":\"c\"}";

static const struct {
	const char *text, *want; /* the LDAP filter, or the error's words */
	int code;
} powershell[] = {
	{ "*", "(objectClass=*)", CW_OK },
	{ " * ", "(objectClass=*)", CW_OK },
	{ "Title -eq 'CTO'", "(title=CTO)", CW_OK },
	{ "  {Title -eq \"CTO\"} ", "(title=CTO)", CW_OK },
	{ "title -EQ 'CTO'", "(title=CTO)", CW_OK },
	{ "Surname -like 'Lo*'", "(sn=Lo*)", CW_OK },
	{ "Surname -eq 'Lo*'", "(sn=Lo\\2a)", CW_OK },
	{ "Surname -like '**a**\\2a**'", "(sn=*a*\\2a*)", CW_OK },
	{ "logonCount -like '**'", "(logonCount=*)", CW_OK },
	{ "accountExpires -eq 9223372036854775807", "(accountExpires=9223372036854775807)", CW_OK },
	{ "accountExpires -eq 9223372036854775808", "no value", CW_EINVAL },
	{ "uSNChanged -ge -9223372036854775808", "(uSNChanged>=-9223372036854775808)", CW_OK },
	{ "logonCount -eq 12x", "no value", CW_EINVAL },
	{ "logonCount -eq 007", "(logonCount=7)", CW_OK },
	{ "Surname -like 'Lo\\2a*'", "(sn=Lo\\2a*)", CW_OK },
	{ "Surname -like 'Lo\\2A'", "(sn=Lo\\2a)", CW_OK },
	{ "Description -eq 'a\\5cb\\00\\e9'", "(description=a\\5cb\\00\\e9)", CW_OK },
	{ "Description -eq 'a\\b'", "(description=a\\5cb)", CW_OK },
	{ "mail -notlike '*'", "(!(mail=*))", CW_OK },
	{ "EmailAddress -like '*'", "(mail=*)", CW_OK },
	{ "Name -eq 'O''Brien (x)'", "(name=O'Brien \\28x\\29)", CW_OK },
	{ "Name -eq \"a`\"b\\\"c`$d\"", "(name=a\"b\"c$d)", CW_OK },
	{ "Name -eq \"a`b\"", "(name=a`b)", CW_OK },
	{ "Name -eq '$n'", "(name=$n)", CW_OK },
	{ "Enabled -eq $true", "(!(userAccountControl:" AND ":=2))", CW_OK },
	{ "Enabled -eq 'True'", "(!(userAccountControl:" AND ":=2))", CW_OK },
	{ "Enabled -ne $true", "(userAccountControl:" AND ":=2)", CW_OK },
	{ "Enabled -eq \"FALSE\"", "(userAccountControl:" AND ":=2)", CW_OK },
	{ "PasswordNeverExpires -eq $true", "(userAccountControl:" AND ":=65536)", CW_OK },
	{ "SmartcardLogonRequired -ne $true", "(!(userAccountControl:" AND ":=262144))", CW_OK },
	{ "LockedOut -eq $false", "(!(lockoutTime>=1))", CW_OK },
	{ "msExchHideFromAddressLists -eq $true", "(msExchHideFromAddressLists=TRUE)", CW_OK },
	{ "logonCount -gt 5", "(&(logonCount>=5)(!(logonCount=5)))", CW_OK },
	{ "logonCount -lt -5)", "something unexpected", CW_EINVAL },
	{ "logonCount -lt -5", "(&(logonCount<=-5)(!(logonCount=-5)))", CW_OK },
	{ "logonCount -le '5'", "(logonCount<=5)", CW_OK },
	{ "logonCount -like '*'", "(logonCount=*)", CW_OK },
	{ "EmployeeID -eq 1815", "(employeeID=1815)", CW_OK },
	{ "Surname -approx 'a*'", "(sn=a\\2a)", CW_OK },
	{ "groupType -band 2", "(groupType:" AND ":=2)", CW_OK },
	{ "groupType -bor '6'", "(groupType:1.2.840.113556.1.4.804:=6)", CW_OK },
	{ "memberOf -RecursiveMatch 'CN=a,DC=b'", "(memberOf:1.2.840.113556.1.4.1941:=CN=a,DC=b)",
	    CW_OK },
	{ "Manager -eq $u", "(manager=CN=a,DC=b)", CW_OK },
	{ "ObjectGUID -eq '00112233-4455-6677-8899-aabbccddeeff'",
	    "(objectGUID=\\33\\22\\11\\00\\55\\44\\77\\66\\88\\99\\aa\\bb\\cc\\dd\\ee\\ff)",
	    CW_OK },
	{ "SID -eq 'S-1-5-32-544'",
	    "(objectSid=\\01\\02\\00\\00\\00\\00\\00\\05\\20\\00\\00\\00\\20\\02\\00\\00)", CW_OK },
	{ "whenCreated -ge '2026-01-02'", "(whenCreated>=20260102000000.0Z)", CW_OK },
	{ "Created -ge '2026-01-02T03:04:05'", "(whenCreated>=20260102030405.0Z)", CW_OK },
	{ "Created -ge '01/02/2026 03:04:05'", "(whenCreated>=20260102030405.0Z)", CW_OK },
	{ "Created -ge '1/2/2026'", "(whenCreated>=20260102000000.0Z)", CW_OK },
	{ "Modified -ge '20260102030405.0Z'", "(whenChanged>=20260102030405.0Z)", CW_OK },
	{ "LastLogonDate -lt '1601-01-01T00:00:01Z'",
	    "(&(lastLogonTimestamp<=10000000)(!(lastLogonTimestamp=10000000)))", CW_OK },
	{ "AccountExpirationDate -like '*'", "(accountExpires=*)", CW_OK },
	{ "lastLogonTimestamp -ge 131000000000000000", "(lastLogonTimestamp>=131000000000000000)",
	    CW_OK },
	{ "c -eq '1' -and l -eq '2' -or o -eq '3'", "(|(&(c=1)(l=2))(o=3))", CW_OK },
	{ "c -eq '1' -or l -eq '2' -and o -eq '3'", "(|(c=1)(&(l=2)(o=3)))", CW_OK },
	{ "c -eq 1 -and (l -eq 2 -or o -eq 3) -and st -eq 4", "(&(c=1)(|(l=2)(o=3))(st=4))",
	    CW_OK },
	{ "c -eq 1 -and l -eq 2 -and o -eq 3", "(&(c=1)(l=2)(o=3))", CW_OK },
	{ "-not c -eq 1 -and l -eq 2", "(&(!(c=1))(l=2))", CW_OK },
	{ "c -eq 1 -and-not(l -eq 2)", "(&(c=1)(!(l=2)))", CW_OK },
	{ "!(c -eq 1)", "(!(c=1))", CW_OK },
	{ "! -not c -eq 1", "(!(!(c=1)))", CW_OK },
	{ "Surname -eq $n", "(sn=O'Brien \\28x\\29\\2a)", CW_OK },
	{ "Surname -like $n", "(sn=O'Brien \\28x\\29*)", CW_OK },
	{ "Surname -eq \"$n\"", "(sn=O'Brien \\28x\\29\\2a)", CW_OK },
	{ "(Title -eq $u.title)", "(title=CTO)", CW_OK },
	{ "Enabled -eq $YES -and logonCount -ge $five",
	    "(&(!(userAccountControl:" AND ":=2))(logonCount>=5))", CW_OK },
	{ "Title -eq $global:x", "(title=y)", CW_OK },
	{ "Title -eq ${a b}", "(title=c)", CW_OK },
	{ "", "the filter has no property name at character 1", CW_EINVAL },
	{ "Title", "the filter has no comparison", CW_EINVAL },
	{ "Title -eq", "the filter has no value at character 10", CW_EINVAL },
	{ "Title -eq CTO", "the filter has no value (a text in quotes", CW_EINVAL },
	{ "Title -eq 'x", "without its closing quote at character 11", CW_EINVAL },
	{ "Title -eq $m", "$m has no value", CW_EINVAL },
	{ "Title -eq $half", "$half holds nothing", CW_EINVAL },
	{ "Title -eq $none", "$none has no value", CW_EINVAL },
	{ "Title -eq \"a $n\"", "a variable inside a text", CW_EINVAL },
	{ "Title -eq $null", "-notlike '*'", CW_EINVAL },
	{ "Title -eq \"$n}\"", "a variable inside a text", CW_EINVAL },
	{ "Title -eq \"${n}\"", "(title=O'Brien \\28x\\29\\2a)", CW_OK },
	{ "Title -eq ${n", "a variable without a name", CW_EINVAL },
	{ "Title -eq ''", "an empty value", CW_EINVAL },
	{ "Enabled -eq 'yes'", "-eq $true or -eq $false", CW_EINVAL },
	{ "Enabled -eq ''", "-eq $true or -eq $false", CW_EINVAL },
	{ "Enabled -like '*'", "-eq or -ne alone", CW_EINVAL },
	{ "Title -match 'x'", "no comparison", CW_EINVAL },
	{ "Title -band 2", "what is no number", CW_EINVAL },
	{ "Title -recursivematch 'x'", "names no object", CW_EINVAL },
	{ "logonCount -eq 'x'", "compared with a number", CW_EINVAL },
	{ "SID -eq 'x'", "compared with a SID", CW_EINVAL },
	{ "PasswordExpired -eq $true", "no filter finds by", CW_EINVAL },
	{ "CanonicalName -eq 'x'", "no filter finds by", CW_EINVAL },
	{ "tokenGroups -eq 'S-1-5-32-544'", "no filter finds by it", CW_EINVAL },
	{ "Title -eq 'x' }; Remove-Item", "something unexpected at character 15", CW_EINVAL },
	{ "{Title -eq 'x'", "no closing brace", CW_EINVAL },
	{ "(Title -eq 'x'", "no closing parenthesis", CW_EINVAL },
	{ "whenCreated -ge 'soon'", "compared with a date", CW_EINVAL },
	{ "whenCreated -ge '13/13/2026'", "compared with a date", CW_EINVAL },
	{ "ms-Mcs-AdmPwd -like 'a*'", "holds a secret", CW_EDENIED },
	{ "unicodePwd -like '*'", "holds a secret", CW_EDENIED },
	{ "Colour -eq 'red'", "the property Colour is not in the catalogue", CW_EDENIED },
	{ "Title -eq $(1)", "a variable without a name", CW_EINVAL },
};

static const struct {
	const char *text, *want;
	int code;
} module[] = {
	{ "*", "*", CW_OK },
	{ "name -LIKE 'Par*'", "Name -like 'Par*'", CW_OK },
	{ "cost -gt 100 -or -not Name -eq 'a''b' -and ReplicationFrequencyInMinutes -le 15",
	    "(Cost -gt 100 -or (-not Name -eq 'a''b' -and ReplicationFrequencyInMinutes -le 15))",
	    CW_OK },
	{ "isDeleted -eq $true", "isDeleted -eq $true", CW_OK },
	{ "Name -eq '$(x)'", "cannot be given", CW_EINVAL },
	{ "Name -eq 'a\\2a'", "cannot be given", CW_EINVAL },
	{ "ReplicationSchedule -like '*'", "no filter finds by", CW_EINVAL },
	{ "unicodePwd -like '*'", "holds a secret", CW_EDENIED },
};

static const struct {
	const char *text, *want;
	int code;
} ldap[] = {
	{ "(cn=a*)", "(cn=a*)", CW_OK },
	{ "(CN=a)", "(cn=a)", CW_OK },
	{ "(cn=**a**)", "(cn=*a*)", CW_OK },
	{ "(&(objectClass=user)(!(cn=b)))", "(&(objectClass=user)(!(cn=b)))", CW_OK },
	{ " ( & (objectClass=user)\n (! (cn=b) ) ) ", "(&(objectClass=user)(!(cn=b)))", CW_OK },
	{ "(|(c>=1)(l<=2)(o~=3))", "(|(c>=1)(l<=2)(o~=3))", CW_OK },
	{ "(userAccountControl:" AND ":=2)", "(userAccountControl:" AND ":=2)", CW_OK },
	{ "(memberOf:1.2.840.113556.1.4.1941:=CN=a,DC=b)",
	    "(memberOf:1.2.840.113556.1.4.1941:=CN=a,DC=b)", CW_OK },
	{ "(cn=\\28x\\2A)", "(cn=\\28x\\2a)", CW_OK },
	{ "(anr=ada)", "(aNR=ada)", CW_OK },
	{ "cn=a", "no opening parenthesis at character 1", CW_EINVAL },
	{ "(cn=a", "no closing parenthesis", CW_EINVAL },
	{ "(cn=a)(cn=b)", "something unexpected at character 7", CW_EINVAL },
	{ "(cn=\\2)", "two hexadecimal digits", CW_EINVAL },
	{ "(&)", "no opening parenthesis", CW_EINVAL },
	{ "(=a)", "no attribute name", CW_EINVAL },
	{ "(cn=)", "no value", CW_EINVAL },
	{ "(cn=a(b)", "must be written", CW_EINVAL },
	{ "(cn:dn:=a)", "no comparison", CW_EINVAL },
	{ "(:dn:2.5.13.5:=a)", "no attribute name", CW_EINVAL },
	{ "(cn:1.2.3:=a)", "no comparison", CW_EINVAL },
	{ "(msLAPS-Password=*)", "holds a secret", CW_EDENIED },
	{ "(1.2.840.113556.1.4.90=*)", "is not in the catalogue", CW_EDENIED },
	{ "(OID.1.2.840.113556.1.4.90=*)", "is not in the catalogue", CW_EDENIED },
	{ "(unicodePwd;binary=*)", "is not in the catalogue", CW_EDENIED },
	{ "(EmailAddress=*)", "is not in the catalogue", CW_EDENIED },
};

typedef int filter(struct cw_buf *out, const char *text, size_t n,
    const struct cw_filter_scope *scope, struct cw_err *err);

static void
check(filter *f, const struct cw_filter_scope *scope, const char *text, const char *want, int code)
{
	struct cw_err err = { 0 };
	struct cw_buf out;

	test_case = text;
	cw_buf_init(&out, 8 * CW_FILTER_MAX);
	CHECK_EQ(f(&out, text, strlen(text), scope, &err), code);
	if (code == CW_OK)
		CHECK_STR(cw_buf_str(&out), want);
	else if (strstr(err.text, want) == NULL)
		CHECK_STR(err.text, want);
	cw_buf_free(&out);
}

/* Deep nesting and length end in an error, not on the stack. */
static void
check_limits(filter *f, const char *open, const char *name)
{
	const struct cw_filter_scope scope = { 0 };
	struct cw_err err = { 0 };
	struct cw_buf in, out;

	test_case = name;
	cw_buf_init(&in, 1u << 20);
	cw_buf_init(&out, 8 * CW_FILTER_MAX);
	for (int i = 0; i < 3000; i++)
		(void)cw_buf_puts(&in, open);
	CHECK_EQ(f(&out, cw_buf_str(&in), cw_buf_left(&in), &scope, &err), CW_EINVAL);
	CHECK(strstr(err.text, "too many levels") != NULL);
	while (cw_buf_left(&in) <= CW_FILTER_MAX)
		(void)cw_buf_puts(&in, open);
	CHECK_EQ(f(&out, cw_buf_str(&in), cw_buf_left(&in), &scope, &err), CW_ELIMIT);
	CHECK_EQ(f(&out, "a\0b", 3, &scope, &err), CW_EINVAL);
	CHECK_EQ(f(&out, "\xff", 1, &scope, &err), CW_EINVAL);
	cw_buf_free(&in);
	cw_buf_free(&out);
}

/* Every attribute that a filter looks at is seen, once for each time; and may end it. */
static int
see(void *arg, const struct cw_attribute *attribute, struct cw_err *err)
{
	struct cw_buf *names = arg;

	if (cw_streq(cw_attribute_name(attribute), "info"))
		return cw_fail(err, CW_ECONFLICT, "enough");
	return cw_buf_printf(names, "%s ", cw_attribute_name(attribute));
}

static void
check_seen(filter *f, const char *text, const char *want, int code)
{
	struct cw_buf names, out;
	struct cw_filter_scope scope = {
		.kind = cw_catalogue_find("Get-ADUser")->kind, .seen = see, .arg = &names
	};
	struct cw_err err = { 0 };

	test_case = text;
	cw_buf_init(&names, 1024);
	cw_buf_init(&out, 1024);
	CHECK_EQ(f(&out, text, strlen(text), &scope, &err), code);
	CHECK_STR(cw_buf_str(&names), want);
	cw_buf_free(&names);
	cw_buf_free(&out);
}

int
main(void)
{
	cJSON *values = cJSON_Parse(variables);
	struct cw_filter_scope user = { .kind = cw_catalogue_find("Get-ADUser")->kind,
		.variables = values };
	struct cw_filter_scope bare = { .kind = user.kind };
	struct cw_filter_scope link = { .kind =
					    cw_catalogue_find("Get-ADReplicationSiteLink")->kind };

	for (size_t i = 0; i < CW_COUNT(powershell); i++)
		check(cw_filter_from_powershell, &user, powershell[i].text, powershell[i].want,
		    powershell[i].code);
	check(cw_filter_from_powershell, &bare, "Title -eq $n", "put its value in its place",
	    CW_EINVAL);
	check(cw_filter_from_powershell, &bare, "Title -eq \"$n\"", "a variable inside a text",
	    CW_EINVAL);
	for (size_t i = 0; i < CW_COUNT(module); i++)
		check(cw_filter_for_module, &link, module[i].text, module[i].want, module[i].code);
	for (size_t i = 0; i < CW_COUNT(ldap); i++)
		check(cw_filter_from_ldap, &bare, ldap[i].text, ldap[i].want, ldap[i].code);
	check_limits(cw_filter_from_powershell, "(", "PowerShell's limits");
	check_limits(cw_filter_from_ldap, "(!", "LDAP's limits");
	check_seen(cw_filter_from_powershell, "Title -eq 1 -or LockedOut -eq $true",
	    "title lockoutTime msDS-User-Account-Control-Computed ", CW_OK);
	check_seen(
	    cw_filter_from_powershell, "l -eq 1 -and info -eq 2 -and c -eq 3", "l ", CW_ECONFLICT);
	check_seen(cw_filter_from_ldap, "(&(unicodePwd=*)(info=2))", "unicodePwd ", CW_ECONFLICT);
	cJSON_Delete(values);
	return test_failed;
}
