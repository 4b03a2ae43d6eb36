#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who is let in: tokens, certificates, API keys, and what revoking does: test_trust.py BUILD."""
import concurrent.futures
import http.client
import json
import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import uuid

import system as s
from system import check, same, says, until

SOON_S = 5  # what must happen at once, on a machine that is busy


class Agent:
    """One more agent, whose PowerShell cannot be started: who it is is all that matters here."""

    def __init__(self, system, name):
        self.system, self.folder, self.log = system, f"{system.home}/{name}", f"{system.home}/{name}.log"
        self.process = None
        os.makedirs(self.folder, mode=0o700)
        with open(f"{self.folder}/agent.json", "w", encoding="utf-8") as f:
            json.dump({"powershell": ["/bin/false"]}, f)

    def enrol(self, token, *words):
        done = subprocess.run([f"{self.system.programs}/agent/service/causeway-agent", "enrol", "--state", self.folder, "--bridge",
                               f"localhost:{self.system.ready['agents_port']}", "--token", "-", *words], input=token + "\n",
                              capture_output=True, text=True, timeout=s.LIMIT_S, check=False, env=self.system.client_env)
        return s.Done(done.returncode, done.stdout, done.stderr)

    def identity(self):
        with open(f"{self.folder}/identity.json", encoding="utf-8") as f:
            return json.load(f)

    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([f"{self.system.programs}/agent/service/causeway-agent", "run", "--state", self.folder],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.system.client_env)
        return self

    def says(self, what, text):
        until(what, lambda: text in self.text() or self.process.poll() is not None)
        says(what, self.text(), text)

    def text(self):
        with open(self.log, encoding="utf-8") as f:
            return f.read()

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(s.LIMIT_S)
            self.process = None
        check(f"nothing odd in {self.log}", not s.SANITIZER.search(self.text()), self.text()[-3000:])


def token(system, tenant="lab"):
    status, body = system.rest("POST", f"/v1/tenants/{tenant}/enrolment-tokens", {"roles": ["directory"], "expires_in_s": 60})
    same("a token", status, 201)
    system.secrets.append(body["token"])
    return body["token"]


def agents(system, tenant="lab", key=None):
    return system.rest("GET", f"/v1/agents?tenant={tenant}", key=key)[1]["agents"]


def connected(system, agent):
    return system.rest("GET", f"/v1/agents/{agent}")[1]["connected"]


def test_tokens(system):
    one = token(system)
    first, second = Agent(system, "first"), Agent(system, "second")
    for title, wrong in [("of another bridge", "cwt_" + one[4:5].swapcase() + ("A" if one[5] != "A" else "B") + one[6:]),
                         ("made up", one[:-3] + ("AAA" if one[-3:] != "AAA" else "BBB")), ("no token", "cwt_x"),
                         ("an API key", system.key)]:
        done = first.enrol(wrong)
        check(f"a token {title}", done.status != 0 and not os.path.exists(f"{first.folder}/identity.json"), done)
        check(f"a token {title} is not repeated", wrong not in done.out + done.err, done)
    before = len(agents(system))
    done = first.enrol(one)
    check("the token itself, after all of that", done.status == 0, done)
    done = second.enrol(one)
    check("a token twice", done.status == 1 and "used" in done.err, done)
    done = first.enrol(token(system))
    check("a server twice", done.status == 1 and "enrolled already" in done.err, done)

    crowd, shared = [Agent(system, f"crowd{i}") for i in range(6)], token(system)
    with concurrent.futures.ThreadPoolExecutor(len(crowd)) as pool:
        statuses = sorted(d.status for d in pool.map(lambda a: a.enrol(shared), crowd))
    same("one of many gets in by a token", statuses, [0] + [1] * (len(crowd) - 1))
    same("agents", len(agents(system)), before + 2)

    late = token(system)
    with sqlite3.connect(f"{system.home}/bridge/ledger.db", timeout=30) as db:  # as if its time had passed
        db.execute("UPDATE enrolment_token SET expires_ms = expires_ms - 120000 WHERE agent IS NULL")
    db.close()
    done = second.enrol(late)
    check("an expired token", done.status == 1 and "expired" in done.err, done)

    same("a tenant", system.rest("POST", "/v1/tenants", {"name": "gone", "mode": "on-prem"})[0], 201)
    orphan = token(system, "gone")
    same("the tenant goes", system.rest("DELETE", "/v1/tenants/gone")[0], 204)
    done = second.enrol(orphan)
    check("a token of a tenant that is gone", done.status == 1 and not os.path.exists(f"{second.folder}/identity.json"), done)


def handshake(system, context):
    """What becomes of a TLS connection to the agents' port."""
    context.load_verify_locations(f"{system.home}/bridge/ca.crt")
    try:
        with socket.create_connection(("localhost", system.ready["agents_port"]), s.LIMIT_S) as raw, \
                context.wrap_socket(raw, server_hostname="localhost") as tls:
            tls.settimeout(SOON_S)
            return "let in" if tls.recv(1) else "hung up"
    except TimeoutError:
        return "let in"
    except ssl.SSLError as e:
        return e.reason or str(e)
    except ConnectionError:
        return "hung up"


def self_signed(system, like):
    """A certificate with the same names as another one, signed by nobody."""
    subject = subprocess.run(["openssl", "x509", "-in", like, "-noout", "-subject", "-nameopt", "compat"], capture_output=True,
                             text=True, check=True).stdout.strip().removeprefix("subject=").strip()
    out = f"{system.state}/self-signed"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
                    subject, "-keyout", out + ".key", "-out", out + ".crt"], capture_output=True, check=True)
    return out + ".crt", out + ".key"


def test_certificates(system):
    """Only the bridge's own CA's, only an agent's, and each only for its agent."""
    main = system.ready_agent()
    mine = f"{system.home}/agent"
    for title, certificate, more in [
            ("none", None, {}),
            ("of nobody", self_signed(system, f"{mine}/agent.crt"), {}),
            ("the bridge's own for the web", (f"{system.home}/bridge/web.crt", f"{system.home}/bridge/web.key"), {}),
            ("an agent's, by TLS 1.2", (f"{mine}/agent.crt", f"{mine}/agent.key"), {"maximum_version": ssl.TLSVersion.TLSv1_2}),
    ]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_alpn_protocols(["causeway/1"])
        for name, value in more.items():
            setattr(context, name, value)
        if certificate is not None:
            context.load_cert_chain(*certificate)
        got = handshake(system, context)
        check(f"certificate: {title}", got != "let in", got)

    # Another tenant's agent with this one's certificate and key.
    same("a tenant", system.rest("POST", "/v1/tenants", {"name": "other", "mode": "on-prem"})[0], 201)
    other = Agent(system, "other")
    done = other.enrol(token(system, "other"))
    check("an agent of the other tenant", done.status == 0, done)
    who = other.identity()["agent"]
    same("is the other tenant's", [a["id"] for a in agents(system, "other")], [who])
    thief = Agent(system, "thief")
    for name in ("identity.json", "seal.key", "ca.crt"):
        shutil.copy(f"{other.folder}/{name}", thief.folder)
    for name in ("agent.crt", "agent.key"):
        shutil.copy(f"{mine}/{name}", thief.folder)
    thief.start()
    thief.says("it is refused", "the sealing key is not the one of the enrolment")
    check("not connected as the other", not connected(system, who), thief.text())
    check("and who it took it from still is", connected(system, main["id"]), thief.text())
    thief.stop()
    same("nor was that one disturbed", system.ready_agent()["last_seen"] >= main["last_seen"], True)
    other.start()
    until("the other itself is let in", lambda: connected(system, who))
    other.stop()


def test_false_bridge(system):
    """An agent's certificate does not make a bridge: no other agent talks to who shows it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{system.home}/agent/agent.crt", f"{system.home}/agent/agent.key")
    context.set_alpn_protocols(["causeway/1", "causeway-enrol/1"])
    listener = socket.create_server(("127.0.0.1", 0))
    got, tried = [], threading.Event()

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(SOON_S)
                try:
                    with context.wrap_socket(client, server_side=True) as tls:
                        got.append(tls.recv(1))
                except OSError:
                    pass
            tried.set()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    victim = Agent(system, "victim")
    check("a victim", victim.enrol(token(system)).status == 0)
    identity = victim.identity()
    with open(f"{victim.folder}/identity.json", "w", encoding="utf-8") as f:
        json.dump({**identity, "port": listener.getsockname()[1]}, f)
    victim.start()
    check("it was tried", tried.wait(s.LIMIT_S))
    victim.stop()
    listener.close()
    same("nothing was said to it", [g for g in got if g], [])


def test_other_tenants(system):
    """What belongs to another tenant is not there."""
    status, key = system.rest("POST", "/v1/api-keys", {"name": "other", "role": "operator", "tenants": ["other"]})
    same("a key", status, 201)
    system.secrets.append(key["key"])
    mine = system.begin("user.update", user="dora@lab.test", jobTitle="Mine")
    system.ended(mine)
    body = {"change": "user.disable", "target": {"user": "dora@lab.test"}}
    agent = system.ready_agent()["id"]
    ad = system.ad.mark()
    for method, path, what in [
            ("GET", f"/v1/operations/{mine}", None), ("POST", f"/v1/operations/{mine}/cancel", None), ("GET", f"/v1/agents/{agent}", None),
            ("GET", f"/v1/operations/{mine}/events", None), ("POST", "/v1/tenants/lab/changes", body),
            ("POST", "/v1/tenants/lab/commands", {"command": "Get-ADUser", "parameters": {"Identity": "ada"}}),
            ("GET", "/v1/tenants/lab", None)]:
        same(f"{method} {path} for another tenant", system.rest(method, path, what, key=key["key"])[0], 404)
    same("its own agents alone", {a["tenant"] for a in system.rest("GET", "/v1/agents", key=key["key"])[1]["agents"]},
         {a["tenant"] for a in agents(system, "other")})
    same("its own operations alone", system.rest("GET", "/v1/operations", key=key["key"])[1]["operations"], [])
    # Another tenant's agent cannot be borrowed either.
    status, answer = system.rest("POST", "/v1/tenants/other/commands", {"command": "Get-ADUser", "parameters": {"Identity": "ada"},
                                                                       "agent": agent}, key=key["key"])
    check("another tenant's agent", status in (404, 503), (status, answer))
    # An id that another tenant's operation has is not told about, and not done.
    status, answer = system.rest("POST", "/v1/tenants/other/changes", {**body, "id": mine}, key=key["key"])
    check("another tenant's id", status == 409 and "operation" not in answer, (status, answer))
    same("nothing was written", system.ad.writes(ad), [])


def test_revoked_key(system):
    """At once, also for who is listening."""
    status, key = system.rest("POST", "/v1/api-keys", {"name": "short", "role": "operator", "tenants": ["lab"]})
    same("a key", status, 201)
    system.secrets.append(key["key"])
    fault = system.entra.fault(method="PATCH", when="before", status=503, count=100000)
    operation = system.begin("user.update", user="dora@lab.test", jobTitle="Watched")
    until("it waits", lambda: system.entra.hits(fault) > 0)
    c = http.client.HTTPSConnection("localhost", system.ready["web_port"], context=system.tls, timeout=60)
    c.request("GET", f"/v1/operations/{operation}/events", headers={"Authorization": f"Bearer {key['key']}"})
    stream = c.getresponse()
    same("it listens", stream.status, 200)
    stream.readline()
    same("revoked", system.rest("DELETE", f"/v1/api-keys/{key['id']}")[0], 204)
    same("no more with it", system.rest("GET", f"/v1/operations/{operation}", key=key["key"])[0], 401)
    began = time.monotonic()
    try:
        while stream.read1(65536):
            pass
        ended = True
    except (OSError, http.client.HTTPException) as e:
        ended = not isinstance(e, TimeoutError)
    check("the stream ends", ended and time.monotonic() - began < SOON_S, f"{time.monotonic() - began:.1f} s")
    c.close()
    system.entra.no_faults()
    same("the change itself goes on", system.ended(operation).state, "succeeded")


def test_revoked_agent(system):
    """Cut at once, for good; what waits goes on with the next agent of the tenant."""
    agent = system.ready_agent()["id"]
    operation = str(uuid.uuid4())
    began = time.monotonic()
    status, answer = system.rest("POST", f"/v1/agents/{agent}/revoke")
    check("revoked", status == 200 and answer["revoked"] and not answer["connected"], answer)
    until("cut", lambda: "revoked" in system.logs()["agent"])
    check("at once", time.monotonic() - began < SOON_S, f"{time.monotonic() - began:.1f} s")
    status, answer = system.rest("POST", "/v1/tenants/lab/changes", {"id": operation, "change": "user.update", "set": {"city": "Here"},
                                                                     "target": {"user": "edsger@lab.test"}})
    same("a change meanwhile", status, 202)
    system.kill("agent")
    system.start_agent(wait=False)
    until("refused again", lambda: system.logs()["agent"].count("was revoked") > 1)
    check("not connected", not connected(system, agent))
    same("the change waits", system.show(operation).state, "running")
    system.stop_program("agent")
    shutil.move(f"{system.home}/agent", f"{system.home}/revoked")
    system.shell("agent_create")
    same("and goes on with another agent", system.ended(operation).state, "succeeded")
    same("in Active Directory", system.ad.user("edsger", "l")["l"], "Here")
    same("in Entra ID", system.entra.user("edsger@lab.test", "city")["city"], "Here")


sys.exit(s.run("trust", s.System(os.path.realpath(sys.argv[1]), "hybrid-dual"),
               [test_tokens, test_certificates, test_false_bridge, test_other_tenants, test_revoked_key, test_revoked_agent]))
