// SPDX-License-Identifier: Apache-2.0
//
// From what a caller calls an object to the object: distinguished name, GUID,
// SID, sAMAccountName, or an object that a cmdlet gave out before.

using System.DirectoryServices.Protocols;
using System.Security.Principal;

namespace Microsoft.ActiveDirectory.Management;

internal static class Identity
{
    internal static Entry Resolve(Session session, ADEntity wanted, ObjectKind kind, string under, string[] attributes,
        params DirectoryControl[] controls)
    {
        string name = wanted.Read<string>("DistinguishedName") ?? wanted.Identity
            ?? wanted.Read("ObjectGUID")?.ToString() ?? wanted.Read("SID")?.ToString() ?? wanted.Read<string>("SamAccountName") ?? "";
        (string where, SearchScope scope, string clause) = Place(name, kind, under);
        string filter = kind.Filter.Length == 0 && clause.Length > 0 ? clause
            : clause.Length + kind.Filter.Length == 0 ? "(objectClass=*)" : "(&" + kind.Filter + clause + ")";
        Entry? found = null;
        try
        {
            foreach (Entry entry in session.Search(where, scope, filter, attributes, 2, 2, controls))
            {
                if (found is not null)
                    throw new ADMultipleMatchingIdentitiesException($"Multiple objects with identity: '{name}' were found under: '{under}'.");
                found = entry;
            }
        }
        catch (ADIdentityNotFoundException)
        {
        }
        return found ?? throw Failure.IdentityNotFound(wanted.ToString(), under);
    }

    private static (string Where, SearchScope Scope, string Clause) Place(string name, ObjectKind kind, string under)
    {
        if (LdapText.LooksLikeDn(name))
            return (name, SearchScope.Base, "");
        if (Guid.TryParse(name, out Guid guid))
            return (under, SearchScope.Subtree, LdapText.Clause(guid));
        if (!kind.HasAccountName)
            throw new ADIdentityNotFoundException($"Cannot find an object with identity: '{name}' under: '{under}'.");
        if (SecurityIdentifier.TryParse(name, out SecurityIdentifier? sid))
            return (under, SearchScope.Subtree, LdapText.Clause(sid!));
        string account = LdapText.Escape(name);
        if (name.EndsWith('$') || kind.Type == typeof(ADUser) || kind.Type == typeof(ADGroup))
            return (under, SearchScope.Subtree, $"(sAMAccountName={account})");
        // A computer's account name ends in '$', which callers leave out.
        return (under, SearchScope.Subtree, kind.Type == typeof(ADComputer) ? $"(sAMAccountName={account}$)"
            : $"(|(sAMAccountName={account})(sAMAccountName={account}$))");
    }
}
