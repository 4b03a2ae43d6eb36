// SPDX-License-Identifier: Apache-2.0

using System.Management.Automation;
using System.Text;

namespace Microsoft.PowerShell.Commands;

internal static class Csv
{
    internal static string Line(IEnumerable<string?> fields, char delimiter) =>
        string.Join(delimiter, fields.Select(f => f is null ? "" : '"' + f.Replace("\"", "\"\"") + '"'));

    internal static string? Text(object? value) => LanguagePrimitives.ConvertTo<string?>(value);

    // RFC 4180 records; a quoted field may hold line breaks.
    internal static IEnumerable<List<string>> Records(string text, char delimiter)
    {
        var record = new List<string>();
        var field = new StringBuilder();
        bool quoted = false, any = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (quoted)
            {
                if (c != '"')
                    field.Append(c);
                else if (i + 1 < text.Length && text[i + 1] == '"')
                    field.Append(text[i++]);
                else
                    quoted = false;
                continue;
            }
            if (c == '"' && field.Length == 0)
                quoted = any = true;
            else if (c == delimiter)
                Close();
            else if (c == '\n')
            {
                if (any || record.Count > 0 || field.Length > 0)
                {
                    Close();
                    yield return record;
                    record = [];
                }
                any = false;
            }
            else if (c != '\r')
                field.Append(c);
        }
        if (record.Count > 0 || field.Length > 0 || any)
        {
            Close();
            yield return record;
        }

        void Close()
        {
            record.Add(field.ToString());
            field.Clear();
            any = true;
        }
    }

    internal static IEnumerable<PSObject> Objects(string text, char delimiter, string[]? header)
    {
        foreach (List<string> record in Records(text, delimiter))
        {
            if (header is null)
            {
                header = [.. record];
                continue;
            }
            var row = new PSObject();
            for (int i = 0; i < header.Length; i++)
                row.Properties.Add(new PSNoteProperty(header[i], i < record.Count ? record[i] : null));
            yield return row;
        }
    }
}

[Cmdlet(VerbsData.ConvertFrom, "Csv")]
public sealed class ConvertFromCsvCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true), AllowEmptyString]
    public string[] InputObject { get; set; } = [];

    [Parameter(Position = 1)]
    public char Delimiter { get; set; } = ',';

    [Parameter]
    public string[]? Header { get; set; }

    private readonly StringBuilder text = new();

    protected override void ProcessRecord() => text.AppendJoin('\n', InputObject).Append('\n');

    protected override void EndProcessing() => WriteObject(Csv.Objects(text.ToString(), Delimiter, Header), true);
}

[Cmdlet(VerbsData.Import, "Csv")]
public sealed class ImportCsvCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true), Alias("PSPath", "LiteralPath")]
    public string Path { get; set; } = "";

    [Parameter(Position = 1)]
    public char Delimiter { get; set; } = ',';

    [Parameter]
    public string[]? Header { get; set; }

    protected override void ProcessRecord()
    {
        string file = GetUnresolvedProviderPathFromPSPath(Path);
        if (!File.Exists(file))
        {
            ThrowTerminatingError(new ErrorRecord(new FileNotFoundException($"Could not find file '{file}'."),
                "FileOpenFailure", ErrorCategory.OpenError, file));
        }
        WriteObject(Csv.Objects(File.ReadAllText(file), Delimiter, Header), true);
    }
}

public abstract class CsvWriter : CollectingCmdlet
{
    [Parameter]
    public char Delimiter { get; set; } = ',';

    [Parameter, Alias("NTI")]
    public SwitchParameter NoTypeInformation { get; set; } // always so since version 6

    private protected IEnumerable<string> Lines()
    {
        if (Items.Count == 0)
            yield break;
        // The first object decides the columns, as in pwsh.
        string[] columns = Items[0].Properties.Select(p => p.Name).ToArray();
        yield return Csv.Line(columns, Delimiter);
        foreach (PSObject item in Items)
            yield return Csv.Line(columns.Select(c => Csv.Text(item.Properties[c]?.Value)), Delimiter);
    }
}

[Cmdlet(VerbsData.ConvertTo, "Csv")]
public sealed class ConvertToCsvCommand : CsvWriter
{
    protected override void EndProcessing() => WriteObject(Lines(), true);
}

[Cmdlet(VerbsData.Export, "Csv")]
public sealed class ExportCsvCommand : CsvWriter
{
    [Parameter(Position = 0, Mandatory = true), Alias("PSPath", "LiteralPath")]
    public string Path { get; set; } = "";

    protected override void EndProcessing() => File.WriteAllLines(GetUnresolvedProviderPathFromPSPath(Path), Lines());
}
