"""An engine that tries to get out wherever it can, and says as its text what it reached."""

import socket
import time

from asr_core.engines import Recognized
from asr_core.result import Segment
from asr_core.speed import Speed


class ReachingEngine:
    """`settings.vocabulary` is the port of somebody else on this computer, then of the server."""

    name = "reaching"

    def recognize(self, windows, settings):
        tries = {
            "neighbor": lambda: _connect("127.0.0.1", settings.vocabulary[0]),
            "abroad": lambda: _connect("192.0.2.1", settings.vocabulary[1]),
            "name": lambda: socket.getaddrinfo("sottovoce.invalid", 80),
            "mail": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 53)),
            "server": lambda: _connect("127.0.0.1", settings.vocabulary[1]),
        }
        for window in windows:
            time.sleep(0.2)  # so that something can be asked meanwhile
            reached = [name for name, attempt in tries.items() if _succeeds(attempt)]
            text = f"reached {' '.join(reached) or 'nobody'}"
            yield Recognized(window.end, (Segment(window.start, window.end, "en", text, 0.5),))

    def align(self, window, text, language):
        return None

    def decode(self, settings):
        return settings.decode

    def speed(self, settings):
        return Speed(0.05, 0.0)

    def stats(self):
        return {"device": "cpu"}


def _connect(host, port):
    socket.create_connection((host, int(port)), timeout=2.0).close()


def _succeeds(attempt):
    try:
        attempt()
    except OSError:
        return False
    return True


def load(settings):
    """The engine."""
    return ReachingEngine()
