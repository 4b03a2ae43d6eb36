// SPDX-License-Identifier: Apache-2.0
// Reads a JSON object of the admin endpoint strictly: a misspelt field is an error, never a silent default.
using System.Text;
using System.Text.Json;

namespace Causeway.Lab.Entra;

sealed class AdminException(string message) : Exception(message);

readonly struct Fields
{
    readonly JsonElement json;

    public Fields(JsonElement json, params string[] known)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new AdminException("a JSON object expected");
        foreach (var member in json.EnumerateObject())
            if (!known.Contains(member.Name))
                throw new AdminException($"unknown field '{member.Name}', known: {string.Join(", ", known)}");
        this.json = json;
    }

    public bool Has(string name) => json.TryGetProperty(name, out var v) && v.ValueKind != JsonValueKind.Null;

    public string? Text(string name) => !Has(name) ? null
        : json.GetProperty(name) is { ValueKind: JsonValueKind.String } v ? v.GetString()
        : throw new AdminException($"{name}: a string expected");

    public int Number(string name, int otherwise) => !Has(name) ? otherwise
        : json.GetProperty(name) is { ValueKind: JsonValueKind.Number } v && v.TryGetInt32(out int n) && n >= 0 ? n
        : throw new AdminException($"{name}: a whole number, zero or more, expected");

    public bool Flag(string name) => Has(name) && json.GetProperty(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new AdminException($"{name}: true or false expected"),
    };

    public IEnumerable<JsonElement> Items(string name) => !Has(name) ? []
        : json.GetProperty(name) is { ValueKind: JsonValueKind.Array } v ? v.EnumerateArray()
        : throw new AdminException($"{name}: a list expected");

    public IEnumerable<JsonProperty> Members(string name) => !Has(name) ? []
        : json.GetProperty(name) is { ValueKind: JsonValueKind.Object } v ? v.EnumerateObject()
        : throw new AdminException($"{name}: an object expected");

    public byte[]? Raw(string name) => Has(name) ? Encoding.UTF8.GetBytes(json.GetProperty(name).GetRawText()) : null;
}
