/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue's rows, checked by hand against the modules' documentation
 * (windows-powershell-docs, entra-docs). A parameter that is not here is refused:
 * other servers, credentials, partitions, raw instances, delegation, certificates.
 */
#include "base/compat.h"
#include "base/str.h"
#include "catalogue/catalogue.h"

#define REQUIRED CW_PARAMETER_REQUIRED
#define ONE_OF CW_PARAMETER_ONE_OF
#define NULLABLE CW_PARAMETER_NULL
#define END                                   \
	{                                     \
		NULL, CW_TYPE_STRING, 0, NULL \
	}
#define TEXT(name)                                   \
	{                                            \
		name, CW_TYPE_STRING, NULLABLE, NULL \
	}
#define BOOL(name)                                 \
	{                                          \
		name, CW_TYPE_BOOL, NULLABLE, NULL \
	}
#define SWITCH(name)                          \
	{                                     \
		name, CW_TYPE_SWITCH, 0, NULL \
	}

static const char *const scopes[] = { "Base", "OneLevel", "Subtree", NULL };
static const char *const group_scopes[] = { "DomainLocal", "Global", "Universal", NULL };
static const char *const group_categories[] = { "Distribution", "Security", NULL };
static const char *const sync_policies[] = { "Delta", "Initial", NULL };

static const struct cw_catalogue_parameter identity[] = {
	{ "Identity", CW_TYPE_IDENTITY, REQUIRED, NULL }, END
};
static const struct cw_catalogue_parameter account[] = {
	{ "Identity", CW_TYPE_IDENTITY, REQUIRED, NULL }, SWITCH("PassThru"), END
};
static const struct cw_catalogue_parameter optional_identity[] = {
	{ "Identity", CW_TYPE_IDENTITY, 0, NULL }, END
};
static const struct cw_catalogue_parameter none[] = { END };

/* Get-AD*: by identity or by filter. */
static const struct cw_catalogue_parameter search[] = {
	{ "Identity", CW_TYPE_IDENTITY, ONE_OF, NULL },
	{ "Filter", CW_TYPE_FILTER, ONE_OF, NULL },
	{ "LDAPFilter", CW_TYPE_LDAP_FILTER, ONE_OF, NULL },
	{ "Properties", CW_TYPE_PROPERTIES, 0, NULL },
	{ "SearchBase", CW_TYPE_STRING, 0, NULL },
	{ "SearchScope", CW_TYPE_CHOICE, 0, scopes },
	{ "ResultPageSize", CW_TYPE_INT, 0, NULL },
	{ "ResultSetSize", CW_TYPE_INT, NULLABLE, NULL },
	END,
};

/* What New-ADUser and Set-ADUser share. */
static const struct cw_catalogue_parameter user[] = {
	{ "AccountExpirationDate", CW_TYPE_DATE, NULLABLE, NULL },
	BOOL("CannotChangePassword"),
	BOOL("ChangePasswordAtLogon"),
	TEXT("City"),
	TEXT("Company"),
	TEXT("Country"),
	TEXT("Department"),
	TEXT("Description"),
	TEXT("DisplayName"),
	TEXT("Division"),
	TEXT("EmailAddress"),
	TEXT("EmployeeID"),
	TEXT("EmployeeNumber"),
	BOOL("Enabled"),
	TEXT("Fax"),
	TEXT("GivenName"),
	TEXT("HomeDirectory"),
	TEXT("HomeDrive"),
	TEXT("HomePage"),
	TEXT("HomePhone"),
	TEXT("Initials"),
	TEXT("LogonWorkstations"),
	{ "Manager", CW_TYPE_IDENTITY, NULLABLE, NULL },
	TEXT("MobilePhone"),
	TEXT("Office"),
	TEXT("OfficePhone"),
	TEXT("Organization"),
	TEXT("OtherName"),
	TEXT("POBox"),
	BOOL("PasswordNeverExpires"),
	TEXT("PostalCode"),
	TEXT("ProfilePath"),
	{ "SamAccountName", CW_TYPE_STRING, 0, NULL },
	TEXT("ScriptPath"),
	BOOL("SmartcardLogonRequired"),
	TEXT("State"),
	TEXT("StreetAddress"),
	TEXT("Surname"),
	TEXT("Title"),
	TEXT("UserPrincipalName"),
	SWITCH("PassThru"),
	END,
};

static const struct cw_catalogue_parameter new_user[] = {
	{ "Name", CW_TYPE_STRING, REQUIRED, NULL },
	{ "AccountPassword", CW_TYPE_SECRET, 0, NULL },
	{ "OtherAttributes", CW_TYPE_ATTRIBUTES, 0, NULL },
	{ "Path", CW_TYPE_STRING, 0, NULL },
	END,
};

static const struct cw_catalogue_parameter set_user[] = {
	{ "Identity", CW_TYPE_IDENTITY, REQUIRED, NULL },
	{ "Add", CW_TYPE_ATTRIBUTES, 0, NULL },
	{ "Clear", CW_TYPE_ATTRIBUTE_NAMES, 0, NULL },
	{ "Remove", CW_TYPE_ATTRIBUTES, 0, NULL },
	{ "Replace", CW_TYPE_ATTRIBUTES, 0, NULL },
	END,
};

static const struct cw_catalogue_parameter set_password[] = {
	{ "Identity", CW_TYPE_IDENTITY, REQUIRED, NULL },
	{ "NewPassword", CW_TYPE_SECRET, REQUIRED, NULL },
	{ "OldPassword", CW_TYPE_SECRET, 0, NULL },
	SWITCH("Reset"),
	SWITCH("PassThru"),
	END,
};

static const struct cw_catalogue_parameter new_group[] = {
	{ "Name", CW_TYPE_STRING, REQUIRED, NULL },
	{ "GroupScope", CW_TYPE_CHOICE, REQUIRED, group_scopes },
	{ "GroupCategory", CW_TYPE_CHOICE, 0, group_categories },
	{ "SamAccountName", CW_TYPE_STRING, 0, NULL },
	TEXT("Description"),
	TEXT("DisplayName"),
	TEXT("HomePage"),
	{ "ManagedBy", CW_TYPE_IDENTITY, 0, NULL },
	{ "OtherAttributes", CW_TYPE_ATTRIBUTES, 0, NULL },
	{ "Path", CW_TYPE_STRING, 0, NULL },
	SWITCH("PassThru"),
	END,
};

static const struct cw_catalogue_parameter members[] = {
	{ "Identity", CW_TYPE_IDENTITY, REQUIRED, NULL },
	{ "Members", CW_TYPE_IDENTITIES, REQUIRED, NULL },
	SWITCH("PassThru"),
	END,
};

static const struct cw_catalogue_parameter get_members[] = {
	{ "Identity", CW_TYPE_IDENTITY, REQUIRED, NULL },
	SWITCH("Recursive"),
	END,
};

static const struct cw_catalogue_parameter search_account[] = {
	{ "AccountDisabled", CW_TYPE_SWITCH, ONE_OF, NULL },
	{ "AccountExpired", CW_TYPE_SWITCH, ONE_OF, NULL },
	{ "AccountExpiring", CW_TYPE_SWITCH, ONE_OF, NULL },
	{ "AccountInactive", CW_TYPE_SWITCH, ONE_OF, NULL },
	{ "LockedOut", CW_TYPE_SWITCH, ONE_OF, NULL },
	{ "PasswordExpired", CW_TYPE_SWITCH, ONE_OF, NULL },
	{ "PasswordNeverExpires", CW_TYPE_SWITCH, ONE_OF, NULL },
	SWITCH("ComputersOnly"),
	SWITCH("UsersOnly"),
	{ "DateTime", CW_TYPE_DATE, 0, NULL },
	{ "TimeSpan", CW_TYPE_DURATION, 0, NULL },
	{ "ResultPageSize", CW_TYPE_INT, 0, NULL },
	{ "ResultSetSize", CW_TYPE_INT, NULLABLE, NULL },
	{ "SearchBase", CW_TYPE_STRING, 0, NULL },
	{ "SearchScope", CW_TYPE_CHOICE, 0, scopes },
	END,
};

static const struct cw_catalogue_parameter new_ou[] = {
	{ "Name", CW_TYPE_STRING, REQUIRED, NULL },
	TEXT("City"),
	TEXT("Country"),
	TEXT("Description"),
	TEXT("DisplayName"),
	{ "ManagedBy", CW_TYPE_IDENTITY, 0, NULL },
	{ "OtherAttributes", CW_TYPE_ATTRIBUTES, 0, NULL },
	{ "Path", CW_TYPE_STRING, 0, NULL },
	TEXT("PostalCode"),
	BOOL("ProtectedFromAccidentalDeletion"),
	TEXT("State"),
	TEXT("StreetAddress"),
	SWITCH("PassThru"),
	END,
};

static const struct cw_catalogue_parameter move[] = {
	{ "Identity", CW_TYPE_IDENTITY, REQUIRED, NULL },
	{ "TargetPath", CW_TYPE_STRING, REQUIRED, NULL },
	SWITCH("PassThru"),
	END,
};

static const struct cw_catalogue_parameter sync_cycle[] = {
	{ "PolicyType", CW_TYPE_CHOICE, 0, sync_policies },
	END,
};

/* AD modules take -Server everywhere; their writes take -WhatIf and -Confirm. */
#define AD_READ(name, ...)                                                       \
	{                                                                        \
		name, "ActiveDirectory\\" name, "directory", false, false, true, \
		{                                                                \
			__VA_ARGS__                                              \
		}                                                                \
	}
#define AD_WRITE(name, ...)                                                    \
	{                                                                      \
		name, "ActiveDirectory\\" name, "directory", true, true, true, \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}
#define SYNC_READ(name, ...)                                        \
	{                                                           \
		name, "ADSync\\" name, "sync", false, false, false, \
		{                                                   \
			__VA_ARGS__                                 \
		}                                                   \
	}
#define SYNC_WRITE(name, ...)                                      \
	{                                                          \
		name, "ADSync\\" name, "sync", true, false, false, \
		{                                                  \
			__VA_ARGS__                                \
		}                                                  \
	}

static const struct cw_catalogue_command commands[] = {
	AD_WRITE("Add-ADGroupMember", members),
	AD_WRITE("Disable-ADAccount", account),
	AD_WRITE("Enable-ADAccount", account),
	SYNC_READ("Get-ADSyncConnectorRunStatus", none),
	SYNC_READ("Get-ADSyncScheduler", none),
	AD_READ("Get-ADDomain", optional_identity),
	AD_READ("Get-ADGroup", search),
	AD_READ("Get-ADGroupMember", get_members),
	AD_READ("Get-ADOrganizationalUnit", search),
	AD_READ("Get-ADUser", search),
	AD_WRITE("Move-ADObject", move),
	AD_WRITE("New-ADGroup", new_group),
	AD_WRITE("New-ADOrganizationalUnit", new_ou),
	AD_WRITE("New-ADUser", new_user, user),
	AD_WRITE("Remove-ADGroupMember", members),
	AD_WRITE("Remove-ADUser", identity),
	AD_READ("Search-ADAccount", search_account),
	AD_WRITE("Set-ADAccountPassword", set_password),
	AD_WRITE("Set-ADUser", set_user, user),
	SYNC_WRITE("Start-ADSyncSyncCycle", sync_cycle),
	AD_WRITE("Unlock-ADAccount", account),
};

const struct cw_catalogue_command *
cw_catalogue_find(const char *name)
{
	for (size_t i = 0; i < CW_COUNT(commands); i++)
		if (cw_strcaseeq(commands[i].name, name))
			return &commands[i];
	return NULL;
}

const struct cw_catalogue_command *
cw_catalogue_all(size_t *count)
{
	*count = CW_COUNT(commands);
	return commands;
}

const char *const *
cw_catalogue_names(const char *role)
{
	static const char *directory[CW_COUNT(commands) + 1], *sync[CW_COUNT(commands) + 1];
	bool is_sync = cw_streq(role, "sync");
	const char **names = is_sync ? sync : directory;
	size_t n = 0;

	for (size_t i = 0; i < CW_COUNT(commands); i++)
		if (cw_streq(commands[i].role, role))
			names[n++] = commands[i].name;
	names[n] = NULL;
	return names;
}
