// SPDX-License-Identifier: Apache-2.0
// The bound actions: assignLicense, revokeSignInSessions, getMemberGroups, checkMemberGroups.
using System.Text.Json;
using Microsoft.OData.Edm;

namespace Causeway.Lab.Entra;

sealed class Actions(Tenant tenant, Exchange exchange, Principal principal)
{
    static readonly JsonElement nothing = JsonDocument.Parse("{}").RootElement;

    public Answer Answer(Target target)
    {
        // An action without parameters comes without a body.
        var body = exchange.Body.IsEmpty ? nothing : RequestBody.Json(exchange);
        if (body.ValueKind != JsonValueKind.Object)
            throw Errors.BadRequest("A 'StartObject' node was expected when reading the request body.");
        var entity = target.Entity!;
        switch (target.Name)
        {
            case "assignLicense":
                return AssignLicense(entity, body);
            case "revokeSignInSessions":
                Permissions.Demand(principal, "user.sessions", "write");
                tenant.Directory.Update(entity, [new("signInSessionsValidFromDateTime", tenant.Clock.Now)]);
                return Value("Edm.Boolean", w => w.WriteBooleanValue(true));
            case "getMemberGroups":
                Permissions.Demand(principal, entity.IsUser ? "user.memberOf" : "group.members", "read");
                bool security = body.TryGetProperty("securityEnabledOnly", out var only) && only.ValueKind == JsonValueKind.True;
                return Ids(Groups(entity).Where(g => !security || g.Properties.Flag("securityEnabled")));
            case "checkMemberGroups":
                Permissions.Demand(principal, entity.IsUser ? "user.memberOf" : "group.members", "read");
                var asked = Parameter<List<object?>>("checkMemberGroups", "groupIds", body);
                return Ids(Groups(entity).Where(g => asked.Contains(g.Id)));
            default:
                throw Errors.NoSegment(target.Name!);
        }
    }

    Answer AssignLicense(Entity user, JsonElement body)
    {
        Permissions.Demand(principal, "user.licenses", "write");
        var add = Parameter<List<object?>>("assignLicense", "addLicenses", body).OfType<Record>().ToList();
        var remove = Parameter<List<object?>>("assignLicense", "removeLicenses", body).OfType<Guid>().ToList();
        Licenses.Assign(tenant, user, add, remove);
        var shape = new Shape(null, Model.User);
        return Entra.Answer.Json(200, w =>
        {
            w.WriteString("@odata.context", $"https://{exchange.Host}/v1.0/$metadata#users/$entity");
            shape.Write(w, user, tenant.Clock.Now.UtcTicks, typed: false, Target.Linked);
        });
    }

    static IEnumerable<Entity> Groups(Entity entity) => Directory.Transitive(entity, e => e.MemberOf.All).OrderBy(g => g.Sequence);

    static T Parameter<T>(string action, string name, JsonElement body) where T : class
    {
        var type = Model.Edm.FindDeclaredOperations(Model.Namespace + action).First().FindParameter(name).Type;
        if (!body.TryGetProperty(name, out var value))
            throw Errors.BadRequest($"Missing parameter '{name}' of action '{action}'.");
        return Values.Read(value, type, name) as T ?? throw Errors.InvalidValue(name);
    }

    Answer Ids(IEnumerable<Entity> entities) => Value("Collection(Edm.String)", w =>
    {
        w.WriteStartArray();
        foreach (var entity in entities)
            w.WriteStringValue(entity.Id);
        w.WriteEndArray();
    });

    Answer Value(string type, Action<Utf8JsonWriter> value) => Entra.Answer.Json(200, w =>
    {
        w.WriteString("@odata.context", $"https://{exchange.Host}/v1.0/$metadata#{type}");
        w.WritePropertyName("value");
        value(w);
    });
}
