// SPDX-License-Identifier: Apache-2.0
// Issues access tokens for Graph and verifies them again: RS256, one key made at start.
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Causeway.Lab.Entra;

sealed record Principal(string ClientId, string Audience, IReadOnlyCollection<string> Roles, DateTimeOffset NotBefore,
    DateTimeOffset Expires)
{
    public bool MayAny(IEnumerable<string> roles) => roles.Any(r => Roles.Contains(r));
}

sealed class AccessTokens(Tenant tenant)
{
    /* Graph by its name and by its application id. */
    static readonly string[] graph = ["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"];
    /* Other services that the application may ask tokens for; Graph refuses those. */
    static readonly string[] others = ["https://outlook.office365.com", "https://outlook.office.com"];

    const int CacheMax = 10_000;

    readonly RSA key = RSA.Create(2048);
    readonly ConcurrentDictionary<string, Principal> verified = new();
    /* Written into each token; another one makes all earlier tokens invalid. */
    Guid generation = Guid.NewGuid();

    public TimeSpan Lifetime { get; set; } = TimeSpan.FromSeconds(3599);

    public string KeyId { get; } = Base64Url.Encode(RandomNumberGenerator.GetBytes(20));

    public RSAParameters PublicKey => key.ExportParameters(false);

    /* Tokens issued before this call are refused from now on. */
    public void Revoke()
    {
        verified.Clear();
        generation = Guid.NewGuid();
    }

    public static bool Knows(string resource, string host) =>
        graph.Contains(resource) || others.Contains(resource) || resource == "https://" + host;

    public string Issue(string issuer, string resource)
    {
        var now = tenant.Clock.Now;
        string header = Json(w =>
        {
            w.WriteString("typ", "JWT");
            w.WriteString("alg", "RS256");
            w.WriteString("kid", KeyId);
        });
        string payload = Json(w =>
        {
            w.WriteString("aud", resource);
            w.WriteString("iss", issuer);
            w.WriteNumber("iat", now.ToUnixTimeSeconds());
            w.WriteNumber("nbf", now.ToUnixTimeSeconds());
            w.WriteNumber("exp", (now + Lifetime).ToUnixTimeSeconds());
            w.WriteString("appid", tenant.Application.ClientId);
            w.WriteString("appidacr", "2");
            w.WriteString("idtyp", "app");
            w.WriteStartArray("roles");
            foreach (string role in tenant.Application.Roles)
                w.WriteStringValue(role);
            w.WriteEndArray();
            w.WriteString("tid", tenant.Id);
            w.WriteString("uti", generation);
            w.WriteString("jti", Guid.NewGuid());
            w.WriteString("ver", "1.0");
        });
        string signed = header + "." + payload;
        return signed + "." + Base64Url.Encode(key.SignData(Encoding.ASCII.GetBytes(signed),
            HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    public Principal Verify(string? authorization, string host)
    {
        if (authorization == null || !authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            throw Refused("Access token is empty.");
        string token = authorization[7..].Trim();
        if (token.Length == 0)
            throw Refused("Access token is empty.");
        if (!verified.TryGetValue(token, out var principal))
        {
            principal = Read(token);
            if (verified.Count >= CacheMax)
                verified.Clear();
            verified[token] = principal;
        }
        if (!graph.Contains(principal.Audience) && principal.Audience != "https://" + host)
            throw Refused("Access token validation failure. Invalid audience.");
        var now = tenant.Clock.Now;
        if (now >= principal.Expires)
            throw Refused("Lifetime validation failed, the token is expired.");
        if (now < principal.NotBefore - TimeSpan.FromMinutes(5))
            throw Refused("Access token has expired or is not yet valid.");
        return principal;
    }

    Principal Read(string token)
    {
        string[] parts = token.Split('.');
        if (parts.Length == 1)
            throw Refused("IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or " +
                "JWE Compact Serialization Format. (JWS): 'EncodedHeader.EndcodedPayload.EncodedSignature'. (JWE): " +
                "'EncodedProtectedHeader.EncodedEncryptedKey.EncodedInitializationVector.EncodedCiphertext.EncodedAuthenticationTag'.");
        if (parts.Length != 3 || !Base64Url.TryDecode(parts[1], out var payload) ||
            !Base64Url.TryDecode(parts[2], out var signature))
            throw Refused("CompactToken parsing failed with error code: 80049217");
        if (!key.VerifyData(Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), signature,
                HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
            throw Refused("Signing key is invalid.");
        using var json = JsonDocument.Parse(payload);
        var claims = json.RootElement;
        if (claims.GetProperty("uti").GetGuid() != generation)
            throw Refused("Continuous access evaluation resulted in challenge with result: InteractionRequired and code: " +
                "TokenIssuedBeforeRevocationTimestamp");
        return new Principal(claims.GetProperty("appid").GetString()!, claims.GetProperty("aud").GetString()!,
            [.. claims.GetProperty("roles").EnumerateArray().Select(r => r.GetString()!)],
            DateTimeOffset.FromUnixTimeSeconds(claims.GetProperty("nbf").GetInt64()),
            DateTimeOffset.FromUnixTimeSeconds(claims.GetProperty("exp").GetInt64()));
    }

    static GraphException Refused(string message) => new GraphException(401, "InvalidAuthenticationToken", message)
        .With("WWW-Authenticate", "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/" +
            "oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"");

    static string Json(Action<Utf8JsonWriter> members)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        return Base64Url.Encode(buffer.WrittenSpan);
    }
}
