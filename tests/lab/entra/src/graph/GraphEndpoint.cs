// SPDX-License-Identifier: Apache-2.0
// Graph v1.0: who calls, what it costs, what is asked; then the answer, or the error as Graph words it.
namespace Causeway.Lab.Entra;

sealed class GraphEndpoint(Tenant tenant, AccessTokens tokens, Answering answering)
{
    public void Map(WebApplication app) => app.Map("/{**path}", Serve);

    async Task Serve(HttpContext http)
    {
        var exchange = await Exchange.From(http, readBody: true);
        var answer = exchange.Path.Equals(Query.Version + "$batch", StringComparison.OrdinalIgnoreCase)
            ? await answering.Run(exchange, FaultTarget.Graph, () => new Batch(tenant, tokens, exchange, Handle).Run())
            : await Handle(exchange);
        await Answering.Write(http, answer);
    }

    Task<Answer> Handle(Exchange exchange) =>
        answering.Run(exchange, FaultTarget.Graph, () => Task.FromResult(Judge(exchange)));

    Answer Judge(Exchange exchange)
    {
        Answer answer;
        Charge? charge = null;
        try
        {
            var principal = tokens.Verify(exchange.Header("Authorization"), exchange.Host);
            lock (tenant.Gate)
            {
                int users = tenant.Directory.Roster(Model.User).Count;
                charge = tenant.Throttle.Take(exchange.Method, exchange.Target, users, tenant.Clock.Now);
                if (charge is { RetryAfter: { } seconds })
                    throw Throttled(seconds);
                answer = Work(exchange, principal);
            }
            ErrorBody.Identify(answer, exchange, tenant.Clock.Now);
        }
        catch (GraphException e)
        {
            answer = ErrorBody.Of(e, exchange, tenant.Clock.Now);
        }
        catch (Exception e)
        {
            // A mistake of the double itself: say so to whoever runs it, and look like a service that has one.
            Console.Error.WriteLine($"entra: {exchange.Method} {exchange.Target}: {e}");
            var error = new GraphException(500, "Service_InternalServerError", "Encountered an internal server error.");
            answer = ErrorBody.Of(error, exchange, tenant.Clock.Now);
        }
        if (charge is { } c)
        {
            answer.Headers.Add(new("x-ms-resource-unit", c.Units.ToString()));
            if (c.Used > 0.8)
                answer.Headers.Add(new("x-ms-throttle-limit-percentage", c.Used.ToString("0.00")));
        }
        return answer;
    }

    Answer Work(Exchange exchange, Principal principal)
    {
        if (!exchange.Path.StartsWith(Query.Version, StringComparison.OrdinalIgnoreCase))
            throw Errors.MalformedQuery($"Invalid version: {exchange.Path.Split('/')[1]}");
        var query = Query.Parse(exchange);
        var target = Target.Walk(query.Path, tenant.Directory);
        return exchange.Method is "GET"
            ? new Reader(tenant, exchange, query, principal).Answer(target)
            : new Writer(tenant, exchange, query, principal).Answer(target);
    }

    GraphException Throttled(int seconds) => new GraphException(429, "TooManyRequests",
        $"Too many requests from Identifier:{tenant.Application.ClientId}_{tenant.Id} under " +
        "category:aadgraph.app.tenant. Please try again later.")
        .With("Retry-After", seconds.ToString())
        .With("x-ms-throttle-scope", $"Tenant_Application/ReadWrite/{tenant.Application.ClientId}/{tenant.Id}")
        .With("x-ms-throttle-information", "ResourceUnitLimitExceeded");
}
