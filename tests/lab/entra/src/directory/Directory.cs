// SPDX-License-Identifier: Apache-2.0
// The tenant's objects in memory: found by id, name or index, linked, changed and removed. Knows no HTTP and no rules.
using Microsoft.OData.Edm;

namespace Causeway.Lab.Entra;

/* Not thread safe: every caller holds the tenant's lock. */
sealed class Directory(Clock clock)
{
    static readonly string[] indexed =
    [
        "userPrincipalName", "mail", "displayName", "employeeId", "mailNickname", "onPremisesImmutableId",
        "onPremisesSecurityIdentifier",
    ];

    readonly Dictionary<string, Entity> byId = new(StringComparer.OrdinalIgnoreCase);
    readonly Dictionary<string, Roster> rosters = new[] { Model.User, Model.Group, Model.Organization, Model.SubscribedSku }
        .ToDictionary(t => t.Name, _ => new Roster());
    readonly Dictionary<string, Dictionary<string, Index>> indexes = new[] { Model.User, Model.Group }
        .ToDictionary(t => t.Name, _ => indexed.ToDictionary(p => p, _ => new Index()));
    long sequence;

    /* How long a new object stays unseen and a change stays unread; zero for a consistent directory. */
    public TimeSpan CreateDelay { get; set; }
    public TimeSpan UpdateDelay { get; set; }

    public Entity Add(IEdmEntityType type, Record properties, string? id = null)
    {
        id ??= Guid.NewGuid().ToString();
        properties.Trim();
        var entity = new Entity(id, type, properties) { Sequence = ++sequence };
        if (CreateDelay > TimeSpan.Zero)
            entity.VisibleFrom = (clock.Now + CreateDelay).UtcTicks;
        byId.Add(id, entity);
        rosters[type.Name].Add(entity);
        foreach (var (property, index) in IndexesOf(type))
            if (properties.Text(property) is { Length: > 0 } key)
                index.Add(key, entity);
        return entity;
    }

    public void Update(Entity entity, IEnumerable<KeyValuePair<string, object?>> changes)
    {
        if (UpdateDelay > TimeSpan.Zero)
        {
            long now = clock.Now.UtcTicks;
            entity.Stale = entity.View(now).Copy();
            entity.StaleUntil = now + UpdateDelay.Ticks;
        }
        else
            entity.Stale = null;
        var of = indexes.GetValueOrDefault(entity.Type.Name);
        foreach (var (name, value) in changes)
        {
            if (of != null && of.TryGetValue(name, out var index))
            {
                if (entity.Properties.Text(name) is { Length: > 0 } old)
                    index.Remove(old, entity);
                if (value is string { Length: > 0 } key)
                    index.Add(key, entity);
            }
            entity.Properties[name] = value;
        }
    }

    public void Remove(Entity entity)
    {
        foreach (var group in entity.MemberOf.All)
            group.Members.Remove(entity);
        foreach (var member in entity.Members.All)
            member.MemberOf.Remove(entity);
        foreach (var owned in entity.Owned.All)
            owned.Owners.Remove(entity);
        foreach (var owner in entity.Owners.All)
            owner.Owned.Remove(entity);
        foreach (var report in entity.Reports.All)
            report.Manager = null;
        entity.Manager?.Reports.Remove(entity);
        foreach (var (property, index) in IndexesOf(entity.Type))
            if (entity.Properties.Text(property) is { Length: > 0 } key)
                index.Remove(key, entity);
        rosters[entity.Type.Name].Remove(entity);
        byId.Remove(entity.Id);
    }

    public Entity? Find(string id) => byId.GetValueOrDefault(id) is { } e && Visible(e) ? e : null;

    public bool Visible(Entity entity) => entity.VisibleFrom == 0 || clock.Now.UtcTicks >= entity.VisibleFrom;

    /* Users answer to their id and to their userPrincipalName. */
    public Entity? FindUser(string key) =>
        Find(key) is { IsUser: true } user ? user : Lookup(Model.User, "userPrincipalName", key).FirstOrDefault(Visible);

    public IEnumerable<Entity> Lookup(IEdmEntityType type, string property, string key) =>
        indexes[type.Name][property].Find(key);

    public bool HasIndex(IEdmEntityType type, string property) =>
        indexes.TryGetValue(type.Name, out var of) && of.ContainsKey(property);

    public Roster Roster(IEdmEntityType type) => rosters[type.Name];

    public void SetManager(Entity user, Entity? manager)
    {
        user.Manager?.Reports.Remove(user);
        user.Manager = manager;
        manager?.Reports.Add(user);
    }

    public static bool AddMember(Entity group, Entity member) => group.Members.Add(member) && member.MemberOf.Add(group);

    public static bool RemoveMember(Entity group, Entity member) =>
        group.Members.Remove(member) && member.MemberOf.Remove(group);

    public static bool AddOwner(Entity group, Entity owner) => group.Owners.Add(owner) && owner.Owned.Add(group);

    public static bool RemoveOwner(Entity group, Entity owner) => group.Owners.Remove(owner) && owner.Owned.Remove(group);

    /* Groups above an object or members below a group, each once, nearest first, circles allowed. */
    public static IEnumerable<Entity> Transitive(Entity start, Func<Entity, IEnumerable<Entity>> step)
    {
        var seen = new HashSet<Entity> { start };
        var queue = new Queue<Entity>([start]);
        while (queue.TryDequeue(out var at))
            foreach (var next in step(at))
                if (seen.Add(next))
                {
                    queue.Enqueue(next);
                    yield return next;
                }
    }

    IEnumerable<KeyValuePair<string, Index>> IndexesOf(IEdmEntityType type) =>
        indexes.TryGetValue(type.Name, out var of) ? of : [];
}
