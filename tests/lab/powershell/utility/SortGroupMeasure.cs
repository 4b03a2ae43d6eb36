// SPDX-License-Identifier: Apache-2.0
//
// The cmdlets that look at the whole input: Sort-, Group-, Measure-, Compare-Object.

using System.Collections;
using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

public abstract class CollectingCmdlet : PSCmdlet
{
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    private protected List<PSObject> Items { get; } = [];

    protected override void ProcessRecord()
    {
        if (InputObject is not null)
            Items.Add(InputObject);
    }
}

[Cmdlet("Sort", "Object")]
public sealed class SortObjectCommand : CollectingCmdlet
{
    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    public SwitchParameter Descending { get; set; }

    [Parameter]
    public SwitchParameter Unique { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    [Parameter]
    public SwitchParameter Stable { get; set; } // always is

    [Parameter, ValidateRange(1, int.MaxValue)]
    public int Top { get; set; } = int.MaxValue;

    protected override void EndProcessing()
    {
        var comparer = new ValueComparer(CaseSensitive);
        PropertyExpression[] keys = PropertyExpression.From(Property);
        var rows = Items.ConvertAll(item => (item,
            key: keys.Length == 0 ? [item] : Array.ConvertAll(keys, k => k.Read(item))));
        int Order((PSObject item, object?[] key) a, (PSObject item, object?[] key) b)
        {
            for (int i = 0; i < a.key.Length; i++)
            {
                int order = comparer.Compare(a.key[i], b.key[i]);
                bool down = (keys.Length == 0 ? null : keys[i].Descending) ?? Descending.IsPresent;
                if (order != 0)
                    return down ? -order : order;
            }
            return 0;
        }
        var sorted = rows.Order(Comparer<(PSObject, object?[])>.Create(Order));
        (PSObject item, object?[] key)? previous = null;
        int left = Top;
        foreach ((PSObject item, object?[] key) row in sorted)
        {
            if (left == 0)
                break;
            if (Unique && previous is { } last && Order(last, row) == 0)
                continue;
            previous = row;
            left--;
            WriteObject(row.item);
        }
    }
}

public sealed class GroupInfo
{
    internal GroupInfo(object?[] key) => Values = [.. key];

    public ArrayList Values { get; }
    public int Count => Group.Count;
    public List<PSObject> Group { get; } = [];
    public string Name => string.Join(", ", Values.Cast<object?>().Select(v => v?.ToString() ?? ""));
}

[Cmdlet("Group", "Object")]
public sealed class GroupObjectCommand : CollectingCmdlet
{
    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    public SwitchParameter NoElement { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    [Parameter, Alias("AHT")]
    public SwitchParameter AsHashTable { get; set; }

    [Parameter]
    public SwitchParameter AsString { get; set; }

    protected override void EndProcessing()
    {
        var comparer = new ValueComparer(CaseSensitive);
        PropertyExpression[] keys = PropertyExpression.From(Property);
        var groups = new List<(object?[] Key, GroupInfo Info)>();
        foreach (PSObject item in Items)
        {
            object?[] key = keys.Length == 0 ? [item] : Array.ConvertAll(keys, k => k.Read(item));
            GroupInfo? group = groups.Find(g => g.Key.SequenceEqual(key, comparer)).Info;
            if (group is null)
                groups.Add((key, group = new GroupInfo(key)));
            group.Group.Add(item);
        }
        if (AsHashTable)
        {
            var table = new Hashtable(CaseSensitive ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);
            foreach ((object?[] key, GroupInfo info) in groups)
                table[AsString ? info.Name : key[0] is PSObject p ? p.BaseObject : key[0] ?? ""] = info.Group.ToArray();
            WriteObject(table);
            return;
        }
        foreach ((object?[] key, GroupInfo info) in groups.OrderBy(g => g.Key[0], comparer))
            WriteObject(NoElement ? Counted(info) : info);
    }

    private static PSObject Counted(GroupInfo info)
    {
        var result = new PSObject();
        result.TypeNames.Insert(0, "Microsoft.PowerShell.Commands.GroupInfoNoElement");
        result.Properties.Add(new PSNoteProperty("Count", info.Count));
        result.Properties.Add(new PSNoteProperty("Name", info.Name));
        result.Properties.Add(new PSNoteProperty("Values", info.Values));
        return result;
    }
}

public sealed class GenericMeasureInfo
{
    public int Count { get; internal set; }
    public double? Average { get; internal set; }
    public double? Sum { get; internal set; }
    public object? Maximum { get; internal set; }
    public object? Minimum { get; internal set; }
    public double? StandardDeviation { get; internal set; }
    public string? Property { get; internal set; }
}

public sealed class TextMeasureInfo
{
    public int? Lines { get; internal set; }
    public int? Words { get; internal set; }
    public int? Characters { get; internal set; }
    public string? Property { get; internal set; }
}

[Cmdlet(VerbsDiagnostic.Measure, "Object", DefaultParameterSetName = "GenericMeasure")]
public sealed class MeasureObjectCommand : CollectingCmdlet
{
    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter Sum { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter Average { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter Maximum { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter Minimum { get; set; }

    [Parameter(ParameterSetName = "GenericMeasure")]
    public SwitchParameter StandardDeviation { get; set; }

    [Parameter(ParameterSetName = "TextMeasure")]
    public SwitchParameter Line { get; set; }

    [Parameter(ParameterSetName = "TextMeasure")]
    public SwitchParameter Word { get; set; }

    [Parameter(ParameterSetName = "TextMeasure")]
    public SwitchParameter Character { get; set; }

    protected override void EndProcessing()
    {
        PropertyExpression[] keys = PropertyExpression.From(Property);
        if (keys.Length == 0)
            Report(Items.ConvertAll<object?>(i => i), null);
        foreach (PropertyExpression key in keys)
            Report(Items.ConvertAll(key.Read).FindAll(v => v is not null), key.Label);
    }

    private void Report(List<object?> values, string? property)
    {
        if (ParameterSetName == "TextMeasure")
        {
            string[] texts = values.Select(v => v?.ToString() ?? "").ToArray();
            WriteObject(new TextMeasureInfo
            {
                Property = property,
                Lines = Line ? texts.Sum(t => t.Split('\n').Length) : null,
                Words = Word ? texts.Sum(t => t.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length) : null,
                Characters = Character ? texts.Sum(t => t.Length) : null,
            });
            return;
        }
        var info = new GenericMeasureInfo { Count = values.Count, Property = property };
        if ((Sum || Average || StandardDeviation) && values.Count > 0)
        {
            double[] numbers = values.Select(v => LanguagePrimitives.ConvertTo<double>(v)).ToArray();
            double mean = numbers.Average();
            info.Sum = Sum ? numbers.Sum() : null;
            info.Average = Average ? mean : null;
            info.StandardDeviation = StandardDeviation
                ? Math.Sqrt(numbers.Sum(n => (n - mean) * (n - mean)) / Math.Max(1, numbers.Length - 1)) : null;
        }
        var comparer = new ValueComparer(caseSensitive: false);
        info.Maximum = Maximum && values.Count > 0 ? values.Max(comparer) : null;
        info.Minimum = Minimum && values.Count > 0 ? values.Min(comparer) : null;
        WriteObject(info);
    }
}

[Cmdlet(VerbsData.Compare, "Object")]
public sealed class CompareObjectCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true), AllowEmptyCollection]
    public PSObject[] ReferenceObject { get; set; } = [];

    [Parameter(Position = 1, Mandatory = true, ValueFromPipeline = true), AllowEmptyCollection]
    public PSObject[] DifferenceObject { get; set; } = [];

    [Parameter]
    public object[]? Property { get; set; }

    [Parameter]
    public SwitchParameter IncludeEqual { get; set; }

    [Parameter]
    public SwitchParameter ExcludeDifferent { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private readonly List<PSObject> difference = [];

    protected override void ProcessRecord() => difference.AddRange(DifferenceObject);

    protected override void EndProcessing()
    {
        var comparer = new ValueComparer(CaseSensitive);
        PropertyExpression[] keys = PropertyExpression.From(Property);
        object?[] Key(PSObject o) => keys.Length == 0 ? [o] : Array.ConvertAll(keys, k => k.Read(o));
        var left = new List<PSObject>(ReferenceObject);
        var right = new List<PSObject>();
        foreach (PSObject item in difference)
        {
            int match = left.FindIndex(l => Key(l).SequenceEqual(Key(item), comparer));
            if (match < 0)
            {
                right.Add(item);
                continue;
            }
            if (IncludeEqual)
                Report(left[match], "==", keys);
            left.RemoveAt(match);
        }
        if (ExcludeDifferent)
            return;
        right.ForEach(o => Report(o, "=>", keys));
        left.ForEach(o => Report(o, "<=", keys));
    }

    private void Report(PSObject item, string side, PropertyExpression[] keys)
    {
        PSObject result = PassThru ? item : new PSObject();
        if (!PassThru && keys.Length == 0)
            result.Properties.Add(new PSNoteProperty("InputObject", item));
        if (!PassThru)
            foreach (PropertyExpression key in keys)
                result.Properties.Add(new PSNoteProperty(key.Label, key.Read(item)));
        result.Properties.Add(new PSNoteProperty("SideIndicator", side));
        WriteObject(result);
    }
}
