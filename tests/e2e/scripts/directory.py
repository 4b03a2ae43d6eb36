# SPDX-License-Identifier: Apache-2.0
"""What has changed in the lab's directory: every object, every attribute, found by the server's own counter of changes.

Reads the database of the lab's running Samba, so that nothing is hidden and no logon is counted.
"""

import re
import time

import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

# What every write changes, or what differs from lab to lab.
VOLATILE = {"uSNChanged", "uSNCreated", "whenChanged", "whenCreated", "objectGUID", "objectSid", "distinguishedName", "dSCorePropagationData",
            "replPropertyMetaData", "instanceType", "memberOf", "directReports", "managedObjects", "lastKnownParent", "isRecycled",
            "replUpToDateVector", "repsFrom", "repsTo", "parentGUID", "name", "cn", "ou", "badPwdCount", "badPasswordTime",
            "logonCount", "lastLogon"}
SECRET = {"unicodePwd", "dBCSPwd", "ntPwdHistory", "lmPwdHistory", "supplementalCredentials"}
TIMES = {"pwdLastSet", "lockoutTime", "accountExpires", "lastLogonTimestamp"}
# The server's own book-keeping, which goes on by itself.
UNWATCHED = ("CN=RID Set,", "CN=RID Manager$,", "CN=Infrastructure,")
GUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I)
SID = re.compile(r"S-1-5-21-\d+-\d+-\d+-\d{4,}")
DOMAIN_SID = re.compile(r"S-1-5-21-\d+-\d+-\d+\b")
BASE = "DC=lab,DC=test"


def plain(text):
    """Without what differs from lab to lab."""
    return GUID.sub("GUID", DOMAIN_SID.sub("S-DOMAIN", SID.sub("SID", text)))


def _filetime(value):
    number = int(value)
    if number in (0, 2**63 - 1, -1):
        return {0: "0", -1: "-1"}.get(number, "never")
    seconds = number / 10_000_000 - 11644473600
    if abs(seconds - time.time()) < 3600:
        return "now"
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _text(name, value):
    if name in SECRET:
        return "(secret)"
    if name in TIMES:
        return _filetime(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return "hex:" + value.hex()
    return plain(text) if text.isprintable() or "\r" in text or "\n" in text else "hex:" + value.hex()


def _values(name, element):
    """A secret's values are told apart, but not shown."""
    if name == "nTSecurityDescriptor":
        sddl = ndr_unpack(security.descriptor, element[0]).as_sddl()
        return sorted(plain(ace) for ace in re.findall(r"\([^)]*\)|^O:[^:]*G:[^:(]*", sddl))
    return sorted(_text(name, value) for value in element)


def _guarded(entry):
    """A new object's access list is the schema's, but for who guarded it from deletion."""
    return {"nTSecurityDescriptor": [ace for ace in entry.attributes.get("nTSecurityDescriptor", []) if ace.startswith("(D;")]}


class Entry:
    def __init__(self, message):
        self.dn = str(message.dn)
        self.deleted = "isDeleted" in message
        self.attributes = {}
        self.raw = {}
        for name, element in message.items():
            if name == "dn" or name in VOLATILE:
                continue
            values = [bytes(value) for value in element]
            self.raw[name] = sorted(values)
            self.attributes[name] = _values(name, values)


class Directory:
    def __init__(self, state):
        """state: the lab's folder."""
        lp = LoadParm()
        lp.load(f"{state}/ad/etc/smb.conf")
        self.samdb = SamDB(lp.private_path("sam.ldb"), session_info=system_session(lp), lp=lp)
        self.entries = {}
        self.usn = -1

    def _search(self, expression):
        return self.samdb.search(BASE, ldb.SCOPE_SUBTREE, expression, ["*", "nTSecurityDescriptor", *SECRET],
                                 controls=["show_recycled:1", "sd_flags:1:5"])

    def _highest(self):
        return int(self.samdb.search("", ldb.SCOPE_BASE, attrs=["highestCommittedUSN"])[0]["highestCommittedUSN"][0])

    def look(self):
        """What is there now is what the next changes() starts from."""
        self.entries = {bytes(m["objectGUID"][0]): Entry(m) for m in self._search("(objectClass=*)")}
        self.usn = self._highest()

    def changes(self):
        """{distinguished name: what was done to it} since the last time, in words that are the same in every lab."""
        result = {}
        for message in self._search(f"(uSNChanged>={self.usn + 1})"):
            key = bytes(message["objectGUID"][0])
            was, now = self.entries.get(key), Entry(message)
            self.entries[key] = now
            if any(now.dn.startswith(prefix) for prefix in UNWATCHED):
                continue
            if was is None and now.deleted:
                result[now.dn] = "made and deleted"
            elif was is None:
                result[now.dn] = {"made": now.attributes | _guarded(now)}
            elif now.deleted and not was.deleted:
                result[was.dn] = "deleted"
            elif change := _difference(was, now):
                result[was.dn] = change
        self.usn = self._highest()
        return dict(sorted(result.items()))


def _difference(was, now):
    change = {} if was.dn == now.dn else {"dn": [f"-{was.dn}", f"+{now.dn}"]}
    for name in sorted(was.raw.keys() | now.raw.keys()):
        before, after = was.raw.get(name, []), now.raw.get(name, [])
        if before == after:
            continue
        old, new = was.attributes.get(name, []), now.attributes.get(name, [])
        if old == new:  # a secret, or a time that is now again
            change[name] = [f"-{v}" for v in old] + [f"+{v}" for v in new]
        else:
            change[name] = [f"-{v}" for v in old if v not in new] + [f"+{v}" for v in new if v not in old]
    return change
