// SPDX-License-Identifier: Apache-2.0
// Answers GET: one object, a page of a collection, a count, a property.
using System.Text.Json;
using Microsoft.OData.Edm;

namespace Causeway.Lab.Entra;

sealed class Reader(Tenant tenant, Exchange exchange, Query query, Principal principal)
{
    readonly Directory directory = tenant.Directory;
    readonly long now = tenant.Clock.Now.UtcTicks;

    string Context => $"https://{exchange.Host}/v1.0/$metadata#";

    public Answer Answer(Target target)
    {
        Demand(target);
        switch (target.Part)
        {
            case Part.Entity:
                return One(target);
            case Part.Collection:
                return Page(target);
            case Part.Count:
                if (!query.Eventual)
                    throw Errors.NeedsEventual("Raw count (/$count)");
                return Entra.Answer.Text(200, Matching(target).Count().ToString());
            case Part.Property:
                return Property(target);
            case Part.Value when target.Name != "passwordProfile" && target.Entity!.Read(target.Name!, now) is string text:
                return Entra.Answer.Text(200, text);
            case Part.Value:
                throw Errors.NotFound(target.Name!);
            case Part.Reference when target.Entity == null:
                throw Errors.NotFound("manager");
            case Part.Reference:
                return Entra.Answer.Json(200, w =>
                {
                    w.WriteString("@odata.context", Context + "$ref");
                    w.WriteString("@odata.id", $"https://{exchange.Host}/v1.0/directoryObjects/{target.Entity!.Id}");
                });
            case Part.References:
                return References(target);
            default:
                throw Errors.Method(exchange.Method);
        }
    }

    void Demand(Target target)
    {
        string area = target.Link switch
        {
            "manager" or "directReports" => "user.manager",
            "members" or "transitiveMembers" => "group.members",
            "owners" => "group.owners",
            "memberOf" or "transitiveMemberOf" or "ownedObjects" => target.Source!.IsUser ? "user.memberOf" : "group.members",
            _ => target.Type.Name,
        };
        Permissions.Demand(principal, area, "read");
    }

    Answer One(Target target)
    {
        if (target.Entity == null)
            throw Errors.NotFound(target.Link ?? target.SetName);
        bool polymorphic = target.Type == Model.DirectoryObject;
        var shape = query.Shape(target.Type);
        return Entra.Answer.Json(200, w =>
        {
            w.WriteString("@odata.context", Context + target.SetName + shape.Context + "/$entity");
            shape.Write(w, target.Entity, now, polymorphic, Visible);
        }, ContentType());
    }

    Answer Property(Target target)
    {
        string name = target.Name!;
        if (name == "passwordProfile" || target.Entity!.Read(name, now) is not { } value)
            return Entra.Answer.Empty();
        return Entra.Answer.Json(200, w =>
        {
            w.WriteString("@odata.context", $"{Context}{target.SetName}('{target.Entity.Id}')/{name}");
            w.WritePropertyName("value");
            Values.Write(w, value);
        }, ContentType());
    }

    Answer References(Target target)
    {
        var (page, token) = Cut(target);
        return Entra.Answer.Json(200, w =>
        {
            w.WriteString("@odata.context", Context + "Collection($ref)");
            if (token != null)
                w.WriteString("@odata.nextLink", query.NextLink(token));
            w.WriteStartArray("value");
            foreach (var entity in page)
            {
                w.WriteStartObject();
                w.WriteString("@odata.id", $"https://{exchange.Host}/v1.0/directoryObjects/{entity.Id}");
                w.WriteEndObject();
            }
            w.WriteEndArray();
        }, ContentType());
    }

    Answer Page(Target target)
    {
        var shape = query.Shape(target.Type);
        bool typed = target.Type == Model.DirectoryObject;
        var (page, token) = Cut(target);
        // The count comes with the first page only.
        int? count = query.Advanced && query.SkipToken == null ? Matching(target).Count() : null;
        return Entra.Answer.Json(200, w =>
        {
            w.WriteString("@odata.context", Context + target.SetName + shape.Context);
            if (count != null)
                w.WriteNumber("@odata.count", count.Value);
            if (token != null)
                w.WriteString("@odata.nextLink", query.NextLink(token));
            w.WriteStartArray("value");
            foreach (var entity in page)
            {
                w.WriteStartObject();
                shape.Write(w, entity, now, typed, Visible);
                w.WriteEndObject();
            }
            w.WriteEndArray();
        }, ContentType());
    }

    (List<Entity> Page, string? Token) Cut(Target target)
    {
        var start = query.SkipToken is { } text ? SkipToken.Decode(text) : null;
        var order = query.OrderBy(target.Type);
        var page = order is { } by
            ? Sorted(target, by, start)
            : Matching(target, start?.Sequence ?? long.MinValue).Take(query.Top + 1).ToList();
        if (page.Count <= query.Top)
            return (page, null);
        page.RemoveAt(query.Top);
        var last = page[^1];
        return (page, new SkipToken(last.Sequence, order is { } o ? SortKey(last, o.Property) : null, order != null).Encode());
    }

    List<Entity> Sorted(Target target, (string Property, bool Descending) by, SkipToken? start)
    {
        int Compare(string? a, long i, string? b, long j)
        {
            int c = string.Compare(a, b, StringComparison.OrdinalIgnoreCase);
            return c != 0 ? (by.Descending ? -c : c) : i.CompareTo(j);
        }
        return [.. Matching(target).Select(e => (Entity: e, Key: SortKey(e, by.Property)))
            .Where(x => start == null || Compare(x.Key, x.Entity.Sequence, start.Value, start.Sequence) > 0)
            .Order(Comparer<(Entity Entity, string? Key)>.Create(
                (x, y) => Compare(x.Key, x.Entity.Sequence, y.Key, y.Entity.Sequence)))
            .Take(query.Top + 1).Select(x => x.Entity)];
    }

    string? SortKey(Entity entity, string property) => entity.Read(property, now) switch
    {
        null => null,
        DateTimeOffset time => time.UtcTicks.ToString("D19"),
        bool flag => flag ? "1" : "0",
        var other => other.ToString(),
    };

    IEnumerable<Entity> Matching(Target target, long after = long.MinValue)
    {
        var filter = query.Filter(target.Type);
        var search = query.Search(target.Type);
        var source = Indexed(target, filter)?.Where(e => e.Sequence > after) ?? target.Collection!(after);
        return source.Where(e => new Scope(e, now) is var s && filter?.Test(s) != false && search?.Invoke(s) != false);
    }

    /* The few objects that can match at all, where an index knows them; a stale view could hide others, so none then. */
    IEnumerable<Entity>? Indexed(Target target, Filter? filter)
    {
        if (!target.WholeRoster || filter?.Candidate is not { } candidate || directory.UpdateDelay > TimeSpan.Zero)
            return null;
        if (candidate.Property == "id")
            return candidate.Values.Select(directory.Find).OfType<Entity>().Where(e => e.Type == target.Type)
                .Distinct().OrderBy(e => e.Sequence);
        return directory.HasIndex(target.Type, candidate.Property)
            ? candidate.Values.SelectMany(v => directory.Lookup(target.Type, candidate.Property, v))
                .Where(directory.Visible).Distinct().OrderBy(e => e.Sequence)
            : null;
    }

    IEnumerable<Entity> Visible(Entity from, string link) => Target.Linked(from, link).Where(directory.Visible);

    /* The caller chooses how much of OData's metadata comes along; the double always sends the minimal form. */
    static string ContentType() =>
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
}
