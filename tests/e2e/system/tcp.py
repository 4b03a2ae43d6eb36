# SPDX-License-Identifier: Apache-2.0
"""A wire that can be cut: TCP connections to a port, passed on to another one."""
import socket
import struct
import threading
import time

PIECE = 65536


class Wire:
    def __init__(self, upstream):
        self.upstream = upstream  # gives the port
        self.lock = threading.Lock()
        self.pairs = []  # of sockets
        self.opened = 0  # connections so far
        self.ends = []  # when a connection was ended by the upstream, time.monotonic()
        self.flowing = threading.Event()
        self.flowing.set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.upstream()))
            except OSError:
                client.close()
                continue
            pair = (client, server)
            with self.lock:
                self.pairs.append(pair)
                self.opened += 1
            for a, b in ((client, server), (server, client)):
                a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(a, b, pair), daemon=True).start()

    def _pump(self, source, sink, pair):
        try:
            while piece := source.recv(PIECE):
                self.flowing.wait()
                sink.sendall(piece)
        except OSError:
            pass
        if source is pair[1]:
            self.ends.append(time.monotonic())
        self._end(pair)

    def _end(self, pair, reset=False):
        with self.lock:
            if pair in self.pairs:
                self.pairs.remove(pair)
        for s in pair:
            try:
                if reset:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def cut(self):
        """Resets every connection, with what is on its way; how many there were."""
        with self.lock:
            pairs = list(self.pairs)
        for pair in pairs:
            self._end(pair, reset=True)
        return len(pairs)

    def hold(self):
        """Nothing is passed on any more, and nobody is told."""
        self.flowing.clear()

    def release(self):
        self.flowing.set()
