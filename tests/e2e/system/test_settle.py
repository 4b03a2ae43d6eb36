#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The agent is killed in a write, in a lab with two controllers: test_settle.py BUILD. Whether the write was made is asked on the
controller that the journal names, though agent.json names another one by then."""
import contextlib
import json
import os
import signal
import sqlite3
import sys
import threading
import uuid

import system as s
from directories import ActiveDirectory
from points import Engines
from system import same, says, until

USER = "dora@lab.test"


class System(s.System):
    """With PowerShells that are told of."""

    def __init__(self, build, mode):
        super().__init__(build, mode, agent=False)
        self.engines = Engines(self.state, os.environ["CAUSEWAY_LAB_POWERSHELL"])
        self.env["CAUSEWAY_LAB_POWERSHELL"] = self.engines.program
        self.shell("agent_create")


def configure(system, server):
    """The controller that agent.json names; None: none."""
    system.stop_program("agent")
    path = f"{system.home}/agent/agent.json"
    with open(path, encoding="utf-8") as f:
        config = json.load(f)
    config.pop("server", None)
    if server is not None:
        config["server"] = server
    with open(path, "w", encoding="utf-8") as f:
        json.dump(config, f)
    system.start_agent()


def journal(system, state):
    """(command, server) of the writes in this state."""
    with contextlib.closing(sqlite3.connect(f"file:{system.home}/agent/journal.db?mode=ro", uri=True)) as db:
        return db.execute("SELECT command, server FROM command WHERE state = ? ORDER BY begun_ms", (state,)).fetchall()


def privileged(system):
    """Those of the agent's PowerShells that hold the power; one of a script's is behind a bwrap, and has nothing to do here."""
    return [pid for pid in system.powershells() if os.path.basename(os.readlink(f"/proc/{pid}/exe")) != "bwrap"]


def kill_at(system, point, begin):
    """What begin() asks for is stopped where a write "begins", not made yet, or has "ended", and the agent does not hear of that;
    then the agent is killed, and its PowerShells with it."""
    there, never = threading.Event(), threading.Event()

    def seen(what, command, text):
        if (what, command) != (point, "Set-ADUser"):
            return None
        there.set()
        return never

    system.engines.seen = seen
    operation = begin()
    until(f"the write {point}", there.is_set)
    same("it is in the journal", len(journal(system, 1)), 1)
    shells = privileged(system)
    system.kill("agent")
    for pid in shells:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until("the end of its PowerShells", lambda: not any(s.is_alive(pid) for pid in shells))
    system.engines.seen = lambda what, command, text: None
    never.set()
    return operation


def change(system, made):
    """A change whose write is interrupted; by then agent.json names nobody, which means the other controller."""
    title = f"{'Made' if made else 'Not made'} {uuid.uuid4()}"
    second = ActiveDirectory(system.state, second=True)
    before, first_mark, mark = system.ad.user("dora", "title"), system.ad.mark(), second.mark()
    configure(system, "dc2.lab.test")
    operation = kill_at(system, "ended" if made else "begins", lambda: system.begin("user.update", user=USER, jobTitle=title))
    same("it is made", second.user("dora", "title")["title"] == title, made)
    configure(system, None)
    op = system.ended(operation)
    same("the change", op.state, "succeeded")
    same("unknown to the journal", journal(system, 4)[-1:], [("Set-ADUser", "dc2.lab.test")])
    same("made there, once", [w.values["title"] for w in second.writes(mark) if "title" in w.values], [title])
    same("and nowhere else", system.ad.writes(first_mark), [])
    same("there it is seen, and here it is not", [system.ad.user("dora", "title"), second.user("dora", "title")],
         [before, {"title": title}])
    same("in Entra ID", system.entra.user(USER, "jobTitle"), {"jobTitle": title})


def test_made(system):
    change(system, True)


def test_not_made(system):
    change(system, False)


def test_command(system):
    """Nobody settles a command: who has to look is told where."""
    configure(system, "dc2.lab.test")
    operation = str(uuid.uuid4())
    body = {"id": operation, "command": "Set-ADUser", "parameters": {"Identity": "dora", "Title": "Nobody knows"}}
    kill_at(system, "begins", lambda: same("taken", system.rest("POST", "/v1/tenants/lab/commands", body)[0], 202))
    configure(system, None)
    op = system.ended(operation)
    same("the command", op.state, "unknown")
    same("was there", op.result.get("server"), "dc2.lab.test")
    says("as the journal says", system.shell("causewayctl", "--json", "journal", "-n", "1"), "dc2.lab.test", "unknown")


sys.exit(s.run("settle", System(os.path.realpath(sys.argv[1]), "hybrid-dual"), [test_made, test_not_made, test_command]))
