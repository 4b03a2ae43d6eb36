// SPDX-License-Identifier: Apache-2.0
//
// The smallest honest PSHost: streams go to standard output and standard
// error, nothing is ever asked. A prompt is an error, as with -NonInteractive.

using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace Causeway.Lab.Host;

internal sealed class ConsoleHost : PSHost
{
    private readonly ConsoleUI ui = new();

    internal int? ExitCode { get; private set; }

    public override string Name => "CausewayLabHost";
    public override Version Version => new(1, 0);
    public override Guid InstanceId { get; } = Guid.NewGuid();
    public override PSHostUserInterface UI => ui;
    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;
    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;
    public override void EnterNestedPrompt() => throw new PSNotImplementedException("nested prompts");
    public override void ExitNestedPrompt() => throw new PSNotImplementedException("nested prompts");
    public override void NotifyBeginApplication() { }
    public override void NotifyEndApplication() { }

    internal void ReportError(ErrorRecord error) =>
        ui.WriteErrorLine($"{error}\n{error.InvocationInfo?.PositionMessage}\n"
            + $"    + CategoryInfo          : {error.CategoryInfo}\n"
            + $"    + FullyQualifiedErrorId : {error.FullyQualifiedErrorId}");
}

internal sealed class PSNotImplementedException(string what)
    : NotSupportedException($"The lab's PowerShell host has no {what}.");

internal sealed class ConsoleUI : PSHostUserInterface
{
    private readonly PlainRawUI raw = new();

    public override PSHostRawUserInterface RawUI => raw;

    public override void Write(string value) => Console.Out.Write(Plain(value));
    public override void Write(ConsoleColor f, ConsoleColor b, string value) => Console.Out.Write(Plain(value));
    public override void WriteLine(string value) => Console.Out.WriteLine(Plain(value));
    public override void WriteErrorLine(string value) => Console.Error.WriteLine(Plain(value));
    public override void WriteDebugLine(string message) => Console.Out.WriteLine("DEBUG: " + message);
    public override void WriteVerboseLine(string message) => Console.Out.WriteLine("VERBOSE: " + message);
    public override void WriteWarningLine(string message) => Console.Out.WriteLine("WARNING: " + message);
    public override void WriteProgress(long sourceId, ProgressRecord record) { }

    public override string ReadLine() => Console.In.ReadLine() ?? "";
    public override SecureString ReadLineAsSecureString() => throw NoPrompt();
    public override Dictionary<string, PSObject> Prompt(string caption, string message,
        Collection<FieldDescription> descriptions) => throw NoPrompt();
    public override int PromptForChoice(string caption, string message,
        Collection<ChoiceDescription> choices, int defaultChoice) => throw NoPrompt();
    public override PSCredential PromptForCredential(string caption, string message,
        string userName, string targetName) => throw NoPrompt();
    public override PSCredential PromptForCredential(string caption, string message, string userName,
        string targetName, PSCredentialTypes types, PSCredentialUIOptions options) => throw NoPrompt();

    // The formatter colours its headings; leaving that out is the host's part.
    private static string Plain(string value) => GetOutputString(value, supportsVirtualTerminal: false);

    private static PSInvalidOperationException NoPrompt() =>
        new("PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.");
}

// Out-Default asks only for the width.
internal sealed class PlainRawUI : PSHostRawUserInterface
{
    public override ConsoleColor BackgroundColor { get; set; }
    public override ConsoleColor ForegroundColor { get; set; }
    public override Size BufferSize { get; set; } = new(120, 3000);
    public override Size WindowSize { get; set; } = new(120, 50);
    public override Size MaxPhysicalWindowSize => WindowSize;
    public override Size MaxWindowSize => WindowSize;
    public override Coordinates CursorPosition { get; set; }
    public override Coordinates WindowPosition { get; set; }
    public override int CursorSize { get; set; }
    public override string WindowTitle { get; set; } = "";
    public override bool KeyAvailable => false;

    public override void FlushInputBuffer() { }
    public override BufferCell[,] GetBufferContents(Rectangle r) => throw new PSNotImplementedException("screen");
    public override KeyInfo ReadKey(ReadKeyOptions options) => throw new PSNotImplementedException("keyboard");
    public override void ScrollBufferContents(Rectangle s, Coordinates d, Rectangle c, BufferCell f) { }
    public override void SetBufferContents(Coordinates o, BufferCell[,] contents) { }
    public override void SetBufferContents(Rectangle r, BufferCell fill) { }
}
