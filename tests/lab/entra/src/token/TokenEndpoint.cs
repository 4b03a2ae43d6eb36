// SPDX-License-Identifier: Apache-2.0
// The Microsoft identity platform's v2.0 endpoints of one tenant: token (client credentials), metadata, keys.
using System.Text.Json;

namespace Causeway.Lab.Entra;

sealed class TokenEndpoint(Tenant tenant, AccessTokens tokens, Answering answering)
{
    const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    readonly ClientAssertion assertion = new(tenant);

    public void Map(WebApplication app)
    {
        app.MapPost("/{tenant}/oauth2/v2.0/token", Serve(Token));
        app.MapGet("/{tenant}/v2.0/.well-known/openid-configuration", Serve((http, name) => Task.FromResult(Metadata(http, name))));
        app.MapGet("/{tenant}/discovery/v2.0/keys", Serve((_, _) => Task.FromResult(Keys())));
        app.MapGet("/{tenant}/discovery/instance", Serve((http, _) => Task.FromResult(Instances(http))));
    }

    RequestDelegate Serve(Func<HttpContext, string, Task<Answer>> work)
    {
        return Handle;

        Task Handle(HttpContext http)
        {
            string name = (string)http.GetRouteValue("tenant")!;
            return answering.Serve(http, FaultTarget.Token, () => work(http, name));
        }
    }

    async Task<Answer> Token(HttpContext http, string name)
    {
        string trace = Guid.NewGuid().ToString();
        string correlation = http.Request.Headers["client-request-id"].FirstOrDefault() ?? Guid.NewGuid().ToString();
        Answer answer;
        try
        {
            if (!http.Request.HasFormContentType)
                throw TokenException.Request(900144, "The request body must contain the following parameter: 'grant_type'.");
            answer = Grant(http, name, await http.Request.ReadFormAsync(http.RequestAborted));
        }
        catch (TokenException e)
        {
            answer = Refusal(e, trace, correlation, http);
        }
        answer.Headers.Add(new("x-ms-request-id", trace));
        answer.Headers.Add(new("client-request-id", correlation));
        answer.Headers.Add(new("Cache-Control", "no-store, no-cache"));
        answer.Headers.Add(new("Pragma", "no-cache"));
        return answer;
    }

    Answer Grant(HttpContext http, string name, IFormCollection form)
    {
        CheckTenant(name);
        string Need(string field) => form[field].FirstOrDefault() is { Length: > 0 } value ? value
            : throw TokenException.Request(900144, $"The request body must contain the following parameter: '{field}'.");

        string grant = Need("grant_type");
        if (grant != "client_credentials")
            throw new TokenException(400, "unsupported_grant_type", 70003,
                $"The app requested an unsupported grant type '{grant}'.");
        string client = Need("client_id");
        if (!string.Equals(client, tenant.Application.ClientId, StringComparison.OrdinalIgnoreCase))
            throw new TokenException(400, "unauthorized_client", 700016, $"Application with identifier '{client}' was " +
                $"not found in the directory 'Lab'. This can happen if the application has not been installed by the " +
                "administrator of the tenant or consented to by any user in the tenant. You may have sent your " +
                "authentication request to the wrong tenant.");
        string scope = Need("scope");
        const string AllOf = "/.default";
        if (!scope.EndsWith(AllOf, StringComparison.Ordinal))
            throw new TokenException(400, "invalid_scope", 1002012, $"The provided value for scope {scope} is not valid. " +
                "Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).");
        string resource = scope[..^AllOf.Length].TrimEnd('/');
        if (!AccessTokens.Knows(resource, http.Request.Host.ToString()))
            throw new TokenException(400, "invalid_resource", 500011, $"The resource principal named {resource} was not " +
                "found in the tenant named Lab. This can happen if the application has not been installed by the " +
                "administrator of the tenant or consented to by any user in the tenant. You might have sent your " +
                "authentication request to the wrong tenant.");
        if (form["client_assertion"].FirstOrDefault() is { Length: > 0 } jwt)
        {
            if (Need("client_assertion_type") != AssertionType)
                throw TokenException.Request(70025, "The client assertion type is not supported.");
            assertion.Judge(jwt, client, Audiences(http, name));
        }
        else if (form.ContainsKey("client_secret"))
            throw TokenException.Client(7000215, "Invalid client secret provided. Ensure the secret being sent in the " +
                $"request is the client secret value, not the client secret ID, for a secret added to app '{client}'.");
        else
            throw TokenException.Client(7000218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.");

        string token = tokens.Issue($"https://sts.windows.net/{tenant.Id}/", resource);
        int seconds = (int)tokens.Lifetime.TotalSeconds;
        return Answer.Json(200, w =>
        {
            w.WriteString("token_type", "Bearer");
            w.WriteNumber("expires_in", seconds);
            w.WriteNumber("ext_expires_in", seconds);
            w.WriteString("access_token", token);
        });
    }

    void CheckTenant(string name)
    {
        if (string.Equals(name, tenant.Id, StringComparison.OrdinalIgnoreCase) || tenant.HasDomain(name))
            return;
        throw Guid.TryParse(name, out _) || name.Contains('.')
            ? TokenException.Request(90002, $"Tenant '{name}' not found. Check to make sure you have the correct tenant " +
                "ID and are signing into the correct cloud. Check with your subscription administrator, this may happen " +
                "if there are no active subscriptions for the tenant.")
            : TokenException.Request(900023,
                $"Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external domain.");
    }

    /* The token endpoint itself, by the name that the caller used for the host, and the issuer. */
    static string[] Audiences(HttpContext http, string name)
    {
        string root = $"https://{http.Request.Host}/{name}";
        return [root + "/oauth2/v2.0/token", root + "/v2.0", root + "/oauth2/token"];
    }

    Answer Refusal(TokenException e, string trace, string correlation, HttpContext http)
    {
        var now = tenant.Clock.Now.UtcDateTime;
        return Answer.Json(e.Status, w =>
        {
            w.WriteString("error", e.Error);
            w.WriteString("error_description", $"AADSTS{e.Number}: {e.Message} Trace ID: {trace} Correlation ID: " +
                $"{correlation} Timestamp: {now:yyyy-MM-dd HH:mm:ssZ}");
            w.WriteStartArray("error_codes");
            w.WriteNumberValue(e.Number);
            w.WriteEndArray();
            w.WriteString("timestamp", $"{now:yyyy-MM-dd HH:mm:ssZ}");
            w.WriteString("trace_id", trace);
            w.WriteString("correlation_id", correlation);
            w.WriteString("error_uri", $"https://{http.Request.Host}/error?code={e.Number}");
        });
    }

    Answer Metadata(HttpContext http, string name)
    {
        try
        {
            CheckTenant(name);
        }
        catch (TokenException e)
        {
            return Refusal(e, Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), http);
        }
        string root = $"https://{http.Request.Host}/{name}";
        return Answer.Json(200, w =>
        {
            w.WriteString("token_endpoint", root + "/oauth2/v2.0/token");
            Strings(w, "token_endpoint_auth_methods_supported", "private_key_jwt");
            w.WriteString("jwks_uri", root + "/discovery/v2.0/keys");
            Strings(w, "response_types_supported", "code", "id_token");
            Strings(w, "subject_types_supported", "pairwise");
            Strings(w, "id_token_signing_alg_values_supported", "RS256");
            w.WriteString("issuer", $"https://{http.Request.Host}/{tenant.Id}/v2.0");
            w.WriteString("authorization_endpoint", root + "/oauth2/v2.0/authorize");
            w.WriteString("tenant_region_scope", "NA");
        });
    }

    Answer Keys()
    {
        var key = tokens.PublicKey;
        return Answer.Json(200, w =>
        {
            w.WriteStartArray("keys");
            w.WriteStartObject();
            w.WriteString("kty", "RSA");
            w.WriteString("use", "sig");
            w.WriteString("kid", tokens.KeyId);
            w.WriteString("n", Base64Url.Encode(key.Modulus));
            w.WriteString("e", Base64Url.Encode(key.Exponent));
            w.WriteEndObject();
            w.WriteEndArray();
        });
    }

    static Answer Instances(HttpContext http) => Answer.Json(200, w =>
    {
        string host = http.Request.Host.ToString();
        w.WriteString("tenant_discovery_endpoint", $"https://{host}/common/v2.0/.well-known/openid-configuration");
        w.WriteString("api-version", "1.1");
        w.WriteStartArray("metadata");
        w.WriteStartObject();
        w.WriteString("preferred_network", host);
        w.WriteString("preferred_cache", host);
        Strings(w, "aliases", host);
        w.WriteEndObject();
        w.WriteEndArray();
    });

    static void Strings(Utf8JsonWriter w, string name, params string[] values)
    {
        w.WriteStartArray(name);
        foreach (string value in values)
            w.WriteStringValue(value);
        w.WriteEndArray();
    }
}
