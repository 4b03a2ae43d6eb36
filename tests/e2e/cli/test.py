#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The causeway client against a canned HTTPS server: what it sends, prints and exits with."""
import http.server
import json
import os
import pty
import ssl
import subprocess
import sys
import tempfile
import threading

CLI = sys.argv[1]
TENANT = {"id": "11111111-1111-4111-8111-111111111111", "name": "lab", "mode": "hybrid-dual",
          "graph": {"tenant_id": "t-1", "client_id": "c-1"}}
AGENT = {"id": "a-1", "hostname": "dc1", "roles": ["directory", "sync"], "connected": True, "revoked": False,
         "last_seen": "2026-11-24T09:30:00Z"}


def operation(state, *steps):
    return {"id": "op-1", "kind": "change", "what": "user.update", "state": state,
            "request": {"target": {"user": "ada@lab.test"}},
            "steps": [{"n": n + 1, "place": place, "what": what, "state": s, "attempts": 1}
                      for n, (place, what, s) in enumerate(steps)]}


RUNNING = operation("running", ("ad", "Set-ADUser", "running"), ("entra", "PATCH user", "pending"))
HALFWAY = operation("running", ("ad", "Set-ADUser", "done"), ("entra", "PATCH user", "running"))
SUCCEEDED = operation("succeeded", ("ad", "Set-ADUser", "done"), ("entra", "PATCH user", "done"))
FAILED = dict(operation("failed", ("ad", "Set-ADUser", "failed")), error={"code": "denied", "message": "no right to write title"})
# What a terminal obeys: an escape, its 8-bit form, turned writing, a new line.
EVIL = "\u001b[31m\u009b31m\u202e\n"
HOSTILE = {"id": EVIL, "kind": EVIL, "what": EVIL, "state": EVIL, "request": {"target": {"user": EVIL}},
           "steps": [{"n": 1, "place": EVIL, "what": EVIL, "state": EVIL, "attempts": 2, "error": {"message": EVIL}}],
           "error": {"code": EVIL, "message": EVIL}, "output": [{EVIL: EVIL, "a": [EVIL, EVIL]}]}
USERS = [{"Name": "Ada", "Enabled": True}, {"Name": "Bob\u001b[31m", "Enabled": False}]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients that hang up are part of the test


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = []
    streams = 0

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def fail(self, status, code, message):
        self.answer(status, {"error": {"code": code, "message": message}})

    def stream(self, events, whole):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in events:
            self.wfile.write(b": comment\n\nevent: operation\ndata: " + json.dumps(event).encode() + b"\n\n")
        self.close_connection = True

    def do(self):
        n = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(n)) if n else None
        Handler.seen.append((self.command, self.path, body))
        if self.headers.get("Authorization") != "Bearer cwk_good":
            return self.fail(401, "unauthenticated", "the API key is not known here")
        route = (self.command, self.path.split("?")[0])
        simple = {
            ("GET", "/v1/tenants"): {"tenants": [TENANT]},
            ("GET", "/v1/tenants/lab"): TENANT,
            ("GET", "/v1/tenants/evil"): dict(TENANT, name=EVIL, id=EVIL),
            ("GET", "/v1/agents/evil"): {EVIL: EVIL, "roles": [EVIL, EVIL]},
            ("GET", "/v1/operations/evil"): HOSTILE,
            ("POST", "/v1/tenants/evil/enrolment-tokens"): {"token": EVIL, "expires": EVIL, "bridge": EVIL},
            ("POST", "/v1/tenants/evil/changes"): {"operation": EVIL},
            ("POST", "/v1/tenants"): TENANT,
            ("PATCH", "/v1/tenants/lab"): TENANT,
            ("PUT", "/v1/tenants/lab/graph"): TENANT,
            ("POST", "/v1/tenants/lab/enrolment-tokens"): {"token": "cwe_x", "expires": "2026-11-25T09:30:00Z"},
            ("GET", "/v1/agents"): {"agents": [AGENT]},
            ("POST", "/v1/agents/a-1/revoke"): AGENT,
            ("GET", "/v1/operations"): {"operations": [SUCCEEDED]},
            ("GET", "/v1/operations/op-1"): SUCCEEDED,
            ("GET", "/v1/api-keys"): {"keys": [{"id": "k-1", "name": "ci", "prefix": "cwk_ab", "role": "admin"}]},
            ("POST", "/v1/api-keys"): {"id": "k-2", "key": "cwk_new"},
            ("POST", "/v1/tenants/lab/changes"): {"operation": "op-1"},
            (self.command, f"/v1/tenants/{TENANT['id']}/commands"):
                {"operation": "op-2", "state": "succeeded", "output": USERS, "warnings": ["slow today"], "errors": [],
                 "duration_ms": 12.5},
            ("POST", "/v1/tenants/lab/commands"):
                {"operation": "op-3", "state": "failed", "output": [], "warnings": [], "duration_ms": 3,
                 "errors": [{"message": "Cannot find an object", "error_id": "ADIdentityNotFoundException"}]},
        }
        if route in simple:
            return self.answer(200, simple[route])
        if route[1] == "/v1/operations/op-1/events":
            Handler.streams += 1  # the first one breaks off, as a restarted bridge's does
            return self.stream([RUNNING, HALFWAY] if Handler.streams % 2 else [HALFWAY, SUCCEEDED], True)
        if route[1] == "/v1/operations/op-9/events":
            return self.stream([FAILED], True)
        if route[1] == "/v1/agents/broken":
            return self.answer(502, None)
        return self.fail(404, "not_found", f"nothing at {self.path}")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do


def run(env, *words, terminal=False):
    if not terminal:
        done = subprocess.run([CLI, *words], env=env, capture_output=True, text=True, timeout=30,
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr
    ours, theirs = pty.openpty()
    child = subprocess.Popen([CLI, *words], env=dict(env, TERM="xterm"), stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return child.wait(timeout=30), shown.decode().replace("\r\n", "\n"), ""


def main():
    folder = tempfile.mkdtemp()
    cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    server = Server(("127.0.0.1", 0), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"https://127.0.0.1:{server.server_address[1]}"
    env = {"PATH": os.environ["PATH"], "CAUSEWAY_URL": url, "CAUSEWAY_API_KEY": "cwk_good", "CAUSEWAY_CA": cert}
    env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    with open(f"{folder}/bad", "w") as f:
        f.write("no PEM here\n")

    # name, words, changes of the environment, exit status, texts of standard output, texts of standard error, sent
    rows = [
        ("tenants", ["tenants"], {}, 0, ["NAME  MODE         GRAPH  ID", "lab   hybrid-dual  t-1"], [], None),
        ("tenants as JSON", ["tenants", "list", "--json"], {}, 0, ['"tenants"', '"hybrid-dual"'], [], None),
        ("create", ["tenants", "create", "lab", "--mode", "cloud"], {}, 0, ["lab"], [],
         ("POST", "/v1/tenants", {"name": "lab", "mode": "cloud"})),
        ("create without a mode", ["tenants", "create", "lab"], {}, 1, [], ["--mode is missing"], None),
        ("graph settings", ["tenants", "graph", "lab", "--tenant-id", "t", "--client-id", "c", "--certificate",
                            f"{folder}/bad", "--private-key", f"{folder}/bad"], {}, 0, ["c-1"], [],
         ("PUT", "/v1/tenants/lab/graph", {"tenant_id": "t", "client_id": "c", "certificate": "no PEM here\n",
                                           "private_key": "no PEM here\n"})),
        ("set mode", ["tenants", "set-mode", "lab", "cloud"], {}, 0, ["lab is cloud now: changes go to Entra ID\n"], [],
         ("PATCH", "/v1/tenants/lab", {"mode": "cloud"})),
        ("a token", ["enrol-token", "-t", "lab", "--roles", "directory,sync", "--hours", "2"], {}, 0, ["cwe_x\n"],
         ["2026-11-25 09:30:00"],
         ("POST", "/v1/tenants/lab/enrolment-tokens", {"roles": ["directory", "sync"], "expires_in_s": 7200})),
        ("agents", ["agents", "list"], {}, 0, ["dc1   connected  directory, sync  2026-11-24 09:30:00  a-1"], [], None),
        ("revoke", ["agents", "revoke", "a-1"], {}, 0, ["revoked"], [], ("POST", "/v1/agents/a-1/revoke", None)),
        ("run finds the only tenant", ["run", "Get-ADUser", "-Filter", "*", "-Properties", "title,mail"], {}, 0,
         ["Name      Enabled", "Ada       true", "Bob?[31m  false"], ["warning: slow today"],
         ("POST", f"/v1/tenants/{TENANT['id']}/commands?wait=300",
          {"command": "Get-ADUser", "parameters": {"Filter": "*", "Properties": ["title", "mail"]}})),
        ("run that fails", ["run", "-t", "lab", "Get-ADUser", "-Identity", "nobody"], {}, 1, [],
         ["error: Cannot find an object (ADIdentityNotFoundException)", "the operation failed"], None),
        ("run with options of causeway behind the cmdlet", ["run", "Get-ADUser", "-tenant", "x"], {}, 0, [], [],
         ("POST", f"/v1/tenants/{TENANT['id']}/commands?wait=300",
          {"command": "Get-ADUser", "parameters": {"tenant": "x"}})),
        ("a change, through a broken stream", ["change", "user.update", "-t", "lab", "--user", "ada@lab.test", "--set",
                                               "jobTitle=Lead", "--set", "department="], {}, 0,
         ["Set-ADUser  running", "Set-ADUser  done", "PATCH user  done", "user.update succeeded"], [],
         ("POST", "/v1/tenants/lab/changes", {"change": "user.update", "target": {"user": "ada@lab.test"},
                                              "set": {"jobTitle": "Lead", "department": None}})),
        ("a change not waited for", ["change", "user.disable", "-t", "lab", "--sam", "ada", "--no-wait"], {}, 0, ["op-1\n"],
         [], None),
        ("a change of nobody", ["change", "user.disable", "-t", "lab"], {}, 1, [], ["--user"], None),
        ("operations", ["operations", "-n", "5", "--state", "failed"], {}, 0, ["succeeded  user.update  ada@lab.test  op-1"], [],
         ("GET", "/v1/operations?state=failed&limit=5", None)),
        ("an operation", ["operations", "show", "op-1"], {}, 0, ["✓ ad    Set-ADUser  done"], [], None),
        ("watch one that fails", ["operations", "watch", "op-9"], {}, 1, ["✗"], ["failed: no right to write title"], None),
        ("watch as JSON", ["operations", "watch", "op-9", "--json"], {}, 1, ['{"id": "op-1"'], [], None),
        ("keys", ["keys"], {}, 0, ["ci    cwk_ab  admin  all"], [], None),
        ("a new key", ["keys", "create", "ci", "--tenants", "lab", "--read-only"], {}, 0, ["cwk_new\n"], ["shown this once"],
         ("POST", "/v1/api-keys", {"name": "ci", "role": "reader", "tenants": ["lab"]})),
        ("no such operation", ["operations", "show", "../x y"], {}, 1, [], ["nothing at /v1/operations/..%2Fx%20y"], None),
        ("a wrong key", ["tenants"], {"CAUSEWAY_API_KEY": "cwk_bad"}, 1, [],
         ["the API key is not known here. CAUSEWAY_API_KEY or --key-file"], None),
        ("a key with a line end", ["tenants"], {"CAUSEWAY_API_KEY": "cwk\r\nX: y"}, 1, [], ["white space"], None),
        ("no key", ["tenants"], {"CAUSEWAY_API_KEY": None}, 1, [], ["CAUSEWAY_API_KEY"], None),
        ("an answer that is no JSON", ["agents", "show", "broken"], {}, 3, [], ["HTTP 502"], None),
        ("nobody there", ["tenants"], {"CAUSEWAY_URL": "https://127.0.0.1:1"}, 3, [], ["nothing answers at https://127.0.0.1:1"],
         None),
        ("a CA that did not sign", ["tenants"], {"CAUSEWAY_CA": "/etc/ssl/certs/ca-certificates.crt"}, 3, [],
         ["is not trusted", "CAUSEWAY_CA"], None),
        ("a CA file that is none", ["tenants"], {"CAUSEWAY_CA": f"{folder}/bad"}, 1, [], [f"{folder}/bad"], None),
        ("plain http", ["tenants", "--url", "http://127.0.0.1"], {}, 1, [], ["https://"], None),
        ("no such option", ["tenants", "--nope"], {}, 2, [], ["--nope"], None),
        ("too many words", ["tenants", "list", "x"], {}, 2, [], ["usage:"], None),
        ("no such command", ["frobnicate"], {}, 2, [], ["frobnicate"], None),
        ("help", ["change", "--help"], {}, 0, ["--set NAME=VALUE", "password.reset"], [], None),
        ("completion", ["completion", "bash"], {}, 0, ["complete -F _causeway causeway", "--no-wait"], [], None),
    ]
    failed = 0

    def check(name, good, shown):
        nonlocal failed
        if not good:
            failed += 1
            print(f"{name}: {shown}", file=sys.stderr)

    for name, words, changes, status, out, err, sent in rows:
        Handler.seen, Handler.streams = [], 0
        changed = {k: v for k, v in {**env, **changes}.items() if v is not None}
        got = run(changed, *words)
        check(name, got[0] == status and all(t in got[1] for t in out) and all(t in got[2] for t in err),
              f"status {got[0]}, want {status}; wanted texts {out} {err}\n--- stdout\n{got[1]}--- stderr\n{got[2]}")
        check(name, sent is None or sent in Handler.seen, f"sent {Handler.seen}, want {sent}")

    for words in (["tenants", "show", "evil"], ["agents", "show", "evil"], ["operations", "show", "evil"],
                  ["enrol-token", "-t", "evil"], ["change", "user.enable", "-t", "evil", "--user", "a", "--no-wait"]):
        for more in ([], ["--json"]):
            status, out, err = run(env, *words, *more)
            check(f"hostile text: {words + more}", status in (0, 1) and (out + err).strip()
                  and not any(c in out + err for c in "\u001b\u009b\u202e"), f"status {status}\n{out!r}\n{err!r}")

    Handler.streams = 0
    status, shown, _ = run(env, "operations", "watch", "op-1", terminal=True)
    check("watched on a terminal", status == 0 and "\x1b[3A\x1b[J" in shown and "\x1b[32mdone" in shown, repr(shown))
    status, shown, _ = run(dict(env, NO_COLOR="1"), "tenants", terminal=True)
    check("no colours asked for", status == 0 and "\x1b[" not in shown, repr(shown))

    script = f"""source <({CLI} completion bash)
        try() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _causeway; echo "${{COMPREPLY[*]}}"; }}
        try causeway ten; try causeway tenants s; try causeway change user.u; try causeway tenants create --m
        try causeway tenants create --mode hyb; try causeway run -t lab Get-ADG"""
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, timeout=30)
    want = ["tenants", "show set-mode", "user.update", "--mode", "hybrid-sync hybrid-dual", "Get-ADGroup Get-ADGroupMember"]
    check("completion in bash", done.stdout.splitlines() == want, done.stdout + done.stderr)
    server.shutdown()
    subprocess.run(["rm", "-rf", folder], check=True)
    print(f"cli: {len(rows) + 3} cases, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
