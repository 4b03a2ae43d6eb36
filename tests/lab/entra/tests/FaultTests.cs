// SPDX-License-Identifier: Apache-2.0
// Faults, limits, eventual consistency, clock: what tests order from the double, and that it does exactly that.
using System.Diagnostics;

namespace Causeway.Lab.Entra.Tests;

static class FaultTests
{
    public static IEnumerable<Row> Rows =>
    [
        new("fault: before the work, so nothing is changed", async lab =>
        {
            await lab.Admin("POST", "/faults", new { method = "PATCH", path = "^/v1.0/users/", status = 503, headers = new Dictionary<string, string> { ["Retry-After"] = "3" } });
            var reply = await Patch(lab, "x");
            Check.Equal((503, "3"), (reply.Status, reply.Header("Retry-After")));
            Check.Equal("Analyst", await Title(lab));
            Check.Equal(204, (await Patch(lab, "x")).Status);
        }),
        new("fault: after the work, so the change is there and the answer lies", async lab =>
        {
            await lab.Admin("POST", "/faults", new { method = "PATCH", when = "after", status = 504 });
            Check.Equal(504, (await Patch(lab, "x")).Status);
            Check.Equal("x", await Title(lab));
        }),
        new("fault: connection dropped before and after the work", async lab =>
        {
            await lab.Admin("POST", "/faults", new { method = "PATCH", drop = true });
            await Check.Throws<HttpRequestException>(() => Patch(lab, "x"));
            Check.Equal("Analyst", await Title(lab));
            await lab.Admin("POST", "/faults", new { method = "PATCH", drop = true, when = "after" });
            await Check.Throws<HttpRequestException>(() => Patch(lab, "y"));
            Check.Equal("y", await Title(lab));
            Check.Equal("True,True", string.Join(',', (await lab.Admin("GET", "/log")).Json.GetProperty("requests").EnumerateArray()
                .Where(r => r.GetProperty("method").GetString() == "PATCH").Select(r => r.GetProperty("dropped").GetBoolean())));
        }),
        new("fault: skip and count", async lab =>
        {
            await lab.Admin("POST", "/faults", new { path = "ada", skip = 1, count = 2, status = 500 });
            var seen = new List<int>();
            for (int i = 0; i < 4; i++)
                seen.Add((await lab.Get("/users/ada@lab.test")).Status);
            Check.Equal("200,500,500,200", string.Join(',', seen));
            Check.Equal(2, (await lab.Admin("GET", "/faults")).Json[0].GetProperty("hits").GetInt32());
        }),
        new("fault: a body of the test's own, and a delay", async lab =>
        {
            await lab.Admin("POST", "/faults", new { path = "ada", status = 400, body = new { error = new { code = "Own", message = "own" } } });
            Check.Equal("Own", (await lab.Get("/users/ada@lab.test")).Code);
            await lab.Admin("POST", "/faults", new { path = "ada", delayMs = 300 });
            var clock = Stopwatch.StartNew();
            Check.Equal(200, (await lab.Get("/users/ada@lab.test")).Status);
            Check.True(clock.ElapsedMilliseconds >= 290, "the answer was delayed");
        }),
        new("fault: the token endpoint alone", async lab =>
        {
            await lab.Token();
            await lab.Admin("POST", "/faults", new { target = "token", status = 503 });
            Check.Equal(200, (await lab.Get("/users/ada@lab.test")).Status);
            var reply = await lab.TokenRequest(lab.Assertion());
            Check.Equal((503, "temporarily_unavailable"), (reply.Status, reply.Field("error")));
            Check.Equal(200, (await lab.TokenRequest(lab.Assertion())).Status);
        }),
        new("fault: an order that makes no sense is refused", async lab =>
        {
            Check.Equal(400, await lab.AdminStatus("POST", "/faults", new { path = "x" }));
            Check.Equal(400, await lab.AdminStatus("POST", "/faults", new { path = "(", status = 500 }));
            Check.Equal(400, await lab.AdminStatus("POST", "/faults", new { pathh = "x", status = 500 }));
            Check.Equal(400, await lab.AdminStatus("POST", "/faults", new { status = 700 }));
        }),
        new("limit: units run out, Retry-After says when they are back", async lab =>
        {
            await lab.Admin("PATCH", "/settings", new { unitLimit = 5 });
            Check.Equal("2", (await lab.Get("/users")).Header("x-ms-resource-unit"));
            Check.Equal("1", (await lab.Get("/users?$select=id")).Header("x-ms-resource-unit"));
            Check.Equal("1.00", (await lab.Get("/users?$top=50")).Header("x-ms-throttle-limit-percentage"));
            var reply = await lab.Get("/users/ada@lab.test");
            Check.Equal((429, "TooManyRequests"), (reply.Status, reply.Code));
            int seconds = int.Parse(reply.Header("Retry-After")!);
            Check.True(seconds is >= 1 and <= 10, $"Retry-After {seconds}");
            await lab.Admin("PATCH", "/settings", new { advanceMs = seconds * 1000 });
            Check.Equal(200, (await lab.Get("/users/ada@lab.test")).Status);
        }),
        new("limit: writes have their own window of 150 seconds", async lab =>
        {
            await lab.Admin("PATCH", "/settings", new { writeLimit = 2 });
            Check.Equal((204, 204, 429), ((await Patch(lab, "1")).Status, (await Patch(lab, "2")).Status, (await Patch(lab, "3")).Status));
            Check.Equal((200, "2"), ((await lab.Get("/users/ada@lab.test")).Status, await Title(lab)));
            await lab.Admin("PATCH", "/settings", new { advanceMs = 150_000 });
            Check.Equal(204, (await Patch(lab, "3")).Status);
        }),
        new("consistency: a new object is not found for a while", async lab =>
        {
            await lab.Admin("PATCH", "/settings", new { createDelayMs = 60_000 });
            var made = await lab.Send("POST", "/users", new { accountEnabled = true, displayName = "N", mailNickname = "n", userPrincipalName = "n@lab.test", passwordProfile = new { password = "Correct-Horse-7" } });
            Check.Equal(201, made.Status);
            Check.Equal(404, (await lab.Get("/users/" + made.Field("id"))).Status);
            Check.Equal(4, (await lab.Get("/users")).Values.Count());
            Check.Equal(0, (await lab.Get("/users?$filter=userPrincipalName eq 'n@lab.test'")).Values.Count());
            var again = await lab.Send("POST", "/users", new { accountEnabled = true, displayName = "N", mailNickname = "n", userPrincipalName = "n@lab.test", passwordProfile = new { password = "Correct-Horse-7" } });
            Check.Contains("userPrincipalName already exists", again.Error);
            await lab.Admin("PATCH", "/settings", new { advanceMs = 60_000 });
            Check.Equal(200, (await lab.Get("/users/" + made.Field("id"))).Status);
        }),
        new("consistency: a change is read late", async lab =>
        {
            await lab.Admin("PATCH", "/settings", new { updateDelayMs = 60_000 });
            Check.Equal(204, (await Patch(lab, "x")).Status);
            Check.Equal("Analyst", await Title(lab));
            Check.Equal(1, (await lab.Get("/users?$filter=jobTitle eq 'Analyst'")).Values.Count());
            await lab.Admin("PATCH", "/settings", new { advanceMs = 60_000 });
            Check.Equal("x", await Title(lab));
        }),
        new("load: readers and writers side by side", async lab =>
        {
            await lab.Token();
            var replies = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => i % 4 == 0 ? Patch(lab, $"{i}") : lab.Get("/users?$filter=startsWith(displayName,'a')")));
            Check.Equal(0, replies.Count(r => r.Status is not (200 or 204)));
        }),
        new("log: requests with their ids, and no secrets", async lab =>
        {
            var reply = await Patch(lab, "x");
            var last = (await lab.Admin("GET", "/log")).Json.GetProperty("requests").EnumerateArray().Last();
            Check.Equal(("PATCH", 204, reply.Header("request-id")), (last.GetProperty("method").GetString(), last.GetProperty("status").GetInt32(), last.GetProperty("requestId").GetString()));
            Check.True(!(await lab.Admin("GET", "/log")).Text.Contains("Bearer"), "no token in the log");
        }),
    ];

    static Task<Reply> Patch(Lab lab, string title) => lab.Send("PATCH", "/users/ada@lab.test", new { jobTitle = title });

    static async Task<string?> Title(Lab lab) => (await lab.Get("/users/ada@lab.test")).Field("jobTitle");
}
