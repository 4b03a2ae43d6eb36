// SPDX-License-Identifier: Apache-2.0
// $batch: up to 20 requests in one, in the order their dependsOn asks for, each judged as if it had come alone.
using System.Text;
using System.Text.Json;

namespace Causeway.Lab.Entra;

sealed class Batch(Tenant tenant, AccessTokens tokens, Exchange outer, Func<Exchange, Task<Answer>> handle)
{
    const int StepsMax = 20;

    sealed record Step(string Id, Exchange Exchange, string[] DependsOn);

    public async Task<Answer> Run()
    {
        try
        {
            tokens.Verify(outer.Header("Authorization"), outer.Host);
            if (outer.Method != "POST")
                throw Errors.Method(outer.Method);
            return await Execute(Read(RequestBody.Json(outer)));
        }
        catch (GraphException e)
        {
            return ErrorBody.Of(e, outer, tenant.Clock.Now);
        }
    }

    async Task<Answer> Execute(List<Step> steps)
    {
        var answers = new Dictionary<string, Answer>();
        foreach (var step in steps)
        {
            var failed = step.DependsOn.Any(d => answers[d].Status is < 200 or >= 300);
            var answer = failed ? ErrorBody.Of(new GraphException(424, "FailedDependency",
                "The request could not be performed because a request it depends on failed."), step.Exchange, tenant.Clock.Now)
                : await handle(step.Exchange);
            if (answer.Drop)
                return answer;
            answers[step.Id] = answer;
        }
        var whole = Answer.Json(200, w =>
        {
            w.WriteStartArray("responses");
            foreach (var step in steps)
                Write(w, step.Id, answers[step.Id]);
            w.WriteEndArray();
        });
        ErrorBody.Identify(whole, outer, tenant.Clock.Now);
        return whole;
    }

    static void Write(Utf8JsonWriter w, string id, Answer answer)
    {
        w.WriteStartObject();
        w.WriteString("id", id);
        w.WriteNumber("status", answer.Status);
        w.WriteStartObject("headers");
        foreach (var (name, value) in answer.Headers)
            w.WriteString(name, value);
        if (!answer.Body.IsEmpty)
            w.WriteString("Content-Type", answer.ContentType.StartsWith("text/") ? answer.ContentType : "application/json");
        w.WriteEndObject();
        if (!answer.Body.IsEmpty)
        {
            w.WritePropertyName("body");
            if (answer.ContentType.StartsWith("text/"))
                w.WriteStringValue(Encoding.UTF8.GetString(answer.Body.Span));
            else
                w.WriteRawValue(answer.Body.Span);
        }
        w.WriteEndObject();
    }

    List<Step> Read(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("requests", out var requests) ||
            requests.ValueKind != JsonValueKind.Array)
            throw Errors.MalformedQuery("Invalid batch payload format.");
        if (requests.GetArrayLength() > StepsMax)
            throw Errors.MalformedQuery($"Number of batch request steps exceeds the maximum value of {StepsMax}.");
        if (requests.GetArrayLength() == 0)
            throw Errors.MalformedQuery("Invalid batch payload format.");
        var steps = new List<Step>();
        foreach (var request in requests.EnumerateArray())
        {
            string id = Text(request, "id") ?? throw Errors.MalformedQuery("Invalid batch payload format.");
            string[] dependsOn = request.TryGetProperty("dependsOn", out var d) && d.ValueKind == JsonValueKind.Array
                ? [.. d.EnumerateArray().Select(x => x.ToString())] : [];
            if (steps.Exists(s => s.Id == id))
                throw Errors.MalformedQuery($"Request Id '{id}' is duplicated in the batch payload.");
            if (dependsOn.FirstOrDefault(x => !steps.Exists(s => s.Id == x)) is { } missing)
                throw Errors.MalformedQuery($"Request '{id}' depends on '{missing}', which is not a request before it.");
            steps.Add(new Step(id, Inner(request, id), dependsOn));
        }
        return steps;
    }

    /* The URL is relative to the version's root; some clients send the version or a whole URL all the same. */
    Exchange Inner(JsonElement request, string id)
    {
        string method = Text(request, "method") ?? throw Errors.MalformedQuery("Invalid batch payload format.");
        string url = Text(request, "url") ?? throw Errors.MalformedQuery("Invalid batch payload format.");
        if (Uri.TryCreate(url, UriKind.Absolute, out var absolute) && absolute.Scheme.StartsWith("http"))
            url = absolute.PathAndQuery;
        url = "/" + url.TrimStart('/');
        if (!url.StartsWith("/v1.0/", StringComparison.OrdinalIgnoreCase))
            url = "/v1.0" + url;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (request.TryGetProperty("headers", out var given) && given.ValueKind == JsonValueKind.Object)
            foreach (var header in given.EnumerateObject())
                headers[header.Name] = header.Value.ToString();
        bool body = request.TryGetProperty("body", out var content) && content.ValueKind != JsonValueKind.Null;
        if (body && !headers.ContainsKey("Content-Type"))
            throw Errors.MalformedQuery($"Request '{id}' has a body and no Content-Type header.");
        return new Exchange
        {
            Method = method.ToUpperInvariant(),
            Target = url,
            Host = outer.Host,
            BatchId = id,
            Header = name => headers.TryGetValue(name, out var value) ? value : name == "Authorization" ? outer.Header(name) : null,
            Body = body ? Encoding.UTF8.GetBytes(content.GetRawText()) : default(ReadOnlyMemory<byte>),
        };
    }

    static string? Text(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object &&
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
