// SPDX-License-Identifier: Apache-2.0
//
// The table of attribute flows, and one directory object through it.

using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;

namespace Causeway.Lab.ADSync;

internal sealed record Flow(string Property, string[] Sources, string How);

internal static class Flows
{
    private const int AccountDisabled = 2;
    private const int DescriptionMax = 448; // characters

    private static readonly ILookup<string, Flow> ByKind = ReadTable();

    internal static string[] Attributes { get; } =
        [.. ByKind.SelectMany(kind => kind).SelectMany(flow => flow.Sources).Distinct(StringComparer.OrdinalIgnoreCase)];

    /* The object as the cloud is to have it. */
    internal static JsonObject Apply(Item item)
    {
        var result = new JsonObject { ["onPremisesImmutableId"] = item.ImmutableId };
        foreach (Flow flow in ByKind[item.IsGroup ? "group" : "user"])
        {
            string source = flow.Sources.FirstOrDefault(item.Has) ?? flow.Sources.FirstOrDefault("");
            JsonNode? value = Value(flow.How, item, source);
            if (value is not null || flow.How != "ignore")
                result[flow.Property] = value;
        }
        return result;
    }

    private static JsonNode? Value(string how, Item item, string source) => how switch
    {
        "text" or "ignore" => Trimmed(item.Text(source)),
        "first448" => Trimmed(item.Text(source)) is { } text ? text[..Math.Min(text.Length, DescriptionMax)] : null,
        "list" => List(item.Texts(source)),
        "single" => List(item.Texts(source).Take(1)),
        "enabled" => (Number(item.Text(source)) & AccountDisabled) == 0,
        "security" => Number(item.Text(source)) < 0,
        "present" => item.Has(source),
        "sid" => item.Bytes(source) is { } bytes ? Sid(bytes) : null,
        "dn" => item.Dn,
        "domain" => Domain(item.Dn),
        "netbios" => Domain(item.Dn).Split('.')[0].ToUpperInvariant(),
        "link" => item.Texts(source).Select(ImmutableIdOf).FirstOrDefault(),
        "links" => List(item.Texts(source).Select(ImmutableIdOf)),
        _ => throw new InvalidOperationException($"flows.tsv: '{how}' is not a way for a value to flow"),
    };

    private static string? Trimmed(string? value) => value?.Trim() is { Length: > 0 } text ? text : null;

    private static long Number(string? value) => long.Parse(value ?? "0", CultureInfo.InvariantCulture);

    private static JsonArray List(IEnumerable<string> values) =>
        [.. values.Select(v => v.Trim()).Distinct(StringComparer.OrdinalIgnoreCase).Select(v => JsonValue.Create(v))];

    private static string Domain(string dn) => string.Join('.', dn.Split(',')
        .Where(part => part.StartsWith("DC=", StringComparison.OrdinalIgnoreCase)).Select(part => part[3..]));

    /* An extended name: <GUID=...>;<SID=...>;CN=... ([MS-ADTS] 3.1.1.3.4.1.5). */
    private static string ImmutableIdOf(string extended)
    {
        const string start = "<GUID=";
        int from = extended.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return Convert.ToBase64String(Guid.Parse(extended[from..extended.IndexOf('>', from)]).ToByteArray());
    }

    /* [MS-DTYP] 2.4.2.2: revision, count, authority (6 bytes, big endian), sub-authorities (little endian). */
    private static string Sid(byte[] sid)
    {
        long authority = 0;
        for (int i = 2; i < 8; i++)
            authority = (authority << 8) | sid[i];
        var text = new StringBuilder($"S-{sid[0]}-{authority}");
        for (int i = 0; i < sid[1]; i++)
            text.Append('-').Append(BitConverter.ToUInt32(sid, 8 + 4 * i));
        return text.ToString();
    }

    private static ILookup<string, Flow> ReadTable()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("flows.tsv")!;
        return new StreamReader(stream).ReadToEnd().Split('\n')
            .Where(line => line.Length > 0 && line[0] != '#').Skip(1)
            .Select(line => line.Split('\t'))
            .ToLookup(row => row[0], row => new Flow(row[1], row[2].Split(',', StringSplitOptions.RemoveEmptyEntries), row[3]));
    }
}
