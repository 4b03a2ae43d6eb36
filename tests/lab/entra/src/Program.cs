// SPDX-License-Identifier: Apache-2.0
// A double of Microsoft Entra ID for tests: token endpoint and Graph v1.0 over TLS, an admin endpoint beside them.
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Causeway.Lab.Entra;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

try
{
    var options = Options.Parse(args);
    var tenant = new Tenant(options.Tenant, options.Client);
    tenant.Application.Register(From("--client-cert", options.ClientCertificateFile, X509CertificateLoader.LoadCertificateFromFile));
    if (options.SeedFile != null)
        From("--seed", options.SeedFile, file => new Seed(tenant).Apply(JsonDocument.Parse(File.ReadAllBytes(file)).RootElement));
    using var certificate = From("--cert, --key", options.CertificateFile, file => ServerCertificate(file, options.KeyFile));
    var tokens = new AccessTokens(tenant);
    var answering = new Answering(tenant);

    await using var graph = Build(kestrel => kestrel.Listen(options.Listen, options.GraphPort,
        listen => listen.UseHttps(certificate)));
    new TokenEndpoint(tenant, tokens, answering).Map(graph);
    new GraphEndpoint(tenant, tokens, answering).Map(graph);
    await using var admin = Build(kestrel => kestrel.Listen(IPAddress.Loopback, options.AdminPort));
    new AdminEndpoint(tenant, tokens).Map(admin);

    await admin.StartAsync();
    await graph.StartAsync();
    SayReady(options, Port(graph), Port(admin));
    await graph.WaitForShutdownAsync();
    return 0;
}
catch (UsageException e)
{
    Console.Error.WriteLine($"entra: {e.Message}\n{Options.Usage}");
    return 2;
}
catch (Exception e) when (e is StartException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"entra: {e.Message}");
    return 1;
}

static WebApplication Build(Action<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions> listen)
{
    var builder = WebApplication.CreateSlimBuilder();
    builder.Logging.ClearProviders();
    builder.WebHost.UseKestrelHttpsConfiguration();
    builder.WebHost.ConfigureKestrel(kestrel =>
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 256 << 20;
        listen(kestrel);
    });
    builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
    return builder.Build();
}

/* What a file is read into, or an error that names the option and the file. */
static T From<T>(string option, string file, Func<string, T> read)
{
    try
    {
        return read(file);
    }
    catch (Exception e) when (e is CryptographicException or ArgumentException or AdminException or JsonException or IOException)
    {
        throw new StartException($"{option}: {file}: {e.Message}");
    }
}

static X509Certificate2 ServerCertificate(string certificate, string key)
{
    using var pem = X509Certificate2.CreateFromPemFile(certificate, key);
    // A key read from PEM must be persisted once before TLS takes it.
    return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
}

static int Port(WebApplication app) => new Uri(app.Services.GetRequiredService<IServer>().Features
    .Get<IServerAddressesFeature>()!.Addresses.First()).Port;

/* Written whole and then moved into place: whoever sees the file can connect. */
static void SayReady(Options options, int graphPort, int adminPort)
{
    string root = $"https://{options.Host}:{graphPort}";
    string text = JsonSerializer.Serialize(new
    {
        graphPort,
        adminPort,
        graphUrl = root + "/v1.0",
        tokenUrl = $"{root}/{options.Tenant}/oauth2/v2.0/token",
        adminUrl = $"http://127.0.0.1:{adminPort}",
        tenant = options.Tenant,
        client = options.Client,
        pid = Environment.ProcessId,
    });
    File.WriteAllText(options.ReadyFile + ".tmp", text + "\n");
    File.Move(options.ReadyFile + ".tmp", options.ReadyFile, overwrite: true);
}

sealed class StartException(string message) : Exception(message);
