// SPDX-License-Identifier: Apache-2.0
//
// The extended properties of each kind of object, as documented for the real
// module. To add one: a row here; if a parameter has the same name, it is
// written through the same row.

using System.Management.Automation;
using System.Security.Principal;

namespace Microsoft.ActiveDirectory.Management;

internal static class PropertyTable
{
    private const int ComputedLockedOut = 0x10, ComputedPasswordExpired = 0x800000;

    internal static readonly Property[] Object =
    [
        Property.ReadOnly("CanonicalName", "canonicalName"),
        Property.ReadOnly("CN", "cn"),
        Property.ReadOnly("Created", "whenCreated"),
        Property.ReadOnly("Deleted", "isDeleted"),
        Property.Of("Description", "description"),
        Property.Of("DisplayName", "displayName"),
        Property.ReadOnly("DistinguishedName", "distinguishedName"),
        Property.ReadOnly("LastKnownParent", "lastKnownParent"),
        Property.ReadOnly("Modified", "whenChanged"),
        Property.ReadOnly("Name", "name"),
        Property.ReadOnly("ObjectCategory", "objectCategory"),
        new Property
        {
            Name = "ObjectClass",
            Attributes = ["objectClass"],
            Read = (in Entry entry, Lookups _) => entry.Texts("objectClass").LastOrDefault(),
            Filter = (op, value) => FilterText.Clause("objectClass", Syntax.Text, op, value),
        },
        Property.ReadOnly("ObjectGUID", "objectGUID"),
        new Property
        {
            Name = "ProtectedFromAccidentalDeletion",
            Attributes = ["nTSecurityDescriptor"],
            Read = (in Entry entry, Lookups _) =>
                entry.Bytes("nTSecurityDescriptor") is byte[] sd ? DeletionGuard.IsSet(sd) : null,
            Write = (changes, value) => changes.Protect = LanguagePrimitives.IsTrue(value),
        },
    ];

    private static readonly Property[] Principal =
    [
        .. Object,
        Property.Of("HomePage", "wWWHomePage"),
        Property.ReadOnly("MemberOf", "memberOf", many: true),
        Property.Of("SamAccountName", "sAMAccountName"),
        Property.ReadOnly("SID", "objectSid"),
        Property.ReadOnly("SIDHistory", "sIDHistory", many: true),
    ];

    internal static readonly Property[] Account =
    [
        .. Principal,
        Property.FileTime("AccountExpirationDate", "accountExpires",
            (changes, value) => changes.Replace("accountExpires", LdapValue.Expiry(value))),
        Property.FileTime("AccountLockoutTime", "lockoutTime"),
        Property.Flag("AccountNotDelegated", 0x100000),
        Property.Flag("AllowReversiblePasswordEncryption", 0x80),
        Property.ReadOnly("BadLogonCount", "badPwdCount"),
        Property.Of("Certificates", "userCertificate", many: true, writable: false),
        Property.Flag("DoesNotRequirePreAuth", 0x400000),
        Property.Flag("Enabled", 0x2, inverted: true),
        Property.Flag("HomedirRequired", 0x8),
        new Property
        {
            Name = "KerberosEncryptionType",
            Attributes = ["msDS-SupportedEncryptionTypes"],
            Read = (in Entry entry, Lookups _) => (ADKerberosEncryptionType)(entry.Int("msDS-SupportedEncryptionTypes") ?? 0),
            Write = (changes, value) => changes.Replace("msDS-SupportedEncryptionTypes",
                LdapValue.Encode(value, Syntax.Int)),
        },
        Property.FileTime("LastBadPasswordAttempt", "badPasswordTime"),
        Property.FileTime("LastLogonDate", "lastLogonTimestamp"),
        Property.Computed("LockedOut", ["lockoutTime", "msDS-User-Account-Control-Computed"],
            (in Entry entry, Lookups _) => (entry.Int("msDS-User-Account-Control-Computed") & ComputedLockedOut) is > 0),
        Property.Flag("MNSLogonAccount", 0x20000),
        Property.Computed("PasswordExpired", ["msDS-User-Account-Control-Computed"],
            (in Entry entry, Lookups _) => (entry.Int("msDS-User-Account-Control-Computed") & ComputedPasswordExpired) is > 0),
        Property.FileTime("PasswordLastSet", "pwdLastSet"),
        Property.Flag("PasswordNeverExpires", 0x10000),
        Property.Flag("PasswordNotRequired", 0x20),
        Property.Computed("PrimaryGroup", ["primaryGroupID", "objectSid"], PrimaryGroup),
        Property.Of("ServicePrincipalNames", "servicePrincipalName", many: true),
        Property.Flag("TrustedForDelegation", 0x80000),
        Property.Flag("TrustedToAuthForDelegation", 0x1000000),
        Property.Flag("UseDESKeyOnly", 0x200000),
        Property.Of("UserPrincipalName", "userPrincipalName"),
    ];

    internal static readonly Property[] User =
    [
        .. Account,
        Property.Of("City", "l"),
        Property.Of("Company", "company"),
        Property.Of("Country", "c"),
        Property.Of("Department", "department"),
        Property.Of("Division", "division"),
        Property.Of("EmailAddress", "mail"),
        Property.Of("EmployeeID", "employeeID"),
        Property.Of("EmployeeNumber", "employeeNumber"),
        Property.Of("Fax", "facsimileTelephoneNumber"),
        Property.Of("GivenName", "givenName"),
        Property.Of("HomeDirectory", "homeDirectory"),
        Property.Of("HomeDrive", "homeDrive"),
        Property.Of("HomePhone", "homePhone"),
        Property.Of("Initials", "initials"),
        Property.Of("LogonWorkstations", "userWorkstations"),
        Property.Reference("Manager", "manager"),
        Property.Of("MobilePhone", "mobile"),
        Property.Of("Office", "physicalDeliveryOfficeName"),
        Property.Of("OfficePhone", "telephoneNumber"),
        Property.Of("Organization", "o"),
        Property.Of("OtherName", "middleName"),
        Property.Of("POBox", "postOfficeBox"),
        Property.Of("PostalCode", "postalCode"),
        Property.Of("ProfilePath", "profilePath"),
        Property.Of("ScriptPath", "scriptPath"),
        Property.Flag("SmartcardLogonRequired", 0x40000),
        Property.Of("State", "st"),
        Property.Of("StreetAddress", "streetAddress"),
        Property.Of("Surname", "sn"),
        Property.Of("Title", "title"),
    ];

    internal static readonly Property[] Computer =
    [
        .. Account,
        Property.Of("DNSHostName", "dNSHostName"),
        Property.Of("Location", "location"),
        Property.Reference("ManagedBy", "managedBy"),
        Property.Of("OperatingSystem", "operatingSystem"),
        Property.Of("OperatingSystemHotfix", "operatingSystemHotfix"),
        Property.Of("OperatingSystemServicePack", "operatingSystemServicePack"),
        Property.Of("OperatingSystemVersion", "operatingSystemVersion"),
    ];

    internal static readonly Property[] Group =
    [
        .. Principal,
        new Property
        {
            Name = "GroupCategory",
            Attributes = ["groupType"],
            Read = (in Entry entry, Lookups _) => entry.Int("groupType") is int type
                ? type < 0 ? ADGroupCategory.Security : ADGroupCategory.Distribution : null,
            Write = (changes, value) => changes.GroupType(int.MinValue,
                LanguagePrimitives.ConvertTo<ADGroupCategory>(value) == ADGroupCategory.Security ? int.MinValue : 0),
            Filter = (op, value) => FilterText.Bit("groupType", int.MinValue, false, "GroupCategory", op,
                LanguagePrimitives.ConvertTo<ADGroupCategory>(value) == ADGroupCategory.Security),
        },
        new Property
        {
            Name = "GroupScope",
            Attributes = ["groupType"],
            Read = (in Entry entry, Lookups _) => entry.Int("groupType") is int type
                ? (type & 8) != 0 ? ADGroupScope.Universal : (type & 2) != 0 ? ADGroupScope.Global : ADGroupScope.DomainLocal : null,
            Write = (changes, value) => changes.GroupType(0xE, ScopeBit(LanguagePrimitives.ConvertTo<ADGroupScope>(value))),
            Filter = (op, value) => FilterText.Bit("groupType", ScopeBit(LanguagePrimitives.ConvertTo<ADGroupScope>(value)),
                false, "GroupScope", op, true),
        },
        Property.Reference("ManagedBy", "managedBy"),
        Property.ReadOnly("Members", "member", many: true),
    ];

    internal static readonly Property[] OrganizationalUnit =
    [
        .. Object,
        Property.Of("City", "l"),
        Property.Of("Country", "c"),
        Property.Computed("LinkedGroupPolicyObjects", ["gPLink"], (in Entry entry, Lookups _) => Links(entry.Text("gPLink"))),
        Property.Reference("ManagedBy", "managedBy"),
        Property.Of("PostalCode", "postalCode"),
        Property.Of("State", "st"),
        Property.Of("StreetAddress", "street"),
    ];

    internal static object[] Links(string? gpLink) =>
        (gpLink ?? "").Split(["[LDAP://", "]"], StringSplitOptions.RemoveEmptyEntries)
            .Select(link => (object)link.Split(';')[0]).ToArray();

    private static int ScopeBit(ADGroupScope scope) =>
        scope switch { ADGroupScope.Universal => 8, ADGroupScope.Global => 2, _ => 4 };

    private static object? PrimaryGroup(in Entry entry, Lookups lookups) =>
        entry.Int("primaryGroupID") is int rid && entry.Sid("objectSid") is SecurityIdentifier sid
            ? lookups.DnOf(sid.Sibling((uint)rid)) : null;
}
