# SPDX-License-Identifier: Apache-2.0
"""Teams for scripts to work on: OU=NAME,OU=Corpus with the same cast in each, so that no script meets another one's traces.

Written into the database of the lab's running Samba, past LDAP: passwords that never met the policy, logons long ago.
"""

import calendar
import time

CORPUS = "OU=Corpus,DC=lab,DC=test"
FILETIME_EPOCH = 11644473600
NORMAL, DISABLED, NEVER_EXPIRES, COMPUTER = 0x200, 0x2, 0x10000, 0x1000
GLOBAL_SECURITY, GLOBAL_LIST = -2147483646, 2


def filetime(year, month=1, day=1):
    return str((calendar.timegm((year, month, day, 0, 0, 0)) + FILETIME_EPOCH) * 10_000_000)


# account: common name, attributes; {t} is the team, {T} the team with a capital letter.
CAST = {
    "ann": ("Ann {T}", {
        "givenName": "Ann", "sn": "{T}", "displayName": "Ann {T}", "title": "Team Lead", "department": "{T} Team",
        "company": "Lab Test Ltd", "physicalDeliveryOfficeName": "London 1.01", "l": "London", "c": "GB", "co": "United Kingdom",
        "telephoneNumber": "(020) 7946-0001", "mobile": "+44 7700 900001", "employeeID": "{t}-001", "mail": "{t}.ann@lab.test",
        "proxyAddresses": ["SMTP:{t}.ann@lab.test", "smtp:ann@{t}.lab.test"]}),
    "ben": ("Ben {T}", {
        "givenName": "Ben", "sn": "{T}", "displayName": "Ben {T}", "title": "engineer", "department": "{T} Team", "manager": "ann",
        "company": "Lab Test", "l": "london", "telephoneNumber": "020 7946 0002", "mobile": "07700 900 002", "employeeID": "{t}-002",
        "mail": "Ben@{t}.lab.test", "info": "asset: LT-1002\r\nbadge: 77"}),
    "cai": ("Cai {T}", {
        "givenName": "Cai", "sn": "{T}", "displayName": "Cai {T}", "title": "Engineer", "department": "{T} Team", "manager": "ann",
        "description": "left 2025-11-03", "employeeID": "{t}-003"}),
    "dee": ("Dee {T}", {
        "givenName": "Dee", "sn": "{T}", "displayName": "Dee {T}", "title": "Sr. Engineer", "department": "{T} Team", "manager": "ben",
        "description": "temp until 2027-01-31", "employeeType": "Contractor", "accountExpires": filetime(2027, 1, 31),
        "telephoneNumber": "+44 20 7946 0004"}),
    "eli": ("Eli {T}", {
        "givenName": "Eli", "sn": "{T}", "displayName": "{T}, Eli", "title": "Trainee", "department": "{T} team", "manager": "ben",
        "accountExpires": filetime(2020, 1, 31), "employeeType": "Contractor"}),
    "fay": ("Fay {T}", {"givenName": " fay", "sn": "{T}", "l": "Berlin", "c": "DE"}),
    "svc": ("{t}.svc", {
        "lockoutTime": "now",
        "description": "runs the {t} application", "servicePrincipalName": ["HTTP/{t}.lab.test", "HTTP/{t}"]}),
}
CONTROL = {"cai": NORMAL | DISABLED, "dee": NORMAL | NEVER_EXPIRES, "svc": NORMAL | NEVER_EXPIRES}
GROUPS = {  # sAMAccountName without the team: (description, groupType, members)
    "staff": ("Everybody in {t}", GLOBAL_SECURITY, ("ann", "ben", "cai", "dee")),
    "vpn": ("Dial in", GLOBAL_SECURITY, ("cai", "eli")),
    "all": ("Staff and guests", GLOBAL_SECURITY, ("-staff", "-vpn", "fay")),
    "news": ("Newsletter", GLOBAL_LIST, ("ann", "fay")),
    "empty": ("TODO", GLOBAL_SECURITY, ()),
}
COMPUTERS = {
    "PC1": {"operatingSystem": "Windows 10 Pro", "operatingSystemVersion": "10.0 (19045)", "lastLogonTimestamp": filetime(2021, 3, 1)},
    "PC2": {"operatingSystem": "Windows 11 Pro", "operatingSystemVersion": "10.0 (22631)", "lastLogonTimestamp": filetime(2026, 11, 2)},
    "SRV": {"operatingSystem": "Windows Server 2019", "operatingSystemVersion": "10.0 (17763)"},
}


def create(samdb, names):
    """Adds the teams, in one transaction."""
    with_transaction(samdb, lambda: [samdb.add({"dn": CORPUS, "objectClass": "organizationalUnit"})] + [_team(samdb, n) for n in names])


def with_transaction(samdb, work):
    samdb.transaction_start()
    try:
        work()
    except BaseException:
        samdb.transaction_cancel()
        raise
    samdb.transaction_commit()


def _fill(value, team):
    if isinstance(value, list):
        return [_fill(v, team) for v in value]
    return value.replace("{t}", team).replace("{T}", team.capitalize())


def _team(samdb, team):
    base = f"OU={team},{CORPUS}"
    for dn in (base, f"OU=Old,{base}", f"OU=Disabled,{base}"):
        samdb.add({"dn": dn, "objectClass": "organizationalUnit"})
    where = {}
    for account, (cn, attributes) in CAST.items():
        where[account] = f"CN={_fill(cn, team)},{base}"
        values = {name: _fill(value, team) for name, value in attributes.items() if name not in ("manager", "lockoutTime")}
        if "manager" in attributes:
            values["manager"] = where[attributes["manager"]]
        if "lockoutTime" in attributes:
            values["lockoutTime"] = str((int(time.time()) + FILETIME_EPOCH) * 10_000_000)
        # Without a password, which takes the server long to make; the server itself may do that.
        samdb.add({"dn": where[account], "objectClass": "user", "sAMAccountName": f"{team}.{account}",
                   "userPrincipalName": f"{team}.{account}@lab.test", "pwdLastSet": "-1",
                   "userAccountControl": str(CONTROL.get(account, NORMAL)), **values})
    for name, (description, kind, members) in GROUPS.items():
        where["-" + name] = f"CN={team}-{name},{base}"
        message = {"dn": where["-" + name], "objectClass": "group", "sAMAccountName": f"{team}-{name}", "groupType": str(kind),
                   "description": _fill(description, team)}
        if members:
            message["member"] = [where[m] for m in members]
        samdb.add(message)
    for name, attributes in COMPUTERS.items():
        samdb.add({"dn": f"CN={team}-{name},{base}", "objectClass": "computer", "sAMAccountName": f"{team}-{name}$",
                   "dNSHostName": f"{team}-{name}.lab.test".lower(), "userAccountControl": str(COMPUTER), **attributes},
                  ["relax:0"])
