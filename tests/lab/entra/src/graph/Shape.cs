// SPDX-License-Identifier: Apache-2.0
// What of an object is written: the default properties, or those selected, and the links expanded.
using System.Text.Json;
using Microsoft.OData.Edm;
using Microsoft.OData.UriParser;

namespace Causeway.Lab.Entra;

sealed class Shape
{
    readonly List<string>? selected;
    readonly bool all;
    readonly List<(string Link, Shape Inner)> expanded = [];

    public Shape(SelectExpandClause? clause, IEdmEntityType type)
    {
        if (clause == null)
            return;
        foreach (var item in clause.SelectedItems)
            switch (item)
            {
                case WildcardSelectItem:
                    all = true;
                    break;
                case PathSelectItem path:
                    (selected ??= []).AddRange(Name(path, type) is { } name ? [name] : []);
                    break;
                case ExpandedNavigationSelectItem expand:
                    var target = expand.PathToNavigationProperty.LastSegment is NavigationPropertySegment n
                        ? n : throw Errors.MalformedQuery("Invalid $expand clause");
                    expanded.Add((target.NavigationProperty.Name, new Shape(expand.SelectAndExpand, type)));
                    break;
                default:
                    throw Errors.MalformedQuery("Invalid $select or $expand clause");
            }
        if (expanded.Count > 1)
            throw Errors.Unsupported("Expanding more than one navigation property is not supported in a single request.");
        if (selected != null && selected.Contains("id"))
            selected = [.. selected.OrderBy(s => s == "id" ? 0 : 1)];
    }

    public IReadOnlyList<(string Link, Shape Inner)> Expanded => expanded;

    /* The part of the context URL that says what was selected. */
    public string Context => selected == null || all ? ""
        : "(" + string.Join(',', selected.Concat(expanded.Select(e => e.Link + "()"))) + ")";

    public IEnumerable<string> Names(Entity entity)
    {
        if (all)
            return entity.Type.StructuralProperties().Select(p => p.Name);
        return selected ?? Model.Defaults(entity.Type).Select(p => p.Name);
    }

    /* Members only: the caller has opened the object. */
    public void Write(Utf8JsonWriter json, Entity entity, long now, bool typed, Func<Entity, string, IEnumerable<Entity>> follow)
    {
        if (typed)
            json.WriteString("@odata.type", "#" + entity.Type.FullTypeName());
        var view = entity.View(now);
        foreach (string name in Names(entity))
        {
            if (name == "id")
            {
                json.WriteString("id", entity.Id);
                continue;
            }
            var property = entity.Type.FindProperty(name);
            if (property == null && !view.Has(name))
                continue;
            json.WritePropertyName(name);
            if (name == "passwordProfile")
                json.WriteNullValue();
            else if (view[name] is { } value)
                Values.Write(json, value);
            else if (property?.Type.IsCollection() == true)
            {
                json.WriteStartArray();
                json.WriteEndArray();
            }
            else
                json.WriteNullValue();
        }
        if (all || selected == null)
            foreach (var (name, value) in view)
                if (all && Model.IsExtension(name))
                {
                    json.WritePropertyName(name);
                    Values.Write(json, value);
                }
        foreach (var (link, inner) in expanded)
            WriteLink(json, entity, link, inner, now, follow);
    }

    static void WriteLink(Utf8JsonWriter json, Entity entity, string link, Shape inner, long now,
        Func<Entity, string, IEnumerable<Entity>> follow)
    {
        // Graph returns no more than 20 objects of an expanded link.
        var targets = follow(entity, link).Take(20);
        if (link == "manager")
        {
            if (targets.FirstOrDefault() is not { } manager)
                return;
            json.WriteStartObject(link);
            inner.Write(json, manager, now, typed: true, follow);
            json.WriteEndObject();
            return;
        }
        json.WriteStartArray(link);
        foreach (var target in targets)
        {
            json.WriteStartObject();
            inner.Write(json, target, now, typed: true, follow);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static string? Name(PathSelectItem path, IEdmEntityType type)
    {
        switch (path.SelectedPath.FirstSegment)
        {
            case PropertySegment property:
                return property.Property.Name;
            case NavigationPropertySegment:
                return null;
            case DynamicPathSegment open when Model.IsExtension(open.Identifier) || Model.KnownAnywhere(open.Identifier) != null:
                return Model.KnownAnywhere(open.Identifier) ?? open.Identifier;
            case DynamicPathSegment open:
                throw Errors.UnknownQueryProperty(open.Identifier, type.FullTypeName());
            default:
                throw Errors.MalformedQuery("Invalid $select clause");
        }
    }
}
