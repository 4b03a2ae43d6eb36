// SPDX-License-Identifier: Apache-2.0
// assignLicense: seats, usage location and the states Graph reports about them.
namespace Causeway.Lab.Entra;

static class Licenses
{
    public static void Assign(Tenant tenant, Entity user, List<Record> add, List<Guid> remove)
    {
        var held = Held(user);
        foreach (var id in remove)
            if (!held.Exists(l => Equals(l["skuId"], id)))
                throw Errors.BadRequest("User does not have a corresponding license.");
        foreach (var license in add)
            CheckSeat(tenant, user, held, license);

        var kept = held.Where(l => !remove.Exists(id => Equals(l["skuId"], id)) &&
            !add.Exists(a => Equals(a["skuId"], l["skuId"]))).ToList();
        kept.AddRange(add.Select(a => new Record
        {
            ["disabledPlans"] = a["disabledPlans"] ?? new List<object?>(), ["skuId"] = a["skuId"],
        }));
        var now = tenant.Clock.Now;
        tenant.Directory.Update(user,
        [
            new("assignedLicenses", kept.ToList<object?>()),
            new("licenseAssignmentStates", kept.Select(l => (object?)new Record
            {
                ["skuId"] = l["skuId"]!.ToString(), ["disabledPlans"] = l["disabledPlans"], ["assignedByGroup"] = null,
                ["state"] = "Active", ["error"] = "None", ["lastUpdatedDateTime"] = now,
            }).ToList()),
        ]);
        Recount(tenant);
    }

    public static void Release(Tenant tenant, Entity user)
    {
        if (Held(user).Count > 0)
            Recount(tenant, without: user);
    }

    static void CheckSeat(Tenant tenant, Entity user, List<Record> held, Record license)
    {
        if (license["skuId"] is not Guid id)
            throw Errors.InvalidValue("skuId", "User");
        var sku = tenant.Directory.Roster(Model.SubscribedSku).All.FirstOrDefault(s => Equals(s["skuId"], id))
            ?? throw Errors.BadRequest($"License {id} does not correspond to a valid company License.");
        if (string.IsNullOrEmpty(user.Properties.Text("usageLocation")))
            throw Errors.BadRequest("License assignment cannot be done for user with invalid usage location.");
        bool already = held.Exists(l => Equals(l["skuId"], id));
        int seats = ((Record)sku["prepaidUnits"]!)["enabled"] as int? ?? 0;
        if (!already && (sku["consumedUnits"] as int? ?? 0) >= seats)
            throw Errors.BadRequest($"Subscription with SKU {id} does not have any available licenses.");
    }

    /* Seats in use, counted anew: an assignment is rare, and so the sum is never wrong. */
    public static void Recount(Tenant tenant, Entity? without = null)
    {
        var used = new Dictionary<Guid, int>();
        foreach (var user in tenant.Directory.Roster(Model.User).All)
            if (user != without)
                foreach (var license in Held(user))
                    if (license["skuId"] is Guid id)
                        used[id] = used.GetValueOrDefault(id) + 1;
        foreach (var sku in tenant.Directory.Roster(Model.SubscribedSku).All)
            tenant.Directory.Update(sku, [new("consumedUnits", used.GetValueOrDefault((Guid)sku["skuId"]!))]);
    }

    static List<Record> Held(Entity user) =>
        user["assignedLicenses"] is List<object?> list ? [.. list.OfType<Record>()] : [];
}
