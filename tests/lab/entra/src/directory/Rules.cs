// SPDX-License-Identifier: Apache-2.0
// What Graph checks before it writes: required and read-only properties, unique names, passwords, synced objects.
using System.Text.Json;
using Microsoft.OData.Edm;

namespace Causeway.Lab.Entra;

sealed class Rules(Tenant tenant)
{
    const int PasswordMin = 8, PasswordMax = 256;

    static readonly Dictionary<string, int> maxLength = new()
    {
        ["city"] = 128, ["companyName"] = 64, ["country"] = 128, ["department"] = 64, ["displayName"] = 256,
        ["employeeId"] = 16, ["givenName"] = 64, ["jobTitle"] = 128, ["mailNickname"] = 64, ["mobilePhone"] = 64,
        ["officeLocation"] = 128, ["postalCode"] = 40, ["state"] = 128, ["streetAddress"] = 1024, ["surname"] = 64,
        ["usageLocation"] = 2, ["userPrincipalName"] = 113, ["description"] = 1024,
    };

    static readonly string[] requiredOfUser = ["accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName"];
    static readonly string[] requiredOfGroup = ["displayName", "mailEnabled", "mailNickname", "securityEnabled"];

    /* A request body as typed changes. Annotations (name@odata.x) are left to the caller. */
    public static List<KeyValuePair<string, object?>> Read(JsonElement body, IEdmEntityType type)
    {
        if (body.ValueKind != JsonValueKind.Object)
            throw Errors.BadRequest("A 'StartObject' node was expected when reading the request body.");
        var changes = new List<KeyValuePair<string, object?>>();
        foreach (var member in body.EnumerateObject())
        {
            if (member.Name.Contains('@'))
                continue;
            var property = Model.Property(type, member.Name);
            if (property is IEdmNavigationProperty)
                throw Errors.BadRequest($"The property '{member.Name}' is a navigation property and cannot be set this " +
                    $"way; use '{member.Name}@odata.bind'.");
            if (property == null && !Model.IsExtension(member.Name))
                throw Errors.UnknownProperty(member.Name, type);
            string name = property?.Name ?? member.Name;
            object? value = property != null ? Values.Read(member.Value, property.Type, name) : Values.ReadOpen(member.Value, name);
            if (value is string text && maxLength.TryGetValue(name, out int max) && text.Length > max)
                throw Errors.InvalidValue(name, Errors.Capital(type.Name));
            changes.Add(new(name, value));
        }
        return changes;
    }

    public static void CheckWritable(IEdmEntityType type, IEnumerable<KeyValuePair<string, object?>> changes)
    {
        foreach (var (name, _) in changes)
            if (Model.Flags(type, name).HasFlag(PropertyFlags.ReadOnly))
                throw Errors.ReadOnly(name);
    }

    /* A synced object keeps what its own directory masters; the rest stays writable in the cloud. */
    public static void CheckMastered(Entity entity, IEnumerable<string> properties)
    {
        if (entity.Synced && properties.Any(p => Model.Flags(entity.Type, p).HasFlag(PropertyFlags.OnPrem)))
            throw Errors.Synced();
    }

    public Record NewUser(List<KeyValuePair<string, object?>> given)
    {
        var user = New(Model.User, given, requiredOfUser);
        CheckUser(null, given);
        user["businessPhones"] ??= new List<object?>();
        user["proxyAddresses"] = new List<object?>();
        user["userType"] ??= "Member";
        user["securityIdentifier"] = Sid();
        user["lastPasswordChangeDateTime"] = user["signInSessionsValidFromDateTime"] = tenant.Clock.Now;
        user["passwordProfile"] = null;
        return user;
    }

    public Record NewGroup(List<KeyValuePair<string, object?>> given)
    {
        var group = New(Model.Group, given, requiredOfGroup);
        bool unified = group["groupTypes"] is List<object?> types && types.Contains("Unified");
        if (group.Flag("mailEnabled") != unified)
            throw Errors.BadRequest("The service does not currently support writes of mail-enabled groups. Please ensure " +
                "that the mail-enablement property is unset and the security-enablement property is set.");
        if (!group.Flag("securityEnabled") && !unified)
            throw Errors.BadRequest("A group must be mail-enabled or security-enabled.");
        if (group.Text("mailNickname") is { } nick && (nick.Contains('@') || nick.Contains(' ')))
            throw Errors.InvalidValue("mailNickname", "Group");
        group["groupTypes"] ??= new List<object?>();
        group["renewedDateTime"] = group["createdDateTime"];
        group["securityIdentifier"] = Sid();
        if (unified)
        {
            group["mail"] = $"{group.Text("mailNickname")}@{Domain()}";
            group["proxyAddresses"] = new List<object?> { "SMTP:" + group.Text("mail") };
            group["visibility"] ??= "Public";
        }
        return group;
    }

    /* Checks a change to a user; entity is null for a new one. */
    public void CheckUser(Entity? entity, List<KeyValuePair<string, object?>> changes)
    {
        foreach (var (name, value) in changes)
            switch (name)
            {
                case "userPrincipalName":
                    CheckUpn(entity, value as string);
                    break;
                case "displayName" or "mailNickname" or "accountEnabled" when value is null or "":
                    throw Errors.InvalidValue(name, "User");
                case "mailNickname" when value is string nick && (nick.Contains('@') || nick.Contains(' ')):
                    throw Errors.InvalidValue(name, "User");
                case "usageLocation" when value is string country && (country.Length != 2 || !country.All(char.IsAsciiLetter)):
                    throw Errors.InvalidValue(name, "User");
                case "businessPhones" when value is List<object?> { Count: > 1 }:
                    throw Errors.InvalidValue(name, "User");
                case "mail" when value is string mail && !Address(mail):
                    throw Errors.InvalidValue(name, "User");
                case "onPremisesImmutableId" when value is string immutable && TakenImmutableId(entity, immutable):
                    throw Errors.Duplicate(name);
                case "passwordProfile" when value is Record profile && profile.Has("password"):
                    CheckPassword(profile.Text("password"), entity);
                    break;
            }
    }

    /* 8 to 256 characters, three of the four kinds, and not the name of the account. */
    public void CheckPassword(string? password, Entity? user)
    {
        if (password == null || password.Length is < PasswordMin or > PasswordMax)
            throw Errors.WeakPassword();
        int kinds = (password.Any(char.IsLower) ? 1 : 0) + (password.Any(char.IsUpper) ? 1 : 0) +
            (password.Any(char.IsDigit) ? 1 : 0) + (password.Any(c => !char.IsLetterOrDigit(c)) ? 1 : 0);
        string account = user?.Properties.Text("userPrincipalName")?.Split('@')[0] ?? "";
        if (kinds < 3 || (account.Length > 3 && password.Contains(account, StringComparison.OrdinalIgnoreCase)))
            throw Errors.WeakPassword();
    }

    Record New(IEdmEntityType type, List<KeyValuePair<string, object?>> given, string[] required)
    {
        var record = new Record();
        foreach (var (name, value) in given)
            record[name] = value;
        foreach (string name in required)
            if (record[name] is null or "")
                throw Errors.Required(name, Errors.Capital(type.Name));
        record["createdDateTime"] = tenant.Clock.Now;
        return record;
    }

    void CheckUpn(Entity? entity, string? upn)
    {
        if (upn == null || !Address(upn))
            throw Errors.InvalidValue("userPrincipalName", "User");
        if (!tenant.HasDomain(upn.Split('@')[1]))
            throw Errors.BadRequest("The domain portion of the userPrincipalName property is invalid. You must use one " +
                "of the verified domain names in your organization.");
        if (tenant.Directory.Lookup(Model.User, "userPrincipalName", upn).Any(other => other != entity))
            throw Errors.Duplicate("userPrincipalName");
    }

    bool TakenImmutableId(Entity? entity, string id) =>
        tenant.Directory.Lookup(Model.User, "onPremisesImmutableId", id).Any(other => other != entity);

    string Domain() => ((List<object?>)tenant.Organization.Properties["verifiedDomains"]!).OfType<Record>()
        .First(d => d.Flag("isDefault")).Text("name")!;

    static bool Address(string text) => text.Split('@') is [{ Length: > 0 } local, { Length: > 0 } domain] &&
        local.All(c => char.IsAsciiLetterOrDigit(c) || "'.-_!#^~%+$&*/=?`{|}".Contains(c)) &&
        domain.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-') && local[^1] != '.';

    static string Sid() =>
        "S-1-12-1-" + string.Join('-', Enumerable.Range(0, 4).Select(_ => Random.Shared.NextInt64(1, uint.MaxValue)));
}
