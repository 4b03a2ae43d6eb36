// SPDX-License-Identifier: Apache-2.0
// The EDM model and what Graph adds to it: which properties are default, read-only, mastered on-premises, filterable.
using System.Reflection;
using System.Xml;
using Microsoft.OData.Edm;
using Microsoft.OData.Edm.Csdl;

namespace Causeway.Lab.Entra;

[Flags]
enum PropertyFlags { None = 0, Default = 1, ReadOnly = 2, OnPrem = 4, Advanced = 8, NoFilter = 16 }

static class Model
{
    public const string Namespace = "microsoft.graph.";

    public static readonly IEdmModel Edm = Load();
    public static readonly IEdmEntityType User = Entity("user"), Group = Entity("group"),
        Organization = Entity("organization"), SubscribedSku = Entity("subscribedSku"),
        DirectoryObject = Entity("directoryObject");

    static readonly Dictionary<string, Dictionary<string, PropertyFlags>> flags = LoadFlags();
    static readonly Dictionary<string, List<IEdmProperty>> defaults =
        new[] { User, Group, Organization, SubscribedSku }.ToDictionary(t => t.Name, DefaultsOf);

    public static PropertyFlags Flags(IEdmType type, string property)
    {
        for (var t = type as IEdmStructuredType; t != null; t = t.BaseType)
            if (flags.TryGetValue(((IEdmNamedElement)t).Name, out var of) && of.TryGetValue(property, out var f))
                return f;
        return PropertyFlags.None;
    }

    /* What is returned when the caller selects nothing, id first. */
    public static IReadOnlyList<IEdmProperty> Defaults(IEdmEntityType type) => defaults[type.Name];

    public static IEdmProperty? Property(IEdmStructuredType type, string name) =>
        type.FindProperty(name) ?? type.Properties().FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /* members and memberOf are of directoryObject, where clients name what users and groups have. */
    public static string? KnownAnywhere(string name) => (Property(User, name) ?? Property(Group, name))?.Name;

    public static bool IsExtension(string name) => name.StartsWith("extension_", StringComparison.Ordinal);

    public static Stream Resource(string name) =>
        Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
        ?? throw new InvalidOperationException($"resource {name} is not in the assembly");

    /* Rows of a table in data/, comments and the header row left out. */
    public static IEnumerable<string[]> Table(string name)
    {
        using var reader = new StreamReader(Resource(name));
        bool header = true;
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (!header)
                yield return line.Split('\t');
            header = false;
        }
    }

    static IEdmModel Load()
    {
        using var xml = XmlReader.Create(Resource("graph.csdl.xml"));
        return CsdlReader.Parse(xml);
    }

    static IEdmEntityType Entity(string name) =>
        (IEdmEntityType?)Edm.FindDeclaredType(Namespace + name) ?? throw new InvalidOperationException($"no type {name}");

    static Dictionary<string, Dictionary<string, PropertyFlags>> LoadFlags()
    {
        var all = new Dictionary<string, Dictionary<string, PropertyFlags>>();
        foreach (var row in Table("properties.tsv"))
        {
            if (!all.TryGetValue(row[0], out var of))
                all[row[0]] = of = [];
            of[row[1]] = Enum.Parse<PropertyFlags>(row[2], ignoreCase: true);
        }
        return all;
    }

    static List<IEdmProperty> DefaultsOf(IEdmEntityType type) =>
        [.. type.StructuralProperties().Where(p => Flags(type, p.Name).HasFlag(PropertyFlags.Default))
            .OrderBy(p => p.Name == "id" ? 0 : 1)];
}
