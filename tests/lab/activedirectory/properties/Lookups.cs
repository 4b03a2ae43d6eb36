// SPDX-License-Identifier: Apache-2.0

using System.DirectoryServices.Protocols;
using System.Security.Principal;

namespace Microsoft.ActiveDirectory.Management;

// What one call of a cmdlet had to look up besides the objects themselves: ten
// thousand users have few primary groups.
internal sealed class Lookups(Session session)
{
    private readonly Dictionary<SecurityIdentifier, string?> names = [];

    internal string? DnOf(SecurityIdentifier sid)
    {
        if (names.TryGetValue(sid, out string? known))
            return known;
        string? dn = null;
        foreach (Entry found in session.Search(session.BaseDn, SearchScope.Subtree, LdapText.Clause(sid), ["1.1"]))
            dn = found.Dn;
        return names[sid] = dn;
    }
}
