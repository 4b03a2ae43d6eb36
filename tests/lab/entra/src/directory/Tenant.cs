// SPDX-License-Identifier: Apache-2.0
// One tenant: its directory, its registered application and its switches, under one lock.
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.OData.Edm;

namespace Causeway.Lab.Entra;

sealed class Tenant
{
    public Tenant(string id, string clientId)
    {
        Id = id;
        Application = new Application(clientId);
        Directory = new Directory(Clock);
        Reset();
    }

    public string Id { get; }
    public Clock Clock { get; } = new();
    public Lock Gate { get; } = new();
    public Application Application { get; }
    public Directory Directory { get; private set; }
    public Throttle Throttle { get; } = new();
    public FaultPlan Faults { get; } = new();
    public RequestLog Log { get; } = new();
    public TimeSpan Latency { get; set; }
    /* Immutable id of an on-premises object to the object that sync made of it. */
    public Dictionary<string, Entity> SyncAnchors { get; } = new(StringComparer.Ordinal);

    public Entity Organization => Directory.Roster(Model.Organization).All.First();

    /* Back to an empty tenant; certificates and permissions stay. */
    public void Reset()
    {
        lock (Gate)
        {
            Directory = new Directory(Clock);
            var organization = new Record();
            foreach (var property in Model.Defaults(Model.Organization))
                if (property.Name != "id")
                    organization[property.Name] = property.Type.IsCollection()
                        ? new List<object?>() : null;
            organization["displayName"] = "Lab";
            organization["tenantType"] = "AAD";
            organization["countryLetterCode"] = "US";
            organization["createdDateTime"] = Clock.Now;
            Directory.Add(Model.Organization, organization, Id);
            AddDomain("lab.test", initial: true);
            SyncAnchors.Clear();
            Throttle.Reset();
            Faults.Clear();
            Log.Clear();
            Latency = TimeSpan.Zero;
        }
    }

    public void AddDomain(string name, bool initial = false)
    {
        var domains = (List<object?>)Organization.Properties["verifiedDomains"]!;
        if (domains.OfType<Record>().Any(d => string.Equals(d.Text("name"), name, StringComparison.OrdinalIgnoreCase)))
            return;
        domains.Add(new Record
        {
            ["capabilities"] = "Email, OfficeCommunicationsOnline", ["isDefault"] = initial, ["isInitial"] = initial,
            ["name"] = name, ["type"] = "Managed",
        });
    }

    public bool HasDomain(string name) => ((List<object?>)Organization.Properties["verifiedDomains"]!).OfType<Record>()
        .Any(d => string.Equals(d.Text("name"), name, StringComparison.OrdinalIgnoreCase));
}

/* The registered application: the certificates it may sign with and the permissions it was granted. */
sealed class Application(string clientId)
{
    public string ClientId => clientId;
    public ConcurrentDictionary<string, X509Certificate2> Certificates { get; } = new();
    public IReadOnlyList<string> Roles { get; set; } = DefaultRoles;

    public static readonly string[] DefaultRoles =
    [
        "User.ReadWrite.All", "User-PasswordProfile.ReadWrite.All",
        "User.EnableDisableAccount.All", "User.RevokeSessions.All", "Group.ReadWrite.All", "GroupMember.ReadWrite.All",
        "Directory.Read.All", "Organization.Read.All", "LicenseAssignment.ReadWrite.All",
    ];

    /* By the thumbprint that x5t#S256 carries. */
    public void Register(X509Certificate2 certificate) =>
        Certificates[Base64Url.Encode(certificate.GetCertHash(HashAlgorithmName.SHA256))] = certificate;
}
