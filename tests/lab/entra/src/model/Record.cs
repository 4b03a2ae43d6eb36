// SPDX-License-Identifier: Apache-2.0
// The properties of an object or of a complex value: a small list of name and value, in the order they were set.
using System.Collections;

namespace Causeway.Lab.Entra;

/* Lighter than a dictionary at the 10 to 30 properties that directory objects have, and kept a hundred thousand times. */
sealed class Record : IEnumerable<KeyValuePair<string, object?>>
{
    KeyValuePair<string, object?>[] items = [];
    int count;

    public object? this[string name]
    {
        get => IndexOf(name) is >= 0 and var i ? items[i].Value : null;
        set
        {
            int i = IndexOf(name);
            if (i < 0)
            {
                if (count == items.Length)
                    Array.Resize(ref items, Math.Max(4, count + count / 2));
                i = count++;
            }
            items[i] = new(string.Intern(name), value);
        }
    }

    public string? Text(string name) => this[name] as string;
    public bool Flag(string name) => this[name] is true;
    public bool Has(string name) => IndexOf(name) >= 0;
    public int Count => count;

    public void Trim() => Array.Resize(ref items, count);

    public Record Copy() => new() { items = items.AsSpan(0, count).ToArray(), count = count };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => items.Take(count).GetEnumerator();
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    int IndexOf(string name)
    {
        for (int i = 0; i < count; i++)
            if (items[i].Key == name)
                return i;
        return -1;
    }
}
