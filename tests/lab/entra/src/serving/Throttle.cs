// SPDX-License-Identifier: Apache-2.0
// Graph's published limits for identity: resource units per 10 seconds and writes per 150 seconds, per application and tenant.
namespace Causeway.Lab.Entra;

/* What the request cost; over the limit, RetryAfter says in how many seconds to come back. */
readonly record struct Charge(int Units, double Used, int? RetryAfter);

sealed class Throttle
{
    static readonly TimeSpan unitWindow = TimeSpan.FromSeconds(10), writeWindow = TimeSpan.FromSeconds(150);

    readonly Lock gate = new();
    DateTimeOffset unitsSince, writesSince;
    int units, writes;

    /* Null: by the tenant's size, as published. */
    public int? UnitLimit { get; set; }
    public int WriteLimit { get; set; } = 3000;

    public void Reset()
    {
        lock (gate)
        {
            units = writes = 0;
            UnitLimit = null;
            WriteLimit = 3000;
        }
    }

    public Charge Take(string method, string target, int users, DateTimeOffset now)
    {
        bool write = method is not ("GET" or "HEAD");
        int cost = Cost(method, target);
        int limit = UnitLimit ?? (users < 50 ? 3500 : users <= 500 ? 5000 : 8000);
        lock (gate)
        {
            Roll(ref unitsSince, ref units, unitWindow, now);
            Roll(ref writesSince, ref writes, writeWindow, now);
            if (units + cost > limit)
                return new(cost, 1, Wait(unitsSince, unitWindow, now));
            if (write && writes + 1 > WriteLimit)
                return new(cost, 1, Wait(writesSince, writeWindow, now));
            units += cost;
            if (write)
                writes++;
            return new(cost, (double)units / limit, null);
        }
    }

    static void Roll(ref DateTimeOffset since, ref int used, TimeSpan window, DateTimeOffset now)
    {
        if (now - since < window && now >= since)
            return;
        since = now;
        used = 0;
    }

    static int Wait(DateTimeOffset since, TimeSpan window, DateTimeOffset now) =>
        Math.Max(1, (int)Math.Ceiling((since + window - now).TotalSeconds));

    /* Base cost by operation, then: $select one less, $expand one more, $top under 20 one less; never under one. */
    static int Cost(string method, string target)
    {
        if (method is not ("GET" or "HEAD"))
            return 1;
        string[] parts = target.Split('?', 2);
        string[] segments = parts[0].Trim('/').Split('/');
        string last = segments[^1].ToLowerInvariant();
        int cost = last switch
        {
            "users" => 2,
            "groups" or "members" or "memberof" => 3,
            "transitivemembers" or "transitivememberof" => 5,
            _ => 1,
        };
        string query = parts.Length == 2 ? Uri.UnescapeDataString(parts[1]).ToLowerInvariant() : "";
        if (query.Contains("$select="))
            cost--;
        if (query.Contains("$expand="))
            cost++;
        int top = query.IndexOf("$top=", StringComparison.Ordinal);
        if (top >= 0 && int.TryParse(query.AsSpan(top + 5, Digits(query, top + 5)), out int n) && n < 20)
            cost--;
        return Math.Max(1, cost);
    }

    static int Digits(string text, int at)
    {
        int n = 0;
        while (at + n < text.Length && char.IsAsciiDigit(text[at + n]))
            n++;
        return n;
    }
}
