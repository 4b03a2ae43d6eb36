#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Much at the same time, and much at once: test_together.py BUILD."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import sys
import time
import uuid

import system as s
from system import FINAL, check, same, until

USERS, CALLERS = 40, 16
SAME = 16  # changes of one user
LARGE = "(objectClass=*)"  # the schema: some 1,700 objects
SANITIZED_KB, RELEASE_KB = 24 << 10, 4 << 10  # what memory may grow by


def upn(i):
    return f"crowd{i}@lab.test"


def test_many_users(system):
    """One change for each of many users at once, and reads all the while: each is answered with its own."""
    for i in range(USERS):
        system.ad.add_user(f"crowd{i}", "OU=Cloud Pairs", userPrincipalName=upn(i), description=f"number {i}")
    system.entra.admin("POST", "/seed", {"users": [{"userPrincipalName": upn(i), "displayName": f"crowd{i}"} for i in range(USERS)]})
    ad, graph = system.ad.mark(), system.entra.mark()

    def change(i):
        body = {"change": "user.update", "target": {"user": upn(i)}, "set": {"jobTitle": f"Title {i}", "department": f"Place {i}"}}
        return system.rest("POST", "/v1/tenants/lab/changes?wait=60", body)

    def read(i):
        body = {"command": "Get-ADUser", "parameters": {"Identity": f"crowd{i % USERS}", "Properties": ["Description"]}}
        return system.rest("POST", "/v1/tenants/lab/commands?wait=60", body)

    with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        asked = [(pool.submit(change, i), pool.submit(read, i)) for i in range(USERS)]
        for i, (changed, got) in enumerate(asked):
            status, op = changed.result()
            check(f"change {i}", status == 200 and op["state"] == "succeeded", op)
            status, answer = got.result()
            check(f"read {i}", status == 200 and [o.get("Description") for o in answer.get("output", [])] == [f"number {i}"], answer)
    writes = sorted(w.values.get("title") or "" for w in system.ad.writes(ad) if w.done)
    same("each written once", writes, sorted(f"Title {i}" for i in range(USERS)))
    same("PATCHes", len(system.entra.writes(graph)), USERS)
    for i in range(USERS):
        same(f"user {i}", (system.ad.user(f"crowd{i}", "title", "department"), system.entra.user(upn(i), "jobTitle", "department")),
             ({"title": f"Title {i}", "department": f"Place {i}"}, {"jobTitle": f"Title {i}", "department": f"Place {i}"}))


def test_one_user(system):
    """Many changes of one user, from many callers: one after the other, in both directories the same."""
    ad = system.ad.mark()
    titles = [f"Turn {i}" for i in range(SAME)]

    def change(title):
        # By either name: it is the same user.
        target = {"user": upn(0)} if title[-1] in "02468" else {"sam": "crowd0"}
        return system.rest("POST", "/v1/tenants/lab/changes?wait=90", {"change": "user.update", "target": target,
                                                                      "set": {"jobTitle": title}})

    with concurrent.futures.ThreadPoolExecutor(SAME) as pool:
        for title, (status, op) in zip(titles, pool.map(change, titles)):
            check(title, status == 200 and op["state"] == "succeeded", op)
    order = [w.values["title"] for w in system.ad.writes(ad) if w.done and "title" in w.values]
    same("each written once", sorted(order), sorted(titles))
    held = system.ad.user("crowd0", "title")["title"], system.entra.user(upn(0), "jobTitle")["jobTitle"]
    same("the last one stays, in both", held, (order[-1], order[-1]))


def test_opposites(system):
    """Disabled and enabled, renamed and given a new password, all at once: whatever came last, both directories agree."""
    kinds = ["user.disable", "user.enable", "password.reset", "user.update"] * 3
    bodies = [{"change": kind, "target": {"user": upn(1)}, **({"set": {"city": f"City {i}"}} if kind == "user.update" else {})}
              for i, kind in enumerate(kinds)]
    with concurrent.futures.ThreadPoolExecutor(len(bodies)) as pool:
        for status, op in pool.map(lambda b: system.rest("POST", "/v1/tenants/lab/changes?wait=90", b), bodies):
            check("opposites", status == 200 and op["state"] == "succeeded", op)
    ad = system.ad.user("crowd1", "userAccountControl", "l")
    entra = system.entra.user(upn(1), "accountEnabled", "city")
    same("both agree", (not int(ad["userAccountControl"]) & 2, ad["l"]), (entra["accountEnabled"], entra["city"]))


def test_one_id(system):
    """The same request, sent by many at once: done once."""
    body = {"id": str(uuid.uuid4()), "change": "user.update", "target": {"user": upn(2)}, "set": {"jobTitle": "Only once"}}
    ad = system.ad.mark()
    with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        statuses = sorted(pool.map(lambda _: system.rest("POST", "/v1/tenants/lab/changes", body)[0], range(CALLERS)))
    same("one is taken", statuses, [202] + [409] * (CALLERS - 1))
    same("and done", system.ended(body["id"]).state, "succeeded")
    same("once", len([w for w in system.ad.writes(ad) if w.done]), 1)


def memory_kb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return int(next(line for line in f if line.startswith("RssAnon")).split()[1])


def large(system, slow=0):
    """All of the schema with all its attributes; bytes, lines and the last line. slow: seconds between pieces."""
    body = {"command": "Get-ADObject", "timeout_s": 120, "parameters": {
        "LDAPFilter": LARGE, "SearchBase": f"CN=Schema,CN=Configuration,{system.ad.base}", "Properties": ["*"]}}
    c = http.client.HTTPSConnection("localhost", system.ready["web_port"], context=system.tls, timeout=s.LIMIT_S)
    c.request("POST", "/v1/tenants/lab/commands", json.dumps(body),
              {"Authorization": f"Bearer {system.key}", "Accept": "application/x-ndjson"})
    got = c.getresponse()
    size = lines = 0
    last, most = b"", {"bridge": 0, "agent": 0}
    while piece := got.read1(65536):
        size += len(piece)
        lines += piece.count(b"\n")
        last = (last + piece)[-4096:]
        for name in most:
            most[name] = max(most[name], memory_kb(system.pid(name)))
        if slow:
            time.sleep(slow)
    c.close()
    return size, lines, json.loads(last.rstrip(b"\n").rpartition(b"\n")[2]), most


def test_large_output(system):
    """Megabytes, several times and side by side: bridge and agent stay as small as they were, and others are not kept waiting."""
    sanitized = b"__asan_init" in open(f"{system.programs}/agent/service/causeway-agent", "rb").read()
    limit = SANITIZED_KB if sanitized else RELEASE_KB
    size, lines, last, _ = large(system)
    check("all of it", size > 1 << 20 and lines > 1000 and last.get("end", {}).get("state") == "succeeded", (size, lines, last))
    before = {name: memory_kb(system.pid(name)) for name in ("bridge", "agent")}
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        streams = [pool.submit(large, system, 0.002 * i) for i in range(3)]
        reads = 0
        while not all(stream.done() for stream in streams):
            began = time.monotonic()
            status, answer = system.rest("POST", "/v1/tenants/lab/commands?wait=30",
                                         {"command": "Get-ADUser", "parameters": {"Identity": "ada"}})
            check("a small read meanwhile", status == 200 and answer["state"] == "succeeded", answer)
            check("and soon", time.monotonic() - began < 10, f"{time.monotonic() - began:.1f} s")
            reads += 1
        for again in (stream.result() for stream in streams):
            check("the same again", again[1] == lines and abs(again[0] - size) < 16, again[:2])  # the duration's digits
            for name, kb in again[3].items():
                check(f"flat memory of the {name}", kb - before[name] < limit, f"{before[name]} kB, then {kb} kB")
    print(f"{size >> 10} kB in {lines} lines, {reads} reads meanwhile")
    # Who leaves in the middle does not leave it running.
    c = http.client.HTTPSConnection("localhost", system.ready["web_port"], context=system.tls, timeout=s.LIMIT_S)
    body = {"command": "Get-ADObject", "parameters": {"LDAPFilter": LARGE, "Properties": ["*"],
                                                      "SearchBase": f"CN=Schema,CN=Configuration,{system.ad.base}"}}
    c.request("POST", "/v1/tenants/lab/commands", json.dumps(body),
              {"Authorization": f"Bearer {system.key}", "Accept": "application/x-ndjson"})
    with contextlib.closing(c.getresponse()) as got:
        operation = json.loads(got.readline())["operation"]
    c.close()
    until("its end", lambda: system.show(operation).state in FINAL)


os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"  # or memory cannot be measured
sys.exit(s.run("together", s.System(os.path.realpath(sys.argv[1]), "hybrid-dual"),
               [test_many_users, test_one_user, test_opposites, test_one_id, test_large_output]))
