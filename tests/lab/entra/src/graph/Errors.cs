// SPDX-License-Identifier: Apache-2.0
// Graph's errors: codes and texts as the service sends them, because clients branch on them.
using Microsoft.OData.Edm;

namespace Causeway.Lab.Entra;

sealed class GraphException(int status, string code, string message) : Exception(message)
{
    public int Status => status;
    public string Code => code;
    public List<KeyValuePair<string, string>> Headers { get; } = [];

    public GraphException With(string header, string value)
    {
        Headers.Add(new(header, value));
        return this;
    }
}

static class Errors
{
    const string AdvancedHelp = "Refer to https://aka.ms/graph-docs/advanced-queries for more information";

    public static GraphException BadRequest(string message) => new(400, "Request_BadRequest", message);

    public static GraphException Unsupported(string message) => new(400, "Request_UnsupportedQuery", message);

    public static GraphException MalformedQuery(string message) => new(400, "BadRequest", message);

    public static GraphException InvalidValue(string property, string resource = "User") =>
        BadRequest($"Invalid value specified for property '{property}' of resource '{resource}'.");

    public static GraphException UnknownProperty(string name, IEdmStructuredType type) => Model.IsExtension(name)
        ? BadRequest($"The following extension properties are not available: {name}.")
        : BadRequest($"The property '{name}' does not exist on type '{type.FullTypeName()}'. Make sure to only use " +
            "property names that are defined by the type.");

    public static GraphException UnknownQueryProperty(string name, string type) =>
        MalformedQuery($"Could not find a property named '{name}' on type '{type}'.");

    public static GraphException ReadOnly(string property) =>
        BadRequest($"Property '{property}' is read-only and cannot be set.");

    public static GraphException NotFound(string id) => new(404, "Request_ResourceNotFound",
        $"Resource '{id}' does not exist or one of its queried reference-property objects are not present.");

    public static GraphException NoSegment(string segment) =>
        new(400, "BadRequest", $"Resource not found for the segment '{segment}'.");

    public static GraphException Synced() => BadRequest("Unable to update the specified properties for on-premises " +
        "mastered Directory Sync objects or objects currently undergoing migration.");

    public static GraphException Duplicate(string property) =>
        BadRequest($"Another object with the same value for property {property} already exists.");

    public static GraphException Required(string property, string resource) =>
        BadRequest($"A value is required for property '{property}' of resource '{resource}'.");

    public static GraphException WeakPassword() => BadRequest("The specified password does not comply with password " +
        "complexity requirements. Please provide a different password.");

    public static GraphException AlreadyReferenced(string property) => BadRequest(
        $"One or more added object references already exist for the following modified properties: '{property}'.");

    public static GraphException FilterProperty(string property, string resource) =>
        Unsupported($"Unsupported or invalid query filter clause specified for property '{property}' of resource '{resource}'.");

    public static GraphException NeedsEventual(string what) =>
        Unsupported($"{what} is not supported because the 'ConsistencyLevel:eventual' header is missing. {AdvancedHelp}");

    public static GraphException NeedsAdvanced(string what) => Unsupported($"{what} is not supported because the " +
        "required parameters might be missing. Try adding $count=true query parameter and ConsistencyLevel:eventual " +
        $"header. {AdvancedHelp}");

    public static GraphException Denied() =>
        new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");

    public static GraphException Method(string method) => new(405, "Request_BadRequest",
        $"Specified HTTP method is not allowed for the request target: {method}.");

    public static string Capital(string name) => name.Length == 0 ? name : char.ToUpperInvariant(name[0]) + name[1..];
}
