// SPDX-License-Identifier: Apache-2.0
//
// Remove-, Move-, Rename- and Restore-: what happens to an object as a whole.

using System.DirectoryServices.Protocols;

namespace Microsoft.ActiveDirectory.Management.Commands;

public abstract class RemoveCmdlet : IdentityCmdlet
{
    private protected override void Process()
    {
        RequireNone("IncludeDeletedObjects");
        string dn = Resolve(Identified, Kind).Dn;
        if (!ShouldProcess(dn, "Remove"))
            return;
        var request = new DeleteRequest(dn);
        if (Switch("Recursive"))
            request.Controls.Add(new DirectoryControl(Session.TreeDelete, null, true, true));
        try
        {
            Session.Write(request);
        }
        // The real module tells a protected object from other refusals by these words alone.
        catch (ADException e) when (e.ErrorCode == 8344)
        {
            throw new UnauthorizedAccessException("Access is denied", e);
        }
    }
}

public sealed partial class RemoveADUser : RemoveCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.User;
}

public sealed partial class RemoveADGroup : RemoveCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Group;
}

public sealed partial class RemoveADComputer : RemoveCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Computer;
}

public sealed partial class RemoveADObject : RemoveCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Any;
}

public sealed partial class RemoveADOrganizationalUnit : RemoveCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.OrganizationalUnit;
}

public sealed partial class MoveADObject : IdentityCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Any;

    private protected override void Process()
    {
        RequireNone("TargetServer");
        string dn = Resolve(Identified, Kind).Dn;
        string target = Session.Read(TargetPath!, "1.1") is Entry container ? container.Dn
            : Guid.TryParse(TargetPath, out Guid guid) ? Resolve(new ADObject(guid), Kind).Dn
            : throw new ADIdentityNotFoundException("Directory object not found", 8333);
        if (!ShouldProcess(dn, "Move"))
            return;
        Session.Write(new ModifyDNRequest(dn, target, LdapText.Rdn(dn)));
        PassObject(LdapText.Rdn(dn) + "," + target);
    }
}

public sealed partial class RenameADObject : IdentityCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Any;

    private protected override void Process()
    {
        string dn = Resolve(Identified, Kind).Dn;
        string name = LdapText.RdnAttribute(dn) + "=" + LdapText.EscapeRdnValue(NewName!);
        if (!ShouldProcess(dn, "Rename"))
            return;
        Session.Write(new ModifyDNRequest(dn, LdapText.Parent(dn), name));
        PassObject(name + "," + LdapText.Parent(dn));
    }
}

// A tombstone gets its name and place back ([MS-ADTS] 3.1.1.5.3.7); what it lost with the deletion stays lost.
public sealed partial class RestoreADObject : IdentityCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Any;

    private protected override void Process()
    {
        var showDeleted = new DirectoryControl(Session.ShowDeleted, null, true, true);
        Entry deleted = Management.Identity.Resolve(Session, Identified, Kind, Under, ["name", "lastKnownParent"], showDeleted);
        string name = NewName ?? deleted.Text("name")!.Split('\n')[0];
        string parent = TargetPath ?? deleted.Text("lastKnownParent") ?? throw new ADIdentityNotFoundException("Directory object not found", 8333);
        string dn = LdapText.RdnAttribute(deleted.Dn) + "=" + LdapText.EscapeRdnValue(name) + "," + parent;
        if (!ShouldProcess(deleted.Dn, "Restore"))
            return;
        Modify(deleted.Dn, [LdapValue.Modification("isDeleted", DirectoryAttributeOperation.Delete, []),
            LdapValue.Modification("distinguishedName", DirectoryAttributeOperation.Replace, [dn])], showDeleted);
        PassObject(dn);
    }
}
