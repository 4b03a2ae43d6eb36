// SPDX-License-Identifier: Apache-2.0
// $batch: its limits, its order, and that each step is judged alone.
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Causeway.Lab.Entra.Tests;

static class BatchTests
{
    public static IEnumerable<Row> Rows =>
    [
        new("batch: every form of URL that clients send", async lab =>
        {
            var reply = await Run(lab, [.. new[] { "/users/ada@lab.test", "users/ada@lab.test", "/v1.0/users/ada@lab.test", $"{lab.GraphUrl}/users/ada@lab.test" }
                .Select((url, i) => Step($"{i}", "GET", url))]);
            Check.Equal("200,200,200,200", Statuses(reply));
        }),
        new("batch: more than 20 steps", async lab => Refused(await Run(lab, [.. Enumerable.Range(0, 21).Select(i => Step($"{i}", "GET", "/users"))]),
            "Number of batch request steps exceeds the maximum value of 20.")),
        new("batch: none", async lab => Refused(await Run(lab), "Invalid batch payload format.")),
        new("batch: an id twice", async lab => Refused(await Run(lab, Step("1", "GET", "/users"), Step("1", "GET", "/groups")), "duplicated")),
        new("batch: a dependency on nothing", async lab => Refused(await Run(lab, Step("1", "GET", "/users", dependsOn: "2")), "depends on '2'")),
        new("batch: a body without Content-Type", async lab =>
        {
            var step = Step("1", "PATCH", "/users/ada@lab.test", new JsonObject { ["jobTitle"] = "x" });
            step.Remove("headers");
            Refused(await Run(lab, step), "Content-Type");
        }),
        new("batch: what depends on a failure fails with 424 and is not done", async lab =>
        {
            var reply = await Run(lab, Step("1", "PATCH", "/users/nobody@lab.test", new JsonObject { ["jobTitle"] = "x" }),
                Step("2", "PATCH", "/users/ada@lab.test", new JsonObject { ["jobTitle"] = "x" }, "1"), Step("3", "GET", "/users/bob@lab.test"));
            Check.Equal("404,424,200", Statuses(reply));
            Check.Equal("Analyst", (await lab.Get("/users/ada@lab.test")).Field("jobTitle"));
        }),
        new("batch: the limit is met inside, under a 200 outside", async lab =>
        {
            await lab.Admin("PATCH", "/settings", new { unitLimit = 2 });
            var reply = await Run(lab, [.. Enumerable.Range(0, 4).Select(i => Step($"{i}", "GET", "/users/ada@lab.test"))]);
            Check.Equal((200, "200,200,429,429"), (reply.Status, Statuses(reply)));
            var throttled = reply.Json.GetProperty("responses")[2];
            Check.Equal("TooManyRequests", throttled.GetProperty("body").GetProperty("error").GetProperty("code").GetString());
            Check.True(int.Parse(throttled.GetProperty("headers").GetProperty("Retry-After").GetString()!) is >= 1 and <= 10, "Retry-After is within the window");
        }),
        new("batch: a fault hits one step", async lab =>
        {
            await lab.Admin("POST", "/faults", new { method = "GET", path = "bob", status = 503 });
            Check.Equal("200,503,200", Statuses(await Run(lab, Step("1", "GET", "/users/ada@lab.test"), Step("2", "GET", "/users/bob@lab.test"), Step("3", "GET", "/users/bob@lab.test"))));
        }),
        new("batch: a step's own headers and query count", async lab =>
        {
            var step = Step("1", "GET", "/users?$filter=endsWith(userPrincipalName,'lab.test')&$count=true&$top=1");
            step["headers"] = new JsonObject { ["ConsistencyLevel"] = "eventual" };
            var reply = await Run(lab, step, Step("2", "GET", "/users/$count"));
            Check.Equal("200,400", Statuses(reply));
            Check.Equal(3, reply.Json.GetProperty("responses")[0].GetProperty("body").GetProperty("@odata.count").GetInt32());
        }),
        new("batch: without a token", async lab =>
            Check.Equal((401, "InvalidAuthenticationToken"), await lab.Send("POST", "/$batch", Body(Step("1", "GET", "/users")), bearer: "") is var r ? (r.Status, r.Code) : default)),
        new("batch: a fault of the whole, applied and then lost", async lab =>
        {
            await lab.Admin("POST", "/faults", new { path = "batch$", when = "after", status = 504 });
            Check.Equal(504, (await Run(lab, Step("1", "PATCH", "/users/ada@lab.test", new JsonObject { ["jobTitle"] = "x" }))).Status);
            Check.Equal("x", (await lab.Get("/users/ada@lab.test")).Field("jobTitle"));
        }),
    ];

    static JsonObject Step(string id, string method, string url, JsonObject? body = null, string? dependsOn = null)
    {
        var step = new JsonObject { ["id"] = id, ["method"] = method, ["url"] = url };
        if (body != null)
        {
            step["body"] = body;
            step["headers"] = new JsonObject { ["Content-Type"] = "application/json" };
        }
        if (dependsOn != null)
            step["dependsOn"] = new JsonArray(dependsOn);
        return step;
    }

    static string Body(params JsonObject[] steps) => new JsonObject { ["requests"] = new JsonArray([.. steps]) }.ToJsonString();

    static Task<Reply> Run(Lab lab, params JsonObject[] steps) => lab.Send("POST", "/$batch", Body(steps));

    static string Statuses(Reply reply) => string.Join(',', reply.Json.GetProperty("responses").EnumerateArray().Select(r => r.GetProperty("status").GetInt32()));

    static void Refused(Reply reply, string message)
    {
        Check.Equal((400, "BadRequest"), (reply.Status, reply.Code));
        Check.Contains(message, reply.Error);
    }
}
