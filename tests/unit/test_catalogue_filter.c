/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "catalogue/filter.h"
#include "test.h"

int test_failed;
const char *test_case = "";

#define AND "1.2.840.113556.1.4.803"

static const struct {
	const char *text, *want; /* the LDAP filter, or the error's words */
	int code;
} powershell[] = {
	{ "*", "(objectClass=*)", CW_OK },
	{ "Title -eq 'CTO'", "(Title=CTO)", CW_OK },
	{ "  {Title -eq \"CTO\"}", "(Title=CTO)", CW_OK },
	{ "title -EQ CTO", "(title=CTO)", CW_OK },
	{ "Surname -like 'Lo*'", "(sn=Lo*)", CW_OK },
	{ "Surname -eq 'Lo*'", "(sn=Lo\\2a)", CW_OK },
	{ "mail -notlike '*'", "(!(mail=*))", CW_OK },
	{ "Name -eq 'O''Brien (x)'", "(Name=O'Brien \\28x\\29)", CW_OK },
	{ "Name -eq \"a`\"b\"", "(Name=a\"b)", CW_OK },
	{ "Enabled -eq $true", "(!(userAccountControl:" AND ":=2))", CW_OK },
	{ "Enabled -ne $true", "(userAccountControl:" AND ":=2)", CW_OK },
	{ "PasswordNeverExpires -eq $true", "(userAccountControl:" AND ":=65536)", CW_OK },
	{ "LockedOut -eq $false", "(!(lockoutTime>=1))", CW_OK },
	{ "logonCount -gt 5", "(&(logonCount>=5)(!(logonCount=5)))", CW_OK },
	{ "logonCount -le 5", "(logonCount<=5)", CW_OK },
	{ "groupType -band 2", "(groupType:" AND ":=2)", CW_OK },
	{ "memberOf -RecursiveMatch 'CN=a,DC=b'", "(memberOf:1.2.840.113556.1.4.1941:=CN=a,DC=b)",
	    CW_OK },
	{ "ObjectGUID -eq '00112233-4455-6677-8899-aabbccddeeff'",
	    "(objectGUID=\\33\\22\\11\\00\\55\\44\\77\\66\\88\\99\\aa\\bb\\cc\\dd\\ee\\ff)",
	    CW_OK },
	{ "whenCreated -ge '2026-01-02'", "(whenCreated>=20260102000000.0Z)", CW_OK },
	{ "LastLogonDate -lt '1601-01-01T00:00:01Z'",
	    "(&(lastLogonTimestamp<=10000000)(!(lastLogonTimestamp=10000000)))", CW_OK },
	{ "a -eq 1 -and b -eq 2 -or c -eq 3", "(|(&(a=1)(b=2))(c=3))", CW_OK },
	{ "a -eq 1 -or b -eq 2 -and c -eq 3", "(|(a=1)(&(b=2)(c=3)))", CW_OK },
	{ "a -eq 1 -and (b -eq 2 -or c -eq 3) -and d -eq 4", "(&(a=1)(|(b=2)(c=3))(d=4))", CW_OK },
	{ "-not a -eq 1 -and b -eq 2", "(&(!(a=1))(b=2))", CW_OK },
	{ "!(a -eq 1)", "(!(a=1))", CW_OK },
	{ "", "the filter has no property name at character 1", CW_EINVAL },
	{ "Title", "the filter has no comparison", CW_EINVAL },
	{ "Title -eq", "the filter has no value at character 10", CW_EINVAL },
	{ "Title -eq 'x", "without its closing quote", CW_EINVAL },
	{ "Title -eq $n", "a variable; put its value in its place at character 11", CW_EINVAL },
	{ "Title -eq \"$n\"", "a variable", CW_EINVAL },
	{ "Title -eq $null", "-notlike '*'", CW_EINVAL },
	{ "Title -eq ''", "an empty value", CW_EINVAL },
	{ "Enabled -eq 'yes'", "-eq $true or -eq $false", CW_EINVAL },
	{ "Title -match 'x'", "no comparison", CW_EINVAL },
	{ "Title -eq 'x' }; Remove-Item", "something unexpected at character 15", CW_EINVAL },
	{ "(Title -eq 'x'", "no closing parenthesis", CW_EINVAL },
	{ "whenCreated -ge 'soon'", "a date that is not written", CW_EINVAL },
	{ "ms-Mcs-AdmPwd -like 'a*'", "holds a secret", CW_EDENIED },
	{ "Title -eq $(1)", "a variable", CW_EINVAL },
};

static const struct {
	const char *text, *want;
	int code;
} ldap[] = {
	{ "(cn=a*)", "(cn=a*)", CW_OK },
	{ "(&(objectClass=user)(!(cn=b)))", "(&(objectClass=user)(!(cn=b)))", CW_OK },
	{ "(|(a>=1)(b<=2)(c~=3))", "(|(a>=1)(b<=2)(c~=3))", CW_OK },
	{ "(userAccountControl:" AND ":=2)", "(userAccountControl:" AND ":=2)", CW_OK },
	{ "(cn=\\28x\\29)", "(cn=\\28x\\29)", CW_OK },
	{ "cn=a", "no opening parenthesis at character 1", CW_EINVAL },
	{ "(cn=a", "no closing parenthesis", CW_EINVAL },
	{ "(cn=a)(cn=b)", "something unexpected at character 7", CW_EINVAL },
	{ "(cn=\\2)", "two hexadecimal digits", CW_EINVAL },
	{ "(&)", "no opening parenthesis", CW_EINVAL },
	{ "(=a)", "no attribute name", CW_EINVAL },
	{ "(cn=)", "no value", CW_EINVAL },
	{ "(cn=a(b)", "must be written", CW_EINVAL },
	{ "(msLAPS-Password=*)", "holds a secret", CW_EDENIED },
};

typedef int filter(struct cw_buf *out, const char *text, size_t n, struct cw_err *err);

static void
check(filter *f, const char *text, const char *want, int code)
{
	struct cw_err err = { 0 };
	struct cw_buf out;

	test_case = text;
	cw_buf_init(&out, 8 * CW_FILTER_MAX);
	CHECK_EQ(f(&out, text, strlen(text), &err), code);
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
	struct cw_err err = { 0 };
	struct cw_buf in, out;

	test_case = name;
	cw_buf_init(&in, 1u << 20);
	cw_buf_init(&out, 8 * CW_FILTER_MAX);
	for (int i = 0; i < 3000; i++)
		(void)cw_buf_puts(&in, open);
	CHECK_EQ(f(&out, cw_buf_str(&in), cw_buf_left(&in), &err), CW_EINVAL);
	CHECK(strstr(err.text, "too many levels") != NULL);
	while (cw_buf_left(&in) <= CW_FILTER_MAX)
		(void)cw_buf_puts(&in, open);
	CHECK_EQ(f(&out, cw_buf_str(&in), cw_buf_left(&in), &err), CW_ELIMIT);
	CHECK_EQ(f(&out, "a\0b", 3, &err), CW_EINVAL);
	CHECK_EQ(f(&out, "\xff", 1, &err), CW_EINVAL);
	cw_buf_free(&in);
	cw_buf_free(&out);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(powershell); i++)
		check(cw_filter_from_powershell, powershell[i].text, powershell[i].want,
		    powershell[i].code);
	for (size_t i = 0; i < CW_COUNT(ldap); i++)
		check(cw_filter_from_ldap, ldap[i].text, ldap[i].want, ldap[i].code);
	check_limits(cw_filter_from_powershell, "(", "PowerShell's limits");
	check_limits(cw_filter_from_ldap, "(!", "LDAP's limits");
	return test_failed;
}
