// SPDX-License-Identifier: Apache-2.0
// Figures of the double at 100,000 users: one JSON object a line.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Causeway.Lab.Entra.Tests;

static class Bench
{
    const int Users = 100_000;

    public static async Task<int> Run(string program)
    {
        await using var lab = await Lab.Start(program);
        Say("start", lab.StartTime.TotalMilliseconds, "ms");
        await lab.Admin("POST", "/reset");
        var clock = Stopwatch.StartNew();
        await lab.Admin("POST", "/seed", new { generateUsers = Users });
        Say("seed 100,000 users", clock.Elapsed.TotalMilliseconds, "ms");
        await lab.Admin("PATCH", "/settings", new { unitLimit = int.MaxValue });
        string id = (await lab.Get("/users?$top=1&$select=id")).Values.Single().GetProperty("id").GetString()!;
        await Time(lab, "get by id", 2000, _ => $"/users/{id}");
        await Time(lab, "filter by an index", 1000, i => $"/users?$filter=mail eq 'user{i + 1:D6}@lab.test'");
        await Time(lab, "filtered page of 100", 300, _ => "/users?$filter=department eq 'Sales'&$top=100");
        await Time(lab, "scan of all, no hit", 50, _ => "/users?$filter=jobTitle eq 'None'");
        await Time(lab, "page of 999, all default properties", 100, _ => "/users?$top=999");
        await Time(lab, "sorted page of 100", 20, _ => "/users?$orderby=displayName&$top=100");
        lab.Process.Refresh();
        Say("resident memory", lab.Process.WorkingSet64 / 1048576.0, "MB");
        return 0;
    }

    static async Task Time(Lab lab, string name, int times, Func<int, string> path)
    {
        for (int i = 0; i < times / 5 + 5; i++)
            Check.Equal(200, (await lab.Get(path(i))).Status);
        var samples = new List<double>();
        for (int i = 0; i < times; i++)
        {
            var clock = Stopwatch.StartNew();
            await lab.Get(path(i));
            samples.Add(clock.Elapsed.TotalMilliseconds);
        }
        samples.Sort();
        Say(name + " p50", samples[samples.Count / 2], "ms");
        Say(name + " p99", samples[Math.Min(samples.Count - 1, samples.Count * 99 / 100)], "ms");
    }

    static void Say(string name, double value, string unit) => Console.WriteLine(JsonSerializer.Serialize(
        new { bench = "entra", name, value = Math.Round(value, 2).ToString(CultureInfo.InvariantCulture), unit }));
}
