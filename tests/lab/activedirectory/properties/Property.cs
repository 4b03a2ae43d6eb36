// SPDX-License-Identifier: Apache-2.0

using System.Management.Automation;

namespace Microsoft.ActiveDirectory.Management;

// One property as the cmdlets name it: which attributes it is made of, how it is
// read, how a parameter of the same name writes it, what it is in a -Filter.
internal sealed class Property
{
    internal delegate object? Reader(in Entry entry, Lookups lookups);

    internal required string Name { get; init; }
    internal required string[] Attributes { get; init; }
    internal required Reader Read { get; init; }
    internal Action<Changes, object?>? Write { get; init; }
    internal Func<FilterOperator, object, string>? Filter { get; init; }

    // One attribute under a friendlier name. Many: a collection; else the first value.
    internal static Property Of(string name, string attribute, bool many = false, bool writable = true)
    {
        AttributeType type = Schema.FindCommon(attribute) ?? new AttributeType(attribute, Syntax.Text, many);
        type = type with { Many = many };
        return new Property
        {
            Name = name,
            Attributes = [attribute],
            Read = (in Entry entry, Lookups _) => LdapValue.Read(entry, type) ?? (many ? Array.Empty<object>() : null),
            Write = !writable ? null : (changes, value) => changes.Replace(attribute, LdapValue.Encode(value, type.Syntax)),
            Filter = (op, value) => FilterText.Clause(attribute, type.Syntax, op, value),
        };
    }

    internal static Property ReadOnly(string name, string attribute, bool many = false) => Of(name, attribute, many, writable: false);

    // A bit of userAccountControl.
    internal static Property Flag(string name, int mask, bool inverted = false) => new()
    {
        Name = name,
        Attributes = ["userAccountControl"],
        Read = (in Entry entry, Lookups _) => entry.Int("userAccountControl") is int flags ? ((flags & mask) != 0) != inverted : null,
        Write = (changes, value) => changes.Flag(mask, LanguagePrimitives.IsTrue(value) != inverted),
        Filter = (op, value) => FilterText.Bit("userAccountControl", mask, inverted, name, op, value),
    };

    // A date kept as a count of 100 ns.
    internal static Property FileTime(string name, string attribute, Action<Changes, object?>? write = null) => new()
    {
        Name = name,
        Attributes = [attribute],
        Read = (in Entry entry, Lookups _) => entry.FileTime(attribute),
        Write = write,
        Filter = (op, value) => FilterText.Clause(attribute, Syntax.Long, op, value),
    };

    // A reference to another object: whatever identifies it is resolved before it is written.
    internal static Property Reference(string name, string attribute) => new()
    {
        Name = name,
        Attributes = [attribute],
        Read = (in Entry entry, Lookups _) => entry.Text(attribute),
        Write = (changes, value) => changes.Replace(attribute, References(changes.Session, value)),
        Filter = (op, value) => FilterText.Clause(attribute, Syntax.Dn, op, value),
    };

    internal static Property Computed(string name, string[] attributes, Reader read) =>
        new() { Name = name, Attributes = attributes, Read = read };

    private static object[] References(Session session, object? value) => LdapValue.Plain(value) switch
    {
        null => [],
        ADObject target => [Identity.Resolve(session, target, ObjectKind.Of(target.GetType()), session.BaseDn, ["1.1"]).Dn],
        object text => [text.ToString()!],
    };
}
