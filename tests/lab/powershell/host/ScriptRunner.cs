// SPDX-License-Identifier: Apache-2.0
//
// -Command and -File: run the text as pwsh would, output formatted by the
// engine's Out-Default, and turn the outcome into pwsh's exit codes.

using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Text;

namespace Causeway.Lab.Host;

internal static class ScriptRunner
{
    private const string StatusName = "CausewayLabLastStatus";

    // pwsh -Command: 1 also when the last command merely failed ($? is false).
    internal static int RunText(string text) => Run(text + "\n;$global:" + StatusName + " = $?");

    internal static int RunFile(string path, string[] arguments)
    {
        string full = Path.GetFullPath(path);
        if (!File.Exists(full))
        {
            Console.Error.WriteLine($"pshost: the file {full} given to -File does not exist");
            return 64;
        }
        var line = new StringBuilder("& ").Append(Quote(full));
        foreach (string argument in arguments)
            line.Append(' ').Append(IsParameterName(argument) ? argument : Quote(argument));
        return Run(line.Append("; if (-not $?) { exit $LASTEXITCODE }").ToString());
    }

    private static int Run(string text)
    {
        var host = new ConsoleHost();
        var state = InitialSessionState.CreateDefault2();
        state.ThreadOptions = PSThreadOptions.UseCurrentThread;
        using Runspace runspace = RunspaceFactory.CreateRunspace(host, state);
        runspace.Open();
        Runspace.DefaultRunspace = runspace;
        using var shell = PowerShell.Create(runspace);
        Console.CancelKeyPress += (_, e) => { e.Cancel = true; shell.BeginStop(null, null); };
        shell.AddScript(text, useLocalScope: false);
        shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        shell.AddCommand("Microsoft.PowerShell.Core\\Out-Default");
        try
        {
            shell.Invoke();
        }
        catch (RuntimeException e)
        {
            if (host.ExitCode is int early)
                return early;
            host.ReportError(e.ErrorRecord);
            return 1;
        }
        if (host.ExitCode is int code)
            return code;
        return runspace.SessionStateProxy.GetVariable(StatusName) is false ? 1 : 0;
    }

    private static bool IsParameterName(string argument) =>
        argument.Length > 1 && argument[0] == '-' && char.IsLetter(argument[1]);

    private static string Quote(string text) =>
        "'" + CodeGeneration.EscapeSingleQuotedStringContent(text) + "'";
}
