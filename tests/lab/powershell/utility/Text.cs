// SPDX-License-Identifier: Apache-2.0

using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;
using System.Text;
using System.Text.RegularExpressions;

namespace Microsoft.PowerShell.Commands;

// The engine formats only for a host; so a host that keeps the text, in a
// runspace of its own, is asked to show the objects.
[Cmdlet(VerbsData.Out, "String")]
public sealed class OutStringCommand : CollectingCmdlet
{
    [Parameter]
    public SwitchParameter Stream { get; set; }

    [Parameter, ValidateRange(2, int.MaxValue)]
    public int Width { get; set; } = 120;

    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    protected override void EndProcessing()
    {
        var host = new KeepingHost(Width);
        using Runspace runspace = RunspaceFactory.CreateRunspace(host, InitialSessionState.CreateDefault2());
        runspace.Open();
        using (var shell = System.Management.Automation.PowerShell.Create(runspace))
        {
            shell.AddCommand("Microsoft.PowerShell.Core\\Out-Default");
            shell.Invoke(Items);
        }
        string text = host.Text.ToString();
        if (Stream)
            WriteObject(text.TrimEnd('\n').Split('\n'), true);
        else
            WriteObject(NoNewline ? text.Replace("\n", "") : text);
    }

    private sealed class KeepingHost(int width) : PSHost
    {
        internal StringBuilder Text { get; } = new();

        public override string Name => "OutString";
        public override Version Version => new(1, 0);
        public override Guid InstanceId { get; } = Guid.NewGuid();
        public override PSHostUserInterface UI => field ??= new KeepingUI(Text, width);
        public override System.Globalization.CultureInfo CurrentCulture =>
            System.Globalization.CultureInfo.CurrentCulture;
        public override System.Globalization.CultureInfo CurrentUICulture =>
            System.Globalization.CultureInfo.CurrentUICulture;

        public override void SetShouldExit(int exitCode) { }
        public override void EnterNestedPrompt() { }
        public override void ExitNestedPrompt() { }
        public override void NotifyBeginApplication() { }
        public override void NotifyEndApplication() { }
    }

    private sealed class KeepingUI(StringBuilder text, int width) : PSHostUserInterface
    {
        public override PSHostRawUserInterface RawUI => field ??= new WidthOnly(width);

        public override void Write(string value) => text.Append(value);
        public override void Write(ConsoleColor f, ConsoleColor b, string value) => text.Append(value);
        public override void WriteLine(string value) => text.Append(value).Append('\n');
        public override void WriteErrorLine(string value) => text.Append(value).Append('\n');
        public override void WriteDebugLine(string message) { }
        public override void WriteVerboseLine(string message) { }
        public override void WriteWarningLine(string message) { }
        public override void WriteProgress(long sourceId, ProgressRecord record) { }
        public override string ReadLine() => throw new PSNotSupportedException();
        public override System.Security.SecureString ReadLineAsSecureString() => throw new PSNotSupportedException();
        public override Dictionary<string, PSObject> Prompt(string caption, string message,
            System.Collections.ObjectModel.Collection<FieldDescription> d) => throw new PSNotSupportedException();
        public override int PromptForChoice(string caption, string message,
            System.Collections.ObjectModel.Collection<ChoiceDescription> c, int d) => throw new PSNotSupportedException();
        public override PSCredential PromptForCredential(string caption, string message, string u, string t) =>
            throw new PSNotSupportedException();
        public override PSCredential PromptForCredential(string caption, string message, string u, string t,
            PSCredentialTypes a, PSCredentialUIOptions o) => throw new PSNotSupportedException();
    }

    private sealed class WidthOnly(int width) : PSHostRawUserInterface
    {
        public override ConsoleColor BackgroundColor { get; set; }
        public override ConsoleColor ForegroundColor { get; set; }
        public override Size BufferSize { get; set; } = new(width, 3000);
        public override Size WindowSize { get; set; } = new(width, 50);
        public override Size MaxPhysicalWindowSize => WindowSize;
        public override Size MaxWindowSize => WindowSize;
        public override Coordinates CursorPosition { get; set; }
        public override Coordinates WindowPosition { get; set; }
        public override int CursorSize { get; set; }
        public override string WindowTitle { get; set; } = "";
        public override bool KeyAvailable => false;

        public override void FlushInputBuffer() { }
        public override BufferCell[,] GetBufferContents(Rectangle r) => throw new PSNotSupportedException();
        public override KeyInfo ReadKey(ReadKeyOptions options) => throw new PSNotSupportedException();
        public override void ScrollBufferContents(Rectangle s, Coordinates d, Rectangle c, BufferCell f) { }
        public override void SetBufferContents(Coordinates o, BufferCell[,] contents) { }
        public override void SetBufferContents(Rectangle r, BufferCell fill) { }
    }
}

public sealed class MatchInfo
{
    public string Line { get; internal init; } = "";
    public int LineNumber { get; internal init; }
    public string Path { get; internal init; } = "InputStream";
    public string Filename => System.IO.Path.GetFileName(Path);
    public string Pattern { get; internal init; } = "";
    public Match[] Matches { get; internal init; } = [];

    public override string ToString() => Path == "InputStream" ? Line : $"{Path}:{LineNumber}:{Line}";
}

[Cmdlet(VerbsCommon.Select, "String", DefaultParameterSetName = "Object")]
public sealed class SelectStringCommand : PSCmdlet
{
    [Parameter(ValueFromPipeline = true, ParameterSetName = "Object"), AllowNull]
    public PSObject? InputObject { get; set; }

    [Parameter(Position = 0, Mandatory = true)]
    public string[] Pattern { get; set; } = [];

    [Parameter(Position = 1, Mandatory = true, ParameterSetName = "File"), Alias("LiteralPath", "PSPath")]
    public string[] Path { get; set; } = [];

    [Parameter] public SwitchParameter SimpleMatch { get; set; }
    [Parameter] public SwitchParameter CaseSensitive { get; set; }
    [Parameter] public SwitchParameter NotMatch { get; set; }
    [Parameter] public SwitchParameter Quiet { get; set; }
    [Parameter] public SwitchParameter Raw { get; set; }
    [Parameter] public SwitchParameter AllMatches { get; set; }

    private Regex[] expressions = [];
    private int line;
    private bool found;

    protected override void BeginProcessing() =>
        expressions = Array.ConvertAll(Pattern, p => new Regex(SimpleMatch ? Regex.Escape(p) : p,
            CaseSensitive ? RegexOptions.None : RegexOptions.IgnoreCase));

    protected override void ProcessRecord()
    {
        foreach (string path in Path)
        {
            string file = GetUnresolvedProviderPathFromPSPath(path);
            line = 0;
            foreach (string text in File.ReadLines(file))
                Check(text, file);
        }
        if (InputObject is not null)
            Check(LanguagePrimitives.ConvertTo<string>(InputObject), "InputStream");
    }

    protected override void EndProcessing()
    {
        if (Quiet)
            WriteObject(found);
    }

    private void Check(string text, string path)
    {
        line++;
        Regex? hit = Array.Find(expressions, e => e.IsMatch(text));
        if (hit is null != NotMatch.IsPresent)
            return;
        found = true;
        if (Quiet)
            return;
        if (Raw)
        {
            WriteObject(text);
            return;
        }
        Match[] matches = hit is null ? Array.Empty<Match>() : AllMatches ? hit.Matches(text).ToArray() : new[] { hit.Match(text) };
        WriteObject(new MatchInfo
        {
            Line = text, LineNumber = line, Path = path,
            Pattern = hit is null ? Pattern[0] : Pattern[Array.IndexOf(expressions, hit)], Matches = matches,
        });
    }
}
