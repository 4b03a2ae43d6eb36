// SPDX-License-Identifier: Apache-2.0
//
// Reads the on-premises directory: everything in scope, or what changed since an update sequence number.

using System.DirectoryServices.Protocols;
using System.Text;
using Microsoft.ActiveDirectory.Management;

namespace Causeway.Lab.ADSync;

/* One user or group. */
internal sealed class Item(SearchResultEntry entry)
{
    internal string ImmutableId { get; } = Convert.ToBase64String((byte[])entry.Attributes["objectGUID"][0]);

    /* Behind the extended parts <GUID=...>;<SID=...>; there is the name. */
    internal string Dn { get; } = entry.DistinguishedName[(entry.DistinguishedName.LastIndexOf(">;", StringComparison.Ordinal) switch
    {
        -1 => 0,
        int end => end + 2,
    })..];

    internal bool IsGroup => Texts("objectClass").Contains("group");
    internal bool IsDeleted => Text("isDeleted") == "TRUE";
    internal bool IsCritical => Text("isCriticalSystemObject") == "TRUE";

    internal bool Has(string attribute) => entry.Attributes.Contains(attribute);
    internal string? Text(string attribute) => Bytes(attribute) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;
    internal byte[]? Bytes(string attribute) => Values(attribute).FirstOrDefault();
    internal IEnumerable<string> Texts(string attribute) => Values(attribute).Select(Encoding.UTF8.GetString);

    private IEnumerable<byte[]> Values(string attribute) =>
        entry.Attributes[attribute] is { } found ? (byte[][])found.GetValues(typeof(byte[])) : [];
}

internal sealed class Source : IDisposable
{
    private const string ShowDeleted = "1.2.840.113556.1.4.417";
    private const string ExtendedDn = "1.2.840.113556.1.4.529";
    private static readonly string[] Scope = ["OU=Staff", "OU=Groups"];
    private static readonly string[] Needed =
        ["objectClass", "objectGUID", "isDeleted", "isCriticalSystemObject", .. Flows.Attributes];

    private readonly LdapConnection connection;
    private readonly string baseDn;

    internal Source()
    {
        Uri url = LabEnvironment.Url;
        connection = new LdapConnection(new LdapDirectoryIdentifier(url.Host, url.Port, true, false), LabEnvironment.Account, AuthType.Basic)
        {
            Timeout = TimeSpan.FromSeconds(60),
        };
        connection.SessionOptions.ProtocolVersion = 3;
        connection.SessionOptions.ReferralChasing = ReferralChasingOptions.None;
        connection.SessionOptions.SecureSocketLayer = url.Scheme == "ldaps";
        connection.Bind();
        SearchResultEntry root = Ask(new SearchRequest("", "(objectClass=*)", SearchScope.Base, "highestCommittedUSN", "defaultNamingContext")).Entries[0];
        HighestUsn = long.Parse((string)root.Attributes["highestCommittedUSN"][0]);
        baseDn = LabEnvironment.BaseDn ?? (string)root.Attributes["defaultNamingContext"][0];
    }

    /* What the directory had reached when we connected: the next delta starts behind it. */
    internal long HighestUsn { get; }

    internal bool InScope(Item item) => !item.IsDeleted && !item.IsCritical
        && Scope.Any(ou => item.Dn.EndsWith($",{ou},{baseDn}", StringComparison.OrdinalIgnoreCase));

    internal IEnumerable<Item> All() => Scope.SelectMany(ou => Search($"{ou},{baseDn}", "")).Where(InScope);

    /* Everything that changed, wherever it is now; and the named ones, changed or not. */
    internal IEnumerable<Item> ChangedSince(long usn, IEnumerable<string> immutableIds)
    {
        string named = string.Concat(immutableIds.Select(id =>
            $"(objectGUID={string.Concat(Convert.FromBase64String(id).Select(b => $"\\{b:x2}"))})"));
        return Search(baseDn, $"(|(uSNChanged>={usn + 1}){named})");
    }

    private IEnumerable<Item> Search(string under, string filter)
    {
        var request = new SearchRequest(under, $"(&(|(&(objectClass=user)(!(objectClass=computer)))(objectClass=group)){filter})",
            SearchScope.Subtree, Needed);
        var page = new PageResultRequestControl(500);
        request.Controls.Add(page);
        request.Controls.Add(new DirectoryControl(ShowDeleted, null, true, true));
        request.Controls.Add(new DirectoryControl(ExtendedDn, ExtendedDnAsText, true, true));
        do
        {
            SearchResponse response = Ask(request);
            page.Cookie = response.Controls.OfType<PageResultResponseControl>().FirstOrDefault()?.Cookie ?? [];
            foreach (SearchResultEntry entry in response.Entries)
                yield return new Item(entry);
        } while (page.Cookie.Length > 0);
    }

    /* SEQUENCE { INTEGER 1 }: GUIDs with dashes, SIDs as S-1-... ([MS-ADTS] 3.1.1.3.4.1.5). */
    private static readonly byte[] ExtendedDnAsText = [0x30, 3, 2, 1, 1];

    private SearchResponse Ask(SearchRequest request) => (SearchResponse)connection.SendRequest(request);

    public void Dispose() => connection.Dispose();
}
