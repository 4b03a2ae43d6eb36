// SPDX-License-Identifier: Apache-2.0
//
// The real module's exception types: scripts catch them by name.

using System.Security.Authentication;

namespace Microsoft.ActiveDirectory.Management;

// ErrorCode is the Win32 code that the server gave, or 0.
public class ADException(string message, int errorCode = 0, string? serverErrorMessage = null, Exception? inner = null)
    : Exception(message, inner)
{
    public int ErrorCode { get; } = errorCode;
    public string? ServerErrorMessage { get; } = serverErrorMessage;
}

public class ADServerDownException(string message, int errorCode = 0, string? serverName = null, Exception? inner = null)
    : ADException(message, errorCode, null, inner)
{
    public string? ServerName { get; } = serverName;
}

public class ADReferralException(string message, int errorCode = 0) : ADException(message, errorCode);

public class ADIdentityResolutionException(string message, int errorCode = 0, Exception? inner = null)
    : ADException(message, errorCode, null, inner);

public class ADIdentityNotFoundException(string message, int errorCode = 0, Exception? inner = null)
    : ADIdentityResolutionException(message, errorCode, inner);

public class ADMultipleMatchingIdentitiesException(string message) : ADIdentityResolutionException(message);

public class ADIdentityAlreadyExistsException(string message, int errorCode = 0) : ADException(message, errorCode);

public class ADPasswordException(string message, int errorCode = 0) : ADException(message, errorCode);

public class ADPasswordComplexityException(string message, int errorCode = 0) : ADPasswordException(message, errorCode);

public class ADInvalidPasswordException(string message, int errorCode = 0) : ADPasswordException(message, errorCode);

public class ADInvalidOperationException(string message, int errorCode = 0) : ADException(message, errorCode);

public class ADIllegalModifyOperationException(string message, int errorCode = 0) : ADException(message, errorCode);

public class ADFilterParsingException(string message, int position) : FormatException(message)
{
    public int Position { get; } = position;
}

internal static class Failure
{
    internal static AuthenticationException Credentials(Exception inner) =>
        new("The server has rejected the client credentials.", inner);

    internal static ADServerDownException ServerDown(string? server, Exception? inner) =>
        new("Unable to contact the server. This may be because this server does not exist, it is currently down, "
            + "or it does not have the Active Directory Web Services running.", 0, server, inner);

    internal static ADIdentityNotFoundException IdentityNotFound(string identity, string under) =>
        new($"Cannot find an object with identity: '{identity}' under: '{under}'.");

    internal static ArgumentException UnknownAttribute(string name) =>
        new("The specified directory service attribute or value does not exist\nParameter name: " + name);

    // What the lab does not do is said, never passed over.
    internal static NotSupportedException NotInLab(string what) =>
        new($"{what} is not in the lab's ActiveDirectory module.");
}
