// SPDX-License-Identifier: Apache-2.0
// What a synchronisation writes, and what Graph then refuses on the objects that it brought.
namespace Causeway.Lab.Entra.Tests;

static class SyncTests
{
    const string Refusal = "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.";

    public static IEnumerable<Row> Rows =>
    [
        new("sync: adds, changes, counts what is the same, deletes", async lab =>
        {
            Check.Equal("1 0 0 0", Counts(await Eve(lab, "Sales")));
            Check.Equal("0 0 1 0", Counts(await Eve(lab, "Sales")));
            Check.Equal("0 1 0 0", Counts(await Eve(lab, "Finance")));
            var eve = await lab.Get("/users/eve@lab.test?$select=department,onPremisesSyncEnabled,onPremisesImmutableId,onPremisesLastSyncDateTime");
            Check.Equal(("Finance", "True", "eve=="), (eve.Field("department"), eve.Field("onPremisesSyncEnabled"), eve.Field("onPremisesImmutableId")));
            Check.True(eve.Json.GetProperty("onPremisesLastSyncDateTime").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddMinutes(-5), "the time of the sync is kept");
            Check.Equal("True", (await lab.Get("/organization?$select=onPremisesSyncEnabled")).Values.Single().GetProperty("onPremisesSyncEnabled").ToString());
            Check.Equal("0 0 0 1", Counts(await lab.Admin("PUT", "/sync/batch", new { deletedImmutableIds = new[] { "eve==", "unknown" } })));
            Check.Equal(404, (await lab.Get("/users/eve@lab.test")).Status);
        }),
        new("sync: groups get exactly the members named, and managers follow", async lab =>
        {
            await Eve(lab, "Sales");
            object Group(params string[] members) => new { groups = new[] { new { onPremisesImmutableId = "g", displayName = "Synced", memberImmutableIds = members } } };
            await lab.Admin("PUT", "/sync/batch", new { users = new[] { new { onPremisesImmutableId = "bob==", userPrincipalName = "rob@lab.test", displayName = "Rob", managerImmutableId = "eve==" } } });
            await lab.Admin("PUT", "/sync/batch", Group("eve==", "bob=="));
            string id = (await lab.Get("/groups?$filter=displayName eq 'Synced'")).Values.Single().GetProperty("id").GetString()!;
            Check.Equal(2, (await lab.Get($"/groups/{id}/members")).Values.Count());
            await lab.Admin("PUT", "/sync/batch", Group("bob=="));
            Check.Equal("Rob", (await lab.Get($"/groups/{id}/members")).Values.Single().GetProperty("displayName").GetString());
            Check.Equal("Eve", (await lab.Get("/users/rob@lab.test/manager")).Field("displayName"));
            var ada = (await lab.Get("/users/ada@lab.test")).Field("id");
            var refused = await lab.Send("POST", $"/groups/{id}/members/$ref", new Dictionary<string, string> { ["@odata.id"] = $"{lab.GraphUrl}/users/{ada}" });
            Check.Equal((400, Refusal), (refused.Status, refused.Error));
            Check.Equal((400, Refusal), (await lab.Send("PATCH", $"/groups/{id}", new { description = "x" })) is var r ? (r.Status, r.Error) : default);
        }),
        new("sync: a cloud user with the same name becomes the synced one", async lab =>
        {
            string id = (await lab.Get("/users/ada@lab.test")).Field("id")!;
            Check.Equal("0 1 0 0", Counts(await lab.Admin("PUT", "/sync/batch", new { users = new[] { new { onPremisesImmutableId = "ada==", userPrincipalName = "ada@lab.test", department = "Engines" } } })));
            var ada = await lab.Get($"/users/{id}?$select=department,onPremisesSyncEnabled");
            Check.Equal(("Engines", "True"), (ada.Field("department"), ada.Field("onPremisesSyncEnabled")));
        }),
        new("sync: a manager of a synced user is mastered on-premises", async lab =>
        {
            await Eve(lab, "Sales");
            var reply = await lab.Send("PUT", "/users/eve@lab.test/manager/$ref", new Dictionary<string, string> { ["@odata.id"] = $"{lab.GraphUrl}/users/{(await lab.Get("/users/ada@lab.test")).Field("id")}" });
            Check.Equal((400, Refusal), (reply.Status, reply.Error));
        }),
        .. new (string Property, object Value)[]
        {
            ("displayName", "x"), ("jobTitle", "x"), ("department", "x"), ("accountEnabled", false), ("mobilePhone", "1"), ("givenName", "x"),
            ("businessPhones", new[] { "1" }), ("userPrincipalName", "eve2@lab.test"), ("companyName", "x"), ("passwordProfile", new { password = "Correct-Horse-8" }),
        }.Select(p => Change(p.Property, p.Value, 400)),
        .. new (string Property, object Value)[] { ("usageLocation", "DE"), ("otherMails", new[] { "x@y.test" }), ("employeeHireDate", "2026-01-01T00:00:00Z") }
            .Select(p => Change(p.Property, p.Value, 204)),
        new("sync: licences of a synced user stay in the cloud's hands", async lab =>
        {
            await Eve(lab, "Sales");
            await lab.Send("PATCH", "/users/eve@lab.test", new { usageLocation = "DE" });
            var reply = await lab.Send("POST", "/users/eve@lab.test/assignLicense", new { addLicenses = new[] { new { skuId = "efccb6f7-5641-4e0e-bd10-b4976e1bf68e", disabledPlans = Array.Empty<string>() } }, removeLicenses = Array.Empty<string>() });
            Check.Equal(200, reply.Status);
        }),
        new("sync: a name that another object has is an error of that object alone", async lab =>
        {
            await Eve(lab, "Sales");
            var reply = await lab.Admin("PUT", "/sync/batch", new { users = new[]
            {
                new { onPremisesImmutableId = "second", userPrincipalName = "EVE@lab.test", displayName = "Other" },
                new { onPremisesImmutableId = "third", userPrincipalName = "third@lab.test", displayName = "Third" },
            } });
            Check.Equal("1 0 0 0", Counts(reply));
            Check.Equal("second AttributeValueMustBeUnique", string.Join(',', reply.Json.GetProperty("errors").EnumerateArray()
                .Select(e => $"{e.GetProperty("onPremisesImmutableId")} {e.GetProperty("code")}")));
            Check.Equal("Eve", (await lab.Get("/users/eve@lab.test")).Field("displayName"));
        }),
        new("sync: a bad batch is refused with its place", async lab =>
            Check.Equal(400, await lab.AdminStatus("PUT", "/sync/batch", new { users = new[] { new { displayName = "no id" } } }))),
    ];

    static Row Change(string property, object value, int status) => new($"sync: {property} of a synced user is {(status == 204 ? "writable" : "refused")}", async lab =>
    {
        await Eve(lab, "Sales");
        var reply = await lab.Send("PATCH", "/users/eve@lab.test", new Dictionary<string, object> { [property] = value });
        Check.True(reply.Status == status, $"{reply.Status} {reply.Text}");
        if (status == 400)
            Check.Equal(("Request_BadRequest", Refusal), (reply.Code, reply.Error));
    });

    static Task<Reply> Eve(Lab lab, string department) => lab.Admin("PUT", "/sync/batch", new
    {
        users = new[] { new { onPremisesImmutableId = "eve==", userPrincipalName = "eve@lab.test", displayName = "Eve", department } },
    });

    static string Counts(Reply reply) => string.Join(' ', new[] { "added", "updated", "unchanged", "deleted" }.Select(reply.Field));
}
