// SPDX-License-Identifier: Apache-2.0
//
// Cmdlets about time, paths, and what goes through a pipeline.

using System.Collections;
using System.Diagnostics;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsCommon.New, "TimeSpan", DefaultParameterSetName = "Date")]
public sealed class NewTimeSpanCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Date"), Alias("LastWriteTime")]
    public DateTime? Start { get; set; }

    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = "Date")]
    public DateTime? End { get; set; }

    [Parameter(ParameterSetName = "Time")] public int Days { get; set; }
    [Parameter(ParameterSetName = "Time")] public int Hours { get; set; }
    [Parameter(ParameterSetName = "Time")] public int Minutes { get; set; }
    [Parameter(ParameterSetName = "Time")] public int Seconds { get; set; }
    [Parameter(ParameterSetName = "Time")] public int Milliseconds { get; set; }

    protected override void ProcessRecord()
    {
        DateTime now = DateTime.Now;
        WriteObject(ParameterSetName == "Date" ? (End ?? now) - (Start ?? now)
            : new TimeSpan(Days, Hours, Minutes, Seconds, Milliseconds));
    }
}

[Cmdlet(VerbsDiagnostic.Measure, "Command")]
public sealed class MeasureCommandCommand : PSCmdlet
{
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(Position = 0, Mandatory = true)]
    public ScriptBlock Expression { get; set; } = null!;

    private readonly Stopwatch watch = new();

    protected override void ProcessRecord()
    {
        watch.Start();
        Expression.InvokeWithContext(null, [new PSVariable("_", InputObject)]);
        watch.Stop();
    }

    protected override void EndProcessing() => WriteObject(watch.Elapsed);
}

[Cmdlet("Tee", "Object", DefaultParameterSetName = "Variable")]
public sealed class TeeObjectCommand : PSCmdlet
{
    [Parameter(ValueFromPipeline = true), AllowNull]
    public PSObject? InputObject { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "Variable")]
    public string Variable { get; set; } = "";

    private readonly List<object?> items = [];

    protected override void ProcessRecord()
    {
        items.Add(InputObject);
        WriteObject(InputObject);
    }

    protected override void EndProcessing() =>
        SessionState.PSVariable.Set(Variable, items.Count == 1 ? items[0] : items.ToArray());
}

[Cmdlet(VerbsCommon.Get, "Unique")]
public sealed class GetUniqueCommand : PSCmdlet
{
    [Parameter(ValueFromPipeline = true), AllowNull]
    public PSObject? InputObject { get; set; }

    [Parameter]
    public SwitchParameter AsString { get; set; }

    private readonly ValueComparer comparer = new(caseSensitive: true);
    private object? last;
    private bool any;

    protected override void ProcessRecord()
    {
        object? now = AsString ? InputObject?.ToString() : InputObject;
        if (any && comparer.Equals(last, now))
            return;
        any = true;
        last = now;
        WriteObject(InputObject);
    }
}

[Cmdlet(VerbsCommon.Join, "Path")]
public sealed class JoinPathCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true), Alias("PSPath")]
    public string[] Path { get; set; } = [];

    [Parameter(Position = 1, Mandatory = true), AllowEmptyString]
    public string ChildPath { get; set; } = "";

    [Parameter(Position = 2, ValueFromRemainingArguments = true)]
    public string[] AdditionalChildPath { get; set; } = [];

    protected override void ProcessRecord()
    {
        foreach (string path in Path)
            WriteObject(AdditionalChildPath.Aggregate(Join(path, ChildPath), Join));
    }

    private static string Join(string parent, string child) =>
        $"{parent.TrimEnd('/', '\\')}{System.IO.Path.DirectorySeparatorChar}{child.TrimStart('/', '\\')}";
}

[Cmdlet(VerbsCommon.Split, "Path")]
public sealed class SplitPathCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true)]
    public string[] Path { get; set; } = [];

    [Parameter] public SwitchParameter Parent { get; set; }
    [Parameter] public SwitchParameter Leaf { get; set; }
    [Parameter] public SwitchParameter LeafBase { get; set; }
    [Parameter] public SwitchParameter Extension { get; set; }

    protected override void ProcessRecord()
    {
        foreach (string path in Path)
        {
            int at = path.LastIndexOfAny(['/', '\\']);
            string leaf = path[(at + 1)..];
            WriteObject(Leaf ? leaf : LeafBase ? System.IO.Path.GetFileNameWithoutExtension(leaf)
                : Extension ? System.IO.Path.GetExtension(leaf) : at < 0 ? "" : path[..at]);
        }
    }
}

[Cmdlet(VerbsCommon.Join, "String")]
public sealed class JoinStringCommand : PSCmdlet
{
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(Position = 0)]
    public object? Property { get; set; }

    [Parameter(Position = 1)]
    public string Separator { get; set; } = "";

    [Parameter] public string OutputPrefix { get; set; } = "";
    [Parameter] public string OutputSuffix { get; set; } = "";
    [Parameter] public SwitchParameter SingleQuote { get; set; }
    [Parameter] public SwitchParameter DoubleQuote { get; set; }

    private readonly List<string> texts = [];

    protected override void ProcessRecord()
    {
        if (InputObject is null)
            return;
        object? value = Property is null ? InputObject : new PropertyExpression(Property).Read(InputObject);
        string quote = SingleQuote ? "'" : DoubleQuote ? "\"" : "";
        texts.Add(quote + LanguagePrimitives.ConvertTo<string>(value) + quote);
    }

    protected override void EndProcessing() => WriteObject(OutputPrefix + string.Join(Separator, texts) + OutputSuffix);
}

[Cmdlet(VerbsData.ConvertFrom, "StringData")]
public sealed class ConvertFromStringDataCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true), AllowEmptyString]
    public string StringData { get; set; } = "";

    protected override void ProcessRecord()
    {
        var table = new Hashtable(StringComparer.OrdinalIgnoreCase);
        foreach (string line in StringData.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line[0] == '#')
                continue;
            int at = line.IndexOf('=');
            if (at < 1)
                throw new PSInvalidOperationException($"Data line '{line}' is not in 'name=value' format.");
            table[line[..at].TrimEnd()] = System.Text.RegularExpressions.Regex.Unescape(line[(at + 1)..].TrimStart());
        }
        WriteObject(table);
    }
}

[Cmdlet(VerbsCommunications.Write, "Progress")]
public sealed class WriteProgressCommand : PSCmdlet
{
    [Parameter(Position = 0)] public string Activity { get; set; } = "Processing";
    [Parameter(Position = 1)] public string Status { get; set; } = "Processing";
    [Parameter(Position = 2)] public int Id { get; set; }
    [Parameter] public int PercentComplete { get; set; } = -1;
    [Parameter] public int SecondsRemaining { get; set; } = -1;
    [Parameter] public string? CurrentOperation { get; set; }
    [Parameter] public int ParentId { get; set; } = -1;
    [Parameter] public int SourceId { get; set; }
    [Parameter] public SwitchParameter Completed { get; set; }

    protected override void ProcessRecord() => WriteProgress(new ProgressRecord(Id, Activity, Status)
    {
        PercentComplete = PercentComplete,
        SecondsRemaining = SecondsRemaining,
        CurrentOperation = CurrentOperation,
        ParentActivityId = ParentId,
        RecordType = Completed ? ProgressRecordType.Completed : ProgressRecordType.Processing,
    });
}

[Cmdlet(VerbsCommunications.Read, "Host")]
public sealed class ReadHostCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromRemainingArguments = true)]
    public object? Prompt { get; set; }

    [Parameter]
    public SwitchParameter AsSecureString { get; set; }

    protected override void ProcessRecord()
    {
        if (Prompt is not null)
            Host.UI.Write(LanguagePrimitives.ConvertTo<string>(Prompt) + ": ");
        WriteObject(AsSecureString ? Host.UI.ReadLineAsSecureString() : Host.UI.ReadLine());
    }
}
