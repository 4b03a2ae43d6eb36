// SPDX-License-Identifier: Apache-2.0
// What happens around every request: latency, ordered faults, the log, and writing the answer or dropping the connection.
using System.Diagnostics;
using Microsoft.AspNetCore.Connections.Features;

namespace Causeway.Lab.Entra;

sealed class Answering(Tenant tenant)
{
    /* For an endpoint that reads the HTTP request itself. */
    public async Task Serve(HttpContext http, FaultTarget target, Func<Task<Answer>> work) =>
        await Write(http, await Run(await Exchange.From(http, readBody: false), target, work));

    public async Task<Answer> Run(Exchange exchange, FaultTarget target, Func<Task<Answer>> work)
    {
        long started = Stopwatch.GetTimestamp();
        var fault = tenant.Faults.Take(target, exchange.Method, exchange.Path);
        var delay = fault?.Delay ?? TimeSpan.Zero;
        // The steps of a batch share the latency of the whole.
        var latency = exchange.BatchId == null ? tenant.Latency : TimeSpan.Zero;
        await Task.Delay(latency + (fault is { After: true } ? TimeSpan.Zero : delay));
        Answer answer;
        if (fault is null or { Status: null, Drop: false } or { After: true })
            answer = await work();
        else
            answer = Faulty(fault, exchange, target);
        if (fault is { After: true })
        {
            await Task.Delay(delay);
            if (fault.Drop || fault.Status != null)
                answer = Faulty(fault, exchange, target);
        }
        tenant.Log.Add(exchange, answer, tenant.Clock.Now, Stopwatch.GetElapsedTime(started).TotalMilliseconds, fault?.Id);
        return answer;
    }

    public static async Task Write(HttpContext http, Answer answer)
    {
        if (answer.Drop)
        {
            // The whole connection, as a network would: over HTTP/2 the request alone could be reset.
            http.Features.Get<IConnectionLifetimeFeature>()?.Abort();
            http.Abort();
            return;
        }
        http.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
            http.Response.Headers[name] = value;
        if (answer.Body.IsEmpty)
            return;
        http.Response.ContentType = answer.ContentType;
        http.Response.ContentLength = answer.Body.Length;
        await http.Response.Body.WriteAsync(answer.Body, http.RequestAborted);
    }

    Answer Faulty(Fault fault, Exchange exchange, FaultTarget target)
    {
        if (fault.Drop)
            return new Answer(0) { Drop = true };
        int status = fault.Status!.Value;
        var answer = fault.Body != null ? new Answer(status, fault.Body)
            : target == FaultTarget.Token
                ? Answer.Json(status, w => w.WriteString("error", status == 503 ? "temporarily_unavailable" : "server_error"))
                : ErrorBody.Of(new GraphException(status, Code(status), Message(status)), exchange, tenant.Clock.Now);
        answer.Headers.AddRange(fault.Headers);
        return answer;
    }

    static string Code(int status) => status switch
    {
        429 => "TooManyRequests",
        503 => "serviceNotAvailable",
        504 => "GatewayTimeout",
        401 => "InvalidAuthenticationToken",
        403 => "Authorization_RequestDenied",
        404 => "Request_ResourceNotFound",
        409 => "Request_Conflict",
        _ => status >= 500 ? "Service_InternalServerError" : "Request_BadRequest",
    };

    static string Message(int status) => status switch
    {
        429 => "Too many requests.",
        503 => "The service is temporarily unavailable. Please retry after some time.",
        504 => "The server, while acting as a proxy, did not receive a timely response from the upstream server.",
        _ => "An error has occurred.",
    };
}
