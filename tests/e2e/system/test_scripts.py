#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scripts and plans that stand at every point of their way when the bridge or the agent is killed, or the wire breaks: test_scripts.py
BUILD. First one of each is recorded, then each break meets one at every point. The ledger's verdict is held against the directory."""
import contextlib
import os
import sys
import threading
import uuid

import system as s
from cases import ACCEPTED, ANSWERED, ATTRIBUTES, MADE, METHODS, SENT, STATES, STOPPED, WRITES, Case, Local, Rig
from system import FINAL, check, same, until

HEARTBEAT_S = 2  # where silence is to be noticed
ATTRIBUTE_IDS = {"description": 0x0D, "title": 0x0C}  # [MS-ADTS] 3.1.1.2.6; those of the others differ from forest to forest


# --- first: what comes when

ORDER = {  # point: the operation in the ledger, its record in the agent's journal, those of its writes
    "script": [
        ("script.run 1", "running", None, {}),
        ("Get-ADUser begins 1", "running", "begun", {}),
        ("Get-ADObject ended 1", "running", "begun", {}),
        ("Set-ADUser begins 1", "running", "begun", {1: "begun"}),
        ("Set-ADUser ended 1", "running", "begun", {1: "begun"}),
        ("Get-ADObject begins 2", "running", "begun", {1: "done"}),
        ("Set-ADUser begins 2", "running", "begun", {1: "done", 2: "begun"}),
        ("answer script.run 1", "running", "done", {1: "done", 2: "done"}),
        ("command.forget 1", "succeeded", "done", {1: "done", 2: "done"}),
    ],
    "apply": [
        ("plan.apply 1", "running", None, {}),
        ("Get-ADObject begins 1", "running", "begun", {}),
        ("Set-ADUser begins 1", "running", "begun", {1: "begun"}),
        ("Set-ADUser ended 1", "running", "begun", {1: "begun"}),
        ("Get-ADObject begins 3", "running", "begun", {1: "done"}),
        ("Set-ADUser begins 3", "running", "begun", {1: "done", 2: "done", 3: "begun"}),
        ("answer plan.apply 1", "running", "done", {1: "done", 2: "done", 3: "done"}),
        ("command.forget 1", "succeeded", "done", {1: "done", 2: "done", 3: "done"}),
    ],
}


class Recorded(Case):
    """One that stays nowhere, and looks around at every point."""

    def __init__(self, *words, **more):
        super().__init__(*words, **more)
        self.facts = {}

    def look(self, point):
        own = self.rig.read("agent/journal.db", "SELECT state FROM command WHERE id = ?", self.id)
        ledger = self.rig.read("bridge/ledger.db", "SELECT state FROM operation WHERE id = ?", self.id)
        self.facts[point] = (ledger[0][0] if ledger else None, STATES[own[0][0]] if own else None, self.entries())


def recorded(rig, kind):
    """The points of one that nothing happens to, in their order. Each thing is on the disk before the next one is done."""
    if kind not in rig.recordings:
        person = rig.people[0]
        case = Recorded(rig, kind, person, plan=rig.plans([person])[person.sam] if kind == "apply" else None)
        rig.start(case)
        until(f"the end of {case}", lambda: case.facts.get("command.forget 1"))
        order = [point for point, *_ in ORDER[kind]]
        same(f"the points of {kind}", [p for p in case.points if p in order], order)
        for point, *facts in ORDER[kind]:
            same(f"{kind} at {point}", case.facts[point], tuple(facts))
        same(f"{kind} succeeded", rig.show(case.id).state, "succeeded")
        rig.recordings[kind] = case.points
        del rig.cases[case.id]
    return rig.recordings[kind]


def test_order(rig):
    for kind in ORDER:
        recorded(rig, kind)


# --- then: what breaks, with one at each of these

POINTS = {
    "script": (
        "script.run 1",  # it is in the ledger
        "Get-ADUser begins 1",  # it has a sandbox, and its first call was asked
        "Get-ADObject ended 1",  # the target is looked up
        "Set-ADUser begins 1",  # the write is in the journal
        "Set-ADUser ended 1",  # it is made
        "Get-ADObject ended 2",  # its end is in the journal, and its line at the bridge
        "answer script.run 1",  # all of it is over
        "command.forget 1",  # the bridge has the result on its disk
    ),
    "apply": (
        "plan.apply 1",
        "Get-ADObject ended 1",  # whether all is as it was
        "Set-ADUser begins 1",
        "Set-ADUser ended 1",
        "Get-ADObject ended 3",
        "Set-ADUser begins 2",
        "Set-ADUser ended 3",
        "answer plan.apply 1",
        "command.forget 1",
    ),
}


def kill_bridge(rig):
    rig.kill("bridge")
    until("the agent sees that", lambda: not rig.is_up())


def cut_wire(rig):
    rig.frames.cut()
    until("the agent sees that", lambda: not rig.is_up())


def silence_wire(rig):
    rig.frames.silence()  # the agent was told of a heartbeat that lets it notice
    until("the agent sees that", lambda: not rig.is_up())


def kill_agent(rig):
    rig.orphans = rig.powershells()
    rig.kill("agent")


def come_back(rig, act, cases):
    """Whoever was killed is started, and what stood still goes on: with the wire cut only after that."""
    if act is cut_wire:
        rig.here()
    for case in cases:
        case.gate.set()
    if act is kill_agent:
        # What it ran is over, or the directory could change after it was looked at.
        until("the end of its PowerShells", lambda: not any(s.is_alive(pid) for pid in rig.orphans))
        rig.start_agent(wait=False)
    else:
        until("the end of its scripts", lambda: rig.agent()["scripts"]["running"] == 0)
    if act is kill_bridge:
        rig.start_bridge()
    if act in (kill_bridge, silence_wire) and not rig.is_up():
        rig.agent("lockdown", on=True)  # it dials at once when that ends
        rig.agent("lockdown", on=False)
    rig.here()


class Directory:
    """How often each attribute of somebody was written since, by its version and by the directory's log, as of the last look()."""

    def __init__(self, rig):
        self.rig, self.mark = rig, rig.ad.mark()
        self.before = self.versions()
        self.look()

    def look(self):
        self.now, self.log = self.versions(), [w for w in self.rig.ad.writes(self.mark) if w.done]

    def versions(self):
        """{sam: {attribute's id: version}}"""
        found = {}
        for entry in self.rig.ad.search("(sAMAccountName=case*)", "sAMAccountName", "replPropertyMetaData"):
            raw, at = entry["replPropertyMetaData"][0], 16  # [MS-DRDM]: a header, then 48 bytes for each attribute
            one = found[entry["sAMAccountName"][0]] = {}
            for _ in range(int.from_bytes(raw[8:12], "little")):
                one[int.from_bytes(raw[at:at + 4], "little")] = int.from_bytes(raw[at + 4:at + 8], "little")
                at += 48
        return found

    def writes(self, case):
        """Of each attribute that the case may write, in their order."""
        counts, sam = [], case.person.sam
        logged = [w for w in self.log if w.whom.lower() == case.person.dn.lower()]
        for attribute in ATTRIBUTES[:WRITES[case.kind]]:
            counts.append(len([w for w in logged if attribute in w.values]))
            if (number := ATTRIBUTE_IDS.get(attribute)) is not None:
                same(f"{case}: {attribute} by its version", self.now[sam][number] - self.before[sam][number], counts[-1])
        return counts


class Stood:
    """How far a case had come."""

    def __init__(self, case):
        points = recorded(case.rig, case.kind)
        before = points[:points.index(case.point) + 1]
        self.begun, self.ended = (len([p for p in before if p.startswith(f"Set-ADUser {what}")]) for what in ("begins", "ended"))
        # Their ends are in the journal.
        self.finished = self.ended - (1 if case.point.startswith("Set-ADUser ended") else 0)
        self.over = case.point.startswith(("answer", "command.forget"))
        self.never = case.point == f"{METHODS[case.kind]} 1"

    def entries(self):
        """Of the journal, after its agent was killed there."""
        return {n: "done" if n <= self.finished else "unknown" for n in range(1, self.begun + 1)}


def judge(rig, case, act, directory):
    """What the ledger says of it must be so. Returns the writes."""
    title, all_writes = f"{case}, {act.__name__.replace('_', ' ')}", WRITES[case.kind]
    counts = directory.writes(case)
    made = sum(counts)
    same(f"{title}: each write once, and none before the one before it", counts, [1] * made + [0] * (all_writes - made))
    if case.held_at == ACCEPTED:
        same(f"{title}: is not there", rig.rest("GET", f"/v1/operations/{case.id}")[0], 404)
        same(f"{title}: nobody was told of it", case.answers, [409])
        same(f"{title}: writes", made, 0)
        return counts
    stood = Stood(case)
    if isinstance(case, Local):
        check(f"{title}: nobody knows how far it came", (done := case.ended())[0] == 5 and "causewayctl journal" in done[1], done)
        case.find()
        same(f"{title}: but the journal knows what was begun", case.entries(), stood.entries())
        check(f"{title}: writes", stood.ended <= made <= stood.begun, counts)
        return counts
    op = rig.show(case.id)
    if stood.never and (case.kind == "script" or case.held_at != SENT or act is kill_agent):
        check(f"{title}: never started", op.state == "failed" and op.code == "unavailable" and "never began it" in op.error, op)
        same(f"{title}: writes", made, 0)
    elif stood.over or (case.kind == "apply" and act is not kill_agent and case.held_at != STOPPED):
        check(f"{title}: done with its result", op.state == "succeeded" and op.result.get("writes") == all_writes, op)
        same(f"{title}: writes", made, all_writes)
    elif act is kill_agent:
        check(f"{title}: unknown", op.state == "unknown" and op.result.get("writes") == stood.finished, op)
        same(f"{title}: what was begun", {e["entry"]: e["state"] for e in op.result.get("entries", [])}, stood.entries())
        check(f"{title}: writes", stood.ended <= made <= stood.begun, counts)
    else:
        # That it was cancelled a bridge that was killed does not know any more.
        states = ("failed", "cancelled") if case.held_at == STOPPED else ("failed",)
        check(f"{title}: stopped, with its result", op.state in states and op.result.get("state") == "stopped", op)
        same(f"{title}: writes that it tells of", op.result.get("writes"), stood.begun)
        same(f"{title}: writes", made, stood.begun)
    return counts


def ask_again(case, made):
    """Nothing is written by that, but of what was never there."""
    if case.held_at == ACCEPTED:
        status, answer = case.ask(wait_s=60)
        check(f"{case}: asked for again", status == 200 and answer["state"] == "succeeded", answer)
        return [1] * WRITES[case.kind]
    if isinstance(case, Local):
        if case.kind == "apply":
            case.begin()
            same(f"{case}: its plan again", case.ended()[0], 1)
        return made
    same(f"{case}: asked for again", case.ask()[0], 409)
    if case.kind == "apply" and sum(made) > 0:
        status, answer = case.ask(new_id=str(uuid.uuid4()), wait_s=60)
        check(f"{case}: its plan again", status == 200 and answer["state"] == "failed", answer)
    return made


def gather(cases):
    """They come to where they stay. Those that PowerShell has not acknowledged are the last: they cannot stay for long."""
    for late in (False, True):
        some = [c for c in cases if (" begins " in c.point) == late]
        for case in some:
            case.rig.start(case)
        for case in some:
            until(f"{case} is there", case.there.is_set)


@contextlib.contextmanager
def between(rig, cases):
    """Those that stay between two points."""
    by_place = {place: [c for c in cases if c.held_at == place] for place in (SENT, MADE, ANSWERED, ACCEPTED, STOPPED)}
    for case in by_place[STOPPED]:
        rig.rest("POST", f"/v1/operations/{case.id}/cancel")
        until(f"{case} is stopped", lambda c=case: "answer script.stop 1" in c.points)
    with contextlib.ExitStack() as locks:
        if by_place[SENT] or by_place[MADE]:
            locks.enter_context(rig.locked("agent/journal.db"))
        for case in by_place[SENT]:
            before = rig.agent()["scripts"]["running"]
            rig.start(case)
            until(f"{case} is at the agent", lambda b=before: rig.agent()["scripts"]["running"] > b)
        for case in by_place[MADE]:
            case.gate.set()
        if by_place[ANSWERED] or by_place[ACCEPTED]:
            locks.enter_context(rig.locked("bridge/ledger.db"))
        for case in by_place[ACCEPTED]:
            for _ in range(2):  # nobody is told of it, but one of the two that it is not taken again
                threading.Thread(target=case.try_to_ask, daemon=True).start()
            until(f"{case} is accepted", lambda c=case: c.answers)
        for case in by_place[ANSWERED]:
            case.frame.release()
        yield


def meet(rig, act, points):
    """One of a kind at each of its points, and then it breaks."""
    if act is silence_wire:
        rig.frames.heartbeat_s = HEARTBEAT_S
        cut_wire(rig)
    rig.here()
    wanted = [(kind, point) for kind, list_of in points.items() for point in list_of]
    planned = [person for person, (kind, _) in zip(rig.people, wanted) if kind.endswith("apply")]
    plans = rig.plans(planned) if planned else {}
    directory = Directory(rig)
    cases = [(Local if kind.startswith("local ") else Case)(rig, kind.split()[-1], person, point, plans.get(person.sam))
             for person, (kind, point) in zip(rig.people, wanted)]
    gather([c for c in cases if c.held_at not in (SENT, ACCEPTED)])
    with between(rig, cases):
        act(rig)
    come_back(rig, act, cases)
    for case in cases:
        if case.held_at != ACCEPTED and not isinstance(case, Local):
            until(f"the end of {case}", lambda c=case: rig.show(c.id).state in FINAL, pause_s=0.05)
    directory.look()
    counts = [judge(rig, case, act, directory) for case in cases]
    counts = [ask_again(case, made) for case, made in zip(cases, counts)]
    directory.look()
    for case, made in zip(cases, counts):
        same(f"{case}: writes after that", directory.writes(case), made)
    rig.cases.clear()


def test_killed_bridge(rig):
    for kind, points in POINTS.items():
        meet(rig, kill_bridge, {kind: (*points, SENT, MADE, ANSWERED, ACCEPTED, STOPPED)})


def test_cut_wire(rig):
    """To the agent it is as with a bridge that was killed; the bridge lives, and knows what it was waiting for."""
    meet(rig, cut_wire, {"script": ("script.run 1", SENT, "Get-ADUser begins 1", "Set-ADUser ended 2", ANSWERED, "command.forget 1",
                                    STOPPED)})
    meet(rig, cut_wire, {"apply": (*POINTS["apply"], SENT, MADE, ANSWERED, STOPPED)})


def test_killed_agent(rig):
    meet(rig, kill_agent, {
        "script": (SENT, "Get-ADUser begins 1", "Set-ADUser begins 1", MADE, "answer script.run 1"),
        "apply": (SENT, "Get-ADObject ended 1", "Set-ADUser ended 3", "answer plan.apply 1"),
        "local script": ("Set-ADUser ended 2",),
        "local apply": ("Set-ADUser begins 2",),
    })


def test_silent_wire(rig):
    meet(rig, silence_wire, {
        "script": ("script.run 1", "Set-ADUser begins 1", "answer script.run 1"),
        "apply": ("plan.apply 1", "Set-ADUser begins 1", "Get-ADObject ended 3", "answer plan.apply 1"),
    })


def test_nothing_is_left(rig):
    for state in ("queued", "running"):
        same(f"operations that are {state}", rig.rest("GET", f"/v1/operations?state={state}")[1]["operations"], [])
    same("what the journal has not seen the end of", rig.read("agent/journal.db", "SELECT id FROM command WHERE state = 1"), [])


def main():
    rig = Rig(os.path.realpath(sys.argv[1]))
    # A wire that breaks often is dialled later and later, until the agent is started again.
    return s.run("scripts", rig, [test_order, test_cut_wire, test_killed_agent, test_killed_bridge, test_silent_wire,
                                  test_nothing_is_left])


sys.exit(main())
