// SPDX-License-Identifier: Apache-2.0
//
// Attribute values between .NET and LDAP, by the attribute's syntax.

using System.Collections;
using System.DirectoryServices.Protocols;
using System.Globalization;
using System.Management.Automation;
using System.Security.Principal;
using System.Text;

namespace Microsoft.ActiveDirectory.Management;

internal static class LdapValue
{
    internal const long Never = long.MaxValue;

    // A single value, an object[] where the attribute may hold many, or null.
    internal static object? Read(in Entry entry, AttributeType attribute)
    {
        if (!entry.Has(attribute.Name))
            return null;
        if (!attribute.Many)
            return entry.Bytes(attribute.Name) is byte[] value ? Decode(value, attribute.Syntax) : null;
        return Array.ConvertAll(entry.Values(attribute.Name), v => (object?)Decode(v, attribute.Syntax));
    }

    private static object Decode(byte[] value, Syntax syntax)
    {
        switch (syntax)
        {
            case Syntax.Bytes: return value;
            case Syntax.Sid: return new SecurityIdentifier(value, 0);
            case Syntax.Guid: return new Guid(value);
        }
        string text = Encoding.UTF8.GetString(value);
        return syntax switch
        {
            Syntax.Bool => text == "TRUE",
            Syntax.Int => unchecked((int)long.Parse(text, CultureInfo.InvariantCulture)),
            Syntax.Long => long.Parse(text, CultureInfo.InvariantCulture),
            Syntax.Time => LdapText.ParseTime(text),
            _ => text,
        };
    }

    // One or many values as the attribute wants them: strings or byte[].
    internal static object[] Encode(object? value, Syntax syntax)
    {
        value = Plain(value);
        if (value is null)
            return [];
        if (value is IEnumerable many and not string and not byte[])
            return many.Cast<object?>().SelectMany(v => Encode(v, syntax)).ToArray();
        return [One(value, syntax)];
    }

    private static object One(object value, Syntax syntax) => value switch
    {
        byte[] bytes => bytes,
        bool flag => flag ? "TRUE" : "FALSE",
        DateTime date when syntax == Syntax.Long => date.ToFileTime().ToString(CultureInfo.InvariantCulture),
        DateTime date => LdapText.Time(date),
        TimeSpan span => (-span.Ticks).ToString(CultureInfo.InvariantCulture),
        Guid guid when syntax is Syntax.Guid or Syntax.Bytes => guid.ToByteArray(),
        SecurityIdentifier sid when syntax == Syntax.Sid => sid.ToBytes(),
        ADObject { DistinguishedName: string dn } => dn,
        Enum number => number.ToString("D"),
        string text when syntax == Syntax.Bool && bool.TryParse(text, out bool flag) => flag ? "TRUE" : "FALSE",
        _ => LanguagePrimitives.ConvertTo<string>(value),
    };

    // A value in a filter, escaped.
    internal static string ForFilter(object value, Syntax syntax, bool keepStar)
    {
        object plain = Plain(value)!;
        if (plain is string text)
        {
            if (syntax == Syntax.Guid && Guid.TryParse(text, out Guid guid))
                return LdapText.Escape(guid.ToByteArray());
            if (syntax == Syntax.Sid && SecurityIdentifier.TryParse(text, out SecurityIdentifier? sid))
                return LdapText.Escape(sid!.ToBytes());
            // A date as people write it, not as LDAP does (20260102030405.0Z) or as a count.
            if (syntax is Syntax.Time or Syntax.Long && !text.Contains('*') && !text.TrimStart('-').TrimEnd('Z').All(c => char.IsAsciiDigit(c) || c == '.')
                && DateTime.TryParse(text, CultureInfo.InvariantCulture, out DateTime date))
                plain = date;
        }
        return One(plain, syntax) switch
        {
            byte[] bytes => LdapText.Escape(bytes),
            object other => LdapText.Escape((string)other, keepStar),
        };
    }

    internal static object? Plain(object? value) =>
        value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;

    // accountExpires: a date, or "never".
    internal static string Expiry(object? value) =>
        (Plain(value) is DateTime date ? date.ToFileTime() : Never).ToString(CultureInfo.InvariantCulture);

    internal static DirectoryAttributeModification Modification(string attribute, DirectoryAttributeOperation operation, object[] values)
    {
        var change = new DirectoryAttributeModification { Name = attribute, Operation = operation };
        foreach (object value in values)
        {
            if (value is byte[] bytes)
                change.Add(bytes);
            else
                change.Add((string)value);
        }
        return change;
    }
}
