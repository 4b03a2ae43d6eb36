// SPDX-License-Identifier: Apache-2.0
//
// What outlives a process, in the folder that CAUSEWAY_LAB_ADSYNC_STATE names: is a cycle running, what did the last one do,
// what has the cloud got. Every file appears whole.

using System.Management.Automation;
using System.Text.Json;

namespace Causeway.Lab.ADSync;

/* A test's wishes; the file may be missing, and each field. */
internal sealed record Settings(int CycleMs = 500, bool StagingModeEnabled = false, bool SchedulerSuspended = false,
    bool SyncCycleEnabled = true);

/* The cycle that runs, or the last one, and whose process it is. Step: import, export, done, failed. */
internal sealed record CycleRecord(string Process, string Policy, DateTime Started, DateTime Until, string Step, string? Connector,
    DateTime? Finished = null, int Added = 0, int Updated = 0, int Unchanged = 0, int Deleted = 0, string[]? Errors = null);

/* What was exported: up to which update sequence number, which objects, and which ones the cloud refused. */
internal sealed record ConnectorSpace(long Usn, HashSet<string> Exported, HashSet<string> Refused);

internal static class Files
{
    private static readonly JsonSerializerOptions Style = new(JsonSerializerDefaults.Web);

    internal static Settings Settings => Read<Settings>("settings.json") ?? new Settings();
    internal static CycleRecord? Cycle => Read<CycleRecord>("cycle.json");
    internal static ConnectorSpace? ConnectorSpace => Read<ConnectorSpace>("connector-space.json");

    internal static void Write(CycleRecord cycle) => Write("cycle.json", cycle);
    internal static void Write(ConnectorSpace space) => Write("connector-space.json", space);

    /* Held while a cycle runs, and given back by the system if its process dies. Null: somebody has it. */
    internal static IDisposable? TryLock()
    {
        try
        {
            return new FileStream(Name("cycle.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException))
        {
            return null;
        }
    }

    /* The cycle that runs now, by what its process wrote: who looks takes no lock, so it is in nobody's way. */
    internal static CycleRecord? Running =>
        Cycle is { Finished: null } cycle && ProcessIdentity(cycle.Process.Split(' ')[0]) == cycle.Process ? cycle : null;

    /* Process id and start time: an id alone may be somebody else's by now. */
    internal static string? ProcessIdentity(string pid)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{pid}/stat");
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // proc(5): field 3 and on
            return fields[0] is "Z" ? null : $"{stat.Split(' ')[0]} {fields[19]}";
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string Name(string file) =>
        Path.Combine(Environment.GetEnvironmentVariable("CAUSEWAY_LAB_ADSYNC_STATE") is { Length: > 0 } folder ? folder
            : throw new PSInvalidOperationException(
                "The lab's ADSync module needs CAUSEWAY_LAB_ADSYNC_STATE: run `eval \"$(scripts/lab env)\"` first."), file);

    private static T? Read<T>(string file) where T : class
    {
        string name = Name(file);
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(name), Style);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new PSInvalidOperationException($"{name}: {e.Message}");
        }
    }

    private static void Write<T>(string file, T value)
    {
        string name = Name(file), fresh = $"{name}.{Environment.ProcessId}";
        File.WriteAllText(fresh, JsonSerializer.Serialize(value, Style));
        File.Move(fresh, name, overwrite: true);
    }
}
