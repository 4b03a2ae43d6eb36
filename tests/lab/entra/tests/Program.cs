// SPDX-License-Identifier: Apache-2.0
// entra-tests PROGRAM [NAME]: starts the double and holds it to every row whose name contains NAME. --bench measures it instead.
using System.Diagnostics;
using Causeway.Lab.Entra.Tests;

if (args.Length == 0)
{
    Console.Error.WriteLine("usage: entra-tests PROGRAM [NAME | --bench]");
    return 2;
}
if (args.Length > 1 && args[1] == "--bench")
    return await Bench.Run(args[0]);

var rows = new[] { TokenTests.Rows, SdkTests.Rows, QueryTests.Rows, WriteTests.Rows, SyncTests.Rows, BatchTests.Rows, FaultTests.Rows, ServiceTests.Rows(args[0]) }
    .SelectMany(r => r).Where(r => args.Length < 2 || r.Name.Contains(args[1], StringComparison.OrdinalIgnoreCase)).ToList();
int failed = 0;
await using (var lab = await Lab.Start(args[0]))
    foreach (var row in rows)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            await lab.Fresh();
            await row.Body(lab);
            if (args.Length > 1)
                Console.WriteLine($"ok   {row.Name} ({clock.ElapsedMilliseconds} ms)");
        }
        catch (Exception e)
        {
            failed++;
            Console.WriteLine($"FAIL {row.Name}: {(e is CheckFailed ? e.Message : e)}");
        }
    }
Console.WriteLine($"entra-tests: {rows.Count} rows, {failed} failed");
return failed == 0 && rows.Count > 0 ? 0 : 1;
