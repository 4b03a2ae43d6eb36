// SPDX-License-Identifier: Apache-2.0
// Faults that a test has ordered: which requests, how many of them, and what goes wrong before or after the work.
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Causeway.Lab.Entra;

enum FaultTarget { Any, Graph, Token }

sealed class Fault
{
    public int Id { get; set; }
    public required FaultTarget Target { get; init; }
    public required string? Method { get; init; }
    public required Regex Path { get; init; }
    /* Let this many matching requests through first, then hit Count of them. */
    public required int Skip { get; init; }
    public required int Count { get; init; }
    public required TimeSpan Delay { get; init; }
    /* After: the work is done, and only then does the fault replace the answer. */
    public required bool After { get; init; }
    public required bool Drop { get; init; }
    public required int? Status { get; init; }
    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }
    public required byte[]? Body { get; init; }
    public int Seen { get; set; }
    public int Hits { get; set; }
}

sealed class FaultPlan
{
    readonly List<Fault> faults = [];
    readonly Lock gate = new();
    int lastId;

    public int Add(Fault fault)
    {
        lock (gate)
        {
            fault.Id = ++lastId;
            faults.Add(fault);
            return fault.Id;
        }
    }

    public void Clear()
    {
        lock (gate)
            faults.Clear();
    }

    public List<Fault> All()
    {
        lock (gate)
            return [.. faults];
    }

    /* The first fault that wants this request; taking it uses it up by one. */
    public Fault? Take(FaultTarget target, string method, string path)
    {
        lock (gate)
        {
            foreach (var fault in faults)
            {
                if (fault.Hits >= fault.Count || (fault.Target != FaultTarget.Any && fault.Target != target) ||
                    (fault.Method != null && !fault.Method.Equals(method, StringComparison.OrdinalIgnoreCase)) ||
                    !fault.Path.IsMatch(path))
                    continue;
                if (fault.Seen++ < fault.Skip)
                    continue;
                fault.Hits++;
                return fault;
            }
            return null;
        }
    }

    /* {"target":"graph","method":"PATCH","path":"^/v1.0/users/","skip":0,"count":1,"when":"before","status":503,
        "headers":{"Retry-After":"1"},"body":{...},"delayMs":0,"drop":false} */
    public static Fault Read(JsonElement json)
    {
        var fields = new Fields(json, "target", "method", "path", "skip", "count", "when", "status", "headers", "body",
            "delayMs", "drop");
        var fault = new Fault
        {
            Target = Enum.TryParse<FaultTarget>(fields.Text("target") ?? "any", true, out var target) ? target
                : throw new AdminException("target: 'any', 'graph' or 'token' expected"),
            Method = fields.Text("method"),
            Path = Pattern(fields.Text("path") ?? ""),
            Skip = fields.Number("skip", 0),
            Count = fields.Number("count", 1),
            Delay = TimeSpan.FromMilliseconds(fields.Number("delayMs", 0)),
            After = (fields.Text("when") ?? "before") switch
            {
                "before" => false,
                "after" => true,
                _ => throw new AdminException("when: 'before' or 'after' expected"),
            },
            Drop = fields.Flag("drop"),
            Status = fields.Has("status") ? fields.Number("status", 0) : null,
            Headers = [.. fields.Members("headers").Select(h => KeyValuePair.Create(h.Name, h.Value.ToString()))],
            Body = fields.Raw("body"),
        };
        if (fault.Status is < 200 or > 599)
            throw new AdminException("status: 200 to 599 expected");
        if (fault.Status == null && !fault.Drop && fault.Delay == TimeSpan.Zero)
            throw new AdminException("a fault needs a status, a drop or a delayMs");
        return fault;
    }

    static Regex Pattern(string text)
    {
        try
        {
            return new Regex(text, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
        }
        catch (ArgumentException e)
        {
            throw new AdminException($"path: {e.Message}");
        }
    }
}
