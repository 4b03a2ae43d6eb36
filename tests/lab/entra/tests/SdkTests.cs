// SPDX-License-Identifier: Apache-2.0
// The official Microsoft.Graph SDK and Azure.Identity against the double, used as an application uses them.
using Microsoft.Graph;
using Microsoft.Graph.Models;
using Microsoft.Graph.Models.ODataErrors;
using Microsoft.Graph.Users.Item.AssignLicense;

namespace Causeway.Lab.Entra.Tests;

static class SdkTests
{
    static readonly Guid E3 = Guid.Parse("05e9a617-0261-4cee-bb44-138d3ef5d965");

    public static IEnumerable<Row> Rows =>
    [
        new("sdk: user by name with the default properties", async lab =>
        {
            var ada = await lab.Sdk().Users["ada@lab.test"].GetAsync();
            Check.Equal("Ada Lovelace", ada!.DisplayName);
            Check.Equal("Analyst", ada.JobTitle);
            Check.Equal(null, ada.Department);
        }),
        new("sdk: page iterator walks every user once", async lab =>
        {
            await lab.Admin("POST", "/seed", new { generateUsers = 250 });
            var client = lab.Sdk();
            var first = await client.Users.GetAsync(r => r.QueryParameters.Top = 100);
            Check.Equal(100, first!.Value!.Count);
            var seen = new List<string>();
            await PageIterator<User, UserCollectionResponse>.CreatePageIterator(client, first, u => { seen.Add(u.Id!); return true; }).IterateAsync();
            Check.Equal(254, seen.Count);
            Check.Equal(254, seen.Distinct().Count());
        }),
        new("sdk: filter, select, expand", async lab =>
        {
            var client = lab.Sdk();
            await client.Users["ada@lab.test"].Manager.Ref.PutAsync(await Reference(client, "bob@lab.test"));
            var found = await client.Users.GetAsync(r =>
            {
                r.QueryParameters.Filter = "department eq 'mathematics' and startswith(surname,'love')";
                r.QueryParameters.Select = ["id", "displayName", "department"];
                r.QueryParameters.Expand = ["manager($select=id,displayName)"];
            });
            var ada = found!.Value!.Single();
            Check.Equal(("Ada Lovelace", "Mathematics"), (ada.DisplayName, ada.Department));
            Check.Equal("Bob", ((User)ada.Manager!).DisplayName);
        }),
        new("sdk: count, search and order with the eventual header", async lab =>
        {
            var client = lab.Sdk();
            var page = await client.Users.GetAsync(r =>
            {
                r.QueryParameters.Count = true;
                r.QueryParameters.Filter = "endswith(userPrincipalName,'@lab.test')";
                r.QueryParameters.Orderby = ["displayName desc"];
                r.Headers.Add("ConsistencyLevel", "eventual");
            });
            Check.Equal(3, page!.OdataCount);
            Check.Equal("Bob,Alan Turing,Ada Lovelace", string.Join(',', page.Value!.Select(u => u.DisplayName)));
            Check.Equal(4, await client.Users.Count.GetAsync(r => r.Headers.Add("ConsistencyLevel", "eventual")));
            var hits = await client.Users.GetAsync(r =>
            {
                r.QueryParameters.Search = "\"displayName:tur\"";
                r.Headers.Add("ConsistencyLevel", "eventual");
            });
            Check.Equal("Alan Turing", hits!.Value!.Single().DisplayName);
        }),
        new("sdk: create, read, change, delete a user", async lab =>
        {
            var client = lab.Sdk();
            var made = await client.Users.PostAsync(New("new@lab.test"));
            await client.Users[made!.Id].PatchAsync(new User { JobTitle = "Engineer", BusinessPhones = ["+1"], UsageLocation = "DE" });
            var read = await client.Users[made.Id].GetAsync(r => r.QueryParameters.Select = ["jobTitle", "businessPhones", "usageLocation", "createdDateTime"]);
            Check.Equal(("Engineer", "+1", "DE"), (read!.JobTitle, read.BusinessPhones!.Single(), read.UsageLocation));
            Check.True(read.CreatedDateTime > DateTimeOffset.UtcNow.AddMinutes(-5), "createdDateTime is now");
            await client.Users[made.Id].DeleteAsync();
            var gone = await Check.Throws<ODataError>(() => client.Users[made.Id].GetAsync());
            Check.Equal((404, "Request_ResourceNotFound"), (gone.ResponseStatusCode, gone.Error!.Code));
        }),
        new("sdk: an error is an ODataError with its inner ids", async lab =>
        {
            var client = lab.Sdk();
            var error = await Check.Throws<ODataError>(() => client.Users.PostAsync(New("ada@lab.test")));
            Check.Equal("Another object with the same value for property userPrincipalName already exists.", error.Error!.Message);
            Check.True(error.Error.InnerError?.RequestId != null && error.Error.InnerError.Date != null, "innerError has request-id and date");
        }),
        new("sdk: null clears a property", async lab =>
        {
            var client = lab.Sdk();
            await client.Users["ada@lab.test"].PatchAsync(new User { AdditionalData = new Dictionary<string, object> { ["jobTitle"] = null! } });
            Check.Equal(null, (await client.Users["ada@lab.test"].GetAsync())!.JobTitle);
        }),
        new("sdk: groups, members and owners keep their types", async lab =>
        {
            var client = lab.Sdk();
            var group = await client.Groups.PostAsync(new Group { DisplayName = "New", MailNickname = "new", MailEnabled = false, SecurityEnabled = true });
            await client.Groups[group!.Id].Members.Ref.PostAsync(Create(await Id(client, "ada@lab.test")));
            var staff = (await client.Groups.GetAsync(r => r.QueryParameters.Filter = "displayName eq 'Staff'"))!.Value!.Single();
            await client.Groups[group.Id].Members.Ref.PostAsync(Create(staff.Id!));
            var members = (await client.Groups[group.Id].Members.GetAsync())!.Value!;
            Check.Equal("Staff,Ada Lovelace", string.Join(',', members.Select(m => m is User u ? u.DisplayName : ((Group)m).DisplayName).OrderDescending()));
            Check.Equal(1, (await client.Groups[group.Id].Members.GraphUser.GetAsync())!.Value!.Count);
            var transitive = (await client.Groups[group.Id].TransitiveMembers.GetAsync())!.Value!;
            Check.Equal(3, transitive.Count);
            var again = await Check.Throws<ODataError>(() => client.Groups[group.Id].Members.Ref.PostAsync(Create(staff.Id!)));
            Check.Equal("One or more added object references already exist for the following modified properties: 'members'.", again.Error!.Message);
            await client.Groups[group.Id].Members[staff.Id].Ref.DeleteAsync();
            Check.Equal(1, (await client.Groups[group.Id].Members.GetAsync())!.Value!.Count);
            Check.Equal("Bob", ((User)(await client.Groups[staff.Id].Owners.GetAsync())!.Value!.Single()).DisplayName);
        }),
        new("sdk: memberOf and transitiveMemberOf", async lab =>
        {
            var client = lab.Sdk();
            var groups = (await client.Groups.GetAsync())!.Value!.ToDictionary(g => g.DisplayName!, g => g.Id!);
            await client.Groups[groups["Empty"]].Members.Ref.PostAsync(Create(groups["Staff"]));
            Check.Equal("Staff", ((Group)(await client.Users["ada@lab.test"].MemberOf.GetAsync())!.Value!.Single()).DisplayName);
            Check.Equal(2, (await client.Users["ada@lab.test"].TransitiveMemberOf.GraphGroup.GetAsync())!.Value!.Count);
            var ids = await client.Users["ada@lab.test"].GetMemberGroups.PostAsGetMemberGroupsPostResponseAsync(new() { SecurityEnabledOnly = true });
            Check.Equal(2, ids!.Value!.Count);
        }),
        new("sdk: manager is set, read and removed", async lab =>
        {
            var client = lab.Sdk();
            var none = await Check.Throws<ODataError>(() => client.Users["ada@lab.test"].Manager.GetAsync());
            Check.Equal(404, none.ResponseStatusCode);
            await client.Users["ada@lab.test"].Manager.Ref.PutAsync(await Reference(client, "bob@lab.test"));
            Check.Equal("Bob", ((User)(await client.Users["ada@lab.test"].Manager.GetAsync())!).DisplayName);
            Check.Equal("Ada Lovelace", ((User)(await client.Users["bob@lab.test"].DirectReports.GetAsync())!.Value!.Single()).DisplayName);
            await client.Users["ada@lab.test"].Manager.Ref.DeleteAsync();
            await Check.Throws<ODataError>(() => client.Users["ada@lab.test"].Manager.GetAsync());
        }),
        new("sdk: licences are assigned, counted, exhausted and returned", async lab =>
        {
            var client = lab.Sdk();
            await client.Users["ada@lab.test"].AssignLicense.PostAsync(Licence(E3));
            var sku = (await client.SubscribedSkus.GetAsync())!.Value!.Single(s => s.SkuId == E3);
            Check.Equal((1, 1), (sku.ConsumedUnits, sku.PrepaidUnits!.Enabled));
            var held = (await client.Users["ada@lab.test"].GetAsync(r => r.QueryParameters.Select = ["assignedLicenses"]))!;
            Check.Equal(E3, held.AssignedLicenses!.Single().SkuId);
            var full = await Check.Throws<ODataError>(() => client.Users["grace@other.test"].AssignLicense.PostAsync(Licence(E3)));
            Check.Contains("does not have any available licenses", full.Error!.Message!);
            var location = await Check.Throws<ODataError>(() => client.Users["bob@lab.test"].AssignLicense.PostAsync(Licence(E3)));
            Check.Equal("License assignment cannot be done for user with invalid usage location.", location.Error!.Message);
            await client.Users["ada@lab.test"].AssignLicense.PostAsync(new() { AddLicenses = [], RemoveLicenses = [E3] });
            Check.Equal(0, (await client.SubscribedSkus.GetAsync())!.Value!.Single(s => s.SkuId == E3).ConsumedUnits);
        }),
        new("sdk: a batch with a dependency", async lab =>
        {
            var client = lab.Sdk();
            var batch = new BatchRequestContentCollection(client);
            string user = await batch.AddBatchRequestStepAsync(client.Users["ada@lab.test"].ToGetRequestInformation());
            string missing = await batch.AddBatchRequestStepAsync(client.Users["nobody@lab.test"].ToGetRequestInformation());
            string change = await batch.AddBatchRequestStepAsync(client.Users["bob@lab.test"].ToPatchRequestInformation(new User { JobTitle = "Builder" }));
            string list = await batch.AddBatchRequestStepAsync(client.Users.ToGetRequestInformation(r => r.QueryParameters.Filter = "jobTitle eq 'Builder'"));
            var answers = await client.Batch.PostAsync(batch);
            Check.Equal("Ada Lovelace", (await answers.GetResponseByIdAsync<User>(user)).DisplayName);
            var codes = await answers.GetResponsesStatusCodesAsync();
            Check.Equal((404, 204), ((int)codes[missing], (int)codes[change]));
            Check.Equal("Bob", (await answers.GetResponseByIdAsync<UserCollectionResponse>(list)).Value!.Single().DisplayName);
        }),
        new("sdk: 429 is retried after the time given", async lab =>
        {
            await lab.Admin("POST", "/faults", new { path = "/users/ada", status = 429, headers = new Dictionary<string, string> { ["Retry-After"] = "1" } });
            var clock = System.Diagnostics.Stopwatch.StartNew();
            Check.Equal("Ada Lovelace", (await lab.Sdk().Users["ada@lab.test"].GetAsync())!.DisplayName);
            Check.True(clock.ElapsedMilliseconds >= 900, "the SDK waited for Retry-After");
            Check.Equal("429,200", string.Join(',', (await lab.Admin("GET", "/log")).Json.GetProperty("requests").EnumerateArray()
                .Where(r => r.GetProperty("target").GetString()!.Contains("/users/ada")).Select(r => r.GetProperty("status").GetInt32())));
        }),
        new("sdk: organization and its domains", async lab =>
        {
            var organization = (await lab.Sdk().Organization.GetAsync())!.Value!.Single();
            Check.Equal(Lab.TenantId, organization.Id);
            Check.Equal("lab.test,other.test", string.Join(',', organization.VerifiedDomains!.Select(d => d.Name)));
        }),
        new("sdk: directoryObjects and sessions", async lab =>
        {
            var client = lab.Sdk();
            string id = await Id(client, "ada@lab.test");
            Check.Equal("Ada Lovelace", ((User)(await client.DirectoryObjects[id].GetAsync())!).DisplayName);
            Check.Equal(true, (await client.Users[id].RevokeSignInSessions.PostAsRevokeSignInSessionsPostResponseAsync())!.Value);
        }),
    ];

    static User New(string name) => new()
    {
        UserPrincipalName = name, DisplayName = "New", MailNickname = "new", AccountEnabled = true,
        PasswordProfile = new PasswordProfile { Password = "Correct-Horse-7", ForceChangePasswordNextSignIn = true },
    };

    static AssignLicensePostRequestBody Licence(Guid id) =>
        new() { AddLicenses = [new AssignedLicense { SkuId = id, DisabledPlans = [] }], RemoveLicenses = [] };

    static async Task<string> Id(GraphServiceClient client, string name) => (await client.Users[name].GetAsync())!.Id!;

    static ReferenceCreate Create(string id) => new() { OdataId = $"https://graph.microsoft.com/v1.0/directoryObjects/{id}" };

    static async Task<ReferenceUpdate> Reference(GraphServiceClient client, string name) =>
        new() { OdataId = $"https://graph.microsoft.com/v1.0/users/{await Id(client, name)}" };
}
