// SPDX-License-Identifier: Apache-2.0
// Walks a parsed path through the directory: to a collection, to one object, and to what is asked of it.
using Microsoft.OData.Edm;
using Microsoft.OData.UriParser;

namespace Causeway.Lab.Entra;

enum Part { Entity, Collection, Count, Reference, References, Property, Value, Action }

sealed record Target
{
    public Part Part { get; init; }
    /* What the collection holds, or what the object is declared as. */
    public IEdmEntityType Type { get; init; } = Model.DirectoryObject;
    /* What the context URL calls it; empty before the first step. */
    public string SetName { get; init; } = "";
    /* The collection in order of creation, from after a sequence. */
    public Func<long, IEnumerable<Entity>>? Collection { get; init; }
    /* True where the collection is a whole roster, which the indexes cover. */
    public bool WholeRoster { get; init; }
    public Entity? Entity { get; init; }
    /* The object that a link was followed from, and the link. */
    public Entity? Source { get; init; }
    public string? Link { get; init; }
    /* Property or action asked of the object. */
    public string? Name { get; init; }

    public static Target Walk(ODataPath path, Directory directory)
    {
        var at = new Target();
        foreach (var segment in path)
            at = at.Step(segment, directory);
        return at.SetName == "" ? throw Errors.NoSegment("") : at;
    }

    Target Step(ODataPathSegment segment, Directory directory)
    {
        switch (segment)
        {
            case EntitySetSegment set:
                return Set((IEdmEntityType)set.EdmType.AsElementType(), set.EntitySet.Name, directory);
            case KeySegment key:
                // members/{id}/$ref: the library puts the key after the link, so it is a reference that the key picks.
                return this with
                {
                    Part = Part == Part.References ? Part.Reference : Part.Entity,
                    Entity = Keyed(key.Keys.First().Value.ToString()!, directory),
                };
            case NavigationPropertySegment link:
                return Follow(Here(), link.NavigationProperty.Name, directory, Part.Entity, Part.Collection);
            case NavigationPropertyLinkSegment link:
                return Follow(Here(), link.NavigationProperty.Name, directory, Part.Reference, Part.References);
            case TypeSegment cast:
                return Cast((IEdmEntityType)cast.EdmType.AsElementType());
            case CountSegment:
                return this with { Part = Part.Count };
            case PropertySegment property when Part == Part.Property:
                throw Errors.NoSegment(property.Property.Name);
            case PropertySegment property:
                return this with { Part = Part.Property, Entity = Here(), Name = property.Property.Name };
            case ValueSegment when Part == Part.Property:
                return this with { Part = Part.Value };
            case OperationSegment operation:
                return this with { Part = Part.Action, Entity = Here(), Name = operation.Operations.First().Name };
            default:
                throw Errors.NoSegment(segment.Identifier ?? segment.GetType().Name);
        }
    }

    static Target Set(IEdmEntityType type, string name, Directory directory) => new()
    {
        Part = Part.Collection, Type = type, SetName = name, WholeRoster = type != Model.DirectoryObject,
        Collection = type == Model.DirectoryObject
            ? _ => throw Errors.Unsupported("The specified resource collection cannot be listed.")
            : after => directory.Roster(type).After(after).Where(directory.Visible),
    };

    Entity Here() => Entity ?? throw Errors.NoSegment(SetName);

    Entity Keyed(string id, Directory directory)
    {
        if (Link != null)
            return Collection!(long.MinValue).FirstOrDefault(e => e.Id.Equals(id, StringComparison.OrdinalIgnoreCase))
                ?? throw Errors.NotFound(id);
        var found = Type == Model.User ? directory.FindUser(id) : directory.Find(id);
        return found != null && (Type == Model.DirectoryObject || found.Type == Type) ? found : throw Errors.NotFound(id);
    }

    /* one and many: what the result is where the link leads to one object and where it leads to many. */
    static Target Follow(Entity from, string link, Directory directory, Part one, Part many)
    {
        var target = new Target { SetName = "directoryObjects", Source = from, Link = link };
        return link == "manager" ? target with { Part = one, Entity = from.Manager } : target with
        {
            Part = many, Collection = after => Linked(from, link).Where(e => e.Sequence > after && directory.Visible(e)),
        };
    }

    Target Cast(IEdmEntityType type)
    {
        if (Collection is { } all)
            return this with { Type = type, Collection = after => all(after).Where(e => e.Type == type) };
        return Here().Type == type ? this : throw Errors.NotFound(Here().Id);
    }

    /* The objects at the end of a link, in order of creation. */
    public static IEnumerable<Entity> Linked(Entity from, string link) => link switch
    {
        "manager" => from.Manager is { } manager ? [manager] : [],
        "directReports" => from.Reports.InOrder,
        "members" => from.Members.InOrder,
        "owners" => from.Owners.InOrder,
        "ownedObjects" => from.Owned.InOrder,
        "memberOf" => from.MemberOf.InOrder,
        "transitiveMembers" => Directory.Transitive(from, e => e.Members.All).OrderBy(e => e.Sequence),
        "transitiveMemberOf" => Directory.Transitive(from, e => e.MemberOf.All).OrderBy(e => e.Sequence),
        _ => throw Errors.NoSegment(link),
    };
}
