// SPDX-License-Identifier: Apache-2.0
//
// What -Property takes in Select-, Sort-, Group-, Measure- and Compare-Object:
// a name (wildcards allowed), a script block, or a table that names both.

using System.Collections;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

internal sealed class PropertyExpression
{
    private readonly string? pattern;
    private readonly ScriptBlock? script;

    internal string Label { get; }
    internal bool? Descending { get; }
    internal bool HasWildcard => pattern is not null && WildcardPattern.ContainsWildcardCharacters(pattern);

    internal PropertyExpression(object spec)
    {
        object value = spec is PSObject wrapped ? wrapped.BaseObject : spec;
        object? label = null;
        if (value is IDictionary table)
        {
            object? expression = null;
            foreach (DictionaryEntry entry in table)
            {
                string key = entry.Key.ToString()!.ToLowerInvariant();
                if (key is "n" or "name" or "l" or "label")
                    label = entry.Value;
                else if (key is "e" or "expression" or "ex")
                    expression = entry.Value;
                else if (key is "descending")
                    Descending = LanguagePrimitives.IsTrue(entry.Value);
                else if (key is "ascending")
                    Descending = !LanguagePrimitives.IsTrue(entry.Value);
                else
                    throw new PSArgumentException($"The key '{entry.Key}' is not valid in a property table; "
                        + "known: Name, Label, Expression, Ascending, Descending.");
            }
            value = expression ?? label ?? throw new PSArgumentException("A property table needs an Expression.");
            if (value is PSObject inner)
                value = inner.BaseObject;
        }
        script = value as ScriptBlock;
        pattern = script is null ? value.ToString() : null;
        Label = label?.ToString() ?? pattern ?? script!.ToString();
    }

    internal static PropertyExpression[] From(object[]? specs) =>
        specs is null ? [] : Array.ConvertAll(specs, s => new PropertyExpression(s));

    // The value, or null where the object has no such property.
    internal object? Read(PSObject target) =>
        script is not null ? Unroll(script.InvokeWithContext(null, [new PSVariable("_", target)]))
        : target.BaseObject is IDictionary table && table.Contains(pattern!) ? table[pattern!]
        : Guarded(target.Properties[pattern!]);

    // Every property the name or pattern stands for.
    internal IEnumerable<(string Name, object? Value)> Expand(PSObject target)
    {
        if (!HasWildcard)
        {
            yield return (Label, Read(target));
            yield break;
        }
        foreach (PSMemberInfo member in target.Properties.Match(pattern!))
            yield return (member.Name, Guarded(member));
    }

    private static object? Guarded(PSMemberInfo? member)
    {
        try
        {
            return member?.Value;
        }
        catch (GetValueException)
        {
            return null;
        }
    }

    private static object? Unroll(ICollection<PSObject> results) => results.Count switch
    {
        0 => null,
        1 => results.First(),
        _ => results.Cast<object>().ToArray(),
    };
}

// The order that PowerShell gives to mixed values; null is first.
internal sealed class ValueComparer(bool caseSensitive) : IComparer<object?>, IEqualityComparer<object?>
{
    public int Compare(object? x, object? y)
    {
        x = Plain(x);
        y = Plain(y);
        try
        {
            return LanguagePrimitives.Compare(x, y, !caseSensitive);
        }
        catch (ArgumentException)
        {
            return string.Compare(x?.ToString(), y?.ToString(),
                caseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase);
        }
    }

    public new bool Equals(object? x, object? y) => LanguagePrimitives.Equals(Plain(x), Plain(y), !caseSensitive);

    public int GetHashCode(object? value) =>
        (caseSensitive ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase)
            .GetHashCode(Plain(value)?.ToString() ?? "");

    private static object? Plain(object? value) =>
        value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;
}
