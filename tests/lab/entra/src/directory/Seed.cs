// SPDX-License-Identifier: Apache-2.0
// Fills the directory without Graph's checks: from a seed file or the admin endpoint, or with made-up users by number.
using System.Text.Json;
using Microsoft.OData.Edm;

namespace Causeway.Lab.Entra;

sealed record SeedResult(int Users, int Groups, int Skus);

sealed class Seed(Tenant tenant)
{
    static readonly string[] given = ["Ada", "Alan", "Barbara", "Claude", "Donald", "Edith", "Edsger", "Frances", "Grace", "Hedy"],
        family = ["Allen", "Clarke", "Dijkstra", "Hopper", "Knuth", "Lamarr", "Liskov", "Lovelace", "Shannon", "Turing"],
        departments = ["Engineering", "Finance", "Human Resources", "Legal", "Marketing", "Operations", "Research", "Sales"],
        titles = ["Analyst", "Architect", "Assistant", "Director", "Engineer", "Manager", "Specialist"],
        cities = ["Berlin", "Lisbon", "London", "Madrid", "Oslo", "Paris", "Rome", "Vienna"];

    /* {"domains":["lab.test"],"users":[{graph properties, "id"?, "password"?}],
        "groups":[{..., "members":["upn or id"],"owners":[]}],"skus":[{"skuPartNumber","enabled"}],"generateUsers":N} */
    public SeedResult Apply(JsonElement body)
    {
        var fields = new Fields(body, "domains", "users", "groups", "skus", "generateUsers");
        foreach (var domain in fields.Items("domains"))
            tenant.AddDomain(domain.ToString());
        int users = fields.Items("users").Select(AddUser).Count();
        int groups = fields.Items("groups").Select(AddGroup).Count();
        int skus = fields.Items("skus").Select(AddSku).Count();
        int generated = fields.Number("generateUsers", 0);
        for (int i = 0; i < generated; i++)
            Generate();
        Licenses.Recount(tenant);
        return new SeedResult(users + generated, groups, skus);
    }

    Entity AddUser(JsonElement json)
    {
        var (record, extra) = Read(json, Model.User, "id", "password");
        string upn = record.Text("userPrincipalName") ?? throw new AdminException("a user needs a userPrincipalName");
        if (tenant.Directory.Lookup(Model.User, "userPrincipalName", upn).Any())
            throw new AdminException($"there is a user '{upn}' already");
        record["displayName"] ??= upn.Split('@')[0];
        record["mailNickname"] ??= upn.Split('@')[0];
        if (!record.Has("accountEnabled"))
            record["accountEnabled"] = true;
        record["userType"] ??= "Member";
        record["businessPhones"] ??= new List<object?>();
        record["proxyAddresses"] ??= new List<object?>();
        record["createdDateTime"] ??= tenant.Clock.Now;
        var user = Add(Model.User, record, extra);
        if (extra.GetValueOrDefault("password").ValueKind == JsonValueKind.String)
            user.Password = new PasswordHash(extra["password"].GetString()!);
        return user;
    }

    Entity AddGroup(JsonElement json)
    {
        var (record, extra) = Read(json, Model.Group, "id", "members", "owners");
        if (record.Text("displayName") is not { } name)
            throw new AdminException("a group needs a displayName");
        record["mailNickname"] ??= name.Replace(" ", "").ToLowerInvariant();
        record["groupTypes"] ??= new List<object?>();
        record["proxyAddresses"] ??= new List<object?>();
        if (!record.Has("securityEnabled"))
            record["securityEnabled"] = true;
        if (!record.Has("mailEnabled"))
            record["mailEnabled"] = false;
        record["createdDateTime"] ??= tenant.Clock.Now;
        var group = Add(Model.Group, record, extra);
        foreach (var member in Named(extra, "members"))
            Directory.AddMember(group, member);
        foreach (var owner in Named(extra, "owners"))
            Directory.AddOwner(group, owner);
        return group;
    }

    Entity AddSku(JsonElement json)
    {
        var fields = new Fields(json, "skuPartNumber", "enabled");
        string part = fields.Text("skuPartNumber") ?? throw new AdminException("a SKU needs a skuPartNumber");
        var row = Model.Table("skus.tsv").FirstOrDefault(r => r[1] == part)
            ?? throw new AdminException($"skuPartNumber '{part}' is not in skus.tsv");
        var id = Guid.Parse(row[0]);
        var units = new Record
        {
            ["enabled"] = fields.Number("enabled", 25), ["suspended"] = 0, ["warning"] = 0, ["lockedOut"] = 0,
        };
        // A seed of a SKU that is there changes its seats, as a purchase does.
        if (tenant.Directory.Roster(Model.SubscribedSku).All.FirstOrDefault(s => Equals(s["skuId"], id)) is { } held)
        {
            tenant.Directory.Update(held, [new("prepaidUnits", units)]);
            return held;
        }
        return tenant.Directory.Add(Model.SubscribedSku, new Record
        {
            ["accountId"] = tenant.Id, ["accountName"] = "lab", ["appliesTo"] = "User", ["capabilityStatus"] = "Enabled",
            ["consumedUnits"] = 0, ["prepaidUnits"] = units, ["servicePlans"] = new List<object?>(), ["skuId"] = id,
            ["skuPartNumber"] = part, ["subscriptionIds"] = new List<object?>(),
        }, $"{tenant.Id}_{id}");
    }

    /* The n-th made-up user: the same on every run, so that tests may rely on it. */
    void Generate()
    {
        int n = tenant.Directory.Roster(Model.User).Count + 1;
        string first = given[n % given.Length], last = family[n / given.Length % family.Length];
        string nick = $"user{n:D6}", mail = nick + "@lab.test";
        tenant.Directory.Add(Model.User, new Record
        {
            ["userPrincipalName"] = mail, ["displayName"] = $"{first} {last} {n}", ["givenName"] = first, ["surname"] = last,
            ["mail"] = mail, ["mailNickname"] = nick, ["accountEnabled"] = n % 20 != 0, ["userType"] = "Member",
            ["department"] = departments[n % departments.Length], ["jobTitle"] = titles[n % titles.Length],
            ["city"] = cities[n % cities.Length], ["employeeId"] = n.ToString("D6"), ["usageLocation"] = "DE",
            ["businessPhones"] = new List<object?> { $"+49 30 {n:D6}" }, ["proxyAddresses"] = new List<object?> { "SMTP:" + mail },
            ["createdDateTime"] = DateTimeOffset.UnixEpoch.AddDays(18_000).AddMinutes(n),
        });
    }

    Entity Add(IEdmEntityType type, Record record, Dictionary<string, JsonElement> extra)
    {
        string? id = extra.TryGetValue("id", out var given) ? given.GetString() : null;
        if (id != null && (!Guid.TryParse(id, out _) || tenant.Directory.Find(id) != null))
            throw new AdminException($"id '{id}' is not a GUID or is taken");
        return tenant.Directory.Add(type, record, id);
    }

    IEnumerable<Entity> Named(Dictionary<string, JsonElement> extra, string name) => !extra.TryGetValue(name, out var list) ? []
        : list.EnumerateArray().Select(n => tenant.Directory.FindUser(n.ToString()) ?? tenant.Directory.Find(n.ToString())
            ?? throw new AdminException($"{name}: there is no '{n}'"));

    static (Record, Dictionary<string, JsonElement>) Read(JsonElement json, IEdmEntityType type, params string[] extra)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new AdminException($"a {type.Name} is an object");
        var record = new Record();
        var rest = new Dictionary<string, JsonElement>();
        try
        {
            foreach (var member in json.EnumerateObject())
                if (extra.Contains(member.Name))
                    rest[member.Name] = member.Value;
                else
                {
                    var property = Model.Property(type, member.Name)
                        ?? throw new AdminException($"a {type.Name} has no property '{member.Name}'");
                    if (property.Name == "passwordProfile")
                        throw new AdminException("passwordProfile: give \"password\" instead");
                    record[property.Name] = Values.Read(member.Value, property.Type, property.Name);
                }
        }
        catch (GraphException e)
        {
            throw new AdminException(e.Message);
        }
        return (record, rest);
    }
}
