// SPDX-License-Identifier: Apache-2.0
// The token endpoint: what it accepts, and each refusal with its AADSTS number.
using System.Text.Json;

namespace Causeway.Lab.Entra.Tests;

static class TokenTests
{
    public static IEnumerable<Row> Rows =>
    [
        new("token: a PS256 assertion gets a bearer token", async lab =>
        {
            var reply = await lab.TokenRequest(lab.Assertion());
            Check.Equal(200, reply.Status);
            Check.Equal("Bearer", reply.Field("token_type"));
            Check.Equal("3599", reply.Field("expires_in"));
            Check.Equal(3, reply.Field("access_token")!.Split('.').Length);
        }),
        new("token: times as strings, as the .NET library sends them", async lab =>
        {
            long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            Check.Equal(200, (await lab.TokenRequest(lab.Assertion(new() { ["nbf"] = $"{now}", ["exp"] = $"{now + 300}" }))).Status);
        }),
        Refused("another audience", 401, "invalid_client", 700023, lab => lab.Assertion(new() { ["aud"] = "https://example.test/token" })),
        Refused("another issuer", 401, "invalid_client", 700021, lab => lab.Assertion(new() { ["iss"] = Guid.NewGuid() })),
        Refused("another subject", 401, "invalid_client", 700021, lab => lab.Assertion(new() { ["sub"] = Guid.NewGuid() })),
        Refused("expired", 401, "invalid_client", 700024, lab => lab.Assertion(Times(-1200, -900))),
        Refused("not yet valid", 401, "invalid_client", 700024, lab => lab.Assertion(Times(900, 1200))),
        Refused("good for two days", 401, "invalid_client", 700024, lab => lab.Assertion(Times(0, 172_800))),
        Refused("without exp", 400, "invalid_request", 50027, lab => lab.Assertion(new() { ["exp"] = null })),
        Refused("without jti", 400, "invalid_request", 50027, lab => lab.Assertion(new() { ["jti"] = null })),
        Refused("an unregistered certificate", 401, "invalid_client", 700027, lab => lab.Assertion(signedBy: Lab.NewClientCertificate("other"))),
        Refused("a registered certificate named, another one's signature", 401, "invalid_client", 700027,
            lab => lab.Assertion(signedBy: Lab.NewClientCertificate("other"), named: lab.Certificate)),
        Refused("RS256 signature said to be PS256", 401, "invalid_client", 700027, lab =>
        {
            string[] rs = lab.Assertion(algorithm: "RS256").Split('.'), ps = lab.Assertion().Split('.');
            return $"{ps[0]}.{rs[1]}.{rs[2]}";
        }),
        Refused("algorithm none", 401, "invalid_client", 700027, lab => lab.Assertion(algorithm: "none")),
        Refused("not a token", 400, "invalid_request", 50027, _ => "abc"),
        new("token: an assertion works once", async lab =>
        {
            string assertion = lab.Assertion();
            Check.Equal(200, (await lab.TokenRequest(assertion)).Status);
            Refusal(await lab.TokenRequest(assertion), 401, "invalid_client", 50027);
        }),
        Form("another tenant", 400, "invalid_request", 90002, [], "99999999-2222-3333-4444-555555555555"),
        Form("a tenant that is no name", 400, "invalid_request", 900023, [], "nonsense"),
        Form("another client", 400, "unauthorized_client", 700016, new() { ["client_id"] = Guid.NewGuid().ToString() }),
        Form("a secret", 401, "invalid_client", 7000215, new() { ["client_assertion"] = null, ["client_secret"] = "x" }),
        Form("no credential", 401, "invalid_client", 7000218, new() { ["client_assertion"] = null }),
        Form("another grant", 400, "unsupported_grant_type", 70003, new() { ["grant_type"] = "password" }),
        Form("a scope without .default", 400, "invalid_scope", 1002012, new() { ["scope"] = "User.Read" }),
        Form("a resource nobody has", 400, "invalid_resource", 500011, new() { ["scope"] = "https://example.test/.default" }),
        Form("no grant", 400, "invalid_request", 900144, new() { ["grant_type"] = null }),
        new("token: a certificate registered later works, one forgotten does not", async lab =>
        {
            var second = Lab.NewClientCertificate("second");
            await lab.Admin("POST", "/certificates", new { pem = second.ExportCertificatePem() });
            Check.Equal(200, (await lab.TokenRequest(lab.Assertion(signedBy: second))).Status);
            await lab.Admin("DELETE", "/certificates");
            Refusal(await lab.TokenRequest(lab.Assertion(signedBy: second)), 401, "invalid_client", 700027);
        }),
        new("token: metadata names the endpoint and the keys", async lab =>
        {
            var metadata = await lab.Send("GET", lab.TokenUrl.Replace("/oauth2/v2.0/token", "/v2.0/.well-known/openid-configuration"));
            Check.Equal(lab.TokenUrl, metadata.Field("token_endpoint"));
            var keys = await lab.Send("GET", metadata.Field("jwks_uri")!);
            Check.Equal("RSA", keys.Json.GetProperty("keys")[0].GetProperty("kty").GetString());
        }),
        new("graph: no token", lab => Unauthorized(lab, "", "Access token is empty.")),
        new("graph: a token that is none", lab => Unauthorized(lab, "Bearer abc", "IDX14100: JWT is not well formed")),
        new("graph: a token changed after it was signed", async lab =>
        {
            string[] parts = (await lab.Token()).Split('.');
            string body = parts[1].Replace(parts[1][20], parts[1][20] == 'A' ? 'B' : 'A');
            await Unauthorized(lab, $"Bearer {parts[0]}.{body}.{parts[2]}", "Signing key is invalid.");
        }),
        new("graph: a token for another service", async lab =>
        {
            var reply = await lab.TokenRequest(lab.Assertion(), change: new() { ["scope"] = "https://outlook.office365.com/.default" });
            await Unauthorized(lab, "Bearer " + reply.Field("access_token"), "Invalid audience.");
        }),
        new("graph: an expired token", async lab =>
        {
            string token = await lab.Token();
            await lab.Admin("PATCH", "/settings", new { advanceMs = 3_700_000 });
            await Unauthorized(lab, "Bearer " + token, "Lifetime validation failed, the token is expired.");
        }),
        new("graph: a revoked token", async lab =>
        {
            string token = await lab.Token();
            await lab.Admin("POST", "/tokens/revoke");
            await Unauthorized(lab, "Bearer " + token, "TokenIssuedBeforeRevocationTimestamp");
        }),
        new("graph: permissions open what they name and nothing else", async lab =>
        {
            await lab.Admin("PATCH", "/settings", new { roles = new[] { "User.Read.All" } });
            Check.Equal(200, (await lab.Get("/users/ada@lab.test")).Status);
            foreach (var (method, path, body) in new (string, string, object?)[]
            {
                ("PATCH", "/users/ada@lab.test", new { jobTitle = "x" }), ("GET", "/groups", null), ("DELETE", "/users/ada@lab.test", null),
                ("PATCH", "/users/ada@lab.test", new { passwordProfile = new { password = "Correct-Horse-8" } }),
            })
            {
                var reply = await lab.Send(method, path, body);
                Check.Equal((403, "Authorization_RequestDenied"), (reply.Status, reply.Code));
                Check.Equal("Insufficient privileges to complete the operation.", reply.Error);
            }
        }),
    ];

    static Dictionary<string, object?> Times(int from, int until)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return new() { ["nbf"] = now + from, ["exp"] = now + until };
    }

    static Row Refused(string name, int status, string error, int number, Func<Lab, string> assertion) =>
        new($"token: {name}", async lab => Refusal(await lab.TokenRequest(assertion(lab)), status, error, number));

    static Row Form(string name, int status, string error, int number, Dictionary<string, string?> change, string? tenant = null) =>
        new($"token: {name}", async lab => Refusal(await lab.TokenRequest(lab.Assertion(),
            tenant == null ? null : lab.TokenUrl.Replace(Lab.TenantId, tenant), change), status, error, number));

    static void Refusal(Reply reply, int status, string error, int number)
    {
        Check.Equal((status, error), (reply.Status, reply.Field("error")));
        Check.Equal(number, reply.Json.GetProperty("error_codes")[0].GetInt32());
        Check.Contains($"AADSTS{number}: ", reply.Field("error_description")!);
        Check.Contains($"Trace ID: {reply.Field("trace_id")}", reply.Field("error_description")!);
        Check.Contains($"error?code={number}", reply.Field("error_uri")!);
    }

    static async Task Unauthorized(Lab lab, string bearer, string message)
    {
        var reply = await lab.Send("GET", "/users", bearer: bearer);
        Check.Equal((401, "InvalidAuthenticationToken"), (reply.Status, reply.Code));
        Check.Contains(message, reply.Error);
        Check.Contains("Bearer", reply.Header("WWW-Authenticate")!);
        var inner = reply.Json.GetProperty("error").GetProperty("innerError");
        Check.Equal(reply.Header("request-id"), inner.GetProperty("request-id").GetString());
        Check.Equal(JsonValueKind.String, inner.GetProperty("date").ValueKind);
    }
}
