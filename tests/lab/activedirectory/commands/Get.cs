// SPDX-License-Identifier: Apache-2.0
//
// Get-ADUser, -ADGroup, -ADComputer, -ADObject, -ADOrganizationalUnit: one object by
// identity, or many by filter, streamed page by page.

using System.DirectoryServices.Protocols;
using System.Management.Automation;

namespace Microsoft.ActiveDirectory.Management.Commands;

public abstract class GetCmdlet : IdentityCmdlet
{
    private const int PageSize = 256; // as the real module; -ResultPageSize changes it

    private protected override void Begin()
    {
        RequireNone("ShowMemberTimeToLive");
        if (Bound<string>("Filter") is string filter)
            Search(FilterParser.ToLdap(filter, Kind, GetVariableValue));
        else if (Bound<string>("LDAPFilter") is string ldap)
            Search(ldap.StartsWith('(') ? ldap : $"({ldap})");
    }

    private protected override void Process()
    {
        if (!Has("Identity"))
            return;
        Selection selection = Select();
        WriteObject(selection.Build(Identity.Resolve(Session, Identified, Kind, Under, selection.Attributes,
            [.. selection.Controls, .. Deleted()])));
    }

    private void Search(string filter)
    {
        string searchBase = Bound<string>("SearchBase") ?? Session.BaseDn;
        SearchScope scope = (SearchScope)(Bound<ADSearchScope?>("SearchScope") ?? ADSearchScope.Subtree);
        int limit = Bound<int?>("ResultSetSize") ?? int.MaxValue, page = Bound<int?>("ResultPageSize") ?? PageSize;
        if (limit <= 0 || page <= 0)
            throw new ArgumentException("The value must be greater than zero.\nParameter name: "
                + (page <= 0 ? "ResultPageSize" : "ResultSetSize"));
        if (searchBase.Length == 0)
            throw new ArgumentException("An empty SearchBase is only supported while connected to a GlobalCatalog.");
        string[] partitions = [Session.BaseDn, "CN=Configuration," + Session.BaseDn, "CN=Schema,CN=Configuration," + Session.BaseDn];
        if (!partitions.Any(p => LdapText.IsUnder(searchBase, p)))
            throw new ArgumentException("The supplied distinguishedName must belong to one of the following partition(s): '"
                + string.Join(" , ", partitions) + "'.");
        Selection selection = Select();
        string whole = Kind.Filter.Length == 0 ? filter : $"(&{filter}{Kind.Filter})";
        foreach (Entry entry in Session.Search(searchBase, scope, whole, selection.Attributes, page, limit,
            [.. selection.Controls, .. Deleted()]))
            WriteObject(selection.Build(entry));
    }

    private Selection Select() => new(Session, Kind,
        Switch("IncludeDeletedObjects") ? ["Deleted", .. Bound<string[]>("Properties") ?? []] : Bound<string[]>("Properties"));

    private DirectoryControl[] Deleted() =>
        Switch("IncludeDeletedObjects") ? [new DirectoryControl(Session.ShowDeleted, null, true, true)] : [];
}

public sealed partial class GetADUser : GetCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.User;
}

public sealed partial class GetADGroup : GetCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Group;
}

public sealed partial class GetADComputer : GetCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Computer;
}

public sealed partial class GetADObject : GetCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Any;
}

public sealed partial class GetADOrganizationalUnit : GetCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.OrganizationalUnit;
}
