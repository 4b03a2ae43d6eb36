/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "catalogue/dn.h"
#include "catalogue/identity.h"
#include "test.h"

int test_failed;
const char *test_case = "";

static const struct {
	const char *text, *want; /* as written anew, or the error's words */
	int code;
} names[] = {
	{ "CN=Ada,OU=Staff,DC=lab,DC=test", "CN=Ada,OU=Staff,DC=lab,DC=test", CW_OK },
	{ "cn=Ada,ou=Staff,dc=lab", "CN=Ada,OU=Staff,DC=lab", CW_OK },
	{ "CN=Lovelace\\, Ada,DC=lab", "CN=Lovelace\\, Ada,DC=lab", CW_OK },
	{ "CN=Lovelace\\2C Ada,DC=lab", "CN=Lovelace\\, Ada,DC=lab", CW_OK },
	{ "CN=a\\2c\\2Bb\\22\\5C\\3c\\3e\\3b,DC=x", "CN=a\\,\\+b\\\"\\\\\\<\\>\\;,DC=x", CW_OK },
	{ "CN=a=b,DC=x", "CN=a\\=b,DC=x", CW_OK },
	{ "CN=a\\=b,DC=x", "CN=a\\=b,DC=x", CW_OK },
	{ "CN=\\ a \\ ,DC=x", "CN=\\ a \\ ,DC=x", CW_OK },
	{ "CN=\\#a#b,DC=x", "CN=\\#a#b,DC=x", CW_OK },
	{ "CN=\\20,DC=x", "CN=\\ ,DC=x", CW_OK },
	{ "CN=a\\0ADEL:1,DC=x", "CN=a\\0ADEL:1,DC=x", CW_OK },
	{ "CN=J\xc3\xb6rg,DC=x", "CN=J\xc3\xb6rg,DC=x", CW_OK },
	{ "CN=J\\C3\\b6rg,DC=x", "CN=J\xc3\xb6rg,DC=x", CW_OK },
	{ "CN=*,DC=x", "CN=*,DC=x", CW_OK }, /* a name like any other: nothing is searched by it */
	{ "CN=a, DC=x", "a space beside a comma at character 6", CW_EINVAL },
	{ "CN=a ,DC=x", "a space beside a comma", CW_EINVAL },
	{ "CN= a,DC=x", "a space beside an =", CW_EINVAL },
	{ "CN=a,DC=x ", "a space beside a comma or at its end", CW_EINVAL },
	{ " CN=a,DC=x", "a space beside a comma at character 1", CW_EINVAL },
	{ "CN =a,DC=x", "a space beside a comma", CW_EINVAL },
	{ "CN=a;DC=x", "must be written with a \\", CW_EINVAL },
	{ "CN=\"a\",DC=x", "must be written with a \\", CW_EINVAL },
	{ "CN=a+OU=b,DC=x", "must be written with a \\", CW_EINVAL },
	{ "CN=a,,DC=x", "no attribute", CW_EINVAL },
	{ "CN=a,", "no attribute", CW_EINVAL },
	{ "CN=,DC=x", "no value", CW_EINVAL },
	{ "CN", "no attribute", CW_EINVAL },
	{ "", "no attribute", CW_EINVAL },
	{ "=a", "no attribute", CW_EINVAL },
	{ "2.5.4.3=a,DC=x", "no attribute", CW_EINVAL },
	{ "OID.2.5.4.3=a,DC=x", "no attribute", CW_EINVAL },
	{ "CN=#0401,DC=x", "hexadecimal", CW_EINVAL },
	{ "CN=a\\00b,DC=x", "a NUL", CW_EINVAL },
	{ "CN=a\\zz,DC=x", "a \\ before nothing", CW_EINVAL },
	{ "CN=a\\", "a \\ before nothing", CW_EINVAL },
	{ "CN=a\\c3,DC=x", "no UTF-8", CW_EINVAL },
	{ "<GUID=00112233-4455-6677-8899-aabbccddeeff>", "no attribute", CW_EINVAL },
};

static void
test_names(void)
{
	for (size_t i = 0; i < CW_COUNT(names); i++) {
		struct cw_err err = { 0 };
		struct cw_buf out, again;

		test_case = names[i].text;
		cw_buf_init(&out, 4 * CW_DN_MAX);
		cw_buf_init(&again, 4 * CW_DN_MAX);
		CHECK_EQ(
		    cw_dn_put(&out, names[i].text, strlen(names[i].text), &err), names[i].code);
		if (names[i].code == CW_OK) {
			CHECK_STR(cw_buf_str(&out), names[i].want);
			CHECK_EQ(
			    cw_dn_put(&again, names[i].want, strlen(names[i].want), &err), CW_OK);
			CHECK_STR(cw_buf_str(&again), names[i].want);
		} else if (strstr(err.text, names[i].want) == NULL) {
			CHECK_STR(err.text, names[i].want);
		}
		cw_buf_free(&out);
		cw_buf_free(&again);
	}
}

static void
test_limits(void)
{
	struct cw_err err = { 0 };
	struct cw_buf in, out;

	test_case = "as many parts as fit, and one more";
	cw_buf_init(&in, 1u << 20);
	cw_buf_init(&out, 1u << 20);
	for (unsigned i = 1; i < CW_DN_PARTS_MAX; i++)
		(void)cw_buf_puts(&in, "CN=a,");
	(void)cw_buf_puts(&in, "CN=a");
	CHECK_EQ(cw_dn_put(&out, cw_buf_str(&in), cw_buf_left(&in), &err), CW_OK);
	(void)cw_buf_puts(&in, ",CN=a");
	CHECK_EQ(cw_dn_put(&out, cw_buf_str(&in), cw_buf_left(&in), &err), CW_EINVAL);
	test_case = "as long as fits, and one byte more";
	cw_buf_clear(&in);
	(void)cw_buf_puts(&in, "CN=");
	while (cw_buf_left(&in) < CW_DN_MAX)
		(void)cw_buf_putc(&in, 'a');
	CHECK_EQ(cw_dn_put(&out, cw_buf_str(&in), cw_buf_left(&in), &err), CW_OK);
	(void)cw_buf_putc(&in, 'a');
	CHECK_EQ(cw_dn_put(&out, cw_buf_str(&in), cw_buf_left(&in), &err), CW_ELIMIT);
	CHECK_EQ(cw_dn_put(&out, "CN=a\0b", 6, &err), CW_EINVAL);
	cw_buf_free(&in);
	cw_buf_free(&out);
}

static void
test_under(void)
{
	static const struct {
		const char *name, *base;
		bool want;
	} rows[] = {
		{ "CN=a,OU=b,DC=c", "OU=b,DC=c", true },
		{ "CN=a,ou=B,dc=c", "OU=b,DC=c", true },
		{ "OU=b,DC=c", "OU=b,DC=c", true },
		{ "OU=b,DC=c", "CN=a,OU=b,DC=c", false },
		{ "OU=ab,DC=c", "b,DC=c", false },
		{ "XOU=b,DC=c", "OU=b,DC=c", false },
		{ "CN=a\\,OU=b,DC=c", "OU=b,DC=c", false }, /* a comma in the name a,OU=b */
		{ "CN=a\\\\,OU=b,DC=c", "OU=b,DC=c", true }, /* a name that ends in a backslash */
		{ "CN=a,OU=b,DC=c", "", false },
	};

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		CHECK_EQ(cw_dn_is_under(rows[i].name, rows[i].base), rows[i].want);
	}
}

static const struct {
	const char *command, *text, *want;
	int code;
} identities[] = {
	{ "Get-ADUser", "ada", "ada", CW_OK },
	{ "Get-ADUser", "svc account-1.x_y$", "svc account-1.x_y$", CW_OK },
	{ "Get-ADUser", "cn=ada,dc=lab", "CN=ada,DC=lab", CW_OK },
	{ "Get-ADUser", "00112233-4455-6677-8899-AABBCCDDEEFF",
	    "00112233-4455-6677-8899-aabbccddeeff", CW_OK },
	{ "Get-ADUser", "{00112233-4455-6677-8899-aabbccddeeff}",
	    "00112233-4455-6677-8899-aabbccddeeff", CW_OK },
	{ "Get-ADUser", "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff",
	    CW_OK },
	{ "Get-ADUser", "s-1-5-21-1-2-3-500", "S-1-5-21-1-2-3-500", CW_OK },
	{ "Get-ADUser", "ad*", "-Identity takes no wildcard", CW_EINVAL },
	{ "Get-ADUser", "ad?", "wants a distinguished name, a GUID, a SID or a sAMAccountName",
	    CW_EINVAL },
	{ "Get-ADUser", "LAB\\ada", "wants a distinguished name", CW_EINVAL },
	{ "Get-ADUser", "ada)(objectClass=*", "takes no wildcard", CW_EINVAL },
	{ "Get-ADUser", " ada", "wants", CW_EINVAL },
	{ "Get-ADUser", "a\nb", "wants", CW_EINVAL },
	{ "Get-ADUser", "CN=ada, DC=lab", "-Identity: the distinguished name has a space",
	    CW_EINVAL },
	{ "Get-ADUser", "", "wants", CW_EINVAL },
	{ "Get-ADObject", "ada", "-Identity wants a distinguished name or a GUID", CW_EINVAL },
	{ "Get-ADObject", "S-1-5-32-544", "wants", CW_EINVAL },
	{ "Get-ADReplicationSite", "Default-First-Site-Name", "Default-First-Site-Name", CW_OK },
	{ "Get-ADReplicationSubnet", "10.0.0.0/8", "10.0.0.0/8", CW_OK },
	{ "Get-ADReplicationSite", "*", "takes no wildcard", CW_EINVAL },
	{ "Get-ADForest", "lab.test", "lab.test", CW_OK },
	{ "Get-ADForest", "DC=lab,DC=test", "DC=lab,DC=test", CW_OK },
};

static void
test_identities(void)
{
	for (size_t i = 0; i < CW_COUNT(identities); i++) {
		const struct cw_catalogue_command *c = cw_catalogue_find(identities[i].command);
		struct cw_err err = { 0 };
		struct cw_buf out;

		test_case = identities[i].text;
		cw_buf_init(&out, 4 * CW_DN_MAX);
		CHECK_EQ(cw_identity_put(&out, c->kind, identities[i].text,
			     strlen(identities[i].text), "Identity", &err),
		    identities[i].code);
		if (identities[i].code == CW_OK)
			CHECK_STR(cw_buf_str(&out), identities[i].want);
		else if (strstr(err.text, identities[i].want) == NULL)
			CHECK_STR(err.text, identities[i].want);
		cw_buf_free(&out);
	}
}

static void
test_sids(void)
{
	static const char *const wrong[] = { "", "S-1-", "S-1-5", "S-1-5-", "S-2-5-32", "S-1-05-32",
		"S-1-5-032", "S-1-5-4294967296", "S-1-281474976710656-1", "S-1-5-32-", "S-1-5-x",
		"S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16", "BA" };
	static const char longest[] =
	    "S-1-281474976710655-1-2-3-4-5-6-7-8-9-10-11-12-13-14-4294967295";
	uint8_t sid[CW_SID_MAX];
	size_t n;

	for (size_t i = 0; i < CW_COUNT(wrong); i++) {
		test_case = wrong[i];
		CHECK_EQ(cw_sid_parse(sid, &n, wrong[i], strlen(wrong[i])), CW_EINVAL);
	}
	test_case = "the longest SID";
	CHECK_EQ(cw_sid_parse(sid, &n, longest, sizeof(longest) - 1), CW_OK);
	CHECK_EQ(n, CW_SID_MAX);
	CHECK_EQ(sid[2], 0xff);
	CHECK_EQ(sid[67], 0xff);
}

int
main(void)
{
	test_names();
	test_limits();
	test_under();
	test_identities();
	test_sids();
	return test_failed;
}
