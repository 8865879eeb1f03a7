"""The worker process: takes recordings from the pipe, gives segments back."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, BinaryIO

from asr_core.errors import AsrError
from asr_core.jobs import wire
from asr_core.privacy import guard
from asr_core.privacy.receipt import mark_temporary_files
from asr_core.result import Segment
from asr_core.sandbox import Sandbox
from asr_core.settings import Settings

if TYPE_CHECKING:
    from asr_core.engines import Engine
    from asr_core.transcribe import Progress


class _Cancelled(Exception):  # noqa: N818, nothing went wrong
    """The user no longer wants this job."""


class _Audio(io.BytesIO):
    """A recording in memory; a class of its own, so that a weak reference can follow it."""


def main(loader: str) -> None:
    """Serve the process that holds the other ends of stdin and stdout, until it is gone."""
    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    mark_temporary_files()
    guard.refuse_network()
    guard.no_core_dump()
    inbound, outbound = _take_pipes()
    worker = Worker(loader, lambda message: wire.write_message(outbound, message))
    threading.Thread(target=_listen, args=(inbound, worker), daemon=True).start()
    worker.serve()


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes for us alone: what a library prints or reads goes nowhere."""
    inbound, outbound = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return inbound, outbound


def _end_with_parent() -> None:
    """Linux: end with the parent even while compiled code keeps `_listen` from running."""
    if sys.platform != "linux":
        return
    import ctypes

    pr_set_pdeathsig = 1
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _listen(inbound: BinaryIO, worker: Worker) -> None:
    """Take in what the parent says, also while the main thread computes; leave when it is gone."""
    with suppress(wire.WireError, OSError, MemoryError):
        for frame in wire.read_frames(inbound):
            worker.hear(frame)
    os._exit(0)  # nobody is left to work for


class Worker:
    """Keeps one engine warm and runs one job at a time."""

    def __init__(self, loader: str, send: Callable[[wire.Message], None]) -> None:
        self._loader = loader
        self._send = send
        self._inbox: SimpleQueue[wire.Message | bytes] = SimpleQueue()
        self._cancelled: set[str] = set()
        self._engine: Engine | None = None
        self._loaded: tuple[str, str, str] | None = None
        self._sandbox = Sandbox()  # for the next recording, ready before it comes

    def hear(self, frame: wire.Message | bytes) -> None:
        """Take in a frame; called by the listening thread."""
        if isinstance(frame, dict) and frame["kind"] == "cancel":
            self._cancelled.add(frame["job"])
        self._inbox.put(frame)

    def serve(self) -> None:
        """Do what comes, for ever."""
        while True:
            frame = self._inbox.get()
            if isinstance(frame, bytes):
                continue  # the rest of a cancelled recording
            if frame["kind"] == "prepare":
                with suppress(Exception):  # the next job will say what is wrong
                    self._load(Settings.from_mapping(frame["settings"]))
            elif frame["kind"] == "job":
                self._do(frame)

    def _do(self, order: wire.Message) -> None:
        """Run one job; whatever happens, one last word is sent and the recording is dropped."""
        followed: list[weakref.ref[_Audio]] = []
        try:
            last = self._recognize(order, followed)
        except _Cancelled:
            last = {"kind": "cancelled"}
        except Exception as error:
            last = {"kind": "failed", **_said(error)}
        self._cancelled.discard(order["job"])
        gc.collect()
        alive = [audio for reference in followed if (audio := reference()) is not None]
        held = sum(audio.getbuffer().nbytes for audio in alive if not audio.closed)
        self._send(last | {"job": order["job"], "held": held})
        if not self._sandbox.alive:
            self._sandbox = Sandbox()

    def _recognize(self, order: wire.Message, followed: list[weakref.ref[_Audio]]) -> wire.Message:
        settings = Settings.from_mapping(order["settings"])
        engine = self._load(settings)
        source = self._receive(order)
        if isinstance(source, _Audio):
            followed.append(weakref.ref(source))
        self._send({"kind": "started", "job": order["job"]})
        from asr_core.transcribe import transcribe

        report = self._reporter(order["job"])
        sandbox = self._sandbox if self._sandbox.alive else Sandbox()
        # In this order: opening may import the resampler, which fills its cache of compiled code.
        with sandbox.open(source, order["name"]) as recording, guard.no_file_written():
            transcript = transcribe(recording, engine, settings, report)
        return {"kind": "done", "transcript": wire.pack_transcript(transcript)}

    def _load(self, settings: Settings) -> Engine:
        wanted = (settings.engine, settings.device, settings.precision)
        if self._engine is not None and self._loaded == wanted:
            return self._engine
        self._engine = None  # first, so that two never are in memory
        gc.collect()
        module, function = self._loader.split(":")
        load: Callable[[Settings], Engine] = getattr(import_module(module), function)
        self._engine, self._loaded = load(settings), wanted
        return self._engine

    def _receive(self, order: wire.Message) -> _Audio | Path:
        """The recording the order announces."""
        if "path" in order:
            return Path(order["path"])
        audio = _Audio()
        while audio.tell() < order["n_bytes"]:
            frame = self._inbox.get()
            if isinstance(frame, bytes):
                audio.write(frame)
            elif order["job"] in self._cancelled:
                raise _Cancelled
        audio.seek(0)
        return audio

    def _reporter(self, job: str) -> Callable[[Progress], None]:
        from asr_core.text.language import language_shares

        heard: list[Segment] = []

        def report(progress: Progress) -> None:
            if job in self._cancelled:
                raise _Cancelled
            heard.extend(progress.segments)
            message = {"kind": "progress", "job": job, "position": progress.position}
            message["duration"] = progress.duration
            message["segments"] = wire.pack_segments(progress.segments)
            message["language"] = wire.pack_language(language_shares(heard))
            self._send(message)

        return report


def _said(error: Exception) -> wire.Message:
    """What may be told of an error: our own sentences, of others only the kind."""
    if isinstance(error, AsrError):
        return {"error": str(error), "foreseen": True}
    kind = type(error).__name__
    if isinstance(error, MemoryError) or kind == "OutOfMemoryError" or "allocate" in str(error):
        sentence = "There is not enough memory for this recording. Close other programs and retry."
    else:
        sentence = f"Something went wrong in the recognizer ({kind}). Try again."
    return {"error": sentence, "foreseen": False}
