"""An engine for the tests of the worker's plumbing: it says how loud each window is.

Real in every way the worker cares about: it loads, takes windows, gives segments, and fails as
engines fail. Its name says what it does beside that: see `_misbehave`.
"""

import gc
import io
import os
import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import equal_parts
import numpy as np

from asr_core import limits
from asr_core.engines import Recognized
from asr_core.errors import AsrError, ModelError
from asr_core.result import Segment
from asr_core.speed import Speed

N_LOADED = 0
REPAIRED = Path(os.environ.get("XDG_CONFIG_HOME", "")) / "sottovoce" / "repaired"
KEPT = []


class LightEngine:
    """Says the loudness of every window in words."""

    def __init__(self, name):
        self.name = name

    def recognize(self, windows, settings):
        for window in windows:
            if not window.spans:
                continue
            if window.start > 1.0:
                _misbehave(self.name, window)
            loudness = float(np.abs(window.waveform).max())
            text = f"loads {N_LOADED} pid {os.getpid()} loudness {loudness:.1f}"
            language = "en" if settings.language == "auto" else settings.language
            segment = Segment(window.start, window.end, language, text, 0.5)
            if window.is_open:
                yield Recognized.drafted(window, [segment])
            else:
                yield Recognized(window.end, (segment,))

    def align(self, window, text, language):
        return equal_parts.align(window, text, language)

    def decode(self, settings):
        return settings.decode

    def speed(self, settings):
        return Speed(0.05, 0.0)

    def stats(self):
        return {"device": "cpu"}


def _misbehave(name, window):
    """What can happen after the first window."""
    if name == "light-slow":  # slow, but every window is a chance to stop
        time.sleep(0.2)
    elif name == "light-stuck":
        time.sleep(60.0)
    elif name == "light-bug":
        raise TypeError("secret-word of the recording")
    elif name == "light-refusal":
        raise AsrError("The sound is too strange. Choose another recording.")
    elif name == "light-hoards":
        KEPT.append(np.empty(1 << 28, np.uint8))
        _misbehave(name, window)
    elif name == "light-clock":
        time.time = lambda: window.start * 86_400.0 * (-1.0) ** int(window.start)
        time.sleep(0.05)
    elif name == "light-killed":
        os.kill(os.getpid(), 9)
    elif name == "light-kills-starter":
        os.kill(os.getppid(), 9)
        time.sleep(60.0)
    elif name == "light-crash":
        os.kill(os.getpid(), 11)
    elif name == "light-print":
        print("this would break the frames", flush=True)
        os.write(1, b"so would this")
    elif name == "light-network":
        socket.create_connection(("192.0.2.1", 80), timeout=1.0)
    elif name == "light-disk":
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(window.waveform.tobytes())
    elif name == "light-keeps":
        KEPT.extend(thing for thing in gc.get_objects() if isinstance(thing, io.BytesIO))
    elif name == "light-nonsense":
        for descriptor in range(3, 20):
            with suppress(OSError):
                os.write(descriptor, b"nonsense, not a frame at all")
        time.sleep(60.0)


def load(settings):
    """The engine; it counts how often it was loaded."""
    global N_LOADED
    N_LOADED += 1
    if settings.engine == "light-damaged" and not REPAIRED.exists():
        raise ModelError("The model file is damaged. Get it again.")
    if settings.engine == "light-loads-for-ever":
        time.sleep(60.0)
    if settings.engine == "light-large":
        limits.bound_memory(1 << 26)
        np.empty(1 << 30, np.uint8)
    return LightEngine(settings.engine)
