// SPDX-License-Identifier: Apache-2.0
//
// Where the directory is: the CAUSEWAY_LAB_AD_* variables that `scripts/lab env` prints.

using System.Management.Automation;
using System.Net;
using System.Runtime.InteropServices;

namespace Microsoft.ActiveDirectory.Management;

internal static class LabEnvironment
{
    internal static Uri Url { get; } = new(Need("URL"));
    internal static string? BaseDn { get; } = Get("BASE_DN");

    internal static NetworkCredential Account { get; } = new(Need("BIND_DN"), Need("PASSWORD"));

    // name=url pairs, separated by blanks or commas: further names that -Server takes.
    private static readonly Dictionary<string, Uri> Servers = (Get("SERVERS") ?? "")
        .Split([' ', ',', ';'], StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .Where(pair => pair.Length == 2)
        .ToDictionary(pair => pair[0], pair => new Uri(pair[1]), StringComparer.OrdinalIgnoreCase);

    // libldap reads its environment once, at its first use, from the C library's copy.
    static LabEnvironment()
    {
        if (Get("CA") is string ca && setenv("LDAPTLS_CACERT", ca, 1) != 0)
            throw new InvalidOperationException($"cannot set LDAPTLS_CACERT to {ca}");
    }

    // The URL of a server that the lab names, or null.
    internal static Uri? Find(string server) => Servers.GetValueOrDefault(server);

    private static string? Get(string name) =>
        Environment.GetEnvironmentVariable("CAUSEWAY_LAB_AD_" + name) is { Length: > 0 } value ? value : null;

    private static string Need(string name) => Get(name) ?? throw new PSInvalidOperationException(
        $"The lab's ActiveDirectory module needs CAUSEWAY_LAB_AD_{name}: run `eval \"$(scripts/lab env)\"` first.");

    [DllImport("libc")]
    private static extern int setenv([MarshalAs(UnmanagedType.LPUTF8Str)] string name,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}
