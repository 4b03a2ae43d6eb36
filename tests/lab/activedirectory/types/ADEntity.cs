// SPDX-License-Identifier: Apache-2.0
//
// The root of everything the cmdlets give out: a bag of named properties, shown
// as properties of the object by ADEntityAdapter.

using System.Collections;
using System.Collections.ObjectModel;
using System.Management.Automation;

namespace Microsoft.ActiveDirectory.Management;

public class ADEntity
{
    private static readonly StringComparer Names = StringComparer.OrdinalIgnoreCase;

    // Kept in the order of the names, which is the order of output.
    private readonly SortedList<string, object?> values = new(16, Names);
    private readonly HashSet<string> modified = new(Names);

    public ADEntity()
    {
    }

    protected ADEntity(string identity) => Identity = identity;

    // What the caller wrote, where the object was not read from the directory.
    internal string? Identity { get; set; }

    public ADPropertyValueCollection this[string propertyName]
    {
        get => values.GetValueOrDefault(propertyName) as ADPropertyValueCollection
            ?? new ADPropertyValueCollection(values.GetValueOrDefault(propertyName));
        set => Write(propertyName, value.Value);
    }

    public ICollection PropertyNames => new ReadOnlyCollection<string>([.. values.Keys]);
    public ICollection AddedProperties => Array.Empty<string>();
    public ICollection RemovedProperties => Array.Empty<string>();
    public ICollection ModifiedProperties => new ReadOnlyCollection<string>([.. modified]);
    public int PropertyCount => values.Count;

    public bool Contains(string propertyName) => values.ContainsKey(propertyName);

    internal IEnumerable<string> Keys => values.Keys;
    internal IEnumerable<string> Modified => modified;
    internal bool HasProperties => values.Count > 0;

    internal object? Read(string name) => values.GetValueOrDefault(name);
    internal T? Read<T>(string name) => values.GetValueOrDefault(name) is T value ? value : default;

    // As the directory says.
    internal void Load(string name, object? value) =>
        values[name] = value is object?[] many
            ? new ADPropertyValueCollection(many, () => modified.Add(name)) : value;

    // As the caller wishes.
    internal void Write(string name, object? value)
    {
        if (value is PSObject wrapped)
            value = wrapped.BaseObject;
        if (values.GetValueOrDefault(name) is ADPropertyValueCollection && value is not ADPropertyValueCollection)
        {
            IEnumerable many = value is null ? Array.Empty<object>() : LanguagePrimitives.GetEnumerable(value) ?? new[] { value };
            value = new ADPropertyValueCollection(many, () => modified.Add(name));
        }
        values[name] = value;
        modified.Add(name);
    }

    public override string ToString() => Read<string>("DistinguishedName") ?? Identity ?? base.ToString()!;
}

public class ADEntityAdapter : PSPropertyAdapter
{
    public override Collection<PSAdaptedProperty> GetProperties(object baseObject)
    {
        var properties = new Collection<PSAdaptedProperty>();
        foreach (string name in ((ADEntity)baseObject).Keys)
            properties.Add(new PSAdaptedProperty(name, null));
        return properties;
    }

    public override PSAdaptedProperty? GetProperty(object baseObject, string propertyName) =>
        ((ADEntity)baseObject).Contains(propertyName) ? new PSAdaptedProperty(propertyName, null) : null;

    public override object? GetPropertyValue(PSAdaptedProperty property) =>
        ((ADEntity)property.BaseObject).Read(property.Name);

    public override void SetPropertyValue(PSAdaptedProperty property, object? value) =>
        ((ADEntity)property.BaseObject).Write(property.Name, value);

    public override string GetPropertyTypeName(PSAdaptedProperty property) =>
        GetPropertyValue(property)?.GetType().FullName ?? "System.Object";

    public override bool IsGettable(PSAdaptedProperty property) => true;
    public override bool IsSettable(PSAdaptedProperty property) => true;
}
