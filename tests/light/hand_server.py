"""Servers made by hand: each answers a transcription in its own way, over real loopback sockets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """One request; `server.answer` says what comes back for a POST."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers), b""))
        self.json({"object": "list", "data": [{"id": self.server.model, "object": "model"}]})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.server.answer(self)

    def json(self, value, status=200):
        """A whole answer."""
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def events(self, *events, cut=False):
        """A stream, in chunks; one that is cut has no end."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            said = event if isinstance(event, str) else json.dumps(event)
            data = f"data: {said}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        if not cut:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def log_message(self, *_):
        pass


@contextmanager
def hand_server(answer: Answer, *, model="tiny", tls=None) -> Iterator[ThreadingHTTPServer]:
    """A server that runs meanwhile; `address` is where, `seen` what it was asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.answer, server.model, server.seen = answer, model, []
    server.address = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    server.handle_error = lambda request, address: None  # a client that hangs up is no news
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def vllm(*pieces, finish="stop"):
    """The events of a stream as vLLM sends them."""
    chunk = {"id": "trsc-1", "object": "transcription.chunk", "created": 0, "model": "m"}
    deltas = [({"content": piece}, None) for piece in pieces] + [({"content": ""}, finish)]
    return [
        *(chunk | {"choices": [{"delta": d, "finish_reason": f}]} for d, f in deltas),
        "[DONE]",
    ]


def openai(*pieces):
    """The events of a stream as OpenAI sends them."""
    return [
        *({"type": "transcript.text.delta", "delta": piece} for piece in pieces),
        {"type": "transcript.text.done", "text": "".join(pieces)},
    ]


def fields_of(body: bytes) -> dict[str, bytes]:
    """The parts of a form by their names."""
    boundary = body.split(b"\r\n", 1)[0]
    found = {}
    for part in body.split(boundary)[1:-1]:
        head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        found[head.decode().split('name="')[1].split('"')[0]] = value
    return found
