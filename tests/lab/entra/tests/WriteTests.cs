// SPDX-License-Identifier: Apache-2.0
// POST and PATCH: what Graph refuses, in its words, and that what is refused changes nothing.
using System.Text.Json.Nodes;

namespace Causeway.Lab.Entra.Tests;

static class WriteTests
{
    const string Good = """
        {"accountEnabled":true,"displayName":"New","mailNickname":"new","userPrincipalName":"new@lab.test","passwordProfile":{"password":"Correct-Horse-7"}}
        """;
    const string Weak = "The specified password does not comply with password complexity requirements. Please provide a different password.";

    public static IEnumerable<Row> Rows =>
    [
        new("create: 201, location, and the user is there", async lab =>
        {
            var reply = await lab.Send("POST", "/users", Good);
            Check.Equal(201, reply.Status);
            Check.Equal($"{lab.GraphUrl}/users/{reply.Field("id")}", reply.Message.Headers.Location!.ToString());
            Check.Equal(200, (await lab.Get("/users/" + reply.Field("id"))).Status);
            Check.Equal(200, (await lab.Get("/users/NEW@lab.test")).Status);
        }),
        Create("without a display name", "displayName", null, "A value is required for property 'displayName' of resource 'User'."),
        Create("without a password", "passwordProfile", null, "A value is required for property 'passwordProfile' of resource 'User'."),
        Create("a name that is taken, in another case", "userPrincipalName", "ADA@LAB.TEST", "Another object with the same value for property userPrincipalName already exists."),
        Create("a name without a domain", "userPrincipalName", "new", "Invalid value specified for property 'userPrincipalName' of resource 'User'."),
        Create("a domain that is not verified", "userPrincipalName", "new@example.test", "The domain portion of the userPrincipalName property is invalid."),
        Create("a nickname with a space", "mailNickname", "n w", "Invalid value specified for property 'mailNickname' of resource 'User'."),
        Create("a usage location that is none", "usageLocation", "Germany", "Invalid value specified for property 'usageLocation' of resource 'User'."),
        Create("a read-only property", "onPremisesSyncEnabled", true, "Property 'onPremisesSyncEnabled' is read-only"),
        Create("an unknown property", "nonsense", "x", "The property 'nonsense' does not exist on type 'microsoft.graph.user'."),
        Create("an extension nobody registered, by its path", "passwordProfile", new JsonObject { ["password"] = "Correct-Horse-7", ["nonsense"] = 1 }, "The property 'nonsense' does not exist on type 'microsoft.graph.passwordProfile'."),
        Create("a department of 65 characters", "department", new string('x', 65), "Invalid value specified for property 'department' of resource 'User'."),
        Create("a number where text belongs", "displayName", 5, "Cannot convert a primitive value to the expected type 'Edm.String'"),
        Create("text where a list belongs", "businessPhones", "1", "a 'StartArray' node was expected"),
        Create("a short password", "passwordProfile", new JsonObject { ["password"] = "Ab1!" }, Weak),
        Create("a password of one kind", "passwordProfile", new JsonObject { ["password"] = "abcdefghijkl" }, Weak),
        Create("a password of two kinds", "passwordProfile", new JsonObject { ["password"] = "abcdefgh1234" }, Weak),
        new("create: not JSON", async lab =>
        {
            var reply = await lab.Send("POST", "/users", "{");
            Check.Equal((400, "BadRequest"), (reply.Status, reply.Code));
        }),
        new("create: an empty body", async lab => Check.Contains("EndOfInput", (await lab.Send("POST", "/users", "")).Error)),
        new("update: a refused change changes nothing", async lab =>
        {
            var reply = await lab.Send("PATCH", "/users/ada@lab.test", new { jobTitle = "Countess", userPrincipalName = "bob@lab.test" });
            Check.Equal(400, reply.Status);
            Check.Equal("Analyst", (await lab.Get("/users/ada@lab.test")).Field("jobTitle"));
        }),
        new("update: a renamed user is found by the new name only", async lab =>
        {
            Check.Equal(204, (await lab.Send("PATCH", "/users/ada@lab.test", new { userPrincipalName = "ada.l@lab.test" })).Status);
            Check.Equal((200, 404), ((await lab.Get("/users/ada.l@lab.test")).Status, (await lab.Get("/users/ada@lab.test")).Status));
        }),
        new("update: one part of a complex property keeps the others", async lab =>
        {
            await lab.Send("PATCH", "/users/ada@lab.test", new { onPremisesExtensionAttributes = new { extensionAttribute2 = "red" } });
            var value = (await lab.Get("/users/ada@lab.test?$select=onPremisesExtensionAttributes")).Json.GetProperty("onPremisesExtensionAttributes");
            Check.Equal(("blue", "red"), (value.GetProperty("extensionAttribute1").GetString(), value.GetProperty("extensionAttribute2").GetString()));
        }),
        new("update: a password is set, never shown", async lab =>
        {
            Check.Equal(204, (await lab.Send("PATCH", "/users/ada@lab.test", new { passwordProfile = new { password = "Battery-Staple-9", forceChangePasswordNextSignIn = false } })).Status);
            Check.True(!(await lab.Get("/users/ada@lab.test?$select=passwordProfile")).Text.Contains("Staple"), "no password in an answer");
            Check.True(!(await lab.Admin("GET", "/state?objects=true")).Text.Contains("Staple"), "no password in the state");
            Check.Equal("True", (await lab.Admin("POST", "/passwords/verify", new { user = "ada@lab.test", password = "Battery-Staple-9" })).Field("matches"));
            Check.Equal("False", (await lab.Admin("POST", "/passwords/verify", new { user = "ada@lab.test", password = "Correct-Horse-7" })).Field("matches"));
            Check.Equal(Weak, (await lab.Send("PATCH", "/users/ada@lab.test", new { passwordProfile = new { password = "short" } })).Error);
        }),
        new("update: a user that is not there", async lab =>
        {
            var reply = await lab.Send("PATCH", "/users/nobody@lab.test", new { jobTitle = "x" });
            Check.Equal((404, "Resource 'nobody@lab.test' does not exist or one of its queried reference-property objects are not present."), (reply.Status, reply.Error));
        }),
        new("group: a distribution list cannot be made", async lab =>
            Check.Contains("mail-enabled groups", (await lab.Send("POST", "/groups", new { displayName = "G", mailNickname = "g", mailEnabled = true, securityEnabled = false })).Error)),
        new("group: members bound at creation and by PATCH", async lab =>
        {
            var ids = (await lab.Get("/users?$select=id")).Values.Select(v => $"https://graph.microsoft.com/v1.0/users/{v.GetProperty("id")}").ToList();
            var made = await lab.Send("POST", "/groups", new JsonObject
            {
                ["displayName"] = "G", ["mailNickname"] = "g", ["mailEnabled"] = false, ["securityEnabled"] = true, ["members@odata.bind"] = new JsonArray(ids[0]),
            });
            Check.Equal(201, made.Status);
            string members = $"/groups/{made.Field("id")}/members";
            Check.Equal(204, (await lab.Send("PATCH", $"/groups/{made.Field("id")}", new JsonObject { ["members@odata.bind"] = new JsonArray(ids[1], ids[2]) })).Status);
            Check.Equal(3, (await lab.Get(members)).Values.Count());
            Check.Equal(404, (await lab.Send("POST", members + "/$ref", new JsonObject { ["@odata.id"] = $"https://graph.microsoft.com/v1.0/directoryObjects/{Guid.NewGuid()}" })).Status);
            Check.Equal(404, (await lab.Send("DELETE", $"{members}/{Guid.NewGuid()}/$ref")).Status);
            Check.Contains("contained entities", (await lab.Send("POST", members, new JsonObject { ["@odata.id"] = ids[3] })).Error);
        }),
        new("group: a deleted user is no longer a member", async lab =>
        {
            string group = (await lab.Get("/groups?$filter=displayName eq 'Staff'")).Values.Single().GetProperty("id").GetString()!;
            await lab.Send("DELETE", "/users/alan@lab.test");
            Check.Equal(1, (await lab.Get($"/groups/{group}/members")).Values.Count());
        }),
        new("headers: ids are echoed", async lab =>
        {
            string id = Guid.NewGuid().ToString();
            var reply = await lab.Send("GET", "/users/ada@lab.test", headers: ("client-request-id", id));
            Check.Equal(id, reply.Header("client-request-id"));
            Check.True(Guid.TryParse(reply.Header("request-id"), out _), "request-id is a GUID");
            Check.Equal("1", reply.Header("x-ms-resource-unit"));
        }),
    ];

    static Row Create(string name, string property, JsonNode? value, string message) => new($"create refused: {name}", async lab =>
    {
        var body = JsonNode.Parse(Good)!.AsObject();
        body.Remove(property);
        if (value != null)
            body[property] = value.DeepClone();
        var reply = await lab.Send("POST", "/users", body.ToJsonString());
        Check.True(reply.Status == 400, $"{reply.Status} {reply.Text}");
        Check.Equal("Request_BadRequest", reply.Code);
        Check.Contains(message, reply.Error);
        Check.Equal("4", (await lab.Admin("GET", "/state")).Field("users"));
    });
}
