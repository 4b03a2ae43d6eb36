// SPDX-License-Identifier: Apache-2.0
//
// Enable, disable, unlock, passwords, expiry, and the search for accounts in such states.

using System.DirectoryServices.Protocols;
using System.Globalization;
using System.Management.Automation;

namespace Microsoft.ActiveDirectory.Management.Commands;

public abstract class AccountCmdlet : IdentityCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Account;

    private protected abstract void Change(Changes changes);

    private protected override void Process()
    {
        Entry current = Resolve(Identified, Kind, "userAccountControl");
        var changes = new Changes(Session);
        Change(changes);
        changes.Settle(current);
        if (!ShouldProcess(current.Dn, "Set"))
            return;
        if (changes.List.Count > 0)
            Modify(current.Dn, changes.List);
        PassObject(current.Dn);
    }
}

public sealed partial class EnableADAccount : AccountCmdlet
{
    private protected override void Change(Changes changes) => changes.Flag(0x2, false);
}

public sealed partial class DisableADAccount : AccountCmdlet
{
    private protected override void Change(Changes changes) => changes.Flag(0x2, true);
}

public sealed partial class SetADAccountControl : AccountCmdlet
{
    // Its parameters are properties of the same names.
    private protected override void Change(Changes changes) =>
        Assignments.ApplyParameters(changes, Kind, MyInvocation.BoundParameters);
}

public sealed partial class UnlockADAccount : AccountCmdlet
{
    private protected override void Change(Changes changes) => changes.Replace("lockoutTime", "0");
}

public sealed partial class ClearADAccountExpiration : AccountCmdlet
{
    private protected override void Change(Changes changes) => changes.Replace("accountExpires", LdapValue.Expiry(null));
}

public sealed partial class SetADAccountExpiration : AccountCmdlet
{
    private protected override void Change(Changes changes)
    {
        if (DateTime is null == TimeSpan is null)
            throw new ArgumentException("One of the parameters DateTime and TimeSpan is required.");
        changes.Replace("accountExpires", LdapValue.Expiry(DateTime ?? System.DateTime.Now + TimeSpan!.Value));
    }
}

public sealed partial class SetADAccountPassword : IdentityCmdlet
{
    private protected override ObjectKind Kind => ObjectKind.Account;

    private protected override void Process()
    {
        string dn = Resolve(Identified, Kind).Dn;
        // The real module asks for what is missing; here nobody can answer.
        if (NewPassword is null)
            throw new ArgumentException("The parameter NewPassword is required.");
        if (!Reset && OldPassword is null)
            throw new ArgumentException("The parameter OldPassword is required where Reset is not given.");
        if (!ShouldProcess(dn, "Set-ADAccountPassword"))
            return;
        if (Reset)
            Password.Reset(Session, dn, NewPassword);
        else
            Password.Change(Session, dn, OldPassword!, NewPassword);
        PassObject(dn);
    }
}

public sealed partial class SearchADAccount : ADCmdlet
{
    private static readonly Property[] Shown = Array.ConvertAll(
        ["AccountExpirationDate", "DistinguishedName", "Enabled", "LastLogonDate", "LockedOut", "Name", "ObjectClass", "ObjectGUID",
            "PasswordExpired", "PasswordNeverExpires", "SamAccountName", "SID", "UserPrincipalName"],
        name => ObjectKind.Account.Find(name)!);

    private static readonly TimeSpan ExpiringDefault = System.TimeSpan.FromDays(10), InactiveDefault = System.TimeSpan.FromDays(15);

    private protected override void Begin()
    {
        string filter = State();
        string kind = UsersOnly ? ObjectKind.User.Filter : ComputersOnly ? ObjectKind.Computer.Filter : ObjectKind.Account.Filter;
        var selection = new Selection(Session, ObjectKind.Account, null, Shown);
        int left = ResultSetSize ?? int.MaxValue;
        foreach (Entry entry in Session.Search(SearchBase ?? Session.BaseDn, (SearchScope)(SearchScope ?? ADSearchScope.Subtree),
            $"(&{filter}{kind})", selection.Attributes, ResultPageSize ?? 256))
        {
            ADObject account = selection.Build(entry);
            // Lock-outs and passwords run out by the clock, which only the computed values know.
            if ((LockedOut && account.Read("LockedOut") is not true) || (PasswordExpired && account.Read("PasswordExpired") is not true))
                continue;
            WriteObject(account);
            if (--left == 0)
                return;
        }
    }

    private string State()
    {
        DateTime now = System.DateTime.Now;
        return ParameterSetName switch
        {
            "AccountDisabled" => "(userAccountControl:1.2.840.113556.1.4.803:=2)",
            "PasswordNeverExpires" => "(userAccountControl:1.2.840.113556.1.4.803:=65536)",
            "LockedOut" => "(lockoutTime>=1)",
            "PasswordExpired" => "(!(userAccountControl:1.2.840.113556.1.4.803:=65536))",
            "AccountExpired" => $"(accountExpires>=1)(accountExpires<={Ticks(now)})",
            "AccountExpiring" => $"(accountExpires>={Ticks(now)})(accountExpires<={Ticks(DateTime ?? now + (TimeSpan ?? ExpiringDefault))})",
            _ => $"(|(lastLogonTimestamp<={Ticks(DateTime ?? now - (TimeSpan ?? InactiveDefault))})(!(lastLogonTimestamp=*)))",
        };
    }

    private static string Ticks(DateTime date) => date.ToFileTime().ToString(CultureInfo.InvariantCulture);
}
