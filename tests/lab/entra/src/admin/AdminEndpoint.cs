// SPDX-License-Identifier: Apache-2.0
// The test's side of the double, on a port of its own: seed, sync, faults, clock, limits, log, state. Plain HTTP, loopback only.
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Causeway.Lab.Entra;

sealed class AdminEndpoint(Tenant tenant, AccessTokens tokens)
{
    static readonly JsonSerializerOptions camel = new(JsonSerializerDefaults.Web);

    public void Map(WebApplication app)
    {
        app.MapGet("/health", () => Results.Json(new { status = "ok" }));
        app.MapPost("/reset", () => Do(() => { tenant.Reset(); tokens.Revoke(); tenant.Clock.Reset(); }));
        app.MapPost("/seed", (HttpContext http) => With(http, body => new Seed(tenant).Apply(body)));
        app.MapPut("/sync/batch", (HttpContext http) => With(http, body => new Sync(tenant).Apply(body)));
        app.MapPost("/faults", (HttpContext http) => With(http, body => new { id = tenant.Faults.Add(FaultPlan.Read(body)) }));
        app.MapGet("/faults", () => Results.Json(tenant.Faults.All().Select(f => new { f.Id, f.Seen, f.Hits, left = f.Count - f.Hits }), camel));
        app.MapDelete("/faults", () => Do(tenant.Faults.Clear));
        app.MapGet("/settings", () => Results.Json(Settings(), camel));
        app.MapPatch("/settings", (HttpContext http) => With(http, Change));
        app.MapPost("/certificates", (HttpContext http) => With(http, Register));
        app.MapDelete("/certificates", () => Do(tenant.Application.Certificates.Clear));
        app.MapPost("/tokens/revoke", () => Do(tokens.Revoke));
        app.MapPost("/passwords/verify", (HttpContext http) => With(http, VerifyPassword));
        app.MapGet("/log", (long? since) => Results.Json(new { requests = tenant.Log.Since(since ?? 0) }, camel));
        app.MapDelete("/log", () => Do(tenant.Log.Clear));
        app.MapGet("/state", (bool? objects) => Results.Bytes(State(objects == true).Body.ToArray(), "application/json"));
    }

    IResult Do(Action action)
    {
        lock (tenant.Gate)
            action();
        return Results.NoContent();
    }

    async Task With(HttpContext http, Func<JsonElement, object> work)
    {
        IResult result;
        try
        {
            using var body = await JsonDocument.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted);
            lock (tenant.Gate)
                result = Results.Json(work(body.RootElement), camel);
        }
        catch (Exception e) when (e is AdminException or JsonException or GraphException or InvalidOperationException)
        {
            result = Results.Json(new { error = e.Message }, statusCode: 400);
        }
        await result.ExecuteAsync(http);
    }

    /* All fields optional; what is not named stays. */
    object Change(JsonElement body)
    {
        var fields = new Fields(body, "now", "advanceMs", "latencyMs", "createDelayMs", "updateDelayMs", "unitLimit",
            "writeLimit", "roles", "tokenLifetimeSeconds");
        if (fields.Text("now") is { } now)
            tenant.Clock.Set(DateTimeOffset.TryParse(now, out var time) ? time : throw new AdminException("now: a date and time expected"));
        tenant.Clock.Advance(TimeSpan.FromMilliseconds(fields.Number("advanceMs", 0)));
        tenant.Latency = TimeSpan.FromMilliseconds(fields.Number("latencyMs", (int)tenant.Latency.TotalMilliseconds));
        var directory = tenant.Directory;
        directory.CreateDelay = TimeSpan.FromMilliseconds(fields.Number("createDelayMs", (int)directory.CreateDelay.TotalMilliseconds));
        directory.UpdateDelay = TimeSpan.FromMilliseconds(fields.Number("updateDelayMs", (int)directory.UpdateDelay.TotalMilliseconds));
        if (fields.Has("unitLimit"))
            tenant.Throttle.UnitLimit = fields.Number("unitLimit", 0);
        tenant.Throttle.WriteLimit = fields.Number("writeLimit", tenant.Throttle.WriteLimit);
        if (fields.Has("roles"))
            tenant.Application.Roles = [.. fields.Items("roles").Select(r => r.ToString())];
        tokens.Lifetime = TimeSpan.FromSeconds(fields.Number("tokenLifetimeSeconds", (int)tokens.Lifetime.TotalSeconds));
        return Settings();
    }

    object Settings() => new
    {
        now = Values.Text(tenant.Clock.Now),
        latencyMs = (int)tenant.Latency.TotalMilliseconds,
        createDelayMs = (int)tenant.Directory.CreateDelay.TotalMilliseconds,
        updateDelayMs = (int)tenant.Directory.UpdateDelay.TotalMilliseconds,
        unitLimit = tenant.Throttle.UnitLimit,
        writeLimit = tenant.Throttle.WriteLimit,
        roles = tenant.Application.Roles,
        tokenLifetimeSeconds = (int)tokens.Lifetime.TotalSeconds,
    };

    object Register(JsonElement body)
    {
        var fields = new Fields(body, "pem");
        try
        {
            var certificate = X509Certificate2.CreateFromPem(fields.Text("pem") ?? throw new AdminException("pem is missing"));
            tenant.Application.Register(certificate);
            return new { thumbprint = certificate.Thumbprint };
        }
        catch (System.Security.Cryptography.CryptographicException e)
        {
            throw new AdminException($"pem: {e.Message}");
        }
    }

    object VerifyPassword(JsonElement body)
    {
        var fields = new Fields(body, "user", "password");
        var user = tenant.Directory.FindUser(fields.Text("user") ?? "") ?? throw new AdminException("user: there is no such user");
        return new { matches = user.Password?.Matches(fields.Text("password") ?? "") == true };
    }

    /* Numbers, and with ?objects=true every user and group whole, with the ids of its links. */
    Answer State(bool objects)
    {
        lock (tenant.Gate)
            return Answer.Json(200, w =>
            {
                w.WriteString("tenant", tenant.Id);
                w.WriteNumber("users", tenant.Directory.Roster(Model.User).Count);
                w.WriteNumber("groups", tenant.Directory.Roster(Model.Group).Count);
                w.WriteNumber("subscribedSkus", tenant.Directory.Roster(Model.SubscribedSku).Count);
                w.WriteNumber("memoryBytes", Environment.WorkingSet);
                if (!objects)
                    return;
                foreach (var type in new[] { Model.User, Model.Group })
                {
                    w.WriteStartArray(type.Name + "Objects");
                    foreach (var entity in tenant.Directory.Roster(type).All)
                        Write(w, entity);
                    w.WriteEndArray();
                }
            });
    }

    static void Write(Utf8JsonWriter w, Entity entity)
    {
        w.WriteStartObject();
        w.WriteString("id", entity.Id);
        foreach (var (name, value) in entity.Properties)
        {
            w.WritePropertyName(name);
            Values.Write(w, value);
        }
        w.WriteBoolean("hasPassword", entity.Password != null);
        if (entity.Manager != null)
            w.WriteString("managerId", entity.Manager.Id);
        if (entity.IsGroup)
        {
            w.WriteStartArray("memberIds");
            foreach (var member in entity.Members.InOrder)
                w.WriteStringValue(member.Id);
            w.WriteEndArray();
        }
        w.WriteEndObject();
    }
}
