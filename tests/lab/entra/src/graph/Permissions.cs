// SPDX-License-Identifier: Apache-2.0
// Whether the application's permissions open an operation, by data/permissions.tsv.
namespace Causeway.Lab.Entra;

static class Permissions
{
    static readonly Dictionary<(string Area, string Access), string[]> table = Model.Table("permissions.tsv")
        .ToDictionary(row => (row[0], row[1]), row => row[2].Split(','));

    public static void Demand(Principal principal, string area, string access)
    {
        if (!table.TryGetValue((area, access), out var permissions))
            throw new InvalidOperationException($"permissions.tsv has no row for {area} {access}");
        if (!principal.MayAny(permissions))
            throw Errors.Denied();
    }
}
