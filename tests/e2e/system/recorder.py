# SPDX-License-Identifier: Apache-2.0
"""A server in between: HTTPS from one program, HTTPS on to another, and everything that was said is kept."""
import http.client
import http.server
import json
import socket
import ssl
import threading

TIMEOUT_S = 120
PIECE = 65536
OWN_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Exchange:
    """One request and its answer; body and answer as bytes."""

    def __init__(self, method, path, body, headers):
        self.method, self.path, self.body, self.headers = method, path, body, headers
        self.status, self.kind, self.answer, self.whole = None, None, b"", False

    def __repr__(self):
        return f"{self.method} {self.path} -> {self.status}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_):
        pass

    def do(self):
        self.close_connection = True  # unless all goes well
        n = int(self.headers.get("Content-Length") or 0)
        exchange = Exchange(self.command, self.path, self.rfile.read(n) if n else b"", dict(self.headers))
        self.server.recorder.begin(exchange)
        # A connection of its own for each, so that a lost one is never hidden by asking again.
        upstream = self.server.recorder.connect()
        try:
            upstream.request(exchange.method, exchange.path, exchange.body or None,
                             {k: v for k, v in self.headers.items() if k.lower() not in OWN_HEADERS})
            self.answer(exchange, upstream.getresponse())
        except (OSError, http.client.HTTPException):
            pass  # as if it had hung up on the client itself
        finally:
            upstream.close()

    def answer(self, exchange, got):
        exchange.status, exchange.kind = got.status, got.headers.get_content_type() if got.headers.get("Content-Type") else None
        known = got.headers.get("Content-Length")
        self.send_response_only(got.status)
        for name, value in got.headers.items():
            if name.lower() not in OWN_HEADERS:
                self.send_header(name, value)
        if known is not None:
            self.send_header("Content-Length", known)
        elif got.status != 204:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        while piece := got.read1(PIECE):
            if self.server.recorder.keeps_answers:
                exchange.answer += piece
            self.wfile.write(piece if known is not None else b"%x\r\n%s\r\n" % (len(piece), piece))
        exchange.whole = True
        if known is None and got.status != 204:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = False
        self.server.recorder.end(exchange)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def get_request(self):
        raw, address = self.socket.accept()
        return raw, address

    def finish_request(self, request, client_address):
        request.settimeout(TIMEOUT_S)
        with self.recorder.tls.wrap_socket(request, server_side=True) as tls:
            super().finish_request(tls, client_address)

    def handle_error(self, request, client_address):
        pass  # programs that are killed are part of the tests


class Recorder:
    """Listens at .url with a certificate of the lab; upstream() gives the address to go on to."""

    def __init__(self, certificate, key, ca_file, upstream, ended=None, keeps_answers=True):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)
        self.upstream_tls = ssl.create_default_context(cafile=ca_file)
        self.upstream, self.ended, self.keeps_answers = upstream, ended, keeps_answers
        self.exchanges, self.lock = [], threading.Lock()
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.recorder = self
        self.port = self.server.server_address[1]
        self.url = f"https://localhost:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def connect(self):
        return http.client.HTTPSConnection("localhost", self.upstream(), context=self.upstream_tls, timeout=TIMEOUT_S)

    def begin(self, exchange):
        with self.lock:
            self.exchanges.append(exchange)

    def end(self, exchange):
        if self.ended is not None:
            self.ended(exchange)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def events_of(answer):
    """The data of the events of a stream, parsed."""
    return [json.loads(line[6:]) for line in answer.split(b"\n") if line.startswith(b"data: ")]
