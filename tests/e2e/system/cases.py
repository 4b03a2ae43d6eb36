# SPDX-License-Identifier: Apache-2.0
"""A script or a plan's application that stands still at one point of its way, as many of them as there are people; and the system that
they are asked of."""
import contextlib
import copy
import hashlib
import http.client
import json
import os
import socket
import sqlite3
import subprocess
import threading
import uuid

import system as s
from points import Engines, Frames
from system import check, until

PEOPLE = 16  # one for each that is on its way at a time
RUNSPACES, SANDBOXES = 9, 3  # of the agent: more than stand still at a time in PowerShell
ATTRIBUTES = ("description", "title", "department")  # written in this order
LOST = (OSError, http.client.HTTPException, json.JSONDecodeError)  # the bridge was killed under a request

# What is run; each text says that it came so far. Run twice, it would write another value.
SCRIPT = """'given'
$who = Get-ADUser {sam}
'read'
Set-ADUser {sam} -Description "{value} $([guid]::NewGuid())"
'one'
Set-ADUser {sam} -Title "{value} $([guid]::NewGuid())"
'two'
"""
PLANNED = "".join(f"Set-ADUser {{sam}} -{a} '{{value}} {a}'\n" for a in ATTRIBUTES)
METHODS = {"script": "script.run", "apply": "plan.apply"}
WRITES = {"script": 2, "apply": 3}
STATES = ("", "begun", "done", "failed", "unknown")  # of the journal
# Between two points: what comes next cannot be written by whose turn it is.
SENT = "sent, not in the journal"
MADE = "made, its end not in the journal"
ANSWERED = "answered, the answer not in the ledger"
ACCEPTED = "accepted, not in the ledger"
STOPPED = "stopped by its caller in a write"


class Person:
    def __init__(self, system, sam):
        self.system, self.sam = system, sam
        system.ad.add_user(sam, "OU=Cloud Pairs", description="before", title="before", department="before")
        entry = system.ad.one(f"(sAMAccountName={sam})", "dn", "objectGUID")
        self.dn, raw = entry["dn"][0], entry["objectGUID"][0]
        raw = raw if isinstance(raw, bytes) else raw.encode()
        self.names = (sam, str(uuid.UUID(bytes_le=raw)), "".join(f"\\{b:02x}" for b in raw))  # as they stand in what PowerShell is asked


class Case:
    """A script, or the application of a plan, for one person; it stands still at one point of its way, .held_at."""

    def __init__(self, rig, kind, person, held_at=None, plan=None):
        self.rig, self.kind, self.person, self.held_at, self.plan = rig, kind, person, held_at, plan
        self.id, self.value = str(uuid.uuid4()), f"{kind} {os.urandom(4).hex()}"
        method = METHODS[kind]
        self.point = {SENT: f"{method} 1", MADE: "Set-ADUser ended 1", ANSWERED: f"answer {method} 1",
                      STOPPED: "Set-ADUser begins 1"}.get(held_at, held_at)
        self.points, self.counts, self.frame, self.answers = [], {}, None, []
        self.there, self.gate = threading.Event(), threading.Event()

    def __repr__(self):
        return f"{self.kind} of {self.person.sam} at {self.held_at!r}"

    def comes_to(self, what):
        """True when it is to stay there."""
        with self.rig.lock:
            self.counts[what] = self.counts.get(what, 0) + 1
            point = f"{what} {self.counts[what]}"
            self.points.append(point)
            stays = point == self.point and self.held_at not in (SENT, ACCEPTED) and not self.gate.is_set()
        self.look(point)
        if stays:
            self.there.set()
        return stays

    def look(self, point):
        """What is to be seen of it there."""

    def body(self, new_id=None):
        if self.kind == "script":
            return {"id": new_id or self.id, "mode": "run", "script": SCRIPT.format(sam=self.person.sam, value=self.value)}
        return {"id": new_id or self.id, "plan": self.plan}

    def ask(self, new_id=None, wait_s=0):
        path = "scripts" if self.kind == "script" else "plans/apply"
        return self.rig.rest("POST", f"/v1/tenants/lab/{path}?wait={wait_s}", self.body(new_id))

    def begin(self):
        status, answer = self.ask()
        check(f"{self} is taken", status == 202, (status, answer))

    def try_to_ask(self):
        with contextlib.suppress(*LOST):
            self.answers.append(self.ask()[0])

    def entries(self):
        """Of the journal: {number: state}."""
        rows = self.rig.read("agent/journal.db", "SELECT step, state FROM command WHERE operation = ? AND step > 0", self.id)
        return {step: STATES[state] for step, state in rows}


class Local(Case):
    """One that causewayctl asks for, on the server."""

    def begin(self):
        text = json.dumps(self.plan) if self.kind == "apply" else SCRIPT.format(sam=self.person.sam, value=self.value)
        self.process = subprocess.Popen([f"{self.rig.programs}/agent/ctl/causewayctl", "--state", f"{self.rig.home}/agent",
                                         "apply" if self.kind == "apply" else "run", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.process.stdin.write(text)
        self.process.stdin.close()

    def ended(self):
        """Its exit status, and what it said of it."""
        status = self.process.wait(s.LIMIT_S)
        with self.process.stdout, self.process.stderr:
            return status, self.process.stderr.read()

    def find(self):
        """In the journal, what it was called: only the agent has heard of it."""
        lost = self.rig.read("agent/journal.db", "SELECT id FROM command WHERE id = operation AND command = ? AND state = 4",
                             "plan" if self.kind == "apply" else "script")
        self.id = next(i for i, in lost if i not in self.rig.cases)


class Rig(s.System):
    """All of it, with an agent whose frames and PowerShells are told of."""

    def __init__(self, build):
        super().__init__(build, "on-prem", through=True, agent=False)
        self.lock, self.cases, self.recordings = threading.Lock(), {}, {}
        self.engines = Engines(self.state, os.environ["CAUSEWAY_LAB_POWERSHELL"])
        self.engines.seen = self.call
        self.env["CAUSEWAY_LAB_POWERSHELL"] = self.engines.program
        self.shell("agent_enrol")
        with open(f"{self.home}/agent/agent.json", encoding="utf-8") as f:
            config = json.load(f)
        with open(f"{self.home}/agent/agent.json", "w", encoding="utf-8") as f:
            json.dump({**config, "pool": RUNSPACES, "sandboxes": SANDBOXES}, f)
        self.frames = Frames(self)
        self.frames.seen = self.frame
        self.wire.upstream = lambda: self.frames.port
        self.start_agent(wait=False)
        self.people = [Person(self, f"case{i:02}") for i in range(PEOPLE)]
        self.here()

    # --- what is seen

    def frame(self, frame):
        passes = True
        for case in [self.cases[i] for i in frame.ids if i in self.cases]:
            if case.comes_to(frame.what):
                case.frame, passes = frame, False
        return passes

    def call(self, what, command, text):
        text = text.lower()
        for case in list(self.cases.values()):
            if any(name in text for name in case.person.names):
                return case.gate if case.comes_to(f"{command} {what}") else None
        return None

    def read(self, file, question, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.home}/{file}?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(question, values).fetchall()

    @contextlib.contextmanager
    def locked(self, file):
        """Nobody else writes to it."""
        with contextlib.closing(sqlite3.connect(f"{self.home}/{file}", timeout=30, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            yield
            db.execute("ROLLBACK")

    def agent(self, verb="status", **more):
        """An answer of its control socket; None where there is none."""
        with socket.socket(socket.AF_UNIX) as c:
            try:
                c.connect(f"{self.home}/agent/control.sock")
                c.sendall(json.dumps({"verb": verb, **more}).encode() + b"\n")
                with c.makefile("rb") as answer:
                    return json.loads(answer.read() or "null")
            except OSError:
                return None

    def is_up(self):
        status = self.agent()
        return status is not None and status["bridge"]["state"] == "up"

    def here(self):
        """Until the agent is."""
        def is_here():
            with contextlib.suppress(*LOST):
                return self.ready_agent()
        until("the agent", is_here, pause_s=0.1)

    def start(self, case):
        self.cases[case.id] = case
        case.begin()

    def plans(self, people):
        """One for each, made by one script: {sam: plan}."""
        value = f"plan {os.urandom(4).hex()}"
        text = "".join(PLANNED.format(sam=p.sam, value=value) for p in people)
        status, answer = self.rest("POST", "/v1/tenants/lab/scripts?wait=60", {"mode": "plan", "script": text})
        check("a plan", status == 200 and answer["state"] == "succeeded", answer)
        whole, found = answer["result"]["plan"], {}
        for i, person in enumerate(people):
            plan = copy.deepcopy(whole)
            plan["operation"] = str(uuid.uuid4())
            plan["entries"] = whole["entries"][i * 3:i * 3 + 3]
            for number, entry in enumerate(plan["entries"], 1):
                entry["entry"] = number
            del plan["hash"]
            text = json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=False)  # RFC 8785, for what is in it
            found[person.sam] = {**plan, "hash": hashlib.sha256(text.encode()).hexdigest()}
        return found
