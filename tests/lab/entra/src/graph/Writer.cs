// SPDX-License-Identifier: Apache-2.0
// Answers POST, PATCH, PUT and DELETE on users, groups and the links between them.
using System.Text.Json;
using Microsoft.OData.Edm;

namespace Causeway.Lab.Entra;

sealed class Writer(Tenant tenant, Exchange exchange, Query query, Principal principal)
{
    /* A PATCH may bind this many members at once. */
    const int BindMax = 20;

    readonly Directory directory = tenant.Directory;
    readonly Rules rules = new(tenant);

    public Answer Answer(Target target) => (exchange.Method, target.Part) switch
    {
        ("POST", Part.Collection) when target.Link == null => Create(target),
        ("PATCH", Part.Entity) when target.Link == null => Update(target.Entity!),
        ("DELETE", Part.Entity) when target.Link == null => Delete(target.Entity!),
        ("POST", Part.References) => AddReference(target),
        ("DELETE", Part.Entity) => throw Errors.MalformedQuery("Write requests are only supported on contained entities"),
        ("DELETE", Part.Reference) => RemoveReference(target),
        ("PUT", Part.Reference) => SetManager(target),
        ("POST", Part.Collection) => throw Errors.MalformedQuery("Write requests are only supported on contained entities"),
        ("POST", Part.Action) => new Actions(tenant, exchange, principal).Answer(target),
        _ => throw Errors.Method(exchange.Method),
    };

    Answer Create(Target target)
    {
        if (target.Type != Model.User && target.Type != Model.Group)
            throw Errors.Method(exchange.Method);
        Permissions.Demand(principal, target.Type.Name, target.Type == Model.Group ? "create" : "write");
        var body = Body();
        var given = Rules.Read(body, target.Type);
        Rules.CheckWritable(target.Type, given);
        var links = Bindings(body, target.Type);
        var password = given.FirstOrDefault(c => c.Key == "passwordProfile").Value as Record;
        var record = target.Type == Model.User ? rules.NewUser(given) : rules.NewGroup(given);
        var entity = directory.Add(target.Type, record);
        if (password?.Text("password") is { } text)
            entity.Password = new PasswordHash(text);
        foreach (var (link, to) in links)
            Link(entity, link, to);
        var shape = query.Shape(target.Type);
        var answer = Entra.Answer.Json(201, w =>
        {
            w.WriteString("@odata.context", $"https://{exchange.Host}/v1.0/$metadata#{target.SetName}/$entity");
            shape.Write(w, entity, tenant.Clock.Now.UtcTicks, typed: false, Target.Linked);
        });
        answer.Headers.Add(new("Location", $"https://{exchange.Host}/v1.0/{target.SetName}/{entity.Id}"));
        return answer;
    }

    Answer Update(Entity entity)
    {
        if (!entity.IsUser && !entity.IsGroup)
            throw Errors.Method(exchange.Method);
        var body = Body();
        var changes = Rules.Read(body, entity.Type);
        Demand(entity, changes);
        Rules.CheckWritable(entity.Type, changes);
        var links = Bindings(body, entity.Type);
        if (links.Count > BindMax)
            throw Errors.BadRequest($"The number of references added in one request exceeds the limit of {BindMax}.");
        Rules.CheckMastered(entity, changes.Select(c => c.Key).Concat(links.Select(l => l.Link)));
        if (entity.IsUser)
            rules.CheckUser(entity, changes);
        foreach (var (link, to) in links)
            CheckLink(entity, link, to);
        foreach (var (link, to) in links)
            Link(entity, link, to);
        Apply(entity, changes);
        return Entra.Answer.Empty();
    }

    void Demand(Entity entity, List<KeyValuePair<string, object?>> changes)
    {
        var names = changes.Select(c => c.Key).ToHashSet();
        if (entity.IsGroup)
            Permissions.Demand(principal, "group", "write");
        foreach (string special in new[] { "accountEnabled", "passwordProfile" })
            if (names.Remove(special))
                Permissions.Demand(principal, "user." + special, "write");
        if (entity.IsUser && names.Count > 0)
            Permissions.Demand(principal, "user", "write");
    }

    void Apply(Entity entity, List<KeyValuePair<string, object?>> changes)
    {
        var plain = new List<KeyValuePair<string, object?>>();
        foreach (var (name, value) in changes)
            if (name == "passwordProfile")
            {
                if ((value as Record)?.Text("password") is not { } password)
                    continue;
                entity.Password = new PasswordHash(password);
                plain.Add(new("lastPasswordChangeDateTime", tenant.Clock.Now));
            }
            else if (value is Record part && entity.Properties[name] is Record old)
            {
                // A complex property is merged, as PATCH on it means.
                var merged = old.Copy();
                foreach (var (member, v) in part)
                    merged[member] = v;
                plain.Add(new(name, merged));
            }
            else
                plain.Add(new(name, value));
        directory.Update(entity, plain);
    }

    Answer Delete(Entity entity)
    {
        if (!entity.IsUser && !entity.IsGroup)
            throw Errors.Method(exchange.Method);
        Permissions.Demand(principal, entity.Type.Name, "write");
        Licenses.Release(tenant, entity);
        directory.Remove(entity);
        return Entra.Answer.Empty();
    }

    Answer AddReference(Target target)
    {
        Permissions.Demand(principal, target.Link == "owners" ? "group.owners" : "group.members", "write");
        var to = Referenced(Body());
        if (target.Link == "members")
            Rules.CheckMastered(target.Source!, ["members"]);
        CheckLink(target.Source!, target.Link!, to);
        Link(target.Source!, target.Link!, to);
        return Entra.Answer.Empty();
    }

    Answer RemoveReference(Target target)
    {
        if (target.Link == "manager")
        {
            Permissions.Demand(principal, "user.manager", "write");
            Rules.CheckMastered(target.Source!, ["manager"]);
            if (target.Source!.Manager == null)
                throw Errors.NotFound("manager");
            directory.SetManager(target.Source, null);
            return Entra.Answer.Empty();
        }
        Permissions.Demand(principal, target.Link == "owners" ? "group.owners" : "group.members", "write");
        if (target.Link == "members")
            Rules.CheckMastered(target.Source!, ["members"]);
        if (target.Link == "owners")
            Directory.RemoveOwner(target.Source!, target.Entity!);
        else if (target.Link == "members")
            Directory.RemoveMember(target.Source!, target.Entity!);
        else
            throw Errors.Method(exchange.Method);
        return Entra.Answer.Empty();
    }

    Answer SetManager(Target target)
    {
        if (target.Link != "manager")
            throw Errors.Method(exchange.Method);
        Permissions.Demand(principal, "user.manager", "write");
        Rules.CheckMastered(target.Source!, ["manager"]);
        var manager = Referenced(Body());
        if (!manager.IsUser)
            throw Errors.InvalidValue("manager", "User");
        if (manager == target.Source)
            throw Errors.BadRequest("A user cannot be their own manager.");
        directory.SetManager(target.Source!, manager);
        return Entra.Answer.Empty();
    }

    static void CheckLink(Entity from, string link, Entity to)
    {
        bool there = link switch
        {
            "members" => from.Members.Contains(to),
            "owners" => from.Owners.Contains(to),
            _ => throw Errors.Method("POST"),
        };
        if (there)
            throw Errors.AlreadyReferenced(link);
        if (link == "members" && from == to)
            throw Errors.BadRequest("An object cannot be a member of itself.");
    }

    void Link(Entity from, string link, Entity to)
    {
        switch (link)
        {
            case "members": Directory.AddMember(from, to); break;
            case "owners": Directory.AddOwner(from, to); break;
            case "manager": directory.SetManager(from, to); break;
            default: throw Errors.Method(exchange.Method);
        }
    }

    /* name@odata.bind: the objects that a body links to. */
    List<(string Link, Entity To)> Bindings(JsonElement body, IEdmEntityType type)
    {
        const string Suffix = "@odata.bind";
        var found = new List<(string, Entity)>();
        foreach (var member in body.EnumerateObject().Where(m => m.Name.EndsWith(Suffix, StringComparison.Ordinal)))
        {
            string link = member.Name[..^Suffix.Length];
            if (Model.Property(type, link) is not IEdmNavigationProperty)
                throw Errors.UnknownProperty(link, type);
            IEnumerable<JsonElement> values = member.Value.ValueKind == JsonValueKind.Array
                ? member.Value.EnumerateArray() : [member.Value];
            found.AddRange(values.Select(v => (link, ByUrl(v.ToString()))));
        }
        return found;
    }

    Entity Referenced(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("@odata.id", out var id) ||
            id.ValueKind != JsonValueKind.String)
            throw Errors.BadRequest("The request body must contain an '@odata.id' that refers to a directory object.");
        return ByUrl(id.GetString()!);
    }

    /* https://host/v1.0/users/{id}, .../directoryObjects/{id} or .../directoryObjects('{id}'); the host is not looked at. */
    Entity ByUrl(string url)
    {
        string[] segments = url.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string last = segments.Length == 0 ? "" : Uri.UnescapeDataString(segments[^1]);
        string set = segments.Length > 1 ? segments[^2] : "";
        if (last.Split('(') is [var name, var key] && key.EndsWith(')'))
            (set, last) = (name, key[..^1].Trim('\''));
        var entity = set switch
        {
            "users" => directory.FindUser(last),
            "groups" => directory.Find(last) is { IsGroup: true } group ? group : null,
            "directoryObjects" => directory.Find(last),
            _ => throw Errors.BadRequest($"Invalid URL in '@odata.id': '{url}'."),
        };
        return entity ?? throw Errors.NotFound(last);
    }

    JsonElement Body() => RequestBody.Json(exchange);
}
