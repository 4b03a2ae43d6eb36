# SPDX-License-Identifier: Apache-2.0
"""Between a plan and its apply the world is changed, or the plan is: what was approved is applied to what was meant, or not at all."""

import copy
import hashlib
import json
import pathlib
import uuid

import ldb

import run as scripts

TEAM = "OU=swap,OU=Corpus,DC=lab,DC=test"
ANN = f"CN=Ann Swap,{TEAM}"
ADMIN = "CN=Administrator,CN=Users,DC=lab,DC=test"
BEN = f"CN=Ben Swap,{TEAM}"
TITLE = "Set-ADUser swap.ann -Title Planned"


def modify(samdb, dn, **attributes):
    message = ldb.Message(ldb.Dn(samdb, dn))
    for name, value in attributes.items():
        message[name] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, name)
    samdb.modify(message)


def recreate(samdb):
    """Another object under the same names."""
    samdb.delete(ANN)
    samdb.add({"dn": ANN, "objectClass": "user", "sAMAccountName": "swap.ann", "title": "Team Lead"})


def admin(dn, flag):
    """Puts it into Domain Admins (ldb.FLAG_MOD_ADD), or out of it."""
    def change(samdb):
        message = ldb.Message(ldb.Dn(samdb, "CN=Domain Admins,CN=Users,DC=lab,DC=test"))
        message["member"] = ldb.MessageElement(dn, flag, "member")
        samdb.modify(message)
    return change


def name(samdb, dn, account):
    modify(samdb, dn, sAMAccountName=account, userPrincipalName=account + "@lab.test")


def exchange(ann, ben):
    """Two change their account names with each other."""
    def change(samdb):
        name(samdb, ANN, "swap.x")
        name(samdb, BEN, ben)
        name(samdb, ANN, ann)
    return change


# name, script, what happens in between, whether it may be applied (to nobody but whom it was meant for) or has to be, how to undo
WORLD = [
    ("nothing happens", TITLE, lambda s: None, "must", lambda s: None),
    ("the target is renamed", TITLE, lambda s: s.rename(ANN, f"CN=Other,{TEAM}"), "may", lambda s: s.rename(f"CN=Other,{TEAM}", ANN)),
    ("the target is moved", TITLE, lambda s: s.rename(ANN, f"CN=Ann Swap,OU=Old,{TEAM}"), "may",
     lambda s: s.rename(f"CN=Ann Swap,OU=Old,{TEAM}", ANN)),
    ("two have exchanged their names", TITLE, exchange("swap.ben", "swap.ann"), "may", exchange("swap.ann", "swap.ben")),
    ("the value is another by now", TITLE, lambda s: modify(s, ANN, title="Changed by somebody"), "not", lambda s: None),
    ("the target has got power", TITLE, admin(ANN, ldb.FLAG_MOD_ADD), "not", admin(ANN, ldb.FLAG_MOD_DELETE)),
    ("a group has got power", "Add-ADGroupMember swap-empty -Members swap.fay",
     admin(f"CN=swap-empty,{TEAM}", ldb.FLAG_MOD_ADD), "not", admin(f"CN=swap-empty,{TEAM}", ldb.FLAG_MOD_DELETE)),
    ("the target is another under the same name", TITLE, recreate, "not", lambda s: None),
    ("the target is gone", "Set-ADUser swap.cai -Title Planned", lambda s: s.delete(f"CN=Cai Swap,{TEAM}"), "not", lambda s: None),
]


def canonical(value):
    """RFC 8785, for what is in a plan."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def seal(plan):
    rest = {k: v for k, v in plan.items() if k != "hash"}
    plan["hash"] = hashlib.sha256(canonical(rest).encode()).hexdigest()
    return plan


def _entry(change):
    def forge(plan):
        change(plan["entries"][0])
        return seal(plan)
    return forge


def _plan(**members):
    def forge(plan):
        plan.update(members)
        return seal(plan)
    return forge


def _unsealed(plan):
    plan["entries"][0]["parameters"]["Title"] = "Another"
    return plan


# name, what is done to the plan; none of them may change anything
FORGED = [
    ("a value is another, the hash is not", _unsealed),
    ("another tenant's", _plan(tenant=str(uuid.uuid4()))),
    ("another agent's", _plan(agent=str(uuid.uuid4()))),
    ("another controller's", _plan(domain_controller="evil.example")),
    ("another catalogue's", _plan(catalogue="0" * 16)),
    ("it has expired", _plan(expires="2020-01-01T00:00:00.000Z")),
    ("another format", _plan(format=2)),
    ("an approximate one", _plan(approximate=True)),
    ("a member that there is not", _plan(approved=True)),
    ("its target is the administrator", _entry(lambda e: e["target"].update(dn=ADMIN))),
    ("its command is another", _entry(lambda e: e.update(command="Remove-ADUser"))),
    ("its command is script text", _entry(lambda e: e.update(command="Remove-ADUser ada #"))),
    ("its parameter is delegation", _entry(lambda e: e["parameters"].update(TrustedForDelegation=True))),
    ("its parameter is a server", _entry(lambda e: e["parameters"].update(Server="evil.example"))),
    ("its identity is a name", _entry(lambda e: e["parameters"].update(Identity="ada"))),
    ("its identity is a pattern", _entry(lambda e: e["parameters"].update(Identity="*"))),
    ("its class is another", _entry(lambda e: e["target"].update({"class": "computer"}))),
    ("its values before are others", _entry(lambda e: e.update(before={"title": ["Never"]}))),
    ("its entries are numbered otherwise", _entry(lambda e: e.update(entry=7))),
    ("an entry twice", lambda p: seal(p | {"entries": p["entries"] + copy.deepcopy(p["entries"])})),
    ("no entries but slots", lambda p: seal(p | {"entries": [], "slots": [{"slot": 1, "entry": 1, "parameter": "NewPassword"}]})),
]


def _make(runner, text):
    kept = pathlib.Path(runner.folder.name) / "plan.json"
    kept.unlink(missing_ok=True)
    runner.file.write_text(text, encoding="utf-8")
    _, result = scripts.causewayctl("plan", "--json", "--out", str(kept), str(runner.file))
    if not kept.exists():
        return None, f"no plan: {json.dumps(result)[:300]}"
    return kept, None


def run(runner):
    samdb = runner.lab.samdb
    for case, text, between, who, undo in WORLD:
        before = samdb.search(ANN, ldb.SCOPE_BASE, attrs=["objectGUID"])
        meant = bytes(before[0]["objectGUID"][0])
        kept, wrong = _make(runner, text)
        runner.check(f"plan, before: {case}", wrong)
        if wrong:
            continue
        between(samdb)
        runner.lab.changes()
        _, result = scripts.causewayctl("apply", "--json", str(kept))
        planned = samdb.search(TEAM, ldb.SCOPE_SUBTREE, "(title=Planned)", attrs=["objectGUID"])
        applied = result["state"] == "done"
        wrong = None
        if any(bytes(m["objectGUID"][0]) != meant for m in planned):
            wrong = "it was applied to another one"
        elif applied and who == "not":
            wrong = "it was applied"
        elif not applied and who == "must":
            wrong = f"it was not applied: {json.dumps(result)[:400]}"
        runner.check(f"applied to who was meant, or not: {case}", wrong, TEAM if applied and who != "not" else "")
        for m in planned:
            modify(samdb, str(m.dn), title="Team Lead")
        undo(samdb)
        runner.lab.changes()

    kept, wrong = _make(runner, "Set-ADUser swap.dee -Title Planned")
    runner.check("a plan to forge", wrong)
    if wrong:
        return
    plan = json.loads(kept.read_text(encoding="utf-8"))
    for name, forge in FORGED:
        kept.write_text(json.dumps(forge(copy.deepcopy(plan))), encoding="utf-8")
        _, result = scripts.causewayctl("apply", "--json", str(kept))
        runner.check(f"a forged plan: {name}", None if result["state"] != "done" else "it was applied")
    kept.write_text(json.dumps(plan), encoding="utf-8")
    _, result = scripts.causewayctl("apply", "--json", str(kept))
    runner.check("the plan as it was", None if result["state"] == "done" else json.dumps(result)[:300], TEAM)
    _, result = scripts.causewayctl("apply", "--json", str(kept))
    runner.check("the plan a second time", None if result["state"] != "done" else "it was applied twice")
