// SPDX-License-Identifier: Apache-2.0
//
// "Protected from accidental deletion" is an entry in the access list: deny
// Everyone to delete the object and its tree. As either right is enough for a
// deletion, the parent denies Everyone to delete children, too (that stays when
// the protection is taken away). Security descriptors are bytes
// here ([MS-DTYP] 2.4.6): .NET's types for them exist on Windows alone.

using System.Buffers.Binary;
using System.DirectoryServices.Protocols;

namespace Microsoft.ActiveDirectory.Management;

internal static class DeletionGuard
{
    private const byte Deny = 1;
    private const uint Delete = 0x10000, DeleteTree = 0x40, DeleteChild = 0x2;
    private const int DaclOffsetAt = 16, AclHeader = 8;

    private static readonly byte[] Everyone = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];

    // Reads and writes the discretionary list alone.
    internal static DirectoryControl DaclOnly() =>
        new(Session.SdFlags, [0x30, 0x03, 0x02, 0x01, 0x04], isCritical: true, serverSide: true);

    internal static bool IsSet(byte[] descriptor) => Find(descriptor, Delete | DeleteTree) >= 0;

    internal static bool KeepsChildren(byte[] descriptor) => Find(descriptor, DeleteChild) >= 0;

    // The descriptor with the entry, or without it.
    internal static byte[] Set(byte[] descriptor, bool on) => Set(descriptor, Delete | DeleteTree, on);

    // The parent's descriptor with its entry.
    internal static byte[] KeepChildren(byte[] descriptor) => Set(descriptor, DeleteChild, true);

    private static byte[] Set(byte[] descriptor, uint rights, bool on)
    {
        int at = Find(descriptor, rights);
        if (at >= 0 == on)
            return descriptor;
        int acl = Acl(descriptor);
        byte[] ace = new byte[8 + Everyone.Length];
        ace[0] = Deny;
        BinaryPrimitives.WriteUInt16LittleEndian(ace.AsSpan(2), (ushort)ace.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(ace.AsSpan(4), rights);
        Everyone.CopyTo(ace, 8);
        int oldSize = U16(descriptor, acl + 2);
        byte[] entries = on ? [.. ace, .. descriptor.AsSpan(acl + AclHeader, oldSize - AclHeader)]
            : [.. descriptor.AsSpan(acl + AclHeader, at - acl - AclHeader),
                .. descriptor.AsSpan(at + U16(descriptor, at + 2), oldSize - (at - acl) - U16(descriptor, at + 2))];
        byte[] header = descriptor.AsSpan(acl, AclHeader).ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(2), (ushort)(AclHeader + entries.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(4), (ushort)(U16(descriptor, acl + 4) + (on ? 1 : -1)));
        // Only the list is written back, so a descriptor that holds nothing else will do.
        byte[] result = [1, 0, descriptor[2], descriptor[3], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, .. header, .. entries];
        return result;
    }

    private static int Find(byte[] descriptor, uint rights)
    {
        int acl = Acl(descriptor);
        if (acl == 0)
            return -1;
        int count = U16(descriptor, acl + 4), at = acl + AclHeader;
        for (int i = 0; i < count; i++, at += U16(descriptor, at + 2))
        {
            uint mask = BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(at + 4));
            if (descriptor[at] == Deny && (mask & rights) == rights
                && descriptor.AsSpan(at + 8, Everyone.Length).SequenceEqual(Everyone))
                return at;
        }
        return -1;
    }

    private static int Acl(byte[] descriptor) => BinaryPrimitives.ReadInt32LittleEndian(descriptor.AsSpan(DaclOffsetAt));
    private static int U16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
}
