#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fill.py SMB.CONF SECRETS: writes the lab's people into a provisioned domain's database, in one transaction.

No server runs meanwhile. SECRETS is a JSON file with the passwords: agent (svc-causeway) and user (everybody else).
"""

import json
import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

import people

NORMAL, DISABLED, NEVER_EXPIRES = 0x200, 0x2, 0x10000
GLOBAL_SECURITY = str(0x80000002 - (1 << 32))


class Filler:
    def __init__(self, samdb, secrets):
        self.samdb = samdb
        self.secrets = secrets
        self.base = samdb.domain_dn()

    def dn(self, name, *ous):
        dn = ldb.Dn(self.samdb, ",".join([f"OU={ou}" for ou in ous] + [self.base]))
        # Through the library: a name may hold a comma or a quote.
        child = ldb.Dn(self.samdb, "CN=x")
        child.add_base(dn)
        child.set_component(0, "CN", name)
        return child

    def add(self, dn, **attributes):
        self.samdb.add({"dn": dn, **{k: v for k, v in attributes.items() if v not in (None, [], "")}})

    def ou(self, *names):
        self.add(ldb.Dn(self.samdb, ",".join([f"OU={n}" for n in names] + [self.base])), objectClass="organizationalUnit")

    def user(self, dn, sam, password, control, attributes):
        self.add(dn, objectClass="user", sAMAccountName=sam, userAccountControl=str(control),
                 unicodePwd=f'"{password}"'.encode("utf-16-le"), **attributes)

    def run(self):
        everybody = people.people()
        for name in ("Staff", "Groups", "Service Accounts", "Cloud Pairs"):
            self.ou(name)
        for department in people.DEPARTMENTS:
            self.ou(department, "Staff")

        where = {}
        for number, person in enumerate(everybody, 1):
            path = (person["ou"],) if person["ou"] == "Cloud Pairs" else (person["ou"], "Staff")
            where[person["sam"]] = self.dn(person["cn"], *path)
            control = NORMAL | (DISABLED if number % 40 == 0 else 0)
            self.user(where[person["sam"]], person["sam"], self.secrets["user"], control, person["attributes"])
        for person in everybody:
            if person["manager"]:
                self.link(where[person["sam"]], "manager", [where[person["manager"]]])

        groups = {name: self.dn(name, "Groups") for name in people.GROUPS}
        for name, (description, mail) in people.GROUPS.items():
            nick = name.replace(" ", "").lower()
            self.add(groups[name], objectClass="group", sAMAccountName=name, displayName=name, description=description,
                     groupType=GLOBAL_SECURITY, mail=f"{nick}@{people.DOMAIN}" if mail else None, managedBy=str(where["grace"]))
        for name, sams in people.members(everybody).items():
            inside = [where[sam] for sam in sorted(sams)] + [groups[g] for g in people.NESTED.get(name, ())]
            self.link(groups[name], "member", inside)

        agent = self.dn("svc-causeway", "Service Accounts")
        self.user(agent, "svc-causeway", self.secrets["agent"], NORMAL | NEVER_EXPIRES,
                  {"userPrincipalName": f"svc-causeway@{people.DOMAIN}", "displayName": "Causeway agent",
                   "description": "What the agent's PowerShell binds as"})
        self.link(ldb.Dn(self.samdb, f"CN=Domain Admins,CN=Users,{self.base}"), "member", [agent])

    def link(self, dn, attribute, targets):
        if not targets:
            return
        message = ldb.Message(dn)
        message[attribute] = ldb.MessageElement([str(t) for t in targets], ldb.FLAG_MOD_ADD, attribute)
        self.samdb.modify(message)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: fill.py SMB.CONF SECRETS")
    lp = LoadParm()
    lp.load(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        secrets = json.load(file)
    samdb = SamDB(lp.private_path("sam.ldb"), session_info=system_session(lp), lp=lp)
    samdb.transaction_start()
    try:
        Filler(samdb, secrets).run()
    except BaseException:
        samdb.transaction_cancel()
        raise
    samdb.transaction_commit()


if __name__ == "__main__":
    main()
