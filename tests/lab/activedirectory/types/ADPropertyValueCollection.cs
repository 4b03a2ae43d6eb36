// SPDX-License-Identifier: Apache-2.0

using System.Collections;

namespace Microsoft.ActiveDirectory.Management;

// The values of one attribute. Changing them marks the attribute as modified,
// which is what -Instance writes.
public class ADPropertyValueCollection : CollectionBase
{
    private readonly Action? changed;

    public ADPropertyValueCollection()
    {
    }

    public ADPropertyValueCollection(object? value)
    {
        if (value is IEnumerable many and not string and not byte[])
            AddRange(many);
        else if (value is not null)
            InnerList.Add(value);
    }

    internal ADPropertyValueCollection(IEnumerable values, Action changed)
    {
        AddRange(values);
        this.changed = changed;
    }

    public object? Value
    {
        get => Count switch { 0 => null, 1 => this[0], _ => InnerList.ToArray() };
        set
        {
            InnerList.Clear();
            if (value is not null)
                InnerList.Add(value);
            changed?.Invoke();
        }
    }

    public object? this[int index]
    {
        get => List[index];
        set => List[index] = value;
    }

    public int Add(object? value) => List.Add(value);
    public bool Contains(object? value) => List.Contains(value);
    public int IndexOf(object? value) => List.IndexOf(value);
    public void Remove(object? value) => List.Remove(value);

    public void AddRange(IEnumerable values)
    {
        foreach (object? value in values)
            InnerList.Add(value is System.Management.Automation.PSObject wrapped ? wrapped.BaseObject : value);
        changed?.Invoke();
    }

    public override string ToString() => Value?.ToString() ?? "";

    protected override void OnInsertComplete(int index, object? value) => changed?.Invoke();
    protected override void OnRemoveComplete(int index, object? value) => changed?.Invoke();
    protected override void OnSetComplete(int index, object? oldValue, object? newValue) => changed?.Invoke();
    protected override void OnClearComplete() => changed?.Invoke();
}
