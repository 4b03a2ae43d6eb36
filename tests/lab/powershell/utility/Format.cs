// SPDX-License-Identifier: Apache-2.0
//
// Format-*: lines of text, where the real cmdlets write objects for Out-Default.
// Who pipes on from them sees the difference; who reads the output does not.

using System.Collections;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

public abstract class FormatCmdlet : PSCmdlet
{
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter] public object? GroupBy { get; set; }
    [Parameter] public string? View { get; set; }
    [Parameter] public SwitchParameter AutoSize { get; set; }
    [Parameter] public SwitchParameter Wrap { get; set; }
    [Parameter] public SwitchParameter HideTableHeaders { get; set; }
    [Parameter] public SwitchParameter Force { get; set; }

    private protected List<PSObject> Items { get; } = [];

    protected override void ProcessRecord()
    {
        if (InputObject is not null)
            Items.Add(InputObject);
    }

    private protected List<(string Name, string Text)> Fields(PSObject item)
    {
        PropertyExpression[] wanted = PropertyExpression.From(Property ?? ["*"]);
        if (Property is null && item.BaseObject is string or ValueType)
            return [("Value", item.ToString())];
        return [.. wanted.SelectMany(w => w.Expand(item)).Select(p => (p.Name, Text(p.Value)))];
    }

    private static string Text(object? value)
    {
        if (value is not string && LanguagePrimitives.GetEnumerable(value) is IEnumerable list)
            return "{" + string.Join(", ", list.Cast<object?>().Take(4).Select(Text)) + "}";
        return LanguagePrimitives.ConvertTo<string>(value) ?? "";
    }
}

[Cmdlet(VerbsCommon.Format, "Table")]
public sealed class FormatTableCommand : FormatCmdlet
{
    protected override void EndProcessing()
    {
        List<List<(string Name, string Text)>> rows = Items.ConvertAll(Fields);
        if (rows.Count == 0 || rows[0].Count == 0)
            return;
        string[] names = [.. rows[0].Select(f => f.Name)];
        string[][] cells = [.. rows.Select(r => names.Select(n => r.Find(f => f.Name == n).Text ?? "").ToArray())];
        int[] widths = [.. names.Select((n, i) => Math.Max(n.Length, cells.Max(c => c[i].Length)))];
        if (!HideTableHeaders)
        {
            WriteObject(Line(names, widths));
            WriteObject(Line([.. names.Select(n => new string('-', n.Length))], widths));
        }
        foreach (string[] row in cells)
            WriteObject(Line(row, widths));
    }

    private static string Line(string[] texts, int[] widths) =>
        string.Join(" ", texts.Select((t, i) => t.PadRight(widths[i]))).TrimEnd();
}

[Cmdlet(VerbsCommon.Format, "List")]
public class FormatListCommand : FormatCmdlet
{
    protected override void EndProcessing()
    {
        foreach (PSObject item in Items)
        {
            List<(string Name, string Text)> fields = Fields(item);
            int width = fields.Select(f => f.Name.Length).DefaultIfEmpty().Max();
            foreach ((string name, string text) in fields)
                WriteObject($"{name.PadRight(width)} : {text}");
            WriteObject("");
        }
    }
}

[Cmdlet(VerbsCommon.Format, "Custom")]
public sealed class FormatCustomCommand : FormatListCommand;

[Cmdlet(VerbsCommon.Format, "Wide")]
public sealed class FormatWideCommand : FormatCmdlet
{
    [Parameter]
    public int Column { get; set; } = 2;

    protected override void EndProcessing()
    {
        string[] texts = [.. Items.Select(i => Fields(i).FirstOrDefault().Text ?? "")];
        int width = texts.Select(t => t.Length).DefaultIfEmpty().Max();
        foreach (string[] line in texts.Chunk(Math.Max(Column, 1)))
            WriteObject(string.Join(" ", line.Select(t => t.PadRight(width))).TrimEnd());
    }
}
