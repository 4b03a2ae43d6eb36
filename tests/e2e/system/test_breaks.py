#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kill -9 and cut wires at random moments while changes run: test_breaks.py BUILD. Afterwards the ledger's verdict is held
against what the directories hold, and against who wrote what how often. CAUSEWAY_SYSTEM_SECONDS: how long (README.md);
CAUSEWAY_SYSTEM_SEED: the acts of an earlier run."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import random
import signal
import sqlite3
import sys
import time
import urllib.parse
import uuid

import system as s
from directories import DISABLED
from system import FINAL, check, same, until

SECONDS = float(os.environ.get("CAUSEWAY_SYSTEM_SECONDS", "20"))
SEED = int(os.environ.get("CAUSEWAY_SYSTEM_SEED", str(random.SystemRandom().randrange(10**9))))
PEOPLE = 6  # who are changed at the same time
LOST = (OSError, http.client.HTTPException, json.JSONDecodeError)  # the bridge was killed under a request
PLACES = {"hybrid-dual": ("ad", "entra"), "hybrid-sync": ("ad", "entra"), "on-prem": ("ad",), "cloud": ("entra",)}


class Person:
    """A user, and what both directories must hold."""

    def __init__(self, system, sam, upn):
        self.system, self.sam, self.upn = system, sam, upn
        self.dn = system.ad.dn(sam)
        self.title, self.enabled, self.operations = None, True, []

    def hold(self):
        """What the directories hold: [title, enabled] of each."""
        ad = self.system.ad.user(self.sam, "title", "userAccountControl")
        entra = self.system.entra.user(self.upn, "jobTitle", "accountEnabled")
        return {"ad": [ad["title"], not int(ad["userAccountControl"]) & DISABLED],
                "entra": [entra["jobTitle"], entra["accountEnabled"]]}


class Change:
    """What is asked for one person; its id is made by the asker, so that asking again is safe."""

    def __init__(self, person, what, title=None):
        self.id, self.person, self.what, self.title = str(uuid.uuid4()), person, what, title
        self.sent = 0

    def ask(self):
        """Until the bridge has it, whatever happens to the bridge meanwhile."""
        system = self.person.system
        body = {"id": self.id, "change": self.what, "target": {"user": self.person.upn}}
        if self.title:
            body["set"] = {"jobTitle": self.title, "department": f"of {self.title}"}
        status = lasting(lambda: system.rest("POST", "/v1/tenants/lab/changes", body))[0]
        check(f"{self} is taken", status in (202, 409), status)

    def __repr__(self):
        return f"{self.what} {self.person.sam} {self.title or ''}"


class Command:
    """A write of one command: done once, or not, or nobody can tell."""

    def __init__(self, person, text):
        self.id, self.person, self.text = str(uuid.uuid4()), person, text

    def ask(self):
        body = {"id": self.id, "command": "Set-ADUser", "parameters": {"Identity": self.person.sam, "Description": self.text}}
        system = self.person.system

        def taken():
            status = lasting(lambda: system.rest("POST", "/v1/tenants/lab/commands", body))[0]
            return status in (202, 409) or status != 503 and check(f"{self} is taken", False, status)
        until(f"{self} is taken", taken)

    def __repr__(self):
        return f"Set-ADUser {self.text}"


def lasting(what):
    """what(), again for as long as the bridge is away."""
    answer = []

    def tried():
        with contextlib.suppress(*LOST):
            answer.append(what())
        return answer
    until("an answer of the bridge", tried)
    return answer[0]


# --- what is done to it: each leaves everything running or starting

def kill_bridge(system, rng):
    system.kill("bridge")
    time.sleep(rng.uniform(0, 0.2))
    system.start_bridge()


def kill_agent(system, rng):
    orphans = system.powershells()
    system.kill("agent")
    # What it ran is over, or the directory could change after it was read to settle what became of it.
    until("the end of its PowerShells", lambda: not any(s.is_alive(pid) for pid in orphans))
    time.sleep(rng.uniform(0, 0.2))
    system.start_agent(wait=False)


def kill_both(system, rng):
    for name in rng.sample(("bridge", "agent"), 2):
        system.kill(name)
    system.start_agent(wait=False)
    system.start_bridge()


def stop_bridge(system, rng):
    """In good order, as for an update."""
    system.stop_program("bridge")
    system.start_bridge()


def stop_agent(system, rng):
    system.stop_program("agent")
    system.start_agent(wait=False)


def kill_powershells(system, rng):
    pids = system.powershells()
    for pid in rng.sample(pids, rng.randint(1, len(pids))) if pids else []:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def cut_wire(system, rng):
    system.wire.cut()


def silent_wire(system, rng):
    """Everything is sent, nothing arrives; then the connection breaks."""
    system.wire.hold()
    time.sleep(rng.uniform(0, 0.2))
    system.wire.cut()
    system.wire.release()


def lose_graph(system, rng):
    """Graph hangs up, or says that it is not well: before it did what it was asked for, or after."""
    how = rng.choice(({"drop": True}, {"status": 503}, {"status": 429, "headers": {"Retry-After": "1"}}))
    system.entra.fault(method=rng.choice(("GET", "PATCH")), when=rng.choice(("before", "after")), count=rng.randint(1, 3), **how)


ACTS = (kill_bridge, kill_agent, kill_powershells, cut_wire, kill_both, silent_wire, lose_graph, stop_bridge, stop_agent)


# --- a round

def plan(rng, mode, people, number):
    """A list of changes for each person: they are asked for one after the other, the lists side by side."""
    lists = []
    for i, person in enumerate(people):
        changes = []
        for k in range(rng.randint(1, 2)):
            kinds = ["user.update"] * 3 + (["user.disable"] if person.enabled and not k else []) + \
                (["user.enable"] if not person.enabled else []) + (["password.reset"] if person.enabled else [])
            kind = rng.choice(kinds)
            changes.append(Change(person, kind, f"Round {number}.{i}.{k}" if kind == "user.update" else None))
            person.enabled = {"user.disable": False, "user.enable": True}.get(kind, person.enabled)
            person.title = changes[-1].title or person.title
        if mode != "cloud" and rng.random() < 0.5:
            changes.append(Command(person, f"Command {number}.{i}"))
        lists.append(changes)
    return lists


def ask_all(changes):
    for change in changes:
        change.ask()


def judge(system, mode, people, lists, ad_mark, exchanges):
    """The ledger's verdicts against the directories."""
    places = PLACES[mode]
    writes = system.ad.writes(ad_mark)
    for person, changes in zip(people, lists):
        for change in changes:
            op = lasting(lambda c=change: system.show(c.id))
            mine = [w for w in writes if w.done and w.whom.lower() == person.dn.lower()]
            if isinstance(change, Command):
                count = len([w for w in mine if w.values.get("description") == change.text])
                want = {"succeeded": (1,), "failed": (0,), "unknown": (0, 1)}[op.state]
                check(f"{change}: {op.state}, done {count} times", count in want, op)
                continue
            check(f"{change} succeeded", op.state == "succeeded", op)
            if change.title and "ad" in places:
                same(f"{change}: writes to Active Directory", len([w for w in mine if w.values.get("title") == change.title]), 1)
        for kind, enabled in (("user.disable", False), ("user.enable", True)):
            asked = len([c for c in changes if isinstance(c, Change) and c.what == kind])
            flags = [w.values["userAccountControl"] for w in mine if "userAccountControl" in w.values]
            if "ad" in places:
                same(f"{kind} {person.sam}: writes", len([f for f in flags if bool(int(f) & DISABLED) != enabled]), asked)
        held = person.hold()
        for place in places:
            same(f"{person.sam} in {place}", held[place], [person.title, person.enabled])
        if any(isinstance(c, Change) and c.what == "password.reset" for c in changes) and person.enabled:
            judge_password(system, person, places, mode, exchanges)


def judge_password(system, person, places, mode, exchanges):
    """The same new password everywhere, and that it must be changed."""
    if "ad" in places:
        same(f"{person.sam} must change the password", system.ad.user(person.sam, "pwdLastSet")["pwdLastSet"], "0")
    if "entra" not in places or mode == "hybrid-sync":
        return
    whom = system.entra.user(person.upn, "id")["id"]
    sent = [json.loads(e.body)["passwordProfile"] for e in exchanges
            if b"passwordProfile" in e.body and urllib.parse.unquote(e.path).endswith((whom, person.upn))]
    if not check(f"{person.sam} got a password", sent and sent[-1]["forceChangePasswordNextSignIn"]):
        return
    password = sent[-1]["password"]
    check(f"{person.sam} in Entra ID has the last password", system.entra.has_password(person.upn, password))
    if "ad" in places:
        same(f"{person.sam} in Active Directory has the same", system.ad.binds(person.sam, password), "must change")


def deal(rng):
    """One act or two for each round; all had their turn before one comes again."""
    deck = []
    while True:
        deck = deck if len(deck) > 1 else deck + rng.sample(ACTS, len(ACTS))
        yield [deck.pop(0) for _ in range(rng.randint(1, 2))]


def one_round(system, rng, acts, mode, people, number):
    title = f"round {number}, {mode}: {', '.join(a.__name__.replace('_', ' ') for a in acts)}"
    ad_mark, exchanges_before = system.ad.mark(), len(system.graph.exchanges)
    lists = plan(rng, mode, people, number)
    began, failed = time.monotonic(), s.failed
    with concurrent.futures.ThreadPoolExecutor(len(people)) as pool:
        asked = [pool.submit(ask_all, changes) for changes in lists]
        for act in acts:
            time.sleep(rng.uniform(0, 0.5 if mode != "hybrid-sync" else 0.9))  # the random moment
            act(system, rng)
        for a in asked:
            a.result()
    for change in (c for changes in lists for c in changes):
        until(f"the end of {change} in {title}", lambda c=change: lasting(lambda: system.show(c.id)).state in FINAL, pause_s=0.03)
    system.entra.no_faults()
    judge(system, mode, people, lists, ad_mark, system.graph.exchanges[exchanges_before:])
    print(f"{title}: {sum(map(len, lists))} operations, {time.monotonic() - began:.1f} s", flush=True)
    if s.failed > failed:
        print(f"FAILED in {title}; CAUSEWAY_SYSTEM_SEED={SEED}", file=sys.stderr)


def pairs(system):
    """People of both directories without synchronisation."""
    found = []
    for i in range(PEOPLE):
        system.ad.add_user(f"pair{i}", "OU=Cloud Pairs", userPrincipalName=f"pair{i}@lab.test")
        system.entra.add_user(f"pair{i}@lab.test")
        found.append(Person(system, f"pair{i}", f"pair{i}@lab.test"))
    return found


def synchronised(system):
    users = system.ad.search("(&(objectClass=user)(userPrincipalName=*))", "sAMAccountName", "userPrincipalName", "title",
                             "userAccountControl", base=f"OU=Engineering,OU=Staff,{system.ad.base}")
    users = [u for u in users if not int(u["userAccountControl"][0]) & DISABLED][:PEOPLE]
    found = [Person(system, u["sAMAccountName"][0], u["userPrincipalName"][0]) for u in users]
    for person, user in zip(found, users):
        person.title = user["title"][0]
    return found


def test_random_breaks(system):
    print(f"seed {SEED}, {SECONDS:g} s", flush=True)
    rng = random.Random(SEED)
    people = {"pairs": pairs(system), "synchronised": synchronised(system)}
    end, number, deals = time.monotonic() + SECONDS, 0, deal(rng)
    modes = ["hybrid-dual"] * 3 + ["hybrid-sync", "on-prem", "cloud"]
    while number == 0 or time.monotonic() < end:
        mode = modes[number % len(modes)]
        whom = people["synchronised" if mode == "hybrid-sync" else "pairs"]
        system.mode(mode)
        for person in whom:  # what the last mode left alone in the other directory
            person.title, person.enabled = person.hold()[PLACES[mode][0]]
        if mode == "hybrid-dual":
            for person in whom:
                system.entra.set(person.upn, jobTitle=person.title, accountEnabled=person.enabled)
        one_round(system, rng, next(deals), mode, whom, number)
        number += 1


def test_agent_comes_late(system):
    """A change that waits for a role goes on when an agent serves it, which is long after its hello."""
    system.mode("on-prem")
    system.kill("agent")
    operation = system.begin("user.update", user="pair0@lab.test", jobTitle="Late")
    system.start_agent(wait=False)
    until("the agent serves its roles", system.ready_agent)
    began = time.monotonic()
    same("a change that waited", system.ended(operation).state, "succeeded")
    check("and not for long", time.monotonic() - began < 10, f"{time.monotonic() - began:.1f} s after its agent was ready")


def test_nothing_is_left(system):
    """Every operation has ended, and in the agent's journal nothing runs any more."""
    for state in ("queued", "running"):
        same(f"operations that are {state}", system.rest("GET", f"/v1/operations?state={state}")[1]["operations"], [])
    with contextlib.closing(sqlite3.connect(f"file:{system.home}/agent/journal.db?mode=ro", uri=True)) as db:
        same("commands that run", db.execute("SELECT id FROM command WHERE state = 1").fetchall(), [])


sys.exit(s.run("breaks", s.System(os.path.realpath(sys.argv[1]), "hybrid-dual", through=True),
               [test_random_breaks, test_agent_comes_late, test_nothing_is_left]))
