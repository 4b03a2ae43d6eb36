// SPDX-License-Identifier: Apache-2.0
// A request's path and query options, parsed by the OData library and judged by Graph's rules for directory objects.
using System.Text.Json;
using Microsoft.OData;
using Microsoft.OData.Edm;
using Microsoft.OData.UriParser;

namespace Causeway.Lab.Entra;

sealed class Query
{
    public const int PageDefault = 100, PageMax = 999;
    public const string Version = "/v1.0/";
    const string Root = "https://graph.microsoft.com" + Version;

    static readonly string[] options =
        ["$filter", "$select", "$expand", "$orderby", "$top", "$count", "$search", "$skiptoken", "$skip", "$format"];

    readonly Exchange exchange;
    readonly ODataUriParser parser;
    readonly Dictionary<string, string> raw;

    Query(Exchange exchange, ODataUriParser parser, Dictionary<string, string> raw)
    {
        this.exchange = exchange;
        this.parser = parser;
        this.raw = raw;
    }

    public required ODataPath Path { get; init; }
    public bool Eventual { get; private init; }
    public bool Count { get; private set; }
    /* Advanced queries are open: both the header and $count=true are there. */
    public bool Advanced => Eventual && Count;
    public int Top { get; private set; } = PageDefault;
    public string? SkipToken => raw.GetValueOrDefault("$skiptoken");
    public bool Has(string option) => raw.ContainsKey(option);

    public static Query Parse(Exchange exchange)
    {
        string[] parts = exchange.Target.Split('?', 2);
        var raw = Options(parts.Length == 2 ? parts[1] : "");
        string relative = parts[0][Version.Length..].TrimEnd('/')
            .Replace("/graph.", "/" + Model.Namespace, StringComparison.OrdinalIgnoreCase);
        // The token is ours, and $format and $skip are judged below: the library need not see them.
        string query = string.Join('&', raw.Where(o => o.Key is not ("$skiptoken" or "$format" or "$skip"))
            .Select(o => o.Key + "=" + Uri.EscapeDataString(o.Value)));
        var parser = new ODataUriParser(Model.Edm, new Uri(Root), new Uri(Root + relative + (query == "" ? "" : "?" + query)))
        {
            Resolver = new UnqualifiedODataUriResolver { EnableCaseInsensitive = true },
            UrlKeyDelimiter = ODataUrlKeyDelimiter.Slash,
            EnableNoDollarQueryOptions = false,
        };
        try
        {
            var parsed = new Query(exchange, parser, raw)
            {
                Path = parser.ParsePath(),
                Eventual = string.Equals(exchange.Header("ConsistencyLevel"), "eventual", StringComparison.OrdinalIgnoreCase),
            };
            parsed.ReadPaging();
            return parsed;
        }
        catch (ODataUnrecognizedPathException e)
        {
            throw Errors.NoSegment(e.CurrentSegment ?? relative);
        }
        catch (Exception e) when (Malformed(e))
        {
            throw Errors.MalformedQuery(e.Message);
        }
    }

    /* What the library throws at text that it cannot read. */
    static bool Malformed(Exception e) => e is ODataException or FormatException or OverflowException or ArgumentException;

    void ReadPaging()
    {
        if (Has("$skip"))
            throw Errors.BadRequest("'$skip' is not supported by the service.");
        Count = parser.ParseCount() == true;
        if (!raw.TryGetValue("$top", out var top))
            return;
        if (!int.TryParse(top, out int n))
            throw Errors.MalformedQuery($"Invalid value '{top}' for $top query option found. The $top query option " +
                "requires a non-negative integer value.");
        if (n is < 1 or > PageMax)
            throw Errors.Unsupported($"Invalid page size specified: '{n}'. Must be between 1 and {PageMax} inclusive.");
        Top = n;
    }

    public Filter? Filter(IEdmEntityType type) => Try(() => parser.ParseFilter(), "Invalid filter clause") is { } clause
        ? new Filter(clause, type, Eventual, Advanced) : null;

    public Func<Scope, bool>? Search(IEdmEntityType type)
    {
        if (!Has("$search"))
            return null;
        if (!Eventual)
            throw Errors.Unsupported("Request with $search query parameter only works through MSGraph with a special " +
                "request header: 'ConsistencyLevel: eventual'");
        return Entra.Search.Compile(Try(() => parser.ParseSearch(), "Invalid search clause")!, type);
    }

    /* Name and direction; at most one, as the directory sorts by one. */
    public (string Property, bool Descending)? OrderBy(IEdmEntityType type)
    {
        if (Try(() => parser.ParseOrderBy(), "Invalid $orderby clause") is not { } clause)
            return null;
        if (clause.ThenBy != null || clause.Expression is not SingleValuePropertyAccessNode { Property: var property })
            throw Errors.Unsupported("Sorting not supported for current query.");
        if ((Has("$filter") || Has("$search")) && !Advanced)
            throw Errors.Unsupported("Sorting not supported for current query.");
        if (!Advanced && property.Name is not ("displayName" or "userPrincipalName" or "createdDateTime" or "id"))
            throw Errors.Unsupported($"Sorting by property '{property.Name}' is not supported for current query.");
        return (property.Name, clause.Direction == OrderByDirection.Descending);
    }

    public Shape Shape(IEdmEntityType type) => new(Try(() => parser.ParseSelectAndExpand(), null), type);

    /* The same request, to be continued after the token. */
    public string NextLink(string token)
    {
        var kept = raw.Where(o => o.Key != "$skiptoken").Select(o => o.Key + "=" + Uri.EscapeDataString(o.Value)).ToList();
        kept.Add("$skiptoken=" + token);
        return $"https://{exchange.Host}{exchange.Path}?{string.Join('&', kept)}";
    }

    T? Try<T>(Func<T?> parse, string? prefix) where T : class
    {
        try
        {
            return parse();
        }
        catch (Exception e) when (Malformed(e))
        {
            throw Errors.MalformedQuery(prefix == null ? e.Message : $"{prefix}: {e.Message}");
        }
    }

    static Dictionary<string, string> Options(string query)
    {
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] halves = pair.Split('=', 2);
            string name = Uri.UnescapeDataString(halves[0]), value = halves.Length == 2 ? Decode(halves[1]) : "";
            // The dollar sign may be left out.
            string? known = options.FirstOrDefault(o => o.TrimStart('$').Equals(name.TrimStart('$'), StringComparison.OrdinalIgnoreCase));
            if (known == null && name.StartsWith('$'))
                throw Errors.MalformedQuery($"The query parameter '{name}' is not supported.");
            if (known != null && !found.TryAdd(known, value))
                throw Errors.MalformedQuery($"Query option '{known}' was specified more than once, but it must be " +
                    "specified at most once.");
        }
        return found;
    }

    static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}

/* Where a page ended: the sort value, where there is one, and the object's sequence. */
sealed record SkipToken(long Sequence, string? Value, bool Sorted)
{
    public string Encode() => Base64Url.Encode(JsonSerializer.SerializeToUtf8Bytes(this));

    public static SkipToken Decode(string token)
    {
        try
        {
            if (Base64Url.TryDecode(token, out var bytes) && JsonSerializer.Deserialize<SkipToken>(bytes) is { } decoded)
                return decoded;
        }
        catch (JsonException)
        {
        }
        throw new GraphException(400, "Directory_ExpiredPageToken",
            "The specified page token value has expired and can no longer be included in your request.");
    }
}
