#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""laps.py SMB.CONF: adds to the schema what Microsoft's two LAPS add, before there are people. No server runs meanwhile.

Names, OIDs, syntaxes and search flags as in [MS-ADA2] and in Windows LAPS' schema reference; the old one's as its installer has them.
"""

import sys

from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

LEGACY = "1.2.840.113556.1.8000.2554.50051.45980.28112.18903.35903.6685103.1224907.2."
WINDOWS = "1.2.840.113556.1.6.44.1."
# The syntax, and its OM number ([MS-ADTS] 3.1.1.2.2.2).
PRINTABLE, LARGE, BYTES = ("2.5.5.5", 19), ("2.5.5.16", 65), ("2.5.5.10", 4)
CONFIDENTIAL = 904  # with: kept in tombstones, not replicated to read-only controllers, audited less
ATTRIBUTES = (
    # name, OID, syntax, one value, search flags
    ("ms-Mcs-AdmPwd", LEGACY + "1", PRINTABLE, True, CONFIDENTIAL),
    ("ms-Mcs-AdmPwdExpirationTime", LEGACY + "2", LARGE, True, 0),
    ("msLAPS-PasswordExpirationTime", WINDOWS + "1", LARGE, True, 0),
    ("msLAPS-Password", WINDOWS + "2", PRINTABLE, True, CONFIDENTIAL),
    ("msLAPS-EncryptedPassword", WINDOWS + "3", BYTES, True, CONFIDENTIAL),
    ("msLAPS-EncryptedPasswordHistory", WINDOWS + "4", BYTES, False, CONFIDENTIAL),
    ("msLAPS-EncryptedDSRMPassword", WINDOWS + "5", BYTES, True, CONFIDENTIAL),
    ("msLAPS-EncryptedDSRMPasswordHistory", WINDOWS + "6", BYTES, False, CONFIDENTIAL),
    ("msLAPS-CurrentPasswordVersion", WINDOWS + "7", BYTES, True, 0),
)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: laps.py SMB.CONF")
    lp = LoadParm()
    lp.load(sys.argv[1])
    lp.set("dsdb:schema update allowed", "yes")
    samdb = SamDB(lp.private_path("sam.ldb"), session_info=system_session(lp), lp=lp)
    schema = str(samdb.get_schema_basedn())
    for name, oid, (syntax, om), single, flags in ATTRIBUTES:
        samdb.add({"dn": f"CN={name.replace('msL', 'ms-L')},{schema}", "objectClass": "attributeSchema", "lDAPDisplayName": name,
                   "attributeID": oid, "attributeSyntax": syntax, "oMSyntax": str(om), "isSingleValued": str(single).upper(),
                   "searchFlags": str(flags)})
    samdb.set_schema_update_now()
    may = "".join(f"mayContain: {row[0]}\n" for row in ATTRIBUTES)
    samdb.modify_ldif(f"dn: CN=Computer,{schema}\nchangetype: modify\nadd: mayContain\n{may}")
    samdb.set_schema_update_now()


if __name__ == "__main__":
    main()
