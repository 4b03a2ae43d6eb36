// SPDX-License-Identifier: Apache-2.0

using System.DirectoryServices.Protocols;
using System.Globalization;
using System.Security.Principal;
using System.Text;

namespace Microsoft.ActiveDirectory.Management;

// One search result, with the reads that properties are made of.
internal readonly struct Entry(SearchResultEntry entry)
{
    internal string Dn => entry.DistinguishedName;
    internal IEnumerable<string> Names => entry.Attributes.AttributeNames.Cast<string>();

    internal bool Has(string attribute) => entry.Attributes.Contains(attribute);

    internal byte[][] Values(string attribute) =>
        entry.Attributes[attribute] is DirectoryAttribute found ? (byte[][])found.GetValues(typeof(byte[])) : [];

    internal byte[]? Bytes(string attribute) => Values(attribute) is [var first, ..] ? first : null;

    internal string? Text(string attribute) => Bytes(attribute) is byte[] value ? Encoding.UTF8.GetString(value) : null;

    internal string[] Texts(string attribute) => Array.ConvertAll(Values(attribute), Encoding.UTF8.GetString);

    internal int? Int(string attribute) =>
        Text(attribute) is string text ? unchecked((int)long.Parse(text, CultureInfo.InvariantCulture)) : null;

    internal long? Long(string attribute) =>
        Text(attribute) is string text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    // 0 and "never" are no date.
    internal DateTime? FileTime(string attribute) =>
        Long(attribute) is long ticks and > 0 and < 2650467743999999999 ? DateTime.FromFileTime(ticks) : null;

    internal DateTime? Time(string attribute) => Text(attribute) is string text ? LdapText.ParseTime(text) : null;

    // Intervals are negative counts of 100 ns.
    internal TimeSpan Interval(string attribute) =>
        Long(attribute) is long ticks and > long.MinValue ? TimeSpan.FromTicks(-ticks) : TimeSpan.Zero;

    internal SecurityIdentifier? Sid(string attribute) =>
        Bytes(attribute) is byte[] value ? new SecurityIdentifier(value, 0) : null;

    internal Guid? Guid(string attribute) => Bytes(attribute) is byte[] value ? new Guid(value) : null;
}
