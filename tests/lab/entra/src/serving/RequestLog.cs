// SPDX-License-Identifier: Apache-2.0
// The requests seen, for tests to ask what really arrived. Never bodies, tokens or assertions.
namespace Causeway.Lab.Entra;

sealed record LoggedRequest(long Number, DateTimeOffset Time, string Method, string Target, int Status, string RequestId,
    string ClientRequestId, string? BatchId, int? Fault, double Milliseconds, bool Dropped);

sealed class RequestLog
{
    const int Max = 10_000;

    readonly Queue<LoggedRequest> requests = new();
    readonly Lock gate = new();
    long last;

    public void Add(Exchange exchange, Answer answer, DateTimeOffset time, double milliseconds, int? fault)
    {
        lock (gate)
        {
            requests.Enqueue(new(++last, time, exchange.Method, exchange.Target, answer.Status, exchange.RequestId,
                exchange.ClientRequestId, exchange.BatchId, fault, milliseconds, answer.Drop));
            if (requests.Count > Max)
                requests.Dequeue();
        }
    }

    public void Clear()
    {
        lock (gate)
            requests.Clear();
    }

    public List<LoggedRequest> Since(long number)
    {
        lock (gate)
            return [.. requests.Where(r => r.Number > number)];
    }
}
