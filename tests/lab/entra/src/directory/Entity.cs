// SPDX-License-Identifier: Apache-2.0
// One directory object: what it is, its properties and the objects it is linked to.
using Microsoft.OData.Edm;

namespace Causeway.Lab.Entra;

sealed class Entity(string id, IEdmEntityType type, Record properties)
{
    public string Id => id;
    public IEdmEntityType Type => type;
    public Record Properties { get; set; } = properties;

    /* Order of creation: what paging goes by. Given by the directory. */
    public long Sequence { get; set; }
    /* Eventual consistency: not found by anyone before this moment (UTC ticks). */
    public long VisibleFrom { get; set; }
    /* Eventual consistency: what readers see until StaleUntil (UTC ticks); null when there is nothing older. */
    public Record? Stale { get; set; }
    public long StaleUntil { get; set; }
    /* Null until a password was set here. */
    public PasswordHash? Password { get; set; }

    public Entity? Manager { get; set; }
    public Links Reports;
    public Links Members;
    public Links MemberOf;
    public Links Owners;
    public Links Owned;

    public bool IsUser => type == Model.User;
    public bool IsGroup => type == Model.Group;
    public bool Synced => Properties.Flag("onPremisesSyncEnabled");

    public object? this[string name] => name == "id" ? id : Properties[name];

    /* What a reader sees now. */
    public object? Read(string name, long nowTicks) =>
        name == "id" ? id : (Stale != null && nowTicks < StaleUntil ? Stale : Properties)[name];

    public Record View(long nowTicks) => Stale != null && nowTicks < StaleUntil ? Stale : Properties;
}

/* A set of objects that costs one pointer while it is empty. */
struct Links
{
    HashSet<Entity>? set;

    public readonly int Count => set?.Count ?? 0;
    public readonly bool Contains(Entity entity) => set?.Contains(entity) ?? false;
    public bool Add(Entity entity) => (set ??= []).Add(entity);
    public readonly bool Remove(Entity entity) => set?.Remove(entity) ?? false;
    public readonly IEnumerable<Entity> All => set ?? Enumerable.Empty<Entity>();
    public readonly IEnumerable<Entity> InOrder => set?.OrderBy(e => e.Sequence) ?? Enumerable.Empty<Entity>();
}
