"""Jobs one after another through one warm worker process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from asr_core.jobs import wire
from asr_core.jobs.job import Job, Stage
from asr_core.jobs.process import WorkerProcess
from asr_core.pace import clock
from asr_core.privacy.offline import Look
from asr_core.privacy.receipt import Receipt, check, mark_temporary_files, snapshot
from asr_core.result import Transcript
from asr_core.settings import Settings

DEFAULT_LOADER = "asr_core.engines:load_engine"
GRACE_S = 0.8  # from asking to stop to ending the worker


class _End(NamedTuple):
    stage: Stage
    transcript: Transcript
    error: str | None = None
    held: int = 0  # bytes of the recording the worker still has in memory
    worn: bool = False  # the worker should not be used again


class Recognizer:
    """The one worker of this process, and the line of jobs before it.

    A thread of its own starts the worker and talks to it. The worker is started with the first
    job, or with `prepare`, and stays warm; after a cancel that it did not obey, a crash or a
    failure nobody foresaw, a fresh one is started while the user reads.

    Args:
        held: gives the bytes of audio the caller itself still has in memory, for the receipts.
        loader: "module:function" that makes the engine from the settings, in the worker.
    """

    def __init__(
        self, held: Callable[[], int] = lambda: 0, *, loader: str = DEFAULT_LOADER
    ) -> None:
        mark_temporary_files()
        self._held = held
        self._loader = loader
        self._lock = threading.Lock()
        self._chores: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._jobs: list[Job] = []  # not yet ended, in order
        self._current: Job | None = None
        self._process: WorkerProcess | None = None
        self._pids = {os.getpid()}
        self._warm: Settings | None = None  # whose model a fresh worker should load
        # Linux ends a worker together with the thread that started it, so it is one that stays.
        self._thread = threading.Thread(target=self._serve, name="recognizer", daemon=True)
        self._thread.start()

    def submit(
        self, source: bytes | bytearray | memoryview | Path, name: str, settings: Settings
    ) -> Job:
        """Put a recording in line.

        Args:
            source: the recording's bytes, not to be changed before the job ends, or its file.
            name: the file's name, for messages.
        """
        given = str(source.absolute()) if isinstance(source, Path) else memoryview(source).cast("B")
        job = Job(given, Path(name).name, settings, snapshot(tuple(self._pids)), self._cancel)
        with self._lock:
            self._jobs.append(job)
        self._chores.put(partial(self._run, job))
        return job

    def prepare(self, settings: Settings) -> None:
        """Load the model `settings` need in the background, before there is a recording."""
        self._chores.put(partial(self._warm_up, settings))

    def ahead_of(self, job: Job) -> int:
        """How many jobs are before `job` in line."""
        with self._lock:
            return self._jobs.index(job) if job in self._jobs else 0

    def look(self) -> Look | None:
        """What the worker found when it tried to get out; None when it does not answer."""
        with self._lock:
            process = self._process
        return None if process is None else process.look()

    def check(self, job: Job) -> Receipt:
        """Look again for what the run of `job` may have left; its receipt is the new one."""
        job.receipt = self._receipt(job, held=0)
        return job.receipt

    def forget(self) -> None:
        """Stop all jobs and end the worker, and with it all memory that ever held their sound.

        Returns when the process has ended; a fresh one is warmed up in the background.
        """
        with self._lock:
            jobs, process = list(self._jobs), self._process
        for job in jobs:
            job.cancel()
        if process is None:
            return
        process.kill()
        ended = threading.Event()
        self._chores.put(partial(self._replace, ended))
        ended.wait(5.0)

    def close(self) -> None:
        """Stop all jobs and end the worker for good."""
        with self._lock:
            jobs, process = list(self._jobs), self._process
        for job in jobs:
            job.cancel()
        if process is not None:
            process.kill()
        self._chores.put(None)
        self._thread.join()

    def _cancel(self, job: Job) -> None:
        """Ask the worker to stop; if it does not in time, end it."""
        with self._lock:
            process = self._process if self._current is job else None
            waits = process is None and job in self._jobs
            if waits:
                self._jobs.remove(job)
        if waits:
            job.end("cancelled", job.partial(), None, self._receipt(job, held=0))
        elif process is not None:
            process.inbox.put({"kind": "stop", "job": job.id})
            timer = threading.Timer(GRACE_S, self._end_worker_of, [job, process])
            timer.daemon = True
            timer.start()

    def _end_worker_of(self, job: Job, process: WorkerProcess) -> None:
        with self._lock:  # held, so that the next job cannot start on this worker in between
            if self._current is job and self._process is process:
                process.kill()

    # From here on everything runs in the recognizer's own thread.

    def _serve(self) -> None:
        while (chore := self._chores.get()) is not None:
            chore()
        if self._process is not None:
            self._process.close()

    def _warm_up(self, settings: Settings | None) -> None:
        if settings is None:
            return
        self._warm = settings
        with suppress(OSError):  # no worker can be started, or it died; the next job tries again
            message = {"kind": "prepare", "settings": asdict(settings)}
            self._living_process().send(message)

    def _living_process(self) -> WorkerProcess:
        if self._process is None or not self._process.alive:
            if self._process is not None:
                self._process.close()
            process = WorkerProcess(self._loader)
            with self._lock:
                self._process = process
                self._pids.add(process.pid)
        assert self._process is not None
        return self._process

    def _replace(self, ended: threading.Event) -> None:
        """A fresh worker in place of this one, loading what this one had loaded."""
        if self._process is not None:
            self._process.close()
        ended.set()
        self._warm_up(self._warm)

    def _run(self, job: Job) -> None:
        try:
            process = self._living_process()
            with self._lock:
                if job not in self._jobs:  # cancelled while it waited
                    return
                self._current = job
            job.enter("loading")
            try:
                end = self._accompany(job, process)
            except wire.WireError:
                end = self._crash(job, process)
        except Exception as error:  # whatever it is, the line behind this job must move on
            end = _failed(job, _unforeseen(error), worn=True)
        if end.worn and self._process is not None:
            self._process.close()
        receipt = self._receipt(job, end.held)
        with self._lock:
            self._current = None
            self._jobs.remove(job)
        job.end(end.stage, end.transcript, end.error, receipt)
        if end.worn:
            self._warm_up(self._warm)

    def _accompany(self, job: Job, process: WorkerProcess) -> _End:
        """Hand the recording over, then follow what the worker says until its last word."""
        with suppress(OSError):  # the worker is gone, which its inbox will say
            self._hand_over(job, process)
        while True:
            message = process.inbox.get()
            kind = message["kind"]
            if kind == "gone":
                return self._crash(job, process)
            if message.get("job") != job.id:
                continue  # a late word about the job before
            if kind == "stop":
                with suppress(OSError):
                    process.send({"kind": "cancel", "job": job.id})
            elif kind == "started":
                self._warm = job.settings
                job.enter("transcribing")
            elif kind == "progress":
                duration = message.get("duration")
                job.add(
                    wire.number(message.get("position")),
                    None if duration is None else wire.number(duration),
                    wire.segments(message.get("segments")),
                    wire.language(message.get("language")),
                )
            else:
                return _last_word(job, message)

    def _hand_over(self, job: Job, process: WorkerProcess) -> None:
        source = job.source
        job.source = None  # this copy goes with the end of this function
        assert source is not None
        message: wire.Message = {"kind": "job", "job": job.id, "name": job.name}
        message["settings"] = asdict(job.settings)
        if isinstance(source, str):
            process.send(message | {"path": source})
            return
        process.send(message | {"n_bytes": source.nbytes})
        for start in range(0, source.nbytes, wire.CHUNK):
            if job.stop_asked:
                return
            process.send_audio(source[start : start + wire.CHUNK])

    def _crash(self, job: Job, process: WorkerProcess) -> _End:
        """The worker ended in the middle, or said what it should not."""
        if job.stop_asked:
            return _End("cancelled", job.partial(), worn=True)
        sentence = "The recognizer stopped unexpectedly."
        if process.was_killed:
            sentence += " The computer may have run out of memory; close other programs."
        return _failed(job, sentence, worn=True)

    def _receipt(self, job: Job, held: int) -> Receipt:
        return check(
            job.before,
            tuple(self._pids),
            bytes_removed=job.n_bytes - held,
            held={"The recognizer": held, "The page": self._held()},
        )


def _last_word(job: Job, message: wire.Message) -> _End:
    """How the job ended, by the worker."""
    held = int(wire.number(message.get("held", 0)))
    match message["kind"]:
        case "done":
            return _End("done", wire.transcript(message.get("transcript")), held=held)
        case "cancelled":
            return _End("cancelled", job.partial(), held=held)
        case "failed":
            worn = message.get("foreseen") is not True
            return _failed(job, wire.text(message.get("error")), held, worn)
    raise wire.WireError("the worker says what it should not")


def _failed(job: Job, sentence: str, held: int = 0, worn: bool = False) -> _End:
    if job.segments:
        sentence += f" The text up to {clock(job.position)} is kept."
    return _End("failed", job.partial(), sentence, held, worn)


def _unforeseen(error: Exception) -> str:
    """Only the kind of the error: its text may hold names and words of the recording."""
    return f"Something went wrong that was not foreseen ({type(error).__name__}). Try again."
