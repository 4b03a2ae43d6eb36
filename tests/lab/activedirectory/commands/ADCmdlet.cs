// SPDX-License-Identifier: Apache-2.0
//
// What every cmdlet does: find the server, run, and put failures into error
// records. The parameters are in the generated half of each class; here they are
// read by name from what was bound.

using System.DirectoryServices.Protocols;
using System.Management.Automation;
using System.Security;

namespace Microsoft.ActiveDirectory.Management.Commands;

public abstract class ADCmdlet : PSCmdlet
{
    private protected Session Session => field ??=
        Session.Open(Bound<string>("Server"), Bound<PSCredential>("Credential"));

    private protected string Under => Bound<string>("Partition") is { Length: > 0 } partition ? partition : Session.BaseDn;

    private protected bool Has(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    private protected T? Bound<T>(string parameter) =>
        MyInvocation.BoundParameters.TryGetValue(parameter, out object? value) && LdapValue.Plain(value) is T typed ? typed : default;

    private protected bool Switch(string parameter) => Bound<SwitchParameter>(parameter).IsPresent;

    private protected void RequireNone(params string[] parameters)
    {
        foreach (string name in parameters)
            if (Has(name))
                throw Failure.NotInLab($"{MyInvocation.MyCommand.Name} -{name}");
    }

    // What runs before the input, and for each object of it.
    private protected virtual void Begin()
    {
    }

    private protected virtual void Process()
    {
    }

    protected sealed override void BeginProcessing() => Guard(Begin);

    protected sealed override void ProcessRecord() => Guard(Process);

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is ADException or ADFilterParsingException or ArgumentException or NotSupportedException
            or UnauthorizedAccessException or System.Security.Authentication.AuthenticationException)
        {
            ThrowTerminatingError(new ErrorRecord(e, ServerErrors.IdOf(e), ServerErrors.CategoryOf(e), ErrorTarget(e)));
        }
    }

    // The object the caller named: errors show it, with its type.
    private protected virtual object? ErrorTarget(Exception failure) => Bound<object>("Identity");

    private protected Entry Resolve(ADEntity wanted, ObjectKind kind, params string[] attributes) =>
        Identity.Resolve(Session, wanted, kind, Under, attributes.Length == 0 ? ["1.1"] : attributes);
}

// A cmdlet about one existing object: -Identity, perhaps -PassThru.
public abstract class IdentityCmdlet : ADCmdlet
{
    private protected abstract ObjectKind Kind { get; }

    private protected ADObject Identified => Bound<ADObject>("Identity")!;

    private protected void PassObject(string dn)
    {
        if (!Switch("PassThru"))
            return;
        ADObject named = Kind.Make();
        named.Identity = dn;
        var selection = new Selection(Session, Kind, null);
        WriteObject(selection.Build(Identity.Resolve(Session, named, Kind, Under, selection.Attributes)));
    }

    // What protects an object is half of it the parent's.
    private protected void Protect(string dn, byte[] descriptor)
    {
        string parent = LdapText.Parent(dn);
        Replace(dn, DeletionGuard.Set(descriptor, true));
        if (Descriptor(parent) is byte[] above && !DeletionGuard.KeepsChildren(above))
            Replace(parent, DeletionGuard.KeepChildren(above));

        void Replace(string of, byte[] with) => Modify(of, [LdapValue.Modification("nTSecurityDescriptor",
            DirectoryAttributeOperation.Replace, [with])], DeletionGuard.DaclOnly());
    }

    private protected byte[]? Descriptor(string dn)
    {
        foreach (Entry entry in Session.Search(dn, SearchScope.Base, "(objectClass=*)", ["nTSecurityDescriptor"],
            controls: DeletionGuard.DaclOnly()))
            return entry.Bytes("nTSecurityDescriptor");
        return null;
    }

    private protected void Modify(string dn, IEnumerable<DirectoryAttributeModification> changes, params DirectoryControl[] controls)
    {
        var request = new ModifyRequest(dn, [.. changes]);
        request.Controls.AddRange(controls);
        Session.Write(request);
    }
}

internal static class Password
{
    // unicodePwd is the password in quotation marks, UTF-16. The bytes are cleared after use, as far as we hold them.
    internal static void Use(SecureString password, Action<byte[]> use)
    {
        byte[] quoted = new byte[2 * (password.Length + 2)];
        nint memory = System.Runtime.InteropServices.Marshal.SecureStringToGlobalAllocUnicode(password);
        try
        {
            quoted[0] = quoted[^2] = (byte)'"';
            System.Runtime.InteropServices.Marshal.Copy(memory, quoted, 2, 2 * password.Length);
            use(quoted);
        }
        finally
        {
            System.Runtime.InteropServices.Marshal.ZeroFreeGlobalAllocUnicode(memory);
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(quoted);
        }
    }

    internal static void Reset(Session session, string dn, SecureString password) =>
        Use(password, bytes => session.Write(new ModifyRequest(dn, DirectoryAttributeOperation.Replace, "unicodePwd", bytes)));

    internal static void Change(Session session, string dn, SecureString old, SecureString password) =>
        Use(old, before => Use(password, after => session.Write(new ModifyRequest(dn,
            LdapValue.Modification("unicodePwd", DirectoryAttributeOperation.Delete, [before]),
            LdapValue.Modification("unicodePwd", DirectoryAttributeOperation.Add, [after])))));
}
