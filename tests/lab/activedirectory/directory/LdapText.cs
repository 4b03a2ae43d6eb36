// SPDX-License-Identifier: Apache-2.0
//
// The texts of LDAP: filter values (RFC 4515) and distinguished names (RFC 4514).

using System.Globalization;
using System.Security.Principal;
using System.Text;

namespace Microsoft.ActiveDirectory.Management;

internal static class LdapText
{
    // A noncharacter that stands for a star that is no wildcard, from the filter's parser to Escape.
    internal const char LiteralStar = '\uFDD0';

    private const string TimeFormat = "yyyyMMddHHmmss'.0Z'";

    internal static string Escape(string value, bool keepStar = false)
    {
        var text = new StringBuilder(value.Length + 8);
        foreach (char c in value)
        {
            if (c is '(' or ')' or '\\' or '\0' || (c == '*' && !keepStar))
                text.Append('\\').Append(((int)c).ToString("x2"));
            else if (c == LiteralStar)
                text.Append("\\2a");
            else
                text.Append(c);
        }
        return text.ToString();
    }

    internal static string Escape(ReadOnlySpan<byte> value)
    {
        var text = new StringBuilder(value.Length * 3);
        foreach (byte b in value)
            text.Append('\\').Append(b.ToString("x2"));
        return text.ToString();
    }

    internal static string Time(DateTime value) =>
        value.ToUniversalTime().ToString(TimeFormat, CultureInfo.InvariantCulture);

    internal static DateTime ParseTime(string value) =>
        DateTime.ParseExact(value, ["yyyyMMddHHmmss'.0Z'", "yyyyMMddHHmmss.f'Z'", "yyyyMMddHHmmss'Z'"],
            CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal).ToLocalTime();

    internal static string EscapeRdnValue(string value)
    {
        var text = new StringBuilder(value.Length + 4);
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            bool edge = (i == 0 && c is ' ' or '#') || (i == value.Length - 1 && c == ' ');
            if (edge || c is ',' or '+' or '"' or '\\' or '<' or '>' or ';' or '=')
                text.Append('\\');
            text.Append(c);
        }
        return text.ToString();
    }

    // The parent's name: everything behind the first comma that is not escaped.
    internal static string Parent(string dn)
    {
        for (int i = 0; i < dn.Length; i++)
        {
            if (dn[i] == '\\')
                i++;
            else if (dn[i] == ',')
                return dn[(i + 1)..];
        }
        return "";
    }

    internal static string RdnAttribute(string dn) => dn[..dn.IndexOf('=')];

    internal static string Rdn(string dn) => dn[..^(Parent(dn).Length + 1)];

    internal static bool LooksLikeDn(string text)
    {
        int equals = text.IndexOf('=');
        return equals > 0 && text.AsSpan(0, equals).IndexOfAnyExcept(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") < 0;
    }

    internal static bool IsUnder(string dn, string ancestor) =>
        dn.Equals(ancestor, StringComparison.OrdinalIgnoreCase)
        || dn.EndsWith("," + ancestor, StringComparison.OrdinalIgnoreCase);

    internal static string DnsName(string baseDn) =>
        string.Join('.', baseDn.Split(',').Where(p => p.StartsWith("DC=", StringComparison.OrdinalIgnoreCase)).Select(p => p[3..]));

    internal static string Clause(SecurityIdentifier sid) => $"(objectSid={Escape(sid.ToBytes())})";
    internal static string Clause(Guid guid) => $"(objectGUID={Escape(guid.ToByteArray())})";
}
