"""Jobs one after another through one warm worker process, and errands between."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, NamedTuple

from asr_core.audio.clip import WHOLE, Clip
from asr_core.jobs import wire
from asr_core.jobs.errand import Errand, Errands, T, WorkerGoneError, ends
from asr_core.jobs.escort import End, escort, unforeseen
from asr_core.jobs.job import Begun, Job
from asr_core.jobs.line import Line
from asr_core.jobs.live import LiveSound
from asr_core.jobs.process import WorkerProcess
from asr_core.privacy.offline import Look
from asr_core.privacy.receipt import Receipt, check, mark_temporary_files, snapshot
from asr_core.result import Segment, Transcript
from asr_core.settings import Settings
from asr_core.speed import LEAST, Experience, Speed

DEFAULT_LOADER = "asr_core.engines:load_engine"
GRACE_S = 0.8  # from asking to stop to ending the worker


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether recordings can be transcribed, and if not, why."""

    stage: Literal["unknown", "preparing", "ready", "failed"] = "unknown"
    error: str = ""  # a sentence with one next step


class Recognizer:
    """The one worker of this process, and the line of jobs before it.

    A thread of its own starts the worker and talks to it. The worker is started with the first
    job, or with `prepare`, and stays warm; after a cancel that it did not obey, a crash or a
    failure nobody foresaw, a fresh one is started while the user reads. A worker that was found
    unfit gets no job until it was prepared anew.

    Args:
        held: gives the bytes of audio the caller itself still has in memory, for the receipts.
        experience: what earlier runs took; without it estimates are by measurement alone.
        loader: "module:function" that makes the engine from the settings, in the worker.

    Attributes:
        readiness: what the last `prepare` found.
    """

    def __init__(
        self,
        held: Callable[[], int] = lambda: 0,
        experience: Experience | None = None,
        *,
        loader: str = DEFAULT_LOADER,
    ) -> None:
        mark_temporary_files()
        self.readiness = Readiness()
        self._held = held
        self._experience = experience
        self._speed: Speed | None = None
        self._errands = Errands()
        self._closing = False
        self._is_stale = False  # the worker has held sound that nobody wants kept
        self._loader = loader
        self._lock = threading.Lock()
        self._chores: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._line = Line()
        self._process: WorkerProcess | None = None
        self._pids = {os.getpid()}
        self._warm: Settings | None = None  # whose model a fresh worker should load
        # Linux ends a worker together with the thread that started it, so it is one that stays.
        self._thread = threading.Thread(target=self._serve, name="recognizer", daemon=True)
        self._thread.start()

    def submit(
        self,
        source: bytes | bytearray | memoryview | Path | LiveSound,
        name: str,
        settings: Settings,
        clip: Clip = WHOLE,
        hold: bool = False,
        begun: Begun | None = None,
    ) -> Job:
        """Put a recording in line.

        Args:
            source: the recording's bytes, not to be changed before the job ends, or its file; or
                sound that is still being made, which is heard as it comes.
            name: the file's name, for messages.
            clip: the part of it to be heard.
            hold: let it wait for `release`.
            begun: what an earlier run of it found; this one goes on behind that.
        """
        if isinstance(source, Path):
            given = str(source.absolute())
        else:
            given = source if isinstance(source, LiveSound) else memoryview(source).cast("B")
        before = snapshot(tuple(self._pids))
        job = Job(given, Path(name).name, settings, before, self._cancel, clip, begun)
        if hold:
            job.enter("held")
        must_wait = self._line.add(job) or hold or self.readiness.stage in ("preparing", "failed")
        if must_wait:
            self._probe(job)
        self._chores.put(self._run_next)
        return job

    def refuse(self, name: str, settings: Settings, sentence: str) -> Job:
        """A job that failed before it began: nothing of the recording is taken."""
        job = Job(memoryview(b""), Path(name).name, settings, snapshot(()), self._cancel)
        job.end("failed", job.partial(), sentence, self._receipt(job, held=0))
        return job

    def release(self, job: Job, settings: Settings, clip: Clip = WHOLE) -> None:
        """A job that was held takes its place in line."""
        if job.stage == "held":
            job.settings, job.clip = settings, clip
            job.enter("waiting")
            self._chores.put(self._run_next)

    def move(self, job: Job, other: Job) -> None:
        """`job` goes to the place of `other`, if both have not begun."""
        self._line.move(job, other)

    def prepare(self, settings: Settings) -> None:
        """Load the model `settings` need and see whether all is well, in the background.

        When it is, the speed of this computer is measured.
        """
        self.readiness = Readiness("preparing")
        self._chores.put(partial(self._prepare, settings))

    def expected(self, settings: Settings, seconds: float) -> float | None:
        """How long so many seconds of speech will take; None while nobody can know."""
        if self._speed is None:
            return None
        ratio = self._experience.ratio(settings) if self._experience else 1.0
        return seconds * self._speed.real_time_factor(settings.decode) * ratio

    def remaining(self, job: Job) -> float | None:
        """Seconds of work that `job` still needs, without the wait; None while nobody can know."""
        if not job.running or job.eta is not None or job.length is None:
            return job.eta
        return self.expected(job.settings, job.length * (1.0 - job.fraction))

    def hear_again(
        self, source: bytes, name: str, settings: Settings, clip: Clip
    ) -> Future[Transcript]:
        """The transcript of a passage, between two windows of whatever is running."""
        return self._ask(
            Errand(
                "passage",
                lambda message: wire.transcript(message.get("transcript")),
                [memoryview(source)],
                name=name,
                settings=asdict(settings),
                clip=wire.pack_clip(clip),
            ),
            settings,
        )

    def align(
        self, source: bytes, name: str, settings: Settings, clip: Clip, text: str, language: str
    ) -> Future[Segment | None]:
        """The times of the words of `text`, which was said in a passage."""
        return self._ask(
            Errand(
                "align",
                lambda message: next(iter(wire.segments(message.get("segments"))), None),
                [memoryview(source)],
                name=name,
                settings=asdict(settings),
                clip=wire.pack_clip(clip),
                text=text,
                language=language,
            ),
            settings,
        )

    def ahead_of(self, job: Job) -> int:
        """How many jobs are before `job` in line."""
        return self._line.ahead_of(job)

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
        for job in self._line:
            job.cancel()
        self._errands.drop()
        process = self._process
        if process is None:
            return
        process.kill()
        ended = threading.Event()
        self._chores.put(partial(self._replace, ended))
        ended.wait(5.0)

    def renew(self) -> None:
        """End the worker, and with it all memory that ever held sound, once no job needs it.

        Returns at once; a fresh one is warmed up in the background.
        """
        self._is_stale = True
        self._chores.put(self._renew)

    def close(self) -> None:
        """Stop all jobs and end the worker for good."""
        self._closing = True
        for job in self._line:
            job.cancel()
        self._errands.drop()
        process = self._process
        if process is not None:
            process.kill()
        self._chores.put(None)
        self._thread.join()

    def _cancel(self, job: Job) -> None:
        """Ask the worker to stop; if it does not in time, end it."""
        with self._lock:  # held, so that it does not begin between the two questions
            has_left = self._line.leave(job)
            process = self._process if self._line.current is job else None
        if has_left:
            job.end("cancelled", job.partial(), None, self._receipt(job, held=0))
        elif process is not None:
            process.inbox.put({"kind": "stop", "job": job.id})
            timer = threading.Timer(GRACE_S, self._end_worker_of, [job, process])
            timer.daemon = True
            timer.start()

    def _ask(self, errand: Errand[T], settings: Settings | None = None) -> Future[T]:
        """Send an errand as soon as the worker has a moment, or one that these settings need."""
        self._errands.add(errand)
        with self._lock:
            process = self._process
        if process is not None:  # it may be at work on a job: whoever follows that looks here
            process.inbox.put({"kind": "errands"})
        self._chores.put(partial(self._run_errands, settings))
        return errand.answer

    def _probe(self, job: Job) -> None:
        """Let the worker read the length in the header of a recording that has to wait."""
        if not isinstance(job.source, memoryview):
            return
        pieces, size = ends(job.source), job.source.nbytes
        errand = Errand("probe", _probed, pieces, name=job.name, size=size)
        errand.answer.add_done_callback(partial(self._learn_length, job))
        self._ask(errand)

    def _end_worker_of(self, job: Job, process: WorkerProcess) -> None:
        with self._lock:  # held, so that the next job cannot start on this worker in between
            if self._line.current is job and self._process is process:
                process.kill()

    # From here on everything runs in the recognizer's own thread.

    def _serve(self) -> None:
        while (chore := self._chores.get()) is not None:
            if not self._closing:
                chore()
        if self._process is not None:
            self._process.close()

    def _prepare(self, settings: Settings | None) -> None:
        if settings is None:
            return
        self._warm = settings
        self.readiness = Readiness("preparing")
        errand = self._prepared(settings)
        if _is_lost(errand) and not self._closing:  # ended from outside; a second time it is ours
            errand = self._prepared(settings)
        if errand.answer.cancelled():  # all is to be forgotten just now
            self.readiness = Readiness()
            return
        error = errand.answer.exception()
        self.readiness = Readiness("failed", str(error)) if error else Readiness("ready")
        if error is None:
            for _ in self._line.waiting():
                self._chores.put(self._run_next)
            if self._speed is None and not self._line.waiting():
                self._measure()

    def _prepared(self, settings: Settings) -> Errand[None]:
        errand = Errand("prepare", lambda message: None, settings=asdict(settings))
        self._errands.add(errand)
        self._run_errands(settings)
        return errand

    def _measure(self) -> None:
        """How fast this computer is: before the first recording, or else behind it."""
        assert self._warm is not None
        errand = Errand("speed", _speed, settings=asdict(self._warm))
        self._errands.add(errand)
        self._run_errands(self._warm)
        if not errand.answer.cancelled() and errand.answer.exception() is None:
            self._speed = errand.answer.result()

    def _run_errands(self, settings: Settings | None = None) -> None:
        """Send what was asked, and wait for the answers."""
        try:
            process = self._living_process(settings)
            self._errands.send(process)
            while self._errands.open:
                message = process.inbox.get()
                if message["kind"] == "gone":
                    self._errands.give_up()
                else:
                    self._errands.settle(message)
        except OSError:  # no worker can be started, or it died; the next question tries again
            self._errands.give_up()
        except wire.WireError:  # what talks nonsense cannot be trusted with the next recording
            self._living_process().close()
            self._errands.give_up()

    def _learn_length(self, job: Job, answer: Future[_Header]) -> None:
        if answer.cancelled() or answer.exception() is not None:
            return
        header: _Header = answer.result()
        if job.duration is None:
            job.learn(header.duration)
        if header.refusal and self._line.leave(job):
            receipt = self._receipt(job, held=0)
            job.end("failed", job.partial(), header.refusal, receipt, unreadable=True)

    def _living_process(self, settings: Settings | None = None) -> WorkerProcess:
        """The worker, or a fresh one if it is gone or may reach what `settings` do not say."""
        place = None if settings is None else settings.place
        process = self._process
        if process is None or not process.alive or place not in (None, process.place):
            if process is not None:
                process.close()
            self._errands.lose()  # nobody must wait for what was asked of the one before
            process = WorkerProcess(self._loader, place or "")
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
        self._is_stale = False
        self._prepare(self._warm)

    def _renew(self) -> None:
        """As `_replace`, if that is still wanted and no job waits: the next to end asks again."""
        if self._is_stale and not self._line.waiting() and self._process is not None:
            self._replace(threading.Event())

    def _run_next(self) -> None:
        """The first job that waits, unless the worker is known to be unfit."""
        if self.readiness.stage == "failed":
            return
        first = next(iter(self._line.waiting()), None)
        try:  # first: who cancels the job must find its worker
            process = self._living_process(first and first.settings)
        except OSError as error:
            process = error
        with self._lock:  # so that nobody ends this worker for the job before
            job = self._line.begin()
        if job is None:  # cancelled while it waited
            return
        if isinstance(process, WorkerProcess) and process.place != job.settings.place:
            process = self._fresh_for(job)  # it was another's turn a moment ago
        if isinstance(process, OSError):
            end = unforeseen(job, process)
        else:
            end = escort(job, process, self._errands)
            if end.stage == "failed" and job.source is not None:
                end = self._once_more(job, process)
        if job.stage == "transcribing":
            self._warm = job.settings
        if end.worn and self._process is not None:
            self._process.close()
            self._errands.give_up()
        self._learn_speed(job, end)
        receipt = self._receipt(job, end.held)
        with self._lock:
            self._line.finish(job)
        job.end(end.stage, end.transcript, end.error, receipt, end.unreadable)
        if end.worn:
            self._prepare(self._warm)
        if self._errands.open:  # sent, but the job ended first
            self._run_errands()
        if self._is_stale:
            self._chores.put(self._renew)
        if self._speed is None and self.readiness.stage == "ready":
            self._measure()

    def _once_more(self, job: Job, dying: WorkerProcess) -> End:
        """The job on a fresh worker, since the one before it ended without a word about it."""
        dying.close()
        self._errands.give_up()
        process = self._fresh_for(job)
        if isinstance(process, OSError):
            return unforeseen(job, process)
        return escort(job, process, self._errands)

    def _fresh_for(self, job: Job) -> WorkerProcess | OSError:
        """A worker for a job that has begun, with another one."""
        try:
            process = self._living_process(job.settings)
        except OSError as error:
            return error
        if job.stop_asked:  # the wish may have gone to the one before
            process.inbox.put({"kind": "stop", "job": job.id})
        return process

    def _learn_speed(self, job: Job, end: End) -> None:
        """What a whole run took, for the estimates to come."""
        real = end.transcript.stats.get("real_time_factor")
        is_telling = end.stage == "done" and (job.length or 0.0) >= LEAST
        if self._speed and self._experience and is_telling and isinstance(real, float):
            measured = self._speed.real_time_factor(job.settings.decode)
            self._experience.learn(job.settings, measured, real, job.length or 0.0)

    def _receipt(self, job: Job, held: int) -> Receipt:
        return check(
            job.before,
            tuple(self._pids),
            bytes_removed=job.n_bytes - held,
            held={"The recognizer": held, "The page": self._held()},
        )


def _is_lost(errand: Errand[None]) -> bool:
    answer = errand.answer
    return not answer.cancelled() and isinstance(answer.exception(), WorkerGoneError)


class _Header(NamedTuple):
    duration: float | None
    refusal: str  # a sentence, if it is no recording


def _probed(message: wire.Message) -> _Header:
    duration = message.get("duration")
    return _Header(
        None if duration is None else wire.number(duration), wire.text(message.get("refusal"))
    )


def _speed(message: wire.Message) -> Speed:
    return Speed(wire.number(message.get("encoding")), wire.number(message.get("step")))
