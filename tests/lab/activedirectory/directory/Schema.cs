// SPDX-License-Identifier: Apache-2.0
//
// What the attributes are. The common ones are known beforehand, so that
// everyday cmdlets need no schema; the first uncommon name reads all of it, once
// for a process and domain.

using System.Collections.Concurrent;
using System.DirectoryServices.Protocols;

namespace Microsoft.ActiveDirectory.Management;

internal enum Syntax { Text, Bool, Int, Long, Time, Bytes, Sid, Guid, Dn }

internal sealed record AttributeType(string Name, Syntax Syntax, bool Many);

internal sealed class Schema
{
    private static readonly ConcurrentDictionary<string, Schema> ByDomain = new(StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, AttributeType> Common = new[]
    {
        Of(Syntax.Text, false, "title", "department", "company", "division", "givenName", "sn", "initials", "displayName",
            "mail", "l", "st", "c", "co", "streetAddress", "postalCode", "physicalDeliveryOfficeName", "telephoneNumber",
            "mobile", "homePhone", "facsimileTelephoneNumber", "pager", "ipPhone", "employeeID", "employeeNumber",
            "employeeType", "info", "wWWHomePage", "homeDirectory", "homeDrive", "profilePath", "scriptPath", "sAMAccountName",
            "userPrincipalName", "userWorkstations", "mailNickname", "targetAddress", "dNSHostName", "location", "name", "cn",
            "extensionAttribute1", "extensionAttribute2", "extensionAttribute3", "extensionAttribute4", "extensionAttribute5",
            "operatingSystem", "operatingSystemVersion", "operatingSystemServicePack", "operatingSystemHotfix", "gPLink", "middleName"),
        Of(Syntax.Text, true, "description", "proxyAddresses", "otherTelephone", "otherMobile", "postOfficeBox", "url", "o", "ou",
            "servicePrincipalName", "objectClass", "street", "canonicalName", "otherMailbox"),
        Of(Syntax.Dn, false, "manager", "managedBy", "distinguishedName", "objectCategory", "lastKnownParent"),
        Of(Syntax.Dn, true, "member", "memberOf", "directReports"),
        Of(Syntax.Int, false, "userAccountControl", "groupType", "sAMAccountType", "primaryGroupID", "badPwdCount", "logonCount",
            "msDS-SupportedEncryptionTypes", "msDS-User-Account-Control-Computed", "countryCode", "instanceType"),
        Of(Syntax.Long, false, "accountExpires", "pwdLastSet", "lastLogon", "lastLogoff", "lastLogonTimestamp", "lockoutTime",
            "badPasswordTime", "uSNChanged", "uSNCreated"),
        Of(Syntax.Time, false, "whenCreated", "whenChanged"),
        Of(Syntax.Sid, false, "objectSid"),
        Of(Syntax.Sid, true, "sIDHistory"),
        Of(Syntax.Guid, false, "objectGUID"),
        Of(Syntax.Bool, false, "isDeleted"),
        Of(Syntax.Bytes, false, "thumbnailPhoto", "nTSecurityDescriptor", "unicodePwd"),
        Of(Syntax.Bytes, true, "userCertificate"),
    }.SelectMany(group => group).ToDictionary(a => a.Name, StringComparer.OrdinalIgnoreCase);

    private readonly Dictionary<string, AttributeType> all;

    private Schema(Dictionary<string, AttributeType> all) => this.all = all;

    internal static AttributeType? FindCommon(string name) => Common.GetValueOrDefault(name);

    // Null where the domain has no such attribute.
    internal static AttributeType? Find(Session session, string name) =>
        Common.GetValueOrDefault(name) ?? session.Schema.all.GetValueOrDefault(name);

    internal static Schema Of(Session session) => ByDomain.GetOrAdd(session.BaseDn, _ => Load(session));

    private static Schema Load(Session session)
    {
        string container = session.RootDse.Text("schemaNamingContext")!;
        var all = new Dictionary<string, AttributeType>(Common, StringComparer.OrdinalIgnoreCase);
        foreach (Entry entry in session.Search(container, SearchScope.OneLevel, "(objectClass=attributeSchema)",
            ["lDAPDisplayName", "attributeSyntax", "isSingleValued"]))
        {
            string name = entry.Text("lDAPDisplayName")!;
            all.TryAdd(name, new AttributeType(name, SyntaxOf(entry.Text("attributeSyntax")), entry.Text("isSingleValued") != "TRUE"));
        }
        return new Schema(all);
    }

    // [MS-ADTS] 3.1.1.2.2.2
    private static Syntax SyntaxOf(string? oid) => oid switch
    {
        "2.5.5.1" or "2.5.5.7" or "2.5.5.14" => Syntax.Dn,
        "2.5.5.8" => Syntax.Bool,
        "2.5.5.9" => Syntax.Int,
        "2.5.5.16" => Syntax.Long,
        "2.5.5.11" => Syntax.Time,
        "2.5.5.10" or "2.5.5.15" => Syntax.Bytes,
        "2.5.5.17" => Syntax.Sid,
        _ => Syntax.Text,
    };

    private static IEnumerable<AttributeType> Of(Syntax syntax, bool many, params string[] names) =>
        names.Select(name => new AttributeType(name, syntax, many));
}
