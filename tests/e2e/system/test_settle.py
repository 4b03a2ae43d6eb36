#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The agent is killed in a write, in a lab with two controllers: test_settle.py BUILD. Whether the write was made is asked on the
controller that the journal names, though agent.json names another one by then."""
import contextlib
import json
import os
import signal
import socket
import sqlite3
import sys
import urllib.parse
import uuid

import system as s
from directories import ActiveDirectory
from system import same, says, until

USER = "dora@lab.test"
ESTABLISHED = "01"  # in /proc/net/tcp


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


def send(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def is_asked(url):
    """Is there something that a server which is stopped has not read?"""
    host, port = urllib.parse.urlsplit(url).hostname, urllib.parse.urlsplit(url).port
    address = f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as f:
        rows = [line.split() for line in f][1:]
    return any(row[1] == address and row[3] == ESTABLISHED and not row[4].endswith(":00000000") for row in rows)


@contextlib.contextmanager
def stopped(pids):
    send(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        send(pids, signal.SIGCONT)


def privileged(system):
    """Those of the agent's PowerShells that hold the power; one of a script's is behind a bwrap, and has nothing to do here."""
    return [pid for pid in system.powershells() if os.path.basename(os.readlink(f"/proc/{pid}/exe")) != "bwrap"]


def kill(system, shells):
    system.kill("agent")
    send(shells, signal.SIGKILL)
    until("the end of its PowerShells", lambda: not any(s.is_alive(pid) for pid in shells))


def kill_before(system, begin=lambda: None):
    """The write is in the journal, and PowerShell does not come to making it."""
    shells = privileged(system)
    with stopped(shells):
        begin()
        until("the write is in the journal", lambda: journal(system, 1))
        kill(system, shells)


def kill_after(system, second, made):
    """It is made, and the agent does not hear of that."""
    shells = privileged(system)
    with stopped([second.pid]):
        until("the write is asked for", lambda: journal(system, 1) and is_asked(second.url))
        send([system.pid("agent")], signal.SIGSTOP)
    until("the write is made", made)
    kill(system, shells)


def change(system, made):
    """A change whose write is interrupted; by then agent.json names nobody, which means the other controller."""
    title = f"{'Made' if made else 'Not made'} {uuid.uuid4()}"
    second = ActiveDirectory(system.state, second=True)
    before, first_mark, mark = system.ad.user("dora", "title"), system.ad.mark(), second.mark()
    configure(system, "dc2.lab.test")
    # The user is found in Active Directory, then in Entra ID, then the write comes.
    fault = system.entra.fault(method="GET", when="before", delayMs=2000)
    operation = system.begin("user.update", user=USER, jobTitle=title)
    until("the user is found in Active Directory", lambda: system.entra.hits(fault))
    if made:
        kill_after(system, second, lambda: second.user("dora", "title")["title"] == title)
    else:
        kill_before(system)
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
    system.entra.no_faults()


def test_made(system):
    change(system, True)


def test_not_made(system):
    change(system, False)


def test_command(system):
    """Nobody settles a command: who has to look is told where."""
    configure(system, "dc2.lab.test")
    operation = str(uuid.uuid4())
    body = {"id": operation, "command": "Set-ADUser", "parameters": {"Identity": "dora", "Title": "Nobody knows"}}
    kill_before(system, lambda: same("taken", system.rest("POST", "/v1/tenants/lab/commands", body)[0], 202))
    configure(system, None)
    op = system.ended(operation)
    same("the command", op.state, "unknown")
    same("was there", op.result.get("server"), "dc2.lab.test")
    says("as the journal says", system.shell("causewayctl", "--json", "journal", "-n", "1"), "dc2.lab.test", "unknown")


sys.exit(s.run("settle", s.System(os.path.realpath(sys.argv[1]), "hybrid-dual"), [test_made, test_not_made, test_command]))
