"""The worker process: takes recordings from the pipe, gives segments back."""

from __future__ import annotations

import gc
import io
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, BinaryIO

from asr_core import limits, preflight
from asr_core.children import take_pipes
from asr_core.errors import AsrError, AudioDecodeError, ModelError
from asr_core.jobs import wire
from asr_core.privacy import guard
from asr_core.privacy.offline import look
from asr_core.privacy.receipt import mark_temporary_files
from asr_core.result import Segment
from asr_core.sandbox import Sandbox
from asr_core.servers import Server
from asr_core.settings import Settings

if TYPE_CHECKING:
    from asr_core.audio.recording import Recording
    from asr_core.engines import Engine
    from asr_core.jobs.live import Heard
    from asr_core.transcribe import Progress


MEMORY = 1 << 30  # bytes that a run may need beside the model and the recording
BEAT_S = 1.0  # between two signs of life while a job runs


class _Cancelled(Exception):  # noqa: N818, nothing went wrong
    """The user no longer wants this job."""


class _Audio(io.BytesIO):
    """A recording in memory; a class of its own, so that a weak reference can follow it."""


def main(loader: str) -> None:
    """Serve the process that holds the other ends of stdin and stdout, until it is gone."""
    if not guard.place():
        limits.leave_network()  # first, since it must be before any thread
    limits.end_with_parent()
    limits.hide_memory()
    limits.forbid_files()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    mark_temporary_files()
    inbound, outbound = take_pipes()
    voice = threading.Lock()  # two threads speak

    def say(message: wire.Message) -> None:
        with voice:
            wire.write_message(outbound, message)

    worker = Worker(loader, say)
    threading.Thread(target=_listen, args=(inbound, worker), daemon=True).start()
    threading.Thread(target=_beat, args=(worker,), daemon=True).start()
    worker.serve()


def _listen(inbound: BinaryIO, worker: Worker) -> None:
    """Take in what the parent says, also while the main thread computes; leave when it is gone."""
    try:
        for frame in wire.read_frames(inbound):
            worker.hear(frame)
    finally:
        os._exit(0)  # nobody is left to work for, or nobody who talks sense


def _beat(worker: Worker) -> None:
    """Say now and then that this process is at work, however long a window takes it."""
    with suppress(OSError):  # whom it would be told is gone, which the other thread finds out
        while True:
            time.sleep(BEAT_S)
            worker.beat()


class Worker:
    """Keeps one engine warm and runs one job at a time."""

    def __init__(self, loader: str, send: Callable[[wire.Message], None]) -> None:
        self._loader = loader
        self._send = send
        self._inbox: SimpleQueue[wire.Message | bytes] = SimpleQueue()
        self._live: Heard | None = None  # the live sound that is being heard
        self._cancelled: set[str] = set()
        self._job: str | None = None  # at work on it
        self._engine: Engine | None = None
        self._loaded: tuple[tuple[str, ...], Server | None] | None = None
        self._init = 0.0  # seconds that loading it took; the first transcript tells
        self._spare: Sandbox | None = Sandbox()  # for the next recording, ready before it comes

    def hear(self, frame: wire.Message | bytes) -> None:
        """Take in a frame; called by the listening thread."""
        if isinstance(frame, dict) and frame["kind"] == "look":
            self._send({"kind": "look", **asdict(look())})
            return
        if isinstance(frame, dict) and frame["kind"] == "cancel":
            self._cancelled.add(wire.text(frame.get("job")))
        self._inbox.put(frame)

    def beat(self) -> None:
        """Give a sign of life if a job is being done."""
        job = self._job
        if job is not None:
            self._send({"kind": "beat", "job": job})

    def serve(self) -> None:
        """Do what comes, for ever."""
        while True:
            frame = self._inbox.get()
            if isinstance(frame, bytes):
                continue  # the rest of a recording that nobody hears any more
            if frame["kind"] == "job":
                self._do(frame)
            elif frame["kind"] != "cancel":
                self._answer(frame)
            if self._spare is None or not self._spare.alive:
                self._spare = Sandbox()

    def _do(self, order: wire.Message) -> None:
        """Run one job; whatever happens, one last word is sent and the recording is dropped."""
        followed: list[weakref.ref[_Audio]] = []
        self._job = order["job"]
        try:
            last = self._recognize(order, followed)
        except _Cancelled:
            last = {"kind": "cancelled"}
        except Exception as error:
            last = {"kind": "failed", **_said(error)}
        self._job = None
        self._cancelled.discard(order["job"])
        gc.collect()
        alive = [audio for reference in followed if (audio := reference()) is not None]
        held = sum(audio.getbuffer().nbytes for audio in alive if not audio.closed)
        self._send(last | {"job": order["job"], "held": held})

    def _answer(self, order: wire.Message) -> None:
        """Do something short; between two windows of a recording, too."""
        answers = {
            "prepare": self._prepare,
            "speed": self._measure,
            "probe": self._probe,
            "align": self._align,
            "passage": self._hear_again,
        }
        try:
            said = {"kind": "answer", **answers[order["kind"]](order)}
        except Exception as error:
            said = {"kind": "failed", **_said(error)}
        self._send(said | {"job": order["job"]})

    def _prepare(self, order: wire.Message) -> wire.Message:
        """Load the model, whose digest is verified, and see whether all is well."""
        settings = Settings.from_mapping(order["settings"])
        preflight.memory(preflight.RUN if self._engine is None else preflight.SPARE)
        preflight.disk()
        preflight.hearing(self._load(settings), settings, self._sandbox())
        return {}

    def _measure(self, order: wire.Message) -> wire.Message:
        """How fast the engine is; what most runs need is imported on the way."""
        from asr_core.audio.resample import prepare

        prepare()
        settings = Settings.from_mapping(order["settings"])
        return asdict(self._load(settings).speed(settings))

    def _probe(self, order: wire.Message) -> wire.Message:
        from asr_core.sandbox.sketch import header_duration

        data = self._receive(order)
        assert isinstance(data, _Audio)
        try:
            seen = data.getvalue()
            duration = header_duration(self._sandbox(), seen, order["size"], order["name"])
        except AudioDecodeError as error:
            return {"duration": None, "refusal": str(error)}
        return {"duration": duration, "refusal": ""}

    def _align(self, order: wire.Message) -> wire.Message:
        from asr_core.transcribe import align

        with self._opened(order) as (recording, engine, _):
            found = align(recording, engine, order["text"], order["language"])
        return {"segments": wire.pack_segments(() if found is None else (found,))}

    def _hear_again(self, order: wire.Message) -> wire.Message:
        from asr_core.transcribe import transcribe

        with self._opened(order) as (recording, engine, settings):
            transcript = transcribe(recording, engine, settings)
        return {"transcript": wire.pack_transcript(transcript)}

    @contextmanager
    def _opened(self, order: wire.Message) -> Iterator[tuple[Recording, Engine, Settings]]:
        """The recording of an errand, and the engine for it: the one that is there, if there is.

        It may be at work on another recording, which must not lose it. What was not meant for the
        server that recognizes just now is not sent to it.

        Raises:
            AsrError: another server is chosen for it than for the recording at work, or none.
        """
        settings = Settings.from_mapping(order["settings"])
        source = self._receive(order)
        if settings.place != guard.place():
            raise AsrError(
                "A server is chosen for this or for what is being transcribed just now, and not "
                "for both. Try again when that is done."
            )
        engine = self._engine or self._load(settings)
        with self._open(source, order) as recording:
            yield recording, engine, settings

    def _recognize(self, order: wire.Message, followed: list[weakref.ref[_Audio]]) -> wire.Message:
        settings = Settings.from_mapping(order["settings"])
        engine = self._load(settings)
        source = None if "live" in order else self._receive(order)
        if isinstance(source, _Audio):
            followed.append(weakref.ref(source))
        self._send({"kind": "started", "job": order["job"]})
        from asr_core.transcribe import transcribe

        report = self._reporter(order["job"])
        opened = self._listening(order) if source is None else self._open(source, order)
        init, self._init = self._init, 0.0
        with opened as recording:
            transcript = transcribe(recording, engine, settings, report, init)
        return {"kind": "done", "transcript": wire.pack_transcript(transcript)}

    @contextmanager
    def _listening(self, order: wire.Message) -> Iterator[Recording]:
        """The recording that is being made; while it is silent, other things are done."""
        from asr_core.audio.recording import Recording
        from asr_core.jobs.live import Heard

        def wait() -> None:
            if order["job"] in self._cancelled:
                raise _Cancelled
            self._heed(self._inbox.get())

        def is_behind() -> bool:
            self._heed_all()
            return heard.is_behind

        heard = self._live = Heard(order["live"], wait)
        try:
            with Recording(heard, order["name"], is_behind=is_behind) as recording:
                yield recording
        finally:
            self._live = None

    def _open(self, source: _Audio | Path, order: wire.Message) -> Recording:
        return self._sandbox().open(source, order["name"], wire.clip(order["clip"]))

    def _sandbox(self) -> Sandbox:
        """The process that waits for a recording; a new one between two windows of another."""
        spare, self._spare = self._spare, None
        return spare if spare is not None and spare.alive else Sandbox()

    def _load(self, settings: Settings) -> Engine:
        wanted = (settings.loaded, settings.server)  # which may have another token now
        if self._engine is not None and self._loaded == wanted:
            return self._engine
        self._engine = None  # first, so that two never are in memory
        gc.collect()
        module, function = self._loader.split(":")
        began = time.perf_counter()
        load: Callable[[Settings], Engine] = getattr(import_module(module), function)
        try:
            with limits.memory_unbound():
                self._engine, self._loaded = load(settings), wanted
        except Exception as error:
            if _is_want_of_memory(error):
                raise ModelError(
                    "There is not enough memory for this model. Close other programs and retry."
                ) from error
            raise
        self._init = time.perf_counter() - began
        return self._engine

    def _receive(self, order: wire.Message) -> _Audio | Path:
        """The recording the order announces."""
        if "path" in order:
            return Path(order["path"])
        if self._engine is not None and self._engine.stats().get("device") == "cpu":
            # Drivers of graphics cards reserve far more than they use.
            limits.bound_memory(MEMORY + 2 * order["n_bytes"])  # a growing buffer is copied
        audio = _Audio()
        while audio.tell() < order["n_bytes"]:
            frame = self._inbox.get()
            if isinstance(frame, bytes):
                audio.write(frame)
            elif order["job"] in self._cancelled:
                raise _Cancelled
        audio.seek(0)
        return audio

    def _heed_all(self) -> None:
        """Do what came in while a window was at work."""
        with suppress(Empty):
            while True:
                self._heed(self._inbox.get_nowait())

    def _heed(self, frame: wire.Message | bytes) -> None:
        """Do what came in between two windows, or keep it, if it is sound."""
        if isinstance(frame, wire.Spoken):
            if self._live is not None:
                self._live.add(frame)
        elif isinstance(frame, dict) and frame["kind"] != "cancel":
            self._answer(frame)

    def _reporter(self, job: str) -> Callable[[Progress], None]:
        from asr_core.text.language import language_shares

        heard: list[Segment] = []

        def report(progress: Progress) -> None:
            if job in self._cancelled:
                raise _Cancelled
            if progress.draft:
                self._send({"kind": "draft", "job": job, "text": progress.draft})
                return
            heard.extend(progress.segments)
            self._heed_all()
            message = {"kind": "progress", "job": job, "position": progress.position}
            message["duration"] = progress.duration
            message["segments"] = wire.pack_segments(progress.segments)
            message["language"] = wire.pack_language(language_shares(heard))
            self._send(message)

        return report


def _said(error: Exception) -> wire.Message:
    """What may be told of an error: our own sentences, of others only the kind."""
    if isinstance(error, AsrError):
        unreadable = isinstance(error, AudioDecodeError)
        return {"error": str(error), "foreseen": True, "unreadable": unreadable}
    kind = type(error).__name__
    if _is_want_of_memory(error):
        sentence = "There is not enough memory for this recording. Close other programs and retry."
    else:
        sentence = f"Something went wrong in the recognizer ({kind}). Try again."
    return {"error": sentence, "foreseen": False}


def _is_want_of_memory(error: Exception) -> bool:
    kind = type(error).__name__  # torch has kinds of its own, and says others in its words only
    return isinstance(error, MemoryError) or kind == "OutOfMemoryError" or "allocate" in str(error)
