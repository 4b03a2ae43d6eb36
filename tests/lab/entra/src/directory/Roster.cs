// SPDX-License-Identifier: Apache-2.0
// All objects of one type in order of creation, so that a page can start after any of them; and the indexes beside it.
namespace Causeway.Lab.Entra;

sealed class Roster
{
    readonly List<Entity?> entities = [];
    int holes;

    public int Count => entities.Count - holes;

    public void Add(Entity entity) => entities.Add(entity);

    public void Remove(Entity entity)
    {
        int i = IndexAfter(entity.Sequence - 1);
        if (i == entities.Count || entities[i] != entity)
            return;
        entities[i] = null;
        if (++holes > 64 && holes > entities.Count / 2)
        {
            entities.RemoveAll(e => e == null);
            holes = 0;
        }
    }

    public IEnumerable<Entity> After(long sequence)
    {
        for (int i = IndexAfter(sequence); i < entities.Count; i++)
            if (entities[i] is { } entity)
                yield return entity;
    }

    public IEnumerable<Entity> All => After(long.MinValue);

    /* Where the first object with a greater sequence is; a hole is stepped over towards the front. */
    int IndexAfter(long sequence)
    {
        int low = 0, high = entities.Count;
        while (low < high)
        {
            int middle = (low + high) / 2, probe = middle;
            while (probe >= low && entities[probe] == null)
                probe--;
            if (probe >= low && entities[probe]!.Sequence > sequence)
                high = probe;
            else
                low = middle + 1;
        }
        return low;
    }
}

/* From a property's text, without regard to case, to the objects that have it. */
sealed class Index
{
    readonly Dictionary<string, object> entries = new(StringComparer.OrdinalIgnoreCase);

    public void Add(string key, Entity entity)
    {
        if (!entries.TryGetValue(key, out var held))
            entries[key] = entity;
        else if (held is List<Entity> list)
            list.Add(entity);
        else
            entries[key] = new List<Entity> { (Entity)held, entity };
    }

    public void Remove(string key, Entity entity)
    {
        if (!entries.TryGetValue(key, out var held))
            return;
        if (held is List<Entity> list && list.Remove(entity) && list.Count > 0)
            return;
        if (held == entity || held is List<Entity>)
            entries.Remove(key);
    }

    public IEnumerable<Entity> Find(string key) => entries.TryGetValue(key, out var held)
        ? held as IEnumerable<Entity> ?? [(Entity)held] : [];
}
