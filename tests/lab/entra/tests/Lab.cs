// SPDX-License-Identifier: Apache-2.0
// One running double with keys of its own, and the ways to talk to it: raw HTTP, admin endpoint, official SDK.
using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Azure.Identity;
using Microsoft.Graph;
using Microsoft.Graph.Authentication;

namespace Causeway.Lab.Entra.Tests;

sealed record Reply(int Status, JsonElement Json, string Text, HttpResponseMessage Message)
{
    public string? Header(string name) => Message.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null;
    public string Code => Json.GetProperty("error").GetProperty("code").GetString()!;
    public string Error => Json.GetProperty("error").GetProperty("message").GetString()!;
    public IEnumerable<JsonElement> Values => Json.GetProperty("value").EnumerateArray();
    public string? Field(string name) => Json.TryGetProperty(name, out var v) ? v.ToString() : null;
}

sealed class Lab : IAsyncDisposable
{
    public const string TenantId = "11111111-2222-3333-4444-555555555555", ClientId = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
    static readonly TimeSpan startLimit = TimeSpan.FromSeconds(30);

    readonly string folder;
    readonly Process process;
    readonly JsonElement ready;
    readonly HttpClient http;
    readonly HttpClient admin;
    string? token;

    public X509Certificate2 Certificate { get; }
    public TimeSpan StartTime { get; }
    public Process Process => process;
    public string TokenUrl => ready.GetProperty("tokenUrl").GetString()!;
    public string GraphUrl => ready.GetProperty("graphUrl").GetString()!;
    public string Folder => folder;

    Lab(string folder, Process process, JsonElement ready, X509Certificate2 certificate, TimeSpan started)
    {
        (this.folder, this.process, this.ready, Certificate, StartTime) = (folder, process, ready, certificate, started);
        http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        admin = new HttpClient { BaseAddress = new Uri(ready.GetProperty("adminUrl").GetString()!), Timeout = TimeSpan.FromMinutes(5) };
    }

    public static async Task<Lab> Start(string program, string? seed = null)
    {
        string folder = Directory.CreateTempSubdirectory("entra-").FullName;
        var client = NewClientCertificate("app");
        await File.WriteAllTextAsync($"{folder}/client.pem", client.ExportCertificatePem());
        await File.WriteAllTextAsync($"{folder}/server.pem", Trust.CertificatePem);
        await File.WriteAllTextAsync($"{folder}/server.key", Trust.KeyPem);
        Trust.Give($"{folder}/server.pem");

        var clock = Stopwatch.StartNew();
        var process = Process.Start(new ProcessStartInfo(program, Arguments(folder, seed)) { RedirectStandardError = true })!;
        string readyFile = $"{folder}/ready.json";
        while (!File.Exists(readyFile))
        {
            if (process.HasExited || clock.Elapsed > startLimit)
                throw new InvalidOperationException($"the double did not start: {(process.HasExited ? await process.StandardError.ReadToEndAsync() : "time is up")}");
            await Task.Delay(5);
        }
        var started = clock.Elapsed;
        var ready = JsonDocument.Parse(await File.ReadAllTextAsync(readyFile)).RootElement;
        return new Lab(folder, process, ready, client, started);
    }

    public static string[] Arguments(string folder, string? seed = null) =>
    [
        "--cert", $"{folder}/server.pem", "--key", $"{folder}/server.key", "--tenant", TenantId, "--client", ClientId,
        "--client-cert", $"{folder}/client.pem", "--ready-file", $"{folder}/ready.json",
        "--graph-port", "0", "--admin-port", "0", .. seed == null ? Array.Empty<string>() : ["--seed", seed],
    ];

    public static X509Certificate2 NewClientCertificate(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
    }

    /* A tenant with Ada, Alan, Grace and Bob, a few groups, and two licences. */
    public async Task Fresh()
    {
        await Admin("POST", "/reset");
        await Admin("DELETE", "/certificates");
        await Admin("POST", "/certificates", new { pem = Certificate.ExportCertificatePem() });
        await Admin("PATCH", "/settings", new { roles = Roles, tokenLifetimeSeconds = 3599 });
        await Admin("POST", "/seed", Seed);
        token = null;
    }

    public static readonly string[] Roles =
    [
        "User.ReadWrite.All", "User-PasswordProfile.ReadWrite.All", "User.EnableDisableAccount.All", "User.RevokeSessions.All",
        "Group.ReadWrite.All", "GroupMember.ReadWrite.All", "Directory.Read.All", "Organization.Read.All", "LicenseAssignment.ReadWrite.All",
    ];

    static readonly object Seed = new
    {
        domains = new[] { "lab.test", "other.test" },
        users = new object[]
        {
            new { userPrincipalName = "ada@lab.test", displayName = "Ada Lovelace", givenName = "Ada", surname = "Lovelace", mail = "ada@lab.test",
                department = "Mathematics", jobTitle = "Analyst", city = "London", usageLocation = "GB", employeeId = "1815",
                proxyAddresses = new[] { "SMTP:ada@lab.test", "smtp:countess@lab.test" }, officeLocation = "12",
                onPremisesExtensionAttributes = new { extensionAttribute1 = "blue" }, password = "Correct-Horse-7" },
            new { userPrincipalName = "alan@lab.test", displayName = "Alan Turing", givenName = "Alan", surname = "Turing",
                mail = "alan@lab.test", department = "Mathematics", city = "London", accountEnabled = false },
            new { userPrincipalName = "grace@other.test", displayName = "Grace O'Hopper", givenName = "Grace", surname = "O'Hopper",
                department = "Navy", city = "New York", usageLocation = "US" },
            new { userPrincipalName = "bob@lab.test", displayName = "Bob" },
        },
        groups = new object[]
        {
            new { displayName = "Staff", description = "Everyone who works here", members = new[] { "ada@lab.test", "alan@lab.test" }, owners = new[] { "bob@lab.test" } },
            new { displayName = "Empty" },
        },
        skus = new object[] { new { skuPartNumber = "SPE_E3", enabled = 1 }, new { skuPartNumber = "EMS", enabled = 5 } },
    };

    public async Task<Reply> Admin(string method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body != null)
            request.Content = JsonContent.Create(body);
        var reply = await Read(await admin.SendAsync(request));
        Check.True(reply.Status < 300, $"admin {method} {path}: {reply.Status} {reply.Text}");
        return reply;
    }

    public async Task<int> AdminStatus(string method, string path, object body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = JsonContent.Create(body) };
        return (int)(await admin.SendAsync(request)).StatusCode;
    }

    public Task<Reply> Get(string path, bool eventual = false) => Send("GET", path, null, eventual);

    public async Task<Reply> Send(string method, string path, object? body = null, bool eventual = false, string? bearer = null,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path.StartsWith("https") ? path : GraphUrl + path);
        string authorization = bearer ?? "Bearer " + await Token();
        if (authorization != "")
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (eventual)
            request.Headers.Add("ConsistencyLevel", "eventual");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (body is string text)
            request.Content = new StringContent(text, Encoding.UTF8, "application/json");
        else if (body != null)
            request.Content = JsonContent.Create(body);
        return await Read(await http.SendAsync(request));
    }

    static async Task<Reply> Read(HttpResponseMessage message)
    {
        string text = await message.Content.ReadAsStringAsync();
        bool json = text.Length > 0 && message.Content.Headers.ContentType?.MediaType == "application/json";
        return new Reply((int)message.StatusCode, json ? JsonDocument.Parse(text).RootElement : default, text, message);
    }

    public async Task<string> Token()
    {
        if (token != null)
            return token;
        var reply = await TokenRequest(Assertion());
        Check.Equal(200, reply.Status);
        return token = reply.Field("access_token")!;
    }

    public async Task<Reply> TokenRequest(string assertion, string? url = null, Dictionary<string, string?>? change = null)
    {
        var form = new Dictionary<string, string?>
        {
            ["grant_type"] = "client_credentials", ["client_id"] = ClientId, ["scope"] = "https://graph.microsoft.com/.default",
            ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", ["client_assertion"] = assertion,
        };
        foreach (var (name, value) in change ?? [])
            form[name] = value;
        return await Read(await http.PostAsync(url ?? TokenUrl,
            new FormUrlEncodedContent(form.Where(f => f.Value != null).Select(f => KeyValuePair.Create(f.Key, f.Value!)))));
    }

    public string Assertion(Dictionary<string, object?>? claims = null, X509Certificate2? signedBy = null, string algorithm = "PS256",
        X509Certificate2? named = null)
    {
        signedBy ??= Certificate;
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var header = new Dictionary<string, object?> { ["alg"] = algorithm, ["typ"] = "JWT",
            ["x5t#S256"] = Encode((named ?? signedBy).GetCertHash(HashAlgorithmName.SHA256)) };
        var payload = new Dictionary<string, object?> { ["aud"] = TokenUrl, ["iss"] = ClientId, ["sub"] = ClientId,
            ["jti"] = Guid.NewGuid(), ["nbf"] = now, ["exp"] = now + 300 };
        foreach (var (name, value) in claims ?? [])
            payload[name] = value;
        string signed = Encode(JsonSerializer.SerializeToUtf8Bytes(header)) + "." +
            Encode(JsonSerializer.SerializeToUtf8Bytes(payload.Where(p => p.Value != null).ToDictionary()));
        using var key = signedBy.GetRSAPrivateKey()!;
        return signed + "." + Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256,
            algorithm == "PS256" ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1));
    }

    static string Encode(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    /* The SDK as any application would set it up, but for the addresses. */
    public GraphServiceClient Sdk()
    {
        var credential = new ClientCertificateCredential(TenantId, ClientId, Certificate, new ClientCertificateCredentialOptions
        {
            AuthorityHost = new Uri(new Uri(GraphUrl).GetLeftPart(UriPartial.Authority)),
            DisableInstanceDiscovery = true,
        });
        // The client's own constructor sends no token to a host that is not Graph's, and does not say so.
        var provider = new AzureIdentityAuthenticationProvider(credential, ["localhost"], null, true, ["https://graph.microsoft.com/.default"]);
        return new GraphServiceClient(provider, GraphUrl);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        http.Dispose();
        admin.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
