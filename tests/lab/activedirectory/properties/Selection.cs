// SPDX-License-Identifier: Apache-2.0
//
// What -Properties asks for: the default properties, more of the extended ones,
// plain attributes, or "*"; turned into the attributes to fetch and the object to
// give out.

using System.DirectoryServices.Protocols;

namespace Microsoft.ActiveDirectory.Management;

internal sealed class Selection
{
    private readonly ObjectKind kind;
    private readonly Session session;
    private readonly Lookups lookups;
    private readonly List<Property> properties;
    private readonly List<AttributeType> plain = [];
    private readonly bool everything;

    // The membership cmdlets write the attributes' names where the others write the properties'.
    internal bool AttributeCase { get; init; }

    internal string[] Attributes { get; }
    internal DirectoryControl[] Controls { get; }

    internal Selection(Session session, ObjectKind kind, string[]? names, Property[]? defaults = null)
    {
        this.session = session;
        lookups = new Lookups(session);
        this.kind = kind;
        properties = [.. defaults ?? kind.Defaults];
        var unknown = new List<string>();
        foreach (string name in names ?? [])
        {
            if (name == "*")
                everything = true;
            else if (kind.Find(name) is Property property)
                Include(property);
            else if (Schema.Find(session, name) is AttributeType attribute)
                plain.Add(attribute);
            else
                unknown.Add(name);
        }
        if (unknown.Count > 0)
            throw new ArgumentException("One or more properties are invalid.\nParameter name: " + string.Join(", ", unknown));
        if (everything)
            Array.ForEach(kind.Properties, Include);
        var wanted = properties.SelectMany(p => p.Attributes).Concat(plain.Select(a => a.Name)).Append("distinguishedName");
        Attributes = [.. (everything ? wanted.Append("*") : wanted).Distinct(StringComparer.OrdinalIgnoreCase)];
        // Without this control the server sends no security descriptor at all, or too much of it.
        Controls = Attributes.Contains("nTSecurityDescriptor", StringComparer.OrdinalIgnoreCase) ? [DeletionGuard.DaclOnly()] : [];
    }

    internal ADObject Build(in Entry entry)
    {
        ADObject made = kind.Make();
        foreach (Property property in properties)
            made.Load(AttributeCase ? CaseOfAttribute(property.Name) : property.Name, property.Read(entry, lookups));
        foreach (AttributeType attribute in plain)
            made.Load(attribute.Name, LdapValue.Read(entry, attribute) ?? (attribute.Many ? Array.Empty<object>() : null));
        if (everything)
        {
            foreach (string name in entry.Names)
                if (!made.Contains(name) && Schema.Find(session, name) is AttributeType attribute)
                    made.Load(attribute.Name, LdapValue.Read(entry, attribute));
        }
        return made;
    }

    private static string CaseOfAttribute(string name) => name switch
    {
        "DistinguishedName" => "distinguishedName",
        "Name" => "name",
        "ObjectClass" => "objectClass",
        "ObjectGUID" => "objectGUID",
        _ => name,
    };

    private void Include(Property property)
    {
        if (!properties.Contains(property))
            properties.Add(property);
    }
}
