/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compat.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "catalogue/property.h"
#include "test.h"

int test_failed;
const char *test_case = "";

static const char *
group_name(const struct cw_attribute *a)
{
	return cw_attribute_group(a) == NULL ? "-" : cw_attribute_group(a)->name;
}

/* What must never be got wrong, row by row. */
static const struct {
	const char *name, *group;
	enum cw_class read, write;
} rows[] = {
	{ "title", "-", CW_CLASS_READ, CW_CLASS_WRITE },
	{ "TITLE", "-", CW_CLASS_READ, CW_CLASS_WRITE },
	{ "member", "Groups", CW_CLASS_READ, CW_CLASS_WRITE },
	{ "unicodePwd", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "dBCSPwd", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "ntPwdHistory", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "lmPwdHistory", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "supplementalCredentials", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "userPassword", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "unixUserPassword", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "ms-Mcs-AdmPwd", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "msLAPS-Password", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "msLAPS-EncryptedPassword", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "msLAPS-EncryptedPasswordHistory", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "msLAPS-EncryptedDSRMPassword", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "msLAPS-EncryptedDSRMPasswordHistory", "Passwords", CW_CLASS_SECRET_READ,
	    CW_CLASS_BLOCKED },
	{ "msFVE-RecoveryPassword", "Computers", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "msFVE-KeyPackage", "Computers", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "msDS-ManagedPassword", "ServiceAccounts", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "msKds-RootKeyData", "ServiceAccounts", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "trustAuthIncoming", "Domain", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "msPKIDPAPIMasterKeys", "Passwords", CW_CLASS_SECRET_READ, CW_CLASS_BLOCKED },
	{ "servicePrincipalName", "Delegation", CW_CLASS_READ, CW_CLASS_APPROVAL },
	{ "msDS-AllowedToDelegateTo", "Delegation", CW_CLASS_READ, CW_CLASS_APPROVAL },
	{ "msDS-AllowedToActOnBehalfOfOtherIdentity", "Delegation", CW_CLASS_READ,
	    CW_CLASS_BLOCKED },
	{ "msDS-KeyCredentialLink", "Delegation", CW_CLASS_READ, CW_CLASS_BLOCKED },
	{ "sIDHistory", "Delegation", CW_CLASS_READ, CW_CLASS_BLOCKED },
	{ "altSecurityIdentities", "Delegation", CW_CLASS_READ, CW_CLASS_APPROVAL },
	{ "nTSecurityDescriptor", "Delegation", CW_CLASS_READ, CW_CLASS_BLOCKED },
	{ "scriptPath", "Users", CW_CLASS_READ, CW_CLASS_APPROVAL },
	{ "userAccountControl", "-", CW_CLASS_READ, CW_CLASS_APPROVAL },
	{ "adminCount", "-", CW_CLASS_READ, CW_CLASS_APPROVAL },
	{ "primaryGroupID", "Groups", CW_CLASS_READ, CW_CLASS_APPROVAL },
	{ "gPLink", "Policies", CW_CLASS_READ, CW_CLASS_APPROVAL },
	{ "msDS-GroupMSAMembership", "ServiceAccounts", CW_CLASS_READ, CW_CLASS_BLOCKED },
	{ "mS-DS-ConsistencyGuid", "Users", CW_CLASS_READ, CW_CLASS_APPROVAL },
	{ "targetAddress", "Mail", CW_CLASS_READ, CW_CLASS_APPROVAL },
	{ "extensionAttribute15", "-", CW_CLASS_READ, CW_CLASS_WRITE },
	{ "msDS-cloudExtensionAttribute20", "-", CW_CLASS_READ, CW_CLASS_WRITE },
	{ "objectSid", "-", CW_CLASS_READ, CW_CLASS_BLOCKED },
	{ "memberOf", "-", CW_CLASS_READ, CW_CLASS_BLOCKED },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		const struct cw_attribute *a =
		    cw_attribute_find(rows[i].name, strlen(rows[i].name));

		test_case = rows[i].name;
		CHECK(a != NULL);
		if (a == NULL)
			continue;
		CHECK(cw_strcaseeq(cw_attribute_name(a), rows[i].name));
		CHECK_STR(group_name(a), rows[i].group);
		CHECK_EQ(a->read, rows[i].read);
		CHECK_EQ(a->write, rows[i].write);
		CHECK_EQ(cw_catalogue_attribute_is_secret(rows[i].name),
		    rows[i].read == CW_CLASS_SECRET_READ);
		CHECK_EQ(cw_catalogue_attribute_is_writable(rows[i].name),
		    rows[i].write <= CW_CLASS_DESTRUCTIVE);
	}
}

/* The whole table keeps its own rules, and finds itself. */
static void
test_table(void)
{
	size_t n, secrets = 0;
	const struct cw_attribute *all = cw_attribute_all(&n);

	CHECK(n > 1600);
	for (size_t i = 0; i < n; i++) {
		const char *name = test_case = cw_attribute_name(&all[i]);

		CHECK(cw_attribute_find(name, strlen(name)) == &all[i]);
		CHECK(cw_attribute_find(name, strlen(name) - 1) != &all[i]);
		if (all[i].flags & CW_ATTRIBUTE_CONFIDENTIAL)
			CHECK_EQ(all[i].read, CW_CLASS_SECRET_READ);
		if (all[i].read == CW_CLASS_SECRET_READ)
			CHECK(cw_attribute_group(&all[i]) != NULL);
		if (all[i].write >= CW_CLASS_APPROVAL)
			CHECK(cw_attribute_why(&all[i]) != NULL);
		if (all[i].flags &
		    (CW_ATTRIBUTE_SYSTEM | CW_ATTRIBUTE_COMPUTED | CW_ATTRIBUTE_BACKLINK))
			CHECK_EQ(all[i].write, CW_CLASS_BLOCKED);
		secrets += all[i].read == CW_CLASS_SECRET_READ;
	}
	CHECK(secrets > 45);
}

static void
test_unknown(void)
{
	test_case = "what is not in the table";
	CHECK(cw_attribute_find("", 0) == NULL);
	CHECK(cw_attribute_find("titl", 4) == NULL);
	CHECK(cw_attribute_find("titles", 6) == NULL);
	CHECK(cw_attribute_find("title\0", 6) == NULL);
	CHECK(cw_attribute_find("1.2.840.113556.1.4.90", 21) == NULL);
	CHECK(!cw_catalogue_attribute_is_secret(""));
	CHECK(!cw_catalogue_attribute_is_writable("colour"));
	test_case = "an option does not hide a secret";
	CHECK(cw_catalogue_attribute_is_secret("unicodePwd;range=0-1"));
	CHECK(cw_catalogue_attribute_is_secret("MSLAPS-PASSWORD;binary"));
}

static void
test_properties(void)
{
	static const struct {
		const char *command, *property, *attribute; /* NULL: it has none such */
	} table[] = {
		{ "Get-ADUser", "EmailAddress", "mail" },
		{ "Get-ADUser", "office", "physicalDeliveryOfficeName" },
		{ "Get-ADUser", "Enabled", "userAccountControl" },
		{ "Get-ADUser", "SID", "objectSid" },
		{ "Get-ADUser", "Created", "whenCreated" },
		{ "Get-ADUser", "StreetAddress", "streetAddress" },
		{ "Get-ADOrganizationalUnit", "StreetAddress", "street" },
		{ "Get-ADGroup", "Members", "member" },
		{ "Get-ADResourcePropertyList", "Members", "msDS-MembersOfResourcePropertyList" },
		{ "Get-ADClaimType", "Enabled", "Enabled" },
		{ "Get-ADServiceAccount", "PrincipalsAllowedToRetrieveManagedPassword",
		    "msDS-GroupMSAMembership" },
		{ "Get-ADObject", "EmailAddress", NULL },
		{ "Get-ADComputer", "Title", NULL },
		{ "Get-ADUser", "mail", NULL },
	};

	for (size_t i = 0; i < CW_COUNT(table); i++) {
		const struct cw_property *p =
		    cw_property_find(cw_catalogue_find(table[i].command)->kind, table[i].property,
			strlen(table[i].property));

		test_case = table[i].property;
		CHECK_STR(p == NULL ? NULL : cw_attribute_name(cw_property_attribute(p, 0)),
		    table[i].attribute);
	}
}

int
main(void)
{
	test_rows();
	test_table();
	test_unknown();
	test_properties();
	return test_failed;
}
