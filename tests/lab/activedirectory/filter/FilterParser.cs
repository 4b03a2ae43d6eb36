// SPDX-License-Identifier: Apache-2.0
//
// The PowerShell-like syntax of -Filter, as about_ActiveDirectory_Filter
// describes it, turned into an LDAP filter:
//
//   filter     := and-list { -or and-list }
//   and-list   := term { -and term }
//   term       := "(" filter ")" | ( -not | "!" ) term | comparison
//   comparison := property operator value
//   value      := 'text' | "text" | number | $variable [ .property ... ]
//
// Variables are looked up in the caller's session, not substituted in the text:
// what they hold cannot change the filter's shape.

using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace Microsoft.ActiveDirectory.Management;

internal sealed class FilterParser
{
    internal const int DepthMax = 200;

    private readonly string text;
    private readonly ObjectKind kind;
    private readonly Func<string, object?> variable;
    private int at, depth;

    private FilterParser(string text, ObjectKind kind, Func<string, object?> variable)
    {
        this.text = text;
        this.kind = kind;
        this.variable = variable;
    }

    internal static string ToLdap(string filter, ObjectKind kind, Func<string, object?> variable)
    {
        var parser = new FilterParser(filter, kind, variable);
        parser.Blank();
        if (filter.Trim() == "*")
            return "(objectClass=*)";
        string ldap = parser.Or();
        if (parser.at < filter.Length)
            throw parser.Error();
        return ldap;
    }

    private string Or() => List("-or", '|', And);
    private string And() => List("-and", '&', Term);

    private string List(string word, char ldap, Func<string> item)
    {
        string first = item();
        if (!Take(word))
            return first;
        var all = new StringBuilder("(").Append(ldap).Append(first);
        do
            all.Append(item());
        while (Take(word));
        return all.Append(')').ToString();
    }

    private string Term()
    {
        if (++depth > DepthMax)
            throw Error("nested too deeply");
        string term;
        if (TakeChar('('))
        {
            term = Or();
            if (!TakeChar(')'))
                throw Error();
        }
        else if (TakeChar('!') || Take("-not"))
        {
            term = $"(!{Term()})";
        }
        else
        {
            term = Comparison();
        }
        depth--;
        return term;
    }

    private string Comparison()
    {
        string name = Name();
        FilterOperator op = Operator();
        object value = Value();
        if (kind.Find(name) is not Property property)
        {
            AttributeType? common = Schema.FindCommon(name);
            return FilterText.Clause(common?.Name ?? name, common?.Syntax ?? Syntax.Text, op, value);
        }
        if (property.Filter is null)
            throw new ArgumentException($"Searching by extended attribute '{property.Name}' is not supported.");
        return property.Filter(op, value);
    }

    private string Name()
    {
        int start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '-' || text[at] == '_'))
            at++;
        if (at == start || !char.IsAsciiLetter(text[start]))
        {
            at = start;
            throw Error();
        }
        string name = text[start..at];
        Blank();
        return name;
    }

    private FilterOperator Operator()
    {
        int start = at;
        if (at < text.Length && text[at] == '-')
        {
            at++;
            while (at < text.Length && char.IsAsciiLetter(text[at]))
                at++;
            string word = text[(start + 1)..at];
            // Enum.TryParse would take numbers too; there are no digits here.
            if (Enum.TryParse(word, ignoreCase: true, out FilterOperator op))
            {
                Blank();
                return op;
            }
        }
        at = start;
        throw Error();
    }

    private object Value()
    {
        if (at >= text.Length)
            throw Error();
        object value = text[at] switch
        {
            '\'' or '"' => Quoted(text[at]),
            '$' => Variable(),
            _ => Number(),
        };
        Blank();
        return value;
    }

    // The quote itself is written twice, or escaped with a backtick or a backslash inside "..."; a
    // backslash with two hex digits is one character, as in LDAP.
    private string Quoted(char quote)
    {
        int start = at++;
        var value = new StringBuilder();
        while (at < text.Length)
        {
            char c = text[at++];
            if (c == quote)
            {
                if (at >= text.Length || text[at] != quote)
                    return value.ToString();
                at++;
            }
            else if (quote == '"' && (c == '`' || c == '\\') && at < text.Length && text[at] is '"' or '`' or '$')
            {
                c = text[at++];
            }
            else if (c == '\\' && at + 1 < text.Length && char.IsAsciiHexDigit(text[at]) && char.IsAsciiHexDigit(text[at + 1]))
            {
                c = (char)byte.Parse(text.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                if (c == '*')
                    c = LdapText.LiteralStar;
                at += 2;
            }
            value.Append(c);
        }
        at = start;
        throw Error();
    }

    private object Number()
    {
        int start = at;
        if (text[at] == '-')
            at++;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        if (long.TryParse(text.AsSpan(start, at - start), CultureInfo.InvariantCulture, out long number)
            && (at >= text.Length || text[at] is ')' || char.IsWhiteSpace(text[at])))
            return number;
        at = start;
        throw Error();
    }

    // $name, ${name}, $scope:name, and properties behind it.
    private object Variable()
    {
        int start = at++;
        string name;
        if (at < text.Length && text[at] == '{')
        {
            int end = text.IndexOf('}', at);
            if (end < 0)
                throw Error();
            name = text[(at + 1)..end];
            at = end + 1;
        }
        else
        {
            name = Word(colon: true);
        }
        string expression = text[start..at];
        if (name.Length == 0)
            throw Error();
        object? value = name.ToLowerInvariant() switch { "true" => true, "false" => false, "null" => null, _ => variable(name) };
        if (value is null)
            throw new ArgumentException($"Variable: '{name}' found in expression: {expression} is not defined.");
        while (at < text.Length && text[at] == '.')
        {
            at++;
            string member = Word(colon: false);
            PSPropertyInfo? property = member.Length == 0 ? throw Error() : PSObject.AsPSObject(value).Properties[member];
            value = property?.Value ?? throw new ArgumentException(
                $"Property: '{member}' not found in object of type: '{(LdapValue.Plain(value) ?? value).GetType().FullName}'.");
        }
        return value;
    }

    private string Word(bool colon)
    {
        int start = at;
        while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] == '_' || (colon && text[at] == ':')))
            at++;
        return text[start..at];
    }

    private bool Take(string word)
    {
        if (string.Compare(text, at, word, 0, word.Length, StringComparison.OrdinalIgnoreCase) != 0
            || (at + word.Length < text.Length && char.IsLetterOrDigit(text[at + word.Length])))
            return false;
        at += word.Length;
        Blank();
        return true;
    }

    private bool TakeChar(char c)
    {
        if (at >= text.Length || text[at] != c)
            return false;
        at++;
        Blank();
        return true;
    }

    private void Blank()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
    }

    private ADFilterParsingException Error(string what = "syntax error") =>
        new($"Error parsing query: '{text}' Error Message: '{what}' at position: '{at + 1}'.", at + 1);
}
