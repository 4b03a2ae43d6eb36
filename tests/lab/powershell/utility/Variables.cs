// SPDX-License-Identifier: Apache-2.0
//
// Variables by name. -Scope takes the names of scopes; numbers, 0 alone.

using System.Management.Automation;

namespace Microsoft.PowerShell.Commands;

public abstract class VariableCmdlet : PSCmdlet
{
    [Parameter]
    public string? Scope { get; set; }

    private protected string Scoped(string name) => Scope is null or "0" ? name : $"{Scope}:{name}";

    private protected IEnumerable<PSVariable> Find(string[] names, bool mayBeMissing = false)
    {
        foreach (string name in names)
        {
            if (WildcardPattern.ContainsWildcardCharacters(name))
            {
                var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
                foreach (PSObject item in InvokeProvider.ChildItem.Get("variable:", false))
                    if (item.BaseObject is PSVariable variable && pattern.IsMatch(variable.Name))
                        yield return variable;
            }
            else if (SessionState.PSVariable.Get(Scoped(name)) is PSVariable variable)
            {
                yield return variable;
            }
            else if (!mayBeMissing)
            {
                WriteError(new ErrorRecord(new ItemNotFoundException($"Cannot find a variable with the name '{name}'."),
                    "VariableNotFound", ErrorCategory.ObjectNotFound, name));
            }
        }
    }

    private protected void Guard(string name, Action action)
    {
        try
        {
            action();
        }
        catch (SessionStateException e)
        {
            WriteError(new ErrorRecord(e, e.ErrorRecord.FullyQualifiedErrorId, ErrorCategory.WriteError, name));
        }
    }
}

[Cmdlet(VerbsCommon.Get, "Variable")]
public sealed class GetVariableCommand : VariableCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string[] Name { get; set; } = ["*"];

    [Parameter]
    public SwitchParameter ValueOnly { get; set; }

    protected override void ProcessRecord()
    {
        foreach (PSVariable variable in Find(Name).OrderBy(v => v.Name, StringComparer.OrdinalIgnoreCase))
            WriteObject(ValueOnly ? variable.Value : variable);
    }
}

[Cmdlet(VerbsCommon.Set, "Variable", SupportsShouldProcess = true)]
public class SetVariableCommand : VariableCmdlet
{
    [Parameter(Position = 0, Mandatory = true)]
    public string[] Name { get; set; } = [];

    [Parameter(Position = 1, ValueFromPipeline = true)]
    public object? Value { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    [Parameter]
    public ScopedItemOptions Option { get; set; }

    private readonly List<object?> values = [];

    protected override void ProcessRecord() => values.Add(Value);

    protected override void EndProcessing()
    {
        foreach (string name in Name)
            Guard(name, () => Set(name, values.Count == 1 ? values[0] : values.ToArray()));
    }

    private protected virtual void Set(string name, object? value)
    {
        SessionState.PSVariable.Set(Option == ScopedItemOptions.None && SessionState.PSVariable.Get(Scoped(name)) is PSVariable
            ? new PSVariable(Scoped(name), value) : new PSVariable(Scoped(name), value, Option));
        if (PassThru)
            WriteObject(SessionState.PSVariable.Get(Scoped(name)));
    }
}

[Cmdlet(VerbsCommon.New, "Variable", SupportsShouldProcess = true)]
public sealed class NewVariableCommand : SetVariableCommand
{
    private protected override void Set(string name, object? value)
    {
        if (!Force && Find([name], true).Any(v => v.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            WriteError(new ErrorRecord(new SessionStateException($"A variable with name '{name}' already exists."),
                "VariableAlreadyExists", ErrorCategory.ResourceExists, name));
        else
            base.Set(name, value);
    }
}

[Cmdlet(VerbsCommon.Remove, "Variable", SupportsShouldProcess = true)]
public sealed class RemoveVariableCommand : VariableCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string[] Name { get; set; } = [];

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        foreach (PSVariable variable in Find(Name).ToArray())
            Guard(variable.Name, () => SessionState.PSVariable.Remove(variable));
    }
}

[Cmdlet(VerbsCommon.Clear, "Variable", SupportsShouldProcess = true)]
public sealed class ClearVariableCommand : VariableCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    public string[] Name { get; set; } = [];

    protected override void ProcessRecord()
    {
        foreach (PSVariable variable in Find(Name).ToArray())
            Guard(variable.Name, () => variable.Value = null);
    }
}
