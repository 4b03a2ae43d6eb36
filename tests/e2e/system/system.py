# SPDX-License-Identifier: Apache-2.0
"""Causeway as real programs on a lab: bridge and agent by tests/lab/causeway.sh, the client, and both directories."""
import glob
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from directories import ActiveDirectory, EntraId, env  # noqa: E402
from recorder import Recorder, events_of  # noqa: E402
from schema import Api  # noqa: E402
from tcp import Wire  # noqa: E402

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
LIMIT_S = 100  # for anything that is waited for
FINAL = ("succeeded", "failed", "unknown", "cancelled")
# A sanitizer's own words, in any log, and those of a descriptor that is used after its end.
SANITIZER = re.compile(r"Sanitizer|runtime error:|Assertion|panic|[Bb]ad file descriptor")

failed = checks = 0


def check(what, so, shown=""):
    global failed, checks
    checks += 1
    if not so:
        failed += 1
        print(f"FAILED {what}: {shown}", file=sys.stderr, flush=True)
    return so


def same(what, got, want):
    return check(what, got == want, f"\n  got  {got!r}\n  want {want!r}")


def says(what, text, *parts):
    """text holds all parts."""
    return check(what, all(p in text for p in parts), f"\n  got  {text!r}\n  want {parts!r}")


def until(what, so, limit_s=LIMIT_S, pause_s=0.01):
    """Waits until so() is true; the truth of it."""
    end = time.monotonic() + limit_s
    while not (value := so()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not in {limit_s} s")
        time.sleep(pause_s)
    return value


class Done:
    """A program that ended."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"exit {self.status}\n{self.out}{self.err}"


class Operation:
    """What became of a change, as the client heard it; the password that it printed."""

    def __init__(self, document, done, password=None):
        self.document, self.done, self.password = document, done, password
        self.state = document.get("state")
        self.id = document.get("id")
        self.error = document.get("error", {}).get("message", "")
        self.code = document.get("error", {}).get("code", "")
        self.result = document.get("result", {})

    def step(self, what):
        """The first step whose text begins so; {} where there is none."""
        return next((s for s in self.document.get("steps", []) if s["what"].startswith(what)), {})

    def __repr__(self):
        steps = "\n".join(f"  {s['state']:12} {s['place']:6} {s['what']} {s.get('error', '')} {s.get('note', '')}"
                          for s in self.document.get("steps", []))
        return f"{self.state} {self.document.get('error', '')} {self.result}\n{steps}\n{self.done.err if self.done else ''}"


class System:
    """A lab with a bridge and an agent. through: the agent's connection goes over .wire, Graph over .graph."""

    def __init__(self, build, mode, through=False, agent=True):
        self.state = env("STATE")
        self.home = f"{self.state}/causeway"
        self.programs = build
        self.env = {**os.environ, "CAUSEWAY_BUILD": build}
        self.secrets, self.wrong, self.passwords = [], [], []
        self.lab_tls = ssl.create_default_context(cafile=env("CA"))
        self.ad = ActiveDirectory(self.state)
        self.entra = EntraId(ROOT, self.lab_tls)
        self.wire = self.graph = self.api = None
        certificate = f"{self.state}/tls/entra.pem", f"{self.state}/tls/entra.key"
        if through:
            self.wire = Wire(lambda: self.ready["agents_port"])
            self.graph = Recorder(*certificate, env("CA"), lambda: self.entra.port, self._heard_graph)
            for name in ("GRAPH_URL", "TOKEN_URL"):  # tokens are for the host that is asked
                self.env[f"CAUSEWAY_LAB_{name}"] = env(name).replace(f":{self.entra.port}/", f":{self.graph.port}/")
            self.env["CAUSEWAY_AGENTS_ADDRESS"] = f"localhost:{self.wire.port}"
        self.shell("bridge_create", mode)
        self._read_ready()
        with open(f"{self.home}/key", encoding="utf-8") as f:
            self.key = f.read().strip()
        self.tls = ssl.create_default_context(cafile=f"{self.home}/bridge/ca.crt")
        self.api = Api(self.rest("GET", "/v1/openapi.json")[1])
        # What the client is answered is held against the interface's description, and what it asks.
        self.recorder = Recorder(*certificate, f"{self.home}/bridge/ca.crt", lambda: self.ready["web_port"], self._heard)
        self.client_env = {k: v for k, v in os.environ.items() if not k.startswith("CAUSEWAY_")}
        self.client_env.update(CAUSEWAY_URL=self.recorder.url, CAUSEWAY_API_KEY=self.key, CAUSEWAY_CA=env("CA"))
        self.cycles()
        if agent:
            self.shell("agent_create")

    # --- programs

    def shell(self, *words, text=""):
        """A function of tests/lab/causeway.sh."""
        code = 'root=$1 state=$2; shift 2; . "$root/tests/lab/causeway.sh"; [ ! -f "$state/env.d/bridge" ] || . "$state/env.d/bridge"; "$@"'
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", code, words[0], ROOT, self.state, *words], env=self.env,
                              input=text, capture_output=True, text=True, timeout=180, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def _read_ready(self):
        with open(f"{self.home}/bridge.ready", encoding="utf-8") as f:
            self.ready = json.load(f)

    def pid(self, name):
        """Of "bridge" or "agent"; None when it does not run."""
        for file in glob.glob(f"{self.state}/top.d/*-{name}.pid"):
            with open(file, encoding="utf-8") as f:
                pid, started = f.read().split()
            if _started(pid) == started:
                return int(pid)
        return None

    def kill(self, name):
        pid = self.pid(name)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            until(f"the end of the {name}", lambda: self.pid(name) is None)

    def stop_program(self, name):
        """In good order."""
        for file in glob.glob(f"{self.state}/top.d/*-{name}.pid"):
            self.shell("process_stop", file)

    def start_bridge(self):
        self.shell("bridge_start")
        self._read_ready()

    def start_agent(self, wait=True):
        if wait:
            self.shell("agent_start")
        else:
            self.shell("agent_begin")

    def powershells(self):
        """Processes of the agent's PowerShells."""
        agent = self.pid("agent")
        return [int(p) for p in os.listdir("/proc") if p.isdigit() and _parent(p) == agent] if agent else []

    def ready_agent(self):
        """The agent that is connected and serves both of its roles; None when there is none."""
        agents = self.rest("GET", "/v1/agents")[1]["agents"]
        return next((a for a in agents if a["connected"] and len(a["roles"]) == 2), None)

    def cycles(self, **settings):
        """What Entra Connect does from now on: see tests/lab/adsync/README.md. A cycle ends after the bridge's first look, 250 ms
        after its start: one that was never seen running is waited for for seconds."""
        with open(f"{self.state}/adsync/settings.json.new", "w", encoding="utf-8") as f:
            json.dump({"cycleMs": 300, **settings}, f)
        os.replace(f"{self.state}/adsync/settings.json.new", f"{self.state}/adsync/settings.json")

    # --- asking the bridge

    def rest(self, method, path, body=None, key=None, headers=None, connection=None):
        """Status and body of a request that goes straight to the bridge; checked against its description."""
        own = connection or http.client.HTTPSConnection("localhost", self.ready["web_port"], context=self.tls, timeout=LIMIT_S)
        own.request(method, path, json.dumps(body) if body is not None else None,
                    {"Authorization": f"Bearer {key or self.key}", **(headers or {})})
        got = own.getresponse()
        text = got.read()
        kind = got.headers.get_content_type()
        if connection is None:
            own.close()
        value = None
        if kind == "application/x-ndjson":
            value = [json.loads(line) for line in text.splitlines()]
        elif text:
            value = json.loads(text)
        if self.api is not None:
            self.wrong += [f"{method} {path}: {w}" for w in self.api.check_answer(method, path, got.status, kind, value)]
        return got.status, value

    def _heard(self, exchange):
        api, where = self.api, repr(exchange)
        body = json.loads(exchange.body) if exchange.body else None
        if exchange.status != 400:  # what is asked as nobody described it is refused
            self.wrong += [f"{where}: sent {w}" for w in api.check_request(exchange.method, exchange.path, body)]
        if exchange.kind == "text/event-stream":
            for event in events_of(exchange.answer):
                wrong = []
                api.check(event, {"$ref": "#/components/schemas/Operation"}, "event", wrong)
                self.wrong += [f"{where}: {w}" for w in wrong]
            return
        value = None
        if exchange.kind == "application/x-ndjson":
            value = [json.loads(line) for line in exchange.answer.splitlines()]
        elif exchange.answer:
            value = json.loads(exchange.answer)
        self.wrong += [f"{where}: {w}" for w in
                       api.check_answer(exchange.method, exchange.path, exchange.status, exchange.kind, value)]

    def _heard_graph(self, exchange):
        """Every password that goes to Entra ID, also of a change that nobody hears of again."""
        if b"passwordProfile" in exchange.body:
            self.passwords.append(json.loads(exchange.body)["passwordProfile"]["password"])

    def cli(self, *words, text="", key=None, direct=False):
        more = {"CAUSEWAY_API_KEY": key} if key else {}
        if direct:
            more.update(CAUSEWAY_URL=self.ready["url"], CAUSEWAY_CA=f"{self.home}/bridge/ca.crt")
        done = subprocess.run([f"{self.programs}/cli/causeway", *words], env={**self.client_env, **more}, input=text,
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    @staticmethod
    def set_words(values):
        """--set of the client: text as it is where that is enough, else JSON."""
        words = []
        for name, value in values.items():
            plain = isinstance(value, str) and value[:1] not in ("@", "$", "")
            text = "" if value is None else value if plain else "@" + json.dumps(value)
            words += ["--set", f"{name}={text}"]
        return words

    def change(self, what, user=None, sam=None, **values):
        """One change by the client, to its end."""
        whom = ["--user", user] if user else ["--sam", sam]
        done = self.cli("change", what, "-t", "lab", *whom, *self.set_words(values), "--json")
        lines = done.out.rstrip("\n").split("\n")  # and at nothing else: values may hold any character
        events = [json.loads(line) for line in lines if line.startswith("{")]
        password = lines[-1] if lines[-1] and not lines[-1].startswith("{") else None
        if password is not None:
            self.passwords.append(password)
        return Operation(events[-1] if events else {}, done, password)

    def begin(self, what, user=None, sam=None, **values):
        """The same, not waited for; its id."""
        whom = ["--user", user] if user else ["--sam", sam]
        done = self.cli("change", what, "-t", "lab", *whom, *self.set_words(values), "--no-wait")
        if done.status != 0:
            raise RuntimeError(f"{what} {whom}: {done}")
        return done.out.strip()

    def show(self, operation):
        return Operation(self.rest("GET", f"/v1/operations/{operation}")[1], None)

    def ended(self, operation):
        """When it has ended: the operation."""
        return until(f"the end of {operation}", lambda: (o := self.show(operation)).state in FINAL and o)

    def mode(self, mode):
        done = self.cli("tenants", "set-mode", "lab", mode)
        check(f"mode {mode}", done.status == 0, done)

    # --- the end

    def logs(self):
        return {name: open(f"{self.home}/{name}.log", encoding="utf-8", errors="replace").read()
                for name in ("bridge", "agent") if os.path.exists(f"{self.home}/{name}.log")}

    def stop(self):
        """In good order; then nothing odd may be in the logs, and no secret anywhere."""
        self.hunt()
        self.stop_program("agent")
        self.stop_program("bridge")
        for name, text in self.logs().items():
            check(f"nothing odd in the {name}'s log", not SANITIZER.search(text), text[-4000:])
        self.hunt()
        check("asked and answered as described", not self.wrong, "\n".join(sorted(set(self.wrong))[:20]))

    def hunt(self):
        """No secret in a file of bridge or agent, nor in what a process shows."""
        secrets = {s.encode() for s in self.secrets + self.passwords}
        secrets.add(self.key.encode())
        places = [os.path.join(d, f) for d, _, names in os.walk(self.home) for f in names]
        places = [p for p in places if p != f"{self.home}/key"]  # where bridge_create puts the key for us
        places += glob.glob("/core*") + glob.glob(f"{os.getcwd()}/core*")
        for pid in [self.pid("bridge"), self.pid("agent"), *self.powershells()]:
            places += [f"/proc/{pid}/environ", f"/proc/{pid}/cmdline"] if pid else []
        found = []
        for place in places:
            try:
                with open(place, "rb") as f:
                    text = f.read()
            except OSError:
                continue
            found += [f"{place}: {s[:4].decode()}..." for s in secrets if s in text]
        check(f"none of {len(secrets)} secrets in {len(places)} places", not found, "\n".join(found))


def _stat(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            return f.read().rpartition(")")[2].split()
    except OSError:
        return None


def _started(pid):
    stat = _stat(pid)
    if not stat or stat[0] == "Z" and _threads(pid) <= 1:
        return None
    return stat[19]


def _threads(pid):
    """While one is left, so are the process's files and locks, whatever its first thread is."""
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def is_alive(pid):
    return _started(pid) is not None


def _parent(pid):
    stat = _stat(pid)
    return int(stat[1]) if stat and stat[0] != "Z" else None


def run(name, system, tests):
    """Runs the functions in order, each with the system; the exit status. Words behind the build's folder choose among them."""
    chosen = sys.argv[2:]
    try:
        for test in tests:
            title = test.__name__.removeprefix("test_").replace("_", " ")
            if chosen and not any(word in title for word in chosen):
                continue
            began, before = time.monotonic(), checks
            test(system)
            print(f"{title}: {checks - before} checks, {time.monotonic() - began:.1f} s", flush=True)
        system.stop()
    finally:
        if failed or sys.exc_info()[0] is not None:
            for log, text in system.logs().items():
                print(f"--- the {log}'s log\n{text[-6000:]}", file=sys.stderr)
    print(f"{name}: {checks} checks, {failed} failed")
    return 1 if failed else 0
