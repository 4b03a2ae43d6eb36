# SPDX-License-Identifier: Apache-2.0
"""A bridge in a folder of its own, a client for it, an agent: real programs, real connections."""
import http.client
import json
import os
import queue
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from schema import Api  # noqa: E402

LIMIT_S = 30  # for anything that is waited for


def until(what, so):
    """Waits until so() is true; the truth of it."""
    end = time.monotonic() + LIMIT_S
    while True:
        value = so()
        if value or time.monotonic() > end:
            if not value:
                raise TimeoutError(what)
            return value
        time.sleep(0.01)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __repr__(self):
        return f"{self.status} {str(self.body)[:400]}"


class Bridge:
    def __init__(self, program, folder):
        self.program, self.folder, self.ready_file = program, folder, folder + ".ready"
        self.process, self.api, self.wrong = None, None, []
        self.log = open(folder + ".log", "a+", encoding="utf-8")

    def command(self, *words):
        done = subprocess.run([self.program, *words, "--state", self.folder], capture_output=True, text=True, timeout=LIMIT_S,
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout.strip(), done.stderr.strip()

    def init(self, *more):
        return self.command("init", "--name", "localhost,127.0.0.1", "--web", "127.0.0.1:0", "--agents", "127.0.0.1:0", *more)

    def begin(self):
        # ASan keeps what is freed, to find its later uses: little of it, or memory cannot be measured.
        asan = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"
        self.process = subprocess.Popen([self.program, "run", "--state", self.folder, "--ready-file", self.ready_file],
                                        stderr=self.log, stdin=subprocess.DEVNULL, env={**os.environ, "ASAN_OPTIONS": asan})

    def start(self):
        if os.path.exists(self.ready_file):
            os.remove(self.ready_file)
        self.begin()
        until("the bridge is ready", lambda: os.path.exists(self.ready_file) or self.process.poll() is not None)
        with open(self.ready_file, encoding="utf-8") as f:
            self.ready = json.load(f)
        self.tls = ssl.create_default_context(cafile=f"{self.folder}/ca.crt")
        if self.api is None:
            self.api = Api(self.call("GET", "/v1/openapi.json").body)

    def stop(self, number=signal.SIGTERM):
        """Status and seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(LIMIT_S), time.monotonic() - began

    def memory_kb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as f:
            return int(next(line for line in f if line.startswith("RssAnon")).split()[1])

    def log_text(self):
        with open(self.log.name, encoding="utf-8") as f:
            return f.read()

    def connect(self):
        c = http.client.HTTPSConnection("localhost", self.ready["web_port"], context=self.tls, timeout=LIMIT_S)
        c.connect()
        c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return c

    def send(self, connection, method, path, key=None, body=None, headers=None):
        all_headers = dict(headers or {})
        if key is not None:
            all_headers["Authorization"] = f"Bearer {key}"
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        connection.request(method, path, body, all_headers)
        return connection.getresponse()

    def call(self, method, path, key=None, body=None, headers=None, connection=None):
        """One request; its answer is held against openapi.json."""
        own = connection or self.connect()
        got = self.send(own, method, path, key, body, headers)
        data = got.read()
        kind = got.headers.get("Content-Type")
        if kind == "application/x-ndjson":
            value = [json.loads(line) for line in data.splitlines()]
        else:
            value = json.loads(data) if data and kind == "application/json" else None
        if connection is None:
            own.close()
        if self.api is not None and method != "HEAD":
            for wrong in self.api.check_answer(method, path, got.status, kind, value):
                self.wrong.append(f"{method} {path}: {wrong}")
        return Answer(got.status, got.headers, value)


class Agent:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.events = queue.Queue()
        self.process = None

    def enrol(self, bridge, token):
        done = subprocess.run([self.program, "enrol", self.folder, f"127.0.0.1:{bridge.ready['agents_port']}", token],
                              capture_output=True, text=True, timeout=LIMIT_S)
        return done.returncode, done.stderr.strip()

    def start(self):
        self.process = subprocess.Popen([self.program, "run", self.folder], stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.events.put(line.split(maxsplit=1))

    def wait(self, event, of=None):
        """What the next such event (of this operation) says; others are passed over."""
        end = time.monotonic() + LIMIT_S
        while True:
            got = self.events.get(timeout=max(0.01, end - time.monotonic()))
            if got[0] == event and of in (None, got[-1].strip()):
                return got[1].strip() if len(got) > 1 else ""

    def stop(self):
        self.process.terminate()
        return self.process.wait(LIMIT_S)
