// SPDX-License-Identifier: Apache-2.0
//
// What the server refuses, in the real module's exceptions and words. The
// server's message starts with a Win32 code; where it does not, the LDAP result
// stands in for it.

using System.DirectoryServices.Protocols;
using System.Globalization;
using System.Management.Automation;
using System.Security.Authentication;

namespace Microsoft.ActiveDirectory.Management;

internal static class ServerErrors
{
    internal const int GroupExists = 1318, NotAMember = 1377, AlreadyAMember = 1378;

    private const int AccessDenied = 5, WrongPassword = 86, UserExists = 1316, PasswordRestriction = 1325, InvalidSyntax = 8203, NoAttribute = 8202, UndefinedAttribute = 8204,
        AttributeExists = 8205, NotOnLeaf = 8213, ReferralReturned = 8235, NoSuchObject = 8240, BadName = 8242, BadFilter = 8254, NameInUse = 8305,
        MissingAttribute = 8316, AttributeNotAllowed = 8317, OutOfRange = 8322, NotFound = 8333, InsufficientRights = 8344,
        UnwillingToPerform = 8245, ConstraintViolation = 8239;

    internal static Exception From(DirectoryOperationException failure)
    {
        DirectoryResponse? response = failure.Response;
        string detail = response?.ErrorMessage ?? failure.Message;
        int code = CodeOf(detail, response?.ResultCode ?? ResultCode.Other);
        return code switch
        {
            UserExists => new ADIdentityAlreadyExistsException("The specified account already exists", code),
            GroupExists => new ADIdentityAlreadyExistsException("The specified group already exists", code),
            PasswordRestriction => new ADPasswordComplexityException(
                "The password does not meet the length, complexity, or history requirement of the domain.", code),
            WrongPassword => new ADInvalidPasswordException("The specified network password is not correct", code),
            NotFound or NoSuchObject => new ADIdentityNotFoundException("Directory object not found", code, failure),
            AccessDenied => new UnauthorizedAccessException("Access is denied", failure),
            ReferralReturned => new ADReferralException("A referral was returned from the server", code),
            _ => new ADException(MessageOf(code), code, detail.TrimEnd('\0'), failure),
        };
    }

    internal static Exception From(LdapException failure, string server) => failure.ErrorCode switch
    {
        49 => Failure.Credentials(failure),
        81 or 91 or 85 or -1 or -5 or -11 => Failure.ServerDown(server, failure),
        87 or -7 => new ADException(MessageOf(BadFilter), BadFilter, failure.Message, failure),
        _ => new ADException(failure.Message, failure.ErrorCode, failure.Message, failure),
    };

    internal static ErrorCategory CategoryOf(Exception failure) => failure switch
    {
        ADIdentityNotFoundException => ErrorCategory.ObjectNotFound,
        ADIdentityAlreadyExistsException => ErrorCategory.ResourceExists,
        ADPasswordException => ErrorCategory.InvalidData,
        ADServerDownException or ADReferralException => ErrorCategory.ResourceUnavailable,
        ADFilterParsingException => ErrorCategory.ParserError,
        UnauthorizedAccessException => ErrorCategory.PermissionDenied,
        AuthenticationException => ErrorCategory.SecurityError,
        ADInvalidOperationException or ADIllegalModifyOperationException => ErrorCategory.InvalidOperation,
        NotSupportedException => ErrorCategory.NotImplemented,
        ArgumentException => ErrorCategory.InvalidArgument,
        _ => ErrorCategory.NotSpecified,
    };

    // The module's own refusals are "ActiveDirectoryCmdlet:TYPE", the server's are "ActiveDirectoryServer:CODE".
    internal static string IdOf(Exception failure) => failure switch
    {
        ADIdentityResolutionException => "ActiveDirectoryCmdlet:" + failure.GetType().FullName,
        ADException server => "ActiveDirectoryServer:" + server.ErrorCode.ToString(CultureInfo.InvariantCulture),
        _ => "ActiveDirectoryCmdlet:" + failure.GetType().FullName,
    };

    private static int CodeOf(string detail, ResultCode result)
    {
        // Samba's words where Windows has codes of its own.
        if (detail.Contains("samAccountName '", StringComparison.OrdinalIgnoreCase) && detail.Contains("already in use"))
            return UserExists;
        if (detail.Contains("already exists for target", StringComparison.Ordinal))
            return AlreadyAMember;
        if (detail.Contains("already deleted for target", StringComparison.Ordinal)
            || detail.Contains("doesn't exist for target", StringComparison.Ordinal))
            return NotAMember;
        if (detail.Length > 8 && detail[8] == ':'
            && int.TryParse(detail.AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int code)
            && MessageOf(code).Length > 0)
            return code;
        if (result == ResultCode.ConstraintViolation && detail.Contains("check_password_restrictions", StringComparison.Ordinal))
            return PasswordRestriction;
        return result switch
        {
            ResultCode.EntryAlreadyExists => NameInUse,
            ResultCode.NoSuchObject => NotFound,
            ResultCode.Referral or ResultCode.ReferralV2 => ReferralReturned,
            ResultCode.NoSuchAttribute => NoAttribute,
            ResultCode.UndefinedAttributeType => UndefinedAttribute,
            ResultCode.AttributeOrValueExists => AttributeExists,
            ResultCode.InvalidAttributeSyntax => InvalidSyntax,
            ResultCode.ConstraintViolation => ConstraintViolation,
            ResultCode.ObjectClassViolation => AttributeNotAllowed,
            ResultCode.NotAllowedOnNonLeaf => NotOnLeaf,
            ResultCode.InvalidDNSyntax => BadName,
            ResultCode.InsufficientAccessRights => InsufficientRights,
            ResultCode.NamingViolation => BadName,
            _ => UnwillingToPerform,
        };
    }

    private static string MessageOf(int code) => code switch
    {
        AccessDenied or WrongPassword or UserExists or GroupExists or PasswordRestriction or NotFound or NoSuchObject
            or ReferralReturned => "see From",
        NoAttribute => "The specified directory service attribute or value does not exist",
        UndefinedAttribute => "The attribute type specified to the directory service is not defined",
        NotAMember => "The specified account name is not a member of the group",
        AlreadyAMember => "The specified account name is already a member of the group",
        InvalidSyntax => "The attribute syntax specified to the directory service is invalid",
        AttributeExists => "The specified directory service attribute or value already exists",
        NotOnLeaf => "The directory service can perform the requested operation only on a leaf object",
        BadName => "The object name has bad syntax",
        BadFilter => "The search filter cannot be recognized",
        NameInUse => "An attempt was made to add an object to the directory with a name that is already in use",
        MissingAttribute => "A required attribute is missing",
        AttributeNotAllowed => "An attempt was made to modify an object to include an attribute that is not legal for its class",
        OutOfRange => "A value for the attribute was not in the acceptable range of values",
        InsufficientRights => "Insufficient access rights to perform the operation",
        UnwillingToPerform => "The server is unwilling to process the request",
        ConstraintViolation => "A constraint violation occurred",
        _ => "",
    };
}
