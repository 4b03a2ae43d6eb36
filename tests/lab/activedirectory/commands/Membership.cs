// SPDX-License-Identifier: Apache-2.0

using System.DirectoryServices.Protocols;
using System.Management.Automation;
using System.Security.Principal;

namespace Microsoft.ActiveDirectory.Management.Commands;

public abstract class MembershipCmdlet : IdentityCmdlet
{
    private protected abstract DirectoryAttributeOperation Operation { get; }

    private protected void Change(string group, object[] members)
    {
        if (!ShouldProcess(group, "Set"))
            return;
        try
        {
            Modify(group, [LdapValue.Modification("member", Operation, members)]);
        }
        catch (ADException e) when (e.ErrorCode is ServerErrors.AlreadyAMember or ServerErrors.NotAMember
            && !Switch("DisablePermissiveModify"))
        {
            // By default a member that is there already, or is not there, is no error. Samba has no
            // permissive modify for links, so what is left to do is worked out here.
            if (Remaining(group, members) is { Length: > 0 } rest)
                Modify(group, [LdapValue.Modification("member", Operation, rest)]);
        }
    }

    private object[] Remaining(string group, object[] members)
    {
        string[] present = Session.Read(group, "member")?.Texts("member") ?? [];
        bool adding = Operation == DirectoryAttributeOperation.Add;
        return Array.FindAll(members, m => present.Contains((string)m, StringComparer.OrdinalIgnoreCase) != adding);
    }
}

// Add- and Remove-ADGroupMember: one group, many members.
public abstract class GroupMemberCmdlet : MembershipCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Group;

    private protected override void Process()
    {
        RequireNone("MemberTimeToLive");
        string group = Resolve(Identified, Kind).Dn;
        // All of them are looked up before the first is written.
        object[] members = Array.ConvertAll(Bound<ADPrincipal[]>("Members")!, Find);
        Change(group, members);
        PassObject(group);
    }

    private object Find(ADPrincipal member)
    {
        try
        {
            return Identity.Resolve(Session, member, ObjectKind.Principal, Under, ["1.1"]).Dn;
        }
        catch (ADIdentityResolutionException e)
        {
            ThrowTerminatingError(new ErrorRecord(e, "SetADGroupMember.ValidateMembersParameter",
                ErrorCategory.ObjectNotFound, member));
            throw;
        }
    }
}

// Add- and Remove-ADPrincipalGroupMembership: one member, many groups.
public abstract class PrincipalMembershipCmdlet : MembershipCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Principal;

    private protected override void Process()
    {
        string member = Resolve(Identified, Kind).Dn;
        string[] groups = Array.ConvertAll(Bound<ADGroup[]>("MemberOf")!, g => Resolve(g, ObjectKind.Group).Dn);
        foreach (string group in groups)
            Change(group, [member]);
        PassObject(member);
    }
}

public sealed partial class AddADPrincipalGroupMembership : PrincipalMembershipCmdlet
{
    private protected override DirectoryAttributeOperation Operation => DirectoryAttributeOperation.Add;
}

public sealed partial class RemoveADPrincipalGroupMembership : PrincipalMembershipCmdlet
{
    private protected override DirectoryAttributeOperation Operation => DirectoryAttributeOperation.Delete;
}

public sealed partial class AddADGroupMember : GroupMemberCmdlet
{
    private protected override DirectoryAttributeOperation Operation => DirectoryAttributeOperation.Add;
}

public sealed partial class RemoveADGroupMember : GroupMemberCmdlet
{
    private protected override DirectoryAttributeOperation Operation => DirectoryAttributeOperation.Delete;
}

public sealed partial class GetADGroupMember : IdentityCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Group;

    private protected override void Process()
    {
        Entry group = Resolve(Identified, Kind, "objectSid");
        string rule = Recursive ? ":1.2.840.113556.1.4.1941:" : "";
        // Those whose primary group it is are members without being listed as such.
        string primary = group.Sid("objectSid") is SecurityIdentifier sid ? $"(primaryGroupID={sid.RelativeId})" : "";
        string filter = $"(|(memberOf{rule}={LdapText.Escape(group.Dn)}){primary})";
        if (Recursive)
            filter = $"(&{filter}(!(objectClass=group)))";
        var selection = new Selection(Session, ObjectKind.Principal, null) { AttributeCase = true };
        foreach (Entry member in Session.Search(Session.BaseDn, SearchScope.Subtree, filter, selection.Attributes))
            WriteObject(selection.Build(member));
    }
}

public sealed partial class GetADPrincipalGroupMembership : IdentityCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Principal;

    private protected override void Process()
    {
        RequireNone("ResourceContextServer", "ResourceContextPartition");
        Entry principal = Resolve(Identified, Kind, "objectSid", "primaryGroupID");
        string primary = principal.Int("primaryGroupID") is int rid && principal.Sid("objectSid") is SecurityIdentifier sid
            ? LdapText.Clause(sid.Sibling((uint)rid)) : "";
        var selection = new Selection(Session, ObjectKind.Group, null) { AttributeCase = true };
        foreach (Entry group in Session.Search(Session.BaseDn, SearchScope.Subtree,
            $"(&(objectClass=group)(|(member={LdapText.Escape(principal.Dn)}){primary}))", selection.Attributes))
            WriteObject(selection.Build(group));
    }
}
