// SPDX-License-Identifier: Apache-2.0
//
// One sync cycle: import from the directory, export to the cloud. It runs behind the cmdlet's back, as the service's does; the
// thread is a foreground one, so that a process which has nothing else to do stays until the cycle is over.

using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Causeway.Lab.ADSync;

internal static class Cycle
{
    internal const string DirectoryConnector = "lab.test";
    internal const string CloudConnector = "lab.onmicrosoft.com - AAD";

    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(60) };

    /* False: one runs already, here or in another process. */
    internal static bool TryStart(bool full)
    {
        IDisposable? held;
        while ((held = Files.TryLock()) is null)
        {
            if (Files.Running is not null)
                return false;
            Thread.Yield(); // it is starting, or has said that it is over and not yet let go
        }
        try
        {
            DateTime now = DateTime.UtcNow;
            var record = new CycleRecord(Files.ProcessIdentity("self")!, full ? "Initial" : "Delta", now, now.AddMilliseconds(Files.Settings.CycleMs),
                "import", DirectoryConnector);
            Files.Write(record);
            new Thread(() => Run(record, full, held)) { Name = "sync cycle" }.Start();
            return true;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static void Run(CycleRecord record, bool full, IDisposable held)
    {
        using (held)
        {
            try
            {
                Batch batch = Import(full);
                Files.Write(record = record with { Step = "export", Connector = CloudConnector });
                // What came too late for the import waits for the next cycle, as in a cycle that takes minutes.
                if (record.Until - DateTime.UtcNow is { Ticks: > 0 } rest)
                    Thread.Sleep(rest);
                if (!Files.Settings.StagingModeEnabled)
                    record = Export(batch, record);
                record = record with { Step = "done" };
            }
            catch (Exception e)
            {
                record = record with { Step = "failed", Errors = [e.Message] };
            }
            Files.Write(record with { Connector = null, Finished = DateTime.UtcNow });
        }
    }

    private sealed record Batch(ConnectorSpace Before, long Usn, List<Item> Objects, HashSet<string> Gone);

    private static Batch Import(bool full)
    {
        ConnectorSpace before = Files.ConnectorSpace ?? new ConnectorSpace(0, [], []);
        using var source = new Source();
        if (full || before.Usn == 0)
        {
            List<Item> all = [.. source.All()];
            return new(before, source.HighestUsn, all, [.. before.Exported.Except(all.Select(item => item.ImmutableId))]);
        }
        List<Item> changed = [.. source.ChangedSince(before.Usn, before.Refused)];
        return new(before, source.HighestUsn, [.. changed.Where(source.InScope)],
            [.. changed.Where(item => !source.InScope(item)).Select(item => item.ImmutableId).Where(before.Exported.Contains)]);
    }

    private static CycleRecord Export(Batch batch, CycleRecord record)
    {
        JsonNode answer = Put(new JsonObject
        {
            ["users"] = Through(batch.Objects.Where(item => !item.IsGroup)),
            ["groups"] = Through(batch.Objects.Where(item => item.IsGroup)),
            ["deletedImmutableIds"] = new JsonArray([.. batch.Gone.Select(id => JsonValue.Create(id))]),
        });
        JsonArray errors = answer["errors"]!.AsArray();
        HashSet<string> refused = [.. errors.Select(e => (string)e!["onPremisesImmutableId"]!)];
        HashSet<string> exported = [.. batch.Before.Exported, .. batch.Objects.Select(item => item.ImmutableId)];
        exported.ExceptWith(batch.Gone);
        Files.Write(new ConnectorSpace(batch.Usn, exported, refused));
        return record with
        {
            Added = (int)answer["added"]!,
            Updated = (int)answer["updated"]!,
            Unchanged = (int)answer["unchanged"]!,
            Deleted = (int)answer["deleted"]!,
            Errors = [.. errors.Select(e => $"{e!["code"]}: {e["message"]}")],
        };
    }

    private static JsonArray Through(IEnumerable<Item> items) => [.. items.Select(Flows.Apply)];

    private static JsonNode Put(JsonObject body)
    {
        string admin = Environment.GetEnvironmentVariable("CAUSEWAY_LAB_ENTRA_ADMIN_URL")
            ?? throw new InvalidOperationException("CAUSEWAY_LAB_ENTRA_ADMIN_URL is not set");
        using var request = new HttpRequestMessage(HttpMethod.Put, admin + "/sync/batch") { Content = JsonContent.Create(body) };
        using HttpResponseMessage response = Http.Send(request);
        string text = new StreamReader(response.Content.ReadAsStream()).ReadToEnd();
        return response.IsSuccessStatusCode ? JsonNode.Parse(text)!
            : throw new InvalidOperationException($"{CloudConnector}: {(int)response.StatusCode} {text}");
    }
}
