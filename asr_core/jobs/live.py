"""Sound that is still being made: as the page collects it, and as the worker hears it."""

from __future__ import annotations

import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator

import numpy as np

from asr_core.audio import MAX_RATE, MIN_RATE
from asr_core.audio.blocks import Chunk
from asr_core.jobs.wire import CHUNK, Spoken

MAX_BYTES = 1 << 30  # of one recording: nine hours at 16 kHz

_WAV = struct.Struct("<4sI4s4sIHHIIHH4sI")


class LiveSound:
    """A recording as long as somebody speaks: 16-bit mono sound, block by block, in memory only.

    Any thread may use it. What was spoken stays until `drop`, whatever becomes of its job.

    Attributes:
        sample_rate: Hz.
        on_news: called, briefly, when there is more of it, and when it has ended.
    """

    def __init__(self, sample_rate: int) -> None:
        if not MIN_RATE <= sample_rate <= MAX_RATE:
            raise ValueError(f"sample_rate must be {MIN_RATE} to {MAX_RATE}, not {sample_rate}")
        self.sample_rate = sample_rate
        self.on_news: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._data = bytearray()
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether all has been spoken."""
        return self._ended

    @property
    def n_bytes(self) -> int:
        """Bytes of sound so far."""
        return len(self._data)

    def add(self, block: bytes) -> bool:
        """More of it; False if it is over, or as long as it may be, and nothing was taken."""
        with self._lock:
            fits = len(self._data) + len(block) <= MAX_BYTES
            if self._ended or len(block) % 2 or not fits:
                return False
            self._data += block
        self.on_news()
        return True

    def end(self) -> None:
        """All has been spoken."""
        self._ended = True
        self.on_news()

    def drop(self) -> None:
        """Forget what was spoken; it is over."""
        with self._lock:
            self._data = bytearray()
        self.end()

    def piece(self, start: int) -> bytes:
        """What was spoken behind the first `start` bytes, as much as fits into a frame."""
        with self._lock:
            return bytes(self._data[start : start + CHUNK])

    def wav(self) -> bytes:
        """All of it as a WAV file."""
        with self._lock:
            rate, n = self.sample_rate, len(self._data)
            riff, form = (b"RIFF", 36 + n, b"WAVE"), (b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
            return _WAV.pack(*riff, *form, b"data", n) + self._data


class Heard:
    """The same sound where it is recognized; a `Sound`.

    Args:
        wait: returns when something has come, which may have been given to `add` meanwhile; raises
            if this is not wanted any more.
    """

    def __init__(self, sample_rate: int, wait: Callable[[], None]) -> None:
        self.sample_rate = sample_rate
        self.duration: float | None = None  # nobody knows
        self.notes: list[str] = []
        self._wait = wait
        self._pieces: deque[Spoken] = deque()
        self._is_over = False

    @property
    def is_behind(self) -> bool:
        """Whether there is something better to do than to look at what is still growing."""
        return self._is_over or bool(self._pieces)

    def add(self, piece: Spoken) -> None:
        """Some of it has come."""
        self._pieces.append(piece)

    def chunks(self) -> Iterator[Chunk]:
        """The sound as it comes, until it is over."""
        while True:
            while not self._pieces:
                self._wait()
            piece = self._pieces.popleft()
            if not piece:
                self._is_over = True
                return
            samples = np.frombuffer(piece, "<i2").astype(np.float32) / np.float32(1 << 15)
            yield Chunk(samples[:, None], self.sample_rate)

    def close(self) -> None:
        """Let go of what was not heard."""
        self._pieces.clear()
