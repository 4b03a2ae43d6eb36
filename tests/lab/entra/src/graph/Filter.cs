// SPDX-License-Identifier: Apache-2.0
// Turns a parsed $filter into a test on an object, and refuses what Graph refuses for directory objects.
using Microsoft.OData.Edm;
using Microsoft.OData.UriParser;

namespace Causeway.Lab.Entra;

/* What a filter works on: the object (or the element of a collection, within any/all) and the moment it is read at. */
readonly record struct Scope(Entity Entity, long NowTicks, string? Variable = null, object? Element = null);

sealed class Filter
{
    const int ChoicesMax = 15;

    readonly IEdmEntityType type;
    readonly bool eventual, advanced;

    /* eventual: ConsistencyLevel: eventual was sent; advanced: and $count=true with it. */
    public Filter(FilterClause clause, IEdmEntityType type, bool eventual, bool advanced)
    {
        (this.type, this.eventual, this.advanced) = (type, eventual, advanced);
        Test = Predicate(clause.Expression);
        Candidate = Equality(clause.Expression);
    }

    public Func<Scope, bool> Test { get; }

    /* A property and the only values that it may have, where the filter says so: what an index can answer. */
    public (string Property, IReadOnlyList<string> Values)? Candidate { get; }

    Func<Scope, bool> Predicate(QueryNode node)
    {
        switch (Bare(node))
        {
            case BinaryOperatorNode { OperatorKind: BinaryOperatorKind.And } and:
                var (l, r) = (Predicate(and.Left), Predicate(and.Right));
                return s => l(s) && r(s);
            case BinaryOperatorNode { OperatorKind: BinaryOperatorKind.Or } or:
                CheckChoices(Choices(or));
                var (a, b) = (Predicate(or.Left), Predicate(or.Right));
                return s => a(s) || b(s);
            case BinaryOperatorNode compare:
                return Compare(compare);
            case UnaryOperatorNode { OperatorKind: UnaryOperatorKind.Not } not:
                NeedAdvanced("Operator 'Not'");
                var inner = Predicate(not.Operand);
                return s => !inner(s);
            case SingleValueFunctionCallNode call:
                return Function(call);
            case InNode within:
                return In(within);
            case AnyNode any:
                return Lambda(any, all: false);
            case AllNode all:
                NeedAdvanced("Operator 'All'");
                return Lambda(all, all: true);
            case ConstantNode { Value: bool constant }:
                return _ => constant;
            case SingleValueNode value when value.TypeReference?.IsBoolean() == true:
                var read = Value(value);
                return s => read(s) is true;
            default:
                throw Errors.MalformedQuery("Invalid filter clause");
        }
    }

    Func<Scope, bool> Compare(BinaryOperatorNode node)
    {
        if (Bare(node.Left) is not ConstantNode && Bare(node.Right) is not ConstantNode)
            throw Errors.MalformedQuery("Invalid filter clause");
        var left = Value(node.Left);
        var right = Value(node.Right);
        switch (node.OperatorKind)
        {
            case BinaryOperatorKind.Equal:
                if (IsCount(node.Left))
                    NeedAdvanced("Filtering by $count");
                return s => Order(left(s), right(s)) == 0;
            case BinaryOperatorKind.NotEqual:
                NeedAdvanced("Operator 'NotEqualsMatch'");
                return s => Order(left(s), right(s)) != 0;
            case BinaryOperatorKind.GreaterThanOrEqual:
                return s => Order(left(s), right(s)) is >= 0;
            case BinaryOperatorKind.LessThanOrEqual:
                return s => Order(left(s), right(s)) is <= 0;
            case BinaryOperatorKind.GreaterThan:
                NeedDate(node.Left, "GreaterThan");
                return s => Order(left(s), right(s)) is > 0;
            case BinaryOperatorKind.LessThan:
                NeedDate(node.Left, "LessThan");
                return s => Order(left(s), right(s)) is < 0;
            default:
                throw Errors.Unsupported($"Unsupported property filter clause operator '{node.OperatorKind}'.");
        }
    }

    /* gt and lt exist for dates and counts only. */
    void NeedDate(QueryNode node, string name)
    {
        if (IsCount(node))
            NeedAdvanced("Filtering by $count");
        else if (Bare(node) is not SingleValueNode { TypeReference: { } t } || !t.IsDateTimeOffset())
            throw Errors.Unsupported($"Unsupported property filter clause operator '{name}Match'.");
    }

    Func<Scope, bool> Function(SingleValueFunctionCallNode call)
    {
        var parameters = call.Parameters.ToList();
        string name = call.Name.ToLowerInvariant();
        if (name is not ("startswith" or "endswith") || parameters.Count != 2)
            throw Errors.Unsupported($"Unsupported property filter clause operator '{Errors.Capital(call.Name)}Match'.");
        if (name == "endswith")
            NeedAdvanced("Operator 'EndsWithMatch'");
        var text = Value(parameters[0]);
        if (Bare(parameters[1]) is not ConstantNode { Value: string part })
            throw Errors.MalformedQuery("Invalid filter clause");
        return name == "startswith"
            ? s => text(s) is string t && t.StartsWith(part, StringComparison.OrdinalIgnoreCase)
            : s => text(s) is string t && t.EndsWith(part, StringComparison.OrdinalIgnoreCase);
    }

    Func<Scope, bool> In(InNode node)
    {
        var left = Value(node.Left);
        var values = Constants(node.Right);
        CheckChoices(values.Count);
        return s => left(s) is var v && values.Exists(x => Order(v, x) == 0);
    }

    static int Choices(QueryNode node) => Bare(node) is BinaryOperatorNode { OperatorKind: BinaryOperatorKind.Or } or
        ? Choices(or.Left) + Choices(or.Right) : 1;

    static void CheckChoices(int count)
    {
        if (count > ChoicesMax)
            throw Errors.Unsupported("Too many child clauses specified in search filter expression containing 'OR' " +
                $"operators: {count}. Max allowed: {ChoicesMax}.");
    }

    static List<object?> Constants(CollectionNode node) => node is CollectionConstantNode list
        ? [.. list.Collection.Select(c => (c as ConstantNode)?.Value)]
        : throw Errors.MalformedQuery("Invalid filter clause");

    Func<Scope, bool> Lambda(LambdaNode node, bool all)
    {
        if (node.Source is not (CollectionPropertyAccessNode or CollectionComplexNode))
            throw Errors.MalformedQuery("Invalid filter clause");
        var source = Collection(node.Source);
        string? variable = node.CurrentRangeVariable?.Name;
        bool constant = node.Body is ConstantNode;
        var body = constant ? _ => true : Predicate(node.Body);
        bool Holds(Scope s, object? element) => body(s with { Variable = variable, Element = element });
        return all
            ? s => source(s).All(e => Holds(s, e))
            : s => source(s).Any(e => Holds(s, e));
    }

    Func<Scope, IEnumerable<object?>> Collection(QueryNode node)
    {
        var (name, parent) = node switch
        {
            CollectionPropertyAccessNode p => (p.Property.Name, (QueryNode)p.Source),
            CollectionComplexNode c => (c.Property.Name, c.Source),
            _ => throw Errors.MalformedQuery("Invalid filter clause"),
        };
        if (parent is ResourceRangeVariableReferenceNode)
            CheckProperty(name);
        var read = Member(parent, name);
        return s => read(s) as IEnumerable<object?> ?? [];
    }

    Func<Scope, object?> Value(QueryNode node)
    {
        switch (Bare(node))
        {
            case ConstantNode constant:
                return _ => constant.Value;
            case SingleValuePropertyAccessNode property:
                if (property.Source is ResourceRangeVariableReferenceNode { Name: "$it" })
                    CheckProperty(property.Property.Name);
                return Member(property.Source, property.Property.Name);
            case SingleComplexNode complex:
                if (complex.Source is ResourceRangeVariableReferenceNode { Name: "$it" })
                    CheckProperty(complex.Property.Name);
                return Member(complex.Source, complex.Property.Name);
            case SingleValueOpenPropertyAccessNode open:
                if (!Model.IsExtension(open.Name) && (type != Model.DirectoryObject || Model.KnownAnywhere(open.Name) == null))
                    throw Errors.UnknownQueryProperty(open.Name, type.FullTypeName());
                return Member(open.Source, Model.KnownAnywhere(open.Name) ?? open.Name);
            case NonResourceRangeVariableReferenceNode variable:
                return s => s.Variable == variable.Name ? s.Element : null;
            case CountNode count:
                var items = Collection(count.Source);
                return s => items(s).LongCount();
            default:
                throw Errors.MalformedQuery("Invalid filter clause");
        }
    }

    Func<Scope, object?> Member(QueryNode source, string name)
    {
        switch (Bare(source))
        {
            case ResourceRangeVariableReferenceNode { Name: "$it" }:
                return s => s.Entity.Read(name, s.NowTicks);
            case ResourceRangeVariableReferenceNode variable:
                return s => s.Variable == variable.Name ? (s.Element as Record)?[name] : null;
            case NonResourceRangeVariableReferenceNode variable:
                return s => s.Variable == variable.Name ? (s.Element as Record)?[name] : null;
            case SingleComplexNode complex:
                var parent = Value(complex);
                return s => (parent(s) as Record)?[name];
            case SingleResourceCastNode cast:
                return Member(cast.Source, name);
            default:
                throw Errors.MalformedQuery("Invalid filter clause");
        }
    }

    void CheckProperty(string name)
    {
        var flags = Model.Flags(type, name);
        if (flags.HasFlag(PropertyFlags.NoFilter) || flags.HasFlag(PropertyFlags.Advanced) && !advanced)
            throw Errors.FilterProperty(name, Errors.Capital(type.Name));
    }

    void NeedAdvanced(string what)
    {
        if (!eventual)
            throw Errors.NeedsEventual(what);
        if (!advanced)
            throw Errors.NeedsAdvanced(what);
    }

    /* A conjunct of the form: indexable property eq 'text', or in ('a','b'). */
    static (string, IReadOnlyList<string>)? Equality(QueryNode node) => Bare(node) switch
    {
        BinaryOperatorNode { OperatorKind: BinaryOperatorKind.And } and => Equality(and.Left) ?? Equality(and.Right),
        BinaryOperatorNode { OperatorKind: BinaryOperatorKind.Equal } eq
            when OwnProperty(eq.Left) is { } name && Bare(eq.Right) is ConstantNode { Value: string text } => (name, [text]),
        InNode within when OwnProperty(within.Left) is { } name && within.Right is CollectionConstantNode list &&
            list.Collection.All(c => c is ConstantNode { Value: string }) =>
            (name, [.. list.Collection.Select(c => (string)((ConstantNode)c).Value)]),
        _ => null,
    };

    static string? OwnProperty(QueryNode node) =>
        Bare(node) is SingleValuePropertyAccessNode { Source: ResourceRangeVariableReferenceNode { Name: "$it" } } p
            ? p.Property.Name : null;

    static bool IsCount(QueryNode node) => Bare(node) is CountNode;

    static QueryNode Bare(QueryNode node)
    {
        while (node is ConvertNode convert)
            node = convert.Source;
        return node;
    }

    /* Null where the two cannot be ordered; text without regard to case, as the directory compares it. */
    internal static int? Order(object? a, object? b) => (a, b) switch
    {
        (null, null) => 0,
        (null, _) or (_, null) => null,
        (string x, string y) => string.Compare(x, y, StringComparison.OrdinalIgnoreCase),
        (string x, Guid y) => string.Compare(x, y.ToString(), StringComparison.OrdinalIgnoreCase),
        (Guid x, string y) => string.Compare(x.ToString(), y, StringComparison.OrdinalIgnoreCase),
        (int x, long y) => ((long)x).CompareTo(y),
        (long x, int y) => x.CompareTo((long)y),
        (IComparable x, _) when a!.GetType() == b!.GetType() => x.CompareTo(b),
        _ => null,
    };
}
