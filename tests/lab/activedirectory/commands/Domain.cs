// SPDX-License-Identifier: Apache-2.0
//
// Get-ADDomain, -ADForest, -ADRootDSE, -ADDefaultDomainPasswordPolicy, -ADDomainController: the directory about itself.

using System.DirectoryServices.Protocols;
using System.Management.Automation;

namespace Microsoft.ActiveDirectory.Management.Commands;

public sealed partial class GetADRootDSE : ADCmdlet
{
    private protected override void Process()
    {
        RequireNone("Properties");
        Entry root = Session.RootDse;
        var made = new ADRootDSE();
        foreach (string name in (string[])["configurationNamingContext", "currentTime", "defaultNamingContext", "dnsHostName",
            "domainControllerFunctionality", "domainFunctionality", "dsServiceName", "forestFunctionality", "highestCommittedUSN",
            "isGlobalCatalogReady", "isSynchronized", "ldapServiceName", "rootDomainNamingContext", "schemaNamingContext",
            "serverName", "subschemaSubentry"])
            made.Load(name, Typed(root, name));
        foreach (string name in (string[])["namingContexts", "supportedCapabilities", "supportedControl", "supportedLDAPPolicies",
            "supportedLDAPVersion", "supportedSASLMechanisms"])
            made.Load(name, root.Texts(name).Cast<object>().ToArray());
        WriteObject(made);
    }

    private static object? Typed(Entry root, string name) => name switch
    {
        "currentTime" => root.Time(name),
        "highestCommittedUSN" => root.Long(name),
        "isGlobalCatalogReady" or "isSynchronized" => root.Text(name) == "TRUE",
        _ => root.Text(name),
    };
}

public abstract class DomainCmdlet : ADCmdlet
{
    // The lab is one domain: every accepted name of it, and no other.
    private protected void CheckDomain(string? name)
    {
        if (name is null)
            return;
        Entry root = Session.Read(Session.BaseDn, "objectSid", "objectGUID")!.Value;
        string dns = LdapText.DnsName(Session.BaseDn);
        string?[] known = [Session.BaseDn, dns, NetBiosName(), root.Sid("objectSid")?.Value, root.Guid("objectGUID")?.ToString()];
        if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
            throw Failure.IdentityNotFound(name, Session.BaseDn);
    }

    private protected string? NetBiosName()
    {
        foreach (Entry cross in Session.Search("CN=Partitions," + Session.RootDse.Text("configurationNamingContext"),
            SearchScope.OneLevel, $"(&(objectClass=crossRef)(nCName={LdapText.Escape(Session.BaseDn)}))", ["nETBIOSName"]))
            return cross.Text("nETBIOSName");
        return null;
    }

    private protected string Container(Entry domain, string guid) =>
        domain.Texts("wellKnownObjects").Select(w => w.Split(':', 4)).FirstOrDefault(w => w.Length == 4 && w[2] == guid)?[3] ?? "";

    // fSMORoleOwner names the settings object below the server's.
    private protected string? Owner(string dn) =>
        Session.Read(dn, "fSMORoleOwner")?.Text("fSMORoleOwner") is string settings
        && Session.Read(LdapText.Parent(settings), "dNSHostName") is Entry server ? server.Text("dNSHostName") : null;
}

public sealed partial class GetADDomain : DomainCmdlet
{
    private protected override void Process()
    {
        CheckDomain(Identity?.Identity ?? Identity?.DistinguishedName);
        string dn = Session.BaseDn;
        Entry domain = Session.Read(dn, "objectSid", "objectGUID", "wellKnownObjects", "gPLink", "managedBy", "subRefs",
            "msDS-LogonTimeSyncInterval", "objectClass", "name", "msDS-AllowedDNSSuffixes")!.Value;
        string forest = LdapText.DnsName(Session.RootDse.Text("rootDomainNamingContext")!);
        string configuration = Session.RootDse.Text("configurationNamingContext")!;
        object[] servers = Session.Search("CN=Sites," + configuration, SearchScope.Subtree, "(&(objectClass=server)(dNSHostName=*))",
            ["dNSHostName"]).Select(s => (object)s.Text("dNSHostName")!).ToArray();
        var made = new ADDomain();
        made.Load("AllowedDNSSuffixes", domain.Texts("msDS-AllowedDNSSuffixes").Cast<object>().ToArray());
        made.Load("ChildDomains", Array.Empty<object>());
        made.Load("ComputersContainer", Container(domain, "AA312825768811D1ADED00C04FD8D5CD"));
        made.Load("DeletedObjectsContainer", Container(domain, "18E2EA80684F11D2B9AA00C04F79F805"));
        made.Load("DistinguishedName", dn);
        made.Load("DNSRoot", LdapText.DnsName(dn));
        made.Load("DomainControllersContainer", Container(domain, "A361B2FFFFD211D1AA4B00C04FD7D83A"));
        made.Load("DomainMode", Session.RootDse.Int("domainFunctionality") is int level ? (ADDomainMode)level : ADDomainMode.UnknownDomain);
        made.Load("DomainSID", domain.Sid("objectSid"));
        made.Load("ForeignSecurityPrincipalsContainer", Container(domain, "22B70C67D56E4EFB91E9300FCA3DC1AA"));
        made.Load("Forest", forest);
        made.Load("InfrastructureMaster", Owner("CN=Infrastructure," + dn));
        made.Load("LastLogonReplicationInterval", domain.Int("msDS-LogonTimeSyncInterval"));
        made.Load("LinkedGroupPolicyObjects", PropertyTable.Links(domain.Text("gPLink")));
        made.Load("LostAndFoundContainer", Container(domain, "AB8153B7768811D1ADED00C04FD8D5CD"));
        made.Load("ManagedBy", domain.Text("managedBy"));
        made.Load("Name", domain.Text("name"));
        made.Load("NetBIOSName", NetBiosName());
        made.Load("ObjectClass", domain.Texts("objectClass").LastOrDefault());
        made.Load("ObjectGUID", domain.Guid("objectGUID"));
        made.Load("ParentDomain", null);
        made.Load("PDCEmulator", Owner(dn));
        made.Load("PublicKeyRequiredPasswordRolling", null);
        made.Load("QuotasContainer", Container(domain, "6227F0AF1FC2410D8E3BB10615BB5B0F"));
        made.Load("ReadOnlyReplicaDirectoryServers", Array.Empty<object>());
        made.Load("ReplicaDirectoryServers", servers);
        made.Load("RIDMaster", Owner("CN=RID Manager$,CN=System," + dn));
        made.Load("SubordinateReferences", domain.Texts("subRefs").Cast<object>().ToArray());
        made.Load("SystemsContainer", Container(domain, "AB1D30F3768811D1ADED00C04FD8D5CD"));
        made.Load("UsersContainer", Container(domain, "A9D1CA15768811D1ADED00C04FD8D5CD"));
        WriteObject(made);
    }
}

public sealed partial class GetADForest : DomainCmdlet
{
    private protected override void Process()
    {
        string root = Session.RootDse.Text("rootDomainNamingContext")!, name = LdapText.DnsName(root);
        string configuration = Session.RootDse.Text("configurationNamingContext")!, partitions = "CN=Partitions," + configuration;
        if (Identity is not null && !name.Equals(Identity.Identity ?? Identity.ToString(), StringComparison.OrdinalIgnoreCase))
            throw Failure.IdentityNotFound(Identity.Identity ?? Identity.ToString(), partitions);
        Entry container = Session.Read(partitions, "uPNSuffixes", "msDS-SPNSuffixes")!.Value;
        object[] catalogs = Session.Search("CN=Sites," + configuration, SearchScope.Subtree,
                "(&(objectClass=nTDSDSA)(options:1.2.840.113556.1.4.803:=1))", ["1.1"])
            .Select(s => (object)Session.Read(LdapText.Parent(s.Dn), "dNSHostName")!.Value.Text("dNSHostName")!).ToArray();
        var made = new ADForest();
        made.Load("ApplicationPartitions", Session.RootDse.Texts("namingContexts")
            .Where(n => n.Contains("DnsZones", StringComparison.OrdinalIgnoreCase)).Cast<object>().ToArray());
        made.Load("CrossForestReferences", Array.Empty<object>());
        made.Load("DomainNamingMaster", Owner(partitions));
        made.Load("Domains", new object[] { name });
        made.Load("ForestMode", Session.RootDse.Int("forestFunctionality") is int level ? (ADForestMode)level : ADForestMode.UnknownForest);
        made.Load("GlobalCatalogs", catalogs);
        made.Load("Name", name);
        made.Load("PartitionsContainer", partitions);
        made.Load("RootDomain", name);
        made.Load("SchemaMaster", Owner(Session.RootDse.Text("schemaNamingContext")!));
        made.Load("Sites", Session.Search("CN=Sites," + configuration, SearchScope.OneLevel, "(objectClass=site)", ["cn"])
            .Select(s => (object)s.Text("cn")!).ToArray());
        made.Load("SPNSuffixes", container.Texts("msDS-SPNSuffixes").Cast<object>().ToArray());
        made.Load("UPNSuffixes", container.Texts("uPNSuffixes").Cast<object>().ToArray());
        WriteObject(made);
    }
}

public sealed partial class GetADDefaultDomainPasswordPolicy : DomainCmdlet
{
    private protected override void Process()
    {
        CheckDomain(Identity?.Identity ?? Identity?.Read<string>("DistinguishedName"));
        Entry domain = Session.Read(Session.BaseDn, "pwdProperties", "lockoutDuration", "lockOutObservationWindow",
            "lockoutThreshold", "maxPwdAge", "minPwdAge", "minPwdLength", "pwdHistoryLength", "objectClass", "objectGUID")!.Value;
        int properties = domain.Int("pwdProperties") ?? 0;
        var made = new ADDefaultDomainPasswordPolicy();
        made.Load("ComplexityEnabled", (properties & 1) != 0);
        made.Load("DistinguishedName", Session.BaseDn);
        made.Load("LockoutDuration", domain.Interval("lockoutDuration"));
        made.Load("LockoutObservationWindow", domain.Interval("lockOutObservationWindow"));
        made.Load("LockoutThreshold", domain.Int("lockoutThreshold"));
        made.Load("MaxPasswordAge", domain.Interval("maxPwdAge"));
        made.Load("MinPasswordAge", domain.Interval("minPwdAge"));
        made.Load("MinPasswordLength", domain.Int("minPwdLength"));
        made.Load("objectClass", domain.Texts("objectClass").Cast<object>().ToArray());
        made.Load("objectGuid", domain.Guid("objectGUID"));
        made.Load("PasswordHistoryCount", domain.Int("pwdHistoryLength"));
        made.Load("ReversibleEncryptionEnabled", (properties & 16) != 0);
        WriteObject(made);
    }
}

public sealed partial class GetADDomainController : DomainCmdlet
{
    private protected override void Process()
    {
        RequireNone("SiteName", "AvoidSelf", "NextClosestSite", "MinimumDirectoryServiceVersion");
        if (Filter is not null && Filter != "*")
            throw Failure.NotInLab("Get-ADDomainController -Filter other than *");
        if (Discover)
            CheckDomain(DomainName);
        bool found = false;
        foreach (Entry account in Session.Search("OU=Domain Controllers," + Session.BaseDn, SearchScope.OneLevel,
            "(&(objectClass=computer)(userAccountControl:1.2.840.113556.1.4.803:=8192))",
            ["cn", "dNSHostName", "operatingSystem", "operatingSystemVersion", "userAccountControl", "objectGUID"]))
        {
            ADDomainController made = Describe(account);
            if (Identity is not null && !Matches(Identity, made) || !Serves(made))
                continue;
            found = true;
            WriteObject(made);
            if (Filter is null)
                return; // one is what -Discover and no parameter at all ask for
        }
        if (!found && Identity is not null)
            throw Failure.IdentityNotFound(Identity.Identity ?? Identity.ToString(), Session.BaseDn);
    }

    private static bool Matches(ADDomainController wanted, ADDomainController made) =>
        new[] { "Name", "HostName", "ComputerObjectDN", "ServerObjectDN", "IPv4Address" }.Any(property =>
            string.Equals(made.Read<string>(property), wanted.Read<string>("Name") ?? wanted.Identity, StringComparison.OrdinalIgnoreCase));

    // One of the lab's controllers does all that a service name asks for, except what one alone does.
    private bool Serves(ADDomainController made) =>
        Bound<ADDiscoverableService[]>("Service")?.Contains(ADDiscoverableService.PrimaryDC) is not true
        || made.Read<ADPropertyValueCollection>("OperationMasterRoles")!.Contains(ADOperationMasterRole.PDCEmulator);

    private ADDomainController Describe(Entry account)
    {
        string configuration = Session.RootDse.Text("configurationNamingContext")!;
        string host = account.Text("dNSHostName") ?? "", dns = LdapText.DnsName(Session.BaseDn);
        Entry? server = null;
        foreach (Entry found in Session.Search("CN=Sites," + configuration, SearchScope.Subtree,
            $"(&(objectClass=server)(dNSHostName={LdapText.Escape(host)}))", ["objectGUID"]))
            server = found;
        string settings = "CN=NTDS Settings," + server?.Dn;
        Entry? ntds = server is null ? null : Session.Read(settings, "options", "invocationId");
        var made = new ADDomainController();
        made.Load("ComputerObjectDN", account.Dn);
        made.Load("DefaultPartition", Session.BaseDn);
        made.Load("Domain", dns);
        made.Load("Enabled", (account.Int("userAccountControl") & 2) == 0);
        made.Load("Forest", LdapText.DnsName(Session.RootDse.Text("rootDomainNamingContext")!));
        made.Load("HostName", host);
        made.Load("InvocationId", ntds?.Guid("invocationId"));
        made.Load("IPv4Address", (LabEnvironment.Find(host) ?? LabEnvironment.Url).Host);
        made.Load("IPv6Address", null);
        made.Load("IsGlobalCatalog", (ntds?.Int("options") & 1) == 1);
        made.Load("IsReadOnly", false);
        made.Load("LdapPort", 389);
        made.Load("Name", account.Text("cn"));
        made.Load("NTDSSettingsObjectDN", settings);
        made.Load("OperatingSystem", account.Text("operatingSystem"));
        made.Load("OperatingSystemHotfix", null);
        made.Load("OperatingSystemServicePack", null);
        made.Load("OperatingSystemVersion", account.Text("operatingSystemVersion"));
        made.Load("OperationMasterRoles", Roles(host));
        made.Load("Partitions", Session.RootDse.Texts("namingContexts").Cast<object>().ToArray());
        made.Load("ServerObjectDN", server?.Dn);
        made.Load("ServerObjectGuid", server?.Guid("objectGUID"));
        made.Load("Site", server is null ? null : LdapText.Rdn(LdapText.Parent(LdapText.Parent(server.Value.Dn)))[3..]);
        made.Load("SslPort", 636);
        return made;
    }

    private object[] Roles(string host)
    {
        string configuration = Session.RootDse.Text("configurationNamingContext")!;
        (ADOperationMasterRole Role, string Dn)[] roles =
        [
            (ADOperationMasterRole.SchemaMaster, Session.RootDse.Text("schemaNamingContext")!),
            (ADOperationMasterRole.DomainNamingMaster, "CN=Partitions," + configuration),
            (ADOperationMasterRole.PDCEmulator, Session.BaseDn),
            (ADOperationMasterRole.RIDMaster, "CN=RID Manager$,CN=System," + Session.BaseDn),
            (ADOperationMasterRole.InfrastructureMaster, "CN=Infrastructure," + Session.BaseDn),
        ];
        return roles.Where(r => string.Equals(Owner(r.Dn), host, StringComparison.OrdinalIgnoreCase))
            .Select(r => (object)r.Role).ToArray();
    }
}
