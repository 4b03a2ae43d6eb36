// SPDX-License-Identifier: Apache-2.0
// The program itself: seed file, bad command lines, ready file, and that it ends when told to.
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Causeway.Lab.Entra.Tests;

static partial class ServiceTests
{
    const int SigTerm = 15;

    public static IEnumerable<Row> Rows(string program) =>
    [
        new("service: ends on SIGTERM at once, with connections open", async lab =>
        {
            string seed = $"{lab.Folder}/seed.json";
            await File.WriteAllTextAsync(seed, """{"users":[{"userPrincipalName":"seeded@lab.test"}],"skus":[{"skuPartNumber":"SPE_E5"}]}""");
            await using var other = await Lab.Start(program, seed);
            Check.Equal("seeded", (await other.Get("/users/seeded@lab.test")).Field("displayName"));
            var clock = Stopwatch.StartNew();
            Check.Equal(0, kill(other.Process.Id, SigTerm));
            await other.Process.WaitForExitAsync();
            Check.Equal(0, other.Process.ExitCode);
            Check.True(clock.ElapsedMilliseconds < 1000, $"ended after {clock.ElapsedMilliseconds} ms");
        }),
        new("service: the lab's own seed loads", async lab =>
        {
            await using var other = await Lab.Start(program, Path.Combine(AppContext.BaseDirectory, "lab-seed.json"));
            Check.Equal("Ada Lovelace", (await other.Get("/users/ada@lab.test")).Field("displayName"));
            Check.True((await other.Get("/subscribedSkus")).Values.Any(), "the tenant has licences");
        }),
        Fails(program, "service: a missing option is named", 2, "--tenant is missing", a => [.. a.Where((_, i) => i is not (4 or 5))]),
        Fails(program, "service: an unknown option is named", 2, "unknown option '--nonsense'", a => [.. a, "--nonsense", "1"]),
        Fails(program, "service: a tenant that is no GUID", 2, "--tenant: 'x' is not a GUID", a => Replace(a, "--tenant", "x")),
        Fails(program, "service: a certificate that is not there", 2, "--client-cert: there is no file 'nowhere.pem'", a => Replace(a, "--client-cert", "nowhere.pem")),
        Fails(program, "service: a client certificate that is none", 1, "--client-cert: ", (a, folder) => Replace(a, "--client-cert", $"{folder}/server.key")),
        Fails(program, "service: a key of another certificate", 1, "--cert, --key: ", (a, folder) =>
        {
            File.WriteAllText($"{folder}/other.key", System.Security.Cryptography.ECDsa.Create().ExportPkcs8PrivateKeyPem());
            return Replace(a, "--key", $"{folder}/other.key");
        }),
        Fails(program, "service: a seed with a misspelt field", 1, "userz", (a, folder) =>
        {
            File.WriteAllText($"{folder}/bad.json", """{"userz":[]}""");
            return [.. a, "--seed", $"{folder}/bad.json"];
        }),
    ];

    static Row Fails(string program, string name, int status, string message, Func<string[], string[]> change) =>
        Fails(program, name, status, message, (a, _) => change(a));

    static Row Fails(string program, string name, int status, string message, Func<string[], string, string[]> change) => new(name, async lab =>
    {
        using var process = Process.Start(new ProcessStartInfo(program, change(Lab.Arguments(lab.Folder), lab.Folder)) { RedirectStandardError = true })!;
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Check.Equal(status, process.ExitCode);
        Check.Contains(message, error);
    });

    static string[] Replace(string[] arguments, string option, string value)
    {
        string[] changed = [.. arguments];
        changed[Array.IndexOf(changed, option) + 1] = value;
        return changed;
    }

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
