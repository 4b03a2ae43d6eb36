#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""causeway-bridge over real HTTPS: test.py BRIDGE AGENT CAUSEWAY [--double]. With --double the router is a double, whose
changes need no directory."""
import hashlib
import json
import os
import resource
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from bridge import LIMIT_S, Agent, Bridge, until

BRIDGE, AGENT, CAUSEWAY = sys.argv[1:4]
DOUBLE = "--double" in sys.argv
WATCHERS = 1000
SANITIZED = b"__asan_init" in open(BRIDGE, "rb").read() or b"__tsan_init" in open(BRIDGE, "rb").read()
READ = {"command": "Get-ADUser", "parameters": {"Identity": "ada"}}
failed = checks = 0


def check(what, so, shown=""):
    global failed, checks
    checks += 1
    if not so:
        failed += 1
        print(f"{what}: {shown}", file=sys.stderr)


def read_of(identity):
    return {"command": "Get-ADUser", "parameters": {"Identity": identity}}


def test_refusals(b):
    """What keeps a bridge from starting, in words."""
    status, out, err = b.command("run")
    check("not initialised", status == 1 and "causeway-bridge init --state" in err, err)
    status, out, err = b.command("key", "list")
    check("no keys without a bridge", status == 1 and "there is no bridge" in err, err)
    status, out, err = b.init()
    check("init prints the key alone", status == 0 and out.startswith("cwk_") and len(out) == 47, out + err)
    key = out
    status, out, err = b.command("init")
    check("init twice", status == 1 and out == "" and "key create" in err, out + err)
    os.chmod(b.folder, 0o755)
    status, out, err = b.command("run")
    check("a folder that others may read", status == 1 and "chmod 700" in err, err)
    os.chmod(b.folder, 0o700)

    settings = f"{b.folder}/bridge.json"
    with open(settings, encoding="utf-8") as f:
        good = f.read()
    for name, text, says in [
            ("unknown", '{"webport":1}', 'has no member "webport"'), ("type", '{"web_port":"1"}', '"web_port" must be a whole'),
            ("address", '{"web_listen":"bridge"}', '"web_listen" must be an IPv4'), ("names", '{"names":[]}', '"names" must be'),
            ("half a pair", '{"web_certificate":"x"}', "go together"), ("no JSON", "{", "not JSON at byte"),
            ("no CA file", good[:-2] + ',"graph_ca":"/nonexistent/ca.pem"}', "graph_ca: there is no file /nonexistent/ca.pem"),
            ("no certificate", good[:-2] + ',"web_certificate":"/nonexistent/c","web_private_key":"/nonexistent/k"}',
             "/nonexistent/c is not there")]:
        with open(settings, "w", encoding="utf-8") as f:
            f.write(text)
        status, out, err = b.command("run")
        check(f"settings: {name}", status == 1 and says in err, err)
    for port in ["web", "agents"]:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with open(settings, "w", encoding="utf-8") as f:
                json.dump({**json.loads(good), f"{port}_port": taken.getsockname()[1]}, f)
            status, out, err = b.command("run")
            check(f"the {port} port is taken", status == 1 and f"port {taken.getsockname()[1]}" in err and "in use" in err, err)
    with open(settings, "w", encoding="utf-8") as f:
        f.write(good)

    ledger = sqlite3.connect(f"{b.folder}/ledger.db", isolation_level=None)
    version = ledger.execute("PRAGMA user_version").fetchone()[0]
    ledger.execute("PRAGMA user_version = 999")
    status, out, err = b.command("run")
    check("a newer ledger", status == 1 and "newer bridge" in err, err)
    ledger.execute(f"PRAGMA user_version = {version}")
    ledger.close()
    return key


def test_basics(b, key):
    for address in ["health", "openapi.json"]:
        check(address, b.call("GET", f"/v1/{address}").status == 200)
    check("no key", b.call("GET", "/v1/tenants").status == 401)
    a = b.call("POST", "/v1/tenants", key, {"name": "lab", "mode": "on-prem"})
    check("a tenant", a.status == 201 and a.headers["Location"].endswith(a.body["id"]), a)
    a = b.call("PUT", "/v1/tenants", key, {})
    check("another method", a.status == 405 and a.headers["Allow"] == "GET, HEAD, POST, OPTIONS", a)
    a = b.call("HEAD", "/v1/tenants", key)
    check("HEAD", a.status == 200 and int(a.headers["Content-Length"]) > 50, a)
    a = b.call("POST", "/v1/tenants", key, {"name": "x", "mode": "cloud", "x": 1})
    check("a member too many", a.status == 400 and '"x"' in a.body["error"]["message"], a)
    a = b.call("POST", "/v1/tenants", key, b"x" * (1 << 20 | 1))
    check("a huge body", a.status == 413, a)
    a = b.call("POST", "/v1/tenants", key, "[" * 5000)
    check("a deep body", a.status in (400, 413) and "levels deep" in a.body["error"]["message"], a)
    a = b.call("GET", "/v1/operations?limit=0", key)
    check("a limit of none", a.status == 400, a)
    a = b.call("GET", "/v1/agents?tenant=%ff", key)
    check("a query that is not UTF-8", a.status == 400, a)
    a = b.call("POST", "/v1/tenants/lab/commands", key, READ)
    check("no agent yet", a.status == 503 and a.headers["Retry-After"] == "5", a)
    check("the catalogue", len(b.call("GET", "/v1/catalogue", key).body["commands"]) > 5)


def test_enrolment(b, key, agent):
    a = b.call("POST", "/v1/tenants/lab/enrolment-tokens", key, {"roles": ["directory"]})
    check("a token", a.status == 201 and a.body["bridge"] == f"localhost:{b.ready['agents_port']}", a)
    status, err = agent.enrol(b, a.body["token"])
    check("enrolment", status == 0, err)
    status, err = Agent(AGENT, agent.folder + ".2").enrol(b, a.body["token"])
    check("a token twice", status == 1 and "has been used" in err, err)
    agent.start()
    agent.wait("up")
    a = b.call("GET", "/v1/agents", key)
    one = a.body["agents"][0]
    check("one agent", len(a.body["agents"]) == 1 and one["connected"] and one["hostname"] == "dc1", a)
    a = b.call("GET", f"/v1/agents/{one['id']}", key)
    check("the agent", a.body["certificate"]["expires"] > "2026" and a.body["version"] == "test" and
          a.body["address"].startswith("127.0.0.1:"), a)
    return one["id"], a.body["tenant"]


def test_commands(b, key, agent):
    a = b.call("POST", "/v1/tenants/lab/commands?wait=30", key, READ)
    check("a read", a.status == 200 and a.body["state"] == "succeeded" and a.body["server"] == "dc1.test" and
          a.body["output"] == [{"Name": "Ada", "Enabled": True}] and a.body["warnings"] == ["slow today"], a)
    a = b.call("POST", "/v1/tenants/lab/commands?wait=30", key, read_of("nobody"))
    check("a read that fails", a.status == 200 and a.body["state"] == "failed" and
          a.body["errors"][0]["error_id"] == "ADIdentityNotFoundException", a)
    a = b.call("POST", "/v1/tenants/lab/commands", key, READ, {"Accept": "application/x-ndjson"})
    check("lines", [next(iter(x)) for x in a.body] == ["operation", "output", "warning", "end"], a)
    a = b.call("POST", "/v1/tenants/lab/commands?wait=30", key, read_of("nonsense"))
    check("an agent's nonsense", a.status == 502, a)
    a = b.call("POST", "/v1/tenants/lab/commands", key, READ, {"Prefer": "wait=30"})
    check("Prefer: wait", a.status == 200, a)
    a = b.call("POST", "/v1/tenants/lab/commands", key, {"command": "Get-Process | Stop-Process"})
    check("a script", a.status == 403, a)
    a = b.call("POST", "/v1/tenants/lab/commands", key, READ)
    check("no wait", a.status == 202, a)
    operation = a.headers["Location"]
    a = until("its end", lambda: (x := b.call("GET", operation, key)).body["state"] == "succeeded" and x)
    check("its output", a.body["output"] == [{"Name": "Ada", "Enabled": True}], a)
    a = b.call("GET", "/v1/operations?limit=2", key)
    more = b.call("GET", f"/v1/operations?limit=200&before={a.body['next']}", key)
    check("pages", len(a.body["operations"]) == 2 and "next" not in more.body and
          len(more.body["operations"]) >= 3, more)
    one = {"id": "3F2B8C1E-6A0D-4A53-9A3E-0A6F3C1D2E4B", **READ}
    first, again = (b.call("POST", "/v1/tenants/lab/commands?wait=30", key, one) for _ in range(2))
    check("an id twice", first.status == 200 and again.status == 409 and first.body["operation"] == one["id"].lower(), again)

    agent.wait("run", first.body["operation"])
    c = b.connect()
    c.request("POST", "/v1/tenants/lab/commands?wait=60", json.dumps(read_of("wait")), {"Authorization": f"Bearer {key}"})
    waiting = agent.wait("run")
    c.sock.shutdown(socket.SHUT_RDWR)
    c.close()
    check("hanging up stops a read", agent.wait("stop") != "nothing")
    until("its end", lambda: b.call("GET", f"/v1/operations/{waiting}", key).body["state"] not in ("running", "queued"))
    a = b.call("POST", f"/v1/operations/{waiting}/cancel", key)
    check("too late to cancel", a.status == 409, a)


def test_scripts(b, key, agent):
    """Scripts, plans and their application; the double of the router keeps less."""
    where = "/v1/tenants/lab/scripts"
    text = "Get-ADUser ada\n\t# a script's own words"
    a = b.call("POST", where + "?wait=30", key, {"mode": "run", "script": text})
    check("a script", a.status == 200 and a.body["state"] == "succeeded" and a.body["output"] == [{"Name": "Ada"}] and
          a.body["warnings"] == ["slow today"] and a.body["result"]["state"] == "done", a)
    agent.wait("script", a.body["operation"])
    o = b.call("GET", f"/v1/operations/{a.body['operation']}", key).body
    if not DOUBLE:
        check("its text is nowhere", o["kind"] == "script" and
              o["request"]["script"] == {"sha256": hashlib.sha256(text.encode()).hexdigest(), "bytes": len(text)} and
              "own words" not in json.dumps(o), o)
    a = b.call("POST", where, key, {"mode": "run", "script": "x"}, {"Accept": "application/x-ndjson"})
    check("its lines", [next(iter(x)) for x in a.body] == ["operation", "output", "warning", "end"] and
          a.body[-1]["end"]["result"]["state"] == "done", a)
    a = b.call("POST", where + "?wait=30", key, {"mode": "run", "script": "refuse"})
    refusal = a.body["result"]["refusals"][0]
    check("refused", a.status == 200 and a.body["state"] == "failed" and refusal["rule"] == "ceiling" and
          refusal["who_can_change_it"], a)
    if not DOUBLE:
        check("and why", a.body["error"] == {"code": "denied", "message": "too much"}, a)
    a = b.call("POST", where, key, {"mode": "apply", "script": "x"})
    check("a mode that is none", a.status == 400, a)
    a = b.call("POST", where, key, {"mode": "run", "script": "x", "approved": True})
    check("a member of one's own", a.status == 400, a)

    a = b.call("POST", where + "?wait=30", key, {"mode": "plan", "script": "x"})
    plan = a.body["result"]["plan"]
    check("a plan", a.body["state"] == "succeeded" and plan["hash"] == "abc123", a)
    o = b.call("GET", f"/v1/operations/{a.body['operation']}", key).body
    check("is kept", o["result"]["plan"] == plan, o)
    listed = b.call("GET", "/v1/operations?limit=1", key).body["operations"][0]
    check("and not listed", listed["id"] == a.body["operation"] and "plan" not in listed["result"], listed)
    if not DOUBLE:
        one = {"operation": a.body["operation"], "hash": "abc123"}
        a = b.call("POST", "/v1/tenants/lab/plans/apply?wait=30", key, one)
        check("applied by its operation", a.status == 200 and a.body["state"] == "succeeded", a)
        agent.wait("apply", "abc123")
        a = b.call("POST", "/v1/tenants/lab/plans/apply?wait=30", key, {**one, "hash": "another"})
        check("another one than was read", a.status == 409, a)
    a = b.call("POST", "/v1/tenants/lab/plans/apply", key, {"plan": plan}, {"Accept": "application/x-ndjson"})
    check("applied by value", [next(iter(x)) for x in a.body] == ["operation", "step", "end"], a)

    a = b.call("POST", where, key, {"mode": "run", "script": "wait"})
    running = a.body["operation"]
    check("one that takes its time", a.status == 202, a)
    agent.wait("script", running)
    if not DOUBLE:
        b.call("POST", f"/v1/operations/{running}/cancel", key)
        agent.wait("stop", running)
        until("its end", lambda: b.call("GET", f"/v1/operations/{running}", key).body["state"] == "cancelled")
    # This agent is of a version that knows nothing of parts.
    a = b.call("POST", where + "?wait=30", key, {"mode": "run", "script": "#" * (1 << 20)})
    if not DOUBLE:
        check("a long one for an old agent", a.body["state"] == "failed" and "update the agent, or split the script" in
              a.body["error"]["message"], a)
    a = b.call("POST", where, key, {"mode": "run", "script": "#" * ((1 << 20) + 1)})
    check("a longer one", a.status == 400 and "limit 1048576" in a.body["error"]["message"], a)
    a = b.call("POST", where, "cwk_nobody", {"mode": "run", "script": "#" * (2 << 20)})
    check("a long one of nobody", a.status == 401, a)
    a = b.call("POST", where, key, {"mode": "run", "script": "#" * (21 << 20)})
    check("one that no body holds", a.status == 413 and "split the script" in a.body["error"]["message"], a)
    status, reader, err = b.command("key", "create", "see", "--role", "reader", "--tenants", "lab")
    for address, body in [(where, {"mode": "plan", "script": "x"}), ("/v1/tenants/lab/plans/apply", {"plan": plan})]:
        check("a reader may not", b.call("POST", address, reader, body).status == 403, err)


def test_large(b, key, agent):
    """100,000 objects through a client that takes its time."""
    n = 20000 if SANITIZED else 100000
    before = b.memory_kb()
    c = b.connect()
    got = b.send(c, "POST", "/v1/tenants/lab/commands?wait=60", key, read_of(f"many {n}"))
    most, size, text = 0, 0, b""
    while piece := got.read(1 << 20):
        size += len(piece)
        text = text[-4096:] + piece
        most = max(most, b.memory_kb())
    c.close()
    check("all of it", size > n * 512 and text.endswith(b"}") and b'"state":"succeeded"' in text[-400:], text[-400:])
    check("little of it in memory", most - before < (64 << 10 if SANITIZED else 8 << 10), f"{before} kB, then {most} kB")

    c = b.connect()
    got = b.send(c, "POST", "/v1/tenants/lab/commands", key, read_of("many 1000000"), {"Accept": "application/x-ndjson"})
    got.read(100000)
    c.sock.shutdown(socket.SHUT_RDWR)
    c.close()
    agent.wait("stop")
    most = b.memory_kb()
    check("who leaves in the middle", most - before < (64 << 10 if SANITIZED else 8 << 10), f"{before} kB, then {most} kB")


def test_keys(b, key, agent):
    a = b.call("POST", "/v1/api-keys", key, {"name": "tech", "role": "operator", "tenants": ["lab"]})
    operator, operator_id = a.body["key"], a.body["id"]
    c = b.connect()
    check("a new key", b.call("GET", "/v1/tenants", operator, connection=c).status == 200)
    port = c.sock.getsockname()[1]
    running = b.call("POST", "/v1/tenants/lab/commands", operator, read_of("wait"), connection=c).body["operation"]
    agent.wait("run", running)
    stream = b.connect()
    events = b.send(stream, "GET", f"/v1/operations/{running}/events", operator)
    check("an event", events.readline() == b"event: operation\n")
    check("an operator makes no tenants", b.call("POST", "/v1/tenants", operator, {"name": "y", "mode": "cloud"},
                                                 connection=c).status == 403)
    began = time.monotonic()
    check("revoked", b.call("DELETE", f"/v1/api-keys/{operator_id}", key).status == 204)
    a = b.call("GET", "/v1/tenants", operator, connection=c)
    check("on the connection that it has", a.status == 401 and c.sock.getsockname()[1] == port, a)
    try:
        rest = events.read()
        cut = not rest.endswith(b"0\r\n\r\n")
    except (OSError, Exception):
        cut = True
    check("its stream is cut", cut and time.monotonic() - began < 2)
    stream.close()
    c.close()
    b.call("POST", f"/v1/operations/{running}/cancel", key)
    agent.wait("stop")

    status, out, err = b.command("key", "create", "cli", "--role", "reader", "--tenants", "lab")
    check("a key made beside it", status == 0 and b.call("GET", "/v1/tenants", out).status == 200, err)
    check("a reader only reads", b.call("POST", "/v1/tenants/lab/commands", out,
                                        {"command": "Enable-ADAccount", "parameters": {"Identity": "ada"}}).status == 403)
    found = b.call("GET", "/v1/api-keys", key).body["keys"]
    its_id = next(k["id"] for k in found if k["name"] == "cli")
    status, _, err = b.command("key", "revoke", its_id)
    check("and revoked beside it", status == 0 and b.call("GET", "/v1/tenants", out).status == 401, err)
    status, shown, _ = b.command("key", "list")
    check("listed", status == 0 and "revoked" in shown and "cli" in shown and out not in shown, shown)
    for words, says in [(["create", "x", "--role", "king"], "role is one of"), (["create", "x", "--role", "reader"], "--tenants"),
                        (["create", "x", "--role", "admin", "--tenants", "lab"], "leave out"), (["revoke", "x"], "no API key"),
                        (["create", "x", "--role", "reader", "--tenants", "no"], "no tenant no")]:
        status, _, err = b.command("key", *words)
        check(f"key {words}", status == 1 and says in err, err)


def test_watchers(b, key, agent):
    """Many who watch one operation, none of whom reads until its end."""
    running = b.call("POST", "/v1/tenants/lab/commands", key, read_of("wait")).body["operation"]
    agent.wait("run", running)
    streams, before = [], b.memory_kb()
    request = (f"GET /v1/operations/{running}/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n").encode()

    def open_some(n):
        for _ in range(n):
            s = b.tls.wrap_socket(socket.create_connection(("localhost", b.ready["web_port"]), LIMIT_S),
                                  server_hostname="localhost")
            s.sendall(request)
            streams.append(s)

    threads = [threading.Thread(target=open_some, args=(WATCHERS // 4,)) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    first = b"".join(s.recv(65536) for s in streams[:10])
    check("they hear it at once", first.count(b"event: operation") == 10, first[:500])
    per_watcher = (b.memory_kb() - before) / WATCHERS
    check("what each costs", per_watcher < (400 if SANITIZED else 80), f"{per_watcher:.0f} kB")
    check("the bridge serves others meanwhile", b.call("POST", "/v1/tenants/lab/commands?wait=30", key, READ).status == 200)
    b.call("POST", f"/v1/operations/{running}/cancel", key)

    def last(s):
        data = b""
        while not data.endswith(b"0\r\n\r\n"):
            piece = s.recv(65536)
            if not piece:
                break
            data += piece
        s.close()
        return data

    ends = [last(s) for s in streams]
    finished = sum(b'"state":"cancelled"' in e or b'"state":"failed"' in e for e in ends)
    check("all hear the end", finished == WATCHERS and all(e.endswith(b"0\r\n\r\n") for e in ends), f"{finished} of {WATCHERS}")
    agent.wait("stop")


def test_slow_client(b, key):
    """Bytes that come one by one, a request that never ends: others do not wait for them."""
    s = b.tls.wrap_socket(socket.create_connection(("localhost", b.ready["web_port"]), LIMIT_S), server_hostname="localhost")
    s.sendall(b"POST /v1/tenants HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
    began = time.monotonic()
    check("not held up", b.call("GET", "/v1/tenants", key).status == 200 and time.monotonic() - began < 5)
    s.close()
    for request in [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n",
                    b"GET /v1/health HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 3000 + b"\r\n", b"FOO / HTTP/1.1\r\n\r\n"]:
        s = b.tls.wrap_socket(socket.create_connection(("localhost", b.ready["web_port"]), LIMIT_S), server_hostname="localhost")
        try:
            s.sendall(request)
            s.shutdown(socket.SHUT_RDWR)
        except (OSError, ssl.SSLError):
            pass
        s.close()
    two = (b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key.encode() + b"\r\nContent-Length: 2\r\n\r\n{}") * 2
    s = b.tls.wrap_socket(socket.create_connection(("localhost", b.ready["web_port"]), LIMIT_S), server_hostname="localhost")
    s.sendall(two)
    got = b""
    while piece := s.recv(65536):
        got += piece
    check("one request behind another's body", got.count(b"HTTP/1.1") == 1 and b"more came behind the body" in got and
          b"connection: close" in got, got)
    s.close()
    plain = socket.create_connection(("localhost", b.ready["web_port"]), LIMIT_S)
    plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
    plain.close()
    check("still there", b.call("GET", "/v1/health").status == 200)


def test_changes(b, key):
    a = b.call("POST", "/v1/tenants/lab/changes", key, {"change": "user.enable", "target": {"user": "ada@lab.test"}})
    check("a change", a.status == 202, a)
    c = b.connect()
    got = b.send(c, "GET", a.headers["Location"] + "/events", key)
    events = [json.loads(x[6:]) for x in got.read().split(b"\n") if x.startswith(b"data: ")]
    c.close()
    # How many there are depends on who was faster; the steps one by one are a unit test's.
    check("to its end", events and events[-1]["state"] == "succeeded" and
          all(e["state"] in ("queued", "running") for e in events[:-1]), events)
    wrong = []
    for event in events:
        b.api.check(event, {"$ref": "#/components/schemas/Operation"}, "event", wrong)
    check("events as described", not wrong, wrong)
    a = b.call("POST", "/v1/tenants/lab/changes?wait=30", key, {"change": "user.enable", "target": {"sam": "ada"}})
    check("a change that is waited for", a.status == 200 and a.body["state"] == "succeeded", a)


def test_cli(b, key):
    env = {"PATH": os.environ["PATH"], "CAUSEWAY_URL": b.ready["url"], "CAUSEWAY_API_KEY": key,
           "CAUSEWAY_CA": f"{b.folder}/ca.crt"}
    env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})

    def cli(*words):
        done = subprocess.run([CAUSEWAY, *words], env=env, capture_output=True, text=True, timeout=LIMIT_S,
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    rows = [
        (["tenants"], 0, ["lab   on-prem"], []),
        (["tenants", "create", "second", "--mode", "cloud"], 0, ["cloud"], []),
        (["tenants", "set-mode", "second", "hybrid-dual"], 0, ["hybrid-dual"], []),
        (["tenants", "show", "no"], 1, [], ["there is no tenant no"]),
        (["tenants", "delete", "second"], 0, ["is deleted"], []),
        (["agents"], 0, ["dc1   connected  directory"], []),
        (["run", "Get-ADUser", "-Identity", "ada"], 0, ["Ada"], ["warning: slow today"]),
        (["run", "Get-ADUser", "-Identity", "nobody"], 1, [], ["Cannot find an object (ADIdentityNotFoundException)"]),
        (["run", "Remove-Item", "-Path", "/"], 1, [], ["catalogue"]),
        (["enrol-token", "-t", "lab", "--hours", "1"], 0, ["cwt_"], ["good for one agent", f"connects to localhost:{b.ready['agents_port']}"]),
        (["keys", "create", "ci", "--tenants", "lab", "--read-only"], 0, ["cwk_"], ["shown this once"]),
        (["keys"], 0, ["ci     cwk_", "reader  lab"], []),
        (["operations", "-n", "3"], 0, ["Get-ADUser"], []),
    ]
    script, refuse, plan = (f"{b.folder}/../{name}" for name in ("script.ps1", "refuse.ps1", "plan.json"))
    with open(script, "w", encoding="utf-8") as f:
        f.write("\ufeffGet-ADUser ada\n")
    with open(refuse, "w", encoding="utf-8") as f:
        f.write("refuse")
    rows += [
        (["run", "lab", "ad", "--script", script], 0, ["Name : Ada"], ["warning: slow today", "done: 1 call, 0 writes on dc1.test"]),
        (["run", "lab", "ad", "--script", script, "--json"], 0, ['{"output":{"Name":"Ada"}}\n', '{"result":{'], []),
        (["run", "lab", "ad", "--script", refuse], 3, [], ["refused (ceiling): too much",
                                                          "who can change it: an administrator of this server"]),
        (["plan", "lab", "ad", "--script", script, "--out", plan], 0,
         ["Plan: 1 write", "Set-ADUser  CN=Ada (user)", "title: Engineer -> Lead", "SHA-256 abc123"], []),
        (["apply", "lab", "ad", plan], 0, ["1  Set-ADUser  CN=Ada (user)  done"], []),
        (["run", "lab", "ad"], 2, [], ["which script?"]),
        (["run", "lab", "ad", "--script", "/nonexistent.ps1"], 2, [], ["/nonexistent.ps1"]),
        (["plan", "lab", "entra", "--script", script], 2, [], ["scripts run in ad"]),
        (["plan", "no", "ad", "--script", script], 1, [], ["there is no tenant no"]),
    ]
    last = b.call("POST", "/v1/tenants/lab/commands?wait=30", key, READ).body["operation"]
    rows.append((["operations", "show", last], 0, ["Get-ADUser", "Ada"], []))
    if DOUBLE:
        rows += [(["change", "user.update", "--user", "ada@x", "--set", "jobTitle=Lead"], 0, ["user.update succeeded"], []),
                 (["change", "password.reset", "--user", "ada@x"], 0, ["Ab3-correct\n"], ["shown once"])]
    for words, status, out, err in rows:
        got = cli(*words)
        check(f"causeway {' '.join(words)}", got[0] == status and all(t in got[1] for t in out) and all(t in got[2] for t in err),
              got)


def test_revocation(b, key, agent, agent_id):
    running = b.call("POST", "/v1/tenants/lab/commands", key, read_of("wait")).body["operation"]
    agent.wait("run", running)
    began = time.monotonic()
    a = b.call("POST", f"/v1/agents/{agent_id}/revoke", key)
    check("revoked", a.status == 200 and a.body["revoked"] and not a.body["connected"], a)
    agent.wait("down")
    check("cut within a second", time.monotonic() - began < (3 if SANITIZED else 1), f"{time.monotonic() - began:.2f} s")
    until("the end of what ran", lambda: b.call("GET", f"/v1/operations/{running}", key).body["state"] not in
          ("running", "queued"))
    a = b.call("POST", "/v1/tenants/lab/commands", key, READ)
    check("and no more", a.status == 503, a)
    until("its refusal in the log", lambda: "was revoked" in b.log_text())


def test_restart(b, key, agent):
    """Killed, and stopped in good order."""
    before = len(b.call("GET", "/v1/operations?limit=200", key).body["operations"])
    port = b.ready["agents_port"]
    with open(f"{b.folder}/bridge.json", encoding="utf-8") as f:
        settings = json.load(f)
    settings.update(agents_port=port, names=["localhost", "127.0.0.1", "bridge.example"])
    with open(f"{b.folder}/bridge.json", "w", encoding="utf-8") as f:
        json.dump(settings, f)
    with open(f"{b.folder}/web.crt", encoding="utf-8") as f:
        certificate = f.read()
    b.stop(signal.SIGKILL)
    agent.wait("down")
    b.start()
    agent.wait("up")
    with open(f"{b.folder}/web.crt", encoding="utf-8") as f:
        check("a certificate for the new name", f.read() != certificate)
    tls = ssl.create_default_context(cafile=f"{b.folder}/ca.crt")
    with tls.wrap_socket(socket.create_connection(("localhost", b.ready["web_port"]), LIMIT_S),
                         server_hostname="bridge.example"):
        pass
    after = b.call("GET", "/v1/operations?limit=200", key).body["operations"]
    check("after a kill all is there", len(after) == before and all(o["state"] != "running" for o in after), len(after))
    check("and works", b.call("POST", "/v1/tenants/lab/commands?wait=30", key, READ).status == 200)
    status, _, err = b.command("run")
    check("a second one on the same folder", status == 1 and "runs on" in err, err)

    running = b.call("POST", "/v1/tenants/lab/commands", key, read_of("wait")).body["operation"]
    agent.wait("run", running)
    stream, waiting = b.connect(), b.connect()
    events = b.send(stream, "GET", f"/v1/operations/{running}/events", key)
    events.readline()
    waiting.request("POST", "/v1/tenants/lab/commands?wait=60", json.dumps(read_of("wait")), {"Authorization": f"Bearer {key}"})
    agent.wait("run")
    b.process.send_signal(signal.SIGTERM)
    got = waiting.getresponse()
    check("who waits is answered", got.status == 202, f"{got.status} {got.read()}")
    began = time.monotonic()
    check("an orderly end", b.process.wait(LIMIT_S) == 0 and time.monotonic() - began < 5)
    check("the ready file is gone", not os.path.exists(b.ready_file))
    stream.close()
    waiting.close()

    b.start()
    agent.wait("up")
    a = until("what ran is settled", lambda: (x := b.call("GET", f"/v1/operations/{running}", key)).body["state"] not in
              ("running", "queued") and x)
    check("not as done", a.body["state"] in ("failed", "unknown"), a)


def test_log(b, secrets):
    text = b.log_text()
    check("the log tells", all(t in text for t in ["ready: version", "is connected from", "is gone", "was refused",
                                                    "command Get-ADUser of tenant", "stopping", "stopped", "POST /v1/api-keys by API key"]), text[:2000])
    for secret in secrets + ["cwk_", "cwt_", "waiting", "own words", "Ada", "ada@", "Lead"]:
        check(f"no {secret[:8]} in the log", secret not in text)
    check("nothing odd in the log", "Sanitizer" not in text and "runtime error" not in text, text[-3000:])


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as folder:
        b, agent = Bridge(BRIDGE, f"{folder}/bridge"), Agent(AGENT, f"{folder}/agent")
        try:
            key = test_refusals(b)
            b.start()
            test_basics(b, key)
            agent_id, _ = test_enrolment(b, key, agent)
            for name, test in [("commands", lambda: test_commands(b, key, agent)), ("scripts", lambda: test_scripts(b, key, agent)),
                               ("large", lambda: test_large(b, key, agent)),
                               ("keys", lambda: test_keys(b, key, agent)), ("slow", lambda: test_slow_client(b, key)),
                               ("changes", lambda: test_changes(b, key) if DOUBLE else None), ("cli", lambda: test_cli(b, key)),
                               ("watchers", lambda: test_watchers(b, key, agent)),
                               ("restart", lambda: test_restart(b, key, agent)),
                               ("revocation", lambda: test_revocation(b, key, agent, agent_id))]:
                began = time.monotonic()
                test()
                print(f"{name}: {time.monotonic() - began:.1f} s")
            status, took = b.stop()
            check("an end without company", status == 0 and took < 5, f"{status} after {took:.1f} s")
            test_log(b, [key])
            check("answers as described", not b.wrong, "\n".join(b.wrong))
        finally:
            for p in [agent.process, b.process]:
                if p is not None and p.poll() is None:
                    p.kill()
                    p.wait()
            if failed or sys.exc_info()[0] is not None:
                print("--- the bridge's log\n" + b.log_text()[-6000:], file=sys.stderr)
    print(f"bridge: {checks} checks, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
