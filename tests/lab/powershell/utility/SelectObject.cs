// SPDX-License-Identifier: Apache-2.0

using System.Collections;
using System.Management.Automation;
using System.Reflection;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsCommon.Select, "Object", DefaultParameterSetName = "DefaultParameter")]
public sealed class SelectObjectCommand : PSCmdlet
{
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    [Parameter(Position = 0, ParameterSetName = "DefaultParameter")]
    public object[]? Property { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter")]
    public string[] ExcludeProperty { get; set; } = [];

    [Parameter(ParameterSetName = "DefaultParameter")]
    public string? ExpandProperty { get; set; }

    [Parameter]
    public SwitchParameter Unique { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter"), ValidateRange(0, int.MaxValue)]
    public int First { get; set; } = -1;

    [Parameter(ParameterSetName = "DefaultParameter"), ValidateRange(0, int.MaxValue)]
    public int Last { get; set; } = -1;

    [Parameter(ParameterSetName = "DefaultParameter"), ValidateRange(0, int.MaxValue)]
    public int Skip { get; set; }

    [Parameter(ParameterSetName = "DefaultParameter"), ValidateRange(0, int.MaxValue)]
    public int SkipLast { get; set; }

    [Parameter(ParameterSetName = "IndexParameter")]
    public int[]? Index { get; set; }

    private readonly Queue<PSObject> held = new();
    private readonly List<PSObject> seen = [];
    private readonly ValueComparer comparer = new(caseSensitive: true);
    private PropertyExpression[] properties = [];
    private WildcardPattern[] excluded = [];
    private int position;
    private int emitted;

    protected override void BeginProcessing()
    {
        if (Property is null && ExcludeProperty.Length > 0)
            Property = ["*"];
        properties = PropertyExpression.From(Property);
        excluded = Array.ConvertAll(ExcludeProperty, p => new WildcardPattern(p, WildcardOptions.IgnoreCase));
    }

    protected override void ProcessRecord()
    {
        if (InputObject is null)
            return;
        int at = position++;
        if (Index is not null)
        {
            if (Index.Contains(at))
                Emit(InputObject);
            return;
        }
        if (Last >= 0)
        {
            held.Enqueue(InputObject);
            if (First >= 0 && at >= Skip && emitted < First)
            {
                emitted++;
                Emit(InputObject);
                held.Clear();
            }
            else if (held.Count > Last + Skip)
            {
                held.Dequeue();
            }
            return;
        }
        if (at < Skip)
            return;
        if (SkipLast > 0)
        {
            held.Enqueue(InputObject);
            if (held.Count > SkipLast)
                Emit(held.Dequeue());
            return;
        }
        if (First == 0)
            StopUpstream();
        emitted++;
        Emit(InputObject);
        if (First >= 0 && emitted >= First)
            StopUpstream();
    }

    // As the real cmdlet does: what comes before it is not run to its end for nothing.
    private void StopUpstream()
    {
        Type stop = typeof(PSCmdlet).Assembly.GetType("System.Management.Automation.StopUpstreamCommandsException", true)!;
        throw (Exception)Activator.CreateInstance(stop, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public,
            null, [this], null)!;
    }

    protected override void EndProcessing()
    {
        if (Last < 0)
            return;
        int take = First >= 0 ? Last : Math.Max(0, held.Count - Skip);
        foreach (PSObject item in held.Take(Math.Min(take, Math.Max(Last, 0))))
            Emit(item);
    }

    private void Emit(PSObject source)
    {
        PSObject result = properties.Length == 0 ? source : Project(source);
        if (ExpandProperty is not null)
        {
            Expand(source, properties.Length == 0 ? null : result);
            return;
        }
        Write(result);
    }

    private PSObject Project(PSObject source)
    {
        var result = new PSObject();
        if (source.TypeNames.Count > 0)
            result.TypeNames.Insert(0, "Selected." + source.TypeNames[0]);
        foreach (PropertyExpression property in properties)
            foreach ((string name, object? value) in property.Expand(source))
                if (result.Properties[name] is null && !excluded.Any(e => e.IsMatch(name)))
                    result.Properties.Add(new PSNoteProperty(name, value));
        return result;
    }

    private void Expand(PSObject source, PSObject? extra)
    {
        PSPropertyInfo? property = source.Properties[ExpandProperty!];
        object? value = source.BaseObject is IDictionary table && table.Contains(ExpandProperty!)
            ? table[ExpandProperty!] : property?.Value;
        if (property is null && value is null)
        {
            WriteError(new ErrorRecord(new PSArgumentException($"Property \"{ExpandProperty}\" cannot be found."),
                "ExpandPropertyNotFound", ErrorCategory.InvalidArgument, source));
            return;
        }
        IEnumerable? list = LanguagePrimitives.GetEnumerable(value);
        foreach (object? item in list ?? new[] { value })
        {
            if (item is null)
                continue;
            PSObject element = PSObject.AsPSObject(item);
            if (extra is not null)
                foreach (PSPropertyInfo note in extra.Properties)
                    if (element.Properties[note.Name] is null)
                        element.Properties.Add(new PSNoteProperty(note.Name, note.Value));
            Write(element);
        }
    }

    private void Write(PSObject item)
    {
        if (Unique)
        {
            if (seen.Exists(s => Same(s, item)))
                return;
            seen.Add(item);
        }
        WriteObject(item);
    }

    private bool Same(PSObject a, PSObject b)
    {
        if (a.BaseObject is not PSCustomObject || b.BaseObject is not PSCustomObject)
            return comparer.Equals(a, b);
        return a.Properties.Select(p => p.Name).SequenceEqual(b.Properties.Select(p => p.Name))
            && a.Properties.All(p => comparer.Equals(p.Value, b.Properties[p.Name].Value));
    }
}
