// SPDX-License-Identifier: Apache-2.0
//
// What a New- or Set- cmdlet is about to write: plain attributes, bits of
// userAccountControl (which need the value before), and what is done afterwards.

using System.DirectoryServices.Protocols;

namespace Microsoft.ActiveDirectory.Management;

internal sealed class Changes(Session session)
{
    private int flagsOn, flagsOff, groupType, groupTypeMask;

    internal Session Session => session;
    internal List<DirectoryAttributeModification> List { get; } = [];
    internal bool? Protect { get; set; }
    internal bool Any => List.Count > 0 || (flagsOn | flagsOff | groupTypeMask) != 0 || Protect is not null;

    internal void Replace(string attribute, params object[] values)
    {
        List.RemoveAll(m => m.Name.Equals(attribute, StringComparison.OrdinalIgnoreCase)
            && m.Operation == DirectoryAttributeOperation.Replace);
        List.Add(LdapValue.Modification(attribute, DirectoryAttributeOperation.Replace, values));
    }

    internal void Add(string attribute, object[] values) =>
        List.Add(LdapValue.Modification(attribute, DirectoryAttributeOperation.Add, values));

    internal void Delete(string attribute, object[] values) =>
        List.Add(LdapValue.Modification(attribute, DirectoryAttributeOperation.Delete, values));

    internal void Flag(int mask, bool on)
    {
        flagsOn = on ? flagsOn | mask : flagsOn & ~mask;
        flagsOff = on ? flagsOff & ~mask : flagsOff | mask;
    }

    internal void GroupType(int mask, int bits)
    {
        groupTypeMask |= mask;
        groupType = groupType & ~mask | bits;
    }

    // The flags of a new object, from what such objects start with.
    internal int Flags(int start) => start & ~flagsOff | flagsOn;

    internal int GroupTypeOf(int start) => start & ~groupTypeMask | groupType;

    // Turns the bits into modifications; current is the object as it is.
    internal void Settle(in Entry current)
    {
        if ((flagsOn | flagsOff) != 0 && current.Int("userAccountControl") is int flags && Flags(flags) != flags)
            Replace("userAccountControl", Flags(flags).ToString());
        if (groupTypeMask != 0 && current.Int("groupType") is int type && GroupTypeOf(type) != type)
            Replace("groupType", GroupTypeOf(type).ToString());
    }
}
