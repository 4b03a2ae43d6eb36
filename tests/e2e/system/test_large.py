#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scripts and plans that no message of the wire holds, all the way and back: test_large.py BUILD."""
import concurrent.futures
import json
import os
import sys
import time

import system as s
from system import check, same, says

MESSAGE = 1 << 20  # bytes of one message of the wire
ENTRIES = 3000
WIDTH = 180
# Long values, written over each other: each entry holds those before, too.
WIDE = f"""
1..{WIDTH} | ForEach-Object {{
    $text = "$_ " + ('x' * 1000)
    Set-ADUser ada -Replace @{{ description = $text; info = $text; streetAddress = $text; comment = $text }}
}}
"""


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return next(int(line.split()[1]) // 1024 for line in f if line.startswith("VmRSS:"))


def size_of(plan):
    return len(json.dumps(plan, separators=(",", ":")).encode())


def file_of(system, name, text=None):
    folder = f"{system.state}/large"
    os.makedirs(folder, exist_ok=True)
    if text is not None:
        with open(f"{folder}/{name}", "w", encoding="utf-8") as f:
            f.write(text)
    return f"{folder}/{name}"


def plan_of(system, name, text, status=0):
    """A plan by the client: its path, and what it holds."""
    path, began = file_of(system, f"{name}.json"), time.monotonic()
    done = system.cli("plan", "lab", "ad", "--script", file_of(system, f"{name}.ps1", text), "--out", path, "--json")
    took = time.monotonic() - began
    check(f"planning {name}", done.status == status, f"{done.status}\n{done.out[-1000:]}{done.err[-1000:]}")
    with open(path, encoding="utf-8") as f:
        plan = json.load(f)
    print(f"  {name}: {len(plan['entries'])} entries, {size_of(plan)} bytes, planned in {took:.1f} s,"
          f" agent {resident(system.pid('agent'))} MB", flush=True)
    return path, plan


def apply(system, path, status):
    name, began = os.path.basename(path), time.monotonic()
    done = system.cli("apply", "lab", "ad", path, "--json")
    check(f"applying {name}", done.status == status, f"{done.status}\n{done.out[-1000:]}{done.err[-1000:]}")
    result = json.loads(done.out.splitlines()[-1]).get("result", {}) if done.out else {}
    print(f"  {name}: {result.get('writes')} writes in {time.monotonic() - began:.1f} s,"
          f" agent {resident(system.pid('agent'))} MB", flush=True)
    return result


def test_many(system):
    """Thousands of entries; the first guard fails, and all the others are told to be not begun."""
    path, plan = plan_of(system, "many", f"1..{ENTRIES} | ForEach-Object {{ Set-ADUser ada -Title \"Engineer of the rank $_\" }}")
    check("it is more than a message", size_of(plan) > MESSAGE)
    same("every write is in it", len(plan["entries"]), ENTRIES)
    kept = system.rest("GET", f"/v1/operations/{plan['operation']}")[1]
    same("the bridge keeps it whole", kept["result"]["plan"], plan)
    listed = system.rest("GET", "/v1/operations")[1]["operations"]
    check("and lists it without", all("plan" not in o["result"] for o in listed), listed)
    system.ad.set(system.ad.dn("ada"), title="Somebody else's")
    result = apply(system, path, 1)
    same("the first has changed", result["entries"][0]["state"], "changed")
    same("nothing else was begun", {e["state"] for e in result["entries"][1:]}, {"not-begun"})
    same("of all", len(result["entries"]), ENTRIES)
    body = {"operation": plan["operation"], "hash": plan["hash"]}
    status, answer = system.rest("POST", "/v1/tenants/lab/plans/apply?wait=60", body)
    same("by name it is the same one", (status, answer["result"]["entries"][0]["state"]), (200, "changed"))


def test_wide(system):
    """Just over a message, and all of it made."""
    path, plan = plan_of(system, "wide", WIDE)
    check("it is more than a message", size_of(plan) > MESSAGE)
    result = apply(system, path, 0)
    same("all are done", [e["state"] for e in result["entries"]], ["done"] * WIDTH)
    check("and are there", system.ad.user("ada", "description")["description"].startswith(f"{WIDTH} "))


def test_long(system):
    """A script that no message holds, and one that is too long."""
    done = system.cli("run", "lab", "ad", "--script", file_of(system, "long.ps1", "# " + "ü" * 480000 + "\n'the end'\n"))
    same("a long script", (done.status, done.out.strip()), (0, "the end"))
    done = system.cli("run", "lab", "ad", "--script", file_of(system, "longer.ps1", "#" * (MESSAGE + 1)))
    same("one that is too long", done.status, 2)
    says("and what to do", done.err, "longer.ps1 has more than 1048576 bytes, which are the most: split the script")


def test_together(system):
    """Several at a time to one agent: one after the other over the wire, and the agent holds one large plan."""
    path = file_of(system, "many.json")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        ends = list(pool.map(lambda _: system.cli("apply", "lab", "ad", path), range(3)))
    check("each ends by its guard, or is told to come again", {e.status for e in ends} <= {1, 4}, ends)
    check("one at least by its guard", 1 in {e.status for e in ends}, ends)


sys.exit(s.run("large", s.System(os.path.realpath(sys.argv[1]), "on-prem"), [test_many, test_wide, test_long, test_together]))
