# SPDX-License-Identifier: Apache-2.0
"""Where a script stands: the wire in the clear, frame by frame, and what the agent asks of its PowerShells. Each is told of before it
goes on, and may be kept back."""
import asyncio
import contextlib
import json
import os
import shlex
import socket
import ssl
import struct
import sys
import threading
import zlib

MESSAGE, CHUNK = 1, 2
HEADER = struct.Struct(">IBBHI")
ENGINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "engine.py")


class Frame:
    """What goes over the wire: a method that is asked ("script.run"), its lines, or its answer; whose (ids) is what it is about."""

    def __init__(self, what, ids, value):
        self.what, self.ids, self.value = what, ids, value
        self.release = None  # sends it after all, if it was kept back and its connection is still there

    def __repr__(self):
        return self.what


class _Connection:
    def __init__(self):
        self.asked = {"bridge": {}, "agent": {}}  # by who is asked: {id: (method, ids)}
        self.writers = {}  # by whom they go to
        self.silent = False


class Frames:
    """Stands between the agent and the bridge, with the keys of both. seen(frame), on a thread of its own: is it passed on?"""

    def __init__(self, system):
        self.system, self.seen, self.connections = system, lambda frame: True, []
        self.heartbeat_s = None  # what an agent is told that says hello; silence is noticed after two and a half of them
        self.loop = asyncio.new_event_loop()
        self.server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server_tls.load_cert_chain(f"{system.home}/bridge/agents.crt", f"{system.home}/bridge/agents.key")
        self.client_tls = ssl.create_default_context(cafile=f"{system.home}/bridge/ca.crt")
        self.client_tls.load_cert_chain(f"{system.home}/agent/agent.crt", f"{system.home}/agent/agent.key")
        for tls in (self.server_tls, self.client_tls):
            tls.minimum_version = ssl.TLSVersion.TLSv1_3
            tls.set_alpn_protocols(["causeway/1"])
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.server_tls))
        self.port = self.server.sockets[0].getsockname()[1]

    def _do(self, what):
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(60)

    async def _serve(self, reader, writer):
        connection = _Connection()
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.system.ready["agents_port"], ssl=self.client_tls,
                                                                 server_hostname="localhost")
        except OSError:
            writer.transport.abort()
            return
        connection.writers = {"agent": writer, "bridge": up_writer}
        self.connections.append(connection)
        try:
            await asyncio.gather(self._pump(reader, "bridge", connection), self._pump(up_reader, "agent", connection))
        except (OSError, asyncio.IncompleteReadError):
            pass
        self._abort(connection)

    def _abort(self, connection):
        if connection in self.connections:
            self.connections.remove(connection)
        for writer in connection.writers.values():
            raw = writer.get_extra_info("socket")
            if raw is not None and raw.fileno() >= 0:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _pump(self, reader, to, connection):
        writer = connection.writers[to]
        while True:
            head = await reader.readexactly(HEADER.size)
            length, kind, compressed, _, stream = HEADER.unpack(head)
            payload = await reader.readexactly(length)
            if connection.silent:
                continue
            plain = zlib.decompress(payload[4:]) if compressed else payload
            frame, raw = self._frame(kind, stream, plain, to, connection), head + payload
            if frame is not None and frame.what == "answer agent.hello" and self.heartbeat_s:
                frame.value["result"]["heartbeat_s"] = self.heartbeat_s
                plain = json.dumps(frame.value).encode()
                raw = HEADER.pack(len(plain), MESSAGE, 0, 0, stream) + plain
            if frame is not None:
                frame.release = lambda w=writer, raw=raw: self.loop.call_soon_threadsafe(w.write, raw)
                if not self.seen(frame):
                    continue
            writer.write(raw)
            await writer.drain()

    @staticmethod
    def _frame(kind, stream, plain, to, connection):
        if kind == CHUNK:
            method, ids = connection.asked["bridge" if to == "agent" else "agent"][stream]
            return Frame(f"lines {method}", ids, plain)
        if kind != MESSAGE:
            return None
        value = json.loads(plain)
        if "method" not in value:
            method, ids = connection.asked["bridge" if to == "agent" else "agent"][value["id"]]
            return Frame(f"answer {method}", ids, value)
        params = value.get("params", {})
        ids = params.get("ids", [params["id"]] if "id" in params else [])
        connection.asked[to][value["id"]] = value["method"], ids
        return Frame(value["method"], ids, value)

    def cut(self):
        """Resets every connection, on both sides."""
        async def now():
            for connection in list(self.connections):
                self._abort(connection)
        self._do(now())

    def silence(self):
        """Nothing passes any more on the connections of now, and nobody is told. New ones are as ever."""
        for connection in self.connections:
            connection.silent = True


class Engines:
    """PowerShells that ask: .program is to be run in the place of one. seen(what, command, text): None, or an event to be waited for."""

    def __init__(self, state, engine):
        self.seen, self.program = lambda what, command, text: None, f"{state}/asking-engine"
        path = f"{state}/engines.sock"
        with open(self.program, "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-B", ENGINE, path, engine])} "$@"\n')
        os.chmod(self.program, 0o755)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, client.makefile("rb") as lines, contextlib.suppress(OSError):  # it was killed
            for line in lines:
                gate = self.seen(**json.loads(line))
                if gate is not None:
                    gate.wait()
                client.sendall(b".")
