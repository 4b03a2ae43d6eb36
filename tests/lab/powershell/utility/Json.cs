// SPDX-License-Identifier: Apache-2.0

using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsData.ConvertTo, "Json")]
public sealed class ConvertToJsonCommand : CollectingCmdlet
{
    [Parameter, ValidateRange(0, 100)]
    public int Depth { get; set; } = 2;

    [Parameter]
    public SwitchParameter Compress { get; set; }

    [Parameter]
    public SwitchParameter AsArray { get; set; }

    [Parameter]
    public SwitchParameter EnumsAsStrings { get; set; }

    protected override void BeginProcessing() => nullOnly = true;

    private bool nullOnly;
    private bool truncated;

    protected override void ProcessRecord()
    {
        nullOnly &= InputObject is null;
        base.ProcessRecord();
    }

    protected override void EndProcessing()
    {
        if (Items.Count == 0 && !nullOnly)
            return;
        object? root = Items.Count switch
        {
            0 => AsArray ? Array.Empty<object>() : null,
            1 when !AsArray => Items[0],
            _ => Items,
        };
        using var bytes = new MemoryStream();
        var options = new JsonWriterOptions
        {
            Indented = !Compress,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            NewLine = "\n",
        };
        using (var writer = new Utf8JsonWriter(bytes, options))
            Write(writer, root, Depth);
        if (truncated)
            WriteWarning($"Resulting JSON is truncated as serialization has exceeded the set depth of {Depth}.");
        WriteObject(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    private void Write(Utf8JsonWriter writer, object? value, int depth)
    {
        var wrapped = value as PSObject;
        object? plain = wrapped is null ? value : wrapped.BaseObject;
        if (WriteScalar(writer, plain))
            return;
        // An object beyond the depth becomes its text, as in pwsh.
        if (depth < 0)
        {
            truncated = true;
            writer.WriteStringValue(LanguagePrimitives.ConvertTo<string>(value));
            return;
        }
        if (plain is IDictionary table)
        {
            writer.WriteStartObject();
            foreach (DictionaryEntry entry in table)
                WriteProperty(writer, entry.Key.ToString()!, entry.Value, depth);
            writer.WriteEndObject();
        }
        else if (plain is IEnumerable list)
        {
            writer.WriteStartArray();
            foreach (object? item in list)
                Write(writer, item, depth - 1);
            writer.WriteEndArray();
        }
        else
        {
            writer.WriteStartObject();
            foreach (PSPropertyInfo property in PSObject.AsPSObject(value!).Properties)
                if (property.IsGettable)
                    WriteProperty(writer, property.Name, Read(property), depth);
            writer.WriteEndObject();
        }
    }

    private void WriteProperty(Utf8JsonWriter writer, string name, object? value, int depth)
    {
        writer.WritePropertyName(name);
        Write(writer, value, depth - 1);
    }

    private static object? Read(PSPropertyInfo property)
    {
        try
        {
            return property.Value;
        }
        catch (GetValueException)
        {
            return null;
        }
    }

    private bool WriteScalar(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null or DBNull: writer.WriteNullValue(); break;
            case string or char or Guid or Uri or Version: writer.WriteStringValue(value.ToString()); break;
            case bool b: writer.WriteBooleanValue(b); break;
            case DateTime d: writer.WriteStringValue(d.ToString("o", CultureInfo.InvariantCulture)); break;
            case DateTimeOffset d: writer.WriteStringValue(d.ToString("o", CultureInfo.InvariantCulture)); break;
            case Enum e when EnumsAsStrings: writer.WriteStringValue(e.ToString()); break;
            case Enum e: writer.WriteRawValue(e.ToString("D")); break;
            case double or float when !double.IsFinite(Convert.ToDouble(value, CultureInfo.InvariantCulture)):
                writer.WriteStringValue(value.ToString());
                break;
            case double d: writer.WriteRawValue(d == Math.Floor(d) && Math.Abs(d) < 1e15
                ? d.ToString("F1", CultureInfo.InvariantCulture) : d.ToString("R", CultureInfo.InvariantCulture)); break;
            case float f: writer.WriteNumberValue(f); break;
            case decimal m: writer.WriteNumberValue(m); break;
            case BigInteger i: writer.WriteRawValue(i.ToString(CultureInfo.InvariantCulture)); break;
            case sbyte or byte or short or ushort or int or uint or long:
                writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case ulong u: writer.WriteNumberValue(u); break;
            default: return false;
        }
        return true;
    }
}

[Cmdlet(VerbsData.ConvertFrom, "Json")]
public sealed class ConvertFromJsonCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true), AllowEmptyString]
    public string InputObject { get; set; } = "";

    [Parameter]
    public SwitchParameter AsHashtable { get; set; }

    [Parameter]
    public SwitchParameter NoEnumerate { get; set; }

    [Parameter, ValidateRange(1, 1024)]
    public int Depth { get; set; } = 1024;

    private readonly StringBuilder text = new();

    protected override void ProcessRecord() => text.Append(InputObject).Append('\n');

    protected override void EndProcessing()
    {
        if (string.IsNullOrWhiteSpace(text.ToString()))
            return;
        try
        {
            var options = new JsonDocumentOptions
            {
                MaxDepth = Depth,
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
            };
            using JsonDocument document = JsonDocument.Parse(text.ToString(), options);
            WriteObject(Value(document.RootElement), enumerateCollection: !NoEnumerate);
        }
        catch (JsonException e)
        {
            ThrowTerminatingError(new ErrorRecord(
                new ArgumentException("Conversion from JSON failed with error: " + e.Message, e),
                "System.ArgumentException", ErrorCategory.NotSpecified, null));
        }
    }

    private object? Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => AsHashtable ? Table(element) : Bag(element),
        JsonValueKind.Array => element.EnumerateArray().Select(Value).ToArray(),
        JsonValueKind.String => Text(element.GetString()!),
        JsonValueKind.Number => Number(element),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private Hashtable Table(JsonElement element)
    {
        var table = new Hashtable(StringComparer.Ordinal);
        foreach (JsonProperty property in element.EnumerateObject())
            table[property.Name] = Value(property.Value);
        return table;
    }

    private PSObject Bag(JsonElement element)
    {
        var bag = new PSObject();
        foreach (JsonProperty property in element.EnumerateObject())
        {
            bag.Properties.Remove(property.Name);
            bag.Properties.Add(new PSNoteProperty(property.Name, Value(property.Value)));
        }
        return bag;
    }

    // ISO 8601 with a time becomes a DateTime, as in pwsh.
    private static object Text(string text) =>
        text.Length >= 19 && text[4] == '-' && text[10] == 'T'
        && DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime date)
            ? date : text;

    private static object Number(JsonElement element) =>
        element.TryGetInt64(out long integer) ? integer
        : BigInteger.TryParse(element.GetRawText(), NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture, out BigInteger big) ? big
        : element.GetDouble();
}
