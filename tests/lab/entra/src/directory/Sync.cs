// SPDX-License-Identifier: Apache-2.0
// What a directory synchronisation writes: users and groups by immutable id, marked as mastered on-premises.
using System.Text.Json;
using Microsoft.OData.Edm;

namespace Causeway.Lab.Entra;

sealed record SyncResult(int Added, int Updated, int Unchanged, int Deleted, IReadOnlyList<SyncError> Errors);

/* An object that the cloud would not take; the others of the batch are written all the same. */
sealed record SyncError(string OnPremisesImmutableId, string Code, string Message);

sealed class Sync(Tenant tenant)
{
    readonly Directory directory = tenant.Directory;
    readonly DateTimeOffset now = tenant.Clock.Now;
    readonly List<SyncError> errors = [];
    int added, updated, unchanged, deleted;

    /* {"users":[{..., "onPremisesImmutableId", "managerImmutableId"?}],
        "groups":[{..., "onPremisesImmutableId", "memberImmutableIds":[]}], "deletedImmutableIds":[]} */
    public SyncResult Apply(JsonElement body)
    {
        var fields = new Fields(body, "users", "groups", "deletedImmutableIds");
        var users = fields.Items("users").Select((u, i) => Read(u, Model.User, $"users[{i}]")).ToList();
        var groups = fields.Items("groups").Select((g, i) => Read(g, Model.Group, $"groups[{i}]")).ToList();
        var gone = fields.Items("deletedImmutableIds").Select(d => d.ToString()).ToList();

        foreach (string id in gone)
            if (Find(id) is { } entity)
            {
                Licenses.Release(tenant, entity);
                directory.Remove(entity);
                deleted++;
            }
        var entities = users.Concat(groups).Select(o => (Object: o, Entity: Upsert(o))).ToList();
        foreach (var (o, entity) in entities)
            if (entity != null)
                Link(o, entity);
        directory.Update(tenant.Organization, [new("onPremisesSyncEnabled", true), new("onPremisesLastSyncDateTime", now)]);
        return new SyncResult(added, updated, unchanged, deleted, errors);
    }

    sealed record Incoming(IEdmEntityType Type, string ImmutableId, List<KeyValuePair<string, object?>> Properties,
        List<string>? Members, bool HasManager, string? Manager);

    static Incoming Read(JsonElement json, IEdmEntityType type, string where)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new AdminException($"{where}: an object expected");
        var properties = new List<KeyValuePair<string, object?>>();
        List<string>? members = null;
        string? immutable = null, manager = null;
        bool hasManager = false;
        foreach (var member in json.EnumerateObject())
            switch (member.Name)
            {
                case "onPremisesImmutableId":
                    immutable = member.Value.GetString();
                    break;
                case "passwordProfile":
                    throw new AdminException($"{where}: passwords are not synchronised this way");
                case "memberImmutableIds" when type == Model.Group:
                    members = [.. member.Value.EnumerateArray().Select(m => m.ToString())];
                    break;
                case "managerImmutableId" when type == Model.User:
                    (hasManager, manager) = (true, member.Value.GetString());
                    break;
                default:
                    properties.Add(Property(member, type, where));
                    break;
            }
        return string.IsNullOrEmpty(immutable)
            ? throw new AdminException($"{where}: onPremisesImmutableId is missing")
            : new Incoming(type, immutable, properties, members, hasManager, manager);
    }

    static KeyValuePair<string, object?> Property(JsonProperty member, IEdmEntityType type, string where)
    {
        try
        {
            string alone = $"{{{JsonSerializer.Serialize(member.Name)}:{member.Value.GetRawText()}}}";
            return Rules.Read(JsonDocument.Parse(alone).RootElement, type).Single();
        }
        catch (GraphException e)
        {
            throw new AdminException($"{where}: {e.Message}");
        }
    }

    Entity? Upsert(Incoming incoming)
    {
        var entity = Find(incoming.ImmutableId) ?? SoftMatch(incoming);
        if (NameOf(incoming) is { } upn && directory.Lookup(Model.User, "userPrincipalName", upn).Any(other => other != entity))
        {
            errors.Add(new(incoming.ImmutableId, "AttributeValueMustBeUnique",
                $"Unable to update this object because userPrincipalName '{upn}' is already in use by another object."));
            return null;
        }
        var wanted = new List<KeyValuePair<string, object?>>(incoming.Properties) { new("onPremisesSyncEnabled", true) };
        if (incoming.Type == Model.User)
            wanted.Add(new("onPremisesImmutableId", incoming.ImmutableId));
        if (entity == null)
        {
            var record = new Record();
            foreach (var (name, value) in Defaults(incoming.Type).Concat(wanted))
                record[name] = value;
            record["onPremisesLastSyncDateTime"] = now;
            entity = directory.Add(incoming.Type, record);
            anchors[incoming.ImmutableId] = entity;
            added++;
            return entity;
        }
        var changed = wanted.Where(w => !Values.Same(entity.Properties[w.Key], w.Value)).ToList();
        if (changed.Count > 0)
            updated++;
        else
            unchanged++;
        changed.Add(new("onPremisesLastSyncDateTime", now));
        directory.Update(entity, changed);
        anchors[incoming.ImmutableId] = entity;
        return entity;
    }

    /* A cloud user with the same name becomes the synced one, as Entra Connect's soft match does. */
    Entity? SoftMatch(Incoming incoming)
    {
        if (incoming.Type != Model.User)
            return null;
        return NameOf(incoming) is not { } upn ? null : directory.Lookup(Model.User, "userPrincipalName", upn)
            .FirstOrDefault(u => u.Properties.Text("onPremisesImmutableId") is null or "");
    }

    static string? NameOf(Incoming incoming) =>
        incoming.Properties.FirstOrDefault(p => p.Key == "userPrincipalName").Value as string;

    void Link(Incoming incoming, Entity entity)
    {
        if (incoming.HasManager)
            directory.SetManager(entity, incoming.Manager == null ? null : Find(incoming.Manager));
        if (incoming.Members == null)
            return;
        var wanted = incoming.Members.Select(Find).OfType<Entity>().ToHashSet();
        foreach (var old in entity.Members.All.Where(m => !wanted.Contains(m)).ToList())
            Directory.RemoveMember(entity, old);
        foreach (var member in wanted)
            Directory.AddMember(entity, member);
    }

    IEnumerable<KeyValuePair<string, object?>> Defaults(IEdmEntityType type) => type == Model.User
        ?
        [
            new("accountEnabled", true), new("businessPhones", new List<object?>()), new("proxyAddresses", new List<object?>()),
            new("userType", "Member"), new("createdDateTime", now),
        ]
        :
        [
            new("groupTypes", new List<object?>()), new("mailEnabled", false), new("securityEnabled", true),
            new("proxyAddresses", new List<object?>()), new("createdDateTime", now), new("renewedDateTime", now),
        ];

    /* Groups have no immutable id in Graph, so the tenant remembers who came from which on-premises object. */
    readonly Dictionary<string, Entity> anchors = tenant.SyncAnchors;

    Entity? Find(string immutableId)
    {
        if (!anchors.TryGetValue(immutableId, out var entity))
            return directory.Lookup(Model.User, "onPremisesImmutableId", immutableId).FirstOrDefault();
        if (directory.Find(entity.Id) == entity)
            return entity;
        anchors.Remove(immutableId);
        return null;
    }
}
