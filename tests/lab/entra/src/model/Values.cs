// SPDX-License-Identifier: Apache-2.0
// JSON to typed values by the model and back. What does not fit the type is refused as Graph refuses it.
using System.Globalization;
using System.Text.Json;
using Microsoft.OData.Edm;

namespace Causeway.Lab.Entra;

static class Values
{
    /* String, bool, int, long, DateTimeOffset, Guid, byte[], Record or List<object?>; null for null. */
    public static object? Read(JsonElement json, IEdmTypeReference type, string name)
    {
        if (json.ValueKind == JsonValueKind.Null)
            return type.IsNullable || type.IsCollection() ? null : throw Errors.InvalidValue(name);
        if (type.IsCollection())
        {
            if (json.ValueKind != JsonValueKind.Array)
                throw Errors.BadRequest("When trying to read a collection-typed property value, a node of type '" +
                    Node(json) + "' was read from the JSON reader; however, a 'StartArray' node was expected.");
            var element = type.AsCollection().ElementType();
            return json.EnumerateArray().Select(item => Read(item, element, name)).ToList();
        }
        if (type.IsComplex())
            return ReadRecord(json, (IEdmStructuredType)type.Definition, name);
        return ReadPrimitive(json, type, name)
            ?? throw Errors.BadRequest("Cannot convert a primitive value to the expected type '" + type.FullName() +
                "'. See the inner exception for more details.");
    }

    static Record ReadRecord(JsonElement json, IEdmStructuredType type, string name)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw Errors.InvalidValue(name);
        var record = new Record();
        foreach (var member in json.EnumerateObject())
        {
            if (member.Name.Contains('@'))
                continue;
            var property = Model.Property(type, member.Name) ?? throw Errors.UnknownProperty(member.Name, type);
            record[property.Name] = Read(member.Value, property.Type, property.Name);
        }
        record.Trim();
        return record;
    }

    static object? ReadPrimitive(JsonElement json, IEdmTypeReference type, string name)
    {
        switch (type.PrimitiveKind())
        {
            case EdmPrimitiveTypeKind.String:
                return json.ValueKind == JsonValueKind.String ? json.GetString() : null;
            case EdmPrimitiveTypeKind.Boolean:
                return json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : null;
            case EdmPrimitiveTypeKind.Int32:
                return json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out int i) ? i : null;
            case EdmPrimitiveTypeKind.Int64:
                return json.ValueKind == JsonValueKind.Number && json.TryGetInt64(out long l) ? l : null;
            case EdmPrimitiveTypeKind.Guid:
                return json.ValueKind == JsonValueKind.String && Guid.TryParse(json.GetString(), out var g) ? g : null;
            case EdmPrimitiveTypeKind.DateTimeOffset:
                return json.ValueKind == JsonValueKind.String && DateTimeOffset.TryParse(json.GetString(),
                    CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var d) ? d.ToUniversalTime() : null;
            case EdmPrimitiveTypeKind.Binary:
                return json.ValueKind == JsonValueKind.String && json.TryGetBytesFromBase64(out var b) ? b : null;
            default:
                throw new InvalidOperationException($"{name}: the model has a type the double does not speak");
        }
    }

    /* A value without a type of its own: an extension_* property. */
    public static object? ReadOpen(JsonElement json, string name) => json.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => json.GetString(),
        JsonValueKind.True or JsonValueKind.False => json.GetBoolean(),
        JsonValueKind.Number when json.TryGetInt32(out int i) => i,
        JsonValueKind.Number when json.TryGetInt64(out long l) => l,
        _ => throw Errors.InvalidValue(name),
    };

    public static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case string s: json.WriteStringValue(s); break;
            case bool b: json.WriteBooleanValue(b); break;
            case int i: json.WriteNumberValue(i); break;
            case long l: json.WriteNumberValue(l); break;
            case Guid g: json.WriteStringValue(g); break;
            case DateTimeOffset d: json.WriteStringValue(Text(d)); break;
            case byte[] bytes: json.WriteBase64StringValue(bytes); break;
            case Record record:
                json.WriteStartObject();
                foreach (var (name, member) in record)
                {
                    json.WritePropertyName(name);
                    Write(json, member);
                }
                json.WriteEndObject();
                break;
            case IEnumerable<object?> items:
                json.WriteStartArray();
                foreach (var item in items)
                    Write(json, item);
                json.WriteEndArray();
                break;
            default: throw new InvalidOperationException($"no JSON for a {value.GetType()}");
        }
    }

    public static string Text(DateTimeOffset time) => time.UtcTicks % TimeSpan.TicksPerSecond == 0
        ? time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        : time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    public static bool Same(object? a, object? b) => (a, b) switch
    {
        (string x, string y) => x == y,
        (List<object?> x, List<object?> y) => x.Count == y.Count && x.Zip(y).All(p => Same(p.First, p.Second)),
        (Record x, Record y) => x.Count == y.Count && x.All(m => y.Has(m.Key) && Same(m.Value, y[m.Key])),
        _ => Equals(a, b),
    };

    static string Node(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "StartObject",
        JsonValueKind.Array => "StartArray",
        _ => "PrimitiveValue",
    };
}
