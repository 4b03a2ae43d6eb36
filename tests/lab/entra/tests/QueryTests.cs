// SPDX-License-Identifier: Apache-2.0
// $filter, $orderby, $select, $top, $count, $search, paging: what is found, and what is refused with which words.
namespace Causeway.Lab.Entra.Tests;

static class QueryTests
{
    public static IEnumerable<Row> Rows =>
    [
        .. new[]
        {
            Finds("eq without regard to case", "displayName eq 'ada lovelace'", "ada"),
            Finds("eq on a quote", "surname eq 'O''Hopper'", "grace"),
            Finds("eq null", "department eq null", "bob"),
            Finds("eq on a boolean", "accountEnabled eq false", "alan"),
            Finds("and, or, parentheses", "(city eq 'London' or city eq 'New York') and givenName eq 'Grace'", "grace"),
            Finds("in", "userPrincipalName in ('bob@lab.test','ADA@lab.test')", "ada bob"),
            Finds("startsWith", "startsWith(displayName,'a')", "ada alan"),
            Finds("startswith on a name with upper case", "STARTSWITH(givenName,'gr')", "grace"),
            Finds("ge and le", "displayName ge 'B' and displayName le 'C'", "bob"),
            Finds("dates", "createdDateTime ge 2020-01-01T00:00:00Z and createdDateTime lt 2999-01-01T00:00:00Z", "ada alan grace bob"),
            Finds("any with eq", "proxyAddresses/any(p:p eq 'smtp:COUNTESS@lab.test')", "ada"),
            Finds("any with startsWith", "proxyAddresses/any(x:startsWith(x,'smtp:countess'))", "ada"),
            Finds("a name that nobody has", "displayName eq 'x'", ""),
            Finds("ne", "department ne 'Navy'", "ada alan bob", eventual: true),
            Finds("ne null", "department ne null", "ada alan grace", eventual: true),
            Finds("not", "not(startsWith(displayName,'A'))", "grace bob", eventual: true),
            Finds("endsWith", "endsWith(userPrincipalName,'@OTHER.test')", "grace", eventual: true),
            Finds("an advanced property", "officeLocation eq '12'", "ada", eventual: true),
            Finds("a property of a complex one", "onPremisesExtensionAttributes/extensionAttribute1 eq 'blue'", "ada", eventual: true),
            Finds("count of a collection", "proxyAddresses/$count eq 2", "ada", eventual: true),
        },
        .. new[]
        {
            Refused("ne by default", "$filter=department ne 'x'", "Request_UnsupportedQuery", "Operator 'NotEqualsMatch' is not supported because the 'ConsistencyLevel:eventual' header is missing."),
            Refused("not by default", "$filter=not(city eq 'x')", "Request_UnsupportedQuery", "Operator 'Not' is not supported"),
            Refused("endsWith by default", "$filter=endsWith(mail,'x')", "Request_UnsupportedQuery", "Operator 'EndsWithMatch' is not supported"),
            Refused("endsWith without $count", "$filter=endsWith(mail,'x')", "Request_UnsupportedQuery", "Try adding $count=true query parameter", eventual: true),
            Refused("an advanced property by default", "$filter=officeLocation eq '12'", "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified for property 'officeLocation' of resource 'User'."),
            Refused("contains", "$filter=contains(displayName,'a')", "Request_UnsupportedQuery", "ContainsMatch"),
            Refused("gt on text", "$filter=displayName gt 'a'", "Request_UnsupportedQuery", "GreaterThanMatch"),
            Refused("a property against a property", "$filter=displayName eq department", "BadRequest", "Invalid filter clause"),
            Refused("sixteen names", "$filter=" + string.Join(" or ", Enumerable.Range(0, 16).Select(i => $"displayName eq '{i}'")), "Request_UnsupportedQuery", "'OR' operators: 16. Max allowed: 15."),
            Refused("an unknown property in $filter", "$filter=nonsense eq 'a'", "BadRequest", "Could not find a property named 'nonsense' on type 'microsoft.graph.user'."),
            Refused("an unknown property in $select", "$select=nonsense", "BadRequest", "Could not find a property named 'nonsense'"),
            Refused("a filter that does not parse", "$filter=displayName eq", "BadRequest", "Invalid filter clause"),
            Refused("text where a boolean belongs", "$filter=accountEnabled eq 'true'", "BadRequest", "Invalid filter clause"),
            Refused("a page of 1000", "$top=1000", "Request_UnsupportedQuery", "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive."),
            Refused("a page of none", "$top=0", "Request_UnsupportedQuery", "Invalid page size specified: '0'."),
            Refused("$skip", "$skip=5", "Request_BadRequest", "'$skip' is not supported by the service."),
            Refused("an unknown option", "$nonsense=1", "BadRequest", "$nonsense"),
            Refused("an option twice", "$top=1&$top=2", "BadRequest", "$top"),
            Refused("sorting what is filtered, by default", "$filter=startsWith(displayName,'a')&$orderby=displayName", "Request_UnsupportedQuery", "Sorting not supported for current query."),
            Refused("$search by default", "$search=\"displayName:a\"", "Request_UnsupportedQuery", "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'"),
            Refused("a page token that is none", "$skiptoken=abc", "Directory_ExpiredPageToken", "page token value has expired"),
            Refused("two links expanded", "$expand=manager,memberOf", "Request_UnsupportedQuery", "Expanding more than one"),
        },
        new("query: an unknown segment", async lab =>
        {
            var reply = await lab.Get("/nonsense");
            Check.Equal((400, "BadRequest"), (reply.Status, reply.Code));
            Check.Equal("Resource not found for the segment 'nonsense'.", reply.Error);
        }),
        new("query: names with signs in them", async lab =>
        {
            await lab.Admin("POST", "/seed", new { users = new[] { new { userPrincipalName = "guest_example.test#EXT#@lab.test" }, new { userPrincipalName = "m.o'hara@lab.test" } } });
            Check.Equal("guest_example.test#EXT#@lab.test", (await lab.Get("/users/guest_example.test%23EXT%23@lab.test")).Field("userPrincipalName"));
            Check.Equal("m.o'hara@lab.test", (await lab.Get("/users/m.o'hara@lab.test")).Field("userPrincipalName"));
            Check.Equal("m.o'hara@lab.test", (await lab.Get("/users('m.o''hara@lab.test')")).Field("userPrincipalName"));
            Check.Equal(1, (await lab.Get("/users?$filter=userPrincipalName%20eq%20'm.o''hara%40lab.test'")).Values.Count());
        }),
        new("query: a property, and its bare value", async lab =>
        {
            Check.Equal("Analyst", (await lab.Get("/users/ada@lab.test/jobTitle")).Field("value"));
            Check.Equal("Analyst", (await lab.Get("/users/ada@lab.test/jobTitle/$value")).Text);
            Check.Equal(204, (await lab.Get("/users/bob@lab.test/jobTitle")).Status);
        }),
        new("query: the root alone, in any method", async lab =>
        {
            foreach (string method in new[] { "GET", "PATCH", "DELETE", "POST", "PUT" })
                Check.Equal(400, (await lab.Send(method, "/", method == "GET" ? null : new { })).Status);
        }),
        new("query: a version that is not there", async lab =>
            Check.Equal("Invalid version: beta", (await lab.Get(lab.GraphUrl.Replace("v1.0", "beta") + "/users")).Error)),
        new("query: the default properties of a user, and no others", async lab =>
        {
            var ada = (await lab.Get("/users/ada@lab.test")).Json;
            Check.Equal("@odata.context,id,businessPhones,displayName,givenName,jobTitle,mail,mobilePhone,officeLocation,preferredLanguage,surname,userPrincipalName",
                string.Join(',', ada.EnumerateObject().Select(p => p.Name)));
        }),
        new("query: names are found in any case and written as they are", async lab =>
        {
            var reply = await lab.Get("/Users/ada@lab.test?$select=DISPLAYNAME");
            Check.Equal("Ada Lovelace", reply.Field("displayName"));
        }),
        new("query: pages are whole and stable while objects come and go", async lab =>
        {
            await lab.Admin("POST", "/seed", new { generateUsers = 30 });
            var names = new List<string>();
            var page = await lab.Get("/users?$top=10&$select=userPrincipalName");
            for (; ; )
            {
                Check.True(page.Values.Count() <= 10, "a page holds no more than was asked for");
                names.AddRange(page.Values.Select(v => v.GetProperty("userPrincipalName").GetString()!));
                if (page.Field("@odata.nextLink") is not { } next)
                    break;
                // What was already read goes away: nothing may be skipped because of it.
                await lab.Send("DELETE", $"/users/{names[0]}");
                await lab.Send("DELETE", $"/users/{names[^1]}");
                page = await lab.Get(next);
            }
            Check.Equal(34, names.Count);
            Check.Equal(34, names.Distinct().Count());
        }),
        new("query: sorted pages meet without gaps", async lab =>
        {
            await lab.Admin("POST", "/seed", new { generateUsers = 25 });
            var names = new List<string>();
            for (string? next = "/users?$top=7&$orderby=displayName desc&$select=displayName"; next != null;)
            {
                var page = await lab.Get(next);
                names.AddRange(page.Values.Select(v => v.GetProperty("displayName").GetString()!));
                next = page.Field("@odata.nextLink");
            }
            Check.Equal(29, names.Count);
            Check.Equal(string.Join('|', names.OrderByDescending(n => n, StringComparer.OrdinalIgnoreCase)), string.Join('|', names));
        }),
        new("query: the count comes with the first page only", async lab =>
        {
            var first = await lab.Get("/users?$top=2&$count=true", eventual: true);
            Check.Equal("4", first.Field("@odata.count"));
            Check.Equal(null, (await lab.Get(first.Field("@odata.nextLink")!, eventual: true)).Field("@odata.count"));
        }),
        new("query: $count as a segment is plain text and needs the header", async lab =>
        {
            var reply = await lab.Get("/users/$count?$filter=startsWith(displayName,'a')", eventual: true);
            Check.Equal(("2", "text/plain"), (reply.Text, reply.Message.Content.Headers.ContentType!.MediaType));
            Check.Equal("Raw count (/$count) is not supported because the 'ConsistencyLevel:eventual' header is missing. Refer to " +
                "https://aka.ms/graph-docs/advanced-queries for more information", (await lab.Get("/users/$count")).Error);
        }),
        new("query: members filtered by what users have", async lab =>
        {
            var group = (await lab.Get("/groups?$filter=displayName eq 'staff'")).Values.Single().GetProperty("id").GetString();
            var reply = await lab.Get($"/groups/{group}/members?$filter=startsWith(displayName,'ada')&$select=displayName,userPrincipalName");
            var ada = reply.Values.Single();
            Check.Equal("#microsoft.graph.user", ada.GetProperty("@odata.type").GetString());
            Check.Equal("ada@lab.test", ada.GetProperty("userPrincipalName").GetString());
            var expanded = await lab.Get($"/groups/{group}?$select=id&$expand=members($select=displayName)");
            Check.Equal(2, expanded.Json.GetProperty("members").GetArrayLength());
        }),
        new("query: groups by description are an advanced query", async lab =>
        {
            Check.Equal("Request_UnsupportedQuery", (await lab.Get("/groups?$filter=startsWith(description,'every')")).Code);
            Check.Equal(1, (await lab.Get("/groups?$filter=startsWith(description,'every')&$count=true", eventual: true)).Values.Count());
        }),
        new("query: a licence as a filter", async lab =>
        {
            await lab.Send("POST", "/users/ada@lab.test/assignLicense", new { addLicenses = new[] { new { skuId = "efccb6f7-5641-4e0e-bd10-b4976e1bf68e" } }, removeLicenses = Array.Empty<string>() });
            Check.Equal(1, (await lab.Get("/users?$filter=assignedLicenses/any(l:l/skuId eq efccb6f7-5641-4e0e-bd10-b4976e1bf68e)")).Values.Count());
            Check.Equal(3, (await lab.Get("/users?$filter=assignedLicenses/$count eq 0&$count=true", eventual: true)).Values.Count());
        }),
    ];

    static Row Finds(string name, string filter, string expected, bool eventual = false) => new($"filter: {name}", async lab =>
    {
        var reply = await lab.Get($"/users?$select=userPrincipalName&$filter={Uri.EscapeDataString(filter)}{(eventual ? "&$count=true" : "")}", eventual);
        Check.True(reply.Status == 200, reply.Text);
        Check.Equal(expected, string.Join(' ', reply.Values.Select(v => v.GetProperty("userPrincipalName").GetString()!.Split('@')[0])));
        if (eventual)
            Check.Equal($"{reply.Values.Count()}", reply.Field("@odata.count"));
    });

    static Row Refused(string name, string query, string code, string message, bool eventual = false) => new($"query refused: {name}", async lab =>
    {
        var reply = await lab.Get("/users?" + query, eventual);
        Check.True(reply.Status == 400, $"{reply.Status} {reply.Text}");
        Check.Equal(code, reply.Code);
        Check.Contains(message, reply.Error);
    });
}
