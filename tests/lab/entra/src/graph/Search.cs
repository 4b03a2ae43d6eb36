// SPDX-License-Identifier: Apache-2.0
// $search on directory objects: "property:words" clauses joined by AND and OR, matched by the start of a word.
using Microsoft.OData.Edm;
using Microsoft.OData.UriParser;

namespace Causeway.Lab.Entra;

static class Search
{
    static readonly string[] tokenized = ["displayName", "description"];
    static readonly string[] searchable =
        ["displayName", "description", "mail", "mailNickname", "userPrincipalName", "givenName", "surname", "proxyAddresses"];

    public static Func<Scope, bool> Compile(SearchClause clause, IEdmEntityType type) => Node(clause.Expression, type);

    static Func<Scope, bool> Node(QueryNode node, IEdmEntityType type)
    {
        switch (node)
        {
            case BinaryOperatorNode binary:
                var (l, r) = (Node(binary.Left, type), Node(binary.Right, type));
                return binary.OperatorKind == BinaryOperatorKind.And ? s => l(s) && r(s) : s => l(s) || r(s);
            case SearchTermNode term:
                return Term(term.Text, type);
            default:
                throw Errors.MalformedQuery("Invalid search clause");
        }
    }

    static Func<Scope, bool> Term(string text, IEdmEntityType type)
    {
        int colon = text.IndexOf(':');
        string? name = colon < 0 ? null
            : searchable.FirstOrDefault(p => p.Equals(text[..colon], StringComparison.OrdinalIgnoreCase));
        if (name == null || (type != Model.DirectoryObject && type.FindProperty(name) == null))
            throw Errors.Unsupported("Unsupported search clause: " +
                (colon > 0 ? $"property '{text[..colon]}' cannot be searched." : "use \"property:value\"."));
        string wanted = text[(colon + 1)..];
        if (tokenized.Contains(name))
        {
            var words = Words(wanted);
            return s => s.Entity.Read(name, s.NowTicks) is string value && Words(value) is var have &&
                words.All(w => have.Any(h => h.StartsWith(w, StringComparison.OrdinalIgnoreCase)));
        }
        return s => s.Entity.Read(name, s.NowTicks) switch
        {
            string value => value.StartsWith(wanted, StringComparison.OrdinalIgnoreCase),
            IEnumerable<object?> values => values.OfType<string>()
                .Any(v => v.StartsWith(wanted, StringComparison.OrdinalIgnoreCase)),
            _ => false,
        };
    }

    static string[] Words(string text) =>
        text.Split([' ', '-', '.', ',', '_', '@', '\'', '(', ')'], StringSplitOptions.RemoveEmptyEntries);
}
