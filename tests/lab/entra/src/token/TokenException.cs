// SPDX-License-Identifier: Apache-2.0
// The token endpoint's errors: an OAuth 2.0 error with the AADSTS number that clients and people look up.
namespace Causeway.Lab.Entra;

sealed class TokenException(int status, string error, int number, string text) : Exception(text)
{
    public int Status => status;
    public string Error => error;
    public int Number => number;

    public static TokenException Client(int number, string text) => new(401, "invalid_client", number, text);
    public static TokenException Request(int number, string text) => new(400, "invalid_request", number, text);
}
