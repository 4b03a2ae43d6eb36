// SPDX-License-Identifier: Apache-2.0
//
// The object types, in the real module's inheritance: type names travel over
// remoting, and parameters are declared with them.

using System.Security.Principal;

namespace Microsoft.ActiveDirectory.Management;

public class ADRootDSE : ADEntity;

public class ADObject : ADEntity
{
    public ADObject()
    {
    }

    public ADObject(string identity) : base(identity)
    {
    }

    public ADObject(Guid guid) : base(guid.ToString())
    {
    }

    public string? DistinguishedName
    {
        get => Read<string>(nameof(DistinguishedName));
        set => Write(nameof(DistinguishedName), value);
    }

    public string? Name => Read<string>(nameof(Name));
    public string? ObjectClass => Read<string>(nameof(ObjectClass));
    public Guid? ObjectGUID => Read(nameof(ObjectGUID)) as Guid?;
}

public class ADPrincipal : ADObject
{
    public ADPrincipal()
    {
    }

    public ADPrincipal(string identity) : base(identity)
    {
    }

    public ADPrincipal(Guid guid) : base(guid)
    {
    }

    public ADPrincipal(SecurityIdentifier sid) : base(sid.Value)
    {
    }

    // Every principal may stand where another kind is asked for, as -Members and -Manager need it.
    public ADPrincipal(ADObject other) : base(other.DistinguishedName ?? other.Identity ?? "")
    {
    }

    public string? SamAccountName
    {
        get => Read<string>(nameof(SamAccountName));
        set => Write(nameof(SamAccountName), value);
    }

    public SecurityIdentifier? SID => Read<SecurityIdentifier>(nameof(SID));
}

public class ADAccount : ADPrincipal
{
    public ADAccount()
    {
    }

    public ADAccount(string identity) : base(identity)
    {
    }

    public ADAccount(Guid guid) : base(guid)
    {
    }

    public ADAccount(SecurityIdentifier sid) : base(sid)
    {
    }

    public ADAccount(ADObject other) : base(other)
    {
    }

    public bool? Enabled
    {
        get => Read(nameof(Enabled)) as bool?;
        set => Write(nameof(Enabled), value);
    }

    public string? UserPrincipalName
    {
        get => Read<string>(nameof(UserPrincipalName));
        set => Write(nameof(UserPrincipalName), value);
    }
}

public class ADUser : ADAccount
{
    public ADUser()
    {
    }

    public ADUser(string identity) : base(identity)
    {
    }

    public ADUser(Guid guid) : base(guid)
    {
    }

    public ADUser(SecurityIdentifier sid) : base(sid)
    {
    }

    public ADUser(ADObject other) : base(other)
    {
    }

    public string? GivenName
    {
        get => Read<string>(nameof(GivenName));
        set => Write(nameof(GivenName), value);
    }

    public string? Surname
    {
        get => Read<string>(nameof(Surname));
        set => Write(nameof(Surname), value);
    }
}

public class ADComputer : ADAccount
{
    public ADComputer()
    {
    }

    public ADComputer(string identity) : base(identity)
    {
    }

    public ADComputer(Guid guid) : base(guid)
    {
    }

    public ADComputer(SecurityIdentifier sid) : base(sid)
    {
    }

    public ADComputer(ADObject other) : base(other)
    {
    }

    public string? DNSHostName
    {
        get => Read<string>(nameof(DNSHostName));
        set => Write(nameof(DNSHostName), value);
    }
}

public class ADGroup : ADPrincipal
{
    public ADGroup()
    {
    }

    public ADGroup(string identity) : base(identity)
    {
    }

    public ADGroup(Guid guid) : base(guid)
    {
    }

    public ADGroup(SecurityIdentifier sid) : base(sid)
    {
    }

    public ADGroup(ADObject other) : base(other)
    {
    }

    public ADGroupCategory? GroupCategory
    {
        get => Read(nameof(GroupCategory)) as ADGroupCategory?;
        set => Write(nameof(GroupCategory), value);
    }

    public ADGroupScope? GroupScope
    {
        get => Read(nameof(GroupScope)) as ADGroupScope?;
        set => Write(nameof(GroupScope), value);
    }
}

public class ADOrganizationalUnit : ADObject
{
    public ADOrganizationalUnit()
    {
    }

    public ADOrganizationalUnit(string identity) : base(identity)
    {
    }

    public ADOrganizationalUnit(Guid guid) : base(guid)
    {
    }

    public string? City
    {
        get => Read<string>(nameof(City));
        set => Write(nameof(City), value);
    }

    public string? Country
    {
        get => Read<string>(nameof(Country));
        set => Write(nameof(Country), value);
    }

    public string? ManagedBy
    {
        get => Read<string>(nameof(ManagedBy));
        set => Write(nameof(ManagedBy), value);
    }

    public string? PostalCode
    {
        get => Read<string>(nameof(PostalCode));
        set => Write(nameof(PostalCode), value);
    }

    public string? State
    {
        get => Read<string>(nameof(State));
        set => Write(nameof(State), value);
    }

    public string? StreetAddress
    {
        get => Read<string>(nameof(StreetAddress));
        set => Write(nameof(StreetAddress), value);
    }
}

public class ADPartition : ADObject
{
    public ADPartition()
    {
    }

    public ADPartition(string identity) : base(identity)
    {
    }
}

public class ADDomain : ADPartition
{
    public ADDomain()
    {
    }

    public ADDomain(string identity) : base(identity)
    {
    }
}

public class ADForest : ADEntity
{
    public ADForest()
    {
    }

    public ADForest(string identity) : base(identity)
    {
    }

    public override string ToString() => Read<string>("Name") ?? base.ToString();
}

public class ADDefaultDomainPasswordPolicy : ADEntity
{
    public ADDefaultDomainPasswordPolicy()
    {
    }

    public ADDefaultDomainPasswordPolicy(string identity) : base(identity)
    {
    }
}

public class ADDirectoryServer : ADEntity
{
    public ADDirectoryServer()
    {
    }

    public ADDirectoryServer(string identity) : base(identity)
    {
    }

    public override string ToString() => Read<string>("Name") ?? base.ToString();
}

public class ADDomainController : ADDirectoryServer
{
    public ADDomainController()
    {
    }

    public ADDomainController(string identity) : base(identity)
    {
    }
}

public class ADAuthenticationPolicy(string identity) : ADObject(identity);

public class ADAuthenticationPolicySilo(string identity) : ADObject(identity);
