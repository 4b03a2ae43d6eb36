// SPDX-License-Identifier: Apache-2.0
//
// One comparison of a -Filter as LDAP.

using System.Management.Automation;

namespace Microsoft.ActiveDirectory.Management;

internal enum FilterOperator { Eq, Ne, Like, NotLike, Lt, Le, Gt, Ge, Approx, Bor, Band, RecursiveMatch }

internal static class FilterText
{
    internal static string Clause(string attribute, Syntax syntax, FilterOperator op, object value)
    {
        bool pattern = op is FilterOperator.Like or FilterOperator.NotLike;
        string text = LdapValue.ForFilter(value, syntax, keepStar: pattern);
        return op switch
        {
            FilterOperator.Eq or FilterOperator.Like => $"({attribute}={text})",
            FilterOperator.Ne or FilterOperator.NotLike => $"(!({attribute}={text}))",
            FilterOperator.Ge => $"({attribute}>={text})",
            FilterOperator.Le => $"({attribute}<={text})",
            FilterOperator.Gt => $"(&({attribute}>={text})(!({attribute}={text})))",
            FilterOperator.Lt => $"(&({attribute}<={text})(!({attribute}={text})))",
            FilterOperator.Approx => $"({attribute}={text})", // AD takes "approximately" as "equal"; Samba refuses ~=
            FilterOperator.Band => $"({attribute}:1.2.840.113556.1.4.803:={text})",
            FilterOperator.Bor => $"({attribute}:1.2.840.113556.1.4.804:={text})",
            FilterOperator.RecursiveMatch => $"({attribute}:1.2.840.113556.1.4.1941:={text})",
            _ => throw new ArgumentOutOfRangeException(nameof(op)),
        };
    }

    // A yes-or-no property kept in a bit.
    internal static string Bit(string attribute, int mask, bool inverted, string name, FilterOperator op, object value)
    {
        if (op is not (FilterOperator.Eq or FilterOperator.Ne))
            throw new ArgumentException($"Operator Not supported: {op} for Extended Attribute: '{name}'.");
        object plain = LdapValue.Plain(value)!;
        bool wanted = plain is string text && bool.TryParse(text, out bool parsed) ? parsed : LanguagePrimitives.IsTrue(plain);
        string set = $"({attribute}:1.2.840.113556.1.4.803:={unchecked((uint)mask)})";
        return wanted != inverted == (op == FilterOperator.Eq) ? set : $"(!{set})";
    }
}
