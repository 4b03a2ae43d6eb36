// SPDX-License-Identifier: Apache-2.0
//
// Cmdlets that make one value: dates, identifiers, random picks, new objects; and
// the one that makes none, Start-Sleep.

using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Security;
using System.Security.Cryptography;

namespace Microsoft.PowerShell.Commands;

[Cmdlet(VerbsCommon.Get, "Date")]
public sealed class GetDateCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true), Alias("LastWriteTime")]
    public DateTime? Date { get; set; }

    [Parameter]
    public string? Format { get; set; }

    [Parameter]
    public SwitchParameter AsUTC { get; set; }

    [Parameter] public int? Year { get; set; }
    [Parameter] public int? Month { get; set; }
    [Parameter] public int? Day { get; set; }
    [Parameter] public int? Hour { get; set; }
    [Parameter] public int? Minute { get; set; }
    [Parameter] public int? Second { get; set; }

    protected override void ProcessRecord()
    {
        DateTime date = Date ?? DateTime.Now;
        date = date.AddYears((Year ?? date.Year) - date.Year).AddMonths((Month ?? date.Month) - date.Month)
            .AddDays((Day ?? date.Day) - date.Day).AddHours((Hour ?? date.Hour) - date.Hour)
            .AddMinutes((Minute ?? date.Minute) - date.Minute).AddSeconds((Second ?? date.Second) - date.Second);
        if (AsUTC)
            date = date.ToUniversalTime();
        if (Format is null)
            WriteObject(date);
        else
            WriteObject(date.ToString(Format, CultureInfo.CurrentCulture));
    }
}

[Cmdlet(VerbsCommon.New, "Guid")]
public sealed class NewGuidCommand : PSCmdlet
{
    [Parameter]
    public SwitchParameter Empty { get; set; }

    protected override void ProcessRecord() => WriteObject(Empty ? Guid.Empty : Guid.NewGuid());
}

[Cmdlet(VerbsCommon.Get, "Random", DefaultParameterSetName = "Number")]
public sealed class GetRandomCommand : PSCmdlet
{
    [Parameter(Position = 0, ParameterSetName = "Number")]
    public int Maximum { get; set; } = int.MaxValue;

    [Parameter(ParameterSetName = "Number")]
    public int Minimum { get; set; }

    [Parameter(ParameterSetName = "List", ValueFromPipeline = true, Mandatory = true, Position = 0), AllowNull]
    public object[] InputObject { get; set; } = [];

    [Parameter, ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    [Parameter]
    public int? SetSeed { get; set; }

    private readonly List<object> pool = [];

    protected override void ProcessRecord() => pool.AddRange(InputObject);

    protected override void EndProcessing()
    {
        Random random = SetSeed is int seed ? new Random(seed) : new Random();
        if (ParameterSetName == "Number")
        {
            for (int i = 0; i < Count; i++)
                WriteObject(random.Next(Minimum, Maximum));
            return;
        }
        object[] items = [.. pool];
        random.Shuffle(items);
        WriteObject(items.Take(Count), true);
    }
}

[Cmdlet(VerbsCommon.New, "Object", DefaultParameterSetName = "Net")]
public sealed class NewObjectCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true)]
    public string TypeName { get; set; } = "";

    [Parameter(Position = 1), Alias("Args")]
    public object[] ArgumentList { get; set; } = [];

    [Parameter]
    public IDictionary? Property { get; set; }

    protected override void ProcessRecord()
    {
        Type? type = LanguagePrimitives.TryConvertTo(TypeName, out Type found) ? found : null;
        if (type is null)
        {
            ThrowTerminatingError(new ErrorRecord(new PSArgumentException(
                $"Cannot find type [{TypeName}]: verify that the assembly containing this type is loaded."),
                "TypeNotFound", ErrorCategory.InvalidType, TypeName));
        }
        if (SessionState.LanguageMode == PSLanguageMode.ConstrainedLanguage && !IsCore(type!))
        {
            ThrowTerminatingError(new ErrorRecord(new PSNotSupportedException(
                "Cannot create type. Only core types are supported in this language mode."),
                "CannotCreateTypeConstrainedLanguage", ErrorCategory.PermissionDenied, TypeName));
        }
        if (type == typeof(PSObject) || type == typeof(PSCustomObject))
            type = typeof(PSObject);
        object made = Make(type!);
        PSObject result = PSObject.AsPSObject(made);
        if (Property is not null)
            foreach (DictionaryEntry entry in Property)
                Assign(result, entry.Key.ToString()!, entry.Value);
        WriteObject(result);
    }

    private object Make(Type type)
    {
        object?[] arguments = Array.ConvertAll(ArgumentList, a => a is PSObject p ? p.BaseObject : a);
        try
        {
            if (arguments.Length == 0)
                return Activator.CreateInstance(type)!;
            if (arguments.Length == 1 && type.GetConstructor([arguments[0]!.GetType()]) is null)
                return LanguagePrimitives.ConvertTo(arguments[0], type, CultureInfo.InvariantCulture);
            return Activator.CreateInstance(type, arguments)!;
        }
        catch (Exception e) when (e is MissingMethodException or System.Reflection.TargetInvocationException
            or PSInvalidCastException)
        {
            ThrowTerminatingError(new ErrorRecord(e.InnerException ?? e, "ConstructorInvokedThrowException",
                ErrorCategory.InvalidOperation, TypeName));
            throw;
        }
    }

    private static void Assign(PSObject target, string name, object? value)
    {
        if (target.Properties[name] is PSPropertyInfo { IsSettable: true } property)
            property.Value = value;
        else if (target.BaseObject is PSCustomObject)
            target.Properties.Add(new PSNoteProperty(name, value));
        else
            throw new PSInvalidOperationException($"The member \"{name}\" was not found for the specified object.");
    }

    private static bool IsCore(Type type) =>
        type.IsPrimitive || type == typeof(string) || type == typeof(PSObject) || type == typeof(PSCustomObject)
        || type == typeof(Guid) || type == typeof(DateTime) || type == typeof(TimeSpan) || type == typeof(Hashtable)
        || type == typeof(Uri) || type == typeof(Version) || type == typeof(SecureString) || type == typeof(PSCredential);
}

[Cmdlet(VerbsData.ConvertTo, "SecureString", DefaultParameterSetName = "PlainText")]
public sealed class ConvertToSecureStringCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true)]
    public string String { get; set; } = "";

    [Parameter(Position = 1, ParameterSetName = "PlainText")]
    public SwitchParameter AsPlainText { get; set; }

    [Parameter(Position = 2, ParameterSetName = "PlainText")]
    public SwitchParameter Force { get; set; } // needed in 5.1, accepted since 7

    protected override void ProcessRecord()
    {
        if (!AsPlainText)
        {
            ThrowTerminatingError(new ErrorRecord(new PSNotSupportedException(
                "The lab reads plain text only: give -AsPlainText -Force. Encrypted strings need the real module."),
                "LabEncryptedSecureString", ErrorCategory.NotImplemented, null));
        }
        var secure = new SecureString();
        foreach (char c in String)
            secure.AppendChar(c);
        secure.MakeReadOnly();
        WriteObject(secure);
    }
}

[Cmdlet(VerbsLifecycle.Start, "Sleep", DefaultParameterSetName = "Seconds")]
public sealed class StartSleepCommand : PSCmdlet, IDisposable
{
    private readonly ManualResetEventSlim stop = new();

    [Parameter(Position = 0, Mandatory = true, ParameterSetName = "Seconds", ValueFromPipeline = true)]
    [ValidateRange(0.0, int.MaxValue / 1000.0)]
    public double Seconds { get; set; }

    [Parameter(Mandatory = true, ParameterSetName = "Milliseconds"), Alias("ms"), ValidateRange(0, int.MaxValue)]
    public int Milliseconds { get; set; }

    protected override void ProcessRecord() =>
        stop.Wait(ParameterSetName == "Seconds" ? (int)(Seconds * 1000) : Milliseconds);

    protected override void StopProcessing() => stop.Set();

    public void Dispose() => stop.Dispose();
}
