// SPDX-License-Identifier: Apache-2.0
//
// One bound connection to one server, kept for the runspace that opened it: a
// warm cmdlet call costs its own requests and no bind.

using System.DirectoryServices.Protocols;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Net;
using System.Runtime.CompilerServices;

namespace Microsoft.ActiveDirectory.Management;

internal sealed class Session
{
    internal const string ShowDeleted = "1.2.840.113556.1.4.417";
    internal const string TreeDelete = "1.2.840.113556.1.4.805";
    internal const string SdFlags = "1.2.840.113556.1.4.801";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private static readonly ConditionalWeakTable<Runspace, Dictionary<string, Session>> ByRunspace = [];

    private readonly Uri url;
    private readonly NetworkCredential account;
    private LdapConnection? connection;

    // A server keeps few unfinished searches for a connection (Samba ten, and drops the oldest). So
    // what is searched between two pages of another search goes over a connection of its own.
    private Session? inner;
    private bool betweenPages;
    private Entry? rootDse;

    private Session(Uri url, NetworkCredential account)
    {
        this.url = url;
        this.account = account;
    }

    internal string BaseDn => field ??= LabEnvironment.BaseDn ?? RootDse.Text("defaultNamingContext")!;
    internal Entry RootDse => rootDse ??= ReadRootDse();
    internal Schema Schema => field ??= Schema.Of(this);

    internal static Session Open(string? server, PSCredential? credential)
    {
        Dictionary<string, Session> open = ByRunspace.GetOrCreateValue(Runspace.DefaultRunspace);
        string key = (server ?? "") + "\n" + (credential is null ? "" : credential.UserName + "\n" + credential.GetHashCode());
        if (open.TryGetValue(key, out Session? session))
            return session;
        NetworkCredential account = credential is null ? LabEnvironment.Account
            : new NetworkCredential(credential.UserName, credential.Password);
        return open[key] = new Session(Locate(server), account);
    }

    internal IEnumerable<Entry> Search(string baseDn, SearchScope scope, string filter, string[] attributes,
        int pageSize = 1000, int sizeLimit = int.MaxValue, params DirectoryControl[] controls)
    {
        if (betweenPages && scope != SearchScope.Base)
        {
            inner ??= new Session(url, account);
            foreach (Entry entry in inner.Search(baseDn, scope, filter, attributes, pageSize, sizeLimit, controls))
                yield return entry;
            yield break;
        }
        var page = new PageResultRequestControl(Math.Min(pageSize, sizeLimit));
        do
        {
            var request = new SearchRequest(baseDn, filter, scope, attributes);
            request.Controls.AddRange(controls);
            if (scope != SearchScope.Base)
                request.Controls.Add(page);
            var response = (SearchResponse)Send(request, mayRepeat: page.Cookie.Length == 0);
            page.Cookie = response.Controls.OfType<PageResultResponseControl>().FirstOrDefault()?.Cookie ?? [];
            betweenPages = page.Cookie.Length > 0;
            try
            {
                foreach (SearchResultEntry entry in response.Entries)
                {
                    yield return new Entry(entry);
                    if (--sizeLimit == 0)
                        yield break;
                }
            }
            finally
            {
                betweenPages = false;
            }
        } while (page.Cookie.Length > 0);
    }

    internal Entry? Read(string dn, params string[] attributes)
    {
        try
        {
            foreach (Entry entry in Search(dn, SearchScope.Base, "(objectClass=*)", attributes))
                return entry;
        }
        catch (ADIdentityNotFoundException)
        {
        }
        return null;
    }

    // A write is never sent twice: after a break nobody knows whether the first one counted.
    internal void Write(DirectoryRequest request) => Send(request, mayRepeat: false);

    private DirectoryResponse Send(DirectoryRequest request, bool mayRepeat)
    {
        bool reused = connection is not null;
        try
        {
            return (connection ??= Connect()).SendRequest(request, Timeout);
        }
        catch (DirectoryOperationException e)
        {
            throw ServerErrors.From(e);
        }
        catch (LdapException e)
        {
            Exception failure = ServerErrors.From(e, url.Authority);
            if (failure is not ADServerDownException)
                throw failure;
            connection?.Dispose();
            connection = null;
            if (!reused || !mayRepeat)
                throw failure;
        }
        return Send(request, mayRepeat: false);
    }

    private LdapConnection Connect()
    {
        var made = new LdapConnection(new LdapDirectoryIdentifier(url.Host, url.Port, fullyQualifiedDnsHostName: true, false),
            account, AuthType.Basic);
        try
        {
            made.SessionOptions.ProtocolVersion = 3;
            made.SessionOptions.ReferralChasing = ReferralChasingOptions.None;
            made.SessionOptions.SecureSocketLayer = url.Scheme == "ldaps";
            made.Timeout = Timeout;
            made.Bind();
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    private Entry ReadRootDse() =>
        Search("", SearchScope.Base, "(objectClass=*)", ["*", "+"]).First();

    // A name that the lab gives, the domain or its controller, or an address.
    private static Uri Locate(string? server)
    {
        if (string.IsNullOrEmpty(server))
            return LabEnvironment.Url;
        if (LabEnvironment.Find(server) is Uri named)
            return named;
        string[] parts = server.Split(':', 2);
        int port = parts.Length == 2 && int.TryParse(parts[1], out int given) ? given : LabEnvironment.Url.Port;
        if (port is 389 or 9389)
            port = LabEnvironment.Url.Port; // what the caller means is the directory; the lab's has one door
        if (parts[0] == LabEnvironment.Url.Host && port == LabEnvironment.Url.Port)
            return LabEnvironment.Url;
        if (IPAddress.TryParse(parts[0], out _))
            return new UriBuilder(LabEnvironment.Url.Scheme, parts[0], port).Uri;
        Session home = Open(null, null);
        string host = home.RootDse.Text("dnsHostName") ?? "";
        string[] known = [host, host.Split('.')[0], LdapText.DnsName(home.BaseDn), home.BaseDn.Split(',')[0][3..]];
        if (known.Contains(parts[0], StringComparer.OrdinalIgnoreCase))
            return LabEnvironment.Url;
        throw Failure.ServerDown(server, null);
    }
}
