// SPDX-License-Identifier: Apache-2.0
//
// The kinds of objects that cmdlets are about: the filter that finds them, what
// is shown when nothing is asked for, and the type that is given out.

namespace Microsoft.ActiveDirectory.Management;

internal sealed class ObjectKind
{
    internal static readonly ObjectKind Any = new(typeof(ADObject), () => new ADObject(), "", PropertyTable.Object,
        ["DistinguishedName", "Name", "ObjectClass", "ObjectGUID"]);

    internal static readonly ObjectKind Principal = new(typeof(ADPrincipal), () => new ADPrincipal(),
        "(|(objectClass=user)(objectClass=group)(objectClass=foreignSecurityPrincipal))", PropertyTable.Account,
        ["DistinguishedName", "Name", "ObjectClass", "ObjectGUID", "SamAccountName", "SID"], sam: true);

    internal static readonly ObjectKind Account = new(typeof(ADAccount), () => new ADAccount(), "(objectClass=user)",
        PropertyTable.Account,
        ["DistinguishedName", "Enabled", "Name", "ObjectClass", "ObjectGUID", "SamAccountName", "SID", "UserPrincipalName"], sam: true);

    internal static readonly ObjectKind User = new(typeof(ADUser), () => new ADUser(),
        "(objectCategory=person)(objectClass=user)", PropertyTable.User,
        ["DistinguishedName", "Enabled", "GivenName", "Name", "ObjectClass", "ObjectGUID", "SamAccountName", "SID", "Surname",
            "UserPrincipalName"], sam: true);

    internal static readonly ObjectKind Computer = new(typeof(ADComputer), () => new ADComputer(), "(objectClass=computer)",
        PropertyTable.Computer,
        ["DistinguishedName", "DNSHostName", "Enabled", "Name", "ObjectClass", "ObjectGUID", "SamAccountName", "SID",
            "UserPrincipalName"], sam: true);

    internal static readonly ObjectKind Group = new(typeof(ADGroup), () => new ADGroup(), "(objectClass=group)", PropertyTable.Group,
        ["DistinguishedName", "GroupCategory", "GroupScope", "Name", "ObjectClass", "ObjectGUID", "SamAccountName", "SID"], sam: true);

    internal static readonly ObjectKind OrganizationalUnit = new(typeof(ADOrganizationalUnit), () => new ADOrganizationalUnit(),
        "(objectClass=organizationalUnit)", PropertyTable.OrganizationalUnit,
        ["City", "Country", "DistinguishedName", "LinkedGroupPolicyObjects", "ManagedBy", "Name", "ObjectClass", "ObjectGUID",
            "PostalCode", "State", "StreetAddress"]);

    private static readonly ObjectKind[] All = [Any, Principal, Account, User, Computer, Group, OrganizationalUnit];

    private readonly Dictionary<string, Property> byName;

    private ObjectKind(Type type, Func<ADObject> make, string filter, Property[] properties, string[] defaults, bool sam = false)
    {
        Type = type;
        Make = make;
        Filter = filter;
        HasAccountName = sam;
        Properties = properties;
        byName = properties.ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
        Defaults = Array.ConvertAll(defaults, name => byName[name]);
    }

    internal Type Type { get; }
    internal Func<ADObject> Make { get; }
    internal string Filter { get; } // clauses, to stand inside (&...)
    internal bool HasAccountName { get; }
    internal Property[] Properties { get; }
    internal Property[] Defaults { get; }

    internal Property? Find(string name) => byName.GetValueOrDefault(name);

    internal static ObjectKind Of(Type type) => All.First(kind => kind.Type == type);
}
