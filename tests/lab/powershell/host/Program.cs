// SPDX-License-Identifier: Apache-2.0
//
// A stand-in for pwsh where there is none: the engine from NuGet, its own
// server loop for -s, and enough of pwsh's command line to run a test script.

using System.Reflection;

namespace Causeway.Lab.Host;

internal static class Program
{
    private const int UsageError = 64; // as pwsh: EX_USAGE

    private static int Main(string[] args)
    {
        PrepareEnvironment();
        Options options;
        try
        {
            options = Options.Parse(args);
        }
        catch (FormatException e)
        {
            Console.Error.WriteLine("pshost: " + e.Message);
            return UsageError;
        }
        return options.Mode switch
        {
            Mode.Server => RunServer(),
            Mode.Version => PrintVersion(),
            Mode.File => ScriptRunner.RunFile(options.Text, options.Arguments),
            _ => ScriptRunner.RunText(options.Text),
        };
    }

    // The modules stand beside the host. The analysis cache would be written to
    // the user's home folder and be shared by every lab: switched off.
    private static void PrepareEnvironment()
    {
        string modules = Path.Combine(AppContext.BaseDirectory, "Modules");
        string? inherited = Environment.GetEnvironmentVariable("PSModulePath");
        if (string.IsNullOrEmpty(inherited))
            inherited = modules;
        else if (!inherited.Split(Path.PathSeparator).Contains(modules))
            inherited = modules + Path.PathSeparator + inherited;
        Environment.SetEnvironmentVariable("PSModulePath", inherited);
        Environment.SetEnvironmentVariable("PSModuleAnalysisCachePath", "/dev/null");
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
    }

    // The loop behind `pwsh -s`. It is internal to the engine; its parameters
    // have changed between releases, their defaults have always been right.
    private static int RunServer()
    {
        Type mediator = typeof(System.Management.Automation.PowerShell).Assembly.GetType(
            "System.Management.Automation.Remoting.Server.StdIOProcessMediator", throwOnError: true)!;
        MethodInfo run = mediator.GetMethod("Run",
            BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
            ?? throw new MissingMethodException(mediator.FullName, "Run");
        object?[] values = run.GetParameters().Select(p =>
            p.HasDefaultValue ? p.DefaultValue
            : p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType)
            : null).ToArray();
        run.Invoke(null, values);
        return 0;
    }

    private static int PrintVersion()
    {
        Version version = typeof(System.Management.Automation.PowerShell).Assembly.GetName().Version!;
        Console.WriteLine($"PowerShell {version.ToString(3)} (lab host)");
        return 0;
    }
}
