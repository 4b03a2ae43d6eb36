#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every change in one identity mode, for every kind of user it knows: test_changes.py BUILD MODE [WORD...]. What came of it is
read in the directories, and so is how often and in which order they were written."""
import os
import sys

import system as s
from directories import DISABLED
from system import check, same, says

MODE = sys.argv.pop(2)
PEOPLE = "OU=Cloud Pairs"

# Graph's name: Active Directory's, and a value that somebody who builds filters, paths or scripts from text would regret.
PROPERTIES = {
    "jobTitle": ("title", 'Leiterin "Brücken" & Straßen'),
    "department": ("department", "R&D, O'Brien's (*)|!=<>\\28"),
    "displayName": ("displayName", "Lovelace, Ada \\ Countess; CN=x"),
    "givenName": ("givenName", "Zoë 𝄞"),
    "surname": ("sn", "d'Arcy-Müller"),
    "companyName": ("company", "100% #1 + Söhne / Co?"),
    "officeLocation": ("physicalDeliveryOfficeName", "$env:PATH `whoami` $(id) @{x=1}"),
    "streetAddress": ("streetAddress", "Straße 1,  2. Hof <links>"),
    "city": ("l", "東京"),
    "state": ("st", "_x0041_\u00a0\ufffe"),
    "postalCode": ("postalCode", "@D-10117"),
    "country": ("co", "Côte d'Ivoire"),
    "mobilePhone": ("mobile", "+49 (30) 2093-0"),
    "businessPhones": ("telephoneNumber", "+49 30 2093;ext=4"),
    "faxNumber": ("facsimileTelephoneNumber", "=1+1"),
    "employeeId": ("employeeID", "-00*7(x)"),
    "usageLocation": (None, "DE"),
}
LIMITS = {"jobTitle": 128, "department": 64, "displayName": 256, "givenName": 64, "surname": 64, "companyName": 64,
          "officeLocation": 128, "streetAddress": 1024, "city": 128, "state": 128, "postalCode": 40, "country": 128,
          "mobilePhone": 64, "businessPhones": 64, "faxNumber": 64, "employeeId": 16}
ALL = {name: value for name, (_, value) in PROPERTIES.items()}
LONGEST = {name: "𝄞" * (n // 2 - 1) + "äö" for name, n in LIMITS.items()}
CLEARED = {name: None for name in PROPERTIES if name != "displayName"}
# To Active Directory the same, to people not.
OTHER_CASE = {"jobTitle": "LEITERIN", "city": "BERLIN"}


def only(values, in_ad):
    return {n: v for n, v in values.items() if not in_ad or PROPERTIES[n][0]}


def as_graph(name, value):
    """A value as Graph gives it."""
    return value if name != "businessPhones" else [value] if value is not None else []


class User:
    """One user as a test sees it: where it is, what Causeway may write there, and what it may not touch."""

    def __init__(self, system, sam=None, upn=None, in_ad=True, in_entra=True, graph_writes=None, name=None, note=None):
        self.system, self.sam, self.upn = system, sam, upn
        self.in_ad, self.in_entra = in_ad, in_entra
        # Of all properties; in hybrid-sync Graph gets what lives in the cloud alone.
        self.graph_writes = graph_writes or (lambda values: bool(values) and in_entra)
        self.name = name or {"user": upn}
        self.note = note  # that every answer has
        self.id = system.entra.user(upn, "id")["id"] if upn and system.entra.user(upn) else None

    def change(self, what, **values):
        return self.system.change(what, **self.name, **values)

    def check_values(self, what, values):
        want = {PROPERTIES[n][0]: v for n, v in only(values, True).items()}
        if self.in_ad and want:
            same(f"{what}: in Active Directory", self.system.ad.user(self.sam, *want), want)
        if self.in_entra:
            want = {n: as_graph(n, v) for n, v in values.items()}
            same(f"{what}: in Entra ID", self.system.entra.user(self.id, *want), want)

    def others(self):
        """All of it that is not ours to change, as it stands."""
        ours = {ad.lower() for ad, _ in PROPERTIES.values() if ad} | {
            "whenchanged", "usnchanged", "useraccountcontrol", "pwdlastset", "lastlogontimestamp", "logoncount", "lastlogon",
            "badpwdcount", "badpasswordtime"}
        ad = self.system.ad.user(self.sam, "*") if self.sam else {}
        graph = next((u for u in self.system.entra.admin("GET", "/state?objects=true")["userObjects"] if u["id"] == self.id), {})
        theirs = set(PROPERTIES) | {"accountEnabled", "lastPasswordChangeDateTime", "signInSessionsValidFromDateTime",
                                    "onPremisesLastSyncDateTime", "passwordProfile"}
        return {k: v for k, v in ad.items() if k.lower() not in ours}, {k: v for k, v in graph.items() if k not in theirs}


def counted(user, what, *names, **values):
    """A change, and how often each directory was written for it."""
    ad, graph = user.system.ad.mark(), user.system.entra.mark()
    op = user.change(what, **values)
    check(f"{what} {names}", op.state == "succeeded" and op.done.status == 0, op)
    return op, len(user.system.ad.writes(ad)), len(user.system.entra.writes(graph))


def update(user, title, values):
    """The values, twice: the second time there is nothing to do."""
    values = values if user.in_entra else only(values, True)
    op, ad, graph = counted(user, "user.update", title, **values)
    user.check_values(title, values)
    same(f"{title}: writes", (ad, graph), (int(user.in_ad and bool(only(values, True))), int(user.graph_writes(values))))
    for place in ("ad", "entra"):
        held = only(values, place == "ad")
        if getattr(user, f"in_{place}") and held:
            same(f"{title}: said of {place}", {n: op.result[place]["after"].get(n) for n in held},
                 {n: as_graph(n, v) for n, v in held.items()})
    same(f"{title}: note", op.result.get("note"), user.note)
    _, ad, graph = counted(user, "user.update", f"{title}, again", **values)
    same(f"{title}: written again", (ad, graph), (0, 0))


def enable(user, what, enabled):
    before = int(user.system.ad.user(user.sam, "userAccountControl")["userAccountControl"]) if user.in_ad else 0
    _, ad, graph = counted(user, what)
    same(f"{what}: writes", (ad, graph), (int(user.in_ad), int(user.graph_writes({"accountEnabled": enabled}))))
    if user.in_ad:
        now = int(user.system.ad.user(user.sam, "userAccountControl")["userAccountControl"])
        same(f"{what}: the account's flags", now, before & ~DISABLED | (0 if enabled else DISABLED))
    if user.in_entra:
        same(f"{what}: in Entra ID", user.system.entra.user(user.id, "accountEnabled")["accountEnabled"], enabled)
    same(f"{what}: again", counted(user, what, "again")[1:], (0, 0))


def reset(user, in_entra=None):
    in_entra = user.in_entra if in_entra is None else in_entra
    op, ad, graph = counted(user, "password.reset")
    check("a password is printed", op.password is not None and len(op.password) == 20, op)
    same("places of the password", op.result.get("places"), ["ad"] * user.in_ad + ["entra"] * in_entra)
    same("writes of a password", (ad, graph), (2 * user.in_ad, int(in_entra)))
    if user.in_ad:
        same("the password in Active Directory", user.system.ad.binds(user.sam, op.password), "must change")
    if in_entra:
        check("the password in Entra ID", user.system.entra.has_password(user.upn, op.password))
    check("said in no event", op.password not in str(op.document), "")


def everything(user, **more):
    before = user.others()
    update(user, "all properties", ALL)
    update(user, "the longest values", LONGEST)
    update(user, "all but one are cleared", CLEARED)
    update(user, "small letters", {n: v.lower() for n, v in OTHER_CASE.items()})
    update(user, "capital letters", OTHER_CASE)
    enable(user, "user.disable", False)
    enable(user, "user.enable", True)
    reset(user, **more)
    same("the rest was left alone", user.others(), before)


def untouched(system, title, op, *parts, code=None):
    """Refused, and neither directory was written."""
    check(title, op.state == "failed" and op.done.status == 1, op)
    says(f"{title}: why", op.error, *parts, "Nothing was changed.")
    says(f"{title}: to the terminal", op.done.err, *parts)
    if code:
        same(f"{title}: code", op.code, code)


def refused(system, title, *parts, code=None, what="user.update", values=None, **name):
    ad, graph = system.ad.mark(), system.entra.mark()
    values = {"jobTitle": "Nobody"} if what == "user.update" and values is None else values or {}
    untouched(system, title, system.change(what, **name, **values), *parts, code=code)
    same(f"{title}: writes", (system.ad.writes(ad), system.entra.writes(graph)), ([], []))


def cloud_only(system, upn="charles@lab.test", **properties):
    system.entra.add_user(upn, usageLocation="GB", **properties)
    return upn


def ad_only(system, sam, **attributes):
    return system.ad.add_user(sam, PEOPLE, **attributes)


def strange(system, in_ad, in_entra):
    """Names that are filters, paths and queries, each beside one that they would hit if somebody took them for such."""
    names = ["$o'brien*/a#%41+&=?{}|~^!", "o'brien", "st*r", "%61da", "a.b+c=d", "x'or'1'eq'1"]
    decoys = ["$o'brienX/a#%41+&=?{}|~^!", "o'brienx", "star", "bda", "a.b%2Bc=d", "x"]
    for i, (name, decoy) in enumerate(zip(names, decoys)):
        for sam, upn in ((f"strange{i}", f"{name}@lab.test"), (f"decoy{i}", f"{decoy}@lab.test")):
            if in_ad:
                ad_only(system, sam, userPrincipalName=upn, title="before")
            if in_entra:
                system.entra.add_user(upn, jobTitle="before")
        user = User(system, f"strange{i}", f"{name}@lab.test", in_ad, in_entra)
        op = user.change("user.update", jobTitle=f"Title {i}")
        check(f"{name}", op.state == "succeeded", op)
        user.check_values(name, {"jobTitle": f"Title {i}"})
        User(system, f"decoy{i}", f"{decoy}@lab.test", in_ad, in_entra).check_values(decoy, {"jobTitle": "before"})
    if in_ad:
        sam = "o'malley(1)$-!#"
        ad_only(system, sam, userPrincipalName="malley@lab.test")
        if in_entra:
            system.entra.add_user("malley@lab.test")
        user = User(system, sam, "malley@lab.test", in_ad, in_entra, name={"sam": sam.upper()})
        op = user.change("user.update", jobTitle="by account")
        check("a strange account", op.state == "succeeded", op)
        user.check_values("a strange account", {"jobTitle": "by account"})
        refused(system, "a star for an account", "no user", sam="strange*", code="not_found")


# --- the modes

def test_cloud(system):
    everything(User(system, upn=cloud_only(system), in_ad=False))
    # In the directory too, which this tenant does not have.
    mark = system.ad.mark()
    user = User(system, upn="edsger@lab.test", in_ad=False)
    everything(user)
    same("Active Directory was left alone", system.ad.writes(mark), [])
    strange(system, False, True)
    refused(system, "synchronised", "is synchronised from Active Directory", user="ada@lab.test", code="conflict")
    refused(system, "nobody", "no user nobody@lab.test in Entra ID", user="nobody@lab.test", code="not_found")
    done = system.cli("change", "user.disable", "-t", "lab", "--sam", "ada")
    check("no account names", done.status == 1 and "has no Active Directory" in done.err, done)


def test_on_prem(system):
    mark = system.entra.mark()
    everything(User(system, "ada", "ada@lab.test", in_entra=False))
    # Without a sign-in name, and one whose password never expires.
    dn = ad_only(system, "nameless", title="before")
    everything(User(system, "nameless", in_entra=False, name={"sam": "nameless"}))
    system.ad.set(dn, userAccountControl="66048")
    op = system.change("password.reset", sam="nameless")
    check("never to be changed", op.state == "succeeded" and op.result["change_at_next_logon"] is False and
          system.ad.binds("nameless", op.password) == "yes" or "no userPrincipalName" in system.ad.binds("nameless", op.password), op)
    strange(system, True, False)
    same("Entra ID was not even asked", system.entra.requests(mark), [])
    refused(system, "nobody", "no user nobody@lab.test in Active Directory", user="nobody@lab.test", code="not_found")
    refused(system, "nobody's account", "no user nobody in Active Directory", sam="nobody", code="not_found")
    done = system.cli("change", "user.update", "-t", "lab", "--user", "ada@lab.test", "--set", "usageLocation=DE")
    check("a property of the cloud", done.status == 1 and "usageLocation lives in Entra ID" in done.err, done)


def test_hybrid_sync(system):
    everything(User(system, "ada", "ada@lab.test", graph_writes=lambda values: "usageLocation" in values), in_entra=False)
    everything(User(system, upn=cloud_only(system), in_ad=False, note="ad: not in Active Directory"))
    user = User(system, "alan", "alan@lab.test", name={"sam": "alan"}, graph_writes=lambda values: "usageLocation" in values)
    update(user, "by account", {"jobTitle": "Codebreaker"})
    # The sign-in name in the cloud need not be the one in the directory.
    refused(system, "not brought over", "Entra Connect has not brought it there", user="dora@lab.test", code="not_found")
    refused(system, "nobody", "none in Active Directory", user="nobody@lab.test", code="not_found")
    ad_only(system, "orphan", userPrincipalName="orphan@lab.test")
    refused(system, "in the directory alone", "Entra Connect has not brought it there", user="orphan@lab.test", code="not_found")
    system.cycles(stagingModeEnabled=True)
    refused(system, "a staging server", "staging mode", user="ada@lab.test", code="conflict")
    refused(system, "a staging server, and a property of the cloud", "staging mode", user="ada@lab.test", code="conflict",
            values={"jobTitle": "Nobody", "usageLocation": "FR"})
    system.cycles(schedulerSuspended=True)
    refused(system, "a suspended scheduler", "suspended", user="ada@lab.test", code="unavailable")
    # What needs no cycle goes all the same.
    update(user, "a suspended scheduler, and the cloud's own", {"usageLocation": "FR"})
    system.cycles()
    update(user, "afterwards", {"jobTitle": "Runner", "usageLocation": "GB"})


def test_hybrid_dual(system):
    everything(User(system, "dora", "dora@lab.test"))
    everything(User(system, "edsger", "edsger@lab.test", name={"sam": "EDSGER"}))
    strange(system, True, True)
    refused(system, "synchronised", "is synchronised from Active Directory", "mode hybrid-dual", user="ada@lab.test", code="conflict")
    refused(system, "synchronised: password", "is synchronised", what="password.reset", user="ada@lab.test", code="conflict")
    refused(system, "synchronised: disable", "is synchronised", what="user.disable", sam="ada", code="conflict")
    refused(system, "in the cloud alone", "no user charles@lab.test in Active Directory", user=cloud_only(system), code="not_found")
    ad_only(system, "orphan", userPrincipalName="orphan@lab.test")
    refused(system, "in the directory alone", "no user orphan@lab.test in Entra ID", "one in Active Directory",
            user="orphan@lab.test", code="not_found")
    ad_only(system, "nameless")
    refused(system, "without a sign-in name", "no userPrincipalName", sam="nameless", code="invalid_request")
    # Each directory has a part of it already: only the other is written.
    system.ad.set(system.ad.dn("dora"), title="Half")
    user = User(system, "dora", "dora@lab.test")
    same("one side has it", counted(user, "user.update", "half", jobTitle="Half")[1:], (0, 1))
    user.check_values("one side has it", {"jobTitle": "Half"})
    system.entra.set("dora@lab.test", jobTitle="Whole")
    same("the other has it", counted(user, "user.update", "whole", jobTitle="Whole")[1:], (1, 0))
    user.check_values("the other has it", {"jobTitle": "Whole"})


def test_values_that_are_refused(system):
    """Before anything is asked: of what is asked for. The same in every mode."""
    user = "edsger@lab.test" if MODE in ("cloud", "hybrid-dual") else "ada@lab.test"
    ad, graph = system.ad.mark(), system.entra.mark()
    for title, words, part in [
            ("no such property", ["jobtitle=x"], 'no property "jobtitle"'),
            ("a property of neither", ["mail=x@lab.test"], 'no property "mail"'),
            ("a flag", ["accountEnabled=@true"], 'no property "accountEnabled"'),
            ("too long", ["jobTitle=" + "x" * 129], "jobTitle has 129 characters, the limit is 128"),
            ("too long in UTF-16", ["department=" + "𝄞" * 32 + "x"], "department has 65 characters"),
            ("a number", ["jobTitle=@7"], "jobTitle must be a string"),
            ("an object", ['jobTitle=@{"x":1}'], "jobTitle must be a string"),
            ("empty", ['jobTitle=@""'], "jobTitle is empty"),
            ("a line end", ["jobTitle=a\nb"], "control character"),
            ("blank at the end", ["jobTitle=a "], "blank"),
            ("a wide blank at the end", ["jobTitle=a\u00a0"], "blank"),
            ("an ideographic blank in front", ["city=\u3000a"], "blank"),
            ("a line separator at the end", ["city=a\u2028"], "blank"),
            ("what cannot be cleared", ["displayName="], "displayName cannot be cleared"),
            ("two telephones", ['businessPhones=@["1","2"]'], "businessPhones takes one value"),
            ("a country by its name", ["usageLocation=Germany"], "usageLocation"),
            ("nothing", [], '"set" must be an object'),
    ]:
        if MODE == "on-prem" and words and words[0].startswith("usageLocation"):
            continue
        sets = [w for word in words for w in ("--set", word)]
        done = system.cli("change", "user.update", "-t", "lab", "--user", user, *sets)
        check(title, done.status == 1 and part in done.err, done)
    for title, words, part in [
            ("no such change", ["user.remove", "--user", user], 'no change "user.remove"'),
            ("no domain", ["user.disable", "--user", "ada"], "no sign-in name"),
            ("a control character", ["user.disable", "--user", "a\x07@lab.test"], "control character"),
            ("a set for what takes none", ["user.disable", "--user", user, "--set", "jobTitle=x"], 'takes no "set"')]:
        done = system.cli("change", *words, "-t", "lab")
        check(title, done.status == 1 and part in done.err, done)
    same("nothing was asked", (system.ad.writes(ad), system.entra.requests(graph)), ([], []))


TESTS = {"cloud": test_cloud, "on-prem": test_on_prem, "hybrid-sync": test_hybrid_sync, "hybrid-dual": test_hybrid_dual}
sys.exit(s.run(f"changes in {MODE}", s.System(os.path.realpath(sys.argv[1]), MODE), [TESTS[MODE], test_values_that_are_refused]))
