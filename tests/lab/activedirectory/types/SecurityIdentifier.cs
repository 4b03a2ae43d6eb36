// SPDX-License-Identifier: Apache-2.0
//
// .NET's SecurityIdentifier throws PlatformNotSupportedException outside Windows,
// and a string in its place would look different on the wire. So the module has
// its own type of the same full name and the same three properties: over
// remoting it is what a Windows server sends (TN, ToString and Props alike).
// Only the assembly's name differs, and CLIXML does not carry that.

using System.Buffers.Binary;
using System.Text;

namespace System.Security.Principal;

public abstract class IdentityReference
{
    public abstract string Value { get; }
}

public sealed class SecurityIdentifier : IdentityReference, IEquatable<SecurityIdentifier>
{
    private readonly byte[] bytes;

    // S-1-5-21-...
    public SecurityIdentifier(string sddlForm) =>
        bytes = Parse(sddlForm) ?? throw new ArgumentException("Value was invalid.\nParameter name: sddlForm");

    public SecurityIdentifier(byte[] binaryForm, int offset)
    {
        int length = binaryForm.Length - offset < 8 ? 0 : 8 + 4 * binaryForm[offset + 1];
        if (length == 0 || binaryForm[offset] != 1 || length > binaryForm.Length - offset)
            throw new ArgumentException("The SID is malformed.", nameof(binaryForm));
        bytes = binaryForm.AsSpan(offset, length).ToArray();
    }

    public int BinaryLength => bytes.Length;

    public SecurityIdentifier? AccountDomainSid =>
        bytes.Length == 28 && bytes[7] == 5 && Part(0) == 21 ? new SecurityIdentifier(Cut(bytes, 4), 0) : null;

    public override string Value
    {
        get
        {
            ulong authority = 0;
            foreach (byte b in bytes.AsSpan(2, 6))
                authority = authority << 8 | b;
            var text = new StringBuilder("S-1-").Append(authority);
            for (int i = 0; i < bytes[1]; i++)
                text.Append('-').Append(Part(i));
            return text.ToString();
        }
    }

    internal uint RelativeId => Part(bytes[1] - 1);

    internal byte[] ToBytes() => [.. bytes];

    internal static bool TryParse(string text, out SecurityIdentifier? sid)
    {
        byte[]? parsed = Parse(text);
        sid = parsed is null ? null : new SecurityIdentifier(parsed, 0);
        return sid is not null;
    }

    internal SecurityIdentifier Sibling(uint relativeId)
    {
        byte[] other = [.. bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(other.AsSpan(other.Length - 4), relativeId);
        return new SecurityIdentifier(other, 0);
    }

    public bool Equals(SecurityIdentifier? other) => other is not null && bytes.AsSpan().SequenceEqual(other.bytes);
    public override bool Equals(object? other) => Equals(other as SecurityIdentifier);
    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);
    public override string ToString() => Value;

    private uint Part(int index) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8 + 4 * index));

    private static byte[] Cut(byte[] sid, int parts)
    {
        byte[] shorter = sid.AsSpan(0, 8 + 4 * parts).ToArray();
        shorter[1] = (byte)parts;
        return shorter;
    }

    private static byte[]? Parse(string text)
    {
        string[] parts = text.Split('-');
        if (parts.Length is < 3 or > 18 || !parts[0].Equals("S", StringComparison.OrdinalIgnoreCase) || parts[1] != "1"
            || !ulong.TryParse(parts[2], out ulong authority) || authority >> 48 != 0)
            return null;
        byte[] sid = new byte[8 + 4 * (parts.Length - 3)];
        Span<byte> head = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(head, authority);
        head[2..].CopyTo(sid.AsSpan(2));
        sid[0] = 1;
        sid[1] = (byte)(parts.Length - 3);
        for (int i = 3; i < parts.Length; i++)
        {
            if (!uint.TryParse(parts[i], out uint part))
                return null;
            BinaryPrimitives.WriteUInt32LittleEndian(sid.AsSpan(8 + 4 * (i - 3)), part);
        }
        return sid;
    }
}
