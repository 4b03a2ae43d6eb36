// SPDX-License-Identifier: Apache-2.0
//
// New-ADUser, -ADGroup, -ADComputer, -ADOrganizationalUnit, -ADObject.

using System.Collections;
using System.DirectoryServices.Protocols;
using System.Management.Automation;
using System.Security;

namespace Microsoft.ActiveDirectory.Management.Commands;

public abstract class NewCmdlet : IdentityCmdlet
{
    private string dn = "";

    private protected virtual string RdnAttribute => "CN";
    private protected abstract string ObjectClass { get; }
    private protected abstract string DefaultPath { get; }
    private protected virtual bool ProtectedByDefault => false;

    // What such an object must have and the caller need not say.
    private protected virtual void Complete(Changes changes)
    {
    }

    private protected virtual void AfterAdd(Changes changes)
    {
    }

    private protected virtual ADIdentityAlreadyExistsException Exists(ADIdentityAlreadyExistsException e) => e;

    private protected string DistinguishedName => dn;

    private protected override void Process()
    {
        string name = Bound<string>("Name")!;
        dn = $"{RdnAttribute}={LdapText.EscapeRdnValue(name)},{Bound<string>("Path") ?? DefaultPath}";
        var changes = new Changes(Session);
        if (Bound<ADObject>("Instance") is ADObject template)
            foreach (string property in template.Keys)
                if (Kind.Find(property) is { Write: not null } or null && template.Read(property) is object value)
                    Assignments.Apply(changes, Kind, property, value);
        Assignments.ApplyParameters(changes, Kind, MyInvocation.BoundParameters);
        if (Bound<Hashtable>("OtherAttributes") is Hashtable others)
            Assignments.ApplyTables(changes, new Dictionary<string, object> { ["Add"] = others });
        Complete(changes);
        if (!ShouldProcess(dn, "New"))
            return;
        var request = new AddRequest(dn, ObjectClass);
        foreach (DirectoryAttributeModification change in changes.List.Where(c => c.Count > 0))
        {
            var attribute = new DirectoryAttribute { Name = change.Name };
            foreach (object value in change)
            {
                if (value is byte[] bytes)
                    attribute.Add(bytes);
                else
                    attribute.Add((string)value);
            }
            request.Attributes.Add(attribute);
        }
        try
        {
            Session.Write(request);
        }
        catch (ADIdentityAlreadyExistsException e)
        {
            throw Exists(e);
        }
        AfterAdd(changes);
        if ((changes.Protect ?? ProtectedByDefault) && Descriptor(dn) is byte[] descriptor)
            Protect(dn, descriptor);
        PassObject(dn);
    }

    private protected override object? ErrorTarget(Exception failure) => dn.Length > 0 ? dn : null;
}

// An account is made disabled, gets its password, and is enabled last: where the
// password is refused the disabled account stays, as with the real module.
public abstract class NewAccountCmdlet : NewCmdlet
{
    private const int Disabled = 0x2;

    private int wanted;
    private string? mustChange;

    private protected abstract int AccountType { get; }
    private protected abstract bool EnabledByDefault { get; }
    private protected abstract string AccountName(string given);

    private protected override void Complete(Changes changes)
    {
        string account = changes.List.Find(c => c.Name == "sAMAccountName") is { Count: > 0 } given
            ? (string)given[0] : Bound<string>("Name")!;
        changes.Replace("sAMAccountName", AccountName(account));
        wanted = changes.Flags(AccountType | (EnabledByDefault ? 0 : Disabled));
        changes.Replace("userAccountControl", (wanted | Disabled).ToString());
        // Setting the password would undo it, so this comes last.
        mustChange = changes.List.Find(c => c.Name == "pwdLastSet") is { } change ? (string)change[0] : null;
        changes.List.RemoveAll(c => c.Name == "pwdLastSet");
    }

    private protected override void AfterAdd(Changes changes)
    {
        if (Bound<SecureString>("AccountPassword") is SecureString password)
            Password.Reset(Session, DistinguishedName, password);
        var last = new Changes(Session);
        if ((wanted & Disabled) == 0)
            last.Replace("userAccountControl", wanted.ToString());
        if (mustChange is not null)
            last.Replace("pwdLastSet", mustChange);
        if (last.Any)
            Modify(DistinguishedName, last.List);
    }
}

public sealed partial class NewADUser : NewAccountCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.User;
    private protected override string ObjectClass => Type ?? "user";
    private protected override string DefaultPath => "CN=Users," + Session.BaseDn;
    private protected override int AccountType => 0x200;
    private protected override bool EnabledByDefault => false;
    private protected override string AccountName(string given) => given;
}

public sealed partial class NewADComputer : NewAccountCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Computer;
    private protected override string ObjectClass => "computer";
    private protected override string DefaultPath => "CN=Computers," + Session.BaseDn;
    private protected override int AccountType => 0x1000;
    private protected override bool EnabledByDefault => true;
    private protected override string AccountName(string given) => given.EndsWith('$') ? given : given + "$";
}

public sealed partial class NewADGroup : NewCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Group;
    private protected override string ObjectClass => "group";
    private protected override string DefaultPath => "CN=Users," + Session.BaseDn;

    private protected override ADIdentityAlreadyExistsException Exists(ADIdentityAlreadyExistsException e) =>
        new("The specified group already exists", ServerErrors.GroupExists);

    private protected override void Complete(Changes changes)
    {
        if (!changes.List.Exists(c => c.Name == "sAMAccountName"))
            changes.Replace("sAMAccountName", Name!);
        // A security group unless the caller says otherwise.
        changes.Replace("groupType", changes.GroupTypeOf(int.MinValue).ToString());
    }
}

public sealed partial class NewADOrganizationalUnit : NewCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.OrganizationalUnit;
    private protected override string RdnAttribute => "OU";
    private protected override string ObjectClass => "organizationalUnit";
    private protected override string DefaultPath => Session.BaseDn;
    private protected override bool ProtectedByDefault => true;
}

public sealed partial class NewADObject : NewCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Any;
    private protected override string RdnAttribute =>
        Type!.Equals("organizationalUnit", StringComparison.OrdinalIgnoreCase) ? "OU" : "CN";
    private protected override string ObjectClass => Type!;
    private protected override string DefaultPath => Session.BaseDn;
}
