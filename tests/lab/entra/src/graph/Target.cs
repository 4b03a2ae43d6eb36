// SPDX-License-Identifier: Apache-2.0
// Walks a parsed path through the directory: to a collection, to one object, and to what is asked of it.
using Microsoft.OData.Edm;
using Microsoft.OData.UriParser;

namespace Causeway.Lab.Entra;

enum Part { Entity, Collection, Count, Reference, References, Property, Value, Action }

sealed class Target
{
    public required Part Part { get; init; }
    /* What the collection holds, or what the object is declared as. */
    public required IEdmEntityType Type { get; init; }
    /* The collection, in order of creation, starting after a sequence. */
    public Func<long, IEnumerable<Entity>>? Collection { get; init; }
    /* True where the collection is a whole roster, which the indexes cover. */
    public bool WholeRoster { get; init; }
    public Entity? Entity { get; init; }
    /* The object that a link was followed from, and the link. */
    public Entity? Source { get; init; }
    public string? Link { get; init; }
    /* Property or action asked of the object. */
    public string? Name { get; init; }
    /* What the context URL calls it. */
    public required string SetName { get; init; }

    public static Target Walk(ODataPath path, Directory directory)
    {
        var at = new Target { Part = Part.Entity, Type = Model.DirectoryObject, SetName = "" };
        foreach (var segment in path)
            at = at.Step(segment, directory);
        return at.SetName == "" ? throw Errors.NoSegment("") : at;
    }

    Target Step(ODataPathSegment segment, Directory directory)
    {
        switch (segment)
        {
            case EntitySetSegment set:
                var type = (IEdmEntityType)((IEdmCollectionType)set.EdmType).ElementType.Definition;
                return new Target
                {
                    Part = Part.Collection, Type = type, SetName = set.EntitySet.Name, WholeRoster = type != Model.DirectoryObject,
                    Collection = type == Model.DirectoryObject
                        ? throw_ => throw Errors.Unsupported("The specified resource collection cannot be listed.")
                        : after => directory.Roster(type).After(after).Where(directory.Visible),
                };
            case KeySegment key:
                string id = key.Keys.First().Value.ToString()!;
                // members/{id}/$ref: the library puts the key after the link, so it is a reference that the key picks.
                return new Target
                {
                    Part = Part == Part.References ? Part.Reference : Part.Entity, Type = Type, SetName = SetName,
                    Entity = Keyed(id, directory), Source = Source, Link = Link,
                };
            case NavigationPropertySegment link:
                return Follow(Here(), link.NavigationProperty.Name, directory, Part.Collection);
            case NavigationPropertyLinkSegment reference:
                return Referenced(reference, directory);
            case TypeSegment cast:
                return Cast((IEdmEntityType)cast.EdmType.AsElementType());
            case CountSegment:
                return new Target { Part = Part.Count, Type = Type, SetName = SetName, Collection = Collection, WholeRoster = WholeRoster };
            case PropertySegment property when Part == Part.Property:
                throw Errors.NoSegment(property.Property.Name);
            case PropertySegment property:
                return new Target { Part = Part.Property, Type = Type, SetName = SetName, Entity = Here(), Name = property.Property.Name };
            case DynamicPathSegment open:
                throw Errors.NoSegment(open.Identifier);
            case OperationSegment operation:
                return new Target { Part = Part.Action, Type = Type, SetName = SetName, Entity = Here(), Name = operation.Operations.First().Name };
            case ValueSegment when Part == Part.Property:
                return new Target { Part = Part.Value, Type = Type, SetName = SetName, Entity = Entity, Name = Name };
            default:
                throw Errors.NoSegment(segment.Identifier ?? segment.GetType().Name);
        }
    }

    Entity Here() => Entity ?? throw Errors.NoSegment(SetName);

    Entity Keyed(string id, Directory directory)
    {
        if (Link != null)
            return Collection!(long.MinValue).FirstOrDefault(e => e.Id.Equals(id, StringComparison.OrdinalIgnoreCase)) ?? throw Errors.NotFound(id);
        var found = Type == Model.User ? directory.FindUser(id) : directory.Find(id);
        return found != null && (Type == Model.DirectoryObject || found.Type == Type) ? found : throw Errors.NotFound(id);
    }

    Target Referenced(NavigationPropertyLinkSegment reference, Directory directory)
    {
        string name = reference.NavigationProperty.Name;
        var target = Follow(Here(), name, directory, Part.References);
        return name == "manager"
            ? new Target { Part = Part.Reference, Type = target.Type, SetName = target.SetName, Entity = target.Entity, Source = target.Source, Link = name }
            : target;
    }

    static Target Follow(Entity from, string link, Directory directory, Part part)
    {
        if (link == "manager")
            return new Target { Part = Part.Entity, Type = Model.DirectoryObject, SetName = "directoryObjects", Entity = from.Manager, Source = from, Link = link };
        return new Target
        {
            Part = part, Type = Model.DirectoryObject, SetName = "directoryObjects", Source = from, Link = link,
            Collection = after => Linked(from, link).Where(e => e.Sequence > after && directory.Visible(e)),
        };
    }

    Target Cast(IEdmEntityType type) => Collection != null
        ? new Target { Part = Part, Type = type, SetName = SetName, Source = Source, Link = Link, Collection = after => Collection(after).Where(e => e.Type == type) }
        : Here().Type == type ? this : throw Errors.NotFound(Here().Id);

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
