// SPDX-License-Identifier: Apache-2.0
// What the double keeps of a password: enough to say whether another one is the same, and nothing to show.
using System.Security.Cryptography;
using System.Text;

namespace Causeway.Lab.Entra;

sealed class PasswordHash
{
    readonly byte[] salt = RandomNumberGenerator.GetBytes(16);
    readonly byte[] hash;

    public PasswordHash(string password) => hash = Of(password);

    public bool Matches(string candidate) => CryptographicOperations.FixedTimeEquals(hash, Of(candidate));

    byte[] Of(string text) => HMACSHA256.HashData(salt, Encoding.UTF8.GetBytes(text));
}
