// SPDX-License-Identifier: Apache-2.0
// Judges a client assertion as the Microsoft identity platform does: certificate, signature, audience, subject, time, replay.
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Causeway.Lab.Entra;

sealed class ClientAssertion(Tenant tenant)
{
    /* Clocks may differ by this much; and no assertion may be good for longer than a day. */
    static readonly TimeSpan skew = TimeSpan.FromMinutes(5), lifetimeMax = TimeSpan.FromHours(24);

    const string help = "Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .";

    readonly Dictionary<string, DateTimeOffset> seen = [];
    readonly Lock gate = new();

    public void Judge(string assertion, string clientId, IReadOnlyCollection<string> audiences)
    {
        string[] parts = assertion.Split('.');
        if (parts.Length != 3 || !TryJson(parts[0], out var header) || !TryJson(parts[1], out var claims) ||
            !Base64Url.TryDecode(parts[2], out var signature))
            throw TokenException.Request(50027, "JWT token is invalid or malformed.");

        var certificate = Certificate(header, clientId);
        if (!Signed(Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), signature, Text(header, "alg"), certificate))
            throw TokenException.Client(700027, "The certificate with identifier used to sign the client assertion is " +
                "not registered on application. [Reason - The provided signature value did not match the expected " +
                $"signature value., Thumbprint of key used by client: '{certificate.Thumbprint}', Found key " +
                $"'Start={certificate.NotBefore.ToUniversalTime():MM/dd/yyyy HH:mm:ss}, " +
                $"End={certificate.NotAfter.ToUniversalTime():MM/dd/yyyy HH:mm:ss}']");
        JudgeClaims(claims, clientId, audiences);
    }

    X509Certificate2 Certificate(JsonElement header, string clientId)
    {
        string? thumbprint = Text(header, "x5t#S256"), old = Text(header, "x5t");
        if (thumbprint == null && old == null)
            throw TokenException.Request(50027,
                "JWT token is invalid or malformed. No certificate thumbprint specified in token header.");
        var known = tenant.Application.Certificates;
        var certificate = thumbprint != null
            ? known.GetValueOrDefault(thumbprint)
            : known.Values.FirstOrDefault(c => Base64Url.Encode(c.GetCertHash()) == old);
        string shown = Base64Url.TryDecode(thumbprint ?? old!, out var hash) ? Convert.ToHexString(hash) : "";
        if (certificate == null)
            throw NoKey("The key was not found.", shown, clientId);
        var now = tenant.Clock.Now;
        if (now > certificate.NotAfter.ToUniversalTime() || now < certificate.NotBefore.ToUniversalTime())
            throw NoKey("The key used is expired.", shown, clientId);
        return certificate;
    }

    static TokenException NoKey(string reason, string thumbprint, string clientId) => TokenException.Client(700027,
        "The certificate with identifier used to sign the client assertion is not registered on application. " +
        $"[Reason - {reason}, Thumbprint of key used by client: '{thumbprint}', Please visit the Azure Portal, Graph " +
        $"Explorer or directly use MS Graph to see configured keys for app Id '{clientId}'. Review the documentation " +
        "at https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint and " +
        "https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query " +
        $"request URL, such as 'https://graph.microsoft.com/beta/applications/{clientId}'].");

    static bool Signed(byte[] data, byte[] signature, string? algorithm, X509Certificate2 certificate)
    {
        using var key = certificate.GetRSAPublicKey();
        RSASignaturePadding? padding = algorithm switch
        {
            "PS256" => RSASignaturePadding.Pss,
            "RS256" => RSASignaturePadding.Pkcs1,
            _ => null,
        };
        return key != null && padding != null && key.VerifyData(data, signature, HashAlgorithmName.SHA256, padding);
    }

    void JudgeClaims(JsonElement claims, string clientId, IReadOnlyCollection<string> audiences)
    {
        if (!audiences.Contains(Text(claims, "aud") ?? "", StringComparer.OrdinalIgnoreCase))
            throw TokenException.Client(700023, "Client assertion audience claim does not match Realm issuer. " + help);
        if (!SameId(Text(claims, "iss"), clientId) || !SameId(Text(claims, "sub"), clientId))
            throw TokenException.Client(700021, "Client assertion application identifier doesn't match 'client_id' " +
                $"parameter. {help}");
        var now = tenant.Clock.Now;
        var from = Time(claims, "nbf") ?? DateTimeOffset.UnixEpoch;
        var until = Time(claims, "exp") ?? throw TokenException.Request(50027, "JWT token is invalid or malformed.");
        if (now < from - skew || now > until + skew || until - now > lifetimeMax)
            throw TokenException.Client(700024, "Client assertion is not within its valid time range. Current time: " +
                $"{Stamp(now)}, assertion valid from {Stamp(from)}, expiry time of assertion {Stamp(until)}. " + help);
        Once(Text(claims, "jti"), until);
    }

    static string Stamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'");

    void Once(string? jti, DateTimeOffset until)
    {
        if (string.IsNullOrEmpty(jti))
            throw TokenException.Request(50027, "JWT token is invalid or malformed.");
        lock (gate)
        {
            var now = tenant.Clock.Now;
            if (seen.Count > 1000)
                foreach (var old in seen.Where(s => s.Value + skew < now).Select(s => s.Key).ToList())
                    seen.Remove(old);
            if (!seen.TryAdd(jti, until))
                throw TokenException.Client(50027,
                    "JWT token is invalid or malformed. The assertion was already used: its 'jti' is not unique.");
        }
    }

    static bool SameId(string? a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    static bool TryJson(string part, out JsonElement json)
    {
        json = default;
        if (!Base64Url.TryDecode(part, out var bytes))
            return false;
        try
        {
            json = JsonDocument.Parse(bytes).RootElement;
            return json.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /* The official library for .NET sends these as strings, others as numbers. */
    static DateTimeOffset? Time(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value))
            return null;
        double seconds;
        if (value.ValueKind == JsonValueKind.Number)
            seconds = value.GetDouble();
        else if (value.ValueKind != JsonValueKind.String || !double.TryParse(value.GetString(), out seconds))
            return null;
        return double.Abs(seconds) < 1e11 ? DateTimeOffset.FromUnixTimeSeconds((long)seconds) : null;
    }
}
