// SPDX-License-Identifier: Apache-2.0
// The command line: what the double serves, with which keys, and where it says that it is ready.
using System.Net;

namespace Causeway.Lab.Entra;

sealed class Options
{
    public const string Usage =
        "usage: entra --cert FILE --key FILE --tenant ID --client ID --client-cert FILE --ready-file FILE\n" +
        "             [--graph-port N] [--admin-port N] [--listen ADDRESS] [--host NAME] [--seed FILE]";

    public int GraphPort { get; private set; }
    public int AdminPort { get; private set; }
    public IPAddress Listen { get; private set; } = IPAddress.Loopback;
    public string Host { get; private set; } = "localhost";
    public string CertificateFile { get; private set; } = "";
    public string KeyFile { get; private set; } = "";
    public string Tenant { get; private set; } = "";
    public string Client { get; private set; } = "";
    public string ClientCertificateFile { get; private set; } = "";
    public string ReadyFile { get; private set; } = "";
    public string? SeedFile { get; private set; }

    public static Options Parse(string[] args)
    {
        var options = new Options();
        var setters = new Dictionary<string, Action<string>>
        {
            ["--graph-port"] = v => options.GraphPort = Port("--graph-port", v),
            ["--admin-port"] = v => options.AdminPort = Port("--admin-port", v),
            ["--listen"] = v => options.Listen = IPAddress.TryParse(v, out var a)
                ? a : throw new UsageException($"--listen: '{v}' is not an IP address"),
            ["--host"] = v => options.Host = v,
            ["--cert"] = v => options.CertificateFile = Existing("--cert", v),
            ["--key"] = v => options.KeyFile = Existing("--key", v),
            ["--tenant"] = v => options.Tenant = Id("--tenant", v),
            ["--client"] = v => options.Client = Id("--client", v),
            ["--client-cert"] = v => options.ClientCertificateFile = Existing("--client-cert", v),
            ["--ready-file"] = v => options.ReadyFile = v,
            ["--seed"] = v => options.SeedFile = Existing("--seed", v),
        };
        for (int i = 0; i < args.Length; i += 2)
        {
            if (!setters.TryGetValue(args[i], out var set))
                throw new UsageException($"unknown option '{args[i]}'");
            if (i + 1 == args.Length)
                throw new UsageException($"{args[i]} needs a value");
            set(args[i + 1]);
        }
        foreach (var (name, value) in new[]
        {
            ("--cert", options.CertificateFile), ("--key", options.KeyFile), ("--tenant", options.Tenant),
            ("--client", options.Client), ("--client-cert", options.ClientCertificateFile),
            ("--ready-file", options.ReadyFile),
        })
            if (value == "")
                throw new UsageException($"{name} is missing");
        return options;
    }

    static int Port(string name, string value) =>
        int.TryParse(value, out int port) && port is >= 0 and <= 65535
            ? port : throw new UsageException($"{name}: '{value}' is not a port");

    static string Existing(string name, string value) =>
        File.Exists(value) ? value : throw new UsageException($"{name}: there is no file '{value}'");

    static string Id(string name, string value) =>
        Guid.TryParse(value, out var id) ? id.ToString() : throw new UsageException($"{name}: '{value}' is not a GUID");
}

sealed class UsageException(string message) : Exception(message);
