// SPDX-License-Identifier: Apache-2.0
//
// Set-ADUser, -ADGroup, -ADComputer, -ADOrganizationalUnit, -ADObject: parameters that are properties,
// then -Remove, -Add, -Replace and -Clear in the documented order; or -Instance,
// which writes what was changed in a copy.

using System.Collections;
using System.DirectoryServices.Protocols;
using System.Management.Automation;

namespace Microsoft.ActiveDirectory.Management.Commands;

public abstract class SetCmdlet : IdentityCmdlet
{
    private protected override void Process()
    {
        ADObject target = Bound<ADObject>("Instance") ?? Identified;
        string[] attributes = ["userAccountControl", "groupType", "nTSecurityDescriptor"];
        Entry current = Identity.Resolve(Session, target, Kind, Under, attributes, DeletionGuard.DaclOnly());
        var changes = new Changes(Session);
        if (Has("Instance"))
        {
            foreach (string name in target.Modified)
                Assignments.Apply(changes, Kind, name, target.Read(name));
        }
        Assignments.ApplyParameters(changes, Kind, MyInvocation.BoundParameters);
        Assignments.ApplyTables(changes, MyInvocation.BoundParameters);
        changes.Settle(current);
        byte[]? descriptor = current.Bytes("nTSecurityDescriptor");
        if (changes.Protect is false && descriptor is not null && DeletionGuard.IsSet(descriptor))
            changes.Replace("nTSecurityDescriptor", DeletionGuard.Set(descriptor, false));
        if (!ShouldProcess(current.Dn, "Set"))
            return;
        if (changes.List.Count > 0)
            Modify(current.Dn, changes.List, changes.Protect is null ? [] : [DeletionGuard.DaclOnly()]);
        if (changes.Protect is true && descriptor is not null)
            Protect(current.Dn, descriptor);
        PassObject(current.Dn);
    }

    private protected override object? ErrorTarget(Exception failure) => Bound<object>("Instance") ?? Bound<object>("Identity");
}

public sealed partial class SetADUser : SetCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.User;
}

public sealed partial class SetADGroup : SetCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Group;
}

public sealed partial class SetADComputer : SetCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Computer;
}

public sealed partial class SetADObject : SetCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Any;
}

public sealed partial class SetADOrganizationalUnit : SetCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.OrganizationalUnit;
}

internal static class Assignments
{
    private static readonly HashSet<string> NotProperties = new(StringComparer.OrdinalIgnoreCase)
    {
        "Identity", "Instance", "Add", "Remove", "Replace", "Clear", "OtherAttributes", "Server", "Credential", "AuthType",
        "Partition", "PassThru", "Path", "Name", "Type", "AccountPassword",
    };

    // Parameters that the real module has and this one refuses: they need what LDAP on Linux does not give.
    private static readonly HashSet<string> Refused = new(StringComparer.OrdinalIgnoreCase)
    {
        "AuthenticationPolicy", "AuthenticationPolicySilo", "CannotChangePassword", "Certificates", "CompoundIdentitySupported",
        "PrincipalsAllowedToDelegateToAccount",
    };

    internal static void ApplyParameters(Changes changes, ObjectKind kind, IDictionary<string, object> bound)
    {
        foreach ((string name, object? value) in bound)
        {
            if (Refused.Contains(name))
                throw Failure.NotInLab("-" + name);
            if (name == "ChangePasswordAtLogon")
                changes.Replace("pwdLastSet", LanguagePrimitives.IsTrue(value) ? "0" : "-1");
            else if (name == "ServicePrincipalNames" && value is Hashtable table)
                ApplyTable(changes, table, "servicePrincipalName");
            else if (!NotProperties.Contains(name) && kind.Find(name) is { Write: not null })
                Apply(changes, kind, name, value);
        }
    }

    internal static void Apply(Changes changes, ObjectKind kind, string name, object? value)
    {
        if (kind.Find(name) is not Property property)
        {
            AttributeType attribute = Schema.Find(changes.Session, name) ?? throw Failure.UnknownAttribute(name);
            changes.Replace(attribute.Name, LdapValue.Encode(value, attribute.Syntax));
            return;
        }
        if (property.Write is null)
            throw new ADInvalidOperationException($"The property '{property.Name}' is read-only.");
        property.Write(changes, value);
    }

    internal static void ApplyTables(Changes changes, IDictionary<string, object> bound)
    {
        Each("Remove", changes.Delete);
        Each("Add", changes.Add);
        Each("Replace", (attribute, values) => changes.Replace(attribute, values));
        if (bound.TryGetValue("Clear", out object? clear))
            foreach (string name in (string[])clear)
                changes.Replace(Known(name).Name);

        void Each(string parameter, Action<string, object[]> apply)
        {
            if (!bound.TryGetValue(parameter, out object? given))
                return;
            foreach (DictionaryEntry entry in (Hashtable)given)
            {
                AttributeType attribute = Known(entry.Key.ToString()!);
                object[] values = LdapValue.Encode(entry.Value, attribute.Syntax);
                if (values.Length == 0)
                    throw new ArgumentException($"Cannot validate argument on parameter '{parameter}'. "
                        + $"The value of '{attribute.Name}' is null or empty; use -Clear to remove an attribute.");
                apply(attribute.Name, values);
            }
        }

        AttributeType Known(string name) => Schema.Find(changes.Session, name) ?? throw Failure.UnknownAttribute(name);
    }

    // @{Add=...}, @{Remove=...}, @{Replace=...} or $null to clear.
    private static void ApplyTable(Changes changes, Hashtable table, string attribute)
    {
        foreach (DictionaryEntry entry in table)
        {
            object[] values = LdapValue.Encode(entry.Value, Syntax.Text);
            switch (entry.Key.ToString()!.ToLowerInvariant())
            {
                case "add": changes.Add(attribute, values); break;
                case "remove": changes.Delete(attribute, values); break;
                case "replace": changes.Replace(attribute, values); break;
                default: throw new ArgumentException($"The key '{entry.Key}' must be Add, Remove or Replace.");
            }
        }
    }
}
