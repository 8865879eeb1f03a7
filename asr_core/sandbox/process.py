"""The process that decodes, seen from our side."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from queue import Empty, Queue
from typing import IO, BinaryIO, TypeVar, cast

from asr_core.audio.blocks import Chunk
from asr_core.audio.clip import WHOLE, Clip
from asr_core.audio.naming import refusal, shown_name
from asr_core.audio.recording import Recording
from asr_core.audio.source import AnySource, UnreadableError, as_file
from asr_core.children import command
from asr_core.privacy.guard import offline_environment
from asr_core.sandbox import frames
from asr_core.sandbox.frames import Frame, FrameError

IDLE_S = 10.0  # seconds it may go on without giving anything
START_S = 60.0  # seconds a busy computer may take to start it
SPARE_S = 60.0  # seconds of waiting in all, and on top of them
SHARE = 0.1  # of the time the sound lasts
AHEAD = 4  # seconds of sound it may be ahead of us
CONVERT = "Convert it to WAV with another program and try again."

T = TypeVar("T")

_TICK = 0.5  # seconds; a longer gap was not its fault, the computer slept


class Sandbox:
    """A process that waits for a recording, to decode this one and no other.

    Made early it has started by the time it is needed. Make it in a thread that stays: Linux ends
    it together with that thread. It ends itself when this side of its pipe is closed.

    Attributes:
        process: for those who watch over it.
    """

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            command("asr_core.sandbox.program"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libraries print names of files there
            env=offline_environment(os.environ) | {"OMP_NUM_THREADS": "1"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    @property
    def alive(self) -> bool:
        """False once the process has ended."""
        return self.process.poll() is None

    def open(self, source: AnySource, name: str, clip: Clip = WHOLE) -> Recording:
        """A recording ready to be read, by what its bytes are; `name` serves for messages only.

        The process ends with the recording, and with the refusal of one.

        Args:
            source: the file's bytes, its path, or an open file (read whole if it cannot seek).
            name: as the user knows it, folders and all.
            clip: the part of it to be heard.

        Raises:
            AudioDecodeError: not a recording, or none we can read; says which file, what was found
                and what to do.
        """
        name = shown_name(name)
        try:
            return Recording(_SandboxedSound(self, source, clip), name, clip)
        except BaseException as error:
            self.close()
            if isinstance(error, UnreadableError):
                raise refusal(name, error.found, error.advice) from error
            raise

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # a message that nobody will read any more
                _pipe(pipe).close()


class _SandboxedSound:
    """The sound of a file, decoded by that process; a `Sound`."""

    def __init__(self, sandbox: Sandbox, source: AnySource, clip: Clip) -> None:
        self.notes: list[str] = []
        self._sandbox = sandbox
        self._file = as_file(source)
        self._owns_file = self._file is not source
        self._frames: Queue[Frame | None] = Queue(AHEAD)  # None: it is gone
        self._waited = self._given = 0.0  # seconds for it, and seconds of sound from it
        self._closed = False
        self._listener = threading.Thread(target=self._listen, name="decoder's voice", daemon=True)
        self._listener.start()
        try:
            self._expect(frames.READY, START_S)
            self._waited = 0.0  # the clock of the file begins here
            order = frames.Order(self._file.seek(0, os.SEEK_END), clip)
            with suppress(OSError):  # it is gone, which its frames will say
                frames.write_order(_pipe(sandbox.process.stdin), order)
            opened = self._expect(frames.OPENED, IDLE_S)
            self.sample_rate, self.duration = _checked(frames.opened, opened)
        except BaseException:
            self.close()
            raise
        self._chunks = self._heard()

    def chunks(self) -> Iterator[Chunk]:
        """The sound in one channel, at most a second at once."""
        return self._chunks

    def close(self) -> None:
        """End the process, and with it all memory of its that held the file."""
        if self._closed:
            return
        self._closed = True
        self._sandbox.process.kill()
        with suppress(Empty):  # a disk that does not answer must not keep us
            while self._frames.get(timeout=2.0) is not None:
                pass
            self._listener.join()
            if self._owns_file:
                self._file.close()
        self._sandbox.close()

    def _heard(self) -> Generator[Chunk]:
        while (frame := self._next(IDLE_S)).kind == frames.SOUND:
            chunk = _checked(frames.heard, frame)
            self._given += len(chunk.samples) / chunk.sample_rate
            yield chunk
        if frame.kind != frames.END:
            raise _crashed()
        self.notes.extend(_checked(frames.said, frame))

    def _expect(self, kind: bytes, patience: float) -> Frame:
        frame = self._next(patience)
        if frame.kind != kind:
            raise _crashed()
        return frame

    def _next(self, patience: float) -> Frame:
        """What it says next, unless that is that it cannot go on."""
        end = min(self._waited + patience, SPARE_S + SHARE * self._given)
        while self._waited < end:
            began = time.monotonic()
            try:
                frame = self._frames.get(timeout=_TICK)
            except Empty:
                self._waited += _TICK
                continue
            self._waited += min(_TICK, time.monotonic() - began)
            if frame is None:
                self._frames.put(None)  # for `close`
                raise _crashed()
            if frame.kind == frames.REFUSAL:
                raise UnreadableError(*_checked(frames.refused, frame))
            return frame
        raise UnreadableError("decoding it takes far too long", CONVERT)

    def _listen(self) -> None:
        """Answer its questions, and keep what else it says for whoever waits for it."""
        process = self._sandbox.process
        inbound, outbound = _pipe(process.stdout), _pipe(process.stdin)
        with suppress(OSError, ValueError, FrameError):
            while (frame := frames.read_frame(inbound)) is not None:
                if frame.kind == frames.QUESTION:
                    frames.write_answer(outbound, self._piece(*frames.asked(frame.body)))
                else:
                    self._frames.put(frame)
        process.kill()  # what talks nonsense has nothing more to say
        self._frames.put(None)

    def _piece(self, offset: int, n_bytes: int) -> bytes | None:
        try:
            self._file.seek(offset)
            return self._file.read(n_bytes)
        except OSError:
            return None


def _checked(read: Callable[[bytes], T], frame: Frame) -> T:
    """What `read` makes of a frame; nonsense is a crash like any other."""
    try:
        return read(frame.body)
    except FrameError:
        raise _crashed() from None


def _crashed() -> UnreadableError:
    return UnreadableError("the decoder stopped working on it", CONVERT)


def _pipe(pipe: IO[bytes] | None) -> BinaryIO:
    assert pipe is not None
    return cast(BinaryIO, pipe)
