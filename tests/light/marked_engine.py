"""Engines for the kill tests: they say what the sound is marked with, and tell how far they are.

To whom they tell is the address of a Unix socket in the environment. `load` gives a light one,
`load_real` the bundled model, which says what it hears.
"""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator

import numpy as np
from marks import Marks

from asr_core import engines, limits
from asr_core.audio.segment import Window
from asr_core.engines import Recognized
from asr_core.result import Segment, Word
from asr_core.settings import Settings
from asr_core.speed import Speed

HOOK = "SOTTOVOCE_TEST_HOOK"
WORK_S = 0.15  # that a window takes
LEAKS = "marked-leaks"  # the engine that keeps sound and text in a temporary file
LEAKS_UNSEEN = "marked-leaks-unseen"  # and one that deletes it again


class MarkedEngine:
    """Says the sentence once for every stretch of speech."""

    def __init__(self, name: str) -> None:
        self.name = name

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Iterator[Recognized]:
        for window in _told(windows):
            features = np.abs(np.fft.rfft(window.waveform))  # more memory that holds the sound
            time.sleep(WORK_S)
            segments = tuple(_said(window, span) for span in window.spans)
            if self.name in (LEAKS, LEAKS_UNSEEN):
                _leak(window, segments[0].text, deleted=self.name == LEAKS_UNSEEN)
            yield Recognized(window.end, segments)
            del features
        tell("heard")

    def align(self, window: Window, text: str, language: str) -> Segment | None:
        return None

    def decode(self, settings: Settings) -> str:
        return settings.decode

    def speed(self, settings: Settings) -> Speed:
        return Speed(0.01, 0.0)

    def stats(self) -> dict[str, str]:
        return {"device": "cpu"}


class ToldEngine:
    """The bundled model, which tells how far it is."""

    def __init__(self, model: engines.Engine) -> None:
        self.name = model.name
        self._model = model
        self.align, self.decode = model.align, model.decode
        self.speed, self.stats = model.speed, model.stats

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Iterator[Recognized]:
        yield from self._model.recognize(_told(windows), settings)
        tell("heard")


def load(settings: Settings) -> MarkedEngine:
    """The light engine."""
    if settings.engine in (LEAKS, LEAKS_UNSEEN):
        limits.allow_files()  # or the kernel would refuse it
    return MarkedEngine(settings.engine)


def load_real(settings: Settings) -> ToldEngine:
    """The engine of the product."""
    return ToldEngine(engines.load_engine(settings))


def _told(windows: Iterable[Window]) -> Iterator[Window]:
    """The windows, telling of each when it was asked for and when it is there."""
    tell("asked")
    for window in windows:
        tell("window")
        yield window


def tell(what: str) -> None:
    """Say to the test how far this process is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(what.encode(), os.environ[HOOK])


def _said(window: Window, span: tuple[float, float]) -> Segment:
    text = Marks.heard(window.start, window.waveform).sentence
    parts, (start, end) = text.split(), span
    times = np.linspace(start, end, len(parts) + 1).tolist()
    words = [Word(part, a, b, 0.9) for part, a, b in zip(parts, times, times[1:], strict=False)]
    return Segment(start, end, "mixed", text, 0.9, tuple(words))


def _leak(window: Window, text: str, deleted: bool) -> None:
    """What the product never does."""
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(window.waveform.tobytes() + text.encode("utf-16-le"))
        file.flush()
        if deleted:
            os.unlink(file.name)
        tell("leaked")
        time.sleep(WORK_S * 4)  # a deleted file is there as long as it is open
