// SPDX-License-Identifier: Apache-2.0
// One request as the double sees it, whether it came alone or as a step of a $batch.
namespace Causeway.Lab.Entra;

sealed class Exchange
{
    public required string Method { get; init; }
    /* As sent: /v1.0/users?$top=5 */
    public required string Target { get; init; }
    public required string Host { get; init; }
    public required Func<string, string?> Header { get; init; }
    public ReadOnlyMemory<byte> Body { get; init; }
    public string RequestId { get; } = Guid.NewGuid().ToString();
    /* The id of the step, where this is a step of a $batch. */
    public string? BatchId { get; init; }

    public string ClientRequestId => Header("client-request-id") is { Length: > 0 } id ? id : RequestId;
    public string Path => Target.Split('?', 2)[0];

    public static async Task<Exchange> From(HttpContext http, bool readBody)
    {
        var request = http.Request;
        var body = ReadOnlyMemory<byte>.Empty;
        if (readBody && request.ContentLength is not 0)
        {
            using var copy = new MemoryStream();
            await request.Body.CopyToAsync(copy, http.RequestAborted);
            body = copy.GetBuffer().AsMemory(0, (int)copy.Length);
        }
        var features = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!;
        return new Exchange
        {
            Method = request.Method,
            Target = features.RawTarget,
            Host = request.Host.ToString(),
            Header = name => request.Headers.TryGetValue(name, out var value) ? value.ToString() : null,
            Body = body,
        };
    }
}
