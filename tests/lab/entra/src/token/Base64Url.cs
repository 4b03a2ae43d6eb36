// SPDX-License-Identifier: Apache-2.0
// Base64 in the form that JSON web tokens use.
using Coder = System.Buffers.Text.Base64Url;

namespace Causeway.Lab.Entra;

static class Base64Url
{
    public static string Encode(ReadOnlySpan<byte> bytes) => Coder.EncodeToString(bytes);

    public static bool TryDecode(string text, out byte[] bytes)
    {
        try
        {
            bytes = Coder.DecodeFromChars(text);
            return true;
        }
        catch (FormatException)
        {
            bytes = [];
            return false;
        }
    }
}
